"""Every efficient stack at once, read from the table of all values.

The same answers as asking for the best stack below one cost after the other: floating point makes
the shortlist of each cost, exact arithmetic decides it, ties go by the rule.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby

import numpy as np

from planner.risk.measures import Expected
from planner.solve.enumerate import MOST_EXACT, AllStacks
from planner.solve.shortlist import UNDERFLOW, rounding


def breakpoints(table: AllStacks, high: int | None = None) -> list[tuple[int, ...]] | None:
    """The stacks (columns) that leave less than every one that costs less, by rising cost, up to
    the cost `high`; ties by the rule. None where too many are too near to tell apart."""
    program = table.program
    allowed = table._feasible.ravel()
    costs = table._costs.ravel()
    if high is not None:
        allowed = allowed & (costs <= high)
    places = np.flatnonzero(allowed)
    if not places.size:
        return []
    places = places[np.argsort(costs[places], kind="stable")]
    values, costs = table.values.ravel()[places], costs[places]
    first = np.flatnonzero(np.diff(costs, prepend=costs[0] - 1))
    least = np.minimum.reduceat(values, first)
    before = np.concatenate(([np.inf], np.minimum.accumulate(least)[:-1]))
    reach = np.maximum(np.minimum(least, before) * (1 + 2 * rounding(program)), UNDERFLOW)
    sizes = np.diff(first, append=places.size)
    near = np.flatnonzero(values <= np.repeat(reach, sizes))
    if near.size > MOST_EXACT:
        return None
    floor = Fraction(0)
    if isinstance(program.measure, Expected):
        floor = program.exact_constant(table.constant_worlds)
    found: list[tuple[int, ...]] = []
    best: Fraction | None = None
    for _, group in groupby(near, key=lambda k: int(costs[k])):
        stacks = [table.stack(int(places[k])) for k in group]
        rival = min(stacks, key=lambda stack: (table.exact.value(stack), program.tie_key(stack)))
        value = table.exact.value(rival)
        if best is None or value < best:
            found.append(rival)
            best = value
        if best <= floor:
            break
    return found
