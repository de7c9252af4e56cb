from sqlalchemy import func, select

from wallet.db import Session
from wallet.models import Account, Booking


class WalletError(Exception):
    """Its text is shown to the user."""


class InvalidAmount(WalletError):
    pass


class NotEnoughMoney(WalletError):
    pass


def open_account(owner):
    with Session() as session:
        account = Account(owner=owner)
        session.add(account)
        session.commit()
        return account.id


def book(session, account_id, amount, text):
    account = session.get(Account, account_id)
    account.balance += amount
    session.add(Booking(account_id=account_id, amount=amount, text=text))
    return account


def deposit(account, amount, text="deposit"):
    with Session() as session:
        book(session, account, float(amount), text)
        session.commit()


def withdraw(account, amount, text="withdrawal"):
    with Session() as session:
        if book(session, account, -float(amount), text).balance < 0:
            raise NotEnoughMoney(f"There is less than {amount} in the account {account}.")
        session.commit()


def transfer(source, target, amount):
    withdraw(source, amount, f"to {target}")
    deposit(target, amount, f"from {source}")


def balance(account):
    with Session() as session:
        return round(session.get(Account, account).balance, 2)


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
