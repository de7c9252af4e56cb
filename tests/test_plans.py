"""How each function finds its expenses: by which index, in a small database and in a large one, on both databases.

What is explained is what the functions send, with its parameters, at the moment they send it. A plan that is the same
for 2,000 and for 40,000 rows does not turn over one day because the table has grown. The names of the plans:

    by day          through the index that begins with the user and the day, and from there to the rows
    by day alone    in that index, without a look at the rows (USING COVERING INDEX, Index Only Scan)
    every row       the whole table from end to end (SCAN, Seq Scan)
    ... + sort      what was found did not come in the order of the list
"""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.orm import Session

from budget.bank import ReadingOptions, open_bank_file
from budget.categories import delete_category, get_category, merge_categories
from budget.changes import make_changes
from budget.checking import check_database
from budget.errors import BudgetError
from budget.expenses import delete_expenses, edit_expense, find_by_key
from budget.exporting import export_expenses
from budget.importing import import_expenses
from budget.listing import Cursor, Wanted, get_expenses, list_expenses
from budget.merchants import make_merchants
from budget.models import Category, Expense, User
from budget.periods import read_month, read_year
from budget.reporting import days_with_expenses, make_report
from budget.trend import make_trend
from budget.users import find_user
from database import create_database_engine, transaction

SMALL, LARGE = 2_000, 40_000
USERS, CATEGORIES, DAYS = 5, 8, 5 * 365

# --- The rows


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = create_database_engine(migrated_url)
    with transaction(engine) as session:
        for user in range(1, USERS + 1):
            session.execute(text(f"INSERT INTO users (id, email, created_at) VALUES ({user}, '{user}', '2026-01-01')"))
        session.execute(text(CATEGORIES_OF_ALL[engine.dialect.name]))
        session.execute(text(BUDGETS_OF_ALL[engine.dialect.name]))
    yield engine
    engine.dispose()


def numbers(count: int, dialect: str) -> str:
    if dialect == "postgresql":
        return f"generate_series(0, {count - 1}) AS n (i)"
    return f"(WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}) SELECT i FROM n)"


CATEGORIES_OF_ALL = {
    dialect: f"INSERT INTO categories (id, user_id, name) SELECT 100 * users.id + i, users.id, 'Category ' || i"
    f" FROM users, {numbers(CATEGORIES, dialect)}"
    for dialect in ("sqlite", "postgresql")
}
BUDGETS_OF_ALL = {
    dialect: "INSERT INTO budgets (user_id, category_id, month, amount)"
    f" SELECT user_id, id, {month}, 10000 FROM categories, {numbers(60, dialect)} WHERE id % 2 = 0"
    for dialect, month in (
        ("sqlite", "date('2021-01-01', '+' || i || ' months')"),
        ("postgresql", "CAST(DATE '2021-01-01' + i * INTERVAL '1 month' AS DATE)"),
    )
}


def fill(engine: Engine, count: int, first: int) -> None:
    """As on a server that has served everybody for five years: the rows of the users lie mixed, day after day."""
    day = f"i * {DAYS} / {count}"
    spent_on = (
        f"date('2021-01-01', '+' || ({day}) || ' days')"
        if engine.dialect.name == "sqlite"
        else (f"DATE '2021-01-01' + {day}")
    )
    with transaction(engine) as session:
        session.execute(
            text(
                "INSERT INTO expenses (user_id, category_id, amount, description, search_text, account, spent_on,"
                f" fingerprint, created_at) SELECT 1 + i % {USERS}, 100 * (1 + i % {USERS}) + i / {USERS} %"
                f" {CATEGORIES}, 1 + i % 5000, 'Shop ' || (i % 997), 'shop ' || (i % 997), '', {spent_on},"
                f" 'line ' || ({first} + i), '2026-01-01' FROM {numbers(count, engine.dialect.name)}"
            )
        )


def gather_statistics(engine: Engine) -> None:
    """As autovacuum does. PostgreSQL reads an index alone where a VACUUM has seen that all rows of a page are there."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM (ANALYZE)"))


# --- The plans

INDEXES = {
    "ix_expenses_user_id_spent_on_id_category_id_amount": "by day",
    "ix_expenses_user_id_category_id_spent_on": "by category",
    "uq_expenses_user_id_fingerprint": "by fingerprint",
    "sqlite_autoindex_expenses_1": "by fingerprint",
    "pk_expenses": "by number",
    "INTEGER PRIMARY KEY": "by number",
}


def plan_of(engine: Engine, work: Callable[[Session, User], object]) -> str:
    """How all statements of `work` together find expenses. Nothing of it is kept."""
    found: set[str] = set()

    def look(connection: Connection, _cursor: object, sql: str, parameters: Any, context: Any, many: bool) -> None:
        if many or not re.search(r"\bexpenses\b", sql) or not re.match("SELECT|WITH|INSERT|UPDATE|DELETE", sql):
            return
        streamed = engine.dialect.name == "postgresql" and "yield_per" in context.execution_options
        ways, sorts = explain(connection, f"DECLARE explained CURSOR FOR {sql}" if streamed else sql, parameters)
        in_order = "ORDER BY expenses.spent_on" in sql
        found.update(f"{way} + sort" if sorts and in_order else way for way in ways)

    with transaction(engine) as session:
        user = find_user(session, "3")
        event.listen(engine, "before_cursor_execute", look)
        try:
            work(session, user)
        finally:
            event.remove(engine, "before_cursor_execute", look)
        session.rollback()
    return ", ".join(sorted(found))


def explain(connection: Connection, sql: str, parameters: Any) -> tuple[set[str], bool]:
    """The ways to the expenses, and whether anything is sorted: through the driver, as the listener is in between."""
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "postgresql":
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
            nodes = list(all_nodes(cursor.fetchall()[0][0][0]["Plan"]))
            return {way for node in nodes for way in ways_of_node(node)}, any(
                node["Node Type"] == "Sort" for node in nodes
            )
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        lines = [row[3] for row in cursor.fetchall()]
        return {way for line in lines for way in ways_of_line(line)}, any("FOR ORDER BY" in line for line in lines)
    finally:
        cursor.close()


def all_nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from all_nodes(below)


def ways_of_node(node: dict[str, Any]) -> Iterator[str]:
    if node.get("Relation Name") != "expenses":
        return
    match node["Node Type"]:
        case "Seq Scan":
            yield "every row"
        case "Index Only Scan":
            yield f"{INDEXES[node['Index Name']]} alone"
        case "Index Scan":
            yield INDEXES[node["Index Name"]]
        case "Bitmap Heap Scan":
            yield from (INDEXES[below["Index Name"]] for below in all_nodes(node) if "Index Name" in below)
        case "ModifyTable":
            pass
        case other:
            yield other


def ways_of_line(line: str) -> Iterator[str]:
    if re.match(r"SCAN (TABLE )?expenses\b", line):
        yield "every row"
    elif found := re.match(
        r"SEARCH (?:TABLE )?expenses(?:_\d+)? USING (COVERING )?(?:INDEX )?(INTEGER PRIMARY KEY|\w+)", line
    ):
        yield INDEXES[found[2]] + (" alone" if found[1] else "")


MARCH, YEAR, LATER = read_month("2024-03"), read_year("2024"), date(2026, 1, 1)
SOMEWHERE = Cursor(date(2023, 5, 5), 1000)
FILE = "date,name,category,tags,amount\n2024-03-01,Tea,Category 3,,-5.00\n2024-03-02,Shop 4,Category 3,,-3.00\n"


def third(session: Session, user: User) -> Category:
    return get_category(session, user, "Category 3")


def page(session: Session, user: User, wanted: Wanted, after: Cursor | None = None) -> None:
    list_expenses(session, user, wanted, 50, after)


def import_two_lines(session: Session, user: User, folder: Path) -> None:
    (folder / "bank.csv").write_text(FILE)
    import_expenses(session, user, open_bank_file(folder / "bank.csv", ReadingOptions()))


def delete_third(session: Session, user: User) -> None:
    with suppress(BudgetError):  # it has expenses, and to see that is what is looked at
        delete_category(session, user, "Category 3")


class Read(NamedTuple):
    work: Callable[[Session, User], object]
    plan: str  # with `or` where two cost nearly the same
    otherwise: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


# Where the plan may be another one. `new`: SQLite before the first ANALYZE, which this program never runs by itself.
# A page of few rows: PostgreSQL reads them all and sorts them, which costs less than row after row in order.
FEW_ROWS = "postgresql, small"

READS = {
    "month report": Read(lambda s, u: make_report(s, u, MARCH), "by day alone"),
    "year report": Read(lambda s, u: make_report(s, u, YEAR), "by day alone"),
    "changes since the month before": Read(lambda s, u: make_changes(s, u, MARCH, LATER), "by day alone"),
    "changes since the year before": Read(lambda s, u: make_changes(s, u, YEAR, LATER), "by day alone"),
    "trend": Read(lambda s, u: make_trend(s, u, YEAR, LATER), "by day alone"),
    # Few rows of a category in a month: to look at each costs about what the index with all categories of it costs.
    # The amount in the index by category as well was measured, and did not pay.
    "trend of a category": Read(
        lambda s, u: make_trend(s, u, YEAR, LATER, third(s, u)), "by day alone or by category, by day alone"
    ),
    "first and last day": Read(days_with_expenses, "by day alone"),
    # The descriptions are what is asked for, and no index holds them.
    "merchants of a month": Read(lambda s, u: make_merchants(s, u, MARCH), "by day"),
    "merchants of a year": Read(lambda s, u: make_merchants(s, u, YEAR), "by day"),
    "first page": Read(lambda s, u: page(s, u, Wanted()), "by day"),
    "page after a cursor": Read(lambda s, u: page(s, u, Wanted(), SOMEWHERE), "by day"),
    "page of a category": Read(
        lambda s, u: page(s, u, Wanted(category=third(s, u))), "by category", {FEW_ROWS: "by category + sort"}
    ),
    "page of a category after a cursor": Read(
        lambda s, u: page(s, u, Wanted(category=third(s, u)), SOMEWHERE),
        "by category",
        {FEW_ROWS: "by category + sort"},
    ),
    # 130 rows in the large database are few too; it looks for each of the eight categories in turn.
    "page of a month": Read(
        lambda s, u: page(s, u, Wanted(period=MARCH)),
        "by day",
        {FEW_ROWS: "by day + sort", "postgresql, large": "by category + sort or by day + sort or by day"},
    ),
    "page of a year": Read(lambda s, u: page(s, u, Wanted(period=YEAR)), "by day", {FEW_ROWS: "by day + sort"}),
    "page of large amounts": Read(lambda s, u: page(s, u, Wanted(least=Decimal(30))), "by day"),
    "list without a limit": Read(lambda s, u: list(list_expenses(s, u, Wanted(), None).expenses), "by day"),
    "export": Read(lambda s, u: export_expenses(s, u, io.StringIO()), "by day"),
    "expenses by their numbers": Read(lambda s, u: get_expenses(s, u, [3, 8]), "by number"),
    "expense of a request key": Read(
        lambda s, u: find_by_key(s, u, "key"),
        "by fingerprint alone",  # SQLite keeps the number in every index
        {FEW_ROWS: "by fingerprint", "postgresql, large": "by fingerprint"},
    ),
    "edit": Read(lambda s, u: edit_expense(s, u, 3, {"amount": Decimal(5)}), "by number"),
    # Without statistics SQLite takes the user for the better key of the DELETE, and walks all of the user's.
    "delete": Read(
        lambda s, u: delete_expenses(s, u, [3, 8]), "by number", {"sqlite, new": "by category alone, by number"}
    ),
    "merge of two categories": Read(
        lambda s, u: merge_categories(s, u, "Category 2", "Category 3"),
        "by category alone",
        {FEW_ROWS: "by category", "postgresql, large": "by category"},
    ),
    "delete of a category": Read(delete_third, "by category alone"),
    # To look at every row is what it is for.
    "check": Read(lambda s, _: list(check_database(s)), "every row"),
}


def test_each_read_goes_by_its_index_in_a_small_and_in_a_large_database(engine: Engine, tmp_path: Path) -> None:
    reads = READS | {"import": Read(lambda s, u: import_two_lines(s, u, tmp_path), "by fingerprint alone")}
    others: list[str] = []

    def look(state: str) -> None:
        where = f"{engine.dialect.name}, {state}"
        for name, read in reads.items():
            plan, expected = plan_of(engine, read.work), read.otherwise.get(where, read.plan)
            if plan not in expected.split(" or "):
                others.append(f"{where}: {name}: {plan}, not {expected}")

    fill(engine, SMALL, 0)
    if engine.dialect.name == "sqlite":
        look("new")
    gather_statistics(engine)
    look("small")
    fill(engine, LARGE - SMALL, SMALL)
    gather_statistics(engine)
    look("large")
    assert others == []


def test_a_table_that_is_read_from_end_to_end_and_a_sort_are_seen(engine: Engine) -> None:
    by_text = select(Expense.id).where(Expense.description == "Shop 3").order_by(Expense.spent_on)
    fill(engine, SMALL, 0)
    assert plan_of(engine, lambda session, _: session.execute(by_text)) == "every row + sort"


# --- What no index serves


def effort(engine: Engine, contains: str) -> int:
    """For one page of a search. PostgreSQL: the rows that were looked at. SQLite: its steps, in hundreds."""
    spent = 0

    def analyze(connection: Connection, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        nonlocal spent
        if "LIKE" in sql:
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)
            nodes = [node for node in all_nodes(cursor.fetchall()[0][0][0]["Plan"]) if [*ways_of_node(node)]]
            spent = sum(int(node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) for node in nodes)
            cursor.close()

    def step() -> int:
        nonlocal spent
        spent += 1
        return 0

    with transaction(engine, read_only=True) as session:
        user = find_user(session, "3")
        raw = session.connection().connection.dbapi_connection
        if engine.dialect.name == "sqlite":
            raw.set_progress_handler(step, 100)  # type: ignore[union-attr]
        else:
            event.listen(engine, "before_cursor_execute", analyze)
        try:
            page(session, user, Wanted(contains=contains))
        finally:
            if engine.dialect.name == "sqlite":
                raw.set_progress_handler(None, 0)  # type: ignore[union-attr]
            else:
                event.remove(engine, "before_cursor_execute", analyze)
    return spent


def test_a_search_walks_the_users_expenses_from_the_newest_on_until_its_page_is_full(engine: Engine) -> None:
    """`--contains` has no index: a text that is rare or nowhere costs a look at all of the user's expenses.

    At those of nobody else.
    """
    fill(engine, 20_000, 0)
    gather_statistics(engine)
    of_user = 20_000 // USERS
    common, rarer, nowhere = (effort(engine, text) for text in ("shop", "shop 3", "nowhere"))
    assert common < rarer < nowhere
    assert 10 * common < nowhere
    assert plan_of(engine, lambda s, u: page(s, u, Wanted(contains="shop"))) == "by day"
    if engine.dialect.name == "postgresql":
        assert (common, nowhere) == (51, of_user)
        return
    assert plan_of(engine, lambda s, u: page(s, u, Wanted(contains="nowhere"))) == "by day"
    fill(engine, 20_000, 20_000)
    assert nowhere * 1.8 < effort(engine, "nowhere") < nowhere * 2.2
