"""The clients of a bed: processes that are started, killed, started anew, and asked to end."""

import multiprocessing
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from unittest.mock import patch

import database
import faults
import local_postgres
from faults.client import ANSWERED_WITHIN, ASK_AGAIN_FOR, Plan, run
from faults.journal import Record

PATIENCE = ASK_AGAIN_FOR + 2 * ANSWERED_WITHIN  # seconds until a client that was asked to end has ended
SECONDS_UNTIL_WORK_GOES_ON = 30
GLANCE = 0.01  # seconds between two looks at something that announces itself to nobody


class NothingGoesOn(Exception):
    """No client was answered any more."""


def processes() -> multiprocessing.context.ForkServerContext:
    """Forked from a process that has imported the program already, so that a new client is there at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults.client"])
    return context


@dataclass
class Client:
    process: ForkServerProcess
    home: Connection


class Clients:
    """Some processes with some threads each, on one database."""

    def __init__(
        self,
        url: str,
        record: Record,
        *,
        threads: list[int],
        seed: int,
        pause: float,
        pragmas: Sequence[str] = (),
    ) -> None:
        self.url, self.record, self.threads, self.seed, self.pause = url, record, threads, seed, pause
        self.pragmas = tuple(pragmas)
        self._context = processes()
        self._clients: dict[int, Client] = {}
        self._starts: dict[int, int] = {}

    def start(self, number: int) -> None:
        """Start a client, with what the one before it left without an answer."""
        self.record.read()
        unanswered = tuple(self.record.unanswered(number))
        self.record.in_doubt.update(key for key, _ in unanswered)
        self._starts[number] = self._starts.get(number, 0) + 1
        plan = Plan(
            url=self.url,
            journal=self.record.path(number),
            number=number,
            start=self._starts[number],
            threads=self.threads[number],
            seed=self.seed,
            unanswered=unanswered,
            pause=self.pause,
            pragmas=self.pragmas,
        )
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=run, args=(plan, theirs), daemon=True)
        with python_path_for_children():
            process.start()
        theirs.close()
        self._clients[number] = Client(process, ours)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for number in range(len(self.threads)):
            self.start(number)
        try:
            self.wait_for_work()
            yield
        except BaseException:
            self.kill_all()
            raise
        self.end()

    def kill(self, number: int) -> bool:
        """SIGKILL, and no other in its place yet. Returns whether it left something without an answer."""
        client = self._clients.pop(number)
        was_alive = client.process.is_alive()
        client.process.kill()
        client.process.join()
        client.home.close()
        self.record.read()
        return was_alive and any(self.record.unanswered(number))

    def kill_all(self) -> None:
        for number in list(self._clients):
            self.kill(number)

    def any(self, chance: random.Random) -> int:
        return chance.choice(sorted(self._clients))

    def end(self) -> None:
        """Each finishes its call and goes. Raises NothingGoesOn for one that does not."""
        for client in self._clients.values():
            client.home.close()
        deadline = time.monotonic() + PATIENCE
        for number, client in self._clients.items():
            client.process.join(max(0.0, deadline - time.monotonic()))
            if client.process.exitcode != 0:
                raise NothingGoesOn(f"client {number} did not end: {client.process.exitcode}")
        self._clients.clear()
        self.record.read()

    def wait_for_work(self) -> float:
        """Until another call is acknowledged; how long that took, in seconds."""
        self.record.read()
        before, began = self.record.acknowledged, time.monotonic()
        while self.record.acknowledged == before:
            if time.monotonic() - began > SECONDS_UNTIL_WORK_GOES_ON:
                raise NothingGoesOn(f"no call was answered for {SECONDS_UNTIL_WORK_GOES_ON} s")
            time.sleep(GLANCE)
            self.record.read()
        return time.monotonic() - began


@contextmanager
def python_path_for_children() -> Iterator[None]:
    """The process that forks reads its path from the environment alone, and without one imports nothing beforehand."""
    modules = [str(module.__file__) for module in (faults, database, local_postgres)]
    folders = [Path(modules[0]).parents[1], *(Path(module).parent for module in modules[1:])]
    with patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(map(str, folders))}):
        yield
