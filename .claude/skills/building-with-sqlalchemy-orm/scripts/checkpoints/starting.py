"""Laying out a learner's folder."""

from pathlib import Path


class CannotStart(Exception):
    pass


def start(teacher: Path, lesson: str, directory: Path) -> list[str]:
    raise CannotStart("not yet")
