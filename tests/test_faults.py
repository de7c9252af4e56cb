"""The bed of faults/: a short round each time, a long one among the slow tests, and proof that it sees what it should.

A bed that reports nothing may be blind. So it also plays on copies of the examples in which one protection is gone.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import report_no_postgres
from faults import on_postgresql, on_sqlite
from faults.strikes import FAULTS
from like_neon import find_pooler
from local_postgres import LocalPostgresError
from running import bare_environment

ROOT = Path(__file__).resolve().parents[1]
NOTHING_LOST = "lost: 0, doubled: 0, other failures: 0"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the bed of faults did not run: it needs Linux")
pytestmark = on_linux


@pytest.fixture
def pooler() -> None:
    if find_pooler() is None:
        report_no_postgres(LocalPostgresError("there is no PgBouncer. Get it with: apt-get install pgbouncer"))


@pytest.mark.usefixtures("pooler")
def test_a_short_round_on_postgresql(tmp_path: Path) -> None:
    only = ["backends killed", "client killed and started anew", "answer to COMMIT lost", "pooler killed and started"]
    played = on_postgresql.play(4, 1, tmp_path, only)
    assert played.failures == []
    assert played.struck.total() == 4
    assert played.record.acknowledged > 4


def test_a_short_round_on_sqlite(tmp_path: Path) -> None:
    played = on_sqlite.play(4, 1, tmp_path, times_full=1)
    assert played.failures == []
    assert played.kills >= 4
    assert played.full == 1


def play(root: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "tests" / "faults" / "play.py"), *arguments],
        cwd=home,
        env=bare_environment(home, ""),
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("pooler")
def test_a_thousand_faults_and_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    done = play(ROOT, tmp_path)
    assert (done.returncode, done.stdout.count(NOTHING_LOST)) == (0, 2), done.stdout + done.stderr
    struck = {name: int(count) for name, count in re.findall(r"^(\S.*?)  +(\d+)", done.stdout, re.MULTILINE)}
    assert sum(struck[fault.name] for fault in FAULTS) == 1000
    assert all(struck[fault.name] for fault in FAULTS)
    assert struck["writers killed"] >= 200
    assert struck["disk full, and room again"] == on_sqlite.TIMES_FULL


# --- Without one of the protections


@dataclass(frozen=True)
class Protection:
    """A line of the examples, what is left without it, and what the bed must then say."""

    name: str
    file: str
    line: str
    without: str
    plan: str  # the arguments of the command, with the faults that meet the gap
    said: str


CROWDED = {  # so that the clients meet more often
    r"^USERS = .*": 'USERS = ("ann@example.org",)',
    r"^CATEGORIES = .*": 'CATEGORIES = ("Food", "Pets")',
}
ON_SERVERS, ON_FILES = "--kills 0 --faults", "--faults 0 --kills"
PROTECTIONS = [
    Protection(
        "what may run again",
        "database.py",
        '    return lost or code in ("40001", "40P01") or code.startswith("SQLITE_BUSY")\n',
        "    return False\n",
        f"{ON_SERVERS} 5 --only|backends killed",
        "GAVE UP: ",
    ),
    Protection(
        "a lost answer to COMMIT is told",
        "database.py",
        "            committing = not read_only\n",
        "",
        f"{ON_SERVERS} 5 --only|answer to COMMIT lost",
        "STUCK: answer to COMMIT lost did not strike",
    ),
    Protection(
        "the request key of a transfer",
        "budget/budgets.py",
        ".execute(insert.on_conflict_do_nothing()).rowcount == 1:",
        ".execute(insert.on_conflict_do_nothing()).rowcount >= 0:",
        f"{ON_SERVERS} 10 --only|answer to COMMIT lost",
        "LOST: the budget ",
    ),
    Protection(
        "the request key of an expense",
        "budget/expenses.py",
        "insert.on_conflict_do_nothing().returning",
        "insert.returning",
        f"{ON_SERVERS} 10 --only|answer to COMMIT lost",
        "UNCLEAR: ",
    ),
    Protection(
        "the lock of the rows",
        "budget/budgets.py",
        "        .with_for_update()\n",
        "",
        f"{ON_SERVERS} 20 --only|cut in mid-query",
        "LOST: the budget ",
    ),
    Protection(
        "the order of the locks",
        "budget/budgets.py",
        ".order_by(Budget.category_id)\n",
        ".order_by(Budget.category_id == target.id)\n",
        f"{ON_SERVERS} 10 --only|budgets held until others queue",
        "DEADLOCK: ",
    ),
    Protection(
        "the turn of a writer",
        "database.py",
        '"QUERY ONLY" if read_only else "IMMEDIATE"',
        '"QUERY ONLY" if read_only else "DEFERRED"',
        f"{ON_FILES} 10",
        "TURNED AWAY: ",
    ),
]


@pytest.mark.slow
@pytest.mark.usefixtures("pooler")
@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda protection: protection.name)
def test_the_bed_sees_what_happens_without(protection: Protection, tmp_path: Path) -> None:
    copy = copied(tmp_path)
    change(
        copy / "database-deployment" / "examples" / protection.file, {re.escape(protection.line): protection.without}
    )
    change(copy / "tests" / "faults" / "bookings.py", CROWDED)
    plan, _, fault = protection.plan.partition("|")
    done = play(copy, tmp_path, *plan.split(), *([fault] if fault else []))
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(f"^{re.escape(protection.said)}", done.stdout, re.MULTILINE), done.stdout + done.stderr


def copied(folder: Path) -> Path:
    """The project, as much of it as the bed needs."""
    for part in ("database-deployment/examples", "database-deployment/scripts", "tests/faults"):
        shutil.copytree(ROOT / part, folder / "copy" / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "copy"


def change(file: Path, lines: dict[str, str]) -> None:
    source = file.read_text("utf-8")
    for line, other in lines.items():
        source, count = re.subn(line, other, source, flags=re.MULTILINE)
        assert count == 1, f"{file.name} has {line} {count} times"
    file.write_text(source, "utf-8")
