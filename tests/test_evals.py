"""evals/: each check accepts its solution, and each of its claims is failed by something that was planted."""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

EVALS = Path(__file__).parents[1] / "evals"
TASKS = sorted(path.parent for path in EVALS.glob("tasks/*/check.py"))


@dataclass(frozen=True)
class Trap:
    """A result that must not pass: the claims that it fails, each with a part of what the check says then."""

    task: Path
    name: str
    fails: dict[str, str]
    change: dict[str, str] | None = None  # of one line of the solution, else the folder `name` is the result

    def lay_out(self, folder: Path) -> Path:
        if self.change is None:
            return lay_out(self.task, self.name, folder)
        result = lay_out(self.task, "solution", folder)
        file = result / self.change["file"]
        text = file.read_text(encoding="utf-8")
        assert text.count(self.change["old"]) == 1, f"{self.task.name}: {self.name} must be there once"
        file.write_text(text.replace(self.change["old"], self.change["new"]), encoding="utf-8")
        return result


def traps(task: Path) -> Iterator[Trap]:
    listed = tomllib.loads((task / "breaks.toml").read_text(encoding="utf-8"))
    for name in ("wrong", "project"):
        if fails := listed.get(name):
            yield Trap(task, name, fails)
    for change in listed.get("break", ()):
        yield Trap(task, change["old"].strip(), change["fails"], change)


def lay_out(task: Path, name: str, folder: Path) -> Path:
    """The project as a run that ended in `name` would leave it."""
    result = shutil.copytree(task / "project", folder / "result")
    if name != "project":
        shutil.copytree(task / name, result, dirs_exist_ok=True)
    return result


def check(task: Path, result: Path, *claims: str) -> subprocess.CompletedProcess[str]:
    only = [argument for claim in claims for argument in ("--only", claim)]
    command = [sys.executable, str(task / "check.py"), str(result), *only]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture
def server(postgres_server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One server for all checks."""
    monkeypatch.setenv("TEST_DATABASE_URL", postgres_server_url)


@pytest.mark.slow
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_check_accepts_the_solution_and_has_a_trap_for_each_claim(task: Path, tmp_path: Path) -> None:
    done = check(task, lay_out(task, "solution", tmp_path))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    claims = {line.removeprefix("ok").strip() for line in done.stdout.splitlines()}
    assert claims == {claim for trap in traps(task) for claim in trap.fails}


@pytest.mark.slow
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "trap", [trap for task in TASKS for trap in traps(task)], ids=lambda trap: f"{trap.task.name}: {trap.name}"
)
def test_the_check_sees_what_was_planted(trap: Trap, tmp_path: Path) -> None:
    done = check(trap.task, trap.lay_out(tmp_path), *trap.fails)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout + done.stderr
    said = reasons(done.stdout)
    unseen = {claim: said.get(claim) for claim, part in trap.fails.items() if part not in said.get(claim, "")}
    assert unseen == {}, done.stdout


def reasons(report: str) -> dict[str, str]:
    """What a check says of each claim that does not hold."""
    found: dict[str, str] = {}
    claim = ""
    for line in report.splitlines():
        if line.startswith(" "):
            found[claim] += line.strip() + "\n"
        else:
            word, claim = line[:8].strip(), line[8:]
            if word == "not ok":
                found[claim] = ""
    return found


def test_each_task_has_all_its_parts() -> None:
    assert len(TASKS) == len([path for path in EVALS.glob("tasks/*") if path.is_dir()])
    for task in TASKS:
        missing = [part for part in ("prompt.md", "project/README.md", "solution", "wrong", "breaks.toml")
                   if not (task / part).exists()]
        assert missing == [], task.name
