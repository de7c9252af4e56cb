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
#     "typer>=0.28,<0.29",
#     "rich>=15.0,<16",
#     "matplotlib>=3.11,<4",
# ]
# ///

# Before all others, which it makes quicker.
from budget import start  # isort: split

import codecs
import io
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TextIO, TypeVar
from uuid import uuid4

import typer
from rich.text import Text
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from budget import budgets, categories, expenses, inputs, listing, schema
from budget.console import import_progress, make_console, money
from budget.errors import BudgetError
from budget.expense_table import print_expenses
from budget.explaining import explain, place_of
from budget.listing import ExpenseRow, Wanted
from budget.models import User
from budget.periods import Period, month_of, read_month, read_year
from budget.users import find_or_create_user, find_user, set_currency
from budget.wording import count_of
from database import (
    CommitOutcomeUnknown,
    create_database_engine,
    database_url,
    migration_url,
    run_transaction,
    transaction,
)

# What only one command needs is imported in that command, so that the others start quickly.

Result = TypeVar("Result")
DEFAULT_DATABASE = "sqlite:///budget.db"
INTERRUPTED = 130  # the exit code after Ctrl-C
ROWS_ON_A_PAGE = 20
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

    def write(
        self,
        work: Callable[[Session, User], Result],
        *,
        counts_once: bool = False,
        may_take_long: bool = False,
    ) -> Result:
        """`work` in one transaction that is saved as a whole. Creates the user on first use.

        counts_once: done twice it changes nothing more, so it is done again when the answer to COMMIT was lost.
        """

        def unit(session: Session) -> Result:
            schema.require_newest(session)
            return work(session, find_or_create_user(session, self.email))

        statement_timeout = 0 if may_take_long else None
        with self._engine() as engine:
            try:
                return run_transaction(engine, unit, statement_timeout=statement_timeout)
            except CommitOutcomeUnknown:
                if not counts_once:
                    raise
                return run_transaction(engine, unit, statement_timeout=statement_timeout)

    def read(self, work: Callable[[Session, User], Result], *, may_take_long: bool = False) -> Result:
        """`work` in a transaction that the database itself keeps read-only."""
        statement_timeout = 0 if may_take_long else None
        with (
            self._engine() as engine,
            transaction(engine, read_only=True, statement_timeout=statement_timeout) as session,
        ):
            schema.require_newest(session)
            return work(session, find_user(session, self.email))

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


# --- What several commands take


def category_names() -> list[str]:
    """For the completion of the shell, which wants names or nothing, and never an error."""
    try:
        return tracker.read(lambda session, user: [each.name for each in categories.list_categories(session, user)])
    except Exception:
        return []


CategoryName = Annotated[str, typer.Argument(metavar="CATEGORY", autocompletion=category_names)]
Month = Annotated[str | None, typer.Option(metavar="YYYY-MM", help="This month by default.")]
Year = Annotated[str | None, typer.Option(metavar="YYYY", help="A whole year.")]
Account = Annotated[str | None, typer.Option(metavar="NAME", help="The account or card that paid.")]
RequestKey = Annotated[
    str | None, typer.Option(metavar="KEY", help="A name for this request: sent again, it counts once.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")]


def today() -> date:
    return date.today()  # noqa: DTZ011 - the day on the user's calendar


def chosen_period(month: str | None, year: str | None) -> Period:
    return optional_period(month, year) or month_of(today())


def optional_period(month: str | None, year: str | None) -> Period | None:
    if month is not None and year is not None:
        raise BudgetError("Choose one: --month or --year")
    return read_year(year) if year is not None else read_month(month) if month is not None else None


def chosen_key(key: str | None) -> str:
    return uuid4().hex if key is None else inputs.read_key(key)


def this_program() -> str:
    """How it was called, to be pasted in front of another command."""
    user = [] if tracker.email == Tracker.email else ["--user", tracker.email]
    return shlex.join([sys.orig_argv[0], sys.argv[0], *user])


def say(*lines: str) -> None:
    for line in lines:
        console.print(Text(line), soft_wrap=True)


# --- A look at it


@app.command()
def demo() -> None:
    """Show what it does: a year of a household's expenses, imported into a database of its own.

    Example: budget-tracker.py demo
    """
    import csv
    import tempfile

    from budget.bank import ReadingOptions, open_bank_file
    from budget.importing import describe_import, import_expenses
    from budget.reporting import make_report
    from budget.terminal import print_report

    tracker.url = URL.create("sqlite", database=str(Path(tempfile.mkdtemp(prefix="budget-demo-")) / "budget.db"))
    for name in ("checking-account.csv", "credit-card.csv", "cash-and-app.csv"):
        opened = open_bank_file(SAMPLE / name, ReadingOptions())
        result = tracker.write(lambda session, user, file=opened: import_expenses(session, user, file))  # type: ignore[misc]
        say(describe_import(opened, result, None)[0])

    def set_sample_budgets(session: Session, user: User) -> None:
        with (SAMPLE / "budgets.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                chosen = categories.get_category(session, user, row["category"])
                for month in read_year("2025").months:
                    budgets.set_budget(session, user, chosen, month, inputs.read_amount(row["amount"]))

    tracker.write(set_sample_budgets)
    found = tracker.read(lambda session, user: make_report(session, user, read_month("2025-12")))
    console.print()
    print_report(console, found)
    say(f"\nLook further:\n  export DATABASE_URL={tracker.url}")
    for command in ("list --contains market", "report trend --year 2025", "report --month 2025-08 --plot august.png"):
        say(f"  {this_program()} {command}")


# --- Expenses


@app.command()
def add(
    what: Annotated[
        list[str],
        typer.Argument(metavar="AMOUNT CATEGORY DESCRIPTION ...", help="One expense, or several after each other."),
    ],
    on: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Or today, or yesterday.")] = "today",
    account: Account = None,
    key: RequestKey = None,
) -> None:
    """Add what was spent: all of it, or nothing.

    Example: budget-tracker.py add 12.50 Restaurants "Lunch with Anna" 2.40 Transport Bus --on yesterday
    """
    if len(what) % 3:
        raise BudgetError('Write AMOUNT CATEGORY DESCRIPTION for each expense: add 12.50 Food "Two words"')
    day, key = inputs.read_day(on, today()), chosen_key(key)
    wanted = [
        expenses.NewExpense(
            inputs.read_amount(amount), category, description, day, f"{key}.{place}" if place else key, account or ""
        )
        for place, (amount, category, description) in enumerate(zip(*[iter(what)] * 3, strict=True))
    ]
    added = tracker.write(lambda session, user: expenses.add_expenses(session, user, wanted), counts_once=True)
    say(*(f"Added {in_words(expense)}" for expense in added))


@app.command("list")
def list_(
    contains: Annotated[str | None, typer.Option(metavar="TEXT", help="In the description, in any capitals.")] = None,
    category: Annotated[str | None, typer.Option(autocompletion=category_names)] = None,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM")] = None,
    year: Annotated[str | None, typer.Option(metavar="YYYY")] = None,
    least: Annotated[str | None, typer.Option("--min", metavar="AMOUNT")] = None,
    most: Annotated[str | None, typer.Option("--max", metavar="AMOUNT")] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=10**9, metavar="N", help=f"{ROWS_ON_A_PAGE} in the table; all with --json or --csv."),
    ] = None,
    after: Annotated[str | None, typer.Option(metavar="PLACE", help="Where the page before ended.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List expenses, the newest first.

    Example: budget-tracker.py list --contains market --year 2025 --min 5
    """
    if as_json and as_csv:
        raise BudgetError("Choose one: --json or --csv")
    period = optional_period(month, year)
    limits = [None if amount is None else inputs.read_amount(amount) for amount in (least, most)]
    place = None if after is None else listing.read_cursor(after)
    if limit is None and not (as_json or as_csv):
        limit = ROWS_ON_A_PAGE

    def work(session: Session, user: User) -> None:
        chosen = None if category is None else categories.get_category(session, user, category)
        wanted = Wanted(chosen, contains, period, *limits)
        page = listing.list_expenses(session, user, wanted, limit, place)
        if as_json:
            listing.write_json(page, for_programs())
        elif as_csv:
            listing.write_csv(page, for_programs())
        elif wanted == Wanted() and place is None and not page.expenses:
            say(where_to_look(None))
        else:
            print_expenses(console, page, user.currency)

    tracker.read(work)


@app.command()
def edit(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `list` shows it.")],
    amount: Annotated[str | None, typer.Option(metavar="AMOUNT")] = None,
    category: Annotated[str | None, typer.Option(autocompletion=category_names)] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT")] = None,
    on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")] = None,
    account: Account = None,
) -> None:
    """Change one expense: what you name, and nothing else.

    Example: budget-tracker.py edit 17 --category Gifts --description "Flowers for Anna"
    """
    changes = expenses.NewValues()
    if amount is not None:
        changes["amount"] = inputs.read_amount(amount)
    if category is not None:
        changes["category"] = category
    if description is not None:
        changes["description"] = description
    if on is not None:
        changes["spent_on"] = inputs.read_day(on, today())
    if account is not None:
        changes["account"] = account
    if not changes:
        raise BudgetError("Nothing to change: name --amount, --category, --description, --on or --account")
    edited = tracker.write(
        lambda session, user: expenses.edit_expense(session, user, number, changes), counts_once=True
    )
    say(f"Now {in_words(edited)}")


@app.command()
def delete(
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER ...", help="As `list` shows them.")],
) -> None:
    """Delete expenses: all that you name, or none. The bank's next file does not bring them back.

    Example: budget-tracker.py delete 17 18
    """
    deleted = tracker.write(lambda session, user: expenses.delete_expenses(session, user, numbers))
    say(*(f"Deleted {in_words(expense)}" for expense in deleted))
    say("To undo it:", *(f"  {this_program()} {how_to_add(expense)}" for expense in deleted))


def in_words(expense: ExpenseRow) -> str:
    described = [expense.category, expense.description, expense.account]
    return f"{expense.number}: {expense.spent_on}, {money(expense.amount)}, {', '.join(filter(None, described))}"


def how_to_add(expense: ExpenseRow) -> str:
    options = ["--on", str(expense.spent_on)] + (["--account", expense.account] if expense.account else [])
    return shlex.join(["add", *options, "--", str(expense.amount), expense.category, expense.description])


# --- Categories and budgets


@category_app.command("add")
def category_add(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Add a category.

    Example: budget-tracker.py category add "Eating out"
    """
    added = tracker.write(lambda session, user: categories.add_category(session, user, name).name)
    say(f"Added the category {added}")


@category_app.command("list")
def category_list() -> None:
    """List your categories.

    Example: budget-tracker.py category list
    """
    say(*tracker.read(lambda session, user: [each.name for each in categories.list_categories(session, user)]))


@category_app.command("rename")
def category_rename(name: CategoryName, new_name: Annotated[str, typer.Argument(metavar="NEW_NAME")]) -> None:
    """Give a category another name; its expenses and budgets stay with it.

    Example: budget-tracker.py category rename Kids Children
    """
    renamed = tracker.write(lambda session, user: categories.rename_category(session, user, name, new_name).name)
    say(f"It is {renamed} now")


@category_app.command("merge")
def category_merge(
    name: CategoryName,
    into: Annotated[str, typer.Argument(metavar="OTHER", autocompletion=category_names)],
) -> None:
    """Give the expenses and the budgets of a category to another one, and delete it.

    Example: budget-tracker.py category merge Gifts Shopping
    """
    merged = tracker.write(lambda session, user: categories.merge_categories(session, user, name, into))
    say(f"{merged.source} is {merged.target} now, with {count_of(merged.expenses, 'expense')} more")


@category_app.command("delete")
def category_delete(name: CategoryName) -> None:
    """Delete a category that has no expenses, and its budgets with it.

    Example: budget-tracker.py category delete Hobbies
    """
    deleted = tracker.write(lambda session, user: categories.delete_category(session, user, name))
    its_budgets = f", and its budgets of {count_of(deleted.budgets, 'month')}" if deleted.budgets else ""
    say(f"Deleted the category {deleted.name}{its_budgets}")


@budget_app.command("set")
def budget_set(
    category: CategoryName,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT")],
    month: Month = None,
    year: Annotated[str | None, typer.Option(metavar="YYYY", help="Every month of a year.")] = None,
) -> None:
    """Set what may be spent on a category in a month.

    Example: budget-tracker.py budget set Groceries 700 --year 2026
    """
    period, planned = chosen_period(month, year), inputs.read_amount(amount)

    def work(session: Session, user: User) -> str:
        chosen = categories.get_category(session, user, category, hold=True)
        for each in period.months:
            budgets.set_budget(session, user, chosen, each, planned)
        return chosen.name

    name = tracker.write(work, counts_once=True)
    say(f"{name}: {money(planned)} for {'each month of ' if year else ''}{period.label}")


@budget_app.command("copy")
def budget_copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The month to copy, as YYYY-MM.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The month that gets its budgets.")],
    replace: Annotated[bool, typer.Option(help="Also where the month has a budget already.")] = False,
) -> None:
    """Give the budgets of one month to another. What is set there already stays.

    Example: budget-tracker.py budget copy 2025-12 2026-01
    """
    from_month, to_month = read_month(source), read_month(target)
    count = tracker.write(
        lambda session, user: budgets.copy_budgets(session, user, from_month.first, to_month.first, replace=replace),
        counts_once=True,
    )
    nothing = f": {from_month.label} has none, or {to_month.label} has them already" if not count else ""
    say(f"{count_of(count, 'budget')} copied from {from_month.label} to {to_month.label}{nothing}")


@budget_app.command("delete")
def budget_delete(category: CategoryName, month: Month = None) -> None:
    """Take a budget away, which is not the same as a budget of 0.

    Example: budget-tracker.py budget delete Travel --month 2025-12
    """
    period = chosen_period(month, None)

    def work(session: Session, user: User) -> str:
        chosen = categories.get_category(session, user, category)
        if not budgets.delete_budget(session, user, chosen, period.first):
            raise BudgetError(f"{chosen.name} has no budget in {period.label}")
        return chosen.name

    say(f"{tracker.write(work)} has no budget in {period.label} any more")


@budget_app.command("list")
def budget_list(month: Month = None) -> None:
    """List the budgets of a month.

    Example: budget-tracker.py budget list --month 2025-12
    """
    period = chosen_period(month, None)
    found = tracker.read(lambda session, user: budgets.list_budgets(session, user, period.first))
    if not found:
        say(f"No budgets for {period.label}. `budget set CATEGORY AMOUNT` makes one.")
    for name, amount in found:
        say(f"{name:<24} {money(amount):>12}")


@app.command()
def transfer(
    source: Annotated[str, typer.Argument(metavar="FROM", autocompletion=category_names)],
    target: Annotated[str, typer.Argument(metavar="TO", autocompletion=category_names)],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT")],
    month: Month = None,
    key: RequestKey = None,
) -> None:
    """Move budget of a month from one category to another.

    Example: budget-tracker.py transfer Restaurants Groceries 50 --month 2025-12
    """
    period, moved, request_key = chosen_period(month, None), inputs.read_amount(amount), chosen_key(key)
    done = tracker.write(
        lambda session, user: budgets.transfer_budget(
            session, user, period.first, (source, target), moved, request_key
        ),
        counts_once=True,
    )
    what = f"{money(moved)} from {done.source} to {done.target} in {period.label}"
    say(f"Moved {what}" if done.is_new else f"Moved already, and not again: {what}")
    for name, left in ((done.source, done.source_left), (done.target, done.target_left)):
        say(f"  {name} has {'no budget any more' if left is None else money(left)}")


# --- Reports


Kind = Literal["month", "trend", "merchants", "changes"]


@app.command()
def report(
    kind: Annotated[
        Kind, typer.Argument(metavar="KIND", help="month, trend, merchants or changes.", show_default="month")
    ] = "month",
    month: Month = None,
    year: Year = None,
    category: Annotated[
        str | None, typer.Option(metavar="CATEGORY", help="The trend of this one.", autocompletion=category_names)
    ] = None,
    top: Annotated[int | None, typer.Option(metavar="N", min=1, help="So many merchants or changes: 10.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png|svg|pdf", help="Draw the month or the trend into a file.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """What was spent: beside the budgets of a month, as a trend of twelve months, by merchant, or what changed.

    Example: budget-tracker.py report --month 2025-12 --plot december.png

    Example: budget-tracker.py report trend --category Groceries

    Example: budget-tracker.py report changes --year 2025
    """
    from budget import reporting, terminal
    from budget.changes import make_changes
    from budget.merchants import make_merchants
    from budget.trend import make_trend, twelve_months

    if as_json and as_csv:
        raise BudgetError("Choose one: --json or --csv")
    if category is not None and kind != "trend":
        raise BudgetError("--category is for `report trend`")
    if top is not None and kind not in ("merchants", "changes"):
        raise BudgetError("--top is for `report merchants` and `report changes`")
    if plot and kind not in ("month", "trend"):
        raise BudgetError("--plot draws `report month` and `report trend`")
    period = chosen_period(month, year)

    def make(session: Session, user: User) -> terminal.AnyReport:
        if kind == "trend":
            only = None if category is None else categories.get_category(session, user, category)
            return make_trend(session, user, twelve_months(period), today(), only)
        if kind == "merchants":
            return make_merchants(session, user, period, top or reporting.TOP)
        if kind == "changes":
            return make_changes(session, user, period, today(), top or reporting.TOP)
        return reporting.make_report(session, user, period, today())

    found, days = tracker.read(lambda session, user: (make(session, user), reporting.days_with_expenses(session, user)))
    if as_json:
        reporting.write_json(found, for_programs())
    elif as_csv:
        reporting.write_csv(found, for_programs())
    else:
        terminal.print_any(console, found)
        if found.is_empty:
            say(where_to_look(days))
    if plot:
        from budget.plotting import plot_any  # takes a second that no other report should pay

        plot_any(found, plot)
        print(f"drawn into {plot}", file=sys.stderr)


def where_to_look(days: tuple[date, date] | None) -> str:
    if days is None:
        place = place_of(tracker.url) if tracker.url else "the database"
        return f"{tracker.email} has no expenses in {place} yet. `add` and `import FILE.csv` bring the first."
    return f"Your expenses are from {days[0]} to {days[1]}: try --month {days[1]:%Y-%m}"


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
    from budget.bank import ReadingOptions, open_bank_file, parse_columns
    from budget.importing import ImportResult, describe_import, import_expenses

    options = ReadingOptions(
        columns=parse_columns(columns) if columns else {},
        dates=dates,
        decimal=decimal,
        spending=spending,
        encoding=encoding,
    )
    default_account = inputs.read_name(account) if account else ""
    with import_progress("Looking at", file) as progress:
        opened = open_bank_file(file, options, progress)

    def work(session: Session, user: User) -> tuple[ImportResult, str | None]:
        if currency:
            set_currency(session, user, currency)
        with import_progress("Importing", file) as progress:
            return import_expenses(session, user, opened, default_account, progress), user.currency

    result, its_currency = tracker.write(work, counts_once=True, may_take_long=True)
    say(*describe_import(opened, result, its_currency))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file to write, or - for the screen.")],
) -> None:
    """Write all your expenses to a CSV file, which `import` reads back. Budgets are not part of it.

    Example: budget-tracker.py export expenses.csv
    """
    from budget.exporting import export_expenses, written_whole

    if str(file) == "-":
        tracker.read(lambda session, user: export_expenses(session, user, for_programs()))
        return
    with written_whole(file) as stream:
        count = tracker.read(lambda session, user: export_expenses(session, user, stream))
    say(f"{count_of(count, 'expense')} written to {file}")


# --- The database


@app.command()
def migrate() -> None:
    """Bring the database's schema to the newest revision, over the direct connection. Safe to repeat.

    Example: budget-tracker.py migrate
    """
    tracker.url = migration_url(default=DEFAULT_DATABASE)
    engine = create_database_engine(tracker.url)
    try:
        schema.upgrade(engine)
    finally:
        engine.dispose()
    say(f"The schema is at revision {schema.NEWEST}")


@app.command()
def check() -> None:
    """Look whether the database is as it should be: schema, foreign keys, constraints, sums, and its own check.

    Example: budget-tracker.py check
    """
    from budget.checking import check_database

    def work(session: Session, _user: User) -> int:
        problems = 0
        for checked in check_database(session):
            say(
                f"{'well ' if not checked.problems else 'WRONG'} {checked.what}",
                *(f"      {each}" for each in checked.problems),
            )
            problems += len(checked.problems)
        return problems

    if problems := tracker.read(work, may_take_long=True):
        raise BudgetError(f"{count_of(problems, 'problem')} found. Make a copy of the database before you mend it")


# --- The way in


def for_programs() -> TextIO:
    """The output in UTF-8 and with plain line ends, whatever the terminal is."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    return sys.stdout


def for_people(*streams: TextIO) -> list[str]:
    """A letter that the terminal does not have becomes a question mark, and not an error after the work is done.

    Returns a list that is filled with the first such letter.
    """
    missing: list[str] = []

    def question_mark(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        missing[:] = missing or [error.object[error.start]]
        return "?" * (error.end - error.start), error.end

    codecs.register_error("question_mark", question_mark)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="question_mark")
    return missing


def main() -> None:
    start.imports_are_done()
    missing = for_people(sys.stdout, sys.stderr)
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
    finally:
        if missing:
            print(
                f"This terminal has no {missing[0]!a} and others, shown as ?. PYTHONUTF8=1 shows all letters",
                file=sys.stderr,
            )


if __name__ == "__main__":
    main()
