"""What was spent on each category in a month or a year, beside its budget; and any report as JSON or CSV.

The other reports are in trend.py, merchants.py and changes.py. Each is read in one query and is plain data: terminal.py
prints it, plotting.py draws it. None looks at the clock: `today` is an argument.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, ClassVar, Protocol, TextIO

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from budget.models import Budget, Category, Expense, User, fold
from budget.periods import Period

NOTHING = Decimal("0.00")
CENT = Decimal("0.01")
TOP = 10


class Tabular(Protocol):
    """What every report has, and all that its JSON and CSV are made of."""

    ROWS: ClassVar[str]  # what the lines are called in JSON
    COLUMNS: ClassVar[tuple[str, ...]]  # what is written of each line

    @property
    def period(self) -> Period: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def lines(self) -> Sequence[object]: ...
    @property
    def summary(self) -> dict[str, Any]: ...


def write_json(report: Tabular, stream: TextIO) -> None:
    """`period`, `currency`, the fields of the report's `summary`, and its lines with the fields of its COLUMNS.

    Amounts are strings: a JSON number would be read back as a float. What is unknown is null.
    """
    content = {
        "period": report.period.label,
        "currency": report.currency,
        **report.summary,
        report.ROWS: [fields(line, report.COLUMNS) for line in report.lines],
    }
    stream.write(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n")


def write_csv(report: Tabular, stream: TextIO) -> None:
    """The lines without their sum, so that a spreadsheet may add them up."""
    writer = csv.DictWriter(stream, report.COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(fields(line, report.COLUMNS) for line in report.lines)


def fields(line: object, columns: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(line, name) for name in columns}


class BesideBudget(Protocol):
    """A line of what was spent beside what may be spent."""

    @property
    def spent(self) -> Decimal: ...
    @property
    def budget(self) -> Decimal | None: ...
    @property
    def left(self) -> Decimal | None: ...
    @property
    def without_budget(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Line:
    category: str
    spent: Decimal
    budget: Decimal | None  # None where none was set, which is not a budget of 0
    without_budget: Decimal = NOTHING  # the part of a sum that was spent where no budget is: it takes nothing away

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.spent + self.without_budget


@dataclass(frozen=True, slots=True)
class Report:
    ROWS: ClassVar[str] = "categories"
    COLUMNS: ClassVar[tuple[str, ...]] = ("category", "spent", "budget", "left")

    period: Period
    currency: str | None
    lines: list[Line]  # the largest spending first
    expenses: int
    days_left: int | None = None  # of the running month, today included; None for any other month and for a year

    @property
    def is_empty(self) -> bool:
        return not self.expenses

    @property
    def total(self) -> Line:
        return together("Total", self.lines)

    @property
    def left_per_day(self) -> Decimal | None:
        """Rounded down, so that it is never more than there is."""
        if self.days_left is None or self.total.left is None:
            return None
        return (max(self.total.left, NOTHING) / self.days_left).quantize(CENT, ROUND_DOWN)

    @property
    def summary(self) -> dict[str, Any]:
        total = fields(self.total, ("spent", "budget", "left", "without_budget"))
        return {
            "expenses": self.expenses,
            "days_left": self.days_left,
            "left_per_day": self.left_per_day,
            "total": total,
        }


def together(name: str, lines: Sequence[BesideBudget]) -> Line:
    """The sum of each column: what is left in all is what is left in each."""
    budgets = [line.budget for line in lines if line.budget is not None]
    spent = sum((line.spent for line in lines), NOTHING)
    without_budget = sum((line.spent if line.budget is None else line.without_budget for line in lines), NOTHING)
    return Line(name, spent, sum(budgets, NOTHING) if budgets else None, without_budget)


def make_report(session: Session, user: User, period: Period, today: date | None = None) -> Report:
    """Every category of the user, also one with nothing spent. A year's budget is the sum of its months'."""
    spent = spent_by_category(user, period)
    budget = (
        select(Budget.category_id, func.sum(Budget.amount).label("amount"))
        .where(Budget.user_id == user.id, Budget.month >= period.first, Budget.month < period.next_first)
        .group_by(Budget.category_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Category.name,
            func.coalesce(spent.c.amount, 0),
            budget.c.amount,
            func.coalesce(spent.c.expenses, 0),
        )
        .outerjoin(spent, spent.c.category_id == Category.id)
        .outerjoin(budget, budget.c.category_id == Category.id)
        .where(Category.user_id == user.id)
    ).all()
    lines = [Line(name, amount, budgeted) for name, amount, budgeted, _ in rows]
    lines.sort(key=lambda line: (-line.spent, fold(line.category), line.category))
    is_running_month = today is not None and len(period.months) == 1 and period.first <= today < period.next_first
    days_left = (period.next_first - today).days if today and is_running_month else None
    return Report(period, user.currency, lines, sum(expenses for *_, expenses in rows), days_left)


def spent_by_category(user: User, period: Period) -> Subquery:
    return (
        select(Expense.category_id, func.sum(Expense.amount).label("amount"), func.count().label("expenses"))
        .where(Expense.user_id == user.id, Expense.spent_on >= period.first, Expense.spent_on < period.next_first)
        .group_by(Expense.category_id)
        .subquery()
    )


def days_with_expenses(session: Session, user: User) -> tuple[date, date] | None:
    """The first and the last day on which the user spent anything."""
    # Each by itself is one look into the index; asked for both in one SELECT, SQLite reads all days of the user.
    of_user = Expense.user_id == user.id
    earliest = select(func.min(Expense.spent_on)).where(of_user).scalar_subquery()
    latest = select(func.max(Expense.spent_on)).where(of_user).scalar_subquery()
    first, last = session.execute(select(earliest, latest)).one()
    return None if first is None else (first, last)
