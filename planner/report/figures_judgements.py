"""Figures of the judgements: what settling each is worth, the tornado, the two-way map; and the
experts' regrets."""

from __future__ import annotations

import numpy as np

from planner.report import wording
from planner.report.drawing import (
    FAINT,
    GREEN,
    INK,
    PALE,
    PURPLE,
    RED,
    REST,
    SKY,
    STACK,
    Drawing,
    bare,
    canvas,
    legend_above,
    name_ticks,
    shortened,
)
from planner.study.panel import Panel
from planner.study.robust_flip import FlipMap, Map
from planner.study.robust_more import More

MOST_BARS = 15
COLOURS = (STACK, REST, GREEN, RED, PURPLE, SKY, FAINT, PALE)


def more_drawings(found: More) -> list[Drawing]:
    drawings = []
    if found.flips is not None:
        drawings.append(tornado_drawing(found.flips))
        if any(flip.evppi for flip in found.flips.flips):
            drawings.append(worth_drawing(found.flips))
        if found.flips.map is not None:
            drawings.append(map_drawing(found.flips.map))
    if found.panel is not None:
        drawings.append(panel_drawing(found.panel))
    return drawings


def worth_drawing(found: FlipMap) -> Drawing:
    """What settling each of the top numbers is worth, and how likely it changes the stack."""
    flips = [flip for flip in found.flips if flip.evppi is not None]
    title = "Which judgement to settle first"
    note = (
        f"Worth of knowing the number before choosing, among {found.among}; lines: two standard "
        "errors each way. In brackets: chance that knowing it changes the stack."
    )
    figure = canvas(9, 1.9 + 0.42 * max(len(flips), 3), title, note)
    axes = figure.subplots()
    worth = [flip.evppi or 0.0 for flip in flips]
    axes.barh(range(len(flips)), worth, color=STACK, height=0.6)
    for k, flip in enumerate(flips):
        error = 2 * (flip.error or 0.0)
        axes.plot([max(worth[k] - error, 0), worth[k] + error], [k, k], color=INK, lw=1.2)
    labels = [
        f"{shortened(wording.judgement(f.name), 44)}  ({wording.percent(f.chance)})" for f in flips
    ]
    name_ticks(axes, labels, size=8, most=70)
    axes.set_ylim(len(flips) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("fall of the mean risk", fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    bare(axes, "top", "right")
    first = wording.judgement(flips[0].name)
    alt = f"Worth of settling {len(flips)} judgements; the first is the {first}."
    return Drawing("settle-first", title, alt, figure)


def tornado_drawing(found: FlipMap) -> Drawing:
    """The risk of the chosen stack from the low to the high end of each number."""
    bars = found.bars[:MOST_BARS]
    title = "Tornado: the chosen stack, one number at a time"
    note = (
        "Bar: risk of the chosen stack with the number at its 5% and 95% quantile, the others at "
        "their means. Mark: an end at which another stack is better, and the risk of that one."
    )
    left_out = len(found.bars) - len(bars)
    if left_out:
        note += f" {left_out} narrower bars are left out."
    figure = canvas(9, 2.1 + 0.36 * max(len(bars), 3), title, note)
    axes = figure.subplots()
    centre = np.median([risk for bar in found.bars for risk in bar.risk])
    for k, bar in enumerate(bars):
        low, high = bar.risk
        axes.barh([k], [high - low], left=low, color=STACK if high >= low else REST, height=0.6)
        if abs(high - low) <= 1e-9 * abs(high):
            axes.text(low, k, " no effect on this stack", va="center", fontsize=8, color=INK)
        for end in (0, 1):
            if bar.least is not None and bar.least[end] < bar.risk[end] * (1 - 1e-9):
                axes.plot([bar.least[end]], [k], "D", color=RED, ms=5)
    axes.axvline(float(centre), color=FAINT, lw=0.8, ls=":")
    axes.plot([], [], "s", color=STACK, ms=7, label="risk rises with the number")
    axes.plot([], [], "s", color=REST, ms=7, label="risk falls with it")
    axes.plot([], [], "D", color=RED, ms=5, label="another stack is better here")
    labels = [
        f"{shortened(wording.judgement(bar.name), 42)}  "
        f"{wording.short(bar.low, 2)}..{wording.short(bar.high, 2)}"
        for bar in bars
    ]
    name_ticks(axes, labels, size=8, most=70)
    axes.use_sticky_edges = False  # or else the lowest bar seems to begin at an axis of zero
    axes.margins(x=0.06)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlabel("risk", fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    bare(axes, "top", "right")
    legend_above(axes, 3)
    alt = f"Tornado of {len(bars)} numbers; the widest is the {wording.judgement(bars[0].name)}."
    return Drawing("tornado", title, alt, figure)


def map_drawing(found: Map) -> Drawing:
    """The best stack over two numbers; in each cell the risk of the chosen stack."""
    title = "Which stack is best, over two judgements"
    side = len(found.x_values)
    shown = found.stacks[: len(COLOURS)]
    note = (
        "In the cells: regret of the stack of the central values there, its risk less that of the "
        "best stack. The other numbers stay at their means."
    )
    figure = canvas(9.5, 5.6 + 0.22 * len(shown), title, note)
    axes = figure.subplots()
    from matplotlib.colors import ListedColormap

    which = np.minimum(found.which, len(COLOURS) - 1)
    axes.imshow(
        which, origin="lower", aspect="auto", cmap=ListedColormap(COLOURS), vmin=-0.5,
        vmax=len(COLOURS) - 0.5, alpha=0.45,
    )  # fmt: skip
    for row in range(side):
        for column in range(side):
            regret = found.risk[row, column] - found.least[row, column]
            text = wording.short(float(regret), 2) if regret > 1e-9 else "0"
            text = "too dear" if found.dear[row, column] else text
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=INK)
    axes.set_xticks(range(side), [wording.short(v, 2) for v in found.x_values], fontsize=8)
    axes.set_yticks(range(side), [wording.short(v, 2) for v in found.y_values], fontsize=8)
    axes.set_xlabel(shortened(wording.judgement(found.x), 60), fontsize=9, parse_math=False)
    axes.set_ylabel(shortened(wording.judgement(found.y), 50), fontsize=9, parse_math=False)
    for k, stack in enumerate(shown):
        last = k == len(COLOURS) - 1 and len(found.stacks) > len(COLOURS)
        label = ", ".join(stack) if len(stack) <= 6 else f"stack {k + 1} ({len(stack)} techniques)"
        axes.bar(
            [0], [0], color=COLOURS[k], alpha=0.45, label="others" if last else shortened(label, 90)
        )
    axes.set_xlim(-0.5, side - 0.5)
    axes.set_ylim(-0.5, side - 0.5)
    legend = axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.01), ncols=1, frameon=False, fontsize=8
    )
    for entry in legend.get_texts():
        entry.set_parse_math(False)
    over = f"{wording.judgement(found.x)} and {wording.judgement(found.y)}"
    alt = f"Best stack over {over}: {len(found.stacks)} different stacks."
    return Drawing("two-way", title, alt, figure)


def panel_drawing(found: Panel) -> Drawing:
    """The regret of each stack in each expert's eyes."""
    views = [*found.views, found.pooled, found.regret]
    title = "Regret of each stack in each expert's eyes"
    note = "Risk above what the expert (column) takes for the best stack. Rows: whose stack it is."
    table = np.array([view.regrets for view in views])
    wide = 4.5 + 0.9 * len(found.experts)
    figure = canvas(max(wide, 6.5), 2.4 + 0.4 * len(views), title, note)
    axes = figure.subplots()
    axes.imshow(table, aspect="auto", cmap="Oranges", vmin=0)
    most = table.max()
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            dark = table[row, column] > 0.65 * most > 0
            axes.text(
                column,
                row,
                wording.short(float(table[row, column]), 2),
                ha="center",
                va="center",
                fontsize=9,
                color="white" if dark else INK,
            )
    names = {"pooled": "all: least mean risk", "regret": "all: least worst regret"}
    name_ticks(axes, [names.get(view.who, view.who) for view in views], size=9)
    axes.set_xticks(range(len(found.experts)))
    axes.set_xticklabels([shortened(n, 16) for n in found.experts], fontsize=9, parse_math=False)
    alt = (
        f"Regrets of {len(views)} stacks in the eyes of {len(found.experts)} experts; the least "
        f"worst regret is {wording.short(found.regret.worst_regret)}."
    )
    return Drawing("experts", title, alt, figure)
