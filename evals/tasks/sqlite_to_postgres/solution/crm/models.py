from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import declarative_base
from sqlalchemy.types import TypeDecorator

Base = declarative_base()


class Cents(TypeDecorator):
    """Decimal with two places, kept as whole cents: SQLite has no exact NUMERIC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        cents = Decimal(value).scaleb(2)
        if not cents.is_finite() or cents != cents.to_integral_value() or abs(cents) >= 10**12:
            raise ValueError(f"{value} is no amount of cents")
        return int(cents)

    def process_result_value(self, value, dialect):
        return None if value is None else Decimal(value).scaleb(-2)


class Customer(Base):
    __tablename__ = "customers"

    id = Column(Integer, primary_key=True)
    name = Column(String(40), nullable=False)
    email = Column(String(80), nullable=False, unique=True)
    active = Column(Boolean, nullable=False, default=True)
    created_at = Column(DateTime, nullable=False)


class Invoice(Base):
    __tablename__ = "invoices"

    id = Column(Integer, primary_key=True)
    customer_id = Column(Integer, ForeignKey("customers.id"), nullable=False, index=True)
    amount = Column(Cents, nullable=False)
    note = Column(Text)
    paid_at = Column(DateTime)
