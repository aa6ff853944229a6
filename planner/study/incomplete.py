"""Which stacks remain when nothing is said but what fails, what holds, and what is unsure.

Needs no probability. A cell surely fails where all that it may be is at or above the threshold,
surely holds where all is below, and is unsure between; an interval counts from its lower to its
upper number as written. In a reading of the unsure cells stack x is at least as good as y when
every set of modes that defeats x defeats y; it dominates y when it is so in every reading, and y
is not in all of them as good as x.

Technique i covers k when every mode that may defeat i surely defeats k. Then x is at least as good
as y in every reading exactly when each technique of y is in x or covered by one of x: if none of x
covers k, let the unsure cells of x fail and those of k hold, and strike with every mode that then
does not defeat k: all of x falls and k stands. So the non-dominated stacks are those whose cover
(what is in them or covered) no other stack's cover exceeds; of equal covers the cheapest count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program, Row
from planner.scenario.settle import Settled
from planner.scenario.types import FailureModes, Scenario
from planner.scenario.values import Interval, Mixture, Value, support

#: Techniques up to which every stack is looked at.
MOST_EXACT = 20
#: Stacks that are listed; counts and shares are over all.
MOST_LISTED = 50


@dataclass(frozen=True)
class Standing:
    """One technique: share of the non-dominated stacks that hold it (None where they were not
    listed), its status, and who covers it at no higher cost."""

    technique: str
    core_index: float | None
    status: str
    covered_by: tuple[str, ...]


@dataclass(frozen=True)
class Incomplete:
    """What remains without probabilities.

    exact   every stack was looked at; else the status comes from bounds: borderline then also means
            "not known"
    stacks  labels and cost in units of the non-dominated stacks, at most 50; `count` of all
    unsure  cells that may fail or hold
    """

    exact: bool
    rows: tuple[Standing, ...]
    stacks: tuple[tuple[tuple[str, ...], int], ...]
    count: int | None
    unsure: int

    def to_dict(self, decimals: int) -> dict[str, Any]:
        return {
            "needs_no_probability": True,
            "exact": self.exact,
            "unsure_cells": self.unsure,
            "count": self.count,
            "core_index": {row.technique: row.core_index for row in self.rows},
            "status": {row.technique: row.status for row in self.rows},
            "covered_by": {
                row.technique: list(row.covered_by) for row in self.rows if row.covered_by
            },
            "stacks": [
                {"stack": list(labels), "cost": float(cost / 10**decimals)}
                for labels, cost in self.stacks
            ],
        }


def ends(value: Value) -> tuple[float, float]:
    """The least and the largest number that the value stands for; of an interval as written."""
    match value:
        case Interval():
            return float(value.low), float(value.high)
        case Mixture():
            found = [ends(part.value) for part in value.parts]
            return min(low for low, _ in found), max(high for _, high in found)
        case _:
            return support(value)


def defeats(scenario: Scenario) -> tuple[list[int], list[int]] | None:
    """For each technique the modes (bit masks) that surely and that may defeat it; None for
    explicit worlds."""
    threats = scenario.threats
    if not isinstance(threats, FailureModes):
        return None
    threshold = scenario.threshold.mean
    surely, maybe = [], []
    for row in threats.cells:
        spans = [ends(cell.value) for cell in row]
        surely.append(sum(1 << j for j, (low, _) in enumerate(spans) if low >= threshold))
        maybe.append(sum(1 << j for j, (_, high) in enumerate(spans) if high >= threshold))
    return surely, maybe


def incomplete(settled: Settled, program: Program) -> Incomplete | None:
    """The non-dominated stacks at the program's budget and rules; None for explicit worlds.

    `program` is the one of the central values; of a technique with levels the cheapest counts,
    since what it costs to deliver is a probability.
    """
    found = defeats(settled.scenario)
    if found is None:
        return None
    surely, maybe = found
    unsure = sum((a ^ b).bit_count() for a, b in zip(surely, maybe, strict=True))
    columns = _cheapest(program)
    numbers = [program.technique[j] for j in columns]
    covers = [
        sum(1 << b for b, k in enumerate(numbers) if i == k or maybe[i] & ~surely[k] == 0)
        for i in numbers
    ]
    paid = {settled.options[k].technique for k in program.committed}
    base = sum(
        1 << b for b, k in enumerate(numbers) if any(maybe[i] & ~surely[k] == 0 for i in paid)
    )
    ids = [settled.scenario.techniques[i].id for i in numbers]
    by = tuple(
        tuple(
            ids[a]
            for a in range(len(ids))
            if a != b
            and covers[a] >> b & 1
            and program.cost[columns[a]] <= program.cost[columns[b]]
        )
        for b in range(len(ids))
    )
    if len(columns) > MOST_EXACT:
        return _bounded(program, columns, covers, base, ids, by, unsure)
    allowed, cost = _stacks(program, columns)
    masks = np.flatnonzero(allowed)
    if not masks.size:
        return None
    best = _maximal(_unions(covers, base)[masks], len(columns))
    kept = masks[best]
    cover = _unions(covers, base)[kept]
    least = {c: int(cost[kept[cover == c]].min()) for c in np.unique(cover).tolist()}
    kept = np.array([m for m, c in zip(kept, cover, strict=True) if cost[m] == least[int(c)]])
    order = sorted(kept.tolist(), key=lambda m: program.tie_key([columns[b] for b in _bits(m)]))
    shares = [float(((kept >> b) & 1).mean()) for b in range(len(columns))]
    rows = tuple(
        Standing(ids[b], shares[b], _status(shares[b]), by[b]) for b in range(len(columns))
    )
    stacks = tuple(
        (tuple(sorted(ids[b] for b in _bits(m))), int(cost[m])) for m in order[:MOST_LISTED]
    )
    return Incomplete(True, _sorted(rows), stacks, len(kept), unsure)


def _status(share: float) -> str:
    return "core" if share == 1 else "exterior" if share == 0 else "borderline"


def _sorted(rows: tuple[Standing, ...]) -> tuple[Standing, ...]:
    order = {"core": 0, "borderline": 1, "exterior": 2}
    return tuple(sorted(rows, key=lambda r: (order[r.status], -(r.core_index or 0.0), r.technique)))


def _cheapest(program: Program) -> list[int]:
    """The cheapest column of each technique."""
    best: dict[int, int] = {}
    for j, i in enumerate(program.technique):
        if i not in best or program.cost[j] < program.cost[best[i]]:
            best[i] = j
    return [best[i] for i in sorted(best)]


def _bits(mask: int) -> list[int]:
    return [b for b in range(int(mask).bit_length()) if mask >> b & 1]


def _sums(numbers: list[int]) -> NDArray[np.int64]:
    """(2^n,) the sum over every set."""
    table = np.zeros(1, np.int64)
    for number in numbers:
        table = np.concatenate([table, table + number])
    return table


def _unions(covers: list[int], base: int) -> NDArray[np.int64]:
    """(2^n,) the cover of every set."""
    table = np.array([base], np.int64)
    for cover in covers:
        table = np.concatenate([table, table | cover])
    return table


def _stacks(program: Program, columns: list[int]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(2^n,) which sets of techniques the rules allow, and what each costs."""
    allowed = np.ones(1 << len(columns), np.bool_)
    for row in program.rows:
        totals = _sums(_coefficients(row, columns))
        if row.lower is not None:
            allowed &= totals >= row.lower
        if row.upper is not None:
            allowed &= totals <= row.upper
    return allowed, _sums([program.cost[j] for j in columns])


def _coefficients(row: Row, columns: list[int]) -> list[int]:
    table = dict(zip(row.indices, row.coefficients, strict=True))
    return [table.get(j, 0) for j in columns]


def _maximal(covers: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """Which covers no other one strictly exceeds."""
    above = np.zeros(1 << size, np.bool_)
    above[covers] = True
    # Afterwards: whether some cover contains the set.
    for b in range(size):
        view = above.reshape(-1, 2, 1 << b)
        view[:, 0] |= view[:, 1]
    exceeded = np.zeros(len(covers), np.bool_)
    for b in range(size):
        without = (covers >> b) & 1 == 0
        exceeded |= without & above[covers | 1 << b]
    return ~exceeded


def _bounded(
    program: Program,
    columns: list[int],
    covers: list[int],
    base: int,
    ids: list[str],
    by: tuple[tuple[str, ...], ...],
    unsure: int,
) -> Incomplete:
    """Status by bounds: exterior where it is too dear, paid for by others in effect, or covered by
    one that costs no more and need not be bought beside it; core where nothing covers it and all
    that is not exterior can be bought together."""
    budget = next((row.upper for row in program.rows if row.where == "budget"), None)
    ruled = {
        j for row in program.rows if row.where not in ("budget", "levels") for j in row.indices
    }
    cost = [program.cost[j] for j in columns]
    exterior = set()
    for b in range(len(columns)):
        if columns[b] in ruled:
            continue
        if (budget is not None and cost[b] > budget) or (base >> b & 1 and cost[b] > 0):
            exterior.add(b)
        for a in range(len(columns)):
            strictly = not covers[b] >> a & 1 or cost[a] < cost[b]
            if a == b or columns[a] in ruled or not covers[a] >> b & 1:
                continue
            if cost[a] <= cost[b] and strictly:
                exterior.add(b)
    left = [b for b in range(len(columns)) if b not in exterior]
    all_fit = not ruled and (budget is None or sum(cost[b] for b in left) <= budget)
    rows = []
    for b in range(len(columns)):
        alone = not base >> b & 1 and sum(cover >> b & 1 for cover in covers) == 1
        status = "exterior" if b in exterior else "core" if all_fit and alone else "borderline"
        rows.append(Standing(ids[b], None, status, by[b]))
    return Incomplete(False, _sorted(tuple(rows)), (), None, unsure)
