"""The first pass over a bank's file: what all its lines together say about how it is to be read.

One line alone leaves questions open: is 03/04 in March or in April, is 1.234 a thousand, is a minus money spent?
`Survey` looks at every line and keeps counts and one example of each kind, so its size does not grow with the file.
`decide` answers the questions from it, or raises BankFileError that shows the example and says what to do.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from budget.bank.headers import (
    CARD_PAYMENT,
    COMING_IN,
    CURRENCIES,
    SHARED_SYMBOLS,
    Direction,
    currency_in_header,
    currency_of,
    direction_of,
    shown,
)
from budget.bank.layout import DELIMITERS, BankFileError, Layout, ReadingOptions
from budget.bank.values import (
    DateOrder,
    DecimalMark,
    Sign,
    WrittenDate,
    day_of,
    decimal_evidence,
    written_amount,
    written_date,
)

SpendingRule = Literal["negative", "positive", "unmarked", "all", "type", "debit column"]

NEGATIVE_LOOKED_AT: Final = 2000  # lines with a negative amount in which a card's payment is looked for
CACHE: Final = 32768  # texts of dates and amounts that are remembered; a bound, so that memory stays flat
ORDERS: Final[tuple[DateOrder, ...]] = ("day-first", "month-first")
MARKS: Final[tuple[DecimalMark, ...]] = ("comma", "point")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the lines of one file are read."""

    date_order: DateOrder | None  # None: every date can be read in one way only
    decimal_mark: DecimalMark | None  # None: every amount is whole
    spending: SpendingRule
    type_column: int | None
    blank_is_debit: bool  # the type column marks only what comes in
    currency: str | None
    possible_currencies: frozenset[str]  # of a sign that several share, like $; empty where nothing is known
    debits_turned_back: bool  # spending is positive in the debit column, so a negative amount there comes back
    last_dated: int  # what stands below this line is no booking
    columns: dict[str, str]  # role -> name
    reasons: tuple[str, ...]


_Seen = tuple[int, str]  # the line where something was seen first, and the text there


@dataclass(slots=True)
class _TypeColumn:
    """What the cells of a column that may be the type column say."""

    words: int = 0
    others: int = 0
    blanks: int = 0
    first_other: _Seen = (0, "")
    first_credit: _Seen = (0, "")
    first_debit: _Seen = (0, "")
    coming_in: _Seen = (0, "")  # a word like "Return", which no column of directions would use
    lines: dict[tuple[Direction, bool], int] = field(default_factory=dict)  # (direction, negative) -> first line

    @property
    def blank_is_debit(self) -> bool:
        """Some cards write "CR" beside what comes in and nothing beside the purchases."""
        return self.blanks > 0 and self.words > 0 and not self.first_debit[0]


_Says = Literal["day-first", "month-first", "open"]


def _dated(text: str) -> tuple[WrittenDate, _Says | None] | None:
    """A date and what it says about the order: "25/03/2024" proves one, "03/04/2024" leaves it open."""
    written = written_date(text)
    if written is None or written.ordered:
        return None if written is None else (written, None)
    day_first, month_first = (day_of(written, order) for order in ORDERS)
    if day_first == month_first:  # the same day, or no day at all
        return written, None
    if day_first and month_first:
        return written, "open"
    return written, "day-first" if day_first else "month-first"


class _SeenAmount(NamedTuple):
    """An amount, and what it says about the file."""

    sign: Sign | None  # None: it is zero
    mark: DecimalMark | Literal["open"] | None
    currency: str | None


def _seen_amount(text: str) -> _SeenAmount | None:
    written = written_amount(text)
    if written is None:
        return None
    sign = written.sign if written.digits.strip("0.,' ") else None
    return _SeenAmount(sign, decimal_evidence(written.digits), written.currency)


class Survey:
    """What all lines together say. It keeps counts and one example of each kind, so its size is bounded."""

    def __init__(self, layout: Layout) -> None:
        self.columns = layout.columns
        self.amounts = layout.columns.amounts
        self.read_date = lru_cache(CACHE)(_dated)
        self.read_amount = lru_cache(CACHE)(_seen_amount)
        self.dates: dict[_Says, _Seen] = {}
        self.dash_years: tuple[set[int], set[int]] = (set(), set())  # first and last numbers of dates like 24-01-15
        self.decimals: dict[str, _Seen] = {}
        self.signs: Counter[Sign] = Counter()
        self.debit_signs: Counter[Sign] = Counter()
        self.currencies: Counter[str] = Counter()
        self.cell_currencies: Counter[str] = Counter()
        self.card_payment: _Seen = (0, "")
        self.types = {index: _TypeColumn() for index in layout.columns.types}
        self.last_dated = 0

    def note(self, number: int, cells: list[str]) -> None:
        columns, width = self.columns, len(cells)
        text = cells[columns.date].strip() if columns.date < width else ""
        dated = self.read_date(text)
        if dated is None:
            return  # no booking, or a bad line: nothing to learn from
        self.last_dated = number
        written, says = dated
        if says is not None:
            if says not in self.dates:
                self.dates[says] = (number, text)
            if written.short_year and "-" in text:
                self.dash_years[0].add(written.first)
                self.dash_years[1].add(written.year % 100)
        sign: Sign | None = None
        for index in self.amounts:
            if index < width and cells[index]:
                found_sign = self.note_amount(number, cells[index])
                if found_sign is not None and index == columns.debit:
                    self.debit_signs[found_sign] += 1
                sign = found_sign or sign
        if sign == "minus" and not self.card_payment[0] and self.signs["minus"] <= NEGATIVE_LOOKED_AT:
            self.note_card_payment(number, cells)
        for index, found in self.types.items():
            self.note_type(found, number, cells[index].strip() if index < width else "", sign)
        if columns.currency is not None and columns.currency < width and cells[columns.currency]:
            self.note_currency(self.currencies, cells[columns.currency])

    def note_card_payment(self, number: int, cells: list[str]) -> None:
        for index in self.columns.descriptions:
            if index < len(cells) and CARD_PAYMENT.search(cells[index]):
                self.card_payment = (number, shown(cells[index]))

    def note_amount(self, number: int, text: str) -> Sign | None:
        """Returns the sign, None for zero and for what is no amount."""
        seen = self.read_amount(text.strip())
        if seen is None:
            return None
        if seen.mark is not None and seen.mark not in self.decimals:
            self.decimals[seen.mark] = (number, shown(text))
        if seen.currency is not None:
            self.note_currency(self.cell_currencies, seen.currency)
        if seen.sign is not None:
            self.signs[seen.sign] += 1
        return seen.sign

    def note_currency(self, counts: Counter[str], text: str) -> None:
        code = currency_of(text) or shown(text, 12)
        if code and (code in counts or len(counts) < 50):
            counts[code] += 1

    def note_type(self, found: _TypeColumn, number: int, text: str, sign: Sign | None) -> None:
        direction = direction_of(text) if text else None
        if direction is None:
            if COMING_IN.fullmatch(text) and not found.coming_in[0]:
                found.coming_in = (number, shown(text))
            if not text:
                found.blanks += 1
                return
            found.others += 1
            found.first_other = found.first_other if found.first_other[0] else (number, shown(text))
            return
        found.words += 1
        if direction == "credit" and not found.first_credit[0]:
            found.first_credit = (number, text)
        if direction == "debit" and not found.first_debit[0]:
            found.first_debit = (number, text)
        if sign is not None:
            found.lines.setdefault((direction, sign in ("minus", "debit")), number)


# -------------------------------------------------------------------------------------------------- the decisions

# "Date (DD/MM/YYYY)", "Datum TT.MM.JJJJ", "Date (jj/mm/aaaa)", "mm/dd/yyyy"
_DAY_FIRST_NAME: Final = re.compile(r"\b(?:dd?|tt|jj)[^\w]?mm?\b", re.IGNORECASE)
_MONTH_FIRST_NAME: Final = re.compile(r"\bmm?[^\w]?(?:dd?|tt|jj)\b", re.IGNORECASE)


def decide(path: Path, layout: Layout, options: ReadingOptions, survey: Survey) -> Reading:
    return _Decisions(path, layout, options, survey).reading()


class _Decisions:
    """What the survey and the person's options come to; every refusal of an open question is here."""

    def __init__(self, path: Path, layout: Layout, options: ReadingOptions, survey: Survey) -> None:
        self.path = path
        self.layout = layout
        self.options = options
        self.survey = survey

    def reading(self) -> Reading:
        date_order, dates = self.date_order()
        decimal_mark, decimals = self.decimal_mark()
        spending, type_column, why = self.spending()
        currency = self.currency()
        return Reading(
            date_order=date_order,
            decimal_mark=decimal_mark,
            spending=spending,
            type_column=type_column,
            blank_is_debit=type_column is not None and self.survey.types[type_column].blank_is_debit,
            currency=currency,
            possible_currencies=self.possible_currencies(),
            debits_turned_back=0 < self.survey.debit_signs["none"] >= self.survey.debit_signs["minus"],
            last_dated=self.survey.last_dated,
            columns=self.column_names(type_column),
            reasons=(
                *self.layout_in_words(type_column),
                f"dates: {dates}",
                f"decimal mark: {decimals}",
                f"spending: {why}",
                f"currency: {currency or 'not named in the file'}",
            ),
        )

    def column_names(self, type_column: int | None) -> dict[str, str]:
        columns, name = self.layout.columns, self.layout.name
        places = {
            "date": columns.date,
            "description": columns.descriptions[0] if columns.descriptions else None,
            "amount": columns.amount,
            "debit": columns.debit,
            "credit": columns.credit,
            "type": type_column,
            "category": columns.category,
            "account": columns.account,
            "currency": columns.currency,
            "status": columns.status,
            "fingerprint": columns.fingerprint,
        }
        return {role: name(index) for role, index in places.items() if index is not None}

    def layout_in_words(self, type_column: int | None) -> list[str]:
        layout = self.layout
        delimiter = DELIMITERS.get(layout.delimiter, f'"{layout.delimiter}"')
        header = f"header in line {layout.header_line}" if layout.header_line else "no header"
        names = [f'{role} "{name}"' for role, name in self.column_names(type_column).items()]
        lines = [
            f"text: {layout.encoding.removesuffix('-sig')}, columns separated by {delimiter}, {header}",
            f"columns: {', '.join(names)}",
        ]
        others = [f'"{layout.name(index)}"' for index in layout.columns.descriptions[1:]]
        if others:
            lines.append(f"description: where it is empty, {' or '.join(others)}")
        if not layout.columns.descriptions:
            lines.append("description: no column for it was recognised (--map description=...)")
        return lines

    def date_order(self) -> tuple[DateOrder | None, str]:
        seen = self.survey.dates
        if self.options.dates:
            return self.options.dates, f"{self.options.dates}, as you said"
        name = self.layout.name(self.layout.columns.date)
        if _DAY_FIRST_NAME.search(name) or _MONTH_FIRST_NAME.search(name):
            order: DateOrder = "day-first" if _DAY_FIRST_NAME.search(name) else "month-first"
            return order, f'{order} (the column is called "{name}")'
        if "day-first" in seen and "month-first" in seen:
            (line, text), (other, other_text) = seen["day-first"], seen["month-first"]
            raise BankFileError(
                f'{self.path}: "{text}" (line {line}) has the day first, "{other_text}" (line {other}) the month.\n'
                "Correct the file, or say --dates day-first or --dates month-first; the other lines are then bad."
            )
        firsts, lasts = self.survey.dash_years
        if firsts and len(firsts) < len(lasts) and min(firsts) > 9:
            line, text = next(iter(seen.values()))
            raise BankFileError(
                f'{self.path}: "{text}" (line {line}) looks like year-month-day with two digits for the year.\n'
                "Write the years with four digits; or say --dates day-first or --dates month-first if it is that."
            )
        for order in ORDERS:
            if order in seen:
                line, text = seen[order]
                return order, f"{order} (line {line}: {text})"
        if "open" in seen:
            line, text = seen["open"]
            written = written_date(text)
            readings = [day_of(written, order) for order in ORDERS] if written else []
            raise BankFileError(
                f'{self.path}: "{text}" (line {line}) is {readings[0]} or {readings[1]}, and no line decides it.\n'
                "Say --dates day-first or --dates month-first."
            )
        return None, "each can be read in one way only"

    def decimal_mark(self) -> tuple[DecimalMark | None, str]:
        seen = self.survey.decimals
        if self.options.decimal:
            return self.options.decimal, f"{self.options.decimal}, as you said"
        if "comma" in seen and "point" in seen:
            (line, text), (other, other_text) = seen["comma"], seen["point"]
            raise BankFileError(
                f'{self.path}: "{text}" (line {line}) has a decimal comma, "{other_text}" (line {other}) a point.\n'
                "Correct the file, or say --decimal comma or --decimal point; the other lines are then bad."
            )
        for mark in MARKS:
            if mark in seen:
                line, text = seen[mark]
                return mark, f"{mark} (line {line}: {text})"
        if "open" in seen:
            line, text = seen["open"]
            written = written_amount(text)
            digits = written.digits if written else text
            as_thousand, as_fraction = re.sub("[.,]", "", digits), digits.replace(",", ".")
            raise BankFileError(
                f'{self.path}: "{text}" (line {line}) is {as_thousand} or {as_fraction}, and no line decides it.\n'
                "Say --decimal comma or --decimal point."
            )
        return None, "none (whole amounts)"

    def spending(self) -> tuple[SpendingRule, int | None, str]:
        """(the rule, the type column if the rule needs it, the rule in words)"""
        columns, signs, name = self.layout.columns, self.survey.signs, self.layout.name
        if columns.debit is not None:
            rest = f', money in "{name(columns.credit)}"' if columns.credit is not None else ""
            return "debit column", None, f'what stands in "{name(columns.debit)}"{rest}'
        if columns.fingerprint is not None:
            return "all", None, "all amounts (an export of this budget tracker)"
        if self.options.spending:
            return self.options.spending, None, f"the {self.options.spending} amounts, as you said"
        negative = signs["minus"] + signs["debit"]
        positive = signs.total() - negative
        type_column = self.type_column(signed=negative > 0 or signs["plus"] + signs["credit"] > 0)
        if type_column is not None:
            marks_credit = self.survey.types[type_column].blank_is_debit
            what = "does not call credit" if marks_credit else "calls debit"
            return "type", type_column, f'the lines that "{name(type_column)}" {what}'
        if negative:
            self.refuse_card(positive, negative)
            doubt = f"; {positive:,} are positive: if those are a card's purchases, say --spending positive"
            more = doubt if positive > negative else ""
            return "negative", None, f"the negative amounts, positive ones are money in{more}"
        if signs["plus"] + signs["credit"]:
            return "unmarked", None, "the amounts without a sign, those with + or CR are money in"
        if columns.doubtful is not None:
            column = name(columns.doubtful)
            raise BankFileError(
                f'{self.path}: no amount has a sign, and "{column}" says debit and credit.\nIf it says which lines'
                f' are spending, say --map "type={column}"; if all are spending, --spending positive.'
            )
        for found in self.survey.types.values():
            if found.coming_in[0]:
                line, text = found.coming_in
                raise BankFileError(
                    f'{self.path}: line {line} says "{text}", and no amount has a sign that tells it from spending.\n'
                    "If all lines are spending, say --spending positive; else take the others out of the file first."
                )
        return "all", None, "all amounts (none is negative)"

    def refuse_card(self, positive: int, negative: int) -> None:
        """Negative is spending on an account; on a card's statement it is the payment of the bill."""
        line, text = self.survey.card_payment
        if line and positive >= negative:
            raise BankFileError(
                f'{self.path}: line {line}, "{text}", has a negative amount, as on a card\'s statement, where'
                " purchases are positive.\nSay --spending positive if it is one, else --spending negative."
            )

    def type_column(self, signed: bool) -> int | None:
        """The column whose cells say debit or credit, if there is one and the signs do not contradict it."""
        told = "type" in self.options.columns
        for index, found in self.survey.types.items():
            name = self.layout.name(index)
            if told and not found.words and found.others:
                line, text = found.first_other
                raise BankFileError(
                    f'{self.path}: the column "{name}" does not say debit or credit, but "{text}" (line {line}).\n'
                    "Leave it out of --map and say --spending negative or --spending positive if need be."
                )
            if told:
                return index
            unexplained = found.others > 0 or (found.blanks > 0 and not found.blank_is_debit)
            if not found.words or (unexplained and signed):
                continue
            if found.words < found.others:
                if not found.first_credit[0]:
                    continue
                (line, text), (other, other_text) = found.first_credit, found.first_other
                raise BankFileError(
                    f'{self.path}: "{name}" says "{text}" in line {line}, but "{other_text}" in line {other},'
                    " and no amount has a sign.\nSay --spending positive if all lines are spending,"
                    f' or correct the column and say --map "type={name}".'
                )
            directions: tuple[Direction, ...] = ("debit", "credit")
            for direction in directions:
                lines = [found.lines.get((direction, negative), 0) for negative in (False, True)]
                if all(lines):
                    raise BankFileError(
                        f'{self.path}: "{name}" says {direction} in line {lines[0]} with a positive amount and in'
                        f" line {lines[1]} with a negative one.\nSay what counts: --spending negative,"
                        f' --spending positive or --map "type={name}".'
                    )
            return index
        return None

    def possible_currencies(self) -> frozenset[str]:
        """What a sign like $ may stand for; nothing where no sign, or a currency, is named."""
        signs = [SHARED_SYMBOLS[code] for code in self.survey.cell_currencies if code in SHARED_SYMBOLS]
        return frozenset[str]().union(*signs)

    def currency(self) -> str | None:
        """The one currency of the file; None if it is not named, or only by a sign that several share."""
        layout = self.layout
        counts = Counter(self.survey.cell_currencies)
        named = {currency_in_header(layout.name(index)) for index in layout.columns.amounts} - {None}
        if not named:  # else the header says what the amounts are, and the column what was paid abroad
            counts += self.survey.currencies
        codes = set(counts) | {code for code in named if code}
        certain = {code for code in codes if code not in SHARED_SYMBOLS}
        for symbol in codes - certain:
            if len(certain) > 1 or (certain and not certain & SHARED_SYMBOLS[symbol]):
                certain.add(symbol)
        if len(certain) > 1 or (not certain and len(codes) > 1):
            listed = ", ".join(f"{code} {count:,}" for code, count in counts.most_common(8))
            listed += "".join(f", {code} in the header" for code in codes - set(counts))
            raise BankFileError(
                f"{self.path} has amounts in several currencies (lines: {listed}).\n"
                "A budget has one currency: split the file, or export one account at a time."
            )
        only = next(iter(certain), None)
        return only if only in CURRENCIES else None
