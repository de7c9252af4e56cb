"""Errors of databases and files, in the words of the person at the keyboard."""

import re
import sqlite3

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from budget.errors import BudgetError
from database import CommitOutcomeUnknown, DatabaseConfigurationError, DatabaseUnavailable

REFUSED = 1  # exit codes; 2 is a command line that cannot be understood
DATABASE_FAILED = 3

# What SQLite and PostgreSQL say, and what it means to the user. {place} is the file or the server.
_MEANINGS = [
    (r"readonly database", "{place} cannot be written: the file or its folder is read-only"),
    (r"unable to open database file", "{place} cannot be opened: is the folder there, and may you read and write it?"),
    (r"file is not a database", "{place} is not a SQLite database: name another file in DATABASE_URL"),
    (r"disk is full|No space left", "The disk of {place} is full: make room and try again"),
    (r"database is locked", "Another program is writing to {place}: try again when it is done"),
    (r"password authentication failed", "{place} refused the user name or the password: check DATABASE_URL"),
    (r'role "(.*)" does not exist', "{place} does not know the user {0}: check DATABASE_URL"),
    (r'database "(.*)" does not exist', "{place} has no database {0}: create it, or check DATABASE_URL"),
    (r"could not translate host name", "There is no server {place}: check the host name in DATABASE_URL"),
    (r"certificate|SSL", "No trusted TLS connection to {place}"),
    (r"permission denied", "The user of DATABASE_URL may not do this at {place}"),
    (r"read-only transaction", "{place} can only be read: use the address of the primary server"),
    (r"statement timeout", "{place} took too long to answer: try again"),
    (r"lock timeout", "Another program holds what this one needs at {place}: try again when it is done"),
]


def explain(error: BaseException, url: URL | None) -> tuple[str, int] | None:
    """One or two lines for the user and the exit code, or None for what is a fault of the program."""
    if isinstance(error, BudgetError):
        message = str(error)
        return f"{message}{'' if message.endswith('?') else '.'} {error.hint}" if error.hint else message, REFUSED
    if isinstance(error, DatabaseConfigurationError):
        return str(error), DATABASE_FAILED
    if isinstance(error, DatabaseUnavailable):
        return f"{error}\nIs the server running, and is DATABASE_URL right? Nothing was changed", DATABASE_FAILED
    if isinstance(error, CommitOutcomeUnknown):
        return f"{error} before you repeat the command. An import is safe to repeat", DATABASE_FAILED
    if isinstance(error, DBAPIError):
        return f"{_meaning(str(error.orig), url)}\nNothing was changed", DATABASE_FAILED
    if isinstance(error, sqlite3.Error):
        return _meaning(str(error), url), DATABASE_FAILED
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The file'}: {error.strerror}", REFUSED
    return None


def _meaning(said: str, url: URL | None) -> str:
    place = "The database" if url is None else place_of(url)
    for pattern, meaning in _MEANINGS:
        if found := re.search(pattern, said):
            detail = f" ({said.strip().splitlines()[-1]})" if pattern.startswith("certificate") else ""
            return meaning.format(*found.groups(), place=place) + detail
    return f"{place} reported: {said.strip().splitlines()[0] if said.strip() else 'an error'}"


def place_of(url: URL) -> str:
    """Where the database is, without anything secret."""
    if url.get_backend_name() == "sqlite":
        return url.database or "the database in memory"
    return f"{url.host or 'localhost'}:{url.port or 5432}"
