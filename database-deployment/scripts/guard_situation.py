"""Where a command would do its work, and whether what is there may be thrown away.

A `Situation` is what the guard knows at one point of a command: the folder, the variables, the files that the command
itself has written or renamed so far. It looks at files and never changes one.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from guard_sql import UNKNOWN

THROW_AWAY_HOST = f"throw-away-{os.urandom(8).hex()}"  # no address that somebody can write is this one

DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3", ".db3", ".sl3", ".s3db", ".duckdb")
LOG_SUFFIXES = ("-wal", "-journal")  # they hold what the file beside them does not have yet
COPY_SUFFIX = re.compile(r"\.(bak|backup|old|orig|copy|save|dump)\d*$|~$", re.IGNORECASE)
# Named as what a test makes anew in each run, on this machine: no proof, but what everybody deletes all day.
TEST_NAME = re.compile(
    r"(?i)(test|tests|testing|pytest|tmp|temp)([_-][\w-]*)?|[\w-]*[_-](test|tests|testing|tmp)([_-]?(gw)?\d+)?"
)
CACHES = {
    *(".git", ".hg", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache"),
    *(".pytest_cache", ".cache", ".coverage", ".hypothesis", ".idea", ".vscode", ".next", ".turbo", "htmlcov"),
    *("site-packages", ".eggs", ".testmondata", ".ipynb_checkpoints", "thumbs.db"),
}
TEMPORARY_FOLDERS = ("/tmp", "/var/tmp", "/private/tmp", "/private/var/folders", "/dev/shm")  # noqa: S108
MOST_ENTRIES = 20_000
MOST_SECONDS = 1.0  # for looking into folders
MOST_TEXT = 1_000_000
URL = re.compile(
    r"(?P<scheme>[A-Za-z][\w+.-]*)://(?:(?P<user>[^/?#]*)@)?(?P<host>[^/?#]*)(?:/(?P<path>[^?#]*))?(?:\?(?P<query>.*))?$"
)
SETTING = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']*)")
ENVIRONMENT_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")
ADDRESSES_OF_ENVIRONMENT = ("DATABASE_URL", "DATABASE_URL_UNPOOLED", "PGHOST", "PGDATABASE", "PGSERVICE", "PGHOSTADDR")
ADDRESS_VARIABLES = ("DATABASE_URL", "DATABASE_URL_UNPOOLED", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_URL", "DB_URL")


class Place(NamedTuple):
    """Where something would be destroyed; `text` names it without a password."""

    text: str
    throw_away: bool = False
    file: str | None = None


UNKNOWN_PLACE = Place("a database that the guard cannot make out")
MEMORY = Place("memory", throw_away=True)


class Situation:
    """What is known before the next command of a script."""

    def __init__(self, folder: str, environ: Mapping[str, str], project: str | None = None) -> None:
        self.folder: str | None = os.path.realpath(folder)
        self.project = os.path.realpath(project or folder)
        self.variables: dict[str, str] = dict(environ)
        self.exported = set(environ)  # the others a shell keeps to itself
        self.exports_all = False  # set -a
        self.folders: set[str] = set()  # that this command makes
        self.elsewhere: str | None = None  # inside of a container, on another machine
        self.written: dict[str, str | None] = {}  # the text of a file that this command writes, where it is known
        self.same_as: dict[str, str] = {}  # a new name of a file: moved there, or a link
        self.functions: dict[str, object] = {}
        self.aliases: dict[str, str] = {}
        self._looks_until = time.monotonic() + MOST_SECONDS
        self._temporary = self._temporary_folders(environ)

    def copy(self) -> Situation:
        """For a subshell: what it changes of folder and variables ends with it, what it does to files does not."""
        other = object.__new__(Situation)
        other.__dict__ = dict(self.__dict__)
        other.variables = dict(self.variables)
        other.exported = set(self.exported)
        other.functions = dict(self.functions)
        return other

    def _temporary_folders(self, environ: Mapping[str, str]) -> list[str]:
        named = [environ[name] for name in ("TMPDIR", "TEMP", "TMP") if environ.get(name)]
        home = os.path.realpath(os.path.expanduser("~"))
        folders = {os.path.realpath(folder) for folder in (*TEMPORARY_FOLDERS, *named)}
        return [folder for folder in folders if not _is_inside(home, folder) or folder in TEMPORARY_FOLDERS]

    # --- variables ---

    def assign(self, name: str, value: str) -> None:
        """An assignment; of a variable that is not exported, programs see nothing."""
        self.variables[name] = value
        if self.exports_all:
            self.exported.add(name)

    def export(self, variables: Mapping[str, str]) -> None:
        self.variables.update(variables)
        self.exported.update(variables)

    def environment(self, name: str) -> str:
        """What a program finds in its environment."""
        return self.variables.get(name, "") if name in self.exported else ""

    def addresses(self) -> list[str]:
        """The addresses that a program would find: in the environment, else in `.env` as most programs read it."""
        found = [value for name in ADDRESS_VARIABLES if (value := self.environment(name))]
        if not found:
            from_file = self.environment_file(".env")
            found = [from_file[name] for name in ADDRESS_VARIABLES if from_file.get(name)]
        return found

    def address(self) -> str | None:
        """The first of them."""
        return next(iter(self.addresses()), None)

    def environment_file(self, name: str) -> dict[str, str]:
        """The assignments of a file such as `.env`."""
        found = {}
        for line in (self.text_of(name) or "").splitlines():
            if matched := ENVIRONMENT_LINE.match(line):
                value = matched[2]
                if value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1:
                    value = value[1:-1]
                else:
                    value = re.sub(r"\s+#.*", "", value)
                found[matched[1]] = value
        return found

    # --- files ---

    def path(self, text: str) -> str | None:
        """The real path of a file, through links and the renamings of this command; None if it cannot be known."""
        if text == "~" or text.startswith("~/"):
            text = self.variables.get("HOME", os.path.expanduser("~")) + text[1:]
        if UNKNOWN in text or (self.folder is None and not os.path.isabs(text)):
            return None
        path = os.path.normpath(os.path.join(self.folder or "/", text))
        for _ in range(10):
            if path not in self.same_as:
                break
            path = self.same_as[path]
        return os.path.realpath(path)

    def text_of(self, name: str) -> str | None:
        """The text of a file that would be read: as this command has written it, else as it is."""
        path = self.path(name)
        if path is None or self.elsewhere:
            return None
        if path in self.written:
            return self.written[path]
        try:
            if not os.path.isfile(path):
                return None
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read(MOST_TEXT)
        except OSError:
            return None

    def matches(self, pattern: str) -> list[str]:
        """The files that a pattern stands for; the pattern itself if there are none."""
        if not re.search(r"[*?\[]", pattern) or UNKNOWN in pattern or self.folder is None or self.elsewhere:
            return [pattern]
        import glob

        begin = pattern
        if begin.startswith("~/"):
            begin = self.variables.get("HOME", "~") + begin[1:]
        found = []
        for name in glob.iglob(os.path.join(self.folder, begin), recursive=True):
            found.append(name)
            if len(found) >= 500:
                break
        return found or [pattern]

    def is_temporary(self, path: str) -> bool:
        if _is_inside(path, self.project) and self.project not in self._temporary:
            return False
        return any(_is_inside(path, folder) for folder in self._temporary)

    def file(self, text: str) -> Place:
        """A database in a file, whether it exists or not."""
        if text in (":memory:", "") or re.match(r"file:.*[?&]mode=memory", text) or text.startswith("file::memory:"):
            return MEMORY
        if text.startswith("file:"):
            text = re.sub(r"^file:(//)?(localhost(?=/))?", "", text).partition("?")[0]
        stem = os.path.basename(text).split(".")[0].replace(UNKNOWN, "")
        named_for_tests = bool(TEST_NAME.fullmatch(stem)) and UNKNOWN not in os.path.basename(text)
        path = self.path(text)
        if path is None or self.elsewhere:
            return Place(_shown(text), named_for_tests or text.startswith("/tmp/"))  # noqa: S108
        real_stem = os.path.basename(path).split(".")[0]
        named_for_tests = named_for_tests and bool(TEST_NAME.fullmatch(real_stem))
        return Place(_shown(text), named_for_tests or self.is_temporary(path) or not has_content(path), path)

    def database_at(self, text: str) -> Place | None:
        """The database that a file holds, or None: no database, an empty one, or one that may be thrown away."""
        base = os.path.basename(text.rstrip("/")).lower()
        if base in CACHES or base.startswith(".coverage"):
            return None
        path = self.path(text)
        looks_like_one = re.sub("-(wal|journal)$", "", base).endswith(DATABASE_SUFFIXES)
        if path is None or self.elsewhere:
            place = self.file(text)
            return place if looks_like_one and not place.throw_away else None
        if not has_content(path) or not (looks_like_one or begins_as_sqlite(path)):
            return None
        if any(part.lower() in CACHES for part in os.path.relpath(path, self.project).split(os.sep)):
            return None
        place = self.file(text)
        return None if place.throw_away else place

    def databases_below(self, text: str) -> list[Place]:
        """The databases in a folder: SQLite files, and the folder of a PostgreSQL server."""
        top = self.path(text)
        if top is None or self.elsewhere or not os.path.isdir(top) or os.path.basename(top) in CACHES:
            return []
        found = []
        for name in _files_below(top, self._looks_until):
            base = os.path.basename(name)
            if base == "PG_VERSION":
                place = Place(_shown(os.path.dirname(name)), self.is_temporary(name), name)
                if not place.throw_away and os.path.isdir(os.path.join(os.path.dirname(name), "base")):
                    found.append(place)
            elif base.lower().endswith(DATABASE_SUFFIXES) and (database := self.database_at(name)):
                found.append(database)
        return found

    # --- addresses ---

    def address_place(self, address: str | None) -> Place:
        """The database of a URL, as SQLAlchemy, libpq and most others write it, or of `host=... dbname=...`."""
        if not address:
            return UNKNOWN_PLACE
        found = URL.match(address.strip())
        if not found:
            return self.server(**_settings(address)) if "=" in address else UNKNOWN_PLACE
        scheme = found["scheme"].partition("+")[0].lower()
        if scheme in ("sqlite", "sqlite3", "duckdb", "file"):
            after = address.strip().partition("://")[2]
            path, _, query = after.partition("?")
            if "mode=memory" in query:
                return MEMORY
            if scheme == "file":
                return self.file(path)
            return self.file(path[1:] if path.startswith("/") else path)
        settings = dict(SETTING.findall((found["query"] or "").replace("&", " ")))
        return self.server(
            host=settings.get("hostaddr") or settings.get("host") or found["host"] or None,
            dbname=settings.get("dbname") or found["path"] or None,
            service=settings.get("service"),
        )

    def server(self, host: str | None = None, dbname: str | None = None, service: str | None = None) -> Place:
        """A database of a server; what is not given comes from the variables that libpq reads."""
        if dbname and ("://" in dbname or re.match(r"\w+\s*=", dbname)):
            return self.address_place(dbname)
        host = host or self.environment("PGHOST")
        name = dbname or self.environment("PGDATABASE")
        if service := service or self.environment("PGSERVICE"):
            return Place(f"the service {service}")
        if UNKNOWN in host + name + self.environment("PGHOSTADDR"):
            return UNKNOWN_PLACE
        if host == THROW_AWAY_HOST:
            return Place("a server of local_postgres.py", throw_away=True)
        hosts = [_without_port(one) for one in host.split(",")] + [self.environment("PGHOSTADDR")]
        local = not self.elsewhere and all(
            one in ("", "localhost", "::1") or one.startswith(("127.", "/", "%2F", "%2f")) for one in hosts
        )
        where = self.elsewhere or ", ".join(one for one in hosts if one) or "the local server"
        text = f"the database {_shown(name) or '(of the user’s name)'} on {_shown(where)}"
        return Place(text, throw_away=bool(local and TEST_NAME.fullmatch(name)))


def has_content(path: str) -> bool:
    try:
        return os.path.isfile(path) and os.path.getsize(path) > 0
    except OSError:
        return False


def begins_as_sqlite(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def _files_below(top: str, until: float) -> Iterator[str]:
    seen = 0
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in CACHES]
        for name in files:
            yield os.path.join(folder, name)
        seen += len(files) + len(folders)
        if seen > MOST_ENTRIES or time.monotonic() > until:
            return


def _settings(text: str) -> dict[str, str | None]:
    found = {name: value.strip("'") for name, value in SETTING.findall(text)}
    host = found.get("hostaddr") or found.get("host")
    return {"host": host, "dbname": found.get("dbname"), "service": found.get("service")}


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _shown(text: str) -> str:
    return text.replace(UNKNOWN, "…")
