"""The case list: lazily indexed, and known by its content."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import product

import pytest
from helpers_sweep import small, with_seed

from planner.study.what_if import Axis
from planner.sweep.cases import seed_of


def test_the_cases_are_the_whole_grid_in_order():
    """Against itertools.product over the parts of the grid, the draws turning fastest."""
    sweep = replace(small(3), objectives=("expected", "depth"))
    expected = product(sweep.objectives, ("", "dear"), ("5", "9", "12"), range(3))
    assert len(sweep) == 2 * 2 * 3 * 3
    for case, (objective, named, budget, draw) in zip(sweep, expected, strict=True):
        assert (case.objective, case.named, case.draw) == (objective, named, draw)
        assert dict(case.changes)["budget"] == budget
        assert ("rules.fund" in dict(case.changes)) == (named == "dear")
        assert sweep[case.number] == case
        assert pickle.loads(pickle.dumps(case)) == case


def test_a_million_cases_are_no_million_objects():
    sweep = replace(small(1_000_000), axes=(Axis("budget", tuple(map(str, range(1, 1001)))),))
    assert len(sweep) == 2 * 1000 * 1_000_000
    assert len(pickle.dumps(sweep)) < 100_000
    last = sweep[-1]
    assert (last.number, last.draw, dict(last.changes)["budget"]) == (
        1_999_999_999,
        999_999,
        "1000",
    )
    assert [case.number for case in sweep[10:12]] == [10, 11]
    with pytest.raises(IndexError):
        _ = sweep[len(sweep)]


def test_a_seed_comes_from_the_sweeps_seed_and_the_draw_alone():
    sweep = small(8)
    seeds = [case.seed for case in sweep]
    assert seeds == [seed_of(5, k) for k in range(8)] * 6
    assert len(set(seeds)) == 8
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert [case.seed for case in small(None)] == [5] * 6
    assert seed_of(6, 0) != seed_of(5, 0)


def test_the_identity_changes_with_whatever_changes_an_answer():
    sweep = small()
    others = [
        with_seed(sweep, 6),
        small(41),
        small(None),
        replace(sweep, gap=0.0),
        replace(sweep, solver="highs"),
        replace(sweep, objectives=("depth",)),
        replace(sweep, axes=()),
        replace(sweep, named=sweep.named[:1]),
        replace(sweep, experts=("anna",)),
        replace(sweep, scenarios=(replace(sweep.scenarios[0], currency="EUR"),)),
    ]
    digests = {one.identity().digest for one in (sweep, *others)}
    assert len(digests) == len(others) + 1
    assert small().identity() == sweep.identity()
