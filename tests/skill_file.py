"""SKILL.md as the tests read it: its frontmatter and its body.

The frontmatter is YAML, and not all clients read YAML with the same patience. So only the forms that all of them
read alike are understood here: a value on the line of its key, plain or quoted; text below `>-`; one level of map.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

Value = str | dict[str, str]

ENTRY = re.compile(r"(?P<key>[\w-]+):(?: (?P<value>.+))?\n(?P<below>(?: +.+\n)*)")
SPECIAL_IN_YAML = re.compile(r"^[-?:,\[\]{}#&*!|>'\"%@`]|: | #|:$")


@dataclass(frozen=True)
class SkillFile:
    """The two halves of a SKILL.md."""

    frontmatter: dict[str, Value]
    body: str

    @property
    def description(self) -> str:
        """What the client lists."""
        return str(self.frontmatter["description"])


def read_skill(folder: Path) -> SkillFile:
    """Read the SKILL.md of a skill."""
    text = (folder / "SKILL.md").read_text(encoding="utf-8")
    halves = re.fullmatch(r"---\n(.*?)^---\n(.*)", text, re.DOTALL | re.MULTILINE)
    if not halves:
        raise ValueError("SKILL.md must begin with a line ---, the frontmatter and another line ---")
    return SkillFile(_frontmatter(halves[1]), halves[2])


def _frontmatter(text: str) -> dict[str, Value]:
    entries: dict[str, Value] = {}
    place = 0
    while place < len(text):
        entry = ENTRY.match(text, place)
        if not entry:
            raise ValueError(f"SKILL.md: not in a form that every client reads: {text[place:].splitlines()[0]}")
        entries[entry["key"]] = _value(entry["value"], entry["below"])
        place = entry.end()
    return entries


def _value(value: str | None, below: str) -> Value:
    if value is None:
        pairs = (line.strip().split(": ", 1) for line in below.splitlines())
        return {key: _scalar(text) for key, text in pairs}
    if value == ">-":
        return " ".join(below.split())
    return _scalar(value + below)


def _scalar(text: str) -> str:
    if re.fullmatch(r'"(?:[^"\\]|\\.)*"', text):
        return str(json.loads(text))
    if re.fullmatch(r"'(?:[^']|'')*'", text):
        return text[1:-1].replace("''", "'")
    if SPECIAL_IN_YAML.search(text) or "\n" in text:
        raise ValueError(f"SKILL.md: put this in quotes or below >-, every client must read it alike: {text}")
    return text
