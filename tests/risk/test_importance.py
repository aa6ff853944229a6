"""Importance measures against worlds in which the technique surely fails, or never does."""

from dataclasses import replace

import numpy as np
import pytest
from factory import settled

from planner.risk.importance import importance
from planner.risk.stack import risk
from planner.worlds.build import build

V = [[0.9, 0.2, 0.6], [0.4, 0.8, 0.6], [0.1, 0.3, 0.5]]


def changed(worlds, option, value):
    """The option fails with `value` in every listed world."""
    failure = worlds.failure.copy()
    failure[option, worlds.state >= 0] = value
    return replace(worlds, failure=failure)


@pytest.mark.parametrize("unlisted", ["0", "0.05"])
@pytest.mark.parametrize("reading", ["together", "by-mode"])
@pytest.mark.parametrize("stack", [[0], [0, 2], [2, 0, 1]])
def test_each_measure_is_its_definition(stack, reading, unlisted):
    s = settled(V, [0.3, 0.2, 0.4], loss=[1, 2, 3], background="0.05", groups={"g": "0.3"},
                reading=reading, unlisted=unlisted)  # fmt: skip
    worlds = build(s)
    now = risk(worlds, stack)
    rows = importance(s, worlds, stack)
    assert [row.label for row in rows] == [f"t0{k + 1}" for k in stack]
    for k, row in zip(stack, rows, strict=True):
        fails, holds = (risk(changed(worlds, k, x), stack) for x in (1.0, 0.0))
        assert row.risk_without == pytest.approx(fails)
        assert row.risk_without == pytest.approx(risk(worlds, [i for i in stack if i != k]))
        assert row.risk_if_perfect == pytest.approx(holds, abs=1e-15)
        assert row.birnbaum == pytest.approx(fails - holds)
        assert row.fussell_vesely == pytest.approx((now - holds) / now)
        assert row.risk_achievement_worth == pytest.approx(fails / now)
        if unlisted == "0":
            assert row.fussell_vesely == 1
            assert row.risk_reduction_worth is None
        else:
            assert row.risk_reduction_worth == pytest.approx(now / holds)


def test_birnbaum_is_the_slope_of_the_risk():
    s = settled(V, "0.3", background="0.05")
    worlds = build(s)
    row = importance(s, worlds, [0, 1])[0]
    mean = float(worlds.weight @ worlds.failure[0])
    up = risk(changed(worlds, 0, mean + 1e-3), [0, 1])
    down = risk(changed(worlds, 0, mean - 1e-3), [0, 1])
    assert (up - down) / 2e-3 == pytest.approx(row.birnbaum)


def test_without_risk_ratios_are_none():
    s = settled([[0.0], [0.5]])
    row = importance(s, build(s), [0, 1])[1]
    assert (row.birnbaum, row.risk_without) == (0, 0)
    assert row.fussell_vesely is row.risk_achievement_worth is row.risk_reduction_worth is None
    assert importance(s, build(s), []) == ()
    assert np.isfinite(importance(s, build(s), [0])[0].birnbaum)
