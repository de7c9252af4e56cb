"""Use Numeric for money"""

import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    with op.batch_alter_table("accounts") as batch:
        batch.alter_column("balance", existing_type=sa.Float(), type_=sa.Numeric(12, 2), existing_nullable=False)
        batch.create_check_constraint("ck_balance_positive", "balance >= 0")
    with op.batch_alter_table("bookings") as batch:
        batch.alter_column("amount", existing_type=sa.Float(), type_=sa.Numeric(12, 2), existing_nullable=False)


def downgrade():
    with op.batch_alter_table("bookings") as batch:
        batch.alter_column("amount", existing_type=sa.Numeric(12, 2), type_=sa.Float(), existing_nullable=False)
    with op.batch_alter_table("accounts") as batch:
        batch.drop_constraint("ck_balance_positive", type_="check")
        batch.alter_column("balance", existing_type=sa.Numeric(12, 2), type_=sa.Float(), existing_nullable=False)
