"""The ranked table, with as many columns as the page has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table

from planner.plan import Plan
from planner.report.screen import plain
from planner.report.wording import DASH, digits, money, percent
from planner.study.ranking import Ranking, RankRow

#: A reason stands in its row where this much room is left for it.
REASON_WIDTH = 48
#: Names longer than this wrap.
NAME_WIDTH = 28
#: What a technique's id may take at least; longer ones fold.
ID_WIDTH = 20

MARK = "✓"


@dataclass(frozen=True)
class Column:
    """A column: its head (one line a word where needed), and the text of a row.

    `order` says how soon the column gives way where room is short: 0 never, then the largest
    first.
    """

    head: str
    cell: Callable[[RankRow], str]
    order: int
    justify: Literal["left", "right", "center"] = "right"
    widest: int = 1000

    def width(self, rows: Sequence[RankRow]) -> int:
        words = max(cell_len(line) for line in self.head.split("\n"))
        cells = max((cell_len(plain(self.cell(row)).plain) for row in rows), default=0)
        return max(words, min(cells, self.widest))


def ranked(ranking: Ranking, width: int) -> RenderableType:
    """The table; reasons in their rows where they fit, else as a list below."""
    rows = ranking.rows
    columns = _columns(ranking.plan)
    shown = [c for c in columns if c.order == 0]
    for column in sorted((c for c in columns if c.order), key=lambda c: c.order):
        wider = [c for c in columns if c in shown or c is column]
        if _total(wider, rows) <= width:
            shown = wider
    reasons = len(shown) == len(columns) and _total(shown, rows) + REASON_WIDTH + 2 <= width
    table = _table(shown, rows, width, reasons=reasons)
    if reasons:
        return table
    names = any(column.head == "name" for column in shown)
    return Group(table, *_reasons(rows, names=not names))


def _columns(plan: Plan) -> list[Column]:
    amount = plan.target is not None
    best = "least cost" if amount else "best risk"
    if plan.question.measure.name != "expected" and not amount:
        best = f"best {plan.question.measure.name.partition(':')[0]}"
    levels = any(t.has_levels for t in plan.scenario.techniques)
    found = [
        Column("#", lambda row: DASH if row.rank is None else str(row.rank), 0),
        Column("technique", lambda row: row.technique, 0, "left", ID_WIDTH),
        Column("name", _name, 5, "left", NAME_WIDTH),
        Column("in", _mark, 0, "center"),
        Column("cost", lambda row: money(row.cost), 0),
        Column("fails\nalone", lambda row: digits(row.failure_alone), 0),
        Column("rise if\ndropped", lambda row: digits(row.rise_if_dropped), 0),
        Column("fall if\nadded", lambda row: digits(row.fall_if_added), 0),
        Column(f"{best}\nif locked in", lambda row: _rise(row.lock_in_rise), 2),
        Column(f"{best} if\nlocked out", lambda row: _rise(row.replacement_cost), 1),
        Column("risk cut per\nmoney, alone", lambda row: digits(row.reduction_per_cost), 4),
        Column("most redundant\nwith", _twin, 3, "left", NAME_WIDTH),
    ]
    if plan.by_depth:
        # A depth has no best risk to rise from: nothing was solved with a technique locked.
        found = [column for column in found if "locked" not in column.head]
    if levels:
        found.insert(2, Column("level", lambda row: row.level, 0, "left", ID_WIDTH))
    return found


def _table(
    columns: Sequence[Column], rows: Sequence[RankRow], width: int, *, reasons: bool
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True)
    fixed = sum(c.width(rows) + 2 for c in columns if c.head not in ("technique", "level"))
    for column in columns:
        widest = column.width(rows)
        if column.head == "technique":
            widest = min(widest, max(width - fixed - 2, 8))
        table.add_column(
            column.head,
            justify=column.justify,
            overflow="fold",
            min_width=min(widest, 8) if column.head in ("technique", "level") else widest,
            max_width=max(widest, 1),
            vertical="top",
        )
    if reasons:
        table.add_column("reason", overflow="fold", min_width=REASON_WIDTH)
    for row in rows:
        cells = [plain(column.cell(row)) for column in columns]
        if reasons:
            cells.append(plain(_told(row)))
        table.add_row(*cells, style=_style(row))
    return table


def _reasons(rows: Sequence[RankRow], *, names: bool) -> list[RenderableType]:
    """`1  re: the sentence`, wrapped under itself; with the name where the table has none."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        number = DASH if row.rank is None else str(row.rank)
        sentence = plain(row.technique, "bold")
        if names and _name(row):
            sentence.append_text(plain(f", {row.name}"))
        sentence.append_text(plain(": "))
        sentence.append_text(plain(_told(row)))
        grid.add_row(plain(number), sentence)
    return [plain("Why", "bold"), grid]


def _told(row: RankRow) -> str:
    """Why the technique stands where it stands, and where its numbers come from."""
    return f"{row.reason} {row.evidence}" if row.evidence else row.reason


def _total(columns: Sequence[Column], rows: Sequence[RankRow]) -> int:
    return sum(column.width(rows) + 2 for column in columns)


def _style(row: RankRow) -> str:
    if row.recommended:
        return "bold green"
    return "dim" if row.committed else ""


def _name(row: RankRow) -> str:
    return "" if row.name == row.technique else row.name


def _mark(row: RankRow) -> str:
    if row.committed:
        return "paid"
    return MARK if row.recommended else ""


def _rise(number: float | None) -> str:
    if number is None:
        return DASH
    return "+0" if number == 0 else f"+{digits(number)}"


def _twin(row: RankRow) -> str:
    if row.redundant_with is None or row.redundancy is None:
        return DASH
    return f"{row.redundant_with} {percent(round(row.redundancy, 2))}"
