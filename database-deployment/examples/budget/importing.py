"""From a bank's file to expenses: all of it or nothing, and a line that is known already does not count again.

The lines go into a temporary table first, by the fastest way that the database has. One set-based statement then
moves what is new into `expenses`, so a file of a million lines costs a few statements and little memory.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from itertools import islice

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from budget.bank import BadLine, BankFile, SkippedLine, SkipReason, SpendingLine
from budget.errors import ImportRefused
from budget.models import NO_CATEGORY, DeletedExpense, Expense, User, now
from budget.service import ensure_categories, insert_into, set_currency

BAD_LINES_SHOWN = 10
ROWS_AT_A_TIME = 5000

_temporary = MetaData()
STAGED_LINES = Table(
    "import_lines",
    _temporary,
    Column("line", BigInteger, nullable=False),
    Column("spent_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),  # cents
    Column("description", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("content", String(32), nullable=False),
    Column("fingerprint", String(64)),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
STAGED_CATEGORIES = Table(
    "import_categories",
    _temporary,
    Column("name", Text, nullable=False),
    Column("category_id", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)

StagedRow = tuple[int, date, int, str, str, str, str, str | None]


@dataclass(slots=True)
class ImportResult:
    added: int = 0
    known: int = 0  # lines that an earlier import has brought, or that were deleted since
    skipped: Counter[SkipReason] = field(default_factory=Counter)  # lines that are no spending, by the reason
    new_categories: list[str] = field(default_factory=list)
    first: date | None = None
    last: date | None = None
    spent: Decimal = Decimal("0.00")  # of all spending lines in the file
    bad: list[BadLine] = field(default_factory=list)
    bad_count: int = 0


def import_expenses(
    session: Session, user: User, file: BankFile, progress: Callable[[int], None] | None = None
) -> ImportResult:
    """Bring the spending of `file` into the user's expenses. Raises ImportRefused, and nothing is saved then."""
    if file.currency:
        set_currency(session, user, file.currency)
    result = ImportResult()
    connection = session.connection()
    _temporary.drop_all(connection)  # left over where one session imports twice
    _temporary.create_all(connection, checkfirst=False)
    _stage(session, _spending(file.lines(progress), result))
    if result.bad_count:
        raise ImportRefused(explain_bad_lines(file, result))
    _stage_categories(session, user, result)
    staged = session.scalar(select(func.count()).select_from(STAGED_LINES)) or 0
    result.added = _merge(session, user)
    result.known = staged - result.added
    _temporary.drop_all(connection)
    return result


def _spending(lines: Iterable[SpendingLine | SkippedLine | BadLine], result: ImportResult) -> Iterator[StagedRow]:
    for line in lines:
        if isinstance(line, SpendingLine):
            result.spent += line.amount
            result.first = min(result.first or line.spent_on, line.spent_on)
            result.last = max(result.last or line.spent_on, line.spent_on)
            yield _staged_row(line)
        elif isinstance(line, BadLine):
            result.bad_count += 1
            if len(result.bad) < BAD_LINES_SHOWN:
                result.bad.append(line)
        else:
            result.skipped[line.reason] += 1


def _staged_row(line: SpendingLine) -> StagedRow:
    cents = int(line.amount.scaleb(2))
    content = "\x1f".join((line.account, line.spent_on.isoformat(), str(cents), line.description))
    digest = blake2b(content.encode(), digest_size=16).hexdigest()
    category = line.category or NO_CATEGORY
    return (
        line.number,
        line.spent_on,
        cents,
        line.description,
        line.account,
        category,
        digest,
        line.fingerprint,
    )


def _stage(session: Session, rows: Iterator[StagedRow]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, rows)
        return
    columns = list(STAGED_LINES.c.keys())
    while batch := list(islice(rows, ROWS_AT_A_TIME)):
        session.connection().execute(STAGED_LINES.insert(), [dict(zip(columns, row, strict=True)) for row in batch])


def _copy(session: Session, rows: Iterator[StagedRow]) -> None:
    source = CopySource(rows)
    cursor = session.connection().connection.cursor()
    try:
        cursor.copy_expert(f"COPY {STAGED_LINES.name} FROM STDIN", source)
    finally:
        cursor.close()
    if source.error is not None:
        raise source.error


class CopySource:
    """The rows as the text that COPY reads. An error in a row ends the text, to be raised after COPY has returned:
    psycopg2 would turn it, and a Ctrl-C too, into an error of the database."""

    def __init__(self, rows: Iterator[StagedRow]) -> None:
        self._rows = rows
        self.error: BaseException | None = None

    def read(self, _size: int = -1) -> str:
        try:
            return "".join(map(_copy_line, islice(self._rows, 500)))
        except BaseException as error:
            self.error = error
            return ""

    def readline(self) -> str:  # psycopg2 wants it to be there
        raise NotImplementedError


def _copy_line(row: StagedRow) -> str:
    return "\t".join(r"\N" if value is None else _copy_value(value) for value in row) + "\n"


def _copy_value(value: int | date | str) -> str:
    text = str(value)
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _stage_categories(session: Session, user: User, result: ImportResult) -> None:
    names = session.scalars(select(STAGED_LINES.c.category).distinct()).all()
    ids, result.new_categories = ensure_categories(session, user, names)
    if ids:
        rows = [{"name": name, "category_id": category_id} for name, category_id in ids.items()]
        session.connection().execute(STAGED_CATEGORIES.insert(), rows)


def _merge(session: Session, user: User) -> int:
    """Insert what is new. Equal lines of a day are told apart by their number: the second coffee is another one."""
    number = func.row_number().over(partition_by=STAGED_LINES.c.content, order_by=STAGED_LINES.c.line)
    of_content = STAGED_LINES.c.content.concat(".").concat(cast(number, String))
    staged = select(STAGED_LINES, func.coalesce(STAGED_LINES.c.fingerprint, of_content).label("identity")).subquery()
    was_deleted = (
        select(DeletedExpense.user_id)
        .where(DeletedExpense.user_id == user.id, DeletedExpense.fingerprint == staged.c.identity)
        .exists()
    )
    columns = {
        "user_id": literal(user.id, BigInteger),
        "category_id": STAGED_CATEGORIES.c.category_id,
        "amount": staged.c.amount,
        "description": staged.c.description,
        "account": staged.c.account,
        "spent_on": staged.c.spent_on,
        "fingerprint": staged.c.identity,
        "created_at": literal(now(), Expense.created_at.type),
    }
    new = (
        select(*columns.values())
        .join_from(staged, STAGED_CATEGORIES, STAGED_CATEGORIES.c.name == staged.c.category)
        .where(~was_deleted)
        .order_by(staged.c.line)
    )
    inserted = session.connection().execute(
        insert_into(session, Expense).from_select(list(columns), new).on_conflict_do_nothing()
    )
    return int(inserted.rowcount)


def explain_bad_lines(file: BankFile, result: ImportResult) -> str:
    """Where the file is wrong and why, the first ten lines of it."""
    count = "1 line" if result.bad_count == 1 else f"{result.bad_count:,} lines"
    told = [f"  {bad}" for bad in result.bad]
    more = result.bad_count - len(result.bad)
    rest = [f"  and {more:,} more"] if more else []
    return "\n".join([f"{file.path.name} was not imported, {count} cannot be read:", *told, *rest])
