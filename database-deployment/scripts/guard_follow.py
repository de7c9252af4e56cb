"""Follows a command as far as a reader can: variables, folders, pipes, and the programs that run other programs.

`findings(text, situation)` gives what it would destroy. Each program on the way is judged by guard_rules.py.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator

import guard_rules as rules
from guard_rules import Call, Finding
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
    unescape,
)
from guard_situation import THROW_AWAY_HOST, UNKNOWN_PLACE, Situation
from guard_sql import UNKNOWN, read_sql

MOST_LEVELS = 20
MOST_COMMANDS = 2_000
MOST_SECONDS = 3.0
MOST_ROUNDS = 20  # of a loop
MOST_NAMES = 500
STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
SHELLS = {"sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "rbash"}
# A text that could not be read is stopped when it looks like this.
SUSPICIOUS = re.compile(
    r"(?i)\b(drop\s+(table|database|schema)|truncate|delete\s+from|dropdb|downgrade|pg_restore|pg:reset|flush"
    r"|migrate\s+reset|db\s+reset|down\s+-v|rm\s+\S*\.(db|sqlite3?))\b"
)

# Programs that run what stands behind them, and their options that take a value.
PREFIXES: dict[str, str] = {
    "sudo": "-u -g -h -p -C -T -U -r -t -D -R --user --group --host --prompt --chdir",
    "doas": "-u -C",
    "timeout": "-k -s --kill-after --signal",
    "gtimeout": "-k -s",
    "nice": "-n --adjustment",
    "ionice": "-c -n -p",
    "chrt": "-T -P -D",
    "taskset": "",
    "stdbuf": "-i -o -e",
    "exec": "-a",
    "watch": "-n --interval",
    "xvfb-run": "-n -s",
    "strace": "-e -o -p",
    "caffeinate": "-t",
    "doppler": "-p -c --project --config",
    "conda": "-n -p --name --prefix",
    "mamba": "-n -p",
    "uv": "--with --python -p --directory --project --env-file --extra --group --index-url --with-requirements",
    "uvx": "--with --python -p --from",
    "pipx": "--spec --python",
    "poetry": "-C --directory -P",
    "pdm": "-p --project",
    "npx": "-p --package -c",
    "pnpm": "-C --dir --filter -F",
    "yarn": "--cwd",
    "bun": "--cwd",
    "dotenv": "-f --file -e",
    "coverage": "--source --rcfile --omit --include --data-file",
    "op": "--env-file",
    "aws-vault": "",
}
# Of these only the part behind this word is a command: `uv run alembic`, `poetry run alembic`.
BEHIND_A_WORD = {
    "uv": {"run"},
    "pipx": {"run"},
    "poetry": {"run"},
    "pdm": {"run"},
    "pipenv": {"run"},
    "hatch": {"run"},
    "rye": {"run"},
    "pixi": {"run"},
    "bundle": {"exec"},
    "conda": {"run"},
    "mamba": {"run"},
    "pnpm": {"exec", "dlx", "x"},
    "yarn": {"exec", "dlx"},
    "bun": {"x", "run"},
    "npm": {"exec", "x"},
    "coverage": {"run"},
    "dotenv": {"run", "--"},
    "doppler": {"--"},
    "op": {"--"},
    "infisical": {"--"},
    "aws-vault": {"--"},
    "direnv": {"exec"},
    "mise": {"exec", "x", "--"},
}
PLAIN_PREFIXES = {
    "nohup",
    "setsid",
    "command",
    "builtin",
    "chronic",
    "unbuffer",
    "busybox",
    "bunx",
    "toybox",
    "eatmydata",
}
WRITES_WHAT_IT_READS = {"cat", "tee", "sed", "envsubst", "sort", "head", "tail", "pv", "tr", "uniq", "sponge", "iconv"}


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
                self._add(rules.unreadable(text))
            return printed
        except (TooMuchError, RecursionError):
            if self._level == 1:
                self._add(rules.too_much(text))
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

    def _add(self, findings: Iterable[Finding]) -> None:
        self.found += [finding for finding in findings if finding not in self.found]

    # --- statements ---

    def _run(self, nodes: Iterable[Node], stdin: str) -> str:
        return "".join([self._node(node, stdin) for node in nodes])

    def _node(self, node: Node, stdin: str) -> str:
        if isinstance(node, Simple):
            return self._simple(node, stdin)
        if isinstance(node, Pipe):
            for part in node.nodes:
                stdin = self._in_own_shell(lambda part=part, text=stdin: self._node(part, text))  # type: ignore[misc]
            return stdin
        if isinstance(node, Function):
            self.situation.functions[node.name] = node.body
            return ""
        stdin = self._redirected(node.redirects, stdin)
        if isinstance(node, Loop):
            printed = self._loop(node, stdin)
        elif node.own_shell:
            printed = self._in_own_shell(lambda: self._run(node.body, stdin))
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

    def _in_own_shell(self, run: Callable[[], str]) -> str:
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
                self.situation.variables[name.rstrip("+")] = before + self._text(word)
            return self._written(node.redirects, "")
        changed = {name: self._text(word) for name, word in node.assignments}
        kept = {name: self.situation.variables.get(name) for name in changed}
        self.situation.variables.update(changed)
        printed = self.command(argv, stdin)
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
                self._add(rules.overwritten(self._text(redirect.target), self.situation))
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
            printed = self._in_own_shell(lambda: self._run(part.script, UNKNOWN))
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
        handler = getattr(self, "_do_" + name.replace("-", "_").replace(".", "_dot"), None)
        if handler is not None:
            return str(handler(args, stdin))
        if name in SHELLS:
            return self._shell_program(args, stdin)
        if name in PLAIN_PREFIXES:
            return self._behind(args, "", stdin)
        if name in BEHIND_A_WORD or name in PREFIXES:
            return self._prefix(name, args, stdin)
        if re.fullmatch(r"(python|pypy)[\d.]*w?|py", name):
            return self._python(args, stdin)
        script = self.situation.text_of(argv[0]) if "/" in argv[0] else None
        if script and "\0" not in script:
            return self._script(script, argv, stdin)
        self._add(rules.check(Call(name, args, self.situation, stdin, self)))
        if name in WRITES_WHAT_IT_READS:
            return self._filtered(name, args, stdin)
        return rules.printed(name, args)

    def _call_function(self, name: str, args: list[str], stdin: str) -> str:
        body = self.situation.functions[name]
        if self._level > MOST_LEVELS - 5:  # it calls itself
            return UNKNOWN
        outer = dict(self.situation.variables)
        self._arguments(args)
        printed = self._run(body, stdin)  # type: ignore[arg-type]
        for number in [key for key in self.situation.variables if key.isdigit() or key in "@*#"]:
            self.situation.variables.pop(number)
        self.situation.variables.update({key: outer[key] for key in outer if key.isdigit() or key in "@*#"})
        return printed

    def _arguments(self, args: list[str]) -> None:
        self.situation.variables.update({str(number): value for number, value in enumerate(args, 1)})
        self.situation.variables.update(
            {"@": SEPARATOR.join([*args, ""]) if args else "", "*": " ".join(args), "#": str(len(args))}
        )

    def _script(self, script: str, argv: list[str], stdin: str) -> str:
        interpreter = script.partition("\n")[0]
        if re.search(r"\b(ba|z|da|k)?sh\b", interpreter) or not interpreter.startswith("#!"):
            return self._shell_script(script, argv[1:], stdin)
        if "python" in interpreter:
            return self._python([argv[0], *argv[1:]], stdin)
        return UNKNOWN

    def _shell_script(self, script: str, args: list[str], stdin: str, own_name: Iterable[str] = ()) -> str:
        def run() -> str:
            self._arguments(args)
            self.situation.variables.update({"0": "".join(own_name)})
            return self.shell(script, stdin)

        return self._in_own_shell(run)

    def _shell_program(self, args: list[str], stdin: str) -> str:
        place = 0
        while place < len(args) and args[place][:1] in ("-", "+"):
            option = args[place]
            if option == "--":
                place += 1
                break
            if not option.startswith("--") and "c" in option[1:]:
                rest = [arg for arg in args[place + 1 :] if arg != "--"]
                while rest and rest[0].startswith("-"):
                    rest = rest[2:] if rest[0] in ("-o", "-O") else rest[1:]
                return self._shell_script(rest[0], rest[2:], stdin, own_name=rest[1:2]) if rest else UNKNOWN
            if option.startswith("-") and not option.startswith("--") and "n" in option:
                return ""  # reads a script and runs nothing
            place += 2 if option in ("-o", "-O", "+o", "+O", "--rcfile", "--init-file") else 1
            if option == "-s":
                args = []
        if place < len(args):
            script = self.situation.text_of(args[place])
            return self._shell_script(script, args[place + 1 :], stdin) if script else UNKNOWN
        self._hidden(stdin)
        return self._shell_script(stdin, [], UNKNOWN)

    def _hidden(self, text: str) -> None:
        if rules.HIDDEN in text:
            self._add(rules.hidden())

    def _python(self, args: list[str], stdin: str) -> str:
        place = 0
        while place < len(args) and args[place].startswith("-") and args[place] != "-":
            option = args[place]
            if not option.startswith("--"):
                letters = option[1:]
                for letter in "cm":
                    if letter in letters:
                        inside = letters.partition(letter)[2] or (args[place + 1] if place + 1 < len(args) else "")
                        rest = args[place + (1 if letters.partition(letter)[2] else 2) :]
                        if letter == "c" and "m" not in letters.partition("c")[0]:
                            return self._code(inside, stdin)
                        if letter == "m":
                            return self._module(inside, rest, stdin)
                if letters[-1:] in ("W", "X"):
                    place += 1
            place += 1
        if place >= len(args) or args[place] == "-":
            return self._code(stdin, UNKNOWN)
        name = args[place].rpartition("/")[2]
        if name == "local_postgres.py":
            is_own = rules.is_own_local_postgres(args[place], self.situation)
            self._on_local_postgres(args[place + 1 :], stdin, throw_away=is_own)
            if is_own:
                return UNKNOWN
        self._add(rules.check(Call(name, args[place + 1 :], self.situation, stdin, self)))
        return self._code(self.situation.text_of(args[place]) or "", UNKNOWN)

    def _code(self, code: str, stdin: str) -> str:
        from guard_python import check_python  # only when there is Python to read: `ast` takes its time

        self._add(check_python(code.replace(UNKNOWN, "_"), self.situation, self))
        return UNKNOWN

    def _module(self, module: str, args: list[str], stdin: str) -> str:
        if module in ("sqlite3", "alembic", "flask", "django", "coverage", "pgcli", "aerich", "yoyo", "sqlite_utils"):
            return self.command(
                [{"django": "django-admin", "sqlite_utils": "sqlite-utils"}.get(module, module), *args], stdin
            )
        return UNKNOWN

    def _on_local_postgres(self, args: list[str], stdin: str, *, throw_away: bool) -> str:
        if "--" not in args:
            return UNKNOWN
        command = args[args.index("--") + 1 :]

        def run() -> str:
            variables = self.situation.variables
            for name in [name for name in variables if throw_away and re.match("PG[A-Z]", name)]:
                del variables[name]
            url = f"postgresql://{THROW_AWAY_HOST}/postgres"
            if throw_away:
                variables.update({"DATABASE_URL": url, "DATABASE_URL_UNPOOLED": url})
            return self.command(command, stdin) if command else UNKNOWN

        return self._in_own_shell(run)

    def _behind(self, args: list[str], with_value: str, stdin: str, skip: int = 0) -> str:
        """The command behind a prefix, its options and `skip` words of its own."""
        valued = with_value.split()
        place = 0
        while place < len(args):
            if args[place] == "--":
                place += 1
                break
            if re.match(r"[A-Za-z_]\w*=", args[place]) and not skip:
                break
            if not args[place].startswith("-") or args[place] == "-":
                break
            place += 2 if args[place] in valued else 1
        rest = args[place + skip :]
        assigned = {}
        while rest and (found := re.match(r"([A-Za-z_]\w*)=(.*)", rest[0], re.DOTALL)):
            assigned[found[1]] = found[2]
            rest = rest[1:]
        if not rest:
            return UNKNOWN

        def run() -> str:
            self.situation.variables.update(assigned)
            return self.command(rest, stdin)

        return self._in_own_shell(run) if assigned else self.command(rest, stdin)

    def _prefix(self, name: str, args: list[str], stdin: str) -> str:
        valued = PREFIXES.get(name, "")
        words = BEHIND_A_WORD.get(name)
        if words is None:
            skip = {"timeout": 1, "gtimeout": 1, "taskset": 1, "chrt": 1}.get(name, 0)
            if name == "npx" and "-c" in args[:-1]:
                return self.shell(args[args.index("-c") + 1], stdin)
            if name == "watch":
                return self.shell(" ".join(_behind_options(args, tuple(valued.split()))), stdin)
            return self._behind(args, valued, stdin, skip)
        if name in ("yarn", "pnpm", "bun"):
            named = [arg for arg in args if not arg.startswith("-") and arg != "run"][:1]
            if named and self._package_script(named[0], [], stdin) is not None:
                return UNKNOWN
        place = next((place for place, arg in enumerate(args) if arg in words), None)
        if place is not None:
            skip = 1 if name == "direnv" else 0
            return self._behind(args[place + 1 :], valued, stdin, skip)
        if name in ("yarn", "pnpm", "bun"):  # `yarn prisma migrate reset`
            return self._behind(args, valued, stdin)
        return UNKNOWN

    def _filtered(self, name: str, args: list[str], stdin: str) -> str:
        """What these print: mostly what they read."""
        files = [arg for arg in args if not arg.startswith("-") or arg == "-"]
        if name == "tee":
            for file in files:
                if path := self.situation.path(file):
                    self.situation.written[path] = stdin
            return stdin
        if name == "tr" or not files or (name == "sed" and len(files) == 1):
            return UNKNOWN if name in ("tr", "sed") and re.search("(?i)drop|delete|truncate", " ".join(args)) else stdin
        texts = [stdin if file == "-" else self.situation.text_of(file) for file in files[name == "sed" :]]
        return "".join(UNKNOWN if text is None else text for text in texts)

    def _do_cd(self, args: list[str], stdin: str) -> str:
        folders = [arg for arg in args if not arg.startswith("-") or arg == "-"]
        target = folders[0] if folders else "~"
        self.situation.folder = None if target == "-" else self.situation.path(target)
        return ""

    _do_pushd = _do_cd

    def _do_popd(self, args: list[str], stdin: str) -> str:
        self.situation.folder = None
        return ""

    def _do_export(self, args: list[str], stdin: str) -> str:
        for arg in args:
            if found := re.match(r"([A-Za-z_]\w*)\+?=(.*)", arg, re.DOTALL):
                self.situation.variables[found[1]] = found[2]
        return ""

    _do_declare = _do_local = _do_typeset = _do_readonly = _do_export

    def _do_unset(self, args: list[str], stdin: str) -> str:
        for arg in args:
            self.situation.variables.pop(arg, None)
        return ""

    def _do_read(self, args: list[str], stdin: str) -> str:
        names = [arg for arg in args if re.fullmatch(r"[A-Za-z_]\w*", arg)]
        lines = stdin.split()
        for name in names or ["REPLY"]:
            self.situation.variables[name] = lines[0] if lines else UNKNOWN
        return ""

    def _do_source(self, args: list[str], stdin: str) -> str:
        if not args:
            return ""
        text = self.situation.text_of(args[0])
        return self.shell(text, stdin) if text else UNKNOWN

    _do__dot = _do_source

    def _do_eval(self, args: list[str], stdin: str) -> str:
        return self.shell(" ".join(args), stdin)

    def _do_trap(self, args: list[str], stdin: str) -> str:
        return self.shell(args[0], UNKNOWN) if args and args[0] != "-" else ""

    def _do_echo(self, args: list[str], stdin: str) -> str:
        escapes = False
        while args and re.fullmatch("-[neE]+", args[0]):
            escapes = escapes or "e" in args[0]
            args = args[1:]
        text = " ".join(args)
        return (unescape(text) if escapes else text.replace("\\n", "\n")) + "\n"

    def _do_alias(self, args: list[str], stdin: str) -> str:
        for arg in args:
            name, _, value = arg.partition("=")
            self.situation.aliases[name] = value
        return ""

    def _do_set(self, args: list[str], stdin: str) -> str:
        if "--" in args:
            self._arguments(args[args.index("--") + 1 :])
        return ""

    def _do_at(self, args: list[str], stdin: str) -> str:
        return self.shell(stdin) if UNKNOWN not in stdin else UNKNOWN

    _do_batch = _do_at

    def _do_printf(self, args: list[str], stdin: str) -> str:
        if args[:1] == ["-v"]:
            return ""
        if args[:1] == ["--"]:
            args = args[1:]
        values = iter(args[1:])
        text = re.sub(r"%[-\d.]*[sbqd]", lambda _: next(values, ""), args[0]) if args else ""
        rest = "".join(values) if args and "%" in args[0] else ""
        return unescape(text + rest).replace("%%", "%")

    def _do_base64(self, args: list[str], stdin: str) -> str:
        if not any(arg in ("-d", "-D", "--decode", "-di", "--d") for arg in args):
            return UNKNOWN
        file = next((arg for arg in args if not arg.startswith("-")), None)
        return _decoded((self.situation.text_of(file) or UNKNOWN) if file else stdin, base64.b64decode)

    def _do_xxd(self, args: list[str], stdin: str) -> str:
        letters = "".join(arg for arg in args if arg.startswith("-"))
        return _decoded("".join(stdin.split()), binascii.unhexlify) if "r" in letters else UNKNOWN

    def _do_rev(self, args: list[str], stdin: str) -> str:
        return "\n".join(line[::-1] for line in stdin.split("\n"))

    def _do_env(self, args: list[str], stdin: str) -> str:
        def run() -> str:
            rest = args
            while rest and rest[0].startswith("-") and rest[0] != "--":
                option, _, value = rest[0].partition("=")
                if rest[0].startswith(("-S", "--split-string")):
                    import shlex

                    text = value or rest[0][2:] or " ".join(rest[1:2])
                    skipped = 1 if value or (len(rest[0]) > 2 and not rest[0].startswith("--")) else 2
                    try:
                        rest = [*shlex.split(text), *rest[skipped:]]
                    except ValueError:
                        return UNKNOWN
                    continue
                if option in ("-i", "-", "--ignore-environment"):
                    for name in ADDRESSES_OF_ENVIRONMENT:
                        self.situation.variables.pop(name, None)
                rest = rest[2:] if rest[0] in ("-u", "-C", "--unset", "--chdir", "-P") else rest[1:]
            return self._behind(rest, "", stdin)

        return self._in_own_shell(run)

    def _do_su(self, args: list[str], stdin: str) -> str:
        for place, arg in enumerate(args[:-1]):
            if arg in ("-c", "--command") or (arg.startswith("-") and not arg.startswith("--") and arg.endswith("c")):
                return self.shell(args[place + 1], stdin)
        self._hidden(stdin)
        return self.shell(stdin) if stdin != UNKNOWN else UNKNOWN

    def _do_runuser(self, args: list[str], stdin: str) -> str:
        if "-c" in args:
            return self._do_su(args, stdin)
        return self._behind(args, "-u -g -G", stdin)

    def _do_flock(self, args: list[str], stdin: str) -> str:
        if "-c" in args[:-1]:
            return self.shell(args[args.index("-c") + 1], stdin)
        return self._behind(args, "-w -E", stdin, skip=1)

    def _do_script(self, args: list[str], stdin: str) -> str:
        for place, arg in enumerate(args[:-1]):
            if arg in ("-c", "-qc", "--command"):
                return self.shell(args[place + 1], stdin)
        return UNKNOWN

    def _do_time(self, args: list[str], stdin: str) -> str:
        return self._behind(args, "-f -o", stdin)

    def _do_xargs(self, args: list[str], stdin: str) -> str:
        place, replaced = 0, None
        while place < len(args) and args[place].startswith("-"):
            option = args[place]
            if option in ("-I", "-J", "--replace") or option.startswith(("-I", "--replace=")):
                value = option[2:] if option.startswith("-I") else option.partition("=")[2]
                if not value and option == "-I":
                    place += 1
                    value = args[place] if place < len(args) else ""
                replaced = value or "{}"
            elif option in ("-n", "-L", "-P", "-s", "-d", "-E", "-a", "--max-args", "--max-procs", "--delimiter"):
                if option == "-a" and place + 1 < len(args):
                    stdin = self.situation.text_of(args[place + 1]) or UNKNOWN
                place += 1
            place += 1
        command = args[place:] or ["echo"]
        words = [word.strip("'\"") for word in stdin.replace("\0", f" {UNKNOWN} ").split()] if stdin else []
        if replaced:
            for line in stdin.split("\n")[:MOST_ROUNDS]:
                if line:
                    self.command([part.replace(replaced, line) for part in command])
            return UNKNOWN
        return self.command([*command, *words])

    _do_parallel = _do_xargs

    def _do_find(self, args: list[str], stdin: str) -> str:
        matched = rules.find_matches(args, self.situation)
        self._add(rules.check(Call("find", args, self.situation, stdin, self)))
        for place, arg in enumerate(args):
            if arg in ("-exec", "-execdir", "-ok", "-okdir"):
                end = next((n for n in range(place, len(args)) if args[n] in (";", "+")), len(args))
                command = args[place + 1 : end]
                for name in matched[:MOST_ROUNDS]:
                    if command:
                        self.command([part.replace("{}", name) for part in command])
        return "\n".join(matched) + "\n" if matched else ""

    def _do_ssh(self, args: list[str], stdin: str) -> str:
        place = 0
        while place < len(args) and args[place].startswith("-"):
            place += 2 if args[place] in SSH_WITH_VALUE else 1
        if place >= len(args):
            return UNKNOWN
        text = " ".join(args[place + 1 :]) or stdin
        return self._in(f"the machine {args[place]}", lambda: self.shell(text, stdin))

    def _do_docker(self, args: list[str], stdin: str) -> str:
        self._add(rules.check(Call("docker", args, self.situation, stdin, self)))
        words = _without_options(args, DOCKER_WITH_VALUE)
        if words[:1] == ["compose"]:
            words = words[1:]
        if words[:1] == ["container"]:
            words = words[1:]
        if words[:1] not in (["exec"], ["run"]) or len(words) < 3:
            return UNKNOWN
        start = args.index(words[0]) + 1
        behind = _behind_options(args[start:], DOCKER_WITH_VALUE)
        return (
            self._in(f"the container {behind[0]}", lambda: self.command(behind[1:], stdin)) if len(behind) > 1 else ""
        )

    _do_podman = _do_nerdctl = _do_docker

    def _do_docker_compose(self, args: list[str], stdin: str) -> str:
        return self._do_docker(["compose", *args], stdin)

    def _do_kubectl(self, args: list[str], stdin: str) -> str:
        self._add(rules.check(Call("kubectl", args, self.situation, stdin, self)))
        if "exec" in args and "--" in args:
            command = args[args.index("--") + 1 :]
            return self._in("a container", lambda: self.command(command, stdin)) if command else UNKNOWN
        return UNKNOWN

    def _do_heroku(self, args: list[str], stdin: str) -> str:
        self._add(rules.check(Call("heroku", args, self.situation, stdin, self)))
        if args[:1] in (["run"], ["run:detached"]):
            rest = _behind_options(args[1:], ("-a", "--app", "-s", "--size", "-e", "--env", "-r", "--remote"))
            command = rest[0] if len(rest) == 1 else " ".join(rest)
            return self._in("Heroku", lambda: self.shell(command, stdin))
        if args[:1] in (["pg:psql"], ["psql"]):
            rest = ["-c" if arg == "--command" else arg for arg in args[1:]]
            command_at = rest.index("-c") if "-c" in rest[:-1] else None
            sql = ["-c", rest[command_at + 1]] if command_at is not None else []
            return self._in("Heroku", lambda: self.command(["psql", *sql], stdin))
        return UNKNOWN

    def _do_fly(self, args: list[str], stdin: str) -> str:
        self._add(rules.check(Call("fly", args, self.situation, stdin, self)))
        for place, arg in enumerate(args[:-1]):
            if arg in ("-C", "--command"):
                return self._in("Fly", lambda place=place: self.shell(args[place + 1], stdin))  # type: ignore[misc]
        return UNKNOWN

    _do_flyctl = _do_fly

    def _do_railway(self, args: list[str], stdin: str) -> str:
        self._add(rules.check(Call("railway", args, self.situation, stdin, self)))
        if args[:1] == ["run"]:
            return self._in("Railway", lambda: self.command(args[1:], stdin)) if args[1:] else UNKNOWN
        return UNKNOWN

    def _do_npm(self, args: list[str], stdin: str) -> str:
        if args[:1] in (["run"], ["run-script"]) and len(args) > 1:
            return self._package_script(args[1], args[2:], stdin) or UNKNOWN
        if args[:1] in (["exec"], ["x"]):
            return self._behind(args[1:], "-p --package", stdin)
        return UNKNOWN

    def _package_script(self, name: str, args: list[str], stdin: str) -> str | None:
        """What a script of package.json would print; None if there is none of this name."""
        import json

        try:
            script = json.loads(self.situation.text_of("package.json") or "{}")["scripts"][name]
        except (ValueError, KeyError, TypeError):
            return None
        return self.shell(" ".join([str(script), *[arg for arg in args if arg != "--"]]), stdin)

    def _do_mktemp(self, args: list[str], stdin: str) -> str:
        return f"/tmp/mktemp-{len(self.situation.written)}\n"  # noqa: S108

    def _do_pwd(self, args: list[str], stdin: str) -> str:
        return (self.situation.folder or UNKNOWN) + "\n"

    def _do_which(self, args: list[str], stdin: str) -> str:
        return f"{args[-1]}\n" if args else ""

    def _do_command(self, args: list[str], stdin: str) -> str:
        if args[:1] in (["-v"], ["-V"]):
            return self._do_which(args, stdin)
        return self._behind(args, "", stdin)

    def _do_ls(self, args: list[str], stdin: str) -> str:
        given = [arg for arg in args if not arg.startswith("-")]
        names = [name for arg in given for name in self.situation.matches(arg)]
        if not given or (len(names) == 1 and (folder := self.situation.path(names[0])) and os.path.isdir(folder)):
            folder = self.situation.path(names[0] if names else ".")
            names = sorted(os.listdir(folder))[:MOST_NAMES] if folder and not self.situation.elsewhere else [UNKNOWN]
        return "\n".join(names) + "\n"

    def _do_grep(self, args: list[str], stdin: str) -> str:
        words = [arg for arg in args if not arg.startswith("-")]
        letters = "".join(arg[1:] for arg in args if re.fullmatch("-[a-zA-Z]+", arg))
        if len(words) != 1 or UNKNOWN in stdin or set(letters) & set("coqlPr"):
            return UNKNOWN
        try:
            pattern = re.compile(words[0].replace("\\|", "|"), re.IGNORECASE if "i" in letters else 0)
        except re.error:
            return UNKNOWN
        kept = [line for line in stdin.splitlines() if bool(pattern.search(line)) != ("v" in letters)]
        return "\n".join(kept) + "\n" if kept else ""

    _do_egrep = _do_rg = _do_grep

    def _do_make(self, args: list[str], stdin: str) -> str:
        """The recipes of the targets, as far as they are plain."""
        folder = args[args.index("-C") + 1] if "-C" in args[:-1] else "."
        files = [args[args.index("-f") + 1]] if "-f" in args[:-1] else ["Makefile", "makefile", "GNUmakefile"]
        text = next((text for file in files if (text := self.situation.text_of(os.path.join(folder, file)))), None)
        if text is None or {"-n", "--dry-run", "--just-print"} & set(args):
            return UNKNOWN
        targets = [arg for place, arg in enumerate(args) if _is_target(args, place)]

        def run() -> str:
            self._do_cd([folder], "")
            for recipe in recipes(text, targets):
                self.shell(recipe)
            return UNKNOWN

        return self._in_own_shell(run)

    _do_gmake = _do_make

    def _do_tmux(self, args: list[str], stdin: str) -> str:
        for place, arg in enumerate(args):
            if " " in arg:
                self.shell(arg)
            elif place > 1:
                self.command(args[place:])
                break
        return UNKNOWN

    _do_screen = _do_tmux

    def _do_php(self, args: list[str], stdin: str) -> str:
        if args and args[0].endswith("artisan"):
            self._add(rules.check(Call("artisan", args[1:], self.situation, stdin, self)))
        return self._do_node(["-e" if arg == "-r" else arg for arg in args], stdin)

    def _do_node(self, args: list[str], stdin: str) -> str:
        """Another language: only what its strings say."""
        for place, arg in enumerate(args[:-1]):
            if re.fullmatch(r"-[a-zA-Z]*[eEp]|--eval|--print|-[0-9a-z]*e", arg):
                self._add(check_strings(args[place + 1], self))
        if not args or args[0] == "-":
            self._add(check_strings(stdin, self))
        return UNKNOWN

    _do_perl = _do_ruby = _do_deno = _do_node

    def _do_awk(self, args: list[str], stdin: str) -> str:
        self._add(check_strings(" ".join(args), self))
        return UNKNOWN

    _do_gawk = _do_mawk = _do_awk

    def _in(self, where: str, run: Callable[[], str]) -> str:
        """On another machine: no file and no variable of this one counts."""

        def moved() -> str:
            self.situation.elsewhere = where
            for name in ADDRESSES_OF_ENVIRONMENT:
                self.situation.variables.pop(name, None)
            return run()

        return self._in_own_shell(moved)


ADDRESSES_OF_ENVIRONMENT = ("DATABASE_URL", "DATABASE_URL_UNPOOLED", "PGHOST", "PGDATABASE", "PGSERVICE", "PGHOSTADDR")
SSH_WITH_VALUE = ("-b", "-c", "-D", "-e", "-F", "-i", "-J", "-L", "-l", "-m", "-o", "-p", "-R", "-S", "-w")
DOCKER_WITH_VALUE = (
    *("-e", "--env", "-u", "--user", "-w", "--workdir", "--env-file", "-f", "--file", "-p", "--project-name", "-H"),
    *("--profile", "--name", "-v", "--volume", "--network", "--entrypoint", "--context", "--index", "--mount"),
)


def check_strings(code: str, follower: Follower) -> list[Finding]:
    """What the strings of a program in another language destroy, by the word that stands before them."""
    found: list[Finding] = []
    for string in STRING.finditer(code):
        before, text = code[: string.start()].rstrip("( \t\n"), string[0][1:-1]
        if re.search(r"(system|exec\w*|spawn\w*|popen|shell_exec|%x)$", before) or string[0][0] == "`":
            follower.shell(text)
        elif re.search(r"(?i)(unlink\w*|rm\w*|delete|remove\w*|truncate\w*|writefile\w*|rename\w*)$", before):
            follower.command(["rm", "-r", text])
        elif re.search(r"(query|execute|exec|run|do|raw|unsafe)$", before) and (harms := read_sql(text).harms):
            found += [Finding(harm, UNKNOWN_PLACE.text, rules.SAFER_SQL) for harm in harms]
    return found


def recipes(text: str, targets: list[str]) -> Iterator[str]:
    """The commands of some targets of a Makefile and of what they need; without a target those of the first."""
    text = re.sub(r"\\\n[ \t]*", " ", text)
    variables = dict(re.findall(r"(?m)^([A-Za-z_]\w*)\s*[:?+]?=[ \t]*(.*)$", text))
    rules_of = re.findall(r"(?m)^([^\s#:=][^:=\n]*):(?!=)([^\n]*)((?:\n\t[^\n]*|\n[ \t]*(?=\n\t))*)", text)
    found = {target: (needs, body) for names, needs, body in rules_of for target in names.split()}
    waiting = targets or [name for name in found if not name.startswith(".")][:1]
    seen: set[str] = set()
    while waiting:
        target = waiting.pop(0)
        if target in found and target not in seen:
            seen.add(target)
            needs, body = found[target]
            waiting += needs.partition(";")[0].split()
            for line in [*body.split("\n"), needs.partition(";")[2]]:
                yield re.sub(
                    r"\$(?:[({](\w+)[)}]|(\$))",
                    lambda name: "$" if name[2] else variables.get(name[1], UNKNOWN),
                    line.lstrip("\t @-+"),
                )


def _is_target(args: list[str], place: int) -> bool:
    before = args[place - 1] if place else ""
    return not args[place].startswith("-") and "=" not in args[place] and before not in ("-C", "-f", "-j", "-I", "-o")


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


def _without_options(args: list[str], with_value: tuple[str, ...]) -> list[str]:
    words, place = [], 0
    while place < len(args):
        if args[place].startswith("-"):
            place += 2 if args[place] in with_value else 1
        else:
            words.append(args[place])
            place += 1
    return words


def _behind_options(args: list[str], with_value: tuple[str, ...]) -> list[str]:
    place = 0
    while place < len(args) and args[place].startswith("-"):
        if args[place] == "--":
            return args[place + 1 :]
        place += 2 if args[place] in with_value else 1
    return args[place:]


def _decoded(text: str, decode: Callable[[str], bytes]) -> str:
    if UNKNOWN in text or not text.strip():
        return rules.HIDDEN
    try:
        return decode(text).decode("utf-8", "replace").replace(UNKNOWN, "")
    except (ValueError, binascii.Error):
        return rules.HIDDEN


def _braces(text: str, rounds: int = 0) -> list[str]:
    """`app.{db,db-wal}` is two words."""
    found = re.search(r"\{([^{}]*,[^{}]*)\}", text)
    if not found or rounds > 4:
        return [text]
    pieces = [text[: found.start()] + piece + text[found.end() :] for piece in found[1].split(",")]
    return [one for piece in pieces[:MOST_ROUNDS] for one in _braces(piece, rounds + 1)]
