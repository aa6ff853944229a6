"""The convex relaxation in log space: tangents, one aggregated tangent, a price for every row.

For weights q admissible for the measure and lam >= 0 that sum to 1, every stack x has

    log rho(x) >= sum_s lam[s] (log(q[s] l[s]) - log lam[s]) + sum_i x[i] sum_s lam[s] log F[i, s]

(docs/model.md, Objectives). Kelley's method collects such tangents; the duals of the last linear
program average their (q, lam) into one pair, whose bound is no weaker (the constant is jointly
concave in q and lam), and price the rules. What is left is one penalty a column.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program, Row
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
    (rows, n) coefficients, (rows,) least and most. The linear program holds the rules, the levels,
    and after them further rules and tangents in the order in which they came.

    Least objective: minimise eta with eta >= every tangent. Least cost: minimise the cost with
    every tangent <= `limit` (the log of the target above the constant).
    """

    def __init__(self, program: Program, logs: Logs, limit: float | None = None) -> None:
        self.program = program
        self.logs = logs
        self.limit = limit
        self.tangents: list[Tangent] = []
        self.cost = np.array(program.cost, np.float64)
        self._base = skeleton(program.rows, program.technique)
        self.table = self._base.table
        self._extra: tuple[Row, ...] = ()
        self._extra_at: list[int] = []
        self._tangents_at: list[int] = []
        self._rules()
        self._lp = GrowingLP(self._start())
        self._within: tuple[Floats | None, Floats | None] = None, None

    def ask(self, program: Program, extra: Sequence[Row]) -> None:
        """Another question: the program's rows, then the further ones. Tangents stay."""
        self.program = program
        was, self._extra = self._extra, tuple(extra)
        first = len(self._base.lower)
        if [_sides(row) for row in was] != [_sides(row) for row in extra]:
            self._rules()
            self._forget(self._extra_at)
            self._extra_at = []
            for r in range(len(extra)):
                self._extra_at.append(self._lp.height)
                values = np.append(self.matrix[first + r], 0.0)
                self._lp.add(values, self.lower[first + r], self.upper[first + r])
            return
        for r, (old, new) in enumerate(zip(was, extra, strict=True)):
            if (old.lower, old.upper) != (new.lower, new.upper):
                self._move(first + r, new)
                at = self._extra_at[r]
                self._lp.row_bounds(at, self.lower[first + r], self.upper[first + r])

    def _move(self, r: int, row: Row) -> None:
        """New bounds for a further row."""
        none = np.iinfo(np.int64).max
        _, least, most = self.rules
        least[r] = -none if row.lower is None else row.lower
        most[r] = none if row.upper is None else row.upper
        scale = self._scales[r]
        self.lower[r] = -np.inf if row.lower is None else row.lower / scale
        self.upper[r] = np.inf if row.upper is None else row.upper / scale

    def learn(self, other: Relaxation) -> None:
        """Tangents with the weights that another one's tangents have, on the worlds of this one.

        Any weights lam are legal; admissible q are those of the losses with nothing bought.
        """
        left = np.exp(self.logs.loss - self.logs.loss.max())
        q = self.program.measure.weights(self.program.worlds, left)
        for tangent in other.tangents:
            lam = np.where(q > 0, tangent.lam, 0.0)
            if lam.sum() > 0:
                self.add(q, lam / lam.sum())

    def retain(self, tangents: Sequence[Tangent]) -> None:
        """Forget all other tangents: each slows every later linear program."""
        wanted = {id(tangent) for tangent in tangents}
        kept = [id(tangent) in wanted for tangent in self.tangents]
        self._forget([at for at, keep in zip(self._tangents_at, kept, strict=True) if not keep])
        self.tangents = [t for t, keep in zip(self.tangents, kept, strict=True) if keep]

    def _forget(self, rows: Sequence[int]) -> None:
        """Delete rows of the linear program, and move the numbers of the others up."""
        gone = sorted(rows)
        self._lp.forget(gone)
        for places in (self._extra_at, self._tangents_at):
            places[:] = [at - bisect_left(gone, at) for at in places if at not in rows]

    def _rules(self) -> None:
        """The rules as numbers, the further ones after the program's own."""
        base, extra = self._base, self._extra
        scales, whole = base.scales, base.whole
        least, most, lower, upper = base.least, base.most, base.lower, base.upper
        if extra:
            none = np.iinfo(np.int64).max
            more = np.zeros((len(extra), self.program.size))
            for r, row in enumerate(extra):
                np.add.at(more[r], list(row.indices), row.coefficients)
            whole = np.vstack([whole, more])
            scales = np.append(scales, np.maximum(np.abs(more).max(axis=1, initial=0.0), 1.0))
            low = [-none if row.lower is None else row.lower for row in extra]
            high = [none if row.upper is None else row.upper for row in extra]
            least, most = np.append(least, low), np.append(most, high)
            lower = np.append(lower, [-np.inf if r.lower is None else r.lower for r in extra])
            upper = np.append(upper, [np.inf if r.upper is None else r.upper for r in extra])
        self.rules = whole, least, most
        self._scales = scales
        self.matrix = whole / scales[:, None]
        self.lower, self.upper = lower / scales, upper / scales

    def _start(self) -> LinearProgram:
        """The rules alone; the last column is eta (unused where a target is set)."""
        if self.limit is None:
            return rules_alone(self._base)
        objective = np.append(self.cost / self.cost_scale, 0.0)
        return replace(rules_alone(self._base), objective=objective)

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
        self._tangents_at.append(self._lp.height)
        if self.limit is None:
            self._lp.add(np.append(-tangent.slope, 1.0), tangent.constant)
        else:
            self._lp.add(np.append(-tangent.slope, 0.0), tangent.constant - self.limit)

    def aggregate(self, q: Floats, lam: Floats) -> Tangent:
        """The tangent of a pair of weights: any admissible q and any lam are legal."""
        return Tangent(q, lam, self._constant(q, lam), self.logs.failure @ lam)

    def _constant(self, q: Floats, lam: Floats) -> float:
        """sum of lam (log(q l) - log lam); NumPy sums by halves, which errs by far less than SAFE
        in core.py allows."""
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = lam * (np.log(q) + self.logs.loss - np.log(lam))
        return float(np.where(lam > 0, terms, 0.0).sum())

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
        # The arrays of a node are not written to: the same ones hold the same bounds.
        if lower is not self._within[0] or upper is not self._within[1]:
            self._lp.bounds(lower, upper)
            self._within = lower, upper
        answer = self._lp.solve()
        if answer is None:
            return None
        values, duals, _ = answer
        theta = np.maximum(duals[self._tangents_at], 0.0)
        prices = np.append(duals[: len(self._base.lower)], duals[self._extra_at])
        return np.clip(values[:-1], 0.0, 1.0), self._price(theta, prices)

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
        prices[(prices > 0) & ~np.isfinite(self.lower)] = 0.0
        prices[(prices < 0) & ~np.isfinite(self.upper)] = 0.0
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
        # Few rules have a price, and those have the side that it is paid for.
        live = np.flatnonzero(prices)
        paid = prices[live]
        sides = np.where(paid > 0, self.lower[live], self.upper[live])
        base = scale * constant + math.fsum(paid * sides)
        reduced = scale * slope
        if live.size:
            reduced -= paid @ self.matrix[live]
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
        # Slopes are linear in the weights: theirs average too, without a pass over the matrix.
        slope = priced.share @ np.array([t.slope for t in priced.tangents])
        total = float(lam.sum())
        lam /= total
        one = Tangent(q, lam, self._constant(q, lam), slope / total)
        return self._priced(
            (one,), np.ones(1), priced.scale, priced.prices, one.constant, one.slope
        )


@dataclass(frozen=True, eq=False)
class Skeleton:
    """What many questions and many draws have in common: rows as numbers, levels apart.

    `whole` (rows, n) coefficients and `least`, `most` (rows,) bounds as whole numbers (the largest
    64-bit one for none), `lower` and `upper` the same with infinities, `scales` the largest
    coefficient of each; `groups` the columns of each level row; `table` as in `group_table`.
    """

    table: NDArray[np.int64]
    groups: tuple[tuple[int, ...], ...]
    whole: Floats
    least: NDArray[np.int64]
    most: NDArray[np.int64]
    lower: Floats
    upper: Floats
    scales: Floats


@functools.lru_cache(maxsize=4)
def skeleton(rows: tuple[Row, ...], technique: tuple[int, ...]) -> Skeleton:
    rules = [row for row in rows if row.where != "levels"]
    none = np.iinfo(np.int64).max
    whole = np.zeros((len(rules), len(technique)))
    for r, row in enumerate(rules):
        np.add.at(whole[r], list(row.indices), row.coefficients)
    return Skeleton(
        table=group_table(technique),
        groups=tuple(row.indices for row in rows if row.where == "levels"),
        whole=whole,
        least=np.array([-none if row.lower is None else row.lower for row in rules], np.int64),
        most=np.array([none if row.upper is None else row.upper for row in rules], np.int64),
        lower=np.array([-np.inf if row.lower is None else row.lower for row in rules]),
        upper=np.array([np.inf if row.upper is None else row.upper for row in rules]),
        scales=np.maximum(np.abs(whole).max(axis=1, initial=0.0), 1.0),
    )


@functools.lru_cache(maxsize=4)
def rules_alone(base: Skeleton) -> LinearProgram:
    """The rules and the levels, and a last column to be minimised that is in none of them."""
    n = base.whole.shape[1]
    matrix = base.whole / base.scales[:, None]
    rows = [np.flatnonzero(row) for row in matrix]
    parts = [row[columns] for row, columns in zip(matrix, rows, strict=True)]
    rows += [np.array(columns) for columns in base.groups]
    parts += [np.ones(len(columns)) for columns in base.groups]
    none = np.full(len(base.groups), -np.inf)
    return LinearProgram(
        objective=np.append(np.zeros(n), 1.0),
        lower=np.append(np.zeros(n), -800.0),
        upper=np.append(np.ones(n), 800.0),
        integer=np.zeros(n + 1, np.bool_),
        row_lower=np.concatenate([base.lower / base.scales, none]),
        row_upper=np.concatenate([base.upper / base.scales, np.ones(len(base.groups))]),
        starts=np.cumsum([0, *map(len, rows)]).astype(np.int32),
        columns=np.concatenate([np.zeros(0, np.int32), *rows]).astype(np.int32),
        values=np.concatenate([np.zeros(0), *parts]),
    )


def _sides(row: Row) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return row.indices, row.coefficients


def group_table(technique: Sequence[int]) -> NDArray[np.int64]:
    """(techniques, most levels) columns of each technique, -1 where there are fewer."""
    groups: dict[int, list[int]] = {}
    for j, one in enumerate(technique):
        groups.setdefault(one, []).append(j)
    width = max((len(g) for g in groups.values()), default=1)
    table = np.full((len(groups), width), -1, np.int64)
    for g, columns in enumerate(groups.values()):
        table[g, : len(columns)] = columns
    return table
