"""Other names, another order, plain rows out."""

from sqlalchemy import create_engine, delete, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Expense(Base):
    __tablename__ = "spendings"
    price_in_cents: Mapped[int]
    category_name: Mapped[str]
    merchant: Mapped[str]
    number: Mapped[int] = mapped_column(primary_key=True)


def create_expense(s: Session, *, price_in_cents: int, merchant: str, category_name: str) -> int:
    row = Expense(price_in_cents=price_in_cents, merchant=merchant, category_name=category_name)
    s.add(row)
    s.flush()
    return row.number


def read_expenses(s: Session, *, at_most_cents: int | None = None, merchant: str | None = None) -> list[dict]:
    statement = select(Expense.merchant, Expense.price_in_cents)
    if at_most_cents is not None:
        statement = statement.where(Expense.price_in_cents <= at_most_cents)
    if merchant is not None:
        statement = statement.where(Expense.merchant == merchant)
    return [dict(row) for row in s.execute(statement).mappings()]


def update_expense(s: Session, number: int, new_price_in_cents: int) -> None:
    s.execute(update(Expense).where(Expense.number == number).values(price_in_cents=new_price_in_cents))


def delete_expense(s: Session, number: int) -> None:
    s.execute(delete(Expense).where(Expense.number == number))


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as s, s.begin():
        create_expense(s, price_in_cents=190, merchant="Cafe", category_name="Food")
        print(read_expenses(s))
