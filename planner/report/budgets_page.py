"""The page of `recommend` at several budgets: who is in, and at which rank."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from planner.report import wording
from planner.report.plan_page import title
from planner.report.rank_table import MARK
from planner.report.screen import plain
from planner.study.budgets import BudgetTable

#: Columns that one budget takes, and what the techniques get.
EACH = 9
FIRST = 34


def page(table: BudgetTable, width: int) -> list[RenderableType]:
    """One line a budget, then the ranks side by side, in blocks that fit."""
    first = table.plans[0]
    parts: list[RenderableType] = [
        title(first.scenario.name),
        _plans(table),
        plain(f"Amounts are in {first.scenario.currency}. {wording.ASSUMPTION}"),
        Text(),
        plain(f"Rank by budget ({MARK} in the stack)", "bold"),
    ]
    each = max(1, (width - FIRST) // EACH)
    for start in range(0, len(table.plans), each):
        parts.append(_ranks(table, range(len(table.plans))[start : start + each]))
    return parts


def _plans(table: BudgetTable) -> Table:
    view = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True)
    for name in ("budget", "cost", "risk", "layers", "depth"):
        view.add_column(name, justify="right", no_wrap=True)
    view.add_column("fund", overflow="fold", min_width=16)
    view.add_column("how it is known", overflow="fold", min_width=20, max_width=44)
    for plan in table.plans:
        view.add_row(
            plain(wording.money(plan.money(plan.budget or 0))),
            plain(wording.money(plan.money(plan.cost))),
            plain(wording.short(plan.risk)),
            plain(wording.short(plan.effective_layers, 3)),
            plain(wording.DASH if plan.depth is None else str(plan.depth)),
            plain(", ".join(plan.stack) or "nothing", "bold green"),
            plain(wording.proof(plan)),
        )
    return view


def _ranks(table: BudgetTable, chosen: Sequence[int]) -> Table:
    view = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True)
    view.add_column("technique", overflow="fold", min_width=8)
    ranked = []
    for k in chosen:
        plan = table.plans[k]
        view.add_column(
            plain(wording.money(plan.money(plan.budget or 0))), justify="right", overflow="fold"
        )
        ranked.append({row.technique: row for row in table.rankings[k].rows})
    closing = chosen[-1] == len(table.plans) - 1
    if closing:
        view.add_column("stays from", justify="right", overflow="fold")
    for line in table.to_dict():
        id = line["technique"]
        cells = [plain(id)]
        for rows in ranked:
            row = rows[id]
            rank = "paid" if row.rank is None else str(row.rank)
            mark = f" {MARK}" if row.recommended else "  "
            cells.append(plain(rank + mark, "bold green" if row.recommended else ""))
        if closing:
            stays = line["stays_from"]
            cells.append(plain(wording.DASH if stays is None else f"{stays:g}"))
        view.add_row(*cells)
    return view
