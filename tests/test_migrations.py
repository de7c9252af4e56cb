"""safe_migrations.py and env.py: writers hardly notice a migration, and one that is broken off runs again.

Each test has the usual way beside the safe one, and sees it fail. rehearsal/ is the whole of it in one history.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    URL,
    CheckConstraint,
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from budget import schema
from database import DatabaseConfigurationError, create_database_engine, transaction
from local_postgres import LocalPostgres, free_port
from rehearsal import play, shop
from requirement import missing
from safe_migrations import reads_under_lock

HEADER = """
import sqlalchemy as sa
from alembic import op
from safe_migrations import *
revision, down_revision, branch_labels, depends_on = "9999", None, None, None
def upgrade():
"""


class BrokenOff(Exception):
    """The process ended here."""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    yield from filled(database_url)


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Engine]:
    yield from filled(postgresql_url)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    yield from filled(sqlite_url)


def filled(url: str) -> Iterator[Engine]:
    """A parent with a child, as Alembic finds them in many a project."""
    engine = create_database_engine(url)
    with transaction(engine) as session:
        for statement in (
            "CREATE TABLE shops (id INTEGER PRIMARY KEY, name VARCHAR(50))",
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, shop_id INTEGER, total INTEGER, note VARCHAR(50),"
            " seller_id INTEGER, FOREIGN KEY (shop_id) REFERENCES shops (id) ON DELETE CASCADE)",
            "INSERT INTO shops VALUES (1, 'North'), (2, 'South')",
            "INSERT INTO orders VALUES (1, 1, 10, 'a', 1), (2, 1, 20, 'b', 2), (3, 2, 30, 'c', 1)",
        ):
            session.execute(text(statement))
    yield engine
    engine.dispose()


def revision(folder: Path, engine: Engine, *lines: str) -> Config:
    """A history of one revision."""
    (folder / "9999_change.py").write_text(HEADER + "".join(f"    {line}\n" for line in lines))
    config = schema.configuration(engine)
    config.set_main_option("version_locations", str(folder))
    return config


def upgrade(folder: Path, engine: Engine, *lines: str) -> None:
    command.upgrade(revision(folder, engine, *lines), "head")


def forget(engine: Engine) -> None:
    """So that the next history begins anew."""
    write(engine, "DROP TABLE alembic_version")


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with transaction(engine, read_only=True) as session:
        return [tuple(row) for row in session.execute(text(query))]


def write(engine: Engine, sql: str) -> None:
    with transaction(engine) as session:
        session.execute(text(sql))


# --- No lock while a table is read -----------------------------------------------------------------------------------

STEPS = {
    "an index": (
        'add_index("ix_orders_total", "orders", ["total"])',
        'op.create_index("ix_orders_total", "orders", ["total"])',
    ),
    "a check": (
        'add_check("ck_orders_total", "orders", "total > 0")',
        'op.create_check_constraint("ck_orders_total", "orders", sa.text("total > 0"))',
    ),
    "a foreign key": (
        'add_foreign_key("fk_orders_seller", "orders", ["seller_id"], "shops", ["id"])',
        'op.create_foreign_key("fk_orders_seller", "orders", "shops", ["seller_id"], ["id"])',
    ),
    "a unique constraint": (
        'add_unique("uq_orders_note", "orders", ["note"])',
        'op.create_unique_constraint("uq_orders_note", "orders", ["note"])',
    ),
    "not null": (
        'set_not_null("orders", "total", sa.Integer())',
        'op.alter_column("orders", "total", nullable=False)',
    ),
    "a fill": (
        'add_column("orders", sa.Column("tax", sa.Integer())); backfill("orders", {"tax": "total / 5"}, "tax IS NULL")',
        'op.add_column("orders", sa.Column("tax", sa.Integer())); op.execute("UPDATE orders SET tax = total / 5")',
    ),
}


@pytest.mark.parametrize(("safe", "usual"), STEPS.values(), ids=STEPS)
def test_no_table_is_read_while_it_is_locked(postgresql: Engine, tmp_path: Path, safe: str, usual: str) -> None:
    with reads_under_lock() as found:
        upgrade(tmp_path, postgresql, safe)
    assert found == []
    forget(postgresql)
    write(
        postgresql,
        "ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_total, DROP COLUMN IF EXISTS tax,"
        " DROP CONSTRAINT IF EXISTS fk_orders_seller, DROP CONSTRAINT IF EXISTS uq_orders_note",
    )
    write(postgresql, "DROP INDEX IF EXISTS ix_orders_total")
    write(postgresql, "ALTER TABLE orders ALTER total DROP NOT NULL")
    with reads_under_lock() as found:
        upgrade(tmp_path, postgresql, usual)
    assert [line.split(":")[0] for line in found][:1] == ["orders"]


@pytest.mark.parametrize("safe", [safe for safe, _ in STEPS.values()], ids=STEPS)
def test_a_step_does_on_both_databases_what_it_says_and_may_be_repeated(
    engine: Engine, tmp_path: Path, safe: str
) -> None:
    upgrade(tmp_path, engine, safe)
    if engine.dialect.name == "postgresql":
        forget(engine)
        upgrade(tmp_path, engine, safe)
        assert rows(engine, "SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == [(0,)]
    inspector = inspect(engine)
    made = {
        "index": {index["name"] for index in inspector.get_indexes("orders")},
        "check": {check["name"] for check in inspector.get_check_constraints("orders")},
        "foreign": {key["name"] for key in inspector.get_foreign_keys("orders")},
        "unique": {unique["name"] for unique in inspector.get_unique_constraints("orders")},
    }
    expected = {"add_index": "ix_orders_total", "add_check": "ck_orders_total", "add_foreign_key": "fk_orders_seller"}
    if name := expected.get(safe.split("(")[0]):
        assert any(name in names for names in made.values())
    elif safe.startswith("add_unique"):
        with pytest.raises(IntegrityError):
            write(engine, "INSERT INTO orders VALUES (9, 1, 1, 'a', 1)")
    elif safe.startswith("set_not_null"):
        with pytest.raises(IntegrityError):
            write(engine, "INSERT INTO orders VALUES (9, 1, NULL, 'z', 1)")
        assert made["check"] == set()
    else:
        assert rows(engine, "SELECT tax FROM orders ORDER BY id") == [(2,), (4,), (6,)]
    assert rows(engine, "SELECT count(*) FROM orders") == [(3,)]


def test_the_history_of_the_rehearsal_reads_no_table_under_a_lock(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url)
    config = shop.configuration(engine)
    with reads_under_lock() as found:
        command.upgrade(config, "head")
        command.downgrade(config, shop.FIRST)
    assert found == []
    engine.dispose()


# --- Waiting for a lock ----------------------------------------------------------------------------------------------


def wait_until(engine: Engine, condition: str, work: "Future[None]") -> None:
    """Until the database shows it; what runs in the other thread must not end before."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        deadline = time.monotonic() + 20
        while not connection.scalar(text(f"SELECT EXISTS (SELECT FROM {condition})")):
            if work.done() or time.monotonic() > deadline:
                work.result(0)
                pytest.fail(f"nothing was seen of: {condition}")


WAITS_FOR_ORDERS = "pg_locks WHERE relation = to_regclass('orders') AND NOT granted"


def migrate_while(
    postgresql: Engine,
    folder: Path,
    holding: str,
    line: str,
    meanwhile: Callable[[], None],
    until: str = WAITS_FOR_ORDERS,
) -> None:
    """Somebody holds a lock, the migration waits for it, and `meanwhile` happens."""
    config = revision(folder, postgresql, line)
    with ThreadPoolExecutor(1) as thread, postgresql.connect() as holder:
        holder.execute(text(holding))
        migration = thread.submit(command.upgrade, config, "head")
        try:
            wait_until(postgresql, until, migration)
            meanwhile()
        finally:
            holder.rollback()
        migration.result(60)


@pytest.mark.slow
def test_others_pass_while_a_change_waits_for_a_long_transaction(postgresql: Engine, tmp_path: Path) -> None:
    impatient = create_database_engine(postgresql.url, lock_timeout=1)

    def write_once() -> None:
        write(impatient, "UPDATE orders SET note = 'still open' WHERE id = 1")

    migrate_while(
        postgresql,
        tmp_path,
        "SELECT * FROM orders",
        'op.add_column("orders", sa.Column("tax", sa.Integer()))',
        write_once,
    )
    assert "tax" in {column["name"] for column in inspect(postgresql).get_columns("orders")}
    assert rows(postgresql, "SELECT note FROM orders WHERE id = 1") == [("still open",)]
    # The usual way: no limit, and the whole shop stands behind it.
    with ThreadPoolExecutor(1) as thread, postgresql.connect() as reader:
        reader.execute(text("SELECT * FROM orders"))
        endless = create_database_engine(postgresql.url, lock_timeout=0)
        change = thread.submit(write, endless, "ALTER TABLE orders ADD COLUMN fee INTEGER")
        wait_until(postgresql, WAITS_FOR_ORDERS, change)
        with pytest.raises(OperationalError, match="lock timeout"):
            write_once()
        reader.rollback()
        change.result(30)
        endless.dispose()
    impatient.dispose()


@pytest.mark.slow
def test_a_change_that_never_gets_its_table_gives_up(postgresql: Engine, tmp_path: Path) -> None:
    config = revision(tmp_path, postgresql, 'op.add_column("orders", sa.Column("tax", sa.Integer()))')
    config.attributes["seconds_to_try"] = 0.6
    with postgresql.connect() as holder:
        holder.execute(text("SELECT * FROM orders"))
        with pytest.raises(OperationalError, match="lock timeout"):
            command.upgrade(config, "head")
    assert "tax" not in {column["name"] for column in inspect(postgresql).get_columns("orders")}


def test_nobody_queues_while_a_change_waits_for_a_vacuum(postgresql: Engine, tmp_path: Path) -> None:
    impatient = create_database_engine(postgresql.url, lock_timeout=0.2)
    as_vacuum_does = "LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE"
    column = 'sa.Column("tax", sa.Integer())'

    def write_once() -> None:
        write(impatient, "UPDATE orders SET total = total + 1 WHERE id = 1")

    with pytest.raises(OperationalError, match="lock timeout"):
        migrate_while(postgresql, tmp_path, as_vacuum_does, f'op.add_column("orders", {column})', write_once)
    forget(postgresql)
    write(postgresql, "ALTER TABLE orders DROP COLUMN tax")
    migrate_while(postgresql, tmp_path, as_vacuum_does, f'add_column("orders", {column})', write_once)
    assert rows(postgresql, "SELECT total FROM orders WHERE id = 1") == [(11,)]
    impatient.dispose()


def test_one_more_revision_stays_one_more_when_a_lock_was_waited_for(postgresql: Engine, tmp_path: Path) -> None:
    config = revision(tmp_path, postgresql, "pass")
    for number, before in (("9998", "9999"), ("9997", "9998")):
        body = HEADER.replace('"9999", None', f'"{number}", "{before}"')
        (tmp_path / f"{number}_change.py").write_text(body + '    op.execute("LOCK TABLE orders")\n')
    with ThreadPoolExecutor(1) as thread, postgresql.connect() as holder:
        holder.execute(text("SELECT * FROM orders"))
        migration = thread.submit(command.upgrade, config, "+2")
        wait_until(postgresql, WAITS_FOR_ORDERS, migration)
        with pytest.raises(OperationalError, match="lock timeout"):
            migration.result(30)
    assert rows(postgresql, "SELECT version_num FROM alembic_version") == [("9999",)]


# --- Indexes ---------------------------------------------------------------------------------------------------------

INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
PLAIN_CONCURRENTLY = (
    "with op.get_context().autocommit_block(): op.create_index('ix_orders_total', 'orders', ['total'],"
    " unique=True, postgresql_concurrently=True, if_not_exists=True)"
)


def test_what_a_failed_index_leaves_behind_is_taken_away(postgresql: Engine, tmp_path: Path) -> None:
    write(postgresql, "UPDATE orders SET total = 10")
    with pytest.raises(IntegrityError):
        upgrade(tmp_path, postgresql, PLAIN_CONCURRENTLY)
    assert rows(postgresql, INVALID) == [(1,)]
    write(postgresql, "UPDATE orders SET total = id")
    upgrade(tmp_path, postgresql, PLAIN_CONCURRENTLY)
    assert rows(postgresql, INVALID) == [(1,)], "the usual way takes the broken index for a good one"
    command.stamp(
        revision(tmp_path, postgresql, 'add_index("ix_orders_total", "orders", ["total"], unique=True)'), "base"
    )
    command.upgrade(
        revision(tmp_path, postgresql, 'add_index("ix_orders_total", "orders", ["total"], unique=True)'), "head"
    )
    assert rows(postgresql, INVALID) == [(0,)]
    command.stamp(
        revision(tmp_path, postgresql, 'add_index("ix_orders_note", "orders", ["note"], unique=True)'), "base"
    )
    write(postgresql, "UPDATE orders SET note = 'x'")
    with pytest.raises(IntegrityError):
        upgrade(tmp_path, postgresql, 'add_index("ix_orders_note", "orders", ["note"], unique=True)')
    assert rows(postgresql, INVALID) == [(0,)]


@pytest.mark.slow
def test_an_index_waits_for_a_long_transaction_as_long_as_it_takes(postgresql: Engine, tmp_path: Path) -> None:
    waiting = "pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock'"
    writing = "UPDATE orders SET total = 1 WHERE id = 1"

    def longer_than_a_lock_may_take() -> None:
        write(postgresql, "SELECT pg_sleep(0.7)")
        write(postgresql, "UPDATE orders SET note = 'open' WHERE id = 2")

    begun: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        begun.extend([statement] * statement.startswith("CREATE INDEX"))

    line = 'add_index("ix_orders_total", "orders", ["total"])'
    event.listen(Engine, "before_cursor_execute", note)
    migrate_while(postgresql, tmp_path, writing, line, longer_than_a_lock_may_take, waiting)
    event.remove(Engine, "before_cursor_execute", note)
    assert len(begun) == 1
    assert rows(postgresql, INVALID) == [(0,)]
    write(postgresql, "DROP INDEX ix_orders_total")
    forget(postgresql)
    usual = PLAIN_CONCURRENTLY.replace("unique=True, ", "")
    migrate_while(postgresql, tmp_path, writing, usual, longer_than_a_lock_may_take, waiting)
    assert rows(postgresql, INVALID) == [(1,)]


SECOND_RUNNER = """
import sys
sys.path[:0] = sys.argv[1:3]
from alembic import command
from budget import schema
from database import create_database_engine
config = schema.configuration(create_database_engine(sys.argv[3]))
config.set_main_option("version_locations", sys.argv[4])
command.upgrade(config, "head")
"""


@pytest.mark.slow
def test_a_second_runner_does_not_stand_in_the_way_of_an_index(postgresql: Engine, tmp_path: Path) -> None:
    config = revision(tmp_path, postgresql, 'add_index("ix_orders_total", "orders", ["total"])')
    building = "pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock'"
    asking = "pg_stat_activity WHERE query = 'COMMIT' AND datname = current_database()"
    examples = Path(schema.__file__).parents[1]
    url = postgresql.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-W", "error", "-c", SECOND_RUNNER, str(examples), str(examples.parent), url]
    with ThreadPoolExecutor(1) as thread, postgresql.connect() as holder:
        holder.execute(text("UPDATE orders SET total = 1 WHERE id = 1"))
        first = thread.submit(command.upgrade, config, "head")
        wait_until(postgresql, building, first)
        second = subprocess.Popen([*arguments, str(tmp_path)])
        try:
            wait_until(postgresql, asking, first)
            holder.rollback()
            first.result(30)
            assert second.wait(30) == 0
        finally:
            holder.rollback()
            second.kill()
            second.wait()
    assert rows(postgresql, INVALID) == [(0,)]


@pytest.mark.slow
def test_a_query_that_waits_for_the_runners_lock_is_in_a_deadlock_with_an_index(postgresql: Engine) -> None:
    """The usual way, and why env.py asks again and again."""
    patient = create_database_engine(postgresql.url, lock_timeout=0)
    with ThreadPoolExecutor(1) as thread, patient.connect() as builder:
        builder = builder.execution_options(isolation_level="AUTOCOMMIT")
        builder.execute(text("SELECT pg_advisory_lock(1)"))
        runner = thread.submit(write, patient, "SELECT pg_advisory_lock(1)")
        wait_until(postgresql, "pg_locks WHERE locktype = 'advisory' AND NOT granted", runner)
        errors: list[object] = []
        try:
            builder.execute(text("CREATE INDEX CONCURRENTLY ix_orders_total ON orders (total)"))
        except OperationalError as error:
            errors.append(error)
        builder.execute(text("SELECT pg_advisory_unlock(1)"))
        errors.append(runner.exception(30))
    patient.dispose()
    assert "deadlock detected" in str(errors)


# --- Filling columns -------------------------------------------------------------------------------------------------

FILL = 'backfill("orders", {"note": "\'filled\'"}, "note IS DISTINCT FROM \'filled\'", rows_at_a_time=100)'


@pytest.fixture
def many(postgresql: Engine) -> Engine:
    write(postgresql, "INSERT INTO orders SELECT n, 1, n, NULL FROM generate_series(4, 2000) AS numbers(n)")
    return postgresql


def test_a_fill_that_is_broken_off_goes_on_where_it_was(many: Engine, tmp_path: Path) -> None:
    batches: list[str] = []

    def stop_at_the_fifth(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        batches.extend([statement] * statement.startswith("WITH chosen"))
        if len(batches) == 5:
            raise BrokenOff

    event.listen(Engine, "after_cursor_execute", stop_at_the_fifth)
    with pytest.raises(BrokenOff):
        upgrade(tmp_path, many, FILL)
    event.remove(Engine, "after_cursor_execute", stop_at_the_fifth)
    assert rows(many, "SELECT count(*) FROM orders WHERE note = 'filled'") == [(500,)]
    upgrade(tmp_path, many, FILL)
    assert rows(many, "SELECT count(*) FROM orders WHERE note = 'filled'") == [(2000,)]


def test_a_fill_waits_for_no_row_and_forgets_none(many: Engine, tmp_path: Path) -> None:
    filled = "orders WHERE id = 2000 AND note = 'filled'"
    migrate_while(many, tmp_path, "UPDATE orders SET total = 0 WHERE id = 7", FILL, lambda: None, until=filled)
    assert rows(many, "SELECT count(*) FROM orders WHERE note = 'filled'") == [(2000,)]


@pytest.mark.parametrize(
    ("change", "statement", "free"),
    [(FILL, "WITH chosen", {1}), ("op.execute(\"UPDATE orders SET note = 'filled'\")", "UPDATE orders", {None})],
    ids=["a fill", "one UPDATE"],
)
def test_a_row_that_is_written_is_free_before_the_last_one_is(
    many: Engine, tmp_path: Path, change: str, statement: str, free: set[int | None]
) -> None:
    found: list[int | None] = []

    def look(_connection: object, _cursor: object, executed: str, *_: object) -> None:
        if executed.startswith(statement):
            with transaction(many) as session:
                found.append(session.scalar(text("SELECT id FROM orders WHERE id = 1 FOR UPDATE SKIP LOCKED")))

    event.listen(Engine, "after_cursor_execute", look)
    upgrade(tmp_path, many, change)
    event.remove(Engine, "after_cursor_execute", look)
    assert set(found) == free
    assert rows(many, "SELECT count(*) FROM orders WHERE note = 'filled'") == [(2000,)]


def test_a_fill_reads_the_table_by_its_key(many: Engine, tmp_path: Path) -> None:
    """With the condition in the query for the next batch, PostgreSQL would read and sort the whole table each time."""
    scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'orders'"
    write(many, "INSERT INTO orders SELECT n, 1, n, NULL FROM generate_series(2001, 20000) AS numbers(n)")
    write(many, "ANALYZE orders")
    write(many, "ALTER TABLE orders ADD COLUMN tax INTEGER")
    [(before,)] = rows(many, scans)
    upgrade(tmp_path, many, 'backfill("orders", {"tax": "total"}, "tax IS NULL", rows_at_a_time=500)')
    write(many, "SELECT pg_stat_force_next_flush()")
    [(after,)] = rows(many, scans)
    assert int(str(after)) - int(str(before)) < 10


def test_a_fill_that_would_never_end_is_refused(many: Engine, tmp_path: Path) -> None:
    batches: list[str] = []

    def stop_at_the_tenth(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        batches.extend([statement] * statement.startswith("WITH chosen"))
        if len(batches) == 10:
            raise BrokenOff

    event.listen(Engine, "after_cursor_execute", stop_at_the_tenth)
    with pytest.raises(ValueError, match="would never end"):
        upgrade(tmp_path, many, 'backfill("orders", {"note": "NULL"}, "note IS NULL")')
    event.remove(Engine, "after_cursor_execute", stop_at_the_tenth)


def test_old_and_new_columns_stay_in_step(postgresql: Engine, tmp_path: Path) -> None:
    upgrade(
        tmp_path,
        postgresql,
        'add_column("orders", sa.Column("cents", sa.BigInteger()))',
        'keep_in_step("orders_cents", "orders", new={"cents": "total * 100"}, old={"total": "cents / 100"})',
        'backfill("orders", {"cents": "total * 100"}, "cents IS NULL")',
    )
    for statement in (
        "INSERT INTO orders (id, total) VALUES (4, 40)",
        "INSERT INTO orders (id, cents) VALUES (5, 5000)",
        "INSERT INTO orders (id, total, cents) VALUES (6, 1, 150)",
        "UPDATE orders SET total = 11 WHERE id = 1",
        "UPDATE orders SET cents = 2200 WHERE id = 2",
        "UPDATE orders SET total = 3, cents = 350 WHERE id = 3",
    ):
        write(postgresql, statement)
    expected = [(1, 11, 1100), (2, 22, 2200), (3, 3, 350), (4, 40, 4000), (5, 50, 5000), (6, 1, 150)]
    assert rows(postgresql, "SELECT id, total, cents FROM orders ORDER BY id") == expected


def test_a_fill_does_not_write_back_what_the_way_back_would_change(postgresql: Engine, tmp_path: Path) -> None:
    upgrade(
        tmp_path,
        postgresql,
        'add_column("orders", sa.Column("tens", sa.Integer()))',
        'keep_in_step("orders_tens", "orders", new={"tens": "total / 20"}, old={"total": "tens * 20"})',
        'backfill("orders", {"tens": "total / 20"}, "tens IS NULL")',
    )
    assert rows(postgresql, "SELECT total, tens FROM orders ORDER BY id") == [(10, 0), (20, 1), (30, 1)]


# --- SQLite ----------------------------------------------------------------------------------------------------------


def test_on_sqlite_the_way_forward_leaves_alone_what_a_new_program_writes(sqlite: Engine, tmp_path: Path) -> None:
    upgrade(
        tmp_path,
        sqlite,
        'add_column("orders", sa.Column("cents", sa.BigInteger()))',
        'keep_in_step("orders_cents", "orders", new={"cents": "total * 100"}, old={"total": "cents / 100"})',
        'backfill("orders", {"cents": "total * 100"}, "cents IS NULL")',
    )
    for statement in (
        "INSERT INTO orders (id, total) VALUES (4, 40)",
        "INSERT INTO orders (id, total, cents) VALUES (6, 1, 150)",
        "UPDATE orders SET total = 11 WHERE id = 1",
        "UPDATE orders SET total = 3, cents = 350 WHERE id = 3",
    ):
        write(sqlite, statement)
    expected = [(1, 11, 1100), (2, 20, 2000), (3, 3, 350), (4, 40, 4000), (6, 1, 150)]
    assert rows(sqlite, "SELECT id, total, cents FROM orders ORDER BY id") == expected


def test_a_changed_parent_keeps_its_children_on_sqlite(sqlite: Engine, tmp_path: Path) -> None:
    upgrade(tmp_path, sqlite, 'set_not_null("shops", "name", sa.String(50))')
    assert rows(sqlite, "SELECT count(*) FROM orders") == [(3,)]
    with sqlite.begin() as connection:  # the usual way: Alembic over a connection whose foreign keys are on
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("shops") as batch:
            batch.alter_column("name", nullable=True)
    assert rows(sqlite, "SELECT count(*) FROM orders") == [(0,)]


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection", "ignore:Unnamed CHECK")
def test_what_a_rebuilt_table_loses_on_sqlite(sqlite: Engine, tmp_path: Path) -> None:
    """So that the page may say it, and we hear when it is no longer so."""
    for statement in (
        "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, price INT CHECK (price > 0),"
        " CONSTRAINT ck_items_id CHECK (id > 0))",
        "CREATE INDEX ix_items_short ON items (substr(name, 1, 3))",
    ):
        write(sqlite, statement)
    upgrade(tmp_path, sqlite, 'set_not_null("items", "name", sa.Text())')
    [(left,)] = rows(sqlite, "SELECT group_concat(sql) FROM sqlite_master WHERE tbl_name = 'items'")
    assert [word for word in ("NOCASE", "price > 0", "substr", "id > 0") if word in str(left)] == ["id > 0"]


def test_a_rebuilt_table_keeps_its_triggers_and_its_counter_on_sqlite(sqlite: Engine, tmp_path: Path) -> None:
    for statement in (
        "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(9))",
        "CREATE TRIGGER noted AFTER INSERT ON items BEGIN UPDATE items SET name = 'noted' WHERE id = NEW.id; END",
    ):
        write(sqlite, statement)
    upgrade(tmp_path, sqlite, 'set_not_null("items", "name", sa.String(9))')
    write(sqlite, "INSERT INTO items (name) VALUES ('new')")
    assert rows(sqlite, "SELECT name FROM items") == [("noted",)]
    kept = "SELECT count(*) FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' OR type = 'trigger'"
    assert rows(sqlite, kept) == [(2,)]
    with sqlite.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("items") as batch:
            batch.alter_column("name", nullable=True)
    assert rows(sqlite, kept) == [(0,)]


# --- Time zones ------------------------------------------------------------------------------------------------------


def test_naive_moments_are_taken_for_utc_whatever_the_server_thinks(postgresql: Engine, tmp_path: Path) -> None:
    write(postgresql, f"ALTER DATABASE {postgresql.url.database} SET timezone = 'America/New_York'")
    write(postgresql, "ALTER TABLE orders ADD COLUMN placed_at TIMESTAMP DEFAULT '2026-01-31 23:30'")
    upgrade(
        tmp_path,
        postgresql,
        'add_column("orders", sa.Column("placed", sa.DateTime(timezone=True)))',
        'backfill("orders", {"placed": "placed_at AT TIME ZONE \'UTC\'"}, "placed IS NULL")',
    )
    moment = "SELECT DISTINCT {} AT TIME ZONE 'UTC' = '2026-01-31 23:30' FROM orders"
    assert rows(postgresql, moment.format("placed")) == [(True,)]
    forget(postgresql)
    upgrade(tmp_path, postgresql, 'op.alter_column("orders", "placed_at", type_=sa.DateTime(timezone=True))')
    shifted = "SELECT DISTINCT placed_at - placed = interval '5 hours' FROM orders"
    assert rows(postgresql, shifted) == [(True,)]


# --- The direct address ----------------------------------------------------------------------------------------------

POOLER = """
[databases]
* = host=127.0.0.1 port={port}
[pgbouncer]
listen_addr = 127.0.0.1
unix_socket_dir = {folder}
listen_port = {listen}
pidfile =
logfile =
auth_type = any
pool_mode = transaction
ignore_startup_parameters = extra_float_digits{more}
"""


def test_a_pooler_is_refused_by_its_name() -> None:
    pooled = make_url("postgresql+psycopg2://ann:secret@db-pooler.example.invalid/shop")
    with pytest.raises(DatabaseConfigurationError, match="DATABASE_URL_UNPOOLED"):
        schema.upgrade(create_database_engine(pooled, connect_within=1))


def start_pooler(server: LocalPostgres, more: str) -> URL:
    """PgBouncer in front of the server, and its address."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/opt/homebrew/bin") or shutil.which("pgbouncer")
    if program is None:
        missing("PgBouncer", "apt-get install pgbouncer, or brew install pgbouncer")
    folder = server.write_file("pooler.ini", "").parent
    url = make_url(server.url)
    database = f"* = host=127.0.0.1 port={server.port} user=postgres password={url.password}"
    listen = free_port()
    settings = POOLER.replace("* = host=127.0.0.1 port={port}", database)
    server.write_file("pooler.ini", settings.format(folder=folder, more=more, listen=listen))
    server.start_beside(program, "-q", "pooler.ini", socket=f".s.PGSQL.{listen}")
    return url.set(port=listen)


@pytest.mark.parametrize("more", ["", ",options"], ids=["refuses options", "drops options"])
@pytest.mark.slow
def test_a_pooler_is_refused_without_its_name(own_postgres: LocalPostgres, more: str) -> None:
    engine = create_database_engine(start_pooler(own_postgres, more))
    assert rows(engine, "SELECT 1") == [(1,)]
    with pytest.raises(DatabaseConfigurationError, match="A pooler answers"):
        schema.upgrade(engine)
    engine.dispose()


@pytest.mark.slow
def test_the_direct_address_of_neon_is_trusted_by_its_name(own_postgres: LocalPostgres) -> None:
    """Should it drop the start options: here something that drops them answers at such a name."""
    direct = start_pooler(own_postgres, ",options").set(host="ep-calm-sea-123.local.neon.test")
    engine = create_database_engine(direct.update_query_dict({"hostaddr": "127.0.0.1"}))
    schema.upgrade(engine)
    plain = engine.execution_options(isolation_level="AUTOCOMMIT")  # in which database.py sets no limits of its own
    assert rows(plain, "SHOW lock_timeout") == [("500ms",)]  # PgBouncer hands the session on, with its limits
    engine.dispose()


# --- What autogenerate does not see ----------------------------------------------------------------------------------


def differences(engine: Engine, **options: object) -> list[str]:
    """What a new revision would do, for models that say something else than the database of these tests."""
    models = MetaData()
    Table("shops", models, Column("id", Integer, primary_key=True), Column("title", String(50)))
    Table(
        "orders",
        models,
        Column("id", Integer, primary_key=True),
        Column("shop_id", Integer, ForeignKey("shops.id", ondelete="CASCADE")),
        Column("total", Integer, CheckConstraint("total > 0", name="ck_orders_total"), server_default="7"),
        Column("note", String(50)),
        Column("seller_id", Integer),
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, models)
    names = [change[0] if isinstance(change, tuple) else change[0][0] for change in found]
    return sorted(set(names) - {"modify_nullable"})  # what SQLite says of a primary key


def test_autogenerate_takes_a_rename_for_a_loss_and_misses_checks_and_defaults(engine: Engine) -> None:
    assert differences(engine, compare_server_default=False) == ["add_column", "remove_column"]
    assert differences(engine, compare_server_default=True) == ["add_column", "modify_default", "remove_column"]


def test_autogenerate_drops_what_it_does_not_know_unless_it_is_told(engine: Engine) -> None:
    write(engine, "CREATE TABLE somebody_elses (id INTEGER)")
    assert "remove_table" in differences(engine)

    def only_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in ("shops", "orders")

    assert "remove_table" not in differences(engine, include_name=only_ours)


# --- On paper --------------------------------------------------------------------------------------------------------

# The steps look at the database first, which paper cannot; set_not_null drops its own CHECK.
NOT_ON_PAPER = "prefer-robust-stmts,prefer-text-field,ban-drop-constraint"


def lint(folder: Path, sql: str, *, exclude: str) -> str:
    program = shutil.which("squawk", path=str(Path(sys.executable).parent))
    if program is None:
        missing("squawk")
    (folder / "change.sql").write_text(sql)
    arguments = [program, "--reporter", "gcc", "--exclude", exclude, str(folder / "change.sql")]
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_squawk_finds_nothing_in_the_printed_steps_and_much_in_the_usual_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@nowhere.invalid/shop")
    config = shop.configuration(create_database_engine("sqlite://"))
    for span in ("0001:0004", "0005:0007"):  # 0005 reads rows, so it cannot be printed
        command.upgrade(config, span, sql=True)
    printed = capsys.readouterr().out
    assert "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_orders_customer_id_placed" in printed
    assert "secret" not in printed
    assert lint(tmp_path, printed, exclude=NOT_ON_PAPER) == ""
    command.upgrade(config, "0007:0008", sql=True)
    assert "ban-drop-column" in lint(tmp_path, capsys.readouterr().out, exclude=NOT_ON_PAPER)
    found = lint(tmp_path, ";\n".join(play.AS_AT_FIRST.values()), exclude=NOT_ON_PAPER)
    for rule in ("require-concurrent-index-creation", "constraint-missing-not-valid", "changing-column-type"):
        assert rule in found


# --- The whole of it -------------------------------------------------------------------------------------------------


def run_with_breaks(run: Callable[[], None]) -> int:
    """Again and again, until it ends by itself; the number of breaks.

    Each run breaks off after the first statement that no run before it has reached; what only reads changes nothing.
    """
    reached: set[str] = set()

    def break_off(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement not in reached and not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "SET", "LOCK")):
            reached.add(statement)
            raise BrokenOff

    event.listen(Engine, "after_cursor_execute", break_off)
    try:
        while True:
            try:
                run()
            except BrokenOff:
                continue
            return len(reached)
    finally:
        event.remove(Engine, "after_cursor_execute", break_off)


@pytest.fixture
def small_shop(database_url: str) -> Iterator[Engine]:
    engine = create_database_engine(database_url)
    command.upgrade(shop.configuration(engine), shop.FIRST)
    shop.fill(engine, 500)
    yield engine
    engine.dispose()


@pytest.mark.slow
def test_a_run_that_is_broken_off_at_any_statement_can_be_run_again(small_shop: Engine) -> None:
    config, before = shop.configuration(small_shop), shop.orders(small_shop)
    for target in shop.REVISIONS[1:]:
        assert run_with_breaks(partial(command.upgrade, config, target)) > 1
    kept = shop.merged(small_shop)
    assert shop.orders(small_shop) == {
        number: (kept.get(customer, customer), *rest) for number, (customer, *rest) in before.items()
    }


@pytest.mark.slow
def test_a_run_down_that_is_broken_off_at_any_statement_can_be_run_again(small_shop: Engine) -> None:
    config, before = shop.configuration(small_shop), (shop.orders(small_shop), shop.customers(small_shop))
    command.upgrade(config, "head")
    for target in reversed(shop.REVISIONS[:-1]):
        assert run_with_breaks(partial(command.downgrade, config, target)) > 1
    assert (shop.orders(small_shop), shop.customers(small_shop)) == before


@pytest.mark.slow
def test_the_shop_changes_its_schema_while_its_programs_write(database_url: str) -> None:
    if database_url.startswith("postgresql"):
        engine = create_database_engine(database_url)
        write(engine, f"ALTER DATABASE {engine.url.database} SET timezone = 'America/New_York'")
        engine.dispose()
    played = play.play(database_url, 3000)
    assert played.failures == []
    assert sum(figure.writes for figure in played.figures) > 0


@pytest.mark.slow
def test_a_million_orders_change_their_schema_while_programs_write() -> None:
    program = Path(play.__file__)
    done = subprocess.run([sys.executable, "-W", "error", str(program)], capture_output=True, text=True, check=False)
    print(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
