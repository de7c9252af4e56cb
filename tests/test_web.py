"""crud.md: its web application answers what the page says, and what the page says in words alone is so.

The page runs its own blocks; here is what takes many requests, a lost connection or a server that is down.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, UniqueConstraint, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, validates

from budget import schema
from budget.categories import ensure_categories
from budget.models import Expense
from budget.users import find_or_create_user
from database import create_database_engine, run_transaction, transaction
from local_postgres import LocalPostgres
from pages import ROOT, read_page
from proxy import Proxy

PAGE = ROOT / "database-deployment" / "references" / "crud.md"
ANN = "ann@example.org"
LUNCH = {"amount": "12.50", "category": "Food", "description": "Lunch", "spent_on": "2026-01-31"}


@pytest.fixture
def application() -> FastAPI:
    """The application as it stands in the page."""
    [block] = [block for block in read_page(PAGE).blocks if "\napp = FastAPI(" in block.text]
    namespace: dict[str, Any] = {}
    exec(compile(block.text, str(PAGE), "exec", dont_inherit=True), namespace)  # noqa: S102  the page is our own
    app: FastAPI = namespace["app"]
    return app


@pytest.fixture
def client(application: FastAPI, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("DATABASE_URL", migrated_url)
    with TestClient(application) as client:
        add_food(application.state.engine)
        yield client


def add_food(engine: Engine) -> None:
    with transaction(engine) as session:
        ensure_categories(session, find_or_create_user(session, ANN), ["Food"])


def post(client: TestClient, key: str = "receipt-17", **other: object) -> Any:
    return client.post("/expenses", json=LUNCH | other, headers={"Idempotency-Key": key})


def stored(engine: Engine) -> list[tuple[int, str, str]]:
    with transaction(engine, read_only=True) as session:
        rows = session.execute(select(Expense.id, Expense.amount, Expense.description).order_by(Expense.id))
        return [(number, str(amount), description) for number, amount, description in rows]


# --- The application of the page


def test_every_expense_is_on_one_page_and_the_cursor_leads_to_the_end(client: TestClient) -> None:
    numbers = [post(client, f"key-{day}", spent_on=f"2026-01-0{day}").json()["number"] for day in (3, 1, 5, 2, 4)]
    found: list[int] = []
    place: dict[str, str] = {}
    for _ in range(3):
        page = client.get("/expenses", params={"limit": "2"} | place).json()
        found += [expense["number"] for expense in page["expenses"]]
        place = {"after": page["next"]}
    assert place == {"after": None}
    assert found == [numbers[index] for index in (2, 4, 0, 3, 1)]


def test_an_amount_is_exact_however_the_client_writes_it(client: TestClient) -> None:
    for count, amount in enumerate([0.1, "0.1", "0.10"]):
        assert post(client, f"key-{count}", amount=amount).status_code == 201
    assert [expense["amount"] for expense in client.get("/expenses").json()["expenses"]] == ["0.10"] * 3


WRONG: list[dict[str, Any]] = [
    {"amount": "0"},
    {"amount": "12.345"},
    {"amount": "99999999999"},
    {"amount": "NaN"},
    {"amount": None},
    {"category": "Pets"},
    {"description": "a\x00b"},
    {"description": "x" * 1001},
    {"spent_on": "2026-02-30"},
    {"key": "k" * 61},
    {"key": "two words"},
]


def test_what_a_client_can_mend_is_422_and_nothing_is_saved(client: TestClient) -> None:
    answers = {f"{wrong}": post(client, **wrong) for wrong in WRONG}
    answers["no key"] = client.post("/expenses", json=LUNCH)
    for query in ("limit=0", "limit=-1", "limit=101", "after=", "after=2026-01-31"):
        answers[query] = client.get(f"/expenses?{query}")
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 422} == {}
    assert all(answer.json()["detail"] for answer in answers.values())
    assert stored(client.app.state.engine) == []  # type: ignore[attr-defined]


def test_a_key_that_stands_for_another_expense_is_409(client: TestClient) -> None:
    assert post(client).status_code == 201
    assert post(client, amount="13").status_code == 409


def test_an_edit_changes_what_is_given_and_nothing_else(client: TestClient) -> None:
    number = post(client).json()["number"]
    engine = client.app.state.engine  # type: ignore[attr-defined]
    assert client.patch(f"/expenses/{number}", json={"description": ""}).status_code == 200
    assert stored(engine) == [(number, "12.50", "")]
    refused: list[dict[str, object]] = [{"amount": "0"}, {"amount": None}, {"user_id": 2}, {"descripton": "Dinner"}]
    for changes in refused:
        assert client.patch(f"/expenses/{number}", json=changes).status_code == 422
    assert stored(engine) == [(number, "12.50", "")]


def test_an_expense_that_is_not_there_is_404(client: TestClient) -> None:
    for number in (99, 2**40, 10**30):
        assert client.patch(f"/expenses/{number}", json={"description": "x"}).status_code == 404


def test_a_server_that_is_down_is_503_and_its_address_stays_here(client: TestClient) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    engine, state.engine = state.engine, create_database_engine("postgresql://localhost:1/shop", connect_within=0.1)
    answer = post(client)
    state.engine = engine
    assert answer.status_code == 503
    assert "localhost" not in answer.text


def test_a_pool_without_a_free_connection_is_503(client: TestClient, migrated_url: str) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    full = create_database_engine(migrated_url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    engine, state.engine = state.engine, full
    with full.connect():
        assert post(client).status_code == 503
    state.engine = engine
    full.dispose()


def test_a_request_whose_commit_was_lost_may_be_sent_again(
    application: FastAPI, own_postgres: LocalPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = create_database_engine(own_postgres.url)
    schema.upgrade(direct)
    add_food(direct)
    with Proxy(own_postgres.port) as proxy:
        monkeypatch.setenv("DATABASE_URL", own_postgres.url.replace(f":{own_postgres.port}", f":{proxy.port}"))
        with TestClient(application) as client:
            proxy.lose_next_commit.set()
            assert post(client).status_code == 503
            assert proxy.lost_commits == 1
            assert post(client).status_code == 201
    assert [row[1:] for row in stored(direct)] == [("12.50", "Lunch")]
    direct.dispose()


@pytest.mark.slow
def test_a_hundred_requests_at_once_are_saved_once_each(client: TestClient) -> None:
    with ThreadPoolExecutor(100) as threads:
        codes = [answer.status_code for answer in threads.map(lambda n: post(client, f"key-{n % 50}"), range(100))]
    assert set(codes) == {201}
    assert len(stored(client.app.state.engine)) == 50  # type: ignore[attr-defined]


# --- What the page says of other ways


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_database_engine(database_url)
    Own.metadata.create_all(engine)
    yield engine
    engine.dispose()


class Own(DeclarativeBase):
    pass


class Product(Own):
    __tablename__ = "web_products"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    search_text: Mapped[str | None]

    @validates("name")
    def _fold_name(self, _key: str, name: str) -> str:
        self.search_text = name.casefold()
        return name


@pytest.mark.slow
def test_sessions_of_dependencies_starve_each_other(engine: Engine, database_url: str) -> None:
    """Each of them holds a connection, or SQLite's lock, and waits for a thread; those wait for connections."""
    impatient = create_database_engine(database_url, pool_size=5, max_overflow=0, pool_timeout=1, lock_timeout=1)
    app, together = FastAPI(), threading.Barrier(100)

    def get_session() -> Iterator[Session]:
        with transaction(impatient) as session:
            yield session

    @app.post("/dependency")
    def with_dependency(session: Annotated[Session, Depends(get_session, scope="function")]) -> int:
        return session.scalar(select(func.count(Product.id))) or 0

    @app.post("/block")
    def with_block() -> int:
        with transaction(engine) as session:
            return session.scalar(select(func.count(Product.id))) or 0

    with TestClient(app, raise_server_exceptions=False) as visitors, ThreadPoolExecutor(100) as threads:

        def request(path: str) -> int:
            together.wait(10)
            return int(visitors.post(path).status_code)

        codes = list(threads.map(request, ["/dependency"] * 100))
        assert codes.count(500) > 10
        assert set(threads.map(request, ["/block"] * 100)) == {200}
    impatient.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_an_async_endpoint_stops_all_others_while_it_waits(sqlite_url: str, kind: str) -> None:
    engine = create_database_engine(sqlite_url)
    app, began = FastAPI(), threading.Event()

    def wait_for_the_lock() -> None:
        began.set()
        with transaction(engine):
            pass

    async def wait_for_the_lock_in_the_loop() -> None:
        wait_for_the_lock()

    app.get("/wait", status_code=204)(wait_for_the_lock if kind == "def" else wait_for_the_lock_in_the_loop)

    @app.get("/other", status_code=204)
    async def other() -> None:
        await asyncio.sleep(0)

    with TestClient(app) as client, ThreadPoolExecutor(2) as threads:
        with transaction(engine):  # holds the lock
            waiting = threads.submit(client.get, "/wait")
            assert began.wait(10)
            answer = threads.submit(client.get, "/other")
            assert is_answered(answer.result) is (kind == "def")
        assert (waiting.result(10).status_code, answer.result(10).status_code) == (204, 204)
    engine.dispose()


def is_answered(result: Callable[[float], object]) -> bool:
    try:
        result(1)
    except TimeoutError:
        return False
    return True


def test_without_a_return_type_an_amount_becomes_a_float_and_with_it_a_string() -> None:
    app = FastAPI()
    app.get("/bare", response_model=None)(lambda: {"amount": Decimal("12.50")})
    app.get("/typed", response_model=dict[str, Decimal])(lambda: {"amount": Decimal("12.50")})
    client = TestClient(app)
    assert client.get("/bare").text == '{"amount":12.5}'
    assert client.get("/typed").text == '{"amount":"12.50"}'


def test_a_statement_runs_no_validator(engine: Engine) -> None:
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    with transaction(engine) as session:
        session.execute(insert(Product).values(name="Tea").on_conflict_do_nothing())
        session.add(Product(name="Milk"))
    with transaction(engine, read_only=True) as session:
        assert session.scalars(select(Product.search_text).order_by(Product.id)).all() == [None, "milk"]


def test_a_list_that_has_a_key_twice_is_refused_by_postgresql(postgresql_url: str) -> None:
    engine = create_database_engine(postgresql_url)
    Own.metadata.create_all(engine)
    statement = postgresql.insert(Product).values([{"name": "Tea"}, {"name": "Tea"}])
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"search_text": "tea"})
    with pytest.raises(ProgrammingError, match="a second time"):
        run_transaction(engine, lambda session: session.execute(statement))
    engine.dispose()
