"""Promise: both skills have the form that every client of agent skills reads, and each is whole when copied alone."""

import os
import re
from pathlib import Path

import pytest

from skill_file import SkillFile, read_skill

ROOT = Path(__file__).parents[1]
SKILL = ROOT / "database-deployment"
TEACHER = ROOT / ".claude" / "skills" / "building-with-sqlalchemy-orm"
SKILLS = [SKILL, TEACHER]
PAGES = sorted(SKILL.rglob("*.md"))
PAGES_OF_BOTH = [*PAGES, *sorted(TEACHER.rglob("*.md"))]

PORTABLE_KEYS = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(<?([^)\s>]+)")
PATH_IN_CODE = re.compile(r"(?<![\w/.-])(?:references|examples|scripts)/[\w./-]*\.[a-z]+\b")
# What some client would replace: an argument, a variable of the client, the output of a command, an attached file.
REPLACED = re.compile(r"\$ARGUMENTS|\$\{|\$\d|(?:^|\s)!`|^```!|(?:^|\s)@[\w./-]+\.md", re.MULTILINE)


@pytest.fixture(params=SKILLS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


@pytest.fixture
def skill(folder: Path) -> SkillFile:
    """What SKILL.md says."""
    return read_skill(folder)


def test_the_frontmatter_has_only_keys_that_every_client_knows(skill: SkillFile) -> None:
    assert set(skill.frontmatter) <= PORTABLE_KEYS


def test_the_skill_grants_itself_no_tools(skill: SkillFile) -> None:
    assert "allowed-tools" not in skill.frontmatter, "Claude Code would ask before it launches the skill"


def test_the_name_is_the_name_of_the_folder(skill: SkillFile, folder: Path) -> None:
    assert skill.frontmatter["name"] == folder.name


def test_the_name_is_one_that_every_client_takes(folder: Path) -> None:
    assert NAME.fullmatch(folder.name)
    assert len(folder.name) <= 64


def test_the_description_is_one_that_every_client_takes(skill: SkillFile) -> None:
    assert 1 <= len(skill.description) <= 500  # clients take 1024, and cut where many skills share the room
    assert not re.search("[<>]", skill.description)


def test_the_two_descriptions_do_not_compete() -> None:
    """Teaching words lead to the teacher, building words to the skill; what follows "Not for" leads away."""
    builds, teaches = (read_skill(folder).description.lower().partition("not for")[0] for folder in SKILLS)
    teaching = re.compile(r"teach|learn|lesson|course|exercise|explain|explanation|beginner|new to")
    building = re.compile(r"build|deploy|migrat|connection|database_url|session|quer|transaction|moves? from")
    assert teaching.findall(builds) == []
    assert building.findall(teaches) == []
    assert len(set(teaching.findall(teaches))) >= 3
    assert len(set(building.findall(builds))) >= 3


def test_the_compatibility_is_short(skill: SkillFile) -> None:
    assert len(str(skill.frontmatter.get("compatibility", ""))) <= 500


def test_the_metadata_are_words(skill: SkillFile) -> None:
    assert isinstance(skill.frontmatter.get("metadata", {}), dict)


def test_the_body_says_the_same_in_every_client(skill: SkillFile) -> None:
    assert [found.group().strip() for found in REPLACED.finditer(skill.body)] == []


@pytest.mark.parametrize(("folder", "lines", "tokens"), [(SKILL, 200, 2500), (TEACHER, 300, 5000)], indirect=["folder"])
def test_the_body_is_short_enough_to_be_read_whole(skill: SkillFile, lines: int, tokens: int) -> None:
    """An agent pays for each line. Four characters count as a token."""
    assert 0 < len(skill.body.splitlines()) < lines
    assert len(skill.body) / 4 < tokens


@pytest.mark.parametrize("page", PAGES_OF_BOTH, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file_of_the_skill(page: Path) -> None:
    prose = CODE.sub("", FENCED.sub("", page.read_text(encoding="utf-8")))
    local = [link for link in LINK.findall(prose) if not re.match(r"https?://|#", link)]
    assert [link for link in local if not leads_into_the_skill(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(SKILL).as_posix())
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    named = PATH_IN_CODE.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not (SKILL / path).exists()] == []


@pytest.mark.parametrize(
    ("clients_folder", "folder"),
    [(".claude/skills", SKILL), (".agents/skills", SKILL), (".agents/skills", TEACHER)],
    indirect=["folder"],
)
def test_clients_of_a_clone_find_the_skill_by_a_link(clients_folder: str, folder: Path) -> None:
    link = ROOT / clients_folder / folder.name
    assert link.is_symlink(), "where git wrote a text file instead: git config core.symlinks true, and check out again"
    assert os.readlink(link) == f"../../{folder.relative_to(ROOT).as_posix()}"
    assert link.samefile(folder)


def leads_into_the_skill(page: Path, link: str) -> bool:
    """Is this a relative link to a file of the skill?"""
    target = (page.parent / link.partition("#")[0]).resolve()
    skill = next(folder for folder in SKILLS if page.is_relative_to(folder))
    return not link.startswith("/") and target.is_relative_to(skill) and target.exists()
