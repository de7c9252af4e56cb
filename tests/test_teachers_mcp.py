"""The teacher's budget-mcp.py: a client of MCP reads the budget of one user, and of no other."""

import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pages import SKILLS
from requirement import missing
from running import RunPython, bare_environment

pytestmark = pytest.mark.slow

SERVER = SKILLS[1] / "references" / "budget-mcp.py"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    if importlib.util.find_spec("mcp") is None:
        missing("the package mcp")
    monkeypatch.syspath_prepend(SERVER.parent)
    return importlib.import_module(SERVER.stem)


@pytest.fixture
def engine(program: Any, database_url: str) -> Iterator[Engine]:
    """The budgets of Ann, who is user 1, and Ben."""
    budget = program.budget
    engine: Engine = budget.create_budget_engine(database_url)
    budget.Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        for email in ("ann@example.org", "ben@example.org"):
            user = budget.User(email=email, categories=[budget.Category(name="Food"), budget.Category(name="Home")])
            session.add(user)
            session.flush()
            budget.create_expense(session, user.id, "Food", f"Lunch of {email}", Decimal("12.50"), date(2026, 3, 2))
        budget.create_expense(session, 1, "Food", "Apples", Decimal("3.10"), date(2026, 3, 1))
        budget.create_expense(session, 1, "Home", "Rent", Decimal("950.00"), date(2026, 4, 1))
    yield engine
    engine.dispose()


def call(server: Any, tool: str, **arguments: str) -> Any:
    from mcp import Client

    async def ask() -> Any:
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(ask())


def test_a_query_by_category_gives_the_users_own_expenses_the_oldest_first(program: Any, engine: Engine) -> None:
    answer = call(program.create_server(engine, 1), "expenses_of_category", category="Food")
    assert answer.structured_content["result"] == [
        {"description": "Apples", "amount": "3.10", "spent_on": "2026-03-01"},
        {"description": "Lunch of ann@example.org", "amount": "12.50", "spent_on": "2026-03-02"},
    ]


def test_a_summary_counts_the_first_day_and_not_the_last(program: Any, engine: Engine) -> None:
    answer = call(program.create_server(engine, 1), "spending_summary", start="2026-03-01", end="2026-04-01")
    assert answer.structured_content == {"Food": "15.60", "Home": "0.00"}


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("expenses_of_category", {"category": "Fodo"}, "There is no category 'Fodo', only Food, Home."),
        ("spending_summary", {"start": "2026-04-01", "end": "2026-04-01"}, "has to be later than 2026-04-01"),
        ("spending_summary", {"start": "March", "end": "2026-04-01"}, "valid date"),
    ],
)
def test_a_mistake_is_an_error_that_says_what_to_do(
    program: Any, engine: Engine, tool: str, arguments: dict[str, str], said: str
) -> None:
    answer = call(program.create_server(engine, 1), tool, **arguments)
    assert answer.is_error
    assert said in answer.content[0].text


@pytest.mark.usefixtures("program")
def test_the_sdk_has_no_fastmcp_any_more() -> None:
    with pytest.raises(ModuleNotFoundError, match="renamed to MCPServer"):
        importlib.import_module("mcp.server.fastmcp")


@pytest.mark.usefixtures("engine")
def test_a_client_starts_the_program_and_asks(database_url: str, empty_home: Path) -> None:
    from mcp import StdioServerParameters

    environ = bare_environment(empty_home, database_url) | {"BUDGET_USER": "ben@example.org"}
    server = StdioServerParameters(command=sys.executable, args=[str(SERVER)], env=environ)
    answer = call(server, "spending_summary", start="2026-03-01", end="2026-04-01")
    assert answer.structured_content == {"Food": "12.50", "Home": "0.00"}


@pytest.mark.usefixtures("engine")
def test_without_a_user_the_program_says_what_is_missing(database_url: str, run_python: RunPython) -> None:
    ended = run_python(SERVER, database_url=database_url)
    assert (ended.returncode, ended.stderr) == (1, "Set DATABASE_URL and BUDGET_USER: whose budget, and where it is.\n")
    ended = run_python(SERVER, database_url=database_url, environ={"BUDGET_USER": "eve@example.org"})
    assert (ended.returncode, ended.stderr) == (1, "There is no user eve@example.org in this database.\n")
