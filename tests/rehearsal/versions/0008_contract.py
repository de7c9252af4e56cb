"""The old columns go: from here on only the new program runs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from safe_migrations import add_column, backfill, drop_not_null, keep_in_step, set_not_null, stop_keeping_in_step

revision, down_revision, branch_labels, depends_on = "0008", "0007", None, None

# A migration is history: it repeats what 0002 to 0004 said, and does not import them.
NEW_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "total_cents": sa.BigInteger(),
    "placed": sa.DateTime(timezone=True),
    "first_name": sa.String(200),
    "last_name": sa.String(200),
}
OLD_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "total": sa.Integer(),
    "placed_at": sa.DateTime(),
    "buyer": sa.String(200),
}


def steps() -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """For each trigger the new columns from the old ones, and the old ones from the new."""
    sqlite = op.get_context().dialect.name == "sqlite"
    space, zone = ("instr(buyer, ' ')", "") if sqlite else ("strpos(buyer, ' ')", " AT TIME ZONE 'UTC'")
    return {
        "orders_total": ({"total_cents": "CAST(total AS BIGINT)"}, {"total": "CAST(total_cents AS INTEGER)"}),
        "orders_placed": ({"placed": f"placed_at{zone}"}, {"placed_at": f"placed{zone}"}),
        "orders_names": (
            {
                "first_name": f"CASE {space} WHEN 0 THEN buyer ELSE substr(buyer, 1, {space} - 1) END",
                "last_name": f"CASE {space} WHEN 0 THEN '' ELSE substr(buyer, {space} + 1) END",
            },
            {"buyer": "CASE last_name WHEN '' THEN first_name ELSE first_name || ' ' || last_name END"},
        ),
    }


def upgrade() -> None:
    for column, type_ in NEW_COLUMNS.items():
        set_not_null("orders", column, type_)
    for name, (_, old) in steps().items():
        stop_keeping_in_step(name, "orders", drop=list(old))


def downgrade() -> None:
    for column, type_ in OLD_COLUMNS.items():
        add_column("orders", sa.Column(column, type_))
    for name, (new, old) in steps().items():
        keep_in_step(name, "orders", new=new, old=old)
        backfill("orders", old, where=" OR ".join(f"{column} IS NULL" for column in old))
    for column, type_ in OLD_COLUMNS.items():
        set_not_null("orders", column, type_)
    for column, type_ in NEW_COLUMNS.items():
        drop_not_null("orders", column, type_)
