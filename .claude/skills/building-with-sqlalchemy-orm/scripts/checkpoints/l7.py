"""L7, the budget tracker: everything together, as functions or as a command line."""

from .checking import check
from .skill import Skill

SCRIPT = "examples/budget-tracker.py"


@check("L7", claim=f"`{SCRIPT}` is there, and is Python")
def tracker_is_there(skill: Skill) -> None: ...


@check("L7", after="tracker_is_there")
def tracker_starts(skill: Skill) -> None:
    """it works on the database that DATABASE_URL names, and runs to its end"""


@check("L7", after="tracker_starts")
def tracker_keeps(skill: Skill) -> None:
    """an expense that was added is there when the program runs again"""


@check("L7", after="tracker_keeps")
def tracker_edits(skill: Skill) -> None:
    """an expense can be changed and deleted, and the others stay as they are"""


@check("L7", after="tracker_keeps")
def tracker_moves(skill: Skill) -> None:
    """an expense can be moved to another category of its user, and to no category of another"""


@check("L7", after="tracker_keeps")
def tracker_keeps_users_apart(skill: Skill) -> None:
    """a user sees, changes and deletes their own expenses only"""


@check("L7", after="tracker_keeps")
def tracker_is_whole_or_nothing(skill: Skill) -> None:
    """two steps of which the second fails leave nothing behind"""


@check("L7", after="has_its_sections")
def skill_is_finished(skill: Skill) -> None:
    """nothing in `SKILL.md` is left of the starter, and every file that it names is there"""
