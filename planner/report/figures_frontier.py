"""The figure of a frontier: cost against risk, on a logarithmic and on a linear axis, and below it
who is in the stack at which budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.report import wording
from planner.report.drawing import (
    INK,
    PALE,
    RED,
    REST,
    STACK,
    Drawing,
    bare,
    canvas,
    name_ticks,
    risk_scale,
)
from planner.report.figures_drivers import LINES
from planner.study.frontier_facts import Facts, Membership
from planner.study.frontier_naive import Mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Rows of the composition.
MOST_ROWS = 60
#: Points from which on they are drawn without an edge, and smaller.
MANY = 40


def frontier_drawing(facts: Facts, marks: Sequence[Mark]) -> Drawing:
    """Above the curves with their legend over them, below the stacks."""
    rows = [row for row in facts.techniques if row.enters]
    shown = rows[:MOST_ROWS]
    title = f"Cost against risk: {facts.frontier.question.scenario.name}"
    size = 0.19 if len(shown) > 20 else 0.26
    heights = [0.75, 3.3, max(size * len(shown), 0.8)]
    figure = canvas(11.0, sum(heights) + 2.3, title, _note(facts, marks, len(rows)))
    spec = figure.add_gridspec(3, 2, height_ratios=heights)
    head = figure.add_subplot(spec[0, :])
    left, right = figure.add_subplot(spec[1, 0]), figure.add_subplot(spec[1, 1])
    below = figure.add_subplot(spec[2, :])
    for axes in (left, right):
        _curve(axes, facts, marks)
    _scales(left, right, facts, marks)
    _composition(below, facts, shown)
    handles, labels = right.get_legend_handles_labels()
    head.set_axis_off()
    head.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(0, 0.5),
        ncols=4,
        frameon=False,
        fontsize=8.5,
        borderaxespad=0,
    )
    return Drawing("frontier", title, frontier_alt(facts), figure)


def frontier_alt(facts: Facts) -> str:
    """What the figure shows, in words."""
    first, last = facts.points[0], facts.points[-1]
    text = (
        f"Risk against cost for {wording.count(len(facts.points), 'point')}, from "
        f"{wording.short(first.value)} at {_amount(facts, first.cost)} to "
        f"{wording.short(last.value)} at {_amount(facts, last.cost)}; below, which techniques are "
        f"in the stack at which budget. "
    )
    if facts.knee is not None:
        point = facts.points[facts.knee]
        text += f"The knee is at {_amount(facts, point.cost)}, risk {wording.short(point.value)}. "
    return text + facts.nestedness


def _note(facts: Facts, marks: Sequence[Mark], rows: int) -> str:
    found = ["Knee: farthest below the straight line between the ends, on the logarithmic axis"]
    if marks:
        found.append("Small marks: naive rules, at what they spend; rules that agree overlap")
    if any(point.value <= 0 for point in facts.points):
        found.append("A risk of 0 has no place on the logarithmic axis")
    if facts.frontier.open_below is not None:
        below = _amount(facts, facts.frontier.open_below)
        found.append(f"Not finished at budgets of {below} and less")
    never = sum(not row.enters for row in facts.techniques)
    if rows > MOST_ROWS:
        found.append(f"The first {MOST_ROWS} of {rows} techniques are shown below")
    if never:
        found.append(f"{wording.count(never, 'technique is', 'techniques are')} never in the stack")
    return ". ".join(found) + "."


def _curve(axes: Axes, facts: Facts, marks: Sequence[Mark]) -> None:
    """The steps of the frontier, the naive rules, the floor, the knee and the budget."""
    points = facts.points
    costs = [_number(facts, point.cost) for point in points]
    budgets = [_number(facts, point.budget) for point in points]
    values = [point.value for point in points]
    many = len(points) > MANY
    end = _end(facts)
    axes.plot(
        [*budgets, end],
        [*values, values[-1]],
        drawstyle="steps-post",
        color=STACK,
        linewidth=1.3,
        zorder=3,
    )
    axes.plot(
        costs,
        values,
        linestyle="none",
        marker="o",
        markersize=3 if many else 5.5,
        color=STACK,
        markeredgecolor=STACK if many else INK,
        markeredgewidth=0.5,
        label="best stack",
        zorder=4,
    )
    for rule, (label, colour, marker, _) in LINES.items():
        chosen = [mark for mark in marks if mark.rule == rule]
        if chosen:
            axes.plot(
                [float(mark.cost) for mark in chosen],
                [mark.value for mark in chosen],
                linestyle="none",
                marker=marker,
                markersize=4.5,
                color=colour,
                markeredgecolor=INK,
                markeredgewidth=0.4,
                label=label,
                zorder=2,
            )
    if facts.knee is not None:
        axes.plot(
            costs[facts.knee],
            values[facts.knee],
            linestyle="none",
            marker="o",
            markersize=12,
            markerfacecolor="none",
            markeredgecolor=RED,
            markeredgewidth=1.8,
            label="knee",
            zorder=5,
        )
    if facts.floor is not None:
        axes.axhline(
            facts.floor, color=RED, linestyle="--", linewidth=1.2, label="unlisted causes: floor"
        )
    _budget_line(axes, facts, label="the scenario's budget")
    axes.set_xlabel(
        f"cost, {facts.frontier.question.scenario.currency}", fontsize=9, parse_math=False
    )
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.locator_params(axis="x", nbins=7)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    bare(axes, "right", "top")


def _budget_line(axes: Axes, facts: Facts, label: str = "") -> None:
    budget = facts.frontier.question.settled.budget
    if budget is not None and _start(facts) <= _number(facts, budget) <= _end(facts):
        axes.axvline(
            _number(facts, budget), color=INK, linestyle=":", linewidth=1.4, label=label, zorder=2.5
        )


def _scales(left: Axes, right: Axes, facts: Facts, marks: Sequence[Mark]) -> None:
    name = facts.frontier.question.measure.name
    word = "residual risk" if name == "expected" else f"risk ({name})"
    values = [point.value for point in facts.points] + [mark.value for mark in marks]
    if facts.floor is not None:
        values.append(facts.floor)
    if max(values) > 0:
        risk_scale(left, "y", values)
    left.set_ylabel(f"{word}, logarithmic", fontsize=9)
    right.set_ylabel(f"{word}, linear", fontsize=9)
    right.set_ylim(0, max(values) * 1.06 or 1.0)
    room = (_end(facts) - _start(facts)) * 0.03
    for axes in (left, right):
        axes.set_xlim(_start(facts) - room, _end(facts))


def _composition(axes: Axes, facts: Facts, rows: Sequence[Membership]) -> None:
    """One row a technique, filled from budget to budget where it is in the stack."""
    points = facts.points
    edges = [*(_number(facts, point.budget) for point in points), _end(facts)]
    for y, row in enumerate(rows):
        spans = _spans(facts, row, edges)
        # The last span of what stays is plain; what is left again is hatched.
        kept = spans[-1:] if row.stays_from is not None else []
        left = spans[: len(spans) - len(kept)]
        for some, colour, hatch in ((kept, STACK, ""), (left, REST, "////")):
            place = (y - 0.36, 0.72)
            axes.broken_barh(
                some, place, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0
            )
    if facts.knee is not None:
        axes.axvline(_number(facts, points[facts.knee].budget), color=RED, linewidth=1.2)
    _budget_line(axes, facts)
    name_ticks(axes, [row.label for row in rows], 7 if len(rows) > 20 else 8.5)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    room = (_end(facts) - _start(facts)) * 0.015
    axes.set_xlim(_start(facts) - room, _end(facts))
    axes.set_xlabel(
        f"budget, {facts.frontier.question.scenario.currency}", fontsize=9, parse_math=False
    )
    axes.set_title(
        "In the stack at a budget (plain: from there on it stays; hatched: it leaves again)",
        fontsize=9.5,
        loc="left",
    )
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    axes.tick_params(axis="x", labelsize=8)
    axes.tick_params(axis="y", length=0)
    bare(axes, "right", "top", "left")


def _spans(facts: Facts, row: Membership, edges: Sequence[float]) -> list[tuple[float, float]]:
    """(start, width) of each stretch of budgets over which an option is in."""
    ends = [edges[-1]] if row.stays_from is not None else []
    place = {point.budget: edge for point, edge in zip(facts.points, edges, strict=False)}
    ends = [*(place[units] for units in row.leaves), *ends]
    return [(place[low], high - place[low]) for low, high in zip(row.enters, ends, strict=True)]


def _start(facts: Facts) -> float:
    return _number(facts, facts.points[0].cost)


def _end(facts: Facts) -> float:
    """A little beyond the dearest point, so that its stack is seen."""
    low, high = _start(facts), _number(facts, facts.points[-1].budget)
    return high + ((high - low) * 0.06 or max(high * 0.1, 1.0))


def _number(facts: Facts, units: int) -> float:
    return float(facts.frontier.money(units))


def _amount(facts: Facts, units: int) -> str:
    return wording.money(facts.frontier.money(units))
