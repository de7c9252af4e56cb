"""neon-deploy.py: what stands in references/neon.md is run by test_pages.py; here is what it must never do."""

from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from database import create_database_engine
from like_neon import LikeNeon
from running import RunPython
from tracker import PROGRAM

SCRIPT = PROGRAM.with_name("neon-deploy.py")


def test_a_table_of_somebody_else_is_left_alone(like_neon: LikeNeon, neon_database: str, run_python: RunPython) -> None:
    environ = {name: value.replace("/neondb?", f"/{neon_database}?") for name, value in like_neon.environment.items()}
    engine = create_database_engine(environ["DATABASE_URL_UNPOOLED"])
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE deploy_expenses AS SELECT 1 AS number"))
    ended = run_python(SCRIPT, environ=environ)
    assert ended.returncode == 1
    assert "There is a table deploy_expenses already" in ended.stderr
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT number FROM deploy_expenses")) == 1
    engine.dispose()


@pytest.mark.slow
def test_it_takes_its_table_away_again(like_neon: LikeNeon, neon_database: str, run_python: RunPython) -> None:
    environ = {name: value.replace("/neondb?", f"/{neon_database}?") for name, value in like_neon.environment.items()}
    ended = run_python(SCRIPT, "--pause", "0", environ=environ)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "the compute has slept, and was started for this request: no" in ended.stdout
    engine = create_database_engine(environ["DATABASE_URL_UNPOOLED"])
    assert inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.parametrize("url", ["", "sqlite:///shop.db"])
def test_without_postgresql_it_says_how_to_have_one(run_python: RunPython, tmp_path: Path, url: str) -> None:
    ended = run_python(SCRIPT, database_url=url)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "this needs PostgreSQL" in ended.stderr
    assert list(tmp_path.iterdir()) == []
