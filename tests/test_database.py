"""examples/database.py: every promise that the module makes, on SQLite and on a real PostgreSQL."""

import logging
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Engine,
    ForeignKey,
    MetaData,
    case,
    event,
    func,
    insert,
    inspect,
    literal,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, PendingRollbackError, StatementError
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import QueuePool

import database
from database import (
    Base,
    CommitOutcomeUnknown,
    DatabaseConfigurationError,
    DatabaseUnavailable,
    Money,
    UTCDateTime,
    create_database_engine,
    database_url,
    migration_url,
    run_transaction,
    transaction,
)
from like_neon import LikeNeon
from local_postgres import LocalPostgres, with_database

MODULE = Path(database.__file__)
NEON = (
    "postgresql://ann:secret@ep-cool-1-pooler.eu-central-1.aws.neon.tech/shop?sslmode=require&channel_binding=require"
)


class OwnTables(Base):
    """Base with tables of its own: the application's Base must not see the tables of a test."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Account(OwnTables):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    balance: Mapped[Decimal | None]
    seen_at: Mapped[datetime | None]


class Entry(OwnTables):
    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


def with_tables(url: str, **options: Any) -> Engine:
    engine = create_database_engine(url, **options)
    OwnTables.metadata.create_all(engine)
    return engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = with_tables(database_url, connections=8)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Engine]:
    engine = with_tables(postgresql_url, connections=8)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    engine = with_tables(sqlite_url)
    yield engine
    engine.dispose()


def add_account(engine: Engine, **values: Any) -> None:
    with transaction(engine) as session:
        session.add(Account(id=1, **values))


def read_account(engine: Engine) -> Account:
    with transaction(engine, read_only=True) as session:
        return session.get_one(Account, 1)


# --- Where the database is


@pytest.mark.parametrize(
    ("raw", "host", "password", "query"),
    [
        ("postgres://ann:secret@host/shop", "host", "secret", {}),
        ("postgresql://ann:secret@host:5433/shop", "host", "secret", {}),
        ("postgresql+psycopg2://ann:secret@host/shop", "host", "secret", {}),
        ("postgresql+psycopg://ann:secret@host/shop?sslmode=require", "host", "secret", {"sslmode": "require"}),
        ("  postgres://ann:secret@host/shop\n", "host", "secret", {}),
        ("postgres://ann:%40%3A%2F%25%23@host/shop", "host", "@:/%#", {}),
        ("postgres://ann@host/shop?password=secret&sslmode=require", "host", "secret", {"sslmode": "require"}),
        (
            NEON,
            "ep-cool-1-pooler.eu-central-1.aws.neon.tech",
            "secret",
            {"sslmode": "require", "channel_binding": "require"},
        ),
    ],
)
def test_every_spelling_of_a_postgresql_url_ends_on_psycopg2(
    raw: str, host: str, password: str, query: dict[str, str]
) -> None:
    url = database_url({"DATABASE_URL": raw})
    assert (url.drivername, url.host, url.password, dict(url.query)) == (
        "postgresql+psycopg2",
        host,
        password,
        query,
    )
    assert password not in str(url)
    engine = create_database_engine(url)
    assert engine.dialect.driver == "psycopg2"
    assert engine.url.password == password
    assert password not in repr(engine)


def test_without_a_setting_it_is_a_sqlite_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(database_url({})) == "sqlite:///app.db"


def test_every_spelling_of_a_sqlite_url_ends_on_the_standard_library() -> None:
    for raw in ("sqlite:///mine.db", "sqlite+pysqlite:///mine.db", "sqlite+aiosqlite:///mine.db"):
        assert str(database_url({"DATABASE_URL": raw})) == "sqlite:///mine.db"


def test_the_env_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text('DATABASE_URL="postgres://ann:a$HOME{x}@host/shop"\n')
    monkeypatch.setenv("HOME", "/wrong")
    assert database_url({}).password == "a$HOME{x}"
    assert str(database_url({"DATABASE_URL": "sqlite:///mine.db"})) == "sqlite:///mine.db"
    assert str(database_url({"DATABASE_URL": ""})) == "sqlite:///app.db"
    assert str(database_url({}, env_file=None)) == "sqlite:///app.db"


def test_a_password_in_the_env_file_may_look_like_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://ann:a${HOME}z@host/shop\n")
    assert database_url({}).password == "a${HOME}z"


@pytest.mark.parametrize(
    "raw",
    [
        "psql 'postgresql://ann:SECRET@host/shop'",
        "'postgresql://ann:SECRET@host/shop'",
        "postgresql//ann:SECRET@host/shop",
        "postgresql://ann:SECRET/shop",
        "postgresql://ann:SECRET@host:port/shop",
        "postgresql://ann:SEC@RET@host/shop",
        "mysql://ann:SECRET@host/shop",
        "SECRET",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_the_password(raw: str) -> None:
    for attempt in (lambda: database_url({"DATABASE_URL": raw}), lambda: create_database_engine(raw)):
        with pytest.raises(DatabaseConfigurationError) as caught:
            attempt()
        chain: BaseException | None = caught.value
        while chain is not None:
            assert "SEC" not in str(chain)
            assert "RET" not in str(chain)
            chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_migrations_never_go_through_neons_pooler() -> None:
    direct = "ep-cool-1.eu-central-1.aws.neon.tech"
    unpooled = NEON.replace("-pooler", "")
    assert migration_url({"DATABASE_URL": NEON}).host == direct
    assert migration_url({"DATABASE_URL": NEON, "DATABASE_URL_UNPOOLED": unpooled}).host == direct
    assert migration_url({"DATABASE_URL": NEON, "DATABASE_URL_UNPOOLED": NEON}).host == direct
    assert migration_url({"DATABASE_URL": unpooled}).host == direct
    assert migration_url({"DATABASE_URL": NEON}).query["sslmode"] == "require"
    ours = "postgres://ann:secret@db-pooler.example.com:6432/shop"
    assert migration_url({"DATABASE_URL": ours}).host == "db-pooler.example.com"
    by_hand = "postgres://ann:secret@db.example.com/shop"
    assert migration_url({"DATABASE_URL": ours, "DATABASE_URL_UNPOOLED": by_hand}).host == "db.example.com"


def test_migrations_never_reach_another_database_than_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"DATABASE_URL={NEON}\nDATABASE_URL_UNPOOLED={NEON.replace('-pooler', '')}\n")
    assert migration_url({}).host == "ep-cool-1.eu-central-1.aws.neon.tech"
    assert str(migration_url({"DATABASE_URL": "sqlite:///mine.db"})) == "sqlite:///mine.db"
    assert migration_url({"DATABASE_URL": "postgres://ann:x@localhost/test"}).host == "localhost"
    for other in (NEON.replace("cool-1", "warm-2"), NEON.replace("/shop", "/archive")):
        with pytest.raises(DatabaseConfigurationError, match="different databases"):
            migration_url({"DATABASE_URL": NEON, "DATABASE_URL_UNPOOLED": other})


def test_a_direct_address_of_a_server_does_not_take_migrations_away_from_a_sqlite_file() -> None:
    environ = {"DATABASE_URL": "sqlite:///mine.db", "DATABASE_URL_UNPOOLED": NEON}
    assert str(migration_url(environ)) == "sqlite:///mine.db"


# --- Passwords


def test_a_difficult_password_logs_in_and_never_shows(
    own_postgres: LocalPostgres, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    admin = create_database_engine(own_postgres.url)
    with admin.begin() as connection:
        connection.execute(text("CREATE ROLE ann LOGIN SUPERUSER PASSWORD 'p@s:s/w%41#d?'"))
    admin.dispose()
    url = f"postgres://ann:p%40s%3As%2Fw%2541%23d%3F@127.0.0.1:{own_postgres.port}/postgres"
    seen: list[str] = []

    caplog.set_level(logging.DEBUG)
    engine = create_database_engine(url, echo="debug", connect_within=3)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "ann"
    with pytest.raises(DBAPIError) as statement_failed, transaction(engine) as session:
        session.execute(text("SELECT 1/0 WHERE :x <> ''"), {"x": "bound value"})
    seen += [str(engine), repr(engine), str(engine.url), str(statement_failed.value)]
    assert "bound value" not in str(statement_failed.value)
    engine.dispose()

    wrong = create_database_engine(url.replace("%3F@", "%3F-wrong@"), connect_within=3)
    with pytest.raises(OperationalError) as refused, wrong.connect():
        pass
    assert "password authentication failed" in str(refused.value)
    own_postgres.stop()
    with pytest.raises(DatabaseUnavailable) as unavailable, engine.connect():
        pass
    logging.getLogger("sqlalchemy").handlers.clear()
    seen += [str(refused.value), str(unavailable.value), repr(unavailable.value), caplog.text, *capfd.readouterr()]
    assert len(caplog.text) > 1000
    for shown in seen:
        assert "p@s:s" not in shown
        assert "p%40s" not in shown


# --- Engine


def test_foreign_keys_hold_in_every_pooled_connection(engine: Engine) -> None:
    connections = [engine.connect() for _ in range(5)]
    for connection in connections:
        with pytest.raises(IntegrityError):
            connection.execute(text("INSERT INTO entries (account_id) VALUES (999)"))
        connection.rollback()
        connection.close()
    add_account(engine)
    with transaction(engine) as session:
        session.add_all([Entry(account_id=1), Entry(account_id=1)])
    with transaction(engine) as session:
        session.execute(text("DELETE FROM accounts"))
    with transaction(engine) as session:
        assert session.scalar(select(func.count(Entry.id))) == 0


def test_a_released_savepoint_goes_with_the_outer_rollback(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), transaction(engine) as session:
        with session.begin_nested():
            session.add(Account(id=1))
        raise ZeroDivisionError
    with transaction(engine) as session:
        assert session.get(Account, 1) is None


def test_a_savepoint_that_fails_leaves_the_rest_of_the_work(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Account(id=1))
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text("INSERT INTO accounts (id, number) VALUES (1, 0)"))
        session.add(Account(id=2))
    with transaction(engine) as session:
        assert session.scalars(select(Account.id).order_by(Account.id)).all() == [1, 2]


@pytest.mark.parametrize("step", [Session.begin_nested, nullcontext])
def test_what_follows_a_full_disk_is_not_saved_alone(
    sqlite: Engine, step: Callable[[Session], AbstractContextManager[object]]
) -> None:
    """SQLite takes back the whole transaction here, and not the one statement or the savepoint."""
    with pytest.raises(PendingRollbackError), transaction(sqlite) as session:
        session.add(Account(id=1))
        session.flush()
        with pytest.raises(OperationalError, match="disk is full"), step(session):
            fill_disk(session)
        session.add(Account(id=2))
    with transaction(sqlite, read_only=True) as session:
        assert session.scalars(select(Account.id)).all() == []


def test_a_full_disk_is_not_tried_again(sqlite: Engine) -> None:
    runs: list[int] = []

    def work(session: Session) -> None:
        runs.append(1)
        fill_disk(session)

    with pytest.raises(OperationalError, match="disk is full"):
        run_transaction(sqlite, work, give_up_after=5)
    assert runs == [1]


def fill_disk(session: Session) -> None:
    session.execute(text("PRAGMA max_page_count = 1"))  # no more pages than there are
    session.execute(insert(Account), [{"id": number, "number": number} for number in range(10, 2000)])


def test_a_rollback_takes_back_tables_too(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        connection.execute(text("INSERT INTO half_done VALUES (1)"))
        raise ZeroDivisionError
    assert "half_done" not in inspect(engine).get_table_names()


@pytest.mark.slow
def test_sqlite_waits_for_another_process_that_opens_the_same_new_file(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from sqlalchemy import text; import database;"
        "engine = database.create_database_engine(sys.argv[2]); sys.stdin.readline();\n"
        "with database.transaction(engine) as s:\n"
        "    s.execute(text('CREATE TABLE IF NOT EXISTS t (n INTEGER)')); s.execute(text('INSERT INTO t VALUES (1)'))\n"
        "engine.dispose()"
    )
    url = f"sqlite:///{tmp_path}/new.db"
    arguments = [sys.executable, "-W", "error", "-c", program, str(MODULE.parent), url]
    processes = [subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(6)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert [process.communicate()[1] for process in processes] == [b""] * 6
    engine = create_database_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM t")) == 6
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2  # FULL: what was committed survives a power cut
    engine.dispose()


def test_sqlite_changes_to_the_write_ahead_log_when_another_program_has_done_its_writing(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE t (n INTEGER)")
    monkeypatch.setattr(time, "sleep", lambda _: other.execute("COMMIT"))  # while the module waits
    engine = create_database_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    engine.dispose()
    other.close()


def test_a_sqlite_file_that_cannot_be_written_can_be_read(sqlite_url: str) -> None:
    path = make_url(sqlite_url).database
    other = sqlite3.connect(str(path))
    other.execute("CREATE TABLE t (n INTEGER)")
    other.close()
    engine = create_database_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with transaction(engine, read_only=True) as session:
        assert session.scalar(text("SELECT count(*) FROM t")) == 0
    with pytest.raises(OperationalError, match="readonly"), transaction(engine) as session:
        session.execute(text("INSERT INTO t VALUES (1)"))
    engine.dispose()


def test_a_sqlite_writer_waits_for_another_as_long_as_it_was_told(sqlite: Engine) -> None:
    with transaction(sqlite) as writer:
        writer.add(Account(id=1))
        writer.flush()
        for options in ({"lock_timeout": 0.3}, {"lock_timeout": 60, "connect_args": {"timeout": 0.3}}):
            other = create_database_engine(sqlite.url, **options)
            began = time.monotonic()
            with pytest.raises(OperationalError, match="locked"), transaction(other):
                pass
            assert 0.2 < time.monotonic() - began < 3
            other.dispose()


def test_the_time_limits_hold_in_every_transaction_and_can_be_lifted_for_one(postgresql_url: str) -> None:
    engine = create_database_engine(
        postgresql_url, statement_timeout=0.2, lock_timeout=3, idle_in_transaction_timeout=7
    )
    shown = select(
        *(func.current_setting(f"{name}_timeout") for name in ("statement", "lock", "idle_in_transaction_session"))
    )
    with transaction(engine) as session:
        assert tuple(session.execute(shown).one()) == ("200ms", "3s", "7s")
    with pytest.raises(OperationalError, match="statement timeout"), transaction(engine) as session:
        session.execute(text("SELECT pg_sleep(5)"))
    with transaction(engine, statement_timeout=0) as session:
        session.execute(text("SELECT pg_sleep(0.3)"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "0"  # CREATE INDEX CONCURRENTLY runs like this
    engine.dispose()


def test_the_time_limits_end_with_their_transaction(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url, connections=1)
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    shown = select(*map(func.current_setting, names))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        of_the_server = connection.execute(shown).one()
    with transaction(engine) as session:
        assert tuple(session.execute(shown).one()) == ("30s", "5s", "1min")  # without being asked for
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.execute(shown).one() == of_the_server  # a pooler hands this session to its next client
    engine.dispose()


def test_a_time_limit_for_one_piece_of_work_holds_in_each_of_its_runs(postgresql: Engine) -> None:
    def read_limit(session: Session) -> str:
        return str(session.scalar(text("SHOW statement_timeout")))

    assert run_transaction(postgresql, read_limit, statement_timeout=7) == "7s"


def test_a_server_that_is_gone_without_a_word_is_noticed(postgresql_url: str) -> None:
    wanted = {
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "30000",
    }
    assert wanted.items() <= parameters_of_connection(postgresql_url).items()
    own = make_url(postgresql_url).update_query_dict({"keepalives_idle": "5"})
    assert (wanted | {"keepalives_idle": "5"}).items() <= parameters_of_connection(own).items()


def parameters_of_connection(url: Any) -> dict[str, str]:
    engine = create_database_engine(url)
    try:
        with engine.connect() as connection:
            parameters: dict[str, str] = connection.connection.dbapi_connection.info.dsn_parameters  # type: ignore[union-attr]
            return parameters
    finally:
        engine.dispose()


def test_a_process_holds_no_more_connections_than_its_budget(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url, connections=2)
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: count_own_connections(engine), range(16)))
    assert 1 <= max(counts) <= 2
    engine.dispose()


def count_own_connections(engine: Engine) -> int:
    with transaction(engine) as session:
        session.execute(text("SELECT pg_sleep(0.02)"))
        own = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND client_port IS NOT NULL"
        return int(session.scalar(text(own)) or 0)


def test_the_pool_is_small_unless_an_option_of_sqlalchemy_says_otherwise() -> None:
    url = "postgresql://ann:secret@localhost/shop"
    sizes = [engine.pool.status() for engine in (create_database_engine(url), create_database_engine(url, pool_size=7))]
    assert [re.findall("Pool size: ([0-9]+)", size) for size in sizes] == [["5"], ["7"]]


def test_the_next_unit_of_work_survives_killed_backends(postgresql: Engine, postgresql_url: str) -> None:
    held = [postgresql.connect() for _ in range(4)]
    for connection in held:
        connection.close()
    assert kill_backends(postgresql_url) >= 4
    for number in range(6):
        with transaction(postgresql) as session:
            session.add(Account(number=number))
    with transaction(postgresql) as session:
        assert session.scalar(select(func.count(Account.id))) == 6


def kill_backends(url: str) -> int:
    admin = create_database_engine(url)
    with admin.begin() as connection:
        killed = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).all()
    admin.dispose()
    return len(killed)


def test_the_next_unit_of_work_survives_a_restarted_server(own_postgres: LocalPostgres) -> None:
    engine = with_tables(own_postgres.url)
    add_account(engine, number=7)
    own_postgres.restart()
    assert read_account(engine).number == 7
    engine.dispose()


def test_a_connection_lost_before_commit_runs_the_work_again(postgresql: Engine, postgresql_url: str) -> None:
    runs: list[int] = []

    def work(session: Session) -> None:
        session.add(Account(id=1))
        session.flush()
        runs.append(1)
        if len(runs) == 1:
            kill_backends(postgresql_url)
        session.execute(text("SELECT 1"))

    run_transaction(postgresql, work)
    assert len(runs) == 2
    assert read_account(postgresql).id == 1


@pytest.mark.slow
def test_the_first_connect_waits_for_a_server_that_comes_up_three_seconds_later(own_postgres: LocalPostgres) -> None:
    own_postgres.stop()
    timer = threading.Timer(3, own_postgres.start)
    timer.start()
    engine = create_database_engine(own_postgres.url)
    began = time.monotonic()
    with transaction(engine) as session:
        assert session.scalar(text("SELECT 42")) == 42
    assert time.monotonic() - began > 2.5
    timer.join()
    engine.dispose()


@pytest.mark.parametrize(
    "words",
    [
        "",
        "the database system is starting up",
        "sorry, too many clients already",
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "terminating connection due to administrator command",
        "server login has been failing, try again later (server_login_retry)",
        "Couldn't connect to compute node",
    ],
)
@pytest.mark.slow
def test_whoever_is_told_not_now_asks_again_and_says_so_once(
    like_neon: LikeNeon, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="database")
    url = make_url(like_neon.direct_url)
    like_neon.refuse_next = words
    engine = create_database_engine(url)
    with transaction(engine) as session:
        assert session.scalar(text("SELECT 42")) == 42
    engine.dispose()
    (said,) = [record for record in caplog.records if record.name == "database"]
    assert said.levelname == "WARNING"
    assert words in said.getMessage()
    assert str(url.password) not in caplog.text


@pytest.mark.slow
def test_a_closed_port_ends_in_database_unavailable_within_the_stated_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    engine = create_database_engine(f"postgresql://ann:secret@127.0.0.1:{port}/shop", connect_within=4)
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match=f"127.0.0.1:{port} within 4 s: .*refused"), transaction(engine):
        pass
    assert 1 < time.monotonic() - began <= 4.5


@pytest.mark.slow
def test_a_server_that_never_answers_ends_in_database_unavailable_within_the_stated_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts by its backlog and says nothing
        url = f"postgresql://ann:secret@127.0.0.1:{silent.getsockname()[1]}/shop"
        engine = create_database_engine(url, connect_within=3)
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="timeout expired"), transaction(engine):
            pass
        assert 2 < time.monotonic() - began <= 3.5


@pytest.mark.slow
def test_the_stated_time_is_for_all_addresses_of_a_host_together() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        hosts = "&".join(f"host=127.0.0.1:{silent.getsockname()[1]}" for silent in (first, second))
        engine = create_database_engine(f"postgresql://ann:secret@/shop?{hosts}", connect_within=4)
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="timeout expired"), transaction(engine):
            pass
        assert time.monotonic() - began <= 4.5


@pytest.mark.parametrize("change", [("postgres:", "nobody-here:"), ("/postgres", "/no-such-database")])
def test_what_waiting_cannot_mend_fails_at_once(own_postgres: LocalPostgres, change: tuple[str, str]) -> None:
    head, tail = own_postgres.url.split("//", 1)
    engine = create_database_engine(f"{head}//{tail.replace(*change, 1)}")
    began = time.monotonic()
    with pytest.raises(OperationalError), transaction(engine):
        pass
    assert time.monotonic() - began < 3


def test_a_parameter_that_postgresql_does_not_know_is_named(postgresql_url: str) -> None:
    engine = create_database_engine(make_url(postgresql_url).update_query_dict({"pgbouncer": "true"}))
    with pytest.raises(DatabaseConfigurationError, match="pgbouncer"), transaction(engine):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_share_its_parents_connections(postgresql: Engine) -> None:
    pid_of_backend = text("SELECT pg_backend_pid()")
    with postgresql.connect() as connection:
        parents = connection.scalar(pid_of_backend)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with postgresql.connect() as connection:
                os.write(writer, str(connection.scalar(pid_of_backend)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    childs = int(os.read(reader, 100) or 0)
    os.close(reader)
    os.waitpid(child, 0)
    assert childs not in (0, parents)
    with postgresql.connect() as connection:
        assert connection.scalar(pid_of_backend) == parents


def uses_tls(url: Any, **options: Any) -> bool:
    engine = create_database_engine(url, connect_within=3, **options)
    try:
        with engine.connect() as connection:
            return bool(connection.connection.dbapi_connection.info.ssl_in_use)  # type: ignore[union-attr]
    finally:
        engine.dispose()


def test_tls_can_be_raised_to_verify_full(like_neon: LikeNeon, monkeypatch: pytest.MonkeyPatch) -> None:
    ca_file = like_neon.ca_file
    required = make_url(like_neon.direct_url)
    assert uses_tls(required)
    assert uses_tls(required, verify_tls=True, ca_file=ca_file)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        uses_tls(required, verify_tls=True)  # this machine's store does not know the authority
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    assert uses_tls(required, verify_tls=True)
    assert uses_tls(required.update_query_dict({"sslmode": "verify-full", "sslrootcert": "system"}))
    with pytest.raises(OperationalError, match="does not match host name"):
        uses_tls(required.set(host="127.0.0.1"), verify_tls=True)
    with pytest.raises(OperationalError, match="server does not support SSL"):
        uses_tls(required.set(port=like_neon.server.port))


def test_a_certificate_authority_is_found_where_libpq_and_openssl_look(like_neon: LikeNeon, empty_home: Path) -> None:
    ca_file = like_neon.ca_file
    url = make_url(like_neon.direct_url).difference_update_query(["sslmode"])
    verify_ca = url.update_query_dict({"sslmode": "verify-ca"})
    for name in ("PGSSLROOTCERT", "SSL_CERT_FILE"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(name, ca_file)
            assert uses_tls(url, verify_tls=True)
            assert uses_tls(verify_ca)
    (empty_home / ".postgresql").mkdir()
    (empty_home / ".postgresql" / "root.crt").write_bytes(Path(ca_file).read_bytes())
    assert uses_tls(url, verify_tls=True)
    assert uses_tls(verify_ca)


# --- Transactions


def test_the_work_is_saved_at_the_end_and_gone_after_an_exception(engine: Engine) -> None:
    with transaction(engine) as session:
        account = Account(id=1, number=5)
        session.add(account)
    assert account.number == 5  # readable after the end
    with pytest.raises(ZeroDivisionError), transaction(engine) as session:
        session.get_one(Account, 1).number = 6
        session.flush()
        raise ZeroDivisionError
    assert read_account(engine).number == 5


def test_a_read_only_transaction_cannot_write_and_the_next_one_can(engine: Engine) -> None:
    for _ in range(2):
        with pytest.raises(DBAPIError, match=r"read-only|readonly"), transaction(engine, read_only=True) as session:
            session.execute(text("INSERT INTO accounts (id, number) VALUES (5, 0)"))
    add_account(engine)
    assert read_account(engine).id == 1


def test_a_reader_is_blocked_by_no_reader_and_no_writer(sqlite: Engine) -> None:
    add_account(sqlite, number=1)
    with (
        transaction(sqlite, read_only=True) as first,
        transaction(sqlite, read_only=True) as second,
        transaction(sqlite) as writer,
    ):
        began = time.monotonic()
        assert first.scalar(select(Account.number)) == 1
        writer.execute(update(Account).values(number=2))
        assert second.scalar(select(Account.number)) == 1
        assert first.scalar(select(Account.number)) == 1
        assert time.monotonic() - began < 1
    assert read_account(sqlite).number == 2


def in_sql(session: Session) -> None:
    session.execute(update(Account).values(number=Account.number + 1))


def locked_first(session: Session) -> None:
    session.get_one(Account, 1, with_for_update=True).number += 1


def read_and_written(session: Session) -> None:
    session.get_one(Account, 1).number += 1


@pytest.mark.parametrize(
    ("increment", "isolation_level"),
    [(in_sql, None), (locked_first, None), (read_and_written, "SERIALIZABLE")],
    ids=["in SQL", "locked first", "serializable"],
)
def test_eight_threads_lose_no_increment(
    engine: Engine, increment: Callable[[Session], None], isolation_level: str | None
) -> None:
    """Each cure of references/transactions.md."""
    add_account(engine, number=0)

    def run(_: int) -> None:
        for _ in range(25):
            run_transaction(engine, increment, isolation_level=isolation_level)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, range(8)))
    assert read_account(engine).number == 200


def test_a_serialization_failure_runs_the_work_again(engine: Engine) -> None:
    add_account(engine, number=0)
    runs: list[int] = []

    def increment(session: Session) -> None:
        runs.append(1)
        account = session.get_one(Account, 1)
        account.number += 1

    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda _: [run_transaction(engine, increment, isolation_level="SERIALIZABLE") for _ in range(10)],
                range(8),
            )
        )
    assert read_account(engine).number == 80
    assert engine.dialect.name == "sqlite" or len(runs) > 80


def test_a_deadlock_runs_the_work_again(postgresql: Engine) -> None:
    with transaction(postgresql) as session:
        session.add_all([Account(id=1), Account(id=2)])
    both_hold_one = threading.Barrier(2)
    runs: list[int] = []

    def move(session: Session, first: int, second: int) -> None:
        runs.append(first)
        session.execute(update(Account).where(Account.id == first).values(number=Account.number + 1))
        if runs.count(first) == 1:
            both_hold_one.wait(10)
        session.execute(update(Account).where(Account.id == second).values(number=Account.number + 1))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda order: run_transaction(postgresql, lambda s: move(s, *order)), [(1, 2), (2, 1)]))
    assert len(runs) == 3
    with transaction(postgresql) as session:
        assert session.scalars(select(Account.number)).all() == [2, 2]


def test_a_busy_sqlite_file_runs_the_work_again(sqlite: Engine) -> None:
    impatient = create_database_engine(sqlite.url, lock_timeout=0.05)
    runs: list[int] = []
    with transaction(sqlite) as writer, ThreadPoolExecutor(1) as thread:
        writer.add(Account(id=1))
        writer.flush()
        with pytest.raises(OperationalError, match="locked"):
            run_transaction(impatient, lambda _: None, give_up_after=0.3)
        waiting = thread.submit(run_transaction, impatient, lambda _: runs.append(1))
        writer.commit()
        waiting.result(10)
    assert runs == [1]
    impatient.dispose()


def test_a_sqlite_file_that_was_busy_is_asked_again(sqlite: Engine) -> None:
    impatient = create_database_engine(sqlite.url, lock_timeout=0)
    was_refused = threading.Event()
    event.listen(impatient, "handle_error", lambda _: was_refused.set())
    runs: list[int] = []
    with transaction(sqlite) as writer, ThreadPoolExecutor(1) as thread:
        writer.add(Account(id=1))
        writer.flush()
        waiting = thread.submit(run_transaction, impatient, lambda _: runs.append(1))
        assert was_refused.wait(10)
        writer.commit()
        waiting.result(10)
    assert runs == [1]
    impatient.dispose()


def test_a_busy_sqlite_file_is_asked_until_give_up_after_whatever_lock_timeout_says(sqlite: Engine) -> None:
    impatient = create_database_engine(sqlite.url, lock_timeout=0)
    refused: list[object] = []
    event.listen(impatient, "handle_error", refused.append)
    with transaction(sqlite):
        with pytest.raises(OperationalError, match="locked"), transaction(impatient):
            pass
        assert len(refused) == 1
        began = time.monotonic()
        with pytest.raises(OperationalError, match="locked"):
            run_transaction(impatient, lambda _: None, give_up_after=0.5)
        assert time.monotonic() > began + 0.5
    impatient.dispose()
    assert len(refused) > 2


def test_a_row_that_another_has_changed_since_it_was_read_runs_the_work_again(postgresql: Engine) -> None:
    class WithVersion(Base):
        __abstract__ = True
        metadata = MetaData()

    class Page(WithVersion):
        __tablename__ = "pages"
        id: Mapped[int] = mapped_column(primary_key=True)
        words: Mapped[int]
        version: Mapped[int] = mapped_column()
        __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form

    Page.metadata.create_all(postgresql)
    with transaction(postgresql) as session:
        session.add(Page(id=1, words=10))
    runs: list[int] = []

    def write_more(session: Session) -> None:
        page = session.get_one(Page, 1)
        runs.append(page.words)
        if len(runs) == 1:
            with transaction(postgresql) as another:
                another.get_one(Page, 1).words = 20
        page.words += 1

    run_transaction(postgresql, write_more)
    assert runs == [10, 20]


def test_a_connection_lost_with_changes_still_to_be_sent_runs_the_work_again(
    postgresql: Engine, postgresql_url: str
) -> None:
    runs: list[int] = []

    def work(session: Session) -> None:
        session.execute(text("SELECT 1"))
        session.add(Account(id=1))  # sent only when the work is done
        runs.append(1)
        if len(runs) == 1:
            kill_backends(postgresql_url)

    run_transaction(postgresql, work)
    assert len(runs) == 2
    assert read_account(postgresql).id == 1


def test_an_ordinary_error_does_not_run_the_work_again(engine: Engine) -> None:
    add_account(engine)
    runs: list[int] = []

    def doubled(session: Session) -> None:
        runs.append(1)
        session.add(Account(id=1))

    with pytest.raises(IntegrityError):
        run_transaction(engine, doubled)
    assert len(runs) == 1


def test_a_commit_whose_answer_was_lost_is_never_run_again(like_neon: LikeNeon, neon_database: str) -> None:
    runs: list[int] = []

    def book(session: Session) -> None:
        runs.append(1)
        session.add(Account(number=100))

    engine = with_tables(with_database(like_neon.direct_url, neon_database))
    cut = like_neon.cut_next("COMMIT", when="done")
    with pytest.raises(CommitOutcomeUnknown):
        run_transaction(engine, book)
    assert cut.happened.is_set()
    with transaction(engine) as session:
        assert session.scalars(select(Account.number)).all() == [100]
    assert len(runs) == 1
    engine.dispose()


def test_whoever_only_reads_is_not_asked_to_look_what_was_saved(like_neon: LikeNeon) -> None:
    engine = create_database_engine(like_neon.direct_url)
    cut = like_neon.cut_next("COMMIT", when="done")
    with pytest.raises(OperationalError), transaction(engine, read_only=True) as session:
        assert session.scalar(text("SELECT 42")) == 42
    assert cut.happened.is_set()
    engine.dispose()


# --- Money


@pytest.mark.slow
def test_a_hundred_thousand_cents_are_a_thousand(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(Account.__table__.insert(), [{"balance": Decimal("0.01")}] * 100_000)  # type: ignore[attr-defined]
    with transaction(engine) as session:
        total = session.scalar(select(func.sum(Account.balance)))
        assert (total, str(total)) == (Decimal("1000.00"), "1000.00")


@pytest.mark.parametrize("amount", ["0.10", "-0.01", "12345678901234567.89", "0.00", "92233720368547758.07"])
def test_an_amount_comes_back_to_the_cent(engine: Engine, amount: str) -> None:
    add_account(engine, balance=Decimal(amount))
    assert str(read_account(engine).balance) == amount
    with transaction(engine) as session:
        assert session.scalar(select(Account.id).where(Account.balance == Decimal(amount))) == 1
        assert session.scalar(select(Account.id).where(Account.balance > Decimal(amount))) is None


def test_arithmetic_and_aggregates_in_sql_are_exact_and_stay_money(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add_all([Account(id=1, balance=Decimal("10.10")), Account(id=2, balance=Decimal("0.20"))])
        session.add(Account(id=3, balance=None))
    money = Account.balance
    expected: dict[Any, str] = {
        func.sum(money): "10.30",
        func.min(money): "0.20",
        func.max(money): "10.10",
        func.sum(money + Decimal("0.05")): "10.40",
        func.sum(Decimal("20.00") - money): "29.70",
        func.sum(money - 1): "8.30",
        func.sum(-money): "-10.30",
        func.sum(money) - func.min(money): "10.10",
        func.sum(money + money): "20.60",
        func.sum(func.coalesce(money, Decimal("1.50"))): "11.80",
        func.sum(func.coalesce(money, 5)): "15.30",
        func.coalesce(func.sum(money), 0): "10.30",
        func.sum(case((money > 1, money), else_=Decimal("0.03"))): "10.16",
        func.sum(case((money > Decimal("10.10"), money), else_=2)): "6.00",
    }
    for _ in range(2):  # the second time each statement comes from SQLAlchemy's cache
        with transaction(engine) as session:
            for expression, amount in expected.items():
                result = session.scalars(select(expression)).one()
                assert (str(expression), str(result)) == (str(expression), amount)


def test_a_literal_in_a_cached_statement_is_read_as_money_each_time(engine: Engine) -> None:
    add_account(engine)
    with transaction(engine) as session:
        for amount in (Decimal("1.50"), Decimal("0.07"), 3, 0):
            found = session.scalar(select(func.coalesce(Account.balance, amount)))
            assert found == amount


def test_an_update_in_sql_changes_an_amount_exactly(engine: Engine) -> None:
    add_account(engine, balance=Decimal("0.10"))
    with transaction(engine) as session:
        session.execute(update(Account).values(balance=Account.balance + Decimal("0.20")))
    with transaction(engine) as session:
        assert session.scalar(select(Account.id).where(Account.balance == Decimal("0.30"))) == 1


@pytest.mark.parametrize(
    "amount",
    [
        Decimal("1.005"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("-Infinity"),
        Decimal("sNaN"),
        0.1,
        0.5,
        Decimal("1e30"),
        Decimal("92233720368547758.08"),
        2**63,
        True,
        "1.00",
    ],
    ids=str,
)
def test_what_is_not_exact_money_is_refused_before_the_driver_sees_it(engine: Engine, amount: Any) -> None:
    with pytest.raises(StatementError, match="money") as caught, transaction(engine) as session:
        session.execute(Account.__table__.insert(), {"id": 1, "balance": amount})  # type: ignore[attr-defined]
    assert isinstance(caught.value.orig, ValueError)
    with pytest.raises(StatementError, match="money"), transaction(engine) as session:
        session.scalar(select(Account.id).where(Account.balance == amount))
    with pytest.raises(StatementError, match="money"), transaction(engine) as session:
        session.scalar(select(func.coalesce(Account.balance, amount)))
    with transaction(engine) as session:
        assert session.get(Account, 1) is None


def test_money_is_not_multiplied_or_divided_in_sql() -> None:
    wrong_ways: list[Callable[[], Any]] = [
        lambda: Account.balance * 2,
        lambda: 2 * Account.balance,
        lambda: Account.balance / 3,
        lambda: Account.balance // 3,
        lambda: Account.balance % 3,
        lambda: func.sum(Account.balance) * Decimal("1.10"),
    ]
    for wrong in wrong_ways:
        with pytest.raises(TypeError, match="in Python"):
            wrong()


def test_an_aggregate_behind_the_operator_is_money_too(engine: Engine) -> None:
    add_account(engine, balance=Decimal("4.50"))
    total = func.sum(Account.balance)
    with transaction(engine) as session:
        assert str(session.scalar(select(5 - total))) == "0.50"
        assert str(session.scalar(select(Decimal("0.25") + total))) == "4.75"
    for wrong in (lambda: 2 * total, lambda: Decimal("1.5") / total):
        with pytest.raises(TypeError, match="in Python"):
            wrong()


def test_a_literal_before_the_money_column_is_refused_or_typed(engine: Engine) -> None:
    add_account(engine, balance=Decimal("4.00"))
    with pytest.raises(TypeError, match="literal"), transaction(engine) as session:
        session.scalar(select(case((Account.id == 2, Decimal("2.50")), else_=Account.balance)))
    typed = case((Account.id == 1, literal(Decimal("2.50"), Money)), else_=Account.balance)
    with transaction(engine) as session:
        assert session.scalar(select(typed)) == Decimal("2.50")


def test_a_currency_without_cents_counts_whole_units(engine: Engine) -> None:
    with transaction(engine) as session:
        assert session.scalar(select(literal(Decimal(1500), Money(places=0)))) == Decimal(1500)
        assert str(session.scalar(select(literal(Decimal("1.234"), Money(places=3))))) == "1.234"


# --- Time


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_a_moment_is_equal_and_aware_with_the_server_in_another_time_zone(database_url: str, zone: str) -> None:
    engine = with_tables(database_url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            name = connection.scalar(text("SELECT current_database()"))
            connection.execute(text(f"ALTER DATABASE {name} SET timezone = '{zone}'"))
        engine.dispose()  # the setting holds for new connections
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW timezone")) == zone
    moment = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
    add_account(engine, seen_at=moment)
    seen = read_account(engine).seen_at
    assert seen == moment
    assert seen is not None
    assert seen.tzinfo is UTC
    same = datetime(2026, 3, 28, 21, 30, 0, 123456, tzinfo=UTC)
    with transaction(engine) as session:
        assert session.scalar(select(Account.id).where(Account.seen_at == same)) == 1
        assert session.scalar(select(Account.id).where(Account.seen_at < same)) is None
        assert session.scalar(select(func.max(Account.seen_at))) == same
    engine.dispose()


def test_a_naive_moment_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="time zone"), transaction(engine) as session:
        session.add(Account(id=1, seen_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    with transaction(engine) as session:
        assert session.get(Account, 1) is None


@pytest.mark.parametrize("value", [date(2026, 1, 1), "2026-01-02"], ids=str)
def test_what_is_no_moment_is_refused(engine: Engine, value: Any) -> None:
    with pytest.raises(StatementError, match="time zone"), transaction(engine) as session:
        session.add(Account(id=1, seen_at=value))


# --- The module itself


def test_every_constraint_has_a_name_and_whole_numbers_are_wide() -> None:
    names = {constraint.name for table in OwnTables.metadata.sorted_tables for constraint in table.constraints}
    assert names == {"pk_accounts", "pk_entries", "fk_entries_account_id_accounts"}
    assert isinstance(Account.__table__.c.seen_at.type, UTCDateTime)
    assert isinstance(Account.__table__.c.balance.type, Money)


def test_a_number_over_31_bits_fits(engine: Engine) -> None:
    add_account(engine, number=2**40)
    assert read_account(engine).number == 2**40


def test_the_module_is_one_file_to_copy() -> None:
    source = MODULE.read_text("utf-8")
    assert len([line for line in source.splitlines() if line.strip()]) < 400
    assert database.__version__


# --- What was wrong once


def test_autocommit_on_sqlite_writes_after_a_read_only_block(sqlite: Engine) -> None:
    with transaction(sqlite, read_only=True) as session:
        assert session.scalar(select(Account.id)) is None
    with sqlite.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:  # the pool has one connection
        connection.execute(text("INSERT INTO accounts (id, number) VALUES (1, 7)"))
    assert read_account(sqlite).number == 7


def test_autocommit_on_sqlite_keeps_what_was_written(sqlite: Engine) -> None:
    with sqlite.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("INSERT INTO accounts (id, number) VALUES (1, 7)"))
        connection.execute(text("VACUUM"))
    assert read_account(sqlite).number == 7
    with pytest.raises(ZeroDivisionError), transaction(sqlite) as session:  # the same connection, in transactions again
        session.execute(update(Account).values(number=8))
        raise ZeroDivisionError
    assert read_account(sqlite).number == 7


def test_money_does_not_depend_on_the_precision_of_the_program(engine: Engine) -> None:
    with localcontext(prec=4):
        add_account(engine, balance=Decimal("12345.67"))
        assert str(read_account(engine).balance) == "12345.67"
        with pytest.raises(StatementError, match="decimal places"), transaction(engine) as session:
            session.add(Account(id=2, balance=Decimal("1.00000000000000000000000000000000000000001")))


def test_connect_args_are_added_to_the_keepalives(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url, connect_args={"application_name": "ours"})
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW application_name")) == "ours"
        parameters = connection.connection.dbapi_connection.info.dsn_parameters  # type: ignore[union-attr]
        assert parameters["keepalives_idle"] == "30"
    engine.dispose()


@pytest.mark.slow
def test_a_connect_timeout_in_the_url_does_not_lengthen_the_stated_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://ann:secret@127.0.0.1:{silent.getsockname()[1]}/shop?connect_timeout=30"
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable), transaction(create_database_engine(url, connect_within=2)):
            pass
        assert time.monotonic() - began <= 2.5


@pytest.mark.parametrize("password", ["SE@C/RET", "p@ss?w=rd", "s3cr/et@p#w?d:x"])
def test_a_raw_password_that_would_be_read_as_a_host_is_refused_without_a_word_of_it(password: str) -> None:
    with pytest.raises(DatabaseConfigurationError, match="%40") as refused:
        database_url({"DATABASE_URL": f"postgresql://ann:{password}@host/shop"})
    assert not any(part in str(refused.value) for part in ("RET", "ss?w", "s3cr", "p#w"))


def test_an_env_file_that_is_no_utf_8_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("DATABASE_URL=sqlite:///a.db".encode("utf-16"))
    with pytest.raises(DatabaseConfigurationError, match="not UTF-8"):
        database_url({})


# === tests/test_database.py (import: contextmanager, suppress from contextlib, pairwise from itertools,
# StaleDataError from sqlalchemy.orm.exc, QueuePool from sqlalchemy.pool)


@contextmanager
def hangs_up(until: float) -> Iterator[tuple[str, list[float]]]:
    """A server that hangs up on everybody for so many seconds, and is silent then; and when it was asked."""
    asked: list[float] = []
    began = time.monotonic()

    def hang_up() -> None:
        while (left := began + until - time.monotonic()) > 0:
            server.settimeout(left)
            with suppress(OSError):
                client, _ = server.accept()
                asked.append(time.monotonic())
                client.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"postgresql://ann:secret@127.0.0.1:{server.getsockname()[1]}/shop", asked
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("silent_after", [1.2, 2])
def test_the_stated_time_holds_for_a_server_that_falls_silent_later(silent_after: float) -> None:
    with hangs_up(silent_after) as (url, _):
        engine = create_database_engine(url, connect_within=3.6)
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable), transaction(engine):
            pass
        assert time.monotonic() - began < 4.1


@pytest.mark.slow
def test_a_server_that_hangs_up_is_asked_again_each_second_and_not_more_often(caplog: pytest.LogCaptureFixture) -> None:
    with hangs_up(5) as (url, asked):
        engine = create_database_engine(url, connect_within=6)
        with pytest.raises(DatabaseUnavailable), transaction(engine):
            pass
    assert 5 < len(asked) < 12
    assert max(later - earlier for earlier, later in pairwise(asked)) < 1.4
    assert [record.levelname for record in caplog.records if record.name == "database"] == ["WARNING"]  # said once


@pytest.mark.slow
def test_a_shorter_connect_timeout_in_the_url_counts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://ann:secret@127.0.0.1:{silent.getsockname()[1]}/shop?connect_timeout=2"
        with pytest.raises(DatabaseUnavailable), transaction(create_database_engine(url, connect_within=5)):
            pass
        silent.settimeout(1)
        for _ in range(2):  # it was asked twice
            silent.accept()[0].close()


def test_who_waits_for_the_pool_waits_longer_than_a_connect_may_take() -> None:
    engine = create_database_engine("postgresql://ann:secret@localhost/shop", connect_within=60)
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.timeout() > 60


def test_autocommit_sends_no_time_limits(postgresql: Engine) -> None:
    """Outside of a transaction they would be a round trip for nothing."""
    sent: list[str] = []
    event.listen(postgresql, "before_cursor_execute", lambda _c, _k, statement, *_: sent.append(statement))
    with postgresql.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT 1"))
    assert sent == ["SELECT 1"]


@pytest.mark.parametrize(
    "words",
    [
        "No route to host",
        "Network is unreachable",
        "Temporary failure in name resolution",
        "Connection reset by peer",
        "SSL SYSCALL error: EOF detected",
        "too many connections for role",
    ],
)
def test_whoever_cannot_get_through_just_now_asks_again(like_neon: LikeNeon, words: str) -> None:
    """libpq's words, said by the stand-in: no machine provokes all of them."""
    like_neon.refuse_next = words
    engine = create_database_engine(like_neon.direct_url)
    with transaction(engine) as session:
        assert session.scalar(text("SELECT 42")) == 42
    engine.dispose()


def test_one_address_that_says_never_counts_more_than_another_that_sleeps(own_postgres: LocalPostgres) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    hosts = f"host=127.0.0.1:{closed}&host=127.0.0.1:{own_postgres.port}"
    password = make_url(own_postgres.url).password
    for user_and_name in ("postgres:wrong@/postgres", f"postgres:{password}@/no-such-database"):
        began = time.monotonic()
        with (
            pytest.raises(OperationalError, match=r"(?s)refused.*(authentication failed|does not exist)"),
            transaction(create_database_engine(f"postgresql://{user_and_name}?{hosts}", connect_within=4)),
        ):
            pass
        assert time.monotonic() - began < 2


def test_a_commit_that_the_server_refuses_is_no_unknown_outcome(postgresql: Engine) -> None:
    with transaction(postgresql) as session:
        session.execute(text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    with pytest.raises(IntegrityError), transaction(postgresql) as session:
        session.execute(text("INSERT INTO late VALUES (1), (1)"))


def test_who_loses_again_and_again_waits_longer_each_time(sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    longest: list[float] = []

    def no_pause(_: float, most: float) -> float:
        longest.append(most)
        return 0

    monkeypatch.setattr("database.random.uniform", no_pause)

    def lose(_: Session) -> None:
        if len(longest) < 10:
            raise StaleDataError("another was faster")

    run_transaction(sqlite, lose)
    assert longest == sorted(longest)
    assert longest[0] < 0.1 < longest[-1] == 1
