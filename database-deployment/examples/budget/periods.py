"""Months and years as half-open ranges of days: from `first`, up to but not including `next_first`."""

import re
from dataclasses import dataclass
from datetime import date

from budget.errors import BudgetError

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200


@dataclass(frozen=True, slots=True)
class Period:
    label: str
    first: date
    next_first: date

    @property
    def months(self) -> list[date]:
        """The first day of each month in it."""
        count = (self.next_first.year - self.first.year) * 12 + self.next_first.month - self.first.month
        return [month_after(self.first, number) for number in range(count)]


def month_after(month: date, count: int) -> date:
    year, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, index + 1, 1)


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(f"{first:%Y-%m}", first, month_after(first, 1))


def read_month(text: str) -> Period:
    """`2025-12`."""
    match = re.fullmatch(r"(\d{4})-(\d{1,2})", text.strip(), re.ASCII)
    if match and EARLIEST_YEAR <= int(match[1]) <= LATEST_YEAR and 1 <= int(match[2]) <= 12:
        return month_of(date(int(match[1]), int(match[2]), 1))
    raise BudgetError(f"{text!r} is not a month. Write it like 2025-12")


def read_year(text: str) -> Period:
    """`2025`."""
    if re.fullmatch(r"\d{4}", text.strip(), re.ASCII) and EARLIEST_YEAR <= int(text) <= LATEST_YEAR:
        return Period(text.strip(), date(int(text), 1, 1), date(int(text) + 1, 1, 1))
    raise BudgetError(f"{text!r} is not a year. Write it like 2025")
