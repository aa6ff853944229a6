"""Worlds from settled numbers: `build` for every measure but the worst case, `strikes` for that.

Source: docs/model.md, "From what the funder wrote to worlds".
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from planner.errors import BadInput, out_of_memory_names
from planner.scenario.room import check_room
from planner.scenario.settle import ModeNumbers, Settled, WorldNumbers
from planner.worlds import joint, quadrature, sample
from planner.worlds.classes import Classes, merged_classes, possible_sets, set_losses
from planner.worlds.conditional import failure_given_sets, shared_loadings, with_success
from planner.worlds.expand import Draws, expand, on_grid, worlds_of
from planner.worlds.merge import distinct, summed
from planner.worlds.types import Floats, Worlds

#: Largest number of worlds that are built exactly.
EXACT_LIMIT = 65_536

#: Draws of the modes alone, where only the chance that none is active has to be estimated.
NONE_DRAWS = 65_536

#: Least number of draws of the common causes for each set of the worst case.
LEAST_DRAWS = 64


def build(settled: Settled, *, seed: int = 0, groups: bool = True, merge: bool = True) -> Worlds:
    """The worlds of a scenario.

    `failure` has one row an option, in the order of `settled.options`. Worlds are ordered by class
    of modes (fewest modes first, then lexicographic), within a class by common causes; explicit
    worlds keep their order. The world of the cause that nobody listed is last. For explicit worlds
    `state` is the world's number in the scenario (of merged worlds the first).

    Both readings scale as docs/model.md says: R(x) = sum of probability * loss * prod failure.
    `unlisted` is u as written, not scaled. `groups=False` leaves common causes out. With
    `merge=False` every set of modes that may strike is a class of its own (every explicit world a
    world): more worlds, the same risk of every stack, and `active` names the modes that strike.

    Raises LimitHit where the arrays would not fit in memory, BadInput where a technique's loadings
    sum to more than 0.99 or all weights of explicit worlds are 0.
    """
    with out_of_memory_names(_sizes(settled)):
        return _built(settled, seed, groups, merge)


def _sizes(settled: Settled) -> str:
    """What the worlds are made of, in numbers."""
    threats, options = settled.threats, f"{len(settled.options):,} options"
    if isinstance(threats, WorldNumbers):
        return f"{options} in {threats.weight.size:,} worlds"
    modes, samples = threats.probability.size, settled.scenario.samples
    return f"{options}, {modes} modes and {samples:,} samples"


def _built(settled: Settled, seed: int, groups: bool, merge: bool) -> Worlds:
    threats = settled.threats
    if isinstance(threats, WorldNumbers):
        return _with_unlisted(settled, _explicit(settled, threats, merge), _explicit_loss(threats))
    loading = _loading(settled, threats, groups)
    if settled.scenario.reading == "by-mode":
        worlds = _by_mode(settled, threats, loading, seed, merge)
    else:
        worlds = _together(settled, threats, loading, seed, merge)
    largest = max([settled.baseline_loss, *threats.loss.tolist()])
    return _with_unlisted(settled, worlds, largest)


def strikes(settled: Settled, k: int, *, seed: int = 0) -> Worlds:
    """Worlds for the worst case: an adversary switches on at most k modes.

    Each `state` is one set of modes that the adversary may choose, or several with equal
    consequences; `probability` is conditional on the state and sums to 1 within each (not over
    all). Losses are not scaled, and the unlisted cause is left out. Sets of probability 0 in the
    model are not there. Explicit worlds: each world that has a weight is a state, whatever k.

    Raises BadInput (option --objective) for k > 1 under the reading by-mode, for a negative k, and
    where no set of at most k modes is possible; LimitHit where there are too many sets.
    """
    threats = settled.threats
    if k < 0:
        raise BadInput.option("--objective", f"worst:{k} is negative.", "Use worst:1.")
    if isinstance(threats, WorldNumbers):
        worlds = _explicit(settled, threats)
        return replace(worlds, probability=np.ones(worlds.count))
    by_mode = settled.scenario.reading == "by-mode"
    if by_mode and k > 1:
        raise BadInput.option(
            "--objective",
            f"worst:{k} has no meaning under the reading by-mode, where modes strike one by one.",
            "Use worst:1, or the reading together.",
        )
    correlation = joint.simplify(threats.correlation, threats.probability.size)
    active = possible_sets(threats.probability, correlation, k, by_mode, EXACT_LIMIT)
    if not len(active):
        raise BadInput.option(
            "--objective",
            f"No set of at most {k} modes has a positive probability.",
            "Allow the worst case more modes: some are certain.",
        )
    loading = _loading(settled, threats, True)
    classes, _ = _classes(settled, threats, active, np.ones(len(active)))
    classes = replace(classes, probability=np.ones(classes.count), replicates=None)
    nodes = _grid(loading, len(active), _rarest(settled, threats))
    if nodes is not None:
        return worlds_of(classes, loading, on_grid(classes, nodes), None)
    samples = max(-(-settled.scenario.samples // len(active)), LEAST_DRAWS)
    each = sample.draws_each(samples)
    check_room(classes.failure.shape[0], classes.count * each * sample.SCRAMBLINGS)
    z = sample.normal(loading.shape[1], each, seed)
    z = np.broadcast_to(z, (classes.count, *z.shape))
    return worlds_of(classes, loading, expand(classes, z), seed)


def _together(
    settled: Settled, threats: ModeNumbers, loading: Floats, seed: int, merge: bool
) -> Worlds:
    modes = threats.probability.size
    correlation = joint.simplify(threats.correlation, modes)
    nodes = _grid(loading, 2**modes, _rarest(settled, threats))
    if nodes is None or isinstance(correlation, np.ndarray):
        return _drawn(settled, threats, correlation, loading, seed, merge=merge)
    chance = joint.set_probabilities(threats.probability, correlation)
    classes, _ = _classes(settled, threats, joint.all_sets(modes), chance, merge=merge)
    worlds = worlds_of(classes, loading, on_grid(classes, nodes), None)
    return replace(worlds, probability=worlds.probability / worlds.probability.sum())


def _drawn(
    settled: Settled,
    threats: ModeNumbers,
    correlation: joint.Correlation,
    loading: Floats,
    seed: int,
    *,
    merge: bool,
) -> Worlds:
    """Joint draws of the active modes and the common causes."""
    modes, groups = threats.probability.size, loading.shape[1]
    each = sample.draws_each(settled.scenario.samples)
    count = each * sample.SCRAMBLINGS
    check_room(loading.shape[0], count)
    dimensions = joint.dimensions(modes, correlation)
    points = sample.uniform(dimensions + groups, each, seed)
    active = joint.draw_sets(points[:, groups:], threats.probability, correlation)
    packed = np.packbits(active, axis=1).astype(np.float64)
    first, number = distinct(packed.T)
    chance = np.bincount(number, minlength=first.size) / count
    classes, class_of = _classes(settled, threats, active[first], chance, merge=merge)
    replicates = np.zeros((sample.SCRAMBLINGS, count))
    for k in range(sample.SCRAMBLINGS):
        replicates[k, k * each : (k + 1) * each] = 1 / each
    draws = Draws(
        state=class_of[number],
        z=sample.to_normal(points[:, :groups]),
        probability=np.full(count, 1 / count),
        replicates=replicates,
    )
    return worlds_of(classes, loading, draws, seed)


def _by_mode(
    settled: Settled, threats: ModeNumbers, loading: Floats, seed: int, merge: bool
) -> Worlds:
    """Each mode alone, and none. `probability` are the weights w0 / (1 - u), not yet scaled.

    Modes alike share their draws, whether their classes are merged or not.
    """
    modes = threats.probability.size
    correlation = joint.simplify(threats.correlation, modes)
    active = np.vstack([np.zeros((1, modes), bool), np.eye(modes, dtype=bool)])
    replicates = None
    if isinstance(correlation, np.ndarray):
        none = _none_drawn(threats, correlation, seed)
        chance = np.concatenate([[none.mean()], threats.probability])
        if settled.baseline_loss > 0:
            replicates = np.tile(chance, (sample.SCRAMBLINGS, 1))
            replicates[:, 0] = none
    else:
        none_active = joint.none_probability(threats.probability, correlation)
        chance = np.concatenate([[none_active], threats.probability])
    merged, merged_of = _classes(settled, threats, active, chance, replicates)
    classes, class_of = merged, merged_of
    if not merge:
        classes, class_of = _classes(settled, threats, active, chance, replicates, merge=False)
    nodes = _grid(loading, modes + 1, _rarest(settled, threats))
    if nodes is not None:
        drawn = None if replicates is None else seed
        return worlds_of(classes, loading, on_grid(classes, nodes), drawn)
    each = sample.draws_each(-(-settled.scenario.samples // (modes + 1)))
    check_room(classes.failure.shape[0], classes.count * each * sample.SCRAMBLINGS)
    blocks = 1 << (merged.count - 1).bit_length()
    z = sample.normal(loading.shape[1], each * blocks, seed)
    z = z.reshape(sample.SCRAMBLINGS, blocks, each, loading.shape[1])
    block = np.zeros(classes.count, np.int64)
    block[class_of[class_of >= 0]] = merged_of[class_of >= 0]
    return worlds_of(classes, loading, expand(classes, np.moveaxis(z, 1, 0)[block]), seed)


def _none_drawn(threats: ModeNumbers, correlation: Floats, seed: int) -> Floats:
    """(8,) share of the draws without an active mode, by scrambling."""
    each = sample.draws_each(NONE_DRAWS)
    points = sample.uniform(threats.probability.size, each, seed)
    active = joint.draw_sets(points, threats.probability, correlation)
    shares: Floats = (~active.any(axis=1)).reshape(sample.SCRAMBLINGS, each).mean(axis=1)
    return shares


def _classes(
    settled: Settled,
    threats: ModeNumbers,
    active: NDArray[np.bool_],
    chance: Floats,
    replicates: Floats | None = None,
    *,
    merge: bool = True,
) -> tuple[Classes, NDArray[np.int64]]:
    technique = [option.technique for option in settled.options]
    check_room(len(technique), len(active))
    failure = failure_given_sets(threats.vulnerability, threats.background, active)
    return merged_classes(
        with_success(failure[technique], settled.success),
        set_losses(threats.loss, settled.baseline_loss, active),
        active,
        chance,
        replicates,
        merge=merge,
    )


def _loading(settled: Settled, threats: ModeNumbers, groups: bool) -> Floats:
    """(options, groups) loadings that matter: none where `groups` is False."""
    total = threats.loading.sum(axis=1)
    for i in np.flatnonzero(total > 0.99 + 1e-12):
        raise BadInput.option(
            settled.scenario.techniques[i].id,
            f"its loadings sum to {total[i]:.6g}; they may sum to at most 0.99.",
            "Lower a loading.",
        )
    technique = [option.technique for option in settled.options]
    if not groups:
        return np.zeros((len(technique), 0))
    return shared_loadings(threats.loading)[technique]


def _rarest(settled: Settled, threats: ModeNumbers) -> Floats:
    """(options,) normal quantile of the least failure above 0 that modes can bring about."""
    v, background = threats.vulnerability, threats.background
    single = np.where(v > 0, v, np.inf).min(axis=1, initial=np.inf)
    technique = [option.technique for option in settled.options]
    bare = with_success(background[technique, None], settled.success)[:, 0]
    least: Floats = ndtri(np.where(bare > 0, bare, np.minimum(single, 1.0)[technique]))
    return least


def _grid(loading: Floats, sets: int, rarest: Floats) -> tuple[Floats, Floats] | None:
    """Nodes and weights of the common causes; None where the worlds have to be drawn.

    `rarest` asks for more nodes; where they are too many, fewer have to do.
    """
    if loading.shape[1] > 2 or sets > EXACT_LIMIT:
        return None
    for quantile, fine in ((rarest, True), (rarest, False), (None, False)):
        z, weight = quadrature.grid(loading, quantile, fine=fine)
        if sets * weight.size <= EXACT_LIMIT:
            return z, weight
    return None


def _explicit_loss(threats: WorldNumbers) -> float:
    return float(threats.weight.sum() if threats.loss is None else threats.loss.max())


def _explicit(settled: Settled, threats: WorldNumbers, merge: bool = True) -> Worlds:
    total = threats.weight.sum()
    if not total > 0:
        raise BadInput.option("weight", "All weights are 0.", "Give one world a positive weight.")
    loss = np.full(threats.weight.size, total) if threats.loss is None else threats.loss
    technique = [option.technique for option in settled.options]
    check_room(len(technique), threats.weight.size)
    kept = np.flatnonzero(threats.weight > 0)
    # Every copy of a large table counts: none is made where nothing is left out.
    failure = threats.failure
    if technique != list(range(len(failure))):
        failure = failure[technique]
    if kept.size < threats.weight.size:
        failure = failure[:, kept]
    failure = with_success(failure, settled.success)
    first = number = np.arange(kept.size, dtype=np.int64)
    if merge:
        first, number = distinct(np.vstack([loss[kept], failure]))
    return Worlds(
        probability=summed(number, threats.weight[kept]) / total,
        loss=loss[kept][first],
        failure=failure if first.size == kept.size else failure[:, first],
        state=kept[first].astype(np.int64),
        active=np.zeros((threats.weight.size, 0), np.bool_),
    )


def _with_unlisted(settled: Settled, worlds: Worlds, largest: float) -> Worlds:
    """Scaled to probabilities that sum to 1, with the world of the cause that nobody listed.

    Under the reading by-mode losses are multiplied by what the probabilities are divided by.
    """
    u = settled.unlisted
    probability = (1 - u) * worlds.probability
    loss, failure, state = worlds.loss, worlds.failure, worlds.state
    replicates = None if worlds.replicates is None else (1 - u) * worlds.replicates
    if u > 0:
        probability = np.append(probability, u)
        loss, state = np.append(loss, largest), np.append(state, -1)
        failure = np.hstack([failure, np.ones((failure.shape[0], 1))])
        if replicates is not None:
            replicates = np.hstack([replicates, np.full((len(replicates), 1), u)])
    scale = probability.sum()
    if settled.scenario.reading == "by-mode" and isinstance(settled.threats, ModeNumbers):
        loss = loss * scale
    kept = probability > 0
    if replicates is not None:
        replicates = (replicates / replicates.sum(axis=1, keepdims=True))[:, kept]
    return replace(
        worlds,
        probability=probability[kept] / scale,
        loss=loss[kept],
        failure=failure if kept.all() else failure[:, kept],
        state=state[kept],
        unlisted=u,
        unlisted_loss=largest,
        replicates=replicates,
    )
