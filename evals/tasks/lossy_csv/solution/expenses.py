import csv
import os
import re
import sys
from datetime import date
from decimal import Decimal
from itertools import islice

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, ProgrammingError

BATCH = 200

metadata = MetaData()
expenses = Table(
    "expenses",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("ref", String(200), unique=True),
    Column("spent_on", Date, nullable=False, index=True),
    Column("category", Text, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("description", Text, nullable=False),
    CheckConstraint("cents > 0", name="ck_expenses_cents"),
)


class UserError(Exception):
    pass


def open_database():
    url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///expenses.db")
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": 30})
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    else:
        engine = create_engine(url.set(drivername="postgresql+psycopg2"))
    if not inspect(engine).has_table("expenses"):
        try:
            metadata.create_all(engine)
        except (IntegrityError, ProgrammingError):  # somebody else made it at the same moment
            metadata.create_all(engine)
    return engine


def parse_date(text):
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text!r} is not a date: write it as 2026-03-01") from None


def parse_cents(text):
    if not re.fullmatch(r"\d{1,15}(\.\d{1,2})?", text, re.ASCII):
        raise UserError(f"{text!r} is not an amount: write it as 12.50")
    cents = int(Decimal(text) * 100)
    if cents == 0:
        raise UserError(f"{text!r} is not above 0")
    return cents


def in_euros(cents):
    return f"{cents // 100}.{cents % 100:02}"


def month_of(text):
    first = parse_date(f"{text}-01")
    next_month = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return (expenses.c.spent_on >= first) & (expenses.c.spent_on < next_month)


def add(engine, spent_on, category, amount, description):
    row = {"spent_on": parse_date(spent_on), "category": category, "cents": parse_cents(amount)}
    with engine.begin() as connection:
        connection.execute(expenses.insert().values(**row, description=description))
    print("added")


def list_month(engine, month):
    order = (expenses.c.spent_on, expenses.c.id)
    with engine.connect() as connection:
        for row in connection.execute(select(expenses).where(month_of(month)).order_by(*order)):
            print(row.spent_on, row.category, in_euros(row.cents), row.description, sep="\t")


def total(engine, month):
    with engine.connect() as connection:
        print(in_euros(int(connection.scalar(select(func.sum(expenses.c.cents)).where(month_of(month))) or 0)))


def rows_of(file):
    reader = csv.DictReader(file)
    for row in reader:
        try:
            if None in row or None in row.values():
                raise UserError("the number of columns is wrong")
            yield {
                "ref": row["ref"],
                "spent_on": parse_date(row["date"]),
                "category": row["category"],
                "cents": parse_cents(row["amount"]),
                "description": row["description"],
            }
        except UserError as error:
            raise UserError(f"line {reader.line_num}: {error}. Nothing was imported.") from None


def import_file(engine, name):
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    new = 0
    with open(name, newline="", encoding="utf-8") as file, engine.begin() as connection:
        rows = rows_of(file)
        while batch := list(islice(rows, BATCH)):
            new += connection.execute(insert(expenses).values(batch).on_conflict_do_nothing()).rowcount
    print(new, "new expenses")


def main():
    commands = {"add": add, "list": list_month, "total": total, "import": import_file}
    try:
        commands[sys.argv[1]](open_database(), *sys.argv[2:])
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
