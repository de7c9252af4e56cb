"""The doctor's checks of what the settings say, before anything is connected: the URLs, git, and the driver."""

import contextlib
import importlib.util
import ipaddress
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from doctor_case import SKILL, Examination, Finding, Findings, some
from doctor_schema import alembic_settings

# --- The URLs --------------------------------------------------------------------------------------------------------


def find_url(case: Examination) -> Findings:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        case.settings = read_settings(case.options.url)
    except UnicodeDecodeError:
        yield Finding("url-malformed", "error", ".env is not UTF-8 text.", "Save .env as UTF-8.")
        return
    if not case.settings["DATABASE_URL"]:
        example = "Write DATABASE_URL=postgresql://USER:PASSWORD@HOST:5432/NAME into .env, or give a URL to doctor.py."
        yield Finding("url-missing", "error", "There is no DATABASE_URL in the environment or in .env.", example)
        return
    with contextlib.suppress(ArgumentError, ValueError):
        if make_url(case.settings["DATABASE_URL"]).get_backend_name() not in ("sqlite", "postgres", "postgresql"):
            only = "Only sqlite:// and postgresql:// are looked at here."
            yield Finding("backend-unsupported", "error", "The URL is of another kind of database.", only)
            return
    try:
        case.url = case.module.database_url(case.settings, env_file=None)
    except case.module.DatabaseConfigurationError as error:
        seen = str(error).replace("DATABASE_URL", "The URL") if case.options.url else str(error)
        yield Finding("url-malformed", "error", seen, "In a password, write signs like @ : / # ? % as %XX.")


def read_settings(given_url: str | None) -> dict[str, str]:
    """DATABASE_URL and DATABASE_URL_UNPOOLED, both from one place, as database.py reads them."""
    from dotenv import dotenv_values

    names = ("DATABASE_URL", "DATABASE_URL_UNPOOLED")
    source: Mapping[str, str | None] = os.environ
    if given_url is not None:
        source = {"DATABASE_URL": given_url}
    elif "DATABASE_URL" not in os.environ:
        source = dotenv_values(".env", interpolate=False) | os.environ
    return {name: (source.get(name) or "").strip() for name in names}


def migrations_go_past_the_pooler(case: Examination) -> Findings:
    sources = {
        "DATABASE_URL_UNPOOLED": case.settings["DATABASE_URL_UNPOOLED"],
        "sqlalchemy.url of alembic.ini": alembic_settings().get("sqlalchemy.url", ""),
    }
    direct = "Take -pooler out of the host name: migrations need a session of their own, which a pooler does not keep."
    for name, raw in sources.items():
        if is_pooled(raw):
            yield Finding("pooled-migrations", "warning", f"{name} names a pooled host.", direct)
    try:
        case.module.migration_url(case.settings, env_file=None)
    except case.module.DatabaseConfigurationError as error:
        both = "Copy both from the same Connect dialog, once with pooling and once without."
        yield Finding("unpooled-url-unusable", "warning", f"{error}.", both)


def is_pooled(raw: str) -> bool:
    """Neon's pooled host names: the first label ends in -pooler."""
    return re.search(r"[@/][^./@?]+-pooler\.[^/@]*", raw) is not None


def access_string_stays_out_of_git(case: Examination) -> Findings:
    files = set()
    with contextlib.suppress(OSError):
        if re.search(r"://[^\s:/@]*:[^\s@]+@", Path(".env").read_text("utf-8", errors="replace")):
            files |= set(git("ls-files", "--", ".env"))
    # This very string, anywhere; one for a server of this machine opens nothing elsewhere.
    if (part := re.search(r"://[^:/@]*(:[^@]+@[^/?]+)", case.settings["DATABASE_URL"])) and not is_local(case.url.host):
        files |= set(git("grep", "-lF", "-f", "-", typed=part[1]))
    if files:
        cure = "git rm --cached FILE, name it in .gitignore, and change the password: the history keeps the old one."
        yield Finding("access-string-tracked", "warning", f"Git tracks the password: {some(sorted(files))}.", cure)


def git(*arguments: str, typed: str = "") -> list[str]:
    """The lines that git prints; none where there is no git, or no repository."""
    try:
        ended = subprocess.run(["git", *arguments], input=typed.encode(), capture_output=True, timeout=3, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return ended.stdout.decode(errors="replace").splitlines() if ended.returncode == 0 else []


def is_local(host: str | None) -> bool:
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# --- The driver ------------------------------------------------------------------------------------------------------


def driver_is_installed(case: Examination) -> Findings:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import NoSuchModuleError

    named = make_url(case.settings["DATABASE_URL"])
    for url in (case.url, named) if "+" in named.drivername else (case.url,):
        try:
            url.get_dialect().import_dbapi()
        except (ImportError, NoSuchModuleError):
            package = {"psycopg2": "psycopg2-binary"}.get(url.get_driver_name(), url.drivername.partition("+")[2])
            seen = f"The driver of {url.drivername}:// is not installed for this Python ({sys.executable})."
            yield Finding("driver-missing", "error", seen, f"{Path(sys.executable).name} -m pip install {package}")
            return


def plain_url_means_psycopg2(case: Examination) -> Findings:
    """SQLAlchemy 2.1 takes `postgresql://` for psycopg 3, and no SQLAlchemy 2 takes `postgres://` at all."""
    import sqlalchemy

    scheme = case.settings["DATABASE_URL"].partition(":")[0]
    means_psycopg_3 = scheme == "postgresql" and not sqlalchemy.__version__.startswith("2.0")
    if not (means_psycopg_3 or scheme == "postgres") or (file := file_with_an_engine_of_its_own()) is None:
        return
    cure = (
        "Use create_database_engine() of examples/database.py, which takes every spelling, or write"
        " postgresql+psycopg2:// in the URL."
    )
    if means_psycopg_3 and importlib.util.find_spec("psycopg"):
        seen = f"{file} makes an engine itself: {scheme}:// is psycopg 3 there, which is installed."
        yield Finding("plain-url", "hint", seen, cure)
    else:
        what = "means psycopg 3, which is not installed" if means_psycopg_3 else "is refused"
        yield Finding("plain-url", "warning", f"{file} makes an engine itself: there {scheme}:// {what}.", cure)


def file_with_an_engine_of_its_own() -> str | None:
    pruned = {"venv", "env", "node_modules", "site-packages", "tests", "test"}
    looked_at = 0
    for folder, folders, files in os.walk("."):
        here = Path(folder)
        folders[:] = [
            name for name in folders if name not in pruned and name[0] != "." and (here / name).resolve() != SKILL
        ]
        for file in (here / name for name in sorted(files) if name.endswith(".py")):
            if makes_an_engine(file):
                return str(file)
            looked_at += 1
        if looked_at > 2000:  # no project, but somebody's home
            break
    return None


def makes_an_engine(file: Path) -> bool:
    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:
        return False
    is_database_py = "def create_database_engine(" in text
    return not is_database_py and ENGINE_MADE.search(text) is not None


# Not where the address stands there with another scheme, or with a driver: create_engine("sqlite:///old.db").
ENGINE_MADE = re.compile(
    r"""\b(create_(async_)?engine|engine_from_config)\((?!\s*(url\s*=\s*)?[fFrR]*["']+(?!postgres(ql)?:)[\w+]+:)"""
)
