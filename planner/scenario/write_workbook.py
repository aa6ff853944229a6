"""Scenario -> an .xlsx workbook that reads back as the same content; and the empty one to fill in.

The same content gives the same bytes: no clock, no name of a user. No macros, no formulas.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import LimitHit, MissingExtra
from planner.files import write_bytes
from planner.scenario import sheet_help
from planner.scenario.plain_text import SHEET_MARKS, guard
from planner.scenario.tabulate import Sheet, tables_of
from planner.scenario.types import Choice, FailureModes, Scenario
from planner.scenario.workbook import WORDS
from planner.scenario.workbook_cells import fits_number, sheet_key
from planner.scenario.workbook_tree import EMPTY_LIST
from planner.scenario.write import value_text
from planner.scenario.write_folder import check_same

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_000
MOST_COLUMNS = 16_000
#: Rows of an empty sheet that are made ready for writing.
EMPTY_ROWS = 40
EMPTY_MODES = 12
#: Height of a line of text, and the width of the sheet that explains, in their own units.
LINE = 15.5
HOW_TO_WIDTH = 100

_DAY = datetime.datetime(2025, 1, 1)
_MATRICES = ("vulnerability", "correlation", "failure")


@dataclass(frozen=True)
class Page:
    """A sheet of a workbook as it will look.

    `lists` give the drop-down of a column (by heading, `*` for all that have none); `empty` is how
    many rows to make ready for writing; `wide` marks a matrix; `given` are columns that nobody
    should fill in.
    """

    name: str
    sheet: Sheet
    lists: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    example: tuple[str, ...] = ()
    empty: int = 0
    wide: bool = False
    given: frozenset[str] = frozenset()


def workbook_bytes(scenario: Scenario) -> bytes:
    """The workbook of a scenario. Raises MissingExtra without XlsxWriter, and LimitHit where a
    table has more rows than a sheet holds."""
    return book_bytes(_pages(scenario))


def write_workbook(scenario: Scenario, path: Path) -> Path:
    """Write the workbook, read it back, and return its path.

    Raises EnvironmentFailed where it cannot be written, or does not read back the same.
    """
    write_bytes(path, workbook_bytes(scenario))
    check_same(scenario, path)
    return path


def empty_workbook() -> bytes:
    """The workbook that a funder fills in, with an example row in each sheet."""
    headers = {
        "techniques": ("id", "name", "cost", "success", "background", "groups"),
        "modes": ("id", "name", "probability", "loss"),
        "vulnerability": ("technique", *("",) * EMPTY_MODES),
        "levels": ("technique", "level", "cost", "success"),
        "rules": ("rule", "technique", "of", "attribute", "at least", "at most", "note"),
        "groups": ("group", "loading", "note"),
        "what_if": ("name", "path", "value", "note"),
        "sources": (
            *("table", "row", "column", "source", "note", "judged by", "date", "confidence"),
        ),
    }
    scale = (
        ("ok", "0.05", "holds: fails rarely"),
        ("?", "0.05 to 0.8", "nobody knows"),
        ("prone", "0.8", "fails mostly"),
    )
    pages = [Page("scenario", Sheet(("setting", "value", "note"), sheet_help.SETTINGS))]
    for name in ("techniques", "modes", "vulnerability"):
        pages.append(_empty(name, headers[name]))
    pages.append(Page("scale", Sheet(("symbol", "value", "note"), scale), empty=6))
    for name in ("rules", "levels", "groups", "what_if", "sources"):
        pages.append(_empty(name, headers[name]))
    return book_bytes(pages)


def _empty(name: str, header: tuple[str, ...]) -> Page:
    example = sheet_help.EXAMPLES[name]
    example += ("",) * (len(header) - len(example))
    wide = name in _MATRICES
    return Page(name, Sheet(header, ()), _lists(name), example[: len(header)], EMPTY_ROWS, wide)


def _lists(name: str) -> dict[str, str | Sequence[str]]:
    """Drop-downs by heading; `=sheet!range` draws on a sheet."""
    techniques = "=techniques!$A$2:$A$500"
    found: dict[str, str | Sequence[str]] = {}
    if name in ("levels", "vulnerability", "rules", "failure"):
        found["technique"] = techniques
    if name == "vulnerability":
        found["*"] = "=scale!$A$2:$A$30"
        found[""] = "=modes!$A$2:$A$70"
    if name == "rules":
        found["rule"] = ("fund", "exclude", "committed", "requires", "at_most", "limit")
    if name == "sources":
        found["table"] = (
            *("techniques", "modes", "vulnerability", "levels", "scale", "groups", "scenario"),
        )
        found["confidence"] = ("H", "M", "L")
    return found


def _pages(scenario: Scenario) -> list[Page]:
    tables = tables_of(scenario)
    sheets = _expert_sheets([key for key in tables if key.startswith("experts.")])
    scale = bool(scenario.scale)
    pages = [Page("scenario", _settings(scenario))]
    for name, sheet in tables.items():
        kind = "vulnerability" if name in sheets else name
        lists = {k: v for k, v in _lists(kind).items() if k != "*" or scale}
        wide = kind in _MATRICES and sheet.header[1:] != ("world", "failure")
        pages.append(Page(sheets.get(name, name), sheet, lists, wide=wide))
    found = {
        "scale": _named(("symbol", "value"), scenario.scale),
        "groups": _named(("group", "loading"), scenario.groups),
        "rules": _rules(scenario),
        "what_if": _what_if(scenario),
        "experts": _experts(scenario, sheets),
    }
    pages += [Page(name, sheet, _lists(name)) for name, sheet in found.items() if sheet.rows]
    return pages


def _settings(scenario: Scenario) -> Sheet:
    threats = scenario.threats
    modes = isinstance(threats, FailureModes)
    joint = "independent"
    if isinstance(threats, FailureModes) and threats.joint.factor is not None:
        joint = value_text(threats.joint.factor)
    if isinstance(threats, FailureModes) and threats.joint.matrix is not None:
        joint = ""
    values = {
        "planner": "1",
        "name": scenario.name,
        "currency": scenario.currency,
        "budget": "" if scenario.budget is None else value_text(scenario.budget),
        "reading": scenario.reading,
        "joint": joint if modes else "",
        "unlisted": value_text(scenario.unlisted),
        "baseline_loss": value_text(scenario.baseline_loss),
        "threshold": value_text(scenario.threshold),
        "samples": str(scenario.samples),
        "judgement_correlation": value_text(scenario.judgement_correlation),
    }
    notes = {key: note for key, _, note in sheet_help.SETTINGS}
    return Sheet(
        ("setting", "value", "note"),
        tuple((key, value, notes[key]) for key, value in values.items()),
    )


def _named(header: tuple[str, str], pairs: Sequence[tuple[str, Any]]) -> Sheet:
    return Sheet(header, tuple((name, value_text(value)) for name, value in pairs))


def _rules(scenario: Scenario) -> Sheet:
    rules = scenario.rules
    rows = [("fund", str(choice), "", "", "", "") for choice in rules.fund]
    rows += [("exclude", str(choice), "", "", "", "") for choice in rules.exclude]
    rows += [("committed", str(choice), "", "", "", "") for choice in scenario.committed]
    rows += [("requires", str(choice), _of(needs), "", "", "") for choice, needs in rules.requires]
    rows += [("at_most", "", _of(rule.of), "", "", str(rule.count)) for rule in rules.at_most]
    for limit in rules.limits:
        low, high = (
            "" if bound is None else value_text(bound) for bound in (limit.at_least, limit.at_most)
        )
        of = "" if limit.of is None else _of(limit.of)
        rows.append(("limit", "", of, limit.attribute, low, high))
    return Sheet(("rule", "technique", "of", "attribute", "at least", "at most"), tuple(rows))


def _of(names: Sequence[str | Choice]) -> str:
    return ", ".join(map(str, names)) or EMPTY_LIST


def _what_if(scenario: Scenario) -> Sheet:
    rows = []
    for name, changes in scenario.what_if:
        rows += [(name, path, text) for path, text in changes] or [(name, "", "")]
    return Sheet(("name", "path", "value"), tuple(rows))


def _experts(scenario: Scenario, sheets: Mapping[str, str]) -> Sheet:
    rows = tuple(
        (e.name, sheets[f"experts.{e.name}"], value_text(e.weight)) for e in scenario.experts
    )
    return Sheet(("expert", "sheet", "weight"), rows)


def _expert_sheets(keys: Sequence[str]) -> dict[str, str]:
    """A sheet's name for each expert: at most 31 characters, and none that a sheet may not have."""
    names: dict[str, str] = {}
    for key in keys:
        stem = re.sub(r"[^A-Za-z0-9 _-]+", " ", key.partition(".")[2]).strip()[:20]
        name, count = f"expert {stem}".strip(), 2
        taken = {sheet_key(other) for other in names.values()} | {"experts"}
        while sheet_key(name) in taken:
            name, count = f"expert {stem} {count}".replace("  ", " "), count + 1
        names[key] = name
    return names


# How it looks.


def book_bytes(pages: Sequence[Page], how_to: Sequence[tuple[str, str]] = ()) -> bytes:
    """The workbook of those pages, after a sheet that says how to fill it in."""
    try:
        import xlsxwriter
    except ImportError:
        raise MissingExtra(
            'Workbooks need XlsxWriter: pip install "alignment-planner[xlsx]".'
        ) from None
    for page in pages:
        if len(page.sheet.rows) > MOST_ROWS or len(page.sheet.header) > MOST_COLUMNS:
            raise LimitHit(
                f"The table {page.name} is larger than a sheet holds. Write a folder instead."
            )
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": _DAY, "author": "", "comments": ""})
    look = _Look(book)
    _how_to(book.add_worksheet("how to"), look, how_to or sheet_help.HOW_TO)
    for page in pages:
        _write(book.add_worksheet(page.name), page, look)
    book.close()
    return out.getvalue()


class _Look:
    """The formats of one workbook."""

    def __init__(self, book: Workbook) -> None:
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        edge = {"border": 1, "border_color": "#C9CED6"}
        self.plain = book.add_format(base)
        self.wrap = book.add_format({**base, "text_wrap": True})
        self.title = book.add_format({**base, "bold": True, "font_size": 14})
        self.step = book.add_format({**base, "bold": True, "align": "right"})
        self.head = book.add_format(
            {
                **base,
                **edge,
                "bold": True,
                "font_color": "#FFFFFF",
                "bg_color": "#1F4E79",
                "text_wrap": True,
            }
        )
        self.input = book.add_format({**base, **edge, "bg_color": "#FFFBE6"})
        self.words = book.add_format({**base, **edge, "bg_color": "#FFFBE6", "num_format": "@"})
        self.given = book.add_format({**base, **edge, "num_format": "@", "text_wrap": True})
        self.label = book.add_format({**base, **edge, "bold": True, "num_format": "@"})
        self.note = book.add_format(
            {
                **base,
                **edge,
                "font_color": "#5F6B7A",
                "text_wrap": True,
                "num_format": "@",
                "indent": 1,
            }
        )
        self.example = book.add_format(
            {**base, **edge, "italic": True, "font_color": "#7A8594", "bg_color": "#F2F4F7"}
        )


def _how_to(sheet: Worksheet, look: _Look, lines: Sequence[tuple[str, str]]) -> None:
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 1, HOW_TO_WIDTH)
    for row, (mark, text) in enumerate(lines):
        if text:
            sheet.write_string(row, 0, mark, look.step)
            sheet.write_string(row, 1, text, look.wrap)
            sheet.set_row(row, LINE * _lines(text, HOW_TO_WIDTH))
        else:
            sheet.set_row(row, 26)
            sheet.write_string(row, 0, mark, look.title)
    _print_on_one_page(sheet)


def _write(sheet: Worksheet, page: Page, look: _Look) -> None:
    header, rows = page.sheet.header, page.sheet.rows
    settings = page.name == "scenario"
    for column, head in enumerate(header):
        sheet.write_string(0, column, guard(head, SHEET_MARKS), look.head)
        words = _about(page, column)
        if words:
            sheet.write_comment(0, column, words, {"x_scale": 1.6, "y_scale": 0.8, "author": ""})
        sheet.set_column(column, column, _width(page, column))
    start = 1
    if page.example:
        for column, text in enumerate(page.example):
            _put(sheet, 1, column, text, look.example, number=column > 0)
        start = 2
    for number, row in enumerate(rows, start=start):
        if "note" in header or "source" in header:
            wrapped = [
                _lines(text, _width(page, k)) for k, text in enumerate(row) if _wraps(page, k)
            ]
            sheet.set_row(number, LINE * min(max(wrapped), 12))
        for column, text in enumerate(row):
            style = _style(page, column, look)
            named = settings and column == 1 and row[0] in ("name", "currency", "reading")
            _put(
                sheet,
                number,
                column,
                guard(text, SHEET_MARKS),
                look.words if named else style,
                number=_holds_numbers(page, column) and not named,
            )
    for number in range(start + len(rows), start + len(rows) + page.empty):
        for column in range(len(header)):
            sheet.write_blank(number, column, None, _style(page, column, look))
    last = max(start + len(rows) + page.empty, 200) - 1
    _drop_downs(sheet, page, last)
    if settings:
        where = [row[0] for row in rows].index("reading") + 1
        sheet.data_validation(
            where, 1, where, 1, {"validate": "list", "source": ["together", "by-mode"]}
        )
    sheet.freeze_panes(1, 2 if header[:2] == ("id", "name") else 1)
    _print_on_one_page(sheet)


def _print_on_one_page(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _put(
    sheet: Worksheet, row: int, column: int, text: str, style: Any, number: bool = True
) -> None:
    if not text:
        sheet.write_blank(row, column, None, style)
    elif number and fits_number(text):
        sheet.write_number(row, column, float(text), style)
    else:
        sheet.write_string(row, column, text, style)


def _holds_numbers(page: Page, column: int) -> bool:
    if page.wide:
        return column > 0
    return sheet_key(page.sheet.header[column]) not in WORDS


def _style(page: Page, column: int, look: _Look) -> Any:
    if _wraps(page, column):
        return look.note
    if page.sheet.header[column] in page.given:
        return look.given
    if page.name == "scenario" and column == 0:
        return look.label
    return look.input if _holds_numbers(page, column) else look.words


def _wraps(page: Page, column: int) -> bool:
    head = page.sheet.header[column]
    return head == "note" or (page.name == "sources" and head == "source")


def _lines(text: str, width: float) -> int:
    """Lines that a text takes in a column of that width, or one more."""
    return sum(1 + int(len(part) * 1.1 / width) for part in text.split("\n"))


def _about(page: Page, column: int) -> str:
    head = page.sheet.header[column]
    own = sheet_help.SHEETS.get(page.name, "") if column == 0 else ""
    words = "" if page.wide and column else sheet_help.COLUMNS.get(head, "")
    if page.wide and column == 1 and not head:
        words = "Write the id of a mode here, and of the next ones to the right."
    return " ".join(part for part in (own, words) if part)


def _width(page: Page, column: int) -> float:
    """Wide enough for most of what stands there."""
    head = page.sheet.header[column]
    texts = [row[column] for row in page.sheet.rows[:200]]
    texts += [page.example[column]] if page.example else []
    longest = max((len(text) for text in texts), default=0)
    least = {
        "name": 34,
        "source": 44,
        "note": 60,
        "of": 26,
        "path": 30,
        "value": 22,
        "judgement": 22,
    }.get(head, 12)
    if page.wide and column:
        least = 11
    return float(min(max(least, longest + 2, len(head) + 2), 70))


def _drop_downs(sheet: Worksheet, page: Page, last: int) -> None:
    """Lists to choose from; what is not on a list may be written all the same."""
    header = page.sheet.header
    for column, head in enumerate(header):
        source = page.lists.get(head) if head or column == 0 else None
        if source is None and page.wide and column:
            source = page.lists.get("*")
        if source is not None:
            _offer(sheet, 1, column, last, column, source)
    if page.wide and "" in header[1:] and "" in page.lists:
        _offer(sheet, 0, 1, 0, len(header) - 1, page.lists[""])


def _offer(
    sheet: Worksheet,
    top: int,
    left: int,
    bottom: int,
    right: int,
    source: str | Sequence[str],
) -> None:
    choice = source if isinstance(source, str) else list(source)
    sheet.data_validation(
        top, left, bottom, right, {"validate": "list", "source": choice, "show_error": False}
    )
