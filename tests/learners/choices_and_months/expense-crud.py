"""The categories are an Enum, and a moment stands for the day."""

import datetime
import decimal
import enum

import sqlalchemy as sa
from sqlalchemy import orm


class Kind(enum.Enum):
    FOOD = "food"
    TRAVEL = "travel"
    OTHER = "other"


class Cents(sa.TypeDecorator):
    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else int(value.scaleb(2))

    def process_result_value(self, value, dialect):
        return None if value is None else decimal.Decimal(value).scaleb(-2)


class Base(orm.DeclarativeBase):
    type_annotation_map = {decimal.Decimal: Cents}


class Expense(Base):
    __tablename__ = "expenses"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    label: orm.Mapped[str]
    kind: orm.Mapped[Kind]
    currency: orm.Mapped[str] = orm.mapped_column(sa.String(3), sa.CheckConstraint("length(currency) = 3"))
    paid_at: orm.Mapped[datetime.datetime]
    amount: orm.Mapped[decimal.Decimal]


def create_expense(
    session: orm.Session,
    label: str,
    amount: decimal.Decimal,
    currency: str,
    paid_at: datetime.datetime,
    category: Kind = Kind.OTHER,
) -> "Expense":
    with session.begin_nested():
        expense = Expense(label=label, kind=category, amount=amount, currency=currency, paid_at=paid_at)
        session.add(expense)
    return expense


def read_expenses(session: orm.Session, category: Kind | None = None, limit: int = 100) -> "list[Expense]":
    query = sa.select(Expense).limit(limit)
    return list(session.scalars(query if category is None else query.filter_by(kind=category)))


def update_expense(session: orm.Session, expense_id: int, field: str, value: object) -> bool:
    expense = session.get(Expense, expense_id)
    if expense is None:
        return False
    setattr(expense, field, value)
    return True


def delete_expense(session: orm.Session, expense_id: int) -> int:
    return session.execute(sa.delete(Expense).filter_by(id=expense_id)).rowcount


if __name__ == "__main__":
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        print(len(read_expenses(session)), "expenses")
