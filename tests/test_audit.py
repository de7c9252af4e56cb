"""scripts/audit.py: each rule finds its wrong snippets and not its right ones, each planted defect is found, and clean
code, this repository's own too, is let alone.
"""

import dataclasses
import json
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

import audit
import audit_metadata
from audit_engine import REQUIREMENT, RULES, Match, rule_names, scan
from audit_findings import SEVERITIES, SKILL, CannotAudit
from audit_models import model_rules
from audit_settings import Settings, read_settings
from audit_source import Project
from database import create_database_engine
from page_links import anchors
from pages import ROOT, read_page
from running import RunPython

SCRIPT = Path(audit.__file__)
CORPUS = Path(__file__).parent / "audit_corpus"
PLANTED = re.compile(r"# finds: ([\w-]+(?:, [\w-]+)*)")

SOURCE_RULES: dict[str, dict[str, Any]] = {
    file.stem: yaml.safe_load(file.read_text("utf-8")) for file in sorted(RULES.glob("*.yml"))
}
SNIPPETS = [
    (rule, kind, number)
    for rule, said in SOURCE_RULES.items()
    for kind in ("wrong", "right")
    for number in range(len(said["metadata"][kind]))
]

# --- The rules are whole ----------------------------------------------------------------------------------------------


def test_a_rule_has_the_name_of_its_file_and_says_all_that_a_reader_needs() -> None:
    for name, rule in SOURCE_RULES.items():
        assert rule["id"] == name
        assert rule["severity"] in SEVERITIES, name
        texts = [rule["message"], rule["note"], rule["metadata"]["fix"]]
        assert all(texts), name
        assert rule["metadata"]["wrong"], name
        assert rule["metadata"]["right"], name
        assert set(rule["metadata"]) <= {"in", "database", "unless", "only-with", "fix", "page", "wrong", "right"}, name


def test_the_page_of_each_rule_has_the_heading() -> None:
    pages = {name: rule["metadata"]["page"] for name, rule in SOURCE_RULES.items()}
    pages |= {name: rule["page"] for name, rule in model_rules().items()}
    headings: dict[str, set[str]] = {}
    for name, place in pages.items():
        page, _, heading = place.partition("#")
        if page not in headings:
            headings[page] = anchors(read_page(SKILL / page))
        assert heading in headings[page], f"{name}: {place}"


def test_what_a_rule_builds_on_exists() -> None:
    facts = {file.stem for file in RULES.glob("facts/*.yml")}
    for name, rule in SOURCE_RULES.items():
        needed = {rule["metadata"].get(key, "").partition(".")[0] for key in ("unless", "only-with")} - {""}
        assert needed <= facts, name


def test_a_rule_for_source_and_models_says_the_same_for_both() -> None:
    for name, rule in model_rules().items():
        if name in SOURCE_RULES:
            source = SOURCE_RULES[name]
            said = (source["severity"], source["message"], source["note"])
            assert (rule["severity"], rule["message"], rule["why"]) == said
            assert (rule["fix"], rule["page"]) == (source["metadata"]["fix"], source["metadata"]["page"])


def test_source_and_models_take_the_same_names_for_money() -> None:
    part = yaml.safe_load((SCRIPT.parent / "rule_parts" / "money-name.yml").read_text("utf-8"))
    is_money, is_none = part["rule"]["all"]
    assert is_money["regex"] == audit_metadata.MONEY.pattern
    assert is_none["not"]["regex"] == audit_metadata.NOT_MONEY.pattern


def test_the_engine_is_the_one_of_the_requirements() -> None:
    assert REQUIREMENT in (ROOT / "requirements.txt").read_text("utf-8").splitlines()


# --- Snippets and corpus: one run of the engine over all --------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each snippet as a project of its own, and the corpus."""
    folder = tmp_path_factory.mktemp("audited")
    for rule, kind, number in SNIPPETS:
        write_snippet(folder / f"{rule}-{kind}-{number}", SOURCE_RULES[rule]["metadata"], kind, number)
    for file in CORPUS.rglob("*.py"):
        copied = folder / file.relative_to(CORPUS)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(PLANTED.sub("", file.read_text("utf-8")), "utf-8")  # a mark may not lead or mislead a rule
    return folder


def write_snippet(project: Path, metadata: dict[str, Any], kind: str, number: int) -> None:
    snippet = metadata[kind][number]
    history = 'revision = "{}"\ndown_revision = {}\n'
    place = metadata.get("in", "code").split(",")[0]
    file = {"code": "shop/data.py", "tests": "tests/test_data.py", "migrations": "versions/0002.py"}[place]
    if place == "migrations":
        snippet = history.format("0002", '"0001"') + snippet
    for name, text in {
        "versions/0001.py": history.format("0001", "None"),
        file: "import sqlalchemy\n" + snippet,
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, "utf-8")


@pytest.fixture(scope="module")
def matches(folder: Path) -> dict[str, list[Match]]:
    """What the engine matched, by project; the files are named from there."""
    found = defaultdict(list)
    for match in scan(folder, [folder]).matches:
        project, _, file = match.file.partition("/")
        found[project].append(dataclasses.replace(match, file=file))
    return found


@pytest.mark.parametrize("rule", SOURCE_RULES)
def test_a_rule_finds_each_of_its_wrong_snippets_and_nothing_in_the_right_ones(
    matches: dict[str, list[Match]], rule: str
) -> None:
    settings = Settings(database=SOURCE_RULES[rule]["metadata"].get("database", "postgresql"))
    for kind, number in [(kind, number) for name, kind, number in SNIPPETS if name == rule]:
        found = Project(matches[f"{rule}-{kind}-{number}"], settings).findings()
        if kind == "wrong":
            assert rule in {finding.rule for finding in found}, f"wrong, snippet {number}"
        else:
            assert found == [], f"right, snippet {number}"


def planted(project: str) -> set[tuple[str, int, str]]:
    return {
        (file.relative_to(CORPUS / project).as_posix(), number, rule)
        for file in (CORPUS / project).rglob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if (mark := PLANTED.search(line))
        for rule in mark[1].split(", ")
    }


def found_in(matches: dict[str, list[Match]], project: str) -> set[tuple[str, int, str]]:
    """What the audit says of a project of the corpus, whose name tells where it runs."""
    database = "postgresql" if project.startswith("shop") else "sqlite"
    whole = Project(matches[project], Settings(database=database))
    judged = audit.judged_migrations(whole, [], Path(), Settings(), all_migrations=False)
    findings = [f for f in whole.findings() if whole.kind(f.file) != "migrations" or f.file in judged]
    return {(finding.file, finding.line, finding.rule) for finding in findings}


@pytest.mark.parametrize("project", [folder.name for folder in sorted(CORPUS.iterdir())])
def test_each_planted_defect_is_found_and_nothing_else(matches: dict[str, list[Match]], project: str) -> None:
    assert found_in(matches, project) == planted(project)


def test_each_rule_has_a_planted_defect() -> None:
    rules = {rule for folder in CORPUS.iterdir() for _, _, rule in planted(folder.name)}
    assert rules == rule_names()


# --- Ignores and settings ---------------------------------------------------------------------------------------------


def write_project(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text).lstrip("\n"), "utf-8")
    return folder


def audited(folder: Path, *paths: str, all_migrations: bool = False) -> dict[tuple[str, int], str]:
    """The rule of each finding in this project, by file and line."""
    settings = read_settings(folder)
    findings, _ = audit.audit_source(
        [folder / path for path in paths or (".",)], folder, settings, all_migrations=all_migrations
    )
    return {(finding.file, finding.line): finding.rule for finding in findings}


def test_an_ignore_needs_a_reason_a_rule_and_something_to_ignore(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "pyproject.toml": """
                [tool.database-audit]
                database = "postgresql"
                [tool.database-audit.ignore]
                naive-now = "Times of the old protocol have no zone."
                offset-pages = " "
                between-moments = "Nothing of it is left."
            """,
            "measures.py": """
                from decimal import Decimal
                rate = Decimal(0.1)  # audit: ignore decimal-from-float - what the sensor sends
                # audit: ignore decimal-from-float, naive-now - what the sensor sends
                other = Decimal(0.1)
                more = Decimal(0.1)  # audit: ignore decimal-from-float
                last = Decimal(0.1)  # audit: ignore
                right = Decimal(2)  # audit: ignore decimal-from-float - it was wrong once
                wrong = Decimal(0.1)  # audit: ignore decimals - a slip of the pen
                started = datetime.utcnow()
                text = "# audit: ignore float-money"
            """,
        },
    )
    settings = read_settings(tmp_path)
    findings, _ = audit.audit_source([tmp_path], tmp_path, settings)
    assert sorted((finding.file, finding.line, finding.rule, finding.code) for finding in findings) == [
        ("measures.py", 3, "ignore-of-nothing", "naive-now"),
        ("measures.py", 5, "decimal-from-float", "more = Decimal(0.1)  # audit: ignore decimal-from-float"),
        ("measures.py", 5, "ignore-without-reason", "# audit: ignore decimal-from-float"),
        ("measures.py", 6, "decimal-from-float", "last = Decimal(0.1)  # audit: ignore"),
        ("measures.py", 6, "ignore-without-reason", "# audit: ignore"),
        ("measures.py", 7, "ignore-of-nothing", "decimal-from-float"),
        ("measures.py", 8, "decimal-from-float", "wrong = Decimal(0.1)  # audit: ignore decimals - a slip of the pen"),
        ("measures.py", 8, "ignore-of-unknown-rule", "decimals"),
        ("pyproject.toml", 1, "ignore-of-nothing", "between-moments"),
        ("pyproject.toml", 1, "ignore-without-reason", 'offset-pages = " "'),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.database-audit]\ndatabase = 'mysql'", "not 'mysql'"),
        ("[tool.database-audit]\nexcludes = ['x']", "knows no excludes"),
        ("[tool.database-audit]\nexclude = 'x'", "list of patterns"),
        ("[tool.database-audit]\nignore = ['float-money']", "the reason"),
        ("[tool.database-audit]\nmigrations-after = 7", "name of a revision"),
        ("[tool.database-audit", "cannot be read"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with pytest.raises(CannotAudit, match=re.escape(message)):
        read_settings(tmp_path)


HISTORY = {
    f"versions/{number}.py": f"""
        from alembic import op

        revision: str = "{number}"
        down_revision = {before!r}

        def upgrade():
            op.drop_table("t{number}")
    """
    for number, before in {"1": None, "2": "1", "3": "1", "4": ("2", "3"), "5": "4"}.items()
}


@pytest.mark.slow
def test_migrations_that_have_run_are_not_judged(tmp_path: Path) -> None:
    project = write_project(tmp_path, HISTORY | {"pyproject.toml": ""})
    assert {file for file, _ in audited(project)} == {"versions/5.py"}
    assert {file for file, _ in audited(project, ".", "versions/1.py")} == {"versions/5.py", "versions/1.py"}
    assert len(audited(project, all_migrations=True)) == 5
    (project / "pyproject.toml").write_text("[tool.database-audit]\nmigrations-after = '2'\n", "utf-8")
    assert {file for file, _ in audited(project)} == {f"versions/{number}.py" for number in (3, 4, 5)}
    (project / "pyproject.toml").write_text("[tool.database-audit]\nmigrations-after = '9'\n", "utf-8")
    with pytest.raises(CannotAudit, match="no revision 9"):
        audited(project)


@pytest.mark.slow
def test_where_the_program_runs_comes_from_the_settings_or_from_its_addresses(tmp_path: Path) -> None:
    numeric = "class Bill(Base):\n    amount = Column(Numeric(12, 2))\n"
    project = write_project(tmp_path, {"bill.py": numeric, "pyproject.toml": ""})
    assert audited(project) == {}
    (project / "address.py").write_text("URL = 'sqlite:///bills.db'\n", "utf-8")
    assert audited(project) == {("bill.py", 2): "numeric-money-on-sqlite"}
    (project / "pyproject.toml").write_text("[tool.database-audit]\ndatabase = 'postgresql'\n", "utf-8")
    assert audited(project) == {}
    (project / "pyproject.toml").write_text("[tool.database-audit]\nexclude = ['bill.py']\n", "utf-8")
    assert audited(project) == {}


# --- The repository itself, and somebody else's -----------------------------------------------------------------------


@pytest.mark.slow
def test_this_repository_is_clean() -> None:
    findings, _ = audit.audit_source([ROOT], ROOT, read_settings(ROOT), all_migrations=True)
    assert [f"{finding.place()} {finding.rule}" for finding in findings] == []


STRANGER = {
    "shop/__init__.py": "",
    "shop/models.py": '''
        """Models of somebody who never heard of this skill."""
        import sys
        from datetime import datetime
        from decimal import Decimal

        from sqlalchemy import CheckConstraint, DateTime, Float, ForeignKey, Integer, Numeric, String, UniqueConstraint
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        print("noise on import")
        print("more noise", file=sys.stderr)


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            email: Mapped[str | None] = mapped_column(String(100), unique=True)


        class Label(Base):
            __tablename__ = "labels"
            __table_args__ = (UniqueConstraint("user_id", "id"),)
            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


        class Note(Base):
            __tablename__ = "notes"
            __table_args__ = (CheckConstraint("price >= 0", name="price_check"),)
            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
            label_id: Mapped[int] = mapped_column(ForeignKey("labels.id"))
            price: Mapped[float]
            fee: Mapped[Decimal] = mapped_column(Numeric(10, 2))
            weight: Mapped[float] = mapped_column(Float)  # audit: ignore float-money - nothing to ignore
            cost: Mapped[float] = mapped_column(Float)  # audit: ignore float-money - of a calculation, in seconds
            at: Mapped[datetime]
    ''',
    "pyproject.toml": "[tool.database-audit]\ndatabase = 'sqlite'\n",
}


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    return write_project(tmp_path, STRANGER)


def findings_of(ended: subprocess.CompletedProcess[str]) -> set[tuple[str, str]]:
    return {(finding["rule"], finding["place"]) for finding in json.loads(ended.stdout)["findings"]}


@pytest.mark.slow
@pytest.mark.usefixtures("stranger")
def test_models_are_looked_at_in_a_process_of_their_own(run_python: RunPython) -> None:
    ended = run_python(SCRIPT, ".", "--models", "shop.models:Base", "--json")
    assert (ended.returncode, ended.stderr) == (1, "")
    lines = dedent(STRANGER["shop/models.py"]).lstrip("\n").splitlines()
    at = {line.split(":")[0].strip(): f"shop/models.py:{number}" for number, line in enumerate(lines, 1)}
    assert findings_of(ended) == {
        ("no-naming-convention", at["class Base(DeclarativeBase)"]),
        ("no-naming-convention", "the MetaData of the models"),
        ("nullable-unique", at["email"]),
        ("foreign-key-without-index", at["label_id"]),
        ("foreign-key-across-owners", at["label_id"]),
        ("float-money", at["price"]),
        ("numeric-money-on-sqlite", at["fee"]),
        ("naive-datetime-column", at["at"]),
        ("ignore-of-nothing", at["weight"]),
    }
    assert "shop.models:Base was imported, in a process of its own." in json.loads(ended.stdout)["notes"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("shop.nothing:Base", "shop.nothing:Base cannot be imported: No module named 'shop.nothing'"),
        ("shop.models:Bass", "has no attribute 'Bass'"),
        ("shop.secretive:Base", "cannot be imported: RuntimeError"),
        ("shop.exits:Base", "cannot be imported: SystemExit"),
        ("shop.loose:Base", "shop.loose:Base cannot be looked at: NoReferencedTableError"),
        ("shop.ends:Base", "ended its process when it was imported (exit code 7)"),
    ],
)
def test_models_that_cannot_be_imported_end_the_audit(
    stranger: Path, run_python: RunPython, named: str, message: str
) -> None:
    write_project(
        stranger,
        {
            "shop/secretive.py": "raise RuntimeError('hunter2')",
            "shop/exits.py": "import sys; sys.exit('hunter2')",
            "shop/ends.py": "import os; os._exit(7)",
            "shop/loose.py": """
                from sqlalchemy import Column, ForeignKey, MetaData, Table
                Base = MetaData()
                Table("hunter2", Base, Column("other_id", ForeignKey("others.id")))
            """,
        },
    )
    ended = run_python(SCRIPT, ".", "--models", named)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in ended.stderr
    assert "hunter2" not in ended.stderr


OTHERWISE = {  # what the stranger's database became without the models
    "sqlite": [
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(100) UNIQUE)",
        "CREATE TABLE labels (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id))",
        "CREATE TABLE strangers (id INTEGER PRIMARY KEY)",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id),"
        " label_id INTEGER NOT NULL REFERENCES labels (id), price VARCHAR(10) NOT NULL, fee NUMERIC(10, 2) NOT NULL,"
        " weight FLOAT, cost FLOAT NOT NULL)",
    ],
}
OTHERWISE["postgresql"] = [statement.replace("FLOAT", "DOUBLE PRECISION") for statement in OTHERWISE["sqlite"]]


@pytest.mark.slow
@pytest.mark.usefixtures("stranger")
def test_a_database_that_differs_from_the_models(run_python: RunPython, database_url: str) -> None:
    database = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    execute(database_url, OTHERWISE[database])
    ended = run_python(SCRIPT, ".", "--models", "shop.models:Base", "--json", "--database", database_url=database_url)
    assert ended.stderr == ""
    live = {"not-in-the-database", "check-in-the-models-only", "different-in-the-database", "not-in-the-models"}
    found = {(rule, place) for rule, place in findings_of(ended) if rule in live}
    assert {
        ("check-in-the-models-only", "notes: price_check"),
        ("not-in-the-database", "column notes.at"),
        ("not-in-the-database", "index ix_notes_user_id of notes (user_id)"),
        ("not-in-the-database", "constraint without a name of labels (user_id, id)"),
        ("different-in-the-database", "notes.weight: nullable is True, the models say False"),
        ("not-in-the-models", "table strangers"),
    } <= found
    price = [place for rule, place in found if rule == "different-in-the-database" and place.startswith("notes.price")]
    assert len(price) == 1
    assert "VARCHAR(10)" in price[0]
    assert len(found) == 7


def execute(url: str, statements: list[str]) -> None:
    engine = create_database_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.slow
def test_the_budget_application_and_its_database_agree(run_python: RunPython, migrated_url: str) -> None:
    """Its examples are the skill's own: no drift, no CHECK that only the models have, no plain key across owners."""
    examples = SKILL / "examples"
    run = dataclasses.replace(run_python, folder=examples)
    ended = run(SCRIPT, "budget", "--models", "budget.models:Base", "--json", "--database", database_url=migrated_url)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert findings_of(ended) - {("not-in-the-models", "table alembic_version")} == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunter2@127.0.0.1:1/shop",
        "sqlite:///hunter2/missing.db",
        "postgresql://ann:hunter2@[bad/shop",
        "oracle://ann:hunter2@x/y",
    ],
)
def test_a_database_that_cannot_be_read_ends_the_audit_without_its_password(
    stranger: Path, run_python: RunPython, url: str
) -> None:
    ended = run_python(SCRIPT, ".", "--models", "shop.models:Base", "--database", url)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "the database cannot be read" in ended.stderr
    assert "hunter2" not in ended.stderr
    assert not (stranger / "hunter2").exists()


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("stranger")
def test_the_audit_works_from_a_copy_of_the_skill_alone(
    run_python: RunPython, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copied = tmp_path_factory.mktemp("elsewhere") / "database-deployment"
    shutil.copytree(SKILL, copied, ignore=shutil.ignore_patterns("__pycache__", "*.db"))
    ended = run_python(copied / "scripts" / "audit.py", ".")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.startswith(
        "error float-money: Money in a float\n  Why: Sums and comparisons are wrong on both databases"
    )
    assert re.search(r"\(references/models\.md#money\)\n  shop/models\.py:\d+  price: Mapped\[float\]\n", ended.stdout)
    assert ended.stdout.rstrip().splitlines()[-1] == "2 errors, 3 warnings"


@pytest.mark.slow
def test_places_of_one_rule_are_cut_short_until_all_are_asked_for(tmp_path: Path, run_python: RunPython) -> None:
    write_project(tmp_path, {"rates.py": "\n".join("rate = Decimal(0.1)" for _ in range(8))})
    short, long = run_python(SCRIPT, "."), run_python(SCRIPT, ".", "--all")
    assert (short.stdout.count("rates.py"), "and 3 more (--all)" in short.stdout) == (5, True)
    assert (long.stdout.count("rates.py"), "more (--all)" in long.stdout) == (8, False)


@pytest.mark.slow
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, run_python: RunPython) -> None:
    write_project(tmp_path, {"größe/two words.py": "rate = Decimal(0.1)", "empty.py": "", "no_python.py": "def f(:"})
    (tmp_path / "latin.py").write_bytes(b"rate = Decimal(0.1) # \xff")
    ended = run_python(SCRIPT, ".")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "  größe/two words.py:1  rate = Decimal(0.1)\n\nNot read: latin.py (invalidUtf8).\n1 error\n" in ended.stdout


@pytest.mark.slow
def test_exit_codes(tmp_path: Path, run_python: RunPython) -> None:
    clean = run_python(SCRIPT, str(write_project(tmp_path, {"a.py": "x = 1"})))
    assert (clean.returncode, clean.stdout) == (0, "Nothing found.\n")
    hint = run_python(SCRIPT, str(write_project(tmp_path, {"a.py": "rows = User.query.get(1)"})))
    assert (hint.returncode, hint.stdout.splitlines()[-1]) == (0, "1 hint")
    for arguments, message in {
        ("missing",): "there is no missing",
        (): "which PATH?",
        (".", "--database"): "--database needs --models",
    }.items():
        ended = run_python(SCRIPT, *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert message in ended.stderr


@pytest.mark.slow
def test_where_there_is_nothing_to_look_at_nothing_is_said_to_be_clean(tmp_path: Path, run_python: RunPython) -> None:
    write_project(tmp_path, {"README.md": "amount = Decimal(0.1)", "tool": "rate = Decimal(0.1)", "docs/a.md": "a"})
    for arguments in [["."], ["README.md"], ["tool", "README.md"], ["docs"]]:
        ended = run_python(SCRIPT, *arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"audit: there are no Python files in {', '.join(arguments)}\n"
    write_project(tmp_path, {"a.py": "x = 1", "empty/__init__.py": ""})
    assert run_python(SCRIPT, "empty").stdout == "Nothing found.\n"
    ended = run_python(SCRIPT, "README.md", "a.py")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "Not read: README.md (no Python).\nNothing found.\n"


@pytest.mark.slow
def test_without_its_engine_the_audit_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_text("", "utf-8")
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    assert audit.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith(f'-m pip install "{REQUIREMENT}"\n')


def test_the_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["--rules"]) == 0
    assert capsys.readouterr().out.splitlines() == sorted(rule_names() | set(model_rules()))


# --- The page ---------------------------------------------------------------------------------------------------------

PAGE = SKILL / "references" / "audit.md"
BEGIN, END = "<!-- rules -->\n", "<!-- end of the rules -->"


def test_the_table_of_the_page_is_that_of_the_rules(pytestconfig: pytest.Config) -> None:
    """pytest --update-docs rewrites it."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = f"{before}{BEGIN}{rules_as_table()}{END}{after}"
    if pytestconfig.getoption("update_docs"):
        PAGE.write_text(table, "utf-8")
    assert PAGE.read_text("utf-8") == table


def rules_as_table() -> str:
    said = [(name, rule["severity"], rule["message"], rule["metadata"]["page"]) for name, rule in SOURCE_RULES.items()]
    said += [(name, *(rule[k] for k in ("severity", "message", "page"))) for name, rule in model_rules().items()]
    unique = {name: (severity, message, page) for name, severity, message, page in said}
    rows = [
        f"| [{name}]({link_from_page(page)}) | {severity} | {message} |\n"
        for name, (severity, message, page) in sorted(unique.items(), key=lambda rule: (rule[1][2], rule[0]))
    ]
    return "| Rule | Severity | Finds |\n|---|---|---|\n" + "".join(rows)


def link_from_page(page: str) -> str:
    return page.removeprefix("references/") if page.startswith("references/") else f"../{page}"
