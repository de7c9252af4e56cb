"""What release 41 has"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = None


def upgrade():
    op.create_table(
        "orders",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
    )
    op.create_table(
        "order_lines",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_number", sa.Integer, sa.ForeignKey("orders.number", ondelete="CASCADE"), nullable=False),
        sa.Column("article", sa.String(50), nullable=False),
    )


def downgrade():
    op.drop_table("order_lines")
    op.drop_table("orders")
