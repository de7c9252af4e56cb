"""How reports look in a terminal: at most 80 columns, and good to read without colour too."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from budget.changes import Changes
from budget.console import money, speaks_unicode
from budget.merchants import Merchant, Merchants
from budget.periods import name_of
from budget.reporting import NOTHING, BesideBudget, Report
from budget.trend import Trend
from budget.wording import count_of

AnyReport: TypeAlias = Report | Trend | Merchants | Changes
BAR, SHORT_BAR, LEAST_BAR = 24, 12, 6
NAME, LEAST_NAME = 20, 8
SIGNS = {True: ("█", "░", "▒"), False: ("#", ".", "!")}  # spent, left, over: with Unicode and without


# --- A table


def print_table(
    console: Console,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Text]],
    total: Sequence[Text],
    draw: Callable[[int], list[Text]],
    longest_bar: int = BAR,
) -> bool:
    """A name, amounts, and a bar where there is room for it; returns whether there was. An amount is never cut.

    `draw` gives the bars of the rows, in so many columns; a row after the last of them has none.
    """
    rows = [[_writable(row[0], console), *row[1:]] for row in rows]
    widths = [max(len(name), *(row[place].cell_len for row in [*rows, total])) for place, name in enumerate(columns)]
    amounts, gaps = sum(widths[1:]), 3 * len(columns)
    name = min(widths[0], max(NAME, console.width - amounts - gaps - 3 - longest_bar))
    bar_columns = min(longest_bar, console.width - name - amounts - gaps - 3)
    has_bars = bar_columns >= LEAST_BAR
    if not has_bars:
        gaps = len(columns) + 1
        name = min(widths[0], max(LEAST_NAME, console.width - amounts - gaps))
    bars = draw(bar_columns) if has_bars else []

    unicode = speaks_unicode(console)
    table = Table(box=box.SIMPLE_HEAD if unicode else box.ASCII2, pad_edge=False, title_justify="left")
    table.title = Text(title, style="bold")
    table.padding = (0, 1) if has_bars else 0
    table.add_column(columns[0], width=name, no_wrap=True, overflow="ellipsis" if unicode else "crop")
    for column, width in zip(columns[1:], widths[1:], strict=True):
        table.add_column(column, justify="right", no_wrap=True, min_width=width)
    if has_bars:
        table.add_column("", width=bar_columns, no_wrap=True)
    for number, row in enumerate(rows):
        table.add_row(*row, *bars[number : number + 1])
    table.add_section()
    table.add_row(*total, style="bold")
    console.print(table, crop=False)  # the terminal itself breaks a line that is too wide, and nothing is lost
    return has_bars


def _writable(name: Text, console: Console) -> Text:
    """As the terminal will write it: what stands for a letter may be narrower than the letter."""
    return Text(name.plain.encode(console.encoding, "replace").decode(console.encoding))


def bar(line: BesideBudget, scale: Decimal, columns: int, unicode: bool) -> Text:
    """Spent, what is left of the budget, and what is over it: each with a sign of its own."""
    spent_sign, left_sign, over_sign = SIGNS[unicode]
    left = line.left or NOTHING
    spent, planned = (bar_length(amount, scale, columns) for amount in (line.spent, line.spent + left))
    text = Text()
    if left >= 0:
        text.append(spent_sign * spent, style="cyan" if line.budget is None else "green")
        text.append(left_sign * (planned - spent), style="dim")
    else:
        within = max(min(planned, 1), min(planned, spent - 1))
        text.append(spent_sign * within, style="green")
        text.append(over_sign * max(1, spent - within), style="red")  # also when it is too little for a column
    return text


def bar_length(amount: Decimal, scale: Decimal, columns: int) -> int:
    """The smallest amount is seen too."""
    return max(1, round(amount / scale * columns)) if amount else 0


# --- The reports


def print_any(console: Console, report: AnyReport) -> None:
    match report:
        case Report():
            print_report(console, report)
        case Trend():
            print_trend(console, report)
        case Merchants():
            print_merchants(console, report)
        case Changes():
            print_changes(console, report)


def print_report(console: Console, report: Report) -> None:
    title = f"{name_of(report.period)}: {count_of(report.expenses, 'expense')}" + in_currency(report.currency)
    names = [line.category for line in report.lines]
    has_bars = _print_beside_budget(console, title, "Category", names, report.lines, report.total)
    for said in [*days_to_come(report), *outside_the_budgets(report.total)]:
        console.print(Text(said))
    _print_legend(console, report.lines, has_bars)


def print_trend(console: Console, trend: Trend) -> None:
    title = f"{trend.category or 'Spending'}, {name_of(trend.period)}" + in_currency(trend.currency)
    names = [f"{line.first:%b %Y}" for line in trend.lines]
    has_bars = _print_beside_budget(console, title, "Month", names, trend.lines, trend.total)
    for said in outside_the_budgets(trend.total):
        console.print(Text(said))
    if trend.average is not None:
        months = "1 whole month" if len(trend.averaged) == 1 else f"{len(trend.averaged)} whole months"
        console.print(Text(f"On average {money(trend.average)} a month, over {months}"))
    _print_legend(console, trend.lines, has_bars)


def print_merchants(console: Console, merchants: Merchants) -> None:
    title = f"{name_of(merchants.period)}: the merchants" + in_currency(merchants.currency)
    if not merchants.lines:
        console.print(Text(f"{title}\nNothing was spent", style="bold"))
        return
    lines = [*merchants.lines, *([merchants.others] if merchants.rest else [])]
    rows = [
        [Text(each.name or "(no description)"), Text(f"{each.purchases:,}"), Text(money(each.spent)), _percent(each)]
        for each in [*lines, merchants.total]
    ]
    sign = SIGNS[speaks_unicode(console)][0]

    def draw(columns: int) -> list[Text]:
        scale = merchants.lines[0].spent
        return [Text(sign * bar_length(each.spent, scale, columns), style="cyan") for each in merchants.lines]

    print_table(console, title, ("Merchant", "Count", "Spent", "Share"), rows[:-1], rows[-1], draw, SHORT_BAR)


def print_changes(console: Console, changes: Changes) -> None:
    title = f"{name_of(changes.period)} against {name_of(changes.before)}" + in_currency(changes.currency)
    if not changes.lines:
        console.print(Text(f"{title}\nNothing changed", style="bold"))
        return
    lines = [*changes.lines, *([changes.others] if changes.rest else []), changes.total]
    rows = [
        [Text(each.category), *map(Text, (money(each.before), money(each.now), f"{each.change:+,.2f}"))]
        for each in lines
    ]
    more_sign, less_sign, _ = SIGNS[speaks_unicode(console)]

    def draw(columns: int) -> list[Text]:
        scale = abs(changes.lines[0].change)
        return [
            Text((more_sign if each.change > 0 else less_sign) * bar_length(abs(each.change), scale, columns))
            for each in changes.lines
        ]

    if print_table(console, title, ("Category", "Before", "Now", "Change"), rows[:-1], rows[-1], draw):
        console.print(Text(f"{more_sign} more than before   {less_sign} less", style="dim"))


def _print_beside_budget(
    console: Console,
    title: str,
    what: str,
    names: Sequence[str],
    lines: Sequence[BesideBudget],
    total: BesideBudget,
) -> bool:
    """Without any budget there is one amount to show."""
    columns = [what, "Spent"] if total.budget is None else [what, "Spent", "Budget", "Left"]
    scale = max([line.spent + max(line.left or NOTHING, NOTHING) for line in lines], default=NOTHING)
    rows = [
        [Text(name), Text(money(line.spent)), Text(money(line.budget)), _left(line)][: len(columns)]
        for name, line in zip([*names, "Total"], [*lines, total], strict=True)
    ]
    unicode = speaks_unicode(console)
    return print_table(
        console,
        title,
        columns,
        rows[:-1],
        rows[-1],
        lambda columns: [bar(line, scale, columns, unicode) for line in lines],
    )


def _left(line: BesideBudget) -> Text:
    return Text(money(line.left), style="red" if line.left is not None and line.left < 0 else "")


def _percent(merchant: Merchant) -> Text:
    return Text(f"{merchant.percent}%")


def _print_legend(console: Console, lines: Sequence[BesideBudget], has_bars: bool) -> None:
    spent, left, over = SIGNS[speaks_unicode(console)]
    meanings = [f"{spent} spent"]
    if any(line.budget is not None for line in lines):
        meanings += [f"{left} left of the budget", f"{over} over the budget"]
    if has_bars and any(line.spent or line.budget for line in lines):
        console.print(Text("   ".join(meanings), style="dim"))


def days_to_come(report: Report) -> list[str]:
    """What may still be spent in the running month, and in each of its days."""
    total, days = report.total, report.days_left
    if days is None or total.left is None:
        return []
    span = "today, the last day of the month" if days == 1 else f"the {days} days to come"
    if total.left > 0:
        per_day = "" if days == 1 else f", {money(report.left_per_day)} a day"
        said = f"Left: {money(total.left)} of {money(total.budget)}{per_day} for {span}"
    elif total.left == 0:
        said = f"Nothing is left of {money(total.budget)} for {span}"
    else:
        said = f"Over the budget of {money(total.budget)} by {money(-total.left)}: nothing is left for {span}"
    return [said]


def outside_the_budgets(total: BesideBudget) -> list[str]:
    """Why spent and left are not the budget."""
    if total.budget is None or not total.without_budget:
        return []
    return [f"Spent without a budget, and not taken from another one: {money(total.without_budget)}"]


def in_currency(currency: str | None) -> str:
    return f", in {currency}" if currency else ""
