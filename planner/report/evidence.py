"""The evidence behind a scenario in words: what has a source, what is assumed, what has none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from planner.report.screen import plain
from planner.scenario.ledger import Count
from planner.study.evidence import EvidenceTable

#: Rows that a list of cells without a source shows.
MOST = 6


def sources(found: EvidenceTable, *, stated: bool) -> list[tuple[str, str]]:
    """Labels and texts: the counts, and the cells that lack a source where others have one."""
    if not stated:
        return [("Sources", f"none stated for {_number(found.cells.all, 'cell')}")]
    rows = [("Sources", counts(found))]
    if found.without:
        rows.append(("Without source", _without(found.without)))
    return rows


def counts(found: EvidenceTable) -> str:
    """`49 cells: 49 from a source (32 H, 15 M, 2 L); 24 other numbers: 24 assumed`"""
    parts = [f"{_number(found.cells.all, 'cell')}: {_standing(found.cells)}"]
    if found.others.all:
        parts.append(f"{_number(found.others.all, 'other number')}: {_standing(found.others)}")
    return "; ".join(parts)


def references(found: EvidenceTable) -> list[RenderableType]:
    """What the numbers in brackets stand for; nothing where there are none."""
    if not found.references:
        return []
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for place, text in enumerate(found.references, start=1):
        grid.add_row(plain(f"[{place}]"), plain(text))
    return [Text(), plain("Sources", "bold"), grid]


def _standing(found: Count) -> str:
    parts = []
    if found.sourced:
        parts.append(f"{found.sourced:,} from a source")
    if found.assumed:
        parts.append(f"{found.assumed:,} assumed")
    if found.none:
        parts.append(f"{found.none:,} without a source")
    sure = ", ".join(f"{number:,} {word}" for word, number in found.confidence.items())
    return ", ".join(parts) + (f" ({sure})" if sure else "")


def _without(rows: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    shown = [
        f"{row} ({'all' if columns == ('*',) else ', '.join(columns)})"
        for row, columns in rows[:MOST]
    ]
    more = len(rows) - len(shown)
    return "; ".join(shown) + (f" and {_number(more, 'row')} more (all in --json)" if more else "")


def _number(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
