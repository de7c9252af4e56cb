"""The same numbers, whatever the number of rows: in a few statements, in little memory, with nothing left open."""

import csv
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import Place, check_result, claim, expect, expect_equal

MANY = 20_000
ROOM = 15.0  # MB by which a large export may grow: all of the orders at once take more
STATEMENTS = 5

MAKE_TABLES = (
    "from shop.db import engine\nfrom shop.models import Base\nBase.metadata.create_all(engine)\nengine.dispose()"
)
MARCH = "from shop.report import monthly\nreturn monthly(2026, 3)"
COUNTED = """
from sqlalchemy import event
from sqlalchemy.engine import Engine
from shop.report import monthly
statements = []
event.listen(Engine, "before_cursor_execute", lambda *details: statements.append(details[2]))
monthly(2026, 3)
return len(statements)
"""


def prepare(place: Place) -> None:
    place.call(MAKE_TABLES)


def customers(place: Place, *names: str) -> None:
    place.sql("INSERT INTO customers (id, name) VALUES (?, ?)", list(enumerate(names, 1)))


def orders(place: Place, *rows: tuple[int, int, str, int]) -> None:
    """Rows of number, customer, moment and cents."""
    place.sql("INSERT INTO orders (number, customer_id, placed_at, total_cents) VALUES (?, ?, ?, ?)", rows)


def refunds(place: Place, *rows: tuple[int, int, str, int]) -> None:
    """Rows of id, order, moment and cents."""
    place.sql("INSERT INTO refunds (id, order_number, made_at, cents) VALUES (?, ?, ?, ?)", rows)


def lines(place: Place) -> list[tuple[str, int, str, str]]:
    return [(row["customer"], row["orders"], f"{row['sold']}", f"{row['refunded']}") for row in place.call(MARCH)]


@claim("several orders and several refunds of one customer are each counted once")
def not_multiplied(place: Place) -> None:
    customers(place, "Ann", "Ben")
    orders(place, (1, 1, "2026-03-02 10:00:00.000000", 1000), (2, 1, "2026-03-03 10:00:00.000000", 2050))
    orders(place, (3, 2, "2026-03-04 10:00:00.000000", 700))
    refunds(place, (1, 1, "2026-03-05 10:00:00.000000", 100), (2, 1, "2026-03-06 10:00:00.000000", 200))
    refunds(place, (3, 2, "2026-03-07 10:00:00.000000", 50))
    expect_equal(lines(place), [("Ann", 2, "30.50", "3.50"), ("Ben", 1, "7.00", "0.00")], "the report")


@claim("a customer who bought nothing is in the report, and those who bought most come first, then by name")
def everybody(place: Place) -> None:
    customers(place, "Zoe", "Ann", "Ben", "Cid")
    orders(place, (1, 4, "2026-03-02 10:00:00.000000", 900), (2, 3, "2026-02-02 10:00:00.000000", 500))
    found = lines(place)
    expect_equal([line[0] for line in found], ["Cid", "Ann", "Ben", "Zoe"], "order")
    expect_equal(found[2], ("Ben", 0, "0.00", "0.00"), "who bought in another month")
    expect_equal(place.call(MARCH)[1]["last_order"], None, "last_order")


@claim("a refund counts in its own month, whenever the order was made")
def refund_month(place: Place) -> None:
    customers(place, "Ann")
    orders(place, (1, 1, "2026-02-02 10:00:00.000000", 900), (2, 1, "2026-03-02 10:00:00.000000", 500))
    refunds(place, (1, 1, "2026-03-05 10:00:00.000000", 900), (2, 2, "2026-04-01 00:00:00.000000", 500))
    expect_equal(lines(place), [("Ann", 1, "5.00", "9.00")], "the report")


@claim("a month has its first and its last moment, and none of the next")
def boundaries(place: Place) -> None:
    customers(place, "Ann")
    orders(
        place,
        (1, 1, "2026-02-28 23:59:59.999999", 1),
        (2, 1, "2026-03-01 00:00:00.000000", 10),
        (3, 1, "2026-03-31 23:59:59.500000", 100),
        (4, 1, "2026-04-01 00:00:00.000000", 1000),
    )
    expect_equal(lines(place), [("Ann", 2, "1.10", "0.00")], "the report")
    last = place.call(MARCH)[0]["last_order"]
    expect_equal(last, datetime(2026, 3, 31, 23, 59, 59, 500_000, tzinfo=UTC), "last_order")
    december = place.call("from shop.report import monthly\nreturn monthly(2026, 12)")
    expect_equal([row["orders"] for row in december], [0], "orders of December")


@claim("amounts are Decimal with two places, also when they are large")
def amounts(place: Place) -> None:
    customers(place, "Ann")
    orders(place, *((number, 1, "2026-03-02 10:00:00.000000", 2_000_000_010) for number in range(1, 5)))
    (row,) = place.call(MARCH)
    expect_equal((type(row["sold"]), str(row["sold"])), (Decimal, "80000000.40"), "sold")
    expect_equal((type(row["refunded"]), str(row["refunded"])), (Decimal, "0.00"), "refunded")


@claim(f"a report sends at most {STATEMENTS} statements for 200 customers")
def statements(place: Place) -> None:
    customers(place, *(f"Customer {number:03}" for number in range(200)))
    orders(place, *((number, number % 200 + 1, "2026-03-02 10:00:00.000000", 100) for number in range(1, 601)))
    refunds(place, *((number, number, "2026-03-05 10:00:00.000000", 1) for number in range(1, 601)))
    sent = place.call(COUNTED)
    expect(1 <= sent <= STATEMENTS, f"{sent} statements")


@claim("an export has every order, by number, with its customer")
def exported(place: Place) -> None:
    customers(place, "Ann", "Müller, Ben")
    orders(place, (2, 2, "2026-03-02 10:00:00.000000", 705), (1, 1, "2025-01-02 10:00:00.250000", 10))
    place.call("from shop.report import export\nexport('orders.csv')")
    with (place.folder / "orders.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    expect_equal(
        found,
        [
            ["number", "customer", "placed_at", "total"],
            ["1", "Ann", "2025-01-02T10:00:00.250000+00:00", "0.10"],
            ["2", "Müller, Ben", "2026-03-02T10:00:00+00:00", "7.05"],
        ],
        "the file",
    )


@claim("the memory of an export does not grow with the orders")
def memory(place: Place) -> None:
    customers(place, *(f"Customer {number:03}" for number in range(100)))
    orders(place, (1, 1, "2026-03-02 10:00:00.000000", 100))
    code = "from shop.report import export\nexport('orders.csv')\nreturn peak_memory()"
    before = place.call(code)
    orders(place, *((number, number % 100 + 1, "2026-03-02 10:00:00.000000", 100) for number in range(2, MANY)))
    grown = place.call(code) - before
    expect(grown < ROOM, f"it took {grown:.0f} MB more for {MANY} orders")
    with (place.folder / "orders.csv").open(encoding="utf-8") as file:
        expect_equal(sum(1 for _ in file), MANY, "lines of the file")


@claim("neither leaves a transaction open", only="postgresql")
def nothing_open(place: Place) -> None:
    customers(place, "Ann")
    place.call(MARCH)
    place.call("from shop.report import export\nexport('orders.csv')")
    found = place.sql(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND state LIKE 'idle in transaction%'"
    )
    expect_equal(found, [], "connections")


@claim("a second report shows what was written since the first")
def fresh(place: Place) -> None:
    customers(place, "Ann")
    orders(place, (1, 1, "2026-03-02 10:00:00.000000", 100))
    place.call(MARCH)
    place.sql("UPDATE orders SET total_cents = 200")
    expect_equal(lines(place), [("Ann", 1, "2.00", "0.00")], "the report")


@claim("the other team's tables are as they were, and the tests pass on both databases")
def models_kept(place: Place) -> None:
    original = Path(__file__).parent / "project" / "shop" / "models.py"
    expect_equal((place.folder / "shop/models.py").read_text(), original.read_text(), "shop/models.py")
    place.sql("DROP TABLE refunds")
    place.sql("DROP TABLE orders")
    place.sql("DROP TABLE customers")
    place.run("python", "-m", "pytest", "-q").expect_success()


if __name__ == "__main__":
    sys.exit(check_result(prepare))
