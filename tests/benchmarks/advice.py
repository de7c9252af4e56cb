"""What people advise, each beside doing without it. The page says what does not pay, so that nobody tries it again."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks import books
from benchmarks.importing import import_file, load, load_in_batches
from benchmarks.names import LOADING, MERGE, PAGES, SEARCH
from benchmarks.places import Place, filled
from benchmarks.races import Result, race, timed
from benchmarks.ways.budget import BudgetWay
from benchmarks.ways.by_hand import ByHand
from local_postgres import LocalPostgres, administration

MOST_ROWS = 100_000


def races(empty: Place, rows: int, rounds: int, folder: Path) -> Iterator[Result]:
    yield from page_sizes(empty, rows, rounds)
    if empty.server:
        yield from trigram_index(empty, rows, rounds)
        yield from memory_for_the_merge(empty, empty.server, rows, rounds, folder)


def page_sizes(empty: Place, rows: int, rounds: int) -> list[Result]:
    runners = {
        "1,000, the default": lambda: load_in_batches(empty, rows),
        "100": lambda: load_in_batches(empty, rows, insertmanyvalues_page_size=100),
        "10,000": lambda: load_in_batches(empty, rows, insertmanyvalues_page_size=10_000),
    }
    return race(PAGES, empty.database, rows, runners, rounds)


def trigram_index(empty: Place, rows: int, rounds: int) -> Iterator[Result]:
    """GIN over pg_trgm, which serves LIKE '%word%'."""
    with indexed(empty) as with_index:
        runners = {"without": lambda: load(empty, ByHand, rows), "with": lambda: load(with_index, ByHand, rows)}
        yield from race(LOADING, empty.database, rows, runners, rounds)
        yield from searches(empty, with_index, rows, rounds)


def searches(without: Place, with_index: Place, rows: int, rounds: int) -> list[Result]:
    with (
        filled(without, rows) as plain,
        filled(with_index, rows) as indexed,
        closing(BudgetWay(plain)) as slow,
        closing(BudgetWay(indexed)) as fast,
    ):
        runners = {
            "without": lambda: timed(lambda: slow.search(books.RARE)),
            "with": lambda: timed(lambda: fast.search(books.RARE)),
        }
        return race(SEARCH, without.database, rows, runners, rounds)


@contextmanager
def indexed(empty: Place) -> Iterator[Place]:
    with empty.copy() as place:
        with administration(place.url) as execute:
            execute("CREATE EXTENSION pg_trgm")
            execute("CREATE INDEX by_trigram ON expenses USING gin (search_text gin_trgm_ops)")
        yield place


def memory_for_the_merge(empty: Place, server: LocalPostgres, rows: int, rounds: int, folder: Path) -> list[Result]:
    file = books.write_bank_file(folder / "advice.csv", rows)

    def with_plenty() -> float:
        with administration(server.url) as execute:
            execute("ALTER ROLE CURRENT_USER SET work_mem = '256MB'")
            try:
                return import_file(empty, file, rows)
            finally:
                execute("ALTER ROLE CURRENT_USER RESET work_mem")

    runners = {"4 MB, the default": lambda: import_file(empty, file, rows), "256 MB": with_plenty}
    found = race(MERGE, empty.database, rows, runners, rounds)
    file.unlink()
    return found
