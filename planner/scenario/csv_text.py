"""CSV bytes -> header and rows of text, each row with the line on which it starts.

Every cell stays text: a technique may be called `NA`, `null` or `007`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from planner.scenario.notes import Notes, Place, fold, shown
from planner.scenario.plain_text import FORMULA_MARKS, decode, unguard

LARGEST_CSV = 64 * 2**20
LONGEST_FIELD = 10_000


@dataclass
class CsvText:
    """`rows` are (line, cells), every row as wide as the header. Not `complete` where a row had
    to be left out after a finding."""

    header: tuple[str, ...]
    header_line: int
    rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    complete: bool = True


def read_csv(data: bytes, file: str, notes: Notes) -> CsvText | None:
    """The table in the bytes, or None where findings leave nothing to go on with."""
    text = decode(data, file, LARGEST_CSV, notes)
    if text is None:
        return None
    table: CsvText | None = None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for line, cells in _lines(reader):
            if table is None:
                header = tuple(map(cell_text, cells))
                places = [Place(file, line)] * len(header)
                apart = _is_separated(header, places[0], notes)
                if not apart or not is_sound(header, places, notes):
                    return None
                table = CsvText(header, line)
            else:
                _take(table, line, cells, file, notes)
            start = reader.line_num + 1
    except csv.Error as error:
        _explain(str(error), Place(file, start), notes)
        if table is not None:
            table.complete = False
        return table
    if table is None or not (table.rows or not table.complete):
        notes.add(
            Place(file), "The table has a header but no rows.", "Add a row, or remove the file."
        )
        return None
    return table


def _lines(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank lines, each with its first line."""
    start = 1
    for cells in reader:
        if cells:
            yield start, cells
        start = reader.line_num + 1  # type: ignore[attr-defined]


def _is_separated(header: tuple[str, ...], place: Place, notes: Notes) -> bool:
    """Whether commas separate the columns; a finding where something else does."""
    if len(header) == 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if mark in header[0]:
                notes.add(
                    place,
                    f"The columns are separated by {name}.",
                    "Save the table with commas between the columns and points in numbers.",
                )
                return False
    return True


def is_sound(header: Sequence[str], places: Sequence[Place], notes: Notes) -> bool:
    """Whether every heading stands once and is of a length to read; findings where not."""
    first: dict[str, str] = {}
    sound = True
    for name, place in zip(header, places, strict=True):
        before = first.get(fold(name))
        if before is None:
            first[fold(name)] = name
        else:
            sound = False
            both = f"{shown(before)} and {shown(name)}" if before != name else shown(name)
            notes.add(
                place._replace(column=shown(name)),
                f"The header names a column twice: {both or 'blank'}.",
                "Keep one of the two, or rename it.",
            )
        if len(name) > LONGEST_FIELD:
            sound = False
            too_long(place, notes)
    return sound


def _take(table: CsvText, line: int, cells: list[str], file: str, notes: Notes) -> None:
    """Add a row to the table, or a finding."""
    width = len(table.header)
    if len(cells) != width:
        table.complete = False
        few = len(cells) < width
        notes.add(
            Place(file, line),
            f"The row has {len(cells)} fields, the header has {width}.",
            "Add the missing field (a blank one where it may be blank)."
            if few
            else "Put a cell that holds a comma in double quotes, or remove the extra field.",
        )
    elif max(map(len, cells)) > LONGEST_FIELD:
        table.complete = False
        too_long(Place(file, line), notes)
    elif not any(map(str.strip, cells)):
        notes.warn(Place(file, line), "The row is blank; it was skipped.", "Remove it.")
    else:
        table.rows.append((line, tuple(map(cell_text, cells))))


def too_long(place: Place, notes: Notes) -> None:
    """A finding about a cell of more characters than are read."""
    notes.add(
        place,
        f"A field has more than {LONGEST_FIELD:,} characters.",
        "Shorten it, or close a quote.",
    )


def _explain(error: str, place: Place, notes: Notes) -> None:
    if "field larger" in error:
        too_long(place, notes)
    elif "unexpected end" in error:
        notes.add(place, "A double quote is never closed.", "Close it where the cell ends.")
    else:
        notes.add(
            place,
            "A double quote stands inside a quoted cell, or is never closed.",
            "Close the quote where the cell ends; write a quote inside a cell twice.",
        )


def cell_text(cell: str, marks: str = FORMULA_MARKS) -> str:
    """The text that a cell stands for: without outer blanks, the apostrophe that keeps it from
    being a formula, and other systems' line ends."""
    return unguard(cell.strip().replace("\r\n", "\n").replace("\r", "\n"), marks)
