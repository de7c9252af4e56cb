"""What every contender can do. Amounts in the answers are cents, so that they can be compared."""

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, NamedTuple, Protocol, TextIO

from benchmarks.books import Row
from benchmarks.places import Place

PAGE = 20


class Spent(NamedTuple):
    category: str
    spent: int
    budget: int | None


class MonthSpent(NamedTuple):
    month: date
    spent: int
    budget: int | None


class Listed(NamedTuple):
    number: int
    spent_on: date
    amount: int
    category: str
    description: str
    account: str


class Way(Protocol):
    NAME: ClassVar[str]

    def __init__(self, place: Place) -> None: ...

    def close(self) -> None: ...

    def load(self, rows: Iterable[Row]) -> None:
        """Save clean rows, all or nothing."""

    def month(self) -> list[Spent]:
        """Every category of Ann's in books.MONTH, by name."""

    def year(self) -> list[Spent]:
        """The same for books.YEAR."""

    def trend(self) -> list[MonthSpent]:
        """Each month of books.YEAR."""

    def page(self, number: int) -> list[Listed]:
        """So many expenses of Ann's, the newest first: page 1, or one far behind."""

    def search(self, words: str) -> list[Listed]:
        """The first page of the expenses with these words, whatever their capitals."""

    def export(self, stream: TextIO) -> int:
        """All of Ann's expenses as CSV; how many."""

    def delete_user(self) -> None:
        """Ann, and all that is hers."""
