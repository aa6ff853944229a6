"""The figure of gaps: what a new technique is worth, and may cost, by what it withstands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.report import wording
from planner.report.drawing import FAINT, INK, REST, STACK, Drawing, bare, canvas, name_ticks
from planner.study.gaps import Gaps, Profile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Bars of each half; the rest is counted in the note.
MOST = 24


def gaps_drawing(found: Gaps) -> Drawing:
    """Fall of the risk and price: above for each mode alone, below for the dearest profile of each
    number of modes. What belongs to the profile that the call asks for is dark."""
    plan = found.plan
    title = f"What a new technique is worth: {plan.scenario.name}"
    singles, sizes = found.singles[:MOST], found.by_size[:MOST]
    note = (
        f"Beside the best stack for {plan.question.money(plan.budget or 0)}. Dark: the profile "
        "that the call asks for. May cost: at more, the best stack does not hold it."
    )
    hidden = len(found.singles) - len(singles)
    if hidden:
        note += f" {wording.count(hidden, 'more mode')} and larger profiles are not drawn."
    height = 2.6 + 0.27 * (len(singles) + len(sizes))
    figure = canvas(9.6, height, title, note)
    ratios = [len(singles) + 1.0, len(sizes) + 1.0]
    above, below = figure.subplots(2, 2, sharey="row", height_ratios=ratios)
    wanted = set(found.best.modes)
    _pair(above, singles, [p.modes[0] for p in singles], [set(p.modes) <= wanted for p in singles])
    _pair(below, sizes, _additions(sizes), [p.modes == found.best.modes for p in sizes])
    above[0].set_title("withstands one mode", **_HEAD)
    below[0].set_title("withstands several: the dearest profile of each size", **_HEAD)
    word = "risk" if plan.question.measure.name == "expected" else plan.question.measure.name
    below[0].set_xlabel(f"fall of the {word}, for nothing", fontsize=9)
    below[1].set_xlabel(f"may cost, {plan.scenario.currency}", fontsize=9, parse_math=False)
    return Drawing("gaps", title, gaps_alt(found), figure)


_HEAD = {"fontsize": 9, "loc": "left", "color": FAINT}


def gaps_alt(found: Gaps) -> str:
    """What the figure shows, in words."""
    told = "; ".join(
        f"{profile.modes[0]} {wording.short(profile.fall)} and {_told(profile)}"
        for profile in found.singles[:MOST]
    )
    best = found.best
    return (
        "Fall of the risk and the most that a technique may cost which withstands one mode: "
        f"{told}. The profile asked for is {' + '.join(best.modes)}, with "
        f"{wording.short(best.fall)} and {_told(best)}."
    )


def _told(profile: Profile) -> str:
    if profile.never:
        return "never"
    if profile.price is None:
        return "?"
    return wording.money(profile.price) if profile.price else "only for nothing"


def _additions(sizes: Sequence[Profile]) -> list[str]:
    """`3: + coll`: how many modes, and what is new to the profile above."""
    labels, before = [], set[str]()
    for profile in sizes:
        now = set(profile.modes)
        changes = [f"+ {mode}" for mode in profile.modes if mode not in before]
        changes += [f"− {mode}" for mode in sorted(before - now)]
        labels.append(f"{len(now)}: {' '.join(changes)}")
        before = now
    return labels


def _pair(
    axes: Sequence[Axes], profiles: Sequence[Profile], labels: Sequence[str], dark: Sequence[bool]
) -> None:
    falls = [profile.fall for profile in profiles]
    prices = [float(profile.price or 0) for profile in profiles]
    for side, values, texts in (
        (axes[0], falls, [wording.short(fall) for fall in falls]),
        (axes[1], prices, [_told(profile) for profile in profiles]),
    ):
        side.barh(
            range(len(values)),
            values,
            height=0.66,
            color=[STACK if one else "white" for one in dark],
            edgecolor=[INK if one else REST for one in dark],
            linewidth=0.8,
        )
        most = max(values, default=0) or 1.0
        for place, (value, text) in enumerate(zip(values, texts, strict=True)):
            side.text(value + most * 0.015, place, text, va="center", fontsize=8, color=INK)
        side.set_xlim(0, most * 1.16)
        side.locator_params(axis="x", nbins=5)
        side.ticklabel_format(axis="x", style="plain", useOffset=False)
        side.tick_params(axis="x", labelsize=8)
        side.tick_params(axis="y", length=0)
        bare(side, "right", "top")
    name_ticks(axes[0], labels)
    axes[0].set_ylim(len(labels) - 0.4, -0.6)
