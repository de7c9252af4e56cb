"""add, list, edit and delete: what a person does to expenses, on both databases, read back by another session."""

import json
import shlex
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.orm import Session

from budget.categories import ensure_categories
from budget.errors import BudgetError, KeyTaken, UnknownExpense
from budget.expenses import NewExpense, NewValues, add_expenses, delete_expenses, edit_expense
from budget.listing import Cursor, Page, Wanted, list_expenses
from budget.models import Category, Expense, User, fold
from budget.periods import read_month
from budget.users import find_or_create_user, find_user
from database import create_database_engine, run_transaction, transaction
from local_postgres import LocalPostgres
from proxy import Proxy
from running import RunPython
from tracker import PROGRAM, Tracker

ANN, BOB = "ann@example.org", "bob@example.org"
DAY = date(2026, 1, 31)


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = create_database_engine(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def tracker(migrated_url: str) -> Tracker:
    tracker = Tracker(migrated_url)
    tracker.ok("category", "add", "Food")
    tracker.ok("category", "add", "Transport")
    return tracker


def stored(tracker: Tracker, user: str = "me@localhost") -> list[tuple[object, ...]]:
    """What another session finds: number, day, amount, category, description, account."""
    engine = create_database_engine(tracker.url)
    with transaction(engine, read_only=True) as session:
        page = list_expenses(session, find_user(session, user), Wanted(), 1000)
        found = sorted(tuple(each) for each in page.expenses)
    engine.dispose()
    return found


# --- add


def test_what_was_added_is_there_for_another_session(tracker: Tracker) -> None:
    printed = tracker.ok("add", "12,50", "food", "  Lunch   at Anna's ", "--on", "2026-01-31", "--account", "Card")
    assert printed == "Added 1: 2026-01-31, 12.50, Food, Lunch at Anna's, Card\n"
    assert stored(tracker) == [(1, DAY, Decimal("12.50"), "Food", "Lunch at Anna's", "Card")]


def test_several_are_added_or_none(tracker: Tracker) -> None:
    several = ["add", "12.50", "Food", "Lunch", "2.40", "Transport", "Bus", "--on", "2026-01-31"]
    assert tracker.ok(*several).count("Added") == 2
    assert [row[2:5] for row in stored(tracker)] == [
        (Decimal("12.50"), "Food", "Lunch"),
        (Decimal("2.40"), "Transport", "Bus"),
    ]
    assert "Did you mean Food" in tracker.refused("add", "1", "Food", "a", "1", "Foodd", "b")
    assert "between 0.01" in tracker.refused("add", "1", "Food", "a", "0", "Food", "b")
    assert "for each expense" in tracker.refused("add", "1", "Food", "a", "2", "Food")
    assert len(stored(tracker)) == 2


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_today_is_the_day_on_the_users_calendar(run_python: RunPython, migrated_sqlite_url: str, zone: str) -> None:
    """These two zones never have the same date."""
    tracker = Tracker(migrated_sqlite_url)
    tracker.ok("category", "add", "Food")
    before = datetime.now(ZoneInfo(zone)).date()
    ended = run_python(PROGRAM, "add", "1", "Food", "Tea", database_url=tracker.url, environ={"TZ": zone})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert before <= stored(tracker)[0][1] <= datetime.now(ZoneInfo(zone)).date()  # type: ignore[operator]


def test_yesterday_is_the_day_before(tracker: Tracker) -> None:
    tracker.ok("add", "1", "Food", "Tea", "--on", "Yesterday")
    tracker.ok("add", "1", "Food", "Tea")
    assert stored(tracker)[1][1] - stored(tracker)[0][1] == timedelta(days=1)  # type: ignore[operator]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # refused before the database sees it
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ten", "Food", "x"], "'ten' is not an amount"),
        (["1.005", "Food", "x"], "is not an amount"),
        (["99999999999", "Food", "x"], "is not an amount"),
        (["1", "Pets", "x"], "There is no category 'Pets'"),
        (["1", "Food", "x" * 1001], "is too long"),
        (["1", "Food", "a\x00b"], "control characters"),
        (["1", "Food", "\udcff"], "cannot be stored"),
        (["1", "Food", "x", "--on", "31.01.2026"], "is not a day"),
        (["1", "Food", "x", "--on", "2026-02-30"], "is not a day"),
        (["1", "Food", "x", "--on", "0026-01-31"], "too far away"),
        (["1", "Food", "x", "--on", "9999-12-31"], "too far away"),
        (["1", "Food", "x", "--account", "y" * 101], "is too long"),
        (["1", "Food", "x", "--key", "k" * 51], "is not a request key"),
        (["1", "Food", "x", "--key", "two words"], "is not a request key"),
    ],
    ids=lambda value: " ".join(value)[:30].encode("ascii", "replace").decode() if isinstance(value, list) else None,
)
def test_what_cannot_be_added_is_said_and_nothing_is_added(tracker: Tracker, arguments: list[str], said: str) -> None:
    assert said in tracker.refused("add", *arguments)
    assert stored(tracker) == []


def test_an_expense_of_one_cent_and_of_the_largest_amount(tracker: Tracker) -> None:
    tracker.ok("add", "0.01", "Food", "", "9999999999.99", "Food", "All of it")
    assert [row[2] for row in stored(tracker)] == [Decimal("0.01"), Decimal("9999999999.99")]


def test_the_same_request_counts_once(tracker: Tracker) -> None:
    request = ["add", "12.50", "Food", "Lunch", "2.40", "Food", "Tea", "--on", "2026-01-31", "--key", "receipt-17"]
    assert tracker.ok(*request) == tracker.ok(*request)
    assert len(stored(tracker)) == 2
    assert "stands for another expense, 1" in tracker.refused(*request[:1], "13", *request[2:])
    assert Tracker(tracker.url, BOB).refused(*request)  # has no category yet; keys are each user's own
    tracker.ok("delete", "1")
    assert "was deleted since" in tracker.refused(*request)
    assert len(stored(tracker)) == 1


def test_the_same_request_at_once_counts_once(engine: Engine) -> None:
    run_transaction(engine, lambda session: ensure_categories(session, find_or_create_user(session, ANN), ["Food"]))
    together = threading.Barrier(6)

    def request(_: int) -> int:
        together.wait(10)
        new = NewExpense(Decimal(5), "Food", "Tea", DAY, "once")
        return run_transaction(engine, lambda s: add_expenses(s, find_user(s, ANN), [new]))[0].number

    with ThreadPoolExecutor(6) as pool:
        numbers = set(pool.map(request, range(6)))
    with transaction(engine, read_only=True) as session:
        assert session.scalars(select(Expense.id)).all() == list(numbers)


def test_an_answer_that_was_lost_is_asked_for_again(own_postgres: LocalPostgres) -> None:
    direct = Tracker(own_postgres.url)
    direct.ok("migrate")
    direct.ok("category", "add", "Food")
    with Proxy(own_postgres.port) as proxy:
        tracker = Tracker(own_postgres.url.replace(f":{own_postgres.port}", f":{proxy.port}"))
        proxy.lose_next_commit.set()
        assert "Added 1" in tracker.ok("add", "5", "Food", "Tea")
        assert proxy.lost_commits == 1
        proxy.lose_next_commit.set()
        assert "Now 1" in tracker.ok("edit", "1", "--amount", "6")
        proxy.lose_next_commit.set()
        assert "look whether" in tracker.refused("delete", "1")
    assert [row[2] for row in stored(direct)] == []


def test_an_export_with_expenses_by_hand_is_read_back(tracker: Tracker, tmp_path: Path) -> None:
    tracker.ok("add", "12.50", "Food", "Lunch", "2.40", "Transport", "Bus", "--on", "2026-01-31", "--key", "k" * 48)
    tracker.ok("export", tmp_path / "all.csv")
    assert "0 new expenses, 2 known already" in tracker.ok("import", tmp_path / "all.csv")
    elsewhere = Tracker(f"sqlite:///{tmp_path}/elsewhere.db")
    assert "2 new expenses" in elsewhere.ok("import", tmp_path / "all.csv")
    assert stored(elsewhere) == stored(tracker)


def test_the_way_back_names_the_user(tracker: Tracker) -> None:
    bob = Tracker(tracker.url, BOB)
    bob.ok("category", "add", "Food")
    bob.ok("add", "1", "Food", "Tea")
    assert f"budget-tracker.py --user {BOB} add" in bob.ok("delete", "1")


# --- list


def many(session: Session, count: int, first: date = DAY) -> None:
    """Expenses of 1.00, 2.00 ... in both categories, three a day."""
    user = find_or_create_user(session, ANN)
    ids, _ = ensure_categories(session, user, ["Food", "Transport"])
    session.add_all(
        Expense(
            user_id=user.id,
            category_id=ids[("Food", "Transport")[place % 2]],
            amount=Decimal(place + 1),
            description=f"Purchase {place + 1}",
            spent_on=first - timedelta(days=place // 3),
            fingerprint=f"f{first}{place}",
        )
        for place in range(count)
    )


def listed(engine: Engine, limit: int | None = 1000, after: Cursor | None = None, **wanted: object) -> Page:
    with transaction(engine, read_only=True) as session:
        category = wanted.pop("category", None)
        if category:
            wanted["category"] = session.scalars(select(Category).where(Category.name == category)).one()
        page = list_expenses(session, find_user(session, ANN), Wanted(**wanted), limit, after)  # type: ignore[arg-type]
        return Page(list(page.expenses), page.next)


def amounts(page: Page) -> list[int]:
    return [int(each.amount) for each in page.expenses]


def test_the_newest_come_first_and_the_last_added_of_a_day(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 7))
    assert amounts(listed(engine)) == [3, 2, 1, 6, 5, 4, 7]


def test_each_filter_and_all_together(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 120))
    assert len(amounts(listed(engine, category="Food"))) == 60
    assert sorted(amounts(listed(engine, least=Decimal(10), most=Decimal(12)))) == [10, 11, 12]
    assert len(amounts(listed(engine, least=Decimal(0)))) == 120
    assert amounts(listed(engine, most=Decimal(0))) == []  # 0 is a limit, not the absence of one
    assert len(amounts(listed(engine, contains=""))) == 120
    assert sorted(amounts(listed(engine, contains="CHASE 11"))) == [11, *range(110, 120)]
    assert len(amounts(listed(engine, period=read_month("2026-01")))) == 93
    together = listed(engine, category="Food", contains="1", period=read_month("2026-01"), least=Decimal(90))
    assert sorted(amounts(together)) == [91]


def test_pages_join_to_the_whole_while_rows_come_and_go(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 50))
    whole, seen, after, pages = amounts(listed(engine)), [], None, 0
    while pages == 0 or after is not None:
        page = listed(engine, 7, after)
        seen += amounts(page)
        after, pages = page.next, pages + 1
        newer = date(2026, 2, 1) + timedelta(days=pages)
        run_transaction(engine, lambda session, newer=newer: many(session, 5, newer))  # type: ignore[misc]
    assert seen == whole
    assert pages == 8
    assert listed(engine, len(whole) + 40).next is None  # a page that holds all has none after it


def test_capitals_do_not_count_for_every_letter_there_is() -> None:
    cased = [each for each in map(chr, range(0x1F000)) if len({each, each.lower(), each.upper()}) > 1]
    assert len(cased) > 2500
    different = [each for each in cased if len({fold(each), fold(each.lower()), fold(each.upper())}) > 1]
    assert different == ["\N{LATIN SMALL LETTER DOTLESS I}"]  # its capital is the capital of another letter


@pytest.mark.parametrize(
    ("description", "searched"),
    [
        ("Äpfel", "äPFEL"),
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("Ёлка", "ёЛКА"),
        ("Cafe\u0301", "CAFÉ"),  # an e and an accent, against one letter
        ("100% sure", "0% S"),
        ("a_b", "A_B"),
        ("back\\slash", "K\\S"),
        ("a/b", "A/B"),
        ("it's", "T'S"),
    ],
)
def test_a_text_is_found_literally_and_in_any_capitals(tracker: Tracker, description: str, searched: str) -> None:
    tracker.ok("add", "1", "Food", description, "2", "Food", "1000 sure axb back slash acb strate")
    found = json.loads(tracker.ok("list", "--contains", searched, "--json"))["expenses"]
    assert [each["amount"] for each in found] == ["1.00"]
    assert json.loads(tracker.ok("list", "--contains", searched + "?", "--json"))["expenses"] == []


def test_programs_get_all_that_match_and_the_same_bytes_on_both_databases(
    migrated_sqlite_url: str, migrated_postgresql_url: str
) -> None:
    printed = []
    for url in (migrated_sqlite_url, migrated_postgresql_url):
        engine = create_database_engine(url)
        run_transaction(engine, lambda session: many(session, 50))
        engine.dispose()
        tracker = Tracker(url, ANN)
        wide = ["--category", "food", "--min", "3"]
        printed.append(
            [tracker.ok("list", *wide, *how) for how in ([], ["--json"], ["--csv"], ["--json", "--limit", "4"])]
        )
    assert printed[0] == printed[1]
    shown, as_json, as_csv, four = printed[0]
    assert len(json.loads(as_json)["expenses"]) == 24
    assert json.loads(as_json)["next"] is None
    assert as_csv.splitlines()[0] == "number,spent_on,amount,category,description,account"
    assert len(as_csv.splitlines()) == 25
    following = json.loads(four)["next"]
    assert following == "2026-01-29/7"
    assert [
        each["number"]
        for each in json.loads(tracker.ok("list", *wide, "--after", following, "--limit", "2", "--json"))["expenses"]
    ] == [11, 15]
    assert "There are more: --after" in shown
    assert shown.count("Purchase") == 20
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_headings_of_a_short_list_are_whole(tracker: Tracker) -> None:
    tracker.ok("add", "1", "Food", "Tea")
    assert tracker.ok("list").splitlines()[1].split() == ["No", "Day", "Amount", "Category", "Description"]


def test_a_list_of_nothing_is_no_error(tracker: Tracker) -> None:
    assert tracker.ok("list", "--min", "0") == "No such expenses.\n"
    assert "me@localhost has no expenses in" in tracker.ok("list")
    assert json.loads(tracker.ok("list", "--json")) == {"expenses": [], "next": None}
    assert tracker.ok("list", "--csv").count("\n") == 1


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # refused before the database sees it
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--category", "Fod"], "Did you mean Food"),
        (["--month", "2026-13"], "is not a month"),
        (["--month", "2026-01", "--year", "2026"], "Choose one"),
        (["--min", "-1"], "is not an amount"),
        (["--after", "yesterday"], "is not the place of a page"),
        (["--after", "2026-02-30/1"], "is not the place of a page"),
        (["--limit", "0"], "--limit"),
        (["--limit", "9223372036854775807"], "--limit"),
        (["--json", "--csv"], "Choose one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_listed_is_said(tracker: Tracker, arguments: list[str], said: str) -> None:
    assert said in tracker.refused("list", *arguments)


# --- edit


@pytest.fixture
def lunch(tracker: Tracker) -> tuple[object, ...]:
    tracker.ok("add", "12.50", "Food", "Lunch", "--on", "2026-01-31", "--account", "Card")
    return stored(tracker)[0]


@pytest.mark.parametrize(
    ("option", "value", "place", "becomes"),
    [
        ("--amount", "0.01", 2, Decimal("0.01")),
        ("--category", "transport", 3, "Transport"),
        ("--description", "", 4, ""),
        ("--description", "Brunch", 4, "Brunch"),
        ("--on", "2025-12-31", 1, date(2025, 12, 31)),
        ("--account", "", 5, ""),
    ],
)
def test_an_edit_changes_what_is_given_and_nothing_else(
    tracker: Tracker, lunch: tuple[object, ...], option: str, value: str, place: int, becomes: object
) -> None:
    assert tracker.ok("edit", "1", option, value).startswith("Now 1: ")
    assert stored(tracker) == [(*lunch[:place], becomes, *lunch[place + 1 :])]


def test_what_cannot_be_edited_is_said_and_nothing_is_changed(tracker: Tracker, lunch: tuple[object, ...]) -> None:
    assert "Nothing to change" in tracker.refused("edit", "1")
    assert "between 0.01" in tracker.refused("edit", "1", "--amount", "0")
    assert "There is no category" in tracker.refused("edit", "1", "--description", "x", "--category", "Pets")
    assert "You have no expense 2" in tracker.refused("edit", "2", "--amount", "1")
    assert "You have no expense" in tracker.refused("edit", "99999999999999999999", "--amount", "1")
    assert stored(tracker) == [lunch]


@pytest.mark.usefixtures("lunch")
def test_an_edited_description_is_what_is_searched(tracker: Tracker) -> None:
    tracker.ok("edit", "1", "--description", "Frühstück")
    assert "Frühstück" in tracker.ok("list", "--contains", "FRÜH")
    assert tracker.ok("list", "--contains", "lunch") == "No such expenses.\n"


def test_two_edits_at_once_both_count(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1))
    changes = [
        NewValues(amount=Decimal("7.77")),
        NewValues(description="Changed"),
        NewValues(spent_on=date(2026, 1, 1)),
        NewValues(account="Card"),
    ]
    together = threading.Barrier(len(changes))

    def edit(change: NewValues) -> None:
        together.wait(10)
        run_transaction(engine, lambda session: edit_expense(session, find_user(session, ANN), 1, change))

    with ThreadPoolExecutor(len(changes)) as pool:
        list(pool.map(edit, changes))
    [found] = listed(engine).expenses
    assert found[1:] == (date(2026, 1, 1), Decimal("7.77"), "Food", "Changed", "Card")


# --- delete


@pytest.mark.usefixtures("lunch")
def test_a_deleted_expense_is_gone_and_can_be_brought_back(tracker: Tracker) -> None:
    tracker.ok("add", "--on", "2026-01-30", "--", "3", "Transport", '-- it\'s "quoted" $HOME')
    before = stored(tracker)
    printed = tracker.ok("delete", "2", "1")
    assert stored(tracker) == []
    assert "Deleted 1: 2026-01-31, 12.50, Food, Lunch, Card" in printed
    for line in printed.partition("To undo it:\n")[2].splitlines():
        _, program, *arguments = shlex.split(line)
        assert program.endswith("budget-tracker.py")
        tracker.ok(*arguments)
    assert [row[1:] for row in stored(tracker)] == [row[1:] for row in before]


def test_all_are_deleted_or_none(tracker: Tracker, lunch: tuple[object, ...]) -> None:
    assert "You have no expense 8, 9." in tracker.refused("delete", "9", "1", "8")
    assert "NUMBER" in tracker.refused("delete")
    assert stored(tracker) == [lunch]


def test_what_was_deleted_does_not_come_back_with_the_banks_next_file(tracker: Tracker, tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    file.write_text("date,name,category,amount\n2024-01-01,Coffee,Food,-3.50\n2024-01-15,Books,Fun,-24.99\n")
    tracker.ok("import", file)
    tracker.ok("delete", "1")
    tracker.ok("edit", "2", "--amount", "20")
    assert "0 new expenses, 2 known" in tracker.ok("import", file)
    assert [row[2] for row in stored(tracker)] == [Decimal("20.00")]


# --- Two users


def test_numbers_of_another_user_are_unknown(tracker: Tracker, lunch: tuple[object, ...]) -> None:
    bob = Tracker(tracker.url, BOB)
    bob.ok("category", "add", "Food")
    for attempt in (["edit", "1", "--amount", "1"], ["delete", "1"]):
        assert "You have no expense 1" in bob.refused(*attempt)
    assert "There is no category" in bob.refused("list", "--category", "Transport")
    assert "bob@example.org has no expenses" in bob.ok("list")
    bob.ok("add", "1", "Food", "Lunch", "--on", "2026-01-31")
    assert len(json.loads(bob.ok("list", "--contains", "lunch", "--json"))["expenses"]) == 1
    assert stored(tracker) == [lunch]


def test_functions_know_only_the_user_that_they_are_given(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 2))
    calls: list[Callable[[Session, User], object]] = [
        lambda session, user: edit_expense(session, user, 1, NewValues(amount=Decimal(9))),
        lambda session, user: delete_expenses(session, user, [1]),
    ]
    for call in calls:
        with pytest.raises(UnknownExpense), transaction(engine) as session:
            call(session, find_or_create_user(session, BOB))
    assert amounts(listed(engine)) == [2, 1]


def test_a_key_that_is_taken_leaves_the_session_usable(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1))
    tea = NewExpense(Decimal(5), "Food", "Tea", DAY, "k")
    with transaction(engine) as session:
        user = find_user(session, ANN)
        add_expenses(session, user, [tea])
        with pytest.raises(KeyTaken):
            add_expenses(session, user, [tea._replace(amount=Decimal(6))])
        add_expenses(session, user, [tea._replace(request_key="other")])
    with transaction(engine, read_only=True) as session:
        assert session.scalar(select(func.count(Expense.id))) == 3
        assert session.scalar(text("SELECT count(*) FROM expenses WHERE amount = 500")) == 2


# === tests/test_expenses.py (import: inspect from sqlalchemy, BudgetError from budget.errors)


def test_a_key_that_another_user_has_used_is_free(engine: Engine) -> None:
    """Also where the other one has deleted the expense since; and each of them may repeat the request."""
    tea = NewExpense(Decimal(5), "Food", "Tea", DAY, "k")

    def request(email: str) -> int:
        def work(session: Session) -> int:
            user = find_or_create_user(session, email)
            ensure_categories(session, user, ["Food"])
            return add_expenses(session, user, [tea])[0].number

        return run_transaction(engine, work)

    numbers = [request(ANN), request(BOB)]
    assert [request(ANN), request(BOB)] == numbers
    run_transaction(engine, lambda session: delete_expenses(session, find_user(session, ANN), numbers[:1]))
    assert request("carl@example.org") not in numbers


def test_a_caller_who_goes_on_after_an_error_has_changed_nothing(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1))
    tea = NewExpense(Decimal(5), "Food", "Tea", DAY, "k")
    with transaction(engine) as session:
        user, bob = find_user(session, ANN), find_or_create_user(session, BOB)
        with pytest.raises(BudgetError):
            add_expenses(session, user, [tea, tea._replace(amount=Decimal(0), request_key="other")])
        with pytest.raises(BudgetError):
            edit_expense(session, user, 1, NewValues(amount=Decimal(9), description="x" * 1001))
        with pytest.raises(UnknownExpense):
            edit_expense(session, bob, 1, NewValues(amount=Decimal(9)))
    assert [each[2:5] for each in listed(engine).expenses] == [(Decimal(1), "Food", "Purchase 1")]


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # a writer of SQLite has no other beside it
def test_an_edit_counts_although_the_session_has_read_the_expense_before(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1))
    with transaction(engine) as session:
        user = find_user(session, ANN)
        read_before = session.scalars(select(Expense).where(Expense.id == 1)).one()
        run_transaction(engine, lambda s: edit_expense(s, find_user(s, ANN), 1, NewValues(amount=Decimal(7))))
        assert edit_expense(session, user, 1, NewValues(amount=Decimal(1))).amount == read_before.amount == 1
    assert amounts(listed(engine)) == [1]


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # a writer of SQLite has no other beside it
def test_an_expense_that_two_delete_at_once_is_deleted_by_one(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1))
    waits = text("SELECT count(*) FROM pg_locks WHERE pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()]")

    def delete_it(session: Session) -> object:
        return delete_expenses(session, find_user(session, ANN), [1])

    with ThreadPoolExecutor(1) as thread:
        with transaction(engine) as session:
            delete_it(session)
            second = thread.submit(run_transaction, engine, delete_it)
            while not session.scalar(waits):
                assert not second.done(), second.result()
        with pytest.raises(UnknownExpense):
            second.result(10)


def test_the_order_does_not_come_from_an_index(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 50))
    whole = amounts(listed(engine))
    with transaction(engine) as session:
        for index in inspect(session.connection()).get_indexes("expenses"):
            if not index["unique"]:
                session.execute(text(f'DROP INDEX "{index["name"]}"'))
        session.execute(text("UPDATE expenses SET account = 'moved' WHERE id % 2 = 0"))  # PostgreSQL writes them anew
    assert amounts(listed(engine)) == whole


def test_the_day_after_a_month_is_not_in_it(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1, date(2026, 2, 1)))
    assert amounts(listed(engine, period=read_month("2026-01"))) == []
    assert amounts(listed(engine, period=read_month("2026-02"))) == [1]


def test_a_page_of_nothing_is_refused(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1))
    with pytest.raises(BudgetError, match="at least one"):
        listed(engine, 0)


@pytest.mark.usefixtures("lunch")
def test_an_empty_value_is_a_value_and_not_the_absence_of_one(tracker: Tracker) -> None:
    """A script whose variable is empty must not be answered as if it had not asked."""
    before = stored(tracker)
    assert "is not an amount" in tracker.refused("edit", "1", "--amount", "", "--description", "Tea")
    assert "is not a name" in tracker.refused("list", "--category", "")
    assert "is not a name" in tracker.refused("report", "trend", "--category", "")
    for option in ("--year", "--month"):
        assert tracker.refused("list", option, "")
    assert "is not a request key" in tracker.refused("transfer", "Food", "Transport", "1", "--key", "")
    assert stored(tracker) == before


@pytest.mark.usefixtures("lunch")
def test_an_empty_request_key_is_refused(tracker: Tracker) -> None:
    assert "is not a request key" in tracker.refused("add", "1", "Food", "Tea", "--key", "")


def test_a_part_of_a_cent_is_refused_and_not_rounded(engine: Engine) -> None:
    run_transaction(engine, lambda session: many(session, 1))
    half = NewExpense(Decimal("1.005"), "Food", "Tea", DAY, "k")
    with transaction(engine) as session:
        user = find_user(session, ANN)
        with pytest.raises(BudgetError, match="in whole cents"):
            add_expenses(session, user, [half])
        with pytest.raises(BudgetError, match="in whole cents"):
            edit_expense(session, user, 1, NewValues(amount=half.amount))
        with pytest.raises(BudgetError, match="in whole cents"):
            edit_expense(session, user, 1, NewValues(amount=Decimal("NaN")))
    assert amounts(listed(engine)) == [1]


def test_a_letter_of_two_signs_is_stored_as_one(tracker: Tracker) -> None:
    tracker.ok("add", "1", "Food", "Cafe\u0301")
    assert stored(tracker)[0][4] == "Caf\u00e9"
