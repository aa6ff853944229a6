"""The figure of a recommendation: who is vulnerable to what, and what each technique is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.plan import Plan
from planner.report import wording
from planner.report.drawing import (
    INK,
    LONGEST_TITLE,
    REST,
    STACK,
    Drawing,
    bare,
    canvas,
    legend_above,
    name_ticks,
    shortened,
)
from planner.report.figures_matrix import MOST_ROWS, draw_matrix, left_out, matrix
from planner.report.rank_table import MARK
from planner.study.ranking import Ranking, RankRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def recommendation_drawing(ranking: Ranking) -> Drawing:
    """Left the vulnerability matrix in rank order, right the worth of each technique."""
    plan = ranking.plan
    rows = ranking.rows[:MOST_ROWS]
    found = matrix(plan, [row.technique for row in rows])
    height = 2.6 + 0.36 * max(len(rows), 3)
    wide = 5.2 if found is None else 6.6 + 0.5 * len(found.modes)
    title = shortened(plan.scenario.name, LONGEST_TITLE)
    figure = canvas(wide + 2.0, height, title, _note(plan, len(rows)))
    stack = sum(row.recommended for row in rows)
    if found is None:
        bars = figure.add_subplot()
        _bars(bars, plan, rows)
        name_ticks(bars, _names(rows))
        for label in bars.get_yticklabels()[:stack]:
            label.set(weight="bold", color=STACK)
    else:
        ratios = [max(len(found.modes) * 0.55, 2.2), 3.6]
        left, right = figure.subplots(1, 2, width_ratios=ratios)
        # The stack comes first in the ranking: one frame holds all of it.
        draw_matrix(left, found, _names(rows), stack)
        _bars(right, plan, rows)
        right.set_yticks([])
    return Drawing("recommendation", title, recommendation_alt(ranking), figure)


def recommendation_alt(ranking: Ranking) -> str:
    """What the figure shows, in words."""
    first = ", ".join(row.technique for row in ranking.rows[:5])
    return (
        f"Vulnerability of each technique to each failure mode, and what each is worth. "
        f"{ranking.plan.summary()} Techniques by rank: {first}"
        + (", and so on." if len(ranking.rows) > 5 else ".")
    )


def _bars(axes: Axes, plan: Plan, rows: Sequence[RankRow]) -> None:
    """What the stack loses without a technique, and what another one would add."""
    word = "risk" if plan.question.measure.name == "expected" else plan.question.measure.name
    ranges = range(len(rows))
    sets = (
        ([row.rise_if_dropped for row in rows], STACK, "", f"rise of the {word} if dropped"),
        ([row.fall_if_added for row in rows], REST, "////", f"fall of the {word} if added"),
    )
    largest = max((n for numbers, *_ in sets for n in numbers if n is not None), default=0.0)
    for numbers, colour, hatch, label in sets:
        if all(number is None for number in numbers):
            continue
        lengths = [number or 0.0 for number in numbers]
        axes.barh(
            ranges, lengths, height=0.62, color=colour, hatch=hatch, edgecolor="white", label=label
        )
        for i, number in enumerate(numbers):
            if number is not None:
                text = f" {wording.short(number, 3)}"
                axes.text(number, i, text, va="center", fontsize=8, color=INK)
    axes.set_xlim(0, largest * 1.22 if largest > 0 else 1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="x", labelsize=8)
    axes.locator_params(axis="x", nbins=5)
    bare(axes, "top", "right")
    legend_above(axes, 1)


def _names(rows: Sequence[RankRow]) -> list[str]:
    names = []
    for row in rows:
        rank = "paid" if row.rank is None else str(row.rank)
        name = f"{rank}  {shortened(row.technique)}"
        names.append(f"{MARK} {name}" if row.recommended else name)
    return names


def _note(plan: Plan, rows: int) -> str:
    parts = [
        f"{MARK} recommended: cost {wording.cost(plan)}, residual risk {wording.short(plan.risk)}"
    ]
    if plan.by_depth:
        parts.append(f"Chosen by depth ({wording.depth_number(plan)}), which needs no probability")
    return ". ".join([*parts, *left_out(plan, rows)])
