"""Lists of expenses, the newest first, page by page.

A page begins after the last expense of the page before (keyset), not at a count of rows: page 5,000 costs what page 1
costs, and a new expense pushes nothing from one page to the next.
"""

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TextIO

from sqlalchemy import Select, false, select, tuple_
from sqlalchemy.orm import Session

from budget.errors import BudgetError, UnknownExpense
from budget.inputs import can_be_stored
from budget.models import Category, Expense, User, fold
from budget.periods import Period


class ExpenseRow(NamedTuple):
    """An expense as people see it."""

    number: int
    spent_on: date
    amount: Decimal
    category: str
    description: str
    account: str


class Cursor(NamedTuple):
    """The place between two expenses: after this one."""

    spent_on: date
    number: int

    def __str__(self) -> str:
        return f"{self.spent_on}/{self.number}"


def read_cursor(text: str) -> Cursor:
    """`2025-12-29/1234`, as a page before has named it."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)/(\d{1,18})", text.strip(), re.ASCII)
    try:
        if match:
            return Cursor(date.fromisoformat(match[1]), int(match[2]))
    except ValueError:
        pass
    raise BudgetError(f"{text!r} is not the place of a page. Copy it from the end of the page before")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which expenses: what is None does not count, and 0 and "" are values. Both limits are included."""

    category: Category | None = None
    contains: str | None = None
    period: Period | None = None
    least: Decimal | None = None
    most: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Page:
    expenses: Iterable[ExpenseRow]
    next: Cursor | None  # None on the last page


def get_expenses(session: Session, user: User, numbers: Iterable[int]) -> list[ExpenseRow]:
    """In the order of their numbers. Raises UnknownExpense where one is missing."""
    wanted = set(numbers)
    rows = session.execute(_rows_of(user).where(Expense.id.in_(storable(wanted))).order_by(Expense.id))
    found = [ExpenseRow(*row) for row in rows]
    refuse_missing(wanted, (expense.number for expense in found))
    return found


def storable(numbers: Iterable[int]) -> list[int]:
    """SQLite's driver answers a number beyond 63 bits with an error of its own."""
    return [number for number in numbers if 0 < number < 2**63]


def refuse_missing(wanted: Iterable[int], found: Iterable[int]) -> None:
    if missing := sorted(set(wanted) - set(found)):
        message = f"You have no expense {', '.join(map(str, missing))}"
        raise UnknownExpense(message, "`list` shows the numbers of yours")


def list_expenses(session: Session, user: User, wanted: Wanted, limit: int | None, after: Cursor | None = None) -> Page:
    """At most `limit` expenses, from the newest or from `after` on; without a limit all, some thousand in memory."""
    statement = _matching(user, wanted, after)
    if limit is not None and limit < 1:
        raise BudgetError("A page has at least one expense")
    if limit is None:
        rows = session.connection().execute(statement.execution_options(yield_per=5000))
        return Page((ExpenseRow(*row) for row in rows), None)
    found = [
        ExpenseRow(*row) for row in session.execute(statement.limit(limit + 1))
    ]  # one more: is there another page?
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], Cursor(last.spent_on, last.number) if last else None)


def _rows_of(user: User) -> Select[int, date, Decimal, str, str, str]:
    return (
        select(Expense.id, Expense.spent_on, Expense.amount, Category.name, Expense.description, Expense.account)
        .join(Category, (Category.user_id == Expense.user_id) & (Category.id == Expense.category_id))
        .where(Expense.user_id == user.id)
    )


def _matching(user: User, wanted: Wanted, after: Cursor | None) -> Select[int, date, Decimal, str, str, str]:
    statement = _rows_of(user)
    if wanted.category is not None:
        statement = statement.where(Expense.category_id == wanted.category.id)
    if wanted.contains is not None and not can_be_stored(wanted.contains):
        statement = statement.where(false())  # no description holds it, and the driver refuses it
    elif wanted.contains is not None:
        statement = statement.where(Expense.search_text.contains(fold(wanted.contains), autoescape=True))
    if wanted.period is not None:
        statement = statement.where(
            Expense.spent_on >= wanted.period.first, Expense.spent_on < wanted.period.next_first
        )
    if wanted.least is not None:
        statement = statement.where(Expense.amount >= wanted.least)
    if wanted.most is not None:
        statement = statement.where(Expense.amount <= wanted.most)
    if after is not None:
        statement = statement.where(tuple_(Expense.spent_on, Expense.id) < (after.spent_on, after.number))
    return statement.order_by(Expense.spent_on.desc(), Expense.id.desc())


def write_csv(page: Page, stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(ExpenseRow._fields)
    writer.writerows(page.expenses)


def write_json(page: Page, stream: TextIO) -> None:
    """An expense a line. Amounts are strings: a JSON number would be read back as a float."""
    stream.write('{"expenses": [')
    for count, expense in enumerate(page.expenses):
        fields = expense._asdict() | {"spent_on": str(expense.spent_on), "amount": str(expense.amount)}
        stream.write(("," if count else "") + "\n  " + json.dumps(fields, ensure_ascii=False))
    stream.write(f'\n], "next": {json.dumps(str(page.next) if page.next else None)}}}\n')
