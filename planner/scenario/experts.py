"""Experts: the scenario as one of them sees it, and beliefs pooled over several of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, localcontext

from planner.errors import BadInput
from planner.scenario.notes import Notes, shown
from planner.scenario.types import Cell, Expert, FailureModes, Scenario
from planner.scenario.values import Mixture, Part, Value, mixture


def expert_names(scenario: Scenario) -> tuple[str, ...]:
    return tuple(expert.name for expert in scenario.experts)


def scenario_of_expert(scenario: Scenario, name: str) -> Scenario:
    """The scenario with that expert's vulnerability table in place of its own.

    Raises BadInput where there is no such expert.
    """
    threats = scenario.threats
    for expert in scenario.experts:
        if expert.name == name and isinstance(threats, FailureModes):
            return replace(scenario, threats=replace(threats, cells=expert.cells))
    names = expert_names(scenario)
    cure = Notes().suggest(name, names) if names else "Add experts: {anna: experts/anna.csv}."
    raise BadInput.option("--expert", f"{shown(name)} is not an expert of the scenario.", cure)


def weights_of(scenario: Scenario) -> dict[str, float]:
    """Each expert's share of the pooled belief, as written; all alike where nothing is."""
    total = sum(expert.weight.mean for expert in scenario.experts)
    return {expert.name: expert.weight.mean / total for expert in scenario.experts}


def pooled_scenario(scenario: Scenario) -> Scenario:
    """The scenario whose every cell is one of the experts' values, each with the expert's weight.

    Cells are pooled one by one (a linear opinion pool): who is right about one cell need not be
    right about the next. ValueError where there are no experts.
    """
    threats = scenario.threats
    if not scenario.experts or not isinstance(threats, FailureModes):
        raise ValueError("the scenario has no experts to pool")
    shares = _shares(scenario.experts)
    cells = tuple(
        tuple(
            _pooled([(expert.cells[i][j], shares[expert.name]) for expert in scenario.experts])
            for j in range(len(threats.modes))
        )
        for i in range(len(scenario.techniques))
    )
    return replace(scenario, threats=replace(threats, cells=cells))


def _shares(experts: tuple[Expert, ...]) -> Mapping[str, Decimal]:
    """Weights that sum to 1 exactly: the last takes what rounding leaves."""
    with localcontext() as context:
        context.prec = 28
        total = sum((Decimal(str(e.weight.mean)) for e in experts), Decimal(0))
        found = {e.name: round(Decimal(str(e.weight.mean)) / total, 12) for e in experts[:-1]}
        found[experts[-1].name] = 1 - sum(found.values(), Decimal(0))
    return found


def _pooled(votes: list[tuple[Cell, Decimal]]) -> Cell:
    """One cell of all experts; plain where they agree."""
    if all(cell.value == votes[0][0].value for cell, _ in votes):
        return votes[0][0]
    parts: dict[Value, Decimal] = {}
    for cell, share in votes:
        inner = cell.value.parts if isinstance(cell.value, Mixture) else None
        for value, weight in (
            [(cell.value, Decimal(1))]
            if inner is None
            else [(part.value, part.weight) for part in inner]
        ):
            parts[value] = parts.get(value, Decimal(0)) + share * weight
    return Cell(mixture(Part(value, weight) for value, weight in parts.items()))  # type: ignore[arg-type]
