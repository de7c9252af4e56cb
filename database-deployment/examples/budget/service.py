"""What the budget application does to one user's data.

Each function takes a session and never commits: the caller owns the unit of work and may join several calls in one.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from budget.errors import BudgetError, UnknownCategory
from budget.models import LARGEST_AMOUNT, LONGEST_EMAIL, LONGEST_NAME, Budget, Category, User


def insert_into(session: Session, model: Any) -> Any:
    """INSERT with ON CONFLICT: both databases have it, each in a dialect of its own."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return (postgresql_insert if is_postgresql else sqlite_insert)(model)


def read_amount(text: str) -> Decimal:
    """`12`, `12.50` or `12,50` as money, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,10}([.,][0-9]{1,2})?", text.strip(), re.ASCII):
        raise BudgetError(f"{text!r} is not an amount. Write it like 12.50, up to {LARGEST_AMOUNT:,}")
    return Decimal(text.strip().replace(",", ".")).quantize(Decimal("0.01"))


def read_name(text: str, longest: int = LONGEST_NAME) -> str:
    """A name as it is stored: one spelling for each letter, no surrounding blanks, no control characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BudgetError(f"{text!a} holds characters that cannot be stored") from None
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not name or len(name) > longest or any(unicodedata.category(letter) == "Cc" for letter in name):
        raise BudgetError(f"{text!r} is not a name. Write 1 to {longest} letters on one line")
    return name


def find_user(session: Session, email: str) -> User:
    """The user of this address; for one who has not saved anything yet, a user without any data."""
    email = read_name(email, LONGEST_EMAIL).casefold()
    return session.scalar(select(User).where(User.email == email)) or User(id=0, email=email)


def find_or_create_user(session: Session, email: str) -> User:
    """The user of this address, created where it is new: also by two processes at once there is one."""
    found = find_user(session, email)
    if not found.id:
        session.execute(insert_into(session, User).values(email=found.email).on_conflict_do_nothing())
        found = find_user(session, email)
    return found


def set_currency(session: Session, user: User, currency: str) -> None:
    """All amounts of a user are in one currency; it is set once and does not change."""
    currency = currency.strip().upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        raise BudgetError(f"{currency!r} is not a currency. Write its three letters, like EUR")
    if user.currency not in (None, currency):
        raise BudgetError(
            f"Your amounts are in {user.currency}, these are in {currency}: use a user of its own, --user"
        )
    user.currency = currency
    session.flush()


def list_categories(session: Session, user: User) -> list[Category]:
    """In the order of the alphabet, which each database would have a rule of its own for."""
    found = session.scalars(select(Category).where(Category.user_id == user.id))
    return sorted(found, key=lambda category: (category.name.casefold(), category.name))


def get_category(session: Session, user: User, name: str) -> Category:
    """The user's category of this name, whatever its capitals. Raises UnknownCategory with the nearest names."""
    wanted = read_name(name)
    known = {category.name: category for category in list_categories(session, user)}
    by_letters = {each.casefold(): category for each, category in known.items()}
    found = known.get(wanted) or by_letters.get(wanted.casefold())
    if found is None:
        near = get_close_matches(wanted.casefold(), by_letters, n=3)
        hint = f" Did you mean {' or '.join(by_letters[each].name for each in near)}?" if near else ""
        raise UnknownCategory(f"There is no category {wanted!r}.{hint} `category list` shows all")
    return found


def add_category(session: Session, user: User, name: str) -> Category:
    """A new category, or an error where the user has it already, in whatever capitals."""
    wanted = read_name(name)
    if wanted.casefold() in {each.name.casefold() for each in list_categories(session, user)}:
        raise BudgetError(f"You have the category {wanted!r} already")
    ensure_categories(session, user, [wanted])
    return get_category(session, user, wanted)


def ensure_categories(session: Session, user: User, names: Iterable[str]) -> tuple[dict[str, int], list[str]]:
    """Make the categories that are missing. Returns the id of each name as given, and the names that were new."""
    wanted = {name: read_name(name) for name in names}
    known = {category.name.casefold(): category.id for category in list_categories(session, user)}
    missing = {name.casefold(): name for name in wanted.values() if name.casefold() not in known}
    if missing:
        rows = [{"user_id": user.id, "name": name} for name in sorted(missing.values())]
        session.execute(insert_into(session, Category).values(rows).on_conflict_do_nothing())
        known = {category.name.casefold(): category.id for category in list_categories(session, user)}
    return {given: known[name.casefold()] for given, name in wanted.items()}, sorted(missing.values())


def set_budget(session: Session, user: User, category: Category, month: date, amount: Decimal) -> None:
    """What may be spent on the category in the month that begins with `month`; a second call replaces it."""
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise BudgetError(f"A budget is between 0 and {LARGEST_AMOUNT:,}")
    statement = insert_into(session, Budget).values(
        user_id=user.id, category_id=category.id, month=month.replace(day=1), amount=amount
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "category_id", "month"], set_={"amount": statement.excluded.amount}
        )
    )


def list_budgets(session: Session, user: User, month: date) -> list[tuple[str, Decimal]]:
    """Name and budget of each category that has one in this month."""
    rows = session.execute(
        select(Category.name, Budget.amount)
        .join(Category, (Category.user_id == Budget.user_id) & (Category.id == Budget.category_id))
        .where(Budget.user_id == user.id, Budget.month == month.replace(day=1))
    )
    return sorted(((name, amount) for name, amount in rows), key=lambda row: (row[0].casefold(), row[0]))
