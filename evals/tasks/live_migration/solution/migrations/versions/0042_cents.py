"""Cents beside the euros, and each in step with the other"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

BATCH = 5000
INDEX = "ix_orders_total_cents"

IN_STEP = """
CREATE OR REPLACE FUNCTION orders_in_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.total_cents := coalesce(NEW.total_cents, NEW.total::bigint * 100);
    ELSIF NEW.total_cents IS NOT DISTINCT FROM OLD.total_cents AND NEW.total <> OLD.total THEN
        NEW.total_cents := NEW.total::bigint * 100;
    END IF;
    RETURN NEW;
END $$
"""

SQLITE = (
    """CREATE TRIGGER orders_in_step_insert AFTER INSERT ON orders WHEN NEW.total_cents IS NULL BEGIN
        UPDATE orders SET total_cents = NEW.total * 100 WHERE number = NEW.number; END""",
    """CREATE TRIGGER orders_in_step_update AFTER UPDATE OF total ON orders
        WHEN NEW.total <> OLD.total AND NEW.total_cents IS OLD.total_cents BEGIN
        UPDATE orders SET total_cents = NEW.total * 100 WHERE number = NEW.number; END""",
)


def upgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.add_column("orders", sa.Column("total_cents", sa.BigInteger))
        op.execute("UPDATE orders SET total_cents = total * 100")
        for trigger in SQLITE:
            op.execute(trigger)
        op.create_index(INDEX, "orders", ["total_cents"])
        return
    # Each step commits, and looks at what is there: a run that broke off goes on.
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS total_cents bigint")
        op.execute(IN_STEP)
        op.execute(
            "CREATE OR REPLACE TRIGGER orders_in_step BEFORE INSERT OR UPDATE ON orders"
            " FOR EACH ROW EXECUTE FUNCTION orders_in_step()"
        )
        backfill()
        invalid = sa.text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
        if op.get_bind().scalar(invalid, {"name": INDEX}):
            op.execute(f"DROP INDEX CONCURRENTLY {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON orders (total_cents)")


def backfill():
    update = sa.text(
        "UPDATE orders SET total_cents = total::bigint * 100 WHERE total_cents IS NULL"
        " AND number IN (SELECT number FROM orders WHERE number > :last ORDER BY number LIMIT :batch)"
    )
    upto = sa.text(
        "SELECT max(number) FROM (SELECT number FROM orders WHERE number > :last ORDER BY number LIMIT :batch) AS batch"
    )
    last = -1
    while last is not None:
        place = {"last": last, "batch": BATCH}
        op.get_bind().execute(update, place)
        last = op.get_bind().scalar(upto, place)


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER orders_in_step_insert")
        op.execute("DROP TRIGGER orders_in_step_update")
        op.drop_index(INDEX, "orders")
        op.drop_column("orders", "total_cents")
        return
    with op.get_context().autocommit_block():
        op.execute("DROP TRIGGER IF EXISTS orders_in_step ON orders")
        op.execute("DROP FUNCTION IF EXISTS orders_in_step")
        op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS total_cents")
