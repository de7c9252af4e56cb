"""Every file of examples/ keeps to one shape and names the packages it needs, and the first lesson prints its line.

Whatever lies in the folder is tested: a new example needs no line here until it has something of its own to show.
"""

import ast
import importlib
import re
import shutil
import sys
import tomllib
from datetime import UTC
from decimal import Decimal
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from sqlalchemy import Numeric
from sqlalchemy.orm import Session

from database import create_database_engine
from running import RunPython

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "database-deployment" / "examples"
FILES = sorted(EXAMPLES.rglob("*.py"))
TOP = [path for path in FILES if path.parent == EXAMPLES]

# What a learner runs before database.py comes into their folder.
STAND_ALONE = ["simple-expense.py", "simple-category.py", "csv-vs-database.py", "expense-models.py", "expense-crud.py"]

PRINTS = {
    "simple-expense.py": "<Expense(description='Test', amount=$10.00)>\n",
    "simple-category.py": "<Category(name='Food')>\n",
}

# The form that PEP 723 defines.
HEADER = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


def name(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def guard(path: Path) -> ast.If | None:
    """`if __name__ == "__main__":`, which makes a file a script."""
    for statement in tree(path).body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "__name__ == '__main__'":
            return statement
    return None


def header(path: Path) -> dict[str, object] | None:
    match = HEADER.search(path.read_text(encoding="utf-8"))
    if match is None:
        return None
    return tomllib.loads("".join(line[2:] or "\n" for line in match["content"].splitlines(keepends=True)))


SCRIPTS = [path for path in TOP if guard(path) is not None]
every_file = pytest.mark.parametrize("path", FILES, ids=name)
every_script = pytest.mark.parametrize("path", SCRIPTS, ids=name)


# --- The shape of a file ----------------------------------------------------------------------------------------------


@every_file
def test_a_file_says_first_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path))
    assert path.read_text(encoding="utf-8").startswith('"""')


@every_script
def test_a_script_says_how_it_is_run(path: Path) -> None:
    command = re.compile(rf"^ +(?:\$ )?(?:python3?|uv run) (?:\S+/)?{re.escape(path.name)}\b", re.M)
    assert command.search(ast.get_docstring(tree(path), clean=False) or ""), f"no line `python {path.name}`"


@every_file
def test_annotations_are_read_where_they_stand(path: Path) -> None:
    """With them as text, Mapped[...] fails wherever a file is loaded without being registered as a module."""
    future = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert future == []


@pytest.mark.parametrize("path", TOP, ids=name)
def test_a_script_runs_its_main_behind_the_guard(path: Path) -> None:
    defines_main = any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree(path).body)
    script = guard(path)
    assert defines_main == (script is not None)
    if script is not None:
        assert any(ast.unparse(node) == "main()" for node in ast.walk(script) if isinstance(node, ast.Call))


@pytest.mark.slow
def test_an_import_prints_nothing_and_writes_nothing(tmp_path: Path, run_python: RunPython) -> None:
    program = tmp_path / "import_each.py"
    program.write_text(IMPORT_EACH, encoding="utf-8")
    # Alembic alone can import a migration.
    modules = [path for path in FILES if "migrations" not in path.parts and path.parent.name != "sample"]
    names = [name(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in modules]
    done = run_python(program, str(EXAMPLES), *names)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
    assert [path for path in tmp_path.iterdir() if path != program] == []


IMPORT_EACH = """
import contextlib, importlib, io, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    printed = io.StringIO()
    if "." not in name:
        sys.modules.pop("database", None)  # a program of its own, with a Base of its own: two have a class User
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        importlib.import_module(name)
    if printed.getvalue():
        print(name, "prints", printed.getvalue())
"""


# --- What a file needs ------------------------------------------------------------------------------------------------


def imported(path: Path) -> set[str]:
    """The first part of every module that is imported anywhere in the file."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def modules_of(path: Path) -> set[str]:
    """Every module that is imported anywhere in the file, in full; of `from a import b` it may be `a` or `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def files_of(module: str) -> list[Path]:
    """The file of a module of ours; nothing for a module of somebody else."""
    place = EXAMPLES / module.replace(".", "/")
    return [path for path in FILES if path in (place.with_name(f"{place.name}.py"), place / "__init__.py")]


def files_behind(script: Path) -> set[Path]:
    """The script and all files of ours that it comes to import."""
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        found.add(path)
        waiting += [other for module in modules_of(path) for other in files_of(module) if other not in found]
    return found


def package(requirement: str) -> str:
    """`SQLAlchemy>=2` as `sqlalchemy`."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement.strip())[0]).lower()


def bounds(requirement: str) -> set[str]:
    """`sqlalchemy>=2.1.9,<2.2` as {">=2.1.9", "<2.2"}."""
    return {bound.strip() for bound in re.sub(r"^[\w.-]+(\[.*?\])?", "", requirement.strip()).split(",")}


def required_packages(script: Path) -> set[str]:
    owners = packages_distributions()
    behind = files_behind(script)
    modules = {module for path in behind for module in imported(path) if not files_of(module)}
    packages = {package(owners[module][0]) for module in modules - sys.stdlib_module_names}
    if any("DATABASE_URL" in path.read_text(encoding="utf-8") for path in behind):
        packages.add("psycopg2-binary")  # the address may lead to PostgreSQL; SQLAlchemy imports the driver itself
    return packages


@every_script
def test_the_header_has_the_bounds_of_the_requirements(path: Path) -> None:
    script = header(path)
    assert script is not None, "no header `# /// script` (PEP 723)"
    assert script["requires-python"] == ">=3.11"
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    requirements = {package(line): bounds(line) for line in lines if line.strip() and not line.startswith(("#", "-"))}
    dependencies = script["dependencies"]
    assert isinstance(dependencies, list)
    assert {package(line): bounds(line) for line in dependencies} == {
        package(line): requirements.get(package(line)) for line in dependencies
    }


@pytest.mark.slow
@every_script
def test_the_header_names_every_package_that_is_imported(path: Path) -> None:
    script = header(path)
    assert script is not None, "no header `# /// script` (PEP 723)"
    dependencies = script["dependencies"]
    assert isinstance(dependencies, list)
    assert required_packages(path) - {package(line) for line in dependencies} == set()


@every_file
def test_a_file_leans_on_no_more_of_ours_than_it_may(path: Path) -> None:
    if path.name in ("database.py", "safe_migrations.py", *STAND_ALONE):
        allowed = set()
    elif "migrations" in path.parts:
        allowed = {"database", "budget", "safe_migrations"}
    elif name(path).startswith("budget"):
        allowed = {"database", "budget"}
    else:
        allowed = {"database"}
    assert {module for module in imported(path) if files_of(module)} - allowed == set()


# --- The lessons ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", PRINTS)
def test_a_script_copied_alone_prints_what_its_page_says(file: str, tmp_path: Path, run_python: RunPython) -> None:
    copied = shutil.copy(EXAMPLES / file, tmp_path)
    done = run_python(Path(copied))
    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTS[file], "")
    assert [path.name for path in tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("file", PRINTS)
def test_a_script_runs_where_it_lies_from_another_folder(file: str, run_python: RunPython) -> None:
    done = run_python(EXAMPLES / file)
    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTS[file], "")


@pytest.mark.parametrize(
    ("module", "values"),
    [
        ("simple-expense", {"description": "Lunch", "amount": Decimal("12.50")}),
        ("simple-category", {"name": "Food"}),
    ],
)
def test_the_first_models_can_be_saved_and_each_row_gets_an_aware_time_of_its_own(
    module: str, values: dict[str, object], database_url: str
) -> None:
    lesson = importlib.import_module(module)
    (model,) = (mapper.class_ for mapper in lesson.Base.registry.mappers)
    engine = create_database_engine(database_url)
    lesson.Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        row = model(**values)
        session.add(row)
        session.flush()
        assert row.created_at.tzinfo is UTC
    engine.dispose()
    assert model.__table__.c.created_at.default.is_callable


def test_the_first_expense_keeps_money_as_an_exact_decimal() -> None:
    amount = importlib.import_module("simple-expense").Expense.__table__.c.amount.type
    assert isinstance(amount, Numeric)
    assert (amount.precision, amount.scale, amount.asdecimal) == (12, 2, True)
