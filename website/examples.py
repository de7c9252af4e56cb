"""The page of an example: what it shows, what it prints, its source.

What it prints is what the pages show of it, which the tests keep true; nothing is run for the site.
"""

import ast
import json
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pages import Block, Page, shipped_pages
from website import ROOT, contents

WHERE = {
    ("output", "sqlite", "postgresql"): "",
    ("output", "sqlite"): "on SQLite",
    ("output", "postgresql"): "on PostgreSQL",
    ("output like neon", "sqlite", "postgresql"): "on the stand-in for Neon",
}


@dataclass(frozen=True)
class Output:
    caption: str  # "" for what it prints without arguments, on both databases
    text: str


def read_pages() -> list[Page]:
    return shipped_pages()


def example_page(script: Path, pages: list[Page]) -> str:
    source = script.read_text(encoding="utf-8")
    first_sentences = " ".join((ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].split())
    outputs = list(dict.fromkeys(printed(script, pages)))
    return "\n".join(
        [
            "---",
            f"description: {json.dumps(first_sentences)}",
            "hide: [toc]",  # the room is for the lines of code
            "search: { boost: 0.3 }",  # first the pages that explain
            "---\n",
            f"# {contents.name(script)}\n",
            f"{first_sentences}\n",
            " · ".join([f"[Download]({script.name})", *told_in(script, pages)]) + "\n",
            *(["## What it prints\n"] if outputs else []),
            *(f"{output.caption}\n\n````text\n{output.text}````\n" for output in outputs),
            *(["## Source\n"] if outputs else []),
            f"````python\n{source}````\n",
        ]
    )


def printed(script: Path, pages: list[Page]) -> Iterator[Output]:
    for page in pages:
        for block in page.blocks:
            for marker, path, arguments in named_files(block):
                if marker != "quote" and is_file(page, path, script):
                    yield Output(caption(block, marker, shlex.join([script.name, *arguments])), block.text)


def caption(block: Block, marker: str, command: str) -> str:
    where = WHERE[marker, *block.databases()]
    if " " in command:  # it has arguments
        return f"`{command}`" + (f", {where}:" if where else ":")
    return f"{where[0].upper()}{where[1:]}:" if where else ""


def told_in(script: Path, pages: list[Page]) -> list[str]:
    """Links to the lessons that run it, then to the other pages that show its output or quote it."""
    here = Path(contents.address(script)).parent
    addresses = contents.pages()
    titles = {lesson.page: lesson.name for lesson in contents.lessons() if script in lesson.examples}
    for page in pages:
        if addresses.get(page.path, contents.HOME) != contents.HOME and tells_of(page, script):
            titles.setdefault(page.path, title(page))
    return [
        f"[{name}]({Path(os.path.relpath(contents.address(page), here)).as_posix()})" for page, name in titles.items()
    ]


def tells_of(page: Page, script: Path) -> bool:
    return any(is_file(page, path, script) for block in page.blocks for _, path, _ in named_files(block))


def named_files(block: Block) -> Iterator[tuple[str, str, list[str]]]:
    """Marker, path and arguments of what a block shows of a file."""
    for marker, value in block.markers:
        if marker in ("output", "output like neon", "quote"):
            path, *arguments = shlex.split(value)
            yield marker, path.partition("::")[0], arguments


def is_file(page: Page, path: str, script: Path) -> bool:
    """Paths in markers begin at the page's skill, or at the root of the project."""
    return script in (page.home / path, ROOT / path)


def title(page: Page) -> str:
    return next((line.removeprefix("# ") for _, line in page.prose if line.startswith("# ")), page.path.stem)
