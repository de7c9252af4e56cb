import random
import time

from alembic import context
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from orders import Base, engine

LOCK_TIMEOUT = "300ms"  # as long as others wait behind a lock that the migration waits for
SECONDS_TO_TRY = 900


def run(connection):
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def run_with_patience(connection):
    give_up = time.monotonic() + SECONDS_TO_TRY
    while True:
        try:
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.commit()
            return run(connection)
        except OperationalError as error:
            if error.orig.pgcode != "55P03" or time.monotonic() > give_up:
                raise
            connection.rollback()
            time.sleep(random.uniform(0.2, 1))


with engine.connect() as connection:
    if connection.dialect.name == "postgresql":
        run_with_patience(connection)
    else:
        run(connection)
