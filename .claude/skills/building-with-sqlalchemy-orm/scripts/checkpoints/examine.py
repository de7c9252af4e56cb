"""Looking at a lesson: each check once, in order, what depends on an unfinished one waits."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .checking import CHECKS, Check, NotYet, checks_of
from .skill import Done, Skill, database_variable, how_to_get, shorten

State = Literal["ok", "todo", "wait"]
INSIDE = Path(__file__).resolve().parents[1] / "inside.py"


@dataclass(frozen=True)
class Result:
    check: Check
    state: State
    seen: str = ""
    next_step: str = ""
    waits_for: Check | None = None  # the check that comes first
    is_ours: bool = False  # the checker itself failed: no fault of the learner's
    note: str = ""  # what an ok leaves out


class Examination:
    """The results of one skill, each found once."""

    def __init__(self, skill: Skill) -> None:
        self.skill = skill
        self.on_check: Callable[[Check], None] = lambda _: None  # told before each check
        self._results: dict[str, Result] = {}
        self._inside: dict[str, dict[str, Any]] = {}

    def lesson(self, lesson: str) -> list[Result]:
        return [self.result(each) for each in checks_of(lesson)]

    def result(self, check: Check) -> Result:
        if check.name not in self._results:
            self.on_check(check)
            self._results[check.name] = self._find(check)
        return self._results[check.name]

    def _find(self, check: Check) -> Result:
        for name in check.after:
            before = self.result(CHECKS[name])
            if before.state != "ok":
                return Result(check, "wait", waits_for=before.waits_for or before.check)
        note = None
        try:
            if check.inside is not None and not check.unless(self.skill):
                self._look_inside(check)
            else:
                note = check.run(self.skill)
        except NotYet as not_yet:
            return Result(check, "todo", shorten(not_yet.seen, 400), not_yet.next_step)
        except Exception as error:
            return ours(check, f"{type(error).__name__}: {error}")
        told = self._inside.get(check.name, {})
        if told.get("state") == "fault":
            return ours(check, told["seen"])
        return Result(check, "ok", note=note or told.get("note", ""))

    def _look_inside(self, check: Check) -> None:
        """Nothing where the check passed inside of the script; else NotYet."""
        assert check.inside is not None
        if check.name not in self._inside:
            names = [each.name for each in checks_of(check.lesson) if each.inside == check.inside]
            self._inside |= run_inside(self.skill, check.inside, names)
        told = self._inside[check.name]
        if told["state"] == "todo":
            raise NotYet(told["seen"], told["next"])
        if told["state"] == "stuck":
            raise NotYet(
                f"this took more than {self.skill.seconds:g} seconds, and was stopped",
                "look for a loop that never ends, or for a second session that waits for the first",
            )
        if told["state"] == "crash":
            raise NotYet(f"{told['place']}: {told['seen']}", self._cure(check.inside, told["seen"]))

    def _cure(self, script: str, seen: str) -> str:
        if seen.startswith("ModuleNotFoundError: No module named '"):
            return how_to_get(seen.split("'")[1], script)
        if seen.startswith("EOFError"):
            return "write the values into the script instead of input(): nobody sits at the keyboard of a check"
        return f"look at this line, or try it: {self.skill.command(script)}"


def ours(check: Check, seen: str) -> Result:
    return Result(check, "wait", seen=shorten(seen), is_ours=True)


def run_inside(skill: Skill, script: str, names: list[str]) -> dict[str, dict[str, Any]]:
    """What each check found. One that hangs is stopped, and the next ones are tried without it."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(names)
    while waiting:
        folder = skill.new_folder()
        written = folder.with_suffix(".results")
        done = skill.start(
            [str(INSIDE), str(skill.copy / script), str(written), *waiting],
            folder,
            database_variable(folder / "own.db"),
        )
        lines = [json.loads(line) for line in read_lines(written)]
        ended = {line["name"]: line for line in lines if line["state"] != "begin"}
        begun = [line["name"] for line in lines if line["state"] == "begin"]
        if "" in ended or not begun or begun == [""]:  # it could not even be loaded
            reason = ended.get("") or why_it_ended(done) | {"place": Path(script).name}
            return found | dict.fromkeys(waiting, reason)
        if begun[-1] not in ended:
            ended[begun[-1]] = why_it_ended(done) | {"place": Path(script).name}
        found |= ended
        waiting = [name for name in waiting if name not in found]
    return found


def read_lines(path: Path) -> Iterable[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else ()


def why_it_ended(done: Done) -> dict[str, Any]:
    if done.code is None:
        return {"state": "stuck"}
    return {"state": "crash", "seen": f"Python ended with exit code {done.code} in the middle of it"}
