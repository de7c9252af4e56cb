"""Alembic's environment, as its template has it."""

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config


def run_migrations_online() -> None:
    connectable = engine_from_config(config.get_section(config.config_ini_section), poolclass=pool.NullPool)
    with connectable.connect() as connection:
        context.configure(  # finds: env-without-lock-timeout
            connection=connection,
            target_metadata=None,
            compare_type=False,  # finds: defaults-not-compared
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
