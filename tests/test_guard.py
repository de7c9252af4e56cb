"""Promise: guard.py makes the client ask before a command destroys a database, and leaves all other work alone.

The commands are in guard_commands/. They are read and never run, in a project that has what they name.
"""

import json
import os
import random
import re
import shlex
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import guard
from claude_client import TIME_LIMIT, Client, Conversation, ToolCall, client_environment, model_stand_in
from guard_shell import Simple, Text, read_script
from pages import read_page

ROOT = Path(__file__).parents[1]
SKILL = ROOT / "database-deployment"
SCRIPTS = SKILL / "scripts"
GUARD = SCRIPTS / "guard.py"
COMMANDS = Path(__file__).with_name("guard_commands")


def tables(name: str) -> dict[str, list[str]]:
    """The groups of commands in one file."""
    found: dict[str, list[str]] = tomllib.loads((COMMANDS / name).read_text("utf-8"))
    return found


def commands(groups: dict[str, list[str]]) -> list[str]:
    """All commands of some groups."""
    return [command for group in groups.values() for command in group]


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
    write(project / "benchmark.py", "import tempfile\n" + RESET_PY)
    write(project / "app.py", "import shop\n\nshop.run()\n")
    write(project / "fake" / "local_postgres.py", "import os, sys\n\nos.execvp(sys.argv[2], sys.argv[2:])\n")
    (project / "copied").mkdir()
    shutil.copy(SCRIPTS / "local_postgres.py", project / "copied")
    write(project / "prod.env", "# ours\nDATABASE_URL=postgresql://db.example.com/shop\n")
    write(project / "test.env", "DATABASE_URL=sqlite:///test.db\n")
    write(
        project / "Makefile", "build:\n\tpython -m build\nreset: build\n\t@echo anew\n\tdropdb $(NAME)\nNAME = shop\n"
    )
    write(project / "web.yaml", "services:\n  web:\n    build: .\n")
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
    found = commands(groups)
    assert len(found) == len(set(found)) >= 100


def test_where_nobody_is_asked_it_refuses(project: Path, elsewhere: Path) -> None:
    modes = ("default", "acceptEdits", "plan", "bypassPermissions", "dontAsk", "auto")
    answers = {mode: decision(decide("dropdb shop", project, elsewhere, mode=mode)) for mode in modes}
    assert answers == {
        **dict.fromkeys(("default", "acceptEdits", "plan"), "ask"),
        **dict.fromkeys(("bypassPermissions", "dontAsk", "auto"), "deny"),
    }


def test_the_reason_names_what_where_and_the_safer_way_and_no_password(project: Path, elsewhere: Path) -> None:
    command = 'psql "postgresql://ann:secret@db.example.com/shop" -c "drop table orders"'
    answer = decide(command, project, elsewhere)
    assert answer is not None
    reason = answer["hookSpecificOutput"]["permissionDecisionReason"]
    assert "- DROP TABLE orders: the database shop on db.example.com\n" in reason
    assert "local_postgres.py -- COMMAND" in reason
    assert "secret" not in reason


def test_the_address_in_the_environment_or_in_a_file_decides(project: Path, elsewhere: Path, tmp_path: Path) -> None:
    command, real, scratch = "alembic downgrade base", "postgresql://db.example.com/shop", f"sqlite:///{elsewhere}/x.db"
    assert decision(decide(command, project, elsewhere, DATABASE_URL=scratch)) is None
    assert decision(decide(command, project, elsewhere, DATABASE_URL=real)) == "ask"
    shutil.copytree(project / "migrations", tmp_path / "migrations")
    (tmp_path / ".env").write_text(f"# mine\nexport DATABASE_URL='{scratch}'\n")
    assert decision(decide(command, tmp_path, elsewhere)) is None
    (tmp_path / ".env").write_text(f"DATABASE_URL={real}\n")
    answer = decide(command, tmp_path, elsewhere)
    assert answer is not None
    assert "the database shop on db.example.com" in answer["hookSpecificOutput"]["permissionDecisionReason"]


def test_of_a_sqlite_file_only_the_revisions_that_are_not_applied_count(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "migrations", tmp_path / "migrations")
    make_database(tmp_path / "app.db")
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0003')")
    asked = "DATABASE_URL=sqlite:///app.db alembic upgrade head"
    assert decide(asked, tmp_path, tmp_path) is None
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    answer = decide(asked, tmp_path, tmp_path)
    assert answer is not None
    assert "revision 0003 does drop_column(euros)" in answer["hookSpecificOutput"]["permissionDecisionReason"]


@pytest.mark.parametrize("tool", ["Write", "Edit", "MultiEdit", "NotebookEdit"])
def test_a_file_tool_may_not_overwrite_a_database(tool: str, project: Path) -> None:
    name = "notebook_path" if tool == "NotebookEdit" else "file_path"
    answers = [
        ask_guard(tool, {name: str(project / file), "content": ""}, project)
        for file in ("app.db", "old.sqlite", "new.db", "test.db", "app.py")
    ]
    assert list(map(decision, answers)) == ["ask", "ask", None, None, None]


@pytest.mark.parametrize("folder", ["examples", pytest.param("scripts", marks=pytest.mark.slow)])
def test_what_the_skill_brings_runs_without_a_question(folder: str, project: Path, elsewhere: Path) -> None:
    files = sorted((SKILL / folder).glob("*.py"))
    assert len(files) > 4
    stopped = [file.name for file in files if decide(f"python {file} --help; python {file}", project, elsewhere)]
    assert stopped == []


def test_a_database_is_known_by_its_first_bytes(project: Path, elsewhere: Path) -> None:
    shutil.copy(project / "app.db", project / "ledger")
    assert decision(decide("rm ledger", project, elsewhere)) == "ask"
    (project / "ledger").write_text("some text")
    assert decide("rm ledger", project, elsewhere) is None


@pytest.mark.parametrize(
    "command", ["psql -c 'drop table orders", 'dropdb shop; echo "', "x=$(rm app.db", "if true; then rm app.db"]
)
def test_what_it_cannot_read_to_its_end_it_does_not_let_pass(command: str, project: Path, elsewhere: Path) -> None:
    assert decision(decide(command, project, elsewhere)) == "ask"


@pytest.mark.parametrize(
    "command",
    [
        "f() { f; }; f",
        "$(" * 500 + "dropdb shop" + ")" * 500,
        "eval '" * 3 + "true",
        'A=$A$A; eval "$A"',
        'x=\'eval "$x"\'; eval "$x"',
        "f() { g; g; }; g() { f; f; }; f",
        "{" + "a,b}{" * 30 + "a,b}",
        "\0",
        "for i in " + "a " * 10_000 + "; do for j in b; do true; done; done",
        "('" * 1000,
        "rm '\ud800' app.db",
    ],
)
def test_no_command_makes_it_fail_or_wait(command: str, project: Path, elsewhere: Path) -> None:
    begin = time.monotonic()
    decide(command, project, elsewhere)
    assert time.monotonic() - begin < 10


def test_it_answers_a_client_in_its_words(project: Path) -> None:
    stopped, passed = run_guard("dropdb shop", project), run_guard("ls", project)
    output = json.loads(stopped.stdout)["hookSpecificOutput"]
    assert (output["hookEventName"], output["permissionDecision"]) == ("PreToolUse", "ask")
    assert [stopped.returncode, passed.returncode, passed.stdout, stopped.stderr] == [0, 0, "", ""]


def test_it_works_in_any_environment(project: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "latin-1"}
    event = json.dumps(bash_event("echo 'für Ann'; dropdb 'café'", project), ensure_ascii=False).encode()
    ended = subprocess.run([sys.executable, GUARD], input=event, capture_output=True, check=True, env=environ)
    assert (
        "dropdb café: the database café" in json.loads(ended.stdout)["hookSpecificOutput"]["permissionDecisionReason"]
    )


def test_its_own_failure_is_reported_and_the_command_passes(tmp_path: Path, project: Path) -> None:
    shutil.copy(GUARD, tmp_path)  # without the files beside it
    ended = run_guard("dropdb shop", project, guard=tmp_path / "guard.py")
    assert ended.returncode == 0
    assert set(json.loads(ended.stdout)) == {"systemMessage"}
    assert "did not look at this command (ModuleNotFoundError" in ended.stderr
    nonsense = subprocess.run([sys.executable, GUARD], input="{", capture_output=True, text=True, check=True)
    assert "did not look at this command" in json.loads(nonsense.stdout)["systemMessage"]


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("mcp__neon__run_sql", {"sql": "DROP TABLE orders"}, "ask"),
        ("mcp__neon__run_sql_transaction", {"sqlStatements": ["SELECT 1", "delete from orders"]}, "ask"),
        ("mcp__supabase__execute_sql", {"query": "truncate orders"}, "ask"),
        ("mcp__neon__delete_branch", {"branchId": "br-1"}, "ask"),
        ("mcp__neon__run_sql", {"sql": "DELETE FROM orders WHERE id = 1"}, None),
        ("mcp__docs__search", {"query": "how to drop table orders"}, None),
        ("mcp__neon__list_projects", {"limit": 3}, None),
    ],
)
def test_it_reads_what_a_server_of_tools_is_told(
    tool: str, arguments: dict[str, Any], expected: str | None, project: Path
) -> None:
    assert decision(ask_guard(tool, arguments, project)) == expected


WRAPPERS: dict[str, Callable[[str], str]] = {
    "a subshell": lambda command: f"(cd . && {{ {command}\n}}) &",
    "a condition": lambda command: f"if test -f x; then\n{command}\nelse echo; fi",
    "the other branch": lambda command: f"test -f x || {{ {command}\n}}",
    "a loop": lambda command: f"while true; do\n{command}\ndone > log.txt 2>&1",
    "a case": lambda command: f"case x in y) ;; *)\n{command}\n;; esac",
    "a function": lambda command: f"work() {{\n{command}\n}}\nwork now",
    "a substitution": lambda command: f'echo "$(\n{command}\n)"',
    "bash -c": lambda command: f"sudo env A=1 timeout 5 bash -c {shlex.quote(command)}",
    "eval": lambda command: f"ls | head\neval {shlex.quote(command)}",
    "a here-document": lambda command: f"bash <<'END-OF-SCRIPT'\n{command}\nEND-OF-SCRIPT",
    "a script": lambda command: f"cat > x.sh <<'END-OF-SCRIPT'\n{command}\nEND-OF-SCRIPT\nsh x.sh",
    "Python": lambda command: f"python3 -c {shlex.quote(f'import os; os.system({command!r})')}",
}


@pytest.mark.slow
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_it_decides_the_same_whatever_a_command_is_wrapped_in(wrapper: str, project: Path, elsewhere: Path) -> None:
    wrap = WRAPPERS[wrapper]
    let_through = [one for one in commands(STOPPED) if decide(wrap(one), project, elsewhere) is None]
    stopped = [one for one in commands(PASSED) if decide(wrap(one), project, elsewhere)]
    assert (let_through, stopped) == ([], [])


@pytest.mark.slow
def test_no_broken_command_makes_it_fail(project: Path, elsewhere: Path) -> None:
    chance = random.Random(1)
    everything = commands(STOPPED | PASSED)
    for _ in range(3000):
        command, other = chance.sample(everything, 2)
        cut, width = chance.randrange(len(command) + 1), chance.randrange(4)
        piece = chance.choice(["'", '"', "$(", "((", "}", "<<E\n", "\\", "\0", "case x in ", other])
        decide(command[:cut] + piece + command[cut + width :], project, elsewhere)


@pytest.mark.slow
def test_its_reader_finds_every_program_that_another_parser_finds() -> None:
    """tree-sitter-bash, over all commands of the tables; programs whose name is plain in the text."""
    everything = commands(STOPPED | PASSED)
    missed = {}
    for command in everything:
        expected = Counter(programs_for_tree_sitter(command)) - Counter({"time": 9, "coproc": 9})
        if less := expected - Counter(programs_for_the_guard(read_script(command))):
            missed[command] = less
    assert len(everything) > 400
    assert {command: less for command, less in missed.items() if "\\\n" not in command} == {}


def programs_for_tree_sitter(command: str) -> Iterator[str]:
    import tree_sitter
    import tree_sitter_bash

    waiting = [tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language())).parse(command.encode()).root_node]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        name = node.child_by_field_name("name") if node.type == "command" else None
        if name and re.fullmatch(rb"[\w./-]+", name.text or b""):
            yield (name.text or b"").decode()


def programs_for_the_guard(script: Iterable[Any]) -> Iterator[str]:
    """The first words of all commands in what read_script() gives, however deep."""
    for node in script:
        if isinstance(node, Simple) and node.words:
            yield "".join(part.text for part in node.words[0] if isinstance(part, Text))
        if isinstance(node, tuple):
            yield from programs_for_the_guard(part for part in node if isinstance(part, tuple))


@pytest.mark.slow
def test_an_answer_takes_less_than_seven_starts_of_python(project: Path, tmp_path: Path) -> None:
    """Each command of the client waits for it, on whatever machine: so Python that does nothing is the measure."""
    command = "cd data && psql -h db.example.com -c 'drop table orders' && python -c 'print(1)'"
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    event = json.dumps(bash_event(command, project))

    def seconds(*arguments: str | Path) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, *arguments], input=event, capture_output=True, text=True, check=True, env=env)
        return time.perf_counter() - begin

    ratios = [seconds(GUARD) / seconds("-c", "pass") for _ in range(15)]
    assert statistics.median(ratios) < 7


# --- The real client ---

DROP = """python3 -c "import sqlite3; sqlite3.connect('{}').execute('DROP TABLE orders')" """


@pytest.fixture
def watched(client: Client) -> Iterator[Path]:
    """A stranger's project with a copy of the skill alone, and the settings that its page says."""
    project = client.folder / "watched"
    shutil.copytree(SKILL, project / ".claude" / "skills" / SKILL.name, ignore=shutil.ignore_patterns("*.db*"))
    (project / ".claude" / "settings.json").write_text(json.dumps(settings_of_the_page()))
    for name in ("app.db", "test.db"):
        make_database(project / name)
    yield project
    shutil.rmtree(project)


@pytest.mark.slow
def test_without_the_guard_the_client_would_run_it(client: Client, watched: Path) -> None:
    (watched / ".claude" / "settings.json").unlink()
    run_in_client(client, watched, DROP.format("app.db"))
    assert tables_of(watched / "app.db") == []


@pytest.mark.slow
def test_a_command_that_is_stopped_does_not_run(client: Client, watched: Path) -> None:
    conversation = run_in_client(client, watched, DROP.format("app.db"))
    assert tables_of(watched / "app.db") == ["orders"]
    assert conversation.denied() == ["Bash"]  # headless: the question of the guard becomes a refusal
    assert "DROP TABLE orders: app.db" in conversation.tool_results()[0].text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the packages behind the client's Python interface
@pytest.mark.parametrize("approves", [True, False])
def test_where_somebody_can_be_asked_the_person_decides(approves: bool, client: Client, watched: Path) -> None:
    import asyncio

    from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, PermissionResultAllow, PermissionResultDeny

    questions = []

    async def person(tool: str, _: dict[str, Any], context: Any) -> PermissionResultAllow | PermissionResultDeny:
        questions.append((tool, str(context.decision_reason)))
        return PermissionResultAllow() if approves else PermissionResultDeny(message="No.")

    async def talk(url: str) -> None:
        environ = client_environment(client.new_home(), url)
        options = ClaudeAgentOptions(
            cwd=watched, can_use_tool=person, setting_sources=["project"], env=environ, cli_path=client.program
        )
        async with ClaudeSDKClient(options) as talking:
            await talking.query("go")
            async for _ in talking.receive_response():
                pass

    with model_stand_in([[ToolCall("Bash", {"command": DROP.format("app.db")})]]) as model:
        asyncio.run(asyncio.wait_for(talk(model.url), TIME_LIMIT))
    assert [tool for tool, reason in questions if "DROP TABLE orders: app.db" in reason] == ["Bash"]
    assert tables_of(watched / "app.db") == ([] if approves else ["orders"])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["dontAsk", "auto", "acceptEdits"])
def test_no_permission_mode_lets_it_run(mode: str, client: Client, watched: Path) -> None:
    conversation = run_in_client(client, watched, DROP.format("app.db"), "--permission-mode", mode)
    assert tables_of(watched / "app.db") == ["orders"]
    assert conversation.tool_results()[0].is_error
    assert "DROP TABLE orders: app.db" in conversation.tool_results()[0].text


@pytest.mark.slow
def test_a_command_on_a_throw_away_database_runs(client: Client, watched: Path) -> None:
    conversation = run_in_client(client, watched, DROP.format("test.db"))
    assert tables_of(watched / "test.db") == []
    assert conversation.denied() == []


@pytest.mark.slow
def test_the_client_does_not_write_over_a_database(client: Client, watched: Path) -> None:
    call = ToolCall("Write", {"file_path": str(watched / "app.db"), "content": ""})
    read = ToolCall("Read", {"file_path": str(watched / "app.db")})
    conversation = client.ask(
        "go", project=watched, turns=[[read], [call]], options=["--allowedTools", "Write", "Read"]
    )
    assert tables_of(watched / "app.db") == ["orders"]
    assert "overwrite a database file" in conversation.tool_results()[1].text


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["guard_follow.py", "guard.py"])
def test_a_broken_guard_stops_nobody(broken: str, client: Client, watched: Path) -> None:
    (watched / ".claude" / "skills" / SKILL.name / "scripts" / broken).unlink()
    conversation = run_in_client(client, watched, DROP.format("app.db"))
    assert tables_of(watched / "app.db") == []
    if broken != "guard.py":
        assert "The database guard failed" in conversation.messages_for_person()


@pytest.mark.slow
def test_the_settings_of_this_repository_watch_over_a_clone(client: Client, watched: Path) -> None:
    shutil.copy(ROOT / ".claude" / "settings.json", watched / ".claude" / "settings.json")
    shutil.move(watched / ".claude" / "skills" / SKILL.name, watched / SKILL.name)
    run_in_client(client, watched, DROP.format("app.db"))
    assert tables_of(watched / "app.db") == ["orders"]


@pytest.mark.slow
def test_a_plugin_brings_the_guard_and_the_skill_still_asks_for_nothing(client: Client, watched: Path) -> None:
    market = watched / "market"
    shutil.copytree(watched / ".claude" / "skills" / SKILL.name, market / SKILL.name)
    shutil.rmtree(watched / ".claude")
    entry = {"name": SKILL.name, "source": f"./{SKILL.name}", "strict": False, "skills": ["./"]}
    manifest = {"name": "market", "owner": {"name": "a"}, "plugins": [entry | hooks_of_a_plugin()]}
    write(market / ".claude-plugin" / "marketplace.json", json.dumps(manifest))
    home = client.new_home()
    client.run("plugin", "marketplace", "add", str(market), project=watched, home=home)
    client.run("plugin", "install", f"{SKILL.name}@market", project=watched, home=home)
    launch = ToolCall("Skill", {"skill": f"{SKILL.name}:{SKILL.name}", "args": "go"})
    drop = ToolCall("Bash", {"command": DROP.format("app.db")})
    conversation = client.ask(
        "go", project=watched, home=home, turns=[[launch], [drop]], options=["--allowedTools", "Bash"]
    )
    assert conversation.denied() == ["Bash"]
    assert tables_of(watched / "app.db") == ["orders"]


def hooks_of_a_plugin() -> dict[str, Any]:
    """The settings of the page, with the path that a plugin has."""
    folder = f"$CLAUDE_PROJECT_DIR/.claude/skills/{SKILL.name}"
    settings = json.dumps(settings_of_the_page())
    assert folder in settings
    hooks: dict[str, Any] = json.loads(settings.replace(folder, "${CLAUDE_PLUGIN_ROOT}"))
    return hooks


def run_in_client(client: Client, project: Path, command: str, *options: str) -> Conversation:
    """The model wants to run a command, and the person allowed all of Bash before."""
    turns = [[ToolCall("Bash", {"command": command})]]
    return client.ask("go", project=project, turns=turns, options=["--allowedTools", "Bash", *options])


def settings_of_the_page() -> dict[str, Any]:
    page = read_page(SKILL / "references" / "guard.md", home=SKILL)
    settings: dict[str, Any] = json.loads(next(block.text for block in page.blocks if block.language == "json"))
    return settings


def tables_of(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    connection.close()
    return names


# --- What the tests use ---


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


def decide(
    command: str, project: Path, elsewhere: Path, *, mode: str = "default", **environ: str
) -> dict[str, Any] | None:
    """The guard's answer in the project."""
    text = command.replace("{scripts}", str(SCRIPTS)).replace("{elsewhere}", str(elsewhere))
    return ask_guard("Bash", {"command": text}, project, mode=mode, **environ)


def ask_guard(
    tool: str, arguments: dict[str, Any], project: Path, *, mode: str = "default", **environ: str
) -> dict[str, Any] | None:
    event = {"tool_name": tool, "tool_input": arguments, "cwd": str(project), "permission_mode": mode}
    return guard.decide(event, {"HOME": str(project), "CLAUDE_PROJECT_DIR": str(project), **environ})


def bash_event(command: str, project: Path) -> dict[str, Any]:
    return {"tool_name": "Bash", "tool_input": {"command": command}, "cwd": str(project), "permission_mode": "default"}


def run_guard(command: str, project: Path, guard: Path = GUARD) -> subprocess.CompletedProcess[str]:
    event = json.dumps(bash_event(command, project))
    return subprocess.run([sys.executable, guard], input=event, capture_output=True, text=True, check=False)


def decision(answer: dict[str, Any] | None) -> str | None:
    return str(answer["hookSpecificOutput"]["permissionDecision"]) if answer else None
