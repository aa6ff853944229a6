"""A report as a workbook: real tables with formats, frozen heads and filters."""

from __future__ import annotations

import datetime
import io
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
            writer.sheet(name, sections)
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
                    "bottom": 2,
                    "bg_color": PALE,
                    "align": align,
                }
            )
            for kind, align in (("text", "left"), ("number", "right"), ("mark", "center"))
        }
        self.cells = {
            (strong, form): book.add_format(
                {
                    **font,
                    "text_wrap": form == "text",
                    "align": "left" if form == "text" else "center" if form == "mark" else "right",
                    "indent": 0 if form == "mark" else 1,
                    "num_format": formats,
                    **({"bg_color": SOFT, "bold": True} if strong else {}),
                }
            )
            for strong in (False, True)
            for form, formats in (
                ("text", "General"),
                ("mark", "General"),
                ("money", "#,##0.######"),
                ("number", "0.0000"),
                ("tiny", "0.00E+00"),
                ("whole", "0"),
                ("percent", "0.0%"),
            )
        }
        self.number_of_tables = 0
        self.width: dict[int, int] = {}

    def summary(self, report: Report) -> None:
        """The answer, and the ranking in short."""
        sheet = self._add("summary")
        sheet.set_column(0, 0, 110)
        sheet.write_string(0, 0, report.title, self.title)
        for place, sentence in enumerate(report.answer, start=2):
            form = self.strong_text if place == 2 else self.text
            sheet.write_string(place, 0, sentence, form)
            sheet.set_row(place, 15 * (1 + len(sentence) // 115))
        row = len(report.answer) + 3
        sheet.write_string(row, 0, ASSUMPTION, self.text)
        sheet.write_string(row + 2, 0, "Sheets", self.head)
        for k, (name, ids) in enumerate(SHEETS):
            titles = [s.title for s in report.sections if s.id in ids]
            if titles or name == "sources":
                told = "; ".join(titles) or "Where the numbers come from"
                sheet.write_string(row + 3 + k, 0, f"{name}: {told}", self.text)

    def tables(self, name: str, found: list[Table]) -> None:
        """A sheet of a single table, which is frozen below its head."""
        if not found:
            return
        sheet = self._add(name)
        self._widths(sheet, found[0], ())
        self._table(sheet, 0, found[0])
        sheet.freeze_panes(1, 1)

    def sheet(self, name: str, sections: Sequence[Section]) -> None:
        """The table that the sheet is about stands first, with a frozen head; the widths are its.
        What belongs to it follows below."""
        sheet = self._add(name)
        row = 0
        leading = next(iter(_tables(sections[0].blocks)), None)
        self._widths(sheet, leading, sections)
        if leading is not None:
            row = self._table(sheet, 0, leading) + 1
            sheet.freeze_panes(1, 2 if name == "ranking" else 1)
        for section in sections:
            sheet.write_string(row, 0, section.title, self.head)
            row = self._blocks(sheet, row + 1, section.blocks, leading) + 1
        if name == "frontier" and leading is not None and leading.name == "frontier":
            self._chart(sheet, leading, row)

    def _blocks(self, sheet: Any, row: int, blocks: Sequence[Block], done: Table | None) -> int:
        for block in blocks:
            match block:
                case Text():
                    sheet.write_string(row, 0, block.text)
                    row += 1
                case Points():
                    for item in block.items:
                        sheet.write_string(row, 0, f"• {item}")
                        row += 1
                case Facts():
                    for term, value in block.rows:
                        sheet.write_string(row, 0, term)
                        sheet.write_string(row, 1, value)
                        row += 1
                case Table() if block is not done and block.name != "sources":
                    row = self._table(sheet, row, block) + 1
                case Fold():
                    row = self._blocks(sheet, row, block.blocks, done)
                case _:
                    pass
        return row

    def _table(self, sheet: Any, row: int, block: Table) -> int:
        """A real table: its name, heads with filters; the row behind it."""
        if row:
            sheet.write_string(row, 0, block.caption, self.head)
            row += 1
        self.number_of_tables += 1
        width = len(block.columns)
        last = row + max(len(block.rows), 1)
        heads = _unique([column.head for column in block.columns])
        sheet.add_table(
            row,
            0,
            last,
            width - 1,
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
        for k, cells in enumerate(block.rows, start=1):
            for c, cell in enumerate(cells):
                self._cell(sheet, row + k, c, cell, block.columns[c], k - 1 in block.strong)
            self._height(sheet, row + k, [cell.rest or cell.text for cell in cells])
        for c, column in enumerate(block.columns):
            if column.meaning:
                sheet.write_comment(row, c, column.meaning, {"author": "planner"})
        return last + 1

    def _cell(
        self, sheet: Any, row: int, column: int, cell: Cell, head: Column, strong: bool
    ) -> None:
        value = cell.value
        form = "text"
        if isinstance(value, bool) or head.kind == "mark":
            sheet.write_string(row, column, cell.text, self.cells[strong, "mark"])
        elif isinstance(value, Decimal | int | float):
            number = float(value)
            if isinstance(value, Decimal):
                form = "money"
            elif isinstance(value, int):
                form = "whole"
            elif cell.text.endswith("%"):
                form = "percent"
            else:
                form = "number" if number == 0 or abs(number) >= 1e-3 else "tiny"
            sheet.write_number(row, column, number, self.cells[strong, form])
        elif value is None and cell.text in ("", DASH):
            sheet.write_blank(row, column, None, self.cells[strong, form])
        else:
            text = cell.text if value is None else str(value)
            sheet.write_string(row, column, text, self.cells[strong, form])

    def _chart(self, sheet: Any, block: Table, row: int) -> None:
        """Cost against what is left, beside nothing else: below all tables."""
        heads = [column.head for column in block.columns]
        cost, value = heads.index("cost"), heads.index("cost") + 1
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
        chart.set_x_axis({"name": "cost"})
        chart.set_y_axis({"name": heads[value], "min": 0})
        chart.set_legend({"none": True})
        chart.set_size({"width": 720, "height": 380})
        sheet.insert_chart(row + 1, 0, chart, {"description": "Cost against what is left"})

    def _add(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _widths(self, sheet: Any, leading: Table | None, sections: Sequence[Section]) -> None:
        """Those of the leading table; of what else stands there the terms of facts."""
        self.width = {}
        facts = [b for section in sections for b in section.blocks if isinstance(b, Facts)]
        terms = [len(term) for block in facts for term, _ in block.rows]
        if terms:
            self.width[0] = min(max(terms) + 2, 30)
        if leading is not None:
            for c, column in enumerate(leading.columns):
                longest = max((len(row[c].rest or row[c].text) for row in leading.rows), default=0)
                wanted = max(min(len(column.head) + 3, 14), min(longest + 3, WIDEST), NARROWEST)
                self.width[c] = max(self.width.get(c, 0), wanted)
        for c, wide in self.width.items():
            sheet.set_column(c, c, wide)

    def _height(self, sheet: Any, row: int, texts: Sequence[str]) -> None:
        """Room for the cell that wraps into most lines: not every program measures it."""
        lines = [
            -(-len(text) // max(self.width.get(c, NARROWEST) - 2, 1))
            for c, text in enumerate(texts)
        ]
        if max(lines, default=1) > 1:
            sheet.set_row(row, 13.5 * max(lines))


def _unique(heads: Sequence[str]) -> list[str]:
    """A table's heads must differ."""
    found: list[str] = []
    for head in heads:
        name, k = head, 2
        while name.lower() in (other.lower() for other in found):
            name, k = f"{head} {k}", k + 1
        found.append(name)
    return found
