"""One engine, one session, exact types: the database module to copy into a project.

    from database import Base, create_database_engine, transaction

    engine = create_database_engine()  # DATABASE_URL, from the environment or from .env
    with transaction(engine) as session:  # one unit of work: all of it is saved, or nothing
        session.add(Expense(description="Lunch", amount=Decimal("12.50")))

The same code on SQLite and PostgreSQL. Needs sqlalchemy 2.1, psycopg2-binary and python-dotenv.
"""

import logging
import os
import random
import re
import socket
import ssl
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, TypeVar

from dotenv import dotenv_values
from sqlalchemy import BigInteger, Case, DateTime, Integer, MetaData, create_engine, event, type_coerce
from sqlalchemy.engine import URL, Connection, Dialect, Engine, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.sql.functions import coalesce
from sqlalchemy.types import TypeDecorator

__version__ = "1.0.0"

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class DatabaseConfigurationError(ValueError):
    """The address of the database cannot be used as it is written. The message never holds the password."""


class DatabaseUnavailable(Exception):
    """The server did not accept a connection within `connect_within` seconds."""


class CommitOutcomeUnknown(Exception):
    """The connection was lost after COMMIT was sent: the work was saved, or it was not. Look before repeating it."""


# --- Where the database is -------------------------------------------------------------------------------------------


def database_url(
    environ: Mapping[str, str] = os.environ, *, env_file: str | None = ".env", default: str = "sqlite:///app.db"
) -> URL:
    """The database that DATABASE_URL names, in `environ` or else in `env_file`.

    An empty DATABASE_URL means `default` and keeps `env_file` unread. Raises DatabaseConfigurationError.
    """
    return _parse(_setting("DATABASE_URL", environ, env_file) or default, "DATABASE_URL")


def migration_url(
    environ: Mapping[str, str] = os.environ, *, env_file: str | None = ".env", default: str = "sqlite:///app.db"
) -> URL:
    """The same database past the pooler: DATABASE_URL_UNPOOLED, or DATABASE_URL with Neon's direct host name.

    Both are read from one place: the variables of one database must not meet a file that names another.
    """
    url = _without_pooler(database_url(environ, env_file=env_file, default=default))
    unpooled = _setting("DATABASE_URL_UNPOOLED", environ, None if "DATABASE_URL" in environ else env_file)
    if url.get_backend_name() == "sqlite" or not unpooled:
        return url
    direct = _without_pooler(_parse(unpooled, "DATABASE_URL_UNPOOLED"))
    if direct.database != url.database or (_is_neon(url) and _is_neon(direct) and direct.host != url.host):
        raise DatabaseConfigurationError("DATABASE_URL and DATABASE_URL_UNPOOLED name different databases")
    return direct


def _setting(name: str, environ: Mapping[str, str], env_file: str | None) -> str:
    if name not in environ and env_file is not None:
        try:
            values = dotenv_values(env_file, interpolate=False)  # a password may hold $
        except UnicodeDecodeError:
            raise DatabaseConfigurationError(f"{env_file} is not UTF-8 text: save it as such") from None
        environ = {key: value or "" for key, value in values.items()}
    return environ.get(name, "").strip()


def _is_neon(url: URL) -> bool:
    return ".neon." in (url.host or "")


def _without_pooler(url: URL) -> URL:
    endpoint, dot, domain = (url.host or "").partition(".")
    return url.set(host=endpoint.removesuffix("-pooler") + dot + domain) if _is_neon(url) else url


def _parse(raw: str | URL, name: str) -> URL:
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError):
        raise DatabaseConfigurationError(
            f"{name} is not a database URL. Write the URL alone, without quotes or a command in front of it:"
            " postgresql://USER:PASSWORD@HOST:5432/NAME or sqlite:///file.db"
        ) from None  # the original error quotes parts of the URL
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgres", "postgresql"):
        raise DatabaseConfigurationError(f"{name} names {backend}; this module speaks SQLite and PostgreSQL")
    if backend == "sqlite":
        return url.set(drivername="sqlite")
    if str(raw).count("@") > 1 or "@" in f"{url.host}{url.database}":
        raise DatabaseConfigurationError(f"{name} has more than one @: write the @ of the password as %40")
    if isinstance(password := url.query.get("password"), str):  # there SQLAlchemy would show it
        url = url.set(password=password).difference_update_query(["password"])
    return url.set(drivername="postgresql+psycopg2")  # since SQLAlchemy 2.1 `postgresql://` means psycopg 3


# --- Engine ----------------------------------------------------------------------------------------------------------


def create_database_engine(
    url: str | URL | None = None,
    *,
    connections: int = 5,
    connect_within: float = 15,
    statement_timeout: float = 30,
    lock_timeout: float = 5,
    idle_in_transaction_timeout: float = 60,
    verify_tls: bool = False,
    ca_file: str | None = None,
    **options: Any,
) -> Engine:
    """One engine per process, for `url` or else the database of DATABASE_URL.

    connections: the most this process holds open; all processes together must fit the server.
    connect_within: seconds to try again while a server wakes up or restarts; then DatabaseUnavailable.
    *_timeout: seconds, 0 for no limit; on SQLite lock_timeout is how long one writer waits for another.
    verify_tls: check the server's certificate and name (verify-full) by `ca_file` or the system's store.
    options: anything else of sqlalchemy.create_engine.
    """
    address = _parse(url, "The database URL") if url is not None else database_url()
    options = {"hide_parameters": True, **options}
    if address.get_backend_name() == "sqlite":
        engine = _create_sqlite_engine(address, lock_timeout, options)
    else:
        limits = {
            "statement_timeout": statement_timeout,
            "lock_timeout": lock_timeout,
            "idle_in_transaction_session_timeout": idle_in_transaction_timeout,
        }
        pool = {"pool_size": connections, "max_overflow": 0, "pool_timeout": connect_within + 15}
        address = _with_tls(address, verify_tls, ca_file)
        engine = _create_postgresql_engine(address, connect_within, limits, pool | options)
    _engines.add(engine)
    return engine


def _create_sqlite_engine(url: URL, busy_timeout: float, options: dict[str, Any]) -> Engine:
    connect_args = {"timeout": busy_timeout, **options.pop("connect_args", {})}
    engine = create_engine(url, connect_args=connect_args, **options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")  # off by default, and a setting of each connection
        _use_write_ahead_log(connection, busy_timeout)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:  # sqlite3 by itself begins late, or not at all
        options = connection.get_execution_options()
        mode = options.get("sqlite_begin", "DEFERRED")
        query_only = mode == "QUERY ONLY"
        if connection.info.get("query_only", False) != query_only:
            connection.exec_driver_sql(f"PRAGMA query_only = {query_only:d}")
            connection.info["query_only"] = query_only
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN" if query_only else f"BEGIN {mode}")

    @event.listens_for(engine, "handle_error")
    def refuse_the_rest(context: ExceptionContext) -> None:
        # A full disk can make SQLite take back the whole transaction by itself: what follows must not be saved alone.
        if context.statement and context.connection and context.connection.in_transaction():
            raw: Any = context.connection.connection.dbapi_connection
            if raw.isolation_level is not None and not raw.in_transaction:  # None is autocommit
                context.is_disconnect = True

    return engine


def _use_write_ahead_log(connection: Any, busy_timeout: float) -> None:
    """Readers and a writer do not block each other; the file keeps the mode. A read-only file stays as it is."""
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except connection.OperationalError as error:
            # The busy timeout does not cover this change: two processes that open a new file meet here.
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                return
            time.sleep(0.01)


def _create_postgresql_engine(url: URL, within: float, limits: dict[str, float], options: dict[str, Any]) -> Engine:
    # Without these a query waits a quarter of an hour for a peer that is gone. tcp_user_timeout is in ms.
    keepalive = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30000}
    defaults = {
        "pool_pre_ping": True,  # a suspended compute has closed what the pool still holds
        "executemany_mode": "values_plus_batch",  # else a flush of 200 changed rows is 200 round trips
        "executemany_batch_page_size": 1000,  # rows a round trip
        "use_native_hstore": False,  # saves a query on each first connect
    }
    unset = {name: value for name, value in keepalive.items() if name not in url.query}
    engine = create_engine(url, connect_args=unset | options.pop("connect_args", {}), **{**defaults, **options})

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Dialect, _record: object, args: Any, parameters: dict[str, Any]) -> Any:
        return _connect_when_awake(dialect, args, parameters, within)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # It ends with the transaction, so no pooler hands it on. In one round trip: SQLAlchemy's own options cost more.
        if not connection.connection.dbapi_connection.autocommit:  # type: ignore[union-attr]
            options = connection.get_execution_options()
            times = limits | options.get("time_limits", {})
            settings = [f"TRANSACTION {mode}" for mode in options.get("transaction_modes", ())]
            settings += [f"LOCAL {name} = {round(seconds * 1000)}" for name, seconds in times.items()]
            connection.exec_driver_sql("; ".join(f"SET {setting}" for setting in settings))

    return engine


def _connect_when_awake(dialect: Dialect, args: Any, parameters: dict[str, Any], within: float) -> Any:
    deadline = time.monotonic() + within
    host, port = parameters.get("host") or "localhost", parameters.get("port", 5432)
    # libpq's connect_timeout is for each address of a host; its smallest value is 2 seconds.
    addresses, pause = _count_addresses(parameters.get("hostaddr") or host, port), 0.1
    while True:
        seconds = max(2, int((deadline - time.monotonic()) / addresses))
        try:
            wanted = int(parameters.get("connect_timeout", seconds))
            return dialect.connect(*args, **{**parameters, "connect_timeout": min(seconds, wanted)})
        except dialect.loaded_dbapi.ProgrammingError as error:
            raise DatabaseConfigurationError(f"The database URL was refused: {_one_line(error)}") from None
        except dialect.loaded_dbapi.OperationalError as error:
            reason = _one_line(error)
            if _NEVER.search(reason) or not _NOT_NOW.search(reason):
                raise
            if deadline - time.monotonic() - pause < 2 * addresses:
                raise DatabaseUnavailable(
                    f"No connection to the database at {host}:{port} within {within:g} s: {reason}"
                ) from error
        level = logging.WARNING if pause < 0.2 else logging.INFO  # said once, where nobody has set up logging
        log.log(level, "The database at %s:%s does not answer yet, trying again: %s", host, port, reason)
        time.sleep(pause)
        pause = min(2 * pause, 1.0)


_NEVER = re.compile("authentication failed|does not exist")  # said by one address of a host, however many sleep

# How libpq, PostgreSQL, PgBouncer and Neon say "not now". A wrong password is none of these, and fails at once.
_NOT_NOW = re.compile(
    "Connection (refused|reset)|No route to host|Network is unreachable|Temporary failure in name resolution"
    "|timeout expired|closed (the connection )?unexpectedly|EOF detected|terminating connection"
    "|the database system is|too many (clients|connections)|connection slots are reserved"
    "|server login has been failing|connect to compute node"
)


def _count_addresses(host: str, port: object) -> int:
    try:
        return len(socket.getaddrinfo(host, str(port), type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        return 1 + host.count(",")  # several hosts, or the folder of a socket


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _with_tls(url: URL, verify: bool, ca_file: str | None) -> URL:
    asked = {"sslmode": "verify-full" if verify else None, "sslrootcert": ca_file}
    url = url.update_query_dict({name: value for name, value in asked.items() if value})
    own_root = "PGSSLROOTCERT" in os.environ or Path("~/.postgresql/root.crt").expanduser().is_file()  # libpq's places
    has_root = url.query.get("sslrootcert", "system") != "system" or own_root
    if url.query.get("sslmode") not in ("verify-full", "verify-ca") or has_root:
        return url
    # `system` is where the machine that built the wheel kept its certificates: no other machine has it.
    usual = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
    stores = [path for path in (ssl.get_default_verify_paths().cafile, *usual) if path and Path(path).is_file()]
    if not stores:
        raise DatabaseConfigurationError("No store of certificates found: name one with ca_file=")
    return url.update_query_dict({"sslrootcert": stores[0]})


# A forked child must not talk over its parent's connections: it gets a pool of its own.
_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _renew_pools() -> None:
    for engine in _engines:
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_pools)


# --- Transactions ----------------------------------------------------------------------------------------------------


@contextmanager
def transaction(
    engine: Engine,
    *,
    read_only: bool = False,
    isolation_level: str | None = None,
    statement_timeout: float | None = None,
) -> Iterator[Session]:
    """One unit of work: commits at the end of the block, rolls back on any exception.

    read_only: the database itself refuses writes. On SQLite a reader blocks nobody, and writers take turns.
    isolation_level: for PostgreSQL ("SERIALIZABLE"); SQLite's transactions always are.
    statement_timeout: seconds for this block instead of the engine's, 0 for no limit; for PostgreSQL.
    Raises DatabaseUnavailable, and CommitOutcomeUnknown when the answer to COMMIT was lost.
    """
    options: dict[str, Any] = {}
    if engine.dialect.name == "sqlite":
        # DEFERRED would fail at once where it reads first, writes later, and another wrote in between.
        options["sqlite_begin"] = "QUERY ONLY" if read_only else "IMMEDIATE"
    else:
        level = [f"ISOLATION LEVEL {isolation_level}"] if isolation_level else []
        options["transaction_modes"] = [*level, "READ ONLY"] if read_only else level
        options["time_limits"] = {} if statement_timeout is None else {"statement_timeout": statement_timeout}
    committing = False
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            session.connection(execution_options=options)
            yield session
            session.flush()
            committing = not read_only
    except DBAPIError as error:
        if committing and error.connection_invalidated:
            raise CommitOutcomeUnknown(
                "The connection was lost during COMMIT: look whether the work is there"
            ) from error
        raise


def run_transaction(
    engine: Engine,
    work: Callable[[Session], Result],
    *,
    isolation_level: str | None = None,
    statement_timeout: float | None = None,
    give_up_after: float = 30,
) -> Result:
    """`work(session)` in one transaction, and the whole of it again where that is safe and may help.

    That is after a serialization failure, a deadlock, a stale version, a busy SQLite file, or a connection lost before
    COMMIT; never after it. `work` must change nothing outside the database. `give_up_after`: seconds.
    """
    deadline = time.monotonic() + give_up_after
    longest_pause = 0.005
    while True:
        try:
            with transaction(engine, isolation_level=isolation_level, statement_timeout=statement_timeout) as session:
                return work(session)
        except (DBAPIError, StaleDataError) as error:
            if not _may_run_again(error) or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0, longest_pause))  # noqa: S311 - so that two losers do not meet again
        longest_pause = min(2 * longest_pause, 1.0)


def _may_run_again(error: DBAPIError | StaleDataError) -> bool:
    if isinstance(error, StaleDataError):
        return True
    code = str(getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlite_errorname", ""))
    lost = error.connection_invalidated and not code.startswith("SQLITE")
    return lost or code in ("40001", "40P01") or code.startswith("SQLITE_BUSY")


# --- Types -----------------------------------------------------------------------------------------------------------


class _MoneyComparator(TypeDecorator.Comparator[Any], BigInteger.Comparator[Any]):
    def operate(self, op: Any, *other: Any, **options: Any) -> ColumnElement[Any]:
        return self._money(op, super().operate, other, options)

    def reverse_operate(self, op: Any, *other: Any, **options: Any) -> ColumnElement[Any]:
        return self._money(op, super().reverse_operate, other, options)

    def _money(self, op: Any, operate: Any, other: Any, options: Any) -> ColumnElement[Any]:
        if op in (operators.mul, operators.truediv, operators.floordiv, operators.mod):
            raise TypeError("Multiply and divide money in Python, where you choose how to round")
        expression: ColumnElement[Any] = operate(op, *other, **options)
        return type_coerce(expression, self.type) if op in (operators.add, operators.sub) else expression


_EXACT = Context(prec=1000)  # the program's own context may round


class Money(TypeDecorator[Decimal]):
    """An amount of money: Decimal in Python, whole minor units (cents) in the database, exact on both.

    Refuses what is not exact: float, NaN, Infinity, more than `places` decimal places, over 63 bits.
    Comparison, + and -, sum, min, max, coalesce and case keep the type; a function that SQLAlchemy knows
    no type for (avg, abs, round) gives minor units.
    """

    impl = BigInteger
    cache_ok = True
    comparator_factory = _MoneyComparator

    def __init__(self, places: int = 2) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise ValueError(f"money is a Decimal, not {type(value).__name__}: {value!r}")
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"money is a finite amount, not {value}")
        minor_units = _EXACT.scaleb(Decimal(value), self.places)
        if abs(minor_units) >= 2**63:
            raise ValueError(f"more money than the database can hold: {value}")
        if minor_units != _EXACT.to_integral_value(minor_units):
            raise ValueError(f"money has at most {self.places} decimal places: {value}")
        return int(minor_units)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        whole = int(value)  # PostgreSQL's sum of BIGINT is a Decimal, a calculation may even have places: 110.00
        return _EXACT.scaleb(Decimal(whole if whole == value else value), -self.places)


@compiles(coalesce)
@compiles(Case)
def _read_literals_as_money(element: Any, compiler: Any, **options: Any) -> Any:
    """In coalesce(amount, 5) SQLAlchemy would send the 5 as it stands, among minor units: five cents."""
    is_case = isinstance(element, Case)
    results = [*(result for _, result in element.whens), element.else_] if is_case else list(element.clauses)
    if any(result is not None and isinstance(result.type, Money) for result in results):
        if not isinstance(element.type, Money):
            raise TypeError("Put the money column before the literal, or write literal(amount, Money)")
        for result in results:
            if isinstance(result, BindParameter):
                result.type = element.type
    visit = compiler.visit_case if is_case else compiler.visit_function
    return visit(element, **options)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware datetimes in, aware UTC datetimes out, the same on both databases. Refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise ValueError(f"a moment needs a time zone: datetime.now(timezone.utc), not {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of the models: names for every constraint (a migration needs them) and exact column types."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own form
        datetime: UTCDateTime(),
        Decimal: Money(),
        int: BigInteger().with_variant(Integer, "sqlite"),  # only INTEGER counts up by itself on SQLite
    }
