"""A greedy stack of a great many options: it looks at a pool of promising ones, seldom at all.

What an option takes off the expected loss only falls as the stack grows, so what it took off when
it was last looked at is a bound on what it takes off now. (Minoux 1978, the accelerated greedy
algorithm; here by pools, which suit arrays.)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from planner.program.types import Program
from planner.risk.measures import Expected
from planner.solve.passes import Matrix
from planner.solve.rules import Integers, Room
from planner.worlds.types import Floats

#: Columns that are looked at before all are looked at again: where few cells matter, and else.
POOL, DENSE_POOL = 65_536, 4_096
#: Columns that matter in different worlds are added together down to this share of the best one.
WORST = 0.5
#: A share of what is left that does not count as help: rounding alone.
NOTHING = 1e-15


class Greedy:
    """Stacks made by adding what helps most, within the rules and a time."""

    def __init__(self, program: Program, matrix: Matrix, over: Callable[[], bool]) -> None:
        self.program = program
        self.matrix = matrix
        self.over = over
        self.room = Room(program)
        self.cost = np.maximum(np.array(program.cost, np.float64), 0.5)
        self.expected = isinstance(program.measure, Expected)

    def stack(
        self, start: tuple[int, ...], *, per_cost: bool, limit: float = -math.inf
    ) -> tuple[int, ...]:
        """Add to `start`, which obeys the rules, until nothing helps, the value is at most
        `limit`, or the time is over."""
        program = self.program
        self.room.start(start)
        self._inside = np.zeros(program.size, np.bool_)
        self._inside[list(start)] = True
        stack, left = list(start), program.losses(start)
        pool, asked, beyond = np.zeros(0, np.int64), None, math.inf
        while not self.over():
            weight = program.measure.weights(program.worlds, left) * left
            if float(weight.sum()) <= limit:
                break
            found = None
            if asked is not None:
                score = self._score(asked(weight), pool, per_cost)
                # What is outside of the pool helps no more than when it was last looked at.
                if score.max() > 0 and (score.max() >= beyond or not self.expected):
                    found = pool, score
            if found is None:
                fresh = self._pool(weight, per_cost)
                if fresh is None:
                    break
                pool, score, beyond = fresh
                asked, found = self.matrix.some(pool), (pool, score)
            added = self._together(*found)
            for j in added:
                left = left * program.failure[j]
            stack += added
        return tuple(sorted(stack))

    def _score(self, falls: Floats, columns: Integers, per_cost: bool) -> Floats:
        score = falls / self.cost[columns] if per_cost else falls
        score[self._inside[columns]] = -1.0
        score[~self.room.allowed(columns)] = -1.0
        return score

    def _together(self, columns: Integers, score: Floats) -> list[int]:
        """The best column, and others that matter in other worlds: what each of them takes off is
        then as it was."""
        some = np.flatnonzero(score > WORST * score.max())
        some = some[np.argsort(-score[some], kind="stable")]
        if not self.expected:
            some = some[:1]
        # The best of each first world: of few columns one by one.
        first = np.unique(self.matrix.first(columns[some]), return_index=True)[1]
        touched = np.zeros(self.program.loss.size, np.bool_)
        added: list[int] = []
        for j in columns[some[np.sort(first)]].tolist():
            worlds = self.matrix.worlds(j)
            if not touched[worlds].any() and self.room.fits(j):
                touched[worlds] = True
                self.room.take(j)
                self._inside[j] = True
                added.append(j)
        return added

    def _pool(self, weight: Floats, per_cost: bool) -> tuple[Integers, Floats, float] | None:
        """The most promising columns, their scores, and what the best one outside promises; None
        where nothing helps."""
        score = self.matrix.falls(weight)
        least = NOTHING * float(weight.sum()) / (self.cost.max() if per_cost else 1.0)
        if per_cost:
            score = score / self.cost
        score[self._inside] = -1.0
        helpful = np.flatnonzero(score > least)
        size = DENSE_POOL if self.matrix.dense else POOL
        while helpful.size:
            if helpful.size <= size:
                pool, beyond = helpful, -math.inf
            else:
                order = np.argpartition(-score[helpful], size)
                pool, beyond = helpful[order[:size]], float(score[helpful[order[size]]])
            pool = pool[self.room.allowed(pool)]
            if pool.size:
                return pool, score[pool], beyond
            helpful = helpful[self.room.allowed(helpful)]
        return None

    def needed(self, stack: tuple[int, ...], met: Callable[[list[int]], bool]) -> tuple[int, ...]:
        """Less what the stack does not need, dearest first; `met` says what it must keep to."""
        kept = list(stack)
        self.room.start(kept)
        for j in sorted(stack, key=lambda j: (-self.program.cost[j], self.program.labels[j])):
            if self.over():
                break
            rest = [k for k in kept if k != j]
            self.room.take(j, -1)
            if self.room.holds() and met(rest):
                kept = rest
            else:
                self.room.take(j)
        return tuple(kept)
