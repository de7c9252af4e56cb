"""Units of work that are none."""

import time

import requests
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from .models import Customer, Order
from .settings import DATABASE_URL

engine = create_engine(DATABASE_URL, echo=True)  # finds: stale-connections, echoed-values
SessionLocal = sessionmaker(bind=engine)
session = SessionLocal()  # finds: session-of-the-module


def archive() -> None:
    with engine.connect() as connection:  # finds: connection-without-commit
        connection.execute(text("DELETE FROM orders WHERE created_at < now() - interval '7 years'"))


def add_customer(name: str) -> None:
    with Session(engine) as session:  # finds: session-without-commit
        session.add(Customer(name=name))


def import_customers(session: Session, rows) -> None:
    for row in rows:
        try:
            session.add(Customer(**row))
            session.flush()
        except IntegrityError:
            session.rollback()  # finds: rollback-in-a-loop
    session.commit()


def import_one_by_one(session: Session, names) -> None:
    for name in names:
        session.add(Customer(name=name))
        session.commit()  # finds: commit-for-each-row


def sell(session: Session, number: int) -> None:
    product = session.get(Order, number)
    if product.quantity > 0:
        product.quantity -= 1  # finds: lost-update
    session.commit()


def spend(session: Session, number: int, amount) -> None:
    if session.get(Customer, number) is None:
        raise LookupError(number)
    customer = session.get(Customer, number, with_for_update=True)  # finds: lock-that-does-not-reload
    customer.credit = customer.credit - amount


def register(session: Session, name: str) -> None:
    session.add(Customer(name=name))
    try:
        session.flush()
    except IntegrityError:  # finds: swallowed-database-error
        print("there already")


def charge(number: int) -> None:
    with SessionLocal.begin() as session:
        order = session.get(Order, number)
        answer = requests.post("https://pay.example/charge", json={"id": order.id}, timeout=9)  # finds: waiting-in-a-transaction
        order.paid = answer.ok


def load(session: Session, rows) -> int:
    return session.execute(insert(Customer), rows).rowcount  # finds: rowcount-of-many
