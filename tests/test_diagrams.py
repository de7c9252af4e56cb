"""The drawings of the site show what is so: the schema as it is migrated, the SQL in the order in which it is sent."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from sqlalchemy import Engine, MetaData, event, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, create_database_engine, transaction
from pages import shipped_pages
from website import diagrams

MARKERS = {name for page in shipped_pages() for name in diagrams.MARKER.findall(page.text)}
COLOURS = re.compile(r"(?:fill|stroke|color|style)\s*=")


class OwnTables(Base):
    """The application's Base must not see the tables of a test."""

    __abstract__ = True
    metadata = MetaData()


class Meal(OwnTables):
    __tablename__ = "meals_of_the_diagram"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[Decimal]


def drawn(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(diagrams.svg(name))  # noqa: S314 - our own file


def words(name: str, style: str) -> list[str]:
    """The texts of a drawing that have this class, from top to bottom."""
    found = [text for text in drawn(name).iter("text") if style in (text.get("class") or "").split()]
    return [text.text or "" for text in sorted(found, key=lambda text: float(text.get("y", 0)))]


def test_the_pages_show_every_diagram_and_no_other() -> None:
    assert diagrams.names() == MARKERS


@pytest.mark.parametrize("name", sorted(diagrams.names()))
def test_a_diagram_tells_a_screen_reader_what_it_shows_and_takes_its_colours_from_the_theme(name: str) -> None:
    drawing = drawn(name)
    title, description = drawing.find("title"), drawing.find("desc")
    assert title is not None
    assert title.text
    assert description is not None
    assert len(description.text or "") > 100
    assert drawing.get("role") == "img"
    assert drawing.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert not COLOURS.search(diagrams.svg(name))


def test_ids_are_not_used_twice_where_two_diagrams_stand_on_one_page() -> None:
    ids = [element.get("id") for name in diagrams.names() for element in drawn(name).iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_the_schema_is_drawn_as_it_is_migrated(migrated_sqlite_url: str) -> None:
    engine = create_database_engine(migrated_sqlite_url)
    schema = inspect(engine)
    tables = [name for name in schema.get_table_names() if name != "alembic_version"]
    assert sorted(words("budget-schema", "name")) == sorted(tables)
    columns = [column["name"] for table in tables for column in schema.get_columns(table)]
    assert sorted(words("budget-schema", "code")) == sorted(columns)
    keys = [name for table in tables for name in schema.get_pk_constraint(table)["constrained_columns"]]
    assert sorted(words("budget-schema", "key")) == sorted(keys)
    references = {
        (table, " ".join(key["constrained_columns"]), key["referred_table"])
        for table in tables
        for key in schema.get_foreign_keys(table)
    }
    paths = [path for path in drawn("budget-schema").iter("path") if path.get("data-to")]
    assert {(path.get("data-from"), path.get("data-by"), path.get("data-to")) for path in paths} == references
    engine.dispose()


def test_the_session_sends_what_its_diagram_shows(database_url: str) -> None:
    engine = create_database_engine(database_url)
    Meal.__table__.create(engine)  # type: ignore[attr-defined]
    sent = listen(engine)
    with transaction(engine) as session:
        assert sent == ["BEGIN"]
        session.add(Meal(price=Decimal("12.50")))
        assert sent == ["BEGIN"]  # it remembers, and sends nothing yet
        assert len(session.scalars(select(Meal)).all()) == 1
    with pytest.raises(ZeroDivisionError), transaction(engine):
        raise ZeroDivisionError
    assert sent == ["BEGIN", "INSERT", "SELECT", "COMMIT", "BEGIN", "ROLLBACK"]
    shown = [word for text in words("session-and-transaction", "code") for word in re.findall(r"\b[A-Z]+\b", text)]
    assert shown == ["BEGIN", "INSERT", "SELECT", "COMMIT", "ROLLBACK"]
    engine.dispose()


def listen(engine: Engine) -> list[str]:
    """What is sent from now on, a word each; the limits of a transaction apart."""
    sent: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def statement(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        if (word := sql.split()[0]) in ("INSERT", "SELECT", "UPDATE", "DELETE"):
            sent.append(word)

    event.listen(engine, "begin", lambda _: sent.append("BEGIN"))
    event.listen(engine, "commit", lambda _: sent.append("COMMIT"))
    event.listen(engine, "rollback", lambda _: sent.append("ROLLBACK"))
    return sent
