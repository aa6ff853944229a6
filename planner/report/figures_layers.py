"""The dependence band, and the curve of effective layers."""

from __future__ import annotations

from planner.report import wording
from planner.report.drawing import (
    FAINT,
    INK,
    PALE,
    RED,
    REST,
    STACK,
    Drawing,
    bare,
    canvas,
    legend_above,
    name_ticks,
    risk_scale,
    shortened,
    thinned,
)
from planner.study.explain import Explanation, Subject

#: The readings as the axis names them, from the mildest on.
READINGS = {
    "independent": "independent failures",
    "shared_modes": "shared modes alone",
    "model": "the model",
    "worst_case": "worst case",
}
#: Techniques that are named on an axis.
MOST_NAMES = 60


def band_drawing(explanation: Explanation) -> Drawing:
    """Risk under four readings of dependence, of the stack and of all techniques."""
    stack, everything = explanation.stack, explanation.everything
    title = "What the risk would be, by how failures depend on each other"
    floor = stack.unlisted_floor
    notes = ["Logarithmic axis; lines join the four readings of one set of techniques"]
    if floor > 0:
        notes.append(f"Dotted: the floor {wording.short(floor, 3)} of causes that nobody listed")
    lines = (
        (everything, REST, "s", "--", f"all {wording.count(everything.techniques, 'technique')}"),
        (stack, STACK, "o", "-", f"the stack ({wording.count(stack.techniques, 'technique')})"),
    )
    numbers = [value for subject, *_ in lines for value in subject.band.to_dict().values()]
    if any(value <= 0 for value in numbers):
        notes.append("A risk of 0 has no place on this axis")
    figure = canvas(7.6, 3.7, title, ". ".join(notes) + ".")
    axes = figure.add_subplot()
    for y in range(len(READINGS)):
        axes.axhline(y, color=PALE, linewidth=0.7, zorder=0)
    for subject, colour, marker, style, label in lines:
        values = list(subject.band.to_dict().values())
        kept = [(value, y) for y, value in enumerate(values) if value > 0]
        axes.plot(
            [x for x, _ in kept],
            [y for _, y in kept],
            marker=marker,
            linestyle=style,
            color=colour,
            label=label,
            linewidth=1.4,
            markersize=7,
            markeredgecolor=INK,
            markeredgewidth=0.6,
        )
    for y, (own, other) in enumerate(
        zip(stack.band.to_dict().values(), everything.band.to_dict().values(), strict=True)
    ):
        for value, beside in ((own, other), (other, own)):
            # Equal dots are named once, on the right; else each on its outer side.
            alike = wording.short(value, 3) == wording.short(beside, 3)
            if value <= 0 or (alike and value is other and own > 0):
                continue
            right = alike or value > beside
            axes.annotate(
                wording.short(value, 3),
                (value, y),
                # Beside the dot, where the lines do not run: they fall to the right.
                xytext=(7, 7) if right else (-7, -8),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                fontsize=9,
                color=INK,
            )
    if floor > 0:
        axes.axvline(floor, color=RED, linestyle=":", linewidth=1.4)
        numbers.append(floor)
    shown = [value for value in numbers if value > 0] or [1.0]
    spread = max(shown) / min(shown)
    # Room for the numbers beside the outermost dots.
    risk_scale(axes, "x", [*shown, max(shown) * spread**0.14, min(shown) / spread**0.14])
    name_ticks(axes, list(READINGS.values()), 10)
    axes.set_ylim(len(READINGS) - 0.5, -0.5)
    axes.set_xlabel("residual risk (expected loss)", fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    bare(axes, "left", "right", "top")
    legend_above(axes, 2)
    return Drawing("band", title, band_alt(explanation), figure)


def band_alt(explanation: Explanation) -> str:
    """What the band shows, in words."""
    parts = []
    for subject in (explanation.stack, explanation.everything):
        band = subject.band
        parts.append(
            f"{_capital(subject.name)}: {wording.short(band.independent)} if failures were "
            f"independent, {wording.short(band.model)} in the model, "
            f"{wording.short(band.worst_case)} in the worst case"
        )
    return f"Residual risk under four readings of dependence. {'. '.join(parts)}."


def layers_drawing(explanation: Explanation) -> Drawing | None:
    """Techniques added in the best order against what they are worth in independent layers; None
    where fewer than two points are defined."""
    everything = explanation.everything
    points = [p for p in everything.layers_curve if p.effective_layers is not None]
    if len(points) < 2:
        return None
    title = "How many independent layers the techniques are worth"
    last = points[-1]
    names = [(p.techniques, p.added or "others' own") for p in points]
    step = thinned(len(names), MOST_NAMES)
    notes = ["Techniques are added one by one, always the one that leaves the least risk"]
    if step > 1:
        notes.append(f"One technique in {step} is named")
    top = min(max(p.techniques for p in points), 2.2 * max(p.effective_layers or 0 for p in points))
    if top < last.techniques:
        notes.append("The dotted line goes on above")
    longest = max(len(shortened(name)) for _, name in names)
    size = (min(max(4.6 + 0.22 * len(points), 7.0), 13.0), 4.4 + 0.065 * longest)
    figure = canvas(*size, title, ". ".join(notes) + ".")
    axes = figure.add_subplot()
    xs = [p.techniques for p in points]
    axes.plot(
        xs, xs, color=FAINT, linestyle=":", linewidth=1.4, label="if failures were independent"
    )
    ys = [p.effective_layers or 0.0 for p in points]
    axes.plot(
        xs, ys, color=REST, linestyle="--", marker="s", markersize=5, markeredgecolor=INK,
        markeredgewidth=0.6, label=f"all {everything.techniques} techniques, best first",
    )  # fmt: skip
    stack = explanation.stack
    own = [p for p in stack.layers_curve if p.effective_layers is not None]
    if own and stack.techniques != everything.techniques:
        axes.plot(
            [p.techniques for p in own], [p.effective_layers or 0.0 for p in own], color=STACK,
            marker="o", markersize=7, markeredgecolor=INK, markeredgewidth=0.6,
            label=f"the stack: {_worth(stack)}",
        )  # fmt: skip
    axes.annotate(
        wording.short(last.effective_layers, 3),
        (last.techniques, last.effective_layers or 0.0),
        xytext=(0, 9),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        color=INK,
    )
    axes.set_xticks([x for x, _ in names])
    axes.set_xticklabels(
        [f"{x}  + {shortened(n)}" if k % step == 0 else "" for k, (x, n) in enumerate(names)],
        rotation=60,
        ha="right",
        rotation_mode="anchor",
        fontsize=8,
        parse_math=False,
    )
    axes.set_ylim(0, top * 1.06)
    axes.set_xlim(min(xs) - 0.5, max(xs) + 0.5)
    axes.set_ylabel("effective layers", fontsize=9)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    bare(axes, "right", "top")
    legend_above(axes, 1)
    return Drawing("layers", title, layers_alt(explanation), figure)


def layers_alt(explanation: Explanation) -> str:
    """What the curve shows, in words."""
    stack, everything = explanation.stack, explanation.everything
    return (
        "Effective layers against the number of techniques, added best first, below the diagonal "
        f"of independent failures. {_capital(everything.name)}: {_worth(everything)}. "
        f"The stack: {_worth(stack)}."
    )


def _worth(subject: Subject) -> str:
    layers = "not defined" if subject.effective_layers is None else None
    layers = layers or wording.short(subject.effective_layers, 3)
    return f"{wording.count(subject.techniques, 'technique')} worth {layers} layers"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
