"""Reads what banks and apps really export: a CSV file in, one line of spending after another out.

    file = open_bank_file(Path("export.csv"))
    print("\\n".join(file.describe()))
    for line in file.lines():
        ...

The file is read twice, line by line, so its size does not matter. The first pass decides what only the whole file
can tell: the order of its dates, its decimal mark, which sign is spending, that it has one currency. What it leaves
open is asked for (`ReadingOptions`), never guessed. The second pass yields the lines.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from budget.bank.headers import BALANCES, NOT_BOOKED, TOTALS, direction_of, plain
from budget.bank.layout import (
    BankFileError,
    Layout,
    QuoteError,
    ReadingOptions,
    check_file,
    find_encoding,
    find_layout,
    open_text,
    read_records,
)
from budget.bank.survey import CACHE, Reading, SpendingRule, Survey, decide
from budget.bank.values import (
    FIRST_YEAR,
    LAST_YEAR,
    DateOrder,
    DecimalMark,
    Sign,
    day_of,
    value_of,
    written_amount,
    written_date,
)

SkipReason = Literal["money in", "zero", "balance", "not booked", "no booking"]

LONGEST_DESCRIPTION: Final = 1000
LONGEST_NAME: Final = 100  # of a category or an account
NOTHING: Final = Decimal("0.00")


class SpendingLine(NamedTuple):
    """Money spent: `amount` is above zero and has two places."""

    number: int
    spent_on: date
    amount: Decimal
    description: str
    category: str | None
    account: str
    fingerprint: str | None


class SkippedLine(NamedTuple):
    """A line that is no spending: money in, nothing moved, a balance, not booked (yet), or not a booking at all."""

    number: int
    reason: SkipReason
    amount: Decimal


class BadLine(NamedTuple):
    """A line that cannot be read; `value` is ready to be shown: short, and in quotes."""

    number: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f'line {self.number}, column "{self.column}": {self.value} {self.reason}'


Line = SpendingLine | SkippedLine | BadLine


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file whose layout is known. `lines()` reads it, as often as you like."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    columns: Mapping[str, str]
    currency: str | None
    date_order: DateOrder | None  # None: every date says it itself
    decimal_mark: DecimalMark | None  # None: no amount has one
    spending: SpendingRule
    size: int
    layout: Layout = field(repr=False)
    reading: Reading = field(repr=False)

    def describe(self) -> list[str]:
        """How the file was read, and why, in short lines for a person."""
        return list(self.reading.reasons)

    @property
    def possible_currencies(self) -> frozenset[str]:
        """Where `currency` is None: what a sign that several share, like $, may stand for."""
        return self.reading.possible_currencies

    def lines(self, progress: Callable[[int], None] | None = None) -> Iterator[Line]:
        """Every line of the file but the blank ones. `progress` hears now and then how many bytes are read."""
        if check_file(self.path) != self.size:
            raise BankFileError(f"{self.path} has changed since it was opened; try again.")
        read = _LineReader(self)
        for number, cells in _records(self.path, self.layout, progress, self.size):
            line = read.line(number, cells)
            if line is not None:
                yield line


AS_FOUND: Final = ReadingOptions()


def open_bank_file(
    path: Path, options: ReadingOptions = AS_FOUND, progress: Callable[[int], None] | None = None
) -> BankFile:
    """The first pass: finds out how the file is to be read, or raises BankFileError with what is to be done."""
    size = check_file(path)
    encoding = find_encoding(path, options.encoding)
    try:
        layout, reading = _first_pass(path, encoding, options, progress, size, escape=None)
    except QuoteError as error:
        try:  # not every program doubles the quotes inside a cell, some write \\"
            layout, reading = _first_pass(path, encoding, options, progress, size, escape="\\")
        except BankFileError:
            raise error from None
    return BankFile(
        path=path,
        encoding=encoding,
        delimiter=layout.delimiter,
        header=list(layout.header) if layout.header_line else [],
        columns=reading.columns,
        currency=reading.currency,
        date_order=reading.date_order,
        decimal_mark=reading.decimal_mark,
        spending=reading.spending,
        size=size,
        layout=layout,
        reading=reading,
    )


def _first_pass(
    path: Path,
    encoding: str,
    options: ReadingOptions,
    progress: Callable[[int], None] | None,
    size: int,
    escape: str | None,
) -> tuple[Layout, Reading]:
    layout = find_layout(path, encoding, options, escape)
    survey = Survey(layout)
    for number, cells in _records(path, layout, progress, size):
        survey.note(number, cells)
    return layout, decide(path, layout, options, survey)


def _records(
    path: Path, layout: Layout, progress: Callable[[int], None] | None, size: int
) -> Iterator[tuple[int, list[str]]]:
    """The records after the header that have something in them."""
    with open_text(path, layout.encoding) as stream:
        for count, (number, cells) in enumerate(read_records(path, stream, layout.delimiter, layout.escape), start=1):
            if number >= layout.first_line and any(cells):
                yield number, cells
            if progress is not None and count % 2000 == 0:
                progress(stream.buffer.tell())
    if progress is not None:
        progress(size)


# ------------------------------------------------------------------------------------------------- the second pass

_DAY_NUMBER: Final = re.compile(r"[1-7]\d{4}", re.ASCII)
_FINGERPRINT: Final = re.compile(r"[0-9a-f.-]{1,64}")
_EMPTY: Final = frozenset({"", "-", "--", "\N{EN DASH}", "\N{EM DASH}"})
_BALANCE_BEGINNINGS: Final = frozenset(text[:3] for text in BALANCES)


class _LineReader:
    """Turns the cells of one line into what it means."""

    def __init__(self, file: BankFile) -> None:
        self.file = file
        self.layout = file.layout
        self.columns = file.layout.columns
        self.width = len(file.layout.header)
        self.order: DateOrder = file.date_order or "day-first"
        self.decimal: DecimalMark = file.decimal_mark or "point"
        self.read_date = lru_cache(CACHE)(self.date_of)
        self.read_amount = lru_cache(CACHE)(self.amount_of)
        self.read_name = lru_cache(CACHE)(one_line)

    def line(self, number: int, cells: list[str]) -> Line | None:
        """What the line is; None if it is blank."""
        columns = self.columns
        text = cells[columns.date].strip() if columns.date < len(cells) else ""
        spent_on = self.read_date(text)
        if spent_on is None:
            return self.line_without_date(number, cells, text)
        if len(cells) > self.width and any(map(str.strip, cells[self.width :])):
            return self.bad(number, self.width, cells, f"is one column too many: the header has {self.width}")
        if columns.status is not None and columns.status < len(cells) and not_booked(cells[columns.status]):
            return SkippedLine(number, "not booked", NOTHING)
        description = self.description(cells)
        if description is None:
            places = (index for index in columns.descriptions if index < len(cells) and one_line(cells[index]) is None)
            return self.bad(number, next(places), cells, _NOT_ONE_LINE)
        if is_balance(description) or (not description and any(map(is_balance, cells))):
            return SkippedLine(number, "balance", NOTHING)
        money = self.pair(number, cells) if columns.amount is None else self.signed(number, cells)
        if isinstance(money, BadLine):
            # A balance has a date and a text, and its amount stands in another column.
            return SkippedLine(number, "balance", NOTHING) if self.is_total(cells, description) else money
        amount, spent = money
        if not amount:
            return SkippedLine(number, "zero", NOTHING)
        if not spent:
            return SkippedLine(number, "money in", amount)
        return self.spending_line(number, cells, spent_on, amount, description)

    def spending_line(
        self, number: int, cells: list[str], spent_on: date, amount: Decimal, description: str
    ) -> SpendingLine | BadLine:
        columns = self.columns
        if len(description) > LONGEST_DESCRIPTION:
            return self.bad(
                number,
                columns.descriptions[0],
                cells,
                f"is longer than {LONGEST_DESCRIPTION:,} characters",
                description,
            )
        names: list[str] = []
        for index in (columns.category, columns.account):
            name = self.read_name(cells[index]) if index is not None and index < len(cells) else ""
            if name is None or len(name) > LONGEST_NAME:
                reason = _NOT_ONE_LINE if name is None else f"is longer than {LONGEST_NAME} characters"
                return self.bad(number, index or 0, cells, reason)
            names.append(name)
        fingerprint = ""
        if columns.fingerprint is not None and columns.fingerprint < len(cells):
            fingerprint = cells[columns.fingerprint].strip()
            if fingerprint and not _FINGERPRINT.fullmatch(fingerprint):
                return self.bad(number, columns.fingerprint, cells, "is not a fingerprint (up to 64 of 0-9 a-f . -)")
        category, account = names
        return SpendingLine(number, spent_on, amount, description, category or None, account, fingerprint or None)

    def line_without_date(self, number: int, cells: list[str], text: str) -> SkippedLine | BadLine | None:
        filled = [cell for cell in map(str.strip, cells) if cell]
        if not filled:
            return None
        if not_booked(text):
            return SkippedLine(number, "not booked", NOTHING)
        if _is_total(text) or (not text and any(map(_is_total, filled))):
            return SkippedLine(number, "balance", NOTHING)
        money = any(letter.isdigit() for index in self.columns.amounts for letter in "".join(cells[index : index + 1]))
        note = (
            not text  # the second line of a long description
            or (number > self.file.reading.last_dated and text[0].isalpha())  # what the bank says at the end
            or (len(filled) == 1 and not any(letter.isdigit() for letter in text))
        )
        if (note and not money) or tuple(cells) == self.layout.header:
            return SkippedLine(number, "no booking", NOTHING)
        return self.bad(number, self.columns.date, cells, self.why_no_date(text))

    def why_no_date(self, text: str) -> str:
        written = written_date(text)
        if written is None and _DAY_NUMBER.fullmatch(text):
            return "is a spreadsheet's number for a day; show the column as dates and export again"
        if written is None:
            return "is not a date"
        if not FIRST_YEAR <= written.year <= LAST_YEAR:
            return f"has a year before {FIRST_YEAR} or after {LAST_YEAR}"
        return "is no day of the calendar" + ("" if written.ordered else f" (dates are read {self.order})")

    def description(self, cells: list[str]) -> str | None:
        """The first description column that is filled; None if a control character is in it."""
        for index in self.columns.descriptions:
            if index < len(cells) and cells[index]:
                text = one_line(cells[index])
                if text != "":
                    return text
        return ""

    def signed(self, number: int, cells: list[str]) -> tuple[Decimal, bool] | BadLine:
        """(amount, whether it is spending) from one amount column."""
        index = self.columns.amount
        assert index is not None
        found = self.read_amount(cells[index]) if index < len(cells) else "is missing"
        if isinstance(found, str):
            return self.bad(number, index, cells, found)
        amount, sign = found
        rule = self.file.spending
        if rule == "negative":
            return amount, sign in ("minus", "debit")
        if rule == "positive":
            return amount, sign not in ("minus", "credit")
        if rule == "unmarked":
            return amount, sign in ("none", "debit")
        if rule == "type":
            return self.typed(number, cells, amount)
        if sign in ("minus", "debit") and amount:  # only in an export of our own that somebody has edited
            return self.bad(number, index, cells, "is negative; in this export every amount is spending")
        return amount, True

    def typed(self, number: int, cells: list[str], amount: Decimal) -> tuple[Decimal, bool] | BadLine:
        index = self.file.reading.type_column
        assert index is not None
        text = cells[index].strip() if index < len(cells) else ""
        direction = "debit" if not text and self.file.reading.blank_is_debit else direction_of(text)
        if direction is None:
            return self.bad(number, index, cells, "is neither debit nor credit")
        return amount, direction == "debit"

    def pair(self, number: int, cells: list[str]) -> tuple[Decimal, bool] | BadLine:
        """(amount, whether it is spending) from a debit and a credit column.

        Their own signs do not matter, except that among positive debits a negative one is money coming back.
        """
        amounts: list[Decimal] = []
        empty, turned_back = 0, False
        for index in self.columns.amounts:
            text = cells[index] if index < len(cells) else ""
            if text.strip() in _EMPTY:
                empty += 1
                amounts.append(NOTHING)
                continue
            found = self.read_amount(text)
            if isinstance(found, str):
                return self.bad(number, index, cells, found)
            amounts.append(found[0])
            if index == self.columns.debit and found[1] == "minus" and "(" not in text:
                turned_back = self.file.reading.debits_turned_back
        first = self.columns.amounts[0]
        if empty == len(amounts):
            names = " and ".join(f'"{self.layout.name(index)}"' for index in self.columns.amounts[1:])
            return self.bad(number, first, cells, f"is empty{f', and so is {names}' if names else ''}")
        debit, credit = amounts[0], amounts[-1] if len(amounts) > 1 else NOTHING
        if debit and credit:
            name = self.layout.name(self.columns.amounts[1])
            return self.bad(number, first, cells, f'is filled, and "{name}" too: only one of them can be')
        return (debit, not turned_back) if debit else (credit, False)

    def is_total(self, cells: list[str], description: str) -> bool:
        """Whether the amount is empty because the line is a balance."""
        empty = all(index < len(cells) and cells[index].strip() in _EMPTY for index in self.columns.amounts)
        return empty and _is_total(description)

    def date_of(self, text: str) -> date | None:
        written = written_date(text)
        return None if written is None else day_of(written, self.order)

    def amount_of(self, text: str) -> tuple[Decimal, Sign] | str:
        written = written_amount(text.strip())
        if written is None:
            return "is not an amount" if text.strip() else "is empty"
        value = value_of(written.digits, self.decimal)
        return value if isinstance(value, str) else (value, written.sign)

    def bad(self, number: int, index: int, cells: list[str], reason: str, value: str | None = None) -> BadLine:
        if index >= len(cells):
            return BadLine(number, self.layout.name(index), "''", f"is missing: the line has {len(cells)} columns")
        text = cells[index].strip() if value is None else value
        return BadLine(number, self.layout.name(index), repr(text if len(text) <= 40 else f"{text[:39]}…"), reason)


_NOT_ONE_LINE: Final = "has a control character in it; if letters look wrong too, save the file again as CSV in UTF-8"


def one_line(text: str) -> str | None:
    """The text with a space for every line break, tab and run of spaces; None if it has other control characters."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    if any(unicodedata.category(letter) == "Cc" and letter not in "\t\r\n" for letter in text):
        return None
    return " ".join(text.split())


@lru_cache(maxsize=1024)
def not_booked(text: str) -> bool:
    """Whether a status says that the money has not moved, or not yet."""
    return not NOT_BOOKED.isdisjoint(plain(text).split())


def is_balance(text: str) -> bool:
    """Whether a text names a balance and not a purchase: "Anfangssaldo", "Opening balance as of 01/02/2024"."""
    return text[:3].casefold() in _BALANCE_BEGINNINGS and _before_a_date(text) in BALANCES


def _is_total(text: str) -> bool:
    return _before_a_date(text) in TOTALS


def _before_a_date(text: str) -> str:
    words = plain(re.split(r"\d", text[:80], maxsplit=1)[0]).split()
    while words and words[-1] in (
        "as",
        "of",
        "on",
        "at",
        "vom",
        "am",
        "per",
        "zum",
        "au",
        "le",
        "al",
        "op",
        "em",
        "eur",
    ):
        words.pop()
    return " ".join(words)
