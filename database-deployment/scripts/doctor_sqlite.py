"""The doctor's checks of a SQLite file: opening it without changing it, and what is in it."""

import os
import re
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from doctor_case import Examination, Finding, Findings, some
from doctor_schema import unindexed

# --- Reach -----------------------------------------------------------------------------------------------------------

REFUSALS = {
    "SQLITE_NOTADB": (
        "no-database",
        "is no SQLite database",
        "Correct the path. If it is the right one, restore the file from a backup.",
    ),
    "SQLITE_CORRUPT": ("file-damaged", "is damaged", "Restore the file from a backup."),
    "SQLITE_BUSY": (
        "file-locked",
        "is held by another program",
        "Close that program, or wait until it has done its writing.",
    ),
}
UNKNOWN_REFUSAL = (
    "file-unreadable",
    "cannot be opened",
    "Give this account the right to read the file, and to write in its folder.",
)


def open_file(case: Examination) -> Findings:
    path = sqlite_file(case.url)
    if path is None:
        seen = "The database is in memory: it is new in each process and there is nothing to look at."
        yield Finding("in-memory", "error", seen, "Name a file: sqlite:///app.db")
    elif path.is_dir() or not path.parent.is_dir():
        seen = f"{path} is a folder." if path.is_dir() else f"The folder {path.parent} does not exist."
        yield Finding("file-missing", "error", seen, "Correct the path: three slashes from here, four from the root.")
    elif not path.exists():
        seen = f"There is no file {path}; the first connection would make an empty one."
        yield Finding("file-missing", "error", seen, "Correct the path, or create the schema: alembic upgrade head.")
    else:
        yield from read_first_page(case, path)


def sqlite_file(url: Any) -> Path | None:
    name = url.database or ":memory:"
    if name.startswith("file:"):
        if url.query.get("mode") == "memory":
            return None
        name = unquote(name.removeprefix("file:").partition("?")[0])
    return None if name in ("", ":memory:") else Path(name)


def read_first_page(case: Examination, path: Path) -> Findings:
    writable = may_write(path) and case.url.query.get("mode") != "ro"
    try:
        # With mode=ro a file in WAL mode would be left with two more files beside it.
        mode = "rw" if writable else "ro"
        case.connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=1)
        case.connection.execute("PRAGMA query_only = ON")
        case.connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        name, seen, fix = REFUSALS.get(error.sqlite_errorname, UNKNOWN_REFUSAL)
        yield Finding(name, "error", f"{path} {seen}: {error}.", fix)
        return
    yield Finding("reachable", "ok", f"SQLite {sqlite3.sqlite_version} reads {path}.")
    if not writable:
        yield Finding("read-only", "warning", f"{path} can be read, not written.", "Give this account the right.")
    elif not may_write(path.absolute().parent):
        needed = "SQLite writes its journal beside the file: give this account the right to write in the folder."
        yield Finding("read-only", "warning", f"The folder of {path} can be read, not written.", needed)


def may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


# --- Schema ----------------------------------------------------------------------------------------------------------


def file_is_whole(case: Examination) -> Findings:
    problems = [text for (text,) in case.rows("PRAGMA quick_check(3)") if text != "ok"]
    if problems:
        yield Finding("file-damaged", "error", f"The file is damaged: {some(problems)}.", "Restore it from a backup.")


def rows_have_their_parents(case: Examination) -> Findings:
    orphans = Counter((table, parent) for table, _, parent, _ in case.rows("PRAGMA foreign_key_check"))
    if orphans:
        counted = some([f"{count} in {table} without {parent}" for (table, parent), count in sorted(orphans.items())])
        fix = "PRAGMA foreign_key_check lists them: add the parents, or delete the rows."
        yield Finding("foreign-key-violations", "error", f"Rows whose parent does not exist: {counted}.", fix)


def plain_connections_enforce_foreign_keys(case: Examination) -> Findings:
    has_keys = case.rows(
        "SELECT 1 FROM sqlite_master AS t, pragma_foreign_key_list(t.name) WHERE t.type = 'table' LIMIT 1"
    )
    if has_keys and case.rows("PRAGMA foreign_keys") == [(0,)]:
        seen = "The schema has foreign keys, and plain connections to SQLite do not enforce them."
        fix = "create_database_engine() of examples/database.py does; else PRAGMA foreign_keys = ON in each connection."
        yield Finding("foreign-keys-off", "hint", seen, fix)


def readers_and_writers_do_not_block_each_other(case: Examination) -> Findings:
    [(mode,)] = case.rows("PRAGMA journal_mode")
    if mode != "wal":
        seen = f"The journal mode is {mode}: a writer and the readers wait for each other."
        fix = "create_database_engine() of examples/database.py changes it; else PRAGMA journal_mode = WAL, once."
        yield Finding("not-wal", "hint", seen, fix)


# How SQLite stores what PostgreSQL would take, by the declared type; other types are not looked at.
STORED_AS = {
    r"INT(?!ERVAL)|BOOL": "'integer'",
    "REAL|FLOA|DOUB|NUMERIC|DECIMAL": "'integer', 'real'",
    "CHAR|TEXT|CLOB|DATE|TIME": "'text'",
}
ROWS_LOOKED_AT, SECONDS_FOR_VALUES = 100_000, 1


def values_are_as_declared(case: Examination) -> Findings:
    """SQLite keeps text that is too long, and values of any type; PostgreSQL refuses them.

    A sample: the first rows of each table, and as many tables as a second allows.
    """
    columns = case.rows("""
        SELECT t.name, part.name, upper(part.type) FROM sqlite_master AS t, pragma_table_info(t.name) AS part
        WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, part.cid""")
    refused, ends_at = [], time.monotonic() + SECONDS_FOR_VALUES
    for table, column, declared in columns:
        if (wrong := what_is_wrong(quoted(column), declared)) and time.monotonic() < ends_at:
            first = f"(SELECT {quoted(column)} FROM {quoted(table)} LIMIT {ROWS_LOOKED_AT})"  # noqa: S608 - names
            [(count,)] = case.rows(f"SELECT count(*) FROM {first} WHERE {wrong}")  # noqa: S608 - their values stay out
            refused += [f"{count} in {table}.{column} ({declared})"] * (count > 0)
    if refused:
        seen = f"A sample has values that PostgreSQL would refuse, too long or of another type: {some(refused)}."
        fix = "Before a move to PostgreSQL, correct them or the type: typeof(column) and length(column) find them all."
        yield Finding("values-not-as-declared", "hint", seen, fix)


def what_is_wrong(value: str, declared: str) -> str:
    """The condition that finds values which are not as declared; empty for a type that is not looked at."""
    stored_as = next((kinds for pattern, kinds in STORED_AS.items() if re.search(pattern, declared)), "")
    tests = [f"typeof({value}) NOT IN ({stored_as}, 'null')"] if stored_as else []
    if limit := re.search(r"CHAR\w* *\((\d+)\)", declared):
        tests.append(f"length({value}) > {limit[1]}")
    return " OR ".join(tests)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def foreign_keys_have_an_index(case: Examination) -> Findings:
    keys = case.rows("""
        SELECT t.name, key.id, key."from" FROM sqlite_master AS t, pragma_foreign_key_list(t.name) AS key
        WHERE t.type = 'table' ORDER BY t.name, key.id, key.seq""")
    indexes = case.rows("""
        SELECT t.name, i.name, part.name
        FROM sqlite_master AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS part
        LEFT JOIN sqlite_master AS written ON written.type = 'index' AND written.name = i.name
        WHERE t.type = 'table' AND (NOT i.partial OR written.sql LIKE '%IS NOT NULL')
        ORDER BY t.name, i.name, part.seqno""")
    indexes += case.rows("""
        SELECT t.name, '', part.name FROM sqlite_master AS t, pragma_table_info(t.name) AS part
        WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' AND part.pk ORDER BY t.name, part.pk""")
    columns_of_index = columns_by_name(indexes)
    yield from unindexed(
        [
            f"{table} ({', '.join(columns)})"
            for (table, _), columns in columns_by_name(keys).items()
            if not any(
                other == table and set(index[: len(columns)]) == set(columns)
                for (other, _), index in columns_of_index.items()
            )
        ]
    )


def columns_by_name(rows: list[tuple[Any, ...]]) -> dict[tuple[str, Any], list[str]]:
    grouped: dict[tuple[str, Any], list[str]] = {}
    for table, name, column in rows:
        grouped.setdefault((table, name), []).append(column)
    return grouped
