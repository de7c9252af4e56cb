"""[tool.database-audit] of the project's pyproject.toml.

[tool.database-audit]
database = "postgresql"            # or "sqlite": where the program runs; without it both are thought of
exclude = ["legacy/**"]
migrations-after = "0042"          # what has run everywhere; without it only the newest migration is looked at

[tool.database-audit.ignore]
offset-pages = "The lists of the back office have three pages."
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit_findings import CannotAudit

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Settings:
    database: str | None = None
    exclude: tuple[str, ...] = ()
    migrations_after: str | None = None
    ignore: Mapping[str, str] = field(default_factory=dict)


def find_root(paths: list[Path]) -> Path:
    """The folder of the nearest pyproject.toml or repository above the first path, or the current folder."""
    first = paths[0].resolve()
    for folder in (first, *first.parents):
        if (folder / "pyproject.toml").is_file() or (folder / ".git").exists():
            return folder
    here = Path.cwd()
    return here if first.is_relative_to(here) else first if first.is_dir() else first.parent


def read_settings(root: Path) -> Settings:
    file = root / "pyproject.toml"
    if not file.is_file():
        return Settings()
    try:
        table = tomllib.loads(file.read_text("utf-8")).get("tool", {}).get("database-audit", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotAudit(f"{file.name} cannot be read: {error}") from error
    return checked(dict(table))


def checked(table: dict[str, Any]) -> Settings:
    known = {"database", "exclude", "migrations-after", "ignore"}
    if unknown := sorted(table.keys() - known):
        raise CannotAudit(f"[tool.database-audit] knows no {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    database, exclude, after = table.get("database"), table.get("exclude", []), table.get("migrations-after")
    ignore = table.get("ignore", {})
    if database not in (None, *DATABASES):
        raise CannotAudit(f'[tool.database-audit] database is "sqlite" or "postgresql", not {database!r}')
    if not isinstance(exclude, list) or not all(isinstance(pattern, str) for pattern in exclude):
        raise CannotAudit('[tool.database-audit] exclude is a list of patterns, such as ["legacy/**"]')
    if not isinstance(after, str | None):
        raise CannotAudit('[tool.database-audit] migrations-after is the name of a revision, such as "0042"')
    if not isinstance(ignore, dict) or not all(isinstance(reason, str) for reason in ignore.values()):
        raise CannotAudit('[tool.database-audit.ignore] has lines such as: offset-pages = "the reason"')
    return Settings(database, tuple(exclude), after, ignore)
