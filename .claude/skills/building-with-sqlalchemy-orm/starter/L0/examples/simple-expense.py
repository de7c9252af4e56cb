"""Lesson 0: an expense is a Python class. No database yet.

Run it:

    python simple-expense.py
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2"]
# ///

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import DateTime, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def utc_now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    pass


class Expense(Base):
    __tablename__ = "expenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))  # a float cannot hold 0.10 exactly
    # The function itself, without (): it is called anew for every row that is saved.
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now)

    def __repr__(self) -> str:
        return f"<Expense(description={self.description!r}, amount=${self.amount:.2f})>"


def main() -> None:
    print(Expense(description="Test", amount=Decimal("10.00")))


if __name__ == "__main__":
    main()
