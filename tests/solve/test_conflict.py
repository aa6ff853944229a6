"""Why no stack meets the rules: the conflict is minimal, and the way out is true.

Every claim of the message is checked by listing all assignments (the oracle's), with the rules
that the message names taken out of the scenario.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
from factory import scenario
from oracle import Problem
from random_scenarios import random_scenario

import planner.solve.conflict as conflict
from planner.errors import NoStack
from planner.plan import Question, recommend
from planner.scenario.types import AtMost, Choice, Limit, Rules, Scenario
from planner.scenario.values import Number, number
from planner.solve.search import Outcome, Search

CURE = re.compile(r"Raise the budget by (\S+) USD, to (\S+) USD")


def written(given: Scenario) -> dict[str, Scenario]:
    """Every rule in the words of the message -> the scenario without it."""
    rules, found = given.rules, {}

    def without(**change: object) -> Scenario:
        return replace(given, rules=replace(rules, **change))

    for choice in rules.fund:
        rest = tuple(c for c in rules.fund if c != choice)
        found[f"fund {choice}"] = without(fund=rest)
    for choice in rules.exclude:
        rest = tuple(c for c in rules.exclude if c != choice)
        found[f"exclude {choice}"] = without(exclude=rest)
    for choice, needs in rules.requires:
        for need in needs:
            rest = tuple(
                (c, tuple(n for n in ns if (c, n) != (choice, need))) for c, ns in rules.requires
            )
            found[f"{choice} requires {need}"] = without(requires=rest)
    for rule in rules.at_most:
        rest = tuple(r for r in rules.at_most if r is not rule)
        found[f"at most {rule.count} of {', '.join(rule.of)}"] = without(at_most=rest)
    for limit in rules.limits:
        text = limit.attribute + ("" if limit.of is None else f" of {', '.join(limit.of)}")
        text += "" if limit.at_least is None else f" at least {limit.at_least}"
        text += "" if limit.at_most is None else f" at most {limit.at_most}"
        found[text] = without(limits=tuple(r for r in rules.limits if r is not limit))
    return found


def least_cost(given: Scenario) -> int | None:
    """Of all assignments that meet the rules, the budget apart."""
    problem = Problem(given)
    return min(map(problem.cost, problem.feasible), default=None)


def feasible(given: Scenario, budget: int | None) -> bool:
    least = least_cost(given)
    return least is not None and (budget is None or least <= budget)


def only(given: Scenario, names: list[str]) -> Scenario:
    """The scenario with the named rules alone."""
    for name in written(given):
        if name not in names:
            given = written(given)[name]
    return given


@cache
def infeasible_cases() -> tuple[tuple[int, Scenario, int], ...]:
    """Scenarios that no stack meets: some as drawn, the rest with a budget a unit too small or
    with one more rule."""
    found = []
    for seed in range(2000):
        given = random_scenario(seed, most=7)
        if len({str(text) for text in written(given)}) < len(_rules(given)):
            continue  # two rules in the same words
        least = least_cost(given)
        budget = sum(Problem(given).settled.cost)
        if least is None:
            found.append((seed, given, budget))
        elif least > 0:
            found.append((seed, given, least - 1))
        if len(found) == 42:
            break
    return tuple(found)


def _rules(given: Scenario) -> list[object]:
    rules = given.rules
    pairs = [(c, n) for c, needs in rules.requires for n in needs]
    return [*rules.fund, *rules.exclude, *pairs, *rules.at_most, *rules.limits]


def refusal(given: Scenario, budget: int, **search: object) -> NoStack:
    units = Number(Decimal(budget).scaleb(-given.decimals))
    with pytest.raises(NoStack) as caught:
        recommend(replace(given, budget=units), search=Search(**search))
    return caught.value


def named(refused: NoStack) -> list[str]:
    return [
        re.sub(r" (conflicts with the rest|cannot be met)\.$", "", finding.message)
        for finding in refused.findings
    ]


@pytest.mark.parametrize("solver", ["auto", "core", "highs"])
def test_the_conflict_named_is_minimal_and_the_way_out_is_true(solver: str) -> None:
    cases = infeasible_cases()
    assert len(cases) == 42
    many = levels = 0
    for seed, given, budget in cases if solver == "auto" else cases[::6]:
        refused = refusal(given, budget, solver=solver)
        names = named(refused)
        rules = [name for name in names if not name.startswith("budget ")]
        within = budget if len(rules) < len(names) else None
        assert set(rules) <= set(written(given)), f"seed {seed}: {names}"
        alone = only(given, rules)
        assert not feasible(alone, within), f"seed {seed}: {names} can hold together"
        if within is not None:
            assert feasible(alone, None), f"seed {seed}: the budget is not needed"
        for name in rules:
            rest = only(given, [r for r in rules if r != name])
            assert feasible(rest, within), f"seed {seed}: {name} is not needed"
        for finding in refused.findings:
            assert finding.column in (
                "budget",
                *(f"rules.{k}" for k in ("fund", "exclude", "requires", "at_most", "limits")),
            )
            check_cure(given, budget, finding.cure, names)
        many += len(names) > 1
        levels += any(t.has_levels for t in given.techniques)
    assert many
    assert levels


def check_cure(given: Scenario, budget: int, cure: str, names: list[str]) -> None:
    assert cure.startswith(
        ("Raise the budget by ", "Drop or loosen", "To drop a single one of these is not enough")
    )
    raised = CURE.search(cure)
    if raised:
        unit = 10**given.decimals
        more, to = (int(Decimal(text) * unit) for text in raised.groups())
        assert budget + more == to
        assert to == least_cost(given)  # one unit less is not enough
    else:
        assert not any(n.startswith("budget ") for n in names) or least_cost(given) is None
    dropped = re.search(r"[Dd]rop or loosen(?: one of them)?: (.*)\.$", cure)
    offered = [] if dropped is None else dropped[1].split("; ")
    for name in names:
        if not name.startswith("budget "):
            assert (name in offered) == feasible(written(given)[name], budget)


def clash(rules: Rules, budget: object = 9, **more: object) -> NoStack:
    given = scenario(
        **{"failure": [["0.5"]] * 3, "weights": [1], "ids": ["a", "b", "c"], "costs": [2, 3, 4]}
        | more,
        rules=rules,
        budget=budget,
    )
    with pytest.raises(NoStack) as caught:
        recommend(given)
    return caught.value


def test_a_budget_short_of_what_must_be_funded_names_both_and_the_missing_amount() -> None:
    refused = clash(Rules(fund=(Choice("a"), Choice("b"))), budget=4)
    assert str(refused) == (
        "No stack meets the rules. These cannot hold together: fund a; fund b; budget 4 USD. "
        "Raise the budget by 1 USD, to 5 USD, or drop or loosen one of them: fund a; fund b."
    )
    assert [f.column for f in refused.findings] == ["rules.fund", "rules.fund", "budget"]


def test_dropping_one_rule_is_offered_only_where_it_is_enough() -> None:
    # either of the two must go over the budget by itself: no single rule is to blame
    refused = clash(Rules(fund=(Choice("b"), Choice("c"))), budget=1)
    assert "Raise the budget by 6 USD, to 7 USD." in str(refused)
    assert "drop" not in str(refused)


def test_a_rule_that_nothing_can_meet_stands_alone() -> None:
    refused = clash(Rules(limits=(Limit("cost", None, number(10), None),)))
    assert "Nothing can meet this one: cost at least 10" in str(refused)
    assert len(refused.findings) == 1
    assert refused.findings[0].message == "cost at least 10 cannot be met."


def test_one_level_of_a_technique_is_never_named_and_always_holds() -> None:
    # two levels of one technique: only the silent rule of one level makes these two conflict
    levels = [{"full": 2, "half": 1}, None, None]
    refused = clash(Rules(fund=(Choice("a", "full"), Choice("a", "half"))), levels=levels)
    assert named(refused) == ["fund a:full", "fund a:half"]
    assert "one level" not in str(refused)
    # people: full and half together would reach 4, each alone does not: the limit by itself
    refused = clash(
        Rules(limits=(Limit("people", ("a",), number(4), None),)),
        levels=levels,
        attributes={"people": [2, 0, 0]},
    )
    assert named(refused) == ["people of a at least 4"]


@pytest.mark.parametrize("solver", ["auto", "core", "highs"])
def test_levels_that_matter_in_a_second_conflict_do_not_spoil_the_first(solver: str) -> None:
    # Without "one level of a", {fund a:full, fund a:half} would be possible at a cost of 3 and
    # only the limit on cost would conflict; with it the two fund rules alone do.
    rules = Rules(
        fund=(Choice("a", "full"), Choice("a", "half")),
        limits=(Limit("cost", None, None, number(2)),),
    )
    given = scenario(
        failure=[["0.5"]] * 2,
        weights=[1],
        ids=["a", "b"],
        levels=[{"full": 2, "half": 1}, None],
        rules=rules,
    )
    refused = refusal(given, 9, solver=solver)
    assert len(named(refused)) == 2
    for name in named(refused):
        rest = [n for n in named(refused) if n != name]
        assert feasible(only(given, rest), 9), f"{name} is not needed"


def test_rules_are_named_in_the_words_of_the_funder() -> None:
    rules = Rules(
        fund=(Choice("a"),),
        requires=((Choice("a"), (Choice("b"),)), (Choice("b"), (Choice("c"),))),
        at_most=(AtMost(("a", "b", "c"), 2),),
    )
    refused = clash(rules)
    assert named(refused) == [
        "fund a",
        "a requires b",
        "b requires c",
        "at most 2 of a, b, c",
    ]


def test_a_check_cut_short_by_the_clock_claims_no_conflict_that_it_did_not_prove(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped = Outcome(None, None, "none", "time limit", "cuts")
    monkeypatch.setattr(conflict.Engine, "best", lambda *_a, **_k: stopped)
    given = scenario(failure=[["0.5"]], weights=[1], rules=Rules(fund=(Choice("t01"),)), budget=0)
    program = Question.of(given).program(0)
    refused = conflict.explain_conflict(program, Search(time_limit=1e-9), str)
    assert named(refused) == ["fund t01", "budget 0 USD"]
    assert str(refused).endswith("Drop or loosen some of these rules.")
