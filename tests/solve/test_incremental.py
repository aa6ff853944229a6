"""A linear program that grows: rows keep their numbers, whatever HiGHS makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from solve.test_backends import program

from planner.solve.incremental import GrowingLP

COLUMNS = np.arange(3, dtype=np.int32)
ROWS = [([1.0, 1.0, 1.0], 1.0), ([1.0, 2.0, 0.0], 1.5)]
#: HiGHS refuses coefficients from 1e15 on (its option `large_matrix_value`).
STEEP = ([1e16, 1.0, 1.0], 2.0)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("together", [True, False])
def test_a_row_that_is_refused_leaves_the_others_and_their_numbers(
    place: int, together: bool
) -> None:
    rows = [*ROWS[:place], STEEP, *ROWS[place:]]
    cost = np.array([1.0, 1.5, 3.0])
    lp = GrowingLP(program(cost.tolist(), whole=[False] * 3))
    if together:
        lp.append([(COLUMNS, np.array(values), lower) for values, lower in rows])
    else:
        for values, lower in rows:
            lp.add(np.array(values), lower)
    found = lp.ask(None)
    assert found is not None
    # A second solver, with the rows that hold alone.
    truth = linprog(
        cost,
        A_ub=-np.array([r for r, _ in ROWS]),
        b_ub=-np.array([b for _, b in ROWS]),
        bounds=(0, 1),
    )
    assert found.value == pytest.approx(truth.fun)
    assert lp.height == found.duals.size == 3
    duals = np.insert(-truth.ineqlin.marginals, place, 0.0)
    assert found.duals == pytest.approx(duals)
    lp.forget([place])
    again = lp.ask(None)
    assert again is not None
    assert (again.value, again.duals.size) == (pytest.approx(truth.fun), 2)
