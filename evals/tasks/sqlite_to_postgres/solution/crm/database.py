import os

from sqlalchemy import create_engine, event, make_url


def make_engine():
    url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///crm.db")
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
        return engine
    return create_engine(
        url.set(drivername="postgresql+psycopg2"),
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 10},
    )
