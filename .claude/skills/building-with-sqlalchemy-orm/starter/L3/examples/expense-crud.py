"""Lesson 3: four functions that take a session, and whoever opened it commits.

python expense-crud.py
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from database import Base, create_database_engine, transaction


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(50))
    amount: Mapped[Decimal]
    spent_on: Mapped[date]


def create_expense(session: Session, description: str, amount: Decimal, category: str, spent_on: date) -> Expense:
    expense = Expense(description=description, amount=amount, category=category, spent_on=spent_on)
    session.add(expense)
    session.flush()
    return expense


def read_expenses(session: Session, *, category: str | None = None) -> Sequence[Expense]:
    statement = select(Expense).order_by(Expense.spent_on, Expense.id)
    if category is not None:
        statement = statement.where(Expense.category == category)
    return session.scalars(statement).all()


def update_expense(session: Session, expense_id: int, amount: Decimal) -> None:
    session.get_one(Expense, expense_id).amount = amount


def delete_expense(session: Session, expense_id: int) -> None:
    session.delete(session.get_one(Expense, expense_id))


def main() -> None:
    engine = create_database_engine("sqlite://")  # in memory, gone with the program
    Base.metadata.create_all(engine)
    with transaction(engine) as session:
        lunch = create_expense(session, "Lunch", Decimal("12.50"), "Food", date(2026, 3, 2)).id
        bus = create_expense(session, "Bus", Decimal("2.40"), "Transport", date(2026, 3, 2)).id
    with transaction(engine) as session:
        update_expense(session, lunch, Decimal("13.00"))
        delete_expense(session, bus)
    with transaction(engine, read_only=True) as session:
        for expense in read_expenses(session):
            print(expense.spent_on, expense.category, expense.description, expense.amount)
    engine.dispose()


if __name__ == "__main__":
    main()
