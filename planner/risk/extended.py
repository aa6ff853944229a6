"""Sums of products in the machine's extended precision, with a bound on the error.

Where a `longdouble` holds 64 bits or more (x86), one product is one instruction, and a value is
known to about 17 digits ten times faster than in pairs of doubles (`planner.risk.double`). Mostly
that tells which double is the nearest, or which of two stacks leaves less; what it leaves open
goes there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.risk.double import Close
from planner.worlds.types import Floats

#: Whether a longdouble has the 64 bits of x86 at least.
WIDE = int(np.finfo(np.longdouble).nmant) >= 63
#: One product or sum errs by this much, relatively (less where a longdouble is wider still).
UNIT = 2.0**-64
#: Sums below this are left to others: their error may be no double.
SMALL = 1e-280
#: Worlds in one pass: what is in between stays in cache.
WORLDS = 4096


def sum_of_products(
    rows: Floats, chosen: Sequence[int], loss: Floats, probability: Floats
) -> Close | None:
    """sum over s of loss[s] probability[s] prod_i rows[i, s] over the chosen rows.

    `rows` (k, S) are probabilities (0 to 1), `loss` and `probability` (S,) are not negative. None
    where this machine has no more digits than doubles, or the sum is too small.
    """
    if not WIDE:
        return None
    parts = []
    for at in range(0, loss.size, WORLDS):
        part = slice(at, at + WORLDS)
        # First two doubles, whose product is in range; then it only falls. What falls out of range
        # is below 1e-4900 and counts for nothing beside the margin below.
        left = loss[part].astype(np.longdouble)
        left *= probability[part]
        for i in chosen:
            left *= rows[i, part]
        parts.append(left)
    sums = np.concatenate(parts)
    steps = len(chosen) + 1
    while sums.size > 1:
        if sums.size % 2:
            sums = np.append(sums, np.longdouble(0))
        sums = sums[::2] + sums[1::2]
        steps += 1
    total = sums[0]
    high = float(total)
    if not SMALL < high < 1 / SMALL:
        return None
    # (1 + u)^steps - 1 is less than 1.001 steps u here; the rest is for rounding this very error.
    return Close(high, float(total - high), high * (steps + 1) * 1.01 * UNIT)
