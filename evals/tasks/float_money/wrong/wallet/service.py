from decimal import Decimal

from sqlalchemy import func, select

from wallet.db import Session
from wallet.models import Account, Booking


class WalletError(Exception):
    """Its text is shown to the user."""


class InvalidAmount(WalletError):
    pass


class NotEnoughMoney(WalletError):
    pass


def to_money(amount):
    amount = Decimal(str(amount))
    if amount <= 0:
        raise InvalidAmount(f"{amount} is not a valid amount")
    return amount.quantize(Decimal("0.01"))


def open_account(owner):
    with Session() as session:
        account = Account(owner=owner)
        session.add(account)
        session.commit()
        return account.id


def book(session, account_id, amount, text):
    account = session.get(Account, account_id, with_for_update=True)
    account.balance += amount
    session.add(Booking(account_id=account_id, amount=amount, text=text))
    return account


def deposit(account, amount, text="deposit"):
    with Session() as session:
        book(session, account, to_money(amount), text)
        session.commit()


def withdraw(account, amount, text="withdrawal"):
    with Session() as session:
        if book(session, account, -to_money(amount), text).balance < 0:
            raise NotEnoughMoney(f"There is less than {amount} in the account {account}.")
        session.commit()


def transfer(source, target, amount):
    amount = to_money(amount)
    with Session() as session:
        if book(session, source, -amount, f"to {target}").balance < 0:
            raise NotEnoughMoney(f"There is less than {amount} in the account {source}.")
        book(session, target, amount, f"from {source}")
        session.commit()


def balance(account):
    with Session() as session:
        return session.get(Account, account).balance


def bookings(account):
    """Tuples of amount and text, in the order in which they were booked."""
    with Session() as session:
        found = session.scalars(select(Booking).where(Booking.account_id == account).order_by(Booking.id))
        return [(booking.amount, booking.text) for booking in found]


def check():
    with Session() as session:
        booked = (
            select(func.coalesce(func.sum(Booking.amount), 0))
            .where(Booking.account_id == Account.id)
            .scalar_subquery()
        )
        return list(session.scalars(select(Account.id).where(Account.balance != booked).order_by(Account.id)))
