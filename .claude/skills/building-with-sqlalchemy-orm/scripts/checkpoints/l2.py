"""L2, models as code: tables that keep money and moments as they were, and refuse what must not be."""

from .checking import check
from .common import page_checks, script_checks
from .work import Work

SCRIPT = "examples/expense-models.py"

script_checks("L2", SCRIPT)


@check("L2", after="L2_address", inside=SCRIPT)
def makes_the_tables(work: Work) -> None:
    """`Category` and `Expense` make their tables in an empty database"""


@check("L2", after="makes_the_tables", inside=SCRIPT)
def sums_exactly(work: Work) -> None:
    """three times 0.10 is exactly 0.30, summed and compared by the database"""


@check("L2", after="makes_the_tables", inside=SCRIPT)
def loses_nothing_of_a_float(work: Work) -> None:
    """an amount given as a float is refused, or nothing of it is lost"""


@check("L2", after="makes_the_tables", inside=SCRIPT)
def keeps_a_moment(work: Work) -> None:
    """a moment comes back as the same moment, with its time zone"""


@check("L2", after="makes_the_tables", inside=SCRIPT)
def needs_an_amount(work: Work) -> None:
    """the database refuses an expense without an amount"""


@check("L2", after="makes_the_tables", inside=SCRIPT)
def needs_another_name(work: Work) -> None:
    """the database refuses a second category of the same name"""


page_checks("L2", "references/models.md", 1, "models")
