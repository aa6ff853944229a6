"""Every stack tried: half the techniques against the other half, as one matrix product.

With A and B the products of failures over all choices among either half, the matrix
A diag(w) B^T holds the risk of every stack; exact zeros need no special care. Floating point makes
the shortlist, exact arithmetic decides it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.solve.models import unchanged
from planner.solve.search import Outcome
from planner.solve.shortlist import UNDERFLOW, Exact, rounding
from planner.worlds.types import Floats

#: Stacks that enumeration takes on: all of 20 techniques.
MOST_STACKS = 2**20
#: Stacks times worlds, where no matrix product helps (measures other than the expectation).
MOST_CELLS = 10**8
#: Worlds taken at a time, to bound memory.
CHUNK = 8192
#: Exact evaluations in one decision. Where more stacks than this are too near to tell apart in
#: floating point, the answer is not called enumerated.
MOST_EXACT = 5000


def stack_count(program: Program) -> int:
    """Number of ways to choose at most one column of every technique."""
    count = 1
    for columns in Counter(program.technique).values():
        count *= 1 + columns
        if count > 2**62:
            break
    return count


def affordable(program: Program) -> bool:
    """Whether enumeration takes this program on."""
    count = stack_count(program)
    if count > MOST_STACKS:
        return False
    return isinstance(program.measure, Expected) or count * program.loss.size <= MOST_CELLS


@dataclass(frozen=True, eq=False)
class Half:
    """All choices among some techniques, numbered: the first technique's changes fastest.

    `failure` (choices, S) is the product of the chosen columns' failures.
    """

    techniques: tuple[tuple[int, ...], ...]
    failure: Floats

    @classmethod
    def of(cls, program: Program, techniques: Sequence[Sequence[int]]) -> Half:
        count = math.prod(1 + len(columns) for columns in techniques)
        failure = np.empty((count, program.loss.size))
        failure[0] = 1.0
        size = 1
        for columns in techniques:
            for k, j in enumerate(columns, start=1):
                part = failure[k * size : (k + 1) * size]
                np.multiply(failure[:size], program.failure[j], out=part)
            size *= 1 + len(columns)
        return cls(tuple(tuple(columns) for columns in techniques), failure)

    def choice(self, number: int) -> tuple[int, ...]:
        """The columns of a choice."""
        chosen = []
        for columns in self.techniques:
            number, k = divmod(number, 1 + len(columns))
            if k:
                chosen.append(columns[k - 1])
        return tuple(chosen)

    def sums(self, numbers: Sequence[int]) -> NDArray[np.int64]:
        """(choices,) sum of an integer over the chosen columns."""
        sums = np.zeros(1, np.int64)
        for columns in self.techniques:
            sums = np.concatenate([sums, *(sums + numbers[j] for j in columns)])
        return sums


class AllStacks:
    """The values of all stacks of a program, and the best of them under any further rows."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.exact = Exact(program)
        techniques = sorted(_by_technique(program), key=len, reverse=True)
        sides: tuple[list[list[int]], list[list[int]]] = ([], [])
        sizes = [1, 1]
        for columns in techniques:
            side = int(sizes[1] < sizes[0])
            sides[side].append(columns)
            sizes[side] *= 1 + len(columns)
        self.left = Half.of(program, sides[0])
        self.right = Half.of(program, sides[1])

    @cached_property
    def constant_worlds(self) -> NDArray[np.bool_]:
        """(S,) worlds that no column changes."""
        return unchanged(self.program)

    @cached_property
    def values(self) -> Floats:
        """(left choices, right choices) the measure of every stack, less the constant.

        Worlds that no column changes add the same expected loss to every stack; left in, they
        would drown differences far below them.
        """
        program, left, right = self.program, self.left.failure, self.right.failure
        if isinstance(program.measure, Expected):
            weight = np.where(self.constant_worlds, 0.0, program.loss * program.worlds.probability)
            if weight.size <= CHUNK:
                whole: Floats = (left * weight) @ right.T
                return whole
            result = np.zeros((len(left), len(right)))
            for start in range(0, weight.size, CHUNK):
                part = slice(start, start + CHUNK)
                result += (left[:, part] * weight[part]) @ right[:, part].T
            return result
        rows = [program.measure.values(program.worlds, program.loss * one * right) for one in left]
        return np.array(rows)

    @cached_property
    def _costs(self) -> NDArray[np.int64]:
        return _outer(self.left.sums(self.program.cost), self.right.sums(self.program.cost))

    @cached_property
    def _feasible(self) -> NDArray[np.bool_]:
        return self._holding(self.program.rows)

    def _holding(self, rows: Sequence[Row]) -> NDArray[np.bool_]:
        shape = (len(self.left.failure), len(self.right.failure))
        mask = np.ones(shape, np.bool_)
        for row in rows:
            coefficients = [0] * self.program.size
            for j, c in zip(row.indices, row.coefficients, strict=True):
                coefficients[j] += c
            left, right = self.left.sums(coefficients), self.right.sums(coefficients)
            # Whole amounts far below 2^63: what is left for the other half, without their sums.
            if row.lower is not None:
                mask &= np.greater_equal.outer(left, row.lower - right)
            if row.upper is not None:
                mask &= np.less_equal.outer(left, row.upper - right)
        return mask

    def stack(self, index: int) -> tuple[int, ...]:
        a, b = divmod(index, len(self.right.failure))
        return tuple(sorted(self.left.choice(a) + self.right.choice(b)))

    def best(self, extra: Sequence[Row] = ()) -> Outcome:
        """The best stack that also obeys the further rows, decided exactly, ties by the rule."""
        feasible = self._feasible & self._holding(extra) if extra else self._feasible
        if not feasible.any():
            return self._outcome(None, infeasible=True)
        if self.program.target is not None:
            return self._cheapest(feasible)
        return self._least(feasible)

    def _least(self, feasible: NDArray[np.bool_]) -> Outcome:
        values = np.where(feasible, self.values, np.inf)
        least = float(values.min())
        reach = max(least * (1 + 2 * rounding(self.program)), UNDERFLOW)
        near = self._in_tie_order(np.flatnonzero(values.ravel() <= reach))
        best = self.stack(int(near[0]))
        best_key = self.program.tie_key(best)
        for index in near[1:MOST_EXACT]:
            stack = self.stack(int(index))
            key = self.program.tie_key(stack)
            sign = self.exact.compare(stack, best)
            if sign < 0 or (sign == 0 and key < best_key):
                best, best_key = stack, key
        value = self.exact.nearest(best)
        if near.size > MOST_EXACT:
            bound = value * (1 - 4 * rounding(self.program))
            return replace(self._outcome(best, bound=bound), kind="bounded")
        return self._outcome(best, bound=value)

    def _cheapest(self, feasible: NDArray[np.bool_]) -> Outcome:
        """Least cost with the objective at most the target: candidates in tie order, until one
        meets the target exactly."""
        constant = self.program.exact_constant(self.constant_worlds)
        limit = max(float((self.program.target_limit or 0) - constant), 0.0)
        reach = max(limit * (1 + 2 * rounding(self.program)), UNDERFLOW)
        near = np.flatnonzero((self.values.ravel() <= reach) & feasible.ravel())
        costs, counts = self._keys(near)
        placed = np.lexsort((counts, costs))
        order = near[placed]
        found: tuple[int, ...] | None = None
        key: tuple[int, int, tuple[str, ...]] | None = None
        for place, index in zip(placed, order, strict=True):
            head = (int(costs[place]), int(counts[place]))
            if key is not None and head > key[:2]:
                break
            stack = self.stack(int(index))
            stack_key = self.program.tie_key(stack)
            if (key is None or stack_key < key) and self.exact.meets_target(stack):
                found, key = stack, stack_key
        if found is None:
            return self._outcome(None, infeasible=True)
        return self._outcome(found, bound=float(self.program.stack_cost(found)))

    def _in_tie_order(self, indices: NDArray[np.intp]) -> NDArray[np.intp]:
        costs, counts = self._keys(indices)
        return indices[np.lexsort((counts, costs))]

    def _keys(self, indices: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Costs and sizes of some stacks, without those of all."""
        a, b = np.divmod(indices, len(self.right.failure))
        ones = [1] * self.program.size
        costs, counts = (
            self.left.sums(numbers)[a] + self.right.sums(numbers)[b]
            for numbers in (self.program.cost, ones)
        )
        return costs, counts

    def _outcome(
        self, stack: tuple[int, ...] | None, bound: float | None = None, infeasible: bool = False
    ) -> Outcome:
        return Outcome(
            stack=stack,
            bound=bound,
            kind="enumerated",
            stop="proven",
            route="all stacks",
            infeasible=infeasible,
            evaluated=len(self.left.failure) * len(self.right.failure),
        )


def _outer(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.add.outer(left, right)


def _by_technique(program: Program) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for j, technique in enumerate(program.technique):
        groups.setdefault(technique, []).append(j)
    return list(groups.values())
