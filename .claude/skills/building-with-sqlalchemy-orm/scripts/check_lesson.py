"""Lays out a learner's own skill, and checks it against a lesson.

    python check_lesson.py --start L0 DIR    lay out DIR/database-deployment
    python check_lesson.py --start L3 DIR    for somebody who begins with L3
    python check_lesson.py L3 --skill DIR    what is done, and what comes next
    python check_lesson.py --skill DIR       all lessons

It reads the skill in DIR and runs its scripts in a copy, on a database that is
thrown away: never on yours. Exit code: 0 when all of it is done, 1 when there
is something left to do, 2 when it could not look.
"""

import argparse
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from checkpoints.examine import Examination, Result
from checkpoints.report import Paper, as_json, show_what_is_checked, write_lesson, write_overview
from checkpoints.skill import SECONDS, Skill
from checkpoints.starting import CannotStart, start

TEACHER = Path(__file__).resolve().parents[1]
DONE, LEFT_TO_DO, COULD_NOT_LOOK, INTERRUPTED = 0, 1, 2, 130
FOLDER = "database-deployment"


def main() -> None:
    try:
        run()
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(LEFT_TO_DO)
    except KeyboardInterrupt:
        print("\nStopped. Nothing of yours was changed.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def run() -> None:
    lessons = tomllib.loads((TEACHER / "lessons.toml").read_text(encoding="utf-8"))["lesson"]
    parser = make_parser([each["id"] for each in lessons])
    chosen = parser.parse_args()
    if chosen.start:
        start_and_say(chosen.start, chosen.directory or chosen.skill or Path())
    else:
        folder = find_skill(chosen.skill or chosen.directory or Path())
        code = look(lessons, chosen.lesson, folder, as_json_text=chosen.json, seconds=chosen.limit)
        sys.stdout.flush()
        sys.exit(code)


def make_parser(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arguments", nargs="*", metavar="[LESSON] [DIR]", help=argparse.SUPPRESS, action=Arguments)
    parser.set_defaults(lesson=None, directory=None, names=names)
    parser.add_argument("--skill", type=Path, metavar="DIR", help="your database-deployment folder; here by default")
    parser.add_argument("--start", type=lesson_name, metavar="LESSON", choices=names, help="lay out a folder in DIR")
    parser.add_argument("--json", action="store_true", help="for a program")
    parser.add_argument(
        "--limit", type=float, default=SECONDS, metavar="SECONDS", help=f"how long a script may run: {SECONDS:g}"
    )
    return parser


def lesson_name(text: str) -> str:
    """L3, whether somebody writes L3, l3 or 3."""
    return f"L{text}" if text.isdigit() else text.upper()


class Arguments(argparse.Action):
    """A lesson, a folder, both in any order, or neither."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        for value in values:
            if namespace.lesson is None and lesson_name(value) in namespace.names:
                namespace.lesson = lesson_name(value)
            elif namespace.directory is None and (Path(value).is_dir() or value[:1].upper() != "L"):
                namespace.directory = Path(value)
            else:
                parser.error(f"there is no lesson {value}; there are {', '.join(namespace.names)}")


def find_skill(folder: Path) -> Path:
    """The folder itself, or the skill in it."""
    if not (folder / "SKILL.md").exists() and (folder / FOLDER).is_dir():
        folder = folder / FOLDER
    if not folder.is_dir():
        give_up(
            f"There is no folder {folder}.\n"
            f"To lay one out: {Path(sys.executable).stem} {Path(sys.argv[0])} --start L0 {folder}"
        )
    return folder


def give_up(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(COULD_NOT_LOOK)


def start_and_say(lesson: str, directory: Path) -> None:
    try:
        lines = start(TEACHER, lesson, directory)
    except CannotStart as reason:
        give_up(str(reason))
    except OSError as error:
        give_up(f"It could not be laid out: {error}")
    Paper().write(*lines)


def look(lessons: list[dict[str, Any]], wanted: str | None, folder: Path, *, as_json_text: bool, seconds: float) -> int:
    with Skill.opened(folder, seconds) as skill:
        examination = Examination(skill)
        names = [wanted] if wanted else [each["id"] for each in lessons]
        with show_what_is_checked(examination):
            results = {name: examination.lesson(name) for name in names}
    if as_json_text:
        print(json.dumps({name: as_json(found) for name, found in results.items()}, indent=2))
    elif wanted is None:
        write_overview(Paper(), lessons, results, skill)
    else:
        place = [each["id"] for each in lessons].index(wanted)
        following = lessons[place + 1] if place + 1 < len(lessons) else None
        write_lesson(Paper(), lessons[place], results[wanted], following, is_learners=not skill.is_the_finished_one)
    return exit_code([each for found in results.values() for each in found])


def exit_code(results: list[Result]) -> int:
    if all(each.state == "ok" for each in results):
        return DONE
    only_ours = any(each.is_ours for each in results) and not any(each.state == "todo" for each in results)
    return COULD_NOT_LOOK if only_ours else LEFT_TO_DO


if __name__ == "__main__":
    main()
