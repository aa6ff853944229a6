"""What a scenario says beside the model: sources, experts and named changes."""

from __future__ import annotations

from planner.scenario.fields import Context
from planner.scenario.names import Register, check_name
from planner.scenario.notes import Place, nearest, shown
from planner.scenario.read_techniques import Techniques
from planner.scenario.tables import Row, Table, load
from planner.scenario.types import ExplicitWorlds, FailureModes, Source

_TABLES = ("techniques", "modes", "vulnerability", "levels", "worlds", "failure", "scale", "groups")

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
        _look_up(context, table, row, set(techniques.register.places), others)
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
    context: Context, table: Table, row: Row, techniques: set[str], others: set[str]
) -> None:
    """Warn where a source speaks of a table, row or column that is not there."""
    name = table.text(row, "table")
    if name not in _TABLES:
        _warn(context, table, row, "table", _TABLES)
        return
    if name in ("modes", "worlds"):
        rows, columns = others, set[str]()
    elif name in ("vulnerability", "failure"):
        rows, columns = techniques, others | {"failure"}
    elif name in ("techniques", "levels"):
        rows, columns = techniques, set[str]()
    else:
        return
    if rows and table.text(row, "row") not in rows:
        _warn(context, table, row, "row", sorted(rows))
    if columns and table.text(row, "column") not in columns:
        _warn(context, table, row, "column", sorted(columns))


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


def read_experts(context: Context) -> tuple[tuple[str, str], ...]:
    """(name, file) of each expert's own vulnerability table, sorted."""
    fields = context.top.mapping("experts")
    if fields is None:
        return ()
    register = Register("expert")
    found = []
    for key in fields:
        place = fields.place(key)
        check_name(key, place, context.notes)
        name = fields.text(key)
        if name is None:
            continue
        register.places[key] = place
        if not name.lower().endswith(".csv"):
            fields.add(key, f"names {shown(name)}, which is no CSV file.", "Name a .csv file.")
        elif context.folder.find(name, place, context.notes) is not None:
            found.append((key, name))
    return tuple(sorted(found))


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
