from decimal import Decimal

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, String, UniqueConstraint, create_engine, func
from sqlalchemy.orm import backref, declarative_base, relationship, sessionmaker

Base = declarative_base()


class User(Base):
    __tablename__ = "user"
    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    categories = relationship("Category", backref="user", cascade="all, delete-orphan", passive_deletes=True)


class Category(Base):
    __tablename__ = "category"
    user_id = Column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    expenses = relationship("Expense", backref=backref("category"), cascade="all, delete-orphan", passive_deletes=True)
    __table_args__ = (UniqueConstraint("user_id", "name"),)


class Expense(Base):
    __tablename__ = "expense"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, nullable=False)
    category_id = Column(Integer, nullable=False)
    cents = Column(Integer, nullable=False)
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "category_id"], ["category.user_id", "category.id"], ondelete="CASCADE"),
    )


def spending_by_category(session, user):
    rows = (
        session.query(Category.name, func.sum(Expense.cents))
        .join(Expense)
        .filter(Category.user_id == user.id)
        .group_by(Category.name)
    )
    return {name: Decimal(cents) for name, cents in rows}


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with sessionmaker(engine)() as session:
        session.add(User(name="Ann", categories=[Category(id=1, name="Food")]))
        session.commit()
        print(session.query(Category).one().user.name)
