"""Tables, inline in the YAML or in a CSV file -> uniform rows of text with their places."""

from __future__ import annotations

from planner.scenario.csv_text import LONGEST_FIELD
from planner.scenario.fields import Context, flat
from planner.scenario.notes import Place, shown
from planner.scenario.table import Row, Table
from planner.scenario.yaml_text import Entries, Items, Node, Scalar

__all__ = ["Row", "Table", "load", "load_file", "matrix"]


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
    """The table in a CSV file of the scenario's folder, or in a sheet of its workbook."""
    return context.folder.table(key, name, place, context.notes)


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
