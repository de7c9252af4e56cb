"""No row is lost, none is there twice, and each is exact."""

import array
import contextlib
import csv
import fcntl
import os
import sys
import termios
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import Place, Ran, Running, check_result, claim, expect, expect_equal

MANY = 12_000
ROOM = 20.0  # MB by which a large import may grow: all of the rows at once take more


def expenses(place: Place, *arguments: str) -> Ran:
    return place.run("python", "expenses.py", *arguments)


def add(place: Place, day: str, amount: str, description: str = "Tea") -> Ran:
    return expenses(place, "add", day, "Food", amount, description)


def listed(place: Place, month: str = "2026-03") -> list[str]:
    return expenses(place, "list", month).expect_success().out.splitlines()


def total(place: Place, month: str = "2026-03") -> str:
    return expenses(place, "total", month).expect_success().out.strip()


def export(place: Place, name: str, rows: list[tuple[str, str, str, str]]) -> str:
    """A file of the bank, of rows with ref, date, amount and description."""
    with (place.folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("ref", "date", "category", "amount", "description"))
        writer.writerows((ref, day, "Food", amount, text) for ref, day, amount, text in rows)
    return name


THREE = [
    ("A1", "2026-03-01", "12.50", "Lunch, with Ann"),
    ("A2", "2026-03-02", "2.40", "Bus"),
    ("A3", "2026-03-02", "2.40", "Bus"),  # no mistake of the bank's: they went and came back
]


@claim("what is added is listed as it was typed, in the order of the days")
def added(place: Place) -> None:
    add(place, "2026-03-09", "3.00", 'Müllers "Café", Köln').expect_success()
    add(place, "2026-03-01", "12.50", "Lunch, with Ann").expect_success()
    add(place, "2026-03-09", "1.00", "Zug").expect_success()
    expect_equal(
        listed(place),
        [
            "2026-03-01\tFood\t12.50\tLunch, with Ann",
            '2026-03-09\tFood\t3.00\tMüllers "Café", Köln',
            "2026-03-09\tFood\t1.00\tZug",
        ],
        "list",
    )


@claim("a month begins with its first day and ends with its last")
def months(place: Place) -> None:
    for day in ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01", "2025-03-15", "2026-12-31", "2027-01-01"):
        add(place, day, "1.00")
    expect_equal(total(place), "2.00", "total of March")
    expect_equal(total(place, "2026-12"), "1.00", "total of December")
    expect_equal(total(place, "2026-05"), "0.00", "total of a month without expenses")


@claim("amounts are exact to the last digit, small or large")
def exact(place: Place) -> None:
    add(place, "2026-03-01", "0.10")
    add(place, "2026-03-01", "0.20")
    expect_equal(total(place), "0.30", "0.10 + 0.20")
    add(place, "2026-04-01", "100000000000000.01").expect_success()
    add(place, "2026-04-01", "999999999999999.99").expect_success()
    amounts = [line.split("\t")[2] for line in listed(place, "2026-04")]
    expect_equal(amounts, ["100000000000000.01", "999999999999999.99"], "amounts in rupiah")
    expect_equal(total(place, "2026-04"), "1100000000000000.00", "their sum")


@claim("what is no amount or no date is refused in words that show it, and nothing is saved")
def refused(place: Place) -> None:
    for amount in ("12,5", "1.005", "nan", "inf", "0", "-3", "abc", ""):
        ran = expenses(place, "add", "2026-03-01", "Food", amount, "Tea").expect_refusal()
        expect(amount in ran.err + ran.out, f"the message does not show {amount!r}: {ran.err}")
    expect("2026-02-30" in add(place, "2026-02-30", "1.00").expect_refusal().err, "the message does not show the day")
    expect_equal(listed(place), [], "list")


@claim("a file is imported once, however often it is given, and exports may overlap")
def imported_once(place: Place) -> None:
    name = export(place, "march.csv", THREE)
    expect_equal(expenses(place, "import", name).expect_success().out.strip(), "3 new expenses", "first time")
    expect_equal(expenses(place, "import", name).expect_success().out.strip(), "0 new expenses", "second time")
    name = export(place, "longer.csv", [*THREE[1:], ("A4", "2026-03-05", "7.00", "Cinema")])
    expect_equal(expenses(place, "import", name).expect_success().out.strip(), "1 new expenses", "overlapping")
    expect_equal(total(place), "24.30", "total")


@claim("one file that is imported twice at once is there once")
def imported_at_once(place: Place) -> None:
    listed(place)  # the tables are there
    name = export(place, "march.csv", THREE)
    with place.writers_wait():
        both = [place.start("python", "expenses.py", "import", name) for _ in range(2)]
        place.until_they_wait(both)
    for running in both:
        running.wait()  # one of them may have been told to try again
    expenses(place, "import", name).expect_success()
    expect_equal(len(listed(place)), 3, "rows")


@claim("a file with a row that cannot be read leaves nothing behind, and the message says the line")
def bad_row(place: Place) -> None:
    for number, bad in enumerate((("B9", "2026-03-09", "1.005", "x"), ("B9", "9.3.2026", "1.00", "x"))):
        name = export(place, f"bad-{number}.csv", [*THREE, bad, ("A9", "2026-03-09", "1.00", "y")])
        ran = expenses(place, "import", name).expect_refusal()
        expect("5" in (ran.err + ran.out).replace("1.005", ""), f"the message does not say line 5: {ran.err}")
    expect_equal(listed(place), [], "rows")


@claim("an import that is killed in the middle leaves nothing behind, and the next one works")
def killed(place: Place) -> None:
    listed(place)
    rows = [(f"K{number}", "2026-03-01", "1.00", "Tea " * 20) for number in range(3000)]
    name = export(place, "large.csv", rows)
    os.mkfifo(place.folder / "endless.csv")
    running = place.start("python", "expenses.py", "import", "endless.csv")
    feed(place.folder / "endless.csv", (place.folder / name).read_bytes(), running)
    running.kill()
    expect_equal(len(listed(place)), 0, "rows after the kill")
    expenses(place, "import", name).expect_success()
    expect_equal(total(place), "3000.00", "total after the next import")


def feed(pipe: Path, content: bytes, running: Running) -> None:
    """Give the program a file that does not end; return when it has read what there is, or has ended."""
    file = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    unread = array.array("i", [1])
    while (content or unread[0]) and not running.connection.poll(0.01):
        with contextlib.suppress(BlockingIOError):
            content = content[os.write(file, content) :]
        fcntl.ioctl(file, termios.FIONREAD, unread)
    os.close(file)


@claim("people who add at the same moment lose nothing")
def together(place: Place) -> None:
    listed(place)
    with place.writers_wait():
        commands = [("python", "expenses.py", "add", "2026-03-01", "Food", "1.00", f"of {n}") for n in range(3)]
        running = [place.start(*command) for command in commands]
        place.until_they_wait(running)
    for one in running:
        one.wait().expect_success()
    expect_equal(total(place), "3.00", "total")


@claim("the first commands of several people may come at the same moment")
def first_commands(place: Place) -> None:
    with place.writers_wait():
        running = [place.start("python", "expenses.py", "add", "2026-03-01", "Food", "1.00", "Tea") for _ in range(3)]
        place.until_they_wait(running)
    for one in running:
        one.wait().expect_success()
    expect_equal(total(place), "3.00", "total")


@claim("the memory of an import does not grow with the file")
def memory(place: Place) -> None:
    small = export(place, "small.csv", THREE)
    rows = [(f"M{number}", "2026-04-01", "1234567.89", "Coffee and cake " * 5) for number in range(MANY)]
    large = export(place, "large.csv", rows)
    before = expenses(place, "import", small).expect_success().peak
    grown = expenses(place, "import", large).expect_success().peak - before
    expect_equal(total(place, "2026-04"), "14814814680.00", "total")
    expect(grown < ROOM, f"it took {grown:.0f} MB more for {MANY} rows")


@claim("its tests pass on both databases, and really use the database that they are given")
def own_tests(place: Place) -> None:
    ran = place.run("python", "-m", "pytest", "-q").expect_success()
    expect("passed" in ran.out, f"no test ran: {ran.out.strip()[-200:]}")
    if place.database == "postgresql":
        used = "SELECT tup_inserted > 0 FROM pg_stat_database WHERE datname = current_database()"
        expect(bool(place.sql(used)[0][0]), "no row was written in the database of DATABASE_URL")
    else:
        expect(Path(place.url.removeprefix("sqlite:///")).exists(), "the file of DATABASE_URL was not made")


if __name__ == "__main__":
    sys.exit(check_result())
