"""Drawings, put into the built page where its Markdown has the line `<!-- diagram: NAME -->`.

Each is a file diagrams/NAME.svg, or is drawn from what it shows. Its colours, light and dark, are in
theme/assets/site.css. Its <title> becomes the caption; <title> and <desc> tell a screen reader what is to be seen.
"""

import re
from collections.abc import Callable
from pathlib import Path

from website import schema_diagram

FILES = Path(__file__).with_suffix("")
MARKER = re.compile(r"<!-- diagram: (?P<name>[\w-]+) -->")
DRAWN: dict[str, Callable[[], str]] = {"budget-schema": schema_diagram.draw}


def names() -> set[str]:
    return {file.stem for file in FILES.glob("*.svg")} | set(DRAWN)


def svg(name: str) -> str:
    """Raises KeyError for a name that no diagram has."""
    if name not in names():
        raise KeyError(name)
    return DRAWN[name]() if name in DRAWN else (FILES / f"{name}.svg").read_text(encoding="utf-8")


def with_diagrams(html: str) -> str:
    """Raises KeyError for a name that no diagram has."""
    return MARKER.sub(lambda marker: figure(svg(marker["name"])), html)


def figure(drawing: str) -> str:
    title = re.search(r"<title[^>]*>(.*?)</title>", drawing)
    assert title is not None
    return f'<figure class="diagram">\n{drawing}<figcaption>{title[1]}</figcaption>\n</figure>'
