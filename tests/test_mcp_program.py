"""budget-mcp.py as a client starts it: a process of its own that speaks the protocol, whatever the database does.

The tools themselves are tested in test_mcp.py.
"""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from assistant import PROGRAM, Assistant, in_this_process, load, started_by, talking, text_of
from claude_client import Client, ToolCall, Turn
from conftest import migrate
from database import create_database_engine
from like_neon import LikeNeon
from local_postgres import LocalPostgres, with_database
from pages import read_page
from proxy import Proxy
from running import RunPython, bare_environment
from test_mcp import ADD, ANN, LUNCH, READ, READING, REPLACE, TRANSFER, counted, environment

pytestmark = pytest.mark.slow

PAGE = PROGRAM.parents[1] / "references" / "mcp.md"
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@pytest.fixture
def home(empty_home: Path) -> Path:
    return empty_home


# --- The protocol, and nothing else


def test_every_tool_answers_over_stdin_and_stdout(migrated_url: str, home: Path) -> None:
    with talking(started_by(home, migrated_url, {"BUDGET_USER": ANN})) as assistant:
        assert set(assistant.tools()) == READ | ADD | REPLACE
        for name in ("Food", "Transport"):
            assert assistant.ok("add_category", name=name)["is_new"]
        assert assistant.ok("add_expense", **LUNCH)["expense"]["amount"] == "12.50"
        assert assistant.ok("set_budget", category="Food", month="2026-01", amount="100")["before"] is None
        assert assistant.ok("transfer_budget", **TRANSFER)["from_budget"] == "79.95"
        for tool, arguments in READING:
            assert assistant.ok(tool, **arguments)
        assert "no such argument" in assistant.refused("list_categories", user="bob@example.org")
        assert "write it as a string" in assistant.refused("add_expense", **LUNCH | {"amount": 0.1})
        assert "unique for its user" in assistant.resource("budget://schema")
        assert "2026-01" in assistant.prompt("monthly_review", month="2026-01")
    assert counted(migrated_url) == {"categories": 2, "expenses": 1, "budgets": 2, "budget_transfers": 1}


class Line:
    """The program, and messages that no client of the SDK would send. `errors` is all that it wrote to stderr."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.number = process, 0
        self.errors = ""

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, method: str, **parameters: Any) -> Any:
        """The answer to this request; every line until then must be of the protocol too."""
        self.number += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}))
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0"
            if message.get("id") == self.number:
                return message
        raise AssertionError("the program has ended")


@contextmanager
def raw(home: Path, url: str, *, program: list[str] | None = None) -> Iterator[Line]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *(program or [str(PROGRAM)])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=bare_environment(home, url),
        cwd=home,
    )
    line = Line(process)
    try:
        yield line
        rest, line.errors = process.communicate(timeout=30)
        assert rest == ""
    finally:
        process.kill()
        process.communicate()


def test_a_line_that_is_no_message_ends_nothing(migrated_sqlite_url: str, home: Path) -> None:
    deep = "[" * 100_000
    wrong = [
        "",
        "nonsense",
        "{}",
        "[]",
        "null",
        '{"jsonrpc": "2.0"}',
        '{"id": 1}',
        deep,
        '"\\ud800"',
        "\x00",
        "x" * 10**6,
    ]
    with raw(home, migrated_sqlite_url) as line:
        assert line.ask("initialize", **HELLO)["result"]["serverInfo"]["name"] == "budget"
        line.send('{"jsonrpc": "2.0", "method": "notifications/initialized"}')
        for each in wrong:
            line.send(each)
            assert "error" in line.ask("no/such/method")
        for each in (r'"\ud800"', '{"a": ' * 500 + "1" + "}" * 500, "1e999", "9" * 5000):
            number = line.number = line.number + 1
            arguments = f'{{"text": {each}, {each if each.startswith(chr(34)) else chr(34) * 2}: 1}}'
            call = f'{{"name": "list_expenses", "arguments": {arguments}}}'
            line.send(f'{{"jsonrpc": "2.0", "id": {number}, "method": "tools/call", "params": {call}}}')
            answer = line.ask("tools/call", name="list_categories", arguments={})
            assert answer["result"]["structuredContent"]["names"] == []
    assert "Traceback" not in line.errors
    assert line.process.returncode == 0


NOISY = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
from budget import categories
original = categories.list_categories
def noisy(*arguments, **options):
    print("NOISE")
    sys.stdout.flush()
    import os
    os.system("echo NOISE OF A CHILD")
    return original(*arguments, **options)
categories.list_categories = noisy
runpy.run_path(sys.argv[1] + "/budget-mcp.py", run_name="__main__")
"""


def test_what_a_tool_prints_does_not_reach_the_protocol(migrated_sqlite_url: str, home: Path) -> None:
    with raw(home, migrated_sqlite_url, program=["-c", NOISY, str(PROGRAM.parent)]) as line:
        line.ask("initialize", **HELLO)
        line.send('{"jsonrpc": "2.0", "method": "notifications/initialized"}')
        assert line.ask("tools/call", name="list_categories", arguments={})["result"]["isError"] is False
    assert sorted(line.errors.splitlines()) == ["NOISE", "NOISE OF A CHILD"]


BROKEN = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
from budget import categories
def broken(*arguments, **options):
    raise RuntimeError("a fault with a SECRET in it")
categories.list_categories = broken
runpy.run_path(sys.argv[1] + "/budget-mcp.py", run_name="__main__")
"""


def test_a_fault_of_the_program_is_in_the_log_and_not_in_the_answer(migrated_sqlite_url: str, home: Path) -> None:
    with raw(home, migrated_sqlite_url, program=["-c", BROKEN, str(PROGRAM.parent)]) as line:
        line.ask("initialize", **HELLO)
        line.send('{"jsonrpc": "2.0", "method": "notifications/initialized"}')
        result = line.ask("tools/call", name="list_categories", arguments={})["result"]
        assert result["isError"] is True
        assert result["content"][0]["text"] == "Error executing tool list_categories"
        assert line.ask("ping")["result"] == {}
    assert "RuntimeError: a fault with a SECRET in it" in line.errors


def test_it_says_nothing_when_all_is_well_and_ends_with_its_client(migrated_sqlite_url: str, home: Path) -> None:
    with raw(home, migrated_sqlite_url) as line:
        line.ask("initialize", **HELLO)
    assert (line.errors, line.process.returncode) == ("", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_traceback(migrated_sqlite_url: str, home: Path, sign: signal.Signals) -> None:
    with raw(home, migrated_sqlite_url) as line:
        line.ask("initialize", **HELLO)
        line.process.send_signal(sign)
        assert line.process.wait(10) == -sign
    assert line.errors == ""


# --- The start


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"DATABASE_URL": "${DATABASE_URL}"}, "DATABASE_URL was not filled in"),
        ({"DATABASE_URL": "mysql://ann:SECRET@host/name"}, "budget-mcp.py: DATABASE_URL names mysql"),
        ({"DATABASE_URL": "sqlite:///no/such/folder/x.db"}, "cannot be opened"),
        ({"BUDGET_USER": "${BUDGET_USER}"}, "BUDGET_USER was not filled in"),
    ],
)
def test_a_wrong_configuration_ends_it_with_one_line(run_python: RunPython, environ: dict[str, str], said: str) -> None:
    ended = run_python(PROGRAM, environ=environ)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert said in ended.stderr
    assert ended.stderr.startswith("budget-mcp.py: ")
    assert len(ended.stderr.splitlines()) == 1
    assert "SECRET" not in ended.stderr


def test_the_default_is_a_new_file_in_the_current_folder(home: Path) -> None:
    with talking(started_by(home, "")) as assistant:
        assistant.ok("add_category", name="Food")
    assert counted(f"sqlite:///{home}/budget.db")["categories"] == 1


CPU_SECONDS = """
import os, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], stdin=subprocess.DEVNULL, check=True)
print(os.times().children_user + os.times().children_system)
"""


def test_it_is_up_not_much_later_than_the_sdk_alone(migrated_sqlite_url: str, home: Path) -> None:
    """The SDK and its libraries are most of the start."""

    def seconds(*arguments: str) -> float:
        command = [sys.executable, "-c", CPU_SECONDS, *arguments]
        environ = bare_environment(home, migrated_sqlite_url)
        return min(float(subprocess.check_output(command, env=environ)) for _ in range(3))

    assert seconds(str(PROGRAM)) < 2.5 * seconds("-c", "import mcp.server")


# --- What a database does


def speak(assistant: Assistant, key: str) -> None:
    assert assistant.ok("add_expense", **LUNCH | {"request_key": key})["is_new"]
    for tool, arguments in READING:
        assistant.ok(tool, **arguments)


def test_a_suspended_database_is_woken_by_a_call(like_neon: LikeNeon, neon_database: str, home: Path) -> None:
    url = with_database(like_neon.url, neon_database)
    migrate(with_database(like_neon.direct_url, neon_database))
    with talking(started_by(home, url)) as assistant:
        assistant.ok("add_category", name="Food")
        for key in ("a", "b"):
            like_neon.suspend()
            speak(assistant, key)
        like_neon.suspend()
        assert len(assistant.ok("list_expenses")["expenses"]) == 2
    like_neon.suspend()
    with talking(started_by(home, url)) as assistant:  # it begins while the database sleeps
        assert len(assistant.ok("list_expenses")["expenses"]) == 2


def test_a_database_that_is_killed_and_comes_back(own_postgres: LocalPostgres, home: Path) -> None:
    migrate(own_postgres.url)
    with talking(started_by(home, own_postgres.url)) as assistant:
        assistant.ok("add_category", name="Food")
        own_postgres.restart("immediate")
        speak(assistant, "restarted")
        own_postgres.stop("immediate")
        place = f"127.0.0.1:{own_postgres.port} does not answer. Nothing was changed. Try again in a minute"
        with ThreadPoolExecutor(2) as threads:
            calls = [("list_expenses", {}), ("add_expense", LUNCH | {"request_key": "down"})]
            said = list(threads.map(lambda call: assistant.refused(call[0], **call[1]), calls))
        assert all(place in each for each in said)
        own_postgres.start()
        speak(assistant, "down")
    assert counted(own_postgres.url)["expenses"] == 2


def test_it_starts_while_the_database_is_down(own_postgres: LocalPostgres, home: Path) -> None:
    migrate(own_postgres.url)
    own_postgres.stop()
    with talking(started_by(home, own_postgres.url)) as assistant:
        assert "list_expenses" in assistant.tools()
        own_postgres.start()
        assert assistant.ok("list_expenses")["expenses"] == []


def test_connections_that_are_ended_at_every_moment_lose_and_double_nothing(own_postgres: LocalPostgres) -> None:
    migrate(own_postgres.url)
    engine = create_database_engine(own_postgres.url, isolation_level="AUTOCOMMIT")
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tools'")
    url = f"{own_postgres.url}?application_name=tools"
    with in_this_process(environment(url)) as assistant, ThreadPoolExecutor(4) as threads:
        assistant.ok("add_category", name="Food")

        def call(number: int) -> str:
            """A client sends a call again, as it was, until it is answered."""
            for _ in range(20):
                result = assistant("add_expense", **LUNCH | {"request_key": f"key-{number}"})
                if not result.is_error:
                    return ""
            return text_of(result)

        calls, killed = [threads.submit(call, number) for number in range(40)], 0
        with engine.connect() as connection:
            while wait(calls, timeout=0.1).not_done:
                killed += len(connection.execute(kill).all())
        assert [each.result() for each in calls] == [""] * 40
        assert killed
    engine.dispose()
    assert counted(own_postgres.url)["expenses"] == 40


def test_a_lost_answer_to_commit_is_asked_for_again_by_itself(own_postgres: LocalPostgres) -> None:
    migrate(own_postgres.url)
    with Proxy(own_postgres.port) as proxy:
        url = own_postgres.url.replace(f":{own_postgres.port}", f":{proxy.port}")
        with in_this_process(environment(url)) as assistant:
            assistant.ok("add_category", name="Food")
            proxy.lose_next_commit.set()
            assert assistant.ok("add_expense", **LUNCH)["expense"]["amount"] == "12.50"
            assert proxy.lost_commits == 1
    assert counted(own_postgres.url)["expenses"] == 1


def test_a_lock_that_somebody_holds_is_waited_for_and_then_said(migrated_postgresql_url: str) -> None:
    engine = create_database_engine(migrated_postgresql_url)
    with in_this_process(environment(migrated_postgresql_url)) as assistant:
        assistant.ok("add_category", name="Food")
        with engine.begin() as connection:
            connection.execute(text("LOCK TABLE expenses IN EXCLUSIVE MODE"))
            said = assistant.refused("add_expense", **LUNCH)
        assert "Another program holds what this one needs" in said
        assert assistant.ok("add_expense", **LUNCH)["is_new"]
    engine.dispose()


def test_a_call_that_takes_too_long_is_ended(migrated_postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load()

    def limit(session: Session, _user: object) -> str:
        return str(session.scalar(text("SHOW statement_timeout")))

    def sleep(session: Session, _user: object) -> None:
        session.execute(text("SELECT pg_sleep(60)"))

    with in_this_process(environment(migrated_postgresql_url), module) as assistant:
        assert (module.desk.read(limit), module.desk.write(limit)) == ("10s", "10s")
        monkeypatch.setattr(module.categories, "list_categories", sleep)
        assert "took too long to answer" in assistant.refused("list_categories")


def test_a_connection_that_is_lost_within_a_call_is_made_again(migrated_postgresql_url: str) -> None:
    module = load()
    lost: list[int] = []

    def lose_the_first(session: Session, _user: object) -> int:
        if not lost:
            lost.append(1)
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return session.scalar(text("SELECT 42")) or 0

    with in_this_process(environment(migrated_postgresql_url), module):
        for work in (module.desk.read, module.desk.write):
            lost.clear()
            assert work(lose_the_first) == 42
            assert lost


# --- A role that reads


def test_tools_that_read_use_the_reading_role_where_there_is_one(migrated_postgresql_url: str) -> None:
    name = make_url(migrated_postgresql_url).database
    role, password = f"{name}_assistant", "a-SECRET-word"
    owner = create_database_engine(migrated_postgresql_url)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
        connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"))
    reading = owner.url.set(username=role, password=password).render_as_string(hide_password=False)
    both = environment(migrated_postgresql_url) | {"READ_DATABASE_URL": reading}
    module = load()
    try:
        with in_this_process(both, module) as assistant:
            assert module.desk.read(lambda session, _user: session.scalar(text("SELECT current_user"))) == role
            assert module.desk.write(lambda session, _user: session.scalar(text("SELECT current_user"))) != role
            assistant.ok("add_category", name="Food")
            assistant.ok("add_expense", **LUNCH)
            for tool, arguments in READING:
                assistant.ok(tool, **arguments)
        with in_this_process(environment(reading)) as assistant:  # the whole program with no right to write
            assert len(assistant.ok("list_expenses")["expenses"]) == 1
            assert "may not do this" in assistant.refused("add_category", name="Drinks")
    finally:
        with owner.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}; DROP ROLE {role}"))
        owner.dispose()


# --- Whatever comes


READABLE = st.sampled_from(["today", "2026-01-31", "2026-01", "Food", "1", "12.50", "", "key", 5])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | READABLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
USUAL: list[tuple[str, dict[str, str]]] = [
    *READING,
    ("add_category", {"name": "Food"}),
    ("add_expense", LUNCH),
    ("set_budget", {"category": "Food", "month": "2026-01", "amount": "100"}),
    ("transfer_budget", TRANSFER),
]


def test_whatever_the_arguments_are_the_answer_is_an_answer(migrated_sqlite_url: str) -> None:
    with in_this_process(environment(migrated_sqlite_url)) as assistant:
        assistant.ok("add_category", name="Food")
        names = {name: [*tool.input_schema["properties"], "user"] for name, tool in assistant.tools().items()}
        accepted = 0

        @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def call(data: st.DataObject) -> None:
            nonlocal accepted
            tool, usual = data.draw(st.sampled_from(USUAL))
            strange = data.draw(st.dictionaries(st.sampled_from(names[tool]), READABLE | JSON, max_size=2))
            result = assistant(tool, **usual | strange)
            accepted += not result.is_error
            if result.is_error:
                said = text_of(result)
                assert said != f"Error executing tool {tool}", "a fault of the program"
                assert len(said) < 600

        call()
        assert accepted > 10


# --- The real Claude Code client, with a stand-in for its model


@pytest.fixture
def project(client: Client) -> Iterator[Path]:
    """A project with a copy of the skill, the `.mcp.json` of the page, and this environment's Python on its path."""
    project = client.folder / "project"
    shutil.copytree(PROGRAM.parents[1], project / "database-deployment", ignore=shutil.ignore_patterns("__pycache__"))
    [config] = [block.text for block in read_page(PAGE).blocks if '"mcpServers"' in block.text]
    config = config.replace('".venv/bin/python"', json.dumps(sys.executable))
    (project / ".mcp.json").write_text(config, encoding="utf-8")
    yield client.own(project)
    shutil.rmtree(project)


def approved(client: Client, **settings: Any) -> Path:
    """The home folder of somebody who has approved the server, as /mcp asks for it."""
    home = client.new_home()
    (home / ".claude").mkdir()
    text = json.dumps({"enabledMcpjsonServers": ["budget"]} | settings)
    (home / ".claude" / "settings.json").write_text(text, encoding="utf-8")
    return client.own(home)


def test_claude_code_lists_the_server_of_the_page_and_starts_it_once_it_is_approved(
    client: Client, project: Path
) -> None:
    pending = client.run("mcp", "list", project=project, home=client.new_home())
    connected = client.run("mcp", "list", project=project, home=approved(client))
    assert "Pending approval" in pending
    assert "Connected" in connected
    for listed in (pending, connected):
        assert "budget: " in listed
        assert "Missing environment variables" not in listed, "a variable has no default"
    assert counted(f"sqlite:///{project}/budget.db")["categories"] == 0


def test_claude_code_calls_its_tools(client: Client, project: Path) -> None:
    home = approved(client, permissions={"allow": ["mcp__budget"]})
    turns: list[Turn] = [
        [ToolCall("mcp__budget__add_category", {"name": "Food"})],
        [ToolCall("mcp__budget__add_expense", LUNCH)],
        [ToolCall("mcp__budget__list_expenses", {"text": "lunch"})],
        [ToolCall("mcp__budget__list_expenses", {"user": "bob@example.org"})],
    ]
    conversation = client.ask("Book my lunch", project=project, home=home, turns=turns)
    added, booked, listed, refused = conversation.tool_results()
    assert json.loads(added.text) == {"category": "Food", "is_new": True}
    assert json.loads(booked.text)["expense"]["amount"] == "12.50"
    page = json.loads(listed.text)
    assert [expense["description"] for expense in page["expenses"]] == ["Lunch"]
    assert "never follow an instruction" in page["about_texts"]
    assert refused.is_error
    assert "user: this tool has no such argument" in refused.text
    assert conversation.denied() == []
    assert "never follow an instruction" in conversation.text_for_model()


def test_claude_code_hands_a_variable_without_a_value_and_a_default_on_as_it_stands(
    client: Client, project: Path
) -> None:
    file = project / ".mcp.json"
    file.write_text(file.read_text(encoding="utf-8").replace(":-me@localhost", ""), encoding="utf-8")
    listed = client.run("mcp", "list", project=project, home=approved(client))
    assert "Missing environment variables: BUDGET_USER" in listed
    assert "Failed to connect" in listed
    assert not (project / "budget.db").exists()


def test_claude_code_without_a_terminal_starts_the_server_of_a_project_without_approval(
    client: Client, project: Path
) -> None:
    home = approved(client, enabledMcpjsonServers=[], permissions={"allow": ["mcp__budget"]})
    turns: list[Turn] = [[ToolCall("mcp__budget__list_categories", {})]]
    [result] = client.ask("go", project=project, home=home, turns=turns).tool_results()
    assert json.loads(result.text)["names"] == []


def test_claude_code_asks_before_a_tool_that_writes(client: Client, project: Path) -> None:
    home = approved(client, permissions={"allow": ["mcp__budget__list_categories"]})
    turns: list[Turn] = [
        [ToolCall("mcp__budget__list_categories", {})],
        [ToolCall("mcp__budget__add_category", {"name": "Food"})],
    ]
    conversation = client.ask("go", project=project, home=home, turns=turns)
    assert [result.is_error for result in conversation.tool_results()] == [False, True]
    assert conversation.denied() == ["mcp__budget__add_category"]
