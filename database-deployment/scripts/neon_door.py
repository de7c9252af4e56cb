"""The door of like_neon.py: one TLS port for both endpoints, which wakes and stops the compute behind it.

It reads of PostgreSQL's protocol what that takes: who comes to which host, which statements are sent, and when the
server is ready for the next. Everything in it happens on the thread of one event loop.
"""

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from local_postgres import LocalPostgresError

if TYPE_CHECKING:
    from like_neon import LikeNeon

Endpoint: TypeAlias = Literal["direct", "pooled"]
Moment: TypeAlias = Literal["sent", "done"]
Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

DOMAIN = "local.neon.test"
HOSTS: dict[Endpoint, str] = {
    "direct": f"ep-quiet-lake-123456.{DOMAIN}",
    "pooled": f"ep-quiet-lake-123456-pooler.{DOMAIN}",
}

# In the first packet of a session these stand where the others have the version of the protocol.
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = (struct.pack("!HH", 1234, code) for code in (5679, 5680, 5678))
LONGEST_FIRST_PACKET = 10_000
QUERY, BACKEND_KEY_DATA, READY_FOR_QUERY, OUTSIDE_OF_A_TRANSACTION = b"Q", b"K", b"Z", b"I"
SECONDS_FOR_GOODBYE = 1


class Refused(Exception):
    """The client is sent away with these words; without words it is hung up on."""


class Visit(NamedTuple):
    """Who came to which endpoint."""

    endpoint: Endpoint
    user: str
    database: str
    application_name: str


class Cut:
    """The cut of a connection that is to come; `happened` is set when it came."""

    def __init__(self, statement: str, when: Moment) -> None:
        self.beginning, self.when = re.compile(statement, re.IGNORECASE), when
        self.happened = threading.Event()


class Door:
    """Listens, knows which host each client asked for, and wakes and stops the compute."""

    def __init__(self, neon: "LikeNeon", listener: socket.socket, certificate: ssl.SSLContext) -> None:
        self.neon, self.certificate, self._listener = neon, certificate, listener
        self.hosts: weakref.WeakKeyDictionary[Any, str | None] = weakref.WeakKeyDictionary()
        certificate.sni_callback = lambda tls, host, _: self.hosts.update({tls: host})
        self.cancel_keys: dict[bytes, Endpoint] = {}
        self.sessions: set[Session] = set()
        self.passing, self.closing = asyncio.Event(), asyncio.Event()
        self.passing.set()
        self._compute = asyncio.Lock()  # who holds it may connect to the compute, start it and stop it
        self.awake, self._last_query = True, time.monotonic()

    async def serve(self, opened: "Future[asyncio.AbstractEventLoop]") -> None:
        idle = asyncio.create_task(self._suspend_when_idle())
        server = await asyncio.start_server(self._welcome, sock=self._listener)
        opened.set_result(asyncio.get_running_loop())
        await self.closing.wait()
        idle.cancel()
        server.close()
        for session in self.sessions:
            session.cut_off()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        self.sessions.add(session)
        try:
            await session.run()
        except asyncio.CancelledError:
            pass  # the end of all: Python 3.11 would complain about a task that was cancelled
        finally:
            self.sessions.discard(session)

    async def connect(self, endpoint: Endpoint) -> Streams:
        async with self._compute:
            if not self.awake:
                await self._wake()
            if endpoint == "direct":
                return await asyncio.open_connection("127.0.0.1", self.neon.server.port)
            return await asyncio.open_unix_connection(self.neon.pooler_socket)

    async def _wake(self) -> None:
        await asyncio.sleep(self.neon.wake_delay)
        try:
            await asyncio.to_thread(self.neon.start_compute)
        except LocalPostgresError as error:
            raise Refused(f"Couldn't connect to compute node: {error}") from error
        self.awake = True
        self.neon.wakes += 1

    async def suspend(self) -> None:
        async with self._compute:
            await self._stop_compute()

    async def _suspend_when_idle(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            async with self._compute:
                patience = self.neon.suspend_after
                if self.awake and patience is not None and self._idle_for() >= patience:
                    await self._stop_compute()

    def _idle_for(self) -> float:
        if any(session.busy for session in self.sessions):
            self.note_query()
        return time.monotonic() - self._last_query

    def note_query(self) -> None:
        self._last_query = time.monotonic()

    async def _stop_compute(self) -> None:
        self.awake = False
        await asyncio.to_thread(self.neon.server.stop)
        if ending := [session.ended.wait() for session in self.sessions if session.visit]:
            await asyncio.wait(map(asyncio.ensure_future, ending), timeout=SECONDS_FOR_GOODBYE)

    async def let_pass(self, passing: bool) -> None:
        (self.passing.set if passing else self.passing.clear)()

    def endpoint(self, host: str | None) -> Endpoint:
        if host is None:
            raise Refused(
                "Endpoint ID is not specified. Connect by the name of the host: an address names no endpoint."
            )
        for endpoint, name in HOSTS.items():
            if host.lower() == name and (endpoint == "direct" or self.neon.pooler):
                return endpoint
        raise Refused(f"The requested endpoint could not be found: nothing is at {host}.")

    def let_in(self, visit: Visit) -> None:
        self.neon.visits.append(visit)
        open_now = sum(session.visit is not None for session in self.sessions)
        self.neon.most_open = max(self.neon.most_open, open_now)

    def cut_for(self, statement: str) -> Cut | None:
        for cut in self.neon.cuts:
            if cut.beginning.match(statement):
                self.neon.cuts.remove(cut)
                return cut
        return None

    def files(self) -> Iterator[int]:
        """The numbers of all open sockets."""
        yield self._listener.fileno()
        for session in self.sessions:
            yield from session.files()


class Session:
    """One client: its way to an endpoint, and what passes on it."""

    def __init__(self, door: Door, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self._door, self._client, self._to_client = door, client, to_client
        self._to_server: asyncio.StreamWriter | None = None
        self.visit: Visit | None = None  # once it is through to the endpoint
        self.busy = False
        self.ended = asyncio.Event()
        self._unheard: Cut | None = None  # the cut before whose end the client hears nothing any more
        self._clients_turn = True

    async def run(self) -> None:
        try:
            await self._door.passing.wait()
            await self._find_endpoint()
        except Refused as refusal:
            self._to_client.write(error_response(str(refusal)) if str(refusal) else b"")
        except (OSError, EOFError):
            pass  # the client left, or the compute did
        finally:
            self.ended.set()
            await self._say_goodbye()

    async def _find_endpoint(self) -> None:
        packet = await self._first_packet()
        self.busy = True
        if packet[4:8] == CANCEL_REQUEST:
            await self._cancel(packet)
            return
        if self._door.neon.refuse_next is not None:
            words, self._door.neon.refuse_next = self._door.neon.refuse_next, None
            raise Refused(words)
        if (tls := self._to_client.get_extra_info("ssl_object")) is None:
            raise Refused("connection is insecure (try using `sslmode=require`)")
        endpoint = self._door.endpoint(self._door.hosts.get(tls))
        server, self._to_server = await self._door.connect(endpoint)
        self.visit = visit_of(endpoint, packet)
        self._door.let_in(self.visit)
        self._to_server.write(packet)
        await self._forward(endpoint, server, self._to_server)

    async def _first_packet(self) -> bytes:
        """The packet that says who the client is and what it wants, after those that ask for encryption."""
        while True:
            packet = await read_first_packet(self._client)
            if packet[4:8] == SSL_REQUEST:
                self._to_client.write(b"S")
                await self._to_client.start_tls(self._door.certificate)
            elif packet[4:8] == GSS_REQUEST:
                self._to_client.write(b"N")
            else:
                return packet

    async def _cancel(self, packet: bytes) -> None:
        if endpoint := self._door.cancel_keys.get(packet[8:]):
            server, self._to_server = await self._door.connect(endpoint)
            self._to_server.write(packet)
            await server.read()

    async def _forward(self, endpoint: Endpoint, server: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        ways = [
            asyncio.create_task(self._forward_statements(to_server)),
            asyncio.create_task(self._forward_answers(endpoint, server)),
        ]
        ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for way in ended:
            way.result()

    async def _forward_statements(self, to_server: asyncio.StreamWriter) -> None:
        messages = Messages()
        while data := await self._client.read(65536):
            await self._door.passing.wait()
            if not self._clients_turn:
                self._clients_turn = True
                self._door.neon.round_trips += 1
                await asyncio.sleep(self._door.neon.delay)
            self.busy = True
            statements = [body.decode(errors="replace") for kind, body in messages.of(data) if kind == QUERY]
            cut = next(filter(None, map(self._door.cut_for, statements)), None)
            if cut and cut.when == "done":
                self._unheard = cut
            to_server.write(data)
            await to_server.drain()
            if cut and cut.when == "sent":
                self._cut(cut)
                return

    async def _forward_answers(self, endpoint: Endpoint, server: asyncio.StreamReader) -> None:
        messages = Messages()
        while data := await server.read(65536):
            for kind, body in messages.of(data):
                if kind == BACKEND_KEY_DATA:
                    self._door.cancel_keys[body] = endpoint
                if kind == READY_FOR_QUERY:
                    self._door.note_query()
                    self.busy = body != OUTSIDE_OF_A_TRANSACTION
                    if self._unheard:
                        self._cut(self._unheard)
                        return
            await self._door.passing.wait()
            if not self._unheard:
                self._clients_turn = False
                self._to_client.write(data)
                await self._to_client.drain()

    def _cut(self, cut: Cut) -> None:
        abort(self._to_client)
        cut.happened.set()

    def cut_off(self) -> None:
        for writer in (self._to_client, self._to_server):
            if writer is not None:
                abort(writer)

    async def _say_goodbye(self) -> None:
        """What was written still arrives; a client that does not answer TLS's goodbye is not waited for."""
        self.busy = False
        if self._to_server is not None:
            self._to_server.close()
        self._to_client.close()
        try:
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._to_client.wait_closed(), SECONDS_FOR_GOODBYE)
        finally:
            abort(self._to_client)

    def files(self) -> Iterator[int]:
        for writer in (self._to_client, self._to_server):
            if writer is not None and not writer.transport.is_closing():
                yield writer.get_extra_info("socket").fileno()


def abort(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(AttributeError):  # Python 3.11.2 does not look whether TLS has ended already
        writer.transport.abort()


# PostgreSQL's wire protocol, as much of it as is needed here


async def read_first_packet(reader: asyncio.StreamReader) -> bytes:
    """Its own length in four bytes, a number that says what it is, and the rest."""
    length = await reader.readexactly(4)
    if not 8 <= int.from_bytes(length, "big") <= LONGEST_FIRST_PACKET:
        raise Refused("protocol violation")
    return length + await reader.readexactly(int.from_bytes(length, "big") - 4)


def visit_of(endpoint: Endpoint, packet: bytes) -> Visit:
    words = packet[8:].decode(errors="replace").split("\0")
    told = dict(zip(words[::2], words[1::2], strict=False))
    user = told.get("user", "")
    return Visit(endpoint, user, told.get("database", user), told.get("application_name", ""))


def error_response(message: str) -> bytes:
    fields = f"SERROR\0VERROR\0CXX000\0M{message}\0\0".encode()
    return b"E" + struct.pack("!I", 4 + len(fields)) + fields


class Messages:
    """Finds the messages in one direction of a session: a byte for the kind, the length in four bytes, the body."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def of(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Those that `data` completes."""
        self._unread += data
        found, begin = [], 0
        while begin + 5 <= len(self._unread):
            kind, length = struct.unpack_from("!cI", self._unread, begin)
            end = begin + 1 + length
            if end > len(self._unread):
                break
            found.append((kind, bytes(self._unread[begin + 5 : end])))
            begin = end
        del self._unread[:begin]
        return found
