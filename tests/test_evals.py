"""evals/: the format of its files; each check accepts its solution and sees what was planted; a client runs the cases.

What models score is not tested here: the model is a stand-in, and its scores mean nothing.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from claude_client import ModelStandIn, client_environment, find_program, serving
from requirement import missing

EVALS = Path(__file__).parents[1] / "evals"
RUN = EVALS / "run.py"
CASES = sorted(path.parent for path in EVALS.glob("cases/*/prompt.md"))
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
    return subprocess.run(
        [sys.executable, task / "check.py", result, *only], capture_output=True, text=True, timeout=300
    )


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


# --- The format of the files -----------------------------------------------------------------------------------------


def test_each_task_has_all_its_parts() -> None:
    parts = (
        "check.py",
        "prompt.md",
        "project/README.md",
        "project/requirements.txt",
        "solution",
        "wrong",
        "breaks.toml",
    )
    folders = [path for path in EVALS.glob("tasks/*") if path.is_dir()]
    lacking = [f"{task.name}: {part}" for task in folders for part in parts if not (task / part).exists()]
    assert (len(folders), lacking) == (8, [])


def test_no_project_leads_to_the_answers() -> None:
    for task in TASKS:
        text = "".join(path.read_text(encoding="utf-8") for path in (task / "project").rglob("*") if path.is_file())
        assert [word for word in ("evals", "check.py", "database-deployment") if word in text] == [], task.name


def test_a_project_needs_what_the_requirements_have() -> None:
    def names(file: Path) -> set[str]:
        lines = file.read_text(encoding="utf-8").splitlines()
        return {line.split(">")[0].split("=")[0].strip() for line in lines if line and not line.startswith("#")}

    offered = names(EVALS.parent / "requirements.txt")
    unknown = {task.name: names(task / "project/requirements.txt") - offered for task in TASKS}
    assert {task: packages for task, packages in unknown.items() if packages} == {}


def test_there_are_ten_queries_that_should_trigger_the_skill_and_ten_near_misses() -> None:
    queries = json.loads((EVALS / "triggers.json").read_text(encoding="utf-8"))
    assert all(set(entry) == {"query", "should_trigger", "why"} and all(map(str, entry.values())) for entry in queries)
    assert Counter(entry["should_trigger"] for entry in queries) == {True: 10, False: 10}
    assert len({entry["query"] for entry in queries}) == 20


def test_each_case_is_graded_by_its_outcome_and_by_whether_the_skill_was_called() -> None:
    kinds = {
        case.name: Counter("type: tool_used" in path.read_text() for path in case.glob("graders/*.md"))
        for case in CASES
    }
    assert sum(name.startswith("not-") for name in kinds) == 4
    assert {name: kind for name, kind in kinds.items() if kind[True] != 1 or kind[False] < 1} == {}


# --- run.py ----------------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, RUN, *arguments], capture_output=True, text=True, timeout=300)


COPY_THE_SOLUTION = """
import os, pathlib, shutil, sys
solution, prompt = sys.argv[1:]
print(sorted(os.listdir(".claude/skills")) if os.path.exists(".claude") else "no skill", len(prompt), flush=True)
assert "DATABASE_URL" not in os.environ
here = pathlib.Path(".").resolve()
assert not any(path.is_symlink() for path in here.rglob("*"))
if not pathlib.Path(solution).exists():
    sys.exit(3)
shutil.copytree(solution, ".", dirs_exist_ok=True)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_runs_of_a_client_are_checked_and_their_spread_is_printed(tmp_path: Path) -> None:
    task, results = TASKS[0], tmp_path / "results.jsonl"
    names = ["--client", "a stand-in", "--model", "none", "--results", str(results)]
    client = ["--", sys.executable, "-c", COPY_THE_SOLUTION]
    good = run("task", task.name, *names, "--runs", "2", *client, task / "solution", "{prompt}")
    bad = run("task", task.name, *names, "--without-skill", *client, task / "nothing", "{prompt}")
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    claims = lines[0]["claims"]
    assert (good.returncode, bad.returncode) == (0, 1), good.stderr + bad.stderr
    assert f"2 runs: {claims} to {claims} of {claims} claims held" in good.stdout
    prompt = len((task / "prompt.md").read_text(encoding="utf-8").strip())
    assert f"['database-deployment'] {prompt}" in good.stderr
    assert f"no skill {prompt}" in bad.stderr
    assert [(line["with_skill"], line["exit_code"], line["not_held"] == []) for line in lines] == [
        (True, 0, True),
        (True, 0, True),
        (False, 3, False),
    ]
    assert {line["client"] for line in lines} == {"a stand-in"}


@pytest.mark.slow
def test_a_run_needs_a_command_and_a_task_that_there_is() -> None:
    names = ("--client", "a stand-in", "--model", "none")
    assert "which command" in run("task", TASKS[0].name, *names).stderr
    assert "invalid choice" in run("task", "nothing", *names, "--", "true").stderr
    assert "no command" in run("task", TASKS[0].name, *names, "--", "no-such-client").stderr


# --- The cases, in the real client -----------------------------------------------------------------------------------


class Answering(ModelStandIn):
    """A model that calls the skill first, or never, and always says the same."""

    def __init__(self, text: str, *, calls_the_skill: bool) -> None:
        super().__init__(())
        self._text, self._calls_the_skill = text, calls_the_skill

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        message = super().answer(request)
        is_first = '"tool_result"' not in json.dumps(request["messages"])
        if self._calls_the_skill and request.get("tools") and is_first:
            skill = {"skill": "database-deployment:database-deployment"}
            block = {"type": "tool_use", "id": f"toolu_{message['id']}", "name": "Skill", "input": skill}
            return message | {"content": [block], "stop_reason": "tool_use"}
        return message | {"content": [{"type": "text", "text": self._text}], "stop_reason": "end_turn"}


def verdicts(folder: Path, model: Answering) -> dict[tuple[str, str], tuple[str, bool]]:
    """What `claude plugin eval` says: by case and grader, the type of the grader and whether it passed."""
    program = find_program() or missing("a Claude Code client")
    plugin, report = folder / "plugin", folder / "report.json"
    assert run("plugin", plugin).returncode == 0
    options = ["--trust-plugin", "--no-publish", "--runs", "1", "--ablation", "none", "-j", "2"]
    with serving(model):
        done = subprocess.run(
            [program, "plugin", "eval", plugin, *options, "--json", report, "--output-dir", folder],
            cwd=folder,
            env=client_environment(folder, model.url) | {"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert report.exists(), done.stdout + done.stderr
    assert "couldn't load" not in (done.stdout + done.stderr).lower()
    found = {}
    for case in json.loads(report.read_text(encoding="utf-8"))["cases"]:
        kinds = {grader["name"]: grader["type"] for grader in case["graders"]}
        (arm,) = case["arms"]["with"]
        assert arm["error"] is None, arm
        for grader in arm["graders"]:
            found[case["name"], grader["name"]] = (kinds[grader["name"]], grader["passed"])
    return found


ALL_THAT_IS_RIGHT = (
    "BigInteger unique postgresql+psycopg2 UNPOOLED loses data vectorised shadow database RunPython gives NULL"
)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "calls_the_skill"), [(ALL_THAT_IS_RIGHT, True), ("Use SQLAlchemy.", False)])
def test_the_client_runs_every_case_and_each_grader_can_go_both_ways(
    text: str, calls_the_skill: bool, tmp_path: Path
) -> None:
    found = verdicts(tmp_path, Answering(text, calls_the_skill=calls_the_skill))
    wanted = {(case.name, path.stem) for case in CASES for path in case.glob("graders/*.md")}
    assert set(found) == wanted
    for (case, grader), (kind, passed) in found.items():
        if kind == "tool_used":
            assert passed == (calls_the_skill != case.startswith("not-")), (case, grader)
        elif kind == "regex":
            assert passed == (text == ALL_THAT_IS_RIGHT), (case, grader)
        else:
            assert (kind, passed) == ("llm", False)  # the judge is the stand-in too, and gives no verdict
