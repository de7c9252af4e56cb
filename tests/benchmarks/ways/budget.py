"""The application of this project, through the functions that its command line calls."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import ClassVar, TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks import books, names
from benchmarks.books import Row
from benchmarks.places import Place
from benchmarks.ways.by_hand import ByHand
from benchmarks.ways.way import PAGE, Listed, MonthSpent, Spent
from budget.bank import open_bank_file
from budget.exporting import export_expenses
from budget.importing import import_expenses
from budget.listing import Cursor, Wanted, list_expenses
from budget.models import Expense, User
from budget.periods import Period
from budget.reporting import make_report
from budget.trend import make_trend
from database import create_database_engine, run_transaction, transaction


class BudgetWay:
    NAME: ClassVar[str] = names.BUDGET

    def __init__(self, place: Place) -> None:
        self.place = place
        self.engine = create_database_engine(place.url, statement_timeout=0)
        with transaction(self.engine, read_only=True) as session:
            self.ann = session.get_one(User, place.ann.id)
        self._cursors: dict[int, Cursor] = {}

    def close(self) -> None:
        self.engine.dispose()

    def load(self, rows: Iterable[Row]) -> None:
        raise NotImplementedError("The application takes no clean rows: import_file() brings a bank's file")

    def import_file(self, file: Path) -> int:
        def work(session: Session) -> int:
            return import_expenses(session, session.get_one(User, self.ann.id), open_bank_file(file)).added

        return run_transaction(self.engine, work, statement_timeout=0)

    def count(self) -> int:
        with transaction(self.engine, read_only=True) as session:
            return session.scalar(select(func.count()).select_from(Expense).where(Expense.user_id == self.ann.id)) or 0

    def month(self) -> list[Spent]:
        return self.report(books.MONTH)

    def year(self) -> list[Spent]:
        return self.report(books.YEAR)

    def report(self, period: Period) -> list[Spent]:
        with transaction(self.engine, read_only=True) as session:
            lines = make_report(session, self.ann, period).lines
        return sorted(Spent(line.category, cents(line.spent), optional_cents(line.budget)) for line in lines)

    def trend(self) -> list[MonthSpent]:
        with transaction(self.engine, read_only=True) as session:
            lines = make_trend(session, self.ann, books.YEAR, books.YEAR.next_first).lines
        return [MonthSpent(line.first, cents(line.spent), optional_cents(line.budget)) for line in lines]

    def page(self, number: int) -> list[Listed]:
        return self.listed(Wanted(), None if number == 1 else self.cursor_before(number))

    def cursor_before(self, number: int) -> Cursor:
        if number not in self._cursors:
            with closing(ByHand(self.place)) as way:
                self._cursors[number] = Cursor(way.day((place := way.cursor_before(number))[0]), place[1])
        return self._cursors[number]

    def search(self, words: str) -> list[Listed]:
        return self.listed(Wanted(contains=words))

    def listed(self, wanted: Wanted, after: Cursor | None = None) -> list[Listed]:
        with transaction(self.engine, read_only=True) as session:
            expenses = list_expenses(session, self.ann, wanted, PAGE, after).expenses
        return [Listed(number, spent_on, cents(amount), *rest) for number, spent_on, amount, *rest in expenses]

    def export(self, stream: TextIO) -> int:
        with transaction(self.engine, read_only=True) as session:
            return export_expenses(session, self.ann, stream)

    def delete_user(self) -> None:
        with transaction(self.engine) as session:
            session.delete(session.get_one(User, self.place.ann.id))


def cents(amount: object) -> int:
    return int(str(amount).replace(".", ""))


def optional_cents(amount: object) -> int | None:
    return None if amount is None else cents(amount)
