"""What the shop asks its database."""

from datetime import date

from sqlalchemy import cast, Date, delete, func, select, text
from sqlalchemy.orm import Session

from .models import Customer, Order


def forget(session: Session, customer_id: int, order_id: int) -> None:
    session.execute(
        delete(Order).where(
            (Order.customer_id == customer_id) and (Order.id == order_id)  # finds: python-logic-in-where
        )
    )


def unpaid(session: Session):
    return session.scalars(
        select(Order).where(
            Order.paid_at is None,  # finds: python-identity-in-where
            Order.total_amount > 0,
        )
    ).all()


def orders(session: Session, customer_id: int | None = None, page: int = 1):
    query = select(Order).order_by(Order.id)
    if customer_id:  # finds: truth-of-an-optional-filter
        query = query.where(Order.customer_id == customer_id)
    return session.scalars(query.limit(20).offset((page - 1) * 20)).all()  # finds: offset-pages


def by_name(session: Session, name: str):
    rows = session.execute(text(f"SELECT id FROM customers WHERE name = '{name}'"))  # finds: sql-from-values
    return [row.id for row in rows]


def sorted_by(session: Session, column: str):
    return session.scalars(select(Customer).order_by(text(column))).all()  # finds: order-by-text


def since(session: Session, moment: str):
    statement = text("SELECT id FROM orders WHERE created_at > :moment::timestamptz")  # finds: bind-with-a-cast
    return session.execute(statement, {"moment": moment}).all()


def search(session: Session, words: str):
    return session.scalars(
        select(Customer).where(Customer.name.ilike(f"%{words}%"))  # finds: like-with-wildcards
    ).all()


def of_month(session: Session, first, last):
    return session.scalars(
        select(Order).where(Order.created_at.between(first, last))  # finds: between-moments
    ).all()


def of_day(session: Session, day: date):
    return session.scalars(
        select(Order).where(cast(Order.created_at, Date) == day)  # finds: function-around-a-column
    ).all()


def how_many(session: Session) -> int:
    return len(session.scalars(select(Order)).all())  # finds: count-by-loading


def names(session: Session, found):
    result = {}
    for order in found:
        result[order.id] = session.get(Customer, order.customer_id).name  # finds: query-in-a-loop
    return result


def all_names(session: Session):
    rows = session.execute("SELECT name FROM customers")  # finds: removed-in-2
    return [name for (name,) in rows]


def customer(session: Session, number: int):
    return session.query(Customer).get(number)  # finds: legacy-get
