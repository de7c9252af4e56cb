from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base, relationship
from sqlalchemy.types import TypeDecorator

Base = declarative_base()


class Cents(TypeDecorator):
    """Decimal with two places, kept as whole cents."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else int(Decimal(value).scaleb(2))

    def process_result_value(self, value, dialect):
        return None if value is None else Decimal(int(value)).scaleb(-2)


class Account(Base):
    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("balance >= 0", name="ck_accounts_balance"),)

    id = Column(Integer, primary_key=True)
    owner = Column(String(100), nullable=False)
    balance = Column(Cents, nullable=False, default=0, server_default="0")
    bookings = relationship("Booking", back_populates="account", passive_deletes=True)


class Booking(Base):
    __tablename__ = "bookings"

    id = Column(Integer, primary_key=True)
    account_id = Column(Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False)
    amount = Column(Cents, nullable=False)
    text = Column(String(200), nullable=False)
    account = relationship("Account", back_populates="bookings")
