"""The teacher's Troubleshooting and common mistakes: what it quotes is said, and what it warns of happens."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

import pytest
import sqlalchemy
from _pytest.mark import ParameterSet
from sqlalchemy import CheckConstraint, Engine, ForeignKey, String, UniqueConstraint, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    raiseload,
    relationship,
)

import database
from database import create_database_engine, transaction
from local_postgres import create_database, drop_database
from pages import SKILLS, read_page

PAGE = read_page(SKILLS[1] / "SKILL.md")
GOES_ON, CANNOT_HAPPEN = "goes on", "-"

Cause = Callable[[Engine], object]
CAUSES: dict[tuple[str, str], Cause] = {}
SLOW = {"deadlock detected"}  # PostgreSQL looks for one after a second


class Base(DeclarativeBase):
    """As that of database.py, with tables of its own."""

    metadata = sqlalchemy.MetaData(naming_convention=database.Base.metadata.naming_convention)
    type_annotation_map = database.Base.type_annotation_map


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    seen_at: Mapped[datetime | None]
    categories: Mapped[list["Category"]] = relationship(back_populates="user")


class Category(Base):
    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(50))
    user: Mapped[User] = relationship(back_populates="categories")


class Expense(Base):
    __tablename__ = "expenses"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    amount: Mapped[Decimal]


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with filled(f"sqlite:///{tmp_path_factory.mktemp('troubles')}/test.db") as engine:
        yield engine


@pytest.fixture(scope="module")
def postgresql_engine(postgres_server_url: str) -> Iterator[Engine]:
    url = create_database(postgres_server_url)
    with filled(url) as engine:
        yield engine
    drop_database(url)


@contextlib.contextmanager
def filled(url: str) -> Iterator[Engine]:
    """The tables, with two users and a category. No test may change what is saved."""
    engine = create_database_engine(url)
    Base.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add(User(id=1, email="ann@example.org", categories=[Category(id=1, name="Food")]))
        session.add(User(id=2, email="ben@example.org"))
    yield engine
    engine.dispose()


# --- What the page says -----------------------------------------------------------------------------------------------


def rows_of_the_page() -> list[tuple[str, str]]:
    """What it quotes, for SQLite and for PostgreSQL; a row of the first table says the same of both."""
    section = PAGE.text.split("\n## Troubleshooting\n")[1].split("\n## ")[0]
    rows = []
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith(("| It says", "| SQLite |")):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            said = [cell.strip("`") for cell in cells[:-2]]
            rows.append((said[0], said[-1]))
    return rows


def says(sqlite: str, postgresql: str | None = None) -> Callable[[Cause], Cause]:
    """Register what makes them say this."""

    def register(cause: Cause) -> Cause:
        CAUSES[sqlite, sqlite if postgresql is None else postgresql] = cause
        return cause

    return register


def cases() -> list[ParameterSet]:
    found = []
    for texts, cause in CAUSES.items():
        for name, said in zip(("sqlite", "postgresql"), texts, strict=True):
            if said != CANNOT_HAPPEN:
                marks = [pytest.mark.slow] if said in SLOW else []
                found.append(pytest.param(name, said, cause, id=f"{cause.__name__}-{name}", marks=marks))
    return found


# --- How it comes to be said ------------------------------------------------------------------------------------------


@says("No module named 'psycopg'")
def plain_postgresql(_engine: Engine) -> None:
    sqlalchemy.create_engine("postgresql://ann:secret@host/shop")


@says("Can't load plugin: sqlalchemy.dialects:postgres")
def postgres(_engine: Engine) -> None:
    sqlalchemy.create_engine("postgres://ann:secret@host/shop")


@says("Could not parse SQLAlchemy URL from given URL string")
def a_command_for_a_url(_engine: Engine) -> None:
    for pasted in ("'postgresql://host/shop'", ""):
        with pytest.raises(sqlalchemy.exc.ArgumentError, match="Could not parse SQLAlchemy URL from given URL string"):
            sqlalchemy.create_engine(pasted)
    sqlalchemy.create_engine("psql 'postgresql://host/shop'")


@says("Not an executable object: 'select 1'")
def a_plain_string(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute("select 1")  # type: ignore[call-overload]


@says("'mail' is an invalid keyword argument for User")
def no_such_attribute(_engine: Engine) -> None:
    User(mail="ann@example.org")


def own_base() -> type[DeclarativeBase]:
    class OwnBase(DeclarativeBase):
        pass

    return OwnBase


@says("Table 'users' is already defined for this MetaData instance.")
def two_classes_of_one_table(_engine: Engine) -> None:
    base = own_base()
    for name in ("User", "Person"):
        type(name, (base,), {"__tablename__": "users", "id": mapped_column(sqlalchemy.Integer, primary_key=True)})


@says("could not assemble any primary key columns for mapped table 'users'")
def no_key(_engine: Engine) -> None:
    type("User", (own_base(),), {"__tablename__": "users", "email": mapped_column(String)})


def family(related: str) -> type[DeclarativeBase]:
    base = own_base()
    key = {"id": mapped_column(sqlalchemy.Integer, primary_key=True)}
    type("Category", (base,), {"__tablename__": "categories", **key})
    key = {"id": mapped_column(sqlalchemy.Integer, primary_key=True)}
    return type("User", (base,), {"__tablename__": "users", "categories": relationship(related), **key})


@says("expression 'Expence' failed to locate a name")
def misspelt_class(_engine: Engine) -> None:
    family("Expence")()


@says("Could not determine join condition between parent/child tables on relationship User.categories")
def no_foreign_key(_engine: Engine) -> None:
    family("Category")()


@says("is not bound to a Session; lazy load operation of attribute 'categories' cannot proceed")
def closed_session(engine: Engine) -> list[Category]:
    with transaction(engine) as session:
        user = session.get_one(User, 1)
    return user.categories


@says("'User.categories' is not available due to lazy='raise'")
def not_asked_for(engine: Engine) -> list[Category]:
    with transaction(engine) as session:
        return session.scalars(select(User).where(User.id == 1).options(raiseload(User.categories))).one().categories


@says("No row was found when one was required")
def no_row(engine: Engine) -> None:
    with transaction(engine) as session:
        with pytest.raises(sqlalchemy.exc.NoResultFound, match="No row was found when one was required"):
            session.get_one(User, 99)
        session.scalars(select(User).where(User.id == 99)).one()


@says("Boolean value of this clause is not defined")
def python_and(_engine: Engine) -> None:
    # audit: ignore python-logic-in-where - this test shows what it does
    select(User).where((User.id > 1) and (User.email != ""))


@says("A transaction is already begun on this Session.")
def late_begin(engine: Engine) -> None:
    with Session(engine) as session:
        session.get_one(User, 1)
        session.begin()


@says("This Session's transaction has been rolled back due to a previous exception during flush.")
def caught_and_went_on(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Category(user_id=1, name="Food"))
        with contextlib.suppress(IntegrityError):
            session.flush()
        session.scalars(select(User)).all()


@says("QueuePool limit of size 1 overflow 0 reached")
def no_connection_left(engine: Engine) -> None:
    small = sqlalchemy.create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    try:
        with small.connect(), small.connect():
            pass
    finally:
        small.dispose()


@says("money is a Decimal, not float: 12.5")
def float_money(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Expense(category_id=1, amount=12.5))


@says("a moment needs a time zone")
def naive_moment(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(User(email="eve@example.org", seen_at=datetime(2026, 3, 2, 12, 30)))  # noqa: DTZ001


@says("no such table: users", 'relation "users" does not exist')
def no_table(engine: Engine) -> None:
    with engine.connect() as connection:  # nothing is committed, the table comes back
        Base.metadata.drop_all(connection)
        connection.execute(select(User.id))


@says("table users has no column named nick", 'column "nick" of relation "users" does not exist')
def newer_model(engine: Engine) -> None:
    newer = sqlalchemy.Table("users", sqlalchemy.MetaData(), sqlalchemy.Column("nick", String))
    newer.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(newer.insert().values(nick="Ann"))


@says(
    "UNIQUE constraint failed: categories.user_id, categories.name",
    'duplicate key value violates unique constraint "uq_categories_user_id_name"',
)
def same_name(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Category(id=9, user_id=1, name="Food"))


@says(GOES_ON, 'duplicate key value violates unique constraint "pk_users"')
def rows_with_their_ids(engine: Engine) -> None:
    with Session(engine) as session:
        session.add_all([User(id=number, email=f"{number}@example.org") for number in range(3, 100)])
        session.flush()
        session.add(User(email="next@example.org"))
        session.flush()


@says("FOREIGN KEY constraint failed", 'violates foreign key constraint "fk_expenses_category_id_categories"')
def no_parent(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Expense(category_id=99, amount=Decimal("2.40")))


@says(
    "NOT NULL constraint failed: categories.user_id",
    'null value in column "user_id" of relation "categories" violates not-null constraint',
)
def parent_deleted(engine: Engine) -> None:
    with transaction(engine) as session:
        session.delete(session.get_one(User, 1))


@says("CHECK constraint failed: ck_expenses_amount", 'violates check constraint "ck_expenses_amount"')
def negative_amount(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Expense(category_id=1, amount=Decimal("-2.40")))


@says(GOES_ON, "value too long for type character varying(50)")
def too_long(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Category(id=9, user_id=1, name="x" * 51))
        session.flush()


@says(GOES_ON, "must appear in the GROUP BY clause or be used in an aggregate function")
def not_grouped(engine: Engine) -> None:
    with Session(engine) as session:
        session.execute(select(Category.name, func.count()).group_by(Category.user_id)).all()


@says(GOES_ON, "current transaction is aborted, commands ignored until end of transaction block")
def next_statement(engine: Engine) -> None:
    with Session(engine) as session:
        with contextlib.suppress(IntegrityError):
            session.execute(insert(Category).values(id=9, user_id=1, name="Food"))
        session.scalars(select(User)).all()


@says("database is locked", GOES_ON)
def two_writers(engine: Engine) -> None:
    impatient = create_database_engine(engine.url, lock_timeout=0.01)
    try:
        with Session(engine) as first, Session(impatient) as second:
            first.get_one(User, 1).email = "new@example.org"
            first.flush()
            second.get_one(User, 2).email = "new@example.org"
            second.flush()
    finally:
        impatient.dispose()


@says(CANNOT_HAPPEN, "deadlock detected")
def crosswise(engine: Engine) -> None:
    both_hold_one = threading.Barrier(2)

    def lock(first: int, second: int) -> None:
        with Session(engine) as session:
            session.get_one(User, first, with_for_update=True)
            both_hold_one.wait(10)
            session.get_one(User, second, with_for_update=True)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(lock, 1, 2), threads.submit(lock, 2, 1)]:
            done.result(20)


@says(CANNOT_HAPPEN, "could not serialize access due to concurrent update")
def conflict(engine: Engine) -> None:
    with transaction(engine, isolation_level="SERIALIZABLE") as session:
        user = session.get_one(User, 2)
        with transaction(engine) as other:
            other.get_one(User, 2).email = "ben@example.com"
        user.email = "ben@example.net"


@says(CANNOT_HAPPEN, "canceling statement due to lock timeout")
def held_row(engine: Engine) -> None:
    impatient = create_database_engine(engine.url, lock_timeout=0.01)
    try:
        with Session(engine) as holder, Session(impatient) as session:
            holder.get_one(User, 1, with_for_update=True)
            session.get_one(User, 1, with_for_update=True)
    finally:
        impatient.dispose()


@says(CANNOT_HAPPEN, "canceling statement due to statement timeout")
def long_statement(engine: Engine) -> None:
    with transaction(engine, statement_timeout=0.01) as session:
        session.execute(text("SELECT pg_sleep(20)"))


@says(CANNOT_HAPPEN, "server closed the connection unexpectedly")
def ended_by_the_server(engine: Engine) -> None:
    careless = sqlalchemy.create_engine(engine.url)
    try:
        with careless.connect() as connection:
            number = connection.scalar(select(func.pg_backend_pid()))
        with transaction(engine) as session:
            session.execute(select(func.pg_terminate_backend(number, 5000)))
        with careless.connect() as connection:
            connection.scalar(text("SELECT 1"))
    finally:
        careless.dispose()


@says(CANNOT_HAPPEN, "Connection refused")
def nothing_listens(engine: Engine) -> None:
    sqlalchemy.create_engine(engine.url.set(port=1)).connect()


@says(CANNOT_HAPPEN, "password authentication failed for user")
def wrong_password(engine: Engine) -> None:
    sqlalchemy.create_engine(engine.url.set(password="wrong")).connect()


# --- The tests --------------------------------------------------------------------------------------------------------


def test_every_text_of_the_page_has_its_cause_here_and_no_cause_is_left_over() -> None:
    rows = rows_of_the_page()
    assert len(rows) == len(set(rows))
    assert set(rows) == set(CAUSES)


@pytest.mark.parametrize(("name", "said", "cause"), cases())
def test_it_says_what_the_page_says(name: str, said: str, cause: Cause, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    if said == GOES_ON:
        cause(engine)
        return
    with pytest.raises(Exception, match=re.escape(said)):  # of which kind is the text's own business
        cause(engine)


# --- Common mistakes that no other page and no example shows ----------------------------------------------------------


def test_float_money_does_not_add_up(database_url: str) -> None:
    prices = sqlalchemy.Table("prices", sqlalchemy.MetaData(), sqlalchemy.Column("price", sqlalchemy.Double))
    engine = create_database_engine(database_url)
    prices.create(engine)
    with engine.begin() as connection:
        connection.execute(prices.insert(), [{"price": 0.1}, {"price": 0.2}])
        assert connection.scalar(select(func.sum(prices.c.price))) != 0.3
    engine.dispose()


def test_a_default_that_is_called_gives_each_row_the_time_of_the_start() -> None:
    class Visit(own_base()):  # type: ignore[misc]
        __tablename__ = "visits"

        id: Mapped[int] = mapped_column(primary_key=True)
        once: Mapped[float] = mapped_column(default=time.perf_counter())
        each_time: Mapped[float] = mapped_column(default=time.perf_counter)

    engine = sqlalchemy.create_engine("sqlite://")
    Visit.metadata.create_all(engine)
    with Session(engine) as session:
        visits = [Visit(), Visit()]
        session.add_all(visits)
        session.flush()
        assert len({visit.once for visit in visits}) == 1
        assert len({visit.each_time for visit in visits}) == 2
    engine.dispose()
