"""Lesson 3, create and read, update and delete: four functions that take a session, and what is easily done wrong.

Run it; without DATABASE_URL it works in a SQLite file that is gone afterwards:

    python expense-crud.py

It makes the table expenses, refuses to start where there is one, and takes it away at the end.
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

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Dialect,
    Engine,
    String,
    TypeDecorator,
    create_engine,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Money(TypeDecorator[Decimal]):
    """Decimal in Python, whole cents in the database, as in lesson 2."""

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


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_is_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(50))  # a table of its own in lesson 4
    amount: Mapped[Decimal]
    spent_on: Mapped[date]

    def __repr__(self) -> str:
        return f"{self.description} {self.amount}"


# --- The four functions: they take a session, and whoever opened it commits -------------------------------------------


def create_expense(session: Session, description: str, category: str, amount: Decimal, spent_on: date) -> Expense:
    expense = Expense(description=description, category=category, amount=amount, spent_on=spent_on)
    session.add(expense)
    session.flush()  # sends the INSERT now, so that the expense has its id
    return expense


def read_expenses(
    session: Session, *, category: str | None = None, at_least: Decimal | None = None
) -> Sequence[Expense]:
    """The expenses that match everything that was asked for, the oldest first. None asks for nothing."""
    statement = select(Expense).order_by(Expense.spent_on, Expense.id)
    if category is not None:  # not `if category`: "" is an answer too
        statement = statement.where(Expense.category == category)
    if at_least is not None:
        statement = statement.where(Expense.amount >= at_least)
    return session.scalars(statement).all()


def update_expense(session: Session, expense_id: int, **changes: object) -> Expense:
    """Change what is named and leave the rest. Raises NoResultFound where there is no such expense."""
    if unknown := changes.keys() - {"description", "category", "amount", "spent_on"}:
        raise ValueError(f"cannot be changed: {', '.join(sorted(unknown))}")
    expense = session.get_one(Expense, expense_id)
    for name, value in changes.items():
        setattr(expense, name, value)
    return expense


def delete_expense(session: Session, expense_id: int) -> None:
    """Raises NoResultFound where there is no such expense."""
    session.delete(session.get_one(Expense, expense_id))


# --- Wrong, then right ------------------------------------------------------------------------------------------------


def show_commit(engine: Engine) -> None:
    print("1. Create")
    with Session(engine) as session:
        create_expense(session, "Groceries", "Food", Decimal("54.20"), date(2026, 3, 2))
    print(f"   without commit:  {stored(engine)}")
    assert stored(engine) == []

    with Session(engine) as session, session.begin():  # commits at the end of the block, or takes all of it back
        create_expense(session, "Groceries", "Food", Decimal("54.20"), date(2026, 3, 2))
        create_expense(session, "Lunch", "Food", Decimal("12.50"), date(2026, 3, 3))
        create_expense(session, "Bus", "Transport", Decimal("2.40"), date(2026, 3, 3))
    print(f"   with commit:     {stored(engine)}")
    assert len(stored(engine)) == 3


def show_filters(engine: Engine) -> None:
    print("2. Read what is Food and costs 20.00 or more")
    with Session(engine) as session:
        # Python decides `and` before SQL is made: one of the two conditions is left.
        wrong = (Expense.category == "Food") and (Expense.amount >= 20)
        found = session.scalars(select(Expense).where(wrong).order_by(Expense.id)).all()
        print(f"   joined by `and`: {found}")
        assert len(found) == 2

        found = read_expenses(session, category="Food", at_least=Decimal("20.00"))
        print(f"   where() twice:   {found}")
        assert [expense.description for expense in found] == ["Groceries"]


def show_update(engine: Engine) -> None:
    print("3. Update")
    lunch = find(engine, "Lunch")
    lunch.amount = Decimal("13.00")  # its session is gone: nobody is watching
    print(f"   without session: {stored(engine)}")
    assert find(engine, "Lunch").amount == Decimal("12.50")

    with Session(engine) as session, session.begin():
        update_expense(session, lunch.id, amount=Decimal("13.00"))
    print(f"   in a session:    {stored(engine)}")
    assert find(engine, "Lunch").amount == Decimal("13.00")


def show_delete(engine: Engine) -> None:
    print("4. Delete")
    bus = find(engine, "Bus")
    with Session(engine) as session, session.begin():
        delete_expense(session, bus.id)
    print(f"   what is left:    {stored(engine)}")
    with Session(engine) as session:
        total = session.scalar(select(func.sum(Expense.amount)))
    print(f"   the sum of it:   {total}")
    assert total == Decimal("67.20")


def stored(engine: Engine) -> Sequence[Expense]:
    """What another session finds: only what was committed."""
    with Session(engine) as another_session:
        return read_expenses(another_session)


def find(engine: Engine, description: str) -> Expense:
    with Session(engine) as session:
        return session.scalars(select(Expense).where(Expense.description == description)).one()


# --- A database to try it in ------------------------------------------------------------------------------------------


@contextmanager
def empty_tables() -> Iterator[Engine]:
    """An engine, one for the whole program, with the table of this lesson, which is gone afterwards."""
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
    python ../scripts/local_postgres.py -- python expense-crud.py"""


def main() -> None:
    with empty_tables() as engine:
        show_commit(engine)
        show_filters(engine)
        show_update(engine)
        show_delete(engine)


if __name__ == "__main__":
    main()
