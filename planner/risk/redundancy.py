"""Redundancy of a stack: who stands in for whom, and which mode only one technique holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.risk.cutsets import defeating
from planner.risk.stack import risk
from planner.scenario.settle import Settled
from planner.scenario.types import FailureModes
from planner.worlds.types import Floats, Worlds

if TYPE_CHECKING:
    import pandas as pd

#: Differences below this share of the risk are rounding.
SAME = 1e-12


@dataclass(frozen=True)
class StandIn:
    """One technique of the stack, and who already does its work.

    by             label of the one that by itself does most of what this one would do alone
    share          how much of it, 0..1
    share_by_rest  how much of it the rest of the stack does together, 0..1
    All None where the technique does nothing alone; `by` and `share` also where it is by itself.
    """

    label: str
    by: str | None
    share: float | None
    share_by_rest: float | None


@dataclass(frozen=True)
class Held:
    """A mode, and the techniques of the stack (labels) that withstand it."""

    mode: str
    by: tuple[str, ...]


@dataclass(frozen=True)
class Redundancy:
    """labels: the stack. overlap[i][j]: share of what i does alone that j already does (None on
    the diagonal and where i does nothing). held, sole_holders (modes that only one withstands) and
    not_held (modes that nobody withstands) need no probability; None for explicit worlds."""

    labels: tuple[str, ...]
    overlap: tuple[tuple[float | None, ...], ...]
    stand_ins: tuple[StandIn, ...]
    held: tuple[Held, ...] | None
    sole_holders: tuple[tuple[str, str], ...] | None
    not_held: tuple[str, ...] | None

    def to_dict(self) -> dict[str, Any]:
        held = self.held
        sole = self.sole_holders
        return {
            "techniques": list(self.labels),
            "overlap": [list(row) for row in self.overlap],
            "stand_ins": [
                {"technique": s.label, "by": s.by, "share": s.share, "by_rest": s.share_by_rest}
                for s in self.stand_ins
            ],
            "held": None if held is None else {h.mode: list(h.by) for h in held},
            "sole_holders": None if sole is None else dict(sole),
            "not_held": None if self.not_held is None else list(self.not_held),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a technique: who stands in for it, and the modes that it alone withstands."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [
            {
                "technique": s.label,
                "stood_in_by": s.by,
                "share": s.share,
                "share_by_rest": s.share_by_rest,
                "sole_holder_of": ", ".join(
                    mode for mode, label in self.sole_holders or () if label == s.label
                ),
            }
            for s in self.stand_ins
        ]
        names = ["technique", "stood_in_by", "share", "share_by_rest", "sole_holder_of"]
        return pd.DataFrame(rows, columns=names)


def redundancy(settled: Settled, worlds: Worlds, stack: Sequence[int]) -> Redundancy:
    """For a stack of option numbers, in the order given."""
    options = list(stack)
    labels = tuple(settled.options[k].label for k in options)
    overlap = overlaps(worlds.failure[options], worlds.weight)
    held = _held(settled, options)
    return Redundancy(
        labels=labels,
        overlap=tuple(tuple(None if x != x else x for x in row) for row in overlap.tolist()),
        stand_ins=tuple(
            _stand_in(worlds, options, labels, overlap, place) for place in range(len(options))
        ),
        held=held,
        sole_holders=(
            None if held is None else tuple((h.mode, h.by[0]) for h in held if len(h.by) == 1)
        ),
        not_held=None if held is None else tuple(h.mode for h in held if not h.by),
    )


def overlaps(failure: Floats, weight: Floats) -> Floats:
    """(n, n) share of what i does alone that j already does: 1 - (R_j - R_ij) / (R_0 - R_i).

    In 0..1 by submodularity; NaN where i does nothing. The diagonal is NaN.
    """
    nothing = math.fsum(weight)
    alone = failure @ weight
    both = (failure * weight) @ failure.T
    worth = nothing - alone
    worth = np.where(worth > SAME * nothing, worth, np.nan)
    share: Floats = np.clip(1 - (alone[None, :] - both) / worth[:, None], 0.0, 1.0)
    np.fill_diagonal(share, np.nan)
    return share


def _stand_in(
    worlds: Worlds, options: list[int], labels: tuple[str, ...], overlap: Floats, place: int
) -> StandIn:
    rest = options[:place] + options[place + 1 :]
    nothing, alone = risk(worlds, ()), risk(worlds, [options[place]])
    if not nothing - alone > SAME * nothing:
        return StandIn(labels[place], None, None, None)
    fall = risk(worlds, rest) - risk(worlds, options)
    by_rest = min(max(1 - fall / (nothing - alone), 0.0), 1.0)
    shares = overlap[place]
    if np.isnan(shares).all():
        return StandIn(labels[place], None, None, by_rest)
    best = int(np.nanargmax(np.round(shares, 12)))
    return StandIn(labels[place], labels[best], float(shares[best]), by_rest)


def _held(settled: Settled, options: list[int]) -> tuple[Held, ...] | None:
    masks = defeating(settled)
    threats = settled.scenario.threats
    if masks is None or not isinstance(threats, FailureModes):
        return None
    return tuple(
        Held(
            mode.id,
            tuple(
                settled.options[k].label
                for k in options
                if not masks[settled.options[k].technique] >> j & 1
            ),
        )
        for j, mode in enumerate(threats.modes)
    )
