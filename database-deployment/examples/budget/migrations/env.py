"""How Alembic reaches the budget's database: directly, one runner at a time, and in nobody's way.

On PostgreSQL each revision is a transaction of its own, and is tried again when a table could not be had at once.
On SQLite the whole run is one transaction.
"""

import logging
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from alembic import context
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import OperationalError

import budget.models  # noqa: F401 - so that Base knows the tables
from database import Base, DatabaseConfigurationError, Money, UTCDateTime, create_database_engine, migration_url
from safe_migrations import LOCK_TIMEOUT

log = logging.getLogger(__name__)

ONE_RUNNER_AT_A_TIME = 7_221_953  # any number that no other program uses as an advisory lock
SECONDS_TO_TRY = 600
LOCK_NOT_AVAILABLE = "55P03"


def run_offline() -> None:
    """`alembic upgrade head --sql`: print the statements instead of running them."""
    url = migration_url()
    context.configure(url=url, target_metadata=Base.metadata, literal_binds=True, transaction_per_migration=True)
    if url.get_backend_name() == "postgresql":
        context.execute(f"SET lock_timeout = {LOCK_TIMEOUT}")
        context.execute("SET statement_timeout = 0")
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    given: Engine | None = context.config.attributes.get("engine")
    url = given.url if given else migration_url()
    if url.get_backend_name() == "sqlite":
        with connection_to(given or create_database_engine(url), close=given is None) as connection:
            run_at_once(connection)
    else:
        with connection_to(direct_engine(url), close=True) as connection:
            refuse_pooler(connection, url)
            wait_for_other_runner(connection)
            run_one_by_one(connection)
            let_the_next_one_run(connection)


@contextmanager
def connection_to(engine: Engine, *, close: bool) -> Iterator[Connection]:
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        if "unsupported startup parameter" in str(error):
            raise DatabaseConfigurationError(THROUGH_A_POOLER) from error
        raise
    finally:
        if close:
            engine.dispose()


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

THROUGH_A_POOLER = (
    "A pooler answers at this address. Migrations need the server itself, because a pooler shares its connections:"
    " set DATABASE_URL_UNPOOLED to the direct address"
)


def direct_engine(url: URL) -> Engine:
    """The limits hold outside of transactions too, where an index is built. A pooler refuses or drops such options."""
    if "-pooler" in (url.host or ""):
        raise DatabaseConfigurationError(THROUGH_A_POOLER)
    own = (
        f"{url.query.get('options', '')} -c lock_timeout={LOCK_TIMEOUT} -c statement_timeout=0 -c migration.direct=yes"
    )
    return create_database_engine(
        url,
        connections=1,
        lock_timeout=LOCK_TIMEOUT / 1000,
        statement_timeout=0,  # a change of many rows may take its time
        connect_args={"options": own.strip()},
    )


def refuse_pooler(connection: Connection, url: URL) -> None:
    """By the start options that did not arrive. Neon's pooler is known by its name; should its direct address ever
    drop them, the limits are set for this session, which there is nobody else's.
    """
    if connection.scalar(text("SELECT current_setting('migration.direct', true)")) != "yes":
        if ".neon." not in (url.host or ""):
            raise DatabaseConfigurationError(THROUGH_A_POOLER)
        connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT}; SET statement_timeout = 0"))
    connection.commit()


def wait_for_other_runner(connection: Connection) -> None:
    """The lock goes with the connection at the latest: a server may notice a moment later that a program has ended.

    It is asked for again and again: a query that waits would be waited for by the other's CREATE INDEX CONCURRENTLY,
    and each of the two would wait for the other.
    """
    give_up, said = time.monotonic() + seconds_to_try(), False
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({ONE_RUNNER_AT_A_TIME})")):
        connection.commit()
        if time.monotonic() > give_up:
            raise RuntimeError(
                f"Another migration has been running for {seconds_to_try():.0f} s: look what it waits for"
            )
        if not said:
            log.warning("Another migration is running: waiting for its end")
            said = True
        time.sleep(random.uniform(0.1, 0.3))  # noqa: S311 - so that three do not ask in step
    connection.commit()


def let_the_next_one_run(connection: Connection) -> None:
    connection.execute(text(f"SELECT pg_advisory_unlock({ONE_RUNNER_AT_A_TIME})"))
    connection.commit()


def seconds_to_try() -> float:
    return float(context.config.attributes.get("seconds_to_try", SECONDS_TO_TRY))


def run_one_by_one(connection: Connection) -> None:
    """Who does not get a lock at once steps back, lets the others through, and begins the revision again."""
    applied: list[str] = []
    give_up = time.monotonic() + seconds_to_try()
    pause = 0.2
    while True:
        try:
            configure(connection, applied)
            with context.begin_transaction():
                context.run_migrations()
            return
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) != LOCK_NOT_AVAILABLE or time.monotonic() > give_up:
                raise
            if applied and re.search(r"[+-]\d+$", str(context.get_revision_argument())):
                raise  # one more step from here is not the step that was asked for
            log.warning("A table is in use, trying again: %s", str(error.orig).splitlines()[0])
        connection.rollback()
        time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - so that it meets no rhythm of the others
        pause = min(2 * pause, 5)


# --- SQLite ----------------------------------------------------------------------------------------------------------


def run_at_once(connection: Connection) -> None:
    connection = connection.execution_options(sqlite_begin="IMMEDIATE")
    with unchecked_foreign_keys(connection):
        configure(connection, [])
        context.run_migrations()


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


# --- Both ------------------------------------------------------------------------------------------------------------


def configure(connection: Connection, applied: list[str]) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        render_as_batch=True,  # also in a revision that is generated on PostgreSQL: it will run on SQLite too
        render_item=render_plain_type,
        on_version_apply=lambda **event: applied.append(str(event["step"])),
    )


def render_plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """In a new revision, what the column is in the database: Money is Python's view of it, and may change."""
    if kind == "type" and isinstance(item, Money):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


if context.is_offline_mode():
    run_offline()
else:
    run_online()
