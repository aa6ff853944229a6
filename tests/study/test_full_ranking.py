"""The ranking in full: the two lists, what others pay for, firmness, and what a page says of them.

Numbers in sentences are read back and compared with the oracle's, which values stacks exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from factory import scenario
from oracle import Problem
from random_scenarios import Case, random_case

from planner.errors import NoStack
from planner.plan import Plan, Question, recommend
from planner.scenario.types import FailureModes, Scenario
from planner.solve.search import Search
from planner.study.committed import committed, committed_beside
from planner.study.full_ranking import FullRanking, rank_in_full
from planner.study.ranking import rank
from planner.study.two_lists import two_lists


@cache
def cases() -> tuple[tuple[Case, Plan], ...]:
    found = []
    for seed in range(11000, 11400):
        case = random_case(seed, most=6)
        if len(case.problem.feasible) > 300:
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
        found.append((case, plan))
        if len(found) == 40:
            break
    return tuple(found)


def value(case: Case, labels: Sequence[str]) -> float:
    index = case.problem.settled.option_index
    return float(case.problem.exact(tuple(sorted(index[label] for label in labels))))


def test_every_difference_of_the_two_lists_has_one_sentence_and_its_numbers_are_true() -> None:
    differences = lowered = 0
    for case, plan in cases():
        lists = two_lists(plan, Search())
        empty = value(case, ())
        alone = {row.option for row in lists.rows if row.alone}
        best = {row.option for row in lists.rows if row.best}
        assert best == set(plan.stack)
        assert alone == set(lists.alone_stack)
        assert lists.alone_value == pytest.approx(value(case, sorted(alone)), rel=1e-9, abs=1e-300)
        if case.target is None:
            assert lists.alone_value >= lists.best_value * (1 - 1e-9)
        for row in lists.rows:
            assert (row.sentence is not None) == (row.alone != row.best)
            fall = empty - value(case, [row.option])
            assert row.fall_alone == pytest.approx(fall, rel=1e-6, abs=1e-11 * empty)
        places = [row.place for row in lists.rows if row.place is not None]
        assert places == list(range(1, len(places) + 1))
        for row in lists.differences:
            assert row.sentence is not None
            differences += 1
            found = re.search(r"it lowers the \S+ from (\S+) to ([\d.e+-]+)\.$", row.sentence)
            if found:
                lowered += 1
                rest = value(case, sorted(best - {row.option}))
                assert float(found[1]) == pytest.approx(rest, rel=1e-3)
                assert float(found[2]) == pytest.approx(value(case, sorted(best)), rel=1e-3)
            found = re.search(r"take away (\S+) more\.$", row.sentence)
            if found:
                more = value(case, sorted(best)) - value(case, sorted({*best, row.option}))
                assert float(found[1]) == pytest.approx(more, rel=1e-2)
    assert differences > 20
    assert lowered > 5


def test_the_two_lists_of_two_twins_and_a_stranger_by_hand() -> None:
    # a and b share their one weakness; c is weaker alone. Alone: a, then b; best: a and c.
    given = scenario(
        [["0.1", "0.9"], ["0.1", "0.9"], ["0.9", "0.3"]],
        ["0.5", "0.2"],
        ids=["a", "b", "c"],
        reading="by-mode",
        budget=2,
        currency="EUR",
    )
    lists = two_lists(recommend(given), Search())
    assert lists.alone_stack == ("a", "b")
    told = {row.option: row.sentence for row in lists.differences}
    assert set(told) == {"b", "c"}
    assert "b is 2nd alone" in str(told["b"])
    assert "per EUR" in str(told["b"])
    assert "c is 3rd alone" in str(told["c"])
    assert "the only one of the stack to withstand m02" in str(told["c"])


def test_what_others_pay_for_by_hand() -> None:
    # Two modes, by-mode, no baseline loss: R is the sum of the products. Others hold m01.
    given = scenario(
        [["0.1", "0.9"], ["0.8", "0.2"], ["0.5", "0.5"]],
        ["0.5", "0.5"],
        ids=["a", "b", "c"],
        reading="by-mode",
        baseline_loss=0,
        committed=["a"],
        costs=[1, 1, 1],
        budget=1,
    )
    plan = recommend(given)
    assert plan.stack == ("b",)
    found = committed(plan, Search())
    assert found is not None
    assert found.nothing == pytest.approx(1)
    assert found.others == pytest.approx(0.5 * 0.1 + 0.5 * 0.9)
    assert found.both == pytest.approx(0.5 * 0.08 + 0.5 * 0.18)
    assert found.funder == pytest.approx(0.5 * 0.8 + 0.5 * 0.2)
    assert found.value == pytest.approx(0.37)
    assert found.covered == pytest.approx(0.5)
    # were nobody else paying, one unit of money buys any one of the three: each leaves 0.5
    assert found.alone == pytest.approx(0.5)
    assert found.paid[0].covers == ("m01",)
    assert found.paid[0].dropped == pytest.approx(0.5 - 0.13)
    assert found.open == ("m02",)
    assert found.added == ("m02",)
    assert any(
        "its stack takes away 0.37 of it (74%) and leaves 0.13" in s for s in found.sentences
    )


def test_the_value_of_the_addition_agrees_with_two_scenarios_without_committed_techniques() -> None:
    seen = 0
    for case, plan in cases():
        found = committed(plan, Search())
        if found is None:
            assert plan.committed == ()
            continue
        seen += 1
        open_market = Problem(_without_committed(case), case.objective)
        index = open_market.settled.option_index

        def left(
            labels: Sequence[str],
            market: Problem = open_market,
            at: dict[str, int] = index,
        ) -> float:
            return float(market.exact(tuple(sorted(at[label] for label in labels))))

        scale = left(())
        assert found.nothing == pytest.approx(left(()), rel=1e-9)
        assert found.others == pytest.approx(left(plan.committed), rel=1e-9, abs=1e-12 * scale)
        both = left((*plan.committed, *plan.stack))
        assert found.both == pytest.approx(both, rel=1e-9, abs=1e-12 * scale)
        assert found.funder == pytest.approx(left(plan.stack), rel=1e-9, abs=1e-12 * scale)
        if found.alone_stack is not None:
            units = plan.cost if plan.budget is None else plan.budget
            best = open_market.least_objective(units)
            assert best is not None
            assert found.alone == pytest.approx(float(best.value), rel=1e-9)
    assert seen > 3


def _without_committed(case: Case) -> Scenario:
    return replace(case.scenario, committed=())


def test_an_own_stack_beside_others_money_is_valued_the_same_way() -> None:
    given = scenario(failure=[["0.5"], ["0.25"]], weights=[1], committed=["t01"], budget=1)
    found = committed_beside(Question.of(given), [1])
    assert found is not None
    assert (found.nothing, found.others, found.both) == (1, 0.5, 0.125)
    assert committed_beside(Question.of(scenario(failure=[["0.5"]], weights=[1])), [0]) is None


def in_full(plan: Plan) -> FullRanking:
    return rank_in_full(rank(plan, seconds=30), seconds=30)


def test_every_row_has_its_keys_and_the_rows_stand_in_the_order_of_the_ranking() -> None:
    for _, plan in cases()[:8]:
        full = in_full(plan)
        document = full.to_dict()
        json.dumps(document, allow_nan=False)
        assert [row["technique"] for row in document["ranking"]] == [
            row.technique for row in full.ranking.rows
        ]
        for row in document["ranking"]:
            own = row["recommended"]
            assert (row["shapley"] is not None) == own
            assert (row["entry_price_never"] is not None) == (not own and not row["committed"])
            if row["entry_price"] is not None:
                assert row["entry_price"] < row["cost"]
                assert row["technique"] in row["entry"]
        frame = full.to_frame()
        assert frame.columns[0] == "technique"
        assert len(frame) == len(full.rows)


def test_ranks_a_tenth_around_the_budget_are_those_of_their_own_rankings() -> None:
    given = scenario(
        [["0.1", "0.9"], ["0.9", "0.1"], ["0.4", "0.4"], ["0.3", "0.6"]],
        costs=[5, 5, 10, 9],
        budget=10,
        reading="by-mode",
    )
    assert isinstance(given.threats, FailureModes)
    full = in_full(recommend(given))
    rankings = [rank(recommend(given, budget=budget)) for budget in (9, 10, 11)]
    for row in full.rows:
        places = [
            next(r for r in ranking.rows if r.technique == row.row.technique)
            for ranking in rankings
        ]
        assert row.stability is not None
        assert row.stability.budgets == (9, 10, 11)
        assert row.stability.rank_low == min(r.rank for r in places if r.rank)
        assert row.stability.rank_high == max(r.rank for r in places if r.rank)
        assert row.stability.held == sum(r.recommended for r in places)
