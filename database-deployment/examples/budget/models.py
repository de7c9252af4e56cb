"""The tables of the budget application. What must never be wrong is a constraint here, so raw SQL cannot break it.

Amounts are Money: Decimal in Python, whole cents in the database. Every row belongs to one user; a row that points
to a category does so with its user_id, so nothing can point to another user's category.
"""

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from database import Base

LARGEST_AMOUNT = Decimal("9999999999.99")  # nine million expenses of it still add up within 63 bits
LONGEST_DESCRIPTION = 1000
LONGEST_NAME = 100
LONGEST_EMAIL = 254
NO_CATEGORY = "Uncategorized"


def now() -> datetime:
    return datetime.now(UTC)


def fold(text: str) -> str:
    """The form in which texts are compared: capitals do not count, for every letter and on both databases.

    The databases' own lower() knows A to Z on SQLite, and what the server's locale knows on PostgreSQL.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def amount_check(column: str, at_least: str) -> CheckConstraint:
    """Whole cents within the limits. SQLite would keep 'abc' or 1.5 in an integer column: the CAST refuses both."""
    return CheckConstraint(
        f"{column} {at_least} AND {column} <= 999999999999 AND {column} = CAST({column} AS BIGINT)", name=column
    )


def date_check(column: str, expected: str) -> CheckConstraint:
    """SQLite has no date type and would keep any text."""
    return CheckConstraint(f"{column} IS {expected}", name=f"{column}_is_a_date").ddl_if(dialect="sqlite")


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(f"length(email) BETWEEN 1 AND {LONGEST_EMAIL}", name="email"),
        CheckConstraint("length(currency) = 3 AND currency = upper(currency)", name="currency"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(LONGEST_EMAIL), unique=True)
    currency: Mapped[str | None] = mapped_column(String(3))  # unknown until a file or the user names it
    created_at: Mapped[datetime] = mapped_column(default=now)


class Category(Base):
    __tablename__ = "categories"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        UniqueConstraint("user_id", "id"),  # what the composite foreign keys point to
        CheckConstraint(f"length(name) BETWEEN 1 AND {LONGEST_NAME}", name="name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "category_id"], ["categories.user_id", "categories.id"]),
        UniqueConstraint("user_id", "fingerprint"),
        amount_check("amount", "> 0"),
        date_check("spent_on", "date(spent_on, '+0 days')"),
        CheckConstraint(f"length(description) <= {LONGEST_DESCRIPTION}", name="description"),
        Index(None, "user_id", "category_id", "spent_on"),
        # A list reads it from the newest on; a report reads nothing else, as the category and the amount are in it.
        Index(None, "user_id", "spent_on", "id", "category_id", "amount"),
        {"sqlite_autoincrement": True},  # the number of a deleted expense is not given to the next one
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    category_id: Mapped[int]
    amount: Mapped[Decimal]
    description: Mapped[str] = mapped_column(String(LONGEST_DESCRIPTION))
    search_text: Mapped[str] = mapped_column(Text)  # the description, folded
    account: Mapped[str] = mapped_column(String(LONGEST_NAME), default="")
    spent_on: Mapped[date] = mapped_column(Date)  # as on the receipt: a day, not a moment
    fingerprint: Mapped[str] = mapped_column(String(64))  # what makes a line of a bank's file count once
    created_at: Mapped[datetime] = mapped_column(default=now)

    @validates("description")
    def _fold_description(self, _name: str, description: str) -> str:
        self.search_text = fold(description)
        return description


class DeletedExpense(Base):
    """The fingerprints of expenses that were deleted: the bank's next file must not bring them back."""

    __tablename__ = "deleted_expenses"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)


class Budget(Base):
    """What may be spent on a category in a month; `month` is its first day."""

    __tablename__ = "budgets"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "category_id"], ["categories.user_id", "categories.id"], ondelete="CASCADE"),
        amount_check("amount", ">= 0"),
        date_check("month", "date(month, 'start of month')"),
        CheckConstraint("EXTRACT(DAY FROM month) = 1", name="month_is_a_first_day").ddl_if(dialect="postgresql"),
        Index(None, "user_id", "month"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    category_id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    amount: Mapped[Decimal]


class BudgetTransfer(Base):
    """Budget that was moved between two categories; its request key makes the same request count once.

    So it outlives them: where a category was deleted or merged into the other one, its side is empty.
    """

    __tablename__ = "budget_transfers"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "from_category_id"], ["categories.user_id", "categories.id"]),
        ForeignKeyConstraint(["user_id", "to_category_id"], ["categories.user_id", "categories.id"]),
        UniqueConstraint("user_id", "request_key"),
        amount_check("amount", "> 0"),
        date_check("month", "date(month, 'start of month')"),
        CheckConstraint("EXTRACT(DAY FROM month) = 1", name="month_is_a_first_day").ddl_if(dialect="postgresql"),
        CheckConstraint("from_category_id <> to_category_id", name="two_categories"),
        Index(None, "user_id", "from_category_id"),
        Index(None, "user_id", "to_category_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    month: Mapped[date] = mapped_column(Date)
    from_category_id: Mapped[int | None]
    to_category_id: Mapped[int | None]
    amount: Mapped[Decimal]
    request_key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
