import os
from datetime import UTC, datetime

from sqlalchemy import DateTime, String, create_engine, make_url, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from booking.errors import RoomTaken


class Base(DeclarativeBase):
    pass


class Booking(Base):
    __tablename__ = "bookings"

    number: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(String(100), index=True)
    room: Mapped[str] = mapped_column(String(100), index=True)
    start: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    end: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    guest: Mapped[str] = mapped_column(String(100))
    cancelled: Mapped[bool] = mapped_column(default=False)


url = make_url(os.environ.get("DATABASE_URL", "sqlite:///bookings.db"))
if url.get_backend_name() == "postgresql":
    url = url.set(drivername="postgresql+psycopg2")
engine = create_engine(url)
Session = sessionmaker(engine)


def setup() -> None:
    Base.metadata.create_all(engine)


def book(request_id: str, room: str, start: datetime, end: datetime, guest: str) -> int:
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end must be timezone-aware")
    if end <= start:
        raise ValueError("end must be after start")
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    with Session.begin() as session:
        existing = session.scalar(select(Booking).where(Booking.request_id == request_id))
        if existing:
            return existing.number
        overlap = session.scalar(
            select(Booking)
            .where(Booking.room == room, Booking.start < end, Booking.end > start, Booking.cancelled.is_(False))
            .with_for_update()
        )
        if overlap:
            raise RoomTaken(f"{room} is already booked")
        booking = Booking(request_id=request_id, room=room, start=start, end=end, guest=guest)
        session.add(booking)
        session.flush()
        return booking.number


def cancel(number: int) -> None:
    with Session.begin() as session:
        session.get_one(Booking, number).cancelled = True


def bookings(room: str) -> list[dict]:
    with Session() as session:
        rows = session.scalars(
            select(Booking).where(Booking.room == room, Booking.cancelled.is_(False)).order_by(Booking.start)
        )
        return [
            {
                "number": b.number,
                "room": b.room,
                "start": b.start.replace(tzinfo=UTC) if b.start.tzinfo is None else b.start,
                "end": b.end.replace(tzinfo=UTC) if b.end.tzinfo is None else b.end,
                "guest": b.guest,
            }
            for b in rows
        ]
