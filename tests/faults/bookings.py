"""What the clients ask for, budget moved or two expenses at once, and the books that they begin with."""

import random
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy.orm import Session

from budget.budgets import set_budget, transfer_budget
from budget.categories import ensure_categories, get_categories
from budget.expenses import NewExpense, add_expenses
from budget.users import find_or_create_user, find_user

USERS = ("ann@example.org", "bob@example.org", "cem@example.org")
CATEGORIES = ("Food", "Pets", "Rent", "Travel")
MONTH = date(2026, 1, 1)
AT_FIRST = Decimal("500.00")  # the budget of each category; little enough that some transfers are refused

Kind = Literal["transfer", "expenses"]


@dataclass(frozen=True)
class Request:
    kind: Kind
    user: str
    source: str
    target: str
    cents: int
    serializable: bool

    @property
    def amount(self) -> Decimal:
        return Decimal(self.cents) / 100

    def work(self, session: Session, key: str) -> None:
        """The unit of work: the whole of it once for the key, however often it is asked for."""
        user = find_user(session, self.user)
        if self.kind == "transfer":
            transfer_budget(session, user, MONTH, (self.source, self.target), self.amount, key)
        else:
            add_expenses(session, user, self.expenses(key))

    def expenses(self, key: str) -> list[NewExpense]:
        """Two of them, so that a half could be seen."""
        return [
            NewExpense(self.amount, category, f"bought for {key}", MONTH, f"{key}-{number}")
            for number, category in enumerate((self.source, self.target))
        ]

    def written(self) -> dict[str, Any]:
        return asdict(self)


def request_from(written: dict[str, Any]) -> Request:
    return Request(**written)


def any_request(chance: random.Random) -> Request:
    source, target = chance.sample(CATEGORIES, 2)
    return Request(
        kind=chance.choice(("transfer", "expenses")),
        user=chance.choice(USERS),
        source=source,
        target=target,
        cents=chance.randint(1, 20_000),
        serializable=chance.random() < 1 / 3,
    )


def open_books(session: Session) -> None:
    for email in USERS:
        user = find_or_create_user(session, email)
        ensure_categories(session, user, CATEGORIES)
        for category in get_categories(session, user, CATEGORIES):
            set_budget(session, user, category, MONTH, AT_FIRST)
