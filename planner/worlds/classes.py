"""Classes of modes: sets that leave every option the same failure, and the same loss.

Source: docs/model.md, "From what the funder wrote to worlds" (merging) and "The objective"
(`worst:k`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from planner.errors import LimitHit
from planner.worlds import joint
from planner.worlds.merge import distinct, order_sets, summed
from planner.worlds.types import Floats


@dataclass(frozen=True, eq=False)
class Classes:
    """C classes: `failure` (options, C) before common causes, `loss` (C,), `active` (C, m) the
    smallest set of each, `probability` (C,), `replicates` (8, C) of it or None."""

    failure: Floats
    loss: Floats
    active: NDArray[np.bool_]
    probability: Floats
    replicates: Floats | None = None

    @property
    def count(self) -> int:
        return int(self.loss.size)


def merged_classes(
    failure: Floats,
    loss: Floats,
    active: NDArray[np.bool_],
    probability: Floats,
    replicates: Floats | None = None,
    *,
    merge: bool = True,
) -> tuple[Classes, NDArray[np.int64]]:
    """Classes from sets (columns of `failure`, rows of `active`), and the class of each set.

    Sets of probability 0 are dropped (class -1). Classes are ordered by their smallest set: fewest
    modes first, then lexicographic. With `merge=False` every set stays a class of its own.
    """
    kept = np.flatnonzero(probability > 0)
    kept = kept[order_sets(active[kept])]
    first = number = np.arange(kept.size, dtype=np.int64)
    if merge:
        first, number = distinct(np.vstack([loss[kept], failure[:, kept]]))
    class_of = np.full(probability.size, -1, np.int64)
    class_of[kept] = number
    chosen = kept[first]
    if replicates is not None:
        replicates = np.array([summed(number, row[kept]) for row in replicates])
    classes = Classes(
        failure=failure[:, chosen],
        loss=loss[chosen],
        active=active[chosen],
        probability=summed(number, probability[kept]),
        replicates=replicates,
    )
    return classes, class_of


def set_losses(loss: Floats, baseline_loss: float, active: NDArray[np.bool_]) -> Floats:
    """(C,) largest loss of the active modes, `baseline_loss` where none is; `active` (C, m)."""
    if active.shape[1] == 0:
        return np.full(len(active), baseline_loss)
    largest = np.where(active, loss, -np.inf).max(axis=1)
    return np.where(active.any(axis=1), largest, baseline_loss)


def possible_sets(
    probability: Floats, correlation: joint.Correlation, k: int, by_mode: bool, most: int
) -> NDArray[np.bool_]:
    """(C, m) sets of at most k modes that an adversary may choose: those with P(A) > 0.

    Modes of probability 1 are in every set, those of probability 0 in none (by-mode: a single
    mode, or none, alone). With correlation 1 only nested sets are possible; with a full matrix all
    sets count as possible. Raises LimitHit where there are more than `most`.
    """
    modes = probability.size
    if by_mode:
        single = np.eye(modes, dtype=bool)[probability > 0]
        none = np.zeros((int(not (probability == 1).any()), modes), bool)
        return np.vstack([none, single[: None if k else 0]])
    if isinstance(correlation, float) and correlation == 1:
        sets, chance = joint.nested_sets(probability)
        possible: NDArray[np.bool_] = (chance > 0) & (sets.sum(axis=1) <= k)
        return sets[possible]
    certain = np.flatnonzero(probability == 1)
    free = np.flatnonzero((probability > 0) & (probability < 1))
    more = min(k - certain.size, free.size)
    count = sum(comb(free.size, size) for size in range(more + 1))
    if count > most:
        raise LimitHit(
            f"The worst case has {count:,} sets of at most {k} of {modes} modes to choose from; "
            f"at most {most:,} can be compared. Use a smaller k (worst:1)."
        )
    active = np.zeros((count, modes), bool)
    active[:, certain] = True
    chosen = chain.from_iterable(combinations(free, size) for size in range(more + 1))
    for row, set_ in zip(active, chosen, strict=True):
        row[list(set_)] = True
    return active
