"""The shop does not notice the migration, and both releases run on its rows."""

import filecmp
import sys
import time
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import NotOk, Place, Running, check_result, claim, expect, expect_equal

PROJECT = Path(__file__).parent / "project"
LONGEST_WAIT = 2.0  # seconds
UPGRADE = ("python", "-m", "alembic", "upgrade", "head")


def prepare(place: Place) -> None:
    place.alembic("upgrade", "0041").expect_success()
    place.sql("INSERT INTO orders (number, total, note) VALUES (?, ?, ?)", [(1001, 12, "old"), (1002, 700, "")])
    place.sql(
        "INSERT INTO order_lines (id, order_number, article) VALUES (?, ?, ?)", [(1, 1001, "Tea"), (2, 1002, "Cup")]
    )


def upgrade(place: Place) -> None:
    place.run(*UPGRADE).expect_success()


def release(place: Place, module: str, call: str) -> object:
    return place.call(f"import {module}\nreturn {module}.{call}")


def old(place: Place, call: str) -> object:
    return release(place, "orders_41", call)


def new(place: Place, call: str) -> object:
    return release(place, "orders", call)


def amount(place: Place, module: str, number: object) -> int:
    found = place.call(f"import {module}\nreturn {module}.orders()")
    return int(next(total for order, total, _ in found if order == number))


def the_shop_writes(place: Place, note: str) -> None:
    """An order of release 41, in time."""
    began = time.monotonic()
    with place.connected() as cursor:
        cursor.execute(f"SET statement_timeout = {round(LONGEST_WAIT * 1000)}")
        try:
            cursor.execute("INSERT INTO orders (total, note) VALUES (1, %s)", (note,))
        except psycopg2.errors.QueryCanceled:
            raise NotOk(f"the shop waited {time.monotonic() - began:.1f} s to write an order") from None


@claim("every order has its amount in cents, and the warehouse its lines")
def rows(place: Place) -> None:
    upgrade(place)
    expect_equal(new(place, "orders()"), [[1001, 1200, "old"], [1002, 70000, ""]], "orders of release 42")
    expect_equal(place.sql("SELECT id, order_number FROM order_lines ORDER BY id"), [(1, 1001), (2, 1002)], "lines")
    place.sql("DELETE FROM orders WHERE number = 1001")
    expect_equal(place.sql("SELECT id FROM order_lines"), [(2,)], "lines after an order was deleted")


@claim("what release 41 writes after the migration, release 42 reads")
def old_writes(place: Place) -> None:
    upgrade(place)
    number = old(place, "add_order(30, 'by 41')")
    expect_equal(amount(place, "orders", number), 3000, "an order of release 41")
    old(place, "change_amount(1001, 15)")
    expect_equal(amount(place, "orders", 1001), 1500, "an amount that release 41 changed")


@claim("what release 42 writes, release 41 reads in whole euros")
def new_writes(place: Place) -> None:
    upgrade(place)
    number = new(place, "add_order(1250, 'by 42')")
    expect_equal(amount(place, "orders", number), 1250, "in release 42")
    expect_equal(amount(place, "orders_41", number), 12, "in release 41")
    new(place, "change_amount(1002, 5_000_000_099)")
    expect_equal(amount(place, "orders", 1002), 5_000_000_099, "a large amount in release 42")
    expect_equal(amount(place, "orders_41", 1002), 50_000_000, "a large amount in release 41")


@claim("the cents of an order stay when release 41 changes its note, and go when it changes the amount")
def cents_stay(place: Place) -> None:
    upgrade(place)
    number = new(place, "add_order(1250)")
    old(place, f"change_note({number}, 'seen by 41')")
    expect_equal(amount(place, "orders", number), 1250, "after the note")
    old(place, f"change_amount({number}, 13)")
    expect_equal(amount(place, "orders", number), 1300, "after the amount")


@claim("the way back leaves release 41 what it had and what was ordered since")
def way_back(place: Place) -> None:
    upgrade(place)
    number = new(place, "add_order(1250, 'by 42')")
    place.alembic("downgrade", "0041").expect_success()
    expect_equal(old(place, "orders()"), sorted([[1001, 12, "old"], [1002, 700, ""], [number, 12, "by 42"]]), "orders")
    expect_equal(place.sql("SELECT count(*) FROM order_lines"), [(2,)], "lines")
    old(place, "add_order(5)")
    upgrade(place)
    expect_equal(amount(place, "orders", 1002), 70000, "after the second upgrade")


@claim(
    "while a report keeps its transaction open, the shop writes, and the migration gets there in the end",
    only="postgresql",
)
def long_report(place: Place) -> None:
    with place.connected(autocommit=False) as report:
        report.execute("SELECT count(*) FROM orders")
        report.execute("UPDATE orders SET note = 'counted' WHERE number = 1002")
        migration = place.start(*UPGRADE)
        place.until_they_wait([migration])
        until = time.monotonic() + 4
        while time.monotonic() < until:
            the_shop_writes(place, "meanwhile")
            report.execute("SELECT pg_sleep(0.1)")
    if migration.wait().code != 0:
        upgrade(place)
    expect_equal(amount(place, "orders", 1001), 1200, "an order of before")
    cents = {total for _, total, note in place.call("import orders\nreturn orders.orders()") if note == "meanwhile"}
    expect_equal(cents, {100}, "amounts of the orders of meanwhile")


# Stops whoever builds an index, at the moment when it is built, until the lock 41 is free.
STOP_AT_INDEX = """
CREATE FUNCTION stop_at_index() RETURNS event_trigger LANGUAGE plpgsql SET lock_timeout = 0 SET statement_timeout = 0
    AS $$ BEGIN PERFORM pg_advisory_xact_lock(41); END $$;
CREATE EVENT TRIGGER stop_at_index ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION stop_at_index();
"""
AT_INDEX = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 41 AND NOT granted"


def until_index(place: Place, migration: Running) -> None:
    """Return when the migration stands at its index."""
    deadline = time.monotonic() + 20
    while not place.sql(AT_INDEX):
        expect(not migration.connection.poll(0.02), "the migration made no index")
        expect(time.monotonic() < deadline, "the migration does not come to its index within 20 s")


@claim("while an index is built, the shop writes", only="postgresql")
def index(place: Place) -> None:
    place.sql(STOP_AT_INDEX)
    with place.connected() as cursor:
        cursor.execute("SELECT pg_advisory_lock(41)")
        migration = place.start(*UPGRADE)
        until_index(place, migration)
        the_shop_writes(place, "meanwhile")
    migration.wait().expect_success()


@claim(
    "a migration that lost its connection goes on when it is started again, and leaves nothing invalid",
    only="postgresql",
)
def broken_off(place: Place) -> None:
    place.sql(STOP_AT_INDEX)
    with place.connected() as cursor:
        cursor.execute("SELECT pg_advisory_lock(41)")
        migration = place.start(*UPGRADE)
        until_index(place, migration)
        place.sql(f"SELECT pg_terminate_backend(pid, 10000) FROM ({AT_INDEX}) AS waiting")
        migration.wait()
    place.sql("DROP EVENT TRIGGER stop_at_index")
    number = old(place, "add_order(30, 'in between')")
    upgrade(place)
    expect_equal(amount(place, "orders", number), 3000, "an order of in between")
    expect_equal(place.sql("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"), [], "invalid indexes")


@claim("release 41 and the revision that was applied are as they were")
def untouched(place: Place) -> None:
    for name in ("orders_41.py", "migrations/versions/0041_orders.py"):
        expect(filecmp.cmp(PROJECT / name, place.folder / name, shallow=False), f"{name} was changed")


if __name__ == "__main__":
    sys.exit(check_result(prepare))
