"""The index by day holds all that a report adds up, so that a report need not look at the rows.

The new one first, and each step beside the programs that read and write: there is always one that serves them.
"""

from safe_migrations import add_index, drop_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BY_DAY = ["user_id", "spent_on", "id"]


def upgrade() -> None:
    add_index("ix_expenses_user_id_spent_on_id_category_id_amount", "expenses", [*BY_DAY, "category_id", "amount"])
    drop_index("ix_expenses_user_id_spent_on_id", "expenses")


def downgrade() -> None:
    add_index("ix_expenses_user_id_spent_on_id", "expenses", BY_DAY)
    drop_index("ix_expenses_user_id_spent_on_id_category_id_amount", "expenses")
