"""The relaxation where a failure may be exactly 0: a fact, not a small number.

Where a stack holds a technique that surely protects in world s, that world's loss is 0, and the
line that stands for it in a tangent must be no more than 0. So each such technique takes the whole
line away (it is "lifted"). At a fractional point with y = 1 - sum of x over those techniques the
best line is that of the perspective y exp(sum_i x_i log F_i / y).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from planner.program.types import Program
from planner.solve.models import Logs
from planner.solve.relaxation import Priced, Relaxation, Tangent
from planner.worlds.types import Floats

#: Below this share of a world's line nothing is left of it.
NOTHING = 1e-9


class Lifted(Relaxation):
    """Tangents that hold with zeros too, for one level V (its log) of the objective:

    log(R / V) >= sum_s lam h + x . slope - 1 wherever the right-hand side is at least 0,

    h = 1 + log(q l / (lam V)), and each x with F = 0 in world s takes max(lam h, 0) away.
    """

    def __init__(
        self, program: Program, logs: Logs, log_level: float, limit: float | None = None
    ) -> None:
        super().__init__(program, logs, limit)
        self.log_level = log_level

    def aggregate(self, q: Floats, lam: Floats) -> Tangent:
        plain = super().aggregate(q, lam)
        with np.errstate(divide="ignore", invalid="ignore"):
            lines = lam * (1 + np.log(q) + self.logs.loss - np.log(lam) - self.log_level)
        lines = np.where(lam > 0, np.maximum(lines, 0.0), 0.0)
        return replace(plain, slope=plain.slope - self.logs.zero @ lines)

    def sharpen(self, priced: Priced) -> Priced:
        """What is lifted is no average: it is worked out again for the averaged weights."""
        q = priced.share @ np.array([t.q for t in priced.tangents])
        lam = priced.share @ np.array([t.lam for t in priced.tangents])
        one = self.aggregate(q, lam / lam.sum())
        return self._priced(
            (one,), np.ones(1), priced.scale, priced.prices, one.constant, one.slope
        )

    def tangent_at(self, x: Floats) -> float:
        left = 1 - x @ self.logs.zero
        live = (left > NOTHING) & np.isfinite(self.logs.loss)
        if not live.any():
            return -math.inf
        share = np.where(live, left, 1.0)
        exponent = np.where(live, self.logs.loss + x @ self.logs.failure / share, -np.inf)
        top = float(exponent.max())
        scaled = np.exp(exponent - top)
        measure, worlds = self.program.measure, self.program.worlds
        losses = scaled * np.maximum(left, 0.0)
        q = measure.weights(worlds, losses)
        weight = q * scaled
        total = float(weight.sum())
        if total <= 0:
            return -math.inf
        self.add(q, weight / total)
        value = float(q @ losses)
        return top + math.log(value) if value > 0 else -math.inf
