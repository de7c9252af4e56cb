"""Every row arrives as it was, or none does, and the program goes on with the new database."""

import hashlib
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import Place, Ran, check_result, claim, expect, expect_equal

moment = datetime.fromisoformat

CUSTOMERS = [
    [3, "Ann", "ann@example.com", True, moment("2025-11-02 23:30:00.250000")],
    [7, "Jörg Müller", "joerg@example.com", False, moment("2026-01-31 00:00")],
    [20, "李雷", "li@example.com", True, moment("2026-03-08 02:30")],  # an hour that New York does not have
]
INVOICES = [
    [11, 3, Decimal("19.99"), None, None],
    [12, 3, Decimal("0.10"), "first\nsecond line", moment("2026-03-08 02:30")],
    [40, 20, Decimal("1234567890.12"), '100% "paid"', moment("2026-07-01 12:00")],
    [41, 20, Decimal("5.00"), "", None],
]
TO_REPAIR = {
    "customers 21": f"INSERT INTO customers VALUES (21, '{'x' * 41}', 'x@example.com', 1, '2026-01-01 00:00:00')",
    "invoices 77": "INSERT INTO invoices VALUES (77, 999, 5, NULL, NULL)",
    "invoices 78": "INSERT INTO invoices VALUES (78, 3, 'twelve', NULL, NULL)",
    "customers 22": "INSERT INTO customers VALUES (22, 'Eve', 'eve@example.com', 1, 'yesterday')",
}


def prepare(place: Place) -> None:
    old(place, (Path(__file__).parent / "project" / "old.sql").read_text(encoding="utf-8"))


def old(place: Place, script: str) -> None:
    with closing(sqlite3.connect(place.folder / "crm.db")) as connection:
        connection.executescript(script)


def move(place: Place, url: str | None = None) -> Ran:
    return place.run("python", "move.py", "crm.db", environ={"DATABASE_URL": url} if url else None)


def rows(place: Place) -> tuple[list[list[object]], list[list[object]]]:
    found = place.call("from crm.service import customers, invoices\nreturn [customers(), invoices()]")
    return found[0], found[1]


def rows_in_new(place: Place) -> int:
    """How many rows are in the new database, whatever its tables are called."""
    if place.database == "sqlite":
        tables = place.sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    else:
        tables = place.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = [name for (name,) in tables if name in ("customers", "invoices")]
    return sum(int(place.sql(f"SELECT count(*) FROM {name}")[0][0]) for name in names)


@claim("every row arrives as it was")
def all_rows(place: Place) -> None:
    ran = move(place).expect_success()
    expect("3" in ran.out and "4" in ran.out, f"it does not say how many rows of each table: {ran.out}")
    found = rows(place)
    expect_equal(found[0], CUSTOMERS, "customers")
    expect_equal(found[1], INVOICES, "invoices")
    expect_equal([str(row[2]) for row in found[1]], ["19.99", "0.10", "1234567890.12", "5.00"], "amounts")


@claim("afterwards new rows get numbers of their own, and old ones can be changed")
def new_numbers(place: Place) -> None:
    move(place).expect_success()
    code = (
        "from crm.service import *\ncustomer = add_customer('New', 'new@example.com')\n"
        "invoice = add_invoice(customer, Decimal('0.30'))\npay(invoice)\npay(11)\nreturn customer, invoice"
    )
    customer, invoice = place.call(code)
    expect(customer > 20 and invoice > 41, f"the numbers are {customer} and {invoice}")
    paid = [row[0] for row in rows(place)[1] if row[4] is not None]
    expect_equal(paid, [11, 12, 40, invoice], "invoices that are paid")


@claim("moved a second time, nothing is there twice and nothing that was changed since is lost")
def twice(place: Place) -> None:
    move(place).expect_success()
    place.call("from crm.service import *\npay(11)\nadd_customer('New', 'new@example.com')")
    before = rows(place)
    move(place)  # it may refuse, or do nothing
    expect_equal(rows(place), before, "the rows")


@claim("a row that cannot be copied is named, and no row of any table is copied until it is repaired")
def all_or_nothing(place: Place) -> None:
    for name, statement in TO_REPAIR.items():
        table, number = name.split()
        old(place, statement)
        ran = move(place).expect_refusal()
        said = ran.out + ran.err
        expect(table in said and number in said, f"the message does not name {name}: {ran.last_words()}")
        expect_equal(rows_in_new(place), 0, f"rows in the new database with {name}")
        old(place, f"DELETE FROM {table} WHERE id = {number}")
    move(place).expect_success()
    expect_equal(rows_in_new(place), 7, "rows after the repair")


@claim("the old file is only read")
def old_file(place: Place) -> None:
    file = place.folder / "crm.db"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    move(place).expect_success()
    place.call("from crm.service import *\nadd_customer('New', 'new@example.com')")
    expect_equal(hashlib.sha256(file.read_bytes()).hexdigest(), before, "the bytes of crm.db")


@claim("amounts are exact in the new database")
def exact(place: Place) -> None:
    move(place).expect_success()
    place.call("""
from crm.service import *
for amount in ("0.10", "0.10", "0.10", "9999999999.99"):
    add_invoice(7, Decimal(amount))
""")
    amounts = [row[2] for row in rows(place)[1] if row[1] == 7]
    expect_equal(amounts, [Decimal("0.10")] * 3 + [Decimal("9999999999.99")], "amounts")
    kinds = place.sql("SELECT DISTINCT typeof(amount) FROM invoices") if place.database == "sqlite" else [("numeric",)]
    expect(("real",) not in kinds, "SQLite keeps the amounts as floating point numbers")


@claim("an address as Neon gives it works, with its parameters", only="postgresql")
def address(place: Place) -> None:
    given = place.url.replace("postgresql://", "postgres://") + "?sslmode=prefer&channel_binding=prefer"
    move(place, given).expect_success()
    place.environ["DATABASE_URL"] = given
    expect_equal(len(rows(place)[0]), 3, "customers")


@claim("a password is never printed, and a database that is not to be had is told in words", only="postgresql")
def password(place: Place) -> None:
    account, _, server = place.url.rpartition("@")
    user = account.rpartition(":")[0]
    for url in (f"{user}:SECRET@{server}", f"{user}:SECRET@127.0.0.1:1/crm", f"{user}:SECRET@{server}?sslmod=x"):
        ran = move(place, url).expect_refusal()
        expect("SECRET" not in ran.out + ran.err, f"the password is printed: {ran.last_words()}")


@claim("a connection that the server closed while idle is not noticed", only="postgresql")
def closed(place: Place) -> None:
    move(place).expect_success()
    rows(place)
    place.cut_connections()
    expect_equal(len(rows(place)[1]), 4, "invoices")


if __name__ == "__main__":
    sys.exit(check_result(prepare))
