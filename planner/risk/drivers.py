"""Who drives the residual risk of a stack: modes, pairs of modes, classes of worlds.

The worlds have to know which modes strike in them (`build(..., merge=False)`). Let r(A) be the
residual of the worlds with active modes A: the sum of their p l prod_i F[i,s]. Then
R = r(no mode) + r(unlisted) + sum over A of r(A), and

    conditional on mode j   sum over A with j of r(A), divided by the probability of j
    share of mode j         the same sum divided by R; shares overlap, and sum to more than 1
    Shapley value of j      sum over A with j of r(A) / |A|; these sum to R less the baseline (no
                            mode) and the unlisted cause

The last is the Shapley value of the game v(S) = sum of r(A) over A inside S, the risk from worlds
in which nothing outside S strikes: v is a sum of r(A) times unanimity games u_A (1 if S holds A,
else 0). In u_A the members of A are interchangeable and the others add nothing, so by symmetry,
the null player and efficiency each member has 1 / |A|; by additivity the values add up (Shapley
1953). The interaction of a pair is sum over A with both of r(A) / (|A| - 1), the Shapley
interaction index of the same game (Grabisch and Roubens 1999). Both count who is there when
the stack fails, not who caused it: a mode that every technique withstands still has its part of
the worlds in which it strikes beside others.

Under the reading by-mode one mode strikes a world, so pairs have no residual; probabilities and
losses are given unscaled, as the funder wrote them (docs/model.md, "reading: by-mode").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planner.risk.stack import losses
from planner.scenario.settle import Settled
from planner.scenario.types import ExplicitWorlds, FailureModes
from planner.worlds.types import Floats, Worlds

if TYPE_CHECKING:
    import pandas as pd

#: Classes that are listed one by one.
MOST_CLASSES = 20


@dataclass(frozen=True)
class ModeDriver:
    """What one mode has to do with the residual risk.

    probability   that it strikes (and the cause is listed)
    risk_given    expected loss left given that it strikes; None where it never does
    residual      of the worlds in which it strikes, in units of loss; `share` of R (None: R = 0)
    shapley       its Shapley value, in units of loss; `shapley_share` of R
    """

    mode: str
    name: str
    probability: float
    risk_given: float | None
    residual: float
    share: float | None
    shapley: float
    shapley_share: float | None


@dataclass(frozen=True)
class PairDriver:
    """Two modes that strike together; as `ModeDriver`. `interaction` is the Shapley interaction
    index, in units of loss."""

    modes: tuple[str, str]
    probability: float
    risk_given: float | None
    residual: float
    share: float | None
    interaction: float


@dataclass(frozen=True)
class ClassDriver:
    """Worlds with the same active modes (all their common causes together).

    world        what to call it: the modes, `no mode`, `unlisted`, or an explicit world's id
    modes        ids of the active modes; empty for `no mode`, `unlisted` and explicit worlds
    probability  of the class; `loss` of each of its worlds; `failure` chance that all of the
                 stack fail in it: residual = probability * loss * failure
    """

    world: str
    modes: tuple[str, ...]
    probability: float
    loss: float
    failure: float
    residual: float
    share: float | None


@dataclass(frozen=True)
class Drivers:
    """risk = baseline + unlisted + the sum of the modes' Shapley values.

    baseline    residual of the worlds in which no mode strikes (0 for explicit worlds)
    unlisted    residual of the cause that nobody listed: the floor
    modes       in the scenario's order; empty for explicit worlds
    pairs       those that can strike together, by falling residual
    classes     the largest, by falling residual; `others` is the residual of the rest
    multiple    residual of the worlds in which two modes or more strike
    """

    risk: float
    baseline: float
    unlisted: float
    multiple: float
    modes: tuple[ModeDriver, ...]
    pairs: tuple[PairDriver, ...]
    classes: tuple[ClassDriver, ...]
    others: float

    def to_dict(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in ("risk", "baseline", "unlisted", "multiple")},
            "modes": [asdict(mode) for mode in self.modes],
            "pairs": [asdict(pair) | {"modes": list(pair.modes)} for pair in self.pairs],
            "classes": [asdict(c) | {"modes": list(c.modes)} for c in self.classes],
            "others": self.others,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a mode."""
        import pandas as pd  # a second of import that `--help` must not pay

        names = list(ModeDriver.__dataclass_fields__)
        return pd.DataFrame([asdict(mode) for mode in self.modes], columns=names)

    def pairs_frame(self) -> pd.DataFrame:
        """One row a pair of modes."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [
            {"mode": pair.modes[0], "other": pair.modes[1]}
            | {k: v for k, v in asdict(pair).items() if k != "modes"}
            for pair in self.pairs
        ]
        names = ["mode", "other", "probability", "risk_given", "residual", "share", "interaction"]
        return pd.DataFrame(rows, columns=names)

    def classes_frame(self) -> pd.DataFrame:
        """One row a class of worlds."""
        import pandas as pd  # a second of import that `--help` must not pay

        names = [name for name in ClassDriver.__dataclass_fields__ if name != "modes"]
        return pd.DataFrame([asdict(c) for c in self.classes], columns=names)


@dataclass(frozen=True, eq=False)
class Totals:
    """By class c: `probability`, `loss` (not scaled), `residual` (C,), `active` (C, m)."""

    probability: Floats
    loss: Floats
    residual: Floats
    active: Floats

    @property
    def size(self) -> Floats:
        found: Floats = self.active.sum(axis=1)
        return found


def drivers(settled: Settled, worlds: Worlds, stack: Sequence[int]) -> Drivers:
    """Of a stack of option numbers; `worlds` as `build(settled, merge=False)` makes them."""
    residuals = worlds.probability * losses(worlds, stack)
    total = math.fsum(residuals)
    totals = _totals(settled, worlds, residuals)
    explicit = isinstance(settled.scenario.threats, ExplicitWorlds)
    size = totals.size
    unlisted = math.fsum(residuals[worlds.state < 0])
    order = np.argsort(-_steps(totals.residual, total), kind="stable")
    order = order[totals.probability[order] > 0]
    classes = [_class(settled, totals, int(c), total) for c in order[:MOST_CLASSES]]
    if worlds.unlisted > 0:
        loss = worlds.unlisted_loss
        classes.append(
            ClassDriver("unlisted", (), worlds.unlisted, loss, 1.0, unlisted, _of(unlisted, total))
        )
    classes.sort(key=lambda c: -_step(c.residual, total))
    rest: list[float] = totals.residual[order[MOST_CLASSES:]].tolist()
    rest += [c.residual for c in classes[MOST_CLASSES:]]
    return Drivers(
        risk=total,
        baseline=0.0 if explicit else math.fsum(totals.residual[size == 0]),
        unlisted=unlisted,
        multiple=math.fsum(totals.residual[size > 1]),
        modes=_modes(settled, totals, total),
        pairs=_pairs(settled, totals, total),
        classes=tuple(classes[:MOST_CLASSES]),
        others=math.fsum(rest),
    )


def _totals(settled: Settled, worlds: Worlds, residuals: Floats) -> Totals:
    """Listed worlds added up by class, unscaled."""
    here = worlds.state >= 0
    state, count = worlds.state[here], len(worlds.active)
    probability = _added(state, worlds.probability[here], count)
    loss = np.zeros(count)
    loss[state] = worlds.loss[here]
    scale = _scale(settled, worlds, probability)
    return Totals(
        probability=probability * scale,
        loss=loss / scale,
        residual=_added(state, residuals[here], count),
        active=worlds.active.astype(np.float64),
    )


def _added(state: NDArray[np.int64], amounts: Floats, count: int) -> Floats:
    found: Floats = np.bincount(state, amounts, minlength=count).astype(np.float64)
    return found


def _scale(settled: Settled, worlds: Worlds, probability: Floats) -> float:
    """Z of docs/model.md, "reading: by-mode": what probabilities were divided by; else 1."""
    threats = settled.scenario.threats
    if settled.scenario.reading != "by-mode" or isinstance(threats, ExplicitWorlds):
        return 1.0
    written = math.fsum(mode.probability.mean for mode in threats.modes)
    scaled = math.fsum(probability[worlds.active.any(axis=1)])
    return (1 - worlds.unlisted) * written / scaled if scaled > 0 else 1.0


def _modes(settled: Settled, totals: Totals, total: float) -> tuple[ModeDriver, ...]:
    threats = settled.scenario.threats
    if not isinstance(threats, FailureModes):
        return ()
    probability = totals.active.T @ totals.probability
    residual = totals.active.T @ totals.residual
    shapley = totals.active.T @ (totals.residual / np.maximum(totals.size, 1))
    return tuple(
        ModeDriver(
            mode=mode.id,
            name=mode.name,
            probability=float(probability[j]),
            risk_given=_of(float(residual[j]), float(probability[j])),
            residual=float(residual[j]),
            share=_of(float(residual[j]), total),
            shapley=float(shapley[j]),
            shapley_share=_of(float(shapley[j]), total),
        )
        for j, mode in enumerate(threats.modes)
    )


def _pairs(settled: Settled, totals: Totals, total: float) -> tuple[PairDriver, ...]:
    threats = settled.scenario.threats
    if not isinstance(threats, FailureModes):
        return ()
    tables = [
        (totals.active * amount[:, None]).T @ totals.active
        for amount in (
            totals.probability,
            totals.residual,
            totals.residual / np.maximum(totals.size - 1, 1),
        )
    ]
    found = []
    for i, first in enumerate(threats.modes):
        for j in range(i + 1, len(threats.modes)):
            probability, residual, interaction = (float(table[i, j]) for table in tables)
            if probability > 0:
                found.append(
                    PairDriver(
                        modes=(first.id, threats.modes[j].id),
                        probability=probability,
                        risk_given=_of(residual, probability),
                        residual=residual,
                        share=_of(residual, total),
                        interaction=interaction,
                    )
                )
    return tuple(sorted(found, key=lambda pair: -_step(pair.residual, total)))


def _class(settled: Settled, totals: Totals, c: int, total: float) -> ClassDriver:
    threats = settled.scenario.threats
    modes: tuple[str, ...] = ()
    if isinstance(threats, ExplicitWorlds):
        world = threats.worlds[c].id
    else:
        modes = tuple(m.id for m, on in zip(threats.modes, totals.active[c], strict=True) if on)
        world = " + ".join(modes) or "no mode"
    weight = float(totals.probability[c] * totals.loss[c])
    residual = float(totals.residual[c])
    return ClassDriver(
        world=world,
        modes=modes,
        probability=float(totals.probability[c]),
        loss=float(totals.loss[c]),
        failure=min(residual / weight, 1.0) if weight > 0 else 0.0,
        residual=residual,
        share=_of(residual, total),
    )


def _of(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _step(number: float, total: float) -> float:
    """Equal for numbers that differ by rounding alone."""
    return round(number / total, 12) if total > 0 else 0.0


def _steps(numbers: Floats, total: float) -> Floats:
    found: Floats = np.round(numbers / total, 12) if total > 0 else np.zeros_like(numbers)
    return found
