"""Naive timestamps become aware: placed_at, UTC by agreement, becomes placed, whatever the server's time zone is."""

import sqlalchemy as sa
from alembic import op

from safe_migrations import add_column, backfill, keep_in_step, stop_keeping_in_step

revision, down_revision, branch_labels, depends_on = "0003", "0002", None, None


def new() -> dict[str, str]:
    return {"placed": "placed_at" if op.get_context().dialect.name == "sqlite" else "placed_at AT TIME ZONE 'UTC'"}


OLD = {"placed_at": "placed AT TIME ZONE 'UTC'"}


def upgrade() -> None:
    add_column("orders", sa.Column("placed", sa.DateTime(timezone=True)))
    keep_in_step("orders_placed", "orders", new=new(), old=OLD)
    backfill("orders", new(), where="placed IS NULL")


def downgrade() -> None:
    stop_keeping_in_step("orders_placed", "orders", drop=["placed"])
