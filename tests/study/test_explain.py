"""`explain`: every choice against enumeration, every number against its definition."""

import json
from dataclasses import replace
from math import fsum, prod
from pathlib import Path

import numpy as np
import pytest
from factory import choice, scenario
from oracle import Problem
from random_scenarios import random_scenario

from planner.errors import BadInput
from planner.plan import Question, recommend
from planner.risk.stack import risk
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.scenario.types import ExplicitWorlds, Rules
from planner.solve.search import Search
from planner.study.dependence import dependence
from planner.study.explain import explain
from planner.worlds.build import build

PAPER = read(Path(__file__).parents[2] / "scenarios" / "dung-mai-2025")


def four_risks(settled, worlds, plain, stack):
    """The band of a stack by docs/model.md, written out again with loops."""
    u = worlds.unlisted
    weights = [p * l for p, l in zip(worlds.probability, worlds.loss, strict=True)]  # noqa: E741
    if u > 0:
        weights = [w / (1 - u) for w in weights[:-1]]
    total = fsum(weights)
    options = [*stack, *settled.committed]
    m = [fsum(w * f for w, f in zip(weights, worlds.failure[k], strict=False)) for k in options]
    m = [x / total if total else 0.0 for x in m]
    floor = u * worlds.unlisted_loss
    return {
        "independent": floor + (1 - u) * total * prod(m),
        "shared_modes": risk(plain, options),
        "model": risk(worlds, options),
        "worst_case": floor + (1 - u) * total * min(m, default=1.0),
    }


def check_choices(s, budget, solver="auto"):
    """Every reading's choice is the best of all stacks, cheapest first among equals."""
    question = Question.of(s)
    settled = question.settled
    found = dependence(question, (), budget, Search(solver=solver, gap=0.0))
    problem = Problem(s)
    stacks = [b for b in problem.feasible if problem.cost(b) <= budget]
    table = [four_risks(settled, question.worlds, question.without_groups, b) for b in stacks]
    empty = four_risks(settled, question.worlds, question.without_groups, ())
    for row in found.rows:
        assert row.proven
        least = min(values[row.reading] for values in table)
        near = [
            (problem.cost(b), len(b), problem.labels(b))
            for b, values in zip(stacks, table, strict=True)
            if values[row.reading] <= least * (1 + 1e-10) + 1e-300
        ]
        assert row.best_risk == pytest.approx(least, rel=1e-9, abs=1e-14)
        assert row.headline_risk == pytest.approx(empty[row.reading], rel=1e-9)
        assert row.regret == pytest.approx(empty[row.reading] - least, rel=1e-9, abs=1e-12)
        mine = tuple(settled.option_index[label] for label in row.stack)
        if row.stack != () or () in stacks:
            key = (problem.cost(mine), len(mine), row.stack)
            assert key in near
            if row.reading == "worst_case":
                assert key == min(near)


@pytest.mark.parametrize("seed", range(30))
def test_the_choice_under_each_reading_is_that_of_enumeration(seed):
    s = random_scenario(seed, most=6)
    problem = Problem(s)
    if not problem.feasible:
        pytest.skip("no stack meets the rules")
    costs = sorted({problem.cost(b) for b in problem.feasible})
    check_choices(s, costs[len(costs) // 2])


@pytest.mark.parametrize("solver", ["highs", "enumerate"])
def test_the_choices_obey_rules_levels_and_what_others_pay_for(solver):
    rng = np.random.default_rng(5)
    s = scenario(
        rng.choice([0.05, 0.4, 0.8], (7, 4)).tolist(),
        "0.25",
        background="0.02",
        costs=[1, 2, 1, 3, 3, 4, 5],
        levels={"t06": {"full": (4, 1), "lite": (2, "0.6")}},
        groups={"g": {"t01": 0.5, "t02": 0.5, "t04": 0.3}},
        committed=["t03"],
        unlisted="0.02",
        rules=Rules(exclude=(choice("t07"),), requires=((choice("t02"), (choice("t01"),)),)),
    )
    for budget in (0, 3, 6, 9):
        check_choices(s, budget, solver)


def test_the_paper_at_its_own_budget():
    """docs/model.md, "Values to check by hand", 5; the pairs of dung_mai.md."""
    found = explain(recommend(PAPER))
    assert found.stack.stack == ("re", "scientist-ai")
    assert found.stack.risk == pytest.approx(0.1765, abs=5e-5)
    assert found.stack.effective_layers == pytest.approx(1.91, abs=5e-3)
    assert found.stack.cut_sets.depth == 2
    assert found.everything.techniques == 7
    assert found.everything.cost == 21
    assert found.everything.band.model == pytest.approx(0.0950, abs=5e-5)
    assert found.everything.band.independent == pytest.approx(0.0183, abs=5e-5)
    assert found.everything.sentence == "7 techniques protect like 4.1 independent layers."
    rows = {row.reading: row for row in found.dependence.rows}
    assert rows["model"].same
    assert rows["shared_modes"].same
    assert rows["independent"].stack == ("debate", "re", "rlaif", "rlhf", "w2s")
    assert rows["independent"].regret == pytest.approx(0.05045, abs=1e-5)
    assert rows["independent"].regret_under_model == pytest.approx(0.1014, abs=1e-4)
    assert rows["worst_case"].stack == ("scientist-ai",)
    assert rows["worst_case"].regret == 0
    assert not found.dependence.stable
    assert not found.dependence.no_regret
    both = {row.reading: row for row in found.readings.rows}
    assert both["by-mode"].risk_by_mode == pytest.approx(0.05825, abs=5e-6)
    assert found.readings.same


def test_the_promised_keys_are_the_stacks_and_correlation_is_of_all():
    plan = recommend(PAPER)
    row = json.loads(json.dumps(explain(plan).to_dict(), allow_nan=False))
    assert row["band"] == plan.band.to_dict()
    assert row["effective_layers"] == plan.effective_layers
    assert row["depth"] == plan.depth == 2
    assert row["cut_sets"]["needs_probability"] is False
    assert len(row["correlation"]["phi"]) == 7
    assert {frozenset(c) for c in row["clusters"]} >= {frozenset({"rlhf", "rlaif", "w2s"})}
    assert row["all_techniques"]["techniques"] == 7
    assert row["asked"] is False


@pytest.mark.parametrize("seed", range(100, 125))
def test_anything_that_can_be_planned_can_be_explained_without_a_nan(seed):
    s = random_scenario(seed, most=5)
    problem = Problem(s)
    if not problem.feasible:
        pytest.skip("no stack meets the rules")
    budget = max(problem.cost(b) for b in problem.feasible)
    plan = recommend(s, budget=str(budget / 10**s.decimals))
    found = explain(plan)
    json.dumps(found.to_dict(), allow_nan=False)
    for subject in (found.stack, found.everything):
        shapley = sum(mode.shapley for mode in subject.drivers.modes)
        known = subject.drivers.baseline + subject.drivers.unlisted + shapley
        if not isinstance(s.threats, ExplicitWorlds):
            assert known == pytest.approx(subject.risk, rel=1e-9, abs=1e-15)
        assert subject.layers_curve[-1].risk == pytest.approx(subject.risk, rel=1e-9, abs=1e-15)
        assert subject.risk >= subject.unlisted_floor * (1 - 1e-12)
        assert len(subject.importance) == subject.techniques
        for frame in (
            subject.layers_frame(), subject.importance_frame(), subject.correlation.pairs_frame(),
            subject.drivers.to_frame(), subject.redundancy.to_frame(),
        ):  # fmt: skip
            assert frame is not None
    assert (found.readings is None) == isinstance(s.threats, ExplicitWorlds)
    assert len(found.dependence.to_frame()) == 4
    assert len(found.to_frame()) == 2


@pytest.mark.parametrize("budget", ["2", "5", "7"])
@pytest.mark.parametrize("reading", ["together", "by-mode"])
def test_both_readings_choose_as_recommend_does(budget, reading):
    plan = recommend(replace(PAPER, reading=reading), budget=budget)
    found = explain(plan).readings
    for row in found.rows:
        other = recommend(replace(PAPER, reading=row.reading), budget=budget)
        assert row.stack == other.stack
        own = row.risk_together if row.reading == "together" else row.risk_by_mode
        assert own == pytest.approx(other.risk)


def test_specialists_win_by_mode_a_generalist_together_and_the_sentence_gives_the_numbers():
    s = scenario([[0, 1], [1, 0], [0.2, 0.2]], ["0.8", "0.8"], costs=[1, 1, 2])
    found = explain(recommend(s, budget=2)).readings
    assert [row.stack for row in found.rows] == [("t03",), ("t01", "t02")]
    assert found.same is False
    # together: t03 fails in 0.32 of worlds at 0.2, in 0.64 at 0.36; the specialists in 0.64 at 1
    assert "t03 leaves 0.2944 and t01, t02 0.64, 100% of it" in found.sentence
    assert "(one pair of modes defeats it though it withstands each of the two)" in found.sentence
    assert "t01, t02 leaves 0 and t03 0.32, and they differ most in m01 (0 against 0.16)" in (
        found.sentence
    )


def test_the_layers_curve_adds_what_leaves_least():
    found = explain(recommend(PAPER, budget=21)).everything
    settled = settle(PAPER)
    worlds = build(settled)
    stack = []
    for point in found.layers_curve[1:]:
        rest = [k for k in range(7) if k not in stack]
        least = min(risk(worlds, [*stack, k]) for k in rest)
        stack.append(settled.option_index[point.added])
        assert point.risk == pytest.approx(least) == pytest.approx(risk(worlds, stack))
        assert point.techniques == len(stack)
    assert found.layers_curve[-1].effective_layers == pytest.approx(4.12, abs=5e-3)
    assert found.layers_curve[0].risk == pytest.approx(1)


def test_redundancy_names_sole_holders_and_what_nobody_holds():
    plan = recommend(PAPER)
    found = explain(plan, ["debate", "re"]).stack.redundancy
    assert found.not_held == ("al-gen",)
    assert ("dec-al", "debate") in found.sole_holders
    assert ("coll", "re") in found.sole_holders
    assert {h.mode: h.by for h in found.held}["s-tax"] == ("debate", "re")
    alone = explain(plan, ["re"]).stack.redundancy
    assert alone.stand_ins[0].by is None
    assert alone.stand_ins[0].share_by_rest == pytest.approx(0, abs=1e-12)


def test_a_named_stack_is_compared_at_its_own_cost_where_that_is_more():
    plan = recommend(PAPER)
    cheap, dear = explain(plan, ["rlhf"]), explain(plan, ["ida", "scientist-ai"])
    assert cheap.asked
    assert cheap.dependence.budget == 9
    assert dear.dependence.budget == 12
    assert {row.reading: row.regret for row in cheap.dependence.rows}["model"] == pytest.approx(
        cheap.stack.risk - plan.risk
    )


def test_labels_that_are_no_options_are_refused_with_the_nearest_name():
    s = scenario([[0.5]] * 3, levels={"t02": {"full": 2, "lite": 1}}, committed=["t03"], budget=3)
    plan = recommend(s)
    with pytest.raises(BadInput, match="Did you mean t01"):
        explain(plan, ["to1"])
    with pytest.raises(BadInput, match=r"Name a level: t02:full, t02:lite"):
        explain(plan, ["t02"])
    with pytest.raises(BadInput, match="two levels of one technique"):
        explain(plan, ["t02:full", "t02:lite"])
    with pytest.raises(BadInput, match="Others pay for t03 already"):
        explain(plan, ["t03"])
    assert explain(plan, ["t02:lite"]).stack.stack == ("t02:lite",)
    assert explain(plan, []).stack.sentence.startswith("1 technique protects like 1.0")
    assert explain(plan).everything.stack == ("t01", "t02:full")


def test_a_plan_with_a_target_or_chosen_by_depth_or_tail_is_explained_too():
    target = explain(recommend(PAPER, target_risk=0.2))
    assert target.dependence.budget == target.stack.cost
    for objective in ("depth", "cvar:0.9", "worst:2"):
        plan = recommend(PAPER, objective)
        found = explain(plan)
        assert found.to_dict()["objective"] == objective
        assert {r.reading: r for r in found.dependence.rows}["model"].best_risk == pytest.approx(
            recommend(PAPER).risk
        )


def test_the_same_stack_everywhere_is_said_so():
    s = scenario([[0.5], [0.6]], costs=[1, 2], budget=1)
    found = explain(recommend(s))
    assert found.dependence.stable
    assert found.dependence.no_regret
    assert found.dependence.sentence == (
        "The same stack is chosen under all four readings of dependence."
    )
    assert found.summary().startswith("1 technique protects like 1.0 independent layer.")


@pytest.mark.parametrize("reading", ["together", "by-mode"])
@pytest.mark.parametrize("more", [
    {"unlisted": 1}, {"pi": 0, "baseline_loss": 0}, {"loss": 0, "baseline_loss": 0}, {"pi": 1},
], ids=str)  # fmt: skip
def test_scenarios_without_any_listed_risk_are_explained_and_nothing_is_bought(more, reading):
    s = scenario([[0.5, 0.2], [0.3, 0.9]], budget=1, reading=reading, **more)
    found = explain(recommend(s))
    json.dumps(found.to_dict(), allow_nan=False)
    if "pi" not in more or more["pi"] == 0:
        assert found.dependence.stable
        assert found.stack.stack == ()
        assert found.stack.sentence == "No technique, no layer."
        assert found.stack.risk == found.stack.unlisted_floor
