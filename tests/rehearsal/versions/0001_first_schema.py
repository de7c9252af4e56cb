"""A shop as it was first built, with everything that its owners will regret."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0001", None, None, None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", Number, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(200)),
    )
    op.create_table(
        "orders",
        sa.Column("id", Number, primary_key=True),
        sa.Column("customer_id", Number, sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),  # too small for a large order in a small currency
        sa.Column("placed_at", sa.DateTime(), nullable=False),  # UTC by agreement, and the database does not know
        sa.Column("buyer", sa.String(200), nullable=False),  # first and last name in one
        sqlite_autoincrement=True,
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"])


def downgrade() -> None:
    op.drop_table("orders")
    op.drop_table("customers")
