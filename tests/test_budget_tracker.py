"""budget-tracker.py: what a person does with it, on both databases, with good and with bad input."""

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

import database
from budget import importing, schema
from budget.bank import BankFile, ReadingOptions, open_bank_file
from budget.categories import ensure_categories
from budget.explaining import explain
from budget.exporting import export_expenses
from budget.importing import import_expenses
from budget.users import find_or_create_user, find_user
from database import create_database_engine, run_transaction, transaction
from like_neon import LikeNeon
from local_postgres import LocalPostgres, with_database
from proxy import Proxy
from running import RunPython, bare_environment
from tracker import PROGRAM, SAMPLE, Tracker

EXPORTS = ["checking-account.csv", "credit-card.csv", "cash-and-app.csv"]
COFFEE = "date,name,category,tags,amount\n2024-01-01,Coffee,Food,Cash,-3.50\n2024-01-15,Books,Fun,Card,-24.99\n"


@pytest.fixture
def tracker(migrated_url: str) -> Tracker:
    return Tracker(migrated_url)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(content: str, name: str = "bank.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))
        return path

    return write_file


def everything(url: str) -> list[tuple[object, ...]]:
    """All rows of all tables, read by another engine than the program's."""
    engine = create_database_engine(url)
    tables = ("users", "categories", "expenses", "budgets", "budget_transfers", "deleted_expenses")
    with transaction(engine, read_only=True) as session:
        rows = [tuple(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]
    engine.dispose()
    return rows


def report_of(tracker: Tracker, *period: str) -> dict[str, object]:
    report: dict[str, object] = json.loads(tracker.ok("report", *period, "--json"))
    return report


# --- The main job


@pytest.mark.slow
def test_the_demo_prints_a_report_and_touches_no_other_database(run_python: RunPython, tmp_path: Path) -> None:
    ended = run_python(PROGRAM, "demo", database_url=f"sqlite:///{tmp_path}/mine.db")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert "December 2025: 164 expenses, in EUR" in ended.stdout
    assert "3,966.40" in ended.stdout
    assert all(len(line) <= 80 for line in ended.stdout.splitlines() if not line.startswith("  "))
    assert not (tmp_path / "mine.db").exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_same_import_gives_the_same_report_and_export_on_both_databases(
    migrated_sqlite_url: str, migrated_postgresql_url: str, tmp_path: Path
) -> None:
    seen = []
    for url in (migrated_sqlite_url, migrated_postgresql_url):
        tracker = Tracker(url)
        printed = [tracker.ok("import", SAMPLE / name) for name in EXPORTS]
        tracker.ok("budget", "set", "Groceries", "700", "--year", "2025")
        printed += [tracker.ok("report", "--year", "2025", *how) for how in ([], ["--json"], ["--csv"])]
        printed += [tracker.ok("report", "--month", "2025-08"), tracker.ok("category", "list")]
        tracker.ok("export", tmp_path / "out.csv")
        seen.append((printed, (tmp_path / "out.csv").read_bytes()))
    assert seen[0] == seen[1]
    assert report_of(Tracker(migrated_sqlite_url), "--year", "2025")["total"] == {
        "spent": "46709.42",
        "budget": "8400.00",
        "left": "818.42",
        "without_budget": "39127.84",
    }


def test_a_file_that_is_imported_again_adds_nothing_and_says_so(tracker: Tracker) -> None:
    assert "501 new" not in tracker.ok("import", SAMPLE / "cash-and-app.csv")
    before = everything(tracker.url)
    assert "0 new expenses, 500 known already" in tracker.ok("import", SAMPLE / "cash-and-app.csv")
    assert everything(tracker.url) == before


def test_two_equal_purchases_on_a_day_both_count(tracker: Tracker, write: Callable[..., Path]) -> None:
    line = "2024-01-01,Coffee,Food,,-3.50\n"
    tracker.ok("import", write("date,name,category,tags,amount\n" + line))
    assert "1 new expense, 1 known already" in tracker.ok(
        "import", write("date,name,category,tags,amount\n" + line + line)
    )
    assert "0 new expenses, 2 known" in tracker.ok("import", write("date,name,category,tags,amount\n" + line + line))
    assert "7.00" in tracker.ok("report", "--month", "2024-01")


def test_rows_that_were_edited_or_deleted_do_not_come_back(tracker: Tracker, write: Callable[..., Path]) -> None:
    file = write(COFFEE)
    tracker.ok("import", file)
    engine = create_database_engine(tracker.url)
    with transaction(engine) as session:
        session.execute(text("UPDATE expenses SET description = 'Espresso', amount = 300 WHERE description = 'Coffee'"))
        session.execute(
            text("INSERT INTO deleted_expenses SELECT user_id, fingerprint FROM expenses WHERE description = 'Books'")
        )
        session.execute(text("DELETE FROM expenses WHERE description = 'Books'"))
    engine.dispose()
    assert "0 new expenses, 2 known already" in tracker.ok("import", file)
    assert report_of(tracker, "--month", "2024-01")["total"] == {
        "spent": "3.00",
        "budget": None,
        "left": None,
        "without_budget": "3.00",
    }


def test_an_export_of_edited_rows_adds_nothing_to_its_own_database(
    tracker: Tracker, write: Callable[..., Path], tmp_path: Path
) -> None:
    tracker.ok("import", write(COFFEE))
    engine = create_database_engine(tracker.url)
    with transaction(engine) as session:
        session.execute(text("UPDATE expenses SET description = 'Espresso', amount = 300 WHERE description = 'Coffee'"))
    engine.dispose()
    tracker.ok("export", tmp_path / "all.csv")
    assert "0 new expenses, 2 known already" in tracker.ok("import", tmp_path / "all.csv")
    assert "0 new expenses, 2 known already" in tracker.ok("import", write(COFFEE))


def test_what_one_user_has_deleted_another_may_import(tracker: Tracker, write: Callable[..., Path]) -> None:
    ann, bob = replace(tracker, user="ann@example.com"), replace(tracker, user="bob@example.com")
    ann.ok("import", write(COFFEE))
    engine = create_database_engine(tracker.url)
    with transaction(engine) as session:
        session.execute(text("INSERT INTO deleted_expenses SELECT user_id, fingerprint FROM expenses"))
        session.execute(text("DELETE FROM expenses"))
    engine.dispose()
    assert "0 new expenses, 2 known already" in ann.ok("import", write(COFFEE))
    assert "2 new expenses" in bob.ok("import", write(COFFEE))


def test_purchases_that_differ_in_one_thing_only_are_different(tracker: Tracker, write: Callable[..., Path]) -> None:
    lines = [
        "2024-01-01,Coffee,-3.50,Card",
        "2024-01-02,Coffee,-3.50,Card",
        "2024-01-01,Cake,-3.50,Card",
        "2024-01-01,Coffee,-3.60,Card",
        "2024-01-01,Coffee,-3.50,Cash",
    ]
    for line in lines:
        assert ": 1 new expense" in tracker.ok("import", write(f"Date,Description,Amount,Account\n{line}\n"))


def test_a_description_is_kept_letter_by_letter_and_the_lines_of_a_day_in_their_order(
    tracker: Tracker, write: Callable[..., Path]
) -> None:
    said = [r"C:\new\table", r"\N", r"\.", "50% & 'so' \"on\"", "Ünïcödé 食品", "=1+1", "[red]x[/red]", "Tea", "Cake"]
    with io.StringIO() as content:
        rows = csv.writer(content)
        rows.writerows([["date", "description", "amount"], *(["2024-01-01", each, "-1.00"] for each in said)])
        tracker.ok("import", write(content.getvalue()))
    exported = csv.DictReader(io.StringIO(tracker.ok("export", "-")))
    assert [row["description"] for row in exported] == said


def test_a_line_is_known_by_what_earlier_versions_wrote(tracker: Tracker, write: Callable[..., Path]) -> None:
    """Whoever changes how the fingerprint is made imports every line of every file a second time."""
    line = 'Card,2024-01-01,-3.50,"Café, ""C:\\new"""\n'
    tracker.ok("import", write("account,date,amount,description\n" + line + line + ",2024-01-02,-9999999999.99,\n"))
    exported = csv.DictReader(io.StringIO(tracker.ok("export", "-")))
    assert [row["fingerprint"] for row in exported] == [
        "73a4330056b19bc2ca30eb2578045094.1",
        "73a4330056b19bc2ca30eb2578045094.2",
        "e76f11a91c6f77a0fcba456e7b58bf33.1",
    ]


def test_equal_lines_of_which_some_bring_a_fingerprint(tracker: Tracker, write: Callable[..., Path]) -> None:
    """The number of a line counts all lines like it, also the one that is known by the fingerprint of an export."""
    lines = "".join(f"2024-01-01,Coffee,3.50,{mark}\n" for mark in ("", "ab.1", "", "ab.1"))
    file = write("date,description,amount,fingerprint\n" + lines)
    assert "3 new expenses, 1 known already (2024-01-01 to 2024-01-01, 14.00)" in tracker.ok("import", file)
    marks = [row["fingerprint"].rpartition(".")[2] for row in csv.DictReader(io.StringIO(tracker.ok("export", "-")))]
    assert marks == ["1", "1", "3"]
    assert "0 new expenses, 4 known already" in tracker.ok("import", file)


def test_an_import_leaves_the_settings_of_its_connection_as_they_were(
    migrated_sqlite_url: str, write: Callable[..., Path]
) -> None:
    engine = create_database_engine(migrated_sqlite_url)
    file = open_bank_file(write(COFFEE), ReadingOptions())
    with transaction(engine) as session:
        before = session.scalar(text("PRAGMA cache_size"))
        import_expenses(session, find_or_create_user(session, "ann@example.com"), file)
        assert session.scalar(text("PRAGMA cache_size")) == before
    engine.dispose()


def test_a_file_is_read_again_in_the_same_unit_of_work(tracker: Tracker, write: Callable[..., Path]) -> None:
    engine = create_database_engine(tracker.url)
    file = open_bank_file(write(COFFEE), ReadingOptions())
    with transaction(engine) as session:
        user = find_or_create_user(session, "ann@example.com")
        results = [import_expenses(session, user, file) for _ in range(2)]
    assert [(result.added, result.known) for result in results] == [(2, 0), (0, 2)]
    engine.dispose()


@pytest.mark.slow
def test_a_long_export_needs_no_more_memory_than_a_short_one(tracker: Tracker, write: Callable[..., Path]) -> None:
    tracker.ok("import", write(COFFEE))
    engine = create_database_engine(tracker.url)
    with transaction(engine) as session:
        session.execute(text(MANY_EXPENSES))
    with transaction(engine, read_only=True) as session, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        user = find_user(session, "me@localhost")
        tracemalloc.start()
        count = export_expenses(session, user, nowhere)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    engine.dispose()
    assert count > 20_000
    assert peak < count * 400  # half of what the rows need in memory


MANY_EXPENSES = """
    WITH RECURSIVE numbers AS (SELECT 1 AS number UNION ALL SELECT number + 1 FROM numbers WHERE number < 20000)
    INSERT INTO expenses
        (user_id, category_id, amount, description, search_text, account, spent_on, fingerprint, created_at)
    SELECT user_id, category_id, 5, 'Tea', 'tea', '', spent_on, 'n' || number, created_at
    FROM numbers CROSS JOIN expenses WHERE description = 'Coffee'
"""


@contextmanager
def listening(target: Any, name: str, function: Callable[..., None]) -> Iterator[None]:
    event.listen(target, name, function)
    try:
        yield
    finally:
        event.remove(target, name, function)


def test_an_import_may_take_longer_than_a_statement_otherwise(migrated_postgresql_url: str) -> None:
    tracker, limits = Tracker(migrated_postgresql_url), set()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        limits.update(re.findall("statement_timeout = ([0-9]+)", statement))

    with listening(Engine, "before_cursor_execute", note):
        tracker.ok("import", SAMPLE / "cash-and-app.csv")
        assert limits == {"0"}
        tracker.ok("category", "add", "Pets")
        assert limits == {"0", "30000"}


def test_ctrl_c_in_the_middle_of_an_import_saves_nothing(tracker: Tracker, write: Callable[..., Path]) -> None:
    before = everything(tracker.url)
    lines = BankFile.lines

    def interrupted(file: BankFile, *arguments: Any) -> Iterator[object]:
        yield next(lines(file, *arguments))
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BankFile, "lines", interrupted)
        ended = tracker("import", write(COFFEE))
    assert ended.code == 130
    assert ended.err.strip().splitlines()[-1] == "Stopped. What was not finished was not saved"
    assert everything(tracker.url) == before


def test_an_export_adds_nothing_to_its_own_database_and_gives_an_empty_one_the_same_report(
    tracker: Tracker, tmp_path: Path
) -> None:
    for name in EXPORTS:
        tracker.ok("import", SAMPLE / name)
    file = tmp_path / "all.csv"
    assert "1,964 expenses written" in tracker.ok("export", file)
    assert file.read_text("utf-8").startswith("date,description,category,amount,account,fingerprint\n2025-01-01,")
    assert "0 new expenses, 1,964 known already" in tracker.ok("import", file)
    other = replace(tracker, user="somebody@example.com")
    other.ok("import", file, "--currency", "EUR")
    assert other.ok("report", "--year", "2025") == tracker.ok("report", "--year", "2025")
    assert "0 new expenses" in other.ok("import", SAMPLE / "credit-card.csv")
    assert other.ok("export", "-") == tracker.ok("export", "-") == file.read_text("utf-8")


def test_the_two_shapes_to_start_from(tracker: Tracker, write: Callable[..., Path]) -> None:
    mint = (
        '"Date","Description","Original Description","Amount","Transaction Type","Category","Account Name","Labels",'
        '"Notes"\n'
        '"8/02/2016","Amazon","AMZN 1","29.99","debit","Shopping","1234","",""\n'
        '"8/15/2016","Payment","THANK YOU","500.00","credit","Transfer","1234","",""\n'
    )
    assert "1 new expense " in tracker.ok("import", write(mint))
    assert "no spending: 1 with money coming in" in tracker.ok("import", write(mint))
    tagged = "date,name,category,tags,amount\n2024-01-01,Amazon,Shopping,Tag1|Tag2,-24.99\n"
    tracker.ok("import", write(tagged))
    assert report_of(tracker, "--month", "2016-08")["categories"] == [
        {"category": "Shopping", "spent": "29.99", "budget": None, "left": None}
    ]
    assert report_of(tracker, "--year", "2024")["total"] == {
        "spent": "24.99",
        "budget": None,
        "left": None,
        "without_budget": "24.99",
    }


def test_a_report_shows_every_category_against_its_budget(tracker: Tracker, write: Callable[..., Path]) -> None:
    tracker.ok("import", write(COFFEE))
    tracker.ok("category", "add", "Travel")
    for name, amount in (("food", "3"), ("Travel", "0"), ("Fun", "100,5")):
        tracker.ok("budget", "set", name, amount, "--month", "2024-01")
    tracker.ok("budget", "set", "Fun", "200", "--month", "2024-02")
    report = report_of(tracker, "--month", "2024-01")
    assert report["categories"] == [
        {"category": "Fun", "spent": "24.99", "budget": "100.50", "left": "75.51"},
        {"category": "Food", "spent": "3.50", "budget": "3.00", "left": "-0.50"},
        {"category": "Travel", "spent": "0.00", "budget": "0.00", "left": "0.00"},
    ]
    assert report["total"] == {
        "spent": "28.49",
        "budget": "103.50",
        "left": "75.01",
        "without_budget": "0.00",
    }
    assert report["expenses"] == 2
    assert tracker.ok("report", "--month", "2024-01", "--csv").splitlines()[1] == "Fun,24.99,100.50,75.51"
    year = report_of(tracker, "--year", "2024")
    assert year["total"] == {
        "spent": "28.49",
        "budget": "303.50",
        "left": "275.01",
        "without_budget": "0.00",
    }
    assert "Fun                            200.00" in tracker.ok("budget", "list", "--month", "2024-02")
    printed = tracker.ok("report", "--month", "2024-01")
    assert "January 2024: 2 expenses" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80


def test_a_budget_that_is_set_again_is_replaced(tracker: Tracker) -> None:
    tracker.ok("category", "add", "Food")
    for amount in ("400", "350.50"):
        tracker.ok("budget", "set", "Food", amount, "--year", "2024")
    assert report_of(tracker, "--month", "2024-07")["total"] == {
        "spent": "0.00",
        "budget": "350.50",
        "left": "350.50",
        "without_budget": "0.00",
    }


def test_a_report_of_nothing_says_where_to_look(tracker: Tracker, write: Callable[..., Path]) -> None:
    assert "`add` and `import FILE.csv` bring the first" in tracker.ok("report", "--month", "2024-03")
    replace(tracker, user="bob@example.com").ok("import", write(COFFEE.replace("2024-", "2023-")))
    assert "bring the first" in tracker.ok("report", "--month", "2024-03")
    tracker.ok("import", write(COFFEE))
    hint = "Your expenses are from 2024-01-01 to 2024-01-15: try --month 2024-01"
    assert hint in tracker.ok("report", "--month", "2024-03")
    assert hint not in tracker.ok("report", "--month", "2024-01")


@pytest.mark.slow
def test_an_old_terminal_gets_plain_signs(run_python: RunPython, migrated_sqlite_url: str) -> None:
    Tracker(migrated_sqlite_url).ok("import", SAMPLE / "cash-and-app.csv")
    ended = run_python(
        PROGRAM, "report", "--year", "2025", database_url=migrated_sqlite_url, environ={"PYTHONIOENCODING": "ascii"}
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "# spent" in ended.stdout


def test_names_are_shown_as_they_are(migrated_sqlite_url: str, write: Callable[..., Path], tmp_path: Path) -> None:
    tracker = Tracker(migrated_sqlite_url)
    names = ["[bold]Food[/bold]", ":pizza:", "$x_{$"]
    rows = "".join(f"2024-01-01,Tea,{name},-1.00\n" for name in names)
    tracker.ok("import", write("date,description,category,amount\n" + rows))
    for shown in (tracker.ok("category", "list"), tracker.ok("report", "--month", "2024-01")):
        assert all(name in shown for name in names)
    assert tracker("report", "--month", "2024-01", "--plot", tmp_path / "names.svg").code == 0


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_plot_is_a_picture(tracker: Tracker, tmp_path: Path, ending: str) -> None:
    tracker.ok("import", SAMPLE / "cash-and-app.csv")
    picture = tmp_path / f"report.{ending}"
    ended = tracker("report", "--year", "2025", "--plot", picture)
    assert (ended.code, ended.err) == (0, f"drawn into {picture}\n")
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    assert len(content) > 10_000
    assert "png, .svg" in tracker.refused("report", "--plot", tmp_path / "report.bmp")


# --- Users


def test_two_users_never_see_each_other(tracker: Tracker, write: Callable[..., Path]) -> None:
    ann, bob = replace(tracker, user="Ann@example.com"), replace(tracker, user="bob@example.com")
    ann.ok("import", write(COFFEE))
    assert report_of(bob, "--year", "2024")["categories"] == []
    assert bob.ok("category", "list") == ""
    assert "no category 'Food'" in bob.refused("budget", "set", "Food", "10")
    bob.ok("import", write(COFFEE))
    assert report_of(replace(tracker, user="ann@example.com"), "--year", "2024")["expenses"] == 2
    assert report_of(bob, "--year", "2024")["expenses"] == 2


def test_the_user_may_come_from_the_environment(
    tracker: Tracker, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUDGET_USER", "ann@example.com")
    tracker.ok("import", write(COFFEE))
    monkeypatch.delenv("BUDGET_USER")
    assert report_of(tracker, "--year", "2024")["expenses"] == 0
    assert report_of(replace(tracker, user="ann@example.com"), "--year", "2024")["expenses"] == 2


def test_a_reader_does_not_wait_for_a_writer(tracker: Tracker) -> None:
    tracker.ok("import", SAMPLE / "cash-and-app.csv")
    engine = create_database_engine(tracker.url)
    with transaction(engine) as writer:
        writer.execute(text("UPDATE expenses SET amount = 1"))
        began = time.monotonic()
        assert report_of(tracker, "--year", "2025")["expenses"] == 500
        assert time.monotonic() - began < 4
    engine.dispose()


def test_one_spelling_of_a_name_is_one_category(tracker: Tracker, write: Callable[..., Path]) -> None:
    tracker.ok("category", "add", "  Café   au lait ")
    assert "already" in tracker.refused("category", "add", "CAFE\u0301 AU LAIT")
    tracker.ok("import", write("date,name,category,amount\n2024-01-01,Cup,cafe\u0301 au lait,-1\n"))
    assert tracker.ok("category", "list") == "Café au lait\n"


def test_names_are_in_the_order_of_the_alphabet(tracker: Tracker) -> None:
    for name in ("zoo", "Book", "apple", "Zebra"):
        tracker.ok("category", "add", name)
        tracker.ok("budget", "set", name, "1", "--month", "2024-01")
    assert tracker.ok("category", "list").split() == ["apple", "Book", "Zebra", "zoo"]
    assert tracker.ok("budget", "list", "--month", "2024-01").split()[::2] == ["apple", "Book", "Zebra", "zoo"]
    bob = replace(tracker, user="bob@example.com")
    assert "No budgets for 2024-01" in bob.ok("budget", "list", "--month", "2024-01")


def test_reading_creates_no_user(tracker: Tracker) -> None:
    before = everything(tracker.url)
    tracker.ok("report")
    tracker.ok("category", "list")
    assert everything(tracker.url) == before


# --- Wrong input: a message, and an unchanged database


WRONG = {
    "a day that is none": ("2024-02-30,Tea,Food,,-1.00\n", ['line 4, column "date"', "2024-02-30"]),
    "an amount that is none": ("2024-01-16,Tea,Food,,-1.0O\n", ['line 4, column "amount"', "-1.0O"]),
    "a third decimal": ("2024-01-16,Tea,Food,,-1.005\n", ['line 4, column "amount"', "-1.005"]),
    "too large an amount": ("2024-01-16,Tea,Food,,-10000000000.00\n", ['line 4, column "amount"']),
    "not a number": ("2024-01-16,Tea,Food,,NaN\n", ['line 4, column "amount"', "NaN"]),
    "a missing amount": ("2024-01-16,Tea,Food,,\n", ['line 4, column "amount"']),
    "a control character": ("2024-01-16,T\x00ea,Food,,-1.00\n", ["line 4"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_wrong_line_imports_nothing(tracker: Tracker, write: Callable[..., Path], name: str) -> None:
    lines, said = WRONG[name]
    tracker.ok("category", "add", "Old")
    before = everything(tracker.url)
    error = tracker.refused("import", write(COFFEE + lines))
    assert "bank.csv was not imported" in error
    for part in said:
        assert part in error
    assert everything(tracker.url) == before


def test_the_first_ten_wrong_lines_are_shown(tracker: Tracker, write: Callable[..., Path]) -> None:
    error = tracker.refused("import", write(COFFEE + "2024-01-16,Tea,Food,,x\n" * 23)).splitlines()
    assert error[0] == "bank.csv was not imported, 23 lines cannot be read:"
    assert len(error) == 12
    assert error[-1] == "  and 13 more"


def test_dates_that_can_be_read_in_two_ways_are_asked_for(tracker: Tracker, write: Callable[..., Path]) -> None:
    file = write("Date,Description,Amount\n03/04/2024,Bus,-2.40\n")
    error = tracker.refused("import", file)
    assert "--dates day-first" in error
    assert "--dates month-first" in error
    tracker.ok("import", file, "--dates", "day-first")
    assert report_of(tracker, "--month", "2024-04")["expenses"] == 1


def test_several_currencies_are_refused_and_one_is_remembered(tracker: Tracker, write: Callable[..., Path]) -> None:
    header = "Date,Description,Amount,Currency\n"
    error = tracker.refused("import", write(header + "2024-01-01,A,-1.00,EUR\n2024-01-02,B,-2.00,USD\n"))
    assert "EUR" in error
    assert "USD" in error
    tracker.ok("import", write(header + "2024-01-01,A,-1.00,EUR\n"))
    before = everything(tracker.url)
    assert "EUR, these are in USD" in tracker.refused("import", write(header + "2024-01-02,B,-2.00,USD\n"))
    assert everything(tracker.url) == before
    assert report_of(tracker, "--year", "2024")["currency"] == "EUR"


def test_columns_can_be_named_by_hand(tracker: Tracker, write: Callable[..., Path]) -> None:
    file = write("wann;was;wieviel\n13.01.2024;Brot;-3,20\n")
    assert "--map" in tracker.refused("import", file)
    tracker.ok("import", file, "--map", "date=wann,description=was,amount=wieviel")
    assert report_of(tracker, "--month", "2024-01")["total"] == {
        "spent": "3.20",
        "budget": None,
        "left": None,
        "without_budget": "3.20",
    }


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # refused before the database sees it
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "missing.csv"], "missing.csv"),
        (["import", "."], "folder"),
        (["report", "--month", "2025-13"], "2025-13"),
        (["report", "--month", "soon"], "soon"),
        (["report", "--year", "25"], "25"),
        (["report", "--year", "2025", "--month", "2025-01"], "--month or --year"),
        (["report", "--json", "--csv"], "--json or --csv"),
        (["budget", "set", "Nothing", "10"], "Nothing"),
        (["budget", "set", "Food", "ten"], "ten"),
        (["budget", "set", "Food", "1.005"], "1.005"),
        (["budget", "set", "Food", "NaN"], "NaN"),
        (["budget", "set", "Food", "99999999999"], "99999999999"),
        (["budget", "set", "Foood", "10"], "Did you mean Food"),
        (["import", str(SAMPLE / "credit-card.csv"), "--currency", "EURO"], "three letters"),
        (["category", "add", ""], "name"),
        (["category", "add", "x" * 101], "name"),
        (["category", "add", "food"], "already"),
        (["category", "add", "a\x00b"], "control characters"),
        (["category", "add", "\udcff"], "cannot be stored"),
        (["export", "no/such/folder/file.csv"], "There is no folder"),
        (["export", "."], "is a folder"),
        (["--user", "", "category", "add", "Pets"], "name"),
        (["no-such-command"], "no-such-command"),
        (["import"], "FILE"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_wrong_arguments_get_a_message_and_change_nothing(
    tracker: Tracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tracker.ok("category", "add", "Food")
    before = everything(tracker.url)
    assert said in tracker.refused(*arguments)
    assert everything(tracker.url) == before


# --- The database is not as it should be


def test_a_new_postgresql_database_names_the_command(postgresql_url: str) -> None:
    tracker = Tracker(postgresql_url)
    for command in (["report"], ["import", str(SAMPLE / "cash-and-app.csv")], ["category", "add", "Food"]):
        assert "budget-tracker.py migrate" in tracker.refused(*command)
    assert f"revision {schema.NEWEST}" in tracker.ok("migrate")
    tracker.ok("category", "add", "Food")


def test_migrate_goes_past_the_pooler(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", postgresql_url)
    pooled = Tracker(f"postgresql://ann:secret@pooler.invalid/{make_url(postgresql_url).database}")
    assert f"revision {schema.NEWEST}" in pooled.ok("migrate")
    monkeypatch.delenv("DATABASE_URL_UNPOOLED")
    Tracker(postgresql_url).ok("category", "add", "Food")


def test_a_command_whose_connection_was_lost_is_done_again(migrated_postgresql_url: str) -> None:
    tracker = Tracker(migrated_postgresql_url)
    killed: list[int] = []

    def kill_once(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO categories" in statement and not killed:
            killed.append(connection.connection.dbapi_connection.info.backend_pid)  # type: ignore[union-attr]
            admin = create_database_engine(migrated_postgresql_url)
            with admin.begin() as other:
                other.execute(text(f"SELECT pg_terminate_backend({killed[0]}, 5000)"))
            admin.dispose()

    with listening(Engine, "before_cursor_execute", kill_once):
        assert tracker.ok("category", "add", "Food") == "Added the category Food\n"
    assert len(killed) == 1
    assert tracker.ok("category", "list") == "Food\n"


@pytest.mark.slow
def test_the_default_is_a_new_file_in_the_current_folder(run_python: RunPython, tmp_path: Path) -> None:
    ended = run_python(PROGRAM, "category", "add", "Food", database_url="")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Added the category Food\n", "")
    assert (tmp_path / "budget.db").exists()
    assert run_python(PROGRAM, "category", "list", database_url="").stdout == "Food\n"


@pytest.mark.slow
def test_a_stopped_server_and_a_wrong_password(own_postgres: LocalPostgres) -> None:
    tracker = Tracker(own_postgres.url)
    tracker.ok("migrate")
    tracker.ok("category", "add", "Food")
    head, tail = own_postgres.url.split("@")
    wrong = Tracker(f"{head}-SECRET@{tail}")
    error = wrong.refused("report")
    assert "refused the user name or the password: check DATABASE_URL" in error
    assert "SECRET" not in error
    unknown = own_postgres.url.rsplit("/", 1)[0] + "/nothing_here"
    assert "has no database nothing_here" in Tracker(unknown).refused("report")
    own_postgres.stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_database_engine", partial(create_database_engine, connect_within=3))
        ended = tracker("category", "add", "Drinks")
    assert ended.code == 3
    assert "Is the server running" in ended.err
    assert "SECRET" not in ended.err
    own_postgres.start()
    assert tracker.ok("category", "list") == "Food\n"


@pytest.mark.parametrize("url", ["nonsense", "psql 'postgresql://ann:SECRET@host/db'", "mysql://ann:SECRET@host/db"])
def test_an_address_that_cannot_be_used(url: str) -> None:
    error = Tracker(url).refused("report")
    assert "DATABASE_URL" in error
    assert "SECRET" not in error


SAID = {
    "unable to open database file": "cannot be opened",
    "database is locked": "Another program is writing",
    'FATAL:  role "bob" does not exist': "does not know the user bob",
    'could not translate host name "db.example.com" to address': "There is no server db.example.com:5432",
    "SSL error: certificate verify failed": "No trusted TLS connection to db.example.com:5432 (SSL error",
    "permission denied for table expenses": "may not do this",
    "cannot execute INSERT in a read-only transaction": "can only be read",
    "canceling statement due to statement timeout": "took too long",
    "canceling statement due to lock timeout": "Another program holds",
    "something new\nwith a second line": "db.example.com:5432 reported: something new\nNothing was changed",
}


@pytest.mark.parametrize("said", SAID)
def test_what_a_database_says_is_said_in_the_users_words(said: str) -> None:
    url = make_url("postgresql://ann:SECRET@db.example.com/shop")
    message, code = explain(OperationalError("INSERT", {}, Exception(said)), url) or ("", 0)
    assert SAID[said] in message
    assert message.endswith("Nothing was changed")
    assert "SECRET" not in message
    assert code == 3


def test_an_error_of_the_program_itself_is_not_explained_away() -> None:
    assert explain(ZeroDivisionError(), None) is None


def test_after_a_lost_commit_the_user_is_told_to_look(own_postgres: LocalPostgres) -> None:
    Tracker(own_postgres.url).ok("migrate")
    with Proxy(own_postgres.port) as proxy:
        tracker = Tracker(str(own_postgres.url).replace(f":{own_postgres.port}", f":{proxy.port}"))
        proxy.lose_next_commit.set()
        error = tracker.refused("category", "add", "Food")
    assert "look whether the work is there before you repeat the command" in error
    assert "Nothing was changed" not in error


def test_a_read_only_file_can_be_read_and_not_written(tmp_path: Path) -> None:
    file = tmp_path / "budget.db"
    tracker = Tracker(f"sqlite:///{file}")
    tracker.ok("import", SAMPLE / "cash-and-app.csv")
    file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    # Root may write everywhere, so for root the connection itself is made to refuse.
    refusing = on_each_connection("PRAGMA query_only = ON") if os.geteuid() == 0 else nullcontext()
    with refusing:
        assert "cannot be written" in tracker.refused("category", "add", "Drinks")
    assert report_of(tracker, "--year", "2025")["expenses"] == 500


@contextmanager
def on_each_connection(statement: str) -> Iterator[None]:
    def execute(connection: Any, _record: object) -> None:
        connection.execute(statement)

    event.listen(Pool, "connect", execute)
    try:
        yield
    finally:
        event.remove(Pool, "connect", execute)


def test_a_full_disk_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    tracker = Tracker(f"sqlite:///{tmp_path}/budget.db")
    tracker.ok("category", "add", "Food")
    before = everything(tracker.url)

    with on_each_connection("PRAGMA max_page_count = 30"):  # SQLite then says what it says on a full disk
        error = tracker.refused("import", SAMPLE / "checking-account.csv")
    assert "The disk of" in error
    assert "is full" in error
    assert everything(tracker.url) == before
    tracker.ok("import", SAMPLE / "checking-account.csv")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "budget.db").write_text("this is a letter to my grandmother, and longer than a header\n" * 100)
    error = Tracker(f"sqlite:///{tmp_path}/budget.db").refused("report")
    assert "is not a SQLite database" in error


def test_an_export_to_a_full_disk_leaves_no_half_file(tracker: Tracker, tmp_path: Path) -> None:
    tracker.ok("import", SAMPLE / "cash-and-app.csv")
    target = tmp_path / "out" / "all.csv"
    target.parent.mkdir()
    target.write_text("what was there before")
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full, the device that is always full")
    (tmp_path / "out" / f".all.csv.{os.getpid()}.part").symlink_to("/dev/full")
    assert "No space left" in tracker.refused("export", target)
    assert [path.name for path in target.parent.iterdir()] == ["all.csv"]
    assert target.read_text() == "what was there before"


def test_a_picture_on_a_full_disk_leaves_no_half_file(migrated_sqlite_url: str, tmp_path: Path) -> None:
    tracker = Tracker(migrated_sqlite_url)
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "report.png"
    target.write_text("what was there before")
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full, the device that is always full")
    (tmp_path / "out" / f".report.png.{os.getpid()}.part").symlink_to("/dev/full")
    assert "No space left" in tracker.refused("report", "--plot", target)
    assert [path.name for path in target.parent.iterdir()] == ["report.png"]
    assert target.read_text() == "what was there before"


# --- Several at once


@pytest.mark.parametrize("migrated_url", ["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)], indirect=True)
@pytest.mark.slow
def test_the_same_file_imported_by_three_processes_at_once_counts_once(tracker: Tracker, tmp_path: Path) -> None:
    arguments = [sys.executable, "-W", "error", str(PROGRAM), "import", str(SAMPLE / "cash-and-app.csv")]
    environment = bare_environment(tmp_path, tracker.url)
    with ThreadPoolExecutor(3) as threads:
        ended = list(
            threads.map(
                lambda _: subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False),
                range(3),
            )
        )
    assert [each.stderr for each in ended] == ["", "", ""]
    assert sum("500 new expenses" in each.stdout for each in ended) == 1
    assert report_of(tracker, "--year", "2025")["expenses"] == 500


def test_two_who_come_first_at_once_are_one_user_with_one_category(migrated_postgresql_url: str) -> None:
    engine = create_database_engine(migrated_postgresql_url)

    def add_food(session: Session) -> tuple[int, dict[str, int]]:
        user = find_or_create_user(session, "ann@example.com")
        return user.id, ensure_categories(session, user, ["Food"])[0]

    waits = text("SELECT count(*) FROM pg_locks WHERE pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()]")
    with ThreadPoolExecutor(1) as thread:
        for _ in range(2):  # the second time the user is there already, the category is not
            with transaction(engine) as session:
                session.execute(text("DELETE FROM categories"))
            with transaction(engine) as first:
                made = add_food(first)
                second = thread.submit(run_transaction, engine, add_food)
                while not first.scalar(waits):
                    assert not second.done(), second.result()
                first.commit()
                assert second.result(10) == made
    engine.dispose()


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("arguments", [["export", "-"], ["list", "--csv"]], ids=" ".join)
@pytest.mark.slow
def test_a_closed_pipe_is_quiet(tracker: Tracker, tmp_path: Path, arguments: list[str]) -> None:
    tracker.ok("import", SAMPLE / "credit-card.csv")
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-W", "error", str(PROGRAM), *arguments],
        env=bare_environment(tmp_path, tracker.url),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert process.stderr == ""


# --- What was wrong once


def test_an_export_writes_through_a_link_and_into_a_pipe(tracker: Tracker, tmp_path: Path) -> None:
    tracker.ok("import", SAMPLE / "cash-and-app.csv")
    (tmp_path / "target.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "target.csv")
    tracker.ok("export", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "target.csv").read_text("utf-8").startswith("date,description")
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit((tmp_path / "pipe").read_text, "utf-8")
        tracker.ok("export", tmp_path / "pipe")
        assert reading.result(20) == (tmp_path / "target.csv").read_text("utf-8")


def test_a_known_line_makes_no_new_category(tracker: Tracker, write: Callable[..., Path]) -> None:
    tracker.ok("import", write(COFFEE))
    tracker.ok("import", write(COFFEE.replace(",Food,", ",Drinks,")))
    assert tracker.ok("category", "list") == "Food\nFun\n"


def test_of_the_categories_of_a_file_those_are_new_that_a_new_line_has(
    tracker: Tracker, write: Callable[..., Path]
) -> None:
    tracker.ok("import", write(COFFEE))
    tracker.ok("category", "add", "Empty")
    new = "2024-02-01,Vet,Pets,Card,-80\n2024-02-02,Cat food,Pets,Card,-9\n2024-02-03,Tea,food,Card,-2\n"
    printed = tracker.ok("import", write(COFFEE.replace(",Food,", ",Drinks,") + new))
    assert "3 new expenses, 2 known already" in printed
    assert printed.splitlines()[1] == "  new categories: Pets"
    assert tracker.ok("category", "list") == "Empty\nFood\nFun\nPets\n"


@pytest.mark.parametrize(("line", "made"), [("2024-02-01,Beer", []), ("2024-01-01,Coffee", ["Drinks"])])
def test_of_two_imports_at_once_one_makes_their_new_category(
    migrated_postgresql_url: str, write: Callable[..., Path], line: str, made: list[str]
) -> None:
    """The other waits; and where the first has removed it again, because its line was known, makes it itself."""
    engine = create_database_engine(migrated_postgresql_url)

    def import_text(session: Session, text: str, name: str) -> list[str]:
        user = find_or_create_user(session, "ann@example.com")
        return import_expenses(session, user, open_bank_file(write(text, name))).new_categories

    with transaction(engine) as session:
        import_text(session, COFFEE, "known.csv")
    header = "date,name,category,tags,amount\n"
    waits = text("SELECT count(*) FROM pg_locks WHERE pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()]")
    with ThreadPoolExecutor(1) as thread, transaction(engine) as first:
        import_text(first, f"{header}{line},Drinks,,-3.50\n", "first.csv")
        ours = f"{header}2024-02-02,Wine,Drinks,,-7\n"
        second = thread.submit(run_transaction, engine, lambda session: import_text(session, ours, "second.csv"))
        while not first.scalar(waits):
            assert not second.done(), second.result()
        first.commit()
        assert second.result(10) == made
    engine.dispose()
    tracker = Tracker(migrated_postgresql_url, user="ann@example.com")
    assert tracker.ok("category", "list") == "Drinks\nFood\nFun\n"


def test_two_accounts_are_told_apart_by_name(tracker: Tracker, write: Callable[..., Path]) -> None:
    ticket = "date,name,amount\n2025-03-04,Bus,-2.50\n"
    tracker.ok("import", write(ticket, "checking.csv"), "--account", "Checking")
    assert "1 new expense" in tracker.ok("import", write(ticket, "card.csv"), "--account", "Card")
    assert "0 new expenses" in tracker.ok("import", write(ticket, "card.csv"), "--account", "Card")


def test_a_negative_debit_among_positive_ones_is_money_coming_back(
    tracker: Tracker, write: Callable[..., Path]
) -> None:
    lines = "Date,Description,Debit,Credit\n2025-01-13,Shoes,12.50,\n2025-01-14,Refund,-4.00,\n2025-01-15,Pay,,100.00\n"
    printed = tracker.ok("import", write(lines))
    assert "1 new expense" in printed
    assert "2 with money coming in" in printed


def test_dollars_are_not_booked_as_euros(tracker: Tracker, write: Callable[..., Path]) -> None:
    tracker.ok("import", write("date,name,amount\n2025-01-01,A,-1.00 EUR\n"))
    assert "sign of another currency" in tracker.refused("import", write("date,name,amount\n2025-01-14,ATM,-$100.00\n"))


def test_dates_in_the_far_future_are_refused(tracker: Tracker, write: Callable[..., Path]) -> None:
    error = tracker.refused("import", write("date,name,amount\n25/01/31,A,-1.00\n25/01/30,B,-1.00\n"))
    assert "in the future" in error or "--dates" in error


def test_a_server_that_dies_in_the_middle_of_the_copy_is_survived(
    migrated_postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines are sent by the driver's own COPY, whose errors SQLAlchemy does not see."""
    read = importing.CopySource.read
    killed: list[int] = []

    def kill_once(source: importing.CopySource, size: int = -1) -> str:
        if not killed:
            killed.append(1)
            engine = create_database_engine(migrated_postgresql_url)
            with engine.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            engine.dispose()
        return read(source, size)

    monkeypatch.setattr(importing.CopySource, "read", kill_once)
    ended = Tracker(migrated_postgresql_url)("import", SAMPLE / "cash-and-app.csv")
    assert ended.code == 0  # the driver itself mutters on stderr
    assert "500 new expenses" in ended.out
    assert killed


def test_a_database_of_a_newer_program_is_not_migrated(tracker: Tracker) -> None:
    engine = create_database_engine(tracker.url)
    with transaction(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert "does not come from this program" in tracker.refused("migrate")


def test_returns_without_a_sign_are_not_booked_as_spending(tracker: Tracker, write: Callable[..., Path]) -> None:
    lines = "Date,Description,Amount,Type\n2025-01-13,Shoes,12.50,Sale\n2025-01-14,Shoes,5.00,Return\n"
    error = tracker.refused("import", write(lines))
    assert 'line 3 says "Return"' in error
    assert "--spending positive" in error
    assert "1 new expense" in tracker.ok("import", write(lines.rpartition("2025-01-14")[0]))


# === tests/test_budget_tracker.py (import: LikeNeon from like_neon, with_database from local_postgres)


@pytest.mark.slow
def test_an_import_whose_commit_was_not_answered_is_done_again(
    like_neon: LikeNeon, neon_database: str, write: Callable[..., Path]
) -> None:
    """Not by tests/proxy.py, which takes the ON COMMIT DROP of the import's temporary tables for the COMMIT."""
    tracker = Tracker(with_database(like_neon.direct_url, neon_database))
    tracker.ok("migrate")
    cut = like_neon.cut_next("COMMIT", when="done")
    assert "0 new expenses, 1 known" in tracker.ok("import", write("date,name,amount\n2025-01-01,A,-1.00\n"))
    assert cut.happened.is_set()
