"""A certificate for a stack that is already found: a tree whose leaves a verifier can check.

Floating point is allowed here: whatever comes out is checked by `planner.proof.verify_plan`, in
exact arithmetic, before anybody calls it certified. The tree is grown depth first. At each node
Kelley's method finds weights of the worlds and prices of the rules; a node is a leaf where its
bound reaches the goal, or leaves so few stacks open that the verifier can try them all.

The work is bounded by counts, not by the clock, so that the same plan gives the same certificate
on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program, Row
from planner.proof.certificate import (
    Branch,
    Certificate,
    CertifiedOption,
    CertifiedRule,
    Instance,
    Leaf,
    Tree,
    WorldWeights,
)
from planner.proof.verify_plan import WEIGHT_BITS
from planner.risk.measures import CVaR, Expected, Worst
from planner.solve.backend import LinearProgram
from planner.solve.incremental import GrowingLP
from planner.solve.lifted import Lifted
from planner.solve.master import Deadline
from planner.solve.models import Logs
from planner.solve.penalties import Penalties
from planner.solve.relaxation import Priced, Relaxation, Tangent, group_table, skeleton
from planner.worlds.types import Floats

#: Rounds of Kelley's method at the root and at the other nodes.
ROOT_ROUNDS, NODE_ROUNDS = 100, 12
#: A relaxation whose own error is this share of what is missing need not be refined.
ENOUGH = 0.2
#: Tangents that are kept as the tree grows: each makes every later linear program slower.
MOST_TANGENTS = 120
#: Stacks times worlds that a leaf may leave to be tried, and stacks.
LISTED_CELLS, MOST_LISTED = 200_000, 2_000
#: What the verifier's rounding may add to what a bound in doubles leaves open.
MARGIN = 1e-8
#: Nodes after which a tree that would need so many times the nodes allowed is given up.
PROBATION, HOPELESS = 100, 20.0


@dataclass(frozen=True)
class Effort:
    """How much may go into one certificate.

    cells   options times worlds of the instance: what the file holds
    nodes   of the tree
    work    options times worlds, summed over the nodes: what the check of the tree costs
    """

    cells: int
    nodes: int
    work: int


#: Where a plan is only shown: a few seconds at most. Where it is kept: up to a few minutes, for a
#: file of up to some 10 MB that is checked within a minute.
QUICK = Effort(cells=150_000, nodes=40, work=8_000_000)
FULL = Effort(cells=400_000, nodes=2_000, work=250_000_000)


class NotCertified(Exception):
    """There is no certificate; the message completes "not certified: "."""


def certify(
    program: Program,
    names: Sequence[tuple[str, str]],
    committed: Sequence[tuple[str, str]],
    stack: Sequence[int],
    gap: float,
    decimals: int,
    effort: Effort,
    seconds: float | None = None,
) -> Certificate:
    """The certificate that no stack is better than this one by more than the gap.

    `names` are technique and level of each column, `committed` of what others pay for. Raises
    NotCertified where the instance or its tree is too large, or after the seconds.
    """
    cells = program.size * program.loss.size
    if cells > effort.cells:
        raise NotCertified(
            f"{program.size} options x {program.loss.size} worlds are more than a certificate "
            f"holds ({effort.cells:,} cells)"
        )
    bound = _bound(program, stack, gap)
    instance = instance_of(program, names, committed, decimals)
    tree = Grower(program, stack, bound, effort, Deadline(seconds)).grow()
    return Certificate(instance, tuple(sorted(stack)), program.stack_cost(stack), bound, tree)


def _bound(program: Program, stack: Sequence[int], gap: float) -> str | float | int:
    if program.target is not None:
        cost = program.stack_cost(stack)
        return math.ceil(Fraction(cost) * (1 - Fraction(gap)))
    value = program.exact_value(stack)
    least = float(value) * (1 - gap)
    return "value" if gap == 0 or Fraction(least) > value else least


def instance_of(
    program: Program,
    names: Sequence[tuple[str, str]],
    committed: Sequence[tuple[str, str]],
    decimals: int,
) -> Instance:
    """The program as a certificate has it. "At most one level" goes without saying there."""
    worlds = program.worlds
    return Instance(
        decimals=decimals,
        measure=program.measure.name,
        options=tuple(
            CertifiedOption(*name, tuple(row.tolist()), cost)
            for name, row, cost in zip(names, program.failure, program.cost, strict=True)
        ),
        committed=tuple(
            CertifiedOption(*name, tuple(worlds.failure[k].tolist()))
            for name, k in zip(committed, program.committed, strict=True)
        ),
        rules=tuple(
            CertifiedRule(
                row.rule,
                row.where,
                _terms(row),
                row.lower,
                row.upper,
            )
            for row in program.rows
            if row.where != "levels"
        ),
        probability=tuple(worlds.probability.tolist()),
        loss=tuple(worlds.loss.tolist()),
        state=tuple(worlds.state.tolist()) if isinstance(program.measure, Worst) else None,
        target=program.target,
    )


@dataclass(frozen=True, eq=False)
class Node:
    """Bounds on the columns, and the share of the tree below: half at each branch."""

    lower: Floats
    upper: Floats
    share: float = 1.0


class Grower:
    """Grows one tree: no stack of the program reaches the goal that `bound` sets."""

    def __init__(
        self,
        program: Program,
        stack: Sequence[int],
        bound: str | float | int,
        effort: Effort,
        deadline: Deadline,
    ) -> None:
        self.program = program
        self.effort = effort
        self.deadline = deadline
        self.logs = Logs(program)
        self.rules = [row for row in program.rows if row.where != "levels"]
        self._scales = skeleton(program.rows, program.technique).scales
        self.weights: list[WorldWeights] = []
        self.nodes: list[Branch | Leaf] = []
        self.work = 0
        self.level: float | None = None
        limit = program.target_limit
        if limit is None:
            value = program.exact_value(stack) if bound == "value" else Fraction(float(bound))
            above = value - self.logs.constant
            self.trivial = above <= 0
            self.log_level = _log(above) if above > 0 else 0.0
            self.threshold = self.log_level
        else:
            least = int(bound)
            self.trivial = least <= 0
            above = limit - self.logs.constant
            if above <= 0:
                # Every stack that leaves anything beyond what no option changes leaves this much.
                self.level = self._least_positive()
                above = Fraction(self.level) - self.logs.constant
            self.log_level = _log(above) if above > 0 else 0.0
            self.threshold = least - 1.0

    def _least_positive(self) -> float:
        """A double above the target, and below every larger value that a stack can have."""
        limit = self.program.target_limit
        if limit is None:
            raise ValueError("only a target needs a level")
        smallest = self.logs.loss + np.log(self.program.worlds.probability)
        smallest = smallest + np.minimum(self.logs.failure, 0.0).sum(axis=0)
        finite = smallest[np.isfinite(smallest)]
        size = math.exp(max(float(finite.min()) if finite.size else 0.0, -700.0))
        level = float(limit) + size
        while Fraction(level) <= limit or Fraction(level) <= self.logs.constant:
            level = math.nextafter(level, math.inf)
        return level

    def grow(self) -> Tree | None:
        """The tree; None where nothing needs to be shown. Raises NotCertified."""
        if self.trivial:
            return None
        n = self.program.size
        waiting = [Node(np.zeros(n), np.ones(n))]
        if self._few():
            self.nodes.append(Leaf(None, self._no_prices))
            waiting = []
        else:
            self._start()
        while waiting:
            node = waiting.pop()
            if len(self.nodes) == PROBATION:
                done = 1.0 - sum(one.share for one in (node, *waiting))
                if done * HOPELESS * self.effort.nodes < PROBATION:
                    raise NotCertified("its relaxation says too little: the tree would not end")
            self.work += self.program.size * self.program.loss.size
            if self.work > self.effort.work or len(self.nodes) >= self.effort.nodes:
                raise NotCertified(f"its tree has more than {len(self.nodes)} nodes")
            if self.deadline.over():
                raise NotCertified("the time limit left too little time")
            waiting += self._visit(node)
        return Tree(tuple(self.weights), tuple(self.nodes), self.level)

    def _few(self) -> bool:
        """Whether the verifier can simply try every stack."""
        count = math.prod(1 + int((row >= 0).sum()) for row in _table(self.program))
        return count * self.program.loss.size <= LISTED_CELLS and count <= MOST_LISTED

    @property
    def _no_prices(self) -> tuple[float, ...]:
        return (0.0,) * (len(self.rules) + (self.program.target is not None))

    def _start(self, kept: Sequence[Tangent] = ()) -> None:
        limit = None if self.program.target is None else self.log_level
        if self.logs.any_zero:
            self.relaxation: Relaxation = Lifted(self.program, self.logs, self.log_level, limit)
        else:
            self.relaxation = Relaxation(self.program, self.logs, limit)
        for tangent in kept:
            self.relaxation.keep(tangent)

    def _visit(self, node: Node) -> list[Node]:
        """A leaf, or a branch with its sides, the last one to be visited first."""
        priced, point = self._relax(node)
        if priced is None:
            prices = self._conflict(node)
            if prices is not None:
                self.nodes.append(Leaf(None, prices))
                return []
            return self._branch(node, None, None)
        shape = Penalties(self.relaxation, node.lower, node.upper, priced)
        left = self.threshold - shape.floor + MARGIN * max(1.0, abs(priced.scale))
        most = min(MOST_LISTED, LISTED_CELLS // self.program.loss.size)
        if left < 0 or shape.count(left, most) is not None:
            self._leaf(priced)
            return []
        return self._branch(node, point, priced)

    # Bounds.

    def _relax(self, node: Node) -> tuple[Priced | None, Floats | None]:
        """Kelley's method, in-out, until the goal is met or its own error is small."""
        root = not self.nodes
        if len(self.relaxation.tangents) > MOST_TANGENTS:
            self._start(self.useful)
        relaxation = self.relaxation
        if not relaxation.tangents:
            relaxation.tangent_at(np.zeros(self.program.size))
        best: Priced | None = None
        floor, point, inside, height = -math.inf, None, None, math.inf
        for _ in range(ROOT_ROUNDS if root else NODE_ROUNDS):
            answer = relaxation.solve(node.lower, node.upper)
            if answer is None:
                return None, None
            at, priced = answer
            here = Penalties(relaxation, node.lower, node.upper, priced).floor
            if best is None or here > floor:
                best, floor, point = priced, here, at
            if floor > self.threshold:
                break
            x = at if inside is None else 0.5 * (at + inside)
            reached = relaxation.tangent_at(x)
            if not math.isfinite(reached) and x is not at:
                reached = relaxation.tangent_at(at)
            if relaxation.limit is not None:
                error = priced.scale * max(reached - relaxation.limit, 0.0)
            else:
                if reached < height:
                    inside, height = x, reached
                error = height - floor
            if error < ENOUGH * (self.threshold - floor):
                break
        if best is None:
            return None, None
        if root or len(self.relaxation.tangents) > MOST_TANGENTS:
            order = np.argsort(-best.share, kind="stable")[: MOST_TANGENTS // 4]
            self.useful = [best.tangents[k] for k in order]
        return relaxation.sharpen(best), point

    useful: Sequence[Tangent] = ()

    def _conflict(self, node: Node) -> tuple[float, ...] | None:
        """Prices of the rules that leave no stack at the node; None where they were not found.

        The linear program of the least total violation: its duals.
        """
        relaxation = self.relaxation
        matrix, n, m = relaxation.matrix, self.program.size, len(relaxation.matrix)
        groups = [row for row in _table(self.program) if (row >= 0).sum() > 1]
        levels = np.zeros((len(groups), n))
        for g, row in enumerate(groups):
            levels[g, row[row >= 0]] = 1.0
        table = np.block(
            [
                [matrix, np.eye(m), -np.eye(m)],
                [levels, np.zeros((len(groups), 2 * m))],
            ]
        )
        filled = np.flatnonzero(table.ravel())
        program = LinearProgram(
            objective=np.append(np.zeros(n), np.ones(2 * m)),
            lower=np.append(node.lower, np.zeros(2 * m)),
            upper=np.append(node.upper, np.full(2 * m, np.inf)),
            integer=np.zeros(n + 2 * m, np.bool_),
            row_lower=np.append(relaxation.lower, np.full(len(groups), -np.inf)),
            row_upper=np.append(relaxation.upper, np.ones(len(groups))),
            starts=np.append(0, np.cumsum((table != 0).sum(axis=1))).astype(np.int32),
            columns=(filled % table.shape[1]).astype(np.int32),
            values=table.ravel()[filled],
        )
        answer = GrowingLP(program).solve()
        if answer is None or answer[2] <= 1e-7:
            return None
        return self._prices(answer[1][:m], 1.0, cost=0.0)

    # The tree.

    def _leaf(self, priced: Priced) -> None:
        tangent = priced.tangents[0]
        if self.program.target is None:
            prices = self._prices(priced.prices, priced.scale, cost=0.0)
        elif priced.scale > 0:
            prices = self._prices(priced.prices, priced.scale, cost=1 / priced.scale)
        else:
            self.nodes.append(Leaf(None, self._prices(priced.prices, 1.0, cost=1.0)))
            return
        self.weights.append(self._weights(tangent))
        self.nodes.append(Leaf(len(self.weights) - 1, prices))

    def _prices(self, prices: Floats, scale: float, cost: float) -> tuple[float, ...]:
        """Prices of the whole-number rules; those of the relaxation are of scaled ones, and of the
        other sign."""
        found = []
        for price, row, size in zip(prices, self.rules, self._scales, strict=True):
            mine = -float(price) / float(size) / scale
            side = row.upper if mine > 0 else row.lower
            found.append(mine if side is not None and math.isfinite(mine) else 0.0)
        return (*found, cost) if self.program.target is not None else tuple(found)

    def _weights(self, tangent: Tangent) -> WorldWeights:
        one = float(1 << WEIGHT_BITS)
        lam = np.rint(tangent.lam / tangent.lam.sum() * one).astype(np.int64)
        worlds, measure = self.program.worlds, self.program.measure
        if isinstance(measure, Expected):
            return WorldWeights(tuple(lam.tolist()))
        # A little less than all of it, so that rounding never makes it more.
        ratio = tangent.q / worlds.probability * (1 - 2.0**-40)
        if isinstance(measure, CVaR):
            shares = np.floor(np.clip(ratio * float(1 - measure.level), 0.0, 1.0) * one)
        else:
            _, first = np.unique(worlds.state, return_index=True)
            shares = np.floor(np.clip(ratio[first], 0.0, 1.0) * one)
        return WorldWeights(tuple(lam.tolist()), tuple(int(x) for x in shares))

    def _branch(self, node: Node, point: Floats | None, priced: Priced | None) -> list[Node]:
        """In or out: the column that the relaxation is least sure of."""
        free = np.flatnonzero(node.upper > node.lower)
        if not free.size:
            # One stack is left, and doubles cannot tell: the verifier tries it.
            self.nodes.append(Leaf(None, self._no_prices))
            return []
        unsure = np.full(free.size, 0.5) if point is None else np.abs(point[free] - 0.5)
        unsure = np.round(unsure, 9)
        best = free[np.flatnonzero(unsure == unsure.min())]
        slopes = np.zeros(best.size) if priced is None else np.abs(priced.tangents[0].slope[best])
        j = int(best[int(slopes.argmax())])
        self.nodes.append(Branch(j))
        sides = []
        for value in (0.0, 1.0):
            lower, upper = node.lower.copy(), node.upper.copy()
            lower[j] = upper[j] = value
            if value == 1.0:
                row = next(row for row in _table(self.program) if j in row)
                upper[row[(row >= 0) & (row != j)]] = 0.0
            sides.append(Node(lower, upper, node.share / 2))
        return sides


def _terms(row: Row) -> tuple[tuple[int, int], ...]:
    """A column that stands in a row twice counts with the sum of its amounts."""
    amounts: dict[int, int] = {}
    for column, amount in zip(row.indices, row.coefficients, strict=True):
        amounts[column] = amounts.get(column, 0) + amount
    return tuple(amounts.items())


def _table(program: Program) -> NDArray[np.int64]:
    return group_table(program.technique)


def _log(number: Fraction) -> float:
    """log of a positive fraction of any size."""
    shift = number.numerator.bit_length() - number.denominator.bit_length()
    return math.log(number / Fraction(2) ** shift) + shift * math.log(2)
