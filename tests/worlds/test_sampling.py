"""Drawn worlds: close to exact ones, with honest standard errors."""

from itertools import combinations

import numpy as np
import pytest
from factory import settled
from worlds_brute import of_worlds

from planner.worlds import sample
from planner.worlds.build import build, strikes

RNG = np.random.default_rng(7)
V = RNG.random((4, 5)).round(2).tolist()
PI = [0.1, 0.3, 0.2, 0.5, 0.4]


def with_error(worlds, stack):
    """R, and its standard error from the scramblings."""
    product = worlds.loss * worlds.failure[list(stack)].prod(axis=0)
    each = worlds.replicates @ product
    return worlds.probability @ product, each.std(ddof=1) / np.sqrt(len(each))


def check(worlds):
    assert not worlds.exact
    assert worlds.seed is not None
    assert worlds.replicates.shape == (8, worlds.count)
    assert worlds.replicates.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert worlds.probability.sum() == pytest.approx(1, abs=1e-12)
    assert (worlds.probability > 0).all()


STACKS = [c for k in range(5) for c in combinations(range(4), k)]


def three_groups(shared):
    """Groups g and h with two members, and a third whose loading is next to nothing: drawn, but
    with nearly the same worlds as the exact ones without the third."""
    tiny = [0, 0, "1e-12", "1e-12"]
    return {"g": [shared, shared, 0, 0], "h": [0, 0, shared, shared], "i": tiny}


@pytest.mark.parametrize("reading", ["together", "by-mode"])
@pytest.mark.parametrize("joint", [{}, {"factor": "0.5"}, {"factor": 1}])
def test_drawn_worlds_are_close_to_exact_ones(reading, joint):
    kw = {"v": V, "pi": PI, "background": "0.05", "reading": reading, **joint}
    groups = three_groups("0.5")
    exact = build(settled(**kw, groups={g: groups[g] for g in "gh"}))
    drawn = build(settled(**kw, groups=groups), seed=3)
    assert exact.exact
    check(drawn)
    for stack in STACKS:
        found, error = with_error(drawn, stack)
        assert found == pytest.approx(of_worlds(exact, stack), abs=5 * error + 1e-9)
        assert error < 0.01


def test_matrix_draws_are_close_to_an_equal_factor():
    """A matrix that is one factor but for a hair is drawn; the factor itself is exact."""
    matrix = np.full((5, 5), 0.4) + 0.6 * np.eye(5)
    exact = build(settled(V, PI, matrix=matrix))
    assert exact.exact
    matrix[0, 1] = matrix[1, 0] = 0.4 + 1e-9
    drawn = build(settled(V, PI, matrix=matrix))
    check(drawn)
    for stack in STACKS:
        found, error = with_error(drawn, stack)
        assert found == pytest.approx(of_worlds(exact, stack), abs=5 * error + 1e-9)


def test_probabilities_are_the_mean_of_the_replicates():
    drawn = build(settled(V, PI, groups=three_groups("0.3"), unlisted="0.1"))
    check(drawn)
    assert drawn.replicates.mean(axis=0) == pytest.approx(drawn.probability, abs=1e-15)
    assert drawn.replicates[:, -1] == pytest.approx(0.1)
    assert drawn.state[-1] == -1


def test_draws_depend_on_the_seed_alone():
    s = settled(V, PI, groups=three_groups("0.3"))
    one, same, other = build(s, seed=1), build(s, seed=1), build(s, seed=2)
    assert (one.failure == same.failure).all()
    assert (one.probability == same.probability).all()
    assert one.failure.shape != other.failure.shape or (one.failure != other.failure).any()


def test_by_mode_with_a_matrix_estimates_only_the_chance_of_none():
    """Expected: a one-factor matrix has the same P(none), exactly."""
    matrix = np.full((5, 5), 0.4) + 0.6 * np.eye(5)
    exact = build(settled(V, PI, matrix=matrix, reading="by-mode"))
    matrix[0, 1] = matrix[1, 0] = 0.4 + 1e-9
    drawn = build(settled(V, PI, matrix=matrix, reading="by-mode"))
    check(drawn)
    assert drawn.count == exact.count
    for stack in STACKS:
        assert of_worlds(drawn, stack) == pytest.approx(of_worlds(exact, stack), abs=2e-3)
    kept = build(settled(V, PI, matrix=matrix, reading="by-mode", baseline_loss=0))
    assert kept.exact
    assert kept.replicates is None


def test_draws_without_groups_are_merged_by_their_modes():
    matrix = np.array([[1, -0.5], [-0.5, 1]])
    drawn = build(settled([[0.3, 0.6]], [0.4, 0.3], matrix=matrix))
    check(drawn)
    assert drawn.count <= 4
    assert drawn.replicates.sum() == pytest.approx(8)


def test_too_many_modes_are_drawn_and_many_modes_work():
    drawn = build(settled([[0.01] * 90, [0.02] * 90], "0.05", samples=2048))
    check(drawn)
    # Expected by hand: independent modes and equal cells: E f1 f2 = 1 - 2 terms of products.
    one, two = 1 - 0.05 * 0.01, 1 - 0.05 * 0.02
    both = 1 - 0.05 + 0.05 * 0.99 * 0.98
    expected = 1 - one**90 - two**90 + both**90
    found, error = with_error(drawn, (0, 1))
    assert found == pytest.approx(expected, abs=5 * error)


def test_drawn_strikes_are_close_to_exact_ones():
    groups = three_groups("0.5")
    kw = {"v": V, "pi": PI, "background": "0.05"}
    exact = strikes(settled(**kw, groups={g: groups[g] for g in "gh"}), 2)
    drawn = strikes(settled(**kw, groups=groups, samples=2**16), 2)
    assert not drawn.exact
    sums = np.bincount(drawn.state, drawn.probability)
    assert sums == pytest.approx(1, abs=1e-12)
    for stack in STACKS[1:]:
        worst = [
            np.bincount(w.state, w.weight * w.failure[list(stack)].prod(axis=0)).max()
            for w in (exact, drawn)
        ]
        assert worst[1] == pytest.approx(worst[0], abs=0.003)


def test_points_are_inside_the_unit_cube_and_balanced():
    points = sample.uniform(3, 256, seed=9)
    assert points.shape == (2048, 3)
    assert ((points > 0) & (points < 1)).all()
    for k in range(8):  # a Sobol net: every 1/256 slab holds one point in each dimension
        cells = np.floor(points[k * 256 : (k + 1) * 256] * 256).astype(int)
        assert all(sorted(column) == list(range(256)) for column in cells.T)


@pytest.mark.parametrize(("samples", "each"), [(1, 1), (8, 1), (9, 2), (8192, 1024), (8193, 2048)])
def test_draws_of_one_scrambling(samples, each):
    assert sample.draws_each(samples) == each
