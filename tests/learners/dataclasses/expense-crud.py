import datetime as dt
import os
from decimal import Decimal
from typing import Optional

from sqlalchemy import ForeignKey, Integer, create_engine, select, types
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, relationship


class Euro(types.TypeDecorator):
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else int(Decimal(value) * 100)

    def process_result_value(self, value, dialect):
        return None if value is None else Decimal(value) / Decimal(100)


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "category"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    title: Mapped[str] = mapped_column(unique=True)


class Expense(Base):
    __tablename__ = "expense"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    price: Mapped[Decimal] = mapped_column(Euro)
    title: Mapped[str]
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), init=False)
    category: Mapped[Category] = relationship()
    day: Mapped[dt.date] = mapped_column(default_factory=dt.date.today)


def create_expense(session: Session, category: Category, title: str, price: Decimal):
    expense = Expense(price=price, title=title, category=category)
    session.add(expense)
    return expense


def read_expenses(session: Session, category: Optional[Category] = None, max_price: Optional[Decimal] = None):
    query = select(Expense)
    if category is not None:
        query = query.where(Expense.category == category)
    if max_price is not None:
        query = query.where(Expense.price <= max_price)
    yield from session.scalars(query)


def update_expense(session: Session, expense: Expense, *, price: Decimal = None, title: str = None):
    if price is not None:
        expense.price = price
    if title is not None:
        expense.title = title


def delete_expense(session: Session, expense: Expense):
    session.delete(expense)


if __name__ == "__main__":
    engine = create_engine(os.getenv("DATABASE_URL") or "sqlite:///:memory:")
    Base.metadata.create_all(engine)
    with Session(engine) as s:
        create_expense(s, Category(title="Food"), "Coffee", Decimal("1.10"))
        s.commit()
        print([e.title for e in read_expenses(s)])
