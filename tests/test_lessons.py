"""The lessons are one course: the table and the pages agree, each has the form, and nothing comes before its time."""

import importlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from pages import ROOT, SKILLS, Block, Page, read_page

TEACHER = SKILLS[1]
LESSONS: list[dict[str, Any]] = tomllib.loads((TEACHER / "lessons.toml").read_text(encoding="utf-8"))["lesson"]

HEAD = ["**You will be able to**", "**You need**", "**Not here:**"]
SECTIONS = [
    "See it fail",
    "The smallest thing that works",
    "What happened",
    "One step further",
    "What breaks next",
    "Three prompts to try",
    "Your own skill",
    "Before you continue",
]

# What is new in a lesson, as it looks in code: no page shows it earlier.
NEW_IN_CODE = {
    "L2": r"\bMapped\[|CheckConstraint\(|TypeDecorator",
    "L3": r"\b[Ss]ession\b|\bselect\(|\bcreate_engine\(|(?:from|import) database\b",
    "L4": r"\brelationship\(|ForeignKey|(?<![\"'])\.(?:outer)?join\(|selectinload|back_populates|ondelete",
    "L5": r"with_for_update|begin_nested|run_transaction|isolation_level|on_conflict|request_key",
    "L6": r"migration_url|UNPOOLED|pool_pre_ping|sslmode|SET LOCAL",
    "L7": r"\bcsv\.DictReader\(",
}
ALLOWED_EARLIER = {("L0", "L2")}  # L0 looks at a class, and says that L2 explains it
SQL = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE)\b")

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: str(lesson["id"]))


def page_of(lesson: dict[str, Any]) -> Page:
    return read_page(TEACHER / lesson["page"])


def section(page: Page, title: str) -> str:
    return page.text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def code(page: Page) -> str:
    return "\n".join(block.text for block in page.blocks if block.language == "python")


def scratch(page: Page) -> str:
    """What the learner has in try.py in the end, on SQLite."""
    return "\n".join(block.text for block in page.blocks if block.is_run() and "sqlite" in block.databases())


def commands(page: Page) -> list[Block]:
    return [block for block in page.blocks if block.language == "bash"]


# --- The table and the pages ------------------------------------------------------------------------------------------


def test_every_page_is_in_the_table_and_every_lesson_has_its_page() -> None:
    on_disk = {path.relative_to(TEACHER).as_posix() for path in TEACHER.glob("lessons/*.md")}
    assert [lesson["id"] for lesson in LESSONS] == [f"L{number}" for number in range(8)]
    assert {lesson["page"] for lesson in LESSONS} == on_disk


@every_lesson
def test_title_and_minutes_are_those_of_the_table(lesson: dict[str, Any]) -> None:
    page = page_of(lesson)
    assert page.text.startswith(f"# {lesson['id']}: {lesson['title']}\n\n{lesson['minutes']} minutes")
    assert 15 <= lesson["minutes"] <= 30


@every_lesson
def test_a_lesson_shows_its_examples_and_says_what_the_learner_makes(lesson: dict[str, Any]) -> None:
    page = page_of(lesson)
    for example in lesson["examples"]:
        assert f"database-deployment/{example}" in page.text
    own = section(page, "Your own skill")
    for path, names in lesson["makes"].items():
        assert path in own
        missing = [name for name in names if f"`{name}" not in own]
        assert missing == [], path


def test_one_lesson_leads_to_the_next() -> None:
    for lesson, after in itertools.pairwise(LESSONS):
        assert page_of(lesson).text.rstrip().splitlines()[-1].endswith(f"]({Path(after['page']).name}).")


def test_a_page_of_the_finished_skill_is_named_on_one_line_and_is_there() -> None:
    """A skill has no links to another one; the site makes links of these names."""
    named = {
        (page.name, name)
        for page in TEACHER.rglob("*.md")
        for name in re.findall(r"`database-deployment`:(\s[^)]*)\)", page.read_text(encoding="utf-8"))
    }
    assert len(named) >= 8
    assert [each for each in named if not (SKILLS[0] / each[1].removeprefix(" ")).is_file()] == []


# --- The form of a lesson ---------------------------------------------------------------------------------------------


@every_lesson
def test_a_lesson_has_its_sections_in_order(lesson: dict[str, Any]) -> None:
    page = page_of(lesson)
    assert re.findall(r"^## (.*)$", "\n".join(line for _, line in page.prose), re.M) == SECTIONS
    assert re.findall(r"^- (\*\*.*?\*\*)", page.text.partition("\n## ")[0], re.M) == HEAD


@every_lesson
def test_a_lesson_begins_with_something_that_is_run(lesson: dict[str, Any]) -> None:
    assert re.search("^```(?:bash|python)$", section(page_of(lesson), "See it fail"), re.M)


@every_lesson
def test_there_are_three_prompts_and_each_says_what_it_teaches(lesson: dict[str, Any]) -> None:
    prompts = re.split(r"^\d\. ", section(page_of(lesson), "Three prompts to try"), flags=re.M)[1:]
    assert len(prompts) == 3
    for prompt in prompts:
        assert re.search(r'"[^"]{20,}"', prompt)
        assert "*It teaches you " in " ".join(prompt.split())


@every_lesson
def test_nothing_is_used_before_the_lesson_that_teaches_it(lesson: dict[str, Any]) -> None:
    for later, pattern in NEW_IN_CODE.items():
        if lesson["id"] < later and (lesson["id"], later) not in ALLOWED_EARLIER:
            assert re.findall(pattern, code(page_of(lesson))) == [], f"that is {later}"
    if lesson["id"] in NEW_IN_CODE:
        assert re.search(NEW_IN_CODE[lesson["id"]], code(page_of(lesson)))


# --- SQL and commands -------------------------------------------------------------------------------------------------


@every_lesson
def test_the_sql_that_a_lesson_shows_is_what_a_program_printed(lesson: dict[str, Any]) -> None:
    page = page_of(lesson)
    assert [block.line for block in page.blocks if block.language == "sql"] == []
    for block, before in zip(page.blocks[1:], page.blocks, strict=False):
        if block.language == "text" and SQL.search(block.text):
            printed = before.is_run() and block.follows_directly
            assert printed or block.marker("output"), page.at(block.line)


@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if lesson["id"] in ("L3", "L4", "L5", "L6")])
def test_a_lesson_listens_to_what_is_really_sent(lesson: dict[str, Any]) -> None:
    assert '@event.listens_for(engine, "before_cursor_execute")' in code(page_of(lesson))


def test_the_table_that_lesson_2_shows_is_the_one_that_is_created() -> None:
    models = importlib.import_module("expense-models")
    sent: list[str] = []
    engine = create_engine("sqlite://")
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append(" ".join(given[2].split())))
    models.Base.metadata.create_all(engine)
    engine.dispose()
    shown = " ".join(page_of(LESSONS[2]).text.split())
    assert [sql for sql in sent if sql.startswith("CREATE TABLE expenses") and sql in shown]


@pytest.mark.slow
@every_lesson
def test_the_commands_of_a_lesson_work_as_they_are_typed(lesson: dict[str, Any], tmp_path: Path) -> None:
    """In a clone, in order, with the folder that L0 lays out."""
    clone, home = tmp_path / "clone", tmp_path / "home"
    home.mkdir()
    shutil.copytree(ROOT, clone, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "*cache*", "site"))
    folder = clone / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "activate").write_text(f"PATH={Path(sys.executable).parent}:$PATH\n", encoding="utf-8")
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"}

    def typed(lines: str) -> None:
        done = subprocess.run(
            ["bash", "-c", f"set -e\n{lines}"], cwd=clone, env=environ, capture_output=True, text=True, timeout=120
        )
        unfinished = done.returncode == 1 and "check_lesson.py L" in lines  # that is what the learner shall see
        assert done.returncode == 0 or unfinished, f"{lines}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr

    if lesson["id"] != "L0":
        typed(f"python {CHECKER} --start {lesson['id']} ~/my-course")
    examples = home / "my-course" / "database-deployment" / "examples"
    for block in commands(page_of(lesson)):
        if "try.py" in block.text:
            (examples / "try.py").write_text(scratch(page_of(lesson)), encoding="utf-8")
        if ".env" not in block.text and "doctor.py" not in block.text:  # those need an account
            typed(block.text)


CHECKER = ".claude/skills/building-with-sqlalchemy-orm/scripts/check_lesson.py"
