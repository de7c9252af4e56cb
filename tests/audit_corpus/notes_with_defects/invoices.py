"""Invoices beside the notes."""

from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base


class Invoice(Base):
    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    total_amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))  # finds: numeric-money-on-sqlite
    vat_rate: Mapped[Decimal] = mapped_column(Numeric(5, 4))


def pay(session, number: int, amount: Decimal) -> None:
    invoice = session.get(Invoice, number, with_for_update=True)  # finds: row-lock-on-sqlite
    invoice.total_amount -= amount
