"""Keys that are made here, and a result of objects."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    uid: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)


class Category(Base):
    __tablename__ = "categories"
    uid: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_uid: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.uid))
    title: Mapped[str]
    items: Mapped[list["Expense"]] = relationship(back_populates="category", cascade="all, delete-orphan")
    owner: Mapped[User] = relationship()


class Expense(Base):
    __tablename__ = "expenses"
    uid: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    category_uid: Mapped[uuid.UUID] = mapped_column(ForeignKey(Category.uid))
    cost: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    category: Mapped[Category] = relationship(back_populates="items")


@dataclass
class Spent:
    category: str
    times: int
    total: Decimal


def spending_by_category(session: Session, user: User) -> list[Spent]:
    statement = (
        select(Category.title, func.count(), func.sum(Expense.cost))
        .join(Category.items)
        .join(Category.owner)
        .where(User.uid == user.uid)
        .group_by(Category.uid, Category.title)
    )
    return [Spent(*row) for row in session.execute(statement)]


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        ann = User(uid=uuid.uuid4(), email="ann@example.org")
        session.add_all([ann, Category(owner=ann, title="Food", items=[Expense(cost=Decimal("2.50"))])])
        session.commit()
        print(spending_by_category(session, ann)[0].total)
