"""A linear program that grows row by row: HiGHS's simplex, warm from one solve to the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.solve.backend import LinearProgram
from planner.solve.highs import lp_model, quiet
from planner.worlds.types import Floats


class GrowingLP:
    """minimise objective . x, rows added as they are learnt, column bounds changed in place."""

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

    def add(self, values: Floats, lower: float) -> None:
        """A dense row `values . x >= lower`."""
        self._highs.addRow(
            lower, self._highspy.kHighsInf, self._width, self._columns, np.ascontiguousarray(values)
        )

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
