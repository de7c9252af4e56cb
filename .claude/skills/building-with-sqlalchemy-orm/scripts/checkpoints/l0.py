"""L0, own a skill: a SKILL.md that says what it is, and two scripts that print."""

import re

from .checking import NotYet, check
from .common import nothing_is_left_of_the_starter, script_checks
from .markdown import frontmatter, section, section_text, unquoted
from .skill import Skill

SECTIONS = ("Persona", "When to Use", "Core Concepts", "Decision Logic", "Safety")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*$")
LONGEST_NAME, LONGEST_DESCRIPTION = 64, 1024  # what the format of a skill allows


@check("L0")
def has_its_name(skill: Skill) -> None:
    """`SKILL.md` begins with a frontmatter, and its name is the name of the folder"""
    if not (skill.folder / "SKILL.md").is_file():
        raise NotYet(
            f"there is no SKILL.md in {skill.folder.name}: an agent finds nothing here that it could use",
            "lay out a skill: check_lesson.py --start L0 DIR, with a DIR of your own",
        )
    fields = frontmatter(skill.text("SKILL.md"))
    if fields is None:
        raise NotYet(
            "SKILL.md does not begin with a frontmatter", "begin with a line ---, then name: and description:, then ---"
        )
    if (field := unquoted(skill.text("SKILL.md"))) is not None:
        raise NotYet(
            f"the {field} has a colon or a # in it, and no quotes: an agent cannot read it",
            f'put the text in quotes: {field}: "..."',
        )
    name = fields.get("name", "")
    if not NAME.match(name) or len(name) > LONGEST_NAME:
        raise NotYet(f"name: {name}", "small letters, digits and single hyphens: an agent types it after a slash")
    if name != skill.folder.name:
        raise NotYet(
            f"the folder is {skill.folder.name}, the name is {name}", f"give both one name: name: {skill.folder.name}"
        )


@check("L0", after="has_its_name")
def describes_itself(skill: Skill) -> None:
    """the description says what the skill does and when an agent should take it, in your words"""
    fields = frontmatter(skill.text("SKILL.md")) or {}
    description = fields.get("description", "")
    if not description or description.startswith("L0:"):
        raise NotYet(
            f"description: {description}", "one or two sentences: what it does, and the words after which it is needed"
        )
    if len(description) > LONGEST_DESCRIPTION:
        raise NotYet(
            f"the description has {len(description)} characters",
            f"at most {LONGEST_DESCRIPTION}: an agent reads it each time it decides",
        )


@check("L0", after="has_its_name")
def has_its_sections(skill: Skill) -> None:
    """it has a Persona, When to Use, Core Concepts, Decision Logic and Safety"""
    text = skill.text("SKILL.md")
    missing = [title for title in SECTIONS if section(text, title) is None]
    if missing:
        raise NotYet(f"no section {', '.join(missing)}", f"begin one with a line: ## {missing[0]}")


@check("L0", after="has_its_sections")
def has_your_words(skill: Skill) -> None:
    """Persona, When to Use and a first row of Decision Logic are written, in your words"""
    nothing_is_left_of_the_starter(skill, "L0")
    for title in ("Persona", "When to Use", "Decision Logic"):
        if not section_text(skill.text("SKILL.md"), title):
            raise NotYet(f"{title} is empty", "a sentence or two: you can change them whenever you know better")


EXPENSE, CATEGORY = "examples/simple-expense.py", "examples/simple-category.py"
script_checks("L0", EXPENSE)


def prints_an_object(skill: Skill, path: str) -> str:
    done = skill.run(path)
    skill.complain(path, done)
    if re.search(r"<\S+ object at 0x", done.stdout):
        raise NotYet(done.stdout.strip(), "give the class a __repr__ that returns what a person wants to read")
    if not done.stdout.strip():
        raise NotYet(f"{path} prints nothing", "print one object of your class in main()")
    return done.stdout


@check("L0", after="L0_runs")
def prints_an_expense(skill: Skill) -> None:
    """it prints an expense that a person can read, with its amount"""
    printed = prints_an_object(skill, EXPENSE)
    if not re.search(r"\d", printed):
        raise NotYet(f"it prints no amount: {printed.strip()}", "print the amount too")


@check("L0", after="L0_runs")
def prints_a_category(skill: Skill) -> None:
    """`examples/simple-category.py` follows its pattern: a class `Category` that prints itself"""
    if not any(name == "Category" for name in skill.classes(CATEGORY)):
        raise NotYet(f"{CATEGORY} has no class Category", f"follow {EXPENSE}: the same parts, another class")
    prints_an_object(skill, CATEGORY)
