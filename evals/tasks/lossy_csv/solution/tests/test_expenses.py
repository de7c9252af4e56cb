import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "expenses.py"


def run(*arguments):
    return subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True)


def test_what_is_added_is_listed():
    run("add", "2026-03-01", "Food", "0.10", "Tea")
    run("add", "2026-03-02", "Food", "0.20", "Tea")
    assert run("total", "2026-03").stdout == "0.30\n"
    assert run("list", "2026-03").stdout.splitlines()[0] == "2026-03-01\tFood\t0.10\tTea"
