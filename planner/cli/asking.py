"""`planner new --from SCENARIO --expert NAME`: a sheet of questions for one expert."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from planner.cli.progress import Progress
from planner.errors import BadInput
from planner.files import make_folder, write_bytes
from planner.report.screen import Screen, plain, print_json
from planner.scenario.expert_sheet import questions, questions_csv, questions_workbook
from planner.scenario.names import check_name
from planner.scenario.notes import Notes, Place
from planner.scenario.read import read
from planner.scenario.types import FailureModes
from planner.study.asking import cells_to_ask


def run(arguments: Namespace, path: Path) -> int:
    scenario = read(arguments.scenario)
    if not isinstance(scenario.threats, FailureModes):
        raise BadInput.option(
            "--from",
            "Explicit worlds have no cells that experts judge.",
            "Name a scenario with modes.",
        )
    expert = arguments.expert.strip()
    notes = Notes()
    check_name(expert, Place("--expert"), notes)
    notes.stop_if_any()
    with Progress() as progress:
        asking = cells_to_ask(scenario, arguments.all, progress)
    sheet = questions(scenario, expert, asking.cells)
    make_folder(path.parent)
    if path.suffix.lower() == ".xlsx":
        write_bytes(path, questions_workbook(scenario, sheet))
    else:
        write_bytes(path, questions_csv(sheet))
    if arguments.json:
        print_json(
            {
                "written": [str(path)],
                "expert": expert,
                "how": asking.how,
                "questions": [{"technique": t, "mode": m} for t, m in asking.cells],
            }
        )
    else:
        Screen().show(
            plain(f"Wrote {path}: it asks {expert} about {asking.how}."),
            plain("Once it is filled in:"),
            plain(f"  planner import {path} --from {arguments.scenario} --out NEW"),
        )
    return 0
