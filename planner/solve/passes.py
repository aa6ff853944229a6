"""Passes over the failures of a great many options, in sparse form where few are below 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.solve.models import SPARSE_SHARE
from planner.solve.rules import Integers
from planner.worlds.types import Floats

#: Cells of the matrix taken up at a time.
BLOCK = 2**22


class Matrix:
    """Failures below 1, in sparse form where they are few; passes over all options.

    `success` (n, S) is 1 - F, a sparse matrix or None where there are too many: then every pass
    goes over the failures themselves.
    """

    def __init__(self, failure: Floats) -> None:
        self.failure = failure
        self.success: Any = None
        n, count = failure.shape
        below = sum(int(np.count_nonzero(part < 1)) for _, part in self.parts())
        self.dense = below >= SPARSE_SHARE * n * count
        if self.dense:
            return
        from scipy.sparse import csr_matrix  # a tenth of a second that small programs need not pay

        columns, values, counts = [], [], []
        for _, part in self.parts():
            row, column = np.nonzero(part < 1)
            counts.append(np.bincount(row, minlength=len(part)))
            columns.append(column.astype(np.int32))
            values.append(1 - part[row, column])
        starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        self.success = csr_matrix(
            (np.concatenate(values), np.concatenate(columns), starts), shape=(n, count)
        )

    def parts(self) -> Iterator[tuple[slice, Floats]]:
        step = max(1, BLOCK // max(self.failure.shape[1], 1))
        for at in range(0, len(self.failure), step):
            yield slice(at, at + step), self.failure[at : at + step]

    def falls(self, weight: Floats) -> Floats:
        """(n,) what each option takes off the weights (S,)."""
        if self.success is not None:
            return np.asarray(self.success @ weight)
        parts = [part @ weight for _, part in self.parts()]
        return np.asarray(float(weight.sum()) - np.concatenate(parts))

    def some(self, columns: Integers) -> Callable[[Floats], Floats]:
        """`falls` of some of the options, to be asked again and again."""
        if self.success is not None:
            few = self.success[columns]
            return lambda weight: np.asarray(few @ weight)
        rows = self.failure[columns]
        return lambda weight: np.asarray(float(weight.sum()) - rows @ weight)

    def all_together(self) -> Floats:
        """(S,) the log of what is left of each world's loss with every option in the stack."""
        with np.errstate(divide="ignore"):
            if self.success is None:
                parts = [np.log(part).sum(axis=0) for _, part in self.parts()]
                return np.asarray(np.sum(parts, axis=0))
            logs = np.log1p(-self.success.data)
        sums = np.bincount(self.success.indices, logs, minlength=self.failure.shape[1])
        return sums.astype(np.float64)

    def worlds(self, column: int) -> Integers | slice:
        """The worlds in which the column may protect."""
        if self.success is None:
            return slice(None)
        starts = self.success.indptr
        return np.asarray(self.success.indices[starts[column] : starts[column + 1]])

    def first(self, columns: Integers) -> Integers:
        """(k,) the first world in which each of some columns may protect, where those are known."""
        if self.success is None:
            return np.zeros(columns.size, np.int64)
        starts = self.success.indptr[columns]
        last = self.success.indices.size - 1
        return np.asarray(self.success.indices[np.minimum(starts, last)], np.int64)

    def touched(self) -> NDArray[np.bool_]:
        """(S,) worlds in which some option may protect."""
        if self.success is not None:
            return np.bincount(self.success.indices, minlength=self.failure.shape[1]) > 0
        found = np.zeros(self.failure.shape[1], np.bool_)
        for _, part in self.parts():
            found |= (part < 1).any(axis=0)
        return found
