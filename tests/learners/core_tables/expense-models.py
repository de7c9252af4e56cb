from sqlalchemy import (
    CheckConstraint, Column, Date, ForeignKey, Integer, MetaData, String, Table, create_engine, insert, select
)

metadata = MetaData()

categories = Table(
    "categories", metadata,
    Column("name", String(40), nullable=False, unique=True),
    Column("id", Integer, primary_key=True),
)
expenses = Table(
    "expenses", metadata,
    Column("id", Integer, primary_key=True),
    Column("category_id", ForeignKey("categories.id"), nullable=False),
    Column("amount_cents", Integer, CheckConstraint("amount_cents > 0"), nullable=False),
    Column("spent_on", Date, nullable=False),
)


def main():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(categories).values(name="Food"))
    with engine.connect() as connection:
        print(connection.execute(select(categories.c.name)).scalars().all())


if __name__ == "__main__":
    main()
