"""Risk measures: each is a set of admissible world weights.

Every coherent measure is rho(x) = max over q in Q of sum_s q[s] y[s], where y[s] is the loss left
in world s with stack x. A measure gives its `values` for rows of such losses and the admissible
`weights` that attain the value; cutting planes, proofs and "which worlds drive the risk" need no
more (docs/model.md, Objectives). A new measure is one class here and one line in `parse`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Protocol

import numpy as np

from planner.errors import BadInput
from planner.risk.exact import Dyadic, fraction
from planner.scenario.settle import Settled
from planner.worlds.build import build, strikes
from planner.worlds.types import Floats, Worlds

#: A share as it is written: an exponent could stand for millions of digits.
_PLAIN = re.compile(r"\s*[0-9.]{1,40}")


class Measure(Protocol):
    """What every measure offers. `losses` is (stacks, S), one row a stack."""

    @property
    def name(self) -> str: ...

    def worlds(self, settled: Settled, seed: int) -> Worlds:
        """The worlds that this measure judges on."""
        ...

    def values(self, worlds: Worlds, losses: Floats) -> Floats:
        """(stacks,) the measure of each row of per-world losses."""
        ...

    def weights(self, worlds: Worlds, losses: Floats) -> Floats:
        """(S,) an admissible q with q . losses = value, for one row of losses (S,)."""
        ...

    def exact(self, worlds: Worlds, losses: Dyadic) -> Fraction:
        """The measure of one row of exact losses, without rounding."""
        ...


@dataclass(frozen=True)
class Expected:
    """Expected loss: Q holds the probabilities alone."""

    @property
    def name(self) -> str:
        return "expected"

    def worlds(self, settled: Settled, seed: int) -> Worlds:
        return build(settled, seed=seed)

    def values(self, worlds: Worlds, losses: Floats) -> Floats:
        return np.asarray(losses @ worlds.probability, dtype=np.float64)

    def weights(self, worlds: Worlds, losses: Floats) -> Floats:  # noqa: ARG002 - same for all
        return worlds.probability

    def exact(self, worlds: Worlds, losses: Dyadic) -> Fraction:
        numbers, exponent = (losses * Dyadic.of(worlds.probability)).aligned()
        return fraction(int(numbers.sum()), exponent)


@dataclass(frozen=True)
class CVaR:
    """Mean of the worst (1 - level) share, by probability: q <= p / (1 - level), sum 1."""

    level: Decimal

    @property
    def name(self) -> str:
        return f"cvar:{self.level:f}"

    def worlds(self, settled: Settled, seed: int) -> Worlds:
        return build(settled, seed=seed)

    def values(self, worlds: Worlds, losses: Floats) -> Floats:
        order = np.argsort(-losses, axis=1, kind="stable")
        taken = self._taken(worlds.probability[order])
        result: Floats = np.einsum("ks,ks->k", taken, np.take_along_axis(losses, order, axis=1))
        return result

    def weights(self, worlds: Worlds, losses: Floats) -> Floats:
        order = np.argsort(-losses, kind="stable")
        q = np.zeros_like(losses)
        q[order] = self._taken(worlds.probability[order][None, :])[0]
        return q

    def _taken(self, sorted_probability: Floats) -> Floats:
        """Weights of the worlds in falling order of loss: full ones until the share is used up."""
        share = float(1 - self.level)
        after = np.cumsum(sorted_probability, axis=1)
        # The share is of the total as summed here, so that cvar:0 is the expectation itself.
        limit = share * after[:, -1:]
        before = after - sorted_probability
        return np.clip(limit - before, 0.0, sorted_probability) / share

    def exact(self, worlds: Worlds, losses: Dyadic) -> Fraction:
        loss, loss_exponent = losses.aligned()
        mass, mass_exponent = Dyadic.of(worlds.probability).aligned()
        share = 1 - Fraction(self.level)
        left = share * int(mass.sum())
        total = Fraction(0)
        for s in sorted(range(len(loss)), key=lambda s: -loss[s]):
            part = min(left, Fraction(int(mass[s])))
            total += part * int(loss[s])
            left -= part
            if not left:
                break
        return total / share * fraction(1, loss_exponent) * fraction(1, mass_exponent)


@dataclass(frozen=True)
class Worst:
    """An adversary switches on at most `modes` modes: the largest conditional expected loss."""

    modes: int = 1

    @property
    def name(self) -> str:
        return f"worst:{self.modes}"

    def worlds(self, settled: Settled, seed: int) -> Worlds:
        return strikes(settled, self.modes, seed=seed)

    def values(self, worlds: Worlds, losses: Floats) -> Floats:
        starts = _starts(worlds)
        sums: Floats = np.add.reduceat(losses * worlds.probability, starts, axis=1)
        return np.asarray(sums.max(axis=1))

    def weights(self, worlds: Worlds, losses: Floats) -> Floats:
        starts = _starts(worlds)
        sums = np.add.reduceat(losses * worlds.probability, starts)
        worst = int(sums.argmax())
        ends = np.append(starts[1:], losses.size)
        q = np.zeros_like(losses)
        chosen = slice(starts[worst], ends[worst])
        q[chosen] = worlds.probability[chosen]
        return q

    def exact(self, worlds: Worlds, losses: Dyadic) -> Fraction:
        numbers, exponent = (losses * Dyadic.of(worlds.probability)).aligned()
        return fraction(int(np.add.reduceat(numbers, _starts(worlds)).max()), exponent)


def _starts(worlds: Worlds) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """First world of each state (the worlds of a state stand together)."""
    return np.flatnonzero(np.append(True, np.diff(worlds.state) != 0)).astype(np.int64)


def parse(text: str) -> Measure:
    """`expected`, `cvar:0.95` or `worst:1` as a measure.

    Raises BadInput for anything else, with what to write instead.

    >>> parse("cvar:0.95").name
    'cvar:0.95'
    """
    kind, _, parameter = text.strip().partition(":")
    if kind == "expected" and not parameter:
        return Expected()
    if kind == "cvar":
        try:
            level = Decimal(parameter if _PLAIN.fullmatch(parameter) else "")
        except InvalidOperation:
            level = Decimal(-1)
        if not (level.is_finite() and 0 <= level < 1):
            raise BadInput.option(
                "--objective",
                f"{text!r} needs a share from 0 to below 1.",
                "Write cvar:0.95 for the mean of the worst 5%.",
            )
        return CVaR(level)
    if kind == "worst":
        if (parameter and not (parameter.isascii() and parameter.isdigit())) or len(parameter) > 3:
            raise BadInput.option(
                "--objective",
                f"{text!r} needs a whole number of modes.",
                "Write worst:1 for an adversary who switches on at most one mode.",
            )
        return Worst(int(parameter or "1"))
    raise BadInput.option(
        "--objective",
        f"{text!r} is no objective.",
        "Write expected, cvar:0.95, worst:1 or depth.",
    )
