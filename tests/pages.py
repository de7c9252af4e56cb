"""A Markdown page and what it promises: blocks that run, output, quotes of files, links.

A marker is an HTML comment on a line directly before a block; a block may have several.

    <!-- only: postgresql -->                            runs, or is compared, on this database alone
    <!-- raises: IntegrityError -->                      the block must raise this exception or a kind of it
    <!-- not run: the reason -->                         the block is not run; the tests count these
    <!-- quote: examples/simple-expense.py::Expense -->  the text of this definition (`Class.method` too),
                                                         of the whole file where no name is given; not run
    <!-- output: examples/simple-expense.py -->          what this script prints; arguments may follow
    <!-- output like neon: examples/neon-deploy.py -->    what it prints on the stand-in for Neon, idle after 1 s

One marker stands before a list instead:

    <!-- checks: L3 -->                                  what check_lesson.py looks for in this lesson

All Python blocks of a page run in order in one namespace, in which DATABASE_URL is the address of an empty database.
A ```text block directly after a Python block is what the block prints. Paths begin at the page's skill, or at the
root of the project. The site draws what website/diagrams.py has where a line `<!-- diagram: NAME -->` stands.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SKILLS = [ROOT / "database-deployment", ROOT / ".claude" / "skills" / "building-with-sqlalchemy-orm"]
DATABASES = ("sqlite", "postgresql")

# A fence in another language fails a test, so that Python cannot hide behind a name that nobody runs.
LANGUAGES = {"python", "text", "console", "bash", "sql", "toml", "ini", "json", "yaml", "csv", "markdown"}
MARKERS = {
    "only": {"python", "text"},
    "raises": {"python"},
    "not run": {"python"},
    "quote": LANGUAGES,
    "output": {"text"},
    "output like neon": {"text"},
}

FENCE = re.compile(r"(?P<prefix>(?:[ \t>]|[-*+][ \t]|\d+[.)][ \t])*)(?P<fence>`{3,}|~{3,})(?P<language>[^`]*)$")
COMMENT = re.compile(r"<!--\s*(?P<name>[^:]*?)\s*(?::\s*(?P<value>.*?)\s*)?-->\s*$")
LIST_LINE = re.compile(r"- |[ \t]+\S")
LOOSE_PYTHON = re.compile(
    r"(?: {4}|\t)\s*(?:import [\w., ]+$|from [\w.]+ import |def \w+\(|class \w+.*:$|@[\w.]+(?:\(.*)?$)|\s*>>> |.*<pre\b"
)


@dataclass(frozen=True)
class Block:
    """A fenced block that begins in the first column."""

    language: str
    text: str
    line: int  # of the opening fence, counted from 1
    start: int  # where `text` begins in the page
    markers: tuple[tuple[str, str], ...]
    follows_directly: bool  # only empty lines and markers between the block before and this one
    closed: bool

    def marker(self, name: str) -> str | None:
        return dict(self.markers).get(name)

    def databases(self) -> tuple[str, ...]:
        only = self.marker("only")
        return tuple(name for name in DATABASES if only in (None, name))

    def is_run(self) -> bool:
        return self.language == "python" and self.marker("not run") is None and self.marker("quote") is None


@dataclass(frozen=True)
class CheckList:
    """The list on the lines directly after a marker `checks`, empty where there is none yet."""

    lesson: str
    text: str
    line: int  # of the marker, counted from 1
    start: int  # where `text` begins in the page


@dataclass(frozen=True)
class Page:
    path: Path
    home: Path  # the folder that the page may not leave: its skill, or the project
    text: str
    blocks: tuple[Block, ...]
    lists: tuple[CheckList, ...]
    prose: tuple[tuple[int, str], ...]  # the lines outside fences, with their numbers
    hidden: tuple[tuple[int, str], ...]  # the languages of fences that do not begin in the first column, or use ~~~

    def at(self, line: int) -> str:
        return f"{self.path}:{line}"


def shipped_pages() -> list[Page]:
    """Every page of the project once, however many links lead to its folder."""
    paths = sorted(ROOT.glob("*.md"))
    for skill in SKILLS:
        found = sorted(skill.rglob("*.md"))
        paths += [path for path in found if not any(part[0] == "." for part in path.relative_to(skill).parts)]
    return [read_page(path) for path in paths]


def home_of(path: Path) -> Path:
    return next((skill for skill in SKILLS if path.is_relative_to(skill)), ROOT)


def read_page(path: Path, home: Path | None = None) -> Page:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    offsets = list(accumulate(map(len, lines), initial=0))
    blocks: list[Block] = []
    hidden: list[tuple[int, str]] = []
    prose: list[int] = []
    below, after_block = 0, False  # the line below the fence before, and whether that fence was a block
    for opening, closing in fences(lines):
        fence = FENCE.match(lines[opening])
        assert fence is not None
        language = fence["language"].strip()
        top = opening  # the first of the comments on the lines directly above
        if fence["prefix"] or fence["fence"].startswith("~"):
            hidden.append((opening + 1, language))
            after_block = False
        else:
            while top > below and COMMENT.match(lines[top - 1]):
                top -= 1
            block = Block(
                language,
                text="".join(lines[opening + 1 : closing]),
                line=opening + 1,
                start=offsets[opening + 1],
                markers=tuple(map(read_marker, lines[top:opening])),
                follows_directly=after_block and not "".join(lines[below:top]).strip(),
                closed=closing < len(lines),
            )
            blocks.append(block)
            after_block = True
        prose += range(below, top)
        below = closing + 1
    prose += range(below, len(lines))
    numbered = tuple((index + 1, lines[index].rstrip("\n")) for index in prose)
    lists = tuple(read_list(lines, offsets, index) for index in prose if is_list_marker(lines[index]))
    return Page(path, home or home_of(path), text, tuple(blocks), lists, numbered, tuple(hidden))


def is_list_marker(line: str) -> bool:
    return COMMENT.match(line) is not None and read_marker(line)[0] == "checks"


def read_list(lines: list[str], offsets: list[int], marker: int) -> CheckList:
    end = marker + 1
    while end < len(lines) and LIST_LINE.match(lines[end]):
        end += 1
    text = "".join(lines[marker + 1 : end])
    return CheckList(read_marker(lines[marker])[1], text, marker + 1, offsets[marker + 1])


def fences(lines: list[str]) -> Iterator[tuple[int, int]]:
    """The line that opens and the line that closes each fence, counted from 0."""
    index = 0
    while index < len(lines):
        opening = FENCE.match(lines[index])
        if opening is not None:
            fence = opening["fence"]
            closing = re.compile(rf"[ \t>]*{fence[0]}{{{len(fence)},}}\s*$")
            end = next((i for i in range(index + 1, len(lines)) if closing.match(lines[i])), len(lines))
            yield index, end
            index = end
        index += 1


def read_marker(comment: str) -> tuple[str, str]:
    match = COMMENT.match(comment)
    assert match is not None
    return match["name"], match["value"] or ""


def problems(page: Page) -> list[str]:
    found = []
    for line, text in page.prose:
        if COMMENT.match(text) and read_marker(text)[0].lower() in MARKERS:
            found.append(f"{page.at(line)}: {text} stands before no block")
        if LOOSE_PYTHON.match(text):
            found.append(f"{page.at(line)}: this looks like code that no test sees; put it into a fence")
    for line, language in page.hidden:
        if language == "python" or language not in LANGUAGES:
            found.append(
                f"{page.at(line)}: a fence of {language or 'no language'} that no test sees; "
                "begin it with ``` in the first column"
            )
    for index, block in enumerate(page.blocks):
        found += [f"{page.at(block.line)}: {problem}" for problem in block_problems(page, index)]
    return found


def block_problems(page: Page, index: int) -> Iterator[str]:
    block = page.blocks[index]
    names = [name for name, _ in block.markers]
    if not block.closed:
        yield "this fence is never closed"
    if block.language not in LANGUAGES:
        yield f"the language {block.language!r} is not one of {', '.join(sorted(LANGUAGES))}"
    if block.language not in ("python", "markdown") and is_python_program(block.text):
        yield f"this is Python, but the fence says {block.language}"
    for name, value in block.markers:
        if name not in MARKERS:
            yield f"the marker {name!r} is unknown; there are: {', '.join(MARKERS)}"
        elif block.language not in MARKERS[name]:
            yield f"the marker {name!r} means nothing before a block of {block.language}"
        elif not value:
            yield f"the marker {name!r} says nothing after its colon"
        elif name == "only" and value not in DATABASES:
            yield f"{value!r} is no database of these tests: {', '.join(DATABASES)}"
        elif name == "raises" and value in ("Exception", "BaseException"):
            yield f"{value} says too little: any mistake in the block would do"
        elif name == "quote" and "::" in value and block.language != "python":
            yield "only Python is quoted by a definition's name"
    if len(names) != len(set(names)):
        yield "a marker stands there twice"
    if len({"raises", "not run", "quote"} & set(names)) > 1 or {"quote", "only"} <= set(names):
        yield f"these markers exclude each other: {', '.join(names)}"
    yield from output_problems(page, index)


def output_problems(page: Page, index: int) -> Iterator[str]:
    block = page.blocks[index]
    outputs = outputs_after(page, index)
    if block.marker("quote") is not None and block.language == "python" and outputs:
        yield "a quote is not run, so the text after it is compared with nothing: give it an output marker"
    if not block.is_run() or not outputs:
        return
    for database in block.databases():
        shown = [output for output in outputs if database in output.databases()]
        if len(shown) != 1:
            yield f"{len(shown)} blocks show what this one prints on {database}; one is needed"


def is_python_program(text: str) -> bool:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    definitions = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(statement, definitions) for statement in body)


def outputs_after(page: Page, index: int) -> list[Block]:
    """The text blocks that show what this Python block prints: one, or one a database."""
    shown: list[Block] = []
    if page.blocks[index].language != "python":
        return shown
    for block in page.blocks[index + 1 :]:
        if block.language != "text" or not block.follows_directly or block.marker("output") is not None:
            break
        shown.append(block)
    return shown
