"""The table of alternatives below a recommendation: what else is almost as good."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from planner.plan import Plan
from planner.report import wording
from planner.report.screen import plain
from planner.report.simple_table import section, table
from planner.study.alternatives import Alternatives


def page(others: Alternatives, count: int) -> list[RenderableType]:
    """`count` is how many stacks were asked for, the best included."""
    head = f"What else is almost as good ({_apart(others.differ)})"
    if not others.others:
        why = "There is no other stack." if others.complete else "None was found in time."
        return [section(head, plain(why))]
    rows = [_row(1, others.best, "", (), ())]
    rows += [
        _row(place, other.plan, _rise(other.rise), other.gains, other.loses)
        for place, other in enumerate(others.others, start=2)
    ]
    heads = ["#", "gains", "loses", "cost", "risk", "rise", "layers", "depth", "proof"]
    parts: list[RenderableType] = [table(heads, rows, words=(1, 2, 8), most=None)]
    parts += [
        plain(f"{place}  {other.sentence}") for place, other in enumerate(others.others, start=2)
    ]
    if len(others.others) + 1 < count:
        why = "no further stack exists" if others.complete else "the others were not found in time"
        parts.append(plain(f"{count} were asked for; {why}."))
    return [section(head, *parts)]


def _row(
    place: int, plan: Plan, rise: str, gains: Sequence[str], loses: Sequence[str]
) -> list[str]:
    depth = wording.DASH if plan.depth is None else str(plan.depth)
    return [
        str(place),
        ", ".join(gains) if gains else ("(the best)" if place == 1 else wording.DASH),
        ", ".join(loses) or wording.DASH,
        wording.money(plan.money(plan.cost)),
        wording.short(plan.risk),
        rise or wording.DASH,
        wording.short(plan.effective_layers, 3),
        depth,
        proof_of(plan),
    ]


def _rise(rise: float) -> str:
    return "+0" if rise == 0 else f"+{wording.short(rise, 3)}"


def proof_of(plan: Plan) -> str:
    """The kind of proof, with its gap where there is one."""
    gap = plan.proof.gap
    return plan.proof.kind if not gap else f"{plan.proof.kind}, gap {wording.percent(gap)}"


def _apart(differ: int) -> str:
    return f"any two differ in at least {wording.count(differ, 'technique')}"
