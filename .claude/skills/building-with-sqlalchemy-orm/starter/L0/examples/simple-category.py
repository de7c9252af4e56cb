"""Lesson 0: a category is a Python class. No database yet.

Run it:

    python simple-category.py
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2"]
# ///

from datetime import UTC, datetime

from sqlalchemy import DateTime, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def utc_now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)  # "Food" twice would split its total
    # The function itself, without (): it is called anew for every row that is saved.
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now)

    def __repr__(self) -> str:
        return f"<Category(name={self.name!r})>"


def main() -> None:
    print(Category(name="Food"))


if __name__ == "__main__":
    main()
