import os

from sqlalchemy import create_engine, make_url
from sqlalchemy.orm import sessionmaker

url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///shop.db")
if url.get_backend_name() == "postgresql":
    url = url.set(drivername="postgresql+psycopg2")
engine = create_engine(url)
Session = sessionmaker(engine)
