"""Categories: one name each for a user, whatever its capitals."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from budget.errors import BudgetError, UnknownCategory
from budget.inputs import read_name
from budget.models import LARGEST_AMOUNT, Budget, BudgetTransfer, Category, Expense, User, fold
from budget.upsert import insert_into
from budget.wording import count_of


def list_categories(session: Session, user: User, *, hold: bool = False) -> list[Category]:
    """In the order of the alphabet, which each database would have a rule of its own for.

    hold: nobody can delete one of them until the transaction ends. Others can still add expenses to them.
    """
    statement = select(Category).where(Category.user_id == user.id).order_by(Category.id)
    if hold:
        statement = statement.with_for_update(read=True, key_share=True)
    return sorted(session.scalars(statement), key=lambda category: (fold(category.name), category.name))


def get_category(session: Session, user: User, name: str, *, hold: bool = False) -> Category:
    """The user's category of this name, whatever its capitals. Raises UnknownCategory with the nearest names."""
    return get_categories(session, user, [name], hold=hold)[0]


def get_categories(session: Session, user: User, names: Iterable[str], *, hold: bool = False) -> list[Category]:
    """One category for each of the names, in one query."""
    categories = list_categories(session, user, hold=hold)
    known = {category.name: category for category in categories}
    folded = {fold(category.name): category for category in categories}
    found = []
    for name in map(read_name, names):
        category = known.get(name) or folded.get(fold(name))
        if category is None:
            message = f"There is no category {name!r}{_near(name, folded)}"
            raise UnknownCategory(message, "`category list` shows all, `category add` makes one")
        found.append(category)
    return found


def _near(name: str, folded: dict[str, Category]) -> str:
    near = [folded[each].name for each in get_close_matches(fold(name), folded, n=3)]
    return f". Did you mean {' or '.join(near)}?" if near else ""


def add_category(session: Session, user: User, name: str) -> Category:
    """A new category, or an error where the user has it already, in whatever capitals."""
    wanted = read_name(name)
    _one_change_of_names_at_a_time(session, user)
    _refuse_taken_name(session, user, wanted, hint="")
    category = Category(user_id=user.id, name=wanted)
    session.add(category)
    session.flush()
    return category


def ensure_categories(session: Session, user: User, names: Iterable[str]) -> tuple[dict[str, int], list[str]]:
    """Make the categories that are missing. Returns the id of each name as given, and the names that were new."""
    wanted = {name: read_name(name) for name in names}
    missing = _missing(session, user, wanted.values())
    if missing:
        _one_change_of_names_at_a_time(session, user)
        missing = _missing(session, user, wanted.values())  # another may have made some while this one waited
    if missing:
        # Not session.add_all(): to learn the number of each, SQLite would be asked once for each.
        session.execute(insert(Category), [{"user_id": user.id, "name": name} for name in missing])
    known = {fold(category.name): category.id for category in list_categories(session, user, hold=True)}
    return {given: known[fold(name)] for given, name in wanted.items()}, missing


def _missing(session: Session, user: User, names: Iterable[str]) -> list[str]:
    known = {fold(category.name) for category in list_categories(session, user)}
    return sorted({fold(name): name for name in names if fold(name) not in known}.values())


def rename_category(session: Session, user: User, name: str, new_name: str) -> Category:
    """Another name for a category; its expenses and budgets stay with it."""
    wanted = read_name(new_name)
    _one_change_of_names_at_a_time(session, user)
    category = get_category(session, user, name)
    if fold(wanted) != fold(category.name):  # other capitals for the same name are no conflict
        _refuse_taken_name(session, user, wanted, hint="`category merge` makes one of two")
    category.name = wanted
    session.flush()
    return category


def _one_change_of_names_at_a_time(session: Session, user: User) -> None:
    """`food` and `Food` are one name to people and two to the constraint, so the second process waits for the first."""
    session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))


def _refuse_taken_name(session: Session, user: User, name: str, hint: str) -> None:
    for category in list_categories(session, user):
        if fold(category.name) == fold(name):
            raise BudgetError(f"You have the category {category.name!r} already", hint)


class Merged(NamedTuple):
    source: str
    target: str
    expenses: int  # how many of them have another category now


def merge_categories(session: Session, user: User, source_name: str, target_name: str) -> Merged:
    """Give everything of the first category to the second, and delete the first. Budgets of a month are added up."""
    source, target = _lock_categories(session, user, [source_name, target_name])
    if source.id == target.id:
        raise BudgetError("These two are one category already")
    _add_up_budgets(session, user, source, target)
    moved = session.connection().execute(
        update(Expense)
        .where(Expense.user_id == user.id, Expense.category_id == source.id)
        .values(category_id=target.id)
    )
    _leave_transfers(session, user, source, target)
    session.delete(source)
    session.flush()
    return Merged(source.name, target.name, moved.rowcount)


def _add_up_budgets(session: Session, user: User, source: Category, target: Category) -> None:
    of_user = Budget.user_id == user.id
    largest = (
        select(func.sum(Budget.amount))
        .where(of_user, Budget.category_id.in_([source.id, target.id]))
        .group_by(Budget.month)
        .order_by(func.sum(Budget.amount).desc())
        .limit(1)
    )
    if (session.scalar(largest) or 0) > LARGEST_AMOUNT:
        raise BudgetError(f"Together they have a budget of more than {LARGEST_AMOUNT:,} in a month")
    rows = select(Budget.user_id, literal(target.id), Budget.month, Budget.amount).where(
        of_user, Budget.category_id == source.id
    )
    insert = insert_into(session, Budget).from_select(["user_id", "category_id", "month", "amount"], rows)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["user_id", "category_id", "month"], set_={"amount": Budget.amount + insert.excluded.amount}
        )
    )


class Deleted(NamedTuple):
    name: str
    budgets: int  # of how many months


def delete_category(session: Session, user: User, name: str) -> Deleted:
    """Delete a category that has no expenses, and its budgets with it."""
    [category] = _lock_categories(session, user, [name])
    expenses = session.scalar(
        select(func.count()).where(Expense.user_id == user.id, Expense.category_id == category.id)
    )
    if expenses:
        count = count_of(expenses, "expense")
        raise BudgetError(f"{category.name!r} has {count}", "Give them another category: `category merge NAME OTHER`")
    budgets = session.scalar(
        select(func.count(Budget.month)).where(Budget.user_id == user.id, Budget.category_id == category.id)
    )
    _leave_transfers(session, user, category, None)
    session.delete(category)
    session.flush()
    return Deleted(category.name, budgets or 0)


def _lock_categories(session: Session, user: User, names: list[str]) -> list[Category]:
    """Until the transaction ends nobody adds anything to them."""
    wanted = get_categories(session, user, names)
    statement = select(Category).where(Category.id.in_([each.id for each in wanted])).order_by(Category.id)
    locked = session.scalars(statement.with_for_update().execution_options(populate_existing=True)).all()
    as_named = all(fold(category.name) == fold(read_name(name)) for category, name in zip(wanted, names, strict=True))
    if len(locked) < len(set(wanted)) or not as_named:
        raise UnknownCategory("Somebody else has just deleted or renamed this category")
    return wanted


def _leave_transfers(session: Session, user: User, source: Category, target: Category | None) -> None:
    """The history of transfers goes on with `target`; a transfer cannot have it on both sides."""
    sides = (
        (BudgetTransfer.from_category_id, BudgetTransfer.to_category_id),
        (BudgetTransfer.to_category_id, BudgetTransfer.from_category_id),
    )
    for side, other in sides:
        new = None if target is None else func.nullif(target.id, other)
        session.connection().execute(
            update(BudgetTransfer).where(BudgetTransfer.user_id == user.id, side == source.id).values({side: new})
        )
