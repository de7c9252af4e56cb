"""How a page of expenses looks in a terminal: numbers and amounts whole, the rest cut where there is no room."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from budget.console import money, speaks_unicode
from budget.listing import ExpenseRow, Page
from budget.wording import count_of

CATEGORY, LEAST_TEXT = 14, 6
BETWEEN = 16  # the columns of a terminal that stand between ours


def print_expenses(console: Console, page: Page, currency: str | None) -> None:
    expenses = list(page.expenses)
    if not expenses:
        console.print(Text("No such expenses."))
        return
    console.print(_table(console, expenses), crop=False)
    count = count_of(len(expenses), "expense")
    total = money(sum((each.amount for each in expenses), Decimal(0)))
    on_this_page = " on this page" if page.next else ""
    console.print(Text(f"{count}{on_this_page}, {total} {currency or ''}".rstrip()))
    if page.next:
        console.print(Text(f"There are more: --after {page.next}"), soft_wrap=True)


def _table(console: Console, expenses: Sequence[ExpenseRow]) -> Table:
    unicode = speaks_unicode(console)
    rows = [(str(each.number), str(each.spent_on), money(each.amount)) for each in expenses]
    number, day, amount = (max(len(row[place]) for row in rows) for place in range(3))
    number, amount = max(number, len("No")), max(amount, len("Amount"))
    room = console.width - number - day - amount - BETWEEN
    category = min(
        CATEGORY,
        max(
            LEAST_TEXT,
            room // 3,
        ),
        max(len("Category"), *(Text(each.category).cell_len for each in expenses)),
    )
    table = Table(box=box.SIMPLE_HEAD if unicode else box.ASCII2, pad_edge=False)
    table.add_column("No", justify="right", no_wrap=True, width=number)
    table.add_column("Day", no_wrap=True, width=day)
    table.add_column("Amount", justify="right", no_wrap=True, width=amount)
    cut: Literal["ellipsis", "crop"] = "ellipsis" if unicode else "crop"
    table.add_column("Category", no_wrap=True, overflow=cut, width=category)
    table.add_column("Description", no_wrap=True, overflow=cut, max_width=max(LEAST_TEXT, room - category))
    if room < 2 * LEAST_TEXT:
        table.width = console.width + 2 * LEAST_TEXT - room  # the terminal breaks the line, and nothing is lost
    for row, each in zip(rows, expenses, strict=True):
        table.add_row(*row, Text(each.category), Text(each.description))
    return table
