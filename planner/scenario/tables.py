"""Tables, inline in the YAML or in a CSV file -> uniform rows of text with their places."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from planner.scenario.csv_text import LARGEST_CSV, LONGEST_FIELD, read_csv
from planner.scenario.fields import Context, flat
from planner.scenario.notes import Notes, Place, fold, nearest, shown
from planner.scenario.numbers import NotAValue, Use, parse_value
from planner.scenario.values import Value
from planner.scenario.yaml_text import Entries, Items, Node, Scalar


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
        self, notes: Notes, row: Row, column: str | int, use: Use, default: Value | None
    ) -> Value | None:
        """The cell's value. A blank cell means the default, and is a finding without one."""
        text = row.cells[column] if isinstance(column, int) else self.text(row, column)
        if not text and default is not None:
            return default
        try:
            return parse_value(text, use)
        except NotAValue as error:
            place = self.place(row, column)
            label = self.header[column] if isinstance(column, int) else column
            notes.add(place, f"{shown(label)} {error.message}", error.cure)
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


def load(context: Context, key: str, mapping: bool = False) -> Table | None:
    """The table under a key: a file name, a list of mappings, or (where `mapping` allows it) a
    mapping row -> {column: value}. None where it is not there, or after a finding."""
    node = context.top.node(key)
    if node is None:
        return None
    if isinstance(node, Scalar):
        place = context.top.place(key)._replace(row=node.line)
        return load_file(context, key, node.text.strip(), place)
    if isinstance(node, Items):
        return _inline(context, key, node)
    if mapping:
        return matrix(context, key, node)
    context.top.add(key, "should hold a list of rows.", "Write - {id: a, ...}, or a file name.")
    return None


def load_file(context: Context, key: str, name: str, place: Place) -> Table | None:
    """The table in a CSV file of the scenario's folder."""
    notes = context.notes
    if not name.lower().endswith(".csv"):
        notes.add(
            place,
            f"{shown(name)} is not the name of a CSV file.",
            "Save the table as CSV and name that file, or write the table here.",
        )
        return None
    data = context.folder.read(name, place, LARGEST_CSV, notes)
    found = None if data is None else read_csv(data, name, notes)
    if found is None:
        return None
    rows = [Row(line, cells) for line, cells in found.rows]
    lines = (found.header_line,) * len(found.header)
    return Table(key, name, "", found.header, lines, rows, found.complete)


def _inline(context: Context, key: str, node: Items) -> Table | None:
    """A list of mappings: the header is every key, in the order of first use."""
    header: dict[str, int] = {}
    complete = True
    mappings: list[Entries] = []
    for item in node.items:
        if isinstance(item, Entries):
            mappings.append(item)
            for name, _ in item.entries:
                header.setdefault(name.text.strip(), name.line)
        else:
            complete = False
            context.notes.add(
                Place(context.file, item.line, key),
                f"A row of {key} is not a mapping.",
                "Write each row as {id: a, cost: 1}, or name a CSV file.",
            )
    if not mappings:
        if complete:
            _empty(context, key, node.line)
        return None
    rows = []
    for item in mappings:
        inner = {name.text.strip(): (name.line, cell) for name, cell in item.entries}
        cells = tuple(
            _cell(context, key, name, inner[name][1], inner[name][0]) if name in inner else ""
            for name in header
        )
        lines = tuple(inner[name][0] if name in inner else item.line for name in header)
        rows.append(Row(item.line, cells, lines))
    return Table(
        key, context.file, f"{key}.", tuple(header), tuple(header.values()), rows, complete
    )


def matrix(context: Context, key: str, node: Entries) -> Table | None:
    """A mapping of mappings: row -> {column: value}, as a table whose first column is the row."""
    header: dict[str, int] = {"technique": node.line}
    complete = True
    mappings: list[tuple[Scalar, Entries]] = []
    for name, item in node.entries:
        if isinstance(item, Entries):
            mappings.append((name, item))
            for head, _ in item.entries:
                header.setdefault(head.text.strip(), head.line)
        else:
            complete = False
            context.notes.add(
                Place(context.file, name.line, f"{key}.{shown(name.text)}"),
                f"The row {shown(name.text)} of {key} is not a mapping.",
                f"Write {shown(name.text)}: {{column: value}}.",
            )
    if not mappings:
        if complete:
            _empty(context, key, node.line)
        return None
    rows = []
    for name, item in mappings:
        inner = {head.text.strip(): (head.line, node) for head, node in item.entries}
        cells, lines = [name.text.strip()], [name.line]
        for column in list(header)[1:]:
            line, text = name.line, ""
            if column in inner:
                line, cell = inner[column]
                text = _cell(context, key, f"{name.text}.{column}", cell, line)
            cells.append(text)
            lines.append(line)
        rows.append(Row(name.line, tuple(cells), tuple(lines)))
    return Table(
        key, context.file, f"{key}.", tuple(header), tuple(header.values()), rows, complete
    )


def _cell(context: Context, key: str, name: str, node: Node, line: int) -> str:
    """The text of one inline cell; a list of names joins as a cell of a CSV table would."""
    # An id may be called null: only the columns that hold ids keep the word.
    keeps_null = name in ("id", "technique", "world", "level", "table", "row", "column")
    text = node.text if keeps_null and isinstance(node, Scalar) else flat(node)
    if text is None and name == "groups" and isinstance(node, Items):
        parts = [item.text for item in node.items if isinstance(item, Scalar)]
        text = ";".join(parts) if len(parts) == len(node.items) else None
    place = Place(context.file, line, f"{key}.{shown(name)}")
    if text is None:
        context.notes.add(
            place, f"{shown(name)} holds a list or a mapping.", "Write a single value."
        )
        return ""
    if len(text) > LONGEST_FIELD:
        context.notes.add(
            place, f"{shown(name)} has more than {LONGEST_FIELD:,} characters.", "Shorten it."
        )
        return ""
    return text.strip()


def _empty(context: Context, key: str, line: int) -> None:
    context.notes.add(
        Place(context.file, line, key), f"The table {key} is empty.", "Add a row, or a file name."
    )
