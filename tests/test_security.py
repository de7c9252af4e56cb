"""references/security.md: what it says beside its blocks holds too, and nothing leaks through a pool or a pooler."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, String, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import audit
from audit_settings import Settings
from database import Money, create_database_engine, transaction
from like_neon import LikeNeon
from local_postgres import LocalPostgres, create_database, database_name, drop_database, find_programs, with_database
from page_code import check_blocks
from pages import SKILLS, read_page
from running import RunPython


class Own(DeclarativeBase):
    pass


class Bill(Own):
    __tablename__ = "bills"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int]
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    total: Mapped[Decimal] = mapped_column(Money)


class Line(Own):
    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int]
    bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"))


PAGE = SKILLS[0] / "references" / "security.md"
PASSWORD = "only-for-this-test"
POLICY = """
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own_rows ON {table} USING (account_id = NULLIF(current_setting('app.account_id', true), '')::bigint)
"""


def prepare(owner: Engine) -> str:
    """Two accounts with a bill each, a policy, and a login that may work with the rows; returns the login's name."""
    Own.metadata.create_all(owner)
    role = f"{owner.url.database}_app"
    with owner.begin() as connection:
        connection.execute(
            insert(Bill),
            [{"id": n, "account_id": n, "code": f"bill of {n}", "total": Decimal("10.00")} for n in (1, 2)],
        )
        for table in ("bills", "lines"):
            connection.execute(text(POLICY.format(table=table)))
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' ROLE CURRENT_USER"))
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    return role


def remove(owner: Engine, role: str) -> None:
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}; DROP ROLE {role}"))
    owner.dispose()


@pytest.fixture
def owner(postgresql_url: str) -> Iterator[Engine]:
    owner = create_database_engine(postgresql_url)
    role = prepare(owner)
    yield owner
    remove(owner, role)


@pytest.fixture
def app(owner: Engine) -> Iterator[Engine]:
    """The application, with a pool of one: every unit of work meets the connection of the one before."""
    url = owner.url.set(username=f"{owner.url.database}_app", password=PASSWORD)
    engine = create_database_engine(url, connections=1)
    yield engine
    engine.dispose()


def act_as(session: Session, account_id: int) -> None:
    session.execute(select(func.set_config("app.account_id", str(account_id), True)))


def seen(session: Session) -> list[int]:
    return list(session.scalars(text("SELECT account_id FROM bills ORDER BY id")))


def totals(owner: Engine) -> list[Decimal]:
    with transaction(owner, read_only=True) as session:
        return list(session.scalars(select(Bill.total).order_by(Bill.id)))


# --- Three roles ------------------------------------------------------------------------------------------------------


def of_the_page(begins: str, ends: str, **names: Any) -> Any:
    """What the page's block defines with this line, up to the line where it goes on to use it."""
    (block,) = (block for block in read_page(PAGE).blocks if begins in block.text and block.is_run())
    exec(block.text[: block.text.index(ends)], names)  # noqa: S102 - the page is our own
    return names[begins.removeprefix("def ").partition("=")[0].partition("(")[0].strip()]


def without(statements: str, *words: str) -> str:
    """The statements, except those with these words, which must be there."""
    lines = statements.splitlines()
    left = [line for line in lines if not any(each in line for each in words)]
    assert len(left) < len(lines)
    return "\n".join(left)


class Roles:
    """The page's roles on a database of one's own, and logins that are members of some of them, or of none."""

    def __init__(self, owner: Engine) -> None:
        self.owner, self.engines = owner, [owner]
        self.roles: list[str] = []
        self.name = str(owner.url.database)
        self.statements = of_the_page("PRIVILEGES = ", "def create_login", owner=owner)

    def create(self, statements: str = "") -> None:
        """All of the page's statements, or these."""
        self.execute(statements or self.statements)
        self.roles += [f"{self.name}_app", f"{self.name}_reports"]

    def execute(self, statements: str) -> None:
        with self.owner.begin() as connection:
            connection.execute(text(statements))

    def login(self, name: str, *member_of: str) -> Engine:
        role = f"{self.name}_{name}"
        self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' ROLE CURRENT_USER")
        self.roles.insert(0, role)
        for each in member_of:
            self.execute(f"GRANT {self.name}_{each} TO {role}")
        engine = create_database_engine(self.owner.url.set(username=role, password=PASSWORD), connections=1)
        self.engines.append(engine)
        return engine

    def close(self) -> None:
        for engine in self.engines[1:]:
            engine.dispose()
        for role in self.roles:
            self.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        self.owner.dispose()


@pytest.fixture
def roles(postgresql_url: str) -> Iterator[Roles]:
    owner = create_database_engine(postgresql_url)
    Own.metadata.create_all(owner)
    roles = Roles(owner)
    yield roles
    roles.close()


def refusal(engine: Engine, statement: str) -> str:
    """What the server says to it, or nothing where it does it."""
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except (OperationalError, ProgrammingError) as error:
        diagnosis = getattr(error.orig, "diag", None)
        return str((diagnosis and diagnosis.message_primary) or error.orig)
    return ""


def test_who_has_none_of_the_roles_does_not_get_into_the_database(roles: Roles) -> None:
    roles.create(without(roles.statements, "REVOKE"))
    stranger = roles.login("stranger")
    assert refusal(stranger, "SELECT 1") == ""  # what the REVOKE is for
    stranger.dispose()
    roles.execute("\n".join(line for line in roles.statements.splitlines() if "REVOKE ALL ON DATABASE" in line))
    assert f'permission denied for database "{roles.name}"' in refusal(stranger, "SELECT 1")


def test_who_got_in_still_cannot_look_into_the_schema(roles: Roles) -> None:
    roles.create(without(roles.statements, "ON SCHEMA public FROM PUBLIC"))
    stranger = roles.login("stranger")
    roles.execute(f"GRANT CONNECT ON DATABASE {roles.name} TO {stranger.url.username}")
    assert (
        refusal(stranger, "SELECT id FROM public.bills") == "permission denied for table bills"
    )  # it knows of the table
    roles.execute("\n".join(line for line in roles.statements.splitlines() if "ON SCHEMA public FROM PUBLIC" in line))
    assert refusal(stranger, "SELECT id FROM public.bills") == "permission denied for schema public"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id INT)",
        "CREATE TEMPORARY TABLE more (id INT)",
        "CREATE SCHEMA more",
        "ALTER TABLE bills ADD COLUMN more INT",
        "ALTER TABLE bills DISABLE ROW LEVEL SECURITY",
        "CREATE INDEX more ON bills (code)",
        "CREATE POLICY more ON bills USING (true)",
    ],
)
def test_the_application_changes_no_schema(roles: Roles, statement: str) -> None:
    roles.create()
    app, reports = roles.login("app_1", "app"), roles.login("reports_1", "reports")
    for engine in (app, reports):
        assert refusal(engine, statement).startswith(("permission denied ", "must be owner "))
    assert refusal(roles.owner, statement) == ""
    assert refusal(app, "INSERT INTO bills (account_id, total) VALUES (1, 1)") == ""
    for statement in ("INSERT INTO bills (account_id, total) VALUES (1, 1)", "UPDATE bills SET total = 0"):
        assert refusal(reports, statement) == "permission denied for table bills"


def test_the_next_table_of_the_owner_is_reached_by_default_privileges_alone(roles: Roles) -> None:
    roles.create(without(roles.statements, "ALTER DEFAULT PRIVILEGES"))
    app, reports = roles.login("app_1", "app"), roles.login("reports_1", "reports")
    roles.execute("CREATE TABLE forgotten (id SERIAL PRIMARY KEY, word TEXT)")
    for engine in (app, reports):
        assert refusal(engine, "SELECT id FROM forgotten") == "permission denied for table forgotten"
    defaults = [line for line in roles.statements.splitlines() if "ALTER DEFAULT PRIVILEGES" in line]
    roles.execute("\n".join(defaults))
    roles.execute("CREATE TABLE notes (id SERIAL PRIMARY KEY, word TEXT)")
    for statement in (
        "INSERT INTO notes (word) VALUES ('a')",  # with a number of its sequence
        "UPDATE notes SET word = 'b'",
        "DELETE FROM notes",
        "SELECT id FROM notes",
    ):
        assert refusal(app, statement) == ""
    assert refusal(reports, "SELECT id FROM notes") == ""
    assert refusal(reports, "DELETE FROM notes") == "permission denied for table notes"


def test_default_privileges_do_not_reach_the_table_of_another_owner(roles: Roles) -> None:
    roles.create()
    app, other = roles.login("app_1", "app"), roles.login("other")
    roles.execute(f"GRANT CONNECT ON DATABASE {roles.name} TO {other.url.username}")
    roles.execute(f"GRANT ALL ON SCHEMA public TO {other.url.username}")
    assert refusal(other, "CREATE TABLE notes (id SERIAL PRIMARY KEY)") == ""
    assert refusal(app, "SELECT id FROM notes") == "permission denied for table notes"


def test_sqlite_knows_no_roles(sqlite_url: str) -> None:
    engine = create_database_engine(sqlite_url)
    for statement in ("CREATE ROLE app", "GRANT SELECT ON bills TO app"):
        assert "syntax error" in refusal(engine, statement)
    engine.dispose()


# --- Row-level security -----------------------------------------------------------------------------------------------


def test_the_policies_of_the_page_show_reports_all_rows_and_who_is_not_named_none(roles: Roles) -> None:
    roles.create()
    app, reports, third = roles.login("app_1", "app"), roles.login("reports_1", "reports"), roles.login("third")
    policy = of_the_page("POLICY = ", "with owner.begin()")
    policy = policy.format(table="bills", role=f"{roles.name}_app", reports=f"{roles.name}_reports")
    roles.execute(f"{policy}; GRANT CONNECT ON DATABASE {roles.name} TO {third.url.username}")
    roles.execute(
        f"GRANT USAGE ON SCHEMA public TO {third.url.username}; GRANT SELECT ON bills TO {third.url.username}"
    )
    roles.execute("INSERT INTO bills (account_id, total) VALUES (1, 0), (2, 0)")
    for engine, rows in ((reports, [1, 2]), (app, [2]), (third, [])):
        with transaction(engine) as session:
            act_as(session, 2)
            assert seen(session) == rows


def test_the_test_of_the_page_fails_for_a_table_without_a_policy(owner: Engine) -> None:
    begins = "def test_every_table_of_an_account_has_a_policy("
    names = {"owner": owner, "Base": Own, "text": text}
    every_table_has_one = of_the_page(begins, "\n\n\ntest_every_table", **names)
    every_table_has_one()
    for undo, redo in (
        ("ALTER TABLE lines DISABLE ROW LEVEL SECURITY", "ALTER TABLE lines ENABLE ROW LEVEL SECURITY"),
        ("DROP POLICY own_rows ON lines", POLICY.format(table="lines")),
    ):
        for statement, holds in ((undo, False), (redo, True)):
            with owner.begin() as connection:
                connection.execute(text(statement))
            if holds:
                every_table_has_one()
            else:
                with pytest.raises(AssertionError):
                    every_table_has_one()


def test_nothing_is_seen_where_no_account_was_named(app: Engine) -> None:
    with transaction(app) as session:
        assert seen(session) == []
    with transaction(app) as session:
        act_as(session, 2)
        assert seen(session) == [2]
    with transaction(app) as session:  # the setting of the transaction before is gone, and '' is nobody
        assert seen(session) == []


@pytest.mark.parametrize("ending", ["commit", "rollback", "error"])
def test_a_pool_of_one_hands_the_account_on_to_nobody(app: Engine, ending: str) -> None:
    with Session(app) as session:
        act_as(session, 1)
        assert seen(session) == [1]
        if ending == "error":
            with pytest.raises(DBAPIError):
                session.execute(text("SELECT 1/0"))
        (session.commit if ending == "commit" else session.rollback)()
    with transaction(app) as session:
        assert seen(session) == []


def test_raw_sql_and_bulk_statements_reach_the_rows_of_the_account_alone(app: Engine, owner: Engine) -> None:
    with transaction(app) as session:
        act_as(session, 1)
        session.execute(text("UPDATE bills SET total = total + 1"))
        session.execute(update(Bill).values(total=Bill.total + Decimal("1.00")))
        session.execute(text("DELETE FROM bills WHERE account_id = 2"))
    assert totals(owner) == [Decimal("11.01"), Decimal("10.00")]


def test_a_row_cannot_be_given_to_another_account(app: Engine, owner: Engine) -> None:
    for statement in (
        insert(Bill).values(id=3, account_id=2, total=Decimal("1.00")),
        update(Bill).values(account_id=2),
    ):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction(app) as session:
            act_as(session, 1)
            session.execute(statement)
    assert totals(owner) == [Decimal("10.00")] * 2


def test_without_its_policy_every_row_of_the_table_leaks(app: Engine, owner: Engine) -> None:
    """What the policy is for: the tests above fail where it is missing."""
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE bills DISABLE ROW LEVEL SECURITY"))
    with transaction(app) as session:
        act_as(session, 1)
        assert seen(session) == [1, 2]


def test_a_plain_foreign_key_looks_past_the_policy(app: Engine) -> None:
    with transaction(app) as session:
        act_as(session, 1)
        session.add(Line(id=1, account_id=1, bill_id=2))  # accepted: what the composite key of the page refuses


def test_a_key_with_the_owner_in_it_refuses_the_row_of_another(app: Engine, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE bills ADD UNIQUE (account_id, id)"))
        connection.execute(
            text("ALTER TABLE lines ADD FOREIGN KEY (account_id, bill_id) REFERENCES bills (account_id, id)")
        )
    with transaction(app) as session:
        act_as(session, 1)
        session.add(Line(id=1, account_id=1, bill_id=1))
    with pytest.raises(IntegrityError, match="foreign key"), transaction(app) as session:
        act_as(session, 1)
        session.add(Line(id=2, account_id=1, bill_id=2))


def test_a_statement_that_names_another_account_gets_its_rows(app: Engine) -> None:
    with transaction(app) as session:
        act_as(session, 1)
        injected = "SELECT b.account_id FROM (SELECT set_config('app.account_id', '2', true)) AS s, LATERAL "
        session.execute(text(injected + "(SELECT account_id FROM bills) AS b"))
        assert seen(session) == [2]


def test_a_unique_constraint_tells_of_a_row_that_is_not_seen(app: Engine) -> None:
    with pytest.raises(IntegrityError, match="bills_code_key"), transaction(app) as session:
        act_as(session, 1)
        session.add(Bill(id=3, account_id=1, code="bill of 2", total=Decimal("1.00")))


def test_a_view_reads_as_its_owner_unless_it_asks_for_the_one_who_reads(app: Engine, owner: Engine) -> None:
    with owner.begin() as connection:
        for view, option in (("leaky", ""), ("tight", "WITH (security_invoker = true)")):
            connection.execute(text(f"CREATE VIEW {view} {option} AS SELECT id FROM bills"))
            connection.execute(text(f"GRANT SELECT ON {view} TO {app.url.username}"))
    with transaction(app) as session:
        act_as(session, 1)
        assert [session.scalar(text(f"SELECT count(*) FROM {view}")) for view in ("leaky", "tight")] == [2, 1]


@pytest.mark.slow
def test_under_force_a_migration_of_the_owner_changes_no_row_and_is_not_told(own_postgres: LocalPostgres) -> None:
    url = own_postgres.create_database()
    server = create_database_engine(url)
    with server.begin() as connection:
        connection.execute(text("CREATE ROLE migrations LOGIN PASSWORD 'm'; GRANT ALL ON SCHEMA public TO migrations"))
    owner = create_database_engine(server.url.set(username="migrations", password="m"))
    Own.metadata.create_all(owner)
    with owner.begin() as connection:
        connection.execute(insert(Bill), [{"id": 1, "account_id": 1, "total": Decimal("10.00")}])
        connection.execute(text(POLICY.format(table="bills")))
    for force, changed in (("NO FORCE", 1), ("FORCE", 0)):
        with owner.begin() as connection:
            connection.execute(text(f"ALTER TABLE bills {force} ROW LEVEL SECURITY"))
            assert connection.execute(text("UPDATE bills SET total = 0")).rowcount == changed
    owner.dispose()
    server.dispose()


@pytest.mark.slow
def test_superusers_and_bypassrls_look_past_a_policy_that_is_forced_too(own_postgres: LocalPostgres) -> None:
    server = create_database_engine(own_postgres.create_database())
    role = prepare(server)
    with server.begin() as connection:
        connection.execute(text("ALTER TABLE bills FORCE ROW LEVEL SECURITY"))
    engine = create_database_engine(server.url.set(username=role, password=PASSWORD))
    for option, rows in (("NOBYPASSRLS", []), ("BYPASSRLS", [1, 2])):
        with server.begin() as connection:
            connection.execute(text(f"ALTER ROLE {role} {option}"))
        with transaction(engine) as session:
            assert seen(session) == rows
    with transaction(server) as session:  # a superuser, and the owner
        assert seen(session) == [1, 2]
    engine.dispose()
    server.dispose()


@pytest.mark.slow
def test_nothing_leaks_through_the_pooler(pooled_neon: LikeNeon) -> None:
    """Many clients over few connections of the server: each sees its own account, and those without one nothing."""
    direct = create_database(pooled_neon.direct_url)
    owner = create_database_engine(direct)
    role = prepare(owner)
    pooled = create_database_engine(pooled_neon.url)
    url = pooled.url.set(username=role, password=PASSWORD, database=database_name(direct))
    app = create_database_engine(url, connections=16)

    def look(number: int) -> tuple[int, list[int]]:
        account = number % 3  # 0 is nobody
        with transaction(app) as session:
            if account:
                act_as(session, account)
            return account, seen(session)

    try:
        with ThreadPoolExecutor(16) as threads:
            results = list(threads.map(look, range(300)))
        assert dict(results) == {0: [], 1: [1], 2: [2]}
        assert all(found == ([account] if account else []) for account, found in results)
    finally:
        for engine in (app, pooled):
            engine.dispose()
        remove(owner, role)
        # The pooler looks up passwords as the superuser, in the same database.
        drop_database(with_database(pooled_neon.server.url, database_name(direct)))


@pytest.mark.slow
def test_the_blocks_of_the_page_run_for_an_owner_who_is_no_superuser(
    like_neon: LikeNeon, run_python: RunPython
) -> None:
    url = create_database(like_neon.direct_url)
    try:
        check_blocks(read_page(PAGE), url, run_python)
    finally:
        drop_database(url)


# --- Injection --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bills(database_url: str) -> Iterator[Engine]:
    engine = create_database_engine(database_url)
    Own.metadata.create_all(engine)
    with transaction(engine) as session:
        session.add_all(Bill(id=number, account_id=number, total=Decimal(number)) for number in (1, 2))
    yield engine
    engine.dispose()


def test_text_in_an_order_answers_questions_about_rows_that_nobody_asked_for(bills: Engine) -> None:
    def order(guess: int) -> list[int]:
        wanted = f"CASE WHEN (SELECT total FROM bills WHERE account_id = 2) = {guess} THEN -id ELSE id END"
        with transaction(bills, read_only=True) as session:
            return list(session.scalars(select(Bill.id).order_by(text(wanted))))

    assert [order(guess) for guess in (199, 200)] == [[1, 2], [2, 1]]  # Money is whole cents


@pytest.mark.slow
def test_the_audit_finds_the_sql_of_the_page_and_an_order_by_text(tmp_path: Path) -> None:
    (block,) = (block.text for block in read_page(PAGE).blocks if block.text.startswith("wanted = "))
    (tmp_path / "shop.py").write_text(
        f"import sqlalchemy\n{block}\nselect(Account.id).order_by(text(wanted))\n", encoding="utf-8"
    )
    findings, _ = audit.audit_source([tmp_path], tmp_path, Settings())
    assert sorted(finding.rule for finding in findings) == ["order-by-text", "sql-from-values"]


# --- Secrets ----------------------------------------------------------------------------------------------------------


def test_neither_an_error_nor_a_log_shows_the_parameters(bills: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sqlalchemy.engine"):
        with transaction(bills) as session:
            session.add(Bill(id=3, account_id=3, code="a value of a user", total=Decimal(3)))
        with pytest.raises(DBAPIError) as caught, transaction(bills) as session:
            session.execute(text("INSERT INTO bills (code) VALUES (:code)"), {"code": "another value"})
    assert "INSERT INTO bills" in caplog.text
    assert "a value of a user" not in caplog.text
    # The server's own words aside, which name the row that fails.
    assert "another value" not in str(caught.value).replace(str(caught.value.orig), "")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the list of processes from /proc")
def test_a_password_in_an_argument_stands_in_the_list_of_processes(app: Engine) -> None:
    program = find_programs() / "psql"
    place = f"{app.url.host}:{app.url.port}/{app.url.database}"
    with_password = f"postgresql://{app.url.username}:{PASSWORD}@{place}"
    without_password = f"postgresql://{app.url.username}@{place}"
    for address, environ, is_shown in (
        (with_password, {}, True),
        (without_password, {"PGPASSWORD": PASSWORD}, False),
    ):
        psql = subprocess.Popen(
            [program, "--no-psqlrc", "--tuples-only", "--no-password", address],
            env=os.environ | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            shown = list_of_processes(psql.pid)
            assert place in shown
            assert (PASSWORD in shown) == is_shown
            said, _ = psql.communicate("SELECT 'it is ' || current_user;", timeout=20)
            assert f"it is {app.url.username}" in said
        finally:
            psql.kill()
            psql.communicate()


def list_of_processes(process: int) -> str:
    """The command line of a process, as everybody may read it, once it has become the program."""
    for _ in range(500):
        shown = Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8")
        if "psql\0" in shown:
            return shown
        time.sleep(0.01)
    raise AssertionError(f"not started: {shown}")


def test_no_login_ends_no_connection_that_is_open_and_lets_no_new_one_in(app: Engine, owner: Engine) -> None:
    with app.connect() as working:
        working.execute(text("SELECT 1"))
        with owner.begin() as connection:
            connection.execute(text(f"ALTER ROLE {app.url.username} NOLOGIN"))
        assert working.scalar(text("SELECT 1")) == 1
    fresh = create_database_engine(app.url)
    with pytest.raises(OperationalError, match="not permitted to log in"):
        fresh.connect()


@pytest.mark.slow
def test_a_server_that_logs_statements_logs_the_values_of_psycopg2(own_postgres: LocalPostgres) -> None:
    engine = create_database_engine(own_postgres.url)
    with engine.begin() as connection:
        connection.execute(text("SET log_statement = 'all'"))
        connection.execute(text("SELECT :secret"), {"secret": "a value of a user"})
        data = connection.scalar(text("SELECT current_setting('data_directory')"))
    engine.dispose()
    assert "a value of a user" in Path(str(data)).with_name("server.log").read_text(encoding="utf-8")


def test_the_excerpt_of_a_syntax_error_shows_a_value_although_parameters_are_hidden(app: Engine) -> None:
    with pytest.raises(ProgrammingError) as caught, app.connect() as connection:
        connection.execute(text("SELECT :secret FROM FROM"), {"secret": "a value of a user"})
    assert "a value of a user" in str(caught.value)
