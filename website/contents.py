"""What is on the site, and where: each published file of the project has one address.

An address (`uri`) is the path of a Markdown page below the site, as MkDocs names its sources. The finished skill lies
at the top, since its folder is docs_dir; the teacher lies in a folder with the teacher's name. A script has a page.
"""

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from website import ROOT, SKILL, TEACHER

HOME = "index.md"
TESTED = "tested.md"


@dataclass(frozen=True)
class Lesson:
    """One entry of lessons.toml; the paths are those of the two skills."""

    id: str
    title: str
    minutes: int
    page: Path
    reference: Path | None
    examples: list[Path]
    teaches: list[str]

    @property
    def name(self) -> str:
        return f"{self.id} {self.title}"


def look_again() -> None:
    """At the begin of a build: `mkdocs serve` builds again when a file was changed."""
    lessons.cache_clear()
    pages.cache_clear()


@cache
def lessons() -> list[Lesson]:
    table = tomllib.loads((TEACHER / "lessons.toml").read_text(encoding="utf-8"))
    return [
        Lesson(
            id=lesson["id"],
            title=lesson["title"],
            minutes=lesson["minutes"],
            page=TEACHER / lesson["page"],
            reference=SKILL / lesson["reference"] if "reference" in lesson else None,
            examples=[SKILL / example for example in lesson["examples"]],
            teaches=lesson["teaches"],
        )
        for lesson in table["lesson"]
    ]


def references() -> list[Path]:
    """In the order in which SKILL.md leads to them; those that it does not name come last."""
    entry = (SKILL / "SKILL.md").read_text(encoding="utf-8")
    pages = sorted(SKILL.glob("references/**/*.md"))
    order = {page: entry.find(page.relative_to(SKILL).as_posix()) for page in pages}
    return sorted(pages, key=lambda page: order[page] if order[page] >= 0 else len(entry))


def examples() -> list[Path]:
    """In the order of the lessons that run them, then the rest by name."""
    found = sorted(SKILL.glob("examples/*.py"))
    taught = [example for lesson in lessons() for example in lesson.examples if example in found]
    return list(dict.fromkeys(taught + found))


def application() -> list[Path]:
    """The modules behind the examples, in the order in which the docstring of their package names them."""
    found = [
        file
        for file in SKILL.glob("examples/*/**/*.py")
        if not {"__pycache__", "sample"} & set(file.relative_to(SKILL).parts)
    ]
    return sorted(found, key=lambda file: (file.parent, place_in_package(file), file.name))


def place_in_package(file: Path) -> int:
    package = file.with_name("__init__.py")
    if file == package or not package.exists():
        return -1
    order = re.findall(r"\w+", ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))) or "")
    return order.index(file.stem) if file.stem in order else len(order)


def teachers_pages() -> list[Path]:
    """What the teacher has besides its lessons: where it begins, then what it refers to."""
    return [TEACHER / "SKILL.md", *sorted(TEACHER.glob("references/*.md")), *sorted(TEACHER.glob("references/*.py"))]


@cache
def pages() -> dict[Path, str]:
    """Every file that is a page, with its address. What is not there has none: the strict build misses it."""
    sources = [*SKILL.rglob("*.md"), *(lesson.page for lesson in lessons()), *teachers_pages()]
    sources += examples() + application()
    return {ROOT / "README.md": HOME} | {source: address(source) for source in sources if source.is_file()}


def lesson_at(uri: str) -> Lesson | None:
    return next((lesson for lesson in lessons() if address(lesson.page) == uri), None)


def markdown_at(uri: str) -> Path | None:
    """The page of the repository that is rendered there; None for what the site makes itself."""
    return next((file for file, there in pages().items() if there == uri and file.suffix == ".md"), None)


def uri(file: Path) -> str | None:
    """Where a file of the project lies on the site if it is published: as a page, or as it is in docs_dir."""
    if (page := pages().get(file)) is not None:
        return page
    return file.relative_to(SKILL).as_posix() if file.is_relative_to(SKILL) else None


def address(source: Path) -> str:
    """Of a page; a script's page has the script's name."""
    home = TEACHER.parent if source.is_relative_to(TEACHER) else SKILL
    return source.relative_to(home).with_suffix(".md").as_posix()


def navigation() -> list[dict[str, object]]:
    """Made from the folders and from lessons.toml: no page can be forgotten."""
    nav: list[dict[str, object]] = [
        {"Home": HOME},
        {"Lessons": [{lesson.name: address(lesson.page)} for lesson in lessons()]},
        {"Reference": [address(page) for page in references()]},
        {"Examples": [*named(examples()), {"The application": named(application())}]},
        {"Skills": named([SKILL / "SKILL.md", *teachers_pages()])},
        {"How it is tested": TESTED},
    ]
    return [entry for entry in nav if all(entry.values())]


def named(files: list[Path]) -> list[dict[str, object]]:
    return [{name(file): address(file)} for file in files]


def name(file: Path) -> str:
    """What the navigation calls a file: a script by its path within the examples, a page in a word."""
    if file.suffix == ".py":
        return file.relative_to(SKILL / "examples").as_posix() if file.is_relative_to(SKILL) else file.name
    return file.parent.name if file.name == "SKILL.md" else file.stem.capitalize()
