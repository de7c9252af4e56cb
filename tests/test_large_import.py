"""budget-tracker.py import: a file of a million lines, in constant memory, with a progress bar, all or nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from running import bare_environment
from tracker import PROGRAM, Tracker

LINES = 1_000_000
MEGABYTE = 1024  # in the kilobytes of the kernel
STATUS = Path("/proc/self/status")  # getrusage would tell the peak of the tests if theirs was higher before the fork

MEASURED = (
    "import os, runpy, sys\nfrom pathlib import Path\n"
    "sys.argv = sys.argv[1:]\n"
    "sys.path[0] = os.path.dirname(sys.argv[0])\n"
    "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
    f"finally:\n    print('peak', Path('{STATUS}').read_text().partition('VmHWM:')[2].split()[0])\n"
)


def write_file(path: Path, lines: int, last: str = "") -> Path:
    with path.open("w", encoding="utf-8") as stream:
        stream.write("date,name,category,tags,amount\n")
        stream.writelines(rows(lines))
        stream.write(last)
    return path


def rows(count: int) -> Iterator[str]:
    for number in range(count):
        day = date(2015, 1, 1) + timedelta(days=number % 3650)
        yield f"{day},Shop {number % 5003},Category {number % 20},,-{number % 199 + 1}.{number % 100:02}\n"


def import_measured(file: Path, url: str, home: Path) -> tuple[str, int]:
    """What the import printed, and its peak of memory in kilobytes."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEASURED, str(PROGRAM), "import", str(file)],
        env=bare_environment(home, url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    printed, _, peak = done.stdout.rpartition("peak ")
    return printed, int(peak)


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="this system does not tell the peak of a process")
def test_a_million_lines_in_constant_memory_and_the_second_time_none(migrated_url: str, tmp_path: Path) -> None:
    _, usual = import_measured(write_file(tmp_path / "small.csv", 100), migrated_url, tmp_path)
    file = write_file(tmp_path / "large.csv", LINES)
    printed, peak = import_measured(file, migrated_url, tmp_path)
    assert "999,900 new expenses, 100 known already" in printed
    assert peak - usual < 100 * MEGABYTE
    printed, peak = import_measured(file, migrated_url, tmp_path)
    assert "0 new expenses, 1,000,000 known already" in printed
    assert peak - usual < 100 * MEGABYTE


@pytest.mark.slow
def test_a_mistake_on_the_last_of_many_lines_imports_nothing(migrated_url: str, tmp_path: Path) -> None:
    tracker = Tracker(migrated_url)
    error = tracker.refused("import", write_file(tmp_path / "bank.csv", 200_000, last="2024-01-01,Tea,Food,,1.2.3\n"))
    assert 'line 200002, column "amount"' in error
    assert tracker.ok("category", "list") == ""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_terminal_sees_the_progress_and_a_pipe_does_not(migrated_url: str, tmp_path: Path) -> None:
    file = write_file(tmp_path / "bank.csv", 5000)
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "import", str(file)],
        env=bare_environment(tmp_path, migrated_url) | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 1_000_000).decode()
    os.close(ours)
    assert "Importing bank.csv" in shown
    assert "[progress" not in shown
    assert b"5,000 new expenses" in done.stdout
    assert Tracker(migrated_url).ok("import", file).startswith("bank.csv: 0 new expenses")
