"""A sweep as files: every case, every cell of the grid, and the document."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from planner.files import write_pieces, write_text
from planner.report.screen import as_json
from planner.report.sweep_page import document
from planner.report.tables import Cell, csv_cell, csv_text
from planner.sweep.cases import Sweep
from planner.sweep.ledger import Record
from planner.sweep.outcomes import decode
from planner.sweep.results import (
    FOUND,
    CellSummary,
    cell_fields,
    found_fields,
    heads,
    placed,
)

#: Names of the files.
RESULTS, SUMMARY, DOCUMENT = "results.csv", "summary.csv", "sweep.json"
#: Rows that are written at a time.
ROWS = 10_000


def write_sweep(
    folder: Path, sweep: Sweep, records: Iterable[Record], summary: tuple[CellSummary, ...]
) -> list[Path]:
    """Write what was found; the files written."""
    return [
        write_pieces(folder / RESULTS, results_csv(sweep, records)),
        write_text(folder / SUMMARY, summary_csv(sweep, summary)),
        write_text(folder / DOCUMENT, as_json(document(sweep, summary)) + "\n"),
    ]


def results_csv(sweep: Sweep, records: Iterable[Record]) -> Iterator[bytes]:
    """One row a case, in order, piece by piece."""
    yield csv_text(["case", *heads(sweep), *FOUND], []).encode()
    rows = (
        [str(number), *place, csv_cell(draw), *map(csv_cell, found_fields(decode(text)))]
        for number, place, draw, text in placed(sweep, records, csv_cell)
    )
    while piece := list(islice(rows, ROWS)):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(piece)
        yield out.getvalue().encode()


def summary_csv(sweep: Sweep, summary: Iterable[CellSummary]) -> str:
    """One row a cell of the grid, in order, with the core index of every technique."""
    ids = sorted(
        {technique.id for scenario in sweep.scenarios for technique in scenario.techniques}
    )
    head = [*heads(sweep)[:-1], "answered", "failed", "set_aside", "stacks", "stack", "share"]
    head += ["risk", "risk_5", "risk_95", *(f"core {id}" for id in ids), "message"]
    rows = []
    for row in summary:
        counts = [row.answered, row.failed, row.set_aside, len(row.stacks)]
        found: list[Cell] = ["", *[None] * (4 + len(ids))]
        if row.risk is not None:
            labels, count = row.stacks[0]
            core = dict(row.core_index)
            found = [",".join(labels), count / row.answered, *row.risk]
            found += [core.get(id, 0.0) for id in ids]
        rows.append([*cell_fields(sweep, row.cell), *counts, *found, row.message])
    return csv_text(head, rows)
