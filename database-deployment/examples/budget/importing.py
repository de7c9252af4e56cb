"""From a bank's file to expenses: all of it or nothing, and a line that is known already does not count again.

The lines go into a temporary table first, by the fastest way that the database has. One set-based statement then
moves what is new into `expenses`, so a file of a million lines costs a few statements and little memory.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from io import StringIO
from itertools import islice

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
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
from budget.models import NO_CATEGORY, Category, DeletedExpense, Expense, User, fold, now
from budget.upsert import insert_into
from budget.users import set_currency

BAD_LINES_SHOWN = 10
ROWS_AT_A_TIME = 500  # more are not faster
SQLITE_CACHE = 64_000  # kilobytes; the usual two megabytes hold a small part of the indexes of many expenses

_temporary = MetaData()
STAGED_LINES = Table(
    "import_lines",
    _temporary,
    # The key on SQLite is the order in which the rows are kept: the insert need not sort them.
    Column("line", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
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
STAGED_NUMBERS = Table(
    "import_numbers",
    _temporary,
    Column("line", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
STAGED_CATEGORIES = Table(
    "import_categories",
    _temporary,
    Column("name", Text, primary_key=True),
    Column("category_id", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)

StagedRow = tuple[int, str, int, str, str, str, str, str, str | None]


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
    staged = _add_up(session, result)
    _number_equal_lines(session)
    made = _stage_categories(session, user)
    with _room_for_indexes(connection):
        result.added = _insert(session, user)
    result.known = staged - result.added
    result.new_categories = _keep_used(session, user, made)
    _temporary.drop_all(connection)
    return result


def _spending(
    lines: Iterable[SpendingLine | SkippedLine | BadLine], account: str, result: ImportResult
) -> Iterator[StagedRow]:
    latest = date.today() + A_YEAR  # noqa: DTZ011 - a day on the user's calendar
    for line in lines:
        if isinstance(line, SpendingLine):
            if line.spent_on <= latest:
                yield _staged_row(line, line.account or account)
                continue
            line = BadLine(line.number, "date", f"{line.spent_on}", "is in the future: are its parts in this order?")
        if isinstance(line, BadLine):
            result.bad_count += 1
            if len(result.bad) < BAD_LINES_SHOWN:
                result.bad.append(line)
        else:
            result.skipped[line.reason] += 1


def _staged_row(line: SpendingLine, account: str) -> StagedRow:
    number, spent_on, amount, description, category, _, fingerprint = line
    day = spent_on.isoformat()
    cents = int(amount * 100)
    content = f"{account}\x1f{day}\x1f{cents}\x1f{description}"
    digest = blake2b(content.encode(), digest_size=16).hexdigest()
    return number, day, cents, description, fold(description), account, category or NO_CATEGORY, digest, fingerprint


def _stage(session: Session, rows: Iterator[StagedRow]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, rows)
        return
    # The driver's own statement takes the rows as they are: SQLAlchemy's would want a dictionary for each of them.
    insert = str(STAGED_LINES.insert().compile(session.connection()))
    while batch := list(islice(rows, ROWS_AT_A_TIME)):
        session.connection().exec_driver_sql(insert, batch)


def _copy(session: Session, rows: Iterator[StagedRow]) -> None:
    source = CopySource(rows)
    connection = session.connection()
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(
            # CSV has no sign of its own for what is NULL: only a fingerprint may be that, other texts are empty.
            f"COPY {STAGED_LINES.name} FROM STDIN (FORMAT csv, FORCE_NOT_NULL (description, search_text, account))",
            source,
        )
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
    """The rows as the CSV that COPY reads. An error in a row ends the text, to be raised after COPY has returned:
    psycopg2 would turn it, and a Ctrl-C too, into an error of the database."""

    def __init__(self, rows: Iterator[StagedRow]) -> None:
        self._rows = rows
        self.error: BaseException | None = None

    def read(self, _size: int = -1) -> str:
        text = StringIO()
        try:
            csv.writer(text).writerows(islice(self._rows, ROWS_AT_A_TIME))
        except BaseException as error:
            self.error = error
            return ""
        return text.getvalue()

    def readline(self) -> str:  # psycopg2 wants it to be there
        raise NotImplementedError


def _add_up(session: Session, result: ImportResult) -> int:
    """How many lines of spending the file has; `result` hears from when they are and what they come to."""
    lines = STAGED_LINES.c
    count, first, last, cents = session.execute(
        select(func.count(), func.min(lines.spent_on), func.max(lines.spent_on), func.sum(lines.amount))
    ).one()
    if count:
        result.first, result.last, result.spent = first, last, Decimal(cents).scaleb(-2)
    return int(count)


def _number_equal_lines(session: Session) -> None:
    """Equal lines of a day are told apart by their number: the second coffee is another one.

    Few lines have an equal one: only these are numbered, so that not every line has to be sorted.
    """
    each = STAGED_LINES.alias()
    repeated = select(each.c.content).group_by(each.c.content).having(func.count() > 1)
    number = func.row_number().over(partition_by=STAGED_LINES.c.content, order_by=STAGED_LINES.c.line)
    numbers = select(STAGED_LINES.c.line, number).where(STAGED_LINES.c.content.in_(repeated))
    session.connection().execute(STAGED_NUMBERS.insert().from_select(["line", "number"], numbers))


def _stage_categories(session: Session, user: User) -> list[str]:
    """Make the categories of the file that the user does not have, and return their names."""
    names = session.scalars(select(STAGED_LINES.c.category).distinct()).all()
    ids, made = ensure_categories(session, user, names)
    if ids:
        rows = [{"name": name, "category_id": category_id} for name, category_id in ids.items()]
        session.connection().execute(STAGED_CATEGORIES.insert(), rows)
    return made


def _keep_used(session: Session, user: User, made: list[str]) -> list[str]:
    """Of the categories that were made for the file, remove those of which every line was known already."""
    if not made:
        return []
    used = select(Expense.id).where(Expense.user_id == user.id, Expense.category_id == Category.id).exists()
    unused = session.scalars(select(Category).where(Category.user_id == user.id, ~used))
    new = set(made)
    superfluous = {category.name: category for category in unused if category.name in new}
    for category in superfluous.values():
        session.delete(category)
    session.flush()
    return [name for name in made if name not in superfluous]


def _new_lines(user: User) -> Subquery:
    """The staged lines that the user neither has nor has deleted, each with its fingerprint."""
    number = func.coalesce(STAGED_NUMBERS.c.number, 1)
    of_content = STAGED_LINES.c.content.concat(".").concat(cast(number, String))
    staged = (
        select(STAGED_LINES, func.coalesce(STAGED_LINES.c.fingerprint, of_content).label("identity"))
        .outerjoin_from(STAGED_LINES, STAGED_NUMBERS, STAGED_NUMBERS.c.line == STAGED_LINES.c.line)
        .subquery()
    )
    known = [
        select(table.user_id).where(table.user_id == user.id, table.fingerprint == staged.c.identity).exists()
        for table in (Expense, DeletedExpense)
    ]
    return select(staged).where(*(~each for each in known)).subquery()


@contextmanager
def _room_for_indexes(connection: Connection) -> Iterator[None]:
    """Fingerprints come in no order: SQLite would read the same pages of their index from the disk again and again.

    After an error it stays so: the connection may be lost then, and it is only how much the cache may grow.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{SQLITE_CACHE}")
    yield
    connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")


def _insert(session: Session, user: User) -> int:
    new = _new_lines(user)
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
