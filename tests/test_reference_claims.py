"""models.md, crud.md and transactions.md: what their tables and sentences say without a block that shows it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Engine,
    ForeignKey,
    String,
    cast,
    delete,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import NotSupportedError, OperationalError
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.exc import StaleDataError

from database import create_database_engine, transaction

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
    "page", ["models", "crud", "relationships", "transactions", "neon", "security", "testing", "scaling", "mcp"]
)
def test_a_page_is_short_and_ends_with_a_test_to_copy(page: str) -> None:
    """Under 3,000 tokens, of about four characters each: an agent pays for every line."""
    words = (REFERENCES / f"{page}.md").read_text(encoding="utf-8")
    assert len(words) < 4 * 3000
    last_section = words.rpartition("\n## ")[2]
    assert last_section.startswith("Prove it\n")
    assert "```python\n" in last_section


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
