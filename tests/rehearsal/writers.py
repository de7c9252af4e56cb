"""Programs of the shop at work: they write all the time, and note how long each write waited and what it said."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from database import create_database_engine, transaction
from rehearsal.shop import Order, Program, an_order

PATIENCE = 600  # seconds that a writer of the rehearsal waits on SQLite before it gives up
BETWEEN_WRITES = 0.002


@dataclass
class Record:
    """What all writers together saw; read it when they have ended, or between two moments."""

    waits: list[tuple[float, float]] = field(default_factory=list)  # when a write began, how long it took
    failures: list[str] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)  # what the database must say in the end

    def longest_wait(self, since: float, until: float = float("inf")) -> float:
        return max((took for began, took in list(self.waits) if began + took >= since and began <= until), default=0.0)

    def writes(self, since: float, until: float = float("inf")) -> int:
        return sum(since <= began <= until for began, _ in list(self.waits))


@contextmanager
def at_work(url: str, program: Program, customers: int, record: Record, threads: int = 2) -> Iterator[None]:
    """Some threads that place an order, change it and read it back, until the block ends."""
    closing = threading.Event()
    opened = threading.Barrier(threads + 1)
    workers = [
        threading.Thread(target=work, args=(url, program, customers, record, closing, opened, number), daemon=True)
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    opened.wait(30)
    try:
        yield
    finally:
        closing.set()
        for worker in workers:
            worker.join(PATIENCE)


def work(
    url: str,
    program: Program,
    customers: int,
    record: Record,
    closing: threading.Event,
    opened: threading.Barrier,
    number: int,
) -> None:
    engine = create_database_engine(url, lock_timeout=PATIENCE, statement_timeout=PATIENCE)
    placed = 0
    try:
        while not closing.is_set():
            placed += 1
            order, changed = (an_order(number * 1_000_003 + placed * 7 + more, customers) for more in (0, 1))
            began = time.monotonic()
            with transaction(engine) as session:
                connection = session.connection()
                mine = program.place(connection, order)
            note(record, began)
            began = time.monotonic()
            with transaction(engine) as session:
                connection = session.connection()
                program.change(connection, mine, changed)
                seen = program.read(connection, mine)
            note(record, began)
            record.orders[mine] = Order(order.customer_id, changed.cents, changed.placed, changed.buyer)
            wanted = program.to_columns(changed, engine.dialect.name)
            if seen != wanted:
                record.failures.append(f"wrote {wanted}, read {seen}")
            if placed == 1:
                opened.wait(30)
            closing.wait(BETWEEN_WRITES)
    except Exception as error:
        record.failures.append(f"{type(error).__name__}: {error}")
        opened.abort()
    finally:
        engine.dispose()


def note(record: Record, began: float) -> None:
    record.waits.append((began, time.monotonic() - began))
