"""Why no stack meets the rules: the conflict is minimal, and the way out is true.

Every claim of the message is checked by listing all assignments (the oracle's), with the rules
that the message names taken out of the scenario.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from factory import scenario
from oracle import Problem
from random_scenarios import random_scenario

import planner.solve.conflict as conflict
from planner.errors import NoStack, WayOut
from planner.plan import Question, recommend
from planner.scenario.digest import digest
from planner.scenario.read import read
from planner.scenario.types import AtMost, Choice, Limit, Rules, Scenario
from planner.scenario.values import Number, number
from planner.scenario.write_workbook import write_workbook
from planner.solve.search import Outcome, Search


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
    kinds: Counter[str] = Counter()
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
        kinds += check_ways(given, budget, refused, names)
        many += len(names) > 1
        levels += any(t.has_levels for t in given.techniques)
    assert many
    assert levels
    if solver == "auto":
        assert min(kinds[k] for k in ("raise USD", "raise techniques", "drop ")) > 0, kinds


def loosened(
    given: Scenario, budget: int | None, way: WayOut, step: int
) -> tuple[Scenario, int | None]:
    """The scenario and budget with one rule changed as the way out says; `step` units of its own
    further (+1) or less far (-1)."""
    rules = given.rules
    if way.change == "drop":
        return written(given)[way.rule], budget
    assert way.new is not None
    up = 1 if way.change == "raise" else -1
    if way.rule.startswith("budget "):
        return given, int(way.new.scaleb(given.decimals)) + step
    for rule in rules.at_most:
        if way.rule == f"at most {rule.count} of {', '.join(rule.of)}":
            rest = [r for r in rules.at_most if r is not rule]
            moved = AtMost(rule.of, int(way.new) + step)
            return replace(given, rules=replace(rules, at_most=(*rest, moved))), budget
    decimals = given.decimals if way.unit == given.currency else _finest(given, way.unit)
    bound = Number(way.new + up * step * Decimal(1).scaleb(-decimals))
    rest = written(given)[way.rule].rules.limits
    (limit,) = (limit for limit in rules.limits if limit not in rest)
    moved = replace(limit, **{"at_most" if up > 0 else "at_least": bound})
    return replace(given, rules=replace(rules, limits=(*rest, moved))), budget


def _finest(given: Scenario, attribute: str) -> int:
    """Decimals of the attribute's amounts and of the bounds on it."""
    values = [v for t in given.techniques for name, v in t.attributes if name == attribute]
    bounds = [b for r in given.rules.limits if r.attribute == attribute for b in _bounds(r)]
    return max(-min(0, int(v.value.normalize().as_tuple().exponent)) for v in [*values, *bounds])


def _bounds(limit: Limit) -> list[Number]:
    return [bound for bound in (limit.at_least, limit.at_most) if bound is not None]


def check_ways(given: Scenario, budget: int, refused: NoStack, names: list[str]) -> Counter[str]:
    """Each way out works, one unit less does not, and none is missing."""
    kinds: Counter[str] = Counter()
    for way in refused.ways_out:
        # where two conflicts are there, a way out of the one that is named is judged by it alone
        rules = names if not way.enough else [*written(given), f"budget {budget}"]
        within = budget if any(name.startswith("budget ") for name in rules) else None
        asked = only(given, rules)
        assert feasible(*loosened(asked, within, way, 0)), way
        if way.change != "drop":
            assert not feasible(*loosened(asked, within, way, -1)), way
        kinds[f"{way.change} {way.unit or ''}" if way.enough else "not enough"] += 1
    offered = {way.rule for way in refused.ways_out if way.enough}
    assert refused.ways_out
    for name in names:
        if name.startswith("budget "):
            assert (name in offered) == (least_cost(given) is not None)
        else:
            assert (name in offered) == feasible(written(given)[name], budget)
    if any(name.startswith("budget ") for name in offered):
        assert refused.ways_out[0].rule.startswith("budget "), "money first"
    return kinds


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
        'Raise the budget by 1 USD, to 5 USD; or drop "fund a"; or drop "fund b".'
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


def test_a_bound_is_loosened_in_its_own_units_on_the_side_that_is_in_the_way() -> None:
    # Without c the people are 1.25 at most (a and b); with it they are 4 - 0.5 = 3.5 at least.
    people = {"people": ["0.75", "0.5", "4"], "debt": ["0", "-0.5", "0"]}
    both = Limit("people", None, number("2"), number("3.5"))
    refused = clash(Rules(limits=(both,)), attributes=people)
    assert str(refused) == (
        "No stack meets the rules. Nothing can meet this one: people at least 2 at most 3.5. "
        'Loosen "people at least 2 at most 3.5" by 0.5, to at most 4; '
        'or loosen "people at least 2 at most 3.5" by 0.75, to at least 1.25.'
    )
    # an amount below zero: with b, which must be in, the debt is -0.5 whatever else is
    refused = clash(
        Rules(fund=(Choice("b"),), limits=(Limit("debt", None, number("0.25"), None),)),
        attributes=people,
    )
    (way,) = refused.ways_out
    assert (way.change, way.old, way.new, way.by) == (
        "lower",
        Decimal("0.25"),
        Decimal("-0.5"),
        Decimal("0.75"),
    )


def test_a_count_is_raised_by_as_many_as_it_takes() -> None:
    refused = clash(
        Rules(fund=(Choice("a"), Choice("b"), Choice("c")), at_most=(AtMost(("a", "b", "c"), 1),))
    )
    assert 'Loosen "at most 1 of a, b, c" by 2, to at most 3.' in str(refused)
    (way,) = (way for way in refused.ways_out if way.change == "raise")
    assert way.to_dict() | {"file": ""} == {
        "rule": "at most 1 of a, b, c",
        "file": "",
        "row": None,
        "column": "rules.at_most",
        "change": "raise",
        "from": 1.0,
        "to": 3.0,
        "by": 2.0,
        "unit": "techniques",
        "enough": True,
    }


WRITTEN = """\
planner: 1
name: lines
budget: 4
techniques: [{id: a, name: A, cost: 2, people: 1}, {id: b, name: B, cost: 3, people: 1}]
modes: [{id: m, name: M, probability: 0.5}]
vulnerability:
  a: {m: 0.5}
  b: {m: 0.5}
rules:
  fund:
    - a
    - b
  exclude: [b]
  requires:
    a: [b]
  at_most:
    - {of: [a, b], count: 1}
  limits:
    - attribute: people
      at_most: 1
    - {attribute: cost, of: [b], at_most: 1}
"""


@pytest.mark.parametrize("form", ["folder", "workbook"])
def test_every_rule_is_named_with_the_line_or_the_cell_that_it_is_written_in(
    form: str, tmp_path: Path
) -> None:
    (tmp_path / "scenario.yaml").write_text(WRITTEN, encoding="utf-8")
    given = read(tmp_path)
    # counted in WRITTEN by its own lines, and in the sheet by the order of its rows
    line = {text.strip(): k for k, text in enumerate(WRITTEN.splitlines(), 1)}
    want: dict[str, int | str] = {
        "fund a": line["- a"],
        "fund b": line["- b"],
        "exclude b": line["exclude: [b]"],
        "a requires b": line["a: [b]"],
        "at most 1 of a, b": line["- {of: [a, b], count: 1}"],
        "people at most 1": line["- attribute: people"],
        "cost of b at most 1": line["- {attribute: cost, of: [b], at_most: 1}"],
        "budget 4": line["budget: 4"],
    }
    if form == "workbook":
        pytest.importorskip("openpyxl", reason="needs the extra xlsx")
        write_workbook(given, tmp_path / "book.xlsx")
        again = read(tmp_path / "book.xlsx")
        assert digest(again) == digest(given)
        assert all("!" in str(place.column) for place in again.places)
        assert {place.rule for place in again.places} == set(want)
        rows = {place.rule: place.row for place in again.places}
        assert rows["fund a"] == 2
        assert rows["fund b"] == 3
        return
    assert {place.rule: place.row for place in given.places} == want
    # a rule that is changed is no longer the one that stands there
    assert Question.of(replace(given, budget=number(3))).program(300).rows[-1].place is None
    with pytest.raises(NoStack) as caught:
        recommend(replace(given, rules=replace(given.rules, exclude=(), at_most=(), limits=())))
    assert str(caught.value) == (
        "No stack meets the rules. These cannot hold together: fund a (line 11); a requires b "
        "(line 15); budget 4 units (line 3). Raise the budget by 1 units, to 5 units; "
        'or drop "fund a".'
    )
    assert [(f.row, f.column) for f in caught.value.findings] == [
        (11, "rules.fund"),
        (15, "rules.requires.a"),
        (3, "budget"),
    ]


def test_of_two_conflicts_one_is_named_and_said_not_to_be_the_only_one() -> None:
    two = (Choice("a"), Choice("b"))
    refused = clash(Rules(fund=two, exclude=two))
    assert str(refused).endswith(
        'Drop "fund b"; or drop "exclude b". That resolves this conflict, but not all: '
        "other rules conflict too."
    )
    assert [way.enough for way in refused.ways_out] == [False, False]
