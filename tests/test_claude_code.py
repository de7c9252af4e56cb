"""Promise: in a clone of this repository Claude Code finds the skill, delivers it, and asks for no permission.

The real client runs here, as the account that runs the tests and, where that is root, as an ordinary one too. Only
the model is a stand-in (claude_client.py), so what is checked is what a model would be sent.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_client import Client, Conversation, ToolCall, ToolResult, find_program, installed_client
from git_server import lay_out
from requirement import missing
from skill_file import SkillFile, read_skill

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
NAME = "database-deployment"
REQUEST = "build me an expense tracker"
RUNS_AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
ACCOUNTS = {"this account": None} | ({"an ordinary account": "nobody"} if RUNS_AS_ROOT else {})


@pytest.fixture(scope="module", params=ACCOUNTS.values(), ids=list(ACCOUNTS))
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """The client as one of the accounts."""
    program = find_program() or missing("a Claude Code client")
    with installed_client(program, request.param) as client:
        yield client


@pytest.fixture(scope="module")
def clone(client: Client) -> Path:
    """The repository as a clone has it: the files that git knows or would add, and nothing else."""
    return client.own(lay_out(ROOT, client.folder / "clone"))


@pytest.fixture(scope="module")
def other_project(client: Client, clone: Path) -> Path:
    """Somebody's project that got a copy of the skill's folder and nothing else of this repository."""
    project = client.folder / "other-project"
    shutil.copytree(clone / NAME, project / ".claude" / "skills" / NAME)
    return client.own(project)


@pytest.fixture(scope="module")
def greeting(client: Client, clone: Path) -> Conversation:
    """A person says hello."""
    return client.ask("hello", project=clone)


@pytest.fixture(scope="module")
def command(client: Client, clone: Path) -> Conversation:
    """A person types the command of the skill."""
    return client.ask(f"/{NAME} {REQUEST}", project=clone)


@pytest.fixture(scope="module")
def launch(client: Client, clone: Path) -> Conversation:
    """The model finds by itself that it needs the skill."""
    return client.ask(REQUEST, project=clone, turns=[[skill_call()]])


@pytest.fixture(scope="module")
def skill(clone: Path) -> SkillFile:
    """What SKILL.md says."""
    return read_skill(clone / NAME)


def test_the_client_lists_the_skill_of_a_clone(greeting: Conversation) -> None:
    assert NAME in greeting.skills()


def test_the_model_reads_the_description_before_it_needs_the_skill(greeting: Conversation, skill: SkillFile) -> None:
    assert f"- {NAME}: {skill.description}" in greeting.text_for_model().splitlines()


def test_nothing_of_the_body_is_sent_before_the_skill_is_called(greeting: Conversation, skill: SkillFile) -> None:
    assert skill.body.strip() not in greeting.text_for_model()


def test_the_typed_command_delivers_the_whole_body_as_it_is_written(command: Conversation, skill: SkillFile) -> None:
    assert skill.body.strip() in command.text_for_model()


def test_the_typed_command_delivers_what_was_asked_for(command: Conversation) -> None:
    assert f"ARGUMENTS: {REQUEST}" in command.text_for_model().splitlines()


def test_the_model_launches_the_skill_and_nobody_is_asked(launch: Conversation) -> None:
    assert launch.tool_results() == [ToolResult(f"Launching skill: {NAME}", is_error=False)]
    assert launch.denied() == []


def test_the_launch_delivers_the_whole_body_and_the_request(launch: Conversation, skill: SkillFile) -> None:
    assert skill.body.strip() in launch.text_for_model()
    assert f"ARGUMENTS: {REQUEST}" in launch.text_for_model().splitlines()


def test_every_page_example_and_script_can_be_read_and_nobody_is_asked(client: Client, clone: Path) -> None:
    folder = clone / ".claude" / "skills" / NAME
    reading = client.ask(REQUEST, project=clone, turns=[[skill_call()], read_calls(folder)])
    assert f"Base directory for this skill: {folder}" in reading.text_for_model().splitlines()
    assert_all_was_read(folder, reading)


def test_the_link_for_other_clients_leads_to_the_same_folder(clone: Path) -> None:
    assert (clone / ".agents" / "skills" / NAME / "SKILL.md").samefile(clone / NAME / "SKILL.md")


def test_a_copy_of_the_folder_is_listed_in_another_project(
    client: Client, other_project: Path, skill: SkillFile
) -> None:
    greeting = client.ask("hello", project=other_project)
    assert NAME in greeting.skills()
    assert f"- {NAME}: {skill.description}" in greeting.text_for_model().splitlines()


def test_a_copy_of_the_folder_is_launched_and_read_in_another_project(
    client: Client, other_project: Path, skill: SkillFile
) -> None:
    folder = other_project / ".claude" / "skills" / NAME
    reading = client.ask(REQUEST, project=other_project, turns=[[skill_call()], read_calls(folder)])
    assert skill.body.strip() in reading.text_for_model()
    assert_all_was_read(folder, reading)


def test_a_permission_that_would_be_asked_for_is_noticed_here(client: Client, other_project: Path) -> None:
    outside = client.folder / "outside.md"
    outside.write_text("Not part of the project.")
    reading = client.ask("go", project=other_project, turns=[[read_call(outside)]])
    assert reading.denied() == ["Read"]
    assert [result.is_error for result in reading.tool_results()] == [True]


def test_a_skill_that_grants_itself_tools_would_be_asked_for(client: Client, other_project: Path) -> None:
    project = client.own(shutil.copytree(other_project, client.folder / "tool-grant"))
    entry = project / ".claude" / "skills" / NAME / "SKILL.md"
    granting = entry.read_text(encoding="utf-8").replace("---\n", "---\nallowed-tools: Bash\n", 1)
    entry.write_text(granting, encoding="utf-8")
    assert client.ask(REQUEST, project=project, turns=[[skill_call()]]).denied() == ["Skill"]


def skill_call() -> ToolCall:
    """The model calls the skill."""
    return ToolCall("Skill", {"skill": NAME, "args": REQUEST})


def read_call(path: Path) -> ToolCall:
    """The model reads a file."""
    return ToolCall("Read", {"file_path": str(path)})


def read_calls(folder: Path) -> list[ToolCall]:
    """The model reads all that the skill offers to read."""
    return [read_call(path) for path in readable_files(folder)]


def readable_files(folder: Path) -> list[Path]:
    """The pages, the examples and the scripts of a skill."""
    patterns = ["references/**/*.md", "examples/**/*.py", "scripts/**/*.py"]
    return sorted(path for pattern in patterns for path in folder.glob(pattern))


def assert_all_was_read(folder: Path, reading: Conversation) -> None:
    """The skill was launched, every file arrived from its first to its last line, and nobody was asked."""
    files = readable_files(folder)
    launched, *answers = reading.tool_results()
    assert launched.text == f"Launching skill: {NAME}"
    assert files, "a skill has something to read"
    incomplete = {
        str(path.relative_to(folder)): answer.text[:300]
        for path, answer in zip(files, answers, strict=True)
        if answer.is_error or not holds(answer.text, path.read_text(encoding="utf-8"))
    }
    assert incomplete == {}
    assert reading.denied() == []


def holds(answer: str, text: str) -> bool:
    """Does the client's answer, which numbers its lines, carry the whole file?"""
    numbered = "\n".join(f"{number}\t{line}" for number, line in enumerate(text.splitlines(), 1))
    return numbered in answer
