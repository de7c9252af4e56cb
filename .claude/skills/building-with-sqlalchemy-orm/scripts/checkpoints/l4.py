"""L4, relationships: three tables that belong together, in the schema and in Python."""

from .checking import check
from .common import page_checks, script_checks
from .work import Work

SCRIPT = "examples/expense-relationships.py"

script_checks("L4", SCRIPT)


@check("L4", after="L4_address", inside=SCRIPT)
def refuses_an_unknown_category(work: Work) -> None:
    """the database refuses an expense of a category that does not exist"""


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def refuses_a_foreign_category(work: Work) -> None:
    """the database refuses an expense in the category of another user"""


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def knows_both_ways(work: Work) -> None:
    """a category knows its expenses, and an expense its category"""


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def deletes_as_it_says(work: Work) -> None:
    """deleting a category does in Python what it does in SQL, and leaves no expense behind by accident"""


@check("L4", after="refuses_an_unknown_category", inside=SCRIPT)
def sums_by_category(work: Work) -> None:
    """`spending_by_category(session, ...)` gives the sum of each category, and of one user where it is asked for one"""


@check("L4", after="sums_by_category", inside=SCRIPT)
def asks_once(work: Work) -> None:
    """it sends no more statements for twelve categories than for three"""


page_checks("L4", "references/relationships.md", 3, "relationships")
