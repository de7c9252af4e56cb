"""The page "How it is tested", put together from what the tests and the CI script say of themselves."""

import ast
import re
from pathlib import Path

from pages import read_page
from website import ROOT

TESTS = ROOT / "tests"


def tested_page() -> str:
    return f"""\
---
description: "What is run, on what, and how you run it yourself."
hide: [navigation]
---

# How it is tested

Everything that these pages say was run, and is run again after each change: the blocks of code, the examples, the
numbers. What is a vendor's word and was not run says so, with source and date.

{docstring(TESTS / "conftest.py")}

The quick tests, all but those that take long or need more than `requirements.txt`:

```bash
{quick_tests()}```

The others are marked "slow"; how to run them, and more, stands under [Work on it](index.md#work-on-it).

## How a page is tested

{page_format()}

## What has to pass

`.ci/run` starts on a bare Debian, installs what it needs, and takes these steps. Where a step fails, it ends.

{numbered(ci_steps())}

## What the tests promise

| Test | Promise |
|---|---|
{table(promises())}
"""


def quick_tests() -> str:
    """As README.md has it."""
    commands = [block.text for block in read_page(ROOT / "README.md").blocks if block.language == "bash"]
    return next(command for command in commands if "pytest" in command)


def page_format() -> str:
    """The docstring of pages.py, with its lists of markers as tables."""
    text = re.sub(r"(?m)(?:^ {4}.*\n)+", lambda markers: marker_table(markers[0]), docstring(TESTS / "pages.py"))
    return text.replace("```text", "`text`")  # a fence's name within a sentence


def marker_table(markers: str) -> str:
    rows = re.findall(r"(<!-- .*? -->)\s+(.*?)(?=\s*<!--|$)", " ".join(markers.split()))
    return f"| Marker | Means |\n|---|---|\n{table(rows)}\n"


def docstring(module: Path) -> str:
    return ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""


def promises() -> list[tuple[str, str]]:
    """Each file of tests with the first sentences of its docstring."""
    return [
        (test.name, " ".join(docstring(test).partition("\n\n")[0].split())) for test in sorted(TESTS.glob("test_*.py"))
    ]


def ci_steps() -> list[str]:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    return re.findall(r'^\s*step "([^"]+)"', script, re.M)


def numbered(lines: list[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def table(rows: list[tuple[str, str]]) -> str:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| `{name}` | {sentence} |" for name, sentence in cells)
