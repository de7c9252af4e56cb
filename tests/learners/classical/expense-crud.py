import os
from datetime import date

from sqlalchemy import Column, Date, Integer, String, create_engine
from sqlalchemy.orm import declarative_base, sessionmaker

Base = declarative_base()
engine = create_engine(os.environ.get("DATABASE_URL", "sqlite://"))
SessionLocal = sessionmaker(bind=engine)


class Expense(Base):
    __tablename__ = "tbl_expense"
    expense_id = Column(Integer, primary_key=True)
    cents = Column(Integer, nullable=False)
    category = Column(String(30))
    label = Column(String(30), nullable=False)
    day = Column(Date, nullable=False)


def create_expense(db, label, cents, day, category=None):
    row = Expense(label=label, cents=cents, day=day, category=category)
    db.add(row)
    db.flush()
    return row.expense_id


def read_expenses(db, **filters):
    return db.query(Expense).filter_by(**filters).order_by(Expense.expense_id).all()


def update_expense(db, expense_id, **changes):
    db.query(Expense).filter(Expense.expense_id == expense_id).update(changes)


def delete_expense(db, expense_id):
    row = db.get(Expense, expense_id)
    if row is None:
        return False
    db.delete(row)
    return True


def main():
    Base.metadata.create_all(engine)
    db = SessionLocal()
    create_expense(db, "Tea", 190, date(2026, 1, 2))
    db.commit()
    print(len(read_expenses(db)))
    db.close()
    Base.metadata.drop_all(engine)


if __name__ == "__main__":
    main()
