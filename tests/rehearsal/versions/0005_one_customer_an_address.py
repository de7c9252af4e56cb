"""Customers with the same address are merged into the first of them; an archive keeps what they were."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from safe_migrations import add_index, commit, drop_index, short_lock

revision, down_revision, branch_labels, depends_on = "0005", "0004", None, None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

DUPLICATES = """
    SELECT id, (SELECT min(id) FROM customers AS first WHERE first.email = customers.email) AS kept_id, name, email
    FROM customers
    WHERE EXISTS (SELECT 1 FROM customers AS first WHERE first.email = customers.email AND first.id < customers.id)
"""

# An order for a customer who is merged at this moment waits for the end of it, and goes to the one who is left.
FOLLOW = {
    "postgresql": [
        """CREATE OR REPLACE FUNCTION follow_merged_customer() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM customers WHERE id = NEW.customer_id FOR KEY SHARE;
            IF NOT FOUND THEN
                NEW.customer_id := coalesce(
                    (SELECT kept_id FROM merged_customers WHERE id = NEW.customer_id), NEW.customer_id);
            END IF;
            RETURN NEW;
        END $$""",
        "CREATE OR REPLACE TRIGGER follow_merged_customer BEFORE INSERT ON orders"
        " FOR EACH ROW EXECUTE FUNCTION follow_merged_customer()",
    ],
    "sqlite": [
        """CREATE TRIGGER follow_merged_customer AFTER INSERT ON orders
        WHEN EXISTS (SELECT 1 FROM merged_customers WHERE id = NEW.customer_id)
        BEGIN
            UPDATE orders SET customer_id = (SELECT kept_id FROM merged_customers WHERE id = NEW.customer_id)
            WHERE id = NEW.id;
        END""",
    ],
}


def upgrade() -> None:
    op.create_table(
        "merged_customers",
        sa.Column("id", Number, primary_key=True),
        sa.Column("kept_id", Number, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(200)),
        if_not_exists=True,
    )
    op.create_table(
        "moved_orders",
        sa.Column("order_id", Number, primary_key=True),
        sa.Column("customer_id", Number, nullable=False),
        if_not_exists=True,
    )
    op.create_table("made_up_emails", sa.Column("customer_id", Number, primary_key=True), if_not_exists=True)
    with short_lock("orders"):
        for statement in FOLLOW[op.get_context().dialect.name]:
            op.execute(sa.text(statement.replace(":=", r"\:=")))
    add_index("ix_customers_email", "customers", ["email"])
    merge_duplicates()
    make_up_missing_addresses()


def merge_duplicates() -> None:
    while ids := op.get_bind().scalars(sa.text(f"SELECT id FROM ({DUPLICATES}) AS found ORDER BY id LIMIT 100")).all():
        commit()
        run("SELECT id FROM customers WHERE id IN :ids ORDER BY id" + for_update(), ids=ids)
        run(f"INSERT INTO merged_customers (id, kept_id, name, email) {DUPLICATES} AND id IN :ids", ids=ids)
        run("INSERT INTO moved_orders SELECT id, customer_id FROM orders WHERE customer_id IN :ids", ids=ids)
        run(
            "UPDATE orders SET customer_id = (SELECT kept_id FROM merged_customers WHERE id = orders.customer_id)"
            " WHERE customer_id IN :ids",
            ids=ids,
        )
        run("DELETE FROM customers WHERE id IN :ids", ids=ids)
        commit()


def make_up_missing_addresses() -> None:
    while ids := op.get_bind().scalars(sa.text("SELECT id FROM customers WHERE email IS NULL LIMIT 1000")).all():
        commit()
        run("INSERT INTO made_up_emails SELECT id FROM customers WHERE id IN :ids", ids=ids)
        run("UPDATE customers SET email = 'nobody-' || id || '@shop.invalid' WHERE id IN :ids", ids=ids)
        commit()


def downgrade() -> None:
    with short_lock("orders"):
        op.execute("DROP TRIGGER IF EXISTS follow_merged_customer" + ("" if is_sqlite() else " ON orders"))
    if not is_sqlite():
        op.execute("DROP FUNCTION IF EXISTS follow_merged_customer()")
    op.execute("UPDATE customers SET email = NULL WHERE id IN (SELECT customer_id FROM made_up_emails)")
    op.execute("DELETE FROM made_up_emails")
    commit()
    while ids := op.get_bind().scalars(sa.text("SELECT id FROM merged_customers ORDER BY id LIMIT 100")).all():
        run(
            "INSERT INTO customers (id, name, email) SELECT id, name, email FROM merged_customers WHERE id IN :ids",
            ids=ids,
        )
        moved = "FROM moved_orders WHERE customer_id IN :ids"
        run(
            "UPDATE orders SET customer_id = (SELECT customer_id FROM moved_orders WHERE order_id = orders.id)"
            f" WHERE id IN (SELECT order_id {moved})",
            ids=ids,
        )
        run(f"DELETE {moved}", ids=ids)
        run("DELETE FROM merged_customers WHERE id IN :ids", ids=ids)
        commit()
    drop_index("ix_customers_email", "customers")
    for table in ("made_up_emails", "moved_orders", "merged_customers"):
        op.drop_table(table, if_exists=True)


def run(statement: str, ids: Sequence[int]) -> None:
    op.get_bind().execute(sa.text(statement).bindparams(sa.bindparam("ids", expanding=True)), {"ids": ids})


def for_update() -> str:
    return "" if is_sqlite() else " FOR UPDATE"


def is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"
