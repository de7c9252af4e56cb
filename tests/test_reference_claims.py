"""models.md, crud.md and transactions.md: what their tables and sentences say without a block that shows it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Engine,
    ForeignKey,
    MetaData,
    String,
    Table,
    cast,
    delete,
    exists,
    func,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import NotSupportedError, OperationalError
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.exc import StaleDataError

from budget import schema
from database import Money, UTCDateTime, create_database_engine, run_transaction, transaction

pytestmark = pytest.mark.slow  # many small databases

REFERENCES = Path(__file__).resolve().parents[1] / "database-deployment" / "references"


class Own(DeclarativeBase):
    pass


class Card(Own):
    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    plain: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    mutable: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(JSON), default=dict)
    count: Mapped[int] = mapped_column(BigInteger, default=1)
    colour: Mapped[str | None] = mapped_column(String(10))
    changed: Mapped[str] = mapped_column(String(10), default="never", onupdate="just now")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    box_id: Mapped[int | None] = mapped_column(ForeignKey("boxes.id"))
    box: Mapped["Box | None"] = relationship()


class Box(Own):
    __tablename__ = "boxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class Kept(Own):
    __tablename__ = "kept"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own form

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Three cards: red, blue, and one without a colour; a box."""
    engine = create_database_engine(database_url)
    Own.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add_all([Card(colour="red"), Card(colour="blue"), Card(colour=None), Box(id=1, words="old")])
    yield engine
    engine.dispose()


def first_card(engine: Engine) -> Card:
    with transaction(engine, read_only=True) as session:
        return session.get_one(Card, 1)


@pytest.mark.parametrize(
    "page",
    [
        "models",
        "crud",
        "relationships",
        "transactions",
        "migrations",
        "neon",
        "security",
        "testing",
        "scaling",
        "performance",
        "mcp",
    ],
)
def test_a_page_is_short_and_ends_with_a_test_to_copy(page: str) -> None:
    """Under 3,000 tokens, of about four characters each: an agent pays for every line."""
    words = (REFERENCES / f"{page}.md").read_text(encoding="utf-8")
    assert len(words) < 4 * 3000
    last_section = words.rpartition("\n## ")[2]
    assert last_section.startswith("Prove it\n")
    assert "```python\n" in last_section


@pytest.mark.parametrize("page", sorted(path.stem for path in REFERENCES.glob("*.md")))
def test_a_word_that_was_not_run_has_its_source_and_its_day(page: str) -> None:
    """Each row of a table with the column Source; `the same` is the row above."""
    of_sources = False
    for line in (REFERENCES / f"{page}.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            of_sources = False
        elif line.endswith("| Source |"):
            of_sources = True
        elif of_sources and not line.startswith("|---"):
            source = line.split("|")[-2].strip()
            assert source == "the same" or re.search(r"\w\.(com|org)\b.*\b20\d\d\b", source), line


# --- models.md --------------------------------------------------------------------------------------------------------


def test_a_change_inside_a_json_value_is_saved_only_where_it_is_mutable(engine: Engine) -> None:
    with transaction(engine) as session:
        card = session.get_one(Card, 1)
        card.plain["a"] = card.mutable["a"] = 1
    assert (first_card(engine).plain, first_card(engine).mutable) == ({}, {"a": 1})


def test_a_row_is_not_found_by_the_time_that_sqlite_gave_it(engine: Engine) -> None:
    same = select(func.count()).where(Card.id == 1, Card.made_at == first_card(engine).made_at)
    with transaction(engine, read_only=True) as session:
        assert session.scalar(same) == (1 if engine.dialect.name == "postgresql" else 0)


def test_onupdate_does_not_see_raw_sql_and_upserts(engine: Engine) -> None:
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(Card).values(id=1)
    with transaction(engine) as session:
        session.execute(text("UPDATE cards SET count = 2 WHERE id = 1"))
        session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"count": 3}))
    assert (first_card(engine).count, first_card(engine).changed) == (3, "never")
    with transaction(engine) as session:
        session.execute(update(Card).where(Card.id == 1).values(count=4))
    assert first_card(engine).changed == "just now"


def test_the_sum_of_whole_numbers_has_a_type_for_each_database(engine: Engine) -> None:
    total, none = func.sum(Card.count), Card.id > 99
    with transaction(engine, read_only=True) as session:
        assert type(session.scalar(select(total))) is (Decimal if engine.dialect.name == "postgresql" else int)
        assert session.scalar(select(total).where(none)) is None
        whole = cast(func.coalesce(total, 0), BigInteger)
        assert [session.scalar(select(whole)), session.scalar(select(whole).where(none))] == [3, 0]
        assert type(session.scalar(select(whole))) is int


@pytest.mark.parametrize(("model", "is_given_again"), [(Card, True), (Kept, False)])
def test_sqlite_gives_the_id_of_the_last_row_to_the_next(sqlite_url: str, model: Any, is_given_again: bool) -> None:
    engine = create_database_engine(sqlite_url)
    Own.metadata.create_all(engine)
    ids = []
    for _ in range(2):
        with transaction(engine) as session:
            row = model()
            session.add(row)
            session.flush()
            ids.append(row.id)
            session.delete(row)
    engine.dispose()
    assert (ids[0] == ids[1]) == is_given_again


EXACT = """
from zoneinfo import ZoneInfo
import sqlalchemy as sa
from alembic import op
from database import Money, UTCDateTime
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
old = sa.Table("sales", sa.MetaData(), sa.Column("price", sa.Numeric(12, 2)), sa.Column("at", sa.DateTime))
new = sa.Table("sales", sa.MetaData(), sa.Column("price", Money), sa.Column("at", UTCDateTime))
def upgrade():
"""
CONVERT = """
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE sales SET price = CAST(round(price * 100) AS INTEGER)"))
    for number, at in connection.execute(sa.select(sa.text("rowid"), old.c.at)).all():
        moment = at.replace(tzinfo=ZoneInfo("Europe/Berlin"))
        connection.execute(sa.update(new).where(sa.text("rowid = :number")).values(at=moment), {"number": number})
"""
CHANGE_TYPE = """
    with op.batch_alter_table("sales") as batch:
        batch.alter_column("price", type_=sa.BigInteger())
"""


@pytest.mark.parametrize(
    ("steps", "prices"),
    [(CONVERT + CHANGE_TYPE, ["1.10", "19.99"]), (CHANGE_TYPE + CONVERT, ["1.00", "19.00"])],
    ids=["values first", "type first"],
)
def test_sqlite_converts_values_and_then_the_type_in_one_revision(
    sqlite_url: str, tmp_path: Path, steps: str, prices: list[str]
) -> None:
    """What the page does by hand, as a revision of Alembic; and why the batch comes last."""
    new = Table("sales", MetaData(), Column("price", Money), Column("at", UTCDateTime))
    engine = create_database_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE sales (price NUMERIC(12, 2), at DATETIME)"))
        noon = "2026-07-01 12:00:00.000000"  # a clock in Berlin
        connection.execute(text(f"INSERT INTO sales VALUES (1.10, '{noon}'), (19.99, '{noon}')"))
    (tmp_path / "0001_exact.py").write_text(EXACT + steps)
    config = schema.configuration(engine)
    config.set_main_option("version_locations", str(tmp_path))
    command.upgrade(config, "head")
    with engine.connect() as connection:
        assert connection.execute(select(new)).all() == [
            (Decimal(price), datetime(2026, 7, 1, 10, 0, tzinfo=UTC)) for price in prices
        ]
        stored = connection.execute(text("SELECT DISTINCT typeof(price) FROM sales")).scalars().all()
    types = {column["name"]: str(column["type"]) for column in inspect(engine).get_columns("sales")}
    engine.dispose()
    assert (stored, types["price"]) == (["integer"], "BIGINT")


# --- crud.md ----------------------------------------------------------------------------------------------------------


def test_a_comparison_passes_null_by(engine: Engine) -> None:
    with transaction(engine) as session:
        session.add(Card(colour="green"))
    colours = select(Card.colour).where(Card.id < 3).union_all(select(Card.colour).where(Card.id == 3))
    listed = colours.subquery()
    with transaction(engine, read_only=True) as session:
        assert len(session.scalars(select(Card.id).where(Card.colour != "red")).all()) == 2
        assert len(session.scalars(select(Card.id).where(Card.colour.is_distinct_from("red"))).all()) == 3
        assert session.scalars(select(Card.colour).where(Card.colour.not_in(select(listed.c.colour)))).all() == []
        absent = ~exists().where(listed.c.colour == Card.colour)
        assert session.scalars(select(Card.colour).where(absent, Card.colour.is_not(None))).all() == ["green"]


# --- transactions.md --------------------------------------------------------------------------------------------------


def test_what_is_loaded_stays_old_when_it_is_selected_again(engine: Engine) -> None:
    with transaction(engine) as session:
        card = session.get_one(Card, 1)
        session.execute(text("UPDATE cards SET count = 7 WHERE id = 1"))
        assert session.scalars(select(Card).where(Card.id == 1)).one().count == 1
        session.refresh(card, with_for_update=True)
        assert card.count == 7


def test_a_bulk_update_passes_the_version_by(engine: Engine) -> None:
    def version() -> int:
        with transaction(engine, read_only=True) as session:
            return session.get_one(Box, 1).version

    assert version() == 1
    with transaction(engine) as session:
        session.execute(update(Box).values(words="new"))
    assert version() == 1
    with transaction(engine) as session:
        session.get_one(Box, 1).words = "newer"
    assert version() == 2
    with transaction(engine) as session:
        shown = session.get_one(Box, 1)
        session.execute(text("UPDATE boxes SET version = 3"))  # as another would
        shown.words = "newest"
        with pytest.raises(StaleDataError):
            session.flush()
        session.rollback()


def test_locks_on_postgresql_can_be_skipped_refused_and_narrowed(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url)
    Own.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add_all([Card(id=1), Card(id=2)])
    with transaction(engine) as first, Session(engine) as second:
        first.get_one(Card, 1, with_for_update=True)
        free = select(Card.id).order_by(Card.id).limit(1).with_for_update(skip_locked=True)
        assert second.scalars(free).all() == [2]
        with pytest.raises(OperationalError):
            second.scalars(select(Card).where(Card.id == 1).with_for_update(nowait=True)).all()
        second.rollback()
        both = select(Card).outerjoin(Box).where(Card.id == 2)
        with pytest.raises(NotSupportedError):
            second.scalars(both.with_for_update()).all()
        second.rollback()
        assert second.scalars(both.with_for_update(of=Card)).one().id == 2
    with transaction(engine) as session:
        session.execute(delete(Card))
    engine.dispose()


def test_the_one_statement_of_performance_moves_each_request_once_under_threads(postgresql_url: str) -> None:
    page = (REFERENCES / "performance.md").read_text(encoding="utf-8")
    [statement] = re.findall(r'MOVE = text\("""(.*?)"""\)', page, re.DOTALL)
    engine = create_database_engine(postgresql_url, connections=8)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint CHECK (balance >= 0))"))
        connection.execute(text("CREATE TABLE transfers (request_key text PRIMARY KEY)"))
        connection.execute(text("INSERT INTO accounts SELECT id, 1000 FROM generate_series(0, 3) AS id"))

    def move(number: int) -> int:
        values = {"source": number % 4, "target": (number * 3 + 1) % 4, "cents": 7, "key": f"{number % 200}"}
        return run_transaction(engine, lambda session: session.connection().execute(text(statement), values).rowcount)

    requests = [number for number in range(400) if number % 4 != (number * 3 + 1) % 4]
    with ThreadPoolExecutor(8) as threads:
        moved = list(threads.map(move, requests))
    with transaction(engine, read_only=True) as session:
        keys = session.scalar(text("SELECT count(*) FROM transfers"))
        assert session.scalar(text("SELECT sum(balance) FROM accounts")) == 4000
    assert moved.count(2) == keys == len({number % 200 for number in requests})
    assert set(moved) == {0, 2}
    engine.dispose()
