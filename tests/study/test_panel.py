"""Experts against brute force over all stacks and all experts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from factory import expert, scenario

from planner.plan import Question
from planner.scenario.experts import scenario_of_expert
from planner.scenario.types import Scenario
from planner.study import panel as module
from planner.study.panel import OWN, panel


def three(seed: int, weights=(1, 2, 0.5)) -> Scenario:
    """Five techniques, three modes, three experts who differ on some cells."""
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 10, (5, 3))

    def cells(values):
        return scenario((values / 10).round(1).tolist(), "0.3").threats.cells

    experts = []
    for name, weight in zip(("anna", "ben", "cleo"), weights, strict=True):
        own = np.where(rng.random((5, 3)) < 0.3, rng.integers(1, 10, (5, 3)), table)
        experts.append(expert(name, cells(own), weight))
    case = scenario((table / 10).round(1).tolist(), "0.3", costs=[1, 2, 3, 2, 1], budget=4)
    return replace(case, experts=tuple(experts))


def brute(case: Scenario):
    """Risk of every stack that the budget allows in the eyes of each expert."""
    cost = [1, 2, 3, 2, 1]
    stacks = [
        s
        for k in range(6)
        for s in itertools.combinations(range(5), k)
        if sum(cost[i] for i in s) <= 4
    ]
    risks = []
    for one in case.experts:
        question = Question.of(scenario_of_expert(case, one.name))
        program = question.program(4)
        risks.append([program.value(s) for s in stacks])
    labels = [tuple(case.techniques[i].id for i in s) for s in stacks]
    return labels, np.array(risks)


@pytest.mark.parametrize("seed", range(4))
def test_stacks_of_each_expert_and_of_all_are_those_of_brute_force(seed: int) -> None:
    case = three(seed)
    labels, risks = brute(case)
    found = panel(case, 4)
    assert found.weights == pytest.approx((1 / 3.5, 2 / 3.5, 0.5 / 3.5))
    for k, view in enumerate(found.views[:3]):
        assert risks[k, labels.index(view.stack)] == pytest.approx(risks[k].min())
        assert view.risks == pytest.approx(risks[:, labels.index(view.stack)])
    mean = np.array(found.weights) @ risks
    assert mean[labels.index(found.pooled.stack)] == pytest.approx(mean.min())
    assert found.pooled.mean == pytest.approx(mean.min())
    worst = (risks - risks.min(axis=1, keepdims=True)).max(axis=0)
    assert worst[labels.index(found.regret.stack)] == pytest.approx(worst.min())
    assert found.regret.worst_regret == pytest.approx(worst.min())
    assert found.views[3].who == OWN


def test_a_deciding_cell_is_one_whose_settling_changes_the_pooled_stack() -> None:
    case = three(1)
    found = panel(case, 4)
    tables = [[[c.value.mean for c in row] for row in e.cells] for e in case.experts]
    differ = {
        (case.techniques[i].id, case.threats.modes[j].id)
        for i in range(5)
        for j in range(3)
        if len({t[i][j] for t in tables}) > 1
    }
    assert {(d.technique, d.mode) for d in found.disagreements} == differ
    assert found.untried == 0
    for one in found.disagreements:
        i = [t.id for t in case.techniques].index(one.technique)
        j = [m.id for m in case.threats.modes].index(one.mode)
        for k, stack in enumerate(one.stacks):
            # All follow expert k in this cell.
            value = case.experts[k].cells[i][j]
            changed = []
            for e in case.experts:
                rows = [list(row) for row in e.cells]
                rows[i][j] = value
                changed.append(replace(e, cells=tuple(map(tuple, rows))))
            labels, risks = brute(replace(case, experts=tuple(changed)))
            mean = np.array(found.weights) @ risks
            assert mean[labels.index(stack)] == pytest.approx(mean.min())
        assert one.decides == any(stack != found.pooled.stack for stack in one.stacks)


def test_experts_who_agree_have_nothing_to_settle() -> None:
    case = three(2)
    same = tuple(replace(e, cells=case.threats.cells) for e in case.experts)
    found = panel(replace(case, experts=same), 4)
    assert found.disagreements == ()
    assert {view.stack for view in found.views} == {found.pooled.stack} == {found.regret.stack}
    assert found.agreed == found.pooled.stack


def test_where_stacks_are_many_the_least_regret_is_among_those_judged(monkeypatch) -> None:
    case = three(3)
    exact = panel(case, 4)
    monkeypatch.setattr(module, "MOST_COLUMNS", 0)
    some = panel(case, 4)
    assert some.regret_found.startswith("the best of")
    assert some.regret.worst_regret >= exact.regret.worst_regret


def test_a_scenario_without_experts_has_no_panel() -> None:
    assert panel(replace(three(0), experts=()), 4) is None
