"""Where the notes are: one file that keeps its promises."""

import sqlite3

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

engine = create_engine("sqlite:///notes.db")


@event.listens_for(engine, "connect")
def enforce(connection, _record):
    connection.execute("PRAGMA foreign_keys=ON")


@event.listens_for(Engine, "connect")
def write_ahead(connection, _record):
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA journal_mode=WAL")
