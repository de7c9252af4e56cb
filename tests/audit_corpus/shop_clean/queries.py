"""What the shop asks its database, said in SQL's words."""

from collections.abc import Iterable

from sqlalchemy import case, delete, func, or_, select, text, true, tuple_
from sqlalchemy.orm import Session

from .models import Customer, Order

SORTS = {"name": Customer.token, "since": Customer.created_at}


def forget(session: Session, customer_id: int, order_id: int) -> None:
    session.execute(delete(Order).where(Order.customer_id == customer_id, Order.id == order_id))


def orders(session: Session, customer_id: int | None = None, name: str | None = None, only_paid: bool = False):
    query = select(Order).order_by(Order.id)
    if customer_id is not None:
        query = query.where(Order.customer_id == customer_id)
    if name:
        query = query.where(Order.name == name)
    if only_paid:
        query = query.where(Order.paid_at.is_not(None))
    return session.scalars(query).all()


def wanted(session: Session, customers: Iterable[int], limit: int | None):
    chosen = list(customers)
    query = select(Order).where(Order.customer_id.in_(chosen) if chosen else true())
    query = query.where(or_(Order.paid_at.is_(None), Order.total_amount > (limit or 0)))
    return [order for order in filter(lambda order: order.open and not order.late, session.scalars(query))]


def by_name(session: Session, name: str):
    return session.execute(text("SELECT id FROM customers WHERE name = :name"), {"name": name}).all()


def drop(session: Session, table: str) -> None:
    if table not in ("staging", "import"):
        raise ValueError(table)
    session.execute(text(f"TRUNCATE {table}"))


def sorted_by(session: Session, column: str):
    return session.scalars(select(Customer).order_by(SORTS[column], text("id DESC"))).all()


def since(session: Session, moment: str):
    statement = text("SELECT id, at::date FROM orders WHERE created_at > CAST(:moment AS timestamptz)")
    return session.execute(statement, {"moment": moment}).all()


def search(session: Session, words: str):
    return session.scalars(select(Customer).where(Customer.name.icontains(words, autoescape=True))).all()


def of_month(session: Session, start, end):
    return session.scalars(select(Order).where(Order.created_at >= start, Order.created_at < end)).all()


def a_day(session: Session):
    day = func.date(Order.created_at)
    return session.execute(select(day, func.count(Order.id)).group_by(day)).all()


def between_prices(session: Session, low, high):
    return session.scalars(select(Order).where(Order.total_amount.between(low, high))).all()


def page(session: Session, last):
    query = select(Order).order_by(Order.created_at, Order.id).limit(20)
    if last is not None:
        query = query.where(tuple_(Order.created_at, Order.id) > last)
    rows = session.scalars(query).all()
    return rows, len(rows)


def names(session: Session, found):
    numbers = {order.customer_id for order in found}
    rows = session.scalars(select(Customer).where(Customer.id.in_(numbers)))
    return {customer.id: customer.name for customer in rows}


def labels(session: Session, settings: dict[str, str]):
    result = {}
    for name in ("open", "paid"):
        result[name] = settings.get(name, "")
    return result


def kinds():
    return case((Order.total_amount > 100, "large"), else_="small")
