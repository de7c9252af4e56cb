"""The bed on PostgreSQL: clients behind TLS and a pooler, faults in random order, a reckoning after each round."""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, text

from budget import schema
from database import create_database_engine, transaction
from faults.bookings import open_books
from faults.client import ANSWERED_WITHIN
from faults.clients import Clients, NothingGoesOn
from faults.journal import Record
from faults.reckoning import reckon, too_slow, unhealthy
from faults.strikes import CLIENTS, DEADLOCK_TIMEOUT, FAULTS, POOL_SIZE, Fault, Target, until
from like_neon import LikeNeon

log = logging.getLogger(__name__)

THREADS = [6, 5, 5]  # of each client
BETWEEN_CALLS = 0.3  # seconds that a thread waits at most
FAULTS_IN_A_ROUND = 100
LONGEST_PAUSE = 0.05  # seconds between two faults
MOST_MISSES = 20  # in a row, before the bed gives up on a fault


@dataclass
class Played:
    """The figures, and everything that went wrong."""

    record: Record
    struck: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    seconds: float = 0.0
    longest_standstill: float = 0.0  # from the end of a strike until the next call is acknowledged
    failures: list[str] = field(default_factory=list)


def play(faults: int, seed: int, folder: Path, only: Sequence[str] = ()) -> Played:
    """`only`: the names of the faults that strike; by default all of them, in their shares."""
    began, chance = time.monotonic(), random.Random(seed)
    with LikeNeon(wake_delay=0.05, pool_size=POOL_SIZE, deadlock_timeout=f"{DEADLOCK_TIMEOUT} s") as neon:
        engine = create_database_engine(neon.direct_url)
        schema.upgrade(engine)
        with transaction(engine) as session:
            open_books(session)
        engine.dispose()  # so that every connection to the server is one of the clients
        record = Record(folder)
        played = Played(record)
        target = Target(
            neon, Clients(neon.url, record, threads=THREADS, seed=seed, pause=BETWEEN_CALLS), record, chance
        )
        chosen = [fault for fault in FAULTS if not only or fault.name in only]
        for struck in rounds(deck(faults, chosen, chance)):
            try:
                play_round(struck, target, played)
            except NothingGoesOn as error:
                played.failures.append(f"STUCK: {error}")
            played.rounds += 1
            log.info("round %d: %d faults in %.0f s", played.rounds, played.struck.total(), time.monotonic() - began)
            played.failures += [*reckon(engine, record), *unhealthy(engine), *orphans(engine)]
            engine.dispose()
            played.failures += after_a_round(target)
            if played.failures:
                break
    played.seconds = time.monotonic() - began
    return played


def deck(number: int, faults: list[Fault], chance: random.Random) -> list[Fault]:
    """So many faults, each as often as its share wants, in random order."""
    whole = sum(fault.share for fault in faults)
    cards = [fault for fault in faults for _ in range(number * fault.share // whole)]
    cards += chance.choices(faults, [fault.share for fault in faults], k=number - len(cards))
    chance.shuffle(cards)
    return cards


def rounds(cards: list[Fault]) -> Iterator[list[Fault]]:
    for begin in range(0, len(cards), FAULTS_IN_A_ROUND):
        yield cards[begin : begin + FAULTS_IN_A_ROUND]


def play_round(faults: list[Fault], target: Target, played: Played) -> None:
    never = threading.Event()
    with target.clients.at_work():
        for fault in faults:
            never.wait(target.chance.uniform(0, LONGEST_PAUSE))
            misses = 0
            while not fault.strike(target):
                misses += 1
                if misses > MOST_MISSES:
                    raise NothingGoesOn(f"{fault.name} did not strike {misses} times")
            played.struck[fault.name] += 1
            played.longest_standstill = max(played.longest_standstill, target.clients.wait_for_work())


def after_a_round(target: Target) -> Iterator[str]:
    yield from too_slow(target.record, ANSWERED_WITHIN)
    yield from deadlocks_of_their_own(target)
    yield from connections_left(target)


def deadlocks_of_their_own(target: Target) -> Iterator[str]:
    for at in target.record.deadlocks:
        if not any(began <= at <= ended for began, ended in target.adversary_at_work):
            yield "DEADLOCK: two clients were in a deadlock with each other"


def connections_left(target: Target) -> Iterator[str]:
    """The clients have ended: what is still there belongs to the pooler, which keeps no more than its pool, idle."""
    with target.administration() as execute:
        busy = f"{CLIENTS} AND state <> 'idle'"
        if not until(lambda: not execute(busy)):
            yield f"LEAKED: {len(execute(busy))} connections are not idle after all clients have ended"
        if not until(lambda: len(execute(CLIENTS)) <= POOL_SIZE):
            yield f"LEAKED: {len(execute(CLIENTS))} connections are left"
        if held := execute("SELECT pid FROM pg_locks WHERE locktype = 'transactionid' AND pid <> pg_backend_pid()"):
            yield f"LEAKED: {len(held)} transactions are open"


def orphans(engine: Engine) -> Iterator[str]:
    """Rows without their category, found by SQL of its own and not by the constraint."""
    with transaction(engine, read_only=True) as session:
        for table, column in REFERENCES:
            count = session.scalar(
                text(
                    f"SELECT count(*) FROM {table} LEFT JOIN categories"
                    f" ON categories.user_id = {table}.user_id AND categories.id = {table}.{column}"
                    f" WHERE categories.id IS NULL"
                )
            )
            if count:
                yield f"ORPHANS: {count} rows of {table} have no category"


REFERENCES = [
    ("budgets", "category_id"),
    ("expenses", "category_id"),
    ("budget_transfers", "from_category_id"),
    ("budget_transfers", "to_category_id"),
]
