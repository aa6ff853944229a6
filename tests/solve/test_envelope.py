"""Rows of one world against all 2^k stacks, and the tree against a table of all stacks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize

from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.solve.cutting import Cutting
from planner.solve.engine import BACKENDS
from planner.solve.envelope import envelope_rows
from planner.solve.local import improve
from planner.solve.search import Search, silent
from planner.worlds.types import Worlds


def table(count: int) -> np.ndarray:
    return ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(np.float64)


def failures(rng: np.random.Generator, k: int) -> np.ndarray:
    kind = rng.integers(3)
    one = [rng.uniform(0, 1, k), 10.0 ** -rng.uniform(0, 15, k), rng.uniform(0.02, 0.3, k)][kind]
    one[rng.random(k) < 0.1] = 0.0
    return np.minimum(one, 1 - 1e-9)


def test_a_row_is_below_the_product_of_every_stack_and_touches_the_envelope() -> None:
    # The envelope at a point is a linear program over all stacks; scipy solves it here.
    rng = np.random.default_rng(1)
    compared = 0
    for number in range(600):
        k = int(rng.integers(1, 9))
        failure = failures(rng, k)
        x = np.where(rng.random(k) < 0.6, rng.random(k), rng.integers(0, 2, k))
        row = envelope_rows([failure], [x])[0]
        stacks = table(k)
        product = np.prod(np.where(stacks == 1, failure, 1.0), axis=1)
        if row is None:
            assert product[(stacks >= x).all(axis=1)].max() == 0
            continue
        constant, slopes = row
        assert (constant + stacks @ slopes <= product).all()
        if number % 6 == 0:
            rows = np.vstack([stacks.T, np.ones(2**k)])
            envelope = scipy.optimize.linprog(product, A_eq=rows, b_eq=np.append(x, 1)).fun
            assert constant + slopes @ x == pytest.approx(envelope, abs=1e-7)
            compared += 1
    assert compared > 50


def sparse_program(seed: int) -> Program:
    """Up to 10 columns in up to 8 worlds, a fifth of the failures below 1; some zeros, sets."""
    rng = np.random.default_rng(seed)
    n, count = int(rng.integers(3, 11)), int(rng.integers(2, 9))
    failure = np.ones((n, count))
    for s in range(count):
        some = rng.random(n) < 0.3
        failure[some, s] = failures(rng, int(some.sum()))
    cost = tuple(int(c) for c in rng.integers(1, 30, n))
    everything = tuple(range(n))
    rows = [Row(everything, cost, None, int(sum(cost) * rng.random()), "budget", "budget")]
    if seed % 3 == 0:
        half = tuple(j for j in everything if j % 2)
        rows.append(Row(half, (1,) * len(half), None, 1, "at most", "rules.at_most"))
    if seed % 4 == 0:
        rows.append(Row((0, 1), (1, -1), None, 0, "requires", "rules.requires"))
    mass = rng.random(count) + 0.01
    worlds = Worlds(
        probability=mass / mass.sum(),
        loss=rng.uniform(0.1, 5, count) * 10.0 ** -float(rng.choice([0, 0, 6])),
        failure=failure,
        state=np.arange(count),
    )
    return Program(
        labels=tuple(f"t{j:02}" for j in everything),
        technique=everything,
        cost=cost,
        rows=tuple(rows),
        worlds=worlds,
        measure=Expected(),
        option=everything,
    )


@pytest.mark.parametrize("gap", [1e-4, 0.0])
def test_the_tree_proves_no_more_than_the_least_of_all_stacks(gap: float) -> None:
    for seed in range(60):
        program = sparse_program(seed)
        search = Search(gap=gap)
        route = Cutting(program, BACKENDS[0], search, silent, BACKENDS[0], tree=True)
        outcome = route.best((), None)
        stacks = table(program.size)
        allowed = np.ones(len(stacks), np.bool_)
        for row in program.rows:
            amounts = np.zeros(program.size)
            amounts[list(row.indices)] = row.coefficients
            allowed &= (row.upper is None) | (stacks @ amounts <= (row.upper or 0))
        left = np.where(stacks[:, :, None] == 1, program.failure, 1.0).prod(axis=1)
        values = np.where(allowed, left @ program.worlds.weight, np.inf)
        least = float(values.min())
        assert outcome.stack is not None
        assert program.holds(outcome.stack)
        assert outcome.stop == "proven"
        assert outcome.bound is not None or least == 0
        assert (outcome.bound or 0.0) <= least * (1 + 1e-12)
        assert least * (1 - 1e-12) <= program.value(outcome.stack) <= least * (1 + gap + 2e-9)


def test_swaps_by_a_matrix_product_end_where_no_swap_helps() -> None:
    for seed in range(40):
        program = sparse_program(seed)
        stack = improve(program, ())
        here = program.value(stack)
        for leaving in stack:
            for coming in set(range(program.size)) - set(stack):
                swapped = [*(j for j in stack if j != leaving), coming]
                if program.holds(swapped):
                    assert program.value(swapped) >= here * (1 - 1e-9)


def test_a_search_out_of_time_has_a_bound_below_the_optimum_or_none() -> None:
    program = replace(sparse_program(7))
    route = Cutting(program, BACKENDS[0], Search(), silent, BACKENDS[0], tree=True)
    outcome = route.best((), 0.0)
    best = route.best((), None)
    assert best.stack is not None
    assert outcome.bound is None or outcome.bound <= program.value(best.stack)


def test_out_of_time_fewer_rows_are_made_and_they_are_the_same_ones() -> None:
    # 2,000 techniques in 2,000 worlds: all rows of one point took minutes beyond the time limit.
    rng = np.random.default_rng(7)
    some = [failures(rng, 6) for _ in range(5)]
    points = [np.full(6, 0.3) for _ in some]
    whole = envelope_rows(some, points)
    asked: list[bool] = []

    def over() -> bool:
        asked.append(True)
        return len(asked) > 2

    found = envelope_rows(some, points, over)
    made = [k for k, row in enumerate(found) if row is not None]
    assert len(made) <= 2 < sum(row is not None for row in whole)
    for k in made:
        assert found[k][0] == whole[k][0]
        assert found[k][1].tolist() == whole[k][1].tolist()


def test_out_of_time_a_stack_is_left_as_it_is() -> None:
    program = sparse_program(3)
    assert improve(program, ()) != ()
    assert improve(program, (), lambda: True) == ()
