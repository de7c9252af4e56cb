"""L6, a deployment to Neon: connect, migrate, work, sleep, lose every connection, and go on.

Without an account, on a stand-in that behaves as Neon does (in the folder of this file):

    python ../scripts/local_postgres.py --like-neon --suspend-after 1 -- python neon-deploy.py

On Neon, with DATABASE_URL and DATABASE_URL_UNPOOLED in the environment or in .env; a compute there sleeps after five
minutes, so give it six:

    python neon-deploy.py --pause 360

It makes one table, deploy_expenses, refuses to start where there is one, and takes it away at the end.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "sqlalchemy>=2.1.9,<2.2",
#     "psycopg2-binary>=2.9.13,<2.10",
#     "python-dotenv>=1.2.4,<2",
# ]
# ///

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from sqlalchemy import DateTime, Engine, String, func, inspect, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from database import Base, create_database_engine, database_url, migration_url, run_transaction, transaction

APPLICATION = "neon-deploy"
COFFEE = Decimal("1.10")


class DeployExpense(Base):
    __tablename__ = "deploy_expenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_key: Mapped[str] = mapped_column(String(64), unique=True)  # the same request counts once
    amount: Mapped[Decimal]


@contextmanager
def engine_for_migrations() -> Iterator[Engine]:
    """Past the pooler: it would hand the session of a migration to somebody else in between."""
    engine = create_database_engine(migration_url(), verify_tls=True, connections=1)
    try:
        yield engine
    finally:
        engine.dispose()


def refuse_foreign_table() -> None:
    with engine_for_migrations() as engine:
        if inspect(engine).has_table(DeployExpense.__tablename__):
            sys.exit("There is a table deploy_expenses already, and not by this program. Nothing was done.")


def migrate() -> None:
    """In a project this is `alembic upgrade head`."""
    with engine_for_migrations() as engine:
        Base.metadata.create_all(engine)


def remove() -> None:
    with engine_for_migrations() as engine:
        Base.metadata.drop_all(engine)


def book(engine: Engine, request_key: str, *, break_first: bool = False) -> int:
    """Save one expense, once, whatever happens to the connection. Returns how often that was tried."""
    tries = 0

    def work(session: Session) -> None:
        nonlocal tries
        tries += 1
        row = insert(DeployExpense).values(request_key=request_key, amount=COFFEE)
        session.execute(row.on_conflict_do_nothing())
        if break_first and tries == 1:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    run_transaction(engine, work)
    return tries


def booked(engine: Engine) -> str:
    with transaction(engine, read_only=True) as session:
        count, amount = session.execute(select(func.count(DeployExpense.id), func.sum(DeployExpense.amount))).one()
    assert amount == count * COFFEE
    return f"{count} expenses, {amount}"


def started_at(engine: Engine) -> datetime:
    """When the compute was started last."""
    with transaction(engine, read_only=True) as session:
        return session.execute(select(func.pg_postmaster_start_time(type_=DateTime(timezone=True)))).scalar_one()


def connect(engine: Engine) -> None:
    say("the application's address is the pooled one", "-pooler" in (database_url().host or ""))
    say("the migrations' address is the direct one", "-pooler" not in (migration_url().host or ""))
    with engine.connect() as connection:
        encrypted = connection.connection.dbapi_connection.info.ssl_in_use  # type: ignore[union-attr]
    say("encrypted, and the certificate is this host's", encrypted and engine.url.query["sslmode"] == "verify-full")


def work(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        tries = list(threads.map(lambda number: book(engine, f"request {number}"), range(40)))
    print(f"   {len(tries)} requests from 8 threads, over 2 connections: {booked(engine)}")


def sleep(engine: Engine, seconds: float) -> None:
    before = started_at(engine)
    time.sleep(seconds)
    book(engine, "after the pause")
    say("the compute has slept, and was started for this request", started_at(engine) > before)
    print(f"   the first request after the pause: {booked(engine)}")


END_OURS = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = :application AND datname = current_database() AND pid <> pg_backend_pid()
""")


def lose_every_connection(engine: Engine) -> None:
    with engine_for_migrations() as another, another.connect() as connection:
        ended = connection.execute(END_OURS, {"application": APPLICATION}).all()
    say("the server has ended the application's connections", bool(ended))
    book(engine, "after the loss")
    print(f"   the next request: {booked(engine)}")


def lose_one_in_mid_transaction(engine: Engine) -> None:
    tries = book(engine, "in the middle", break_first=True)
    print(f"   run {tries} times, counted once: {booked(engine)}")


def repeat_a_request(engine: Engine) -> None:
    book(engine, "in the middle")
    print(f"   the same request again: {booked(engine)}")


def say(what: str, is_so: bool) -> None:
    print(f"   {what}: {'yes' if is_so else 'no'}")


def deploy(engine: Engine, pause: float) -> None:
    steps: dict[str, Callable[[], None]] = {
        "Connect": lambda: connect(engine),
        "Migrate over the direct endpoint": migrate,
        "Work from many threads": lambda: work(engine),
        "Pause until the compute sleeps": lambda: sleep(engine, pause),
        "Lose every connection": lambda: lose_every_connection(engine),
        "Lose a connection in mid-transaction": lambda: lose_one_in_mid_transaction(engine),
        "Repeat a request": lambda: repeat_a_request(engine),
    }
    for number, (title, step) in enumerate(steps.items(), 1):
        print(f"{number}. {title}")
        step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pause", type=float, metavar="SECONDS", default=2.5, help="how long nobody asks anything")
    pause = parser.parse_args().pause
    if database_url().get_backend_name() != "postgresql":
        parser.error("this needs PostgreSQL; --help shows how to have one without an account")
    engine = create_database_engine(verify_tls=True, connections=2, connect_args={"application_name": APPLICATION})
    refuse_foreign_table()
    try:
        deploy(engine, pause)
    finally:
        engine.dispose()
        remove()


if __name__ == "__main__":
    main()
