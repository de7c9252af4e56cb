import os

from sqlalchemy import BigInteger, ForeignKey, String, create_engine, event, make_url, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///orders.db")
if url.get_backend_name() == "postgresql":
    url = url.set(drivername="postgresql+psycopg2")
engine = create_engine(url)
if url.get_backend_name() == "sqlite":
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    number: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]  # release 41's; release 43 drops it
    total_cents: Mapped[int | None] = mapped_column(BigInteger, index=True)
    note: Mapped[str] = mapped_column(String(200))


class OrderLine(Base):
    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[int] = mapped_column(ForeignKey("orders.number", ondelete="CASCADE"))
    article: Mapped[str] = mapped_column(String(50))


def add_order(amount, note=""):
    with Session(engine) as session, session.begin():
        order = Order(total=amount // 100, total_cents=amount, note=note)
        session.add(order)
        session.flush()
        return order.number


def change_amount(number, amount):
    with Session(engine) as session, session.begin():
        order = session.get_one(Order, number)
        order.total, order.total_cents = amount // 100, amount


def change_note(number, note):
    with Session(engine) as session, session.begin():
        session.get_one(Order, number).note = note


def orders():
    with Session(engine) as session:
        found = session.scalars(select(Order).order_by(Order.number))
        return [(order.number, order.total_cents, order.note) for order in found]
