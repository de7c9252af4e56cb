"""What was spent in each of twelve months, beside the budget, and on average."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from sqlalchemy import Date, func, literal, select, union_all
from sqlalchemy.orm import Session

from budget.models import Budget, Category, Expense, User
from budget.periods import Period, month_after
from budget.reporting import CENT, NOTHING, Line, fields, together


@dataclass(frozen=True, slots=True)
class MonthLine:
    first: date
    spent: Decimal
    budget: Decimal | None
    without_budget: Decimal = NOTHING  # spent in categories that have no budget in this month

    @property
    def month(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.spent + self.without_budget


@dataclass(frozen=True, slots=True)
class Trend:
    ROWS: ClassVar[str] = "months"
    COLUMNS: ClassVar[tuple[str, ...]] = ("month", "spent", "budget", "left")

    period: Period
    currency: str | None
    category: str | None  # None for all of them
    lines: list[MonthLine]  # every month in its order
    averaged: list[MonthLine]  # the whole months from the user's first expense on: neither the running one nor later

    @property
    def is_empty(self) -> bool:
        return not self.total.spent

    @property
    def total(self) -> Line:
        return together("Total", self.lines)

    @property
    def average(self) -> Decimal | None:
        if not self.averaged:
            return None
        return (sum((line.spent for line in self.averaged), NOTHING) / len(self.averaged)).quantize(CENT, ROUND_HALF_UP)

    @property
    def summary(self) -> dict[str, Any]:
        return {
            "category": self.category,
            "total": fields(self.total, ("spent", "budget", "left", "without_budget")),
            "average": self.average,
            "months_of_average": len(self.averaged),
        }


def twelve_months(period: Period) -> Period:
    """The twelve months that end with this one; a year is twelve months itself."""
    if len(period.months) == 12:
        return period
    first = month_after(period.next_first, -12)
    return Period(f"{first:%Y-%m} to {period.label}", first, period.next_first)


def make_trend(session: Session, user: User, period: Period, today: date, category: Category | None = None) -> Trend:
    """Each month of the period. The months are rows of the query, so one without any expense is there too."""
    # Not values(): SQLAlchemy keeps no compiled form of it, and compiling takes longer than the query itself.
    bounds = ((literal(month, Date), literal(month_after(month, 1), Date)) for month in period.months)
    months = union_all(*(select(first.label("first"), last.label("next_first")) for first, last in bounds)).cte(
        "months"
    )
    spent = select(func.sum(Expense.amount)).where(
        Expense.user_id == user.id, Expense.spent_on >= months.c.first, Expense.spent_on < months.c.next_first
    )
    budget = select(func.sum(Budget.amount)).where(Budget.user_id == user.id, Budget.month == months.c.first)
    has_budget = select(Budget.month).where(
        Budget.user_id == user.id, Budget.month == months.c.first, Budget.category_id == Expense.category_id
    )
    without_budget = spent.where(~has_budget.correlate(Expense, months).exists())
    if category is not None:
        spent = spent.where(Expense.category_id == category.id)
        budget = budget.where(Budget.category_id == category.id)
        without_budget = without_budget.where(Expense.category_id == category.id)
    first_expense = select(func.min(Expense.spent_on)).where(Expense.user_id == user.id)
    parts = (each.scalar_subquery() for each in (spent, budget, without_budget, first_expense))
    rows = session.execute(select(months.c.first, *parts).order_by(months.c.first)).all()
    lines = [
        MonthLine(first, amount or NOTHING, planned, unplanned or NOTHING)
        for first, amount, planned, unplanned, _ in rows
    ]
    began = rows[0][4]
    averaged = [line for line in lines if began and began < month_after(line.first, 1) <= today]
    return Trend(period, user.currency, category.name if category else None, lines, averaged)
