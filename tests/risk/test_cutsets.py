"""Cut sets: against an enumeration of all sets of modes, and every claim on the paper's matrix."""

import json
from decimal import Decimal
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from factory import settled

from planner.risk import cutsets
from planner.risk.cutsets import cut_sets
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.scenario.types import ExplicitWorlds
from planner.scenario.values import Uniform

PAPER = settle(read(Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"))


def hitting_sets(fails):
    """Minimal sets of columns that meet every row of a boolean matrix, by trying all sets."""
    rows = [{j for j, x in enumerate(row) if x} for row in fails]
    modes = range(len(fails[0]))
    sets = [
        set(chosen)
        for size in range(len(fails[0]) + 1)
        for chosen in combinations(modes, size)
        if all(row & set(chosen) for row in rows)
    ]
    return [s for s in sets if not any(t < s for t in sets)]


def of(*ids):
    """Cut sets of some techniques of the paper."""
    found = cut_sets(PAPER, [PAPER.option_index[id] for id in ids])
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(40))
def test_they_are_the_minimal_hitting_sets(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 7)), int(rng.integers(1, 9))
    fails = rng.random((n, m)) < rng.uniform(0.2, 0.9)
    s = settled(np.where(fails, 0.7, 0.2).tolist())
    found = cut_sets(s, range(n))
    ids = [mode.id for mode in s.scenario.threats.modes]
    expected = sorted(
        (tuple(ids[j] for j in sorted(cut)) for cut in hitting_sets(fails)),
        key=lambda cut: (len(cut), cut),
    )
    assert list(found.sets) == expected
    assert found.complete
    assert found.depth == (len(expected[0]) if expected else None)
    assert found.single == tuple(cut[0] for cut in expected if len(cut) == 1)
    sizes = [len(cut) for cut in expected]
    assert dict(found.counts) == {size: sizes.count(size) for size in sizes}
    assert [column.fails for column in found.columns] == fails.sum(axis=0).tolist()
    masks = cutsets.defeating(s)
    assert len(cutsets.minimal_cut_sets(masks)) == len(expected)


def test_beyond_the_table_small_cut_sets_are_listed_and_the_rest_is_said_to_be_missing():
    rng = np.random.default_rng(3)
    fails = rng.random((6, 20)) < 0.5
    found = cut_sets(settled(np.where(fails, 0.7, 0.2).tolist()), range(6))
    masks = [sum(1 << j for j in np.flatnonzero(row).tolist()) for row in fails]
    table = cutsets._from_table(masks, (1 << 20) - 1)
    assert not found.complete
    expected = dict.fromkeys(range(1, 4), 0)
    for cut in table:
        if cut.bit_count() <= 3:
            expected[cut.bit_count()] += 1
    assert dict(found.counts) == {size: count for size, count in expected.items() if count}


def test_the_empty_stack_falls_to_nothing_at_all():
    found = cut_sets(PAPER, [])
    assert (found.depth, found.single, found.sets) == (0, (), ((),))
    assert found.if_hold == found.if_fail == cutsets.CutReading(0, ())


def test_a_technique_that_nothing_defeats_leaves_no_cut_set():
    found = cut_sets(settled([[0.1, 0.2], [0.9, 0.9]]), [0, 1])
    assert (found.depth, found.sets, found.single, found.complete) == (None, (), (), True)


def test_explicit_worlds_have_none():
    s = settled(weights=[1], failure=[[0.5]])
    assert isinstance(s.scenario.threats, ExplicitWorlds)
    assert cut_sets(s, [0]) is None


@pytest.mark.parametrize("seed", range(25))
def test_uncertain_cells_read_both_ways_and_one_by_one(seed):
    """Every reading worked out again from the matrix with that reading written into it."""
    rng = np.random.default_rng(100 + seed)
    n, m = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    kind = rng.choice(["holds", "fails", "low", "high"], (n, m), p=[0.3, 0.4, 0.2, 0.1])
    low = Uniform(Decimal("0.1"), Decimal("0.7"))
    high = Uniform(Decimal("0.3"), Decimal("0.9"))
    values = {"holds": 0.1, "fails": 0.8, "low": low, "high": high}
    s = settled([[values[k] for k in row] for row in kind])

    def expected(fails):
        cuts = hitting_sets(fails)
        single = tuple(s.scenario.threats.modes[j].id for cut in cuts if len(cut) == 1 for j in cut)
        return cutsets.CutReading(min((len(cut) for cut in cuts), default=None), single)

    base = np.isin(kind, ["fails", "high"])
    unsure = np.isin(kind, ["low", "high"])
    found = cut_sets(s, range(n))
    assert cutsets.CutReading(found.depth, found.single) == expected(base)
    assert found.if_hold == expected(base & ~unsure)
    assert found.if_fail == expected(base | unsure)
    assert [column.if_hold for column in found.columns] == (base & ~unsure).sum(axis=0).tolist()
    assert [column.if_fail for column in found.columns] == (base | unsure).sum(axis=0).tolist()
    assert len(found.uncertain) == unsure.sum()
    for cell, (i, j) in zip(found.uncertain, np.argwhere(unsure), strict=True):
        assert (cell.technique, cell.mode) == (f"t0{i + 1}", f"m0{j + 1}")
        assert cell.fails == base[i, j]
        one, other = base.copy(), base.copy()
        one[i, j], other[i, j] = False, True
        assert (cell.if_holds, cell.if_fails) == (expected(one), expected(other))
        assert cell.decides == (expected(one) != expected(other))


# Every claim of the paper's matrix: dung_mai.md, "What the tool must reproduce".


def test_adding_rlaif_or_w2s_to_rlhf_covers_nothing_new():
    alone = of("rlhf").single
    assert len(alone) == 5
    assert of("rlhf", "rlaif").single == of("rlhf", "w2s").single == alone


@pytest.mark.parametrize("pair", [("debate", "re"), ("re", "ida")])
def test_debate_with_re_and_re_with_ida_leave_al_gen_alone(pair):
    found = of(*pair)
    assert found.single == found.if_hold.single == found.if_fail.single == ("al-gen",)
    assert found.depth == 1


def test_six_of_seven_techniques_fall_to_al_gen():
    columns = {column.mode: column for column in of(*PAPER.option_index).columns}
    assert columns["al-gen"].fails == 6
    assert {c.fails for c in of("scientist-ai").columns if c.mode == "al-gen"} == {0}


def test_columns_count_2_4_4_3_4_4_6_and_with_unsure_as_prone_3_5_4_4_4_4_6():
    columns = {column.mode: column for column in of(*PAPER.option_index).columns}
    order = ["s-tax", "cap-dev", "dec-al", "coll", "em-mis", "eval-diff", "al-gen"]
    assert [columns[id].fails for id in order] == [2, 4, 4, 3, 4, 4, 6]
    assert [columns[id].if_hold for id in order] == [2, 4, 4, 3, 4, 4, 6]
    assert [columns[id].if_fail for id in order] == [3, 5, 4, 4, 4, 4, 6]


def test_re_with_scientist_ai_is_the_only_pair_without_a_single_point_either_way():
    safe = [
        set(pair)
        for pair in combinations(PAPER.option_index, 2)
        if not of(*pair).if_hold.single and not of(*pair).if_fail.single
    ]
    assert safe == [{"re", "scientist-ai"}]
    found = of("re", "scientist-ai")
    assert found.depth == found.if_hold.depth == found.if_fail.depth == 2
    assert not found.deciding


def test_debate_with_scientist_ai_swings_widest_from_0_to_3_single_points():
    swings = {
        pair: len(of(*pair).if_fail.single) - len(of(*pair).if_hold.single)
        for pair in combinations(sorted(PAPER.option_index), 2)
    }
    found = of("debate", "scientist-ai")
    assert (len(found.if_hold.single), len(found.if_fail.single)) == (0, 3)
    assert [pair for pair, swing in swings.items() if swing == max(swings.values())] == [
        ("debate", "scientist-ai")
    ]
    assert {(c.technique, c.mode) for c in found.deciding} == {
        ("debate", "s-tax"), ("scientist-ai", "cap-dev"), ("scientist-ai", "coll")
    }  # fmt: skip


def test_it_says_that_it_needs_no_probability():
    found = of("debate", "scientist-ai")
    row = found.to_dict()
    assert row["needs_probability"] is False
    assert json.loads(json.dumps(row, allow_nan=False))["if_uncertain_fail"]["depth"] == 1
    assert list(found.to_frame().columns) == ["order", "modes"]
    assert len(found.to_frame()) == len(found.sets)


def test_many_techniques_and_modes_take_no_time_to_speak_of():
    rng = np.random.default_rng(0)
    cell = Uniform(Decimal("0.1"), Decimal("0.8"))
    kinds = rng.choice(3, (80, 13), p=[0.4, 0.5, 0.1])
    s = settled([[[0.1, 0.8, cell][k] for k in row] for row in kinds])
    found = cut_sets(s, range(80))
    assert found.complete
    assert found.if_fail.depth <= found.depth <= found.if_hold.depth
    cuts = [sum(1 << (int(id[1:]) - 1) for id in cut) for cut in found.sets]
    masks = cutsets.defeating(s)
    for cut, mask in product(cuts[:50], masks):
        assert cut & mask
