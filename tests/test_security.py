"""references/security.md: what it says beside its blocks holds too, and nothing leaks through a pool or a pooler."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, ForeignKey, String, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from database import Money, create_database_engine, transaction
from like_neon import LikeNeon
from local_postgres import LocalPostgres, create_database, database_name, drop_database, with_database
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


# --- Roles ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def roles(postgresql_url: str) -> Iterator[Engine]:
    """A database with the privileges of the page, for its own name."""
    owner = create_database_engine(postgresql_url)
    name = owner.url.database
    page = (SKILLS[0] / "references" / "security.md").read_text("utf-8")
    [privileges] = re.findall(r'PRIVILEGES = f"""(.*?)"""', page, re.DOTALL)
    with owner.begin() as connection:
        connection.execute(text(privileges.replace("{name}", str(name))))
        connection.execute(text(f"CREATE ROLE {name}_stranger LOGIN PASSWORD '{PASSWORD}'"))
    yield owner
    with owner.begin() as connection:
        for role in (f"{name}_app", f"{name}_reports", f"{name}_stranger"):
            connection.execute(text(f"DROP OWNED BY {role}; DROP ROLE {role}"))
    owner.dispose()


def test_a_login_that_was_given_nothing_does_not_come_in(roles: Engine) -> None:
    stranger = create_database_engine(roles.url.set(username=f"{roles.url.database}_stranger", password=PASSWORD))
    with pytest.raises(OperationalError, match="permission denied for database"):
        stranger.connect()


def test_the_privileges_reach_the_table_of_the_next_migration(roles: Engine) -> None:
    with roles.begin() as connection:
        connection.execute(text("CREATE TABLE later (id bigint GENERATED BY DEFAULT AS IDENTITY, number bigint)"))
        connection.execute(text("CREATE SEQUENCE numbers"))

    def run(role: str, statement: str) -> None:
        with roles.begin() as connection:
            connection.execute(text(f"SET LOCAL ROLE {roles.url.database}_{role}"))
            connection.execute(text(statement))

    for statement in (
        "INSERT INTO later (number) SELECT nextval('numbers')",
        "UPDATE later SET number = 2",
        "SELECT * FROM later",
        "DELETE FROM later",
    ):
        run("app", statement)
    run("reports", "SELECT * FROM later")
    for role, statement in (("reports", "DELETE FROM later"), ("app", "TRUNCATE later"), ("app", "DROP TABLE later")):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            run(role, statement)


# --- Row-level security -----------------------------------------------------------------------------------------------


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
        check_blocks(read_page(SKILLS[0] / "references" / "security.md"), url, run_python)
    finally:
        drop_database(url)


# --- Secrets ----------------------------------------------------------------------------------------------------------


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
