import os

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.orm import sessionmaker

url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///wallet.db")
if url.get_backend_name() == "postgresql":
    url = url.set(drivername="postgresql+psycopg2")
engine = create_engine(url)

if url.get_backend_name() == "sqlite":

    @event.listens_for(engine, "connect")
    def foreign_keys(connection, _record):
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection):  # writers take turns from their first read on
        connection.exec_driver_sql("BEGIN IMMEDIATE")


Session = sessionmaker(engine)
