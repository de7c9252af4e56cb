"""L5, transactions: a transfer that is done once, or not at all."""

from .checking import check
from .common import page_checks, script_checks
from .work import Work

SCRIPT = "examples/safe-transfers.py"

script_checks("L5", SCRIPT)


@check("L5", after="L5_address", inside=SCRIPT)
def moves_money(work: Work) -> None:
    """`transfer(session, ...)` moves an amount from one `Account` to another"""


@check("L5", after="moves_money", inside=SCRIPT)
def is_whole_or_nothing(work: Work) -> None:
    """a transfer that breaks off, wherever that is, has done nothing"""


@check("L5", after="moves_money", inside=SCRIPT)
def counts_once(work: Work) -> None:
    """the same request, sent twice with one key, counts once"""


@check("L5", after="moves_money", inside=SCRIPT)
def never_goes_below_zero(work: Work) -> None:
    """no transfer takes an account below zero"""


@check("L5", after="moves_money", inside=SCRIPT)
def moves_nothing_backwards(work: Work) -> None:
    """an amount of zero or less is refused"""


page_checks("L5", "references/transactions.md", 4, "transactions")
