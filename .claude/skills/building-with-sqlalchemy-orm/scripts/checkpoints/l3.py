"""L3, create and read, update and delete: four functions, tried through a second session."""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from .calling import MEANINGS, Call, annotation_of, choice, is_enum, meaning, types_in
from .checking import NotYet, check
from .common import page_checks, script_checks
from .work import Row, Work, amount_of, key_of, same_row, signature

with contextlib.suppress(ImportError):  # where it is missing, the script itself says so
    import sqlalchemy as sa

SCRIPT = "examples/expense-crud.py"

LUNCH = {"description": "Lunch", "amount": Decimal("12.50"), "category": "Food", "day": date(2026, 3, 2)}
BUS = {"description": "Bus", "amount": Decimal("2.40"), "category": "Transport", "day": date(2026, 3, 3)}
RENT = {"description": "Rent", "amount": Decimal("800.00"), "category": "Home", "day": date(2026, 4, 1)}
AT_LEAST = {"min", "minimum", "least", "above", "over", "more", "from", "greater", "higher", "gte", "ge", "gt"}
AT_MOST = {"max", "maximum", "most", "below", "under", "up", "less", "lower", "cheaper", "lte", "le", "lt", "to"}
EXACTLY = MEANINGS["amount"] - AT_LEAST - AT_MOST | {"in", "exact", "exactly", "eq"}

script_checks("L3", SCRIPT)


@check("L3", after="L3_address", inside=SCRIPT)
def creates(work: Work) -> None:
    """`create_expense(session, ...)` saves an expense, and a second session reads it as it was"""
    for name in ("create_expense", "read_expenses", "update_expense", "delete_expense"):
        work.function(name)
    work.create_tables("Expense")
    lunch = create(work, LUNCH)
    saw_amount, saw_text = amount(work, lunch), lunch[described(work)]
    if (saw_amount, saw_text) != (LUNCH["amount"], LUNCH["description"]):
        raise NotYet(
            f"Lunch, 12.50 is read back as {saw_text}, {saw_amount}", "give every value to the Expense that you add"
        )


@check("L3", after="creates", inside=SCRIPT)
def reads(work: Work) -> None:
    """`read_expenses(session, ...)` returns all expenses, and with a filter only those that fit"""
    work.create_tables("Expense")
    for expense in (LUNCH, BUS, RENT):
        create(work, expense)
    compare_found("without a filter", read(work), ["Lunch", "Bus", "Rent"])
    tried = list(filters(work))
    if not tried:
        raise NotYet("read_expenses takes no filter", "give it one that may be left out: category=None, for example")
    for name, value, expected in tried:
        compare_found(f"with {name}={value!r}", read(work, name, value), expected)


@check("L3", after="reads", inside=SCRIPT)
def takes_zero_for_a_value(work: Work) -> None:
    """a filter of 0 or of an empty text is a filter too, and does not return everything"""
    work.create_tables("Expense")
    for expense in (LUNCH, BUS, RENT):
        create(work, expense)
    for name, value in empty_filters(work):
        try:
            found = read(work, name, value)
        except NotYet:
            raise
        except Exception:
            found = []  # refused, which is an answer too
        if found:
            raise NotYet(
                f"read_expenses(session, {name}={value!r}) returns {len(found)} expenses",
                f"ask `if {name} is not None`: `if {name}` takes 0 and an empty text for no filter",
            )


@check("L3", after="creates", inside=SCRIPT)
def updates(work: Work) -> None:
    """`update_expense(session, expense_id, ...)` changes that expense, and no other"""
    work.create_tables("Expense")
    lunch, bus = create(work, LUNCH), create(work, BUS)
    with work.session() as session:
        update(work, session, lunch)
        session.commit()
    now = {row[described(work)]: amount(work, row) for row in work.rows("Expense")}
    expected = {"Lunch": Decimal("13.00"), "Bus": amount(work, bus)}
    if now != expected:
        raise NotYet(
            f"Lunch should cost 13.00 now, and Bus 2.40; a second session reads {in_words(now)}",
            "change the one object that session.get() gives you",
        )


@check("L3", after="creates", inside=SCRIPT)
def deletes(work: Work) -> None:
    """`delete_expense(session, expense_id)` takes that expense away, and no other"""
    work.create_tables("Expense")
    lunch = create(work, LUNCH)
    create(work, BUS)
    with work.session() as session:
        Call(work, session, {"expense": lunch}, LUNCH)("delete_expense")
        session.commit()
    left = [row[described(work)] for row in work.rows("Expense")]
    if left != ["Bus"]:
        raise NotYet(
            f"Lunch was deleted; a second session still reads {', '.join(left) or 'nothing'}",
            "give the object to session.delete(), or its id to delete().where()",
        )


@check("L3", after="creates updates deletes", inside=SCRIPT)
def leaves_the_commit_to_the_caller(work: Work) -> None:
    """none of them commits: what the caller takes back is gone"""
    work.create_tables("Expense")
    lunch = create(work, LUNCH)
    bus = in_its_category(work, BUS)
    before = work.rows("Expense")
    steps: dict[str, Callable[[Any], Any]] = {
        "create_expense": lambda session: Call(work, session, bus, {})("create_expense"),
        "update_expense": lambda session: update(work, session, lunch),
        "delete_expense": lambda session: Call(work, session, {"expense": lunch}, LUNCH)("delete_expense"),
    }
    for name, step in steps.items():
        with work.session() as session:
            step(session)
            session.rollback()
        if work.rows("Expense") != before:
            raise NotYet(
                f"the caller rolled back, and what {name} did is still there",
                f"take commit() and begin() out of {name}: whoever opened the session commits",
            )


# --- The four functions


def create(work: Work, expense: dict[str, Any]) -> Row:
    """The new row, as another connection reads it."""
    before = work.rows("Expense")
    with work.session() as session:
        Call(work, session, in_its_category(work, expense), {})("create_expense")
        session.commit()
    new = [row for row in work.rows("Expense") if not any(same_row(row, old) for old in before)]
    if len(new) != 1:
        raise NotYet(
            f"after create_expense and the caller's commit there are {len(new)} new expenses",
            "make one Expense, and give it to session.add()",
        )
    return new[0]


def in_its_category(work: Work, expense: dict[str, Any]) -> dict[str, Any]:
    """Where categories have a table, the category is a row of it."""
    category = work.find_table("Category")
    if category is None or not any(key.column.table is category for key in work.table("Expense").foreign_keys):
        return expense
    name = work.text_column("Category", "name", "title", "label").key
    found = [row for row in work.rows("Category") if row[name] == expense["category"]]
    row = found[0] if found else work.insert("Category", {name: expense["category"]})
    return {**expense, "category": row}


def read(work: Work, name: str | None = None, value: Any = None) -> list[list[str]]:
    """The texts of each expense that read_expenses returns, with this filter."""

    class Filtered(Call):
        def choose(self, function_name: str, function: Any, parameter: Any) -> Any:
            if parameter.name == name:
                return value
            return super().choose(function_name, function, parameter)

        def columns(self, taken: set[str | None]) -> Row:
            return {name: value} if name == described(work) else {}

    with work.session() as session:
        found = Filtered(work, session, {}, {"day": LUNCH["day"]})("read_expenses")
        if found is None or isinstance(found, str) or not isinstance(found, Iterable):
            raise NotYet(f"read_expenses returned {found!r}", "return the expenses, and let the caller print them")
        return [texts_of(each) for each in found]


def update(work: Work, session: Any, row: Row) -> None:
    Call(work, session, {"expense": row, "amount": Decimal("13.00")}, LUNCH)("update_expense")


def filters(work: Work) -> Iterator[tuple[str, Any, list[str]]]:
    """The filters of read_expenses that the checker knows: name, a value, what fits."""
    for parameter in signature(work.function("read_expenses")).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            yield described(work), "Lunch", ["Lunch"]
        if parameter.default is parameter.empty:
            continue
        wanted, words = meaning(parameter.name, annotation_of(parameter)), set(parameter.name.lower().split("_"))
        call = Call(work, None, {}, {})
        if wanted == "category" and (category := as_category(work, parameter, "Food")) is not None:
            yield parameter.name, category, ["Lunch"]
        elif wanted == "amount":
            for called, bound, found in (
                (words & AT_LEAST, Decimal("100.00"), "Rent"),
                (words & AT_MOST, Decimal("5.00"), "Bus"),
                (words <= EXACTLY, Decimal("12.50"), "Lunch"),
            ):
                if called:
                    yield parameter.name, call.adapt_amount(bound, parameter.name, annotation_of(parameter)), [found]
        elif wanted in ("description", "search"):
            yield parameter.name, "Lunch", ["Lunch"]
        elif wanted == "limit":
            yield parameter.name, 1, [""]


def empty_filters(work: Work) -> Iterator[tuple[str, Any]]:
    """Filters with a value that Python takes for false, and that no expense fits."""
    for parameter in signature(work.function("read_expenses")).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            yield described(work), ""
        if parameter.default is parameter.empty:
            continue
        wanted, words = meaning(parameter.name, annotation_of(parameter)), set(parameter.name.lower().split("_"))
        kind = annotation_of(parameter)
        if wanted == "category" and not re.search(r"\bstr\b", kind) and parameter.name.endswith("id"):
            yield parameter.name, 0
        elif wanted == "category" and (re.search(r"\bstr\b", kind) or not kind):
            yield parameter.name, ""
        elif wanted == "amount" and (words & AT_MOST or words <= EXACTLY):
            yield parameter.name, Call(work, None, {}, {}).adapt_amount(Decimal(0), parameter.name, kind)
        elif wanted == "description" and words <= MEANINGS["description"]:
            yield parameter.name, ""
        elif wanted == "limit":
            yield parameter.name, 0


def as_category(work: Work, parameter: Any, name: str) -> Any:
    """The category as this filter wants it; None where only an object would do."""
    given = in_its_category(work, {"category": name})["category"]
    choices = next((each for each in types_in(parameter.annotation) if is_enum(each)), None)
    if choices is not None:
        return choice(choices, name)
    if isinstance(given, str):
        return given
    kind = annotation_of(parameter)
    if re.search(r"\bstr\b", kind) or (not kind and not parameter.name.endswith("id")):
        return name
    return key_of(given) if re.search(r"\bint\b|UUID", kind) or parameter.name.endswith("id") else None


# --- What is seen


def described(work: Work) -> str:
    return work.text_column("Expense", *sorted(MEANINGS["description"])).key


def amount(work: Work, row: Row) -> Decimal:
    column = work.amount_column("Expense")
    return amount_of(column, row[column.key])


def in_words(amounts: dict[str, Decimal]) -> str:
    return ", ".join(f"{name} {value}" for name, value in amounts.items()) or "nothing"


def texts_of(item: Any) -> list[str]:
    """The texts in what a function returns for one expense: an object, a row, a mapping, a text."""
    if isinstance(item, str):
        return [item]
    if isinstance(item, Mapping):
        return [value for value in item.values() if isinstance(value, str)]
    if isinstance(item, tuple | sa.Row):
        return [text for each in item for text in texts_of(each)]
    mapped = sa.inspect(item, raiseerr=False)
    if mapped is not None and hasattr(mapped, "mapper"):
        values = [getattr(item, attribute.key) for attribute in mapped.mapper.column_attrs]
    else:
        values = list(getattr(item, "__dict__", {}).values()) or [
            getattr(item, name, None) for name in getattr(type(item), "__slots__", ())
        ]
    return [value for value in values if isinstance(value, str)]


def compare_found(how: str, found: list[list[str]], expected: list[str]) -> None:
    """Each expected text is that of another expense, in any order; '' stands for any expense."""
    named = [text for text in expected if text]
    shown = [" ".join(texts) for texts in found]
    missing = [text for text in named if not any(text in each for each in shown)]
    if len(found) != len(expected) or missing:
        seen = ", ".join(each or "?" for each in shown) or "nothing"
        raise NotYet(
            f"read_expenses {how} returns {len(found)} expenses: {seen}",
            f"it should return {len(expected)}" + (f": {', '.join(named)}" if named else ""),
        )


page_checks("L3", "references/crud.md", 2, "sessions")
