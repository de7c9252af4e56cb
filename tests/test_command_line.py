"""The command line around the commands: help that is true, completion, quiet pipes, plain terminals, a quick start."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from running import RunPython, bare_environment
from tracker import PROGRAM, SAMPLE, Tracker

COMMANDS = [
    *("demo", "add", "list", "edit", "delete", "transfer", "report", "import", "export", "migrate", "check"),
    *(f"category {verb}" for verb in ("add", "list", "rename", "merge", "delete")),
    *(f"budget {verb}" for verb in ("set", "copy", "delete", "list")),
]


@pytest.fixture(scope="module")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The household of the demo in a database, with a category that is not used."""
    file = tmp_path_factory.mktemp("sample") / "budget.db"
    tracker = Tracker(f"sqlite:///{file}")
    for name in ("checking-account.csv", "credit-card.csv", "cash-and-app.csv"):
        tracker.ok("import", SAMPLE / name)
    for category in ("Groceries", "Restaurants", "Travel"):
        tracker.ok("budget", "set", category, "300", "--year", "2025")
    tracker.ok("category", "add", "Hobbies")
    return file


@pytest.fixture
def household(sample_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tracker:
    monkeypatch.chdir(tmp_path)
    return Tracker(f"sqlite:///{shutil.copy(sample_file, tmp_path / 'household.db')}")


def commands_of(printed: str) -> Iterator[str]:
    """The commands that a help page lists."""
    yield from re.findall(r"^│ (\w+)  ", printed.partition("Commands ")[2], re.MULTILINE)


def test_the_help_lists_every_command(household: Tracker) -> None:
    found = []
    for name in commands_of(household.ok("--help")):
        below = list(commands_of(household.ok(name, "--help")))
        found += [f"{name} {each}" for each in below] or [name]
    assert sorted(found) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_in_the_help_of_a_command_works(household: Tracker, tmp_path: Path, command: str) -> None:
    (tmp_path / "january.csv").write_text("date,name,category,amount\n01/13/2026,Tea,Food,-3.50\n02/01/2026,Tea,,-1\n")
    printed = household.ok(*command.split(), "--help")
    assert all(len(line) <= 80 for line in printed.splitlines())
    if command == "demo":
        return  # run by a test of its own, and by the README
    examples = re.findall(r"Example: budget-tracker.py (.*?)\n *\n", printed, re.DOTALL)
    assert examples
    for example in examples:
        arguments = shlex.split(" ".join(example.split()))
        assert " ".join(arguments).startswith(command)
        if command == "import":
            arguments[arguments.index("day-first")] = "month-first"  # as the file of this test has it
        ended = household(*arguments)
        assert (ended.code, "Traceback" in ended.err) == (0, False), ended
        assert ended.out


COMPLETE = """
eval "$(budget-tracker.py --show-completion bash)"
COMP_WORDS=(budget-tracker.py {words}) COMP_CWORD={place}
$(complete -p budget-tracker.py | sed 's/.*-F \\([^ ]*\\).*/\\1/') budget-tracker.py
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.slow
def test_bash_completes_commands_and_the_names_of_categories(household: Tracker, tmp_path: Path) -> None:
    """With the launcher of the README on the PATH."""
    launcher = tmp_path / "budget-tracker.py"
    launcher.write_text(f'#!/bin/bash\nexec "{sys.executable}" "{PROGRAM}" "$@"\n')
    launcher.chmod(0o755)
    environ = bare_environment(tmp_path, household.url)
    environ |= {"PATH": f"{tmp_path}{os.pathsep}{environ['PATH']}"}

    def completed(words: str, place: int) -> list[str]:
        command = ["bash", "-c", COMPLETE.format(words=words, place=place)]
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
        assert ended.stderr == ""
        return ended.stdout.split()

    assert {"import", "report", "list"} <= set(completed('""', 1))
    assert completed("transfer Re", 2) == ["Rent", "Restaurants"]


def test_completion_of_an_unreachable_database_is_silent(run_python: RunPython) -> None:
    asking = {
        "_BUDGET_TRACKER.PY_COMPLETE": "complete_bash",
        "COMP_WORDS": "budget-tracker.py transfer Re",
        "COMP_CWORD": "2",
    }
    ended = run_python(PROGRAM, database_url="sqlite:////no/such/folder/budget.db", environ=asking)
    assert (ended.stdout.strip(), ended.stderr) == ("", "")


@pytest.mark.slow
def test_no_colour_where_none_is_wanted(household: Tracker, tmp_path: Path) -> None:
    """In a terminal the report has colours; with NO_COLOR, and in a pipe, no escape sequence at all."""
    seen = {}
    for name, environ in {"colours": {}, "none": {"NO_COLOR": "1"}}.items():
        terminal = bare_environment(tmp_path, household.url) | {"TERM": "xterm-256color", "COLUMNS": "80"} | environ
        seen[name] = in_a_terminal([sys.executable, str(PROGRAM), "report", "--month", "2025-12"], terminal)
    assert "\x1b[3" in seen["colours"]
    assert not re.search(r"\x1b\[[0-9;]*3[0-9][;m]", seen["none"])
    assert "\x1b" not in household.ok("report", "--month", "2025-12")


def in_a_terminal(command: list[str], environ: dict[str, str]) -> str:
    """What a terminal receives from the command."""
    import pty

    owner, terminal = pty.openpty()
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environ) as process:
        os.close(terminal)
        received = b""
        try:
            while part := os.read(owner, 4096):
                received += part
        except OSError:  # the end, as Linux says it
            pass
        os.close(owner)
    assert process.returncode == 0
    return received.decode()


@pytest.mark.slow
def test_a_terminal_that_lacks_letters_is_told_how_to_have_them(household: Tracker, run_python: RunPython) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        ascii_only = {"PYTHONIOENCODING": "ascii"}
        return run_python(PROGRAM, *arguments, database_url=household.url, environ=ascii_only)

    listed = run("list", "--contains", "BÄCKEREI")
    assert listed.returncode == 0
    assert "B?ckerei" in listed.stdout
    assert listed.stderr == "This terminal has no '\\xe4' and others, shown as ?. PYTHONUTF8=1 shows all letters\n"
    for_a_program = run("list", "--contains", "BÄCKEREI", "--json")
    assert (for_a_program.stderr, "Bäckerei" in for_a_program.stdout) == ("", True)


def test_a_list_starts_without_what_other_commands_need(household: Tracker, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", str(PROGRAM), "list"],
        env=bare_environment(tmp_path, household.url),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert {"sqlalchemy.orm", "rich.table", "budget.listing"} <= imported
    too_much = {"alembic", "matplotlib", "psycopg2", "sqlalchemy.dialects.postgresql", "rich.progress", "budget.bank"}
    assert imported & too_much == set()


def test_ctrl_c_ends_the_start_without_a_word_and_is_then_the_programs(run_python: RunPython, tmp_path: Path) -> None:
    script = tmp_path / "look.py"
    script.write_text(
        f"import signal, sys; sys.path.insert(0, {str(PROGRAM.parent)!r})\n"
        "from budget import start\n"
        "print(signal.getsignal(signal.SIGINT) is signal.SIG_DFL)\n"
        "start.imports_are_done()\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n"
    )
    assert run_python(script).stdout == "True\nTrue\n"
