"""A scenario with some of its fields changed, each named by its path: `techniques.debate.cost`.

A change is data: a path and a text, which goes through the grammar of the files. The result is
what reading the edited files would give, checked in the same way. Paths stand in
docs/how-to/ask-what-if.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from planner.errors import BadInput, Finding
from planner.scenario import checks
from planner.scenario.fields import Context, Fields
from planner.scenario.folder import Folder
from planner.scenario.names import check_name
from planner.scenario.notes import Notes, Place, listed, nearest, shown
from planner.scenario.numbers import (
    MOST_DECIMALS,
    NotAValue,
    decimals,
    is_mixture,
    parse_mixture,
    parse_value,
    parse_whole,
)
from planner.scenario.read_techniques import MOST_LOADING, Techniques
from planner.scenario.settle import LARGEST_AMOUNT
from planner.scenario.types import (
    FULL,
    ONE,
    Cell,
    Choice,
    ExplicitWorlds,
    FailureModes,
    Joint,
    Scenario,
    Technique,
)
from planner.scenario.values import Mixture, Number, Value, mixture
from planner.scenario.yaml_text import Entries

#: A path, and what is written there.
Change: TypeAlias = tuple[str, str]

_SAMPLES = (64, 1_000_000)
_PLAIN_LIST = "Write names with commas between them, or [] for none."


class _Refused(Exception):
    """A change that cannot be made: what is wrong, and what to write instead."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


def change(scenario: Scenario, path: str, text: str) -> Scenario:
    """The scenario with one field changed; BadInput for a path or a value that does not fit."""
    return change_all(scenario, [(path, text)])


def change_all(scenario: Scenario, changes: Iterable[Change]) -> Scenario:
    """The scenario with every change made; BadInput with all findings at once, each under its path.

    The scenario is checked once all changes are made: two that only fit together are accepted.
    """
    findings: list[Finding] = []
    paths: list[str] = []
    result = scenario
    for written, text in changes:
        path = written.strip()
        if path in paths:
            cure = "Keep one of the two."
            findings.append(Finding(path, None, None, "The path is changed twice.", cure))
            continue
        paths.append(path)
        try:
            result = _apply(result, path, text.strip())
        except NotAValue as error:
            message = f"The value {error.message}"
            findings.append(Finding(path, None, None, message, error.cure))
        except _Refused as error:
            findings.append(Finding(path, None, None, error.message, error.cure))
    if findings:
        raise BadInput.of(findings)
    return _checked(result, paths) if paths else result


def lock_in(scenario: Scenario, choice: str) -> Scenario:
    """The scenario that must buy a technique (`debate`, or `debate:half` for a level)."""
    fund = _also(scenario.rules.fund, _locked(scenario, choice))
    return replace(scenario, rules=replace(scenario.rules, fund=fund))


def lock_out(scenario: Scenario, choice: str) -> Scenario:
    """The scenario that must not buy a technique, or a level of it."""
    exclude = _also(scenario.rules.exclude, _locked(scenario, choice))
    return replace(scenario, rules=replace(scenario.rules, exclude=exclude))


def check_named(scenario: Scenario, file: str) -> tuple[Finding, ...]:
    """A finding for each path or value of the scenario's named changes that does not fit."""
    found = []
    for name, changes in scenario.what_if:
        try:
            change_all(scenario, changes)
        except BadInput as error:
            found += labelled(error, file, f"what_if.{name}.")
    return tuple(found)


def labelled(error: BadInput, file: str, prefix: str = "") -> list[Finding]:
    """The findings of a change, under the place where the change was written."""
    return [replace(f, file=file, column=prefix + shown(f.file)) for f in error.findings]


def _locked(scenario: Scenario, choice: str) -> Choice:
    try:
        return _choice(scenario, choice.strip())
    except _Refused as error:
        finding = Finding(shown(choice), None, None, error.message, error.cure)
        raise BadInput.of([finding]) from None


def _also(choices: tuple[Choice, ...], choice: Choice) -> tuple[Choice, ...]:
    return tuple(sorted({*choices, choice}, key=_order))


def _order(choice: Choice) -> tuple[str, str]:
    return choice.technique, choice.level or ""


def _apply(scenario: Scenario, path: str, text: str) -> Scenario:
    plain = _PLAIN.get(path)
    if plain is not None:
        return plain(scenario, text)
    head, _, rest = path.partition(".")
    table = _TABLES.get(head)
    if table is not None:
        _check_kind(scenario, head)
        return table(scenario, rest, text)
    if any(head == t.id for t in scenario.techniques):
        raise _Refused(_not_known(path), f"Did you mean techniques.{shown(path)}?")
    modes = scenario.threats.modes if isinstance(scenario.threats, FailureModes) else ()
    if any(head == mode.id for mode in modes):
        raise _Refused(_not_known(path), f"Did you mean modes.{shown(path)}?")
    close = nearest(path, _PLAIN)
    if close is None and (table_name := nearest(head, _TABLES)) is not None:
        close = f"{table_name}.{rest}" if rest else f"{table_name}.ID"
    cure = f"Did you mean {shown(close)}?" if close else f"Write one of: {', '.join(_KNOWN)}."
    raise _Refused(_not_known(path), cure)


def _not_known(path: str) -> str:
    return f"{shown(path)} is not a known path." if path else "The path is blank."


def _unknown(prefix: str, word: str, suffix: str, known: Collection[str]) -> _Refused:
    """No such path, answered with the nearest one that differs in one word."""
    message = _not_known(f"{prefix}{word}{suffix}")
    close = nearest(word, known) if word else None
    if close is not None:
        return _Refused(message, f"Did you mean {prefix}{shown(close)}{suffix}?")
    if not known:
        return _Refused(message, "The scenario has none of this kind; leave it out.")
    paths = [f"{prefix}{name}{suffix}" for name in sorted(known)]
    return _Refused(message, f"Write one of: {listed(paths)}.")


def _check_kind(scenario: Scenario, head: str) -> None:
    """Modes and explicit worlds exclude each other."""
    explicit = isinstance(scenario.threats, ExplicitWorlds)
    if explicit and head in ("modes", "vulnerability", "groups"):
        raise _Refused(
            f"{head} does not apply to explicit worlds.", "Change worlds or failure instead."
        )
    if not explicit and head in ("worlds", "failure"):
        raise _Refused(
            f"{head} does not apply: the scenario gives modes and vulnerabilities.",
            "Change modes or vulnerability instead.",
        )


# Top-level fields.


def _budget(scenario: Scenario, text: str) -> Scenario:
    odd = tuple(f for f in scenario.warnings if f.column != "budget")
    return replace(scenario, budget=parse_value(text, "amount"), warnings=odd)


def _label(key: str) -> Callable[[Scenario, str], Scenario]:
    def edit(scenario: Scenario, text: str) -> Scenario:
        notes = Notes()
        check_name(text, Place(key), notes)
        for finding in notes.findings:
            raise _Refused(finding.message, finding.cure)
        fields: dict[str, Any] = {key: text}
        return replace(scenario, **fields)

    return edit


def _reading(scenario: Scenario, text: str) -> Scenario:
    if text == "by-mode":
        if isinstance(scenario.threats, ExplicitWorlds):
            raise _Refused("by-mode does not apply to explicit worlds.", "Leave it out.")
        return replace(scenario, reading="by-mode")
    if text == "together":
        return replace(scenario, reading="together")
    raise _Refused(
        f"The value is {shown(text)}, which is no reading." if text else "The value is blank.",
        "Write together or by-mode.",
    )


def _unlisted(scenario: Scenario, text: str) -> Scenario:
    value = parse_value(text, "probability")
    if not value.mean < 1:
        raise _Refused(
            "The value is 1: an unlisted cause would defeat every stack for certain.",
            "Write a probability below 1, such as 0.01.",
        )
    return replace(scenario, unlisted=value)


def _baseline(scenario: Scenario, text: str) -> Scenario:
    return replace(scenario, baseline_loss=parse_value(text, "loss"))


def _threshold(scenario: Scenario, text: str) -> Scenario:
    value = parse_value(text, "probability")
    if not isinstance(value, Number) or value.mean == 0:
        raise _Refused(f"The value is {value}.", "Write a plain number above 0 and at most 1.")
    return replace(scenario, threshold=value)


def _judgement(scenario: Scenario, text: str) -> Scenario:
    value = parse_value(text, "probability")
    if not isinstance(value, Number):
        raise _Refused(f"The value is {value}.", "Write a plain number from 0 to 1.")
    return replace(scenario, judgement_correlation=value)


def _samples(scenario: Scenario, text: str) -> Scenario:
    return replace(scenario, samples=parse_whole(text, *_SAMPLES))


def _joint(scenario: Scenario, text: str) -> Scenario:
    threats = scenario.threats
    if isinstance(threats, ExplicitWorlds):
        raise _Refused("joint does not apply to explicit worlds.", "Leave it out.")
    joint = Joint()
    if text != "independent":
        factor = parse_value(text, "probability")
        joint = Joint(factor=factor) if factor.mean > 0 else joint
    return replace(scenario, threats=replace(threats, joint=joint))


def _fund(scenario: Scenario, text: str) -> Scenario:
    return replace(scenario, rules=replace(scenario.rules, fund=_choices(scenario, text)))


def _exclude(scenario: Scenario, text: str) -> Scenario:
    return replace(scenario, rules=replace(scenario.rules, exclude=_choices(scenario, text)))


def _committed(scenario: Scenario, text: str) -> Scenario:
    choices = _choices(scenario, text)
    ids = [choice.technique for choice in choices]
    for id in ids:
        if ids.count(id) > 1:
            raise _Refused(f"{id} is listed twice.", "Keep one level of it.")
    return replace(scenario, committed=choices)


def _choices(scenario: Scenario, text: str) -> tuple[Choice, ...]:
    """`a, b:half`; nothing or [] for none."""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    found: set[Choice] = set()
    for part in text.split(",") if text.strip() else ():
        choice = _choice(scenario, part.strip())
        if choice in found:
            raise _Refused(f"{choice} is listed twice.", "Keep it once.")
        found.add(choice)
    return tuple(sorted(found, key=_order))


def _choice(scenario: Scenario, text: str) -> Choice:
    if not text:
        raise _Refused("A name is blank.", _PLAIN_LIST)
    id, colon, level = (part.strip() for part in text.partition(":"))
    ids = {t.id: t for t in scenario.techniques}
    if id not in ids:
        message = f"{shown(id)} is not a known technique."
        raise _Refused(message, Notes().suggest(id, ids))
    if not colon:
        return Choice(id)
    technique = ids[id]
    names = [known.name for known in technique.levels]
    if level not in names:
        message = f"{shown(level)} is not a known level of {id}."
        raise _Refused(message, Notes().suggest(level, names))
    return Choice(id, level if technique.has_levels else None)


# Tables, row by row.


def _technique(scenario: Scenario, rest: str, text: str) -> Scenario:
    id, _, name = rest.partition(".")
    suffix = f".{name}" if name else ".cost"
    place = _index("techniques.", id, suffix, [t.id for t in scenario.techniques])
    old = scenario.techniques[place]
    new = _edited(scenario, old, name, text)
    techniques = (*scenario.techniques[:place], new, *scenario.techniques[place + 1 :])
    return replace(scenario, techniques=techniques)


def _edited(scenario: Scenario, old: Technique, name: str, text: str) -> Technique:
    prefix = f"techniques.{old.id}."
    attributes = [key for key, _ in old.attributes]
    if name == "background":
        value = parse_value(text, "probability")
        if isinstance(scenario.threats, ExplicitWorlds) and value.mean != 0:
            raise _Refused(
                "background does not apply to explicit worlds.", "Change failure instead."
            )
        return replace(old, background=value)
    level, _, column = name.rpartition(".")
    if column in ("cost", "success") and name not in attributes:
        if not level and old.has_levels:
            names = listed([f"{prefix}{known.name}.{column}" for known in old.levels])
            raise _Refused(f"{old.id} has funding levels.", f"Write one of: {names}.")
        place = _index(prefix, level or FULL, f".{column}", [known.name for known in old.levels])
        value = parse_value(text, "amount" if column == "cost" else "probability")
        fields: dict[str, Any] = {column: value}
        changed = replace(old.levels[place], **fields)
        return replace(old, levels=(*old.levels[:place], changed, *old.levels[place + 1 :]))
    if name.startswith("groups."):
        return _own_loading(old, name.removeprefix("groups."), text)
    if name not in attributes:
        own = [f"{known.name}.{c}" for known in old.levels for c in ("cost", "success")]
        own = own if old.has_levels else ["cost", "success"]
        raise _unknown(prefix, name, "", [*own, "background", *attributes])
    value = parse_value(text, "number")
    pairs = tuple((key, value if key == name else v) for key, v in old.attributes)
    return replace(old, attributes=pairs)


def _own_loading(old: Technique, group: str, text: str) -> Technique:
    """The technique's own loading on a group that it is in."""
    prefix = f"techniques.{old.id}.groups."
    place = _index(prefix, group, "", [name for name, _ in old.loadings])
    value = parse_value(text, "probability")
    loadings = (*old.loadings[:place], (group, value), *old.loadings[place + 1 :])
    return replace(old, loadings=loadings)


def _mode(scenario: Scenario, rest: str, text: str) -> Scenario:
    threats = scenario.threats
    assert isinstance(threats, FailureModes)
    id, _, column = rest.partition(".")
    suffix = f".{column}" if column else ".probability"
    place = _index("modes.", id, suffix, [mode.id for mode in threats.modes])
    if column not in ("probability", "loss"):
        raise _unknown(f"modes.{id}.", column, "", ("probability", "loss"))
    fields: dict[str, Any] = {
        column: parse_value(text, "loss" if column == "loss" else "probability")
    }
    changed = replace(threats.modes[place], **fields)
    modes = (*threats.modes[:place], changed, *threats.modes[place + 1 :])
    return replace(scenario, threats=replace(threats, modes=modes))


def _vulnerability(scenario: Scenario, rest: str, text: str) -> Scenario:
    threats = scenario.threats
    assert isinstance(threats, FailureModes)
    id, _, mode = rest.partition(".")
    i = _index("vulnerability.", id, f".{mode}", [t.id for t in scenario.techniques])
    j = _index(f"vulnerability.{id}.", mode, "", [m.id for m in threats.modes])
    scale = dict(scenario.scale)
    try:
        if text in scale:
            cell = Cell(scale[text], text)
        elif is_mixture(text):
            cell = Cell(parse_mixture(text, "probability", scale))
        else:
            cell = Cell(parse_value(text, "probability"))
    except NotAValue:
        # A word is a symbol that the scale lacks; anything with a digit was meant as a number.
        if not text or not scale or any(c.isdigit() or c == "{" for c in text):
            raise
        close = nearest(text, scale)
        lead = f"Did you mean {shown(close)}? " if close else ""
        raise _Refused(
            f"{shown(text)} is not a symbol of the scale.",
            f"{lead}The scale has: {listed(sorted(scale))}.",
        ) from None
    row = threats.cells[i]
    row = (*row[:j], cell, *row[j + 1 :])
    cells = (*threats.cells[:i], row, *threats.cells[i + 1 :])
    return replace(scenario, threats=replace(threats, cells=cells))


def _scale(scenario: Scenario, symbol: str, text: str) -> Scenario:
    """The symbol, and every cell and mixture written with it; the experts' tables too."""
    place = _index("scale.", symbol, "", [name for name, _ in scenario.scale])
    others = {name: v for name, v in scenario.scale if name != symbol}
    if is_mixture(text):
        plain = {name: v for name, v in others.items() if not isinstance(v, Mixture)}
        value: Value = parse_mixture(text, "probability", plain)
        if any(_mixes(v, symbol) for v in others.values()):
            raise _Refused(
                f"{shown(symbol)} is part of a mixture, and cannot be one itself.",
                "Write a number or a range.",
            )
    else:
        value = parse_value(text, "probability")
    pairs = tuple(
        (name, value if k == place else _remixed(old, symbol, value))
        for k, (name, old) in enumerate(scenario.scale)
    )
    table = dict(pairs)
    threats = scenario.threats
    if isinstance(threats, FailureModes):
        threats = replace(threats, cells=_rewritten(threats.cells, table, symbol, value))
    experts = tuple(
        replace(expert, cells=_rewritten(expert.cells, table, symbol, value))
        for expert in scenario.experts
    )
    return replace(scenario, scale=pairs, threats=threats, experts=experts)


def _rewritten(
    cells: tuple[tuple[Cell, ...], ...], scale: dict[str, Value], symbol: str, value: Value
) -> tuple[tuple[Cell, ...], ...]:
    """The cells with what the scale now says."""

    def cell(old: Cell) -> Cell:
        if old.symbol is not None:
            return Cell(scale.get(old.symbol, old.value), old.symbol)
        return Cell(_remixed(old.value, symbol, value)) if _mixes(old.value, symbol) else old

    return tuple(tuple(map(cell, row)) for row in cells)


def _mixes(value: Value, symbol: str) -> bool:
    return isinstance(value, Mixture) and any(part.symbol == symbol for part in value.parts)


def _remixed(old: Value, symbol: str, value: Value) -> Value:
    """A mixture with another value for one of its symbols."""
    if not isinstance(old, Mixture) or not _mixes(old, symbol):
        return old
    if isinstance(value, Mixture):
        raise _Refused(
            f"{shown(symbol)} is part of a mixture, and cannot be one itself.",
            "Write a number or a range.",
        )
    return mixture(
        replace(part, value=value) if part.symbol == symbol else part for part in old.parts
    )


def _group(scenario: Scenario, name: str, text: str) -> Scenario:
    """The group's loading, for all of its members that have no other one."""
    place = _index("groups.", name, "", [group for group, _ in scenario.groups])
    value, before = parse_value(text, "probability"), scenario.groups[place][1]
    if value.mean > MOST_LOADING:
        raise _Refused(
            f"The loading is {value}, above {MOST_LOADING}.", f"Write at most {MOST_LOADING}."
        )
    techniques = []
    for technique in scenario.techniques:
        loadings = tuple(
            (group, value if group == name and old == before else old)
            for group, old in technique.loadings
        )
        same = loadings == technique.loadings
        techniques.append(technique if same else replace(technique, loadings=loadings))
    groups = (*scenario.groups[:place], (name, value), *scenario.groups[place + 1 :])
    return replace(scenario, groups=groups, techniques=tuple(techniques))


def _world(scenario: Scenario, rest: str, text: str) -> Scenario:
    threats = scenario.threats
    assert isinstance(threats, ExplicitWorlds)
    id, _, column = rest.partition(".")
    suffix = f".{column}" if column else ".weight"
    place = _index("worlds.", id, suffix, [world.id for world in threats.worlds])
    if column not in ("weight", "loss"):
        raise _unknown(f"worlds.{id}.", column, "", ("weight", "loss"))
    if column == "loss" and threats.worlds[place].loss is None:
        raise _Refused(
            "The worlds have no losses, so that one of them cannot have one.",
            "Change its weight, or give every world a loss.",
        )
    fields: dict[str, Any] = {column: parse_value(text, "loss")}
    changed = replace(threats.worlds[place], **fields)
    worlds = (*threats.worlds[:place], changed, *threats.worlds[place + 1 :])
    return replace(scenario, threats=replace(threats, worlds=worlds))


def _failure(scenario: Scenario, rest: str, text: str) -> Scenario:
    threats = scenario.threats
    assert isinstance(threats, ExplicitWorlds)
    id, _, world = rest.partition(".")
    i = _index("failure.", id, f".{world}", [t.id for t in scenario.techniques])
    s = _index(f"failure.{id}.", world, "", [w.id for w in threats.worlds])
    value = parse_value(text, "probability")
    others = [triple for triple in threats.failure if triple[:2] != (i, s)]
    own = [] if value == ONE else [(i, s, value)]
    failure = tuple(sorted([*others, *own], key=lambda triple: triple[:2]))
    return replace(scenario, threats=replace(threats, failure=failure))


def _index(prefix: str, word: str, suffix: str, known: Sequence[str]) -> int:
    try:
        return known.index(word)
    except ValueError:
        raise _unknown(prefix, word, suffix, known) from None


_PLAIN: dict[str, Callable[[Scenario, str], Scenario]] = {
    "budget": _budget,
    "name": _label("name"),
    "currency": _label("currency"),
    "reading": _reading,
    "unlisted": _unlisted,
    "baseline_loss": _baseline,
    "threshold": _threshold,
    "samples": _samples,
    "judgement_correlation": _judgement,
    "joint.modes": _joint,
    "rules.fund": _fund,
    "rules.exclude": _exclude,
    "committed": _committed,
}
_TABLES: dict[str, Callable[[Scenario, str, str], Scenario]] = {
    "techniques": _technique,
    "modes": _mode,
    "vulnerability": _vulnerability,
    "scale": _scale,
    "groups": _group,
    "worlds": _world,
    "failure": _failure,
}
_KNOWN = (
    *_PLAIN,
    "techniques.ID.cost",
    "modes.ID.probability",
    "vulnerability.ID.MODE",
    "scale.SYMBOL",
    "groups.NAME",
    "worlds.ID.weight",
    "failure.ID.WORLD",
)


# What the reader checks across the whole scenario.


def _checked(scenario: Scenario, paths: Sequence[str]) -> Scenario:
    """The scenario with its unit of account; BadInput under the path that the finding is about."""
    notes = Notes()
    money = [p for p in paths if p == "budget" or _is_cost(p)]
    if money:
        found = checks.amounts(scenario.budget, scenario.techniques, scenario.rules)
        scenario = replace(scenario, decimals=checks.unit_decimals(found))
        checks.check_amounts(
            _context(notes, money[-1]),
            Techniques(found=scenario.techniques),
            scenario.budget,
            scenario.rules,
            scenario.decimals,
        )
    attributes = {p.split(".", 2)[2]: p for p in paths if p.startswith("techniques.")}
    for name, path in attributes.items():
        _check_attribute(scenario, name, path, notes)
    weights = [p for p in paths if p.startswith(("worlds.", "modes.", "baseline"))]
    if weights:
        checks.check_something_goes_wrong(
            _context(notes, weights[-1]), scenario.threats, scenario.baseline_loss
        )
    groups = [p for p in paths if p.startswith("groups.") or ".groups." in p]
    if groups:
        _check_loadings(scenario, groups[-1], notes)
    if notes.findings:
        raise BadInput.of([replace(f, row=None, column=None) for f in notes.findings])
    return scenario


def _is_cost(path: str) -> bool:
    return path.startswith("techniques.") and path.endswith(".cost")


def _context(notes: Notes, path: str) -> Context:
    """What the reader's checks ask for; a finding stands under the path."""
    return Context(notes, Folder(Path()), Fields(notes, path, Entries((), 1)))


def _check_attribute(scenario: Scenario, name: str, path: str, notes: Notes) -> None:
    """The sum of an attribute can be counted exactly."""
    values = [v for t in scenario.techniques for key, v in t.attributes if key == name]
    most = max((decimals(v.value) for v in values if isinstance(v, Number)), default=0)
    if most > MOST_DECIMALS:
        notes.add(
            Place(path),
            f"{name} is over-precise: it has {most} decimals.",
            f"Round it to at most {MOST_DECIMALS} decimals.",
        )
        return
    sizes = [abs(v.value if isinstance(v, Number) else Decimal(v.mean)) for v in values]
    if sum(sizes, Decimal(0)) > Decimal(LARGEST_AMOUNT).scaleb(-most):
        notes.add(
            Place(path),
            f"The sum of {name} is too large to count exactly with {most} decimals.",
            "Give amounts in a larger unit (millions), or with fewer decimals.",
        )


def _check_loadings(scenario: Scenario, path: str, notes: Notes) -> None:
    for technique in scenario.techniques:
        total = sum(value.mean for _, value in technique.loadings)
        if total > MOST_LOADING + 1e-12:
            notes.add(
                Place(path),
                f"The loadings of {technique.id} add up to {total:.6g}, above {MOST_LOADING}.",
                f"Lower them to {MOST_LOADING} in total.",
            )
