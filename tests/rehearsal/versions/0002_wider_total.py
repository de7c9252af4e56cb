"""A type is changed: total (INTEGER) becomes total_cents (BIGINT)."""

import sqlalchemy as sa

from safe_migrations import add_check, add_column, backfill, drop_constraint, keep_in_step, stop_keeping_in_step

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None

NEW = {"total_cents": "CAST(total AS BIGINT)"}
OLD = {"total": "CAST(total_cents AS INTEGER)"}


def upgrade() -> None:
    add_column("orders", sa.Column("total_cents", sa.BigInteger()))
    keep_in_step("orders_total", "orders", new=NEW, old=OLD)
    backfill("orders", NEW, where="total_cents IS NULL")
    add_check("ck_orders_total_cents", "orders", "total_cents >= 0")


def downgrade() -> None:
    drop_constraint("ck_orders_total_cents", "orders")
    stop_keeping_in_step("orders_total", "orders", drop=["total_cents"])
