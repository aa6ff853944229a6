"""The verifier's own logarithms against the standard library's `Decimal.ln` at 60 digits."""

import random
from decimal import Context, Decimal
from fractions import Fraction

import pytest

from planner.proof.verify_plan import LOG_BITS, Rejected, log_above, log_below

CONTEXT = Context(prec=80, Emax=10**6, Emin=-(10**6))


def exact(numerator: int, denominator: int) -> Fraction:
    """2^54 log(n / d) to 60 digits (Decimal.ln is correctly rounded)."""
    log = CONTEXT.ln(Decimal(numerator)) - CONTEXT.ln(Decimal(denominator))
    return Fraction(log) * (1 << LOG_BITS)


def numbers(seed: int):
    rng = random.Random(seed)
    yield from [(1, 1), (2, 1), (1, 2), (2**60 + 1, 2**60), (2**60 - 1, 2**60), (3, 4), (255, 256)]
    for _ in range(400):
        yield rng.getrandbits(rng.randint(1, 60)) + 1, rng.getrandbits(rng.randint(1, 60)) + 1
    for _ in range(200):  # doubles, from the least to the largest
        yield (rng.random() * 2.0 ** rng.randint(-1070, 1020) or 5e-324).as_integer_ratio()
    for k in range(1, 129):  # at the edges of the table
        for shift in (-1, 0, 1):
            yield (128 + k) * 2**70 + shift, 2**77


def test_a_logarithm_is_rounded_downward_by_less_than_two_units():
    for n, d in numbers(0):
        low = log_below(n, d)
        true = exact(n, d)
        assert low <= true < low + 2, (n, d)
        assert log_above(n, d) >= true


def test_the_logarithm_of_very_long_fractions_is_enclosed_too():
    n, d = 7**9000 + 1, 3**4000
    assert log_below(n, d) <= exact(n, d) <= log_above(n, d)


def test_a_number_that_is_too_long_is_refused():
    with pytest.raises(Rejected, match="too large or too small"):
        log_below(1 << (1 << 19), 1)
