"""What a scenario holds, as the page's inputs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from planner.report import contents, wording
from planner.scenario.changes import check_named
from planner.scenario.digest import digest
from planner.scenario.settle import amount, settle
from planner.scenario.types import Choice, ExplicitWorlds, FailureModes, Scenario
from planner.scenario.values import Value

#: Cells of a matrix that the page lets a reader edit.
MOST_CELLS = 40_000
#: Steps from one end of a slider to the other, at least and at most.
STEPS = (40, 120)


def scenario_view(scenario: Scenario) -> dict[str, Any]:
    """Names, texts and ranges of every field; the texts are as written in the files."""
    threats = scenario.threats
    modes = isinstance(threats, FailureModes)
    return {
        "digest": digest(scenario),
        "name": scenario.name,
        "currency": scenario.currency,
        "kind": "modes" if modes else "worlds",
        "sliders": sliders(scenario),
        "reading": scenario.reading if modes else None,
        "techniques": [
            {
                "id": technique.id,
                "name": technique.name,
                "costs": [
                    {
                        "path": _cost_path(technique.id, level.name, technique.has_levels),
                        "label": f"{technique.id}:{level.name}"
                        if technique.has_levels
                        else technique.id,
                        "text": str(level.cost),
                    }
                    for level in technique.levels
                ],
            }
            for technique in scenario.techniques
        ],
        "modes": [
            {
                "id": mode.id,
                "name": mode.name,
                "path": f"modes.{mode.id}.probability",
                "text": str(mode.probability),
            }
            for mode in (threats.modes if isinstance(threats, FailureModes) else ())
        ],
        "matrix": _matrix(scenario),
        "scale": [
            {"symbol": symbol, "text": str(value), "shade": shade(value.mean)}
            for symbol, value in scenario.scale
        ],
        "rules": contents.rules(scenario),
        "fund": _choices(scenario.rules.fund),
        "exclude": _choices(scenario.rules.exclude),
        "committed": _choices(scenario.committed),
        "named": _named(scenario),
        "warnings": [str(warning) for warning in scenario.warnings],
        "facts": _facts(scenario),
    }


def sliders(scenario: Scenario) -> list[dict[str, Any]]:
    """The key inputs: path, words, text as written, and the range of the slider."""
    found = [_budget(scenario)]
    threats = scenario.threats
    if isinstance(threats, FailureModes):
        joint = threats.joint
        text = "independent" if joint.factor is None else str(joint.factor)
        if joint.matrix is not None:
            text = ""
        found.append(
            _share(
                "joint.modes",
                "Correlation of the modes",
                text,
                0.0 if joint.factor is None else joint.factor.mean,
                "0: modes strike independently; near 1: they strike together"
                if joint.matrix is None
                else "The scenario gives a matrix of correlations; a number here replaces it",
            )
        )
    found.append(
        _share(
            "unlisted",
            "Unlisted cause",
            str(scenario.unlisted),
            scenario.unlisted.mean,
            "Probability of a cause that is in no table and defeats every technique",
            most=0.5,
        )
    )
    if isinstance(threats, FailureModes):
        found.append(
            _share(
                "threshold",
                "Threshold",
                str(scenario.threshold),
                scenario.threshold.mean,
                "From where a cell counts as “fails” in cut sets and depth",
                least=0.05,
                step=0.05,
            )
        )
    return found


def shade(share: float) -> int:
    """A share as one of eleven shades.

    >>> shade(0.0), shade(0.26), shade(1.0)
    (0, 3, 10)
    """
    return min(max(round(share * 10), 0), 10)


def slider_step(most: Decimal) -> Decimal:
    """The step of 1, 2 or 5 times a power of ten that makes 40 to 120 steps.

    >>> [float(slider_step(Decimal(most))) for most in ("21", "0.3", "0")]
    [0.2, 0.005, 1.0]
    """
    if most <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(most.adjusted() - 3)
    for factor in (1, 2, 5, 10, 20, 50, 100):
        step = power * factor
        if most / step <= STEPS[1]:
            return step
    raise AssertionError("a power of ten lies between")


def _budget(scenario: Scenario) -> dict[str, Any]:
    """From nothing to what all techniques cost, each at its dearest level."""
    settled = settle(scenario)
    dearest = sum(max(settled.cost[k] for k in options) for options in settled.options_of.values())
    most = amount(max(dearest, settled.budget or 0), scenario.decimals)
    step = slider_step(most)
    steps = -(-most // step)
    return {
        "path": "budget",
        "label": f"Budget, {scenario.currency}",
        "text": "" if scenario.budget is None else str(scenario.budget),
        "value": float(
            most if settled.budget is None else amount(settled.budget, scenario.decimals)
        ),
        "min": 0,
        "max": float(steps * step),
        "step": float(step),
        "help": f"All techniques together cost {wording.money(most)}",
    }


def _share(
    path: str,
    label: str,
    text: str,
    value: float,
    about: str,
    *,
    least: float = 0.0,
    most: float = 1.0,
    step: float = 0.01,
) -> dict[str, Any]:
    return {
        "path": path,
        "label": label,
        "text": text,
        "value": value,
        "min": least,
        "max": max(most, value),
        "step": step,
        "help": about,
    }


def _cost_path(technique: str, level: str, levels: bool) -> str:
    return f"techniques.{technique}.{level}.cost" if levels else f"techniques.{technique}.cost"


def _matrix(scenario: Scenario) -> dict[str, Any] | None:
    """Rows techniques, columns modes or worlds; None where it is too large to edit in a page."""
    threats = scenario.threats
    rows = [{"id": technique.id, "name": technique.name} for technique in scenario.techniques]
    if isinstance(threats, ExplicitWorlds):
        columns = [{"id": world.id, "name": world.name} for world in threats.worlds]
        if len(rows) * len(columns) > MOST_CELLS:
            return None
        given = {(i, s): value for i, s, value in threats.failure}
        stated = [[_cell(given.get((i, s))) for s in range(len(columns))] for i in range(len(rows))]
        return {"table": "failure", "rows": rows, "columns": columns, "cells": stated}
    columns = [{"id": mode.id, "name": mode.name} for mode in threats.modes]
    if len(rows) * len(columns) > MOST_CELLS:
        return None
    cells = [
        [{"text": cell.symbol or str(cell.value), "shade": shade(cell.value.mean)} for cell in line]
        for line in threats.cells
    ]
    return {"table": "vulnerability", "rows": rows, "columns": columns, "cells": cells}


def _cell(value: Value | None) -> dict[str, Any]:
    return {"text": "1", "shade": 10} if value is None else _written(value)


def _written(value: Value) -> dict[str, Any]:
    return {"text": str(value), "shade": shade(value.mean)}


def _choices(choices: tuple[Choice, ...]) -> list[str]:
    return [str(choice) for choice in choices]


def _named(scenario: Scenario) -> list[dict[str, Any]]:
    """The scenario's named changes; those that do not fit say why."""
    odd = {f.column: f for f in check_named(scenario, "what_if")}
    found = []
    for name, changes in scenario.what_if:
        wrong = [
            str(f) for column, f in odd.items() if (column or "").startswith(f"what_if.{name}.")
        ]
        found.append(
            {"name": name, "changes": [list(pair) for pair in changes], "problem": " ".join(wrong)}
        )
    return found


def _facts(scenario: Scenario) -> list[str]:
    """What the scenario holds, in a few words."""
    threats = scenario.threats
    if isinstance(threats, ExplicitWorlds):
        other = wording.count(len(threats.worlds), "world")
    else:
        other = wording.count(len(threats.modes), "failure mode")
    return [wording.count(len(scenario.techniques), "technique"), other]
