"""How wide a plain number is taken to be, by the confidence that its source states.

A number written with a range or a distribution keeps it. A plain number whose source states the
confidence H, M or L becomes a 90% interval around itself, as its median: from itself divided by a
factor to itself times it. For a probability the factor is on the odds p / (1 - p); for a loss or an
amount of money on the number. 0 and 1 are facts, and stay; so does a number without a source, and
one whose source states no confidence, or another word.

The factors are conventions of this project, not measured; docs/background/evidence.md.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from planner.scenario.ledger import Ledger, confidence_of
from planner.scenario.types import Cell, ExplicitWorlds, FailureModes, Scenario, Technique
from planner.scenario.values import Interval, Number, Value

#: Factor on the odds of a probability, by confidence.
ODDS: Final = {"H": Decimal("1.5"), "M": Decimal(3), "L": Decimal(10)}

#: Factor on an amount of money, a weight or a loss, by confidence.
AMOUNT: Final = {"H": Decimal("1.2"), "M": Decimal("1.5"), "L": Decimal(3)}

_PLACES = Decimal("1e-12")


def widened(scenario: Scenario) -> Scenario:
    """The scenario with plain numbers of stated confidence as intervals around themselves."""
    ledger = Ledger(scenario)
    threats = scenario.threats
    if isinstance(threats, FailureModes):
        changed: FailureModes | ExplicitWorlds = _modes(scenario, threats, ledger)
    else:
        changed = _worlds(scenario, threats, ledger)
    techniques = tuple(_technique(t, ledger) for t in scenario.techniques)
    return replace(scenario, techniques=techniques, threats=changed)


def probability(value: Value, confidence: str) -> Value:
    """A plain probability as an interval of its confidence.

    >>> from planner.scenario.values import number
    >>> str(probability(number("0.8"), "M"))
    '0.571428571429 to 0.923076923077'
    """
    factor = ODDS.get(confidence)
    if factor is None or not isinstance(value, Number) or not 0 < value.value < 1:
        return value
    odds = value.value / (1 - value.value)
    low, high = odds / factor, odds * factor
    ends = [(end / (1 + end)).quantize(_PLACES) for end in (low, high)]
    if not 0 < ends[0] < ends[1] < 1:
        return value
    return Interval(ends[0], ends[1], "probability")


def amount(value: Value, confidence: str) -> Value:
    """A plain amount as an interval of its confidence.

    >>> from planner.scenario.values import number
    >>> str(amount(number(3), "M"))
    '2 to 4.5'
    """
    factor = AMOUNT.get(confidence)
    if factor is None or not isinstance(value, Number) or value.value <= 0:
        return value
    return Interval(value.value / factor, value.value * factor, "amount")


def _confidence(ledger: Ledger, table: str, row: str, column: str) -> str:
    return confidence_of(ledger.sources_of(table, row, column)).strip().upper()


def _technique(technique: Technique, ledger: Ledger) -> Technique:
    levels = []
    for level in technique.levels:
        table, row = "techniques", technique.id
        if technique.has_levels:
            table, row = "levels", f"{technique.id}:{level.name}"
        cost = amount(level.cost, _confidence(ledger, table, row, "cost"))
        success = probability(level.success, _confidence(ledger, table, row, "success"))
        levels.append(replace(level, cost=cost, success=success))
    sure = _confidence(ledger, "techniques", technique.id, "background")
    background = probability(technique.background, sure)
    return replace(technique, levels=tuple(levels), background=background)


def _modes(scenario: Scenario, threats: FailureModes, ledger: Ledger) -> FailureModes:
    modes = tuple(
        replace(
            mode,
            probability=probability(
                mode.probability, _confidence(ledger, "modes", mode.id, "probability")
            ),
            loss=amount(mode.loss, _confidence(ledger, "modes", mode.id, "loss")),
        )
        for mode in threats.modes
    )
    cells = tuple(
        tuple(
            _cell(cell, _confidence(ledger, "vulnerability", technique.id, mode.id))
            for mode, cell in zip(threats.modes, row, strict=True)
        )
        for technique, row in zip(scenario.techniques, threats.cells, strict=True)
    )
    return replace(threats, modes=modes, cells=cells)


def _cell(cell: Cell, confidence: str) -> Cell:
    value = probability(cell.value, confidence)
    return cell if value is cell.value else replace(cell, value=value)


def _worlds(scenario: Scenario, threats: ExplicitWorlds, ledger: Ledger) -> ExplicitWorlds:
    failure = tuple(
        (
            i,
            s,
            probability(
                value,
                _confidence(ledger, "failure", scenario.techniques[i].id, threats.worlds[s].id),
            ),
        )
        for i, s, value in threats.failure
    )
    worlds = tuple(
        replace(
            world, weight=amount(world.weight, _confidence(ledger, "worlds", world.id, "weight"))
        )
        for world in threats.worlds
    )
    return replace(threats, failure=failure, worlds=worlds)
