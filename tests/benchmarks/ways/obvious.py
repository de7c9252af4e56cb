"""SQLAlchemy as it is written first: objects one by one, .all(), sums in Python, OFFSET, lazy loads."""

import csv
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar, TextIO

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Integer, create_engine, event, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from benchmarks import books, names
from benchmarks.books import Row
from benchmarks.places import Place
from benchmarks.ways.way import PAGE, Listed, MonthSpent, Spent
from budget.periods import Period, month_after


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger().with_variant(Integer, "sqlite"), datetime: DateTime(timezone=True)}  # noqa: RUF012


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    categories: Mapped[list["Category"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    expenses: Mapped[list["Expense"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    budgets: Mapped[list["Budget"]] = relationship(cascade="all, delete-orphan")


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    user: Mapped[User] = relationship(back_populates="categories")
    expenses: Mapped[list["Expense"]] = relationship(back_populates="category")


class Expense(Base):
    __tablename__ = "expenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    amount: Mapped[int]
    description: Mapped[str]
    search_text: Mapped[str]
    account: Mapped[str]
    spent_on: Mapped[date] = mapped_column(Date)
    fingerprint: Mapped[str]
    created_at: Mapped[datetime]
    user: Mapped[User] = relationship(back_populates="expenses")
    category: Mapped[Category] = relationship(back_populates="expenses")


class Budget(Base):
    __tablename__ = "budgets"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    amount: Mapped[int]


class Obvious:
    NAME: ClassVar[str] = names.OBVIOUS

    def __init__(self, place: Place, **options: Any) -> None:
        self.place = place
        self.engine = create_engine(place.url.replace("postgresql://", "postgresql+psycopg2://"), **options)
        if place.server is None:
            event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))

    def close(self) -> None:
        self.engine.dispose()

    def load(self, rows: Iterable[Row]) -> None:
        with Session(self.engine) as session:
            session.add_all(map(as_object, rows))
            session.commit()

    def load_one_by_one(self, rows: Iterable[Row]) -> None:
        with Session(self.engine) as session:
            for row in rows:
                session.add(as_object(row))
                session.commit()

    def load_in_batches(self, rows: Iterable[Row]) -> None:
        """What replaces add_all: one insert() for a list of dictionaries."""
        with Session(self.engine) as session:
            for batch in books.batches(iter(rows)):
                session.execute(insert(Expense), list(map(as_values, batch)))
            session.commit()

    def month(self) -> list[Spent]:
        return self.report(books.MONTH)

    def year(self) -> list[Spent]:
        return self.report(books.YEAR)

    def report(self, period: Period) -> list[Spent]:
        with Session(self.engine) as session:
            lines = []
            for category in session.scalars(select(Category).where(Category.user_id == self.place.ann.id)).all():
                expenses = session.scalars(
                    select(Expense).where(
                        Expense.user_id == self.place.ann.id,
                        Expense.category_id == category.id,
                        Expense.spent_on >= period.first,
                        Expense.spent_on < period.next_first,
                    )
                ).all()
                budgets = session.scalars(
                    select(Budget).where(
                        Budget.user_id == self.place.ann.id,
                        Budget.category_id == category.id,
                        Budget.month >= period.first,
                        Budget.month < period.next_first,
                    )
                ).all()
                planned = sum(budget.amount for budget in budgets) if budgets else None
                lines.append(Spent(category.name, sum(expense.amount for expense in expenses), planned))
            return sorted(lines)

    def trend(self) -> list[MonthSpent]:
        lines = []
        with Session(self.engine) as session:
            for month in books.YEAR.months:
                expenses = session.scalars(
                    select(Expense).where(
                        Expense.user_id == self.place.ann.id,
                        Expense.spent_on >= month,
                        Expense.spent_on < month_after(month, 1),
                    )
                ).all()
                budgets = session.scalars(
                    select(Budget).where(Budget.user_id == self.place.ann.id, Budget.month == month)
                ).all()
                planned = sum(budget.amount for budget in budgets) if budgets else None
                lines.append(MonthSpent(month, sum(expense.amount for expense in expenses), planned))
        return lines

    def page(self, number: int) -> list[Listed]:
        return self.listed("", PAGE * (number - 1))

    def search(self, words: str) -> list[Listed]:
        return self.listed(words, 0)

    def listed(self, words: str, skipped: int) -> list[Listed]:
        with Session(self.engine) as session:
            expenses = session.scalars(
                select(Expense)
                .where(Expense.user_id == self.place.ann.id, Expense.search_text.contains(words))
                .order_by(Expense.spent_on.desc(), Expense.id.desc())
                .limit(PAGE)
                .offset(skipped)
            ).all()
            return [
                Listed(each.id, each.spent_on, each.amount, each.category.name, each.description, each.account)
                for each in expenses
            ]

    def export(self, stream: TextIO) -> int:
        writer = csv.writer(stream, lineterminator="\n")
        with Session(self.engine) as session:
            expenses = session.scalars(
                select(Expense).where(Expense.user_id == self.place.ann.id).order_by(Expense.spent_on, Expense.id)
            ).all()
            for each in expenses:
                amount = f"{each.amount // 100}.{each.amount % 100:02}"
                writer.writerow(
                    (each.spent_on, each.description, each.category.name, amount, each.account, each.fingerprint)
                )
            return len(expenses)

    def delete_user(self) -> None:
        with Session(self.engine) as session:
            session.delete(session.get_one(User, self.place.ann.id))
            session.commit()


def as_object(row: Row) -> Expense:
    return Expense(**as_values(row))


def as_values(row: Row) -> dict[str, Any]:
    return row._asdict() | {"created_at": datetime.fromisoformat(row.created_at)}
