import os
from datetime import timezone

from sqlalchemy import Column, DateTime, Integer, String, create_engine
from sqlalchemy.orm import declarative_base, sessionmaker
from sqlalchemy.types import TypeDecorator

Base = declarative_base()
engine = create_engine(os.environ.get("DATABASE_URL", "sqlite://"))
SessionLocal = sessionmaker(bind=engine)


class AwareTime(TypeDecorator):
    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is not None:
            assert value.tzinfo, "naive"
            value = value.astimezone(timezone.utc).replace(tzinfo=None)
        return value

    def process_result_value(self, value, dialect):
        return value and value.replace(tzinfo=timezone.utc)


class Category(Base):
    __tablename__ = "tbl_category"
    category_id = Column(Integer, primary_key=True)
    label = Column(String(30), nullable=False, unique=True)


class Expense(Base):
    __tablename__ = "tbl_expense"
    expense_id = Column(Integer, primary_key=True)
    cents = Column(Integer, nullable=False)
    label = Column(String(30), nullable=False)
    when = Column("paid_when", AwareTime(), nullable=False)


if __name__ == "__main__":
    Base.metadata.create_all(engine)
    session = SessionLocal()
    session.add(Category(label="Food"))
    session.commit()
    print(session.query(Category).count(), "category")
    session.close()
    Base.metadata.drop_all(engine)
