"""The frontier: each point as if asked alone, none missed; what follows from the points."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from factory import scenario
from random_scenarios import random_case

import planner.study.frontier as module
from planner import read
from planner.errors import BadInput, LimitHit, NoStack
from planner.plan import Question, recommend
from planner.scenario.settle import amount
from planner.scenario.types import Choice, Rules
from planner.solve.search import Search
from planner.study.frontier import Frontier, Point, even_budgets, frontier, grid
from planner.study.frontier_facts import Facts, at_budget, drops, knee, membership, next_unit
from planner.study.frontier_naive import naive_budgets, naive_marks

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"
SEEDS = range(300, 340)


def never(_program: object) -> bool:
    return False


def enumerated(case: Any) -> list[Any]:
    """Every efficient stack by the oracle: the best at each cost that any stack has."""
    problem = case.problem
    found: list[Any] = []
    for cost in sorted(set(map(problem.cost, problem.feasible))):
        best = problem.least_objective(cost)
        if best is not None and (not found or best != found[-1]):
            found.append(best)
    return found


def solved(case: Any, **asked: Any) -> Frontier:
    return frontier(Question.of(case.scenario, case.objective), Search(), **asked)


@pytest.mark.parametrize("table", [True, False], ids=["from the table", "one by one"])
def test_no_efficient_stack_is_missed_and_none_is_wrong(
    monkeypatch: pytest.MonkeyPatch, table: bool
) -> None:
    if not table:
        monkeypatch.setattr(module, "affordable", never)
    compared, objectives = 0, set()
    for seed in SEEDS:
        case = random_case(seed, most=8)
        expected = enumerated(case)
        if not expected:
            with pytest.raises(NoStack):
                solved(case)
            continue
        found = solved(case)
        assert found.every
        assert found.open_below is None
        assert found.bottom
        got = [(p.stack, p.cost, p.value) for p in found.points]
        assert got == [(e.stack, e.cost, float(e.value)) for e in expected], f"seed {seed}"
        assert all(p.proven and p.bound == p.value and p.budget == p.cost for p in found.points)
        compared += len(got)
        objectives.add(case.objective.partition(":")[0])
    assert compared > 150
    assert objectives == {"expected", "cvar", "worst"}


def test_each_point_is_what_recommend_says_at_that_budget() -> None:
    for seed in range(340, 352):
        case = random_case(seed, most=6)
        if not case.problem.feasible:
            continue
        for point in solved(case).points[:12]:
            budget = amount(point.budget, case.scenario.decimals)
            plan = recommend(case.scenario, case.objective, budget=budget, search=Search(gap=0.0))
            assert (plan.stack, plan.cost) == (point.stack, point.cost), f"seed {seed}"
            assert plan.objective_value == point.value


@pytest.mark.parametrize("solver", ["core", "highs"])
def test_the_other_routes_find_the_same_points(solver: str) -> None:
    question = Question.of(read(PAPER))
    points = frontier(question, Search()).points
    assert len(points) == 21
    found = frontier(question, Search(solver=solver), low=500, high=1200)
    assert [p.stack for p in found.points] == [p.stack for p in points[5:13]]


@pytest.mark.parametrize("solver", ["core", "highs"])
@pytest.mark.parametrize("seed", [5519, 5809])
def test_points_that_doubles_cannot_tell_apart_are_kept(seed: int, solver: str) -> None:
    case = random_case(seed, most=8)
    question = Question.of(case.scenario, case.objective)
    # No limit that a busy machine could reach: hundreds of integer programs, some seconds of work.
    found = frontier(question, Search(solver=solver), seconds=900.0)
    assert [(p.stack, p.cost) for p in found.points] == [
        (e.stack, e.cost) for e in enumerated(case)
    ]
    assert all(p.bound is not None and p.bound <= p.value for p in found.points)


def test_a_range_starts_with_the_best_at_its_least_budget() -> None:
    question = Question.of(scenario(**steps()))
    for table in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not table:
                patch.setattr(module, "affordable", never)
            found = frontier(question, Search(), low=3, high=6)
            assert [p.cost for p in found.points] == [2, 4, 6]
            assert not found.bottom
            assert found.open_below is None


def test_the_most_points_leave_it_open_below() -> None:
    question = Question.of(scenario(**steps()))
    for table in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not table:
                patch.setattr(module, "affordable", never)
            found = frontier(question, Search(), most=2)
            assert [p.cost for p in found.points] == [4, 6]
            assert found.open_below == 3
            assert not found.bottom


def steps() -> dict[str, Any]:
    """a costs 2, b 4, both 6; each halves or quarters the risk."""
    return {"failure": [["0.5"], ["0.25"]], "weights": [1], "ids": ["a", "b"], "costs": [2, 4]}


def test_no_time_is_said_and_not_taken_for_an_empty_frontier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "affordable", never)
    question = Question.of(scenario(**steps()))
    with pytest.raises(LimitHit, match="--time-limit"):
        frontier(question, Search(), seconds=0.0)
    with pytest.raises(LimitHit, match="--time-limit"):
        grid(question, [3, 6], Search(), seconds=0.0)


def test_what_cannot_be_asked() -> None:
    with pytest.raises(BadInput, match="depth is no risk"):
        frontier(Question.of(read(PAPER), "depth"), Search())
    with pytest.raises(BadInput, match="depth is no risk"):
        grid(Question.of(read(PAPER), "depth"), [900], Search())
    forced = Question.of(scenario(**steps(), rules=Rules(fund=(Choice("b"),))))
    with pytest.raises(NoStack, match="budget 3 USD"):
        frontier(forced, Search(), high=3)
    with pytest.raises(NoStack, match="budget 3 USD"):
        grid(forced, [1, 3], Search())
    assert [p.cost for p in grid(forced, [1, 3, 5], Search()).points] == [4]


def test_a_grid_is_proven_at_each_budget() -> None:
    for seed in range(360, 372):
        case = random_case(seed, most=7)
        question = Question.of(case.scenario, case.objective)
        budgets = even_budgets(question, 6)
        expected = {b: case.problem.least_objective(b) for b in budgets}
        if not any(expected.values()):
            continue
        found = grid(question, budgets, Search(gap=0.0))
        assert not found.every
        assert {p.budget: (p.stack, p.cost) for p in found.points} == {
            b: (e.stack, e.cost) for b, e in expected.items() if e is not None
        }


def test_even_budgets_leave_out_what_others_pay_for() -> None:
    given = scenario([[0.5]] * 3, costs=[2, 4, 9], ids=["a", "b", "c"], committed=["c"])
    question = Question.of(given)
    assert even_budgets(question, 3) == [2, 4, 6]
    assert even_budgets(question, 1) == [6]
    assert even_budgets(question, 3, 0, 4) == [0, 2, 4]
    assert even_budgets(question, 2, low=50) == [50]


# ---------------------------------------------------------------------- facts


def points(*stacks: str, values: Any = None) -> list[Point]:
    """Points at budgets 0, 1, 2, ... with these stacks, written as words."""
    numbers = values or [1 / (k + 1) for k in range(len(stacks))]
    return [
        Point(k, k, float(value), None, tuple(sorted(stack.split())), True)
        for k, (stack, value) in enumerate(zip(stacks, numbers, strict=True))
    ]


def test_where_a_technique_enters_leaves_and_stays() -> None:
    found = membership(points("", "a", "b", "a b", "a b"), "a")
    assert (found.enters, found.leaves, found.stays_from, found.held) == ((1, 3), (2,), 3, 3)
    gone = membership(points("a", "b"), "a")
    assert (gone.enters, gone.leaves, gone.stays_from) == ((0,), (1,), None)
    assert membership(points("a"), "z").enters == ()


def test_a_dearer_level_is_no_drop_and_a_cheaper_one_is() -> None:
    cost = {"a:half": 1, "a:full": 2, "b": 1}
    assert drops(points("a:half", "a:full", "a:full b"), cost) == ()
    (drop,) = drops(points("a:full", "a:half b"), cost)
    assert (drop.label, drop.budget, drop.to) == ("a:full", 1, "a:half")
    (drop,) = drops(points("a:full", "b"), cost)
    assert (drop.label, drop.budget, drop.to) == ("a:full", 1, None)


def test_facts_agree_with_brute_force() -> None:
    for seed in SEEDS:
        case = random_case(seed, most=7)
        if not case.problem.feasible:
            continue
        facts = Facts(solved(case))
        found, cost = facts.points, facts.cost
        for row in facts.techniques:
            inside = [row.label in p.stack for p in found]
            before = [False, *inside[:-1]]
            pairs = list(zip(found, before, inside, strict=True))
            assert row.enters == tuple(p.cost for p, was, now in pairs if now and not was)
            assert row.leaves == tuple(p.cost for p, was, now in pairs if was and not now)
            stays = [p.cost for k, p in enumerate(found) if all(inside[k:])]
            assert row.stays_from == (stays[0] if stays else None)
            assert not facts.from_the_start(row)
        level = [{x.partition(":")[0]: cost[x] for x in p.stack} for p in found]
        nested = all(low[t] <= high.get(t, -1) for low, high in pairwise(level) for t in low)
        assert facts.nested == nested
        assert facts.nestedness.startswith("Nested") == (nested and len(found) > 1)
        for k, fall in enumerate(facts.next_unit[:-1]):
            money = Decimal(found[k + 1].cost - found[k].cost).scaleb(-case.scenario.decimals)
            assert fall == pytest.approx((found[k].value - found[k + 1].value) / float(money))
        assert facts.next_unit[-1] is None
        assert facts.empty >= found[0].value
        json.dumps(facts.to_dict(), allow_nan=False)


def test_the_knee_is_farthest_below_the_line_in_log_risk() -> None:
    assert knee(points("", "a", "b", values=[1, 0.1, 0.01])) is None  # a straight line
    assert knee(points("", "a", "b", values=[1, 0.5, 0.01])) is None  # above it
    assert knee(points("", "a", "b", values=[1, 0.05, 0.01])) == 1
    assert knee(points("", "a", "b", "c", values=[1, 0.02, 0.01, 0.001])) == 1
    assert knee(points("", "a", "b", "c", values=[1, 0.05, 0.01, 0])) == 1  # 0 has no logarithm
    assert knee(points("", "a", values=[1, 0.1])) is None


def test_the_next_unit_looks_past_points_of_the_same_cost() -> None:
    first, last = points("", "a", values=[1, 0.4])
    again = replace(first, budget=1)
    assert next_unit([first, again, replace(last, cost=3)], 1) == [
        pytest.approx(0.2),
        pytest.approx(0.2),
        None,
    ]


def test_which_point_is_best_at_a_budget() -> None:
    found = [replace(p, budget=p.budget * 2 + 1) for p in points("", "a", "b")]
    assert [at_budget(found, b) for b in (0, 1, 2, 3, 99)] == [None, 0, 0, 1, 2]


def test_the_floor_is_what_nobody_listed() -> None:
    given = scenario([[0.5], [0.2]], unlisted="0.01", ids=["a", "b"])
    facts = Facts(frontier(Question.of(given), Search()))
    assert facts.floor == pytest.approx(0.01)
    assert all(p.value >= facts.floor for p in facts.points)
    assert Facts(frontier(Question.of(given, "cvar:0.9"), Search())).floor is None
    assert Facts(frontier(Question.of(read(PAPER)), Search())).floor is None


def test_what_is_only_found_in_part_says_so() -> None:
    question = Question.of(scenario(**steps()))
    facts = Facts(frontier(question, Search(), most=2))
    assert facts.nestedness.startswith("Among the points found, a larger budget only adds")
    by_label = {row.label: row for row in facts.techniques}
    assert facts.from_the_start(by_label["b"])
    assert not facts.from_the_start(by_label["a"])


def test_naive_rules_never_leave_less_than_the_frontier() -> None:
    for objective in ("expected", "cvar:0.9"):
        facts = Facts(frontier(Question.of(read(PAPER), objective), Search()))
        budgets = naive_budgets(facts)
        assert 900 in budgets
        marks = naive_marks(facts.frontier.question, budgets, Search())
        assert {mark.rule for mark in marks} == {
            "independent",
            "best_alone",
            "most_modes",
            "equal_split",
        }
        for mark in marks:
            place = at_budget(facts.points, int(mark.budget.scaleb(2)))
            assert place is not None
            assert mark.value >= facts.points[place].value * (1 - 1e-12)
            assert mark.cost <= mark.budget


def test_frame_and_dict_have_a_row_a_point() -> None:
    found = frontier(Question.of(read(PAPER)), Search())
    frame = found.to_frame()
    assert len(frame) == 21
    assert frame["cost"].tolist()[:3] == [0.0, 1.0, 2.0]
