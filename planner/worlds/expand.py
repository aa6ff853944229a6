"""From classes of modes to worlds: every class in every state of the common causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.scenario.room import check_room
from planner.worlds.classes import Classes
from planner.worlds.conditional import shifted
from planner.worlds.merge import distinct, summed
from planner.worlds.types import Floats, Worlds


@dataclass(frozen=True, eq=False)
class Draws:
    """Worlds before merging: `state` (S,) the class, `z` (S, groups) the common causes,
    `probability` (S,), `replicates` (8, S) or None."""

    state: NDArray[np.int64]
    z: Floats
    probability: Floats
    replicates: Floats | None


def on_grid(classes: Classes, nodes: tuple[Floats, Floats]) -> Draws:
    """Every class at every node; `nodes` (K, groups) and weights (K,)."""
    z, weight = nodes
    count, size = classes.count, weight.size
    check_room(classes.failure.shape[0], count * size)
    replicates = classes.replicates
    if replicates is not None:
        replicates = (replicates[:, :, None] * weight).reshape(len(replicates), -1)
    return Draws(
        state=np.repeat(np.arange(count), size),
        z=np.tile(z, (count, 1)),
        probability=np.outer(classes.probability, weight).ravel(),
        replicates=replicates,
    )


def expand(classes: Classes, z: Floats) -> Draws:
    """Every class at its draws; `z` (C, 8, each, groups), all draws of a class equally likely."""
    count, scramblings, each, groups = z.shape
    by_scrambling = classes.replicates
    if by_scrambling is None:
        by_scrambling = np.tile(classes.probability, (scramblings, 1))
    replicates = np.zeros((scramblings, count, scramblings, each))
    for k in range(scramblings):
        replicates[k, :, k] = (by_scrambling[k] / each)[:, None]
    return Draws(
        state=np.repeat(np.arange(count), scramblings * each),
        z=z.reshape(-1, groups),
        probability=np.repeat(classes.probability / (scramblings * each), scramblings * each),
        replicates=replicates.reshape(scramblings, -1),
    )


def worlds_of(classes: Classes, loading: Floats, draws: Draws, seed: int | None) -> Worlds:
    """Worlds, equal ones merged, in the order of their classes, then of the draws.

    `loading` (options, groups). `seed` is None where the worlds are exact. Probabilities are as
    the draws have them, and need not sum to 1.
    """
    failure = shifted(classes.failure, loading, draws.state, draws.z)
    loaded = loading.any(axis=1)
    first, number = distinct(np.vstack([draws.state.astype(np.float64), failure[loaded]]))
    order = np.argsort(draws.state[first], kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    first, number = first[order], back[number]
    probability = summed(number, draws.probability)
    replicates = draws.replicates
    if replicates is not None:
        replicates = np.array([summed(number, row) for row in replicates])
    state = draws.state[first]
    return Worlds(
        probability=probability,
        loss=classes.loss[state],
        failure=failure if first.size == failure.shape[1] else failure[:, first],
        state=state,
        active=classes.active,
        exact=seed is None,
        seed=seed,
        replicates=replicates,
    )
