"""Follows a command as far as a reader can: variables, folders, pipes, and the programs that run other programs.

`findings(text, situation)` gives what it would destroy. Each program on the way is judged by guard_rules.py.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

import guard_files as files
import guard_programs as programs
import guard_rules as rules
from guard_case import HIDDEN, Finding
from guard_shell import (
    SEPARATOR,
    Function,
    Loop,
    Node,
    Pipe,
    Redirect,
    Simple,
    Substitution,
    Text,
    UnreadableError,
    Variable,
    Word,
    read_script,
)
from guard_situation import ADDRESS_VARIABLES, ADDRESSES_OF_ENVIRONMENT, Situation
from guard_sql import UNKNOWN

MOST_LEVELS = 20
MOST_COMMANDS = 10_000
MOST_SECONDS = 3.0
MOST_ROUNDS = 20  # of a loop
# A text that could not be read is stopped when it looks like this.
SUSPICIOUS = re.compile(
    r"(?i)\b(drop\s+(table|database|schema)|truncate|delete\s+from|dropdb|downgrade|pg_restore|pg:reset|flush"
    r"|migrate\s+reset|db\s+reset|down\s+-v|rm\s+\S*\.(db|sqlite3?))\b"
)


def findings(text: str, situation: Situation) -> list[Finding]:
    """What a command would destroy, each kind once, in the order of the command."""
    follower = Follower(situation)
    follower.shell(text)
    return follower.found


class TooMuchError(Exception):
    """The command is deeper or longer than anybody writes."""


class Follower:
    """Goes from command to command with a situation."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.found: list[Finding] = []
        self._level = 0
        self._commands = 0
        self._ends = time.monotonic() + MOST_SECONDS

    def shell(self, text: str, stdin: str = UNKNOWN) -> str:
        """Follow the text of a script; returns what it would print, as far as that can be known."""
        self._level += 1
        try:
            if self._level > MOST_LEVELS:
                raise TooMuchError
            return self._run(read_script(text), stdin)
        except UnreadableError as error:
            printed = self._run(error.nodes, stdin)
            if SUSPICIOUS.search(text):
                self.add(rules.unreadable(text))
            return printed
        except (TooMuchError, RecursionError):
            if self._level == 1:
                self.add(rules.too_much(text))
                return UNKNOWN
            raise
        finally:
            self._level -= 1

    def command(self, argv: list[str], stdin: str = UNKNOWN) -> str:
        """Follow one command whose words are known."""
        self._commands += 1
        self._level += 1
        try:
            if self._commands > MOST_COMMANDS or self._level > MOST_LEVELS or time.monotonic() > self._ends:
                raise TooMuchError
            return self._command(argv, stdin)
        finally:
            self._level -= 1

    def add(self, findings: Iterable[Finding]) -> None:
        self.found += [finding for finding in findings if finding not in self.found]

    # --- statements ---

    def _run(self, nodes: Iterable[Node], stdin: str) -> str:
        return "".join([self._node(node, stdin) for node in nodes])

    def _node(self, node: Node, stdin: str) -> str:
        if isinstance(node, Simple):
            return self._simple(node, stdin)
        if isinstance(node, Pipe):
            for part in node.nodes:
                stdin = self.in_own_shell(lambda part=part, text=stdin: self._node(part, text))  # type: ignore[misc]
            return stdin
        if isinstance(node, Function):
            self.situation.functions[node.name] = node.body
            return ""
        stdin = self._redirected(node.redirects, stdin)
        if isinstance(node, Loop):
            printed = self._perhaps(lambda: self._loop(node, stdin))
        elif node.conditional:
            printed = self._perhaps(lambda: self._run(node.body, stdin))
        elif node.own_shell:
            printed = self.in_own_shell(lambda: self._run(node.body, stdin))
        else:
            printed = self._run(node.body, stdin)
        return self._written(node.redirects, printed)

    def _loop(self, node: Loop, stdin: str) -> str:
        values = [
            value for word in node.words for field in self._fields(word) for value in self.situation.matches(field)
        ]
        printed = ""
        for value in values[:MOST_ROUNDS] or [UNKNOWN]:
            self.situation.variables[node.name] = value
            printed += self._run(node.body, stdin)
        return printed

    def _perhaps(self, run: Callable[[], str]) -> str:
        """What may run or not: behind it, an address or a folder that it has changed is not known."""
        before, folder = dict(self.situation.variables), self.situation.folder
        printed = run()
        for name in (*ADDRESS_VARIABLES, *ADDRESSES_OF_ENVIRONMENT):
            if self.situation.variables.get(name) != before.get(name):
                self.situation.variables[name] = UNKNOWN
        if self.situation.folder != folder:
            self.situation.folder = None
        return printed

    def in_own_shell(self, run: Callable[[], str]) -> str:
        outer = self.situation
        self.situation = outer.copy()
        try:
            return run()
        finally:
            self.situation = outer

    def _simple(self, node: Simple, stdin: str) -> str:
        argv = [field for word in node.words for field in self._fields(word)]
        while argv and argv[0] == "" and len(argv) > 1:  # an empty variable before the program
            argv = argv[1:]
        stdin = self._redirected(node.redirects, stdin)
        if not argv:
            for name, word in node.assignments:
                before = self.situation.variables.get(name[:-1], "") if name.endswith("+") else ""
                self.situation.assign(name.rstrip("+"), before + self._text(word))
            return self._written(node.redirects, "")
        changed = {name: self._text(word) for name, word in node.assignments}
        kept = {name: self.situation.variables.get(name) for name in changed}
        exported = set(self.situation.exported)
        self.situation.export(changed)
        printed = self.command(argv, stdin)
        self.situation.exported -= set(changed) - exported
        for name, value in kept.items():
            if value is None:
                self.situation.variables.pop(name, None)
            else:
                self.situation.variables[name] = value
        return self._written(node.redirects, printed)

    def _redirected(self, redirects: tuple[Redirect, ...], stdin: str) -> str:
        for redirect in redirects:
            if redirect.operator == "<<":
                stdin = self._text(redirect.target)
            elif redirect.operator == "<<<":
                stdin = self._text(redirect.target) + "\n"
            elif redirect.operator == "<":
                text = self.situation.text_of(self._text(redirect.target))
                stdin = UNKNOWN if text is None else text
            elif redirect.operator in (">", ">|", "&>", ">&"):
                self.add(files.overwritten(self._text(redirect.target), self.situation))
        return stdin

    def _written(self, redirects: tuple[Redirect, ...], printed: str) -> str:
        for redirect in redirects:
            if redirect.operator in (">", ">|", "&>", ">>"):
                name = self._text(redirect.target)
                if path := self.situation.path(name):
                    before = (self.situation.text_of(name) or "") if redirect.operator == ">>" else ""
                    self.situation.written[path] = before + printed
                printed = ""
        return printed

    # --- words ---

    def _fields(self, word: Word) -> list[str]:
        """The words that one word becomes."""
        fields, any_text = [""], False
        for part in word:
            quoted = part.quoted
            any_text = any_text or quoted
            if isinstance(part, Text):
                fields[-1] += part.text
                continue
            value = self._value(part)
            if SEPARATOR in value:
                first, *others = value.strip(SEPARATOR).split(SEPARATOR)
                fields[-1] += first
                fields += others
                continue
            if quoted:
                fields[-1] += value
                continue
            pieces = value.split()
            if pieces:
                if value[:1].isspace() and fields[-1]:
                    fields.append("")
                fields[-1] += pieces[0]
                fields += pieces[1:]
        if fields == [""] and not any_text:
            return []
        if all(isinstance(part, Text) for part in word) and any("{" in part.text and not part.quoted for part in word):  # type: ignore[union-attr]
            return [one for field in fields for one in _braces(field)]
        return fields

    def _text(self, word: Word) -> str:
        return "".join(part.text if isinstance(part, Text) else self._value(part) for part in word)

    def _value(self, part: Substitution | Variable) -> str:
        if isinstance(part, Substitution):
            printed = self.in_own_shell(lambda: self._run(part.script, UNKNOWN))
            if not part.as_file:
                return printed.rstrip("\n")
            name = f"/process-substitution/{len(self.situation.written)}"
            self.situation.written[name] = printed
            return name
        name, fallback = part.name, part.fallback
        value = self.situation.variables.get(name) if name else None
        if name == "PWD" and self.situation.folder:
            value = self.situation.folder
        if fallback is not None and not value:
            text = self._text(fallback)
            return text if name else UNKNOWN
        return UNKNOWN if value is None else _operated(value, part.operation)

    # --- programs that run programs, and what the shell does itself ---

    def _command(self, argv: list[str], stdin: str) -> str:
        if re.search(r"[*?\[]", argv[0]):
            argv = [*self.situation.matches(argv[0])[:1], *argv[1:]]
        name = argv[0].rpartition("/")[2]
        if name.endswith(".exe"):
            name = name[:-4]
        args = argv[1:]
        if name in self.situation.aliases:
            words = self.situation.aliases[name].split()
            if words and words[0] != name:
                return self._command([*words, *args], stdin)
        if UNKNOWN in name and "-c" in args[:-1]:  # `$SHELL -c`
            self.shell(args[args.index("-c") + 1], stdin)
        if name in self.situation.functions and "/" not in argv[0]:
            return self._call_function(name, args, stdin)
        return programs.run(self, argv, stdin)

    def _call_function(self, name: str, args: list[str], stdin: str) -> str:
        body = self.situation.functions[name]
        if self._level > MOST_LEVELS - 5:  # it calls itself
            return UNKNOWN
        outer = dict(self.situation.variables)
        self.set_arguments(args)
        printed = self._run(body, stdin)  # type: ignore[arg-type]
        for number in [key for key in self.situation.variables if key.isdigit() or key in "@*#"]:
            self.situation.variables.pop(number)
        self.situation.variables.update({key: outer[key] for key in outer if key.isdigit() or key in "@*#"})
        return printed

    def set_arguments(self, args: list[str]) -> None:
        self.situation.variables.update({str(number): value for number, value in enumerate(args, 1)})
        self.situation.variables.update(
            {"@": SEPARATOR.join([*args, ""]) if args else "", "*": " ".join(args), "#": str(len(args))}
        )

    def script(self, script: str, args: list[str], stdin: str, own_name: Iterable[str] = ()) -> str:
        def run() -> str:
            self.set_arguments(args)
            self.situation.variables.update({"0": "".join(own_name)})
            return self.shell(script, stdin)

        return self.in_own_shell(run)

    def stop_hidden(self, text: str) -> None:
        if HIDDEN in text:
            self.add(rules.hidden())

    def elsewhere(self, where: str, run: Callable[[], str]) -> str:
        """On another machine: no file and no variable of this one counts."""

        def moved() -> str:
            self.situation.elsewhere = where
            for name in ADDRESSES_OF_ENVIRONMENT:
                self.situation.variables.pop(name, None)
            return run()

        return self.in_own_shell(moved)


def _operated(value: str, operation: str) -> str:
    """`${NAME%pattern}`, `${NAME#pattern}`, `${NAME:offset:length}`."""
    if not operation or UNKNOWN in value:
        return value
    if operation[0] == ":":
        numbers = [number.strip() for number in operation[1:].split(":")]
        if not all(re.fullmatch(r"-?\d+", number) for number in numbers):
            return UNKNOWN
        begin = int(numbers[0])
        rest = value[begin:]
        return rest[: int(numbers[1])] if len(numbers) > 1 else rest
    import fnmatch

    sign = operation[0]
    longest, pattern = operation[:2] == sign * 2, operation.lstrip(sign)
    places = range(len(value) + 1)
    if sign == "%":
        cuts = [place for place in reversed(places) if fnmatch.fnmatchcase(value[place:], pattern)]
        return value[: cuts[-1 if longest else 0]] if cuts else value
    cuts = [place for place in places if fnmatch.fnmatchcase(value[:place], pattern)]
    return value[cuts[-1 if longest else 0] :] if cuts else value


def _braces(text: str, rounds: int = 0) -> list[str]:
    """`app.{db,db-wal}` is two words."""
    found = re.search(r"\{([^{}]*,[^{}]*)\}", text)
    if not found or rounds > 4:
        return [text]
    pieces = [text[: found.start()] + piece + text[found.end() :] for piece in found[1].split(",")]
    return [one for piece in pieces[:MOST_ROUNDS] for one in _braces(piece, rounds + 1)]
