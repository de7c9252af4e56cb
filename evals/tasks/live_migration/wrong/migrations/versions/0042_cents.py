"""Add total_cents"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade():
    op.add_column("orders", sa.Column("total_cents", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE orders SET total_cents = total * 100")
    op.create_index("ix_orders_total_cents", "orders", ["total_cents"])


def downgrade():
    op.drop_index("ix_orders_total_cents", table_name="orders")
    with op.batch_alter_table("orders") as batch:
        batch.drop_column("total_cents")
