"""Every customer has an address, and no two the same."""

import sqlalchemy as sa

from safe_migrations import add_index, add_unique, drop_constraint, drop_index, drop_not_null, set_not_null

revision, down_revision, branch_labels, depends_on = "0006", "0005", None, None


def upgrade() -> None:
    set_not_null("customers", "email", sa.String(200))
    add_unique("uq_customers_email", "customers", ["email"])
    drop_index("ix_customers_email", "customers")


def downgrade() -> None:
    add_index("ix_customers_email", "customers", ["email"])
    drop_constraint("uq_customers_email", "customers")
    drop_not_null("customers", "email", sa.String(200))
