"""Worlds of many draws at once, as blocks of arrays, where they are exact and have one shape.

The same formulas as `planner.worlds.build`, over a leading axis of draws and without merging: for
beliefs drawn by the thousand, building one `Worlds` a draw would cost more than solving it.
Source: docs/model.md, "From what the funder wrote to worlds".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.scenario.draw import Draws
from planner.scenario.settle import ModeNumbers, WorldNumbers
from planner.worlds import joint
from planner.worlds.classes import set_losses
from planner.worlds.conditional import shared_loadings
from planner.worlds.types import Floats

#: Most modes of the reading together: 1,024 sets a draw.
MOST_MODES = 10
#: Most worlds of the funder's own.
MOST_WORLDS = 4096


@dataclass(frozen=True, eq=False)
class Block:
    """The worlds of some draws: `failure` (draws, options, S), `weight` (draws, S), probability
    times loss. R(x) of draw d is sum_s weight[d, s] prod_i failure[d, i, s]^x[i]."""

    failure: Floats
    weight: Floats


def fits(draws: Draws) -> bool:
    """Whether `block` can build these draws: no common causes, and worlds that are listed."""
    threats = draws.central.threats
    if isinstance(threats, WorldNumbers):
        return threats.weight.size <= MOST_WORLDS
    # Loadings that are drawn are above 0; plain ones may be written as 0.
    if shared_loadings(threats.loading).any():
        return False
    if isinstance(joint.simplify(threats.correlation, threats.probability.size), np.ndarray):
        return False
    return draws.scenario.reading == "by-mode" or threats.probability.size <= MOST_MODES


def worlds_each(draws: Draws) -> int:
    """Worlds of one draw, before merging."""
    threats = draws.central.threats
    unlisted = int(_uncertain(draws, "unlisted") or draws.central.unlisted > 0)
    if isinstance(threats, WorldNumbers):
        return threats.weight.size + unlisted
    modes = threats.probability.size
    return (modes + 1 if draws.scenario.reading == "by-mode" else 2**modes) + unlisted


def block(draws: Draws, part: slice) -> Block:
    """The worlds of a part of the draws; ask `fits` first."""
    central = draws.central
    unlisted = draws.block("unlisted", np.array(central.unlisted), part)
    if isinstance(central.threats, WorldNumbers):
        failure, weight, largest = _explicit(draws, central.threats, part)
    else:
        failure, weight, largest = _modes(draws, central.threats, part)
    technique = np.array([option.technique for option in central.options], np.int64)
    success = draws.block("success", central.success, part)
    if not np.array_equal(technique, np.arange(failure.shape[1])):
        failure = failure[:, technique]
    if not (success == 1).all():
        failure = np.clip(failure + (1 - success)[:, :, None] * (1 - failure), 0.0, 1.0)
    weight = (1 - unlisted)[:, None] * weight
    if _uncertain(draws, "unlisted") or central.unlisted > 0:
        weight = np.hstack([weight, (unlisted * largest)[:, None]])
        ones = np.ones((*failure.shape[:2], 1))
        failure = np.concatenate([failure, ones], axis=2)
    return Block(failure, weight)


def _uncertain(draws: Draws, field: str) -> bool:
    return any(number.field == field for number in draws.numbers)


def _explicit(draws: Draws, threats: WorldNumbers, part: slice) -> tuple[Floats, Floats, Floats]:
    weight = draws.block("weight", threats.weight, part)
    failure = draws.block("failure", threats.failure, part)
    total = weight.sum(axis=1)
    if threats.loss is None:
        return failure, weight, total
    loss = draws.block("world_loss", threats.loss, part)
    return failure, weight / total[:, None] * loss, loss.max(axis=1)


def _modes(draws: Draws, threats: ModeNumbers, part: slice) -> tuple[Floats, Floats, Floats]:
    vulnerability = draws.block("vulnerability", threats.vulnerability, part)
    background = draws.block("background", threats.background, part)
    loss = draws.block("loss", threats.loss, part)
    baseline = draws.block("baseline_loss", np.array(draws.central.baseline_loss), part)
    probability = draws.block("probability", threats.probability, part)
    modes = threats.probability.size
    largest = np.maximum(baseline, loss.max(axis=1, initial=0.0))
    if draws.scenario.reading == "by-mode":
        none = _chances(draws, threats, probability, part, alone=True)
        weight = np.hstack([none * baseline[:, None], probability * loss])
        return _alone(vulnerability, background), weight, largest
    chance = _chances(draws, threats, probability, part, alone=False)
    chance = chance / chance.sum(axis=1, keepdims=True)
    weight = chance * _losses(loss, baseline, joint.all_sets(modes))
    return _all_sets(vulnerability, background), weight, largest


def _alone(vulnerability: Floats, background: Floats) -> Floats:
    """(draws, n, 1 + modes) failure before success: no mode, then each mode by itself."""
    one = background[:, :, None]
    each = one + vulnerability * (1 - one)
    found: Floats = np.clip(np.concatenate([one, each], axis=2), 0.0, 1.0)
    return found


def _all_sets(vulnerability: Floats, background: Floats) -> Floats:
    """(draws, n, 2^modes) failure before success, in the order of `joint.all_sets`: each mode
    doubles the table, f <- f + v (1 - f) as in `failure_given_sets`."""
    found = background[:, :, None]
    for j in range(vulnerability.shape[2]):
        struck = found + vulnerability[:, :, j : j + 1] * (1 - found)
        found = np.concatenate([found, struck], axis=2)
    clipped: Floats = np.clip(found, 0.0, 1.0)
    return clipped


def _losses(loss: Floats, baseline: Floats, active: NDArray[np.bool_]) -> Floats:
    """(draws, C) the largest loss of each set."""
    if (loss == loss[:1]).all() and (baseline == baseline[:1]).all():
        same = set_losses(loss[0], float(baseline[0]), active) if len(loss) else np.zeros(0)
        return np.broadcast_to(same, (len(loss), len(active)))
    return np.array(
        [set_losses(row, float(b), active) for row, b in zip(loss, baseline, strict=True)]
    )


def _chances(
    draws: Draws, threats: ModeNumbers, probability: Floats, part: slice, *, alone: bool
) -> Floats:
    """(draws, C) P(A) for all sets, or (draws, 1) P(none) where `alone`."""
    factor = np.array(threats.correlation if isinstance(threats.correlation, float) else 0.0)
    correlation = draws.block("factor", factor, part)
    if not correlation.any():
        if alone:
            nothing: Floats = np.prod(1 - probability, axis=1, keepdims=True)
            return nothing
        table = np.ones((len(probability), 1))
        for j in range(probability.shape[1]):
            p = probability[:, j : j + 1]
            table = np.hstack([table * (1 - p), table * p])
        return table
    certain = not (_uncertain(draws, "probability") or _uncertain(draws, "factor"))
    rows = []
    for p, r in zip(probability[:1] if certain else probability, correlation, strict=False):
        rho = joint.simplify(float(r), p.size)
        assert not isinstance(rho, np.ndarray)
        one = [joint.none_probability(p, rho)] if alone else joint.set_probabilities(p, rho)
        rows.append(np.asarray(one))
    found = np.array(rows)
    return np.repeat(found, len(probability), axis=0) if certain else found
