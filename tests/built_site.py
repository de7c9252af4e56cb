"""The site, built from a copy of the project, in which files lie about that a busy folder may hold."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from pages import ROOT, SKILLS
from requirement import missing

SKILL, TEACHER = SKILLS
LESSONS: list[dict[str, Any]] = tomllib.loads((TEACHER / "lessons.toml").read_text(encoding="utf-8"))["lesson"]
SOURCES = ("mkdocs.yml", "docs_hook.py", "README.md", "pyproject.toml", ".ci", "website", "tests")
STRAYS = [
    "budget.db",
    "examples/budget.db-wal",
    "examples/budget.sqlite3",
    "examples/report.png",
    "examples/README.md",
    "examples/.env",
    "examples/__pycache__/left.py",
    "examples/budget/__pycache__/left.py",
    "examples/budget/sample/left.csv",
    "examples/budget/migrations/README.md",
]
HOME_LINKS = """
[an example](database-deployment/examples/simple-expense.py), [the entry](database-deployment/SKILL.md),
[the settings](pyproject.toml), [a sample](database-deployment/examples/budget/sample/left.csv)
"""


def copy_project(folder: Path) -> Path:
    for name in (*SOURCES, *(skill.relative_to(ROOT).as_posix() for skill in SKILLS)):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def leave_strays(project: Path) -> None:
    for stray in STRAYS:
        path = project / SKILL.name / stray
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"stray")
    with (project / "README.md").open("a", encoding="utf-8") as readme:
        readme.write(HOME_LINKS)


def build(project: Path) -> subprocess.CompletedProcess[str]:
    """A strict build, into the folder `site` of the project."""
    if not all(importlib.util.find_spec(module) for module in ("mkdocs", "material")):
        missing("mkdocs with the theme material")
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=project,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "SITE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def build_site(folder: Path) -> Path:
    project = copy_project(folder)
    leave_strays(project)
    done = build(project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "site"
