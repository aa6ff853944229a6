"""Who drives the residual risk: against enumeration and the definition of the Shapley value."""

import json
from itertools import combinations, permutations
from math import prod
from pathlib import Path

import pytest
from factory import settled

from planner.risk.drivers import drivers
from planner.risk.stack import risk
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.worlds.build import build

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"

V = [[0.9, 0.2, 0.6, 0.0], [0.4, 0.8, 0.6, 0.1]]
PI, LOSS, BACKGROUND = [0.3, 0.2, 0.15, 0.4], [1, 3, 2, 0.5], [0.05, 0.1]


def residuals(u=0.0, baseline=0.7):
    """{set of modes: (probability, loss, residual)} of the stack of both techniques."""
    table = {}
    for size in range(5):
        for chosen in combinations(range(4), size):
            chance = (1 - u) * prod(PI[j] if j in chosen else 1 - PI[j] for j in range(4))
            loss = max((LOSS[j] for j in chosen), default=baseline)
            fails = prod(
                1 - (1 - b) * prod(1 - row[j] for j in chosen)
                for row, b in zip(V, BACKGROUND, strict=True)
            )
            table[chosen] = (chance, loss, chance * loss * fails)
    return table


def example(**more):
    return settled(V, PI, loss=LOSS, background=BACKGROUND, baseline_loss="0.7", **more)


def test_shapley_is_the_mean_marginal_contribution_over_all_orders():
    """By the definition, over the 24 orders of the four modes."""
    table = residuals()

    def value(coalition):
        return sum(r for a, (_, _, r) in table.items() if a and set(a) <= set(coalition))

    expected = [0.0] * 4
    orders = list(permutations(range(4)))
    for order in orders:
        for place, j in enumerate(order):
            expected[j] += (value(order[: place + 1]) - value(order[:place])) / len(orders)
    s = example()
    found = drivers(s, build(s, merge=False), [0, 1])
    assert [mode.shapley for mode in found.modes] == pytest.approx(expected)


def test_numbers_by_mode_pair_and_class_are_those_of_enumeration():
    table = residuals(u=0.1)
    s = example(unlisted="0.1")
    found = drivers(s, build(s, merge=False), [0, 1])
    total = sum(r for _, _, r in table.values()) + 0.1 * 3
    assert found.risk == pytest.approx(total)
    assert found.unlisted == pytest.approx(0.3)
    assert found.baseline == pytest.approx(table[()][2])
    assert found.multiple == pytest.approx(sum(r for a, (_, _, r) in table.items() if len(a) > 1))
    for j, mode in enumerate(found.modes):
        inside = [row for a, row in table.items() if j in a]
        residual = sum(r for _, _, r in inside)
        assert mode.probability == pytest.approx(0.9 * PI[j])
        assert mode.residual == pytest.approx(residual)
        assert mode.risk_given == pytest.approx(residual / (0.9 * PI[j]))
        assert mode.share == pytest.approx(residual / total)
    assert len(found.pairs) == 6
    for pair in found.pairs:
        i, j = (int(id[1:]) - 1 for id in pair.modes)
        inside = {a: row for a, row in table.items() if i in a and j in a}
        assert pair.probability == pytest.approx(0.9 * PI[i] * PI[j])
        assert pair.residual == pytest.approx(sum(r for _, _, r in inside.values()))
        assert pair.interaction == pytest.approx(
            sum(r / (len(a) - 1) for a, (_, _, r) in inside.items())
        )
    assert [p.residual for p in found.pairs] == sorted(p.residual for p in found.pairs)[::-1]
    assert len(found.classes) == 17
    for row in found.classes:
        assert row.probability * row.loss * row.failure == pytest.approx(row.residual)
        if row.world not in ("unlisted", "no mode"):
            chance, loss, residual = table[tuple(int(id[1:]) - 1 for id in row.modes)]
            assert (row.probability, row.loss) == pytest.approx((chance, loss))
            assert row.residual == pytest.approx(residual)
    json.dumps(found.to_dict(), allow_nan=False)


MATRIX = [[1, 0.5, 0.2, 0], [0.5, 1, -0.3, 0], [0.2, -0.3, 1, 0], [0, 0, 0, 1]]
GROUPS = {"f": [0.3, 0.3], "g": [0.1, 0.4], "h": [0.2, 0.2]}


@pytest.mark.parametrize("more", [
    {}, {"unlisted": "0.05"}, {"reading": "by-mode", "unlisted": "0.05"}, {"factor": "0.6"},
    {"groups": {"g": "0.5"}}, {"matrix": MATRIX, "samples": 512},
    {"groups": GROUPS, "samples": 512}, {"groups": GROUPS, "samples": 512, "reading": "by-mode"},
    {"matrix": MATRIX, "samples": 512, "reading": "by-mode"},
], ids=str)  # fmt: skip
def test_baseline_unlisted_and_shapley_values_sum_to_the_risk(more):
    s = example(**more)
    worlds = build(s, merge=False)
    for stack in ([], [0], [0, 1]):
        found = drivers(s, worlds, stack)
        assert found.risk == risk(worlds, stack) == pytest.approx(risk(build(s), stack), rel=1e-12)
        parts = found.baseline + found.unlisted + sum(mode.shapley for mode in found.modes)
        assert parts == pytest.approx(found.risk, rel=1e-12)
        listed = sum(row.residual for row in found.classes) + found.others
        assert listed == pytest.approx(found.risk, rel=1e-12)


def test_modes_that_are_alike_count_alike_though_their_worlds_could_be_merged():
    s = settle(read(PAPER))
    found = {m.mode: m for m in drivers(s, build(s, merge=False), range(7)).modes}
    assert found["em-mis"].shapley == pytest.approx(found["eval-diff"].shapley, rel=1e-12)
    assert found["em-mis"].residual == pytest.approx(found["eval-diff"].residual, rel=1e-12)
    assert max(found.values(), key=lambda m: m.shapley).mode == "al-gen"


def test_a_mode_that_changes_nothing_still_counts_where_it_strikes_with_others():
    """Its worlds are the others' as well: it is no null player of the game of worlds."""
    s = settled([[0.5, 0.0]], [0.5, 0.5], background=0)
    found = drivers(s, build(s, merge=False), [0])
    assert [m.residual for m in found.modes] == pytest.approx([0.25, 0.125])
    assert [m.shapley for m in found.modes] == pytest.approx([0.1875, 0.0625])


def test_by_mode_one_mode_strikes_a_world_and_numbers_are_unscaled():
    s = example(reading="by-mode", unlisted="0.1")
    found = drivers(s, build(s, merge=False), [0, 1])
    for j, mode in enumerate(found.modes):
        fails = prod(1 - (1 - b) * (1 - row[j]) for row, b in zip(V, BACKGROUND, strict=True))
        assert mode.probability == pytest.approx(0.9 * PI[j])
        assert mode.risk_given == pytest.approx(LOSS[j] * fails)
        assert mode.shapley == mode.residual == pytest.approx(0.9 * PI[j] * LOSS[j] * fails)
    assert found.pairs == ()
    assert found.multiple == 0
    none = next(row for row in found.classes if row.world == "no mode")
    assert none.loss == pytest.approx(0.7)
    assert none.probability == pytest.approx(0.9 * prod(1 - p for p in PI))


def test_explicit_worlds_are_classes_and_know_no_modes():
    s = settled(weights=[1, 2, 0, 1], failure=[[0.5, 0.5, 1, 0.0]], loss=[1, 1, 9, 4],
                world_ids=["calm", "gale", "never", "storm"], unlisted="0.2")  # fmt: skip
    found = drivers(s, build(s, merge=False), [0])
    assert found.modes == found.pairs == ()
    assert found.baseline == 0
    assert [row.world for row in found.classes] == ["unlisted", "gale", "calm", "storm"]
    assert found.risk == pytest.approx(0.2 * 9 + 0.8 * (0.25 * 0.5 + 0.5 * 0.5))
    assert [row.share for row in found.classes] == pytest.approx(
        [1.8 / 2.1, 0.2 / 2.1, 0.1 / 2.1, 0.0]
    )


def test_without_any_risk_shares_are_none():
    s = settled([[0, 0]], background=0)
    found = drivers(s, build(s, merge=False), [0])
    assert found.risk == 0
    assert all(mode.share is None and mode.risk_given == 0 for mode in found.modes)
    assert len(found.to_frame()) == 2
    assert len(found.pairs_frame()) == 1
    assert len(found.classes_frame()) == 4


def test_the_largest_classes_are_listed_and_the_rest_is_one_number():
    s = settle(read(PAPER))
    found = drivers(s, build(s, merge=False), [4, 5])
    assert len(found.classes) == 20
    sizes = [row.residual for row in found.classes]
    assert sizes == pytest.approx(sorted(sizes, reverse=True))
    assert sum(sizes) + found.others == pytest.approx(found.risk)
    assert 0 < found.others < found.risk
