"""The study of the advice: what a truth is, and that no method sees it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from factory import scenario

from planner.program.build import build_program
from planner.risk.measures import Expected
from planner.scenario.changes import change_all
from planner.scenario.draw import draw, settle_at
from planner.scenario.settle import settle
from planner.scenario.values import Uniform
from planner.study.advice import METHODS, Condition, advice_study, one_guess, scrambled
from planner.worlds.build import build

D = Decimal


def case():
    wide = Uniform(D("0.1"), D("0.9"))
    return scenario(
        [["0.1", wide], [wide, "0.2"], ["0.4", "0.4"], ["0.2", "0.8"]],
        [Uniform(D("0.1"), D("0.5")), "0.3"],
        costs=[1, 1, 1, 2],
        budget=2,
        groups={"g": ["0", "0", None, None]},
    )


CONDITIONS = (
    Condition("as believed"),
    Condition("correlated", (("joint.modes", "0.6"),)),
    Condition("shared", (("groups.g", "0.6"),)),
    Condition("wrong", (), 0.5),
)


def test_every_method_is_judged_by_the_mean_over_the_truths() -> None:
    study = advice_study(case(), [2, 3], CONDITIONS, truths=6, beliefs=8, seed=4)
    assert len(study.results) == len(CONDITIONS) * 2 * len(METHODS)
    for place, condition in enumerate(CONDITIONS[:3]):
        true = change_all(case(), condition.changes)
        draws = draw(true, 6, 4 + 1 + place)
        for method in ("central", "mean", "independent", "depth", "told"):
            one = study.of(condition.name, 2, method)
            risks = []
            for t in range(6):
                settled = settle_at(draws, t)
                program = build_program(settled, build(settled), Expected(), budget=None)
                risks.append(program.value([program.labels.index(x) for x in one.stack]))
            assert one.risk == pytest.approx(np.mean(risks))
            assert one.error == pytest.approx(np.std(risks, ddof=1) / np.sqrt(6))


def test_no_method_but_the_one_that_is_told_sees_the_condition() -> None:
    study = advice_study(case(), [2], CONDITIONS, truths=4, beliefs=16)
    for method in set(METHODS) - {"told"}:
        assert len({study.of(c.name, 2, method).stack for c in CONDITIONS}) == 1
    central = study.of("as believed", 2, "central")
    assert (central.above, central.better, central.worse) == (0.0, 0.0, 0.0)


def test_more_truths_bring_the_mean_over_beliefs_below_every_other_method_as_believed() -> None:
    # By its definition, where truths come from the beliefs that it was chosen on.
    study = advice_study(case(), [2], CONDITIONS[:1], truths=256, beliefs=256)
    mean = study.of("as believed", 2, "mean")
    for method in METHODS:
        other = study.of("as believed", 2, method)
        assert mean.risk <= other.risk + 2 * other.error


def test_a_scrambled_table_keeps_its_shape_and_its_numbers() -> None:
    settled = settle(case())
    rng = np.random.default_rng(0)
    assert scrambled(settled, 0.0, rng) is settled
    table = scrambled(settled, 1.0, rng).threats.vulnerability
    assert table.shape == (4, 2)
    assert set(table.ravel()) <= set(settled.threats.vulnerability.ravel())


def test_a_stack_chosen_by_one_guess_promises_no_more_than_the_others() -> None:
    found = one_guess(case(), 2, truths=24)
    # The planner's is the least of what the guess promises; what it leaves is worse than that.
    promised, real, _ = found["central"]
    assert all(promised <= other[0] + 1e-12 for other in found.values())
    assert real > promised
