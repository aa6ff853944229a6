"""The objective `depth`: a covering program of its own, outside the seam of measures.

A set A of modes defeats a technique when it holds one of the modes that do, and defeats a stack
when it defeats every technique of it. A stack is d deep when every set of d - 1 modes is withstood
by one of its techniques: one covering row a set. Wanted is, in this order, the greatest depth, the
fewest cut sets of that size, the lowest cost, then the ties of every plan (docs/model.md,
Objectives; docs/decisions/0005). No probability enters. What others pay for counts in the depth; a
technique counts alike at every level.

Few techniques: every stack, counted by inclusion and exclusion. More: a backend, one row a set of
modes that must be withstood, one column a set that may defeat.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.errors import BadInput, LimitHit
from planner.program.types import Program, Row
from planner.solve.backend import Backend
from planner.solve.covering import Classes, Covering, smallest_masks
from planner.solve.engine import BACKENDS, SOLVERS
from planner.solve.enumerate import stack_count
from planner.solve.master import Deadline
from planner.solve.search import Outcome, Progress, Search, silent

#: Stacks, and sets of techniques, that enumeration takes on.
MOST_STACKS = 2**18

Integers = NDArray[np.int64]


class ByDepth:
    """One program, and any number of questions that differ from it in further rows.

    `masks` are the modes that defeat each technique, as bits (`cutsets.defeating`). The measure of
    the program plays no part, nor does `search.gap`: what is proven is exact.

    Raises BadInput for an unknown solver, LimitHit where enumeration was asked for and is too much.
    """

    def __init__(
        self,
        program: Program,
        masks: Sequence[int],
        committed: Sequence[int],
        search: Search,
        progress: Progress = silent,
    ) -> None:
        self.program = program
        self.search = search
        self.progress = progress
        self.masks = [masks[i] for i in program.technique]
        self.paid = [masks[i] for i in committed]
        self._all: Tried | None = None
        self._backend: Backend | None = None
        if search.solver not in SOLVERS:
            raise BadInput.option(
                "--solver",
                f"{search.solver!r} is no solver here.",
                f"Write one of {', '.join(SOLVERS)}.",
            )
        if not program.size:
            return  # one stack, the empty one: nothing to search, and no program for a backend
        few = self._few()
        if search.solver == "enumerate" and not few:
            raise LimitHit(
                f"Enumeration by depth would try {stack_count(program):,} stacks, which is too "
                "many. Leave --solver out."
            )
        if few and search.solver in ("auto", "enumerate"):
            self._all = Tried(program, self.masks, self.paid)
        else:
            named = (b for b in BACKENDS if b.name == search.solver)
            self._backend = next(named, BACKENDS[0])

    def _few(self) -> bool:
        """Whether all stacks, and all sets of their techniques, can be gone through, with counts
        of cut sets that 64 bits hold."""
        techniques = len(set(self.program.technique)) + len(smallest_masks(self.paid))
        modes = max((m.bit_length() for m in (*self.masks, *self.paid)), default=0)
        return (
            stack_count(self.program) <= MOST_STACKS
            and 2**techniques <= MOST_STACKS
            and math.comb(modes, min(techniques, modes // 2)) < 2**62
        )

    @property
    def solver(self) -> str:
        return "enumeration" if self._backend is None else self._backend.name

    def best(self, extra: Sequence[Row] = (), seconds: float | None = None) -> Outcome:
        """The best stack by depth under the program's rows and the further ones.

        `bound` is always None: a depth has no lower bound; `stop` says whether it is proven.
        """
        if self._all is not None:
            return self._all.best(extra)
        if self._backend is None:
            return _nothing_for_sale(self.program.with_rows(extra))
        return self._covering(self._backend, extra, seconds).best()

    def possible(self, extra: Sequence[Row] = (), seconds: float | None = None) -> bool | None:
        """Whether any stack at all obeys the rows; None where that was not known in time."""
        if self._all is not None:
            return self._all.possible(extra)
        if self._backend is None:
            return self.program.with_rows(extra).holds(())
        return self._covering(self._backend, extra, seconds).possible()

    def _covering(self, backend: Backend, extra: Sequence[Row], seconds: float | None) -> Covering:
        question = self.program.with_rows(extra)
        classes = Classes.of(self.masks, self.paid)
        return Covering(question, classes, backend, Deadline(seconds), self.progress)


def _nothing_for_sale(program: Program) -> Outcome:
    stack: tuple[int, ...] | None = () if program.holds(()) else None
    return Outcome(stack, None, "enumerated", "proven", "all stacks", stack is None, 1)


# Every stack tried.


class Tried:
    """All stacks, and for every set of techniques its cut sets counted."""

    def __init__(self, program: Program, masks: Sequence[int], paid: Sequence[int]) -> None:
        self.program = program
        groups: dict[int, list[int]] = {}
        for j, technique in enumerate(program.technique):
            groups.setdefault(technique, []).append(j)
        self.groups = list(groups.values())
        #: modes that defeat each technique for sale, then each that others pay for
        self.sides = [masks[columns[0]] for columns in self.groups] + smallest_masks(paid)
        self._counts: dict[int, Integers] = {}

    def possible(self, extra: Sequence[Row]) -> bool:
        return bool((self._feasible & self._holding(extra)).any())

    def best(self, extra: Sequence[Row]) -> Outcome:
        index = np.flatnonzero(self._feasible & self._holding(extra))
        if not index.size:
            return self._outcome(None)
        index = self._deepest(index)
        for numbers in (self.program.cost, [1] * self.program.size):
            totals = self._sums(numbers)[index]
            index = index[totals == totals.min()]
        for j in sorted(range(self.program.size), key=lambda j: self.program.labels[j]):
            holding = index[self._chosen(index, j)]
            index = holding if holding.size else index
        return self._outcome(self._stack(int(index[0])))

    def _deepest(self, index: Integers) -> Integers:
        """The stacks of the greatest depth with the fewest cut sets of that size."""
        sets = self._techniques[index]
        for size in range(len(self.sides) + 1):
            counts = self._cut_sets(size)[sets]
            deeper = counts == 0
            if not deeper.any():
                fewest: Integers = index[counts == counts.min()]
                return fewest
            index, sets = index[deeper], sets[deeper]
        return index  # more modes than techniques are never needed: no cut set at all

    def _cut_sets(self, size: int) -> Integers:
        """(sets of techniques,) number of sets of `size` modes that defeat all of them, and all
        that others pay for.

        A set of modes leaves the techniques W standing exactly where it avoids all modes that
        defeat any of W, so C(modes that defeat none of W, size) sets leave at least W standing:
        inclusion and exclusion over W, for every set of techniques at once.
        """
        if size not in self._counts:
            left, sign = self._unharmed
            table = np.array([math.comb(k, size) for k in range(int(left[0]) + 1)], np.int64)
            terms = table[left] * sign
            # Sums may wrap around 2**64 on the way; the counts themselves are in range.
            for bit in range(len(self.sides)):
                halves = terms.reshape(-1, 2, 1 << bit)
                halves[:, 1, :] += halves[:, 0, :]
            self._counts[size] = terms
        return self._counts[size]

    @cached_property
    def _unharmed(self) -> tuple[Integers, Integers]:
        """(sets of techniques,) modes that defeat none of them, and -1 to the number of them."""
        union: NDArray[np.object_] = np.zeros(1, object)
        sign = np.ones(1, np.int64)
        for mask in self.sides:
            union = np.concatenate([union, union | mask])
            sign = np.concatenate([sign, -sign])
        harmed = np.array([int(modes).bit_count() for modes in union], np.int64)
        left: Integers = harmed[-1] - harmed
        return left, sign

    @cached_property
    def _techniques(self) -> Integers:
        """(stacks,) the set of techniques of each stack, with what others pay for, as bits."""
        bits = [0] * self.program.size
        for place, columns in enumerate(self.groups):
            for j in columns:
                bits[j] = 1 << place
        always = (1 << len(self.sides)) - (1 << len(self.groups))
        return self._sums(bits) + always

    @cached_property
    def _feasible(self) -> NDArray[np.bool_]:
        return self._holding(self.program.rows)

    def _holding(self, rows: Sequence[Row]) -> NDArray[np.bool_]:
        mask = np.ones(self._count, np.bool_)
        for row in rows:
            numbers = [0] * self.program.size
            for j, c in zip(row.indices, row.coefficients, strict=True):
                numbers[j] += c
            total = self._sums(numbers)
            if row.lower is not None:
                mask &= total >= row.lower
            if row.upper is not None:
                mask &= total <= row.upper
        return mask

    @cached_property
    def _count(self) -> int:
        return math.prod(1 + len(columns) for columns in self.groups)

    def _sums(self, numbers: Sequence[int]) -> Integers:
        """(stacks,) sum of an integer over the columns of each stack."""
        total = np.zeros(1, np.int64)
        for columns in self.groups:
            total = np.concatenate([total, *(total + numbers[j] for j in columns)])
        return total

    def _chosen(self, index: Integers, column: int) -> NDArray[np.bool_]:
        step = 1
        for columns in self.groups:
            if column in columns:
                digit = index // step % (1 + len(columns))
                return np.asarray(digit == 1 + columns.index(column))
            step *= 1 + len(columns)
        raise KeyError(column)

    def _stack(self, index: int) -> tuple[int, ...]:
        found = []
        for columns in self.groups:
            index, digit = divmod(index, 1 + len(columns))
            if digit:
                found.append(columns[digit - 1])
        return tuple(sorted(found))

    def _outcome(self, stack: tuple[int, ...] | None) -> Outcome:
        return Outcome(
            stack=stack,
            bound=None,
            kind="enumerated",
            stop="proven",
            route="all stacks",
            infeasible=stack is None,
            evaluated=self._count,
        )
