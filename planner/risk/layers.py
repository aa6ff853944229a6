"""The layers curve: techniques added one by one, and what each adds in independent layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from planner.risk.stack import layers, listed, marginals
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
    weight, m = listed(worlds), marginals(worlds)
    floor = worlds.unlisted * worlds.unlisted_loss
    total = math.fsum(weight)
    stack: list[int] = []
    listed_left, left = weight, worlds.weight
    points = []

    def add(k: int | None) -> None:
        points.append(
            LayerPoint(
                added=None if k is None else settled.options[k].label,
                techniques=len(stack),
                effective_layers=layers(total, math.fsum(listed_left), m[stack]),
                risk=math.fsum(left),
                independent_risk=floor + (1 - worlds.unlisted) * total * float(np.prod(m[stack])),
            )
        )

    for k in start:
        stack.append(k)
        listed_left, left = listed_left * worlds.failure[k], left * worlds.failure[k]
    add(None)
    waiting = sorted(set(options) - set(start), key=lambda k: settled.options[k].label)
    while waiting:
        risks = worlds.failure[waiting] @ left
        k = waiting.pop(int(np.argmax(risks <= risks.min() * (1 + SAME))))
        stack.append(k)
        listed_left, left = listed_left * worlds.failure[k], left * worlds.failure[k]
        add(k)
    return tuple(points)
