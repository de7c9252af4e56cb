"""budget/schema.py and budget/migrations: the schema gets there, keeps the data, and guards it against raw SQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import Pool

from budget import schema
from budget.errors import SchemaMismatch
from budget.listing import Page, Wanted, list_expenses
from budget.models import Budget, Expense
from budget.periods import Period
from budget.reporting import Report, make_report
from budget.users import find_user
from database import Base, create_database_engine, transaction
from safe_migrations import reads_under_lock

EXAMPLES = Path(schema.__file__).parents[1]


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    engine = create_database_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = create_database_engine(migrated_url)
    yield engine
    engine.dispose()


def fill(engine: Engine) -> None:
    with transaction(engine) as session:
        for statement in (
            "INSERT INTO users (id, email, created_at) VALUES (1, 'ann', '2026-01-01'), (2, 'bob', '2026-01-01')",
            "INSERT INTO categories (id, user_id, name) VALUES (1, 1, 'Food'), (2, 2, 'Food')",
            EXPENSE.format(1, 1, 1250, "'2026-01-31'", "'a'"),
            BUDGET.format(1, 1, "'2026-01-01'", 40000),
            "INSERT INTO categories (id, user_id, name) VALUES (3, 1, 'Rent')",
        ):
            session.execute(text(statement))


EXPENSE = (
    "INSERT INTO expenses"
    " (user_id, category_id, amount, description, search_text, account, spent_on, fingerprint, created_at)"
    " VALUES ({}, {}, {}, 'Lunch', 'lunch', '', {}, {}, '2026-01-31')"
)
BUDGET = "INSERT INTO budgets (user_id, category_id, month, amount) VALUES ({}, {}, {}, {})"
TRANSFER = (
    "INSERT INTO budget_transfers (user_id, month, from_category_id, to_category_id, amount, request_key, created_at)"
    " VALUES (1, {}, {}, {}, {}, {}, '2026-01-31')"
)


def test_the_migrations_build_exactly_the_models(engine: Engine, tmp_path: Path) -> None:
    command.check(schema.configuration(engine))
    assert ScriptDirectory.from_config(schema.configuration(engine)).get_current_head() == schema.NEWEST
    # What autogenerate does not compare:
    migrated = checks(engine)
    assert len(migrated) > 8
    engine.dispose()
    if engine.dialect.name == "sqlite":
        other = create_database_engine(f"sqlite:///{tmp_path}/models.db")
    else:
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA models"))
        other = create_database_engine(engine.url.update_query_dict({"options": "-csearch_path=models"}))
    Base.metadata.create_all(other, list(budget_tables()))
    assert checks(other) == migrated
    other.dispose()


def budget_tables() -> Iterator[Any]:
    return (mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__ == "budget.models")


def checks(engine: Engine) -> set[tuple[str, str | None, str]]:
    inspector = inspect(engine)
    return {
        (table.name, check["name"], check["sqltext"])
        for table in budget_tables()
        for check in inspector.get_check_constraints(table.name)
    }


def test_upgrading_twice_and_coming_back_from_nothing_works(engine: Engine) -> None:
    schema.upgrade(engine)
    command.downgrade(schema.configuration(engine), "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version", "sqlite_sequence"}
    schema.upgrade(engine)
    fill(engine)


ALTER_A_PARENT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    with op.batch_alter_table("categories") as table:
        table.alter_column("name", existing_type=sa.String(100), type_=sa.String(150))
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("note", sa.String(10), nullable=False, server_default="none"))


def downgrade():
    with op.batch_alter_table("users") as table:
        table.drop_column("note")
    with op.batch_alter_table("categories") as table:
        table.alter_column("name", existing_type=sa.String(150), type_=sa.String(100))
"""


@pytest.fixture
def with_a_changed_parent(engine: Engine, tmp_path: Path) -> Config:
    """The history and one revision more, which alters the tables that all others point to."""
    (tmp_path / "9999_alter_a_parent.py").write_text(ALTER_A_PARENT.format(head=schema.NEWEST))
    config = schema.configuration(engine)
    config.set_main_option("version_locations", f"{EXAMPLES}/budget/migrations/versions:{tmp_path}")
    return config


def test_up_down_and_up_again_keeps_every_row(engine: Engine, with_a_changed_parent: Config) -> None:
    fill(engine)
    before = all_rows(engine)
    for step in (command.upgrade, command.downgrade, command.upgrade):
        step(with_a_changed_parent, "9999" if step is command.upgrade else schema.NEWEST)
        assert all_rows(engine) == before
    assert "note" in {column["name"] for column in inspect(engine).get_columns("users")}
    with pytest.raises(DBAPIError), transaction(engine) as session:
        session.execute(text(EXPENSE.format(1, 999, 5, "'2026-01-31'", "'x'")))  # foreign keys hold again


def all_rows(engine: Engine) -> dict[str, Any]:
    tables = {"users": "email", "categories": "name", "expenses": "amount, description", "budgets": "amount"}
    with transaction(engine, read_only=True) as session:
        return {
            table: session.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1")).all()
            for table, columns in tables.items()
        }


# --- 0003: another index by day


@pytest.fixture
def at_0002(database_url: str) -> Iterator[Engine]:
    """As a database was before the reports had an index of their own, with some rows."""
    engine = create_database_engine(database_url)
    command.upgrade(schema.configuration(engine), "0002")
    fill(engine)
    yield engine
    engine.dispose()


def indexes(engine: Engine) -> set[str | None]:
    return {index["name"] for index in inspect(engine).get_indexes("expenses") if not index["unique"]}


BY_CATEGORY = "ix_expenses_user_id_category_id_spent_on"
BY_DAY, BY_DAY_WITH_AMOUNT = "ix_expenses_user_id_spent_on_id", "ix_expenses_user_id_spent_on_id_category_id_amount"


def test_a_program_at_work_does_not_notice_another_index_by_day(at_0002: Engine) -> None:
    """Its statements are the same before, after, and after the way back."""
    january = Period("2026-01", date(2026, 1, 1), date(2026, 2, 1))

    def read_and_write() -> tuple[Report, Page]:
        with transaction(at_0002) as session:
            session.execute(text("UPDATE expenses SET amount = amount + 1"))
            session.execute(text("UPDATE expenses SET amount = amount - 1"))
            user = find_user(session, "ann")
            return make_report(session, user, january), list_expenses(session, user, Wanted(), 10)

    config, rows, read = schema.configuration(at_0002), all_rows(at_0002), read_and_write()
    assert indexes(at_0002) == {BY_CATEGORY, BY_DAY}
    for step, target, by_day in (
        (command.upgrade, "0003", BY_DAY_WITH_AMOUNT),
        (command.downgrade, "0002", BY_DAY),
        (command.upgrade, "0003", BY_DAY_WITH_AMOUNT),
    ):
        step(config, target)
        assert indexes(at_0002) == {BY_CATEGORY, by_day}
        assert (all_rows(at_0002), read_and_write()) == (rows, read)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_index_by_day_is_built_and_dropped_without_a_lock_on_its_table(at_0002: Engine) -> None:
    config = schema.configuration(at_0002)
    with reads_under_lock() as found:
        command.upgrade(config, "0003")
        command.downgrade(config, "0002")
    assert found == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_programs_write_while_the_index_by_day_is_built(at_0002: Engine) -> None:
    """It waits for who was there before. Nobody waits for it, and the index before it serves them until the end."""
    waits = text("SELECT true FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock'")
    config = schema.configuration(at_0002)
    config.attributes["seconds_to_try"] = 5
    with ThreadPoolExecutor(1) as thread, transaction(at_0002) as program:
        program.execute(text("UPDATE expenses SET amount = 5"))
        migration = thread.submit(command.upgrade, config, "0003")
        while not program.scalar(waits):
            assert not migration.done(), migration.result()
            program.execute(text("SELECT pg_stat_clear_snapshot()"))
        with transaction(at_0002) as another:
            another.execute(text(EXPENSE.format(1, 1, 7, "'2026-01-31'", "'meanwhile'")))
        assert BY_DAY in indexes(at_0002)
        program.commit()
        migration.result(30)
    assert indexes(at_0002) == {BY_CATEGORY, BY_DAY_WITH_AMOUNT}


@pytest.mark.parametrize("broken_off", [0, 1], ids=["while it is built", "while the other is dropped"])
def test_a_change_of_the_index_by_day_that_broke_off_runs_again(at_0002: Engine, broken_off: int) -> None:
    """After a statement was done, and before its revision was written down."""
    done: list[str] = []

    def break_off(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(("CREATE INDEX", "DROP INDEX")):
            done.append(statement)
            if len(done) == broken_off + 1:
                raise RuntimeError("the process ended here")

    config, rows = schema.configuration(at_0002), all_rows(at_0002)
    event.listen(Engine, "after_cursor_execute", break_off)
    try:
        with pytest.raises(RuntimeError, match="ended here"):
            command.upgrade(config, "0003")
    finally:
        event.remove(Engine, "after_cursor_execute", break_off)
    assert indexes(at_0002) & {BY_DAY, BY_DAY_WITH_AMOUNT}
    command.upgrade(config, "0003")
    assert indexes(at_0002) == {BY_CATEGORY, BY_DAY_WITH_AMOUNT}
    assert all_rows(at_0002) == rows


# --- How a migration runs

LOOK_AT_THE_LIMITS = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    op.execute("CREATE TABLE limits AS SELECT current_setting('statement_timeout') AS statement,"
               " current_setting('lock_timeout') AS lock")
"""


def test_a_migration_may_take_its_time_and_does_not_stand_in_a_queue_for_a_table(
    postgresql_url: str, tmp_path: Path
) -> None:
    (tmp_path / "9999_limits.py").write_text(LOOK_AT_THE_LIMITS.format(head=schema.NEWEST))
    engine = create_database_engine(postgresql_url)
    config = schema.configuration(engine)
    config.set_main_option("version_locations", f"{EXAMPLES}/budget/migrations/versions{os.pathsep}{tmp_path}")
    command.upgrade(config, "head")
    with transaction(engine) as session:
        assert session.execute(text("SELECT statement, lock FROM limits")).one() == ("0", "500ms")
    engine.dispose()


def test_a_runner_waits_for_another_longer_than_for_a_table(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url)
    asks = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT'")
    with ThreadPoolExecutor(1) as thread, transaction(engine) as another_runner:
        another_runner.execute(text("SELECT pg_advisory_xact_lock(7221953)"))
        second = thread.submit(schema.upgrade, engine)
        while not another_runner.scalar(asks):
            if second.done():
                second.result()
                pytest.fail("the second runner did not wait")
            another_runner.execute(text("SELECT pg_stat_clear_snapshot()"))
        another_runner.execute(text("SELECT pg_sleep(0.6)"))  # longer than lock_timeout
        assert not second.done()
        another_runner.commit()
        second.result(30)
    with transaction(engine) as session:
        schema.require_newest(session)
    engine.dispose()


def test_a_runner_lets_the_next_one_begin_before_the_server_knows_that_it_is_gone(postgresql_url: str) -> None:
    held: list[int] = []

    def look(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            held.append(cursor.fetchone()[0])
        connection.rollback()

    engine = create_database_engine(postgresql_url)
    event.listen(Pool, "checkin", look)
    schema.upgrade(engine)
    event.remove(Pool, "checkin", look)
    engine.dispose()
    assert set(held) == {0}


def test_a_migration_that_fails_leaves_everything_as_it_was(
    engine: Engine, with_a_changed_parent: Config, tmp_path: Path
) -> None:
    fill(engine)
    broken = ALTER_A_PARENT.format(head=schema.NEWEST).replace(
        "def downgrade", "    op.execute('INSERT INTO nowhere VALUES (1)')\n\n\ndef downgrade"
    )
    (tmp_path / "9999_alter_a_parent.py").write_text(broken)
    before = all_rows(engine)
    with pytest.raises(DBAPIError, match="nowhere"):
        command.upgrade(with_a_changed_parent, "head")
    assert all_rows(engine) == before
    assert "note" not in {column["name"] for column in inspect(engine).get_columns("users")}
    with transaction(engine) as session:
        assert schema.revision(session) == schema.NEWEST


def test_a_migration_that_would_leave_orphans_is_refused_on_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    engine = create_database_engine(sqlite_url)
    schema.upgrade(engine)
    fill(engine)
    (tmp_path / "9999_orphans.py").write_text(
        f'revision, down_revision, branch_labels, depends_on = "9999", "{schema.NEWEST}", None, None\n'
        "from alembic import op\n"
        "def upgrade():\n    op.execute('DELETE FROM categories')\n"
    )
    config = schema.configuration(engine)
    config.set_main_option("version_locations", f"{EXAMPLES}/budget/migrations/versions:{tmp_path}")
    with pytest.raises(RuntimeError, match="without their parent"):
        command.upgrade(config, "head")
    assert len(all_rows(engine)["categories"]) == 3
    engine.dispose()


@pytest.mark.slow
def test_several_runners_at_once_build_one_schema(database_url: str) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import database; from budget import schema;"
        "engine = database.create_database_engine(sys.argv[2]); sys.stdin.readline();"
        "schema.upgrade(engine); engine.dispose()"
    )
    arguments = [sys.executable, "-W", "error", "-c", program, str(EXAMPLES), database_url]
    runners = [subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        errors = list(threads.map(lambda runner: runner.communicate(b"go\n")[1], runners))
    assert {runner.returncode for runner in runners} == {0}
    assert set(errors) <= {b"", b"Another migration is running: waiting for its end\n"}
    engine = create_database_engine(database_url)
    with transaction(engine) as session:
        schema.require_newest(session)
    engine.dispose()


def test_alembic_by_itself_finds_the_database_past_the_pooler(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    url = empty.url.render_as_string(hide_password=False)
    if empty.dialect.name == "sqlite":
        monkeypatch.setenv("DATABASE_URL", url)
    else:
        monkeypatch.setenv("DATABASE_URL", f"postgresql://ann:secret@pooler.invalid/{empty.url.database}")
        monkeypatch.setenv("DATABASE_URL_UNPOOLED", url)
    command.upgrade(Config(EXAMPLES / "budget/alembic.ini"), "head")
    with transaction(empty, read_only=True) as session:
        schema.require_newest(session)


def test_a_lost_connection_is_not_taken_for_a_missing_schema(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url)
    admin = create_database_engine(postgresql_url)
    with pytest.raises(OperationalError), transaction(engine) as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        with transaction(admin) as other:
            other.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})
        schema.require_newest(session)
    engine.dispose()
    admin.dispose()


def test_looking_for_the_revision_leaves_the_transaction_usable(empty: Engine) -> None:
    with transaction(empty) as session:
        assert schema.revision(session) is None
        assert session.scalar(text("SELECT 42")) == 42


def test_a_schema_that_does_not_fit_is_named_with_the_command(empty: Engine) -> None:
    with pytest.raises(SchemaMismatch, match=r"missing.*budget-tracker.py migrate"), transaction(empty) as session:
        schema.require_newest(session)
    schema.upgrade(empty)
    for found, said in (("0000", "revision 0000.*migrate"), ("9999", "newer than this program")):
        with transaction(empty) as session:
            session.execute(text(f"UPDATE alembic_version SET version_num = '{found}'"))
        with pytest.raises(SchemaMismatch, match=said), transaction(empty, read_only=True) as session:
            schema.require_newest(session)


def test_only_an_empty_sqlite_file_gets_its_schema_by_itself(empty: Engine, tmp_path: Path) -> None:
    schema.upgrade_if_new(empty)
    assert ("expenses" in inspect(empty).get_table_names()) == (empty.dialect.name == "sqlite")
    somebodys = create_database_engine(f"sqlite:///{tmp_path}/somebodys.db")
    with somebodys.begin() as connection:
        connection.execute(text("CREATE TABLE recipes (id INTEGER)"))
    schema.upgrade_if_new(somebodys)
    assert inspect(somebodys).get_table_names() == ["recipes"]
    somebodys.dispose()


def test_the_statements_can_be_printed_without_a_database(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@nowhere.invalid/shop")
    command.upgrade(Config(EXAMPLES / "budget/alembic.ini"), "head", sql=True)
    printed = capsys.readouterr().out
    assert "CREATE TABLE expenses" in printed
    assert "EXTRACT(DAY FROM month) = 1" in printed
    assert printed.index(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {BY_DAY_WITH_AMOUNT}") < printed.index(
        f"DROP INDEX CONCURRENTLY IF EXISTS {BY_DAY};"
    )
    assert "start of month" not in printed


NONSENSE = {
    "nothing spent": EXPENSE.format(1, 1, 0, "'2026-01-31'", "'x'"),
    "a negative amount": EXPENSE.format(1, 1, -5, "'2026-01-31'", "'x'"),
    "too large an amount": EXPENSE.format(1, 1, 10**12, "'2026-01-31'", "'x'"),
    "text for an amount": EXPENSE.format(1, 1, "'abc'", "'2026-01-31'", "'x'"),
    "a day that is none": EXPENSE.format(1, 1, 5, "'2026-02-30'", "'x'"),
    "text for a day": EXPENSE.format(1, 1, 5, "'soon'", "'x'"),
    "no day": EXPENSE.format(1, 1, 5, "NULL", "'x'"),
    "a category that is not there": EXPENSE.format(1, 999, 5, "'2026-01-31'", "'x'"),
    "another user's category": EXPENSE.format(1, 2, 5, "'2026-01-31'", "'x'"),
    "the same line twice": EXPENSE.format(1, 1, 5, "'2026-01-31'", "'a'"),
    "a description without end": EXPENSE.format(1, 1, 5, "'2026-01-31'", "'x'").replace("'Lunch'", f"'{'x' * 1001}'"),
    "a negative budget": BUDGET.format(1, 3, "'2026-01-01'", -1),
    "a budget in mid-month": BUDGET.format(1, 3, "'2026-01-02'", 1),
    "another user's budget": BUDGET.format(2, 3, "'2026-01-01'", 1),
    "two budgets for a month": BUDGET.format(1, 1, "'2026-01-01'", 1),
    "a category twice": "INSERT INTO categories (user_id, name) VALUES (1, 'Food')",
    "a category without a name": "INSERT INTO categories (user_id, name) VALUES (1, '')",
    "a user twice": "INSERT INTO users (email, created_at) VALUES ('ann', '2026-01-01')",
    "a user without an address": "INSERT INTO users (email, created_at) VALUES ('', '2026-01-01')",
    "an address without end": f"INSERT INTO users (email, created_at) VALUES ('{'x' * 255}', '2026-01-01')",
    "a currency that is none": "UPDATE users SET currency = 'eur'",
    "a currency of four letters": "UPDATE users SET currency = 'EURO'",
    "a category with too long a name": f"INSERT INTO categories (user_id, name) VALUES (1, '{'x' * 101}')",
    "too large a budget": BUDGET.format(1, 3, "'2026-01-01'", 10**12),
    "a transfer in mid-month": TRANSFER.format("'2026-01-02'", 1, 3, 5, "'k'"),
    "too large a transfer": TRANSFER.format("'2026-01-01'", 1, 3, 10**12, "'k'"),
    "a transfer to itself": TRANSFER.format("'2026-01-01'", 1, 1, 5, "'k'"),
    "a transfer to another user": TRANSFER.format("'2026-01-01'", 1, 2, 5, "'k'"),
    "a transfer of nothing": TRANSFER.format("'2026-01-01'", 1, 3, 0, "'k'"),
    "a category with expenses deleted": "DELETE FROM categories WHERE id = 1",
}


def test_raw_sql_cannot_break_what_must_hold(engine: Engine) -> None:
    fill(engine)
    with transaction(engine) as session:
        session.execute(text(TRANSFER.format("'2026-01-01'", 1, 3, 5, "'once'")))
    before = all_rows(engine)
    accepted = []
    for name, statement in (NONSENSE | {"a request twice": TRANSFER.format("'2026-01-01'", 1, 3, 5, "'once'")}).items():
        try:
            with transaction(engine) as session:
                session.execute(text(statement))
            accepted.append(name)
        except DBAPIError:
            pass
    assert accepted == []
    assert all_rows(engine) == before


def test_sqlite_keeps_no_part_of_a_cent(sqlite_url: str) -> None:
    engine = create_database_engine(sqlite_url)
    schema.upgrade(engine)
    fill(engine)
    for statement in (EXPENSE.format(1, 1, 1.5, "'2026-01-31'", "'x'"), BUDGET.format(1, 3, "'2026-01-01'", 0.5)):
        with pytest.raises(IntegrityError), transaction(engine) as session:
            session.execute(text(statement))
    engine.dispose()


def test_the_number_of_a_deleted_expense_is_not_given_to_the_next_one(engine: Engine) -> None:
    fill(engine)
    numbers = []
    for _ in range(2):
        with transaction(engine) as session:
            session.execute(text("DELETE FROM expenses"))
            session.execute(text(EXPENSE.format(1, 1, 5, "'2026-01-31'", "'x'")))
            numbers.append(session.scalar(select(Expense.id)))
    assert numbers[0] != numbers[1]


def test_what_is_right_is_accepted(engine: Engine) -> None:
    fill(engine)
    with transaction(engine) as session:
        session.execute(text(EXPENSE.format(2, 2, 999_999_999_999, "'1999-12-31'", "'a'")))
        session.execute(text(BUDGET.format(1, 3, "'2026-02-01'", 0)))
        session.execute(text(TRANSFER.format("'2026-01-01'", 1, 3, 1, "'k'")))
    with transaction(engine) as session:
        assert session.scalar(select(func.count(Expense.id))) == 2
        assert session.scalar(select(func.count()).select_from(Budget)) == 2


def test_deleting_a_user_takes_everything_of_the_user_and_nothing_else(engine: Engine) -> None:
    fill(engine)
    with transaction(engine) as session:
        session.execute(text("DELETE FROM users WHERE id = 1"))
    rows = all_rows(engine)
    assert [len(rows[table]) for table in ("users", "categories", "expenses", "budgets")] == [1, 1, 0, 0]


def test_a_new_revision_names_plain_types_and_runs_on_both_databases(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    """Autogenerated on PostgreSQL, as it should be, and applied on both."""
    engines = [create_database_engine(url) for url in (postgresql_url, sqlite_url)]
    for engine in engines:
        schema.upgrade(engine)
        fill(engine)
    with engines[0].begin() as connection:  # as if the models had gained a column and a wider name
        connection.execute(text("ALTER TABLE expenses DROP COLUMN created_at"))
        connection.execute(text("ALTER TABLE categories ALTER COLUMN name TYPE VARCHAR(50)"))
    versions = f"{EXAMPLES}/budget/migrations/versions:{tmp_path}"
    config = schema.configuration(engines[0])
    config.set_main_option("version_locations", versions)
    command.revision(config, "new", autogenerate=True, version_path=str(tmp_path), rev_id="9999")
    written = (tmp_path / "9999_new.py").read_text("utf-8")
    assert "sa.DateTime(timezone=True)" in written
    assert "batch_alter_table('categories'" in written
    written = written.replace("nullable=False))", "nullable=False, server_default='2026-01-01'))")
    (tmp_path / "9999_new.py").write_text(written)
    with engines[1].begin() as connection:
        connection.execute(text("ALTER TABLE expenses DROP COLUMN created_at"))
    for engine in engines:
        config = schema.configuration(engine)
        config.set_main_option("version_locations", versions)
        command.upgrade(config, "head")
        rows = all_rows(engine)
        assert [len(rows[table]) for table in ("categories", "expenses", "budgets")] == [3, 1, 1]
        engine.dispose()
