"""Promise: the skill passes the validators of others, in the versions that requirements-dev.txt names."""

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
SKILL = ROOT / "database-deployment"


@pytest.mark.parametrize("command", [["agnix", "--strict"], ["agentskills", "validate"]], ids=" ".join)
def test_a_validator_has_nothing_to_say_against_the_skill(command: list[str]) -> None:
    done = run(*command, SKILL.name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_yaml_parser_reads_the_frontmatter_as_the_tests_do() -> None:
    read_by_parser = json.loads(run("agentskills", "read-properties", SKILL.name).stdout)
    assert read_by_parser == read_skill(SKILL).frontmatter


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment that runs the tests."""
    program = shutil.which(name, path=sysconfig.get_path("scripts")) or missing(f"the validator {name}")
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True)
