"""What several lessons check: a script that may be run, and what the learner writes beside it."""

import ast
import re
from collections.abc import Iterator

from .checking import NotYet, check
from .markdown import section_text
from .skill import Skill

FEWEST_WORDS = 10  # of a page with two rules
SERVER = re.compile(r"(?!sqlite)[a-z]\w*(\+\w+)?://\S*@\S+$|postgres(ql)?(\+\w+)?://\S+$")
PARAMETERS = re.compile(r"(\w+=\S+\s+)*(dbname|host)=\S+(\s+\w+=\S+)*$")
ABSOLUTE_FILE = re.compile(r"sqlite(\+\w+)?:///(/|[A-Za-z]:)")


def script_checks(lesson: str, script: str) -> None:
    """The script is there, keeps to its database, and runs. What else is asked of it waits for these."""

    @check(lesson, name=f"{lesson}_file", claim=f"`{script}` is there, and is Python")
    def is_python(skill: Skill) -> None:
        if not skill.tree(script).body:
            raise NotYet(f"{script} holds only comments", "begin with the first lines of the lesson")

    @check(
        lesson,
        after=f"{lesson}_file",
        name=f"{lesson}_address",
        claim="it touches no database but the one that DATABASE_URL names",
    )
    def keeps_to_its_database(skill: Skill) -> None:
        for path, tree in skill.trees(script):
            for line, seen, next_step in ways_out(tree):
                raise NotYet(f"{path}, line {line}: {seen}", next_step)

    @check(
        lesson,
        after=f"{lesson}_address",
        name=f"{lesson}_runs",
        claim="it runs to its end, and waits for nobody",
    )
    def runs(skill: Skill) -> None:
        skill.complain(script, skill.run(script))


def ways_out(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Where a script would leave the database that a check gives it: line, what is there, what to do."""
    documentation = {id(text) for text in loose_texts(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("load_dotenv"):
            for keyword in node.keywords:
                if keyword.arg == "override" and ast.unparse(keyword.value) != "False":
                    yield node.lineno, ast.unparse(node), "leave override away: what is set already has to win"
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(re.search(r"environ\[.DATABASE_URL", ast.unparse(target)) for target in targets):
                yield node.lineno, "it sets DATABASE_URL itself", "read DATABASE_URL, and leave it as it is"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("URL.create"):
            kind = node.args[0] if node.args else None
            if isinstance(kind, ast.Constant) and not str(kind.value).startswith("sqlite"):
                yield node.lineno, "an address in the source: URL.create(...)", "read it from the variable DATABASE_URL"
        elif isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
            if SERVER.match(text) and "@" in text:
                yield node.lineno, f"an address in the source: {text}", "read it from the variable DATABASE_URL"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            if PARAMETERS.match(node.value):
                yield node.lineno, "the parameters of a server in the source", "read it from the variable DATABASE_URL"
            elif SERVER.match(node.value):
                hidden = re.sub(r"//\S*@", "//...@", node.value)
                yield node.lineno, f"an address in the source: {hidden}", "read it from the variable DATABASE_URL"
            elif ABSOLUTE_FILE.match(node.value):
                yield node.lineno, f"a file of yours: {node.value}", "read the address from the variable DATABASE_URL"


def loose_texts(tree: ast.Module) -> Iterator[ast.expr]:
    """Docstrings, and other texts that no statement uses."""
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))


def page_checks(lesson: str, page: str, number: int, subject: str) -> None:
    """What the learner writes for their agent, beside the code."""

    @check(lesson, name=f"{lesson}_page", claim=f"`{page}` says in your words what you would tell a colleague")
    def page_is_written(skill: Skill) -> None:
        text = re.sub(r"^#.*|<!--[\s\S]*?-->", "", skill.text(page), flags=re.M).strip()
        if not text:
            raise NotYet(
                f"{page} has a title, and nothing below it", "write the two or three things that you want to remember"
            )
        if len(text.split()) < FEWEST_WORDS:
            raise NotYet(f"{page} says only: {text}", "write two or three rules, each with its reason")

    @check(
        lesson,
        after="has_its_sections",
        name=f"{lesson}_concept",
        claim=f"Core Concept {number} of `SKILL.md` is yours: {subject}",
    )
    def concept_is_written(skill: Skill) -> None:
        nothing_is_left_of_the_starter(skill, lesson)
        if not section_text(skill.text("SKILL.md"), "Core Concepts"):
            raise NotYet("Core Concepts is empty", f"write down what {subject} are, in a few lines")


def nothing_is_left_of_the_starter(skill: Skill, lesson: str) -> None:
    for number, line in enumerate(skill.text("SKILL.md").splitlines(), 1):
        if line.startswith(f"> {lesson}:"):
            raise NotYet(
                f"SKILL.md, line {number}: {line}", "write it in your own words, and take the line of the starter away"
            )
