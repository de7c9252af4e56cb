"""How imports and reports look in a terminal: at most 80 columns, and good to read without colour too."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from budget.bank import BankFile, SkipReason
from budget.importing import ImportResult
from budget.reporting import Line, Report

WIDTH = 80
BAR, LEAST_BAR = 24, 6
MOST_OF_A_NAME = 20
COLUMNS = ("Category", "Spent", "Budget", "Left")


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
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=make_console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{doing} {file.name}", total=file.stat().st_size)
        yield lambda done: bar.update(task, completed=done)


SKIPPED: dict[SkipReason, str] = {
    "money in": "with money coming in",
    "zero": "of 0.00",
    "balance": "with a balance",
    "not booked": "not booked yet",
    "no booking": "without a booking",
}


def describe_import(file: BankFile, result: ImportResult, currency: str | None) -> list[str]:
    """What came of it, in one line; then what a person should know of how the file was read."""
    expenses = "1 new expense" if result.added == 1 else f"{result.added:,} new expenses"
    lines = [f"{file.path.name}: {expenses}"]
    if result.known:
        lines[0] += f", {result.known:,} known already"
    if result.first and result.last:
        lines[0] += f" ({result.first} to {result.last}, {money(result.spent)} {currency or ''}".rstrip() + ")"
    if result.skipped:
        counts = [f"{count:,} {SKIPPED[reason]}" for reason, count in result.skipped.most_common()]
        lines.append(f"  lines that are no spending: {', '.join(counts)}")
    if result.new_categories:
        lines.append(f"  new categories: {', '.join(result.new_categories)}")
    return lines + [f"  {each}" for each in file.describe()]


def print_report(console: Console, report: Report) -> None:
    unicode = speaks_unicode(console)
    scale = max([max(line.spent, line.budget or Decimal(0)) for line in report.lines], default=Decimal(0))
    rows = [_cells(line) for line in [*report.lines, report.total]]
    widths = [max([len(name), *(len(row[place]) for row in rows)]) for place, name in enumerate(COLUMNS)]
    category = min(widths[0], MOST_OF_A_NAME, max(8, console.width - sum(widths[1:]) - 12))
    columns = min(BAR, console.width - category - sum(widths[1:]) - 15)
    table = Table(box=box.SIMPLE_HEAD if unicode else box.ASCII2, pad_edge=False, title_justify="left")
    table.title = Text(_title(report), style="bold")
    table.add_column(COLUMNS[0], width=category, no_wrap=True, overflow="ellipsis" if unicode else "crop")
    for name, width in zip(COLUMNS[1:], widths[1:], strict=True):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    has_bars = columns >= LEAST_BAR
    if has_bars:
        table.add_column("", width=columns, no_wrap=True)
    for line, row in zip(report.lines, rows, strict=False):
        table.add_row(*row, *([bar(line, scale, unicode, columns)] if has_bars else []))
    table.add_section()
    table.add_row(*rows[-1], style="bold")
    console.print(table)
    if scale and has_bars:
        console.print(Text(legend(unicode), style="dim"))


def _title(report: Report) -> str:
    months = report.period.months
    name = f"{months[0]:%B %Y}" if len(months) == 1 else report.period.label
    expenses = "1 expense" if report.expenses == 1 else f"{report.expenses:,} expenses"
    return f"{name}: {expenses}" + (f", in {report.currency}" if report.currency else "")


def _cells(line: Line) -> list[Text]:
    left = Text(money(line.left), style="red" if line.left is not None and line.left < 0 else "")
    return [Text(line.category), Text(money(line.spent)), Text(money(line.budget)), left]


def bar(line: Line, scale: Decimal, unicode: bool, columns: int = BAR) -> Text:
    """Spent, what is left of the budget, and what is over it: each with a sign of its own."""
    spent_sign, left_sign, over_sign = ("█", "░", "▒") if unicode else ("#", ".", "!")
    spent, budget = (_columns(amount, scale, columns) for amount in (line.spent, line.budget or Decimal(0)))
    text = Text()
    if line.budget is None or line.spent <= line.budget:
        text.append(spent_sign * spent, style="cyan" if line.budget is None else "green")
        text.append(left_sign * (budget - spent), style="dim")
    else:
        within = max(min(budget, 1), min(budget, spent - 1))
        text.append(spent_sign * within, style="green")
        text.append(over_sign * max(1, spent - within), style="red")  # also when it is too little for a column
    return text


def _columns(amount: Decimal, scale: Decimal, columns: int) -> int:
    if not scale or not amount:
        return 0
    return max(1, round(amount / scale * columns))


def legend(unicode: bool) -> str:
    spent, left, over = ("█", "░", "▒") if unicode else ("#", ".", "!")
    return f"{spent} spent   {left} left of the budget   {over} over the budget"
