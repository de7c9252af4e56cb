"""A learner's script from the inside: its tables, its functions, and an empty database for each check.

Runs in a process of its own, beside the learner's code. It looks for meaning and not for spelling: an amount may be
called price or cents, a table may be a class or a Table.
"""

import contextlib
import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

with contextlib.suppress(ImportError):  # where it is missing, the script itself says so
    import sqlalchemy as sa
    import sqlalchemy.orm

from .checking import NotYet

Row = dict[str, Any]

DAY = date(2026, 3, 2)
MOMENT = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
AMOUNT = re.compile("amount|price|cost|cents|value|total|money|balance|sum|spent(?!_(on|at))", re.I)
EXAMPLES: dict[str, Any] = {
    "Boolean": False,
    "DateTime": MOMENT,
    "Date": DAY,
    "Time": MOMENT.time(),
    "JSON": {},
    "LargeBinary": b"x",
    "Interval": MOMENT - MOMENT,
    "Numeric": Decimal(1),
    "Float": 1.0,
}
PLURALS = {"Category": "categories"}


class Work:
    """What the checks know of one script. `new_database()` before each of them."""

    def __init__(self, module: ModuleType, script: str, folder: Path) -> None:
        self.module = module
        self.script = script
        self._folder = folder
        self._count = 0
        self._filled = 0
        self._engine: sa.Engine | None = None

    # --- The database

    def new_database(self) -> None:
        self.close()
        self._count += 1

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None

    @property
    def engine(self) -> "sa.Engine":
        if self._engine is None:
            url = f"sqlite:///{(self._folder / f'check-{self._count}.db').as_posix()}"
            create = getattr(self.module, "create_database_engine", None)
            self._engine = create(url) if callable(create) else engine_with_foreign_keys(url)
        return self._engine

    def session(self) -> "sa.orm.Session":
        return sa.orm.Session(self.engine)

    @contextlib.contextmanager
    def statements(self) -> "Iterator[list[str]]":
        """What is sent to the database in this block."""
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
                sent.append(statement)

        sa.event.listen(self.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            sa.event.remove(self.engine, "before_cursor_execute", note)

    # --- Tables

    def table(self, name: str) -> "sa.Table":
        """The table of the class `name`, or the Table that is called so."""
        found = self.find_table(name)
        if found is None:
            raise NotYet(f"{self.script} has no {name}", f"write the class {name}, as the lesson says")
        return found

    def find_table(self, name: str) -> "sa.Table | None":
        mapped = sa.inspect(getattr(self.module, name, None), raiseerr=False)
        if isinstance(mapped, sa.orm.Mapper) and isinstance(mapped.local_table, sa.Table):
            return mapped.local_table
        names = {name.lower(), f"{name.lower()}s", PLURALS.get(name, "")}
        for variable, value in vars(self.module).items():
            if isinstance(value, sa.Table) and (variable.lower() in names or value.name.lower() in names):
                return value
        for metadata in self.all_metadata():
            for table in metadata.tables.values():
                if table.name.lower() in names:
                    return table
        return None

    def all_metadata(self) -> "Iterator[sa.MetaData]":
        for value in list(vars(self.module).values()):
            metadata = value if isinstance(value, sa.MetaData) else getattr(value, "metadata", None)
            if isinstance(metadata, sa.MetaData):
                yield metadata

    def model(self, table: "sa.Table") -> type | None:
        """The class of a table; None where there is only the Table."""
        for value in list(vars(self.module).values()):
            mapped = sa.inspect(value, raiseerr=False) if isinstance(value, type) else None
            if isinstance(mapped, sa.orm.Mapper) and mapped.local_table is table:
                return value
        return None

    def create_tables(self, *names: str) -> None:
        for metadata in dict.fromkeys(self.table(name).metadata for name in names):
            metadata.create_all(self.engine)

    # --- Columns

    def amount_column(self, name: str) -> "sa.Column[Any]":
        table = self.table(name)
        numbers = [
            column
            for column in table.columns
            if not (column.primary_key or column.foreign_keys)
            and isinstance(plain(column.type), sa.Numeric | sa.Integer | sa.Float | sa.String)
        ]
        called = [column for column in numbers if AMOUNT.search(column.key)]
        of_its_type = [column for column in numbers if AMOUNT.search(type(column.type).__name__)]
        exact = [column for column in numbers if isinstance(column.type, sa.Numeric)]
        for found in (called, of_its_type, exact):
            if found:
                return found[0]
        raise NotYet(f"{name} has no amount", f"give {name} a column amount")

    def text_column(self, name: str, *wanted: str) -> "sa.Column[Any]":
        texts = [
            column
            for column in self.table(name).columns
            if isinstance(plain(column.type), sa.String) and not column.foreign_keys
        ]
        called = [column for word in wanted for column in texts if word in column.key.lower()]
        if not called + texts:
            raise NotYet(f"{name} has no text", f"give {name} a column {wanted[0]}")
        return (called + texts)[0]

    def owner_column(self, table: "sa.Table") -> "sa.Column[Any] | None":
        """The column that says whose row it is: it leads to the users, if only through another table."""
        users = self.table("User")
        for key in table.foreign_keys:
            if key.column.table is users:
                return key.parent
        for key in table.foreign_keys:
            if key.column.table is not table and key.column is self.owner_column(key.column.table):
                return key.parent
        return None

    # --- Rows

    def insert(self, name: str, values: Mapping[str, Any] | None = None, *parents: Row) -> Row:
        """A row with these values, all else filled in. `parents`: rows that it belongs to, where it belongs to such."""
        return self.insert_into(self.table(name), values or {}, parents)

    def insert_into(self, table: "sa.Table", values: Mapping[str, Any], parents: tuple[Row, ...]) -> Row:
        row = self.complete(table, values, parents)
        with self.engine.begin() as connection:
            key = connection.execute(table.insert().values(row)).inserted_primary_key
        keys = [column.key for column in table.primary_key]
        return {**row, **dict(zip(keys, key or (), strict=True)), "__table__": table}

    def complete(self, table: "sa.Table", values: Mapping[str, Any], parents: tuple[Row, ...] = ()) -> Row:
        row = dict(values)
        tables = [each["__table__"] for each in parents]

        def given_first(constraint: "sa.ForeignKeyConstraint") -> tuple[bool, int]:
            return constraint.referred_table not in tables, len(constraint.elements)

        for constraint in sorted(table.foreign_key_constraints, key=given_first):
            self._belong(row, constraint, parents)
        for column in table.columns:
            if column.key not in row and is_needed(column):
                row[column.key] = self.fill(column)
        return row

    def _belong(self, row: Row, constraint: "sa.ForeignKeyConstraint", parents: tuple[Row, ...]) -> None:
        parent = next((each for each in parents if each["__table__"] is constraint.referred_table), None)
        missing = [element for element in constraint.elements if element.parent.key not in row]
        if parent is None and any(is_needed(element.parent) for element in missing):
            given = {
                element.column.key: row[element.parent.key]
                for element in constraint.elements
                if element.parent.key in row
            }
            parent = self.insert_into(constraint.referred_table, given, parents)
        for element in missing:
            if parent is not None and parent.get(element.column.key) is not None:
                row[element.parent.key] = parent[element.column.key]

    def fill(self, column: "sa.Column[Any]") -> Any:
        """Something that fits: another text and another number each time, and the same for all else."""
        self._filled += 1
        kind = plain(column.type)
        if AMOUNT.search(column.key) and not isinstance(kind, sa.Date | sa.DateTime | sa.Boolean):
            return amount_for(column, Decimal("1.00"))
        if isinstance(kind, sa.Enum):
            return next(iter(kind.enum_class)) if kind.enum_class else kind.enums[0]
        if isinstance(kind, sa.String):
            fitting: Any = text_for(column.key, kind.length, self._filled)
        else:
            fitting = next((value for kinds, value in EXAMPLES.items() if isinstance(kind, getattr(sa, kinds))), None)
            fitting = self._filled if fitting is None and isinstance(kind, sa.Integer) else fitting
        if isinstance(column.type, sa.TypeDecorator):
            candidates = [each for each in (fitting, *EXAMPLES.values()) if each is not None]
            fitting = next((each for each in candidates if self._takes(column.type, each)), None)
        return uuid4() if fitting is None else fitting

    def _takes(self, kind: Any, value: Any) -> bool:
        """Whether a type of the learner's own takes this value."""
        try:
            kind.process_bind_param(value, self.engine.dialect)
        except NotImplementedError:
            return True
        except Exception:
            return False
        return True

    def is_moment(self, column: "sa.Column[Any]") -> bool:
        return not column.foreign_keys and isinstance(self.fill(column), datetime)

    def rows(self, name: str) -> list[Row]:
        """What a connection of its own finds in the table, by key."""
        table = self.table(name)
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(table).order_by(*table.primary_key)).all()
        return [dict(zip(table.columns.keys(), row, strict=True)) | {"__table__": table} for row in found]

    def amounts(self, name: str) -> list[Decimal]:
        column = self.amount_column(name)
        return [amount_of(column, row[column.key]) for row in self.rows(name)]

    # --- Functions

    def function(self, name: str) -> Any:
        found = getattr(self.module, name, None)
        if not callable(found):
            raise NotYet(f"{self.script} has no function {name}", f"write def {name}(session, ...)")
        return found


def engine_with_foreign_keys(url: str) -> "sa.Engine":
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def switch_on(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: "sa.Connection") -> None:  # sqlite3 by itself begins late
        if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql("BEGIN")

    return engine


def plain(kind: Any) -> Any:
    """The type below a type of the learner's own."""
    while isinstance(kind, sa.TypeDecorator):
        kind = kind.impl_instance
    return kind


def is_needed(column: "sa.Column[Any]") -> bool:
    has_default = column.default is not None or column.server_default is not None or column.computed is not None
    counts_up = column is column.table.autoincrement_column and not column.foreign_keys
    return not (column.nullable or has_default or counts_up)


def text_for(name: str, length: int | None, number: int) -> str:
    if "mail" in name:
        return f"ann{number}@example.org"
    if "currency" in name:
        return "EUR"
    if length == 7 or name in ("month", "period"):
        return "2026-03"
    return f"{name} {number}"[-length:] if length else f"{name} {number}"


def takes_cents(column: "sa.Column[Any]") -> bool:
    return isinstance(column.type, sa.Integer)


def amount_for(column: "sa.Column[Any]", amount: Decimal) -> Any:
    """The amount as this column wants it: whole cents in an integer, else as it is."""
    if takes_cents(column):
        return int(amount * 100)
    if isinstance(column.type, sa.Float):
        return float(amount)
    return str(amount) if isinstance(column.type, sa.String) else amount


def amount_of(column: "sa.Column[Any]", value: Any) -> Decimal:
    """The amount that a value of this column means."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise NotYet(
            f"{column.key} is read back as {value!r}", "let the column give a Decimal, or whole cents"
        ) from None
    return amount / 100 if takes_cents(column) else amount


def key_of(row: Row) -> Any:
    """The primary key of a row, without what it shares with its owner: the `id` of (user_id, id)."""
    table = row["__table__"]
    keys = list(table.primary_key)
    own = [column for column in keys if not column.foreign_keys] or keys
    return row[own[-1].key]


def same_row(one: Row, other: Row) -> bool:
    return all(one[column.key] == other[column.key] for column in one["__table__"].primary_key)


def is_identifier(value: Any) -> bool:
    return isinstance(value, int | UUID) and not isinstance(value, bool | Enum)


def signature(function: Any) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, AttributeError, TypeError, SyntaxError):
        return inspect.signature(function)
