"""Many draws at once, against each draw enumerated by itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planner.solve.draws import best_of_draws


def _case(seed: int, draws: int, n: int, worlds: int):
    rng = np.random.default_rng(seed)
    failure = rng.random((draws, n, worlds))
    weight = rng.dirichlet(np.ones(worlds), draws)
    cost = rng.integers(1, 9, n)
    masks = np.arange(2**n)
    spent = ((masks[:, None] >> np.arange(n)) & 1) @ cost
    feasible = spent <= cost.sum() // 2
    order = np.lexsort((masks, spent))
    return failure, weight, feasible, order


@pytest.mark.parametrize(("seed", "n", "worlds"), [(0, 1, 3), (1, 2, 1), (2, 5, 40), (3, 7, 128)])
def test_the_best_stack_of_every_draw_is_that_of_its_own_enumeration(
    seed: int, n: int, worlds: int
) -> None:
    failure, weight, feasible, order = _case(seed, 60, n, worlds)
    found = best_of_draws(failure, weight, feasible, order)
    for d in range(60):
        values = {
            mask: sum(
                weight[d, s] * np.prod([failure[d, i, s] for i in range(n) if mask >> i & 1])
                for s in range(worlds)
            )
            for mask in range(2**n)
            if feasible[mask]
        }
        best = min(values, key=values.__getitem__)
        assert found.stack[d] == best
        assert found.value[d] == pytest.approx(values[best], rel=1e-12)
        assert not found.tied[d]


def test_equal_stacks_are_called_tied_and_the_preferred_one_is_taken() -> None:
    failure = np.full((1, 3, 2), 0.5)
    weight = np.array([[0.25, 0.75]])
    one_of_three = np.array([mask.bit_count() <= 1 for mask in range(8)])
    found = best_of_draws(failure, weight, one_of_three, [0, 4, 2, 1, 3, 5, 6, 7])
    assert found.stack[0] == 4
    assert found.tied[0]


def test_what_cannot_be_answered_is_refused() -> None:
    failure, weight, _, order = _case(5, 2, 3, 4)
    with pytest.raises(ValueError, match="no stack is feasible"):
        best_of_draws(failure, weight, np.zeros(8, np.bool_), order)
    wide = np.ones((1, 17, 1))
    with pytest.raises(ValueError, match="at most 16"):
        best_of_draws(wide, np.ones((1, 1)), np.ones(2**17, np.bool_), [])


def test_a_draw_with_a_sure_protector_leaves_nothing() -> None:
    failure = np.array([list(itertools.repeat([0.0, 0.3], 2))])
    found = best_of_draws(failure, np.array([[1.0, 0.0]]), np.ones(4, np.bool_), [0, 1, 2, 3])
    assert (found.value[0], found.stack[0]) == (0.0, 1)
