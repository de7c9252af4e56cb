"""The shop of the rehearsal: its rows, the old and the new program that work on them, and what must not be lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text

from budget import schema
from database import transaction

VERSIONS = Path(__file__).with_name("versions")
REVISIONS = [path.name[:4] for path in sorted(VERSIONS.glob("0*.py"))]
FIRST, OLD_PROGRAM_ENDS = REVISIONS[0], "0008"
NEW_PROGRAM_BEGINS = "0004"
BEGINNING = datetime(2025, 3, 9, 6, 30)  # noqa: DTZ001 - naive on purpose; that night New York's clocks were put forward
NAMES = ["Ann Lee", "Cher", "Jean  Luc Picard", "Bo", "María del Carmen Ruiz"]

Values: TypeAlias = dict[str, Any]
Row: TypeAlias = tuple[int, int, str, str]  # customer, cents, moment in UTC, buyer


def configuration(engine: Engine) -> Config:
    """The budget's own env.py, and the history of the shop."""
    config = schema.configuration(engine)
    config.set_main_option("version_locations", str(VERSIONS))
    return config


def fill(engine: Engine, orders: int) -> None:
    """One customer for ten orders; every twentieth is there twice, every fiftieth has no address."""
    customers = max(orders // 10, 50)
    series = "generate_series(1, :count) AS numbers(n)"
    moment = "CAST(:beginning AS timestamp) + n * interval '1 minute'"
    if engine.dialect.name == "sqlite":
        series = "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
        series += " SELECT n FROM numbers)"
        moment = "strftime('%Y-%m-%d %H\\:%M\\:%S.000000', :beginning, '+' || n || ' minutes')"
    names = " ".join(f"WHEN {index} THEN '{name}'" for index, name in enumerate(NAMES))
    buyer = f"CASE n % {len(NAMES)} {names} END"
    email = (
        "CASE WHEN n % 50 = 0 THEN NULL ELSE 'c' || (CASE WHEN n % 20 = 7 THEN n - 1 ELSE n END) || '@shop.test' END"
    )
    with transaction(engine, statement_timeout=0) as session:
        session.execute(
            text(f"INSERT INTO customers (name, email) SELECT {buyer}, {email} FROM {series}"), {"count": customers}
        )
        session.execute(
            text(
                "INSERT INTO orders (customer_id, total, placed_at, buyer)"
                f" SELECT 1 + n % {customers}, n % 100000, {moment}, {buyer} FROM {series}"
            ),
            {"count": orders, "beginning": str(BEGINNING) if engine.dialect.name == "sqlite" else BEGINNING},
        )


@dataclass(frozen=True)
class Order:
    """What the shop means by an order, whatever its columns are called."""

    customer_id: int
    cents: int
    placed: datetime
    buyer: str


@dataclass(frozen=True)
class Program:
    """One version of the shop's program: which columns it knows, and what it keeps in them."""

    columns: tuple[str, ...]
    to_columns: Callable[[Order, str], Values]

    def place(self, connection: Connection, order: Order) -> int:
        values = {"customer_id": order.customer_id, **self.to_columns(order, connection.dialect.name)}
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        return int(
            connection.execute(
                text(f"INSERT INTO orders ({names}) VALUES ({places}) RETURNING id"), values
            ).scalar_one()
        )

    def change(self, connection: Connection, number: int, order: Order) -> None:
        values = self.to_columns(order, connection.dialect.name)
        assigned = ", ".join(f"{name} = :{name}" for name in values)
        done = connection.execute(text(f"UPDATE orders SET {assigned} WHERE id = :id"), {**values, "id": number})
        assert done.rowcount == 1

    def read(self, connection: Connection, number: int) -> Values:
        row = connection.execute(
            text(f"SELECT {', '.join(self.columns)} FROM orders WHERE id = :id"), {"id": number}
        ).one()
        return dict(row._mapping)


def naive(moment: datetime, database: str) -> Any:
    value = moment.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat(" ", "microseconds") if database == "sqlite" else value


def old_columns(order: Order, database: str) -> Values:
    return {"total": order.cents, "placed_at": naive(order.placed, database), "buyer": order.buyer}


def new_columns(order: Order, database: str) -> Values:
    first, _, last = order.buyer.partition(" ")
    placed = naive(order.placed, database) if database == "sqlite" else order.placed
    return {"total_cents": order.cents, "placed": placed, "first_name": first, "last_name": last}


OLD_PROGRAM = Program(("total", "placed_at", "buyer"), old_columns)
NEW_PROGRAM = Program(("total_cents", "placed", "first_name", "last_name"), new_columns)


def an_order(number: int, customers: int) -> Order:
    return Order(
        customer_id=1 + number % customers,
        cents=number % 100_000,
        placed=BEGINNING.replace(tzinfo=UTC) + timedelta(seconds=number),
        buyer=NAMES[number % len(NAMES)],
    )


def row(order: Order) -> Row:
    return order.customer_id, order.cents, str(order.placed.replace(tzinfo=None)), order.buyer


def orders(engine: Engine) -> dict[int, Row]:
    """Every order by its number, from the old columns where they are there."""
    old = "total" in {column["name"] for column in inspect(engine).get_columns("orders")}
    sqlite = engine.dialect.name == "sqlite"
    moment = ("placed_at" if old else "placed") if sqlite else ("placed_at" if old else "placed AT TIME ZONE 'UTC'")
    buyer = "buyer" if old else "CASE last_name WHEN '' THEN first_name ELSE first_name || ' ' || last_name END"
    query = f"SELECT id, customer_id, {'total' if old else 'total_cents'}, {moment}, {buyer} FROM orders"
    with transaction(engine, read_only=True, statement_timeout=0) as session:
        return {
            row[0]: (row[1], row[2], str(row[3]).removesuffix(".000000"), row[4])
            for row in session.execute(text(query))
        }


def customers(engine: Engine) -> dict[int, tuple[Any, ...]]:
    with transaction(engine, read_only=True, statement_timeout=0) as session:
        return {row[0]: tuple(row[1:]) for row in session.execute(text("SELECT id, name, email FROM customers"))}


def merged(engine: Engine) -> dict[int, int]:
    """Which customer each merged one became."""
    with transaction(engine, read_only=True) as session:
        return {row[0]: row[1] for row in session.execute(text("SELECT id, kept_id FROM merged_customers"))}
