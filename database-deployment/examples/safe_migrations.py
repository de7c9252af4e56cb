"""Steps of a migration that other connections hardly notice: to copy, and to call from a revision's upgrade().

    from safe_migrations import add_check, add_index

    def upgrade():
        add_check("ck_orders_total", "orders", "total >= 0")
        add_index("ix_orders_customer", "orders", ["customer_id"])

On PostgreSQL each step commits what came before it and then works in short transactions of its own, so that no lock
is held while a table is read. Each step looks first at what is there already: a run that was broken off anywhere runs
again. Put no other change into such a revision than one that can be repeated (`if_not_exists=True`).
On SQLite a step is the plain change, inside the one transaction of the whole run.

The names of constraints and indexes are taken as they are written. Needs the env.py beside it: direct connection, a
short lock_timeout, a retry, and on SQLite foreign keys that are off.
"""

# ruff: noqa: S608 - DDL takes no parameters, and a revision is written by hand

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from alembic.operations import BatchOperations
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

LOCK_TIMEOUT = 500  # milliseconds: the longest that others queue behind a lock that a migration waits for
SECONDS_BETWEEN_REPORTS = 5


def add_column(table: str, column: sa.Column[Any]) -> None:
    """A column that may be NULL, or has a constant `server_default`: neither rewrites the table."""
    if _is_sqlite():
        op.add_column(table, column)
        return
    with short_lock(table):
        op.add_column(table, column, if_not_exists=True)


def drop_column(table: str, column: str) -> None:
    """For the last revision: no program that is running may name the column any more."""
    if _is_sqlite():
        with rebuilt(table) as batch:
            batch.drop_column(column)
        return
    with short_lock(table):
        op.drop_column(table, column, if_exists=True)


def add_index(name: str, table: str, columns: Sequence[str], *, unique: bool = False, **options: Any) -> None:
    if _is_sqlite():
        op.create_index(name, table, columns, unique=unique, **options)
        return
    with _concurrently():
        _drop_if_invalid(name)
        try:
            op.create_index(
                name, table, columns, unique=unique, postgresql_concurrently=True, if_not_exists=True, **options
            )
        except DBAPIError as error:
            if not error.connection_invalidated:  # what is left behind would refuse and slow down the others' writes
                _drop_if_invalid(name)
            raise


def drop_index(name: str, table: str) -> None:
    if _is_sqlite():
        op.drop_index(name, table)
        return
    with _concurrently():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


def add_check(name: str, table: str, condition: str) -> None:
    if _is_sqlite():
        with rebuilt(table) as batch:
            batch.create_check_constraint(op.f(name), sa.text(_escaped(condition)))
        return
    if not _has_constraint(name, table):
        with short_lock(table):
            op.create_check_constraint(op.f(name), table, sa.text(_escaped(condition)), postgresql_not_valid=True)
    _validate(name, table)


def add_foreign_key(
    name: str, table: str, columns: Sequence[str], parent: str, parent_columns: Sequence[str], **options: Any
) -> None:
    """`options`: such as ondelete="CASCADE"."""
    if _is_sqlite():
        with rebuilt(table) as batch:
            batch.create_foreign_key(op.f(name), parent, list(columns), list(parent_columns), **options)
        return
    if not _has_constraint(name, table):
        with short_lock(table, parent):
            op.create_foreign_key(
                op.f(name), table, parent, list(columns), list(parent_columns), postgresql_not_valid=True, **options
            )
    _validate(name, table)


def add_unique(name: str, table: str, columns: Sequence[str]) -> None:
    if _is_sqlite():
        with rebuilt(table) as batch:
            batch.create_unique_constraint(op.f(name), list(columns))
        return
    if _has_constraint(name, table):
        return
    add_index(name, table, columns, unique=True)
    with short_lock(table):
        op.execute(f"ALTER TABLE {_quoted(table)} ADD CONSTRAINT {_quoted(name)} UNIQUE USING INDEX {_quoted(name)}")


def drop_constraint(name: str, table: str) -> None:
    if _is_sqlite():
        with rebuilt(table) as batch:
            batch.drop_constraint(op.f(name))
        return
    with short_lock(table):
        op.drop_constraint(op.f(name), table, if_exists=True)


def set_not_null(table: str, column: str, type_: sa.types.TypeEngine[Any]) -> None:
    if _is_sqlite():
        with rebuilt(table) as batch:
            batch.alter_column(column, existing_type=type_, nullable=False)
        return
    # PostgreSQL believes a validated CHECK and does not read the table again under the strongest of all locks.
    check = f"{table}_{column}_is_not_null"
    if not context.is_offline_mode() and not _may_be_null(table, column):
        return
    add_check(check, table, f"{_quoted(column)} IS NOT NULL")
    with short_lock(table):
        op.alter_column(table, column, existing_type=type_, nullable=False)
        op.drop_constraint(op.f(check), table)


def drop_not_null(table: str, column: str, type_: sa.types.TypeEngine[Any]) -> None:
    if _is_sqlite():
        with rebuilt(table) as batch:
            batch.alter_column(column, existing_type=type_, nullable=True)
        return
    with short_lock(table):
        op.alter_column(table, column, existing_type=type_, nullable=True)


# --- Old and new columns side by side --------------------------------------------------------------------------------


def keep_in_step(name: str, table: str, *, new: Mapping[str, str], old: Mapping[str, str]) -> None:
    """From now on, what an old program writes into the old columns reaches the new ones, and the other way round.

    new: for each new column its value, as SQL over the old ones. old: the way back. A write of both is left as it is.
    On SQLite the way forward only: there the new program starts when the old columns are gone.
    """
    if _is_sqlite():
        not_given = " AND ".join(f"NEW.{_quoted(column)} IS NULL" for column in new)
        not_written = " AND ".join(f"NEW.{_quoted(column)} IS OLD.{_quoted(column)}" for column in new)
        for suffix, event, condition in (
            ("insert", "INSERT", not_given),
            ("update", f"UPDATE OF {_list(old)}", not_written),
        ):
            _run(
                f"CREATE TRIGGER {_quoted(f'{name}_{suffix}')} AFTER {event} ON {_quoted(table)} WHEN {condition}"
                f" BEGIN UPDATE {_quoted(table)} SET {_assignments(new)} WHERE rowid = NEW.rowid; END"
            )
        return
    _run(
        f"""CREATE OR REPLACE FUNCTION {_quoted(name)}() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            old_written boolean := {_row("NEW", old)} IS DISTINCT FROM {_row("OLD", old)};
            new_written boolean := {_row("NEW", new)} IS DISTINCT FROM {_row("OLD", new)};
            implied record;
        BEGIN
            IF old_written AND NOT new_written THEN
                SELECT {", ".join(new.values())} INTO {_fields("NEW", new)} FROM (SELECT NEW.*) AS written;
            ELSIF new_written AND NOT old_written THEN
                SELECT {", ".join(f"{value} AS {_quoted(column)}" for column, value in new.items())}
                    INTO implied FROM (SELECT NEW.*) AS written;
                IF {_row("NEW", new)} IS DISTINCT FROM {_row("implied", new)} THEN
                    SELECT {", ".join(old.values())} INTO {_fields("NEW", old)} FROM (SELECT NEW.*) AS written;
                END IF;
            END IF;
            RETURN NEW;
        END $$"""
    )
    with short_lock(table):
        _run(
            f"CREATE OR REPLACE TRIGGER {_quoted(name)} BEFORE INSERT OR UPDATE OF {_list([*old, *new])}"
            f" ON {_quoted(table)} FOR EACH ROW EXECUTE FUNCTION {_quoted(name)}()"
        )


def stop_keeping_in_step(name: str, table: str, *, drop: Sequence[str]) -> None:
    """Remove the trigger and, in the same moment, the columns that nobody names any more."""
    if _is_sqlite():
        for suffix in ("insert", "update"):
            _run(f"DROP TRIGGER IF EXISTS {_quoted(f'{name}_{suffix}')}")
        with rebuilt(table) as batch:
            for column in drop:
                batch.drop_column(column)
        return
    with short_lock(table):
        _run(f"DROP TRIGGER IF EXISTS {_quoted(name)} ON {_quoted(table)}")
        for column in drop:
            op.drop_column(table, column, if_exists=True)
    _run(f"DROP FUNCTION IF EXISTS {_quoted(name)}()")


def backfill(table: str, values: Mapping[str, str], where: str, *, key: str = "id", rows_at_a_time: int = 1000) -> None:
    """Write `values` (SQL for each column) into the rows that meet `where`, a few at a time, with a pause between.

    `where` must say which rows are not done yet: so the work can be stopped at any time and goes on where it was.
    """
    if _is_sqlite() or context.is_offline_mode():
        _run(f"UPDATE {_quoted(table)} SET {_assignments(values)} WHERE {where}")
        return
    with op.get_context().autocommit_block():
        done = passes = 0
        while _is_left(table, where):
            time.sleep(min(passes / 4, 5))  # what is left after a pass is in somebody's hands
            passes += 1
            done += _pass_through(table, values, where, key, rows_at_a_time, done)
        log.info("%s: %s rows filled", table, f"{done:,}")


def _pass_through(table: str, values: Mapping[str, str], where: str, key: str, rows_at_a_time: int, done: int) -> int:
    """Once through the table in the order of its key; rows that somebody is writing are left for the next time."""
    connection, column = op.get_bind(), f"{_quoted(table)}.{_quoted(key)}"
    # The range comes from the key alone: PostgreSQL believes that few rows of a new column are NULL, and with `where`
    # in this query it would read and sort the whole table for each batch.
    last_of_batch = sa.text(
        f"SELECT max(number) FROM (SELECT {column} AS number FROM {_quoted(table)}"
        f" WHERE :after IS NULL OR {column} > :after ORDER BY 1 LIMIT {rows_at_a_time}) AS batch"
    )
    # Who waits for no row takes part in no deadlock.
    fill = sa.text(
        _escaped(
            f"WITH chosen AS MATERIALIZED (SELECT {column} AS chosen_key FROM {_quoted(table)}"
            f" WHERE ({where}) AND <range> ORDER BY 1 FOR NO KEY UPDATE SKIP LOCKED)"
            f" UPDATE {_quoted(table)} SET {_assignments(values)} FROM chosen"
            f" WHERE {column} = chosen_key AND <range> RETURNING ({where})"
        ).replace("<range>", f"(:after IS NULL OR {column} > :after) AND {column} <= :last")
    )
    filled, after, reported = 0, None, time.monotonic()
    while (last := connection.scalar(last_of_batch, {"after": after})) is not None:
        began = time.monotonic()
        still_meet_it = connection.scalars(fill, {"after": after, "last": last}).all()
        if any(still_meet_it):
            raise ValueError(f"backfill of {table}: rows meet {where!r} after they were written, so it would never end")
        filled, after = filled + len(still_meet_it), last
        if time.monotonic() > reported + SECONDS_BETWEEN_REPORTS:
            log.info("%s: %s rows filled so far", table, f"{done + filled:,}")
            reported = time.monotonic()
        if still_meet_it:
            time.sleep(time.monotonic() - began)  # as long as it worked: half of the time belongs to the others
    return filled


def _is_left(table: str, where: str) -> bool:
    found = sa.text(f"SELECT EXISTS (SELECT FROM {_quoted(table)} WHERE {_escaped(where)})")
    return bool(op.get_bind().scalar(found))


# --- How a step works ------------------------------------------------------------------------------------------------


@contextmanager
def short_lock(*tables: str) -> Iterator[None]:
    """A transaction of its own for changes that lock tables against everybody, and take no time once they have them."""
    if _is_sqlite():
        yield
        return
    commit()
    _make_way(*tables)
    yield
    commit()


def commit() -> None:
    """Save what the revision has done so far; nothing on SQLite, where the whole run is saved or nothing of it."""
    if not _is_sqlite():
        with op.get_context().autocommit_block():
            pass


def _make_way(*tables: str) -> None:
    """Wait until no vacuum and no other migration works on the tables. Nobody queues behind this weaker lock.

    A vacuum that is in the way of a lock ends itself, but only after a second: longer than a short lock_timeout.
    """
    op.execute("SET LOCAL lock_timeout = 0")
    op.execute(f"LOCK TABLE {_list(tables)} IN SHARE UPDATE EXCLUSIVE MODE")
    op.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT}")


@contextmanager
def _concurrently() -> Iterator[None]:
    # It waits for every transaction that is open, and nobody waits for it: lock_timeout would only leave an invalid
    # index behind. Outside of a transaction a setting lasts, so it is put back.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = {LOCK_TIMEOUT}")


def _validate(name: str, table: str) -> None:
    """Reads the whole table, and others write meanwhile. It does nothing where it was done before."""
    with short_lock(table):
        op.execute(f"ALTER TABLE {_quoted(table)} VALIDATE CONSTRAINT {_quoted(name)}")


@contextmanager
def rebuilt(table: str) -> Iterator[BatchOperations]:
    """SQLite's way of changing a table, a copy under the old name, with the triggers that it would drop."""
    connection = op.get_bind()
    here = {"table": table}
    triggers = connection.scalars(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), here
    ).all()
    created = str(
        connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"), here)
    )
    counts_up = {"sqlite_autoincrement": "AUTOINCREMENT" in created.upper()}
    with op.batch_alter_table(table, table_kwargs=counts_up) as batch:
        yield batch
    for trigger in triggers:
        connection.exec_driver_sql(trigger)


# --- For a test ------------------------------------------------------------------------------------------------------


@contextmanager
def reads_under_lock() -> Iterator[list[str]]:
    """The tables of PostgreSQL that any transaction of this block read from end to end, or wrote anew, while it held a
    lock that keeps writers out. Each is a stall as long as the table is large; on empty tables too it is seen.
    """
    found: list[str] = []

    def look(connection: sa.Connection, query: str) -> dict[str, int]:
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(query)
            return dict(cursor.fetchall())

    def before(connection: sa.Connection, *_: object) -> None:
        if connection.dialect.name == "postgresql" and "scans" not in connection.info:
            connection.info["scans"] = look(connection, _SCANS)

    def after(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        if "scans" not in connection.info:
            return
        scans, earlier = look(connection, _SCANS), connection.info["scans"]
        read = {table for table, count in scans.items() if count > earlier.get(table, count)}
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            read &= look(connection, _LOCKED).keys()
        else:  # the lock is gone with the statement: its words tell which it was
            read = (
                read if re.match(r"CREATE (UNIQUE )?INDEX (?!CONC)|ALTER TABLE (?!.* VALIDATE )", statement) else set()
            )
            connection.info["scans"] = scans
        found.extend(f"{table}: {statement}" for table in sorted(read))

    def ended(connection: sa.Connection) -> None:
        connection.info.pop("scans", None)

    listeners: dict[str, Callable[..., Any]] = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
        "commit": ended,
        "rollback": ended,
    }
    for name, listener in listeners.items():
        sa.event.listen(sa.Engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners.items():
            sa.event.remove(sa.Engine, name, listener)


_SCANS = "SELECT relid::regclass::text, coalesce(seq_scan, 0) FROM pg_stat_xact_user_tables"
_LOCKED = """
    SELECT DISTINCT relation::regclass::text, 1 FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
    AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""


# --- Small parts -----------------------------------------------------------------------------------------------------


def _drop_if_invalid(name: str) -> None:
    if context.is_offline_mode():
        return
    broken = sa.text("SELECT true FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")
    if op.get_bind().scalar(broken, {"name": _quoted(name)}):
        op.execute(f"DROP INDEX CONCURRENTLY {_quoted(name)}")


def _has_constraint(name: str, table: str) -> bool:
    if context.is_offline_mode():
        return False
    found = sa.text("SELECT true FROM pg_constraint WHERE conname = :name AND conrelid = to_regclass(:table)")
    return bool(op.get_bind().scalar(found, {"name": name, "table": _quoted(table)}))


def _may_be_null(table: str, column: str) -> bool:
    if context.is_offline_mode():
        return True
    columns = sa.inspect(op.get_bind()).get_columns(table)
    return any(found["nullable"] for found in columns if found["name"] == column)


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _run(sql: str) -> None:
    op.execute(sa.text(_escaped(sql)))


def _escaped(sql: str) -> str:
    """For text(), which takes a word behind a colon for a parameter."""
    return sql.replace(":", r"\:")


def _quoted(name: str) -> str:
    return op.get_context().dialect.identifier_preparer.quote(name)


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _fields(record: str, names: Iterable[str]) -> str:
    return ", ".join(f"{record}.{_quoted(name)}" for name in names)


def _row(record: str, names: Iterable[str]) -> str:
    return f"ROW({_fields(record, names)})"


def _assignments(values: Mapping[str, str]) -> str:
    return ", ".join(f"{_quoted(column)} = {value}" for column, value in values.items())
