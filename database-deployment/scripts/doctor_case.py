"""What the doctor's checks share: the finding, and the examination with its settings, URL and connection."""

import argparse
import importlib.util
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

SKILL = Path(__file__).resolve().parents[1]

Level: TypeAlias = Literal["ok", "hint", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """`id` is stable, for programs; `seen` and `fix` are for people."""

    id: str
    level: Level
    seen: str
    fix: str = ""


Findings: TypeAlias = Iterator[Finding]


class Examination:
    """The first checks fill in the settings, the URL and the connection; the later ones use them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.module = load_database_module()
        self.settings: dict[str, str] = {}
        self.url: Any = None
        self.connection: Any = None
        self._ends_at: float = time.monotonic() + options.timeout

    def backend(self) -> str | None:
        return None if self.url is None else str(self.url.get_backend_name())

    def seconds_left(self) -> float:
        return max(self._ends_at - time.monotonic(), 1)

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query; on PostgreSQL in a transaction of its own, which cannot write and waits for nobody."""
        if isinstance(self.connection, sqlite3.Connection):
            return self.connection.execute(statement, parameters).fetchall()
        try:
            with self.connection.cursor() as cursor:
                # SET LOCAL, because a pooler would hand a plain SET on to the next client.
                limits = f"SET LOCAL statement_timeout = {self.seconds_left() * 500:.0f}; SET LOCAL lock_timeout = 500"
                cursor.execute(f"{limits}; {statement}", parameters or None)
                found: list[tuple[Any, ...]] = cursor.fetchall()
                return found
        finally:
            self.connection.rollback()


def load_database_module() -> Any:
    """examples/database.py under a name of its own: a module `database` of the project stays untouched."""
    spec = importlib.util.spec_from_file_location("database_of_the_skill", SKILL / "examples" / "database.py")
    if spec is None or spec.loader is None:
        raise ImportError("examples/database.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def some(things: Sequence[object], most: int = 5) -> str:
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(str(thing) for thing in things[:most]) + more
