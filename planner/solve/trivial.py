"""What needs no solver: bounds that cross, rows without columns, programs without columns."""

from __future__ import annotations

import numpy as np

from planner.solve.backend import Answer, Limits, LinearProgram


def trivial(program: LinearProgram, limits: Limits) -> Answer | None:
    """The answer where it can be seen at once; None where a solver is needed."""
    if limits.stop is not None and limits.stop.is_set():
        return Answer("interrupted", None, None)
    crossed = program.lower > program.upper
    used = np.zeros(program.row_lower.size, np.bool_)
    used[row_numbers(program)[program.values != 0]] = True
    slack = limits.feasibility
    broken = ~used & ((program.row_lower > slack) | (program.row_upper < -slack))
    if crossed.any() or broken.any():
        return Answer("infeasible", None, None)
    if not program.objective.size:
        return Answer("finished", np.zeros(0), 0.0)
    return None


def row_numbers(program: LinearProgram) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The row of each entry of the matrix."""
    return np.repeat(np.arange(program.row_lower.size), np.diff(program.starts))
