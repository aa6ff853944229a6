"""`planner check`: is the scenario well formed, what does it hold, what looks odd."""

from __future__ import annotations

from argparse import Namespace

from planner.report import contents
from planner.report.screen import Screen, print_json
from planner.scenario.read import read


def run(arguments: Namespace) -> int:
    scenario = read(arguments.scenario)
    if arguments.json:
        print_json(contents.document(scenario))
    else:
        Screen().show(*contents.page(scenario))
    return 0
