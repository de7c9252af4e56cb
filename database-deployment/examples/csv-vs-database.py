"""Lesson 1, why databases beat CSV files: the same four accidents happen to both, and one of them loses nothing.

Run it; without DATABASE_URL the database is a SQLite file that is gone afterwards:

    python csv-vs-database.py

It makes the tables categories and expenses, refuses to start where there is one, and takes them away at the end.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2", "psycopg2-binary>=2.9.13,<2.10"]
# ///

import csv
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

Row: TypeAlias = dict[str, Any]

HOUSEHOLD: list[Row] = [
    {"description": "Rent", "category": "Home", "cents": "95000"},
    {"description": "Groceries", "category": "Food", "cents": "5420"},
    {"description": "Lunch", "category": "Food", "cents": "1250"},
]
BUS: Row = {"description": "Bus", "category": "Home", "cents": "240"}
WANTED = [HOUSEHOLD[0] | {"cents": "96000"}, *HOUSEHOLD[1:], BUS]  # when Ben has corrected the rent


# --- In CSV files: to change one line, a program reads all of them and writes all of them -----------------------------


def read_csv(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        for row in rows:
            writer.writerow(row)


def ben_with_csv_files(folder: Path, ann: Connection) -> None:
    """Ben's program, a process of its own. It corrects the rent; then the lunch, and gets half-way."""
    rows = read_csv(folder / "expenses.csv")
    say_and_wait(ann)
    rows[0]["cents"] = "96000"
    write_csv(folder / "expenses.csv", rows)
    say_and_wait(ann)
    with (folder / "expenses.csv").open("w", encoding="utf-8") as file:  # empties the file
        file.write("description,category,cents\nRent,Home,96000\nGro")
        file.flush()
        say_and_wait(ann)


def accidents_in_csv_files(folder: Path) -> list[str]:
    expenses, categories = folder / "expenses.csv", folder / "categories.csv"
    write_csv(expenses, HOUSEHOLD)
    write_csv(categories, [{"name": "Home"}, {"name": "Food"}])
    results = []

    with another_program(ben_with_csv_files, folder) as (ben, process):
        ben.recv()  # he has read the file, and so does Ann
        rows = read_csv(expenses)
        write_csv(expenses, [*rows, BUS])
        go_on(ben)  # he saves what he has read, with the new rent
        results.append(lost(WANTED, read_csv(expenses)))

        before = read_csv(expenses)
        go_on(ben)
        process.kill()
        process.join()
        results.append(lost(before, read_csv(expenses)))

    write_csv(expenses, [*HOUSEHOLD, BUS | {"cents": "24O"}])
    try:
        total = sum(Decimal(row["cents"]) for row in read_csv(expenses))
        results.append(f"the sum is {total}")
    except InvalidOperation:
        results.append("taken, there is no sum now")

    write_csv(expenses, HOUSEHOLD)
    write_csv(categories, [{"name": "Home"}])
    names = [row["name"] for row in read_csv(categories)]
    orphans = [row for row in read_csv(expenses) if row["category"] not in names]
    results.append(f"done, {len(orphans)} expenses in no category")
    return results


# --- In a database: a program says what to change, and the database keeps the rules -----------------------------------

TABLES = {
    "categories": "CREATE TABLE categories (name VARCHAR(50) PRIMARY KEY)",
    "expenses": """
        CREATE TABLE expenses (
            description VARCHAR(200) PRIMARY KEY,
            category VARCHAR(50) NOT NULL REFERENCES categories (name),
            cents INTEGER NOT NULL CHECK (cents = CAST(cents AS INTEGER))
        )""",
}
INSERT = text("INSERT INTO expenses (description, category, cents) VALUES (:description, :category, :cents)")


def ben_with_a_database(url: str, ann: Connection) -> None:
    """Ben's program again. What stands in one `begin` block is saved together, or not at all."""
    engine = connect(url)
    read_database(engine)
    say_and_wait(ann)
    with engine.begin() as connection:
        connection.execute(text("UPDATE expenses SET cents = 96000 WHERE description = 'Rent'"))
    say_and_wait(ann)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM expenses"))
        connection.execute(INSERT, HOUSEHOLD[0])
        say_and_wait(ann)


def accidents_in_a_database(url: str) -> list[str]:
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO categories (name) VALUES ('Home'), ('Food')"))
        connection.execute(INSERT, HOUSEHOLD)
    results = []

    with another_program(ben_with_a_database, url) as (ben, process):
        ben.recv()
        with engine.begin() as connection:
            connection.execute(INSERT, BUS)
        go_on(ben)
        results.append(lost(WANTED, read_database(engine)))

        before = read_database(engine)
        go_on(ben)
        process.kill()
        process.join()
        results.append(lost(before, read_database(engine)))

    for statement, values in (
        (INSERT, BUS | {"description": "Bus back", "cents": "24O"}),
        (text("DELETE FROM categories WHERE name = 'Food'"), {}),
    ):
        try:
            with engine.begin() as connection:
                connection.execute(statement, values)
            results.append("taken")
        except DBAPIError:
            results.append("refused")
    engine.dispose()
    return results


def read_database(engine: Engine) -> list[Row]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM expenses ORDER BY description")).mappings()]


def connect(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
    return engine


# --- Two programs at once ---------------------------------------------------------------------------------------------


@contextmanager
def another_program(run: Callable[..., None], where: Path | str) -> Iterator[tuple[Connection, BaseProcess]]:
    """Ben's program in a process of its own, and the pipe that tells how far it is."""
    context = multiprocessing.get_context("spawn")
    anns_end, bens_end = context.Pipe()
    process = context.Process(target=run, args=(where, bens_end))
    process.start()
    bens_end.close()  # so that Ann is told when Ben has ended
    try:
        yield anns_end, process
    finally:
        process.kill()
        process.join()
        anns_end.close()


def say_and_wait(ann: Connection) -> None:
    ann.send("I am here")
    ann.recv()


def go_on(ben: Connection) -> None:
    """Let Ben do his next step, and wait until he is done with it."""
    ben.send("go on")
    ben.recv()


def lost(expected: list[Row], found: list[Row]) -> str:
    there = {(row["description"], str(row["cents"])) for row in found}
    missing = [row["description"] for row in expected if (row["description"], str(row["cents"])) not in there]
    return f"lost: {', '.join(missing) or 'nothing'}"


# --- Both, side by side -----------------------------------------------------------------------------------------------


@contextmanager
def empty_tables(folder: Path) -> Iterator[str]:
    """The address of a database with the two tables, which are gone afterwards."""
    url = make_url(os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/lesson.db")
    if url.get_backend_name() != "sqlite":
        url = url.set(drivername="postgresql+psycopg2")  # `postgresql://` would mean another driver
    address = url.render_as_string(hide_password=False)
    engine = connect(address)
    try:
        for table in TABLES:
            if inspect(engine).has_table(table):
                sys.exit(TAKEN.format(table=table))
        try:
            with engine.begin() as connection:
                for create in TABLES.values():
                    connection.execute(text(create))
            yield address
        finally:
            with engine.begin() as connection:
                for table in reversed(TABLES):
                    connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    finally:
        engine.dispose()


TAKEN = """There is a table {table} already, and not by this program. Nothing was done.
For a database to throw away, run it without DATABASE_URL, or on a PostgreSQL that is gone afterwards:
    python ../scripts/local_postgres.py -- python csv-vs-database.py"""

ACCIDENTS = [
    "Ann adds Bus while Ben corrects Rent",
    "Ben's program is killed while it saves",
    "Somebody types 24O, with a letter O",
    "The category Food is deleted, but used",
]


def main() -> None:
    with tempfile.TemporaryDirectory() as name, empty_tables(Path(name)) as url:
        in_csv_files = accidents_in_csv_files(Path(name))
        in_a_database = accidents_in_a_database(url)
    print(f"{'':40}{'CSV files':32}database")
    for accident, csv_files, database in zip(ACCIDENTS, in_csv_files, in_a_database, strict=True):
        print(f"{accident:40}{csv_files:32}{database}")
    assert in_csv_files[:2] == ["lost: Bus", "lost: Groceries, Lunch"]
    assert in_csv_files[2:] == ["taken, there is no sum now", "done, 2 expenses in no category"]
    assert in_a_database == ["lost: nothing", "lost: nothing", "refused", "refused"]


if __name__ == "__main__":
    main()
