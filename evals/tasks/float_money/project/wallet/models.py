from sqlalchemy import Column, Float, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()


class Account(Base):
    __tablename__ = "accounts"

    id = Column(Integer, primary_key=True)
    owner = Column(String(100), nullable=False)
    balance = Column(Float, nullable=False, default=0, server_default="0")
    bookings = relationship("Booking", back_populates="account", passive_deletes=True)


class Booking(Base):
    __tablename__ = "bookings"

    id = Column(Integer, primary_key=True)
    account_id = Column(Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False)
    amount = Column(Float, nullable=False)
    text = Column(String(200), nullable=False)
    account = relationship("Account", back_populates="bookings")
