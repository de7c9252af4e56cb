"""What was spent in each of twelve months, beside the budget, and on average."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from sqlalchemy import CTE, Date, Subquery, and_, func, literal, select, union_all
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
    months = _months(period)
    spent = _spent_by_month_and_category(months, user, category)
    planned = _planned_by_month(period, user, category)
    same_budget = and_(
        Budget.user_id == user.id, Budget.category_id == spent.c.category_id, Budget.month == months.c.first
    )
    first_expense = select(func.min(Expense.spent_on)).where(Expense.user_id == user.id)
    rows = session.execute(
        select(
            months.c.first,
            func.sum(spent.c.amount),
            planned.c.amount,
            func.sum(spent.c.amount).filter(Budget.month.is_(None)),
            first_expense.scalar_subquery(),
        )
        .select_from(months)
        .outerjoin(spent, spent.c.first == months.c.first)
        .outerjoin(planned, planned.c.month == months.c.first)
        .outerjoin(Budget, same_budget)
        .group_by(months.c.first, planned.c.amount)
        .order_by(months.c.first)
    ).all()
    lines = [
        MonthLine(first, amount or NOTHING, budgeted, unplanned or NOTHING)
        for first, amount, budgeted, unplanned, _ in rows
    ]
    began = rows[0][4]
    averaged = [line for line in lines if began and began < month_after(line.first, 1) <= today]
    return Trend(period, user.currency, category.name if category else None, lines, averaged)


def _months(period: Period) -> CTE:
    # Not values(): SQLAlchemy keeps no compiled form of it, and compiling takes longer than the query itself.
    bounds = ((literal(month, Date), literal(month_after(month, 1), Date)) for month in period.months)
    return union_all(*(select(first.label("first"), last.label("next_first")) for first, last in bounds)).cte("months")


def _spent_by_month_and_category(months: CTE, user: User, category: Category | None) -> Subquery:
    """The only part that reads expenses, so it reads each of them once."""
    in_month = and_(Expense.spent_on >= months.c.first, Expense.spent_on < months.c.next_first)
    statement = (
        select(months.c.first, Expense.category_id, func.sum(Expense.amount).label("amount"))
        .join_from(months, Expense, in_month)
        .where(Expense.user_id == user.id)
        .group_by(months.c.first, Expense.category_id)
    )
    if category is not None:
        statement = statement.where(Expense.category_id == category.id)
    return statement.subquery()


def _planned_by_month(period: Period, user: User, category: Category | None) -> Subquery:
    statement = (
        select(Budget.month, func.sum(Budget.amount).label("amount"))
        .where(Budget.user_id == user.id, Budget.month >= period.first, Budget.month < period.next_first)
        .group_by(Budget.month)
    )
    if category is not None:
        statement = statement.where(Budget.category_id == category.id)
    return statement.subquery()
