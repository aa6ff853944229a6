"""Worlds: the ways things may turn out, as arrays.

These doubles *define* the choice problem: proofs are about them, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Worlds:
    """Probabilities, losses, and who fails where; S worlds, one failure row an option.

    probability   (S,) sums to 1; all positive
    loss          (S,) >= 0, per-world loss when every technique fails
    failure       (options, S) probability that the option fails in the world, in 0..1
    unlisted      u: share of the probability that belongs to the cause that nobody listed; where
                  u > 0 the last world is that one (failure 1, the largest loss)
    unlisted_loss its loss, before any scaling of `loss`
    state         (S,) number of the class of modes that the world belongs to, -1 for the unlisted
    active        (classes, modes) bool: modes active in the class (of merged sets the smallest)
    exact         False where worlds are draws
    seed          seed of the draws, None where exact
    replicates    (8, S) world probabilities by scrambling (each row sums to 1), None where exact
    """

    probability: Floats
    loss: Floats
    failure: Floats
    unlisted: float = 0.0
    unlisted_loss: float = 0.0
    state: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    active: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), np.bool_))
    exact: bool = True
    seed: int | None = None
    replicates: Floats | None = None

    @property
    def count(self) -> int:
        return int(self.probability.size)

    @property
    def weight(self) -> Floats:
        """(S,) probability times loss: R(x) = sum_s weight[s] prod_i failure[i, s]^x[i]."""
        return self.probability * self.loss
