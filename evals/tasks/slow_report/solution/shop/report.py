import csv
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, select

from shop.db import Session
from shop.models import Customer, Order, Refund


def euros(cents):
    return Decimal(int(cents)).scaleb(-2)


def month_of(column, year, month):
    return (column >= datetime(year, month, 1)) & (column < datetime(year + month // 12, month % 12 + 1, 1))


def monthly(year, month):
    # Each side is summed by itself: joined, two orders and two refunds would make four rows.
    sales = (
        select(
            Order.customer_id,
            func.count().label("orders"),
            func.sum(Order.total_cents).label("sold"),
            func.max(Order.placed_at).label("last_order"),
        )
        .where(month_of(Order.placed_at, year, month))
        .group_by(Order.customer_id)
        .subquery()
    )
    refunds = (
        select(Order.customer_id, func.sum(Refund.cents).label("refunded"))
        .join(Refund.order)
        .where(month_of(Refund.made_at, year, month))
        .group_by(Order.customer_id)
        .subquery()
    )
    query = (
        select(Customer.name, sales.c.orders, sales.c.sold, refunds.c.refunded, sales.c.last_order)
        .outerjoin(sales, sales.c.customer_id == Customer.id)
        .outerjoin(refunds, refunds.c.customer_id == Customer.id)
    )
    with Session() as session:
        rows = [
            {
                "customer": name,
                "orders": orders or 0,
                "sold": euros(sold or 0),
                "refunded": euros(refunded or 0),
                "last_order": last and last.replace(tzinfo=UTC),
            }
            for name, orders, sold, refunded, last in session.execute(query)
        ]
    return sorted(rows, key=lambda row: (-row["sold"], row["customer"]))


def export(path):
    query = select(Order.number, Customer.name, Order.placed_at, Order.total_cents).join(Order.customer)
    with open(path, "w", newline="", encoding="utf-8") as file, Session() as session:
        writer = csv.writer(file)
        writer.writerow(["number", "customer", "placed_at", "total"])
        stream = session.execute(query.order_by(Order.number), execution_options={"yield_per": 1000})
        for number, name, placed_at, cents in stream:
            writer.writerow([number, name, placed_at.replace(tzinfo=UTC).isoformat(), euros(cents)])
