"""Findings as text for people and as JSON for programs."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from audit_findings import SEVERITIES, Finding

WIDTH = 110
PLACES = 5  # of one rule, until --all


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.rule, f.file, f.line, f.where))


def as_text(findings: Sequence[Finding], notes: Sequence[str], *, every_place: bool) -> Iterator[str]:
    for _, group in groupby(ordered(findings), key=lambda finding: (finding.severity, finding.rule)):
        same = list(group)
        yield from rule_as_text(same, len(same) if every_place else PLACES)
        yield ""
    yield from notes
    counted = Counter(finding.severity for finding in findings)
    found = [f"{counted[level]} {level}{'s' * (counted[level] > 1)}" for level in SEVERITIES if counted[level]]
    yield ", ".join(found) or "Nothing found."


def rule_as_text(findings: Sequence[Finding], most: int) -> Iterator[str]:
    first = findings[0]
    yield f"{first.severity} {first.rule}: {first.message}"
    yield from wrapped(f"Why: {first.why}")
    yield from wrapped(f"Fix: {first.fix} ({first.page})")
    for finding in findings[:most]:
        yield f"  {finding.place()}" + (f"  {shortened(finding.code)}" if finding.code else "")
    if len(findings) > most:
        yield f"  and {len(findings) - most} more (--all)"


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent="  ", subsequent_indent="       ", break_long_words=False, break_on_hyphens=False
    )


def shortened(code: str) -> str:
    return code if len(code) <= 80 else f"{code[:77]}..."


def as_json(findings: Iterable[Finding], notes: Sequence[str]) -> str:
    listed = [
        {
            "rule": finding.rule,
            "severity": finding.severity,
            "place": finding.place(),
            "file": finding.file or None,
            "line": finding.line or None,
            "message": finding.message,
            "why": finding.why,
            "fix": finding.fix,
            "page": finding.page,
            "code": finding.code,
        }
        for finding in ordered(findings)
    ]
    return json.dumps({"findings": listed, "notes": list(notes)}, indent=2)
