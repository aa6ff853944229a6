"""Core index, ranks, regret and selection bias against brute force over all stacks and draws."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from factory import scenario

from planner.program.build import build_program
from planner.risk.measures import Expected
from planner.scenario.draw import draw, settle_at
from planner.scenario.read import read
from planner.scenario.types import AtMost, Choice, Rules, Scenario
from planner.scenario.values import Beta, Interval, Number, Part, Pert, Uniform, mixture
from planner.solve.search import Search
from planner.study.robust import acceptability, robust
from planner.study.robust_draws import best_of_each, setting
from planner.study.robust_stacks import bought_in, importance
from planner.worlds import drawn
from planner.worlds.build import build

D = Decimal
HALF = mixture([Part(Number(D("0.1")), D("0.5")), Part(Number(D("0.9")), D("0.5"))])
SHIPPED = Path(__file__).parents[2] / "scenarios"


def small(**more) -> Scenario:
    """Four techniques, three modes; cells and a probability are uncertain."""
    fields = {
        "costs": [2, 1, 1, "1.5"],
        "budget": 3,
        "decimals": 1,
        "background": [0, "0.02", 0, Uniform(D(0), D("0.1"))],
        "success": [1, "0.9", Beta(D(8), D(2)), 1],
    }
    return scenario(
        [
            [Interval(D("0.5"), D("0.9"), "probability"), "0.5", Beta(D(1), D(9))],
            [HALF, "0.1", "0.5"],
            ["0.1", "0", Uniform(D("0.3"), D(1))],
            ["0.3", Pert(D(0), D("0.2"), D("0.9")), "0.4"],
        ],
        [Interval(D("0.05"), D("0.4"), "probability"), "0.1", "0.5"],
        **(fields | more),
    )


def uncertain_costs() -> Scenario:
    costs = [Interval(D("1.6"), D("2.5"), "amount"), 1, Uniform(D("0.5"), D(2)), "1.5"]
    return small(costs=costs, decimals=2)


CASES = {
    "together": small(),
    "by-mode": small(reading="by-mode"),
    "one factor": small(factor=Uniform(D("0.1"), D("0.5"))),
    "unlisted": small(unlisted=Uniform(D(0), D("0.1")), loss=[1, Uniform(D(1), D(4)), 2]),
    "committed": small(committed=["t02"]),
    "levels": small(
        costs=1, success=1, levels=[None, {"half": 1, "full": (2, Beta(D(9), D(1)))}, None, None]
    ),
    "worlds": scenario(
        None,
        weights=[Uniform(D(1), D(3)), 2, 1],
        failure=[["0.5", HALF, None], ["0.1", "0.9", "0.2"]],
        loss=[1, 2, Uniform(D(1), D(2))],
        budget=1,
    ),
    "worlds without loss": scenario(
        None, weights=[Uniform(D(1), D(3)), 2], failure=[["0.5", HALF], ["0.1", "0.9"]], budget=1
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_blocks_of_worlds_are_the_worlds_of_each_draw(name: str) -> None:
    """`worlds.build` builds one draw at a time, by other code."""
    draws = draw(CASES[name], 6, seed=3)
    assert drawn.fits(draws)
    found = drawn.block(draws, slice(0, 6))
    count = len(draws.central.options)
    for d in range(6):
        worlds = build(settle_at(draws, d))
        for stack in itertools.product((False, True), repeat=count):
            inside = np.array(stack)
            expected = (worlds.weight * worlds.failure[inside].prod(axis=0)).sum()
            value = (found.weight[d] * found.failure[d][inside].prod(axis=0)).sum()
            assert value == pytest.approx(expected, rel=1e-12)


def brute(case: Scenario, count: int, seed: int) -> list[dict[tuple[int, ...], float]]:
    """For every draw the risk of every stack that its rules and its money allow."""
    draws, tables = draw(case, count, seed), []
    for d in range(count):
        settled = settle_at(draws, d)
        program = build_program(settled, build(settled), Expected(), budget=settled.budget)
        stacks = itertools.chain.from_iterable(
            itertools.combinations(range(program.size), k) for k in range(program.size + 1)
        )
        tables.append({s: program.value(s) for s in stacks if program.holds(s)})
    return tables


@pytest.mark.parametrize("name", ["together", "by-mode", "committed", "levels", "worlds"])
def test_core_index_regret_and_best_stacks_are_those_of_brute_force(name: str) -> None:
    case, count = CASES[name], 40
    tables = brute(case, count, seed=5)
    found = robust(case, count, seed=5)
    best = [min(table, key=table.__getitem__) for table in tables]
    assert list(found.best.stacks) == best
    technique = found.place.program.technique
    for row in found.rows:
        i = [t.id for t in case.techniques].index(row.technique)
        share = np.mean([any(technique[j] == i for j in stack) for stack in best])
        assert row.core_index == pytest.approx(share)
    stacks = list(tables[0])
    risks = np.array([[table[s] for table in tables] for s in stacks])
    regrets = risks - risks.min(axis=0)
    mean, worst = risks.mean(axis=1), regrets.max(axis=1)
    tail = np.sort(risks, axis=1)[:, -2:].mean(axis=1)  # the worst 5% of 40 draws are two
    for role, scores in (("mean", mean), ("regret", worst), ("cvar", tail)):
        chosen = found.field.of(role)  # type: ignore[arg-type]
        assert scores[stacks.index(chosen.columns)] == pytest.approx(scores.min(), rel=1e-12)
    for judged in found.field.judged:
        k = stacks.index(judged.columns)
        assert judged.mean == pytest.approx(mean[k])
        assert judged.cvar == pytest.approx(tail[k])
        expected = (regrets[k].mean(), np.quantile(regrets[k], 0.95), worst[k])
        assert judged.regret == pytest.approx(expected, abs=1e-12)
    # Selection bias: each draw's best stack, by its own draw and over all of them.
    turns_out = np.mean([mean[stacks.index(s)] for s in best])
    looks = np.mean([min(table.values()) for table in tables])
    assert found.bias.looks == pytest.approx(looks)
    assert found.bias.turns_out == pytest.approx(turns_out)
    assert found.bias.optimism >= -1e-12


def test_drawn_costs_change_what_can_be_bought() -> None:
    case, count = uncertain_costs(), 30
    tables = brute(case, count, seed=2)
    found = robust(case, count, seed=2)
    assert [min(table, key=table.__getitem__) for table in tables] == list(found.best.stacks)
    assert (found.field.risks >= found.best.value - 1e-12).all()


def test_a_stack_that_is_too_dear_is_bought_in_order_of_importance() -> None:
    case = uncertain_costs()
    place = setting(draw(case, 60, seed=4), None)
    stack = (0, 2, 3)
    order = importance(place, stack)
    taken = bought_in(place, stack)
    for d in range(60):
        left, expected = int(place.budgets[d]), set()
        for j in order:
            if place.costs[d, j] <= left:
                expected.add(j)
                left -= int(place.costs[d, j])
        assert set(np.flatnonzero(taken[d])) == expected
    assert not taken[:, list(stack)].all()


def test_what_is_left_of_a_stack_must_meet_the_rules() -> None:
    rules = Rules(
        requires=((Choice("t03"), (Choice("t01"),)),), at_most=(AtMost(("t02", "t04"), 1),)
    )
    costs = [Uniform(D("1.5"), D("3.5")), 1, 1, 1]
    case = small(costs=costs, budget=3, rules=rules, decimals=2)
    place = setting(draw(case, 50, seed=1), None)
    taken = bought_in(place, (0, 2))
    # Without t01, which t03 needs, nothing is bought.
    assert not (taken[:, 2] & ~taken[:, 0]).any()
    assert (~taken[:, 0]).any()


def test_draws_solved_one_by_one_give_what_the_table_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    case = small(groups={"g": ["0.3", Uniform(D("0.1"), D("0.5")), None, None]})
    place = setting(draw(case, 12, seed=9), None)
    assert not place.has_table
    alone = best_of_each(place, Search())
    tables = brute(case, 12, seed=9)
    assert list(alone.stacks) == [min(table, key=table.__getitem__) for table in tables]
    plain = setting(draw(small(), 12, seed=9), None)
    fast = best_of_each(plain, Search())
    monkeypatch.setattr("planner.study.robust_draws.MOST_COLUMNS", 0)
    slow = best_of_each(setting(draw(small(), 12, seed=9), None), Search())
    assert fast.table is not None
    assert slow.table is None
    assert fast.stacks == slow.stacks
    np.testing.assert_allclose(fast.value, slow.value, rtol=1e-12)
    np.testing.assert_allclose(fast.rise, slow.rise, atol=1e-12)
    np.testing.assert_allclose(fast.fall, slow.fall, atol=1e-12)


def test_rows_and_columns_of_the_acceptability_sum_to_one_and_ties_share_their_ranks() -> None:
    rng = np.random.default_rng(0)
    held = rng.random((200, 6)) < 0.4
    worth = rng.integers(0, 3, (200, 6)) / 2.0
    shares = acceptability(held, worth, worth, np.ones(200))
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    # By hand: b and c tie for the ranks 2 and 3 behind a; d is last, though worth most if added.
    one = acceptability(
        np.array([[True, True, True, False]]),
        np.array([[0.5, 0.2, 0.2, 0.0]]),
        np.array([[0.0, 0.0, 0.0, 0.9]]),
        np.array([0.1]),
    )
    expected = [[1, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(one, expected)
    found = robust(small(), 50)
    table = np.array([row.acceptability for row in found.rows])
    np.testing.assert_allclose(table.sum(axis=0), 1)
    np.testing.assert_allclose(table.sum(axis=1), 1)


def test_plain_numbers_leave_nothing_to_survive() -> None:
    found = robust(read(SHIPPED / "three"), 8)
    assert found.draws.numbers == ()
    assert {row.core_index for row in found.rows} <= {0.0, 1.0}
    assert found.field.of("central").regret == (0, 0, 0)


def test_draws_in_which_no_stack_meets_the_rules_are_counted_and_left_out() -> None:
    rules = Rules(fund=(Choice("t01"),))
    case = small(costs=[Uniform(D(2), D(4)), 1, 1, 1], budget=3, rules=rules, decimals=2)
    found = robust(case, 64)
    dear = (found.place.costs[:, 0] > 300).sum()
    assert found.draws.count - found.count == dear > 0
    assert found.to_dict()["draws"]["without_stack"] == dear
