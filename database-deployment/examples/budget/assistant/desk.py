"""The database and the one user of a process that works for an assistant.

Who the user is comes from the environment and from nowhere else: no argument of a tool can name another.
"""

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from mcp.server.mcpserver.exceptions import ToolError
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm import Session

from budget import schema
from budget.errors import BudgetError, KeyTaken, UnknownCategory
from budget.explaining import explain, place_of
from budget.inputs import read_name
from budget.models import LONGEST_EMAIL, User
from budget.users import find_or_create_user, find_user
from database import (
    CommitOutcomeUnknown,
    DatabaseConfigurationError,
    DatabaseUnavailable,
    create_database_engine,
    database_url,
    run_transaction,
    transaction,
)

log = logging.getLogger(__name__)
Result = TypeVar("Result")

DEFAULT_DATABASE, DEFAULT_USER = "sqlite:///budget.db", "me@localhost"
CONNECT_WITHIN, ANSWER_WITHIN, REPEAT_WITHIN = 10, 10, 15  # seconds: a client does not wait for ever


class Desk:
    """`open` it once; then many threads may `read` and `write` at the same time."""

    url: URL
    engine: Engine
    read_engine: Engine
    email: str

    def open(self, environ: Mapping[str, str]) -> None:
        """Raises ValueError with one line for the person who wrote the configuration.

        A database that sleeps or is down is no error yet: the first call will wait for it.
        """
        for name in ("DATABASE_URL", "READ_DATABASE_URL", "BUDGET_USER"):
            if "${" in environ.get(name, ""):
                raise ValueError(f"{name} was not filled in: give it a default in .mcp.json, ${{{name}:-...}}")
        try:
            self.email = read_name(environ.get("BUDGET_USER") or DEFAULT_USER, LONGEST_EMAIL)
        except BudgetError as error:
            raise ValueError(f"BUDGET_USER: {error}") from None
        self.url = _in_a_file(database_url(environ, default=DEFAULT_DATABASE))
        for_reading = environ.get("READ_DATABASE_URL")
        read_url = _for_reading(for_reading) if for_reading else self.url
        if read_url.database != self.url.database:
            raise ValueError("DATABASE_URL and READ_DATABASE_URL name different databases")
        for url in dict.fromkeys([self.url, read_url]):
            _look_at(url)
        self.engine = self.read_engine = _engine(self.url)
        if read_url != self.url:
            self.read_engine = _engine(read_url)

    def close(self) -> None:
        self.engine.dispose()
        self.read_engine.dispose()

    def read(self, work: Callable[[Session, User], Result]) -> Result:
        """`work` in a transaction that the database itself keeps read-only, as the reading user where there is one."""

        def unit() -> Result:
            with transaction(self.read_engine, read_only=True) as session:
                schema.require_newest(session)
                return work(session, find_user(session, self.email))

        return self._answered(unit, again_after=DBAPIError)

    def write(self, work: Callable[[Session, User], Result]) -> Result:
        """`work` in one transaction, saved as a whole. It counts once however often it is done: it is done again."""

        def unit(session: Session) -> Result:
            schema.require_newest(session)
            return work(session, find_or_create_user(session, self.email))

        return self._answered(
            lambda: run_transaction(self.engine, unit, give_up_after=REPEAT_WITHIN), again_after=CommitOutcomeUnknown
        )

    def _answered(self, unit: Callable[[], Result], again_after: type[Exception]) -> Result:
        """What `unit` returns, after a lost connection at its second try; errors in words for the assistant."""
        try:
            try:
                return unit()
            except (DBAPIError, CommitOutcomeUnknown) as error:
                lost = error.connection_invalidated if isinstance(error, DBAPIError) else True
                if not lost or not isinstance(error, again_after):
                    raise
                return unit()
        except Exception as error:
            words = in_words(error, self.url)
            if words is None:
                raise  # a fault of the program: the SDK logs it and tells the assistant nothing of it
            raise ToolError(words) from None


def in_words(error: Exception, url: URL) -> str | None:
    """What is wrong and what to do, for an assistant; None for a fault of the program."""
    if isinstance(error, UnknownCategory):
        message = str(error)
        return f"{message}{'' if message.endswith('?') else '.'} list_categories has all of them"
    if isinstance(error, KeyTaken):
        return f"{error}. Something else needs a request_key of its own"
    if isinstance(error, BudgetError):
        return str(error)  # without its hint, which is for the command line
    if isinstance(error, CommitOutcomeUnknown):
        return "The connection was lost while saving. Repeat the call exactly as it was: it counts once"
    if isinstance(error, DatabaseUnavailable):
        return f"{place_of(url)} does not answer. Nothing was changed. Try again in a minute"
    if isinstance(error, NoFreeConnection):
        return "Too many calls at once. Nothing was changed. Try again"
    explained = explain(error, url)
    return explained and explained[0].replace("\n", ". ")


def _for_reading(address: str) -> URL:
    """It narrows the rights of the assistant, so its client gives it: `.env` is not asked."""
    try:
        return database_url({"DATABASE_URL": address}, env_file=None)
    except DatabaseConfigurationError as error:
        raise ValueError(str(error).replace("DATABASE_URL", "READ_DATABASE_URL")) from None


def _in_a_file(url: URL) -> URL:
    in_memory = not url.database or ":memory:" in url.database or url.query.get("mode") == "memory"
    if url.get_backend_name() == "sqlite" and in_memory:
        raise ValueError("DATABASE_URL: in memory each thread would have a database of its own. Name a file")
    return url


def _engine(url: URL) -> Engine:
    return create_database_engine(url, connect_within=CONNECT_WITHIN, statement_timeout=ANSWER_WITHIN)


def _look_at(url: URL) -> None:
    """Is it there, does it let us in, has it the schema? A new SQLite file gets it."""
    engine = create_database_engine(url, connections=1, connect_within=3)
    try:
        schema.upgrade_if_new(engine)
        with transaction(engine, read_only=True) as session:
            schema.require_newest(session)
    except DatabaseUnavailable:
        log.warning("%s does not answer yet: the first call will wait for it", place_of(url))
    except Exception as error:
        words = in_words(error, url)
        if words is None:
            raise
        raise ValueError(words) from None
    finally:
        engine.dispose()
