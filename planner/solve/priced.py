"""A bound for programs of a great many options, by passes over them and no linear program.

Tangents in log space (docs/model.md, Objectives), each priced against all options at once and moved
by conditional gradients (Frank and Wolfe 1956). Solvers of linear programs do not look at the clock
while they prepare a million columns; a pass over them takes a fraction of a second.

A bound is the least of `constant + slope . x` under one rule with a price and under disjoint rules
of the form "at most so many of these"; the other rules are left out, which only lowers it. A
failure of 0 has no logarithm: it counts as `least` instead, which adds at most `least` times the
loss with nothing bought to what any stack leaves, and that is taken off the bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from planner.program.types import Program
from planner.risk.measures import Expected
from planner.solve.passes import Matrix
from planner.solve.rules import Integers
from planner.worlds.types import Floats

#: Exponent that a protected world counts with where only failures of exactly 0 help.
SHARPNESS = 12.0
#: What a failure counts as at least; where some are 0, this share of what the stack leaves.
LEAST, FLOOR = 1e-300, 0.05
#: Passes of the bound, and those without a gain (in log risk, or as a share of the cost) after
#: which it is left as it is.
PASSES, IDLE, GAIN = 600, 40, 1e-4
#: What doubles may be off by, relative to the sizes of what is summed.
SAFE = 1e-9
#: Halvings of the range in which the price is looked for.
HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Priced:
    """A bound of the log risk (or of the cost), and the reduced costs (n,) behind it."""

    value: float
    reduced: Floats
    scale: float


class Bound:
    """The best priced bound so far on the program's objective."""

    def __init__(self, program: Program, matrix: Matrix, over: Callable[[], bool]) -> None:
        self.program = program
        self.matrix = matrix
        self.over = over
        #: exact expectation of the worlds that nothing protects, and which the others are
        self.constant, self.live = Fraction(0), np.asarray(program.loss > 0)
        if isinstance(program.measure, Expected):
            dead = self.live & ~matrix.touched()
            self.constant = program.exact_constant(dead)
            self.live &= ~dead
        #: whether no risk at all is asked for: only failures of 0 help, and worlds count alike
        self.cover = program.target_limit is not None and program.target_limit <= self.constant
        self.cost = np.array(program.cost, np.float64)
        self._groups()
        self.best: Priced | None = None
        self._price = 0.0

    # The relaxed rules.

    def _groups(self) -> None:
        """One rule to be priced, and disjoint ones of the form "at most so many of these"."""
        n, target = self.program.size, self.program.target is not None
        self.group = np.full(n, -1, np.int64)
        self.most: list[int] = []
        self.amount, self.side = self.cost, 0.0
        tightest, priced = 1.0, None
        plain = []
        for row in self.program.rows:
            values = np.array(row.coefficients, np.int64)
            if row.upper is None or row.upper < 0 or not values.size or values.min() < 0:
                continue
            if values.min() == values.max() == 1:
                plain.append((row.upper / values.size, row))
            elif not target and 0 < row.upper / float(values.sum()) < tightest:
                tightest, priced = row.upper / float(values.sum()), row
        for _, row in sorted(plain, key=lambda pair: pair[0]):
            columns = np.array(row.indices, np.int64)
            if (self.group[columns] < 0).all():
                self.group[columns] = len(self.most)
                self.most.append(int(row.upper or 0))
        self.has_price = target or priced is not None
        if priced is not None:
            self.amount = np.zeros(n)
            np.add.at(self.amount, list(priced.indices), priced.coefficients)
            self.side = float(priced.upper or 0)
        # Every column alone is a group too; they are taken up in the order of their groups.
        alone = self.group < 0
        count = len(self.most)
        self.group[alone] = count + np.arange(int(alone.sum()))
        limits = np.append(np.array(self.most, np.int64), np.ones(int(alone.sum()), np.int64))
        self._grouped = not bool(alone.all())
        self._limit = limits
        self._single = bool((limits == 1).all())

    def _chosen(self, reduced: Floats, among: Integers | None = None) -> Integers:
        """The columns that make the sum of reduced costs least, as the groups allow; `reduced` is
        of all columns, or of those `among` which they are."""
        some = np.flatnonzero(reduced < 0)
        columns, reduced = some if among is None else among[some], reduced[some]
        if not self._grouped or not columns.size:
            return columns
        group = self.group[columns]
        order = np.lexsort((reduced, group))
        group = group[order]
        first = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
        if self._single:
            return columns[order[first]]
        place = np.arange(group.size) - np.repeat(first, np.diff(np.append(first, group.size)))
        return columns[order[place < self._limit[group]]]

    # Passes.

    def improve(self, stack: tuple[int, ...], known: float, gap: float) -> None:
        """Passes from a stack of value `known`, until the bound is within the gap of it."""
        program, worlds = self.program, self.program.worlds
        if not self.live.any() or not program.size:
            return
        self._prepare(known)
        left = self.loss + self._sum(np.array(stack, np.int64), None)
        mean_q = mean_lam = mean_slope = None
        idle = 0
        for done in range(PASSES):
            if self.over() or idle > IDLE:
                return
            top = float(left.max())
            if not math.isfinite(top):
                return
            scaled = np.exp(left - top)
            q = self.weights if self.cover else program.measure.weights(worlds, scaled)
            lam = q * scaled
            lam /= lam.sum()
            slope = self._slopes(lam)
            before = self.best.value if self.best is not None else -math.inf
            chosen, share = self._offer(q, lam, slope)
            step = 2 / (done + 2)
            if mean_lam is None or mean_slope is None or mean_q is None:
                mean_q, mean_lam, mean_slope = q, lam, slope
            else:
                mean_q = mean_q + step * (q - mean_q)
                mean_lam = mean_lam + step * (lam - mean_lam)
                mean_slope = mean_slope + step * (slope - mean_slope)
                if done % 4 == 3:
                    self._offer(mean_q, mean_lam, mean_slope)
            now = self.best.value if self.best is not None else -math.inf
            scale = max(abs(now), 1.0) if program.target is not None else 1.0
            idle = 0 if now > before + GAIN * scale else idle + 1
            if self.bound() >= known * (1 - gap):
                return
            there = self.loss + self._sum(chosen, share)
            left = left + self._step(left, there, step) * (there - left)

    def _step(self, left: Floats, there: Floats, usual: float) -> float:
        """How far to go: what leaves least, of some steps; with a target the usual one."""
        if self.program.target is not None:
            return usual
        steps = 0.5 ** np.arange(16)
        rows = left + steps[:, None] * (there - left)
        values = self.program.measure.values(self.program.worlds, np.exp(rows - left.max()))
        return float(steps[int(values.argmin())])

    def _prepare(self, known: float) -> None:
        """Losses and the least failure, for a stack of that value (or for the target)."""
        program, worlds = self.program, self.program.worlds
        limit = program.target_limit
        loss = np.where(self.live, program.loss, 0.0)
        total = float(program.measure.values(worlds, loss[None, :])[0])
        self.weights = np.where(loss > 0, 1.0, 0.0)
        with np.errstate(divide="ignore"):
            self.loss = np.log(self.weights if self.cover else loss)
        rest = float((Fraction(known) if limit is None else limit) - self.constant)
        self.least = LEAST
        if not self.cover and total > 0 and rest > 0 and self._any_zero():
            self.least = min(max(FLOOR * rest / total, LEAST), 0.5)
        self.lost = self.least * total * (1 + SAFE)
        #: the log of what a stack within the target leaves at most
        self.reach = -math.inf
        if self.cover:
            self.reach = math.log(self.weights.sum()) - SHARPNESS
        elif limit is not None:
            self.reach = math.log(rest * (1 + SAFE) + self.lost)
        matrix = self.matrix
        if matrix.success is not None:
            self._logs = matrix.success.copy()
            self._logs.data = self._log(1 - self._logs.data)

    def _any_zero(self) -> bool:
        if self.matrix.success is not None:
            return bool((self.matrix.success.data >= 1).any())
        return any(float(part.min()) == 0 for _, part in self.matrix.parts())

    def _log(self, failure: Floats) -> Floats:
        if self.cover:
            return np.where(failure <= 0, -SHARPNESS, 0.0)
        return np.asarray(np.log(np.maximum(failure, self.least)))

    def _slopes(self, lam: Floats) -> Floats:
        if self.matrix.success is not None:
            return np.asarray(self._logs @ lam)
        parts = [self._log(part) @ lam for _, part in self.matrix.parts()]
        return np.concatenate(parts)

    def _sum(self, columns: Integers, share: Floats | None) -> Floats:
        """(S,) sum of the logs of some columns, each with its share."""
        if not columns.size:
            return np.zeros(self.loss.size)
        weight = np.ones(columns.size) if share is None else share
        if self.matrix.success is not None:
            return np.asarray(self._logs[columns].T @ weight)
        total = np.zeros(self.loss.size)
        for at in range(0, columns.size, 4096):
            part = slice(at, at + 4096)
            total += weight[part] @ self._log(self.matrix.failure[columns[part]])
        return total

    # One tangent, priced.

    def _offer(self, q: Floats, lam: Floats, slope: Floats) -> tuple[Integers, Floats]:
        """Keep the tangent's bound if it is the best; the columns that attain it, and how much of
        each."""
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = lam * (np.log(q) + self.loss - np.log(lam))
        constant = float(np.where(lam > 0, terms, 0.0).sum())
        price, chosen, share = self._priced(constant, slope)
        reduced = slope + price * self.amount
        own = reduced[self._chosen(reduced)]
        height = constant + float(own.sum())
        size = abs(constant) + float(np.abs(own).sum()) + price * abs(self.side)
        if self.program.target is None:
            value, scale = height - price * self.side, 1.0
        elif price > 0:
            value, scale = (height - self.reach) / price, 1 / price
            size = (size + abs(self.reach)) / price
        else:
            return chosen, share
        value -= SAFE * (1 + size)
        if self.best is None or value > self.best.value:
            self.best = Priced(value, reduced, scale)
        return chosen, share

    def penalties(self) -> Floats:
        """(n,) what having the column adds to the best bound, at least."""
        if self.best is None:
            return np.zeros(self.program.size)
        reduced, limit = self.best.reduced, self._limit[self.group]
        least = np.zeros(self._limit.size)
        np.minimum.at(least, self.group, reduced)
        penalty = np.where(limit == 1, reduced - least[self.group], np.maximum(reduced, 0.0))
        return np.asarray(np.where(limit == 0, np.inf, penalty) * self.best.scale)

    def _priced(self, constant: float, slope: Floats) -> tuple[float, Integers, Floats]:
        """The price of the rule (or one over that of the target), and the answer to it: columns
        and how much of each."""
        if not self.has_price:
            chosen = self._chosen(slope)
            return 0.0, chosen, np.ones(chosen.size)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(self.amount > 0, -slope / self.amount, np.inf)
        ratio[slope >= 0] = 0.0
        finite = ratio[np.isfinite(ratio)]
        high = float(finite.max(initial=0.0))
        if high <= 0 or not self._short(0.0, constant, slope, None):
            chosen = self._chosen(slope)
            return 0.0, chosen, np.ones(chosen.size)
        high *= 1 + 1e-9
        low = min(self._price, high) / 2
        while low > 1e-12 * high and not self._short(low, constant, slope, ratio):
            high, low = low, low / 4
        few = np.flatnonzero(ratio > low)
        for _ in range(HALVINGS):
            middle = math.sqrt(low * high) if low > 0 else high / 1024
            if self._short(middle, constant, slope, ratio, few):
                low = middle
            else:
                high = middle
            if high <= low * (1 + 1e-9):
                break
        self._price = high
        # Between the two prices something is bought in part.
        inside = self._at(high, slope, few)
        more = self._at(low, slope, few)
        used, over = self._use(constant, slope, inside), self._use(constant, slope, more)
        part = 0.0 if over == used else min(max((self._full() - used) / (over - used), 0.0), 1.0)
        chosen = np.union1d(inside, more)
        share = part * np.isin(chosen, more) + (1 - part) * np.isin(chosen, inside)
        return high if self.program.target is None else low, chosen, share

    def _full(self) -> float:
        return self.side if self.program.target is None else -self.reach

    def _use(self, constant: float, slope: Floats, chosen: Integers) -> float:
        """What is used of the rule, or how low the log risk gets (by its sign)."""
        if self.program.target is None:
            return float(self.amount[chosen].sum())
        return -constant - float(slope[chosen].sum())

    def _at(self, price: float, slope: Floats, few: Integers) -> Integers:
        """The answer to a price, among the few columns that it may buy."""
        return self._chosen(slope[few] + price * self.amount[few], few)

    def _short(
        self,
        price: float,
        constant: float,
        slope: Floats,
        ratio: Floats | None,
        few: Integers | None = None,
    ) -> bool:
        """Whether the price is too low: more is bought than the rule (or the target) needs."""
        if few is None:
            few = np.flatnonzero(slope < 0 if ratio is None else ratio > price)
        return self._use(constant, slope, self._at(price, slope, few)) > self._full()

    # What it proves.

    def bound(self, beyond: float = 0.0) -> float:
        """Lower bound on the objective (or the cost) of every stack that has a column whose
        penalty is at least `beyond`."""
        if self.best is None:
            return self._constant if self.program.target is None else 0.0
        value = self.best.value + beyond
        if self.program.target is not None:
            return float(max(math.ceil(value - 1e-6), 0)) if math.isfinite(value) else value
        if math.isinf(value):
            return value
        return self._constant + max(math.exp(min(value, 700.0)) - self.lost, 0.0)

    @property
    def _constant(self) -> float:
        """The constant as a double that is not above it."""
        return float(self.constant) * (1 - 1e-15)
