"""The page of `sweep`: one row a cell of the grid, and what the draws of it have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType

from planner.report import wording
from planner.report.plan_page import title
from planner.report.screen import plain
from planner.report.simple_table import listed, section, table
from planner.sweep.cases import Sweep
from planner.sweep.ledger import Status
from planner.sweep.results import CellSummary, cell_fields, heads

#: Rows of the table, and techniques of the core index that the page shows.
MOST_ROWS, MOST_TECHNIQUES = 40, 12
#: Cells with one reason that are named.
MOST_PLACES = 6
#: Numbers of cases set aside that are named.
MOST_NAMED = 20


def document(sweep: Sweep, summary: Sequence[CellSummary]) -> dict[str, Any]:
    """What `sweep --json` prints, and its file."""
    return {
        "scenarios": [
            {"name": scenario.name, "digest": digest}
            for scenario, digest in zip(sweep.scenarios, sweep.digests, strict=True)
        ],
        "objectives": list(sweep.objectives),
        "experts": list(sweep.experts),
        "named": {named.name: dict(named.changes) for named in sweep.named},
        "axes": [{"path": axis.path, "values": list(axis.values)} for axis in sweep.axes],
        "draws": sweep.draws,
        "seed": sweep.seed,
        "cases": len(sweep),
        "answered": sum(row.answered for row in summary),
        "failed": sum(row.failed for row in summary),
        "set_aside": sum(row.set_aside for row in summary),
        "cells": [_cell_document(sweep, row) for row in summary],
        "assumption": wording.ASSUMPTION,
    }


def _cell_document(sweep: Sweep, row: CellSummary) -> dict[str, Any]:
    cell, risk = row.cell, row.risk
    return {
        "scenario": sweep.scenarios[cell.scenario].name,
        "objective": cell.objective,
        "expert": cell.expert,
        "named": cell.named.name,
        "changes": dict(sweep.changes(cell)),
        "answered": row.answered,
        "failed": row.failed,
        "set_aside": row.set_aside,
        "risk": None if risk is None else {"mean": risk[0], "5%": risk[1], "95%": risk[2]},
        "stacks": [
            {"stack": list(stack), "answers": count, "share": count / row.answered}
            for stack, count in row.stacks
        ],
        "core_index": dict(row.core_index),
        "message": row.message,
    }


def page(sweep: Sweep, summary: Sequence[CellSummary]) -> list[RenderableType]:
    """All of it: the table, then how often each technique is in the best stack."""
    names = ", ".join(dict.fromkeys(scenario.name for scenario in sweep.scenarios))
    parts: list[RenderableType] = [title(names), plain(_asked(sweep))]
    parts.append(_table(sweep, summary))
    parts.append(plain(_said(sweep)))
    failing = [row for row in summary if row.failed or row.set_aside]
    if failing:
        parts.append(section("Cases without an answer", *map(plain, _failures(sweep, failing))))
    if sweep.draws is not None and len(summary) == 1 and summary[0].core_index:
        parts.append(_core(summary[0]))
    return parts


def _asked(sweep: Sweep) -> str:
    cases = wording.count(len(sweep), "case")
    if sweep.draws is None:
        return f"{cases}, every uncertain value at its mean."
    where = "" if sweep.cells == 1 else f" in each of {sweep.cells:,} cells"
    draws = wording.count(sweep.draws, "draw")
    return f"{cases}: {draws} of the uncertain values{where}, seed {sweep.seed}."


def _said(sweep: Sweep) -> str:
    if sweep.draws is None:
        return wording.ASSUMPTION
    return (
        "Best stack: the one that is best in the most draws, and in what share of them. Risk: mean "
        f"over the draws, and from the 5% to the 95% quantile. {wording.ASSUMPTION}"
    )


def _table(sweep: Sweep, summary: Sequence[CellSummary]) -> RenderableType:
    """The parts of the grid that vary, the most frequent stack, and the risk."""
    names = heads(sweep)[:-1]
    fields = [_worded(names, cell_fields(sweep, row.cell)) for row in summary]
    varying = [k for k in range(len(names)) if len({line[k] for line in fields}) > 1]
    drawn = sweep.draws is not None
    columns = [_short(names[k]) for k in varying]
    columns += ["best stack", *(["share", "stacks"] if drawn else []), "risk"]
    columns += ["5% to 95%"] if drawn else []
    lines = []
    for row, line in zip(summary, fields, strict=True):
        own = [line[k] for k in varying]
        lines.append([*own, *_found(row, drawn=drawn)])
    words = [k for k, place in enumerate(varying) if not _numbers(fields, place)]
    return table(columns, lines, words=(*words, len(varying)), most=MOST_ROWS, what="cells")


def _worded(names: Sequence[str], fields: Sequence[str]) -> list[str]:
    """Blanks as what they stand for."""
    blanks = {"expert": "own table", "named": "as written"}
    return [text or blanks.get(name, "") for name, text in zip(names, fields, strict=True)]


def _found(row: CellSummary, *, drawn: bool) -> list[str]:
    if row.risk is None:
        return ["no stack", *[wording.DASH] * (4 if drawn else 1)]
    stack, count = row.stacks[0]
    mean, low, high = (wording.digits(number) for number in row.risk)
    if not drawn:
        return [listed(stack), mean]
    share = wording.percent(count / row.answered)
    return [listed(stack), share, str(len(row.stacks)), mean, f"{low} to {high}"]


def _short(path: str) -> str:
    """A path on two lines, so that its column is no wider than it must."""
    return path.replace(".", ".\n") if len(path) > 10 else path


def _numbers(fields: Sequence[Sequence[str]], place: int) -> bool:
    return all(line[place].replace(".", "", 1).isdigit() for line in fields)


def _failures(sweep: Sweep, rows: Sequence[CellSummary]) -> list[str]:
    """How many, and the first reason; cells with the same one are told together."""
    places: dict[str, dict[str, None]] = {}
    counts: Counter[str] = Counter()
    for row in rows:
        place = ", ".join(f"{path}={text}" for path, text in sweep.changes(row.cell))
        places.setdefault(row.message, {})[place or "as written"] = None
        counts[row.message] += row.failed + row.set_aside
    texts = []
    for message in list(places)[:MOST_ROWS]:
        named = list(places[message])
        rest = f"; and {len(named) - MOST_PLACES:,} more" if len(named) > MOST_PLACES else ""
        where = "; ".join(named[:MOST_PLACES]) + rest
        texts.append(f"{where}: {wording.count(counts[message], 'case')}. The first: {message}")
    if len(places) > MOST_ROWS:
        texts.append(f"and {len(places) - MOST_ROWS:,} more reasons (all in --json / --out)")
    return texts


def _core(row: CellSummary) -> RenderableType:
    lines = [[technique, wording.percent(share)] for technique, share in row.core_index]
    shown = table(["technique", "core index"], lines, most=MOST_TECHNIQUES, what="techniques")
    return section("In how many draws the best stack holds it", shown)


def status_document(status: Status) -> dict[str, Any]:
    """What `sweep --status --json` prints."""
    return {
        "cases": status.cases,
        "finished": status.finished,
        "failed": status.failed,
        "set_aside": list(status.set_aside),
        "damaged": status.damaged,
        "about": status.about,
    }


def status_lines(status: Status) -> list[str]:
    """The same for people."""
    if status.damaged is None:
        return ["The ledger is damaged. Go on with --resume: every record that verifies is kept."]
    left = status.cases - status.finished
    lines = [
        f"{status.finished:,} of {wording.count(status.cases, 'case')} finished, "
        f"{left:,} to do, {status.failed:,} without an answer."
    ]
    if status.damaged:
        lines.append(
            f"{wording.count(status.damaged, 'record')} of the ledger are damaged; --resume keeps "
            "the others and computes these again."
        )
    if status.set_aside:
        named = ", ".join(f"{number:,}" for number in status.set_aside[:MOST_NAMED])
        lines.append(
            f"Set aside, because whoever computed it died each time: case {named}"
            f"{' and more' if len(status.set_aside) > MOST_NAMED else ''}. --resume tries again."
        )
    if not left:
        lines.append("The sweep is finished.")
    return lines
