"""Who got the money: the report of the merchants, and the rule by which two purchases have the same one."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from budget.models import Expense, User
from budget.periods import Period
from budget.reporting import NOTHING, TOP, fields

PLACE = re.compile(r"(?<!:)//.*")  # `REWE SAGT DANKE//BERLIN`, but not `https://`
AROUND = " .,;:-#'\"()"


def without_references(text: str) -> str:
    """A description without what changes from one purchase to the next.

    The place behind `//` goes, and every word with a digit in it: a date, a time, the number of a branch or a card.
    The first word stays, for a `7-Eleven` or a `1&1`. A text of which nothing is left stays as it is.
    """
    first, *others = PLACE.sub("", text).replace("*", " ").split() or [""]
    words = [first, *(word for word in others if not re.search(r"\d", word))]
    return " ".join(filter(None, (word.strip(AROUND) for word in words))) or text


@dataclass(frozen=True, slots=True)
class Merchant:
    name: str
    purchases: int
    spent: Decimal
    spent_in_all: Decimal  # with every merchant of the period

    @property
    def percent(self) -> Decimal:
        share = self.spent / self.spent_in_all if self.spent_in_all else NOTHING
        return (100 * share).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Merchants:
    ROWS: ClassVar[str] = "merchants"
    COLUMNS: ClassVar[tuple[str, ...]] = ("name", "purchases", "spent", "percent")

    period: Period
    currency: str | None
    lines: list[Merchant]  # the largest sum first
    rest: list[Merchant]

    @property
    def is_empty(self) -> bool:
        return not self.lines

    @property
    def total(self) -> Merchant:
        return self._together("Total", [*self.lines, *self.rest])

    @property
    def others(self) -> Merchant:
        return self._together(f"{len(self.rest):,} other{'s' if len(self.rest) > 1 else ''}", self.rest)

    def _together(self, name: str, merchants: Sequence[Merchant]) -> Merchant:
        in_all = sum((each.spent for each in [*self.lines, *self.rest]), NOTHING)
        spent = sum((each.spent for each in merchants), NOTHING)
        return Merchant(name, sum(each.purchases for each in merchants), spent, in_all)

    @property
    def summary(self) -> dict[str, Any]:
        columns = ("purchases", "spent", "percent")
        return {
            "total": {"merchants": len(self.lines) + len(self.rest), **fields(self.total, columns)},
            "others": {"merchants": len(self.rest), **fields(self.others, columns)},
        }


def make_merchants(session: Session, user: User, period: Period, top: int = TOP) -> Merchants:
    """The database adds up what is written alike: a row for each description, not for each purchase."""
    rows = session.execute(
        select(Expense.search_text, Expense.description, func.count(Expense.id), func.sum(Expense.amount))
        .where(Expense.user_id == user.id, Expense.spent_on >= period.first, Expense.spent_on < period.next_first)
        .group_by(Expense.search_text, Expense.description)
    )
    purchases: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spent: defaultdict[str, Decimal] = defaultdict(lambda: NOTHING)
    for search_text, description, count, amount in rows:
        merchant = without_references(search_text)
        purchases[merchant][description] += count
        spent[merchant] += amount
    in_all = sum(spent.values(), NOTHING)
    found = [
        Merchant(commonest_spelling(each), each.total(), spent[merchant], in_all)
        for merchant, each in purchases.items()
    ]
    found.sort(key=lambda each: (-each.spent, each.name))
    return Merchants(period, user.currency, found[:top], found[top:])


def commonest_spelling(purchases: Counter[str]) -> str:
    """Of two equally common ones the first in the alphabet. References are shown where every purchase has the same."""
    if len(purchases) == 1:
        return next(iter(purchases))
    spellings: Counter[str] = Counter()
    for description, count in purchases.items():
        spellings[without_references(description)] += count
    return min(spellings, key=lambda spelling: (-spellings[spelling], spelling))
