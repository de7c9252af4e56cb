"""The examples of L1 to L5, and the budget tracker in one file: what they promise to a learner, on both databases.

What they print stands in the pages of the lessons, where test_pages.py compares it.
"""

import ast
import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError, NoResultFound, StatementError
from sqlalchemy.orm import Session

from database import create_database_engine
from lesson import COMPLETE, CRUD, CSV, EXAMPLES, LESSONS, MODELS, RELATIONSHIPS, ROOT, TRACKER, TRANSFERS, Lesson
from requirement import missing
from running import RunPython

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.name)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def table_names(url: str) -> list[str]:
    engine = create_database_engine(url)
    names = inspect(engine).get_table_names()
    engine.dispose()
    return names


# --- Manners ----------------------------------------------------------------------------------------------------------


@every_lesson
def test_a_table_of_somebody_else_is_left_alone(
    lesson: Lesson, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {lesson.tables[-1]} AS SELECT 7 AS number"))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    with pytest.raises(SystemExit, match=f"There is a table {lesson.tables[-1]} already") as refusal:
        lesson.load().main()
    assert "without DATABASE_URL" in str(refusal.value)
    assert table_names(sqlite_url) == [lesson.tables[-1]]
    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT number FROM {lesson.tables[-1]}")) == 7
    engine.dispose()


@pytest.mark.slow
@every_lesson
def test_a_table_of_somebody_else_is_left_alone_on_postgresql_too(
    lesson: Lesson, postgresql_url: str, run_python: RunPython
) -> None:
    engine = create_database_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {lesson.tables[-1]} AS SELECT 7 AS number"))
    done = run_python(lesson.path, database_url=postgresql_url)
    assert (done.returncode, "already, and not by this program" in done.stderr) == (1, True)
    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT number FROM {lesson.tables[-1]}")) == 7
    engine.dispose()


@pytest.mark.slow
@every_lesson
def test_each_run_prints_the_same_on_both_databases_and_leaves_nothing_behind(
    lesson: Lesson, sqlite_url: str, postgresql_url: str, run_python: RunPython, tmp_path: Path
) -> None:
    """Run as a learner does: a process of its own, warnings as errors, from another folder."""
    heroku_url = postgresql_url.replace("postgresql://", "postgres://", 1)
    addresses = {"none": "", "sqlite": sqlite_url, "postgresql": postgresql_url, "postgres": heroku_url}
    printed = {}
    for name, url in addresses.items():
        done = run_python(lesson.path, database_url=url)
        assert (done.returncode, done.stderr) == (0, "")
        printed[name] = done.stdout
    assert printed["none"] == printed["sqlite"] != ""
    assert printed["postgresql"] == printed["postgres"]
    assert (printed["sqlite"] == printed["postgresql"]) == lesson.same_on_both
    assert table_names(sqlite_url) == table_names(postgresql_url) == []
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"test.db"}


@pytest.mark.slow
def test_the_tables_are_gone_after_an_accident_too(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", postgresql_url)
    for lesson in (MODELS, CRUD, RELATIONSHIPS, TRANSFERS, TRACKER):
        with contextlib.suppress(KeyboardInterrupt), lesson.load().empty_tables():
            assert sorted(table_names(postgresql_url)) == sorted(lesson.tables)
            raise KeyboardInterrupt
        assert table_names(postgresql_url) == []


@pytest.mark.parametrize("table", ["accounts", "transfers"])
def test_a_table_that_is_none_of_its_own_stays(
    table: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {table} AS SELECT 7 AS number"))
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    CRUD.load().main()
    assert capsys.readouterr().out
    assert table_names(sqlite_url) == [table]


# --- A broken cure is noticed -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Break:
    lesson: Lesson
    right: str
    wrong: str
    only_on: str = ""  # the other database keeps this by itself


BREAKS = {
    "foreign keys are off": Break(CSV, "PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "sqlite"),
    "any text is an amount": Break(CSV, " CHECK (cents = CAST(cents AS INTEGER))", "", "sqlite"),
    "each statement commits": Break(CSV, "create_engine(url)", "create_engine(url, isolation_level='AUTOCOMMIT')"),
    "moments stay as they are": Break(MODELS, "return value.astimezone(UTC)\n\n", "return value\n\n", "sqlite"),
    "a third decimal place": Break(MODELS, "value != round(value, 2)", "False"),
    "a name twice": Break(MODELS, ", unique=True", ""),
    "an amount below zero": Break(MODELS, 'CheckConstraint("amount > 0"', 'CheckConstraint("amount > -1000"'),
    "no commit": Break(CRUD, "session.begin():  # commits", "engine.connect():  # commits"),
    "half of the filter": Break(CRUD, "statement = statement.where(Expense.amount", "statement.where(Expense.amount"),
    "no update": Break(CRUD, "setattr(expense, name, value)", "getattr(expense, name)"),
    "no deletion": Break(CRUD, "session.delete(session", "print(session"),
    "loaded one by one": Break(RELATIONSHIPS, "selectinload(Category.expenses)", "lazyload(Category.expenses)"),
    "an inner join": Break(RELATIONSHIPS, ".outerjoin(Expense, of_the_time)", ".join(Expense, of_the_time)"),
    "rows are counted": Break(RELATIONSHIPS, "func.count(Expense.id), func.coalesce", "func.count(), func.coalesce"),
    "a key without its owner": Break(
        RELATIONSHIPS,
        'ForeignKeyConstraint(["user_id", "category_id"], ["categories.user_id", "categories.id"])',
        'ForeignKeyConstraint(["category_id"], ["categories.id"])',
    ),
    "nothing is locked": Break(TRANSFERS, "with_for_update=True, ", "", "postgresql"),
    "locked crosswise": Break(TRANSFERS, "sorted([source, target])", "[source, target]", "postgresql"),
    "no look at the key": Break(TRANSFERS, "new.on_conflict_do_nothing()", "new"),
    "committed half-way": Break(
        TRANSFERS, "    session.flush()\n    return True", "    session.commit()\n    return True"
    ),
    "a refund is an expense": Break(TRACKER, 'CheckConstraint("amount > 0"', 'CheckConstraint("amount > -1000"'),
    "the category stays": Break(TRACKER, "expense.category = find_category(", "find_category("),
    "loaded too late": Break(TRACKER, ".options(contains_eager(Expense.category))", ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_cure_ends_in_an_error(name: str, request: pytest.FixtureRequest, run_python: RunPython) -> None:
    broken = BREAKS[name]
    source = broken.lesson.path.read_text(encoding="utf-8")
    assert source.count(broken.right) == 1
    shutil.copy(EXAMPLES / "database.py", run_python.folder)
    copy = run_python.folder / broken.lesson.path.name
    copy.write_text(source.replace(broken.right, broken.wrong), encoding="utf-8")
    for database in [broken.only_on] if broken.only_on else ["sqlite", "postgresql"]:
        url = request.getfixturevalue(f"{database}_url")
        done = run_python(copy, database_url=url)
        assert (done.returncode, "Error" in done.stderr) == (1, True), f"on {database}: {done.stdout}{done.stderr}"
        assert table_names(url) == []


# --- L2 and L3: the types, the four functions -------------------------------------------------------------------------


@contextlib.contextmanager
def started(lesson: Lesson, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Engine]]:
    monkeypatch.setenv("DATABASE_URL", url)
    module: ModuleType = lesson.load()
    with module.empty_tables() as engine:
        yield module, engine


@pytest.mark.parametrize("amount", [Decimal("0.001"), Decimal("NaN"), Decimal("Infinity"), 0.1, 1])
@pytest.mark.parametrize("lesson", [MODELS, CRUD, TRACKER], ids=lambda lesson: lesson.path.name)
def test_the_small_money_takes_no_inexact_amount(lesson: Lesson, amount: object) -> None:
    money = lesson.load().Money()
    with pytest.raises(ValueError, match="money"):
        money.process_bind_param(amount, None)


@pytest.mark.parametrize("amount", ["0.01", "-0.01", "1E+3", "92233720368547758.07", "0.10"])
def test_the_small_money_gives_back_what_it_took(amount: str) -> None:
    money = CRUD.load().Money()
    cents = money.process_bind_param(Decimal(amount), None)
    assert money.process_result_value(cents, None) == Decimal(amount)
    assert money.process_bind_param(None, None) is money.process_result_value(None, None) is None


def test_the_first_models_keep_money_and_moments(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(MODELS, database_url, monkeypatch) as (lesson, engine):
        with Session(engine) as session, session.begin():
            session.add(lesson.Expense(description="Tea", amount=Decimal("1.10"), spent_on=MARCH, note=None))
        with Session(engine) as session:
            tea = session.get_one(lesson.Expense, 1)
            assert (str(tea.amount), tea.created_at.tzinfo) == ("1.10", UTC)
            assert abs((datetime.now(UTC) - tea.created_at).total_seconds()) < 60


def test_what_was_created_is_read_changed_and_deleted(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(CRUD, database_url, monkeypatch) as (lesson, engine):
        with Session(engine) as session, session.begin():
            tea = lesson.create_expense(session, "Tea", "Food", Decimal("1.10"), MARCH).id
            rent = lesson.create_expense(session, "Rent", "Home", Decimal("950.00"), MARCH).id
        with Session(engine) as session:
            assert [row.description for row in lesson.read_expenses(session)] == ["Tea", "Rent"]
            assert [row.id for row in lesson.read_expenses(session, at_least=Decimal("1.11"))] == [rent]
            assert lesson.read_expenses(session, category="") == []
        with Session(engine) as session, session.begin():
            lesson.update_expense(session, tea, description="")
            lesson.delete_expense(session, rent)
        with Session(engine) as session:
            (row,) = lesson.read_expenses(session)
            assert (row.description, row.category, row.amount) == ("", "Food", Decimal("1.10"))


def test_what_is_not_there_is_neither_changed_nor_deleted(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(CRUD, sqlite_url, monkeypatch) as (lesson, engine), Session(engine) as session:
        with pytest.raises(NoResultFound):
            lesson.update_expense(session, 7, amount=Decimal("1.00"))
        with pytest.raises(NoResultFound):
            lesson.delete_expense(session, 7)
        with pytest.raises(ValueError, match="cannot be changed: id"):
            lesson.update_expense(session, 7, id=8)


# --- L4 ---------------------------------------------------------------------------------------------------------------


def test_the_spending_is_that_of_the_time_and_of_the_user(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(RELATIONSHIPS, database_url, monkeypatch) as (lesson, engine):
        with Session(engine) as session, session.begin():
            ann, ben = (user.id for user in lesson.add_household(session))
        with Session(engine) as session:
            of_ann = lesson.spending_by_category(session, ann, date(2026, 3, 2), date(2026, 3, 3))
            assert [tuple(row) for row in of_ann] == [
                ("Food", 1, Decimal("54.20")),
                ("Home", 0, Decimal("0.00")),
                ("Transport", 0, Decimal("0.00")),
                ("Travel", 0, Decimal("0.00")),
            ]
            of_ben = lesson.spending_by_category(session, ben, MARCH, APRIL)
            assert [tuple(row) for row in of_ben] == [("Food", 1, Decimal("9.80"))]


# --- L5 ---------------------------------------------------------------------------------------------------------------


def test_a_transfer_is_done_once_or_not_at_all(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(TRANSFERS, database_url, monkeypatch) as (lesson, engine):
        lesson.start_again(engine)
        with Session(engine) as session, session.begin():
            assert lesson.transfer(session, "1", "Ann", "Ben", Decimal("30.00"))
            assert not lesson.transfer(session, "1", "Ann", "Ben", Decimal("30.00"))
            assert lesson.transfer(session, "2", "Ben", "Ann", Decimal("5.00"))
        assert lesson.balances(engine) == "Ann 75.00, Ben 45.00"
        for wrong, error in {
            ("Ann", "Ben", "75.01"): IntegrityError,
            ("Ann", "Ben", "-1.00"): IntegrityError,
            ("Ann", "Ann", "1.00"): IntegrityError,
            ("Ann", "Cleo", "1.00"): NoResultFound,
            ("Ann", "Ben", "0.001"): StatementError,
        }.items():
            source, target, amount = wrong
            with pytest.raises(error), Session(engine) as session, session.begin():
                lesson.transfer(session, "3", source, target, Decimal(amount))
        assert lesson.balances(engine) == "Ann 75.00, Ben 45.00"


def test_a_transfer_starts_from_the_balance_of_now(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the session has read another one before. (On SQLite such a session is refused: its view is old.)"""
    with started(TRANSFERS, postgresql_url, monkeypatch) as (lesson, engine):
        lesson.start_again(engine)
        with Session(engine) as session, session.begin():
            read_before = session.get_one(lesson.Account, "Ann")
            lesson.write_balance(engine, "Ann", Decimal("60.00"))
            lesson.transfer(session, "1", "Ann", "Ben", Decimal("10.00"))
            assert read_before.balance == 50
        assert lesson.balances(engine) == "Ann 50.00, Ben 30.00"


# --- The budget tracker in one file -----------------------------------------------------------------------------------


@contextlib.contextmanager
def household(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Engine, int, int, int]]:
    """The module, its engine, Ann, Ben, and a tea of Ann's."""
    with started(TRACKER, url, monkeypatch) as (tracker, engine):
        with Session(engine) as session, session.begin():
            users = [tracker.User(email=email, categories=[tracker.Category(name="Food")]) for email in ("a", "b")]
            users[0].categories.append(tracker.Category(name="Fun"))
            session.add_all(users)
            session.flush()
            ann, ben = (user.id for user in users)
            tea = tracker.create_expense(session, ann, "Food", "Tea", Decimal("1.10"), MARCH).id
        yield tracker, engine, ann, ben, tea


def test_the_whole_idea_creates_reads_updates_transfers_and_deletes(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with household(database_url, monkeypatch) as (tracker, engine, ann, ben, tea):
        with Session(engine) as session, session.begin():
            tracker.update_expense(session, ann, tea, description="Green tea", spent_on=date(2026, 3, 31))
            tracker.transfer_expense(session, ann, tea, "Fun")
        with Session(engine) as session:
            (row,) = tracker.read_expenses(session, ann, start=MARCH, end=APRIL)
            assert (row.description, row.amount, row.category.name) == ("Green tea", Decimal("1.10"), "Fun")
            assert tracker.read_expenses(session, ann, end=date(2026, 3, 31)) == []
            assert tracker.read_expenses(session, ann, category="Food") == []
            assert tracker.read_expenses(session, ben) == []
            spent = [tuple(row) for row in tracker.spending_by_category(session, ann, MARCH, APRIL)]
            assert spent == [("Food", 0, Decimal("0.00")), ("Fun", 1, Decimal("1.10"))]
        with Session(engine) as session, session.begin():
            tracker.delete_expense(session, ann, tea)
        with Session(engine) as session:
            assert tracker.read_expenses(session, ann) == []


def test_the_whole_idea_keeps_users_apart(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with household(database_url, monkeypatch) as (tracker, engine, ann, ben, tea):
        acts: list[Callable[[Session], object]] = [
            lambda session: tracker.update_expense(session, ben, tea, description="Mine"),
            lambda session: tracker.delete_expense(session, ben, tea),
            lambda session: tracker.transfer_expense(session, ben, tea, "Food"),
            lambda session: tracker.transfer_expense(session, ann, tea, "Travel"),
            lambda session: tracker.create_expense(session, ben, "Fun", "Tea", Decimal("1.00"), MARCH),
        ]
        for act in acts:
            with pytest.raises(NoResultFound), Session(engine) as session, session.begin():
                act(session)
        with pytest.raises(ValueError, match="cannot be changed: category_id"), Session(engine) as session:
            tracker.update_expense(session, ann, tea, category_id=1)
        with Session(engine) as session:
            (row,) = tracker.read_expenses(session, ann)
            of_ben = session.scalars(tracker.select(tracker.Category.id).where(tracker.Category.user_id == ben)).one()
            assert (row.description, row.category.name) == ("Tea", "Food")
        with pytest.raises(IntegrityError), engine.begin() as connection:  # the schema itself
            connection.execute(text(f"UPDATE expenses SET category_id = {of_ben}"))


def test_the_whole_idea_stands_alone() -> None:
    """It lies in the other skill, so it may import nothing of ours."""
    source = COMPLETE.read_text(encoding="utf-8")
    imported = {
        line.split()[1].partition(".")[0] for line in source.splitlines() if line.startswith(("from ", "import "))
    }
    assert imported - sys.stdlib_module_names == {"sqlalchemy"}
    (dependencies,) = re.findall(r"^# dependencies = (\[.*\])$", source, re.MULTILINE)
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert set(ast.literal_eval(dependencies)) <= set(requirements)


# --- uv run FILE ------------------------------------------------------------------------------------------------------

ARGUMENTS = {"budget-tracker.py": ["--help"], "neon-deploy.py": ["--help"]}
SCRIPTS = sorted([*EXAMPLES.glob("*.py"), COMPLETE])
SCRIPTS = [path for path in SCRIPTS if "\n# /// script\n" in path.read_text(encoding="utf-8")]


@pytest.fixture(scope="session")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv")


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_uv_runs_it_without_any_set_up(script: Path, uv_cache: Path, tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        missing("uv")
    done = subprocess.run(
        [uv, "run", "--no-project", "--quiet", "--python", sys.executable, script, *ARGUMENTS.get(script.name, ())],
        cwd=tmp_path,
        env=os.environ | {"UV_CACHE_DIR": str(uv_cache), "DATABASE_URL": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    is_server = script.name == "budget-mcp.py"  # it says nothing that it was not asked, and keeps its database
    assert bool(done.stdout) != is_server
    assert [path.name for path in tmp_path.iterdir()] == (["budget.db"] if is_server else [])
