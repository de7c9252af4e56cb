"""Tools that refuse what they do not know, and say in one short line what is wrong. A file to copy."""

import inspect
from collections.abc import Callable
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, ToolAnnotations
from pydantic import ValidationError

LONGEST_ERROR = 500


def strict_tool(function: Callable[..., Any], *, read_only: bool, destructive: bool = False) -> Tool:
    """The function as a tool that refuses unknown arguments; the SDK itself drops them without a word.

    destructive: it replaces or removes something. A tool that writes must be safe to repeat: it is announced so.
    """
    hints = ToolAnnotations(
        read_only_hint=read_only, destructive_hint=destructive, idempotent_hint=True, open_world_hint=False
    )
    tool = Tool.from_function(function, description=inspect.getdoc(function), annotations=hints)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    tool.parameters = arguments.model_json_schema(by_alias=True)
    return tool


class StrictServer(MCPServer[Any]):
    """Answers every wrong call shortly, however long the call was."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError:
            raise  # its own words went to the log, and the client gets none of them
        except ToolError as error:
            wrong = error.__cause__
            raise ToolError(shortly(in_words(wrong) if isinstance(wrong, ValidationError) else str(error))) from None

    async def get_prompt(self, name: str, arguments: dict[str, Any] | None = None, context: Any = None) -> Any:
        try:
            return await super().get_prompt(name, arguments, context)
        except ValueError as error:
            raise MCPError(INVALID_PARAMS, shortly(str(error))) from None


def in_words(error: ValidationError) -> str:
    """`amount: write it like 12.50; day: unknown argument`."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    found.sort(key=lambda each: each["type"] != "extra_forbidden")  # a name that was guessed explains the others
    wrong = [f"{str(each['loc'][0])[:40]}: {_what(each['type'], each['msg'])}" for each in found[:3]]
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return f"{'; '.join(wrong)}{more}. Nothing was done"


def _what(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "this tool has no such argument"
    return message.removeprefix("Value error, ")


def shortly(text: str) -> str:
    """On one line, of letters that can be sent, and no longer than somebody wants to read."""
    line = " ".join(text.encode(errors="backslashreplace").decode().split())
    return line if len(line) <= LONGEST_ERROR else f"{line[:LONGEST_ERROR]}..."
