"""A mixed-integer program in integers alone, rounded outward: never above the true optimum.

A continuous column z becomes the integer w = floor(unit * z), a row the integers
k = round(scale * a / unit). `unit` and `scale` are powers of two, so these products are exact, and
so is what rounding leaves over. The row's bounds are then loosened by the most that rounding can
change over the box of the columns. Every feasible point of the program has its image among the
integers, and a bound on those, less the most that rounding can change, is a bound on the program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.solve.backend import LinearProgram
from planner.solve.trivial import row_numbers
from planner.worlds.types import Floats

Integers = NDArray[np.int64]

#: Bits of an integer column, of the activity of an integer row.
COLUMN_BITS, ROW_BITS = 46, 55
#: Passes over the rows in search of finite bounds for columns that have none.
PASSES = 20


@dataclass(frozen=True, eq=False)
class IntegerProgram:
    """minimise objective . v with row_lower <= A v <= row_upper, lower <= v <= upper, v whole.

    Column j of the linear program is `v[j] / unit[j]`; a bound b here proves
    `(b + shift) / scale` there. The matrix has the linear program's rows and entries; no sum of
    a row or of the objective is above `activity`.
    """

    objective: Integers
    lower: Integers
    upper: Integers
    row_lower: list[int | None]
    row_upper: list[int | None]
    values: Integers
    unit: Floats
    scale: float
    shift: float
    activity: float

    def proven(self, bound: float) -> float:
        """The bound on the linear program, rounded down."""
        total = bound + self.shift
        slop = 4e-16 * (abs(bound) + abs(self.shift)) if self.shift or abs(bound) > 2**53 else 0.0
        return (total - slop) / self.scale


def in_integers(program: LinearProgram, feasibility: float) -> IntegerProgram | None:
    """The program in integers; None where a column has no finite bounds."""
    box = finite_box(program)
    if box is None:
        return None
    low, high = box
    continuous = ~program.integer
    unit = np.ones(low.size)
    reach = np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
    bits = np.minimum(np.ceil(np.log2(64 / feasibility)), COLUMN_BITS - np.ceil(np.log2(reach)))
    unit[continuous] = np.exp2(bits[continuous])
    lower, upper = np.floor(low * unit), np.floor(high * unit)
    largest = np.maximum(np.abs(lower), np.abs(upper))

    rows = row_numbers(program)
    count = program.row_lower.size
    share = program.values / unit[program.columns]
    whole = _all(rows, count, program.integer[program.columns] & (share == np.rint(share)))
    scale = _scale(
        _sum(rows, count, np.abs(share) * largest[program.columns]),
        _sum(rows, count, np.ones(rows.size)),
        _most(rows, count, unit[program.columns]),
        whole,
        feasibility,
    )
    exact = share * scale[rows]
    values = np.rint(exact)
    left = exact - values
    at_lower, at_upper = left * lower[program.columns], left * upper[program.columns]
    # z is up to one unit above its integer: what that adds to the row's sum.
    above = np.where(continuous[program.columns], exact, 0.0)
    gain = np.maximum(above, 0.0) + np.maximum(at_lower, at_upper)
    lose = np.minimum(above, 0.0) + np.minimum(at_lower, at_upper)
    row_lower = program.row_lower * scale
    row_upper = program.row_upper * scale
    slop = 1e-14 * _sum(rows, count, np.abs(gain) + np.abs(lose))
    loose = slop > 0
    below = _sum(rows, count, gain) + slop + np.where(loose, 4e-16 * np.abs(row_lower), 0.0)
    over = _sum(rows, count, lose) - slop - np.where(loose, 4e-16 * np.abs(row_upper), 0.0)

    costs = program.objective / unit
    cost_scale = _scale(
        np.array([float(np.abs(costs) @ largest)]),
        np.array([float(np.count_nonzero(costs))]),
        np.array([float(unit[costs != 0].max(initial=1.0))]),
        np.array([((program.integer & (costs == np.rint(costs))) | (costs == 0)).all()]),
        feasibility,
    )[0]
    exact_cost = costs * cost_scale
    objective = np.rint(exact_cost)
    left = exact_cost - objective
    shift = float(
        np.minimum(left * lower, left * upper).sum()
        + np.minimum(np.where(continuous, exact_cost, 0.0), 0.0).sum()
    )
    return IntegerProgram(
        objective=objective.astype(np.int64),
        lower=lower.astype(np.int64),
        upper=upper.astype(np.int64),
        row_lower=[_whole(np.ceil(x)) for x in row_lower - below],
        row_upper=[_whole(np.floor(x)) for x in row_upper - over],
        values=values.astype(np.int64),
        unit=unit,
        scale=float(cost_scale),
        shift=shift * (1 + 1e-12),
        activity=max(
            float(_sum(rows, count, np.abs(values) * largest[program.columns]).max(initial=0.0)),
            float(np.abs(objective) @ largest),
        ),
    )


def finite_box(program: LinearProgram) -> tuple[Floats, Floats] | None:
    """Finite bounds of every column that keep an optimum; None where they cannot be had.

    Two ways to a bound that is missing. The rows imply it: with the others at their extremes, no
    value beyond it is feasible. Or going beyond it is never worth it: the cost does not fall that
    way, and at the bound every row that wants more is met whatever the others are.
    """
    lower = np.where(program.integer, np.ceil(program.lower), program.lower)
    upper = np.where(program.integer, np.floor(program.upper), program.upper)
    if np.isfinite(lower).all() and np.isfinite(upper).all():
        return lower, upper
    # Every row as one or two of the kind `sum a v >= bound`.
    rows, count = row_numbers(program), program.row_lower.size
    rows = np.concatenate([rows, rows + count])
    columns = np.concatenate([program.columns, program.columns])
    values = np.concatenate([program.values, -program.values])
    bounds = np.concatenate([program.row_lower, -program.row_upper])
    kept = (values != 0) & np.isfinite(bounds)[rows]
    rows, columns, values = rows[kept], columns[kept], values[kept]
    order = np.argsort(columns, kind="stable")
    starts = np.searchsorted(columns[order], np.arange(lower.size + 1))

    def others(at: Floats) -> Floats:
        """For each entry, the sum of its row's other entries; infinite where one of them is."""
        terms = values * at
        endless = np.isinf(terms)
        finite = np.where(endless, 0.0, terms)
        total = _sum(rows, 2 * count, finite)[rows] - finite
        sign = float(np.sign(terms[endless][0])) if endless.any() else 1.0
        number = _sum(rows, 2 * count, endless.astype(np.float64))[rows] - endless
        return np.where(number > 0, sign * np.inf, total)

    for _ in range(PASSES):
        open_columns = np.flatnonzero(~(np.isfinite(lower) & np.isfinite(upper)))
        if not open_columns.size:
            return lower, upper
        low_end = np.where(values > 0, lower[columns], upper[columns])
        high_end = np.where(values > 0, upper[columns], lower[columns])
        # Where the row holds for all values of the others, and where for some.
        always = (bounds[rows] - others(low_end)) / values
        ever = (bounds[rows] - others(high_end)) / values
        changed = False
        for j in open_columns:
            entries = order[starts[j] : starts[j + 1]]
            wants_more, wants_less = entries[values[entries] > 0], entries[values[entries] < 0]
            cost = program.objective[j]
            least, most = lower[j], upper[j]
            if np.isinf(least):
                least = _down(ever[wants_more].max(initial=-np.inf))
            if np.isinf(most):
                most = _up(ever[wants_less].min(initial=np.inf))
            if np.isinf(most) and cost >= 0:
                most = _up(max(least, always[wants_more].max(initial=-np.inf)))
            if np.isinf(least) and cost <= 0:
                least = _down(min(most, always[wants_less].min(initial=np.inf)))
            if not entries.size and cost == 0:
                least = most = float(np.clip(0.0, lower[j], upper[j]))
            if least == np.inf or most == -np.inf:
                continue
            changed |= bool(least != lower[j] or most != upper[j])
            lower[j], upper[j] = least, most
        if not changed:
            return None
    return None


def _down(x: float) -> float:
    return float(x - 1e-9 * (1 + abs(x))) if np.isfinite(x) else float(x)


def _up(x: float) -> float:
    return -_down(-x)


def _scale(
    activity: Floats, entries: Floats, unit: Floats, whole: NDArray[np.bool_], feasibility: float
) -> Floats:
    """(rows,) powers of two: rounding far below the feasibility, sums far below 64 bits; 1 where
    all is whole as it stands."""
    wanted = np.maximum(np.ceil(np.log2(4 * (1 + entries) / feasibility)), np.log2(unit))
    room = np.floor(ROW_BITS - np.log2(np.maximum(activity, 1e-300)))
    bits = np.where(whole & (activity < 2.0**53), 0.0, np.minimum(wanted, room))
    return np.asarray(np.exp2(bits))


def _whole(x: float) -> int | None:
    """None for a bound that no sum of `ROW_BITS` reaches from outside."""
    return int(x) if abs(x) < 2.0**62 else None


def _sum(rows: NDArray[np.intp], count: int, terms: Floats) -> Floats:
    return np.bincount(rows, weights=terms, minlength=count).astype(np.float64)


def _most(rows: NDArray[np.intp], count: int, terms: Floats) -> Floats:
    most = np.ones(count)
    np.maximum.at(most, rows, terms)
    return most


def _all(rows: NDArray[np.intp], count: int, holds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(_sum(rows, count, (~holds).astype(np.float64)) == 0)
