"""Promise: guard.py makes the client ask before a command destroys a database, and leaves all other work alone.

The commands are in guard_commands/. They are read and never run, in a project that has what they name.
"""

import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import guard
from claude_client import Client, Conversation, ToolCall, find_program, installed_client
from requirement import missing

ROOT = Path(__file__).parents[1]
SKILL = ROOT / "database-deployment"
SCRIPTS = SKILL / "scripts"
GUARD = SCRIPTS / "guard.py"
COMMANDS = Path(__file__).with_name("guard_commands")


def tables(name: str) -> dict[str, list[str]]:
    """The groups of commands in one file."""
    found: dict[str, list[str]] = tomllib.loads((COMMANDS / name).read_text("utf-8"))
    return found


STOPPED, PASSED = tables("stop.toml"), tables("pass.toml")

RESET_PY = """
from shop import Base, engine

def main():
    Base.metadata.drop_all(engine)

if __name__ == "__main__":
    main()
"""
SEED_PY = """
from shop import Base, engine

def forget():
    Base.metadata.drop_all(engine)

Base.metadata.create_all(engine)
"""
ENV_PY = "import os\nurl = os.environ['DATABASE_URL']\n"
REVISIONS = {
    "0001_first.py": "revision = '0001'\ndown_revision = None\ndef upgrade():\n    op.create_table('orders')\n"
    "def downgrade():\n    op.drop_table('orders')\n",
    "0002_more.py": "revision = '0002'\ndown_revision = '0001'\ndef upgrade():\n    op.add_column('orders', c)\n"
    "def downgrade():\n    op.drop_column('orders', 'c')\n",
    "0003_less.py": "revision: str = '0003'\ndown_revision: str | None = '0002'\ndef upgrade():\n"
    "    with op.batch_alter_table('orders') as batch_op:\n        batch_op.drop_column('euros')\n"
    "def downgrade():\n    pass\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two databases in use, migrations, and the files that the commands name."""
    project = tmp_path_factory.mktemp("project")
    (project / "data").mkdir()
    for name in ("app.db", "data/shop.sqlite3", "test.db", "old.sqlite", "tracked.db", ".coverage"):
        make_database(project / name)
    for name in ("app.db-wal", "test.db-wal"):
        (project / name).write_bytes(b"something")
    (project / "empty.db").touch()
    (project / "pgdata" / "base").mkdir(parents=True)
    (project / "pgdata" / "PG_VERSION").write_text("18\n")
    write(project / "reset.sql", "-- everything anew\nDROP TABLE orders;\n")
    write(project / "seed.sql", "INSERT INTO orders VALUES (1);\n")
    write(project / "reset.sh", "#!/bin/sh\nset -e\ndropdb shop\n")
    write(project / "reset.py", RESET_PY)
    write(project / "seed.py", SEED_PY)
    write(project / "app.py", "import shop\n\nshop.run()\n")
    scripts = {"db:reset": "dropdb shop && createdb shop", "test": "pytest", "build": "vite build"}
    write(project / "package.json", json.dumps({"scripts": scripts}))
    write(project / "alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n")
    write(project / "migrations" / "env.py", ENV_PY)
    for name, text in REVISIONS.items():
        write(project / "migrations" / "versions" / name, text)
    run_git("init", "--quiet", folder=project)
    run_git("add", "tracked.db", folder=project)
    run_git("commit", "--quiet", "--message", "A database under version control", folder=project)
    with sqlite3.connect(project / "tracked.db") as connection:
        connection.execute("INSERT INTO orders VALUES (2)")
    connection.close()
    return project


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for throw-away files, with a database in it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    make_database(folder / "x.db")
    return folder


@pytest.mark.parametrize("group", STOPPED)
def test_it_stops(group: str, project: Path, elsewhere: Path) -> None:
    answers = {command: decide(command, project, elsewhere) for command in STOPPED[group]}
    assert [command for command, answer in answers.items() if decision(answer) != "ask"] == []


@pytest.mark.parametrize("group", PASSED)
def test_it_lets_pass(group: str, project: Path, elsewhere: Path) -> None:
    answers = {command: decide(command, project, elsewhere) for command in PASSED[group]}
    assert {command: answer for command, answer in answers.items() if answer} == {}


@pytest.mark.parametrize("groups", [STOPPED, PASSED], ids=["stop", "pass"])
def test_the_tables_are_as_long_as_promised(groups: dict[str, list[str]]) -> None:
    found = [command for group in groups.values() for command in group]
    assert len(found) == len(set(found)) >= 100


def make_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
        connection.execute("INSERT INTO orders VALUES (1)")
    connection.close()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def run_git(*arguments: str, folder: Path) -> None:
    names = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def decide(command: str, project: Path, elsewhere: Path, **environ: str) -> dict[str, Any] | None:
    """The guard's answer in the project."""
    text = command.replace("{scripts}", str(SCRIPTS)).replace("{elsewhere}", str(elsewhere))
    event = {"tool_name": "Bash", "tool_input": {"command": text}, "cwd": str(project), "permission_mode": "default"}
    return guard.decide(event, {"HOME": str(project), "CLAUDE_PROJECT_DIR": str(project), **environ})


def decision(answer: dict[str, Any] | None) -> str | None:
    return answer and answer["hookSpecificOutput"]["permissionDecision"]
