"""Amounts in whole cents"""

import sqlalchemy as sa
from alembic import op

revision = "a2"
down_revision = "a1"

COLUMNS = (("accounts", "balance", "0"), ("bookings", "amount", None))


def change(kind, before, expression):
    for table, column, default in COLUMNS:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
            new = kind.compile(dialect=op.get_bind().dialect)
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {new} USING {expression.format(column)}")
            if default:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}")
        else:
            op.execute(f"UPDATE {table} SET {column} = {expression.format(column)}")
            with op.batch_alter_table(table) as batch:
                batch.alter_column(column, existing_type=before, type_=kind, existing_nullable=False)


def upgrade():
    change(sa.BigInteger(), sa.Float(), "CAST(round({} * 100) AS BIGINT)")
    with op.batch_alter_table("accounts") as batch:
        batch.create_check_constraint("ck_accounts_balance", "balance >= 0")


def downgrade():
    with op.batch_alter_table("accounts") as batch:
        batch.drop_constraint("ck_accounts_balance", type_="check")
    change(sa.Float(), sa.BigInteger(), "{} / 100.0")
