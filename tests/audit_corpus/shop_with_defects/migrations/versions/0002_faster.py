"""Everything at once."""

from typing import Union

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: Union[str, None] = "0001"


def upgrade() -> None:
    op.add_column("orders", sa.Column("state", sa.String(20), nullable=False))  # finds: new-column-without-a-value
    op.create_index("ix_orders_state", "orders", ["state"])  # finds: index-that-stops-writers
    op.create_index(  # finds: concurrently-in-a-transaction
        "ix_orders_paid", "orders", ["paid_at"], postgresql_concurrently=True
    )
    op.execute("UPDATE orders SET cents = total_amount * 100")  # finds: one-update-of-all-rows
    op.alter_column("orders", "cents", existing_type=sa.Integer(), nullable=False)  # finds: not-null-at-once
    op.alter_column("orders", "total", type_=sa.Numeric(12, 2), existing_type=sa.Float())  # finds: table-written-anew
    op.alter_column(  # finds: moments-reread-in-another-zone
        "orders", "created_at", type_=sa.DateTime(timezone=True), existing_type=sa.DateTime()
    )
    op.create_foreign_key(  # finds: constraint-read-under-lock
        "fk_orders_customer_id", "orders", "customers", ["customer_id"], ["id"]
    )
    op.drop_column("orders", "euros")  # finds: dropped-while-it-is-used
    op.alter_column("customers", "name", new_column_name="full_name")  # finds: renamed-while-it-is-used


def downgrade() -> None:
    op.drop_column("orders", "state")
