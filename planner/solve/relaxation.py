"""The convex relaxation in log space: tangents, one aggregated tangent, a price for every row.

For weights q admissible for the measure and lam >= 0 that sum to 1, every stack x has

    log rho(x) >= sum_s lam[s] (log(q[s] l[s]) - log lam[s]) + sum_i x[i] sum_s lam[s] log F[i, s]

(docs/model.md, Objectives). Kelley's method collects such tangents; the duals of the last linear
program average their (q, lam) into one pair, whose bound is no weaker (the constant is jointly
concave in q and lam), and price the rules. What is left is one penalty a column.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program
from planner.solve.backend import LinearProgram
from planner.solve.incremental import GrowingLP
from planner.solve.models import Logs
from planner.worlds.types import Floats


@dataclass(frozen=True, eq=False)
class Tangent:
    """One pair of weights (q, lam), and its constant and slopes (n,)."""

    q: Floats
    lam: Floats
    constant: float
    slope: Floats


@dataclass(frozen=True, eq=False)
class Priced:
    """A bound with one number a column: objective >= base + reduced . x for every feasible x.

    `tangents` with their `share` are what is averaged, `prices` (rows,) the multipliers on the
    scaled rules: together they are all that a checker needs.
    """

    base: float
    reduced: Floats
    tangents: tuple[Tangent, ...]
    share: Floats
    scale: float
    prices: Floats


class Relaxation:
    """Tangents of one program, shared by all its nodes and by questions with other rows.

    `table` lists each technique's columns; `rules` are the rules but the levels as whole numbers:
    (rows, n) coefficients, (rows,) least and most.

    Least objective: minimise eta with eta >= every tangent. Least cost: minimise the cost with
    every tangent <= `limit` (the log of the target above the constant).
    """

    def __init__(self, program: Program, logs: Logs, limit: float | None = None) -> None:
        self.program = program
        self.logs = logs
        self.limit = limit
        self.tangents: list[Tangent] = []
        self.table = group_table(program)
        kept = [r for r, row in enumerate(program.rows) if row.where != "levels"]
        whole, least, most = program.dense_rows
        self.rules = whole[kept].astype(np.float64), least[kept], most[kept]
        rows = [program.rows[r] for r in kept]
        self._groups = [row for row in program.rows if row.where == "levels"]
        n = program.size
        self._scales = np.array([max(map(abs, r.coefficients), default=1) or 1 for r in rows])
        self.matrix = np.zeros((len(rows), n))
        for r, row in enumerate(rows):
            self.matrix[r, list(row.indices)] = np.array(row.coefficients) / self._scales[r]
        lower = np.array([-np.inf if row.lower is None else row.lower for row in rows])
        upper = np.array([np.inf if row.upper is None else row.upper for row in rows])
        self.lower, self.upper = lower / self._scales, upper / self._scales
        self.cost = np.array(program.cost, np.float64)
        self._lp = GrowingLP(self._start())

    def _start(self) -> LinearProgram:
        """The rules alone; the last column is eta (unused where a target is set)."""
        n = self.program.size
        groups = np.zeros((len(self._groups), n))
        for g, row in enumerate(self._groups):
            groups[g, list(row.indices)] = 1.0
        table = np.hstack(
            [np.vstack([self.matrix, groups]), np.zeros((len(self.matrix) + len(groups), 1))]
        )
        filled = np.flatnonzero(table.ravel())
        starts = np.concatenate([[0], np.cumsum((table != 0).sum(axis=1))])
        objective = np.append(np.zeros(n), 1.0)
        if self.limit is not None:
            objective = np.append(self.cost / max(self.cost.max(initial=1.0), 1.0), 0.0)
        return LinearProgram(
            objective=objective,
            lower=np.append(np.zeros(n), -800.0),
            upper=np.append(np.ones(n), 800.0),
            integer=np.zeros(n + 1, np.bool_),
            row_lower=np.concatenate([self.lower, np.full(len(groups), -np.inf)]),
            row_upper=np.concatenate([self.upper, np.ones(len(groups))]),
            starts=starts.astype(np.int32),
            columns=(filled % (n + 1)).astype(np.int32),
            values=table.ravel()[filled],
        )

    @property
    def cost_scale(self) -> float:
        return 1.0 if self.limit is None else max(float(self.cost.max(initial=1.0)), 1.0)

    # Tangents.

    def tangent_at(self, x: Floats) -> float:
        """Add the tangent at x (0..1); the log of the objective above the constant there."""
        left = self.logs.losses(x)
        top = float(left.max())
        if not math.isfinite(top):
            return -math.inf
        scaled = np.exp(left - top)
        measure, worlds = self.program.measure, self.program.worlds
        q = measure.weights(worlds, scaled)
        share = q * scaled
        total = float(share.sum())
        self.add(q, share / total)
        return top + math.log(total)

    def add(self, q: Floats, lam: Floats) -> None:
        self.keep(self.aggregate(q, lam))

    def keep(self, tangent: Tangent) -> None:
        """Add a tangent, of this question or of an earlier one: rules play no part in it."""
        self.tangents.append(tangent)
        if self.limit is None:
            self._lp.add(np.append(-tangent.slope, 1.0), tangent.constant)
        else:
            self._lp.add(np.append(-tangent.slope, 0.0), tangent.constant - self.limit)

    def aggregate(self, q: Floats, lam: Floats) -> Tangent:
        """The tangent of a pair of weights: any admissible q and any lam are legal."""
        live = lam > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = lam * (np.log(q) + self.logs.loss - np.log(lam))
        constant = math.fsum(terms[live])
        return Tangent(q, lam, constant, self.logs.failure @ lam)

    def _even(self) -> Tangent:
        """Legal weights where there is no tangent: every loss alike, the worlds as they are."""
        q = self.program.measure.weights(self.program.worlds, np.ones(self.program.loss.size))
        lam = np.where(np.isfinite(self.logs.loss), q, 0.0)
        if lam.sum() <= 0:
            lam = q
        return self.aggregate(q, lam / lam.sum())

    def value(self, x: Floats) -> float:
        """log of the objective above the constant at x."""
        left = self.logs.losses(x)
        top = float(left.max())
        scaled = np.exp(left - top)
        measure, worlds = self.program.measure, self.program.worlds
        return top + math.log(float(scaled @ measure.weights(worlds, scaled)))

    # Bounds.

    def solve(self, lower: Floats, upper: Floats) -> tuple[Floats, Priced] | None:
        """Relaxed point and priced bound within bounds on the columns; None: infeasible."""
        self._lp.bounds(lower, upper)
        answer = self._lp.solve()
        if answer is None:
            return None
        values, duals, _ = answer
        rules = len(self.matrix)
        theta = np.maximum(duals[rules + len(self._groups) :], 0.0)
        return np.clip(values[:-1], 0.0, 1.0), self._price(theta, duals[:rules])

    def _price(self, theta: Floats, duals: Floats) -> Priced:
        """Bound of the tangents' average and the rules' multipliers (clipped to the legal sign)."""
        total = float(theta.sum())
        used = np.flatnonzero(theta > 0)
        if total <= 0 or not used.size:
            # No tangent is tight (with a target: none is needed), so any legal weights will do.
            tangents = self.tangents[-1:] or [self._even()]
            share = np.ones(1)
            scale = 1.0 if self.limit is None else 0.0
        else:
            # Duals that do not quite sum to 1 still average to legal weights.
            tangents = [self.tangents[k] for k in used]
            share = theta[used] / total
            scale = 1.0 if self.limit is None else total * self.cost_scale
        prices = duals * self.cost_scale
        prices = np.where((prices > 0) & ~np.isfinite(self.lower), 0.0, prices)
        prices = np.where((prices < 0) & ~np.isfinite(self.upper), 0.0, prices)
        constant = sum(s * t.constant for s, t in zip(share, tangents, strict=True))
        slope = share @ np.array([t.slope for t in tangents])
        return self._priced(tuple(tangents), share, scale, prices, float(constant), slope)

    def _priced(
        self,
        tangents: tuple[Tangent, ...],
        share: Floats,
        scale: float,
        prices: Floats,
        constant: float,
        slope: Floats,
    ) -> Priced:
        sides = np.where(prices > 0, self.lower, self.upper)
        held = np.where(prices != 0, prices * np.where(np.isfinite(sides), sides, 0.0), 0.0)
        base = scale * constant + math.fsum(held)
        reduced = scale * slope - prices @ self.matrix
        if self.limit is not None:
            base -= scale * self.limit
            reduced = reduced + self.cost
        return Priced(base, reduced, tangents, share, scale, prices)

    def sharpen(self, priced: Priced) -> Priced:
        """The same with its tangents' weights averaged into one: never a weaker bound."""
        if len(priced.tangents) == 1:
            return priced
        q = priced.share @ np.array([t.q for t in priced.tangents])
        lam = priced.share @ np.array([t.lam for t in priced.tangents])
        one = self.aggregate(q, lam / lam.sum())
        return self._priced(
            (one,), np.ones(1), priced.scale, priced.prices, one.constant, one.slope
        )


def group_table(program: Program) -> NDArray[np.int64]:
    """(techniques, most levels) columns of each technique, -1 where there are fewer."""
    groups: dict[int, list[int]] = {}
    for j, technique in enumerate(program.technique):
        groups.setdefault(technique, []).append(j)
    width = max((len(g) for g in groups.values()), default=1)
    table = np.full((len(groups), width), -1, np.int64)
    for g, columns in enumerate(groups.values()):
        table[g, : len(columns)] = columns
    return table
