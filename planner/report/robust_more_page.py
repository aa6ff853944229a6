"""Sections of `robust`: which judgement to settle first, the experts, and what needs no
probability."""

from __future__ import annotations

from decimal import Decimal

from rich.console import RenderableType

from planner.report import wording
from planner.report.screen import plain
from planner.report.simple_table import listed, section, table
from planner.scenario.settle import amount
from planner.study.incomplete import Incomplete
from planner.study.panel import Panel, View
from planner.study.robust_flip import Flip, FlipMap
from planner.study.robust_more import More

#: Rows of a table on the page.
MOST_ROWS = 10
#: Columns from which the ends of a number are shown beside its worth.
WIDE = 100
WHO = {"pooled": "all: least mean risk", "regret": "all: least worst regret"}


def sections(found: More, decimals: int, width: int) -> list[RenderableType]:
    parts = []
    if found.flips is not None:
        parts.append(section("Which judgement to settle first", *_flips(found.flips, width)))
    if found.panel is not None:
        parts.append(section("Experts, kept apart", *_panel(found.panel, width)))
    if found.incomplete is not None:
        title = "What remains without probabilities"
        parts.append(section(title, *_incomplete(found.incomplete, decimals)))
    return parts


# Judgements.


def flip_sentence(found: FlipMap) -> str:
    """The most valuable judgement, in one sentence."""
    first = found.flips[0]
    if not first.evppi:
        return (
            "No single judgement that was tried is worth settling for this decision: whatever it "
            "turns out to be, none of the stacks compared is better than the one chosen without it."
        )
    return (
        f"Settle the {wording.judgement(first.name)} first: it changes the stack with a chance of "
        f"{wording.percent(first.chance)}, and knowing it takes {wording.short(first.evppi, 3)} "
        f"(± {wording.short(first.error, 2)}) off the risk on average."
    )


def _flips(found: FlipMap, width: int) -> list[RenderableType]:
    bars = {bar.name: bar for bar in found.bars}
    rows = []
    for flip in [flip for flip in found.flips if flip.evppi is not None][:MOST_ROWS]:
        bar = bars[flip.name]
        rows.append(
            [
                wording.judgement(flip.name),
                wording.short(flip.evppi, 3),
                f"± {wording.short(flip.error, 2)}" if flip.error else wording.DASH,
                wording.percent(flip.chance),
                f"{wording.short(bar.low, 3)}..{wording.short(bar.high, 3)}",
                f"{wording.short(bar.risk[0], 3)}..{wording.short(bar.risk[1], 3)}",
            ]
        )
    heads = ["number", "worth", "error", "chance to\nchange it", "5%..95%", "risk of\nthe stack"]
    if width < WIDE:
        heads, rows = heads[:4], [row[:4] for row in rows]
    parts: list[RenderableType] = [
        plain(flip_sentence(found)),
        table(heads, rows, words=(0,), most=None),
    ]
    told = [text for flip in found.flips[:3] if (text := turns(flip, found.stack))]
    parts += [plain(text) for text in told]
    rest = sum(flip.evppi is None for flip in found.flips)
    note = (
        "Worth: fall of the mean risk if the number were known before choosing (expected value of "
        f"perfect information), among {found.among}. Risk: of the stack of the central values, at "
        "the ends of the number, the others at their means."
    )
    if rest:
        note += f" {wording.count(rest, 'other number')} came out lower in the screen."
    parts.append(plain(note, "dim"))
    return parts


def turns(flip: Flip, stack: tuple[str, ...]) -> str:
    """Where along the number's values the advice changes."""
    if not flip.evppi or not flip.chance:
        return ""
    found: list[tuple[float, tuple[str, ...]]] = []
    for one in flip.settled:
        if one.stack != stack and (not found or found[-1][1] != one.stack):
            found.append((one.value, one.stack))
    told = [f"at {wording.short(value, 3)}: {_change(to, stack)}" for value, to in found[:3]]
    mean = wording.short(flip.central, 3)
    return f"The {wording.judgement(flip.name)} (mean {mean}) turns the stack {'; '.join(told)}."


def _change(stack: tuple[str, ...], base: tuple[str, ...]) -> str:
    gains = [f"+{label}" for label in stack if label not in base]
    loses = [f"-{label}" for label in base if label not in stack]
    return listed([*gains, *loses], 6)


# Experts.


def panel_sentence(found: Panel) -> str:
    """Whether the experts' disagreement matters, in one sentence."""
    stacks = {view.stack for view in found.views if view.who in found.experts}
    deciding = sum(one.decides for one in found.disagreements)
    tried = len(found.disagreements)
    if not tried:
        return "The experts agree on every cell."
    if len(stacks) == 1:
        return "The experts differ on cells, yet every one of them would fund the same stack."
    agreed = ", ".join(found.agreed) or "nothing"
    text = f"The experts would fund {len(stacks)} different stacks; all of them hold {agreed}."
    if not deciding:
        return f"{text} No single cell on which they differ would change the pooled stack."
    return (
        f"{text} Of {wording.count(tried, 'cell')} on which they differ, {deciding} would change "
        f"the pooled stack if settled one expert's way."
    )


def _panel(found: Panel, width: int) -> list[RenderableType]:
    heads = ["who", *(f"risk as\n{name[:12]}" for name in found.experts), "worst\nregret", "stack"]
    views = [*found.views, found.pooled, found.regret]
    if len(found.experts) * 12 > width - 50:
        heads = ["who", "mean\nrisk", "worst\nregret", "stack"]
        rows = [[_who(v), wording.short(v.mean), _regret(v), _stack(v)] for v in views]
    else:
        rows = [[_who(v), *map(wording.short, v.risks), _regret(v), _stack(v)] for v in views]
    weights = ", ".join(
        f"{name} {wording.percent(weight)}"
        for name, weight in zip(found.experts, found.weights, strict=True)
    )
    parts: list[RenderableType] = [
        plain(panel_sentence(found)),
        table(heads, rows, words=(0, len(heads) - 1), most=None),
        plain(
            f"Least mean risk weighs the experts ({weights}) as if one of them were right about "
            f"everything; least worst regret needs no weights ({found.regret_found}).",
            "dim",
        ),
    ]
    if found.disagreements:
        cells = [
            [
                f"{one.technique} / {one.mode}",
                ", ".join(
                    f"{name} {wording.short(value, 2)}"
                    for name, value in zip(found.experts, one.values, strict=True)
                ),
                "changes the stack" if one.decides else "",
            ]
            for one in found.disagreements
        ]
        heads = ["cell", "what they say", "if settled"]
        parts.append(table(heads, cells, words=(0, 1, 2), most=MOST_ROWS, what="cells"))
    return parts


def _who(view: View) -> str:
    return WHO.get(view.who, view.who)


def _regret(view: View) -> str:
    return wording.short(view.worst_regret, 3)


def _stack(view: View) -> str:
    return listed(view.stack, 8)


# Without probabilities.


def _incomplete(found: Incomplete, decimals: int) -> list[RenderableType]:
    cells = wording.count(found.unsure, "cell is unsure", "cells are unsure")
    lead = f"Needs no probability: cells fail, hold or are unsure ({cells}). "
    if not found.exact:
        lead += (
            "There are too many techniques to look at every stack: status by bounds, so that "
            "borderline also means not known."
        )
        named = {
            status: [row.technique for row in found.rows if row.status == status]
            for status in ("core", "borderline", "exterior")
        }
        rows = [[status, str(len(ids)), listed(ids, 12)] for status, ids in named.items()]
        return [plain(lead), table(["status", "count", "techniques"], rows, words=(0, 2))]
    many = wording.count(found.count or 0, "stack is", "stacks are")
    lead += f"{many} not dominated within the budget, whichever way the unsure cells turn out."
    rows = [
        [
            row.technique,
            wording.digits(row.core_index) if row.core_index is not None else wording.DASH,
            row.status,
            listed(row.covered_by, 5) if row.covered_by else "",
        ]
        for row in found.rows
    ]
    heads = ["technique", "core\nindex", "status", "covered, at no higher cost, by"]
    stacks = [
        [wording.money(Decimal(amount(cost, decimals))), ", ".join(labels) or "nothing"]
        for labels, cost in found.stacks
    ]
    return [
        plain(lead),
        table(heads, rows, words=(0, 2, 3), most=20, what="techniques"),
        table(["cost", "stack not dominated"], stacks, words=(1,), most=6, what="stacks"),
    ]
