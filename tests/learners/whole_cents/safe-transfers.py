"""The database compares and adds; the function says whether it did."""

from sqlalchemy import CheckConstraint, create_engine, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    balance_cents: Mapped[int] = mapped_column(CheckConstraint("balance_cents >= 0"))


class Done(Base):
    __tablename__ = "done"
    token: Mapped[str] = mapped_column(primary_key=True)


def transfer(session: Session, from_id: int, to_id: int, cents: int, token: str) -> bool:
    if cents <= 0 or session.get(Done, token):
        return False
    session.add(Done(token=token))
    taken = session.execute(
        update(Account)
        .where(Account.id == from_id, Account.balance_cents >= cents)
        .values(balance_cents=Account.balance_cents - cents)
    )
    if taken.rowcount != 1:
        session.rollback()
        return False
    session.execute(update(Account).where(Account.id == to_id).values(balance_cents=Account.balance_cents + cents))
    return True


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all([Account(id=1, owner="Ann", balance_cents=100), Account(id=2, owner="Ben", balance_cents=0)])
        transfer(session, 1, 2, 30, "a")
        print(session.scalars(select(Account.balance_cents)).all())
