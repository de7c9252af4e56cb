"""scripts/doctor.py: every finding is seen on a real database, in bounded time, and no password is ever printed."""

import contextlib
import dataclasses
import json
import os
import secrets
import shutil
import signal
import socket
import socketserver
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import psycopg2
import pytest
import trustme
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, make_url

import database
import doctor
import doctor_address
import doctor_case
import doctor_postgresql
import doctor_schema
from like_neon import LikeNeon
from local_postgres import administration
from proxy import Proxy
from running import RunPython

SCRIPT = Path(doctor.__file__)
SKILL = SCRIPT.parents[1]
HOST = "db.example.com"  # the doctor takes it for another machine; hostaddr= leads to this one


@dataclasses.dataclass(frozen=True)
class Examined:
    code: int
    printed: str

    @property
    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.printed)
        return answer

    def findings(self) -> dict[str, dict[str, str]]:
        return {finding["id"]: finding for finding in self.answer["findings"]}

    def ids(self, *levels: str) -> set[str]:
        return {name for name, finding in self.findings().items() if finding["level"] in levels}

    def troubles(self) -> set[str]:
        return self.ids("error", "warning")

    def sees(self, name: str, level: str) -> str:
        """The words of a finding, which is there, is of this level and has a fix."""
        finding = self.findings()[name]
        assert (finding["level"], bool(finding["fix"])) == (level, True)
        return finding["seen"]


Examine = Callable[..., Examined]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project, and in it the doctor, as often as a test wants."""
    # A second copy of database.py in this process would take over the first one's way of compiling money.
    monkeypatch.setattr(doctor_case, "load_database_module", lambda: database)
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    return folder


@pytest.fixture
def examine(capsys: pytest.CaptureFixture[str]) -> Examine:
    def run(url: str | URL | None, *arguments: str) -> Examined:
        given = url.render_as_string(hide_password=False) if isinstance(url, URL) else url
        code = doctor.main([*arguments, "--json", *([] if given is None else [given])])
        printed, complaints = capsys.readouterr()
        assert complaints == ""
        return Examined(code, printed)

    return run


# --- Address ---------------------------------------------------------------------------------------------------------


def test_without_an_address_it_says_where_to_write_one(examine: Examine) -> None:
    examined = examine(None)
    assert examined.code == 2
    assert ".env" in examined.sees("url-missing", "error")
    assert examined.answer["not_looked_at"] == ["driver", "reach", "TLS", "session", "schema"]


def test_an_address_is_found_where_database_py_finds_it(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> tuple[str, str]:
        read = doctor_address.read_settings(None)
        assert database.database_url() == database.database_url(read, env_file=None)
        assert database.migration_url() == database.migration_url(read, env_file=None)
        return read["DATABASE_URL"], read["DATABASE_URL_UNPOOLED"]

    Path(".env").write_text("DATABASE_URL=postgresql://h/${A}\nDATABASE_URL_UNPOOLED=postgresql://i/${A}\n", "utf-8")
    assert found() == ("postgresql://h/${A}", "postgresql://i/${A}")
    monkeypatch.setenv("DATABASE_URL", "postgresql://j/a")
    assert found() == ("postgresql://j/a", "")
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", "postgresql://k/a")
    assert found() == ("postgresql://j/a", "postgresql://k/a")
    monkeypatch.delenv("DATABASE_URL_UNPOOLED")
    monkeypatch.setenv("DATABASE_URL", "")
    assert found() == ("", "")
    assert examine(None).troubles() == {"url-missing"}


@pytest.mark.parametrize(
    "url",
    [
        "ann:secret@host/shop",
        "postgresql://ann:secret@host:port/shop",
        "postgresql://ann:se@cret@host/shop",
        "psql 'postgresql://ann:secret@host/shop'",
        "postgresql:/ann:secret@host/shop",
    ],
)
def test_a_malformed_address_is_explained_and_not_repeated(examine: Examine, url: str) -> None:
    examined = examine(url)
    assert (examined.code, examined.troubles()) == (2, {"url-malformed"})
    assert examined.sees("url-malformed", "error").startswith("The URL ")
    assert "cret" not in examined.printed


def test_an_env_file_in_another_encoding_is_named(examine: Examine, project: Path) -> None:
    (project / ".env").write_bytes("DATABASE_URL=postgresql://ann:geheim-ü@host/shop".encode("latin-1"))
    examined = examine(None)
    assert "UTF-8" in examined.sees("url-malformed", "error")
    assert "geheim" not in examined.printed


def test_another_kind_of_database_gets_a_clear_sentence(examine: Examine) -> None:
    examined = examine("mysql://ann:secret@host/shop")
    assert (examined.code, examined.troubles()) == (2, {"backend-unsupported"})


NEON = "postgresql://ann:secret@ep-cool-1{}.eu-central-1.aws.neon.tech/shop"


def test_a_pooled_host_for_migrations_is_found_in_both_places(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] == "address"])
    monkeypatch.setenv("DATABASE_URL", NEON.format("-pooler"))
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", NEON.format(""))
    assert examine(None).code == 0
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", NEON.format("-pooler"))
    examined = examine(None)
    assert (examined.code, examined.troubles()) == (1, {"pooled-migrations"})
    assert "DATABASE_URL_UNPOOLED" in examined.sees("pooled-migrations", "warning")
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", "")
    (project / "alembic.ini").write_text(f"[alembic]\nsqlalchemy.url = {NEON.format('-pooler')}\n", "utf-8")
    assert "alembic.ini" in examine(None).sees("pooled-migrations", "warning")


def test_two_addresses_of_different_databases_are_seen(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] == "address"])
    monkeypatch.setenv("DATABASE_URL", NEON.format("-pooler"))
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", NEON.format("").replace("/shop", "/other"))
    assert "different databases" in examine(None).sees("unpooled-url-unusable", "warning")


def test_an_access_string_that_git_tracks_is_seen(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] == "address"])
    url = "postgresql://ann:se%2Fcret@db.example.com/shop"

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, capture_output=True)

    git("init")
    (project / ".env").write_text(f"DATABASE_URL={url}\n", "utf-8")
    (project / "settings.py").write_text(f"URL = {url!r}\n", "utf-8")
    assert examine(None).code == 0
    git("add", ".env")
    examined = examine(None)
    assert (examined.code, examined.troubles()) == (1, {"access-string-tracked"})
    assert examined.sees("access-string-tracked", "warning").endswith(": .env.")
    git("add", "settings.py")
    assert examine(None).sees("access-string-tracked", "warning").endswith(": .env, settings.py.")
    git("rm", "--cached", ".env", "settings.py")
    assert examine(None).code == 0
    git("add", "settings.py")
    local = url.replace(HOST, "127.0.0.1")  # a password for this machine opens nothing elsewhere
    (project / "settings.py").write_text(f"URL = {local!r}\n", "utf-8")
    assert examine(local).code == 0
    (project / ".env").write_text(f"DATABASE_URL={local}\n", "utf-8")  # but the next one is written there too
    git("add", ".env")
    assert examine(None).sees("access-string-tracked", "warning").endswith(": .env.")


# --- Driver ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("postgresql+no_such_driver://ann@127.0.0.1:1/shop", "no_such_driver"),
        ("postgresql+asyncpg://ann@127.0.0.1:1/shop", "asyncpg"),
        ("sqlite+aiosqlite:///shop.db", "aiosqlite"),
        ("postgresql://ann@127.0.0.1:1/shop", "psycopg2-binary"),
    ],
)
def test_a_driver_that_is_not_installed_is_named_with_its_package(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    for module in ("asyncpg", "aiosqlite", *(["psycopg2"] if package == "psycopg2-binary" else [])):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    examined = examine(url)
    assert (examined.code, examined.troubles()) == (2, {"driver-missing"})
    assert examined.findings()["driver-missing"]["fix"].endswith(f" -m pip install {package}")


@pytest.mark.parametrize(("scheme", "words"), [("postgresql", "psycopg 3"), ("postgres", "is refused")])
def test_a_plain_address_is_a_trap_for_a_project_that_makes_its_engine_itself(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, words: str
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] in ("address", "driver")])
    url = f"{scheme}://ann:secret@127.0.0.1:1/shop"
    shutil.copy(SKILL / "examples" / "database.py", project)
    (project / "tests").mkdir()
    (project / "tests" / "test_shop.py").write_text("create_engine('sqlite://')", "utf-8")
    assert examine(url).code == 0
    (project / "shop.py").write_text("engine = create_engine(os.environ['DATABASE_URL'])", "utf-8")
    examined = examine(url)
    assert (examined.code, examined.troubles()) == (1, {"plain-url"})
    assert "shop.py" in examined.sees("plain-url", "warning")
    assert words in examined.sees("plain-url", "warning")
    assert examine(url.replace(f"{scheme}:", "postgresql+psycopg2:")).code == 0


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("create_engine('sqlite:///old.db')", False),
        ('create_async_engine(\n    url="sqlite+aiosqlite:///old.db")', False),
        ("create_engine(f'sqlite:///{folder}/old.db')", False),
        ("create_engine('postgresql+psycopg2://ann@db.example.com/shop')", False),
        ("create_engine('postgresql://ann@db.example.com/shop')", True),
        ("create_engine('postgres://ann@db.example.com/shop')", True),
        ("create_engine(f'{scheme}://ann@db.example.com/shop')", True),
        ("create_engine(os.environ.get('DATABASE_URL', 'sqlite:///old.db'))", True),
        ("create_engine('sqlite:///old.db')\ncreate_engine(url)", True),
    ],
)
def test_only_an_engine_that_may_be_one_of_postgresql_counts(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch, call: str, found: bool
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] in ("address", "driver")])
    (project / "move.py").write_text(call, "utf-8")
    assert ("plain-url" in examine("postgresql://ann:secret@127.0.0.1:1/shop").findings()) == found


def test_where_psycopg_3_is_installed_a_plain_address_is_only_a_hint(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] in ("address", "driver")])
    (project / "shop.py").write_text("engine = create_engine(os.environ['DATABASE_URL'])", "utf-8")
    (project / "psycopg.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(project)
    assert "is installed" in examine("postgresql://ann@127.0.0.1:1/shop").sees("plain-url", "hint")


# --- Reach -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(postgresql_url: str) -> URL:
    return make_url(postgresql_url)


@pytest.fixture
def execute(postgresql_url: str) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    with administration(postgresql_url) as execute:
        yield execute


@pytest.fixture
def role(execute: Callable[[str], object], server: URL) -> Iterator[URL]:
    """An ordinary role of the test's own, as the address that logs it in. It has the time limits that it needs."""
    name, password = f"doctor_{secrets.token_hex(6)}", "p@ss/w:rd %41&ü"
    execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        execute(f"ALTER ROLE {name} SET {limit} = '30s'")
    yield server.set(username=name, password=password)
    execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.fixture
def port_of_nobody() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"password": "wrong"}, "wrong-password"),
        ({"password": ""}, "wrong-password"),
        ({"username": "nobody-here"}, "wrong-password"),
        ({"database": "no-such-database"}, "database-unknown"),
        ({"host": "no-such-host.invalid"}, "host-unknown"),
        ({"query": {"sslmode": "require"}}, "tls-unsupported"),
        ({"query": {"channel_binding": "require"}}, "channel-binding"),
        ({"query": {"statement_timeout": "5"}}, "url-parameter"),
        ({"query": {"sslmode": "always"}}, "url-parameter"),
        ({"query": {"keepalives_idle": "soon"}}, "url-parameter"),
    ],
)
@pytest.mark.slow
def test_a_server_that_cannot_be_reached_is_explained(
    examine: Examine, server: URL, change: dict[str, Any], finding: str
) -> None:
    began = time.monotonic()
    examined = examine(server.set(**change))
    assert (examined.code, examined.troubles()) == (2, {finding})
    assert examined.sees(finding, "error")
    assert examined.answer["not_looked_at"] == ["TLS", "session", "schema"]
    assert time.monotonic() - began < 15


def test_a_closed_port_is_explained(examine: Examine, port_of_nobody: int) -> None:
    assert examine(f"postgresql://ann:secret@127.0.0.1:{port_of_nobody}/shop").troubles() == {"port-closed"}


def test_a_role_without_a_free_connection_is_explained(
    examine: Examine, role: URL, execute: Callable[[str], object]
) -> None:
    assert examine(role).code == 0
    execute(f"ALTER ROLE {role.username} CONNECTION LIMIT 0")
    assert examine(role).troubles() == {"too-many-connections"}


def test_what_the_doctor_does_not_know_is_said_in_the_words_of_the_server(
    examine: Examine, role: URL, execute: Callable[[str], object]
) -> None:
    execute(f"REVOKE CONNECT ON DATABASE {role.database} FROM public")
    assert "permission denied for database" in examine(role).sees("refused", "error")


@contextlib.contextmanager
def server_that_says(words: str) -> Iterator[int]:
    """Its port. Every client is sent away with these words, as a server or a pooler does it."""

    class Refusal(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(8, socket.MSG_WAITALL)
            self.request.sendall(b"N")  # no TLS
            self.request.recv(65536)
            fields = b"SFATAL\0VFATAL\0C08P01\0M" + words.encode() + b"\0\0"
            self.request.sendall(b"E" + struct.pack("!I", 4 + len(fields)) + fields)

    with socketserver.TCPServer(("127.0.0.1", 0), Refusal) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield listening.server_address[1]
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("unsupported startup parameter: options", "pooler-refuses-parameter"),
        ("the database system is starting up", "not-ready"),
        ("Couldn't connect to compute node", "not-ready"),
        ("password authentication failed for user 'neondb_owner'", "wrong-password"),
        ("The requested endpoint could not be found, or you don't have access to it.", "endpoint-unknown"),
        ("sorry, too many clients already", "too-many-connections"),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", "too-many-connections"),
    ],
)
def test_what_poolers_and_full_servers_say_is_understood(examine: Examine, words: str, finding: str) -> None:
    with server_that_says(words) as port:
        examined = examine(f"postgresql://ann:secret@127.0.0.1:{port}/shop")
    assert words in examined.sees(finding, "error")


@pytest.mark.parametrize(
    ("change", "finding", "words"),
    [
        ({"password": "wrong"}, "wrong-password", "password"),
        ({"username": "nobody-here"}, "user-unknown", "no such database"),
        ({"database": "no-such-database"}, "database-unknown", "no-such-database"),
        ({"username": "nobody-here", "database": "no-such-database"}, "no-answer", "name of the database"),
        ({"host": "ep-deleted-1-pooler.local.neon.test"}, "endpoint-unknown", "endpoint"),
    ],
)
@pytest.mark.slow
def test_what_the_pooler_of_neon_refuses_is_explained(
    examine: Examine, pooled_neon: LikeNeon, change: dict[str, Any], finding: str, words: str
) -> None:
    examined = examine(make_url(pooled_neon.url).set(**change), "--timeout", "4")
    assert (examined.code, examined.troubles()) == (2, {finding})
    assert words in examined.sees(finding, "error") + examined.findings()[finding]["fix"]


@pytest.mark.slow
def test_a_server_that_never_answers_is_given_up_in_bounded_time(examine: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts by its backlog and says nothing
        began = time.monotonic()
        examined = examine(f"postgresql://ann:secret@127.0.0.1:{silent.getsockname()[1]}/shop", "--timeout", "3.5")
    assert examined.troubles() == {"no-answer"}
    assert "timeout expired" in examined.sees("no-answer", "error")
    assert time.monotonic() - began < 3.4


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "finding"), [("reach", "no-answer"), ("session", "timed-out")])
def test_whatever_hangs_the_answer_comes_in_time(
    examine: Examine, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch, stage: str, finding: str
) -> None:
    ended = threading.Event()

    def look_at_something_slow(_: doctor_case.Examination) -> doctor_case.Findings:
        ended.wait(5)
        yield from ()

    slow = (stage, doctor.BOTH, look_at_something_slow)
    monkeypatch.setattr(doctor, "CHECKS", (*doctor.CHECKS[:5], slow, *doctor.CHECKS[5:]))
    began = time.monotonic()
    examined = examine(f"sqlite:///{sqlite_file}", "--timeout", "1")
    ended.set()
    assert time.monotonic() - began < 4
    assert (examined.code, examined.troubles()) == (2, {finding})
    assert "look at something slow" in examined.sees(finding, "error")
    assert "schema" in examined.answer["not_looked_at"]


@pytest.mark.slow
def test_models_that_take_too_long_to_import_do_not_swallow_the_answer(
    run_python: RunPython, tmp_path: Path, sqlite_file: Path
) -> None:
    (tmp_path / "slow_shop.py").write_text("import threading; threading.Event().wait(30)", "utf-8")
    ended = run_python(SCRIPT, f"sqlite:///{sqlite_file}", "--models", "slow_shop", "--timeout", "3", timeout=20)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert "tables of the models are there. [timed-out]" in " ".join(ended.stdout.split())


@pytest.mark.slow
def test_a_query_that_takes_too_long_is_ended_by_the_server(
    examine: Examine, role: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_at_something(case: doctor_case.Examination) -> doctor_case.Findings:
        case.rows("SELECT pg_sleep(9)")
        yield from ()

    monkeypatch.setattr(doctor, "CHECKS", (*doctor.CHECKS, ("schema", doctor.BOTH, look_at_something)))
    examined = examine(role, "--timeout", "4")
    assert examined.troubles() == {"could-not-check"}
    assert "statement timeout" in examined.sees("could-not-check", "warning")


def test_no_check_can_change_the_database(examine: Examine, tables: "Tables", monkeypatch: pytest.MonkeyPatch) -> None:
    def change_something(case: doctor_case.Examination) -> doctor_case.Findings:
        case.rows("CREATE TABLE written (n INTEGER)")
        yield from ()

    monkeypatch.setattr(doctor, "CHECKS", (*doctor.CHECKS, ("schema", doctor.BOTH, change_something)))
    seen = examine(tables.url).sees("could-not-check", "warning")
    assert "read-only transaction" in seen or "readonly database" in seen
    tables("CREATE TABLE written (n INTEGER)")  # it is not there yet


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def far_away(role: URL) -> URL:
    """The role's address with the host name of another machine."""
    if role.host != "127.0.0.1":
        pytest.skip("the server of TEST_DATABASE_URL is on another machine than the proxy")
    return role.set(host=HOST).update_query_dict({"hostaddr": "127.0.0.1"})


@pytest.fixture
def encrypted(authority: trustme.CA, far_away: URL) -> Iterator[URL]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    with Proxy(far_away.port or 5432, tls=context) as proxy:
        yield far_away.set(port=proxy.port)


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


def test_another_machine_without_tls_is_a_warning(examine: Examine, far_away: URL, role: URL) -> None:
    examined = examine(far_away)
    assert (examined.code, examined.troubles()) == (1, {"tls-missing"})
    assert HOST in examined.sees("tls-missing", "warning")
    disabled = examine(far_away.update_query_dict({"sslmode": "disable"}))
    assert "replace sslmode=disable by sslmode=verify-full" in disabled.findings()["tls-missing"]["fix"]
    assert "tls-not-needed" in examine(role).ids("ok")


def test_tls_that_could_be_verified_and_is_not_is_a_warning_with_the_way_there(
    examine: Examine, encrypted: URL, ca_file: str
) -> None:
    for query in ({"sslmode": "require"}, {}, {"sslmode": "verify-ca", "sslrootcert": ca_file}):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", ca_file)
            examined = examine(encrypted.update_query_dict(query))
        assert (examined.code, examined.troubles()) == (1, {"tls-not-verified"})
        fix = examined.findings()["tls-not-verified"]["fix"]
        if asked := query.get("sslmode"):
            assert f"replace sslmode={asked} by sslmode=verify-full" in fix
        else:
            assert "Add &sslmode=verify-full to the URL" in fix
        assert (f"plain psycopg2) need sslrootcert={ca_file} " in fix) == ("sslrootcert" not in query)
    assert doctor_postgresql.to_verify_full(make_url("postgresql://h/d")) == "Add ?sslmode=verify-full to the URL"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", ca_file)
        assert "tls-verified" in examine(encrypted.update_query_dict({"sslmode": "verify-full"})).ids("ok")
    way = {"sslmode": "verify-full", "sslrootcert": ca_file}
    examined = examine(encrypted.update_query_dict(way))
    assert (examined.code, examined.ids("ok") & {"tls-verified"}) == (0, {"tls-verified"})


def test_tls_that_cannot_be_verified_from_here_is_a_hint(examine: Examine, encrypted: URL) -> None:
    examined = examine(encrypted.update_query_dict({"sslmode": "require"}))
    assert "certificate verify failed" in examined.sees("tls-unverifiable", "hint")
    assert examined.code == 0


def test_a_wrong_authority_and_a_wrong_host_name_are_told_apart(
    examine: Examine, encrypted: URL, ca_file: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    verified = encrypted.update_query_dict({"sslmode": "verify-full", "sslrootcert": ca_file})
    assert examine(verified.update_query_dict({"sslrootcert": str(other)})).troubles() == {"tls-wrong-ca"}
    assert examine(verified.set(host="db.example.org")).troubles() == {"tls-wrong-host"}
    assert examine(verified.update_query_dict({"sslrootcert": "/no/such.pem"})).troubles() == {"tls-ca-missing"}


# --- Session ---------------------------------------------------------------------------------------------------------


def test_a_role_without_time_limits_is_a_warning_and_with_some_a_hint(
    examine: Examine, role: URL, execute: Callable[[str], object]
) -> None:
    assert "statement_timeout 30000 ms" in examine(role).findings()["time-limits"]["seen"]
    execute(f"ALTER ROLE {role.username} RESET lock_timeout")
    examined = examine(role)
    assert (examined.code, examined.sees("no-time-limits", "hint").count("timeout")) == (0, 1)
    execute(f"ALTER ROLE {role.username} RESET ALL")
    examined = examine(role)
    assert examined.code == 1
    assert examined.sees("no-time-limits", "warning").count("timeout") == 3
    assert f'ALTER ROLE "{role.username}" SET' in examined.findings()["no-time-limits"]["fix"]


def test_limits_that_a_pooler_has_not_taken_over_yet_count(examine: Examine, pooled_neon: LikeNeon) -> None:
    url, name = pooled_neon.url, make_url(pooled_neon.url).username
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    with administration(pooled_neon.server.url) as execute:
        try:
            assert examine(url).sees("no-time-limits", "warning").count("timeout") == 3  # it leaves a connection there
            execute(f"ALTER ROLE {name} SET {names[0]} = '31s'; ALTER ROLE {name} SET {names[1]} = 0")
            assert examine(url).sees("no-time-limits", "hint").endswith(f": {names[1]}, {names[2]}.")
            execute(f"ALTER ROLE {name} IN DATABASE neondb SET {names[1]} = '5s'")
            execute(f"ALTER DATABASE neondb SET {names[2]} = '1min'")
            seen = examine(url).findings()["time-limits"]["seen"]
            for setting in ("statement_timeout 31s", "lock_timeout 5s", "idle_in_transaction_session_timeout 1min"):
                assert f"{setting} (for new server connections" in seen
        finally:
            execute(f"ALTER ROLE {name} RESET ALL")
            execute(f"ALTER ROLE {name} IN DATABASE neondb RESET ALL")
            execute("ALTER DATABASE neondb RESET ALL")


def test_the_pools_of_all_processes_must_fit_what_the_server_allows(
    examine: Examine, role: URL, execute: Callable[[str], list[tuple[Any, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    [(free,)] = execute("""
        SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true), '0')::int""")
    assert "connections" not in examine(role).findings()
    assert examine(role, "--workers", "1", "--connections", str(free)).code == 0
    examined = examine(role, "--workers", "1", "--connections", str(free + 1))
    assert (examined.code, examined.troubles()) == (2, {"too-many-workers"})
    execute(f"ALTER ROLE {role.username} CONNECTION LIMIT 11")
    assert "allows 11 " in examine(role, "--workers", "3", "--connections", "4").sees("too-many-workers", "error")
    execute(f"ALTER DATABASE {role.database} CONNECTION LIMIT 9")
    monkeypatch.setenv("WEB_CONCURRENCY", "2")  # of five connections each
    examined = examine(role)
    assert "are 10; the server allows 9 " in examined.sees("too-many-workers", "error")
    assert "unindexed" not in examined.answer["not_looked_at"]
    assert examine(role, "--connections", "4").code == 0


def test_behind_a_pooler_the_limit_of_the_server_is_not_the_limit_of_the_pools(examine: Examine, far_away: URL) -> None:
    pooled = far_away.set(host="ep-cool-1-pooler.example.com")
    assert "pooler" in examine(pooled, "--workers", "1000").findings()["connections"]["seen"]


def test_a_session_that_is_idle_in_a_transaction_is_named(examine: Examine, postgresql_url: str) -> None:
    with contextlib.closing(psycopg2.connect(postgresql_url)) as forgotten:
        with forgotten.cursor() as cursor:
            cursor.execute("SELECT 1")
        # A role sees what others do only with pg_read_all_stats, so the owner of the server looks.
        examined = examine(postgresql_url, "--idle-seconds", "0")
        assert f"{forgotten.info.backend_pid} of " in examined.sees("idle-in-transaction", "warning")
        assert "idle-in-transaction" not in examine(postgresql_url).findings()
        forgotten.commit()
        assert "idle-in-transaction" not in examine(postgresql_url, "--idle-seconds", "0").findings()


# --- Schema ----------------------------------------------------------------------------------------------------------


class Tables:
    """SQL for a database of the test, in a few words the same on both."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, statements: str) -> None:
        if self.url.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(statements)
        else:
            with administration(self.url) as execute:
                execute(statements)


@pytest.fixture
def tables(database_url: str) -> Tables:
    """An empty database that has time limits and whatever else keeps a doctor silent."""
    made = Tables(database_url)
    if database_url.startswith("sqlite"):
        made("CREATE TABLE shelves (n INTEGER)")
    else:
        name = make_url(database_url).database
        made("CREATE TABLE shelves (n INTEGER)")
        made(f"ALTER DATABASE {name} SET statement_timeout = '30s'")
    return made


def write_revision(folder: Path, revision: str, before: object, depends_on: object = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{revision}_change.py").write_text(
        f"from typing import Union\nrevision: str = {revision!r}\ndown_revision: Union[str, None] = {before!r}\n"
        f"depends_on = {depends_on!r}\nraise RuntimeError('it was run')\n",
        "utf-8",
    )


def test_a_schema_behind_and_ahead_of_the_migrations_is_an_error(
    examine: Examine, project: Path, tables: Tables
) -> None:
    assert examine(tables.url).code == 0
    (project / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n", "utf-8")
    (project / "migrations").mkdir()
    (project / "migrations" / "env.py").write_text("raise RuntimeError('it was run')", "utf-8")
    write_revision(project / "migrations" / "versions", "a1", None)
    write_revision(project / "migrations" / "versions", "b2", "a1")
    examined = examine(tables.url)
    assert (examined.code, examined.troubles()) == (2, {"schema-behind"})
    assert "missing or empty: 2 of 2" in examined.sees("schema-behind", "error")
    tables("CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('a1')")
    assert "is at a1: 1 of 2" in examine(tables.url).sees("schema-behind", "error")
    tables("UPDATE alembic_version SET version_num = 'b2'")
    examined = examine(tables.url)
    assert (examined.code, "schema-current" in examined.ids("ok")) == (0, True)
    tables("UPDATE alembic_version SET version_num = 'c3'")
    examined = examine(tables.url)
    assert (examined.code, examined.troubles()) == (2, {"schema-ahead"})
    assert "c3" in examined.sees("schema-ahead", "error")


def test_what_somebody_holds_locked_is_not_waited_for(
    examine: Examine, project: Path, role: URL, execute: Callable[[str], object], postgresql_url: str
) -> None:
    write_revision(project / "migrations", "a1", None)
    execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    execute(f"GRANT SELECT ON alembic_version TO {role.username}")
    assert examine(role, "--migrations", "migrations").troubles() == {"schema-behind"}
    with contextlib.closing(psycopg2.connect(postgresql_url)) as migrating:
        with migrating.cursor() as cursor:
            cursor.execute("LOCK TABLE alembic_version")
        began = time.monotonic()
        examined = examine(role, "--migrations", "migrations")
        assert time.monotonic() - began < 5
    assert (examined.code, examined.troubles()) == (1, {"could-not-check"})
    assert "lock timeout" in examined.sees("could-not-check", "warning")


def test_several_heads_are_a_warning(examine: Examine, project: Path, sqlite_file: Path) -> None:
    for revision, before in (("a1", None), ("b2", "a1"), ("b3", "a1")):
        write_revision(project / "alembic" / "versions", revision, before)
    examined = examine(f"sqlite:///{sqlite_file}", "--migrations", "alembic")
    assert "b2, b3" in examined.sees("several-heads", "warning")
    write_revision(project / "alembic" / "versions", "c4", ("b2", "b3"))
    assert "several-heads" not in examine(f"sqlite:///{sqlite_file}", "--migrations", "alembic").findings()


def test_a_revision_that_an_applied_one_depends_on_is_applied(examine: Examine, project: Path, tables: Tables) -> None:
    for revision, before, depends_on in (("a1", None, None), ("b2", "a1", None), ("x1", None, "b2")):
        write_revision(project / "alembic", revision, before, depends_on)
    tables("CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('x1')")
    assert "schema-current" in examine(tables.url, "--migrations", "alembic").ids("ok")


def test_a_folder_without_migrations_is_an_error_only_when_it_was_named(examine: Examine, sqlite_file: Path) -> None:
    assert examine(f"sqlite:///{sqlite_file}").troubles() == set()
    assert examine(f"sqlite:///{sqlite_file}", "--migrations", "nowhere").troubles() == {"migrations-missing"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
        ("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"),
        (
            "alembic.ini",
            "[alembic]\nscript_location = migrations\npath_separator = os\n"
            "version_locations = %(here)s/migrations/versions:%(here)s/more\n",
        ),
        ("alembic.ini", "[alembic]\nscript_location = packaged_shop:migrations\n"),
        ("pyproject.toml", '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'),
        (
            "pyproject.toml",
            '[tool.alembic]\nscript_location = "migrations"\nversion_locations = ["migrations/versions", "more"]\n',
        ),
    ],
)
def test_the_migrations_are_read_as_alembic_reads_them(
    project: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str
) -> None:
    for folder in (project, project / "packaged_shop"):
        (folder / "migrations" / "versions").mkdir(parents=True)
    (project / "packaged_shop" / "__init__.py").touch()
    monkeypatch.syspath_prepend(project)
    (project / "more").mkdir()
    (project / file).write_text(text.replace(":%", f"{os.pathsep}%"), "utf-8")
    script = ScriptDirectory.from_config(Config("alembic.ini", toml_file="pyproject.toml"))
    folders = doctor_schema.migration_folders(None)
    assert [folder.resolve() for folder in folders] == [Path(place).resolve() for place in script._version_locations]

    main, last = folders[0], folders[-1]
    shape = [("a1", None, None), ("b2", "a1", None), ("b3", "a1", None), ("c4", ("b2", "b3"), None), ("x1", None, "b2")]
    for revision, before, depends_on in shape:
        write_revision(last if revision == "x1" else main, revision, before, depends_on)
    before_each, needed = doctor_schema.read_revisions(folders)
    for written in (*main.glob("*.py"), *last.glob("*.py")):
        written.write_text(written.read_text("utf-8").replace("raise ", "#"), "utf-8")  # Alembic runs them
    assert set(before_each) == {revision.revision for revision in script.walk_revisions()}
    assert doctor_schema.heads_of(before_each) == set(script.get_heads())
    assert doctor_schema.with_ancestors({"x1"}, before_each, needed) == {"x1", "b2", "a1"}


MODELS = """
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
    print("the password is hunter2")
    class Base(DeclarativeBase): pass
    class Shop(Base):
        __tablename__ = "Shops"
        id: Mapped[int] = mapped_column(primary_key=True)
    class Visit(Base):
        __tablename__ = "visits"
        id: Mapped[int] = mapped_column(primary_key=True)
"""


def test_tables_of_the_models_that_are_missing_are_named(examine: Examine, project: Path, tables: Tables) -> None:
    name = f"shop_{secrets.token_hex(4)}"  # an import is remembered by its name
    (project / f"{name}.py").write_text(textwrap.dedent(MODELS), "utf-8")
    examined = examine(tables.url, "--models", f"{name}:Base")
    assert (examined.code, examined.troubles()) == (2, {"tables-missing"})
    assert '2 of 2 tables of the models are missing: "Shops", visits' in examined.sees("tables-missing", "error")
    tables('CREATE TABLE "Shops" (id INTEGER PRIMARY KEY)')
    assert "1 of 2 tables of the models are missing: visits" in examine(tables.url, "--models", f"{name}:Base").sees(
        "tables-missing", "error"
    )
    tables("CREATE TABLE visits (id INTEGER PRIMARY KEY)")
    examined = examine(tables.url, "--models", name)
    assert (examined.code, "tables-there" in examined.ids("ok")) == (0, True)


def test_models_that_cannot_be_imported_are_an_error(examine: Examine, project: Path, sqlite_file: Path) -> None:
    (project / "ending_shop.py").write_text("raise SystemExit('hunter2')", "utf-8")
    for named, words in (
        ("no_such_shop:Base", "No module named"),
        ("json:Base", "no attribute"),
        ("ending_shop", "SystemExit"),
    ):
        examined = examine(f"sqlite:///{sqlite_file}", "--models", named)
        assert (examined.code, examined.troubles()) == (2, {"models-not-importable"})
        assert words in examined.sees("models-not-importable", "error")
        assert "hunter2" not in examined.printed


def test_a_foreign_key_that_no_index_begins_with_is_a_warning(examine: Examine, tables: Tables) -> None:
    tables("""
        CREATE TABLE a (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, UNIQUE (tenant, id));
        CREATE TABLE by_primary_key (a_id INTEGER PRIMARY KEY REFERENCES a);
        CREATE TABLE by_index (a_id INTEGER REFERENCES a, n INTEGER);
        CREATE INDEX first_of_two ON by_index (a_id, n);
        CREATE TABLE by_unique (a_id INTEGER REFERENCES a, n INTEGER, UNIQUE (a_id, n));
        CREATE TABLE by_two (a_id INTEGER, tenant INTEGER, n INTEGER,
                             FOREIGN KEY (tenant, a_id) REFERENCES a (tenant, id), UNIQUE (a_id, tenant, n));
        CREATE TABLE by_not_null (a_id INTEGER REFERENCES a);
        CREATE INDEX not_null ON by_not_null (a_id) WHERE a_id IS NOT NULL;
        """)
    assert examine(tables.url).troubles() == set()
    tables("""
        CREATE TABLE second (n INTEGER, a_id INTEGER REFERENCES a, PRIMARY KEY (n, a_id));
        CREATE TABLE only_one (tenant INTEGER, a_id INTEGER, FOREIGN KEY (tenant, a_id) REFERENCES a (tenant, id));
        CREATE INDEX only_tenant ON only_one (tenant);
        CREATE TABLE some_rows (a_id INTEGER REFERENCES a, n INTEGER);
        CREATE INDEX some_rows_only ON some_rows (a_id) WHERE n > 5;
        """)
    examined = examine(tables.url)
    assert (examined.code, examined.troubles()) == (1, {"foreign-key-unindexed"})
    named = examined.sees("foreign-key-unindexed", "warning")
    assert named.endswith(": only_one (tenant, a_id), second (a_id), some_rows (a_id).")


def test_an_invalid_index_is_a_warning(examine: Examine, role: URL, execute: Callable[[str], object]) -> None:
    execute("CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1)")
    execute("CREATE TABLE t (n INTEGER REFERENCES p); INSERT INTO t VALUES (1), (1)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        execute("CREATE UNIQUE INDEX CONCURRENTLY half_made ON t (n)")
    examined = examine(role)
    assert (examined.code, examined.troubles()) == (1, {"invalid-index", "foreign-key-unindexed"})
    assert "half_made" in examined.sees("invalid-index", "warning")


def test_a_constraint_that_was_never_validated_is_a_warning(
    examine: Examine, role: URL, execute: Callable[[str], object]
) -> None:
    execute("CREATE TABLE t (n INTEGER); ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0) NOT VALID")
    examined = examine(role)
    assert (examined.code, examined.troubles()) == (1, {"constraint-not-validated"})
    assert "t.positive" in examined.sees("constraint-not-validated", "warning")
    execute("ALTER TABLE t VALIDATE CONSTRAINT positive")
    assert examine(role).code == 0


def test_a_sequence_behind_its_column_is_an_error_with_the_statement_that_cures_it(
    examine: Examine, postgresql_url: str
) -> None:
    with administration(postgresql_url) as execute:
        execute("""
            CREATE SCHEMA "My shop";
            CREATE TABLE "My shop"."it's 100%" ("Id" SERIAL PRIMARY KEY);
            CREATE TABLE visits (id BIGINT GENERATED BY DEFAULT AS IDENTITY (START 7) PRIMARY KEY, n SERIAL);
            CREATE TABLE untouched (id SERIAL PRIMARY KEY);
            CREATE TABLE counted (id SERIAL PRIMARY KEY);
            INSERT INTO counted SELECT FROM generate_series(1, 3);
            CREATE TABLE set_by_hand (id SERIAL PRIMARY KEY);
            INSERT INTO set_by_hand VALUES (20);
            SELECT setval('set_by_hand_id_seq', 21, false);
            INSERT INTO visits VALUES (6, 100);
            """)
        assert "sequence-behind" not in examine(postgresql_url).findings()
        execute("""INSERT INTO "My shop"."it's 100%" VALUES (1); INSERT INTO visits VALUES (7)""")
        examined = examine(postgresql_url)
        assert examined.code == 2
        assert """ in "My shop"."it's 100%"."Id", visits.id:""" in examined.sees("sequence-behind", "error")
        fix = examined.findings()["sequence-behind"]["fix"]
        assert "SELECT setval('visits_id_seq', (SELECT max(id) FROM visits));" in fix
        execute(fix)
        execute("""INSERT INTO "My shop"."it's 100%" DEFAULT VALUES; INSERT INTO visits DEFAULT VALUES""")
        assert "sequence-behind" not in examine(postgresql_url).findings()


def test_sequences_are_looked_at_as_far_as_the_role_may_and_not_by_thousands(
    examine: Examine, role: URL, execute: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    execute("CREATE TABLE visits (id SERIAL PRIMARY KEY); INSERT INTO visits VALUES (1)")
    assert examine(role).code == 0
    execute(f"GRANT SELECT ON visits TO {role.username}")
    assert examine(role).code == 0
    execute(f"GRANT SELECT ON visits_id_seq TO {role.username}")
    assert examine(role).troubles() == {"sequence-behind"}
    execute(f"REVOKE SELECT ON visits FROM {role.username}")
    assert examine(role).code == 0
    execute(f"GRANT SELECT (id) ON visits TO {role.username}")
    assert examine(role).troubles() == {"sequence-behind"}
    monkeypatch.setattr(doctor_postgresql, "MOST_SEQUENCES", 0)
    examined = examine(role)
    assert (examined.code, examined.sees("sequences-not-looked-at", "hint")[:9]) == (0, "1 columns")


# --- SQLite ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE shops (id INTEGER PRIMARY KEY)")
    return file


@pytest.mark.parametrize(
    ("url", "finding"),
    [
        ("sqlite:///missing.db", "file-missing"),
        ("sqlite:///no-folder/missing.db", "file-missing"),
        ("sqlite:///.", "file-missing"),
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
        ("sqlite:///file:x?mode=memory&cache=shared&uri=true", "in-memory"),
        ("sqlite:///letter.txt", "no-database"),
    ],
)
def test_what_is_no_sqlite_file_is_explained(examine: Examine, project: Path, url: str, finding: str) -> None:
    (project / "letter.txt").write_text("Dear shop, " * 100, "utf-8")
    before = set(project.iterdir())
    examined = examine(url)
    assert (examined.code, examined.troubles()) == (2, {finding})
    assert examined.sees(finding, "error")
    assert examined.answer["not_looked_at"] == ["schema"]
    assert set(project.iterdir()) == before


def test_a_file_is_left_as_it_was(examine: Examine, sqlite_file: Path) -> None:
    plain = sqlite_file.with_name("plain.db")
    with contextlib.closing(sqlite3.connect(plain)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
    for file in (sqlite_file, plain):
        before = file.read_bytes(), set(file.parent.iterdir())
        examine(f"sqlite:///file:{file}?uri=true")
        assert (file.read_bytes(), set(file.parent.iterdir())) == before


def test_a_damaged_file_is_an_error(examine: Examine, sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("CREATE INDEX by_id ON shops (id)")
        connection.execute("INSERT INTO shops VALUES (1), (2), (3)")
        connection.commit()
        [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'by_id'")
        [(size,)] = connection.execute("PRAGMA page_size")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with sqlite_file.open("r+b") as damaged:
        damaged.seek((root - 1) * size)
        damaged.write(b"\xff" * size)
    examined = examine(f"sqlite:///{sqlite_file}")
    assert (examined.code, examined.troubles()) == (2, {"file-damaged"})
    with sqlite_file.open("r+b") as damaged:
        damaged.seek(100)
        damaged.write(b"\xff" * 100)
    examined = examine(f"sqlite:///{sqlite_file}")
    assert (examined.code, examined.troubles()) == (2, {"file-damaged"})
    assert examined.answer["not_looked_at"] == ["schema"]


@pytest.mark.slow
def test_a_file_that_another_program_holds_is_explained(examine: Examine, tmp_path: Path) -> None:
    file = tmp_path / "plain.db"
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE t (n INTEGER)")
        other.execute("BEGIN EXCLUSIVE")
        assert examine(f"sqlite:///{file}").troubles() == {"file-locked"}


@contextlib.contextmanager
def as_ordinary_user(folder: Path) -> Iterator[None]:
    """Root may write everywhere: the test goes on as another user, who owns the folder."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no such permissions")
def test_a_read_only_file_and_a_read_only_folder_are_seen(
    examine: Examine, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as name:  # the folders of pytest are closed to an ordinary user
        folder = Path(name)
        monkeypatch.chdir(folder)
        plain = folder / "shop.db"
        with contextlib.closing(sqlite3.connect(plain)) as connection:
            connection.execute("CREATE TABLE t (n INTEGER)")
        wal = Path(shutil.copy(sqlite_file, folder / "wal.db"))
        with as_ordinary_user(folder):
            try:
                assert examine(f"sqlite:///{plain}").troubles() == set()
                plain.chmod(0o444)
                examined = examine(f"sqlite:///{plain}")
                assert (examined.code, examined.troubles()) == (1, {"read-only"})
                assert "shop.db can be read, not written" in examined.sees("read-only", "warning")
                plain.chmod(0o644)
                folder.chmod(0o555)
                examined = examine(f"sqlite:///{plain}")
                assert (examined.code, examined.troubles()) == (1, {"read-only"})
                assert "folder" in examined.sees("read-only", "warning")
                assert examine(f"sqlite:///{wal}").troubles() == {"file-unreadable"}
                plain.chmod(0o000)
                assert examine(f"sqlite:///{plain}").troubles() == {"file-unreadable"}
            finally:
                folder.chmod(0o755)
        monkeypatch.undo()  # out of the folder before it goes


def test_an_address_that_says_read_only_is_read_so(examine: Examine, sqlite_file: Path) -> None:
    assert examine(f"sqlite:///file:{sqlite_file}?mode=ro&uri=true").troubles() == {"read-only"}


def test_rows_without_their_parent_are_an_error_and_plain_connections_a_hint(
    examine: Examine, sqlite_file: Path
) -> None:
    assert examine(f"sqlite:///{sqlite_file}").ids("hint") == set()
    with contextlib.closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("CREATE TABLE visits (shop_id INTEGER PRIMARY KEY REFERENCES shops)")
        examined = examine(f"sqlite:///{sqlite_file}")
        assert (examined.code, examined.ids("hint")) == (0, {"foreign-keys-off"})
        assert examined.sees("foreign-keys-off", "hint")
        connection.execute("INSERT INTO visits VALUES (7), (8)")
        connection.commit()
    examined = examine(f"sqlite:///{sqlite_file}")
    assert (examined.code, examined.troubles()) == (2, {"foreign-key-violations"})
    assert "2 in visits without shops" in examined.sees("foreign-key-violations", "error")


def test_another_journal_mode_than_wal_is_a_hint(examine: Examine, sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    examined = examine(f"sqlite:///{sqlite_file}")
    assert (examined.code, examined.ids("hint")) == (0, {"not-wal"})
    assert "delete" in examined.sees("not-wal", "hint")


def test_values_that_postgresql_would_refuse_are_a_hint(examine: Examine, sqlite_file: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("""
            CREATE TABLE "odd ""name" (id INTEGER PRIMARY KEY, name VARCHAR(5), "per cent" NUMERIC(10, 2), at DATETIME,
                                       open BOOLEAN, note TEXT, photo BLOB, anything)""")
        insert = (
            'INSERT INTO "odd ""name" (name, "per cent", at, open, note, photo, anything) VALUES (?, ?, ?, ?, ?, ?, ?)'
        )
        connection.execute(insert, ("Käse!", 12.5, "2026-01-01 10:00:00", True, "x" * 99, b"\0", "1"))
        connection.execute(insert, (None,) * 7)
        connection.commit()
        assert examine(f"sqlite:///{sqlite_file}").ids("hint") == set()
        connection.execute(insert, ("Camembert", "much", 1767261600, "yes", b"\0", 1, 2))
        connection.execute(insert, ("Emmental", "1e2", None, 1, "1", None, None))
        connection.commit()
    examined = examine(f"sqlite:///{sqlite_file}")
    assert examined.code == 0
    seen = examined.sees("values-not-as-declared", "hint")
    table = 'odd "name'
    assert (
        f": 2 in {table}.name (VARCHAR(5)), 1 in {table}.per cent (NUMERIC(10, 2)), 1 in {table}.at (DATETIME)" in seen
    )
    assert f"1 in {table}.open (BOOLEAN), 1 in {table}.note (TEXT)." in seen


# --- No secrets ------------------------------------------------------------------------------------------------------

PASSWORDS = ["hunter2", "p@ss:w/rd?#1", "%41%zz&x=1", "quo'te\"back\\slash", "naïve  ü\tspaces", "${HOME}[0]"]


def spellings(password: str) -> set[str]:
    plain = {password, quote(password, safe=""), quote(password), quote_plus(password)}
    escaped = {text for word in plain for text in (repr(word)[1:-1], json.dumps(word)[1:-1], ascii(word)[1:-1])}
    return plain | escaped | {" ".join(word.split()) for word in plain}


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("written", ["as it should be", "as it is"])
@pytest.mark.slow
def test_no_failure_prints_the_password(
    password: str,
    written: str,
    server: URL,
    port_of_nobody: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    project: Path,
) -> None:
    word = quote(password, safe="") if written == "as it should be" else password
    here = f"127.0.0.1:{port_of_nobody}"
    there = f"{server.host}:{server.port}"
    addresses = [
        f"postgresql://ann:{word}@{there}/{server.database}",
        f"postgresql://ann:{word}@{here}/shop",
        f"postgres://ann:{word}@no-such-host.invalid/shop",
        f"postgresql://ann:{word}@{there}/no-such?sslmode=require",
        f"postgresql://ann:{word}@{there}/no-such?no_such_parameter=1",
        f"postgresql://ann@{there}/shop?password={word}",
        f"postgresql://ann@{there}/shop?password={word}&password={word}",
        f"postgresql://ann@{there}/shop?sslpassword={word}&sslmode=verify-ca",
        f"postgresql+no_such_driver://ann:{word}@{here}/shop",
        f"mysql://ann:{word}@{here}/shop",
        f"postgresql://ann:{word}@host:port/shop",
        f"postgresql://ann:{word}/shop",
        f"postgresql://ann:{word}",
        f"postgresql:/ann:{word}@{here}/shop",
        f"psql 'postgresql://ann:{word}@{here}/shop'",
        f"ann:{word}@{here}/shop",
        f"DATABASE_URL=postgresql://ann:{word}@{here}/shop",
        word,
        f"sqlite:///{word}:x@y/z.db" if written == "as it should be" else "sqlite://",
    ]
    (project / "telling_shop.py").write_text("import os\nraise ValueError(os.environ)", "utf-8")
    (project / "alembic.ini").write_text(f"sqlalchemy.url = {addresses[0]}\n", "utf-8")  # no section: unreadable
    failures = 0
    for url in addresses[:-1]:
        for arguments in ([], ["--json"]):
            failures += doctor.main([*arguments, url]) == 2
            printed = "".join(capsys.readouterr())
            assert [shown for shown in spellings(password) if shown in printed] == [], url.replace(word, "PASSWORD")
    assert failures >= 2 * len(addresses[:-1]) - 6
    monkeypatch.setenv("DATABASE_URL", addresses[0])
    for arguments in (
        [addresses[0], addresses[1]],
        [f"--workers={word}"],
        [f"--{word}"],
        ["--timeout", addresses[0]],
        ["--timeout", "inf"],
    ):
        with contextlib.suppress(SystemExit):
            doctor.main(arguments)
        printed = "".join(capsys.readouterr())
        assert [shown for shown in spellings(password) if shown in printed] == []


@pytest.mark.parametrize("place", ["argument", "DATABASE_URL", "DATABASE_URL_UNPOOLED", ".env", "alembic.ini"])
@pytest.mark.parametrize("password", ["hunter@lower?upper=deck", "hunter/lower@upper#deck?dark:wood"])
def test_no_part_of_a_password_with_unescaped_signs_is_printed(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch, password: str, place: str
) -> None:
    url = f"postgresql://ann:{password}@ep-cool-1-pooler.example.com/shop"
    if place.startswith("DATABASE_URL"):
        monkeypatch.setenv("DATABASE_URL", "postgresql://ann@127.0.0.1:1/shop")
        monkeypatch.setenv(place, url)
    elif place == ".env":
        (project / ".env").write_text(f"DATABASE_URL={url}\n", "utf-8")
    elif place == "alembic.ini":
        (project / "alembic.ini").write_text(f"[alembic]\nsqlalchemy.url = {url}\n", "utf-8")
        monkeypatch.setenv("DATABASE_URL", "postgresql://ann@127.0.0.1:1/shop")
    examined = examine(url if place == "argument" else None)
    assert examined.code == 2
    parts = ("hunter", "lower", "upper", "deck", "dark", "wood")
    assert [part for part in parts if part in examined.printed] == []
    if place in ("argument", "DATABASE_URL", ".env"):
        assert "%40" in examined.sees("url-malformed", "error")


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("kind", [psycopg2.DatabaseError, sqlite3.OperationalError, OSError, ValueError, KeyError])
def test_a_check_that_fails_itself_is_a_finding_without_the_password(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], password: str
) -> None:
    url = f"postgresql://ann:{quote(password, safe='')}@127.0.0.1:1/shop"

    def look_at_something(case: doctor_case.Examination) -> doctor_case.Findings:
        yield doctor_case.Finding("seen-before", "ok", f"connected as ann with {password}")
        raise kind(f"cannot use {case.url.render_as_string(hide_password=False)}: {password!r} {password}")

    monkeypatch.setattr(doctor, "CHECKS", (doctor.CHECKS[0], ("address", doctor.BOTH, look_at_something)))
    examined = examine(url)
    assert (examined.code, examined.ids("ok")) == (1, {"seen-before"})
    assert "look at something" in examined.sees("could-not-check", "warning")
    seen = examined.sees("could-not-check", "warning")
    assert kind.__name__ in seen
    assert [shown for shown in spellings(password) if shown in examined.printed or shown in seen] == []


def test_every_password_that_the_settings_hold_is_hidden(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_at_something(_: doctor_case.Examination) -> doctor_case.Findings:
        yield doctor_case.Finding("seen", "ok", "word-one word-two word-three word-four")

    monkeypatch.setattr(doctor, "CHECKS", (doctor.CHECKS[0], ("address", doctor.BOTH, look_at_something)))
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann@127.0.0.1:1/shop?password=word-one")
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", "postgresql://ann:word-two@127.0.0.1:1/shop")
    monkeypatch.setenv("PGPASSWORD", "word-three")
    (project / "alembic.ini").write_text("[alembic]\nsqlalchemy.url = postgresql://ann:word-four@host/shop\n", "utf-8")
    assert examine(None).findings()["seen"]["seen"] == "*** *** *** ***"


def test_a_short_password_is_hidden_and_the_words_around_it_stay(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_at_something(_: doctor_case.Examination) -> doctor_case.Findings:
        yield doctor_case.Finding("seen", "ok", "the password is on, of postgres, not only: on")

    monkeypatch.setattr(doctor, "CHECKS", (doctor.CHECKS[0], ("address", doctor.BOTH, look_at_something)))
    seen = examine("postgresql://postgres:on@127.0.0.1:1/postgres").findings()["seen"]["seen"]
    assert seen == "the password is ***, of postgres, not only: ***"
    seen = examine("postgresql://postgres:postgres@127.0.0.1:1/postgres").findings()["seen"]["seen"]
    assert seen == "the password is on, of postgres, not only: on"


def test_an_examination_of_a_reachable_database_does_not_print_the_password(
    role: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([], ["--json"]):
        assert doctor.main([*arguments, role.render_as_string(hide_password=False)]) == 0
        printed = "".join(capsys.readouterr())
        assert str(role.username) in printed
        assert [shown for shown in spellings(str(role.password)) if shown in printed] == []


# --- The command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def copy_of_the_skill(tmp_path: Path) -> Path:
    """The script in a copy of the skill alone."""
    target = tmp_path / "elsewhere" / "database-deployment"
    shutil.copytree(SKILL, target, ignore=shutil.ignore_patterns("__pycache__", "budget", "*.db*"))
    return target / "scripts" / SCRIPT.name


@pytest.mark.slow
def test_all_is_well_in_a_strangers_project_within_five_seconds(
    copy_of_the_skill: Path, tmp_path: Path, tables: Tables
) -> None:
    trap = "raise RuntimeError('code of the project was run')"
    for name in ("database", "doctor_case"):
        (tmp_path / f"{name}.py").write_text(trap, "utf-8")
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "local_postgres.py").write_text("THEIRS = True", "utf-8")
    (tmp_path / ".env").write_text(f"DATABASE_URL={tables.url.replace(f'{tmp_path}/', '')}\n", "utf-8")
    write_revision(tmp_path / "migrations" / "versions", "a1", None)
    (tmp_path / "migrations" / "env.py").write_text(trap, "utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "migrations"\n', "utf-8")
    tables("CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('a1')")
    models = "from local_postgres import THEIRS\n" + textwrap.dedent(MODELS).replace("Shops", "shelves")
    (tmp_path / "shop.py").write_text(models, "utf-8")
    tables("CREATE TABLE visits (id INTEGER PRIMARY KEY)")

    def run(*arguments: str) -> str:
        environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        ended = subprocess.run(
            [sys.executable, "-W", "error", str(copy_of_the_skill), *arguments],
            cwd=tmp_path,
            env=environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tmp_path / "packages")},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    began = time.monotonic()
    printed = run("--models", "shop:Base")
    first = time.monotonic() - began
    assert "[reachable]" in printed
    assert "newest migration: a1. [schema-current]" in printed
    assert "All 2 tables of the models are there. [tables-there]" in printed
    assert printed.splitlines()[-1] in ("All well.", "1 hint")
    assert max(map(len, printed.splitlines())) <= 80
    assert json.loads(run("--json"))["level"] in ("ok", "hint")
    assert min(first, time.monotonic() - began - first) < 5  # once of twice: other tests run at the same time


def test_without_its_packages_it_says_what_to_install(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-S", str(SCRIPT)], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith(" -m pip install 'sqlalchemy>=2' python-dotenv\n")


def test_without_the_rest_of_the_skill_it_says_to_copy_it(copy_of_the_skill: Path, run_python: RunPython) -> None:
    shutil.rmtree(copy_of_the_skill.parents[1] / "examples")
    ended = run_python(copy_of_the_skill, "sqlite://")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Copy the whole folder of the skill" in ended.stderr


def test_a_finding_is_one_line_with_the_fix_under_it_also_where_the_terminal_knows_ascii_only(
    run_python: RunPython, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/Käse.db"
    ended = run_python(SCRIPT, url, environ={"PYTHONIOENCODING": "ascii"})
    assert (ended.returncode, ended.stderr) == (2, "")
    assert ended.stdout.startswith("error    There is no file")
    assert "K\\xe4se.db" in ended.stdout
    assert "\n         Fix: Correct the path" in ended.stdout
    assert ended.stdout.endswith("\n         Not looked at: schema.\n1 error\n")


def test_an_interrupted_examination_ends_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://ann:hunter2@127.0.0.1:{silent.getsockname()[1]}/shop"
        with subprocess.Popen(
            [sys.executable, str(SCRIPT), url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            asking, _ = silent.accept()
            with asking:  # now it waits for an answer
                process.send_signal(signal.SIGINT)
                printed, _ = process.communicate(timeout=10)
    assert (process.returncode, printed) == (130, b"")


# === tests/test_doctor.py


def test_a_password_that_looks_like_a_pattern_is_found_in_git_too(
    examine: Examine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] == "address"])
    url = "postgresql://ann:se*cret@db.example.com/shop"
    (project / "settings.py").write_text(f"URL = {url!r}\n", "utf-8")
    for arguments in (["init"], ["add", "settings.py"]):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    assert examine(url).troubles() == {"access-string-tracked"}


def test_a_superuser_may_take_every_connection(examine: Examine, postgresql_url: str) -> None:
    with administration(postgresql_url) as execute:
        [(superuser, total)] = execute(
            "SELECT rolsuper, current_setting('max_connections') FROM pg_roles WHERE rolname = current_user"
        )
    if not superuser:
        pytest.skip("the role of TEST_DATABASE_URL is no superuser")
    seen = examine(postgresql_url, "--workers", "1", "--connections", total).findings()["connections"]["seen"]
    assert f"allows {total} " in seen


@pytest.mark.slow
def test_only_idle_sessions_of_this_database_are_named_and_failed_ones_too(
    examine: Examine, postgresql_url: str, postgres_server_url: str
) -> None:
    with (
        contextlib.closing(psycopg2.connect(postgres_server_url)) as elsewhere,
        contextlib.closing(psycopg2.connect(postgresql_url)) as failed,
        contextlib.closing(psycopg2.connect(postgresql_url)) as busy,
    ):
        elsewhere.cursor().execute("SELECT 1")
        with pytest.raises(psycopg2.Error):
            failed.cursor().execute("SELECT nothing")
        named = examine(postgresql_url, "--idle-seconds", "0").sees("idle-in-transaction", "warning")
        assert f"{failed.info.backend_pid} of " in named
        assert f"{elsewhere.info.backend_pid} of " not in named
        failed.rollback()
        busy.cursor().execute("SELECT pg_sleep(1.5)")  # long, and idle only since now
        assert "idle-in-transaction" not in examine(postgresql_url, "--idle-seconds", "1").findings()


def test_the_text_and_the_json_hide_the_password_in_what_is_seen_and_in_the_fix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look_at_something(_: doctor_case.Examination) -> doctor_case.Findings:
        yield doctor_case.Finding("seen", "hint", "seen hunter2", "fix hunter2")
        raise ValueError("API_KEY=of-another-service")

    monkeypatch.setattr(doctor, "CHECKS", (doctor.CHECKS[0], ("address", doctor.BOTH, look_at_something)))
    for arguments in ([], ["--json"]):
        doctor.main([*arguments, "postgresql://ann:hunter2@127.0.0.1:1/shop"])
        printed = capsys.readouterr().out
        assert "seen ***" in printed
        assert "fix ***" in printed
        assert "hunter2" not in printed
        assert "API_KEY" not in printed
