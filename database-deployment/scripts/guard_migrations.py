"""What `alembic downgrade` and `alembic upgrade` would destroy: the revisions are read, not run."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from guard_case import SAFER_DOWNGRADE, SAFER_UPGRADE, Call, Finding
from guard_situation import UNKNOWN_PLACE, Place, Situation
from guard_sql import read_sql

REVISION = re.compile(r"^revision\b[^=\n]*=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
DOWN_REVISION = re.compile(r"^down_revision\b[^=\n]*=\s*(None|['\"][^'\"]*['\"]|\([^)]*\)|\[[^\]]*\])", re.MULTILINE)
QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")
READS_ENVIRONMENT = re.compile(r"environ|getenv|DATABASE_URL|database_url|migration_url|dotenv|settings|current_app")
URL_IN_SETTINGS = re.compile(r"^\s*sqlalchemy\.url\s*=\s*(\S+)", re.MULTILINE)
LOCATION = re.compile(r"^\s*script_location\s*=\s*[\"']?([^\s\"']+)", re.MULTILINE)
WITH_VALUE = {"-c", "--config", "-n", "--name", "-x", "-d", "--directory", "--tag", "-p"}
MOST_REVISIONS = 2_000


class Revision(NamedTuple):
    name: str
    before: tuple[str, ...]
    text: str


def check_alembic(call: Call, folder: str | None = None, program: str = "alembic") -> Iterator[Finding]:
    """The finding of one run of alembic, or of `flask db` with its `folder`."""
    situation = call.situation
    words, options = _words(call.args)
    if not words or "--help" in call.args or "-h" in call.args or "--sql" in call.args:
        return
    settings = situation.text_of(options.get("-c") or options.get("--config") or "alembic.ini") or ""
    if not settings:
        settings = situation.text_of("pyproject.toml") or ""
    location = options.get("-d") or options.get("--directory") or folder or _location(settings, situation)
    if words[0] in ("revision", "migrate") and ("--autogenerate" in call.args or words[0] == "migrate"):
        situation.functions[" generated"] = ()  # no function has a blank in its name
    if words[0] not in ("downgrade", "upgrade"):
        return
    environment = situation.text_of(os.path.join(location, "env.py")) or ""
    place = _place(settings, environment, options.get("-x", ""), situation)
    if place.throw_away:
        return
    if words[0] == "downgrade":
        yield Finding(" ".join([program, *words]), place.text, SAFER_DOWNGRADE)
    elif " generated" in situation.functions:
        harm = "a migration is generated and applied in one go, so nobody has read what it drops"
        yield Finding(harm, place.text, SAFER_UPGRADE)
    else:
        target = words[1] if len(words) > 1 else "head"
        for revision, harm in _drops(location, target, place, situation):
            yield Finding(f"{program} upgrade: revision {revision} does {harm}", place.text, SAFER_UPGRADE)


def _words(args: list[str]) -> tuple[list[str], dict[str, str]]:
    words: list[str] = []
    options: dict[str, str] = {}
    place = 0
    while place < len(args):
        name, equals, value = args[place].partition("=")
        if name in WITH_VALUE:
            if not equals and place + 1 < len(args):
                place += 1
                value = args[place]
            options[name] = value
        elif not args[place].startswith("-") or re.fullmatch(r"-\d+", args[place]):
            words.append(args[place])
        place += 1
    return words, options


def _location(settings: str, situation: Situation) -> str:
    found = LOCATION.search(settings)
    if found:
        return found[1].replace("%(here)s/", "").replace("%(here)s", ".")
    return next((name for name in ("migrations", "alembic") if situation.text_of(f"{name}/env.py")), "migrations")


def _place(settings: str, environment: str, extra: str, situation: Situation) -> Place:
    """Where the migrations go: every address that env.py may take must be one to throw away."""
    if "://" in extra and "get_x_argument" in environment:
        return situation.address_place(extra.partition("=")[2])
    written = URL_IN_SETTINGS.search(settings)
    if written and (written[1].startswith("driver://") or "%(" in written[1]):
        written = None
    if READS_ENVIRONMENT.search(environment) or not written:
        places = [situation.address_place(address) for address in situation.addresses()]
        return next((place for place in places if not place.throw_away), places[0] if places else UNKNOWN_PLACE)
    return situation.address_place(written[1])


def _drops(location: str, target: str, place: Place, situation: Situation) -> Iterator[tuple[str, str]]:
    revisions = {one.name: one for one in _revisions(location, situation)}
    behind = {name for one in revisions.values() for name in one.before}
    heads = [name for name in revisions if name not in behind]
    wanted = [name for name in revisions if name.startswith(target)] if target not in ("head", "heads") else heads
    wanted = wanted or heads
    done = _applied(place)
    # Of a server it cannot be known which ones are applied: the newest at least is to be.
    pending = set(wanted) if done is None else _ancestors(wanted, revisions) - _ancestors(done, revisions)
    for name in sorted(pending):
        for harm in revision_drops(revisions[name].text):
            yield name, harm


def _revisions(location: str, situation: Situation) -> Iterator[Revision]:
    folder = situation.path(os.path.join(location, "versions"))
    if folder is None or not os.path.isdir(folder):
        return
    for name in sorted(os.listdir(folder))[:MOST_REVISIONS]:
        if name.endswith(".py"):
            text = situation.text_of(os.path.join(folder, name)) or ""
            revision, before = REVISION.search(text), DOWN_REVISION.search(text)
            if revision:
                yield Revision(revision[1], tuple(QUOTED.findall(before[1])) if before else (), text)


def _ancestors(names: list[str], revisions: dict[str, Revision]) -> set[str]:
    found: set[str] = set()
    waiting = [name for name in names if name in revisions]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [one for one in revisions[name].before if one in revisions]
    return found


def _applied(place: Place) -> list[str] | None:
    """The revisions that a SQLite file says it has; None of a server, which is not asked."""
    if place.file is None:
        return None
    import sqlite3

    mode = "mode=ro" if os.path.exists(place.file + "-wal") else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"file:{place.file}?{mode}", uri=True, timeout=0.05)
        try:
            return [str(row[0]) for row in connection.execute("SELECT version_num FROM alembic_version")]
        finally:
            connection.close()
    except sqlite3.Error:
        return []


def revision_drops(text: str) -> list[str]:
    """What the function `upgrade` of a revision drops."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: list[str] = []
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("upgrade"):
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    found += [harm for harm in _harms_of(node) if harm not in found]
    return found


def _harms_of(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    words = [str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)]
    if name in ("drop_table", "drop_column"):
        yield f"{name}({', '.join(words)})"
    elif name == "stop_keeping_in_step" and any(keyword.arg == "drop" for keyword in node.keywords):
        yield f"{name}({', '.join(words)}, drop=...)"
    elif name in ("execute", "text", "exec_driver_sql"):
        for word in words:
            yield from read_sql(word).harms
