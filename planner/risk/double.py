"""Sums of products of doubles to about 30 digits, with a bound on the error.

A number is kept as hi + lo, two doubles with |lo| at most half a unit in the last place of hi
(Dekker 1971, "A floating-point technique for extending the available precision"; Knuth's exact
sum). Most near ties are decided here, a hundred times faster than in exact arithmetic; what is
still too near goes there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from planner.worlds.types import Floats

Pair: TypeAlias = tuple[Floats, Floats]

#: 2^27 + 1 splits 53 bits into two halves whose products are exact.
SPLIT = 134217729.0
#: One product or sum of two pairs errs by less than this, relatively (4 u^2 is proven for sums of
#: one sign, less than 6 u^2 for products; u = 2^-53).
STEP = 8 * 2.0**-106
#: Products below this (or above its inverse) may have lost digits: no word on them.
TINY = 1e-240
#: Worlds in one pass.
WORLDS = 512


@dataclass(frozen=True)
class Close:
    """A number hi + lo, and what it is off by at most."""

    hi: float
    lo: float
    error: float

    def rounded(self) -> float | None:
        """The nearest double to the true number; None where that cannot be told."""
        if self.hi == 0 == self.error:
            return 0.0
        half = (self.hi - math.nextafter(self.hi, 0.0)) / 2
        return self.hi if abs(self.lo) + self.error < half else None

    def compare(self, other: Fraction) -> int | None:
        """-1, 0 or 1 as the true number is less than, equal to or more than another; None where
        that cannot be told."""
        apart = Fraction(self.hi) + Fraction(self.lo) - other
        if abs(apart) > Fraction(self.error):
            return 1 if apart > 0 else -1
        return None

    def middle(self) -> Fraction:
        return Fraction(self.hi) + Fraction(self.lo)


def sum_of_products(factors: Floats, weight: Sequence[Floats]) -> Close | None:
    """sum over s of the product of a column of `factors` (k, S) and of the rows (S,) of `weight`;
    none negative. None where digits may have been lost to underflow."""
    rows = np.vstack([factors, *weight])
    alive = (rows > 0).all(axis=0)
    if not alive.any():
        return Close(0.0, 0.0, 0.0)
    rows = rows[:, alive]
    if not _in_range(rows):
        return None
    steps = rows.shape[0] + 2
    # A few worlds at a time, so that what is in between stays in cache.
    parts = [
        _product((rows[:, at : at + WORLDS], np.zeros_like(rows[:, at : at + WORLDS])))
        for at in range(0, rows.shape[1], WORLDS)
    ]
    hi = np.concatenate([part[0] for part in parts])
    lo = np.concatenate([part[1] for part in parts])
    while hi.size > 1:
        if hi.size % 2:
            hi, lo = np.append(hi, 0.0), np.append(lo, 0.0)
        hi, lo = _add((hi[::2], lo[::2]), (hi[1::2], lo[1::2]))
        steps += 1
    total = float(hi[0])
    return Close(total, float(lo[0]), total * steps * STEP)


def _in_range(rows: Floats) -> bool:
    """Whether no product of some of a column's factors is out of the range of safe digits."""
    wide = -math.log(TINY)
    lowest, highest = np.log(rows.min(axis=1)), np.log(rows.max(axis=1))
    if -wide <= np.minimum(lowest, 0.0).sum() and np.maximum(highest, 0.0).sum() <= wide:
        return True
    logs = np.log(rows)
    low = float(np.minimum(logs, 0.0).sum(axis=0).min())
    high = float(np.maximum(logs, 0.0).sum(axis=0).max())
    return -wide <= low and high <= wide


def _product(rows: Pair) -> Pair:
    """Product down the columns of (k, S), half of the rows with the other half."""
    hi, lo = rows
    while len(hi) > 1:
        half = len(hi) // 2
        odd = hi[2 * half :], lo[2 * half :]
        hi, lo = _multiply((hi[:half], lo[:half]), (hi[half : 2 * half], lo[half : 2 * half]))
        if len(odd[0]):
            hi, lo = np.vstack([hi, odd[0]]), np.vstack([lo, odd[1]])
    return hi[0], lo[0]


def _multiply(a: Pair, b: Pair) -> Pair:
    product = a[0] * b[0]
    a_high, a_low = _halves(a[0])
    b_high, b_low = _halves(b[0])
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    rest += a[0] * b[1] + a[1] * b[0]
    return _tidy(product, rest)


def _halves(a: Floats) -> Pair:
    wide = SPLIT * a
    high = wide - (wide - a)
    return high, a - high


def _add(a: Pair, b: Pair) -> Pair:
    total = a[0] + b[0]
    other = total - a[0]
    rest = (a[0] - (total - other)) + (b[0] - other)
    return _tidy(total, rest + (a[1] + b[1]))


def _tidy(hi: Floats, lo: Floats) -> Pair:
    """hi + lo with lo as small as it can be; |lo| is at most |hi|."""
    total = hi + lo
    return total, lo - (total - hi)
