"""scripts/audit.py: each rule finds its wrong snippets and not its right ones, each planted defect is found, and clean
code, this repository's own too, is let alone.
"""

import dataclasses
import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import yaml

import audit
import audit_metadata
from audit_engine import REQUIREMENT, RULES, Match, rule_names, scan
from audit_findings import SEVERITIES, SKILL, Finding
from audit_models import model_rules
from audit_settings import Settings
from audit_source import Project
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
    shutil.copytree(CORPUS, folder / "corpus", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def write_snippet(project: Path, metadata: dict[str, Any], kind: str, number: int) -> None:
    snippet = metadata[kind][number]
    history = 'revision = "{}"\ndown_revision = {}\n'
    place = metadata.get("in", "code").split(",")[0]
    file = {"code": "shop/data.py", "tests": "tests/test_data.py", "migrations": "versions/0002.py"}[place]
    if place == "migrations":
        snippet = history.format("0002", '"0001"') + snippet
    for name, text in {"versions/0001.py": history.format("0001", "None"), file: "import sqlalchemy\n" + snippet}.items():
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


@pytest.mark.parametrize(("rule", "kind", "number"), SNIPPETS, ids=lambda value: str(value))
def test_a_rule_finds_its_wrong_snippets_and_nothing_in_the_right_ones(
    matches: dict[str, list[Match]], rule: str, kind: str, number: int
) -> None:
    database = SOURCE_RULES[rule]["metadata"].get("database", "postgresql")
    found = Project(matches[f"{rule}-{kind}-{number}"], Settings(database=database)).findings()
    if kind == "wrong":
        assert rule in {finding.rule for finding in found}
    else:
        assert found == []
