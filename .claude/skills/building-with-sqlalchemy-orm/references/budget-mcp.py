"""A household's budget as two tools that an agent may call, over MCP. It reads, and changes nothing.

Run it on a database with the tables of budget-tracker-complete.py, for one of its users:

    pip install 'mcp>=2.3,<3'
    DATABASE_URL=sqlite:///budget.db BUDGET_USER=ann@example.org python budget-mcp.py

It speaks over stdin and stdout with the client that has started it.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2", "psycopg2-binary>=2.9.13,<2.10", "mcp>=2.3,<3"]
# ///

import importlib
import os
import sys
from datetime import date

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

budget = importlib.import_module("budget-tracker-complete")


def create_server(engine: Engine, user_id: int) -> MCPServer:
    """Whose budget it is was decided by whoever started the server: no argument of a tool can change it."""
    server = MCPServer("household budget")

    @server.tool()
    def expenses_of_category(category: str) -> list[dict[str, str]]:
        """The expenses of one category, the oldest first. Amounts are decimal numbers, as text."""
        with Session(engine) as session:
            names = session.scalars(select(budget.Category.name).where(budget.Category.user_id == user_id)).all()
            if category not in names:
                raise ToolError(f"There is no category {category!r}, only {', '.join(sorted(names))}.")
            found = budget.read_expenses(session, user_id, category=category)
            return [
                {"description": row.description, "amount": str(row.amount), "spent_on": row.spent_on.isoformat()}
                for row in found
            ]

    @server.tool()
    def spending_summary(start: date, end: date) -> dict[str, str]:
        """The sum of each category from `start` to before `end`, as text. Days are written YYYY-MM-DD."""
        if start >= end:
            raise ToolError(f"`end` has to be later than {start}: it is the first day that does not count.")
        with Session(engine) as session:
            return {name: str(amount) for name, _, amount in budget.spending_by_category(session, user_id, start, end)}

    return server


def main() -> None:
    address, email = os.environ.get("DATABASE_URL"), os.environ.get("BUDGET_USER")
    if not address or not email:
        sys.exit("Set DATABASE_URL and BUDGET_USER: whose budget, and where it is.")
    engine = budget.create_budget_engine(address)
    with Session(engine) as session:
        user_id = session.scalars(select(budget.User.id).where(budget.User.email == email)).one_or_none()
    if user_id is None:
        sys.exit(f"There is no user {email} in this database.")
    create_server(engine, user_id).run()
    engine.dispose()


if __name__ == "__main__":
    main()
