"""Scrambled Sobol points.

Eight independent scramblings of the same size give an estimate and its standard error.
Source: docs/model.md, "From what the funder wrote to worlds" (exact or sampled).
"""

from __future__ import annotations

import inspect
from math import ceil
from typing import Any

import numpy as np
from scipy.special import ndtri

from planner.worlds.types import Floats

SCRAMBLINGS = 8

_BITS = 30


def draws_each(samples: int) -> int:
    """Draws of one scrambling: an eighth of `samples`, rounded up to a power of two."""
    return 1 << (ceil(max(samples, 1) / SCRAMBLINGS) - 1).bit_length()


def uniform(dimensions: int, each: int, seed: int) -> Floats:
    """(8 * each, dimensions) points strictly inside the unit cube, scrambling by scrambling.

    `each` is a power of two; `dimensions` at least 1 and at most 21,201. Depends on the arguments
    alone: each scrambling is seeded by `seed` and its own number.
    """
    from scipy.stats import qmc  # a second to import: only where worlds are drawn

    # scipy renamed the argument in 1.15.
    keyword = "rng" if "rng" in inspect.signature(qmc.Sobol.__init__).parameters else "seed"
    parts = []
    for k in range(SCRAMBLINGS):
        rng: Any = np.random.default_rng(np.random.SeedSequence([seed, k]))
        arguments: dict[str, Any] = {"scramble": True, "bits": _BITS, keyword: rng}
        sobol = qmc.Sobol(dimensions, **arguments)
        parts.append(sobol.random(each))
    # Points are multiples of 2^-30: half a cell further they are off 0 and 1.
    found: Floats = np.concatenate(parts) + 0.5 / 2**_BITS
    return found


def normal(dimensions: int, each: int, seed: int) -> Floats:
    """(8, each, dimensions) standard normal draws, from `uniform`."""
    return to_normal(uniform(dimensions, each, seed)).reshape(SCRAMBLINGS, each, dimensions)


def to_normal(points: Floats) -> Floats:
    """Standard normal quantiles of points strictly inside the unit cube; the shape stays."""
    found: Floats = ndtri(points)
    return found
