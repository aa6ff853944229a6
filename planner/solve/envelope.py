"""Rows below a product of failures that are exact at its corners: finite where a failure is 0.

For one world the loss left is a product over the stack, h(x) = prod_i F[i]^x[i]. Its convex
envelope over 0/1 points is far above the tangents of exp(sum x log F): half of one technique with
F = 0.1 leaves 0.55, not 0.32. A row c + y . x <= h(x) that touches the envelope at a fractional
point is found in two steps:

1. over the fractional columns alone, all subsets are listed and a linear program over them (the
   envelope is the least mean of h over distributions of stacks with the point as their mean) is
   solved by a small simplex, many worlds at a time;
2. the other columns are lifted one by one, each by as much as no stack forbids. What a stack of the
   columns so far matters for is two numbers, its row's value P and its product T: a column outside
   may lower the row by max(P - T F) and no less, one inside raises it by min(T / F - P) when it
   leaves. Only the corners of the hull of these (T, P) are kept, which makes the lifting exact.

Any c and y from step 1 give a valid row, because c is set by the list of all subsets; step 2 only
rounds downward. (Submodular lifting after Nemhauser and Wolsey, and Ahmed and Atamturk 2011; here
from the exact envelope.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from planner.worlds.types import Floats

#: Fractional columns of a world whose subsets are listed.
MOST_LISTED = 8
#: A column nearer than this to 0 or 1 is lifted rather than listed.
WHOLE = 1e-7
#: Pivots of the small simplex; it is left as it stands after them, still valid.
PIVOTS = 80
#: What a row is lowered by, relative to its largest number: more than rounding can add up to.
ROUNDED = 1e-13
#: What a corner of the hull must stand out by, in shares of the world's loss (inside columns in
#: place). Lifted slopes are off by no more, and are made weaker by as much for each.
BLUNT = 1e-12
#: A column that leaves raises a row by at most this multiple of the row's size: enough to say "far
#: too much", and coefficients stay comparable.
STEEPEST = 1e4

Row = tuple[float, Floats]


@functools.cache
def subsets(count: int) -> Floats:
    """(2^count, 1 + count): a one, then which of the columns each subset holds."""
    inside = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    return np.hstack([np.ones((2**count, 1)), inside]).astype(np.float64)


def facets(failure: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """Supports of the envelopes of (W,) products of `failure` (W, m) at points x (W, m), m >= 1.

    Returns the constants and slopes (W, 1 + m), the row's value at each subset (W, 2^m) and the
    product there (W, 2^m); the first is nowhere above the second.
    """
    count, m = failure.shape
    product = np.ones((count, 1))
    for j in range(m):
        product = np.hstack([product, product * failure[:, j : j + 1]])
    table = subsets(m)
    mean = np.hstack([np.ones((count, 1)), x])
    # The chain of sets by falling x is a first distribution with this mean.
    order = np.argsort(-x, axis=1, kind="stable")
    basis = np.hstack([np.zeros((count, 1), np.int64), np.cumsum(1 << order, axis=1)])
    every = np.arange(count)
    for _ in range(PIVOTS):
        inverse = np.linalg.inv(table[basis])
        support = (inverse @ np.take_along_axis(product, basis, 1)[:, :, None])[:, :, 0]
        slack = product - support @ table.T
        entering = slack.argmin(axis=1)
        least = slack[every, entering]
        height = np.maximum((support * mean).sum(axis=1), 0.0)
        open_ = np.flatnonzero(least < -np.maximum(1e-9 * height, 1e-14))
        if not open_.size:
            break
        column = (table[entering[open_]][:, None, :] @ inverse[open_])[:, 0, :]
        share = (mean[open_][:, None, :] @ inverse[open_])[:, 0, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(column > 1e-9, np.maximum(share, 0.0) / column, np.inf)
        basis[open_, ratio.argmin(axis=1)] = entering[open_]
    support[:, 0] += np.minimum(slack.min(axis=1), 0.0)
    return support, support @ table.T, product


def _hull(points: list[tuple[float, float]], most: float) -> list[tuple[float, float]]:
    """Of points (T, P) those that make P - f T largest for some f from 0 to `most`, by rising T.

    Corners that stand out by less than `BLUNT` are left out: `lift` allows for them.
    """
    kept: list[tuple[float, float]] = []
    top = -np.inf
    for point in sorted(points):
        t, p = point
        if p <= top:
            continue
        top = p
        while kept:
            t1, p1 = kept[-1]
            # From the point before, f as large as `most` prefers this one.
            if p - p1 >= most * (t - t1):
                kept.pop()
                continue
            if len(kept) == 1:
                break
            t0, p0 = kept[-2]
            if (p1 - p0 - BLUNT) * (t - t0) > (p - p0) * (t1 - t0):
                break
            kept.pop()
        kept.append(point)
    return kept


def lift(
    row: Floats, product: Floats, constant: float, inside: Floats, outside: Floats
) -> tuple[float, list[float], list[float]]:
    """The constant, and slopes of columns inside and outside, for failures (k,) of each.

    `row` and `product` are the row's value and the product at all subsets of what is not lifted.
    The order given is the order of lifting.
    """
    inward, outward = inside.tolist(), outside.tolist()
    # A later column multiplies T by its own failure, or divides by it: f stays below this.
    most = float(np.prod(1 / np.maximum(inside, 1e-30)))
    points = _hull(list(zip(product.tolist(), row.tolist(), strict=True)), most)
    steepest = STEEPEST * max(abs(constant), *(abs(p) for _, p in points), 1e-300)
    in_slopes, out_slopes = [], []
    for f in inward:
        away = [(t / max(f, 1e-100), p) for t, p in points]
        rise = min(max(min(t - p for t, p in away) - BLUNT, 0.0), steepest)
        in_slopes.append(-rise)
        constant += rise
        most *= max(f, 1e-30)
        points = _hull(points + [(t, p + rise) for t, p in away], max(most, 1.0))
    for f in outward:
        fall = max(0.0, *(p - t * f for t, p in points)) + BLUNT
        out_slopes.append(-fall)
        points = _hull(points + [(t * f, p - fall) for t, p in points], 1.0)
    return constant, in_slopes, out_slopes


def envelope_rows(
    failures: list[Floats], points: list[Floats], over: Callable[[], bool] = lambda: False
) -> list[Row | None]:
    """For each world the row c + y . x that supports its product at the point: (c, y).

    `failures[w]` and `points[w]` (k,) are about the world's own columns, all with F < 1. None where
    a column with F = 0 is wholly in: the product is zero there, and no row is needed; and where
    `over` said that there is no time for it.
    """
    parts = [_parts(f, x) for f, x in zip(failures, points, strict=True)]
    found: list[Row | None] = [None] * len(parts)
    by_count: dict[int, list[int]] = {}
    for w, part in enumerate(parts):
        if part is not None:
            by_count.setdefault(part[0].size, []).append(w)
    for count, some in sorted(by_count.items()):
        if count:
            listed = [parts[w][0] for w in some]  # type: ignore[index]
            supports, rows, products = facets(
                np.array([failures[w][c] for w, c in zip(some, listed, strict=True)]),
                np.array([points[w][c] for w, c in zip(some, listed, strict=True)]),
            )
        else:
            supports = rows = products = np.ones((len(some), 1))
        for at, w in enumerate(some):
            if over():
                return found
            found[w] = _whole(failures[w], parts[w], supports[at], rows[at], products[at])
    return found


Parts = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


def _parts(failure: Floats, x: Floats) -> Parts | None:
    """Columns to list, and those inside and outside in the order in which they are lifted."""
    fractional = np.flatnonzero((x > WHOLE) & (x < 1 - WHOLE))
    if fractional.size > MOST_LISTED:
        weight = np.minimum(x, 1 - x)[fractional] * -np.log(np.maximum(failure[fractional], 1e-12))
        fractional = np.sort(fractional[np.argsort(-weight, kind="stable")[:MOST_LISTED]])
    rest = np.ones(x.size, np.bool_)
    rest[fractional] = False
    inside = np.flatnonzero(rest & (x > 0.5))
    outside = np.flatnonzero(rest & (x <= 0.5))
    if not (failure[inside] > 0).all():
        return None
    inside = inside[np.argsort(x[inside], kind="stable")]
    # What the point half likes comes first, then what protects best.
    return fractional, inside, outside[np.lexsort((failure[outside], -x[outside]))]


def _whole(
    failure: Floats, parts: Parts | None, support: Floats, row: Floats, product: Floats
) -> Row:
    assert parts is not None
    fractional, inside, outside = parts
    constant, rises, falls = lift(
        row, product, float(support[0]), failure[inside], failure[outside]
    )
    slopes = np.empty(failure.size)
    slopes[fractional] = support[1:]
    slopes[inside] = rises
    slopes[outside] = falls
    constant -= ROUNDED * (1 + abs(constant) + float(np.abs(slopes).sum()))
    constant -= BLUNT * 4 * (2 + failure.size)
    base = float(np.prod(failure[inside]))
    return constant * base, slopes * base
