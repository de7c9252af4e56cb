"""The programs that can destroy a database, and how each is told to do it.

`check(call)` judges one program with its arguments. What it names is data where it can be: tables of words below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import guard_files as files
from guard_case import (
    SAFER_DOWNGRADE,
    SAFER_FILE,
    SAFER_RESET,
    SAFER_SERVICE,
    SAFER_SQL,
    SAFER_VOLUME,
    Call,
    Finding,
    option_names,
    options_of,
)
from guard_situation import (
    DATABASE_SUFFIXES,
    MEMORY,
    TEST_NAME,
    UNKNOWN_PLACE,
    Place,
    Situation,
)
from guard_sql import UNKNOWN, read_sql, strings_of

if TYPE_CHECKING:
    pass


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
            if _has_words(call.args, words) and (not needed or set(needed.split()) & set(option_names(call.args))):
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
                yield from files.overwritten(rest.split()[-1].strip("'\""), call.situation)
        for attached in ATTACHED.findall(text) if client == "sqlite3" and place.throw_away else ():
            place = call.situation.file(attached)
        if not place.throw_away:
            for harm in sql.harms:
                yield Finding(harm, place.text, SAFER_SQL)


def _psql(call: Call) -> Iterator[Finding]:
    options, rest = options_of(call.args, PSQL_WITH_VALUE, PSQL_LONG)
    texts: list[str] = []
    given = {"host": None, "dbname": None}  # type: dict[str, str | None]
    for name, value in options:
        if name in ("c", "command"):
            texts.append(value)
        elif name in ("f", "file"):
            texts.append(call.stdin if value == "-" else call.situation.text_of(value) or UNKNOWN)
        elif name in ("h", "host"):
            given["host"] = value
        elif name in ("d", "dbname"):
            given["dbname"] = value
        elif name in ("o", "output", "L", "log-file"):
            yield from files.overwritten(value, call.situation)
    if not given["dbname"] and rest:
        given["dbname"] = rest[0]
    if not texts:
        call.follower.stop_hidden(call.stdin)
        texts.append(call.stdin)
    yield from _sql_findings(call, texts, call.situation.server(**given), client="psql")


def _mysql(call: Call) -> Iterator[Finding]:
    long = dict.fromkeys(("execute", "host", "user", "port", "database", "init-command"), True)
    options, rest = options_of(call.args, "ehuPDS", long)
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
    options, rest = options_of(call.args, "hpU", long)
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
    options, _ = options_of(call.args, "dfFIjLnNPSThpUt", {**long, "clean": False, "create": False})
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
    if call.name == "supabase" and not {"--linked", "--db-url"} & set(option_names(call.args)):
        return Place("the local Supabase database")
    return call.situation.address_place(call.situation.address())


def _unknown_program(call: Call) -> Iterator[Finding]:
    """`$PSQL -c "DROP TABLE x"`: the arguments say enough."""
    for arg in call.args:
        for harm in read_sql(arg).harms if " " in arg.strip() else []:
            yield Finding(harm, UNKNOWN_PLACE.text, SAFER_SQL)


def _curl(call: Call) -> Iterator[Finding]:
    """The interfaces of the services, called by hand."""
    options, rest = options_of(
        call.args, "XdHouAFbceTKmrxw", {"request": True, "url": True, "data": True, "header": True}
    )
    method = next((value.upper() for name, value in options if name in ("X", "request")), "GET")
    for name, value in options:
        if name in ("o", "output"):
            yield from files.overwritten(value, call.situation)
    for address in [*rest, *[value for name, value in options if name == "url"]]:
        if SERVICE_ADDRESS.search(address) and (method == "DELETE" or re.search(r"/(restore|reset)\b", address)):
            yield Finding(f"{method} {address.partition('?')[0]}", "that service", SAFER_SERVICE)


# --- containers ---


def _docker(call: Call) -> Iterator[Finding]:
    words = [arg for arg in call.args if not arg.startswith("-")]
    letters = "".join(arg[1:] for arg in call.args if re.fullmatch("-[a-zA-Z]+", arg))
    options = option_names(call.args)
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
    options, _ = options_of(call.args, "fpH", dict.fromkeys(("file", "project-name", "profile", "timeout"), True))
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
    **dict.fromkeys(("rm", "unlink", "shred", "srm", "rmdir", "del"), files.delete),
    "truncate": files.truncate,
    "dd": files.write_blocks,
    **dict.fromkeys(("cp", "mv", "ln", "install"), files.copy),
    "rsync": files.synchronize,
    "curl": _curl,
    "wget": files.download,
    "scp": files.copy_from_machine,
    **dict.fromkeys(
        ("tee", "sponge"), lambda call: (one for name in call.args for one in files.overwritten(name, call.situation))
    ),
    "find": files.find,
    "git": files.git,
    **dict.fromkeys(("docker", "podman", "docker-compose"), _docker),
}
