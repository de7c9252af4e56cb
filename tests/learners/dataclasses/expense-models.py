import datetime as dt
import os
from decimal import Decimal
from typing import Optional

from sqlalchemy import Integer, create_engine, types
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column


class Euro(types.TypeDecorator):
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if isinstance(value, float):
            raise TypeError("no floats")
        return None if value is None else int(Decimal(value) * 100)

    def process_result_value(self, value, dialect):
        return None if value is None else Decimal(value) / Decimal(100)


class Epoch(types.TypeDecorator):
    """Seconds since 1970."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is not None and value.tzinfo is None:
            raise TypeError("which zone?")
        return None if value is None else int(value.timestamp())

    def process_result_value(self, value, dialect):
        return None if value is None else dt.datetime.fromtimestamp(value, dt.timezone.utc)


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "category"
    title: Mapped[str] = mapped_column(unique=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)


class Expense(Base):
    __tablename__ = "expense"
    price: Mapped[Decimal] = mapped_column(Euro)
    title: Mapped[str]
    happened: Mapped[dt.datetime] = mapped_column(Epoch)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    note: Mapped[Optional[str]] = mapped_column(default=None)


if __name__ == "__main__":
    engine = create_engine(os.getenv("DATABASE_URL") or "sqlite:///:memory:")
    Base.metadata.create_all(engine)
    with Session(engine) as s:
        s.add(Expense(Decimal("1.10"), "Coffee", dt.datetime.now(dt.timezone.utc)))
        s.commit()
    print("saved")
