"""SKILL.md: what it says of the wrong ways really happens, so that no warning outlives its cause."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import AmbiguousColumnError, DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column

from database import create_database_engine, transaction


class Own(DeclarativeBase):
    pass


class Item(Own):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(default=1)
    note: Mapped[str | None]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Our engine, with three items of owner 1."""
    engine = create_database_engine(database_url)
    Own.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add_all([Item(id=number, note=None if number == 3 else "x") for number in (1, 2, 3)])
    yield engine
    engine.dispose()


@pytest.fixture
def plain(sqlite_url: str) -> Iterator[Engine]:
    """SQLAlchemy's own engine, without what database.py adds."""
    engine = create_engine(sqlite_url)
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Item)) or 0


def test_a_plain_postgresql_url_means_psycopg_3() -> None:
    assert make_url("postgresql://ann@host/shop").get_dialect().driver == "psycopg"
    with pytest.raises(ModuleNotFoundError, match="psycopg"):
        create_engine("postgresql://ann@host/shop")
    assert create_database_engine("postgresql://ann@host/shop").dialect.driver == "psycopg2"


def test_column_lets_null_in_where_mapped_does_not() -> None:
    class Old(Own):
        __tablename__ = "old"
        id = Column(Integer, primary_key=True)
        name = Column(String)

    assert Old.__table__.c.name.nullable
    assert not Item.__table__.c.owner.nullable
    assert Item.__table__.c.note.nullable


def test_filter_by_asks_all_joined_tables() -> None:
    pair = aliased(Item)
    statement = select(Item).join(pair, pair.owner == Item.owner)
    with pytest.raises(AmbiguousColumnError):
        statement.filter_by(id=1)
    assert "items.id = " in str(statement.where(Item.id == 1))


@pytest.mark.slow
@pytest.mark.parametrize(("annotation", "refused"), [("Row[tuple[int, str]]", True), ("Row[int, str]", False)])
def test_mypy_refuses_the_old_type_of_a_row(tmp_path: Path, annotation: str, refused: bool) -> None:
    program = tmp_path / "rows.py"
    program.write_text(ROWS.format(annotation=annotation), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) == refused, done.stdout + done.stderr


ROWS = """
from collections.abc import Sequence

from sqlalchemy import Column, Connection, Integer, MetaData, Row, String, Table, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def rows(connection: Connection) -> Sequence[{annotation}]:
    return connection.execute(select(Item.id, Item.name)).all()
"""


def test_sqlite_drops_the_zone_of_a_moment(plain: Engine) -> None:
    table = Table("visits", MetaData(), Column("at", DateTime(timezone=True)))
    table.create(plain)
    moment = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5)))
    with plain.begin() as connection:
        connection.execute(table.insert(), {"at": moment})
    with plain.begin() as connection:
        assert connection.scalar(select(table.c.at)) == datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001
        assert connection.scalar(select(func.count()).where(table.c.at == moment.astimezone(UTC))) == 0


def test_pythons_sqlite_driver_begins_a_transaction_late(plain: Engine) -> None:
    with pytest.raises(ZeroDivisionError), plain.begin() as connection:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise ZeroDivisionError
    assert inspect(plain).get_table_names() == ["half_done"]  # test_database.py has the cure


def test_foreign_keys_are_off_in_each_new_connection_of_sqlite(plain: Engine) -> None:
    with plain.connect() as first, plain.connect() as second:
        first.execute(text("PRAGMA foreign_keys = ON"))
        assert first.scalar(text("PRAGMA foreign_keys")) == 1
        assert second.scalar(text("PRAGMA foreign_keys")) == 0


def test_for_update_is_nothing_on_sqlite_and_leaves_a_loaded_object_old(postgresql_url: str) -> None:
    assert "FOR UPDATE" not in str(select(Item).with_for_update().compile(dialect=sqlite.dialect()))
    engine = create_database_engine(postgresql_url)
    Own.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add(Item(id=1, note="old"))
    with Session(engine) as session, session.begin():
        loaded = session.get_one(Item, 1)
        with transaction(engine) as other:
            other.get_one(Item, 1).note = "new"
        assert session.get_one(Item, 1, with_for_update=True).note == "old"
        session.refresh(loaded, with_for_update=True)
        assert loaded.note == "new"
    engine.dispose()


def test_pythons_and_or_not_and_is_are_no_sql(engine: Engine) -> None:
    mine, second = Item.owner == 1, Item.id == 2
    assert (mine and second) is mine
    assert (mine or second) is second
    assert (not mine) is True
    assert (Item.note is None) is False
    with transaction(engine) as session:
        right = session.scalars(select(Item.id).where(Item.owner == 1, Item.note.is_(None))).all()
    assert right == [3]
    with transaction(engine) as session:
        # audit: ignore python-logic-in-where - this test shows what it does
        session.execute(delete(Item).where((Item.owner == 1) and (Item.id == 2)))
    assert count(engine) == 0  # and not the one that was meant


@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
def test_altering_a_parent_on_sqlite_empties_its_child_table(sqlite_url: str, foreign_keys: str) -> None:
    engine = create_database_engine(sqlite_url)
    metadata = MetaData()
    parent = Table("parents", metadata, Column("id", Integer, primary_key=True), Column("name", String(10)))
    child = Table("children", metadata, Column("parent_id", ForeignKey("parents.id", ondelete="CASCADE")))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(parent.insert(), {"id": 1})
        connection.execute(child.insert(), [{"parent_id": 1}] * 3)
    with engine.connect() as connection:
        connection.connection.dbapi_connection.execute(f"PRAGMA foreign_keys = {foreign_keys}")  # type: ignore[union-attr]
        with (
            connection.begin(),
            Operations(MigrationContext.configure(connection)).batch_alter_table("parents") as table,
        ):
            table.alter_column("name", type_=String(20))
    with engine.connect() as connection:
        left = connection.scalar(select(func.count()).select_from(child))
    assert left == (0 if foreign_keys == "ON" else 3)
    engine.dispose()


def test_two_that_create_the_tables_at_once_collide_on_postgresql(postgresql_url: str) -> None:
    engine, other = create_database_engine(postgresql_url), create_database_engine(postgresql_url)
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with ThreadPoolExecutor(1) as thread:
        with engine.begin() as connection:
            Own.metadata.create_all(connection)
            second = thread.submit(Own.metadata.create_all, other)
            look, pause = create_database_engine(postgresql_url), threading.Event()
            for _ in range(200):
                with look.connect() as connection_of_watcher:
                    if connection_of_watcher.scalar(waiting):
                        break
                pause.wait(0.02)
            look.dispose()
        with pytest.raises(DBAPIError, match="already exists"):
            second.result(20)
    engine.dispose()
    other.dispose()


def test_quantize_alone_rounds_half_to_even() -> None:
    cent = Decimal("0.01")
    assert Decimal("0.125").quantize(cent) == Decimal("0.12")
    assert Decimal("0.125").quantize(cent, ROUND_HALF_UP) == Decimal("0.13")


def test_the_text_of_a_url_hides_the_password_and_its_parts_do_not() -> None:
    url = make_url("postgresql+psycopg2://ann:secret@host/shop")
    assert "secret" not in f"{url}"
    assert "secret" in f"{url.username}:{url.password}"
