"""What a network costs: how often a unit of work waits for an answer of the server, counted where it passes.

A ping of the pooled connection, BEGIN, the limits of the transaction and COMMIT are four; what the work asks comes on
top. The stand-in for Neon counts, so nothing that a driver sends by itself is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session

from budget import schema
from budget.budgets import set_budget, transfer_budget
from budget.categories import add_category
from budget.expenses import NewExpense, add_expenses
from budget.listing import Wanted, list_expenses
from budget.merchants import make_merchants
from budget.models import Expense, User
from budget.periods import read_month, read_year
from budget.reporting import make_report
from budget.trend import make_trend
from budget.users import find_or_create_user
from database import create_database_engine, transaction
from like_neon import LikeNeon

pytestmark = pytest.mark.slow

EMPTY = 4
DAY = date(2024, 1, 2)
JANUARY, YEAR = read_month("2024-01"), read_year("2024")


@dataclass(frozen=True)
class Books:
    neon: LikeNeon
    engine: Engine
    user: User
    food: int  # a category

    def round_trips(self, work: Callable[[Session], Any], **options: Any) -> int:
        before = self.neon.round_trips
        with transaction(self.engine, **options) as session:
            work(session)
        return self.neon.round_trips - before

    def expense(self, number: int) -> Expense:
        return Expense(
            user_id=self.user.id,
            category_id=self.food,
            amount=Decimal(5),
            description=f"Lunch {number}",
            spent_on=DAY,
            fingerprint=f"{number:032x}",
        )

    def add(self, first: int, count: int) -> None:
        with transaction(self.engine) as session:
            session.add_all(map(self.expense, range(first, first + count)))


@pytest.fixture
def books(pooled_neon: LikeNeon) -> Iterator[Books]:
    direct = create_database_engine(pooled_neon.direct_url)
    schema.upgrade(direct)
    direct.dispose()
    engine = create_database_engine(pooled_neon.url)
    with transaction(engine) as session:
        user = find_or_create_user(session, "ann@example.org")
        food = add_category(session, user, "Food")
        add_category(session, user, "Fun")
        set_budget(session, user, food, DAY, Decimal(100))
        food_id = food.id
    yield Books(pooled_neon, engine, user, food_id)
    with transaction(engine) as session:
        session.delete(session.get_one(User, user.id))
    engine.dispose()


def nothing(_session: Session) -> None:
    pass


def test_a_single_add_is_five(books: Books) -> None:
    assert books.round_trips(lambda session: session.add(books.expense(1))) == EMPTY + 1


def test_a_read_only_block_and_a_stricter_isolation_cost_nothing_more(books: Books) -> None:
    assert books.round_trips(nothing) == EMPTY
    assert books.round_trips(nothing, read_only=True) == EMPTY
    assert books.round_trips(nothing, isolation_level="SERIALIZABLE", statement_timeout=1) == EMPTY
    assert books.round_trips(nothing) == EMPTY


def test_the_options_of_sqlalchemy_cost_one_more_at_each_checkout(books: Books) -> None:
    engine = create_engine(books.engine.url, pool_pre_ping=True)

    def round_trips(**options: Any) -> int:
        before = books.neon.round_trips
        with engine.connect().execution_options(**options) as connection, connection.begin():
            connection.execute(text("SELECT 1"))
        return books.neon.round_trips - before

    round_trips()  # opens the connection
    plain = round_trips()
    for options in ({"postgresql_readonly": True}, {"isolation_level": "SERIALIZABLE"}):
        assert [round_trips(**options) for _ in range(3)][-1] > plain
    engine.dispose()


def test_two_hundred_changed_rows_are_six(books: Books) -> None:
    books.add(0, 200)

    def change(session: Session) -> None:
        for expense in session.scalars(select(Expense)):
            expense.amount += 1

    assert books.round_trips(change) == EMPTY + 2


def test_a_page_and_a_report_are_one_query_whatever_the_rows(books: Books) -> None:
    reads: list[Callable[[Session], Any]] = [
        lambda session: list_expenses(session, books.user, Wanted(), 20),
        lambda session: make_report(session, books.user, JANUARY),
        lambda session: make_report(session, books.user, YEAR),
        lambda session: make_trend(session, books.user, YEAR, DAY),
        lambda session: make_merchants(session, books.user, JANUARY),
    ]
    for first, count in ((0, 3), (3, 500)):
        books.add(first, count)
        assert [books.round_trips(read, read_only=True) for read in reads] == [EMPTY + 1] * len(reads)


def test_the_application_adds_and_transfers_in_a_few(books: Books) -> None:
    lunch = NewExpense(Decimal(5), "Food", "Lunch", DAY, "lunch")
    assert books.round_trips(lambda session: add_expenses(session, books.user, [lunch])) == EMPTY + 4
    assert (
        books.round_trips(
            lambda session: transfer_budget(session, books.user, DAY, ("Food", "Fun"), Decimal(1), "transfer")
        )
        == EMPTY + 7
    )
