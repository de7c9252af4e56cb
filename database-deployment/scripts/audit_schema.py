"""The models against a live database: what only one of the two has. It reads the catalog, and changes nothing."""

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, CheckConstraint, Connection, MetaData, create_engine, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from audit_findings import SKILL, CannotAudit
from audit_models import Place

MISSING, ADDED, DIFFERENT = "not-in-the-database", "not-in-the-models", "different-in-the-database"
CONNECT_SECONDS = 10


def address_of(url: str) -> URL:
    """`url` "" means DATABASE_URL, from the environment or .env; the driver is the one that database.py takes."""
    spec = importlib.util.spec_from_file_location("database_of_the_skill", SKILL / "examples" / "database.py")
    if spec is None or spec.loader is None:
        raise CannotAudit("examples/database.py cannot be loaded. Copy the whole folder of the skill.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with without_secrets():
        address: URL = module.database_url({"DATABASE_URL": url}) if url else module.database_url()
    if address.get_backend_name() == "sqlite" and address.database:
        # Opening a file that is not there would make it.
        return make_url(f"sqlite:///file:{address.database}?mode=ro&uri=true")
    return address


def look_at_database(metadata: MetaData, address: URL) -> Iterator[Place]:
    if importlib.util.find_spec("alembic") is None:
        raise CannotAudit(f"first run: {sys.executable} -m pip install alembic")
    options = {"connect_timeout": CONNECT_SECONDS} if address.get_backend_name() == "postgresql" else {}
    with without_secrets(), create_engine(address, connect_args=options, poolclass=NullPool).connect() as connection:
        found = [*differences(metadata, connection), *missing_checks(metadata, connection)]
    yield from found


@contextmanager
def without_secrets() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ValueError, ImportError) as error:
        # The message of a driver may quote the address.
        raise CannotAudit(f"the database cannot be read: {type(error).__name__}. doctor.py says more") from error


def differences(metadata: MetaData, connection: Connection) -> Iterator[Place]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
    for change in flat(compare_metadata(context, metadata)):
        kind, *things = change
        if kind == "modify_nullable" and is_key(metadata, things):
            continue  # SQLite calls the key of a row nullable
        if kind == "add_constraint" and is_unique_on_sqlite(connection, things[0]):
            continue
        yield Place(rule_of(kind), described(kind, things))


def is_key(metadata: MetaData, things: list[Any]) -> bool:
    schema, table, column, *_ = things
    return bool(metadata.tables[f"{schema}.{table}" if schema else table].c[column].primary_key)


def is_unique_on_sqlite(connection: Connection, constraint: Any) -> bool:
    """SQLAlchemy does not see every UNIQUE that stands within the line of its column."""
    if connection.dialect.name != "sqlite":
        return False
    table = constraint.table.name
    indexes = connection.execute(text("SELECT name FROM pragma_index_list(:table) WHERE [unique]"), {"table": table})
    wanted = {column.name for column in constraint.columns}
    columns = text("SELECT name FROM pragma_index_info(:name)")
    return any(wanted == set(connection.scalars(columns, {"name": name})) for (name,) in indexes.all())


def flat(changes: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Changes of one column come as a list of their own."""
    for change in changes:
        yield from change if isinstance(change, list) else [change]


def rule_of(kind: str) -> str:
    return {"add": MISSING, "remove": ADDED}.get(kind.partition("_")[0], DIFFERENT)


def described(kind: str, things: list[Any]) -> str:
    what = kind.partition("_")[2]
    if kind.startswith("modify"):
        _schema, table, column, *_, old, new = things
        return f"{table}.{column}: {what} is {old}, the models say {new}"
    if what == "column":
        _schema, table, column = things
        return f"column {table}.{column.name}"
    thing = things[0]
    if what == "table":
        return f"table {thing.name}"
    columns = ", ".join(column.name for column in getattr(thing, "columns", ()))
    return f"{what} {thing.name or 'without a name'} of {thing.table.name} ({columns})"


def missing_checks(metadata: MetaData, connection: Connection) -> Iterator[Place]:
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in there or table.schema:
            continue
        known = {check["name"] for check in inspector.get_check_constraints(table.name)}
        ddl = str(CreateTable(table).compile(dialect=connection.dialect))  # without what is for another dialect
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint) and constraint.name is not None:
                name = connection.dialect.identifier_preparer.format_constraint(constraint)
                if name and name in ddl and name.strip('"') not in known:
                    yield Place("check-in-the-models-only", f"{table.name}: {name}")
