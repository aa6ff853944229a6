"""Who drives the rest, what each technique is worth, and who stands in for whom, on the page."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from planner.report import wording
from planner.report.screen import plain
from planner.report.simple_table import listed, section, table
from planner.risk.drivers import ClassDriver, ModeDriver, PairDriver
from planner.study.explain import Explanation, Subject


def drivers_section(explanation: Explanation) -> RenderableType:
    """Modes by Shapley share, pairs, and classes of worlds."""
    found = explanation.stack.drivers
    if found.risk <= 0:
        return section("Who drives the rest", plain("No risk is left."))
    parts: list[RenderableType] = []
    if found.modes:
        split = [
            f"{wording.percent(part / found.risk)} {words}"
            for part, words in (
                (found.multiple, "where two modes or more strike at once"),
                (found.baseline, "where no mode strikes"),
                (found.unlisted, "from causes that nobody listed"),
            )
            if part > 0
        ]
        text = f"Of the risk left, {wording.short(found.risk)}: {'; '.join(split) or 'nothing'}."
        parts.append(plain(text if split else f"The risk left is {wording.short(found.risk)}."))
        parts.append(_modes(found.modes))
    if found.pairs:
        parts.append(_pairs(found.pairs))
    parts.append(_classes(found.classes))
    if found.others > 0:
        rest = wording.percent(found.others / found.risk)
        parts.append(plain(f"The worlds beyond those {len(found.classes)} leave {rest} together."))
    return section("Who drives the rest", *parts)


def _modes(modes: Sequence[ModeDriver]) -> RenderableType:
    order = sorted(modes, key=lambda m: -round(m.shapley_share or 0.0, 12))
    rows = [
        [
            mode.mode,
            _share(mode.shapley_share),
            wording.short(mode.probability, 3),
            wording.short(mode.risk_given),
            _share(mode.share),
        ]
        for mode in order
    ]
    heads = [
        "mode",
        "share\n(Shapley)",
        "strikes",
        "risk if\nit strikes",
        "share of worlds\nwith it",
    ]
    return table(heads, rows, what="modes")


def _pairs(pairs: Sequence[PairDriver]) -> RenderableType:
    rows = [
        [
            " + ".join(pair.modes),
            _share(pair.share),
            wording.short(pair.probability, 3),
            wording.short(pair.risk_given),
        ]
        for pair in pairs
    ]
    heads = ["pair of modes", "share of worlds\nwith both", "strikes", "risk if\nboth strike"]
    return table(heads, rows, what="pairs")


def _classes(classes: Sequence[ClassDriver]) -> RenderableType:
    rows = [
        [
            one.world,
            _share(one.share),
            wording.short(one.probability, 3),
            wording.short(one.failure, 3),
            wording.short(one.loss, 3),
        ]
        for one in classes
    ]
    heads = ["world", "share", "probability", "all fail", "loss"]
    return table(heads, rows, what="worlds")


def importance_section(stack: Subject) -> RenderableType:
    """What each technique of the stack is worth."""
    if not stack.importance:
        return section("What each technique is worth", plain("The stack is empty."))
    rows = [
        [
            row.label,
            wording.short(row.failure, 3),
            wording.short(row.risk_without),
            wording.short(row.birnbaum),
            _times(row.risk_achievement_worth),
        ]
        for row in stack.importance
    ]
    heads = ["technique", "fails\nalone", "risk\nwithout it", "Birnbaum", "achievement\nworth"]
    return section(
        "What each technique is worth",
        table(heads, rows, what="techniques"),
        plain(
            "One surviving technique is enough, so Fussell-Vesely and risk reduction worth are the "
            "same for all of the stack and are not shown."
        ),
    )


def redundancy_section(stack: Subject) -> RenderableType:
    """Stand-ins, sole holders, and modes that nobody holds."""
    found = stack.redundancy
    if not found.labels:
        return section("Who stands in for whom", plain("The stack is empty."))
    sole = found.sole_holders
    rows = []
    for s in found.stand_ins:
        row = [s.label, s.by or "nobody", _share(s.share), _share(s.share_by_rest)]
        if sole is not None:
            row.append(", ".join(mode for mode, label in sole if label == s.label) or wording.DASH)
        rows.append(row)
    heads = ["technique", "stand-in", "does of\nits work", "the rest\ndoes"]
    words: tuple[int, ...] = (0, 1)
    parts: list[RenderableType] = []
    if sole is not None:
        heads.append("alone holds")
        words = (0, 1, 4)
    parts.append(table(heads, rows, words=words, what="techniques"))
    if found.not_held is not None:
        if found.not_held:
            parts.append(plain(f"Modes that nobody holds: {listed(found.not_held)}."))
        else:
            parts.append(plain("Every mode is held by some technique of the stack."))
    return section("Who stands in for whom", *parts)


def _share(share: float | None) -> str:
    return wording.DASH if share is None else wording.percent(share)


def _times(number: float | None) -> str:
    return wording.DASH if number is None else f"{wording.short(number, 3)}x"
