"""The figures: shown while they come in, kept as JSON, and of several runs the median."""

import json
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

from benchmarks.goals import outcomes
from benchmarks.races import Result

FOLDER = Path(__file__).resolve().parent / "results"


def show(result: Result, before: Result | None) -> None:
    """A line for each contest, and below it one for each contender."""
    contest = (result.contest, result.database, result.rows)
    if before is None or contest != (before.contest, before.database, before.rows):
        rows = f", {result.rows:,} rows" if result.rows else ""
        print(f"\n{result.contest} ({result.database}{rows})")
    trips = "" if result.round_trips is None else f"{result.round_trips:>6} round trips"
    print(f"  {result.contender:<38}{in_words(result):>10}{result.ratio:>9.2f}{trips}", flush=True)


def in_words(result: Result) -> str:
    if result.unit == "MB":
        return f"{result.median:,.0f} MB"
    return f"{result.median:,.2f} s" if result.median >= 1 else f"{1000 * result.median:,.2f} ms"


def show_goals(results: list[Result]) -> None:
    print()
    for outcome in outcomes(results):
        figures = ", ".join(f"{figure:.2f}" for _, figure in sorted(outcome.figures.items()))
        met = "met" if outcome.is_met else "NOT MET"
        print(f"{met:<8}{outcome.database:<12}{outcome.goal.words}: {figures}")


def save(results: list[Result], name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(result)) for result in results)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def load(name: str) -> list[Result]:
    return [Result(**line) for line in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))]


def runs() -> list[list[Result]]:
    return [load(path.stem) for path in sorted(FOLDER.glob("*.json"))]


def of_all_runs() -> list[Result]:
    """The median of the runs that are kept."""
    found: defaultdict[tuple[str, str, int, str], list[Result]] = defaultdict(list)
    for run in runs():
        for result in run:
            found[result.contest, result.database, result.rows, result.contender].append(result)
    return [
        replace(each[0], median=median(one.median for one in each), ratio=median(one.ratio for one in each))
        for each in found.values()
    ]
