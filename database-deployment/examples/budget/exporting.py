"""All expenses of a user as a CSV file that the import reads back: nothing is added twice, nothing is lost."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from budget.errors import BudgetError
from budget.models import Category, Expense, User

HEADER = ["date", "description", "category", "amount", "account", "fingerprint"]


def export_expenses(session: Session, user: User, stream: IO[str]) -> int:
    """Write the oldest first, some thousand rows in memory at a time. Returns how many were written."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    rows = session.connection().execute(  # session.execute() does more with each row, for objects
        select(
            Expense.spent_on,
            Expense.description,
            Category.name,
            Expense.amount,
            Expense.account,
            Expense.fingerprint,
        )
        .join(Category, (Category.user_id == Expense.user_id) & (Category.id == Expense.category_id))
        .where(Expense.user_id == user.id)
        .order_by(Expense.spent_on, Expense.id)
        .execution_options(yield_per=5000)
    )
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the answer
        writer.writerow(row)
    return count


@contextmanager
def written_whole(path: Path, *, binary: bool = False) -> Iterator[IO[Any]]:
    """A file that appears under its name when it is complete, and not at all after an error.

    Behind a link it is the link's target that changes; a device or a pipe is written to as it is.
    """
    if path.is_dir() or not path.name:
        raise BudgetError(f"{path} is a folder: name the file in it")
    path = path.resolve()
    if not path.parent.is_dir():
        raise BudgetError(f"There is no folder {path.parent}")
    if path.exists() and not path.is_file():
        with path.open("wb") if binary else path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        opened = part.open("wb") if binary else part.open("w", encoding="utf-8", newline="")
    except PermissionError:
        raise BudgetError(f"{path} cannot be written: you may not write into its folder") from None
    try:
        with opened as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
