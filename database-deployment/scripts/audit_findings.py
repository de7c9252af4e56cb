"""What the parts of the audit share: a finding, and the error that ends the audit."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

SCRIPTS = Path(__file__).resolve().parent
SKILL = SCRIPTS.parent

Severity: TypeAlias = Literal["error", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")


class CannotAudit(Exception):
    """The audit cannot run; the message says what the person has to do."""


@dataclass(frozen=True)
class Finding:
    """One place that breaks one rule. `where` is the line of a file, or a column of the models."""

    rule: str
    severity: Severity
    message: str
    why: str
    fix: str
    page: str  # relative to the skill, with its heading
    file: str = ""
    line: int = 0
    last_line: int = 0
    code: str = ""
    where: str = ""

    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.file else self.where

    def at(self, **changes: Any) -> "Finding":
        return replace(self, **changes)
