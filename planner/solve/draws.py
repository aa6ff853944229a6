"""Many draws of one small program at once: every stack of every draw, as batched products.

For beliefs drawn by the thousand each draw is a program of the same shape with other numbers. Up
to a dozen techniques all stacks of a draw fit in one small matrix, so a block of draws is two
arrays of partial products and one batched matrix product. Exact arithmetic has no place here: a
draw whose two best stacks are nearer than rounding says so instead (`tied`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.worlds.types import Floats

#: Numbers held at a time: small enough to stay in cache.
CELLS = 2**18
#: Most techniques: all stacks of a draw are held at once.
MOST_TECHNIQUES = 16


@dataclass(frozen=True, eq=False)
class DrawnBest:
    """The best stack of every draw.

    stack  (draws,) bit mask over techniques: bit i is technique i
    value  (draws,) its risk
    tied   (draws,) whether another stack is within rounding of it; then the most preferred of
           those was taken
    rivals for each tied draw, in order: the masks within rounding of its least value, the most
           preferred first
    """

    stack: NDArray[np.int64]
    value: Floats
    tied: NDArray[np.bool_]
    rivals: tuple[NDArray[np.int64], ...]


def best_of_draws(
    failure: Floats, weight: Floats, feasible: NDArray[np.bool_], order: Sequence[int]
) -> DrawnBest:
    """Least R(x) = sum_s weight[d, s] prod_i failure[d, i, s]^x[i] over feasible stacks, per draw.

    `failure` (draws, n, S), `weight` (draws, S), `feasible` (2^n,) by mask, `order` all feasible
    masks from the most preferred at a tie to the least. ValueError for more than 16 techniques or
    where nothing is feasible.
    """
    draws, n, worlds = failure.shape
    if n > MOST_TECHNIQUES:
        raise ValueError(f"{n} techniques; at most {MOST_TECHNIQUES} fit")
    masks = np.array([m for m in order if feasible[m]], np.int64)
    if not masks.size:
        raise ValueError("no stack is feasible")
    low = n // 2
    stack = np.empty(draws, np.int64)
    value = np.empty(draws)
    tied = np.empty(draws, np.bool_)
    rivals: list[NDArray[np.int64]] = []
    margin = 1 + 4 * (worlds + n + 8) * np.finfo(float).eps
    step = max(1, CELLS // (worlds * (2**low + 2 ** (n - low))))
    for at in range(0, draws, step):
        part = slice(at, at + step)
        values = _all_values(failure[part], weight[part], low)[:, masks]
        least = values.min(axis=1)
        near = values <= least[:, None] * margin
        stack[part] = masks[near.argmax(axis=1)]
        value[part] = least
        tied[part] = near.sum(axis=1) > 1
        rivals += (masks[row] for row in near[tied[part]])
    return DrawnBest(stack, value, tied, tuple(rivals))


def values_of_draws(failure: Floats, weight: Floats) -> Floats:
    """(draws, 2^n) risk of every stack of every draw, by bit mask (bit i is column i)."""
    draws, n, worlds = failure.shape
    if n > MOST_TECHNIQUES:
        raise ValueError(f"{n} techniques; at most {MOST_TECHNIQUES} fit")
    low = n // 2
    step = max(1, CELLS // (worlds * (2**low + 2 ** (n - low))))
    table = np.empty((draws, 2**n))
    for at in range(0, draws, step):
        part = slice(at, at + step)
        table[part] = _all_values(failure[part], weight[part], low)
    return table


def _all_values(failure: Floats, weight: Floats, low: int) -> Floats:
    """(draws, 2^n) risk of every stack, by bit mask; the low bits are the first techniques."""
    left = _products(failure[:, :low], weight[:, None, :])
    right = _products(failure[:, low:], np.ones((len(failure), 1, failure.shape[2])))
    table: Floats = right @ left.transpose(0, 2, 1)
    return table.reshape(len(failure), -1)


def _products(failure: Floats, start: Floats) -> Floats:
    """(draws, 2^k, S) products over all subsets of k techniques."""
    draws, k, worlds = failure.shape
    table = np.empty((draws, 2**k, worlds))
    table[:, :1] = start
    for i in range(k):
        size = 2**i
        np.multiply(table[:, :size], failure[:, i : i + 1], out=table[:, size : 2 * size])
    return table
