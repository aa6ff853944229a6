"""Draws whose best stacks are within rounding: settled in the batch as the search settles them."""

from __future__ import annotations

import math
from fractions import Fraction
from unittest import mock

import pytest
from helpers_sweep import PAPER

from planner.scenario.changes import change_all
from planner.scenario.draw import draw, settle_at
from planner.scenario.read import read
from planner.solve.search import Search
from planner.sweep import ties
from planner.sweep.batch import answer_draws
from planner.sweep.outcomes import encode
from planner.sweep.single import answer_settled
from planner.worlds.build import build

DRAWS = 20
#: Two modes that turn places between two techniques of one price: neither is better.
MIRRORED = [
    ("modes.coll.probability", "0.3"),
    ("modes.al-gen.probability", "0.3"),
    ("techniques.re.cost", "3"),
    ("techniques.ida.cost", "3"),
    ("budget", "3"),
    *((f"vulnerability.re.{mode}", "0.2") for mode in ("cap-dev", "dec-al", "em-mis")),
    *((f"vulnerability.ida.{mode}", "0.2") for mode in ("cap-dev", "dec-al", "em-mis")),
    *((f"vulnerability.{row}.eval-diff", "0.2") for row in ("re", "ida")),
    *((f"vulnerability.{row}.s-tax", "0.2") for row in ("re", "ida")),
    ("vulnerability.re.coll", "0.1"),
    ("vulnerability.re.al-gen", "0.01"),
    ("vulnerability.ida.coll", "0.01"),
    ("vulnerability.ida.al-gen", "0.1"),
]


def compared(changes, count=DRAWS):
    """The batch's answers and those of the search by itself, as texts; and what was compared
    exactly."""
    draws = draw(change_all(read(str(PAPER)), changes), count, 3)
    with mock.patch.object(ties, "_least", wraps=ties._least) as least:
        found = answer_draws(draws, "expected", "auto")
    alone = [answer_settled(settle_at(draws, k), "expected", 0, Search()) for k in range(count)]
    return found, [encode(one) for one in alone], least.call_count


@pytest.mark.parametrize("budget", ["5", "11", "17"])
def test_techniques_alike_in_every_world_are_told_apart_by_the_rule_of_ties(budget):
    """In the paper's table `rlaif` and `w2s` are prone to the same modes and cost the same."""
    found, alone, exactly = compared([("budget", budget)])
    assert [encode(one) for one in found] == alone
    assert all("rlaif" in one.stack and "w2s" not in one.stack for one in found)
    assert exactly == 0


@pytest.mark.parametrize("tilt", [None, "coll", "al-gen"])
def test_what_is_not_equal_row_by_row_is_decided_exactly(tilt):
    """One of two modes may be likelier by one unit in the last place. The better one of the two
    techniques is found here in fractions, over the doubles that the worlds are made of."""
    changes = list(MIRRORED)
    if tilt:
        likelier = repr(math.nextafter(0.3, 1.0))
        changes[:2] = [
            (f"modes.{mode}.probability", likelier if mode == tilt else "0.3")
            for mode in ("coll", "al-gen")
        ]
    found, alone, exactly = compared(changes)
    assert [encode(one) for one in found] == alone
    assert exactly == DRAWS
    settled = settle_at(draw(change_all(read(str(PAPER)), changes), 1, 3), 0)
    worlds = build(settled)
    values = {
        option.label: sum(
            Fraction(p) * Fraction(loss) * Fraction(f)
            for p, loss, f in zip(worlds.probability, worlds.loss, row, strict=True)
        )
        for option, row in zip(settled.options, worlds.failure, strict=True)
        if option.label in ("ida", "re")
    }
    assert abs(values["ida"] / values["re"] - 1) < 1e-15
    assert found[0].stack == (min(sorted(values), key=values.__getitem__),)


def test_where_too_many_are_near_the_draw_is_left_to_the_search():
    with mock.patch.object(ties, "MOST_KINDS", 1):
        found, _, _ = compared(MIRRORED, 3)
    assert found == [None] * 3
