"""What a page shows of code: run its blocks and its scripts, look up its quotes, compare, or rewrite the page."""

import ast
import difflib
import json
import os
import shlex
import textwrap
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url

import page_runner
from checkpoints import checks_of
from pages import ROOT, SKILLS, Block, CheckList, Page, outputs_after
from running import RunPython


def check_blocks(page: Page, database_url: str, run_python: RunPython, *, update: bool = False) -> None:
    """Run the Python blocks of the page in order and compare what they print with what the page shows."""
    database = make_url(database_url).get_backend_name()
    printed = run_blocks(page, database, database_url, run_python)
    changes: list[tuple[Block | CheckList, str]] = []
    for index, block in enumerate(page.blocks):
        if block.line not in printed:
            continue
        for shown in outputs_after(page, index):
            if database in shown.databases():
                owner = next(name for name in block.databases() if name in shown.databases())
                changes += compare(page, shown, printed[block.line], update=update and database == owner)
    rewrite(page, changes)


def run_blocks(page: Page, database: str, database_url: str, run_python: RunPython) -> dict[int, str]:
    """What each block prints, by its line."""
    result = run_python.folder / "printed.json"
    done = run_python(
        Path(page_runner.__file__),
        str(page.path),
        database,
        str(result),
        database_url=database_url,
        environ={"PYTHONPATH": os.pathsep.join(str(SKILLS[0] / folder) for folder in ("examples", "scripts"))},
    )
    if done.returncode or not result.exists():
        raise AssertionError(f"{page.path} did not run to its end on {database}\n{done.stdout}{done.stderr}")
    return {int(line): text for line, text in json.loads(result.read_text(encoding="utf-8")).items()}


def check_quotes(page: Page, *, update: bool = False) -> None:
    changes: list[tuple[Block | CheckList, str]] = []
    for block in page.blocks:
        quote = block.marker("quote")
        if quote is not None:
            path, _, name = quote.partition("::")
            source = find_file(page, block, path).read_text(encoding="utf-8")
            text = definition(source, name) if name else source
            changes += compare(page, block, text, update=update)
    rewrite(page, changes)


def definition(source: str, name: str) -> str:
    """The lines of a function, a class, a method (`Class.method`) or an assignment, with its decorators."""
    body = ast.parse(source).body
    for part in name.split("."):
        found = [statement for statement in body if part in defined_names(statement)]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} definitions are called {name}; a quote needs exactly one")
        statement = found[0]
        body = getattr(statement, "body", [])
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return textwrap.dedent("".join(source.splitlines(keepends=True)[first - 1 : statement.end_lineno]))


def defined_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def check_lists(page: Page, *, update: bool = False) -> None:
    """The lists of a lesson's checks, made of the claims of check_lesson.py."""
    changes: list[tuple[Block | CheckList, str]] = []
    for shown in page.lists:
        claims = [each.claim for each in checks_of(shown.lesson)]
        if not claims:
            raise AssertionError(f"{page.at(shown.line)}: check_lesson.py has no lesson {shown.lesson!r}")
        changes += compare(page, shown, "".join(f"- {claim}\n" for claim in claims), update=update)
    rewrite(page, changes)


def check_outputs(page: Page, database_url: str, run_python: RunPython, *, update: bool = False) -> None:
    """Run the scripts whose output the page shows, in order and on one database."""
    database = make_url(database_url).get_backend_name()
    changes: list[tuple[Block | CheckList, str]] = []
    for block in page.blocks:
        command = block.marker("output")
        if command is None or database not in block.databases():
            continue
        printed = output(page, block, command, run_python, {"DATABASE_URL": database_url})
        changes += compare(page, block, printed, update=update and database == block.databases()[0])
    rewrite(page, changes)


def check_outputs_like_neon(
    page: Page, environ: Mapping[str, str], run_python: RunPython, *, update: bool = False
) -> None:
    """The same for what is shown of the stand-in for Neon."""
    changes: list[tuple[Block | CheckList, str]] = []
    for block in page.blocks:
        if (command := block.marker("output like neon")) is not None:
            changes += compare(page, block, output(page, block, command, run_python, environ), update=update)
    rewrite(page, changes)


def output(page: Page, block: Block, command: str, run_python: RunPython, environ: Mapping[str, str]) -> str:
    path, *arguments = shlex.split(command)
    done = run_python(find_file(page, block, path), *arguments, environ=environ)
    if done.returncode or done.stderr:
        raise AssertionError(
            f"{page.at(block.line)}: {command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


def find_file(page: Page, block: Block, path: str) -> Path:
    for folder in (page.home, ROOT):
        if (folder / path).is_file():
            return folder / path
    raise AssertionError(f"{page.at(block.line)}: there is no file {path} in {page.home.name}")


def compare(page: Page, block: Block | CheckList, actual: str, *, update: bool) -> list[tuple[Block | CheckList, str]]:
    """Nothing where the block is right; else the change to make when updating, an AssertionError when not."""
    __tracebackhide__ = True
    if actual and not actual.endswith("\n"):
        actual += "\n"
    if actual == block.text:
        return []
    if update:
        return [(block, actual)]
    difference = difflib.unified_diff(block.text.splitlines(), actual.splitlines(), "the page", "the code", lineterm="")
    raise AssertionError(
        "\n".join([f"{page.at(block.line)}: not what the code gives (pytest --update-docs rewrites it)", *difference])
    )


def rewrite(page: Page, changes: list[tuple[Block | CheckList, str]]) -> None:
    text = page.text
    for block, replacement in reversed(changes):
        text = text[: block.start] + replacement + text[block.start + len(block.text) :]
    if changes:
        page.path.write_text(text, encoding="utf-8", newline="\n")
