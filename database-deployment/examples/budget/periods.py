"""Months and years as half-open ranges of days: from `first`, up to but not including `next_first`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

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


def name_of(period: Period) -> str:
    """`2025`, `March 2025`, `May 2025 to April 2026`, `1 to 22 March 2025`, `1 January to 22 March 2025`."""
    first, last = period.first, period.next_first - timedelta(days=1)
    if period.next_first.day != 1:
        began = f"{first.day}" if (first.year, first.month) == (last.year, last.month) else f"{first.day} {first:%B}"
        return f"{began} to {last.day} {last:%B %Y}" if first != last else f"{last.day} {last:%B %Y}"
    if len(period.months) == 1:
        return f"{first:%B %Y}"
    if first.year == last.year:
        return f"{first:%Y}" if len(period.months) == 12 else f"{first:%B} to {last:%B %Y}"
    return f"{first:%B %Y} to {last:%B %Y}"
