from datetime import date

from sqlalchemy import Column, Connection, Date, Integer, MetaData, String, Table, create_engine, delete, insert
from sqlalchemy import select, update

metadata = MetaData()
expenses = Table(
    "expenses", metadata,
    Column("id", Integer, primary_key=True),
    Column("what", String, nullable=False),
    Column("amount_cents", Integer, nullable=False),
    Column("category", String, nullable=False, default=""),
    Column("spent_on", Date, nullable=False),
)


def create_expense(connection: Connection, what: str, amount_cents: int, category: str = "", spent_on: date = date(2026, 1, 1)) -> int:
    result = connection.execute(
        insert(expenses).values(what=what, amount_cents=amount_cents, category=category, spent_on=spent_on)
    )
    return result.inserted_primary_key[0]


def read_expenses(connection: Connection, category: str | None = None, limit: int | None = None):
    query = select(expenses).order_by(expenses.c.id).limit(limit)
    if category is not None:
        query = query.where(expenses.c.category == category)
    return connection.execute(query).mappings().all()


def update_expense(connection: Connection, id: int, **values) -> None:
    connection.execute(update(expenses).where(expenses.c.id == id).values(**values))


def delete_expense(connection: Connection, id: int) -> bool:
    return connection.execute(delete(expenses).where(expenses.c.id == id)).rowcount == 1


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        create_expense(connection, "Tea", 190)
        print(read_expenses(connection))
