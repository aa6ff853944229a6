"""Every number of a scenario that is not certain, under the path that what-if changes it by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from planner.scenario.types import ExplicitWorlds, FailureModes, Scenario, Technique
from planner.scenario.values import Value, is_uncertain

#: Where in the settled numbers a value goes. The index that goes with it counts options (`cost`,
#: `success`), techniques (`background`, `attribute`), (technique, group) pairs (`loading`), modes
#: (`probability`, `loss`), (technique, mode) or (technique, world) pairs (`vulnerability`,
#: `failure`), or worlds (`weight`, `world_loss`).
Field: TypeAlias = Literal[
    "budget",
    "cost",
    "success",
    "background",
    "attribute",
    "loading",
    "probability",
    "loss",
    "vulnerability",
    "factor",
    "weight",
    "world_loss",
    "failure",
    "unlisted",
    "baseline_loss",
]

#: What an expert judges cell by cell.
CELLS: tuple[Field, ...] = ("vulnerability", "failure")


@dataclass(frozen=True)
class Uncertain:
    """One number that is not certain.

    `path` is the one of planner.scenario.changes; `places` are the indices that it fills: several
    for a group's loading, one for all others. `attribute` is the name, for attributes.
    """

    path: str
    value: Value
    field: Field
    places: tuple[tuple[int, ...], ...] = ((),)
    attribute: str = ""
    shared: str = ""

    @property
    def name(self) -> str:
        """What is drawn: numbers of the same name move together."""
        return self.shared or self.path


def uncertain_numbers(scenario: Scenario) -> tuple[Uncertain, ...]:
    """All that is uncertain, in the order of the scenario's tables.

    Bounds of `limits`, the threshold and the correlation matrix of the modes are decisions or plain
    numbers: they are not drawn. Every cell written with a symbol is a number of its own.
    """
    found = [*_plain(scenario), *_techniques(scenario), *_groups(scenario)]
    threats = scenario.threats
    found += (
        _worlds(scenario, threats)
        if isinstance(threats, ExplicitWorlds)
        else (_modes(scenario, threats))
    )
    return tuple(number for number in found if is_uncertain(number.value))


def _plain(scenario: Scenario) -> Iterator[Uncertain]:
    if scenario.budget is not None:
        yield Uncertain("budget", scenario.budget, "budget")
    yield Uncertain("unlisted", scenario.unlisted, "unlisted")
    yield Uncertain("baseline_loss", scenario.baseline_loss, "baseline_loss")


def _techniques(scenario: Scenario) -> Iterator[Uncertain]:
    option = 0
    for i, technique in enumerate(scenario.techniques):
        path = f"techniques.{technique.id}"
        for level in technique.levels:
            field: Field
            own = f"{path}.{level.name}" if technique.has_levels else path
            for field, value in (("cost", level.cost), ("success", level.success)):
                together = f"{path}.{field}" if technique.has_levels else ""
                yield Uncertain(f"{own}.{field}", value, field, ((option,),), shared=together)
            option += 1
        yield Uncertain(f"{path}.background", technique.background, "background", ((i,),))
        for name, value in technique.attributes:
            yield Uncertain(f"{path}.{name}", value, "attribute", ((i,),), name)


def _groups(scenario: Scenario) -> Iterator[Uncertain]:
    """A group's loading moves all of its members that have no other one; the others move alone."""
    for g, (name, default) in enumerate(scenario.groups):
        members: list[tuple[int, ...]] = []
        for i, technique in enumerate(scenario.techniques):
            value = _loading(technique, name)
            if value is None:
                continue
            if value == default:
                members.append((i, g))
            else:
                path = f"techniques.{technique.id}.groups.{name}"
                yield Uncertain(path, value, "loading", ((i, g),))
        if members:
            yield Uncertain(f"groups.{name}", default, "loading", tuple(members))


def _loading(technique: Technique, group: str) -> Value | None:
    return dict(technique.loadings).get(group)


def _modes(scenario: Scenario, threats: FailureModes) -> Iterator[Uncertain]:
    for j, mode in enumerate(threats.modes):
        path = f"modes.{mode.id}"
        yield Uncertain(f"{path}.probability", mode.probability, "probability", ((j,),))
        yield Uncertain(f"{path}.loss", mode.loss, "loss", ((j,),))
    if threats.joint.factor is not None:
        yield Uncertain("joint.modes", threats.joint.factor, "factor")
    for i, technique in enumerate(scenario.techniques):
        for j, mode in enumerate(threats.modes):
            path = f"vulnerability.{technique.id}.{mode.id}"
            yield Uncertain(path, threats.cells[i][j].value, "vulnerability", ((i, j),))


def _worlds(scenario: Scenario, threats: ExplicitWorlds) -> Iterator[Uncertain]:
    for s, world in enumerate(threats.worlds):
        yield Uncertain(f"worlds.{world.id}.weight", world.weight, "weight", ((s,),))
        if world.loss is not None:
            yield Uncertain(f"worlds.{world.id}.loss", world.loss, "world_loss", ((s,),))
    for i, s, value in threats.failure:
        path = f"failure.{scenario.techniques[i].id}.{threats.worlds[s].id}"
        yield Uncertain(path, value, "failure", ((i, s),))
