"""How long a person waits for `budget-tracker.py list`: a whole process, from its start to its end."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.importing import seconds
from benchmarks.places import Place
from benchmarks.races import Result, race

PROGRAM = Path(__file__).resolve().parents[2] / "database-deployment" / "examples" / "budget-tracker.py"


def races(place: Place, rounds: int) -> Iterator[Result]:
    environment = os.environ | {"DATABASE_URL": place.url, "BUDGET_USER": "ann@example.org"}

    def runner(*command: str) -> Callable[[], float]:
        return lambda: seconds(lambda: subprocess.run(command, env=environment, capture_output=True, check=True))

    runners = {
        "python -c pass": runner(sys.executable, "-c", "pass"),
        "python -c 'import sqlalchemy.orm'": runner(sys.executable, "-c", "import sqlalchemy.orm"),
        "budget-tracker.py list": runner(sys.executable, str(PROGRAM), "list"),
    }
    yield from race("start of a program", place.database, place.rows, runners, 2 * rounds + 1)
