"""A report as a picture: the spending of each category on top of its budget. The only place that needs matplotlib."""

import warnings
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch

from budget.errors import BudgetError
from budget.exporting import written_whole
from budget.reporting import NOTHING, Line, Report

SPENT, OVER, BUDGET, INK, QUIET = "#2a9d8f", "#e76f51", "#dfe5e8", "#22313f", "#7b8794"
ENDINGS = ("png", "svg", "pdf")
MOST_BARS = 20


def plot_report(report: Report, path: Path) -> None:
    """Draw the report into `path`; its ending chooses the format. Raises BudgetError for another ending."""
    if path.suffix.lower().lstrip(".") not in ENDINGS:
        raise BudgetError(f"{path.name}: a picture ends in {', '.join(f'.{each}' for each in ENDINGS)}")
    lines = shown_lines(report)
    size, margins = (9, 1.6 + 0.38 * max(len(lines), 3)), ConstrainedLayoutEngine(w_pad=0.2, h_pad=0.2)
    figure = Figure(figsize=size, facecolor="white", layout=margins)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw_bars(axes, lines)
    draw_title(axes, report)
    with written_whole(path, binary=True) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a letter that the font does not have is an empty box
        figure.savefig(stream, format=path.suffix.lower().lstrip("."), dpi=200)


def shown_lines(report: Report) -> list[Line]:
    """The largest first; what is too small for a bar of its own is one bar together."""
    lines = [line for line in report.lines if line.spent or line.budget]
    if len(lines) <= MOST_BARS:
        return lines
    rest = lines[MOST_BARS - 1 :]
    budgets = [line.budget for line in rest if line.budget is not None]
    together = Line(
        f"{len(rest)} others",
        sum((line.spent for line in rest), NOTHING),
        sum(budgets, NOTHING) if budgets else None,
    )
    return [*lines[: MOST_BARS - 1], together]


def draw_bars(axes: Axes, lines: list[Line]) -> None:
    largest = float(max([max(line.spent, line.budget or NOTHING) for line in lines], default=NOTHING) or 1)
    for place, line in enumerate(lines):
        spent, budget = float(line.spent), float(line.budget or 0)
        within = spent if line.budget is None else min(spent, budget)
        axes.barh(place, budget, height=0.62, color=BUDGET)
        axes.barh(place, within, height=0.62, color=SPENT)
        axes.barh(place, spent - within, left=within, height=0.62, color=OVER)
        said = f"{line.spent:,.0f}" + ("" if line.budget is None else f" of {line.budget:,.0f}")
        colour = OVER if spent > within else INK
        axes.text(max(spent, budget) + largest * 0.012, place, said, va="center", color=colour, fontsize=9)
    if not lines:
        axes.text(0, 1, "Nothing was spent or planned", va="center", color=QUIET)
    axes.set_yticks(range(len(lines)), [shortened(line.category) for line in lines], color=INK)
    axes.set_xlim(0, largest * 1.16)
    axes.set_ylim(max(len(lines), 3) - 0.4, -0.6)
    axes.tick_params(length=0)
    axes.set_xticks([])
    for side in axes.spines.values():
        side.set_visible(False)


def shortened(name: str) -> str:
    plain = name if len(name) <= 22 else name[:21] + "…"
    return plain.replace("$", r"\$")  # matplotlib would read $...$ as a formula


def draw_title(axes: Axes, report: Report) -> None:
    months, total = report.period.months, report.total
    name = f"{months[0]:%B %Y}" if len(months) == 1 else report.period.label
    axes.set_title(name, loc="left", fontsize=17, fontweight="bold", color=INK, pad=30)
    said = f"{total.spent:,.2f} spent" + ("" if total.budget is None else f" of {total.budget:,.2f}")
    said += f" {report.currency}" if report.currency else ""
    axes.text(0, 1.0, said, transform=axes.transAxes, fontsize=11, color=QUIET, va="bottom")
    meanings = [(SPENT, "spent"), (OVER, "over the budget"), (BUDGET, "left of the budget")]
    patches = [Patch(color=colour, label=meaning) for colour, meaning in meanings]
    axes.legend(
        handles=patches,
        loc="upper right",
        bbox_to_anchor=(1.0, 0.0),
        borderaxespad=0,
        ncols=3,
        frameon=False,
        fontsize=9,
        labelcolor=QUIET,
        handlelength=1,
    )
