"""The first schema: users, categories, expenses, budgets and the transfers between budgets.

A migration is history: it names plain types and does not import the models, which will change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def owner() -> list[sa.Column[int] | sa.ForeignKeyConstraint]:
    return [
        sa.Column("user_id", Number, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    ]


def category(column: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id", column], ["categories.user_id", "categories.id"], ondelete=ondelete)


def whole_cents(table: str, at_least: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"amount {at_least} AND amount <= 999999999999 AND amount = CAST(amount AS BIGINT)",
        name=op.f(f"ck_{table}_amount"),
    )


def first_of_a_month(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("month IS date(month, 'start of month')", name=op.f(f"ck_{table}_month_is_a_date")).ddl_if(
            dialect="sqlite"
        ),
        sa.CheckConstraint("EXTRACT(DAY FROM month) = 1", name=op.f(f"ck_{table}_month_is_a_first_day")).ddl_if(
            dialect="postgresql"
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", Number, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("currency", sa.String(3)),
        sa.Column("created_at", Moment, nullable=False),
        sa.UniqueConstraint("email"),
        sa.CheckConstraint("length(email) BETWEEN 1 AND 254", name=op.f("ck_users_email")),
        sa.CheckConstraint("length(currency) = 3 AND currency = upper(currency)", name=op.f("ck_users_currency")),
    )
    op.create_table(
        "categories",
        sa.Column("id", Number, primary_key=True),
        *owner(),
        sa.Column("name", sa.String(100), nullable=False),
        sa.UniqueConstraint("user_id", "name"),
        sa.UniqueConstraint("user_id", "id"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_categories_name")),
    )
    op.create_table(
        "expenses",
        sa.Column("id", Number, primary_key=True),
        *owner(),
        sa.Column("category_id", Number, nullable=False),
        category("category_id"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.UniqueConstraint("user_id", "fingerprint"),
        whole_cents("expenses", "> 0"),
        sa.CheckConstraint("spent_on IS date(spent_on, '+0 days')", name=op.f("ck_expenses_spent_on_is_a_date")).ddl_if(
            dialect="sqlite"
        ),
        sa.CheckConstraint("length(description) <= 1000", name=op.f("ck_expenses_description")),
        sqlite_autoincrement=True,
    )
    op.create_index(None, "expenses", ["user_id", "category_id", "spent_on"])
    op.create_index(None, "expenses", ["user_id", "spent_on", "id"])
    op.create_table(
        "deleted_expenses",
        *owner(),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "fingerprint"),
    )
    op.create_table(
        "budgets",
        *owner(),
        sa.Column("category_id", Number, nullable=False),
        category("category_id", ondelete="CASCADE"),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "category_id", "month"),
        whole_cents("budgets", ">= 0"),
        *first_of_a_month("budgets"),
    )
    op.create_index(None, "budgets", ["user_id", "month"])
    op.create_table(
        "budget_transfers",
        sa.Column("id", Number, primary_key=True),
        *owner(),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("from_category_id", Number, nullable=False),
        category("from_category_id"),
        sa.Column("to_category_id", Number, nullable=False),
        category("to_category_id"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.UniqueConstraint("user_id", "request_key"),
        whole_cents("budget_transfers", "> 0"),
        *first_of_a_month("budget_transfers"),
        sa.CheckConstraint("from_category_id <> to_category_id", name=op.f("ck_budget_transfers_two_categories")),
    )
    op.create_index(None, "budget_transfers", ["user_id", "from_category_id"])
    op.create_index(None, "budget_transfers", ["user_id", "to_category_id"])


def downgrade() -> None:
    for table in ("budget_transfers", "budgets", "deleted_expenses", "expenses", "categories", "users"):
        op.drop_table(table)
