"""A linear program that grows: rows keep their numbers, whatever HiGHS makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from solve.test_backends import program

from planner.solve import incremental
from planner.solve.incremental import GrowingLP, Vertex

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


def test_a_simplex_that_does_not_end_is_started_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without a step no simplex ends; the last way, presolve, needs none here. What it finds is
    # the optimum all the same, and the next question is asked in the usual way again.
    cost, truth = np.array([1.0, 1.5, 3.0]), 1.0  # of x + 1.5 y + 3 z with x + y + z >= 1 alone: x
    lp = GrowingLP(program(cost.tolist(), whole=[False] * 3))
    lp.append([(COLUMNS, np.array(ROWS[0][0]), ROWS[0][1])])
    ways: list[tuple[object, ...]] = []
    real = GrowingLP._asked
    names = [option for option, _, _ in incremental.OTHERWISE]

    def told(self: GrowingLP) -> Vertex | None:
        ways.append(tuple(self._highs.getOptionValue(name)[1] for name in names))
        return real(self)

    monkeypatch.setattr(GrowingLP, "_asked", told)
    monkeypatch.setattr(incremental, "SIMPLEX_STEPS", 0)
    found = lp.ask(None)
    assert found is not None
    assert found.value == pytest.approx(truth)
    assert len(set(ways)) == len(ways) - 1  # as it was, once more, then each other way
    monkeypatch.setattr(incremental, "SIMPLEX_STEPS", 10)
    again = lp.ask(None)
    assert again is not None
    assert again.value == pytest.approx(truth)
    assert ways[-1] == ways[0]
