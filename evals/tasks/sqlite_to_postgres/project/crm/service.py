from datetime import datetime, timezone

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from crm.models import Base, Customer, Invoice

engine = create_engine("sqlite:///crm.db")
Base.metadata.create_all(engine)


def now():
    return datetime.now(timezone.utc).replace(tzinfo=None)


def add_customer(name, email):
    with Session(engine) as session:
        customer = Customer(name=name, email=email, created_at=now())
        session.add(customer)
        session.commit()
        return customer.id


def add_invoice(customer, amount, note=None):
    with Session(engine) as session:
        invoice = Invoice(customer_id=customer, amount=amount, note=note)
        session.add(invoice)
        session.commit()
        return invoice.id


def pay(invoice):
    with Session(engine) as session:
        session.get_one(Invoice, invoice).paid_at = now()
        session.commit()


def customers():
    """Tuples of id, name, email, active and the naive UTC moment created_at, by id."""
    with Session(engine) as session:
        found = session.scalars(select(Customer).order_by(Customer.id))
        return [(one.id, one.name, one.email, one.active, one.created_at) for one in found]


def invoices():
    """Tuples of id, customer, Decimal amount, note and the naive UTC moment paid_at, by id."""
    with Session(engine) as session:
        found = session.scalars(select(Invoice).order_by(Invoice.id))
        return [(one.id, one.customer_id, one.amount, one.note, one.paid_at) for one in found]
