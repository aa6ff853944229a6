"""The figure of several budgets: how each technique's rank moves, and where it is in the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.report import wording
from planner.report.drawing import (
    FAINT,
    INK,
    PALE,
    REST,
    STACK,
    Drawing,
    bare,
    canvas,
    legend_above,
    shortened,
)
from planner.study.budgets import BudgetTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Techniques that are all drawn; of more, those that are ever in the stack, and at most so many.
ALL_DRAWN, MOST_LINES = 24, 48
#: Inches that the ranks take at most.
TALLEST = 11.0


def budgets_drawing(table: BudgetTable) -> Drawing:
    """One line a technique over the budgets: full where it is in the stack, hollow where not."""
    rows = table.to_dict()
    ranked = [row for row in rows if any(place is not None for place in row["rank"].values())]
    shown = ranked
    if len(ranked) > ALL_DRAWN:
        shown = [row for row in ranked if any(row["in"].values())][:MOST_LINES] or ranked[:1]
    lowest = max(rank for row in shown for rank in row["rank"].values() if rank is not None)
    scenario = table.plans[0].scenario
    title = f"Rank by budget: {scenario.name}"
    note = "Rank 1 stands at the top. The stack's own techniques come first."
    if len(shown) < len(ranked):
        which = "that no budget funds" if len(shown) < MOST_LINES else "of lower rank"
        note += f" {len(ranked) - len(shown)} techniques {which} are not drawn."
    height = 2.2 + min(0.27 * max(lowest, 4), TALLEST)
    figure = canvas(3.6 + 1.1 * len(table.plans), height, title, note)
    axes = figure.add_subplot()
    for row in shown:
        _line(axes, row)
    _frame(axes, table, lowest)
    return Drawing("rank-by-budget", title, budgets_alt(table), figure)


def budgets_alt(table: BudgetTable) -> str:
    """What the figure shows, in words."""
    told = []
    for plan in table.plans:
        stack = ", ".join(plan.stack) or "nothing"
        told.append(f"at {wording.money(plan.money(plan.budget or 0))} {stack}")
    return f"Rank of each technique by budget. In the stack: {'; '.join(told)}."


def _line(axes: Axes, row: dict[str, Any]) -> None:
    rank, inside = row["rank"], row["in"]
    places = [(k, rank[key], inside[key]) for k, key in enumerate(rank) if rank[key] is not None]
    ever = any(held for _, _, held in places)
    axes.plot(
        [k for k, _, _ in places],
        [place for _, place, _ in places],
        color=STACK if ever else PALE,
        linewidth=1.6 if ever else 1.0,
        zorder=2 if ever else 1,
    )
    for k, place, held in places:
        axes.plot(
            k,
            place,
            marker="o" if held else "s",
            markersize=8 if held else 5,
            color=STACK if held else "white",
            markeredgecolor=INK if held else REST,
            zorder=3,
        )
    last = places[-1]
    axes.text(
        last[0] + 0.12,
        last[1],
        shortened(str(row["technique"])),
        va="center",
        fontsize=8.5,
        color=STACK if last[2] else FAINT,
        weight="bold" if last[2] else "normal",
        parse_math=False,
    )


def _frame(axes: Axes, table: BudgetTable, count: int) -> None:
    last = len(table.plans) - 1
    axes.set_xlim(-0.3, last + max(1.6, 0.3 * last))
    axes.set_ylim(count + 0.6, 0.4)
    axes.set_xticks(range(len(table.plans)))
    budgets = [wording.money(plan.money(plan.budget or 0)) for plan in table.plans]
    axes.set_xticklabels(budgets, fontsize=8.5)
    axes.set_xlabel(
        f"budget, {table.plans[0].scenario.currency}", fontsize=9, parse_math=False, loc="left"
    )
    step = 1 if count <= 25 else 5
    axes.set_yticks([k for k in range(1, count + 1) if k == 1 or k % step == 0])
    axes.set_ylabel("rank", fontsize=9)
    axes.tick_params(axis="y", labelsize=8, length=0)
    bare(axes, "right", "top")
    axes.plot([], [], "o", color=STACK, markeredgecolor=INK, markersize=8, label="in the stack")
    axes.plot([], [], "s", color="white", markeredgecolor=REST, markersize=5, label="not in it")
    legend_above(axes, 2)
