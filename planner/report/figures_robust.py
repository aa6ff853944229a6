"""Figures of `robust`: core index with ranks, regret of the stacks, and the selection bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.report import wording
from planner.report.drawing import (
    FAINT,
    GREEN,
    INK,
    PALE,
    REST,
    STACK,
    Drawing,
    bare,
    canvas,
    legend_above,
    name_ticks,
    shortened,
)
from planner.study.robust import Robust

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Rows of a figure.
MOST_ROWS = 30
MOST_STACKS = 10


def drawings(found: Robust) -> list[Drawing]:
    """Every figure that the draws have something to say about."""
    if not found.draws.numbers:
        return []
    return [core_drawing(found), regret_drawing(found), bias_drawing(found)]


def core_drawing(found: Robust) -> Drawing:
    """Left the core index of each technique, right how often it has each rank."""
    rows = found.rows[:MOST_ROWS]
    title = f"Core index and ranks over {found.count:,} draws"
    left_out = len(found.rows) - len(rows)
    note = (
        "Core index: share of the draws whose best stack holds the technique. Darker: more of the "
        "draws give it that rank; ties share their ranks."
    )
    if left_out:
        note += f" {left_out} techniques with a lower index are left out."
    figure = canvas(11, 2.2 + 0.3 * max(len(rows), 4), title, note)
    left, right = figure.subplots(1, 2, width_ratios=[2, 3])
    colours = [STACK if row.central else REST for row in rows]
    left.barh(range(len(rows)), [row.core_index for row in rows], color=colours, height=0.66)
    for k, row in enumerate(rows):
        text = f" {row.core_index:.3f}" if 0 < row.core_index < 1 else f" {row.core_index:g}"
        left.text(row.core_index, k, text, va="center", fontsize=8, color=INK)
    left.set_xlim(0, 1.18)
    left.set_xticks([0, 0.5, 1])
    left.tick_params(axis="x", labelsize=8)
    left.set_ylim(len(rows) - 0.5, -0.5)
    name_ticks(left, [shortened(row.technique) for row in rows], size=8)
    left.set_xlabel("core index", fontsize=9)
    bare(left, "top", "right")
    left.barh([0], [0], color=STACK, label="in the stack of the central values")
    left.barh([0], [0], color=REST, label="not in it")
    legend_above(left, 1)
    shares = np.array([row.acceptability for row in rows])
    right.imshow(shares, aspect="auto", cmap="Blues", vmin=0, vmax=max(float(shares.max()), 0.2))
    if shares.shape[1] <= 12:
        for k in range(shares.shape[0]):
            for r in range(shares.shape[1]):
                if shares[k, r] >= 0.005:
                    colour = "white" if shares[k, r] > 0.6 * shares.max() else INK
                    text = f"{shares[k, r] * 100:.0f}"
                    right.text(r, k, text, ha="center", va="center", fontsize=8, color=colour)
    step = max(1, shares.shape[1] // 15)
    right.set_xticks(range(0, shares.shape[1], step))
    right.set_xticklabels([str(k + 1) for k in range(0, shares.shape[1], step)], fontsize=8)
    right.set_yticks([])
    numbers = " (numbers: % of the draws)" if shares.shape[1] <= 12 else ""
    right.set_xlabel(f"rank{numbers}", fontsize=9)
    core = [row.technique for row in found.rows if row.status == "core"]
    alt = (
        f"Core index of {len(found.rows)} techniques over {found.count} draws. In every best "
        f"stack: {', '.join(core[:12]) or 'none'}."
    )
    return Drawing("core-index", title, alt, figure)


def regret_drawing(found: Robust) -> Drawing:
    """Each judged stack: the spread of its risk, and its regret."""
    judged = found.field.judged[:MOST_STACKS]
    title = "Risk and regret of the stacks over the draws"
    note = (
        "Risk: line 5% to 95% of the draws, dot the mean, triangle the mean of the worst 5%. "
        "Regret: bar the mean, tick the 95% quantile, cross the worst draw."
    )
    figure = canvas(11, 2.4 + 0.42 * max(len(judged), 3), title, note)
    left, right = figure.subplots(1, 2)
    for k, stack in enumerate(judged):
        colour = (
            STACK if "central" in stack.roles else GREEN if stack.roles != ("often",) else FAINT
        )
        left.plot([stack.low, stack.high], [k, k], color=colour, lw=2.5, solid_capstyle="butt")
        left.plot([stack.mean], [k], "o", color=colour, ms=6)
        left.plot([stack.cvar], [k], "^", color=colour, ms=6)
        right.barh([k], [stack.regret[0]], color=colour, height=0.5)
        right.plot([stack.regret[1]], [k], "|", color=INK, ms=11, mew=1.6)
        right.plot([stack.regret[2]], [k], "x", color=INK, ms=6)
    labels = []
    for place, stack in enumerate(judged, start=1):
        roles = [role for role in stack.roles if role != "often"]
        name = ", ".join(stack.labels) if len(stack.labels) <= 3 else f"stack {place}"
        share = f"best in {wording.percent(stack.best_share)}"
        labels.append(f"{shortened(name, 34)} ({', '.join(roles) or share})")
    name_ticks(left, labels, size=8, most=80)
    left.set_ylim(len(judged) - 0.5, -0.5)
    right.set_ylim(len(judged) - 0.5, -0.5)
    right.set_yticks([])
    right.set_xlim(left=0)
    left.set_xlabel("risk", fontsize=9)
    right.set_xlabel("regret (risk above the best stack of the draw)", fontsize=9)
    for axes in (left, right):
        axes.tick_params(axis="x", labelsize=8)
        axes.grid(axis="x", color=PALE, lw=0.6)
        axes.set_axisbelow(True)
        bare(axes, "top", "right")
    central = found.field.of("central")
    alt = (
        f"Risk and regret of {len(judged)} stacks. The central stack leaves "
        f"{wording.short(central.mean)} on average; its worst regret is "
        f"{wording.short(central.regret[2])}."
    )
    return Drawing("regret", title, alt, figure)


def bias_drawing(found: Robust) -> Drawing:
    """What the best stack of each draw promises, beside what the chosen stack leaves."""
    title = "A chosen stack looks better than it is"
    bias = found.bias
    note = (
        f"Promised by the best stack of each draw in that draw: mean {wording.short(bias.looks)}. "
        f"Those same stacks over all draws: {wording.short(bias.turns_out)} (line). "
        f"The chosen stack in the same draws: mean {wording.short(bias.expected)}."
    )
    figure = canvas(8.5, 4.2, title, note)
    axes = figure.subplots()
    looks = found.best.value[found.best.solved]
    chosen = found.field.risk_of("central")
    _steps(axes, looks, REST, "promised by the best stack of each draw", "--")
    _steps(axes, chosen, STACK, "left by the chosen stack in that draw", "-")
    axes.axvline(bias.turns_out, color=INK, lw=1.2, ls=":")
    axes.set_ylim(0, 1)
    axes.set_xlabel("risk", fontsize=9)
    axes.set_ylabel("share of the draws below", fontsize=9)
    axes.tick_params(labelsize=8)
    bare(axes, "top", "right")
    legend_above(axes, 1)
    alt = (
        f"Distribution over draws of the risk that the best stack of each draw promises (mean "
        f"{wording.short(bias.looks)}) and that the chosen stack leaves (mean "
        f"{wording.short(bias.expected)})."
    )
    return Drawing("selection-bias", title, alt, figure)


def _steps(axes: Axes, values: np.ndarray, colour: str, label: str, line: str) -> None:
    """The share of the values below, at 200 points."""
    shares = np.linspace(0, 1, 201)
    axes.plot(np.quantile(values, shares), shares, line, color=colour, lw=2, label=label)
