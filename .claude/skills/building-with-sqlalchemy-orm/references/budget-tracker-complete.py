"""The whole idea in one file: a household's budget in a database, in the six steps of the workflow.

Run it; without DATABASE_URL it works in a SQLite file that is gone afterwards:

    python budget-tracker-complete.py

On Neon, or any other PostgreSQL, with the address that its console shows, and pasted as it is:

    DATABASE_URL='postgresql://USER:PASSWORD@HOST/NAME?sslmode=require' python budget-tracker-complete.py

It makes the tables users, categories and expenses, refuses to start where there is one, and takes them away at the end.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2", "psycopg2-binary>=2.9.13,<2.10"]
# ///

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    CheckConstraint,
    Connection,
    Dialect,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Row,
    String,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, contains_eager, mapped_column, relationship

# --- 1. Models: a class is a table, an object is a row ----------------------------------------------------------------


class Money(TypeDecorator[Decimal]):
    """Decimal in Python, whole cents in the database: exact on SQLite too, where Numeric is a float."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite() or value != round(value, 2):
            raise ValueError(f"money is a Decimal with two decimal places, not {value!r}")
        return int(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class Base(DeclarativeBase):
    type_annotation_map = {Decimal: Money()}  # noqa: RUF012 - SQLAlchemy's own form


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)

    categories: Mapped[list["Category"]] = relationship(back_populates="user", lazy="raise", passive_deletes="all")


class Category(Base):
    __tablename__ = "categories"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),  # each user may have a Food, and only one
        UniqueConstraint("user_id", "id"),  # what the expenses point to
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(50))

    user: Mapped[User] = relationship(back_populates="categories", lazy="raise")
    expenses: Mapped[list["Expense"]] = relationship(back_populates="category", lazy="raise", passive_deletes="all")


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (
        # With the owner in the key, an expense cannot be in somebody else's category.
        ForeignKeyConstraint(["user_id", "category_id"], ["categories.user_id", "categories.id"]),
        CheckConstraint("amount > 0", name="amount_is_positive"),
        Index("ix_expenses_of_a_category", "user_id", "category_id", "spent_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    category_id: Mapped[int]
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal]
    spent_on: Mapped[date]

    category: Mapped[Category] = relationship(back_populates="expenses", lazy="raise")


# --- 2. Engine and tables: one engine for the whole program -----------------------------------------------------------


def create_budget_engine(address: str) -> Engine:
    """For sqlite:///FILE, or for PostgreSQL in the way that Neon and others write its address."""
    url = make_url(address)
    return create_sqlite_engine(url) if url.get_backend_name() == "sqlite" else create_postgresql_engine(url)


def create_sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def keep_foreign_keys(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")  # off by default, in each new connection

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver begins late; so one transaction waits for another

    return engine


# --- 3. Create, read, update, delete: the functions take a session, and the caller commits ----------------------------


def create_expense(
    session: Session, user_id: int, category: str, description: str, amount: Decimal, spent_on: date
) -> Expense:
    """Raises NoResultFound where the user has no such category."""
    found = find_category(session, user_id, category)
    expense = Expense(category=found, description=description, amount=amount, spent_on=spent_on)
    session.add(expense)
    session.flush()  # sends the INSERT, so that the expense has its id
    return expense


def read_expenses(
    session: Session, user_id: int, *, category: str | None = None, start: date | None = None, end: date | None = None
) -> Sequence[Expense]:
    """The user's expenses from `start` to before `end`, the oldest first, each with its category."""
    # The join brings the categories along: else each expense would ask the database for its own.
    statement = select(Expense).join(Expense.category).options(contains_eager(Expense.category))
    statement = statement.where(Expense.user_id == user_id)
    if category is not None:
        statement = statement.where(Category.name == category)
    if start is not None:
        statement = statement.where(Expense.spent_on >= start)
    if end is not None:
        statement = statement.where(Expense.spent_on < end)
    return session.scalars(statement.order_by(Expense.spent_on, Expense.id)).all()


def update_expense(session: Session, user_id: int, expense_id: int, **changes: object) -> Expense:
    """Change what is named and leave the rest. Raises NoResultFound where the user has no such expense."""
    if unknown := changes.keys() - {"description", "amount", "spent_on"}:
        raise ValueError(f"cannot be changed: {', '.join(sorted(unknown))}")
    expense = find_expense(session, user_id, expense_id)
    for name, value in changes.items():
        setattr(expense, name, value)
    return expense


def delete_expense(session: Session, user_id: int, expense_id: int) -> None:
    """Raises NoResultFound where the user has no such expense."""
    session.delete(find_expense(session, user_id, expense_id))


def find_category(session: Session, user_id: int, name: str) -> Category:
    return session.scalars(select(Category).where(Category.user_id == user_id, Category.name == name)).one()


def find_expense(session: Session, user_id: int, expense_id: int) -> Expense:
    """Locked until the transaction ends, so that two changes come one after the other."""
    statement = select(Expense).where(Expense.user_id == user_id, Expense.id == expense_id)
    return session.scalars(statement.with_for_update()).one()


# --- 4. Relationship queries: the database joins and adds up ----------------------------------------------------------


def spending_by_category(session: Session, user_id: int, start: date, end: date) -> Sequence[Row[str, int, Decimal]]:
    """Name, number and sum of the expenses; a category without any has 0 and 0.00."""
    spent = (Expense.category_id == Category.id) & (Expense.spent_on >= start) & (Expense.spent_on < end)
    return session.execute(
        select(Category.name, func.count(Expense.id), func.coalesce(func.sum(Expense.amount), Decimal(0)))
        .outerjoin(Expense, spent)
        .where(Category.user_id == user_id)
        .group_by(Category.id, Category.name)
        .order_by(Category.name)
    ).all()


# --- 5. Safe transactions: all of it, or nothing ----------------------------------------------------------------------


def transfer_expense(session: Session, user_id: int, expense_id: int, category: str) -> Expense:
    """Give an expense another category of the same user. Raises NoResultFound where one of them is not the user's."""
    expense = find_expense(session, user_id, expense_id)
    expense.category = find_category(session, user_id, category)
    return expense


# --- 6. Neon: a PostgreSQL that sleeps when nobody asks ---------------------------------------------------------------


def create_postgresql_engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg2"),  # postgres:// is no name, postgresql:// means another driver
        pool_size=5,  # for each process; all of them together must fit the server
        max_overflow=0,
        pool_pre_ping=True,  # a compute that went to sleep has closed what the pool still holds
        connect_args={"connect_timeout": 15},  # seconds; waking up takes a moment
        hide_parameters=True,  # no amounts in the log
    )


# --- See it work ------------------------------------------------------------------------------------------------------


def print_march(engine: Engine, user_id: int) -> None:
    with Session(engine) as session:
        for name, count, amount in spending_by_category(session, user_id, date(2026, 3, 1), date(2026, 4, 1)):
            print(f"   {name:10} {count} {amount:9}")


def show(engine: Engine) -> None:
    with Session(engine) as session, session.begin():  # commits at the end of the block, or takes all of it back
        ann = User(email="ann@example.org", categories=[Category(name=name) for name in ("Food", "Home", "Travel")])
        ben = User(email="ben@example.org", categories=[Category(name="Food")])
        session.add_all([ann, ben])
        session.flush()
        user, other = ann.id, ben.id
        create_expense(session, user, "Home", "Rent", Decimal("950.00"), date(2026, 3, 1))
        groceries = create_expense(session, user, "Food", "Groceries", Decimal("54.20"), date(2026, 3, 2)).id
        again = create_expense(session, user, "Food", "Groceries", Decimal("54.20"), date(2026, 3, 2)).id
        train = create_expense(session, user, "Food", "Train", Decimal("29.90"), date(2026, 3, 3)).id
    print("Ann's March, as it was entered")
    print_march(engine, user)

    with Session(engine) as session, session.begin():
        delete_expense(session, user, again)
        update_expense(session, user, groceries, amount=Decimal("45.20"))
        transfer_expense(session, user, train, "Travel")
    print("Groceries not twice and corrected, the train given to Travel")
    print_march(engine, user)

    print("What is refused")
    try:
        with Session(engine) as session, session.begin():
            delete_expense(session, user, groceries)
            create_expense(session, user, "Food", "Refund", Decimal("-5.00"), date(2026, 3, 4))
    except IntegrityError:
        print("   an amount below zero, and with it the deletion before it")
    try:
        with Session(engine) as session, session.begin():
            transfer_expense(session, other, groceries, "Food")
    except NoResultFound:
        print("   Ben, with an expense of Ann's")

    print("What is there in the end")
    with Session(engine) as session:
        found = [(row.description, row.category.name, row.amount) for row in read_expenses(session, user)]
    for description, category, amount in found:
        print(f"   {description:10} {category:6} {amount:>7}")
    assert [(category, str(amount)) for _, category, amount in found] == [
        ("Home", "950.00"),
        ("Food", "45.20"),
        ("Travel", "29.90"),
    ]


@contextmanager
def empty_tables() -> Iterator[Engine]:
    """An engine with the tables, which are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_budget_engine(os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/budget.db")
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
For a database to throw away, run it without DATABASE_URL."""


def main() -> None:
    with empty_tables() as engine:
        show(engine)


if __name__ == "__main__":
    main()
