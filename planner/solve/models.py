"""Outer approximations of the objective, for a linear master program.

Each model adds columns beside the x and rows that no stack violates; `separate` adds the rows that
a point violates. `LogCuts` puts all worlds into one row in log space: tight where failures are
dense. One row a world, for sparse instances, stands in `planner.solve.worldrows`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program
from planner.risk.measures import Expected
from planner.worlds.types import Floats

#: What a row may be violated by in a backend's own arithmetic.
TOLERANCE = 1e-6

#: Root gaps above this (in log risk) are not closed by log cuts: one row a world instead.
SPARSE_GAP = 5e-2
#: An instance is sparse where fewer than this share of failures is below 1.
SPARSE_SHARE = 0.15

#: Numbers of a matrix that are taken up at a time, so that they stay in cache.
CACHED = 2**15
#: Worlds from which adding rows one by one beats a copy of them.
LONG = 2_000


class Rows:
    """Sparse rows `row . z >= lower`, over the x and a model's own columns."""

    def __init__(self) -> None:
        self.columns: list[NDArray[np.int32]] = []
        self.values: list[Floats] = []
        self.lower: list[float] = []

    def add(self, columns: NDArray[np.int32], values: Floats, lower: float) -> None:
        self.columns.append(columns)
        self.values.append(values)
        self.lower.append(lower)

    def __len__(self) -> int:
        return len(self.lower)


class Model(Protocol):
    """An outer approximation with columns of its own, the objective's first."""

    width: int
    feasibility: float

    def rows(self) -> Rows: ...

    def separate(self, x: Floats) -> object:
        """Add the rows that are tight at x (0..1, fractional allowed)."""
        ...

    def lower(self) -> float:
        """Least value of the objective column."""
        ...

    def proven(self, bound: float) -> float:
        """Lower bound on the measure that a bound on the objective column proves."""
        ...

    def reach(self, value: Fraction) -> float:
        """Upper bound of the objective column that keeps every stack of at most this value."""
        ...


class Logs:
    """log F, with exact zeros apart: F = 0 is a fact, not a small number.

    `any_zero` says that some failure is exactly 0, `dense` that enough are below 1 for log space.

    Worlds where every column fails for certain leave the same expected loss whatever is bought.
    That `constant` (exact) is taken out of what is approximated, or it would drown the rest: a
    floor of 0.01 hides differences of 1e-12.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.constant = Fraction(0)
        dead = unchanged(program)
        if dead.any():
            self.constant = program.exact_constant(dead)
        self.any_zero, self.dense = False, False
        with np.errstate(divide="ignore"):
            self.failure: Floats = self._logs(program.failure)
            loss = np.log(program.loss)
        if self.any_zero:
            self.failure[self.zero] = 0.0
        self.loss: Floats = np.where(dead, -np.inf, loss)

    def _logs(self, failure: Floats) -> Floats:
        """Logs of the failures, and what else is asked of each, while they are in cache: in a
        large matrix every pass of its own takes longer than the arithmetic."""
        logs = np.empty(failure.shape)
        below, enough = 0, SPARSE_SHARE * failure.size
        step = max(1, CACHED // max(failure.shape[1], 1))
        for at in range(0, len(failure), step):
            rows, part = failure[at : at + step], logs[at : at + step]
            np.log(rows, out=part)
            self.any_zero = self.any_zero or not float(part.min()) > -math.inf
            if below < enough:
                below += int(np.count_nonzero(rows < 1))
        self.dense = failure.size > 0 and below >= enough
        return logs

    @cached_property
    def zero(self) -> NDArray[np.bool_]:
        """(n, S) where the failure is exactly zero."""
        return np.asarray(self._program.failure == 0)

    def left(self, stack: Sequence[int]) -> Floats:
        """(S,) log of the loss left by a stack, where no failure in it is 0."""
        if self.loss.size < LONG:
            left: Floats = self.loss + self.failure[list(stack)].sum(axis=0)
            return left
        left = self.loss.copy()
        for j in stack:
            left += self.failure[j]
        return left

    def above(self, value: Fraction) -> float:
        """What of an exact value is not the constant."""
        return float(value - self.constant)

    def losses(self, x: Floats) -> Floats:
        """(S,) log of the loss left at x; -inf where a chosen technique surely protects."""
        chosen = np.flatnonzero(x)
        if self.loss.size >= LONG and 2 * chosen.size < x.size:
            # Row by row what is summed stays in cache, and rows of zeros are not read at all.
            whole = x[chosen] == 1
            left = self.left(chosen[whole].tolist())
            part = np.empty_like(left)
            for j in chosen[~whole].tolist():
                np.multiply(self.failure[j], x[j], out=part)
                left += part
        elif 4 * chosen.size < x.size:
            left = self.loss + x[chosen] @ self.failure[chosen]
        else:
            left = self.loss + x @ self.failure
        if self.any_zero:
            sure = x > 1e-9
            left = np.where(self.zero[sure].any(axis=0), -np.inf, left)
        return np.asarray(left)


def unchanged(program: Program) -> NDArray[np.bool_]:
    """(S,) worlds where every column fails for certain, where the measure is the expectation;
    other measures mix worlds, and none is told apart."""
    dead = np.zeros(program.loss.size, np.bool_)
    if isinstance(program.measure, Expected):
        # Few worlds pass the first column, and the others need not be looked at again.
        likely = np.arange(program.loss.size)
        for row in program.failure:
            likely = likely[row[likely] == 1]
            if not likely.size:
                break
        dead[likely] = True
    return dead


class LogCuts:
    """eta >= log rho(x): one tangent in log space a row, all worlds in it (Gibbs)."""

    width = 1
    feasibility = TOLERANCE

    def __init__(self, program: Program, logs: Logs) -> None:
        self.program = program
        self.logs = logs
        self.floor = self._floor()
        self._constants: list[float] = []
        self._slopes: list[Floats] = []

    def _floor(self) -> float:
        """log of a positive number that no stack's objective is below, unless it is zero.

        One world at least is left with a positive loss, and no product there is smaller than that
        of each technique's least positive failure.
        """
        program = self.program
        limit = program.target_limit
        if limit is not None and self.logs.above(limit) > 0:
            # A row that holds at the target holds for all that is asked of it.
            return math.log(self.logs.above(limit))
        # Zeros stand as 0 in the logs: the least positive failure of a technique.
        order = np.argsort(program.technique, kind="stable")
        technique = np.array(program.technique)[order]
        starts = np.flatnonzero(np.append(True, np.diff(technique) != 0))
        least = self.logs.failure
        if starts.size < technique.size:
            least = np.minimum.reduceat(least[order], starts, axis=0)
        total = self.logs.loss + np.log(program.worlds.probability)
        total = total + np.minimum(least, 0.0).sum(axis=0)
        finite = total[np.isfinite(total)]
        return float(finite.min()) if finite.size else -700.0

    def separate(self, x: Floats) -> None:
        left = self.logs.losses(x)
        top = float(left.max())
        if not math.isfinite(top):
            return
        measure, worlds = self.program.measure, self.program.worlds
        q = measure.weights(worlds, np.exp(left - top))
        with np.errstate(divide="ignore"):
            log_q = np.log(q)
        share = log_q + left
        share = np.exp(share - share.max())
        share /= share.sum()
        live = share > 0
        lam = share[live]
        constant = float(lam @ (log_q[live] + self.logs.loss[live] - np.log(lam)))
        slope = self.logs.failure[:, live] @ lam
        if self.logs.any_zero:
            slope = np.where(self.logs.zero[:, live].any(axis=1), -np.inf, slope)
        self._constants.append(constant)
        self._slopes.append(slope)

    def prune(self, x: Floats, objective: float, slack: float) -> None:
        """Forget the tangents that are far from tight at a point: each slows every later solve."""
        heights = [c + float(np.maximum(s, self.floor - c) @ x) for c, s in self._tangents()]
        kept = [i for i, height in enumerate(heights) if height >= objective - slack]
        self._constants = [self._constants[i] for i in kept]
        self._slopes = [self._slopes[i] for i in kept]

    def _tangents(self) -> zip[tuple[float, Floats]]:
        return zip(self._constants, self._slopes, strict=True)

    def value(self, x: Floats) -> float:
        """log of the measure at a fractional point (-inf where it is zero)."""
        left = self.logs.losses(x)
        top = float(left.max())
        if not math.isfinite(top):
            return -math.inf
        scaled = self.program.measure.values(self.program.worlds, np.exp(left - top)[None, :])
        return top + math.log(float(scaled[0])) if scaled[0] > 0 else -math.inf

    def rows(self) -> Rows:
        rows = Rows()
        n = self.program.size
        columns = np.arange(n + 1, dtype=np.int32)
        for constant, slope in self._tangents():
            # A coefficient below floor - constant says no more than eta >= floor.
            clipped = np.maximum(slope, min(self.floor - constant, 0.0))
            rows.add(columns, np.append(-clipped, 1.0), constant)
        return rows

    def lower(self) -> float:
        return self.floor - 1.0

    def proven(self, bound: float) -> float:
        return float(self.logs.constant) + math.exp(min(bound - TOLERANCE, 700.0))

    def reach(self, value: Fraction) -> float:
        rest = self.logs.above(value)
        return math.log(rest) + TOLERANCE if rest > 0 else self.lower() - 1.0
