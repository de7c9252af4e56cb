"""Lesson 5: money that moves once, or not at all.

python safe-transfers.py
"""

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from database import Base, create_database_engine, transaction


class Account(Base):
    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("balance >= 0", name="balance"),)

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    balance: Mapped[Decimal]


class Transfer(Base):
    """What was moved. The key comes with the request, so the same request counts once."""

    __tablename__ = "transfers"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    request_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    target: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    amount: Mapped[Decimal]


def transfer(session: Session, request_key: str, source: str, target: str, amount: Decimal) -> None:
    """The caller commits. Raises IntegrityError for a request that was done, and where the money is not there."""
    accounts = {name: session.get_one(Account, name, with_for_update=True) for name in sorted([source, target])}
    session.add(Transfer(request_key=request_key, source=source, target=target, amount=amount))
    session.flush()
    accounts[source].balance -= amount
    accounts[target].balance += amount
    session.flush()


def main() -> None:
    engine = create_database_engine("sqlite://")  # in memory, gone with the program
    Base.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add_all([Account(name="Ann", balance=Decimal("100.00")), Account(name="Ben", balance=Decimal("20.00"))])
    for key in ("rent for March", "rent for March"):
        try:
            with transaction(engine) as session:
                transfer(session, key, "Ann", "Ben", Decimal("30.00"))
        except IntegrityError:
            print("the same request again: refused")
    with transaction(engine, read_only=True) as session:
        for account in session.scalars(select(Account).order_by(Account.name)):
            print(account.name, account.balance)
    engine.dispose()


if __name__ == "__main__":
    main()
