"""A number that a funder wrote, with or without uncertainty.

A `Value` keeps what was written, exactly; its mean is what a point answer uses. Intervals are 90%
intervals: lognormal for amounts, logit-normal for probabilities (the 5% and 95% quantiles are the
two numbers written).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

#: 95% quantile of the standard normal: half the width of a central 90% interval.
Z95 = 1.6448536269514722

Kind: TypeAlias = Literal["amount", "probability", "number"]


@dataclass(frozen=True)
class Number:
    """A plain number, exactly as written."""

    value: Decimal

    @property
    def mean(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        return format_decimal(self.value)


@dataclass(frozen=True)
class Interval:
    """`low to high`, a 90% interval: lognormal for an amount, logit-normal for a probability."""

    low: Decimal
    high: Decimal
    kind: Kind

    @property
    def mean(self) -> float:
        low, high = float(self.low), float(self.high)
        if low == high:
            return low
        if self.kind == "probability":
            return _logit_normal_mean(low, high)
        mu = (math.log(low) + math.log(high)) / 2
        sigma = (math.log(high) - math.log(low)) / (2 * Z95)
        return math.exp(mu + sigma * sigma / 2)

    def __str__(self) -> str:
        return f"{format_decimal(self.low)} to {format_decimal(self.high)}"


@dataclass(frozen=True)
class Pert:
    """PERT (a scaled beta): least, most likely, most; mean (a + 4 b + c) / 6."""

    low: Decimal
    mode: Decimal
    high: Decimal

    @property
    def mean(self) -> float:
        return float((self.low + 4 * self.mode + self.high) / 6)

    def __str__(self) -> str:
        return _call("pert", self.low, self.mode, self.high)


@dataclass(frozen=True)
class Beta:
    """Beta(a, b) on 0..1; mean a / (a + b)."""

    a: Decimal
    b: Decimal

    @property
    def mean(self) -> float:
        return float(self.a / (self.a + self.b))

    def __str__(self) -> str:
        return _call("beta", self.a, self.b)


@dataclass(frozen=True)
class Uniform:
    """Any number from a to b alike; mean (a + b) / 2."""

    low: Decimal
    high: Decimal

    @property
    def mean(self) -> float:
        return float((self.low + self.high) / 2)

    def __str__(self) -> str:
        return _call("uniform", self.low, self.high)


@dataclass(frozen=True)
class Part:
    """One of the values that a mixture may take: its weight, and the symbol that was written."""

    value: Number | Interval | Pert | Beta | Uniform
    weight: Decimal
    symbol: str | None = None

    def __str__(self) -> str:
        return f"{self.symbol or self.value}: {format_decimal(self.weight)}"


@dataclass(frozen=True)
class Mixture:
    """One of several values, each with its weight (they sum to 1); the mean is the weighted one.

    Parts are kept in the order of their means, so that a larger draw is never a smaller value
    where they do not overlap.
    """

    parts: tuple[Part, ...]

    @property
    def mean(self) -> float:
        return math.fsum(float(part.weight) * part.value.mean for part in self.parts)

    def __str__(self) -> str:
        return f"{{mix: {{{', '.join(map(str, self.parts))}}}}}"


def mixture(parts: Iterable[Part]) -> Mixture:
    """The mixture of those parts, whatever their order."""
    return Mixture(tuple(sorted(parts, key=lambda p: (p.value.mean, str(p), p.weight))))


Value: TypeAlias = Number | Interval | Pert | Beta | Uniform | Mixture


def number(text: str | int | float | Decimal) -> Number:
    """A plain `Number`, for use from Python: `number("0.1")`."""
    return Number(Decimal(str(text)) if isinstance(text, float) else Decimal(text))


def is_uncertain(value: Value) -> bool:
    return not isinstance(value, Number)


def support(value: Value) -> tuple[float, float]:
    """Least and largest number that the value can take (an interval's tails are unbounded)."""
    match value:
        case Number():
            return value.mean, value.mean
        case Interval(kind="probability"):
            return 0.0, 1.0
        case Interval():
            return 0.0, math.inf
        case Beta():
            return 0.0, 1.0
        case Pert() | Uniform():
            return float(value.low), float(value.high)
    ends = [support(part.value) for part in value.parts]
    return min(low for low, _ in ends), max(high for _, high in ends)


def format_decimal(number: Decimal) -> str:
    """Plain decimal text without needless zeros or exponent: one spelling for one number."""
    if number == 0:
        return "0"
    if not -30 < number.adjusted() < 30:
        return str(number.normalize())
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _call(name: str, *numbers: Decimal) -> str:
    return f"{{{name}: [{', '.join(map(format_decimal, numbers))}]}}"


@lru_cache(maxsize=65536)
def _logit_normal_mean(low: float, high: float) -> float:
    """E[1 / (1 + exp(-(mu + sigma z)))] by the trapezoid rule, accurate to about 1e-15.

    The rule converges geometrically for analytic integrands on the whole line; the step resolves
    the logistic's nearest pole (pi / sigma away from the real axis).
    """
    mu = (math.log(low / (1 - low)) + math.log(high / (1 - high))) / 2
    sigma = (math.log(high / (1 - high)) - math.log(low / (1 - low))) / (2 * Z95)
    step = min(0.25, 0.5 / max(sigma, 1e-9))
    count = math.ceil(9 / step)
    terms, weights = [], []
    for k in range(-count, count + 1):
        z = k * step
        weight = math.exp(-z * z / 2)
        t = mu + sigma * z
        logistic = 1 / (1 + math.exp(-t)) if t >= 0 else math.exp(t) / (1 + math.exp(t))
        weights.append(weight)
        terms.append(weight * logistic)
    return math.fsum(terms) / math.fsum(weights)
