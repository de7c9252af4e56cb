"""What changed most since the month before, or the year before: by category, and over the same days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from budget.models import Category, User
from budget.periods import Period, month_after
from budget.reporting import NOTHING, TOP, fields, spent_by_category

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    category: str
    before: Decimal
    now: Decimal

    @property
    def change(self) -> Decimal:
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class Changes:
    ROWS: ClassVar[str] = "changes"
    COLUMNS: ClassVar[tuple[str, ...]] = ("category", "before", "now", "change")

    period: Period  # the days that count of the month or the year
    before: Period  # the days that they are compared with
    currency: str | None
    lines: list[Change]  # the largest change first, whether more or less
    rest: list[Change]  # what also changed
    total: Change  # of all categories, also of those that did not change

    @property
    def is_empty(self) -> bool:
        return not self.total.before and not self.total.now

    @property
    def others(self) -> Change:
        return add_up(f"{len(self.rest)} other{'s' if len(self.rest) > 1 else ''}", self.rest)

    @property
    def summary(self) -> dict[str, Any]:
        amounts = ("before", "now", "change")
        return {
            "days": _days(self.period),
            "days_before": _days(self.before),
            "total": fields(self.total, amounts),
            "others": {"categories": len(self.rest), **fields(self.others, amounts)},
        }


def add_up(name: str, changes: Sequence[Change]) -> Change:
    before, now = (sum((getattr(each, side) for each in changes), NOTHING) for side in ("before", "now"))
    return Change(name, before, now)


def _days(period: Period) -> dict[str, date]:
    return {"first": period.first, "last": period.next_first - ONE_DAY}


def make_changes(session: Session, user: User, period: Period, today: date, top: int = TOP) -> Changes:
    """The categories whose spending changed most since the period before."""
    period, period_before = comparable_periods(period, today)
    now, before = spent_by_category(user, period), spent_by_category(user, period_before)
    rows = session.execute(
        select(Category.name, func.coalesce(before.c.amount, 0), func.coalesce(now.c.amount, 0))
        .outerjoin(before, before.c.category_id == Category.id)
        .outerjoin(now, now.c.category_id == Category.id)
        .where(Category.user_id == user.id)
    )
    found = [Change(*row) for row in rows]
    changes = sorted((each for each in found if each.change), key=lambda each: (-abs(each.change), each.category))
    return Changes(period, period_before, user.currency, changes[:top], changes[top:], add_up("Total", found))


def comparable_periods(period: Period, today: date) -> tuple[Period, Period]:
    """A month and the one before it, a year and the one before it; while it is running, each up to the same day.

    Half a month beside a whole one would look like saving. The 30th March is compared with the end of February.
    """
    count = len(period.months)
    first = month_after(period.first, -count)
    before = Period(f"{first:%Y}" if count == 12 else f"{first:%Y-%m}", first, period.first)
    if not period.first <= today < period.next_first:
        return period, before
    month_before = month_after(today.replace(day=1), -count)
    end = min(month_before + ONE_DAY * today.day, month_after(month_before, 1))
    return Period(period.label, period.first, today + ONE_DAY), Period(before.label, first, end)
