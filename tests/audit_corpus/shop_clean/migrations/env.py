"""Alembic's environment that waits for nobody."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from ..settings import DATABASE_URL

with create_engine(DATABASE_URL, poolclass=pool.NullPool).connect() as connection:
    connection.execute(text("SET lock_timeout = '500ms'"))
    context.configure(connection=connection, target_metadata=None, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()
