"""The doctor's checks of the schema that are the same on both databases: migrations, models, what an index is for."""

import ast
import configparser
import contextlib
import importlib
import io
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from doctor_case import Examination, Finding, Findings, some

# --- Migrations ------------------------------------------------------------------------------------------------------


def schema_is_at_the_newest_migration(case: Examination) -> Findings:
    folders = migration_folders(case.options.migrations)
    before, needed = read_revisions(folders)
    if not before:
        if case.options.migrations:
            seen = f"There are no migrations in {case.options.migrations}."
            yield Finding("migrations-missing", "error", seen, "Name the folder that holds env.py and versions/.")
        return
    heads = heads_of(before)
    if len(heads) > 1:
        fix = "alembic merge heads -m 'merge'; where the branches are meant: alembic upgrade heads"
        yield Finding("several-heads", "warning", f"The migrations have several heads: {some(sorted(heads))}.", fix)
    found = revisions_of(case)
    if unknown := found - set(before):
        seen = f"The table alembic_version is at {some(sorted(unknown))}, which is not among the migrations here."
        yield Finding("schema-ahead", "error", seen, "Update the program: a newer one has changed this database.")
        return
    applied = with_ancestors(found, before, needed)
    if missing := set(before) - applied:
        at = f"is at {some(sorted(found))}" if found else "is missing or empty"
        seen = f"The table alembic_version {at}: {len(missing)} of {len(before)} migrations are to be run."
        yield Finding("schema-behind", "error", seen, "alembic upgrade head")
    else:
        yield Finding("schema-current", "ok", f"The schema is at the newest migration: {some(sorted(found))}.")


def alembic_settings() -> dict[str, Any]:
    """[tool.alembic] of pyproject.toml and [alembic] of alembic.ini, in the current folder."""
    settings: dict[str, Any] = {}
    if (toml := Path("pyproject.toml")).is_file():
        settings |= tomllib.loads(toml.read_text("utf-8")).get("tool", {}).get("alembic", {})
    ini = configparser.RawConfigParser()
    if ini.read("alembic.ini", encoding="utf-8") and ini.has_section("alembic"):
        settings |= ini["alembic"]
    return settings


def migration_folders(given: str | None) -> list[Path]:
    if given:
        return [Path(given)]
    settings = alembic_settings()
    home = str(settings.get("script_location") or "")
    if not home:
        return []
    places = settings.get("version_locations") or [f"{home}/versions"]
    if isinstance(places, str):
        places = re.split(rf"[\s,{os.pathsep}]+", places.strip())
    return [folder_of(place) for place in places]


def folder_of(place: str) -> Path:
    if re.fullmatch(r"[\w.]{2,}:\w[^\\]*", place):  # package:folder
        package, _, folder = place.partition(":")
        return Path(*package.split("."), folder)
    return Path(place.replace("%(here)s", "."))


def read_revisions(folders: Sequence[Path]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Each revision with those before it, and with those that it depends on. The files are read, not run."""
    before, needed = {}, {}
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        values = assigned_literals(ast.parse(file.read_bytes()))
        if revision := values.get("revision"):
            before[revision] = names_in(values.get("down_revision"))
            needed[revision] = names_in(values.get("depends_on"))
    return before, needed


def assigned_literals(module: ast.Module) -> dict[str, Any]:
    values = {}
    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                with contextlib.suppress(ValueError, TypeError):
                    values[target.id] = ast.literal_eval(statement.value)  # type: ignore[attr-defined]
    return values


def names_in(value: object) -> set[str]:
    return {value} if isinstance(value, str) else set(value) if isinstance(value, list | tuple | set) else set()


def heads_of(before: Mapping[str, set[str]]) -> set[str]:
    return set(before).difference(*before.values())


def with_ancestors(found: set[str], *parents: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = set(found)
    while waiting:
        revision = waiting.pop()
        seen.add(revision)
        for known in parents:
            waiting |= known.get(revision, set()) - seen
    return seen


def revisions_of(case: Examination) -> set[str]:
    if case.backend() == "sqlite":
        there = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    else:
        there = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    return {row[0] for row in case.rows("SELECT version_num FROM alembic_version")} if case.rows(there) else set()


def tables_of_the_models_are_there(case: Examination) -> Findings:
    if not (named := case.options.models):
        return
    try:
        metadata = import_metadata(named)
    except (Exception, SystemExit) as error:  # whatever the project's code does
        # Other messages may quote the project's settings.
        reason = str(error) if isinstance(error, ImportError | AttributeError) else type(error).__name__
        fix = "Write it as package.module:Base, and start doctor.py in the folder that holds the package."
        yield Finding("models-not-importable", "error", f"{named} cannot be imported: {reason}", fix)
        return
    preparer = case.url.get_dialect()().identifier_preparer
    tables = {preparer.format_table(table): table.name for table in metadata.tables.values()}
    if case.backend() == "sqlite":
        there = {name.lower() for (name,) in case.rows("SELECT name FROM sqlite_master")}
        missing = [name for name, plain in tables.items() if plain.lower() not in there]
    else:
        absent = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL"
        missing = [name for (name,) in case.rows(absent, list(tables))]
    if missing := sorted(missing):
        fix = "alembic upgrade head; if that creates them not: alembic revision --autogenerate, and read what it wrote."
        seen = f"{len(missing)} of {len(tables)} tables of the models are missing: {some(missing)}."
        yield Finding("tables-missing", "error", seen, fix)
    else:
        yield Finding("tables-there", "ok", f"All {len(tables)} tables of the models are there.")


def import_metadata(named: str) -> Any:
    module_name, _, attribute = named.partition(":")
    scripts = str(Path(__file__).resolve().parent)
    sys.path[:] = [str(Path.cwd()), *(place for place in sys.path if place != scripts)]  # no script of ours for theirs
    silent = io.StringIO()
    with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):  # they may print their settings
        found = getattr(importlib.import_module(module_name), attribute or "Base")
    return getattr(found, "metadata", found)


# --- Foreign keys ----------------------------------------------------------------------------------------------------


def unindexed(foreign_keys: list[str]) -> Findings:
    if foreign_keys:
        seen = f"Foreign keys that no index begins with: {some(foreign_keys)}."
        fix = "mapped_column(ForeignKey(...), index=True) and a migration: without it, each deleted parent reads all."
        yield Finding("foreign-key-unindexed", "warning", seen, fix)
