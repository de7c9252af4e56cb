"""Promise: in a learner's folder /database-deployment is the learner's, and the teacher is beside it.

The real Claude Code client runs here. Only the model is a stand-in (claude_client.py).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from claude_client import Client, ToolCall
from git_server import lay_out
from pages import ROOT, SKILLS
from skill_file import read_skill

pytestmark = pytest.mark.slow

TEACHER = SKILLS[1]
SKILL = "database-deployment"


@pytest.fixture(scope="module")
def course(client: Client) -> Path:
    """What L0 lays out."""
    course = client.folder / "my-course"
    command = [sys.executable, str(TEACHER / "scripts" / "check_lesson.py"), "--start", "L0", str(course)]
    subprocess.run(command, check=True, capture_output=True)
    return course


def test_the_learners_folder_has_their_skill_and_the_teacher_and_no_third(client: Client, course: Path) -> None:
    empty = client.folder / "empty"
    empty.mkdir()
    without = client.ask("hello", project=empty).skills()
    assert set(client.ask("hello", project=course).skills()) - set(without) == {SKILL, TEACHER.name}


def test_the_command_of_the_skill_delivers_what_the_learner_has_written(client: Client, course: Path) -> None:
    page = course / SKILL / "SKILL.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("## Persona\n", "## Persona\n\nA librarian who counts cents.\n"), encoding="utf-8")
    sent = client.ask(f"/{SKILL} keep my books", project=course).text_for_model()
    assert "A librarian who counts cents." in sent.splitlines()


def test_the_command_of_the_teacher_delivers_its_body_and_its_lessons_are_read_without_asking(
    client: Client, course: Path
) -> None:
    lesson = ToolCall("Read", {"file_path": f"{course}/.claude/skills/{TEACHER.name}/lessons/L0-own-a-skill.md"})
    conversation = client.ask(f"/{TEACHER.name} teach me", project=course, turns=[[lesson]])
    assert read_skill(TEACHER).body.strip() in conversation.text_for_model()
    assert conversation.denied() == []
    assert "# L0: Own a skill" in conversation.tool_results()[0].text


def test_the_plugin_brings_the_teacher_and_nothing_else(client: Client, tmp_path: Path) -> None:
    home, marketplace = client.new_home(), lay_out(ROOT, tmp_path / "marketplace")
    before = client.ask("hello", project=tmp_path, home=home).skills()
    client.run("plugin", "marketplace", "add", str(marketplace), project=tmp_path, home=home)
    client.run("plugin", "install", f"{TEACHER.name}@{SKILL}", project=tmp_path, home=home)
    after = client.ask("hello", project=tmp_path, home=home).skills()
    assert set(after) - set(before) == {f"{TEACHER.name}:{TEACHER.name}"}
