"""A bank's file becomes expenses. The limit is what the database takes in of rows that are clean already."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks import books
from benchmarks.names import LIMIT
from benchmarks.places import Place
from benchmarks.races import Result, race
from benchmarks.ways.budget import BudgetWay
from benchmarks.ways.by_hand import ByHand
from benchmarks.ways.in_django import InDjango
from benchmarks.ways.in_peewee import InPeewee
from benchmarks.ways.obvious import Obvious
from benchmarks.ways.way import Way

MOST_ROWS_OF_THE_OTHERS = 100_000
MOST_COMMITS = 1000


def races(empty: Place, rows: int, folder: Path, rounds: int) -> Iterator[Result]:
    file = books.write_bank_file(folder / f"bank-{rows}.csv", rows)
    runners: dict[str, Callable[[], float]] = {
        LIMIT: lambda: load(empty, ByHand, rows),
        BudgetWay.NAME: lambda: import_file(empty, file, rows),
    }
    if rows <= MOST_ROWS_OF_THE_OTHERS:
        runners |= {
            Obvious.NAME: lambda: load(empty, Obvious, rows),
            f"{Obvious.NAME}, a commit a row": lambda: load_one_by_one(empty, rows),
            "SQLAlchemy, insert() of lists": lambda: load_in_batches(empty, rows),
            InDjango.NAME: lambda: load(empty, InDjango, rows),
            InPeewee.NAME: lambda: load(empty, InPeewee, rows),
        }
    yield from race("import", empty.database, rows, runners, rounds)
    yield from import_again(empty, file, rows)
    file.unlink()


def load(empty: Place, way: Callable[[Place], Way], rows: int) -> float:
    with empty.copy() as place, closing(way(place)) as contender:
        return seconds(lambda: contender.load(books.expense_rows(rows, place.ann)))


def load_one_by_one(empty: Place, rows: int) -> float:
    """Of a part, as if the whole took as long for each row."""
    some = min(rows, MOST_COMMITS)
    with empty.copy() as place, closing(Obvious(place)) as contender:
        return seconds(lambda: contender.load_one_by_one(books.expense_rows(some, place.ann))) * rows / some


def load_in_batches(empty: Place, rows: int, **options: Any) -> float:
    with empty.copy() as place, closing(Obvious(place, **options)) as contender:
        return seconds(lambda: contender.load_in_batches(books.expense_rows(rows, place.ann)))


def import_file(empty: Place, file: Path, rows: int) -> float:
    with empty.copy() as place, closing(BudgetWay(place)) as way:
        took = seconds(lambda: way.import_file(file))
        refuse_other_count(way, rows)
        return took


def import_again(empty: Place, file: Path, rows: int) -> Iterator[Result]:
    """The same file twice: the second time it is read, compared, and nothing is added."""
    with empty.copy() as place, closing(BudgetWay(place)) as way:
        first, again = seconds(lambda: way.import_file(file)), seconds(lambda: way.import_file(file))
        refuse_other_count(way, rows)
    for name, took in (("the first time", first), ("all lines known", again)):
        yield Result("import again", empty.database, rows, name, took, took / first)


def refuse_other_count(way: BudgetWay, rows: int) -> None:
    if (found := way.count()) != rows:
        raise AssertionError(f"{found:,} of {rows:,} expenses are there")


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
