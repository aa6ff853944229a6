"""CP-SAT through ortools: integers only, so programs are rounded outward (integers.py)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import threading
from typing import Any

import numpy as np

from planner.solve.apart import solve_apart
from planner.solve.backend import Answer, Features, Limits, LinearProgram, Stop
from planner.solve.integers import IntegerProgram, in_integers
from planner.solve.trivial import trivial

#: CP-SAT 9.15 adds up coefficients in 32 bits in its presolve, and then calls programs infeasible
#: that are not (or-tools issues 5274 and 5293): it is left out where sums are larger.
PRESOLVE_BELOW = 2.0**31
#: Entries from which CP-SAT gets a process of its own: it keeps to no limit on memory (measured:
#: 20 MiB for 10,000 entries however long it searches, 0.4 GiB for a million, 0.9 for four).
LARGE = 100_000


class CpSat:
    name = "cp-sat"
    features = Features(
        bound=True,
        warm_start=False,
        lazy_cuts=False,
        integers_only=True,
        note="rows rounded outward to integers; linear relaxations go to HiGHS",
    )

    def version(self) -> str | None:
        if importlib.util.find_spec("ortools") is None:
            return None
        return importlib.metadata.version("ortools")

    def solve(self, program: LinearProgram, limits: Limits) -> Answer:
        """Solve a program with whole columns; "failed" where a column has no finite bounds.

        Raises MemoryError where a large program needs more memory than is free.
        """
        seen = trivial(program, limits)
        if seen is not None:
            return seen
        return (solve_here if program.values.size < LARGE else solve_apart)(program, limits)


def solve_here(program: LinearProgram, limits: Limits) -> Answer:
    """Solve in this process, whose memory is all that limits CP-SAT's."""
    whole = in_integers(program, limits.feasibility)
    if whole is None:
        return Answer("failed", None, None)
    if (whole.lower > whole.upper).any():
        return Answer("infeasible", None, None)
    from ortools.sat.python import cp_model  # the solver loads only when something is solved

    model, columns = _model(cp_model, program, whole)
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.random_seed = 0
    parameters.log_search_progress = False
    parameters.cp_model_presolve = whole.activity < PRESOLVE_BELOW
    parameters.catch_sigint_signal = False  # or Ctrl-C would never reach Python
    parameters.relative_gap_limit = 0.0
    parameters.absolute_gap_limit = limits.gap * whole.scale
    if limits.seconds is not None:
        parameters.max_time_in_seconds = max(limits.seconds, 0.01)
    status = _run(solver, model, limits.stop)
    return _answer(cp_model, solver, status, whole, columns, limits)


def _model(cp_model: Any, program: LinearProgram, whole: IntegerProgram) -> tuple[Any, list[Any]]:
    model = cp_model.CpModel()
    columns = [
        model.new_int_var(int(low), int(high), "")
        for low, high in zip(whole.lower, whole.upper, strict=True)
    ]
    for r, (low, high) in enumerate(zip(whole.row_lower, whole.row_upper, strict=True)):
        entries = slice(program.starts[r], program.starts[r + 1])
        terms = [
            (columns[j], k)
            for j, k in zip(
                program.columns[entries].tolist(), whole.values[entries].tolist(), strict=True
            )
            if k
        ]
        low = cp_model.INT_MIN if low is None else low
        high = cp_model.INT_MAX if high is None else high
        if terms:
            total = cp_model.LinearExpr.weighted_sum([c for c, _ in terms], [k for _, k in terms])
            model.add_linear_constraint(total, low, high)
        elif low > 0 or high < 0:
            model.add_bool_or([])
    if whole.objective.any():
        model.minimize(cp_model.LinearExpr.weighted_sum(columns, whole.objective.tolist()))
    return model, columns


def _run(solver: Any, model: Any, stop: threading.Event | None) -> Any:
    """Solve where Ctrl-C is heard: CP-SAT in a thread of its own, this one waiting for both."""
    result: list[Any] = []
    failure: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            result.append(solver.solve(model))
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    threading.Thread(target=work, daemon=True).start()
    try:
        # An event, not join: an interrupted join takes a running thread for a finished one.
        while not done.wait(0.5 if stop is None else 0.05):
            if stop is not None and stop.is_set():
                solver.stop_search()
    except KeyboardInterrupt:
        for _ in range(80):  # again and again: a search that has not begun forgets the request
            solver.stop_search()
            if done.wait(0.05):
                break
        raise
    if failure:
        raise failure[0]
    return result[0]


def _answer(
    cp_model: Any,
    solver: Any,
    status: Any,
    whole: IntegerProgram,
    columns: list[Any],
    limits: Limits,
) -> Answer:
    asked = limits.stop is not None and limits.stop.is_set()
    early: Stop = "interrupted" if asked else "time"
    stops: dict[Any, Stop] = {
        cp_model.OPTIMAL: "finished",
        cp_model.INFEASIBLE: "infeasible",
        cp_model.FEASIBLE: early,
        cp_model.UNKNOWN: early,
    }
    stop = stops.get(status, "failed")
    if stop in ("infeasible", "failed"):
        return Answer(stop, None, None)
    values = None
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        values = np.array([solver.value(column) for column in columns]) / whole.unit
    return Answer(stop, values, whole.proven(_bound(solver, stop, whole)))


def _bound(solver: Any, stop: Stop, whole: IntegerProgram) -> float:
    """CP-SAT's bound; where it may be no bound at all, that of the columns' box."""
    costs = [(int(c), j) for j, c in enumerate(whole.objective) if c]
    # In integers of Python: products of 64 bits would wrap around.
    box = float(sum(c * int((whole.lower if c > 0 else whole.upper)[j]) for c, j in costs))
    reported = float(solver.best_objective_bound)
    # A search stopped before it proved anything reports 0, also where the optimum is negative.
    if not costs or (stop != "finished" and reported == 0) or not np.isfinite(reported):
        return box
    return max(box, reported)
