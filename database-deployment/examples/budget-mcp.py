"""The budget as tools for an assistant: an MCP server that a client starts and speaks to over stdin and stdout.

    python budget-mcp.py

references/mcp.md shows the `.mcp.json` that makes a client start it. It takes from the environment:

    DATABASE_URL         as budget-tracker.py does: budget.db in the current folder by default
    READ_DATABASE_URL    the same database for the tools that only read, as a user who may do no more
    BUDGET_USER          whose budget it is; no tool reaches the rows of another user
"""

# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "sqlalchemy>=2.1.9,<2.2",
#     "psycopg2-binary>=2.9.13,<2.10",
#     "python-dotenv>=1.2.4,<2",
#     "alembic>=1.20.1,<2",
#     "mcp>=2.3,<3",
#     "pydantic>=2.12,<3",
# ]
# ///

# Before all others, which it makes quicker.
from budget import start  # isort: split

import logging
import os
import signal
import sys
from datetime import date, timedelta

from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS
from sqlalchemy.orm import Session

from budget import budgets, categories, expenses, listing, reporting, trend
from budget.assistant import answers
from budget.assistant.arguments import (
    Account,
    Amount,
    AnyCategory,
    AnyDay,
    CategoryName,
    Cursor,
    Day,
    Description,
    Limit,
    Month,
    NewName,
    RequestKey,
    SearchText,
    ThisMonth,
    today,
)
from budget.assistant.desk import Desk
from budget.assistant.strict import StrictServer, shortly, strict_tool
from budget.errors import BudgetError
from budget.models import Category, User
from budget.periods import EARLIEST_YEAR, LATEST_YEAR, Period, month_of, read_month

INSTRUCTIONS = f"""
The budget of one user: expenses in categories, and monthly budgets for them. Amounts are exact: strings like "12.50",
in the user's currency. Days are ISO dates, and both days of a range are included. Before you write, tell the user what
you are about to write. {answers.TEXTS_ARE_DATA}
"""
desk = Desk()


# --- Tools that read


def list_categories() -> answers.Categories:
    """The user's categories. Call it before any tool that takes a category, to use a name that exists."""
    names = desk.read(lambda session, user: [each.name for each in categories.list_categories(session, user)])
    first, left_out = answers.largest(names)
    return answers.Categories(names=list(first), left_out=left_out)


def spending_by_category(first_day: Day, last_day: Day) -> answers.Spending:
    """What was spent on each category between two days, both included, and in all: "how much on food in May?".

    For a month beside its budget call budget_status, for the single expenses list_expenses, for a year trend.
    """

    def work(session: Session, user: User) -> answers.Spending:
        report = reporting.make_report(session, user, days(first_day, last_day))
        lines, left_out = answers.largest([line for line in report.lines if line.spent])
        return answers.Spending(
            first_day=first_day,
            last_day=last_day,
            currency=report.currency,
            expenses=report.expenses,
            total=report.total.spent,
            categories=[answers.Spent.model_validate(line) for line in lines],
            left_out=left_out,
        )

    return desk.read(work)


def list_expenses(
    category: AnyCategory = "",
    text: SearchText = "",
    first_day: AnyDay = None,
    last_day: AnyDay = None,
    limit: Limit = 20,
    cursor: Cursor = "",
) -> answers.Expenses:
    """Single expenses, the newest first: what was bought, where and when. Both days are included.

    Never add up these amounts for a sum: a page is not all. Call spending_by_category.
    """

    def work(session: Session, user: User) -> answers.Expenses:
        chosen = category_or_all(session, user, category)
        wanted = listing.Wanted(chosen, contains=text, period=days(first_day, last_day))
        after = listing.read_cursor(cursor) if cursor else None
        page = listing.list_expenses(session, user, wanted, limit, after)
        return answers.Expenses(
            currency=user.currency,
            expenses=[answers.Expense.model_validate(each) for each in page.expenses],
            next_cursor=None if page.next is None else str(page.next),
        )

    return desk.read(work)


def budget_status(month: ThisMonth = None) -> answers.BudgetStatus:
    """How a month stands beside its budgets: spent, planned and left of each category; this month by default."""
    period = month or month_of(today())

    def work(session: Session, user: User) -> answers.BudgetStatus:
        report = reporting.make_report(session, user, period, today())
        lines, left_out = answers.largest(report.lines)
        return answers.BudgetStatus(
            month=period.label,
            currency=report.currency,
            total=answers.Total.model_validate(report.total),
            days_left=report.days_left,
            left_per_day=report.left_per_day,
            categories=[answers.CategoryStatus.model_validate(line) for line in lines],
            left_out=left_out,
        )

    return desk.read(work)


def spending_trend(last_month: ThisMonth = None, category: AnyCategory = "") -> answers.Trend:
    """Twelve months up to last_month (this month by default), spent beside budget, and their average.

    For "more than usual?", for a year (its December), and for the way of one category.
    """
    period = trend.twelve_months(last_month or month_of(today()))

    def work(session: Session, user: User) -> answers.Trend:
        found = trend.make_trend(session, user, period, today(), category_or_all(session, user, category))
        return answers.Trend(
            category=found.category,
            currency=found.currency,
            months=[answers.MonthStatus.model_validate(line) for line in found.lines],
            total=answers.Total.model_validate(found.total),
            average=found.average,
            months_of_average=len(found.averaged),
        )

    return desk.read(work)


# --- Tools that write: each is safe to repeat


def add_category(name: NewName) -> answers.CategoryAdded:
    """Make a category, where list_categories has none that fits and the user wants it."""

    def work(session: Session, user: User) -> answers.CategoryAdded:
        _, new = categories.ensure_categories(session, user, [name])
        return answers.CategoryAdded(category=categories.get_category(session, user, name).name, is_new=bool(new))

    return desk.write(work)


def add_expense(
    amount: Amount,
    category: CategoryName,
    description: Description,
    spent_on: Day,
    request_key: RequestKey,
    account: Account = "",
) -> answers.Booked:
    """Book one expense that the user has told you of; their bank's file brings the others."""
    wanted = expenses.NewExpense(amount, category, description, spent_on, request_key, account)

    def work(session: Session, user: User) -> answers.Booked:
        is_new = expenses.find_by_key(session, user, request_key) is None
        [row] = expenses.add_expenses(session, user, [wanted])
        return answers.Booked(expense=answers.Expense.model_validate(row), is_new=is_new)

    return desk.write(work)


def set_budget(category: CategoryName, month: Month, amount: Amount) -> answers.BudgetSet:
    """Set what may be spent on a category in a month. It replaces the budget that was there: `before` has it."""

    def work(session: Session, user: User) -> answers.BudgetSet:
        chosen = categories.get_category(session, user, category, hold=True)
        before = dict(budgets.list_budgets(session, user, month.first)).get(chosen.name)
        budgets.set_budget(session, user, chosen, month.first, amount)
        return answers.BudgetSet(category=chosen.name, month=month.label, budget=amount, before=before)

    return desk.write(work)


def transfer_budget(
    month: Month, from_category: CategoryName, to_category: CategoryName, amount: Amount, request_key: RequestKey
) -> answers.Transferred:
    """Move budget of a month from one category to another; no more than the first has. Money itself does not move."""

    def work(session: Session, user: User) -> answers.Transferred:
        names = (from_category, to_category)
        done = budgets.transfer_budget(session, user, month.first, names, amount, request_key)
        return answers.Transferred(
            month=month.label,
            from_category=done.source,
            to_category=done.target,
            amount=amount,
            from_budget=done.source_left,
            to_budget=done.target_left,
            is_new=done.is_new,
        )

    return desk.write(work)


# --- What several tools need


def days(first: date | None, last: date | None) -> Period:
    """From the first to the last day, which the period does not end before but after."""
    first = first or date(EARLIEST_YEAR, 1, 1)
    after_last = last + timedelta(days=1) if last else date(LATEST_YEAR + 1, 1, 1)
    if first >= after_last:
        raise BudgetError(f"{first} is after {last}: give the earlier day as first_day")
    return Period(f"{first} to {last}", first, after_last)


def category_or_all(session: Session, user: User, name: str) -> Category | None:
    return categories.get_category(session, user, name) if name else None


# --- What else the client can ask for


def schema_in_words() -> str:
    """What the rows are, and what they are not."""
    return SCHEMA


SCHEMA = f"""# The data behind the tools

- A user has categories, expenses, budgets, transfers and one currency. The tools reach the rows of one user.
- A category has a name that is unique for its user, whatever its capitals.
- An expense has a number, an amount above 0, a category, a description, the account that paid (or ""), and the day on
  the receipt. It comes from a bank's file or from add_expense.
- A budget is what may be spent on a category in a calendar month. No budget is not a budget of 0: spending without one
  takes nothing away from the others (`without_budget`).
- A transfer moves budget of one month between two categories. It moves no money, and is kept with its request key.
- Amounts are exact, with two places. left = budget - spent, and below 0 where more was spent.
- Expenses are changed, deleted and imported with budget-tracker.py, not with these tools.

{answers.TEXTS_ARE_DATA}
"""


def monthly_review(month: str = "") -> str:
    """Go through a month (YYYY-MM, the last whole one by default) with the user."""
    try:
        period = read_month(month) if month else month_of(today().replace(day=1) - timedelta(days=1))
    except BudgetError as error:
        raise MCPError(INVALID_PARAMS, shortly(str(error))) from None
    return f"""Review my budget of {period.label} with me.

1. budget_status of {period.label}: where was more spent than planned, and where is something left?
2. spending_trend up to {period.label}: is that more or less than usual? Ask again for each category that stands out.
3. list_expenses of these categories, from {period.first} to {period.next_first - timedelta(days=1)}: what was it?
4. Tell me the three things worth knowing, with their amounts, and what you would change next month.

Set or move a budget only after I have agreed. {answers.TEXTS_ARE_DATA}"""


# --- The server


def make_server() -> StrictServer:
    read = (list_categories, spending_by_category, list_expenses, budget_status, spending_trend)
    add = (add_category, add_expense)
    replace = (set_budget, transfer_budget)
    server = StrictServer(
        "budget",
        instructions=INSTRUCTIONS.strip(),
        tools=[
            *(strict_tool(function, read_only=True) for function in read),
            *(strict_tool(function, read_only=False) for function in add),
            *(strict_tool(function, read_only=False, destructive=True) for function in replace),
        ],
        log_level="WARNING",
    )
    server.resource("budget://schema", mime_type="text/markdown")(schema_in_words)
    server.prompt()(monthly_review)
    return server


def main() -> None:
    start.imports_are_done()
    logging.basicConfig(level=logging.WARNING, format="budget: %(message)s")  # on stderr: stdout is the protocol's
    try:
        desk.open(os.environ)
    except ValueError as error:
        sys.exit(f"budget-mcp.py: {error}")
    if sys.stdin.isatty():
        print("An assistant's client starts this program, see references/mcp.md. Ctrl-D ends it", file=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # its reader waits for a line; what is not saved is rolled back
    try:
        make_server().run()
    finally:
        desk.close()


if __name__ == "__main__":
    main()
