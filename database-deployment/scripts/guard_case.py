"""What all rules of the guard share: a call, a finding, the safer ways, and how arguments are read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from guard_situation import Situation
from guard_sql import UNKNOWN

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


def option_names(args: list[str]) -> list[str]:
    return [arg.partition("=")[0] for arg in args]


def options_of(args: list[str], short: str, long: dict[str, bool]) -> tuple[list[tuple[str, str]], list[str]]:
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
