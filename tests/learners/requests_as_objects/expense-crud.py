"""What is wanted comes as one object; what is found goes out as another."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from database import Base, create_database_engine, transaction


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Expense(Base):
    __tablename__ = "expenses"
    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str]
    amount: Mapped[Decimal]
    category: Mapped[str]
    spent_on: Mapped[date]


@dataclass(frozen=True)
class NewExpense:
    description: str
    amount: Decimal
    category: str
    spent_on: date = date(2026, 1, 1)


class Changes(TypedDict, total=False):
    description: str
    amount: Decimal


class Found(NamedTuple):
    id: int
    description: str
    amount: Decimal


def create_expense(session: Session, new: NewExpense) -> None:
    session.add(Expense(**vars(new)))


def read_expenses(session: Session, contains: str = "", cheaper_than: Decimal | None = None) -> list[Found]:
    statement = select(Expense.id, Expense.description, Expense.amount).where(Expense.description.contains(contains))
    if cheaper_than is not None:
        statement = statement.where(Expense.amount < cheaper_than)
    return [Found(*row) for row in session.execute(statement)]


def update_expense(session: Session, expense_id: int, changes: Changes) -> None:
    expense = session.get_one(Expense, expense_id)
    for name, value in changes.items():
        setattr(expense, name, value)


def delete_expense(session: Session, expense_id: int) -> None:
    session.delete(session.get_one(Expense, expense_id))


if __name__ == "__main__":
    engine = create_database_engine("sqlite://")
    Base.metadata.create_all(engine)
    with transaction(engine) as session:
        create_expense(session, NewExpense("Tea", Decimal("1.90"), "Food"))
    with transaction(engine) as session:
        print(read_expenses(session))
