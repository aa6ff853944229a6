"""Scenario -> the text of one YAML file that reads back as the same content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import localcontext

from planner.scenario.types import (
    HALF,
    ONE,
    ZERO,
    Cell,
    Choice,
    ExplicitWorlds,
    FailureModes,
    Limit,
    Rules,
    Scenario,
    Source,
    Technique,
)
from planner.scenario.values import Interval, Mixture, Number, Value, format_decimal

#: What the format's `samples` is where it is not written.
_SAMPLES = 8192
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NULL = frozenset({"null", "Null", "NULL"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

#: One entry of a YAML mapping, already spelled.
_Pair = tuple[str, str]


def write_yaml(scenario: Scenario) -> str:
    """One file with every table inline; the same scenario gives the same bytes.

    Reading it gives a scenario of the same digest.
    """
    return "\n".join(_lines(scenario, {})) + "\n"


def write_main(scenario: Scenario, files: Mapping[str, str]) -> str:
    """The `scenario.yaml` of a folder: tables in `files` are named, not written.

    `files` maps techniques, levels, ... to file names; joint.modes to that of the correlation
    matrix; experts.NAME to that of an expert's table.
    """
    return "\n".join(_lines(scenario, files)) + "\n"


def _lines(scenario: Scenario, files: Mapping[str, str]) -> Iterator[str]:
    yield "planner: 1"
    yield f"name: {_quoted(scenario.name)}"
    yield f"currency: {_quoted(scenario.currency)}"
    if scenario.budget is not None:
        yield f"budget: {_value(scenario.budget)}"
    yield from _settings(scenario)
    if files:
        yield from (f"{key}: {_file(name)}" for key, name in files.items() if "." not in key)
        yield from _joint_file(scenario, files)
    else:
        yield from _table("techniques", (_technique(scenario, t) for t in scenario.techniques))
        levels = [row for t in scenario.techniques if _in_levels(scenario, t) for row in _levels(t)]
        yield from _table("levels", levels)
        if isinstance(scenario.threats, FailureModes):
            yield from _modes(scenario, scenario.threats)
        else:
            yield from _worlds(scenario, scenario.threats)
    yield from _rules(scenario.rules)
    if scenario.committed:
        yield f"committed: {_choices(scenario.committed)}"
    if scenario.what_if:
        yield "what_if:"
        for name, changes in scenario.what_if:
            inner = ", ".join(f"{_text(path)}: {_quoted(text)}" for path, text in changes)
            yield f"  {_quoted(name)}: {{{inner}}}"
    if not files:
        yield from _table("sources", map(_source, scenario.sources))
    yield from _experts(scenario, files)


def _settings(scenario: Scenario) -> Iterator[str]:
    """Single values that differ from what the format takes where they are not written."""
    if scenario.reading != "together":
        yield f"reading: {scenario.reading}"
    if scenario.unlisted != ZERO:
        yield f"unlisted: {_value(scenario.unlisted)}"
    if scenario.baseline_loss != ONE:
        yield f"baseline_loss: {_value(scenario.baseline_loss)}"
    if scenario.threshold != HALF:
        yield f"threshold: {_value(scenario.threshold)}"
    if scenario.samples != _SAMPLES:
        yield f"samples: {scenario.samples}"
    if scenario.judgement_correlation != ZERO:
        yield f"judgement_correlation: {_value(scenario.judgement_correlation)}"
    if scenario.groups:
        yield f"groups: {_flow((_text(name), _value(v)) for name, v in scenario.groups)}"
    if scenario.scale:
        yield f"scale: {_flow((_text(symbol), _value(v)) for symbol, v in scenario.scale)}"


def _technique(scenario: Scenario, technique: Technique) -> Iterator[_Pair]:
    yield "id", _text(technique.id)
    yield from _named(technique.id, technique.name)
    if not _in_levels(scenario, technique):
        yield "cost", _value(technique.levels[0].cost)
        if technique.levels[0].success != ONE:
            yield "success", _value(technique.levels[0].success)
    if technique.background != ZERO:
        yield "background", _value(technique.background)
    if technique.loadings:
        defaults = dict(scenario.groups)
        parts = [
            group if loading == defaults.get(group) else f"{group}:{_value(loading).strip(chr(34))}"
            for group, loading in technique.loadings
        ]
        yield "groups", _quoted(";".join(parts))
    for name, value in technique.attributes:
        yield _text(name), _value(value)


def _in_levels(scenario: Scenario, technique: Technique) -> bool:
    return technique.has_levels or technique.id in named_levels(scenario)


def named_levels(scenario: Scenario) -> frozenset[str]:
    """Techniques of which a rule names a level: they stand in the table of levels, even where
    their one level is called full."""
    rules = scenario.rules
    choices = [*rules.fund, *rules.exclude, *scenario.committed]
    for choice, needs in rules.requires:
        choices += [choice, *needs]
    return frozenset(choice.technique for choice in choices if choice.level is not None)


def _levels(technique: Technique) -> Iterator[Iterator[_Pair]]:
    for level in technique.levels:
        pairs = [("technique", _text(technique.id)), ("level", _text(level.name))]
        pairs.append(("cost", _value(level.cost)))
        if level.success != ONE:
            pairs.append(("success", _value(level.success)))
        yield iter(pairs)


def _modes(scenario: Scenario, threats: FailureModes) -> Iterator[str]:
    rows = []
    for mode in threats.modes:
        row = [("id", _text(mode.id)), *_named(mode.id, mode.name)]
        row.append(("probability", _value(mode.probability)))
        if mode.loss != ONE:
            row.append(("loss", _value(mode.loss)))
        rows.append(row)
    yield from _table("modes", rows)
    ids = [_text(mode.id) for mode in threats.modes]
    yield "vulnerability:"
    yield from _cells(scenario, threats, threats.cells, "  ")
    if threats.joint.factor is not None:
        yield f"joint: {{modes: {_value(threats.joint.factor)}}}"
    if threats.joint.matrix is not None:
        yield "joint:"
        yield "  modes:"
        for id, row_of in zip(ids, threats.joint.matrix, strict=True):
            yield f"    {id}: {_flow(zip(ids, map(repr, row_of), strict=True))}"


def _joint_file(scenario: Scenario, files: Mapping[str, str]) -> Iterator[str]:
    threats = scenario.threats
    if not isinstance(threats, FailureModes):
        return
    if threats.joint.factor is not None:
        yield f"joint: {{modes: {_value(threats.joint.factor)}}}"
    if threats.joint.matrix is not None:
        yield f"joint: {{modes: {_file(files['joint.modes'])}}}"


def _cells(
    scenario: Scenario, threats: FailureModes, cells: tuple[tuple[Cell, ...], ...], indent: str
) -> Iterator[str]:
    """A row for each technique, with what stands under each mode."""
    ids = [_text(mode.id) for mode in threats.modes]
    for technique, row in zip(scenario.techniques, cells, strict=True):
        spelled = [_text(c.symbol) if c.symbol is not None else _value(c.value) for c in row]
        yield f"{indent}{_text(technique.id)}: {_flow(zip(ids, spelled, strict=True))}"


def _experts(scenario: Scenario, files: Mapping[str, str]) -> Iterator[str]:
    threats = scenario.threats
    if not scenario.experts or not isinstance(threats, FailureModes):
        return
    yield "experts:"
    for expert in scenario.experts:
        file = files.get(f"experts.{expert.name}")
        if file is not None and expert.weight == ONE:
            yield f"  {_quoted(expert.name)}: {_file(file)}"
            continue
        yield f"  {_quoted(expert.name)}:"
        if expert.weight != ONE:
            yield f"    weight: {_value(expert.weight)}"
        if file is not None:
            yield f"    table: {_file(file)}"
            continue
        yield "    table:"
        yield from _cells(scenario, threats, expert.cells, "      ")


def _worlds(scenario: Scenario, threats: ExplicitWorlds) -> Iterator[str]:
    rows = []
    for world in threats.worlds:
        row = [("world", _text(world.id)), *_named(world.id, world.name)]
        row.append(("weight", _value(world.weight)))
        if world.loss is not None:
            row.append(("loss", _value(world.loss)))
        rows.append(row)
    yield from _table("worlds", rows)
    # A pair that is not there fails with 1; a table may not be empty, so that one is written.
    stated = threats.failure or ((0, 0, ONE),)
    yield from _table(
        "failure",
        (
            [
                ("technique", _text(scenario.techniques[i].id)),
                ("world", _text(threats.worlds[s].id)),
                ("failure", _value(value)),
            ]
            for i, s, value in stated
        ),
    )


def _rules(rules: Rules) -> Iterator[str]:
    lines = []
    if rules.fund:
        lines.append(f"  fund: {_choices(rules.fund)}")
    if rules.exclude:
        lines.append(f"  exclude: {_choices(rules.exclude)}")
    if rules.requires:
        needs = _flow((_text(str(choice)), _choices(of)) for choice, of in rules.requires)
        lines.append(f"  requires: {needs}")
    if rules.at_most:
        lines.append("  at_most:")
        for rule in rules.at_most:
            lines.append(f"    - {{of: {_list(rule.of)}, count: {rule.count}}}")
    if rules.limits:
        lines.append("  limits:")
        lines += [f"    - {_flow(_limit(limit))}" for limit in rules.limits]
    if lines:
        yield "rules:"
        yield from lines


def _limit(limit: Limit) -> Iterator[_Pair]:
    yield "attribute", _text(limit.attribute)
    if limit.of is not None:
        yield "of", _list(limit.of)
    if limit.at_least is not None:
        yield "at_least", _value(limit.at_least)
    if limit.at_most is not None:
        yield "at_most", _value(limit.at_most)


def _source(source: Source) -> Iterator[_Pair]:
    yield "table", _quoted(source.table)
    yield "row", _quoted(source.row)
    yield "column", _quoted(source.column)
    yield "source", _quoted(source.source)
    for key, text in (
        ("note", source.note),
        ("judged by", source.judged_by),
        ("date", source.date),
        ("confidence", source.confidence),
    ):
        if text:
            yield key, _quoted(text)


def _named(id: str, name: str) -> list[_Pair]:
    return [] if name == id else [("name", _quoted(name))]


def _table(key: str, rows: Iterable[Iterable[_Pair]]) -> Iterator[str]:
    """A list with one mapping for each row; nothing where there is no row."""
    first = True
    for row in rows:
        if first:
            yield f"{key}:"
            first = False
        yield f"  - {_flow(row)}"


def _flow(pairs: Iterable[_Pair]) -> str:
    return "{" + ", ".join(f"{key}: {text}" for key, text in pairs) + "}"


def _choices(choices: Sequence[Choice]) -> str:
    return _list([str(choice) for choice in choices])


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"


def _value(value: Value) -> str:
    """A number as it is; an interval in quotes; a distribution as a mapping."""
    with localcontext() as exact:
        exact.prec = 60
        if isinstance(value, Mixture):
            parts = ((_text(part.symbol or str(part.value)), part.weight) for part in value.parts)
            return f"{{mix: {_flow((key, format_decimal(weight)) for key, weight in parts)}}}"
        text = str(value)
    if isinstance(value, Number):
        return text
    return f'"{text}"' if isinstance(value, Interval) else text


def value_text(value: Value) -> str:
    """A value as a cell of a table spells it."""
    return _value(value).strip('"')


def yaml_words(text: str) -> str:
    """A word or a plain number as it is, anything else in quotes."""
    return text if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else _text(text)


def _file(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_./-]+", name) else _quoted(name)


def _text(text: str) -> str:
    """A word as it is, anything else in quotes."""
    return text if _PLAIN.fullmatch(text) and text not in _NULL else _quoted(text)


def _quoted(text: str) -> str:
    """Double quotes; what YAML does not allow as it is, is escaped."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    return c if c.isprintable() else f"\\U{ord(c):08x}"
