"""references/relationships.md: what its tables and sentences say happens; its blocks are run by test_pages.py."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, UniqueConstraint, delete, func, inspect, select
from sqlalchemy.exc import IntegrityError, InvalidRequestError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload
from sqlalchemy.orm.exc import DetachedInstanceError

from database import create_database_engine

pytestmark = pytest.mark.slow  # many small databases

Act = Callable[[Session, Any, Any], object]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_database_engine(database_url)
    yield engine
    engine.dispose()


def family(ondelete: str | None, nullable: bool, says: dict[str, Any]) -> tuple[Any, Any]:
    """A Parent with children, and its Child."""

    class Base(DeclarativeBase):
        pass

    class Child(Base):
        __tablename__ = "children"

        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id", ondelete=ondelete), nullable=nullable)

    class Parent(Base):
        __tablename__ = "parents"

        id: Mapped[int] = mapped_column(primary_key=True)
        children: Mapped[list[Child]] = relationship(Child, **says)

    return Parent, Child


def what_becomes_of_the_child(
    engine: Engine, act: Act, says: dict[str, Any], ondelete: str | None, nullable: bool
) -> str:
    parent, child = family(ondelete, nullable, says)
    parent.metadata.create_all(engine)
    try:
        with Session(engine) as session, session.begin():
            session.add(parent(id=1, children=[child(id=1)]))
        with Session(engine) as session, session.begin():
            act(session, parent, child)
        with Session(engine) as session:
            (key,) = session.scalars(select(child.parent_id)).all() or ["deleted"]
            return "NULL" if key is None else str(key)
    except IntegrityError:
        return "refused"
    finally:
        parent.metadata.drop_all(engine)


def delete_object(session: Session, parent: Any, _child: Any) -> None:
    session.delete(session.get_one(parent, 1))


def delete_loaded(session: Session, parent: Any, _child: Any) -> None:
    session.delete(session.get_one(parent, 1, options=[selectinload(parent.children)]))


def delete_in_bulk(session: Session, parent: Any, _child: Any) -> None:
    session.execute(delete(parent).where(parent.id == 1))


def remove(session: Session, parent: Any, _child: Any) -> None:
    kept = session.get_one(parent, 1)
    kept.children.clear()


CASCADE = {"cascade": "all, delete-orphan"}
PASSIVE = CASCADE | {"passive_deletes": True}
SCHEMA = {"passive_deletes": "all"}
NO_KEY_NEEDED, KEY_NEEDED = True, False
MATRIX: list[tuple[Act, dict[str, Any], str | None, bool, str]] = [
    (delete_object, {}, None, NO_KEY_NEEDED, "NULL"),
    (delete_object, {}, "CASCADE", NO_KEY_NEEDED, "NULL"),
    (delete_object, {}, "CASCADE", KEY_NEEDED, "refused"),
    (delete_object, CASCADE, None, KEY_NEEDED, "deleted"),
    (delete_object, PASSIVE, "CASCADE", KEY_NEEDED, "deleted"),
    (delete_object, PASSIVE, None, KEY_NEEDED, "refused"),
    (delete_loaded, PASSIVE, None, KEY_NEEDED, "deleted"),
    (delete_object, SCHEMA, "CASCADE", KEY_NEEDED, "deleted"),
    (delete_object, SCHEMA, None, NO_KEY_NEEDED, "refused"),
    (delete_loaded, SCHEMA, None, NO_KEY_NEEDED, "refused"),
    (delete_in_bulk, CASCADE, None, KEY_NEEDED, "refused"),
    (delete_in_bulk, {}, "CASCADE", KEY_NEEDED, "deleted"),
    (remove, {}, "CASCADE", NO_KEY_NEEDED, "NULL"),
    (remove, {}, "CASCADE", KEY_NEEDED, "refused"),
    (remove, CASCADE, None, KEY_NEEDED, "deleted"),
]


def test_the_table_of_deletions_is_right(engine: Engine) -> None:
    for act, says, ondelete, nullable, expected in MATRIX:
        case = f"{act.__name__}, {says}, {ondelete}, {nullable}"
        assert (case, what_becomes_of_the_child(engine, act, says, ondelete, nullable)) == (case, expected)


class Own(DeclarativeBase):
    pass


class Reader(Own):
    __tablename__ = "readers"

    id: Mapped[int] = mapped_column(primary_key=True)
    loans: Mapped[list["Loan"]] = relationship()
    notes: Mapped[list["Note"]] = relationship()


class Loan(Own):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"))


class Note(Own):
    __tablename__ = "notes"
    __table_args__ = (UniqueConstraint("label", "word", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"))
    label: Mapped[str | None]
    word: Mapped[str]


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One reader with three loans and two notes."""
    Own.metadata.create_all(engine)
    with Session(engine) as session:
        notes = [Note(word=word) for word in ("a", "b")]
        session.add(Reader(id=1, loans=[Loan(), Loan(), Loan()], notes=notes))
        session.commit()
        yield session


def test_two_joined_collections_multiply_each_other(session: Session) -> None:
    joined = select(Reader).options(joinedload(Reader.loans), joinedload(Reader.notes))
    assert len(session.execute(joined).unique().all()) == 1
    both = select(func.count()).select_from(Reader).join(Loan).join(Note, Note.reader_id == Reader.id)
    assert session.scalar(both) == 3 * 2


def test_a_joined_collection_needs_unique_and_no_yield_per(session: Session) -> None:
    joined = select(Reader).options(joinedload(Reader.loans))
    with pytest.raises(InvalidRequestError, match="unique"):
        session.scalars(joined).all()
    with pytest.raises(InvalidRequestError, match="yield_per"):
        session.scalars(joined.execution_options(yield_per=10)).unique().all()
    in_batches = select(Reader).options(selectinload(Reader.loans)).execution_options(yield_per=10)
    assert [len(reader.loans) for reader in session.scalars(in_batches)] == [3]


def test_outside_of_its_session_an_object_loads_nothing(session: Session) -> None:
    reader = session.get_one(Reader, 1)
    session.expunge(reader)
    with pytest.raises(DetachedInstanceError):
        assert reader.loans


def test_a_column_that_is_not_grouped_is_refused_by_postgresql_alone(session: Session, engine: Engine) -> None:
    statement = select(Note.word, func.count()).group_by(Note.reader_id)
    if engine.dialect.name == "postgresql":
        with pytest.raises(ProgrammingError, match="must appear in the GROUP BY"):
            session.execute(statement)
    else:
        _any_word, count = session.execute(statement).one()
        assert count == 2


def test_a_foreign_key_brings_no_index(session: Session, engine: Engine) -> None:
    assert session.get_one(Reader, 1)
    assert inspect(engine).get_indexes("loans") == []


def test_null_counts_once_where_postgresql_is_told_so(session: Session, engine: Engine) -> None:
    session.add(Note(reader_id=1, word="a"))  # the second with no label
    if engine.dialect.name == "postgresql":
        with pytest.raises(IntegrityError):
            session.commit()
        session.rollback()
    else:
        session.commit()
