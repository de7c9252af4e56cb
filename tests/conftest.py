"""What every test may ask for: empty databases on SQLite and PostgreSQL, a server of its own, a learner's environment.

PostgreSQL is the server of TEST_DATABASE_URL, where the tests create and drop databases of their own; without it, a
throw-away server of scripts/local_postgres.py, one for each worker. SQLite never stands in for it.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from budget import schema
from claude_client import Client, find_program, installed_client
from database import create_database_engine
from like_neon import LikeNeon
from local_postgres import (
    LIBPQ_VARIABLE,
    LocalPostgres,
    LocalPostgresError,
    create_database,
    database_name,
    drop_database,
)
from requirement import missing
from running import RunPython

DID_NOT_RUN = "the PostgreSQL half did not run"
Server = TypeVar("Server", LocalPostgres, LikeNeon)


@pytest.fixture(autouse=True)
def learners_environment(monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    """Nothing leads to a real database. An empty DATABASE_URL means: the default, and no look into `.env`."""
    monkeypatch.setenv("DATABASE_URL", "")
    for name in list(os.environ):
        if name in ("DATABASE_URL_UNPOOLED", "BUDGET_USER") or LIBPQ_VARIABLE.match(name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))
    monkeypatch.setenv("USERPROFILE", str(empty_home))


@pytest.fixture
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run_python(tmp_path: Path, empty_home: Path) -> RunPython:
    """Runs a script of the project as a learner does, in the test's temporary folder."""
    return RunPython(folder=tmp_path, home=empty_home)


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """A server on which databases may be created: ask for `postgresql_url` rather than for this."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with started(LocalPostgres()) as server:
        yield server.url


@pytest.fixture
def own_postgres() -> Iterator[LocalPostgres]:
    """A running server of the test's own, to stop, restart and crash."""
    with started(LocalPostgres()) as server:
        yield server


@pytest.fixture
def postgresql_url(postgres_server_url: str) -> Iterator[str]:
    """A URL for an empty PostgreSQL database that nothing else can see."""
    url = create_database(postgres_server_url)
    yield url
    drop_database(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A URL for an empty SQLite database that nothing else can see."""
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A URL for an empty database that nothing else can see: the test runs once on SQLite, once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgresql_database(postgres_server_url: str) -> Iterator[str]:
    url = create_database(postgres_server_url)
    migrate(url)
    yield url
    drop_database(url)


def migrate(url: str) -> None:
    engine = create_database_engine(url)
    schema.upgrade(engine)
    engine.dispose()


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite_file: Path, tmp_path: Path) -> str:
    file = shutil.copy(migrated_sqlite_file, tmp_path / "test.db")
    return f"sqlite:///{file}"


@pytest.fixture
def migrated_postgresql_url(migrated_postgresql_database: str, postgres_server_url: str) -> Iterator[str]:
    url = create_database(postgres_server_url, template=database_name(migrated_postgresql_database))
    yield url
    drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """A URL for a database of the budget application without any rows: a copy, because migrating each takes longer."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url


@pytest.fixture(scope="session")
def running_like_neon() -> Iterator[LikeNeon]:
    with started(LikeNeon()) as neon:
        yield neon


@pytest.fixture
def like_neon(running_like_neon: LikeNeon) -> LikeNeon:
    """The stand-in for Neon, with nothing left of what another test wanted of it. It may be asleep."""
    neon = running_like_neon
    neon.wake_delay, neon.suspend_after, neon.delay, neon.refuse_next = 0.2, None, 0, None
    neon.most_open = 0
    neon.visits.clear()
    neon.cuts.clear()
    return neon


@pytest.fixture
def pooled_neon(like_neon: LikeNeon) -> LikeNeon:
    """The same, where its pooled endpoint is what the test is about."""
    if like_neon.pooler is None:
        report_no_postgres(LocalPostgresError("there is no PgBouncer. Get it with: apt-get install pgbouncer"))
    return like_neon


@pytest.fixture
def neon_database(like_neon: LikeNeon) -> Iterator[str]:
    """The name of an empty database on the stand-in that no other test sees."""
    url = create_database(like_neon.direct_url)
    yield database_name(url)
    drop_database(url)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The real Claude Code client, as the account that runs the tests."""
    program = find_program() or missing("a Claude Code client")
    with installed_client(program, None) as client:
        yield client


@contextlib.contextmanager
def started(server: Server) -> Iterator[Server]:
    try:
        server.start()
    except LocalPostgresError as error:
        report_no_postgres(error)
    with contextlib.closing(server):
        yield server


def report_no_postgres(error: LocalPostgresError) -> NoReturn:
    """End the test: in CI as a failure, elsewhere as a skip that the summary shows in red."""
    reason = f"{DID_NOT_RUN}: {' '.join(str(error).split())}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [
        report.longrepr[2] for report in terminalreporter.getreports("skipped") if isinstance(report.longrepr, tuple)
    ]
    missed = [reason for reason in reasons if DID_NOT_RUN in reason]
    for reason in dict.fromkeys(missed):
        line = f"{reason.removeprefix('Skipped: ')} (skipped tests: {missed.count(reason)})"
        terminalreporter.write_line(line, red=True, bold=True)
