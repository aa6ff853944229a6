"""Rankings, alternatives and explanations as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.report.wording import money
from planner.study.alternatives import Alternatives
from planner.study.budgets import BudgetTable
from planner.study.explain import Explanation
from planner.study.naive import PriceTable
from planner.study.ranking import Ranking

if TYPE_CHECKING:
    import pandas as pd

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
    "evidence",
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
    head.append("stays from")
    lines: list[list[Cell]] = []
    for row in table.to_dict():
        line: list[Cell] = [row["technique"], row["name"]]
        for rows in ranked:
            place = rows[row["technique"]]
            line += [place.rank, place.recommended]
        line.append(row["stays_from"])
        lines.append(line)
    return csv_text(head, lines)


def alternatives_csv(others: Alternatives) -> str:
    """One row a stack: the best first, then the others in order."""
    best = others.best
    first: dict[str, Any] = {
        "stack": list(best.stack),
        "cost": float(best.money(best.cost)),
        "risk": best.risk,
        "objective_value": best.objective_value,
        "rise": 0.0,
        "gains": [],
        "loses": [],
        "effective_layers": best.effective_layers,
        "depth": best.depth,
        "proof": {"kind": best.proof.kind, "gap": best.proof.gap},
        "sentence": "",
    }
    rows = []
    for place, row in enumerate([first, *others.to_dict()], start=1):
        proof = row.pop("proof")
        rows.append([place, *map(_flat, row.values()), proof["kind"], proof["gap"]])
    head = ["place", *(key for key in first if key != "proof"), "proof", "gap"]
    return csv_text(head, rows)


def explain_tables(explanation: Explanation, price: PriceTable | None) -> dict[str, str]:
    """File name -> CSV, for all that the scenario has something to say about."""
    everything = explanation.everything.correlation
    stack = explanation.stack
    found = {
        "correlation.csv": frame_csv(everything.to_frame("phi")),
        "tetrachoric.csv": frame_csv(everything.to_frame("tetrachoric")),
        "importance.csv": frame_csv(stack.importance_frame()),
        "drivers.csv": _drivers_csv(explanation),
    }
    if everything.jaccard is not None:
        found["jaccard.csv"] = frame_csv(everything.to_frame("jaccard"))
    if stack.cut_sets is not None:
        found["cut-sets.csv"] = _cut_sets_csv(explanation)
    if price is not None:
        found["price-of-ignoring.csv"] = frame_csv(price.to_frame())
    return found


def frame_csv(frame: pd.DataFrame) -> str:
    """A table with its heads; what is not known stays blank."""
    # Not by `cell != cell`: pandas' own missing value has no truth.
    missing = frame.isna().to_numpy().tolist()
    rows = [
        [None if gone else cell for cell, gone in zip(row, blank, strict=True)]
        for row, blank in zip(frame.astype(object).to_numpy().tolist(), missing, strict=True)
    ]
    return csv_text([str(name) for name in frame.columns], rows)


def _drivers_csv(explanation: Explanation) -> str:
    """Modes, pairs of modes and classes of worlds of the stack in one table."""
    found = explanation.stack.drivers
    head = ["kind", "what", "probability", "risk_given", "residual", "share", "shapley_share"]
    rows: list[list[Cell]] = []
    for m in found.modes:
        rows.append(
            ["mode", m.mode, m.probability, m.risk_given, m.residual, m.share, m.shapley_share]
        )
    for p in found.pairs:
        what = " + ".join(p.modes)
        rows.append(["pair", what, p.probability, p.risk_given, p.residual, p.share, None])
    for c in found.classes:
        given = c.loss * c.failure
        rows.append(["world", c.world, c.probability, given, c.residual, c.share, None])
    rest = (found.others, found.others / found.risk if found.risk > 0 else None)
    rows.append(["world", "all others", None, None, *rest, None])
    return csv_text(head, rows)


def _cut_sets_csv(explanation: Explanation) -> str:
    rows: list[list[Cell]] = []
    for subject in (explanation.stack, explanation.everything):
        assert subject.cut_sets is not None
        for cut in subject.cut_sets.sets:
            rows.append([subject.name, len(cut), ", ".join(cut)])
    return csv_text(["of", "order", "modes"], rows)


def _flat(value: Any) -> Cell:
    cell: Cell = ", ".join(value) if isinstance(value, list) else value
    return cell


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([csv_cell(name) for name in head])
    writer.writerows([csv_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def csv_cell(cell: Cell) -> str:
    """Numbers in full; text that a spreadsheet would take for a formula gets an apostrophe.

    >>> csv_cell("=1+1"), csv_cell(-0.5), csv_cell(True), csv_cell(None), csv_cell("re")
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
