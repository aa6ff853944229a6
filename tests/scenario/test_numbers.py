"""The grammar of a number."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.scenario.numbers import (
    NotAValue,
    Use,
    decimals,
    parse_mixture,
    parse_number,
    parse_value,
    parse_whole,
)
from planner.scenario.values import (
    Beta,
    Interval,
    Mixture,
    Number,
    Pert,
    Uniform,
    format_decimal,
    support,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("1e-9", "1e-9"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-1", "-1"),
        ("+1", "1"),
        (" 2 ", "2"),
        ("1.500", "1.5"),
        ("0.30", "0.3"),
        ("1E3", "1000"),
        ("0e5", "0"),
        ("1e-300", "1e-300"),
        ("1e300", "1e300"),
        ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
    ],
)
def test_a_plain_number_is_read_exactly(text: str, value: str) -> None:
    assert parse_value(text, "number") == Number(Decimal(value))


@pytest.mark.parametrize(
    ("text", "use", "value"),
    [
        ("1 to 3", "amount", Interval(Decimal(1), Decimal(3), "amount")),
        ("2 to 2", "loss", Interval(Decimal(2), Decimal(2), "amount")),
        ("0.1  to  .4", "probability", Interval(Decimal("0.1"), Decimal("0.4"), "probability")),
        ("{pert: [1, 2, 3]}", "amount", Pert(Decimal(1), Decimal(2), Decimal(3))),
        ("{ pert : [ 1,1 , 3 ] }", "amount", Pert(Decimal(1), Decimal(1), Decimal(3))),
        ("{beta: [2, 5]}", "probability", Beta(Decimal(2), Decimal(5))),
        ("{uniform: [0, 1]}", "probability", Uniform(Decimal(0), Decimal(1))),
    ],
)
def test_distributions(text: str, use: Use, value: object) -> None:
    assert parse_value(text, use) == value


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "Write a number"),
        ("30%", "Write 0.3."),
        ("2.5 %", "Write 0.025."),
        ("123456789012345678901234567890123456789%", f"Write {'1234567890' * 3}1234567.89."),
        ("$1,000", "Write 1000, in"),
        ("£5", "Write 5, in"),
        ("3 USD", "Write 3, in"),
        ("USD 3", "Write 3, in"),
        ("1.5M", "in full"),
        ("1,5", "Write 1.5."),
        (",5", "Write 0.5."),
        ("1,000", "Write 1000, or 1.000"),
        ("1,000,000", "Write 1000000."),
        ("1 000 000", "Write 1000000."),
        ("1.000,5", "Write 1000.5."),
        ("1_000", "Write 1000."),
        ("010", "Write 10."),
        ("-007.5", "Write -7.5."),
        ("00", "Write 0."),
        ("1:30", "time"),
        ("2025-01-01", "date"),
        ("1/2/2025", "date"),
        (".nan", "finite"),
        ("NaN", "finite"),
        ("-.inf", "finite"),
        ("Infinity", "finite"),
        ("0x10", "decimal digits"),
        ("1/4", "decimal number"),
        ("0.1-0.4", "Write 0.1 to 0.4."),
        ("0.1–0.4", "Write 0.1 to 0.4."),
        ("−1", "plain hyphen"),
        ("true", "0 or 1"),
        ("null", "0 or 1"),
        ("n/a", "finite"),
        ("about 3", "plain number"),
        ("٣", "plain number"),
        ("1e400", "larger unit"),
        ("0.1e301", "larger unit"),
        ("1e-400", "Write 0"),
        ("1e-99999999999999999999", "Write 0"),
        ("0.01e-299", "Write 0"),
        ("99e300", "larger unit"),
        ("1" * 41, "fewer digits"),
        ("9" * 100_000, "fewer digits"),
        ("1 to", "two plain numbers"),
        ("3 to 1", "Write 1 to 3."),
        ("0 to 1", "positive lower end"),
        ("-1 to 1", "positive lower end"),
        ("1 to 3 to 5", "two plain numbers"),
        ("1e-290 to 1e290", "narrower"),
        ("{pert: [1, 2]}", "[a, b, c]"),
        ("{pert: [3, 2, 1]}", "least, most likely, most"),
        ("{pert: [1, 1, 1]}", "least, most likely, most"),
        ("{uniform: [2, 1]}", "least, most"),
        ("{uniform: [1, 1]}", "least, most"),
        ("{beta: [1, 2]}", "{pert: [a, b, c]}"),
        ("{normal: [1, 2]}", "{uniform: [a, b]}"),
        ("{pert: 1}", "{uniform: [a, b]}"),
        ("{pert: [1, x, 3]}", "plain number"),
        ("-1", "zero or a positive"),
        ("0.1234567891", "9 decimals"),
        ("{pert: [-1, 2, 3]}", "zero or a positive"),
    ],
)
def test_what_is_no_amount_is_answered_with_what_to_write(text: str, cure: str) -> None:
    with pytest.raises(NotAValue) as caught:
        parse_value(text, "amount")
    assert cure in caught.value.cure
    assert caught.value.message.startswith(("is ", "has "))
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("1.5", "Write 0.015"),
        ("100", "Write 1 if it is in percent"),
        ("100.1", "Write a number from 0 to 1."),
        ("-0.1", "0 to 1"),
        ("0 to 0.5", "{uniform: [0, 0.5]}"),
        ("0.5 to 1", "{uniform: [0.5, 1]}"),
        ("0.5 to 2", "Write numbers between 0 and 1."),
        ("-1 to 0.5", "Write numbers between 0 and 1."),
        ("1 to 1", "Write numbers between 0 and 1."),
        ("{beta: [0, 1]}", "two positive numbers"),
        ("{beta: [-1, 1]}", "two positive numbers"),
        ("{pert: [0, 0.5, 1.5]}", "0 to 1"),
        ("{uniform: [0.5, 1.5]}", "0 to 1"),
        ("0.1 to 0.99999999999999999999", "narrower"),
        ("NaN", "finite"),
    ],
)
def test_what_is_no_probability(text: str, cure: str) -> None:
    with pytest.raises(NotAValue) as caught:
        parse_value(text, "probability")
    assert cure in caught.value.cure


def test_a_mixture_is_a_value_of_its_own() -> None:
    value = parse_value("{mix: {1: 0.25, 2 to 4: 0.75}}", "amount")
    assert isinstance(value, Mixture)
    assert [str(part) for part in value.parts] == ["1: 0.25", "2 to 4: 0.75"]


def test_a_symbol_in_a_mixture_may_stand_in_quotes() -> None:
    scale = {"ok": parse_value("0.1", "probability"), "?": parse_value("0.8", "probability")}
    plain = parse_mixture("{mix: {ok: 0.5, ?: 0.5}}", "probability", scale)
    assert [part.symbol for part in plain.parts] == ["ok", "?"]
    quoted = "{mix: {\"ok\": 0.5, '?': 0.5}}"
    assert parse_mixture(quoted, "probability", scale) == plain
    for odd in ("{mix: {\"ok': 0.5, ?: 0.5}}", '{mix: {"": 0.5, ?: 0.5}}', '{mix: {": 1}}'):
        with pytest.raises(NotAValue) as caught:
            parse_mixture(odd, "probability", scale)
        # it is the name that is wrong (no weight is missing), and it stands there as it was written
        name = odd.removeprefix("{mix: {").partition(":")[0]
        assert caught.value.message.startswith(f"mixes {name}, which is neither")


@pytest.mark.parametrize(
    ("text", "use", "ends"),
    [
        ("0.25", "probability", (0.25, 0.25)),
        ("0.1 to 0.2", "probability", (0.0, 1.0)),
        ("1 to 2", "amount", (0.0, math.inf)),
        ("{beta: [2, 5]}", "probability", (0.0, 1.0)),
        ("{pert: [1, 2, 4]}", "amount", (1.0, 4.0)),
        ("{uniform: [1, 3]}", "amount", (1.0, 3.0)),
        ("{mix: {1: 0.5, 7: 0.5}}", "amount", (1.0, 7.0)),
    ],
)
def test_the_support_of_a_value_is_that_of_its_distribution(
    text: str, use: Use, ends: tuple[float, float]
) -> None:
    assert support(parse_value(text, use)) == ends


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.00", "0"),
        ("1.500", "1.5"),
        ("100", "100"),
        ("1e29", "1" + "0" * 29),
        ("1e30", "1E+30"),
        ("1.50e-30", "1.5E-30"),
        ("-1e-29", "-0." + "0" * 28 + "1"),
    ],
)
def test_one_number_has_one_spelling(number: str, text: str) -> None:
    assert format_decimal(Decimal(number)) == text


def test_an_attribute_may_be_negative_and_a_loss_may_not() -> None:
    assert parse_value("-3", "number").mean == -3
    with pytest.raises(NotAValue):
        parse_value("-3", "loss")


def test_whole_numbers() -> None:
    assert parse_whole("8192", 64, 10_000) == parse_whole("8192.0", 64, 10_000) == 8192
    assert (parse_whole("64", 64, 10_000), parse_whole("1e4", 64, 10_000)) == (64, 10_000)
    for text in ("63", "10001", "100.5", "x", "1e300"):
        with pytest.raises(NotAValue):
            parse_whole(text, 64, 10_000)


@pytest.mark.parametrize(
    ("text", "count"),
    [("1", 0), ("1.500", 1), ("1e-9", 9), ("1e3", 0), ("0.00", 0), ("0." + "1" * 39, 39)],
)
def test_decimals_do_not_depend_on_the_spelling(text: str, count: int) -> None:
    assert decimals(parse_number(text)) == count


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_is_answered(text: str) -> None:
    uses: tuple[Use, ...] = ("probability", "amount", "loss", "number")
    refusals: list[NotAValue] = []
    for use in uses:
        try:
            value = parse_value(text, use)
        except NotAValue as error:
            refusals.append(error)
        else:
            assert parse_value(str(value), use) == value
    assert all(refusal.message and refusal.cure for refusal in refusals)


@given(st.text(alphabet="0123456789.,eE+-% to{}[]:pertbauniform_$", max_size=40))
def test_text_near_the_grammar_is_a_value_or_is_answered(text: str) -> None:
    test_any_text_is_a_value_or_is_answered.hypothesis.inner_test(text)  # type: ignore[attr-defined]
