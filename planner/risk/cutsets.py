"""Minimal cut sets and depth: which sets of modes defeat every technique of a stack.

No probability enters: a cell counts as "fails" from the scenario's threshold on. A cut set meets
the set of defeating modes of every technique, so minimal cut sets are minimal transversals.

`cut_sets` gives all that is known of a stack without probabilities, with its uncertain cells read
both ways. Source: docs/model.md, "Objectives" (cut set, depth).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.scenario.settle import ModeNumbers, Settled
from planner.scenario.types import Cell, FailureModes, Scenario
from planner.scenario.values import is_uncertain

if TYPE_CHECKING:
    import pandas as pd

#: Up to this many modes that defeat some technique of the stack, all sets of them are looked at.
TABLE_MODES = 16
#: Beyond, minimal cut sets are listed up to this size (or up to the depth, if that is larger).
MOST_ORDER = 3
#: Minimal cut sets that are listed; the counts by size go on.
MOST_SETS = 1000


def defeating(settled: Settled) -> tuple[int, ...] | None:
    """For each technique the modes that defeat it, as a bit mask; None for explicit worlds."""
    if not isinstance(settled.threats, ModeNumbers):
        return None
    threshold = settled.scenario.threshold.mean
    masks = []
    for row in settled.threats.vulnerability:
        masks.append(sum(1 << j for j, v in enumerate(row) if v >= threshold))
    return tuple(masks)


def minimal_cut_sets(masks: Iterable[int], *, most: int | None = None) -> list[int]:
    """Minimal sets of modes (bit masks) that meet every mask, smallest first.

    `most` leaves out sets of more modes than that. An empty mask (a technique that no mode
    defeats) has no transversal: the list is empty. Berge's algorithm, one mask at a time.

    >>> [bin(s) for s in minimal_cut_sets([0b011, 0b110])]
    ['0b10', '0b101']
    """
    sets = [0]
    for mask in sorted(set(masks), key=lambda m: (m.bit_count(), m)):
        hit = [s for s in sets if s & mask]
        grown = {
            s | 1 << j
            for s in sets
            if not s & mask and (most is None or s.bit_count() < most)
            for j in range(mask.bit_length())
            if mask >> j & 1
        }
        fresh: list[int] = []
        for s in sorted(grown, key=lambda s: (s.bit_count(), s)):
            if not any(t & s == t for t in hit) and not any(t & s == t for t in fresh):
                fresh.append(s)
        sets = hit + fresh
    return sorted(sets, key=lambda s: (s.bit_count(), s))


def depth(masks: Sequence[int]) -> int | None:
    """Size of the smallest cut set; None where there is none; 0 for an empty stack.

    Branches on the smallest mask that is not yet met, deepening one mode at a time: exact, and
    quick because the answer is small.
    """
    if not masks:
        return 0
    if any(mask == 0 for mask in masks):
        return None
    kept = [m for m in set(masks) if not any(o != m and o & m == o for o in set(masks))]
    size = 1
    while not _can_hit(kept, size):
        size += 1
    return size


def _can_hit(masks: list[int], size: int) -> bool:
    if not masks:
        return True
    if size == 0:
        return False
    smallest = min(masks, key=int.bit_count)
    return any(
        _can_hit([m for m in masks if not m >> j & 1], size - 1)
        for j in range(smallest.bit_length())
        if smallest >> j & 1
    )


@dataclass(frozen=True)
class CutReading:
    """Depth (None: no cut set) and single points of failure (mode ids) under one reading of the
    cells."""

    depth: int | None
    single: tuple[str, ...]


@dataclass(frozen=True)
class UncertainCell:
    """A cell of the stack whose value is uncertain, the other cells as they are at their mean.

    symbol    what was written, where it was a symbol of the scale
    fails     how it counts at its mean
    if_holds  depth and single points if it counts as "holds"; `if_fails` as "fails"
    decides   whether that changes the depth or the set of single points
    """

    technique: str
    mode: str
    symbol: str | None
    fails: bool
    if_holds: CutReading
    if_fails: CutReading
    decides: bool


@dataclass(frozen=True)
class ModeCount:
    """How many techniques of the stack a mode defeats: at the cells' means, with the uncertain
    ones as "holds", and as "fails"."""

    mode: str
    fails: int
    if_hold: int
    if_fail: int


@dataclass(frozen=True)
class CutSets:
    """Cut sets of a stack; no probability enters.

    threshold  a cell fails from this vulnerability on
    techniques labels of the stack, those that others pay for included
    depth      size of the smallest cut set; None: none; 0: the empty stack
    single     single points of failure: modes that defeat the whole stack alone
    sets       minimal cut sets as mode ids, smallest first, at most MOST_SETS
    counts     (size, number of minimal cut sets of that size), rising
    complete   False where sets of more modes than the largest size in `counts` were not looked for
    if_hold    every uncertain cell of the stack counts as "holds"; `if_fail` as "fails"
    uncertain  the uncertain cells, technique by technique
    columns    how many techniques each mode defeats
    """

    threshold: float
    techniques: tuple[str, ...]
    depth: int | None
    single: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    counts: tuple[tuple[int, int], ...]
    complete: bool
    if_hold: CutReading
    if_fail: CutReading
    uncertain: tuple[UncertainCell, ...]
    columns: tuple[ModeCount, ...]

    @property
    def deciding(self) -> tuple[UncertainCell, ...]:
        """The uncertain cells that decide something by themselves."""
        return tuple(cell for cell in self.uncertain if cell.decides)

    def to_dict(self) -> dict[str, Any]:
        return {
            "needs_probability": False,
            "threshold": self.threshold,
            "techniques": list(self.techniques),
            "depth": self.depth,
            "single_points": list(self.single),
            "minimal": [list(cut) for cut in self.sets],
            "by_order": {str(order): count for order, count in self.counts},
            "complete": self.complete,
            "if_uncertain_hold": _reading(self.if_hold),
            "if_uncertain_fail": _reading(self.if_fail),
            "uncertain_cells": [
                asdict(cell)
                | {"if_holds": _reading(cell.if_holds), "if_fails": _reading(cell.if_fails)}
                for cell in self.uncertain
            ],
            "modes": [asdict(column) for column in self.columns],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a minimal cut set: its size, and its modes."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [{"order": len(cut), "modes": ", ".join(cut)} for cut in self.sets]
        return pd.DataFrame(rows, columns=["order", "modes"])


def cut_sets(settled: Settled, stack: Sequence[int]) -> CutSets | None:
    """Cut sets of a stack of option numbers; None for explicit worlds, which know no modes."""
    threats = settled.scenario.threats
    masks = defeating(settled)
    if masks is None or not isinstance(threats, FailureModes):
        return None
    ids = tuple(mode.id for mode in threats.modes)
    techniques = [settled.options[k].technique for k in stack]
    own = [masks[i] for i in techniques]
    open_cells = [uncertain_mask(settled.scenario, threats.cells[i]) for i in techniques]
    holding = [mask & ~cells for mask, cells in zip(own, open_cells, strict=True)]
    failing = [mask | cells for mask, cells in zip(own, open_cells, strict=True)]
    found, complete = _minimal(own)
    sizes = [cut.bit_count() for cut in found]
    return CutSets(
        threshold=settled.scenario.threshold.mean,
        techniques=tuple(settled.options[k].label for k in stack),
        depth=depth(own),
        single=_named(single_points(own), ids),
        sets=tuple(sorted((_named(cut, ids) for cut in found), key=_by_size))[:MOST_SETS],
        counts=tuple((size, sizes.count(size)) for size in sorted(set(sizes))),
        complete=complete,
        if_hold=_read(holding, ids),
        if_fail=_read(failing, ids),
        uncertain=_uncertain(settled, techniques, own, open_cells),
        columns=tuple(
            ModeCount(id, *(sum(m >> j & 1 for m in part) for part in (own, holding, failing)))
            for j, id in enumerate(ids)
        ),
    )


def single_points(masks: Sequence[int]) -> int:
    """Modes (bit mask) that defeat every technique alone; none for an empty stack.

    >>> bin(single_points([0b011, 0b110]))
    '0b10'
    """
    return reduce(and_, masks) if masks else 0


def uncertain_mask(scenario: Scenario, cells: Sequence[Cell]) -> int:
    """Cells of one technique that are uncertain, as a bit mask: their value is no plain number, or
    they were written as a symbol whose value on the scale is none."""
    scale = {symbol for symbol, value in scenario.scale if is_uncertain(value)}
    return sum(
        1 << j for j, cell in enumerate(cells) if is_uncertain(cell.value) or cell.symbol in scale
    )


def _minimal(masks: Sequence[int]) -> tuple[list[int], bool]:
    """Minimal cut sets, smallest first, and whether these are all."""
    everything = reduce(or_, masks, 0)
    if everything.bit_count() <= TABLE_MODES:
        return _from_table(masks, everything), True
    least = depth(masks)
    if least is None:
        return [], True
    return minimal_cut_sets(masks, most=max(least, MOST_ORDER)), False


def _from_table(masks: Sequence[int], everything: int) -> list[int]:
    """All sets of the modes looked at: those that meet every mask while no set with one mode less
    does."""
    modes = [j for j in range(everything.bit_length()) if everything >> j & 1]
    sets = np.arange(1 << len(modes), dtype=np.int64)
    cuts = np.ones(sets.size, np.bool_)
    for mask in set(masks):
        cuts &= sets & sum(1 << b for b, j in enumerate(modes) if mask >> j & 1) != 0
    minimal = cuts.copy()
    for b in range(len(modes)):
        inside = sets >> b & 1 == 1
        minimal[inside] &= ~cuts[sets[inside] ^ (1 << b)]
    found = [
        sum(1 << j for b, j in enumerate(modes) if s >> b & 1)
        for s in np.flatnonzero(minimal).tolist()
    ]
    return sorted(found, key=lambda s: (s.bit_count(), s))


def _uncertain(
    settled: Settled, techniques: Sequence[int], own: list[int], open_cells: list[int]
) -> tuple[UncertainCell, ...]:
    scenario = settled.scenario
    assert isinstance(scenario.threats, FailureModes)
    ids = tuple(mode.id for mode in scenario.threats.modes)
    found = []
    for place, i in enumerate(techniques):
        for j, id in enumerate(ids):
            if not open_cells[place] >> j & 1:
                continue
            others = (own[:place], own[place + 1 :])
            holds = _read([*others[0], own[place] & ~(1 << j), *others[1]], ids)
            fails = _read([*others[0], own[place] | 1 << j, *others[1]], ids)
            found.append(
                UncertainCell(
                    technique=scenario.techniques[i].id,
                    mode=id,
                    symbol=scenario.threats.cells[i][j].symbol,
                    fails=bool(own[place] >> j & 1),
                    if_holds=holds,
                    if_fails=fails,
                    decides=holds != fails,
                )
            )
    return tuple(found)


def _read(masks: Sequence[int], ids: Sequence[str]) -> CutReading:
    return CutReading(depth(masks), _named(single_points(masks), ids))


def _named(mask: int, ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(id for j, id in enumerate(ids) if mask >> j & 1)


def _by_size(cut: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(cut), cut


def _reading(reading: CutReading) -> dict[str, Any]:
    return {"depth": reading.depth, "single_points": list(reading.single)}
