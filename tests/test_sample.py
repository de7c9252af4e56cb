"""The sample exports are what `generate.py` says: the same bytes on every run, three formats, one believable year.

The files are read here with `csv` alone, so that neither the generator nor the importer judges itself.
"""

import csv
import datetime as dt
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "database-deployment" / "examples" / "budget" / "sample"
EXPORTS = ("checking-account.csv", "credit-card.csv", "cash-and-app.csv")

PREAMBLE_LINES = 5
CHECKING_COLUMNS = [
    "Buchungstag",
    "Wertstellung",
    "Begünstigter / Auftraggeber",
    "Verwendungszweck",
    "Kategorie",
    "Betrag",
    "Währung",
]
CARD_HEADER = (
    '"Date","Description","Original Description","Amount","Transaction Type","Category","Account Name","Labels","Notes"'
)
CASH_HEADER = "date,name,category,tags,amount"

FIXED_CATEGORIES = {"Rent", "Utilities", "Groceries", "Restaurants", "Transport", "Insurance", "Kids"}


@dataclass(frozen=True)
class Line:
    day: dt.date
    name: str
    category: str
    spent: int  # cents; below zero is money in
    note: str


def text(name: str) -> str:
    return (SAMPLE / name).read_bytes().decode("cp1252" if name == "checking-account.csv" else "utf-8")


def cents(amount: str) -> int:
    return int(re.sub(r"[.,]", "", amount))


def checking_rows() -> list[dict[str, str]]:
    return list(csv.DictReader(text("checking-account.csv").splitlines()[PREAMBLE_LINES:], delimiter=";"))


def card_rows() -> list[dict[str, str]]:
    return list(csv.DictReader(text("credit-card.csv").splitlines()))


def cash_rows() -> list[dict[str, str]]:
    return list(csv.DictReader(text("cash-and-app.csv").splitlines()))


def checking_lines() -> list[Line]:
    lines = []
    for row in checking_rows():
        day, month, year = map(int, row["Buchungstag"].split("."))
        name, note = row["Begünstigter / Auftraggeber"], row["Verwendungszweck"]
        lines.append(Line(dt.date(year, month, day), name, row["Kategorie"], -cents(row["Betrag"]), note))
    return lines


def card_lines() -> list[Line]:
    lines = []
    for row in card_rows():
        month, day, year = map(int, row["Date"].split("/"))
        sign = {"debit": 1, "credit": -1}[row["Transaction Type"]]
        spent = sign * cents(row["Amount"])
        lines.append(Line(dt.date(year, month, day), row["Description"], row["Category"], spent, row["Labels"]))
    return lines


def cash_lines() -> list[Line]:
    return [
        Line(dt.date.fromisoformat(row["date"]), row["name"], row["category"], -cents(row["amount"]), row["tags"])
        for row in cash_rows()
    ]


LINES = {
    "checking-account.csv": checking_lines,
    "credit-card.csv": card_lines,
    "cash-and-app.csv": cash_lines,
}


def all_lines() -> list[Line]:
    return [line for read in LINES.values() for line in read()]


def budgets() -> dict[str, int]:
    return {row["category"]: cents(row["amount"]) for row in csv.DictReader(text("budgets.csv").splitlines())}


def spent_by_month() -> dict[str, Counter[int]]:
    sums: dict[str, Counter[int]] = defaultdict(Counter)
    for line in all_lines():
        if line.spent > 0:
            sums[line.category][line.day.month] += line.spent
    return sums


@pytest.mark.parametrize("environment", [{"TZ": "Asia/Tokyo", "LC_ALL": "C"}, {"TZ": "UTC", "PYTHONUTF8": "1"}])
def test_generating_again_gives_the_shipped_bytes_in_every_locale_and_time_zone(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    subprocess.run(
        [sys.executable, "-W", "error", str(SAMPLE / "generate.py"), str(tmp_path / "new folder")],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": "random", **environment},
    )
    made = {path.name: path.read_bytes() for path in (tmp_path / "new folder").iterdir()}
    shipped = {path.name: path.read_bytes() for path in SAMPLE.glob("*.csv")}
    assert sorted(made) == sorted(shipped) == sorted([*EXPORTS, "budgets.csv"])
    differing = [name for name in shipped if made[name] != shipped[name]]
    assert not differing, f"{differing} are not what generate.py writes: run it and keep its files"


@pytest.mark.parametrize(
    ("name", "about"), [("checking-account.csv", 600), ("credit-card.csv", 900), ("cash-and-app.csv", 500)]
)
def test_each_export_has_about_the_stated_number_of_lines(name: str, about: int) -> None:
    assert about - 50 <= len(LINES[name]()) <= about + 50


def test_the_checking_account_is_a_german_banks_export() -> None:
    content = (SAMPLE / "checking-account.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert {"ü", "ä", "ö", "€", "–"} <= set(content.decode("cp1252"))  # the last two are not in Latin-1

    rows = checking_rows()
    assert list(rows[0]) == CHECKING_COLUMNS
    assert all(re.fullmatch(r"\d\d\.\d\d\.2025", row["Buchungstag"]) for row in rows)
    assert all(re.fullmatch(r"\d\d\.\d\d\.202[56]", row["Wertstellung"]) for row in rows)
    assert all(re.fullmatch(r"-?(\d{1,3}|\d\.\d{3}),\d\d", row["Betrag"]) for row in rows)
    assert "-1.150,00" in {row["Betrag"] for row in rows}
    assert {row["Währung"] for row in rows} == {"EUR"}


def test_the_bank_books_only_on_working_days_and_shows_no_real_account() -> None:
    assert {line.day.weekday() for line in checking_lines()} == {0, 1, 2, 3, 4}
    (iban,) = re.findall(r"\bDE[\d ]{20,}", text("checking-account.csv"))
    assert set(iban) == set("DE0 ")


def test_the_credit_card_has_positive_amounts_and_says_debit_or_credit() -> None:
    assert text("credit-card.csv").splitlines()[0] == CARD_HEADER
    rows = card_rows()
    assert all(re.fullmatch(r"[1-9]\d?/\d\d/2025", row["Date"]) for row in rows)
    assert all(re.fullmatch(r"\d+\.\d\d", row["Amount"]) for row in rows)
    assert {row["Transaction Type"] for row in rows} == {"debit", "credit"}


def test_the_app_writes_iso_dates_signed_amounts_and_tags() -> None:
    assert text("cash-and-app.csv").splitlines()[0] == CASH_HEADER
    rows = cash_rows()
    assert all(re.fullmatch(r"2025-\d\d-\d\d", row["date"]) for row in rows)
    assert all(re.fullmatch(r"-?\d+\.\d\d", row["amount"]) for row in rows)
    assert any("|" in row["tags"] for row in rows)


@pytest.mark.parametrize("name", EXPORTS)
def test_each_export_leaves_no_doubt_about_the_order_of_day_and_month(name: str) -> None:
    assert any(line.day.day > 12 for line in LINES[name]())


@pytest.mark.parametrize("name", EXPORTS)
def test_each_export_covers_each_month_of_the_year_and_no_other(name: str) -> None:
    assert {(line.day.year, line.day.month) for line in LINES[name]()} == {(2025, month) for month in range(1, 13)}


@pytest.mark.parametrize("name", EXPORTS)
def test_no_line_is_of_zero_and_each_export_has_money_in(name: str) -> None:
    lines = LINES[name]()
    assert all(line.spent for line in lines)
    assert any(line.spent < 0 for line in lines)


def test_each_spent_line_has_a_category_and_each_category_a_budget() -> None:
    lines = all_lines()
    assert all(line.category for line in lines if line.spent > 0)
    assert {line.category for line in lines} - {""} == set(budgets())
    assert text("budgets.csv").splitlines()[0] == "category,amount"
    assert len(text("budgets.csv").splitlines()) == 1 + 12
    assert all(amount % 10_00 == 0 for amount in budgets().values())


def test_each_month_has_spending_in_the_fixed_categories() -> None:
    sums = spent_by_month()
    missing = [(name, month) for name in sorted(FIXED_CATEGORIES) for month in range(1, 13) if not sums[name][month]]
    assert not missing


def test_the_household_spends_a_believable_sum_each_month() -> None:
    totals: Counter[int] = Counter()
    for months in spent_by_month().values():
        totals.update(months)
    outside = {month: total for month, total in totals.items() if not 3_200_00 <= total <= 4_500_00}
    assert not outside


def test_some_budgets_are_exceeded_in_some_months_and_some_never() -> None:
    sums = spent_by_month()
    exceeded = {
        category: sum(sums[category][month] > budget for month in range(1, 13))
        for category, budget in budgets().items()
    }
    assert sum(months == 0 for months in exceeded.values()) >= 2
    assert sum(0 < months < 12 for months in exceeded.values()) >= 6
    assert max(exceeded.values()) < 12


def test_the_year_has_its_seasons() -> None:
    sums = spent_by_month()
    heating = {line.day.month: line.spent for line in checking_lines() if line.name.startswith("Fernwärme")}
    assert heating[1] > 4 * heating[7]
    for category, month in (("Travel", 8), ("Gifts", 12)):
        (busiest, most), (_, second) = sums[category].most_common(2)
        assert busiest == month
        assert most > 3 * second


def test_more_is_bought_at_weekends_than_on_other_days() -> None:
    days = Counter(line.day.weekday() for line in card_lines() + cash_lines())
    assert (days[5] + days[6]) / 2 > 1.5 * sum(days[day] for day in range(5)) / 5


@pytest.mark.parametrize("name", ["credit-card.csv", "cash-and-app.csv"])
def test_equal_purchases_on_one_day_are_there_to_be_counted_twice(name: str) -> None:
    assert max(Counter(LINES[name]()).values()) >= 2


@pytest.mark.parametrize(
    ("name", "signs"),
    [("checking-account.csv", ',;"ü'), ("credit-card.csv", ',;"üßéê'), ("cash-and-app.csv", ",;\"'äé")],
)
def test_descriptions_hold_the_signs_that_readers_stumble_over(name: str, signs: str) -> None:
    assert set(signs) <= set("".join(line.name + line.note for line in LINES[name]()))


def test_the_card_is_paid_each_month_for_the_month_before() -> None:
    lines = card_lines()
    payments = {line.day.month: -line.spent for line in lines if line.name == "Payment received"}
    owed: Counter[int] = Counter()
    for line in lines:
        if line.name != "Payment received":
            owed[line.day.month] += line.spent
    assert sorted(payments) == list(range(1, 13))
    assert {month: payments[month] for month in range(2, 13)} == {month: owed[month - 1] for month in range(2, 13)}


def test_what_is_returned_was_bought_before_at_the_same_price() -> None:
    lines = all_lines()
    returns = [line for line in lines if line.spent < 0 and line.note.startswith(("return", "Rückgabe"))]
    assert len(returns) >= 5
    for back in returns:
        bought = (back.name, -back.spent)
        assert any((line.name, line.spent) == bought and line.day < back.day for line in lines), back
