"""The rules of this skill as a program: what in a project's data layer will lose rows, money or an evening.

    python audit.py .                                          the source below this folder; nothing of it is run
    python audit.py . --models shop.models:Base                and the models: imports them, in a process of its own
    python audit.py . --models shop.models:Base --database     and the database of DATABASE_URL, which is only read
    python audit.py --rules                                    the rules, one a line

Needs ast-grep-cli; --models needs the project's own packages, --database alembic too. Settings: [tool.database-audit]
in pyproject.toml. One finding is ignored with `# audit: ignore RULE - reason` on its line or above it. Of the
migrations the newest is judged, or those after `migrations-after`; one that is named as PATH always.

Severities: `error` (wrong data, or it fails), `warning` (it will hurt), `hint` (good to know).
Exit code: 0 with nothing above a hint, 1 with an error or a warning, 2 when the audit could not run.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import audit_engine as engine
from audit_findings import CannotAudit, Finding
from audit_history import files_to_judge
from audit_ignores import Ignores
from audit_models import audit_models, known_rules
from audit_report import as_json, as_text
from audit_settings import Settings, find_root, read_settings
from audit_source import Project


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="audit.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="folders and files")
    parser.add_argument("--models", metavar="MODULE:BASE", help="import these models and look at them too")
    parser.add_argument(
        "--database",
        nargs="?",
        const="",
        metavar="URL",
        help="and compare them with this database (DATABASE_URL)",
    )
    parser.add_argument("--all", action="store_true", help="show each place, not the first five of a rule")
    parser.add_argument("--all-migrations", action="store_true", help="judge migrations that have run long ago too")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--rules", action="store_true", help="list the rules")
    options = parser.parse_args(arguments)
    if not options.paths and not options.rules:
        parser.error("which PATH? For the current folder: audit.py .")
    if options.database is not None and options.models is None:
        parser.error("--database needs --models")
    return options


def audit_source(
    paths: Sequence[Path],
    root: Path,
    settings: Settings,
    *,
    of_models: Sequence[Finding] = (),
    all_migrations: bool = False,
) -> tuple[list[Finding], list[str]]:
    """The findings in the files below these paths, and what the reader should know about the search.

    `of_models` are findings of the models, whose lines may be ignored by comments too.
    """
    if missing := [str(path) for path in paths if not path.exists()]:
        raise CannotAudit(f"there is no {', '.join(missing)}")
    scan = engine.scan(root, [path.resolve() for path in paths], settings.exclude)
    if not scan.files:
        raise CannotAudit(f"there are no Python files in {', '.join(map(str, paths))}")
    project = Project(scan.matches, settings)
    judged = judged_migrations(project, paths, root, settings, all_migrations=all_migrations)
    ignores = Ignores(scan.matches, settings, engine.rule_names() | known_rules())
    ignores.remember([*scan.matches, *of_models])
    found = [f for f in project.findings() if project.kind(f.file) != "migrations" or f.file in judged]
    seen = {(finding.rule, finding.file, finding.line) for finding in found}
    found += [f for f in of_models if (f.rule, f.file, f.line) not in seen]
    findings = [finding for finding in found if not ignores.lets_pass(finding)]
    history = len({match.file for match in project.revisions} - judged)
    named = {relative(str(path), root): path for path in paths if path.is_file()}
    passed_by = [f"{path} (no Python)" for file, path in named.items() if file not in scan.files]
    notes = [f"Not read: {file}." for file in [*scan.not_read, *passed_by]]
    notes += [f"Not judged: {history} migrations of before (--all-migrations, or migrations-after)."] if history else []
    return [*findings, *ignores.problems()], notes


def judged_migrations(
    project: Project, paths: Sequence[Path], root: Path, settings: Settings, *, all_migrations: bool
) -> set[str]:
    if all_migrations:
        return {match.file for match in project.revisions}
    named = {relative(str(path), root) for path in paths if path.is_file()}
    return named | files_to_judge(project.revisions, settings.migrations_after)


def audit(options: argparse.Namespace) -> tuple[list[Finding], list[str]]:
    root = find_root(options.paths)
    settings = read_settings(root)
    of_models, imported = [], []
    if options.models:
        of_models = [
            finding.at(file=relative(finding.file, root))
            for finding in audit_models(options.models, options.database, settings.database)
        ]
        imported = [f"{options.models} was imported, in a process of its own."]
    findings, notes = audit_source(
        options.paths, root, settings, of_models=of_models, all_migrations=options.all_migrations
    )
    shown = [finding.at(file=os.path.relpath(root / finding.file)) if finding.file else finding for finding in findings]
    return shown, [*notes, *imported]


def relative(file: str, root: Path) -> str:
    return Path(os.path.relpath(Path(file).resolve(), root)).as_posix() if file else ""


def list_rules() -> None:
    print("\n".join(sorted(engine.rule_names() | known_rules())))


def main(arguments: Sequence[str] | None = None) -> int:
    options = read_arguments(arguments)
    if options.rules:
        list_rules()
        return 0
    try:
        findings, notes = audit(options)
    except CannotAudit as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(as_json(findings, notes))
    else:
        print("\n".join(as_text(findings, notes, every_place=options.all)))
    return int(any(finding.severity != "hint" for finding in findings))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
