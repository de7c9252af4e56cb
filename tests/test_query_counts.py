"""How many statements each function of the budget application sends: as many for 1,000 rows as for 10.

The table names them all. A function that asks once for each row is seen by its number, and one that is not in the
table is missed by name. Not counted are BEGIN and COMMIT with what belongs to them, COPY, which is no statement of
SQLAlchemy, the further blocks of a long list, and what a database is asked about itself.
"""

import importlib
import inspect
import io
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2.extensions
import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

import budget
from budget import schema
from budget.bank import ReadingOptions, open_bank_file
from budget.budgets import copy_budgets, delete_budget, list_budgets, set_budget, transfer_budget
from budget.categories import (
    add_category,
    delete_category,
    ensure_categories,
    get_categories,
    get_category,
    list_categories,
    merge_categories,
    rename_category,
)
from budget.changes import make_changes
from budget.checking import check_database
from budget.expenses import NewExpense, add_expenses, delete_expenses, edit_expense, find_by_key
from budget.exporting import export_expenses
from budget.importing import ROWS_AT_A_TIME, import_expenses
from budget.listing import Cursor, Wanted, get_expenses, list_expenses
from budget.merchants import make_merchants
from budget.models import Category, Expense, User
from budget.periods import read_month, read_year
from budget.reporting import days_with_expenses, make_report
from budget.trend import make_trend
from budget.upsert import insert_into
from budget.users import find_or_create_user, find_user, set_currency
from database import create_database_engine, transaction

FEW, MANY = 10, 1_000
MARCH, APRIL, TODAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 6, 1)
IN_MARCH, IN_2026 = read_month("2026-03"), read_year("2026")
OF_THE_DATABASE = re.compile(r"PRAGMA|pg_|sqlite_master|bt_index_check")


# --- The rows


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = create_database_engine(migrated_url)
    with transaction(engine) as session:
        session.execute(text("INSERT INTO users (id, email, created_at) VALUES (1, 'ann', '2026-01-01')"))
        session.execute(text("INSERT INTO categories (id, user_id, name) VALUES (9999, 1, 'Empty')"))
    yield engine
    engine.dispose()


def fill(engine: Engine, first: int, count: int) -> None:
    """So many categories, each with an expense, with budgets of two months and with a transfer."""
    rows = [{"id": number, "name": f"Category {number}"} for number in range(first, first + count)]
    with transaction(engine) as session:
        for statement in (
            "INSERT INTO categories (id, user_id, name) VALUES (:id, 1, :name)",
            "INSERT INTO expenses (id, user_id, category_id, amount, description, search_text, account, spent_on,"
            " fingerprint, created_at)"
            " VALUES (:id, 1, :id, 1250, :name, lower(:name), '', '2026-03-05', :name, '2026-03-05')",
            "INSERT INTO budgets (user_id, category_id, month, amount) VALUES (1, :id, '2026-03-01', 90000)",
            "INSERT INTO budgets (user_id, category_id, month, amount) VALUES (1, :id, '2026-01-01', 90000)",
            "INSERT INTO budget_transfers"
            " (user_id, month, from_category_id, to_category_id, amount, request_key, created_at)"
            " VALUES (1, '2026-03-01', :id, NULL, 500, :name, '2026-03-05')",
        ):
            session.execute(text(statement), rows)
        if engine.dialect.name == "postgresql":
            for table in ("categories", "expenses"):  # the numbers were given by hand
                session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {first + count})"))


# --- The table


class Given(NamedTuple):
    session: Session
    user: User
    rows: int

    @property
    def who(self) -> tuple[Session, User]:
        return self.session, self.user


class Call(NamedTuple):
    """What to call, what it sends, and what it sends more for each row that there is."""

    work: Callable[[Given], object]
    statements: int
    each: int = 0
    on_postgresql: int | None = None  # where it is another number there


FIRST = Category(id=1, user_id=1, name="Category 1")


def names(count: int, word: str = "Category") -> list[str]:
    return [f"{word} {number}" for number in range(1, count + 1)]


def purchases(count: int) -> list[NewExpense]:
    return [NewExpense(Decimal(5), name, "Tea", MARCH, name.replace(" ", "-")) for name in names(count)]


def import_lines(at: Given, folder: Path) -> None:
    """Each line with a category of its own, which is not there yet."""
    lines = [f"2026-03-01,Tea,{name},,-5.00\n" for name in names(at.rows, "New")]
    (folder / "bank.csv").write_text("".join(["date,name,category,tags,amount\n", *lines]))
    import_expenses(*at.who, open_bank_file(folder / "bank.csv", ReadingOptions()))


CALLS = {
    "find_user": Call(lambda at: find_user(at.session, "ann"), 1),
    "find_or_create_user": Call(lambda at: find_or_create_user(at.session, "ann"), 1),
    "find_or_create_user, a new one": Call(lambda at: find_or_create_user(at.session, "bob"), 3),
    "set_currency": Call(lambda at: set_currency(*at.who, "EUR"), 1),
    "list_categories": Call(lambda at: list_categories(*at.who), 1),
    "get_category": Call(lambda at: get_category(*at.who, "Category 1"), 1),
    "get_categories": Call(lambda at: get_categories(*at.who, names(at.rows)), 1),
    "add_category": Call(lambda at: add_category(*at.who, "Pets"), 3),
    "ensure_categories": Call(lambda at: ensure_categories(*at.who, names(at.rows)), 2),
    "ensure_categories, new ones": Call(lambda at: ensure_categories(*at.who, names(at.rows, "New")), 5),
    "rename_category": Call(lambda at: rename_category(*at.who, "Category 1", "Pets"), 4),
    "merge_categories": Call(lambda at: merge_categories(*at.who, "Category 1", "Category 2"), 8),
    "delete_category": Call(lambda at: delete_category(*at.who, "Empty"), 7),
    "set_budget": Call(lambda at: set_budget(*at.who, FIRST, APRIL, Decimal(5)), 1),
    "list_budgets": Call(lambda at: list_budgets(*at.who, MARCH), 1),
    "copy_budgets": Call(lambda at: copy_budgets(*at.who, MARCH, APRIL), 2),
    "copy_budgets, replacing": Call(lambda at: copy_budgets(*at.who, MARCH, date(2026, 1, 1), replace=True), 2),
    "delete_budget": Call(lambda at: delete_budget(*at.who, FIRST, MARCH), 1),
    "transfer_budget": Call(
        lambda at: transfer_budget(*at.who, MARCH, ("Category 1", "Category 2"), Decimal(5), "k"), 7
    ),
    # Each asks by itself whether its request key is known, in the statement that adds it.
    "add_expenses": Call(lambda at: add_expenses(*at.who, purchases(at.rows)), 3, each=1),
    "find_by_key": Call(lambda at: find_by_key(*at.who, "k"), 1),
    "edit_expense": Call(lambda at: edit_expense(*at.who, 1, {"amount": Decimal(5), "category": "Category 2"}), 7),
    "delete_expenses": Call(lambda at: delete_expenses(*at.who, range(1, at.rows + 1)), 4),
    "get_expenses": Call(lambda at: get_expenses(*at.who, range(1, at.rows + 1)), 1),
    "list_expenses": Call(lambda at: list(list_expenses(*at.who, Wanted(), at.rows).expenses), 1),
    "list_expenses, after a cursor": Call(lambda at: list_expenses(*at.who, Wanted(), at.rows, Cursor(TODAY, 1)), 1),
    "list_expenses, all": Call(lambda at: list(list_expenses(*at.who, Wanted(), None).expenses), 1),
    "export_expenses": Call(lambda at: export_expenses(*at.who, io.StringIO()), 1),
    "make_report": Call(lambda at: make_report(*at.who, IN_MARCH, TODAY), 1),
    "make_report, of a year": Call(lambda at: make_report(*at.who, IN_2026, TODAY), 1),
    "make_trend": Call(lambda at: make_trend(*at.who, IN_2026, TODAY), 1),
    "make_trend, of a category": Call(lambda at: make_trend(*at.who, IN_2026, TODAY, FIRST), 1),
    "make_merchants": Call(lambda at: make_merchants(*at.who, IN_2026), 1),
    "make_changes": Call(lambda at: make_changes(*at.who, IN_MARCH, TODAY), 1),
    "days_with_expenses": Call(lambda at: days_with_expenses(*at.who), 1),
    "check_database": Call(lambda at: list(check_database(at.session)), 23, on_postgresql=22),
    "revision": Call(lambda at: schema.revision(at.session), 3),
    "require_newest": Call(lambda at: schema.require_newest(at.session), 3),
    "insert_into": Call(lambda at: insert_into(at.session, Expense), 0),
}


# --- Counting


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not OF_THE_DATABASE.search(statement):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def count(engine: Engine, call: Call, rows: int) -> int:
    """Nothing of it is kept."""
    with transaction(engine) as session:
        user = find_user(session, "ann")
        with statements_of(engine) as sent:
            call.work(Given(session, user, rows))
        session.rollback()
    return len(sent)


def test_every_function_sends_as_many_statements_for_a_thousand_rows_as_for_ten(engine: Engine, tmp_path: Path) -> None:
    # Up to 5,000 lines of a file go to SQLite in one statement. PostgreSQL gets them by COPY, and a time limit before.
    imported = Call(lambda at: import_lines(at, tmp_path), 18)
    others: list[str] = []
    for first, rows in ((1, FEW), (FEW + 1, MANY)):
        fill(engine, first, rows + 1 - first)
        for name, call in (CALLS | {"import_expenses": imported}).items():
            on_sqlite = engine.dialect.name == "sqlite" or call.on_postgresql is None
            expected = (call.statements if on_sqlite else call.on_postgresql or 0) + call.each * rows
            if call is imported and engine.dialect.name == "sqlite":
                expected += (rows - 1) // ROWS_AT_A_TIME  # PostgreSQL's COPY is one, whatever it takes
            sent = count(engine, call, rows)
            if sent != expected:
                others.append(f"{name} with {rows} rows: {sent}, not {expected}")
    assert others == []


def test_no_function_that_takes_a_session_is_missing_in_the_table() -> None:
    modules = (importlib.import_module(f"budget.{found.name}") for found in pkgutil.iter_modules(budget.__path__))
    taking_a_session = {
        name
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and "session" in inspect.signature(function).parameters
    }
    assert {name.partition(",")[0] for name in CALLS} | {"import_expenses"} == taking_a_session


def test_no_statement_is_put_together_anew_at_each_call(engine: Engine) -> None:
    """SQLAlchemy keeps what it has compiled once. But not values(): so the trend took longer to be compiled than to be
    answered.
    """
    anew: set[str] = set()
    fill(engine, 1, FEW)
    for name, call in CALLS.items():

        def note(_connection: object, _cursor: object, sql: str, _parameters: object, context: Any, *_: object) -> None:
            asks = re.match("SELECT|WITH|INSERT|UPDATE|DELETE", sql) and not OF_THE_DATABASE.search(sql)
            if asks and context.cache_hit.name == "NO_CACHE_KEY":
                anew.add(name)  # noqa: B023 - it is removed before the next one

        event.listen(engine, "before_cursor_execute", note)
        count(engine, call, FEW)
        event.remove(engine, "before_cursor_execute", note)
    assert anew == {"delete_expenses"}  # as many rows of values as expenses are deleted


# --- What the driver sends


class CountingCursor(psycopg2.extensions.cursor):
    """SQLAlchemy hands many rows to the driver at once; how often the driver then asks the server is its own affair."""

    asked = 0

    def execute(self, query: Any, vars: Any = None) -> None:
        CountingCursor.asked += 1
        super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        rows = list(vars_list)
        CountingCursor.asked += len(rows)
        super().executemany(query, rows)


def test_two_hundred_changed_rows_are_a_few_round_trips(engine: Engine) -> None:
    fill(engine, 1, 200)
    counted = {"cursor_factory": CountingCursor} if engine.dialect.name == "postgresql" else {}
    counting = create_database_engine(engine.url, connect_args=counted)
    with transaction(counting) as session:
        for expense in session.scalars(select(Expense)).all():
            expense.amount += 1
        CountingCursor.asked = 0
        with statements_of(counting) as sent:
            session.flush()
        assert [statement.split()[0] for statement in sent] == ["UPDATE"]
        if engine.dialect.name == "postgresql":
            assert CountingCursor.asked == 1
    counting.dispose()
    with transaction(engine, read_only=True) as session:
        assert set(session.scalars(select(Expense.amount))) == {Decimal("13.50")}
