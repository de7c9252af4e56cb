"""check_lesson.py: lays out a learner's folder, and tells them what of a lesson is done and what comes next.

Every check is broken once (breaks.py), and work in other styles than ours is accepted (learners/).
"""

import ast
import io
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import check_lesson
import checkpoints
from breaks import BREAKS, BREAKS_OF_COMMANDS, rub_out
from checkpoints import report, starting
from checkpoints.checking import Check
from checkpoints.common import ways_out
from checkpoints.examine import Examination
from checkpoints.report import WIDTH, Paper, write_lesson
from checkpoints.skill import Skill
from course import FINISHED, LESSONS, NAMES, PROGRAM, STARTER, TEACHER, lay_out_done, look, look_at, unfinished
from running import RunPython

LEARNERS = Path(__file__).parent / "learners"
COPY = shutil.ignore_patterns("__pycache__", "*.db", "*.db-*", ".*_cache")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A skill that has passed all lessons. Not to be written to."""
    return lay_out_done(tmp_path_factory.mktemp("done"))


@pytest.fixture
def copy(done: Path, tmp_path: Path) -> Path:
    return shutil.copytree(done, tmp_path / done.name)


def check(run_python: RunPython, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run_python(PROGRAM, *map(str, arguments), timeout=300)


# --- The right work passes --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("lesson", NAMES)
def test_our_finished_skill_passes(lesson: str, tmp_path: Path) -> None:
    skill = shutil.copytree(FINISHED, tmp_path / FINISHED.name, ignore=COPY)
    assert unfinished(look(skill, lesson, seconds=120)) == {}


@pytest.mark.slow
def test_the_whole_way(tmp_path: Path) -> None:
    """Red before each lesson's solution is added, green after it, from the starter to the end."""
    for place, lesson in enumerate(NAMES):
        after = NAMES[place + 1] if place + 1 < len(NAMES) else "L8"
        skill = lay_out_done(tmp_path / f"before-{lesson}", before=lesson)
        assert unfinished(look(skill, lesson)), f"{lesson} passes before it is done"
        skill = lay_out_done(tmp_path / f"after-{lesson}", before=after)
        assert unfinished(look(skill, lesson)) == {}
    for lesson in NAMES:
        assert unfinished(look(skill, lesson)) == {}


STYLES = sorted(
    (style.name, lesson["id"])
    for style in LEARNERS.iterdir()
    for lesson in LESSONS
    if any((style / Path(file).name).is_file() for file in lesson["makes"])
)


@pytest.mark.slow
@pytest.mark.parametrize(("style", "lesson"), STYLES)
def test_another_style_is_right_too(style: str, lesson: str, copy: Path) -> None:
    shutil.copytree(LEARNERS / style, copy / "examples", dirs_exist_ok=True)
    assert unfinished(look(copy, lesson)) == {}


def test_a_lesson_passes(copy: Path) -> None:
    assert unfinished(look(copy, "L3")) == {}


# --- Every check notices what it is there for -------------------------------------------------------------------------


def test_every_check_has_a_break() -> None:
    assert BREAKS.keys() == checkpoints.CHECKS.keys()


def test_every_claim_is_a_sentence_of_its_own() -> None:
    for lesson in NAMES:
        claims = [each.claim for each in checkpoints.checks_of(lesson)]
        assert len(set(claims)) == len(claims) >= 6
        assert [claim for claim in claims if not claim or claim.endswith(".") or len(claim) > 120] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS)
def test_a_check_notices(name: str, copy: Path) -> None:
    BREAKS[name](copy)
    result = look_at(copy, name)
    assert (result.state, result.is_ours) == ("todo", False), result
    assert result.seen
    assert result.next_step


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKS_OF_COMMANDS)
def test_a_check_of_a_program_notices(name: str, copy: Path) -> None:
    shutil.copy(LEARNERS / "one_command_line" / "budget-tracker.py", copy / "examples")
    BREAKS_OF_COMMANDS[name](copy)
    result = look_at(copy, name)
    assert (result.state, result.is_ours) == ("todo", False), result


@pytest.mark.slow
def test_a_comment_or_a_text_satisfies_no_check(copy: Path) -> None:
    script = copy / "examples" / "simple-category.py"
    script.write_text('"""class Category: print(Category())"""\n# class Category: ...\nprint("Category Food")\n')
    assert look_at(copy, "prints_a_category").seen == "examples/simple-category.py has no class Category"


# --- What a learner reads ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_starter_says_where_to_begin(tmp_path: Path, run_python: RunPython) -> None:
    lay_out_done(tmp_path, before="L0")
    ended = check(run_python, "L0", "--skill", tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == STARTER_AT_L0


STARTER_AT_L0 = """\
L0  Own a skill                                              [##--------] 2 of 9

  ok    SKILL.md begins with a frontmatter, and its name is the name of the
        folder
  todo  the description says what the skill does and when an agent should take
        it, in your words
        saw:  description: L0: one or two sentences. What does this skill do,
              and when should an agent take it? Use when ...
        next: one or two sentences: what it does, and the words after which it
              is needed
  ok    it has a Persona, When to Use, Core Concepts, Decision Logic and Safety
  todo  Persona, When to Use and a first row of Decision Logic are written, in
        your words
        saw:  SKILL.md, line 12: > L0: Who answers when somebody types
              /database-deployment? What are they good at, and what do they
              never let pass?
        next: write it in your own words, and take the line of the starter away
  todo  examples/simple-expense.py is there, and is Python
        saw:  there is no examples/simple-expense.py
        next: write examples/simple-expense.py in database-deployment/, as the
              lesson says
  wait  it touches no database but the one that DATABASE_URL names
  wait  it runs to its end, and waits for nobody
  wait  it prints an expense that a person can read, with its amount
  wait  examples/simple-category.py follows its pattern: a class Category that
        prints itself

Next: one or two sentences: what it does, and the words after which it is needed
"""

SCRIPT = "examples/simple-expense.py"
FRIENDLY = {
    "": (
        "L0_file",
        "examples/simple-expense.py is empty",
        "begin with the first lines of the lesson",
    ),
    "def main(:\n    pass\n": (
        "L0_file",
        "examples/simple-expense.py, line 1: def main(:",
        "Python cannot read this line: invalid syntax",
    ),
    "name = input('Your name? ')\n": (
        "L0_runs",
        "examples/simple-expense.py waits for somebody to type, line 1",
        "write the values into the script instead of input(): nobody sits at the keyboard of a check",
    ),
    "while True:\n    pass\n": (
        "L0_runs",
        "examples/simple-expense.py still ran after 2 seconds, and was stopped",
        "look for a loop that never ends, or a wait for something that does not come",
    ),
    "\n\nprint(12.50 / 0)\n": (
        "L0_runs",
        "examples/simple-expense.py, line 3: ZeroDivisionError: float division by zero",
        "run it yourself: python SKILL/examples/simple-expense.py",
    ),
    "import nothing_of_this_name\n": (
        "L0_runs",
        "examples/simple-expense.py: ModuleNotFoundError: No module named 'nothing_of_this_name'",
        "python -m pip install nothing_of_this_name",
    ),
    "import sys\n\nsys.exit('no table here')\n": (
        "L0_runs",
        "examples/simple-expense.py: no table here",
        "run it yourself: python SKILL/examples/simple-expense.py",
    ),
    "class Expense:\n    pass\n\n\nprint('12.50', Expense())\n": (
        "prints_an_expense",
        "12.50 <__main__.Expense object at 0x...>",
        "give the class a __repr__ that returns what a person wants to read",
    ),
    "from dotenv import load_dotenv\n\nload_dotenv(override=True)\n": (
        "L0_address",
        "examples/simple-expense.py, line 3: load_dotenv(override=True)",
        "leave override away: what is set already has to win",
    ),
    "URL = 'postgresql+psycopg2://ann:secret@db.example.org/budget'\n": (
        "L0_address",
        "examples/simple-expense.py, line 1: an address in the source: postgresql+psycopg2://...@db.example.org/budget",
        "read it from the variable DATABASE_URL",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "expected"), FRIENDLY.items(), ids=[each[0] + each[1][-12:] for each in FRIENDLY.values()]
)
def test_a_mistake_is_told_in_a_friendly_way(source: str, expected: tuple[str, str, str], copy: Path) -> None:
    (copy / SCRIPT).write_text(source, encoding="utf-8")
    name, seen, next_step = expected
    result = look_at(copy, name, seconds=2 if "while" in source else 60)
    told = re.sub("0x[0-9a-f]+", "0x...", result.seen)
    to_do = result.next_step.replace("python3", "python").replace(copy.as_posix(), "SKILL")
    assert (result.state, told, to_do) == ("todo", seen, next_step)


@pytest.mark.parametrize(
    ("line", "is_seen"),
    [
        ("create_engine('postgresql://localhost/budget')", True),
        ("create_engine(f'postgresql+psycopg2://ann:{password}@localhost/budget')", True),
        ("URL.create('postgresql', host='localhost')", True),
        ("psycopg2.connect('user=ann host=localhost')", True),
        ("create_engine('sqlite:////home/ann/budget.db')", True),
        ("os.environ['DATABASE_URL'] = 'sqlite:///mine.db'", True),
        ("dotenv.load_dotenv(path, override=True)", True),
        ("create_engine('sqlite://')", False),
        ("create_engine(os.environ.get('DATABASE_URL', 'sqlite:///budget.db'))", False),
        ("url.replace('postgres://', 'postgresql+psycopg2://', 1)", False),
        ("f'postgresql+psycopg2://{url.partition(marker)[2]}'", False),
        ("URL.create('sqlite', database='budget.db')", False),
        ("sys.exit('Write it so: postgresql://USER:PASSWORD@HOST/NAME')", False),
        ("'postgresql://ann:secret@localhost/budget'  # a text that nobody uses", False),
        ("load_dotenv()", False),
    ],
)
def test_what_leads_to_another_database_is_seen(line: str, is_seen: bool) -> None:
    assert bool(list(ways_out(ast.parse(line)))) == is_seen


@pytest.mark.slow
def test_a_script_that_prints_without_end_is_stopped(copy: Path) -> None:
    (copy / SCRIPT).write_text("while True:\n    print('Lunch' * 100_000)\n", encoding="utf-8")
    assert look_at(copy, "L0_runs").seen == f"{SCRIPT} prints without end"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Models\n\nMoney is exact\n", "todo"),
        ("- money: whole cents, a float is not exact\n- a moment has its zone\n", "ok"),
    ],
)
def test_three_words_make_no_page(text: str, expected: str, copy: Path) -> None:
    (copy / "references" / "models.md").write_text(text, encoding="utf-8")
    assert look_at(copy, "L2_page").state == expected


@pytest.mark.slow
def test_that_there_was_nothing_to_check_is_said(copy: Path) -> None:
    shutil.copy(LEARNERS / "core_tables" / "expense-models.py", copy / "examples")
    result = look_at(copy, "keeps_a_moment")
    assert (result.state, result.note) == ("ok", "no column holds a moment, so there was nothing to check")


@pytest.mark.parametrize("lesson", ["L0", "L1", "L8"])
def test_an_answer_in_place_of_a_question_continues_its_table(lesson: str, tmp_path: Path) -> None:
    text = (lay_out_done(tmp_path, before=lesson) / "SKILL.md").read_text(encoding="utf-8")
    logic = text.partition("## Decision Logic\n\n")[2].partition("\n\n## ")[0]
    assert logic.startswith("| Question | Answer | Why |\n|---|---|---|\n")
    assert "\n\n" not in logic


def test_notes_are_no_skill(tmp_path: Path, run_python: RunPython) -> None:
    (tmp_path / "notes.txt").write_text("Money is never a float.\n", encoding="utf-8")
    ended = check(run_python, "L0", "--skill", tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "saw:  there is no SKILL.md in" in ended.stdout
    assert "Next: lay out a skill: check_lesson.py --start L0 DIR" in ended.stdout
    assert "[----------] 0 of 9" in ended.stdout


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("name: database-deployment\ndescription: Use when: somebody says so", "todo"),
        ("name: database-deployment\ndescription: Use it #now", "todo"),
        ("name: Database Deployment\ndescription: x", "todo"),
        ("name: notes\ndescription: x", "todo"),
        ('name: "database-deployment"\ndescription: "Use when: somebody says so"', "ok"),
        ("name: database-deployment\ndescription: >-\n  Use when: somebody\n  says so\nlicense: MIT", "ok"),
    ],
)
def test_a_frontmatter_is_one_that_agents_can_read(fields: str, expected: str, copy: Path) -> None:
    text = re.sub(r"\A---\n.*?\n---\n", f"---\n{fields}\n---\n", (copy / "SKILL.md").read_text("utf-8"), flags=re.S)
    for line_end in ("\n", "\r\n"):
        (copy / "SKILL.md").write_text(text, encoding="utf-8", newline=line_end)
        assert [look_at(copy, name).state for name in ("has_its_name", "describes_itself")][
            expected == "ok"
        ] == expected


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, run_python: RunPython) -> None:
    ended = check(run_python, "--skill", tmp_path / "nowhere")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"There is no folder {tmp_path / 'nowhere'}." in ended.stderr
    assert "--start L0" in ended.stderr


def test_a_lesson_that_is_not_there_is_said(tmp_path: Path, run_python: RunPython) -> None:
    ended = check(run_python, "L9", "--skill", tmp_path)
    assert ended.returncode == 2
    assert "there is no lesson L9; there are L0, L1" in ended.stderr


@pytest.mark.slow
def test_the_overview_names_the_first_that_is_not_finished(tmp_path: Path, run_python: RunPython) -> None:
    lay_out_done(tmp_path, before="L3")
    ended = check(run_python, "--skill", tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == f"In {(tmp_path / FINISHED.name).resolve()}\n\n{OVERVIEW_BEFORE_L3}"


OVERVIEW_BEFORE_L3 = """\
  ok    L0  Own a skill                                      [##########] 9 of 9
  ok    L1  Why databases beat CSV files                     [##########] 6 of 6
  ok    L2  Models as code                                 [##########] 11 of 11
  todo  L3  Create and read, update and delete              [----------] 0 of 11
  wait  L4  Relationships                                   [----------] 0 of 11
  wait  L5  Transactions                                    [----------] 0 of 10
  wait  L6  Deploy to Neon                                   [----------] 0 of 8
  wait  L7  Budget tracker                                   [----------] 0 of 8

L3: examples/expense-crud.py is there, and is Python
    saw:  there is no examples/expense-crud.py
    next: write examples/expense-crud.py in database-deployment/, as the lesson
          says
"""


@pytest.mark.slow
@pytest.mark.parametrize("lesson", [None, "L0"])
def test_the_finished_skill_is_not_praised_as_the_learners(
    lesson: str | None, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is what somebody who forgets --skill looks at in a clone; `copy` has done all lessons and is their own."""
    praise = "The skill is yours" if lesson is None else LESSONS[0]["done"]
    told = []
    for folder in (FINISHED, copy):
        check_lesson.look(LESSONS[:1], lesson, folder, as_json_text=False, seconds=60)
        told.append(" ".join(capsys.readouterr().out.split()))
    assert [praise in each for each in told] == [False, True]
    assert [report.NOT_THE_LEARNERS in each for each in told] == [True, False]
    assert [f"In {folder.resolve()} " in each for each, folder in zip(told, (FINISHED, copy), strict=True)] == [
        lesson is None
    ] * 2


@pytest.mark.slow
def test_a_finished_lesson_says_so_and_names_the_next(copy: Path, run_python: RunPython) -> None:
    ended = check(run_python, "L1", "--skill", copy)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith(f"\n\n{LESSONS[1]['done']}\nNext: L2, Models as code (lessons/L2-models.md)\n")


@pytest.mark.slow
def test_what_is_missing_from_another_lesson_is_said(copy: Path, run_python: RunPython) -> None:
    (copy / "SKILL.md").unlink()
    ended = check(run_python, "1", "--skill", copy)
    assert (ended.returncode, ended.stderr) == (1, "")
    first = (
        "        for:  L0, SKILL.md begins with a frontmatter, and its name is the name\n              of the folder\n"
    )
    assert f"  wait  When to Use says when to use the skill, and when not\n{first}" in ended.stdout
    assert "\nNext: go back to L0: SKILL.md begins with a frontmatter" in ended.stdout


@pytest.mark.slow
def test_json_for_a_program(tmp_path: Path, run_python: RunPython) -> None:
    lay_out_done(tmp_path, before="L0")
    ended = check(run_python, "l0", tmp_path, "--json")
    told = json.loads(ended.stdout)["L0"]
    assert (ended.returncode, told[0]) == (
        1,
        {
            "name": "has_its_name",
            "state": "ok",
            "claim": "SKILL.md begins with a frontmatter, and its name is the name of the folder",
        },
    )
    assert told[1].keys() == {"name", "state", "claim", "saw", "next"}
    assert told[-1]["waits_for"] == "L0_file"


@pytest.mark.slow
def test_every_line_fits_a_terminal_of_80_columns_and_is_ascii(copy: Path, run_python: RunPython) -> None:
    (copy / SCRIPT).write_text("raise ValueError('ein Café für ' + 'sehr lange Wörter ' * 40)\n", encoding="utf-8")
    shown = check(run_python, "L0", "--skill", copy).stdout
    assert shown.isascii()
    assert "saw:" in shown
    # A long path stands on a line of its own: broken, nobody could paste it.
    assert [line for line in shown.splitlines() if len(line) > WIDTH and " " in line.strip()] == []


def test_a_mistake_of_the_checker_is_said_to_be_ours(done: Path) -> None:
    def fails(_skill: Skill) -> None:
        raise KeyError("x")

    ours = Check("L0", "ours", "it is so", fails, (), None, lambda _: False)
    with Skill.opened(done) as skill:
        result = Examination(skill).result(ours)
    assert (result.state, result.is_ours, result.seen) == ("wait", True, "KeyError: 'x'")
    paper = io.StringIO()
    write_lesson(Paper(paper), LESSONS[0], [result], LESSONS[1])
    assert paper.getvalue() == OURS


OURS = """\
L0  Own a skill                                              [----------] 0 of 1

  wait  it is so
        ours: the checker failed here (KeyError: 'x'); this says nothing about
              your work

The checker could not look at everything. That is its mistake, not yours.
"""


CREATE = "def create_expense(session: Session, description: str, amount: Decimal, category: str, spent_on: date)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signature", "seen"),
    [
        (CREATE.replace("session: Session, ", "*, session: Session, "), ""),
        (CREATE.replace("session: Session, ", "").replace(")", ", session: Session)"), ""),
        (CREATE.replace("session: Session", "session").replace(": str", "").replace(": Decimal", ""), ""),
        (CREATE.replace("session: Session, ", ""), "create_expense begins with description: str"),
        (
            CREATE.replace(")", ", shoe_size)"),
            "create_expense wants shoe_size, and the checker does not know what that is",
        ),
        (CREATE.replace("def ", "async def "), "create_expense is async"),
        ("def create_expense()", "create_expense() takes nothing"),
    ],
)
def test_what_a_function_takes(signature: str, seen: str, copy: Path) -> None:
    rub_out("examples/expense-crud.py", f"{CREATE} -> Expense", signature)(copy)
    result = look_at(copy, "creates")
    assert (result.state, result.seen) == ("todo" if seen else "ok", seen)


@pytest.mark.slow
def test_a_function_that_ends_python_is_said(copy: Path) -> None:
    rub_out("examples/expense-crud.py", "    session.delete(", "    __import__('os')._exit(3)\n    session.delete(")(
        copy
    )
    rub_out("examples/expense-crud.py", "        delete_expense(session, bus)\n", "")(copy)
    results = {each.check.name: each for each in look(copy, "L3")}
    assert results["deletes"].seen == "expense-crud.py: Python ended with exit code 3 in the middle of it"
    assert results["updates"].state == "ok"


@pytest.mark.slow
def test_one_check_that_hangs_does_not_hide_the_others(copy: Path) -> None:
    rub_out(
        "examples/expense-crud.py", "    session.get_one(Expense, expense_id).amount = amount", "    while True: ..."
    )(copy)
    rub_out("examples/expense-crud.py", '        update_expense(session, lunch, Decimal("13.00"))\n', "")(copy)
    results = {each.check.name: each for each in look(copy, "L3", seconds=6)}
    assert results["updates"].seen == "this took more than 6 seconds, and was stopped"
    assert results["deletes"].state == "ok"


# --- The learner's own files and data ---------------------------------------------------------------------------------

REACHES_OUT = """
import os
from pathlib import Path

here = Path(__file__).parent
print("10.00")
print(sorted(name for name in os.environ if "DATABASE" in name or name.startswith("PG")))
print(os.environ["DATABASE_URL"].partition("//")[0], list(here.glob(".env")))
Path("seen.txt").touch()
(here / "beside.txt").touch()
"""


def test_a_script_sees_a_copy_and_a_new_database_and_nothing_else(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@db.example.org/real")
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", "postgresql://ann:secret@db.example.org/real")
    monkeypatch.setenv("PGPASSWORD", "secret")
    (copy / "examples" / ".env").write_text("DATABASE_URL=postgresql://ann:secret@db.example.org/real\n")
    (copy / SCRIPT).write_text(REACHES_OUT, encoding="utf-8")
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with Skill.opened(copy) as skill:
        ran = skill.run(SCRIPT)
        assert (ran.code, ran.files) == (0, ["examples/beside.txt", "seen.txt"])
        assert ran.stdout.splitlines()[1:] == ["['DATABASE_URL']", "sqlite: []"]
        scratch = skill.scratch
    assert not scratch.exists()
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX")
def test_ctrl_c_ends_it_all(copy: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    source = f"import os\n\nwith open({str(begun)!r} + '.new', 'w') as file:\n    file.write(str(os.getpid()))\n"
    source += f"os.rename({str(begun)!r} + '.new', {str(begun)!r})\nwhile True:\n    pass\n"
    (copy / SCRIPT).write_text(source, encoding="utf-8")
    checker = subprocess.Popen(
        [sys.executable, PROGRAM, "L0", "--skill", copy],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # in a shell's background it is ignored
    )
    while not begun.exists():
        with pytest.raises(subprocess.TimeoutExpired):  # it is still running
            checker.wait(timeout=0.05)
    checker.send_signal(signal.SIGINT)
    out, err = checker.communicate(timeout=30)
    assert (checker.returncode, out, err) == (130, "", "\nStopped. Nothing of yours was changed.\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="process groups are of POSIX")
def test_what_a_script_has_started_ends_with_it(copy: Path, tmp_path: Path) -> None:
    """A grandchild holds a pipe open for a minute; that it is closed at once says that the grandchild is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    holds = f"import time; held = open({str(pipe)!r}, 'w'); print('held', flush=True); time.sleep(60)"
    source = f"import subprocess, sys\n\nchild = [sys.executable, '-c', {holds!r}]\n"
    source += "print('10.00', subprocess.Popen(child, stdout=subprocess.PIPE).stdout.readline())\n"
    (copy / SCRIPT).write_text(source, encoding="utf-8")
    with Skill.opened(copy) as skill:
        ran = skill.run(SCRIPT)
    assert (ran.code, "held" in ran.stdout) == (0, True)
    readable, _, _ = select.select([reader], [], [], 10)
    assert readable
    assert os.read(reader, 1) == b""
    os.close(reader)


@pytest.mark.slow
def test_without_sqlalchemy_the_learner_is_told_how_to_get_it(copy: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sqlalchemy.py").write_text("raise ModuleNotFoundError(\"No module named 'sqlalchemy'\")\n")
    ended = subprocess.run(
        [sys.executable, PROGRAM, "L0", "--skill", copy],
        env=os.environ | {"PYTHONPATH": str(hidden)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    told = " ".join(ended.stdout.replace("python3", "python").split())
    assert "next: is the course's Python on? `source .venv/bin/activate` in the clone; if it is: python -m pip" in told


# --- Laying out -------------------------------------------------------------------------------------------------------


def test_start_lays_out_a_folder_that_is_the_learners(tmp_path: Path, run_python: RunPython) -> None:
    course = tmp_path / "my-course"
    ended = check(run_python, "--start", "L0", course)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"Laid out for L0 in {course}\n")
    skill = course / "database-deployment"
    assert sorted(path.name for path in skill.iterdir()) == ["SKILL.md", "examples", "references"]
    assert list((skill / "examples").iterdir()) == []
    links = course / ".claude" / "skills"
    assert (links / "database-deployment").resolve() == skill.resolve()
    assert (links / "building-with-sqlalchemy-orm" / "SKILL.md").is_file() == (TEACHER / "SKILL.md").is_file()
    assert (links / "building-with-sqlalchemy-orm" / "scripts" / "check_lesson.py").is_file()
    assert (course / ".gitignore").read_text().splitlines()[0] == ".env"


@pytest.mark.slow
def test_the_copied_teacher_works_alone(tmp_path: Path, run_python: RunPython) -> None:
    check(run_python, "--start", "L1", tmp_path / "course")
    copied = tmp_path / "course/.claude/skills/building-with-sqlalchemy-orm/scripts/check_lesson.py"
    ended = run_python(copied, "L0", "--skill", str(tmp_path / "course"))
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout


@pytest.mark.parametrize(
    "there",
    ["database-deployment", ".claude/skills/database-deployment", ".claude/skills/building-with-sqlalchemy-orm"],
)
def test_nothing_is_ever_overwritten(there: str, tmp_path: Path) -> None:
    (tmp_path / there).mkdir(parents=True)
    (tmp_path / there / "SKILL.md").write_text("mine\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(starting.CannotStart, match=re.escape(str(tmp_path / there))):
        starting.start(TEACHER, "L3", tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / there / "SKILL.md").read_text() == "mine\n"


@pytest.mark.slow
def test_a_refusal_to_start_is_an_error_without_a_traceback(tmp_path: Path, run_python: RunPython) -> None:
    (tmp_path / "course").write_text("a file")
    ended = check(run_python, "--start", "L3", tmp_path / "course")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"{tmp_path / 'course'} is a file. Choose another folder.\n"


def test_half_a_folder_is_never_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match="No space left"):
        starting.start(TEACHER, "L3", tmp_path / "course")
    assert [path for path in (tmp_path / "course").rglob("*") if path.name not in (".claude", "skills")] == []


def test_another_gitignore_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("secret\n")
    starting.start(TEACHER, "L0", tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "secret\n"


def test_where_links_cannot_be_made_there_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("a right is missing")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    said = starting.start(TEACHER, "L0", tmp_path)
    link = tmp_path / ".claude" / "skills" / "database-deployment"
    assert not link.is_symlink()
    assert (link / "SKILL.md").is_file()
    assert any("copy it again after a change" in line for line in said)


@pytest.mark.parametrize("lesson", NAMES)
def test_database_py_arrives_with_the_lesson_that_imports_it(lesson: str, tmp_path: Path) -> None:
    skill = lay_out_done(tmp_path, before=lesson)
    assert (skill / "examples" / "database.py").is_file() == (lesson >= "L3")
    others = [path for path in (skill / "examples").glob("*.py") if path.name != "database.py"]
    assert any("from database import" in path.read_text("utf-8") for path in others) == (lesson > "L3")


@pytest.mark.parametrize("lesson", NAMES)
def test_a_late_joiner_finds_the_questions_that_are_left(lesson: str, tmp_path: Path) -> None:
    text = (lay_out_done(tmp_path, before=lesson) / "SKILL.md").read_text(encoding="utf-8")
    assert set(re.findall(r'^(?:> |description: ")(L\d):', text, re.M)) == {each for each in NAMES if each >= lesson}


# --- The starter ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "starters"),
    [
        ("database.py", "database.py"),
        ("simple-expense.py", "L0/examples/simple-expense.py"),
        ("simple-category.py", "L0/examples/simple-category.py"),
    ],
)
def test_a_file_of_the_starter_is_that_of_the_finished_skill(ours: str, starters: str) -> None:
    """The teacher has to work where it is copied alone. After a change: cp database-deployment/examples/X starter/X."""
    assert (STARTER / starters).read_bytes() == (FINISHED / "examples" / ours).read_bytes()


def test_lessons_toml_names_the_functions_that_are_called() -> None:
    for lesson in LESSONS:
        named = {call.partition("(")[0] for call in lesson.get("calls", []) if "(" in call.split(" ")[0]}
        made = {name for names in lesson["makes"].values() for name in names if name.islower()}
        assert named == made, lesson["id"]
