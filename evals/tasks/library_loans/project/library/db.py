import os
from contextlib import contextmanager

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker

url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///library.db")
if url.drivername == "postgresql":
    url = url.set(drivername="postgresql+psycopg2")
engine = create_engine(url, pool_pre_ping=True)
SessionFactory = sessionmaker(bind=engine)

if url.get_backend_name() == "sqlite":

    @event.listens_for(engine, "connect")
    def switch_foreign_keys_on(dbapi_connection, connection_record):
        dbapi_connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def session_scope():
    session = SessionFactory()
    try:
        yield session
        session.commit()
    except:
        session.rollback()
        raise
    finally:
        session.close()
