"""L1, why databases beat CSV files: when the skill is needed, and a file and a database side by side."""

import ast

from .checking import NotYet, check
from .common import nothing_is_left_of_the_starter, script_checks
from .markdown import section, statements
from .skill import Skill, imported_modules

SCRIPT = "examples/csv-vs-database.py"
DATABASES = {"sqlite3", "sqlalchemy", "database", "psycopg", "psycopg2"}


@check("L1", after="has_its_sections")
def says_when_to_use_it(skill: Skill) -> None:
    """When to Use says when to use the skill, and when not"""
    nothing_is_left_of_the_starter(skill, "L1")
    written = statements(section(skill.text("SKILL.md"), "When to Use") or [])
    if len(written) < 2:
        raise NotYet(
            f"When to Use says {len(written)} of two things",
            "write one sign that a file is no longer enough, and one case in which no database is needed",
        )


script_checks("L1", SCRIPT)


@check("L1", after="L1_file")
def keeps_it_twice(skill: Skill) -> None:
    """it keeps the same data twice: in a CSV file and in a database"""
    tree = skill.tree(SCRIPT)
    modules = {name.partition(".")[0] for name in imported_modules(tree)}
    calls = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if not ({"csv", "pandas", "polars"} & modules or {"open", "write_text"} & calls):
        raise NotYet("it writes no file", "write the expenses into a CSV file first, and see what is lost")
    if not DATABASES & modules:
        raise NotYet(
            "it imports nothing that speaks to a database", "do the same with sqlalchemy, and see what is not lost"
        )


@check("L1", after="L1_runs")
def leaves_nothing(skill: Skill) -> None:
    """it leaves no file and no table behind"""
    done = skill.run(SCRIPT)
    if done.files:
        raise NotYet(f"it left {', '.join(done.files)}", "work in a tempfile.TemporaryDirectory(), which cleans up")
    if done.tables:
        raise NotYet(
            f"it left the tables {', '.join(done.tables)}", "drop at the end what the script created, and nothing else"
        )
