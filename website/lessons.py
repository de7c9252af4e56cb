"""What the site adds to a lesson from lessons.toml: its facts below its title, and its card on the home page."""

import posixpath
from html import escape
from pathlib import Path

from website import contents
from website.contents import Lesson


def cards() -> list[dict[str, object]]:
    return [
        {
            "id": lesson.id,
            "title": lesson.title,
            "minutes": lesson.minutes,
            "teaches": ", ".join(lesson.teaches),
            "url": built(lesson.page),
        }
        for lesson in contents.lessons()
    ]


def with_facts(html: str, lesson: Lesson) -> str:
    return html.replace("</h1>", f'</h1>\n<p class="facts">{facts(lesson)}</p>', 1)


def facts(lesson: Lesson) -> str:
    runs = "Runs " + ", ".join(link(lesson, example) for example in lesson.examples)
    return runs + (f" · Reference: {link(lesson, lesson.reference)}" if lesson.reference else "")


def link(lesson: Lesson, file: Path) -> str:
    there = posixpath.relpath(built(file), posixpath.dirname(contents.address(lesson.page)))
    name = file.name if file.suffix == ".py" else file.stem
    return f'<a href="{escape(there)}">{escape(name)}</a>'


def built(file: Path) -> str:
    return Path(contents.address(file)).with_suffix(".html").as_posix()
