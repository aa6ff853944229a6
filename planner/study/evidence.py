"""Where the numbers of each technique come from, as a sentence with numbered references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planner.scenario.ledger import (
    Count,
    Figure,
    Ledger,
    Standing,
    cells,
    count,
    others,
    standing,
)
from planner.scenario.types import Scenario

_CELLS = ("vulnerability", "failure")
#: Tables whose rows are techniques.
_OWN = ("techniques", "levels", *_CELLS)


@dataclass(frozen=True)
class Evidence:
    """What stands behind one technique.

    cells       its vulnerabilities (or stated failures) by standing and confidence
    others      its costs, chances and attributes in the same way
    references  numbers of the ledger's `references` that it rests on, from 1
    sentence    the same in words
    """

    cells: Count
    others: Count
    references: tuple[int, ...]
    sentence: str


@dataclass(frozen=True, eq=False)
class EvidenceTable:
    """Counts over the whole scenario, the sources in a numbered list, and each technique's own.

    `references[n - 1]` is what [n] stands for; assumptions are not numbered. `without` lists the
    cells that have no source, as (row, columns); `*` for the columns where the whole row has none.
    """

    cells: Count
    others: Count
    references: tuple[str, ...]
    techniques: dict[str, Evidence]
    without: tuple[tuple[str, tuple[str, ...]], ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "cells": counted(self.cells),
            "other_numbers": counted(self.others),
            "references": list(self.references),
            "cells_without_source": [
                {"row": row, "columns": list(columns)} for row, columns in self.without
            ],
        }


def counted(found: Count) -> dict[str, Any]:
    """The keys of a count in JSON."""
    return {
        "sourced": found.sourced,
        "assumed": found.assumed,
        "without_source": found.none,
        "confidence": found.confidence,
    }


def evidence(scenario: Scenario) -> EvidenceTable:
    """The evidence behind a scenario. A scenario without sources has empty sentences."""
    ledger = Ledger(scenario)
    table, rest = cells(scenario), others(scenario)
    references = _references(ledger, (*table, *rest))
    numbers = {text: place for place, text in enumerate(references, start=1)}
    rows = _by_technique(scenario, table)
    more_of = _by_technique(scenario, rest)
    found = {}
    for technique in scenario.techniques:
        own = tuple(rows[technique.id])
        more = tuple(more_of[technique.id])
        found[technique.id] = Evidence(
            cells=count(ledger, own),
            others=count(ledger, more),
            references=_numbers(ledger, (*own, *more), numbers),
            sentence=_sentence(ledger, own, more, numbers) if scenario.sources else "",
        )
    return EvidenceTable(
        cells=count(ledger, table),
        others=count(ledger, rest),
        references=references,
        techniques=found,
        without=_without(ledger, rows),
    )


def _by_technique(scenario: Scenario, figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    """The figures of each technique's own rows."""
    found: dict[str, list[Figure]] = {technique.id: [] for technique in scenario.techniques}
    for figure in figures:
        if figure.table in _OWN:
            found[figure.row.partition(":")[0]].append(figure)
    return found


def _references(ledger: Ledger, figures: Sequence[Figure]) -> tuple[str, ...]:
    """Texts of the sources that are no assumptions: the one of most numbers first."""
    uses: dict[str, int] = {}
    for figure in figures:
        for source in ledger.sources_of(*figure[:3]):
            if standing([source]) == "sourced":
                uses[source.source] = uses.get(source.source, 0) + 1
    return tuple(sorted(uses, key=lambda text: (-uses[text], text)))


def _numbers(ledger: Ledger, figures: Sequence[Figure], numbers: dict[str, int]) -> tuple[int, ...]:
    """The references of these figures, in order."""
    found = {numbers.get(s.source, 0) for f in figures for s in ledger.sources_of(*f[:3])}
    return tuple(sorted(found - {0}))


def _sentence(
    ledger: Ledger,
    own: Sequence[Figure],
    more: Sequence[Figure],
    numbers: dict[str, int],
) -> str:
    """`Cells [1] (5 H, 2 M); cost assumed.`"""
    groups: dict[tuple[Standing, tuple[int, ...]], list[Figure]] = {}
    for figure in (*own, *more):
        key = (ledger.standing(figure), _numbers(ledger, [figure], numbers))
        groups.setdefault(key, []).append(figure)
    parts = []
    for (kind, references), figures in groups.items():
        named = "".join(f"[{number}]" for number in references)
        word = {"sourced": named, "assumed": "assumed", "none": "without a source"}[kind]
        parts.append(f"{_what(figures, len(own))} {word}{_sure(ledger, figures)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _what(figures: Sequence[Figure], whole: int) -> str:
    """`5 cells, cost and success`"""
    found = [figure for figure in figures if figure.table in _CELLS]
    words = []
    if found and len(found) == whole:
        words.append("cells" if whole > 1 else "cell")
    elif found:
        words.append(f"{len(found)} cell{'' if len(found) == 1 else 's'}")
    words += list(dict.fromkeys(f.column for f in figures if f.table not in _CELLS))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _sure(ledger: Ledger, figures: Sequence[Figure]) -> str:
    """` (5 H, 2 M)`, ` (M)` where all are alike, nothing where none states a confidence or all
    are assumptions."""
    found = [figure for figure in figures if ledger.standing(figure) == "sourced"]
    stated = count(ledger, found).confidence
    if not stated:
        return ""
    if len(stated) == 1 and sum(stated.values()) == len(found):
        return f" ({next(iter(stated))})"
    return f" ({', '.join(f'{number} {word}' for word, number in stated.items())})"


def _without(
    ledger: Ledger, rows: dict[str, list[Figure]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for row, figures in rows.items():
        missing = tuple(f.column for f in figures if ledger.standing(f) == "none")
        if missing:
            found.append((row, ("*",) if len(missing) == len(figures) > 1 else missing))
    return tuple(found)
