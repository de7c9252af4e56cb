"""Django's ORM, as its documentation recommends: bulk_create, annotate, select_related, iterator.

Slices are OFFSET; delete() collects what belongs to the user in Python, for signals that nobody may listen to.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, ClassVar, TextIO

import django
from django.conf import settings
from django.db import connections, models, transaction
from django.db.models import Sum
from sqlalchemy.engine import make_url

from benchmarks import books, names
from benchmarks.books import Row
from benchmarks.places import Place
from benchmarks.ways.way import PAGE, Listed, MonthSpent, Spent
from budget.periods import Period

if not settings.configured:
    settings.configure(USE_TZ=True, DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    django.setup()


class User(models.Model):
    id = models.BigAutoField(primary_key=True)

    class Meta:
        app_label = "benchmarks"
        db_table = "users"
        managed = False


class Category(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE)
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "benchmarks"
        db_table = "categories"
        managed = False


class Expense(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE)
    category = models.ForeignKey(Category, models.CASCADE)
    amount = models.BigIntegerField()
    description = models.CharField(max_length=1000)
    search_text = models.TextField()
    account = models.CharField(max_length=100)
    spent_on = models.DateField()
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "benchmarks"
        db_table = "expenses"
        managed = False


class Budget(models.Model):
    pk = models.CompositePrimaryKey("user_id", "category_id", "month")
    user = models.ForeignKey(User, models.CASCADE)
    category = models.ForeignKey(Category, models.CASCADE)
    month = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        app_label = "benchmarks"
        db_table = "budgets"
        managed = False


class InDjango:
    NAME: ClassVar[str] = names.DJANGO

    def __init__(self, place: Place) -> None:
        self.place = place
        self.alias = f"{id(self)}-{place.url}"
        url = make_url(place.url)
        given: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(place.file)}
        if place.server:
            names = {"NAME": url.database, "USER": url.username, "PASSWORD": url.password}
            given = {"ENGINE": "django.db.backends.postgresql", "HOST": url.host, "PORT": url.port, **names}
        connections.settings[self.alias] = connections.configure_settings({"default": given})["default"]

    def close(self) -> None:
        connections[self.alias].close()
        del connections.settings[self.alias]

    def of_ann(self, model: Any) -> Any:
        return model.objects.using(self.alias).filter(user_id=self.place.ann.id)

    def load(self, rows: Iterable[Row]) -> None:
        with transaction.atomic(using=self.alias):
            Expense.objects.using(self.alias).bulk_create(map(as_object, rows), batch_size=5000)

    def month(self) -> list[Spent]:
        return self.report(books.MONTH)

    def year(self) -> list[Spent]:
        return self.report(books.YEAR)

    def report(self, period: Period) -> list[Spent]:
        expenses = self.of_ann(Expense).filter(spent_on__gte=period.first, spent_on__lt=period.next_first)
        budgets = self.of_ann(Budget).filter(month__gte=period.first, month__lt=period.next_first)
        spent = dict(expenses.values_list("category_id").annotate(Sum("amount")))
        planned = dict(budgets.values_list("category_id").annotate(Sum("amount")))
        categories = self.of_ann(Category).order_by("name")
        return [Spent(each.name, int(spent.get(each.id, 0)), planned.get(each.id)) for each in categories]

    def trend(self) -> list[MonthSpent]:
        from django.db.models.functions import TruncMonth

        year = books.YEAR
        expenses = self.of_ann(Expense).filter(spent_on__gte=year.first, spent_on__lt=year.next_first)
        budgets = self.of_ann(Budget).filter(month__gte=year.first, month__lt=year.next_first)
        spent = dict(expenses.annotate(month=TruncMonth("spent_on")).values_list("month").annotate(Sum("amount")))
        planned = dict(budgets.values_list("month").annotate(Sum("amount")))
        return [MonthSpent(month, int(spent.get(month, 0)), planned.get(month)) for month in year.months]

    def page(self, number: int) -> list[Listed]:
        return self.listed(self.of_ann(Expense), PAGE * (number - 1))

    def search(self, words: str) -> list[Listed]:
        return self.listed(self.of_ann(Expense).filter(search_text__contains=words))

    def listed(self, expenses: Any, skipped: int = 0) -> list[Listed]:
        found = expenses.select_related("category").order_by("-spent_on", "-id")[skipped : skipped + PAGE]
        return [
            Listed(each.id, each.spent_on, each.amount, each.category.name, each.description, each.account)
            for each in found
        ]

    def export(self, stream: TextIO) -> int:
        writer = csv.writer(stream, lineterminator="\n")
        names = ("spent_on", "description", "category__name", "amount", "account", "fingerprint")
        rows: Iterator[tuple[date, str, str, int, str, str]] = (
            self.of_ann(Expense).order_by("spent_on", "id").values_list(*names).iterator(chunk_size=5000)
        )
        count = 0
        with transaction.atomic(using=self.alias):
            for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the answer
                writer.writerow((*row[:3], f"{row[3] // 100}.{row[3] % 100:02}", *row[4:]))
        return count

    def delete_user(self) -> None:
        User.objects.using(self.alias).get(id=self.place.ann.id).delete()


def as_object(row: Row) -> Expense:
    return Expense(**row._replace(created_at=datetime.fromisoformat(row.created_at))._asdict())  # type: ignore[arg-type]
