"""The master program: rules as scaled rows, cover and no-good rows, an outer approximation.

Backends compute with tolerances, so money is never left to them: rows of the rules are scaled and
loosened a little, every stack that comes back is checked in integers, and one that breaks a rule
is cut off before the search goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program, Row
from planner.solve.backend import STOP, Answer, Backend, Limits, LinearProgram
from planner.solve.models import Model
from planner.worlds.types import Floats

#: Rows of the rules are loosened by this much, relative to their largest coefficient.
LOOSE = 1e-9


class Deadline:
    """Seconds left of a limit; endless where there is none, over where the asker gave up."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        stop = STOP.get()
        if stop is not None and stop.is_set():
            return 0.0
        return None if self._end is None else self._end - time.monotonic()

    def over(self) -> bool:
        left = self.left()
        return left is not None and left <= 0


@dataclass(frozen=True, eq=False)
class Found:
    """A stack that obeys every rule (or None), the objective's bound, and why the solve ended."""

    stack: tuple[int, ...] | None
    bound: float | None
    stop: str


class Master:
    """One program's rules and the rows learnt about them, solved for changing objectives."""

    def __init__(
        self,
        program: Program,
        backend: Backend,
        deadline: Deadline,
        relaxing: Backend | None = None,
    ) -> None:
        self.program = program
        self.backend = backend
        #: what solves linear relaxations, which not every backend can
        self.relaxing = relaxing or backend
        self.deadline = deadline
        self._learnt: list[tuple[NDArray[np.int32], Floats, float]] = []  # sum <= bound

    def exclude(self, stack: Sequence[int]) -> None:
        """Cut off this one stack."""
        n = self.program.size
        signs = np.full(n, -1.0)
        signs[list(stack)] = 1.0
        self._learnt.append((np.arange(n, dtype=np.int32), signs, len(stack) - 1.0))

    def next(
        self,
        model: Model | None,
        *,
        objective: Floats | None = None,
        reach: float = np.inf,
        gap: float = 0.0,
    ) -> Found:
        """The best stack of the master that obeys every rule exactly.

        `objective` (n,) over the stack; None for the model's own objective column, which `reach`
        bounds from above. `gap` is absolute.
        """
        while True:
            answer = self._solve(model, objective, reach, gap, integer=True)
            if answer.values is None:
                return Found(None, answer.bound, answer.stop)
            stack = tuple(int(j) for j in np.flatnonzero(answer.values[: self.program.size] > 0.5))
            broken = next((row for row in self.program.rows if not row.holds(stack)), None)
            if broken is None:
                return Found(stack, answer.bound, answer.stop)
            self._forbid(stack, broken)
            if self.deadline.over():
                return Found(None, answer.bound, "time")

    def relaxation(self, model: Model, reach: float) -> tuple[Floats, float] | None:
        """(n,) fractional point and value of the linear relaxation; None where there is none."""
        answer = self._solve(model, None, reach, 0.0, integer=False)
        if answer.values is None or answer.bound is None or answer.stop != "finished":
            return None
        return np.clip(answer.values[: self.program.size], 0.0, 1.0), answer.bound

    def _forbid(self, stack: Sequence[int], row: Row) -> None:
        """A cover row where the broken rule is an upper bound on a sum of positive amounts, else
        a row that cuts off this stack alone."""
        amounts = dict(zip(row.indices, row.coefficients, strict=True))
        inside = sorted((j for j in stack if amounts.get(j, 0)), key=lambda j: amounts[j])
        if row.upper is None or min(row.coefficients, default=0) < 0:
            self.exclude(stack)
            return
        total = sum(amounts[j] for j in inside)
        cover = list(inside)
        for j in inside:  # the smaller the cover, the more it cuts
            if total - amounts[j] > row.upper:
                cover.remove(j)
                total -= amounts[j]
        if total <= row.upper:  # the row's lower bound is what broke
            self.exclude(stack)
            return
        columns = np.array(cover, np.int32)
        self._learnt.append((columns, np.ones(len(cover)), len(cover) - 1.0))

    def _solve(
        self,
        model: Model | None,
        objective: Floats | None,
        reach: float,
        gap: float,
        *,
        integer: bool,
    ) -> Answer:
        limits = Limits(
            seconds=self.deadline.left(),
            gap=gap,
            feasibility=model.feasibility if model else 1e-6,
            stop=STOP.get(),
        )
        program = self.assemble(model, objective, reach, integer=integer)
        return (self.backend if integer else self.relaxing).solve(program, limits)

    def assemble(
        self, model: Model | None, objective: Floats | None, reach: float, *, integer: bool
    ) -> LinearProgram:
        """The master as plain arrays, with every row learnt so far."""
        n = self.program.size
        width = model.width if model else 0
        lower, upper = np.zeros(n + width), np.ones(n + width)
        cost = np.zeros(n + width)
        if model:
            upper[n:] = np.inf
            lower[n] = model.lower()
            upper[n] = reach
        if objective is None:
            cost[n] = 1.0
        else:
            cost[:n] = objective
        rows = [_scaled(row) for row in self.program.rows]
        parts = [(c, v, low, high) for c, v, low, high in rows]
        parts += [(c, v, -np.inf, high) for c, v, high in self._learnt]
        if model:
            table = model.rows()
            parts += [
                (c, v, low, np.inf)
                for c, v, low in zip(table.columns, table.values, table.lower, strict=True)
            ]
        whole = np.zeros(n + width, np.bool_)
        whole[:n] = integer
        return LinearProgram(
            objective=cost,
            lower=lower,
            upper=upper,
            integer=whole,
            row_lower=np.array([p[2] for p in parts]),
            row_upper=np.array([p[3] for p in parts]),
            starts=np.cumsum([0, *(len(p[0]) for p in parts)]).astype(np.int32),
            columns=np.concatenate([np.zeros(0, np.int32), *(p[0] for p in parts)]),
            values=np.concatenate([np.zeros(0), *(p[1] for p in parts)]),
        )


def _scaled(row: Row) -> tuple[NDArray[np.int32], Floats, float, float]:
    """A rule's row divided by its largest coefficient, loosened outward."""
    largest = max(map(abs, row.coefficients), default=1) or 1
    values = np.array([c / largest for c in row.coefficients], np.float64)
    low = -np.inf if row.lower is None else row.lower / largest
    high = np.inf if row.upper is None else row.upper / largest
    return (
        np.array(row.indices, np.int32),
        values,
        low - LOOSE * max(1.0, abs(low)) if np.isfinite(low) else low,
        high + LOOSE * max(1.0, abs(high)) if np.isfinite(high) else high,
    )
