"""Lesson 5, transactions: money that is lost half-way, overwritten, locked crosswise and moved twice, and the cure.

Run it; without DATABASE_URL it works in a SQLite file that is gone afterwards. PostgreSQL alone shows all of it:

    python safe-transfers.py
    python ../scripts/local_postgres.py -- python safe-transfers.py

It makes the tables accounts and transfers, refuses to start where there is one, and takes them away at the end.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2", "psycopg2-binary>=2.9.13,<2.10", "python-dotenv>=1.2.4,<2"]
# ///

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from threading import Barrier

from sqlalchemy import CheckConstraint, Engine, ForeignKey, String, delete, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from database import Base, create_database_engine, run_transaction, transaction


class Account(Base):
    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("balance >= 0", name="balance"),)

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    balance: Mapped[Decimal]


class Transfer(Base):
    """What was moved. Its key comes with the request, so the same request counts once."""

    __tablename__ = "transfers"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"), CheckConstraint("source <> target", name="two"))

    request_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("accounts.name"), index=True)
    target: Mapped[str] = mapped_column(ForeignKey("accounts.name"), index=True)
    amount: Mapped[Decimal]


def transfer(session: Session, request_key: str, source: str, target: str, amount: Decimal) -> bool:
    """Whether this call moved the money: False where the same request did it before. The caller commits.

    Raises NoResultFound for an unknown account, IntegrityError where the money is not there.
    """
    # Locked before they are read, and in one order, whoever pays whom.
    accounts = {name: lock(session, name) for name in sorted([source, target])}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    new = insert(Transfer).values(request_key=request_key, source=source, target=target, amount=amount)
    if session.scalars(new.on_conflict_do_nothing().returning(Transfer.request_key)).first() is None:
        return False
    accounts[source].balance -= amount
    accounts[target].balance += amount
    session.flush()
    return True


def lock(session: Session, name: str) -> Account:
    """The account as it is now; until the transaction ends, nobody else can change it."""
    return session.get_one(Account, name, with_for_update=True, populate_existing=True)


# --- Wrong, then right ------------------------------------------------------------------------------------------------


class PowerCut(Exception):
    pass


def show_half_done(engine: Engine) -> None:
    print("1. Ann pays Ben 25.00, and the power fails in between")
    try:
        with transaction(engine) as session:
            lock(session, "Ann").balance -= 25
        raise PowerCut
    except PowerCut:
        report("two transactions", balances(engine), "25.00 are gone")
    assert balances(engine) == "Ann 75.00, Ben 20.00"

    start_again(engine)
    try:
        with transaction(engine) as session:
            transfer(session, "request 1", "Ann", "Ben", Decimal("25.00"))
            raise PowerCut
    except PowerCut:
        report("one transaction", balances(engine), "as if nothing had happened")
    assert balances(engine) == "Ann 100.00, Ben 20.00"


def show_lost_update(engine: Engine) -> None:
    print("2. Ben gets 10.00 and 5.00 at the same time")
    # Two pages of a web application: each shows the balance, and later saves what was made of it.
    shown_to_ann, shown_to_ben = read_balance(engine, "Ben"), read_balance(engine, "Ben")
    write_balance(engine, "Ben", shown_to_ann + 10)
    write_balance(engine, "Ben", shown_to_ben + 5)
    report("read, then written", balances(engine), "10.00 are gone")
    assert read_balance(engine, "Ben") == 25

    start_again(engine)
    with Session(engine) as first, Session(engine) as second:
        seen_by_first, seen_by_second = first.get_one(Account, "Ben"), second.get_one(Account, "Ben")
        seen_by_first.balance += 10
        first.commit()
        seen_by_second.balance += 5
        if engine.dialect.name == "postgresql":
            second.commit()
            report("in a transaction", balances(engine), "10.00 are gone")
            assert read_balance(engine, "Ben") == 25
        else:
            refusal = what_the_database_says(second.commit)
            report("in a transaction", f"SQLite refuses the second: {refusal}")
            assert refusal == "database is locked"

    start_again(engine)
    requests = [("Ann", "Ben", f"request {number}") for number in range(20)]
    in_threads(engine, requests)
    report("locked, then read", balances(engine), "20 times 1.00, none is gone")
    assert balances(engine) == "Ann 80.00, Ben 40.00"


def show_deadlock(engine: Engine) -> None:
    print("3. Ann pays Ben while Ben pays Ann")
    if engine.dialect.name == "postgresql":
        both_hold_one = Barrier(2)

        def lock_crosswise(mine: str, yours: str) -> str:
            with Session(engine) as session:
                lock(session, mine)
                both_hold_one.wait(timeout=30)
                return what_the_database_says(lambda: lock(session, yours))

        with ThreadPoolExecutor(2) as threads:
            said = sorted(threads.map(lock_crosswise, ["Ann", "Ben"], ["Ben", "Ann"]))
        report("own account first", f"one of them goes on, the other is ended: {said[-1]}")
        assert said == ["", "deadlock detected"]
    else:
        report("own account first", "SQLite cannot show it: its writers take turns")

    start_again(engine)
    requests = [("Ann", "Ben", f"to Ben {number}") for number in range(20)]
    requests += [("Ben", "Ann", f"to Ann {number}") for number in range(10)]
    in_threads(engine, requests)
    report("in one order", balances(engine), "20 times 1.00 there, 10 times back")
    assert balances(engine) == "Ann 90.00, Ben 30.00"


def show_doubled_request(engine: Engine) -> None:
    print("4. Ann pays Ben 25.00, gets no answer, and sends it again")
    for _ in range(2):
        with transaction(engine) as session:
            lock(session, "Ann").balance -= 25
            lock(session, "Ben").balance += 25
    report("without a key", balances(engine), "paid twice")
    assert balances(engine) == "Ann 50.00, Ben 70.00"

    start_again(engine)
    both_start = Barrier(2)

    def send(_: int) -> bool:
        both_start.wait(timeout=30)
        return run_transaction(engine, lambda session: transfer(session, "invoice 7", "Ann", "Ben", Decimal("25.00")))

    with ThreadPoolExecutor(2) as threads:
        moved = list(threads.map(send, range(2)))
    report("with a request key", balances(engine), "paid once")
    assert sorted(moved) == [False, True]
    assert balances(engine) == "Ann 75.00, Ben 45.00"


# --- What the four have in common -------------------------------------------------------------------------------------


def report(how: str, balances: str, remark: str = "") -> None:
    print(f"   {how + ':':22}{balances:26}{remark}".rstrip())


def start_again(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(delete(Transfer))
        session.execute(delete(Account))
        session.add_all([Account(name="Ann", balance=Decimal(100)), Account(name="Ben", balance=Decimal(20))])


def in_threads(engine: Engine, requests: list[tuple[str, str, str]]) -> None:
    """Move 1.00 for each (source, target, key), four at a time. Nothing is repeated: an error ends the program."""

    def move(request: tuple[str, str, str]) -> None:
        source, target, key = request
        with transaction(engine) as session:
            assert transfer(session, key, source, target, Decimal("1.00"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(move, requests))


def what_the_database_says(work: Callable[[], object]) -> str:
    """The reason for which it refused the work; empty when it did not."""
    try:
        work()
    except OperationalError as error:
        return str(error.orig).splitlines()[0]
    return ""


def read_balance(engine: Engine, name: str) -> Decimal:
    with transaction(engine, read_only=True) as session:
        return session.get_one(Account, name).balance


def write_balance(engine: Engine, name: str, balance: Decimal) -> None:
    with transaction(engine) as session:
        session.execute(update(Account).where(Account.name == name).values(balance=balance))


def balances(engine: Engine) -> str:
    with transaction(engine, read_only=True) as session:
        accounts = session.scalars(select(Account).order_by(Account.name))
        return ", ".join(f"{account.name} {account.balance}" for account in accounts)


@contextmanager
def empty_tables() -> Iterator[Engine]:
    """An engine with the tables, which are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_database_engine(os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/lesson.db")
        try:
            for table in Base.metadata.tables:
                if inspect(engine).has_table(table):
                    sys.exit(TAKEN.format(table=table))
            Base.metadata.create_all(engine)
            try:
                yield engine
            finally:
                Base.metadata.drop_all(engine)
        finally:
            engine.dispose()


TAKEN = """There is a table {table} already, and not by this program. Nothing was done.
For a database to throw away, run it without DATABASE_URL, or on a PostgreSQL that is gone afterwards:
    python ../scripts/local_postgres.py -- python safe-transfers.py"""


def main() -> None:
    print("Ann has 100.00 and Ben has 20.00 whenever it begins.")
    with empty_tables() as engine:
        for show in (show_half_done, show_lost_update, show_deadlock, show_doubled_request):
            start_again(engine)
            show(engine)


if __name__ == "__main__":
    main()
