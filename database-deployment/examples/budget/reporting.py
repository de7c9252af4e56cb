"""What was spent on each category in a month or a year, beside its budget: read from the database in one query."""

import csv
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from budget.models import Budget, Category, Expense, User
from budget.periods import Period

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Line:
    category: str
    spent: Decimal
    budget: Decimal | None  # None where none was set, which is not a budget of 0

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.spent


@dataclass(frozen=True, slots=True)
class Report:
    period: Period
    currency: str | None
    lines: list[Line]  # the largest spending first
    expenses: int

    @property
    def total(self) -> Line:
        budgets = [line.budget for line in self.lines if line.budget is not None]
        return Line("Total", sum((line.spent for line in self.lines), NOTHING), sum(budgets) if budgets else None)  # type: ignore[arg-type]


def make_report(session: Session, user: User, period: Period) -> Report:
    """Every category of the user, also one with nothing spent. A year's budget is the sum of its months'."""
    spent = (
        select(Expense.category_id, func.sum(Expense.amount).label("amount"), func.count(Expense.id).label("expenses"))
        .where(Expense.user_id == user.id, Expense.spent_on >= period.first, Expense.spent_on < period.next_first)
        .group_by(Expense.category_id)
        .subquery()
    )
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
    lines.sort(key=lambda line: (-line.spent, line.category))
    return Report(period, user.currency, lines, sum(expenses for *_, expenses in rows))


def days_with_expenses(session: Session, user: User) -> tuple[date, date] | None:
    """The first and the last day on which the user spent anything."""
    first, last = session.execute(
        select(func.min(Expense.spent_on), func.max(Expense.spent_on)).where(Expense.user_id == user.id)
    ).one()
    return None if first is None else (first, last)


def _fields(line: Line) -> dict[str, str | None]:
    return {
        "category": line.category,
        "spent": str(line.spent),
        "budget": None if line.budget is None else str(line.budget),
        "left": None if line.left is None else str(line.left),
    }


def write_json(report: Report, stream: TextIO) -> None:
    """Amounts are strings: a JSON number would be read back as a float."""
    content = {
        "period": report.period.label,
        "currency": report.currency,
        "expenses": report.expenses,
        "categories": [_fields(line) for line in report.lines],
        "total": {name: value for name, value in _fields(report.total).items() if name != "category"},
    }
    stream.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_csv(report: Report, stream: TextIO) -> None:
    writer = csv.DictWriter(stream, ["category", "spent", "budget", "left"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(_fields(line) for line in report.lines)
