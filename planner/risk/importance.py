"""Importance of each technique of a stack, as probabilistic risk assessment measures it.

With R the stack's risk, R(i fails) the risk when technique i surely fails (the stack without it)
and R(i holds) the risk when it never fails in a listed world (the cause that nobody listed defeats
it still), the usual definitions (Birnbaum 1969; Vesely et al. 1983, NUREG/CR-3385) are

    Birnbaum                R(i fails) - R(i holds) = sum over listed worlds of w prod_{k != i} F[k]
    Fussell-Vesely          (R - R(i holds)) / R
    risk achievement worth  R(i fails) / R
    risk reduction worth    R / R(i holds)

One surviving technique is enough, so R(i holds) is the unlisted floor for *every* technique:
Fussell-Vesely and risk reduction worth are the same for all of the stack (1 and undefined where
nothing is unlisted). Birnbaum and risk achievement worth tell techniques apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from planner.risk.stack import marginals, risk
from planner.scenario.settle import Settled
from planner.worlds.types import Worlds


@dataclass(frozen=True)
class Importance:
    """One technique of the stack; risks in units of loss. None where a number is not defined.

    label, technique         its option, and its id
    failure                  m, its own chance of failing, by loss weight
    risk_without             R(i fails)
    risk_if_perfect          R(i holds)
    birnbaum                 see the module
    fussell_vesely           0..1; None where R is 0
    risk_achievement_worth   at least 1; None where R is 0
    risk_reduction_worth     at least 1; None (unbounded) where R(i holds) is 0
    """

    label: str
    technique: str
    failure: float
    risk_without: float
    risk_if_perfect: float
    birnbaum: float
    fussell_vesely: float | None
    risk_achievement_worth: float | None
    risk_reduction_worth: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def importance(settled: Settled, worlds: Worlds, stack: Sequence[int]) -> tuple[Importance, ...]:
    """Every technique of a stack of option numbers, in the order given."""
    options = list(stack)
    factors = worlds.failure[options]
    ones = np.ones((1, worlds.count))
    before = np.cumprod(np.vstack([ones, factors[:-1]]), axis=0)
    after = np.cumprod(np.vstack([ones, factors[:0:-1]]), axis=0)[::-1]
    now = risk(worlds, options)
    floor = float(worlds.weight[-1]) if worlds.unlisted > 0 else 0.0
    failure = marginals(worlds)
    found = []
    for place, k in enumerate(options):
        without = math.fsum(worlds.weight * before[place] * after[place])
        found.append(
            Importance(
                label=settled.options[k].label,
                technique=settled.scenario.techniques[settled.options[k].technique].id,
                failure=float(failure[k]),
                risk_without=without,
                risk_if_perfect=floor,
                birnbaum=max(without - floor, 0.0),
                fussell_vesely=(now - floor) / now if now > 0 else None,
                risk_achievement_worth=without / now if now > 0 else None,
                risk_reduction_worth=now / floor if floor > 0 else None,
            )
        )
    return tuple(found)
