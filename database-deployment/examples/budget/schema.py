"""The schema of the budget's database: which revision it has, and the way to the newest one."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from budget.errors import SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0003"  # a test compares it with the migrations; reading them here would import Alembic on every command


def configuration(engine: Engine) -> "Config":
    """Alembic's settings for this database; they work from any folder."""
    from alembic.config import Config

    config = Config(Path(__file__).with_name("alembic.ini"), attributes={"engine": engine})
    config.attributes["configure_logger"] = False
    return config


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision. Safe to repeat, and from two processes at once."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(configuration(engine), "head")
    except CommandError as error:  # a revision that is not among the migrations
        raise SchemaMismatch(f"The database's schema does not come from this program: {error}") from error


def upgrade_if_new(engine: Engine) -> None:
    """A SQLite file without any table gets its schema by itself; every other change of schema is asked for."""
    if engine.dialect.name == "sqlite" and not inspect(engine).get_table_names():
        upgrade(engine)


def revision(session: Session) -> str | None:
    """The revision of the database, None where there is none."""
    try:
        with session.begin_nested():
            found = session.scalar(text("SELECT version_num FROM alembic_version"))
            return None if found is None else str(found)
    except DBAPIError as error:
        missing = getattr(error.orig, "pgcode", None) == "42P01" or "no such table" in str(error.orig)
        if error.connection_invalidated or not missing:
            raise
        return None


def require_newest(session: Session) -> None:
    """Raises SchemaMismatch where this program and the database's schema do not fit."""
    found = revision(session)
    if found == NEWEST:
        return
    if found is None or found < NEWEST:
        raise SchemaMismatch(
            f"The database's schema is {'missing' if found is None else f'at revision {found}'},"
            f" and this program needs revision {NEWEST}. Run: budget-tracker.py migrate"
        )
    raise SchemaMismatch(
        f"The database's schema is at revision {found}, newer than this program ({NEWEST}). Update the program."
    )
