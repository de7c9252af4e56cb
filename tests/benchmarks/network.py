"""At a round trip of 20 milliseconds: how often a unit of work asks decides, and hardly anything else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import count

from psycopg2.extras import execute_values
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks import books
from benchmarks.books import COLUMNS
from benchmarks.places import Place
from benchmarks.races import Result, race, timed
from benchmarks.ways.budget import BudgetWay
from benchmarks.ways.by_hand import ByHand
from benchmarks.ways.obvious import Expense as PlainExpense
from benchmarks.ways.obvious import Obvious, as_object
from budget import schema
from budget.models import Expense
from database import create_database_engine, transaction
from like_neon import LikeNeon
from local_postgres import LocalPostgresError

ROUND_TRIP = 0.02  # seconds
ROWS, CHANGED = 2000, 200
_numbers = count(10**9)


def races(rounds: int) -> Iterator[Result]:
    with LikeNeon() as neon:
        if neon.pooler is None:
            raise LocalPostgresError("the simulated network needs PgBouncer. Get it with: apt-get install pgbouncer")
        place = filled(neon)
        with closing(ByHand(place)) as by_hand, closing(BudgetWay(place)) as budget, closing(Obvious(place)) as obvious:
            ways = (by_hand, budget, obvious)
            yield from contest(neon, "page 1 with categories", {way.NAME: page_of(way) for way in ways}, rounds)
            yield from contest(neon, "report of a month", {way.NAME: way.month for way in ways}, rounds)
            adding: dict[str, Callable[[], object]] = {
                ByHand.NAME: lambda: add_by_hand(by_hand),
                BudgetWay.NAME: lambda: add(budget),
                Obvious.NAME: lambda: add_obviously(obvious),
            }
            yield from contest(neon, "add an expense", adding, rounds)
            changing: dict[str, Callable[[], object]] = {
                ByHand.NAME: lambda: change_by_hand(by_hand),
                BudgetWay.NAME: lambda: change(budget),
                Obvious.NAME: lambda: change_obviously(obvious),
            }
            yield from contest(neon, f"change {CHANGED} rows", changing, rounds)


def contest(neon: LikeNeon, name: str, works: Mapping[str, Callable[[], object]], rounds: int) -> list[Result]:
    def runner(work: Callable[[], object]) -> Callable[[], float]:
        return lambda: timed(work)

    counted = {who: round_trips(neon, work) for who, work in works.items()}
    neon.delay = ROUND_TRIP
    runners = {who: runner(work) for who, work in works.items()}
    found = race(f"20 ms: {name}", "PostgreSQL", ROWS, runners, rounds, counted)
    neon.delay = 0
    return found


def round_trips(neon: LikeNeon, work: Callable[[], object]) -> int:
    """Of the second time: the first one opens a connection."""
    work()
    before = neon.round_trips
    work()
    return neon.round_trips - before


def filled(neon: LikeNeon) -> Place:
    engine = create_database_engine(neon.direct_url)
    schema.upgrade(engine)
    engine.dispose()
    place = Place(neon.url, ROWS, *books.open_accounts(neon.direct_url), neon.server)
    with closing(ByHand(place)) as way:
        way.load(books.expense_rows(ROWS, place.ann))
    return place


def page_of(way: ByHand | BudgetWay | Obvious) -> Callable[[], object]:
    return lambda: way.page(1)


def another(place: Place) -> books.Row:
    [row] = books.expense_rows(1, place.ann)
    return row._replace(fingerprint=f"{next(_numbers):032x}.1")


def add_by_hand(way: ByHand) -> None:
    with way.transaction() as cursor:
        places = ", ".join(["%s"] * len(COLUMNS))
        cursor.execute(f"INSERT INTO expenses ({', '.join(COLUMNS)}) VALUES ({places})", another(way.place))


def add(way: BudgetWay) -> None:
    row = another(way.place)
    with transaction(way.engine) as session:
        session.add(
            Expense(
                user_id=row.user_id,
                category_id=row.category_id,
                amount=books.money(row.amount),
                description=row.description,
                spent_on=row.spent_on,
                fingerprint=row.fingerprint,
            )
        )


def add_obviously(way: Obvious) -> None:
    with Session(way.engine) as session:
        session.add(as_object(another(way.place)))
        session.commit()


def change_by_hand(way: ByHand) -> None:
    with way.transaction() as cursor:
        cursor.execute(
            "SELECT id, amount FROM expenses WHERE user_id = %s ORDER BY id LIMIT %s FOR UPDATE",
            (way.place.ann.id, CHANGED),
        )
        changed = [(number, amount + 1) for number, amount in cursor.fetchall()]
        execute_values(
            cursor,
            "UPDATE expenses SET amount = new.amount FROM (VALUES %s) AS new (id, amount) WHERE expenses.id = new.id",
            changed,
            page_size=CHANGED,
        )


def change(way: BudgetWay) -> None:
    with transaction(way.engine) as session:
        wanted = select(Expense).where(Expense.user_id == way.ann.id).order_by(Expense.id).limit(CHANGED)
        for expense in session.scalars(wanted.with_for_update()):
            expense.amount += books.money(1)


def change_obviously(way: Obvious) -> None:
    with Session(way.engine) as session:
        wanted = select(PlainExpense).where(PlainExpense.user_id == way.place.ann.id).order_by(PlainExpense.id)
        for expense in session.scalars(wanted.limit(CHANGED).with_for_update()):
            expense.amount += 1
        session.commit()
