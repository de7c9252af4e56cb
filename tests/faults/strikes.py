"""The faults: each strikes once, and says whether it really did."""

import random
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from os import kill
from typing import Any

import psycopg2
from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from faults.client import LOCK_TIMEOUT
from faults.clients import GLANCE, Clients
from faults.journal import Record
from like_neon import DATABASE, OWNER, LikeNeon
from local_postgres import Execute, administration, with_database
from neon_door import Moment

SECONDS_TO_STRIKE = 5
DEADLOCK_TIMEOUT = 0.2  # the server's, in seconds
SILENCE = 0.1  # seconds

QUEUE = 3  # clients
SHORTER_THAN_LOCK_TIMEOUT = LOCK_TIMEOUT - 0.1

IN_ORDER = "ORDER BY user_id, category_id FOR UPDATE"  # that of the application
ALL_BUDGETS = f"FROM budgets {IN_ORDER}"
LAST_BUDGET = "(user_id, category_id) IN (SELECT user_id, max(category_id) FROM budgets GROUP BY user_id)"
CLIENTS = f"""
    SELECT pid FROM pg_stat_activity
    WHERE usename = '{OWNER}' AND backend_type = 'client backend' AND datname = '{DATABASE}'"""


@dataclass
class Target:
    """What can be struck, and the chance that decides where."""

    neon: LikeNeon
    clients: Clients
    record: Record
    chance: random.Random
    adversary_at_work: list[tuple[float, float]] = field(default_factory=list)  # when deadlocks are no surprise

    @property
    def server_url(self) -> str:
        """As superuser, past the pooler and the door."""
        return with_database(self.neon.server.url, DATABASE)

    @contextmanager
    def administration(self) -> Iterator[Execute]:
        with administration(self.server_url) as execute:
            yield execute

    @contextmanager
    def adversary(self) -> Iterator[Any]:
        """A cursor in a transaction, which is taken back unless it commits."""
        with closing(psycopg2.connect(self.server_url)) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {round(1000 * SECONDS_TO_STRIKE)}")
            cursor.execute(f"SET deadlock_timeout = '{SECONDS_TO_STRIKE} s'")  # so that the others are the victims
            connection.commit()
            yield cursor


def until(condition: Callable[[], object], seconds: float = SECONDS_TO_STRIKE) -> bool:
    """Whether it came true in this time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(GLANCE)
    return True


# --- Processes and the server


def backend_killed(target: Target) -> bool:
    """One to three of those that have something to do."""
    with target.administration() as execute:
        busy = f"{CLIENTS} AND state <> 'idle'"
        until(lambda: execute(busy))
        at_work = [pid for (pid,) in execute(busy)]
        victims = target.chance.sample(at_work, min(len(at_work), target.chance.randint(1, 3)))
        for pid in victims:
            execute(f"SELECT pg_terminate_backend({pid})")
        return bool(victims) and until(lambda: not set(victims) & {pid for (pid,) in execute(CLIENTS)})


def server_stopped_hard(target: Target) -> bool:
    target.neon.server.stop("immediate")
    target.neon.start_compute()
    return True


def pooler_killed(target: Target) -> bool:
    pid = listener(target.neon)
    kill(pid, signal.SIGKILL)
    target.neon.start_compute()  # the server runs, so this starts the pooler alone
    return listener(target.neon) != pid


def listener(neon: LikeNeon) -> int:
    """The process that listens on the pooler's socket, as the kernel of Linux knows it."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(neon.pooler_socket))
        pid, _, _ = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return int(pid)


def compute_suspended(target: Target) -> bool:
    wakes = target.neon.wakes
    target.neon.suspend()
    return until(lambda: target.neon.wakes > wakes, 30)


def client_killed(target: Target) -> bool:
    """While a request of it has no answer: one that was just started has asked for nothing yet."""
    number = target.clients.any(target.chance)
    until(lambda: any(target.record.now().unanswered(number)))
    left_something = target.clients.kill(number)
    target.clients.start(number)
    return left_something


# --- The network


def cut(statement: str, when: Moment) -> Callable[[Target], bool]:
    def strike(target: Target) -> bool:
        coming = target.neon.cut_next(statement, when=when)
        if not coming.happened.wait(SECONDS_TO_STRIKE):
            target.neon.cuts.clear()
        return coming.happened.is_set()

    return strike


def answer_lost(target: Target) -> bool:
    """The work is saved, and its program must be told that this is not known."""
    before = target.record.now().lost_answers
    return cut("COMMIT", "done")(target) and until(lambda: target.record.now().lost_answers > before, 1)


def cut_in_mid_query(target: Target) -> bool:
    statement = target.chance.choice(("SELECT", "INSERT", "UPDATE", "SAVEPOINT", "RELEASE", "SET LOCAL"))
    return cut(statement, "sent")(target)


def silence(target: Target) -> bool:
    """Nothing passes for a moment, and then all of it."""
    with target.neon.swallowed_packets():
        before = target.record.now().acknowledged
        time.sleep(SILENCE)
        return target.record.now().acknowledged == before


def pooler_full(target: Target) -> bool:
    """Somebody else holds every connection that the pooler may open."""
    with ExitStack() as holding, target.administration() as execute:
        held: set[tuple[int]] = set()
        for _ in range(POOL_SIZE):
            connection = holding.enter_context(closing(psycopg2.connect(target.neon.url)))
            cursor = connection.cursor()
            cursor.execute("SELECT pg_backend_pid()")
            held.update(cursor.fetchall())
        return until(lambda: set(execute(CLIENTS)) <= held, 1)


POOL_SIZE = 8  # fewer than the clients have threads


# --- Other transactions


def deadlock(target: Target) -> bool:
    """An adversary holds the last of a user's budgets and wants the others, of which somebody holds one by then."""
    before, began = len(target.record.now().deadlocks), time.monotonic()
    try:
        with target.adversary() as cursor:
            cursor.execute("SELECT user_id, max(category_id) FROM budgets GROUP BY user_id ORDER BY user_id")
            user, last = target.chance.choice(cursor.fetchall())
            cursor.execute(f"SELECT FROM budgets WHERE user_id = {user} AND category_id = {last} FOR UPDATE")
            if not until(lambda: waiting_for(cursor)):
                return False
            cursor.execute(f"SELECT FROM budgets WHERE user_id = {user} AND category_id < {last} FOR UPDATE")
    except DeadlockDetected:
        return True
    except LockNotAvailable:
        pass
    finally:
        target.adversary_at_work.append((began, time.monotonic() + 2 * DEADLOCK_TIMEOUT))
    return until(lambda: len(target.record.now().deadlocks) > before, 1)


def serialization_failure(target: Target) -> bool:
    """An adversary changes the rows that a serializable transaction waits for."""
    before = target.record.now().seen["40001"]
    try:
        with target.adversary() as cursor:
            cursor.execute(f"SELECT {ALL_BUDGETS}")
            if not until(lambda: waiting_for(cursor, SERIALIZABLE), SHORTER_THAN_LOCK_TIMEOUT):
                return False
            cursor.execute("UPDATE budgets SET amount = amount")
            cursor.connection.commit()
    except (LockNotAvailable, SerializationFailure):
        return False
    return until(lambda: target.record.now().seen["40001"] > before, 1)


SERIALIZABLE = "AND EXISTS (SELECT FROM pg_locks WHERE mode = 'SIReadLock' AND pg_locks.pid = pg_stat_activity.pid)"


def budgets_held(target: Target) -> bool:
    """Two others hold the budgets until a queue has formed, and let go one after the other: the last ones last."""
    try:
        with target.adversary() as last:
            with target.adversary() as first:
                first.execute(f"SELECT FROM budgets WHERE NOT {LAST_BUDGET} {IN_ORDER}")
                last.execute(f"SELECT FROM budgets WHERE {LAST_BUDGET} {IN_ORDER}")
                struck = until(lambda: how_many_wait(first) >= QUEUE, SHORTER_THAN_LOCK_TIMEOUT)
            until(lambda: waiting_for(last), SILENCE)
            return struck
    except LockNotAvailable:
        return False


def how_many_wait(cursor: Any) -> int:
    cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    return int(cursor.fetchone()[0])


def waiting_for(cursor: Any, condition: str = "") -> bool:
    """Whether somebody waits for what the cursor's transaction holds."""
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)) {condition})"
    )
    return bool(cursor.fetchone()[0])


@dataclass(frozen=True)
class Fault:
    name: str
    strike: Callable[[Target], bool]
    share: int  # of 100


FAULTS = [
    Fault("backends killed", backend_killed, 15),
    Fault("server stopped hard and started", server_stopped_hard, 5),
    Fault("pooler killed and started", pooler_killed, 8),
    Fault("compute suspended", compute_suspended, 5),
    Fault("client killed and started anew", client_killed, 8),
    Fault("cut in mid-query", cut_in_mid_query, 10),
    Fault("cut before COMMIT", cut("(INSERT|UPDATE|RELEASE)", "done"), 10),
    Fault("cut while COMMIT is on its way", cut("COMMIT", "sent"), 10),
    Fault("answer to COMMIT lost", answer_lost, 10),
    Fault("deadlock", deadlock, 6),
    Fault("serialization failure", serialization_failure, 6),
    Fault("budgets held until others queue", budgets_held, 3),
    Fault("pooler full", pooler_full, 2),
    Fault("network silent for a moment", silence, 2),
]
