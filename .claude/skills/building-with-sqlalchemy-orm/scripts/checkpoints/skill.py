"""The learner's folder, as the checks see it: read in place, run in a copy, on a database that is thrown away."""

import ast
import contextlib
import os
import re
import shutil
import signal
import site
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from .checking import NotYet

SECONDS = 30.0
DATABASE_MODULE = Path(__file__).resolve().parents[2] / "starter" / "database.py"
SECONDS_TO_CLEAN_UP = 3
OF_THE_COURSE = {"sqlalchemy", "psycopg2-binary", "python-dotenv"}  # what the clone's requirements.txt brings
LARGEST_OUTPUT = 5_000_000  # bytes; a script that prints more will not stop
LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "venv", "node_modules", "*.db", "*.db-*", "*.sqlite*", "*.log"
)  # a copy finds no .env, and no database of the learner's


@dataclass(frozen=True)
class Done:
    """How a script ended. `code` is None where it was stopped."""

    code: int | None
    stdout: str
    stderr: str
    files: list[str] = field(default_factory=list)  # what is left in the folder where it ran, and beside it
    tables: list[str] = field(default_factory=list)  # what is left in the database that DATABASE_URL named


class Skill:
    """`with Skill.opened(folder) as skill`: the copy is gone at the end."""

    def __init__(self, folder: Path, scratch: Path, seconds: float) -> None:
        self.folder = folder.resolve()
        self._named = folder
        self.scratch = scratch
        self.seconds = seconds
        self.remembered: dict[str, Any] = {}  # what checks of one lesson share
        self._runs: dict[tuple[str, ...], Done] = {}
        self._count = 0

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: Path, seconds: float = SECONDS) -> "Iterator[Skill]":
        with tempfile.TemporaryDirectory(prefix="check-lesson-", ignore_cleanup_errors=True) as scratch:
            yield cls(folder, Path(scratch).resolve(), seconds)

    @property
    def is_the_finished_one(self) -> bool:
        """What the course ends with, and not a learner's: no lesson makes a doctor.py."""
        return (self.folder / "scripts" / "doctor.py").is_file()

    # --- Reading

    def text(self, path: str) -> str:
        file = self.folder / path
        if not file.is_file():
            raise NotYet(f"there is no {path}", f"write {path} in {self.folder.name}/, as the lesson says")
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise NotYet(f"{path} is not UTF-8 text", "save it as UTF-8 in your editor") from None
        if not text.strip():
            first = (
                "the three things that you want to remember"
                if path.endswith(".md")
                else "the first lines of the lesson"
            )
            raise NotYet(f"{path} is empty", f"begin with {first}")
        return text

    def tree(self, path: str) -> ast.Module:
        text = self.text(path)
        try:
            return ast.parse(text)
        except SyntaxError as error:
            line = f": {error.text.strip()}" if error.text else ""
            raise NotYet(f"{path}, line {error.lineno}{line}", f"Python cannot read this line: {error.msg}") from None
        except ValueError as error:
            raise NotYet(f"{path}: {error}", "write it again as plain text") from None

    def trees(self, path: str) -> Iterator[tuple[str, ast.Module]]:
        """The script, and what it imports from the folders beside it."""
        waiting, seen = [path], set()
        while waiting:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            tree = self.tree(path)
            yield path, tree
            beside = (self.folder / path).parent
            for name in imported_modules(tree):
                place = beside.joinpath(*name.split("."))
                for file in (place.with_suffix(".py"), place / "__init__.py"):
                    if file.is_file():
                        waiting.append(file.relative_to(self.folder).as_posix())

    def classes(self, path: str) -> set[str]:
        return {node.name for node in ast.walk(self.tree(path)) if isinstance(node, ast.ClassDef)}

    # --- Running

    @cached_property
    def copy(self) -> Path:
        target = self.scratch / self.folder.name
        shutil.copytree(self.folder, target, ignore=LEFT_OUT, ignore_dangling_symlinks=True)
        return target

    def new_folder(self) -> Path:
        self._count += 1
        folder = self.scratch / f"run-{self._count}"
        folder.mkdir()
        return folder

    def run(self, path: str, *arguments: str) -> Done:
        """The script once, in an empty folder; the same call again gives the same answer."""
        key = (path, *arguments)
        if key not in self._runs:
            folder = self.new_folder()
            database = folder.with_suffix(".db")
            before = files_in(self.copy)
            done = self.start([str(self.copy / path), *arguments], folder, database_variable(database))
            left = sorted((files_in(self.copy) - before) | files_in(folder))
            self._runs[key] = replace(done, files=left, tables=tables_in(database))
        return self._runs[key]

    def start(
        self,
        command: list[str],
        folder: Path,
        environ: Mapping[str, str],
        seconds: float | None = None,
    ) -> Done:
        """A Python process with nobody at the keyboard, these variables, and a limit of time and of output."""
        out, err = self.scratch / "stdout", self.scratch / "stderr"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env=clean_environment(self.scratch) | dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=os.name != "nt",  # what it has started ends with it
            )
            code = wait(process, time.monotonic() + (seconds or self.seconds), (out, err))
        return Done(code, read_end(out), read_end(err))

    def command(self, path: str, *arguments: str) -> str:
        """What the learner types to see it themselves."""
        return " ".join([Path(sys.executable).stem, in_short(self._named / path), *arguments])

    def complain(self, path: str, done: Done, *arguments: str) -> None:
        """Nothing where the script has ended well; else NotYet, with the last line that Python printed."""
        if done.code == 0:
            return
        told = last_line(done.stderr)
        look = f"run it yourself: {self.command(path, *arguments)}"
        if done.code is None and max(len(done.stdout), len(done.stderr)) >= LARGEST_OUTPUT:
            raise NotYet(f"{path} prints without end", f"look for a loop that never ends; {look}")
        if done.code is None:
            raise NotYet(
                f"{path} still ran after {self.seconds:g} seconds, and was stopped",
                "look for a loop that never ends, or a wait for something that does not come",
            )
        last = told or f"it ended with exit code {done.code}"
        if last.startswith("EOFError"):
            line = line_of(done.stderr, path)
            raise NotYet(
                f"{path} waits for somebody to type{line}",
                "write the values into the script instead of input(): nobody sits at the keyboard of a check",
            )
        missing = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", last)
        if missing:
            raise NotYet(f"{path}: {last}", how_to_get(missing[1], path))
        raise NotYet(f"{path}{line_of(done.stderr, path)}: {last}", look)


def imported_modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def database_variable(database: Path) -> dict[str, str]:
    return {"DATABASE_URL": f"sqlite:///{database.as_posix()}"}


def files_in(folder: Path) -> set[str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {path.relative_to(folder).as_posix() for path in files}


def tables_in(database: Path) -> list[str]:
    if not database.is_file():
        return []
    with contextlib.closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        return sorted(name for (name,) in rows)


def in_short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else path.as_posix()


def clean_environment(scratch: Path) -> dict[str, str]:
    """The learner's, without anything that leads to a database, and with an empty home."""
    leads = re.compile("DATABASE_URL|PG[A-Z]|NEON|POSTGRES|PYTHON(WARNINGS|STARTUP|INSPECT)")
    kept = {name: value for name, value in os.environ.items() if not leads.match(name)}
    home = scratch / "home"
    home.mkdir(exist_ok=True)
    return kept | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONUSERBASE": site.getuserbase(),  # packages of `pip install --user` lie in the real one
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
    }


def wait(process: "subprocess.Popen[bytes]", deadline: float, outputs: tuple[Path, Path]) -> int | None:
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=0.05)
            if time.monotonic() > deadline or any(path.stat().st_size > LARGEST_OUTPUT for path in outputs):
                return None
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """The process and what it has started; one that can clean up has a moment for it."""
    if os.name == "nt":
        process.kill()
    elif process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_CLEAN_UP)
    if os.name != "nt":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def read_end(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(LARGEST_OUTPUT).decode("utf-8", errors="replace")


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # SQLAlchemy ends with a link to its own pages, which says nothing about the learner's work.
    told = [line for line in lines if not line.startswith(("(Background on this error", "[SQL:", "[parameters:"))]
    return shorten(told[-1]) if told else ""


def shorten(text: str, width: int = 200) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def line_of(stderr: str, path: str) -> str:
    """', line 7' where Python has named a line of this file."""
    found = re.findall(rf'File ".*{re.escape(Path(path).name)}", line (\d+)', stderr)
    return f", line {found[-1]}" if found else ""


def how_to_get(module: str, path: str) -> str:
    name = module.partition(".")[0]
    if name == "database":
        return f"copy {DATABASE_MODULE} beside {Path(path).name}"
    package = {"dotenv": "python-dotenv", "psycopg2": "psycopg2-binary"}.get(name, name)
    if name == "psycopg":
        return 'write the address with "postgresql+psycopg2://", or let database_url() of database.py do it'
    install = f"{Path(sys.executable).stem} -m pip install {package}"
    if package in OF_THE_COURSE:
        return f"is the course's Python on? `source .venv/bin/activate` in the clone; if it is: {install}"
    return install
