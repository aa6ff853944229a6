"""HiGHS through highspy."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import logging
import threading
from typing import Any

import numpy as np

from planner.solve.backend import Answer, Features, Limits, LinearProgram, Stop

log = logging.getLogger(__name__)


class Highs:
    name = "highs"
    features = Features(
        bound=True, warm_start=False, lazy_cuts=False, integers_only=False, note="default"
    )

    def version(self) -> str | None:
        if importlib.util.find_spec("highspy") is None:
            return None
        return importlib.metadata.version("highspy")

    def solve(self, program: LinearProgram, limits: Limits) -> Answer:
        """Solve, once more without presolve where HiGHS fails or finds nothing.

        It fails about once in 1,000, and its presolve has called programs infeasible that were
        not (rows with coefficients far apart): no word of it is believed without a second look.
        """
        answer = self._once(program, limits, presolve=True)
        if answer.stop in ("failed", "infeasible"):
            if answer.stop == "failed":
                log.info("HiGHS failed on %d columns; solved again", program.objective.size)
            answer = self._once(program, limits, presolve=False)
        return answer

    def _once(self, program: LinearProgram, limits: Limits, *, presolve: bool) -> Answer:
        import highspy  # the solver loads only when something is solved

        highs = quiet(highspy)()
        # Threads start even with parallel off unless there is one; runs would then differ.
        for option, value in {
            "output_flag": False,
            "threads": 1,
            "parallel": "off",
            "random_seed": 0,
            "presolve": "on" if presolve else "off",
            "mip_rel_gap": 0.0,
            "mip_abs_gap": limits.gap,
            "primal_feasibility_tolerance": limits.feasibility,
            "mip_feasibility_tolerance": limits.feasibility,
        }.items():
            highs.setOptionValue(option, value)
        if limits.seconds is not None:
            highs.setOptionValue("time_limit", max(limits.seconds, 0.01))
        highs.passModel(lp_model(highspy, program))
        run(highs, limits.stop)
        return _answer(highspy, highs, program)


@functools.cache
def quiet(highspy: Any) -> Any:
    """HiGHS prints its banner to standard output when callbacks are set: silence it before."""

    class Quiet(highspy.Highs):  # type: ignore[misc]
        def enableCallbacks(self) -> None:
            self.silent()
            super().enableCallbacks()

    return Quiet


def lp_model(highspy: Any, program: LinearProgram) -> Any:
    lp = highspy.HighsLp()
    infinity = highspy.kHighsInf
    lp.num_col_ = program.objective.size
    lp.num_row_ = program.row_lower.size
    lp.col_cost_ = program.objective
    lp.col_lower_ = np.clip(program.lower, -infinity, infinity)
    lp.col_upper_ = np.clip(program.upper, -infinity, infinity)
    lp.row_lower_ = np.clip(program.row_lower, -infinity, infinity)
    lp.row_upper_ = np.clip(program.row_upper, -infinity, infinity)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_ = lp.num_col_
    lp.a_matrix_.num_row_ = lp.num_row_
    lp.a_matrix_.start_ = program.starts
    lp.a_matrix_.index_ = program.columns
    lp.a_matrix_.value_ = program.values
    if program.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in program.integer]
    return lp


def run(highs: Any, stop: threading.Event | None) -> None:
    """Run where Ctrl-C is heard: HiGHS in a thread of its own, this one waiting for both."""
    interrupted = threading.Event()

    def ask(event: Any) -> None:
        if interrupted.is_set() or (stop is not None and stop.is_set()):
            event.interrupt()

    if threading.current_thread() is not threading.main_thread():
        if stop is not None:
            highs.cbMipInterrupt += ask
            highs.cbSimplexInterrupt += ask
        highs.run()
        return
    highs.cbMipInterrupt += ask
    highs.cbSimplexInterrupt += ask
    failure: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            highs.run()
            # The worker's own scheduler must end with it, or the process aborts at exit.
            highs.resetThreadScheduler(True)
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        # An event, not join: an interrupted join takes a running thread for a finished one.
        while not done.wait(0.5):
            pass
    except KeyboardInterrupt:
        interrupted.set()
        done.wait(4)
        raise
    if failure:
        raise failure[0]


def _answer(highspy: Any, highs: Any, program: LinearProgram) -> Answer:
    status = highspy.HighsModelStatus
    stops: dict[Any, Stop] = {
        status.kOptimal: "finished",
        status.kInfeasible: "infeasible",
        status.kTimeLimit: "time",
        status.kInterrupt: "interrupted",
        status.kIterationLimit: "time",
        status.kSolutionLimit: "time",
    }
    stop = stops.get(highs.getModelStatus(), "failed")
    info = highs.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(highs.getSolution().col_value) if found else None
    bound: float | None = None
    if program.integer.any():
        if np.isfinite(info.mip_dual_bound) and stop != "infeasible":
            bound = float(info.mip_dual_bound)
    elif stop == "finished":
        bound = float(info.objective_function_value)
    return Answer(stop, values, bound)
