"""The plan: re-checked, recomputed, honest about its proof, and fit to be shown and stored."""

from __future__ import annotations

import json
import math
import pickle
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from factory import scenario

import planner.plan as plan_module
from planner.cli.main import main
from planner.errors import BadInput, LimitHit, NoStack, TargetOutOfReach
from planner.plan import Plan, Question, recommend
from planner.scenario.digest import digest
from planner.scenario.types import AtMost, Choice, Rules, Scenario
from planner.solve.search import Outcome, Search

PAPER = Path(__file__).parents[1] / "scenarios" / "dung-mai-2025"


def pair(**more: Any) -> Scenario:
    """One world: a leaves 1/2 for 1.00, b leaves 1/4 for 2.00."""
    given: dict[str, Any] = {
        "failure": [["0.5"], ["0.25"]],
        "weights": [1],
        "ids": ["a", "b"],
        "costs": ["1.00", "2.00"],
        "decimals": 2,
        "budget": 3,
    }
    return scenario(**(given | more))


class Fake:
    """An engine at the seam of `Question.engine`, which answers with what it was given."""

    solver = "fake"

    def __init__(self, program: Any, outcome: Outcome) -> None:
        self.program, self.outcome = program, outcome

    def best(self, *_a: Any, **_k: Any) -> Outcome:
        return self.outcome


def faked(monkeypatch: pytest.MonkeyPatch, outcome: Outcome, given: Scenario, **more: Any) -> Plan:
    monkeypatch.setattr(Question, "engine", lambda _q, program, *_a: Fake(program, outcome))
    return recommend(given, **more)


def outcome(*stack: int, bound: float | None = 0.0, **more: Any) -> Outcome:
    return Outcome(stack, bound, more.pop("kind", "bounded"), more.pop("stop", "proven"), "fake")


# ---------------------------------------------------------------------- checked again


def test_a_stack_that_overspends_by_a_cent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimitHit, match="breaks a rule"):
        faked(monkeypatch, outcome(0, 1), pair(), budget="2.99")
    assert faked(monkeypatch, outcome(0, 1), pair(), budget="3.00").cost == 300


@pytest.mark.parametrize(
    "rules",
    [
        Rules(exclude=(Choice("a"),)),
        Rules(requires=((Choice("a"), (Choice("b"),)),)),
        Rules(fund=(Choice("b"),)),
        Rules(at_most=(AtMost(("a",), 0),)),
    ],
)
def test_a_stack_that_breaks_any_rule_is_refused(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LimitHit, match="breaks a rule"):
        faked(monkeypatch, outcome(0), pair(rules=rules))


def test_two_levels_of_one_technique_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    given = pair(levels=[{"full": 1, "half": 1}, None])
    with pytest.raises(LimitHit, match="breaks a rule"):
        faked(monkeypatch, outcome(0, 1), given)


def test_the_risk_is_recomputed_and_a_bound_above_it_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = faked(monkeypatch, outcome(0, bound=0.75), pair())
    assert plan.risk == plan.objective_value == 0.5
    assert plan.proof.lower_bound == 0.5
    assert plan.proof.gap == 0
    plan = faked(monkeypatch, outcome(0, bound=0.125), pair())
    assert plan.proof.gap == 0.75


@pytest.mark.parametrize("target", [0.3, 0.1])
def test_a_stack_that_misses_the_target_is_refused(
    target: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LimitHit):
        faked(monkeypatch, outcome(0, bound=100.0), pair(), target_risk=target)


# ---------------------------------------------------------------------- proofs


def test_every_stack_tried_is_called_enumerated_with_no_gap() -> None:
    proof = recommend(pair()).proof
    assert (proof.kind, proof.lower_bound, proof.gap, proof.stop) == (
        "enumerated",
        0.125,
        0.0,
        "proven",
    )
    assert proof.stacks_tried == 4


def test_a_solver_s_bound_is_called_bounded() -> None:
    proof = recommend(pair(), search=Search("highs")).proof
    assert (proof.kind, proof.stop, proof.solver) == ("bounded", "proven", "highs")


def test_without_a_bound_there_is_no_proof_and_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = outcome(0, bound=None, kind="none", stop="time limit")
    plan = faked(monkeypatch, stopped, pair())
    assert (plan.proof.kind, plan.proof.lower_bound, plan.proof.gap) == ("none", None, None)


@pytest.mark.parametrize("bound", [0.0, 0.2])
def test_a_search_stopped_early_keeps_its_gap_and_says_why(
    bound: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = faked(monkeypatch, outcome(0, bound=bound, stop="time limit"), pair())
    assert plan.proof.gap == pytest.approx(1 - bound / 0.5)
    assert plan.to_dict()["proof"]["stop"] == "time limit"


def large(folder: Path) -> Path:
    """40 techniques, 200 sparse worlds: more than a twentieth of a second can prove."""
    rng = random.Random(7)
    (folder / "scenario.yaml").write_text(
        "planner: 1\nname: large\nbudget: 60\ntechniques: techniques.csv\n"
        "worlds: worlds.csv\nfailure: failure.csv\n"
    )
    rows = [f"t{i:02},t{i:02},{rng.randint(3, 19)}" for i in range(40)]
    (folder / "techniques.csv").write_text("\n".join(["id,name,cost", *rows]) + "\n")
    rows = [f"w{s:03},{rng.uniform(0.1, 3):.4f}" for s in range(200)]
    (folder / "worlds.csv").write_text("\n".join(["world,weight", *rows]) + "\n")
    rows = [
        f"t{i:02},w{s:03},{rng.uniform(0.05, 0.9):.4f}"
        for i in range(40)
        for s in range(200)
        if rng.random() < 0.1
    ]
    (folder / "failure.csv").write_text("\n".join(["technique,world,failure", *rows]) + "\n")
    return folder


@pytest.mark.parametrize("solver", ["auto", "highs"])
def test_a_stack_that_the_clock_stopped_is_never_called_optimal(
    solver: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["recommend", str(large(tmp_path)), "--time-limit", "0.05", "--solver", solver]
    assert main([*words, "--gap", "0", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    proof = plan["proof"]
    assert proof["stop"] == "time limit"
    assert proof["kind"] in ("bounded", "none")
    assert proof["gap"] is None or proof["gap"] > 0
    assert (proof["kind"] == "none") == (proof["lower_bound"] is None)
    assert plan["cost"] <= 60
    assert any("not finished" in warning["message"] for warning in plan["warnings"])
    assert main(words) == 0
    captured = capsys.readouterr()
    assert "optimal" not in captured.out.lower()
    assert "not finished" in captured.err


def test_4_where_the_clock_stopped_before_any_stack_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = large(tmp_path)
    with (folder / "scenario.yaml").open("a") as file:
        file.write("rules: {fund: [t00]}\n")
    words = ["recommend", str(folder), "--time-limit", "0.000001", "--json"]
    assert main(words) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == 4
    assert "time limit" in error["message"]


# ---------------------------------------------------------------------- targets


def test_with_a_target_the_bound_and_the_gap_are_about_money() -> None:
    found = recommend(pair(budget="0.01"), target_risk=0.3).to_dict()  # its budget is ignored
    assert found["budget"] is None
    assert found["target_risk"] == 0.3
    assert found["stack"] == ["b"]
    assert found["cost"] == found["proof"]["lower_bound"] == 2.0
    assert found["proof"]["gap"] == 0.0
    assert found["objective_value"] == found["risk"] == 0.25


def test_a_gap_under_a_target_is_a_share_of_the_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = faked(monkeypatch, outcome(1, bound=149.2), pair(), target_risk=0.3)
    assert plan.proof.lower_bound == 1.5  # whole cents, rounded up
    assert plan.proof.gap == pytest.approx(0.25)
    free = faked(monkeypatch, outcome(bound=0.0), pair(), target_risk=1)
    assert free.proof.gap == 0


def test_a_target_that_is_just_reached_counts_as_reached() -> None:
    # 0.1 * 0.1 * 0.1 is a little above 0.001 in doubles
    given = scenario(failure=[["0.1"]] * 3, weights=[1])
    assert recommend(given, target_risk=0.001).cost == 3


@pytest.mark.parametrize("solver", ["auto", "core", "highs"])
def test_a_target_out_of_reach_names_the_lowest(solver: str) -> None:
    with pytest.raises(TargetOutOfReach, match=r"of 0\.125\. Raise the target\.") as caught:
        recommend(pair(), target_risk=0.1, search=Search(solver))
    assert caught.value.lowest == 0.125
    with pytest.raises(TargetOutOfReach, match=r"of 0\.25\. Raise the target or the budget\."):
        recommend(pair(), target_risk=0.2, budget=2, search=Search(solver))
    assert pickle.loads(pickle.dumps(caught.value)).lowest == 0.125


def test_rules_that_nothing_meets_are_named_whatever_the_target() -> None:
    given = pair(rules=Rules(fund=(Choice("a"),), exclude=(Choice("a"),)))
    with pytest.raises(NoStack, match="fund a; exclude a") as caught:
        recommend(given, target_risk=0.9)
    assert not isinstance(caught.value, TargetOutOfReach)


@pytest.mark.parametrize("target", [-0.1, math.nan, math.inf])
def test_a_target_that_is_no_risk_is_refused(target: float) -> None:
    with pytest.raises(BadInput, match="no risk"):
        recommend(pair(), target_risk=target)


# ---------------------------------------------------------------------- budgets


@pytest.mark.parametrize("budget", ["2.50", "2.5", 2.5, Decimal("2.5"), Decimal("2.500"), "25e-1"])
def test_a_budget_may_be_text_a_decimal_or_a_float(budget: Any) -> None:
    plan = recommend(pair(), budget=budget)
    assert plan.budget == 250
    assert plan.stack == ("b",)


def test_a_float_budget_is_read_as_it_prints() -> None:
    # 0.1 + 0.2 prints with seventeen digits: finer than a cent
    given = pair(costs=["0.10", "0.20"])
    with pytest.raises(BadInput, match="finer than"):
        recommend(given, budget=0.1 + 0.2)
    assert recommend(given, budget=0.3).stack == ("a", "b")
    assert recommend(given, budget="0.29").stack == ("b",)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ("1.001", "finer than the scenario's unit of account"),
        (Decimal("0.005"), "finer than"),
        ("-1", "negative"),
        (-0.5, "negative"),
        (math.nan, "not a number"),
        (math.inf, "."),
        ("much", "not a number"),
        ("", "."),
        (True, "."),
    ],
)
def test_a_budget_that_is_no_amount_is_refused(budget: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        recommend(pair(), budget=budget)
    assert caught.value.findings[0].file == "--budget"
    assert caught.value.findings[0].cure


def test_no_budget_anywhere_is_refused_with_a_cure() -> None:
    with pytest.raises(BadInput, match="no budget") as caught:
        recommend(pair(budget=None))
    assert "--target-risk" in caught.value.findings[0].cure


# ---------------------------------------------------------------------- shown and stored


def plans() -> list[Plan]:
    return [
        recommend(pair()),
        recommend(pair(), budget=0),
        recommend(pair(), target_risk=0.3),
        recommend(pair(failure=[["0"], ["0.25"]])),
        recommend(pair(committed=["a"], levels=[None, {"full": 2, "half": 1}])),
        recommend(pair(weights=[0.5], loss=[0])),
        recommend(scenario([[1, 1], [1, 1]], budget=2), "worst:2"),
        recommend(scenario([["0.1", 1], [1, "0.1"]], budget=2), "depth"),
        recommend(scenario([["0.1", "0.1"]], budget=2), "depth"),
        recommend(scenario([["0.1", 1]] * 2, budget=2, unlisted="0.1"), "cvar:0.9"),
        recommend(
            scenario(
                [["0.5", "0.2", "0.1"]] * 2,
                budget=2,
                matrix=[[1, 0.5, 0.2], [0.5, 1, 0.2], [0.2, 0.2, 1]],
                samples=64,
            )
        ),
    ]


def test_a_plan_is_plain_json_without_nan() -> None:
    for plan in plans():
        found = json.loads(json.dumps(plan.to_dict(), allow_nan=False))
        assert found["scenario"] == {"name": "test", "digest": digest(plan.scenario)}
        assert found["scenario"]["digest"].startswith("sha256:")
        assert found["stack"] == sorted(found["levels"])


def test_the_frame_holds_the_stack_and_what_others_pay_for() -> None:
    given = pair(committed=["a"], levels=[None, {"full": (2, 1), "half": (1, "0.5")}])
    frame = recommend(given).to_frame()
    assert frame.values.tolist() == [
        ["b", "B", "full", 2.0, "this funder"],
        ["a", "A", "full", 0.0, "others"],
    ]
    empty = recommend(pair(), budget=0).to_frame()
    assert len(empty) == 0
    assert list(empty.columns) == list(frame.columns)


def test_a_notebook_shows_names_as_text_and_never_as_markup() -> None:
    given = pair(currency="<script>alert(1)</script>")
    techniques = tuple(replace(t, name="<img src=x>&") for t in given.techniques)
    html = recommend(replace(given, techniques=techniques))._repr_html_()
    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;img src=x&gt;&amp;" in html
    assert "<table" in html


def test_a_plan_survives_pickling() -> None:
    for plan in plans():
        again = pickle.loads(pickle.dumps(plan))
        assert again.to_dict() == plan.to_dict()
        assert again.summary() == plan.summary()
        assert again.engine.best().stack == plan.columns


def test_the_summary_is_one_sentence_with_amounts_as_they_are_written() -> None:
    assert recommend(pair()).summary() == ("Fund a, b for 3 USD: residual risk 0.125 of 1.")
    assert recommend(pair(), budget=0).summary() == (
        "Fund nothing for 0 USD: residual risk 1 of 1."
    )


def test_a_session_needs_three_names_only() -> None:
    from planner import rank, read, recommend

    plan = recommend(read(PAPER))
    assert plan.stack == ("re", "scientist-ai")
    frame = rank(plan).to_frame()
    assert frame["technique"].tolist()[:2] == ["scientist-ai", "re"]
    assert len(frame) == 7
    assert "Scientist AI" in plan._repr_html_()
    assert plan_module.Plan is type(plan)
