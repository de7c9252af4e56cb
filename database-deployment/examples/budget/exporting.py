"""All expenses of a user as a CSV file that the import reads back: nothing is added twice, nothing is lost."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from budget.models import Category, Expense, User

HEADER = ["date", "description", "category", "amount", "account", "fingerprint"]


def export_expenses(session: Session, user: User, stream: TextIO) -> int:
    """Write the oldest first, some thousand rows in memory at a time. Returns how many were written."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    rows = session.execute(
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
def written_whole(path: Path) -> Iterator[TextIO]:
    """A file that appears under its name when it is complete, and not at all after an error."""
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=path.name, suffix=".part", delete=False
    ) as part:
        try:
            yield part  # type: ignore[misc]
            part.flush()
            os.fsync(part.fileno())
            part.close()
            os.replace(part.name, path)
        except BaseException:
            part.close()
            os.unlink(part.name)
            raise
