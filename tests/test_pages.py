"""Every Markdown page is true: its code runs on both databases, prints what the page shows, and its links hold.

    pytest tests/test_pages.py --update-docs

rewrites what the pages show; read the difference before you keep it. The markers are explained in pages.py.
"""

import re
from typing import TYPE_CHECKING

import pytest

from page_code import check_blocks, check_lists, check_outputs, check_outputs_like_neon, check_quotes
from page_links import broken_links, missing_files
from pages import ROOT, SKILLS, Page, problems, read_page, shipped_pages
from running import RunPython

if TYPE_CHECKING:
    from like_neon import LikeNeon

PAGES = shipped_pages()
LESSONS = SKILLS[1] / "lessons"
BLOCKS_NOT_RUN = 0


def name(page: Page) -> str:
    return page.path.relative_to(ROOT).as_posix()


def slow_in_a_lesson(pages: list[Page]) -> list[object]:
    """The quick tests run what the skill itself says; the course and the stand-in for Neon take longer."""
    return [pytest.param(page, marks=pytest.mark.slow if page.home == SKILLS[1] else []) for page in pages]


every_page = pytest.mark.parametrize("page", PAGES, ids=name)
pages_that_run = pytest.mark.parametrize(
    "page", slow_in_a_lesson([page for page in PAGES if any(block.is_run() for block in page.blocks)]), ids=name
)
pages_with_output = pytest.mark.parametrize(
    "page",
    slow_in_a_lesson([page for page in PAGES if any(block.marker("output") is not None for block in page.blocks)]),
    ids=name,
)
pages_like_neon = pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.marker("output like neon") is not None for block in page.blocks)],
    ids=name,
)


@pytest.fixture
def update(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("update_docs"))


# Each test reads its page again: with --update-docs the test before may have rewritten it.


@pages_that_run
def test_the_code_of_a_page_runs_and_prints_what_the_page_shows(
    page: Page, database_url: str, run_python: RunPython, update: bool
) -> None:
    check_blocks(read_page(page.path), database_url, run_python, update=update)


@pages_with_output
def test_scripts_print_what_the_page_shows(page: Page, database_url: str, run_python: RunPython, update: bool) -> None:
    check_outputs(read_page(page.path), database_url, run_python, update=update)


@pytest.mark.slow
@pages_like_neon
def test_scripts_print_on_the_stand_in_for_neon_what_the_page_shows(
    page: Page, pooled_neon: "LikeNeon", run_python: RunPython, update: bool
) -> None:
    pooled_neon.suspend_after = 1
    check_outputs_like_neon(read_page(page.path), pooled_neon.environment, run_python, update=update)


@every_page
def test_quotes_are_what_the_files_say(page: Page, update: bool) -> None:
    check_quotes(read_page(page.path), update=update)


@every_page
def test_lists_of_checks_are_what_the_checker_claims(page: Page, update: bool) -> None:
    check_lists(read_page(page.path), update=update)


def test_a_lesson_ends_with_the_list_of_its_own_checks() -> None:
    lessons = [page for page in PAGES if page.path.parent == LESSONS]
    shown = {page.path.name: [each.lesson for each in page.lists] for page in lessons}
    assert shown == {page.path.name: [page.path.name[:2]] for page in lessons}


@every_page
def test_no_block_escapes_the_tests(page: Page) -> None:
    assert problems(page) == []


def test_blocks_that_are_not_run_are_counted() -> None:
    """When this number grows, a reason was added that somebody should have read."""
    reasons = [
        f"{page.at(block.line)}: {block.marker('not run')}"
        for page in PAGES
        for block in page.blocks
        if block.marker("not run") is not None
    ]
    assert len(reasons) == BLOCKS_NOT_RUN, "\n".join(reasons)


@every_page
def test_links_lead_to_files_and_headings_and_stay_in_their_folder(page: Page) -> None:
    assert broken_links(page) == []


@every_page
def test_files_that_a_page_names_exist(page: Page) -> None:
    assert missing_files(page) == []


@every_page
def test_a_page_is_finished(page: Page) -> None:
    assert re.findall(r"\b(?:TODO|FIXME)\b.*", page.text) == []


def test_the_skill_and_the_readme_are_among_the_pages() -> None:
    assert {"README.md", "database-deployment/SKILL.md"} <= {name(page) for page in PAGES}
