"""Promise: both skills pass the validators of others, in the versions that requirements-dev.txt names."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from requirement import missing
from skill_file import read_skill

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SKILLS = ["database-deployment", ".claude/skills/building-with-sqlalchemy-orm"]
both = pytest.mark.parametrize("skill", SKILLS)


@both
@pytest.mark.parametrize("command", [["agnix", "--strict"], ["agentskills", "validate"]], ids=" ".join)
def test_a_validator_has_nothing_to_say_against_the_skill(command: list[str], skill: str) -> None:
    done = run(*command, skill)
    assert done.returncode == 0, done.stdout + done.stderr


@both
def test_a_yaml_parser_reads_the_frontmatter_as_the_tests_do(skill: str) -> None:
    read_by_parser = json.loads(run("agentskills", "read-properties", skill).stdout)
    assert read_by_parser == read_skill(ROOT / skill).frontmatter


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment that runs the tests."""
    program = shutil.which(name, path=sysconfig.get_path("scripts")) or missing(f"the validator {name}")
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True)
