"""`planner check`: is the scenario well formed, what does it hold, what looks odd."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from planner.report import contents
from planner.report.screen import Screen, print_json
from planner.scenario.changes import check_named
from planner.scenario.read import MAIN_FILE, read


def run(arguments: Namespace) -> int:
    scenario = read(arguments.scenario)
    where = Path(arguments.scenario)
    odd = check_named(scenario, MAIN_FILE if where.is_dir() else where.name)
    scenario = replace(scenario, warnings=(*scenario.warnings, *odd))
    if arguments.json:
        print_json(contents.document(scenario))
    else:
        Screen().show(*contents.page(scenario))
    return 0
