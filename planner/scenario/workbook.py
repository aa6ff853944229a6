"""An .xlsx workbook as what holds the tables of a scenario: a sheet a table.

The tables are those that CSV files would give, checked by the same readers. Every line number in
them is a `CellRow`, so that a finding names the sheet and the cell.
"""

from __future__ import annotations

from collections.abc import Collection

from planner.scenario.csv_text import is_sound
from planner.scenario.notes import Notes, Place, nearest, shown
from planner.scenario.table import Row, Table
from planner.scenario.workbook_cells import Damaged, Grid, Sheets, sheet_key

#: Sheets for people, which nobody expects to be read.
_FOR_PEOPLE = ("howto", "notes", "readme", "about", "lists", "remarks")
#: Columns of words: a number written there as text is what it should be.
WORDS = frozenset(
    {
        *("id", "name", "technique", "mode", "world", "level", "group", "symbol", "expert"),
        *("sheet", "source", "quote", "note", "confidence", "date", "row", "column", "table"),
        *("judgedby", "setting", "rule", "of", "attribute", "path", "groups"),
    }
)


class Book:
    """The sheets of one workbook; `x.csv` names the sheet `x`, however that is spelled."""

    def __init__(self, sheets: Sheets, notes: Notes) -> None:
        self.file = sheets.file
        self._sheets = sheets
        self._notes = notes
        self._grids: dict[str, Grid] = {}
        self._used: set[str] = set()
        self.titles: dict[str, str] = {}
        for title in sheets.titles:
            other = self.titles.setdefault(sheet_key(title), title)
            if other != title:
                notes.add(
                    Place(self.file, None, title),
                    f"The sheets {shown(other)} and {shown(title)} have the same name.",
                    "Rename one of the two.",
                )

    def sheet(self, name: str) -> Grid | None:
        """The sheet of that name, None where there is none."""
        title = self.titles.get(sheet_key(name.removesuffix(".csv")))
        if title is None:
            return None
        if title not in self._grids:
            self._used.add(title)
            try:
                self._grids[title] = self._sheets.grid(title, self._notes)
            except Damaged:
                self._notes.add(
                    Place(self.file, None, title), "The sheet is damaged.", "Save it again."
                )
                self._grids[title] = Grid(title, broken={1})
        return self._grids[title]

    def has_rows(self, name: str) -> bool:
        """Whether the sheet is there and holds more than a header."""
        grid = self.sheet(name)
        return grid is not None and (len(grid.rows) > 1 or bool(grid.broken))

    def find(self, name: str, place: Place, notes: Notes) -> Grid | None:
        """The sheet of that name; None after a finding."""
        grid = self.sheet(name)
        if grid is None:
            word = name.removesuffix(".csv")
            notes.add(
                place,
                f"There is no sheet {shown(word)} in the workbook.",
                notes.suggest(word, list(self.titles.values())),
            )
        return grid

    def table(self, key: str, name: str, place: Place, notes: Notes) -> Table | None:
        """The table in a sheet, its header the first row that is not blank; None after a
        finding."""
        grid = self.find(name, place, notes)
        if grid is None:
            return None
        if not grid.rows:
            if not grid.broken:
                where = Place(self.file, grid.cell(1, 1))
                notes.add(where, f"The sheet {shown(grid.sheet)} is empty.", "Fill it in.")
            return None
        first, heads = grid.rows[0]
        columns = sorted({column for _, cells in grid.rows for column in cells})
        header = tuple(heads.get(column, "") for column in columns)
        lines = tuple(grid.cell(first, column) for column in columns)
        named = [k for k, head in enumerate(header) if head]
        places = [Place(self.file, lines[k]) for k in named]
        if not is_sound([header[k] for k in named], places, notes):
            return None
        rows = [
            Row(
                grid.cell(number, 1),
                tuple(cells.get(column, "") for column in columns),
                tuple(grid.cell(number, column) for column in columns),
            )
            for number, cells in grid.rows[1:]
            if number not in grid.broken
        ]
        if not rows and not grid.broken:
            notes.add(
                Place(self.file, lines[0]),
                f"The sheet {shown(grid.sheet)} has a header but no rows.",
                "Add a row below the header.",
            )
            return None
        self._warn(grid, first, heads)
        return Table(key, self.file, f"{grid.sheet}.", header, lines, rows, not grid.broken)

    def _warn(self, grid: Grid, first: int, heads: dict[int, str]) -> None:
        """What was hidden, and what was read as something else: a warning each for a sheet."""
        if grid.hidden:
            self._notes.warn(
                Place(self.file, None, grid.sheet),
                f"Hidden here: {'; '.join(grid.hidden)}. It was read.",
                "Show it, or delete it if it is not meant.",
            )
        texts = [
            (row, column)
            for row, column in grid.numeric_text
            if row != first and sheet_key(heads.get(column, "")) not in WORDS
        ]
        if texts:
            self._notes.warn(
                Place(self.file, grid.cell(*texts[0])),
                f"{_cells(texts)} as text, read as a number.",
                "Format as a number, and write it again.",
            )
        if grid.percent:
            self._notes.warn(
                Place(self.file, grid.cell(*grid.percent[0])),
                f"{_cells(grid.percent)} shown in percent; what it holds was read, 0.3 for 30%.",
                "Check that this is meant.",
            )

    def warn_of_rest(self, known: Collection[str]) -> None:
        """A warning for each sheet that nothing has read, unless it is plainly for people."""
        for key, title in self.titles.items():
            if title in self._used or key.startswith(_FOR_PEOPLE):
                continue
            close = nearest(title, known)
            cure = f"Did you mean {close}?" if close else "Remove it, or call it notes."
            place = Place(self.file, None, title)
            self._notes.warn(place, f"The sheet {shown(title)} is not read.", cure)


def _cells(found: list[tuple[int, int]]) -> str:
    """`This number is` or `This number and 3 others are`, to read on."""
    rest = len(found) - 1
    if not rest:
        return "This number is written"
    return f"This number and {rest} other{'s' if rest > 1 else ''} are written"
