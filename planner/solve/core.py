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
from planner.solve.local import cheapen, improve
from planner.solve.master import Deadline
from planner.solve.models import Logs
from planner.solve.relaxation import Priced, Relaxation, group_table
from planner.solve.search import Outcome, Progress, ProofKind, Search, StopReason
from planner.solve.shortlist import Exact, rounding
from planner.worlds.types import Floats

#: Choices listed at one node before it branches instead.
MOST_LISTED = 20_000
#: Rounds of Kelley's method at the root and at the other nodes.
ROOT_ROUNDS, NODE_ROUNDS = 80, 8
#: Share of the gap that the relaxation's own error may have.
ENOUGH = 0.1
#: Nodes after which another route is tried.
MOST_NODES = 4_000
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

    def __init__(self, program: Program, search: Search, progress: Progress) -> None:
        self.program = program
        self.search = search
        self.progress = progress
        self.exact = Exact(program)
        self.logs = Logs(program)
        self.weights: list[tuple[Floats, Floats]] = []

    @staticmethod
    def fits(program: Program) -> bool:
        """Log space needs positive failures; a rule over no column is for others to explain."""
        return bool(program.size) and not bool((program.failure == 0).any())

    def best(self, extra: Sequence[Row], seconds: float | None) -> Outcome:
        """The best stack that also obeys the further rows. Raises Stalled."""
        program = self.program.with_rows(extra)
        search = CoreSearch(self, program, Deadline(seconds))
        outcome = search.run()
        self.weights = search.kept_weights()
        return outcome


class CoreSearch:
    """One search: the least objective, or the least cost within the target."""

    def __init__(self, core: Core, program: Program, deadline: Deadline) -> None:
        self.core = core
        self.program = program
        self.deadline = deadline
        self.exact = core.exact
        self.gap = core.search.gap
        self.rounding = rounding(program)
        self.limit = program.target_limit
        self.table = group_table(program)
        self.stack: tuple[int, ...] | None = None
        self.height = math.inf
        self._known: tuple[float, int, tuple[str, ...]] = (math.inf, 0, ())
        self.evaluated = 0
        self.nodes = 0
        # A bound below which something was left out; infinite while all was tried.
        self.left_out = math.inf

    def run(self) -> Outcome:
        start = self._start()
        if start is not None:
            self._offer(start)
        log_limit = None
        if self.limit is not None:
            above = self.core.logs.above(self.limit)
            if above <= 0:
                raise Stalled(None, 0.0)
            log_limit = math.log(above)
        self.relaxation = Relaxation(self.program, self.core.logs, log_limit)
        for q, lam in self.core.weights:
            self.relaxation.add(q, lam)
        self._search()
        return self._outcome()

    def _start(self) -> tuple[int, ...] | None:
        """A stack to compare with, where a simple one obeys the rules."""
        if not self.program.holds(()):
            return None
        if self.limit is not None:
            return cheapen(self.program, ())
        return improve(self.program, ())

    # What counts as better.

    def _offer(self, stack: tuple[int, ...], above: float | None = None) -> None:
        """Keep the stack if it is better; near ties are decided exactly, and by the rule.

        `above` is its objective above the constant, in floating point, where that is known.
        """
        if self.limit is not None:
            if self._key(stack) < self._known and self.exact.value(stack) <= self.limit:
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
        now, then = self.exact.value(self.stack), self.exact.value(stack)
        if (then, *self._key(stack)) < (now, *self._known):
            rest = self.core.logs.above(then)
            self._keep(stack, math.log(rest) if rest > 0 else -math.inf)

    def _keep(self, stack: tuple[int, ...], height: float) -> None:
        """`height` is what priced bounds are about: the cost, or the log of the value above the
        constant."""
        self.stack, self.height, self._known = stack, height, self._key(stack)

    def _key(self, stack: tuple[int, ...]) -> tuple[float, int, tuple[str, ...]]:
        return self.program.tie_key(stack)

    def _above(self, stack: tuple[int, ...]) -> float:
        """The objective above the constant, in floating point."""
        program = self.program
        left = np.where(np.isfinite(self.core.logs.loss), program.losses(stack), 0.0)
        return float(program.measure.values(program.worlds, left[None, :])[0])

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
            self.nodes += 1
            for child, child_bound in self._explore(node):
                heapq.heappush(queue, (max(child_bound, bound), next(counter), child))

    def _explore(self, node: Node) -> list[tuple[Node, float]]:
        """Bound a node and list its open choices; or its children where they are too many."""
        priced, point = self._bound(node)
        if priced is None:
            return []
        shape = Penalties(self, node, priced)
        if shape.floor >= self._threshold():
            self.left_out = min(self.left_out, shape.floor)
            return []
        if point is None or not self._list(shape):
            return self._branch(node, shape, point)
        return []

    def _bound(self, node: Node) -> tuple[Priced | None, Floats | None]:
        """Kelley's method, in-out, until the penalties leave little to list."""
        rounds = ROOT_ROUNDS if self.nodes == 1 else NODE_ROUNDS
        relaxation = self.relaxation
        inside, height = self._known_point() if self.nodes == 1 else (None, math.inf)
        if not relaxation.tangents:
            relaxation.tangent_at(np.zeros(self.program.size))
        best: Priced | None = None
        best_floor, point = -math.inf, None
        for _ in range(rounds):
            if self.deadline.over():
                break
            answer = relaxation.solve(node.lower, node.upper)
            if answer is None:
                return None, None
            point, priced = answer
            shape = Penalties(self, node, priced)
            if best is None or shape.floor > best_floor:
                best, best_floor = priced, shape.floor
            open_gap = self._threshold() - best_floor
            if open_gap <= 0:
                break
            x = point if inside is None else 0.5 * (point + inside)
            here = relaxation.tangent_at(x)
            if self.limit is None and here < height:
                inside, height = x, here
            # The relaxation is known well enough when its own error is small beside the gap.
            if self.limit is None and height - best_floor < ENOUGH * open_gap:
                break
        if self.nodes == 1 and point is not None:
            self._round(point)
        return best, point

    def _known_point(self) -> tuple[Floats | None, float]:
        """The incumbent as a point to cut from, with its height; none where a target is set."""
        if self.stack is None or self.limit is not None:
            return None, math.inf
        x = np.zeros(self.program.size)
        x[list(self.stack)] = 1.0
        return x, self.relaxation.tangent_at(x)

    def _round(self, point: Floats) -> None:
        """Greedy by the relaxation's preference, then add and swap: once, at the root."""
        stack: list[int] = []
        if not self.program.holds(()):
            return
        for j in np.argsort(-point, kind="stable"):
            if point[j] <= 0.01:
                break
            if self.program.holds([*stack, int(j)]):
                stack.append(int(j))
        better = (
            improve(self.program, stack) if self.limit is None else cheapen(self.program, stack)
        )
        if better is not None:
            self._offer(better)

    def _list(self, shape: Penalties) -> bool:
        """Evaluate every stack that the penalties leave; False where there are too many."""
        total = self._threshold() - shape.floor
        # A smaller cap first: what it finds often shrinks what is left to list.
        for part in (0.1, 0.4, 1.0):
            cap = min(part * total, self._threshold() - shape.floor)
            listed = shape.within(cap)
            if listed is None:
                return False
            self._evaluate(shape, *listed)
            if self._threshold() - shape.floor <= cap:
                break
        return True

    def _evaluate(self, shape: Penalties, moves: NDArray[np.bool_], bounds: Floats) -> None:
        """Best bound first, a block at a time; what the incumbent rules out is dropped."""
        order = np.argsort(bounds, kind="stable")
        step = max(1, min(256, BLOCK // max(self.program.loss.size, 1)))
        for at in range(0, order.size, step):
            block = order[at : at + step]
            block = block[bounds[block] < self._threshold()]
            if not block.size:
                break
            self.evaluated += block.size
            values = shape.values(moves[block])
            for k in np.flatnonzero(values <= self._reach()):
                self._offer(shape.stack(moves[block[k]]), float(values[k]))

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
        slopes = np.abs(shape.priced.weights.slope[unsure])
        j = int(unsure[int(slopes.argmax())])
        children = []
        for value in (1.0, 0.0):
            lower, upper = node.lower.copy(), node.upper.copy()
            lower[j] = upper[j] = value
            if value == 1.0:
                row = self.table[np.flatnonzero((self.table == j).any(axis=1))[0]]
                others = row[(row >= 0) & (row != j)]
                upper[others] = 0.0
                if (lower[others] > 0).any():
                    continue
            children.append((Node(lower, upper), shape.floor))
        return children

    # The result.

    def kept_weights(self) -> list[tuple[Floats, Floats]]:
        """At most four tangents for the next question: each slows every later program."""
        return [(t.q, t.lam) for t in self.relaxation.tangents[-4:]]

    def _proven(self) -> float:
        """Lower bound on the objective (on the cost, with a target) from what was left out."""
        lowest = min(self.left_out, self.height)
        if self.limit is not None:
            return max(lowest, 0.0)
        constant = float(self.core.logs.constant)
        return constant + (math.exp(lowest) if lowest < 700 else math.inf)

    def _outcome(self) -> Outcome:
        over = self.deadline.over() and self.left_out < self._threshold()
        if self.stack is None:
            stop: StopReason = "time limit" if over else "proven"
            return Outcome(None, None, "none", stop, Core.name, not over, evaluated=self.evaluated)
        reached = float(self.exact.value(self.stack))
        if self.limit is not None:
            reached = float(self.program.stack_cost(self.stack))
        done = self.left_out >= self._threshold()
        bound = reached if done and self.gap == 0 else min(self._proven(), reached)
        stop = "proven" if done else "time limit"
        kind: ProofKind = "bounded" if done or bound > 0 else "none"
        return Outcome(self.stack, bound, kind, stop, Core.name, evaluated=self.evaluated)


class Penalties:
    """At one node: the default choice of every technique, and what each other choice costs."""

    def __init__(self, search: CoreSearch, node: Node, priced: Priced) -> None:
        self.search = search
        self.priced = priced
        table = search.table
        padded = np.append(priced.reduced, np.inf)
        allowed = np.append(node.upper > 0.5, False)
        forced = np.append(node.lower > 0.5, False)
        costs = np.where(allowed[table], padded[table], np.inf)
        nothing = np.where(np.any(forced[table], axis=1), np.inf, 0.0)
        costs = np.column_stack([nothing, costs])
        self._costs = costs
        least = self._costs.min(axis=1)
        self.floor = priced.base + float(least.sum())
        self._default = self._costs.argmin(axis=1)
        self._penalty = self._costs - least[:, None]
        self._penalty[np.arange(len(table)), self._default] = np.inf

    def open_groups(self) -> int:
        """Techniques with more than one choice below the gap."""
        cap = self.search._threshold() - self.floor
        return int((self._penalty.min(axis=1) < cap).sum())

    def within(self, cap: float) -> tuple[NDArray[np.bool_], Floats] | None:
        """(stacks, alternatives) which alternatives each stack takes, and its bound; None where
        there are too many. Stacks that break a rule are left out."""
        groups, places = np.nonzero(self._penalty < cap)
        # Dearest first keeps the lists short until the end.
        order = np.argsort(-self._penalty[groups, places], kind="stable")
        self.groups, self.places = groups[order], places[order]
        price = self._penalty[self.groups, self.places]
        count = self.groups.size
        if count > 4096:
            return None
        moves = np.zeros((1, count), np.bool_)
        sums = np.zeros(1)
        for k in range(count):
            fits = sums + price[k] < cap
            # At most one choice of a technique.
            same = np.flatnonzero(self.groups[:k] == self.groups[k])
            if same.size:
                fits &= ~moves[:, same].any(axis=1)
            if not fits.any():
                continue
            fresh = moves[fits]
            fresh[:, k] = True
            moves = np.concatenate([moves, fresh])
            sums = np.concatenate([sums, sums[fits] + price[k]])
            if len(moves) > MOST_LISTED:
                return None
        return self._holding(moves, sums)

    def _holding(self, moves: NDArray[np.bool_], sums: Floats) -> tuple[NDArray[np.bool_], Floats]:
        """The stacks that obey every rule exactly, and their bounds."""
        program = self.search.program
        matrix, lower, upper = program.dense_rows
        base = self._columns()
        steps = np.zeros((self.groups.size, len(matrix)), np.int64)
        for k, (g, place) in enumerate(zip(self.groups, self.places, strict=True)):
            steps[k] = self._column_sum(matrix, g, place) - self._column_sum(
                matrix, g, int(self._default[g])
            )
        activity = matrix[:, base].sum(axis=1)[None, :] + moves.astype(np.int64) @ steps
        ok = ((activity >= lower) & (activity <= upper)).all(axis=1)
        moves = moves[ok]
        return moves, self.floor + sums[ok] + self._slack(moves)

    def _slack(self, moves: NDArray[np.bool_]) -> Floats:
        """(stacks,) what the rules' unused room is worth at their prices."""
        relaxation, prices = self.search.relaxation, self.priced.prices
        live = np.flatnonzero(prices)
        if not live.size:
            return np.zeros(len(moves))
        matrix = relaxation.matrix[live]
        sides = np.where(prices[live] > 0, relaxation.lower[live], relaxation.upper[live])
        default = matrix[:, self._columns()].sum(axis=1)
        steps = np.array(
            [
                self._column_sum(matrix, g, place)
                - self._column_sum(matrix, g, int(self._default[g]))
                for g, place in zip(self.groups, self.places, strict=True)
            ]
        ).reshape(self.groups.size, live.size)
        room = default + moves.astype(np.float64) @ steps - sides
        worth: Floats = np.maximum(room @ prices[live], 0.0)
        return worth

    def _column_sum(self, matrix: NDArray[Any], g: int, place: int) -> NDArray[Any]:
        """What a choice adds to each row."""
        if place == 0:
            return np.zeros(len(matrix), matrix.dtype)
        column: NDArray[Any] = matrix[:, self.search.table[g, place - 1]]
        return column

    def _columns(self) -> list[int]:
        """Columns of the default choices."""
        chosen = np.flatnonzero(self._default > 0)
        return [int(j) for j in self.search.table[chosen, self._default[chosen] - 1]]

    def stack(self, moves: NDArray[np.bool_]) -> tuple[int, ...]:
        choice = self._default.copy()
        choice[self.groups[moves]] = self.places[moves]
        chosen = np.flatnonzero(choice > 0)
        return tuple(sorted(int(j) for j in self.search.table[chosen, choice[chosen] - 1]))

    def values(self, moves: NDArray[np.bool_]) -> Floats:
        """(stacks,) the measure above the constant, in floating point."""
        search = self.search
        logs = search.core.logs
        left = logs.loss + logs.failure[self._columns()].sum(axis=0)
        steps = np.zeros((self.groups.size, left.size))
        for k, (g, place) in enumerate(zip(self.groups, self.places, strict=True)):
            steps[k] = self._logs(g, int(place)) - self._logs(g, int(self._default[g]))
        left = left[None, :] + moves.astype(np.float64) @ steps
        return search.program.measure.values(search.program.worlds, np.exp(left))

    def _logs(self, g: int, place: int) -> Floats | float:
        if place == 0:
            return 0.0
        row: Floats = self.search.core.logs.failure[self.search.table[g, place - 1]]
        return row
