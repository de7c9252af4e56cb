"""Lesson 4, relationships: users, categories and expenses that belong together, loaded, counted and deleted together.

Run it; without DATABASE_URL it works in a SQLite file that is gone afterwards:

    python expense-relationships.py

It makes the tables users, categories and expenses, refuses to start where there is one, and takes them away at the end.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2", "psycopg2-binary>=2.9.13,<2.10", "python-dotenv>=1.2.4,<2"]
# ///

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from sqlalchemy import (
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Row,
    String,
    UniqueConstraint,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import Mapped, Session, lazyload, mapped_column, relationship, selectinload

from database import Base, create_database_engine, transaction

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)

    # lazy="raise": a query says what it loads. passive_deletes: what a deletion means is the schema's to say.
    categories: Mapped[list["Category"]] = relationship(
        back_populates="user", order_by="Category.name", lazy="raise", passive_deletes="all"
    )


class Category(Base):
    __tablename__ = "categories"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        UniqueConstraint("user_id", "id"),  # what the expenses point to
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(50))

    user: Mapped[User] = relationship(back_populates="categories", lazy="raise")
    expenses: Mapped[list["Expense"]] = relationship(
        back_populates="category", order_by="Expense.id", lazy="raise", passive_deletes="all"
    )


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (
        # The owner is part of the key: no expense of Ben's in a category of Ann's.
        ForeignKeyConstraint(["user_id", "category_id"], ["categories.user_id", "categories.id"]),
        Index(None, "user_id", "category_id"),  # a foreign key brings no index
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    category_id: Mapped[int]
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal]
    spent_on: Mapped[date]

    category: Mapped[Category] = relationship(back_populates="expenses", lazy="raise")


def add_household(session: Session) -> tuple[User, User]:
    """Two users who both have a category Food; nothing was spent on Ann's Travel."""
    ann, ben = User(email="ann@example.org"), User(email="ben@example.org")
    food, home, bus, _ = ann.categories = [Category(name=name) for name in ("Food", "Home", "Transport", "Travel")]
    food.expenses = [
        Expense(description="Groceries", amount=Decimal("54.20"), spent_on=date(2026, 3, 2)),
        Expense(description="Lunch", amount=Decimal("12.50"), spent_on=date(2026, 3, 3)),
    ]
    home.expenses = [Expense(description="Rent", amount=Decimal("950.00"), spent_on=date(2026, 3, 1))]
    bus.expenses = [Expense(description="Bus", amount=Decimal("2.40"), spent_on=date(2026, 3, 3))]
    bens_food = Category(name="Food", user=ben)  # the other side of the same relationship
    bens_food.expenses = [Expense(description="Pizza", amount=Decimal("9.80"), spent_on=date(2026, 3, 4))]
    session.add_all([ann, ben])
    session.flush()  # fills in every user_id and category_id, parents first
    return ann, ben


def spending_by_category(session: Session, user_id: int, start: date, end: date) -> Sequence[Row[str, int, Decimal]]:
    """Name, number and sum of the expenses from `start` to before `end`; a category without any has 0 and 0.00."""
    of_the_time = (Category.id == Expense.category_id) & (Expense.spent_on >= start) & (Expense.spent_on < end)
    return session.execute(
        select(Category.name, func.count(Expense.id), func.coalesce(func.sum(Expense.amount), 0))
        .outerjoin(Expense, of_the_time)
        .where(Category.user_id == user_id)
        .group_by(Category.id, Category.name)
        .order_by(Category.name)
    ).all()


# --- Wrong, then right ------------------------------------------------------------------------------------------------


def show_foreign_keys(engine: Engine, ann: User, ben: User) -> None:
    print("1. Foreign keys")
    food = ann.categories[0]
    lost = Expense(user_id=ann.id, category_id=food.id + 1000, description="?", amount=Decimal("1.00"), spent_on=MARCH)
    assert is_refused(engine, lambda session: session.add(lost))
    print("   a category that does not exist:  refused")
    bens = Expense(user_id=ben.id, category_id=food.id, description="?", amount=Decimal("1.00"), spent_on=MARCH)
    assert is_refused(engine, lambda session: session.add(bens))
    print("   Ben's expense in Ann's Food:     refused")


def show_loading(engine: Engine, ann: User) -> None:
    print("2. Ann's four categories, with their expenses")
    of_ann = select(Category).where(Category.user_id == ann.id)
    with transaction(engine, read_only=True) as session, counted_selects(engine) as selects:
        for category in session.scalars(of_ann.options(lazyload(Category.expenses))).all():
            assert category.expenses is not None  # each of them asks the database once more
    print(f"   lazy loading:  {len(selects)} SELECTs")
    assert len(selects) == 1 + 4

    with transaction(engine, read_only=True) as session:
        food = session.scalars(of_ann).all()[0]
        try:
            raise AssertionError(food.expenses)
        except InvalidRequestError:
            print('   lazy="raise":  an error instead of one more SELECT for each category')

    with transaction(engine, read_only=True) as session, counted_selects(engine) as selects:
        categories = session.scalars(of_ann.options(selectinload(Category.expenses))).all()
        assert sum(len(category.expenses) for category in categories) == 4
    print(f"   selectinload:  {len(selects)} SELECTs")
    assert len(selects) == 2


def show_counting(engine: Engine, ann: User) -> None:
    print("3. How many expenses Ann had in March")
    count_rows = select(Category.name, func.count()).outerjoin(Expense).where(Category.user_id == ann.id)
    by_name = count_rows.group_by(Category.id, Category.name).order_by(Category.name)
    with transaction(engine, read_only=True) as session:
        all_rows = session.execute(by_name).all()
        month_in_where = session.execute(by_name.where(Expense.spent_on >= MARCH, Expense.spent_on < APRIL)).all()
        right = spending_by_category(session, ann.id, MARCH, APRIL)
    print("   count(*):        ", ", ".join(f"{name} {count}" for name, count in all_rows))
    print("   month in WHERE:  ", ", ".join(f"{name} {count}" for name, count in month_in_where))
    print("   count(id), in ON:", ", ".join(f"{name} {count}" for name, count, _ in right))
    print("   and the sums:    ", ", ".join(f"{name} {amount}" for name, _, amount in right))
    assert all_rows[-1] == ("Travel", 1)  # the outer join's empty row
    assert month_in_where[-1][0] == "Transport"
    assert right[-1] == ("Travel", 0, Decimal("0.00"))


def show_deleting(engine: Engine, ann: User, ben: User) -> None:
    print("4. Deleting")
    food = ann.categories[0]
    assert is_refused(engine, lambda session: session.delete(session.get_one(Category, food.id)))
    print("   the category Food:  refused, it has expenses")
    with transaction(engine) as session:
        session.delete(session.get_one(User, ben.id))
    with transaction(engine, read_only=True) as session:
        left = session.execute(select(User.email, func.count(Expense.id)).outerjoin(Expense).group_by(User.email)).all()
    print(f"   the user Ben:       gone with all that was his; {left[0][0]} still has {left[0][1]} expenses")
    assert left == [("ann@example.org", 4)]


def is_refused(engine: Engine, work: Callable[[Session], object]) -> bool:
    try:
        with transaction(engine) as session:
            work(session)
    except IntegrityError:
        return True
    return False


@contextmanager
def counted_selects(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


# --- A database to try it in ------------------------------------------------------------------------------------------


@contextmanager
def empty_tables() -> Iterator[Engine]:
    """An engine with the tables, which are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_database_engine(os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/lesson.db")
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
    python ../scripts/local_postgres.py -- python expense-relationships.py"""


def main() -> None:
    with empty_tables() as engine:
        with transaction(engine) as session:
            ann, ben = add_household(session)
        show_foreign_keys(engine, ann, ben)
        show_loading(engine, ann)
        show_counting(engine, ann)
        show_deleting(engine, ann, ben)


if __name__ == "__main__":
    main()
