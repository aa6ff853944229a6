"""P(A): against products, numerical integration, bivariate orthants and plain simulation."""

from itertools import pairwise, product
from math import asin, pi, prod, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from planner.worlds import joint, quadrature


def test_independent_sets_are_products():
    p = [0.2, 0.0, 0.7, 1.0]
    found = joint.set_probabilities(np.array(p), None)
    for bits in product([0, 1], repeat=4):
        expected = prod(x if bit else 1 - x for x, bit in zip(p, bits, strict=True))
        assert found[sum(b << j for j, b in enumerate(bits))] == pytest.approx(expected, abs=1e-16)


@pytest.mark.parametrize("rho", [0.01, 0.3, 0.6, 0.9, 0.99, 0.9999, 0.99995])
@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_equal_modes_all_active_matches_adaptive_integration(rho, n):
    """Expected: scipy.integrate.quad over the factor, split where the integrand turns."""
    for chance in (0.01, 0.25, 0.5, 0.9):
        t = ndtri(chance)

        def integrand(z, t=t):
            return norm.pdf(z) * ndtr((t - sqrt(rho) * z) / sqrt(1 - rho)) ** n

        centre, width = t / sqrt(rho), sqrt((1 - rho) / rho)
        cuts = sorted({c for c in (-9, centre - 8.5 * width, centre, centre + 8.5 * width, 9)
                       if -9 <= c <= 9})  # fmt: skip
        expected = sum(
            quad(integrand, a, b, epsabs=1e-14, epsrel=1e-12, limit=500)[0]
            for a, b in pairwise(cuts)
        )
        found = joint.set_probabilities(np.full(n, chance), rho)
        assert found[-1] == pytest.approx(expected, abs=1e-12)
        assert found.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("rho", [0.1, 0.5, 0.95, 0.999])
def test_two_even_modes_meet_the_arcsine_law(rho):
    """Sheppard: two latent variables with correlation rho are both below 0 with probability
    1/4 + asin(rho) / (2 pi)."""
    found = joint.set_probabilities(np.array([0.5, 0.5]), rho)
    assert found[3] == pytest.approx(0.25 + asin(rho) / (2 * pi), abs=1e-12)


def test_marginals_certain_and_impossible_modes():
    p = np.array([0.1, 1.0, 0.0, 0.6, 0.33])
    sets = joint.all_sets(5)
    for rho in (None, 0.2, 0.8, 0.9999, 0.999999, 1.0):
        found = joint.set_probabilities(p, rho)
        assert found @ sets == pytest.approx(p, abs=1e-12)
        assert (found[~sets[:, 1]] == 0).all()
        assert (found[sets[:, 2]] == 0).all()
        assert joint.none_probability(p, rho) == 0
        rest = p[[0, 3, 4]]
        expected = joint.set_probabilities(rest, rho)[0]
        assert joint.none_probability(rest, rho) == pytest.approx(expected, abs=1e-14)


def test_comonotone_modes_are_nested():
    found = joint.set_probabilities(np.array([0.1, 0.5, 0.3]), 1.0)
    assert {a: p for a, p in enumerate(found) if p > 0} == pytest.approx(
        {0: 0.5, 0b010: 0.2, 0b110: 0.2, 0b111: 0.1}
    )


def test_trapezoid_and_panels_agree_where_one_takes_over_from_the_other():
    p = np.array([0.05, 0.2, 0.2, 0.7])
    t, rho = ndtri(p), quadrature.STEEP
    results = []
    for z, w in (
        quadrature.factor(rho, t),
        quadrature.panels(t / sqrt(rho), sqrt((1 - rho) / rho)),
    ):
        on = ndtr((t[:, None] - sqrt(rho) * z) / sqrt(1 - rho))
        results.append([w @ on.prod(axis=0), w @ (1 - on).prod(axis=0), w @ (on[0] * (1 - on[3]))])
    assert results[0] == pytest.approx(results[1], abs=1e-12)


def test_correlation_near_one_tends_to_nested_sets():
    p = np.array([0.1, 0.5, 0.3])
    near = joint.set_probabilities(p, 1 - 1e-10)
    assert near == pytest.approx(joint.set_probabilities(p, 1.0), abs=1e-5)


def test_none_of_many_modes():
    """Expected: quad over the factor."""
    p, rho = np.linspace(0.001, 0.05, 60), 0.4
    t = ndtri(p)
    expected = quad(
        lambda z: norm.pdf(z) * ndtr(-(t - sqrt(rho) * z) / sqrt(1 - rho)).prod(),
        -9, 9, epsabs=1e-13, limit=400,
    )[0]  # fmt: skip
    assert joint.none_probability(p, rho) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_draws_of_one_factor_follow_the_set_probabilities(rho):
    p = np.array([0.2, 0.6, 0.35])
    correlation = joint.simplify(rho, 3)
    rng = np.random.default_rng(5)
    count = 200_000
    points = rng.random((count, joint.dimensions(3, correlation)))
    active = joint.draw_sets(points, p, correlation)
    share = np.bincount(active @ [1, 2, 4], minlength=8) / count
    expected = joint.set_probabilities(p, correlation)
    assert (abs(share - expected) <= 5 * np.sqrt(expected / count) + 1e-12).all()


@pytest.mark.parametrize("matrix", [
    [[1, 0.5, -0.3], [0.5, 1, 0.2], [-0.3, 0.2, 1]],
    [[1, 1, 0.4], [1, 1, 0.4], [0.4, 0.4, 1]],
    [[1, -1, 0.0], [-1, 1, 0.0], [0.0, 0.0, 1]],
])  # fmt: skip
def test_square_root_restores_the_matrix_also_where_it_is_singular(matrix):
    root = joint.square_root(np.array(matrix, float))
    assert root.T @ root == pytest.approx(np.array(matrix, float), abs=1e-7)


def test_draws_of_a_matrix_have_the_pairs_of_the_bivariate_normal():
    """Expected: a pair's joint probability by the one-factor rule with that pair's correlation."""
    matrix = np.array([[1, 0.7, 0.1], [0.7, 1, 0.4], [0.1, 0.4, 1]])
    p = np.array([0.3, 0.5, 0.2])
    count = 200_000
    active = joint.draw_sets(np.random.default_rng(1).random((count, 3)), p, matrix)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        expected = joint.set_probabilities(p[[a, b]], float(matrix[a, b]))[3]
        share = (active[:, a] & active[:, b]).mean()
        assert share == pytest.approx(expected, abs=5 * sqrt(expected / count))


def test_plainest_form_of_a_dependence():
    assert joint.simplify(np.eye(3), 3) is None
    assert joint.simplify(np.array([[1, 0.4], [0.4, 1]]), 2) == 0.4
    assert joint.simplify(np.ones((4, 4)), 4) == 1.0
    assert joint.simplify(0.3, 1) is None
    negative = np.array([[1, -0.4], [-0.4, 1]])
    assert joint.simplify(negative, 2) is negative
