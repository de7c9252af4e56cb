"""Alembic's environment with batches."""

from alembic import context

from ..models import Base
from ..database import engine

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # finds: batch-that-empties-children
    )
    with context.begin_transaction():
        context.run_migrations()
