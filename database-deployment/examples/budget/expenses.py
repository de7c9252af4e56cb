"""Expenses by hand: added, changed, deleted. What a bank exports comes in by importing.py."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import delete, literal, select
from sqlalchemy.orm import Session

from budget.categories import get_categories, get_category
from budget.errors import KeyTaken
from budget.inputs import exact_amount, read_key, read_text
from budget.listing import ExpenseRow, get_expenses, refuse_missing, storable
from budget.models import LONGEST_NAME, Category, DeletedExpense, Expense, User, fold, now
from budget.upsert import insert_into


class NewExpense(NamedTuple):
    amount: Decimal
    category: str
    description: str
    spent_on: date
    request_key: str  # names this request: however often it arrives, it counts once
    account: str = ""


def add_expenses(session: Session, user: User, wanted: Sequence[NewExpense]) -> list[ExpenseRow]:
    """Add all of them or none. One whose request key was there already is returned as it is, and not added again."""
    with session.begin_nested():  # none, also for a caller who goes on after an error
        categories = get_categories(session, user, [each.category for each in wanted], hold=True)
        return [_add_once(session, user, category, each) for category, each in zip(categories, wanted, strict=True)]


def _add_once(session: Session, user: User, category: Category, wanted: NewExpense) -> ExpenseRow:
    amount = exact_amount(wanted.amount, "An expense")
    description, account = read_text(wanted.description), read_text(wanted.account, LONGEST_NAME)
    fingerprint = fingerprint_of(wanted.request_key)
    number = _insert_unless_known(
        session,
        user_id=user.id,
        category_id=category.id,
        amount=amount,
        description=description,
        search_text=fold(description),
        account=account,
        spent_on=wanted.spent_on,
        fingerprint=fingerprint,
        created_at=now(),
    )
    if number is not None:
        return ExpenseRow(number, wanted.spent_on, amount, category.name, description, account)
    earlier = find_by_key(session, user, wanted.request_key)
    if earlier is None:
        raise KeyTaken(f"The expense of the request key {wanted.request_key!r} was deleted since")
    [found] = get_expenses(session, user, [earlier])
    if found != ExpenseRow(earlier, wanted.spent_on, amount, category.name, description, account):
        raise KeyTaken(f"The request key {wanted.request_key!r} stands for another expense, {earlier}")
    return found


def find_by_key(session: Session, user: User, request_key: str) -> int | None:
    """The number of the expense that was added with this request key."""
    fingerprint = fingerprint_of(request_key)
    return session.scalar(select(Expense.id).where(Expense.user_id == user.id, Expense.fingerprint == fingerprint))


def fingerprint_of(request_key: str) -> str:
    """In the form of a bank's line, so that an export can be imported, and different from each of them."""
    return f"-{blake2b(read_key(request_key).encode(), digest_size=16).hexdigest()}"


def _insert_unless_known(session: Session, **values: Any) -> int | None:
    """The number of the new row; None where its fingerprint is that of an expense, or of one that was deleted.

    One statement does all of it: whoever looks first and inserts then may find another one in between.
    """
    was_deleted = select(DeletedExpense.user_id).where(
        DeletedExpense.user_id == values["user_id"], DeletedExpense.fingerprint == values["fingerprint"]
    )
    row = select(*(literal(value, getattr(Expense, name).type) for name, value in values.items()))
    insert = insert_into(session, Expense).from_select(list(values), row.where(~was_deleted.exists()))
    number: int | None = session.scalar(insert.on_conflict_do_nothing().returning(Expense.id))
    return number


class NewValues(TypedDict, total=False):
    """What is to be changed; 0 and "" are values, a name that is not there stays as it is."""

    amount: Decimal
    category: str
    description: str
    spent_on: date
    account: str


def edit_expense(session: Session, user: User, number: int, new: NewValues) -> ExpenseRow:
    """Change what is given, and nothing else. Raises UnknownExpense."""
    with session.begin_nested():  # all that is given or nothing
        [expense] = _lock_expenses(session, user, [number])
        if "amount" in new:
            expense.amount = exact_amount(new["amount"], "An expense")
        if "category" in new:
            expense.category_id = get_category(session, user, new["category"], hold=True).id
        if "description" in new:
            expense.description = read_text(new["description"])
        if "spent_on" in new:
            expense.spent_on = new["spent_on"]
        if "account" in new:
            expense.account = read_text(new["account"], LONGEST_NAME)
    [edited] = get_expenses(session, user, [number])
    return edited


def delete_expenses(session: Session, user: User, numbers: Collection[int]) -> list[ExpenseRow]:
    """Delete all of them or none, and return what they were. The bank's next file does not bring them back."""
    if not numbers:
        return []
    expenses = _lock_expenses(session, user, numbers)
    deleted = get_expenses(session, user, numbers)
    tombstones = [{"user_id": user.id, "fingerprint": expense.fingerprint} for expense in expenses]
    session.execute(insert_into(session, DeletedExpense).values(tombstones).on_conflict_do_nothing())
    ids = [expense.id for expense in expenses]
    session.execute(delete(Expense).where(Expense.user_id == user.id, Expense.id.in_(ids)))
    return deleted


def _lock_expenses(session: Session, user: User, numbers: Collection[int]) -> Sequence[Expense]:
    """In the order of their numbers, so that two who lock the same ones wait for each other and do not deadlock."""
    found = session.scalars(
        select(Expense)
        .where(Expense.user_id == user.id, Expense.id.in_(storable(numbers)))
        .order_by(Expense.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    refuse_missing(numbers, (expense.id for expense in found))
    return found
