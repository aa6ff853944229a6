"""Common causes: marginals, joints and the values of docs/model.md."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from factory import settled
from scipy.integrate import dblquad, quad
from scipy.special import log_ndtr, ndtr, ndtri
from scipy.stats import norm
from worlds_brute import of_worlds

from planner.worlds.build import build, strikes


@pytest.mark.parametrize(("loading", "n", "expected", "digits"), [
    (0.5, 10, 0.001605, 6), (0.9, 10, 0.03361, 5), (0.99, 10, 0.07491, 5),
    (0.5, 3, 0.01558, 5), (0.5, 5, 0.00597, 5),
])  # fmt: skip
def test_values_1_and_2(loading, n, expected, digits):
    """Expected: docs/model.md, "Values to check by hand", 1 and 2."""
    worlds = build(settled([[]] * n, [], background="0.1", groups={"g": loading}))
    assert worlds.exact
    assert round(of_worlds(worlds, range(n)), digits) == expected


@pytest.mark.parametrize("loading", [0.001, 0.1, 0.5, 0.7, 0.9, 0.97, 0.99])
@pytest.mark.parametrize("f", [1e-9, 0.001, 0.1, 0.5, 0.9, 1 - 1e-6])
def test_marginals_are_preserved(loading, f):
    """sum over z of p F = f: the definition of the shift."""
    worlds = build(settled([[], []], [], background=[f, 0.3], groups={"g": [loading, 0.5]}))
    assert worlds.failure @ worlds.probability == pytest.approx([f, 0.3], abs=1e-12)


@pytest.mark.parametrize("loadings", [(0.3, 0.2), (0.5, 0.49), (0.05, 0.9), (0.7, 0.1)])
def test_marginals_are_preserved_with_two_groups(loadings):
    a, b = loadings
    s = settled([[], [], []], [], background=["0.1", "0.02", "0.6"],
                groups={"g": [a, 0.4, 0.3], "h": [b, 0, 0.6]})  # fmt: skip
    worlds = build(s)
    assert worlds.exact
    assert worlds.failure @ worlds.probability == pytest.approx([0.1, 0.02, 0.6], abs=1e-9)


@pytest.mark.parametrize("loading", [0.05, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [2, 4, 10, 30])
def test_joint_of_equal_techniques_matches_adaptive_integration(loading, n):
    """Expected: scipy.integrate.quad."""
    f = 0.2
    expected = quad(
        lambda z: norm.pdf(z) * ndtr((ndtri(f) - sqrt(loading) * z) / sqrt(1 - loading)) ** n,
        -10, 10, points=[ndtri(f) / sqrt(loading)] if loading > 0.05 else None,
        epsabs=1e-15, epsrel=1e-12, limit=500,
    )[0]  # fmt: skip
    worlds = build(settled([[]] * n, [], background=f, groups={"g": loading}))
    assert of_worlds(worlds, range(n)) == pytest.approx(expected, rel=2e-8, abs=1e-13)


@pytest.mark.parametrize("loading", [0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize(("f", "n"), [(1e-4, 10), (1e-6, 5), (1e-6, 10), (1e-9, 3), (1e-12, 6)])
def test_rare_failures_keep_their_relative_precision_together(loading, f, n):
    """Expected: scipy.integrate.quad around the peak of the integrand, scaled by its height; the
    joint probability is down to 1e-50, where nodes within 8 deviations miss most of it."""

    def log(z):
        x = (ndtri(f) - sqrt(loading) * z) / sqrt(1 - loading)
        return -z * z / 2 + n * log_ndtr(x)

    z = np.linspace(-30, 10, 40_001)
    peak = z[int(log(z).argmax())]
    height = float(log(peak))
    integral = quad(
        lambda z: np.exp(log(z) - height), peak - 12, peak + 12, points=[peak], epsrel=1e-11,
        limit=500,
    )[0]  # fmt: skip
    expected = height + np.log(integral) - np.log(2 * np.pi) / 2
    worlds = build(settled([[]] * n, [], background=f, groups={"g": loading}))
    assert np.log(of_worlds(worlds, range(n))) == pytest.approx(expected, abs=2e-6)


def test_joint_with_two_groups_matches_adaptive_integration():
    """Expected: scipy.integrate.dblquad over both causes."""
    f, g, h = [0.1, 0.3, 0.05], [0.3, 0.5, 0.0], [0.2, 0.0, 0.6]

    def integrand(y, x):
        value = norm.pdf(x) * norm.pdf(y)
        for i in range(3):
            shift = sqrt(g[i]) * x + sqrt(h[i]) * y
            value *= ndtr((ndtri(f[i]) - shift) / sqrt(1 - g[i] - h[i]))
        return value

    expected = dblquad(integrand, -8, 8, -8, 8, epsabs=1e-10, epsrel=1e-10)[0]
    worlds = build(settled([[]] * 3, [], background=f, groups={"g": g, "h": h}))
    assert of_worlds(worlds, range(3)) == pytest.approx(expected, abs=1e-9)


def test_simulated_story_of_modes_and_common_causes():
    """Expected: a plain Monte Carlo of the latent story, within five standard errors."""
    v = np.array([[0.3, 0.6], [0.5, 0.1], [0.9, 0.2]])
    pi, b, s = np.array([0.4, 0.3]), np.array([0.05, 0.1, 0.02]), np.array([0.8, 1, 0.9])
    g, h, rho = np.array([0.5, 0.3, 0.0]), np.array([0.2, 0.0, 0.7]), 0.5
    rng, count = np.random.default_rng(11), 400_000
    latent = sqrt(rho) * rng.normal(size=(count, 1)) + sqrt(1 - rho) * rng.normal(size=(count, 2))
    active = latent < ndtri(pi)
    f = 1 - s * (1 - b) * np.where(active[:, None, :], 1 - v, 1).prod(axis=2)
    causes = rng.normal(size=(count, 2))
    own = rng.normal(size=(count, 3)) * np.sqrt(1 - g - h)
    fails = own + causes[:, :1] * np.sqrt(g) + causes[:, 1:] * np.sqrt(h) < ndtri(f)
    worlds = build(settled(v.tolist(), pi.tolist(), background=b.tolist(), success=s.tolist(),
                           groups={"g": g.tolist(), "h": h.tolist()}, factor=rho))  # fmt: skip
    assert worlds.exact
    for stack in [c for k in (1, 2, 3) for c in combinations(range(3), k)]:
        share = fails[:, stack].all(axis=1).mean()
        assert of_worlds(worlds, stack) == pytest.approx(share, abs=5 * sqrt(share / count))


def test_failures_of_exactly_0_and_1_stay_so():
    worlds = build(settled([[1], [0]], ["0.5"], groups={"g": 0.5}))
    assert sorted(set(worlds.failure[0])) == [0, 1]
    assert set(worlds.failure[1]) == {0}
    assert worlds.count == 2


def test_a_group_of_one_integrates_out():
    kw = {"v": [[0.2], [0.4]], "background": "0.1"}
    alone = build(settled(**kw, groups={"g": [0.7, 0], "h": [0, 0.9], "i": [0.1, 0]}))
    none = build(settled(**kw))
    assert (alone.failure == none.failure).all()
    assert alone.exact


def test_levels_of_one_technique_are_one_member():
    levels = [{"a": (1, "0.5"), "b": (2, 1)}, None]
    worlds = build(settled([[0.2], [0.4]], levels=levels, groups={"g": [0.7, 0]}))
    assert worlds.count == 2


def test_groups_can_be_left_out():
    kw = {"v": [[0.2], [0.4]], "background": "0.1"}
    left_out = build(settled(**kw, groups={"g": 0.7}), groups=False)
    assert (left_out.failure == build(settled(**kw)).failure).all()


def test_by_mode_with_common_causes():
    """Expected: quad for each mode's pair of failures, weighted by hand."""
    v, pi, g = [[0.2, 0.5], [0.4, 0.3]], [0.3, 0.6], 0.6

    def both(f):
        return quad(
            lambda z: norm.pdf(z) * np.prod(ndtr((ndtri(f) - sqrt(g) * z) / sqrt(1 - g))), -9, 9
        )[0]

    worlds = build(settled(v, pi, background="0.1", groups={"g": g}, reading="by-mode"))
    fails = [1 - 0.9 * (1 - np.array(column)) for column in ([0, 0], [0.2, 0.4], [0.5, 0.3])]
    expected = 0.7 * 0.4 * both(fails[0]) + 0.3 * both(fails[1]) + 0.6 * both(fails[2])
    assert of_worlds(worlds, (0, 1)) == pytest.approx(expected, abs=1e-10)
    assert worlds.probability.sum() == pytest.approx(1, abs=1e-12)


def test_strikes_average_over_common_causes():
    """Expected: quad for the pair of failures given the mode."""
    g, f = 0.8, np.array([0.4, 0.7])
    expected = quad(
        lambda z: norm.pdf(z) * np.prod(ndtr((ndtri(f) - sqrt(g) * z) / sqrt(1 - g))), -9, 9
    )[0]
    worlds = strikes(settled([["0.4"], ["0.7"]], ["0.01"], loss=3, groups={"g": g}), 1)
    of_state = np.bincount(worlds.state, worlds.weight * worlds.failure.prod(axis=0))
    assert of_state.max() == pytest.approx(3 * expected, abs=1e-8)
    assert np.bincount(worlds.state, worlds.probability) == pytest.approx(1, abs=1e-12)
