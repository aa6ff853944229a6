"""Exact worlds: against the values of docs/model.md and a brute-force builder."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from factory import scenario, settled
from worlds_brute import by_mode, of_worlds, plain, random_numbers, residual_risk, together

from planner.errors import BadInput, LimitHit
from planner.scenario.settle import settle
from planner.worlds.build import build, strikes
from planner.worlds.merge import distinct
from planner.worlds.types import Worlds

OK, UNSURE, PRONE = 0.05, 0.4, 0.8
#: Dung and Mai (2025), Table 1, rows as docs/model.md value 5 reads them: RLHF, RLAIF, W2S,
#: Debate, RE, Scientist AI, IDA.
MATRIX = [
    [{"o": OK, "?": UNSURE, "x": PRONE}[c] for c in row]
    for row in ("oxxoxxx", "oxxxxxx", "oxxxxxx", "?xoxxxx", "ooxooox", "x?o?ooo", "xooooox")
]
PAPER = {"v": MATRIX, "pi": "0.25", "background": "0.02", "costs": [1, 1, 1, 3, 3, 6, 6]}


def stacks(n):
    return [s for k in range(n + 1) for s in combinations(range(n), k)]


def well_formed(worlds: Worlds, options: int):
    assert worlds.probability.sum() == pytest.approx(1, abs=1e-12)
    assert (worlds.probability > 0).all()
    assert worlds.failure.shape == (options, worlds.count)
    assert ((worlds.failure >= 0) & (worlds.failure <= 1)).all()
    assert worlds.state.shape == worlds.loss.shape == (worlds.count,)


def test_value_1_ten_techniques_one_world():
    worlds = build(settled([[]] * 10, [], background="0.1"))
    assert worlds.count == 1
    assert of_worlds(worlds, range(10)) == pytest.approx(1e-10, rel=1e-12)


def test_value_3_two_explicit_worlds():
    worlds = build(settled(weights=["0.1", "0.9"], failure=[[1, 0]] * 3))
    for stack in stacks(3)[1:]:
        assert of_worlds(worlds, stack) == pytest.approx(0.1, rel=1e-14)
    assert of_worlds(worlds, ()) == pytest.approx(1)


@pytest.mark.parametrize(("more", "expected", "stack"), [
    ({}, 0.0950, range(7)), ({"factor": "0.6"}, 0.1627, range(7)), ({}, 0.3213, (0, 1, 2, 4)),
    ({}, 0.1765, (4, 5)), ({"reading": "by-mode"}, 0.00499, range(7)),
    ({"reading": "by-mode"}, 1.8835, ()), ({"reading": "by-mode"}, 0.2366, (0, 1, 2, 4)),
    ({"reading": "by-mode"}, 0.05825, (4, 5)),
])  # fmt: skip
def test_value_5_the_papers_matrix(more, expected, stack):
    """Expected: docs/model.md, "Values to check by hand", 5."""
    digits = len(str(expected).split(".")[1])
    worlds = build(settled(**PAPER, **more))
    well_formed(worlds, 7)
    # "0.0950" has four decimals
    assert of_worlds(worlds, stack) == pytest.approx(expected, abs=0.51 * 10 ** -max(4, digits))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("reading", "reference"), [("together", together), ("by-mode", by_mode)])
def test_random_scenarios_against_brute_force(seed, reading, reference):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 5)), int(rng.integers(0, 6))
    kw = random_numbers(rng, n, m)
    worlds = build(settled(**kw, reading=reading))
    well_formed(worlds, n)
    expected = reference(*plain(kw))
    for stack in stacks(n):
        assert of_worlds(worlds, stack) == pytest.approx(
            residual_risk(expected, stack), rel=1e-11, abs=1e-14
        )


def test_by_mode_scaling_of_probabilities_and_losses():
    """docs/model.md: w0 = (1-u) pi, (1-u) P(none), u; p = w0 / Z, losses times Z."""
    worlds = build(settled([[0.1, 0.2]], ["0.5", "0.5"], loss=[3, 4], unlisted="0.1",
                           baseline_loss=2, reading="by-mode"))  # fmt: skip
    z = 0.9 * (0.25 + 0.5 + 0.5) + 0.1
    assert worlds.probability == pytest.approx([0.225 / z, 0.45 / z, 0.45 / z, 0.1 / z])
    assert worlds.loss == pytest.approx([2 * z, 3 * z, 4 * z, 4 * z])
    assert worlds.unlisted == 0.1
    assert worlds.unlisted_loss == 4
    assert worlds.state.tolist() == [0, 1, 2, -1]
    assert worlds.active.tolist() == [[False, False], [True, False], [False, True]]


def test_unlisted_world_is_last_and_a_floor():
    worlds = build(settled([[0.0, 0.0]], ["0.2", "0.2"], loss=[5, 2], unlisted="0.25"))
    assert (worlds.state[-1], worlds.loss[-1], worlds.probability[-1]) == (-1, 5, 0.25)
    assert of_worlds(worlds, (0,)) == pytest.approx(0.25 * 5)


def test_certain_doom_leaves_one_world():
    for reading in ("together", "by-mode"):
        worlds = build(settled([[0.5]], unlisted=1, reading=reading))
        assert worlds.count == 1
        assert of_worlds(worlds, (0,)) == 1


def test_tiny_failures_keep_their_digits_and_one_stays_one():
    worlds = build(settled([["1e-13", "1e-13"], [1, 1]], [1, 1], background=["1e-13", "0.3"],
                           success=[1, 1]))  # fmt: skip
    assert worlds.failure[0, 0] == pytest.approx(3e-13, rel=1e-12)
    assert worlds.failure[1, 0] == 1


def test_explicit_worlds_with_loss_success_and_unlisted():
    """Expected by hand: p = weight / 4, F = 1 - s (1 - F)."""
    worlds = build(settled(weights=[1, 3, 0], failure=[[0.2, None, 0.5]], loss=[10, 2, 99],
                           success="0.5", unlisted="0.1"))  # fmt: skip
    assert worlds.probability == pytest.approx([0.225, 0.675, 0.1])
    assert worlds.loss.tolist() == [10, 2, 99]
    assert worlds.failure[0] == pytest.approx([0.6, 1, 1])
    assert worlds.state.tolist() == [0, 1, -1]
    unweighted = build(settled(weights=[1, 3], failure=[[0.2, 0.4]]))
    assert of_worlds(unweighted, (0,)) == pytest.approx(1 * 0.2 + 3 * 0.4)


def test_explicit_worlds_without_weight_are_refused():
    with pytest.raises(BadInput):
        build(settled(weights=[0, 0], failure=[[0.2, 0.4]]))


def test_splitting_a_world_changes_nothing():
    rng = np.random.default_rng(3)
    failure = rng.random((3, 4)).round(3).tolist()
    one = build(settled(weights=[1, 2, 3, 4], failure=failure))
    split = build(settled(weights=[1, 2, "1.5", "1.5", 4],
                          failure=[[a, b, c, c, d] for a, b, c, d in failure]))  # fmt: skip
    assert split.count == one.count
    for name in ("probability", "loss", "failure"):
        assert (getattr(one, name) == getattr(split, name)).all()


def test_merging_keeps_the_risk_and_names_the_smallest_set():
    """Modes 2 and 3 are alike and harmless modes add nothing: fewer worlds, equal R."""
    rng = np.random.default_rng(8)
    v = [[1, 1, 0, 0.3], [0.2, 0.2, 0, 1], [1, 1, 0, 0.4]]
    kw = {"v": v, "pi": [0.2, 0.3, 0.4, 0.1], "loss": [1, 1, 1, 1], "baseline_loss": 1.0,
          "background": [0.1, 0.2, 0.0], "success": rng.random(3).round(3).tolist(),
          "unlisted": 0.0}  # fmt: skip
    worlds = build(settled(**kw))
    assert worlds.count < 16
    for stack in stacks(3):
        assert of_worlds(worlds, stack) == pytest.approx(
            residual_risk(together(*plain(kw)), stack), rel=1e-13
        )
    alike = [r for r in worlds.active.tolist() if r == [True, False, False, False]]
    assert len(alike) == 1
    assert not worlds.active[:, 2].any()
    assert [False, True, False, False] not in worlds.active.tolist()
    sizes = worlds.active.sum(axis=1)
    assert (np.diff(sizes) >= 0).all()


def test_distinct_columns_match_numpy():
    rng = np.random.default_rng(2)
    rows = rng.integers(0, 3, (4, 300)).astype(float)
    first, number = distinct(rows)
    assert (rows[:, first][:, number] == rows).all()
    assert first.size == np.unique(rows, axis=1).shape[1]
    assert (np.diff(first) > 0).all()
    first, _ = distinct(np.array([[0.0, -0.0]]))
    assert first.size == 1


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(4)
    v, pi = rng.random((3, 4)).round(2), rng.random(4).round(2)
    ids, modes = ["a", "b", "c"], ["p", "q", "r", "s"]
    matrix = np.array([[1, 0.2, 0, 0.1], [0.2, 1, 0.5, 0], [0, 0.5, 1, 0], [0.1, 0, 0, 1]])
    for joint in ({}, {"factor": 0.5}, {"matrix": matrix}):
        one = build(settled(v.tolist(), pi.tolist(), ids=ids, mode_ids=modes, **joint))
        rows, columns = [2, 0, 1], [3, 1, 0, 2]
        more = dict(joint)
        if "matrix" in more:
            more["matrix"] = matrix[np.ix_(columns, columns)]
        two = build(settled(v[rows][:, columns].tolist(), pi[columns].tolist(),
                            ids=[ids[i] for i in rows],
                            mode_ids=[modes[j] for j in columns], **more))  # fmt: skip
        assert (one.failure == two.failure).all()
        assert (one.probability == two.probability).all()


def test_levels_change_only_success():
    levels = [{"half": (1, "0.5"), "most": (2, "0.9")}, None]
    worlds = build(settled([[0.2], [0.3]], ["0.5"], levels=levels))
    plain_f = np.array([0.0, 0.2])
    assert worlds.failure[0] == pytest.approx(1 - 0.5 * (1 - plain_f))
    assert worlds.failure[1] == pytest.approx(1 - 0.9 * (1 - plain_f))
    assert worlds.failure[2] == pytest.approx([0, 0.3])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_strikes_against_brute_force(seed, k):
    """Expected: every set of at most k modes with positive probability, the worst by a loop."""
    rng = np.random.default_rng(seed)
    kw = random_numbers(rng, 3, 5)
    v, pi, loss, b, s, _, baseline = plain(kw)
    allowed = []
    for size in range(k + 1):
        for a in combinations(range(5), size):
            if all(pi[j] > 0 for j in a) and all(j in a for j in range(5) if pi[j] == 1):
                f = [1 - s[i] * (1 - b[i]) * np.prod([1 - v[i][j] for j in a]) for i in range(3)]
                allowed.append((1.0, max((loss[j] for j in a), default=baseline), f))
    if not allowed:
        with pytest.raises(BadInput, match="--objective"):
            strikes(settled(**kw), k)
        return
    worlds = strikes(settled(**kw), k)
    assert (worlds.state >= 0).all()
    assert np.bincount(worlds.state, worlds.probability) == pytest.approx(1)
    for stack in stacks(3):
        expected = max(residual_risk([w], stack) for w in allowed)
        product = worlds.weight * worlds.failure[list(stack)].prod(axis=0)
        assert np.bincount(worlds.state, product).max() == pytest.approx(expected, abs=1e-13)


def test_strikes_by_mode_are_single_modes_or_none_unscaled():
    kw = {"v": [[0.1, 0.2, 0.3]], "pi": [0.5, 1, 0], "loss": [3, 4, 9], "baseline_loss": 2}
    worlds = strikes(settled(**kw, reading="by-mode"), 1)
    assert worlds.loss.tolist() == [3, 4]
    assert worlds.failure[0].tolist() == [0.1, 0.2]
    kw["pi"] = [0.5, 0.6, 0]
    assert strikes(settled(**kw, reading="by-mode"), 1).loss.tolist() == [2, 3, 4]
    with pytest.raises(BadInput, match="--objective"):
        strikes(settled(**kw, reading="by-mode"), 2)


def test_strikes_of_nested_modes_are_the_nested_sets():
    kw = {"v": [[0.1, 0.2, 0.3]], "pi": [0.1, 0.5, 0.3], "factor": 1}
    worlds = strikes(settled(**kw), 2)
    assert worlds.active.tolist() == [
        [False, False, False], [False, True, False], [False, True, True]]  # fmt: skip


def test_strikes_of_explicit_worlds():
    worlds = strikes(settled(weights=[1, 0, 3], failure=[[0.5, 1, 0.25]], unlisted="0.2"), 1)
    assert worlds.probability.tolist() == [1, 1]
    assert worlds.loss.tolist() == [4, 4]
    assert worlds.state.tolist() == [0, 2]


def test_too_large_is_said():
    many = settled([[0.1] * 60], "0.1")
    assert sum(comb(60, i) for i in range(5)) > 65_536
    with pytest.raises(LimitHit, match="at most 4 of 60 modes"):
        strikes(many, 4)
    wide = settled([[0.5, 0.5]] * 3000, samples=2**18, matrix=[[1, -0.5], [-0.5, 1]])
    with pytest.raises(LimitHit, match="memory"):
        build(wide)


def test_loadings_beyond_the_model_are_refused():
    s = settle(scenario([[0.1], [0.1]], groups={"g": [0.6, 0.2], "h": [0.6, 0.2]}))
    with pytest.raises(BadInput, match="loadings sum to"):
        build(s)
