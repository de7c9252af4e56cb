"""What the application promises itself, and which figure decides whether it keeps it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from benchmarks.names import AT_ONCE, BUDGET
from benchmarks.races import Result


@dataclass(frozen=True)
class Goal:
    words: str
    contests: tuple[str, ...]  # how their names begin
    most: float
    of: str = "ratio"  # or "median", or "round_trips"
    contender: str = BUDGET

    @property
    def key(self) -> str:
        return f"{self.contests} {self.of} {self.contender}"

    def figures(self, results: Iterable[Result]) -> Iterator[tuple[Result, float]]:
        for result in results:
            if result.contender == self.contender and result.contest.startswith(self.contests):
                yield result, getattr(result, self.of)


GOALS = [
    Goal("import: 2 times the limit", ("import",), 2.0),
    Goal("its memory: 100 MB", ("memory of an import",), 100, "median"),
    Goal("report of a month: 1.2 times by hand", ("report of a month",), 1.2),
    Goal("report of a year: 1.2", ("report of a year",), 1.2),
    Goal("trend: 1.2", ("trend",), 1.2),
    Goal("page 5,000: 1.2 times page 1", ("page by page",), 1.2, contender="deep page"),
    Goal("search, found at once: 1.5 times by hand", ("search: in each",), 1.5),
    Goal("search through all: 1.5", ("search: in one",), 1.5),
    Goal("export: 1.5 times by hand", ("export",), 1.5),
    Goal("its memory: 100 MB", ("memory of an export",), 100, "median"),
    Goal("a user of 100,000 expenses goes: 1.2 times one DELETE", ("delete",), 1.2),
    Goal("a single add: 5 round trips", ("20 ms: add",), 5, "round_trips"),
    Goal("200 changed rows: 6 round trips", ("20 ms: change",), 6, "round_trips"),
    Goal("transfers of 32 threads: 1.25 times by hand", ("1,280 transfers",), 1.25),
    Goal("the same in one statement: 1.25", ("1,280 transfers",), 1.25, contender=AT_ONCE),
    Goal("`list`, a whole process: 0.5 s", ("start of a program",), 0.5, "median", "budget-tracker.py list"),
]


@dataclass(frozen=True)
class Outcome:
    """One goal on one database; the figures by the number of rows, and of several contests the worst."""

    goal: Goal
    database: str
    figures: dict[int, float]

    @property
    def is_met(self) -> bool:
        """Where there are most rows."""
        return self.figures[max(self.figures)] <= self.goal.most


def outcomes(results: list[Result]) -> Iterator[Outcome]:
    for goal in GOALS:
        found = sorted(goal.figures(results), key=lambda figure: figure[0].database, reverse=True)
        for database, figures in groupby(found, key=lambda figure: figure[0].database):
            worst: dict[int, float] = {}
            for result, figure in figures:
                worst[result.rows] = max(figure, worst.get(result.rows, 0))
            yield Outcome(goal, database, worst)
