"""The rows that every contender works on: the same on both databases, and the same in each run."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from budget.models import Budget, Category, User
from budget.periods import month_after, month_of, read_year
from database import create_database_engine, transaction

ANN, BOB = "ann@example.org", "bob@example.org"
FIRST_DAY, DAYS = date(2016, 1, 1), 3650
MONTH, YEAR = month_of(date(2024, 3, 1)), read_year("2024")
RARE, COMMON = "shop 4711", "shop"  # what is searched for: one expense in SHOPS, and each
CATEGORIES = 20
SHOPS = 5003
BOBS_SHARE = 10  # of ten expenses, one more belongs to somebody else
ROWS_AT_A_TIME = 5000

COLUMNS = (
    "user_id",
    "category_id",
    "amount",
    "description",
    "search_text",
    "account",
    "spent_on",
    "fingerprint",
    "created_at",
)


class Row(NamedTuple):
    """An expense as clean as the table wants it: what an import has to find out first."""

    user_id: int
    category_id: int
    amount: int  # cents
    description: str
    search_text: str
    account: str
    spent_on: date
    fingerprint: str
    created_at: str


class Owner(NamedTuple):
    id: int
    categories: list[int]


def expense_rows(count: int, owner: Owner) -> Iterator[Row]:
    for number in range(count):
        shop = f"Shop {number % SHOPS}"
        yield Row(
            user_id=owner.id,
            category_id=owner.categories[number % CATEGORIES],
            amount=cents(number),
            description=shop,
            search_text=shop.lower(),
            account="",
            spent_on=day(number),
            fingerprint=fingerprint(number),
            created_at="2026-01-01 00:00:00+00",
        )


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number % DAYS)


def cents(number: int) -> int:
    return number % 19_900 + 100


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def fingerprint(number: int) -> str:
    """As long, and as scattered, as the digest of a line."""
    return f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}.1"


def write_bank_file(path: Path, count: int) -> Path:
    """The same expenses as a bank's export."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write("date,name,category,amount\n")
        for number in range(count):
            whole, part = divmod(cents(number), 100)
            stream.write(f"{day(number)},Shop {number % SHOPS},Category {number % CATEGORIES},-{whole}.{part:02}\n")
    return path


def open_accounts(url: str) -> tuple[Owner, Owner]:
    """Ann and Bob with their categories, and budgets for each month of Ann's."""
    engine, owners = create_database_engine(url), []
    with transaction(engine) as session:
        ann, bob = User(email=ANN, currency="EUR"), User(email=BOB, currency="EUR")
        session.add_all([ann, bob])
        session.flush()
        for user in (ann, bob):
            categories = [Category(user_id=user.id, name=f"Category {number}") for number in range(CATEGORIES)]
            session.add_all(categories)
            session.flush()
            owners.append(Owner(user.id, [category.id for category in categories]))
        session.add_all(
            Budget(user_id=ann.id, category_id=category_id, month=month_after(FIRST_DAY, number), amount=Decimal(500))
            for number in range(12 * DAYS // 365)
            for category_id in owners[0].categories[1:]  # what is spent in the first one was never planned
        )
    engine.dispose()
    return owners[0], owners[1]


def batches(rows: Iterator[Row], size: int = ROWS_AT_A_TIME) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch
