"""A search form of each description, and transfers that outlive their categories."""

import unicodedata

import sqlalchemy as sa
from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROWS_AT_A_TIME = 5000
expenses = sa.table(
    "expenses", sa.column("id", Number), sa.column("description", sa.String), sa.column("search_text", sa.Text)
)


def upgrade() -> None:
    op.add_column("expenses", sa.Column("search_text", sa.Text()))
    if context.is_offline_mode():  # statements on paper cannot call Python: lower() differs for a few letters
        op.execute(expenses.update().values(search_text=sa.func.lower(expenses.c.description)))
    else:
        fill_search_text(op.get_bind())
    with op.batch_alter_table("expenses", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("search_text", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("budget_transfers") as table:
        table.alter_column("from_category_id", existing_type=Number, nullable=True)
        table.alter_column("to_category_id", existing_type=Number, nullable=True)


def fill_search_text(connection: sa.Connection) -> None:
    """In steps by the primary key, so that a million rows need no more memory than a thousand."""
    update = expenses.update().where(expenses.c.id == sa.bindparam("number")).values(search_text=sa.bindparam("folded"))
    last = 0
    while rows := connection.execute(
        sa.select(expenses.c.id, expenses.c.description)
        .where(expenses.c.id > last)
        .order_by(expenses.c.id)
        .limit(ROWS_AT_A_TIME)
    ).all():
        connection.execute(update, [{"number": number, "folded": fold(text)} for number, text in rows])
        last = rows[-1][0]


def fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def downgrade() -> None:
    # The first schema has no place for a transfer whose category is gone.
    op.execute("DELETE FROM budget_transfers WHERE from_category_id IS NULL OR to_category_id IS NULL")
    with op.batch_alter_table("budget_transfers") as table:
        table.alter_column("from_category_id", existing_type=Number, nullable=False)
        table.alter_column("to_category_id", existing_type=Number, nullable=False)
    with op.batch_alter_table("expenses", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("search_text")
