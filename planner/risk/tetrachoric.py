"""Tetrachoric correlation: which Gaussian correlation makes two events coincide this often.

Two events of probabilities m1 and m2 are read as latent standard normals below h = Phi^-1(m1) and
k = Phi^-1(m2); their correlation rho is the one at which both fall below with probability P11.
The derivative of P11 by rho is the bivariate normal density at (h, k) (Plackett 1954), so that
with rho = sin(t)

    P11 - m1 m2 = 1 / (2 pi) * integral from 0 to asin(rho) of
                  exp(-(h - k)^2 / (2 cos(t)^2) - h k / (1 + sin(t))) dt       (Drezner-Wesolowsky)

which is integrated by Gauss-Legendre on panels that halve towards rho = 1, tabulated at the
panels' ends, and solved inside a panel by Newton's method within brackets. The groups' loadings of
docs/model.md ("Common causes") are such correlations: sum_g sqrt(r[i,g] r[j,g]).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from planner.worlds.types import Floats

#: Panels, each half as wide as the one before: the last ends 1e-12 before rho = 1.
PANELS = 42
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
#: Steps of Newton's method, each at least a bisection.
STEPS = 60
#: Covariances this near (relatively) to the largest possible one mean rho = 1.
FULL = 1e-11


def tetrachoric(first: Floats, second: Floats, covariance: Floats) -> Floats:
    """(N,) latent correlation in -1..1 of N pairs of events.

    `first`, `second` (N,) probabilities strictly between 0 and 1; `covariance` (N,) P11 - m1 m2.
    What lies beyond the Frechet bounds (rounding) is clipped to -1 and 1. Accurate to about 1e-12
    where the covariance tells rho: near its bounds, with unequal probabilities, it hardly does, and
    within a share of 1e-11 of them rho is 1 or -1. Raises nothing.
    """
    sign = np.where(covariance < 0, -1.0, 1.0)
    # P(X < h, Y < k) at -rho is P(X < h) - P(X < h, -Y < -k) at rho: only rho >= 0 is solved.
    h = ndtri(first)
    k = sign * ndtri(second)
    other = np.where(sign > 0, second, 1 - second)
    wanted = np.abs(covariance)
    largest = np.minimum(first, other) - first * other
    table = _table(h, k)
    panel = (table <= wanted[:, None]).sum(axis=1) - 1
    full = (wanted >= largest * (1 - FULL)) | (panel >= PANELS)
    panel = np.minimum(panel, PANELS - 1)
    rest = wanted - np.take_along_axis(table, panel[:, None], axis=1)[:, 0]
    angle = _solve(h, k, panel, rest)
    rho = np.where(wanted == 0, 0.0, np.where(full, 1.0, np.cos(angle)))
    signed: Floats = sign * np.clip(rho, 0.0, 1.0)
    return signed


def _density(h: Floats, k: Floats, angle: Floats) -> Floats:
    """Integrand at t = pi/2 - angle."""
    exponent = (h - k) ** 2 / (2 * np.sin(angle) ** 2) + h * k / (1 + np.cos(angle))
    found: Floats = np.exp(-exponent) / (2 * np.pi)
    return found


def _integral(h: Floats, k: Floats, wide: Floats, narrow: Floats) -> Floats:
    """(N,) integral between the two angles, `narrow` <= `wide`."""
    half = (wide - narrow) / 2
    angle = ((wide + narrow) / 2)[:, None] + half[:, None] * NODES
    found: Floats = half * (_density(h[:, None], k[:, None], angle) @ WEIGHTS)
    return found


def _table(h: Floats, k: Floats) -> Floats:
    """(N, PANELS + 1) integral from rho = 0 to the end of each panel."""
    table = np.zeros((h.size, PANELS + 1))
    for p in range(PANELS):
        wide, narrow = (np.full(h.size, np.pi / 2 ** (p + e)) for e in (1, 2))
        table[:, p + 1] = table[:, p] + _integral(h, k, wide, narrow)
    return table


def _solve(h: Floats, k: Floats, panel: Floats, rest: Floats) -> Floats:
    """(N,) angle inside the panel at which the integral from its start is `rest`."""
    start = np.pi / 2.0 ** (panel + 1)
    wide, narrow = start.copy(), start / 2
    angle = 0.75 * start
    for _ in range(STEPS):
        over = _integral(h, k, start, angle) - rest
        narrow = np.where(over > 0, angle, narrow)
        wide = np.where(over > 0, wide, angle)
        slope = _density(h, k, angle)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = angle + over / slope
        inside = (step > narrow) & (step < wide)
        moved = np.where(inside, step, (narrow + wide) / 2)
        done = bool((np.abs(moved - angle) <= 1e-15 * start).all())
        angle = moved
        if done:
            break
    return angle
