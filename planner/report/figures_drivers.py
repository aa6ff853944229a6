"""Who drives the residual risk, and what ignoring correlation costs over budgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.report import wording
from planner.report.drawing import (
    FAINT,
    GREEN,
    INK,
    PALE,
    PURPLE,
    RED,
    REST,
    STACK,
    Drawing,
    bare,
    canvas,
    legend_above,
    name_ticks,
    risk_scale,
)
from planner.report.figures_matrix import short_stack
from planner.study.explain import Explanation
from planner.study.naive import PriceTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Bars of each kind.
MOST_BARS = 20
MOST_PAIRS = 10

Bar = tuple[str, float]

#: Rule -> label, colour, mark, line.
LINES = {
    "best": ("best stack", STACK, "o", "-"),
    "independent": ("best if failures were independent", REST, "s", "--"),
    "best_alone": ("best alone for its cost", GREEN, "^", "-."),
    "most_modes": ("most modes withstood", PURPLE, "D", (0, (5, 1, 1, 1, 1, 1))),
    "equal_split": ("equal split", RED, "v", ":"),
}


def drivers_drawing(explanation: Explanation) -> Drawing | None:
    """Shapley shares by mode, and the pairs that leave most; by world for explicit worlds. None
    where no risk is left."""
    found = explanation.stack.drivers
    if found.risk <= 0:
        return None
    bars, name = _mode_bars(explanation)
    pairs: list[Bar] = [
        (" + ".join(pair.modes), pair.share)
        for pair in found.pairs[:MOST_PAIRS]
        if pair.share is not None and pair.share > 0
    ]
    title = f"Where the rest of the risk comes from: {short_stack(explanation.stack.stack)}"
    notes = ["Shares are of the residual risk of the stack, " + wording.short(found.risk)]
    modes = len(found.modes)
    if modes > MOST_BARS:
        notes.append(f"The first {MOST_BARS} of {modes} modes are shown")
    if pairs:
        notes.append("Worlds with three modes count for each of their pairs, so pairs overlap")
    rows = max(len(bars), len(pairs), 3)
    size = (11.0 if pairs else 7.0, 1.9 + 0.32 * rows)
    figure = canvas(*size, title, ". ".join(notes) + ".")
    left, *right = figure.subplots(1, 2 if pairs else 1, squeeze=False)[0]
    _bars(left, bars, name, rows)
    for axes in right:
        _bars(axes, pairs, "share of worlds in which both modes strike", rows)
    return Drawing("drivers", title, drivers_alt(explanation), figure)


def drivers_alt(explanation: Explanation) -> str:
    """What the bars show, in words."""
    bars, _ = _mode_bars(explanation)
    top = ", ".join(f"{name} {wording.percent(share)}" for name, share in bars[:3])
    text = f"Bars of the share of the residual risk by its source. The largest: {top}."
    pairs = explanation.stack.drivers.pairs
    if pairs and pairs[0].share:
        pair = " with ".join(pairs[0].modes)
        text += f" The pair that leaves most is {pair}, {wording.percent(pairs[0].share)}."
    return text


def _mode_bars(explanation: Explanation) -> tuple[list[Bar], str]:
    found = explanation.stack.drivers
    if not found.modes:
        shares = [(c.world, c.share or 0.0) for c in found.classes[:MOST_BARS]]
        return shares, "share of the risk by world"
    shares = sorted(
        ((m.mode, m.shapley_share or 0.0) for m in found.modes), key=lambda b: (-round(b[1], 12), b)
    )[:MOST_BARS]
    rest = (("(no mode strikes)", found.baseline), ("(unlisted)", found.unlisted))
    shares += [(name, part / found.risk) for name, part in rest if part > 0 and found.risk > 0]
    return shares, "share of the risk by mode (Shapley value)"


def _bars(axes: Axes, bars: Sequence[Bar], name: str, rows: int) -> None:
    for y, (label, share) in enumerate(bars):
        apart = label.startswith("(")
        colour, hatch = (PALE, "////") if apart else (STACK, "")
        edge = FAINT if apart else "white"
        axes.barh(y, share, height=0.66, color=colour, hatch=hatch, edgecolor=edge, linewidth=0.6)
        text = f" {wording.percent(share)}"
        axes.text(share, y, text, va="center", fontsize=8, color=INK)
    name_ticks(axes, [label for label, _ in bars], 9, 60)
    if bars:
        axes.spines["left"].set_bounds(len(bars) - 0.5, -0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xlim(0, max((share for _, share in bars), default=1.0) * 1.2 or 1.0)
    axes.set_xticks([])
    axes.set_title(name, fontsize=9.5, loc="left")
    axes.tick_params(length=0)
    bare(axes, "right", "top", "bottom")


def price_drawing(table: PriceTable) -> Drawing | None:
    """Risk left against budget, one line a rule, a band for random stacks; None without rows."""
    if not table.rows:
        return None
    title = "The price of ignoring correlation"
    notes = [
        "Every rule spends the same budget under the same rules; all are judged by the model. "
        "Where rules agree their marks lie on each other"
    ]
    if table.draws:
        notes.append(f"Grey: 5% to 95% of {table.draws} random stacks, and their mean")
    if any(row.risk <= 0 for row in table.rows):
        notes.append("A risk of 0 has no place on this axis")
    figure = canvas(8.4, 5.2, title, ". ".join(notes) + ".")
    axes = figure.add_subplot()
    random = [row for row in table.rows if row.rule == "random" and row.risk > 0]
    if random:
        xs = [float(row.budget) for row in random]
        low = [max(row.low or 0.0, 1e-300) for row in random]
        high = [row.high or 0.0 for row in random]
        axes.fill_between(xs, low, high, color=PALE, linewidth=0, zorder=0)
        axes.plot(xs, [row.risk for row in random], color=FAINT, linewidth=1, label="random, mean")
    for size, (rule, (label, colour, marker, style)) in enumerate(reversed(LINES.items())):
        rows = [row for row in table.rows if row.rule == rule and row.risk > 0]
        axes.plot(
            [float(row.budget) for row in rows],
            [row.risk for row in rows],
            color=colour,
            marker=marker,
            # Rules that agree lie on each other: the later are smaller, and the last on top.
            markersize=9.5 - 1.2 * size,
            linestyle=style,
            linewidth=1.4,
            label=label,
            markeredgecolor=INK,
            markeredgewidth=0.5,
        )
    values = [row.risk for row in table.rows] + [x for r in random for x in (r.low, r.high) if x]
    risk_scale(axes, "y", values)
    axes.set_xlabel(f"budget, {table.currency}", fontsize=9, parse_math=False)
    axes.set_ylabel("residual risk (expected loss)", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    bare(axes, "right", "top")
    legend_above(axes, 2, reverse=True)
    return Drawing("price-of-ignoring", title, price_alt(table), figure)


def price_alt(table: PriceTable) -> str:
    """What the lines show, in words."""
    text = "Residual risk against the budget, on a logarithmic axis, for the best stack and for "
    text += "rules that ignore how failures go together."
    rows = [row for row in table.rows if row.rule == "independent" and row.ratio is not None]
    if rows:
        worst = max(rows, key=lambda row: round(row.ratio or 0.0, 12))
        more = wording.percent((worst.ratio or 1.0) - 1)
        text += (
            f" Assuming independence costs most at budget {wording.money(worst.budget)}: "
            f"{more} more risk than the best stack."
        )
    return text
