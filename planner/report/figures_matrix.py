"""The vulnerability matrix: who is vulnerable to what, the stack framed; and cut sets x modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import Plan
from planner.report import wording
from planner.report.drawing import (
    FAINT,
    INK,
    PALE,
    RED,
    STACK,
    Drawing,
    bare,
    canvas,
    cell_text,
    head_ticks,
    name_ticks,
)
from planner.report.rank_table import MARK
from planner.risk.cutsets import CutSets
from planner.scenario.settle import Floats, ModeNumbers
from planner.scenario.types import FailureModes
from planner.study.explain import Explanation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Techniques, modes and cut sets that one figure shows.
MOST_ROWS = 40
MOST_MODES = 20
MOST_SETS = 36
#: Where there are more rows than this, cells carry no numbers.
NUMBERED = 60


@dataclass(frozen=True, eq=False)
class Matrix:
    """Vulnerabilities (rows, modes) of some techniques, the modes that defeat most first."""

    values: Floats
    modes: tuple[str, ...]


def matrix(plan: Plan, techniques: Sequence[str]) -> Matrix | None:
    """Of techniques by id; None for explicit worlds."""
    threats, scenario = plan.question.settled.threats, plan.scenario
    if not isinstance(threats, ModeNumbers) or not isinstance(scenario.threats, FailureModes):
        return None
    whole = threats.vulnerability
    defeats = (whole >= scenario.threshold.mean).sum(axis=0)
    count = whole.shape[1]
    order = sorted(range(count), key=lambda j: (-defeats[j], -whole[:, j].sum(), j))[:MOST_MODES]
    index = {technique.id: i for i, technique in enumerate(scenario.techniques)}
    chosen = [index[technique] for technique in techniques]
    ids = tuple(scenario.threats.modes[j].id for j in order)
    return Matrix(whole[np.ix_(chosen, order)], ids)


def draw_matrix(axes: Axes, found: Matrix, names: Sequence[str], stack: int) -> None:
    """The darker a cell, the surer the technique fails there; the first `stack` rows framed."""
    from matplotlib.patches import Rectangle

    values = found.values
    axes.imshow(values, cmap="YlOrBr", vmin=0, vmax=1, aspect="auto")
    if len(values) <= NUMBERED:
        for (i, j), value in np.ndenumerate(values):
            colour = "white" if value > 0.55 else INK
            axes.text(
                j, i, cell_text(float(value)), ha="center", va="center", fontsize=8, color=colour
            )
    if stack:
        corner = (-0.5, -0.5)
        size = len(found.modes), stack
        frame = Rectangle(corner, *size, fill=False, edgecolor=STACK, linewidth=2.4)
        frame.set_clip_on(False)
        frame.set_zorder(5)
        axes.add_patch(frame)
    head_ticks(axes, found.modes)
    name_ticks(axes, names)
    for label in axes.get_yticklabels()[:stack]:
        label.set(weight="bold", color=STACK)
    axes.set_xlabel("vulnerability: chance to fail when the mode strikes", fontsize=9)
    bare(axes)
    white_lines(axes, *values.shape)


def white_lines(axes: Axes, rows: int, columns: int) -> None:
    """White lines between cells; they are minor ticks without marks."""
    axes.set_xticks(np.arange(columns - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(rows - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)


def vulnerability_drawing(explanation: Explanation) -> Drawing | None:
    """All techniques, the stack on top; None for explicit worlds."""
    plan = explanation.plan
    tree = explanation.everything.correlation
    labels = {*explanation.stack.stack, *explanation.stack.committed}
    inside = [label.partition(":")[0] for label in labels]
    order = [tree.techniques[i] for i in tree.order]
    first = [t for t in order if t in inside]
    rows = [*first, *(t for t in order if t not in inside)][:MOST_ROWS]
    found = matrix(plan, rows)
    if found is None:
        return None
    stack = min(len(first), len(rows))
    names = [f"{MARK} {t}" if t in inside else t for t in rows]
    notes = [f"{MARK} the stack. Techniques stand in the order of their clusters"]
    notes += left_out(plan, len(rows))
    title = "Which failure modes defeat which techniques"
    width, height = 3.4 + 0.62 * len(found.modes), 2.2 + 0.3 * max(len(rows), 3)
    figure = canvas(max(width, 6.4), height, title, ". ".join(notes) + ".")
    draw_matrix(figure.add_subplot(), found, names, stack)
    return Drawing("vulnerability", title, vulnerability_alt(explanation), figure)


def vulnerability_alt(explanation: Explanation) -> str:
    """What the matrix shows, in words."""
    found = explanation.everything.cut_sets
    assert found is not None
    worst = sorted(found.columns, key=lambda c: -c.fails)[:3]
    parts = [f"{c.mode} defeats {c.fails} of {len(found.techniques)} techniques" for c in worst]
    stack = ", ".join(explanation.stack.stack) or "nothing"
    return (
        f"Matrix of techniques against failure modes, darker where a technique is more vulnerable. "
        f"{'; '.join(parts)}. The stack is {stack}."
    )


def left_out(plan: Plan, rows: int) -> list[str]:
    """Notes on techniques and modes that do not fit a matrix."""
    notes = []
    if rows < len(plan.scenario.techniques):
        notes.append(f"The first {rows} of {len(plan.scenario.techniques)} techniques are shown")
    modes = getattr(plan.scenario.threats, "modes", ())
    if len(modes) > MOST_MODES:
        notes.append(f"The first {MOST_MODES} of {len(modes)} modes are shown")
    return notes


def cut_sets_drawing(explanation: Explanation) -> Drawing | None:
    """Minimal cut sets of the stack and of all techniques; None for explicit worlds."""
    subjects = (explanation.stack, explanation.everything)
    both = [s.cut_sets for s in subjects]
    stack, everything = both
    if stack is None or everything is None:
        return None
    used = {mode for found in (stack, everything) for cut in shown_sets(found) for mode in cut}
    counts = sorted(everything.columns, key=lambda c: (c.mode not in used, -c.fails))
    modes = [c.mode for c in counts]
    widths = [max(len(shown_sets(found)), 4) for found in (stack, everything)]
    title = "Sets of modes that defeat everything"
    notes = [
        "A column is a minimal cut set: its modes together defeat every technique, and no part "
        "of it does. Needs no probability: a cell counts as failing from "
        f"{stack.threshold:g} on"
    ]
    for name, found in (("the stack", stack), ("all techniques", everything)):
        if len(shown_sets(found)) < len(found.sets) or not found.complete:
            total = "" if not found.complete else f" of {len(found.sets)}"
            notes.append(f"For {name} the first {len(shown_sets(found))}{total} are shown")
    size = (max(3.6 + 0.22 * sum(widths), 8.0), 2.2 + 0.3 * max(len(modes), 4))
    figure = canvas(*size, title, ". ".join(notes) + ".")
    left, right = figure.subplots(1, 2, width_ratios=[max(w, 7) for w in widths], sharey=True)
    _sets(left, stack, modes, f"the stack: {depth_words(stack)}")
    _sets(right, everything, modes, f"all {len(everything.techniques)}: {depth_words(everything)}")
    name_ticks(left, modes)
    right.tick_params(labelleft=False)
    return Drawing("cut-sets", title, cut_sets_alt(explanation), figure)


def cut_sets_alt(explanation: Explanation) -> str:
    """What the cut sets show, in words."""
    parts = []
    for subject in (explanation.stack, explanation.everything):
        found = subject.cut_sets
        assert found is not None
        orders = ", ".join(f"{n} of order {order}" for order, n in found.counts) or "none"
        parts.append(f"{subject.name}: {depth_words(found)}; minimal cut sets: {orders}")
    return f"Minimal sets of failure modes that defeat every technique. {'. '.join(parts)}."


def depth_words(found: CutSets) -> str:
    if found.depth is None:
        return "no set of modes defeats it"
    single = f" ({', '.join(found.single)} alone)" if len(found.single) == 1 else ""
    return f"depth {found.depth}{single}"


def shown_sets(found: CutSets) -> tuple[tuple[str, ...], ...]:
    return found.sets[:MOST_SETS] if found.techniques else ()


def _sets(axes: Axes, found: CutSets, modes: Sequence[str], name: str) -> None:
    sets = shown_sets(found)
    place = {mode: y for y, mode in enumerate(modes)}
    wide = max(len(sets), 7)
    for y in range(len(modes)):
        axes.axhline(y, color=PALE, linewidth=0.6, zorder=0)
    for x, cut in enumerate(sets):
        ys = sorted(place[mode] for mode in cut)
        colour = RED if len(cut) == 1 else STACK
        axes.plot([x, x], [ys[0], ys[-1]], color=colour, linewidth=1.2, zorder=1)
        axes.plot([x] * len(ys), ys, "s", color=colour, markersize=7, zorder=2)
    ticks, labels = [], []
    for order in sorted({len(cut) for cut in sets}):
        places = [x for x, cut in enumerate(sets) if len(cut) == order]
        ticks.append((places[0] + places[-1]) / 2)
        labels.append(f"order\n{order}")
        if places[-1] + 1 < len(sets):
            axes.axvline(places[-1] + 0.5, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set_xticks(ticks)
    axes.set_xticklabels(labels, fontsize=8)
    if not sets:
        why = "nothing stands here" if not found.techniques else "no set of modes\ndefeats it"
        middle = (len(modes) - 1) / 2
        axes.text(wide / 2 - 0.5, middle, why, ha="center", va="center", fontsize=10, color=INK)
    axes.set_xlim(-0.7, wide - 0.3)
    axes.set_ylim(len(modes) - 0.5, -0.5)
    axes.set_title(name, fontsize=9.5, loc="left", parse_math=False)
    axes.tick_params(length=0)
    bare(axes, "top", "right", "left")


def short_stack(labels: Sequence[str]) -> str:
    """`re, scientist-ai`, or how many where they are many."""
    text = ", ".join(labels) or "nothing"
    return text if len(text) <= 48 else wording.count(len(labels), "technique")
