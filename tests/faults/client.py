"""The program that the faults strike: threads that book all the time, each request with a key of its own.

It does what a program on database.py should. An answer that was lost is asked for again with the same key. What a
killed client left without an answer, the one in its place asks for again.
"""

import logging
import queue
import random
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import DBAPIError, OperationalError, SAWarning
from sqlalchemy.exc import TimeoutError as PoolTimeout

from budget.errors import BudgetError
from budget.explaining import explain
from database import CommitOutcomeUnknown, DatabaseUnavailable, create_database_engine, run_transaction
from faults.bookings import Request, any_request
from faults.journal import ACKNOWLEDGED, ANSWER_LOST, ASKED, BROKEN, ENDED, FAILED, REFUSED, SEEN, Journal

# Small, so that a call that hangs is seen. In seconds.
CONNECT_WITHIN, WAIT_FOR_POOL = 5, 5
STATEMENT_TIMEOUT, LOCK_TIMEOUT, IDLE_TIMEOUT = 3, 1.5, 5
GIVE_UP_AFTER, LONGEST_PAUSE = 8, 1
LAST_TRY = WAIT_FOR_POOL + CONNECT_WITHIN + STATEMENT_TIMEOUT
ANSWERED_WITHIN = GIVE_UP_AFTER + LONGEST_PAUSE + LAST_TRY  # a try may begin just before there is no time for another
ASK_AGAIN_FOR = 30  # after a lost answer
WAIT_FOR_WRITER = 30  # SQLite: for the turn to write

ASKED_TWICE = 1 / 10  # how many of the answered requests are asked once more, as by a queue that delivers twice
CLEAR = (DatabaseUnavailable, CommitOutcomeUnknown, OperationalError, PoolTimeout)


@dataclass(frozen=True)
class Plan:
    """What a client is told when it is started."""

    url: str
    journal: Path
    number: int  # which client
    start: int  # how many have been started in its place, with this one
    threads: int
    seed: int
    pause: float  # seconds between two calls, at most
    unanswered: tuple[tuple[str, Request], ...] = ()
    pragmas: tuple[str, ...] = ()  # of each connection to SQLite


def run(plan: Plan, home: Connection) -> None:
    """Book until `home` says something or is closed, which the death of the other process does as well."""
    logging.getLogger("database").setLevel(logging.ERROR)  # that a server is away is no news here
    # Two threads may make SQLAlchemy's first ON CONFLICT at once: it then compiles each anew, and says so.
    warnings.filterwarnings("ignore", "Class AnnotatedInsert will not make use", SAWarning)
    engine, journal = engine_for(plan), Journal(plan.journal)
    note_errors(engine, journal)
    closing = threading.Event()
    to_ask_again: queue.SimpleQueue[tuple[str, Request]] = queue.SimpleQueue()
    for each in plan.unanswered:
        to_ask_again.put(each)
    workers = [
        threading.Thread(target=Worker(plan, engine, journal, closing, to_ask_again, number).book_until_closing)
        for number in range(plan.threads)
    ]
    for worker in workers:
        worker.start()
    with suppress(EOFError):
        home.recv()
    closing.set()
    for worker in workers:
        worker.join()
    journal.note(ENDED, held=engine.pool.checkedout())  # type: ignore[attr-defined]
    engine.dispose()


def engine_for(plan: Plan) -> Engine:
    if plan.url.startswith("sqlite"):
        engine = create_database_engine(plan.url, lock_timeout=WAIT_FOR_WRITER)
        for pragma in plan.pragmas:
            event.listen(engine, "connect", lambda connection, _, pragma=pragma: connection.execute(pragma))
        return engine
    return create_database_engine(
        plan.url,
        connections=max(1, plan.threads - 1),  # one too few, so that they wait for each other too
        connect_within=CONNECT_WITHIN,
        statement_timeout=STATEMENT_TIMEOUT,
        lock_timeout=LOCK_TIMEOUT,
        idle_in_transaction_timeout=IDLE_TIMEOUT,
        pool_timeout=WAIT_FOR_POOL,
    )


def note_errors(engine: Engine, journal: Journal) -> None:
    @event.listens_for(engine, "handle_error")
    def note(context: ExceptionContext) -> None:
        journal.note(SEEN, code=code_of(context.original_exception, lost=context.is_disconnect), at=time.monotonic())


def code_of(error: BaseException | None, *, lost: bool) -> str:
    if said_by_sqlite := getattr(error, "sqlite_errorname", None):
        return str(said_by_sqlite)
    return "connection lost" if lost else str(getattr(error, "pgcode", None) or type(error).__name__)


class Worker:
    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        journal: Journal,
        closing: threading.Event,
        to_ask_again: "queue.SimpleQueue[tuple[str, Request]]",
        number: int,
    ) -> None:
        self.engine, self.journal, self.closing, self.to_ask_again = engine, journal, closing, to_ask_again
        self.name, self.pause = f"{plan.number}-{plan.start}-{number}", plan.pause
        self.give_up_after = 2 * WAIT_FOR_WRITER if engine.dialect.name == "sqlite" else GIVE_UP_AFTER
        self.chance = random.Random(f"{plan.seed}-{self.name}")

    def book_until_closing(self) -> None:
        count = 0
        while not self.closing.is_set():
            try:
                key, request = self.to_ask_again.get_nowait()
            except queue.Empty:
                count += 1
                key, request = f"{self.name}-{count}", any_request(self.chance)
                self.journal.note(ASKED, key, request=request.written())
            acknowledged = self.ask(key, request)
            if acknowledged and self.chance.random() < ASKED_TWICE:
                self.ask(key, request)
            self.closing.wait(self.chance.uniform(0, self.pause))

    def ask(self, key: str, request: Request) -> bool:
        """Until it is answered, or the time for it is over."""
        deadline = time.monotonic() + ASK_AGAIN_FOR
        while True:
            began = time.monotonic()
            try:
                run_transaction(
                    self.engine,
                    lambda session: request.work(session, key),
                    isolation_level="SERIALIZABLE" if request.serializable else None,
                    give_up_after=self.give_up_after,
                )
            except Exception as error:
                if isinstance(error, CommitOutcomeUnknown):
                    self.journal.note(ANSWER_LOST, key, took=time.monotonic() - began)
                    if time.monotonic() < deadline:
                        continue
                self.note_failure(key, error, time.monotonic() - began)
                return False
            self.journal.note(ACKNOWLEDGED, key, took=time.monotonic() - began)
            return True

    def note_failure(self, key: str, error: Exception, took: float) -> None:
        what = REFUSED if isinstance(error, BudgetError) else FAILED if isinstance(error, CLEAR) else BROKEN
        self.journal.note(what, key, took=took, **described(error, self.engine))
        if getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_FULL":
            self.closing.wait(0.2)  # nobody makes room more quickly


def described(error: Exception, engine: Engine) -> dict[str, Any]:
    told = explain(error, engine.url)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return {
        "error": type(error).__name__,
        "code": code_of(getattr(error, "orig", error), lost=lost),
        "said": " ".join(str(error).split())[:300],
        "told": told[0] if told else None,
    }
