"""Somebody's table of techniques and problems -> the files of a scenario, with what did not map.

A row is a technique, or a pair of a technique and a problem. Every number carries its source: the
table's own where it has a column for that, else the file and the line.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from planner.scenario.import_map import COLUMNS, Mapping, divisor
from planner.scenario.notes import Notes, Place, fold
from planner.scenario.numbers import MOST_DECIMALS, NotAValue, parse_number, parse_value
from planner.scenario.table import Row, Table
from planner.scenario.tabulate import Sheet
from planner.scenario.values import Interval, Number, format_decimal

_LONGEST_ID = 40
_SIGNS = re.compile(r"^(?:[$€£¥]|USD|EUR|GBP)\s*|\s*(?:[$€£¥]|USD|EUR|GBP)$", re.IGNORECASE)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_RANGE = re.compile(r"(.+?)\s*(?:-|–|—|\bto\b)\s*(.+)", re.IGNORECASE)

SOURCES = ("table", "row", "column", "source", "note", "judged by", "date", "confidence")


@dataclass(frozen=True)
class NotMapped:
    """Something of the table that the scenario does not hold, or holds otherwise."""

    line: int | None
    column: str
    text: str
    why: str


@dataclass
class Imported:
    """Tables of the scenario by name, and what did not map; `settings` are (key, text) pairs."""

    settings: list[tuple[str, str]]
    tables: dict[str, Sheet]
    not_mapped: list[NotMapped]


@dataclass
class _Technique:
    id: str
    name: str
    line: int
    costs: list[str] = field(default_factory=list)
    cost_source: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)


def import_table(table: Table, mapping: Mapping, notes: Notes) -> Imported | None:
    """The scenario in a table; None after a finding about the mapping's columns."""
    columns = _columns(table, mapping, notes)
    if columns is None:
        return None
    return _Import(table, mapping, columns).run()


def _columns(table: Table, mapping: Mapping, notes: Notes) -> dict[str, int] | None:
    """Where each mapped column stands; findings for headings that are not there."""
    places = {fold(head): k for k, head in enumerate(table.header)}
    found: dict[str, int] = {}
    wanted = [(key, getattr(mapping, key)) for key in COLUMNS]
    wanted += [(f"attribute {name}", name) for name in mapping.attributes]
    sound = True
    for key, heading in wanted:
        if heading and fold(heading) in places:
            found[key] = places[fold(heading)]
        elif heading:
            sound = False
            place = table.heading(0)._replace(column=None)
            notes.unknown(place, "column of the table", heading, table.header)
    for key in ("technique", "mode"):
        if key not in found and not getattr(mapping, key):
            sound = False
            notes.add(
                Place(table.file, table.header_lines[0]),
                f"No column looks like that of the {key}s.",
                f"Give a mapping with --map: {key}: and the heading of its column.",
            )
    return found if sound else None


class _Import:
    """One table on its way into a scenario."""

    def __init__(self, table: Table, mapping: Mapping, columns: dict[str, int]) -> None:
        self.table = table
        self.mapping = mapping
        self.columns = columns
        self.techniques: dict[str, _Technique] = {}
        self.modes: dict[str, str] = {}
        self.mode_names: dict[str, str] = {}
        self.sources: list[tuple[str, ...]] = []
        self.not_mapped: list[NotMapped] = []
        self._ids: set[str] = set()

    def run(self) -> Imported:
        for row in self.table.rows:
            self._take(row)
        used = set(self.columns.values())
        for index, head in enumerate(self.table.header):
            if index not in used and any(row.cells[index] for row in self.table.rows):
                self._miss(None, head, "", "no part of a scenario; the column was left out")
        kept = [t for t in self.techniques.values() if self._settle_cost(t)]
        return Imported(self._settings(), self._tables(kept), self.not_mapped)

    # Rows

    def _take(self, row: Row) -> None:
        name = " ".join(self._text(row, "technique").split())
        if not name:
            self._miss(row, "technique", "", "the row names no technique; it was left out")
            return
        technique = self.techniques.get(fold(name))
        if technique is None:
            own = self._text(row, "technique_id")
            technique = _Technique(self._id(own or name), name[:200], int(row.line))
            self.techniques[fold(name)] = technique
        self._take_cost(row, technique)
        for name in self.mapping.attributes:
            self._take_attribute(row, technique, name)
        problems = [p.strip() for p in self._text(row, "mode").split(self.mapping.separator)]
        named = [problem for problem in problems if problem]
        if not named:
            self._miss(row, "mode", "", f"{technique.id} names no problem here; it was kept")
        for problem in named:
            self._take_pair(row, technique, problem)

    def _take_pair(self, row: Row, technique: _Technique, problem: str) -> None:
        problem = " ".join(problem.split())
        mode = self.modes.get(fold(problem))
        if mode is None:
            mode = self.modes[fold(problem)] = self._id(problem)
            self.mode_names[mode] = problem[:200]
        text = self._text(row, "failure")
        value, assumed = self.mapping.listed, f"{self.mapping.listed} is assumed"
        if text:
            try:
                value, assumed = str(parse_value(text, "probability")), ""
            except NotAValue as error:
                self._miss(row, "failure", text, f"it {error.message} {value} stands in")
        elif "failure" in self.columns:
            self._miss(row, "failure", "", f"blank for {technique.id}, {mode}; {value} stands in")
        before = technique.cells.get(mode)
        if before is not None and before != value:
            self._miss(
                row, "failure", text, f"{technique.id}, {mode} stands twice; the first holds"
            )
        elif before is None:
            technique.cells[mode] = value
            self.sources.append(("vulnerability", technique.id, mode, *self._source(row, assumed)))

    def _take_cost(self, row: Row, technique: _Technique) -> None:
        text = self._text(row, "cost")
        if not text:
            return
        cost = plain_amount(text, divisor(self.mapping))
        if cost is None:
            self._miss(row, "cost", text, f"no amount that can be read, for {technique.id}")
            return
        if cost != text:
            self._miss(row, "cost", text, f"read as {cost}")
        if not technique.costs:
            technique.cost_source = self._source(row)
        technique.costs.append(cost)

    def _take_attribute(self, row: Row, technique: _Technique, name: str) -> None:
        text = self._text(row, f"attribute {name}")
        if not text or name in technique.attributes:
            return
        try:
            technique.attributes[name] = str(parse_value(text, "number"))
        except NotAValue:
            self._miss(row, f"attribute {name}", text, f"no number, for {technique.id}")

    def _settle_cost(self, technique: _Technique) -> bool:
        """One cost a technique; whether it has one."""
        different = list(dict.fromkeys(technique.costs))
        if len(different) > 1 and self.mapping.repeated_cost == "first":
            why = f"{technique.id} has several costs ({', '.join(different)}); the first holds"
            self.not_mapped.append(NotMapped(technique.line, self._head("cost"), "", why))
        if self.mapping.repeated_cost == "sum" and len(technique.costs) > 1:
            numbers = [parse_value(cost, "amount") for cost in technique.costs]
            if all(isinstance(number, Number) for number in numbers):
                total = sum((n.value for n in numbers if isinstance(n, Number)), Decimal(0))
                technique.costs = [format_decimal(total)]
            else:
                why = f"{technique.id} has a range among its costs; the first holds"
                self.not_mapped.append(NotMapped(technique.line, self._head("cost"), "", why))
        if technique.costs:
            self.sources.append(("techniques", technique.id, "cost", *technique.cost_source))
            return True
        if self.mapping.missing_cost:
            technique.costs = [self.mapping.missing_cost]
            why = f"{technique.id} has no cost; {self.mapping.missing_cost} stands in"
            assumed = ("assumed: the table has no cost for it", "", "", "", "")
            self.sources.append(("techniques", technique.id, "cost", *assumed))
        else:
            why = f"{technique.id} has no cost; it was left out (missing_cost: keeps it)"
            self.sources = [s for s in self.sources if s[1] != technique.id]
        self.not_mapped.append(NotMapped(technique.line, self._head("cost"), "", why))
        return bool(technique.costs)

    # What comes out

    def _settings(self) -> list[tuple[str, str]]:
        m = self.mapping
        name = m.name or f"Imported from {self.table.file}"
        found = [("name", name), ("currency", m.currency), ("budget", m.budget)]
        return [*found, ("reading", m.reading)]

    def _tables(self, techniques: list[_Technique]) -> dict[str, Sheet]:
        names = self.mapping.attributes
        modes = sorted(self.mode_names)
        ordered = sorted(techniques, key=lambda t: t.id)
        rows = [
            (t.id, t.name, t.costs[0], *(t.attributes.get(a, "") for a in names)) for t in ordered
        ]
        cells = [
            (t.id, *(t.cells.get(mode, self.mapping.unlisted) for mode in modes)) for t in ordered
        ]
        assumed = [
            ("modes", "*", "probability", "assumed: every mode alike", "", "", "", ""),
            (
                "vulnerability",
                "*",
                "*",
                f"assumed: a pair that the table does not name fails with {self.mapping.unlisted}",
                "",
                "",
                "",
                "",
            ),
        ]
        return {
            "techniques": Sheet(("id", "name", "cost", *names), tuple(rows)),
            "modes": Sheet(
                ("id", "name", "probability"),
                tuple((m, self.mode_names[m], self.mapping.probability) for m in modes),
            ),
            "vulnerability": Sheet(("technique", *modes), tuple(cells)),
            "sources": Sheet(SOURCES, (*assumed, *sorted(self.sources))),
        }

    # Small things

    def _text(self, row: Row, key: str) -> str:
        index = self.columns.get(key)
        return "" if index is None else row.cells[index]

    def _head(self, key: str) -> str:
        index = self.columns.get(key)
        return key if index is None else self.table.header[index]

    def _source(self, row: Row, assumed: str = "") -> tuple[str, ...]:
        source = self._text(row, "source") or f"{self.table.file}, line {int(row.line)}"
        note = "; ".join(part for part in (self._text(row, "note"), assumed) if part)
        keys = ("judged_by", "date", "confidence")
        return (source, note, *(self._text(row, key) for key in keys))

    def _miss(self, row: Row | None, key: str, text: str, why: str) -> None:
        line = None if row is None else int(row.line)
        self.not_mapped.append(NotMapped(line, self._head(key), text, why))

    def _id(self, text: str) -> str:
        """A short id made of the words of a name, unlike all others."""
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:_LONGEST_ID].strip("-") or "row"
        id, count = stem, 2
        while id in self._ids:
            id, count = f"{stem}-{count}", count + 1
        self._ids.add(id)
        return id


def plain_amount(text: str, by: Decimal) -> str | None:
    """An amount as people write it, divided, as the planner reads it; None where it is none.

    >>> plain_amount("$1,200,000", Decimal(1000000)), plain_amount("2-3", Decimal(1))
    ('1.2', '2 to 3')
    """
    whole = _number(text)
    if whole is not None:
        return _divided(whole, by)
    match = _RANGE.fullmatch(_SIGNS.sub("", text.strip()))
    ends = None if match is None else [_number(match[1]), _number(match[2])]
    if ends is None or ends[0] is None or ends[1] is None:
        return None
    spelled = f"{_divided(ends[0], by)} to {_divided(ends[1], by)}"
    try:
        value = parse_value(spelled, "amount")
    except NotAValue:
        return None
    return str(value) if isinstance(value, Interval) else None


def _number(text: str) -> Decimal | None:
    text = _SIGNS.sub("", text.strip()).strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        number = parse_number(text)
    except NotAValue:
        return None
    return number if number >= 0 else None


def _divided(number: Decimal, by: Decimal) -> str:
    """Exact where that needs at most nine decimals, else rounded half-even to nine."""
    with localcontext() as context:
        context.prec = 60
        result = number / by
        unit = Decimal(1).scaleb(-MOST_DECIMALS)
        return format_decimal(result.quantize(unit, rounding=ROUND_HALF_EVEN))
