"""README.md: what it shows is what its command prints."""

import re
import tomllib
from pathlib import Path

from running import RunPython
from tracker import PROGRAM

README = Path(__file__).parents[1] / "README.md"
TEACHER = README.parent / ".claude" / "skills" / "building-with-sqlalchemy-orm"


def test_the_demo_prints_what_the_readme_shows(run_python: RunPython) -> None:
    shown = re.search(r"budget-tracker.py demo\n```\n\n```text\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    printed = "\n".join(line.rstrip() for line in run_python(PROGRAM, "demo").stdout.splitlines())
    assert len(shown[1].splitlines()) > 15
    assert shown[1].strip("\n") in printed


def test_the_table_of_lessons_is_that_of_the_teacher() -> None:
    lessons = tomllib.loads((TEACHER / "lessons.toml").read_text(encoding="utf-8"))["lesson"]
    rows = [
        f"| [{lesson['id']} {lesson['title']}]({TEACHER.relative_to(README.parent).as_posix()}/{lesson['page']})"
        f" | {lesson['minutes']} | {', '.join(lesson['teaches'])} | {lesson['adds']} |"
        for lesson in lessons
    ]
    assert re.findall(r"^\| \[L\d .*$", README.read_text(encoding="utf-8"), re.MULTILINE) == rows
