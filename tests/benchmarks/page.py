"""Writes what was measured into references/performance.md: the tables between its markers, and the chart.

    python tests/benchmarks/page.py

The figures are the medians of the runs in tests/benchmarks/results/. A test compares the page with them.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKILL = HERE.parents[1] / "database-deployment"
if __name__ == "__main__":
    sys.path[:1] = [str(HERE.parent), str(SKILL / "examples"), str(SKILL / "scripts")]

from benchmarks import chart  # noqa: E402
from benchmarks.goals import Outcome, outcomes  # noqa: E402
from benchmarks.names import ADVICE, BUDGET, BY_HAND, DJANGO, OBVIOUS, PEEWEE  # noqa: E402
from benchmarks.races import Result  # noqa: E402
from benchmarks.results import of_all_runs, runs  # noqa: E402

PAGE = SKILL / "references" / "performance.md"
CHART = SKILL / "references" / "performance.svg"
DATABASES = ("SQLite", "PostgreSQL")
OTHERS = (BUDGET, OBVIOUS, DJANGO, PEEWEE)
COMPARED = 100_000  # rows: the greatest number at which all contenders did all of it

NOT_COMPARED = ("memory", "20 ms", "page 1", "search: in each")  # the last two are like a page far behind


def written(page: str, results: list[Result]) -> str:
    """The page with the tables of these figures."""
    tables = {
        "goals": f"{goals(results)}\n\n{undecided(runs())}",
        "contenders": contenders(results),
        "network": network(results),
        "advice": advice(results),
    }
    for name, table in tables.items():
        begin, end = f"<!-- measured: {name} -->\n", "<!-- end -->"
        count = page.count(begin)
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{table}\n\n{end}{rest.partition(end)[2]}"
        if count != 1:
            raise ValueError(f"The page has the marker `measured: {name}` {count} times")
    return page


def goals(results: list[Result]) -> str:
    by_goal: defaultdict[str, dict[str, Outcome]] = defaultdict(dict)
    for outcome in outcomes(results):
        by_goal[outcome.goal.key][outcome.database] = outcome
    lines = []
    for found in by_goal.values():
        words = next(iter(found.values())).goal.words
        lines.append([words, *(figures(found[each]) if each in found else "" for each in DATABASES)])
    return table(["Goal", *DATABASES], lines)


def undecided(runs: list[list[Result]]) -> str:
    """The goals that not every run met or missed, each with its range where there are most rows."""
    last: defaultdict[str, list[float]] = defaultdict(list)
    answers: defaultdict[str, set[bool]] = defaultdict(set)
    for outcome in (outcome for run in runs for outcome in outcomes(run)):
        name = f"{outcome.goal.words.partition(':')[0]} on {outcome.database}"
        last[name].append(outcome.figures[max(outcome.figures)])
        answers[name].add(outcome.is_met)
    found = [f"{name} ({min(last[name]):.2f} to {max(last[name]):.2f})" for name in last if len(answers[name]) == 2]
    return f"Met in some runs and missed in others: {', '.join(found) or 'none'}."


def figures(outcome: Outcome) -> str:
    """From few rows to many; the last one decides."""
    found = [figure for _, figure in sorted(outcome.figures.items())]
    form = ".0f" if outcome.goal.of == "round_trips" or outcome.goal.most >= 100 else ".2f"
    return f"{' / '.join(format(figure, form) for figure in found)}, {'met' if outcome.is_met else '**not met**'}"


def contenders(results: list[Result]) -> str:
    """Ratios to SQL by hand."""
    found = {(each.contest, each.database, each.contender): each for each in results if each.rows == COMPARED}
    contests = dict.fromkeys(contest for contest, _, contender in found if contender == BUDGET)
    lines = []
    for contest in contests:
        if contest.startswith(NOT_COMPARED):
            continue
        cells = []
        for contender in OTHERS:
            pair = [found.get((contest, database, contender)) for database in DATABASES]
            cells.append(" / ".join(ratio(each.ratio) for each in pair if each))
        lines.append([contest, *cells])
    return table(["100,000 rows", *OTHERS], lines)


def network(results: list[Result]) -> str:
    lines = []
    found = {(each.contest, each.contender): each for each in results if each.contest.startswith("20 ms")}
    for contest in dict.fromkeys(contest for contest, _ in found):
        cells = (found[contest, contender] for contender in (BY_HAND, BUDGET, OBVIOUS))
        lines.append(
            [contest.removeprefix("20 ms: "), *(f"{each.round_trips}, {1000 * each.median:,.0f} ms" for each in cells)]
        )
    return table(["Round trips, time", BY_HAND, BUDGET, OBVIOUS], lines)


def advice(results: list[Result]) -> str:
    """Ratios to doing without it, SQLite / PostgreSQL where it is for both."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in sorted(results, key=lambda each: each.database, reverse=True):
        if each.contest in ADVICE and each.contender != ADVICE[each.contest]:
            found[f"{each.contest}: {each.contender}"].append(ratio(each.ratio))
    return table(["100,000 rows", "Time beside without"], ([words, " / ".join(each)] for words, each in found.items()))


def ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def table(header: list[str], lines: Iterable[list[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    results = of_all_runs()
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    chart.draw(results, CHART)


if __name__ == "__main__":
    main()
