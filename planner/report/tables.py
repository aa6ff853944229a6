"""Rankings as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from planner.report.wording import money
from planner.study.budgets import BudgetTable
from planner.study.ranking import Ranking

Cell = str | int | float | Decimal | bool | None

COLUMNS = (
    "technique",
    "rank",
    "name",
    "level",
    "recommended",
    "committed",
    "cost",
    "failure_alone",
    "rise_if_dropped",
    "fall_if_added",
    "reduction_per_cost",
    "replacement_cost",
    "lock_in_rise",
    "redundant_with",
    "redundancy",
    "reason",
)


def ranking_csv(ranking: Ranking) -> str:
    """One row a technique, in rank order."""
    rows = [[getattr(row, column) for column in COLUMNS] for row in ranking.rows]
    return csv_text(COLUMNS, rows)


def budgets_csv(table: BudgetTable) -> str:
    """One row a technique: its rank at each budget, and whether it is in the stack there."""
    budgets = [money(plan.money(plan.budget or 0)) for plan in table.plans]
    ranked = [{row.technique: row for row in ranking.rows} for ranking in table.rankings]
    head = ["technique", "name"]
    for budget in budgets:
        head += [f"rank at {budget}", f"in stack at {budget}"]
    lines: list[list[Cell]] = []
    for row in table.to_dict():
        line: list[Cell] = [row["technique"], row["name"]]
        for rows in ranked:
            place = rows[row["technique"]]
            line += [place.rank, place.recommended]
        lines.append(line)
    return csv_text(head, lines)


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in head])
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def _cell(cell: Cell) -> str:
    """Numbers in full; text that a spreadsheet would take for a formula gets an apostrophe.

    >>> _cell("=1+1"), _cell(-0.5), _cell(True), _cell(None), _cell("re")
    ("'=1+1", '-0.5', 'yes', '', 're')
    """
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case Decimal():
            return money(cell)
        case int() | float():
            return repr(float(cell)) if isinstance(cell, float) else str(cell)
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
