"""Which migrations can still be changed: what has run somewhere is history, and to find fault with it helps nobody."""

import ast
from collections.abc import Iterable

from audit_engine import Match
from audit_findings import CannotAudit


def files_to_judge(revisions: Iterable[Match], after: str | None) -> set[str]:
    """The files of the migrations after this revision; without one, of the newest."""
    files, before = {}, {}
    for match in revisions:
        name = names_in(match.variables["REVISION"])
        if len(name) == 1:
            files[name[0]] = match.file
            before[name[0]] = names_in(match.variables["BEFORE"])
    if after is None:
        old = {name for names in before.values() for name in names}
    elif after in files:
        old = with_ancestors(after, before)
    else:
        raise CannotAudit(f"[tool.database-audit] migrations-after: there is no revision {after}")
    return {file for name, file in files.items() if name not in old}


def names_in(source: str) -> list[str]:
    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return []
    return [value] if isinstance(value, str) else [str(name) for name in value] if isinstance(value, tuple) else []


def with_ancestors(revision: str, before: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [revision]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += before.get(name, [])
    return found
