"""Give a task to a coding agent, with the skill or without it, and check what it did.

    python evals/run.py task float_money --client "Claude Code 2.1" --model NAME --runs 3 -- claude -p {prompt}
    python evals/run.py task float_money --without-skill ...  # the same without it, to compare
    python evals/run.py plugin FOLDER

`task` copies the project of the task to a new folder, the skill to its `.claude/skills` and `.agents/skills`, and
runs the command there; {prompt} in it stands for the text of prompt.md, and `python` is the one that runs this file.
Then check.py says which claims hold. Each run is a line of JSON, printed and appended to --results FILE. The command
runs with your account and your rights: let it ask for permission, or run it in a container. It does not see
DATABASE_URL or any PG variable of yours.

`plugin` makes a plugin of the skill and of evals/cases/ in a new folder, for `claude plugin eval`.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

EVALS = Path(__file__).resolve().parent
SKILL = EVALS.parent / "database-deployment"
PLACES_OF_SKILLS = (".claude/skills", ".agents/skills")


@dataclass(frozen=True)
class Result:
    """One run. claims: how many there are; not_held: those that the result does not keep."""

    task: str
    with_skill: bool
    client: str
    model: str
    date: str
    seconds: int
    exit_code: int | None  # of the client; None when its time was up
    claims: int
    not_held: list[str]

    @property
    def held(self) -> int:
        return self.claims - len(self.not_held)


def task_names() -> list[str]:
    return sorted(path.parent.name for path in EVALS.glob("tasks/*/check.py"))


def lay_out_task(task: str, folder: Path, *, with_skill: bool) -> Path:
    """The project as the agent finds it: copies, so that no path leads from there to the answers."""
    project = Path(shutil.copytree(EVALS / "tasks" / task / "project", folder / task))
    for place in PLACES_OF_SKILLS if with_skill else ():
        shutil.copytree(SKILL, project / place / SKILL.name, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def run_once(options: argparse.Namespace, folder: Path) -> Result:
    """One run of the command in a new copy of the project, and the check of what it left."""
    project = lay_out_task(options.name, folder, with_skill=not options.without_skill)
    began, date = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    exit_code = run_client(options.command, EVALS / "tasks" / options.name / "prompt.md", project, options.minutes)
    seconds = round(time.monotonic() - began)
    claims, not_held = check(options.name, project)
    return Result(
        task=options.name,
        with_skill=not options.without_skill,
        client=options.client,
        model=options.model,
        date=date,
        seconds=seconds,
        exit_code=exit_code,
        claims=claims,
        not_held=not_held,
    )


def run_client(command: Sequence[str], prompt: Path, project: Path, minutes: float) -> int | None:
    text = prompt.read_text(encoding="utf-8").strip()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "PG"))}
    # `python` is the one that runs this: it has the packages of the tasks.
    environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
    try:
        return subprocess.run(
            [part.replace("{prompt}", text) for part in command],
            cwd=project,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            timeout=minutes * 60,
        ).returncode
    except subprocess.TimeoutExpired:
        return None


def check(task: str, project: Path) -> tuple[int, list[str]]:
    """How many claims there are, and which the result does not keep."""
    program = EVALS / "tasks" / task / "check.py"
    done = subprocess.run([sys.executable, program, project], stdout=subprocess.PIPE, text=True)
    print(done.stdout, file=sys.stderr)
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    if done.returncode not in (0, 1) or not lines:
        sys.exit(f"{program} itself failed, with {done.returncode}")
    return len(lines), [line.removeprefix("not ok").strip() for line in lines if line.startswith("not ok")]


def spread(results: Sequence[Result]) -> str:
    """What several runs have in common, in two lines."""
    held, claims = sorted(result.held for result in results), results[0].claims
    complete = sum(result.held == claims for result in results)
    times = sorted(result.seconds for result in results)
    return (
        f"{len(results)} runs: {held[0]} to {held[-1]} of {claims} claims held, median {statistics.median(held):g};"
        f" all of them in {complete} of {len(results)} runs\n"
        f"{times[0]} to {times[-1]} seconds, median {statistics.median(times):g}"
    )


def run_task(options: argparse.Namespace) -> int:
    if Path(sys.prefix).is_relative_to(EVALS.parent):
        print(f"{sys.prefix} lies beside the answers, and `which python` leads an agent there", file=sys.stderr)
    results = []
    for _ in range(options.runs):
        folder = Path(tempfile.mkdtemp(prefix="run-"))
        result = run_once(options, folder)
        results.append(result)
        line = json.dumps(asdict(result), ensure_ascii=False)
        print(line, flush=True)
        if options.results:
            with options.results.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        if options.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
    if len(results) > 1:
        print(spread(results))
    return 0 if all(result.held == result.claims for result in results) else 1


def make_plugin(options: argparse.Namespace) -> int:
    folder: Path = options.folder
    if folder.exists():
        sys.exit(f"{folder} is there already: name a new folder")
    manifest = {"name": SKILL.name, "version": "0.0.0", "description": "The skill, to be evaluated"}
    (folder / ".claude-plugin").mkdir(parents=True)
    (folder / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest), encoding="utf-8")
    shutil.copytree(SKILL, folder / "skills" / SKILL.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(EVALS / "cases", folder / "evals")
    print(f"claude plugin eval {folder} --ablation with-without --judge-model NAME --no-publish")
    return 0


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    own, command = list(arguments), []
    if "--" in own:
        own, command = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(required=True)
    task = actions.add_parser("task", help="run one task with a client and check the result")
    task.add_argument("name", choices=task_names())
    task.add_argument("--client", required=True, help="what the command starts, with its version")
    task.add_argument("--model", required=True, help="the model that the client uses")
    task.add_argument("--without-skill", action="store_true", help="the same project without the skill, to compare")
    task.add_argument("--runs", type=int, default=1)
    task.add_argument("--minutes", type=float, default=60, help="how long one run may take")
    task.add_argument("--results", type=Path, metavar="FILE", help="append a line for each run")
    task.add_argument("--keep", action="store_true", help="keep the folders of the runs")
    task.set_defaults(action=run_task)
    plugin = actions.add_parser("plugin", help="lay out a folder for `claude plugin eval`")
    plugin.add_argument("folder", type=Path)
    plugin.set_defaults(action=make_plugin)
    options = parser.parse_args(own, argparse.Namespace(command=command))
    if options.action is run_task and (not command or options.runs < 1):
        task.error("which command is to do the task, and how often? For example: -- claude -p {prompt}")
    if command and shutil.which(command[0]) is None:
        task.error(f"there is no command {command[0]}")
    return options


def main() -> int:
    options = read_arguments(sys.argv[1:])
    return int(options.action(options))


if __name__ == "__main__":
    sys.exit(main())
