"""What multipliers prove, against SciPy's optimum; and a tree whose solver tells lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize

from benchmarks.families import family
from planner.solve import cutting
from planner.solve.backend import LinearProgram
from planner.solve.engine import Engine
from planner.solve.incremental import GrowingLP, Vertex
from planner.solve.search import Search
from planner.solve.weak_duality import WeakDuality


def drawn(seed: int, rows: int = 6, columns: int = 5) -> tuple[LinearProgram, np.ndarray]:
    """A program with a known point within its rows, and its matrix."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < 0.7)
    inside = matrix @ rng.random(columns)
    starts = np.append(0, np.cumsum((matrix != 0).sum(axis=1))).astype(np.int32)
    columns_of = np.nonzero(matrix)[1].astype(np.int32)
    program = LinearProgram(
        objective=rng.normal(size=columns),
        lower=np.zeros(columns),
        upper=np.ones(columns),
        integer=np.zeros(columns, np.bool_),
        row_lower=np.where(rng.random(rows) < 0.8, inside - 0.1, -np.inf),
        row_upper=np.where(rng.random(rows) < 0.4, inside + 0.1, np.inf),
        starts=starts,
        columns=columns_of,
        values=matrix[matrix != 0],
    )
    return program, matrix


def least(program: LinearProgram, matrix: np.ndarray) -> tuple[float, np.ndarray]:
    """The optimum by SciPy, and the multipliers of the rows."""
    sides = np.concatenate([-matrix, matrix])
    right = np.concatenate([-program.row_lower, program.row_upper])
    real = np.isfinite(right)
    answer = scipy.optimize.linprog(
        program.objective, A_ub=sides[real], b_ub=right[real], bounds=(0, 1), method="highs"
    )
    assert answer.status == 0
    duals = np.zeros(right.size)
    duals[real] = answer.ineqlin.marginals
    rows = len(matrix)
    return float(answer.fun), duals[rows:] - duals[:rows]


@pytest.mark.parametrize("seed", range(20))
def test_any_multipliers_prove_no_more_than_the_optimum(seed: int) -> None:
    program, matrix = drawn(seed)
    optimum, duals = least(program, matrix)
    own = WeakDuality(program)
    rng = np.random.default_rng([seed, 1])
    for wrong in (duals, -duals, duals * 3, rng.normal(size=duals.size), np.zeros(duals.size)):
        assert own.bound(wrong, program.lower, program.upper)[0] <= optimum + 1e-12
    best, reduced = own.bound(duals, program.lower, program.upper)
    assert best == pytest.approx(optimum, abs=1e-9)
    assert reduced == pytest.approx(program.objective - matrix.T @ duals, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_come_and_go_count_as_long_as_they_are_there(seed: int) -> None:
    program, matrix = drawn(seed)
    own = WeakDuality(program)
    rng = np.random.default_rng([seed, 2])
    fresh = rng.normal(size=(2, 5))
    lower = fresh @ np.full(5, 0.5) - 1
    everything = np.arange(5, dtype=np.int32)
    own.append([(everything, row, float(low)) for row, low in zip(fresh, lower, strict=True)])
    own.forget([1, 4, 6])
    kept = [0, 2, 3, 5]
    left = replace(
        program,
        row_lower=np.append(program.row_lower[kept], lower[1]),
        row_upper=np.append(program.row_upper[kept], np.inf),
    )
    table = np.vstack([matrix[kept], fresh[1]])
    optimum, duals = least(left, table)
    assert own.bound(duals, program.lower, program.upper)[0] == pytest.approx(optimum, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lie", [0.5, 10.0])
def test_a_solver_that_is_wrong_about_its_optimum_makes_no_false_bound(
    lie: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 16 options: the least is that of all stacks tried. "core" keeps the search from trying them,
    # and no swaps: it starts from the empty stack, as far from the best as can be.
    program = family("coverage", "16x20", 0.3, seed)
    best = Engine(program, Search(solver="enumerate", gap=0.0)).best()
    assert best.stack is not None
    truth = program.value(best.stack)
    ask = GrowingLP.ask
    asked = 0

    def lying(self: GrowingLP, seconds: float | None) -> Vertex | None:
        nonlocal asked
        asked += 1
        found = ask(self, seconds)
        if found is None:
            return None
        return replace(found, value=found.value * lie + lie, reduced=found.reduced * lie)

    monkeypatch.setattr(GrowingLP, "ask", lying)
    monkeypatch.setattr(cutting, "improve", lambda _, start, *__: tuple(sorted(start)))
    found = Engine(program, Search(solver="core")).best()
    assert asked
    assert found.stop == "proven"
    assert found.bound is not None
    assert found.bound <= truth * (1 + 1e-12)
    assert program.value(found.stack or ()) <= truth * (1 + 1e-4)
