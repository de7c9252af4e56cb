"""The reports of the budget tracker: what they add up, how they look, and that both databases give the same bytes."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from budget.bank import ReadingOptions, open_bank_file
from budget.changes import Changes, comparable_periods, make_changes
from budget.errors import BudgetError
from budget.importing import import_expenses
from budget.merchants import Merchants, make_merchants, without_references
from budget.models import Budget, Category, Expense, User
from budget.periods import Period, month_after, name_of, read_month, read_year
from budget.plotting import plot_report, plot_trend, shown_lines
from budget.reporting import Line, Report, Tabular, days_with_expenses, make_report, write_csv, write_json
from budget.terminal import bar, print_changes, print_merchants, print_report, print_trend
from budget.trend import MonthLine, Trend, make_trend, twelve_months
from budget.users import find_or_create_user, find_user
from database import create_database_engine, transaction
from tracker import SAMPLE

ANN, BOB = "ann@example.com", "bob@example.com"
LONG_AGO = date(2000, 1, 1)
numbers = count()


class Books:
    """The books of some users in one database: what one session has written, another one reads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def spend(self, *purchases: str, email: str = ANN) -> None:
        """`2024-01-31 Food 12.50 What it was`: the category is made where it is new."""
        with transaction(self.engine) as session:
            user = find_or_create_user(session, email)
            for purchase in purchases:
                day, category, amount, *description = purchase.split(" ", 3)
                expense = Expense(
                    user_id=user.id,
                    category_id=self._category(session, user, category),
                    amount=Decimal(amount),
                    description="".join(description),
                    spent_on=date.fromisoformat(day),
                    fingerprint=f"test {next(numbers)}",
                )
                session.add(expense)

    def plan(self, *budgets: str, email: str = ANN) -> None:
        """`2024-01 Food 400`."""
        with transaction(self.engine) as session:
            user = find_or_create_user(session, email)
            for month, category, amount in map(str.split, budgets):
                category_id = self._category(session, user, category)
                first = date.fromisoformat(f"{month}-01")
                session.add(Budget(user_id=user.id, category_id=category_id, month=first, amount=Decimal(amount)))

    def _category(self, session: Session, user: User, name: str) -> int:
        found = session.scalar(select(Category).where(Category.user_id == user.id, Category.name == name))
        if found is None:
            found = Category(user_id=user.id, name=name)
            session.add(found)
            session.flush()
        return found.id

    def read(self, make: Callable[..., Any], *arguments: Any, email: str = ANN) -> Any:
        with transaction(self.engine, read_only=True) as session:
            return make(session, find_user(session, email), *arguments)

    def month(self, month: str, today: date = LONG_AGO) -> Report:
        report: Report = self.read(make_report, read_month(month), today)
        return report

    def trend(self, last: str, today: date = date(2100, 1, 1), category: str | None = None) -> Trend:
        def make(session: Session, user: User) -> Trend:
            mine = select(Category).where(Category.user_id == user.id)
            only = session.scalars(mine.where(Category.name == category)).one() if category else None
            return make_trend(session, user, twelve_months(read_month(last)), today, only)

        trend: Trend = self.read(make)
        return trend

    def merchants(self, period: Period, top: int = 10) -> Merchants:
        merchants: Merchants = self.read(make_merchants, period, top)
        return merchants

    def changes(self, period: Period, today: date = LONG_AGO, top: int = 10) -> Changes:
        changes: Changes = self.read(make_changes, period, today, top)
        return changes


@contextmanager
def books_in(url: str) -> Iterator[Books]:
    engine = create_database_engine(url)
    yield Books(engine)
    engine.dispose()


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    with books_in(migrated_url) as books:
        yield books


@pytest.fixture
def sqlite_books(migrated_sqlite_url: str) -> Iterator[Books]:
    with books_in(migrated_sqlite_url) as books:
        yield books


def printed(show: Callable[[Console, Any], None], report: Tabular, width: int = 80, encoding: str = "utf-8") -> str:
    """What a terminal of this width and encoding would get."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="\n")
    show(Console(file=stream, width=width, highlight=False, markup=False, emoji=False), report)
    stream.flush()
    written: bytes = stream.buffer.getvalue()
    return written.decode(encoding)


def as_json(report: Tabular) -> Any:
    stream = io.StringIO()
    write_json(report, stream)
    return json.loads(stream.getvalue())


def as_csv(report: Tabular) -> list[str]:
    stream = io.StringIO()
    write_csv(report, stream)
    return stream.getvalue().splitlines()


# --- The month, and what is left of it


def test_what_is_left_is_told_for_each_day_to_come_and_today_is_one_of_them(books: Books) -> None:
    books.plan("2024-02 Food 400", "2024-02 Fun 100")
    books.spend("2024-02-01 Food 250.00", "2024-02-29 Fun 20.00", "2024-01-31 Food 99.00", "2024-03-01 Food 99.00")
    report = books.month("2024-02", date(2024, 2, 14))
    assert (report.days_left, report.left_per_day) == (16, Decimal("14.37"))  # 230.00 / 16 = 14.375
    assert "Left: 230.00 of 500.00, 14.37 a day for the 16 days to come" in printed(print_report, report)
    assert as_json(report)["days_left"] == 16
    assert as_json(report)["left_per_day"] == "14.37"


def test_only_the_running_month_has_days_to_come(books: Books) -> None:
    books.plan("2024-02 Food 290")
    expected = {"2024-01-31": None, "2024-02-01": 29, "2024-02-28": 2, "2024-02-29": 1, "2024-03-01": None}
    for today, days_left in expected.items():
        report = books.month("2024-02", date.fromisoformat(today))
        assert report.days_left == days_left
        assert (report.left_per_day is None) == (days_left is None)
        assert ("Left:" in printed(print_report, report)) == (days_left is not None)


def test_the_last_day_of_the_month_is_named(books: Books) -> None:
    books.plan("2024-12 Food 30")
    report = books.month("2024-12", date(2024, 12, 31))
    assert "Left: 30.00 of 30.00 for today, the last day of the month" in printed(print_report, report)


def test_a_year_has_no_days_to_come(books: Books) -> None:
    books.plan("2024-12 Food 30")
    report = books.read(make_report, read_year("2024"), date(2024, 12, 1))
    assert as_json(report)["days_left"] is as_json(report)["left_per_day"] is None
    assert "Left:" not in printed(print_report, report)


def test_spending_without_a_budget_takes_nothing_from_the_budgets_of_others(books: Books) -> None:
    books.plan("2024-02 Food 100")
    books.spend("2024-02-01 Food 42.00", "2024-02-01 Car 900.00")
    report = books.month("2024-02", date(2024, 2, 1))
    assert report.left_per_day == Decimal("2.00")
    shown = printed(print_report, report)
    assert "Left: 58.00 of 100.00, 2.00 a day for the 29 days to come" in shown
    assert "Spent without a budget, and not taken from another one: 900.00" in shown


def test_who_is_over_the_budget_reads_it_in_plain_words(books: Books) -> None:
    books.plan("2024-02 Food 100")
    books.spend("2024-02-01 Food 100.00")
    shown = printed(print_report, books.month("2024-02", date(2024, 2, 20)))
    assert "Nothing is left of 100.00 for the 10 days to come" in shown
    books.spend("2024-02-01 Food 20.01")
    report = books.month("2024-02", date(2024, 2, 20))
    assert "Over the budget of 100.00 by 20.01: nothing is left for the 10 days to come" in printed(
        print_report, report
    )
    assert as_json(report)["left_per_day"] == "0.00"


def test_without_budgets_nothing_is_said_of_budgets(books: Books) -> None:
    books.spend("2024-02-01 Food 20.00")
    report = books.month("2024-02", date(2024, 2, 20))
    assert as_json(report)["days_left"] == 10
    assert as_json(report)["left_per_day"] is None
    shown = printed(print_report, report)
    assert "udget" not in shown
    assert f"\n Food       20.00   {'█' * 24} \n" in shown


def test_a_budget_without_spending_and_spending_without_a_budget_are_both_there(books: Books) -> None:
    books.plan("2024-02 Food 100", "2024-02 Free 0")
    books.spend("2024-02-29 Car 7.00")
    assert as_csv(books.month("2024-02")) == [
        "category,spent,budget,left",
        "Car,7.00,,",
        "Food,0.00,100.00,100.00",
        "Free,0.00,0.00,0.00",
    ]


def test_a_months_first_and_last_day_belong_to_it_and_a_year_is_its_months(books: Books) -> None:
    days = ["2023-12-31", "2024-01-01", "2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01", "2024-12-31"]
    books.spend(*(f"{day} Bus 1.00" for day in [*days, "2025-01-01"]))
    books.plan("2023-12 Bus 1", "2024-01 Bus 2", "2024-12 Bus 4", "2025-01 Bus 8")
    assert [books.month(month).expenses for month in ("2024-01", "2024-02", "2024-12")] == [2, 2, 1]
    assert as_csv(books.read(make_report, read_year("2024")))[1:] == ["Bus,6.00,6.00,0.00"]


def test_categories_of_equal_spending_are_in_the_order_of_the_alphabet(books: Books) -> None:
    books.spend(*(f"2024-01-01 {name} 1.00" for name in ("Zoo", "Art", "Écu", "Music")))
    assert [line.category for line in books.month("2024-01").lines] == ["Art", "Music", "Zoo", "Écu"]


# --- The trend


def test_the_trend_has_each_month_also_one_without_anything(books: Books) -> None:
    books.plan("2024-01 Food 10", "2024-01 Fun 5", "2024-03 Food 20")
    books.spend("2023-12-31 Food 1.00", "2024-01-01 Food 2.00", "2024-01-31 Fun 4.00", "2024-02-29 Food 8.00")
    books.spend("2023-01-31 Food 16.00", "2023-02-01 Food 32.00", "2024-02-01 Food 64.00")
    trend = books.trend("2024-01")
    assert [line.month for line in trend.lines] == [
        *(f"2023-{month:02}" for month in range(2, 13)),
        "2024-01",
    ]
    assert as_csv(trend)[1:3] == ["2023-02,32.00,,", "2023-03,0.00,,"]
    assert as_csv(trend)[-2:] == ["2023-12,1.00,,", "2024-01,6.00,15.00,9.00"]
    assert as_csv(books.trend("2024-03"))[-2:] == ["2024-02,72.00,,", "2024-03,0.00,20.00,20.00"]


def test_the_trend_of_one_category_leaves_the_others_out(books: Books) -> None:
    books.plan("2024-01 Food 10", "2024-01 Fun 5")
    books.spend("2024-01-01 Food 2.00", "2024-01-31 Fun 4.00")
    trend = books.trend("2024-01", category="Fun")
    assert as_csv(trend)[-1] == "2024-01,4.00,5.00,1.00"
    assert as_json(trend)["category"] == "Fun"
    assert as_json(trend)["total"] == {"spent": "4.00", "budget": "5.00", "left": "1.00", "without_budget": "0.00"}
    assert printed(print_trend, trend).startswith("Fun, February 2023 to January 2024")


def test_the_average_counts_whole_months_since_the_first_expense(books: Books) -> None:
    books.spend("2024-01-31 Food 100.00", "2024-03-01 Food 0.01", "2024-04-01 Food 800.00", "2024-03-02 Fun 3.00")
    trend = books.trend("2024-06", date(2024, 4, 30))
    assert [line.month for line in trend.averaged] == ["2024-01", "2024-02", "2024-03"]
    assert trend.average == Decimal("34.34")  # 103.01 / 3 = 34.3366...
    assert books.trend("2024-06", date(2024, 5, 1)).average == Decimal("225.75")  # 903.01 / 4 = 225.7525
    assert books.trend("2024-06", date(2024, 4, 30), "Fun").average == Decimal("1.00")  # the other months count as well
    assert "On average 34.34 a month, over 3 whole months" in printed(print_trend, trend)


def test_in_the_first_month_there_is_no_average_yet(books: Books) -> None:
    books.spend("2024-01-31 Food 100.00")
    trend = books.trend("2024-01", date(2024, 1, 31))
    assert as_json(trend)["average"] is None
    assert "average" not in printed(print_trend, trend)


def test_what_is_spent_without_a_budget_takes_nothing_from_another_one_in_any_report(books: Books) -> None:
    books.spend("2025-01-05 Food 30", "2025-01-06 Pets 500", "2025-02-07 Food 45", "2025-03-08 Pets 7")
    books.plan("2025-01 Food 100", "2025-02 Food 40", "2025-03 Travel 20")
    trend = books.trend("2025-03")
    assert [line.left for line in trend.lines[-3:]] == [Decimal(70), Decimal(-5), Decimal(20)]
    assert trend.total.left == Decimal(85)
    assert [books.month(f"2025-0{number}").total.left for number in (1, 2, 3)] == [
        line.left for line in trend.lines[-3:]
    ]
    assert books.trend("2025-03", category="Pets").total.left is None
    year: Report = books.read(make_report, read_year("2025"))
    assert (year.total.left, year.total.without_budget) == (Decimal(85), Decimal(507))


def test_a_year_is_a_trend_of_its_own_months() -> None:
    assert twelve_months(read_year("2024")) == read_year("2024")
    period = twelve_months(read_month("2024-02"))
    assert (period.label, period.first, period.next_first) == (
        "2023-03 to 2024-02",
        date(2023, 3, 1),
        date(2024, 3, 1),
    )


# --- The merchants


@pytest.mark.parametrize(
    ("description", "merchant"),
    [
        ("rewe sagt danke 1231", "rewe sagt danke"),
        ("rewe sagt danke 4411 //berlin", "rewe sagt danke"),
        ("rewe sagt danke. 44112345//berlin/de", "rewe sagt danke"),
        ("amzn mktp us*2k4l81zp3", "amzn mktp us"),
        ("paypal *spotify 35314369001", "paypal spotify"),
        ("shell #0042, 2024-01-31 10:07", "shell"),
        ("7-eleven 33120", "7-eleven"),
        ("1&1 telecom 4711", "1&1 telecom"),
        ("https://shop.example/9", "https://shop.example/9"),
        ('bar "zum anker"', "bar zum anker"),
        ("4711", "4711"),
        ("//berlin", "//berlin"),
        ("***", "***"),
        ("", ""),
    ],
)
def test_a_merchant_is_the_description_without_what_changes(description: str, merchant: str) -> None:
    assert without_references(description) == merchant


def test_purchases_of_one_merchant_are_one_line_with_its_commonest_spelling(books: Books) -> None:
    books.spend(
        "2024-01-01 Food 10.00 REWE SAGT DANKE 1231",
        "2024-01-31 Fun 5.50 Rewe sagt Danke 4411 //BERLIN",
        "2024-01-15 Food 0.50 Rewe sagt Danke 9",
        "2024-01-15 Food 4.00 Cloud storage 200 GB",
        "2024-01-16 Food 4.00 Cloud storage 200 GB",
        "2023-12-31 Food 99.00 Rewe sagt Danke 9",
        "2024-02-01 Food 99.00 Rewe sagt Danke 9",
    )
    assert as_csv(books.merchants(read_month("2024-01"))) == [
        "name,purchases,spent,percent",
        "Rewe sagt Danke,3,16.00,66.7",
        "Cloud storage 200 GB,2,8.00,33.3",
    ]


def test_of_two_equally_common_spellings_the_first_in_the_alphabet_is_shown(books: Books) -> None:
    books.spend("2024-01-01 Food 1.00 éclair 1", "2024-01-01 Food 1.00 ÉCLAIR 2", "2024-01-01 Food 1.00 Éclair 3")
    assert [each.name for each in books.merchants(read_month("2024-01")).lines] == ["ÉCLAIR"]


def test_what_is_not_among_the_largest_is_one_line(books: Books) -> None:
    books.spend(*(f"2024-01-01 Food {amount}.00 {name}" for amount, name in enumerate("zyxwv", 1)))
    report = books.merchants(read_month("2024-01"), top=3)
    assert [each.name for each in report.lines] == ["v", "w", "x"]
    assert as_json(report)["others"] == {"merchants": 2, "purchases": 2, "spent": "3.00", "percent": "20.0"}
    assert as_json(report)["total"] == {"merchants": 5, "purchases": 5, "spent": "15.00", "percent": "100.0"}
    shown = printed(print_merchants, report).splitlines()
    assert any(line.split() == ["2", "others", "2", "3.00", "20.0%"] for line in shown)
    assert "other" not in printed(print_merchants, books.merchants(read_month("2024-01"), top=5))


def test_merchants_of_equal_sums_are_in_the_order_of_the_alphabet(books: Books) -> None:
    books.spend(*(f"2024-01-01 Food 1.00 {name}" for name in ("zoo", "Art", "music", "Écu", "Tea")))
    names = [each.name for each in books.merchants(read_month("2024-01")).lines]
    assert names == ["Art", "Tea", "music", "zoo", "Écu"]  # capitals first: no database's own alphabet


def test_an_expense_without_a_description_is_shown_as_such(books: Books) -> None:
    books.spend("2024-01-01 Food 1.00")
    report = books.merchants(read_month("2024-01"))
    assert as_json(report)["merchants"][0]["name"] == ""
    assert "(no description)" in printed(print_merchants, report)


# --- The changes


@pytest.mark.parametrize(
    ("period", "today", "days", "days_before"),
    [
        ("2024-03", "2024-04-01", ("2024-03-01", "2024-04-01"), ("2024-02-01", "2024-03-01")),
        ("2024-03", "2024-02-29", ("2024-03-01", "2024-04-01"), ("2024-02-01", "2024-03-01")),
        ("2024-03", "2024-03-01", ("2024-03-01", "2024-03-02"), ("2024-02-01", "2024-02-02")),
        ("2024-03", "2024-03-29", ("2024-03-01", "2024-03-30"), ("2024-02-01", "2024-03-01")),
        ("2023-03", "2023-03-31", ("2023-03-01", "2023-04-01"), ("2023-02-01", "2023-03-01")),
        ("2024-01", "2024-01-22", ("2024-01-01", "2024-01-23"), ("2023-12-01", "2023-12-23")),
        ("2024-02", "2024-02-29", ("2024-02-01", "2024-03-01"), ("2024-01-01", "2024-01-30")),
        ("2024", "2025-01-01", ("2024-01-01", "2025-01-01"), ("2023-01-01", "2024-01-01")),
        ("2024", "2024-02-29", ("2024-01-01", "2024-03-01"), ("2023-01-01", "2023-03-01")),
        ("2025", "2025-02-28", ("2025-01-01", "2025-03-01"), ("2024-01-01", "2024-02-29")),
        ("2024", "2024-12-31", ("2024-01-01", "2025-01-01"), ("2023-01-01", "2024-01-01")),
    ],
)
def test_a_running_period_is_compared_with_the_same_days(
    period: str, today: str, days: tuple[str, str], days_before: tuple[str, str]
) -> None:
    whole = read_month(period) if "-" in period else read_year(period)
    found = comparable_periods(whole, date.fromisoformat(today))
    assert [(str(each.first), str(each.next_first)) for each in found] == [days, days_before]


def test_the_largest_change_comes_first_whether_more_or_less(books: Books) -> None:
    books.spend("2023-12-31 Food 50.00", "2023-12-01 Fun 10.00", "2023-12-01 Rent 900.00", "2023-11-30 Food 77.00")
    books.spend("2024-01-01 Food 20.00", "2024-01-31 Fun 35.00", "2024-01-31 Rent 900.00", "2024-02-01 Food 77.00")
    books.spend("2024-01-31 Books 25.00")
    report = books.changes(read_month("2024-01"))
    assert as_csv(report) == [
        "category,before,now,change",
        "Food,50.00,20.00,-30.00",
        "Books,0.00,25.00,25.00",
        "Fun,10.00,35.00,25.00",
    ]
    assert as_json(report)["total"] == {"before": "960.00", "now": "980.00", "change": "20.00"}
    assert as_json(report)["days_before"] == {"first": "2023-12-01", "last": "2023-12-31"}
    shown = printed(print_changes, report)
    assert shown.startswith("January 2024 against December 2023")
    assert "-30.00" in shown
    assert "+25.00" in shown


def test_of_a_running_month_the_days_to_come_count_on_neither_side(books: Books) -> None:
    books.spend("2024-01-10 Food 1.00", "2024-01-11 Food 2.00", "2024-02-10 Food 4.00", "2024-02-11 Food 8.00")
    report = books.changes(read_month("2024-02"), date(2024, 2, 10))
    assert as_csv(report)[1:] == ["Food,1.00,4.00,3.00"]
    assert as_json(report)["days"] == {"first": "2024-02-01", "last": "2024-02-10"}
    assert printed(print_changes, report).startswith("1 to 10 February 2024 against 1 to 10 January 2024")


def test_changes_that_are_not_among_the_largest_are_one_line(books: Books) -> None:
    books.spend(*(f"2024-01-01 {name} {amount}.00" for amount, name in enumerate("ABCD", 1)), "2023-12-01 A 9.00")
    report = books.changes(read_month("2024-01"), top=2)
    assert [line.category for line in report.lines] == ["A", "D"]
    assert as_json(report)["others"] == {"categories": 2, "before": "0.00", "now": "5.00", "change": "5.00"}
    shown = printed(print_changes, report).splitlines()
    assert any(line.split() == ["2", "others", "0.00", "5.00", "+5.00"] for line in shown)
    assert "other" not in printed(print_changes, books.changes(read_month("2024-01")))


@pytest.mark.parametrize(
    ("first", "next_first", "name"),
    [
        ("2024-02-01", "2024-03-01", "February 2024"),
        ("2024-01-01", "2025-01-01", "2024"),
        ("2023-02-01", "2024-02-01", "February 2023 to January 2024"),
        ("2024-01-01", "2024-10-01", "January to September 2024"),
        ("2024-02-01", "2024-02-02", "1 February 2024"),
        ("2024-02-01", "2024-02-29", "1 to 28 February 2024"),
        ("2024-01-01", "2024-02-29", "1 January to 28 February 2024"),
    ],
)
def test_days_are_named_as_people_name_them(first: str, next_first: str, name: str) -> None:
    assert name_of(Period("", date.fromisoformat(first), date.fromisoformat(next_first))) == name


# --- Every report

SHOWN: list[tuple[Callable[[Console, Any], None], Callable[[Books], Tabular]]] = [
    (print_report, lambda books: books.month("2025-12", date(2025, 12, 22))),
    (print_trend, lambda books: books.trend("2025-11", date(2025, 11, 22))),
    (print_merchants, lambda books: books.merchants(read_year("2025"))),
    (print_changes, lambda books: books.changes(read_month("2025-12"), date(2025, 12, 22))),
]
each_report = pytest.mark.parametrize(("show", "make"), SHOWN, ids=["month", "trend", "merchants", "changes"])


def test_both_databases_give_the_same_text(migrated_sqlite_url: str, migrated_postgresql_url: str) -> None:
    seen = []
    for url in (migrated_sqlite_url, migrated_postgresql_url):
        with books_in(url) as books:
            for name in ("checking-account.csv", "credit-card.csv", "cash-and-app.csv"):
                file = open_bank_file(SAMPLE / name, ReadingOptions())
                with transaction(books.engine) as session:
                    import_expenses(session, find_or_create_user(session, ANN), file)
            books.plan("2025-11 Groceries 700", "2025-12 Groceries 700", "2025-12 Gifts 70")
            reports = [(show, make(books)) for show, make in SHOWN]
            seen.append([(printed(show, each), as_json(each), as_csv(each)) for show, each in reports])
    assert seen[0] == seen[1]
    month, trend, merchants, changes = seen[0]
    assert month[1]["total"]["spent"] == "3966.40"
    assert trend[1]["total"]["spent"] == "42743.02"
    assert merchants[1]["total"] == {"merchants": 120, "purchases": 1964, "spent": "46709.42", "percent": "100.0"}
    assert merchants[2][2] == "Supermarkt am Park,134,2923.75,6.3"
    assert changes[2][1] == "Gifts,64.20,405.73,341.53"


@each_report
def test_the_rows_of_another_user_never_count(books: Books, show: Any, make: Callable[[Books], Tabular]) -> None:
    books.spend("2025-12-01 Food 2.00 Tea", "2025-11-01 Food 3.00 Tea")
    books.plan("2025-11 Food 10", "2025-12 Food 10")
    before = as_json(make(books)), printed(show, make(books))
    books.spend("2025-12-01 Food 5.00 Tea", "2025-11-02 Food 7.00 Tea", "2024-01-01 Food 7.00 Tea", email=BOB)
    books.plan("2025-11 Food 40", "2025-12 Food 40", email=BOB)
    assert (as_json(make(books)), printed(show, make(books))) == before


def test_a_report_of_somebody_without_data_is_no_error(books: Books) -> None:
    for show, make in SHOWN:
        report: Any = make(books)
        assert report.is_empty
        assert printed(show, report)
        assert as_json(report)["currency"] is None
        assert as_csv(report)[0].count(",") == 3
    assert books.read(days_with_expenses) is None


FIELDS = {
    "expenses days_left left_per_day total categories": "category spent budget left",
    "category total average months_of_average months": "month spent budget left",
    "total others merchants": "name purchases spent percent",
    "days days_before total others changes": "category before now change",
}


def test_scripts_find_the_same_fields_and_no_amount_is_a_float(books: Books) -> None:
    books.spend("2025-12-01 Food 2.50 Tea", "2025-11-01 Food 3.00 Tea")
    for (_, make), (in_all, of_a_line) in zip(SHOWN, FIELDS.items(), strict=True):
        content = as_json(make(books))
        assert list(content) == ["period", "currency", *in_all.split()]
        lines = content[in_all.split()[-1]]
        assert list(lines[-1]) == of_a_line.split() == as_csv(make(books))[0].split(",")
        assert float not in map(type, [*content.values(), *content["total"].values(), *lines[-1].values()])


ODD = ["a_very_long_name_that_goes_on_and_on_and_on", "食品と飲料", "☕😀", "$x$", "[red]x[/red]", ":pizza:", "Crème"]


@each_report
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [80, 60, 40])
def test_a_table_fits_the_terminal_and_cuts_no_amount(
    sqlite_books: Books, show: Any, make: Callable[[Books], Tabular], width: int, encoding: str
) -> None:
    amounts = [f"{1000 + number * 111}.{number:02}" for number in range(len(ODD))]
    days = [f"{month}-01" for month in ("2025-11", "2025-12")]
    sqlite_books.spend(*(f"{day} {name} {a} {name}" for day in days for name, a in zip(ODD, amounts, strict=True)))
    sqlite_books.spend("2025-12-02 Crème 1.00 Crème")
    sqlite_books.plan("2025-12 $x$ 1500", "2025-12 Empty 100")
    report = make(sqlite_books)
    lines = printed(show, report, width, encoding).splitlines()
    text = "\n".join(lines)
    assert max(map(cell_len, lines)) <= width
    assert encoding == "utf-8" or text.isascii()
    rows = [line for line in as_csv(report)[1:] if not line.endswith(",0.00,,")]
    for row in rows[:3]:
        spent = Decimal(row.split(",")[2 if make is SHOWN[2][1] else 1])
        assert f"{spent:,.2f}" in text
    # Straight columns: each line of the table is as wide as the others, whatever its letters.
    table = [line for line in lines if any(f"{Decimal(amount):,.2f}" in line for amount in amounts)]
    assert len({cell_len(line) for line in table}) <= 1


def test_a_plain_terminal_gets_plain_signs_only(sqlite_books: Books) -> None:
    sqlite_books.spend(*(f"2025-{month}-01 {ODD[0]} 2.00 {ODD[0]}" for month in ("11", "12")))
    sqlite_books.spend("2025-12-01 Tea 3.00 Tea")
    for show, make in SHOWN:
        for width in (80, 40):
            shown = printed(show, make(sqlite_books), width, "ascii")
            assert "?" not in shown  # what stands for a sign that the terminal does not have
            assert "+--" in shown


def test_a_name_of_wide_letters_has_the_room_that_it_needs(sqlite_books: Books) -> None:
    sqlite_books.spend("2025-12-01 食品と飲料 2.00")
    assert "\n 食品と飲料    2.00   █" in printed(print_report, sqlite_books.month("2025-12"))


def test_amounts_too_wide_for_the_terminal_are_whole(sqlite_books: Books) -> None:
    sqlite_books.spend("2025-12-01 Yacht 9999999999.99", "2025-12-01 Tea 0.01")
    sqlite_books.plan("2025-12 Yacht 9999999999.98", "2025-12 Tea 5")
    report = sqlite_books.month("2025-12", date(2025, 12, 22))
    for width in (80, 40):
        shown = printed(print_report, report, width)
        for amount in ("9,999,999,999.99", "9,999,999,999.98", "-0.01", "10,000,000,000.00", "4.98"):
            assert amount in shown, (width, amount)


def test_bars_are_true_to_scale_and_say_without_colour_what_is_over() -> None:
    def drawn(spent: str, budget: str | None, unicode: bool = True) -> str:
        line = Line("", Decimal(spent), None if budget is None else Decimal(budget))
        return bar(line, Decimal(100), 20, unicode).plain

    assert drawn("50", "100") == "█" * 10 + "░" * 10
    assert drawn("100", "50") == "█" * 10 + "▒" * 10
    assert drawn("100", "99.99") == "█" * 19 + "▒"
    assert drawn("0.01", None) == "█"
    assert drawn("0", "100") == "░" * 20
    assert drawn("0", "0") == ""
    assert drawn("60", "50", unicode=False) == "#" * 10 + "!!"
    assert drawn("5", "50", unicode=False) == "#" + "." * 9


def test_sixty_categories_are_sixty_lines(sqlite_books: Books) -> None:
    sqlite_books.spend(*(f"2025-12-01 Category{number} {number + 1}.00" for number in range(60)))
    shown = printed(print_report, sqlite_books.month("2025-12"))
    assert shown.count("Category") == 61
    assert len(printed(print_changes, sqlite_books.changes(read_month("2025-12"))).splitlines()) < 20


# --- The pictures


def odd_report() -> Report:
    names = ["$x_{$ of a very long name that goes on", "食品と飲料", "☕😀", *(f"Category {n}" for n in range(60))]
    lines = [Line(name, Decimal(10) ** (9 - place) + 1, None) for place, name in enumerate(names[:9])]
    lines += [Line(name, Decimal(place % 3), Decimal(place % 3)) for place, name in enumerate(names[9:])]
    return Report(read_month("2025-12"), "EUR", lines, 63)


def odd_trend(amount: str, budget: str | None) -> Trend:
    year = read_year("2025")
    planned = None if budget is None else Decimal(budget)
    lines = [MonthLine(month_after(year.first, number), Decimal(amount) * number, planned) for number in range(12)]
    return Trend(year, "EUR", "$x_{$ 食品 ☕ and a very long name", lines, lines[:3])


def test_what_is_too_small_for_a_bar_of_its_own_is_told_together() -> None:
    report = odd_report()
    shown = shown_lines(report)
    assert len(shown) == 20
    assert shown[-1].category == f"{len(report.lines) - 19 - 18} others"  # 18 have neither spending nor a budget
    assert sum(line.spent for line in shown) == report.total.spent
    assert sum(line.budget or 0 for line in shown) == report.total.budget


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_pictures_of_odd_names_and_amounts_are_drawn_in_silence(
    tmp_path: Path, ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    plot_report(odd_report(), tmp_path / f"month.{ending}")
    plot_trend(odd_trend("900000000.01", None), tmp_path / f"trend.{ending}")
    plot_trend(odd_trend("0", "0"), tmp_path / f"nothing.{ending}")
    for picture in tmp_path.iterdir():
        assert picture.read_bytes().startswith(begins)
        assert picture.stat().st_size > 5_000
    assert capfd.readouterr() == ("", "")


def test_the_picture_of_a_trend_names_its_months_amounts_and_average(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("matplotlib").rcParams, "svg.fonttype", "none")  # letters as text
    lines = [MonthLine(month_after(date(2024, 12, 1), n), Decimal(100 * n), Decimal(600)) for n in range(12)]
    period = Period("2024-12 to 2025-11", date(2024, 12, 1), date(2025, 12, 1))
    plot_trend(Trend(period, "EUR", None, lines, lines[:3]), tmp_path / "trend.svg")
    picture = (tmp_path / "trend.svg").read_text("utf-8")
    for said in (
        "Spending, December 2024 to November 2025",
        "6,600.00 EUR spent, 600.00 left of a budget of 7,200.00",
        "1,100",
        "on average",
    ):
        assert said in picture
    assert "over the budget" in picture


def test_a_picture_of_an_unknown_kind_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match=r"\.png, \.svg, \.pdf"):
        plot_trend(odd_trend("1", None), tmp_path / "trend.bmp")
    assert list(tmp_path.iterdir()) == []


# === tests/test_reports.py


def test_a_budget_that_is_spent_to_the_cent_leaves_nothing_a_day_and_not_the_unknown(books: Books) -> None:
    books.plan("2024-01 Food 10")
    books.spend("2024-01-05 Food 10")
    assert books.month("2024-01", date(2024, 1, 20)).left_per_day == Decimal("0.00")


def test_a_budget_of_another_month_is_none_of_this_one(books: Books) -> None:
    books.plan("2024-01 Food 50", "2024-02 Pets 20")
    books.spend("2024-02-10 Food 5")
    february = books.trend("2024-02").lines[-1]
    assert (february.without_budget, february.left) == (Decimal(5), Decimal(20))


def test_the_month_before_the_first_expense_is_not_averaged(books: Books) -> None:
    books.spend("2024-02-01 Food 12")
    trend = books.trend("2024-03", date(2024, 3, 15))
    assert ([line.month for line in trend.averaged], trend.average) == (["2024-02"], Decimal(12))


def test_what_others_have_spent_without_a_budget_is_not_in_the_trend_of_one_category(books: Books) -> None:
    books.plan("2024-01 Food 50", "2024-02 Food 0")
    books.spend("2024-01-10 Food 5", "2024-01-10 Pets 7", "2024-02-10 Food 3")
    january, february = books.trend("2024-02", category="Food").lines[-2:]
    assert (january.left, february.left) == (Decimal(45), Decimal(-3))  # and 0 is a budget


def test_a_merchant_is_the_same_in_whatever_letters_it_is_written(books: Books) -> None:
    books.spend("2024-01-10 Food 5 Café Straße", "2024-01-11 Food 7 CAFÉ STRASSE")
    [merchant] = books.merchants(read_month("2024-01")).lines
    assert merchant.purchases == 2
