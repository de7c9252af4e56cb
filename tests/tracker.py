"""Runs a command of the budget tracker in this process, as a terminal would: what it prints, and its exit code."""

import contextlib
import io
import runpy
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import budget

PROGRAM = Path(budget.__file__).parents[1] / "budget-tracker.py"
SAMPLE = PROGRAM.parent / "budget" / "sample"


@cache
def program() -> dict[str, Any]:
    """The command line, compiled once: hundreds of tests use it."""
    return runpy.run_path(str(PROGRAM), run_name="budget_tracker")


@dataclass(frozen=True)
class Ended:
    out: str
    err: str
    code: int


@dataclass(frozen=True)
class Tracker:
    """The budget tracker on one database, by default for its default user."""

    url: str
    user: str | None = None

    def __call__(self, *arguments: str | Path) -> Ended:
        """What the command did; it may have failed."""
        by_user = ["--user", self.user] if self.user else []
        out, err = io.StringIO(), io.StringIO()
        module = program()
        module["tracker"].url, module["tracker"].email = None, module["Tracker"].email
        with (
            patch.dict("os.environ", {"DATABASE_URL": self.url}),
            patch.object(sys, "argv", ["budget-tracker.py", *by_user, *map(str, arguments)]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                module["main"]()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        return Ended(out.getvalue(), err.getvalue(), code)

    def ok(self, *arguments: str | Path) -> str:
        """What the command printed; it must not fail."""
        ended = self(*arguments)
        assert (ended.code, ended.err) == (0, ""), ended
        return ended.out

    def refused(self, *arguments: str | Path) -> str:
        """What the command said when it failed: one to three lines, no traceback."""
        ended = self(*arguments)
        assert ended.code != 0, ended
        assert "Traceback" not in ended.err
        assert 0 < len(ended.err.strip().splitlines()) <= 13, ended.err
        return ended.err
