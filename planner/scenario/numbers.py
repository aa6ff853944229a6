"""Text -> value: the grammar of a number that a funder writes.

Plain decimal numbers, `low to high`, `{pert: [a, b, c]}`, `{beta: [a, b]}`, `{uniform: [a, b]}`,
`{mix: {value: weight, ...}}`.
What is not in the grammar is answered with what to write instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Literal, TypeAlias

from planner.scenario.notes import shown
from planner.scenario.values import (
    Beta,
    Interval,
    Mixture,
    Number,
    Part,
    Pert,
    Uniform,
    Value,
    format_decimal,
    mixture,
)

#: What a number stands for: it decides the range and the shape of an interval.
Use: TypeAlias = Literal["probability", "amount", "loss", "number"]

MOST_DIGITS = 40
MOST_EXPONENT = 300
MOST_DECIMALS = 9
SMALLEST = Decimal("1e-300")

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")
_INTERVAL = re.compile(r"(.+?)\s+to\s+(.+)", re.IGNORECASE | re.DOTALL)
_SHAPE = re.compile(r"\{\s*([A-Za-z_]+)\s*:\s*\[([^\[\]]*)\]\s*,?\s*\}", re.DOTALL)
_MIX = re.compile(r"\{\s*mix\s*:\s*\{([^{}]*)\}\s*,?\s*\}", re.IGNORECASE | re.DOTALL)
_PLAIN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_CURRENCY = re.compile(
    rf"(?:[$€£¥₹]|[A-Za-z]{{1,4}}[$€£]?)\s*({_PLAIN}(?:,[0-9]{{3}})*)[a-zA-Z]*"
    rf"|({_PLAIN}(?:,[0-9]{{3}})*)\s*(?:[$€£¥₹]|[A-Za-z][A-Za-z /$€£]*)"
)


class NotAValue(ValueError):
    """Text outside the grammar or the range. `message` reads on after the name of its column."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(f"{message} {cure}")
        self.message = message
        self.cure = cure


@lru_cache(maxsize=65536)
def parse_value(text: str, use: Use) -> Value:
    """The value that the text stands for; NotAValue with a cure where it stands for none.

    >>> parse_value("0.10", "probability")
    Number(value=Decimal('0.10'))
    >>> str(parse_value("1 to 3", "amount"))
    '1 to 3'
    """
    text = text.strip()
    value: Value
    if is_mixture(text):
        value = parse_mixture(text, use)
    elif text.startswith("{"):
        value = _shape(text, use)
    elif match := _INTERVAL.fullmatch(text):
        value = _interval(parse_number(match[1]), parse_number(match[2]), use)
    else:
        return Number(_in_range(parse_number(text), use))
    try:
        usable = math.isfinite(value.mean)
    except (OverflowError, ZeroDivisionError, ValueError):
        usable = False
    if not usable:
        raise NotAValue(
            f"is {shown(text)}, whose mean cannot be computed.", "Write a narrower range."
        )
    return value


def is_mixture(text: str) -> bool:
    """Whether the text is meant as a mixture, well formed or not."""
    return re.match(r"\s*\{\s*mix\s*:", text, re.IGNORECASE) is not None


def parse_mixture(text: str, use: Use, scale: Mapping[str, Value] | None = None) -> Mixture:
    """`{mix: {ok: 0.5, prone: 0.5}}`: one of several values, each with its weight.

    What stands before a colon is a number, a `low to high`, or a symbol of `scale`.
    """
    match = _MIX.fullmatch(text.strip())
    cure = "Write {mix: {0.05: 0.5, 0.8: 0.5}}: values, each with its weight."
    if match is None:
        raise NotAValue(f"is {shown(text.strip())}, which is no mixture.", cure)
    known = scale or {}
    parts: list[Part] = []
    for piece in match[1].split(","):
        name, colon, weight = (word.strip() for word in piece.rpartition(":"))
        name = name[1:-1] if len(name) > 2 and name[0] == name[-1] and name[0] in "\"'" else name
        if not colon or not name:
            raise NotAValue(f"is {shown(text.strip())}, where a weight is missing.", cure)
        symbol = name if name in known else None
        value = known[name] if symbol is not None else _mixed(name, use, known)
        if isinstance(value, Mixture):
            raise NotAValue(
                f"mixes {shown(name)}, which is a mixture itself.", "Mix its parts instead."
            )
        share = parse_number(weight)
        if not 0 < share <= 1:
            raise NotAValue(
                f"gives {shown(name)} the weight {shown(weight)}.", "Weights lie above 0, up to 1."
            )
        if any(str(part.value) == str(value) and part.symbol == symbol for part in parts):
            raise NotAValue(f"names {shown(name)} twice.", "Keep it once, with the whole weight.")
        parts.append(Part(value, share, symbol))
    total = sum(part.weight for part in parts)
    if total != 1:
        raise NotAValue(
            f"is a mixture whose weights sum to {total}, not to 1.", "Make the weights sum to 1."
        )
    return mixture(parts)


def _mixed(name: str, use: Use, scale: Mapping[str, Value]) -> Value:
    """A part that is no symbol."""
    try:
        return parse_value(name, use)
    except NotAValue as error:
        if re.match(r"[-+0-9.]", name):
            raise
        symbols = f" The scale has: {', '.join(sorted(scale))}." if scale else ""
        raise NotAValue(
            f"mixes {shown(name)}, which is neither a number nor a symbol here.",
            f"Write a number or a range.{symbols}",
        ) from error


def parse_number(text: str) -> Decimal:
    """A plain decimal number, exactly as written."""
    text = text.strip()
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise _explain(text)
    whole, fraction, exponent = match[2], match[3] or "", match[4] or "0"
    if len(whole) > 1 and whole.startswith("0"):
        plain = whole.lstrip("0") or "0"
        plain = match[1] + plain + (f".{fraction}" if fraction else "")
        raise NotAValue(
            f"is {shown(text)}, which is ambiguous: it starts with a needless zero.",
            f"Write {shown(plain)}.",
        )
    if len(whole) + len(fraction) > MOST_DIGITS:
        raise NotAValue(
            f"has {len(whole) + len(fraction)} digits; at most {MOST_DIGITS} are read.",
            "Write fewer digits.",
        )
    if len(exponent) > 6 or abs(int(exponent)) > MOST_EXPONENT:
        small = exponent.startswith("-")
        raise NotAValue(
            f"is {shown(text)}, which is too {'close to zero' if small else 'large'} to compute "
            f"with: exponents go from -{MOST_EXPONENT} to {MOST_EXPONENT}.",
            "Write 0 if it means zero." if small else "Write a smaller number, in a larger unit.",
        )
    number = Decimal(text)
    if number and abs(number) < SMALLEST:
        raise NotAValue(
            f"is {shown(text)}, which is too close to zero to compute with.",
            "Write 0 if it means zero.",
        )
    if abs(number) > 1 / SMALLEST:
        raise NotAValue(
            f"is {shown(text)}, which is too large to compute with.",
            "Write a smaller number, in a larger unit.",
        )
    return number


def parse_whole(text: str, low: int, high: int) -> int:
    """A whole number within low..high."""
    number = parse_number(text)
    if number != number.to_integral_value():
        raise NotAValue(f"is {shown(text)}, which is not a whole number.", "Write a whole number.")
    if not low <= number <= high:
        raise NotAValue(
            f"is {shown(text)}, which is outside {low} to {high}.",
            f"Write a whole number from {low} to {high}.",
        )
    return int(number)


def decimals(number: Decimal) -> int:
    """Decimals that the number needs, however it was spelled: 1 for `0.10`."""
    if not number:
        return 0
    with localcontext() as context:
        context.prec = MOST_DIGITS + 5
        exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _in_range(number: Decimal, use: Use) -> Decimal:
    if use == "probability" and not 0 <= number <= 1:
        cure = "Write a number from 0 to 1."
        if 1 < number <= 100:
            with localcontext() as context:
                context.prec = MOST_DIGITS + 5
                cure = f"Write {format_decimal(number / 100)} if it is in percent, or 0 to 1."
        raise NotAValue(f"is {shown(str(number))}, which is outside 0 to 1.", cure)
    if use in ("amount", "loss") and not number >= 0:
        raise NotAValue(
            f"is {shown(str(number))}, which is negative.", "Write zero or a positive number."
        )
    if use == "amount" and decimals(number) > MOST_DECIMALS:
        raise NotAValue(
            f"is {shown(str(number))}, which is over-precise: it has {decimals(number)} decimals.",
            f"Round it to at most {MOST_DECIMALS} decimals.",
        )
    return number


def _interval(low: Decimal, high: Decimal, use: Use) -> Value:
    text = f"{shown(str(low))} to {shown(str(high))}"
    if low > high:
        raise NotAValue(f"is {text}, which runs backwards.", f"Write {high} to {low}.")
    if use == "probability":
        if not (low > 0 and high < 1):
            inside = low >= 0 and high <= 1
            cure = f"Write {{uniform: [{low}, {high}]}} if the ends are certain bounds, or "
            cure = (cure if inside and low < high else "Write ") + "numbers between 0 and 1."
            raise NotAValue(
                f"is {text}: a 90% interval of a probability lies strictly between 0 and 1.", cure
            )
        return Interval(low, high, "probability")
    if not low > 0:
        raise NotAValue(
            f"is {text}: a 90% interval of an amount starts above 0.",
            "Write a positive lower end, or {uniform: [a, b]}.",
        )
    return Interval(low, high, "amount")


def _shape(text: str, use: Use) -> Value:
    match = _SHAPE.fullmatch(text)
    if match is None or match[1].lower() not in _SHAPES:
        raise NotAValue(
            f"is {shown(text)}, which is not a known distribution.",
            "Write {pert: [a, b, c]}, {beta: [a, b]}, {uniform: [a, b]} or {mix: {a: 1}}.",
        )
    name = match[1].lower()
    count, make = _SHAPES[name]
    parts = match[2].split(",")
    if len(parts) != count:
        raise NotAValue(
            f"is {shown(text)}: {name} takes {count} numbers, not {len(parts)}.",
            f"Write {{{name}: [{', '.join('abc'[:count])}]}}.",
        )
    return make([parse_number(part) for part in parts], text, use)


def _pert(numbers: list[Decimal], text: str, use: Use) -> Value:
    low, mode, high = (_in_range(number, use) for number in numbers)
    if not (low <= mode <= high and low < high):
        raise NotAValue(
            f"is {shown(text)}, whose numbers are not in order.",
            "Write {pert: [least, most likely, most]}, the least below the most.",
        )
    return Pert(low, mode, high)


def _uniform(numbers: list[Decimal], text: str, use: Use) -> Value:
    low, high = (_in_range(number, use) for number in numbers)
    if not low < high:
        raise NotAValue(
            f"is {shown(text)}, whose numbers are not in order.",
            "Write {uniform: [least, most]}, the least below the most.",
        )
    return Uniform(low, high)


def _beta(numbers: list[Decimal], text: str, use: Use) -> Value:
    a, b = numbers
    if use != "probability":
        raise NotAValue(
            f"is {shown(text)}: beta is for probabilities only.",
            "Write {pert: [a, b, c]} or {uniform: [a, b]}.",
        )
    if not (a > 0 and b > 0):
        raise NotAValue(
            f"is {shown(text)}: both numbers of a beta are above 0.",
            "Write two positive numbers, such as {beta: [2, 8]}.",
        )
    return Beta(a, b)


_SHAPES: dict[str, tuple[int, Callable[[list[Decimal], str, Use], Value]]] = {
    "pert": (3, _pert),
    "beta": (2, _beta),
    "uniform": (2, _uniform),
}


def _percent(text: str) -> str:
    with localcontext() as context:
        context.prec = MOST_DIGITS + 5
        return f"Write {format_decimal(Decimal(text) / 100)}."


def _explain(text: str) -> NotAValue:
    """What a person most likely meant by text that is no number, and how to write that."""
    if not text:
        return NotAValue("is blank.", "Write a number; a blank is never taken for zero.")
    message = f"is {shown(text)}, which is not a number."
    for pattern, cure in _SLIPS:
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match is not None and len(text) <= MOST_DIGITS:
            return NotAValue(message, cure(match))
    return NotAValue(message, "Write a plain number such as 0.3, or a range such as 0.1 to 0.4.")


def _currency(match: re.Match[str]) -> str:
    plain = next(group for group in match.groups() if group).replace(",", "")
    return f"Write {plain}, in the one unit that `currency` names, without a sign or a unit."


#: Slips of people, the likeliest reading first, with the cure for each.
_SLIPS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (rf"({_PLAIN})\s*%", lambda m: _percent(m[1])),
    (r".*\bto\b.*", lambda _: "Write two plain numbers, such as 0.1 to 0.4."),
    (
        r"[$€£¥₹]?\s*[0-9.,]+\s*(k|m|mio|mn|million|bn|b|billion)",
        lambda _: "Write it in full, such as 1500000, or in the one unit that `currency` names.",
    ),
    (r"[+-]?\.?(nan|inf|infinity)|n/?a|-+|\?", lambda _: "Write a finite number."),
    (r"[+-]?0[xob][0-9a-f_]+", lambda _: "Write it in decimal digits, such as 16."),
    (r"true|false|yes|no|on|off|null|none|~", lambda _: "Write a number such as 0 or 1."),
    (
        r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ].*)?",
        lambda _: "It reads as a date; write a number.",
    ),
    (r"[0-9]+:[0-9:.]+", lambda _: "It reads as a time; write a number such as 1.5."),
    (r"([+-]?[0-9]+(?:_[0-9]+)+(?:\.[0-9]*)?)", lambda m: f"Write {m[1].replace('_', '')}."),
    (
        r"([+-]?[1-9][0-9]{0,2}),([0-9]{3})",
        lambda m: f"Write {m[1]}{m[2]}, or {m[1]}.{m[2]} if the comma marks decimals.",
    ),
    (
        r"([+-]?[0-9]{1,3}(?:[, '][0-9]{3})+(?:\.[0-9]*)?)",
        lambda m: "Write " + re.sub("[, ']", "", m[1]) + ".",
    ),
    (r"([+-]?[0-9]*),([0-9]+)", lambda m: f"Write {m[1] or '0'}.{m[2]}."),
    (
        r"([+-]?[0-9]{1,3}(?:\.[0-9]{3})+),([0-9]+)",
        lambda m: f"Write {m[1].replace('.', '')}.{m[2]}.",
    ),
    (rf"({_PLAIN})\s*(?:-|–|—|\.\.)\s*({_PLAIN})", lambda m: f"Write {m[1]} to {m[2]}."),
    (r"[0-9.]+\s*/\s*[0-9.]+", lambda _: "Write it as a decimal number, such as 0.25."),
    (r"[−–]\s*([0-9.]+)", lambda m: f"Write -{m[1]}, with a plain hyphen."),
    (_CURRENCY.pattern, _currency),
)
