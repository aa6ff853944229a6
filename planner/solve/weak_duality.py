"""A bound of a linear program from a solver's multipliers, in arithmetic of our own.

For any multipliers y of the rows (each of the sign that its side allows) and x within its bounds,

    objective . x >= y . sides + sum_j min over x_j of (objective - A^T y)_j x_j

so a solver may be wrong about its optimum, or about its tolerances: what it says is then only a
worse y. (Weak duality; Neumaier and Shcherbina 2004, "Safe bounds in linear and mixed-integer
linear programming". Here rounding is covered by a margin on every sum.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.solve.backend import LinearProgram
from planner.worlds.types import Floats

#: Unit of rounding with some room: a sum of k terms is off by less than k of these of their sizes.
UNIT = 2.0**-52


class WeakDuality:
    """The rows of a linear program that grows and shrinks, as a solver has them."""

    def __init__(self, program: LinearProgram) -> None:
        self._objective = program.objective
        self._starts = program.starts.astype(np.int64)
        self._columns, self._values = program.columns, program.values
        self._lower, self._upper = program.row_lower, program.row_upper

    def append(self, rows: Sequence[tuple[NDArray[np.int32], Floats, float]]) -> None:
        """Sparse rows `values . x[columns] >= lower`, after all others."""
        if not rows:
            return
        ends = self._starts[-1] + np.cumsum([columns.size for columns, _, _ in rows])
        self._starts = np.append(self._starts, ends)
        self._columns = np.concatenate([self._columns, *(columns for columns, _, _ in rows)])
        self._values = np.concatenate([self._values, *(values for _, values, _ in rows)])
        self._lower = np.append(self._lower, [lower for _, _, lower in rows])
        self._upper = np.append(self._upper, np.full(len(rows), np.inf))

    def forget(self, rows: Sequence[int]) -> None:
        """Delete rows by number; those after them move up."""
        kept = np.ones(self._lower.size, np.bool_)
        kept[list(rows)] = False
        sizes = np.diff(self._starts)
        cells = np.repeat(kept, sizes)
        self._starts = np.append(0, np.cumsum(sizes[kept])).astype(np.int64)
        self._columns, self._values = self._columns[cells], self._values[cells]
        self._lower, self._upper = self._lower[kept], self._upper[kept]

    def bound(self, duals: Floats, lower: Floats, upper: Floats) -> tuple[float, Floats]:
        """The bound within finite `lower` and `upper` (columns,), and the reduced costs."""
        y = duals.copy()
        y[((y > 0) & ~np.isfinite(self._lower)) | ((y < 0) & ~np.isfinite(self._upper))] = 0.0
        terms = self._values * np.repeat(y, np.diff(self._starts))
        width = self._objective.size
        reduced = self._objective - np.bincount(self._columns, terms, minlength=width)
        sizes = np.bincount(self._columns, np.abs(terms), minlength=width)
        # The sum of a column's terms is off by less than this.
        off = UNIT * (y.size + 2) * (np.abs(self._objective) + sizes)
        ends = np.minimum((reduced - off) * lower, (reduced - off) * upper)
        ends = np.minimum(ends, np.minimum((reduced + off) * lower, (reduced + off) * upper))
        live = np.flatnonzero(y)
        sides = y[live] * np.where(y[live] > 0, self._lower[live], self._upper[live])
        total = float(sides.sum()) + float(ends.sum())
        size = float(np.abs(sides).sum()) + float(np.abs(ends).sum())
        return total - UNIT * (y.size + width) * size, np.asarray(reduced, np.float64)
