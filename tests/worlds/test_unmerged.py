"""`merge=False`: more worlds, the same risk, and every mode keeps its name."""

from itertools import combinations

import numpy as np
import pytest
from factory import settled

from planner.risk.stack import risk, standard_error
from planner.worlds.build import build

#: m01 and m02 alike, so that sets merge.
V = [[0.8, 0.8, 0.1], [0.3, 0.3, 0.9], [0.5, 0.5, 0.0]]
PI = ["0.3", "0.2", "0.25"]
GROUPS = {"f": [0.3, 0.3, 0], "g": [0, 0.4, 0.2], "h": [0.2, 0, 0.2]}
MATRIX = [[1, 0.5, 0.2], [0.5, 1, -0.3], [0.2, -0.3, 1]]

CASES = [
    {},
    {"reading": "by-mode"},
    {"groups": {"f": GROUPS["f"]}},
    {"groups": GROUPS},
    {"groups": GROUPS, "reading": "by-mode"},
    {"matrix": MATRIX},
    {"matrix": MATRIX, "reading": "by-mode"},
]


@pytest.mark.parametrize("more", CASES, ids=str)
def test_classes_kept_apart_leave_every_stack_its_risk(more):
    s = settled(V, PI, loss=[1, 1, 3], unlisted="0.05", samples=512, **more)
    one, apart = build(s, seed=4), build(s, seed=4, merge=False)
    assert len(apart.active) > len(one.active)
    for size in range(4):
        for stack in combinations(range(3), size):
            assert risk(apart, stack) == pytest.approx(risk(one, stack), rel=1e-12)
            assert standard_error(apart, stack) == pytest.approx(
                standard_error(one, stack), rel=1e-9, abs=1e-15
            )


def test_every_set_of_modes_keeps_its_probability():
    apart = build(settled(V, PI), merge=False)
    p = np.array([0.3, 0.2, 0.25])
    assert len(apart.active) == 8
    for s, active in zip(apart.state, apart.active, strict=True):
        expected = np.where(active, p, 1 - p).prod()
        assert apart.probability[s] == pytest.approx(expected, rel=1e-12)


def test_explicit_worlds_that_are_alike_stay_apart():
    s = settled(weights=[1, 2, 0, 3], failure=[[0.5, 0.5, 1, 0.2]])
    assert build(s).state.tolist() == [0, 3]
    assert build(s, merge=False).state.tolist() == [0, 1, 3]
