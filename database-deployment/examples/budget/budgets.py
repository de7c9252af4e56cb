"""Budgets: what may be spent on a category in a month, and how it moves from one category to another."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import delete, literal, select
from sqlalchemy.orm import Session

from budget.categories import get_categories, list_categories
from budget.errors import BudgetError, KeyTaken
from budget.inputs import exact_amount, read_key
from budget.models import LARGEST_AMOUNT, Budget, BudgetTransfer, Category, User, fold, now
from budget.upsert import insert_into

ONE_BUDGET = ["user_id", "category_id", "month"]


def set_budget(session: Session, user: User, category: Category, month: date, amount: Decimal) -> None:
    """What may be spent on the category in the month that begins with `month`; a second call replaces it."""
    amount = exact_amount(amount, "A budget", may_be_zero=True)
    statement = insert_into(session, Budget).values(
        user_id=user.id, category_id=category.id, month=month.replace(day=1), amount=amount
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=ONE_BUDGET, set_={"amount": statement.excluded.amount})
    )


def list_budgets(session: Session, user: User, month: date) -> list[tuple[str, Decimal]]:
    """Name and budget of each category that has one in this month."""
    rows = session.execute(
        select(Category.name, Budget.amount)
        .join(Category, (Category.user_id == Budget.user_id) & (Category.id == Budget.category_id))
        .where(Budget.user_id == user.id, Budget.month == month.replace(day=1))
    )
    return sorted(((name, amount) for name, amount in rows), key=lambda row: (fold(row[0]), row[0]))


def copy_budgets(session: Session, user: User, source: date, target: date, *, replace: bool = False) -> int:
    """Give the budgets of one month to another; those that it has already stay, or are replaced. How many were set."""
    list_categories(session, user, hold=True)
    columns = ["user_id", "category_id", "month", "amount"]
    rows = select(Budget.user_id, Budget.category_id, literal(target.replace(day=1)), Budget.amount).where(
        Budget.user_id == user.id, Budget.month == source.replace(day=1)
    )
    insert = insert_into(session, Budget).from_select(columns, rows)
    if replace:
        insert = insert.on_conflict_do_update(index_elements=ONE_BUDGET, set_={"amount": insert.excluded.amount})
    else:
        insert = insert.on_conflict_do_nothing()
    return session.connection().execute(insert).rowcount


def delete_budget(session: Session, user: User, category: Category, month: date) -> bool:
    """No budget any more, which is not a budget of 0. Returns whether there was one."""
    statement = delete(Budget).where(
        Budget.user_id == user.id, Budget.category_id == category.id, Budget.month == month.replace(day=1)
    )
    return session.connection().execute(statement).rowcount == 1


class Transfer(NamedTuple):
    source: str
    target: str
    source_left: Decimal | None  # the budgets of the two as they are now; None where it was deleted since
    target_left: Decimal | None
    is_new: bool  # False where an earlier request with the same key has moved it


def transfer_budget(
    session: Session, user: User, month: date, names: tuple[str, str], amount: Decimal, request_key: str
) -> Transfer:
    """Move `amount` of a month's budget from the first category to the second, once for each request key."""
    amount, request_key = exact_amount(amount, "What is moved"), read_key(request_key)
    source, target = get_categories(session, user, names, hold=True)
    if source.id == target.id:
        raise BudgetError("Name two categories: from the first to the second")
    month = month.replace(day=1)
    with session.begin_nested():  # a refused transfer leaves its request key free, also where the caller goes on
        is_new = _claim(session, user, month, source, target, amount, request_key)
        budgets = _lock_budgets(session, user, month, source, target, create_target=is_new)
        if is_new:
            _move(budgets, source, target, amount)
    source_left, target_left = (budgets[each.id].amount if each.id in budgets else None for each in (source, target))
    return Transfer(source.name, target.name, source_left, target_left, is_new)


def _claim(
    session: Session, user: User, month: date, source: Category, target: Category, amount: Decimal, request_key: str
) -> bool:
    """Write the request down; False where it was there already. A second process with the key waits here."""
    request = {"month": month, "from_category_id": source.id, "to_category_id": target.id, "amount": amount}
    insert = insert_into(session, BudgetTransfer).values(
        user_id=user.id, request_key=request_key, created_at=now(), **request
    )
    if session.connection().execute(insert.on_conflict_do_nothing()).rowcount == 1:
        return True
    earlier = session.scalars(
        select(BudgetTransfer).where(BudgetTransfer.user_id == user.id, BudgetTransfer.request_key == request_key)
    ).one()
    if any(getattr(earlier, name) != value for name, value in request.items()):
        raise KeyTaken(f"The request key {request_key!r} stands for another transfer. Nothing was moved")
    return False


def _lock_budgets(
    session: Session, user: User, month: date, source: Category, target: Category, *, create_target: bool
) -> dict[int, Budget]:
    """By category. Locked in one order, whichever way the budget moves: two transfers wait and do not deadlock."""
    if create_target:
        nothing_yet = insert_into(session, Budget).values(
            user_id=user.id, category_id=target.id, month=month, amount=Decimal(0)
        )
        session.execute(nothing_yet.on_conflict_do_nothing())
    found = session.scalars(
        select(Budget)
        .where(Budget.user_id == user.id, Budget.month == month, Budget.category_id.in_([source.id, target.id]))
        .order_by(Budget.category_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {budget.category_id: budget for budget in found}


def _move(budgets: dict[int, Budget], source: Category, target: Category, amount: Decimal) -> None:
    if source.id not in budgets:
        raise BudgetError(f"{source.name} has no budget in that month, so nothing can be moved")
    if budgets[source.id].amount < amount:
        raise BudgetError(f"{source.name} has {budgets[source.id].amount:,} in that month, so {amount:,} is too much")
    if budgets[target.id].amount + amount > LARGEST_AMOUNT:
        raise BudgetError(f"{target.name} would have more than {LARGEST_AMOUNT:,}")
    budgets[source.id].amount -= amount
    budgets[target.id].amount += amount
