"""The site is the two skills, whole; it builds without a warning, loads nothing from elsewhere, publishes no stray.

It is built from a copy of the project, in which files lie about that a busy folder may hold.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from built_site import LESSONS, SKILL, STRAYS, TEACHER, build, build_site, copy_project
from pages import ROOT, shipped_pages
from website import contents

pytestmark = pytest.mark.slow

EXAMPLES = [
    path.relative_to(SKILL)
    for path in sorted(SKILL.rglob("examples/**/*.py"))
    if not {"__pycache__", "sample"} & set(path.parts)
]
REFERENCES = sorted(path.stem for path in SKILL.glob("references/*.md"))
TEACHERS_PAGES = sorted(
    path.relative_to(TEACHER.parent)
    for pattern in ("SKILL.md", "lessons/*.md", "references/*.md", "references/*.py")
    for path in TEACHER.glob(pattern)
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("project"))


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def names(self) -> set[str]:
        return {attributes[key] for _, attributes in self.found for key in ("id", "name") if key in attributes}


def elements(site: Path) -> Iterator[tuple[Path, str, dict[str, str]]]:
    for page in sorted(site.rglob("*.html")):
        for tag, attributes in Elements(page).found:
            yield page, tag, attributes


def main_text(page: Path) -> str:
    """The words of the page itself, without the navigation around it."""
    article = page.read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", article).split())


def test_every_page_of_the_skills_is_there(site: Path) -> None:
    expected = ["index", "tested", "SKILL", *(f"references/{name}" for name in REFERENCES)]
    expected += [page.with_suffix("").as_posix() for page in [*EXAMPLES, *TEACHERS_PAGES]]
    pages = {page.relative_to(site).with_suffix("").as_posix() for page in site.rglob("*.html")}
    assert pages == {"404", *expected}


def test_every_lesson_of_the_table_has_its_page_in_order(site: Path) -> None:
    pages = [f"{TEACHER.name}/{Path(lesson['page']).with_suffix('.html').as_posix()}" for lesson in LESSONS]
    listed = [line for line in (site / "llms.txt").read_text(encoding="utf-8").splitlines() if "/lessons/" in line]
    assert [re.search(r"\]\((.*?)\.md\)", line)[1] + ".html" for line in listed] == pages  # type: ignore[index]
    for page, following in pairwise(pages):
        links = {a.get("href") for _, a in Elements(site / page).found if "md-footer__link--next" in a.get("class", "")}
        assert links == {Path(following).name}


def test_the_navigation_leads_to_every_page(site: Path) -> None:
    home = site / "index.html"
    links = {
        attributes["href"]
        for tag, attributes in Elements(home).found
        if "md-nav__link" in attributes.get("class", "") and tag == "a"
    }
    pages = {page.relative_to(site).as_posix() for page in site.rglob("*.html")} - {"404.html", "index.html"}
    assert pages <= links


def test_an_example_page_shows_the_whole_source_and_offers_the_file(site: Path) -> None:
    for script in [*map(SKILL.joinpath, EXAMPLES), *TEACHER.glob("references/*.py")]:
        folder = script.parent.relative_to(SKILL if script.is_relative_to(SKILL) else TEACHER.parent)
        source = script.read_text(encoding="utf-8")
        assert source in (site / folder / f"{script.stem}.md").read_text(encoding="utf-8")
        assert (site / folder / script.name).read_text(encoding="utf-8") == source
        assert ("a", {"href": script.name}) in Elements(site / folder / f"{script.stem}.html").found


def test_an_example_page_shows_what_the_pages_show_of_its_output(site: Path) -> None:
    page = (site / "examples" / "simple-expense.md").read_text(encoding="utf-8")
    assert "\n## What it prints\n\n\n\n````text\n<Expense(description='Test', amount=$10.00)>\n````\n" in page
    neon = main_text(site / "examples" / "neon-deploy.html")
    assert "What it prints" in neon
    assert "On the stand-in for Neon: 1. Connect" in neon
    assert "What it prints" not in main_text(site / "examples" / "safe_migrations.html")  # no page shows any


def test_examples_and_lessons_lead_to_each_other(site: Path) -> None:
    for lesson in LESSONS:
        address = f"{TEACHER.name}/{Path(lesson['page']).with_suffix('.html').as_posix()}"
        runs = {attributes.get("href") for _, attributes in Elements(site / address).found}
        for example in lesson["examples"]:
            page = Path(example).with_suffix(".html")
            assert f"../../{page.as_posix()}" in runs
            assert ("a", {"href": f"../{address}"}) in Elements(site / page).found


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    remote = re.compile(r"(?:https?:)?//", re.I)
    loads = []
    for page, tag, attributes in elements(site):
        names = {"src", "srcset", "poster", "data"} | ({"href"} if tag in ("link", "image", "use") else set())
        loads += [
            (page.name, tag, attributes[name]) for name in names & set(attributes) if remote.match(attributes[name])
        ]
        # The theme's script would fetch a library from elsewhere to draw such an element.
        assert "mermaid" not in attributes.get("class", "").split()
    assert loads == []
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\s]+", style.read_text(encoding="utf-8")) == []


def test_every_link_and_every_asset_of_the_built_pages_is_there(site: Path) -> None:
    lost = []
    names = {page.resolve(): Elements(page).names() for page in site.rglob("*.html")}
    for page, _, attributes in elements(site):
        for address in (attributes.get("href"), attributes.get("src")):
            parts = urlsplit(address or "")
            if not address or parts.scheme or parts.netloc:
                continue
            # Wherever it is published, 404.html is shown at any address: its links begin with /.
            folder = site if parts.path.startswith("/") else page.parent
            target = (folder / unquote(parts.path).lstrip("/")).resolve() if parts.path else page.resolve()
            missing_name = parts.fragment and unquote(parts.fragment) not in names.get(target, set())
            if not target.exists() or (missing_name and parts.fragment != "__skip"):
                lost.append((page.name, address))
    assert lost == []


def test_only_pages_scripts_and_pictures_are_published(site: Path) -> None:
    published = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert published & set(STRAYS) == set()
    ours = {path for path in published if not path.startswith("assets/")}
    assert {Path(path).suffix for path in ours} <= {".html", ".md", ".py", ".svg", ".txt", ".json", ".xml", ".gz"}
    assert [path for path in ours if re.search(r"README|__pycache__|/sample/|\.db|\.csv|\.env", path)] == []


def test_the_links_of_the_home_page_are_right_on_the_site(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    assert '<a href="examples/simple-expense.html">an example</a>' in home
    assert '<a href="SKILL.html">the entry</a>' in home
    assert "the settings, a sample" in " ".join(home.replace(",\n", ", ").split())


def test_a_page_of_the_other_skill_that_is_named_becomes_a_link(site: Path) -> None:
    lesson = (site / TEACHER.name / "lessons/L2-models.html").read_text(encoding="utf-8")
    assert (
        '(<code>database-deployment</code>: <a href="../../references/models.html">references/models.md</a>)' in lesson
    )


def test_a_reader_is_told_of_each_block_where_it_runs_and_what_it_raises(site: Path) -> None:
    """As many captions as there are markers in the sources: in the built page a comment cannot be seen."""
    for page in shipped_pages():
        if page.home == ROOT or contents.uri(page.path) is None:
            continue
        words = (site / contents.address(page.path)).with_suffix(".html").read_text(encoding="utf-8")
        marked = [block for block in page.blocks if {"only", "raises"} & {name for name, _ in block.markers}]
        assert words.count('<p class="marker">') == len(marked), page.path
        for block in marked:
            assert f"Raises <code>{block.marker('raises')}</code>" in words or block.marker("raises") is None
    neon = (site / "references/neon.html").read_text(encoding="utf-8")
    assert '<p class="marker">On PostgreSQL · Raises <code>OperationalError</code></p>' in neon


def test_the_page_of_the_tests_says_what_each_of_them_promises(site: Path) -> None:
    page = main_text(site / "tested.html")
    for test in Path(__file__).parent.glob("test_*.py"):
        assert test.name in page
    assert "The site is the two skills, whole; it builds without a warning" in page
    assert "&lt;!-- only: postgresql --&gt; runs, or is compared, on this database alone" in page
    assert "The slow tests" in page
    assert re.findall(r"^\| `.*` \| +\|$", (site / "tested.md").read_text(encoding="utf-8"), re.M) == []


def test_llms_txt_lists_the_markdown_of_every_page(site: Path) -> None:
    listed = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", (site / "llms.txt").read_text(encoding="utf-8"), re.M)
    assert set(listed) == {path.relative_to(site).as_posix() for path in site.rglob("*.md")}
    assert listed[0] == "index.md"
    for source in [SKILL / "SKILL.md", TEACHER / "SKILL.md", *SKILL.glob("references/*.md")]:
        folder = SKILL if source.is_relative_to(SKILL) else TEACHER.parent
        assert (site / source.relative_to(folder)).read_bytes() == source.read_bytes()


# What is written into the entry of one of the skills, and what the strict build says of it.
BROKEN = [
    (SKILL, "[broken](references/none.md)", "references/none.md"),
    (SKILL, "[broken](#none)", "#none"),
    (SKILL, "[broken](../README.md)", "../README.md"),
    (SKILL, "[broken](/SKILL.md)", "/SKILL.md"),
    (TEACHER, "[broken](lessons/none.md)", "lessons/none.md"),
    (TEACHER, "(`database-deployment`: references/lost.md)", "database-deployment/references/lost.md"),
    (TEACHER, "<!-- diagram: none -->", "there is no diagram 'none'"),
]
LOST_LESSON = LESSONS[-1]["page"]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a build says that ends because of all that is broken."""
    project = copy_project(tmp_path_factory.mktemp("broken"))
    for skill, text, _ in BROKEN:
        with (project / skill.relative_to(ROOT) / "SKILL.md").open("a", encoding="utf-8") as page:
            page.write(f"\n{text}\n")
    (project / TEACHER.relative_to(ROOT) / LOST_LESSON).unlink()
    done = build(project)
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize("complaint", [complaint for _, _, complaint in BROKEN])
def test_what_is_broken_in_a_page_ends_the_build(complaints: str, complaint: str) -> None:
    assert [line for line in complaints.splitlines() if complaint in line and line.startswith("WARNING")]


def test_a_lesson_of_the_table_without_a_page_ends_the_build(complaints: str) -> None:
    assert f"'{TEACHER.name}/{LOST_LESSON}' is included in the 'nav' configuration" in complaints
