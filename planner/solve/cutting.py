"""Cutting planes: an integer master over an outer approximation of the objective.

The master's bound is proven; its stacks are checked in integers and evaluated on the worlds. The
tangents are valid under any rules, so they are kept from one question to the next.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from planner.program.types import Program, Row
from planner.solve.backend import Backend
from planner.solve.enumerate import AllStacks, affordable
from planner.solve.local import cheapen, improve
from planner.solve.master import Deadline, Master
from planner.solve.models import SPARSE_GAP, SPARSE_SHARE, LogCuts, Logs, Model
from planner.solve.repair import Repair
from planner.solve.search import Outcome, Progress, ProofKind, Search, StopReason
from planner.solve.shortlist import Exact, rounding
from planner.solve.tree import Tree
from planner.solve.worldrows import WorldRows
from planner.worlds.types import Floats

#: Rounds of log cuts after which the other model is tried.
PATIENCE = 40
#: Stacks times worlds up to which one row a world is affordable.
WORLD_ROW_CELLS = 2 * 10**7
#: Near ties listed one by one at a gap of 0, before ties are settled rule by rule; and those after
#: which every stack is tried instead, where there are few enough for that.
NEAR_TIES, MANY_TIES = 200, 30
ROOT_ROUNDS = 60
#: Gap to which the tree goes where no gap at all is asked for: near ties are listed after it.
TREE_GAP = 1e-6
#: A stack this much better than the first one changes the scale of the rows.
RESCALED = 0.1
#: Columns that rounding tries beyond those that the relaxation holds.
LEFT_OVER = 50
#: Integer objectives are scaled so that no coefficient is larger than this.
LARGEST_COEFFICIENT = 1e7


class Cutting:
    """Answers questions about one program that differ in their rows alone."""

    def __init__(
        self,
        program: Program,
        backend: Backend,
        search: Search,
        progress: Progress,
        relaxing: Backend | None = None,
        *,
        tree: bool = False,
        logs: Logs | None = None,
    ) -> None:
        """`tree`: sparse programs are searched by a tree of our own, not by the backend. `logs`
        are the program's, where they are known."""
        self.program = program
        self.backend = backend
        self.tree = tree
        self.relaxing = relaxing or backend
        self.search = search
        self.progress = progress
        self.exact = Exact(program)
        self.logs = logs or Logs(program)
        self.tangents = LogCuts(program, self.logs)

    def best(
        self, extra: Sequence[Row], seconds: float | None, known: tuple[int, ...] | None = None
    ) -> Outcome:
        """The best stack that also obeys the further rows; `known` is one that does."""
        run = Run(self, self.program.with_rows(extra), Deadline(seconds))
        if self.program.target is not None:
            return run.cheapest(known)
        return run.least(known)


@dataclass
class Incumbent:
    """The best stack so far."""

    stack: tuple[int, ...] | None = None
    value: float = math.inf


@dataclass
class Patience:
    """How many more stacks are looked at."""

    left: int

    def gone(self) -> bool:
        self.left -= 1
        return self.left < 0


class Run:
    """One search: the state that a single question needs."""

    def __init__(self, base: Cutting, program: Program, deadline: Deadline) -> None:
        self.base = base
        self.program = program
        self.exact = base.exact
        self.gap = base.search.gap
        self.deadline = deadline
        self.master = Master(program, base.backend, deadline, base.relaxing)
        self.best = Incumbent()
        self.evaluated = 0
        self._told = time.monotonic()

    # Least objective within the rules.

    def least(self, known: tuple[int, ...] | None = None) -> Outcome:
        if self._surely_protected():
            outcome = self._free_of_risk()
            if outcome is not None:
                return outcome
        start = self._start() if known is None else known
        if start is None:
            return self._stopped("infeasible" if not self.deadline.over() else "time limit")
        self.consider(improve(self.program, start, self.deadline.over))
        if self._sparse():
            return self._by_worlds()
        tangents, lower = self._root()
        if self._rows_affordable():
            height = self._above(self.best.stack or ())
            rest = lower - float(self.base.logs.constant)
            if height > 0 and rest < height * math.exp(-SPARSE_GAP):
                return self._by_worlds(lower)
        return self._close(tangents, lower)

    def _sparse(self) -> bool:
        """Whether log cuts need not be tried: few failures are below 1."""
        share = float((self.program.failure < 1).mean())
        return share < SPARSE_SHARE and self._rows_affordable()

    def _by_worlds(self, lower: float = 0.0) -> Outcome:
        """One row a world: branch and bound of our own, or the backend's integer programs."""
        constant = float(self.base.logs.constant)
        if not self.base.tree:
            return self._close(self._world_rows(), lower)
        while True:
            scale = self._above(self.best.stack or ())
            if scale <= 0:
                return self._proven(self.best.value)
            model = self._world_rows()
            gap = 0.999 * self.gap if self.gap > 0 else TREE_GAP
            near = _Near(self, scale)

            def told(bound: float, scale: float = scale, least: float = lower) -> None:
                self._tell(max(least, constant + max(bound, 0.0) * scale))

            tree = Tree(self.master, model, self.deadline, gap, near, told)
            done = tree.run(near.known)
            self.evaluated += tree.nodes
            lower = max(lower, min(constant + max(tree.bound, 0.0) * scale, self.best.value))
            if self.gap > 0 and lower >= self.best.value * (1 - self.gap):
                return self._proven(lower)
            if self.deadline.over():
                return self._stopped("time limit", lower)
            if near.known < RESCALED:
                continue
            if not done:
                self.base.progress("a linear program failed: the backend takes over")
            return self._close(model, lower)

    def _surely_protected(self) -> bool:
        """Whether every world with a loss has a technique that surely protects."""
        covered = self.base.logs.zero.any(axis=0) | ~np.isfinite(self.base.logs.loss)
        return bool(covered.all())

    def _free_of_risk(self) -> Outcome | None:
        """A stack that leaves nothing at all (but the constant), at the least cost: set covering.
        None: there is none."""
        rows = []
        for s in np.flatnonzero(np.isfinite(self.base.logs.loss)):
            columns = tuple(int(j) for j in np.flatnonzero(self.base.logs.zero[:, s]))
            rows.append(Row(columns, (1,) * len(columns), 1, None, "no risk", ""))
        cover = Run(self.base, self.program.with_rows(_distinct(rows)), self.deadline)
        stack, _, stop = cover.smallest(self.program.cost, None, None)
        if stack is None:
            return None if stop == "infeasible" else self._stopped("time limit")
        if self.gap == 0:
            stack = cover.settle_ties(stack, None, None)
        floor = float(self.exact.value(stack))
        return Outcome(stack, floor, "bounded", "proven", "set covering", evaluated=self.evaluated)

    def _start(self) -> tuple[int, ...] | None:
        """Some stack that obeys the rules: the empty one, or the cheapest."""
        if self.program.holds(()):
            return ()
        return self.smallest(self.program.cost, None, None)[0]

    def _root(self) -> tuple[LogCuts, float]:
        """Tangents at the linear relaxation, and its bound."""
        tangents = self.base.tangents
        inside = np.zeros(self.program.size)
        inside[list(self.best.stack or ())] = 1.0
        tangents.separate(inside)
        height = tangents.value(inside)
        point, bound = inside, -math.inf
        for _ in range(ROOT_ROUNDS):
            if self.deadline.over():
                break
            relaxed = self.master.relaxation(tangents, math.inf)
            if relaxed is None:
                break
            point, bound = relaxed
            # In-out: cut between the relaxation and the best interior point, and at both ends of
            # the way when that is not enough.
            between = 0.5 * (point + inside)
            for x in (between, point):
                tangents.separate(x)
                here = tangents.value(x)
                if here < height:
                    inside, height = x, here
            if height - bound < max(self.gap / 4, 1e-6):
                break
        tangents.prune(point, bound, slack=0.1)
        self._round(point)
        return tangents, tangents.proven(bound)

    def _round(self, point: Floats) -> None:
        """Greedy by the relaxation's preference, then add and swap."""
        stack: list[int] = []
        if not self.program.holds(()):
            return
        for j in np.argsort(-point, kind="stable"):
            if point[j] > 0.01 and self.program.holds([*stack, int(j)]):
                stack.append(int(j))
        self.consider(improve(self.program, stack, self.deadline.over))

    def _above(self, stack: tuple[int, ...]) -> float:
        return self.base.logs.above(self.exact.value(stack))

    def above_nearest(self, stack: tuple[int, ...]) -> float:
        """The value above the constant, in floating point."""
        return self.exact.above(stack, self.base.logs.constant)

    def _rows_affordable(self) -> bool:
        return self.program.size * self.program.loss.size <= WORLD_ROW_CELLS

    def _world_rows(self) -> WorldRows:
        model = WorldRows(
            self.program, self.base.logs, self._above(self.best.stack or ()), self.deadline.over
        )
        model.separate(np.zeros(self.program.size))
        model.separate(self._point(self.best.stack or ()))
        return model

    def _close(self, model: Model, lower: float) -> Outcome:
        """Solve the master, evaluate, cut; until the gap is met (at 0: until near ties end)."""
        near = 0
        rounds = 0
        while True:
            if self.gap > 0 and lower >= self.best.value * (1 - self.gap):
                return self._proven(lower)
            if self.deadline.over():
                return self._stopped("time limit", lower)
            rounds += 1
            if rounds == PATIENCE and isinstance(model, LogCuts) and self._rows_affordable():
                model = self._world_rows()
            self._tell(lower)
            reach = model.reach(self.exact.value(self.best.stack or ()))
            found = self.master.next(model, reach=reach, gap=self.gap / 2)
            if found.stop == "infeasible":
                return self._proven(self.best.value)
            if found.bound is not None:
                lower = max(lower, min(model.proven(found.bound), self.best.value))
            if found.stack is None:
                return self._stopped(
                    "solver failed" if found.stop == "failed" else "time limit", lower
                )
            if self.gap == 0:
                if found.bound is not None and found.bound > reach:
                    return self._proven(self.best.value)
                near += 1
                if near == MANY_TIES and self.base.tree and affordable(self.program):
                    return AllStacks(self.program).best(())
                if near > NEAR_TIES:
                    return self._settle(model, lower)
            self._learn(model, found.stack, exclude=self.gap == 0)

    def _learn(self, model: Model, stack: tuple[int, ...], *, exclude: bool) -> None:
        seen = self.evaluated
        self.consider(stack)
        model.separate(self._point(stack))
        # A tangent is exact at its stack: one that comes back is as good as the master's bound.
        if exclude or (seen and stack == self._last):
            self.master.exclude(stack)
        self._last = stack

    _last: tuple[int, ...] | None = None

    def _settle(self, model: Model, lower: float) -> Outcome:
        """Too many near ties to list: the cheapest of them, then the fewest, then by id."""
        limit = self.exact.value(self.best.stack or ())
        fresh = Run(self.base, self.program, self.deadline)
        known, patience = self.best.stack, Patience(NEAR_TIES)
        cheap, _, stop = fresh.smallest(
            self.program.cost, model, limit, known=known, patience=patience
        )
        if cheap is not None and stop == "proven":
            self.consider(fresh.settle_ties(cheap, model, limit, patience))
        # Near ties were not told apart one by one: that is not a gap of 0, and does not say so.
        return self._proven(min(lower, self.best.value * (1 - 1e-9)))

    # Least cost with the objective at most the target.

    def cheapest(self, known: tuple[int, ...] | None = None) -> Outcome:
        limit = self.program.target_limit
        assert limit is not None
        if limit < self.base.logs.constant:
            return self._stopped("infeasible")
        if limit == self.base.logs.constant:
            outcome = self._free_of_risk()
            if outcome is None:
                return self._stopped("infeasible")
            if outcome.stack is None:
                return outcome
            return replace(outcome, bound=float(self.program.stack_cost(outcome.stack)))
        start = self._start()
        if start is None:
            return self._stopped("infeasible" if not self.deadline.over() else "time limit")
        known = known or cheapen(self.program, start, self.deadline.over)
        model = self._target_model(limit, known)
        stack, bound, stop = self.smallest(self.program.cost, model, limit, known=known)
        if stack is not None and stop == "proven":
            stack, bound, stop = self._confirmed(stack, bound, model, limit)
        if stack is None:
            return self._stopped("infeasible" if stop == "infeasible" else "time limit")
        if stop == "proven" and self.gap == 0:
            stack = self.settle_ties(stack, model, limit)
        reason: StopReason = "proven" if stop == "proven" else "time limit"
        kind: ProofKind = "bounded" if bound > 0 or stop == "proven" else "none"
        return Outcome(stack, bound, kind, reason, _route(model), evaluated=self.evaluated)

    def _confirmed(
        self, stack: tuple[int, ...], bound: float, model: Model, limit: Fraction
    ) -> tuple[tuple[int, ...], float, str]:
        """The least cost once more, from another side: is there a stack that costs less?

        HiGHS has been seen to call a dearer stack the cheapest (1.16; one program in 50,000 with
        zeros and a target). Asked for the fewest techniques below that cost it finds what it lost.
        """
        while True:
            total = self.program.stack_cost(stack)
            below = math.ceil(total * (1 - Fraction(self.gap))) - 1
            if below < 0:
                return stack, bound, "proven"
            everything = tuple(range(self.program.size))
            cheaper = Row(everything, self.program.cost, None, below, "cheaper", "")
            ones = (1,) * self.program.size
            found, _, stop = self._again([cheaper]).smallest(ones, model, limit)
            if found is None and stop == "infeasible":
                return stack, max(bound, float(below + 1)), "proven"
            if found is None:
                return stack, bound, "time limit"
            stack, bound = found, 0.0  # a bound that was false is none

    def _target_model(self, limit: Fraction, known: tuple[int, ...] | None) -> Model:
        """Tangents around the target, in the space that fits the instance."""
        tangents = self.base.tangents
        tangents.separate(np.zeros(self.program.size))
        if known is not None:
            tangents.separate(self._point(known))
        if self.base.logs.any_zero and self._rows_affordable():
            model = WorldRows(
                self.program, self.base.logs, self.base.logs.above(limit), self.deadline.over
            )
            model.separate(np.zeros(self.program.size))
            model.separate(self._point(known or ()))
            return model
        return tangents

    def smallest(
        self,
        amounts: Sequence[int],
        model: Model | None,
        limit: Fraction | None,
        *,
        known: tuple[int, ...] | None = None,
        patience: Patience | None = None,
    ) -> tuple[tuple[int, ...] | None, float, str]:
        """The stack with the least sum of whole amounts whose objective is at most `limit`.

        Returns it (None: there is none), a lower bound on the sum, and "proven", "infeasible" or
        why it stopped. `patience` is the number of stacks that it looks at.
        """
        scale = max(1.0, max(amounts, default=1) / LARGEST_COEFFICIENT)
        objective = np.array(amounts, np.float64) / scale
        reach = math.inf if model is None or limit is None else model.reach(limit)
        best = known
        lower = 0.0
        rounds = 0
        while True:
            total = math.inf if best is None else float(sum(amounts[j] for j in best))
            if best is not None and lower >= total * (1 - self.gap):
                return best, min(lower, total), "proven"
            if self.deadline.over() or (patience is not None and patience.gone()):
                return best, lower, "time limit"
            rounds += 1
            if rounds == PATIENCE and isinstance(model, LogCuts) and limit is not None:
                model = self._swap_model(limit) or model
                reach = model.reach(limit)
            self._tell(lower)
            slack = 0.0 if math.isinf(total) else self.gap * total / scale / 2
            found = self.master.next(model, objective=objective, reach=reach, gap=slack)
            if found.stop == "infeasible":
                # All that is left out was evaluated: what is known is the best there is.
                return (best, total, "proven") if best is not None else (None, lower, "infeasible")
            if found.bound is not None:
                lower = max(lower, _whole(found.bound * scale, scale))
            if found.stack is None:
                return best, min(lower, total), "time limit"
            self.evaluated += 1
            if limit is None or self.exact.value(found.stack) <= limit:
                if sum(amounts[j] for j in found.stack) < total:
                    best = found.stack
                elif found.stop == "finished":
                    return best, min(lower, total), "proven"
            else:
                if model is not None:
                    model.separate(self._point(found.stack))
                self.master.exclude(found.stack)

    def _swap_model(self, limit: Fraction) -> WorldRows | None:
        if not self._rows_affordable():
            return None
        model = WorldRows(
            self.program, self.base.logs, self.base.logs.above(limit), self.deadline.over
        )
        model.separate(np.zeros(self.program.size))
        return model

    def settle_ties(
        self,
        stack: tuple[int, ...],
        model: Model | None,
        limit: Fraction | None,
        patience: Patience | None = None,
    ) -> tuple[int, ...]:
        """Among stacks of the same cost within the limit: fewest techniques, then smallest ids.

        `patience` is for all that is asked here together; without, each question has its own.
        """

        def each() -> Patience:
            return Patience(NEAR_TIES) if patience is None else patience

        n = self.program.size
        ones = (1,) * n
        everything = tuple(range(n))
        total = self.program.stack_cost(stack)
        rows = [Row(everything, self.program.cost, None, total, "tie", "")]
        few = self._again(rows).smallest(ones, model, limit, known=stack, patience=each())
        fewest = few[0] or stack
        rows.append(Row(everything, ones, None, len(fewest), "tie", ""))
        current = fewest
        fixed = 0
        for j in sorted(everything, key=lambda j: self.program.labels[j]):
            if fixed == len(current):
                break
            if j not in current:
                trial = self._again([*rows, Row((j,), (1,), 1, None, "tie", "")])
                better = trial.smallest(ones, model, limit, patience=each())[0]
                if better is None:
                    rows.append(Row((j,), (1,), None, 0, "tie", ""))
                    continue
                current = better
            rows.append(Row((j,), (1,), 1, None, "tie", ""))
            fixed += 1
        return current

    def _again(self, rows: Sequence[Row]) -> Run:
        return Run(self.base, self.program.with_rows(rows), self.deadline)

    # What is known so far.

    def consider(self, stack: tuple[int, ...]) -> None:
        """Keep the better stack; near ties are decided exactly, and by the rule for ties."""
        self.evaluated += 1
        value = self.program.value(stack)
        best = self.best
        margin = 2 * rounding(self.program) * max(value, 0.0)
        better = best.stack is None or value < best.value - margin
        if not better and best.stack is not None and value <= best.value + margin:
            better = self._key(stack) < self._key(best.stack)
        if better:
            self.best = Incumbent(stack, value)

    def _key(self, stack: tuple[int, ...]) -> tuple[Fraction, tuple[int, int, tuple[str, ...]]]:
        return self.exact.value(stack), self.program.tie_key(stack)

    def _point(self, stack: Sequence[int]) -> Floats:
        x = np.zeros(self.program.size)
        x[list(stack)] = 1.0
        return x

    def _proven(self, lower: float) -> Outcome:
        return self._result("proven", lower)

    def _stopped(self, reason: str, lower: float = 0.0) -> Outcome:
        if reason == "infeasible":
            return Outcome(None, None, "none", "proven", "cuts", infeasible=True)
        stop: StopReason = "solver failed" if reason == "solver failed" else "time limit"
        return self._result(stop, lower)

    def _result(self, stop: StopReason, lower: float) -> Outcome:
        known = self.best.stack is not None and lower > 0
        kind: ProofKind = "bounded" if known else "none"
        bound = min(lower, self.best.value) if known else None
        return Outcome(self.best.stack, bound, kind, stop, "cuts", evaluated=self.evaluated)

    def _tell(self, lower: float) -> None:
        if time.monotonic() - self._told > 1:
            self._told = time.monotonic()
            best = "none yet" if self.best.stack is None else f"{self.best.value:.6g}"
            self.base.progress(f"best {best}, proven bound {lower:.6g}")


class _Near:
    """Tries stacks near the points of a relaxation; theta of the best one known."""

    def __init__(self, run: Run, scale: float) -> None:
        self.run = run
        self.scale = scale
        self.repair = Repair(run.program)
        self._best: tuple[int, ...] | None = None
        self._look()

    def _look(self) -> None:
        if self.run.best.stack != self._best and self.run.best.stack is not None:
            self._best = self.run.best.stack
            self.known = self.run.above_nearest(self._best) / self.scale

    def __call__(self, x: Floats, reduced: Floats, pains: bool) -> float:
        found = self.repair.stack(x, reduced, LEFT_OVER)
        if found is not None:
            stack = tuple(sorted(found))
            over = self.run.deadline.over
            self.run.consider(improve(self.run.program, stack, over) if pains else stack)
            self._look()
        return self.known


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """Rows without repetitions, and without those that a smaller one implies by being its part."""
    return list({row.indices: row for row in rows}.values())


def _route(model: Model | None) -> str:
    return "one row a world" if isinstance(model, WorldRows) else "log cuts"


def _whole(bound: float, scale: float) -> float:
    """A bound on a sum of whole amounts, rounded up to the next whole one (less the backend's
    own tolerance)."""
    return float(math.ceil(bound - 1e-4 * scale))
