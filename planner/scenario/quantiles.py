"""Quantiles of what a funder may write: from a share u in 0..1 to the value below which it lies.

An interval is normal after the logarithm (amounts) or the logit (probabilities), with the two
numbers written as its 5% and 95% quantiles; PERT is the beta with shapes 1 + 4 (b - a) / (c - a)
and 1 + 4 (c - b) / (c - a), stretched over a..c. A mixture gives each part a stretch of u as long
as its weight, in the order of the parts' means. Source: docs/scenario-format.md, Values.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, expit, ndtri

from planner.scenario.values import Z95, Beta, Interval, Mixture, Number, Pert, Uniform, Value

Floats = NDArray[np.float64]


def quantile(value: Value, u: Floats) -> Floats:
    """The value's quantiles at `u` (any shape), strictly inside 0..1."""
    match value:
        case Number():
            return np.full(u.shape, value.mean)
        case Interval():
            return _interval(value, u)
        case Pert():
            low, mode, high = float(value.low), float(value.mode), float(value.high)
            span = high - low
            a, b = 1 + 4 * (mode - low) / span, 1 + 4 * (high - mode) / span
            return np.asarray(low + span * betaincinv(a, b, u))
        case Beta():
            return np.asarray(betaincinv(float(value.a), float(value.b), u))
        case Uniform():
            low, high = float(value.low), float(value.high)
            return np.asarray(low + (high - low) * u)
        case Mixture():
            return _mixture(value, u)


def _interval(value: Interval, u: Floats) -> Floats:
    low, high = float(value.low), float(value.high)
    if low == high:
        return np.full(u.shape, low)
    if value.kind == "probability":
        ends = math.log(low / (1 - low)), math.log(high / (1 - high))
    else:
        ends = math.log(low), math.log(high)
    latent = sum(ends) / 2 + (ends[1] - ends[0]) / (2 * Z95) * ndtri(u)
    return np.asarray(expit(latent) if value.kind == "probability" else np.exp(latent))


def _mixture(value: Mixture, u: Floats) -> Floats:
    found = np.empty(u.shape)
    start = 0.0
    for place, part in enumerate(value.parts):
        weight = float(part.weight)
        last = place == len(value.parts) - 1
        inside = (u >= start) & ((u < start + weight) | last)
        # Within its stretch the share runs from 0 to 1 again.
        share = np.clip((u[inside] - start) / weight, 2.0**-53, 1 - 2.0**-53)
        found[inside] = quantile(part.value, share)
        start += weight
    return found
