"""`planner sweep`: many budgets, changes, experts and draws, on many processors, resumable."""

from __future__ import annotations

import sqlite3
import sys
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from planner.cli.failures import as_line
from planner.cli.recommend import say_notes
from planner.cli.sweep_options import Asked, read_asked, read_status
from planner.cli.sweep_progress import Bar
from planner.files import make_folder
from planner.report import sweep_files, sweep_page
from planner.report.screen import Screen, plain, print_json
from planner.scenario.uncertain import uncertain_numbers
from planner.sweep.ledger import Ledger, status
from planner.sweep.results import hands, open_ledger, summarise
from planner.sweep.run import run_sweep

#: Exit code where cases were set aside: the machines failed, not the sweep.
SET_ASIDE = 5


def run(arguments: Namespace) -> int:
    if arguments.status:
        return _status(read_status(arguments), as_json=arguments.json)
    asked = read_asked(arguments)
    folder = None if asked.out is None else make_folder(asked.out)
    with open_ledger(asked.sweep, folder, resume=asked.resume) as ledger:
        if ledger.note:
            print(f"Note: {ledger.note}", file=sys.stderr)
        _work(asked, ledger)
        return _show(asked, ledger, folder, as_json=arguments.json)


def _work(asked: Asked, ledger: Ledger) -> None:
    """Answer what has no record yet. Whatever stops it, say how far it came."""
    if ledger.finished() == len(asked.sweep):
        return
    try:
        with hands(asked.workers, asked.cluster) as found, Bar() as bar:
            run_sweep(asked.sweep, found, ledger, bar)
    except BaseException:
        if ledger.path is not None:
            _say_how_far(asked, ledger)
        raise


def _say_how_far(asked: Asked, ledger: Ledger) -> None:
    with suppress(sqlite3.Error):
        finished = ledger.finished()
        print(
            f"Note: {finished:,} of {len(asked.sweep):,} cases are in the ledger; "
            "go on with --resume.",
            file=sys.stderr,
        )


def _show(asked: Asked, ledger: Ledger, folder: Path | None, *, as_json: bool) -> int:
    sweep = asked.sweep
    summary = tuple(summarise(sweep, ledger.records()))
    written = []
    if folder is not None:
        written = sweep_files.write_sweep(folder, sweep, ledger.records(), summary)
    if as_json:
        print_json(sweep_page.document(sweep, summary))
    else:
        Screen().show(*sweep_page.page(sweep, summary))
        say_notes(_notes(asked), written)
    return SET_ASIDE if any(row.set_aside for row in summary) else 0


def _notes(asked: Asked) -> list[str]:
    found = [
        as_line(warning) for scenario in asked.sweep.scenarios for warning in scenario.warnings
    ]
    if asked.sweep.draws is not None:
        certain = [s.name for s in asked.sweep.scenarios if not uncertain_numbers(s)]
        found += [f"Nothing in {name} is uncertain: all draws are alike." for name in certain]
    return found


def _status(folder: Path, *, as_json: bool) -> int:
    found = status(folder)
    if as_json:
        print_json(sweep_page.status_document(found))
    else:
        Screen().show(*map(plain, sweep_page.status_lines(found)))
    return 0
