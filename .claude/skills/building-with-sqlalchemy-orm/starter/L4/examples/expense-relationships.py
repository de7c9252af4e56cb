"""Lesson 4: users, categories and expenses that belong together.

python expense-relationships.py
"""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Row, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from database import Base, create_database_engine, transaction


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)


class Category(Base):
    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("user_id", "name"), UniqueConstraint("user_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(50))
    expenses: Mapped[list["Expense"]] = relationship(back_populates="category", passive_deletes="all")


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (
        # The owner is part of the key: no expense of Ben's in a category of Ann's.
        ForeignKeyConstraint(["user_id", "category_id"], ["categories.user_id", "categories.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    category_id: Mapped[int]
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal]
    category: Mapped[Category] = relationship(back_populates="expenses")


def spending_by_category(session: Session, user_id: int) -> Sequence[Row[str, Decimal]]:
    """Name and sum of each category of the user, in one statement."""
    return session.execute(
        select(Category.name, func.sum(Expense.amount))
        .join(Category.expenses)
        .where(Category.user_id == user_id)
        .group_by(Category.id, Category.name)
        .order_by(Category.name)
    ).all()


def main() -> None:
    engine = create_database_engine("sqlite://")  # in memory, gone with the program
    Base.metadata.create_all(engine)
    with transaction(engine) as session:
        ann = User(email="ann@example.org")
        session.add(ann)
        session.flush()
        food = Category(user_id=ann.id, name="Food")
        food.expenses = [
            Expense(user_id=ann.id, description="Lunch", amount=Decimal("12.50")),
            Expense(user_id=ann.id, description="Apples", amount=Decimal("3.10")),
        ]
        session.add(food)
        user_id = ann.id
    with transaction(engine, read_only=True) as session:
        for name, spent in spending_by_category(session, user_id):
            print(name, spent)
    engine.dispose()


if __name__ == "__main__":
    main()
