"""The rehearsal: a shop changes its schema while its programs write, and the figures of it.

    python tests/rehearsal/play.py [--rows 1000000]

On PostgreSQL (a throw-away server whose time zone is New York's) and on SQLite (a temporary file) it plays every
revision of versions/ while the old program writes; on PostgreSQL the new program writes beside it from 0004 on, and
alone in the last revision. A smaller shop then goes all the way down and up again. Last come the same changes as one
would write them at first, each while the old program writes.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKILL = HERE.parents[1] / "database-deployment"
if __name__ == "__main__":
    sys.path[:1] = [str(HERE.parent), str(SKILL / "examples"), str(SKILL / "scripts")]

from alembic import command  # noqa: E402
from sqlalchemy import Engine, text  # noqa: E402

from database import create_database_engine, transaction  # noqa: E402
from local_postgres import LocalPostgres  # noqa: E402
from rehearsal import shop  # noqa: E402
from rehearsal.shop import NEW_PROGRAM, OLD_PROGRAM  # noqa: E402
from rehearsal.writers import Record, at_work  # noqa: E402

MOST_ROWS_THERE_AND_BACK = 100_000  # the way down and up again is twice the work of the way up
LONGEST_WAIT = 1.0  # seconds
AS_AT_FIRST = {
    "CREATE INDEX": "CREATE INDEX ix_orders_customer_id_placed_at ON orders (customer_id, placed_at)",
    "ADD CHECK": "ALTER TABLE orders ADD CONSTRAINT ck_orders_total CHECK (total >= 0)",
    "one UPDATE": "UPDATE orders SET total = total + 0",
    "ALTER TYPE": "ALTER TABLE orders ALTER COLUMN total TYPE bigint",
}


@dataclass(frozen=True)
class Figure:
    """What one change cost the writers."""

    change: str
    seconds: float
    writes: int
    longest_wait: float


@dataclass(frozen=True)
class Played:
    """The figures on one database, and everything that went wrong."""

    figures: list[Figure]
    failures: list[str]


def play(url: str, rows: int, *, back: bool = True) -> Played:
    engine = create_database_engine(url)
    command.upgrade(shop.configuration(engine), shop.FIRST)
    shop.fill(engine, rows)
    before, record = shop.orders(engine), Record()
    figures = upgrade_while_they_write(engine, url, record)
    failures = [
        *record.failures,
        *too_long(engine, figures),
        *lost_values(engine, before, record),
        *(lost_on_the_way_back(engine) if back else []),
    ]
    engine.dispose()
    return Played(figures, failures)


def upgrade_while_they_write(engine: Engine, url: str, record: Record) -> list[Figure]:
    config, customers = shop.configuration(engine), len(shop.customers(engine))
    watched = Watched(record)
    with ExitStack() as new, ExitStack() as old:
        old.enter_context(at_work(url, OLD_PROGRAM, customers, record))
        for revision in shop.REVISIONS[1:]:
            if revision == shop.OLD_PROGRAM_ENDS:
                old.close()
            watched.run(revision, partial(command.upgrade, config, revision))
            if revision == shop.NEW_PROGRAM_BEGINS and engine.dialect.name == "postgresql":
                new.enter_context(at_work(url, NEW_PROGRAM, customers, record))
    return watched.figures()


def too_long(engine: Engine, figures: list[Figure]) -> list[str]:
    """On SQLite a writer waits for the end of a revision, however long it takes: measured, and no failure."""
    if engine.dialect.name == "sqlite":
        return []
    waits = {figure.change: figure.longest_wait for figure in figures if figure.longest_wait > LONGEST_WAIT}
    return [f"a write waited {seconds:.3f} s during {change}" for change, seconds in waits.items()]


class Watched:
    """The changes, one after the other, and what the writers saw during each: known when the writers have ended."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.changes: list[tuple[str, float, float]] = []

    def run(self, change: str, work: Callable[[], object]) -> None:
        began = time.monotonic()
        work()
        self.changes.append((change, began, time.monotonic()))

    def figures(self) -> list[Figure]:
        return [
            Figure(change, ended - began, self.record.writes(began, ended), self.record.longest_wait(began, ended))
            for change, began, ended in self.changes
        ]


def lost_values(engine: Engine, before: dict[int, shop.Row], record: Record) -> list[str]:
    """What the shop had and what the programs wrote, against what is there; customers may have been merged."""
    expected = before | {number: shop.row(order) for number, order in record.orders.items()}
    kept = shop.merged(engine)
    expected = {number: (kept.get(row[0], row[0]), *row[1:]) for number, row in expected.items()}
    return compared("after the upgrade", expected, shop.orders(engine))


def lost_on_the_way_back(engine: Engine) -> list[str]:
    config, upgraded, kept = shop.configuration(engine), shop.orders(engine), shop.merged(engine)
    command.downgrade(config, shop.FIRST)
    down = {number: (kept.get(row[0], row[0]), *row[1:]) for number, row in shop.orders(engine).items()}
    missing = [f"customer {number} did not come back" for number in kept.keys() - shop.customers(engine).keys()]
    command.upgrade(config, "head")
    return (
        missing + compared("after the downgrade", upgraded, down) + compared("up again", upgraded, shop.orders(engine))
    )


def compared(when: str, expected: dict[int, shop.Row], found: dict[int, shop.Row]) -> list[str]:
    wrong = [number for number in expected.keys() | found.keys() if expected.get(number) != found.get(number)]
    return [f"{when}: order {number} was {expected.get(number)}, is {found.get(number)}" for number in wrong[:5]]


def play_as_at_first(url: str, rows: int) -> list[Figure]:
    """The plain statements, each in one transaction, while the old program writes."""
    engine = create_database_engine(url, lock_timeout=0)
    command.upgrade(shop.configuration(engine), shop.FIRST)
    shop.fill(engine, rows)
    record = Record()
    watched = Watched(record)
    with at_work(url, OLD_PROGRAM, len(shop.customers(engine)), record):
        for name, sql in AS_AT_FIRST.items():
            watched.run(name, partial(run, engine, sql))
    engine.dispose()
    return watched.figures()


def run(engine: Engine, sql: str) -> None:
    with transaction(engine, statement_timeout=0) as session:
        session.execute(text(sql))


def report(title: str, figures: list[Figure]) -> None:
    print(f"\n{title}\n{'change':<14}{'seconds':>9}{'writes':>9}{'longest wait':>15}")
    for figure in figures:
        print(f"{figure.change:<14}{figure.seconds:>9.2f}{figure.writes:>9}{figure.longest_wait:>13.3f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="orders in the shop (default: 1,000,000)")
    rows = parser.parse_args().rows
    back = rows <= MOST_ROWS_THERE_AND_BACK
    with LocalPostgres(timezone="America/New_York") as server, tempfile.TemporaryDirectory() as folder:
        played = {
            f"PostgreSQL, {rows:,} orders": play(server.create_database(), rows, back=back),
            f"SQLite, {rows:,} orders": play(f"sqlite:///{folder}/shop.db", rows, back=back),
        }
        at_first = play_as_at_first(server.create_database(), rows)
    for title, result in played.items():
        report(title, result.figures)
        print(
            *result.failures or [f"No write failed, no value was lost{', down and up again' if back else ''}."],
            sep="\n",
        )
    report("PostgreSQL, the same changes in one statement each", at_first)
    return int(any(result.failures for result in played.values()))


if __name__ == "__main__":
    sys.exit(main())
