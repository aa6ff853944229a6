"""The choice problem as frozen data: columns (options for sale), integer rows, worlds, a measure.

A solver sees neither ids nor rules' names: columns and rows are numbered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.risk import extended
from planner.risk.double import Close, sum_of_products
from planner.risk.exact import Dyadic
from planner.risk.measures import Expected, Measure
from planner.scenario.types import Written
from planner.worlds.types import Floats, Worlds


@dataclass(frozen=True)
class Row:
    """lower <= sum of coefficient * x <= upper, all integers; None where there is no bound.

    `rule` says in the funder's words what the row stands for, `where` the key that it was
    written under, `place` at which line; `money` that the coefficients are costs in units of
    account. Amounts are in 10^-decimals of the rule's own `unit`.
    """

    indices: tuple[int, ...]
    coefficients: tuple[int, ...]
    lower: int | None
    upper: int | None
    rule: str
    where: str
    money: bool = False
    decimals: int = 0
    unit: str = ""
    place: Written | None = field(default=None, compare=False)

    def activity(self, stack: Iterable[int]) -> int:
        """The row's sum for a set of columns."""
        chosen = set(stack)
        return sum(c for i, c in zip(self.indices, self.coefficients, strict=True) if i in chosen)

    def holds(self, stack: Iterable[int]) -> bool:
        total = self.activity(stack)
        return not (
            (self.lower is not None and total < self.lower)
            or (self.upper is not None and total > self.upper)
        )


@dataclass(frozen=True, eq=False)
class Program:
    """Least objective, or (with a target) least cost with objective <= target.

    labels     (n,) how the columns are written, for ties and results
    technique  (n,) number of the technique of each column
    cost       (n,) integer units of account
    failure    (n, S) probability that the column fails in the world
    loss       (S,) loss of each world with what others pay for already in place
    option     (n,) number of the option in the scenario (row of `worlds.failure`)
    committed  options that others pay for
    """

    labels: tuple[str, ...]
    technique: tuple[int, ...]
    cost: tuple[int, ...]
    rows: tuple[Row, ...]
    worlds: Worlds
    measure: Measure
    option: tuple[int, ...]
    committed: tuple[int, ...] = ()
    target: float | None = None

    @property
    def size(self) -> int:
        return len(self.labels)

    @cached_property
    def failure(self) -> Floats:
        rows = self.worlds.failure
        if self.option == tuple(range(len(rows))):
            return rows
        return rows[list(self.option)]

    @cached_property
    def loss(self) -> Floats:
        left = self.worlds.loss.copy()
        for k in self.committed:
            left *= self.worlds.failure[k]
        return left

    @cached_property
    def target_limit(self) -> Fraction | None:
        """A stack meets the target up to a relative 1e-12: 0.1 + 0.2 counts as 0.3."""
        if self.target is None:
            return None
        return Fraction(self.target) * (1 + Fraction(1, 10**12))

    def with_rows(self, extra: Sequence[Row]) -> Program:
        return replace(self, rows=(*self.rows, *extra)) if extra else self

    def only(self, columns: Sequence[int]) -> Program:
        """The program with some of its columns alone for sale, in the order given."""
        place = {j: k for k, j in enumerate(columns)}

        def kept(row: Row) -> Row:
            pairs = [
                (place[j], c)
                for j, c in zip(row.indices, row.coefficients, strict=True)
                if j in place
            ]
            indices, coefficients = tuple(j for j, _ in pairs), tuple(c for _, c in pairs)
            return replace(row, indices=indices, coefficients=coefficients)

        return replace(
            self,
            labels=tuple(self.labels[j] for j in columns),
            technique=tuple(self.technique[j] for j in columns),
            cost=tuple(self.cost[j] for j in columns),
            option=tuple(self.option[j] for j in columns),
            rows=tuple(map(kept, self.rows)),
        )

    # What a stack (a sequence of column numbers) is worth.

    def stack_cost(self, stack: Sequence[int]) -> int:
        return sum(self.cost[j] for j in stack)

    def holds(self, stack: Sequence[int]) -> bool:
        """Every rule, in integers."""
        chosen = frozenset(stack)
        return all(row.holds(chosen) for row in self.rows)

    def losses(self, stack: Sequence[int]) -> Floats:
        """(S,) loss left in each world."""
        left = self.loss.copy()
        for j in stack:
            left *= self.failure[j]
        return left

    def value(self, stack: Sequence[int]) -> float:
        """The measure of a stack, in floating point."""
        return float(self.measure.values(self.worlds, self.losses(stack)[None, :])[0])

    def exact_value(self, stack: Sequence[int]) -> Fraction:
        """The measure of a stack, without rounding."""
        left = self._dyadic_loss
        for j in stack:
            left = left.times(self.failure[j])
        return self.measure.exact(self.worlds, left)

    def quick_value(self, stack: Sequence[int]) -> Close | None:
        """The measure of a stack to about 17 digits, and what it is off by at most; None as for
        `close_value`, and on machines without such numbers."""
        if not isinstance(self.measure, Expected):
            return None
        chosen = [*(self.option[j] for j in stack), *self.committed]
        worlds = self.worlds
        return extended.sum_of_products(worlds.failure, chosen, worlds.loss, worlds.probability)

    def close_value(self, stack: Sequence[int]) -> Close | None:
        """The measure of a stack to about 30 digits, and what it is off by at most; None for
        measures other than the expectation, and where digits may have been lost."""
        if not isinstance(self.measure, Expected):
            return None
        worlds = self.worlds
        committed = worlds.failure[list(self.committed)]
        factors = np.vstack([self.failure[list(stack)], committed])
        return sum_of_products(factors, (worlds.loss, worlds.probability))

    def nearest_value(self, stack: Sequence[int]) -> float:
        """The double nearest to `exact_value`, mostly without exact arithmetic."""
        for value in (self.quick_value, self.close_value):
            close = value(stack)
            known = None if close is None else close.rounded()
            if known is not None:
                return known
        return float(self.exact_value(stack))

    def exact_constant(self, worlds: NDArray[np.bool_]) -> Fraction:
        """Expected loss of some of the worlds with nothing bought, without rounding."""
        if not worlds.any():
            return Fraction(0)
        part = self._dyadic_loss
        inside = Dyadic(part.mantissa * worlds.astype(int).astype(object), part.exponent)
        return Expected().exact(self.worlds, inside)

    @cached_property
    def _dyadic_loss(self) -> Dyadic:
        left = Dyadic.of(self.worlds.loss)
        for k in self.committed:
            left = left.times(self.worlds.failure[k])
        return left

    def tie_key(self, stack: Sequence[int]) -> tuple[int, int, tuple[str, ...]]:
        """Lower cost, then fewer techniques, then the smallest sorted list of ids."""
        return (
            self.stack_cost(stack),
            len(stack),
            tuple(sorted(self.labels[j] for j in stack)),
        )

    @cached_property
    def dense_rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """(rows, n) coefficients, (rows,) lower, (rows,) upper as 64-bit integers."""
        none = np.iinfo(np.int64).max
        matrix = np.zeros((len(self.rows), self.size), np.int64)
        for r, row in enumerate(self.rows):
            matrix[r, list(row.indices)] = row.coefficients
        lower = [-none if row.lower is None else row.lower for row in self.rows]
        upper = [none if row.upper is None else row.upper for row in self.rows]
        return matrix, np.array(lower, np.int64), np.array(upper, np.int64)
