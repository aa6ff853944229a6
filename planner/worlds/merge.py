"""Equal worlds become one: their probabilities add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.worlds.types import Floats

Ints = NDArray[np.int64]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


def distinct(rows: Floats) -> tuple[Ints, Ints]:
    """(first, number) for the columns of `rows` (k, S): `first` (D,) the index at which each
    distinct column first occurs, ascending; `number` (S,) which of these a column equals.

    Exact: columns are grouped by a 64-bit key, and the groups are then compared number by number.
    """
    keys = np.zeros(rows.shape[1], np.uint64)
    for row in rows:
        keys = (keys ^ (row + 0.0).view(np.uint64)) * _FACTOR
        keys ^= keys >> _SHIFT
    first, number = _numbered(keys)
    representative = first[number]
    if not all((row == row[representative]).all() for row in rows):
        _, number = np.unique(rows + 0.0, axis=1, return_inverse=True)
        first, number = _numbered(number.reshape(-1))
    return first, number


def summed(number: Ints, amounts: Floats) -> Floats:
    """(D,) sum of `amounts` (S,) over equal `number` (S,)."""
    total: Floats = np.bincount(number, amounts).astype(np.float64)
    return total


def order_sets(active: NDArray[np.bool_]) -> Ints:
    """(C,) order of the sets `active` (C, m): fewest modes first, then lexicographic."""
    count = active.sum(axis=1)
    modes = active.shape[1]
    if modes <= 48:
        lexicographic = (~active) @ (1 << np.arange(modes - 1, -1, -1, dtype=np.int64))
        return np.argsort((count << modes) + lexicographic, kind="stable")
    return np.lexsort([*(~active).T[::-1], count])


def _numbered(keys: NDArray[np.uint64] | Ints) -> tuple[Ints, Ints]:
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.argsort(first)
    back = np.empty_like(rank)
    back[rank] = np.arange(rank.size)
    return first[rank], back[number.reshape(-1)]
