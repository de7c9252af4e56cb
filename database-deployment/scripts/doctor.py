"""Is the configured database reachable and right? One line a finding, the fix under it; it changes nothing.

    python doctor.py                                the database of DATABASE_URL, from the environment or .env
    python doctor.py sqlite:///shop.db              another one
    python doctor.py --workers 4 --connections 5    and do four processes of five connections fit the server?
    python doctor.py --models shop.models:Base      and are all tables of these models there?

It works in any project, on any SQLAlchemy URL of SQLite and PostgreSQL. Needs sqlalchemy, python-dotenv and, for
PostgreSQL, psycopg2-binary. Of the project it imports nothing but what --models names; migrations are read, not run.
No password is ever printed.

Levels: `error` (it does not work, or data is wrong), `warning` (it will hurt), `hint` (good to know), `ok`.
Exit code: 0 with nothing above a hint, 1 with a warning, 2 with an error or when the arguments cannot be read.
"""

import argparse
import contextlib
import importlib.metadata
import io
import json
import os
import re
import shlex
import sqlite3
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import doctor_address as address
import doctor_postgresql as postgresql
import doctor_schema as schema
import doctor_sqlite as sqlite
from doctor_case import Examination, Finding, Findings, Level

LEVELS = ("ok", "hint", "warning", "error")
WIDTH = 80

# --- The table of checks ---------------------------------------------------------------------------------------------

Check: TypeAlias = Callable[[Examination], Findings]
BOTH, POSTGRESQL, SQLITE = {"postgresql", "sqlite"}, {"postgresql"}, {"sqlite"}

CHECKS: tuple[tuple[str, set[str], Check], ...] = (
    ("address", BOTH, address.find_url),
    ("address", POSTGRESQL, address.migrations_go_past_the_pooler),
    ("address", POSTGRESQL, address.access_string_stays_out_of_git),
    ("driver", BOTH, address.driver_is_installed),
    ("driver", POSTGRESQL, address.plain_url_means_psycopg2),
    ("reach", POSTGRESQL, postgresql.connect_to_server),
    ("reach", SQLITE, sqlite.open_file),
    ("TLS", POSTGRESQL, postgresql.connection_is_private),
    ("session", POSTGRESQL, postgresql.time_is_limited),
    ("session", POSTGRESQL, postgresql.pools_fit_the_server),
    ("session", POSTGRESQL, postgresql.nobody_is_idle_in_a_transaction),
    ("schema", SQLITE, sqlite.file_is_whole),
    ("schema", BOTH, schema.schema_is_at_the_newest_migration),
    ("schema", BOTH, schema.tables_of_the_models_are_there),
    ("schema", POSTGRESQL, postgresql.foreign_keys_have_an_index),
    ("schema", POSTGRESQL, postgresql.indexes_are_valid),
    ("schema", POSTGRESQL, postgresql.constraints_are_validated),
    ("schema", POSTGRESQL, postgresql.sequences_are_ahead_of_their_columns),
    ("schema", SQLITE, sqlite.foreign_keys_have_an_index),
    ("schema", SQLITE, sqlite.rows_have_their_parents),
    ("schema", SQLITE, sqlite.plain_connections_enforce_foreign_keys),
    ("schema", SQLITE, sqlite.readers_and_writers_do_not_block_each_other),
    ("schema", SQLITE, sqlite.values_are_as_declared),
)

# Without these there is nothing that the later stages could look at.
NEEDED = (address.find_url, address.driver_is_installed, postgresql.connect_to_server, sqlite.open_file)


@dataclass
class Report:
    findings: list[tuple[str, Finding]]  # each with its stage
    not_looked_at: list[str]

    def level(self) -> int:
        return max((LEVELS.index(finding.level) for _, finding in self.findings), default=0)


class Rounds:
    """Goes through the table in a thread of its own, so that nothing which hangs can keep the answer back."""

    def __init__(self, case: Examination) -> None:
        self._case = case
        self._found: list[tuple[str, Finding]] = []
        self._stage, self._check = "address", ""
        self._stopped = False

    def report(self, seconds: float) -> Report:
        thread = threading.Thread(target=self._go, daemon=True)
        thread.start()
        thread.join(seconds)
        found, stage, hangs = list(self._found), self._stage, thread.is_alive()
        if hangs:
            seen = f"No answer within {seconds:g} s, while looking at: {self._check}."
            name = "no-answer" if stage == "reach" else "timed-out"
            fix = "Look at the network and at the load of the server, or give it longer: --timeout SECONDS."
            found.append((stage, Finding(name, "error", seen, fix)))
        return Report(found, self._stages_after(stage) if hangs or self._stopped else [])

    def _go(self) -> None:
        try:
            for stage, backends, check in CHECKS:
                if self._case.backend() in (None, *backends):
                    self._stage, self._check = stage, check.__name__.replace("_", " ")
                    found = self._findings_of(check)
                    self._found += [(stage, finding) for finding in found]
                    if check in NEEDED and any(finding.level == "error" for finding in found):
                        self._stopped = True
                        return
        finally:
            if self._case.connection:
                with contextlib.suppress(Exception):  # it may have ended before
                    self._case.connection.close()

    def _findings_of(self, check: Check) -> list[Finding]:
        found = []
        try:
            for finding in check(self._case):
                found.append(finding)
        except Exception as error:
            found.append(could_not_check(self._check, error, "error" if check in NEEDED else "warning"))
        return found

    def _stages_after(self, last: str) -> list[str]:
        stages = dict.fromkeys(stage for stage, backends, _ in CHECKS if self._case.backend() in (None, *backends))
        return list(stages)[list(stages).index(last) + 1 :]


def could_not_check(what: str, error: Exception, level: Level) -> Finding:
    # Only these messages are known to quote nothing of a file or of the settings.
    harmless = isinstance(error, OSError | sqlite3.Error) or type(error).__module__.startswith("psycopg2")
    reason = f"{type(error).__name__}: {error}" if harmless else type(error).__name__
    return Finding("could-not-check", level, f"Could not be checked: {what} ({reason})", "Look at this one by hand.")


# --- No secrets ------------------------------------------------------------------------------------------------------


class Censor:
    """Every text on its way out: without passwords, however they are written, and in one line."""

    def __init__(self, case: Examination) -> None:
        sources = [case.options.url or "", *case.settings.values(), os.environ.get("DATABASE_URL", "")]
        with contextlib.suppress(Exception):  # a file that cannot be read has given nothing to say either
            sources.append(str(schema.alembic_settings().get("sqlalchemy.url", "")).replace("%%", "%"))
        secrets = {secret for source in sources for secret in secrets_in(source)} | {os.environ.get("PGPASSWORD", "")}
        self._secrets = {spelling for secret in secrets for spelling in spellings(secret)} - {""}
        if case.url is not None:
            self._secrets -= {case.url.username, case.url.host, case.url.database}  # these are said openly

    def clean(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            pattern = re.escape(secret)
            if len(secret) < 4:  # inside of a word it is no secret but a syllable
                pattern = rf"(?<!\w){pattern}(?!\w)"
            text = re.sub(pattern, "***", text)
        return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def secrets_in(url: str) -> set[str]:
    """Every part of an access string that may be its password, however badly it is written."""
    starts = [colon.end() for colon in re.finditer(":", url)]
    ends = [at.start() for at in re.finditer("@", url)]
    between = {url[start:end] for start in starts for end in ends if start < end}
    return between | set(re.findall(r"(?i)pass\w*=([^&\s]*)", url))


def spellings(secret: str) -> set[str]:
    plain = {secret, unquote(secret), unquote_plus(secret)}
    return plain | {text for word in plain for text in (quote(word, safe=""), quote_plus(word), repr(word)[1:-1])}


# --- The command -----------------------------------------------------------------------------------------------------


class Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # What was not understood may be a URL, so it is not repeated.
        self.exit(2, f"doctor: {message.partition(':')[0]}: not understood, see doctor.py --help\n")


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Arguments(
        prog="doctor.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("url", nargs="?", metavar="URL", help="instead of DATABASE_URL")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--migrations", metavar="FOLDER", help="instead of the one that alembic.ini or pyproject names")
    parser.add_argument("--models", metavar="MODULE:BASE", help="import these models and look for their tables")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of the application (or WEB_CONCURRENCY)")
    parser.add_argument("--connections", type=int, metavar="M", help="connections of each process (default: 5)")
    parser.add_argument(
        "--idle-seconds", type=seconds, metavar="S", default=60, help="how long a transaction may be idle (60)"
    )
    parser.add_argument("--timeout", type=seconds, metavar="S", default=15, help="seconds for everything (15)")
    return parser.parse_args(arguments)


def seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86400:
        raise ValueError
    return value


def missing_packages() -> list[str]:
    needed = {"sqlalchemy": "sqlalchemy>=2", "python-dotenv": "python-dotenv"}
    return [requirement for name, requirement in needed.items() if not is_installed(name)]


def is_installed(package: str) -> bool:
    try:
        version = importlib.metadata.version(package)
        return package != "sqlalchemy" or int(version.partition(".")[0]) >= 2
    except importlib.metadata.PackageNotFoundError:
        return False


def as_text(report: Report, censor: Censor) -> Iterator[str]:
    for _, finding in report.findings:
        yield wrapped(f"{finding.level:<8} {censor.clean(finding.seen)} [{finding.id}]")
        if finding.fix:
            yield wrapped(f"{'':8} Fix: {censor.clean(finding.fix)}")
    if report.not_looked_at:
        yield wrapped(f"{'':8} Not looked at: {', '.join(report.not_looked_at)}.")
    count = Counter(finding.level for _, finding in report.findings)
    counted = [f"{count[level]} {level}{'s' * (count[level] > 1)}" for level in reversed(LEVELS[1:]) if count[level]]
    yield ", ".join(counted) or "All well."


def wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=" " * 9, break_long_words=False, break_on_hyphens=False)


def as_json(report: Report, censor: Censor) -> str:
    findings = [
        {
            "id": finding.id,
            "level": finding.level,
            "stage": stage,
            "seen": censor.clean(finding.seen),
            "fix": censor.clean(finding.fix),
        }
        for stage, finding in report.findings
    ]
    answer = {"level": LEVELS[report.level()], "findings": findings, "not_looked_at": report.not_looked_at}
    return json.dumps(answer, indent=2)


def main(arguments: Sequence[str] | None = None) -> int:
    options = read_arguments(arguments)
    if missing := missing_packages():
        print(f"doctor: first run: {sys.executable} -m pip install {shlex.join(missing)}", file=sys.stderr)
        return 2
    out = sys.stdout  # while models are imported it is turned away, and the time may be over just then
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")
    try:
        case = Examination(options)
    except (ImportError, OSError):
        print("doctor: examples/database.py cannot be loaded. Copy the whole folder of the skill.", file=sys.stderr)
        return 2
    report = Rounds(case).report(options.timeout)
    censor = Censor(case)
    print(as_json(report, censor) if options.json else "\n".join(as_text(report, censor)), file=out, flush=True)
    return max(0, report.level() - 1)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
