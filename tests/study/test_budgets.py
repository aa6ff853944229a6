"""Rank by budget: the same as asking at each budget, in one table, within one time limit."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from factory import scenario
from random_scenarios import random_case

import planner.solve.master as master
import planner.study.budgets as budgets_module
from planner import read
from planner.errors import NoStack
from planner.plan import Question, recommend
from planner.report.drawing import svg
from planner.report.figures_budgets import budgets_drawing
from planner.scenario.settle import amount
from planner.scenario.types import Choice, Rules
from planner.solve.search import Search
from planner.study.budgets import BudgetTable, by_budget
from planner.study.ranking import rank

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


def table(budgets: list[int], **more: Any) -> BudgetTable:
    return by_budget(Question.of(scenario(**pair(), **more)), budgets, Search())


def pair() -> dict[str, Any]:
    """Budget 1 buys a, budget 2 the better b, 3 both."""
    return {
        "failure": [["0.5"], ["0.25"]],
        "weights": [1],
        "ids": ["a", "b"],
        "costs": [1, 2],
    }


def test_each_budget_is_answered_as_if_it_were_asked_alone() -> None:
    compared = 0
    for seed in range(700, 760):
        case = random_case(seed, most=7)
        total = sum(case.problem.settled.cost)
        amounts = sorted({0, total // 5, total // 2, total})
        question = Question.of(case.scenario, case.objective)
        try:
            found = by_budget(question, amounts[::-1], Search(gap=0.0))
        except NoStack:
            least = min(map(case.problem.cost, case.problem.feasible), default=None)
            assert least is None or least > amounts[0], f"seed {seed}"
            continue
        assert [plan.budget for plan in found.plans] == amounts
        for units, plan, ranking in zip(amounts, found.plans, found.rankings, strict=True):
            money = amount(units, case.scenario.decimals)
            alone = recommend(case.scenario, case.objective, budget=money, search=Search(gap=0.0))
            assert (plan.stack, plan.cost, plan.risk) == (alone.stack, alone.cost, alone.risk)
            assert ranking.rows == rank(alone).rows
            compared += 1
    assert compared > 100


def test_the_paper_buys_other_techniques_with_more_money() -> None:
    found = by_budget(Question.of(read(PAPER)), [600, 900], Search())
    assert [plan.stack for plan in found.plans] == [
        ("re", "rlaif", "rlhf", "w2s"),
        ("re", "scientist-ai"),
    ]


def test_a_row_a_technique_in_the_order_of_the_largest_budget() -> None:
    found = table([1, 2, 3, 2])
    assert found.to_dict() == [
        {
            "technique": "b",
            "name": "B",
            "rank": {"1": 2, "2": 1, "3": 1},
            "in": {"1": False, "2": True, "3": True},
            "stays_from": 2.0,
        },
        {
            "technique": "a",
            "name": "A",
            "rank": {"1": 1, "2": 2, "3": 2},
            "in": {"1": True, "2": False, "3": True},
            "stays_from": 3.0,
        },
    ]
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_frame_has_a_rank_and_a_membership_for_each_budget() -> None:
    frame = table([300, 50], decimals=2).to_frame()
    assert list(frame.columns) == [
        "technique",
        "rank at 0.5",
        "in at 0.5",
        "rank at 3",
        "in at 3",
        "stays from",
    ]
    assert str(frame["rank at 3"].dtype) == "Int64"
    assert frame["technique"].tolist() == ["b", "a"]
    assert frame["in at 0.5"].tolist() == [False, False]


def test_what_others_pay_for_has_no_rank_at_any_budget() -> None:
    frame = table([1, 2], committed=["a"]).to_frame()
    assert frame["technique"].tolist() == ["b", "a"]
    assert frame["rank at 2"].isna().tolist() == [False, True]


def test_a_budget_that_the_rules_do_not_allow_refuses_the_table() -> None:
    with pytest.raises(NoStack, match="budget 1 USD"):
        table([1, 2], rules=Rules(fund=(Choice("b"),)))


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_one_time_limit_is_shared_by_all_plans_and_rankings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(master, "time", clock)
    given: list[tuple[str, float | None]] = []

    def answered(question: Any, units: int, _target: Any, search: Search, _: Any) -> Any:
        given.append(("plan", search.time_limit))
        clock.now += 2.0  # less than its share, which leaves more for the others
        return recommend(
            question.scenario, budget=Decimal(units), search=replace(search, time_limit=None)
        )

    def ranked(plan: Any, *, seconds: float, progress: Any) -> Any:
        given.append(("ranking", seconds))
        clock.now += 1.0
        return rank(plan, progress=progress)

    monkeypatch.setattr(budgets_module, "answer", answered)
    monkeypatch.setattr(budgets_module, "rank", ranked)
    question = Question.of(scenario(**pair()))
    by_budget(question, [1, 2, 3], Search(time_limit=12.0), seconds=10.0)
    assert given == [
        ("plan", 4.0),
        ("plan", 5.0),
        ("plan", 8.0),
        ("ranking", 2.0),
        ("ranking", 2.5),
        ("ranking", 4.0),
    ]
    given.clear()
    by_budget(question, [1], Search(), seconds=10.0)
    assert given == [("plan", None), ("ranking", 10.0)]


def test_a_time_limit_that_is_over_still_gives_every_plan_that_needs_no_search() -> None:
    found = by_budget(Question.of(scenario(**pair())), [1, 3], Search(time_limit=1e-9))
    assert [plan.stack for plan in found.plans] == [("a",), ("a", "b")]
    assert all(row.lock_in_rise is None for r in found.rankings for row in r.rows)


def test_stays_from_is_the_least_budget_from_which_on_a_technique_is_always_in() -> None:
    # By hand, from the stacks at 3, 6, 7, 9, 12 of the shipped scenario (docs/model.md, values 5):
    # scientist-ai is in from 7 on, re at 3 and 6, out at 7, in again from 9; ida never.
    question = Question.of(read(PAPER))
    found = by_budget(question, [300, 600, 700, 900, 1200], Search())
    rows = {row["technique"]: row for row in found.to_dict()}
    assert rows["scientist-ai"]["stays_from"] == 7
    assert rows["re"]["stays_from"] == 9
    assert rows["rlhf"]["stays_from"] == 12
    assert rows["ida"]["stays_from"] is None
    for row in rows.values():
        inside = {float(budget): held for budget, held in row["in"].items()}
        stays = row["stays_from"]
        assert all(held for budget, held in inside.items() if stays and budget >= stays)
        assert (stays is not None) == inside[12.0]
    drawing = budgets_drawing(found)
    assert "at 9 re, scientist-ai" in drawing.alt
    assert svg(drawing) == svg(budgets_drawing(found))
