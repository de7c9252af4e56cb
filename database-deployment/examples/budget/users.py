"""Users: found by their address, made on first use, each with one currency.

Here and in the modules beside it: a function takes a session and never commits. The caller owns the unit of work, and
may join several calls in one.
"""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from budget.errors import BudgetError
from budget.inputs import read_name
from budget.models import LONGEST_EMAIL, User
from budget.upsert import insert_into


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
            f"Your amounts are in {user.currency}, these are in {currency}", "Use a user of its own: --user"
        )
    user.currency = currency
    session.flush()
