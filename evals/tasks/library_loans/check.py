"""The loans do what the desk needs, and all that was there is as it was."""

import filecmp
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import Place, Raised, check_result, claim, expect, expect_equal

PROJECT = Path(__file__).parent / "project"
IMPORT = "import library.repositories.loans"
DAY = "date(2026, 2, 10)"
VOLUMES = range(1001, 1007)  # far from the numbers that the database gives


def prepare(place: Place) -> None:
    place.alembic("upgrade", "0002").expect_success()
    place.sql("INSERT INTO books (id, title, copies) VALUES (?, ?, ?)", [(101, "Emma", 1), (102, "Dune", 2)])
    place.sql("INSERT INTO books (id, title, copies) VALUES (?, ?, ?)", [(n, f"Volume {n}", 9) for n in VOLUMES])
    place.sql("INSERT INTO members (id, name) VALUES (?, ?)", [(201, "Ann"), (202, "Ben")])
    place.alembic("upgrade", "head").expect_success()


def loans(call: str) -> str:
    return f"from library.repositories.loans import *\nreturn {call}"


def lend(book: int, member: int, day: str = DAY) -> str:
    return loans(f"lend({book}, {member}, {day})")


def has(place: Place, member: int) -> list[str]:
    return [title for title, _ in place.call(loans(f"open_loans({member})"))]


def one_is_told(outcomes: list[object], exception: str) -> None:
    told = [outcome for outcome in outcomes if isinstance(outcome, Raised)]
    expect(len(told) == 1 and exception in told[0].names, f"the calls gave {outcomes!r}")


@claim("a book is lent for 28 days, and is the member's until it comes back")
def lent(place: Place) -> None:
    expect_equal(place.call(lend(101, 201)), date(2026, 3, 10), "due")
    place.call(lend(102, 201, "date(2026, 2, 1)"))
    found = place.call(loans("open_loans(201)"))
    expect_equal(found, [["Dune", date(2026, 3, 1)], ["Emma", date(2026, 3, 10)]], "loans")
    place.call(loans("give_back(101, 201)"))
    expect_equal(has(place, 201), ["Dune"], "loans after the return")
    place.call(lend(101, 202))
    place.call(loans("give_back(101, 202)"))
    place.call(lend(101, 201))
    expect_equal(has(place, 201), ["Dune", "Emma"], "loans of one who has it again")


@claim("what the desk may not do is refused in words that name the book")
def refused(place: Place) -> None:
    place.call(lend(101, 201))
    for code, exception, words in (
        (lend(101, 202), "NoCopyLeft", "Emma"),
        (lend(101, 201), "AlreadyLent", "Emma"),
        (lend(999, 201), "NotFound", "999"),
        (lend(102, 998), "NotFound", "998"),
        (loans("give_back(102, 201)"), "NotLent", "Dune"),
        (loans("give_back(101, 202)"), "NotLent", "Emma"),
    ):
        text = place.refuses(code, exception)
        expect(words in text, f"the message does not name {words}: {text}")
        place.refuses(code, "LibraryError")
    for number in VOLUMES[:4]:
        place.call(lend(number, 201))
    text = place.refuses(lend(1005, 201), "TooManyBooks")
    expect("Volume 1005" in text, f"the message does not name the book: {text}")
    expect_equal(len(has(place, 201)), 5, "books of the member")


@claim("overdue is what should have been back before the day, the one due longest first")
def overdue(place: Place) -> None:
    place.call(lend(101, 201, "date(2026, 2, 2)"))
    place.call(lend(102, 202, "date(2026, 2, 1)"))
    place.call(lend(1001, 202, "date(2026, 2, 1)"))
    place.call(loans("give_back(1001, 202)"))
    expect_equal(place.call(loans("overdue(date(2026, 3, 1))")), [], "on the day when it is due")
    expect_equal(place.call(loans("overdue(date(2026, 3, 2))")), [["Ben", "Dune", date(2026, 3, 1)]], "a day later")
    later = place.call(loans("overdue(date(2026, 3, 9))"))
    expect_equal([title for _, title, _ in later], ["Dune", "Emma"], "a week later")


@claim("the last copy goes to one of two desks, and the other is told")
def last_copy(place: Place) -> None:
    one_is_told(place.race(lend(101, 201), lend(101, 202), first=IMPORT), "NoCopyLeft")
    expect_equal(len(has(place, 201) + has(place, 202)), 1, "loans")


@claim("a member does not get a book twice, even at two desks at once")
def same_book(place: Place) -> None:
    one_is_told(place.race(lend(102, 201), lend(102, 201), first=IMPORT), "AlreadyLent")
    expect_equal(has(place, 201), ["Dune"], "loans")


@claim("a member does not get a sixth book, even at two desks at once")
def sixth_book(place: Place) -> None:
    for number in VOLUMES[:4]:
        place.call(lend(number, 201))
    one_is_told(place.race(lend(1005, 201), lend(1006, 201), first=IMPORT), "TooManyBooks")
    expect_equal(len(has(place, 201)), 5, "loans")


@claim("of two returns of one loan at once the second is told")
def returned_twice(place: Place) -> None:
    place.call(lend(101, 201))
    code = loans("give_back(101, 201)")
    one_is_told(place.race(code, code, first=IMPORT), "NotLent")


@claim("the database itself refuses to delete a book or a member with a loan, and lets go of the others")
def deleting(place: Place) -> None:
    place.call(lend(101, 201))
    for statement in ("DELETE FROM books WHERE id = 101", "DELETE FROM members WHERE id = 201"):
        expect(place.sql_is_refused(statement), f"accepted: {statement}")
    place.call(loans("give_back(101, 201)"))
    for statement in ("DELETE FROM books WHERE id = 101", "DELETE FROM members WHERE id = 201"):
        expect(not place.sql_is_refused(statement), f"refused after the return: {statement}")


@claim("the history goes on from what was applied, keeps the rows, can be taken back, and builds the models")
def history(place: Place) -> None:
    for name in ("0001_books.py", "0002_members.py"):
        same = filecmp.cmp(PROJECT / "migrations/versions" / name, place.folder / "migrations/versions" / name, False)
        expect(same, f"{name} was changed")
    place.alembic("check").expect_success()
    place.alembic("downgrade", "0002").expect_success()
    place.alembic("upgrade", "head").expect_success()
    expect_equal(place.sql("SELECT count(*) FROM books"), [(8,)], "books")
    heads = place.alembic("heads").expect_success().out.split("\n")
    expect_equal(len([line for line in heads if "(head)" in line]), 1, "heads")


@claim("a program makes no table")
def no_tables(place: Place) -> None:
    place.alembic("downgrade", "base").expect_success()
    place.call("import library.models, library.repositories.books, library.repositories.loans")
    try:
        place.call("from library.repositories.books import add_book\nadd_book('Emma')")
    except Raised:
        return
    expect(False, "a book was added to a database that was not migrated")


@claim("the tests that were there pass, unchanged, on both databases")
def old_tests(place: Place) -> None:
    name = "tests/test_books.py"
    expect(filecmp.cmp(PROJECT / name, place.folder / name, False), f"{name} was changed")
    place.run("python", "-m", "pytest", "-q").expect_success()


if __name__ == "__main__":
    sys.exit(check_result(prepare))
