"""Run the Python blocks of one page in a process of its own, as its reader would.

    python page_runner.py PAGE DATABASE RESULT

DATABASE is sqlite or postgresql, and DATABASE_URL leads there. RESULT becomes a JSON file: what each block printed, by
the line of its fence.
"""

import contextlib
import io
import json
import os
import sys
import types
from pathlib import Path

from pages import Block, Page, read_page


def run_page(page: Page, database: str) -> dict[int, str]:
    # SQLAlchemy looks up annotations in sys.modules: in a bare dictionary `Mapped[...]` could fail.
    module = sys.modules["page"] = types.ModuleType("page")
    vars(module)["DATABASE_URL"] = os.environ["DATABASE_URL"]
    return {
        block.line: run_block(page, block, module)
        for block in page.blocks
        if block.is_run() and database in block.databases()
    }


def run_block(page: Page, block: Block, module: types.ModuleType) -> str:
    # As many empty lines as stand above the block: a traceback then names the page and the line.
    code = compile("\n" * block.line + block.text, str(page.path), "exec", dont_inherit=True)
    expected = block.marker("raises")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(code, vars(module))  # noqa: S102  the pages are our own
        except BaseException as error:
            if expected not in {kind.__name__ for kind in type(error).__mro__}:
                raise
        else:
            if expected is not None:
                sys.exit(f"{page.at(block.line)}: raises nothing; the page says {expected}")
    return printed.getvalue()


def main() -> None:
    path, database, result = sys.argv[1:]
    printed = run_page(read_page(Path(path)), database)
    Path(result).write_text(json.dumps(printed), encoding="utf-8")


if __name__ == "__main__":
    main()
