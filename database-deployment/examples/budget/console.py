"""The terminal: at most 80 columns, colour only where it is wanted, letters that it may not have."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from rich.console import Console

WIDTH = 80


def make_console(*, stderr: bool = False) -> Console:
    """80 columns in a pipe and at most 80 in a terminal; Rich itself heeds NO_COLOR."""
    console = Console(highlight=False, markup=False, emoji=False, stderr=stderr)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def speaks_unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "").startswith("utf")


def money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


@contextmanager
def import_progress(doing: str, file: Path) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on the terminal's error stream; nothing where nobody looks."""
    if not sys.stderr.isatty() or not file.is_file():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=make_console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{doing} {file.name}", total=file.stat().st_size)
        yield lambda done: bar.update(task, completed=done)
