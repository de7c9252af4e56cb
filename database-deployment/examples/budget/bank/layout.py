"""How a bank's file is laid out: its encoding, its delimiter, its header line, and which column means what.

Nothing here looks at a whole file but the encoding; the header and its columns are found in the first lines.
"""

import csv
import re
import stat
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import IO, Final, Literal, TextIO

from budget.bank.headers import (
    AMBIGUOUS,
    AMOUNT_WORDS,
    DATE_WORDS,
    OTHER_WORDS,
    RANKS,
    Role,
    currency_in_header,
    currency_of,
    direction_of,
    header_name,
    plain,
    shown,
)
from budget.bank.values import DateOrder, DecimalMark, day_of, value_of, written_amount, written_date
from budget.errors import BudgetError

DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
ROLES: Final[tuple[Role, ...]] = (
    "date", "description", "amount", "debit", "credit", "type", "category", "account", "currency", "status",
)  # fmt: skip
HEADER_WITHIN: Final = 100  # records in which the header is looked for; the longest preamble known has 38
SAMPLE_LINES: Final = 400
SAMPLE_CHARACTERS: Final = 500_000
LONGEST_LINE: Final = 1 << 20


class BankFileError(BudgetError):
    """Why a file cannot be read and what to do, in one or two lines for the person who brought it."""


class QuoteError(BankFileError):
    """A quote that does not end its cell: perhaps the file writes \\" and not ""."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the person says about the file; everything that is left out is found in it."""

    columns: Mapping[str, str] = field(default_factory=dict)
    dates: DateOrder | None = None
    decimal: DecimalMark | None = None
    spending: Literal["negative", "positive"] | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each role stands in a line, counted from 0."""

    date: int
    descriptions: tuple[int, ...]  # the first one that is filled is taken
    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    types: tuple[int, ...] = ()  # only the values of the whole file tell whether one of them is
    doubtful: int | None = None  # its name is not known, its cells say debit and credit
    category: int | None = None
    account: int | None = None
    currency: int | None = None
    status: int | None = None
    fingerprint: int | None = None

    @property
    def amounts(self) -> tuple[int, ...]:
        return tuple(index for index in (self.amount, self.debit, self.credit) if index is not None)


@dataclass(frozen=True, slots=True)
class Layout:
    encoding: str
    delimiter: str
    header_line: int  # 0: the file has none
    first_line: int  # where the records begin
    escape: str | None  # the sign before a quote inside a quoted cell, where it is not a second quote
    header: tuple[str, ...]
    columns: Columns

    def name(self, index: int) -> str:
        """The column as the person sees it."""
        name = self.header[index] if index < len(self.header) else ""
        return shown(name) or f"column {index + 1}"


def parse_columns(text: str) -> dict[str, str]:
    """Reads "date=Datum,amount=Betrag": role -> column name or number."""
    columns: dict[str, str] = {}
    # A column name may hold a comma itself: a new pair begins only where a role and "=" follow.
    for pair in re.split(r",(?=\s*\w+\s*=)", text):
        role, equals, name = (part.strip() for part in pair.partition("="))
        role = role.casefold()
        if not equals or not name:
            raise BankFileError(f'"{pair.strip()}" says no column. Write role=column, for example: date=Datum,amount=3')
        _check_role(role)
        if role in columns:
            raise BankFileError(f'The column of "{role}" is given twice: "{columns[role]}" and "{name}".')
        columns[role] = name
    return columns


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise BankFileError(f'There is no role "{role}". The roles are: {", ".join(ROLES)}.')


# ---------------------------------------------------------------------------------------------- the file as text

_NOT_A_TABLE: Final[Mapping[bytes, str]] = {  # beginnings, in small letters
    b"pk\x03\x04": "an Excel or OpenDocument workbook (or a zip archive); open it and save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; open it and save it as CSV",
    b"%pdf": "a PDF; ask the bank for the CSV export",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"sqlite format 3": "an SQLite database, not a CSV file",
    b"\x89png": "a picture, not a CSV file",
    b"\xff\xd8\xff": "a picture, not a CSV file",
    b"{\\rtf": "a formatted text document; ask the bank for the CSV export",
    b"<": "HTML or XML, not CSV; if a spreadsheet program opens it, save it from there as CSV",
    b"ofxheader": "an OFX file; ask the bank for the CSV export",
    b"!type:": "a QIF file; ask the bank for the CSV export",
    b"{": "JSON, not CSV",
}


def check_file(path: Path) -> int:
    """Refuses what is no file to read; returns its size."""
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise BankFileError(f"{path} is a folder; name the file in it.")
        if not stat.S_ISREG(found.st_mode):
            raise BankFileError(f"{path} is not a file on disk; it is read twice, so save it to a file first.")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise BankFileError(f"{path} does not exist.") from None
    except PermissionError:
        raise BankFileError(f"{path} may not be read by this user; change its permissions or copy it.") from None
    except OSError as error:
        raise BankFileError(f"{path} cannot be read: {error.strerror or error}.") from None
    if found.st_size == 0:
        raise BankFileError(f"{path} is empty.")
    return found.st_size


def find_encoding(path: Path, told: str | None = None) -> str:
    """UTF-8 or what the mark at the beginning says; else cp1252, else Latin-1, decided by every byte of the file."""
    with path.open("rb") as file:
        start = file.read(4096)
        _refuse_other_formats(path, start)
        marked = {BOM_UTF8: "utf-8-sig", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}
        sure = told or next((name for mark, name in marked.items() if start.startswith(mark)), None)
        if not sure and start.count(0) > len(start) // 10:
            raise BankFileError(f"{path} is not a text file. Save it as CSV in UTF-8.")
        try:
            decoders = {name: getincrementaldecoder(name)() for name in ((sure,) if sure else ("utf-8", "cp1252"))}
        except LookupError:
            raise BankFileError(f'There is no encoding "{told}"; try utf-8, cp1252, latin-1 or cp1250.') from None
        file.seek(0)
        chunk = b" "
        while chunk:
            chunk = file.read(LONGEST_LINE)
            if len(chunk) == LONGEST_LINE and b"\n" not in chunk and b"\r" not in chunk:
                raise BankFileError(f"{path} has a line of more than a million characters; this is not a table.")
            for name, decoder in list(decoders.items()):
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError:
                    del decoders[name]
    if sure and not decoders:
        raise BankFileError(f"{path} has bytes that are not {sure}; save it again as CSV in UTF-8.")
    return next(iter(decoders), "latin-1")


def _refuse_other_formats(path: Path, start: bytes) -> None:
    text = start.removeprefix(BOM_UTF8).lstrip().lower()
    for beginning, what in _NOT_A_TABLE.items():
        if text.startswith(beginning):
            raise BankFileError(f"{path} is {what}.")
    if not text:
        raise BankFileError(f"{path} holds nothing but blank lines.")


def open_text(path: Path, encoding: str) -> TextIO:
    # newline="": the csv module needs the line ends inside quoted cells as they are.
    return path.open(encoding=encoding, newline="")


def read_records(
    path: Path, lines: Iterable[str], delimiter: str, escape: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yields (physical line where the record starts, its cells)."""
    # strict: a quote that is never closed is an error and not a cell that holds the rest of the file.
    reader = csv.reader(lines, delimiter=delimiter, escapechar=escape, strict=True, skipinitialspace=True)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        problem = "has a quote that is not closed"
        if "expected after" in str(error):
            problem = 'has text after a closing quote (a quote inside a quoted cell is written twice: "")'
        elif "field limit" in str(error):
            problem = f"has a cell of more than {csv.field_size_limit():,} characters, or a quote that is not closed"
        raise QuoteError(f"{path}: line {number} {problem}.\nCorrect this line and try again.") from None


# ---------------------------------------------------------------------------------------- the header and its columns

_Record = tuple[int, list[str]]


def find_layout(path: Path, encoding: str, options: ReadingOptions, escape: str | None = None) -> Layout:
    """Tries every delimiter and every line near the top as the header; the one with most known columns wins."""
    for role in options.columns:
        _check_role(role)
    with open_text(path, encoding) as stream:
        lines = _first_lines(stream)
    delimiters, skip = _delimiters(lines, options)
    samples = {delimiter: _sample(path, lines, delimiter, escape)[skip:] for delimiter in delimiters}
    if not any(cells for sample in samples.values() for _, cells in sample):
        for delimiter in delimiters:  # not even one record: a quote is wrong in the first line
            list(read_records(path, lines, delimiter, escape))
        raise BankFileError(f"{path} holds nothing but blank lines.")
    numbers = {role: int(name) for role, name in options.columns.items() if name.isascii() and name.isdigit()}
    if len(numbers) == len(options.columns) and {"date"} < numbers.keys() & {"date", "amount", "debit"}:
        return _layout_by_numbers(path, encoding, samples, numbers, options, escape)
    for by_words in (False, True):
        found: list[tuple[tuple[bool, int, int], Layout]] = []
        for delimiter, sample in samples.items():
            for position, (number, header) in enumerate(sample[:HEADER_WITHIN]):
                rows = [cells for _, cells in sample[position + 1 :]]
                columns = _HeaderReader(header, rows, options, by_words).columns()
                if columns is not None:
                    first = sample[position + 1][0] if rows else number + 1
                    layout = Layout(encoding, delimiter, number, first, escape, tuple(header), columns)
                    found.append(((_reads(columns, rows), _weight(columns), -position), layout))
        if found:
            layout = max(found, key=lambda pair: pair[0])[1]
            if not options.columns.keys() & {"amount", "debit", "credit"}:
                _refuse_twins(path, layout, samples[layout.delimiter])
            return layout
    raise _not_recognised(path, samples, options)


def _first_lines(stream: IO[str]) -> list[str]:
    lines: list[str] = []
    length = 0
    for line in islice(stream, SAMPLE_LINES):
        lines.append(line)
        length += len(line)
        if length > SAMPLE_CHARACTERS:
            break
    return lines


def _delimiters(lines: Sequence[str], options: ReadingOptions) -> tuple[Sequence[str], int]:
    """The delimiters to try, and how many records to skip: a first line `sep=;` is a message to Excel."""
    told = re.fullmatch(r'"?sep=([,;\t|])"?', lines[0].rstrip("\r\n"), re.IGNORECASE) if lines else None
    if options.delimiter:
        if len(options.delimiter) != 1:
            raise BankFileError(f'A delimiter is one character, not "{options.delimiter}".')
        return [options.delimiter], int(told is not None)
    return ([told[1]] if told else list(DELIMITERS)), int(told is not None)


def _sample(path: Path, lines: Sequence[str], delimiter: str, escape: str | None) -> list[_Record]:
    records: list[_Record] = []
    try:
        for record in read_records(path, lines, delimiter, escape):
            records.append(record)
    except BankFileError:
        pass  # the wrong delimiter, or the sample ends inside a quoted cell: the pass over all lines will tell
    return records


class _HeaderReader:
    """Reads one line as if it were the header, with the lines after it as a check."""

    def __init__(self, header: list[str], rows: list[list[str]], options: ReadingOptions, by_words: bool) -> None:
        self.header = header
        self.names = [header_name(name) for name in header]
        self.options = options
        self.by_words = by_words
        self.rows = rows
        self.values: dict[int, list[str]] = {}
        self.taken: set[int] = set()

    def filled(self, index: int) -> list[str]:
        """What stands in this column of the lines below."""
        if index not in self.values:
            cells = (row[index].strip() for row in self.rows if index < len(row))
            self.values[index] = [cell for cell in cells if cell]
        return self.values[index]

    def columns(self) -> Columns | None:
        """The roles of the columns, or None if this line is no header."""
        told: dict[str, int] = {}
        for role, name in self.options.columns.items():
            index = column_named(name, self.header)
            if index is None:
                return None
            told[role] = index
        self.taken.update(told.values())
        date = told.get("date", self.first("date", _is_date))
        if date is None:
            return None
        self.taken.add(date)
        amount, debit, credit = self.amounts(told, date)
        if amount is None and debit is None:
            return None
        single = {
            role: self.optional(role, told) for role in ("fingerprint", "currency", "category", "account", "status")
        }
        return Columns(
            date=date,
            amount=amount,
            debit=debit,
            credit=credit,
            types=(told["type"],) if "type" in told else self.types({amount, debit, credit}),
            descriptions=(told["description"],) if "description" in told else self.descriptions(),
            doubtful=self.doubtful(),
            **single,
        )

    def candidates(self, role: Role, fits: Callable[[str], bool]) -> list[int]:
        """The free columns with a name of this role, the best first; what the cells hold counts before the name."""
        ranked = []
        for index, name in enumerate(self.names):
            rank = RANKS[role].get(name)
            if rank is None and self.by_words and role in ("date", "amount"):
                rank = self.rank_by_words(role, index)
            if rank is None or index in self.taken:
                continue
            values = self.filled(index)
            right = _mostly(fits, values)
            must_fit = bool(values) and ((role, name) in AMBIGUOUS or role in ("debit", "credit"))
            if right or not (must_fit or rank == _BY_WORDS):
                ranked.append((not right, rank, index))
        return [index for _, _, index in sorted(ranked)]

    def rank_by_words(self, role: Role, index: int) -> int | None:
        words = set(self.names[index].split())
        if role == "amount" and not words and currency_in_header(self.header[index]):
            return _BY_WORDS  # a column called "Euro" or "CAD$"
        wanted = DATE_WORDS if role == "date" else AMOUNT_WORDS
        return _BY_WORDS if words & wanted and not words & OTHER_WORDS else None

    def first(self, role: Role, fits: Callable[[str], bool]) -> int | None:
        found = self.candidates(role, fits)
        if len(found) > 1 and self.by_words and all(RANKS[role].get(self.names[index]) is None for index in found):
            return None  # several that only sound right: the person has to say which
        return found[0] if found else None

    def amounts(self, told: Mapping[str, int], date: int) -> tuple[int | None, int | None, int | None]:
        """(amount, debit, credit): one signed column, or one for what goes out and one for what comes in."""
        if "amount" in told:
            return told["amount"], None, None
        debit = told.get("debit", self.first("debit", _is_amount))
        credit = told.get("credit", self.first("credit", _is_amount))
        if told.keys() & {"debit", "credit"}:
            return None, debit, credit
        amount = self.first("amount", _is_amount)
        if amount is not None and (
            debit is None or credit is None or not self.pair_says_more(amount, debit, credit, date)
        ):
            debit = credit = None
        elif debit is not None:
            amount = None
        self.taken.update(index for index in (amount, debit, credit) if index is not None)
        return amount, debit, credit

    def pair_says_more(self, amount: int, debit: int, credit: int, date: int) -> bool:
        """Whether the two columns hold an amount on at least as many bookings as the single one."""
        bookings = [row for row in self.rows if date < len(row) and _is_date(row[date].strip())]
        with_pair = sum(any(row[index].strip() for index in (debit, credit) if index < len(row)) for row in bookings)
        with_amount = sum(amount < len(row) and bool(row[amount].strip()) for row in bookings)
        return with_pair >= with_amount

    def optional(self, role: Role, told: Mapping[str, int]) -> int | None:
        if role in told:
            return told[role]
        found = self.candidates(role, _is_currency if role == "currency" else bool)
        if role == "currency":
            found = [index for index in found if all(map(_is_currency, self.filled(index)))]
        if role == "account":  # "Account number" may be the one of the other side: one's own does not change
            found = [
                index
                for index in found
                if (role, self.names[index]) not in AMBIGUOUS or len(set(self.filled(index))) == 1
            ]
        if not found:
            return None
        self.taken.add(found[0])
        return found[0]

    def types(self, amounts: set[int | None]) -> tuple[int, ...]:
        found = self.candidates("type", lambda value: direction_of(value) is not None)
        return tuple([index for index in found if self.names[index] or index - 1 in amounts][:4])

    def doubtful(self) -> int | None:
        """A column of another name whose cells say debit and credit: perhaps of the money, perhaps of the card."""
        for index in range(len(self.header)):
            if index in self.taken:
                continue
            values = self.filled(index)
            directions = {direction_of(value) for value in values}
            in_full = all(len(value) > 2 for value in values)  # a lone "C" may be a check mark
            if directions == {"debit", "credit"} or (directions == {"credit"} and in_full):
                return index
        return None

    def descriptions(self) -> tuple[int, ...]:
        """The columns that say what was bought, the best first: the first one that is filled is taken."""
        found = [index for index in self.candidates("description", lambda _: True) if not self.says_nothing(index)]
        found.sort(key=lambda index: RANKS["description"][self.names[index]])
        if found and RANKS["description"][self.names[found[0]]] == _PAYEE:  # then a "Name" is the owner's
            found = [index for index in found if RANKS["description"][self.names[index]] != _PAYEE + 1]
        found.sort(key=lambda index: len(self.filled(index)) > 2 and len(set(self.filled(index))) == 1)
        return tuple((found or self.wordiest())[:4])

    def says_nothing(self, index: int) -> bool:
        """Whether the cells are account numbers, or a type column's "debit" and "credit"."""
        values = self.filled(index)
        is_type = self.names[index] in RANKS["type"] and _mostly(lambda value: direction_of(value) is not None, values)
        return is_type or _mostly(lambda value: _IBAN.fullmatch(value) is not None, values)

    def wordiest(self) -> list[int]:
        """No known name: the free column with the most letters in its cells."""
        letters = {
            index: sum(letter.isalpha() for value in values for letter in value) / len(values)
            for index, values in ((index, self.filled(index)) for index in range(len(self.header)))
            if values and index not in self.taken
        }
        return [index for index in sorted(letters, key=lambda index: -letters[index]) if letters[index] >= 3][:1]


_BY_WORDS: Final = 99  # a rank after all others
_PAYEE: Final = 0
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9 ]{8,}")


def column_named(name: str, header: Sequence[str]) -> int | None:
    """The place of a column that the person named, or counted from 1."""
    for alike in (lambda text: text.strip().casefold(), plain):
        places = [index for index, column in enumerate(header) if alike(column) == alike(name) and alike(name)]
        if places:
            return places[0]
    if name.isascii() and name.isdigit() and 1 <= int(name) <= len(header):
        return int(name) - 1
    return None


def _is_date(text: str) -> bool:
    written = written_date(text)
    return written is not None and bool(day_of(written, "day-first") or day_of(written, "month-first"))


def _is_amount(text: str) -> bool:
    written = written_amount(text)
    return written is not None and any(not isinstance(value_of(written.digits, m), str) for m in _MARKS)


_MARKS: Final[tuple[DecimalMark, ...]] = ("comma", "point")


def _is_currency(text: str) -> bool:
    return currency_of(text) is not None


def _reads(columns: Columns, rows: Iterable[list[str]]) -> bool:
    """Whether one of the lines after the header is a booking."""
    return any(
        max(columns.date, *columns.amounts) < len(row)
        and _is_date(row[columns.date].strip())
        and any(_is_amount(row[index].strip()) for index in columns.amounts)
        for row in rows
    )


def _weight(columns: Columns) -> int:
    roles = (columns.category, columns.account, columns.currency, columns.status, columns.fingerprint)
    known = sum(index is not None for index in roles) + len(columns.amounts)
    return known + len(columns.descriptions) + len(columns.types)


def _refuse_twins(path: Path, layout: Layout, sample: Sequence[_Record]) -> None:
    """Two amount columns of one name with different values: nothing tells which one is meant."""
    names = [plain(name) for name in layout.header]
    for index in layout.columns.amounts:
        twins = {other for other, name in enumerate(names) if name == names[index]} - set(layout.columns.amounts)
        for (number, cells), other in product(sample, twins):
            values = {cells[place].strip() for place in (index, other) if place < len(cells)} - {""}
            if number >= layout.first_line and len(values) > 1:
                raise BankFileError(
                    f'{path}: two columns are called "{layout.name(index)}" and differ (line {number}).\n'
                    f"Say which one counts: --map amount={index + 1} or --map amount={other + 1}"
                )


def _layout_by_numbers(
    path: Path,
    encoding: str,
    samples: Mapping[str, Sequence[_Record]],
    numbers: Mapping[str, int],
    options: ReadingOptions,
    escape: str | None,
) -> Layout:
    """Every column is given by its number, so the file needs no header."""
    places = {role: number - 1 for role, number in numbers.items()}
    if min(places.values()) < 0:
        raise BankFileError("Columns are counted from 1.")

    def fitting(delimiter: str) -> tuple[int, int]:
        wide = [cells for _, cells in samples[delimiter] if len(cells) > max(places.values())]
        return sum(_is_date(cells[places["date"]].strip()) for cells in wide), len(wide)

    delimiter = max(samples, key=fitting)
    records = [(number, cells) for number, cells in samples[delimiter] if any(map(str.strip, cells))]
    if not fitting(delimiter)[1]:
        widest = max((cells for _, cells in records), key=len, default=[])
        raise BankFileError(
            f"{path} has no column {max(numbers.values())}: its lines have {len(widest)} columns at most.\n"
            f"{_list_columns(widest)}"
        )
    header: _Record = (0, [])
    first = records[-1][0] + 1
    for number, cells in records:
        cell = cells[places["date"]] if places["date"] < len(cells) else ""
        if any(letter.isdigit() for letter in cell):
            first = number
            break
        header = (number, cells)  # the first line counts as a header when its date cell holds no digit
    rows = [cells for number, cells in records if number >= first]
    width = max(len(header[1]), max(places.values()) + 1, _usual_width(rows))
    names = [*header[1], *[""] * (width - len(header[1]))]
    columns = _HeaderReader(names, rows, options, by_words=False).columns()
    assert columns is not None, "date and amount are given, and the columns exist"
    return Layout(encoding, delimiter, header[0], first, escape, tuple(names), columns)


def _not_recognised(path: Path, samples: Mapping[str, Sequence[_Record]], options: ReadingOptions) -> BankFileError:
    header, rows = _likely_table(samples)
    missing = [name for name in options.columns.values() if column_named(name, header) is None]
    if missing:
        listed = " and ".join(f'"{name}"' for name in missing)
        return BankFileError(f"{path} has no column {listed}.\n{_list_columns(header)}")
    no_header = any(_is_date(cell.strip()) for cell in header)
    reader = _HeaderReader(header, rows[not no_header :], options, by_words=False)
    dates = [index for index in range(len(header)) if _mostly(_is_date, reader.filled(index))]
    amounts = [
        index for index in range(len(header)) if index not in dates and _mostly(_is_amount, reader.filled(index))
    ]
    amounts.sort(key=lambda index: not any(sign in value for value in reader.filled(index) for sign in ",.-"))
    names = () if no_header else [header_name(name) for name in header]
    known = {role for role in ("date", "amount", "debit") if any(name in RANKS[role] for name in names)}
    known |= {"amount" if role == "debit" else role for role in known | options.columns.keys()}
    wanted = {role: found for role, found in (("date", dates), ("amount", amounts)) if role not in known}
    wanted = wanted or {"date": dates, "amount": amounts}
    places = [
        f"{role}={found[0] + 1 if no_header or not header[found[0]].strip() else shown(header[found[0]])}"
        for role, found in wanted.items()
        if found
    ]
    example = ",".join(places) if len(places) == len(wanted) else ",".join(f"{role}=COLUMN" for role in wanted)
    what = " and ".join(f"the {role}" for role in wanted)
    problem = "has no header line" if no_header else f"has no column that is known for {what}"
    return BankFileError(
        f'{path} {problem}. {_list_columns(header)}\nSay which is which by name or number, like: --map "{example}"'
    )


def _mostly(fits: Callable[[str], bool], values: Sequence[str]) -> bool:
    return sum(map(fits, values)) * 2 >= len(values) > 0


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    widths = Counter(map(len, rows))
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _likely_table(samples: Mapping[str, Sequence[_Record]]) -> tuple[list[str], list[list[str]]]:
    """The first line that is as wide as most lines, and what follows, with the delimiter that makes most columns."""
    best: tuple[int, list[str], list[list[str]]] = (-1, [], [])
    for sample in samples.values():
        records = [cells for _, cells in sample if any(map(str.strip, cells))]
        usual = _usual_width(records)
        wide = [position for position, cells in enumerate(records) if usual - 1 <= len(cells) <= usual]
        fullness = (usual > 1) * len(wide) * usual
        if fullness > best[0] and wide:
            position = wide[0]
            best = (fullness, records[position], records[position:])
    return best[1], best[2]


def _list_columns(header: Sequence[str]) -> str:
    names = [f'{number} "{shown(cell, 30)}"' for number, cell in enumerate(header, start=1) if cell.strip()]
    more = f", and {len(names) - 15} more" if len(names) > 15 else ""
    return f"Its columns: {', '.join(names[:15])}{more}."
