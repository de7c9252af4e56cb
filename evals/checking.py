"""What the checks share: a result on a fresh database, programs and calls as a user makes them, races, cut connections.

A check.py is a list of claims. Each is a function that takes a `Place`: a copy of the result with an empty database of
its own, once on SQLite and once on PostgreSQL. It raises when the claim does not hold.

    @claim("what is added is listed")
    def added(place: Place) -> None:
        place.run("python", "expenses.py", "add", "12.50")
        expect(place.run("python", "expenses.py", "list").out == "12.50", "12.50 is not listed")

    if __name__ == "__main__":
        sys.exit(check_result())

`python check.py RESULT_DIR [--only CLAIM]` prints a line for each claim and ends with 0 when all hold, with 1 when
one does not. PostgreSQL is the server of TEST_DATABASE_URL, else a throw-away one of scripts/local_postgres.py.

The result's programs run in processes forked from one that has its libraries loaded already: as if started by hand,
only sooner. The clock of these processes and of the databases stands in New York, so that local time shows.
"""

import argparse
import contextlib
import itertools
import multiprocessing
import os
import re
import runpy
import shutil
import sqlite3
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal

import psycopg2

EVALS = Path(__file__).resolve().parent
SCRIPTS = EVALS.parent / "database-deployment" / "scripts"
sys.path.append(str(SCRIPTS))

from local_postgres import LocalPostgres, create_database, database_name, drop_database  # noqa: E402

DATABASES = ("sqlite", "postgresql")
TIME_ZONE = "America/New_York"
LOADED_BEFORE = ["checking", "alembic.command", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql.psycopg2"]
SECONDS = 60.0  # for what has no limit of its own: a result that hangs is not ok
SQLITE_QUIET = 0.3  # seconds of sleep by which those are known who wait for a SQLite file, which does not tell
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

Rows = list[tuple[Any, ...]]


class NotOk(Exception):
    """The claim does not hold; the text says why."""


def expect(holds: bool, why: str) -> None:
    """Raise NotOk when it does not hold."""
    if not holds:
        raise NotOk(why)


def expect_equal(found: object, wanted: object, what: str) -> None:
    """Raise NotOk with both values when they differ."""
    expect(found == wanted, f"{what}: expected {_short(wanted)}, found {_short(found)}")


class Raised(Exception):
    """A call of the result raised an exception. `names`: its class and the classes above it."""

    def __init__(self, names: list[str], text: str) -> None:
        super().__init__(f"{names[0]}: {text}")
        self.names, self.text = names, text


# --- Claims ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """One line of a check."""

    text: str
    hold: "Callable[[Place], None]"
    databases: Sequence[str]


_claims: list[Claim] = []


def claim(
    text: str, *, only: Literal["sqlite", "postgresql"] | None = None
) -> "Callable[[Callable[[Place], None]], Callable[[Place], None]]":
    """Make a function a claim. only: where the other database has nothing to show."""

    def add(hold: Callable[[Place], None]) -> Callable[[Place], None]:
        _claims.append(Claim(text, hold, (only,) if only else DATABASES))
        return hold

    return add


def check_result(prepare: "Callable[[Place], None]" = lambda _place: None) -> int:
    """Check the folder that the command line names; return the exit code.

    prepare: what each claim begins with. It is done once on each database, and each claim has a copy of it.
    """
    parser = argparse.ArgumentParser(description="Check a result of this task on SQLite and PostgreSQL.")
    parser.add_argument("result", type=Path, help="the folder in which the task was done")
    parser.add_argument("--only", action="append", metavar="CLAIM", help="these claims alone, as they are printed")
    options = parser.parse_args()
    if not options.result.is_dir():
        parser.error(f"there is no folder {options.result}")
    chosen = [claim for claim in _claims if options.only is None or claim.text in options.only]
    if unknown := set(options.only or ()) - {claim.text for claim in _claims}:
        parser.error(f"there is no claim {unknown.pop()!r}")
    with _postgres_server() as server, ExitStack() as end:
        beginnings = {
            database: _begin(options.result, database, server, prepare, end)
            for database in DATABASES
            if any(database in claim.databases for claim in chosen)
        }
        failed = [claim for claim in chosen if not _report(claim, beginnings, server)]
    return 1 if failed else 0


def _begin(
    result: Path, database: str, server: str, prepare: "Callable[[Place], None]", end: ExitStack
) -> "Place | Exception":
    """What all claims begin with on this database, or why there is no beginning."""
    place = end.enter_context(_place(result, database, server))
    try:
        prepare(place)
    except Exception as error:
        return error
    finally:
        place.end_processes()
    return place


def _report(claim: Claim, beginnings: "dict[str, Place | Exception]", server: str) -> bool:
    reasons = []
    for database in claim.databases:
        beginning = beginnings[database]
        try:
            if isinstance(beginning, Exception):
                raise beginning
            with _place(beginning.folder, database, server, beginning.url) as place:
                claim.hold(place)
        except Exception as error:  # whatever a result makes go wrong is what the line is for
            if os.environ.get("CHECK_TRACEBACK"):
                traceback.print_exc()
            reasons.append(f"{database}: {_reason(error)}")
    print(f"{'not ok' if reasons else 'ok':<8}{claim.text}", flush=True)
    for reason in reasons:
        print(f"            {reason}", flush=True)
    return not reasons


def _reason(error: Exception) -> str:
    text = _short(" ".join(str(error).split()))
    return text if isinstance(error, NotOk) else f"{type(error).__name__}: {text}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 400 else text[:200] + " ... " + text[-200:]


# --- A result and its database ---------------------------------------------------------------------------------------


@dataclass
class Ran:
    """A program that has ended. peak: MB by which its memory grew at most while it ran."""

    code: int
    out: str
    err: str
    peak: float

    def expect_success(self) -> "Ran":
        expect(self.code == 0, f"ended with {self.code}: {self.last_words()}")
        return self

    def expect_refusal(self) -> "Ran":
        """It ended with an error that a user can read."""
        expect(self.code != 0, f"was accepted: {self.out.strip()}")
        expect("Traceback" not in self.err, f"a traceback instead of a message: {self.last_words()}")
        expect(bool(self.err.strip() or self.out.strip()), f"ended with {self.code} and said nothing")
        return self

    def last_words(self) -> str:
        """The line in which it says what went wrong: of a traceback, the exception."""
        lines = (self.err.strip() or self.out.strip() or "nothing was said").splitlines()
        return ([line for line in lines if re.match(r"[\w.]*[a-z]: ", line)] or lines)[-1]


@dataclass
class Place:
    """A copy of the result in `folder`, and an empty database that nobody else uses."""

    database: str
    url: str
    folder: Path
    environ: dict[str, str]
    _first: "Caller | None" = None
    _started: "list[Caller | Running]" = field(default_factory=list)

    def run(self, *command: str, within: float = SECONDS, environ: dict[str, str] | None = None) -> Ran:
        """Run `python FILE ...` or `python -m MODULE ...` to its end, as a user does."""
        return self.start(*command, environ=environ).wait(within)

    def start(self, *command: str, environ: dict[str, str] | None = None) -> "Running":
        """Start a program and do not wait for it."""
        running = Running(command, self.folder, self.environ | (environ or {}))
        self._started.append(running)
        return running

    def alembic(self, *arguments: str, within: float = SECONDS) -> Ran:
        """Run Alembic in the result's folder."""
        return self.run("python", "-m", "alembic", *arguments, within=within)

    def caller(self) -> "Caller":
        """A new process, as a web worker is one, that has the result's modules to call."""
        caller = Caller(self.folder, self.environ)
        self._started.append(caller)
        return caller

    def end_processes(self) -> None:
        """End all that was started here, as a power cut would."""
        for process in self._started:
            process.kill()
        self._started.clear()
        self._first = None
        if self.database == "postgresql":
            self.cut_connections()

    def call(self, code: str, within: float = SECONDS) -> Any:
        """Run Python code in a process of the result and return what it returns; see Caller.call."""
        self._first = self._first or self.caller()
        return self._first.call(code, within)

    def refuses(self, code: str, exception: str, within: float = SECONDS) -> str:
        """The text of the exception that the code must raise."""
        try:
            value = self.call(code, within)
        except Raised as error:
            expect(exception in error.names, f"{exception} expected, it raised {error}")
            return error.text
        raise NotOk(f"{exception} expected, it was accepted and gave {_short(value)}")

    def sql(self, statement: str, rows: Sequence[Sequence[object]] | None = None) -> Rows:
        """Run SQL past the result, as an analyst does: foreign keys are on. rows: one run each, for its ? marks."""
        with self.connected() as cursor:
            if rows is None:
                cursor.execute(statement)
            elif self.database == "sqlite":
                cursor.execute("BEGIN")
                cursor.executemany(statement, rows)
                cursor.execute("COMMIT")
            else:
                _insert_many(cursor, statement, rows)
            return list(cursor.fetchall()) if cursor.description else []

    def sql_is_refused(self, statement: str) -> bool:
        """Does the database itself refuse the statement, because of a constraint?"""
        try:
            self.sql(statement)
        except (sqlite3.IntegrityError, psycopg2.IntegrityError):
            return True
        return False

    @contextmanager
    def connected(self, *, autocommit: bool = True) -> Iterator[Any]:
        """A cursor of a connection of its own; without autocommit, in a transaction that ends with the block."""
        connection: Any
        if self.database == "sqlite":
            connection = sqlite3.connect(_file_of(self.url), isolation_level=None, timeout=30)
            connection.execute("PRAGMA foreign_keys = ON")
            if not autocommit:
                connection.execute("BEGIN")
        else:
            connection = psycopg2.connect(self.url)
            connection.autocommit = autocommit
        with contextlib.closing(connection):
            yield connection.cursor()
            if not autocommit:
                connection.rollback()

    @contextmanager
    def writers_wait(self) -> Iterator[None]:
        """While the block lasts everybody can read, and whoever wants to write or to lock waits."""
        with self.connected(autocommit=False) as cursor:
            if self.database == "sqlite":
                cursor.execute("ROLLBACK")
                cursor.execute("BEGIN IMMEDIATE")
            else:
                cursor.execute("SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'")
                if names := ", ".join(name for (name,) in cursor.fetchall()):
                    cursor.execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
                else:  # there is nothing to write yet, but there are tables to create
                    cursor.execute("LOCK TABLE pg_catalog.pg_class IN SHARE MODE")
            yield

    def race(self, *codes: str, first: str, within: float = SECONDS) -> "list[Any]":
        """Run each code in a process of its own, all of them at once: each has read what it reads before one writes.

        first: what each process does before, its imports. Gives what each code returned, or the Raised that it raised.
        """
        callers = [self.caller() for _ in codes]
        for caller in callers:
            caller.call(first)
        with self.writers_wait():
            for caller, code in zip(callers, codes, strict=True):
                caller.begin(code)
            self.until_they_wait(callers)
        return [caller.outcome(within) for caller in callers]

    def until_they_wait(self, callers: "Sequence[Caller | Running]") -> None:
        """Return when each of them waits for a lock or has ended, after 10 s at the latest."""
        deadline = quiet_since = time.monotonic()
        deadline += 10
        pending = {caller.connection: caller.pid for caller in callers}
        with self.connected() as cursor:
            while pending and time.monotonic() < deadline:
                for connection in wait(list(pending), timeout=0.02):
                    del pending[connection]  # type: ignore[arg-type]
                if self.database == "postgresql":
                    cursor.execute(WAITING)
                    if cursor.fetchone()[0] >= len(pending):
                        return
                elif any(_is_busy(pid) for pid in pending.values()):
                    quiet_since = time.monotonic()
                elif time.monotonic() - quiet_since > SQLITE_QUIET:
                    return

    def cut_connections(self) -> None:
        """End every connection to this PostgreSQL database from the server's side, as a restart does."""
        self.sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _insert_many(cursor: Any, statement: str, rows: Sequence[Sequence[object]]) -> None:
    from psycopg2.extras import execute_values

    execute_values(cursor, statement.partition("VALUES")[0] + "VALUES %s", rows, page_size=5000)


@contextmanager
def _place(result: Path, database: str, server: str, beginning: str | None = None) -> Iterator[Place]:
    """A place with a copy of the result. beginning: the URL of a database to copy."""
    with ExitStack() as end:
        root = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="check-", ignore_cleanup_errors=True)))
        unneeded = shutil.ignore_patterns("__pycache__", ".git", ".venv", ".claude", ".agents", ".pytest_cache")
        folder = Path(shutil.copytree(result, root / "result", ignore=unneeded))
        if database == "sqlite":
            url = f"sqlite:///{root}/check.db"
            for file in Path(_file_of(beginning)).parent.glob("check.db*") if beginning else ():
                shutil.copy(file, root)
        else:
            url = create_database(server, database_name(beginning) if beginning else "template0")
            end.callback(drop_database, url)
        environ = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        environ |= {"HOME": str(root), "TMPDIR": str(root), "LANG": "C.UTF-8", "TZ": TIME_ZONE, "DATABASE_URL": url}
        place = Place(database, url, folder, environ)
        if database == "postgresql":
            place.sql(f"ALTER ROLE CURRENT_USER IN DATABASE {database_name(url)} SET timezone = '{TIME_ZONE}'")
        end.callback(place.end_processes)
        yield place


def _file_of(sqlite_url: str) -> str:
    return sqlite_url.removeprefix("sqlite:///")


@contextmanager
def _postgres_server() -> Iterator[str]:
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    else:
        with LocalPostgres() as server:
            yield server.url


# --- Processes of the result -----------------------------------------------------------------------------------------

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(LOADED_BEFORE)


class Caller:
    """A process in the result's folder that runs the code it is given, and keeps its modules from one to the next."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.log = Path(tempfile.mkstemp(prefix="caller-", dir=folder.parent)[1])
        self.connection, theirs = _processes.Pipe()
        self._process = _processes.Process(target=_serve, args=(theirs, folder, environ, self.log), daemon=True)
        self._process.start()
        self.pid = self._process.pid
        theirs.close()

    def call(self, code: str, within: float = SECONDS) -> Any:
        """Run imports and the body of a function; return what it returns, made of plain values. Raises Raised.

        Known in it: datetime, date, timedelta, timezone, UTC, Decimal, and peak_memory() in MB.
        """
        self.begin(code)
        outcome = self.outcome(within)
        if isinstance(outcome, Raised):
            raise outcome
        return outcome

    def begin(self, code: str) -> None:
        """Start the code and do not wait for it."""
        self.connection.send(textwrap.dedent(code))

    def outcome(self, within: float = SECONDS) -> Any:
        """What the code that was begun returned, or Raised."""
        if not self.connection.poll(within):
            raise NotOk(f"no answer within {within:g} s")
        try:
            kind, *rest = self.connection.recv()
        except EOFError:
            raise NotOk(f"the process ended: {self.said().strip()[-300:]}") from None
        return Raised(*rest) if kind == "raised" else rest[0]

    def said(self) -> str:
        """What the process has written on its terminal."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


class Running:
    """A program of the result that was started."""

    def __init__(self, command: Sequence[str], folder: Path, environ: dict[str, str]) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="run-", dir=folder.parent))
        self.connection, theirs = _processes.Pipe()
        arguments = (theirs, command, folder, environ, self._place)
        self._process = _processes.Process(target=_run_program, args=arguments, daemon=True)
        self._process.start()
        self.pid = self._process.pid
        theirs.close()

    def wait(self, within: float = SECONDS) -> Ran:
        """Wait for its end; NotOk when it takes longer than `within` seconds."""
        self._process.join(within)
        if self._process.exitcode is None:
            self.kill()
            raise NotOk(f"did not end within {within:g} s")
        peak = self.connection.recv() if self.connection.poll() and self._process.exitcode >= 0 else 0.0
        out, err = (
            (self._place / name).read_text(encoding="utf-8", errors="replace") if (self._place / name).exists() else ""
            for name in ("out", "err")
        )
        return Ran(self._process.exitcode, out, err, peak)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.join()


def _become(folder: Path, environ: dict[str, str], out: Path, err: Path) -> None:
    """Make this process one of the result: its folder, its environment, and no way to the checks."""
    write = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, (path, flags) in enumerate(((Path(os.devnull), os.O_RDONLY), (out, write), (err, write))):
        file = os.open(path, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    os.chdir(folder)
    ours = (str(EVALS), str(SCRIPTS))
    sys.path[:] = [str(folder), *(path for path in sys.path if path and not path.startswith(ours))]
    sys.dont_write_bytecode = True


def _serve(connection: Connection, folder: Path, environ: dict[str, str], log: Path) -> None:
    _become(folder, environ, log, log)
    started = _memory("VmRSS")
    names: dict[str, Any] = {"peak_memory": lambda: _memory("VmHWM") - started}
    exec(  # noqa: S102 - the code comes from check.py
        "from datetime import UTC, date, datetime, timedelta, timezone\nfrom decimal import Decimal", names
    )
    while True:
        try:
            code = connection.recv()
        except EOFError:
            return
        try:
            exec(_as_function(code), names)  # noqa: S102
            answer: tuple[Any, ...] = ("value", _plain(names["work"]()))
        except BaseException as error:
            traceback.print_exc()
            answer = ("raised", [kind.__name__ for kind in type(error).__mro__], str(error))
        sys.stdout.flush()
        connection.send(answer)


def _as_function(code: str) -> str:
    """The code as the body of work(), behind the imports with which it begins."""
    lines = code.strip().splitlines()
    imports = list(itertools.takewhile(lambda line: line.startswith(("from ", "import ")), lines))
    body = lines[len(imports) :] or ["pass"]
    return "\n".join([*imports, "def work():", *(f"    {line}" for line in body)])


def _plain(value: Any) -> Any:
    """The value without the classes of the result, which the check does not know."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    known = ("builtins", "decimal", "datetime", "zoneinfo")
    return value if type(value).__module__ in known else repr(value)


def _run_program(
    connection: Connection, command: Sequence[str], folder: Path, environ: dict[str, str], place: Path
) -> None:
    _become(folder, environ, place / "out", place / "err")
    started = _memory("VmRSS")
    code = 0
    try:
        if command[0] != "python":
            raise ValueError(f"cannot run {command[0]}")
        if command[1] == "-m":
            sys.argv = [command[2], *command[3:]]
            runpy.run_module(command[2], run_name="__main__", alter_sys=True)
        else:
            sys.argv = list(command[1:])
            sys.path[0] = str((folder / command[1]).parent)
            runpy.run_path(command[1], run_name="__main__")
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    connection.send(_memory("VmHWM") - started)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


def _is_busy(pid: int | None) -> bool:
    """Does the process compute, or would if it had its turn? Where there is no /proc, nobody knows."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "RD"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _memory(which: str) -> float:
    """VmRSS, the memory of this process now, or VmHWM, the most that it had: in MB."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except FileNotFoundError:  # not Linux: the most that it had, in bytes
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(which))
