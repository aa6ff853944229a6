"""Scenario -> tables of text, as they stand in CSV files and in sheets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from planner.scenario.notes import fold
from planner.scenario.types import (
    ONE,
    ZERO,
    Cell,
    ExplicitWorlds,
    FailureModes,
    Level,
    Scenario,
    Technique,
)
from planner.scenario.values import Number, Value
from planner.scenario.write import named_levels, value_text

#: Explicit failures are written wide up to this many worlds, beyond it pair by pair.
MOST_WIDE = 30


@dataclass(frozen=True)
class Sheet:
    """A table as text: every row as wide as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(scenario: Scenario) -> dict[str, Sheet]:
    """The tables of a scenario by name: techniques, levels, modes, ..., in the order in which a
    reader wants them; `correlation` is the matrix of joint, experts have `experts.NAME`."""
    found = {"techniques": _techniques(scenario)}
    levels = [t for t in scenario.techniques if _in_levels(scenario, t)]
    if levels:
        found["levels"] = _levels(levels)
    threats = scenario.threats
    if isinstance(threats, FailureModes):
        found["modes"] = _modes(threats)
        found["vulnerability"] = cells_table(scenario, threats.cells)
        if threats.joint.matrix is not None:
            found["correlation"] = _correlation(threats)
    else:
        found["worlds"] = _worlds(threats)
        found["failure"] = _failure(scenario, threats)
    if scenario.sources:
        found["sources"] = _sources(scenario)
    for expert in scenario.experts:
        found[f"experts.{expert.name}"] = cells_table(scenario, expert.cells)
    return found


def _in_levels(scenario: Scenario, technique: Technique) -> bool:
    return technique.has_levels or technique.id in named_levels(scenario)


def _is(value: Value, number: Decimal) -> bool:
    return isinstance(value, Number) and value.value == number


def _optional(value: Value, default: Number) -> str:
    """Blank for the default."""
    return "" if _is(value, default.value) else value_text(value)


def _sheet(columns: dict[str, list[str]], needed: tuple[str, ...]) -> Sheet:
    """The columns side by side, without those that are blank all the way and not needed."""
    kept = {head: cells for head, cells in columns.items() if head in needed or any(cells)}
    return Sheet(tuple(kept), tuple(zip(*kept.values(), strict=True)))


def _name(id: str, name: str) -> str:
    return "" if name == id else name


def _techniques(scenario: Scenario) -> Sheet:
    techniques = scenario.techniques
    apart = [_in_levels(scenario, t) for t in techniques]
    first = [t.levels[0] for t in techniques]
    pairs = list(zip(first, apart, strict=True))
    columns = {
        "id": [t.id for t in techniques],
        "name": [_name(t.id, t.name) for t in techniques],
        "cost": ["" if own else value_text(level.cost) for level, own in pairs],
        "success": ["" if own else _optional(level.success, ONE) for level, own in pairs],
        "background": [_optional(t.background, ZERO) for t in techniques],
        "groups": [_groups(t, dict(scenario.groups)) for t in techniques],
    }
    known = tuple(columns)
    attributes = sorted({name for t in techniques for name, _ in t.attributes})
    for name in attributes:
        columns[name] = [
            value_text(dict(t.attributes)[name]) if name in dict(t.attributes) else ""
            for t in techniques
        ]
    needed = ("id", "cost", *(name for name in attributes if name not in known))
    return _sheet(columns, needed)


def _groups(technique: Technique, defaults: dict[str, Value]) -> str:
    """`a;b:0.3`: the own loading where it is not the group's."""
    return ";".join(
        name if value == defaults.get(name) else f"{name}:{value_text(value)}"
        for name, value in technique.loadings
    )


def _levels(techniques: list[Technique]) -> Sheet:
    rows: list[tuple[Technique, Level]] = [(t, level) for t in techniques for level in t.levels]
    columns = {
        "technique": [t.id for t, _ in rows],
        "level": [level.name for _, level in rows],
        "cost": [value_text(level.cost) for _, level in rows],
        "success": [_optional(level.success, ONE) for _, level in rows],
    }
    return _sheet(columns, ("technique", "level", "cost"))


def _modes(threats: FailureModes) -> Sheet:
    columns = {
        "id": [mode.id for mode in threats.modes],
        "name": [_name(mode.id, mode.name) for mode in threats.modes],
        "probability": [value_text(mode.probability) for mode in threats.modes],
        "loss": [_optional(mode.loss, ONE) for mode in threats.modes],
    }
    return _sheet(columns, ("id", "probability"))


def cell_text(cell: Cell) -> str:
    """The symbol where one was written, else the value."""
    return value_text(cell.value) if cell.symbol is None else cell.symbol


def cells_table(scenario: Scenario, cells: tuple[tuple[Cell, ...], ...]) -> Sheet:
    """A matrix of vulnerabilities, a row a technique and a column a mode."""
    assert isinstance(scenario.threats, FailureModes)
    ids = [mode.id for mode in scenario.threats.modes]
    return _matrix(scenario, ids, lambda i, j: cell_text(cells[i][j]))


def _matrix(scenario: Scenario, ids: list[str], cell: Callable[[int, int], str]) -> Sheet:
    rows = tuple(
        (technique.id, *(cell(i, j) for j in range(len(ids))))
        for i, technique in enumerate(scenario.techniques)
    )
    return Sheet((_corner(ids, "technique"), *ids), rows)


def _corner(ids: list[str], word: str) -> str:
    """The heading of the ids' column, another one where a column has that name."""
    taken = {fold(id) for id in ids}
    return next(name for name in (word, "id", "mode", "world", "") if name not in taken)


def _correlation(threats: FailureModes) -> Sheet:
    assert threats.joint.matrix is not None
    ids = [mode.id for mode in threats.modes]
    rows = zip(ids, threats.joint.matrix, strict=True)
    return Sheet(
        (_corner(ids, "mode"), *ids),
        tuple((id, *("1" if x == 1 else repr(x) for x in row)) for id, row in rows),
    )


def _worlds(threats: ExplicitWorlds) -> Sheet:
    columns = {
        "world": [world.id for world in threats.worlds],
        "name": [_name(world.id, world.name) for world in threats.worlds],
        "weight": [value_text(world.weight) for world in threats.worlds],
        "loss": ["" if w.loss is None else value_text(w.loss) for w in threats.worlds],
    }
    return _sheet(columns, ("world", "weight"))


def _failure(scenario: Scenario, threats: ExplicitWorlds) -> Sheet:
    """Wide where that is small, else pair by pair; a pair that is not there fails with 1."""
    ids = [world.id for world in threats.worlds]
    names = {fold(id) for id in ids}
    if len(ids) <= MOST_WIDE and not {"world", "failure"} <= names:
        values = {(i, s): value_text(value) for i, s, value in threats.failure}
        return _matrix(scenario, ids, lambda i, s: values.get((i, s), "1"))
    stated = threats.failure or ((0, 0, ONE),)
    rows = tuple(
        (scenario.techniques[i].id, threats.worlds[s].id, value_text(value))
        for i, s, value in stated
    )
    return Sheet(("technique", "world", "failure"), rows)


def _sources(scenario: Scenario) -> Sheet:
    columns = {
        "table": [s.table for s in scenario.sources],
        "row": [s.row for s in scenario.sources],
        "column": [s.column for s in scenario.sources],
        "source": [s.source for s in scenario.sources],
        "note": [s.note for s in scenario.sources],
        "judged by": [s.judged_by for s in scenario.sources],
        "date": [s.date for s in scenario.sources],
        "confidence": [s.confidence for s in scenario.sources],
    }
    return _sheet(columns, ("table", "row", "column", "source"))
