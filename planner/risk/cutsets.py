"""Minimal cut sets and depth: which sets of modes defeat every technique of a stack.

No probability enters: a cell counts as "fails" from the scenario's threshold on. A cut set meets
the set of defeating modes of every technique, so minimal cut sets are minimal transversals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planner.scenario.settle import ModeNumbers, Settled


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
