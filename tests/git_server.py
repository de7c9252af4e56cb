"""A repository as a clone has it, and a git server on 127.0.0.1 from which a client can clone one."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def git(*arguments: str, folder: Path) -> str:
    author = {
        f"GIT_{role}_{part}": "test@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | author, check=True, capture_output=True, text=True
    )
    return done.stdout


def lay_out(repository: Path, target: Path, *, links: bool = True) -> Path:
    """Copy the files that git knows or would add. Without links each is a text file with its target, as on Windows."""
    for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=repository).split("\0"):
        source, copy = repository / name, target / name
        if name and os.path.lexists(source):
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_symlink() and not links:
                copy.write_text(os.readlink(source), encoding="utf-8")
            else:
                shutil.copy2(source, copy, follow_symlinks=False)
    git("init", "--quiet", folder=target)
    return target


class _Repositories(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder


class _Handler(BaseHTTPRequestHandler):
    """Hands a request on to git's own server program, which speaks CGI."""

    server: _Repositories

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("content-length") or 0)
        request = {
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
        }
        answered = subprocess.run(
            ["git", "http-backend"], input=self.rfile.read(length), env=os.environ | request, capture_output=True
        ).stdout
        head, _, body = answered.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("ascii").splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address below which the repositories of a folder can be cloned."""
    with _Repositories(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
