"""The tables of a shop, as a hurried team has them."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, DateTime, Float, ForeignKey, Integer, String, TypeDecorator
from sqlalchemy.ext.declarative import declarative_base  # finds: legacy-declarative-base
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):  # finds: no-naming-convention
    pass


class Cents(TypeDecorator[Decimal]):  # finds: type-without-cache-key
    impl = BigInteger

    def process_bind_param(self, value, dialect):
        return None if value is None else int(value * 100)


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(36), default=str(uuid.uuid4()))  # finds: default-called-at-import
    preferences = Column(JSON, nullable=False, default={})  # finds: shared-default
    created_at = Column(DateTime, nullable=False, default=datetime.utcnow)  # finds: naive-datetime-column, naive-now
    credit: Mapped[Decimal] = mapped_column(Cents)


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (CheckConstraint("total_amount >= 0"),)  # finds: unnamed-check

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(  # finds: foreign-key-without-index
        ForeignKey("customers.id", ondelete="CASCADE"), nullable=False
    )
    total_amount: Mapped[float] = mapped_column(Float, nullable=False)  # finds: float-money
    shipping_cost = Column(Float)  # finds: float-money
    discount_rate = Column(Float)
    quantity = Column(Integer)


VAT = Decimal(0.19)  # finds: decimal-from-float
