"""L5, transactions: a transfer that is done once, or not at all."""

import contextlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .calling import Call, meaning
from .checking import NotYet, check
from .common import page_checks, script_checks
from .work import Row, Work, amount_for, same_row, signature

with contextlib.suppress(ImportError):  # where it is missing, the script itself says so
    import sqlalchemy as sa

SCRIPT = "examples/safe-transfers.py"
HUNDRED, TWENTY = Decimal("100.00"), Decimal("20.00")
LONGEST_TRANSFER = 40  # statements

script_checks("L5", SCRIPT)


@check("L5", after="L5_address", inside=SCRIPT)
def moves_money(work: Work) -> None:
    """`transfer(session, ...)` moves an amount from one `Account` to another"""
    work.function("transfer")
    accounts = two_accounts(work)
    transfer(work, accounts, Decimal("30.00"))
    expect(work, accounts, "after a transfer of 30.00", (Decimal("70.00"), Decimal("50.00")))


@check("L5", after="moves_money", inside=SCRIPT)
def is_whole_or_nothing(work: Work) -> None:
    """a transfer that breaks off, wherever that is, has done nothing"""
    for number in range(1, LONGEST_TRANSFER):
        work.new_database()
        accounts = two_accounts(work)
        broke_off = transfer_until(work, accounts, number)
        after = balances(work, accounts)
        if sum(after) != HUNDRED + TWENTY:
            raise NotYet(
                f"broken off at statement {number}, a transfer of 30.00 leaves {in_words(after)} of 100.00 and 20.00",
                "both changes in one transaction: no commit() in transfer, the caller commits once",
            )
        if not broke_off:
            return


@check("L5", after="moves_money", inside=SCRIPT)
def counts_once(work: Work) -> None:
    """the same request, sent twice with one key, counts once"""
    names = list(signature(work.function("transfer")).parameters)
    if not any(meaning(name, between_two=True) == "request_key" for name in names):
        raise NotYet(
            "transfer takes no request_key", "let the caller name the request, and keep the name in a unique column"
        )
    accounts = two_accounts(work)
    transfer(work, accounts, Decimal("30.00"), "request 1")
    with_or_without_error(lambda: transfer(work, accounts, Decimal("30.00"), "request 1"))
    expect(work, accounts, "after one request for 30.00 that came twice", (Decimal("70.00"), Decimal("50.00")))
    transfer(work, accounts, Decimal("30.00"), "request 2")
    expect(work, accounts, "after another request for 30.00", (Decimal("40.00"), Decimal("80.00")))


@check("L5", after="moves_money", inside=SCRIPT)
def never_goes_below_zero(work: Work) -> None:
    """no transfer takes an account below zero"""
    accounts = two_accounts(work)
    with_or_without_error(lambda: transfer(work, accounts, Decimal("100.01")))
    expect(
        work, accounts, "after a transfer of 100.01", (HUNDRED, TWENTY), "refuse it: CheckConstraint('balance >= 0')"
    )


@check("L5", after="moves_money", inside=SCRIPT)
def moves_nothing_backwards(work: Work) -> None:
    """an amount of zero or less is refused"""
    accounts = two_accounts(work)
    with_or_without_error(lambda: transfer(work, accounts, Decimal("-5.00")))
    expect(work, accounts, "after a transfer of -5.00", (HUNDRED, TWENTY), "refuse it: the sender would be paid")


# --- What the checks are made of


def two_accounts(work: Work) -> tuple[Row, Row]:
    """One with 100.00, one with 20.00."""
    for metadata in dict.fromkeys([work.table("Account").metadata, *work.all_metadata()]):
        metadata.create_all(work.engine)
    column = work.amount_column("Account")
    first, second = (work.insert("Account", {column.key: amount_for(column, each)}) for each in (HUNDRED, TWENTY))
    return first, second


def transfer(work: Work, accounts: tuple[Row, Row], amount: Decimal, key: str = "request 1") -> None:
    """In a session of its own, with the caller's commit at its end."""
    source, target = accounts
    with work.session() as session:
        Call(work, session, {"source": source, "target": target, "amount": amount, "request_key": key}, {})("transfer")
        session.commit()


class BrokenOff(Exception):
    pass


def transfer_until(work: Work, accounts: tuple[Row, Row], number: int) -> bool:
    """Whether the transfer came as far as its statement of this number, at which it is broken off."""
    sent = 0

    def break_off(*_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == number:
            raise BrokenOff

    sa.event.listen(work.engine, "before_cursor_execute", break_off)
    try:
        with_or_without_error(lambda: transfer(work, accounts, Decimal("30.00")))
    finally:
        sa.event.remove(work.engine, "before_cursor_execute", break_off)
    return sent >= number


def with_or_without_error(step: Callable[[], None]) -> None:
    """How it is refused is the learner's choice; what counts is what is saved."""
    try:
        step()
    except NotYet:
        raise
    except Exception:
        return


def balances(work: Work, accounts: tuple[Row, Row]) -> tuple[Decimal, Decimal]:
    rows, amounts = work.rows("Account"), work.amounts("Account")
    first, second = (
        next(amount for row, amount in zip(rows, amounts, strict=True) if same_row(row, account))
        for account in accounts
    )
    return first, second


def in_words(amounts: tuple[Decimal, Decimal]) -> str:
    return f"{amounts[0]} and {amounts[1]}"


def expect(
    work: Work, accounts: tuple[Row, Row], when: str, expected: tuple[Decimal, Decimal], next_step: str = ""
) -> None:
    found = balances(work, accounts)
    if found != expected:
        raise NotYet(
            f"{when} the accounts hold {in_words(found)}; they began with 100.00 and 20.00",
            next_step or f"they should hold {in_words(expected)}",
        )


page_checks("L5", "references/transactions.md", 4, "transactions")
