"""Sums of products to 30 digits, against exact fractions."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest

from planner.risk.double import sum_of_products


def exactly(factors: np.ndarray, weights: list[np.ndarray]) -> Fraction:
    total = Fraction(0)
    for s in range(factors.shape[1]):
        term = Fraction(1)
        for row in [*factors, *weights]:
            term *= Fraction(float(row[s]))
        total += term
    return total


@pytest.mark.parametrize("seed", range(40))
def test_the_true_sum_is_within_the_stated_error_and_rounds_as_stated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, worlds = int(rng.integers(0, 30)), int(rng.integers(1, 40))
    factors = rng.random((k, worlds)) ** rng.integers(1, 6)
    factors[rng.random((k, worlds)) < 0.05] = 0.0
    factors[rng.random((k, worlds)) < 0.1] = 1.0
    weights = [rng.random(worlds) * 10.0 ** float(rng.integers(-6, 9)), rng.random(worlds)]
    true = exactly(factors, weights)
    close = sum_of_products(factors, weights)
    assert close is not None
    assert abs(close.middle() - true) <= Fraction(close.error)
    assert close.error <= 1e-28 * close.hi
    assert close.rounded() in (None, float(true))
    assert close.compare(true) is None or true == 0
    assert true == 0 or close.compare(true * (1 + Fraction(1, 10**25))) == -1


def test_what_lies_near_the_middle_of_two_doubles_is_not_rounded_on_a_guess() -> None:
    # (1 + 2^-27)^2 = 1 + 2^-26 + 2^-54: 2^-54 is a quarter of a unit, so it rounds; with 2^-53
    # added it would be half way, which only exact arithmetic may decide
    near = sum_of_products(np.array([[1 + 2.0**-27]]), [np.array([1 + 2.0**-27])])
    assert near is not None
    assert near.rounded() == float((1 + Fraction(1, 2**27)) ** 2)
    half = sum_of_products(np.array([[1.0, 2.0**-53]]), [np.ones(2)])
    assert half is not None
    assert half.rounded() is None


def test_lost_digits_are_said_to_be_lost() -> None:
    rng = random.Random(1)
    tiny = np.array([[10.0 ** -rng.randint(30, 60)] for _ in range(8)])
    assert sum_of_products(tiny, [np.ones(1)]) is None
    huge = np.array([[1e200], [1e-200], [1e60]])
    assert sum_of_products(huge, [np.ones(1)]) is None


def test_nothing_left_is_zero_and_one_world_alone_is_a_product() -> None:
    gone = sum_of_products(np.zeros((2, 3)), [np.ones(3)])
    assert gone is not None
    assert gone.rounded() == 0.0
    one = sum_of_products(np.array([[0.1], [0.3]]), [np.array([0.7])])
    assert one is not None
    assert one.rounded() == float(Fraction(0.1) * Fraction(0.3) * Fraction(0.7))
    assert math.isclose(one.hi, 0.021)
