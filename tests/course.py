"""A learner's skill for the tests: laid out as check_lesson.py does it, and looked at in this process."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import checkpoints
from checkpoints.examine import Examination, Result
from checkpoints.skill import Skill
from checkpoints.starting import SKILL, lay_out
from pages import ROOT

TEACHER = ROOT / ".claude" / "skills" / "building-with-sqlalchemy-orm"
PROGRAM = TEACHER / "scripts" / "check_lesson.py"
STARTER = TEACHER / "starter"
FINISHED = ROOT / "database-deployment"
LESSONS: list[dict[str, Any]] = tomllib.loads((TEACHER / "lessons.toml").read_text(encoding="utf-8"))["lesson"]
NAMES = [lesson["id"] for lesson in LESSONS]


def lay_out_done(target: Path, *, before: str = "L8") -> Path:
    """The folder of somebody who has done all lessons before this one; all eight by default."""
    skill = target / SKILL
    lay_out(STARTER, before, skill)
    if before > "L7":
        shutil.copy(TEACHER / "references" / "budget-tracker-complete.py", skill / "examples" / "budget-tracker.py")
    return skill


def look(skill: Path, lesson: str, *, seconds: float = 60) -> list[Result]:
    with Skill.opened(skill, seconds) as opened:
        return Examination(opened).lesson(lesson)


def look_at(skill: Path, name: str, *, seconds: float = 60) -> Result:
    with Skill.opened(skill, seconds) as opened:
        return Examination(opened).result(checkpoints.CHECKS[name])


def unfinished(results: list[Result]) -> dict[str, str]:
    return {each.check.name: f"{each.state}: {each.seen} -> {each.next_step}" for each in results if each.state != "ok"}
