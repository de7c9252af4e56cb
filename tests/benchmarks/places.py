"""Where a race takes place: a database with the application's schema, filled, and copies of it for those that write."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from sqlalchemy.engine import make_url

from benchmarks import books
from benchmarks.books import Owner
from budget import schema
from database import create_database_engine
from local_postgres import LocalPostgres, create_database, database_name, drop_database

SERVER_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "autovacuum": "off"}
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """One database, with `rows` expenses of Ann and a tenth as many of Bob."""

    url: str
    rows: int
    ann: Owner
    bob: Owner
    server: LocalPostgres | None = None  # None: a SQLite file

    @property
    def database(self) -> str:
        return "PostgreSQL" if self.server else "SQLite"

    @property
    def file(self) -> Path:
        return Path(make_url(self.url).database or "")

    @contextmanager
    def copy(self) -> Iterator["Place"]:
        """The same rows in a database of its own, to be written to."""
        if self.server:
            url = create_database(self.server.url, template=database_name(self.url))
            yield replace(self, url=url)
            drop_database(url)
            return
        file = self.file.with_name(f"copy-{next(_numbers)}.db")
        shutil.copy(self.file, file)
        yield replace(self, url=f"sqlite:///{file}")
        for part in file.parent.glob(f"{file.name}*"):
            part.unlink()


def empty_place(folder: Path, server: LocalPostgres | None) -> Place:
    """The schema, the two users, their categories, Ann's budgets, and no expense yet."""
    url = server.create_database() if server else f"sqlite:///{folder / f'books-{next(_numbers)}.db'}"
    engine = create_database_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    return Place(url, 0, *books.open_accounts(url), server)


@contextmanager
def filled(empty: Place, rows: int) -> Iterator[Place]:
    """A copy of `empty` with so many expenses, as a database is some time after they came in."""
    from benchmarks.ways.by_hand import ByHand

    with empty.copy() as place:
        with closing(ByHand(place)) as way:
            way.load(books.expense_rows(rows, place.ann))
            way.load(books.expense_rows(rows // books.BOBS_SHARE, place.bob))
            way.tidy()
        yield replace(place, rows=rows)
