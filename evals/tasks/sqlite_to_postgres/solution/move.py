"""python move.py OLD_FILE: every row of the SQLite file into the database of DATABASE_URL, or none."""

import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from crm.database import make_engine
from crm.models import Base, Customer, Invoice

BATCH = 1000


class RowError(Exception):
    pass


def read_text(value, longest=None):
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{value!r} is no text")
    if longest and len(value) > longest:
        raise ValueError(f"{value!r} is longer than {longest} characters")
    return value


def read_moment(value):
    return datetime.fromisoformat(read_text(value))


def read_amount(value):
    if not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no amount")
    return Decimal(repr(value)).quantize(Decimal("0.01"))  # SQLite kept 0.1 as a float


def optional(read):
    return lambda value: None if value is None else read(value)


def read_boolean(value):
    return {0: False, 1: True}[value]


READERS = {
    Customer: {
        "id": int,
        "name": lambda value: read_text(value, 40),
        "email": lambda value: read_text(value, 80),
        "active": read_boolean,
        "created_at": read_moment,
    },
    Invoice: {
        "id": int,
        "customer_id": int,
        "amount": read_amount,
        "note": optional(read_text),
        "paid_at": optional(read_moment),
    },
}


def rows_of(old, model):
    readers = READERS[model]
    for row in old.execute(f"SELECT {', '.join(readers)} FROM {model.__tablename__} ORDER BY id"):
        try:
            yield {name: read(value) for (name, read), value in zip(readers.items(), row, strict=True)}
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise RowError(f"{model.__tablename__} {row[0]}: {error}") from None


def refuse_orphans(old):
    for table, number, parent, _ in old.execute("PRAGMA foreign_key_check"):
        raise RowError(f"{table} {number}: its {parent.rstrip('s')} is gone")


def copy(old, connection):
    refuse_orphans(old)
    counts = {}
    for model in READERS:
        table = model.__table__
        if connection.scalar(select(func.count()).select_from(table)):
            raise RowError(f"{table.name}: there are rows in the new database already, so nothing was copied")
        rows = list(rows_of(old, model))
        for first in range(0, len(rows), BATCH):
            connection.execute(insert(table), rows[first : first + BATCH])
        counts[table.name] = len(rows)
        if connection.dialect.name == "postgresql":
            highest = f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name})"
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {highest}, false)"))
    return counts


def main():
    file = Path(sys.argv[1])
    try:
        engine = make_engine()
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as old, engine.begin() as new:
            Base.metadata.create_all(new)
            counts = copy(old, new)
    except RowError as error:
        sys.exit(f"Nothing was copied. {error}")
    except sqlite3.Error as error:
        sys.exit(f"{file} cannot be read: {error}")
    except DBAPIError as error:
        sys.exit(f"Nothing was copied. The database says: {str(error.orig).strip()}")
    except SQLAlchemyError as error:
        sys.exit(f"Nothing was copied. The address in DATABASE_URL cannot be used ({type(error).__name__}).")
    for table, count in counts.items():
        print(f"{table}: {count} rows")


if __name__ == "__main__":
    main()
