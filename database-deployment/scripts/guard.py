"""A hook of Claude Code that asks a person before a command destroys a database.

Register it for PreToolUse (references/guard.md has the settings); it reads what the client wants to run from standard
input and prints its answer. It runs nothing of the command and connects to no server. To see what it thinks of one:

    python guard.py --explain 'alembic downgrade base'

It stops DROP, TRUNCATE, DELETE and UPDATE of every row, downgrades, upgrades that drop, resets of tools and services,
volumes, and whatever deletes or overwrites a database file; in shell commands, SQL, Python and files that they run,
in file tools and in tools of MCP servers.
What may be thrown away passes: memory, files in the temporary folder outside of the project, files that are not there,
tests' databases on this machine, and a server of local_postgres.py.

It answers "ask", and where nobody can be asked "deny". Its own failure is reported and lets the command pass: it is a
seat belt, not a sandbox. Needs nothing but Python 3.9.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # also where PYTHONSAFEPATH takes it away

NOBODY_ANSWERS = {"bypassPermissions", "dontAsk", "auto"}  # permission modes in which a question reaches nobody
WRITES_A_FILE = {"Write": "file_path", "Edit": "file_path", "MultiEdit": "file_path", "NotebookEdit": "notebook_path"}
DESTROYS_ON_A_SERVER = {"delete_project", "delete_branch", "reset_branch", "reset_from_parent", "delete_database"}
MOST_FINDINGS = 4


def decide(event: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """The answer to one event of the client, or None: no objection.

    `event` is what the client sends (tool_name, tool_input, cwd, permission_mode).
    """
    found = findings(event, os.environ if environ is None else environ)
    if not found:
        return None
    mode = str(event.get("permission_mode", "default"))
    decision = "deny" if mode in NOBODY_ANSWERS else "ask"
    output = {
        "hookEventName": "PreToolUse",
        "permissionDecision": decision,
        "permissionDecisionReason": reason(found, mode if decision == "deny" else None),
    }
    return {"hookSpecificOutput": output}


def findings(event: Mapping[str, Any], environ: Mapping[str, str]) -> list[Any]:
    """What the tool call of an event would destroy."""
    from guard_follow import findings as findings_of_command
    from guard_situation import Situation

    tool, given = str(event.get("tool_name", "")), event.get("tool_input") or {}
    situation = Situation(str(event.get("cwd") or os.getcwd()), environ, environ.get("CLAUDE_PROJECT_DIR"))
    if key := WRITES_A_FILE.get(tool):
        from guard_files import overwritten

        return overwritten(str(given.get(key, "")), situation)
    if tool.startswith("mcp__"):
        return findings_of_server(tool, given)
    command = given.get("command")
    if not isinstance(command, str):
        return []
    return findings_of_command(command.encode("utf-8", "replace").decode("utf-8"), situation)


def findings_of_server(tool: str, given: Mapping[str, Any]) -> list[Any]:
    """What a tool of an MCP server would destroy: by its name, or by the SQL among its arguments."""
    from guard_case import SAFER_SERVICE, SAFER_SQL, Finding
    from guard_sql import is_sql, read_sql

    server, _, name = tool[len("mcp__") :].partition("__")
    place = f"what the MCP server {server} is connected to"
    found = [Finding(name, place, SAFER_SERVICE)] if name in DESTROYS_ON_A_SERVER else []
    for value in given.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and is_sql(text):
                found += [Finding(harm, place, SAFER_SQL) for harm in read_sql(text).harms]
    return found


def reason(found: list[Any], mode: str | None) -> str:
    """What the person reads, and the model when the command is not run."""
    lines = ["This would destroy data:"]
    lines += [f"- {finding.harm}: {finding.place}" for finding in found[:MOST_FINDINGS]]
    if len(found) > MOST_FINDINGS:
        lines.append(f"- and {len(found) - MOST_FINDINGS} more")
    lines += [f"Safer: {safer}." for safer in dict.fromkeys(finding.safer for finding in found[:MOST_FINDINGS])]
    if mode:
        lines.append(f"In the permission mode {mode} nobody can be asked, so this is refused.")
    lines.append("A person decides this, or runs it in a terminal of their own: do not look for another way to do it.")
    return "\n".join(lines)


def explain(command: str) -> int:
    """Print what would be answered; 1 if the command would be stopped."""
    answer = decide({"tool_name": "Bash", "tool_input": {"command": command}, "cwd": os.getcwd()})
    if answer is None:
        print("passes")
        return 0
    print(answer["hookSpecificOutput"]["permissionDecisionReason"])
    return 1


def main() -> int:
    if sys.argv[1:2] in (["--help"], ["-h"]):
        print(__doc__)
        return 0
    if sys.argv[1:2] == ["--explain"] and len(sys.argv) == 3:
        return explain(sys.argv[2])
    given = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()  # UTF-8, whatever the system thinks
    if not given.strip():
        print(__doc__)
        return 0
    try:
        answer = decide(json.loads(given))
    except Exception as error:  # whatever it is: the guard must not stop the work
        text = f"The database guard failed and did not look at this command ({type(error).__name__}: {error})"
        print(text, file=sys.stderr)
        answer = {"systemMessage": text}
    if answer is not None:
        print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
