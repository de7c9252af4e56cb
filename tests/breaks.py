"""For each check of check_lesson.py a break: something done to a finished skill that this check has to notice."""

import re
from collections.abc import Callable
from pathlib import Path

Break = Callable[[Path], None]


def rub_out(file: str, old: str, new: str) -> Break:
    """Replace this text, all of it; a break whose text is no longer there fails."""

    def apply(skill: Path) -> None:
        path = skill / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r} any more"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return apply


def add(file: str, text: str) -> Break:
    def apply(skill: Path) -> None:
        with (skill / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return apply


def write(file: str, text: str) -> Break:
    def apply(skill: Path) -> None:
        (skill / file).write_text(text, encoding="utf-8")

    return apply


def delete(file: str) -> Break:
    return lambda skill: (skill / file).unlink()


def empty_section(title: str) -> Break:
    def apply(skill: Path) -> None:
        path = skill / "SKILL.md"
        text, count = re.subn(rf"(?ms)^## {title}\n.*?(?=^## )", f"## {title}\n\n", path.read_text(encoding="utf-8"))
        assert count == 1, f"SKILL.md has no section {title} any more"
        path.write_text(text, encoding="utf-8")

    return apply


def all_of(*breaks: Break) -> Break:
    def apply(skill: Path) -> None:
        for each in breaks:
            each(skill)

    return apply


SKILL, EXPENSE, CATEGORY = "SKILL.md", "examples/simple-expense.py", "examples/simple-category.py"
CSV, MODELS, CRUD = "examples/csv-vs-database.py", "examples/expense-models.py", "examples/expense-crud.py"
RELATIONSHIPS, TRANSFERS = "examples/expense-relationships.py", "examples/safe-transfers.py"
NEON, TRACKER = "examples/neon-deploy.py", "examples/budget-tracker.py"


def in_functions(old: str, new: str) -> Break:
    """In the tracker, whose main() would notice it too: nobody calls that one then."""
    return all_of(rub_out(TRACKER, "        show(engine)\n", "        pass\n"), rub_out(TRACKER, old, new))


def in_main(line: str) -> Break:
    """A first line for the main() of the deployment."""
    return rub_out(NEON, "def main() -> None:\n", f"def main() -> None:\n    import os\n\n    {line}\n")


FOREIGN_KEY = '["user_id", "category_id"], ["categories.user_id", "categories.id"]'
ONE_COLUMN = '["category_id"], ["categories.id"]'
JOINED = 'primaryjoin="Category.id == foreign(Expense.category_id)"'
SERVER_IN_THE_SOURCE = '\nADDRESS = "postgresql://ann:secret@db.example.org/budget"\n'
OVERRIDING = "\nfrom dotenv import load_dotenv\n\nload_dotenv(override=True)\n"

BREAKS: dict[str, Break] = {
    # L0
    "has_its_name": rub_out(SKILL, "name: database-deployment", "name: my-notes"),
    "describes_itself": rub_out(SKILL, "description: ", 'description: ""\nignored: '),
    "has_its_sections": rub_out(SKILL, "## Persona", "## Somebody"),
    "has_your_words": empty_section("Persona"),
    "L0_file": delete(EXPENSE),
    "L0_address": add(EXPENSE, SERVER_IN_THE_SOURCE),
    "L0_runs": rub_out(EXPENSE, "print(", "prnt("),
    "prints_an_expense": rub_out(EXPENSE, "def __repr__", "def no_repr"),
    "prints_a_category": rub_out(CATEGORY, "class Category", "class Kind"),
    # L1
    "says_when_to_use_it": empty_section("When to Use"),
    "L1_file": write(CSV, "# later\n"),
    "L1_address": add(CSV, OVERRIDING),
    "L1_runs": rub_out(CSV, "main()\n", "main()\n    raise SystemExit(3)\n"),
    "keeps_it_twice": all_of(rub_out(CSV, "import csv\n", ""), rub_out(CSV, ".open(", ".opened(")),
    "leaves_nothing": rub_out(CSV, "    with tempfile", "    open('left.csv', 'w').close()\n    with tempfile"),
    # L2
    "L2_file": write(MODELS, "def broken(:\n"),
    "L2_address": add(MODELS, '\nFILE = "sqlite:////home/ann/budget.db"\n'),
    "L2_runs": rub_out(MODELS, '    print("three', '    input("three'),
    "makes_the_tables": all_of(rub_out(MODELS, "Category", "Kind"), rub_out(MODELS, "categories", "kinds")),
    "sums_exactly": rub_out(MODELS, "column(Money)", "column(__import__('sqlalchemy').Numeric(12, 2))"),
    "loses_nothing_of_a_float": rub_out(
        MODELS, "if not isinstance(value, Decimal) or", "value = Decimal(int(value))\n        if"
    ),
    "keeps_a_moment": rub_out(MODELS, "mapped_column(UTCDateTime)", "mapped_column(DateTime(timezone=True))"),
    "needs_an_amount": rub_out(MODELS, "mapped_column(Money)", "mapped_column(Money, nullable=True)"),
    "needs_another_name": rub_out(MODELS, ", unique=True", ""),
    "L2_page": write("references/models.md", "# Models\n"),
    "L2_concept": add(SKILL, "\n> L2: what is a class?\n"),
    # L3
    "L3_file": write(CRUD, "\n"),
    "L3_address": add(CRUD, '\nimport os\n\nos.environ["DATABASE_URL"] = "sqlite:///mine.db"\n'),
    "L3_runs": rub_out(CRUD, "engine.dispose()\n", "engine.dispose()\n    1 / 0\n"),
    "creates": rub_out(CRUD, "    session.add(expense)\n    session.flush()\n", ""),
    "reads": rub_out(CRUD, "Expense.category == category", "Expense.category != category"),
    "takes_zero_for_a_value": rub_out(CRUD, "if category is not None:", "if category:"),
    "updates": rub_out(CRUD, ".amount = amount", ".price = amount"),
    "deletes": rub_out(CRUD, "session.delete(session.get_one(Expense, expense_id))", "print(expense_id)"),
    "leaves_the_commit_to_the_caller": rub_out(
        CRUD,
        "    session.delete(session.get_one(Expense, expense_id))",
        "    session.delete(session.get_one(Expense, expense_id))\n    session.commit()",
    ),
    "L3_page": delete("references/crud.md"),
    "L3_concept": empty_section("Core Concepts"),
    # L4
    "L4_file": delete(RELATIONSHIPS),
    "L4_address": add(RELATIONSHIPS, SERVER_IN_THE_SOURCE),
    "L4_runs": rub_out(RELATIONSHIPS, "engine.dispose()\n", "engine.dispose()\n    1 / 0\n"),
    "refuses_an_unknown_category": all_of(
        rub_out(RELATIONSHIPS, f"ForeignKeyConstraint({FOREIGN_KEY}),", ""),
        rub_out(
            RELATIONSHIPS, 'relationship(back_populates="category"', f'relationship({JOINED}, back_populates="category"'
        ),
        rub_out(
            RELATIONSHIPS, 'relationship(back_populates="expenses"', f'relationship({JOINED}, back_populates="expenses"'
        ),
    ),
    "refuses_a_foreign_category": rub_out(RELATIONSHIPS, FOREIGN_KEY, ONE_COLUMN),
    "knows_both_ways": all_of(
        rub_out(RELATIONSHIPS, 'back_populates="category", ', ""),
        rub_out(RELATIONSHIPS, 'relationship(back_populates="expenses")', "relationship(viewonly=True)"),
    ),
    "deletes_as_it_says": all_of(
        rub_out(RELATIONSHIPS, ', passive_deletes="all"', ""),
        rub_out(RELATIONSHIPS, "category_id: Mapped[int]", "category_id: Mapped[int | None]"),
        rub_out(RELATIONSHIPS, FOREIGN_KEY, ONE_COLUMN),
    ),
    "sums_by_category": rub_out(RELATIONSHIPS, "func.sum(Expense.amount)", "func.max(Expense.amount)"),
    "asks_once": rub_out(
        RELATIONSHIPS,
        "    return session.execute(\n",
        "    [each.expenses for each in session.scalars(select(Category))]\n    return session.execute(\n",
    ),
    "L4_page": write("references/relationships.md", ""),
    "L4_concept": add(SKILL, "\n> L4: what does it promise?\n"),
    # L5
    "L5_file": delete(TRANSFERS),
    "L5_address": add(TRANSFERS, SERVER_IN_THE_SOURCE),
    "L5_runs": rub_out(TRANSFERS, "engine.dispose()\n", "engine.dispose()\n    1 / 0\n"),
    "moves_money": rub_out(TRANSFERS, "accounts[target].balance += amount", "accounts[target].balance += 0"),
    "is_whole_or_nothing": rub_out(
        TRANSFERS, "accounts[source].balance -= amount\n", "accounts[source].balance -= amount\n    session.commit()\n"
    ),
    "counts_once": rub_out(
        TRANSFERS, "Transfer(request_key=request_key,", "Transfer(request_key=f'{accounts[source].balance}',"
    ),
    "never_goes_below_zero": rub_out(TRANSFERS, 'CheckConstraint("balance >= 0", name="balance"),', ""),
    "moves_nothing_backwards": rub_out(TRANSFERS, 'CheckConstraint("amount > 0", name="amount"),', ""),
    "L5_page": delete("references/transactions.md"),
    "L5_concept": add(SKILL, "\n> L5: which accidents?\n"),
    # L6
    "deployment_is_there": delete(NEON),
    "holds_no_secret": write("examples/.env", "DATABASE_URL=postgresql://ann:secret@db.example.org/budget\n"),
    "goes_to_the_address": in_main("__import__('sqlalchemy').make_url(os.environ['DATABASE_URL']).get_dialect()"),
    "is_encrypted": rub_out(
        NEON, "(migration_url(), connections=1)", "(migration_url().set(query={'sslmode': 'prefer'}), connections=1)"
    ),
    "prints_no_password": in_main("print(database_url().password)"),
    "works_on_postgresql": rub_out(NEON, "    try:\n", "    try:\n        1 / 0\n"),
    "L6_page": delete("references/neon.md"),
    "L6_concept": add(SKILL, "\n> L6: where is the address kept?\n"),
    # L7, as functions
    "tracker_is_there": delete(TRACKER),
    "tracker_starts": rub_out(TRACKER, "        show(engine)\n", "        show(engine)\n        input()\n"),
    "tracker_keeps": in_functions("where(Expense.user_id == user_id)", "where(Expense.user_id != user_id)"),
    "tracker_edits": in_functions("setattr(expense, name, value)", "getattr(expense, name)"),
    "tracker_moves": in_functions("    expense.category = find_category(session, user_id, category)\n", ""),
    "tracker_keeps_users_apart": in_functions("Expense.user_id == user_id, Expense.id", "Expense.id"),
    "tracker_is_whole_or_nothing": in_functions(
        "    session.delete(find_expense(session, user_id, expense_id))\n",
        "    session.delete(find_expense(session, user_id, expense_id))\n    session.commit()\n",
    ),
    "skill_is_finished": add(SKILL, "\nSee `examples/not-there.py`.\n"),
}

# The same for a tracker that is used by its commands: tests/learners/one_command_line.
BREAKS_OF_COMMANDS: dict[str, Break] = {
    "tracker_starts": rub_out(TRACKER, "    args = read_arguments()", "    raise SystemExit(7)"),
    "tracker_keeps": rub_out(TRACKER, 'os.environ.get("DATABASE_URL", "sqlite:///tracker.db")', '"sqlite://"'),
    "tracker_edits": rub_out(TRACKER, "mine(args)).values(values)", "expenses.c.user == args.user).values(values)"),
    "tracker_moves": rub_out(
        TRACKER, 'ForeignKeyConstraint(["user", "category"], ["categories.user", "categories.name"]),', ""
    ),
    "tracker_keeps_users_apart": rub_out(TRACKER, " & (expenses.c.user == args.user)", ""),
    "tracker_is_whole_or_nothing": rub_out(
        TRACKER, "engine.begin()", "engine.connect().execution_options(isolation_level='AUTOCOMMIT')"
    ),
}
