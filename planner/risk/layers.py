"""The layers curve: techniques added one by one, and what each adds in independent layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from planner.risk.stack import effective_layers, listed, marginals, risk
from planner.scenario.settle import Settled
from planner.worlds.types import Worlds

#: Risks that differ by less than this share are equal, and the smaller label goes first.
SAME = 1e-12


@dataclass(frozen=True)
class LayerPoint:
    """The stack after one more technique.

    added             its option label; None for the start (what others pay for, or nothing)
    techniques        how many there are now
    effective_layers  as docs/model.md, "What correlation costs"; None where not defined
    risk              R, in units of loss
    independent_risk  what R would be if they failed independently
    """

    added: str | None
    techniques: int
    effective_layers: float | None
    risk: float
    independent_risk: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def layers_curve(
    settled: Settled, worlds: Worlds, options: Sequence[int], start: Sequence[int] = ()
) -> tuple[LayerPoint, ...]:
    """From `start` (what others pay for) on, always the option that leaves the least risk.

    `options` are the others of the stack. Ties go to the smallest label.
    """
    stack = list(start)
    waiting = sorted(set(options) - set(start), key=lambda k: settled.options[k].label)
    points = [_point(worlds, stack, None)]
    left = worlds.weight.copy()
    for k in stack:
        left *= worlds.failure[k]
    while waiting:
        risks = worlds.failure[waiting] @ left
        k = waiting.pop(int(np.argmax(risks <= risks.min() * (1 + SAME))))
        stack.append(k)
        left = left * worlds.failure[k]
        points.append(_point(worlds, stack, settled.options[k].label))
    return tuple(points)


def _point(worlds: Worlds, stack: list[int], added: str | None) -> LayerPoint:
    u = worlds.unlisted
    total = float(listed(worlds).sum())
    independent = total * float(np.prod(marginals(worlds)[stack]))
    return LayerPoint(
        added=added,
        techniques=len(stack),
        effective_layers=effective_layers(worlds, stack),
        risk=risk(worlds, stack),
        independent_risk=u * worlds.unlisted_loss + (1 - u) * independent,
    )
