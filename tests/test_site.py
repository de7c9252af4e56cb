"""The site is the whole skill, it builds without a warning, loads nothing from elsewhere and publishes no stray file.

It is built from a copy of the project, in which files lie about that a busy folder may hold.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from requirement import missing

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SKILL = ROOT / "database-deployment"
EXAMPLES = sorted(path.stem for path in SKILL.glob("examples/*.py"))
REFERENCES = sorted(path.stem for path in SKILL.glob("references/*.md"))

STRAYS = [
    "budget.db",
    "examples/budget.db-wal",
    "examples/budget.sqlite3",
    "examples/report.png",
    "examples/README.md",
    "examples/.env",
    "examples/__pycache__/left.py",
    "examples/budget/__pycache__/left.cpython-311.pyc",
    "examples/budget/sample/left.csv",
    "examples/budget/migrations/README.md",
]
HOME_LINKS = """
[an example](database-deployment/examples/simple-expense.py), [the entry](database-deployment/SKILL.md),
[the settings](pyproject.toml), [a sample](database-deployment/examples/budget/sample/left.csv)
"""


def copy_project(folder: Path) -> Path:
    for name in ("mkdocs.yml", "docs_hook.py", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(SKILL, folder / SKILL.name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def build(project: Path) -> subprocess.CompletedProcess[str]:
    if not all(importlib.util.find_spec(module) for module in ("mkdocs", "material")):
        missing("mkdocs with the theme material")
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=project,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "SITE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copy_project(tmp_path_factory.mktemp("project"))
    for stray in STRAYS:
        path = project / SKILL.name / stray
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"stray")
    with (project / "README.md").open("a", encoding="utf-8") as readme:
        readme.write(HOME_LINKS)
    done = build(project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "site"


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def elements(site: Path) -> Iterator[tuple[Path, str, dict[str, str]]]:
    for page in sorted(site.rglob("*.html")):
        for tag, attributes in Elements(page).found:
            yield page, tag, attributes


def test_every_page_of_the_skill_is_there(site: Path) -> None:
    expected = ["index", "SKILL", *(f"references/{name}" for name in REFERENCES), *(f"examples/{n}" for n in EXAMPLES)]
    pages = {page.relative_to(site).with_suffix("").as_posix() for page in site.rglob("*.html")}
    assert pages == {"404", *expected}


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
    for name in EXAMPLES:
        source = (SKILL / "examples" / f"{name}.py").read_text(encoding="utf-8")
        assert source in (site / "examples" / f"{name}.md").read_text(encoding="utf-8")
        assert (site / "examples" / f"{name}.py").read_text(encoding="utf-8") == source
        page = Elements(site / "examples" / f"{name}.html").found
        assert ("a", {"href": f"{name}.py"}) in page


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    remote = re.compile(r"(?:https?:)?//", re.I)
    loads = []
    for page, tag, attributes in elements(site):
        names = {"src", "srcset", "poster", "data"} | ({"href"} if tag == "link" else set())
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
    for page, _, attributes in elements(site):
        for address in (attributes.get("href"), attributes.get("src")):
            parts = urlsplit(address or "")
            if address and not parts.scheme and not parts.netloc and parts.path:
                # Wherever it is published, 404.html is shown at any address: its links begin with /.
                folder = site if parts.path.startswith("/") else page.parent
                if not (folder / unquote(parts.path).lstrip("/")).exists():
                    lost.append((page.name, address))
    assert lost == []


def test_only_pages_and_scripts_are_published(site: Path) -> None:
    published = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert published & set(STRAYS) == set()
    ours = {path for path in published if not path.startswith("assets/")}
    assert {Path(path).suffix for path in ours} <= {".html", ".md", ".py", ".txt", ".json", ".xml", ".gz"}
    assert [path for path in ours if re.search(r"README|__pycache__|/sample/|\.db|\.csv|\.env", path)] == []


def test_the_links_of_the_home_page_are_right_on_the_site(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    assert '<a href="examples/simple-expense.html">an example</a>' in home
    assert '<a href="SKILL.html">the entry</a>' in home
    assert "the settings, a sample" in " ".join(home.replace(",\n", ", ").split())


def test_llms_txt_lists_the_markdown_of_every_page(site: Path) -> None:
    listed = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", (site / "llms.txt").read_text(encoding="utf-8"), re.M)
    assert set(listed) == {path.relative_to(site).as_posix() for path in site.rglob("*.md")}
    assert listed[:2] == ["index.md", "SKILL.md"]
    assert (site / "SKILL.md").read_bytes() == (SKILL / "SKILL.md").read_bytes()


@pytest.mark.parametrize("link", ["references/none.md", "#none", "../README.md", "/SKILL.md"])
def test_a_broken_link_ends_the_build(tmp_path: Path, link: str) -> None:
    project = copy_project(tmp_path)
    with (project / SKILL.name / "SKILL.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[broken]({link})\n")
    done = build(project)
    assert done.returncode != 0
    assert link in done.stderr
