"""Whatever comes in: the service functions and the command line answer with the right result or an error in words.

Hypothesis makes it up: every letter, NUL, halves of surrogate pairs, long texts, SQL, wildcards, amounts of any size,
years 1 to 9999. The same input goes to SQLite and to PostgreSQL, and both must say the same. The quick tests try the
same few inputs each time, the slow ones a thousand that are new.
"""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sqlalchemy import Engine, func, make_url, select
from sqlalchemy.orm import Session

from budget import inputs, listing, periods
from budget.budgets import list_budgets, set_budget, transfer_budget
from budget.categories import add_category, get_category, list_categories, rename_category
from budget.errors import BudgetError
from budget.expenses import NewExpense, NewValues, add_expenses, edit_expense
from budget.explaining import place_of
from budget.listing import Wanted, list_expenses
from budget.models import LARGEST_AMOUNT, Budget, Expense, User, fold
from budget.users import find_or_create_user, set_currency
from conftest import migrate
from database import create_database_engine, transaction
from local_postgres import create_database, drop_database
from tracker import Ended, Tracker

ANN = "ann@example.org"
JANUARY = date(2026, 1, 1)

# --- What comes in ----------------------------------------------------------------------------------------------------

NASTY = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "Lunch \udfff",
    "%",
    "_",
    "\\",
    "100%_\\",
    "' OR '1' = '1",
    "'; DROP TABLE expenses; --",
    '"',
    "%(name)s",
    ":name",
    "{}",
    "x" * 1000,
    "x" * 1001,
    "ß" * 500,
    "İstanbul",
    "e\u0301",
    "é",
    "Straße",
    "STRASSE",
    "ﬁn",
    "a\tb\nc",
    "\u2028",
    "\u202e",
    "🙂",
    "Food",
    "food",
    "FOOD ",
    "Rent",
)
SPECIAL_AMOUNTS = "0 -0 0.001 0.01 1E-400 1E+400 -1 9999999999.99 10000000000.00 1.10 1.1000 sNaN"

texts = st.one_of(st.sampled_from(NASTY), st.text(alphabet=st.characters(categories=None), max_size=60))
typed = texts.filter(lambda text: "\0" not in text)  # no shell hands that on
names = st.one_of(st.sampled_from(["Food", "Rent", "food", "Straße"]), texts)
amounts = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(min_value=0, max_value=100, places=2),
    st.sampled_from(SPECIAL_AMOUNTS.split()).map(Decimal),
)
days = st.one_of(st.dates(), st.sampled_from([date.min, date.max, date(1582, 10, 10), date(2024, 2, 29)]))
keys = st.one_of(texts, st.text(alphabet="abc", min_size=1, max_size=3))

Thorough = pytest.mark.parametrize(
    "thorough", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["a few", "a thousand"]
)


def for_all(check: Callable[..., None], thorough: bool, **inputs: SearchStrategy[Any]) -> None:
    """Run the check for many inputs; of one that fails the smallest is shown."""
    usual = settings(
        max_examples=1000 if thorough else 20,
        derandomize=not thorough,
        print_blob=thorough,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    usual(given(**inputs)(lambda **values: check(**values)))()


# --- The two databases ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What a call gave back, or the error in the user's words."""

    result: object = None
    refused: str | None = None


@dataclass(frozen=True)
class Books:
    """Ann's books on both databases: two categories with budgets, and an expense for each nasty description."""

    engines: tuple[Engine, Engine]

    def both(self, work: Callable[[Session, User], object]) -> Outcome:
        """`work` on each database, in a transaction that is taken back. Both must say the same."""
        first, second = (self._outcome(engine, work) for engine in self.engines)
        assert first == second
        return first

    def _outcome(self, engine: Engine, work: Callable[[Session, User], object]) -> Outcome:
        with Session(engine) as session:
            user = find_or_create_user(session, ANN)
            try:
                outcome = Outcome(result=work(session, user))
            except BudgetError as error:
                outcome = Outcome(refused=str(error))
            # Also after an error the session can go on, and what was refused left nothing half done.
            assert [each.name for each in list_categories(session, user)][:1]
            assert session.scalar(select(func.sum(Budget.amount)).where(Budget.user_id == user.id)) is not None
            return outcome


def fill(engine: Engine) -> None:
    with transaction(engine) as session:
        ann = find_or_create_user(session, ANN)
        for name in ("Food", "Rent", "Straße"):
            set_budget(session, ann, add_category(session, ann, name), JANUARY, Decimal("100.00"))
        described = [text for text in NASTY if acceptable(text)]
        add_expenses(
            session,
            ann,
            [NewExpense(Decimal("1.00"), "Food", text, JANUARY, f"known-{n}") for n, text in enumerate(described)],
        )


def acceptable(text: str) -> bool:
    try:
        inputs.read_text(text)
    except BudgetError:
        return False
    return True


@contextmanager
def migrated(postgres_server_url: str, folder: Path) -> Iterator[tuple[str, str]]:
    sqlite, postgresql = f"sqlite:///{folder}/books.db", create_database(postgres_server_url)
    for url in (sqlite, postgresql):
        migrate(url)
    yield sqlite, postgresql
    drop_database(postgresql)


@pytest.fixture(scope="module")
def books(postgres_server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with migrated(postgres_server_url, tmp_path_factory.mktemp("books")) as (sqlite, postgresql):
        engines = create_database_engine(sqlite), create_database_engine(postgresql)
        for engine in engines:
            fill(engine)
        yield Books(engines)
        for engine in engines:
            engine.dispose()


# --- The service functions --------------------------------------------------------------------------------------------


def spelled(text: str) -> str:
    """As a text is stored: one form for each letter, single blanks."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


@Thorough
def test_an_expense_is_stored_as_it_was_given_or_refused(books: Books, thorough: bool) -> None:
    def check(amount: Decimal, category: str, description: str, spent_on: date, request_key: str, account: str) -> None:
        wanted = NewExpense(amount, category, description, spent_on, request_key, account)

        def work(session: Session, ann: User) -> object:
            [added] = add_expenses(session, ann, [wanted])
            session.expire_all()
            [read] = listing.get_expenses(session, ann, [added.number])
            assert read == added
            return read[1:]  # without its number, which each database counts by itself

        outcome = books.both(work)
        if outcome.refused is None:
            chosen = {fold(name): name for name in ("Food", "Rent", "Straße")}[fold(spelled(category))]
            assert outcome.result == (spent_on, amount, chosen, spelled(description), spelled(account))

    for_all(
        check,
        thorough,
        amount=amounts,
        category=names,
        description=texts,
        spent_on=days,
        request_key=keys,
        account=texts,
    )


@Thorough
def test_a_change_is_stored_as_it_was_given_or_changes_nothing(books: Books, thorough: bool) -> None:
    new_values = st.fixed_dictionaries(
        {}, optional={"amount": amounts, "category": names, "description": texts, "spent_on": days, "account": texts}
    )

    def check(new: NewValues, number: int) -> None:
        def work(session: Session, ann: User) -> object:
            first = session.scalars(select(Expense.id).where(Expense.user_id == ann.id).order_by(Expense.id)).first()
            assert first is not None
            before = listing.get_expenses(session, ann, [first])
            try:
                return edit_expense(session, ann, first + number if number else first, new)[1:]
            except BudgetError:
                assert listing.get_expenses(session, ann, [first]) == before
                raise BudgetError("refused") from None  # the message may name the expense's number

        outcome = books.both(work)
        if outcome.refused is None and "description" in new:
            assert isinstance(outcome.result, tuple)
            assert outcome.result[3] == spelled(new["description"])

    numbers = st.one_of(st.just(0), st.sampled_from([10**6, -(10**6), 2**63, -(2**63), 10**30]))
    for_all(check, thorough, new=new_values, number=numbers)


@Thorough
def test_a_search_finds_what_holds_the_text_whatever_its_capitals(books: Books, thorough: bool) -> None:
    known = [spelled(text) for text in NASTY if acceptable(text)]

    def check(text: str) -> None:
        outcome = books.both(
            lambda session, ann: [
                each.description for each in list_expenses(session, ann, Wanted(contains=text), None).expenses
            ]
        )
        if outcome.refused is None:
            assert isinstance(outcome.result, list)
            assert sorted(outcome.result) == sorted(each for each in known if fold(text) in fold(each))

    for_all(check, thorough, text=st.one_of(texts, st.sampled_from(known)))


@Thorough
def test_a_name_of_a_category_is_kept_or_refused(books: Books, thorough: bool) -> None:
    def check(name: str, new_name: str) -> None:
        def work(session: Session, ann: User) -> object:
            added = add_category(session, ann, name).name
            renamed = rename_category(session, ann, added, new_name).name
            session.expire_all()
            assert get_category(session, ann, renamed).name == renamed
            return added, renamed

        outcome = books.both(work)
        if outcome.refused is None:
            assert outcome.result == (spelled(name), spelled(new_name))

    for_all(check, thorough, name=texts, new_name=texts)


@Thorough
def test_a_budget_moves_exactly_or_not_at_all(books: Books, thorough: bool) -> None:
    def check(source: str, target: str, amount: Decimal, month: date, key: str) -> None:
        def work(session: Session, ann: User) -> object:
            before = dict(list_budgets(session, ann, month))
            try:
                moved = transfer_budget(session, ann, month, (source, target), amount, key)
            finally:
                after = dict(list_budgets(session, ann, month))
                assert sum(after.values()) == sum(before.values())
                assert all(0 <= each <= LARGEST_AMOUNT for each in after.values())
            assert before[moved.source] - after[moved.source] == amount
            assert transfer_budget(session, ann, month, (source, target), amount, key).is_new is False
            assert dict(list_budgets(session, ann, month)) == after
            return sorted(after.items())

        books.both(work)

    months = st.one_of(st.just(JANUARY), days)
    for_all(check, thorough, source=names, target=names, amount=amounts, month=months, key=keys)


@Thorough
def test_a_budget_is_what_was_set_or_refused(books: Books, thorough: bool) -> None:
    def check(amount: Decimal, month: date) -> None:
        def work(session: Session, ann: User) -> object:
            set_budget(session, ann, get_category(session, ann, "Food"), month, amount)
            session.expire_all()
            return dict(list_budgets(session, ann, month))["Food"]

        outcome = books.both(work)
        assert outcome.refused is not None or outcome.result == amount

    for_all(check, thorough, amount=amounts, month=days)


@Thorough
def test_a_user_is_found_again_by_any_address_or_it_is_refused(books: Books, thorough: bool) -> None:
    def check(email: str, currency: str) -> None:
        def work(session: Session, _ann: User) -> object:
            made = find_or_create_user(session, email)
            assert find_or_create_user(session, email) is made
            set_currency(session, made, currency)
            return made.email, made.currency

        books.both(work)

    for_all(check, thorough, email=texts, currency=st.one_of(st.sampled_from(["EUR", "eur", "ſŋß"]), texts))


@Thorough
def test_what_is_read_from_a_text_is_a_value_or_refused(thorough: bool) -> None:
    readers: list[Callable[[str], object]] = [
        inputs.read_amount,
        inputs.read_name,
        inputs.read_text,
        inputs.read_key,
        lambda text: inputs.read_day(text, JANUARY),
        listing.read_cursor,
        periods.read_month,
        periods.read_year,
    ]
    digits = st.text(alphabet="0123456789٣-/.,+ eE_", max_size=25)

    def check(text: str) -> None:
        for read in readers:
            try:
                value = read(text)
            except BudgetError as error:
                value = str(error).encode()  # what is said of a text can be printed
            assert value is not None

    for_all(check, thorough, text=st.one_of(texts, digits))


# --- The command line -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trackers(
    postgres_server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Tracker, Tracker]]]:
    """The command line of one user on both databases."""
    with migrated(postgres_server_url, tmp_path_factory.mktemp("trackers")) as urls:
        sqlite, postgresql = urls
        for url in urls:
            for name in ("Food", "Rent"):
                Tracker(url).ok("category", "add", name)
        yield lambda user: (Tracker(sqlite, user or None), Tracker(postgresql, user or None))


def without_place(ended: Ended, url: str) -> Ended:
    """Some messages name the database."""
    place = place_of(make_url(url))
    return Ended(ended.out.replace(place, "PLACE"), ended.err.replace(place, "PLACE"), ended.code)


def command_lines() -> SearchStrategy[list[str]]:
    words = st.one_of(typed, st.sampled_from(["12.50", "Food", "2026-01", "2026-01-31", "0", "1"]))
    amount = st.one_of(st.sampled_from(["1.00", "0", "1e3", "1,5", "9999999999.99"]), words)
    category, month = st.one_of(st.sampled_from(["Food", "Rent"]), words), st.one_of(st.just("2026-01"), words)
    shapes: list[list[SearchStrategy[str] | str]] = [
        ["add", amount, category, words, "--on", st.one_of(st.just("2026-01-31"), words), "--account", words],
        ["list", "--contains", words],
        ["list", "--category", category, "--min", amount, "--max", amount, "--month", month],
        ["list", "--after", words, "--limit", words],
        ["edit", words, "--description", words, "--amount", amount],
        ["delete", words],
        ["category", "add", words],
        ["category", "rename", category, words],
        ["budget", "set", category, amount, "--month", month],
        ["transfer", category, category, amount, "--month", month, "--key", words],
        ["report", "--month", month],
    ]
    lines = [
        st.tuples(*(st.just(part) if isinstance(part, str) else part for part in shape)).map(list) for shape in shapes
    ]
    return st.one_of(*lines)


@Thorough
def test_a_command_does_it_or_says_why_not_the_same_on_both(
    trackers: Callable[[str], tuple[Tracker, Tracker]], thorough: bool
) -> None:
    def check(line: list[str], user: str) -> None:
        sqlite, postgresql = (without_place(tracker(*line), tracker.url) for tracker in trackers(user))
        assert sqlite == postgresql
        assert sqlite.code in (0, 1, 2)
        assert "Traceback" not in sqlite.err
        assert (sqlite.code == 0) == (sqlite.err == "")

    for_all(check, thorough, line=command_lines(), user=st.one_of(st.just(""), st.just(ANN), typed))
