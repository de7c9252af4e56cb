from decimal import Decimal

from sqlalchemy import func, select

from wallet.db import Session
from wallet.models import Account, Booking

LARGEST = Decimal("9999999999.99")


class WalletError(Exception):
    """Its text is shown to the user."""


class InvalidAmount(WalletError):
    pass


class NotEnoughMoney(WalletError):
    pass


def exact(amount):
    """The amount, if it is one."""
    if isinstance(amount, Decimal | int) and not isinstance(amount, bool):
        amount = Decimal(amount)
        if amount.is_finite() and 0 < amount <= LARGEST and amount == amount.quantize(Decimal("0.01")):
            return amount
    raise InvalidAmount(f"{amount} is not an amount of money")


def open_account(owner):
    with Session.begin() as session:
        account = Account(owner=owner)
        session.add(account)
        session.flush()
        return account.id


def lock(session, *numbers):
    """The accounts, which nobody else changes until the transaction ends; always in the same order."""
    query = select(Account).where(Account.id.in_(numbers)).order_by(Account.id).with_for_update()
    return {account.id: account for account in session.scalars(query)}


def book(session, account, amount, text):
    if account.balance + amount < 0:
        raise NotEnoughMoney(f"There is less than {-amount} in the account {account.id}.")
    account.balance += amount
    session.add(Booking(account_id=account.id, amount=amount, text=text))


def deposit(account, amount, text="deposit"):
    amount = exact(amount)
    with Session.begin() as session:
        book(session, lock(session, account)[account], amount, text)


def withdraw(account, amount, text="withdrawal"):
    amount = exact(amount)
    with Session.begin() as session:
        book(session, lock(session, account)[account], -amount, text)


def transfer(source, target, amount):
    amount = exact(amount)
    with Session.begin() as session:
        accounts = lock(session, source, target)
        book(session, accounts[source], -amount, f"to {target}")
        book(session, accounts[target], amount, f"from {source}")


def balance(account):
    with Session() as session:
        return session.get_one(Account, account).balance


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
