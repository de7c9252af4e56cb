"""L4, relationships: three tables that belong together, in the schema and in Python."""

import contextlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from .calling import Call, meaning
from .checking import NotYet, check
from .common import page_checks, script_checks
from .l3 import texts_of
from .work import Row, Work, amount_for, key_of, plain, same_row, signature, takes_cents

with contextlib.suppress(ImportError):  # where it is missing, the script itself says so
    import sqlalchemy as sa

SCRIPT = "examples/expense-relationships.py"
NO_SUCH_KEY = 987_654

script_checks("L4", SCRIPT)


@check("L4", after="L4_address", inside=SCRIPT)
def refuses_an_unknown_category(work: Work) -> None:
    """the database refuses an expense of a category that does not exist"""
    work.create_tables("User", "Category", "Expense")
    column = category_column(work)
    row = work.insert("Expense")
    try:
        with work.engine.begin() as connection:
            connection.execute(sa.update(column.table).values({column.key: unknown_key(column)}))
    except sa.exc.IntegrityError:
        return
    raise NotYet(
        f"{column} was {row.get(column.key)}, and now leads to no category",
        f"make {column.key} a ForeignKey to the categories",
    )


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def refuses_a_foreign_category(work: Work) -> None:
    """the database refuses an expense in the category of another user"""
    work.create_tables("User", "Category", "Expense")
    if work.owner_column(work.table("Category")) is None:
        raise NotYet("a category belongs to no user", "give Category a user_id, with a ForeignKey to the users")
    owner = work.owner_column(work.table("Expense"))
    column = category_column(work)
    if owner is None or owner is column:
        return  # an expense has the owner of its category, and no other
    ann, ben = work.insert("User"), work.insert("User")
    bens = work.insert("Category", {}, ben)
    try:
        work.insert("Expense", {owner.key: key_of(ann), column.key: key_of(bens)})
    except sa.exc.IntegrityError:
        return
    raise NotYet(
        "an expense of one user was saved in the category of another",
        "put the owner into the foreign key: ForeignKeyConstraint(['user_id', 'category_id'], [...])",
    )


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def knows_both_ways(work: Work) -> None:
    """a category knows its expenses, and an expense its category"""
    category, expense = work.model(work.table("Category")), work.model(work.table("Expense"))
    if category is None or expense is None:
        return  # tables without classes have no objects that could know each other
    sa.orm.configure_mappers()
    of_category: Any = sa.inspect(category)
    of_expense: Any = sa.inspect(expense)
    there = [each for each in of_category.relationships if each.mapper.class_ is expense]
    back = [each for each in of_expense.relationships if each.mapper.class_ is category]
    for model, other, found in ((category, expense, there), (expense, category, back)):
        if not found:
            raise NotYet(
                f"{model.__name__} has no relationship to {other.__name__}",
                "write relationship(back_populates=...) on both sides",
            )
    if not any(one.back_populates == other.key for one in there for other in back):
        raise NotYet(
            f"{category.__name__}.{there[0].key} and {expense.__name__}.{back[0].key} do not know of each other",
            f'name the other side: relationship(back_populates="{back[0].key}")',
        )


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def deletes_as_it_says(work: Work) -> None:
    """deleting a category does in Python what it does in SQL, and leaves no expense behind by accident"""
    table = work.table("Category")
    model = work.model(table)
    in_sql = outcome(work, lambda session, row: session.execute(sa.delete(table).where(is_row(table, row))))
    if in_sql == "is left without a category" and not category_column(work).nullable:
        raise NotYet("a category was deleted in SQL, and its expense leads nowhere", "make the key a ForeignKey")
    if model is None:
        return

    def delete(session: Any, row: Row) -> None:
        session.delete(session.get(model, tuple(row[column.key] for column in table.primary_key)))

    in_python = outcome(work, delete)
    silent = "is left without a category"
    if in_python != in_sql and silent in (in_python, in_sql):
        raise NotYet(
            f"the expense of a deleted category {in_python} in Python, and {in_sql} in SQL",
            "say it once: ondelete= in the ForeignKey, and passive_deletes in the relationship",
        )


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def sums_by_category(work: Work) -> None:
    """`spending_by_category(session, ...)` gives the sum of each category, and of one user where it is asked for one"""
    work.function("spending_by_category")
    ann = household(work)
    found = spending(work, ann)
    for name, expected in {"Food": Decimal("14.90"), "Home": Decimal("800.00")}.items():
        numbers = [number for texts, numbers in found if name in texts for number in numbers]
        if expected not in numbers:
            seen = ", ".join(str(number) for number in numbers) or "not there"
            raise NotYet(
                f"{name} is {seen}; it should be {expected}, what one user has spent on it",
                "join the two tables, group by the category, and sum",
            )


@check("L4", after="sums_by_category", inside=SCRIPT)
def asks_once(work: Work) -> None:
    """it sends no more statements for twelve categories than for three"""
    ann = household(work)
    with work.statements() as few:
        spending(work, ann)
    for number in range(9):
        spend(work, ann, f"Category {number}", Decimal("1.00"))
    with work.statements() as many:
        spending(work, ann)
    if len(many) > len(few):
        raise NotYet(
            f"{len(few)} statements with three categories, {len(many)} with twelve",
            "let the database sum: one select with join and group_by, and no query in a loop",
        )


# --- What the checks are made of


def category_column(work: Work) -> "sa.Column[Any]":
    """The column of an expense that leads to its category, and not only to the category's owner."""
    categories, expenses = work.table("Category"), work.table("Expense")
    keys = [key for key in expenses.foreign_keys if key.column.table is categories]
    own = [key.parent for key in keys if not key.column.foreign_keys]
    if not keys:
        raise NotYet(
            "no foreign key leads from an expense to its category",
            'write category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))',
        )
    return (own or [key.parent for key in keys])[0]


def unknown_key(column: "sa.Column[Any]") -> Any:
    kind = plain(column.type)
    return NO_SUCH_KEY if isinstance(kind, sa.Integer) else uuid4() if isinstance(kind, sa.Uuid) else str(NO_SUCH_KEY)


def is_row(table: "sa.Table", row: Row) -> Any:
    return sa.and_(*(column == row[column.key] for column in table.primary_key))


def outcome(work: Work, delete: Any) -> str:
    """What becomes of an expense when `delete(session, category)` takes its category away."""
    work.new_database()
    work.create_tables("User", "Category", "Expense")
    column = category_column(work)
    user = work.insert("User")
    category = work.insert("Category", {}, user)
    expense = work.insert("Expense", {}, category, user)
    with work.session() as session:
        try:
            delete(session, category)
            session.commit()
        except sa.exc.IntegrityError:
            return "keeps it"
    left = next((row for row in work.rows("Expense") if same_row(row, expense)), None)
    if left is None:
        return "is deleted too"
    return "is left without a category" if left[column.key] is None else "leads nowhere"


def household(work: Work) -> Row:
    """Ann, with three categories, and Ben, who spends on Food as well."""
    work.create_tables("User", "Category", "Expense")
    ann, ben = work.insert("User"), work.insert("User")
    spend(work, ann, "Food", Decimal("12.50"), Decimal("2.40"))
    spend(work, ann, "Home", Decimal("800.00"))
    spend(work, ann, "Travel", Decimal("5.00"))
    if work.owner_column(work.table("Category")) is not None and takes_user(work):
        spend(work, ben, "Food", Decimal("9.80"))
    return ann


def takes_user(work: Work) -> bool:
    parameters = list(signature(work.function("spending_by_category")).parameters)
    return any(meaning(name) == "user" for name in parameters[1:])


def spend(work: Work, user: Row, category: str, *amounts: Decimal) -> None:
    name = work.text_column("Category", "name", "title", "label").key
    column = work.amount_column("Expense")
    row = work.insert("Category", {name: category}, user)
    for amount in amounts:
        work.insert("Expense", {column.key: amount_for(column, amount)}, row, user)


def spending(work: Work, user: Row) -> list[tuple[list[str], list[Decimal]]]:
    """The texts and the numbers of each entry that spending_by_category gives."""
    with work.session() as session:
        call = Call(work, session, {"user": user}, {})
        found = call("spending_by_category")
        if isinstance(found, Mapping):
            found = list(found.items())
        if found is None or isinstance(found, str) or not isinstance(found, Iterable):
            raise NotYet(f"spending_by_category returned {found!r}", "return the pairs of a name and a sum, or a dict")
        cents = takes_cents(work.amount_column("Expense"))
        return [(texts_of(each), [number / 100 if cents else number for number in numbers_of(each)]) for each in found]


def numbers_of(item: Any) -> list[Decimal]:
    if isinstance(item, Decimal | int | float) and not isinstance(item, bool):
        return [Decimal(str(item))]
    if isinstance(item, Mapping):
        return [number for each in item.values() for number in numbers_of(each)]
    if isinstance(item, tuple | list | sa.Row):
        return [number for each in item for number in numbers_of(each)]
    return [number for each in getattr(item, "__dict__", {}).values() for number in numbers_of(each)]


page_checks("L4", "references/relationships.md", 3, "relationships")
