"""A tracker of one file, with argparse and plain sqlite3 underneath SQLAlchemy Core."""

import argparse
import os
import sys
from decimal import Decimal

from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, String, Table, UniqueConstraint
from sqlalchemy import create_engine, event, select

metadata = MetaData()
categories = Table(
    "categories", metadata,
    Column("id", Integer, primary_key=True),
    Column("user", String, nullable=False),
    Column("name", String, nullable=False),
    UniqueConstraint("user", "name"),
)
expenses = Table(
    "expenses", metadata,
    Column("id", Integer, primary_key=True),
    Column("user", String, nullable=False),
    Column("category", String, nullable=False),
    Column("what", String, nullable=False),
    Column("cents", Integer, nullable=False),
    ForeignKeyConstraint(["user", "category"], ["categories.user", "categories.name"]),
)


def cents(text):
    return int(Decimal(text) * 100)


def mine(args):
    return (expenses.c.id == args.number) & (expenses.c.user == args.user)


def add(connection, args):
    for amount, category, what in zip(*[iter(args.what)] * 3):
        row = {"user": args.user, "category": category, "what": what, "cents": cents(amount)}
        connection.execute(expenses.insert().values(row))


def show(connection, args):
    for row in connection.execute(select(expenses).where(expenses.c.user == args.user)):
        print(f"#{row.id}  {row.what}: {row.cents / 100:.2f} ({row.category})")


def edit(connection, args):
    values = {"cents": cents(args.amount)} if args.amount else {"category": args.category}
    if connection.execute(expenses.update().where(mine(args)).values(values)).rowcount != 1:
        sys.exit("You have no such expense")


def remove(connection, args):
    connection.execute(expenses.delete().where(mine(args)))


def add_category(connection, args):
    connection.execute(categories.insert().values(user=args.user, name=args.name))


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--user", default="me")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("add")
    command.add_argument("what", nargs="+")
    command.set_defaults(run=add)
    commands.add_parser("list").set_defaults(run=show)
    command = commands.add_parser("edit")
    command.add_argument("number", type=int)
    command.add_argument("--amount")
    command.add_argument("--category")
    command.set_defaults(run=edit)
    command = commands.add_parser("delete")
    command.add_argument("number", type=int)
    command.set_defaults(run=remove)
    command = commands.add_parser("category").add_subparsers(required=True).add_parser("add")
    command.add_argument("name")
    command.set_defaults(run=add_category)
    return parser.parse_args()


def main():
    args = read_arguments()
    engine = create_engine(os.environ.get("DATABASE_URL", "sqlite:///tracker.db"))
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    metadata.create_all(engine)
    with engine.begin() as connection:
        args.run(connection, args)


if __name__ == "__main__":
    main()
