"""Core enumeration: a priced bound leaves few choices open, and all of those are tried.

The relaxation gives objective >= base + reduced . x. For each technique the cheapest choice is the
default, every other one costs a penalty; a stack can beat the incumbent only while its penalties
(and the priced slack of the rules) stay below the gap. Those stacks are listed and evaluated. Where
they are too many, the program branches. What was listed or pruned is the proof.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program, Row
from planner.solve.local import improve
from planner.solve.master import Deadline
from planner.solve.models import SPARSE_GAP, Logs
from planner.solve.penalties import Penalties
from planner.solve.relaxation import Priced, Relaxation, Tangent
from planner.solve.repair import Repair, fewest
from planner.solve.search import Outcome, Progress, Search, StopReason
from planner.solve.shortlist import Exact, rounding
from planner.worlds.types import Floats

#: Choices listed at one node before it branches instead.
MOST_LISTED = 20_000
#: Rounds of Kelley's method at the root and at the other nodes.
ROOT_ROUNDS, NODE_ROUNDS = 80, 8
#: Tangents are made between the relaxation's point and the best one inside: this far out in the
#: first rounds, half way in later ones.
OUTWARD, FIRST_ROUNDS = 0.75, 5
#: Share of the gap that the relaxation's own error may have, and the gap (in log risk) that
#: counts where nothing is known yet.
ENOUGH = 0.1
LARGE_GAP = 0.01
#: Rounds at the root between attempts to round the relaxed point to a stack.
ROUND_EVERY = 3
#: Sets of choices that are listed at once rather than bounded more tightly: most of them are over
#: what a rule has left at its price, and are never evaluated.
FEW = 8_000
#: Sets of choices that are tried for a better stack while the relaxation is still loose.
SCOUTED = 400
#: Columns that rounding tries beyond those that the relaxation holds.
LEFT_OVER = 30
#: Tangents kept for the next question about the same program: active ones, and the newest.
KEPT, RECENT = 8, 4
#: Nodes after which another route is tried: at once where the gap is still wide.
PROBATION, MOST_NODES = 100, 4_000
#: From here on a stack's value costs more than a call: fewer are tried at first.
MANY_WORLDS = 2_000
#: Cells (stacks times worlds) evaluated at a time.
BLOCK = 2**22
#: What the doubles of a priced bound may be off by, relative to its size.
SAFE = 1e-11


class Stalled(Exception):
    """The route does not fit the instance (or its caps were met): another must be taken.

    Carries what is known: the best stack and a proven bound on the objective.
    """

    def __init__(self, stack: tuple[int, ...] | None, bound: float) -> None:
        super().__init__("core enumeration stalled")
        self.stack = stack
        self.bound = bound


@dataclass(frozen=True, eq=False)
class Node:
    """Bounds on the columns, and a bound on the objective there."""

    lower: Floats
    upper: Floats


class Core:
    """Answers questions about one program that differ in their rows alone."""

    name = "core enumeration"

    def __init__(
        self,
        program: Program,
        search: Search,
        progress: Progress,
        like: Core | None = None,
        logs: Logs | None = None,
    ) -> None:
        """`like` answered for a program of the same columns and rows, with other worlds: the
        weights that proved its last answer are where this one starts. `logs` are the program's,
        where they are known."""
        self.program = program
        self.search = search
        self.progress = progress
        self.exact = Exact(program)
        self.logs = logs or Logs(program)
        self._relaxation: Relaxation | None = None
        self._like = None
        if like is not None and like.program.loss.size == program.loss.size:
            self._like = like._relaxation

    def __getstate__(self) -> dict[str, Any]:
        """A solver's own state does not travel: what is asked elsewhere starts anew."""
        return {**self.__dict__, "_relaxation": None, "_like": None}

    @staticmethod
    def fits(logs: Logs) -> bool:
        """Log space needs positive failures, and its bounds are weak where few are below 1."""
        return logs.dense and not logs.any_zero

    def best(self, extra: Sequence[Row], seconds: float | None) -> Outcome:
        """The best stack that also obeys the further rows. Raises Stalled."""
        deadline = Deadline(seconds)
        search = CoreSearch(self, self.program.with_rows(extra), self._asked(extra), deadline)
        try:
            return search.run()
        finally:
            search.relaxation.retain(search.useful)

    def _asked(self, extra: Sequence[Row]) -> Relaxation:
        """The relaxation of a question: that of the one before, with other rows."""
        if self._relaxation is None:
            self._relaxation = Relaxation(self.program, self.logs, self._log_target())
            if self._like is not None:
                self._relaxation.learn(self._like)
                self._like = None
        self._relaxation.ask(self.program.with_rows(extra), extra)
        return self._relaxation

    def _log_target(self) -> float | None:
        limit = self.program.target_limit
        if limit is None:
            return None
        above = self.logs.above(limit)
        if above <= 0:
            raise Stalled(None, 0.0)
        return math.log(above)


class CoreSearch:
    """One search: the least objective, or the least cost within the target."""

    def __init__(
        self, core: Core, program: Program, relaxation: Relaxation, deadline: Deadline
    ) -> None:
        self.core = core
        self.program = program
        self.relaxation = relaxation
        self.warm = bool(relaxation.tangents)
        self.repair = Repair(program, len(program.rows) - len(core.program.rows))
        self.deadline = deadline
        self.exact = core.exact
        self.gap = core.search.gap
        self.rounding = rounding(program)
        self.limit = program.target_limit
        self.stack: tuple[int, ...] | None = None
        self.height = math.inf
        self._known: tuple[float, int, tuple[str, ...]] = (math.inf, 0, ())
        self.evaluated = 0
        self.nodes = 0
        self.useful: tuple[Tangent, ...] = ()
        # A bound below which something was left out; infinite while all was tried.
        self.left_out = math.inf

    def run(self) -> Outcome:
        self._search()
        return self._outcome()

    # What counts as better.

    def _offer(self, stack: tuple[int, ...], above: float | None = None) -> None:
        """Keep the stack if it is better; near ties are decided exactly, and by the rule.

        `above` is its objective above the constant, in floating point, where that is known.
        """
        if stack == self.stack:
            return
        if self.limit is not None:
            if self._key(stack) < self._known and self.exact.at_most(stack, self.limit):
                self._keep(stack, float(self.program.stack_cost(stack)))
            return
        if above is None:
            above = self._above(stack)
        margin = 2 * self.rounding + 1e-12
        known = math.exp(self.height) if self.stack is not None else math.inf
        if above > known * (1 + margin):
            return
        if self.stack is None or above < known * (1 - margin):
            self._keep(stack, math.log(above) if above > 0 else -math.inf)
            return
        sign = self.exact.compare(stack, self.stack)
        if sign < 0:
            rest = self.exact.above(stack, self.core.logs.constant)
            self._keep(stack, math.log(rest) if rest > 0 else -math.inf)
        elif sign == 0 and self._key(stack) < self._known:
            self._keep(stack, self.height)

    def _keep(self, stack: tuple[int, ...], height: float) -> None:
        """`height` is what priced bounds are about: the cost, or the log of the value above the
        constant. Raises Stalled where that is nothing: log space cannot tell such stacks apart."""
        self.stack, self.height, self._known = stack, height, self._key(stack)
        if height == -math.inf:
            raise Stalled(stack, self._value(height))

    def _key(self, stack: tuple[int, ...]) -> tuple[float, int, tuple[str, ...]]:
        return self.program.tie_key(stack)

    def _above(self, stack: tuple[int, ...]) -> float:
        """The objective above the constant, in floating point."""
        program, logs = self.program, self.core.logs
        left = logs.left(stack)
        return float(program.measure.values(program.worlds, np.exp(left, out=left)[None, :])[0])

    def _threshold(self) -> float:
        """Bounds from here on cannot improve on the incumbent (at gap 0: not even tie)."""
        if math.isinf(self.height):
            return self.height
        margin = SAFE * max(1.0, abs(self.height))
        if self.limit is not None:
            return self.height * (1 - self.gap) + (margin if self.gap == 0 else 0.0)
        if self.gap == 0:
            return self.height + margin
        return self.height + math.log1p(-self.gap)

    # The tree.

    def _search(self) -> None:
        n = self.program.size
        counter = itertools.count()
        root = Node(np.zeros(n), np.ones(n))
        queue: list[tuple[float, int, Node]] = [(-math.inf, next(counter), root)]
        while queue:
            bound, _, node = heapq.heappop(queue)
            if bound >= self._threshold():
                self.left_out = min(self.left_out, bound)
                continue
            if self.deadline.over() or self.nodes >= MOST_NODES:
                self.left_out = min(self.left_out, bound)
                if self.deadline.over():
                    break
                raise Stalled(self.stack, self._proven())
            if self.nodes == PROBATION and self._loose(bound):
                raise Stalled(self.stack, self._value(min(bound, self.left_out)))
            self.nodes += 1
            for child, child_bound in self._explore(node):
                heapq.heappush(queue, (max(child_bound, bound), next(counter), child))

    def _explore(self, node: Node) -> list[tuple[Node, float]]:
        """Bound a node and list its open choices; or its children where they are too many."""
        priced, point = self._bound(node)
        if priced is None:
            return []
        shape = Penalties(self.relaxation, node.lower, node.upper, priced)
        if shape.floor >= self._threshold():
            self.left_out = min(self.left_out, shape.floor)
            return []
        if point is not None and self._list(shape):
            return []
        if self.nodes == 1 and self._polish() and self._list(shape):
            return []
        return self._branch(node, shape, point)

    def _polish(self) -> bool:
        """Swaps on the incumbent, where the root leaves too much to list; whether they helped."""
        if self.stack is None or self.limit is not None:
            return False
        before = self.height
        self._offer(improve(self.program, self.stack))
        return self.height < before

    def _loose(self, floor: float) -> bool:
        """Whether the gap says that log space is the wrong one for this program."""
        known = self.limit is None and math.isfinite(self.height)
        return known and self.height - floor > SPARSE_GAP

    def _bound(self, node: Node) -> tuple[Priced | None, Floats | None]:
        """Kelley's method, in-out, until its own error is small beside the gap."""
        root = self.nodes == 1
        relaxation = self.relaxation
        if not relaxation.tangents:
            relaxation.tangent_at(np.zeros(self.program.size))
        best: Penalties | None = None
        best_floor, point = -math.inf, None
        inside, height, error, scout = None, math.inf, math.inf, 0 if self.warm else 2
        for done in range(ROOT_ROUNDS if root else NODE_ROUNDS):
            if self.deadline.over():
                break
            answer = relaxation.solve(node.lower, node.upper)
            if answer is None:
                return None, None
            point, priced = answer
            shape = Penalties(relaxation, node.lower, node.upper, priced)
            if best is None or shape.floor > best_floor:
                best, best_floor = shape, shape.floor
            if root and done % ROUND_EVERY == (0 if self.warm else 1):
                self._round(point, priced.reduced)
            still_open = self._threshold() - best_floor
            if still_open <= 0 or ((done or self.warm) and best.few(still_open, FEW)):
                break
            if root and done >= scout and (still_open > error or self.warm):
                # What is open is more the incumbent's fault than the relaxation's.
                self._scout(best)
                scout = done + 2 * ROUND_EVERY
                still_open = self._threshold() - best_floor
                if still_open <= 0 or best.few(still_open, FEW):
                    break
            out = OUTWARD if done < FIRST_ROUNDS else 0.5
            x = point if inside is None else out * point + (1 - out) * inside
            here = relaxation.tangent_at(x)
            if self.limit is None and here < height:
                inside, height = x, here
            error, large = height - best_floor, LARGE_GAP
            if relaxation.limit is not None:
                # The relaxed cost rises by about its price for each unit of log risk too much.
                error, large = priced.scale * max(here - relaxation.limit, 0.0), large * best_floor
            if error < ENOUGH * large:
                if root and done % ROUND_EVERY == 0:
                    self._round(point, priced.reduced)
                if error < ENOUGH * min(self._threshold() - best_floor, large):
                    break
        if root and best is not None and point is not None:
            self._round(point, best.priced.reduced)
        if best is None:
            # The time ran out before anything was known of this node: nothing is proven of it.
            self.left_out = -math.inf
        elif root:
            # A few tangents for the next question: each slows every later program.
            order = np.argsort(-best.priced.share, kind="stable")[:KEPT]
            active = [best.priced.tangents[k] for k in order]
            self.useful = (*active, *relaxation.tangents[-RECENT:])
        return None if best is None else relaxation.sharpen(best.priced), point

    def _round(self, point: Floats, reduced: Floats) -> None:
        """A stack from the relaxation's point: what it likes best first, as the rules allow; with a
        target, until that is met, and then without what is not needed."""
        stack = self.repair.stack(point, reduced, LEFT_OVER)
        if stack is not None and self.limit is not None:
            logs = self.core.logs
            stack = fewest(self.program, logs.failure, logs.loss, stack)
            if stack is not None and not self.program.holds(stack):
                return
        if stack is not None:
            self._offer(tuple(sorted(stack)))

    def _scout(self, shape: Penalties) -> None:
        """Evaluate the stacks of the smallest penalties: often the best one is among them."""
        cap = min(shape.narrow(SCOUTED), self._threshold() - shape.floor)
        if cap > 0:
            listed = shape.within(cap, MOST_LISTED)
            if listed is not None:
                self._evaluate(shape, *listed)

    def _list(self, shape: Penalties) -> bool:
        """Evaluate every stack that the penalties leave; False where there are too many."""
        # A smaller cap first: what it finds often shrinks what is left to list.
        for cap in shape.caps(self._threshold() - shape.floor):
            cap = min(cap, self._threshold() - shape.floor)
            listed = shape.within(cap, MOST_LISTED)
            if listed is None:
                return False
            self._evaluate(shape, *listed)
            if self._threshold() - shape.floor <= cap:
                return True
        return False

    def _evaluate(self, shape: Penalties, moves: NDArray[np.bool_], bounds: Floats) -> None:
        """Best bound first, a block at a time; what the incumbent rules out is dropped.

        With a target the cheapest first: nothing that costs more than one that meets it is valued.
        """
        costs = None if self.limit is None else shape.costs(moves)
        order = np.argsort(bounds if costs is None else costs, kind="stable")
        most = max(1, min(512, BLOCK // max(self.program.loss.size, 1)))
        at, step = 0, 16 if self.program.loss.size < MANY_WORLDS else 4
        while at < order.size:
            block = order[at : at + step]
            at, step = at + step, min(2 * step, most)
            block = block[bounds[block] < self._threshold()]
            if costs is not None:
                block = block[costs[block] <= self._known[0]]
            if not block.size:
                if costs is None:
                    break
                continue
            self.evaluated += block.size
            values = shape.values(moves[block])
            if costs is not None:
                met = block[values <= self._reach()]
                self._offer_cheapest(shape, moves[met], costs[met])
                continue
            # The least first: most of the others are then out of reach.
            least = int(values.argmin())
            self._offer(shape.stack(moves[block[least]]), float(values[least]))
            for k in np.flatnonzero(values <= self._reach()):
                if k != least:
                    self._offer(shape.stack(moves[block[k]]), float(values[k]))

    def _offer_cheapest(self, shape: Penalties, moves: NDArray[np.bool_], costs: Floats) -> None:
        """Offer stacks that meet the target, as far as doubles tell, by rising cost, while they
        cost no more than the cheapest one known."""
        for move, cost in zip(moves, costs, strict=True):
            if cost > self._known[0]:
                break
            self._offer(shape.stack(move))

    def _reach(self) -> float:
        """Values (above the constant) that may be better, or tie, within rounding."""
        margin = 1 + 2 * self.rounding + 1e-12
        if self.limit is not None:
            return self.core.logs.above(self.limit) * margin
        return math.exp(self.height) * margin if math.isfinite(self.height) else math.inf

    def _branch(
        self, node: Node, shape: Penalties, point: Floats | None
    ) -> list[tuple[Node, float]]:
        """Two children: one column in or out, the one that the relaxation is least sure of."""
        free = np.flatnonzero(node.upper > node.lower)
        if not free.size:
            return []
        middle = np.full(free.size, 0.5) if point is None else np.abs(point[free] - 0.5)
        unsure = free[np.flatnonzero(middle == middle.min())]
        slopes = np.abs(shape.priced.tangents[0].slope[unsure])
        j = int(unsure[int(slopes.argmax())])
        children = []
        for value in (1.0, 0.0):
            lower, upper = node.lower.copy(), node.upper.copy()
            lower[j] = upper[j] = value
            if value == 1.0:
                row = self.relaxation.table[
                    np.flatnonzero((self.relaxation.table == j).any(axis=1))[0]
                ]
                others = row[(row >= 0) & (row != j)]
                upper[others] = 0.0
                if (lower[others] > 0).any():
                    continue
            children.append((Node(lower, upper), shape.floor))
        return children

    # The result.

    def _proven(self) -> float:
        """Lower bound on the objective (on the cost, with a target) from what was left out."""
        # What was dropped on the way was at or above the threshold of its time.
        return self._value(min(self.left_out, self.height, self._threshold()))

    def _value(self, bound: float) -> float:
        """The objective (or cost) that a priced bound stands for."""
        if self.limit is not None:
            return max(bound, 0.0)
        constant = float(self.core.logs.constant)
        return constant + (math.exp(bound) if bound < 700 else math.inf)

    def _outcome(self) -> Outcome:
        over = self.deadline.over() and self.left_out < self._threshold()
        if self.stack is None:
            stop: StopReason = "time limit" if over else "proven"
            return Outcome(None, None, "none", stop, Core.name, not over, evaluated=self.evaluated)
        if self.limit is not None:
            reached = float(self.program.stack_cost(self.stack))
        elif self.gap == 0:
            reached = self.exact.nearest(self.stack)
        else:
            reached = self.program.value(self.stack)
        done = self.left_out >= self._threshold()
        bound = reached if done and self.gap == 0 else min(self._proven(), reached)
        stop = "proven" if done else "time limit"
        if not done and bound <= 0:
            return Outcome(self.stack, None, "none", stop, Core.name, evaluated=self.evaluated)
        return Outcome(self.stack, bound, "bounded", stop, Core.name, evaluated=self.evaluated)
