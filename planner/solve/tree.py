"""Branch and bound over one row a world, with rows separated at every node.

A mixed-integer solver sees only the rows that it is given; after branching, points turn fractional
where it knows nothing. Here the envelope rows are made where they are needed, and hold for all
nodes. One linear program is warm throughout. A node is dropped when its bound is within the gap of
the best stack; the least bound of what is left is proven whenever the search stops.

No bound rests on the word of the solver of the linear programs: its multipliers are taken, and what
they prove is worked out anew (`planner.solve.weak_duality`).
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.solve.incremental import GrowingLP, Vertex
from planner.solve.master import Deadline, Master
from planner.solve.weak_duality import WeakDuality
from planner.solve.worldrows import WorldRows
from planner.worlds.types import Floats

#: A column nearer than this to a whole number is whole.
WHOLE = 1e-6
#: Tolerance of the linear programs, on rows and on reduced costs (at 1e-9 one was seen to cycle).
EXACT = 1e-8
#: Rounds of rows at the root and at other nodes.
ROOT_ROUNDS, NODE_ROUNDS = 200, 6
#: A round is worth another one where it closed this share of what was open.
ROOT_SHARE, NODE_SHARE = 0.005, 0.1
#: Rounds at the root that close too little before branching starts.
PATIENCE = 3
#: Columns tried before one without a history is branched on.
CANDIDATES = 8
#: Solves for which a row may be slack before it is forgotten, and the number of rows (a multiple
#: of those that the root ended with) from which that is looked at.
IDLE, CROWDED = 40, 1.5
#: Nodes between two stacks made from a node's point by swaps.
POLISH_EVERY = 3

Bits = NDArray[np.int8]
#: Takes a fractional point, its reduced costs and whether to take pains over it; returns the best
#: known theta after trying stacks near it.
Round = Callable[[Floats, Floats, bool], float]


@dataclass(frozen=True, eq=False)
class Node:
    """Bounds on the columns, and a bound on theta there."""

    lower: Bits
    upper: Bits
    bound: float


class Tree:
    """One search: the least theta, to a relative gap."""

    def __init__(
        self,
        master: Master,
        model: WorldRows,
        deadline: Deadline,
        gap: float,
        try_near: Round,
        tell: Callable[[float], None],
    ) -> None:
        self.size = master.program.size
        self.model = model
        self.deadline = deadline
        self.gap = gap
        self.try_near = try_near
        self.tell = tell
        self.known = math.inf
        self.nodes = 0
        program = master.assemble(model, None, math.inf, integer=False)
        self._rules = program.row_lower.size - len(model)
        self._lp = GrowingLP(program)
        self._own = WeakDuality(program)
        self._lp.tighten(EXACT)
        self._added = len(model)
        self._idle = np.zeros(len(model), np.int64)
        self._few = math.inf
        # Bounds of nodes that were left open, and what one branching gained for each column.
        self._left = math.inf
        self._gain = np.zeros((2, self.size))
        self._tries = np.zeros((2, self.size))

    @property
    def bound(self) -> float:
        """Proven lower bound on theta, solver's tolerances taken off."""
        return self._left

    def run(self, known: float) -> bool:
        """Search from a best known theta; whether the gap is met (else the time is over)."""
        self.known = known
        n = self.size
        queue: list[tuple[float, int, Node]] = []
        counter = itertools.count()
        node: Node | None = Node(np.zeros(n, np.int8), np.ones(n, np.int8), -math.inf)
        while node is not None or queue:
            if node is None:
                _, _, node = heapq.heappop(queue)
            if node.bound >= self._cut():
                self._drop(node.bound)
                node = None
                continue
            self.tell(min(self._left, node.bound, queue[0][0] if queue else math.inf))
            self.nodes += 1
            children, bound = self._explore(node)
            if self.deadline.over():
                self._drop(min(bound, queue[0][0] if queue else math.inf))
                break
            node = children[0] if children else None
            for child in children[1:]:
                heapq.heappush(queue, (child.bound, next(counter), child))
        self._left = min(self._left, self.known)
        return self._left >= self._cut()

    def _cut(self) -> float:
        """Bounds from here on are within the gap of the best stack."""
        return self.known * (1 - self.gap)

    def _drop(self, bound: float) -> None:
        """Part of the search ends here; no stack in it is below the bound."""
        self._left = min(self._left, bound)

    def _explore(self, node: Node) -> tuple[list[Node], float]:
        """Children, the one to go on with first, and the node's bound."""
        vertex, bound = self._bounded(node)
        if vertex is None or bound >= self._cut():
            self._drop(bound)
            return [], bound
        x = vertex.columns[: self.size]
        node = self._fixed(node, vertex, bound)
        free = np.flatnonzero(node.lower < node.upper)
        middle = free[np.abs(x[free] - 0.5) < 0.5 - WHOLE]
        if middle.size:
            j, down, up = self._choose(node, x, middle, bound)
        elif free.size:
            # Whole, but rows within the tolerance leave its value open: any column will do.
            j, down, up = int(free[0]), bound, bound
        else:
            self._drop(self.known)  # one stack, and it was tried
            return [], bound
        children = []
        for value, child_bound in ((0, down), (1, up)):
            if child_bound >= self._cut():
                self._drop(child_bound)
                continue
            lower, upper = node.lower.copy(), node.upper.copy()
            lower[j] = upper[j] = value
            children.append(Node(lower, upper, max(bound, child_bound)))
        # Dive towards what the relaxation holds.
        if len(children) == 2 and x[j] > 0.5:
            children.reverse()
        return children, bound

    def _bounded(self, node: Node) -> tuple[Vertex | None, float]:
        """The node's relaxation after rounds of rows, and its bound (infinite: it is empty)."""
        root = math.isinf(node.bound)
        lower, upper = node.lower.astype(np.float64), node.upper.astype(np.float64)
        self._lp.bounds(lower, upper)
        bound, poor, vertex = node.bound, 0, None
        for done in range(ROOT_ROUNDS if root else NODE_ROUNDS):
            found = self._solve(lower, upper)
            if found is None:
                if self._lp.empty:
                    return None, math.inf
                return vertex, bound  # out of time: what was known still holds
            vertex = found
            before, bound = bound, max(bound, found.value - self._slack())
            if bound >= self._cut():
                break
            x = np.clip(found.columns[: self.size], 0.0, 1.0)
            if not root or done % 3 == 2 or self._whole(x):
                self._try(x, found.reduced, pains=root)
            if bound >= self._cut() or self.deadline.over():
                break
            if not self.model.separate(x, found.columns[self.size :]):
                break
            self._append()
            gained = (bound - before) / max(self._cut() - before, 1e-12)
            poor = (
                poor + 1
                if math.isfinite(before)
                and bound > 0
                and gained < (ROOT_SHARE if root else NODE_SHARE)
                else 0
            )
            if poor >= (PATIENCE if root else 1):
                break
        if root:
            if vertex is not None:
                x = np.clip(vertex.columns[: self.size], 0.0, 1.0)
                self._try(x, vertex.reduced, pains=True)
            self._forget(self._idle == 0)
            self._few = len(self.model)
        return vertex, bound

    def _whole(self, x: Floats) -> bool:
        return bool((np.abs(x - np.rint(x)) <= WHOLE).all())

    def _try(self, x: Floats, reduced: Floats, *, pains: bool) -> None:
        pains = pains or self._whole(x) or self.nodes % POLISH_EVERY == 0
        self.known = min(self.known, self.try_near(x, reduced[: self.size], pains))

    def _slack(self) -> float:
        # A program that would not end was solved again with a wider tolerance.
        return self._lp.feasibility * (self.model.width + 1 + self.size)

    def _checked(self, vertex: Vertex, lower: Floats, upper: Floats) -> Vertex:
        """The vertex with the bound and the reduced costs that its multipliers prove here.

        A stack of at most the known theta has no world's share above that: no measure is below any
        of its worlds' shares. So the columns of theta and T end there, for bounds up to it.
        """
        known = self.known * (1 + 1e-9)
        least = np.concatenate([lower, np.zeros(self.model.width)])
        most = np.concatenate([upper, [known], np.minimum(self.model.share, known)])
        value, reduced = self._own.bound(vertex.duals, least, most)
        return replace(vertex, value=value, reduced=reduced)

    def _fixed(self, node: Node, vertex: Vertex, bound: float) -> Node:
        """Columns that leave their bound only at a price beyond the gap stay there."""
        x = vertex.columns[: self.size]
        price = np.where(x > 0.5, -vertex.reduced[: self.size], vertex.reduced[: self.size])
        beyond = vertex.value - self._slack() + np.maximum(price, 0.0)
        dear = (beyond >= self._cut()) & (node.lower < node.upper)
        dear &= (x > 1 - WHOLE) | (x < WHOLE)
        if not dear.any():
            return Node(node.lower, node.upper, bound)
        self._drop(float(beyond[dear].min()))
        lower, upper = node.lower.copy(), node.upper.copy()
        lower[dear] = upper[dear] = np.rint(x[dear]).astype(np.int8)
        return Node(lower, upper, bound)

    # Which column to branch on.

    def _choose(
        self, node: Node, x: Floats, middle: NDArray[np.intp], bound: float
    ) -> tuple[int, float, float]:
        """The column whose two halves gain most, and their bounds; by trial where it has no
        history."""
        unit = np.where(self._tries > 0, self._gain / np.maximum(self._tries, 1), np.nan)
        usual = np.nanmean(unit, axis=1) if (self._tries > 0).all(axis=0).any() else np.ones(2)
        unit = np.where(np.isnan(unit), usual[:, None], unit)
        score = _score(unit[0, middle] * x[middle], unit[1, middle] * (1 - x[middle]))
        ranked = middle[np.argsort(-score, kind="stable")]
        best = (-1.0, int(ranked[0]), bound, bound)
        new = 0
        for j in ranked.tolist():
            if self._tries[:, j].min() >= 1:
                down, up = bound + unit[0, j] * x[j], bound + unit[1, j] * (1 - x[j])
                found = (float(_score(down - bound, up - bound)), j, bound, bound)
            elif new < CANDIDATES and not self.deadline.over():
                new += 1
                down, up = (
                    self._trial(node, j, 0, bound, x[j]),
                    self._trial(node, j, 1, bound, 1 - x[j]),
                )
                found = (float(_score(down - bound, up - bound)), j, down, up)
                if max(down, up) >= self._cut():
                    return j, down, up
            else:
                continue
            if found[0] > best[0]:
                best = found
        return best[1:]

    def _trial(self, node: Node, j: int, value: int, bound: float, distance: float) -> float:
        lower, upper = node.lower.astype(np.float64), node.upper.astype(np.float64)
        lower[j] = upper[j] = value
        self._lp.bounds(lower, upper)
        vertex = self._lp.ask(self.deadline.left())
        if vertex is None:
            reached = math.inf if self._lp.empty else bound
        else:
            reached = max(bound, self._checked(vertex, lower, upper).value - self._slack())
        gained = min(reached, self.known) - bound
        self._gain[value, j] += max(gained, 1e-9) / max(distance, 1e-6)
        self._tries[value, j] += 1
        return reached

    # Rows.

    def _solve(self, lower: Floats, upper: Floats) -> Vertex | None:
        found = self._lp.ask(self.deadline.left())
        if found is not None:
            found = self._checked(found, lower, upper)
            slack = np.abs(found.duals[self._rules :]) <= EXACT
            self._idle = np.where(slack, self._idle + 1, 0)
            if len(self.model) > CROWDED * self._few and (self._idle > IDLE).any():
                self._forget(self._idle <= IDLE)
                self._few = max(self._few, len(self.model) / CROWDED)
        return found

    def _append(self) -> None:
        rows = self.model.since(self._added)
        self._lp.append(rows)
        self._own.append(rows)
        self._added += len(rows)
        self._idle = np.append(self._idle, np.zeros(len(rows), np.int64))

    def _forget(self, wanted: NDArray[np.bool_]) -> None:
        stays = self.model.keep(wanted)
        gone = (self._rules + np.flatnonzero(~stays)).tolist()
        self._lp.forget(gone)
        self._own.forget(gone)
        self._idle = self._idle[stays]
        self._added = len(self.model)


def _score(down: Floats | float, up: Floats | float) -> Floats:
    """Product of the gains, as branching rules have it."""
    return np.asarray(np.maximum(down, 1e-7) * np.maximum(up, 1e-7))
