"""Shapley shares against their axioms and against all orders by hand."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from factory import scenario
from random_scenarios import random_case

import planner.study.shapley as module
from planner.errors import NoStack
from planner.plan import Plan, recommend
from planner.study.shapley import shares


def plans(count: int) -> list[Plan]:
    found = []
    for seed in range(7000, 7400):
        case = random_case(seed, most=6)
        try:
            plan = recommend(
                case.scenario, case.objective, budget=case.budget, target_risk=case.target
            )
        except NoStack:
            continue
        if len(plan.columns) >= 2:
            found.append(plan)
        if len(found) == count:
            break
    return found


def by_orders(plan: Plan) -> list[Fraction]:
    """The mean contribution over every order, exactly (the definition, not the weights)."""
    columns, value = plan.columns, plan.program.exact_value
    total = dict.fromkeys(columns, Fraction(0))
    orders = list(itertools.permutations(columns))
    for order in orders:
        for place, j in enumerate(order):
            total[j] += value(order[:place]) - value(order[: place + 1])
    return [total[j] / len(orders) for j in columns]


def test_shares_are_the_mean_contribution_over_all_orders_and_sum_to_the_total_fall() -> None:
    several = 0
    for plan in plans(12):
        found = shares(plan.program, plan.columns)
        nothing = plan.program.value(())
        for amount, expected in zip(found.amounts, by_orders(plan), strict=True):
            assert amount == pytest.approx(float(expected), rel=1e-9, abs=1e-13 * nothing)
        assert sum(found.amounts) == pytest.approx(found.total, rel=1e-9, abs=1e-13 * nothing)
        assert found.orders is None
        assert found.errors == (0.0,) * len(plan.columns)
        several += len(plan.columns) > 2
    assert several > 3


def test_techniques_that_fail_alike_get_alike_and_a_useless_one_gets_nothing() -> None:
    given = scenario(
        failure=[["0.2", "0.9"], ["0.2", "0.9"], ["1", "1"], ["0.7", "0.1"]],
        weights=[1, 2],
        budget=4,
    )
    program = recommend(given).program
    for objective in ("expected", "cvar:0.5", "worst:1"):
        program = recommend(given, objective).program
        first, second, useless, fourth = shares(program, range(4)).amounts
        assert first == pytest.approx(second, rel=1e-12)
        assert useless == 0
        assert min(first, fourth) > 0


def test_two_of_a_kind_by_hand() -> None:
    # One world, weight 1, failures 1/2 and 1/4. Alone they take 1/2 and 3/4, after the other 3/8
    # and 1/4 ... the first: (1/2 + (1/4 - 1/8)) / 2 = 5/16; the second: (3/4 + 3/8) / 2 = 9/16.
    given = scenario(failure=[["0.5"], ["0.25"]], weights=[1], budget=2)
    found = shares(recommend(given).program, (0, 1))
    assert found.amounts == (pytest.approx(5 / 16), pytest.approx(9 / 16))
    assert found.total == pytest.approx(7 / 8)
    assert found.share(1) == pytest.approx(9 / 14)


def test_what_others_pay_for_is_there_before_the_stack() -> None:
    given = scenario(
        failure=[["0.5"], ["0.5"]], weights=[1], budget=1, committed=["t01"], ids=["t01", "t02"]
    )
    found = shares(recommend(given).program, (0,))
    assert found.amounts == (pytest.approx(0.25),)  # of the 0.5 that others leave


def test_sampled_shares_lie_within_their_error_and_sum_to_the_total(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [[f"0.{k}1", f"0.{9 - k}4", "0.5"] for k in range(1, 9)]
    given = scenario(failure=rows, weights=[1, 2, 3], budget=8)
    program = recommend(given).program
    exact = shares(program, range(8))
    monkeypatch.setattr(module, "MOST_PLAYERS", 4)
    drawn = shares(program, range(8), seed=3, orders=600)
    assert drawn.orders == 600
    assert sum(drawn.amounts) == pytest.approx(exact.total, rel=1e-12)
    off = [
        abs(a - b) / e for a, b, e in zip(drawn.amounts, exact.amounts, drawn.errors, strict=True)
    ]
    assert max(off) < 4  # standard errors
    assert drawn == shares(program, range(8), seed=3, orders=600)


def test_the_empty_stack_has_no_shares() -> None:
    given = scenario(failure=[["0.5"]], weights=[1], budget=0)
    assert shares(recommend(given).program, ()).amounts == ()
