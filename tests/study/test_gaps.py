"""What a new technique must withstand and may cost, against scenarios in which it stands written.

The oracle lists every assignment of the scenario with the technique added, and shares no code with
the search.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest
from factory import scenario
from oracle import Answer, Problem
from random_scenarios import Case, random_case

from planner.errors import BadInput, NoStack
from planner.plan import Plan, recommend
from planner.scenario.settle import amount
from planner.scenario.types import (
    FULL,
    Cell,
    FailureModes,
    Level,
    Limit,
    Rules,
    Scenario,
    Technique,
)
from planner.scenario.values import Number, number
from planner.solve.search import Search
from planner.study.gaps import Gaps, Profile, gaps
from planner.study.new_technique import Assumed, assumed

#: Comes after every id of the scenarios: among equals one that exists is preferred.
NEW = "~new0"


@cache
def cases() -> tuple[tuple[Case, Plan, Gaps], ...]:
    found = []
    for seed in range(13000, 13900):
        case = random_case(seed, most=4)
        given = case.scenario
        if case.target is not None or not isinstance(given.threats, FailureModes):
            continue
        if not 1 < len(given.threats.modes) <= 4 or any(
            limit.attribute == "cost" and limit.of is None and limit.at_least is not None
            for limit in given.rules.limits
        ):
            continue
        try:
            plan = recommend(given, case.objective, budget=case.budget, search=Search(gap=0.0))
        except NoStack:
            continue
        found.append((case, plan, gaps(plan, assumed(given), seconds=60)))
        if len(found) == 10:
            break
    return tuple(found)


def with_new(plan: Plan, new: Assumed, modes: tuple[str, ...], units: int) -> Scenario:
    """The scenario with one technique more, as a funder would write it."""
    given = plan.scenario
    threats = given.threats
    assert isinstance(threats, FailureModes)
    level = Level(FULL, Number(amount(units, given.decimals)), number(new.success))
    added = Technique(NEW, NEW, (level,), background=number(new.background))
    row = tuple(
        Cell(number(new.withstands if mode.id in modes else new.fails)) for mode in threats.modes
    )
    pairs = sorted(
        zip((*given.techniques, added), (*threats.cells, row), strict=True),
        key=lambda pair: pair[0].id,
    )
    return replace(
        given,
        techniques=tuple(t for t, _ in pairs),
        threats=replace(threats, cells=tuple(cells for _, cells in pairs)),
    )


def best(case: Case, changed: Scenario) -> Answer | None:
    return Problem(changed, case.objective).least_objective(case.units)


def units(plan: Plan, profile: Profile) -> int:
    assert profile.price is not None
    return int(profile.price.scaleb(plan.scenario.decimals))


def test_at_the_most_it_may_cost_a_new_technique_enters_and_a_unit_more_it_does_not() -> None:
    priced = never = 0
    for case, plan, found in cases():
        assert found.finished
        for profile in (*found.singles, *found.pairs, *found.by_size):
            told = f"seed {case.seed}: {profile}"
            if profile.never:
                never += 1
                answer = best(case, with_new(plan, found.new, profile.modes, 0))
                assert answer is None or NEW not in answer.stack, told
                continue
            price = units(plan, profile)
            answer = best(case, with_new(plan, found.new, profile.modes, price))
            assert answer is not None, told
            assert NEW in answer.stack, told
            assert tuple(x for x in answer.stack if x != NEW) == profile.stack, told
            assert set(profile.displaces) == set(plan.stack) - set(profile.stack), told
            above = best(case, with_new(plan, found.new, profile.modes, price + 1))
            assert above is None or NEW not in above.stack, told
            priced += price > 0
    assert priced > 12
    assert never > 3


def test_the_fall_is_that_of_the_stack_with_the_technique_written_into_it() -> None:
    for case, plan, found in cases()[:5]:
        for profile in found.singles:
            changed = with_new(plan, found.new, profile.modes, 1)
            problem = Problem(changed, case.objective)
            index = problem.settled.option_index
            beside = tuple(sorted(index[label] for label in (*plan.stack, NEW)))
            before = tuple(sorted(index[label] for label in plan.stack))
            fall = float(problem.exact(before) - problem.exact(beside))
            empty = float(problem.exact(()))
            assert profile.fall == pytest.approx(fall, rel=1e-6, abs=1e-12 * empty)


def test_of_every_size_the_dearest_profile_is_named_and_the_needed_size_is_the_least() -> None:
    pays = 0
    for case, plan, found in cases():
        threats = plan.scenario.threats
        assert isinstance(threats, FailureModes)
        ids = [mode.id for mode in threats.modes]
        cost = int(found.needed.cost.scaleb(plan.scenario.decimals))
        enough: dict[int, set[tuple[str, ...]]] = {}
        for size in range(1, len(ids) + 1):
            price = found.by_size[size - 1].price
            dearer = -1 if price is None else units(plan, found.by_size[size - 1])
            for modes in combinations(ids, size):
                answer = best(case, with_new(plan, found.new, modes, dearer + 1))
                assert answer is None or NEW not in answer.stack, f"seed {case.seed}: {modes}"
                answer = best(case, with_new(plan, found.new, modes, cost))
                if answer is not None and NEW in answer.stack:
                    enough.setdefault(size, set()).add(modes)
        least = min(enough, default=None)
        assert found.needed.count == least, f"seed {case.seed}"
        assert found.needed.exact
        if least is not None:
            pays += 1
            assert set(found.needed.sets) == enough[least]
            assert len(found.best.modes) == least
    assert pays > 2


def three(**more: object) -> Plan:
    """Two specialists and three modes, by-mode, no baseline loss: m03 is open."""
    return recommend(
        scenario(
            [["0.1", "0.9", "0.9"], ["0.9", "0.1", "0.9"]],
            ["0.3", "0.3", "0.2"],
            reading="by-mode",
            baseline_loss=0,
            costs=[2, 2],
            budget=4,
            decimals=2,
            **more,
        ),
        search=Search(gap=0.0),
    )


def test_the_open_mode_is_the_most_valuable_by_hand() -> None:
    # Best for 4: both, R = 0.3 * 0.09 * 2 + 0.2 * 0.81 = 0.216. A new one (0.1 / 0.9, background
    # and success as the others) that withstands m03: 0.3 * 0.081 * 2 + 0.2 * 0.081 = 0.0648.
    # At a price up to 2 one of the old ones pays for it: 0.3 * 0.081 + 0.3 * 0.81 + 0.2 * 0.09
    # = 0.2853 is more than 0.216, so that it enters for nothing alone.
    found = gaps(three(), assumed(three().scenario))
    assert found.new == Assumed(0.1, 0.9, 0.0, 1.0)
    assert found.plan.risk == pytest.approx(0.216)
    first = found.singles[0]
    assert first.modes == ("m03",)
    assert first.left == pytest.approx(0.0648)
    assert first.price == 0
    assert first.displaces == ()
    # with m01 or m02 as well it replaces one of them: 0.2 * 0.09 + 2 * 0.3 * 0.09 = 0.072
    assert found.pairs[0].modes in (("m01", "m03"), ("m02", "m03"))
    assert found.pairs[0].price == 2
    assert found.beyond  # no money buys m03 with what exists
    assert found.needed.cost == 2
    assert found.needed.count == 2
    # two of the old modes do too: beside one old technique 0.3 * (0.01 + 0.09) + 0.2 * 0.81 = 0.192
    assert set(found.needed.sets) == {("m01", "m02"), ("m01", "m03"), ("m02", "m03")}


def test_money_that_buys_the_same_fall_is_named() -> None:
    # budget 1 buys one of two equal techniques; a new equal one is worth what the second costs
    given = scenario(
        [["0.5"], ["0.5"]], ["1"], reading="by-mode", baseline_loss=0, costs=[1, 3], budget=1
    )
    new = Assumed(withstands=0.5, fails=0.5, background=0.0, success=1.0)
    found = gaps(recommend(given), new)
    assert found.best.left == pytest.approx(0.25)
    assert found.more == 3
    assert not found.beyond


def test_what_is_assumed_is_what_is_usual_in_the_scenario() -> None:
    plain = scenario(
        [["0.1", "0.9"], ["0.2", "0.7"], ["0.3", "0.8"]],
        background=["0", "0.1", "0.3"],
        success=["1", "0.5", "0.8"],
    )
    assert assumed(plain) == Assumed(0.2, 0.8, 0.1, 0.8)
    assert assumed(plain, 0.05, 1.0, 0.9) == Assumed(0.05, 1.0, 0.1, 0.9)


def test_what_has_no_gap_is_refused_and_time_that_ran_out_is_said() -> None:
    worlds = scenario(failure=[["0.5"]], weights=[1], budget=1)
    with pytest.raises(BadInput, match="failure mode"):
        assumed(worlds)
    plan = three()
    new = assumed(plan.scenario)
    with pytest.raises(BadInput, match="--modes"):
        gaps(plan, new, modes=4)
    with pytest.raises(BadInput, match="depth"):
        gaps(recommend(plan.scenario, "depth"), new)
    with pytest.raises(BadInput, match="--budget"):
        gaps(recommend(plan.scenario, target_risk=0.5), new)
    late = gaps(plan, new, seconds=0.0)
    assert not late.finished
    assert late.best.price is None
    json.dumps(late.to_dict(), allow_nan=False)


def test_a_rule_on_least_spending_leaves_prices_unknown() -> None:
    rules = Rules(limits=(Limit("cost", None, number(1), None),))
    found = gaps(three(rules=rules), Assumed(0.1, 0.9, 0.0, 1.0))
    assert all(profile.price is None and not profile.never for profile in found.singles)
    assert not found.finished
