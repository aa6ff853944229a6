"""Every stack tried: half the techniques against the other half, as one matrix product.

With A and B the products of failures over all choices among either half, the matrix
A diag(w) B^T holds the risk of every stack; exact zeros need no special care. Floating point makes
the shortlist, exact arithmetic decides it.
"""

from __future__ import annotations

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
    for columns in _by_technique(program):
        count *= 1 + len(columns)
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
    """All choices among some techniques: chosen columns, and the product of their failures."""

    choices: tuple[tuple[int, ...], ...]
    failure: Floats  # (choices, S)

    @classmethod
    def of(cls, program: Program, techniques: Sequence[Sequence[int]]) -> Half:
        choices: list[tuple[int, ...]] = [()]
        failure = np.ones((1, program.loss.size))
        for columns in techniques:
            parts = [failure] + [failure * program.failure[j] for j in columns]
            choices = choices + [(*c, j) for j in columns for c in choices]
            failure = np.concatenate(parts)
        return cls(tuple(choices), failure)

    def sums(self, numbers: Sequence[int]) -> NDArray[np.int64]:
        """(choices,) sum of an integer over the chosen columns."""
        return np.array([sum(numbers[j] for j in choice) for choice in self.choices], np.int64)


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
    def _counts(self) -> NDArray[np.int64]:
        ones = [1] * self.program.size
        return _outer(self.left.sums(ones), self.right.sums(ones))

    @cached_property
    def _feasible(self) -> NDArray[np.bool_]:
        return self._holding(self.program.rows)

    def _holding(self, rows: Sequence[Row]) -> NDArray[np.bool_]:
        shape = (len(self.left.choices), len(self.right.choices))
        mask = np.ones(shape, np.bool_)
        for row in rows:
            coefficients = [0] * self.program.size
            for j, c in zip(row.indices, row.coefficients, strict=True):
                coefficients[j] += c
            total = _outer(self.left.sums(coefficients), self.right.sums(coefficients))
            if row.lower is not None:
                mask &= total >= row.lower
            if row.upper is not None:
                mask &= total <= row.upper
        return mask

    def stack(self, index: int) -> tuple[int, ...]:
        a, b = divmod(index, len(self.right.choices))
        return tuple(sorted(self.left.choices[a] + self.right.choices[b]))

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
            if (self.exact.value(stack), key) < (self.exact.value(best), best_key):
                best, best_key = stack, key
        value = float(self.exact.value(best))
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
        order = near[np.lexsort((self._counts.ravel()[near], self._costs.ravel()[near]))]
        found: tuple[int, ...] | None = None
        key: tuple[int, int, tuple[str, ...]] | None = None
        for index in order:
            head = (int(self._costs.ravel()[index]), int(self._counts.ravel()[index]))
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
        keys = (self._counts.ravel()[indices], self._costs.ravel()[indices])
        return indices[np.lexsort(keys)]

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
            evaluated=len(self.left.choices) * len(self.right.choices),
        )


def _outer(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.add.outer(left, right)


def _by_technique(program: Program) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for j, technique in enumerate(program.technique):
        groups.setdefault(technique, []).append(j)
    return list(groups.values())
