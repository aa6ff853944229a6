"""What a report is made of, whatever it is written to: sections of text, facts, tables, pictures.

A cell has a text for people (rounded to what is known) and a value for a spreadsheet and for
sorting (in full).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from planner.report.drawing import Drawing
from planner.report.wording import DASH, digits, money, percent, short
from planner.study.dossier import Step

Value: TypeAlias = str | float | int | Decimal | bool | None
Kind: TypeAlias = Literal["text", "number", "mark"]

#: Labels up to which a cell shows them all, and how many it shows of more.
MOST_LISTED, FIRST_LISTED = 9, 5


@dataclass(frozen=True)
class Cell:
    """`value` of a text is the whole of it, where `text` is in short."""

    text: str
    value: Value

    @property
    def rest(self) -> str | None:
        """The whole, where the text is not."""
        whole = isinstance(self.value, str) and len(self.value) > len(self.text)
        return str(self.value) if whole else None


@dataclass(frozen=True)
class Column:
    """A head, what stands below it, and what the head means where that is not plain."""

    head: str
    kind: Kind = "text"
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """`name` is that of its sheet or file; rows of `strong` are the recommended ones."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    strong: frozenset[int] = frozenset()
    note: str = ""
    sortable: bool = False

    @property
    def money(self) -> bool:
        """Whether it holds amounts, whose currency has to be said."""
        return any(isinstance(cell.value, Decimal) for row in self.rows for cell in row)


@dataclass(frozen=True)
class Text:
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Points:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Picture:
    drawing: Drawing


@dataclass(frozen=True)
class Slider:
    """Proven plans over budgets; `own` is the place of the recommended one."""

    steps: tuple[Step, ...]
    currency: str
    own: int
    measure: str
    grid: bool


@dataclass(frozen=True, eq=False)
class Fold:
    """Blocks that a reader may pass over."""

    summary: str
    blocks: tuple[Block, ...]


Block: TypeAlias = Table | Text | Points | Facts | Picture | Slider | Fold


@dataclass(frozen=True, eq=False)
class Section:
    """`id` is the anchor, and in a workbook the name of the sheet for its tables."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, eq=False)
class Report:
    """`answer` are the three sentences that stand first; every amount is in `currency`."""

    title: str
    currency: str
    answer: tuple[str, ...]
    sections: tuple[Section, ...]


def table(
    name: str,
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    strong: Iterable[int] = (),
    note: str = "",
    sortable: bool = False,
) -> Table:
    """A table; ValueError where a row has not one cell a column."""
    kept = tuple(tuple(row) for row in rows)
    if any(len(row) != len(columns) for row in kept):
        raise ValueError(f"a row of the table {name} has not one cell a column")
    return Table(name, caption, tuple(columns), kept, frozenset(strong), note, sortable)


# Cells by what they hold.


def word(text: str | None) -> Cell:
    return Cell(DASH, None) if not text else Cell(text, text)


def number(value: float | None, figures: int | None = None) -> Cell:
    """A number to three figures that line up, or to `figures` without needless zeros."""
    return Cell(digits(value) if figures is None else short(value, figures), value)


def rise(value: float | None) -> Cell:
    """A change, with its sign."""
    if value is None:
        return Cell(DASH, None)
    sign = "+" if value >= 0 else "−"
    return Cell(f"{sign}{digits(abs(value))}", value)


def share(value: float | None) -> Cell:
    return Cell(DASH if value is None else percent(value), value)


def amount(value: Decimal | None) -> Cell:
    return Cell(DASH if value is None else money(value), value)


def names(labels: Sequence[str], none: str = DASH) -> Cell:
    """Labels; of a long list the text has the first and says how many more there are."""
    whole = ", ".join(labels)
    if len(labels) > MOST_LISTED:
        shown = ", ".join(labels[:FIRST_LISTED])
        return Cell(f"{shown} and {len(labels) - FIRST_LISTED} more", whole)
    return Cell(whole or none, whole or None)


def mark(yes: bool, text: str = "✓") -> Cell:
    return Cell(text if yes else "", yes)
