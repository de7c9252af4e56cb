import csv
from datetime import UTC
from decimal import Decimal

from sqlalchemy import select

from shop.db import Session
from shop.models import Customer, Order

session = Session()


def euros(cents):
    return Decimal(cents).scaleb(-2)


def monthly(year, month):
    rows = []
    for customer in session.scalars(select(Customer)):
        sold = refunded = orders = 0
        last = None
        for order in customer.orders:
            if (order.placed_at.year, order.placed_at.month) == (year, month):
                orders += 1
                sold += order.total_cents
                last = max(last or order.placed_at, order.placed_at)
            for refund in order.refunds:
                if (refund.made_at.year, refund.made_at.month) == (year, month):
                    refunded += refund.cents
        rows.append(
            {
                "customer": customer.name,
                "orders": orders,
                "sold": euros(sold),
                "refunded": euros(refunded),
                "last_order": last and last.replace(tzinfo=UTC),
            }
        )
    return sorted(rows, key=lambda row: (-row["sold"], row["customer"]))


def export(path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "customer", "placed_at", "total"])
        for order in session.scalars(select(Order).order_by(Order.number)).all():
            placed_at = order.placed_at.replace(tzinfo=UTC).isoformat()
            writer.writerow([order.number, order.customer.name, placed_at, euros(order.total_cents)])
