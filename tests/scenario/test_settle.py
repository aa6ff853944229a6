"""From written values to the numbers that are computed with: money in integers above all."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from factory import scenario, settled

from planner.errors import BadInput
from planner.scenario.settle import LARGEST_AMOUNT, amount, exact, money, units
from planner.scenario.values import Interval, Number, Uniform, number


def uniform(low: str, high: str) -> Uniform:
    return Uniform(Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("text", "decimals", "count"),
    [
        ("0", 2, 0),
        ("1", 2, 100),
        ("1.23", 2, 123),
        ("0.01", 2, 1),
        ("0.000000001", 9, 1),
        ("4503599.627370496", 9, 2**52),
        # Ties go to the even neighbour, whichever side it is on; all else to the nearer one.
        ("0.125", 2, 12),
        ("0.135", 2, 14),
        ("0.1250000000000000000000000000000000000001", 2, 13),
        ("0.1349999999999999999999999999999999999999", 2, 13),
        ("-0.125", 2, -12),
    ],
)
def test_an_amount_counts_in_units_of_account(text: str, decimals: int, count: int) -> None:
    assert units(Decimal(text), decimals) == count


def test_units_go_back_to_the_very_amount() -> None:
    assert amount(123, 2) == Decimal("1.23")
    assert str(amount(100, 2)) == "1.00"
    assert amount(2**52, 9) == Decimal("4503599.627370496")


def test_a_written_amount_is_exact_and_a_mean_rounds_half_even_to_the_unit() -> None:
    assert money(number("0.07"), 2) == 7
    # Means 0.125 and 0.375 are exact in binary: ties, to 12 and to 38.
    assert money(uniform("0", "0.25"), 2) == 12
    assert money(uniform("0.25", "0.5"), 2) == 38
    # A lognormal with these quantiles: exp(mu + sigma^2 / 2) = 2.0276..., worked out by hand from
    # mu = log 2 and sigma = log 2 / (2 * 1.6448536...) over [1.4142..., 2.8284...].
    low, high = Decimal(2).sqrt(), 2 * Decimal(2).sqrt()
    sigma = np.log(2) / (2 * 1.6448536269514722)
    expected = 2 * np.exp(sigma**2 / 2)
    assert money(Interval(low, high, "amount"), 4) == round(expected * 10**4)


def test_amounts_that_64_bit_sums_could_not_hold_are_refused_at_the_very_unit() -> None:
    assert money(Number(Decimal(LARGEST_AMOUNT) / 100), 2) == LARGEST_AMOUNT == 2**52
    with pytest.raises(BadInput, match=r"too large to count exactly in units of 10\^-2") as caught:
        money(Number(Decimal(LARGEST_AMOUNT + 1) / 100), 2)
    assert "larger currency unit" in caught.value.findings[0].cure


def test_an_attribute_is_as_written_and_its_mean_has_nine_decimals() -> None:
    assert exact(number("1.50")) == Decimal("1.50")
    # 2^-10 = 0.0009765625: a tie at the ninth decimal, to the even 2; 3 * 2^-10 to the even 8.
    assert exact(uniform("0", "0.001953125")) == Decimal("0.000976562")
    assert exact(uniform("0", "0.005859375")) == Decimal("0.002929688")
    # More digits than decimals have by default.
    assert exact(uniform("1e25", "3e25")) == Decimal(int(2e25))


def test_options_go_technique_by_technique_and_level_by_level() -> None:
    found = settled(
        [["0.1"], ["0.2"]],
        ids=["b", "a"],
        levels={"b": {"half": "1.5", "full": ("2.5", "0.9")}},
        costs={"a": "0.25"},
        attributes={"staff": {"a": "3", "b": None}},
        groups={"g": {"b": "0.3"}, "h": {"a": "0.4"}},
        decimals=2,
        budget="3.75",
    )
    assert [option.label for option in found.options] == ["a", "b:full", "b:half"]
    assert found.option_index == {"a": 0, "b:full": 1, "b:half": 2}
    assert found.options_of == {"a": (0,), "b": (1, 2)}
    assert found.cost == (25, 250, 150)
    assert found.success.tolist() == [1.0, 0.9, 1.0]
    assert found.budget == 375
    assert found.attributes == {"staff": (Decimal(3), Decimal(0))}
    assert found.threats.loading.tolist() == [[0.0, 0.4], [0.3, 0.0]]  # type: ignore[union-attr]


def test_what_others_pay_for_without_a_level_counts_at_the_dearest_one() -> None:
    levels = {"t01": {"a": 2, "b": 2, "c": 1}, "t02": {"a": 1, "b": 5}}
    found = settled([["0.1"], ["0.2"]], levels=levels, committed=["t01", "t02:a"])
    # Of two levels that cost the same the last by name; of t02 the level named.
    assert [found.options[k].label for k in found.committed] == ["t01:b", "t02:a"]


def test_correlation_is_a_factor_a_matrix_or_nothing() -> None:
    v, pi = [["0.1", "0.2"]], ["0.5", "0.5"]
    assert settled(v, pi).threats.correlation is None  # type: ignore[union-attr]
    assert settled(v, pi, factor="0").threats.correlation is None  # type: ignore[union-attr]
    assert settled(v, pi, factor="0.3").threats.correlation == 0.3  # type: ignore[union-attr]
    matrix = [[1.0, 0.2], [0.2, 1.0]]
    found = settled(v, pi, matrix=matrix).threats.correlation  # type: ignore[union-attr]
    assert np.array_equal(found, matrix)


def test_a_failure_that_is_not_listed_is_certain_and_losses_may_be_left_out() -> None:
    given = {"failure": [["0.5", None], [None, "0.25"]], "weights": [1, 3]}
    found = settled(**given).threats
    assert found.failure.tolist() == [[0.5, 1.0], [1.0, 0.25]]
    assert found.weight.tolist() == [1.0, 3.0]  # type: ignore[union-attr]
    assert found.loss is None
    found = settled(**given, loss=[0, 2]).threats
    assert found.loss is not None
    assert found.loss.tolist() == [0.0, 2.0]


def test_a_scenario_without_budget_settles_without_one() -> None:
    given = scenario([["0.1"]], unlisted="0.01", baseline_loss="2")
    assert settled([["0.1"]]).budget is None
    assert given.budget is None
