import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String, create_engine, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from booking.errors import RoomTaken

Result = TypeVar("Result")


class Moment(TypeDecorator[datetime]):
    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class Base(DeclarativeBase):
    pass


class Room(Base):
    """One row a room, so that there is something to lock: whoever books a room waits for whoever is booking it."""

    __tablename__ = "rooms"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)


class Booking(Base):
    __tablename__ = "bookings"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="ck_bookings_order"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(String(200), unique=True)
    room: Mapped[str] = mapped_column(ForeignKey("rooms.name"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    guest: Mapped[str] = mapped_column(String(200))
    cancelled: Mapped[bool] = mapped_column(default=False)


def make_engine():
    url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///bookings.db")
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": 1}, hide_parameters=True)

        @event.listens_for(engine, "connect")
        def connect(connection, _record):
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys = ON")

        @event.listens_for(engine, "begin")
        def begin(connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine
    engine = create_engine(
        url.set(drivername="postgresql+psycopg2"),
        pool_pre_ping=True,
        pool_timeout=3,
        hide_parameters=True,
        connect_args={"connect_timeout": 3, "tcp_user_timeout": 5000},
    )

    @event.listens_for(engine, "begin")
    def limit(connection):
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '3s'")

    return engine


engine = make_engine()


@contextmanager
def transaction() -> Iterator[Session]:
    with Session(engine) as session, session.begin():
        yield session


def setup() -> None:
    Base.metadata.create_all(engine)


def book(request_id: str, room: str, start: datetime, end: datetime, guest: str) -> int:
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end need a time zone")
    if end <= start:
        raise ValueError("a booking ends after it starts")
    return again_after_a_cut(lambda: _book(request_id, room, start, end, guest))


def again_after_a_cut(work: Callable[[], Result]) -> Result:
    """The request_id makes a repetition safe, whatever became of the first attempt."""
    until = time.monotonic() + 2
    while True:
        try:
            return work()
        except DBAPIError as error:
            if not error.connection_invalidated or time.monotonic() > until:
                raise


def _book(request_id: str, room: str, start: datetime, end: datetime, guest: str) -> int:
    with transaction() as session:
        _lock(session, room)
        if known := session.scalar(select(Booking.number).where(Booking.request_id == request_id)):
            return known
        in_the_way = select(Booking.number).where(
            Booking.room == room, Booking.starts_at < end, Booking.ends_at > start, ~Booking.cancelled
        )
        if session.scalars(in_the_way.limit(1)).first():
            raise RoomTaken(f"The room {room} is taken at that time.")
        booking = Booking(request_id=request_id, room=room, starts_at=start, ends_at=end, guest=guest)
        session.add(booking)
        session.flush()
        return booking.number


def _lock(session: Session, room: str) -> None:
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Room).values(name=room).on_conflict_do_nothing())
    session.execute(select(Room).where(Room.name == room).with_for_update())


def cancel(number: int) -> None:
    with transaction() as session:
        session.get_one(Booking, number, with_for_update=True).cancelled = True


def bookings(room: str) -> list[dict]:
    with transaction() as session:
        found = select(Booking).where(Booking.room == room, ~Booking.cancelled).order_by(Booking.starts_at)
        return [
            {"number": one.number, "room": one.room, "start": one.starts_at, "end": one.ends_at, "guest": one.guest}
            for one in session.scalars(found)
        ]
