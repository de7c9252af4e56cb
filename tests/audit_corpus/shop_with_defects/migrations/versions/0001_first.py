"""History: it has run everywhere, and is judged no more."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index("ix_customers_name", "customers", ["name"])


def downgrade() -> None:
    op.drop_table("orders")
