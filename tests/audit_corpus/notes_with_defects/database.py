"""Where the notes are: one file."""

import os

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import sessionmaker

engine = create_engine(f"sqlite:///{os.path.expanduser('~/notes.db')}")  # finds: sqlite-foreign-keys-off
Session = sessionmaker(engine)


@event.listens_for(Engine, "connect")  # finds: pragma-for-every-engine
def write_ahead(connection, _record):
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()
