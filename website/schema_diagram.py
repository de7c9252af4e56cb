"""The tables of the budget application, drawn from its models: columns, types, what is unique, what refers to what.

One table stands below the other, so that a phone shows it as well as a wide screen. Each table that others refer to
has a line of its own beside the tables; whatever refers to it joins that line, with every column of the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from sqlalchemy import Column, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.types import TypeDecorator

from budget import models
from database import Base

WIDTH, MARGIN, LANE = 460, 44, 14  # pixels: of the drawing, beside the tables, between two lines
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
ROW, HEAD, GAP = 20, 30, 26


@dataclass(frozen=True)
class Place:
    """A table, and how far down it begins."""

    table: Table
    top: int

    @property
    def bottom(self) -> int:
        return self.top + HEAD + ROW * (len(self.table.columns) + len(unique_groups(self.table))) + 8

    def row(self, column: Column[object]) -> int:
        """The middle of the column's row."""
        return self.top + HEAD + ROW * list(self.table.columns).index(column) + ROW // 2 + 2


def draw() -> str:
    places = place(tables())
    height = max(one.bottom for one in places.values()) + 2
    return "\n".join(
        [
            f'<svg class="schema" viewBox="0 0 {WIDTH} {height}" role="img" '
            'aria-labelledby="schema-title schema-desc">',
            '<title id="schema-title">The tables of the budget application</title>',
            f'<desc id="schema-desc">{escape(" ".join(map(described, places)))}</desc>',
            *(part for one in places.values() for part in table_parts(one)),
            *reference_parts([key for table in places for key in foreign_keys(table)], places),
            "</svg>\n",
        ]
    )


def tables() -> list[Table]:
    """Those of the application, in the order of its models."""
    ours = {mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__ == models.__name__}
    return [table for table in Base.metadata.tables.values() if table in ours]


def place(tables: list[Table]) -> dict[Table, Place]:
    places: dict[Table, Place] = {}
    top = 2
    for table in tables:
        places[table] = Place(table, top)
        top = places[table].bottom + GAP
    return places


def table_parts(place: Place) -> Iterator[str]:
    table, width = place.table, RIGHT - LEFT
    yield f'<rect class="box" x="{LEFT}" y="{place.top}" width="{width}" height="{place.bottom - place.top}" rx="6"/>'
    yield f'<path class="divider" d="M{LEFT} {place.top + HEAD - 3}H{RIGHT}"/>'
    yield text("name", LEFT + 12, place.top + 19, table.name)
    for column in table.columns:
        baseline = place.row(column) + 4
        yield text("code key" if column.primary_key else "code", LEFT + 12, baseline, column.name)
        yield text("quiet end", RIGHT - 12, baseline, about(column))
    for number, names in enumerate(unique_groups(table), len(table.columns)):
        yield text("quiet", LEFT + 12, place.top + HEAD + ROW * number + 16, f"unique: {', '.join(names)}")


def text(style: str, x: int, y: int, words: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(words)}</text>'


def about(column: Column[object]) -> str:
    own = isinstance(column.type, TypeDecorator)
    kind = type(column.type).__name__ if own else str(column.type).lower()
    notes = {"primary key": column.primary_key, "unique": column.unique, "or NULL": column.nullable}
    return ", ".join([kind, *(note for note, holds in notes.items() if holds)])


def unique_groups(table: Table) -> list[list[str]]:
    """The columns that are unique together; a single one says so itself."""
    found = [constraint.columns.keys() for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    return sorted(names for names in found if len(names) > 1)


def foreign_keys(table: Table) -> list[ForeignKeyConstraint]:
    return sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys))


def reference_parts(references: list[ForeignKeyConstraint], places: dict[Table, Place]) -> Iterator[str]:
    """The first table that is referred to has its line on the left, the second on the right, and so on outwards."""
    for number, target in enumerate(dict.fromkeys(key.referred_table for key in references)):
        edge, outwards = ((LEFT, -1), (RIGHT, 1))[number % 2]
        lane = edge + outwards * (18 + LANE * (number // 2))
        arrival, farthest = places[target].top + HEAD // 2, 0
        for key in references:
            if key.referred_table is target:
                rows = [places[key.table].row(column) for column in key.columns]
                farthest = max(farthest, *rows)
                stubs = "".join(f"M{edge} {row}H{lane}" for row in rows)
                names = f'data-from="{key.table.name}" data-by="{" ".join(key.column_keys)}" data-to="{target.name}"'
                yield f'<path class="reference" {names} d="{stubs}"/>'
        yield f'<path class="reference" d="M{lane} {farthest}V{arrival}H{edge + 7 * outwards}"/>'
        yield f'<path class="head" d="M{edge} {arrival}l{9 * outwards} -5v10z"/>'


def described(table: Table) -> str:
    links = [f"{' and '.join(key.column_keys)} to {key.referred_table.name}" for key in foreign_keys(table)]
    columns = ", ".join(column.name for column in table.columns)
    return f"{table.name}: {columns}" + (f"; refers by {', by '.join(links)}." if links else ".")
