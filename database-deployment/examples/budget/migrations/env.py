"""How Alembic reaches the budget's database: directly, in one transaction, one runner at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from alembic import context
from sqlalchemy import Connection, text

import budget.models  # noqa: F401 - so that Base knows the tables
from database import Base, Money, UTCDateTime, create_database_engine, migration_url

ONE_RUNNER_AT_A_TIME = 7_221_953  # any number that no other program uses as an advisory lock


def run_offline() -> None:
    """`alembic upgrade head --sql`: print the statements instead of running them."""
    context.configure(url=migration_url(), target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    given = context.config.attributes.get("engine")
    engine = given or create_database_engine(migration_url())
    try:
        with engine.connect() as connection:
            migrate(connection)
    finally:
        if given is None:
            engine.dispose()


def migrate(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    # A change of many rows may take its time; the lock of a table is still not waited for longer than usual.
    connection = connection.execution_options(sqlite_begin="IMMEDIATE", time_limits={"statement_timeout": 0})
    with unchecked_foreign_keys(connection) if sqlite else connection.begin():
        if not sqlite:
            wait_for_other_runner(connection)
        # Batches also in a revision that is generated on PostgreSQL: it will run on SQLite too.
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=render_plain_type
        )
        context.run_migrations()


def render_plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """In a new revision, what the column is in the database: Money is Python's view of it, and may change."""
    if kind == "type" and isinstance(item, Money):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


@contextmanager
def unchecked_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it and dropping the old one, which would empty its child tables.

    The switch has no effect inside a transaction, so it is thrown on the raw connection, before BEGIN.
    """
    raw = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
    try:
        with connection.begin():
            yield
            if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise RuntimeError(f"the migration would leave {len(orphans)} rows without their parent: {orphans[:3]}")
    finally:
        raw.execute("PRAGMA foreign_keys = ON")  # type: ignore[union-attr]


def wait_for_other_runner(connection: Connection) -> None:
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_RUNNER_AT_A_TIME})"))
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))


if context.is_offline_mode():
    run_offline()
else:
    run_online()
