"""The programs that can destroy a database, and how each is told to do it.

`check(call)` judges one program with its arguments. What it names is data where it can be: tables of words below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from guard_situation import (
    COPY_SUFFIX,
    DATABASE_SUFFIXES,
    LOG_SUFFIXES,
    MEMORY,
    TEST_NAME,
    UNKNOWN_PLACE,
    Place,
    Situation,
)
from guard_sql import UNKNOWN, read_sql, strings_of

if TYPE_CHECKING:
    from guard_follow import Follower


class Finding(NamedTuple):
    """What would be destroyed, where, and the safer way."""

    harm: str
    place: str
    safer: str


class Call(NamedTuple):
    """A program as it would be started."""

    name: str
    args: list[str]
    situation: Situation
    stdin: str
    follower: Follower


HIDDEN = f"{UNKNOWN}hidden{UNKNOWN}"  # what a decoder prints when nobody can know its input

LOCAL_POSTGRES = f"python {os.path.join(os.path.dirname(os.path.abspath(__file__)), 'local_postgres.py')} --"
SAFER_SQL = (
    "count first what it would touch, and take a dump or a branch; to try it out, use a throw-away server: "
    f"{LOCAL_POSTGRES} COMMAND"
)
SAFER_FILE = "make a copy first: sqlite3 FILE \".backup 'COPY.db'\"; or give the new database another name"
SAFER_DOWNGRADE = (
    "a downgrade drops columns and tables with their rows. To verify one, use a throw-away server: "
    f"{LOCAL_POSTGRES} sh -c 'alembic upgrade head && alembic downgrade -1 && alembic upgrade head'; "
    "to go back in earnest, write a new revision that goes forward"
)
SAFER_UPGRADE = (
    "read the revision: is the drop a rename, or somebody else's table? Is the program gone that reads it? "
    "Rehearse on a copy or a branch, and take a dump"
)
SAFER_RESET = "take a dump or a branch first; for an empty database make a new one beside it"
SAFER_VOLUME = "without the volumes (`docker compose down`, no -v) the data stays; dump it first: pg_dump"
SAFER_SERVICE = "take a dump (pg_dump) or a branch first, and let the person do it in the service's own console"
SAFER_GIT = "look first what would go: git clean -n, git status; copy the database to another place"

RESETS: dict[str, dict[str, str]] = {
    # program: words in a row -> options of which one is needed ("" is none)
    "supabase": {"db reset": "", "projects delete": "", "branches delete": "", "stop": "--no-backup"},
    "prisma": {"migrate reset": "", "db push": "--force-reset --accept-data-loss"},
    "drizzle-kit": {"push": "--force"},
    "django-admin": {"flush": "", "reset_db": "", "reset_schema": ""},
    "manage.py": {"flush": "", "reset_db": "", "reset_schema": ""},
    "rails": dict.fromkeys(("db:drop", "db:reset", "db:rollback", "db:schema:load", "db:migrate:reset"), ""),
    "rake": dict.fromkeys(("db:drop", "db:drop:all", "db:reset", "db:rollback", "db:schema:load"), ""),
    "mix": {"ecto.drop": "", "ecto.reset": "", "ecto.rollback": ""},
    "artisan": {f"migrate:{name}": "" for name in ("fresh", "reset", "refresh", "rollback")} | {"db:wipe": ""},
    "knex": {"migrate:rollback": "", "migrate:down": ""},
    "sequelize": {"db:drop": "", "db:migrate:undo": "", "db:migrate:undo:all": ""},
    "sequelize-cli": {"db:drop": "", "db:migrate:undo": "", "db:migrate:undo:all": ""},
    "typeorm": {"schema:drop": "", "migration:revert": ""},
    "dbmate": {"drop": "", "down": "", "rollback": ""},
    "goose": {"down": "", "reset": "", "down-to": ""},
    "migrate": {"down": "", "drop": ""},
    "flyway": {"clean": "", "undo": ""},
    "liquibase": {"dropAll": "", "drop-all": "", "rollback": "", "rollback-count": ""},
    "sqlx": {"database drop": "", "database reset": "", "migrate revert": ""},
    "diesel": {"database reset": "", "migration revert": "", "database drop": ""},
    "sea-orm-cli": {"migrate fresh": "", "migrate reset": "", "migrate refresh": "", "migrate down": ""},
    "aerich": {"downgrade": ""},
    "yoyo": {"rollback": "", "reapply": ""},
    "litestar": {"database downgrade": "", "database drop-all": ""},
    "alchemy": {"downgrade": "", "drop-all": ""},
    "mysqladmin": {"drop": ""},
    "mariadb-admin": {"drop": ""},
    "redis-cli": {"flushall": "", "flushdb": ""},
    "sqlite-utils": {"drop-table": "", "drop-view": ""},
}
SERVICES: dict[str, dict[str, str]] = {
    "neonctl": {
        f"{kind} {verb}": ""
        for kind, verbs in {
            "branches": "delete reset restore",
            "branch": "delete reset restore",
            "projects": "delete",
            "project": "delete",
            "databases": "delete",
            "database": "delete",
            "db": "delete",
            "roles": "delete",
            "role": "delete",
        }.items()
        for verb in verbs.split()
    },
    "heroku": {
        **dict.fromkeys(("pg:reset", "pg:copy", "pg:backups:restore", "pg:backups restore", "pg:backups:delete"), ""),
        **dict.fromkeys(("addons:destroy", "apps:destroy", "addons destroy", "apps destroy"), ""),
    },
    "fly": {"volumes destroy": "", "volume destroy": "", "apps destroy": "", "mpg destroy": "", "postgres destroy": ""},
    "railway": {"down": "", "volume delete": "", "environment delete": "", "delete": ""},
    "turso": {"db destroy": "", "group destroy": ""},
    "pscale": {"database delete": "", "branch delete": ""},
    "wrangler": {"d1 delete": ""},
    "aws": {f"rds {name}": "" for name in ("delete-db-instance", "delete-db-cluster", "delete-db-snapshot")},
    "gcloud": {"sql instances delete": "", "sql databases delete": "", "sql instances restore-backup": ""},
    "az": {"postgres flexible-server delete": "", "postgres flexible-server db delete": "", "sql db delete": ""},
    "doctl": {"databases delete": "", "databases db delete": ""},
    "kubectl": {
        f"delete {kind}": "" for kind in ("pvc", "persistentvolumeclaim", "pv", "statefulset", "namespace", "ns")
    },
    "terraform": {"destroy": ""},
    "tofu": {"destroy": ""},
    "pulumi": {"destroy": ""},
    "pg_dropcluster": {"": ""},
    "pg_resetwal": {"": ""},
}
SERVICES["neon"] = SERVICES["neonctl"]
OUTPUT_OF_A_CLEAN_DUMP = "DROP TABLE everything-of-the-dump;\n"

PSQL_WITH_VALUE = "cdfvoLFPRThpU"
PSQL_LONG = {
    **dict.fromkeys(("command", "dbname", "file", "set", "variable", "output", "log-file", "field-separator"), True),
    **dict.fromkeys(("pset", "record-separator", "table-attr", "host", "port", "username"), True),
}
SERVICE_ADDRESS = re.compile(
    r"//(console\.neon\.tech|api\.(supabase|heroku|digitalocean|turso|planetscale)\.(com|tech))/"
)
SERVER_FOLDER = re.compile(
    r"^/var/lib/(postgresql|pgsql|mysql|mariadb)\b.*|^/(usr/local|opt/homebrew)/var/(postgres|mysql).*"
)
STORES = re.compile(
    r"(?i)postgres|postgis|timescale|mysql|maria|mongo|redis|valkey|cockroach|clickhouse|elastic|\bdb\b|sqlite"
)
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
ATTACHED = re.compile(r"(?i)\battach\s+(?:database\s+)?'([^']*)'")
LOCAL_COMMANDS = {"i", "ir", "include", "include_relative"}


def check(call: Call) -> Iterator[Finding]:
    """What one program would destroy."""
    name = re.sub(r"(?<=.)@[\w.^~-]+$", "", call.name)
    name = re.sub(r"\.(exe|cmd|sh)$", "", name) if name not in CHECKS else name
    if name.startswith(UNKNOWN) or UNKNOWN in name:
        yield from _unknown_program(call)
    if _asks_for_help(call):
        return
    if handler := CHECKS.get(name):
        yield from handler(call)
    for table, safer, kind in ((RESETS, SAFER_RESET, "reset"), (SERVICES, SAFER_SERVICE, "service")):
        for words, needed in table.get(name, {}).items():
            if _has_words(call.args, words) and (not needed or set(needed.split()) & set(_option_names(call.args))):
                place = _place_of_tool(call) if kind == "reset" else Place(f"what {name} is logged in to")
                if not place.throw_away:
                    yield Finding(f"{name} {words or ' '.join(call.args)}".strip(), place.text, safer)
                return


def printed(name: str, args: list[str]) -> str:
    """What a program would print, where that matters and can be known."""
    if name == "pg_dump" and any(
        arg in ("--clean", "--cle", "-Fpc") or re.fullmatch("-[a-zA-Z]*c", arg) for arg in args
    ):
        return OUTPUT_OF_A_CLEAN_DUMP
    if name in ("psql", "sqlite3", "mysql"):  # `SELECT 'DROP TABLE ' || name`, for another client to run
        strings = " ".join(string for arg in args for string in strings_of(arg))
        return strings + "\n" if read_sql(strings).harms else UNKNOWN
    return "" if name in ("true", "false", ":", "sleep", "mkdir", "touch", "rm", "test", "[") else UNKNOWN


def unreadable(text: str) -> list[Finding]:
    return [
        Finding(
            f"a command that the guard cannot read to its end, with words that destroy in it ({text[:80]!r})",
            "unknown",
            "write it in several plain commands",
        )
    ]


def too_much(text: str) -> list[Finding]:
    return [Finding(f"a command too deep or too long to follow ({text[:80]!r})", "unknown", "write it plainly")]


def hidden() -> list[Finding]:
    return [Finding("a decoded text that a shell would run unread", "unknown", "write the commands in plain text")]


def is_own(name: str, situation: Situation, folder: str) -> bool:
    """Whether a file is one of the skill's own, letter for letter: only then it is believed.

    `folder`: "scripts" or "examples".
    """
    own = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), folder, os.path.basename(name))
    path = situation.path(name)
    if path is None or situation.elsewhere or path in situation.written:
        return False
    if not (os.path.isfile(path) and os.path.isfile(own)):
        return False
    if os.path.samefile(own, path):
        return True
    with open(path, "rb") as given, open(own, "rb") as mine:
        return given.read() == mine.read()


# --- arguments ---


def _option_names(args: list[str]) -> list[str]:
    return [arg.partition("=")[0] for arg in args]


def _asks_for_help(call: Call) -> bool:
    own = call.args[: call.args.index("--")] if "--" in call.args else call.args
    if call.name in ("psql", "sqlite3", "dropdb", "rm", "mysql", "git", "docker", "pg_restore", "find"):
        return own == ["--help"]
    return "--help" in own


def _has_words(args: list[str], words: str) -> bool:
    """Whether the words follow each other, with or without options and their values between them."""
    wanted = words.split()
    plain = [arg for arg in args if not arg.startswith("-")]
    without_values = [
        arg for place, arg in enumerate(args) if not arg.startswith("-") and not _may_be_value(args, place)
    ]
    return any(
        [word.lower() for word in found[place : place + len(wanted)]] == [word.lower() for word in wanted]
        for found in (plain, without_values)
        for place in range(max(1, min(len(found) - len(wanted) + 1, 4)))
    )


def _may_be_value(args: list[str], place: int) -> bool:
    return place > 0 and args[place - 1].startswith("-") and "=" not in args[place - 1]


def _options(args: list[str], short: str, long: dict[str, bool]) -> tuple[list[tuple[str, str]], list[str]]:
    """As getopt reads them: `-Atc SQL`, `--command=SQL`, `--comm SQL`; options and what is none."""
    found: list[tuple[str, str]] = []
    rest: list[str] = []
    place = 0
    while place < len(args):
        arg = args[place]
        place += 1
        if arg == "--":
            rest += args[place:]
            break
        if arg.startswith("--"):
            name, equals, value = arg[2:].partition("=")
            whole = name if name in long else next((one for one in long if one.startswith(name)), name)
            if long.get(whole) and not equals:
                value = args[place] if place < len(args) else ""
                place += 1
            found.append((whole, value))
        elif arg.startswith("-") and len(arg) > 1:
            for at, letter in enumerate(arg[1:], 1):
                if letter in short:
                    value = arg[at + 1 :]
                    if not value and place < len(args):
                        value = args[place]
                        place += 1
                    found.append((letter, value))
                    break
                found.append((letter, ""))
        else:
            rest.append(arg)
    return found, rest


# --- SQL ---


def _sql_findings(call: Call, texts: list[str], place: Place, *, client: str) -> Iterator[Finding]:
    """What some texts destroy in a place; what they tell the client itself is followed."""
    waiting = [(text, 0) for text in texts]
    while waiting:
        text, level = waiting.pop(0)
        sql = read_sql(text, backslash_escapes=client == "mysql")
        for command in sql.commands:
            word, _, rest = command.lstrip("\\.").partition(" ")
            rest = rest.strip().strip("'\"")
            if (word in LOCAL_COMMANDS and client == "psql") or (word == "read" and client == "sqlite3"):
                if level < 5 and (included := call.situation.text_of(rest)):
                    waiting.append((included, level + 1))
            elif word.startswith("!"):
                call.follower.shell(command.lstrip("\\")[1:])
            elif word in ("shell", "system"):
                call.follower.shell(command.partition(" ")[2])
            elif word in ("c", "connect") and rest not in ("", "-"):
                place = (
                    call.situation.address_place(rest)
                    if "://" in rest or "=" in rest
                    else Place(f"the database {rest}")
                )
            elif word in ("open",) and client == "sqlite3":
                place = call.situation.file(rest.split()[-1] if rest else "")
            elif word in ("restore",) and client == "sqlite3" and not place.throw_away:
                yield Finding(f".restore {rest}, over all that is in it", place.text, SAFER_FILE)
            elif word in ("backup", "save", "clone", "once", "output", "o", "out", "excel") and rest:
                yield from overwritten(rest.split()[-1].strip("'\""), call.situation)
        for attached in ATTACHED.findall(text) if client == "sqlite3" and place.throw_away else ():
            place = call.situation.file(attached)
        if not place.throw_away:
            for harm in sql.harms:
                yield Finding(harm, place.text, SAFER_SQL)


def _psql(call: Call) -> Iterator[Finding]:
    options, rest = _options(call.args, PSQL_WITH_VALUE, PSQL_LONG)
    texts: list[str] = []
    given = {"host": None, "dbname": None}  # type: dict[str, str | None]
    read_stdin = True
    for name, value in options:
        if name in ("c", "command"):
            texts.append(value)
            read_stdin = False
        elif name in ("f", "file"):
            texts.append(call.stdin if value == "-" else call.situation.text_of(value) or UNKNOWN)
            read_stdin = False
        elif name in ("h", "host"):
            given["host"] = value
        elif name in ("d", "dbname"):
            given["dbname"] = value
        elif name in ("o", "output", "L", "log-file"):
            yield from overwritten(value, call.situation)
    if not given["dbname"] and rest:
        given["dbname"] = rest[0]
    if read_stdin:
        call.follower.stop_hidden(call.stdin)
        texts.append(call.stdin)
    yield from _sql_findings(call, texts, call.situation.server(**given), client="psql")


def _mysql(call: Call) -> Iterator[Finding]:
    long = dict.fromkeys(("execute", "host", "user", "port", "database", "init-command"), True)
    options, rest = _options(call.args, "ehuPDS", long)
    texts = [value for name, value in options if name in ("e", "execute", "init-command")] or [call.stdin]
    host = next((value for name, value in options if name in ("h", "host")), "localhost")
    name = next((value for name, value in options if name in ("D", "database")), rest[0] if rest else "")
    yield from _sql_findings(call, texts, call.situation.server(host=host, dbname=name or "?"), client="mysql")


def _sqlite3(call: Call) -> Iterator[Finding]:
    texts: list[str] = []
    words: list[str] = []
    place = 0
    while place < len(call.args):
        arg = call.args[place]
        if arg in ("-cmd", "--cmd", "-init", "--init", "-c", "-s", "-f"):
            value = call.args[place + 1] if place + 1 < len(call.args) else ""
            is_file = arg.endswith("init") or arg == "-f"
            texts.append(call.situation.text_of(value) or UNKNOWN if is_file else value)
            place += 1
        elif arg.lstrip("-") in ("separator", "newline", "nullvalue", "maxsize", "mmap", "vfs", "lookaside", "heap"):
            place += 1
        elif arg.startswith("-") and arg != "-":
            if arg in ("-version", "--version", "-help", "--help"):
                return
        else:
            words.append(arg)
        place += 1
    where = call.situation.file(words[0]) if words else MEMORY
    if words and "://" in words[0]:
        where = call.situation.address_place(words[0])
    statements = words[1:]
    if not statements and not texts:
        call.follower.stop_hidden(call.stdin)
    texts += statements or [call.stdin]
    yield from _sql_findings(call, texts, where, client="sqlite3")


def _sqlite_utils(call: Call) -> Iterator[Finding]:
    words = [arg for arg in call.args if not arg.startswith("-")]
    if words[:1] in (["query"], ["drop-table"], ["transform"]) or (words and words[0].endswith(DATABASE_SUFFIXES)):
        words = words[1:] if words[0] in ("query", "transform") else words
        if len(words) > 1:
            yield from _sql_findings(call, words[1:2], call.situation.file(words[0]), client="sqlite3")
            if (
                call.args[:1] == ["transform"]
                and "--drop" in call.args
                and not (place := call.situation.file(words[0])).throw_away
            ):
                yield Finding("sqlite-utils transform --drop", place.text, SAFER_FILE)


def _dropdb(call: Call) -> Iterator[Finding]:
    long = dict.fromkeys(("host", "port", "username", "maintenance-db"), True)
    options, rest = _options(call.args, "hpU", long)
    if any(name in ("V", "version", "?") for name, _ in options):
        return
    host = next((value for name, value in options if name in ("h", "host")), None)
    name = rest[0] if rest else "(without a name)"
    place = call.situation.server(host=host, dbname=name)
    if not place.throw_away:
        yield Finding(f"dropdb {name}", place.text, SAFER_RESET)


def _pg_restore(call: Call) -> Iterator[Finding]:
    long = dict.fromkeys(
        ("dbname", "file", "format", "jobs", "use-list", "schema", "table", "index", "host", "port", "username"), True
    )
    options, _ = _options(call.args, "dfFIjLnNPSThpUt", {**long, "clean": False, "create": False})
    names = [name for name, _ in options]
    if "c" not in names and "clean" not in names:
        return
    values = dict(options)
    name = values.get("d") or values.get("dbname")
    if name is None:
        return  # prints SQL and connects to nothing
    place = call.situation.server(host=values.get("h") or values.get("host"), dbname=name)
    if not place.throw_away:
        yield Finding("pg_restore --clean: it drops what the dump has, with the newer rows", place.text, SAFER_RESET)


def _alembic(call: Call) -> Iterator[Finding]:
    from guard_migrations import check_alembic

    yield from check_alembic(call)


def _flask(call: Call) -> Iterator[Finding]:
    from guard_migrations import check_alembic

    if "shell" in call.args:
        yield from _python_shell(call)
    if "db" in call.args:
        behind = call.args[call.args.index("db") + 1 :]
        yield from check_alembic(call._replace(args=behind), folder="migrations", program="flask db")


def _manage(call: Call) -> Iterator[Finding]:
    words = [arg for arg in call.args if not arg.startswith("-")]
    if words[:1] == ["migrate"] and words[2:3] == ["zero"]:
        place = _place_of_tool(call)
        if not place.throw_away:
            yield Finding(f"migrate {words[1]} zero: it drops all tables of {words[1]}", place.text, SAFER_DOWNGRADE)
    if words[:1] == ["dbshell"]:
        texts = [call.args[call.args.index("-c") + 1]] if "-c" in call.args[:-1] else [call.stdin]
        yield from _sql_findings(call, texts, _place_of_tool(call), client="psql")
    if words[:1] == ["shell"]:
        yield from _python_shell(call)


def _python_shell(call: Call) -> Iterator[Finding]:
    """`manage.py shell -c CODE`, `flask shell < FILE`."""
    from guard_python import check_python

    given = [call.args[place + 1] for place, arg in enumerate(call.args[:-1]) if arg in ("-c", "--command")]
    for code in given or [call.stdin.replace(UNKNOWN, "_")]:
        yield from check_python(code, call.situation, call.follower)


def _prisma(call: Call) -> Iterator[Finding]:
    if _has_words(call.args, "db execute"):
        text = call.stdin
        for option in ("--file", "-f"):
            if option in call.args[:-1]:
                text = call.situation.text_of(call.args[call.args.index(option) + 1]) or UNKNOWN
        yield from _sql_findings(call, [text], _place_of_tool(call), client="psql")


def _wrangler(call: Call) -> Iterator[Finding]:
    if _has_words(call.args, "d1 execute") and "--local" not in call.args:
        for place, arg in enumerate(call.args):
            name, _, value = arg.partition("=")
            value = value or (call.args[place + 1] if place + 1 < len(call.args) else "")
            if name == "--command":
                yield from _sql_findings(call, [value], Place("a D1 database"), client="sqlite3")


def _place_of_tool(call: Call) -> Place:
    """Most tools take a URL as an argument or from DATABASE_URL."""
    for place, arg in enumerate(call.args):
        if "://" in arg:
            return call.situation.address_place(
                arg[arg.index("=") + 1 :] if arg.startswith("--") and "=" in arg else arg
            )
        if arg.endswith(DATABASE_SUFFIXES) and (place == 0 or not call.args[place - 1].startswith("-")):
            return call.situation.file(arg)
    if call.name == "supabase" and not {"--linked", "--db-url"} & set(_option_names(call.args)):
        return Place("the local Supabase database")
    return call.situation.address_place(call.situation.address())


def _unknown_program(call: Call) -> Iterator[Finding]:
    """`$PSQL -c "DROP TABLE x"`: the arguments say enough."""
    for arg in call.args:
        for harm in read_sql(arg).harms if " " in arg.strip() else []:
            yield Finding(harm, UNKNOWN_PLACE.text, SAFER_SQL)


# --- files ---


def overwritten(name: str, situation: Situation) -> list[Finding]:
    """`> app.db`, `tee app.db`, a copy onto it."""
    if name.startswith("/dev/") and not name.startswith("/dev/shm/"):  # noqa: S108
        return []
    if COPY_SUFFIX.search(name):  # a copy is made anew each time
        return []
    place = situation.database_at(name)
    return [Finding("overwrite a database file", place.text, SAFER_FILE)] if place else []


def _rm(call: Call) -> Iterator[Finding]:
    recursive = any(re.fullmatch("-[a-zA-Z]*[rR][a-zA-Z]*", arg) or arg == "--recursive" for arg in call.args)
    own = call.args
    names = [arg for place, arg in enumerate(own) if not arg.startswith("-") or "--" in own[:place]]
    for given in names:
        for name in call.situation.matches(given):
            if place := call.situation.database_at(name):
                suffix = next((end for end in LOG_SUFFIXES if name.endswith(end)), None)
                harm = "delete a database file"
                if suffix:
                    harm = f"delete the {suffix[1:]} file of a database: it may hold what was committed last"
                yield Finding(harm, place.text, SAFER_FILE)
            elif recursive and (server := SERVER_FOLDER.search(name)):
                yield Finding(
                    f"delete the folder of a server: {server[0]}", call.situation.elsewhere or name, SAFER_VOLUME
                )
            elif recursive:
                for below in call.situation.databases_below(name)[:3]:
                    yield Finding(f"delete the folder {name} with a database in it", below.text, SAFER_FILE)


def _truncate(call: Call) -> Iterator[Finding]:
    for name in call.args:
        if not name.startswith("-") and (place := call.situation.database_at(name)):
            yield Finding("empty a database file", place.text, SAFER_FILE)


def _dd(call: Call) -> Iterator[Finding]:
    for arg in call.args:
        if arg.startswith("of="):
            yield from overwritten(arg[3:], call.situation)


def _copy(call: Call) -> Iterator[Finding]:
    """cp, mv, ln, install, rsync: onto a database; mv also to where it would be lost."""
    if call.name in ("cp", "mv") and ({"-n", "--no-clobber", "-i", "--backup", "-b"} & set(_option_names(call.args))):
        return
    names = [arg for arg in call.args if not arg.startswith("-")]
    for place, arg in enumerate(call.args):
        if arg in ("-t", "--target-directory") and place + 1 < len(call.args):
            names = [name for name in names if name != call.args[place + 1]] + [call.args[place + 1]]
    sources = [one for name in names[:-1] for one in call.situation.matches(name)]
    if not sources:
        return
    target = names[-1]
    real_target = call.situation.path(target)
    into_folder = target.endswith("/") or (real_target is not None and os.path.isdir(real_target))
    for source in sources:
        onto = os.path.join(target, os.path.basename(source)) if into_folder else target
        if call.name == "rsync" and ":" in target:
            continue
        if call.situation.path(source) != call.situation.path(onto):
            yield from overwritten(onto, call.situation)
        if call.name == "mv" and (place_of := call.situation.database_at(source)):
            path = call.situation.path(onto)
            if target.startswith("/dev/") or (path is not None and call.situation.is_temporary(path)):
                yield Finding(f"move a database file to {target}, where it will be lost", place_of.text, SAFER_FILE)
        if call.name in ("mv", "ln"):
            old, new = call.situation.path(source), _unresolved(onto, call.situation)
            if old is not None and new is not None and old != new:
                call.situation.same_as[new] = old
                call.situation.written.pop(new, None)
                if old in call.situation.written:
                    call.situation.written[new] = call.situation.written[old]
        elif call.name == "cp" and (path := call.situation.path(onto)):
            call.situation.written[path] = call.situation.text_of(source)


def _rsync(call: Call) -> Iterator[Finding]:
    yield from _copy(call)
    names = [arg for arg in call.args if not arg.startswith("-")]
    if any(arg.startswith("--del") for arg in call.args) and names and "--dry-run" not in call.args:
        for below in call.situation.databases_below(names[-1])[:3]:
            yield Finding(f"rsync --delete into {names[-1]}, which has a database in it", below.text, SAFER_FILE)


def _curl(call: Call) -> Iterator[Finding]:
    """The interfaces of the services, called by hand."""
    options, rest = _options(
        call.args, "XdHouAFbceTKmrxw", {"request": True, "url": True, "data": True, "header": True}
    )
    method = next((value.upper() for name, value in options if name in ("X", "request")), "GET")
    for name, value in options:
        if name in ("o", "output"):
            yield from overwritten(value, call.situation)
    for address in [*rest, *[value for name, value in options if name == "url"]]:
        if SERVICE_ADDRESS.search(address) and (method == "DELETE" or re.search(r"/(restore|reset)\b", address)):
            yield Finding(f"{method} {address.partition('?')[0]}", "that service", SAFER_SERVICE)


def _wget(call: Call) -> Iterator[Finding]:
    options, _ = _options(call.args, "OoPUtTeai", {"output-document": True})
    for name, value in options:
        if name in ("O", "output-document"):
            yield from overwritten(value, call.situation)


def _scp(call: Call) -> Iterator[Finding]:
    _, names = _options(call.args, "cFiJloPSX", {})
    if len(names) > 1 and ":" not in names[-1]:
        yield from _copy(call._replace(name="cp", args=[name.rpartition(":")[2] for name in names]))


def _unresolved(name: str, situation: Situation) -> str | None:
    if UNKNOWN in name or (situation.folder is None and not os.path.isabs(name)):
        return None
    return os.path.normpath(os.path.join(situation.folder or "/", name))


def find_matches(args: list[str], situation: Situation) -> list[str]:
    """The database files that a `find` with these arguments would come upon."""
    import fnmatch

    roots = []
    for arg in args:
        if arg.startswith(("-", "(", "!")):
            break
        roots.append(arg)
    patterns = [
        args[place + 1]
        for place, arg in enumerate(args[:-1])
        if arg in ("-name", "-iname", "-path", "-wholename") and (place == 0 or args[place - 1] not in ("!", "-not"))
    ]
    if situation.elsewhere:
        return [pattern for pattern in patterns if pattern.lower().endswith(DATABASE_SUFFIXES)]
    found = []
    for root in roots or ["."]:
        for place in situation.databases_below(root):
            name = place.file or ""
            base = os.path.basename(name).lower()
            if not patterns or any(fnmatch.fnmatch(base, pattern.lower().rpartition("/")[2]) for pattern in patterns):
                found.append(name)
    return found


def _find(call: Call) -> Iterator[Finding]:
    if "-delete" in call.args:
        for name in find_matches(call.args, call.situation)[:3]:
            if place := call.situation.database_at(name):
                yield Finding("delete a database file", place.text, SAFER_FILE)


def _git(call: Call) -> Iterator[Finding]:
    args = list(call.args)
    folder = "."
    while args and args[0].startswith("-"):
        if args[0] == "-C" and len(args) > 1:
            folder = os.path.join(folder, args[1])
        args = args[2:] if args[0] in ("-C", "-c", "--git-dir", "--work-tree", "--namespace") else args[1:]
    if not args or call.situation.elsewhere:
        return
    verb, rest = args[0], args[1:]
    where = call.situation.path(folder)
    if where is None or not os.path.isdir(where):
        return
    if verb == "clean":
        letters = "".join(arg[1:] for arg in rest if re.fullmatch("-[a-zA-Z]+", arg))
        forced = "f" in letters or "--force" in rest
        if forced and "n" not in letters and "--dry-run" not in rest:
            yield from _git_would_remove(call, where, rest)
    elif verb in ("checkout", "restore") and not ("--staged" in rest and "--worktree" not in rest):
        for name in rest:
            if not name.startswith("-") and (place := call.situation.database_at(os.path.join(folder, name))):
                yield Finding(f"git {verb}: overwrite a database file with an older one", place.text, SAFER_GIT)
        if any(name in (".", ":/", "*") for name in rest) or "-f" in rest or "--force" in rest:
            yield from _git_would_reset(call, where, f"git {verb}")
    elif verb == "reset" and ("--hard" in rest or "--merge" in rest):
        yield from _git_would_reset(call, where, "git reset --hard")
    elif verb == "rm" and "--cached" not in rest:
        yield from _rm(call._replace(args=[arg for arg in rest if arg != "-f"]))


def _git_output(folder: str, *arguments: str) -> list[str]:
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *[argument.replace(UNKNOWN, "…") for argument in arguments]],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [name for name in done.stdout.split("\n") if name]


def _git_would_remove(call: Call, folder: str, rest: list[str]) -> Iterator[Finding]:
    lines = _git_output(folder, "clean", "-n", *[arg for arg in rest if arg not in ("-i", "--interactive", "-q")])
    for line in lines:
        name = os.path.join(folder, line.removeprefix("Would remove ").strip('"'))
        places = [call.situation.database_at(name), *call.situation.databases_below(name)]
        for place in [place for place in places if place][:3]:
            yield Finding("git clean: delete a database file", place.text, SAFER_GIT)


def _git_would_reset(call: Call, folder: str, harm: str) -> Iterator[Finding]:
    patterns = [f"*{suffix}" for suffix in DATABASE_SUFFIXES]
    for name in _git_output(folder, "diff", "--name-only", "--relative", "HEAD", "--", *patterns)[:3]:
        if place := call.situation.database_at(os.path.join(folder, name)):
            yield Finding(f"{harm}: overwrite a database file with an older one", place.text, SAFER_GIT)


# --- containers ---


def _docker(call: Call) -> Iterator[Finding]:
    words = [arg for arg in call.args if not arg.startswith("-")]
    letters = "".join(arg[1:] for arg in call.args if re.fullmatch("-[a-zA-Z]+", arg))
    options = _option_names(call.args)
    removes = "--volumes" in options or "v" in letters
    if "compose" in words[:1]:
        if removes and ("down" in words or "rm" in words) and _stores_something(call):
            yield Finding("docker compose down -v", "the volumes of this project", SAFER_VOLUME)
    elif words[:1] == ["volume"] and words[1:2] in (["rm"], ["remove"], ["prune"]):
        if not (words[2:] and all(TEST_NAME.fullmatch(name) for name in words[2:])):
            names = ", ".join(words[2:]) or "all that no container uses"
            yield Finding(f"docker volume {words[1]}", f"the volumes {names}".replace(UNKNOWN, "…"), SAFER_VOLUME)
    elif words[:2] == ["system", "prune"] and "--volumes" in options:
        yield Finding("docker system prune --volumes", "all volumes that no container uses", SAFER_VOLUME)
    elif words[:1] == ["rm"] and removes and not all(TEST_NAME.fullmatch(name) for name in words[1:]):
        yield Finding("docker rm -v", f"the volumes of {', '.join(words[1:])}".replace(UNKNOWN, "…"), SAFER_VOLUME)


def _stores_something(call: Call) -> bool:
    """Whether the services of a compose project hold data, and are not named as a test's."""
    options, _ = _options(call.args, "fpH", dict.fromkeys(("file", "project-name", "profile", "timeout"), True))
    names = [value for name, value in options if name in ("p", "project-name")]
    files = [value for name, value in options if name in ("f", "file")]
    if any(TEST_NAME.fullmatch(name) for name in names):
        return False
    if files and all(re.search(r"(^|[._/-])tests?[._-]", file) for file in files):
        return False
    texts = [call.situation.text_of(file) for file in files or COMPOSE_FILES]
    known = [text for text in texts if text is not None]
    return not known or any(STORES.search(text) for text in known)


CHECKS: dict[str, Callable[[Call], Iterator[Finding]]] = {
    **dict.fromkeys(("psql", "pgcli", "usql", "cockroach"), _psql),
    **dict.fromkeys(("mysql", "mariadb", "mycli"), _mysql),
    **dict.fromkeys(("sqlite3", "sqlite", "litecli", "duckdb", "sqlcipher"), _sqlite3),
    "sqlite-utils": _sqlite_utils,
    "dropdb": _dropdb,
    "pg_restore": _pg_restore,
    "alembic": _alembic,
    "flask": _flask,
    "manage.py": _manage,
    "django-admin": _manage,
    "prisma": _prisma,
    "wrangler": _wrangler,
    **dict.fromkeys(("rm", "unlink", "shred", "srm", "rmdir", "del"), _rm),
    "truncate": _truncate,
    "dd": _dd,
    **dict.fromkeys(("cp", "mv", "ln", "install"), _copy),
    "rsync": _rsync,
    "curl": _curl,
    "wget": _wget,
    "scp": _scp,
    **dict.fromkeys(
        ("tee", "sponge"), lambda call: (one for name in call.args for one in overwritten(name, call.situation))
    ),
    "find": _find,
    "git": _git,
    **dict.fromkeys(("docker", "podman", "docker-compose"), _docker),
}
