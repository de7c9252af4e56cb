"""What a check is: a function whose docstring is the claim, and which raises NotYet where it does not hold yet."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[[Any], str | None])


class NotYet(Exception):
    """What the check saw in the learner's work, and the one thing to do next."""

    def __init__(self, seen: str, next_step: str) -> None:
        super().__init__(seen, next_step)
        self.seen = seen
        self.next_step = next_step


@dataclass(frozen=True)
class Check:
    lesson: str
    name: str
    claim: str  # Markdown of one line
    run: Callable[[Any], str | None]  # takes a Skill; inside a script, a Work; may return what was left out
    after: tuple[str, ...]  # the checks without which this one says nothing
    inside: str | None  # the script in which it runs, in a process of its own
    unless: Callable[[Any], bool]  # where this holds for the Skill, it runs outside all the same


CHECKS: dict[str, Check] = {}


def check(
    lesson: str,
    *,
    after: str = "",
    inside: str | None = None,
    unless: Callable[[Any], bool] = lambda _: False,
    name: str = "",
    claim: str = "",
) -> Callable[[Function], Function]:
    """Registers a check. `after`: names of checks, with spaces between; `name` and `claim`: else the function's own."""

    def register(function: Function) -> Function:
        own = name or function.__name__
        said = claim or " ".join(cleandoc(function.__doc__ or "").split())
        needed = tuple(after.split())
        if own in CHECKS or not set(needed) <= CHECKS.keys():
            raise ValueError(f"the check {own} exists already, or comes before what it needs: {needed}")
        CHECKS[own] = Check(lesson, own, said, function, needed, inside, unless)
        return function

    return register


def checks_of(lesson: str) -> list[Check]:
    """In the order in which they stand in the source, which is the order of the lesson."""
    return [each for each in CHECKS.values() if each.lesson == lesson]
