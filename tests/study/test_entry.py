"""Entry prices and entry vulnerabilities, from both sides.

At the threshold the technique is in the best stack, one step above it is not. The best stack comes
from the oracle, which lists every assignment of the scenario with that price (or those
vulnerabilities) written into it, and shares no code with the search.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
from factory import scenario
from oracle import Answer, Problem
from random_scenarios import Case, random_case

from planner.errors import NoStack
from planner.plan import Plan, recommend
from planner.scenario.settle import amount
from planner.scenario.types import Cell, Choice, ExplicitWorlds, Limit, Rules, Scenario
from planner.scenario.values import Number, number
from planner.solve.master import Deadline
from planner.solve.search import Search
from planner.study.entry import (
    STEPS,
    Priced,
    Threshold,
    entry_price,
    entry_vulnerability,
    highest_price,
    place,
)

ENDLESS = Deadline(None)


@cache
def cases() -> tuple[tuple[Case, Plan], ...]:
    """Scenarios of few techniques with a stack, and its plan."""
    found = []
    for seed in range(9000, 9400):
        case = random_case(seed, most=6)
        if len(case.problem.feasible) > 400:
            continue
        try:
            plan = recommend(
                case.scenario,
                case.objective,
                budget=case.budget,
                target_risk=case.target,
                search=Search(gap=0.0),
            )
        except NoStack:
            continue
        if len(set(plan.program.technique)) > len(plan.columns):
            found.append((case, plan))
        if len(found) == 45:
            break
    return tuple(found)


def best(case: Case, changed: Scenario) -> Answer | None:
    """The best stack of a changed scenario, by enumeration."""
    problem = Problem(changed, case.objective)
    if case.target is None:
        return problem.least_objective(case.units)
    answer = problem.least_cost(case.target, case.units)
    return answer if isinstance(answer, Answer) else None


def outside(plan: Plan) -> list[int]:
    """Columns of techniques that the plan does not buy."""
    held = {plan.program.technique[j] for j in plan.columns}
    return [j for j, i in enumerate(plan.program.technique) if i not in held]


def at_price(plan: Plan, column: int, units: int) -> Scenario:
    """The scenario with another cost of one level, written as a funder would write it."""
    given = plan.scenario
    option = plan.question.settled.options[plan.program.option[column]]
    technique = given.techniques[option.technique]
    cost = Number(amount(units, given.decimals))
    levels = tuple(
        replace(level, cost=cost) if level.name == option.level else level
        for level in technique.levels
    )
    techniques = list(given.techniques)
    techniques[option.technique] = replace(technique, levels=levels)
    return replace(given, techniques=tuple(techniques))


def least_spending(plan: Plan, column: int) -> bool:
    rows = [row for row in plan.program.rows if row.money and column in row.indices]
    return any(row.lower is not None for row in rows)


def holds(answer: Answer | None, label: str) -> bool:
    return answer is not None and label in answer.stack


def test_at_its_entry_price_a_technique_enters_and_a_unit_of_account_above_it_does_not() -> None:
    thresholds = never = with_target = levels = 0
    for case, plan in cases():
        for column in outside(plan):
            label = plan.program.labels[column]
            found = entry_price(plan, column, ENDLESS)
            told = f"seed {case.seed}, {label}: {found}"
            if least_spending(plan, column):
                assert found == Threshold(None), told
                continue
            if found.never:
                never += 1
                assert not holds(best(case, at_price(plan, column, 0)), label), told
                continue
            assert found.value is not None, told
            assert found.value < plan.program.cost[column], told
            answer = best(case, at_price(plan, column, found.value))
            assert holds(answer, label), told
            above = best(case, at_price(plan, column, found.value + 1))
            assert not holds(above, label), told
            assert answer is not None
            assert answer.stack == tuple(sorted(plan.program.labels[j] for j in found.stack)), told
            thresholds += 1
            with_target += case.target is not None
            levels += ":" in label
    assert thresholds > 40
    assert never > 12
    assert with_target > 1
    assert levels > 5


def weaker(given: Scenario, technique: int, step: int) -> Scenario:
    """One technique's vulnerabilities (or failures) times step / STEPS, by a way of its own."""
    share = Decimal(step) / STEPS
    threats = given.threats
    if isinstance(threats, ExplicitWorlds):
        known = {(i, s): value.mean for i, s, value in threats.failure}
        failure = [entry for entry in threats.failure if entry[0] != technique]
        for s in range(len(threats.worlds)):
            value = Decimal(repr(known.get((technique, s), 1.0)))
            failure.append((technique, s, Number(value * share)))
        failure.sort(key=lambda entry: entry[:2])
        return replace(given, threats=replace(threats, failure=tuple(failure)))
    cells = list(threats.cells)
    cells[technique] = tuple(
        Cell(Number(Decimal(repr(cell.value.mean)) * share)) for cell in cells[technique]
    )
    return replace(given, threats=replace(threats, cells=tuple(cells)))


def test_at_its_entry_vulnerability_a_technique_enters_and_a_step_above_it_does_not() -> None:
    thresholds = never = 0
    for case, plan in cases()[::2]:
        for technique in sorted({plan.program.technique[j] for j in outside(plan)}):
            labels = {
                plan.program.labels[j]
                for j, i in enumerate(plan.program.technique)
                if i == technique
            }
            found = entry_vulnerability(plan, technique, ENDLESS)
            told = f"seed {case.seed}, {sorted(labels)}: {found}"
            if found.never:
                never += 1
                answer = best(case, weaker(plan.scenario, technique, 0))
                assert answer is None or labels.isdisjoint(answer.stack), told
                continue
            assert found.value is not None, told
            answer = best(case, weaker(plan.scenario, technique, found.value))
            assert answer is not None, told
            assert not labels.isdisjoint(answer.stack), told
            above = best(case, weaker(plan.scenario, technique, found.value + 1))
            assert above is None or labels.isdisjoint(above.stack), told
            thresholds += 1
    assert thresholds > 8
    assert never > 3


@pytest.mark.parametrize("solver", ["auto", "core", "highs"])
def test_the_entry_price_by_hand_does_not_depend_on_the_route(solver: str) -> None:
    # One world. Budget 5 buys a (0.2) for 5; b (0.4) costs 4, c (0.5) costs 3. With b in at price
    # p the rest 5 - p buys c: 0.4 * 0.5 = 0.2 ties with a at a cost of p + 3, which wins while
    # p + 3 < 5 (at equal cost the fewer techniques win): 1.99. c enters with b for p < 1: 0.99.
    given = scenario(
        failure=[["0.2"], ["0.4"], ["0.5"]],
        weights=[1],
        ids=["a", "b", "c"],
        costs=[5, 4, 3],
        budget=5,
        decimals=2,
    )
    plan = recommend(given, search=Search(solver=solver, gap=0.0))
    assert plan.stack == ("a",)
    assert entry_price(plan, 1, ENDLESS).value == 199
    assert entry_price(plan, 2, ENDLESS).value == 99


def test_a_technique_that_does_nothing_does_not_enter_even_for_nothing() -> None:
    # fewer techniques win the tie
    given = scenario(failure=[["0.2"], ["1"]], weights=[1], costs=[1, 1], budget=1)
    plan = recommend(given)
    assert entry_price(plan, 1, ENDLESS) == Threshold(None, never=True)
    # with no vulnerability at all it never fails, and enters
    assert entry_vulnerability(plan, 1, ENDLESS).value == 1999  # at 0.2 the labels decide: t01


def test_where_a_rule_asks_for_least_spending_there_is_no_threshold() -> None:
    # at a lower price the rule would be broken
    rules = Rules(limits=(Limit("cost", ("t01", "t02"), number(2), None),))
    given = scenario(failure=[["0.2"], ["0.3"]], weights=[1], costs=[2, 2], budget=2, rules=rules)
    plan = recommend(given)
    assert plan.stack == ("t01",)
    assert entry_price(plan, 1, ENDLESS) == Threshold(None)


def test_what_is_excluded_never_enters() -> None:
    rules = Rules(exclude=(Choice("t02"),))
    given = scenario(failure=[["0.5"], ["0.1"]], weights=[1], budget=2, rules=rules)
    plan = recommend(given)
    assert entry_price(plan, 1, ENDLESS).never
    assert entry_vulnerability(plan, 1, ENDLESS).never


def test_depth_has_no_thresholds() -> None:
    given = scenario([["0.9", "0.1"], ["0.1", "0.9"]], budget=1)
    plan = recommend(given, "depth")
    assert entry_price(plan, outside(plan)[0], ENDLESS) == Threshold(None)
    assert entry_vulnerability(plan, 1, ENDLESS) == Threshold(None)


def test_a_threshold_that_was_not_finished_is_not_known() -> None:
    given = scenario(failure=[["0.2"], ["0.4"]], weights=[1], costs=[500, 400], budget=500)
    plan = recommend(given)
    assert entry_price(plan, 1, Deadline(0.0)) == Threshold(None)
    priced = Priced(plan.program, 1, Search())
    assert highest_price(priced, place(plan.program, plan.columns), 400, ENDLESS).value == 0
