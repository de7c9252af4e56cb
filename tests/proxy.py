"""A TCP proxy in front of PostgreSQL: it can speak TLS, and lose the answer to a COMMIT."""

import contextlib
import select
import socket
import ssl
import struct
import threading
from types import TracebackType

SSL_REQUEST = struct.pack("!II", 8, 80877103)


class Proxy:
    """Forwards every connection to `port` of this machine.

    tls: the server side of TLS, for clients that ask for it.
    lose_next_commit: set it, and the next COMMIT reaches the server while its answer does not reach the client.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._upstream_port, self._tls = port, tls
        self.lose_next_commit = threading.Event()
        self.lost_commits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):  # ValueError: select() on a socket that was closed
            first = client.recv(8, socket.MSG_WAITALL)
            if first == SSL_REQUEST:
                client.sendall(b"S" if self._tls else b"N")
                if self._tls:
                    client = self._tls.wrap_socket(client, server_side=True)
                    self._open.append(client)
                first = b""
            with socket.create_connection(("127.0.0.1", self._upstream_port)) as server:
                server.sendall(first)
                self._forward(client, server)
        client.close()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            waiting = isinstance(client, ssl.SSLSocket) and client.pending()
            readable = [client] if waiting else select.select([client, server], [], [])[0]
            for source in readable:
                data = source.recv(65536)
                if not data:
                    return
                if source is server:
                    client.sendall(data)
                    continue
                server.sendall(data)
                if b"COMMIT" in data and self.lose_next_commit.is_set():
                    self.lose_next_commit.clear()
                    server.recv(65536)  # the answer: the work is saved, and nobody hears of it
                    self.lost_commits += 1
                    return

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for opened in self._open:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        for opened in self._open:
            opened.close()
        for thread in self._threads:
            thread.join(5)
