"""scripts/like_neon.py behaves as Neon does where it says so, and a program on database.py survives what it does."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import trustme
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import like_neon as like_neon_module
import local_postgres
from conftest import started
from database import (
    CommitOutcomeUnknown,
    DatabaseUnavailable,
    create_database_engine,
    migration_url,
    run_transaction,
    transaction,
)
from like_neon import LikeNeon, make_certificate
from local_postgres import LocalPostgresError, with_database
from neon_door import HOSTS
from running import RunPython
from test_local_postgres import (
    SCRIPT,
    first_line,
    folder,  # noqa: F401 - a fixture
    needs_proc,
    nothing_is_left,
    processes,
    programs,  # noqa: F401 - a fixture of that fixture
    running,
    sql,
    wait_until,
)
from tracker import PROGRAM

pytestmark = pytest.mark.slow  # they wait for a compute that sleeps and wakes

NOT_FORKED = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
POOL = 3  # what PgBouncer may open for a user and database


@pytest.fixture(params=["pooled", "direct"])
def neon_url(request: pytest.FixtureRequest, like_neon: LikeNeon) -> str:
    """The test runs once through the pooler and once past it."""
    if request.param == "pooled":
        request.getfixturevalue("pooled_neon")
        return like_neon.url
    return like_neon.direct_url


@contextlib.contextmanager
def connected(url: str, **options: Any) -> Iterator[Any]:
    """A cursor that commits each statement by itself."""
    with contextlib.closing(psycopg2.connect(url, **options)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


@contextlib.contextmanager
def engine_for(url: str, **options: Any) -> Iterator[Engine]:
    engine = create_database_engine(url, **options)
    try:
        yield engine
    finally:
        engine.dispose()


def answer_of(engine: Engine) -> object:
    with transaction(engine) as session:
        return session.scalar(text("SELECT 42"))


def seconds_of(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def at_host(url: str, host: str) -> str:
    return make_url(url).set(host=host).render_as_string(hide_password=False)


# The two endpoints


def test_one_port_is_two_endpoints_told_apart_by_the_name_of_the_host(pooled_neon: LikeNeon) -> None:
    pooled, direct = urlsplit(pooled_neon.url), urlsplit(pooled_neon.direct_url)
    assert pooled.port == direct.port == pooled_neon.port
    assert pooled.hostname == str(direct.hostname).replace(".", "-pooler.", 1)
    sql(pooled_neon.url, "SELECT 1")
    sql(pooled_neon.direct_url, "SELECT 1")
    assert [visit.endpoint for visit in pooled_neon.visits] == ["pooled", "direct"]
    assert sql(f"{pooled_neon.direct_url}&options=-c%20work_mem%3D2MB", "SHOW work_mem") == [("2MB",)]
    with pytest.raises(psycopg2.OperationalError, match="unsupported startup parameter: options"):
        sql(f"{pooled_neon.url}&options=-c%20work_mem%3D2MB", "SHOW work_mem")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "Endpoint ID is not specified"),
        ("ep-other-lake-123456.local.neon.test", "endpoint could not be found: nothing is at ep-other-lake-123456"),
    ],
)
def test_a_host_that_names_no_endpoint_is_refused_in_words(like_neon: LikeNeon, host: str, words: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match=words):
        sql(at_host(like_neon.direct_url, host), "SELECT 1")


def test_a_client_without_tls_is_told_to_use_it(neon_url: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match=r"connection is insecure \(try using `sslmode=require`\)"):
        sql(neon_url.replace("sslmode=require", "sslmode=disable"), "SELECT 1")


def test_what_does_not_speak_postgresql_is_refused(like_neon: LikeNeon) -> None:
    with socket.create_connection(("127.0.0.1", like_neon.port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"protocol violation" in client.recv(1000)


def test_the_role_is_no_superuser_and_may_create_databases_and_roles(neon_url: str) -> None:
    rights = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert sql(neon_url, rights) == [(False, True, True)]
    owner = (
        "SELECT current_user::text, datname, datdba::regrole::text FROM pg_database WHERE datname = current_database()"
    )
    assert sql(neon_url, owner) == [("neondb_owner", "neondb", "neondb_owner")]


def test_databases_and_roles_that_a_program_creates_are_reached_through_the_pooler(
    pooled_neon: LikeNeon, neon_database: str
) -> None:
    pooled = with_database(pooled_neon.url, neon_database)
    assert sql(pooled, "SELECT current_database()::text") == [(neon_database,)]
    sql(pooled, "CREATE ROLE clerk LOGIN PASSWORD 'pencil'")
    try:
        with connected(pooled_neon.url, user="clerk", password="pencil") as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("clerk",)
        wrong = connected(pooled_neon.url, user="clerk", password="chalk")
        with pytest.raises(psycopg2.OperationalError, match="authentication failed"), wrong:
            pass
    finally:
        sql(pooled, "DROP ROLE clerk")


def test_a_query_is_cancelled_on_both_endpoints(like_neon: LikeNeon) -> None:
    code = """if True:
        import sys, threading, psycopg2
        for url in sys.argv[1:]:
            connection = psycopg2.connect(url)
            threading.Timer(0.2, connection.cancel).start()
            try:
                connection.cursor().execute("SELECT pg_sleep(20)")
            except psycopg2.errors.QueryCanceled:
                print("cancelled")
    """
    urls = [like_neon.url, like_neon.direct_url]
    done = subprocess.run([sys.executable, "-c", code, *urls], capture_output=True, text=True, timeout=15, check=False)
    assert (done.stdout, done.stderr) == ("cancelled\n" * 2, "")


def test_what_is_large_arrives_whole(neon_url: str) -> None:
    with connected(neon_url) as cursor:
        cursor.execute("SELECT %s", ("y" * 5_000_000,))
        assert len(cursor.fetchone()[0]) == 5_000_000
        cursor.execute("SELECT repeat('z', 100) FROM generate_series(1, 50000)")
        assert len(cursor.fetchall()) == 50_000


def test_thirty_two_clients_at_once_are_served(pooled_neon: LikeNeon) -> None:
    def ask(number: int) -> int:
        with connected(pooled_neon.url) as cursor:
            for _ in range(5):
                cursor.execute("SELECT %s", (number,))
                assert cursor.fetchone() == (number,)
        return number

    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(ask, range(64))) == list(range(64))


# Sleep


def test_a_suspension_ends_every_connection_and_the_next_one_wakes_the_compute(
    neon_url: str, like_neon: LikeNeon
) -> None:
    with connected(neon_url) as cursor:
        wakes = like_neon.wakes
        like_neon.suspend()
        assert like_neon.asleep
        with pytest.raises(psycopg2.OperationalError, match="closed"):
            cursor.execute("SELECT 1")
    assert sql(neon_url, "SELECT 42") == [(42,)]
    assert like_neon.wakes == wakes + 1


@pytest.mark.slow
def test_an_idle_connection_lets_the_compute_sleep_and_an_open_transaction_does_not(
    neon_url: str, like_neon: LikeNeon
) -> None:
    with connected(neon_url) as cursor:
        like_neon.suspend_after = 0.2
        cursor.execute("SELECT pg_sleep(0.5)")  # a query in flight
        cursor.execute("BEGIN")
        time.sleep(0.5)  # what must not happen has no event
        assert not like_neon.asleep
        cursor.execute("COMMIT")
        wait_until(lambda: like_neon.asleep, 5)


def test_a_commit_survives_the_suspension(like_neon: LikeNeon, neon_database: str) -> None:
    url = with_database(like_neon.direct_url, neon_database)
    sql(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    like_neon.suspend()
    assert sql(url, "SELECT answer FROM kept") == [(42,)]


# What a network does


def test_a_connection_is_cut_in_the_middle_of_a_query(neon_url: str, like_neon: LikeNeon) -> None:
    cut = like_neon.cut_next(r"SELECT pg_sleep\(20")
    with connected(neon_url) as cursor:
        cursor.execute("SELECT 1")
        with pytest.raises(psycopg2.OperationalError, match=r"closed|EOF"):
            cursor.execute("SELECT pg_sleep(20)")
    assert cut.happened.is_set()
    assert sql(neon_url, "SELECT 42") == [(42,)]


def test_a_delay_is_felt_once_for_each_round_trip(neon_url: str, like_neon: LikeNeon) -> None:
    with connected(neon_url) as cursor:
        like_neon.delay = 0.05
        assert seconds_of(lambda: cursor.execute("SELECT 1")) >= 0.05
        assert 0.2 <= seconds_of(lambda: [cursor.execute("SELECT 1") for _ in range(4)]) < 0.4
        before = like_neon.round_trips
        assert seconds_of(lambda: cursor.execute("SELECT %s", ("y" * 500_000,))) < 0.2
        assert like_neon.round_trips == before + 1


def test_in_a_black_hole_nothing_passes_and_afterwards_it_does(neon_url: str, like_neon: LikeNeon) -> None:
    name = "through the pooler" if "-pooler" in neon_url else "through"
    who_is_through = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'"
    with connected(neon_url) as cursor, ThreadPoolExecutor(2) as threads:
        like_neon.visits.clear()
        with like_neon.swallowed_packets():
            old = threads.submit(cursor.execute, f"SET application_name = '{name}'")
            new = threads.submit(sql, neon_url, "SELECT 42")
            time.sleep(0.3)  # what must not happen has no event
            assert not old.done()
            assert not new.done()
            assert sql(like_neon.server.url, who_is_through) == [(0,)]
            assert like_neon.visits == []
        old.result(5)
        assert new.result(5) == [(42,)]
        assert sql(like_neon.server.url, who_is_through) == [(1,)]


@pytest.mark.parametrize("words", ["too many clients already", ""])
def test_the_next_client_is_refused_and_the_one_after_it_is_not(like_neon: LikeNeon, words: str) -> None:
    like_neon.refuse_next = words
    with pytest.raises(psycopg2.OperationalError, match=words or "closed"):
        sql(like_neon.direct_url, "SELECT 1")
    assert sql(like_neon.direct_url, "SELECT 42") == [(42,)]


# The command, and what is left of it


@pytest.mark.slow
@pytest.mark.usefixtures("pooled_neon")
def test_the_command_finds_both_endpoints_and_the_authority(folder: Path) -> None:  # noqa: F811
    code = """if True:
        import os, time
        import psycopg2
        for name in ("DATABASE_URL", "DATABASE_URL_UNPOOLED"):
            connection = psycopg2.connect(os.environ[name].replace("=require", "=verify-full"))
            print(connection.info.host.partition(".")[0], connection.info.ssl_in_use)
            time.sleep(0.5)
            try:
                connection.cursor().execute("SELECT 1")
            except psycopg2.OperationalError:
                print("suspended")
            connection.close()
    """
    arguments = ("--like-neon", "--suspend-after", "0.1", "--", sys.executable, "-c", code)
    with running(folder, str(SCRIPT), *arguments, environ={"PGSSLROOTCERT": "/another"}) as process:
        output, errors = process.communicate(timeout=60)
    pooled, direct = (HOSTS[endpoint].partition(".")[0] for endpoint in ("pooled", "direct"))
    assert (output, errors) == (f"{pooled} True\nsuspended\n{direct} True\nsuspended\n", "")
    assert process.returncode == 0
    assert nothing_is_left(folder)


def test_what_is_missing_is_said_in_words_by_the_command(folder: Path) -> None:  # noqa: F811
    environ = {"PG_BIN": str(folder)}
    with running(folder, str(SCRIPT), "--like-neon", "--", sys.executable, "-c", "pass", environ=environ) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 125
    assert [line for line in errors.splitlines() if "no PgBouncer" not in line] == [
        f"local_postgres: PG_BIN is {folder}, but the programs initdb and postgres are not in that folder."
    ]


@needs_proc
@pytest.mark.slow
@pytest.mark.usefixtures("pooled_neon")
def test_a_killed_owner_leaves_neither_server_nor_pooler(folder: Path) -> None:  # noqa: F811
    show_and_wait = "import sys; print('ready', flush=True); sys.stdin.read()"
    with running(folder, str(SCRIPT), "--like-neon", "--", sys.executable, "-c", show_and_wait) as process:
        assert first_line(process) == "ready"
        assert any(b"pgbouncer" in Path(f"/proc/{number}/cmdline").read_bytes() for number in processes(folder))
        process.kill()
        process.communicate(timeout=20)
    wait_until(lambda: nothing_is_left(folder))


@NOT_FORKED
@pytest.mark.slow
def test_a_forked_child_neither_ends_a_connection_nor_keeps_it_alive(folder: Path) -> None:  # noqa: F811
    code = """if True:
        import os, sys
        import psycopg2
        from like_neon import LikeNeon
        with LikeNeon() as neon:
            connection = psycopg2.connect(neon.direct_url)
            cursor = connection.cursor()
            child = os.fork()
            if child == 0:
                del connection, cursor
                neon.close()
                sys.exit()
            assert os.waitpid(child, 0)[1] == 0
            cursor.execute("SELECT 42")
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(writer)
                os.read(reader, 1)
                os._exit(0)
        try:
            cursor.execute("SELECT 42")
        except psycopg2.OperationalError:
            print("the end is heard")
        os.close(writer)
        os.waitpid(child, 0)
    """
    with running(folder, "-W", "ignore::DeprecationWarning", "-c", code) as process:
        output, errors = process.communicate(timeout=20)
    assert (output, errors) == ("the end is heard\n", "")
    assert nothing_is_left(folder)


@pytest.mark.slow
def test_without_pgbouncer_the_command_is_told_and_both_urls_are_direct(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(like_neon_module, "find_pooler", lambda: None)
    neon = local_postgres.make_server(local_postgres.read_arguments(["--like-neon", "--", "true"]))
    assert capsys.readouterr().err.count("no PgBouncer found") == 1
    assert isinstance(neon, LikeNeon)
    with started(neon):
        assert neon.url == neon.direct_url
        assert sql(neon.url, "SELECT 42") == [(42,)]
        neon.suspend()
        assert sql(neon.url, "SELECT 42") == [(42,)]
        with pytest.raises(psycopg2.OperationalError, match="nothing is at ep-quiet-lake-123456-pooler"):
            sql(at_host(neon.url, HOSTS["pooled"]), "SELECT 1")


def test_a_missing_trustme_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(LocalPostgresError, match="pip install 'trustme"):
        make_certificate()


def test_how_long_it_may_idle_is_asked_of_the_stand_in_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        local_postgres.read_arguments(["--suspend-after", "5", "--", "true"])
    assert "--suspend-after needs --like-neon" in capsys.readouterr().err


# A program on it: the first request after a suspension


def test_the_first_request_after_a_suspension_succeeds(neon_url: str, like_neon: LikeNeon) -> None:
    with engine_for(neon_url) as engine:
        for _ in range(3):
            with contextlib.ExitStack() as together:
                for connection in [engine.connect() for _ in range(4)]:
                    together.enter_context(connection)
            like_neon.suspend()  # with four idle connections in the pool
            assert answer_of(engine) == 42
        like_neon.suspend()
        assert run_transaction(engine, lambda session: session.scalar(text("SELECT 42"))) == 42


def test_ten_threads_that_find_the_compute_asleep_wake_it_once(neon_url: str, like_neon: LikeNeon) -> None:
    with engine_for(neon_url, connections=10) as engine, ThreadPoolExecutor(10) as threads:
        like_neon.suspend()
        wakes = like_neon.wakes
        assert list(threads.map(lambda _: answer_of(engine), range(10))) == [42] * 10
        assert like_neon.wakes == wakes + 1


def test_work_that_a_suspension_interrupts_is_run_again(neon_url: str, like_neon: LikeNeon, neon_database: str) -> None:
    runs: list[int] = []

    def book(session: Session) -> None:
        session.execute(text("INSERT INTO bookings VALUES (1)"))
        runs.append(1)
        if len(runs) == 1:
            like_neon.suspend()
        session.execute(text("INSERT INTO bookings VALUES (2)"))

    with engine_for(with_database(neon_url, neon_database)) as engine:
        with transaction(engine) as session:
            session.execute(text("CREATE TABLE bookings (id int PRIMARY KEY)"))
        run_transaction(engine, book)
        with transaction(engine) as session:
            assert session.scalars(text("SELECT id FROM bookings ORDER BY id")).all() == [1, 2]
    assert len(runs) == 2


@pytest.mark.slow
def test_a_wake_that_takes_too_long_ends_in_database_unavailable_within_the_stated_time(like_neon: LikeNeon) -> None:
    like_neon.suspend()
    like_neon.wake_delay = 2.5
    with engine_for(like_neon.url, connect_within=2) as engine:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match=r"local\.neon\.test.* within 2 s: .*timeout expired"):
            answer_of(engine)
        assert time.monotonic() - began < 2.5


# The budget of connections

WORKERS = """if True:
    import os, sys
    from concurrent.futures import ThreadPoolExecutor
    from sqlalchemy import text
    from database import create_database_engine, transaction

    url, engine_comes_first = sys.argv[1], sys.argv[2] == "before"

    def make_engine():
        return create_database_engine(url, connections=2)

    def ask(engine):
        with transaction(engine) as session:
            session.execute(text("SELECT pg_sleep(0.02)"))

    def work(engine):
        with ThreadPoolExecutor(4) as threads:
            for asked in [threads.submit(ask, engine) for _ in range(8)]:
                asked.result()

    engine = make_engine() if engine_comes_first else None
    if engine:
        ask(engine)
    done, tell_done = os.pipe()
    go_home, let_go_home = os.pipe()
    for _ in range(8):
        if os.fork() == 0:
            os.close(let_go_home)
            outcome = b"failed "
            try:
                work(engine or make_engine())
                outcome = b"worked "
            finally:
                os.write(tell_done, outcome)
                os.read(go_home, 1)  # so that all of them hold their connections at one time
                os._exit(0)
    print(b"".join(os.read(done, 7) for _ in range(8)).decode())
    os.close(let_go_home)
    for _ in range(8):
        os.wait()
"""


@NOT_FORKED
@pytest.mark.parametrize(("the_engine_comes", "most"), [("before", 8 * 2 + 1), ("after", 8 * 2)])
def test_eight_forked_workers_of_four_threads_stay_within_the_budget(
    like_neon: LikeNeon, the_engine_comes: str, most: int
) -> None:
    held = {0}
    sql(like_neon.direct_url, "SELECT 1")  # it may be asleep, and the next line goes past the door
    like_neon.most_open = 0
    with connected(like_neon.server.url) as cursor:
        url = f"{like_neon.direct_url}&application_name=workers"
        command = [sys.executable, "-W", "error", "-c", WORKERS, url, the_engine_comes]
        environ = os.environ | {"PYTHONPATH": str(PROGRAM.parent)}
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as workers:
            while workers.poll() is None:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'workers'")
                held.add(cursor.fetchone()[0])
                time.sleep(0.01)
            assert workers.stdout is not None
            assert workers.stdout.read().split() == ["worked"] * 8
    assert like_neon.most_open == most
    assert max(held) <= most


def test_many_clients_of_the_pooler_hold_few_connections_of_the_server(pooled_neon: LikeNeon) -> None:
    processes_of_server: set[object] = set()

    def ask(_: int) -> None:
        with transaction(engine) as session:
            processes_of_server.add(session.scalar(text("SELECT pg_backend_pid() FROM pg_sleep(0.01)")))

    with engine_for(pooled_neon.url, connections=16) as engine, ThreadPoolExecutor(16) as threads:
        list(threads.map(ask, range(64)))
    assert pooled_neon.most_open == 16
    assert len(processes_of_server) <= POOL


# Session state and time limits


def test_the_pooler_hands_a_session_setting_to_the_next_client(pooled_neon: LikeNeon, neon_database: str) -> None:
    """Why database.py sends its limits with each transaction."""
    pooled = with_database(pooled_neon.url, neon_database)
    with connected(pooled) as cursor:
        cursor.execute("SET statement_timeout = 1234")
    assert sql(pooled, "SHOW statement_timeout") == [("1234ms",)]


def test_no_limit_of_a_transaction_reaches_the_next_client(pooled_neon: LikeNeon, neon_database: str) -> None:
    pooled = with_database(pooled_neon.url, neon_database)
    with engine_for(pooled, statement_timeout=7) as engine:
        with transaction(engine) as session:
            shown = session.execute(text("SELECT current_setting('statement_timeout'), pg_backend_pid()")).one()
            assert shown[0] == "7s"
        [(limit, process)] = sql(pooled, "SELECT current_setting('statement_timeout'), pg_backend_pid()")
        assert (limit, process) == ("0", shown[1])  # the same server connection


def test_a_time_limit_ends_a_query(neon_url: str) -> None:
    with engine_for(neon_url) as engine:
        with (
            pytest.raises(OperationalError, match="statement timeout"),
            transaction(engine, statement_timeout=0.2) as session,
        ):
            session.execute(text("SELECT pg_sleep(20)"))
        assert answer_of(engine) == 42


# Migrations


def test_migrations_go_direct_although_database_url_is_pooled(
    pooled_neon: LikeNeon, neon_database: str, run_python: RunPython
) -> None:
    pooled, environ = with_database(pooled_neon.url, neon_database), {"PGSSLROOTCERT": pooled_neon.ca_file}
    for command, endpoint in (["migrate"], "direct"), (["category", "add", "Food"], "pooled"):
        pooled_neon.visits.clear()
        done = run_python(PROGRAM, *command, database_url=pooled, environ=environ)
        assert (done.returncode, done.stderr) == (0, "")
        assert {visit.endpoint for visit in pooled_neon.visits} == {endpoint}


def test_the_direct_address_follows_from_the_pooled_one(pooled_neon: LikeNeon) -> None:
    derived = migration_url({"DATABASE_URL": pooled_neon.url})
    assert derived == migration_url(pooled_neon.environment)
    assert derived == make_url(pooled_neon.direct_url).set(drivername=derived.drivername)


# TLS


def uses_tls(url: str, **options: Any) -> bool:
    with engine_for(url, connect_within=2, **options) as engine, engine.connect() as connection:
        return bool(connection.connection.dbapi_connection.info.ssl_in_use)  # type: ignore[union-attr]


@pytest.fixture
def other_authority(tmp_path: Path) -> str:
    file = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    return str(file)


def test_tls_is_in_use_and_verify_full_accepts_the_authority_only(
    neon_url: str, like_neon: LikeNeon, other_authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert uses_tls(neon_url)
    assert uses_tls(neon_url, verify_tls=True, ca_file=like_neon.ca_file)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        uses_tls(neon_url, verify_tls=True, ca_file=other_authority)
    monkeypatch.setenv("PGSSLROOTCERT", like_neon.ca_file)
    assert uses_tls(neon_url, verify_tls=True)


def test_verify_full_refuses_another_host(like_neon: LikeNeon) -> None:
    elsewhere = at_host(like_neon.direct_url, "ep-quiet-lake-123456.far.neon.test")
    with pytest.raises(OperationalError, match="does not match host name"):
        uses_tls(elsewhere, verify_tls=True, ca_file=like_neon.ca_file)


def test_require_checks_the_authority_and_not_the_host_where_an_authority_is_named(
    like_neon: LikeNeon, other_authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = at_host(like_neon.direct_url, "ep-quiet-lake-123456.far.neon.test")
    monkeypatch.setenv("PGSSLROOTCERT", other_authority)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        uses_tls(like_neon.direct_url)
    monkeypatch.setenv("PGSSLROOTCERT", like_neon.ca_file)
    assert uses_tls(like_neon.direct_url)
    with pytest.raises(OperationalError, match="endpoint could not be found"):  # past the certificate
        uses_tls(elsewhere)


# A network that loses things


def test_a_black_hole_ends_in_database_unavailable_within_the_stated_time(like_neon: LikeNeon) -> None:
    with like_neon.swallowed_packets(), engine_for(like_neon.url, connect_within=2) as engine:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="timeout expired"):
            answer_of(engine)
        assert time.monotonic() - began < 2.5


def book_once(session: Session) -> None:
    session.execute(text("INSERT INTO bookings VALUES ('key-1', 100) ON CONFLICT (request_key) DO NOTHING"))


def test_a_lost_answer_to_commit_is_told_and_a_request_key_makes_repeating_it_safe(
    neon_url: str, like_neon: LikeNeon, neon_database: str
) -> None:
    with engine_for(with_database(neon_url, neon_database)) as engine:
        with transaction(engine) as session:
            session.execute(text("CREATE TABLE bookings (request_key text PRIMARY KEY, amount int)"))
        cut = like_neon.cut_next("COMMIT", when="done")
        with pytest.raises(CommitOutcomeUnknown):
            run_transaction(engine, book_once)
        assert cut.happened.is_set()
        run_transaction(engine, book_once)
        with transaction(engine) as session:
            assert session.execute(text("SELECT * FROM bookings")).all() == [("key-1", 100)]


def test_a_connection_lost_before_commit_is_run_again(neon_url: str, like_neon: LikeNeon, neon_database: str) -> None:
    with engine_for(with_database(neon_url, neon_database)) as engine:
        with transaction(engine) as session:
            session.execute(text("CREATE TABLE bookings (request_key text PRIMARY KEY, amount int)"))
        cut = like_neon.cut_next("INSERT", when="done")
        run_transaction(engine, book_once)
        assert cut.happened.is_set()
        with transaction(engine) as session:
            assert session.execute(text("SELECT * FROM bookings")).all() == [("key-1", 100)]


def test_no_limit_of_the_client_ends_the_wait_for_a_connection_of_the_pooler(pooled_neon: LikeNeon) -> None:
    holding = create_database_engine(pooled_neon.url, connections=POOL)
    waiting = create_database_engine(
        pooled_neon.url, connections=1, connect_within=2, statement_timeout=0.2, lock_timeout=0.2
    )
    with transaction(waiting) as session:
        session.execute(text("SELECT 1"))
    with ThreadPoolExecutor(1) as thread:
        with contextlib.ExitStack() as held:
            for _ in range(POOL):
                held.enter_context(transaction(holding)).execute(text("SELECT 1"))
            answer = thread.submit(run_transaction, waiting, lambda session: session.scalar(text("SELECT 1")))
            with pytest.raises(FutureTimeout):
                answer.result(timeout=1)
        assert answer.result(timeout=10) == 1
    holding.dispose()
    waiting.dispose()


# === tests/test_like_neon.py


@pytest.mark.slow
def test_short_queries_keep_the_compute_awake(like_neon: LikeNeon) -> None:
    with connected(like_neon.direct_url) as cursor:
        like_neon.suspend_after = 0.5
        wakes = like_neon.wakes
        for _ in range(12):
            cursor.execute("SELECT 1")
            time.sleep(0.1)
        assert (like_neon.asleep, like_neon.wakes) == (False, wakes)


def test_a_suspension_waits_for_the_wake_that_has_begun(like_neon: LikeNeon) -> None:
    like_neon.suspend()
    wakes = like_neon.wakes
    with ThreadPoolExecutor(1) as thread:
        woken = thread.submit(sql, like_neon.direct_url, "SELECT 42")
        time.sleep(0.1)  # of the 0.2 that it takes at least
        like_neon.suspend()
        assert like_neon.wakes == wakes + 1
        with contextlib.suppress(psycopg2.OperationalError):  # it may have been just in time
            woken.result(10)


def test_more_clients_than_connections_of_the_pool_are_served_in_turn(pooled_neon: LikeNeon) -> None:
    """Not by pool_mode = session, where the last one waits until another one leaves."""
    with ThreadPoolExecutor(1) as thread, contextlib.ExitStack() as clients:
        last, *others = [clients.enter_context(connected(pooled_neon.url)) for _ in range(POOL + 1)]
        for cursor in others:
            cursor.execute("SELECT 1")
        clients.callback(lambda: [cursor.connection.close() for cursor in others])
        thread.submit(last.execute, "SELECT 1").result(5)


@pytest.mark.slow
def test_the_pooler_takes_a_hundred_clients(pooled_neon: LikeNeon) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(100):
            clients.enter_context(connected(pooled_neon.url))
    assert pooled_neon.most_open == 100


def test_a_cut_that_waits_for_the_server_comes_after_its_work(like_neon: LikeNeon) -> None:
    cut = like_neon.cut_next(r"SELECT pg_sleep\(0.4", when="done")
    with connected(like_neon.direct_url) as cursor:
        began = time.monotonic()
        with pytest.raises(psycopg2.OperationalError, match=r"closed|EOF"):
            cursor.execute("SELECT pg_sleep(0.4)")
        assert time.monotonic() - began >= 0.4
    assert cut.happened.is_set()


def test_a_black_hole_swallows_the_answer_to_what_was_asked_before(like_neon: LikeNeon) -> None:
    with connected(like_neon.direct_url) as cursor, ThreadPoolExecutor(1) as thread:
        asked = thread.submit(cursor.execute, "SELECT pg_sleep(0.3)")
        wait_until(lambda: bool(sql(like_neon.server.url, IN_SLEEP)), 5)
        with like_neon.swallowed_packets():
            wait_until(lambda: not sql(like_neon.server.url, IN_SLEEP), 5)
            time.sleep(0.2)  # what must not happen has no event
            assert not asked.done()
        asked.result(5)


IN_SLEEP = "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(0.3)' AND state = 'active'"


def test_the_compute_has_the_limits_of_neons_smallest(like_neon: LikeNeon) -> None:
    limits = "SELECT current_setting('max_connections'), current_setting('superuser_reserved_connections')"
    assert sql(like_neon.direct_url, limits) == [("104", "7")]
