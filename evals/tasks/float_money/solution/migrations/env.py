from alembic import context

from wallet.db import engine
from wallet.models import Base

with engine.connect() as connection:
    if sqlite := connection.dialect.name == "sqlite":
        # A batch drops the table that it alters, and the children of its rows would go with it. Inside of a
        # transaction the pragma does nothing, so it is set on the driver's connection.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = OFF")
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    if sqlite:
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = ON")
