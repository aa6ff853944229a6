"""How the columns of somebody's table map to a scenario: a small YAML file, or guesses by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from planner.scenario.fields import Fields
from planner.scenario.notes import Notes, Place, fold, shown
from planner.scenario.numbers import NotAValue, parse_number, parse_value
from planner.scenario.yaml_text import Entries, read_yaml


@dataclass(frozen=True)
class Mapping:
    """Columns by what they hold ("" for none), and what stands where the table says nothing.

    `separator` parts several modes in one cell. `listed` is the failure of a pair that the table
    names without a number, `unlisted` that of any other pair. `missing_cost` stands in for a cost
    that is not there; without one such techniques are left out. Costs are divided by `divide_cost`.
    """

    technique: str = ""
    technique_id: str = ""
    mode: str = ""
    cost: str = ""
    failure: str = ""
    source: str = ""
    note: str = ""
    date: str = ""
    confidence: str = ""
    judged_by: str = ""
    attributes: tuple[str, ...] = ()
    name: str = ""
    currency: str = "units"
    budget: str = ""
    sheet: str = ""
    separator: str = ";"
    probability: str = "0.25"
    listed: str = "0.4"
    unlisted: str = "0.95"
    missing_cost: str = ""
    divide_cost: str = "1"
    repeated_cost: str = "first"
    reading: str = "by-mode"


#: Keys that name a column of the table.
COLUMNS = (
    *("technique", "technique_id", "mode", "cost", "failure"),
    *("source", "note", "date", "confidence", "judged_by"),
)
_KEYS = tuple(field.name for field in fields(Mapping))
_WORDS = {
    "technique": ("technique", "agenda", "approach", "project", "grant", "name"),
    "technique_id": ("techniqueid", "agendaid", "slug", "id"),
    "mode": ("mode", "failuremode", "problem", "problems", "risk"),
    "cost": ("cost", "amount", "funding", "budget"),
    "failure": ("failure", "vulnerability", "value"),
    "source": ("source", "link", "url", "reference"),
    "note": ("note", "notes", "quote", "remark"),
    "date": ("date", "year"),
    "confidence": ("confidence",),
    "judged_by": ("judgedby",),
}


def guess(header: Sequence[str]) -> Mapping:
    """The mapping that the headings suggest.

    >>> guess(["Agenda", "Problem", "Cost"]).mode
    'Problem'
    """
    folded = {_key(head): head for head in reversed(header)}
    found: dict[str, str] = {}
    for key, words in _WORDS.items():
        head = next((folded[word] for word in words if word in folded), "")
        if head and head not in found.values():
            found[key] = head
    return replace(Mapping(), **found)  # type: ignore[arg-type]


def _key(heading: str) -> str:
    return fold(heading).replace("_", "").replace("-", "")


def read_mapping(data: bytes, file: str) -> Mapping:
    """The mapping in a YAML file; BadInput with all findings."""
    notes = Notes()
    tree = read_yaml(data, file, notes)
    if tree is not None and not isinstance(tree, Entries):
        notes.add(
            Place(file, 1),
            "The file is not a mapping of keys to columns.",
            "Write technique: Agenda, mode: Problem, cost: Cost.",
        )
    if not isinstance(tree, Entries):
        notes.stop_if_any()
        return Mapping()
    spelled = tuple((replace(k, text=k.text.strip().replace(" ", "_")), v) for k, v in tree.entries)
    top = Fields(notes, file, Entries(spelled, tree.line), known=_KEYS)
    found: dict[str, object] = {}
    for key in _KEYS:
        if key == "attributes" and key in top:
            found[key] = tuple(text for text, _ in top.texts(key))
        elif key in top:
            found[key] = (top.text(key) or "").strip(None if key != "separator" else "")
    mapping = replace(Mapping(), **found)  # type: ignore[arg-type]
    _check(mapping, top)
    notes.stop_if_any()
    return mapping


def _check(mapping: Mapping, top: Fields) -> None:
    for key, use in (
        ("probability", "probability"),
        ("listed", "probability"),
        ("unlisted", "probability"),
        ("missing_cost", "amount"),
        ("budget", "amount"),
    ):
        text = getattr(mapping, key)
        try:
            if text:
                parse_value(text, use)
        except NotAValue as error:
            top.add(key, error.message, error.cure)
    try:
        if parse_number(mapping.divide_cost) <= 0:
            top.add("divide_cost", "is not above 0.", "Write a number such as 1000000.")
    except NotAValue as error:
        top.add("divide_cost", error.message, error.cure)
    if mapping.repeated_cost not in ("first", "sum"):
        top.add("repeated_cost", f"is {shown(mapping.repeated_cost)}.", "Write first or sum.")
    if not mapping.separator:
        top.add("separator", "is blank.", 'Write a character such as ";".')
    for key in ("technique", "mode"):
        if not getattr(mapping, key):
            top.notes.add(
                top.place(key),
                f"The mapping names no column for {key}.",
                f"Add {key}: and the heading of its column.",
            )


def divisor(mapping: Mapping) -> Decimal:
    return parse_number(mapping.divide_cost)
