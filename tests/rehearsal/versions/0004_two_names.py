"""A column is split: buyer becomes first_name and last_name, at the first space."""

import sqlalchemy as sa
from alembic import op

from safe_migrations import add_column, backfill, keep_in_step, stop_keeping_in_step

revision, down_revision, branch_labels, depends_on = "0004", "0003", None, None


def new() -> dict[str, str]:
    space = "instr(buyer, ' ')" if op.get_context().dialect.name == "sqlite" else "strpos(buyer, ' ')"
    return {
        "first_name": f"CASE {space} WHEN 0 THEN buyer ELSE substr(buyer, 1, {space} - 1) END",
        "last_name": f"CASE {space} WHEN 0 THEN '' ELSE substr(buyer, {space} + 1) END",
    }


OLD = {"buyer": "CASE last_name WHEN '' THEN first_name ELSE first_name || ' ' || last_name END"}


def upgrade() -> None:
    add_column("orders", sa.Column("first_name", sa.String(200)))
    add_column("orders", sa.Column("last_name", sa.String(200)))
    keep_in_step("orders_names", "orders", new=new(), old=OLD)
    backfill("orders", new(), where="first_name IS NULL")


def downgrade() -> None:
    stop_keeping_in_step("orders_names", "orders", drop=["first_name", "last_name"])
