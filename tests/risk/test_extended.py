"""Sums of products in extended precision, against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from planner.risk.extended import WIDE, sum_of_products


def exactly(rows: np.ndarray, chosen: list[int], loss: np.ndarray, share: np.ndarray) -> Fraction:
    total = Fraction(0)
    for s in range(loss.size):
        term = Fraction(float(loss[s])) * Fraction(float(share[s]))
        for i in chosen:
            term *= Fraction(float(rows[i, s]))
        total += term
    return total


@pytest.mark.skipif(not WIDE, reason="a longdouble is a double on this machine")
@pytest.mark.parametrize("seed", range(40))
def test_the_true_sum_is_within_the_stated_error_and_rounds_as_stated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, worlds = int(rng.integers(1, 30)), int(rng.integers(1, 60))
    rows = rng.random((k, worlds)) ** rng.integers(1, 6)
    rows[rng.random((k, worlds)) < 0.02] = 0.0
    rows[rng.random((k, worlds)) < 0.1] = 1.0
    loss = rng.random(worlds) * 10.0 ** float(rng.integers(-6, 9))
    share = rng.random(worlds)
    chosen = [int(i) for i in rng.permutation(k)[: int(rng.integers(0, k + 1))]]
    true = exactly(rows, chosen, loss, share)
    close = sum_of_products(rows, chosen, loss, share)
    if close is None:
        assert true < Fraction(1, 10**279)
        return
    assert abs(close.middle() - true) <= Fraction(close.error)
    # 2^-64 a step, and fewer than 40 steps: more digits than a double has
    assert close.error <= 40 * 2.0**-64 * close.hi
    assert close.rounded() in (None, float(true))
    assert close.compare(true) is None


@pytest.mark.skipif(not WIDE, reason="a longdouble is a double on this machine")
def test_half_way_between_two_doubles_is_not_rounded_on_a_guess() -> None:
    # 1 + 2^-53 is half way between two doubles
    half = sum_of_products(np.zeros((0, 2)), [], np.array([1.0, 2.0**-53]), np.ones(2))
    assert half is not None
    assert half.rounded() is None


def test_products_below_every_double_are_left_to_others() -> None:
    rows = np.full((40, 3), 1e-100)
    assert sum_of_products(rows, range(40), np.ones(3), np.ones(3)) is None
    assert sum_of_products(rows, [], np.zeros(3), np.ones(3)) is None


@pytest.mark.skipif(not WIDE, reason="a longdouble is a double on this machine")
def test_more_worlds_than_one_pass_takes() -> None:
    # 10,000 equal worlds: 1e4 times (0.5 x 0.25) is exact in doubles
    rows = np.full((1, 10_000), 0.25)
    close = sum_of_products(rows, [0], np.full(10_000, 0.5), np.ones(10_000))
    assert close is not None
    assert close.rounded() == 1250.0
    assert math.isclose(close.hi, 1250.0)
