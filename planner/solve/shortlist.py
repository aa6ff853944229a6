"""Near ties: which floating-point values are too close to tell apart, and the exact decision."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property

import numpy as np

from planner.program.types import Program
from planner.risk.measures import CVaR

#: Below this a product may have lost digits to underflow: floating point decides nothing there.
UNDERFLOW = 1e-280


class Exact:
    """Exact values of stacks, remembered; stacks alike in every failure row share one value."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._values: dict[tuple[int, ...], Fraction] = {}

    @cached_property
    def _row_class(self) -> list[int]:
        """Columns with bitwise equal failure rows get the same number."""
        seen: dict[bytes, int] = {}
        failure = self.program.failure
        return [seen.setdefault(row.tobytes(), len(seen)) for row in failure]

    def value(self, stack: Iterable[int]) -> Fraction:
        stack = tuple(stack)
        key = tuple(sorted(self._row_class[j] for j in stack))
        if key not in self._values:
            self._values[key] = self.program.exact_value(stack)
        return self._values[key]

    def meets_target(self, stack: Iterable[int]) -> bool:
        limit = self.program.target_limit
        return limit is None or self.value(stack) <= limit


def rounding(program: Program) -> float:
    """Relative error that a value computed in doubles may have.

    A product of n factors errs by n units in the last place, a sum of S terms by S at the very
    most; CVaR divides what it sums by the share of its tail.
    """
    measure = program.measure
    share = float(1 - measure.level) if isinstance(measure, CVaR) else 1.0
    longest = len(set(program.technique)) + len(program.committed)
    return float(4 * (program.loss.size + longest + 8) * np.finfo(float).eps / share)
