"""Expenses by hand: added, changed, deleted. What a bank exports comes in by importing.py."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypedDict

from sqlalchemy import delete, literal, select
from sqlalchemy.orm import Session

from budget.categories import get_categories, get_category
from budget.errors import BudgetError, KeyTaken, UnknownExpense
from budget.listing import ExpenseRow, get_expense
from budget.models import LARGEST_AMOUNT, Category, DeletedExpense, Expense, User, fold, now
from budget.upsert import insert_into

LARGEST_NUMBER = 2**63 - 1  # SQLite's driver refuses a larger one with an error of its own


class NewExpense(NamedTuple):
    amount: Decimal
    category: str
    description: str
    spent_on: date
    request_key: str  # names this request: however often it arrives, it counts once
    account: str = ""


def add_expenses(session: Session, user: User, wanted: Sequence[NewExpense]) -> list[ExpenseRow]:
    """Add all of them or none. One whose request key was there already is returned as it is, and not added again."""
    categories = get_categories(session, user, [each.category for each in wanted], hold=True)
    return [_add_once(session, user, category, each) for category, each in zip(categories, wanted, strict=True)]


def _add_once(session: Session, user: User, category: Category, wanted: NewExpense) -> ExpenseRow:
    _check_amount(wanted.amount)
    fingerprint = f"key:{wanted.request_key}"
    values = {
        "user_id": user.id,
        "category_id": category.id,
        "amount": wanted.amount,
        "description": wanted.description,
        "search_text": fold(wanted.description),
        "account": wanted.account,
        "spent_on": wanted.spent_on,
        "fingerprint": fingerprint,
        "created_at": now(),
    }
    was_deleted = select(DeletedExpense.user_id).where(
        DeletedExpense.user_id == user.id, DeletedExpense.fingerprint == fingerprint
    )
    row = select(*(literal(value, getattr(Expense, name).type) for name, value in values.items()))
    insert = insert_into(session, Expense).from_select(list(values), row.where(~was_deleted.exists()))
    number = session.scalar(insert.on_conflict_do_nothing().returning(Expense.id))
    asked = (wanted.spent_on, wanted.amount, category.name, wanted.description, wanted.account)
    if number is not None:
        return ExpenseRow(number, *asked)
    earlier = session.scalar(select(Expense.id).where(Expense.user_id == user.id, Expense.fingerprint == fingerprint))
    if earlier is None:
        raise KeyTaken(f"The expense of the request key {wanted.request_key!r} was deleted since")
    found = get_expense(session, user, earlier)
    if found[1:] != asked:
        raise KeyTaken(f"The request key {wanted.request_key!r} stands for another expense, {found.number}")
    return found


class NewValues(TypedDict, total=False):
    """What is to be changed; 0 and "" are values, a name that is not there stays as it is."""

    amount: Decimal
    category: str
    description: str
    spent_on: date
    account: str


def edit_expense(session: Session, user: User, number: int, changes: NewValues) -> ExpenseRow:
    """Change what is given, and nothing else. Raises UnknownExpense."""
    [expense] = _lock_expenses(session, user, [number])
    if "amount" in changes:
        _check_amount(changes["amount"])
        expense.amount = changes["amount"]
    if "category" in changes:
        expense.category_id = get_category(session, user, changes["category"], hold=True).id
    if "description" in changes:
        expense.description = changes["description"]
    if "spent_on" in changes:
        expense.spent_on = changes["spent_on"]
    if "account" in changes:
        expense.account = changes["account"]
    session.flush()
    return get_expense(session, user, number)


def delete_expenses(session: Session, user: User, numbers: Iterable[int]) -> list[ExpenseRow]:
    """Delete all of them or none, and return what they were. The bank's next file does not bring them back."""
    expenses = _lock_expenses(session, user, numbers)
    deleted = [get_expense(session, user, expense.id) for expense in expenses]
    tombstones = [{"user_id": user.id, "fingerprint": expense.fingerprint} for expense in expenses]
    session.execute(insert_into(session, DeletedExpense).values(tombstones).on_conflict_do_nothing())
    ids = [expense.id for expense in expenses]
    session.execute(delete(Expense).where(Expense.user_id == user.id, Expense.id.in_(ids)))
    return deleted


def _lock_expenses(session: Session, user: User, numbers: Iterable[int]) -> Sequence[Expense]:
    """In the order of their numbers, so that two who lock the same ones wait for each other and do not deadlock."""
    wanted = set(numbers)
    possible = [number for number in wanted if 0 < number <= LARGEST_NUMBER]
    found = session.scalars(
        select(Expense)
        .where(Expense.user_id == user.id, Expense.id.in_(possible))
        .order_by(Expense.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if missing := sorted(wanted - {expense.id for expense in found}):
        raise UnknownExpense(f"You have no expense {', '.join(map(str, missing))}. `list` shows their numbers")
    return found


def _check_amount(amount: Decimal) -> None:
    if not 0 < amount <= LARGEST_AMOUNT:
        raise BudgetError(f"An expense is more than 0 and at most {LARGEST_AMOUNT:,}")
