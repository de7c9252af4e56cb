"""tests/conftest.py: a missing PostgreSQL is never passed over in silence, and no test reaches what is not its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

import database
import local_postgres
from local_postgres import DATABASE_PREFIX, LocalPostgres
from running import RunPython

TESTS = Path(__file__).parent
IMPORTED_FROM = (Path(local_postgres.__file__).parent, Path(database.__file__).parent)
ON_BOTH = "def test_both(database_url): assert database_url"


def run_pytest(folder: Path, test: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """pytest with this project's conftest.py on one test, where no programs of PostgreSQL can be found."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_one.py").write_text(test)
    shutil.copy(TESTS / "conftest.py", folder)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--color=yes", "-rs"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, (*IMPORTED_FROM, TESTS))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PG_BIN": str(folder),
            **environ,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_without_a_server_the_postgresql_half_is_skipped_and_the_summary_says_so_in_red(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, ON_BOTH)
    assert done.returncode == 0, done.stdout
    assert "\x1b[31m\x1b[1mthe PostgreSQL half did not run: PG_BIN is" in done.stdout
    assert "1 passed" in done.stdout
    assert "1 skipped" in done.stdout


@pytest.mark.slow
def test_without_a_server_the_postgresql_half_fails_in_ci(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, ON_BOTH, CI="true")
    assert done.returncode == 1, done.stdout
    assert "the PostgreSQL half did not run: PG_BIN is" in done.stdout
    assert "1 passed" in done.stdout
    assert "1 error" in done.stdout


@pytest.mark.slow
def test_a_given_server_comes_first_and_keeps_no_database_of_a_test(
    tmp_path: Path, own_postgres: LocalPostgres
) -> None:
    show = "def test_name(postgresql_url): print('database', postgresql_url)"
    done = run_pytest(tmp_path, show, TEST_DATABASE_URL=own_postgres.url, PYTEST_ADDOPTS="-s")
    assert done.returncode == 0, done.stdout
    assert f"database {own_postgres.url.removesuffix('postgres')}{DATABASE_PREFIX}" in done.stdout
    connection = psycopg2.connect(own_postgres.url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database ORDER BY datname")
            assert cursor.fetchall() == [("postgres",), ("template0",), ("template1",)]
    finally:
        connection.close()


@pytest.mark.slow
def test_no_test_sees_the_databases_and_the_home_of_its_user(tmp_path: Path) -> None:
    look = """if True:
        import os
        from pathlib import Path
        def test_environment():
            assert os.environ["DATABASE_URL"] == ""
            assert not {"DATABASE_URL_UNPOOLED", "BUDGET_USER", "PGHOST", "PGPASSWORD"} & set(os.environ)
            assert list(Path.home().iterdir()) == []
    """
    (tmp_path / ".pgpass").touch()
    users = dict.fromkeys(("DATABASE_URL", "DATABASE_URL_UNPOOLED", "BUDGET_USER", "PGHOST", "PGPASSWORD"), "real")
    done = run_pytest(tmp_path, look, HOME=str(tmp_path), **users)
    assert done.returncode == 0, done.stdout


def test_the_databases_of_a_test_are_empty(database_url: str) -> None:
    if database_url.startswith("sqlite:///"):
        assert not Path(database_url.removeprefix("sqlite:///")).exists()
        return
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            assert cursor.fetchall() == [(0,)]
    finally:
        connection.close()


def test_a_script_runs_as_a_learner_runs_it(
    tmp_path: Path, run_python: RunPython, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    script = tmp_path / "show.py"
    script.write_text(
        "import os, sys; print(sys.argv[1:], os.getcwd(), sorted(os.environ), input(), os.environ['DATABASE_URL'])"
    )
    done = run_python(script, "--all", database_url="sqlite:///x.db", typed="né\n")
    expected = ["DATABASE_URL", "HOME", "LANG", "PATH", "PYTHONPYCACHEPREFIX"]
    assert done.stderr == ""
    assert done.stdout == f"['--all'] {tmp_path} {expected} né sqlite:///x.db\n"


def test_a_warning_of_a_script_is_an_error(tmp_path: Path, run_python: RunPython) -> None:
    script = tmp_path / "warn.py"
    script.write_text("import warnings; warnings.warn('old')")
    assert run_python(script).returncode == 1
