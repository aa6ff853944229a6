"""A table as text: a header and rows, each cell with its place; columns by name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from planner.scenario.notes import Notes, Place, fold, nearest, shown
from planner.scenario.numbers import NotAValue, Use, parse_value
from planner.scenario.values import Value


class Row(NamedTuple):
    """The cells of one row; `lines` holds a line for each where they stand on several."""

    line: int
    cells: tuple[str, ...]
    lines: tuple[int, ...] | None = None


@dataclass
class Table:
    """`columns` maps the name of a known column to its index; `prefix` leads the column of a
    finding (`techniques.` where the table stands inline)."""

    name: str
    file: str
    prefix: str
    header: tuple[str, ...]
    header_lines: tuple[int, ...]
    rows: list[Row]
    complete: bool = True
    columns: dict[str, int] = field(default_factory=dict)

    def place(self, row: Row, column: str | int | None = None) -> Place:
        """Where a cell stands; the column by name or by index."""
        index = column if isinstance(column, int) else self.columns.get(column or "")
        name = self.header[index] if index is not None else column
        line = row.line if row.lines is None or index is None else row.lines[index]
        return Place(self.file, line, None if name is None else f"{self.prefix}{shown(str(name))}")

    def heading(self, index: int) -> Place:
        """Where a column's heading stands."""
        name = shown(self.header[index])
        return Place(self.file, self.header_lines[index], f"{self.prefix}{name}")

    def text(self, row: Row, column: str) -> str:
        """The cell's text, blank where there is no such column."""
        index = self.columns.get(column)
        return "" if index is None else row.cells[index]

    def value(
        self,
        notes: Notes,
        row: Row,
        column: str | int,
        use: Use,
        default: Value | None,
        more: str = "",
    ) -> Value | None:
        """The cell's value. A blank cell means the default, and is a finding without one; `more`
        is added to the cure of a finding."""
        text = row.cells[column] if isinstance(column, int) else self.text(row, column)
        if not text and default is not None:
            return default
        try:
            return parse_value(text, use)
        except NotAValue as error:
            place = self.place(row, column)
            label = self.header[column] if isinstance(column, int) else column
            notes.add(place, f"{shown(label)} {error.message}", f"{error.cure} {more}".strip())
            return default

    def shape(
        self,
        notes: Notes,
        required: Collection[str],
        optional: Collection[str],
        attributes: bool = False,
    ) -> list[tuple[str, int]]:
        """Fill `columns`; return the other columns where they are attributes, else findings."""
        known = {_key(name): name for name in (*required, *optional)}
        others: list[tuple[str, int]] = []
        for index, heading in enumerate(self.header):
            name = known.get(_key(heading))
            if name is not None and name not in self.columns:
                self.columns[name] = index
                continue
            if name is not None:
                first = shown(self.header[self.columns[name]])
                message = f"{shown(heading)} and {first} name the same column."
                notes.add(self.heading(index), message, "Keep one of the two.")
                continue
            if not heading:
                if any(row.cells[index] for row in self.rows):
                    where = Place(self.file, self.header_lines[index])
                    notes.add(where, f"Column {index + 1} has no heading.", "Give it one.")
                continue
            close = nearest(heading, known.values(), 0.8 if attributes else 0.6)
            if attributes and close is None:
                others.append((heading, index))
            else:
                rest = "" if attributes else f" of {self.name}"
                cure = (
                    f"Did you mean {close}?"
                    if close
                    else f"Write one of: {', '.join(known.values())}."
                )
                notes.add(
                    self.heading(index), f"{shown(heading)} is not a known column{rest}.", cure
                )
        for name in required:
            if name not in self.columns:
                line = self.header_lines[0] if self.header_lines else None
                notes.add(
                    Place(self.file, line, self.prefix + name),
                    f"The table {self.name} has no column {name}.",
                    f"Add a column with the heading {name}.",
                )
        return others

    def has(self, *columns: str) -> bool:
        return all(column in self.columns for column in columns)


def _key(heading: str) -> str:
    return fold(heading).replace("_", "").replace("-", "")
