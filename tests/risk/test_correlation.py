"""Correlation of failures: closed forms, enumeration, simulation, and the paper's matrix."""

import json
from itertools import product
from math import asin, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
from factory import settled
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from planner.risk.correlation import correlation
from planner.risk.tetrachoric import tetrachoric
from planner.scenario.read import read
from planner.scenario.settle import settle
from planner.worlds.build import build

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


def one(first, second, covariance):
    return float(tetrachoric(*(np.array([x]) for x in (first, second, covariance)))[0])


@pytest.mark.parametrize("rho", [-0.999999, -0.9, -0.3, -1e-6, 1e-9, 0.2, 0.5, 0.95, 0.9999999])
def test_at_one_half_the_joint_has_a_closed_form(rho):
    """P11 = 1/4 + asin(rho) / (2 pi) (Sheppard)."""
    assert one(0.5, 0.5, asin(rho) / (2 * pi)) == pytest.approx(rho, rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("rho", [-0.8, -0.2, 0.1, 0.5, 0.9])
@pytest.mark.parametrize(("first", "second"), [(0.1, 0.1), (0.02, 0.6), (0.7, 0.95), (0.3, 0.31)])
def test_it_gives_back_the_correlation_of_scipys_bivariate_normal(first, second, rho):
    both = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([ndtri(first), ndtri(second)])
    assert one(first, second, both - first * second) == pytest.approx(rho, abs=2e-6)


def test_beyond_the_frechet_bounds_it_is_one_or_minus_one():
    assert one(0.1, 0.3, 0.1 - 0.03) == 1
    assert one(0.1, 0.3, 0.2) == 1
    assert one(0.1, 0.3, -0.03) == -1
    assert one(0.8, 0.7, 0.5 - 0.56) == -1
    assert one(0.2, 0.2, 0.0) == 0


def test_rare_events_keep_their_digits():
    """Both below h with one factor of correlation r: integrated by the trapezoid rule."""
    z = np.arange(-9, 9, 1e-3)
    weight = np.exp(-z * z / 2)
    weight /= weight.sum()
    for m, r in ((1e-6, 0.5), (1e-10, 0.2), (1e-8, 0.9)):
        both = weight @ ndtr((ndtri(m) - sqrt(r) * z) / sqrt(1 - r)) ** 2
        assert one(m, m, both - m * m) == pytest.approx(r, abs=1e-7)


@pytest.mark.parametrize("loading", ["0.5", "0.9", "0.99"])
def test_a_groups_loading_comes_back_as_tetrachoric_correlation(loading):
    """Value 1 of docs/model.md: ten techniques at 0.1 in one group."""
    s = settled([[]] * 10, [], background="0.1", groups={"g": loading})
    found = correlation(s, build(s), range(10))
    for i, j in product(range(10), repeat=2):
        assert found.tetrachoric[i][j] == pytest.approx(1 if i == j else float(loading), abs=1e-6)
        assert found.jaccard[i][j] is None


def test_loadings_multiply_as_their_roots():
    s = settled([[]] * 3, [], background=["0.1", "0.3", "0.02"], groups={"g": [0.2, 0.5, 0.8]})
    found = correlation(s, build(s), range(3)).tetrachoric
    for i, j in ((0, 1), (0, 2), (1, 2)):
        expected = sqrt([0.2, 0.5, 0.8][i] * [0.2, 0.5, 0.8][j])
        assert found[i][j] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("beta", [0.0, 0.1, 0.5, 1.0])
def test_against_the_beta_factor_model(beta):
    """A common event of probability beta q fails all; each fails by itself with (1 - beta) q."""
    q, alone = 0.1, (1 - beta) * 0.1
    weights = [beta * q, 1 - beta * q] if beta else [0, 1]
    s = settled(weights=weights, failure=[[1, alone]] * 2)
    found = correlation(s, build(s), range(2))
    m = beta * q + (1 - beta * q) * alone
    both = beta * q + (1 - beta * q) * alone**2
    assert found.failure[0] == pytest.approx(m)
    assert found.joint[0][1] == pytest.approx(both)
    assert found.phi[0][1] == pytest.approx((both - m * m) / (m * (1 - m)), abs=1e-12)
    assert found.jaccard is None
    if beta in (0, 1):
        assert found.phi[0][1] == found.tetrachoric[0][1] == pytest.approx(beta)


def test_phi_by_enumeration_weighs_worlds_by_their_loss_and_leaves_the_unlisted_out():
    v, p, loss = [[0.8, 0.1, 0.0], [0.3, 0.9, 0.2]], [0.3, 0.2, 0.1], [1, 4, 2]
    s = settled(v, p, loss=loss, background=[0.05, 0.1], success=[0.9, 1], baseline_loss="0.5",
                unlisted="0.2")  # fmt: skip
    total, m, both = 0.0, [0.0, 0.0], 0.0
    for active in product((0, 1), repeat=3):
        chance = np.prod([x if a else 1 - x for a, x in zip(active, p, strict=True)])
        weight = chance * max([y for a, y in zip(active, loss, strict=True) if a], default=0.5)
        fails = []
        for row, b, success in zip(v, (0.05, 0.1), (0.9, 1), strict=True):
            holds = np.prod([1 - x for a, x in zip(active, row, strict=True) if a])
            fails.append(1 - success * (1 - b) * holds)
        total += weight
        m = [m[i] + weight * fails[i] for i in range(2)]
        both += weight * fails[0] * fails[1]
    m, both = [x / total for x in m], both / total
    found = correlation(s, build(s), [0, 1])
    assert found.failure == pytest.approx(m)
    assert found.joint[0][1] == pytest.approx(both)
    expected = (both - m[0] * m[1]) / sqrt(m[0] * (1 - m[0]) * m[1] * (1 - m[1]))
    assert found.phi[0][1] == found.phi[1][0] == pytest.approx(expected)


def test_phi_against_simulated_failures_with_a_common_cause():
    v, p, r = np.array([[0.7, 0.2], [0.4, 0.6]]), np.array([0.3, 0.4]), 0.4
    s = settled(v.tolist(), p.tolist(), background="0.05", groups={"g": r})
    rng = np.random.default_rng(11)
    count = 400_000
    active = rng.random((count, 2)) < p
    f = 1 - 0.95 * np.prod(1 - active[:, None, :] * v, axis=2)
    z, e = rng.standard_normal((count, 1)), rng.standard_normal((count, 2))
    fails = sqrt(r) * z + sqrt(1 - r) * e < ndtri(f)
    simulated = np.corrcoef(fails.T)[0, 1]
    assert correlation(s, build(s), [0, 1]).phi[0][1] == pytest.approx(simulated, abs=0.006)


def test_what_never_or_always_fails_has_no_correlation():
    s = settled([[0, 0.5], [1, 0.5], [0.2, 0.9], [0.5, 0.5]], background=[0, 1, 0, 0], pi="0.5")
    s2 = settled([[0, 0], [1, 1], [0.2, 0.9], [0.5, 0.5]], background=[0, 1, 0, 0], pi="0.5")
    assert correlation(s, build(s), range(4)).phi[1] == (None,) * 4
    found = correlation(s2, build(s2), range(4))
    for i in (0, 1):
        assert found.phi[i] == found.tetrachoric[i] == (None,) * 4
        assert all(row[i] is None for row in found.phi)
    assert found.phi[2][3] is not None
    assert found.phi[2][2] == 1
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.to_frame().shape == (4, 5)


def test_clusters_are_the_blocks_whatever_the_order():
    table = [[0.9, 0.9, 0, 0], [0.9, 0.85, 0, 0], [0, 0, 0.9, 0.9], [0, 0, 0.85, 0.9], [0.01] * 4]
    s = settled(table, "0.3")
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        found = correlation(s, build(s), order)
        assert {frozenset(c) for c in found.clusters} == {
            frozenset({"t01", "t02"}), frozenset({"t03", "t04"}), frozenset({"t05"})
        }  # fmt: skip
        assert sorted(found.order) == list(range(5))
        assert len(found.linkage) == 4
        assert [label for c in found.clusters for label in c] == [
            found.labels[i] for i in found.order
        ]


def test_one_technique_and_none():
    s = settled([[0.5], [0.5]])
    assert correlation(s, build(s), [1]).clusters == (("t02",),)
    empty = correlation(s, build(s), [])
    assert empty.clusters == empty.linkage == empty.phi == ()
    assert list(empty.pairs_frame().columns)[:2] == ["technique", "other"]


def test_the_papers_cheap_techniques_share_almost_all_modes():
    """dung_mai.md: 5 of the 6 modes in their union; Jaccard 5/6, 5/6, 6/6."""
    s = settle(read(PAPER))
    found = correlation(s, build(s), range(7))
    at = {id: k for k, id in enumerate(found.techniques)}
    cheap = [("rlhf", "rlaif"), ("rlhf", "w2s"), ("rlaif", "w2s")]
    pairs = [(at[a], at[b]) for a, b in cheap]
    assert [found.shared[i][j] for i, j in pairs] == [5, 5, 6]
    assert [found.union[i][j] for i, j in pairs] == [6, 6, 6]
    assert [found.jaccard[i][j] for i, j in pairs] == [5 / 6, 5 / 6, 1]
    assert {"rlhf", "rlaif", "w2s"} in [set(c) for c in found.clusters]
    assert found.to_frame("jaccard").set_index("technique").loc["rlhf", "w2s"] == 5 / 6
