"""The models of a project, looked at in a process of its own: their code is imported, and prints or ends what it likes.

audit.py starts it: `python audit_models.py answer` takes a question as JSON, and says which places break a rule.
"""

import contextlib
import importlib
import io
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from audit_findings import SCRIPTS, CannotAudit, Finding

SECONDS = 120
AS_A_PROCESS = "answer"
ANSWER = "the answer of audit_models: "  # whatever the models print besides


@dataclass(frozen=True)
class Place:
    """A column, table or constraint that breaks a rule, and where its class is written, if that can be found."""

    rule: str
    where: str
    file: str = ""
    line: int = 0
    code: str = ""


@cache
def model_rules() -> dict[str, dict[str, Any]]:
    return tomllib.loads((SCRIPTS / "model_rules.toml").read_text("utf-8"))


def known_rules() -> set[str]:
    return set(model_rules())


def audit_models(named: str, url: str | None, database: str | None) -> list[Finding]:
    """What is wrong with these models and, unless `url` is None, between them and that database."""
    question = json.dumps({"models": named, "url": url, "database": database})
    try:
        ended = subprocess.run(
            [sys.executable, __file__, AS_A_PROCESS],
            input=question,  # not as an argument: other users can read those, and the URL has a password
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotAudit(f"{named} was not looked at within {SECONDS} s") from error
    answers = [line.removeprefix(ANSWER) for line in ended.stdout.splitlines() if line.startswith(ANSWER)]
    if not answers:
        raise CannotAudit(f"{named} ended its process when it was imported (exit code {ended.returncode})")
    answer = json.loads(answers[-1])
    if "error" in answer:
        raise CannotAudit(answer["error"])
    return [as_finding(Place(**place)) for place in answer["places"]]


def as_finding(place: Place) -> Finding:
    rule = model_rules()[place.rule]
    return Finding(
        place.rule,
        rule["severity"],
        rule["message"],
        rule["why"],
        rule["fix"],
        rule["page"],
        place.file,
        place.line,
        place.line,
        place.code or place.where,
        place.where,
    )


# --- The process of its own ------------------------------------------------------------------------------------------


def answer_question() -> None:
    question = json.load(sys.stdin)
    out = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            answer: dict[str, Any] = {"places": [asdict(place) for place in places(**question)]}
        except CannotAudit as error:
            answer = {"error": str(error)}
        except Exception as error:  # models that were imported, and do not fit together
            answer = {"error": f"{question['models']} cannot be looked at: {type(error).__name__}"}
    print(ANSWER + json.dumps(answer), file=out, flush=True)


def places(models: str, url: str | None, database: str | None) -> Iterator[Place]:
    base = import_base(models)
    # Here, because the search of the source works without SQLAlchemy too.
    from audit_metadata import look_at_metadata
    from audit_schema import address_of, look_at_database

    address = None if url is None else address_of(url)
    yield from look_at_metadata(base, database or (address and address.get_backend_name()))
    if address is not None:
        yield from look_at_database(getattr(base, "metadata", base), address)


def import_base(named: str) -> Any:
    module, _, attribute = named.partition(":")
    here = str(SCRIPTS)
    ours = [place for place in sys.path if Path(place or ".").resolve() == SCRIPTS]
    sys.path[:] = [str(Path.cwd()), *(place for place in sys.path if place not in ours)]
    try:
        return getattr(importlib.import_module(module), attribute or "Base")
    except BaseException as error:  # whatever the project's code does
        # Other messages may quote the project's settings.
        reason = str(error) if isinstance(error, ImportError | AttributeError) else type(error).__name__
        hint = "write it as package.module:Base, and start in the folder that holds the package"
        raise CannotAudit(f"{named} cannot be imported: {reason} ({hint})") from error
    finally:
        sys.path.append(here)


if __name__ == "__main__":
    if sys.argv[1:] == [AS_A_PROCESS]:
        answer_question()
    else:
        print(__doc__)
