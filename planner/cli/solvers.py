"""`planner solvers`: what can solve here, what each reports, how to install the rest."""

from __future__ import annotations

from argparse import Namespace

from planner.report import solvers
from planner.report.screen import Screen, print_json


def run(arguments: Namespace) -> int:
    if arguments.json:
        print_json(solvers.document())
    else:
        Screen().show(*solvers.page())
    return 0
