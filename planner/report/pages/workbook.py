"""A report as a workbook: real tables with formats, frozen heads and filters."""

from __future__ import annotations

import datetime
import io
import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from planner.errors import MissingExtra
from planner.report.pages.blocks import (
    Block,
    Cell,
    Column,
    Facts,
    Fold,
    Points,
    Report,
    Section,
    Table,
    Text,
)
from planner.report.wording import ASSUMPTION, DASH

#: Which sections stand on which sheet, in the order of the sheets.
SHEETS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("ranking", ("ranking",)),
    ("two lists", ("two-lists",)),
    ("alternatives", ("alternatives",)),
    ("frontier", ("frontier",)),
    ("what-if", ("what-if",)),
    ("robustness", ("robustness",)),
    ("judgements", ("judgements",)),
    ("experts", ("experts",)),
    ("correlation", ("correlation",)),
    ("cut sets", ("cut-sets",)),
    ("drivers", ("drivers",)),
    ("price of ignoring it", ("price",)),
    ("gaps", ("gaps",)),
    ("inputs", ("evidence",)),
    ("sources", ()),
    ("provenance", ("assumptions", "computed", "glossary")),
)
#: Files hold no time of the clock: every workbook was made then.
MADE: Final = datetime.datetime(2000, 1, 1)
INK, ACCENT, SOFT, PALE = "#1B2330", "#0B5394", "#E4EEF8", "#F0EFEB"
NARROWEST, WIDEST = 9, 60
#: Characters of a cell from which its column is wider, and how wide then.
LONG, WIDER = 300, 100
#: The widest column for the sake of a table below the leading one.
WIDEST_BELOW = 34
#: Characters of a line of running text, and points of its height.
LINE, HEIGHT = 110, 13.5
#: Points of the chart, and rows that it covers.
CHART, CHART_ROWS = (760, 400), 21
#: Characters that the button of a filter and the indents take of a head.
BUTTON = 5


def workbook(report: Report) -> bytes:
    """The whole workbook. The same report gives the same bytes. Raises MissingExtra."""
    try:
        import xlsxwriter  # only who wants a workbook needs it
    except ImportError:
        raise MissingExtra(
            'A workbook needs XlsxWriter: pip install "alignment-planner[xlsx]".'
        ) from None
    out = io.BytesIO()
    # Text is text: nothing that a user wrote becomes a formula, a number or a link.
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": report.title, "created": MADE})
    writer = _Writer(book)
    writer.summary(report)
    for name, ids in SHEETS:
        sections = [section for section in report.sections if section.id in ids]
        if name == "sources":
            writer.tables("sources", _only(report, "sources"))
        elif sections:
            writer.sheet(name, sections, report.currency)
    book.close()
    return out.getvalue()


def _only(report: Report, name: str) -> list[Table]:
    return [t for section in report.sections for t in _tables(section.blocks) if t.name == name]


def _tables(blocks: Sequence[Block]) -> Iterator[Table]:
    for block in blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Fold):
            yield from _tables(block.blocks)


class _Writer:
    """Sheets of one workbook."""

    def __init__(self, book: Any) -> None:
        self.book = book
        font = {"font_name": "Calibri", "font_size": 10, "font_color": INK, "valign": "top"}
        self.title = book.add_format({**font, "bold": True, "font_size": 16})
        self.head = book.add_format({**font, "bold": True, "font_size": 12, "font_color": ACCENT})
        self.text = book.add_format({**font, "text_wrap": True})
        self.strong_text = book.add_format({**font, "text_wrap": True, "bold": True})
        self.columns = {
            kind: book.add_format(
                {
                    **font,
                    "bold": True,
                    "text_wrap": True,
                    "bottom": 1,
                    "bg_color": PALE,
                    "align": align,
                    # At the right of a head stands the button of its filter.
                    "indent": {"left": 1, "right": 2, "center": 0}[align],
                }
            )
            for kind, align in (("text", "left"), ("number", "right"), ("mark", "center"))
        }
        self.link = book.add_format({**font, "font_color": ACCENT, "underline": 1})
        self.font = font
        self.cells: dict[tuple[bool, str], Any] = {}
        self.number_of_tables = 0
        self.width: dict[int, int] = {}

    def summary(self, report: Report) -> None:
        """The answer, what more money buys, and where everything else stands."""
        sheet = self._add("summary")
        sheet.fit_to_pages(1, 1)
        self.width = {0: LINE}
        sheet.set_column(0, 0, LINE)
        sheet.write_string(0, 0, report.title, self.title)
        row = 2
        for sentence in report.answer:
            row = self._line(sheet, row, sentence, strong=row == 2)
        row = self._line(sheet, row + 1, ASSUMPTION) + 1
        found = next((t for t in _only(report, "frontier") if t.rows), None)
        if found is not None:
            self._chart(sheet, found, row, report.currency)
            row += CHART_ROWS
        sheet.write_string(row, 0, "Sheets", self.head)
        for name, ids in SHEETS:
            titles = [s.title for s in report.sections if s.id in ids]
            if name == "sources":
                titles = ["Where the numbers come from"] if _only(report, name) else []
            if titles:
                row += 1
                text = f"{name}: {'; '.join(titles)}"
                sheet.write_url(row, 0, f"internal:'{name}'!A1", self.link, text)

    def tables(self, name: str, found: list[Table]) -> None:
        """A sheet of a single table, which is frozen below its head."""
        if not found:
            return
        sheet = self._add(name)
        self._widths(sheet, found[0], ())
        self._table(sheet, 0, found[0])
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)

    def sheet(self, name: str, sections: Sequence[Section], currency: str) -> None:
        """The table that the sheet is about stands first, with a frozen head; the widths are its.
        What belongs to it follows below."""
        sheet = self._add(name)
        row = 0
        leading = next(iter(_tables(sections[0].blocks)), None)
        self._widths(sheet, leading, sections)
        if leading is not None:
            row = self._table(sheet, 0, leading) + 1
            sheet.freeze_panes(1, 2 if name == "ranking" else 1)
            if [table for s in sections for table in _tables(s.blocks)] == [leading]:
                sheet.repeat_rows(0)
        for section in sections:
            sheet.write_string(row, 0, section.title, self.head)
            row += 1
            if any(table.money for table in _tables(section.blocks)):
                row = self._line(sheet, row, f"Amounts are in {currency}.")
            row = self._blocks(sheet, row, section.blocks, leading) + 1

    def _blocks(self, sheet: Any, row: int, blocks: Sequence[Block], done: Table | None) -> int:
        for block in blocks:
            match block:
                case Text():
                    row = self._line(sheet, row, block.text, strong=block.strong)
                case Points():
                    for item in block.items:
                        row = self._line(sheet, row, f"• {item}")
                case Facts():
                    for term, value in block.rows:
                        sheet.write_string(row, 0, term, self.text)
                        row = self._line(sheet, row, value, 1)
                case Table() if block is not done and block.name != "sources":
                    row = self._table(sheet, row + 1, block, self._start(block, done)) + 1
                case Fold():
                    row = self._blocks(sheet, row, block.blocks, done)
                case _:
                    pass
        return row

    def _line(
        self, sheet: Any, row: int, text: str, column: int = 0, *, strong: bool = False
    ) -> int:
        """Running text over as many columns as a line of it takes; the row below it."""
        form = self.strong_text if strong else self.text
        last, wide = column, self._wide(column)
        while wide < min(LINE, len(text) + 2):
            last += 1
            wide += self._wide(last)
        if last == column:
            sheet.write_string(row, column, text, form)
        else:
            sheet.merge_range(row, column, row, last, "", form)
            sheet.write_string(row, column, text, form)
        lines = _lines(text, wide)
        if lines > 1:
            sheet.set_row(row, HEIGHT * lines)
        return row + 1

    def _wide(self, column: int) -> int:
        return self.width.get(column, NARROWEST)

    def _start(self, block: Table, leading: Table | None) -> int:
        """The column at which a table below the leading one starts: names stand under names."""
        if leading is None or not block.columns or block.columns[0].kind != "text":
            return 0
        return next((k for k, c in enumerate(leading.columns[:2]) if c.kind == "text"), 0)

    def _table(self, sheet: Any, row: int, block: Table, start: int = 0) -> int:
        """A real table: its name, heads with filters; the row behind it."""
        if row:
            sheet.write_string(row, start, block.caption, self.head)
            row += 1
        self.number_of_tables += 1
        last = row + max(len(block.rows), 1)
        heads = _unique([column.head for column in block.columns])
        sheet.add_table(
            row,
            start,
            last,
            start + len(block.columns) - 1,
            {
                "name": f"t{self.number_of_tables}_{block.name.replace('-', '_')}",
                "style": None,
                "autofilter": True,
                "columns": [
                    {"header": head, "header_format": self.columns[column.kind]}
                    for head, column in zip(heads, block.columns, strict=True)
                ],
            },
        )
        self._height(sheet, row, heads, start, used=BUTTON, more=4)
        places = _places(block)
        for k, cells in enumerate(block.rows, start=1):
            for c, cell in enumerate(cells):
                strong = k - 1 in block.strong
                self._cell(sheet, row + k, start + c, cell, block.columns[c], strong, places[c])
            self._height(sheet, row + k, [cell.rest or cell.text for cell in cells], start)
        for c, column in enumerate(block.columns):
            if column.meaning:
                sheet.write_comment(row, start + c, column.meaning, {"author": "planner"})
        return last + 1

    def _cell(
        self,
        sheet: Any,
        row: int,
        column: int,
        cell: Cell,
        head: Column,
        strong: bool,
        places: int,
    ) -> None:
        value = cell.value
        if isinstance(value, bool) or head.kind == "mark":
            sheet.write_string(row, column, cell.text, self._format("mark", strong))
        elif isinstance(value, Decimal | int | float):
            number = float(value)
            signed = cell.text[:1] in ("+", "−")
            if isinstance(value, Decimal):
                form = f"#,##0.{'0' * places}".rstrip(".")
            elif isinstance(value, int):
                form = "0"
            elif cell.text.endswith("%"):
                form = "0.0%"
            else:
                form = "0.0000" if number == 0 or abs(number) >= 1e-3 else "0.00E+00"
            form = f"+{form};-{form};{form}" if signed else form
            sheet.write_number(row, column, number, self._format(form, strong))
        elif value is None and cell.text in ("", DASH):
            sheet.write_blank(row, column, None, self._format("text", strong))
        else:
            text = cell.text if value is None else str(value)
            sheet.write_string(row, column, text, self._format("text", strong))

    def _format(self, form: str, strong: bool) -> Any:
        """Of a cell: "text", "mark", or how a number is written."""
        known = self.cells.get((strong, form))
        if known is None:
            number = form not in ("text", "mark")
            known = self.book.add_format(
                {
                    **self.font,
                    "text_wrap": form == "text",
                    "align": "right" if number else "center" if form == "mark" else "left",
                    "indent": 0 if form == "mark" else 1,
                    "num_format": form if number else "General",
                    **({"bg_color": SOFT, "bold": True} if strong else {}),
                }
            )
            self.cells[strong, form] = known
        return known

    def _chart(self, sheet: Any, block: Table, row: int, currency: str) -> None:
        """Cost against what is left, of the table on its own sheet."""
        heads = [column.head for column in block.columns]
        cost, value = heads.index("cost"), heads.index("cost") + 1
        what = "residual risk" if heads[value] == "expected" else heads[value]
        chart = self.book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        count = len(block.rows)
        chart.add_series(
            {
                "name": "best stack",
                "categories": ["frontier", 1, cost, count, cost],
                "values": ["frontier", 1, value, count, value],
                "line": {"color": ACCENT},
                "marker": {"type": "circle", "fill": {"color": ACCENT}},
            }
        )
        chart.set_title({"name": "What more money buys"})
        # Numbers as they are, not with the decimals of the cells.
        chart.set_x_axis({"name": f"cost, {currency}", "min": 0, "num_format": "General"})
        chart.set_y_axis({"name": what, "min": 0, "num_format": "General"})
        chart.set_legend({"none": True})
        width, height = CHART
        chart.set_size({"width": width, "height": height})
        sheet.insert_chart(row, 0, chart, {"description": f"Cost against {what}"})

    def _add(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _widths(self, sheet: Any, leading: Table | None, sections: Sequence[Section]) -> None:
        """Those of the leading table; what stands below it may widen a column a little."""
        self.width = {}
        facts = [b for section in sections for b in section.blocks if isinstance(b, Facts)]
        terms = [len(term) for block in facts for term, _ in block.rows]
        if terms:
            self.width[0] = min(max(terms) + 2, 30)
        for block in _tables([b for section in sections for b in section.blocks]):
            if block is not leading and block.name != "sources":
                self._widen(block, self._start(block, leading), WIDEST_BELOW)
        if leading is not None:
            self._widen(leading, 0, WIDEST)
        for c, wide in self.width.items():
            sheet.set_column(c, c, wide)

    def _widen(self, block: Table, start: int, most: int) -> None:
        """Room for the columns of a table, each as wide as `most` where it is not very long."""
        for c, column in enumerate(block.columns):
            longest = max((len(row[c].rest or row[c].text) for row in block.rows), default=0)
            room = WIDER if most == WIDEST and longest > LONG else min(longest + 4, most)
            words = max(map(len, column.head.split()), default=0) + BUTTON
            wanted = max(min(len(column.head) + BUTTON, 23), words, room, NARROWEST)
            self.width[start + c] = max(self.width.get(start + c, 0), wanted)

    def _height(
        self,
        sheet: Any,
        row: int,
        texts: Sequence[str],
        start: int = 0,
        *,
        used: int = 3,
        more: int = 0,
    ) -> None:
        """Room for the cell that wraps into most lines: not every program measures it. `used` is
        what else stands in a cell, in characters; `more` are points for a border."""
        lines = [_lines(text, self._wide(start + c) - used) for c, text in enumerate(texts)]
        if more or max(lines, default=1) > 1:
            sheet.set_row(row, HEIGHT * max(lines, default=1) + more)


def _lines(text: str, width: int) -> int:
    """Lines that a text takes where it wraps between words."""
    return len(textwrap.wrap(text, max(width, 1))) or 1


def _places(block: Table) -> list[int]:
    """Decimals of each column's amounts: so many that all stand exactly, under one another."""
    found = []
    for c in range(len(block.columns)):
        values = [row[c].value for row in block.rows]
        amounts = [value.normalize() for value in values if isinstance(value, Decimal)]
        found.append(max((-int(value.as_tuple().exponent) for value in amounts), default=0))
    return [max(places, 0) for places in found]


def _unique(heads: Sequence[str]) -> list[str]:
    """A table's heads must differ."""
    found: list[str] = []
    for head in heads:
        name, k = head, 2
        while name.lower() in (other.lower() for other in found):
            name, k = f"{head} {k}", k + 1
        found.append(name)
    return found
