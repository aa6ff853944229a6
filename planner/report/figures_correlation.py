"""The heat map of correlations, ordered by clusters, with its dendrogram and the shared modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.report.drawing import (
    FAINT,
    INK,
    RED,
    STACK,
    Drawing,
    bare,
    canvas,
    cell_text,
    name_ticks,
    shortened,
    thinned,
)
from planner.report.figures_matrix import white_lines
from planner.report.rank_table import MARK
from planner.risk.correlation import Correlation, Table
from planner.scenario.settle import Floats
from planner.study.explain import Explanation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

#: Rows that carry a name each; where there are more, every second, third, ... does.
MOST_NAMES = 60
#: Up to this many techniques, cells carry numbers.
NUMBERED = 14
#: Inches that the map of n techniques takes.
LEAST, MOST = 2.6, 9.0


def correlation_drawing(explanation: Explanation) -> Drawing | None:
    """Of all techniques; None where there are fewer than two."""
    found = explanation.everything.correlation
    n = len(found.labels)
    if n < 2:
        return None
    # Room for numbers in the cells of few techniques, for the names of many.
    side = min(max((0.45 if n <= NUMBERED else 0.165) * n, LEAST), MOST)
    maps = 1 if found.jaccard is None else 2
    step = thinned(n, MOST_NAMES)
    notes = [
        "Rows and columns stand in the order of the tree (average linkage of 1 − phi); the dotted "
        f"line cuts it at {found.cut:g}, frames are the clusters. {MARK} the stack"
    ]
    if any(x is not None and x < 0 for row in found.phi for x in row):
        notes.append("A hatched cell is negative: the two fail apart")
    if any(x is None for row in found.phi for x in row):
        notes.append("A blank cell is not defined")
    if step > 1:
        notes.append(f"One technique in {step} is named")
    title = "How failures of techniques go together"
    names = max(len(shortened(label)) for label in found.labels)
    width = 1.6 + 0.09 * (names + 6) + (side + 0.3) * maps + 0.7
    figure = canvas(width, side + 2.1, title, ". ".join(notes) + ".")
    ratios = [1.3, *([side] * maps), 0.16]
    axes = figure.subplots(1, 2 + maps, width_ratios=ratios)
    tree, first, *second, scale = axes
    _tree(tree, found)
    image = _map(first, found, found.phi, "correlation of failures (phi)")
    _names(first, explanation, step)
    for other in second:
        assert found.jaccard is not None
        _map(other, found, found.jaccard, "shared failure modes (Jaccard)")
        other.tick_params(labelleft=False)
    # In axes of its own: beside several others its place is not settled to the last digit.
    bar = figure.colorbar(image, cax=scale)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8)
    return Drawing("correlation", title, correlation_alt(explanation), figure)


def correlation_alt(explanation: Explanation) -> str:
    """What the heat map shows, in words."""
    found = explanation.everything.correlation
    n = len(found.labels)
    pairs = sorted(
        (-phi, found.labels[i], found.labels[j])
        for i in range(n)
        for j in range(i + 1, n)
        if (phi := found.phi[i][j]) is not None
    )
    text = "Heat map of the correlation of failures between techniques, with a dendrogram."
    if pairs:
        phi, one, two = pairs[0]
        text += f" The most correlated pair is {one} with {two}, phi {-phi:.2f}."
    groups = ["{" + ", ".join(cluster) + "}" for cluster in found.clusters if len(cluster) > 1]
    return text + (f" Clusters: {', '.join(groups)}." if groups else " No two form a cluster.")


def _map(axes: Axes, found: Correlation, table: Table, name: str) -> AxesImage:
    from matplotlib.patches import Rectangle

    order = list(found.order)
    n = len(order)
    values: Floats = np.array(
        [[np.nan if (x := table[i][j]) is None else x for j in order] for i in order], np.float64
    )
    shown = np.ma.masked_invalid(np.where(np.nan_to_num(values) < -0.005, np.nan, values))
    image = axes.imshow(shown, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        if value < -0.005:
            corner = (j - 0.5, i - 0.5)
            axes.add_patch(
                Rectangle(corner, 1, 1, facecolor="white", edgecolor=RED, hatch="////", linewidth=0)
            )
        if n <= NUMBERED and not np.isnan(value):
            colour = "white" if value > 0.65 else INK
            back = None
            if value < -0.005:
                back = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            axes.text(
                j,
                i,
                cell_text(float(value)),
                ha="center",
                va="center",
                fontsize=7.5,
                color=colour,
                bbox=back,
            )
    white_lines(axes, n, n)
    start = 0
    for cluster in found.clusters:
        if len(cluster) > 1:
            corner, size = (start - 0.5, start - 0.5), len(cluster)
            frame = Rectangle(corner, size, size, fill=False, edgecolor=INK, linewidth=1.8)
            frame.set_clip_on(False)
            frame.set_zorder(5)
            axes.add_patch(frame)
        start += len(cluster)
    step = thinned(n, MOST_NAMES // 2) if n > MOST_NAMES else thinned(n, MOST_NAMES)
    axes.set_xticks(range(0, n, step))
    axes.set_xticklabels([str(k + 1) for k in range(0, n, step)], fontsize=8 if n <= 30 else 6.5)
    axes.set_yticks(range(n))
    axes.tick_params(length=0, pad=2)
    axes.set_title(name, fontsize=9.5, loc="left")
    bare(axes)
    return image


def _names(axes: Axes, explanation: Explanation, step: int) -> None:
    """Number and name beside each row, the stack marked."""
    found = explanation.everything.correlation
    inside = {
        label.partition(":")[0]
        for label in (*explanation.stack.stack, *explanation.stack.committed)
    }
    names, bold = [], []
    for place, i in enumerate(found.order):
        mark = f"{MARK} " if found.techniques[i] in inside else ""
        label = f"{mark}{shortened(found.labels[i])}  {place + 1}"
        names.append(label if place % step == 0 else "")
        bold.append(bool(mark))
    name_ticks(axes, names, 9 if len(names) <= 20 else 7.5)
    for text, strong in zip(axes.get_yticklabels(), bold, strict=True):
        if strong:
            text.set(weight="bold", color=STACK)


def _tree(axes: Axes, found: Correlation) -> None:
    """The dendrogram, leaves at the right, in the rows of the map."""
    n = len(found.labels)
    place = {leaf: float(row) for row, leaf in enumerate(found.order)}
    height = dict.fromkeys(range(n), 0.0)
    for k, (left, right, distance, _) in enumerate(found.linkage):
        a, b = int(left), int(right)
        x = [height[a], distance, distance, height[b]]
        axes.plot(x, [place[a], place[a], place[b], place[b]], color=INK, linewidth=1.1)
        place[n + k] = (place[a] + place[b]) / 2
        height[n + k] = distance
    largest = max((d for _, _, d, _ in found.linkage), default=1.0)
    axes.axvline(found.cut, color=RED, linewidth=1.0, linestyle=":")
    axes.set_xlim(max(largest, found.cut) * 1.08, 0)
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=8, colors=FAINT)
    axes.locator_params(axis="x", nbins=3)
    axes.set_xlabel("1 − phi", fontsize=8, color=FAINT)
    bare(axes, "left", "right", "top")
