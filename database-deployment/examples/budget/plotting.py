"""Reports as pictures: a month or a year by category, and the trend by month. The only place that needs matplotlib."""

import logging
import warnings
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch

from budget.errors import BudgetError
from budget.exporting import written_whole
from budget.periods import name_of
from budget.reporting import NOTHING, BesideBudget, Line, Report, together
from budget.trend import Trend

SPENT, OVER, BUDGET, INK, QUIET, ALARM = "#2a9d8f", "#e76f51", "#dfe5e8", "#22313f", "#5f6c77", "#b93e1f"
ENDINGS = ("png", "svg", "pdf")
MOST_BARS = 20
LONGEST_NAME = 24
# The first has the letters of most languages; of the others a computer has what its owner reads.
FONTS = ("DejaVu Sans", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Hiragino Sans", "Yu Gothic", "Microsoft YaHei")


def plot_any(report: object, path: Path) -> None:
    """Draw one of the reports that have a picture. Raises BudgetError for another one."""
    match report:
        case Report():
            plot_report(report, path)
        case Trend():
            plot_trend(report, path)
        case _:
            raise BudgetError("Only the report of a month and the trend have a picture")


def plot_report(report: Report, path: Path) -> None:
    """Draw the report into `path`; its ending chooses the format. Raises BudgetError for another ending."""
    lines = shown_lines(report)

    def draw(axes: Axes) -> None:
        draw_categories(axes, lines, bars=sum(line in report.lines for line in lines))
        draw_title(axes, name_of(report.period), report.total, report.currency)

    save_picture(path, (9, 1.6 + 0.38 * max(len(lines), 3)), draw)


def plot_trend(trend: Trend, path: Path) -> None:
    """Draw the trend into `path`, like plot_report."""

    def draw(axes: Axes) -> None:
        draw_months(axes, trend)
        title = f"{shortened(trend.category or 'Spending')}, {name_of(trend.period)}"
        draw_title(axes, title, trend.total, trend.currency)

    save_picture(path, (11, 5.5), draw)


def save_picture(path: Path, size: tuple[float, float], draw: Callable[[Axes], None]) -> None:
    ending = path.suffix.lower().lstrip(".")
    if ending not in ENDINGS:
        raise BudgetError(f"{path.name}: a picture ends in {', '.join(f'.{each}' for each in ENDINGS)}")
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # silent about a font without a bold face
    known = set(font_manager.get_font_names())
    with (
        rc_context({"font.family": [font for font in FONTS if font in known]}),
        written_whole(path, binary=True) as stream,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", UserWarning)  # a letter that no font has is an empty box
        figure = Figure(figsize=size, facecolor="white", layout=ConstrainedLayoutEngine(w_pad=0.2, h_pad=0.2))
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        draw(axes)
        figure.savefig(stream, format=ending, dpi=200)


# --- The categories of a month or a year


def shown_lines(report: Report) -> list[Line]:
    """The largest first; what is too small for a bar of its own is one line together."""
    lines = [line for line in report.lines if line.spent or line.budget]
    if len(lines) <= MOST_BARS:
        return lines
    rest = lines[MOST_BARS - 1 :]
    return [*lines[: MOST_BARS - 1], together(f"{len(rest)} others", rest)]


def draw_categories(axes: Axes, lines: Sequence[Line], bars: int) -> None:
    """The lines after the last bar are words only: many small ones together would make all others look small."""
    largest = largest_amount(lines[:bars])
    for place, line in enumerate(lines):
        parts = bar_parts(line) if place < bars else []
        for length, colour in parts:
            axes.barh(place, length, height=0.62, color=colour)
        said = rounded(line.spent, largest)
        said += "" if line.budget is None else f" of {rounded(line.budget, largest)}"
        end = max([length for length, _ in parts], default=0.0) + float(largest) * 0.012
        axes.text(end, place, said, va="center", color=label_colour(line), fontsize=9)
    if not lines:
        axes.text(0, 1, "Nothing was spent or planned", va="center", color=QUIET)
    axes.set_yticks(range(len(lines)), [shortened(line.category) for line in lines], color=INK)
    axes.set_xlim(0, float(largest))
    axes.set_ylim(max(len(lines), 3) - 0.4, -0.6)
    axes.set_xticks([])
    draw_legend(axes, lines, below=0.0)


# --- The months of a trend


def draw_months(axes: Axes, trend: Trend) -> None:
    largest = largest_amount(trend.lines)
    labels = [rounded(line.spent, largest) for line in trend.lines]
    size = min(9.0, 90 / max(map(len, labels)))
    for place, (line, label) in enumerate(zip(trend.lines, labels, strict=True)):
        for height, colour in bar_parts(line):
            axes.bar(place, height, width=0.72, color=colour)
        top = max(height for height, _ in bar_parts(line)) + float(largest) * 0.015
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # the line of the average ends beside it
        axes.text(place, top, label, ha="center", va="bottom", color=label_colour(line), fontsize=size, bbox=paper)
    last = len(trend.lines) - 1
    if trend.average is not None:
        height = float(trend.average)
        axes.plot([-0.45, last + 0.45], [height, height], color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        said = f"{rounded(trend.average, largest)}\non average"
        axes.text(last + 0.55, height, said, va="center", color=INK, fontsize=9)
    axes.set_xticks(range(len(trend.lines)), month_names(trend), color=INK, fontsize=10)
    axes.set_xlim(-0.5, last + 0.5)
    axes.set_ylim(0, float(largest) * 1.06)
    axes.set_yticks([])
    draw_legend(axes, trend.lines, below=-0.12)


def month_names(trend: Trend) -> list[str]:
    """The year where it begins."""
    return [
        f"{line.first:%b}" + (f"\n{line.first:%Y}" if place == 0 or line.first.month == 1 else "")
        for place, line in enumerate(trend.lines)
    ]


# --- What both have


def largest_amount(lines: Sequence[BesideBudget]) -> Decimal:
    """1 where there is nothing at all: an axis has to end somewhere."""
    return max([line.spent + max(line.left or NOTHING, NOTHING) for line in lines], default=NOTHING) or Decimal(1)


def bar_parts(line: BesideBudget) -> list[tuple[float, str]]:
    """Bars that all begin at 0, each in front of the one before."""
    left = line.left or NOTHING
    planned = (float(line.spent + left), BUDGET if left > 0 else SPENT)
    spent = (float(line.spent), OVER if left < 0 else SPENT)
    return sorted([planned, spent], reverse=True)


def label_colour(line: BesideBudget) -> str:
    return ALARM if line.left is not None and line.left < 0 else INK


def rounded(amount: Decimal, largest: Decimal) -> str:
    """Cents only where they are seen."""
    return f"{amount.quantize(Decimal(1), ROUND_HALF_UP):,}" if largest >= 100 else f"{amount:,.2f}"


def shortened(name: str) -> str:
    plain = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return plain.replace("$", r"\$")  # matplotlib would read $...$ as a formula


def draw_title(axes: Axes, title: str, total: BesideBudget, currency: str | None) -> None:
    axes.set_title(title, loc="left", fontsize=17, fontweight="bold", color=INK, pad=30)
    said = f"{total.spent:,.2f} {currency or ''}".rstrip() + " spent"
    if total.budget is not None and total.left is not None:
        how = "left of" if total.left >= 0 else "over"
        said += f", {abs(total.left):,.2f} {how} a budget of {total.budget:,.2f}"
        said += f", {total.without_budget:,.2f} without one" if total.without_budget else ""
    axes.text(0, 1.02, said, transform=axes.transAxes, fontsize=11, color=QUIET, va="bottom")


def draw_legend(axes: Axes, lines: Sequence[BesideBudget], below: float) -> None:
    meanings = [(SPENT, "spent")] if any(line.spent for line in lines) else []
    lefts = [line.left for line in lines if line.left is not None]
    meanings += [(OVER, "over the budget")] if any(left < 0 for left in lefts) else []
    meanings += [(BUDGET, "left of the budget")] if any(left > 0 for left in lefts) else []
    axes.legend(
        handles=[Patch(color=colour, label=meaning) for colour, meaning in meanings],
        loc="upper right",
        bbox_to_anchor=(1.0, below),
        borderaxespad=0,
        ncols=3,
        frameon=False,
        fontsize=9,
        labelcolor=QUIET,
        handlelength=1,
    )
