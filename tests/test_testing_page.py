"""references/testing.md: what it says of SQLite and PostgreSQL is so, and its files work in a project of their own."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy import (
    Engine,
    Integer,
    MetaData,
    String,
    create_engine,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InternalError, OperationalError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from database import Base, create_database_engine, run_transaction, transaction
from pages import ROOT, SKILLS, Page, read_page
from running import bare_environment

PAGE = SKILLS[0] / "references" / "testing.md"


class Own(DeclarativeBase):
    pass


class Item(Own):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(10))
    number: Mapped[int] = mapped_column(Integer, default=0)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Two items, with 0 each."""
    engine = create_database_engine(database_url)
    Own.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add_all([Item(name="Apple"), Item(name=None)])
    yield engine
    engine.dispose()


def numbers(engine: Engine) -> list[int]:
    with transaction(engine, read_only=True) as session:
        return list(session.scalars(select(Item.number).order_by(Item.id)))


# --- What SQLite cannot show ----------------------------------------------------------------------------------------


def test_sqlite_keeps_what_does_not_fit_its_column(engine: Engine) -> None:
    for value in ("name = 'eleven char'", "number = 'x'", "number = 2147483648"):
        change = text(f"UPDATE items SET {value} WHERE id = 1")
        if engine.dialect.name == "sqlite":
            with transaction(engine) as session:
                session.execute(change)
            with transaction(engine, read_only=True) as session:
                assert session.scalar(text(f"SELECT 1 FROM items WHERE {value}")) == 1
        else:
            with pytest.raises(DataError), transaction(engine) as session:
                session.execute(change)


def test_only_postgresql_ends_a_transaction_with_its_first_error(engine: Engine) -> None:
    with transaction(engine) as session:
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(insert(Item).values(id=1))
        session.execute(insert(Item).values(id=3))  # after a savepoint it goes on, on both
    with engine.connect() as connection:
        with pytest.raises(IntegrityError):
            connection.execute(insert(Item).values(id=1))
        if engine.dialect.name == "sqlite":
            connection.execute(insert(Item).values(id=4))
            connection.commit()
        else:
            with pytest.raises(InternalError, match="InFailedSqlTransaction"):
                connection.execute(insert(Item).values(id=4))
    assert len(numbers(engine)) == (4 if engine.dialect.name == "sqlite" else 3)


def test_the_order_of_null_and_capitals(engine: Engine) -> None:
    with transaction(engine, read_only=True) as session:
        ordered = session.scalars(select(Item.name).order_by(Item.name)).all()
        like = session.scalars(select(Item.name).where(Item.name.like("a%"))).all()
    if engine.dialect.name == "sqlite":
        assert (ordered, like) == ([None, "Apple"], ["Apple"])
    else:
        assert (ordered, like) == (["Apple", None], [])


def test_the_number_of_a_row_that_was_rolled_back(engine: Engine) -> None:
    for _ in range(2):
        with Session(engine) as session:
            session.add(item := Item())
            session.flush()
            number = item.id
    assert number == (3 if engine.dialect.name == "sqlite" else 4)


class Turns:
    """Two threads, each with a transaction, that meet where they say so."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.barrier = threading.Barrier(2)

    def meet(self) -> None:
        try:
            self.barrier.wait(timeout=0.1)
        except threading.BrokenBarrierError:
            assert self.engine.dialect.name == "sqlite"  # the other waits at BEGIN

    def take(self, *works: Callable[[Session], None], isolation_level: str | None = None) -> list[str | None]:
        """The SQLSTATE of each, None for success."""

        def run(work: Callable[[Session], None]) -> str | None:
            try:
                with transaction(self.engine, isolation_level=isolation_level) as session:
                    work(session)
            except DBAPIError as error:
                return str(getattr(error.orig, "pgcode", error))
            return None

        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(run, works))


@pytest.mark.slow
def test_locks_taken_crosswise(engine: Engine) -> None:
    turns = Turns(engine)

    def lock(first: int, second: int) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            session.get_one(Item, first, with_for_update=True)
            turns.meet()
            session.get_one(Item, second, with_for_update=True)

        return work

    ended = turns.take(lock(1, 2), lock(2, 1))
    expected = {None} if engine.dialect.name == "sqlite" else {None, "40P01"}
    assert set(ended) == expected


@pytest.mark.parametrize(
    ("isolation_level", "both_saved", "codes"),
    [(None, True, {None}), ("SERIALIZABLE", False, {None, "40001"})],
)
def test_two_that_decide_on_what_the_other_changes(
    engine: Engine, isolation_level: str | None, both_saved: bool, codes: set[str | None]
) -> None:
    """Each may count only where nobody has counted yet."""
    turns = Turns(engine)

    def count(number: int) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            found = session.scalar(select(func.sum(Item.number)))
            turns.meet()
            if found == 0:
                session.get_one(Item, number).number = 1

        return work

    ended = turns.take(count(1), count(2), isolation_level=isolation_level)
    if engine.dialect.name == "sqlite":
        both_saved, codes = False, {None}
    assert (sum(numbers(engine)), set(ended)) == (1 + both_saved, codes)


# --- What passes and proves nothing ---------------------------------------------------------------------------------


class Widened(DeclarativeBase):
    pass


class WiderItem(Widened):
    """With a column that no migration has brought yet."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]


class OwnTables(Base):
    """The application's Base must not see the tables of a test."""

    __abstract__ = True
    metadata = MetaData()


class Price(OwnTables):
    __tablename__ = "prices"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[Decimal]


def test_a_mock_takes_what_the_database_refuses(engine: Engine) -> None:
    OwnTables.metadata.create_all(engine)
    mock = Mock(spec=Session)
    for make in (lambda: Item(id=1), lambda: WiderItem(id=7, size=1), lambda: Price(amount=0.1)):
        mock.add(make())
        mock.commit()
        with pytest.raises(StatementError), transaction(engine) as session:
            session.add(make())


def test_threads_do_not_share_a_database_in_memory() -> None:
    engine = create_database_engine("sqlite://")
    Own.metadata.create_all(engine)
    with (
        ThreadPoolExecutor(1) as other,
        pytest.raises(OperationalError, match="no such table"),
    ):
        other.submit(run_transaction, engine, lambda session: session.get(Item, 1)).result()
    engine.dispose()


@pytest.mark.parametrize(("make_engine", "left"), [(create_engine, 1), (create_database_engine, 0)])
def test_what_rolls_back_on_sqlite(sqlite_url: str, make_engine: Callable[[str], Engine], left: int) -> None:
    engine = make_engine(sqlite_url)
    Own.metadata.create_all(engine)
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            session.add(Item())
            session.commit()
        outer.rollback()
    engine.dispose()
    engine = create_database_engine(sqlite_url)
    assert len(numbers(engine)) == left
    engine.dispose()


def test_a_transaction_of_its_own_does_not_see_what_will_be_rolled_back(engine: Engine, database_url: str) -> None:
    hasty = create_database_engine(database_url, lock_timeout=0.01)
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            session.add(Item())
            session.commit()
        assert len(numbers(hasty)) == 2
        if engine.dialect.name == "sqlite":
            with pytest.raises(OperationalError, match="locked"), transaction(hasty) as session:
                session.add(Item())
        outer.rollback()
    hasty.dispose()


# --- The files to copy ----------------------------------------------------------------------------------------------


def files_of(page: Page) -> dict[str, str]:
    """The blocks that name a file in their first line, and behind a colon what that file imports from the others."""
    files = {}
    for block in page.blocks:
        if named := re.match(r"# (\S+\.py)(?:: (.+))?\n", block.text):
            files[named[1]] = "\n".join([*(named[2] or "").split("; "), block.text])
    return files


FLOAT = {
    "balance: Mapped[Decimal]": "balance: Mapped[float]",
    "amount: Mapped[Decimal]": "amount: Mapped[float]",
    "+= amount": "+= float(amount)",
}
NO_COMMIT = {
    "run_transaction(engine, lambda session: book(session, key, amount))": (
        "with Session(engine) as session:\n        book(session, key, amount)"
    ),
}
NO_LOCK = {", with_for_update=True": ""}
LAZY = {".options(selectinload(Account.entries))": ""}
NO_LOOK = {"if session.get(Entry, key) is None:": "if True:"}

CENTS, RACE, QUERIES, LOST = (
    "test_deposits_are_saved_to_the_cent",
    "test_two_deposits_at_once_both_count",
    "test_more_accounts_take_no_more_queries",
    "test_a_deposit_without_an_answer_is_sent_again",
)


def on_both(*tests: str) -> set[str]:
    return {f"{test}[{database}]" for test in tests for database in ("sqlite", "postgresql")}


class Project:
    """Somebody's project: files of a copy of the skill, the page's files, and migrations of its own."""

    def __init__(self, folder: Path, defect: Mapping[str, str]) -> None:
        self.folder = folder
        self.home = folder / "home"
        shutil.copytree(ROOT / "database-deployment", folder / "skill")
        examples, scripts = folder / "skill" / "examples", folder / "skill" / "scripts"
        for file in (examples / "database.py", examples / "safe_migrations.py", scripts / "local_postgres.py"):
            shutil.copy(file, folder)
        self.write_files(defect)
        self.write_migrations(examples / "budget")

    def write_files(self, defect: Mapping[str, str]) -> None:
        files = files_of(read_page(PAGE))
        for correct, wrong in defect.items():
            assert correct in files["accounts.py"]
            files["accounts.py"] = files["accounts.py"].replace(correct, wrong)
        for name, source in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(source, encoding="utf-8")

    def write_migrations(self, budget: Path) -> None:
        shutil.copy(budget / "alembic.ini", self.folder)
        versions = shutil.ignore_patterns("versions", "__pycache__")
        shutil.copytree(budget / "migrations", self.folder / "migrations", ignore=versions)
        (self.folder / "migrations" / "versions").mkdir()
        env = self.folder / "migrations" / "env.py"
        env.write_text(env.read_text("utf-8").replace("import budget.models", "import accounts"), "utf-8")
        made = self.run("alembic", "revision", "--autogenerate", "-m", "first")
        assert made.returncode == 0, made.stderr

    def run(self, module: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=bare_environment(self.home, "sqlite:///app.db") | environ,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    def failing_tests(self) -> set[str]:
        ended = self.run("pytest", "-W", "error")
        assert ended.returncode in (0, 1), ended.stdout
        return set(re.findall(r"^FAILED \S+::(\S+)", ended.stdout, re.M))


@pytest.fixture
def without_postgres(tmp_path: Path) -> dict[str, str]:
    empty = tmp_path / "no-programs"
    empty.mkdir()
    return {"PG_BIN": os.fspath(empty)}


@pytest.mark.slow
def test_the_files_of_the_page_pass_on_both_databases(tmp_path: Path, without_postgres: dict[str, str]) -> None:
    project = Project(tmp_path / "project", {})
    passed = project.run("pytest", "-v", "-W", "error", "-n", "2")
    assert passed.returncode == 0, passed.stdout
    assert set(re.findall(r"PASSED \S+::(\S+)", passed.stdout)) == {
        *on_both(CENTS, RACE, QUERIES),
        f"{LOST}[False-postgresql]",
        f"{LOST}[True-postgresql]",
    }

    skipped = project.run("pytest", **without_postgres)
    assert skipped.returncode == 0
    assert "3 passed, 5 skipped" in skipped.stdout
    assert "THE POSTGRESQL HALF DID NOT RUN" in skipped.stdout

    in_ci = project.run("pytest", **without_postgres, CI="true")
    assert in_ci.returncode == 1
    assert "3 passed, 5 errors" in in_ci.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("defect", "failing"),
    [
        pytest.param(FLOAT, on_both(CENTS), id="float money"),
        pytest.param(
            NO_COMMIT,
            on_both(CENTS, RACE) | {f"{LOST}[{saved}-postgresql]" for saved in (False, True)},
            id="no commit",
        ),
        pytest.param(NO_LOCK, {f"{RACE}[postgresql]"}, id="no lock"),
        pytest.param(LAZY, on_both(QUERIES), id="N + 1"),
        pytest.param(NO_LOOK, {f"{LOST}[True-postgresql]"}, id="key not looked up"),
    ],
)
def test_a_defect_fails_the_tests_of_the_page(tmp_path: Path, defect: dict[str, str], failing: set[str]) -> None:
    assert Project(tmp_path / "project", defect).failing_tests() == failing
