"""L2, models as code: tables that keep money and moments as they were, and refuse what must not be."""

import contextlib
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from .checking import NotYet, check
from .common import page_checks, script_checks
from .work import Work, amount_for, amount_of, same_row, takes_cents

with contextlib.suppress(ImportError):  # where it is missing, the script itself says so
    import sqlalchemy as sa

SCRIPT = "examples/expense-models.py"
IN_BERLIN = datetime(2026, 3, 2, 12, 30, tzinfo=timezone(timedelta(hours=1)))

script_checks("L2", SCRIPT)


@check("L2", after="L2_address", inside=SCRIPT)
def makes_the_tables(work: Work) -> None:
    """`Category` and `Expense` make their tables in an empty database"""
    work.create_tables("Category", "Expense")
    there = set(sa.inspect(work.engine).get_table_names())
    missing = {work.table(name).name for name in ("Category", "Expense")} - there
    if missing:
        raise NotYet(f"create_all made no table {', '.join(missing)}", "give both classes one Base")
    work.insert("Category")
    work.insert("Expense")


@check("L2", after="makes_the_tables", inside=SCRIPT)
def sums_exactly(work: Work) -> None:
    """three times 0.10 is exactly 0.30, summed and compared by the database"""
    work.create_tables("Category", "Expense")
    column = work.amount_column("Expense")
    for _ in range(3):
        work.insert("Expense", {column.key: amount_for(column, Decimal("0.10"))})
    total = sa.func.sum(column)
    with work.engine.connect() as connection:
        summed, is_exact = connection.execute(sa.select(total, total == amount_for(column, Decimal("0.30")))).one()
    if not is_exact:
        raise NotYet(
            f"the database says that 0.10 + 0.10 + 0.10 is not 0.30 ({type(column.type).__name__})",
            "keep whole cents: a type of your own around BigInteger, as the lesson's Money",
        )
    if amount_of(column, summed) != Decimal("0.30"):
        raise NotYet(f"the sum comes back as {summed!r}", "turn what is read into a Decimal again")


@check("L2", after="makes_the_tables", inside=SCRIPT)
def loses_nothing_of_a_float(work: Work) -> None:
    """an amount given as a float is refused, or nothing of it is lost"""
    work.create_tables("Category", "Expense")
    column = work.amount_column("Expense")
    for number in (0.29, 19.99):
        given = number * 100 if takes_cents(column) else number
        read = save(work, "Expense", column, given)
        if read is not None and abs(amount_of(column, read) - Decimal(str(number))) > Decimal("0.000001"):
            raise NotYet(
                f"{number} was saved, and is read back as {read}", "let your type refuse a float: raise ValueError"
            )


@check("L2", after="makes_the_tables", inside=SCRIPT)
def keeps_a_moment(work: Work) -> str | None:
    """a moment comes back as the same moment, with its time zone"""
    work.create_tables("Category", "Expense")
    moments = [
        (name, column)
        for name in ("Category", "Expense")
        for column in work.table(name).columns
        if work.is_moment(column)
    ]
    for name, column in moments:
        read = save(work, name, column, IN_BERLIN)
        if read is None:
            raise NotYet(f"{column} refuses {IN_BERLIN}", "let it take a moment with a time zone")
        if read.tzinfo is None or read != IN_BERLIN:
            raise NotYet(
                f"{column}: {IN_BERLIN} is read back as {read}",
                "convert to UTC on the way in, and give it its zone on the way out: the lesson's UTCDateTime",
            )
        naive = IN_BERLIN.replace(tzinfo=None)
        read = save(work, name, column, naive)
        if read is not None and read.replace(tzinfo=None) != naive:
            raise NotYet(
                f"{column}: {naive} without a zone is read back as {read}",
                "refuse a moment without a zone: nobody knows which one it is",
            )
    return None if moments else "no column holds a moment, so there was nothing to check"


@check("L2", after="makes_the_tables", inside=SCRIPT)
def needs_an_amount(work: Work) -> None:
    """the database refuses an expense without an amount"""
    work.create_tables("Category", "Expense")
    column = work.amount_column("Expense")
    work.insert("Expense")
    try:
        with work.engine.begin() as connection:
            connection.execute(sa.update(column.table).values({column.key: sa.null()}))
    except sa.exc.IntegrityError:
        return
    raise NotYet(f"an expense without {column.key} was saved", f"make {column.key} NOT NULL: Mapped[...] without None")


@check("L2", after="makes_the_tables", inside=SCRIPT)
def needs_another_name(work: Work) -> None:
    """the database refuses a second category of the same name"""
    work.create_tables("Category", "Expense")
    column = work.text_column("Category", "name", "title", "label")
    first = work.insert("Category", {column.key: "Food"})
    second = {key: value for key, value in first.items() if is_copied(column.table, key)}
    try:
        work.insert("Category", second)
    except sa.exc.IntegrityError:
        return
    raise NotYet("there are two categories Food now", f"make {column.key} unique: mapped_column(..., unique=True)")


def is_copied(table: "sa.Table", key: str) -> bool:
    """Whether a second row of the same owner has the same value there."""
    return key in table.columns and not (table.columns[key].primary_key and not table.columns[key].foreign_keys)


def save(work: Work, name: str, column: "sa.Column[Any]", value: Any) -> Any:
    """What a second connection reads of this value; None where the class, its type or the database refused it."""
    table = work.table(name)
    row = work.complete(table, {column.key: value})
    model = work.model(table)
    try:
        saved = save_object(work, model, row) if model is not None else work.insert(name, row)
    except Exception:
        return None
    found = next(each for each in work.rows(name) if same_row(each, saved))
    return found[column.key]


def save_object(work: Work, model: type, row: dict[str, Any]) -> dict[str, Any]:
    mapper: Any = sa.inspect(model)
    values = {mapper.get_property_by_column(mapper.local_table.columns[key]).key: value for key, value in row.items()}
    with work.session() as session:
        try:
            made = model(**values)
        except TypeError:  # a class that wants its relationships too
            return work.insert_into(mapper.local_table, row, ())
        session.add(made)
        session.commit()
        keys = mapper.primary_key_from_instance(made)
    names = [column.key for column in mapper.local_table.primary_key]
    return {**row, **dict(zip(names, keys, strict=True)), "__table__": mapper.local_table}


page_checks("L2", "references/models.md", 1, "models")
