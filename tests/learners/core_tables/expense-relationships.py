from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, create_engine, event, func, select

metadata = MetaData()
users = Table("users", metadata, Column("id", Integer, primary_key=True), Column("login", String, nullable=False))
# An expense has no user of its own: it is that of its category.
categories = Table(
    "categories", metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
)
expenses = Table(
    "expenses", metadata,
    Column("id", Integer, primary_key=True),
    Column("category_id", Integer, ForeignKey("categories.id", ondelete="CASCADE"), nullable=False),
    Column("cents", Integer, nullable=False),
)


def spending_by_category(session, owner_id):
    query = (
        select(categories.c.name, func.sum(expenses.c.cents))
        .select_from(categories.join(expenses))
        .where(categories.c.user_id == owner_id)
        .group_by(categories.c.id, categories.c.name)
    )
    return dict(session.execute(query).tuples().all())


if __name__ == "__main__":
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    metadata.create_all(engine)
    print(sorted(metadata.tables))
