"""A linear program as a PuLP problem, with neutral names: x0001... and r0001..."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.solve.backend import LinearProgram


def column_name(j: int) -> str:
    return f"x{j + 1:04d}"


def row_name(r: int) -> str:
    return f"r{r + 1:04d}"


def pulp_problem(program: LinearProgram) -> Any:
    """The program in PuLP; rows without a column are left out (`trivial` has judged them)."""
    import pulp  # loads only when something is solved or written

    problem = pulp.LpProblem("planner", pulp.LpMinimize)
    # PuLP from 3.3 on makes columns through the problem and warns of the older way.
    new = getattr(problem, "add_variable", pulp.LpVariable)
    columns = [
        new(
            column_name(j),
            _finite(program.lower[j]),
            _finite(program.upper[j]),
            pulp.LpInteger if program.integer[j] else pulp.LpContinuous,
        )
        for j in range(program.objective.size)
    ]
    problem.setObjective(
        pulp.LpAffineExpression(
            [(columns[j], float(program.objective[j])) for j in np.flatnonzero(program.objective)]
        )
    )
    for r, (low, high) in enumerate(zip(program.row_lower, program.row_upper, strict=True)):
        entries = slice(program.starts[r], program.starts[r + 1])
        terms = [
            (columns[j], a)
            for j, a in zip(
                program.columns[entries].tolist(), program.values[entries].tolist(), strict=True
            )
            if a
        ]
        if not terms:
            continue
        total = pulp.LpAffineExpression(terms)
        name = row_name(r)
        if low == high:
            problem.addConstraint(total == float(low), name)
            continue
        both = bool(np.isfinite(low) and np.isfinite(high))
        if np.isfinite(low):
            problem.addConstraint(total >= float(low), name + "_low" if both else name)
        if np.isfinite(high):
            problem.addConstraint(total <= float(high), name + "_high" if both else name)
    return problem


def _finite(bound: float) -> float | None:
    return float(bound) if np.isfinite(bound) else None
