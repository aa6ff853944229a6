"""The evidence behind a scenario: which source each number has, which are assumed, which have none.

A row of the table of sources covers one number, or with `*` every row or every column. Where
several cover a number, those that name it most exactly count: its own row before `*`, then its own
column before `*`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from planner.scenario.types import (
    ALL,
    HALF,
    ONE,
    ZERO,
    ExplicitWorlds,
    FailureModes,
    Scenario,
    Source,
)
from planner.scenario.values import Value

#: `sourced`: somebody else says so; `assumed`: its source calls it an assumption; `none`: neither.
Standing: TypeAlias = Literal["sourced", "assumed", "none"]

#: The word by which a source says that nobody else vouches for the number.
ASSUMPTION = "assumption"


class Figure(NamedTuple):
    """One number of the scenario, by the table, row and column that a source names it with."""

    table: str
    row: str
    column: str
    value: Value


@dataclass(frozen=True, eq=False)
class Ledger:
    """Sources by the number that they stand for."""

    scenario: Scenario

    @cached_property
    def _by_key(self) -> dict[tuple[str, str, str], list[Source]]:
        found: dict[tuple[str, str, str], list[Source]] = {}
        for source in self.scenario.sources:
            found.setdefault((source.table, source.row, source.column), []).append(source)
        return found

    def sources_of(self, table: str, row: str, column: str) -> tuple[Source, ...]:
        """The sources that name this number most exactly; empty where it has none.

        A row of `levels` is `debate:half`; sources of `debate`, and of `*:half`, cover it too.
        """
        if not self._by_key:  # millions of cells may ask
            return ()
        for name in _wider(row) if table == "levels" else (row, ALL):
            for head in (column, ALL):
                found = self._by_key.get((table, name, head))
                if found:
                    return tuple(found)
        return ()

    def standing(self, figure: Figure) -> Standing:
        return standing(self.sources_of(*figure[:3]))


@dataclass(frozen=True)
class Count:
    """How many numbers are sourced, assumed, or without a source; and the confidence stated."""

    sourced: int
    assumed: int
    none: int
    confidence: dict[str, int]

    @property
    def all(self) -> int:
        return self.sourced + self.assumed + self.none


def standing(sources: Sequence[Source]) -> Standing:
    """`assumed` where every source calls the number an assumption."""
    if not sources:
        return "none"
    assumed = all(ASSUMPTION in source.source.casefold() for source in sources)
    return "assumed" if assumed else "sourced"


def count(ledger: Ledger, figures: Sequence[Figure]) -> Count:
    """Numbers by standing and by confidence, the commonest confidence first."""
    found: Counter[Standing] = Counter()
    stated: Counter[str] = Counter()
    for figure in figures:
        sources = ledger.sources_of(*figure[:3])
        found[standing(sources)] += 1
        confidence = confidence_of(sources)
        if confidence:
            stated[confidence] += 1
    order = dict(sorted(stated.items(), key=lambda item: (-item[1], item[0])))
    return Count(found["sourced"], found["assumed"], found["none"], order)


def confidence_of(sources: Sequence[Source]) -> str:
    """The first stated confidence, blank where none is."""
    return next((source.confidence for source in sources if source.confidence), "")


def cells(scenario: Scenario) -> tuple[Figure, ...]:
    """Every vulnerability, or every stated failure in an explicit world."""
    threats = scenario.threats
    if isinstance(threats, ExplicitWorlds):
        return tuple(
            Figure("failure", scenario.techniques[i].id, threats.worlds[s].id, value)
            for i, s, value in threats.failure
        )
    return tuple(
        Figure("vulnerability", technique.id, mode.id, cell.value)
        for technique, row in zip(scenario.techniques, threats.cells, strict=True)
        for mode, cell in zip(threats.modes, row, strict=True)
    )


def others(scenario: Scenario) -> tuple[Figure, ...]:
    """Every other number. One that is what a blank cell means has not been written, and is left
    out; so is the budget, which is the funder's own decision."""
    threats = scenario.threats
    rows = _modes(threats) if isinstance(threats, FailureModes) else _worlds(threats)
    return (*_techniques(scenario), *rows, *_settings(scenario))


def _wider(row: str) -> tuple[str, ...]:
    technique, colon, level = row.partition(":")
    return (row, technique, f"{ALL}:{level}", ALL) if colon else (row, ALL)


def _techniques(scenario: Scenario) -> Iterator[Figure]:
    for technique in scenario.techniques:
        id = technique.id
        for level in technique.levels:
            table, row = ("levels", f"{id}:{level.name}") if technique.has_levels else _own(id)
            yield Figure(table, row, "cost", level.cost)
            if level.success != ONE:
                yield Figure(table, row, "success", level.success)
        if technique.background != ZERO:
            yield Figure("techniques", id, "background", technique.background)
        default = dict(scenario.groups)
        for name, loading in technique.loadings:
            if loading != default[name]:
                yield Figure("techniques", id, "groups", loading)
        for name, value in technique.attributes:
            if value != ZERO:
                yield Figure("techniques", id, name, value)


def _own(id: str) -> tuple[str, str]:
    return "techniques", id


def _modes(threats: FailureModes) -> Iterator[Figure]:
    for mode in threats.modes:
        yield Figure("modes", mode.id, "probability", mode.probability)
        if mode.loss != ONE:
            yield Figure("modes", mode.id, "loss", mode.loss)
    if threats.joint.factor is not None:
        yield Figure("scenario", "joint", "value", threats.joint.factor)


def _worlds(threats: ExplicitWorlds) -> Iterator[Figure]:
    for world in threats.worlds:
        yield Figure("worlds", world.id, "weight", world.weight)
        if world.loss is not None:
            yield Figure("worlds", world.id, "loss", world.loss)


def _settings(scenario: Scenario) -> Iterator[Figure]:
    for symbol, value in scenario.scale:
        yield Figure("scale", symbol, "value", value)
    for name, loading in scenario.groups:
        yield Figure("groups", name, "loading", loading)
    plain = (
        ("unlisted", scenario.unlisted, ZERO),
        ("baseline_loss", scenario.baseline_loss, ONE),
        ("threshold", scenario.threshold, HALF),
    )
    for key, value, default in plain:
        if value != default:
            yield Figure("scenario", key, "value", value)
