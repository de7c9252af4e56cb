"""Measures the application beside SQL by hand, the obvious SQLAlchemy, Django and Peewee, and prints a table.

    python tests/benchmarks/measure.py [--rows 10000 100000 1000000] [--rounds 3] [--only import reading] [--save NAME]

A contest is a piece of work that all contenders do in turn; its figures are the medians of the rounds, as ratios to the
first contender. A quick machine and a slow one differ in seconds, and much less in ratios. Needs requirements-dev.txt;
the simulated network needs PgBouncer too. With --save the figures go into tests/benchmarks/results/NAME.json, from
which references/performance.md has its tables: `python tests/benchmarks/page.py`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKILL = HERE.parents[1] / "database-deployment"
if __name__ == "__main__":
    sys.path[:1] = [str(HERE.parent), str(SKILL / "examples"), str(SKILL / "scripts")]

if missing := [name for name in ("django", "peewee") if find_spec(name) is None]:
    sys.exit(f"{' and '.join(missing)} missing. First run: {sys.executable} -m pip install -r requirements-dev.txt")

from benchmarks import advice, deleting, importing, memory, network, reading, results, starting, transferring  # noqa: E402
from benchmarks.places import SERVER_SETTINGS, Place, empty_place, filled  # noqa: E402
from benchmarks.races import Result  # noqa: E402
from local_postgres import LocalPostgres  # noqa: E402

PARTS = ("import", "reading", "memory", "delete", "start", "transfers", "network", "advice")
ROWS_OF_A_DELETED_USER = 100_000
LEAST_ROWS = 1000


def measure(rows: list[int], rounds: int, parts: list[str], folder: Path) -> Iterator[Result]:
    with LocalPostgres(**SERVER_SETTINGS) as server:
        for empty in (empty_place(folder, None), empty_place(folder, server)):
            for number in rows:
                yield from at_size(empty, number, min(rounds, 2) if number > 100_000 else rounds, parts, folder)
            if "delete" in parts:
                with filled(empty, min(ROWS_OF_A_DELETED_USER, max(rows))) as place:
                    yield from deleting.races(place, rounds)
            if "transfers" in parts and empty.server:
                yield from transferring.races(empty, rounds)
            if "advice" in parts:
                yield from advice.races(empty, min(advice.MOST_ROWS, max(rows)), rounds, folder)
    if "network" in parts:
        yield from network.races(rounds)


def at_size(empty: Place, rows: int, rounds: int, parts: list[str], folder: Path) -> Iterator[Result]:
    if "import" in parts:
        yield from importing.races(empty, rows, folder, rounds)
    if not {"reading", "memory", "start"} & set(parts):
        return
    with filled(empty, rows) as place:
        if "reading" in parts:
            yield from reading.races(place, rounds)
        if "start" in parts:
            yield from starting.races(place, rounds)
        if "memory" in parts:
            yield from memory.results(place, empty, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--save", metavar="NAME")
    options = parser.parse_args()
    found: list[Result] = []
    if min(options.rows) < LEAST_ROWS:
        parser.error(f"--rows: at least {LEAST_ROWS:,}, so that there are pages to turn")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    with tempfile.TemporaryDirectory() as folder:
        for result in measure(options.rows, options.rounds, options.only, Path(folder)):
            results.show(result, found[-1] if found else None)
            found.append(result)
    results.show_goals(found)
    if options.save:
        results.save(found, options.save)


if __name__ == "__main__":
    main()
