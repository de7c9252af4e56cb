"""L7, the budget tracker: what was spent, from a bank's export to a report, on SQLite or PostgreSQL.

    python budget-tracker.py demo
    python budget-tracker.py import bank.csv
    python budget-tracker.py report --month 2025-12

Without DATABASE_URL the data is in budget.db in the current folder.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "sqlalchemy>=2.1.9,<2.2",
#     "psycopg2-binary>=2.9.13,<2.10",
#     "python-dotenv>=1.2.4,<2",
#     "alembic>=1.20.1,<2",
#     "typer>=0.29.2,<1",
#     "rich>=15.0,<16",
#     "matplotlib>=3.11,<4",
# ]
# ///

import csv
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TextIO, TypeVar

import typer
from rich.text import Text
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from budget import reporting, schema, service
from budget.bank import ReadingOptions, open_bank_file, parse_columns
from budget.errors import BudgetError
from budget.explaining import explain
from budget.exporting import export_expenses, written_whole
from budget.importing import ImportResult, import_expenses
from budget.models import User
from budget.periods import Period, month_of, read_month, read_year
from budget.reporting import make_report
from budget.terminal import describe_import, import_progress, make_console, money, print_report
from database import create_database_engine, database_url, migration_url, run_transaction, transaction

Result = TypeVar("Result")
DEFAULT_DATABASE = "sqlite:///budget.db"
INTERRUPTED = 130  # the exit code after Ctrl-C
SAMPLE = Path(schema.__file__).with_name("sample")

app = typer.Typer(
    help="What was spent, on what, and what is left of the budget.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
category_app = typer.Typer(help="The categories of your expenses.", no_args_is_help=True)
budget_app = typer.Typer(help="What may be spent on a category in a month.", no_args_is_help=True)
app.add_typer(category_app, name="category")
app.add_typer(budget_app, name="budget")
console = make_console()


# --- The unit of work: opened here, and by nobody else


class Tracker:
    """The database of one command and the user that it is for."""

    email = "me@localhost"
    url: URL | None = None

    def write(self, work: Callable[[Session, User], Result], *, may_take_long: bool = False) -> Result:
        """`work` in one transaction that is saved as a whole. Creates the user on first use."""

        def unit(session: Session) -> Result:
            schema.require_newest(session)
            return work(session, service.find_or_create_user(session, self.email))

        with self._engine() as engine:
            return run_transaction(engine, unit, statement_timeout=0 if may_take_long else None)

    def read(self, work: Callable[[Session, User], Result]) -> Result:
        """`work` in a transaction that the database itself keeps read-only."""
        with self._engine() as engine, transaction(engine, read_only=True) as session:
            schema.require_newest(session)
            return work(session, service.find_user(session, self.email))

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        """An engine for one command; a new SQLite file gets its schema."""
        self.url = self.url or database_url(default=DEFAULT_DATABASE)
        engine = create_database_engine(self.url, connections=1)
        try:
            schema.upgrade_if_new(engine)
            yield engine
        finally:
            engine.dispose()


tracker = Tracker()


@app.callback()
def choose_user(
    user: Annotated[
        str, typer.Option(envvar="BUDGET_USER", metavar="EMAIL", help="Whose budget it is.")
    ] = Tracker.email,
) -> None:
    tracker.email = user


# --- A look at it


@app.command()
def demo() -> None:
    """Show what it does: a year of a household's expenses, imported into a database of its own."""
    tracker.url = URL.create("sqlite", database=str(Path(tempfile.mkdtemp(prefix="budget-demo-")) / "budget.db"))
    for name in ("checking-account.csv", "credit-card.csv", "cash-and-app.csv"):
        opened = open_bank_file(SAMPLE / name, ReadingOptions())
        result = tracker.write(lambda session, user, file=opened: import_expenses(session, user, file))  # type: ignore[misc]
        console.print(Text(describe_import(opened, result, None)[0]))
    period = read_year("2025")
    tracker.write(lambda session, user: set_sample_budgets(session, user, period))
    found = tracker.read(lambda session, user: make_report(session, user, read_month("2025-12")))
    console.print()
    print_report(console, found)
    program = f"{sys.orig_argv[0]} {sys.argv[0]}"
    console.print(Text(f"\nLook further:\n  export DATABASE_URL={tracker.url}"), soft_wrap=True)
    for command in ("report --year 2025", "report --month 2025-08 --plot august.png", "export expenses.csv"):
        console.print(Text(f"  {program} {command}"), soft_wrap=True)


def set_sample_budgets(session: Session, user: User, period: Period) -> None:
    with (SAMPLE / "budgets.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            chosen = service.get_category(session, user, row["category"])
            for month in period.months:
                service.set_budget(session, user, chosen, month, service.read_amount(row["amount"]))


# --- Bringing data in and out


Order = Literal["day-first", "month-first"]
Mark = Literal["comma", "point"]
Sign = Literal["negative", "positive"]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="What your bank or your app gives you.")],
    columns: Annotated[
        str | None,
        typer.Option("--map", metavar="ROLE=COLUMN,...", help="Where a column is not found: date=Datum,amount=Betrag"),
    ] = None,
    dates: Annotated[Order | None, typer.Option(help="How to read 03/04/2025.")] = None,
    decimal: Annotated[Mark | None, typer.Option(help="How to read 1.234 or 1,234.")] = None,
    spending: Annotated[Sign | None, typer.Option(help="Which amounts are spending.")] = None,
    currency: Annotated[str | None, typer.Option(metavar="EUR", help="The currency of the file's amounts.")] = None,
    account: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose export it is, where the file does not say: tells two cards apart."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="cp1250", help="The encoding, where letters come out wrong.")
    ] = None,
) -> None:
    """Read the expenses of a bank's export: all of them, or none. Safe to repeat.

    Example: budget-tracker.py import january.csv --dates day-first
    """
    options = ReadingOptions(
        columns=parse_columns(columns) if columns else {},
        dates=dates,
        decimal=decimal,
        spending=spending,
        encoding=encoding,
    )
    default_account = service.read_name(account) if account else ""
    with import_progress("Looking at", file) as progress:
        opened = open_bank_file(file, options, progress)

    def work(session: Session, user: User) -> tuple[ImportResult, str | None]:
        if currency:
            service.set_currency(session, user, currency)
        with import_progress("Importing", file) as progress:
            return import_expenses(session, user, opened, default_account, progress), user.currency

    result, its_currency = tracker.write(work, may_take_long=True)
    for line in describe_import(opened, result, its_currency):
        console.print(Text(line))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file to write, or - for the screen.")],
) -> None:
    """Write all your expenses to a CSV file, which `import` reads back. Budgets are not part of it.

    Example: budget-tracker.py export expenses.csv
    """
    if str(file) == "-":
        for_programs(sys.stdout)
        tracker.read(lambda session, user: export_expenses(session, user, sys.stdout))
        return
    with written_whole(file) as stream:
        count = tracker.read(lambda session, user: export_expenses(session, user, stream))
    console.print(Text(f"{'1 expense' if count == 1 else f'{count:,} expenses'} written to {file}"))


# --- Reports


@app.command()
def report(
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="This month by default.")] = None,
    year: Annotated[str | None, typer.Option(metavar="YYYY")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png|svg", help="Draw it into a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
) -> None:
    """What was spent on each category, beside its budget.

    Example: budget-tracker.py report --month 2025-12 --plot december.png
    """
    if (month and year) or (as_json and as_csv):
        raise BudgetError("Choose one: --month or --year, --json or --csv")
    period = read_year(year) if year else read_month(month) if month else month_of(date.today())  # noqa: DTZ011
    found, days = tracker.read(
        lambda session, user: (make_report(session, user, period), reporting.days_with_expenses(session, user))
    )
    if as_json or as_csv:
        for_programs(sys.stdout)
    if as_json:
        reporting.write_json(found, sys.stdout)
    elif as_csv:
        reporting.write_csv(found, sys.stdout)
    else:
        print_report(console, found)
        if not found.expenses:
            console.print(Text(where_to_look(days)))
    if plot:
        from budget.plotting import plot_report  # takes a second that no other command should pay

        plot_report(found, plot)
        print(f"drawn into {plot}", file=sys.stderr)


def where_to_look(days: tuple[date, date] | None) -> str:
    if days is None:
        return "There are no expenses yet. `import FILE.csv` reads what your bank gives you."
    return f"Your expenses are from {days[0]} to {days[1]}: try --month {days[1]:%Y-%m}"


# --- Categories and budgets


@category_app.command("add")
def category_add(name: str) -> None:
    """Add a category. Example: budget-tracker.py category add "Eating out" """
    added = tracker.write(lambda session, user: service.add_category(session, user, name).name)
    console.print(Text(f"Added the category {added}"))


@category_app.command("list")
def category_list() -> None:
    """List your categories."""
    for name in tracker.read(lambda session, user: [each.name for each in service.list_categories(session, user)]):
        console.print(Text(name))


@budget_app.command("set")
def budget_set(
    category: str,
    amount: str,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="This month by default.")] = None,
    year: Annotated[str | None, typer.Option(metavar="YYYY", help="Every month of a year.")] = None,
) -> None:
    """Set what may be spent on a category in a month. Example: budget-tracker.py budget set Food 400 --year 2026"""
    if month and year:
        raise BudgetError("Choose one: --month or --year")
    period = read_year(year) if year else read_month(month) if month else month_of(date.today())  # noqa: DTZ011
    planned = service.read_amount(amount)

    def work(session: Session, user: User) -> str:
        chosen = service.get_category(session, user, category)
        for each in period.months:
            service.set_budget(session, user, chosen, each, planned)
        return chosen.name

    name = tracker.write(work)
    console.print(Text(f"{name}: {money(planned)} for {'each month of ' if year else ''}{period.label}"))


@budget_app.command("list")
def budget_list(
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="This month by default.")] = None,
) -> None:
    """List the budgets of a month."""
    period = read_month(month) if month else month_of(date.today())  # noqa: DTZ011
    budgets = tracker.read(lambda session, user: service.list_budgets(session, user, period.first))
    if not budgets:
        console.print(Text(f"No budgets for {period.label}. `budget set CATEGORY AMOUNT` makes one."))
    for name, amount in budgets:
        console.print(Text(f"{name:<24} {money(amount):>12}"))


# --- The database


@app.command()
def migrate() -> None:
    """Bring the database's schema to the newest revision, over the direct connection. Safe to repeat."""
    tracker.url = migration_url(default=DEFAULT_DATABASE)
    engine = create_database_engine(tracker.url)
    try:
        schema.upgrade(engine)
    finally:
        engine.dispose()
    console.print(Text(f"The schema is at revision {schema.NEWEST}"))


def for_programs(stream: TextIO) -> None:
    """UTF-8 and plain line ends, whatever the terminal is."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="\n")


def for_people(stream: TextIO) -> None:
    """A letter that the terminal does not have becomes a question mark, and not an error after the work is done."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def main() -> None:
    for_people(sys.stdout)
    for_people(sys.stderr)
    try:
        app()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            print("Stopped. What was not finished was not saved", file=sys.stderr)
        raise
    except Exception as error:
        explained = explain(error, tracker.url)
        if explained is None:
            raise
        message, code = explained
        print(message, file=sys.stderr)
        sys.exit(code)


if __name__ == "__main__":
    main()
