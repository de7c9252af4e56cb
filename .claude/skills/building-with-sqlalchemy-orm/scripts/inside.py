"""Runs checks inside a learner's script: inside.py SCRIPT RESULTS NAME... Started by check_lesson.py.

It writes a line of JSON for each check that begins and each that ends, so that one that hangs is known by its name.
"""

import importlib.util
import json
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import checkpoints
from checkpoints.work import Work


def main() -> None:
    script, results, *names = sys.argv[1:]
    path, folder = Path(script), Path.cwd()
    with Path(results).open("a", encoding="utf-8", buffering=1) as stream:

        def write(name: str, **what: Any) -> None:
            stream.write(json.dumps({"name": name, **what}) + "\n")

        sys.argv = [script]
        write("", state="begin")
        try:
            work = Work(load(path), path.name, folder)
        except BaseException as error:
            write("", **judged(error, path))
            return
        for name in names:
            write(name, state="begin")
            work.new_database()
            try:
                note = checkpoints.CHECKS[name].run(work)
            except checkpoints.NotYet as not_yet:
                write(name, state="todo", seen=not_yet.seen, next=not_yet.next_step)
            except BaseException as error:
                write(name, **judged(error, path))
            else:
                write(name, state="ok", note=note or "")
        work.close()


def load(path: Path) -> ModuleType:
    """As an import would: what stands behind `if __name__ == "__main__":` is not run."""
    sys.path.insert(0, str(path.parent))
    name = path.stem.replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def judged(error: BaseException, path: Path) -> dict[str, Any]:
    """Whose error it is: the learner's where their code or their schema raised it, else the checker's."""
    said = " ".join(str(error).split("\n[SQL:")[0].split("\n(Background")[0].split())
    last = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if Path(frame.filename).is_relative_to(path.parents[1])]
    if theirs:
        place = f"{Path(theirs[-1].filename).name}, line {theirs[-1].lineno}"
        return {"state": "crash", "seen": last, "place": place}
    if type(error).__module__.startswith("sqlalchemy") or isinstance(error, SyntaxError):
        return {"state": "crash", "seen": last, "place": path.name}
    return {"state": "fault", "seen": last, "trace": traceback.format_exc()}


if __name__ == "__main__":
    main()
