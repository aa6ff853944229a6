"""The page of `recommend` at several budgets: who is in, and at which rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from planner.plan import Plan
from planner.report import wording
from planner.report.plan_page import title
from planner.report.rank_table import MARK
from planner.report.screen import plain
from planner.study.budgets import BudgetTable

#: Columns that one budget takes at least, and what the techniques get.
EACH = 9
FIRST = 34
#: Techniques of a stack that its line names; those of a longer one are marked below alone.
MOST_NAMES = 12


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
    marks = _marks(table)
    each = max(1, (width - FIRST) // max(EACH, *(len(mark) + 5 for mark in marks.values())))
    for start in range(0, len(table.plans), each):
        parts.append(_ranks(table, range(len(table.plans))[start : start + each], marks))
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
            plain(_stack(plan), "bold green"),
            plain(wording.proof(plan)),
        )
    return view


def _stack(plan: Plan) -> str:
    if len(plan.stack) > MOST_NAMES:
        return f"{len(plan.stack)} techniques"
    return ", ".join(plan.stack) or "nothing"


def _marks(table: BudgetTable) -> dict[tuple[int, str], str]:
    """What stands after each rank, by plan and technique: whether it is in the stack, and where
    there are levels at which one. All are equally long."""
    levels = {t.id for t in table.plans[0].scenario.techniques if t.has_levels}
    marks = {}
    for k, ranking in enumerate(table.rankings):
        for row in ranking.rows:
            level = f" {row.level}" if row.technique in levels else ""
            marks[k, row.technique] = f" {MARK}{level}" if row.recommended else ""
    longest = max([2, *map(len, marks.values())])
    return {key: mark.ljust(longest) for key, mark in marks.items()}


def _ranks(
    table: BudgetTable, chosen: Sequence[int], marks: Mapping[tuple[int, str], str]
) -> Table:
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
        for k, rows in zip(chosen, ranked, strict=True):
            row = rows[id]
            rank = "paid" if row.rank is None else str(row.rank)
            mark = marks[k, id]
            cells.append(plain(rank + mark, "bold green" if row.recommended else ""))
        if closing:
            stays = line["stays_from"]
            cells.append(plain(wording.DASH if stays is None else f"{stays:g}"))
        view.add_row(*cells)
    return view
