"""L7, the budget tracker: everything together, as functions that take a session, or as a program with commands.

Which of the two it is, the file says: with a function create_expense it is the first. The commands are those of
lessons.toml: add, list, edit, delete, category add, and the option --user before them.
"""

import ast
import re
import shutil
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from .calling import Call, annotation_of, meaning
from .checking import NotYet, check
from .common import nothing_is_left_of_the_starter, ways_out
from .l3 import LUNCH, amount, described, texts_of
from .l4 import category_column
from .markdown import sections
from .skill import Done, Skill, database_variable
from .work import Row, Work, key_of, same_row, signature

SCRIPT = "examples/budget-tracker.py"
FUNCTIONS = ("create_expense", "read_expenses", "update_expense", "delete_expense", "transfer_expense")
ANN, BEN = "ann@example.org", "ben@example.org"
NAMED_FILE = re.compile(r"\]\((?!\w+:|#)([^)#]+)|`((?:references|examples|scripts)/[\w./-]+\.\w+)`")


def is_program(skill: Skill) -> bool:
    """Whether it is used by its commands: it neither has nor imports create_expense."""
    for node in ast.walk(skill.tree(SCRIPT)):
        if isinstance(node, ast.FunctionDef) and node.name == "create_expense":
            return False
        if isinstance(node, ast.ImportFrom) and any(
            (each.asname or each.name) == "create_expense" for each in node.names
        ):
            return False
    return True


@check("L7", claim=f"`{SCRIPT}` is there, and is Python")
def tracker_is_there(skill: Skill) -> None:
    if not skill.tree(SCRIPT).body:
        raise NotYet(f"{SCRIPT} holds only comments", "begin with the models of L4")


@check("L7", after="tracker_is_there")
def tracker_starts(skill: Skill) -> None:
    """it touches no database but the one that DATABASE_URL names, and runs to its end"""
    for path, tree in skill.trees(SCRIPT):
        for line, seen, next_step in ways_out(tree):
            raise NotYet(f"{path}, line {line}: {seen}", next_step)
    arguments = ["--help"] if is_program(skill) else []
    skill.complain(SCRIPT, skill.run(SCRIPT, *arguments), *arguments)


@check("L7", after="tracker_starts", inside=SCRIPT, unless=is_program)
def tracker_keeps(tracker: Work | Skill) -> None:
    """an expense that was added is there when the program runs again"""
    if isinstance(tracker, Skill):
        program = Program(tracker)
        program.must("category", "add", "Food")
        program.must("category", "add", "Home")
        program.must("add", "12.50", "Food", "Lunch")
        program.must("add", "2.40", "Food", "Bus")
        program.expect("after `add`", Lunch="12.50", Bus="2.40")
        tracker.remembered["tracker"] = program.database
        return
    for name in FUNCTIONS:
        tracker.function(name)
    household = Household(tracker)
    found = household.read(household.ann)
    if not all(any(text in each for each in found) for text in ("Lunch", "Bus")) or len(found) != 2:
        raise NotYet(f"Lunch and Bus were added; read_expenses returns {in_words(found)}", "return the user's expenses")


@check("L7", after="tracker_keeps", inside=SCRIPT, unless=is_program)
def tracker_edits(tracker: Work | Skill) -> None:
    """an expense can be changed and deleted, and the others stay as they are"""
    if isinstance(tracker, Skill):
        program = Program(tracker)
        program.must("edit", program.number_of("Lunch"), "--amount", "13.00")
        program.expect("after `edit --amount 13.00`", Lunch="13.00", Bus="2.40")
        program.must("delete", program.number_of("Lunch"))
        program.expect("after `delete`", Bus="2.40")
        return
    household = Household(tracker)
    household.call("update_expense", household.ann, expense=household.lunch, amount=Decimal("13.00"))
    household.expect("after update_expense", Lunch="13.00", Bus="2.40")
    household.call("delete_expense", household.ann, expense=household.lunch)
    household.expect("after delete_expense", Bus="2.40")


@check("L7", after="tracker_keeps", inside=SCRIPT, unless=is_program)
def tracker_moves(tracker: Work | Skill) -> None:
    """an expense can be moved to another category of its user, and to no category of another"""
    if isinstance(tracker, Skill):
        program = Program(tracker)
        program.must("edit", program.number_of("Lunch"), "--category", "Home")
        if "Home" not in program.line_of("Lunch"):
            raise NotYet(program.line_of("Lunch"), "let edit NUMBER --category NAME give the expense another category")
        program.must("category", "add", "Bens", user=BEN)
        program.run("edit", program.number_of("Lunch"), "--category", "Bens")
        if "Home" not in program.line_of("Lunch"):
            raise NotYet(
                f"Ann's expense went into a category of Ben's: {program.line_of('Lunch')}",
                "look for the category among those of the user",
            )
        return
    household = Household(tracker)
    household.call("transfer_expense", household.ann, expense=household.lunch, category=household.home)
    household.expect_category(household.home, "let transfer_expense set the category of the expense")
    household.attempt("transfer_expense", household.ann, expense=household.lunch, category=household.bens)
    household.expect_category(household.home, "look for the category among those of the user")


@check("L7", after="tracker_keeps", inside=SCRIPT, unless=is_program)
def tracker_keeps_users_apart(tracker: Work | Skill) -> None:
    """a user sees, changes and deletes their own expenses only"""
    if isinstance(tracker, Skill):
        program = Program(tracker)
        number = program.number_of("Lunch")
        program.must("category", "add", "Food", user=BEN)
        if "Lunch" in program.run("list", user=BEN).stdout:
            raise NotYet(f"with --user {BEN}, list shows an expense of {ANN}", "select the expenses of the user")
        program.run("edit", number, "--amount", "99.00", user=BEN)
        program.run("delete", number, user=BEN)
        program.expect(f"after {BEN} tried to change it", Lunch="12.50", Bus="2.40")
        return
    household = Household(tracker)
    for name in ("read_expenses", "update_expense", "delete_expense"):
        parameters = list(signature(tracker.function(name)).parameters.values())[1:]
        if not any(meaning(each.name, annotation_of(each)) == "user" for each in parameters):
            raise NotYet(
                f"{name} does not ask whose expense it is", f"let it take the user: {name}(session, user, ...)"
            )
    if found := household.read(household.ben):
        raise NotYet(f"Ben has no expenses, and read_expenses gives him {in_words(found)}", "select those of the user")
    household.attempt("update_expense", household.ben, expense=household.lunch, amount=Decimal("99.00"))
    household.attempt("delete_expense", household.ben, expense=household.lunch)
    household.expect("after Ben tried to change it", Lunch="12.50", Bus="2.40")


@check("L7", after="tracker_keeps", inside=SCRIPT, unless=is_program)
def tracker_is_whole_or_nothing(tracker: Work | Skill) -> None:
    """two steps of which the second fails leave nothing behind"""
    if isinstance(tracker, Skill):
        program = Program(tracker)
        done = program.run("add", "3.10", "Food", "Apples", "4.20", "Nowhere", "Pears")
        if done.code == 0:
            raise NotYet("`add` took an expense of a category that does not exist", "let it end with an error")
        program.expect("after an `add` of which the second half is wrong", Lunch="12.50", Bus="2.40")
        return
    household = Household(tracker)
    with tracker.session() as session:
        household.given(session, household.ann, expense=household.lunch)("delete_expense")
        household.given(session, household.ann, **household.apples)("create_expense")
        session.rollback()
    household.expect("after the caller took two steps back", Lunch="12.50", Bus="2.40")


@check("L7", after="has_its_sections")
def skill_is_finished(skill: Skill) -> None:
    """nothing in `SKILL.md` is left of the starter, and every file that it names is there"""
    text = skill.text("SKILL.md")
    for number in range(8):
        nothing_is_left_of_the_starter(skill, f"L{number}")
    for title, lines in sections(text):
        for link, named in NAMED_FILE.findall("\n".join(lines)):
            path = (link or named).strip()
            if not (skill.folder / path).exists():
                raise NotYet(f"{title}: it names {path}, which is not there", "correct the name, or write the file")


# --- With functions


class Household:
    """Ann, with a lunch and a bus in her category Food, and Ben, who has spent nothing."""

    def __init__(self, work: Work) -> None:
        self.work = work
        work.create_tables("User", "Category", "Expense")
        self.ann, self.ben = work.insert("User"), work.insert("User")
        name = work.text_column("Category", "name", "title", "label").key
        self.food, self.home = (work.insert("Category", {name: each}, self.ann) for each in ("Food", "Home"))
        self.bens = work.insert("Category", {name: "Bens"}, self.ben)
        self.apples = {"description": "Apples", "amount": Decimal("3.10"), "category": self.food}
        for description, price in (("Lunch", "12.50"), ("Bus", "2.40")):
            what = {"description": description, "amount": Decimal(price), "category": self.food}
            self.call("create_expense", self.ann, **what)
        rows = {row[described(work)]: row for row in work.rows("Expense")}
        if set(rows) != {"Lunch", "Bus"}:
            raise NotYet(
                f"create_expense was called twice, then committed; there are {', '.join(map(str, rows)) or 'none'}",
                "make one Expense in each call, and give it to session.add()",
            )
        self.lunch = rows["Lunch"]

    def given(self, session: Any, user: Row, **given: Any) -> Call:
        return Call(self.work, session, {"user": user, "day": LUNCH["day"], **given}, {**LUNCH, "category": self.food})

    def call(self, name: str, user: Row, **given: Any) -> None:
        with self.work.session() as session:
            self.given(session, user, **given)(name)
            session.commit()

    def attempt(self, name: str, user: Row, **given: Any) -> None:
        """What should be refused; how, is the learner's choice."""
        try:
            self.call(name, user, **given)
        except NotYet:
            raise
        except Exception:
            return

    def read(self, user: Row) -> list[list[str]]:
        with self.work.session() as session:
            found = Call(self.work, session, {"user": user}, {"day": LUNCH["day"]})("read_expenses")
            return [texts_of(each) for each in found or []]

    def expect(self, when: str, **expected: str) -> None:
        rows = {row[described(self.work)]: amount(self.work, row) for row in self.work.rows("Expense")}
        if rows != {name: Decimal(each) for name, each in expected.items()}:
            raise NotYet(f"{when} a second session reads {named(rows)}", f"it should read {named(expected)}")

    def expect_category(self, category: Row, next_step: str) -> None:
        row = next(each for each in self.work.rows("Expense") if same_row(each, self.lunch))
        if row[category_column(self.work).key] != key_of(category):
            raise NotYet(
                f"Lunch has the category {row[category_column(self.work).key]}, not {key_of(category)}", next_step
            )


def named(amounts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {each}" for name, each in amounts.items()) or "nothing"


def in_words(found: list[list[str]]) -> str:
    return ", ".join(" ".join(texts) for texts in found) or "nothing"


# --- With commands


class Program:
    """The tracker as a person uses it: each command is a run of its own, on one database."""

    def __init__(self, skill: Skill) -> None:
        self.skill = skill
        self.folder = skill.new_folder()
        self.database = self.folder.with_suffix(".db")
        prepared: Path | None = skill.remembered.get("tracker")
        if prepared is not None:
            shutil.copy(prepared, self.database)

    def run(self, *arguments: str, user: str = ANN) -> Done:
        command = [str(self.skill.copy / SCRIPT), "--user", user, *arguments]
        return self.skill.start(command, self.folder, database_variable(self.database))

    def must(self, *arguments: str, user: str = ANN) -> str:
        done = self.run(*arguments, user=user)
        self.skill.complain(SCRIPT, done, "--user", user, *arguments)
        return done.stdout

    def line_of(self, description: str) -> str:
        shown = self.must("list")
        return " ".join(next((line for line in shown.splitlines() if description in line), "").split())

    def number_of(self, description: str) -> str:
        found = re.search(r"(?<![\d.,-])\d+(?![\d.,-])", self.line_of(description))
        if found is None:
            raise NotYet(
                f"list shows no number: {self.line_of(description)}", "show the number that edit and delete take"
            )
        return found[0]

    def expect(self, when: str, **amounts: str) -> None:
        shown = self.must("list")
        for name in ("Lunch", "Bus", "Apples"):
            line = next((line for line in shown.splitlines() if name in line), "")
            if amounts.get(name, "") not in line or (name not in amounts and line):
                raise NotYet(
                    f"{when} list shows {' '.join(line.split()) or f'no {name}'}",
                    f"it should show {named(amounts)}",
                )
