"""scripts/restore_drill.py: what it says came back did come back, and what did not is named."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

import restore_drill
from budget.models import Category, User
from database import create_database_engine, transaction
from restore_drill import Contents, Rows, differences
from running import RunPython
from tracker import PROGRAM

DRILL = PROGRAM.parents[1] / "scripts" / "restore_drill.py"


@pytest.fixture
def shop(migrated_url: str) -> Iterator[Engine]:
    """A database with two users who have categories; one of them goes by a name with quotes and signs."""
    engine = create_database_engine(migrated_url)
    with transaction(engine) as session:
        session.add_all([User(id=1, email="ann@example.org"), User(id=2, email='"bob" <b;c@example.org>')])
        session.flush()
        session.add_all(Category(id=n, user_id=1 + n % 2, name=f"Käse {n}") for n in range(1, 41))
    yield engine
    engine.dispose()


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def contents(engine: Engine) -> Contents:
    if engine.dialect.name == "sqlite":
        with restore_drill.opened(Path(str(engine.url.database))) as connection:
            return restore_drill.contents_of_sqlite(connection)
    with restore_drill.connected(engine.url) as cursor:
        return restore_drill.contents_of_postgresql(cursor)


@pytest.mark.slow
def test_every_row_comes_back(shop: Engine, run_python: RunPython) -> None:
    done = run_python(DRILL, database_url=address(shop))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split()[-2:] for line in lines if "categories" in line] == [["40", "rows"]]
    assert lines[-1].startswith("All of it came back: 7 tables")


@pytest.mark.slow
def test_the_kept_backup_is_whole_and_only_its_owner_can_read_it(
    shop: Engine, run_python: RunPython, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.backup"
    done = run_python(DRILL, "--keep", str(kept), database_url=address(shop))
    assert (done.returncode, done.stderr) == (0, "")
    if os.name == "posix":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    if shop.dialect.name == "sqlite":
        assert sqlite3.connect(kept).execute("SELECT count(*) FROM categories").fetchone() == (40,)
    else:
        assert kept.read_bytes().startswith(b"PGDMP")
    again = run_python(DRILL, "--keep", str(kept), database_url=address(shop))
    assert again.returncode == 2
    assert "already" in again.stderr


def test_of_drills_at_once_only_one_gets_the_file(tmp_path: Path) -> None:
    at_once = 8
    ready, tried = threading.Barrier(at_once), threading.Barrier(at_once)

    def take(keep: Path) -> str:
        ready.wait(20)
        try:
            with restore_drill.place_for_backup(keep) as backup:
                tried.wait(20)  # all others have failed by now, and this one has not ended
                backup.write_text("mine", encoding="utf-8")
        except restore_drill.DrillError as error:
            tried.wait(20)
            return str(error)
        return "kept"

    with ThreadPoolExecutor(at_once) as threads:
        for number in range(25):
            keep = tmp_path / f"{number}.backup"
            refused = f"There is a file {keep} already. Nothing was done."
            assert sorted(threads.map(take, [keep] * at_once)) == [refused] * (at_once - 1) + ["kept"]
            assert keep.read_text(encoding="utf-8") == "mine"


def test_the_reserved_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with restore_drill.place_for_backup(tmp_path / "kept"):
            assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o600 or os.name != "posix"
    finally:
        os.umask(before)


@pytest.mark.parametrize("moment", ["the drill", "the move"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_what_fails_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, error: BaseException
) -> None:
    kept = tmp_path / "kept"

    def half(_backup: Path, keep: Path) -> None:
        keep.write_text("half of it", encoding="utf-8")
        raise error

    if moment == "the move":
        monkeypatch.setattr("restore_drill.shutil.move", half)
    with pytest.raises(type(error)), restore_drill.place_for_backup(kept):
        assert kept.exists()
        if moment == "the drill":
            raise error
    assert not kept.exists()


def test_a_database_that_is_not_there_leaves_no_file(tmp_path: Path, run_python: RunPython) -> None:
    done = run_python(DRILL, "sqlite:///none.db", "--keep", "kept")
    assert (done.returncode, done.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_program_that_writes_meanwhile_changes_nothing(shop: Engine, run_python: RunPython) -> None:
    """Comparison and backup see one moment: rows that come later are in neither."""
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        number = 1000
        while not stop.is_set():
            number += 1
            with transaction(shop) as session:
                session.add(Category(id=number, user_id=1, name=f"later {number}"))
            written.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert written.wait(20)
        done = run_python(DRILL, database_url=address(shop))
    finally:
        stop.set()
        thread.join()
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE categories SET name = 'Käse 2 ' WHERE id = 2",
        "DELETE FROM categories WHERE id = 40",
        "DROP TABLE budget_transfers",
        "DROP INDEX ix_expenses_user_id_category_id_spent_on",
    ],
)
def test_what_changed_between_the_two_is_named(shop: Engine, statement: str) -> None:
    before = contents(shop)
    assert differences(before, contents(shop)) == []
    with shop.begin() as connection:
        connection.execute(text(statement))
    found = differences(before, contents(shop))
    assert found
    assert any(word in found[0] for word in ("categories", "budget_transfers", "ix_expenses"))


def test_a_swap_of_two_values_is_noticed(shop: Engine) -> None:
    before = contents(shop)
    with shop.begin() as connection:
        connection.execute(text("UPDATE categories SET name = 'x' || name WHERE id IN (1, 3)"))
        connection.execute(text("UPDATE categories SET name = 'Käse 3' WHERE id = 1"))
        connection.execute(text("UPDATE categories SET name = 'Käse 1' WHERE id = 3"))
    [found] = differences(before, contents(shop))
    assert found.endswith("categories: the rows are not the same")


def test_a_sequence_that_fell_behind_is_noticed() -> None:
    rows = {"t": Rows(1, "1")}
    before, after = Contents(rows, frozenset(), {"t_id_seq": 9}), Contents(rows, frozenset(), {"t_id_seq": 8})
    assert differences(before, after) == ["t_id_seq: the sequence stood at 9, and came back at 8"]
    assert differences(after, before) == []


@pytest.mark.slow
def test_what_does_not_come_back_ends_with_1_and_no_backup_is_kept(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy that loses a row, as a defect of the machine would: the drill says so."""
    engine = create_database_engine(migrated_sqlite_url)
    with transaction(engine) as session:
        session.add(User(id=1, email="ann@example.org"))
    engine.dispose()
    opened = restore_drill.opened

    def lossy(file: Path) -> object:
        if file.name == "backup":
            with sqlite3.connect(file) as connection:
                connection.execute("DELETE FROM users")
            connection.close()
        return opened(file)

    monkeypatch.setattr(restore_drill, "opened", lossy)
    monkeypatch.setattr("sys.argv", ["restore_drill.py", migrated_sqlite_url, "--keep", str(tmp_path / "kept")])
    with pytest.raises(SystemExit) as ended:
        restore_drill.main()
    assert ended.value.code == 1
    assert "users: 1 rows, and 0 came back" in capsys.readouterr().out
    assert not (tmp_path / "kept").exists()


@pytest.mark.slow
def test_policies_and_the_roles_that_they_name_come_back(postgresql_url: str, run_python: RunPython) -> None:
    engine = create_database_engine(postgresql_url)
    role = f"{engine.url.database}_app"
    with engine.begin() as connection:
        connection.execute(
            text(f"""
                CREATE ROLE {role}; CREATE TABLE bills (id BIGSERIAL PRIMARY KEY, amount BIGINT);
                ALTER TABLE bills ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON bills TO {role} USING (amount > 0);
                INSERT INTO bills (amount) VALUES (-1), (1)
            """)
        )
    try:
        done = run_python(DRILL, database_url=postgresql_url)
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}; DROP ROLE {role}"))
        engine.dispose()
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 rows" in done.stdout


def test_a_text_that_is_no_utf_8_comes_back_too(tmp_path: Path, run_python: RunPython) -> None:
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as connection:
        connection.execute('CREATE TABLE "a ""table" (value)')
        connection.execute("""INSERT INTO "a ""table" VALUES (CAST(x'ff00' AS TEXT)), (NULL), (1.5), (x'00')""")
    connection.close()
    done = run_python(DRILL, f"sqlite:///{file}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 rows" in done.stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///none.db", "There is no file none.db"),
        ("mysql://ann:secret@host/shop", "speaks SQLite and PostgreSQL"),
        ("not a url", "not a database URL"),
        ("postgresql://ann:secret@127.0.0.1:1/shop", "No connection to postgresql+psycopg2://ann:***@127.0.0.1:1/shop"),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_drilled_is_said_in_one_line_without_the_password(
    url: str, said: str, run_python: RunPython
) -> None:
    done = run_python(DRILL, url)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr


def test_a_backup_never_goes_through_neons_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    pooled = "postgresql://ann:secret@ep-cool-1-pooler.eu-central-1.aws.neon.tech/shop"
    monkeypatch.setenv("DATABASE_URL", pooled)
    for given in (pooled, None):
        assert restore_drill.address(given).host == "ep-cool-1.eu-central-1.aws.neon.tech"


def test_a_file_that_is_no_database_is_said(tmp_path: Path, run_python: RunPython) -> None:
    (tmp_path / "notes.db").write_text(
        "These are notes, and long enough for a header of SQLite." * 20, encoding="utf-8"
    )
    done = run_python(DRILL, "sqlite:///notes.db")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot be read: file is not a database" in done.stderr


def test_the_password_is_in_no_argument_of_a_program(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def remember(command: list[str], **_options: object) -> object:
        started.append(command)
        raise OSError

    monkeypatch.setattr("restore_drill.subprocess.run", remember)
    engine = create_database_engine(postgresql_url)
    with pytest.raises(OSError):  # noqa: PT011
        restore_drill.run_program("pg_dump", engine.url)
    assert engine.url.password
    assert str(engine.url.password) not in " ".join(started[0])
    engine.dispose()
