import calendar
import csv
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from shop.db import Session
from shop.models import Customer, Order, Refund

session = Session()


def euros(cents):
    return Decimal(cents or 0).scaleb(-2)


def monthly(year, month):
    start = datetime(year, month, 1)
    end = datetime(year, month, calendar.monthrange(year, month)[1], 23, 59, 59)
    rows = session.execute(
        select(
            Customer.name,
            func.count(Order.number.distinct()),
            func.sum(Order.total_cents),
            func.sum(Refund.cents),
            func.max(Order.placed_at),
        )
        .outerjoin(Order, (Order.customer_id == Customer.id) & Order.placed_at.between(start, end))
        .outerjoin(Refund, (Refund.order_number == Order.number) & Refund.made_at.between(start, end))
        .group_by(Customer.id, Customer.name)
        .order_by(func.coalesce(func.sum(Order.total_cents), 0).desc(), Customer.name)
    )
    return [
        {
            "customer": name,
            "orders": orders,
            "sold": euros(sold),
            "refunded": euros(refunded),
            "last_order": last and last.replace(tzinfo=UTC),
        }
        for name, orders, sold, refunded, last in rows
    ]


def export(path):
    orders = session.scalars(select(Order).options(joinedload(Order.customer)).order_by(Order.number))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "customer", "placed_at", "total"])
        for order in orders:
            placed_at = order.placed_at.replace(tzinfo=UTC).isoformat()
            writer.writerow([order.number, order.customer.name, placed_at, euros(order.total_cents)])
