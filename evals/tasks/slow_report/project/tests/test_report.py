from datetime import datetime
from decimal import Decimal

from shop import report
from shop.db import Session, engine
from shop.models import Base, Customer, Order


def test_one_order():
    Base.metadata.create_all(engine)
    with Session.begin() as session:
        session.add(Customer(name="Ann", orders=[Order(placed_at=datetime(2026, 3, 1, 12), total_cents=1250)]))
    (row,) = report.monthly(2026, 3)
    assert (row["customer"], row["orders"], row["sold"]) == ("Ann", 1, Decimal("12.50"))
