"""`planner new`: an empty scenario to fill in, or a sheet of questions for one expert."""

from __future__ import annotations

import importlib
from argparse import Namespace
from pathlib import Path
from typing import Any

from planner.cli.places import must_be_new
from planner.errors import BadInput
from planner.files import make_folder, write_bytes
from planner.report.screen import Screen, plain, print_json
from planner.scenario.empty import write_empty_folder
from planner.scenario.write_workbook import empty_workbook


def run(arguments: Namespace) -> int:
    path = Path(arguments.path)
    for_expert = arguments.scenario is not None or arguments.expert is not None
    _check(arguments, path, for_expert)
    must_be_new(path, "PATH")
    if for_expert:
        # Choosing the questions solves; an empty scenario should not wait for the solvers.
        run_questions = importlib.import_module("planner.cli.asking").run
        return int(run_questions(arguments, path))
    if path.suffix.lower() == ".xlsx":
        make_folder(path.parent)
        written = [write_bytes(path, empty_workbook())]
        steps = [
            "Open it in a spreadsheet program; its first sheet says how to fill it in. Then:",
            f"  planner check {path}",
            f"  planner recommend {path}",
        ]
    else:
        written = write_empty_folder(path)
        steps = [
            f"Fill in its files; {path / 'README.md'} says how. Then:",
            f"  planner check {path}",
            f"  planner recommend {path}",
        ]
    if arguments.json:
        document: dict[str, Any] = {"written": [str(file) for file in written]}
        print_json(document)
    else:
        Screen().show(plain(f"Wrote {path}."), *map(plain, steps))
    return 0


def _check(arguments: Namespace, path: Path, for_expert: bool) -> None:
    suffix = path.suffix.lower()
    allowed = (".xlsx", ".csv") if for_expert else (".xlsx", "")
    if suffix not in allowed:
        cure = "Name an .xlsx or a .csv file." if for_expert else "Name an .xlsx file or a folder."
        raise BadInput.option(
            "PATH", f"Nothing that ends in {suffix or 'no extension'} is written here.", cure
        )
    if for_expert and arguments.scenario is None:
        raise BadInput.option(
            "--from", "A sheet for an expert asks about a scenario.", "Add --from SCENARIO."
        )
    if for_expert and arguments.expert is None:
        raise BadInput.option(
            "--expert", "The sheet needs the name of who fills it in.", "Add --expert anna."
        )
