"""The techniques and their funding levels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.scenario.fields import Context
from planner.scenario.names import NameWatch, Register, check_name
from planner.scenario.notes import Notes, Place, fold, shown
from planner.scenario.numbers import NotAValue, parse_value
from planner.scenario.tables import Row, Table, load
from planner.scenario.types import FULL, ONE, ZERO, Level, Technique
from planner.scenario.values import Value

MOST_TECHNIQUES = 20_000
MOST_LOADING = 0.99
#: What a text in a column beside the known ones is answered with.
_BESIDE = "Or remove the column: beside the known columns, columns hold numbers."

#: Headings of columns that would part the costs into several currencies or units.
_UNITS = frozenset({"currency", "currencies", "unit", "units", "costunit", "costcurrency"})
_OPTIONAL = ("name", "cost", "success", "background", "groups")


@dataclass
class Techniques:
    """What was read: the register holds every id, `found` the techniques sorted by id."""

    register: Register = field(default_factory=lambda: Register("technique", complete=False))
    found: tuple[Technique, ...] = ()
    attributes: tuple[str, ...] = ()
    table: Table | None = None
    #: Level names by technique, for those with funding levels.
    levels: dict[str, tuple[Level, ...]] = field(default_factory=dict)
    #: Where a technique first names a group, and where it first has a background.
    groups_at: Place | None = None
    background_at: Place | None = None


def read_groups(context: Context) -> tuple[tuple[str, Value], ...]:
    """The common-cause groups with their default loadings, sorted."""
    top = context.top
    if "groups" not in top:
        return ()
    fields = top.mapping("groups")
    if fields is None:
        return ()
    register = Register("group")
    groups = []
    for key in fields:
        if register.define(key, fields.place(key), context.notes):
            loading = fields.value(key, "probability", ZERO)
            if loading.mean > MOST_LOADING:
                fields.add(
                    key,
                    f"has the loading {loading}, above {MOST_LOADING}.",
                    f"Write at most {MOST_LOADING}.",
                )
            groups.append((key, loading))
    return tuple(sorted(groups, key=lambda pair: pair[0]))


def read_techniques(context: Context, groups: tuple[tuple[str, Value], ...]) -> Techniques:
    """The techniques with their levels, costs, groups and attributes."""
    notes = context.notes
    result = Techniques()
    table = result.table = load(context, "techniques")
    if "techniques" not in context.top:
        notes.add(
            Place(context.file, None, "techniques"),
            "The scenario names no techniques.",
            "Add techniques: techniques.csv, or a list of techniques.",
        )
    if table is None:
        result.levels = _read_levels(context, result)
        return result
    attributes = table.shape(notes, ("id",), _OPTIONAL, attributes=True)
    attributes = [pair for pair in attributes if not _is_mixed(table, *pair, notes)]
    result.attributes = tuple(sorted(name for name, _ in attributes))
    rows = _define(context, table, result.register)
    result.levels = _read_levels(context, result)
    watch = NameWatch("technique")
    found = []
    for id, row in rows:
        technique = _technique(context, table, row, id, result, dict(groups), attributes)
        watch.see(id, technique.name, table.place(row, "name"), notes)
        found.append(technique)
    result.found = tuple(sorted(found, key=lambda t: t.id))
    return result


def _is_mixed(table: Table, name: str, index: int, notes: Notes) -> bool:
    """Whether the column says in words which currency or unit each cost is in; then a finding."""
    words = [row.cells[index] for row in table.rows if re.search("[^0-9. ]", row.cells[index])]
    if fold(name) not in _UNITS or not words:
        return False
    notes.add(
        table.heading(index),
        f"The column {shown(name)} gives costs a currency or unit of their own, such as "
        f"{shown(words[0])}; a scenario has one for all.",
        "Convert every cost to one of them, name that with the key currency, and remove the "
        "column.",
    )
    return True


def _define(context: Context, table: Table, register: Register) -> list[tuple[str, Row]]:
    """Every id of the table, entered in the register."""
    register.complete = table.complete and table.has("id")
    if not table.has("id"):
        return []
    if len(table.rows) > MOST_TECHNIQUES:
        context.notes.too_large(
            Place(table.file, None, table.prefix.rstrip(".") or None),
            f"There are {len(table.rows):,} techniques; at most {MOST_TECHNIQUES:,} are read.",
            "Leave out those that are not on the table, or join some.",
        )
        register.complete = False
        return []
    rows = []
    for row in table.rows:
        id = table.text(row, "id")
        if register.define(id, table.place(row, "id"), context.notes):
            rows.append((id, row))
    return rows


def _technique(
    context: Context,
    table: Table,
    row: Row,
    id: str,
    result: Techniques,
    groups: Mapping[str, Value],
    attributes: list[tuple[str, int]],
) -> Technique:
    notes = context.notes
    name = table.text(row, "name")
    if name:
        check_name(name, table.place(row, "name"), notes)
    levels = result.levels.get(id)
    if levels is None:
        levels = (_own_level(context, table, row),)
    else:
        for column in ("cost", "success"):
            if table.text(row, column):
                table.value(
                    notes, row, column, "amount" if column == "cost" else "probability", ZERO
                )
                notes.warn(
                    table.place(row, column),
                    f"{shown(id)} has funding levels; its own {column} is not used.",
                    "Leave the cell blank.",
                )
    background = table.value(notes, row, "background", "probability", ZERO) or ZERO
    if background.mean != 0 and result.background_at is None:
        result.background_at = table.place(row, "background")
    if table.text(row, "groups") and result.groups_at is None:
        result.groups_at = table.place(row, "groups")
    values = []
    for attribute, index in attributes:
        value = table.value(notes, row, index, "number", ZERO, _BESIDE) or ZERO
        values.append((attribute, value))
    return Technique(
        id,
        name or id,
        levels,
        background,
        _loadings(context, table, row, groups),
        tuple(sorted(values, key=lambda pair: pair[0])),
    )


def _own_level(context: Context, table: Table, row: Row) -> Level:
    cost = _cost(context, table, row)
    success = table.value(context.notes, row, "success", "probability", ONE) or ONE
    return Level(FULL, cost, success)


def _cost(context: Context, table: Table, row: Row) -> Value:
    cost = table.value(context.notes, row, "cost", "amount", None)
    if cost is None:
        return ZERO
    if cost.mean == 0:
        context.notes.warn(
            table.place(row, "cost"), "cost is 0: it is free.", "Check that this is meant."
        )
    return cost


def _loadings(
    context: Context, table: Table, row: Row, groups: Mapping[str, Value]
) -> tuple[tuple[str, Value], ...]:
    """The cell `a;b:0.3`: groups by name, each with its own loading or the group's."""
    cell = table.text(row, "groups")
    place = table.place(row, "groups")
    notes = context.notes
    found: dict[str, Value] = {}
    for part in cell.split(";") if cell else ():
        name, _, own = (piece.strip() for piece in part.partition(":"))
        if not name:
            notes.add(place, f"groups is {shown(cell)}, with a blank part.", "Write a;b:0.3.")
        elif name in found:
            notes.add(place, f"The group {shown(name)} is listed twice.", "Keep it once.")
        elif name not in groups:
            if not groups and "groups" not in context.top:
                cure = f"Add groups: {{{shown(name)}: 0.4}} to the scenario."
                notes.add(place, f"{shown(name)} is not a known group.", cure)
            else:
                notes.unknown(place, "group", name, groups)
        elif ":" in part:
            try:
                found[name] = parse_value(own, "probability")
            except NotAValue as error:
                notes.add(place, f"The loading of {name} {error.message}", error.cure)
        else:
            found[name] = groups[name]
    total = sum(value.mean for value in found.values())
    if total > MOST_LOADING + 1e-12:
        notes.add(
            place,
            f"The loadings add up to {total:.6g}, above {MOST_LOADING}.",
            f"Lower them to {MOST_LOADING} in total.",
        )
    return tuple(sorted(found.items(), key=lambda pair: pair[0]))


def _read_levels(context: Context, techniques: Techniques) -> dict[str, tuple[Level, ...]]:
    """Funding levels by technique, each list sorted by name."""
    notes = context.notes
    table = load(context, "levels")
    found: dict[str, dict[str, Level]] = {}
    if table is None:
        return {}
    table.shape(notes, ("technique", "level", "cost"), ("success",))
    if not table.has("technique", "level"):
        return {}
    registers: dict[str, Register] = {}
    for row in table.rows:
        id, name = table.text(row, "technique"), table.text(row, "level")
        techniques.register.known(id, table.place(row, "technique"), notes)
        register = registers.setdefault(fold(id), Register(f"level of {shown(id)}"))
        cost = _cost(context, table, row)
        success = table.value(notes, row, "success", "probability", ONE) or ONE
        if register.define(name, table.place(row, "level"), notes):
            found.setdefault(id, {})[name] = Level(name, cost, success)
    return {id: tuple(levels[n] for n in sorted(levels)) for id, levels in found.items()}
