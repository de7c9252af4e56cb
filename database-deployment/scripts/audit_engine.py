"""The pattern engine: ast-grep reads the files, and what the rules match comes back. Nothing of the project is run."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit_findings import SCRIPTS, CannotAudit

RULES = SCRIPTS / "rules"
REQUIREMENT = "ast-grep-cli>=0.51.1,<0.52"
NEVER = (
    ".venv",
    "venv",
    "env",
    "site-packages",
    "node_modules",
    "__pycache__",
    ".git",
    ".tox",
    ".nox",
    "build",
    "dist",
)


@dataclass(frozen=True)
class Match:
    rule: str
    severity: str
    message: str
    note: str
    metadata: dict[str, Any]
    file: str  # relative to the root
    line: int  # counted from 1
    last_line: int
    code: str  # the first line of what was matched
    text: str
    variables: dict[str, str]


@dataclass(frozen=True)
class Scan:
    matches: list[Match]
    files: list[str]  # of Python, also those that are empty or cannot be read; relative to the root
    not_read: list[str]  # those that cannot, with the engine's reason


def rule_names() -> set[str]:
    return {file.stem for file in RULES.glob("*.yml")}


def scan(root: Path, paths: Sequence[Path], exclude: Sequence[str] = ()) -> Scan:
    globs = [f"!**/{name}/**" for name in NEVER] + [f"!{pattern}" for pattern in exclude]
    command = [engine(), "scan", "--config", str(SCRIPTS / "sgconfig.yml")]
    command += ["--json=stream", "--include-metadata", "--inspect=entity", "--color=never"]
    command += [f"--globs={glob}" for glob in globs]
    ended = subprocess.run(
        [*command, *(os.path.relpath(path, root) for path in paths)],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    # The engine ends with 1 when a rule of severity error has matched.
    if ended.returncode not in (0, 1) or "scannedFileCount=" not in ended.stderr:
        said = " ".join(line for line in ended.stderr.splitlines() if not line.startswith("sg: "))
        raise CannotAudit(f"the engine says: {said[:500]}")
    # A file that is named as a path is scanned in its own language, and no rule is for that.
    read = re.findall(r"^sg: entity\|file\|(.*): language=Python,", ended.stderr, re.M)
    skipped = re.findall(r"^sg: entity\|file\|(.*\.pyi?): skipped=(\w+)$", ended.stderr, re.M)
    files = [Path(file).as_posix() for file in [*read, *(file for file, _ in skipped)]]
    not_read = [f"{file} ({reason})" for file, reason in skipped if reason != "emptyFile"]
    return Scan([read_match(line) for line in ended.stdout.splitlines()], files, not_read)


def engine() -> str:
    """The program of the wheel: beside this Python first, because its folder need not be on PATH."""
    places = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    found = shutil.which("ast-grep", path=os.pathsep.join(places))
    if found is None:
        raise CannotAudit(f'first run: {sys.executable} -m pip install "{REQUIREMENT}"')
    return found


def read_match(line: str) -> Match:
    said = json.loads(line)
    first, last = said["range"]["start"]["line"], said["range"]["end"]["line"]
    variables = said.get("metaVariables", {}).get("single", {})
    return Match(
        rule=said["ruleId"],
        severity=said["severity"],
        message=said["message"],
        note=said.get("note") or "",
        metadata=said.get("metadata") or {},
        file=Path(said["file"]).as_posix(),
        line=first + 1,
        last_line=last + 1,
        code=said["lines"].strip().partition("\n")[0].strip(),
        text=said["text"],
        variables={name: value["text"] for name, value in variables.items()},
    )
