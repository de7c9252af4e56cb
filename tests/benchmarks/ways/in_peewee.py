"""Peewee, as its documentation recommends: insert_many in batches, aggregates, paginate, iterator."""

import csv
from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, TextIO

from peewee import (
    BigAutoField,
    BigIntegerField,
    CharField,
    CompositeKey,
    DateField,
    ForeignKeyField,
    Model,
    PostgresqlDatabase,
    SqliteDatabase,
    TextField,
    fn,
)
from sqlalchemy.engine import make_url

from benchmarks import books, names
from benchmarks.books import Row, batches
from benchmarks.places import Place
from benchmarks.ways.way import PAGE, Listed, MonthSpent, Spent
from budget.periods import Period


class User(Model):
    id = BigAutoField()

    class Meta:
        table_name = "users"


class Category(Model):
    id = BigAutoField()
    user = ForeignKeyField(User)
    name = CharField()

    class Meta:
        table_name = "categories"


class Expense(Model):
    id = BigAutoField()
    user = ForeignKeyField(User)
    category = ForeignKeyField(Category)
    amount = BigIntegerField()
    description = CharField()
    search_text = TextField()
    account = CharField()
    spent_on = DateField()
    fingerprint = CharField()
    created_at = CharField()

    class Meta:
        table_name = "expenses"


class Budget(Model):
    user = ForeignKeyField(User)
    category = ForeignKeyField(Category)
    month = DateField()
    amount = BigIntegerField()

    class Meta:
        table_name = "budgets"
        primary_key = CompositeKey("user", "category", "month")


MODELS = [User, Category, Expense, Budget]


class InPeewee:
    NAME: ClassVar[str] = names.PEEWEE

    def __init__(self, place: Place) -> None:
        self.place = place
        url = make_url(place.url)
        if place.server:
            self.database: Any = PostgresqlDatabase(
                url.database, host=url.host, port=url.port, user=url.username, password=url.password
            )
        else:
            self.database = SqliteDatabase(str(place.file), pragmas={"foreign_keys": 1})
        self.database.bind(MODELS)
        self.database.connect()

    def close(self) -> None:
        self.database.close()

    def load(self, rows: Iterable[Row]) -> None:
        with self.database.bind_ctx(MODELS), self.database.atomic():
            for batch in batches(iter(rows), 1000):
                Expense.insert_many(batch, fields=[getattr(Expense, name) for name in books.COLUMNS]).execute()

    def month(self) -> list[Spent]:
        return self.report(books.MONTH)

    def year(self) -> list[Spent]:
        return self.report(books.YEAR)

    def report(self, period: Period) -> list[Spent]:
        ann = self.place.ann.id
        with self.database.bind_ctx(MODELS), self.database.atomic():
            expenses = Expense.select(Expense.category_id, fn.SUM(Expense.amount)).where(
                Expense.user == ann, Expense.spent_on >= period.first, Expense.spent_on < period.next_first
            )
            budgets = Budget.select(Budget.category_id, fn.SUM(Budget.amount)).where(
                Budget.user == ann, Budget.month >= period.first, Budget.month < period.next_first
            )
            spent = dict(expenses.group_by(Expense.category_id).tuples())
            planned = dict(budgets.group_by(Budget.category_id).tuples())
            categories = Category.select().where(Category.user == ann).order_by(Category.name)
            return [Spent(each.name, int(spent.get(each.id, 0)), planned.get(each.id)) for each in categories]

    def trend(self) -> list[MonthSpent]:
        ann, year = self.place.ann.id, books.YEAR
        with self.database.bind_ctx(MODELS), self.database.atomic():
            month = self.database.truncate_date("month", Expense.spent_on)
            expenses = Expense.select(month, fn.SUM(Expense.amount)).where(
                Expense.user == ann, Expense.spent_on >= year.first, Expense.spent_on < year.next_first
            )
            budgets = Budget.select(Budget.month, fn.SUM(Budget.amount)).where(
                Budget.user == ann, Budget.month >= year.first, Budget.month < year.next_first
            )
            spent = {day_of(first): amount for first, amount in expenses.group_by(month).tuples()}
            planned = dict(budgets.group_by(Budget.month).tuples())
            return [MonthSpent(first, int(spent.get(first, 0)), planned.get(first)) for first in year.months]

    def page(self, number: int) -> list[Listed]:
        return self.listed(number, True)

    def search(self, words: str) -> list[Listed]:
        return self.listed(1, Expense.search_text.contains(words))

    def listed(self, number: int, condition: Any) -> list[Listed]:
        with self.database.bind_ctx(MODELS), self.database.atomic():
            found = (
                Expense.select(Expense, Category)
                .join(Category)
                .where(Expense.user == self.place.ann.id, condition)
                .order_by(Expense.spent_on.desc(), Expense.id.desc())
                .paginate(number, PAGE)
            )
            return [
                Listed(each.id, each.spent_on, each.amount, each.category.name, each.description, each.account)
                for each in found
            ]

    def export(self, stream: TextIO) -> int:
        writer = csv.writer(stream, lineterminator="\n")
        count = 0
        with self.database.bind_ctx(MODELS), self.database.atomic():
            rows = (
                Expense.select(
                    Expense.spent_on,
                    Expense.description,
                    Category.name,
                    Expense.amount,
                    Expense.account,
                    Expense.fingerprint,
                )
                .join(Category)
                .where(Expense.user == self.place.ann.id)
                .order_by(Expense.spent_on, Expense.id)
                .tuples()
            )
            for count, row in enumerate(rows.iterator(), 1):  # noqa: B007 - the last number is the answer
                writer.writerow((*row[:3], f"{row[3] // 100}.{row[3] % 100:02}", *row[4:]))
        return count

    def delete_user(self) -> None:
        with self.database.bind_ctx(MODELS), self.database.atomic():
            User.get_by_id(self.place.ann.id).delete_instance(recursive=True)


def day_of(month: Any) -> date:
    """SQLite answers a text, PostgreSQL a moment."""
    return date.fromisoformat(str(month)[:10])
