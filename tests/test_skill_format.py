"""Promise: the skill has the form that every client of agent skills reads, and is whole when it is copied alone."""

import os
import re
from pathlib import Path

import pytest

from skill_file import SkillFile, read_skill

ROOT = Path(__file__).parents[1]
SKILL = ROOT / "database-deployment"
PAGES = sorted(SKILL.rglob("*.md"))

PORTABLE_KEYS = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(<?([^)\s>]+)")
PATH_IN_CODE = re.compile(r"(?<![\w/.-])(?:references|examples|scripts)/[\w./-]*\.[a-z]+\b")
# What some client would replace: an argument, a variable of the client, the output of a command, an attached file.
REPLACED = re.compile(r"\$ARGUMENTS|\$\{|\$\d|(?:^|\s)!`|^```!|(?:^|\s)@[\w./-]+\.md", re.MULTILINE)


@pytest.fixture
def skill() -> SkillFile:
    """What SKILL.md says."""
    return read_skill(SKILL)


def test_the_frontmatter_has_only_keys_that_every_client_knows(skill: SkillFile) -> None:
    assert set(skill.frontmatter) <= PORTABLE_KEYS


def test_the_skill_grants_itself_no_tools(skill: SkillFile) -> None:
    assert "allowed-tools" not in skill.frontmatter, "Claude Code would ask before it launches the skill"


def test_the_name_is_the_name_of_the_folder(skill: SkillFile) -> None:
    assert skill.frontmatter["name"] == SKILL.name


def test_the_name_is_one_that_every_client_takes() -> None:
    assert NAME.fullmatch(SKILL.name)
    assert len(SKILL.name) <= 64


def test_the_description_is_one_that_every_client_takes(skill: SkillFile) -> None:
    assert 1 <= len(skill.description) <= 1024
    assert not re.search("[<>]", skill.description)


def test_the_compatibility_is_short(skill: SkillFile) -> None:
    assert len(str(skill.frontmatter.get("compatibility", ""))) <= 500


def test_the_metadata_are_words(skill: SkillFile) -> None:
    assert isinstance(skill.frontmatter.get("metadata", {}), dict)


def test_the_body_says_the_same_in_every_client(skill: SkillFile) -> None:
    assert [found.group().strip() for found in REPLACED.finditer(skill.body)] == []


def test_the_body_is_short_enough_to_be_read_whole(skill: SkillFile) -> None:
    """An agent pays for each line. Four characters count as a token."""
    assert 0 < len(skill.body.splitlines()) < 200
    assert len(skill.body) / 4 < 2500


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(SKILL).as_posix())
def test_every_link_of_a_page_leads_to_a_file_of_the_skill(page: Path) -> None:
    prose = CODE.sub("", FENCED.sub("", page.read_text(encoding="utf-8")))
    local = [link for link in LINK.findall(prose) if not re.match(r"https?://|#", link)]
    assert [link for link in local if not leads_into_the_skill(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(SKILL).as_posix())
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    named = PATH_IN_CODE.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not (SKILL / path).exists()] == []


@pytest.mark.parametrize("clients_folder", [".claude/skills", ".agents/skills"])
def test_clients_of_a_clone_find_the_skill_by_a_link(clients_folder: str) -> None:
    link = ROOT / clients_folder / SKILL.name
    assert link.is_symlink(), "where git wrote a text file instead: git config core.symlinks true, and check out again"
    assert os.readlink(link) == f"../../{SKILL.name}"
    assert link.samefile(SKILL)


def leads_into_the_skill(page: Path, link: str) -> bool:
    """Is this a relative link to a file of the skill?"""
    target = (page.parent / link.partition("#")[0]).resolve()
    return not link.startswith("/") and target.is_relative_to(SKILL) and target.exists()
