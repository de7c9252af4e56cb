"""A stand-in for Neon on this machine: see what a deployment to Neon meets, and survive it, without an account.

    python local_postgres.py --like-neon -- python my_script.py
    python local_postgres.py --like-neon --suspend-after 5 -- python my_script.py

The command finds what a project on Neon is given:
    DATABASE_URL           the pooled endpoint: PgBouncer in transaction mode, in front of few connections
    DATABASE_URL_UNPOOLED  the direct endpoint: PostgreSQL itself
    PGSSLROOTCERT          the authority, made for this server alone, that signed its TLS certificate

As at Neon, both endpoints are one port that speaks TLS only, and the host name in the client's TLS hello says which of
them is meant. The names are made up: `hostaddr` in the URLs tells libpq, and so psycopg, where they are. The role is no
superuser, and may create databases and roles. After SUSPEND_AFTER seconds without a query or an open transaction the
compute is stopped: every connection ends, and the next one waits until it has started again.

`sslmode=require` alone encrypts and checks nothing. Together with PGSSLROOTCERT libpq reads it as verify-ca: it checks
who signed the certificate, not for which host. `sslmode=verify-full` checks both, and works here.

Needs trustme and psycopg2-binary. PgBouncer comes from the system (apt-get install pgbouncer, brew install pgbouncer);
without it both URLs are the direct endpoint.

What differs from Neon: passwords are checked behind the TLS end, so that a wrong one wakes the compute too, and
`channel_binding=require` is refused; the compute always has the same size; its data lies on the local disk.

In Python, where it can also do what a network does:

    with LikeNeon(wake_delay=2) as neon:
        engine = create_database_engine(neon.url)
        neon.suspend()  # the next connection wakes it
        neon.delay = 0.05  # seconds for each round trip
        neon.cut_next("COMMIT", when="done")  # saved, and nobody hears of it
        with neon.swallowed_packets():  # connections stay open, and nothing passes
            ...

It works on a thread of the program. psycopg2's `connection.cancel()` lets no other thread run while it waits for an
answer, so in the same program it waits for ever.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import ssl
import threading
import weakref
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from local_postgres import LocalPostgres, LocalPostgresError, Setting, administration
from neon_door import DOMAIN, HOSTS, Cut, Door, Endpoint, Moment, Visit

OWNER, DATABASE = "neondb_owner", "neondb"
SMALLEST_COMPUTE: dict[str, Setting] = {"max_connections": 104, "superuser_reserved_connections": 7}

# As Neon publishes them (neondatabase/neon, compute/etc/pgbouncer.ini), but for where it listens and the pool's size.
POOLER_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={port}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
pidfile =
logfile =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
auth_user = postgres
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 10000
ignore_startup_parameters = extra_float_digits
"""
POOLER_SOCKET = ".s.PGSQL.6432"


class LikeNeon:
    """PostgreSQL and PgBouncer behind one TLS port, asleep when nobody needs them.

    wake_delay: seconds that a wake takes on top of the server's own start.
    suspend_after: seconds without a query or an open transaction until the compute sleeps; None for never.
    delay: seconds that each round trip takes longer.
    pool_size: PgBouncer's connections to the server for each user and database.
    settings: PostgreSQL's; by default those of Neon's smallest compute.

    The first three may be changed while it runs. `wakes` and `round_trips` count, `visits` lists who came, `most_open`
    is the greatest number of connections at one time.
    """

    def __init__(
        self,
        *,
        wake_delay: float = 0.5,
        suspend_after: float | None = None,
        delay: float = 0,
        pool_size: int = 3,
        **settings: Setting,
    ) -> None:
        self.wake_delay, self.suspend_after, self.delay = wake_delay, suspend_after, delay
        self.refuse_next: str | None = None  # with these words; "" hangs up
        self.wakes, self.round_trips, self.most_open = 0, 0, 0
        self.visits: list[Visit] = []
        self.cuts: list[Cut] = []
        self.port, self.ca_file, self.pooler_socket = 0, "", Path()
        self.server = LocalPostgres(**{**SMALLEST_COMPUTE, **settings})
        self.pooler = find_pooler()
        self._pool_size, self._password = pool_size, secrets.token_hex(16)
        self._loop: asyncio.AbstractEventLoop | None = None

    # What its user is told

    @property
    def url(self) -> str:
        """The pooled endpoint; without PgBouncer the direct one."""
        return self._url_of("pooled" if self.pooler else "direct")

    @property
    def direct_url(self) -> str:
        return self._url_of("direct")

    def _url_of(self, endpoint: Endpoint) -> str:
        address = f"{OWNER}:{self._password}@{HOSTS[endpoint]}:{self.port}"
        return f"postgresql://{address}/{DATABASE}?sslmode=require&hostaddr=127.0.0.1"

    @property
    def environment(self) -> dict[str, str]:
        """What a program must be told to find both endpoints."""
        return {"DATABASE_URL": self.url, "DATABASE_URL_UNPOOLED": self.direct_url, "PGSSLROOTCERT": self.ca_file}

    @property
    def asleep(self) -> bool:
        return not self._door.awake

    # What its user does

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        try:
            authority, certificate = make_certificate()
            self.server.start()
            self.ca_file = str(self.server.write_file("ca.pem", authority))
            self._create_database()
            self._configure_pooler()
            self.start_compute()
            self._open_door(certificate)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End every connection, stop the server and remove its files."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(self._door.closing.set)
            self._thread.join()
        self.server.close()

    def suspend(self) -> None:
        """Stop the compute, as Neon does with an idle one: all connections end, and the next one wakes it."""
        self._run(self._door.suspend())

    def cut_next(self, statement: str, *, when: Moment = "sent") -> Cut:
        """Cut off the next client that sends a statement with this beginning, a regular expression.

        when: "sent", while the server works on it; "done", after the server has done it and before its answer.
        """
        cut = Cut(statement, when)
        self.cuts.append(cut)
        return cut

    @contextlib.contextmanager
    def swallowed_packets(self) -> Iterator[None]:
        """Nothing passes, new connections hang, and nobody is told. What was held back arrives at the end."""
        self._run(self._door.let_pass(False))
        try:
            yield
        finally:
            self._run(self._door.let_pass(True))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            work.close()
            raise LocalPostgresError("The stand-in is not open: call start() first.")
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    # How it is made

    def _create_database(self) -> None:
        with administration(self.server.url) as execute:
            execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE PASSWORD '{self._password}'")
            execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")

    def _configure_pooler(self) -> None:
        passwords = {OWNER: self._password, "postgres": urlsplit(self.server.url).password}
        users = "".join(f'"{name}" "{password}"\n' for name, password in passwords.items())
        folder = self.server.write_file("users.txt", users).parent
        settings = POOLER_SETTINGS.format(port=self.server.port, folder=folder, pool_size=self._pool_size)
        self.server.write_file("pgbouncer.ini", settings)

    def start_compute(self) -> None:
        self.server.start()
        if self.pooler:
            self.pooler_socket = self.server.start_beside(self.pooler, "-q", "pgbouncer.ini", socket=POOLER_SOCKET)

    def _open_door(self, certificate: ssl.SSLContext) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self._door = Door(self, listener, certificate)
        opened: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(
            target=asyncio.run, args=[self._door.serve(opened)], name="like_neon", daemon=True
        )
        self._thread.start()
        self._loop = opened.result()
        open_stand_ins.add(self)

    def leave_to_parent(self) -> None:
        """In a forked child: let go of the connections, or nobody would hear that the parent has closed them."""
        if self._loop is None:
            return
        self._loop = None
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in self._door.files():
            os.dup2(nothing, number, inheritable=False)
        os.close(nothing)


open_stand_ins: "weakref.WeakSet[LikeNeon]" = weakref.WeakSet()


def leave_stand_ins_to_parent() -> None:
    for stand_in in list(open_stand_ins):
        stand_in.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leave_stand_ins_to_parent)


def find_pooler() -> str | None:
    """PgBouncer's program; Debian keeps it where only root's PATH leads."""
    if not hasattr(socket, "AF_UNIX"):
        return None
    folders = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")
    return shutil.which("pgbouncer", path=os.pathsep.join(folders))


def make_certificate() -> tuple[str, ssl.SSLContext]:
    """The certificate of a new authority, and the server's side of TLS, signed by it for every host of the domain."""
    try:
        import trustme
    except ModuleNotFoundError:
        raise LocalPostgresError(
            "The stand-in's certificate is made with trustme. Get it with: pip install 'trustme>=1.2.1,<2'"
        ) from None
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(f"*.{DOMAIN}").configure_cert(server_side)
    return authority.cert_pem.bytes().decode(), server_side
