"""A linear program that grows and shrinks row by row: HiGHS's simplex, warm from solve to solve."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.solve.backend import LinearProgram
from planner.solve.highs import lp_model, quiet, run
from planner.worlds.types import Floats

#: HiGHS's own tolerance, and steps of the simplex for each row and column before it is given up.
DEFAULT, SIMPLEX_STEPS = 1e-7, 10
#: Other ways for a simplex that goes on and on: an option of HiGHS, its value, its usual value (of
#: the strategies 1 is the dual simplex and 4 the primal one).
OTHERWISE = (
    ("simplex_strategy", 1, 1),
    ("dual_simplex_cost_perturbation_multiplier", 10.0, 1.0),
    ("simplex_strategy", 4, 1),
    ("presolve", "on", "off"),
)
#: Rows from which a solve may take seconds.
LONG = 4_000


@dataclass(frozen=True, eq=False)
class Vertex:
    """An optimum: the columns, their reduced costs, the rows' duals, the value."""

    columns: Floats
    reduced: Floats
    duals: Floats
    value: float


@functools.lru_cache(maxsize=4)
def _model(highspy: Any, program: LinearProgram) -> Any:
    """HiGHS's own form, made once for the many searches that start from the same program; HiGHS
    copies what it is given."""
    return lp_model(highspy, program)


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
        self._highs.passModel(_model(highspy, program))
        self._width = program.objective.size
        self._columns = np.arange(self._width, dtype=np.int32)
        self.height = program.row_lower.size

    def tighten(self, feasibility: float) -> None:
        """What rows and reduced costs may be violated by, where the default is too much."""
        self.feasibility = feasibility
        self._highs.setOptionValue("primal_feasibility_tolerance", feasibility)
        self._highs.setOptionValue("dual_feasibility_tolerance", feasibility)

    def append(self, rows: Sequence[tuple[NDArray[np.int32], Floats, float]]) -> None:
        """Sparse rows `values . x[columns] >= lower`, after all others."""
        if not rows:
            return
        sizes = [columns.size for columns, _, _ in rows]
        self._highs.addRows(
            len(rows),
            np.array([lower for _, _, lower in rows]),
            np.full(len(rows), self._highspy.kHighsInf),
            sum(sizes),
            np.cumsum([0, *sizes[:-1]]).astype(np.int32),
            np.concatenate([columns for columns, _, _ in rows]).astype(np.int32),
            np.concatenate([values for _, values, _ in rows]),
        )
        if self._highs.getNumRow() == self.height + len(rows):
            self.height += len(rows)
            return
        for columns, values, lower in rows:  # one of them was refused, and all with it
            self._add(columns.astype(np.int32), np.ascontiguousarray(values), lower, np.inf)

    def add(self, values: Floats, lower: float, upper: float = np.inf) -> None:
        """A dense row `lower <= values . x <= upper`, after all others."""
        self._add(self._columns, np.ascontiguousarray(values), lower, upper)

    def _add(self, columns: NDArray[np.int32], values: Floats, lower: float, upper: float) -> None:
        """One row. HiGHS refuses some (coefficients from 1e15 on): one that always holds stands in
        for those, so that rows keep their numbers. The program is a relaxation without them."""
        infinity = self._highspy.kHighsInf
        low, high = max(lower, -infinity), min(upper, infinity)
        self._highs.addRow(low, high, columns.size, columns, values)
        self.height += 1
        if self._highs.getNumRow() < self.height:
            self._highs.addRow(-infinity, infinity, 0, columns[:0], values[:0])

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

    def ask(self, seconds: float | None) -> Vertex | None:
        """Solve within the seconds, where Ctrl-C is heard: all that the optimum says; None where
        there is none or the time ran out (`empty` tells them apart).

        A simplex that goes on and on (it was seen to cycle where many rows tie and coefficients
        reach from 1e-9 to 1e2) is started afresh: as it was, in other ways, and at last with
        HiGHS's default tolerance. Which of them ends is luck, and one of them nearly always does.
        """
        most = SIMPLEX_STEPS * (self._width + self.height)
        self._highs.setOptionValue("simplex_iteration_limit", most)
        # HiGHS counts the time of all its solves together.
        spent = self._highs.getRunTime()
        limit = self._highspy.kHighsInf if seconds is None else spent + max(seconds, 0.01)
        self._highs.setOptionValue("time_limit", limit)
        found = self._asked()
        status = self._highspy.HighsModelStatus
        if self.empty:
            # No word of HiGHS that nothing is left is believed without a second look.
            self._highs.clearSolver()
            found = self._asked()
        ended = status.kOptimal, status.kInfeasible, status.kTimeLimit, status.kInterrupt
        for option, value, usual in OTHERWISE:
            if self._highs.getModelStatus() not in ended:
                self._highs.clearSolver()
                self._highs.setOptionValue(option, value)
                found = self._asked()
                self._highs.setOptionValue(option, usual)
        if self._highs.getModelStatus() not in ended:
            self.tighten(max(self.feasibility, DEFAULT))
            self._highs.clearSolver()
            found = self._asked()
        return found

    def _asked(self) -> Vertex | None:
        # Ctrl-C waits for a call to end: a long one runs in a thread of its own.
        if self.height > LONG:
            run(self._highs, None)
        else:
            self._highs.run()
        status = self._highspy.HighsModelStatus
        self.empty = self._highs.getModelStatus() == status.kInfeasible
        if self._highs.getModelStatus() != status.kOptimal:
            return None
        solution = self._highs.getSolution()
        value = float(self._highs.getInfo().objective_function_value)
        return Vertex(
            np.array(solution.col_value),
            np.array(solution.col_dual),
            np.array(solution.row_dual),
            value,
        )

    empty = False
    #: what rows and reduced costs may be violated by
    feasibility = 1e-7

    def solve(self) -> tuple[Floats, Floats, float] | None:
        """Columns, row duals and value; None where there is no optimum."""
        self._highs.run()
        if self._highs.getModelStatus() != self._highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        value = float(self._highs.getInfo().objective_function_value)
        return np.array(solution.col_value), np.array(solution.row_dual), value
