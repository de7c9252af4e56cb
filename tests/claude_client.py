"""The real Claude Code client, with a stand-in for the model.

A `Client` starts the program `claude` once a question: bare environment, new empty HOME, and for a model a server
on 127.0.0.1 that answers with scripted turns and keeps what it was sent. So no account and no network are needed,
and a test sees what a model would see.

    client.ask("/some-skill do this", project=folder).text_for_model()
    client.ask("go", project=folder, turns=[[ToolCall("Read", {"file_path": "..."})], "Done."]).tool_results()
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

Json = dict[str, Any]

TIME_LIMIT = 120  # seconds for one question; it takes one or two


@dataclass(frozen=True)
class ToolCall:
    """The model calls a tool of the client."""

    tool: str
    arguments: dict[str, str]


# What the model does when it is asked: say something, or call tools, several at once if need be.
Turn = str | Sequence[ToolCall]


@dataclass(frozen=True)
class ToolResult:
    """What a tool of the client answered to the model."""

    text: str
    is_error: bool


@dataclass(frozen=True)
class Conversation:
    """One run of the client: the events that it printed and the requests that it sent to the model."""

    events: list[Json]
    requests: list[Json]

    def skills(self) -> list[str]:
        """The skills that the client says it has found."""
        return [str(name) for name in self._event("init")["skills"]]

    def denied(self) -> list[str]:
        """The tools that the client would have had to ask a person for."""
        return [str(denial["tool_name"]) for denial in self._event("success")["permission_denials"]]

    def messages_for_person(self) -> str:
        """What the client shows beside the conversation: what a hook has to say."""
        shown = [event for event in self.events if event.get("subtype") == "informational"]
        return "\n".join(str(event["content"]) for event in shown)

    def text_for_model(self) -> str:
        """All text that the model had before it at the end."""
        return "\n".join(_text(message["content"]) for message in self.requests[-1]["messages"])

    def tool_results(self) -> list[ToolResult]:
        """The answers of the tools, in the order of the calls."""
        blocks = [block for message in self.requests[-1]["messages"] for block in _blocks(message["content"])]
        answers = {block["tool_use_id"]: block for block in blocks if block["type"] == "tool_result"}
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        return [ToolResult(_text(answers[call]["content"]), bool(answers[call].get("is_error"))) for call in calls]

    def _event(self, subtype: str) -> Json:
        return next(event for event in self.events if event.get("subtype") == subtype)


@dataclass(frozen=True)
class Client:
    """The program, a folder for what it writes and works in, and the account that runs it."""

    program: Path
    folder: Path
    user: str | None  # None is whoever runs the tests

    def ask(
        self,
        prompt: str,
        *,
        project: Path,
        turns: Iterable[Turn] = (),
        home: Path | None = None,
        options: Sequence[str] = (),
    ) -> Conversation:
        """Start the program in a project, with an empty HOME or the one given, ask once, wait for its end."""
        with model_stand_in(turns) as model:
            printed = self.run(
                "-p",
                prompt,
                "--output-format",
                "stream-json",
                "--verbose",
                *options,
                project=project,
                home=home or self.new_home(),
                model_url=model.url,
            )
        events = [json.loads(line) for line in printed.splitlines()]
        return Conversation(events, [request for request in model.requests if request.get("tools")])

    def run(self, *arguments: str, project: Path, home: Path, model_url: str = "http://127.0.0.1:9") -> str:
        """Start the program with these arguments and return what it prints; RuntimeError if it ends with an error."""
        done = _run_as(
            self.user,
            [self.program, *arguments],
            cwd=project,
            env=client_environment(home, model_url),
        )
        if done.returncode != 0:
            raise RuntimeError(f"claude ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def new_home(self) -> Path:
        """An empty HOME of the account."""
        return self.own(Path(tempfile.mkdtemp(prefix="home-", dir=self.folder)))

    def own(self, folder: Path) -> Path:
        """Give a folder with all that is in it to the account."""
        if self.user:
            subprocess.run(["chown", "--recursive", "--no-dereference", f"{self.user}:", folder], check=True)
        return folder


def client_environment(home: Path, model_url: str) -> dict[str, str]:
    """All that the program is told: a model that is no account's, and that nobody else is to be asked."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "ANTHROPIC_BASE_URL": model_url,
        "ANTHROPIC_API_KEY": "none-is-needed",
        "CLAUDE_CODE_DISABLE_BUNDLED_SKILLS": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_TELEMETRY": "1",
    }


@contextmanager
def installed_client(program: Path, user: str | None) -> Iterator[Client]:
    """A client in a temporary folder that its account may enter, which pytest's own folders do not allow."""
    with tempfile.TemporaryDirectory(prefix="claude-code-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        if not _can_start(program, user):
            program = _second_name(program, folder)
        yield Client(program, folder, user)


def find_program() -> Path | None:
    """CLAUDE_BIN, else `claude` on PATH, else the program that the wheel claude-agent-sdk carries."""
    if named := os.environ.get("CLAUDE_BIN"):
        return Path(named).resolve(strict=True)
    if on_path := shutil.which("claude"):
        return Path(on_path)
    wheel = importlib.util.find_spec("claude_agent_sdk")
    folders = wheel.submodule_search_locations if wheel else None
    name = "claude.exe" if sys.platform == "win32" else "claude"
    return next((path for folder in folders or () if (path := Path(folder, "_bundled", name)).exists()), None)


class ModelStandIn(ThreadingHTTPServer):
    """A Messages API on 127.0.0.1 that plays its turns, one a request with tools, and then only says "Done."."""

    daemon_threads = True

    def __init__(self, turns: Iterable[Turn]) -> None:
        super().__init__(("127.0.0.1", 0), _MessagesHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[Json] = []
        self._turns = deque(turns)
        self._one_at_a_time = threading.Lock()

    def answer(self, request: Json) -> Json:
        """Keep the request and make the next message of the model."""
        with self._one_at_a_time:
            self.requests.append(request)
            number = len(self.requests)
            turn = self._turns.popleft() if self._turns and request.get("tools") else "Done."
        content: list[Json]
        if isinstance(turn, str):
            content = [{"type": "text", "text": turn}]
        else:
            content = [
                {"type": "tool_use", "id": f"toolu_{number}_{place}", "name": call.tool, "input": call.arguments}
                for place, call in enumerate(turn)
            ]
        return {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": request["model"],
            "content": content,
            "stop_reason": "end_turn" if isinstance(turn, str) else "tool_use",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }


Model = TypeVar("Model", bound=ModelStandIn)


@contextmanager
def model_stand_in(turns: Iterable[Turn]) -> Iterator[ModelStandIn]:
    """A stand-in that serves as long as the block lasts."""
    with serving(ModelStandIn(turns)) as model:
        yield model


@contextmanager
def serving(model: Model) -> Iterator[Model]:
    """The same for a stand-in that answers in its own way."""
    with model:
        thread = threading.Thread(target=model.serve_forever)
        thread.start()
        try:
            yield model
        finally:
            model.shutdown()
            thread.join()


class _MessagesHandler(BaseHTTPRequestHandler):
    server: ModelStandIn

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = self.server.answer(request)
        body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in _as_stream(message))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode("ascii"))

    def do_HEAD(self) -> None:
        """The client looks whether somebody is there."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""


def _as_stream(message: Json) -> Iterator[Json]:
    """A whole message as the events in which the Messages API streams it."""
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            start, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": message["usage"]}
    yield {"type": "message_stop"}


def _blocks(content: str | list[Json]) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: str | list[Json]) -> str:
    return "\n".join(block["text"] for block in _blocks(content) if block["type"] == "text")


def _run_as(user: str | None, command: list[Path | str], **options: Any) -> subprocess.CompletedProcess[str]:
    if user:
        options |= {"user": user, "group": _group_of(user), "extra_groups": []}
    return subprocess.run(
        command, **options, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIME_LIMIT
    )


def _group_of(user: str) -> int:
    import pwd  # not on Windows, where nobody is root and no other account is asked for

    return pwd.getpwnam(user).pw_gid


def _can_start(program: Path, user: str | None) -> bool:
    try:
        return _run_as(user, [program, "--version"]).returncode == 0
    except PermissionError:
        return False


def _second_name(program: Path, folder: Path) -> Path:
    """The same program in a folder that everybody may enter: a link where that can be, it is large."""
    name = folder / program.name
    try:
        name.hardlink_to(program)
    except OSError:
        shutil.copy2(program, name)
    return name
