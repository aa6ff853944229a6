"""The rules of a program as sparse whole numbers: what may still be added, without a dense table.

`Program.dense_rows` holds rules times columns, which a program of a million options and a thousand
rules cannot.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program

Integers = NDArray[np.int64]

#: Stands for a bound that there is not.
NONE = np.iinfo(np.int64).max


class Room:
    """What the rules leave to a stack that obeys them."""

    def __init__(self, program: Program) -> None:
        rows = program.rows
        sizes = [len(row.indices) for row in rows]
        columns = np.concatenate([np.zeros(0, np.int64), *(np.array(r.indices) for r in rows)])
        amounts = [np.array(r.coefficients, np.int64) for r in rows]
        order = np.argsort(columns, kind="stable")
        self._row = np.repeat(np.arange(len(rows)), sizes)[order]
        self._amount = np.concatenate([np.zeros(0, np.int64), *amounts])[order]
        counts = np.bincount(columns.astype(np.int64), minlength=program.size)
        self._start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._lower = np.array([-NONE if r.lower is None else r.lower for r in rows], np.int64)
        self._upper = np.array([NONE if r.upper is None else r.upper for r in rows], np.int64)
        self._total = np.zeros(len(rows), np.int64)

    def take(self, column: int, times: int = 1) -> None:
        """Add a column, or (-1) leave it out again."""
        part = slice(self._start[column], self._start[column + 1])
        np.add.at(self._total, self._row[part], times * self._amount[part])

    def start(self, stack: Sequence[int]) -> None:
        self._total[:] = 0
        for j in stack:
            self.take(j)

    def holds(self) -> bool:
        return bool(((self._total >= self._lower) & (self._total <= self._upper)).all())

    def fits(self, column: int) -> bool:
        """Whether one column may be added."""
        part = slice(self._start[column], self._start[column + 1])
        row = self._row[part]
        total = self._total[row] + self._amount[part]
        return bool(((total >= self._lower[row]) & (total <= self._upper[row])).all())

    def allowed(self, columns: Integers) -> NDArray[np.bool_]:
        """Which of the columns may be added alone, each of them in a rule once at most."""
        first, counts = self._start[columns], self._start[columns + 1] - self._start[columns]
        ends = np.cumsum(counts)
        entry = np.arange(int(counts.sum())) + np.repeat(first - (ends - counts), counts)
        row = self._row[entry]
        total = self._total[row] + self._amount[entry]
        broken = (total < self._lower[row]) | (total > self._upper[row])
        whose = np.repeat(np.arange(columns.size), counts)
        return np.asarray(np.bincount(whose[broken], minlength=columns.size) == 0)
