"""Categories: one name each for a user, whatever happens at once, on both databases, read back by another session."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session, aliased

from budget.budgets import set_budget, transfer_budget
from budget.categories import (
    add_category,
    delete_category,
    ensure_categories,
    get_categories,
    get_category,
    list_categories,
    merge_categories,
    rename_category,
)
from budget.errors import BudgetError, UnknownCategory
from budget.expenses import NewExpense, add_expenses, delete_expenses
from budget.models import LARGEST_AMOUNT, Budget, BudgetTransfer, Category, Expense, User
from budget.users import find_or_create_user, find_user
from database import create_database_engine, run_transaction, transaction
from tracker import Ended, Tracker

ANN, BOB = "ann@example.org", "bob@example.org"
DAY, JANUARY, FEBRUARY = date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 1)


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    """Ann and Bob with the same names in their books, which are not the same book."""
    engine = create_database_engine(migrated_url, connections=8)
    with transaction(engine) as session:
        fill(session, ANN)
        fill(session, BOB)
    before = book(engine, BOB)
    assert len(before) == len(ANNS)
    yield engine
    assert book(engine, BOB) == before  # whatever a test does with Ann's categories
    engine.dispose()


def fill(session: Session, email: str) -> None:
    user_id = find_or_create_user(session, email).id
    three = [Category(user_id=user_id, name=name) for name in ("Food", "Cafés", "Pets")]
    session.add_all(three)
    session.flush()
    food, cafes, pets = (each.id for each in three)
    for category_id, description in ((food, "Lunch"), (cafes, "Tea")):
        session.add(
            Expense(
                user_id=user_id,
                category_id=category_id,
                amount=Decimal("12.50"),
                description=description,
                spent_on=DAY,
                fingerprint=description,
            )
        )
    for category_id, month, amount in (
        (food, JANUARY, "410.10"),
        (cafes, JANUARY, "49.01"),
        (cafes, FEBRUARY, "70"),
        (pets, JANUARY, "1"),
    ):
        session.add(Budget(user_id=user_id, category_id=category_id, month=month, amount=Decimal(amount)))
    for source, target, moved, key in (
        (cafes, food, 10, "to-food"),
        (cafes, pets, 5, "to-pets"),
        (pets, cafes, 4, "from-pets"),
    ):
        sides = {"from_category_id": source, "to_category_id": target}
        transfer = BudgetTransfer(user_id=user_id, month=JANUARY, amount=Decimal(moved), request_key=key, **sides)
        session.add(transfer)


@pytest.fixture
def tracker(engine: Engine) -> Tracker:
    return Tracker(engine.url.render_as_string(hide_password=False), ANN)


def book(engine: Engine, email: str = ANN) -> list[str]:
    """All that a user has, a line a row, found by a session of its own."""
    source, target = aliased(Category), aliased(Category)
    statements = {
        "category": select(Category.id, Category.name),
        "expense": select(Category.name, Expense.amount, Expense.description).join(
            Category, Category.id == Expense.category_id
        ),
        "budget": select(Category.name, Budget.month, Budget.amount).join(Category, Category.id == Budget.category_id),
        "transfer": select(source.name, target.name, BudgetTransfer.amount, BudgetTransfer.request_key)
        .outerjoin_from(BudgetTransfer, source, source.id == BudgetTransfer.from_category_id)
        .outerjoin(target, target.id == BudgetTransfer.to_category_id),
    }
    owner = {
        "category": Category.user_id,
        "expense": Expense.user_id,
        "budget": Budget.user_id,
        "transfer": BudgetTransfer.user_id,
    }
    with transaction(engine, read_only=True) as session:
        user = find_user(session, email)
        return sorted(
            " ".join([what, *map(str, row)])
            for what, statement in statements.items()
            for row in session.execute(statement.where(owner[what] == user.id))
        )


ANNS = [
    "budget Cafés 2026-01-01 49.01",
    "budget Cafés 2026-02-01 70.00",
    "budget Food 2026-01-01 410.10",
    "budget Pets 2026-01-01 1.00",
    "category 1 Food",
    "category 2 Cafés",
    "category 3 Pets",
    "expense Cafés 12.50 Tea",
    "expense Food 12.50 Lunch",
    "transfer Cafés Food 10.00 to-food",
    "transfer Cafés Pets 5.00 to-pets",
    "transfer Pets Cafés 4.00 from-pets",
]


# --- add and list


def test_a_category_that_was_added_is_there_for_another_session(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("category", "add", "  Eating   out ") == "Added the category Eating out\n"
    assert tracker.ok("category", "add", "Cre\u0301pes") == "Added the category Cr\u00e9pes\n"  # one letter, not two
    assert [line for line in book(engine) if line not in ANNS] == ["category 7 Eating out", "category 8 Cr\u00e9pes"]


def test_the_list_is_in_the_order_of_the_alphabet_on_both_databases(tracker: Tracker, engine: Engine) -> None:
    with transaction(engine) as session:
        for name in ("zoo", "Apples", "bread", "Äpfel", "_misc"):
            add_category(session, find_user(session, ANN), name)
    assert tracker.ok("category", "list").split() == [
        "_misc",
        "Apples",
        "bread",
        *("Cafés", "Food", "Pets"),
        "zoo",
        "Äpfel",
    ]
    with transaction(engine, read_only=True) as session:
        assert [each.name for each in list_categories(session, find_user(session, BOB))] == ["Cafés", "Food", "Pets"]
    assert Tracker(tracker.url, "new@example.org").ok("category", "list") == ""


def test_one_name_in_any_capitals_is_one_category(tracker: Tracker, engine: Engine) -> None:
    capitals = {"Food": "fOOD", "Cafés": "CAFE\u0301S", "Straße": "STRASSE", "ΟΔΟΣ": "οδος", "Ёлка": "ёЛКА"}
    with transaction(engine) as session:
        ensure_categories(session, find_user(session, ANN), capitals)
    before = book(engine)
    for name, other in capitals.items():
        error = tracker.refused("category", "add", other)
        assert error == f"You have the category {name!r} already\n"
        with transaction(engine, read_only=True) as session:
            assert get_category(session, find_user(session, ANN), other).name == name
    assert book(engine) == before


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)  # it does not come as far as the database
def test_what_is_no_name_is_said_and_nothing_is_changed(tracker: Tracker, engine: Engine) -> None:
    refused = {"": "is not a name", " ": "is not a name", "x" * 101: "1 to 100 letters"}
    refused |= {"a\x00b": "control characters", "\udcff": "cannot be stored"}
    for name, said in refused.items():
        assert said in tracker.refused("category", "add", name)
        assert said in tracker.refused("category", "rename", "Food", name)
    assert book(engine) == ANNS
    tracker.ok("category", "add", "ä" * 100)


def test_a_name_that_is_unknown_brings_the_nearest_ones(tracker: Tracker, engine: Engine) -> None:
    attempts: list[Callable[[Session, User], object]] = [
        lambda session, user: get_category(session, user, "Fod"),
        lambda session, user: rename_category(session, user, "Fod", "Fruit"),
        lambda session, user: delete_category(session, user, "Fod"),
        lambda session, user: merge_categories(session, user, "Fod", "Pets"),
        lambda session, user: merge_categories(session, user, "Pets", "Fod"),
    ]
    for attempt in attempts:
        with (
            pytest.raises(UnknownCategory, match=r"^There is no category 'Fod'. Did you mean Food\?$"),
            transaction(engine) as session,
        ):
            attempt(session, find_user(session, ANN))
    assert "'Xyz'. `category list` shows all, `category add` makes one" in tracker.refused("category", "delete", "Xyz")
    assert book(engine) == ANNS


def test_several_names_give_one_category_each_in_their_order(engine: Engine) -> None:
    with transaction(engine, read_only=True) as session:
        user = find_user(session, ANN)
        found = get_categories(session, user, ["pets", " Food", "PETS"])
        assert [category.id for category in found] == [3, 1, 3]
        with pytest.raises(UnknownCategory, match="'Rent'"):
            get_categories(session, user, ["Food", "Rent"])


def test_the_missing_ones_are_made_and_the_others_are_found(engine: Engine) -> None:
    with transaction(engine) as session:
        made = ensure_categories(session, find_user(session, ANN), ["FOOD", " Rent ", "rENT", "Books"])
    # Of two new spellings the last one is kept.
    assert made == ({"FOOD": 1, " Rent ": 8, "rENT": 8, "Books": 7}, ["Books", "rENT"])
    with transaction(engine) as session:
        assert ensure_categories(session, find_user(session, ANN), ["books"]) == ({"books": 7}, [])
    assert [line for line in book(engine) if line not in ANNS] == ["category 7 Books", "category 8 rENT"]


# --- rename


def test_a_new_name_changes_the_name_and_nothing_else(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("category", "rename", "food", " Groceries ") == "It is Groceries now\n"
    assert book(engine) == sorted(line.replace("Food", "Groceries") for line in ANNS)
    tracker.ok("category", "rename", "Groceries", "gROCERIES")
    assert book(engine) == sorted(line.replace("Food", "gROCERIES") for line in ANNS)
    tracker.ok("category", "add", "Food")  # the name is free again


def test_a_taken_name_is_refused_in_any_capitals(tracker: Tracker, engine: Engine) -> None:
    for taken in ("Cafés", "cafés", "CAFE\u0301S"):
        assert "You have the category 'Cafés' already" in tracker.refused("category", "rename", "Food", taken)
    assert book(engine) == ANNS
    with transaction(engine) as session, pytest.raises(BudgetError):
        rename_category(session, find_user(session, ANN), "Food", "Pets")
    assert book(engine) == ANNS


# --- merge


def test_a_merge_gives_everything_to_the_other_one(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("category", "merge", "cafés", "FOOD") == "Cafés is Food now, with 1 expense more\n"
    assert book(engine) == [
        "budget Food 2026-01-01 459.11",
        "budget Food 2026-02-01 70.00",
        "budget Pets 2026-01-01 1.00",
        "category 1 Food",
        "category 3 Pets",
        "expense Food 12.50 Lunch",
        "expense Food 12.50 Tea",
        "transfer Food Pets 5.00 to-pets",
        "transfer None Food 10.00 to-food",  # the two sides of it are one now
        "transfer Pets Food 4.00 from-pets",
    ]


def test_a_merge_keeps_the_request_keys_used(tracker: Tracker, engine: Engine) -> None:
    tracker.ok("category", "merge", "Cafés", "Food")
    after = book(engine)
    month = ["--month", "2026-01", "--key"]
    assert "stands for another transfer" in tracker.refused("transfer", "Food", "Pets", "10", *month, "to-food")
    assert "Moved already, and not again" in tracker.ok("transfer", "Food", "Pets", "5", *month, "to-pets")
    assert book(engine) == after


def test_what_cannot_be_merged_is_said_and_nothing_is_changed(tracker: Tracker, engine: Engine) -> None:
    assert "are one category already" in tracker.refused("category", "merge", "Food", "fOOD")
    with transaction(engine) as session:
        user = find_user(session, ANN)
        set_budget(session, user, get_category(session, user, "Food"), FEBRUARY, LARGEST_AMOUNT - Decimal("69.99"))
    before = book(engine)
    assert "more than 9,999,999,999.99 in a month" in tracker.refused("category", "merge", "Cafés", "Food")
    assert book(engine) == before
    with transaction(engine) as session:  # one cent less is just not too much
        user = find_user(session, ANN)
        set_budget(session, user, get_category(session, user, "Food"), FEBRUARY, LARGEST_AMOUNT - Decimal(70))
    tracker.ok("category", "merge", "Cafés", "Food")
    assert "budget Food 2026-02-01 9999999999.99" in book(engine)


# --- delete


def test_a_category_with_expenses_stays_and_the_way_out_works(tracker: Tracker, engine: Engine) -> None:
    error = tracker.refused("category", "delete", "cafés")
    assert error == "'Cafés' has 1 expense. Give them another category: `category merge NAME OTHER`\n"
    tracker.ok("add", "1", "Cafés", "Cake")
    assert "'Cafés' has 2 expenses." in tracker.refused("category", "delete", "Cafés")
    tracker.ok("category", "merge", "Cafés", "Pets")
    assert "category 2 Cafés" not in book(engine)


def test_a_deleted_category_takes_its_budgets_along_and_leaves_the_transfers(tracker: Tracker, engine: Engine) -> None:
    assert tracker.ok("category", "delete", "pets") == "Deleted the category Pets, and its budgets of 1 month\n"
    assert book(engine) == [
        *(line for line in ANNS if "Pets" not in line),
        "transfer Cafés None 5.00 to-pets",
        "transfer None Cafés 4.00 from-pets",
    ]
    tracker.ok("category", "add", "Pets")
    again = ["transfer", "Cafés", "Pets", "5", "--month", "2026-01", "--key", "to-pets"]
    assert "stands for another transfer" in tracker.refused(*again)
    assert tracker.ok("category", "delete", "Pets") == "Deleted the category Pets\n"


# --- Several at once

WAITS = text("SELECT count(*) FROM pg_locks WHERE pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()]")
Work = Callable[[Session, User], object]


def begin_while(work: Work, tracker: Tracker, engine: Engine, *command: str) -> Ended:
    """What the command says that begins while `work` is done and not yet saved: it has to wait for it."""
    with ThreadPoolExecutor(1) as thread:
        with transaction(engine) as session, asks_to_write() as asked:
            work(session, find_user(session, ANN))
            session.flush()
            running = thread.submit(tracker, *command)
            wait_until_it_waits(session, running, asked)
        return running.result(20)


@contextmanager
def asks_to_write() -> Iterator[threading.Event]:
    """Set when a connection to SQLite asks for the one place to write."""
    asked = threading.Event()

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            asked.set()

    event.listen(Engine, "before_cursor_execute", listen)
    yield asked
    event.remove(Engine, "before_cursor_execute", listen)


def wait_until_it_waits(session: Session, running: Future[Ended], asked: threading.Event) -> None:
    if session.get_bind().dialect.name == "sqlite":
        assert asked.wait(10)
        return
    while not session.scalar(WAITS):
        assert not running.done(), running.result()


def lunch(session: Session, user: User) -> object:
    return add_expenses(session, user, [NewExpense(Decimal(9), "Pets", "Hay", DAY, "hay")])


def test_an_expense_that_comes_first_keeps_its_category(tracker: Tracker, engine: Engine) -> None:
    ended = begin_while(lunch, tracker, engine, "category", "delete", "Pets")
    assert (ended.code, ended.err.partition(".")[0]) == (1, "'Pets' has 1 expense")
    assert [line for line in book(engine) if line not in ANNS] == ["expense Pets 9.00 Hay"]


def test_a_category_that_an_import_has_found_stays_until_the_import_is_saved(tracker: Tracker, engine: Engine) -> None:
    ended = begin_while(lambda s, u: ensure_categories(s, u, ["PETS"]), tracker, engine, "category", "delete", "Pets")
    assert ended.code == 0


def test_an_expense_that_comes_late_finds_no_category(tracker: Tracker, engine: Engine) -> None:
    commands = (["add", "9", "Pets", "Hay"], ["budget", "set", "Pets", "5"], ["transfer", "Cafés", "Pets", "1"])
    for command in commands:
        ended = begin_while(lambda s, u: delete_category(s, u, "Pets"), tracker, engine, *command)
        assert (ended.code, ended.err.partition(".")[0]) == (1, "There is no category 'Pets'")
        assert [line for line in book(engine) if "Pets" in line] == []
        tracker.ok("category", "add", "Pets")


def test_what_comes_while_its_category_is_merged_finds_it_no_more(tracker: Tracker, engine: Engine) -> None:
    def merge(session: Session, user: User) -> object:
        return merge_categories(session, user, "Pets", "Food")

    ended = begin_while(merge, tracker, engine, "category", "merge", "Food", "Pets")
    assert ended.code == 1
    assert "has just deleted or renamed" in ended.err or "There is no category 'Pets'" in ended.err
    assert [line for line in book(engine) if line.startswith("category")] == ["category 1 Food", "category 2 Cafés"]


def test_a_merge_waits_for_the_expenses_and_budgets_that_are_being_saved(tracker: Tracker, engine: Engine) -> None:
    def save(session: Session, user: User) -> None:
        lunch(session, user)
        transfer_budget(session, user, JANUARY, ("Food", "Pets"), Decimal("0.10"), "late")

    ended = begin_while(save, tracker, engine, "category", "merge", "Pets", "Food")
    assert (ended.code, ended.out) == (0, "Pets is Food now, with 1 expense more\n")
    assert {"expense Food 9.00 Hay", "budget Food 2026-01-01 411.10"} <= set(book(engine))


def test_a_name_that_is_being_taken_is_taken(tracker: Tracker, engine: Engine) -> None:
    attempts = {"Rent": ["add", "RENT"], "Straße": ["rename", "Pets", "STRASSE"]}
    for name, command in attempts.items():
        ended = begin_while(lambda s, u, name=name: add_category(s, u, name), tracker, engine, "category", *command)  # type: ignore[misc]
        assert (ended.code, ended.err.strip().partition(".")[0]) == (1, f"You have the category {name!r} already")
    ended = begin_while(lambda s, u: rename_category(s, u, "Rent", "Flat"), tracker, engine, "category", "add", "FLAT")
    assert "You have the category 'Flat' already" in ended.err
    ended = begin_while(lambda s, u: delete_category(s, u, "Pets"), tracker, engine, "category", "rename", "Pets", "x")
    assert "There is no category 'Pets'" in ended.err
    assert len([line for line in book(engine) if line.startswith("category")]) == 4


def test_one_of_many_spellings_at_once_survives(engine: Engine) -> None:
    spellings = ["straße", "STRASSE", "Strasse", "Straße", "STRAßE", "strasse"]
    together = threading.Barrier(len(spellings))

    def add(name: str) -> str:
        together.wait(10)
        try:
            return run_transaction(engine, lambda session: add_category(session, find_user(session, ANN), name).name)
        except BudgetError as error:
            return str(error)

    with ThreadPoolExecutor(len(spellings)) as pool:
        said = list(pool.map(add, spellings))
    [survivor] = set(said) & set(spellings)
    assert said.count(f"You have the category {survivor!r} already") == 5
    assert next(line for line in book(engine) if line not in ANNS).endswith(survivor)
    assert len(book(engine)) == len(ANNS) + 1


# --- Two users


def test_another_users_category_is_unknown_whatever_is_asked(tracker: Tracker, engine: Engine) -> None:
    tracker.ok("category", "add", "Secret")
    before, bob = book(engine), Tracker(tracker.url, BOB)
    for command in (["rename", "Secret", "Mine"], ["merge", "Secret", "Food"], ["merge", "Food", "Secret"]):
        assert "There is no category 'Secret'" in bob.refused("category", *command)
    assert "There is no category 'Secret'" in bob.refused("category", "delete", "Secret")
    assert "Secret" not in bob.ok("category", "list")
    assert book(engine) == before


# === tests/test_categories.py (import: delete_expenses from budget.expenses)


def test_an_edit_that_comes_late_finds_no_category(tracker: Tracker, engine: Engine) -> None:
    ended = begin_while(lambda s, u: delete_category(s, u, "Pets"), tracker, engine, "edit", "1", "--category", "Pets")
    assert (ended.code, ended.err.partition(".")[0]) == (1, "There is no category 'Pets'")


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # a writer of SQLite has no other beside it
def test_two_who_add_to_a_category_do_not_wait_for_each_other(engine: Engine) -> None:
    impatient = create_database_engine(engine.url, lock_timeout=0.5)
    with transaction(engine) as session:
        lunch(session, find_user(session, ANN))
        with transaction(impatient) as beside:
            add_expenses(beside, find_user(beside, ANN), [NewExpense(Decimal(9), "Pets", "Hay", DAY, "more-hay")])
    impatient.dispose()
    assert [line for line in book(engine) if line not in ANNS] == ["expense Pets 9.00 Hay"] * 2


def test_a_category_that_is_being_renamed_is_not_deleted_under_its_old_name(tracker: Tracker, engine: Engine) -> None:
    ended = begin_while(
        lambda s, u: rename_category(s, u, "Pets", "Hay"), tracker, engine, "category", "delete", "Pets"
    )
    assert ended.code == 1
    assert "category 3 Hay" in book(engine)


def test_budgets_are_copied_without_those_of_a_category_that_is_being_deleted(tracker: Tracker, engine: Engine) -> None:
    ended = begin_while(
        lambda s, u: delete_category(s, u, "Pets"), tracker, engine, "budget", "copy", "2026-01", "2026-03"
    )
    assert (ended.code, ended.err) == (0, "")
    assert [line for line in book(engine) if "2026-03" in line] == [
        "budget Cafés 2026-03-01 49.01",
        "budget Food 2026-03-01 410.10",
    ]


def test_the_missing_ones_are_known_in_every_spelling(engine: Engine) -> None:
    with transaction(engine) as session:
        user = find_user(session, ANN)
        ids, _ = ensure_categories(session, user, ["STRASSE"])
        assert ensure_categories(session, user, ["straße"]) == ({"straße": ids["STRASSE"]}, [])


def test_the_budgets_of_others_do_not_stand_in_the_way_of_a_merge(tracker: Tracker, engine: Engine) -> None:
    tracker.ok("budget", "set", "Food", str(LARGEST_AMOUNT), "--month", "2026-01")
    tracker.ok("category", "merge", "Pets", "Cafés")
    assert "budget Cafés 2026-01-01 50.01" in book(engine)


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)  # SQLite locks the whole file
def test_whatever_is_locked_is_locked_in_one_order(engine: Engine) -> None:
    """Rows lie in the order of their numbers in so small a table, whether a statement asks for it or not."""
    locking: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.endswith("FOR UPDATE"):
            locking.append(statement)

    with transaction(engine) as session:
        user = find_user(session, ANN)
        event.listen(engine, "before_cursor_execute", record)
        transfer_budget(session, user, JANUARY, ("Food", "Pets"), Decimal(1), "k")
        delete_expenses(session, user, [1, 2])
        merge_categories(session, user, "Pets", "Food")
        event.remove(engine, "before_cursor_execute", record)
    assert len(locking) == 3
    assert all("ORDER BY" in statement for statement in locking)
