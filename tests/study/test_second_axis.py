"""An attribute against the risk, against a full listing of all stacks and against limits written
into the scenario."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from factory import scenario
from oracle import Problem
from random_scenarios import Case, random_case

from planner.cli.main import main
from planner.errors import BadInput, NoStack
from planner.plan import Question, recommend
from planner.scenario.types import Limit
from planner.scenario.values import Number, number
from planner.solve.search import Search
from planner.study.second_axis import TradeOff, trade_off


@cache
def cases() -> tuple[tuple[Case, Question, str, int, TradeOff], ...]:
    """Random scenarios with an attribute `people` put to every technique."""
    found = []
    for seed in range(15000, 15400):
        case = random_case(seed, most=6)
        if case.target is not None or len(case.problem.feasible) > 300:
            continue
        techniques = tuple(
            replace(t, attributes=(("people", number((seed * 7 + k * 5) % 11 - 2)),))
            for k, t in enumerate(case.scenario.techniques)
        )
        limits = tuple(limit for limit in case.scenario.rules.limits if limit.attribute == "cost")
        given = replace(
            case.scenario, techniques=techniques, rules=replace(case.scenario.rules, limits=limits)
        )
        question = Question.of(given, case.objective)
        try:
            points = trade_off(question, "people", case.units or 0)
        except NoStack:
            continue
        found.append((case, question, "people", case.units or 0, points))
        if len(found) == 18:
            break
    return tuple(found)


def test_the_points_are_all_efficient_pairs_of_a_full_listing() -> None:
    several = negative = 0
    for case, question, name, budget, found in cases():
        problem = Problem(question.scenario, case.objective)
        amounts = problem.settled.attributes[name]
        options = problem.settled.options
        pairs: dict[Decimal, Fraction] = {}
        for stack in problem.feasible:
            if problem.cost(stack) <= budget:
                total = sum((amounts[options[k].technique] for k in stack), Decimal(0))
                value = problem.exact(stack)
                pairs[total] = min(value, pairs.get(total, value))
        best: list[tuple[Decimal, Fraction]] = []
        for total in sorted(pairs):
            if not best or pairs[total] < best[-1][1]:
                best.append((total, pairs[total]))
        assert found.open_below is None
        assert [point.attribute for point in found.points] == [total for total, _ in best]
        for point, (_, value) in zip(found.points, best, strict=True):
            assert point.value == pytest.approx(float(value), rel=1e-12), f"seed {case.seed}"
        several += len(best) > 2
        negative += best[0][0] < 0
    assert several > 5
    assert negative > 2


def test_each_point_is_what_recommend_gives_under_that_limit() -> None:
    for case, question, name, budget, found in cases()[:8]:
        for point in found.points:
            limit = Limit(name, None, None, Number(point.attribute))
            rules = replace(
                question.scenario.rules, limits=(*question.scenario.rules.limits, limit)
            )
            plan = recommend(
                replace(question.scenario, rules=rules),
                case.objective,
                budget=Decimal(budget).scaleb(-question.scenario.decimals),
                search=Search(gap=0.0),
            )
            assert plan.objective_value == point.value
            assert plan.stack == point.stack


def test_by_hand_with_what_a_unit_of_the_attribute_is_worth() -> None:
    given = scenario(
        failure=[["0.5"], ["0.25"]],
        weights=[1],
        ids=["a", "b"],
        costs=[1, 1],
        attributes={"people": ["1", "2.5"]},
        budget=2,
    )
    found = trade_off(Question.of(given), "people", 2)
    assert [(str(p.attribute), p.value, p.stack) for p in found.points] == [
        ("0.0", 1.0, ()),
        ("1.0", 0.5, ("a",)),
        ("2.5", 0.25, ("b",)),
        ("3.5", 0.125, ("a", "b")),
    ]
    assert found.next_unit == [0.5, pytest.approx(0.25 / 1.5), 0.125, None]
    one = trade_off(Question.of(given), "people", 1)  # the budget stays a limit
    assert [p.stack for p in one.points] == [(), ("a",), ("b",)]
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.to_frame().columns[0] == "people"


def test_what_is_no_axis_is_refused_with_what_to_write() -> None:
    question = Question.of(scenario(failure=[["0.5"]], weights=[1], attributes={"people": [1]}))
    with pytest.raises(BadInput, match="Did you mean people"):
        trade_off(question, "poeple", 1)
    with pytest.raises(BadInput, match="Write one of people"):
        trade_off(question, "side-effects", 1)
    with pytest.raises(BadInput, match="frontier itself"):
        trade_off(question, "cost", 1)
    depth = Question.of(scenario([["0.9"]], attributes={"people": [1]}), "depth")
    with pytest.raises(BadInput, match="depth"):
        trade_off(depth, "people", 1)


def test_the_command_prints_and_writes_the_trade_off(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "scenario.yaml": "planner: 1\nname: two\ncurrency: EUR\nbudget: 2\nreading: by-mode\n"
        "techniques: techniques.csv\nmodes: modes.csv\nvulnerability: vulnerability.csv\n",
        "techniques.csv": "id,name,cost,people\na,A,1,1\nb,B,1,3\n",
        "modes.csv": "id,name,probability\nm,M,0.5\n",
        "vulnerability.csv": "technique,m\na,0.4\nb,0.2\n",
    }
    for name, text in given.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("COLUMNS", "80")
    words = ["frontier", str(tmp_path), "--against", "people"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "4 efficient stacks within 2 EUR" in out
    assert max(map(len, out.splitlines())) <= 80
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"trade-off.json", "trade-off.csv", "trade-off.png", "trade-off.svg"}
    assert main([*words, "--points", "3", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["error"]["findings"][0]["file"] == "--points"
    assert main(["frontier", str(tmp_path), "--budget", "3", "--json"]) == 2
    assert "--against" in json.loads(capsys.readouterr().out)["error"]["findings"][0]["message"]
