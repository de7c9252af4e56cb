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
    Subquery,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from budget.bank import BadLine, BankFile, SkippedLine, SkipReason, SpendingLine
from budget.categories import ensure_categories
from budget.errors import ImportRefused
from budget.inputs import A_YEAR
from budget.models import NO_CATEGORY, DeletedExpense, Expense, User, fold, now
from budget.upsert import insert_into
from budget.users import set_currency

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
    Column("search_text", Text, nullable=False),
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

StagedRow = tuple[int, date, int, str, str, str, str, str, str | None]


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
    session: Session,
    user: User,
    file: BankFile,
    account: str = "",
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Bring the spending of `file` into the user's expenses. Raises ImportRefused, and nothing is saved then.

    account: whose lines they are where the file does not say it.
    """
    if file.currency:
        set_currency(session, user, file.currency)
    elif user.currency and file.possible_currencies and user.currency not in file.possible_currencies:
        raise ImportRefused(
            f"Your amounts are in {user.currency}, and {file.path.name} carries the sign of another currency"
        )
    result = ImportResult()
    connection = session.connection()
    _temporary.drop_all(connection)  # left over where one session imports twice
    _temporary.create_all(connection, checkfirst=False)
    if connection.dialect.name == "postgresql":
        # Another import of the same lines holds them until it is done, and that may take minutes.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
    _stage(session, _spending(file.lines(progress), account, result))
    if result.bad_count:
        raise ImportRefused(explain_bad_lines(file, result))
    new = _new_lines(user)
    _stage_categories(session, user, new, result)
    staged = session.scalar(select(func.count()).select_from(STAGED_LINES)) or 0
    result.added = _insert(session, user, new)
    result.known = staged - result.added
    _temporary.drop_all(connection)
    return result


def _spending(
    lines: Iterable[SpendingLine | SkippedLine | BadLine], account: str, result: ImportResult
) -> Iterator[StagedRow]:
    latest = date.today() + A_YEAR  # noqa: DTZ011 - a day on the user's calendar
    for line in lines:
        if isinstance(line, SpendingLine) and line.spent_on > latest:
            line = BadLine(line.number, "date", f"{line.spent_on}", "is in the future: are its parts in this order?")
        if isinstance(line, SpendingLine):
            result.spent += line.amount
            result.first = min(result.first or line.spent_on, line.spent_on)
            result.last = max(result.last or line.spent_on, line.spent_on)
            yield _staged_row(line, line.account or account)
        elif isinstance(line, BadLine):
            result.bad_count += 1
            if len(result.bad) < BAD_LINES_SHOWN:
                result.bad.append(line)
        else:
            result.skipped[line.reason] += 1


def _staged_row(line: SpendingLine, account: str) -> StagedRow:
    cents = int(line.amount.scaleb(2))
    content = "\x1f".join((account, line.spent_on.isoformat(), str(cents), line.description))
    digest = blake2b(content.encode(), digest_size=16).hexdigest()
    category = line.category or NO_CATEGORY
    return (
        line.number,
        line.spent_on,
        cents,
        line.description,
        fold(line.description),
        account,
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
    connection = session.connection()
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY {STAGED_LINES.name} FROM STDIN", source)
    except connection.dialect.loaded_dbapi.Error as error:  # SQLAlchemy sees only what goes through its own execute()
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from None
        lost = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
        if lost:
            connection.invalidate(error)
        raise OperationalError("COPY", None, error, hide_parameters=True, connection_invalidated=lost) from error
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


def _new_lines(user: User) -> Subquery:
    """The staged lines that the user neither has nor has deleted, each with its fingerprint.

    Equal lines of a day are told apart by their number: the second coffee is another one.
    """
    number = func.row_number().over(partition_by=STAGED_LINES.c.content, order_by=STAGED_LINES.c.line)
    of_content = STAGED_LINES.c.content.concat(".").concat(cast(number, String))
    staged = select(STAGED_LINES, func.coalesce(STAGED_LINES.c.fingerprint, of_content).label("identity")).subquery()
    known = [
        select(table.user_id).where(table.user_id == user.id, table.fingerprint == staged.c.identity).exists()
        for table in (Expense, DeletedExpense)
    ]
    return select(staged).where(*(~each for each in known)).subquery()


def _stage_categories(session: Session, user: User, new: Subquery, result: ImportResult) -> None:
    names = session.scalars(select(new.c.category).distinct()).all()
    ids, result.new_categories = ensure_categories(session, user, names)
    if ids:
        rows = [{"name": name, "category_id": category_id} for name, category_id in ids.items()]
        session.connection().execute(STAGED_CATEGORIES.insert(), rows)


def _insert(session: Session, user: User, new: Subquery) -> int:
    columns = {
        "user_id": literal(user.id, BigInteger),
        "category_id": STAGED_CATEGORIES.c.category_id,
        "amount": new.c.amount,
        "description": new.c.description,
        "search_text": new.c.search_text,
        "account": new.c.account,
        "spent_on": new.c.spent_on,
        "fingerprint": new.c.identity,
        "created_at": literal(now(), Expense.created_at.type),
    }
    rows = (
        select(*columns.values())
        .join_from(new, STAGED_CATEGORIES, STAGED_CATEGORIES.c.name == new.c.category)
        .where(true())  # SQLite reads ON CONFLICT after a join as a part of the join
        .order_by(new.c.line)
    )
    inserted = session.connection().execute(
        # Another import may have brought the same lines since `new` was looked up.
        insert_into(session, Expense).from_select(list(columns), rows).on_conflict_do_nothing()
    )
    return int(inserted.rowcount)


def explain_bad_lines(file: BankFile, result: ImportResult) -> str:
    """Where the file is wrong and why, the first ten lines of it."""
    count = "1 line" if result.bad_count == 1 else f"{result.bad_count:,} lines"
    told = [f"  {bad}" for bad in result.bad]
    more = result.bad_count - len(result.bad)
    rest = [f"  and {more:,} more"] if more else []
    return "\n".join([f"{file.path.name} was not imported, {count} cannot be read:", *told, *rest])


SKIPPED: dict[SkipReason, str] = {
    "money in": "with money coming in",
    "zero": "of 0.00",
    "balance": "with a balance",
    "not booked": "not booked yet",
    "no booking": "without a booking",
}


def describe_import(file: BankFile, result: ImportResult, currency: str | None) -> list[str]:
    """What came of it, in one line; then what a person should know of how the file was read."""
    expenses = "1 new expense" if result.added == 1 else f"{result.added:,} new expenses"
    lines = [f"{file.path.name}: {expenses}"]
    if result.known:
        lines[0] += f", {result.known:,} known already"
    if result.first and result.last:
        lines[0] += f" ({result.first} to {result.last}, {result.spent:,.2f} {currency or ''}".rstrip() + ")"
    if result.skipped:
        counts = [f"{count:,} {SKIPPED[reason]}" for reason, count in result.skipped.most_common()]
        lines.append(f"  lines that are no spending: {', '.join(counts)}")
    if result.new_categories:
        lines.append(f"  new categories: {', '.join(result.new_categories)}")
    return lines + [f"  {each}" for each in file.describe()]
