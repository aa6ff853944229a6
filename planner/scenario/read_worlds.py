"""Explicit worlds, and the failure of each technique in each."""

from __future__ import annotations

from planner.scenario.fields import Context
from planner.scenario.names import NameWatch, Register, check_name
from planner.scenario.notes import Notes, Place, fold, shown
from planner.scenario.numbers import NotAValue, parse_value
from planner.scenario.read_modes import MOST_CELLS, is_transposed, label_columns, label_rows
from planner.scenario.read_techniques import Techniques
from planner.scenario.tables import Table, load
from planner.scenario.types import ONE, ZERO, ExplicitWorlds, World
from planner.scenario.values import Value
from planner.scenario.yaml_text import Entries

MOST_WORLDS = 100_000

#: A triple of a failure table: indices of technique and world in their sorted lists, and value.
Triple = tuple[int, int, Value]


def read_worlds(context: Context, techniques: Techniques) -> ExplicitWorlds:
    """Worlds sorted by id, and failures that are not 1, sorted."""
    register = Register("world", complete=False)
    worlds: tuple[World, ...] = ()
    table = load(context, "worlds")
    if table is not None:
        worlds = _worlds(context, table, register)
    failure = _failure(context, techniques, register)
    return ExplicitWorlds(worlds, failure)


def _worlds(context: Context, table: Table, register: Register) -> tuple[World, ...]:
    notes = context.notes
    table.shape(notes, ("world", "weight"), ("name", "loss"))
    if not table.has("world"):
        return ()
    if len(table.rows) > MOST_WORLDS:
        notes.too_large(
            Place(table.file, None, table.prefix.rstrip(".") or None),
            f"There are {len(table.rows):,} worlds; at most {MOST_WORLDS:,} are read.",
            "Join worlds that are alike, or leave out the least likely.",
        )
        return ()
    register.complete = table.complete
    watch = NameWatch("world")
    with_loss = any(table.text(row, "loss") for row in table.rows)
    worlds = []
    for row in table.rows:
        id, name = table.text(row, "world"), table.text(row, "name")
        fresh = register.define(id, table.place(row, "world"), notes)
        if name:
            check_name(name, table.place(row, "name"), notes)
            watch.see(id, name, table.place(row, "name"), notes)
        weight: Value = ZERO
        if table.has("weight"):
            weight = table.value(notes, row, "weight", "loss", None) or ZERO
        loss: Value | None = None
        if with_loss:
            loss = table.value(notes, row, "loss", "loss", None)
        if fresh:
            worlds.append(World(id, name or id, weight, loss))
    return tuple(sorted(worlds, key=lambda world: world.id))


def _failure(context: Context, techniques: Techniques, worlds: Register) -> tuple[Triple, ...]:
    notes = context.notes
    table = load(context, "failure", mapping=True)
    if table is None:
        return ()
    headings = {fold(heading) for heading in table.header}
    if {"world", "failure"} <= headings:
        return _long(notes, table, techniques.register, worlds)
    if len(table.rows) * (len(table.header) - 1) > MOST_CELLS:
        _too_many(notes, table)
        return ()
    if is_transposed(table, techniques.register, worlds):
        notes.add(
            Place(table.file, table.header_lines[0], table.prefix.rstrip(".") or None),
            "The table looks transposed: its rows are worlds and its columns techniques.",
            "Write a row for each technique and a column for each world.",
        )
        return ()
    sparse = isinstance(context.top.node("failure"), Entries)
    return _wide(notes, table, techniques.register, worlds, sparse)


def _long(notes: Notes, table: Table, techniques: Register, worlds: Register) -> tuple[Triple, ...]:
    """Rows technique, world, failure. Written for speed: such tables may have millions of rows."""
    table.shape(notes, ("technique", "world", "failure"), ())
    if not table.has("technique", "world", "failure"):
        return ()
    if len(table.rows) > MOST_CELLS:
        _too_many(notes, table)
        return ()
    t, w, f = (table.columns[name] for name in ("technique", "world", "failure"))
    technique_index = {id: k for k, id in enumerate(sorted(techniques.places))}
    world_index = {id: k for k, id in enumerate(sorted(worlds.places))}
    first: dict[tuple[int, int], int] = {}
    found: list[Triple] = []
    for row in table.rows:
        cells = row.cells
        i, s = technique_index.get(cells[t]), world_index.get(cells[w])
        try:
            value = parse_value(cells[f], "probability")
        except NotAValue as error:
            notes.add(table.place(row, "failure"), f"failure {error.message}", error.cure)
            value = ONE
        if i is None:
            techniques.known(cells[t], table.place(row, "technique"), notes)
        if s is None:
            worlds.known(cells[w], table.place(row, "world"), notes)
        if i is None or s is None:
            continue
        line = first.get((i, s))
        if line is not None:
            notes.add(
                table.place(row, "world"),
                f"The pair {cells[t]}, {cells[w]} is given twice, on lines {line} and {row.line}.",
                "Keep one of the two.",
            )
            continue
        first[i, s] = row.line
        if value != ONE:
            found.append((i, s, value))
    found.sort(key=lambda triple: triple[:2])
    return tuple(found)


def _wide(
    notes: Notes, table: Table, techniques: Register, worlds: Register, sparse: bool
) -> tuple[Triple, ...]:
    """Rows techniques, columns worlds. `sparse` where a pair that is not there fails with 1."""
    if sparse:
        columns = {
            heading: index
            for index, heading in enumerate(table.header)
            if index and worlds.known(heading, table.heading(index), notes)
        }
        rows = {
            row.cells[0]: row
            for row in table.rows
            if techniques.known(row.cells[0], table.place(row, 0), notes)
        }
    else:
        columns = label_columns(table, worlds, notes, "technique")
        rows = label_rows(table, techniques, notes)
    technique_index = {id: k for k, id in enumerate(sorted(techniques.places))}
    world_index = {id: k for k, id in enumerate(sorted(worlds.places))}
    found: list[Triple] = []
    for id, row in rows.items():
        for world, index in columns.items():
            text = row.cells[index]
            if not text and sparse:
                continue
            try:
                value = parse_value(text, "probability")
            except NotAValue as error:
                message = f"The failure of {shown(id)} in {shown(world)} {error.message}"
                notes.add(table.place(row, index), message, error.cure)
                continue
            if value != ONE:
                found.append((technique_index[id], world_index[world], value))
    found.sort(key=lambda triple: triple[:2])
    return tuple(found)


def _too_many(notes: Notes, table: Table) -> None:
    notes.too_large(
        Place(table.file),
        f"The table has more than {MOST_CELLS:,} cells, the most that are read.",
        "Leave out the pairs that fail with 1, or join worlds.",
    )
