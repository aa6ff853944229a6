"""The covering program behind the objective `depth`, answered with a backend.

One row a set of modes that must be withstood, one column a set of modes that may defeat; sets are
written down where there are few, else as they are met. Every stack that the backend gives is
checked in integers, and its own cut sets are counted, before it is believed.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from planner.program.types import Program, Row
from planner.risk import cutsets
from planner.solve.backend import Backend
from planner.solve.master import Deadline, Master
from planner.solve.models import TOLERANCE, Rows
from planner.solve.search import Outcome, Progress, StopReason
from planner.worlds.types import Floats

#: Sets of modes written down before the first solve; where there are more, they come as needed.
MOST_SETS = 2500
#: Sets of modes that swaps look at.
SWAP_SETS = 20_000
#: Labels decided by one solve when ties go by id.
LABELS = 20
#: Integer objectives are scaled so that no coefficient is larger than this.
LARGEST_COEFFICIENT = 1e7


@dataclass(frozen=True)
class Classes:
    """Modes that defeat the same techniques count as one, with a number of copies.

    masks    (n,) classes that defeat each column, as bits
    paid     the same for what others pay for
    copies   (classes,) modes in each class
    """

    masks: tuple[int, ...]
    paid: tuple[int, ...]
    copies: tuple[int, ...]

    @classmethod
    def of(cls, masks: Sequence[int], paid: Sequence[int]) -> Classes:
        everything = [*masks, *paid]
        modes = max((m.bit_length() for m in everything), default=0)
        hit = Counter(
            sum((m >> j & 1) << i for i, m in enumerate(everything)) for j in range(modes)
        )
        kinds = sorted(kind for kind in hit if kind)
        fresh = [
            sum((kind >> i & 1) << c for c, kind in enumerate(kinds))
            for i in range(len(everything))
        ]
        return cls(
            tuple(fresh[: len(masks)]),
            tuple(smallest_masks(fresh[len(masks) :])),
            tuple(hit[kind] for kind in kinds),
        )

    def stack(self, columns: Iterable[int]) -> list[int]:
        return [*(self.masks[j] for j in columns), *self.paid]

    def withstand(self, modes: int) -> list[int]:
        """Columns that the set of modes does not defeat."""
        return [j for j, mask in enumerate(self.masks) if not mask & modes]

    def paid_for(self, modes: int) -> bool:
        """Whether something that others pay for withstands the set."""
        return any(not mask & modes for mask in self.paid)

    def weight(self, modes: int) -> int:
        """Sets of modes that a set of classes stands for: one mode of each class."""
        return math.prod(c for j, c in enumerate(self.copies) if modes >> j & 1)

    def sets(self, size: int, most: int | None = None) -> Iterable[int] | None:
        """All sets of that many classes; None where there are too many to write down."""
        if math.comb(len(self.copies), size) > (MOST_SETS if most is None else most):
            return None
        bits = [1 << j for j in range(len(self.copies))]
        return (sum(some) for some in itertools.combinations(bits, size))


class CutSets:
    """Rows of the sets that must be withstood; a column for each set that may defeat.

    The first column is the number of cut sets of the wanted size: at least the sum of the columns
    y[A], one a set A, each at least 1 - (sum of x over the techniques that withstand A).
    """

    feasibility = TOLERANCE

    def __init__(self, classes: Classes, n: int) -> None:
        self.classes = classes
        self.n = n
        self.must: dict[int, list[int]] = {}
        self.may: dict[int, list[int]] = {}
        self.width = 1

    def forbid(self, modes: int) -> None:
        """This set must be withstood."""
        if modes not in self.must and not self.classes.paid_for(modes):
            self.must[modes] = self.classes.withstand(modes)

    def count(self, modes: int) -> None:
        """This set counts where it is not withstood."""
        if modes not in self.may and not self.classes.paid_for(modes):
            self.may[modes] = self.classes.withstand(modes)
            self.width += 1

    def rows(self) -> Rows:
        rows = Rows()
        for distinct in dict.fromkeys(tuple(columns) for columns in self.must.values()):
            rows.add(np.array(distinct, np.int32), np.ones(len(distinct)), 1.0)
        weights = []
        for place, (modes, columns) in enumerate(self.may.items()):
            own = self.n + 1 + place
            rows.add(np.array([*columns, own], np.int32), np.ones(len(columns) + 1), 1.0)
            weights.append(-float(self.classes.weight(modes)))
        if weights:
            own_columns = np.arange(self.n, self.n + self.width, dtype=np.int32)
            rows.add(own_columns, np.array([1.0, *weights]), 0.0)
        return rows

    def separate(self, x: Floats) -> None:
        """Nothing: sets are added by name."""

    def lower(self) -> float:
        return 0.0

    def proven(self, bound: float) -> float:
        return bound

    def reach(self, value: Fraction) -> float:
        return float(value)


class Stopped(Exception):
    """The backend ended without an answer; the text is the reason."""


class Covering:
    """One question, answered with a backend, in the order of the objective."""

    def __init__(
        self,
        program: Program,
        classes: Classes,
        backend: Backend,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        self.program = program
        self.classes = classes
        self.backend = backend
        self.deadline = deadline
        self.progress = progress
        self.model = CutSets(self.classes, program.size)
        self.known: tuple[int, ...] | None = None
        #: the wanted depth (None: infinite), and the most cut sets of that size
        self.depth: int | None = 0
        self.most = math.inf
        self.solves = 0

    def best(self) -> Outcome:
        try:
            self.known = self._next(None, ())
            if self.known is None:
                return self._outcome("proven", infeasible=True)
            if not self._without_cut_set():
                self._deepen()
                self._fewest()
            self._ties()
        except Stopped as stopped:
            return self._outcome("solver failed" if str(stopped) == "failed" else "time limit")
        return self._outcome("proven")

    def possible(self) -> bool | None:
        """Whether any stack obeys the rules, whatever its depth; None: not known in time."""
        try:
            return self._next(None, ()) is not None
        except Stopped:
            return None

    # The stages.

    def _without_cut_set(self) -> bool:
        """Try for a technique that no mode defeats; then all that is left is the cost."""
        sure = tuple(self.classes.withstand((1 << len(self.classes.copies)) - 1))
        if 0 in self.classes.paid:
            self.depth = None
            return True
        found = self._next(None, [Row(sure, (1,) * len(sure), 1, None, "", "")]) if sure else None
        if found is None:
            return False
        self.model.forbid((1 << len(self.classes.copies)) - 1)
        self.depth, self.known = None, found
        return True

    def _deepen(self) -> None:
        """Ask for one more than is known, until nothing is that deep."""
        while True:
            assert self.known is not None
            reached = self._depth(self.known)
            self.depth = reached + 1
            self.progress(f"depth {reached} reached, trying {self.depth}")
            before = self.model.must
            self._must_withstand(reached)
            found = self._next(None, ())
            if found is None:
                self.model.must, self.depth = before, reached
                if reached:
                    self._must_withstand(reached - 1)
                return
            self.known = found

    def _must_withstand(self, size: int) -> None:
        """Rows for all sets of that size (they imply the smaller ones), where there are few; else
        what is known so far, and the rest as it is met."""
        sets = self.classes.sets(size)
        self.model.must = dict(self.model.must) if sets is None else {}
        for modes in sets or ():
            self.model.forbid(modes)

    def _fewest(self) -> None:
        """The fewest cut sets of the size that is the depth."""
        assert self.known is not None
        assert self.depth is not None
        self.known = self._swapped(self.known, self.depth)
        for modes in self.classes.sets(self.depth) or ():
            self.model.count(modes)
        while True:
            own = cuts(self.classes, self.known, self.depth)
            for modes in own:
                self.model.count(modes)
            self.most = sum(map(self.classes.weight, own)) - 0.5  # one fewer, or none is found
            self.progress(f"depth {self.depth}, {self.most + 0.5:.0f} cut sets of that size")
            if self.most < 1 or (found := self._next(None, (), count=True)) is None:
                self.most += 1
                return
            self.known = found

    def _swapped(self, stack: tuple[int, ...], depth: int) -> tuple[int, ...]:
        """The stack after additions and swaps that leave fewer cut sets, each of them within the
        rules: a better start, never an answer by itself."""
        sets = self.classes.sets(depth, SWAP_SETS)
        if sets is None:
            return stack
        kept = [modes for modes in sets if not self.classes.paid_for(modes)]
        weight = np.array([self.classes.weight(modes) for modes in kept], np.float64)
        holds = np.array(
            [[not m & modes for m in self.classes.masks] for modes in kept], np.float64
        )
        while kept and not self.deadline.over():
            here = float(weight @ (holds[:, list(stack)].sum(axis=1) == 0))
            moves = (self._best_move(stack, leaving, holds, weight) for leaving in (None, *stack))
            left, best = min((move for move in moves if move), default=(here, stack))
            if left >= here or not self.program.holds(best) or self._depth(best) < depth:
                break
            stack = best
        return stack

    def _best_move(
        self, stack: tuple[int, ...], leaving: int | None, holds: Floats, weight: Floats
    ) -> tuple[float, tuple[int, ...]] | None:
        """Cut sets left, and the stack, after the best column is added (and `leaving` gone)."""
        matrix, lower, upper = self.program.dense_rows
        kept = [j for j in stack if j != leaving]
        total = matrix + matrix[:, kept].sum(axis=1)[:, None]
        allowed = ((total >= lower[:, None]) & (total <= upper[:, None])).all(axis=0)
        allowed[list(stack)] = False
        if not allowed.any():
            return None
        open_weight = np.where(holds[:, kept].sum(axis=1) == 0, weight, 0.0)
        left = np.where(allowed, open_weight.sum() - open_weight @ holds, np.inf)
        best = int(left.argmin())
        return float(left[best]), tuple(sorted((*kept, best)))

    def _ties(self) -> None:
        """Lowest cost, then fewest techniques, then the smallest ids, a few labels at a time."""
        everything = tuple(range(self.program.size))
        rows: list[Row] = []
        for amounts in (self.program.cost, (1,) * self.program.size):
            total = self._least(amounts, rows)
            rows.append(Row(everything, amounts, None, total, "tie", ""))
        order = sorted(everything, key=lambda j: self.program.labels[j])
        for start in range(0, len(order), LABELS):
            part = order[start : start + LABELS]
            if not set(self.known or ()) & set(order[start:]):
                return
            wish = [0] * self.program.size
            for place, j in enumerate(part):
                wish[j] = -(1 << (len(part) - 1 - place))
            self._least(wish, rows)
            for j in part:
                there = int(j in (self.known or ()))
                rows.append(Row((j,), (1,), there, there, "tie", ""))

    # One solve.

    def _least(self, amounts: Sequence[int], rows: Sequence[Row]) -> int:
        """Make the sum of whole amounts as small as it gets; returns the sum."""
        step = math.gcd(*amounts) or 1
        small = tuple(a // step for a in amounts)
        scale = max(1.0, max(map(abs, small), default=1) / LARGEST_COEFFICIENT)
        floor = sum(a for a in small if a < 0)
        everything = tuple(range(self.program.size))
        while True:
            total = sum(small[j] for j in self.known or ())
            better = Row(everything, small, None, total - 1, "better", "")
            found = None
            if total > floor:
                found = self._next(np.array(small, np.float64) / scale, [*rows, better])
            if found is None:
                return total * step
            self.known = found
            total = sum(small[j] for j in found)
            if scale == 1 and self._bound is not None and self._bound > total - 1 + 1e-4:
                floor = total

    _bound: float | None = None

    def _next(
        self, objective: Floats | None, rows: Sequence[Row], *, count: bool = False
    ) -> tuple[int, ...] | None:
        """The best stack of the wanted depth, with no more cut sets than wanted; None: there is
        none. `count` makes the number of cut sets as small as it gets; without an objective any
        stack will do. Raises Stopped.

        Sets of modes that turn out to matter are added, until the model is true of what it gives.
        """
        master = Master(self.program.with_rows(rows), self.backend, self.deadline)
        goal = np.zeros(self.program.size) if objective is None else objective
        while True:
            if self.deadline.over():
                raise Stopped("time")
            self.solves += 1
            found = master.next(
                self.model,
                objective=None if count else goal,
                reach=self.most,
                gap=0.9 if count else 0.0,
            )
            if found.stop == "infeasible":
                return None
            if found.stack is None:
                raise Stopped(found.stop)
            known = len(self.model.must), len(self.model.may)
            if not self._missing(found.stack):
                self._bound = found.bound
                return found.stack
            if known == (len(self.model.must), len(self.model.may)):
                master.exclude(found.stack)  # within the backend's tolerance, not within ours

    def _missing(self, stack: tuple[int, ...]) -> bool:
        """Add the sets that the model lacks to see how the stack fails the wanted depth, or the
        wanted number of cut sets; False where it fails neither."""
        if self.depth is None or self.depth == 0:
            return False
        here = self._depth(stack)
        if here < self.depth:
            for modes in cuts(self.classes, stack, here):
                self.model.forbid(modes)
            return True
        if math.isinf(self.most) or here > self.depth:
            return False
        own = cuts(self.classes, stack, here)
        if sum(map(self.classes.weight, own)) <= self.most:
            return False
        for modes in own:
            self.model.count(modes)
        return True

    def _depth(self, stack: Sequence[int]) -> int:
        """Depth of a stack; one more than there are classes of modes where it has no cut set."""
        depth = cutsets.depth(self.classes.stack(stack))
        return len(self.classes.copies) + 1 if depth is None else depth

    def _outcome(self, stop: StopReason, *, infeasible: bool = False) -> Outcome:
        return Outcome(
            stack=self.known,
            bound=None,
            kind="bounded" if stop == "proven" and not infeasible else "none",
            stop=stop,
            route="covering",
            infeasible=infeasible,
            evaluated=self.solves,
        )


def cuts(classes: Classes, stack: Iterable[int], size: int) -> list[int]:
    """The cut sets of a stack that have `size` classes, its depth."""
    if size == 0:
        return [0]
    found = cutsets.minimal_cut_sets(classes.stack(stack), most=size)
    return [modes for modes in found if modes.bit_count() == size]


def smallest_masks(masks: Sequence[int]) -> list[int]:
    """Masks of which no other is a part: whatever meets these meets the rest."""
    distinct = sorted(set(masks))
    return [m for m in distinct if not any(o != m and o & m == o for o in distinct)]
