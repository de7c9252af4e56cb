"""Side by side: in each round every contender does the same once, and what counts is its ratio to the yardstick."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

SHORTEST = 0.05  # seconds: what is quicker is done again and again


@dataclass(frozen=True)
class Result:
    contest: str
    database: str
    rows: int
    contender: str
    median: float  # of the rounds, in `unit`
    ratio: float  # median of the rounds' ratios to the first contender
    unit: str = "s"
    round_trips: int | None = None  # to the server, counted where they pass


def timed(work: Callable[[], object]) -> float:
    """Seconds for a call."""
    began, calls = time.perf_counter(), 0
    while True:
        work()
        calls += 1
        if (took := time.perf_counter() - began) >= SHORTEST:
            return took / calls


def race(
    contest: str,
    database: str,
    rows: int,
    runners: Mapping[str, Callable[[], float]],
    rounds: int,
    round_trips: Mapping[str, int] | None = None,
) -> list[Result]:
    """The first runner is the yardstick. A runner answers how many seconds it took, without its preparations."""
    names, taken = list(runners), {name: list[float]() for name in runners}
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            gc.collect()
            taken[name].append(runners[name]())
    yardstick = taken[names[0]]
    return [
        Result(
            contest,
            database,
            rows,
            name,
            median=median(taken[name]),
            ratio=median(one / other for one, other in zip(taken[name], yardstick, strict=True)),
            round_trips=(round_trips or {}).get(name),
        )
        for name in names
    ]
