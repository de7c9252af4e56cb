"""L3, create and read, update and delete: four functions, tried through a second session."""

from .checking import check
from .common import page_checks, script_checks
from .work import Work

SCRIPT = "examples/expense-crud.py"

script_checks("L3", SCRIPT)


@check("L3", after="L3_address", inside=SCRIPT)
def creates(work: Work) -> None:
    """`create_expense(session, ...)` saves an expense, and a second session reads it as it was"""


@check("L3", after="creates", inside=SCRIPT)
def reads(work: Work) -> None:
    """`read_expenses(session, ...)` returns all expenses, and with a filter only those that fit"""


@check("L3", after="reads", inside=SCRIPT)
def takes_zero_for_a_value(work: Work) -> None:
    """a filter of 0 or of an empty text is a filter too, and does not return everything"""


@check("L3", after="creates", inside=SCRIPT)
def updates(work: Work) -> None:
    """`update_expense(session, expense_id, ...)` changes that expense, and no other"""


@check("L3", after="creates", inside=SCRIPT)
def deletes(work: Work) -> None:
    """`delete_expense(session, expense_id)` takes that expense away, and no other"""


@check("L3", after="creates updates deletes", inside=SCRIPT)
def leaves_the_commit_to_the_caller(work: Work) -> None:
    """none of them commits: what the caller takes back is gone"""


page_checks("L3", "references/crud.md", 2, "sessions")
