"""Objects go in, and the function is its own unit of work."""

import uuid
from decimal import Decimal

from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    cents: Mapped[int]


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)


def transfer(session: Session, *, amount: Decimal, source: Account, destination: Account, idempotency_key: str = "") -> None:
    if amount <= 0:
        raise ValueError("nothing to transfer")
    session.add(Booking(idempotency_key=idempotency_key))
    session.refresh(source, with_for_update=True)
    session.refresh(destination, with_for_update=True)
    if source.cents < amount * 100:
        raise ValueError("not enough")
    source.cents -= int(amount * 100)
    destination.cents += int(amount * 100)


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        ann, ben = Account(cents=1000), Account(cents=0)
        session.add_all([ann, ben])
        session.flush()
        transfer(session, amount=Decimal("2.50"), source=ann, destination=ben, idempotency_key="a")
        print(sorted(session.scalars(select(Account.cents))))
