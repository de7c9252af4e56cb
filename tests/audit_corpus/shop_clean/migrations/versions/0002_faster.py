"""Steps that others hardly notice."""

import sqlalchemy as sa
from alembic import op
from safe_migrations import add_column, add_index, backfill, set_not_null

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table("couriers", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
    op.create_index("ix_couriers_name", "couriers", ["name"])
    add_column("orders", sa.Column("state", sa.String(20)))
    backfill("orders", {"state": "'new'"}, where="state IS NULL")
    set_not_null("orders", "state", sa.String(20))
    add_index("ix_orders_state", "orders", ["state"])
    op.execute("UPDATE settings SET value = 'on' WHERE name = 'states'")
    op.alter_column("orders", "note", type_=sa.Text(), existing_type=sa.String(200))


def downgrade() -> None:
    op.drop_column("orders", "state")
    op.drop_table("couriers")
