"""The settings and small sheets of a workbook -> the tree that a `scenario.yaml` would be."""

from __future__ import annotations

from planner.errors import BadInput
from planner.scenario.notes import CellRow, Notes, Place, nearest, shown
from planner.scenario.table import Row, Table
from planner.scenario.workbook import Book
from planner.scenario.workbook_bytes import check_bytes
from planner.scenario.workbook_cells import Damaged, Sheets
from planner.scenario.yaml_text import Entries, Items, Node, Scalar

#: The sheet of single values.
SETTINGS = "scenario"
#: Sheets that are tables in a folder too.
TABLES = ("techniques", "modes", "vulnerability", "worlds", "failure", "levels", "sources")
#: Sheets of what a folder writes in its scenario.yaml; `correlation` is the matrix of `joint`.
SMALL = ("scale", "groups", "rules", "what_if", "experts", "correlation")
SHEETS = (SETTINGS, *TABLES, *SMALL)

#: Rules that name techniques one by one, a row each.
_ONE_EACH = ("fund", "exclude", "committed")
_RULES = (*_ONE_EACH, "requires", "at_most", "limit")
_RULE_COLUMNS = ("technique", "of", "attribute", "at least", "at most")
#: Columns of each rule: those that it needs, and those that it may have.
_RULE_CELLS = {
    "fund": (("technique",), ()),
    "exclude": (("technique",), ()),
    "committed": (("technique",), ()),
    "requires": (("technique", "of"), ()),
    "at_most": (("of", "at most"), ()),
    "limit": (("attribute",), ("of", "at least", "at most")),
}
#: An empty list of names, where a blank cell would mean all.
EMPTY_LIST = "[]"

_Pairs = list[tuple[Scalar, Node]]


def open_workbook(data: bytes, file: str, notes: Notes) -> tuple[Entries, Book]:
    """The tree of the scenario's main file, and the book that holds its tables.

    Raises BadInput where nothing can be read at all, and MissingExtra without openpyxl.
    """
    if not check_bytes(data, file, notes):
        notes.stop_if_any()
    try:
        book = Book(Sheets(data, file), notes)
    except Damaged:
        notes.add(
            Place(file),
            "The workbook is damaged: a part of it cannot be read.",
            "Open it in a spreadsheet program, and save it again as .xlsx.",
        )
        raise BadInput.of(notes.findings) from None
    if book.sheet(SETTINGS) is None:
        close = nearest(SETTINGS, list(book.titles.values()))
        notes.add(
            Place(file),
            f"The workbook has no sheet {SETTINGS}.",
            f"Rename the sheet {shown(close)} to {SETTINGS}."
            if close
            else "Add it, with the columns setting and value; `planner new` shows how.",
        )
        notes.stop_if_any()
    tree = _tree(book, notes)
    return tree, book


def _tree(book: Book, notes: Notes) -> Entries:
    entries = _settings(book, notes)
    explicit = book.has_rows("worlds") or book.has_rows("failure")
    needed = ("techniques",) if explicit else ("techniques", "modes", "vulnerability")
    for name in TABLES:
        if book.has_rows(name) or (name in needed and book.sheet(name) is not None):
            entries.append((_scalar(name, 1, name), _scalar(f"{name}.csv", 1, name)))
    for key, head, value in (("scale", "symbol", "value"), ("groups", "group", "loading")):
        table = _small(book, key, (head, value), notes)
        if table is not None:
            entries.append((_word(table, key), _mapping(table, head, value, notes)))
    entries += _rules(book, notes)
    entries += _what_if(book, notes)
    table = _small(book, "experts", ("expert", "sheet"), notes, ("weight",))
    if table is not None:
        entries.append((_word(table, "experts"), _experts(table, notes)))
    if book.has_rows("correlation"):
        entries += _correlation(book, entries, notes)
    return Entries(tuple(entries), CellRow(1, SETTINGS, "A"))


def _scalar(text: str, row: int, sheet: str, letters: str = "A") -> Scalar:
    return Scalar(text, True, CellRow(row, sheet, letters))


def _word(table: Table, text: str) -> Scalar:
    """A key that stands for the sheet as a whole."""
    return Scalar(text, True, table.header_lines[0])


def _cell(table: Table, row: Row, column: str, text: str | None = None) -> Scalar:
    """The text of a cell (or another one) at the cell's place."""
    place = table.place(row, column).row or row.line
    return Scalar(table.text(row, column) if text is None else text, True, place)


def _small(
    book: Book,
    name: str,
    columns: tuple[str, ...],
    notes: Notes,
    optional: tuple[str, ...] = (),
) -> Table | None:
    """A sheet with those columns and a remark; None where it has no rows, or after a finding."""
    if not book.has_rows(name):
        return None
    table = book.table(name, f"{name}.csv", Place(book.file), notes)
    if table is not None:
        table.shape(notes, columns, ("note", *optional))
    return table if table is not None and table.has(*columns) else None


def _settings(book: Book, notes: Notes) -> _Pairs:
    table = book.table(SETTINGS, SETTINGS, Place(book.file), notes)
    if table is None:
        return []
    table.shape(notes, ("setting", "value"), ("note",))
    if not table.has("setting", "value"):
        return []
    found: _Pairs = []
    for key, node in _pairs(table, "setting", "value", notes):
        if key.text in (*TABLES, *SMALL, "committed"):
            sheet = "rules" if key.text == "committed" else key.text
            notes.add(
                Place(book.file, key.line, key.text),
                f"{key.text} is no setting: it has a sheet of its own.",
                f"Write it in the sheet {sheet}, and remove this row.",
            )
        elif not node.blank and key.text == "joint" and node.text != "independent":
            modes = Scalar("modes", True, key.line)
            found.append((key, Entries(((modes, node),), key.line)))
        elif not node.blank:
            found.append((key, node))
    return found


def _pairs(table: Table, head: str, value: str, notes: Notes) -> list[tuple[Scalar, Scalar]]:
    """Key and value of each row, both at the value's cell; a key that stands twice is a finding."""
    found: dict[str, tuple[Scalar, Scalar]] = {}
    for row in table.rows:
        key, node = _cell(table, row, head), _cell(table, row, value)
        if key.blank:
            notes.add(table.place(row, head), f"{head} is blank.", "Fill it in, or clear the row.")
        elif key.text in found:
            first = found[key.text][0].line
            notes.add(
                table.place(row, head),
                f"{shown(key.text)} is given twice, on lines {first} and {row.line}.",
                "Keep one of the two.",
            )
        else:
            found[key.text] = (Scalar(key.text, True, node.line), node)
    return list(found.values())


def _mapping(table: Table, head: str, value: str, notes: Notes) -> Entries:
    return Entries(tuple(_pairs(table, head, value, notes)), table.header_lines[0])


def _experts(table: Table, notes: Notes) -> Entries:
    """`{anna: {table: SHEET, weight: 2}}`"""
    entries: _Pairs = []
    rows = {row.line: row for row in table.rows}
    for key, node in _pairs(table, "expert", "sheet", notes):
        inner: _Pairs = [
            (
                Scalar("table", True, node.line),
                Scalar(f"{node.text}.csv" if node.text else "", True, node.line),
            )
        ]
        row = rows[node.line]
        if table.text(row, "weight"):
            weight = _cell(table, row, "weight")
            inner.append((Scalar("weight", True, weight.line), weight))
        entries.append((key, Entries(tuple(inner), node.line)))
    return Entries(tuple(entries), table.header_lines[0])


def _correlation(book: Book, entries: _Pairs, notes: Notes) -> _Pairs:
    """`joint: {modes: correlation.csv}`"""
    grid = book.sheet("correlation")
    assert grid is not None
    for key, _ in entries:
        if key.text == "joint":
            notes.add(
                Place(book.file, key.line, "joint"),
                "joint is given twice: here and in the sheet correlation.",
                "Clear the cell, or the sheet.",
            )
            return []
    key = _scalar("joint", 1, grid.sheet)
    modes = _scalar("modes", 1, grid.sheet)
    name = _scalar("correlation.csv", 1, grid.sheet)
    return [(key, Entries(((modes, name),), key.line))]


def _what_if(book: Book, notes: Notes) -> _Pairs:
    """Named changes: a row for each path, the name on each."""
    table = _small(book, "what_if", ("name", "path", "value"), notes)
    if table is None:
        return []
    found: dict[str, _Pairs] = {}
    for row in table.rows:
        name, path, value = (_cell(table, row, c) for c in ("name", "path", "value"))
        if name.blank:
            notes.add(table.place(row, "name"), "name is blank.", "Name the change.")
            continue
        changes = found.setdefault(name.text, [])
        if path.blank and value.blank:
            continue
        if any(path.text == known.text for known, _ in changes):
            notes.add(
                table.place(row, "path"),
                f"{shown(path.text)} is changed twice under {shown(name.text)}.",
                "Keep one of the two.",
            )
        else:
            changes.append((Scalar(path.text, True, value.line), value))
    line = table.header_lines[0]
    entries = tuple(
        (Scalar(name, True, changes[0][0].line if changes else line), Entries(tuple(changes), line))
        for name, changes in found.items()
    )
    return [(_word(table, "what_if"), Entries(entries, line))]


def _rules(book: Book, notes: Notes) -> _Pairs:
    """The sheet `rules`: a row a rule, and a row for each technique that others pay for."""
    if not book.has_rows("rules"):
        return []
    table = book.table("rules", "rules.csv", Place(book.file), notes)
    if table is None:
        return []
    table.shape(notes, ("rule",), (*_RULE_COLUMNS, "note"))
    if not table.has("rule"):
        return []
    rows: dict[str, list[Row]] = {name: [] for name in _RULES}
    for row in table.rows:
        name = table.text(row, "rule").replace(" ", "_").lower().replace("limits", "limit")
        if name not in rows:
            notes.unknown(table.place(row, "rule"), "rule", table.text(row, "rule"), _RULES)
        elif _has_its_cells(table, row, name, notes):
            rows[name].append(row)
    entries: _Pairs = [
        (_word(table, name), _names(table, rows[name]))
        for name in ("fund", "exclude")
        if rows[name]
    ]
    if rows["requires"]:
        entries.append((_word(table, "requires"), _requires(table, rows["requires"], notes)))
    for name, key in (("at_most", "at_most"), ("limit", "limits")):
        items = tuple(_entry(table, row, name) for row in rows[name])
        if items:
            entries.append((_word(table, key), Items(items, items[0].line)))
    line = table.header_lines[0]
    found: _Pairs = [(_word(table, "rules"), Entries(tuple(entries), line))] if entries else []
    if rows["committed"]:
        found.append((_word(table, "committed"), _names(table, rows["committed"])))
    return found


def _has_its_cells(table: Table, row: Row, name: str, notes: Notes) -> bool:
    """Whether the row fills what its rule needs, and nothing that the rule does not know."""
    needed, possible = _RULE_CELLS[name]
    sound = True
    for column in _RULE_COLUMNS:
        filled = bool(table.text(row, column))
        if column in needed and not filled:
            sound = False
            where = column if column in table.columns else "rule"
            notes.add(
                table.place(row, where), f"The rule {name} needs {column}.", f"Fill in {column}."
            )
        elif filled and column not in (*needed, *possible):
            sound = False
            notes.add(
                table.place(row, column),
                f"{column} does not apply to the rule {name}.",
                f"Clear the cell; {name} takes {' and '.join((*needed, *possible))}.",
            )
    return sound


def _names(table: Table, rows: list[Row]) -> Items:
    cells = tuple(_cell(table, row, "technique") for row in rows)
    return Items(cells, cells[0].line)


def _requires(table: Table, rows: list[Row], notes: Notes) -> Entries:
    found: dict[str, tuple[Scalar, Node]] = {}
    for row in rows:
        key = _cell(table, row, "technique")
        if key.text in found:
            notes.add(
                table.place(row, "technique"),
                f"{shown(key.text)} has two rows that say what it requires.",
                "Join the two lists.",
            )
        else:
            found[key.text] = (key, _list(table, row))
    return Entries(tuple(found.values()), table.header_lines[0])


def _list(table: Table, row: Row) -> Items:
    """The names in `of`, with commas or semicolons between them."""
    cell = _cell(table, row, "of")
    text = "" if cell.text == EMPTY_LIST else cell.text
    parts = [part.strip() for part in text.replace(";", ",").split(",")]
    names = tuple(Scalar(part, True, cell.line) for part in parts if part)
    return Items(names, cell.line)


def _entry(table: Table, row: Row, name: str) -> Entries:
    """One entry of `at_most` or `limits`."""
    pairs: _Pairs = []
    columns = {"of": "of", "at most": "count"}
    if name == "limit":
        columns = {
            "attribute": "attribute",
            "of": "of",
            "at least": "at_least",
            "at most": "at_most",
        }
    for column, key in columns.items():
        if table.text(row, column):
            cell = _cell(table, row, column)
            node: Node = _list(table, row) if column == "of" else cell
            pairs.append((Scalar(key, True, cell.line), node))
    return Entries(tuple(pairs), table.place(row, "rule").row or row.line)
