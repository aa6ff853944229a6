"""CBC through PuLP: PuLP builds the model and writes it, the CBC that comes with it solves it.

PuLP's own call is not used. Its status says "Optimal" after a time limit and at a gap, its files
are shared by processes of one folder, and it cannot be interrupted. Here each solve has a folder
and a process of its own, and what is reported is read from CBC's log.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import logging
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from planner.solve.backend import Answer, Features, Limits, LinearProgram, Stop
from planner.solve.pulp_model import pulp_problem
from planner.solve.trivial import row_numbers, trivial
from planner.worlds.types import Floats

log = logging.getLogger(__name__)

#: A solution that ends the search is better than the last by this much (CBC's default is 1e-5).
INCREMENT = 1e-9
#: CBC's own tolerance on rows; a tighter one where a program asks for it.
PRIMAL = 1e-7
#: What the finished search may be wrong by in its own arithmetic, relative to the objective.
ROUNDING = 1e-7
#: A sum of violations above this is none that tolerances explain.
VIOLATION = 1e-4
#: Seconds that CBC gets to stop when its time is up or it was asked to, before it is killed.
GRACE = 2.0


class Cbc:
    name = "cbc"
    features = Features(
        bound=True,
        warm_start=False,
        lazy_cuts=False,
        integers_only=False,
        note="through PuLP, each solve a process of its own",
    )

    def version(self) -> str | None:
        if importlib.util.find_spec("pulp") is None:
            return None
        return importlib.metadata.version("pulp")

    def solve(self, program: LinearProgram, limits: Limits) -> Answer:
        """Solve, once more without preprocessing where CBC fails, finds nothing, or breaks a row.

        Preprocessing is where solvers of this kind go wrong: its word alone is not believed.
        """
        seen = trivial(program, limits)
        if seen is not None:
            return seen
        started = time.monotonic()

        def left() -> Limits:
            if limits.seconds is None:
                return limits
            return replace(limits, seconds=limits.seconds - (time.monotonic() - started))

        answer = _once(program, limits)
        if answer.stop in ("failed", "infeasible"):
            if answer.stop == "failed":
                log.info("CBC failed on %d columns; solved again", program.objective.size)
            answer = _once(program, left(), "-preprocess", "off", "-presolve", "off")
            if answer.stop == "failed":  # it crashes on some programs that have no solution
                told = _without_ceiling(program, left()) or _violated(program, left())
                answer = told or answer
        return answer


def _without_ceiling(program: LinearProgram, limits: Limits) -> Answer | None:
    """The answer by way of a program that has solutions, None where that does not tell.

    Where the objective is one column with an upper bound, the program without that bound tells as
    much: its least value, above the bound or not.
    """
    (priced,) = np.nonzero(program.objective)
    if priced.size != 1 or program.objective[priced[0]] < 0:
        return None
    ceiling = float(program.upper[priced[0]])
    if not np.isfinite(ceiling):
        return None
    upper = program.upper.copy()
    upper[priced] = np.inf
    answer = _once(replace(program, upper=upper), limits)
    if answer.stop != "finished" or answer.values is None or answer.bound is None:
        return None
    if answer.bound > ceiling * float(program.objective[priced[0]]):
        return Answer("infeasible", None, None)
    # Found below the ceiling, or no further above it than the search can tell.
    return replace(answer, values=np.minimum(answer.values, program.upper))


def _violated(program: LinearProgram, limits: Limits) -> Answer | None:
    """Infeasible where every point must violate rows by more than a tolerance; None: unknown.

    The least sum of violations: a program that always has solutions.
    """
    n, m = program.objective.size, program.row_lower.size
    per_row = np.diff(program.starts)
    # Two columns a row: one that lifts its sum, one that lowers it.
    columns = np.column_stack([n + np.arange(m), n + m + np.arange(m)])
    ends = np.repeat(program.starts[1:], 2)
    elastic = LinearProgram(
        objective=np.concatenate([np.zeros(n), np.ones(2 * m)]),
        lower=np.concatenate([program.lower, np.zeros(2 * m)]),
        upper=np.concatenate([program.upper, np.full(2 * m, np.inf)]),
        integer=np.concatenate([program.integer, np.zeros(2 * m, np.bool_)]),
        row_lower=program.row_lower,
        row_upper=program.row_upper,
        starts=np.concatenate([[0], np.cumsum(per_row + 2)]).astype(np.int32),
        columns=np.insert(program.columns, ends, columns.ravel()).astype(np.int32),
        values=np.insert(program.values, ends, np.tile([1.0, -1.0], m)),
    )
    answer = _once(elastic, replace(limits, gap=0.0))
    least = answer.bound if answer.stop == "finished" else None
    return Answer("infeasible", None, None) if least is not None and least > VIOLATION else None


def _once(program: LinearProgram, limits: Limits, *options: str) -> Answer:
    with tempfile.TemporaryDirectory(prefix="planner-cbc-") as name:
        folder = Path(name)
        pulp_problem(program).writeMPS(str(folder / "program.mps"))
        command = [_program(), "program.mps", "-threads", "0", "-randomCbcSeed", "1"]
        command += ["-ratioGap", "0", "-allowableGap", repr(limits.gap)]
        command += ["-increment", repr(INCREMENT)]
        command += ["-primalTolerance", repr(min(PRIMAL, limits.feasibility))]
        if limits.seconds is not None:
            seconds = max(limits.seconds, 0.01)
            command += ["-timeMode", "elapsed", "-sec", f"{seconds:.3f}"]
        command += [*options, "-solve", "-printingOptions", "all", "-solution", "program.sol"]
        stopped = _run(command, folder, limits)
        said = (folder / "log").read_text(errors="replace")
        solution = folder / "program.sol"
        found = solution.read_text(errors="replace").splitlines() if solution.exists() else []
        return _answer(program, limits, said, found, stopped)


def _program() -> str:
    """The CBC that PuLP carries."""
    import pulp

    return str(Path(pulp.PULP_CBC_CMD.pulp_cbc_path).resolve())


def _run(command: list[str], folder: Path, limits: Limits) -> Stop | None:
    """Run CBC in its folder; why it was stopped from here, None where it ended by itself."""
    command = [*_guard(), *command]
    end = None if limits.seconds is None else time.monotonic() + max(limits.seconds, 0.01) + GRACE
    stopped: Stop | None = None
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            while True:
                try:
                    process.wait(0.05)
                    return stopped
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                if stopped is None and limits.stop is not None and limits.stop.is_set():
                    stopped = "interrupted"
                    process.send_signal(signal.SIGINT)  # CBC ends, and writes what it has
                    end = now + GRACE
                if end is not None and now > end:
                    return stopped or "time"
        finally:
            process.kill()
            process.wait()


@functools.cache
def _guard() -> tuple[str, ...]:
    """What makes CBC die with this process, however that dies; nothing where there is no such."""
    place = shutil.which("setpriv")
    if place is None:
        return ()
    guard = (place, "--pdeathsig", "KILL")
    tried = subprocess.run(
        [*guard, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return guard if tried.returncode == 0 else ()


NUMBER = r"([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)"
#: The bound while the search goes on. The "Lower bound" at the end of the log is no use: it is
#: rounded to three decimals, also upward.
POSSIBLE = re.compile(rf"best possible {NUMBER}")
#: "Stopped on time (no integer solution - continuous used)": values of no use.
NO_SOLUTION = ("no integer solution", "infeasible", "unbounded", "abandoned")


def _answer(
    program: LinearProgram, limits: Limits, said: str, found: list[str], stopped: Stop | None
) -> Answer:
    head = found[0].lower() if found else ""
    values = None
    if found and not any(words in head for words in NO_SOLUTION):
        values = _values(program, found[1:])
        if not _feasible(program, values, limits.feasibility):
            return Answer(stopped or "failed", None, None)
    if head.startswith("optimal") and values is not None and "Exiting on" not in said:
        objective = float(program.objective @ values)
        allowed = max(limits.gap, INCREMENT) + ROUNDING * (1 + abs(objective))
        return Answer("finished", values, objective - allowed)
    if head.startswith(("infeasible", "integer infeasible")) and stopped is None:
        return Answer("infeasible", None, None)
    if stopped is None and not head.startswith("stopped on time") and "Exiting on" not in said:
        return Answer("failed", None, None)
    bound = _possible(said)
    if values is not None and bound is not None and bound > float(program.objective @ values):
        bound = None  # a bound above what was found is none
    return Answer(stopped or "time", values, bound)


def _values(program: LinearProgram, lines: list[str]) -> Floats:
    """The columns of a solution file, whole ones rounded; those it leaves out are at a bound."""
    values = np.clip(np.zeros(program.objective.size), program.lower, program.upper)
    for line in lines:
        words = line.removeprefix("**").split()
        if len(words) >= 3 and words[1].startswith("x"):
            values[int(words[1][1:]) - 1] = float(words[2])
    values[program.integer] = np.rint(values[program.integer])
    return np.clip(values, program.lower, program.upper)


def _feasible(program: LinearProgram, values: Floats, feasibility: float) -> bool:
    """Whether the values obey the rows up to the tolerance and the digits of the file (8)."""
    terms = program.values * values[program.columns]
    rows, count = row_numbers(program), program.row_lower.size
    total = np.bincount(rows, weights=terms, minlength=count)
    size = np.bincount(rows, weights=np.abs(terms), minlength=count)
    slack = 10 * feasibility + 1e-6 * size
    return bool(((total >= program.row_lower - slack) & (total <= program.row_upper + slack)).all())


def _possible(said: str) -> float | None:
    """The last bound that the search reported, less half a unit of its eighth digit."""
    written = POSSIBLE.findall(said)
    if not written:
        return None
    bound = float(written[-1])
    if abs(bound) > 1e40:
        return None
    return bound - (1 + ROUNDING) * 1e-7 * max(1.0, abs(bound))
