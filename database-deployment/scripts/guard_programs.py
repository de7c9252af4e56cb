"""The programs that run other programs, or that the shell has in itself; what each does to a situation.

A handler gets the follower, the arguments and what the program would read; it returns what the program would print, as
far as that can be known.
"""

# ruff: noqa: ARG001 - every handler has the same arguments

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import guard_files as files
import guard_rules as rules
from guard_case import HIDDEN, SAFER_SQL, Call, Finding
from guard_shell import unescape
from guard_situation import ADDRESSES_OF_ENVIRONMENT, THROW_AWAY_HOST, UNKNOWN_PLACE
from guard_sql import UNKNOWN, read_sql

if TYPE_CHECKING:
    from guard_follow import Follower

MOST_ROUNDS = 20  # of a loop
MOST_NAMES = 500
STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
SHELLS = {"sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "rbash"}

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


SSH_WITH_VALUE = ("-b", "-c", "-D", "-e", "-F", "-i", "-J", "-L", "-l", "-m", "-o", "-p", "-R", "-S", "-w")
DOCKER_WITH_VALUE = (
    *("-e", "--env", "-u", "--user", "-w", "--workdir", "--env-file", "-f", "--file", "-p", "--project-name", "-H"),
    *("--profile", "--name", "-v", "--volume", "--network", "--entrypoint", "--context", "--index", "--mount"),
)


def run(follower: Follower, argv: list[str], stdin: str) -> str:
    """Follow one program, whatever it is."""
    name = argv[0].rpartition("/")[2]
    if name.endswith(".exe"):
        name = name[:-4]
    args = argv[1:]
    if handler := HANDLERS.get(name):
        return handler(follower, args, stdin)
    if name in SHELLS:
        return shell_program(follower, args, stdin)
    if name in PLAIN_PREFIXES:
        return behind(follower, args, "", stdin)
    if name in BEHIND_A_WORD or name in PREFIXES:
        return prefix(follower, name, args, stdin)
    if re.fullmatch(r"(python|pypy|ipython|bpython)[\d.]*w?|py", name):
        return python(follower, args, stdin)
    script = follower.situation.text_of(argv[0]) if "/" in argv[0] else None
    if script and "\0" not in script:
        return script_file(follower, script, argv, stdin)
    follower.add(rules.check(Call(name, args, follower.situation, stdin, follower)))
    if args and not name.strip(UNKNOWN):  # `$SUDO rm app.db`, where nothing is in the variable
        return follower.command(args, stdin)
    if name in WRITES_WHAT_IT_READS:
        return filtered(follower, name, args, stdin)
    return rules.printed(name, args)


def script_file(follower: Follower, script: str, argv: list[str], stdin: str) -> str:
    interpreter = script.partition("\n")[0]
    if re.search(r"\b(ba|z|da|k)?sh\b", interpreter) or not interpreter.startswith("#!"):
        return follower.script(script, argv[1:], stdin)
    if "python" in interpreter:
        return python(follower, [argv[0], *argv[1:]], stdin)
    return UNKNOWN


def shell_program(follower: Follower, args: list[str], stdin: str) -> str:
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
            return follower.script(rest[0], rest[2:], stdin, own_name=rest[1:2]) if rest else UNKNOWN
        if option.startswith("-") and not option.startswith("--") and "n" in option:
            return ""  # reads a script and runs nothing
        place += 2 if option in ("-o", "-O", "+o", "+O", "--rcfile", "--init-file") else 1
        if option == "-s":
            args = []
    if place < len(args):
        script = follower.situation.text_of(args[place])
        return follower.script(script, args[place + 1 :], stdin) if script else UNKNOWN
    follower.stop_hidden(stdin)
    return follower.script(stdin, [], UNKNOWN)


def python(follower: Follower, args: list[str], stdin: str) -> str:
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
                        return python_code(follower, inside)
                    if letter == "m":
                        return python_module(follower, inside, rest, stdin)
            if letters[-1:] in ("W", "X"):
                place += 1
        place += 1
    if place >= len(args) or args[place] == "-":
        return python_code(follower, stdin)
    name = args[place].rpartition("/")[2]
    if name == "local_postgres.py":
        is_own = rules.is_own(args[place], follower.situation, "scripts")
        on_local_postgres(follower, args[place + 1 :], stdin, throw_away=is_own)
        if is_own:
            return UNKNOWN
    if rules.is_own(args[place], follower.situation, "examples"):
        return UNKNOWN  # they drop what they have made, and refuse to start where one of their tables is
    follower.add(rules.check(Call(name, args[place + 1 :], follower.situation, stdin, follower)))
    is_on_disk = follower.situation.path(args[place]) not in follower.situation.written
    return python_code(follower, follower.situation.text_of(args[place]) or "", is_on_disk=is_on_disk)


def python_code(follower: Follower, code: str, *, is_on_disk: bool = False) -> str:
    from guard_python import check_python  # only when there is Python to read: `ast` takes its time

    follower.add(check_python(code.replace(UNKNOWN, "_"), follower.situation, follower, is_on_disk=is_on_disk))
    return UNKNOWN


def python_module(follower: Follower, module: str, args: list[str], stdin: str) -> str:
    if module in ("sqlite3", "alembic", "flask", "django", "coverage", "pgcli", "aerich", "yoyo", "sqlite_utils"):
        return follower.command(
            [{"django": "django-admin", "sqlite_utils": "sqlite-utils"}.get(module, module), *args], stdin
        )
    path = module.replace(".", "/")
    code = next((text for end in (".py", "/__main__.py") if (text := follower.situation.text_of(path + end))), "")
    return python_code(follower, code, is_on_disk=True)


def on_local_postgres(follower: Follower, args: list[str], stdin: str, *, throw_away: bool) -> str:
    if "--" not in args:
        return UNKNOWN
    command = args[args.index("--") + 1 :]

    def run() -> str:
        variables = follower.situation.variables
        for name in [name for name in variables if throw_away and re.match("PG[A-Z]", name)]:
            del variables[name]
        url = f"postgresql://{THROW_AWAY_HOST}/postgres"
        if throw_away:
            follower.situation.export({"DATABASE_URL": url, "DATABASE_URL_UNPOOLED": url})
        return follower.command(command, stdin) if command else UNKNOWN

    return follower.in_own_shell(run)


def behind(follower: Follower, args: list[str], with_value: str, stdin: str, skip: int = 0) -> str:
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
    while len(rest) > 1 and not rest[0].strip(UNKNOWN):  # `env $(cat FILE) command`
        rest = rest[1:]
    while rest and (found := re.match(r"([A-Za-z_]\w*)=(.*)", rest[0], re.DOTALL)):
        assigned[found[1]] = found[2]
        rest = rest[1:]
    if not rest:
        return UNKNOWN

    def run() -> str:
        follower.situation.export(assigned)
        return follower.command(rest, stdin)

    return follower.in_own_shell(run) if assigned else follower.command(rest, stdin)


def prefix(follower: Follower, name: str, args: list[str], stdin: str) -> str:
    valued = PREFIXES.get(name, "")
    words = BEHIND_A_WORD.get(name)
    if words is None:
        skip = {"timeout": 1, "gtimeout": 1, "taskset": 1, "chrt": 1}.get(name, 0)
        if name == "npx" and "-c" in args[:-1]:
            return follower.shell(args[args.index("-c") + 1], stdin)
        if name == "watch":
            return follower.shell(" ".join(_behind_options(args, tuple(valued.split()))), stdin)
        return behind(follower, args, valued, stdin, skip)
    if name in ("yarn", "pnpm", "bun"):
        named = [arg for arg in args if not arg.startswith("-") and arg != "run"][:1]
        if named and package_script(follower, named[0], [], stdin) is not None:
            return UNKNOWN
    place = next((place for place, arg in enumerate(args) if arg in words), None)
    if place is not None:
        skip = 1 if name == "direnv" else 0
        return behind(follower, args[place + 1 :], valued, stdin, skip)
    if name in ("yarn", "pnpm", "bun"):  # `yarn prisma migrate reset`
        return behind(follower, args, valued, stdin)
    return UNKNOWN


def filtered(follower: Follower, name: str, args: list[str], stdin: str) -> str:
    """What these print: mostly what they read."""
    files = [arg for arg in args if not arg.startswith("-") or arg == "-"]
    if name == "tee":
        for file in files:
            if path := follower.situation.path(file):
                follower.situation.written[path] = stdin
        return stdin
    if name == "tr" or not files or (name == "sed" and len(files) == 1):
        return UNKNOWN if name in ("tr", "sed") and re.search("(?i)drop|delete|truncate", " ".join(args)) else stdin
    texts = [stdin if file == "-" else follower.situation.text_of(file) for file in files[name == "sed" :]]
    return "".join(UNKNOWN if text is None else text for text in texts)


def cd(follower: Follower, args: list[str], stdin: str) -> str:
    folders = [arg for arg in args if not arg.startswith("-") or arg == "-"]
    target = folders[0] if folders else "~"
    situation = follower.situation
    path = None if target == "-" else situation.path(target)
    if path is None or situation.elsewhere or os.path.isdir(path) or path in situation.folders:
        situation.folder = path
    return ""  # a folder that is not there: the shell stays where it is


def mkdir(follower: Follower, args: list[str], stdin: str) -> str:
    for arg in args:
        if path := follower.situation.path(arg):
            follower.situation.folders.add(path)
    return ""


def set_options(follower: Follower, args: list[str], stdin: str) -> str:
    if "--" in args:
        follower.set_arguments(args[args.index("--") + 1 :])
    for arg in args:
        if re.fullmatch("[-+][a-z]*a[a-z]*", arg) or arg == "allexport":
            follower.situation.exports_all = not arg.startswith("+")
    return ""


def popd(follower: Follower, args: list[str], stdin: str) -> str:
    follower.situation.folder = None
    return ""


def declare(follower: Follower, args: list[str], stdin: str) -> str:
    if any(re.fullmatch("-[a-zA-Z]*x[a-zA-Z]*", arg) for arg in args):
        return export(follower, args, stdin)
    for arg in args:
        if found := re.match(r"([A-Za-z_]\w*)\+?=(.*)", arg, re.DOTALL):
            follower.situation.assign(found[1], found[2])
    return ""


def export(follower: Follower, args: list[str], stdin: str) -> str:
    for arg in args:
        if found := re.match(r"([A-Za-z_]\w*)\+?=(.*)", arg, re.DOTALL):
            follower.situation.export({found[1]: found[2]})
        else:
            follower.situation.exported.add(arg)
    return ""


def unset(follower: Follower, args: list[str], stdin: str) -> str:
    for arg in args:
        follower.situation.variables.pop(arg, None)
    return ""


def read(follower: Follower, args: list[str], stdin: str) -> str:
    names = [arg for arg in args if re.fullmatch(r"[A-Za-z_]\w*", arg)]
    lines = stdin.split()
    for name in names or ["REPLY"]:
        follower.situation.variables[name] = lines[0] if lines else UNKNOWN
    return ""


def source(follower: Follower, args: list[str], stdin: str) -> str:
    if not args:
        return ""
    text = follower.situation.text_of(args[0])
    return follower.shell(text, stdin) if text else UNKNOWN


def evaluate(follower: Follower, args: list[str], stdin: str) -> str:
    return follower.shell(" ".join(args), stdin)


def trap(follower: Follower, args: list[str], stdin: str) -> str:
    return follower.shell(args[0], UNKNOWN) if args and args[0] != "-" else ""


def echo(follower: Follower, args: list[str], stdin: str) -> str:
    escapes = False
    while args and re.fullmatch("-[neE]+", args[0]):
        escapes = escapes or "e" in args[0]
        args = args[1:]
    text = " ".join(args)
    return (unescape(text) if escapes else text.replace("\\n", "\n")) + "\n"


def alias(follower: Follower, args: list[str], stdin: str) -> str:
    for arg in args:
        name, _, value = arg.partition("=")
        follower.situation.aliases[name] = value
    return ""


def later(follower: Follower, args: list[str], stdin: str) -> str:
    return follower.shell(stdin) if UNKNOWN not in stdin else UNKNOWN


def printf(follower: Follower, args: list[str], stdin: str) -> str:
    if args[:1] == ["-v"]:
        return ""
    if args[:1] == ["--"]:
        args = args[1:]
    values = iter(args[1:])
    text = re.sub(r"%[-\d.]*[sbqd]", lambda _: next(values, ""), args[0]) if args else ""
    rest = "".join(values) if args and "%" in args[0] else ""
    return unescape(text + rest).replace("%%", "%")


def decode_base64(follower: Follower, args: list[str], stdin: str) -> str:
    if not any(arg in ("-d", "-D", "--decode", "-di", "--d") for arg in args):
        return UNKNOWN
    file = next((arg for arg in args if not arg.startswith("-")), None)
    return _decoded((follower.situation.text_of(file) or UNKNOWN) if file else stdin, base64.b64decode)


def xxd(follower: Follower, args: list[str], stdin: str) -> str:
    letters = "".join(arg for arg in args if arg.startswith("-"))
    return _decoded("".join(stdin.split()), binascii.unhexlify) if "r" in letters else UNKNOWN


def rev(follower: Follower, args: list[str], stdin: str) -> str:
    return "\n".join(line[::-1] for line in stdin.split("\n"))


def env(follower: Follower, args: list[str], stdin: str) -> str:
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
                    follower.situation.variables.pop(name, None)
            rest = rest[2:] if rest[0] in ("-u", "-C", "--unset", "--chdir", "-P") else rest[1:]
        return behind(follower, rest, "", stdin)

    return follower.in_own_shell(run)


def su(follower: Follower, args: list[str], stdin: str) -> str:
    for place, arg in enumerate(args[:-1]):
        if arg in ("-c", "--command") or (arg.startswith("-") and not arg.startswith("--") and arg.endswith("c")):
            return follower.shell(args[place + 1], stdin)
    follower.stop_hidden(stdin)
    return follower.shell(stdin) if stdin != UNKNOWN else UNKNOWN


def runuser(follower: Follower, args: list[str], stdin: str) -> str:
    if "-c" in args:
        return su(follower, args, stdin)
    return behind(follower, args, "-u -g -G", stdin)


def flock(follower: Follower, args: list[str], stdin: str) -> str:
    if "-c" in args[:-1]:
        return follower.shell(args[args.index("-c") + 1], stdin)
    return behind(follower, args, "-w -E", stdin, skip=1)


def recorded(follower: Follower, args: list[str], stdin: str) -> str:
    for place, arg in enumerate(args[:-1]):
        if arg in ("-c", "-qc", "--command"):
            return follower.shell(args[place + 1], stdin)
    return UNKNOWN


def timed(follower: Follower, args: list[str], stdin: str) -> str:
    return behind(follower, args, "-f -o", stdin)


def xargs(follower: Follower, args: list[str], stdin: str) -> str:
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
                stdin = follower.situation.text_of(args[place + 1]) or UNKNOWN
            place += 1
        place += 1
    command = args[place:] or ["echo"]
    words = [word.strip("'\"") for word in stdin.replace("\0", f" {UNKNOWN} ").split()] if stdin else []
    if replaced:
        for line in stdin.split("\n")[:MOST_ROUNDS]:
            if line:
                follower.command([part.replace(replaced, line) for part in command])
        return UNKNOWN
    return follower.command([*command, *words])


def find(follower: Follower, args: list[str], stdin: str) -> str:
    matched = files.find_matches(args, follower.situation)
    follower.add(rules.check(Call("find", args, follower.situation, stdin, follower)))
    for place, arg in enumerate(args):
        if arg in ("-exec", "-execdir", "-ok", "-okdir"):
            end = next((n for n in range(place, len(args)) if args[n] in (";", "+")), len(args))
            command = args[place + 1 : end]
            for name in matched[:MOST_ROUNDS]:
                if command:
                    follower.command([part.replace("{}", name) for part in command])
    return "\n".join(matched) + "\n" if matched else ""


def fd(follower: Follower, args: list[str], stdin: str) -> str:
    names = [place.file for place in follower.situation.databases_below(".") if place.file]
    endings = [args[place + 1] for place, arg in enumerate(args[:-1]) if arg in ("-e", "--extension")]
    matched = [name for name in names if not endings or name.endswith(tuple(endings))]
    for place, arg in enumerate(args[:-1]):
        if arg in ("-x", "-X", "--exec", "--exec-batch"):
            command = [part for part in args[place + 1 :] if part not in (";", "{}")]
            follower.command([*command, *matched[:MOST_ROUNDS]])
    return "\n".join(matched) + "\n" if matched else ""


def ssh(follower: Follower, args: list[str], stdin: str) -> str:
    place = 0
    while place < len(args) and args[place].startswith("-"):
        place += 2 if args[place] in SSH_WITH_VALUE else 1
    if place >= len(args):
        return UNKNOWN
    text = " ".join(args[place + 1 :]) or stdin
    return follower.elsewhere(f"the machine {args[place]}", lambda: follower.shell(text, stdin))


def docker(follower: Follower, args: list[str], stdin: str) -> str:
    follower.add(rules.check(Call("docker", args, follower.situation, stdin, follower)))
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
        follower.elsewhere(f"the container {behind[0]}", lambda: follower.command(behind[1:], stdin))
        if len(behind) > 1
        else ""
    )


def docker_compose(follower: Follower, args: list[str], stdin: str) -> str:
    return docker(follower, ["compose", *args], stdin)


def kubectl(follower: Follower, args: list[str], stdin: str) -> str:
    follower.add(rules.check(Call("kubectl", args, follower.situation, stdin, follower)))
    if "exec" in args and "--" in args:
        command = args[args.index("--") + 1 :]
        return follower.elsewhere("a container", lambda: follower.command(command, stdin)) if command else UNKNOWN
    return UNKNOWN


def heroku(follower: Follower, args: list[str], stdin: str) -> str:
    follower.add(rules.check(Call("heroku", args, follower.situation, stdin, follower)))
    if args[:1] in (["run"], ["run:detached"]):
        rest = _behind_options(args[1:], ("-a", "--app", "-s", "--size", "-e", "--env", "-r", "--remote"))
        command = rest[0] if len(rest) == 1 else " ".join(rest)
        return follower.elsewhere("Heroku", lambda: follower.shell(command, stdin))
    if args[:1] in (["pg:psql"], ["psql"]):
        rest = ["-c" if arg == "--command" else arg for arg in args[1:]]
        command_at = rest.index("-c") if "-c" in rest[:-1] else None
        sql = ["-c", rest[command_at + 1]] if command_at is not None else []
        return follower.elsewhere("Heroku", lambda: follower.command(["psql", *sql], stdin))
    return UNKNOWN


def fly(follower: Follower, args: list[str], stdin: str) -> str:
    follower.add(rules.check(Call("fly", args, follower.situation, stdin, follower)))
    for place, arg in enumerate(args[:-1]):
        if arg in ("-C", "--command"):
            return follower.elsewhere("Fly", lambda place=place: follower.shell(args[place + 1], stdin))  # type: ignore[misc]
    return UNKNOWN


def railway(follower: Follower, args: list[str], stdin: str) -> str:
    follower.add(rules.check(Call("railway", args, follower.situation, stdin, follower)))
    if args[:1] == ["run"]:
        return follower.elsewhere("Railway", lambda: follower.command(args[1:], stdin)) if args[1:] else UNKNOWN
    return UNKNOWN


def npm(follower: Follower, args: list[str], stdin: str) -> str:
    if args[:1] in (["run"], ["run-script"]) and len(args) > 1:
        return package_script(follower, args[1], args[2:], stdin) or UNKNOWN
    if args[:1] in (["exec"], ["x"]):
        return behind(follower, args[1:], "-p --package", stdin)
    return UNKNOWN


def package_script(follower: Follower, name: str, args: list[str], stdin: str) -> str | None:
    """What a script of package.json would print; None if there is none of this name."""
    import json

    try:
        script = json.loads(follower.situation.text_of("package.json") or "{}")["scripts"][name]
    except (ValueError, KeyError, TypeError):
        return None
    return follower.shell(" ".join([str(script), *[arg for arg in args if arg != "--"]]), stdin)


def mktemp(follower: Follower, args: list[str], stdin: str) -> str:
    folder = f"/tmp/mktemp-{len(follower.situation.folders)}"  # noqa: S108
    follower.situation.folders.add(os.path.realpath(folder))
    return folder + "\n"


def pwd(follower: Follower, args: list[str], stdin: str) -> str:
    return (follower.situation.folder or UNKNOWN) + "\n"


def which(follower: Follower, args: list[str], stdin: str) -> str:
    return f"{args[-1]}\n" if args else ""


def command_builtin(follower: Follower, args: list[str], stdin: str) -> str:
    if args[:1] in (["-v"], ["-V"]):
        return which(follower, args, stdin)
    return behind(follower, args, "", stdin)


def ls(follower: Follower, args: list[str], stdin: str) -> str:
    given = [arg for arg in args if not arg.startswith("-")]
    names = [name for arg in given for name in follower.situation.matches(arg)]
    if not given or (len(names) == 1 and (folder := follower.situation.path(names[0])) and os.path.isdir(folder)):
        folder = follower.situation.path(names[0] if names else ".")
        names = sorted(os.listdir(folder))[:MOST_NAMES] if folder and not follower.situation.elsewhere else [UNKNOWN]
    return "\n".join(names) + "\n"


def grep(follower: Follower, args: list[str], stdin: str) -> str:
    words = [arg for arg in args if not arg.startswith("-")]
    letters = "".join(arg[1:] for arg in args if re.fullmatch("-[a-zA-Z]+", arg))
    text = "".join(follower.situation.text_of(name) or UNKNOWN for name in words[1:]) or stdin
    if not words or UNKNOWN in text or set(letters) & set("coqlPr"):
        return UNKNOWN
    try:
        pattern = re.compile(words[0].replace("\\|", "|"), re.IGNORECASE if "i" in letters else 0)
    except re.error:
        return UNKNOWN
    kept = [line for line in text.splitlines() if bool(pattern.search(line)) != ("v" in letters)]
    return "\n".join(kept) + "\n" if kept else ""


def make(follower: Follower, args: list[str], stdin: str) -> str:
    """The recipes of the targets, as far as they are plain."""
    folder = args[args.index("-C") + 1] if "-C" in args[:-1] else "."
    files = [args[args.index("-f") + 1]] if "-f" in args[:-1] else ["Makefile", "makefile", "GNUmakefile"]
    text = next((text for file in files if (text := follower.situation.text_of(os.path.join(folder, file)))), None)
    if text is None or {"-n", "--dry-run", "--just-print"} & set(args):
        return UNKNOWN
    targets = [arg for place, arg in enumerate(args) if _is_target(args, place)]

    def run() -> str:
        cd(follower, [folder], "")
        for recipe in recipes(text, targets):
            follower.shell(recipe)
        return UNKNOWN

    return follower.in_own_shell(run)


def tmux(follower: Follower, args: list[str], stdin: str) -> str:
    for place, arg in enumerate(args):
        if " " in arg:
            follower.shell(arg)
        elif place > 1:
            follower.command(args[place:])
            break
    return UNKNOWN


def php(follower: Follower, args: list[str], stdin: str) -> str:
    if args and args[0].endswith("artisan"):
        follower.add(rules.check(Call("artisan", args[1:], follower.situation, stdin, follower)))
    return node(follower, ["-e" if arg == "-r" else arg for arg in args], stdin)


def node(follower: Follower, args: list[str], stdin: str) -> str:
    """Another language: only what its strings say."""
    for place, arg in enumerate(args[:-1]):
        if re.fullmatch(r"-[a-zA-Z]*[eEp]|--eval|--print|-[0-9a-z]*e", arg):
            follower.add(check_strings(args[place + 1], follower))
    if not args or args[0] == "-":
        follower.add(check_strings(stdin, follower))
    return UNKNOWN


def awk(follower: Follower, args: list[str], stdin: str) -> str:
    follower.add(check_strings(" ".join(args), follower))
    return UNKNOWN


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
            found += [Finding(harm, UNKNOWN_PLACE.text, SAFER_SQL) for harm in harms]
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
        return HIDDEN
    try:
        return decode(text).decode("utf-8", "replace").replace(UNKNOWN, "")
    except (ValueError, binascii.Error):
        return HIDDEN


HANDLERS: dict[str, Callable[[Follower, list[str], str], str]] = {
    "cd": cd,
    "popd": popd,
    "export": export,
    "unset": unset,
    "read": read,
    "source": source,
    "eval": evaluate,
    "trap": trap,
    "echo": echo,
    "alias": alias,
    "set": set_options,
    "mkdir": mkdir,
    "at": later,
    "printf": printf,
    "base64": decode_base64,
    "xxd": xxd,
    "rev": rev,
    "env": env,
    "su": su,
    "runuser": runuser,
    "flock": flock,
    "script": recorded,
    "time": timed,
    "xargs": xargs,
    "find": find,
    "fd": fd,
    "fdfind": fd,
    "ssh": ssh,
    "docker": docker,
    "docker-compose": docker_compose,
    "kubectl": kubectl,
    "heroku": heroku,
    "fly": fly,
    "railway": railway,
    "npm": npm,
    "mktemp": mktemp,
    "pwd": pwd,
    "which": which,
    "command": command_builtin,
    "ls": ls,
    "grep": grep,
    "make": make,
    "tmux": tmux,
    "php": php,
    "node": node,
    "awk": awk,
    "pushd": cd,
    "declare": declare,
    "local": declare,
    "typeset": declare,
    "readonly": declare,
    "batch": later,
    "parallel": xargs,
    "podman": docker,
    "nerdctl": docker,
    "flyctl": fly,
    "egrep": grep,
    "rg": grep,
    "gmake": make,
    "screen": tmux,
    "perl": node,
    "ruby": node,
    "deno": node,
    "gawk": awk,
    "mawk": awk,
    ".": source,
}
