"""Calling a learner's function by what its parameters mean, so that many right signatures are right."""

import contextlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, is_typeddict

from .checking import NotYet
from .work import DAY, Row, Work, is_needed, key_of, plain, signature, takes_cents, text_for

with contextlib.suppress(ImportError):  # where it is missing, the script itself says so
    import sqlalchemy as sa

# What a parameter means, by the words of its name. The first that fits counts.
MEANINGS = {
    "request_key": {"key", "token", "idempotency", "request"},
    "category": {"category", "categories", "cat"},
    "user": {"user", "owner", "email", "person", "household"},
    "amount": {"amount", "price", "cost", "cents", "money", "total", "value", "sum", "least", "most"},
    "limit": {"limit"},
    "search": {"contains", "search", "text", "query", "containing", "like"},
    "description": {"description", "title", "what", "note", "label", "item", "name", "merchant", "payee"},
    "day": {"date", "day", "spent", "on", "when", "paid", "at"},
    "expense": {"expense", "id", "number", "pk", "identifier"},
}
ENDS = {
    "source": {"source", "from", "sender", "src", "debit", "giver", "origin", "payer"},
    "target": {"target", "to", "destination", "dest", "receiver", "recipient", "credit", "taker", "payee"},
}
DATA = {"data", "values", "fields", "changes", "updates", "attributes", "new"}
BEGINNINGS, ENDINGS = {"since", "start", "from", "after", "begin", "first"}, {"until", "end", "to", "before", "last"}
MONTHS: dict[type, Any] = {int: DAY.month, str: f"{DAY:%Y-%m}"}
CONNECTIONS = {"session", "db", "s", "sess", "connection", "conn", "engine"}


def meaning(name: str, kind: str = "", *, between_two: bool = False) -> str | None:
    """What a parameter of this name and type means; None where that is not known."""
    if "Decimal" in kind:
        return "amount"
    words = words_of(name)
    meanings = {**ENDS, **MEANINGS} if between_two else MEANINGS
    return next((each for each, called in meanings.items() if words & called), None)


def words_of(name: str) -> set[str]:
    return set(re.findall("[a-z]+", re.sub("([A-Z])", r"_\1", name).lower()))


def is_connection(parameter: inspect.Parameter) -> bool:
    kind = annotation_of(parameter)
    return re.search("[Ss]ession|Connection|Engine", kind) is not None or bool(words_of(parameter.name) & CONNECTIONS)


class Call:
    """One call: `given` goes to every parameter of that meaning, `spare` only to those without a default."""

    def __init__(self, work: Work, session: Any, given: Mapping[str, Any], spare: Mapping[str, Any]) -> None:
        self.work = work
        self.session = session
        self.given = given
        self.spare = spare

    def __call__(self, name: str) -> Any:
        function = self.work.function(name)
        called = signature(function)
        parameters = list(called.parameters.values())
        if not parameters:
            raise NotYet(f"{name}() takes nothing", f"let it take the session: def {name}(session, ...)")
        if inspect.iscoroutinefunction(function):
            raise NotYet(f"{name} is async", "write a plain function: the sessions of these lessons are plain too")
        session = next((each for each in parameters if is_connection(each)), parameters[0])
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for parameter in parameters:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            is_session = parameter is session
            chosen = self.connection(name, parameter) if is_session else self.choose(name, function, parameter)
            if chosen is not MISSING and parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(chosen)
            elif chosen is not MISSING:
                named[parameter.name] = chosen
        if any(each.kind is each.VAR_KEYWORD for each in parameters):
            taken = {meaning(each) for each in named}
            named |= {key: value for key, value in self.columns(taken).items() if key not in named}
        try:
            called.bind(*positional, **named)
        except TypeError as error:
            raise NotYet(
                f"{name} cannot be called with {', '.join(named)}: {error}", f"def {name}(session, ...)"
            ) from None
        return function(*positional, **named)

    def connection(self, name: str, parameter: inspect.Parameter) -> Any:
        """The session, or what this parameter wants in its place."""
        kind, words = annotation_of(parameter), words_of(parameter.name)
        if "Engine" in kind or "engine" in words:
            return self.work.engine
        if "sessionmaker" in kind or "factory" in words:
            return sa.orm.sessionmaker(self.work.engine)
        if "Connection" in kind or words & {"connection", "conn"}:
            return self.session.connection()
        if not is_connection(parameter) and (kind or meaning(parameter.name)):
            raise NotYet(f"{name} begins with {parameter}", f"let it take the session first: {name}(session, ...)")
        return self.session

    def choose(self, name: str, function: Any, parameter: inspect.Parameter) -> Any:
        wanted = meaning(parameter.name, annotation_of(parameter), between_two="source" in self.given)
        optional = parameter.default is not parameter.empty
        for values in (self.given,) if optional else (self.given, self.spare):
            if wanted is not None and wanted in values:
                return self.adapt(values[wanted], wanted, function, parameter)
            if wanted == "search" and "description" in values:
                return values["description"]
        if optional:
            return MISSING
        made = self.make(parameter)
        is_known = wanted is not None or parameter.annotation is not parameter.empty or bound_of_time(parameter.name)
        if made is MISSING or not is_known:
            raise NotYet(
                f"{name} wants {parameter.name}, and the checker does not know what that is",
                f"give {parameter.name} a default, a type, or a name of the lesson's",
            )
        return made

    def adapt(self, value: Any, wanted: str, function: Any, parameter: inspect.Parameter) -> Any:
        kind = annotation_of(parameter)
        if isinstance(value, dict) and "__table__" in value:
            return self.adapt_row(value, function, parameter)
        choices = next((each for each in types_in(parameter.annotation) if is_enum(each)), None)
        if choices is not None and isinstance(value, str):
            return choice(choices, value)
        if wanted == "amount" and isinstance(value, Decimal):
            return self.adapt_amount(value, parameter.name, kind)
        if isinstance(value, date):
            return adapt_day(value, kind)
        return value

    def adapt_amount(self, value: Decimal, name: str, kind: str) -> Any:
        if "cents" in name or (re.search(r"\bint\b", kind) and "Decimal" not in kind):
            return int(value * 100)
        if "Decimal" in kind:
            return value
        if "float" in kind:
            return float(value)
        if re.search(r"\bstr\b", kind):
            return str(value)
        table = next((each for each in ("Account", "Expense") if self.work.find_table(each) is not None), None)
        return int(value * 100) if table and takes_cents(self.work.amount_column(table)) else value

    def adapt_row(self, row: Row, function: Any, parameter: inspect.Parameter) -> Any:
        """The row as the parameter wants it: the object, its key, or its name."""
        table, name, kind = row["__table__"], parameter.name.lower(), annotation_of(parameter)
        model = self.work.model(table)
        if model is not None and model in types_in(parameter.annotation):
            return self.object(model, row)
        if re.search(r"\bint\b|UUID", kind) or re.search(r"(^|_)(id|number|pk|no)$", name):
            return key_of(row)
        if re.search(r"\bstr\b", kind) or re.search("name|email", name):
            return self.called(row)
        if model is not None and kind == "" and uses_attributes(function, parameter.name):
            return self.object(model, row)
        if kind == "" and self.work.find_table("Expense") is not None:
            texts = [column.key for column in self.work.table("Expense").columns if not column.foreign_keys]
            if parameter.name in texts:
                return self.called(row)
        return key_of(row)

    def object(self, model: type, row: Row) -> Any:
        return self.session.get(model, tuple(row[column.key] for column in row["__table__"].primary_key))

    def called(self, row: Row) -> Any:
        texts = [column.key for column in row["__table__"].columns if isinstance(plain(column.type), sa.String)]
        return next((row[key] for key in texts if row.get(key) is not None), key_of(row))

    def make(self, parameter: inspect.Parameter) -> Any:
        """Something for a parameter that has no default."""
        kind, name = parameter.annotation, parameter.name.lower()
        if (bound := bound_of_time(name)) is not None and example_of(kind) is not MISSING:
            return adapt_day(bound, annotation_of(parameter))
        mapped = sa.inspect(kind, raiseerr=False) if isinstance(kind, type) else None
        if isinstance(kind, type) and isinstance(mapped, sa.orm.Mapper):
            return kind(**self.columns(set()))
        if isinstance(kind, type) and is_dataclass(kind):
            return self.make_dataclass(kind)
        if name in DATA or is_typeddict(kind) or re.match("dict|Mapping|typing.Mapping", annotation_of(parameter)):
            return self.columns(set())
        if name in ("field", "attribute", "column"):
            return self.work.amount_column("Expense").key
        if name == "year":
            return DAY.year
        if name == "month":
            return next((each for wanted, each in MONTHS.items() if wanted in types_in(kind)), DAY)
        return text_for(name, None, 1) if str in types_in(kind) else example_of(kind)

    def make_dataclass(self, kind: type) -> Any:
        values = {}
        for each in fields(kind):
            if not each.init:
                continue
            default = (each.default, each.default_factory) != (MISSING, MISSING)
            annotation = each.type
            parameter = inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=annotation,
                default=None if default else inspect.Parameter.empty,
            )
            chosen = self.choose(kind.__name__, kind, parameter)
            if chosen is not MISSING:
                values[each.name] = chosen
        return kind(**values)

    def columns(self, taken: set[str | None]) -> Row:
        """What was given, by the names of the columns of Expense; for an update only what changes."""
        table = self.work.table("Expense")
        values: Row = {}
        for column in table.columns:
            wanted = meaning(column.key)
            if column.primary_key or wanted in taken or wanted not in {**self.given, **self.spare}:
                continue
            if wanted in self.given or (is_needed(column) and "expense" not in self.given):
                value = {**self.spare, **self.given}[wanted]
                parameter = inspect.Parameter(column.key, inspect.Parameter.KEYWORD_ONLY)
                if isinstance(value, dict):
                    value = key_of(value) if column.foreign_keys else self.called(value)
                elif wanted == "amount":
                    value = int(value * 100) if takes_cents(column) else value
                elif isinstance(value, date):
                    value = adapt_day(value, "datetime" if isinstance(plain(column.type), sa.DateTime) else "date")
                values[parameter.name] = value
        return values


def annotation_of(parameter: inspect.Parameter) -> str:
    """As text, '' where there is none."""
    if parameter.annotation is parameter.empty:
        return ""
    if isinstance(parameter.annotation, str):
        return parameter.annotation
    return inspect.formatannotation(parameter.annotation)


def types_in(annotation: Any) -> list[Any]:
    return [annotation, *get_args(annotation)]


def is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def choice(kind: type[Enum], name: str) -> Enum:
    """Another member for each of the categories that the checks use, as far as there are so many."""
    members = list(kind)
    return members[min(("Food", "Transport", "Home").index(name), len(members) - 1)]


def uses_attributes(function: Any, name: str) -> bool:
    try:
        return re.search(rf"\b{name}\.\w", inspect.getsource(function)) is not None
    except (OSError, TypeError):
        return False


def bound_of_time(name: str) -> date | None:
    """Wide enough for everything that the checks save."""
    words = set(name.split("_"))
    return date(2026, 1, 1) if words & BEGINNINGS else date(2027, 1, 1) if words & ENDINGS else None


def adapt_day(value: date, kind: str) -> Any:
    if "datetime" in kind.replace("datetime.date", "date").replace("datetime.datetime", "datetime"):
        return datetime.combine(value, time(12), tzinfo=UTC)
    return value.isoformat() if re.search(r"\bstr\b", kind) else value


def example_of(kind: Any) -> Any:
    examples: dict[Any, Any] = {
        str: "text", int: 1, Decimal: Decimal(1), float: 1.0, bool: False, date: DAY,
        datetime: datetime.combine(DAY, time(12), tzinfo=UTC),
    }  # fmt: skip
    if kind is inspect.Parameter.empty:
        return DAY
    return next((examples[each] for each in types_in(kind) if each in examples), MISSING)
