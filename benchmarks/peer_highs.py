"""HiGHS as a peer: a loop of cuts around one persistent model.

Cuts stay from round to round, the best stack known is passed to every integer solve, and the
linear relaxation is warm. `tangents="log"` puts all worlds into one row in log space;
`tangents="worlds"` keeps one row of tangents in risk space for each world, violated ones only.
With `kelley` the cuts are first made at the linear relaxation (in-out), else one at a time at the
stacks that the integer solves give.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.answer import Answer
from planner.program.types import Program

Floats = NDArray[np.float64]
#: Rounds of cuts at the linear relaxation.
ROOT_ROUNDS = 80
#: HiGHS's own tolerance on rows (its default) is taken off the bound in log space.
LOG_SLACK = 1e-6
#: Tolerance asked for with one row a world: errors of rows add up over worlds.
WORLD_FEASIBILITY = 1e-9
#: Violation, as a share of the objective over the number of worlds, that earns a row.
VIOLATED = 1e-7

Cut = tuple[NDArray[np.int32], Floats, float]  # columns, values, lower


class LogTangents:
    """eta >= log R at a point, in one row; F = 0 is left out of a row as far as that is valid."""

    width = 1

    def __init__(self, program: Program, known: float) -> None:
        weight = program.worlds.probability * program.loss
        self.log_weight = np.log(weight)
        self.zero = program.failure == 0
        with np.errstate(divide="ignore"):
            self.slopes = np.where(self.zero, 0.0, np.log(program.failure))
        self.any_zero = bool(self.zero.any())
        least = np.minimum(self.slopes, 0.0).sum(axis=0) + self.log_weight
        self.floor = float(least.min())
        self.known = known

    def objective(self) -> Floats:
        return np.ones(1)

    def lower(self) -> Floats:
        return np.array([self.floor - 1.0])

    def cuts(self, x: Floats, _own: Floats | None) -> tuple[list[Cut], float]:
        """The tangent at x, and log R there."""
        left = self.log_weight + x @ self.slopes
        if self.any_zero:
            left = np.where(self.zero[x > 1e-9].any(axis=0), -np.inf, left)
        top = float(left.max())
        if not math.isfinite(top):
            return [], -math.inf
        share = np.exp(left - top)
        total = float(share.sum())
        lam = share / total
        live = lam > 0
        constant = float(lam[live] @ (self.log_weight[live] - np.log(lam[live])))
        slope = self.slopes @ lam
        if self.any_zero:
            slope = np.where(self.zero[:, live].any(axis=1), self.floor - constant, slope)
            slope = np.maximum(slope, min(self.floor - constant, 0.0))
        n = x.size
        columns = np.arange(n + 1, dtype=np.int32)
        return [(columns, np.append(-slope, 1.0), constant)], top + math.log(total)

    def gap(self, gap: float, _height: float) -> float:
        """The relative gap of risk as a difference of heights."""
        return -math.log1p(-gap) - 2 * LOG_SLACK

    def height(self, value: float) -> float:
        return math.log(value) if value > 0 else -math.inf

    def risk(self, bound: float) -> float:
        return math.exp(min(bound - LOG_SLACK, 700.0))


class WorldTangents:
    """T[s] >= the tangent of w[s] prod F / (known / S) at a point, for each world that needs it.

    Scaled so that the T of the known stack are 1 on average; a technique with F = 0 lifts the
    row of its world.
    """

    def __init__(self, program: Program, known: float) -> None:
        weight = program.worlds.probability * program.loss
        self.width = weight.size
        self.scale = known / self.width
        self.log_weight = np.log(weight) - math.log(self.scale)
        self.zero = program.failure == 0
        with np.errstate(divide="ignore"):
            self.slopes = np.where(self.zero, 0.0, np.log(program.failure))
        self.any_zero = bool(self.zero.any())
        self.touched = [np.flatnonzero(column) for column in self.slopes.T]
        self.surely = [np.flatnonzero(column) for column in self.zero.T]

    def objective(self) -> Floats:
        return np.full(self.width, 1 / self.width)

    def lower(self) -> Floats:
        return np.zeros(self.width)

    def cuts(self, x: Floats, own: Floats | None) -> tuple[list[Cut], float]:
        exponent = x @ self.slopes
        off = x @ self.zero if self.any_zero else np.zeros(self.width)
        # Steep tangents far above the known stack cut nothing of interest and scale badly.
        at = np.minimum(exponent, np.minimum(math.log(10.0 * self.width) - self.log_weight, 0.0))
        height = np.exp(self.log_weight + at)
        wanted = height * (1 + exponent - at - off * (1 - at))
        have = np.zeros(self.width) if own is None else own
        new = []
        n = x.size
        for s in np.flatnonzero(wanted > have + VIOLATED):
            h, lift = float(height[s]), float(height[s] * (1 - at[s]))
            slopes, zeros = self.touched[s], self.surely[s]
            columns = np.concatenate([slopes, zeros, [n + s]]).astype(np.int32)
            values = [-h * self.slopes[slopes, s], np.full(zeros.size, lift), [1.0]]
            new.append((columns, np.concatenate(values), lift))
        left = np.where(off > 1e-9, 0.0, np.exp(self.log_weight + exponent))
        return new, float(left.mean())

    def gap(self, gap: float, height: float) -> float:
        return gap * height - 2 * WORLD_FEASIBILITY

    def height(self, value: float) -> float:
        return value / (self.scale * self.width)

    def risk(self, bound: float) -> float:
        return max(bound - WORLD_FEASIBILITY, 0.0) * self.scale * self.width


def fill(program: Program, preference: Floats) -> tuple[int, ...]:
    """Columns by falling preference, each kept while every rule holds; () must obey the rules."""
    matrix, lower, upper = program.dense_rows
    total = np.zeros(len(matrix), np.int64)
    stack = []
    for j in np.argsort(-preference, kind="stable"):
        if preference[j] <= 0:
            break
        more = total + matrix[:, j]
        if (more <= upper).all() and (more >= lower).all():
            stack.append(int(j))
            total = more
    return tuple(sorted(stack))


def first_stack(program: Program) -> tuple[int, ...]:
    """A stack to begin with at the cost of one gradient: log gain per unit of money at nothing.

    Greedy with swaps is better and takes longer than the whole solve where worlds are many.
    """
    weight = program.worlds.probability * program.loss
    gain = (1 - program.failure) @ weight
    cost = np.array(program.cost, np.float64)
    return fill(program, gain / np.maximum(cost, 0.5))


class Loop:
    """One solve."""

    def __init__(
        self,
        program: Program,
        gap: float,
        cap: float,
        tangents: Literal["log", "worlds"],
        kelley: bool,
    ) -> None:
        import highspy

        self.end = time.perf_counter() + cap
        self.highspy = highspy
        self.program, self.asked, self.kelley = program, gap, kelley
        self.best = first_stack(program)
        self.value = program.value(self.best)
        kind = LogTangents if tangents == "log" else WorldTangents
        self.model: LogTangents | WorldTangents = kind(program, self.value)
        self.cuts: list[Cut] = []
        self.bound = -math.inf
        self.nodes, self.evaluated, self.solves = 0, 1, 0

    def run(self) -> Answer:
        if self.value == 0:
            return Answer("proven", self.best, 0.0, 0, 1)
        self._learn(self._point(self.best), None)
        self._learn(np.zeros(self.program.size), None)
        if self.kelley:
            self._root()
        highs = self._build(integer=True)
        done = len(self.cuts)
        seen: set[tuple[int, ...]] = set()
        while self._height() - self.bound > self.gap:
            left = self.end - time.perf_counter()
            if left <= 0:
                return self._answer("limit")
            stop, values = self._solve(highs, left)
            if values is None:
                return self._answer("limit" if stop == "time" else "failed")
            stack = tuple(int(j) for j in np.flatnonzero(values[: self.program.size] > 0.5))
            self.evaluated += 1
            if not self.program.holds(stack) or stack in seen:
                self._exclude(highs, stack)
            if self.program.holds(stack):
                self._offer(stack)
                self._learn(self._point(stack), values[self.program.size :])
            seen.add(stack)
            for cut in self.cuts[done:]:
                self._add(highs, cut)
            done = len(self.cuts)
        return self._answer("proven")

    def _offer(self, stack: tuple[int, ...]) -> None:
        value = self.program.value(stack)
        if value < self.value:
            self.best, self.value = stack, value

    def _height(self) -> float:
        return self.model.height(self.value)

    @property
    def gap(self) -> float:
        return self.model.gap(self.asked, self._height())

    def _answer(self, claim: Literal["proven", "limit", "failed"]) -> Answer:
        bound = self.model.risk(self.bound) if math.isfinite(self.bound) else None
        note = f"{self.solves} integer solves, {len(self.cuts)} cuts"
        return Answer(claim, self.best, bound, self.nodes, self.evaluated, note)

    def _point(self, stack: tuple[int, ...]) -> Floats:
        x = np.zeros(self.program.size)
        x[list(stack)] = 1.0
        return x

    def _learn(self, x: Floats, own: Floats | None) -> float:
        new, height = self.model.cuts(x, own)
        self.cuts += new
        return height

    # The linear relaxation.

    def _root(self) -> None:
        highs = self._build(integer=False)
        done = len(self.cuts)
        inside = self._point(self.best)
        height = self._height()
        log = isinstance(self.model, LogTangents)
        stalled, last = 0, -math.inf
        tight: set[int] = set()
        for _ in range(ROOT_ROUNDS):
            left = self.end - time.perf_counter()
            if left <= 0:
                break
            stop, values = self._solve(highs, left)
            if values is None or stop != "finished":
                break
            point = np.clip(values[: self.program.size], 0.0, 1.0)
            self._offer(fill(self.program, np.where(point > 0.01, point, 0.0)))
            own = values[self.program.size :]
            tight = set(self._tight(highs, done))
            here = self._learn(0.5 * (point + inside) if log else point, own)
            if log and here < height:
                inside, height = 0.5 * (point + inside), here
            if log and height - self.bound < self.gap / 4:
                break
            if len(self.cuts) == done:
                break
            stalled = stalled + 1 if self.bound - last < self.gap / 4 else 0
            if not log and stalled >= 5:
                break
            last = self.bound
            for cut in self.cuts[done:]:
                self._add(highs, cut)
            done = len(self.cuts)
        # Tangents that are slack at the relaxation slow every integer solve.
        first = 1 if log else 2 * self.model.width
        self.cuts = [c for k, c in enumerate(self.cuts) if k in tight or k >= done or k < first]

    def _tight(self, highs: Any, count: int) -> Iterator[int]:
        duals = np.array(highs.getSolution().row_dual)
        rules = len(self.program.rows)
        yield from (k for k in range(count) if duals[rules + k] > 1e-9)

    # HiGHS.

    def _build(self, *, integer: bool) -> Any:
        highspy, program, model = self.highspy, self.program, self.model
        highs = highspy.Highs()
        highs.silent()
        for option, value in {
            "output_flag": False,
            "threads": 1,
            "parallel": "off",
            "random_seed": 0,
            "mip_rel_gap": 0.0,
        }.items():
            highs.setOptionValue(option, value)
        if isinstance(model, WorldTangents):
            highs.setOptionValue("primal_feasibility_tolerance", WORLD_FEASIBILITY)
            highs.setOptionValue("mip_feasibility_tolerance", WORLD_FEASIBILITY)
        n, width = program.size, model.width
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = n + width, 0
        lp.col_cost_ = np.concatenate([np.zeros(n), model.objective()])
        lp.col_lower_ = np.concatenate([np.zeros(n), model.lower()])
        lp.col_upper_ = np.concatenate([np.ones(n), np.full(width, highspy.kHighsInf)])
        lp.row_lower_ = lp.row_upper_ = np.zeros(0)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = n + width, 0
        lp.a_matrix_.start_ = np.zeros(1, np.int32)
        if integer:
            kinds = highspy.HighsVarType
            lp.integrality_ = [kinds.kInteger] * n + [kinds.kContinuous] * width
        highs.passModel(lp)
        for row in program.rows:
            top = max(map(abs, row.coefficients), default=1) or 1
            values = np.array(row.coefficients, np.float64) / top
            low = -highspy.kHighsInf if row.lower is None else row.lower / top
            high = highspy.kHighsInf if row.upper is None else row.upper / top
            highs.addRow(low, high, len(values), np.array(row.indices, np.int32), values)
        for cut in self.cuts:
            self._add(highs, cut)
        return highs

    def _add(self, highs: Any, cut: Cut) -> None:
        columns, values, lower = cut
        highs.addRow(lower, self.highspy.kHighsInf, len(columns), columns, values)

    def _exclude(self, highs: Any, stack: tuple[int, ...]) -> None:
        n = self.program.size
        signs = np.full(n, 1.0)
        signs[list(stack)] = -1.0
        highs.addRow(
            1.0 - len(stack), self.highspy.kHighsInf, n, np.arange(n, dtype=np.int32), signs
        )

    def _solve(self, highs: Any, left: float) -> tuple[str, Floats | None]:
        """Why HiGHS stopped, and its columns; the bound is kept."""
        highspy = self.highspy
        # HiGHS counts the time of all runs of one model together.
        highs.setOptionValue("time_limit", highs.getRunTime() + max(left, 0.01))
        integer = highs.getNumCol() > 0 and bool(len(highs.getLp().integrality_))
        if integer:
            self.solves += 1
            highs.setOptionValue("mip_abs_gap", self.gap / 2)
            self._pass_best(highs)
        highs.run()
        info, status = highs.getInfo(), highs.getModelStatus()
        statuses = highspy.HighsModelStatus
        finished = status in (statuses.kOptimal, statuses.kInfeasible)
        if integer:
            self.nodes += max(int(info.mip_node_count), 0)
            if status == statuses.kInfeasible:  # all else is excluded: the best known is best
                self.bound = self._height()
            elif np.isfinite(info.mip_dual_bound):
                self.bound = max(self.bound, float(info.mip_dual_bound))
        elif status == statuses.kOptimal:
            self.bound = max(self.bound, float(info.objective_function_value))
        stop = "finished" if finished else "time" if status == statuses.kTimeLimit else "failed"
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        return stop, np.array(highs.getSolution().col_value) if feasible else None

    def _pass_best(self, highs: Any) -> None:
        """The best known stack, with the model's own columns as low as the cuts allow."""
        x = self._point(self.best)
        own = self.model.lower().copy()
        n = self.program.size
        for columns, values, lower in self.cuts:
            place = int(columns[-1]) - n
            inside = columns[:-1]
            own[place] = max(own[place], lower - float(values[:-1] @ x[inside]))
        solution = self.highspy.HighsSolution()
        solution.col_value = np.concatenate([x, own]).tolist()
        highs.setSolution(solution)


def solve(
    program: Program, gap: float, cap: float, tangents: Literal["log", "worlds"], kelley: bool
) -> Answer:
    return Loop(program, gap, cap, tangents, kelley).run()
