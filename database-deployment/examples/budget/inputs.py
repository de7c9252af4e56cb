"""What comes from outside, as a value that can be stored: amounts, names, texts, days and request keys."""

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal

from budget.errors import BudgetError
from budget.models import LARGEST_AMOUNT, LONGEST_DESCRIPTION, LONGEST_NAME
from budget.periods import EARLIEST_YEAR

LONGEST_KEY = 50
A_YEAR = timedelta(days=366)


def read_amount(text: str) -> Decimal:
    """`12`, `12.50` or `12,50` as money, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,10}([.,][0-9]{1,2})?", text.strip(), re.ASCII):
        raise BudgetError(f"{text!r} is not an amount. Write it like 12.50, without separators, up to {LARGEST_AMOUNT}")
    return Decimal(text.strip().replace(",", ".")).quantize(Decimal("0.01"))


def exact_amount(amount: Decimal, what: str, *, may_be_zero: bool = False) -> Decimal:
    """The amount in whole cents. Raises BudgetError for what cannot be stored, as which `what` is named."""
    least = "0" if may_be_zero else "0.01"
    if not amount.is_finite() or not Decimal(least) <= amount <= LARGEST_AMOUNT or amount != round(amount, 2):
        raise BudgetError(f"{what} is between {least} and {LARGEST_AMOUNT:,}, in whole cents")
    return round(amount, 2)


def read_name(text: str, longest: int = LONGEST_NAME) -> str:
    """A name as it is stored: one spelling for each letter, no surrounding blanks, no control characters."""
    name = _one_line(text)
    if not name or len(name) > longest:
        raise BudgetError(f"{text[:80]!r} is not a name. Write 1 to {longest} letters on one line")
    return name


def read_text(text: str, longest: int = LONGEST_DESCRIPTION) -> str:
    """A description or an account, which may be empty."""
    line = _one_line(text)
    if len(line) > longest:
        raise BudgetError(f"{line[:40] + '...'!r} is too long. Write at most {longest:,} letters")
    return line


def can_be_stored(text: str) -> bool:
    """PostgreSQL keeps no NUL in a text, and neither database the half of a surrogate pair."""
    return "\0" not in text and not _has_half_letters(text)


def _has_half_letters(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _one_line(text: str) -> str:
    if _has_half_letters(text):
        raise BudgetError(f"{text[:80]!a} holds characters that cannot be stored")
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    if any(unicodedata.category(letter) == "Cc" for letter in line):
        raise BudgetError(f"{line[:80]!r} holds control characters. Write letters on one line")
    return line


def read_day(text: str, today: date) -> date:
    """`2026-11-22`, `today` or `yesterday`."""
    words = {"today": today, "yesterday": today - timedelta(days=1)}
    if text.strip().casefold() in words:
        return words[text.strip().casefold()]
    try:
        day = date.fromisoformat(text.strip()) if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip(), re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        raise BudgetError(f"{text!r} is not a day. Write it like {today}")
    if day.year < EARLIEST_YEAR or day > today + A_YEAR:
        raise BudgetError(f"{day} is too far away: is its year right?")
    return day


def read_key(text: str) -> str:
    """A request key: whatever names one request, and no other."""
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", text):
        raise BudgetError(f"{text[:80]!r} is not a request key. Write 1 to {LONGEST_KEY} letters, digits or signs")
    return text
