"""How much memory a million rows take: each piece of work in a process of its own, in megabytes above its start.

python tests/benchmarks/memory.py WAY export|import URL USER_ID [FILE]
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKILL = HERE.parents[1] / "database-deployment"
if __name__ == "__main__":
    sys.path[:1] = [str(HERE.parent), str(SKILL / "examples"), str(SKILL / "scripts")]

from benchmarks import books  # noqa: E402
from benchmarks.books import Owner  # noqa: E402
from benchmarks.places import Place  # noqa: E402
from benchmarks.races import Result  # noqa: E402
from benchmarks.reading import Nowhere  # noqa: E402
from benchmarks.ways.budget import BudgetWay  # noqa: E402
from benchmarks.ways.obvious import Obvious  # noqa: E402

KILOBYTE = 1024


def results(place: Place, empty: Place, folder: Path) -> Iterator[Result]:
    export = {way: megabytes(way, "export", place) for way in (BudgetWay.NAME, Obvious.NAME)}
    file = books.write_bank_file(folder / "memory.csv", place.rows)
    with empty.copy() as copy:
        taken = {BudgetWay.NAME: megabytes(BudgetWay.NAME, "import", copy, file)}
    file.unlink()
    for contest, found in (("memory of an export", export), ("memory of an import", taken)):
        for way, size in found.items():
            yield Result(contest, place.database, place.rows, way, size, size / found[BudgetWay.NAME], unit="MB")


def megabytes(way: str, work: str, place: Place, file: Path | None = None) -> float:
    arguments = [way, work, place.url, str(place.ann.id), "server" if place.server else "file", str(file or "")]
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak() -> float:
    """Megabytes: the most that this process has held so far. Linux says it."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / KILOBYTE
    raise OSError("/proc/self/status has no VmHWM")


def main(way: str, work: str, url: str, user: str, kind: str, file: str) -> None:
    owner = Owner(int(user), [])
    # Any server will do here: it only says that the URL is none of a file.
    place = Place(url, 0, owner, owner, server=True if kind == "server" else None)  # type: ignore[arg-type]
    contender = Obvious(place) if way == Obvious.NAME else BudgetWay(place)
    contender.page(1)  # what a process imports and prepares once is none of it
    before = peak()
    if work == "export":
        contender.export(Nowhere())
    else:
        assert isinstance(contender, BudgetWay)
        contender.import_file(Path(file))
    print(peak() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
