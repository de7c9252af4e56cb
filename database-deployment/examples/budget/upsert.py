"""INSERT with ON CONFLICT: both databases have it, each in a dialect of its own."""

from typing import Any

from sqlalchemy.orm import Session


def insert_into(session: Session, model: Any) -> Any:
    """The dialect's own insert(), which has on_conflict_do_nothing() and on_conflict_do_update()."""
    # Imported here, because PostgreSQL's takes an eighth of a second that a command on SQLite need not pay.
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(model)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(model)
