"""The newest orders of a customer are found without reading the others."""

from safe_migrations import add_index, drop_index

revision, down_revision, branch_labels, depends_on = "0007", "0006", None, None


def upgrade() -> None:
    add_index("ix_orders_customer_id_placed", "orders", ["customer_id", "placed"])


def downgrade() -> None:
    drop_index("ix_orders_customer_id_placed", "orders")
