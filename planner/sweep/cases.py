"""The case list of a sweep: a frozen value that is indexed, never written out.

A case is a place in a grid: scenarios x objectives x experts x named changes x the values of each
axis x draws, the draws turning fastest. The number of a case says all that it is; a million cases
are a handful of tuples.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, overload

import planner
from planner.scenario.changes import Change
from planner.scenario.digest import digest
from planner.scenario.types import Scenario
from planner.study.what_if import Axis
from planner.sweep.ledger import FORMAT, Identity

#: Name of the scenario as it is written, among its named changes.
AS_WRITTEN = ""


@dataclass(frozen=True)
class Named:
    """A set of changes with a name; that of the scenario as written is empty."""

    name: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Case:
    """One question of a sweep.

    `scenario` is a digest; `changes` are those of the named change and of the axes; `expert` and
    `draw` are None for the scenario's own table and for the means; `seed` is that of whatever is
    drawn for the case.
    """

    number: int
    scenario: str
    objective: str
    expert: str | None
    named: str
    changes: tuple[Change, ...]
    draw: int | None
    seed: int


@dataclass(frozen=True)
class Cell:
    """All that the draws of a case have in common: where it stands in the grid but for the draw."""

    scenario: int
    objective: str
    expert: str | None
    named: Named
    values: tuple[str, ...]


@dataclass(frozen=True)
class Sweep(Sequence[Case]):
    """Every case, in order.

    `draws` is None where uncertain values stand at their means. `solver` and `gap` are those of
    each search.
    """

    scenarios: tuple[Scenario, ...]
    objectives: tuple[str, ...] = ("expected",)
    experts: tuple[str | None, ...] = (None,)
    named: tuple[Named, ...] = (Named(AS_WRITTEN),)
    axes: tuple[Axis, ...] = ()
    draws: int | None = None
    seed: int = 0
    solver: str = "auto"
    gap: float = 1e-4

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """How many values each part of the grid has, the draws last."""
        outer = map(len, (self.scenarios, self.objectives, self.experts, self.named))
        return (*outer, *(len(axis.values) for axis in self.axes), self.draws or 1)

    @property
    def each(self) -> int:
        """Cases of a cell."""
        return self.shape[-1]

    @cached_property
    def cells(self) -> int:
        return prod(self.shape[:-1])

    def __len__(self) -> int:
        return self.cells * self.each

    def cell(self, place: int) -> Cell:
        """The cell with that number."""
        digits = []
        for size in reversed(self.shape[:-1]):
            place, digit = divmod(place, size)
            digits.append(digit)
        scenario, objective, expert, named, *values = reversed(digits)
        return Cell(
            scenario,
            self.objectives[objective],
            self.experts[expert],
            self.named[named],
            tuple(axis.values[k] for axis, k in zip(self.axes, values, strict=True)),
        )

    def changes(self, cell: Cell) -> tuple[Change, ...]:
        """What a cell changes in its scenario."""
        own = ((axis.path, text) for axis, text in zip(self.axes, cell.values, strict=True))
        return (*cell.named.changes, *own)

    @overload
    def __getitem__(self, number: int) -> Case: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Case]: ...
    def __getitem__(self, number: int | slice) -> Case | Sequence[Case]:
        if isinstance(number, slice):
            return [self[k] for k in range(*number.indices(len(self)))]
        if number < 0:
            number += len(self)
        if not 0 <= number < len(self):
            raise IndexError(number)
        place, draw = divmod(number, self.each)
        cell = self.cell(place)
        return Case(
            number,
            self.digests[cell.scenario],
            cell.objective,
            cell.expert,
            cell.named.name,
            self.changes(cell),
            None if self.draws is None else draw,
            seed_of(self.seed, None if self.draws is None else draw),
        )

    def __iter__(self) -> Iterator[Case]:
        return (self[k] for k in range(len(self)))

    @cached_property
    def digests(self) -> tuple[str, ...]:
        return tuple(map(digest, self.scenarios))

    def about(self) -> dict[str, Any]:
        """All that decides the answers, for the header of a ledger."""
        return {
            "planner": planner.__version__,
            "scenario": list(self.digests),
            "objective": list(self.objectives),
            "experts": list(self.experts),
            "named": [[named.name, list(map(list, named.changes))] for named in self.named],
            "vary": [[axis.path, list(axis.values)] for axis in self.axes],
            "draws": self.draws,
            "seed": self.seed,
            "solver": self.solver,
            "gap": self.gap.hex(),
        }

    def identity(self) -> Identity:
        """What a ledger of this sweep is known by."""
        about = self.about()
        content = json.dumps([FORMAT, about], sort_keys=True, separators=(",", ":"))
        name = hashlib.sha256(content.encode("ascii")).hexdigest()
        return Identity(f"sha256:{name}", len(self), about)


def seed_of(seed: int, draw: int | None) -> int:
    """The seed of what is drawn for a case: from the sweep's seed and the draw's number alone.

    Cases that differ in anything else share it, so that they are compared on the same worlds. The
    means have the sweep's own seed, as `recommend --seed` has.

    >>> seed_of(7, None), seed_of(7, 0) == seed_of(7, 0), seed_of(7, 0) == seed_of(7, 1)
    (7, True, False)
    """
    if draw is None:
        return seed
    text = f"{seed}:{draw}".encode("ascii")
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "big") >> 1
