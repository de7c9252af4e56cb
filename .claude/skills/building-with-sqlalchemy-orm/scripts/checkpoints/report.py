"""What the learner reads: the claim, what was seen, the next thing to do."""

import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from .checking import Check
from .examine import Examination, Result
from .skill import Skill

WIDTH = 80
NOT_THE_LEARNERS = (
    "This is the finished skill, and not yours. Name your own folder: check_lesson.py --skill DIR."
    " To lay one out: check_lesson.py --start L0 DIR"
)
COLOURS = {"ok": "32", "todo": "33", "wait": "2", "bold": "1"}


class Paper:
    """Plain ASCII, except in a terminal, which gets colours."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.has_colours = self.stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def paint(self, text: str, colour: str) -> str:
        return f"\033[{COLOURS[colour]}m{text}\033[0m" if self.has_colours else text

    def write(self, *lines: str) -> None:
        for line in lines:
            encoding = "ascii" if not self.has_colours else self.stream.encoding or "ascii"
            print(line.encode(encoding, "replace").decode(encoding), file=self.stream)


@contextmanager
def show_what_is_checked(examination: Examination) -> Iterator[None]:
    """One line in a terminal, gone at the end: a script may run for half a minute."""
    if not sys.stderr.isatty():
        yield
        return

    def show(check: Check) -> None:
        text = f"{check.lesson}: {plain(check.claim)}"
        print(f"\r{text[: WIDTH - 4]:<{WIDTH - 4}}...", end="", file=sys.stderr, flush=True)

    examination.on_check = show
    try:
        yield
    finally:
        print(f"\r{'':<{WIDTH}}\r", end="", file=sys.stderr, flush=True)


def plain(claim: str) -> str:
    return claim.replace("`", "")


def wrapped(label: str, text: str, indent: int = 8) -> Iterator[str]:
    """The text in lines of 80 columns, hanging below its label. A command keeps its words together at the end."""
    lines = textwrap.wrap(
        text, WIDTH - indent - 6, break_long_words=False, break_on_hyphens=False, replace_whitespace=True
    )
    for number, line in enumerate(lines or [""]):
        yield " " * indent + (f"{label:<6}" if number == 0 else " " * 6) + line


def write_lesson(
    paper: Paper,
    lesson: dict[str, Any],
    results: list[Result],
    following: dict[str, Any] | None,
    *,
    is_learners: bool = True,
) -> None:
    done = sum(each.state == "ok" for each in results)
    title = f"{lesson['id']}  {lesson['title']}"
    paper.write(f"{paper.paint(title, 'bold')}{progress(done, len(results)):>{WIDTH - len(title)}}", "")
    for each in results:
        write_result(paper, each)
    paper.write("")
    unfinished = next((each for each in results if each.state == "todo"), None)
    before = next((each.waits_for for each in results if is_of_another_lesson(each)), None)
    if unfinished is not None:
        paper.write(*hanging("Next: ", unfinished.next_step))
    elif before is not None:
        paper.write(*hanging("Next: ", f"go back to {before.lesson}: {plain(before.claim)}"))
    elif done < len(results):
        paper.write(*hanging("", "The checker could not look at everything. That is its mistake, not yours."))
    elif not is_learners:
        paper.write(*hanging("", NOT_THE_LEARNERS))
    else:
        paper.write(paper.paint(lesson["done"], "ok"))
        if following is not None:
            paper.write(f"Next: {following['id']}, {following['title']} ({following['page']})")


def is_of_another_lesson(result: Result) -> bool:
    """Whether it waits for something that is not shown beside it."""
    return result.waits_for is not None and result.waits_for.lesson != result.check.lesson


def write_result(paper: Paper, result: Result) -> None:
    claim = plain(result.check.claim)
    first, *more = textwrap.wrap(claim, WIDTH - 8)
    paper.write(f"  {paper.paint(f'{result.state:<4}', result.state)}  {first}", *(f"        {line}" for line in more))
    if result.note:
        paper.write(*wrapped("note:", result.note))
    if result.is_ours:
        paper.write(*wrapped("ours:", f"the checker failed here ({result.seen}); this says nothing about your work"))
    elif result.waits_for is not None and is_of_another_lesson(result):
        paper.write(*wrapped("for:", f"{result.waits_for.lesson}, {plain(result.waits_for.claim)}"))
    elif result.state == "todo":
        paper.write(*wrapped("saw:", result.seen), *wrapped("next:", result.next_step))


def hanging(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        label + text, WIDTH, subsequent_indent=" " * len(label), break_long_words=False, break_on_hyphens=False
    )


def progress(done: int, count: int) -> str:
    filled = round(10 * done / count)
    return f"[{'#' * filled}{'-' * (10 - filled)}] {done} of {count}"


def write_overview(paper: Paper, lessons: list[dict[str, Any]], results: dict[str, list[Result]], skill: Skill) -> None:
    paper.write(f"In {skill.folder}", "")
    unfinished: str | None = None
    for lesson in lessons:
        found = results[lesson["id"]]
        done = sum(each.state == "ok" for each in found)
        state = "ok" if done == len(found) else "todo" if unfinished is None else "wait"
        if state == "todo":
            unfinished = lesson["id"]
        title = f"{lesson['id']}  {lesson['title']}"
        bar = progress(done, len(found)).rjust(WIDTH - 8 - len(title))
        paper.write(f"  {paper.paint(f'{state:<4}', state)}  {title}{bar}")
    paper.write("")
    if skill.is_the_finished_one:
        paper.write(*hanging("", NOT_THE_LEARNERS))
    elif unfinished is None:
        paper.write(paper.paint("All eight lessons. The skill is yours; go and build something with it.", "ok"))
    if unfinished is None:
        return
    first = next(each for each in results[unfinished] if each.state != "ok")
    paper.write(*hanging(f"{unfinished}: ", plain(first.check.claim)))
    if first.state == "todo":
        paper.write(*wrapped("saw:", first.seen, 4), *wrapped("next:", first.next_step, 4))


def as_json(results: list[Result]) -> list[dict[str, Any]]:
    told = []
    for each in results:
        one: dict[str, Any] = {"name": each.check.name, "state": each.state, "claim": plain(each.check.claim)}
        if each.state == "todo":
            one |= {"saw": each.seen, "next": each.next_step}
        elif each.note:
            one |= {"note": each.note}
        elif each.is_ours:
            one |= {"checker_failed": each.seen}
        elif each.waits_for is not None:
            one |= {"waits_for": each.waits_for.name}
        told.append(one)
    return told
