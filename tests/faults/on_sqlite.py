"""The bed on SQLite: two processes write at once and are killed again and again; and a disk that is full."""

import ctypes
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from budget import schema
from database import create_database_engine, transaction
from faults.bookings import open_books
from faults.client import WAIT_FOR_WRITER
from faults.clients import Clients, NothingGoesOn
from faults.journal import Record
from faults.reckoning import broken_file, reckon, too_slow, unhealthy
from faults.strikes import until

THREADS = [1, 1]  # of each writing process
BETWEEN_WRITES = 0.002
LONGEST_LIFE = 0.3  # seconds that a writer works before it is killed, at most
BOTH = 1 / 3  # how often nobody is left: who opens the file then finds an unfinished log
CHECKPOINTS = "PRAGMA wal_autocheckpoint = 10"  # pages: so often that kills meet checkpoints too
WRITES_TOGETHER = 60
TIMES_FULL = 5


@dataclass
class Played:
    """The figures, and everything that went wrong."""

    record: Record
    kills: int = 0
    missed: int = 0  # the writer had just got an answer
    both: int = 0  # of the kills, those after which no process had the file open
    full: int = 0  # how often the disk was full
    disk: str = ""
    words: set[str] = field(default_factory=set)  # what the user was told of it
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


def play(kills: int, seed: int, folder: Path, *, times_full: int = TIMES_FULL) -> Played:
    began = time.monotonic()
    played = Played(Record(folder))
    play_kills(kills, seed, folder, played)
    if times_full and not played.failures:
        with small_disk(folder) as disk:
            play_full_disk(times_full, seed, disk, folder, played)
    played.seconds = time.monotonic() - began
    return played


@contextmanager
def books_in(file: Path) -> Iterator[Engine]:
    engine = create_database_engine(f"sqlite:///{file}")
    schema.upgrade(engine)
    with transaction(engine) as session:
        open_books(session)
    yield engine
    engine.dispose()


# --- Kills


def play_kills(kills: int, seed: int, folder: Path, played: Played) -> None:
    chance, never, record = random.Random(seed), threading.Event(), played.record
    with books_in(folder / "budget.db") as engine:
        url = engine.url.render_as_string(hide_password=False)
        clients = Clients(url, record, threads=THREADS, seed=seed, pause=BETWEEN_WRITES, pragmas=[CHECKPOINTS])
        try:
            with clients.at_work():
                while played.kills < kills and not played.failures:
                    never.wait(chance.uniform(0, LONGEST_LIFE))
                    kill_writers(clients, chance, engine, played)
                    clients.wait_for_work()
                write_together(clients)
        except NothingGoesOn as error:
            played.failures.append(f"STUCK: {error}")
        played.failures += [
            *reckon(engine, record),
            *turned_away(record),
            *too_slow(record, WAIT_FOR_WRITER),
            *unhealthy(engine),
        ]


def kill_writers(clients: Clients, chance: random.Random, engine: Engine, played: Played) -> None:
    both = chance.random() < BOTH
    victims = list(range(len(THREADS))) if both else [clients.any(chance)]
    struck = [clients.kill(number) for number in victims]
    played.kills += sum(struck)
    played.missed += len(struck) - sum(struck)
    played.both += both
    engine.dispose()  # the next connection opens the file anew
    played.failures += [*reckon(engine, played.record), *look_into(engine)]
    for number in victims:
        clients.start(number)


def write_together(clients: Clients) -> None:
    """Both at once and undisturbed, long enough that they get in each other's way."""
    enough = clients.record.acknowledged + WRITES_TOGETHER
    while clients.record.acknowledged < enough:
        clients.wait_for_work()


def look_into(engine: Engine) -> list[str]:
    with transaction(engine, read_only=True) as session:
        return list(broken_file(session))


def turned_away(record: Record) -> Iterator[str]:
    """One writer waits for the other, longer than any of them takes: nobody hears of a busy file."""
    for code, count in record.seen.items():
        if code.startswith("SQLITE_BUSY"):
            yield f"TURNED AWAY: {count} times a writer was told {code}, and did not wait for its turn"


# --- A full disk


class Disk(Protocol):
    """Where a database has little room, and gets more."""

    what: str
    folder: Path

    def fill(self, clients: Clients, chance: random.Random) -> None: ...
    def make_room(self, clients: Clients) -> None: ...


def play_full_disk(times: int, seed: int, disk: Disk, folder: Path, played: Played) -> None:
    chance, played.disk = random.Random(seed), disk.what
    journals = folder / "journals of the full disk"
    journals.mkdir()
    record = Record(journals)
    with books_in(disk.folder / "budget.db") as engine:
        url = engine.url.render_as_string(hide_password=False)
        clients = Clients(url, record, threads=THREADS, seed=seed, pause=BETWEEN_WRITES)
        try:
            with clients.at_work():
                for _ in range(times):
                    fill_and_make_room(clients, disk, chance, engine, played)
        except NothingGoesOn as error:
            played.failures.append(f"STUCK: {error}")
        played.failures += [*reckon(engine, record), *unhealthy(engine)]
    played.words |= {line["told"] or line["error"] for line in record.failures}
    played.failures += [f"WORDS: {words}" for words in played.words if not words.startswith("The disk of ")]


def fill_and_make_room(clients: Clients, disk: Disk, chance: random.Random, engine: Engine, played: Played) -> None:
    record = clients.record
    record.read()
    before = len(record.failures)
    disk.fill(clients, chance)
    if not until(lambda: told_of(record.now(), before) == set(range(len(THREADS))), 60):
        raise NothingGoesOn(f"the disk is not full for {set(range(len(THREADS))) - told_of(record, before)}")
    played.full += 1
    played.failures += [*reckon(engine, record), *look_into(engine)]
    disk.make_room(clients)
    clients.wait_for_work()


def told_of(record: Record, since: int) -> set[int]:
    """The clients that were told of a failure."""
    return {int(line["key"].partition("-")[0]) for line in record.failures[since:]}


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A file system of its own, where one may be mounted."""
    place = folder / "small disk"
    place.mkdir()
    if not mount(place, size="2m"):
        yield PageLimit(place)
        return
    try:
        yield SmallFileSystem(place)
    finally:
        unmount(place)


class SmallFileSystem:
    what = "a file system of 2 MB"

    def __init__(self, folder: Path) -> None:
        self.folder, self._ballast = folder, folder / "ballast"

    def fill(self, clients: Clients, chance: random.Random) -> None:
        """Leave a few pages, so that it is full at another statement each time."""
        system = os.statvfs(self.folder)
        size = system.f_bavail * system.f_frsize - chance.randint(0, 60_000)
        with suppress(OSError):  # a writer has just taken some of it: then it is full already
            self._ballast.write_bytes(b"\0" * max(0, size))

    def make_room(self, clients: Clients) -> None:
        self._ballast.unlink()


class PageLimit:
    """SQLite's own limit, at which it says what it says on a full disk."""

    what = "SQLite's max_page_count, because nothing can be mounted here"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, clients: Clients, chance: random.Random) -> None:
        pages = (self.folder / "budget.db").stat().st_size // 4096 + chance.randint(0, 15)
        self._start_anew(clients, f"PRAGMA max_page_count = {pages}")

    def make_room(self, clients: Clients) -> None:
        self._start_anew(clients)

    def _start_anew(self, clients: Clients, *pragmas: str) -> None:
        clients.end()
        clients.pragmas = pragmas
        for number in range(len(THREADS)):
            clients.start(number)


def mount(folder: Path, size: str) -> bool:
    """Whether a small file system in memory is there now."""
    if sys.platform != "linux":
        return False
    mounted: int = libc().mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode())
    return mounted == 0


def unmount(folder: Path) -> None:
    detach_when_unused = 2
    libc().umount2(os.fsencode(folder), detach_when_unused)


def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
