"""Questions for one expert as a sheet or a CSV table, and the answers read back.

A row is a cell of the vulnerability table: what it is about in words, what the scenario says now,
and a blank for the expert's own judgement. A blank that stays blank keeps what the scenario says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from planner.errors import BadInput, Finding
from planner.scenario.csv_text import LARGEST_CSV
from planner.scenario.folder import Folder, Holder, read_bytes
from planner.scenario.names import check_name
from planner.scenario.notes import Notes, Place, shown
from planner.scenario.read_modes import parse_cell
from planner.scenario.table import Row, Table
from planner.scenario.tabulate import Sheet, cell_text
from planner.scenario.types import Cell, Expert, FailureModes, Scenario
from planner.scenario.workbook import Book
from planner.scenario.workbook_bytes import LARGEST_WORKBOOK, check_bytes
from planner.scenario.workbook_cells import Damaged, Sheets
from planner.scenario.write import value_text
from planner.scenario.write_folder import csv_of
from planner.scenario.write_workbook import Page, book_bytes

#: The sheet with the questions, and its columns.
SHEET = "questions"
COLUMNS = ("expert", "technique", "technique name", "mode", "mode name", "now", "judgement", "note")
_NEEDED = ("technique", "mode", "judgement")

_HOW_TO = (
    ("What is asked", ""),
    (
        "",
        "Each row of the sheet questions is one technique and one failure mode. Suppose the mode "
        "is active, and the technique was funded and is in use. What is the chance that the "
        "technique FAILS to protect? 0: it surely holds. 1: it surely fails.",
    ),
    ("How to answer", ""),
    (
        "1",
        "Write in the yellow column judgement: a word of the list, a number from 0 to 1, or a "
        "90% range such as 0.1 to 0.4.",
    ),
    (
        "2",
        "Leave a cell blank where you have no view: the scenario's own number, in the column "
        "now, is then kept.",
    ),
    ("3", "Do not change the other columns. The column note is for your reasons."),
    ("4", "Save, and send the file back."),
)


@dataclass(frozen=True)
class Answers:
    """The scenario with the expert, how many of the questions have an answer, and what is odd
    about the sheet."""

    scenario: Scenario
    expert: str
    asked: int
    answered: int
    warnings: tuple[Finding, ...] = ()


def questions(scenario: Scenario, expert: str, cells: Sequence[tuple[str, str]]) -> Sheet:
    """A row for each (technique id, mode id), in that order."""
    assert isinstance(scenario.threats, FailureModes)
    techniques = {t.id: (i, t.name) for i, t in enumerate(scenario.techniques)}
    modes = {mode.id: (j, mode.name) for j, mode in enumerate(scenario.threats.modes)}
    rows = []
    for technique, mode in cells:
        (i, name), (j, mode_name) = techniques[technique], modes[mode]
        now = _now(scenario.threats.cells[i][j])
        rows.append((expert, technique, name, mode, mode_name, now, "", ""))
    return Sheet(COLUMNS, tuple(rows))


def _now(cell: Cell) -> str:
    """`prone (0.8)`"""
    text = cell_text(cell)
    return text if cell.symbol is None else f"{text} ({value_text(cell.value)})"


def questions_csv(sheet: Sheet) -> bytes:
    return csv_of(sheet).encode()


def questions_workbook(scenario: Scenario, sheet: Sheet) -> bytes:
    """The questions, the scale to choose from, and how to answer."""
    scale = tuple((symbol, value_text(value)) for symbol, value in scenario.scale)
    lists = {"judgement": f"=scale!$A$2:$A${len(scale) + 1}"} if scale else {}
    pages = [Page(SHEET, sheet, lists, given=frozenset(COLUMNS[:6]))]
    if scale:
        pages.append(Page("scale", Sheet(("symbol", "value"), scale)))
    return book_bytes(pages, _HOW_TO)


def read_answers(path: Path, scenario: Scenario, expert: str | None) -> Answers:
    """The answers in a workbook or CSV table, as an expert of the scenario.

    `expert` overrules the name in the sheet; an expert of that name is replaced. Raises BadInput
    with all findings about the sheet.
    """
    notes = Notes()
    if not isinstance(scenario.threats, FailureModes):
        raise BadInput.option(
            "--from",
            "Explicit worlds have no cells that experts judge.",
            "Name a scenario with modes.",
        )
    table = _table(path, notes)
    if table is None:
        notes.stop_if_any()
        raise BadInput.of(notes.findings)
    table.shape(notes, _NEEDED, [name for name in COLUMNS if name not in _NEEDED])
    notes.stop_if_any()
    name = expert or _expert_of(table, notes)
    check_name(name, Place(table.file, None, "expert"), notes)
    cells = [list(row) for row in scenario.threats.cells]
    answered = 0
    seen: set[tuple[str, str]] = set()
    for row in table.rows:
        answered += _take(table, row, scenario, cells, seen, notes)
    if not answered and not notes.findings:
        notes.add(
            Place(table.file, None, "judgement"),
            "No question has an answer.",
            "Fill in the column judgement.",
        )
    notes.stop_if_any()
    own = Expert(name, tuple(map(tuple, cells)))
    kept = [e for e in scenario.experts if e.name != name]
    experts = tuple(sorted([*kept, own], key=lambda e: e.name))
    whole = replace(scenario, experts=experts)
    return Answers(whole, name, len(table.rows), answered, tuple(notes.warnings))


def _table(path: Path, notes: Notes) -> Table | None:
    file = shown(path.name)
    holder: Holder = Folder(path.parent)
    if path.suffix.lower() == ".csv":
        # The file itself was named, so that a link in its folder may lead anywhere.
        return Folder.table_in(read_bytes(path, file, LARGEST_CSV), "questions", file, notes)
    data = read_bytes(path, file, LARGEST_WORKBOOK)
    if not check_bytes(data, file, notes):
        return None
    try:
        holder = Book(Sheets(data, file), notes)
    except Damaged:
        notes.add(Place(file), "The workbook is damaged.", "Save it again as .xlsx.")
        return None
    return holder.table(SHEET, SHEET, Place(file), notes)


def _expert_of(table: Table, notes: Notes) -> str:
    names = sorted({table.text(row, "expert") for row in table.rows} - {""})
    if len(names) == 1:
        return names[0]
    what = f"several experts: {', '.join(map(shown, names[:5]))}" if names else "no expert"
    notes.add(
        Place(table.file, None, "expert"),
        f"The table names {what}.",
        "Keep one name in the column expert, or give --expert.",
    )
    return "nobody"


def _take(
    table: Table,
    row: Row,
    scenario: Scenario,
    cells: list[list[Cell]],
    seen: set[tuple[str, str]],
    notes: Notes,
) -> bool:
    """Enter one answer; whether there is one."""
    assert isinstance(scenario.threats, FailureModes)
    technique, mode = table.text(row, "technique"), table.text(row, "mode")
    rows = {t.id: i for i, t in enumerate(scenario.techniques)}
    columns = {m.id: j for j, m in enumerate(scenario.threats.modes)}
    known = True
    for what, id, ids in (("technique", technique, rows), ("mode", mode, columns)):
        if id not in ids:
            known = False
            notes.unknown(table.place(row, what), what, id, ids)
    if known and (technique, mode) in seen:
        known = False
        notes.add(
            table.place(row, "mode"),
            f"{technique}, {mode} is asked twice.",
            "Keep one of the two rows.",
        )
    seen.add((technique, mode))
    text = table.text(row, "judgement")
    if not known or not text:
        return False
    index = table.columns["judgement"]
    cell = parse_cell(notes, table, row, index, mode, dict(scenario.scale))
    if cell is not None:
        cells[rows[technique]][columns[mode]] = cell
    return cell is not None
