"""One row a world in the space of risk: the outer approximation of sparse instances.

Where a technique matters in few worlds, one tangent over all worlds says little about any of them.
Here each world has a column and rows of its own (`planner.solve.envelope`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program
from planner.solve.envelope import envelope_rows
from planner.solve.models import Logs, Rows
from planner.worlds.types import Floats

#: A row is added where it is violated by this share of the objective over the number of worlds.
VIOLATED = 1e-7
#: Heights are compared with a known stack's total of 1: a row this far above it says enough.
HIGHEST = 100.0
#: Largest coefficient of a row: HiGHS refuses rows from 1e15 on.
LARGEST = 1e14


class WorldRows:
    """theta >= sum_s (q/p)[s] T[s], with T[s] at least the rows of its share of the risk.

    T[s] = p l prod F / scale, so that a stack of value `scale` has theta = 1: what is compared are
    numbers near 1, however small the risk. Columns: x, theta, T.
    """

    #: Errors of the rows add up over worlds, so each must be small; money rows are scaled and
    #: loosened before they get here, which is what makes a tight tolerance safe.
    feasibility = 1e-8

    def __init__(
        self, program: Program, logs: Logs, scale: float, over: Callable[[], bool] = lambda: False
    ) -> None:
        """`over` says when to stop making rows: fewer are no less valid."""
        self.program = program
        self.logs = logs
        self.scale = scale
        self.over = over
        worlds = program.worlds
        self.width = 1 + worlds.count
        with np.errstate(divide="ignore"):
            log_share = np.log(worlds.probability) + logs.loss - math.log(scale)
        #: (S,) theta of each world with nothing bought; 0 where the measure's constant has it
        self.share: Floats = np.exp(np.minimum(log_share, 700.0))
        self.live = np.flatnonzero(self.share > 0)
        failure = program.failure
        self.columns = [np.flatnonzero(failure[:, s] < 1).astype(np.int32) for s in self.live]
        self.failures = [failure[c, s] for c, s in zip(self.columns, self.live, strict=True)]
        self._owned = np.concatenate([np.zeros(0, np.int32), *self.columns])
        self._success = 1 - np.concatenate([np.zeros(0), *self.failures])
        sizes = np.array([c.size for c in self.columns], np.int64)
        self._starts = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64)
        self._filled = sizes > 0
        self._rows = Rows()
        self._weights: set[bytes] = set()
        self._seen: set[tuple[int, bytes]] = set()

    def __len__(self) -> int:
        return len(self._rows)

    def spread(self, x: Floats) -> Floats:
        """(live,) T of each live world if the columns were drawn independently with the chances x:
        at an integer point the world's T itself, elsewhere above what any row can say there."""
        with np.errstate(divide="ignore"):
            logs = np.log1p(-np.minimum(x[self._owned] * self._success, 1.0))
        sums = np.zeros(self.live.size)
        if logs.size:
            # reduceat takes an empty part for its first entry, so empty ones are left out.
            sums[self._filled] = np.add.reduceat(logs, self._starts[self._filled])
        spread: Floats = np.exp(sums) * self.share[self.live]
        return spread

    def separate(self, x: Floats, own: Floats | None = None) -> int:
        """Add the rows that support the envelopes at x (0..1), and how many they are.

        With `own` (1 + S,), theta and T of a relaxation's point, only those that it violates.
        """
        before = len(self._rows)
        spread = self.spread(x)
        least = VIOLATED / self.width
        if own is None:
            asked = np.arange(self.live.size)
        else:
            asked = np.flatnonzero(spread > own[1 + self.live] + least)
        losses = np.zeros(self.width - 1)
        losses[self.live] = spread
        self._add_weights(losses, own)
        points = [np.clip(x[self.columns[k]], 0.0, 1.0) for k in asked]
        rows = envelope_rows([self.failures[k] for k in asked], points, self.over)
        for k, point, row in zip(asked, points, rows, strict=True):
            if row is None:
                continue
            constant, slopes = row
            share = float(self.share[self.live[k]])
            height = share * (constant + float(slopes @ point))
            if own is not None and height <= own[1 + self.live[k]] + least:
                continue
            # T >= 0, so that a share of a row is a row; one far above the known stack would bring
            # coefficients with it that mislead a solver.
            factor = share * min(1.0, HIGHEST / max(height, HIGHEST))
            steep = factor * max(abs(constant), float(np.abs(slopes).max(initial=0.0)))
            self._add(int(k), constant, slopes, factor * min(1.0, LARGEST / max(steep, LARGEST)))
        return len(self._rows) - before

    def _add(self, k: int, constant: float, slopes: Floats, factor: float) -> None:
        n = self.program.size
        values = -slopes * factor
        key = (k, values.tobytes() + np.float64(constant * factor).tobytes())
        if factor * abs(constant) + float(np.abs(values).sum()) < 1e-12 or key in self._seen:
            return
        self._seen.add(key)
        # Coefficients far apart in size mislead a solver. A small one may be left out when the
        # right-hand side allows for the most that it could have added.
        small = np.abs(values) < 1e-9
        allowance = float(np.maximum(values[small], 0.0).sum())
        columns = np.append(self.columns[k][~small], n + 1 + self.live[k]).astype(np.int32)
        self._rows.add(columns, np.append(values[~small], 1.0), constant * factor - allowance)

    def _add_weights(self, losses: Floats, own: Floats | None) -> None:
        """The measure's weights at these losses (in shares of theta), and at a point's own T."""
        measure, worlds = self.program.measure, self.program.worlds
        for given in (losses,) if own is None else (losses, own[1:]):
            per_world = np.maximum(given, 0.0) / worlds.probability
            ratio = measure.weights(worlds, per_world) / worlds.probability
            if ratio.tobytes() in self._weights:
                continue
            self._weights.add(ratio.tobytes())
            n = self.program.size
            live = np.flatnonzero(ratio)
            columns = np.concatenate([[n], n + 1 + live]).astype(np.int32)
            self._rows.add(columns, np.concatenate([[1.0], -ratio[live]]), 0.0)

    def rows(self) -> Rows:
        return self._rows

    def since(self, count: int) -> list[tuple[NDArray[np.int32], Floats, float]]:
        """Rows added after the first `count`."""
        rows = self._rows
        parts: Sequence[tuple[NDArray[np.int32], Floats, float]] = list(
            zip(rows.columns[count:], rows.values[count:], rows.lower[count:], strict=True)
        )
        return list(parts)

    def keep(self, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Forget rows: `wanted` (rows,) says which stay. Those of the measure always do; returns
        what stayed."""
        rows, kept = self._rows, Rows()
        first = np.array([columns[0] for columns in rows.columns], np.int64)
        stays: NDArray[np.bool_] = wanted | (first == self.program.size)
        for k in np.flatnonzero(stays).tolist():
            kept.add(rows.columns[k], rows.values[k], rows.lower[k])
        self._rows = kept
        self._seen = set()
        return stays

    def lower(self) -> float:
        return 0.0

    def proven(self, bound: float) -> float:
        return float(self.logs.constant) + max(bound - self.slack(), 0.0) * self.scale

    def reach(self, value: Fraction) -> float:
        return self.logs.above(value) / self.scale + self.slack()

    def slack(self) -> float:
        """What a solver's tolerance on each row adds up to."""
        return self.feasibility * (self.width + 1)
