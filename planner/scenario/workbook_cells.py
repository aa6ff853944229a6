"""Sheets of an .xlsx workbook -> grids of text, with findings about cells that hold none.

A number is read as the shortest decimal text that stands for it: 0.1 is 0.1, not the binary number
nearest to it. A spreadsheet keeps 15 digits, so that a cell with more holds the noise of a formula,
which is a finding; a number of more digits is written as text.
"""

from __future__ import annotations

import datetime
import io
import itertools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.errors import MissingExtra
from planner.scenario.csv_text import LONGEST_FIELD, cell_text
from planner.scenario.notes import CellRow, Notes, Place, fold, shown
from planner.scenario.plain_text import SHEET_MARKS, control_character
from planner.scenario.values import format_decimal
from planner.scenario.workbook_bytes import DAMAGED

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

#: Digits that a number cell keeps in every spreadsheet program.
CELL_DIGITS = 15
#: Cells within the rows and columns that a sheet reaches to, empty ones too.
MOST_CELLS = 5_000_000
#: A row that starts with this is a remark.
REMARK = "#"


@dataclass
class Grid:
    """A sheet: `rows` hold (row number, {column: text}) for rows that are not blank.

    Columns count from 1. `numeric_text` are cells that hold a number as text; `broken` are rows
    with a cell that no text stands for (a finding).
    """

    sheet: str
    rows: list[tuple[int, dict[int, str]]] = field(default_factory=list)
    numeric_text: list[tuple[int, int]] = field(default_factory=list)
    percent: list[tuple[int, int]] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    hidden: tuple[str, ...] = ()

    def cell(self, row: int, column: int) -> CellRow:
        return CellRow(row, self.sheet, letters(column))


def letters(column: int) -> str:
    """`A` for 1, `AA` for 27.

    >>> letters(1), letters(26), letters(27), letters(16384)
    ('A', 'Z', 'AA', 'XFD')
    """
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


class Sheets:
    """The sheets of a workbook whose bytes have passed `check_bytes`; each is read when asked for.

    Raises MissingExtra without openpyxl, and `Damaged` where a part cannot be read.
    """

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        self._data = data
        self._plain = _load(data, values=False)
        self._values: Workbook | None = None
        self.titles = [str(sheet.title) for sheet in self._plain.worksheets]

    def grid(self, title: str, notes: Notes) -> Grid:
        """The cells of the sheet as text."""
        try:
            sheet = values = _sheet(self._plain, title)
            if _has_formula(sheet):
                if self._values is None:
                    self._values = _load(self._data, values=True)
                values = _sheet(self._values, title)
            return _grid(title, sheet, values, self.file, notes)
        except DAMAGED as error:
            raise Damaged(str(error)) from error


def _sheet(book: Workbook, title: str) -> Worksheet:
    sheet: Worksheet = next(s for s in book.worksheets if s.title == title)
    return sheet


class Damaged(Exception):
    """The workbook cannot be read."""


def sheet_key(name: str) -> str:
    """What two spellings of a sheet's name have in common: `What if` and `what_if`."""
    return fold(name).replace("_", "").replace("-", "")


def _load(data: bytes, values: bool) -> Workbook:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra(
            'Workbooks need openpyxl: pip install "alignment-planner[xlsx]".'
        ) from None
    with warnings.catch_warnings():
        # The library warns of decorations that it leaves out; only cells matter here.
        warnings.simplefilter("ignore")
        try:
            return openpyxl.load_workbook(io.BytesIO(data), data_only=values, keep_links=False)
        except DAMAGED as error:
            raise Damaged(str(error)) from error


def _reach(sheet: Worksheet) -> tuple[int, int]:
    return sheet.max_row or 0, sheet.max_column or 0


def _cells(sheet: Worksheet) -> Iterator[tuple[int, list[Any]]]:
    """The cells that the file holds, row by row. Walking over all that the sheet reaches to would
    make millions of blank ones where a single cell stands far down."""
    held = sheet._cells
    for row, keys in itertools.groupby(sorted(held), key=lambda key: key[0]):
        yield row, [held[key] for key in keys]


def _has_formula(sheet: Worksheet) -> bool:
    return any(cell.data_type == "f" for cell in sheet._cells.values())


def _grid(title: str, sheet: Worksheet, values: Worksheet, file: str, notes: Notes) -> Grid:
    grid = Grid(title)
    rows, columns = _reach(sheet)
    if rows * columns > MOST_CELLS:
        notes.add(
            Place(file, grid.cell(rows, columns)),
            f"The sheet {shown(title)} reaches to {letters(columns)}{rows}, far beyond any table.",
            "Delete the rows below and the columns right of the table, or copy it to a new sheet.",
        )
        grid.broken.add(rows)
        return grid
    for merged in sheet.merged_cells.ranges:
        notes.add(
            Place(file, grid.cell(merged.min_row, merged.min_col)),
            f"The cells {merged.coord} are merged.",
            "Unmerge them, and write in every cell what it holds.",
        )
    for number, row in _cells(sheet):
        found: dict[int, str] = {}
        held = [cell for cell in row if cell.value is not None and str(cell.value).strip()]
        if held and str(held[0].value).strip().startswith(REMARK):
            continue
        for cell in held:
            value = values.cell(number, cell.column)
            text = _text(cell, value, grid, file, notes)
            if text:
                found[cell.column] = text
        if found or number in grid.broken:
            grid.rows.append((number, found))
    grid.hidden = tuple(_hidden(sheet, grid))
    return grid


def _text(cell: Any, value: Any, grid: Grid, file: str, notes: Notes) -> str:
    """The text that a cell stands for; blank after a finding."""
    place = Place(file, grid.cell(cell.row, cell.column))
    held = value.value
    problem: tuple[str, str] | None = None
    if cell.data_type == "f" and held is None:
        problem = (
            f"The formula {shown(str(cell.value))} has no value: it was never calculated, or gives "
            "an empty text.",
            "Open the workbook in a spreadsheet program and save it, or write the value itself.",
        )
    elif value.data_type == "e":
        problem = (f"The cell holds the error {held}.", "Write the value itself.")
    elif isinstance(held, bool):
        problem = (
            f"The cell holds the truth value {str(held).upper()}.",
            "Write a number such as 0 or 1, or a text.",
        )
    elif isinstance(held, datetime.datetime | datetime.date | datetime.time | datetime.timedelta):
        return _date(held, place, cell, grid, notes)
    elif isinstance(held, int | float):
        text, problem = _number(held)
        if problem is None:
            if "%" in str(cell.number_format):
                grid.percent.append((cell.row, cell.column))
            return text
    else:
        text = cell_text(str(held).replace("_x000D_\n", "\n"), SHEET_MARKS)
        problem = _odd_text(text)
        if problem is None:
            if fits_number(text):
                grid.numeric_text.append((cell.row, cell.column))
            return text
    notes.add(place, *problem)
    grid.broken.add(cell.row)
    return ""


def _number(held: int | float) -> tuple[str, tuple[str, str] | None]:
    exact = Decimal(repr(held))
    if not exact.is_finite():
        return "", ("The cell holds no finite number.", "Write the value itself.")
    text = format_decimal(exact)
    digits = len(exact.normalize().as_tuple().digits)
    if digits > CELL_DIGITS:
        near = format_decimal(Decimal(f"{held:.{CELL_DIGITS - 1}e}"))
        return text, (
            f"The cell holds {text}, with {digits} digits; a spreadsheet keeps {CELL_DIGITS}.",
            f"Write {near}, round the formula with ROUND, or write the digits as text.",
        )
    return text, None


def fits_number(text: str) -> bool:
    """Whether a number cell gives this very text back in every spreadsheet program.

    >>> fits_number("0.1"), fits_number("0.10"), fits_number("0.1234567890123456"), fits_number("a")
    (True, False, False, False)
    """
    try:
        number = Decimal(text)
    except ArithmeticError:
        return False
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > CELL_DIGITS:
        return False
    return abs(number.adjusted()) < 290 and format_decimal(number) == text


def _odd_text(text: str) -> tuple[str, str] | None:
    if len(text) > LONGEST_FIELD:
        return f"The cell has more than {LONGEST_FIELD:,} characters.", "Shorten it."
    control = control_character(text)
    if control is not None:
        return f"The cell holds a control character (U+{ord(control):04X}).", "Remove it."
    return None


def _date(held: Any, place: Place, cell: Any, grid: Grid, notes: Notes) -> str:
    """A day as text, in a column of dates; anywhere else a finding."""
    midnight = isinstance(held, datetime.datetime) and held.time() == datetime.time()
    day = held.date().isoformat() if midnight else str(held)
    if midnight and grid.rows and fold(grid.rows[0][1].get(cell.column, "")) == "date":
        return day
    notes.add(
        place,
        f"The cell holds a date or a time ({shown(day)}), not a number or a text.",
        "Format the cell as text or as a number, and write again what was meant.",
    )
    grid.broken.add(cell.row)
    return ""


def _hidden(sheet: Worksheet, grid: Grid) -> Iterator[str]:
    """What a reader of the sheet would not see, in words."""
    if sheet.sheet_state != "visible":
        yield "the sheet itself"
    held = {number for number, cells in grid.rows if cells}
    rows = [n for n, shape in sheet.row_dimensions.items() if shape.hidden and n in held]
    if rows:
        yield f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, sorted(rows)[:8]))}"
    columns = [letter for letter, shape in sheet.column_dimensions.items() if shape.hidden]
    if columns:
        yield f"column{'s' if len(columns) > 1 else ''} {', '.join(sorted(columns)[:8])}"
