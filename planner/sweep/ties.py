"""Which of the stacks within rounding of the best is the best, draw by draw.

Mostly such stacks are equal to the last bit: techniques with the same failures in every world, of
which either may be bought. Which rows of a draw are equal, and which stacks are near, decides that
once for all draws alike. What is left is compared in pairs of doubles, and then in exact fractions,
as the search by itself does it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program
from planner.solve.draws import DrawnBest
from planner.solve.shortlist import Exact
from planner.worlds.types import Floats, Worlds

#: Stacks without equal rows that are compared exactly; a draw with more is left to the search.
MOST_KINDS = 16


def settle_ties(
    program: Program, worlds: Worlds, failure: Floats, best: DrawnBest
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(draws,) the best stack as a bit mask, and (draws,) whether that is certain.

    `failure` (draws, options, S) are failures in `worlds`; `best` was found with the program's own
    order at ties.
    """
    stack, settled = best.stack.copy(), ~best.tied
    tied = np.flatnonzero(best.tied)
    if not tied.size:
        return stack, settled
    classes = _row_classes(failure[tied][:, list(program.option)])
    known: dict[tuple[bytes, bytes], list[int]] = {}
    for d, own, rivals in zip(tied.tolist(), classes, best.rivals, strict=True):
        key = own.tobytes(), rivals.tobytes()
        if key not in known:
            known[key] = _kinds(own, rivals)
        kinds = known[key]
        if len(kinds) == 1:
            stack[d], settled[d] = kinds[0], True
        elif len(kinds) <= MOST_KINDS:
            here = replace(program, worlds=replace(worlds, failure=failure[d]))
            stack[d], settled[d] = _least(here, kinds), True
    return stack, settled


def _row_classes(failure: Floats) -> NDArray[np.int64]:
    """(draws, n) for each row of (draws, n, S) the first one that equals it in every world."""
    draws, n, _ = failure.shape
    found = np.empty((draws, n), np.int64)
    for i in range(n):
        equal = (failure[:, : i + 1] == failure[:, i : i + 1]).all(axis=2)
        found[:, i] = equal.argmax(axis=1)
    return found


def _kinds(classes: NDArray[np.int64], rivals: NDArray[np.int64]) -> list[int]:
    """The most preferred stack of each kind: those of a kind multiply the same rows."""
    found: dict[tuple[int, ...], int] = {}
    for mask in rivals.tolist():
        rows = (own for i, own in enumerate(classes.tolist()) if mask >> i & 1)
        found.setdefault(tuple(sorted(rows)), mask)
    return list(found.values())


def _least(program: Program, masks: list[int]) -> int:
    """The mask of the least exact value; at a tie the first one."""
    exact = Exact(program)
    stacks = [[j for j in range(program.size) if mask >> j & 1] for mask in masks]
    best = 0
    for k in range(1, len(masks)):
        if exact.compare(stacks[k], stacks[best]) < 0:
            best = k
    return masks[best]
