"""Findings that somebody wants to keep. Each needs its reason, and one that hides nothing any more is told.

    amount = Column(Float)  # audit: ignore float-money - a measurement, not money

The comment stands on the line of the finding or directly above it. For the whole project: pyproject.toml.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from audit_engine import Match
from audit_findings import Finding
from audit_settings import Settings

COMMENT = re.compile(r"#\s*audit\s*:\s*ignore\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)(?:\s+[-–—]+\s*(?P<reason>.*))?$")
PAGE = "references/audit.md#ignoring-a-finding"


@dataclass(frozen=True)
class Ignore:
    """The rules that one comment lets pass at one place."""

    file: str
    line: int
    alone: bool  # on a line of its own: it speaks of the next one
    rules: tuple[str, ...]

    def covers(self, rule: str, file: str, first: int, last: int) -> bool:
        lines = range(first - self.alone, last + 1)
        return rule in self.rules and file == self.file and self.line in lines


class Ignores:
    def __init__(self, matches: Iterable[Match], settings: Settings, known: Collection[str]) -> None:
        self._settings = settings
        self._known = known
        self._comments: list[Ignore] = []
        self._problems: list[Finding] = []
        self._used: set[Ignore | str] = set()
        for match in matches:
            if match.rule == "audit-comment":
                self._read(match)
        for rule, reason in settings.ignore.items():
            if rule not in known:
                self._problems.append(unknown_rule(rule, "pyproject.toml", 1))
            elif not reason.strip():
                self._problems.append(without_reason("pyproject.toml", 1, f'{rule} = "{reason}"'))

    def _read(self, match: Match) -> None:
        comment = COMMENT.match(match.text)
        if comment is None or not (comment["reason"] or "").strip():
            self._problems.append(without_reason(match.file, match.line, match.text))
            return
        rules = tuple(re.split(r"\s*,\s*", comment["rules"]))
        self._problems += [unknown_rule(rule, match.file, match.line) for rule in rules if rule not in self._known]
        alone = match.code.startswith("#")
        wanted = tuple(rule for rule in rules if rule in self._known)
        self._comments += [Ignore(match.file, match.line, alone, (rule,)) for rule in wanted]

    def remember(self, matches: Iterable[Match | Finding]) -> None:
        """An ignore is in use where its rule matches, also where the settings leave the finding out."""
        for match in matches:
            self._used |= self._over(match.rule, match.file, match.line, match.last_line)
            self._used.add(match.rule)

    def lets_pass(self, finding: Finding) -> bool:
        if self._settings.ignore.get(finding.rule, "").strip():
            return True
        return bool(self._over(finding.rule, finding.file, finding.line, finding.last_line))

    def _over(self, rule: str, file: str, first: int, last: int) -> set[Ignore | str]:
        return {ignore for ignore in self._comments if ignore.covers(rule, file, first, last)}

    def problems(self) -> Iterator[Finding]:
        yield from self._problems
        for ignore in self._comments:
            if ignore not in self._used:
                yield of_nothing(ignore.rules[0], ignore.file, ignore.line)
        for rule, reason in self._settings.ignore.items():
            if rule in self._known and reason.strip() and rule not in self._used:
                yield of_nothing(rule, "pyproject.toml", 1)


def without_reason(file: str, line: int, code: str) -> Finding:
    why = "Nobody can tell later whether it still holds."
    fix = "# audit: ignore RULE - the reason"
    return problem("ignore-without-reason", "An ignore without a reason", why, fix, file, line, code)


def unknown_rule(rule: str, file: str, line: int) -> Finding:
    why = "It lets nothing pass, and may be a slip of the pen."
    fix = "audit.py --rules lists them."
    return problem("ignore-of-unknown-rule", "An ignore of a rule that is none", why, fix, file, line, rule)


def of_nothing(rule: str, file: str, line: int) -> Finding:
    why = "What it was for is gone; the next mistake at this place would be hidden."
    return problem("ignore-of-nothing", "An ignore that ignores nothing", why, "Take it out.", file, line, rule)


def problem(rule: str, message: str, why: str, fix: str, file: str, line: int, code: str) -> Finding:
    return Finding(rule, "warning", message, why, fix, PAGE, file, line, line, code)
