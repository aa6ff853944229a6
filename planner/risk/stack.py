"""Numbers of one stack: its risk, marginals, the dependence band, effective layers.

A stack is a sequence of option numbers (rows of `Worlds.failure`), those that others pay for
included. Formulas: docs/model.md, "What correlation costs".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.worlds.types import Floats, Worlds


def losses(worlds: Worlds, stack: Sequence[int]) -> Floats:
    """(S,) loss left in each world: l[s] prod_i F[i, s]."""
    left = worlds.loss.copy()
    for i in stack:
        left *= worlds.failure[i]
    return left


def risk(worlds: Worlds, stack: Sequence[int]) -> float:
    """R(x) = sum_s p[s] l[s] prod_i F[i, s], summed without loss of digits."""
    return math.fsum(worlds.probability * losses(worlds, stack))


def standard_error(worlds: Worlds, stack: Sequence[int]) -> float:
    """Standard error of R from the scramblings of the draws; 0 where worlds are exact."""
    if worlds.replicates is None:
        return 0.0
    estimates = worlds.replicates @ losses(worlds, stack)
    return float(estimates.std(ddof=1) / math.sqrt(len(estimates)))


def listed(worlds: Worlds) -> Floats:
    """(S,) weights p l of the listed worlds, as if nothing were unlisted (0 for that world)."""
    weight = worlds.weight
    if worlds.unlisted > 0:
        weight[-1] = 0.0
        if worlds.unlisted < 1:
            weight = weight / (1 - worlds.unlisted)
    return weight


def marginals(worlds: Worlds) -> Floats:
    """(options,) m[i] = sum_s w[s] F[i, s] / W0 over the listed worlds; 0 where W0 is 0."""
    weight = listed(worlds)
    total = float(weight.sum())
    if total == 0:
        return np.zeros(len(worlds.failure))
    return np.minimum(worlds.failure @ weight / total, 1.0)


@dataclass(frozen=True)
class Band:
    """The same stack's risk under four readings of dependence (None: needs the other worlds)."""

    independent: float
    shared_modes: float
    model: float
    worst_case: float

    def to_dict(self) -> dict[str, float]:
        return {
            "independent": self.independent,
            "shared_modes": self.shared_modes,
            "model": self.model,
            "worst_case": self.worst_case,
        }


def band(worlds: Worlds, without_groups: Worlds, stack: Sequence[int]) -> Band:
    """Dependence band of a stack; `without_groups` are the worlds without common causes."""
    weight = listed(worlds)
    total = math.fsum(weight)
    u = worlds.unlisted
    floor = u * worlds.unlisted_loss
    m = marginals(worlds)[list(stack)]
    return Band(
        independent=floor + (1 - u) * total * float(np.prod(m)),
        shared_modes=risk(without_groups, stack),
        model=risk(worlds, stack),
        worst_case=floor + (1 - u) * total * float(m.min(initial=1.0)),
    )


def effective_layers(worlds: Worlds, stack: Sequence[int]) -> float | None:
    """n log(R0 / W0) / sum_i log m[i]; None for an empty stack, no risk, or all m = 1."""
    if not stack:
        return None
    weight = listed(worlds)
    total = math.fsum(weight)
    left = weight.copy()
    for i in stack:
        left *= worlds.failure[i]
    rest = math.fsum(left)
    return layers(total, rest, marginals(worlds)[list(stack)])


def layers(total: float, rest: float, m: Floats) -> float | None:
    """n log(rest / total) / sum_i log m[i] from W0, R0 and the marginals m (n,) of the stack."""
    if not m.size or total == 0 or rest == 0 or bool((m >= 1).all()) or bool((m <= 0).any()):
        return None
    return max(m.size * math.log(rest / total) / float(np.log(m).sum()), 0.0)


def diversification_gap(band: Band) -> float | None:
    """Residual risk divided by what it would be if the techniques failed independently."""
    return band.model / band.independent if band.independent > 0 else None
