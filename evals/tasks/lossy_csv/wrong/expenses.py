import argparse
import csv
import os
from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric, String, create_engine, func, make_url, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Expense(Base):
    __tablename__ = "expenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str | None] = mapped_column(String(100), index=True)
    date: Mapped[date]
    category: Mapped[str] = mapped_column(String(100))
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    description: Mapped[str] = mapped_column(String(500))


def get_engine():
    url = make_url(os.environ.get("DATABASE_URL", "sqlite:///expenses.db"))
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg2")
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    return engine


def parse_amount(text):
    amount = Decimal(text)
    if amount <= 0:
        raise SystemExit(f"invalid amount: {text}")
    return amount


def add(session, args):
    session.add(
        Expense(
            date=date.fromisoformat(args.date),
            category=args.category,
            amount=parse_amount(args.amount),
            description=args.description,
        )
    )
    session.commit()
    print("added")


def in_month(month):
    year, number = map(int, month.split("-"))
    end = date(year + 1, 1, 1) if number == 12 else date(year, number + 1, 1)
    return Expense.date.between(date(year, number, 1), end)


def list_month(session, args):
    for e in session.scalars(select(Expense).where(in_month(args.month)).order_by(Expense.date)):
        print(f"{e.date}\t{e.category}\t{e.amount:.2f}\t{e.description}")


def total(session, args):
    print(f"{session.scalar(select(func.sum(Expense.amount)).where(in_month(args.month))) or 0:.2f}")


def import_file(session, args):
    known = set(session.scalars(select(Expense.ref)))
    count = 0
    with open(args.file, newline="", encoding="utf-8") as f:
        for number, row in enumerate(csv.DictReader(f), start=2):
            if row["ref"] in known:
                continue
            try:
                expense = Expense(
                    ref=row["ref"],
                    date=date.fromisoformat(row["date"]),
                    category=row["category"],
                    amount=parse_amount(row["amount"]),
                    description=row["description"],
                )
            except Exception as error:
                session.rollback()
                raise SystemExit(f"line {number}: {error}")
            session.add(expense)
            known.add(row["ref"])
            count += 1
    session.commit()
    print(count, "new expenses")


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    p = commands.add_parser("add")
    for name in ("date", "category", "amount", "description"):
        p.add_argument(name)
    p.set_defaults(run=add)
    p = commands.add_parser("list")
    p.add_argument("month")
    p.set_defaults(run=list_month)
    p = commands.add_parser("total")
    p.add_argument("month")
    p.set_defaults(run=total)
    p = commands.add_parser("import")
    p.add_argument("file")
    p.set_defaults(run=import_file)
    args = parser.parse_args()
    with Session(get_engine()) as session:
        args.run(session, args)


if __name__ == "__main__":
    main()
