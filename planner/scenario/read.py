"""Files -> Scenario, or every finding about them in one list."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from planner.errors import BadInput, Finding, out_of_memory_names
from planner.scenario import checks, rule_words
from planner.scenario.fields import Context, Fields
from planner.scenario.folder import Folder, Holder, kind_of, near_file, read_bytes
from planner.scenario.names import check_name
from planner.scenario.notes import Notes, Place, plain, shown
from planner.scenario.numbers import NotAValue, parse_number
from planner.scenario.read_extras import read_changes, read_experts, read_sources
from planner.scenario.read_modes import read_modes, read_scale
from planner.scenario.read_rules import read_rules
from planner.scenario.read_techniques import read_groups, read_techniques
from planner.scenario.read_worlds import read_worlds
from planner.scenario.types import (
    HALF,
    ONE,
    ZERO,
    ExplicitWorlds,
    FailureModes,
    Reading,
    Scenario,
    Written,
)
from planner.scenario.values import Number, Value
from planner.scenario.workbook_bytes import LARGEST_WORKBOOK
from planner.scenario.workbook_tree import SHEETS, open_workbook
from planner.scenario.yaml_text import LARGEST_YAML, Entries, read_yaml

#: Version of the format that this reader knows.
FORMAT: Final = 1

MAIN_FILE: Final = "scenario.yaml"
_SAMPLES: Final = (64, 1_000_000, 8192)
_KEYS: Final = (
    "planner",
    "name",
    "currency",
    "budget",
    "techniques",
    "modes",
    "vulnerability",
    "scale",
    "reading",
    "joint",
    "groups",
    "unlisted",
    "baseline_loss",
    "threshold",
    "samples",
    "levels",
    "rules",
    "committed",
    "what_if",
    "sources",
    "experts",
    "judgement_correlation",
    "worlds",
    "failure",
)


def read(path: str | os.PathLike[str]) -> Scenario:
    """The scenario in a folder with a `scenario.yaml`, in a single YAML file, or in a workbook.

    Raises BadInput with all findings at once; EnvironmentFailed where a file cannot be opened
    (MissingExtra for a workbook without openpyxl).
    What is odd but accepted is in the scenario's `warnings`.
    """
    where = Path(os.fspath(path))
    with out_of_memory_names(f"what the scenario {shown(where.name)} holds"):
        return _read(where)


def _read(where: Path) -> Scenario:
    kind = kind_of(where)
    if kind == "folder":
        return _read_folder(where)
    if kind == "missing":
        raise _refusal(where, "There is no such file or folder.", near_file(where))
    if kind != "file":
        raise _refusal(
            where, f"This is a {kind}, not a file.", "Name a folder, a .yaml or an .xlsx file."
        )
    reader = _READERS.get(where.suffix.lower())
    if reader is None:
        raise _refusal(
            where,
            f"A scenario cannot be read from a file that ends in {where.suffix or 'no extension'}.",
            "Name a folder with a scenario.yaml, a .yaml file, or an .xlsx workbook.",
        )
    return reader(where)


def _refusal(path: Path, message: str, cure: str) -> BadInput:
    return BadInput.of([Finding(shown(path.name or str(path)), None, None, message, cure)])


def _read_folder(path: Path) -> Scenario:
    folder, notes = Folder(path), Notes()
    data = folder.read(MAIN_FILE, Place(MAIN_FILE), LARGEST_YAML, notes)
    notes.stop_if_any()
    return _read_text(data or b"", MAIN_FILE, folder, notes)


def _read_yaml(path: Path) -> Scenario:
    data = read_bytes(path, path.name, LARGEST_YAML)
    return _read_text(data, shown(path.name), Folder(path.parent), Notes())


def _read_workbook(path: Path) -> Scenario:
    notes, file = Notes(), shown(path.name)
    data = read_bytes(path, path.name, LARGEST_WORKBOOK)
    tree, book = open_workbook(data, file, notes)
    scenario = _read_tree(tree, file, book, notes)
    book.warn_of_rest(SHEETS)
    return replace(scenario, warnings=tuple(notes.warnings))


def _refuse(path: Path) -> Scenario:
    raise _refusal(
        path,
        f"A workbook that ends in {path.suffix} is not read: it may hold macros, or is of another "
        "program.",
        "Save it as .xlsx.",
    )


#: What reads a single file, by its extension.
_READERS: Final[dict[str, Callable[[Path], Scenario]]] = {
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
    ".xlsx": _read_workbook,
    **dict.fromkeys((".xlsm", ".xltm", ".xlsb", ".xls", ".ods"), _refuse),
}


def _read_text(data: bytes, file: str, folder: Folder, notes: Notes) -> Scenario:
    """The scenario in the text of its main file, with the tables that it names."""
    tree = read_yaml(data, file, notes)
    if tree is None:
        notes.stop_if_any()
    if not isinstance(tree, Entries):
        notes.add(
            Place(file, 1),
            "The file is not a mapping of keys to values.",
            "Start it with planner: 1, and write a key: value on each line.",
        )
        raise BadInput.of(notes.findings)
    return _read_tree(tree, file, folder, notes)


def _read_tree(tree: Entries, file: str, folder: Holder, notes: Notes) -> Scenario:
    """The scenario in the tree of its main file, with the tables that it names."""
    _check_format(Fields(Notes(), file, tree), notes)
    context = Context(notes, folder, Fields(notes, file, tree, known=_KEYS))
    scenario = _scenario(context)
    notes.stop_if_any()
    return replace(scenario, warnings=tuple(notes.warnings))


def _check_format(top: Fields, notes: Notes) -> None:
    """The version comes first: what a newer planner writes is not judged by this one's rules."""
    place = top.place("planner")._replace(column="planner")
    text = top.text("planner")
    if text is None:
        cure = f"Add planner: {FORMAT}, the version of this format."
        message = "planner is blank." if "planner" in top else "The scenario has no key planner."
        notes.add(place, message, cure)
        return
    try:
        version = parse_number(text)
    except NotAValue as error:
        notes.add(place, f"planner {error.message}", f"Write planner: {FORMAT}.")
        return
    if version > FORMAT:
        notes.add(
            place,
            f"The scenario is made for a newer planner: its format is {version}, this planner "
            f"reads {FORMAT}.",
            "Update the planner.",
        )
        notes.stop_if_any()
    elif version != FORMAT:
        notes.add(place, f"planner is {version}, which is no version.", f"Write planner: {FORMAT}.")


def _scenario(context: Context) -> Scenario:
    top = context.top
    explicit = checks.check_form(context)
    checks.check_budget(context)
    name, currency = _name(context), _currency(context)
    budget = top.value("budget", "amount", ZERO) if "budget" in top else None
    reading, threshold, unlisted = _reading(context), _threshold(context), _unlisted(context)
    samples = top.whole("samples", *_SAMPLES)
    baseline = top.value("baseline_loss", "loss", ONE)
    groups, scale = read_groups(context), read_scale(context)
    techniques = read_techniques(context, groups)
    threats: FailureModes | ExplicitWorlds
    if explicit:
        checks.check_explicit_worlds(context, techniques)
        threats = read_worlds(context, techniques)
    else:
        threats = read_modes(context, techniques, scale)
    rules, committed, written = read_rules(context, techniques)
    if budget is not None:
        written += (Written(rule_words.budget(budget), *plain(top.place("budget"))),)
    places = checks.unit_decimals(checks.amounts(budget, techniques.found, rules))
    checks.check_amounts(context, techniques, budget, rules, places)
    checks.check_attributes(context, techniques)
    checks.check_rules_can_hold(context, techniques.found, budget, rules, committed)
    checks.check_something_goes_wrong(context, threats, baseline)
    return Scenario(
        name=name,
        currency=currency,
        decimals=places,
        budget=budget,
        techniques=techniques.found,
        threats=threats,
        rules=rules,
        committed=committed,
        reading=reading,
        groups=groups,
        unlisted=unlisted,
        baseline_loss=baseline,
        threshold=threshold,
        samples=samples,
        scale=scale,
        sources=read_sources(context, techniques, threats),
        experts=read_experts(context, techniques, threats, scale),
        judgement_correlation=_judgement(context),
        what_if=read_changes(context),
        places=written,
    )


def _name(context: Context) -> str:
    if "name" not in context.top:
        place = Place(context.file, None, "name")
        context.notes.add(place, "The scenario has no name.", "Add name: My scenario.")
    return _label(context, "name") or ""


def _currency(context: Context) -> str:
    return _label(context, "currency") or "units"


def _label(context: Context, key: str) -> str | None:
    text = context.top.text(key)
    if text is not None:
        check_name(text.strip(), context.top.place(key), context.notes)
        return text.strip()
    return None


def _reading(context: Context) -> Reading:
    text = context.top.text("reading")
    if text == "by-mode":
        return "by-mode"
    if text is not None and text != "together":
        context.top.add(
            "reading", f"is {shown(text)}, which is not known.", "Write together or by-mode."
        )
    return "together"


def _threshold(context: Context) -> Value:
    threshold = context.top.value("threshold", "probability", HALF)
    if not isinstance(threshold, Number) or threshold.mean == 0:
        context.top.add(
            "threshold", f"is {threshold}.", "Write a plain number above 0 and at most 1."
        )
    return threshold


def _judgement(context: Context) -> Value:
    value = context.top.value("judgement_correlation", "probability", ZERO)
    if not isinstance(value, Number):
        context.top.add(
            "judgement_correlation", f"is {value}.", "Write a plain number from 0 to 1."
        )
    return value


def _unlisted(context: Context) -> Value:
    unlisted = context.top.value("unlisted", "probability", ZERO)
    if not unlisted.mean < 1:
        context.top.add(
            "unlisted",
            "is 1: an unlisted cause would defeat every stack for certain.",
            "Write a probability below 1, such as 0.01.",
        )
    return unlisted
