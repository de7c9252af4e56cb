"""The faults: programs book while everything around them breaks, and the figures of it.

    python tests/faults/play.py [--faults 1000] [--kills 200] [--seed 1] [--only FAULT]

On PostgreSQL (a throw-away server behind TLS and PgBouncer) 16 threads of 3 processes move budget and add expenses
while faults strike at random. On SQLite two processes write to one file and are killed again and again, and the disk
is full. The reckoning compares every row with what the programs asked for and were answered. Needs Linux and
PgBouncer. The throw-away server does not wait for the disk: what is shown is the crash of a server, not of a machine.
"""

import argparse
import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKILL = HERE.parents[1] / "database-deployment"
if __name__ == "__main__":
    sys.path[:1] = [str(HERE.parent), str(SKILL / "examples"), str(SKILL / "scripts")]

from faults import on_postgresql, on_sqlite  # noqa: E402
from faults.client import ANSWERED_WITHIN  # noqa: E402
from faults.journal import Record  # noqa: E402
from faults.strikes import FAULTS  # noqa: E402

MOST_SHOWN = 20


def report_postgresql(played: on_postgresql.Played) -> None:
    record = played.record
    threads, processes = sum(on_postgresql.THREADS), len(on_postgresql.THREADS)
    print(f"\nPostgreSQL behind PgBouncer, {threads} threads in {processes} processes\n{'fault':<34}{'struck':>6}")
    for name, count in played.struck.most_common():
        print(f"{name:<34}{count:>6}")
    print(f"{f'in {played.rounds} rounds, {played.seconds:.0f} s':<34}{played.struck.total():>6}\n")
    report_calls(record)
    print(f"answers to COMMIT lost and asked for again: {record.lost_answers:,}")
    print(f"longest call: {record.longest_call:.1f} s of {ANSWERED_WITHIN} s that are promised")
    print(f"longest time after a fault until a call was answered: {played.longest_standstill:.1f} s")
    report_failures(played.failures)


def report_sqlite(played: on_sqlite.Played) -> None:
    print("\nSQLite, 2 processes that write to one file")
    print(f"{'writers killed':<34}{played.kills:>6}")
    print(f"{'  both, so that nobody was left':<34}{played.both:>6}")
    print(f"{'disk full, and room again':<34}{played.full:>6}   {played.disk}")
    print(f"{f'in {played.seconds:.0f} s':<34}{played.kills + played.full:>6}\n")
    report_calls(played.record)
    for words in sorted(played.words):
        print("told of the full disk:", words.replace("\n", ". "))
    report_failures(played.failures)


def report_calls(record: Record) -> None:
    outcomes = Counter(record.outcomes.values())
    print(
        f"requests: {len(record.asked):,}; {', '.join(f'{count:,} {what}' for what, count in sorted(outcomes.items()))}"
    )
    failed = Counter(f"{line['error']} ({line['code']})" for line in record.failures)
    for what, count in failed.most_common():
        print(f"  failed with {what}: {count:,}")
    seen = ", ".join(f"{code} {count:,}" for code, count in record.seen.most_common())
    print(f"errors of the database that the programs met: {seen or 'none'}")


def report_failures(failures: list[str]) -> None:
    kinds = Counter(failure.partition(":")[0] for failure in failures)
    others = len(failures) - kinds["LOST"] - kinds["DOUBLED"]
    print(f"lost: {kinds['LOST']}, doubled: {kinds['DOUBLED']}, other failures: {others}")
    print(*failures[:MOST_SHOWN], sep="\n", end="\n" if failures else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--faults", type=int, default=1000, help="on PostgreSQL (default: 1000)")
    parser.add_argument("--kills", type=int, default=200, help="on SQLite (default: 200)")
    parser.add_argument(
        "--seed", type=int, default=1, help="decides the order of the faults, and what is asked for (default: 1)"
    )
    names = [fault.name for fault in FAULTS]
    parser.add_argument(
        "--only", action="append", metavar="FAULT", choices=names, default=[], help=f"one of: {', '.join(names)}"
    )
    asked = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("faults").setLevel(logging.INFO)
    failures: list[str] = []
    if asked.faults:
        with tempfile.TemporaryDirectory() as folder:
            on_servers = on_postgresql.play(asked.faults, asked.seed, Path(folder), asked.only)
        report_postgresql(on_servers)
        failures += on_servers.failures
    if asked.kills:
        with tempfile.TemporaryDirectory() as folder:
            on_files = on_sqlite.play(asked.kills, asked.seed, Path(folder))
        report_sqlite(on_files)
        failures += on_files.failures
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
