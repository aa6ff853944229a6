"""Non-dominated stacks against a brute force over every reading of the unsure cells."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pytest
from factory import scenario

from planner.plan import Question
from planner.scenario.types import Choice, Rules
from planner.scenario.values import Interval, Uniform
from planner.study import incomplete as module
from planner.study.incomplete import incomplete

D = Decimal
UNSURE = Uniform(D("0.1"), D("0.9"))


def _random(seed: int, n: int = 4, m: int = 3):
    rng = np.random.default_rng(seed)
    kinds = ["0.1", "0.9", UNSURE]
    cells = [[kinds[k] for k in rng.choice(3, m, p=[0.4, 0.4, 0.2])] for _ in range(n)]
    costs = rng.integers(1, 4, n).tolist()
    return scenario(cells, "0.3", costs=costs, budget=int(sum(costs) * 0.6))


def _of(case):
    question = Question.of(case)
    return incomplete(question.settled, question.program(question.settled.budget)), question


def _defeats(values, stack, modes):
    """Every set of modes under which all of the stack fails."""
    return {
        a
        for a in range(1 << modes)
        if all(any(a >> j & 1 and values[i][j] for j in range(modes)) for i in stack)
    }


def brute(case):
    """Stacks that no other one dominates, of equal ones the cheapest: from the definition."""
    cells = case.threats.cells
    n, m = len(cells), len(cells[0])
    unsure = [(i, j) for i in range(n) for j in range(m) if cells[i][j].value == UNSURE]
    cost = [int(t.levels[0].cost.mean) for t in case.techniques]
    stacks = [
        s
        for k in range(n + 1)
        for s in itertools.combinations(range(n), k)
        if sum(cost[i] for i in s) <= case.budget.mean
    ]
    readings = []
    for flips in itertools.product((False, True), repeat=len(unsure)):
        table = [[cells[i][j].value.mean > 0.5 for j in range(m)] for i in range(n)]
        for (i, j), flip in zip(unsure, flips, strict=True):
            table[i][j] = flip
        readings.append([_defeats(table, s, m) for s in stacks])
    better = [
        [all(r[a] <= r[b] for r in readings) for b in range(len(stacks))]
        for a in range(len(stacks))
    ]
    kept = set()
    for b, stack in enumerate(stacks):
        rivals = [a for a in range(len(stacks)) if better[a][b]]
        if any(not better[b][a] for a in rivals):
            continue
        price = sum(cost[i] for i in stack)
        if price == min(sum(cost[i] for i in stacks[a]) for a in rivals):
            kept.add(frozenset(case.techniques[i].id for i in stack))
    return kept


@pytest.mark.parametrize("seed", range(14))
def test_the_non_dominated_stacks_are_those_of_the_definition(seed: int) -> None:
    case = _random(seed)
    found, _ = _of(case)
    expected = brute(case)
    assert {frozenset(labels) for labels, _ in found.stacks} == expected
    assert found.count == len(expected)
    for row in found.rows:
        share = np.mean([row.technique in stack for stack in expected])
        assert row.core_index == pytest.approx(share)


@pytest.mark.parametrize("seed", range(14))
def test_bounds_never_contradict_the_exact_status(seed, monkeypatch) -> None:
    case = _random(seed, n=6)
    exact, _ = _of(case)
    monkeypatch.setattr(module, "MOST_EXACT", 0)
    bounded, _ = _of(case)
    assert not bounded.exact
    truth = {row.technique: row.status for row in exact.rows}
    for row in bounded.rows:
        assert row.core_index is None
        assert row.status in ("borderline", truth[row.technique])


def test_intervals_count_from_end_to_end_against_the_threshold() -> None:
    low = Interval(D("0.1"), D("0.4"), "probability")
    across = Interval(D("0.1"), D("0.6"), "probability")
    high = Interval(D("0.5"), D("0.9"), "probability")
    surely, maybe = module.defeats(scenario([[low, across, high]], "0.5"))
    assert (surely, maybe) == ([0b100], [0b110])


def test_a_locked_in_technique_is_core_and_a_locked_out_one_exterior() -> None:
    rules = Rules(fund=(Choice("t01"),), exclude=(Choice("t02"),))
    case = scenario([["0.9"], ["0.1"], ["0.1"]], "0.5", costs=[1, 1, 1], budget=2, rules=rules)
    found, _ = _of(case)
    assert {row.technique: row.status for row in found.rows} == {
        "t01": "core",
        "t02": "exterior",
        "t03": "core",
    }
