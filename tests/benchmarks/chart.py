"""Time against rows, a small picture for each piece of work: how cost grows, on both databases."""

from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.names import BUDGET, BY_HAND, DJANGO, LIMIT, OBVIOUS, PEEWEE
from benchmarks.races import Result

PICTURES = {  # how the name of a contest begins
    "import": "Import",
    "export": "Export",
    "report of a year": "Report of a year",
    "page 1": "First page",
    "page deep": "A page far behind",
    "search: in one": "Search for a rare word",
}
COLOURS = {
    BUDGET: "#2a9d8f",
    BY_HAND: "#22313f",
    OBVIOUS: "#e76f51",
    DJANGO: "#8d99ae",
    PEEWEE: "#c9a227",
}
INK, QUIET = "#22313f", "#5f6c77"
DATABASES = ("SQLite", "PostgreSQL")
# Text stays text, and the same figures give the same file.
STABLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "database-deployment",
    "font.family": ["DejaVu Sans", "sans-serif"],
}


def draw(results: list[Result], path: Path) -> None:
    with rc_context(STABLE):
        figure = Figure(figsize=(9, 2.3 * len(PICTURES)), layout="constrained")
        figure.patch.set_facecolor("white")
        axes = figure.subplots(len(PICTURES), len(DATABASES), squeeze=False)
        for row, (contest, title) in enumerate(PICTURES.items()):
            for column, database in enumerate(DATABASES):
                draw_one(axes[row][column], results_of(results, contest, database), f"{title}, {database}")
        for lowest in axes[-1]:
            lowest.set_xlabel("expenses", fontsize=8, color=QUIET)
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, labelcolor=INK)
        figure.savefig(path, format="svg", metadata={"Date": None, "Title": "Time against rows"})


def results_of(results: list[Result], contest: str, database: str) -> list[Result]:
    return [each for each in results if picture_of(each.contest) == contest and each.database == database]


def picture_of(contest: str) -> str | None:
    if contest.startswith("page ") and contest not in ("page 1", "page by page"):
        return "page deep"
    if contest.startswith("search: in one"):
        return "search: in one"
    return contest if contest in PICTURES else None


def draw_one(axes: Axes, results: list[Result], title: str) -> None:
    for contender, colour in COLOURS.items():
        names = (contender, LIMIT) if contender == BY_HAND else (contender,)
        points = sorted((each.rows, each.median) for each in results if each.contender in names)
        if points:
            axes.plot(
                *zip(*points, strict=True), marker="o", markersize=4, color=colour, label=contender, linewidth=1.6
            )
    axes.set(xscale="log", yscale="log")
    axes.minorticks_off()
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    axes.set_ylabel("seconds", fontsize=8, color=QUIET)
    axes.tick_params(labelsize=8, colors=QUIET)
    axes.grid(True, which="major", color="#dfe5e8", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
