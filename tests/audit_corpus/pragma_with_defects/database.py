"""Foreign keys for whoever gets this one connection."""

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

engine = create_engine("sqlite:///diary.db")
SessionLocal = sessionmaker(engine)


def start() -> None:
    with SessionLocal() as session:
        session.execute(text("PRAGMA foreign_keys=ON"))  # finds: pragma-for-one-connection
