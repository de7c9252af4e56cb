"""What a tool takes. What cannot be read is refused in words that say how to write it, before the tool begins."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from budget.errors import BudgetError
from budget.inputs import LONGEST_KEY, read_amount, read_day
from budget.models import LONGEST_DESCRIPTION, LONGEST_NAME
from budget.periods import Period, read_month

MOST_ROWS = 50


def today() -> date:
    return date.today()  # noqa: DTZ011 - the day on the user's calendar


def read_by(read: Callable[[str], object], example: str) -> BeforeValidator:
    def value(given: object) -> object:
        if not isinstance(given, str):
            raise ValueError(f"write it as a string, like {example}")
        try:
            return read(given)
        except BudgetError as error:
            raise ValueError(str(error)) from None

    return BeforeValidator(value)


# A JSON number is refused: many a program on the way has made a float of it, and 0.1 would be another amount.
Amount = Annotated[
    Decimal,
    read_by(read_amount, '"12.50"'),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,2})?$", "examples": ["12.50"]}),
    Field(description='In the user\'s currency, as a string like "12.50", never as a number.'),
]
Day = Annotated[
    date,
    read_by(lambda text: read_day(text, today()), '"2026-01-31"'),
    WithJsonSchema({"type": "string", "examples": ["2026-01-31"]}),
    Field(description="An ISO date; also today or yesterday."),
]
AnyDay = Annotated[Day | None, Field(description="An ISO date; also today or yesterday. Left out: no limit.")]
Month = Annotated[
    Period,
    read_by(read_month, '"2026-01"'),
    WithJsonSchema({"type": "string", "examples": ["2026-01"]}),
    Field(description="A month as YYYY-MM."),
]
ThisMonth = Annotated[Month | None, Field(description="A month as YYYY-MM. Left out: this month.")]
CategoryName = Annotated[
    str, Field(max_length=LONGEST_NAME, description="A category as list_categories names it; capitals do not count.")
]
NewName = Annotated[str, Field(max_length=LONGEST_NAME, description="A short word on one line.")]
# "" and not null: the SDK takes the text null for the value null, and a search for it would find everything.
AnyCategory = Annotated[str, Field(max_length=LONGEST_NAME, description="Only this category; left out: all of them.")]
SearchText = Annotated[
    str,
    Field(max_length=LONGEST_NAME, description="Only descriptions that hold these letters; left out: all of them."),
]
Description = Annotated[
    str, Field(max_length=LONGEST_DESCRIPTION, description="What was bought and where, in the user's words.")
]
Account = Annotated[str, Field(max_length=LONGEST_NAME, description="The account or card that paid, if it was said.")]
RequestKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_KEY,
        pattern="^[!-~]+$",
        description="A new and unique name for each thing to book, such as a UUID. Repeat a call whose answer did not"
        " arrive with the same key: it counts once. Two equal expenses need two keys.",
    ),
]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="The most expenses to return.")]
Cursor = Annotated[
    str, Field(max_length=40, description="next_cursor of the page before, with all other arguments as they were.")
]
