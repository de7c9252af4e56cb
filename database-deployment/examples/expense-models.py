"""Lesson 2, models as code: two classes become two tables, which keep money and moments exact and refuse nonsense.

Run it; without DATABASE_URL it works in a SQLite file that is gone afterwards:

    python expense-models.py

It makes the tables categories and expenses, refuses to start where there is one, and takes them away at the end.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2", "psycopg2-binary>=2.9.13,<2.10"]
# ///

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Engine,
    Numeric,
    String,
    TypeDecorator,
    create_engine,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateTable

LUNCH_IN_BERLIN = datetime(2026, 3, 3, 13, 15, tzinfo=timezone(timedelta(hours=1)))


# --- The obvious types, which SQLite does not keep --------------------------------------------------------------------


class PlainBase(DeclarativeBase):
    pass


class PlainExpense(PlainBase):
    __tablename__ = "plain_expenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    spent_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


# --- Two types of our own ---------------------------------------------------------------------------------------------


class Money(TypeDecorator[Decimal]):
    """Decimal in Python, whole cents in the database: whole numbers are exact everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise ValueError(f"money is a Decimal, not {value!r}")
        if not value.is_finite() or value != round(value, 2):
            raise ValueError(f"money has two decimal places, not {value}")
        return int(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment with its time zone in Python, the same moment in UTC in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, not {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)  # SQLite gives no zone back


# --- The models -------------------------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    type_annotation_map = {Decimal: Money(), datetime: UTCDateTime()}  # noqa: RUF012 - SQLAlchemy's own form


def utc_now() -> datetime:
    return datetime.now(UTC)


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)  # "Food" twice would split its total


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_is_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))  # NOT NULL, because it is not `str | None`
    amount: Mapped[Decimal]
    note: Mapped[str | None]
    spent_on: Mapped[date]  # a day, as on the receipt
    created_at: Mapped[datetime] = mapped_column(default=utc_now)  # a moment; the function itself, without ()


# --- What they keep, and what they refuse -----------------------------------------------------------------------------


def keeps(engine: Engine, model: type[PlainExpense] | type[Expense]) -> tuple[bool, datetime]:
    """Whether three sweets at 0.10 are 0.30, and when they were paid. (What a session is: lesson 3.)"""
    with Session(engine) as session:
        for _ in range(3):
            sweet = {"description": "Sweet", "amount": Decimal("0.10"), "spent_on": date(2026, 3, 3)}
            session.add(model(**sweet, created_at=LUNCH_IN_BERLIN))
        session.commit()
        is_exact = session.scalars(select(func.sum(model.amount) == Decimal("0.30"))).one()
        return is_exact, session.scalars(select(model.created_at).limit(1)).one()


def who_refuses(engine: Engine, row: Base) -> str:
    try:
        with Session(engine) as session:
            session.add(row)
            session.commit()
    except IntegrityError:
        return "the table"
    except StatementError as error:  # what a type raises arrives inside of it
        return f"the type: {error.orig}"
    return "nobody"


def show_the_obvious_types() -> None:
    print("1. Numeric and DateTime(timezone=True), on SQLite")
    engine = create_engine("sqlite://")  # in memory
    PlainBase.metadata.create_all(engine)
    is_exact, moment = keeps(engine, PlainExpense)
    engine.dispose()
    print(f"   three times 0.10 is 0.30:   {is_exact}")
    print(f"   13:15+01:00 is read back as {moment:%H:%M}, zone {moment.tzinfo}")
    assert not is_exact
    assert moment.tzinfo is None


def show_our_types(engine: Engine) -> None:
    print("2. Money and UTCDateTime, on any database")
    is_exact, moment = keeps(engine, Expense)
    print(f"   three times 0.10 is 0.30:   {is_exact}")
    print(f"   13:15+01:00 is read back as {moment:%H:%M}, zone {moment.tzinfo}")
    assert is_exact
    assert moment == LUNCH_IN_BERLIN


def show_the_table() -> None:
    print("3. The class Expense as a table, in the words of SQLite")
    sql = str(CreateTable(Base.metadata.tables["expenses"]).compile(dialect=sqlite.dialect()))
    for line in sql.strip().replace("\t", "   ").splitlines():
        print("  ", line.rstrip())


def show_what_is_refused(engine: Engine) -> None:
    print("4. Who refuses")
    day, amount = date(2026, 3, 3), Decimal("12.50")
    assert who_refuses(engine, Category(name="Food")) == "nobody"
    rows: dict[str, Base] = {
        "the category Food again": Category(name="Food"),
        "an amount of -5.00": Expense(description="Lunch", amount=Decimal("-5.00"), spent_on=day),
        "an amount of 12.505": Expense(description="Lunch", amount=Decimal("12.505"), spent_on=day),
        "no description": Expense(amount=amount, spent_on=day),
        "a moment without a zone": Expense(
            description="Lunch", amount=amount, spent_on=day, created_at=LUNCH_IN_BERLIN.replace(tzinfo=None)
        ),
    }
    for what, row in rows.items():
        who = who_refuses(engine, row)
        print(f"   {what + ':':24} {who}")
        assert who != "nobody"


# --- A database to try it in ------------------------------------------------------------------------------------------


@contextmanager
def empty_tables() -> Iterator[Engine]:
    """An engine with the tables, which are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        url = make_url(os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/lesson.db")
        if url.get_backend_name() != "sqlite":
            url = url.set(drivername="postgresql+psycopg2")  # `postgresql://` would mean another driver
        engine = create_engine(url)
        try:
            for table in Base.metadata.tables:
                if inspect(engine).has_table(table):
                    sys.exit(TAKEN.format(table=table))
            Base.metadata.create_all(engine)
            try:
                yield engine
            finally:
                Base.metadata.drop_all(engine)
        finally:
            engine.dispose()


TAKEN = """There is a table {table} already, and not by this program. Nothing was done.
For a database to throw away, run it without DATABASE_URL, or on a PostgreSQL that is gone afterwards:
    python ../scripts/local_postgres.py -- python expense-models.py"""


def main() -> None:
    show_the_obvious_types()
    with empty_tables() as engine:
        show_our_types(engine)
        show_the_table()
        show_what_is_refused(engine)


if __name__ == "__main__":
    main()
