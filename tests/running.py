"""Running a script of the project as a learner does: a process of its own, and nothing of this machine's settings."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Compiled modules: one folder for all processes of a run, and none in the project. pytest-xdist hands the variable on.
COMPILED = "COMPILED_FOR_TESTS"
if COMPILED not in os.environ:
    os.environ[COMPILED] = tempfile.mkdtemp(prefix="compiled-")
    atexit.register(shutil.rmtree, os.environ[COMPILED], ignore_errors=True)


@dataclass(frozen=True)
class RunPython:
    """`run_python(script, *arguments, database_url=url)`; calls of one test share folder and home."""

    folder: Path
    home: Path

    def __call__(
        self,
        script: Path,
        *arguments: str,
        database_url: str = "",
        environ: Mapping[str, str] | None = None,
        typed: str = "",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", str(script.resolve()), *arguments],
            cwd=self.folder,
            env=bare_environment(self.home, database_url) | dict(environ or {}),
            input=typed,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )


def bare_environment(home: Path, database_url: str) -> dict[str, str]:
    needed_by_windows = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return needed_by_windows | {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "DATABASE_URL": database_url,
        "PYTHONPYCACHEPREFIX": os.environ[COMPILED],
    }
