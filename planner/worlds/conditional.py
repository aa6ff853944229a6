"""How likely each option fails, given the active modes and the common causes.

Source: docs/model.md, "From what the funder wrote to worlds".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from planner.worlds.types import Floats


def failure_given_sets(
    vulnerability: Floats, background: Floats, active: NDArray[np.bool_]
) -> Floats:
    """(n, C) 1 - (1 - b[i]) prod over j in A of (1 - v[i,j]), for C sets of modes.

    `vulnerability` (n, m), `background` (n,), `active` (C, m). Mode by mode f <- f + v (1 - f), a
    sum of terms that are not negative: tiny failures keep all their digits, and v = 1 gives 1.
    """
    f = np.repeat(background[:, None], len(active), axis=1)
    for j in range(active.shape[1]):
        if active[:, j].any():
            f += np.outer(vulnerability[:, j], active[:, j]) * (1 - f)
    return np.clip(f, 0.0, 1.0)


def with_success(failure: Floats, success: Floats) -> Floats:
    """1 - s (1 - f): an option that does not deliver fails. `failure` (options, C), `success`
    (options,)."""
    if bool((success == 1).all()):
        return failure  # 1 - (1 - f), and no copy
    return np.clip(failure + (1 - success)[:, None] * (1 - failure), 0.0, 1.0)


def shifted(failure: Floats, loading: Floats, state: NDArray[np.int64], z: Floats) -> Floats:
    """(options, S) failure in each world, given its common causes.

    `failure` (options, C) before common causes, `loading` (options, groups) with each row's sum
    below 1, `state` (S,) the class of each world, `z` (S, groups) its latent causes:
    F = Phi((Phi^-1(f) - sum_g sqrt(r_g) z_g) / sqrt(1 - sum_g r_g)). Failures of exactly 0 or 1
    stay so, and options without loading keep theirs to the last bit.
    """
    result = np.empty((failure.shape[0], state.size))
    quantile: Floats = ndtri(failure)
    for i, row in enumerate(loading):
        if row.any():
            scale = np.sqrt(1 - row.sum())
            result[i] = ndtr((quantile[i] / scale)[state] - z @ (np.sqrt(row) / scale))
        else:
            result[i] = failure[i, state]
    return result


def shared_loadings(loading: Floats) -> Floats:
    """(n, groups left) without the groups in which at most one technique has a loading.

    A latent cause of a single technique integrates out exactly: its marginal failure is unchanged.
    """
    return loading[:, (loading > 0).sum(axis=0) >= 2]
