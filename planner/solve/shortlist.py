"""Near ties: which floating-point values are too close to tell apart, and the exact decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from planner.program.types import Program
from planner.risk.double import Close
from planner.risk.measures import CVaR

#: Below this a product may have lost digits to underflow: floating point decides nothing there.
UNDERFLOW = 1e-280

#: Relative error of a value that counts as a double's own rounding.
ROUNDED = 1e-16


class Exact:
    """Exact values of stacks, remembered; stacks alike in every failure row share one value."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._values: dict[tuple[int, ...], Fraction] = {}
        self._number: dict[int, int] = {}
        self._seen: dict[bytes, int] = {}
        self._close: tuple[dict[tuple[int, ...], Close | None], ...] = ({}, {})

    def _row_class(self, j: int) -> int:
        """Columns with bitwise equal failure rows get the same number."""
        number = self._number.get(j)
        if number is None:
            row = self.program.failure[j].tobytes()
            number = self._number[j] = self._seen.setdefault(row, len(self._seen))
        return number

    def _key(self, stack: Iterable[int]) -> tuple[int, ...]:
        return tuple(sorted(map(self._row_class, stack)))

    def value(self, stack: Iterable[int]) -> Fraction:
        stack = tuple(stack)
        key = self._key(stack)
        if key not in self._values:
            self._values[key] = self.program.exact_value(stack)
        return self._values[key]

    def closes(self, stack: tuple[int, ...]) -> Iterator[Close]:
        """The value to about 17 digits, then to 30, where those can be had."""
        key = self._key(stack)
        ways = (self.program.quick_value, self.program.close_value)
        for known, way in zip(self._close, ways, strict=True):
            if key not in known:
                known[key] = way(stack)
            close = known[key]
            if close is not None:
                yield close

    def compare(self, stack: Iterable[int], other: Iterable[int]) -> int:
        """-1, 0 or 1 as the value of a stack is less than, equal to or more than another's."""
        stack, other = tuple(stack), tuple(other)
        if self._key(stack) == self._key(other):
            return 0
        for one, two in zip(self.closes(stack), self.closes(other), strict=False):
            apart = (one.hi - two.hi) + (one.lo - two.lo)
            # The difference itself may err by a few units of its own last place.
            if abs(apart) * (1 - 1e-12) > one.error + two.error + 1e-30 * one.hi:
                return 1 if apart > 0 else -1
        now, then = self.value(stack), self.value(other)
        return (now > then) - (now < then)

    def at_most(self, stack: Iterable[int], limit: Fraction) -> bool:
        """Whether the value is at most a limit."""
        stack = tuple(stack)
        for close in self.closes(stack):
            sign = close.compare(limit)
            if sign is not None:
                return sign <= 0
        return self.value(stack) <= limit

    def nearest(self, stack: Iterable[int]) -> float:
        """The double nearest to the value."""
        stack = tuple(stack)
        for close in self.closes(stack):
            known = close.rounded()
            if known is not None:
                return known
        return float(self.value(stack))

    def above(self, stack: Iterable[int], constant: Fraction) -> float:
        """What of the value is not the constant, to nearly a double's digits."""
        stack = tuple(stack)
        if not constant:
            return self.nearest(stack)
        for close in self.closes(stack):
            rest = float(close.middle() - constant)
            if close.error <= ROUNDED * rest:
                return rest
        return float(self.value(stack) - constant)

    def meets_target(self, stack: Iterable[int]) -> bool:
        limit = self.program.target_limit
        return limit is None or self.at_most(stack, limit)


def rounding(program: Program) -> float:
    """Relative error that a value computed in doubles may have.

    A product of n factors errs by n units in the last place, a sum of S terms by S at the very
    most; CVaR divides what it sums by the share of its tail.
    """
    measure = program.measure
    share = float(1 - measure.level) if isinstance(measure, CVaR) else 1.0
    longest = len(set(program.technique)) + len(program.committed)
    return float(4 * (program.loss.size + longest + 8) * np.finfo(float).eps / share)
