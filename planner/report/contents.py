"""What a scenario holds, for people and for programs."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from planner.report.evidence import sources
from planner.report.screen import plain
from planner.scenario.digest import digest
from planner.scenario.settle import Settled, amount, settle
from planner.scenario.types import Choice, ExplicitWorlds, FailureModes, Limit, Scenario
from planner.scenario.values import format_decimal, is_uncertain
from planner.study.evidence import evidence


def document(scenario: Scenario) -> dict[str, Any]:
    """The keys of `check --json`."""
    settled = settle(scenario)
    threats = scenario.threats
    modes = isinstance(threats, FailureModes)
    found = evidence(scenario)
    return {
        "ok": True,
        "scenario": {"name": scenario.name, "digest": digest(scenario)},
        "currency": scenario.currency,
        "unit_of_account": float(amount(1, scenario.decimals)),
        "budget": None if settled.budget is None else float(_money(scenario, settled.budget)),
        "cost_of_all": float(_money(scenario, _cost_of_all(settled))),
        "techniques": len(scenario.techniques),
        "options": len(settled.options),
        "modes": len(threats.modes) if isinstance(threats, FailureModes) else None,
        "worlds": len(threats.worlds) if isinstance(threats, ExplicitWorlds) else None,
        "reading": scenario.reading if modes else None,
        "joint": _joint(scenario),
        "groups": {name: _members(scenario, name) for name, _ in scenario.groups},
        "unlisted": settled.unlisted,
        "rules": rules(scenario),
        "committed": [str(choice) for choice in scenario.committed],
        "uncertain_values": _uncertain(scenario),
        "scale": {symbol: str(value) for symbol, value in scenario.scale},
        "cells": _cells(scenario),
        "cells_with_source": found.cells.sourced + found.cells.assumed,
        "confidence": found.cells.confidence,
        "evidence": found.to_dict(),
        "warnings": [warning.to_dict() for warning in scenario.warnings],
    }


def page(scenario: Scenario) -> list[RenderableType]:
    """The same for people: what it holds, then what looks odd."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in facts(scenario):
        grid.add_row(plain(label), plain(text))
    name = plain(scenario.name, "bold")
    return [Group(name, Rule(characters="─", style="dim")), grid, Text(), *_verdict(scenario)]


def rules(scenario: Scenario) -> list[str]:
    """Every rule beside the budget, in words."""
    stated = scenario.rules
    found = [f"fund {choice}" for choice in stated.fund]
    found += [f"do not fund {choice}" for choice in stated.exclude]
    found += [f"{choice} needs {_and(needs)}" for choice, needs in stated.requires]
    found += [f"at most {rule.count} of {', '.join(rule.of)}" for rule in stated.at_most]
    found += [_limit(limit) for limit in stated.limits]
    return found


def facts(scenario: Scenario) -> list[tuple[str, str]]:
    """What it holds, as terms and texts."""
    settled = settle(scenario)
    rows = [("Techniques", _techniques(scenario, settled))]
    threats = scenario.threats
    if isinstance(threats, FailureModes):
        rows.append(("Failure modes", _listed([mode.id for mode in threats.modes])))
        rows.append(("Vulnerability", _vulnerability(scenario)))
        rows.append(("Reading", scenario.reading))
        rows.append(("Modes together", _joint(scenario) or ""))
    else:
        rows.append(("Worlds", f"{_count(len(threats.worlds), 'world')}, given one by one"))
        rows.append(("Failures", f"{len(threats.failure):,} stated; the others are 1"))
    groups = [f"{name} ({_few(_members(scenario, name))})" for name, _ in scenario.groups]
    rows.append(("Common causes", "; ".join(groups) or "none"))
    unlisted = f"{settled.unlisted:.4g}" if settled.unlisted > 0 else "none"
    rows.append(("Unlisted cause", unlisted))
    rows.append(("Money", _amounts(scenario, settled)))
    rows.append(("Rules", "; ".join(rules(scenario)) or "none beside the budget"))
    if scenario.committed:
        rows.append(("Paid by others", ", ".join(map(str, scenario.committed))))
    rows.append(("Uncertain values", f"{_uncertain(scenario)}, each taken at its mean"))
    rows += sources(evidence(scenario), stated=bool(scenario.sources))
    rows.append(("Digest", digest(scenario)))
    return rows


def _verdict(scenario: Scenario) -> list[RenderableType]:
    odd = scenario.warnings
    if not odd:
        return [plain("The scenario is well formed. Nothing looks odd.", "green")]
    head = plain("The scenario is well formed. What looks odd:", "yellow")
    return [head, *(plain(f"  {warning}") for warning in odd)]


def _techniques(scenario: Scenario, settled: Settled) -> str:
    text = _listed([technique.id for technique in scenario.techniques])
    levels = sum(technique.has_levels for technique in scenario.techniques)
    if levels:
        options = _count(len(settled.options), "option")
        text += f"; {levels} with funding levels, {options} in all"
    return text


def _vulnerability(scenario: Scenario) -> str:
    text = _count(_cells(scenario), "cell")
    threats = scenario.threats
    assert isinstance(threats, FailureModes)
    symbols = Counter(cell.symbol for row in threats.cells for cell in row if cell.symbol)
    values = dict(scenario.scale)
    parts = [f"{symbols[s]} {s} = {values[s]}" for s in symbols if s in values]
    return f"{text}: {', '.join(parts)}" if parts else text


def _amounts(scenario: Scenario, settled: Settled) -> str:
    whole = format_decimal(_money(scenario, _cost_of_all(settled)))
    unit = format_decimal(amount(1, scenario.decimals))
    budget = "no budget"
    if settled.budget is not None:
        budget = f"budget {format_decimal(_money(scenario, settled.budget))}"
    return f"{budget}; all techniques together cost {whole} {scenario.currency}, counted in {unit}"


def _cells(scenario: Scenario) -> int:
    threats = scenario.threats
    if isinstance(threats, FailureModes):
        return sum(len(row) for row in threats.cells)
    return len(threats.failure)


def _uncertain(scenario: Scenario) -> int:
    """Values that are stated as a range or a distribution."""
    threats = scenario.threats
    values = [scenario.unlisted, scenario.baseline_loss]
    for technique in scenario.techniques:
        values.append(technique.background)
        values += [v for level in technique.levels for v in (level.cost, level.success)]
        values += [v for _, v in (*technique.loadings, *technique.attributes)]
    if scenario.budget is not None:
        values.append(scenario.budget)
    if isinstance(threats, FailureModes):
        values += [v for mode in threats.modes for v in (mode.probability, mode.loss)]
        values += [cell.value for row in threats.cells for cell in row]
        if threats.joint.factor is not None:
            values.append(threats.joint.factor)
    else:
        values += [world.weight for world in threats.worlds]
        values += [world.loss for world in threats.worlds if world.loss is not None]
        values += [value for _, _, value in threats.failure]
    return sum(map(is_uncertain, values))


def _joint(scenario: Scenario) -> str | None:
    threats = scenario.threats
    if not isinstance(threats, FailureModes):
        return None
    if threats.joint.matrix is not None:
        return "a correlation matrix"
    if threats.joint.factor is None or threats.joint.factor.mean == 0:
        return "independent"
    return f"one shared factor, correlation {threats.joint.factor}"


def _members(scenario: Scenario, group: str) -> list[str]:
    return [t.id for t in scenario.techniques if group in dict(t.loadings)]


def _cost_of_all(settled: Settled) -> int:
    """Every technique at its dearest level, without those that others pay for."""
    paid = {settled.options[k].technique for k in settled.committed}
    dearest: dict[int, int] = {}
    for option, cost in zip(settled.options, settled.cost, strict=True):
        if option.technique not in paid:
            dearest[option.technique] = max(dearest.get(option.technique, cost), cost)
    return sum(dearest.values())


def _money(scenario: Scenario, units: int) -> Decimal:
    return amount(units, scenario.decimals)


def _limit(limit: Limit) -> str:
    of = "" if limit.of is None else f" of {', '.join(limit.of)}"
    bounds = []
    if limit.at_least is not None:
        bounds.append(f"at least {limit.at_least}")
    if limit.at_most is not None:
        bounds.append(f"at most {limit.at_most}")
    return f"{limit.attribute}{of} {' and '.join(bounds)}"


def _and(choices: tuple[Choice, ...]) -> str:
    return " and ".join(map(str, choices))


def _listed(ids: list[str]) -> str:
    """`3: a, b, c`, or the first dozen and how many more."""
    most = 12
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return f"{len(ids):,}: {', '.join(ids[:most])}{more}"


def _few(ids: list[str], most: int = 5) -> str:
    """`a, b, c`; the first few and how many more; `nobody`."""
    if len(ids) <= most:
        return ", ".join(ids) or "nobody"
    return f"{', '.join(ids[: most - 2])} and {len(ids) - most + 2} more"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
