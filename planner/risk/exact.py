"""Per-world losses of a stack in exact arithmetic.

Every double is an integer times a power of two, and so is every product and sum of doubles: the
worlds' probabilities, losses and failures are taken as the doubles they are, and what is computed
here has no rounding at all. Used to decide near ties, and for the re-check of a plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from planner.worlds.types import Floats

Integers: TypeAlias = NDArray[Any]  # dtype object: Python integers of any size


class Dyadic:
    """An array of non-negative doubles as integers times powers of two, multiplied exactly."""

    __slots__ = ("exponent", "mantissa")

    def __init__(self, mantissa: Integers, exponent: NDArray[np.int64]) -> None:
        self.mantissa = mantissa
        self.exponent = exponent

    @classmethod
    def of(cls, numbers: Floats) -> Dyadic:
        fraction, exponent = np.frexp(numbers)
        # 53 bits make every double's fraction a whole number.
        mantissa = np.ldexp(fraction, 53).astype(np.int64).astype(object)
        return cls(mantissa, exponent.astype(np.int64) - 53)

    def __mul__(self, other: Dyadic) -> Dyadic:
        return Dyadic(self.mantissa * other.mantissa, self.exponent + other.exponent)

    def times(self, numbers: Floats) -> Dyadic:
        """The product with an array of doubles. A factor of 1 leaves its integer as short as it
        was: most are, where each technique matters in few worlds."""
        some = np.flatnonzero(numbers != 1)
        if some.size == numbers.size:
            return self * Dyadic.of(numbers)
        mantissa, exponent = self.mantissa.copy(), self.exponent.copy()
        factor = Dyadic.of(numbers[some])
        mantissa[some] *= factor.mantissa
        exponent[some] += factor.exponent
        return Dyadic(mantissa, exponent)

    def aligned(self) -> tuple[Integers, int]:
        """The same numbers as integers over one common power of two."""
        live = self.mantissa != 0
        if not live.any():
            return self.mantissa, 0
        least = int(self.exponent[live].min())
        shift = np.where(live, self.exponent - least, 0).astype(object)
        return self.mantissa << shift, least


def fraction(numerator: int, exponent: int) -> Fraction:
    """numerator * 2**exponent."""
    if exponent >= 0:
        return Fraction(numerator << exponent)
    return Fraction(numerator, 1 << -exponent)


def product(factors: Sequence[Floats]) -> Dyadic:
    """Exact element-wise product of arrays of doubles of one shape."""
    return reduce(lambda a, b: a * b, map(Dyadic.of, factors))
