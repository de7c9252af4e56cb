"""Is the database as it should be? Every promise of the schema, looked at row by row and not believed."""

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    and_,
    func,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError, SAWarning
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from budget.models import Category, Expense, fold
from budget.wording import count_of
from database import Base


@dataclass(frozen=True, slots=True)
class Checked:
    what: str
    problems: list[str]  # none where all is well


def check_database(session: Session) -> Iterator[Checked]:
    """One result after the other; the last ones read every row. Where a table is missing, the first is the only one."""
    checks: dict[str, Callable[[Session], Iterator[str]]] = {
        "tables and columns": _differences_from_the_models,
        "foreign keys": _rows_without_their_parent,
        "constraints": _rows_against_a_constraint,
        "names of categories": _names_that_stand_twice,
        "sums": _wrong_sums,
        "the database's own check": _what_the_database_finds,
    }
    for what, check in checks.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of reflection, about a constraint that is NOT VALID
            found = list(check(session))
        yield Checked(what, found)
        if not set(Base.metadata.tables) <= set(inspect(session.connection()).get_table_names()):
            return


def _differences_from_the_models(session: Session) -> Iterator[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def only_ours(_object: object, name: str | None, kind: str, reflected: bool, _compared: object) -> bool:
        return not (kind == "table" and reflected and name not in Base.metadata.tables)

    context = MigrationContext.configure(session.connection(), opts={"include_object": only_ours})
    for difference in compare_metadata(context, Base.metadata):
        yield f"not as in the models: {difference}"


def _rows_without_their_parent(session: Session) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        for key in (each for each in table.constraints if isinstance(each, ForeignKeyConstraint)):
            parent = key.referred_table.alias()
            same = and_(*(element.parent == parent.c[element.column.name] for element in key.elements))
            given = and_(*(column.is_not(None) for column in key.columns))
            orphans = select(func.count()).select_from(table).where(given, ~select(parent).where(same).exists())
            if count := session.scalar(orphans):
                yield f"{table.name}: {count_of(count, 'row')} without their row in {key.referred_table.name}"


def _rows_against_a_constraint(session: Session) -> Iterator[str]:
    """By the rules of the models: those of the database may have been changed."""
    connection = session.connection()
    for table in Base.metadata.sorted_tables:
        here = set(re.findall(r"CONSTRAINT (\w+) CHECK", str(CreateTable(table).compile(connection))))
        present = {each["name"] for each in inspect(connection).get_check_constraints(table.name)}
        for rule in sorted(table.constraints, key=lambda each: str(each.name)):
            if not isinstance(rule, CheckConstraint) or rule.name not in here:
                continue  # no rule for rows, or one for the other kind of database
            if rule.name not in present:
                yield f"{table.name}: the constraint {rule.name} is missing"
            against = select(func.count()).select_from(table).where(text(f"NOT ({rule.sqltext})"))
            if count := session.scalar(against):
                yield f"{table.name}: {count_of(count, 'row')} against the constraint {rule.name}"


def _names_that_stand_twice(session: Session) -> Iterator[str]:
    names: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for user_id, name in session.execute(select(Category.user_id, Category.name).order_by(Category.id)):
        names[user_id, fold(name)].append(name)
    for (user_id, _), alike in names.items():
        if len(alike) > 1:
            yield f"user {user_id} has one category twice: {', '.join(alike)}. `category merge` makes one of two"


def _wrong_sums(session: Session) -> Iterator[str]:
    """Added up here, one by one, against what the database makes of it in a report."""
    cents = type_coerce(Expense.amount, BigInteger)  # as it is stored, also where it is no amount
    rows = select(Expense.user_id, Expense.category_id, cents, Expense.description, Expense.search_text)
    one_by_one: Counter[tuple[int, int]] = Counter()
    no_amounts = not_found = 0
    for user_id, category_id, amount, description, search_text in session.execute(
        rows.execution_options(yield_per=5000)
    ):
        if isinstance(amount, int):
            one_by_one[user_id, category_id] += amount
        else:
            no_amounts += 1
        not_found += search_text != fold(description)
    grouped = select(Expense.user_id, Expense.category_id, func.sum(cents))
    by_database = {
        (user_id, category_id): int(total or 0)
        for user_id, category_id, total in session.execute(grouped.group_by(Expense.user_id, Expense.category_id))
    }
    for user_id, category_id in sorted({*one_by_one, *by_database}):
        here, there = one_by_one[user_id, category_id], by_database.get((user_id, category_id), 0)
        if here != there:
            yield f"category {category_id}: {here} cents added up row by row, {there} by the database"
    if no_amounts:
        yield f"{count_of(no_amounts, 'expense')} without an amount that is one"
    if not_found:
        yield f"{count_of(not_found, 'expense')} not to be found: `edit NUMBER --description` writes the text anew"


def _what_the_database_finds(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name == "sqlite":
        for (found,) in session.execute(text("PRAGMA integrity_check")):
            if found != "ok":
                yield str(found)
        return
    for what, statement in POSTGRESQL_CHECKS.items():
        for (found,) in session.execute(text(statement)):
            yield f"{what}: {found}"
    if session.scalar(text(MAY_READ_INDEXES)):
        yield from _broken_indexes(session)


def _broken_indexes(session: Session) -> Iterator[str]:
    """Whether every row is in every index, where PostgreSQL's amcheck is installed and may be used."""
    for name in session.scalars(text(INDEXES)).all():
        try:
            with session.begin_nested():
                session.execute(text("SELECT bt_index_check(CAST(:name AS regclass), true)"), {"name": name})
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            yield f"index {name}: {str(error.orig).splitlines()[0]}"


POSTGRESQL_CHECKS = {
    "an index that is not used, because building it failed": """
        SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid""",
    "a constraint that was never checked for the rows that were there": """
        SELECT conname FROM pg_constraint WHERE NOT convalidated""",
    "pages on the disk that are not as they were written": """
        SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0""",
}
MAY_READ_INDEXES = """
    SELECT has_function_privilege(oid, 'execute') FROM pg_proc WHERE proname = 'bt_index_check' AND pronargs = 2"""
INDEXES = """
    SELECT pg_class.oid::regclass::text FROM pg_class JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'btree' AND relnamespace = current_schema()::regnamespace ORDER BY 1"""
