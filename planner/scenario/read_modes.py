"""Failure modes: the modes, the vulnerability of each technique to each, and their dependence."""

from __future__ import annotations

import re

import numpy as np

from planner.scenario.fields import Context, Fields
from planner.scenario.names import NameWatch, Register, check_name
from planner.scenario.notes import Notes, Place, fold, listed, nearest, shown
from planner.scenario.numbers import (
    NotAValue,
    is_mixture,
    parse_mixture,
    parse_number,
    parse_value,
)
from planner.scenario.read_techniques import Techniques
from planner.scenario.tables import Row, Table, load, load_file, matrix
from planner.scenario.types import ONE, ZERO, Cell, FailureModes, Joint, Mode
from planner.scenario.values import Value
from planner.scenario.yaml_text import Entries, Scalar

MOST_MODES = 64
MOST_CELLS = 20_000_000
LONGEST_SYMBOL = 30

#: Beyond rounding of a matrix written with a few decimals.
_SYMMETRY = 1e-12
_SEMIDEFINITE = -1e-8


def read_scale(context: Context) -> tuple[tuple[str, Value], ...]:
    """The symbols that may stand in the vulnerability table, sorted."""
    fields = context.top.mapping("scale")
    if fields is None:
        return ()
    found: dict[str, Value] = {}
    folded: dict[str, str] = {}
    mixtures: dict[str, str] = {}
    for key in fields:
        symbol = key.strip()
        text = fields.text(key)
        if text is not None and is_mixture(text):
            mixtures[key] = text
            value: Value = ZERO
        else:
            value = fields.value(key, "probability", ZERO) if text is not None else ZERO
        other = folded.setdefault(fold(symbol), symbol)
        if not symbol or len(symbol) > LONGEST_SYMBOL or not symbol.isprintable():
            fields.add(key, "is no symbol.", f"Write 1 to {LONGEST_SYMBOL} visible characters.")
        elif _is_value(symbol):
            fields.add(key, "reads as a number, so it cannot be a symbol.", "Choose a word.")
        elif other != symbol:
            fields.add(key, f"looks the same as the symbol {shown(other)}.", "Keep one of the two.")
        else:
            found[symbol] = value
    # A mixture may name any symbol of the scale that is none itself.
    plain = {symbol: value for symbol, value in found.items() if symbol not in mixtures}
    for key, text in mixtures.items():
        try:
            value = parse_mixture(text, "probability", plain)
        except NotAValue as error:
            fields.add(key, error.message, error.cure)
        else:
            found[key.strip()] = value
    return tuple(sorted(found.items(), key=lambda pair: pair[0]))


def _is_value(text: str) -> bool:
    try:
        parse_value(text, "number")
    except NotAValue:
        return False
    return True


def read_modes(
    context: Context, techniques: Techniques, scale: tuple[tuple[str, Value], ...]
) -> FailureModes:
    """Modes sorted by id, cells in the order of techniques and modes, and the joint activity."""
    register = Register("mode", complete=False)
    modes: list[Mode] = []
    table = load(context, "modes")
    if table is not None:
        modes = _modes(context, table, register)
    cells = _vulnerability(context, techniques, register, dict(scale))
    joint = _joint(context, register)
    return FailureModes(tuple(modes), cells, joint)


def _modes(context: Context, table: Table, register: Register) -> list[Mode]:
    notes = context.notes
    table.shape(notes, ("id", "probability"), ("name", "loss"))
    if not table.has("id"):
        return []
    if len(table.rows) > MOST_MODES:
        notes.add(
            Place(table.file, None, table.prefix.rstrip(".") or None),
            f"There are {len(table.rows):,} modes; at most {MOST_MODES} are read.",
            "Join modes that strike the same techniques.",
        )
        return []
    register.complete = table.complete
    watch = NameWatch("mode")
    modes = []
    for row in table.rows:
        id, name = table.text(row, "id"), table.text(row, "name")
        fresh = register.define(id, table.place(row, "id"), notes)
        if name:
            check_name(name, table.place(row, "name"), notes)
        probability: Value = ZERO
        if table.has("probability"):
            probability = table.value(notes, row, "probability", "probability", None) or ZERO
        loss = table.value(notes, row, "loss", "loss", ONE) or ONE
        if fresh:
            watch.see(id, name or id, table.place(row, "name"), notes)
            modes.append(Mode(id, name or id, probability, loss))
    return sorted(modes, key=lambda mode: mode.id)


def _vulnerability(
    context: Context, techniques: Techniques, modes: Register, scale: dict[str, Value]
) -> tuple[tuple[Cell, ...], ...]:
    table = load(context, "vulnerability", mapping=True)
    return () if table is None else read_cells(context, table, techniques, modes, scale)


def read_cells(
    context: Context,
    table: Table,
    techniques: Techniques,
    modes: Register,
    scale: dict[str, Value],
) -> tuple[tuple[Cell, ...], ...]:
    """The cells of a table of techniques by modes, in the order of their ids; () after a
    finding."""
    notes = context.notes
    count = len(table.rows) * (len(table.header) - 1)
    if count > MOST_CELLS:
        notes.too_large(
            Place(table.file),
            f"The matrix has {count:,} cells; at most {MOST_CELLS:,} are read.",
            "Leave out techniques or modes.",
        )
        return ()
    if is_transposed(table, techniques.register, modes):
        notes.add(
            Place(table.file, table.header_lines[0], table.prefix.rstrip(".") or None),
            "The table looks transposed: its rows are modes and its columns techniques.",
            "Write a row for each technique and a column for each mode.",
        )
        return ()
    columns = label_columns(table, modes, notes, "technique")
    rows = label_rows(table, techniques.register, notes)
    cache: dict[str, Cell] = {}
    cells: dict[str, dict[str, Cell]] = {}
    for id, row in rows.items():
        line = cells.setdefault(id, {})
        for mode, index in columns.items():
            text = row.cells[index]
            cell = cache.get(text)
            if cell is None:
                cell = parse_cell(notes, table, row, index, mode, scale)
                if cell is not None:
                    cache[text] = cell
            line[mode] = cell or Cell(ZERO)
    if notes.findings:
        return ()
    order = sorted(modes.places)
    return tuple(tuple(cells[id][m] for m in order) for id in sorted(techniques.register.places))


def parse_cell(
    notes: Notes, table: Table, row: Row, index: int, mode: str, scale: dict[str, Value]
) -> Cell | None:
    """A cell of a vulnerability table: a symbol of the scale or a value; None after a finding."""
    text = row.cells[index]
    if text in scale:
        return Cell(scale[text], text)
    place = table.place(row, index)
    if not text:
        notes.add(
            place,
            f"The vulnerability of {shown(row.cells[0])} to {shown(mode)} is blank.",
            "Write a number from 0 to 1 or a symbol of the scale.",
        )
        return None
    try:
        if is_mixture(text):
            return Cell(parse_mixture(text, "probability", scale))
        return Cell(parse_value(text, "probability"))
    except NotAValue as error:
        # A word is a symbol that the scale lacks; anything with a digit was meant as a number.
        if scale and not re.search(r"[0-9{]", text):
            close = nearest(text, scale)
            lead = f"Did you mean {shown(close)}? " if close else ""
            notes.add(
                place,
                f"{shown(text)} is not a symbol of the scale.",
                f"{lead}The scale has: {listed(sorted(scale))}.",
            )
        else:
            notes.add(place, f"The vulnerability {error.message}", error.cure)
        return None


def is_transposed(table: Table, rows: Register, columns: Register) -> bool:
    """Whether the labels fit the other way round and not this way round."""
    heads, labels = table.header[1:], [row.cells[0] for row in table.rows]
    if any(h in columns for h in heads) or any(label in rows for label in labels):
        return False
    fit_heads, fit_labels = sum(h in rows for h in heads), sum(x in columns for x in labels)
    return 2 * fit_heads >= len(heads) > 0 and 2 * fit_labels >= len(labels) > 0


def label_columns(table: Table, register: Register, notes: Notes, first: str) -> dict[str, int]:
    """Column of each id in the header after the first; unknown and missing ids are findings."""
    corner = table.header[0]
    if corner and fold(corner) not in (first, "id", "mode", "world"):
        notes.add(
            table.heading(0),
            f"The first column of {table.name} is headed {shown(corner)}.",
            f"Head the column that names the rows {first}.",
        )
    columns: dict[str, int] = {}
    for index, heading in enumerate(table.header):
        if index and register.known(heading, table.heading(index), notes):
            columns[heading] = index
    for id in register.places:
        if register.complete and id not in columns:
            notes.add(
                Place(table.file, table.header_lines[0], f"{table.prefix}{id}"),
                f"The table {table.name} has no column for the {register.what} {id}.",
                f"Add a column headed {id}.",
            )
    return columns


def label_rows(table: Table, register: Register, notes: Notes) -> dict[str, Row]:
    """Row of each id in the first column; unknown, missing and double ids are findings."""
    rows: dict[str, Row] = {}
    for row in table.rows:
        id = row.cells[0]
        place = table.place(row, 0)
        if id in rows:
            notes.add(
                place,
                f"The {register.what} {shown(id)} has two rows, on lines {rows[id].line} and "
                f"{row.line}.",
                "Keep one of the two.",
            )
        elif register.known(id, place, notes):
            rows[id] = row
    for id in register.places:
        if register.complete and table.complete and id not in rows:
            notes.add(
                Place(table.file, None, f"{table.prefix}{table.header[0] or register.what}"),
                f"The table {table.name} has no row for the {register.what} {id}.",
                f"Add a row that starts with {id}.",
            )
    return rows


def _joint(context: Context, modes: Register) -> Joint:
    """`independent`, one factor's correlation, or a correlation matrix in the order of the ids."""
    top = context.top
    node = top.node("joint")
    if node is None:
        return Joint()
    if isinstance(node, Scalar):
        if node.text.strip() != "independent":
            cure = "Write independent, or {modes: 0.3}."
            top.add("joint", f"is {shown(node.text)}, which is not known.", cure)
        return Joint()
    fields = top.mapping("joint", ("modes",))
    inner = None if fields is None else fields.node("modes")
    if fields is None or inner is None:
        return Joint()
    if isinstance(inner, Entries) and not _is_distribution(inner):
        table = matrix(context, "joint.modes", inner)
        return Joint() if table is None else _correlation(context, table, modes, inline=True)
    text = fields.text("modes")
    if text is None:
        return Joint()
    if re.search(r"\.[A-Za-z]{3,4}$", text):
        table = load_file(context, "joint.modes", text.strip(), fields.place("modes"))
        return Joint() if table is None else _correlation(context, table, modes, inline=False)
    return _factor(fields)


def _is_distribution(node: Entries) -> bool:
    return any(key.text in ("pert", "beta", "uniform", "mix") for key, _ in node.entries)


def _factor(fields: Fields) -> Joint:
    factor = fields.value("modes", "probability", ZERO)
    return Joint(factor=factor) if factor.mean > 0 else Joint()


def _correlation(context: Context, table: Table, modes: Register, inline: bool) -> Joint:
    notes = context.notes
    known = Register(modes.what, modes.places, modes.complete)
    if inline:
        # A pair need be written once, so that rows and columns may be absent.
        known.complete = False
        for label in [*table.header[1:], *(row.cells[0] for row in table.rows)]:
            modes.known(label, Place(table.file, table.header_lines[0], table.name), notes)
    columns = label_columns(table, known, notes, "mode" if not inline else "technique")
    rows = label_rows(table, known, notes)
    ids = sorted(modes.places)
    written: dict[tuple[str, str], float] = {}
    before = len(notes.findings)
    for a, row in rows.items():
        for b, index in columns.items():
            text = row.cells[index]
            if not text and inline:
                continue
            value = _coefficient(notes, table, row, index, a == b)
            if value is not None:
                written[a, b] = value
    if len(notes.findings) > before or not (modes.complete and table.complete):
        return Joint()
    return _matrix_of(notes, table, ids, written)


def _coefficient(notes: Notes, table: Table, row: Row, index: int, diagonal: bool) -> float | None:
    place = table.place(row, index)
    try:
        number = parse_number(row.cells[index])
    except NotAValue as error:
        notes.add(place, f"The correlation {error.message}", error.cure)
        return None
    if diagonal and number != 1:
        notes.add(place, f"The diagonal of the correlation matrix is {number}, not 1.", "Write 1.")
        return None
    if not -1 <= number <= 1:
        notes.add(
            place,
            f"The correlation is {shown(str(number))}, which is outside -1 to 1.",
            "Write a number from -1 to 1.",
        )
        return None
    return float(number)


def _matrix_of(
    notes: Notes, table: Table, ids: list[str], written: dict[tuple[str, str], float]
) -> Joint:
    """The matrix in the order of the ids, symmetric and positive semidefinite."""
    place = Place(table.file, None, table.prefix.rstrip(".") or None)
    before = len(notes.findings)
    entries = np.eye(len(ids))
    for i, a in enumerate(ids):
        for j, b in enumerate(ids[:i]):
            one, two = written.get((a, b)), written.get((b, a))
            if one is None and two is None:
                notes.add(
                    place,
                    f"The correlation of {a} and {b} is not given.",
                    f"Add it, as 0 where {a} and {b} are unrelated.",
                )
            elif one is not None and two is not None and abs(one - two) > _SYMMETRY:
                notes.add(
                    place,
                    f"The matrix is not symmetric: {a}, {b} is {one:g} but {b}, {a} is {two:g}.",
                    "Write the same number in both cells.",
                )
            else:
                entries[i, j] = entries[j, i] = one if one is not None else two
    if len(notes.findings) > before:
        return Joint()
    least = float(np.linalg.eigvalsh(entries)[0]) if ids else 0.0
    if least < _SEMIDEFINITE:
        # Shrinking by t moves the smallest eigenvalue to 1 - t (1 - least).
        shrink = np.floor(1000 / (1 - least)) / 1000
        notes.add(
            place,
            f"The correlation matrix is not positive semidefinite: its smallest eigenvalue is "
            f"{least:.4g}, so that no modes can be correlated in this way.",
            f"Multiply all correlations off the diagonal by {shrink:g} or less.",
        )
        return Joint()
    return Joint(matrix=tuple(tuple(float(x) for x in line) for line in entries))
