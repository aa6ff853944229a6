"""How likely each set of modes is active: P(A).

Independent modes, one shared factor, or a full correlation matrix (Gaussian copula): mode j is
active when its latent variable lies below the normal quantile of pi[j]. Source: docs/model.md,
"From what the funder wrote to worlds" (joint activity of the modes).
"""

from __future__ import annotations

from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from planner.worlds import quadrature
from planner.worlds.types import Floats

Bools: TypeAlias = NDArray[np.bool_]

#: None: independent; a number: correlation through one factor; else the (m, m) matrix.
Correlation: TypeAlias = float | Floats | None

#: Nodes of the factor are worked through in slices of this many, to keep memory small.
SLICE = 4096


def simplify(correlation: Correlation, modes: int) -> Correlation:
    """The plainest form of a dependence: a matrix whose entries off the diagonal are all equal and
    not negative is one factor; a correlation of 0, or fewer than two modes, is independence."""
    if correlation is None or modes < 2:
        return None
    if isinstance(correlation, np.ndarray):
        off = correlation[~np.eye(modes, dtype=bool)]
        if not (off == off[0]).all() or off[0] < 0:
            return correlation
        correlation = float(off[0])
    return None if correlation == 0 else min(float(correlation), 1.0)


def all_sets(modes: int) -> Bools:
    """(2^m, m) all sets of modes; row a holds the bits of a, mode j the bit of value 2^j."""
    bits: Bools = (np.arange(2**modes)[:, None] >> np.arange(modes)) & 1 == 1
    return bits


def set_probabilities(probability: Floats, correlation: float | None) -> Floats:
    """(2^m,) P(A) for all sets in the order of `all_sets`.

    `probability` (m,) in 0..1 where 0 and 1 are exact; `correlation` None (independent) or in
    0..1 (one factor; 1: all modes follow the same latent variable).
    """
    modes = probability.size
    if correlation is None or correlation == 0:
        return _products(probability[:, None], 1 - probability[:, None])[:, 0]
    if correlation == 1:
        return _comonotone(probability)
    half = modes // 2
    thresholds = ndtri(probability)
    z, weight = quadrature.factor(correlation, thresholds)
    total = np.zeros((2 ** (modes - half), 2**half))
    for start in range(0, z.size, SLICE):
        part = slice(start, start + SLICE)
        x = _conditional(thresholds, correlation, z[part])
        on, off = ndtr(x), ndtr(-x)
        low = _products(on[:half], off[:half])
        high = _products(on[half:], off[half:])
        total += (high * weight[part]) @ low.T
    return total.ravel()


def none_probability(probability: Floats, correlation: float | None) -> float:
    """P(no mode is active), for any number of modes; arguments as for `set_probabilities`."""
    if correlation is None or correlation == 0 or probability.size == 0:
        return float(np.prod(1 - probability))
    if correlation == 1:
        return float(1 - probability.max())
    thresholds = ndtri(probability)
    z, weight = quadrature.factor(correlation, thresholds)
    total = 0.0
    for start in range(0, z.size, SLICE):
        part = slice(start, start + SLICE)
        x = _conditional(thresholds, correlation, z[part])
        total += float(weight[part] @ ndtr(-x).prod(axis=0))
    return total


def nested_sets(probability: Floats) -> tuple[Bools, Floats]:
    """Sets (m + 1, m) and their probabilities (m + 1,) where all modes follow one variable.

    Correlation 1: only sets of the likeliest modes occur, none, one, two, ...
    """
    modes = probability.size
    order = np.argsort(-probability, kind="stable")
    sets = np.zeros((modes + 1, modes), bool)
    for size, mode in enumerate(order):
        sets[size + 1 :, mode] = True
    edges = np.concatenate([[1.0], probability[order], [0.0]])
    return sets, edges[:-1] - edges[1:]


def dimensions(modes: int, correlation: Correlation) -> int:
    """How many uniform variables `draw_sets` needs for one draw."""
    if isinstance(correlation, float):
        return 1 if correlation == 1 else modes + 1
    return modes


def draw_sets(uniform: Floats, probability: Floats, correlation: Correlation) -> Bools:
    """(N, m) sets of active modes from points (N, dimensions) strictly inside the unit cube."""
    if correlation is None:
        return uniform < probability
    if isinstance(correlation, float):
        if correlation == 1:
            return uniform < probability
        normal = ndtri(uniform)
        latent = sqrt(correlation) * normal[:, :1] + sqrt(1 - correlation) * normal[:, 1:]
    else:
        latent = ndtri(uniform) @ square_root(correlation)
    found: Bools = latent < ndtri(probability)
    return found


def square_root(matrix: Floats) -> Floats:
    """(m, m) symmetric square root of a correlation matrix, singular ones included.

    By eigen-decomposition; eigenvalues that rounding made negative count as 0, and columns are
    scaled so that every latent variable has variance 1.
    """
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    scaled: Floats = root / np.sqrt((root * root).sum(axis=0))
    return scaled


def _conditional(thresholds: Floats, correlation: float, z: Floats) -> Floats:
    """(m, K) normal quantile of each mode's probability, given the factor."""
    found: Floats = (thresholds[:, None] - sqrt(correlation) * z) / sqrt(1 - correlation)
    return found


def _products(on: Floats, off: Floats) -> Floats:
    """(2^m, K) probabilities of all sets of independent modes, from (m, K) on and off."""
    table = np.ones((1, on.shape[1]))
    for j in range(on.shape[0]):
        table = np.concatenate([table * off[j], table * on[j]])
    return table


def _comonotone(probability: Floats) -> Floats:
    sets, chance = nested_sets(probability)
    table = np.zeros(2**probability.size)
    table[sets @ (1 << np.arange(probability.size))] = chance
    return table
