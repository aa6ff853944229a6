"""A linear program that grows and shrinks row by row: HiGHS's simplex, warm from solve to solve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from planner.solve.backend import LinearProgram
from planner.solve.highs import lp_model, quiet
from planner.worlds.types import Floats


class GrowingLP:
    """minimise objective . x, rows added and forgotten, bounds changed in place."""

    def __init__(self, program: LinearProgram) -> None:
        import highspy  # the solver loads only when something is solved

        self._highspy = highspy
        self._highs: Any = quiet(highspy)()
        for option, value in {
            "threads": 1,
            "parallel": "off",
            "presolve": "off",
            "solver": "simplex",
            "random_seed": 0,
        }.items():
            self._highs.setOptionValue(option, value)
        self._highs.passModel(lp_model(highspy, program))
        self._width = program.objective.size
        self._columns = np.arange(self._width, dtype=np.int32)
        self.height = program.row_lower.size

    def add(self, values: Floats, lower: float, upper: float = np.inf) -> None:
        """A dense row `lower <= values . x <= upper`, after all others."""
        infinity = self._highspy.kHighsInf
        self._highs.addRow(
            max(lower, -infinity),
            min(upper, infinity),
            self._width,
            self._columns,
            np.ascontiguousarray(values),
        )
        self.height += 1

    def forget(self, rows: Sequence[int]) -> None:
        """Delete rows by number; those after them move up."""
        if rows:
            self._highs.deleteRows(len(rows), np.array(rows, np.int32))
            self.height -= len(rows)

    def row_bounds(self, row: int, lower: float, upper: float) -> None:
        infinity = self._highspy.kHighsInf
        self._highs.changeRowBounds(row, max(lower, -infinity), min(upper, infinity))

    def bounds(self, lower: Floats, upper: Floats) -> None:
        """New bounds for the first columns."""
        count = lower.size
        self._highs.changeColsBounds(count, self._columns[:count], lower, upper)

    def solve(self) -> tuple[Floats, Floats, float] | None:
        """Columns, row duals and value; None where there is no optimum."""
        self._highs.run()
        if self._highs.getModelStatus() != self._highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        value = float(self._highs.getInfo().objective_function_value)
        return np.array(solution.col_value), np.array(solution.row_dual), value
