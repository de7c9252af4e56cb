"""What the clients asked for and what they were answered, written so that SIGKILL loses none of it.

A client writes each line with one system call before it goes on, so the line is there when the process is not. One
file for each client, and for the one that is started in its place.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from faults.bookings import Request, request_from

# What a client notes of a request. The last four are final.
ASKED, ANSWER_LOST, ACKNOWLEDGED, REFUSED, FAILED, BROKEN = (
    "asked",
    "answer lost",
    "acknowledged",
    "refused",  # by a rule of the application, in the user's words
    "failed",  # with an error that says that nothing was saved, or that it is not known
    "broken",  # with an error that no user should ever see
)
# And besides
SEEN = "seen"  # an error of the database, before anybody decides whether the work is done again
ENDED = "ended"


class Journal:
    """Written by the threads of one client."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, what: str, key: str = "", **more: Any) -> None:
        os.write(self._file, json.dumps({"what": what, "key": key, **more}).encode() + b"\n")


@dataclass
class Record:
    """The journals of all clients, read again and again while they grow."""

    folder: Path
    asked: dict[str, Request] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)  # ACKNOWLEDGED, REFUSED, FAILED or BROKEN
    in_doubt: set[str] = field(default_factory=set)  # tried once without an answer: saved, or not
    lost_answers: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)  # the lines FAILED and BROKEN
    seen: Counter[str] = field(default_factory=Counter)  # errors of the database by code
    deadlocks: list[float] = field(default_factory=list)  # when a client was the victim of one
    ended: list[dict[str, Any]] = field(default_factory=list)
    longest_call: float = 0.0
    acknowledged: int = 0  # calls: one request may be asked again, and is acknowledged again
    _read: dict[str, int] = field(default_factory=dict)

    def path(self, client: int) -> Path:
        return self.folder / f"client-{client}.jsonl"

    def read(self) -> None:
        for path in sorted(self.folder.glob("client-*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path.name, 0))
                whole, newline, _ = file.read().rpartition(b"\n")
            for line in whole.splitlines():
                self._take(json.loads(line))
            self._read[path.name] = self._read.get(path.name, 0) + len(whole) + len(newline)

    def now(self) -> Self:
        self.read()
        return self

    def _take(self, line: dict[str, Any]) -> None:
        what, key = line["what"], line["key"]
        self.longest_call = max(self.longest_call, line.get("took", 0.0))
        if what == ASKED:
            self.asked.setdefault(key, request_from(line["request"]))
        elif what == ANSWER_LOST:
            self.lost_answers += 1
            self.in_doubt.add(key)
        elif what == SEEN:
            self.seen[line["code"]] += 1
            if line["code"] == "40P01":
                self.deadlocks.append(line["at"])
        elif what == ENDED:
            self.ended.append(line)
        else:
            self._decide(what, key, line)

    def _decide(self, what: str, key: str, line: dict[str, Any]) -> None:
        self.acknowledged += what == ACKNOWLEDGED
        if self.outcomes.get(key) != ACKNOWLEDGED:
            self.outcomes[key] = what
        if what in (FAILED, BROKEN):
            self.failures.append(line)

    def unanswered(self, client: int) -> Iterator[tuple[str, Request]]:
        """What this client asked for, before it was killed, and knows no end of."""
        for key, request in self.asked.items():
            if key.startswith(f"{client}-") and key not in self.outcomes:
                yield key, request

    def acknowledged_keys(self) -> set[str]:
        return {key for key, outcome in self.outcomes.items() if outcome == ACKNOWLEDGED}

    def without_effect(self) -> set[str]:
        """Refused, or failed with an error that says that nothing was saved, and never tried without an answer."""
        return {key for key, outcome in self.outcomes.items() if outcome in (REFUSED, FAILED)} - self.in_doubt
