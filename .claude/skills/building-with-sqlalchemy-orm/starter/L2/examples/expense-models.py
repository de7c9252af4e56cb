"""Lesson 2: two classes become two tables, which keep money and moments as they were.

python expense-models.py
"""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    String,
    TypeDecorator,
    create_engine,
    func,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Money(TypeDecorator[Decimal]):
    """Decimal in Python, whole cents in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Decimal) or value != round(value, 2):
            raise ValueError(f"money is a Decimal with two places, not {value!r}")
        return int(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class UTCDateTime(TypeDecorator[datetime]):
    """A moment with its zone, kept in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, not {value}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_is_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal] = mapped_column(Money)
    paid_at: Mapped[datetime] = mapped_column(UTCDateTime)


def main() -> None:
    engine = create_engine("sqlite://")  # in memory, gone with the program
    Base.metadata.create_all(engine)
    moment = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    with Session(engine) as session:
        session.add(Category(name="Food"))
        session.add_all([Expense(description="Sweet", amount=Decimal("0.10"), paid_at=moment) for _ in range(3)])
        session.commit()
    with Session(engine) as session:
        print("three sweets:", session.scalar(select(func.sum(Expense.amount))))
        print("paid at:", session.scalar(select(Expense.paid_at)))
    engine.dispose()


if __name__ == "__main__":
    main()
