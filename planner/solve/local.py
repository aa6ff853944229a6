"""Greedy choice and swaps: a good stack to start from, never an answer by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program
from planner.risk.measures import Expected
from planner.worlds.types import Floats

#: Cells (columns times worlds) looked at in one block of candidates.
BLOCK = 2**22
#: Work (stack times columns times worlds) above which swaps are left out: one by one, and by a
#: matrix product.
SWAP_WORK, PRODUCT_WORK = 2 * 10**9, 2 * 10**10


def _never() -> bool:
    return False


def improve(
    program: Program, start: Sequence[int], over: Callable[[], bool] = _never
) -> tuple[int, ...]:
    """Add, then swap, as long as the objective falls; every step obeys all rules.

    `start` must obey the rules itself; `over` says when to stop with what there is.
    """
    stack = list(start)
    _add_all(program, stack, over)
    most = PRODUCT_WORK if isinstance(program.measure, Expected) else SWAP_WORK
    if len(stack) * program.size * program.loss.size > most:
        return tuple(sorted(stack))
    while not over() and _swap_best(program, stack):
        _add_all(program, stack, over)
    return tuple(sorted(stack))


def cheapen(
    program: Program, start: Sequence[int], over: Callable[[], bool] = _never
) -> tuple[int, ...] | None:
    """From a stack towards the target: add the best per unit of money until the target is met,
    then drop what is not needed, dearest first. None where it is not met this way, or `over` said
    that there is no time."""
    limit = program.target_limit
    if limit is None:
        return None
    stack = list(start)
    while program.value(stack) > limit:
        if over() or not _add_one(program, stack, per_cost=True):
            return None
    for j in sorted(stack, key=lambda j: -program.cost[j]):
        if over():
            break
        rest = [k for k in stack if k != j]
        if program.holds(rest) and program.exact_value(rest) <= limit:
            stack = rest
    return tuple(sorted(stack)) if program.exact_value(stack) <= limit else None


def _add_all(program: Program, stack: list[int], over: Callable[[], bool]) -> None:
    plain = list(stack)
    while not over() and _add_one(program, plain, per_cost=False):
        pass
    thrifty = list(stack)
    while not over() and _add_one(program, thrifty, per_cost=True):
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
    """Make the swap that helps most; False where none does."""
    if not stack:
        return False
    now = program.value(stack)
    best, move = now * (1 - 1e-12), None
    if isinstance(program.measure, Expected):
        rests = _rests(program, stack)
        for k, j in enumerate(stack):
            allowed = _allowed(program, stack, j)
            rests[k, ~allowed] = np.inf
        if rests.size and rests.min() < best:
            leaving, coming = divmod(int(rests.argmin()), program.size)
            best, move = float(rests[leaving, coming]), (stack[leaving], coming)
    else:
        best, move = _swap_by_values(program, stack, best)
    if move is None:
        return False
    before = list(stack)
    stack.remove(move[0])
    stack.append(move[1])
    if program.value(stack) >= now:  # rounding alone spoke for it
        stack[:] = before
        return False
    return True


def _rests(program: Program, stack: Sequence[int]) -> Floats:
    """(stack, n) the expectation with each member gone and each column in its place, by one matrix
    product: swaps of a hundred techniques in a thousand worlds take milliseconds."""
    factors = program.failure[list(stack)]
    weight = program.worlds.probability * program.loss
    ones = np.ones((1, weight.size))
    # Products of all before and of all after: there is no dividing by a failure of 0.
    before = np.cumprod(np.vstack([weight[None, :], factors[:-1]]), axis=0)
    after = np.cumprod(np.vstack([ones, factors[:0:-1]]), axis=0)[::-1]
    rests: Floats = (before * after) @ program.failure.T
    return rests


def _swap_by_values(
    program: Program, stack: Sequence[int], best: float
) -> tuple[float, tuple[int, int] | None]:
    """The best swap, and its value, for any measure."""
    move = None
    for j in stack:
        rest = [k for k in stack if k != j]
        allowed = np.flatnonzero(_allowed(program, list(stack), j))
        if not allowed.size:
            continue
        values = _values(program, program.losses(rest), allowed)
        k = int(values.argmin())
        if values[k] < best:
            best, move = float(values[k]), (j, int(allowed[k]))
    return best, move


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
