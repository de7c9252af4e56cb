"""check: a healthy database is well, and each kind of damage that raw SQL or a disk can do is found and named."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.exc import DBAPIError

from budget.checking import check_database
from database import Base, create_database_engine, transaction
from tracker import SAMPLE, Tracker

WELL = """\
well  tables and columns
well  foreign keys
well  constraints
well  names of categories
well  sums
well  the database's own check
"""
ROWS = (
    "INSERT INTO users (email, created_at) VALUES ('me@localhost', '2026-01-01')",
    "INSERT INTO categories (user_id, name) VALUES (1, 'Food'), (1, 'Pets')",
    "INSERT INTO budgets (user_id, category_id, month, amount) VALUES (1, 1, '2026-01-01', 40000)",
    "INSERT INTO budget_transfers (user_id, month, from_category_id, to_category_id, amount, request_key, created_at)"
    " VALUES (1, '2026-01-01', 1, NULL, 500, 'k', '2026-01-01')",
)
EXPENSE = (
    "INSERT INTO expenses"
    " (user_id, category_id, amount, description, search_text, account, spent_on, fingerprint, created_at)"
    " VALUES (1, {}, {}, 'Lunch at ANNA''S', 'lunch at anna''s', '', '2026-01-31', '{}', '2026-01-31')"
)


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = create_database_engine(migrated_url)
    with transaction(engine) as session:
        for statement in (*ROWS, EXPENSE.format(1, 1250, "a"), EXPENSE.format(2, 300, "b")):
            session.execute(text(statement))
    yield engine
    engine.dispose()


@pytest.fixture
def tracker(engine: Engine) -> Tracker:
    engine.dispose()  # with the last connection SQLite writes everything into the file
    return Tracker(engine.url.render_as_string(hide_password=False))


def damage(tracker: Tracker, *statements: str) -> None:
    """As a person with another program does it: each statement by itself, and nothing is enforced that can be off."""
    url = make_url(tracker.url)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "", isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    engine = create_database_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connected:
        for statement in statements:
            connected.execute(text(statement))
    engine.dispose()


def found(tracker: Tracker) -> str:
    """What `check` says of a damaged database; it counts its findings and exits with 1."""
    ended = tracker("check")
    count = sum(line.startswith("      ") for line in ended.out.splitlines())
    assert count > 0, ended
    assert ended.err == f"{count} problem{'s' * (count > 1)} found. Make a copy of the database before you mend it\n"
    assert ended.code == 1
    assert len([line for line in ended.out.splitlines() if line[:6] in ("well  ", "WRONG ")]) == 6
    assert "Traceback" not in ended.out
    return ended.out


# --- A healthy one


def test_a_healthy_database_is_well_and_stays_as_it_is(tracker: Tracker, engine: Engine) -> None:
    tracker.ok("import", SAMPLE / "cash-and-app.csv", "--account", "Cash")

    def rows() -> list[tuple[object, ...]]:
        with transaction(engine, read_only=True) as session:
            return [tuple(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]

    before = rows()
    assert len(before) > 500
    assert tracker.ok("check") == WELL
    assert Tracker(tracker.url, "new@example.org").ok("check") == WELL
    with transaction(engine, read_only=True) as session:  # the database itself refuses to write here
        assert [checked.problems for checked in check_database(session)] == [[]] * 6
    assert rows() == before


def test_an_empty_database_is_well(migrated_url: str) -> None:
    assert Tracker(migrated_url).ok("check") == WELL


def test_a_schema_of_another_revision_is_not_looked_at(tracker: Tracker) -> None:
    damage(tracker, "UPDATE alembic_version SET version_num = '0001'")
    assert "at revision 0001" in (error := tracker.refused("check"))
    assert "budget-tracker.py migrate" in error
    damage(tracker, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer than this program" in tracker.refused("check")
    damage(tracker, "DELETE FROM alembic_version")
    assert "schema is missing" in tracker.refused("check")


# --- What raw SQL can do on either


def test_what_is_not_as_in_the_models_is_named(tracker: Tracker) -> None:
    damage(
        tracker,
        "ALTER TABLE expenses ADD COLUMN note VARCHAR(10)",
        "ALTER TABLE expenses DROP COLUMN account",
        "DROP INDEX ix_budgets_user_id_month",
        "CREATE TABLE of_another_program (id INTEGER)",  # which is none of this program's business
    )
    printed = found(tracker)
    assert "WRONG tables and columns\n      not as in the models: (" in printed
    for each in (
        "('remove_column', None, 'expenses', Column('note'",
        "('add_column', None, 'expenses', Column('account'",
        "('add_index', Index('ix_budgets_user_id_month'",
    ):
        assert f"not as in the models: {each}" in printed
    assert printed.count("      ") == 3
    assert printed.count("WRONG") == 1


def test_a_description_that_cannot_be_searched_is_found_and_the_advice_works(tracker: Tracker) -> None:
    damage(tracker, "UPDATE expenses SET search_text = 'Lunch at ANNA''S' WHERE id = 2")
    printed = found(tracker)
    assert "WRONG sums\n      1 expense not to be found: `edit NUMBER --description`" in printed
    assert printed.count("WRONG") == 1
    tracker.ok("edit", "2", "--description", "Lunch at ANNA'S")
    assert tracker.ok("check") == WELL


# --- SQLite

IGNORE_RULES = "PRAGMA ignore_check_constraints = ON"
EDIT_SCHEMA = "PRAGMA writable_schema = ON"
INDEX = "ix_expenses_user_id_category_id_spent_on"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_rows_that_nothing_kept_out_of_a_file_are_found(tracker: Tracker) -> None:
    damage(
        tracker,
        IGNORE_RULES,
        EXPENSE.format(99, -1, "c"),
        "UPDATE expenses SET spent_on = '31.01.2026'",
        "INSERT INTO deleted_expenses VALUES (99, 'x')",
        "INSERT INTO budget_transfers VALUES (9, 1, '2026-01-01', 1, 99, 100, 'k9', '2026-01-01')",
        EDIT_SCHEMA,
        "UPDATE sqlite_master SET sql = replace(sql, 'ck_budgets_amount', 'ck_other')",
    )
    printed = found(tracker)
    _, keys, constraints, _, sums, own = printed.replace("well  ", "WRONG ").split("WRONG ")[1:]
    assert set(keys.splitlines()) == {
        "foreign keys",
        "      deleted_expenses: 1 row without their row in users",
        "      budget_transfers: 1 row without their row in categories",
        "      expenses: 1 row without their row in categories",
    }
    assert constraints.splitlines() == [
        "constraints",
        "      budgets: the constraint ck_budgets_amount is missing",
        "      expenses: 1 row against the constraint ck_expenses_amount",
        "      expenses: 3 rows against the constraint ck_expenses_spent_on_is_a_date",
    ]
    assert sums == "sums\n"
    assert "CHECK constraint failed in expenses" in own


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_an_index_that_lacks_a_row_makes_a_wrong_sum_and_is_found(tracker: Tracker) -> None:
    """The index is hidden from SQLite while the row is written."""
    damage(
        tracker,
        "INSERT INTO categories (user_id, name) VALUES (1, 'Rent')",
        f"CREATE TABLE kept AS SELECT * FROM sqlite_master WHERE name = '{INDEX}'",
        EDIT_SCHEMA,
        f"DELETE FROM sqlite_master WHERE name = '{INDEX}'",
    )
    damage(tracker, EXPENSE.format(1, 100, "c"), EXPENSE.format(3, 700, "d"))
    damage(tracker, EDIT_SCHEMA, "INSERT INTO sqlite_master SELECT * FROM kept")
    damage(tracker, "DROP TABLE kept")
    printed = found(tracker)
    assert "WRONG sums\n      category 1: 1350 cents added up row by row, 1250 by the database\n" in printed
    assert "      category 3: 700 cents added up row by row, 0 by the database\n" in printed
    assert f"WRONG the database's own check\n      row 3 missing from index {INDEX}\n" in printed


def spoil(file: Path, table_or_index: str, before: bytes, after: bytes) -> None:
    """Other bytes in its first page, as a broken disk leaves them."""
    with closing(sqlite3.connect(file)) as connection:
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table_or_index])
        [(size,)] = connection.execute("PRAGMA page_size")
    content = file.read_bytes()
    begin = content.index(before, (page - 1) * size, page * size)
    file.write_bytes(content[:begin] + after + content[begin + len(after) :])


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_damaged_bytes_in_a_file_are_found_by_sqlites_own_check(tracker: Tracker) -> None:
    spoil(Path(make_url(tracker.url).database or ""), "ix_budgets_user_id_month", b"2026-01-01", b"2026-09-01")
    printed = found(tracker)
    assert "WRONG the database's own check\n      row 1 missing from index ix_budgets_user_id_month\n" in printed
    assert printed.count("WRONG") == 1


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_read_any_more_is_said_in_a_sentence(tracker: Tracker) -> None:
    file = Path(make_url(tracker.url).database or "")
    spoil(file, "expenses", b"", bytes(100))
    ended = tracker("check")
    assert ended.code == 3
    assert ended.err == f"{file} reported: database disk image is malformed\nNothing was changed\n"
    assert ended.out.startswith("well  tables and columns\n")


# --- PostgreSQL


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_rows_that_came_in_while_a_constraint_was_away_are_found(tracker: Tracker) -> None:
    key = "fk_expenses_user_id_category_id_categories"
    damage(
        tracker,
        f"ALTER TABLE expenses DROP CONSTRAINT {key}, DROP CONSTRAINT ck_expenses_amount",
        EXPENSE.format(99, -1, "c"),
        f"ALTER TABLE expenses ADD CONSTRAINT {key}"
        " FOREIGN KEY (user_id, category_id) REFERENCES categories (user_id, id) NOT VALID",
        "ALTER TABLE expenses ADD CONSTRAINT ck_expenses_amount CHECK (amount > 0) NOT VALID",
        "ALTER TABLE budgets DROP CONSTRAINT ck_budgets_amount, DROP CONSTRAINT fk_budgets_user_id_users",
    )
    printed = found(tracker)
    models, keys, constraints, _, sums, own = printed.replace("well  ", "WRONG ").split("WRONG ")[1:]
    assert "not as in the models: ('add_fk', ForeignKeyConstraint" in models
    assert keys == "foreign keys\n      expenses: 1 row without their row in categories\n"
    assert constraints.splitlines() == [
        "constraints",
        "      budgets: the constraint ck_budgets_amount is missing",
        "      expenses: 1 row against the constraint ck_expenses_amount",
    ]
    assert sums == "sums\n"
    said = "a constraint that was never checked for the rows that were there"
    assert {f"      {said}: {key}", f"      {said}: ck_expenses_amount"} <= set(own.splitlines())


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_an_index_that_could_not_be_built_is_found(tracker: Tracker) -> None:
    with pytest.raises(DBAPIError, match="duplicated"):
        damage(tracker, "CREATE UNIQUE INDEX CONCURRENTLY one_a_day ON expenses (spent_on)")
    assert "an index that is not used, because building it failed: one_a_day" in found(tracker)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_an_index_that_lacks_a_row_is_found_where_amcheck_is_installed(tracker: Tracker) -> None:
    """PostgreSQL is told that the index is not ready while the row is written."""
    try:
        damage(tracker, "CREATE EXTENSION amcheck")
    except DBAPIError as error:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing(f"the PostgreSQL half did not run: this server cannot have amcheck: {error.orig}")
    assert tracker.ok("check") == WELL
    ready = f"UPDATE pg_index SET indisready = {{}} WHERE indexrelid = '{INDEX}'::regclass"
    damage(tracker, ready.format(False))
    damage(tracker, EXPENSE.format(1, 100, "c"), ready.format(True))
    printed = found(tracker)
    assert f"WRONG the database's own check\n      index {INDEX}: heap tuple (" in printed
    assert "lacks matching index tuple" in printed


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["'abc'", "X'ff'"])
def test_an_amount_that_is_no_number_is_found(tracker: Tracker, value: str) -> None:
    damage(tracker, IGNORE_RULES, f"UPDATE expenses SET amount = {value} WHERE id = 1")
    said = found(tracker)
    assert "against the constraint ck_expenses_amount" in said
    assert "1 expense without an amount" in said


def test_an_amount_that_is_missing_is_found(tracker: Tracker) -> None:
    if "sqlite" in tracker.url:
        without_rule = "UPDATE sqlite_master SET sql = replace(sql, 'amount BIGINT NOT NULL', 'amount BIGINT')"
        damage(tracker, EDIT_SCHEMA, without_rule)
    else:
        damage(tracker, "ALTER TABLE expenses ALTER amount DROP NOT NULL")
    damage(tracker, "UPDATE expenses SET amount = NULL WHERE id = 1")
    said = found(tracker)
    assert "modify_nullable" in said
    assert "1 expense without an amount" in said


def test_a_constraint_of_the_right_name_with_another_rule_does_not_hide_a_wrong_row(tracker: Tracker) -> None:
    if "sqlite" in tracker.url:
        damage(tracker, EDIT_SCHEMA, "UPDATE sqlite_master SET sql = replace(sql, 'amount > 0', 'amount > -9')")
    else:
        damage(
            tracker,
            "ALTER TABLE expenses DROP CONSTRAINT ck_expenses_amount",
            "ALTER TABLE expenses ADD CONSTRAINT ck_expenses_amount CHECK (amount > -9)",
        )
    damage(tracker, "UPDATE expenses SET amount = -5 WHERE id = 1")
    assert "1 row against the constraint ck_expenses_amount" in found(tracker)


def test_two_spellings_of_one_category_are_found(tracker: Tracker) -> None:
    damage(tracker, "INSERT INTO categories (user_id, name) VALUES (1, 'food')")
    assert "user 1 has one category twice: Food, food" in found(tracker)


def test_where_a_table_is_missing_nothing_else_is_looked_at(tracker: Tracker) -> None:
    damage(tracker, "DROP TABLE deleted_expenses")
    ended = tracker("check")
    assert (ended.code, ended.out.splitlines()[0]) == (1, "WRONG tables and columns")
    assert "deleted_expenses" in ended.out
    assert "constraints" not in ended.out


# === tests/test_check.py


def test_two_spellings_of_one_category_are_merged_as_the_check_advises(tracker: Tracker) -> None:
    damage(tracker, "INSERT INTO categories (user_id, name) VALUES (1, 'food')")
    assert "Food is food now" in tracker.ok("category", "merge", "Food", "food")
    assert tracker.ok("category", "list") == "food\nPets\n"


def test_letters_that_only_folding_knows_are_two_spellings_and_can_be_searched(tracker: Tracker) -> None:
    tracker.ok("add", "1", "Food", "Stra\u00dfe")
    assert tracker.ok("check") == WELL
    damage(tracker, "INSERT INTO categories (user_id, name) VALUES (1, 'STRASSE'), (1, 'Stra\u00dfe')")
    assert "has one category twice: STRASSE, Stra\u00dfe" in found(tracker)
