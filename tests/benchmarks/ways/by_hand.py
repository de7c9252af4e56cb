"""SQL by hand on the raw driver, with each trick of the database: the yardstick of the others."""

import csv
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, ClassVar, TextIO

import psycopg2

from benchmarks import books, names
from benchmarks.books import COLUMNS, Row, batches
from benchmarks.places import Place
from benchmarks.ways.way import PAGE, Listed, MonthSpent, Spent
from budget.periods import Period, month_after
from local_postgres import libpq_url

REPORT = """
    SELECT categories.name, coalesce(spent.amount, 0), planned.amount
    FROM categories
    LEFT JOIN (
        SELECT category_id, sum(amount) AS amount FROM expenses
        WHERE user_id = :user AND spent_on >= :first AND spent_on < :next GROUP BY category_id
    ) AS spent ON spent.category_id = categories.id
    LEFT JOIN (
        SELECT category_id, sum(amount) AS amount FROM budgets
        WHERE user_id = :user AND month >= :first AND month < :next GROUP BY category_id
    ) AS planned ON planned.category_id = categories.id
    WHERE categories.user_id = :user
    ORDER BY categories.name"""
TREND = """
    WITH months (first, next) AS (VALUES {months})
    SELECT months.first,
        (SELECT sum(amount) FROM expenses
         WHERE user_id = :user AND spent_on >= months.first AND spent_on < months.next),
        (SELECT sum(amount) FROM budgets WHERE user_id = :user AND month = months.first),
        (SELECT sum(amount) FROM expenses
         WHERE user_id = :user AND spent_on >= months.first AND spent_on < months.next AND NOT EXISTS (
            SELECT 1 FROM budgets
            WHERE user_id = :user AND month = months.first AND budgets.category_id = expenses.category_id)),
        (SELECT min(spent_on) FROM expenses WHERE user_id = :user)
    FROM months ORDER BY months.first"""
LISTED = """
    SELECT expenses.id, spent_on, amount, categories.name, description, account
    FROM expenses JOIN categories ON categories.id = category_id
    WHERE expenses.user_id = :user {condition}
    ORDER BY spent_on DESC, expenses.id DESC LIMIT :limit"""
EXPORTED = """
    SELECT spent_on, description, categories.name, amount, account, fingerprint
    FROM expenses JOIN categories ON categories.id = category_id
    WHERE expenses.user_id = :user ORDER BY spent_on, expenses.id"""
PLACEHOLDER = re.compile(r"(?<!:):(\w+)")


class ByHand:
    NAME: ClassVar[str] = names.BY_HAND

    def __init__(self, place: Place) -> None:
        self.place = place
        self.on_sqlite = place.server is None
        self.connection: Any = sqlite_connection(place) if self.on_sqlite else psycopg2.connect(libpq_url(place.url))
        self._cursors: dict[int, tuple[date | str, int]] = {}

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[Any]:
        """The driver of PostgreSQL begins by itself."""
        cursor = self.connection.cursor()
        if self.on_sqlite:
            cursor.execute(begin)
        yield cursor
        self.connection.commit()

    def ask(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.transaction() as cursor:
            cursor.execute(*self.prepared(statement, values))
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def prepared(self, statement: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        values = {"user": self.place.ann.id, **values}
        if self.on_sqlite:
            return statement, {name: str(value) if isinstance(value, date) else value for name, value in values.items()}
        return PLACEHOLDER.sub(r"%(\1)s", statement.replace("%", "%%")), values

    def day(self, value: Any) -> date:
        return date.fromisoformat(value) if self.on_sqlite else value

    def load(self, rows: Iterable[Row]) -> None:
        if self.on_sqlite:
            self.connection.execute("PRAGMA cache_size = -65536")  # as the import has it: 64 MB
        with self.transaction("BEGIN IMMEDIATE") as cursor:
            if self.on_sqlite:
                places = ", ".join("?" * len(COLUMNS))
                cursor.executemany(
                    f"INSERT INTO expenses ({', '.join(COLUMNS)}) VALUES ({places})",
                    ((*row[:6], str(row.spent_on), *row[7:]) for row in rows),
                )
            else:
                cursor.copy_expert(f"COPY expenses ({', '.join(COLUMNS)}) FROM STDIN", Lines(rows))

    def tidy(self) -> None:
        """What the database does by itself some time after many rows came in."""
        if self.on_sqlite:
            self.connection.execute("ANALYZE")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            self.connection.autocommit = True
            self.connection.cursor().execute("VACUUM (ANALYZE)")
            self.connection.autocommit = False

    def month(self) -> list[Spent]:
        return self.report(books.MONTH)

    def year(self) -> list[Spent]:
        return self.report(books.YEAR)

    def report(self, period: Period) -> list[Spent]:
        rows = self.ask(REPORT, first=period.first, next=period.next_first)
        return [Spent(name, int(spent), None if budget is None else int(budget)) for name, spent, budget in rows]

    def trend(self) -> list[MonthSpent]:
        form = "('{}', '{}')" if self.on_sqlite else "('{}'::date, '{}'::date)"
        months = ", ".join(form.format(month, month_after(month, 1)) for month in books.YEAR.months)
        rows = self.ask(TREND.format(months=months))
        return [MonthSpent(self.day(first), int(spent or 0), int(planned)) for first, spent, planned, *_ in rows]

    def page(self, number: int) -> list[Listed]:
        if number == 1:
            return self.listed("")
        spent_on, last = self.cursor_before(number)
        return self.listed("AND (spent_on, expenses.id) < (:spent_on, :last)", spent_on=spent_on, last=last)

    def cursor_before(self, number: int) -> tuple[Any, int]:
        """The last expense of the page before, as that page has told it."""
        if number not in self._cursors:
            [place] = self.ask(
                "SELECT spent_on, id FROM expenses WHERE user_id = :user"
                " ORDER BY spent_on DESC, id DESC LIMIT 1 OFFSET :skipped",
                skipped=PAGE * (number - 1) - 1,
            )
            self._cursors[number] = (place[0], place[1])
        return self._cursors[number]

    def search(self, words: str) -> list[Listed]:
        return self.listed("AND search_text LIKE :pattern", pattern=f"%{words.lower()}%")

    def listed(self, condition: str, **values: Any) -> list[Listed]:
        rows = self.ask(LISTED.format(condition=condition), limit=PAGE, **values)
        return [Listed(number, self.day(spent_on), *rest) for number, spent_on, *rest in rows]

    def export(self, stream: TextIO) -> int:
        writer = csv.writer(stream, lineterminator="\n")
        cursor = self.connection.cursor() if self.on_sqlite else self.connection.cursor("export")
        cursor.execute(*self.prepared(EXPORTED, {}))
        count = 0
        while rows := cursor.fetchmany(5000):
            writer.writerows(
                (spent_on, description, category, f"{amount // 100}.{amount % 100:02}", account, fingerprint)
                for spent_on, description, category, amount, account, fingerprint in rows
            )
            count += len(rows)
        cursor.close()
        self.connection.commit()
        return count

    def delete_user(self) -> None:
        with self.transaction("BEGIN IMMEDIATE") as cursor:
            cursor.execute(*self.prepared("DELETE FROM users WHERE id = :user", {}))


def sqlite_connection(place: Place) -> sqlite3.Connection:
    connection = sqlite3.connect(place.file, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


class Lines:
    """Clean rows as the text that COPY reads."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._batches = batches(iter(rows), 500)

    def read(self, _size: int = -1) -> str:
        return "".join("\t".join(map(str, row)) + "\n" for row in next(self._batches, []))
