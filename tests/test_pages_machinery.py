"""The tests of the pages notice what they promise to notice, and --update-docs mends it, shown on small pages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import make_url

from checkpoints import checks_of
from page_code import check_blocks, check_lists, check_outputs, check_quotes, definition
from page_links import broken_links, missing_files
from pages import SKILLS, Page, problems, read_page, shipped_pages
from running import RunPython

TESTS = Path(__file__).parent


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def write_page(folder: Path, text: str, name: str = "page.md") -> Page:
    return read_page(write(folder, name, text), home=folder)


# --- Blocks that run --------------------------------------------------------------------------------------------------

MAPPED_CLASS = """
    ```python
    from __future__ import annotations

    from database import create_database_engine
    from sqlalchemy import select
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


    class Base(DeclarativeBase):
        pass


    class Note(Base):
        __tablename__ = "notes"
        id: Mapped[int] = mapped_column(primary_key=True)
        body: Mapped[str]
    ```

    Words between the blocks.

    ```python
    engine = create_database_engine(DATABASE_URL)
    Base.metadata.create_all(engine)
    session = Session(engine)
    session.add(Note(body="kept"))
    session.flush()
    print(session.scalar(select(Note.body)))
    ```

    ```text
    kept
    ```
"""


def test_the_blocks_of_a_page_share_their_names_and_an_empty_database(
    tmp_path: Path, database_url: str, run_python: RunPython
) -> None:
    check_blocks(write_page(tmp_path, MAPPED_CLASS), database_url, run_python)


def test_a_page_finds_the_address_of_its_database_by_name_and_in_the_environment(
    tmp_path: Path, sqlite_url: str, run_python: RunPython
) -> None:
    text = f"""
        ```python
        import os
        print(DATABASE_URL == os.environ["DATABASE_URL"] == {sqlite_url!r})
        ```
        ```text
        True
        ```
    """
    check_blocks(write_page(tmp_path, text), sqlite_url, run_python)


def test_a_page_runs_in_a_folder_of_its_own(tmp_path: Path, sqlite_url: str, empty_home: Path) -> None:
    page = write_page(tmp_path, "```python\nopen('written.txt', 'x').close()\n```\n")
    check_blocks(page, sqlite_url, RunPython(folder=empty_home, home=empty_home))
    assert (empty_home / "written.txt").exists()


WRONG_OUTPUT = """
    # A page

    ```python
    print("seven")
    ```

    ```text
    eight
    ```
"""


def test_a_wrong_output_is_noticed_with_its_page_and_line(
    tmp_path: Path, sqlite_url: str, run_python: RunPython
) -> None:
    page = write_page(tmp_path, WRONG_OUTPUT)
    with pytest.raises(AssertionError, match=r"page\.md:7: [\s\S]*-eight\n\+seven"):
        check_blocks(page, sqlite_url, run_python)


def test_an_output_without_a_newline_at_its_end_can_be_shown(
    tmp_path: Path, sqlite_url: str, run_python: RunPython
) -> None:
    text = """
        ```python
        print("seven", end="")
        ```
        ```text
        seven
        ```
    """
    check_blocks(write_page(tmp_path, text), sqlite_url, run_python)


@pytest.mark.parametrize("between", ["Words.", "<!-- a comment -->\n", "- ```console\n  $ python\n  ```"])
def test_only_a_text_directly_after_a_block_is_its_output(
    tmp_path: Path, sqlite_url: str, run_python: RunPython, between: str
) -> None:
    page = write_page(tmp_path, dedent(WRONG_OUTPUT).replace("```text", f"{between}\n\n```text"))
    check_blocks(page, sqlite_url, run_python)


def test_a_traceback_names_the_page_and_the_line(tmp_path: Path, sqlite_url: str, run_python: RunPython) -> None:
    page = write_page(tmp_path, "# A page\n\n```python\nseven = 7\nseven / 0\n```\n")
    with pytest.raises(
        AssertionError, match=r'page\.md", line 5, in <module>\n    seven / 0\n[\s\S]*ZeroDivisionError'
    ):
        check_blocks(page, sqlite_url, run_python)


def test_a_page_that_ends_before_its_end_is_noticed(tmp_path: Path, sqlite_url: str, run_python: RunPython) -> None:
    page = write_page(tmp_path, "```python\nraise SystemExit(0)\n```\n")
    with pytest.raises(AssertionError, match="did not run to its end"):
        check_blocks(page, sqlite_url, run_python)


def test_a_warning_is_an_error(tmp_path: Path, sqlite_url: str, run_python: RunPython) -> None:
    page = write_page(tmp_path, "```python\nimport warnings\nwarnings.warn('old')\n```\n")
    with pytest.raises(AssertionError, match="UserWarning: old"):
        check_blocks(page, sqlite_url, run_python)


TWO_DATABASES = """
    <!-- only: postgresql -->
    ```python
    ran = "postgresql"
    ```

    <!-- only: sqlite -->
    ```python
    ran = "sqlite"
    ```

    ```python
    print(ran)
    ```

    <!-- only: sqlite -->
    ```text
    sqlite
    ```

    <!-- only: postgresql -->
    ```text
    postgresql
    ```
"""


def test_a_block_for_one_database_runs_on_that_one_alone(
    tmp_path: Path, database_url: str, run_python: RunPython
) -> None:
    page = write_page(tmp_path, TWO_DATABASES)
    assert problems(page) == []
    check_blocks(page, database_url, run_python)


def test_each_database_is_compared_with_its_own_output(
    tmp_path: Path, database_url: str, run_python: RunPython
) -> None:
    name = make_url(database_url).get_backend_name()
    page = write_page(tmp_path, TWO_DATABASES.replace(f"```text\n    {name}", "```text\n    another"))
    with pytest.raises(AssertionError, match=rf"-another\n\+{name}"):
        check_blocks(page, database_url, run_python)


def raising(name: str, statement: str) -> str:
    return f"""
        <!-- raises: {name} -->
        ```python
        print("before")
        {statement}
        ```

        ```text
        before
        ```
    """


@pytest.mark.parametrize("name", ["ZeroDivisionError", "ArithmeticError"])
def test_a_block_may_raise_what_its_marker_says(
    tmp_path: Path, sqlite_url: str, run_python: RunPython, name: str
) -> None:
    check_blocks(write_page(tmp_path, raising(name, "1 / 0")), sqlite_url, run_python)


def test_a_block_that_raises_nothing_is_noticed(tmp_path: Path, sqlite_url: str, run_python: RunPython) -> None:
    page = write_page(tmp_path, raising("ZeroDivisionError", "1 / 1"))
    with pytest.raises(AssertionError, match=r"page\.md:2: raises nothing; the page says ZeroDivisionError"):
        check_blocks(page, sqlite_url, run_python)


def test_a_block_that_raises_something_else_is_noticed(tmp_path: Path, sqlite_url: str, run_python: RunPython) -> None:
    page = write_page(tmp_path, raising("LookupError", "1 / 0"))
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        check_blocks(page, sqlite_url, run_python)


def test_what_a_raising_block_prints_is_compared_too(tmp_path: Path, sqlite_url: str, run_python: RunPython) -> None:
    page = write_page(tmp_path, raising("ZeroDivisionError", "print(1 / 0)").replace('"before"', '"after"'))
    with pytest.raises(AssertionError, match=r"-before\n\+after"):
        check_blocks(page, sqlite_url, run_python)


@pytest.mark.parametrize("marker", ["not run: it needs an account", "quote: examples/one.py::name"])
def test_a_block_that_says_so_is_not_run(tmp_path: Path, sqlite_url: str, run_python: RunPython, marker: str) -> None:
    check_blocks(write_page(tmp_path, f"<!-- {marker} -->\n```python\n1 / 0\n```\n"), sqlite_url, run_python)


# --- Lists of checks --------------------------------------------------------------------------------------------------


def list_of_checks(lesson: str) -> str:
    return "".join(f"- {each.claim}\n" for each in checks_of(lesson))


LESSON = """# A lesson

<!-- checks: L1 -->
- an old claim
  on two lines

Words after it.
"""


def test_a_list_of_checks_that_is_old_is_noticed_with_its_page_and_line(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:3: [\s\S]*-- an old claim"):
        check_lists(write_page(tmp_path, LESSON))


@pytest.mark.parametrize("old", ["- an old claim\n  on two lines\n", ""])
def test_update_docs_rewrites_the_list_and_nothing_else(tmp_path: Path, old: str) -> None:
    page = write_page(tmp_path, LESSON.replace("- an old claim\n  on two lines\n", old))
    check_lists(page, update=True)
    written = page.path.read_text(encoding="utf-8")
    assert written == LESSON.replace("- an old claim\n  on two lines\n", list_of_checks("L1"))
    check_lists(read_page(page.path, home=tmp_path))


def test_a_list_of_a_lesson_that_does_not_exist_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no lesson 'L9'"):
        check_lists(write_page(tmp_path, LESSON.replace("L1", "L9")))


def test_a_list_marker_inside_a_fence_is_only_shown(tmp_path: Path) -> None:
    page = write_page(tmp_path, "```markdown\n<!-- checks: L1 -->\n- an old claim\n```\n")
    assert page.lists == ()


# --- Quotes -----------------------------------------------------------------------------------------------------------

SOURCE = '''
    """What is quoted."""
    LIMIT = 3  # the reason
    names: list[str] = [
        "one",
    ]


    @staticmethod
    @print
    def decorated() -> None:
        """Do nothing."""


    class Account:
        balance: int = 0

        @property
        def empty(self) -> bool:
            return self.balance == 0


    async def later() -> None: ...
'''

DEFINITIONS = {
    "LIMIT": "LIMIT = 3  # the reason\n",
    "names": 'names: list[str] = [\n    "one",\n]\n',
    "decorated": '@staticmethod\n@print\ndef decorated() -> None:\n    """Do nothing."""\n',
    "Account.empty": "@property\ndef empty(self) -> bool:\n    return self.balance == 0\n",
    "Account.balance": "balance: int = 0\n",
    "later": "async def later() -> None: ...\n",
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_found_by_its_name_with_its_decorators(name: str) -> None:
    assert definition(dedent(SOURCE).lstrip(), name) == DEFINITIONS[name]


@pytest.mark.parametrize(("name", "count"), [("missing", 0), ("Account.missing", 0), ("twice", 2)])
def test_a_name_that_is_not_there_or_there_twice_cannot_be_quoted(name: str, count: int) -> None:
    with pytest.raises(AssertionError, match=f"^{count} definitions are called {name}"):
        definition(dedent(SOURCE) + "\n\ntwice = 1\ntwice = 2\n", name)


def quoting(path: str, text: str) -> str:
    return f"<!-- quote: {path} -->\n```python\n{text}```\n"


def test_a_quote_that_is_the_source_passes(tmp_path: Path) -> None:
    write(tmp_path, "examples/one.py", SOURCE)
    for name, text in DEFINITIONS.items():
        check_quotes(write_page(tmp_path, quoting(f"examples/one.py::{name}", text)))
    check_quotes(write_page(tmp_path, quoting("examples/one.py", dedent(SOURCE).lstrip())))


@pytest.mark.parametrize("old", ["LIMIT = 4  # the reason\n", "LIMIT = 3\n", "LIMIT = 3  # the reason\n\n"])
def test_a_stale_quote_is_noticed(tmp_path: Path, old: str) -> None:
    write(tmp_path, "examples/one.py", SOURCE)
    with pytest.raises(AssertionError, match=r"page\.md:2: not what the code gives"):
        check_quotes(write_page(tmp_path, quoting("examples/one.py::LIMIT", old)))


def test_a_quote_of_a_file_that_is_not_there_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:2: there is no file examples/none\.py"):
        check_quotes(write_page(tmp_path, quoting("examples/none.py::LIMIT", "LIMIT = 3\n")))


# --- What scripts print -----------------------------------------------------------------------------------------------

SCRIPT = """
    import os, sys
    print(os.environ["DATABASE_URL"].partition(":")[0].partition("+")[0], *sys.argv[1:])
"""


def show_output(command: str, text: str) -> str:
    return f"<!-- output: {command} -->\n```text\n{text}```\n"


def test_a_script_gets_its_arguments_and_the_database(tmp_path: Path, database_url: str, run_python: RunPython) -> None:
    name = make_url(database_url).get_backend_name()
    write(tmp_path, "examples/one.py", SCRIPT)
    page = write_page(tmp_path, show_output("examples/one.py --month '2026 03'", f"{name} --month 2026 03\n"))
    check_outputs(page, database_url, run_python)


def test_each_database_may_have_its_own_output_of_a_script(
    tmp_path: Path, database_url: str, run_python: RunPython
) -> None:
    write(tmp_path, "examples/one.py", SCRIPT)
    sqlite = "<!-- only: sqlite -->\n" + show_output("examples/one.py", "sqlite\n")
    postgresql = show_output("examples/one.py", "postgresql\n").replace("```t", "<!-- only: postgresql -->\n```t")
    page = write_page(tmp_path, sqlite + postgresql)
    assert problems(page) == []
    check_outputs(page, database_url, run_python)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("print('seven')", r"-eight\n\+seven"),
        ("print('eight'); raise SystemExit(3)", "ended with 3"),
        ("print('eight'); import sys; print('late', file=sys.stderr)", "late"),
        ("import warnings; warnings.warn('old'); print('eight')", "UserWarning: old"),
        ("open('left open', 'w'); print('eight')", "ResourceWarning"),
    ],
)
def test_a_script_that_prints_or_does_something_else_is_noticed(
    tmp_path: Path, sqlite_url: str, run_python: RunPython, script: str, message: str
) -> None:
    write(tmp_path, "examples/one.py", script)
    with pytest.raises(AssertionError, match=message):
        check_outputs(write_page(tmp_path, show_output("examples/one.py", "eight\n")), sqlite_url, run_python)


def test_the_scripts_of_a_page_run_in_order_and_in_one_folder(
    tmp_path: Path, sqlite_url: str, run_python: RunPython
) -> None:
    write(tmp_path, "examples/write.py", "import pathlib; pathlib.Path('note').write_text('kept'); print('written')")
    write(tmp_path, "examples/read.py", "import pathlib; print(pathlib.Path('note').read_text())")
    text = show_output("examples/write.py", "written\n") + "\n" + show_output("examples/read.py", "kept\n")
    check_outputs(write_page(tmp_path, text), sqlite_url, run_python)


# --- Rewriting --------------------------------------------------------------------------------------------------------

STALE = """
    # A page

    ```python
    print("seven")
    ```

    ```text
    six
    and a half
    ```

    Words that stay: äöü.

    <!-- quote: database-deployment/examples/one.py::LIMIT -->
    ```python
    LIMIT = 2
    ```

    ```python
    print("nine")
    ```

    ```text
    ```

    <!-- output: database-deployment/examples/one.py now -->
    ```text
    sqlite then
    ```

    The end.
"""
FRESH = (
    STALE.replace("six\n    and a half", "seven")
    .replace("LIMIT = 2", "LIMIT = 3")
    .replace("```text\n    ```", "```text\n    nine\n    ```")
    .replace("sqlite then", "[3, 'now']")
)
COUNTING_SCRIPT = "import sys\nLIMIT = 3\nprint([LIMIT, *sys.argv[1:]])\n"


def test_outputs_and_quotes_are_rewritten_and_nothing_else(
    tmp_path: Path, sqlite_url: str, run_python: RunPython
) -> None:
    write(tmp_path, "database-deployment/examples/one.py", COUNTING_SCRIPT)
    page = write_page(tmp_path, STALE)
    check_blocks(page, sqlite_url, run_python, update=True)
    check_quotes(read_page(page.path, home=tmp_path), update=True)
    check_outputs(read_page(page.path, home=tmp_path), sqlite_url, run_python, update=True)
    assert page.path.read_text(encoding="utf-8") == dedent(FRESH).lstrip()


def test_what_differs_between_the_databases_is_not_rewritten_back_and_forth(
    tmp_path: Path, database_url: str, run_python: RunPython
) -> None:
    """The first database rewrites a shared output; the second has to agree with it, or the author makes two of it."""
    page = write_page(tmp_path, WRONG_OUTPUT)
    if database_url.startswith("sqlite"):
        check_blocks(page, database_url, run_python, update=True)
        assert "seven" in page.path.read_text(encoding="utf-8")
    else:
        with pytest.raises(AssertionError, match="not what the code gives"):
            check_blocks(page, database_url, run_python, update=True)


@pytest.mark.slow
def test_one_option_rewrites_every_page_even_when_several_processes_were_asked_for(tmp_path: Path) -> None:
    for name in (
        "pages.py",
        "page_code.py",
        "page_links.py",
        "page_runner.py",
        "pages_plugin.py",
        "running.py",
        "test_pages.py",
    ):
        (tmp_path / "tests").mkdir(exist_ok=True)
        shutil.copy(TESTS / name, tmp_path / "tests")
    write(
        tmp_path,
        "tests/conftest.py",
        """
        import pytest
        from running import RunPython

        @pytest.fixture(params=["sqlite"])
        def database_url(tmp_path):
            return f"sqlite:///{tmp_path}/page.db"

        @pytest.fixture
        def run_python(tmp_path):
            return RunPython(folder=tmp_path, home=tmp_path)
        """,
    )
    checker = SKILLS[1] / "scripts"
    settings = f'pythonpath = ["tests", "{checker.as_posix()}"]\naddopts = ["-p", "pages_plugin"]\nmarkers = ["slow"]\n'
    write(tmp_path, "pyproject.toml", f"[tool.pytest]\n{settings}")
    write(tmp_path, "database-deployment/examples/one.py", COUNTING_SCRIPT)
    page = write_page(tmp_path, STALE, "README.md")
    write(tmp_path, "database-deployment/SKILL.md", "# The skill\n")

    def run_pytest(*options: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run_pytest().returncode == 1
    rewritten = run_pytest("-n", "2", "--update-docs")
    assert rewritten.returncode == 0, rewritten.stdout + rewritten.stderr
    assert "2 workers" not in rewritten.stdout
    assert page.path.read_text(encoding="utf-8") == dedent(FRESH).lstrip()
    assert run_pytest().returncode == 0


# --- Nothing escapes --------------------------------------------------------------------------------------------------

GOOD_PAGE = """
    # A page

    <!-- A comment about the page is no marker. -->

    <!-- raises: ZeroDivisionError -->
    <!-- only: sqlite -->
    ```python
    1 / 0
    ```

    <!-- not run: it needs an account -->
    ```python
    import nothing
    ```

    ```text
    what the account says
    ```

    1. A step:

       ```console
       $ python one.py
       ```

    ````markdown
    ```python
    class Shown: ...
    ```
    ````
"""


def test_a_good_page_has_no_problems(tmp_path: Path) -> None:
    assert problems(write_page(tmp_path, GOOD_PAGE)) == []


def test_a_fence_inside_a_longer_fence_is_text(tmp_path: Path) -> None:
    assert [block.language for block in write_page(tmp_path, GOOD_PAGE).blocks] == [
        "python",
        "python",
        "text",
        "markdown",
    ]


BAD_PAGES = {
    "a marker nobody knows": ("<!-- onyl: sqlite -->\n```python\n1\n```\n", 2, "'onyl' is unknown"),
    "any comment on the line before": ("<!-- nice -->\n```python\n1\n```\n", 2, "'nice' is unknown"),
    "a marker of another block": ("<!-- raises: KeyError -->\n```text\n1\n```\n", 2, "means nothing before"),
    "a marker before words": ("<!-- only: sqlite -->\nWords.\n", 1, "stands before no block"),
    "a marker before an empty line": ("<!-- only: sqlite -->\n\n```python\n1\n```\n", 1, "stands before no block"),
    "a marker at the end": ("Words.\n<!-- output: examples/one.py -->\n", 2, "stands before no block"),
    "no reason": ("<!-- not run: -->\n```python\n1\n```\n", 2, "says nothing after its colon"),
    "no colon": ("<!-- not run -->\n```python\n1\n```\n", 2, "says nothing after its colon"),
    "a database nobody tests": ("<!-- only: mysql -->\n```python\n1\n```\n", 2, "'mysql' is no database"),
    "an exception that says nothing": ("<!-- raises: Exception -->\n```python\n1\n```\n", 2, "says too little"),
    "a marker twice": ("<!-- only: sqlite -->\n<!-- only: sqlite -->\n```python\n1\n```\n", 3, "twice"),
    "markers that contradict": (
        "<!-- raises: KeyError -->\n<!-- not run: why -->\n```python\n1\n```\n",
        3,
        "exclude each other",
    ),
    "a name in what is not Python": ("<!-- quote: a.sql::x -->\n```sql\n1\n```\n", 2, "only Python is quoted"),
    "another name for Python": ("```py\n1\n```\n", 1, "'py' is not one of"),
    "a Python prompt": ("```pycon\n>>> 1\n```\n", 1, "'pycon' is not one of"),
    "a title": ('```python title="x"\n1\n```\n', 1, "is not one of"),
    "no language": ("```\n1\n```\n", 1, "'' is not one of"),
    "Python called text": ("```text\nimport os\nprint(os)\n```\n", 1, "this is Python"),
    "Python called console": ("```console\ndef f():\n    pass\n```\n", 1, "this is Python"),
    "Python in a list": ("1. A step:\n\n   ```python\n   1\n   ```\n", 3, "a fence of python that no test sees"),
    "Python on the line of a list": ("- ```python\n  1\n  ```\n", 1, "a fence of python that no test sees"),
    "Python in a quotation": ("> ```python\n> 1\n> ```\n", 1, "a fence of python that no test sees"),
    "another fence": ("~~~python\n1\n~~~\n", 1, "a fence of python that no test sees"),
    "another fence and name": ("~~~ py\n1\n~~~\n", 1, "a fence of py that no test sees"),
    "indented code": ("Words:\n\n    from os import path\n", 3, "looks like code"),
    "a prompt without a fence": (">>> 1 + 1\n", 1, "looks like code"),
    "HTML": ("<pre>1</pre>\n", 1, "looks like code"),
    "a fence without end": ("```python\n1\n", 1, "never closed"),
    "an output of one database": ("```python\n1\n```\n<!-- only: sqlite -->\n```text\n```\n", 1, "0 blocks show"),
    "two outputs": ("<!-- only: sqlite -->\n```python\n1\n```\n```text\n```\n\n```text\n```\n", 2, "2 blocks show"),
    "an output of a quote": (
        "<!-- quote: a.py::x -->\n```python\n1\n```\n\n```text\n1\n```\n",
        2,
        "a quote is not run",
    ),
}


@pytest.mark.parametrize("kind", BAD_PAGES)
def test_what_no_test_would_see_is_noticed(tmp_path: Path, kind: str) -> None:
    text, line, message = BAD_PAGES[kind]
    (problem,) = problems(write_page(tmp_path, text))
    assert problem.startswith(f"{tmp_path}/page.md:{line}: ")
    assert message in problem


def test_every_page_is_tested_once_though_links_lead_to_it_twice() -> None:
    files = [page.path.resolve() for page in shipped_pages()]
    assert len(files) == len(set(files))


# --- Links and names of files -----------------------------------------------------------------------------------------


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    write(tmp_path, "outside.md", "# Outside\n")
    write(tmp_path, "skill/examples/one.py", "print(1)\n")
    write(
        tmp_path, "skill/references/models.md", "# Models\n\n## `Money` & time: a_b\n\n```python\n# no heading\n```\n"
    )
    return tmp_path / "skill"


GOOD_LINKS = [
    "[models](references/models.md)",
    "[`models.md`](references/models.md)",
    "[money](references/models.md#money--time-a_b)",
    "[above](#a-page)",
    "[example](examples/one.py 'a title')",
    "[folder](examples/)",
    "[wrapped\nline](<references/models.md>)",
    "[site](https://example.com/none.md)",
    "[named][models]\n\n[models]: references/models.md",
    "`[code](none.md)`",
]
BAD_LINKS = {
    "[typing error](references/model.md)": "there is no such file",
    "![picture](none.png)": "there is no such file",
    '<img src="none.png">': "there is no such file",
    "[named][models]\n\n[models]: none.md": "there is no such file",
    "[out](../outside.md)": "leads out of skill",
    "[root](/references/models.md)": "begins at its own page",
    "[heading](references/models.md#none)": "there is no heading #none",
    "[comment](references/models.md#no-heading)": "there is no heading #no-heading",
    "[heading](#none)": "there is no heading #none",
    "[line](examples/one.py#L1)": "there is no heading #L1",
}


@pytest.mark.parametrize("link", GOOD_LINKS)
def test_a_link_that_leads_somewhere_passes(skill: Path, link: str) -> None:
    assert broken_links(write_page(skill, f"# A page\n\n{link}\n")) == []


@pytest.mark.parametrize("link", BAD_LINKS)
def test_a_link_that_leads_nowhere_or_out_of_the_skill_is_noticed(skill: Path, link: str) -> None:
    (problem,) = broken_links(write_page(skill, f"# A page\n\n{link}\n"))
    assert BAD_LINKS[link] in problem


@pytest.mark.parametrize(
    "text",
    [
        "`examples/one.py`",
        "`python examples/one.py --month 2026-03`",
        "```console\n$ python examples/one.py\n```",
        "`references/*.md`",
        "`https://example.com/examples/none.py`",
        "plain references/none.md",
    ],
)
def test_a_file_that_is_there_may_be_named(skill: Path, text: str) -> None:
    assert missing_files(write_page(skill, f"# A page\n\n{text}\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "`examples/none.py`",
        "`python scripts/none.py --json`",
        "``references/none.md``",
        "```console\n$ python examples/none.py\n```",
        "```bash\npython skill/examples/one.py\n```",
    ],
)
def test_a_file_that_is_not_there_is_noticed(skill: Path, text: str) -> None:
    (problem,) = missing_files(write_page(skill, f"# A page\n\n{text}\n"))
    assert problem.startswith(f"{skill}/page.md:3: there is no file ")
