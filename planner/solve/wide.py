"""Programs of so many options that one pass over them is what a step may cost.

A greedy stack, a priced bound (`planner.solve.priced`), and then the other routes on the options
that the price likes best: a stack with one of the others is above the bound by that option's
penalty at least. With no time limit ever more of them are taken up, in the end all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from planner.program.types import Program, Row
from planner.solve.greedy import Greedy
from planner.solve.master import Deadline
from planner.solve.passes import Matrix
from planner.solve.priced import Bound
from planner.solve.repair import Repair
from planner.solve.search import Outcome, Progress, ProofKind, Search, StopReason

#: Options from which a program is wide (unless it is dense, and small enough for log space).
MANY = 5_000
#: Cells up to which dense programs of many options are left to core enumeration.
CELLS = 2 * 10**7
#: Shares of the time limit after which the two greedy stacks and the bound must be there.
PLAIN, THRIFTY, PRICED = 0.2, 0.4, 0.6
#: Options that the other routes are given at first, and by how much more at each later turn.
FIRST, MORE = 2_000, 4

#: What the sum of a million logs may be off by.
SAFE = 1e-6

#: Answers for part of the options, within the seconds, from a stack that obeys the rules.
Solve = Callable[[Program, float | None, tuple[int, ...]], Outcome]


class Wide:
    """Answers questions about one wide program that differ in their rows alone."""

    name = "options by price"

    def __init__(
        self, program: Program, matrix: Matrix, search: Search, progress: Progress, solve: Solve
    ) -> None:
        self.program = program
        self.matrix = matrix
        self.search = search
        self.progress = progress
        self.solve = solve

    def best(self, extra: Sequence[Row], seconds: float | None) -> Outcome | None:
        """The best stack that also obeys the further rows; None where none was found to start
        from."""
        return Turn(self, self.program.with_rows(extra), seconds).run()


class Turn:
    """One question."""

    def __init__(self, base: Wide, program: Program, seconds: float | None) -> None:
        self.base = base
        self.program = program
        self.seconds = seconds
        self.deadline = Deadline(seconds)
        self.stack: tuple[int, ...] | None = None
        self.known = np.inf
        self.evaluated = 0

    def run(self) -> Outcome | None:
        if self._out_of_reach():
            return Outcome(None, None, "none", "proven", Wide.name, infeasible=True)
        start: tuple[int, ...] | None = ()
        if not self.program.holds(()):
            repair = Repair(self.program)
            cost = np.array(self.program.cost, np.float64)
            found = repair.stack(np.zeros(self.program.size), cost, 0)
            start = None if found is None else tuple(sorted(found))
        if start is None:
            return None
        self._greedy(start)
        self.priced = Bound(self.program, self.base.matrix, self._until(PRICED))
        self.priced.improve(self.stack or start, self.known, self.base.search.gap)
        self.lower = self.priced.bound()
        if self.stack is None:
            return self._outcome("time limit") if self.deadline.over() else None
        self._tell()
        return self._sifted()

    def _out_of_reach(self) -> bool:
        """Whether not even all options together meet the target."""
        program, limit = self.program, self.program.target_limit
        if limit is None:
            return False
        left = program.loss * np.exp(self.base.matrix.all_together())
        least = float(program.measure.values(program.worlds, left[None, :])[0])
        return least * (1 - SAFE) > limit

    def _until(self, share: float) -> Callable[[], bool]:
        """Whether a share of the time is used up."""
        if self.seconds is None:
            return self.deadline.over
        left = self.deadline.left() or 0.0
        return Deadline(left - (1 - share) * self.seconds).over

    def _greedy(self, start: tuple[int, ...]) -> None:
        program, matrix = self.program, self.base.matrix
        limit = program.target_limit
        if limit is None:
            even = len(set(program.cost)) == 1
            for share, per_cost in ((PLAIN, False), (THRIFTY, True)):
                if per_cost and even:
                    continue  # the same again
                greedy = Greedy(program, matrix, self._until(THRIFTY if even else share))
                self._offer(greedy.stack(start, per_cost=per_cost))
            return
        greedy = Greedy(program, matrix, self._until(THRIFTY))
        full = greedy.stack(start, per_cost=True, limit=float(limit))
        self._offer(full)
        self._offer(greedy.needed(full, lambda rest: program.value(rest) <= float(limit)))

    def _offer(self, stack: tuple[int, ...]) -> None:
        """Keep the stack if it is better; it obeys every rule."""
        self.evaluated += 1
        program, limit = self.program, self.program.target_limit
        if limit is not None:
            value = float(program.stack_cost(stack))
            if value < self.known and program.exact_value(stack) <= limit:
                self.stack, self.known = stack, value
            return
        value = program.nearest_value(stack)
        if value < self.known or (
            value == self.known
            and self.stack is not None
            and program.tie_key(stack) < program.tie_key(self.stack)
        ):
            self.stack, self.known = stack, value

    def _sifted(self) -> Outcome:
        """The other routes on more and more of the options, those with the least penalty first."""
        program, size = self.program, self.program.size
        # A plain cover is one integer program, and nothing is gained by parts of it.
        whole = self.priced.cover and size * program.loss.size <= CELLS
        count = size if whole else FIRST
        while not self._enough():
            if self.deadline.over():
                return self._outcome("time limit")
            columns, beyond = self._liked(min(count, size))
            place = {j: k for k, j in enumerate(columns)}
            known = tuple(place[j] for j in self.stack or ())
            self.base.progress(f"{len(columns):,} of {size:,} options")
            part = program if len(columns) == size else program.only(columns)
            found = self.base.solve(part, self.deadline.left(), known)
            self.evaluated += found.evaluated
            if found.stack is not None:
                self._offer(tuple(columns[k] for k in found.stack))
            if found.bound is not None and found.kind != "none":
                self.lower = max(self.lower, min(found.bound, self.priced.bound(beyond)))
            self._tell()
            if self._enough():
                break
            if found.stop != "proven":
                return self._outcome(found.stop)
            if len(columns) == size:
                return found
            count *= MORE
        return self._outcome("proven")

    def _liked(self, count: int) -> tuple[list[int], float]:
        """Columns of the stack and those with the least penalty; the least of the others'."""
        penalty = self.priced.penalties()
        penalty[list(self.stack or ())] = -1.0
        order = np.argsort(penalty, kind="stable")
        rest = order[count:]
        beyond = float(penalty[rest].min()) if rest.size else np.inf
        return sorted(order[:count].tolist()), max(beyond, 0.0)

    def _enough(self) -> bool:
        return self.lower >= self.known * (1 - self.base.search.gap)

    def _tell(self) -> None:
        self.base.progress(f"best {self.known:.6g}, proven bound {self.lower:.6g}")

    def _outcome(self, stop: StopReason) -> Outcome:
        proven = self.stack is not None and (self.lower > 0 or self._enough())
        bound = min(self.lower, self.known) if proven else None
        kind: ProofKind = "bounded" if proven else "none"
        return Outcome(self.stack, bound, kind, stop, Wide.name, evaluated=self.evaluated)
