"""budget and transfer: every cent stays somewhere, and a request counts once, on both databases, however many ask."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session, aliased

from budget.budgets import (
    Transfer,
    copy_budgets,
    delete_budget,
    list_budgets,
    set_budget,
    transfer_budget,
)
from budget.categories import get_category
from budget.errors import BudgetError, KeyTaken
from budget.models import LARGEST_AMOUNT, Budget, BudgetTransfer, Category, User
from budget.periods import month_of
from budget.users import find_or_create_user, find_user
from database import create_database_engine, run_transaction, transaction
from local_postgres import LocalPostgres
from proxy import Proxy
from running import bare_environment
from tracker import PROGRAM, Tracker

ANN, BOB = "ann@example.org", "bob@example.org"
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
IN_JANUARY = ("--month", "2026-01")


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    """Ann and Bob with the same names in their books, which are not the same book."""
    # A writer of SQLite that is not waited for long enough is no error of the program.
    engine = create_database_engine(migrated_url, connections=8, lock_timeout=30)
    with transaction(engine) as session:
        fill(session, ANN)
        fill(session, BOB)
    yield engine
    assert book(engine, BOB) == ANNS  # whatever a test does with Ann's budgets
    engine.dispose()


def fill(session: Session, email: str) -> None:
    user_id = find_or_create_user(session, email).id
    categories = [Category(user_id=user_id, name=name) for name in ("Food", "Pets", "Rent")]
    session.add_all(categories)
    session.flush()
    session.add_all(
        Budget(user_id=user_id, category_id=category.id, month=JANUARY, amount=Decimal(amount))
        for category, amount in zip(categories, ("100.10", "50", "0"), strict=True)
    )


@pytest.fixture
def tracker(engine: Engine) -> Tracker:
    return Tracker(engine.url.render_as_string(hide_password=False), ANN)


def book(engine: Engine, email: str = ANN) -> list[str]:
    """A user's budgets and transfers, found by a session of its own."""
    source, target = aliased(Category), aliased(Category)
    budgets = select(Budget.month, Category.name, Budget.amount).join(Category, Category.id == Budget.category_id)
    transfers = (
        select(BudgetTransfer.month, source.name, target.name, BudgetTransfer.amount, BudgetTransfer.request_key)
        .outerjoin_from(BudgetTransfer, source, source.id == BudgetTransfer.from_category_id)
        .outerjoin(target, target.id == BudgetTransfer.to_category_id)
    )
    with transaction(engine, read_only=True) as session:
        user = find_user(session, email)
        rows = [
            *session.execute(budgets.where(Budget.user_id == user.id)),
            *session.execute(transfers.where(BudgetTransfer.user_id == user.id)),
        ]
    return sorted(f"{month:%Y-%m} {' '.join(map(str, rest))}" for month, *rest in rows)


ANNS = ["2026-01 Food 100.10", "2026-01 Pets 50.00", "2026-01 Rent 0.00"]


def changed(engine: Engine) -> list[str]:
    return [line for line in book(engine) if line not in ANNS]


# --- set, list, delete


def test_a_budget_that_was_set_is_there_for_another_session(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("budget", "set", "food", "250,5", *IN_JANUARY) == "Food: 250.50 for 2026-01\n"
    assert changed(engine) == ["2026-01 Food 250.50"]
    tracker.ok("budget", "set", "Food", "0", *IN_JANUARY)  # a budget too
    assert changed(engine) == ["2026-01 Food 0.00"]
    tracker.ok("budget", "set", "Food", "9999999999.99", *IN_JANUARY)
    assert changed(engine) == ["2026-01 Food 9999999999.99"]


def test_a_year_is_each_of_its_months(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("budget", "set", "Rent", "900", "--year", "2027") == "Rent: 900.00 for each month of 2027\n"
    assert changed(engine) == [f"2027-{month:02} Rent 900.00" for month in range(1, 13)]


def test_without_a_month_it_is_this_month(tracker: Tracker, engine: Engine) -> None:
    before = month_of(date.today())  # noqa: DTZ011 - the user's calendar
    tracker.ok("budget", "set", "Food", "7")
    after = month_of(date.today())  # noqa: DTZ011
    assert changed(engine)[0] in (f"{before.label} Food 7.00", f"{after.label} Food 7.00")


def test_any_day_of_a_month_stands_for_the_month(engine: Engine) -> None:
    day = date(2026, 1, 17)
    with transaction(engine) as session:
        user = find_user(session, ANN)
        food = get_category(session, user, "Food")
        set_budget(session, user, food, day, Decimal(3))
        assert list_budgets(session, user, day)[0] == ("Food", Decimal("3.00"))
        assert copy_budgets(session, user, day, date(2026, 2, 28)) == 3
        transfer_budget(session, user, day, ("Food", "Pets"), Decimal(1), "k")
        assert delete_budget(session, user, get_category(session, user, "Rent"), day)
    assert changed(engine) == [
        "2026-01 Food 2.00",
        "2026-01 Food Pets 1.00 k",
        "2026-01 Pets 51.00",
        "2026-02 Food 3.00",
        "2026-02 Pets 50.00",
        "2026-02 Rent 0.00",
    ]


def test_the_list_shows_the_budgets_of_a_month(tracker: Tracker) -> None:
    assert [line.split() for line in tracker.ok("budget", "list", *IN_JANUARY).splitlines()] == [
        ["Food", "100.10"],
        ["Pets", "50.00"],
        ["Rent", "0.00"],
    ]
    assert "No budgets for 2026-02." in tracker.ok("budget", "list", "--month", "2026-02")
    assert "No budgets" in Tracker(tracker.url, "new@example.org").ok("budget", "list", *IN_JANUARY)


def test_no_budget_is_not_a_budget_of_0(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("budget", "delete", "rent", *IN_JANUARY) == "Rent has no budget in 2026-01 any more\n"
    assert book(engine) == ANNS[:2]
    assert tracker.refused("budget", "delete", "Rent", *IN_JANUARY) == "Rent has no budget in 2026-01\n"
    assert "no budget in 2026-02" in tracker.refused("budget", "delete", "Food", "--month", "2026-02")
    assert book(engine) == ANNS[:2]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # it does not come as far as the database
def test_what_cannot_be_set_is_said_and_nothing_is_changed(tracker: Tracker, engine: Engine) -> None:
    for amount in ("ten", "1.005", "NaN", "1e3", "12345678901", "-1", "١"):
        assert "is not an amount" in tracker.refused("budget", "set", *IN_JANUARY, "--", "Food", amount)
    refused = {
        ("set", "Foot", "5", *IN_JANUARY): "Did you mean Food",
        ("set", "Food", "5", "--month", "2026-13"): "is not a month",
        ("set", "Food", "5", "--month", "2026-01", "--year", "2026"): "Choose one",
        ("set", "Food", "5", "--year", "26"): "is not a year",
        ("list", "--month", "january"): "is not a month",
        ("delete", "Foot", *IN_JANUARY): "There is no category 'Foot'",
        ("copy", "2026-01", "soon"): "is not a month",
    }
    for arguments, said in refused.items():
        assert said in tracker.refused("budget", *arguments)
    for outside in (Decimal("-0.01"), LARGEST_AMOUNT + Decimal("0.01")):
        with transaction(engine) as session, pytest.raises(BudgetError, match=r"between 0 and 9,999,999,999\.99"):
            user = find_user(session, ANN)
            set_budget(session, user, get_category(session, user, "Food"), JANUARY, outside)
    assert book(engine) == ANNS


# --- copy


def test_a_copy_keeps_what_is_set_already_or_replaces_it(tracker: Tracker, engine: Engine) -> None:
    tracker.ok("budget", "set", "Pets", "7", "--month", "2026-02")
    assert tracker.ok("budget", "copy", "2026-01", "2026-02") == "2 budgets copied from 2026-01 to 2026-02\n"
    assert changed(engine) == ["2026-02 Food 100.10", "2026-02 Pets 7.00", "2026-02 Rent 0.00"]
    assert tracker.ok("budget", "copy", "2026-01", "2026-02").startswith("0 budgets")
    assert tracker.ok("budget", "copy", "2026-01", "2026-02", "--replace").startswith("3 budgets")
    assert changed(engine) == ["2026-02 Food 100.10", "2026-02 Pets 50.00", "2026-02 Rent 0.00"]


def test_a_copy_of_nothing_or_onto_itself_changes_nothing(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("budget", "copy", "2025-01", "2026-01", "--replace").startswith("0 budgets")
    assert tracker.ok("budget", "copy", "2026-01", "2026-01").startswith("0 budgets")
    tracker.ok("budget", "copy", "2026-01", "2026-01", "--replace")
    assert book(engine) == ANNS


# --- transfer


def move(
    engine: Engine, source: str, target: str, amount: str, key: str, month: date = JANUARY, email: str = ANN
) -> Transfer:
    """In a plain transaction: a deadlock or a busy database would be an error here, and nobody tries again."""
    with transaction(engine) as session:
        user = find_user(session, email)
        return transfer_budget(session, user, month, (source, target), Decimal(amount), key)


def test_a_transfer_moves_the_exact_amount(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("transfer", "food", "PETS", "33,35", *IN_JANUARY, "--key", "k") == (
        "Moved 33.35 from Food to Pets in 2026-01\n  Food has 66.75\n  Pets has 83.35\n"
    )
    assert changed(engine) == ["2026-01 Food 66.75", "2026-01 Food Pets 33.35 k", "2026-01 Pets 83.35"]
    assert move(engine, "Food", "Rent", "66.75", "all") == ("Food", "Rent", Decimal(0), Decimal("66.75"), True)
    assert move(engine, "Rent", "Food", "0.01", "cent") == ("Rent", "Food", Decimal("66.74"), Decimal("0.01"), True)


def test_a_category_without_a_budget_gets_one_by_a_transfer(tracker: Tracker, engine: Engine) -> None:
    tracker.ok("budget", "delete", "Rent", *IN_JANUARY)
    tracker.ok("transfer", "Food", "Rent", "0.10", *IN_JANUARY, "--key", "k")
    assert changed(engine) == ["2026-01 Food 100.00", "2026-01 Food Rent 0.10 k", "2026-01 Rent 0.10"]


def test_what_cannot_be_moved_is_said_and_nothing_is_changed(tracker: Tracker, engine: Engine) -> None:
    for source, target, amount, said in (
        ("Food", "Pets", "100.11", "Food has 100.10 in that month, so 100.11 is too much"),
        ("Rent", "Pets", "0.01", "Rent has 0.00 in that month"),
        ("Food", "fOOD", "1", "Name two categories"),
        ("Food", "Pet", "1", "There is no category 'Pet'. Did you mean Pets?"),
        ("", "Pets", "1", "is not a name"),
        ("Food", "Pets", "0", "between 0.01 and 9,999,999,999.99"),
        ("Food", "Pets", "-1", "between 0.01 and 9,999,999,999.99"),
        ("Food", "Pets", "10000000000", "between 0.01 and 9,999,999,999.99"),
    ):
        with pytest.raises(BudgetError, match=re.escape(said)):
            move(engine, source, target, amount, "k")
    with pytest.raises(BudgetError, match="Food has no budget in that month"):
        move(engine, "Food", "Pets", "1", "k", FEBRUARY)
    for amount in ("100.11", "-1", "1.005"):
        assert tracker.refused("transfer", *IN_JANUARY, "--key", "k", "--", "Food", "Pets", amount)
    assert "is not a request key" in tracker.refused("transfer", "Food", "Pets", "1", "--key", "two words")
    assert book(engine) == ANNS
    tracker.ok("transfer", "Food", "Pets", "1", *IN_JANUARY, "--key", "k")  # a refused request has not used its key
    tracker.ok("budget", "set", "Food", str(LARGEST_AMOUNT), *IN_JANUARY)
    with pytest.raises(BudgetError, match="Food would have more than"):
        move(engine, "Pets", "Food", "1", "k2")


# --- One request


def test_the_same_request_moves_once_and_says_so(tracker: Tracker, engine: Engine) -> None:
    request = ["transfer", "Food", "Pets", "10", *IN_JANUARY, "--key", "once"]
    tracker.ok(*request)
    after = book(engine)
    tracker.ok("transfer", "Pets", "Rent", "5", *IN_JANUARY, "--key", "another")
    later = book(engine)
    assert tracker.ok(*request) == (
        "Moved already, and not again: 10.00 from Food to Pets in 2026-01\n  Food has 90.10\n  Pets has 55.00\n"
    )
    assert book(engine) == later != after


def test_a_key_stands_for_one_request_of_its_user(tracker: Tracker, engine: Engine) -> None:
    move(engine, "Pets", "Food", "1", "k", email=BOB)  # Bob's own k
    move(engine, "Food", "Pets", "1", "back", email=BOB)
    assert move(engine, "Food", "Pets", "10", "k").is_new
    assert not move(engine, "Food", "Pets", "10", "k").is_new
    after = book(engine)
    others: list[tuple[str, str, str, str, date]] = [
        ("Food", "Pets", "10.01", "k", JANUARY),
        ("Pets", "Food", "10", "k", JANUARY),
        ("Food", "Rent", "10", "k", JANUARY),
        ("Rent", "Pets", "10", "k", JANUARY),
        ("Food", "Pets", "10", "k", FEBRUARY),
    ]
    for other in others:
        with pytest.raises(KeyTaken, match="'k' stands for another transfer"):
            move(engine, *other)
    assert "stands for another transfer" in tracker.refused("transfer", "Food", "Pets", "1", *IN_JANUARY, "--key", "k")
    assert book(engine) == after
    with transaction(engine) as session:
        session.execute(delete(BudgetTransfer).where(BudgetTransfer.user_id == find_user(session, BOB).id))


def test_a_request_is_known_also_when_its_budgets_are_gone(tracker: Tracker, engine: Engine) -> None:
    request = ["transfer", "Food", "Pets", "10", *IN_JANUARY, "--key", "k"]
    tracker.ok(*request)
    tracker.ok("budget", "delete", "Food", *IN_JANUARY)
    tracker.ok("budget", "delete", "Pets", *IN_JANUARY)
    assert "Moved already" in tracker.ok(*request)
    assert book(engine) == ["2026-01 Food Pets 10.00 k", "2026-01 Rent 0.00"]


# --- Several at once


def at_once(work: Callable[[int], object], count: int = 8) -> list[object]:
    together = threading.Barrier(count)

    def begin(number: int) -> object:
        together.wait(10)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_the_same_request_of_eight_threads_at_once_moves_once(engine: Engine) -> None:
    done = at_once(lambda _: move(engine, "Food", "Pets", "10", "once").is_new)
    assert sorted(map(bool, done)) == [False] * 7 + [True]
    assert changed(engine) == ["2026-01 Food 90.10", "2026-01 Food Pets 10.00 once", "2026-01 Pets 60.00"]


WHEN_TOLD = """
import runpy, sys

program = sys.argv[1]
sys.argv = sys.argv[1:]
runpy.run_path(program)  # imports what it needs, and is not __main__ yet
print("ready", flush=True)
sys.stdin.readline()
runpy.run_path(program, run_name="__main__")
"""


@pytest.mark.slow
def test_the_same_request_of_two_processes_at_once_moves_once(
    tracker: Tracker, engine: Engine, empty_home: Path
) -> None:
    request = ["--user", ANN, "transfer", "Food", "Pets", "10", *IN_JANUARY, "--key", "once"]
    environment = bare_environment(empty_home, tracker.url) | {"PYTHONPATH": str(PROGRAM.parent)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WHEN_TOLD, str(PROGRAM), *request],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("now\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=30) for process in processes]
    assert [each[1] for each in ended] == ["", ""]
    assert sorted(out.partition(" 10.00")[0] for out, _ in ended) == ["Moved", "Moved already, and not again:"]
    assert changed(engine) == ["2026-01 Food 90.10", "2026-01 Food Pets 10.00 once", "2026-01 Pets 60.00"]


@pytest.mark.slow
def test_transfers_in_opposite_directions_wait_for_each_other_and_lose_nothing(engine: Engine) -> None:
    """Without a second try: whoever deadlocks or is turned away fails this test."""

    refused: list[str] = []

    def there_or_back(thread: int) -> None:
        source, target = [("Food", "Pets"), ("Pets", "Food")][thread % 2]
        for turn in range(25):
            try:
                move(engine, source, target, "7.77", f"{thread}-{turn}")
            except BudgetError as error:
                refused.append(str(error))

    at_once(there_or_back)
    assert all("is too much" in each for each in refused)
    with transaction(engine, read_only=True) as session:
        amounts = dict(list_budgets(session, find_user(session, ANN), JANUARY))
    assert sum(amounts.values()) == Decimal("150.10")
    assert min(amounts.values()) >= 0
    moved = [line.split()[1:3] for line in changed(engine) if len(line.split()) == 5]
    there, back = moved.count(["Food", "Pets"]), moved.count(["Pets", "Food"])
    assert amounts["Food"] == Decimal("100.10") + (back - there) * Decimal("7.77")


def test_a_budget_is_not_spent_twice(engine: Engine) -> None:
    def take(thread: int) -> bool:
        try:
            return move(engine, "Pets", ("Food", "Rent")[thread % 2], "20", f"{thread}").is_new
        except BudgetError:
            return False

    assert sum(map(bool, at_once(take))) == 2
    assert "2026-01 Pets 10.00" in book(engine)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # a writer of SQLite has no other beside it
def test_a_transfer_counts_on_the_budget_that_is_there_now(engine: Engine) -> None:
    with transaction(engine) as session:
        user = find_user(session, ANN)
        read_before = session.scalars(select(Budget).where(Budget.user_id == user.id)).all()
        move(engine, "Food", "Pets", "90", "meanwhile")
        done = transfer_budget(session, user, JANUARY, ("Food", "Pets"), Decimal(10), "then")
        assert (done.source_left, done.target_left) == (Decimal("0.10"), Decimal(150))
        assert sum(budget.amount for budget in read_before) == Decimal("150.10")
    assert book(engine)[0] == "2026-01 Food 0.10"


def test_transfers_that_meet_in_a_category_without_a_budget_are_added_up(engine: Engine) -> None:
    with transaction(engine) as session:
        user = find_user(session, ANN)
        delete_budget(session, user, get_category(session, user, "Rent"), JANUARY)
    at_once(lambda thread: move(engine, ("Food", "Pets")[thread % 2], "Rent", "1.01", f"{thread}"))
    assert "2026-01 Rent 8.08" in book(engine)


def test_budgets_set_and_copied_at_once_do_not_collide(engine: Engine) -> None:
    def work(thread: int) -> object:
        def set_or_copy(session: Session, user: User) -> object:
            if thread % 2:
                return copy_budgets(session, user, JANUARY, FEBRUARY, replace=True)
            set_budget(session, user, get_category(session, user, "Rent", hold=True), FEBRUARY, Decimal(0))
            return None

        return run_transaction(engine, lambda session: set_or_copy(session, find_user(session, ANN)))

    at_once(work)
    assert changed(engine) == ["2026-02 Food 100.10", "2026-02 Pets 50.00", "2026-02 Rent 0.00"]


# --- The answer to COMMIT is lost


@pytest.mark.slow
def test_what_counts_once_is_done_again_and_the_rest_is_for_the_user_to_look(own_postgres: LocalPostgres) -> None:
    direct = Tracker(own_postgres.url)
    direct.ok("migrate")
    direct.ok("category", "add", "Food")
    direct.ok("category", "add", "Pets")
    with Proxy(own_postgres.port) as proxy:
        tracker = Tracker(own_postgres.url.replace(f":{own_postgres.port}", f":{proxy.port}"))

        def lost(*arguments: str) -> None:
            proxy.lose_next_commit.set()
            tracker.ok(*arguments)

        lost("budget", "set", "Food", "100.10", *IN_JANUARY)
        lost("budget", "copy", "2026-01", "2026-02")
        lost("transfer", "Food", "Pets", "10", *IN_JANUARY)
        assert proxy.lost_commits == 3
        for command in (
            ["category", "add", "Rent"],
            ["category", "rename", "Rent", "Flat"],
            ["category", "merge", "Flat", "Pets"],
            ["budget", "delete", "Food", "--month", "2026-02"],
            ["category", "delete", "Pets"],
        ):
            proxy.lose_next_commit.set()
            error = tracker.refused(*command)
            assert "look whether the work is there before you repeat the command" in error
            assert "Nothing was changed" not in error
        assert proxy.lost_commits == 8
    assert direct.ok("category", "list") == "Food\n"
    assert direct.ok("budget", "list", *IN_JANUARY).split() == ["Food", "90.10"]
    assert "No budgets" in direct.ok("budget", "list", "--month", "2026-02")


# --- Two users


def test_another_users_budgets_are_neither_seen_nor_moved(tracker: Tracker, engine: Engine) -> None:
    tracker.ok("category", "add", "Secret")
    tracker.ok("budget", "set", "Secret", "77", *IN_JANUARY)
    before, bob = book(engine), Tracker(tracker.url, BOB)
    assert "Secret" not in bob.ok("budget", "list", *IN_JANUARY)
    for command in (
        ["budget", "set", "Secret", "1", *IN_JANUARY],
        ["budget", "delete", "Secret", *IN_JANUARY],
        ["transfer", "Secret", "Food", "1", *IN_JANUARY],
        ["transfer", "Food", "Secret", "1", *IN_JANUARY],
    ):
        assert "There is no category 'Secret'" in bob.refused(*command)
    assert Tracker(tracker.url, "new@example.org").ok("budget", "copy", "2026-01", "2026-02").startswith("0 budgets")
    assert book(engine) == before


def test_a_refused_transfer_leaves_its_key_free_also_where_the_caller_goes_on(engine: Engine) -> None:
    def move(session: Session, amount: int) -> Transfer:
        user = find_user(session, ANN)
        return transfer_budget(session, user, JANUARY, ("Food", "Pets"), Decimal(amount), "one-key")

    with transaction(engine) as session, pytest.raises(BudgetError, match="too much"):
        move(session, 9999)
    with transaction(engine) as session:
        assert move(session, 10).is_new


def test_a_repeated_transfer_whose_budget_is_gone_says_so(tracker: Tracker) -> None:
    request = ["transfer", "Food", "Pets", "5", *IN_JANUARY, "--key", "z"]
    tracker.ok(*request)
    tracker.ok("budget", "delete", "Pets", *IN_JANUARY)
    assert "Pets has no budget any more" in tracker.ok(*request)
