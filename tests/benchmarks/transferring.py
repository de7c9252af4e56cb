"""Budget that moves between categories, asked for by 32 threads at once: how many transfers in a second.

By hand is psycopg2 with what it can save: three round trips, no names to look up, a connection for each thread. It
gives the same guarantees: a request key counts once, locks are taken in one order, no budget goes below zero, and a
deadlock or a serialization failure is tried again. In between stands one statement that does it all, in a transaction
of database.py.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg2
from psycopg2.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import text

from benchmarks import books, names
from benchmarks.books import CATEGORIES
from benchmarks.places import Place
from benchmarks.races import Result, race
from benchmarks.ways.by_hand import ByHand
from budget.budgets import transfer_budget
from budget.models import User
from database import create_database_engine, run_transaction, transaction
from local_postgres import libpq_url

THREADS, TRANSFERS = 32, 1280
MONTH = books.MONTH.first
_requests = count(1)

CLAIM = """
    BEGIN; SET LOCAL lock_timeout = 5000; SET LOCAL statement_timeout = 30000;
    INSERT INTO budget_transfers
        (user_id, month, from_category_id, to_category_id, amount, request_key, created_at)
    VALUES (%(user)s, %(month)s, %(source)s, %(target)s, %(amount)s, %(key)s, now())
    ON CONFLICT DO NOTHING RETURNING id"""
LOCK = """
    SELECT category_id, amount FROM budgets
    WHERE user_id = %(user)s AND month = %(month)s AND category_id IN (%(source)s, %(target)s)
    ORDER BY category_id FOR UPDATE"""
MOVE = """
    UPDATE budgets SET amount = amount + CASE category_id WHEN %(source)s THEN -%(amount)s ELSE %(amount)s END
    WHERE user_id = %(user)s AND month = %(month)s AND category_id IN (%(source)s, %(target)s);
    COMMIT"""

AT_ONCE = text("""
    WITH locked AS MATERIALIZED (
        SELECT category_id, amount FROM budgets
        WHERE user_id = :user AND month = :month AND category_id IN (:source, :target)
        ORDER BY category_id FOR UPDATE
    ),
    claimed AS (
        INSERT INTO budget_transfers
            (user_id, month, from_category_id, to_category_id, amount, request_key, created_at)
        SELECT :user, :month, :source, :target, :amount, :key, now()
        FROM locked WHERE category_id = :source AND amount >= :amount
        ON CONFLICT DO NOTHING RETURNING id
    )
    UPDATE budgets SET amount = amount + CASE category_id WHEN :source THEN -:amount ELSE :amount END
    FROM claimed WHERE user_id = :user AND month = :month AND category_id IN (:source, :target)""")

Transfer = Callable[[int, int, int, str], object]  # from, to, cents, request key


def races(empty: Place, rounds: int) -> Iterator[Result]:
    with empty.copy() as place:
        by_hand, budget = ThreadsByHand(place), ThreadsOfBudget(place)
        at_once = names.AT_ONCE
        runners = {
            by_hand.NAME: by_hand.run,
            budget.NAME: lambda: run_threads(budget.transfer),
            at_once: lambda: run_threads(budget.transfer_at_once),
        }
        before = planned(place), moved(place)
        yield from race(f"{TRANSFERS:,} transfers, {THREADS} threads", place.database, 0, runners, rounds)
        if (planned(place), moved(place) - 3 * rounds * TRANSFERS) != before:
            raise AssertionError("Budget was lost, or came from nowhere, or a transfer was not done")
        by_hand.close()
        budget.close()


def planned(place: Place) -> Any:
    with closing(ByHand(place)) as way:
        return way.ask("SELECT sum(amount) FROM budgets WHERE user_id = :user")


def moved(place: Place) -> int:
    with closing(ByHand(place)) as way:
        return int(way.ask("SELECT count(*) FROM budget_transfers WHERE user_id = :user")[0][0])


def run_threads(transfer: Transfer) -> float:
    """Seconds; any failure of any thread ends the benchmark."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(THREADS + 1)

    def work(seed: int) -> None:
        chance = random.Random(seed)
        barrier.wait()
        try:
            for _ in range(TRANSFERS // THREADS):
                source, target = chance.sample(range(1, CATEGORIES), 2)
                transfer(source, target, chance.randint(1, 9), f"request-{next(_requests)}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failures:
        raise failures[0]
    return took


class ThreadsByHand:
    NAME = names.BY_HAND

    def __init__(self, place: Place) -> None:
        self.place, self._of_thread = place, threading.local()
        self._open = [self.open_connection() for _ in range(THREADS)]
        self._idle = list(self._open)

    def open_connection(self) -> Any:
        connection = psycopg2.connect(libpq_url(self.place.url))
        connection.autocommit = True  # BEGIN and COMMIT travel with what they begin and end
        return connection

    def run(self) -> float:
        self._idle = list(self._open)
        return run_threads(self.transfer)

    def close(self) -> None:
        for connection in self._open:
            connection.close()

    def transfer(self, source: int, target: int, cents: int, key: str) -> None:
        while True:
            try:
                return self.try_transfer(source, target, cents, key)
            except (DeadlockDetected, SerializationFailure):
                self.cursor().execute("ROLLBACK")

    def try_transfer(self, source: int, target: int, cents: int, key: str) -> None:
        values = values_of(self.place, source, target, cents, key)
        cursor = self.cursor()
        cursor.execute(CLAIM, values)
        is_new = cursor.fetchone() is not None
        cursor.execute(LOCK, values)
        budgets = dict(cursor.fetchall())
        if is_new and budgets[values["source"]] >= cents:
            cursor.execute(MOVE, values)
        else:
            cursor.execute("ROLLBACK")

    def cursor(self) -> Any:
        if not hasattr(self._of_thread, "cursor"):
            self._of_thread.cursor = self._idle.pop().cursor()
        return self._of_thread.cursor


class ThreadsOfBudget:
    NAME = names.BUDGET

    def __init__(self, place: Place) -> None:
        self.place, self.engine = place, create_database_engine(place.url, connections=THREADS)
        with transaction(self.engine, read_only=True) as session:
            self.ann = session.get_one(User, place.ann.id)

    def close(self) -> None:
        self.engine.dispose()

    def transfer(self, source: int, target: int, cents: int, key: str) -> None:
        names, amount = (f"Category {source}", f"Category {target}"), Decimal(cents).scaleb(-2)
        run_transaction(self.engine, lambda session: transfer_budget(session, self.ann, MONTH, names, amount, key))

    def transfer_at_once(self, source: int, target: int, cents: int, key: str) -> None:
        values = values_of(self.place, source, target, cents, key)
        run_transaction(self.engine, lambda session: session.execute(AT_ONCE, values))


def values_of(place: Place, source: int, target: int, cents: int, key: str) -> dict[str, Any]:
    source_id, target_id = place.ann.categories[source], place.ann.categories[target]
    return {
        "user": place.ann.id,
        "month": MONTH,
        "source": source_id,
        "target": target_id,
        "amount": cents,
        "key": key,
    }
