"""tests/benchmarks: it runs, its contenders agree, and what the page shows is what was measured."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import goals, page, results
from benchmarks.races import Result, race

HERE = Path(__file__).resolve().parent
RUNS = sorted(results.FOLDER.glob("*.json"))


def test_the_page_shows_what_was_measured() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.written(text, results.of_all_runs()) == text


def test_three_runs_are_kept_and_each_measured_the_same() -> None:
    assert len(RUNS) >= 3
    measured = [
        {(one.contest, one.database, one.rows, one.contender) for one in results.load(run.stem)} for run in RUNS
    ]
    assert all(each == measured[0] for each in measured)


def test_each_goal_is_measured_on_each_database_that_it_is_about() -> None:
    found = {(outcome.goal.key, outcome.database) for outcome in goals.outcomes(results.of_all_runs())}
    on_server_only = ("20 ms", "1,280")
    assert found == {
        (goal.key, database)
        for goal in goals.GOALS
        for database in ("SQLite", "PostgreSQL")
        if database == "PostgreSQL" or not goal.contests[0].startswith(on_server_only)
    }


def test_a_goal_that_is_missed_is_said_to_be() -> None:
    export = next(goal for goal in goals.GOALS if goal.contests == ("export",))
    slow = Result("export", "SQLite", 10, export.contender, median=2.0, ratio=export.most + 0.01)
    [outcome] = goals.outcomes([slow])
    assert not outcome.is_met
    assert "**not met**" in page.figures(outcome)


def test_the_ratio_is_that_of_the_round_and_not_of_the_medians() -> None:
    seconds = {"one": iter([1.0, 10.0, 2.0]), "other": iter([2.0, 20.0, 8.0])}
    one, other = race("", "", 0, {name: lambda of=name: next(seconds[of]) for name in seconds}, rounds=3)  # type: ignore[misc]
    assert (one.ratio, one.median) == (1, 2)
    assert (other.ratio, other.median) == (2, 8)


def test_sqlalchemy_adds_up_to_three_milliseconds_to_a_query_of_few_rows() -> None:
    seconds = {(one.contest, one.database, one.rows, one.contender): one.median for one in results.of_all_runs()}
    added = [
        budget - seconds[contest, database, rows, "by hand"]
        for (contest, database, rows, contender), budget in seconds.items()
        if contest in ("page 1", "report of a month") and contender == "budget"
    ]
    assert len(added) == 12
    assert 0.0003 < min(added) < max(added) < 0.003


@pytest.mark.slow
def test_it_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "benchmarks" / "measure.py"), "--rows", "2000", "--rounds", "1"],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    contests = {one.contest for one in results.of_all_runs()}
    for contest in contests:
        assert re.sub(r"page [\d,]+$", "page 50", contest) in done.stdout, contest
