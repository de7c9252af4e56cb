"""A server that speaks just enough of PostgreSQL's language to refuse everybody: no TLS, and nobody comes in.

It knows who came, and who would have gone on unencrypted.
"""

import contextlib
import socket
import struct
import threading
from typing import Self

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
REFUSAL = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed: this server only listens\0\0"


class Listener:
    """`with Listener() as listener`: its port, and afterwards what it saw."""

    def __init__(self) -> None:
        self.visits = 0
        self.plain = 0  # how many began to talk without TLS
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                guest, _ = self._server.accept()
            except OSError:
                return
            with guest, contextlib.suppress(OSError, struct.error):
                guest.settimeout(5)
                self._refuse(guest)

    def _refuse(self, guest: socket.socket) -> None:
        self.visits += 1
        while True:
            length, kind = struct.unpack("!ii", receive(guest, 8))
            receive(guest, length - 8)
            if kind == CANCEL_REQUEST:
                return
            if kind not in (SSL_REQUEST, GSS_REQUEST):
                self.plain += 1
                guest.sendall(b"E" + struct.pack("!i", len(REFUSAL) + 4) + REFUSAL)
                return
            guest.sendall(b"N")


def receive(guest: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = guest.recv(count - len(data))
        if not part:
            raise OSError("the guest has gone")
        data += part
    return data
