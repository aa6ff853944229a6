"""What a scenario says beside the model: sources, experts and named changes."""

from __future__ import annotations

from planner.scenario.fields import Context, Fields
from planner.scenario.names import Register, check_name
from planner.scenario.notes import Place, nearest, shown
from planner.scenario.read_modes import read_cells
from planner.scenario.read_techniques import Techniques
from planner.scenario.tables import Row, Table, load, load_file, matrix
from planner.scenario.types import ALL, ONE, Expert, ExplicitWorlds, FailureModes, Source
from planner.scenario.values import Number, Value
from planner.scenario.yaml_text import Entries, Scalar

_TABLES = (
    "techniques",
    "modes",
    "vulnerability",
    "levels",
    "worlds",
    "failure",
    "scale",
    "groups",
    "scenario",
)

Changes = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def read_sources(
    context: Context, techniques: Techniques, threats: FailureModes | ExplicitWorlds
) -> tuple[Source, ...]:
    """Where the numbers come from, sorted; a row or column that does not exist is a warning."""
    notes = context.notes
    table = load(context, "sources")
    if table is None:
        return ()
    table.shape(
        notes,
        ("table", "row", "column", "source"),
        ("quote", "note", "judged by", "date", "confidence"),
    )
    if isinstance(threats, FailureModes):
        others = {mode.id for mode in threats.modes}
    else:
        others = {world.id for world in threats.worlds}
    found = []
    for row in table.rows:
        source = table.text(row, "source")
        if not source and table.has("source"):
            notes.add(table.place(row, "source"), "source is blank.", "Say where it comes from.")
        _look_up(context, table, row, techniques, others)
        texts = [table.text(row, name) for name in ("quote", "note")]
        found.append(
            Source(
                table=table.text(row, "table"),
                row=table.text(row, "row"),
                column=table.text(row, "column"),
                source=source,
                note=" ".join(text for text in texts if text),
                judged_by=table.text(row, "judged by"),
                date=table.text(row, "date"),
                confidence=table.text(row, "confidence"),
            )
        )
    return tuple(sorted(found, key=_source_order))


def _source_order(s: Source) -> tuple[str, ...]:
    return s.table, s.row, s.column, s.source, s.note, s.judged_by, s.date, s.confidence


def _look_up(
    context: Context, table: Table, row: Row, techniques: Techniques, others: set[str]
) -> None:
    """Warn where a source speaks of a table, row or column that is not there; `*` is all."""
    name = table.text(row, "table")
    if name not in _TABLES:
        _warn(context, table, row, "table", _TABLES)
        return
    ids = set(techniques.register.places)
    if name in ("modes", "worlds"):
        rows, columns = others, set[str]()
    elif name in ("vulnerability", "failure"):
        rows, columns = ids, others | {"failure"}
    elif name == "techniques":
        rows, columns = ids, set[str]()
    elif name == "levels":
        rows, columns = _level_rows(ids, techniques), set[str]()
    else:
        return
    if rows and table.text(row, "row") not in rows | {ALL}:
        _warn(context, table, row, "row", sorted(rows))
    if columns and table.text(row, "column") not in columns | {ALL}:
        _warn(context, table, row, "column", sorted(columns))


def _level_rows(ids: set[str], techniques: Techniques) -> set[str]:
    """`debate` for all of its levels, `debate:half` for one, `*:half` for that of every one."""
    pairs = [(id, level.name) for id, levels in techniques.levels.items() for level in levels]
    return ids | {f"{id}:{name}" for id, name in pairs} | {f"{ALL}:{name}" for _, name in pairs}


def _warn(
    context: Context, table: Table, row: Row, column: str, known: tuple[str, ...] | list[str]
) -> None:
    text = table.text(row, column)
    close = nearest(text, known) if len(known) <= 200 else None
    cure = f"Did you mean {shown(close)}?" if close else "Check the name."
    context.notes.warn(
        table.place(row, column),
        f"The source names a {column} that is not there: {shown(text)}.",
        cure,
    )


def read_experts(
    context: Context,
    techniques: Techniques,
    threats: FailureModes | ExplicitWorlds,
    scale: tuple[tuple[str, Value], ...],
) -> tuple[Expert, ...]:
    """Each expert's own vulnerability table, sorted by name.

    An expert is a file, or a mapping of `table` (a file or the table itself) and `weight`.
    """
    fields = context.top.mapping("experts")
    if fields is None:
        return ()
    if isinstance(threats, ExplicitWorlds):
        context.top.add("experts", "does not apply to explicit worlds.", "Remove experts.")
        return ()
    modes = Register("mode", {mode.id: Place(context.file) for mode in threats.modes})
    found = []
    for name in fields:
        check_name(name, fields.place(name), context.notes)
        table, weight = _expert(context, fields, name)
        if table is not None:
            cells = read_cells(context, table, techniques, modes, dict(scale))
            found.append(Expert(name.strip(), cells, weight))
    return tuple(sorted(found, key=lambda expert: expert.name))


def _expert(context: Context, fields: Fields, name: str) -> tuple[Table | None, Value]:
    """The table and the weight of one expert; no table after a finding."""
    node = fields.node(name)
    key = f"experts.{shown(name)}"
    if isinstance(node, Scalar):
        return load_file(context, key, node.text.strip(), fields.place(name)), ONE
    if not isinstance(node, Entries):
        if node is not None:
            fields.add(name, "holds a list.", "Name a CSV file.")
        return None, ONE
    inner = fields.mapping(name, ("table", "weight"))
    assert inner is not None
    weight = inner.value("weight", "number", ONE)
    if not isinstance(weight, Number) or not weight.mean > 0:
        inner.add("weight", f"is {weight}.", "Write a plain number above 0, such as 2.")
    held = inner.node("table")
    if isinstance(held, Scalar):
        place = inner.place("table")._replace(row=held.line)
        return load_file(context, key, held.text.strip(), place), weight
    if isinstance(held, Entries):
        return matrix(context, f"{key}.table", held), weight
    if "table" not in inner:
        fields.add(name, "has no table.", "Write {table: experts/anna.csv, weight: 2}.")
    elif held is not None:
        inner.add("table", "holds a list.", "Name a CSV file, or write rows as a mapping.")
    return None, weight


def read_changes(context: Context) -> Changes:
    """The named changes of `what_if` as (name, ((path, text), ...)), sorted."""
    fields = context.top.mapping("what_if")
    if fields is None:
        return ()
    found = []
    for name in fields:
        check_name(name, fields.place(name), context.notes)
        inner = fields.mapping(name)
        if inner is None:
            continue
        changes = []
        for path in inner:
            text = _change(context, inner.place(path), path, inner.text(path))
            if text is not None:
                changes.append((path, text))
        found.append((name, tuple(sorted(changes))))
    return tuple(sorted(found))


def _change(context: Context, place: Place, path: str, text: str | None) -> str | None:
    if text is None:
        return None
    if not path.strip() or not path.isprintable():
        context.notes.add(place, "The path of a change is blank.", "Write techniques.a.cost: 1.")
        return None
    return text
