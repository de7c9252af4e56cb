"""Plays an assistant: the client of the MCP SDK, in this process or at a server of its own behind stdin and stdout."""

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent, TextResourceContents

import budget
from running import bare_environment

PROGRAM = Path(budget.__file__).parents[1] / "budget-mcp.py"
loaded = count()


@dataclass(frozen=True)
class Assistant:
    """Calls tools one after the other; `client` and `portal` are for what is not a plain call."""

    portal: BlockingPortal
    client: Client

    def __call__(self, tool: str, **arguments: Any) -> CallToolResult:
        return self.portal.call(partial(self.client.call_tool, tool, arguments))

    def ok(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured answer; the client has compared it with the schema that the tool announces."""
        result = self(tool, **arguments)
        assert not result.is_error, text_of(result)
        structured: dict[str, Any] | None = result.structured_content
        assert structured is not None
        return structured

    def refused(self, tool: str, **arguments: Any) -> str:
        """What the tool says against the call: one short line."""
        result = self(tool, **arguments)
        assert result.is_error, result.structured_content
        assert result.structured_content is None
        said = text_of(result)
        assert "\n" not in said
        assert len(said) < 600
        return said

    def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in self.portal.call(self.client.list_tools).tools}

    def resource(self, uri: str) -> str:
        [content] = self.portal.call(self.client.read_resource, uri).contents
        assert isinstance(content, TextResourceContents)
        return content.text

    def prompt(self, name: str, **arguments: str) -> str:
        [message] = self.portal.call(self.client.get_prompt, name, arguments).messages
        assert isinstance(message.content, TextContent)
        return message.content.text


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


@contextmanager
def talking(server: Any) -> Iterator[Assistant]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(server, read_timeout_seconds=60)) as client,
    ):
        yield Assistant(portal, client)


@cache
def program() -> ModuleType:
    """The program, loaded once for the many tests that need one at a time."""
    return load()


def load() -> ModuleType:
    """The program as a module of its own: two of them in one process serve two users."""
    name = f"budget_mcp_{next(loaded)}"
    spec = importlib.util.spec_from_file_location(name, PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def in_this_process(environ: Mapping[str, str], module: ModuleType | None = None) -> Iterator[Assistant]:
    """Without the import of a whole process, which takes a second."""
    module = module or program()
    module.desk.open(environ)
    try:
        with talking(module.make_server()) as assistant:
            yield assistant
    finally:
        module.desk.close()


def started_by(home: Path, url: str, environ: Mapping[str, str] | None = None) -> StdioServerParameters:
    """The command of a `.mcp.json`, with nothing of this machine's settings; any warning ends it."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-W", "error", str(PROGRAM)],
        env=bare_environment(home, url) | dict(environ or {}),
        cwd=home,
    )
