"""Laying out a learner's folder: all of it, or nothing, and never over what is there."""

import os
import re
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

SKILL, TEACHER = "database-deployment", "building-with-sqlalchemy-orm"
NEEDS_DATABASE_MODULE = "L3"  # the first lesson that imports database.py
QUESTION = r'(?:^> {lesson}:.*(?:\n>(?! L\d:).*)*|(?<=^description: )"{lesson}:[^"]*")'
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")


class CannotStart(Exception):
    """Why nothing was done."""


def start(teacher: Path, lesson: str, directory: Path) -> list[str]:
    """Lay out `directory` for somebody who begins with this lesson. Returns what to say."""
    skill, links = directory / SKILL, directory / ".claude" / "skills"
    taken = [path for path in (skill, links / SKILL, links / TEACHER) if os.path.lexists(path)]
    if taken:
        there = "\n".join(f"    {path}" for path in taken)
        raise CannotStart(
            f"There is something already, and nothing is ever overwritten:\n{there}\nChoose another folder."
        )
    if directory.exists() and not directory.is_dir():
        raise CannotStart(f"{directory} is a file. Choose another folder.")
    links.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".laying-out-", dir=directory) as unfinished:
        prepared = Path(unfinished) / SKILL
        lay_out(teacher / "starter", lesson, prepared)
        shutil.copytree(teacher, Path(unfinished) / TEACHER, ignore=LEFT_OUT)
        prepared.rename(skill)
        (Path(unfinished) / TEACHER).rename(links / TEACHER)
    is_linked = link(links / SKILL, skill)
    ignored = directory / ".gitignore"
    if not ignored.exists():
        ignored.write_text(".env\n*.db\n__pycache__/\n", encoding="utf-8")
    return what_to_say(lesson, directory, is_linked=is_linked)


def lay_out(starter: Path, lesson: str, target: Path) -> None:
    """The skill of somebody who has done all lessons before this one."""
    target.mkdir(parents=True)
    for folder in ("references", "examples"):
        (target / folder).mkdir()
    text = (starter / "SKILL.md").read_text(encoding="utf-8")
    answers = tomllib.loads((starter / "answers.toml").read_text(encoding="utf-8"))
    for done in sorted(each for each in answers if each < lesson):
        text = answer(text, done, answers[done])
        if (starter / done).is_dir():
            shutil.copytree(starter / done, target, dirs_exist_ok=True, ignore=LEFT_OUT)
    if lesson >= NEEDS_DATABASE_MODULE:
        shutil.copy(starter / "database.py", target / "examples")
    (target / "SKILL.md").write_text(text, encoding="utf-8", newline="\n")


def answer(text: str, lesson: str, answers: list[str]) -> str:
    """The text with the questions of this lesson replaced by these answers, in order."""
    waiting = iter(answers)
    question = re.compile(QUESTION.format(lesson=lesson), re.M)

    def replace(asked: "re.Match[str]") -> str:
        given = next(waiting).strip("\n")
        return f'"{given}"' if asked[0].startswith('"') else given

    text, count = question.subn(replace, text)
    if count != len(answers):
        raise ValueError(f"{lesson} asks {count} questions, and there are {len(answers)} answers")
    return text


def link(place: Path, target: Path) -> bool:
    """A link at `place`; on a system that makes none, a copy, and False."""
    try:
        place.symlink_to(os.path.relpath(target, place.parent), target_is_directory=True)
    except OSError:
        pass
    else:
        return True
    if sys.platform == "win32":
        import _winapi

        try:
            _winapi.CreateJunction(str(target.resolve()), str(place))  # needs no right of an administrator
        except OSError:
            pass
        else:
            return True
    shutil.copytree(target, place)
    return False


def what_to_say(lesson: str, directory: Path, *, is_linked: bool) -> list[str]:
    skill = directory / SKILL
    check = f"{Path(sys.executable).stem} {Path(sys.argv[0])} {lesson} --skill {skill}"
    before = [] if lesson == "L0" else ["The lessons before it are done. Make their words your own."]
    rows = {
        f"{SKILL}/SKILL.md": f"answer what begins with > {lesson}:",
        f"{SKILL}/references/": "pages to look things up in",
        f"{SKILL}/examples/": "code that runs",
        f".claude/skills/{SKILL}": f"so that /{SKILL} is yours",
        f".claude/skills/{TEACHER}": "your teacher",
    }
    if not is_linked:
        rows[f".claude/skills/{SKILL}"] = "a copy: copy it again after a change"
    return [
        f"Laid out for {lesson} in {directory}",
        *before,
        "",
        *(f"  {path:<45}{what}" for path, what in rows.items()),
        "",
        "Nothing in it is graded. When you want to know where you are:",
        "",
        f"  {check}",
    ]
