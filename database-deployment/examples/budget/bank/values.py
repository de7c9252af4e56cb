"""One cell of a bank's file: a date or an amount, as people write them.

Reading has two steps, because one cell alone can leave two readings open: "03/04/2024" is in March or in April,
"1.234" is more than a thousand or a little more than one. `written_date` and `written_amount` say what a cell
holds for certain; the whole file then decides the order of the dates and the decimal mark, and with these
`day_of` and `value_of` give the one value.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from budget.bank.headers import MONTHS, WEEKDAYS, currency_of, plain

DateOrder = Literal["day-first", "month-first"]
DecimalMark = Literal["comma", "point"]
Sign = Literal["none", "minus", "plus", "debit", "credit"]

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
LARGEST_AMOUNT: Final = Decimal("9999999999.99")

# A time after the date is read over: "2024-01-01T09:30:00Z", "1/1/24, 3:04 PM", "2024-01-01 00:00:00 +0000".
_TIME: Final = r"(?:[T ,]+\d{1,2}[:.h]\d\d\S{0,24}(?: \S{1,8}){0,2})?"
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})([-/. ])(\d\d?)\2(\d\d?)\.?{_TIME}", re.ASCII)
_YEAR_LAST: Final = re.compile(rf"(\d\d?)([-/. ]|\. )(\d\d?)\2(\d{{4}}|\d\d)\.?{_TIME}", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T ]?\d{4,6})?", re.ASCII)
_DAY_MONTH: Final = re.compile(
    rf"(?a:(\d\d?))(?:st|nd|rd|th)?[-/. ]*([^\W\d_]{{3,}})[-/., ']*(?a:(\d{{4}}|\d\d)){_TIME}"
)
_MONTH_DAY: Final = re.compile(
    rf"([^\W\d_]{{3,}})[-/. ]*(?a:(\d\d?))(?:st|nd|rd|th)?[-/., ]+(?a:(\d{{4}}|\d\d)){_TIME}"
)

_WEEKDAY: Final = re.compile(r"([^\W\d_]{2,10})\.?,? +(.{6,60})")  # "Mon, 15 Jan 2024"
_WRAPPED: Final = re.compile(r'=?["\']([^"\']{1,60})["\']?')  # how some exports keep a spreadsheet from guessing


class WrittenDate(NamedTuple):
    """What a date cell holds: a year and two numbers, which are month and day, or (`ordered` False) still open."""

    year: int
    first: int
    second: int
    ordered: bool
    short_year: bool = False


def written_date(text: str) -> WrittenDate | None:
    """Recognises a date; None for everything else."""
    if match := _YEAR_FIRST.fullmatch(text):
        return WrittenDate(int(match[1]), int(match[3]), int(match[4]), ordered=True)
    if match := _YEAR_LAST.fullmatch(text):
        return WrittenDate(_year(match[4]), int(match[1]), int(match[3]), ordered=False, short_year=len(match[4]) == 2)
    if match := _COMPACT.fullmatch(text):
        return WrittenDate(int(match[1]), int(match[2]), int(match[3]), ordered=True)
    if (match := _DAY_MONTH.fullmatch(text)) and (month := MONTHS.get(plain(match[2]))):
        return WrittenDate(_year(match[3]), month, int(match[1]), ordered=True)
    if (match := _MONTH_DAY.fullmatch(text)) and (month := MONTHS.get(plain(match[1]))):
        return WrittenDate(_year(match[3]), month, int(match[2]), ordered=True)
    if (match := _WEEKDAY.fullmatch(text)) and plain(match[1]) in WEEKDAYS:
        return written_date(match[2])
    if match := _WRAPPED.fullmatch(text):
        return written_date(match[1])
    return None


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def day_of(written: WrittenDate, order: DateOrder) -> date | None:
    """The calendar day, or None if there is none (a 31st of June, a month 13, a year that cannot be meant)."""
    month, day = written.first, written.second
    if not written.ordered and order == "day-first":
        month, day = day, month
    if not FIRST_YEAR <= written.year <= LAST_YEAR:
        return None
    try:
        return date(written.year, month, day)
    except ValueError:
        return None


# Minus signs and spaces that are not the ones of the keyboard; apostrophes as Switzerland writes thousands.
_SIGNS_AND_SPACES: Final = str.maketrans(
    {
        **dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{FULLWIDTH HYPHEN-MINUS}\N{SMALL HYPHEN-MINUS}", "-"),
        **dict.fromkeys(
            "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}\N{PUNCTUATION SPACE}\t", " "
        ),
        **dict.fromkeys("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{ACUTE ACCENT}`", "'"),
    }
)
_PLAIN: Final = re.compile(r"([-+]?)(\d+(?:[.,]\d+)?)", re.ASCII)  # most amounts are
_SIGNS: Final[dict[str, Sign]] = {"": "none", "-": "minus", "+": "plus"}
# A point after a letter belongs to the currency: "Rs.500" is five hundred.
_NUMBER: Final = re.compile(r"((?:[^\d.,]|(?<=[^\W\d_])\.)*)([.,]?(?a:\d)(?:(?a:[\d.,' ])*(?a:\d))?)([^\d]*)")
_PARTS: Final = re.compile(r"[^\W\d_]{0,3}\$|[^\W\d_]+\.?|\S")
_MARKS: Final[dict[str, Sign]] = {
    "DR": "debit", "D": "debit", "S": "debit", "CR": "credit", "C": "credit", "H": "credit",
}  # fmt: skip
_THOUSANDS: Final = {
    mark: re.compile(rf"[1-9]\d{{0,2}}(?:[{mark}]\d{{3}})+|[1-9]\d?(?:[{mark}]\d\d)+[{mark}]\d{{3}}") for mark in ",.' "
}  # groups of three, or as India writes them: 12,34,567


class WrittenAmount(NamedTuple):
    """What an amount cell holds: the digits with their marks, a sign, a currency. The decimal mark is still open."""

    digits: str
    sign: Sign
    currency: str | None


def written_amount(text: str) -> WrittenAmount | None:
    """Recognises an amount of money; None for everything else (text, "NaN", "1e3", "5 %")."""
    if match := _PLAIN.fullmatch(text):
        return WrittenAmount(match[2], _SIGNS[match[1]], None)
    if match := _WRAPPED.fullmatch(text):
        return written_amount(match[1])
    match = _NUMBER.fullmatch(text.translate(_SIGNS_AND_SPACES).strip())
    if match is None:
        return None
    before, after = _PARTS.findall(match[1]), _PARTS.findall(match[3])
    sign: Sign = "none"
    currency: str | None = None
    if before.count("(") == after.count(")") == 1:
        before.remove("(")
        after.remove(")")
        sign = "minus"
    for part in (*before, *after):
        if part in ("-", "+") and sign == "none":
            sign = "minus" if part == "-" else "plus"
        elif currency is None and (found := currency_of(part)):
            currency = found
        else:
            break
    else:
        return WrittenAmount(match[2], sign, currency)
    # The last part may be the bank's debit or credit mark: "45.00 CR", "100,00 S".
    if after and part == after[-1] and sign == "none" and part.upper() in _MARKS and after.count(part) == 1:
        return WrittenAmount(match[2], _MARKS[part.upper()], currency)
    return None


def decimal_evidence(digits: str) -> DecimalMark | Literal["open"] | None:
    """What one amount says about the decimal mark of its file; None if it says nothing ("12", "1 234")."""
    if digits[-3:-2] in (",", ".") and digits[:-3].isdigit():
        return "comma" if digits[-3] == "," else "point"
    last = max(digits.rfind(","), digits.rfind("."))
    if last < 0:
        return None
    mark, other = (",", ".") if digits[last] == "," else (".", ",")
    here: DecimalMark = "comma" if mark == "," else "point"
    before, after = digits[:last], digits[last + 1 :]
    if mark in before:  # it separates thousands, so the other one is the decimal mark
        return ("point" if mark == "," else "comma") if _THOUSANDS[mark].fullmatch(digits) else None
    if other in before:
        return here if _THOUSANDS[other].fullmatch(before) else None
    if len(after) == 3 and before.isdigit() and len(before) <= 3 and before[0] != "0":
        return "open"
    return here


def value_of(digits: str, decimal: DecimalMark) -> Decimal | str:
    """The value with two places, or in words why it has none."""
    mark = "," if decimal == "comma" else "."
    if digits[-3:-2] == mark and len(digits) <= 13 and digits[:-3].isdigit() and digits[-2:].isdigit():
        return Decimal(digits if mark == "." else digits.replace(",", "."))
    whole, _, cents = digits.partition(mark)
    separator = next((sign for sign in ",.' " if sign in whole), None)
    if separator and _THOUSANDS[separator].fullmatch(whole):
        whole = whole.replace(separator, "")
    if not (whole or "0").isdigit() or not (cents or "0").isdigit():
        return f"is not an amount (the decimal mark of this file is the {decimal})"
    if len(cents.rstrip("0")) > 2:
        return "has more than two decimal places"
    value = Decimal(f"{whole or 0}.{cents[:2]:0<2}")
    return value if value <= LARGEST_AMOUNT else f"is above the largest amount, {LARGEST_AMOUNT:,}"
