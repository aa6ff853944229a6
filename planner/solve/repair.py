"""From the relaxation's point to a stack that obeys every rule: an incumbent, never an answer."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import numpy as np

from planner.program.types import Program, Row
from planner.worlds.types import Floats


@functools.lru_cache(maxsize=4)
def by_column(rows: tuple[Row, ...], size: int) -> list[list[tuple[int, int]]]:
    """For every column, (rule, coefficient) of the rules that it is in."""
    entries: list[list[tuple[int, int]]] = [[] for _ in range(size)]
    for r, row in enumerate(rows):
        for j, amount in zip(row.indices, row.coefficients, strict=True):
            entries[j].append((r, amount))
    return entries


class Repair:
    """The rules of one question by column, in whole numbers.

    `extra` of the program's rows (its last ones) change from question to question.
    """

    def __init__(self, program: Program, extra: int = 0) -> None:
        self.program = program
        kept = len(program.rows) - extra
        rules = tuple(row for row in program.rows[:kept] if row.where != "levels")
        rows = (*rules, *program.rows[kept:])
        self._upper = [row.upper for row in rows]
        self._lower = [row.lower for row in rows]
        self._entries = by_column(rules, program.size)
        # Those that change are not worth a table by column: few columns are looked at.
        self._more = [
            (r, dict(zip(row.indices, row.coefficients, strict=True)))
            for r, row in enumerate(rows[len(rules) :], len(rules))
        ]

    def _of(self, j: int) -> list[tuple[int, int]]:
        """(rule, coefficient) of the rules that a column is in."""
        if not self._more:
            return self._entries[j]
        more = [(r, amounts[j]) for r, amounts in self._more if j in amounts]
        return [*self._entries[j], *more]

    def stack(self, point: Floats, reduced: Floats, spare: int) -> list[int] | None:
        """What the point likes best, as the rules allow, in the order in which it was taken; then
        up to `spare` columns more, by reduced cost, that use up what is left over. None where no
        stack was found that obeys the rules."""
        order = np.lexsort((reduced, -point)).tolist()
        liked = int((point > 1e-6).sum())
        totals = [0] * len(self._upper)
        taken: dict[int, int] = {}
        # What waits for a technique that it requires gets a second turn.
        waiting = self._take(order[:liked], totals, taken)
        if waiting and len(totals) > 1:
            waiting = self._take(waiting, totals, taken)
        for r, lower in enumerate(self._lower):
            if lower is not None and totals[r] < lower:
                self._raise(r, lower, reduced, totals, taken)
        self._take(order[liked : liked + spare], totals, taken)
        if any(low is not None and t < low for t, low in zip(totals, self._lower, strict=True)):
            return None
        if any(up is not None and t > up for t, up in zip(totals, self._upper, strict=True)):
            return None
        return list(taken.values())

    def _take(self, columns: Iterable[int], totals: list[int], taken: dict[int, int]) -> list[int]:
        """Take the columns that fit, one a technique; those that do not are returned."""
        waiting: list[int] = []
        technique, upper = self.program.technique, self._upper
        entries_of = self._of if self._more else self._entries.__getitem__
        for j in columns:
            if technique[j] in taken:
                continue
            entries = entries_of(j)
            for r, amount in entries:
                top = upper[r]
                if top is not None and amount > 0 and totals[r] + amount > top:
                    waiting.append(j)
                    break
            else:
                for r, amount in entries:
                    totals[r] += amount
                taken[technique[j]] = j
        return waiting

    def _raise(
        self, row: int, lower: int, reduced: Floats, totals: list[int], taken: dict[int, int]
    ) -> None:
        """Take columns that raise a rule's sum to what it asks for, the cheapest of them first."""
        amounts = [(j, dict(self._of(j)).get(row, 0)) for j in range(self.program.size)]
        helpful = [(float(reduced[j]), j) for j, amount in amounts if amount > 0]
        for _, j in sorted(helpful):
            if totals[row] >= lower:
                return
            self._take([j], totals, taken)


def fewest(program: Program, logs: Floats, left: Floats, stack: Sequence[int]) -> list[int] | None:
    """The shortest beginning of a sequence of columns that meets the program's target, then less
    what it does not need, dearest first (as far as doubles tell). None where it is not met.

    `logs` (n, S) are the logs of the failures, `left` (S,) that of the loss with nothing bought.
    """
    limit = float(program.target_limit or 0)
    sums = left + np.cumsum(logs[list(stack)], axis=0)

    def met(row: Floats) -> bool:
        value = program.measure.values(program.worlds, np.exp(row)[None, :])[0]
        return bool(value <= limit)

    low, high = 0, len(stack)
    if not high or not met(sums[-1]):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(sums[middle - 1]) else (middle, high)
    kept = list(stack[:high])
    now = sums[high - 1]
    for j in sorted(kept, key=lambda j: -program.cost[j]):
        rest = [k for k in kept if k != j]
        if met(now - logs[j]) and program.holds(rest):
            kept, now = rest, now - logs[j]
    return kept
