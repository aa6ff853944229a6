"""Draws in batches give the very bits that each draw gives by itself."""

from __future__ import annotations

import dataclasses

import pytest
from helpers_sweep import PAPER

from planner.scenario.changes import change_all
from planner.scenario.draw import draw, settle_at
from planner.scenario.read import read
from planner.scenario.values import number
from planner.solve.search import Search
from planner.sweep.batch import answer_draws
from planner.sweep.outcomes import encode
from planner.sweep.single import answer_settled

UNSURE = (
    ("as written", []),
    ("one factor", [("joint.modes", "0.6")]),
    ("by mode", [("reading", "by-mode")]),
    ("unlisted", [("unlisted", "0.01"), ("baseline_loss", "0.5")]),
    ("certain modes", [("modes.coll.probability", "1"), ("modes.s-tax.probability", "0")]),
    ("paid by others", [("committed", "rlaif"), ("rules.exclude", "re")]),
    ("background", [("techniques.re.background", "0.01 to 0.3")]),
    ("success", [("techniques.re.success", "{beta: [8, 2]}")]),
    ("modes drawn", [("modes.coll.probability", "0.1 to 0.4"), ("modes.coll.loss", "1 to 3")]),
    ("unlisted drawn", [("unlisted", "0.001 to 0.02")]),
    ("no stack", [("budget", "1"), ("rules.fund", "ida")]),
    ("all alike", [("scale.prone", "0.05"), ("scale.?", "0.05"), ("budget", "2")]),
)


@pytest.mark.parametrize("changes", [one for _, one in UNSURE], ids=[name for name, _ in UNSURE])
def test_a_batch_gives_what_each_draw_gives_by_itself(changes):
    """The single way builds the worlds and enumerates the stacks in exact arithmetic; it shares
    only the draws with the batch."""
    scenario = change_all(read(str(PAPER)), changes)
    draws = draw(scenario, 25, 3, start=17)
    found = answer_draws(draws, "expected", "auto")
    alone = [
        encode(answer_settled(settle_at(draws, k), "expected", 0, Search())) for k in range(25)
    ]
    assert len(found) == 25
    here = [k for k, answer in enumerate(found) if answer is not None]
    assert [encode(found[k]) for k in here] == [alone[k] for k in here]
    assert here == list(range(25))


def test_what_a_draw_gives_does_not_depend_on_the_draws_beside_it():
    scenario = read(str(PAPER))
    together = answer_draws(draw(scenario, 30, 3), "expected", "auto")
    apart = [answer_draws(draw(scenario, 1, 3, start=k), "expected", "auto")[0] for k in range(30)]
    assert together == apart


@pytest.mark.parametrize(
    ("changes", "objective", "solver"),
    [
        ([], "cvar:0.9", "auto"),
        ([], "expected", "highs"),
        ([("techniques.re.cost", "2 to 4")], "expected", "auto"),
        (
            [("budget", "1"), ("rules.fund", "ida"), ("unlisted", "0.001 to 0.02")],
            "expected",
            "auto",
        ),
    ],
)
def test_what_a_batch_cannot_answer_for_certain_is_left_to_the_single_way(
    changes, objective, solver
):
    scenario = change_all(read(str(PAPER)), changes)
    assert answer_draws(draw(scenario, 4, 3), objective, solver) == [None] * 4


def test_a_scenario_without_a_budget_and_sampled_worlds_are_left_to_the_single_way():
    scenario = read(str(PAPER))
    bare = dataclasses.replace(scenario, budget=None)
    assert answer_draws(draw(bare, 2, 3), "expected", "auto") == [None] * 2
    groups = tuple((name, number("0.2")) for name in ("a", "b", "c"))
    loaded = dataclasses.replace(
        scenario,
        groups=groups,
        techniques=tuple(dataclasses.replace(t, loadings=groups) for t in scenario.techniques),
        samples=64,
    )
    assert answer_draws(draw(loaded, 2, 3), "expected", "auto") == [None] * 2
