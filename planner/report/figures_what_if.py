"""The figure of a what-if grid: the risk over one axis with the stacks below; one such pair of
panels for each value of a second axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.report import wording
from planner.report.drawing import (
    FAINT,
    INK,
    LONGEST_TITLE,
    PALE,
    REST,
    STACK,
    Drawing,
    bare,
    canvas,
    name_ticks,
    risk_scale,
    shortened,
    thinned,
)
from planner.report.what_if_page import grid_sentences
from planner.study.what_if import Axis, CaseRow, Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Techniques that have a row, and panels beside each other and in all.
MOST_ROWS = 20
ACROSS, MOST_PANELS = 4, 12
#: Labels below a panel, how many characters stand there side by side, and in the head of one.
MOST_TICKS, MOST_TICKS_SMALL = 24, 10
ROOM, ROOM_SMALL = 90, 34
LONGEST_HEAD = 42


def grid_drawing(comparison: Comparison) -> Drawing | None:
    """None where there is no grid of one or two axes, or no answer in it."""
    if len(comparison.axes) not in (1, 2) or not any(row.found for row in comparison.grid):
        return None
    if len(comparison.axes) == 1:
        return _one(comparison)
    return _several(comparison)


def _one(comparison: Comparison) -> Drawing:
    axis, rows = comparison.axes[0], comparison.grid
    names = _names(comparison)
    width = min(max(5.0 + 0.32 * len(rows), 7.5), 13.0)
    height = 4.6 + 0.26 * len(names)
    title = _title(comparison)
    figure = canvas(width, height, title, _note(comparison, names))
    above, below = figure.subplots(2, 1, height_ratios=[3.0, 0.26 * len(names) + 0.3])
    _line(above, rows, _risks(comparison))
    above.set_ylabel("residual risk", fontsize=9)
    _base_line(above, comparison)
    _composition(below, comparison, rows, names)
    _value_ticks(below, axis, MOST_TICKS, ROOM)
    below.set_xlabel(_axis_name(comparison, axis), fontsize=9, parse_math=False)
    return Drawing("what-if", title, grid_alt(comparison), figure)


def _several(comparison: Comparison) -> Drawing:
    """The axis with fewer values makes the panels."""
    first, second = comparison.axes
    turned = len(first.values) < len(second.values)
    panels, along = (first, second) if turned else (second, first)
    shown = panels.values[:MOST_PANELS]
    names = _names(comparison)
    blocks = -(-len(shown) // ACROSS)
    across = -(-len(shown) // blocks)
    width = max(1.8 + 3.1 * across, 7.5)
    height = 1.7 + blocks * (2.9 + 0.22 * len(names))
    title = _title(comparison)
    figure = canvas(width, height, title, _note(comparison, names, len(panels.values)))
    ratios = [2.2, 0.22 * len(names) + 0.2] * blocks
    grid = figure.subplots(2 * blocks, across, squeeze=False, height_ratios=ratios)
    for place, text in enumerate(shown):
        block, column = divmod(place, across)
        rows = _slice(comparison, turned, place)
        above, below = grid[2 * block][column], grid[2 * block + 1][column]
        _line(above, rows, _risks(comparison))
        _base_line(above, comparison)
        head = f"{shortened(panels.path, LONGEST_HEAD - min(len(text), 14))} {shortened(text, 14)}"
        above.set_title(head, fontsize=8, loc="left", parse_math=False)
        _composition(below, comparison, rows, names)
        _value_ticks(below, along, MOST_TICKS_SMALL, ROOM_SMALL)
        below.set_xlabel(_axis_name(comparison, along), fontsize=8, parse_math=False)
        if column:
            above.tick_params(axis="y", labelleft=False)
            below.tick_params(axis="y", labelleft=False)
        else:
            above.set_ylabel("residual risk", fontsize=9)
    for place in range(len(shown), blocks * across):
        block, column = divmod(place, across)
        for axes in (grid[2 * block][column], grid[2 * block + 1][column]):
            axes.set_axis_off()
    return Drawing("what-if", title, grid_alt(comparison), figure)


def _slice(comparison: Comparison, turned: bool, place: int) -> Sequence[CaseRow]:
    """The cells of one panel, along the other axis."""
    count = len(comparison.axes[1].values)
    if turned:
        return comparison.grid[place * count : (place + 1) * count]
    return comparison.grid[place::count]


def _names(comparison: Comparison) -> list[str]:
    """Techniques that are in some stack of the grid, the most frequent first."""
    counts: dict[str, int] = {}
    for row in comparison.grid:
        for label in row.found.stack if row.found else ():
            id = label.partition(":")[0]
            counts[id] = counts.get(id, 0) + 1
    return sorted(counts, key=lambda id: (-counts[id], id))[:MOST_ROWS]


def _line(axes: Axes, rows: Sequence[CaseRow], known: Sequence[float]) -> None:
    """The risk of each cell; a gap where there is no stack. All panels share one scale."""
    risks = [row.found.risk if row.found else float("nan") for row in rows]
    axes.plot(
        range(len(rows)), risks, color=STACK, marker="o", markersize=5, markeredgecolor=INK,
        markeredgewidth=0.6, linewidth=1.5,
    )  # fmt: skip
    if min(known) > 0 and max(known) > 4 * min(known):
        risk_scale(axes, "y", known)
    else:
        low, high = min(known), max(known)
        room = 0.12 * (high - low) or 0.05 * high or 0.05
        axes.set_ylim(low - room, high + room)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_xticks([])
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    bare(axes, "right", "top")


def _risks(comparison: Comparison) -> list[float]:
    """Every risk that some panel shows."""
    return [comparison.base.risk, *(row.found.risk for row in comparison.grid if row.found)]


def _base_line(axes: Axes, comparison: Comparison) -> None:
    axes.axhline(comparison.base.risk, color=FAINT, linestyle=":", linewidth=1.2, zorder=1)


def _composition(
    axes: Axes, comparison: Comparison, rows: Sequence[CaseRow], names: Sequence[str]
) -> None:
    """A filled square for each technique of the stack; hatched where there is no stack."""
    for x, row in enumerate(rows):
        if row.found is None:
            axes.bar(
                x, max(len(names), 1), 0.9, -0.5, facecolor="none", edgecolor=PALE, hatch="///",
                linewidth=0,
            )  # fmt: skip
            continue
        inside = {label.partition(":")[0] for label in row.found.stack}
        base = {label.partition(":")[0] for label in comparison.base.stack}
        for y, name in enumerate(names):
            if name in inside:
                new = name not in base
                axes.bar(
                    x, 0.72, 0.84, y - 0.36, color=REST if new else STACK, linewidth=0.6,
                    edgecolor=INK, hatch="..." if new else None,
                )  # fmt: skip
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    name_ticks(axes, names, 8)
    axes.tick_params(length=0)
    bare(axes)


def _value_ticks(axes: Axes, axis: Axis, most: int, room: int) -> None:
    step = thinned(len(axis.values), most)
    labels = [shortened(text, 22) for text in axis.values][::step]
    slanted = sum(len(label) + 2 for label in labels) > room
    axes.set_xticks(range(0, len(axis.values), step))
    axes.set_xticklabels(
        labels,
        fontsize=8,
        parse_math=False,
        rotation=50 if slanted else 0,
        ha="right" if slanted else "center",
        rotation_mode="anchor" if slanted else "default",
    )


def _axis_name(comparison: Comparison, axis: Axis) -> str:
    name = shortened(axis.path, 40)
    return f"{name}, {comparison.scenario.currency}" if _is_money(axis.path) else name


def _is_money(path: str) -> bool:
    return path == "budget" or path.endswith(".cost")


def _title(comparison: Comparison) -> str:
    paths = " and ".join(axis.path for axis in comparison.axes)
    return shortened(f"{paths} varied: {comparison.scenario.name}", LONGEST_TITLE)


def _note(comparison: Comparison, names: Sequence[str], panels: int = 0) -> str:
    notes = [
        "Squares are the best stack: plain where the technique is in the base stack too, dotted "
        "where it is not",
        f"The dotted line is the risk of the base, {wording.short(comparison.base.risk)}",
        "Values stand side by side as they are listed",
    ]
    if any(row.found is None for row in comparison.grid):
        notes.append("Hatched: no stack")
    if len(names) == MOST_ROWS:
        notes.append(f"The {MOST_ROWS} techniques that are bought most often are shown")
    if panels > MOST_PANELS:
        notes.append(f"The first {MOST_PANELS} of {panels} panels are shown")
    if comparison.objective != "expected":
        notes.append(f"Stacks are chosen by {comparison.objective}")
    return ". ".join(notes) + "."


def grid_alt(comparison: Comparison) -> str:
    """What the figure shows, in words."""
    paths = " and ".join(axis.path for axis in comparison.axes)
    return f"Residual risk and best stack over {paths}. {' '.join(grid_sentences(comparison))}"
