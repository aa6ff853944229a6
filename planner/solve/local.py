"""Greedy choice and swaps: a good stack to start from, never an answer by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program
from planner.worlds.types import Floats

#: Cells (columns times worlds) looked at in one block of candidates.
BLOCK = 2**22
#: Work (stack times columns times worlds) above which swaps are left out.
SWAP_WORK = 2 * 10**9


def improve(program: Program, start: Sequence[int]) -> tuple[int, ...]:
    """Add, then swap, as long as the objective falls; every step obeys all rules.

    `start` must obey the rules itself.
    """
    stack = list(start)
    _add_all(program, stack)
    if len(stack) * program.size * program.loss.size > SWAP_WORK:
        return tuple(sorted(stack))
    while _swap_best(program, stack):
        _add_all(program, stack)
    return tuple(sorted(stack))


def cheapen(program: Program, start: Sequence[int]) -> tuple[int, ...] | None:
    """From a stack towards the target: add the best per unit of money until the target is met,
    then drop what is not needed, dearest first. None where it is not met this way."""
    limit = program.target_limit
    if limit is None:
        return None
    stack = list(start)
    while program.value(stack) > limit:
        if not _add_one(program, stack, per_cost=True):
            return None
    for j in sorted(stack, key=lambda j: -program.cost[j]):
        rest = [k for k in stack if k != j]
        if program.holds(rest) and program.exact_value(rest) <= limit:
            stack = rest
    return tuple(sorted(stack)) if program.exact_value(stack) <= limit else None


def _add_all(program: Program, stack: list[int]) -> None:
    plain = list(stack)
    while _add_one(program, plain, per_cost=False):
        pass
    thrifty = list(stack)
    while _add_one(program, thrifty, per_cost=True):
        pass
    stack[:] = thrifty if program.value(thrifty) < program.value(plain) else plain


def _add_one(program: Program, stack: list[int], *, per_cost: bool) -> bool:
    """Add the column that helps most (absolutely, or per unit of money); False where none does."""
    allowed = np.flatnonzero(_allowed(program, stack, None))
    if not allowed.size:
        return False
    left = program.losses(stack)
    now = float(program.measure.values(program.worlds, left[None, :])[0])
    fall = now - _values(program, left, allowed)
    if fall.max() <= 0:
        return False
    gain = fall
    if per_cost:
        cost = np.array([program.cost[j] for j in allowed], np.float64)
        gain = np.where(fall > 0, fall / np.maximum(cost, 0.5), 0.0)
    stack.append(int(allowed[int(gain.argmax())]))
    return True


def _swap_best(program: Program, stack: list[int]) -> bool:
    now = program.value(stack)
    best, move = now * (1 - 1e-12), None
    for j in list(stack):
        rest = [k for k in stack if k != j]
        allowed = np.flatnonzero(_allowed(program, stack, j))
        if not allowed.size:
            continue
        values = _values(program, program.losses(rest), allowed)
        k = int(values.argmin())
        if values[k] < best:
            best, move = float(values[k]), (j, int(allowed[k]))
    if move is None:
        return False
    stack.remove(move[0])
    stack.append(move[1])
    return True


def _values(program: Program, left: Floats, columns: NDArray[np.intp]) -> Floats:
    """The measure after each of the columns is added to what leaves `left`."""
    step = max(1, BLOCK // max(left.size, 1))
    parts = [
        program.measure.values(program.worlds, program.failure[columns[at : at + step]] * left)
        for at in range(0, columns.size, step)
    ]
    return np.concatenate(parts)


def _allowed(program: Program, stack: list[int], leaving: int | None) -> NDArray[np.bool_]:
    """(n,) whether the stack with the column added (and `leaving` gone) obeys every rule."""
    matrix, lower, upper = program.dense_rows
    kept = [j for j in stack if j != leaving]
    base = matrix[:, kept].sum(axis=1)
    total = matrix + base[:, None]
    ok: NDArray[np.bool_] = ((total >= lower[:, None]) & (total <= upper[:, None])).all(axis=0)
    ok[stack] = False
    return ok
