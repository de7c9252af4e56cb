"""The programs that delete or overwrite files, and which of these files hold a database."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from guard_case import SAFER_FILE, SAFER_GIT, SAFER_VOLUME, Call, Finding, option_names, options_of
from guard_situation import COPY_SUFFIX, DATABASE_SUFFIXES, LOG_SUFFIXES, Situation
from guard_sql import UNKNOWN

SERVER_FOLDER = re.compile(
    r"^/var/lib/(postgresql|pgsql|mysql|mariadb)\b.*|^/(usr/local|opt/homebrew)/var/(postgres|mysql).*"
)


def overwritten(name: str, situation: Situation) -> list[Finding]:
    """`> app.db`, `tee app.db`, a copy onto it."""
    if name.startswith("/dev/") and not name.startswith("/dev/shm/"):  # noqa: S108
        return []
    if COPY_SUFFIX.search(name):  # a copy is made anew each time
        return []
    place = situation.database_at(name)
    return [Finding("overwrite a database file", place.text, SAFER_FILE)] if place else []


def delete(call: Call) -> Iterator[Finding]:
    recursive = any(re.fullmatch("-[a-zA-Z]*[rR][a-zA-Z]*", arg) or arg == "--recursive" for arg in call.args)
    own = call.args
    names = [arg for place, arg in enumerate(own) if not arg.startswith("-") or "--" in own[:place]]
    for given in names:
        for name in call.situation.matches(given):
            if place := call.situation.database_at(name):
                suffix = next((end for end in LOG_SUFFIXES if name.endswith(end)), None)
                harm = "delete a database file"
                if suffix:
                    harm = f"delete the {suffix[1:]} file of a database: it may hold what was committed last"
                yield Finding(harm, place.text, SAFER_FILE)
            elif recursive and (server := SERVER_FOLDER.search(name)):
                yield Finding(
                    f"delete the folder of a server: {server[0]}", call.situation.elsewhere or name, SAFER_VOLUME
                )
            elif recursive:
                for below in call.situation.databases_below(name)[:3]:
                    yield Finding(f"delete the folder {name} with a database in it", below.text, SAFER_FILE)


def truncate(call: Call) -> Iterator[Finding]:
    for name in call.args:
        if not name.startswith("-") and (place := call.situation.database_at(name)):
            yield Finding("empty a database file", place.text, SAFER_FILE)


def write_blocks(call: Call) -> Iterator[Finding]:
    for arg in call.args:
        if arg.startswith("of="):
            yield from overwritten(arg[3:], call.situation)


def copy(call: Call) -> Iterator[Finding]:
    """cp, mv, ln, install, rsync: onto a database; mv also to where it would be lost."""
    if call.name in ("cp", "mv") and ({"-n", "--no-clobber", "-i", "--backup", "-b"} & set(option_names(call.args))):
        return
    names = [arg for arg in call.args if not arg.startswith("-")]
    for place, arg in enumerate(call.args):
        if arg in ("-t", "--target-directory") and place + 1 < len(call.args):
            names = [name for name in names if name != call.args[place + 1]] + [call.args[place + 1]]
    sources = [one for name in names[:-1] for one in call.situation.matches(name)]
    if not sources:
        return
    target = names[-1]
    real_target = call.situation.path(target)
    into_folder = target.endswith("/") or (real_target is not None and os.path.isdir(real_target))
    for source in sources:
        onto = os.path.join(target, os.path.basename(source)) if into_folder else target
        if call.name == "rsync" and ":" in target:
            continue
        if call.situation.path(source) != call.situation.path(onto):
            yield from overwritten(onto, call.situation)
        if call.name == "mv" and (place_of := call.situation.database_at(source)):
            path = call.situation.path(onto)
            if target.startswith("/dev/") or (path is not None and call.situation.is_temporary(path)):
                yield Finding(f"move a database file to {target}, where it will be lost", place_of.text, SAFER_FILE)
        if call.name in ("mv", "ln"):
            old, new = call.situation.path(source), _unresolved(onto, call.situation)
            if old is not None and new is not None and old != new:
                call.situation.same_as[new] = old
                call.situation.written.pop(new, None)
                if old in call.situation.written:
                    call.situation.written[new] = call.situation.written[old]
        elif call.name == "cp" and (path := call.situation.path(onto)):
            call.situation.written[path] = call.situation.text_of(source)


def synchronize(call: Call) -> Iterator[Finding]:
    yield from copy(call)
    names = [arg for arg in call.args if not arg.startswith("-")]
    if any(arg.startswith("--del") for arg in call.args) and names and "--dry-run" not in call.args:
        for below in call.situation.databases_below(names[-1])[:3]:
            yield Finding(f"rsync --delete into {names[-1]}, which has a database in it", below.text, SAFER_FILE)


def download(call: Call) -> Iterator[Finding]:
    options, _ = options_of(call.args, "OoPUtTeai", {"output-document": True})
    for name, value in options:
        if name in ("O", "output-document"):
            yield from overwritten(value, call.situation)


def copy_from_machine(call: Call) -> Iterator[Finding]:
    _, names = options_of(call.args, "cFiJloPSX", {})
    if len(names) > 1 and ":" not in names[-1]:
        yield from copy(call._replace(name="cp", args=[name.rpartition(":")[2] for name in names]))


def _unresolved(name: str, situation: Situation) -> str | None:
    if UNKNOWN in name or (situation.folder is None and not os.path.isabs(name)):
        return None
    return os.path.normpath(os.path.join(situation.folder or "/", name))


def find_matches(args: list[str], situation: Situation) -> list[str]:
    """The database files that a `find` with these arguments would come upon."""
    import fnmatch

    roots = []
    for arg in args:
        if arg.startswith(("-", "(", "!")):
            break
        roots.append(arg)
    patterns = [
        args[place + 1]
        for place, arg in enumerate(args[:-1])
        if arg in ("-name", "-iname", "-path", "-wholename") and (place == 0 or args[place - 1] not in ("!", "-not"))
    ]
    if situation.elsewhere:
        return [pattern for pattern in patterns if pattern.lower().endswith(DATABASE_SUFFIXES)]
    found = []
    for root in roots or ["."]:
        for place in situation.databases_below(root):
            name = place.file or ""
            base = os.path.basename(name).lower()
            if not patterns or any(fnmatch.fnmatch(base, pattern.lower().rpartition("/")[2]) for pattern in patterns):
                found.append(name)
    return found


def find(call: Call) -> Iterator[Finding]:
    if "-delete" in call.args:
        for name in find_matches(call.args, call.situation)[:3]:
            if place := call.situation.database_at(name):
                yield Finding("delete a database file", place.text, SAFER_FILE)


def git(call: Call) -> Iterator[Finding]:
    args = list(call.args)
    folder = "."
    while args and args[0].startswith("-"):
        if args[0] == "-C" and len(args) > 1:
            folder = os.path.join(folder, args[1])
        args = args[2:] if args[0] in ("-C", "-c", "--git-dir", "--work-tree", "--namespace") else args[1:]
    if not args or call.situation.elsewhere:
        return
    verb, rest = args[0], args[1:]
    where = call.situation.path(folder)
    if where is None or not os.path.isdir(where):
        return
    if verb == "clean":
        letters = "".join(arg[1:] for arg in rest if re.fullmatch("-[a-zA-Z]+", arg))
        forced = "f" in letters or "--force" in rest
        if forced and "n" not in letters and "--dry-run" not in rest:
            yield from _git_would_remove(call, where, rest)
    elif verb in ("checkout", "restore") and not ("--staged" in rest and "--worktree" not in rest):
        for name in rest:
            if not name.startswith("-") and (place := call.situation.database_at(os.path.join(folder, name))):
                yield Finding(f"git {verb}: overwrite a database file with an older one", place.text, SAFER_GIT)
        if any(name in (".", ":/", "*") for name in rest) or "-f" in rest or "--force" in rest:
            yield from _git_would_reset(call, where, f"git {verb}")
    elif verb == "reset" and ("--hard" in rest or "--merge" in rest):
        yield from _git_would_reset(call, where, "git reset --hard")
    elif verb == "rm" and "--cached" not in rest:
        yield from delete(call._replace(args=[arg for arg in rest if arg != "-f"]))


def _git_output(folder: str, *arguments: str) -> list[str]:
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *[argument.replace(UNKNOWN, "…") for argument in arguments]],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [name for name in done.stdout.split("\n") if name]


def _git_would_remove(call: Call, folder: str, rest: list[str]) -> Iterator[Finding]:
    lines = _git_output(folder, "clean", "-n", *[arg for arg in rest if arg not in ("-i", "--interactive", "-q")])
    for line in lines:
        name = os.path.join(folder, line.removeprefix("Would remove ").strip('"'))
        places = [call.situation.database_at(name), *call.situation.databases_below(name)]
        for place in [place for place in places if place][:3]:
            yield Finding("git clean: delete a database file", place.text, SAFER_GIT)


def _git_would_reset(call: Call, folder: str, harm: str) -> Iterator[Finding]:
    patterns = [f"*{suffix}" for suffix in DATABASE_SUFFIXES]
    for name in _git_output(folder, "diff", "--name-only", "--relative", "HEAD", "--", *patterns)[:3]:
        if place := call.situation.database_at(os.path.join(folder, name)):
            yield Finding(f"{harm}: overwrite a database file with an older one", place.text, SAFER_GIT)
