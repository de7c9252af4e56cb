"""references/scaling.md: what it says of a replica, and of rows that are copied while others write."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, Engine, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, NotSupportedError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from conftest import started
from database import create_database_engine, run_transaction, transaction
from local_postgres import LocalPostgres, free_port
from pages import SKILLS, read_page


class Own(DeclarativeBase):
    pass


class Item(Own):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Numbered(Own):
    __tablename__ = "numbered"

    owner: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def postgres(postgresql_url: str) -> Iterator[Engine]:
    engine = create_database_engine(postgresql_url)
    yield engine
    engine.dispose()


def statements_of_page() -> dict[str, Any]:
    """PREPARE, COPY and SWAP, as the page has them."""
    page = read_page(SKILLS[0] / "references" / "scaling.md")
    (block,) = (block for block in page.blocks if block.text.startswith("PREPARE = "))
    names: dict[str, Any] = {}
    exec(block.text[: block.text.index("def copy_rows")], names)  # noqa: S102 - the page is our own
    return names


# --- A table that has rows already ----------------------------------------------------------------------------------


STOP_BETWEEN_READING_AND_WRITING = """
CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('copy.stops', true) = 'yes' THEN PERFORM pg_advisory_xact_lock(1); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER wait_at_gate BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
"""


@pytest.mark.parametrize(("locks", "left"), [(" FOR SHARE", 0), ("", 1)])
def test_a_row_that_is_deleted_while_it_is_copied(postgres: Engine, locks: str, left: int) -> None:
    """The copy has read the row and not written it yet, when somebody deletes it."""
    sql = statements_of_page()
    assert " FOR SHARE" in sql["COPY"]
    with transaction(postgres) as session:
        session.execute(text(sql["PREPARE"]))
        session.execute(text("CREATE TABLE part PARTITION OF payments_new FOR VALUES WITH (MODULUS 1, REMAINDER 0)"))
        session.execute(text(STOP_BETWEEN_READING_AND_WRITING))

    def copy() -> None:
        with transaction(postgres) as session:
            session.execute(text("SET LOCAL copy.stops = 'yes'"))
            session.execute(text(sql["COPY"].replace(" FOR SHARE", locks)), {"after": 0})

    def delete() -> None:
        with transaction(postgres) as session:
            session.execute(text("DELETE FROM payments WHERE id = 1"))

    with postgres.connect() as gate, postgres.connect() as observer, ThreadPoolExecutor(2) as threads:
        gate.execute(text("SELECT pg_advisory_lock(1)"))
        copying = threads.submit(copy)
        wait_until_waiting(observer, 1)
        deleting = threads.submit(delete)
        if locks:
            wait_until_waiting(observer, 2)
        else:
            deleting.result()
        gate.execute(text("SELECT pg_advisory_unlock(1)"))
        copying.result()
        deleting.result()
    with transaction(postgres, read_only=True) as session:
        assert session.scalar(text("SELECT count(*) FROM payments_new WHERE id = 1")) == left


def wait_until_waiting(observer: Connection, sessions: int) -> None:
    """Until so many sessions of this database wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    def as_many() -> bool:
        found = observer.scalar(text(waiting))
        observer.rollback()  # else the activity stays as it was first seen
        return bool(found == sessions)

    wait_until(as_many)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, condition.__name__
        time.sleep(0.01)


@pytest.mark.slow
def test_what_still_belongs_to_the_old_table(postgres: Engine) -> None:
    sql = statements_of_page()
    with transaction(postgres) as session:
        session.execute(text(sql["PREPARE"].replace("id BIGINT PRIMARY KEY", "id BIGSERIAL PRIMARY KEY")))
        session.execute(text("CREATE TABLE refunds (payment BIGINT REFERENCES payments)"))
        session.execute(text(sql["SWAP"]))
    with transaction(postgres, read_only=True) as session:
        assert session.scalar(text("SELECT confrelid::regclass FROM pg_constraint WHERE contype = 'f'")) == (
            "payments_old"
        )
    with transaction(postgres) as session:
        session.execute(text("DROP TABLE refunds"))
    with (
        pytest.raises(InternalError, match="column id of table payments depends on sequence"),
        transaction(postgres) as session,
    ):
        session.execute(text("DROP TABLE payments_old"))


def test_sqlite_counts_no_second_column_of_a_key(sqlite_url: str) -> None:
    engine = create_database_engine(sqlite_url)
    Own.metadata.create_all(engine)
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.execute(text("INSERT INTO numbered (owner) VALUES (1)"))
    engine.dispose()


# --- Replicas -------------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    primary: Engine
    replica: Engine


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, str]]:
    """The addresses of a server and of its streaming replica, which gives way to the primary's vacuum at once."""
    with started(LocalPostgres()) as server:
        primary = create_database_engine(server.url)
        with transaction(primary, read_only=True) as session:
            programs = session.scalar(text("SELECT setting FROM pg_config WHERE name = 'BINDIR'"))
            data = session.scalar(text("SELECT current_setting('data_directory')"))
        primary.dispose()
        port = free_port()
        script = (
            f"'{programs}/pg_basebackup' -d '{server.url}' -D standby -R -c fast -X stream --no-sync"
            f" && exec '{programs}/postgres' -D standby -p {port}"
            f" -c unix_socket_directories='{Path(str(data)).parent}' -c max_standby_streaming_delay=0"
        )
        server.start_beside("sh", "-c", script, socket=f".s.PGSQL.{port}")
        yield server.url, make_url(server.url).set(port=port).render_as_string(hide_password=False)


@pytest.fixture
def pair(servers: tuple[str, str]) -> Iterator[Pair]:
    pair = Pair(*map(create_database_engine, servers))
    Own.metadata.drop_all(pair.primary)
    Own.metadata.create_all(pair.primary)
    with transaction(pair.primary) as session:
        session.add(Item(id=1, number=0))
    wait_until_replayed(pair)
    yield pair
    for engine in pair:
        engine.dispose()


def is_replayed(replica: Engine, place: str) -> bool:
    with transaction(replica, read_only=True) as session:
        arrived = text("SELECT pg_last_wal_replay_lsn() >= CAST(:place AS pg_lsn)")
        return bool(session.scalar(arrived, {"place": place}))


def place_of(primary: Engine) -> str:
    with transaction(primary, read_only=True) as session:
        return str(session.scalar(text("SELECT pg_current_wal_lsn()")))


def wait_until_replayed(pair: Pair) -> None:
    place = place_of(pair.primary)

    def replayed() -> bool:
        return is_replayed(pair.replica, place)

    wait_until(replayed)


def read_number(engine: Engine) -> int:
    with transaction(engine, read_only=True) as session:
        return session.get_one(Item, 1).number


def add_one(session: Session) -> None:
    session.execute(text("UPDATE items SET number = number + 1"))


@pytest.mark.slow
def test_a_replica_refuses_what_writes(pair: Pair) -> None:
    def refuses(code: str, kind: type[DBAPIError], work: Callable[[Session], object], **options: Any) -> None:
        with pytest.raises(kind) as refused, transaction(pair.replica, **options) as session:
            work(session)
        assert getattr(refused.value.orig, "pgcode", None) == code

    def read(session: Session) -> int | None:
        return session.scalar(select(Item.number))

    refuses("0A000", NotSupportedError, read, read_only=True, isolation_level="SERIALIZABLE")
    refuses("25006", InternalError, add_one, read_only=True)
    refuses("25006", InternalError, add_one)
    refuses("25006", InternalError, lambda s: s.get(Item, 1, with_for_update=True), read_only=True)
    assert run_transaction(pair.replica, read) == 0
    with transaction(pair.replica, read_only=True, isolation_level="REPEATABLE READ") as session:
        assert read(session) == 0


@pytest.mark.slow
def test_an_own_write_is_there_when_it_was_replayed(pair: Pair) -> None:
    with transaction(pair.replica, read_only=True) as session:
        session.execute(text("SELECT pg_wal_replay_pause()"))
    with transaction(pair.primary) as session:
        add_one(session)
    place = place_of(pair.primary)
    assert (read_number(pair.replica), is_replayed(pair.replica, place)) == (0, False)

    with transaction(pair.replica, read_only=True) as session:
        session.execute(text("SELECT pg_wal_replay_resume()"))
    wait_until_replayed(pair)
    assert (read_number(pair.replica), is_replayed(pair.replica, place)) == (1, True)


def vacuum(primary: Engine) -> None:
    """Remove the old version of a row, which somebody on the replica may still see."""
    with primary.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("UPDATE items SET number = number + 1"))
        connection.execute(text("VACUUM items"))


def wait_until_found(engine: Engine, process: int | None, state: str | None) -> None:
    """Until the server process is in this state; None: until it is gone."""
    query = text("SELECT state FROM pg_stat_activity WHERE pid = :process")

    def found() -> bool:
        with transaction(engine, read_only=True) as session:
            return bool(session.scalar(query, {"process": process}) == state)

    wait_until(found)


@pytest.mark.slow
def test_a_long_read_gives_way_to_the_primarys_vacuum(pair: Pair) -> None:
    def vacuum_during_read(process: int | None) -> None:
        wait_until_found(pair.replica, process, "active")
        vacuum(pair.primary)

    with (
        ThreadPoolExecutor(1) as other,
        pytest.raises(OperationalError) as cancelled,
        transaction(pair.replica, read_only=True, isolation_level="REPEATABLE READ") as session,
    ):
        process = session.scalar(text("SELECT pg_backend_pid()"))
        session.scalar(select(Item.number))
        other.submit(vacuum_during_read, process)
        session.execute(text("SELECT pg_sleep(20)"))
    assert getattr(cancelled.value.orig, "pgcode", None) == "40001"


@pytest.mark.slow
def test_an_idle_read_loses_its_connection_to_the_primarys_vacuum(pair: Pair) -> None:
    with (
        pytest.raises(OperationalError) as lost,
        transaction(pair.replica, read_only=True, isolation_level="REPEATABLE READ") as session,
    ):
        process = session.scalar(text("SELECT pg_backend_pid()"))
        session.scalar(select(Item.number))
        vacuum(pair.primary)
        wait_until_found(pair.replica, process, None)
        session.scalar(select(Item.number))
    assert lost.value.connection_invalidated
