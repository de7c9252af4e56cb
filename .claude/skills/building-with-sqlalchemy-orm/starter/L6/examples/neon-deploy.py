"""Lesson 6: the same work on PostgreSQL, wherever DATABASE_URL leads. It needs a PostgreSQL.

    python neon-deploy.py

It makes the table first_expenses, and takes it away at the end.
"""

import sys
from decimal import Decimal

from sqlalchemy import String, func, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, create_database_engine, database_url, migration_url, run_transaction, transaction


class FirstExpense(Base):
    __tablename__ = "first_expenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal]


def main() -> None:
    if database_url().get_backend_name() != "postgresql":
        sys.exit("Set DATABASE_URL to the address of a PostgreSQL first")
    direct = create_database_engine(migration_url(), connections=1)  # past the pooler, as a migration would
    if inspect(direct).has_table(FirstExpense.__tablename__):
        sys.exit("There is a table first_expenses already. Nothing was done")
    Base.metadata.create_all(direct)
    engine = create_database_engine()
    try:
        run_transaction(engine, lambda session: session.add(FirstExpense(description="Lunch", amount=Decimal("12.50"))))
        with transaction(engine, read_only=True) as session:
            print("saved on PostgreSQL:", session.scalar(select(func.sum(FirstExpense.amount))))
    finally:
        engine.dispose()
        Base.metadata.drop_all(direct)
        direct.dispose()


if __name__ == "__main__":
    main()
