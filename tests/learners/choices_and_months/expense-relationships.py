"""Expenses that have one owner only: their category's. A month at a time."""

from __future__ import annotations

import datetime

from sqlalchemy import CheckConstraint, ForeignKey, create_engine, extract, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(CheckConstraint("email LIKE '%@%'"))
    categories: Mapped[list[Category]] = relationship(back_populates="owner")


class Category(Base):
    __tablename__ = "kinds"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    owner: Mapped[User] = relationship(back_populates="categories")
    expenses: Mapped[list[Expense]] = relationship(back_populates="category", passive_deletes="all")


class Expense(Base):
    __tablename__ = "bills"
    id: Mapped[int] = mapped_column(primary_key=True)
    cents: Mapped[int]
    day: Mapped[datetime.date]
    category_id: Mapped[int] = mapped_column(ForeignKey("kinds.id"))
    category: Mapped[Category] = relationship(back_populates="expenses")


def spending_by_category(session: Session, owner: User, year: int, month: int) -> list[dict[str, object]]:
    query = select(Category).where(Category.owner_id == owner.id).options(selectinload(Category.expenses))
    return [
        {
            "category": category.name,
            "cents": sum(e.cents for e in category.expenses if (e.day.year, e.day.month) == (year, month)),
        }
        for category in session.scalars(query)
    ]


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        ann = User(email="ann@example.org", categories=[Category(name="Food")])
        session.add(ann)
        session.commit()
        print(spending_by_category(session, ann, 2026, 3))
