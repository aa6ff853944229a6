"""What naive rules leave, checked by hand on small scenarios and by rule on random ones."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from factory import choice, scenario
from oracle import Problem
from random_scenarios import random_scenario

from planner.errors import NoStack
from planner.plan import Question, recommend
from planner.risk.stack import marginals
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.scenario.types import AtMost, Rules, Scenario
from planner.solve.search import Search
from planner.study.naive import RULES, PriceRow, PriceTable, price_of_ignoring, spread_budgets

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def prices(given: Scenario, *budgets: int, draws: int = 40, seed: int = 0) -> PriceTable:
    return price_of_ignoring(Question.of(given), budgets, Search(), draws=draws, seed=seed)


def by_rule(table: PriceTable) -> dict[str, PriceRow]:
    assert len({row.budget for row in table.rows}) == 1
    return {row.rule: row for row in table.rows}


def test_three_techniques_as_worked_by_hand() -> None:
    given = read(str(SCENARIOS / "three"))
    rows = by_rule(prices(given, 3 * 10**given.decimals, draws=400))
    assert list(rows) == list(RULES)
    bought = {rule: row.stack for rule, row in rows.items()}
    assert bought == {
        "best": ("approval", "probes"),
        "independent": ("approval", "critics"),
        "best_alone": ("critics", "probes"),
        # probes withstand deceit and drift; haste is left, and only approval withstands it
        "most_modes": ("approval", "probes"),
        # shares of 1 buy critics and probes; the 1 that is left does not buy approval
        "equal_split": ("critics", "probes"),
        "random": None,
    }
    assert rows["best"].risk == pytest.approx(0.12)
    assert rows["independent"].risk == pytest.approx(0.21)
    assert rows["independent"].promised == pytest.approx(0.096)
    assert rows["best_alone"].risk == pytest.approx(0.30)
    assert rows["independent"].excess == pytest.approx(0.09)
    assert rows["independent"].ratio == pytest.approx(1.75)
    # Of the six orders two end in each pair: 0.21, 0.12 and 0.30 alike.
    assert rows["random"].risk == pytest.approx(0.21, abs=0.015)
    assert (rows["random"].low, rows["random"].high) == pytest.approx((0.12, 0.30))


@pytest.mark.parametrize(
    ("budget", "bought"),
    [(6, ("re", "rlaif", "rlhf", "w2s")), (9, ("debate", "re", "rlaif", "rlhf", "w2s"))],
)
def test_the_independent_optimum_of_the_paper_is_that_of_enumeration(
    budget: int, bought: tuple[str, ...]
) -> None:
    given = read(str(SCENARIOS / "dung-mai-2025"))
    question = Question.of(given)
    units = budget * 10**given.decimals
    cost, labels = question.settled.cost, [o.label for o in question.settled.options]
    m = marginals(question.worlds)
    stacks = itertools.chain.from_iterable(
        itertools.combinations(range(len(cost)), n) for n in range(len(cost) + 1)
    )
    least = min(
        (s for s in stacks if sum(cost[k] for k in s) <= units),
        key=lambda s: math.prod(m[k] for k in s),
    )
    row = by_rule(prices(given, units))["independent"]
    assert row.stack == tuple(sorted(labels[k] for k in least)) == bought
    assert row.promised == pytest.approx(math.prod(m[k] for k in least))
    if budget == 6:
        assert row.risk == pytest.approx(0.3213, abs=5e-5)
        assert row.promised == pytest.approx(0.1572, abs=5e-5)


@pytest.mark.parametrize("seed", range(40))
def test_every_rule_obeys_the_rules_and_never_beats_the_best(seed: int) -> None:
    given = random_scenario(seed, most=8)
    problem = Problem(given)
    question = Question.of(given)
    table = None
    try:
        table = price_of_ignoring(
            question, spread_budgets(question.settled, 3), Search(), draws=10, seed=seed
        )
    except NoStack:
        assert not problem.feasible or min(map(problem.cost, problem.feasible)) > max(
            spread_budgets(question.settled, 3)
        )
        return
    for budget, group in itertools.groupby(table.rows, key=lambda row: row.budget):
        rows = {row.rule: row for row in group}
        assert list(rows) == list(RULES)
        units = int(budget.scaleb(given.decimals))
        best = problem.least_objective(units)
        assert best is not None
        assert rows["best"].risk == pytest.approx(float(best.value), rel=1e-9, abs=1e-300)
        for row in rows.values():
            assert row.risk >= rows["best"].risk
            assert row.excess == row.risk - rows["best"].risk
            if row.stack is not None:
                assert problem.breaches(row.stack, units) == []


def test_random_stacks_are_a_function_of_the_seed() -> None:
    given = read(str(SCENARIOS / "dung-mai-2025"))
    units = 9 * 10**given.decimals
    assert prices(given, units, seed=1) == prices(given, units, seed=1)
    one, other = (by_rule(prices(given, units, seed=s))["random"].risk for s in (1, 2))
    assert one != other


def test_where_the_rules_ask_for_something_it_is_bought_first() -> None:
    v = [["0.9", "0.1"], ["0.1", "0.9"], ["0.8", "0.8"]]
    rules = Rules(fund=(choice("t03"),), at_most=(AtMost(("t01", "t02"), 1),))
    rows = by_rule(prices(scenario(v, costs=[2, 2, 1], rules=rules), 9))
    for row in rows.values():
        if row.stack is not None:
            assert "t03" in row.stack
            assert len(row.stack) == 2


def test_what_a_technique_requires_is_bought_with_it() -> None:
    v = [["0.1", "0.1"], [1, 1], ["0.8", "0.8"]]
    rules = Rules(requires=((choice("t01"), (choice("t02"),)),))
    given = scenario(v, background=[0, 1, 0], costs=[2, 1, 2], rules=rules)
    rows = by_rule(prices(given, 3))
    assert rows["best_alone"].stack == ("t01", "t02")
    assert rows["best_alone"].cost == Decimal(3)
    assert rows["most_modes"].stack == ("t01", "t02")
    assert by_rule(prices(given, 2))["best_alone"].stack == ("t03",)


def test_free_techniques_come_first_and_useless_ones_are_not_bought() -> None:
    v = [["0.9", "0.9"], ["0.2", "0.2"], [1, 1]]
    given = scenario(v, costs=[0, 3, 1], background=[0, 0, 1])
    rows = by_rule(prices(given, 3))
    assert rows["best_alone"].stack == ("t01", "t02")


def test_equal_shares_are_split_again_until_nothing_more_fits() -> None:
    # 12 over four: shares of 3 buy t01; the 11 left over three, 3.67, buy nothing, so t04 gives
    # up its share and 5.5 buy t02; the 6 left buy t03.
    given = scenario([["0.5"]] * 4, costs=[1, 5, 6, 20])
    rows = by_rule(prices(given, 12))
    assert rows["equal_split"].stack == ("t01", "t02", "t03")


def test_most_modes_opens_all_modes_again_when_every_one_is_withstood() -> None:
    v = [["0.1", "0.1", "0.1"], ["0.1", "0.1", "0.9"], ["0.9", "0.1", "0.9"]]
    rows = by_rule(prices(scenario(v), 2))
    assert rows["most_modes"].stack == ("t01", "t02")


def test_most_loss_is_covered_for_explicit_worlds() -> None:
    given = scenario(
        weights=["0.6", "0.3", "0.1"],
        failure=[["0.1", 1, 1], [1, "0.1", "0.1"], ["0.2", 1, 1]],
    )
    rows = by_rule(prices(given, 2))
    assert rows["most_modes"].stack == ("t01", "t02")


def test_what_others_pay_for_closes_modes() -> None:
    v = [["0.1", "0.1", "0.9"], ["0.1", "0.1", "0.9"], ["0.9", "0.9", "0.1"]]
    rows = by_rule(prices(scenario(v, committed=["t01"]), 1))
    assert rows["most_modes"].stack == ("t03",)


def test_budgets_that_allow_no_stack_are_named_and_have_no_rows() -> None:
    given = scenario([["0.5"], ["0.5"]], costs=[2, 3], rules=Rules(fund=(choice("t02"),)))
    table = prices(given, 1, 4)
    assert table.impossible == (Decimal(1),)
    assert {row.budget for row in table.rows} == {Decimal(4)}
    with pytest.raises(NoStack):
        prices(given, 1, 2)


def test_spread_budgets_run_from_the_cheapest_technique_to_the_cost_of_all() -> None:
    given = settle(scenario([[0]] * 3, costs=[2, 3, 5], budget=7))
    assert spread_budgets(given, 3) == (2, 6, 7, 10)
    assert spread_budgets(given, 9) == (2, 3, 4, 5, 6, 7, 8, 9, 10)
    committed = settle(scenario([[0]] * 3, costs=[2, 3, 5], committed=["t01"]))
    assert spread_budgets(committed, 2) == (3, 8)
    levels = [{"full": 9, "pilot": 1}, None, None]
    assert spread_budgets(settle(scenario([[0]] * 3, levels=levels)), 2) == (1, 11)


def test_the_frame_and_the_document_have_one_row_a_budget_and_rule() -> None:
    given = read(str(SCENARIOS / "dung-mai-2025"))
    table = prices(given, 600, 900)
    frame = table.to_frame()
    assert len(frame) == len(table.rows) == 2 * len(RULES)
    assert list(frame.columns[:5]) == ["budget", "rule", "stack", "cost", "risk"]
    assert frame.loc[frame["rule"] == "best", "excess"].tolist() == [0.0, 0.0]
    document = table.to_dict()
    assert [row["rule"] for row in document["rows"]] == list(RULES) * 2
    assert document["rows"][0]["stack"] == ["re", "rlaif", "rlhf", "w2s"]
    assert not np.isnan([row["risk"] for row in document["rows"]]).any()


def test_the_price_is_about_the_risk_whatever_chose_the_stack() -> None:
    given = replace(read(str(SCENARIOS / "dung-mai-2025")), budget=None)
    question = Question.of(given, "depth")
    table = price_of_ignoring(question, [900], Search(), draws=5)
    assert by_rule(table)["best"].risk == recommend(given, budget=9).risk
