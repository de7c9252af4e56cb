"""Units of work, each saved at its end or not at all."""

import requests
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from .models import Customer, Order
from .settings import DATABASE_URL

engine = create_engine(DATABASE_URL, pool_pre_ping=True)
SessionLocal = sessionmaker(bind=engine, expire_on_commit=False)
http = requests.Session()


def archive() -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM orders WHERE created_at < now() - interval '7 years'"))


def count() -> int:
    with engine.connect() as connection:
        return connection.execute(select(Order.id)).rowcount


def add_customer(name: str) -> None:
    with Session(engine) as session:
        session.add(Customer(name=name))
        session.commit()


def add_with(name: str, save) -> None:
    with Session(engine) as session:
        session.add(Customer(name=name))
        save(session)


def import_customers(session: Session, rows) -> list[str]:
    refused = []
    for row in rows:
        try:
            with session.begin_nested():
                session.add(Customer(**row))
        except IntegrityError:
            refused.append(row["name"])
    return refused


def import_in_chunks(session: Session, chunks) -> None:
    for chunk in chunks:
        session.execute(insert(Customer), chunk)
        session.commit()


def sell(session: Session, number: int) -> bool:
    taken = update(Order).where(Order.id == number, Order.quantity > 0).values(quantity=Order.quantity - 1)
    return session.execute(taken).rowcount == 1


def spend(session: Session, number: int, amount) -> None:
    customer = session.get_one(Customer, number, with_for_update=True)
    customer.credit -= amount


def tally(orders) -> dict[str, int]:
    totals: dict[str, int] = {}
    for order in orders:
        order.seen += 1
        totals[order.state] = totals.get(order.state, 0) + 1
    return totals


def register(session: Session, name: str) -> None:
    try:
        with session.begin_nested():
            session.add(Customer(name=name))
            session.flush()
    except IntegrityError:
        print("there already")


def charge(number: int) -> None:
    with SessionLocal() as session:
        amount = session.get_one(Order, number).total_amount
    answer = http.post("https://pay.example/charge", json={"amount": str(amount)}, timeout=9)
    with SessionLocal.begin() as session:
        session.get_one(Order, number).paid = answer.ok


def load(session: Session, rows) -> int:
    return len(session.scalars(insert(Customer).returning(Customer.id), rows).all())


def remove(session: Session, number: int) -> int:
    return session.execute(delete(Customer).where(Customer.id == number)).rowcount
