"""From what the engine matched to findings: which rule applies to which file of this project."""

import re
from collections.abc import Iterable
from typing import cast

from audit_engine import Match
from audit_findings import Finding, Severity
from audit_settings import Settings

FACT = "info"  # the severity of a rule in rules/facts: it says something about the project
TESTS = re.compile(r"(?:^|/)(?:(?:tests?|testing)/|(?:conftest|tests|test_[^/]*|[^/]*_test)\.py$)")
SCRIPTS = re.compile(r"(?:^|/)(?:scripts?|tools?|examples?|docs?|bin|dev|benchmarks?|demos?|samples?|notebooks)/")


class Project:
    """What the matches say about all of it."""

    def __init__(self, matches: Iterable[Match], settings: Settings) -> None:
        self.matches = list(matches)
        self.settings = settings
        self.revisions = [match for match in self.matches if match.rule == "alembic-revision"]
        self._migrations = {match.file for match in self.revisions}
        facts = [match for match in self.matches if match.severity == FACT and self._counts(match)]
        self._facts = {match.rule for match in facts}
        self._said = {(match.rule, name, value) for match in facts for name, value in match.variables.items()}

    def kind(self, file: str) -> str:
        if file in self._migrations:
            return "migrations"
        if TESTS.search(file):
            return "tests"
        return "scripts" if SCRIPTS.search(file) else "code"

    def _counts(self, match: Match) -> bool:
        if match.rule == "tests-on-postgresql":
            return self.kind(match.file) == "tests"
        return match.rule != "sqlite-address" or self.kind(match.file) == "code"

    def _applies(self, match: Match) -> bool:
        conditions = match.metadata
        return (
            self.kind(match.file) in re.split(r",\s*", conditions.get("in", "code, scripts"))
            and self._runs_on(conditions.get("database"), match.file)
            and conditions.get("unless") not in self._facts
            and self._goes_with(match, conditions.get("only-with"))
        )

    def _goes_with(self, match: Match, needed: str | None) -> bool:
        """`fact`: it is somewhere in the project. `fact.NAME`: it speaks of what this match calls NAME."""
        if needed is None:
            return True
        fact, _, name = needed.partition(".")
        return (fact, name, match.variables.get(name)) in self._said if name else fact in self._facts

    def _runs_on(self, database: str | None, file: str) -> bool:
        if database is None:
            return True
        if database == "postgresql" and "/sqlite/" in f"/{file}":
            return False  # migrations for each database
        if self.settings.database is not None:
            return database == self.settings.database
        return database == "postgresql" or "sqlite-address" in self._facts

    def findings(self) -> list[Finding]:
        found = {(m.rule, m.file, m.line, m.text): m for m in self.matches if m.severity != FACT and self._applies(m)}
        return [as_finding(match) for match in found.values()]


def as_finding(match: Match) -> Finding:
    return Finding(
        match.rule,
        cast(Severity, match.severity),
        match.message,
        match.note,
        match.metadata["fix"],
        match.metadata["page"],
        match.file,
        match.line,
        match.last_line,
        match.code,
    )
