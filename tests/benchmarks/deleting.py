"""A user goes, and with her all that is hers. One DELETE does it where the foreign keys say ON DELETE CASCADE."""

from collections.abc import Callable, Iterator
from contextlib import closing

from benchmarks.importing import seconds
from benchmarks.places import Place
from benchmarks.races import Result, race
from benchmarks.reading import WAYS
from benchmarks.ways.by_hand import ByHand
from benchmarks.ways.way import Way


def races(filled: Place, rounds: int) -> Iterator[Result]:
    def runner(way: Callable[[Place], Way]) -> Callable[[], float]:
        return lambda: delete(filled, way)

    runners = {way.NAME: runner(way) for way in WAYS}  # type: ignore[attr-defined]
    yield from race("delete a user", filled.database, filled.rows, runners, rounds)


def delete(filled: Place, way: Callable[[Place], Way]) -> float:
    with filled.copy() as place:
        with closing(way(place)) as contender:
            took = seconds(contender.delete_user)
        with closing(ByHand(place)) as look:
            [(left,)] = look.ask("SELECT count(*) FROM expenses WHERE user_id = :user")
            if left:
                raise AssertionError(f"{left:,} expenses of a deleted user are there")
        return took
