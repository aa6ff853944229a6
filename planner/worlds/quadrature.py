"""Nodes and weights for integrals over standard-normal latent variables.

The integrands are products of normal distribution functions of the latent variable. For these the
trapezoid rule on the whole line converges faster than geometrically once its step is about half
the width of the steepest factor; Gauss-Hermite nodes are too far apart for steep ones. The product
of many factors is steeper than each: the more techniques share a group, the finer the step.
Absolute errors of the joint failure of n equal techniques stay below 1e-9 (measured up to n = 80).
Where failures are rare the mass of the integrand lies far out and is narrow; nodes then reach so
far and stand so near that relative errors stay below 1e-6 too (failures from 1e-12, n up to 10).
Source: docs/model.md, "From what the funder wrote to worlds" (common causes).
"""

from __future__ import annotations

from math import ceil, hypot, inf, sqrt

import numpy as np

from planner.worlds.types import Floats

#: Nodes reach this many standard deviations from 0; beyond lies a mass of 1e-15.
REACH = 8.0

#: Where techniques may fail together farther out than that, nodes reach to `SPREAD` widths below
#: where the mass of the integrand lies, but never below -`FARTHEST`, where weights are 1e-282.
SPREAD, FARTHEST = 8.0, 36.0

#: For up to so many techniques in a group: step as a share of the narrowest width.
STEPS = ((3, 0.5), (10, 0.4), (30, 0.3), (inf, 0.2))

#: The same for the one factor of the modes, where nodes cost next to nothing.
FACTOR_STEP = 0.2

#: Above this correlation one factor is integrated panel by panel (see `panels`).
STEEP = 0.9999


def step(own: Floats, total: Floats) -> float:
    """Largest step that resolves every technique of a group.

    `own` (n,) loadings on the group, `total` (n,) loadings on all groups; those with own = 0 do
    not count: c * min(1, min sqrt((1 - total) / own)), with c = 0.5 for up to three techniques
    and less for more (STEPS).
    """
    inside = own > 0
    if not inside.any():
        return 0.5
    share = next(share for most, share in STEPS if inside.sum() <= most)
    return share * min(1.0, float(np.sqrt((1 - total[inside]) / own[inside]).min()))


def line(step: float, below: float = REACH) -> tuple[Floats, Floats]:
    """Trapezoid rule: nodes (K,) from about -below to REACH, weights (K,) that sum to 1."""
    z = np.arange(-ceil(below / step), ceil(REACH / step) + 1, dtype=np.float64) * step
    weight: Floats = np.exp(-z * z / 2)
    return z, weight / weight.sum()


def tail(own: Floats, total: Floats, quantile: Floats) -> tuple[float, float]:
    """How far below 0 nodes must reach, and the largest step, for failures of given quantiles.

    `own`, `total`, `quantile` (n,). k techniques alike, with quantile q < 0, loading r on the group
    and s on all groups, fail together (by the tails of the normal distribution function) where
    exp(-z^2/2 - k (q - sqrt(r) z)^2 / (2 (1 - s))) is largest: around q sqrt(r) k / (1 - s + k r),
    with the variance (1 - s) / (1 - s + k r). Where that lies within REACH any step will do.
    """
    inside = (own > 0) & (quantile < 0)
    if not inside.any():
        return REACH, inf
    k = np.arange(1, int((own > 0).sum()) + 1)
    left, r = (1 - total[inside])[:, None], own[inside][:, None]
    width = np.sqrt(left / (left + k * r))
    centre = -quantile[inside][:, None] * np.sqrt(r) * k / (left + k * r)
    below = float((centre + SPREAD * width).max())
    return (min(below, FARTHEST), float(width.min())) if below > REACH else (REACH, inf)


def grid(
    loading: Floats, quantile: Floats | None = None, *, fine: bool = True
) -> tuple[Floats, Floats]:
    """Nodes (K, groups) and weights (K,) for all groups together.

    `loading` is (n, groups), each row's sum below 1; `quantile` (n,) the normal quantile of each
    one's rarest failure (None: none is rare); not `fine`: the step is not made smaller for them.
    The product of the groups' lines, without the corners farther from the origin than they reach.
    No group: one node of weight 1.
    """
    z, weight = np.zeros((1, 0)), np.ones(1)
    total, farthest = loading.sum(axis=1), 0.0
    for g in range(loading.shape[1]):
        most = step(loading[:, g], total)
        below, small = REACH, inf
        if quantile is not None:
            below, small = tail(loading[:, g], total, quantile)
        # Corners within two reaches matter where one of them is extended; else one REACH does.
        farthest = below if farthest == 0 or below == REACH == farthest else hypot(below, farthest)
        x, w = line(min(most, small) if fine else most, below)
        z = np.column_stack([np.repeat(z, x.size, axis=0), np.tile(x, len(z))])
        weight = np.outer(weight, w).ravel()
        near = (z * z).sum(axis=1) <= farthest**2
        z, weight = z[near], weight[near]
    return z, weight / weight.sum()


def factor(correlation: float, thresholds: Floats) -> tuple[Floats, Floats]:
    """Nodes (K,) and weights (K,) for the one factor of the modes' joint activity.

    `correlation` in 0..1, below 1; `thresholds` (m,) the modes' normal quantiles. Trapezoid with
    the step 0.2 * min(1, sqrt((1 - rho) / rho)); where that would be needlessly fine, `panels`.
    """
    if correlation <= STEEP:
        width = sqrt((1 - correlation) / correlation) if correlation > 0 else 1.0
        return line(FACTOR_STEP * min(1.0, width))
    inside = thresholds[np.isfinite(thresholds)]
    return panels(inside / sqrt(correlation), sqrt((1 - correlation) / correlation))


def panels(centres: Floats, width: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre panels of length 0.5, and of `width` near each of `centres`.

    For integrands that are smooth apart from steps of that width at the centres. Returns nodes
    (K,) and weights (K,) that sum to 1.
    """
    steps = (centres[:, None] + width * np.arange(-9, 10)).ravel()
    edges = np.unique(np.concatenate([np.arange(-REACH, REACH + 0.25, 0.5), steps]))
    edges = edges[np.abs(edges) <= REACH]
    x, w = np.polynomial.legendre.leggauss(12)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    z = (middle[:, None] + half[:, None] * x).ravel()
    weight = (half[:, None] * w).ravel() * np.exp(-z * z / 2)
    return z, weight / weight.sum()
