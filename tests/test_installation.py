"""Promise: each way in README installs the skill in a project of somebody else, and brings nothing besides.

The real Claude Code client installs from a clone of this repository as its local marketplace, and `npx skills` from
the same clone. Only the model is a stand-in (claude_client.py).
"""

import json
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_client import Client, Conversation, ToolCall
from git_server import git, lay_out, served
from requirement import missing
from skill_file import read_skill

ROOT = Path(__file__).parents[1]
SKILL = "database-deployment"
TEACHER = "building-with-sqlalchemy-orm"
INSTALLED = f"{SKILL}@database-deployment"
FOLDERS = {SKILL: ROOT / SKILL, TEACHER: ROOT / ".claude" / "skills" / TEACHER}
REQUEST = "keep the orders"


@pytest.fixture(scope="module", params=["links", "links as text files"])
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository with one commit, with and without symbolic links."""
    repository = lay_out(ROOT, tmp_path_factory.mktemp("published") / "repository", links=request.param == "links")
    commit(repository)
    return repository


def commit(repository: Path) -> None:
    git("add", "--all", folder=repository)
    git("commit", "--quiet", "--message", "A version", folder=repository)


@pytest.fixture(scope="module")
def address(repository: Path) -> Iterator[str]:
    with served(repository.parent) as address:
        yield f"{address}/repository/.git"


@pytest.fixture(scope="module")
def project(client: Client) -> Iterator[Path]:
    """A project that has nothing to do with this repository."""
    project = client.folder / "project"
    project.mkdir()
    (project / "main.py").write_text("print('hello')\n", encoding="utf-8")
    yield project
    assert {path.name for path in project.iterdir()} == {"main.py"}, "installing or asking has written into the project"


@pytest.fixture(scope="module")
def installed_home(client: Client, address: str, project: Path) -> Path:
    """The home folder of somebody who has installed the skill from the marketplace."""
    home = client.new_home()
    client.run("plugin", "marketplace", "add", address, project=project, home=home)
    client.run("plugin", "install", INSTALLED, project=project, home=home)
    return home


@pytest.fixture
def home(client: Client, installed_home: Path) -> Path:
    """A copy of it, for a test to change."""
    home = shutil.copytree(installed_home, client.new_home(), symlinks=True, dirs_exist_ok=True)
    for file in (home / ".claude" / "plugins").glob("*.json"):  # they name the places of what is installed
        file.write_text(file.read_text(encoding="utf-8").replace(str(installed_home), str(home)), encoding="utf-8")
    return home


def found(conversation: Conversation) -> dict[str, set[str]]:
    """What the client says that it has found, without the commands of its own."""
    event = next(event for event in conversation.events if event.get("subtype") == "init")
    plugins = {str(plugin["name"]) for plugin in event["plugins"]}
    servers = {str(server["name"]) for server in event["mcp_servers"]}
    return {"skills": set(event["skills"]), "plugins": plugins, "servers": servers, "agents": set(event["agents"])}


@pytest.mark.slow
def test_the_plugin_brings_its_skill_and_nothing_else(client: Client, project: Path, home: Path) -> None:
    without, with_plugin = (
        found(client.ask("hello", project=project)),
        found(client.ask("hello", project=project, home=home)),
    )
    assert {kind: with_plugin[kind] - without[kind] for kind in without} == {
        "skills": {f"{SKILL}:{SKILL}"},
        "plugins": {SKILL},
        "servers": set(),
        "agents": set(),
    }


@pytest.mark.slow
def test_the_short_command_delivers_the_whole_body_of_the_installed_skill(
    client: Client, project: Path, home: Path
) -> None:
    sent = client.ask(f"/{SKILL} {REQUEST}", project=project, home=home).text_for_model()
    assert read_skill(FOLDERS[SKILL]).body.strip() in sent
    assert f"ARGUMENTS: {REQUEST}" in sent.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [False, True], ids=["without the permission line", "with it"])
def test_the_pages_are_read_without_asking_once_the_line_of_the_readme_stands_in_the_settings(
    client: Client, project: Path, home: Path, allowed: bool
) -> None:
    if allowed:
        settings = home / ".claude" / "settings.json"
        values = json.loads(settings.read_text(encoding="utf-8")) | permission_line()
        settings.write_text(json.dumps(values), encoding="utf-8")
    launched = client.ask(f"/{SKILL} {REQUEST}", project=project, home=home).text_for_model()
    folder = re.search(r"^Base directory for this skill: (.*)$", launched, re.M)
    assert folder is not None
    page = ToolCall("Read", {"file_path": f"{folder[1]}/references/models.md"})
    reading = client.ask("go", project=project, turns=[[page]], home=home)
    assert reading.denied() == ([] if allowed else ["Read"])


def permission_line() -> dict[str, dict[str, list[str]]]:
    """The setting that README gives to whoever installs the skill outside of a project."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    line = re.search(r"`(\{\"permissions\".*?\})`", text)
    assert line is not None
    setting: dict[str, dict[str, list[str]]] = json.loads(line[1])
    return setting


@pytest.mark.slow
def test_an_update_brings_what_was_published_since(client: Client, project: Path, home: Path, repository: Path) -> None:
    with (repository / SKILL / "SKILL.md").open("a", encoding="utf-8") as page:
        page.write("\nA line of the next version.\n")
    commit(repository)
    client.run("plugin", "marketplace", "update", "database-deployment", project=project, home=home)
    client.run("plugin", "update", INSTALLED, project=project, home=home)
    sent = client.ask(f"/{SKILL} {REQUEST}", project=project, home=home).text_for_model()
    assert "A line of the next version." in sent.splitlines()


@pytest.mark.slow
def test_removing_the_plugin_leaves_nothing_of_it(client: Client, project: Path, home: Path) -> None:
    client.run("plugin", "uninstall", INSTALLED, project=project, home=home)
    client.run("plugin", "marketplace", "remove", "database-deployment", project=project, home=home)
    assert found(client.ask("hello", project=project, home=home)) == found(client.ask("hello", project=project))


@pytest.mark.slow
def test_the_manifest_passes_the_validator_of_the_client(client: Client, project: Path) -> None:
    client.run("plugin", "validate", "--strict", str(ROOT), project=project, home=client.new_home())


@pytest.mark.slow
def test_npx_skills_installs_updates_and_removes_the_skill_for_the_clients_that_are_named(
    repository: Path, tmp_path: Path
) -> None:
    scripts = sysconfig.get_path("scripts")
    npx = shutil.which("npx", path=scripts) or shutil.which("npx") or missing("npx")
    environ = os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "DISABLE_TELEMETRY": "1"}
    installed = [tmp_path / folder / "skills" / SKILL for folder in (".claude", ".agents")]

    def skills(arguments: str) -> None:
        command = [npx, "-y", "skills@1.5.18", *arguments.split(), "-y"]
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    for line in ("A line of one version.", "A line of the next version."):
        with (repository / SKILL / "SKILL.md").open("a", encoding="utf-8") as page:
            page.write(f"\n{line}\n")
        skills(f"add {repository} --skill {SKILL} -a claude-code codex --copy")
        for folder in installed:
            assert (folder / "SKILL.md").read_bytes() == (repository / SKILL / "SKILL.md").read_bytes()
            assert (folder / "examples" / "database.py").is_file()
    skills(f"remove {SKILL}")
    assert [folder for folder in installed if folder.exists()] == []


# --- The manifest -----------------------------------------------------------------------------------------------------


def plugins() -> list[dict[str, object]]:
    manifest = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text(encoding="utf-8"))
    entries: list[dict[str, object]] = manifest["plugins"]
    return entries


def test_the_marketplace_offers_the_two_skills_and_no_plugin_file_changes_their_names() -> None:
    assert {entry["name"]: (ROOT / str(entry["source"])).resolve() for entry in plugins()} == FOLDERS
    assert all(entry["strict"] is False for entry in plugins())
    # Codex would list the skill as PLUGIN:SKILL below a folder with such a file.
    assert list(ROOT.glob("**/plugin.json")) == []


def test_the_version_stands_in_one_place() -> None:
    """In SKILL.md; the changes name it, and the marketplace has none, so that an update is each new commit."""
    version = read_skill(FOLDERS[SKILL]).frontmatter["metadata"]
    assert isinstance(version, dict)
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert newest is not None
    assert newest[1] == version["version"]
    assert all("version" not in entry for entry in plugins())
