"""The figure of an attribute against the risk, on a logarithmic and on a linear axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report import wording
from planner.report.drawing import INK, PALE, RED, STACK, Drawing, bare, canvas, risk_scale
from planner.study.second_axis import TradeOff

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points from which on they are drawn smaller.
MANY = 40


def second_axis_drawing(found: TradeOff) -> Drawing:
    """Steps from each efficient stack to the next, twice."""
    title = f"Risk against {found.name}: {found.question.scenario.name}"
    budget = found.question.money(found.budget)
    note = (
        f"At most {budget} is spent. No stack with no more {found.name} than a point's leaves less."
    )
    if found.open_below is not None:
        note += f" Not finished at {wording.money(found.open_below)} and less."
    figure = canvas(10.0, 4.4, title, note)
    left, right = figure.subplots(1, 2)
    values = [point.value for point in found.points]
    for axes in (left, right):
        _curve(axes, found)
    name = found.question.measure.name
    word = "residual risk" if name == "expected" else f"risk ({name})"
    if max(values) > 0:
        risk_scale(left, "y", values)
    left.set_ylabel(f"{word}, logarithmic", fontsize=9)
    right.set_ylabel(f"{word}, linear", fontsize=9)
    right.set_ylim(0, max(values) * 1.06 or 1.0)
    return Drawing("trade-off", title, second_axis_alt(found), figure)


def second_axis_alt(found: TradeOff) -> str:
    """What the figure shows, in words."""
    first, last = found.points[0], found.points[-1]
    return (
        f"Risk against {found.name} for {wording.count(len(found.points), 'efficient stack')}, "
        f"from {wording.short(first.value)} at {wording.money(first.attribute)} to "
        f"{wording.short(last.value)} at {wording.money(last.attribute)}."
    )


def _curve(axes: Axes, found: TradeOff) -> None:
    places = [float(point.attribute) for point in found.points]
    values = [point.value for point in found.points]
    room = (places[-1] - places[0]) * 0.05 or max(abs(places[-1]) * 0.1, 1.0)
    axes.plot(
        [*places, places[-1] + room],
        [*values, values[-1]],
        drawstyle="steps-post",
        color=STACK,
        linewidth=1.3,
    )
    many = len(places) > MANY
    axes.plot(
        places,
        values,
        linestyle="none",
        marker="o",
        markersize=3 if many else 5.5,
        color=STACK,
        markeredgecolor=STACK if many else INK,
        markeredgewidth=0.5,
    )
    for limit in found.limits:
        if places[0] <= float(limit) <= places[-1] + room:
            axes.axvline(float(limit), color=RED, linestyle=":", linewidth=1.4)
    axes.set_xlim(places[0] - room, places[-1] + room)
    axes.set_xlabel(found.name, fontsize=9, parse_math=False)
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.locator_params(axis="x", nbins=7)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    bare(axes, "right", "top")
