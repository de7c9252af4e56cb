"""What SQLAlchemy knows of the models, without a database: types, keys, indexes, names."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    MetaData,
    Numeric,
    Table,
    UniqueConstraint,
)

from audit_models import Place

# As in rule_parts/money-name.yml; a test compares.
MONEY = re.compile(
    r"(?i)(^|_)(price|amount|balance|cost|fee|salary|wage|payment|revenue|subtotal|refund|deposit|income|expense|budget|debt)s?($|_)"
)
NOT_MONEY = re.compile(
    r"(?i)(rate|ratio|percent|percentage|pct|weight|factor|id|type|count|currency|status|name|limit|used|at|seconds|tokens|precision|digits|decimals)$"
)
OWNER = re.compile(
    r"(?:user|owner|person|account|tenant|org|organi[sz]ation|team|workspace|company|customer|household|shop)_id$"
)


def look_at_metadata(base: Any, database: str | None) -> Iterator[Place]:
    """`base` is a declarative base or a MetaData; `database` where the program runs, None if that is not known."""
    metadata: MetaData = getattr(base, "metadata", base)
    written = Written(base)
    for table in metadata.sorted_tables:
        for rule, thing in table_problems(table, database):
            yield written.place(rule, thing)
    if not {"uq", "fk"} <= set(metadata.naming_convention):
        yield Place("no-naming-convention", "the MetaData of the models")


def table_problems(table: Table, database: str | None) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        money = MONEY.search(column.name) and not NOT_MONEY.search(column.name)
        # Since SQLAlchemy 2.1 a Float is no kind of Numeric; a TypeDecorator is neither.
        if money and isinstance(column.type, Float):
            yield "float-money", column
        elif money and isinstance(column.type, Numeric) and database == "sqlite":
            yield "numeric-money-on-sqlite", column
        if isinstance(column.type, DateTime) and not column.type.timezone:
            yield "naive-datetime-column", column
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint) and constraint.name is None and constraint.sqltext is not None:
            yield "unnamed-check", constraint
        elif isinstance(constraint, UniqueConstraint) and any(column.nullable for column in constraint.columns):
            yield "nullable-unique", constraint
        elif isinstance(constraint, ForeignKeyConstraint):
            if not has_index(table, constraint):
                yield "foreign-key-without-index", constraint
            if crosses_owners(table, constraint):
                yield "foreign-key-across-owners", constraint


def has_index(table: Table, key: ForeignKeyConstraint) -> bool:
    wanted = {column.name for column in key.columns}
    leading = [list(table.primary_key.columns.keys())]
    leading += [[getattr(part, "name", "") for part in index.expressions] for index in table.indexes]
    leading += [list(c.columns.keys()) for c in table.constraints if isinstance(c, UniqueConstraint)]
    return any(set(names[: len(wanted)]) == wanted for names in leading)


def crosses_owners(table: Table, key: ForeignKeyConstraint) -> bool:
    """Child and parent have the same owner column, to the same table, and the key does not hold it."""
    parent = key.referred_table
    theirs = owners(parent)
    return table is not parent and any(
        theirs.get(name) is owner and owner not in (parent, table) and name not in key.columns
        for name, owner in owners(table).items()
    )


def owners(table: Table) -> dict[str, Table]:
    return {
        column.name: key.column.table
        for column in table.columns
        for key in column.foreign_keys
        if OWNER.search(column.name) and not column.nullable
    }


class Written:
    """Where columns and tables are written: a finding then has a line, and a comment there can ignore it."""

    def __init__(self, base: Any) -> None:
        self._columns: dict[Column[Any], tuple[type, str]] = {}
        for mapper in base.registry.mappers if hasattr(base, "registry") else ():
            for attribute in mapper.column_attrs:
                for column in attribute.columns:
                    self._columns.setdefault(column, (mapper.class_, attribute.key))

    def place(self, rule: str, thing: Any) -> Place:
        columns = [thing] if isinstance(thing, Column) else list(thing.columns)
        table = thing.table
        where = f"{table.name}.{', '.join(column.name for column in columns)}" if columns else table.name
        for column in columns[-1:]:
            if column in self._columns:
                owner, attribute = self._columns[column]
                for cls in owner.__mro__:
                    if found := lines_of(cls).get(attribute):
                        return Place(rule, where, *found)
        return Place(rule, where)


@cache
def lines_of(cls: type) -> dict[str, tuple[str, int, str]]:
    """File, line and text of each attribute that is written in the body of this class."""
    try:
        file = inspect.getsourcefile(cls)
        source = Path(file or "").read_text("utf-8")
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError, UnicodeDecodeError):
        return {}
    found = {}
    lines = source.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
            for statement in node.body:
                targets = (
                    statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
                )
                for target in targets:
                    if isinstance(target, ast.Name):
                        found[target.id] = (str(file), statement.lineno, lines[statement.lineno - 1].strip())
    return found
