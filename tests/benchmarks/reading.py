"""Reports, pages, searches, the export: all contenders read one database, and must give one answer."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

from benchmarks import books
from benchmarks.places import Place
from benchmarks.races import Result, race, timed
from benchmarks.ways.budget import BudgetWay
from benchmarks.ways.by_hand import ByHand
from benchmarks.ways.in_django import InDjango
from benchmarks.ways.in_peewee import InPeewee
from benchmarks.ways.obvious import Obvious
from benchmarks.ways.way import PAGE, Way

WAYS: list[Callable[[Place], Way]] = [ByHand, BudgetWay, Obvious, InDjango, InPeewee]
DEEP_PAGE = 5000
MOST_EXPORTED_BY_ALL = 100_000
Question = Callable[[Way], Any]


def questions(rows: int) -> dict[str, Question]:
    deep = deep_page(rows)
    return {
        "report of a month": lambda way: way.month(),
        "report of a year": lambda way: way.year(),
        "trend of twelve months": lambda way: way.trend(),
        "page 1": lambda way: way.page(1),
        f"page {deep:,}": lambda way: way.page(deep),
        "search: in each row": lambda way: way.search(books.COMMON),
        "search: in one of 5,000 rows": lambda way: way.search(books.RARE),
    }


def races(place: Place, rounds: int) -> Iterator[Result]:
    with ExitStack() as stack:
        ways = [stack.enter_context(closing(way(place))) for way in WAYS]
        for contest, question in questions(place.rows).items():
            refuse_other_answers(contest, ways, question)
            runners = {way.NAME: runner(way, question) for way in ways}
            yield from race(contest, place.database, place.rows, runners, rounds)
        yield from exports(place, ways, rounds)
        yield from deep_beside_first(place, ways[1], rounds)


def exports(place: Place, ways: list[Way], rounds: int) -> list[Result]:
    if place.rows > MOST_EXPORTED_BY_ALL:
        ways = ways[:2]  # .all() of a million objects would take as long as all the rest
    refuse_other_answers("export", ways, exported)
    runners = {way.NAME: runner(way, lambda way: way.export(Nowhere())) for way in ways}
    return race("export", place.database, place.rows, runners, rounds)


def deep_beside_first(place: Place, way: Way, rounds: int) -> list[Result]:
    """The same contender twice: what a page far behind costs beside the first one."""
    deep = deep_page(place.rows)
    runners = {
        "page 1": runner(way, lambda way: way.page(1)),
        "deep page": runner(way, lambda way: way.page(deep)),
    }
    return race("page by page", place.database, place.rows, runners, 2 * rounds + 1)


def deep_page(rows: int) -> int:
    """In the middle of the expenses, where there are not enough for page 5,000."""
    return min(DEEP_PAGE, rows // PAGE // 2)


def runner(way: Way, question: Question) -> Callable[[], float]:
    return lambda: timed(lambda: question(way))


def refuse_other_answers(contest: str, ways: list[Way], question: Question) -> None:
    right = question(ways[0])
    for way in ways[1:]:
        if (answer := question(way)) != right:
            raise AssertionError(f"{contest}: {way.NAME} says {answer!r:.300}, and {ways[0].NAME} {right!r:.300}")


def exported(way: Way) -> tuple[int, int]:
    """How many, and the sum of all lines, so that a million of them need not be kept."""
    stream = Digest()
    return way.export(stream), stream.sum


class Nowhere(io.StringIO):
    def write(self, text: str) -> int:
        return len(text)


class Digest(Nowhere):
    """Whatever the order of equal lines."""

    sum = 0

    def write(self, text: str) -> int:
        if not text.startswith("date,"):
            self.sum += sum(map(hash, next(csv.reader([text]))))
        return len(text)
