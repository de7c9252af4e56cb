"""A copy of database-deployment/ alone, in an empty folder and without this repository, does what it says."""

import json
import shutil
from pathlib import Path

import pytest

from page_links import broken_links
from pages import read_page
from running import RunPython
from tracker import PROGRAM

SKILL = PROGRAM.parents[1]


@pytest.fixture
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("elsewhere") / "database-deployment"
    caches = shutil.ignore_patterns("__pycache__", "*.db", "*.db-*", ".mypy_cache", ".ruff_cache")
    shutil.copytree(SKILL, target, ignore=caches)
    return target


@pytest.mark.slow
def test_every_script_runs_or_explains_itself(copied: Path, run_python: RunPython) -> None:
    printed = {}
    for script in sorted([*(copied / "examples").glob("*.py"), *(copied / "scripts").glob("*.py")]):
        needs_help = "argparse" in script.read_text("utf-8") or "typer" in script.read_text("utf-8")
        ended = run_python(script, *(["--help"] if needs_help else []))
        assert (ended.returncode, ended.stderr) == (0, ""), script.name
        printed[script.name] = ended.stdout
    assert printed["simple-expense.py"] == "<Expense(description='Test', amount=$10.00)>\n"
    assert "Usage: budget-tracker.py" in printed["budget-tracker.py"]


@pytest.mark.slow
def test_the_budget_tracker_works_from_a_copy(copied: Path, run_python: RunPython, database_url: str) -> None:
    program, sample = copied / "examples" / "budget-tracker.py", copied / "examples/budget/sample/cash-and-app.csv"
    for arguments in (["migrate"], ["import", str(sample)], ["report", "--year", "2025", "--json"]):
        ended = run_python(program, *arguments, database_url=database_url)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["total"]["spent"] == "2942.85"


def test_the_links_of_a_copy_hold(copied: Path) -> None:
    pages = sorted(copied.rglob("*.md"))
    assert len(pages) >= 3
    assert [problem for page in pages for problem in broken_links(read_page(page, home=copied))] == []
