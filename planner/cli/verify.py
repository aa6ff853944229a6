"""`planner verify`: re-check a saved plan and its certificate, without any solver."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from planner.errors import BadInput, DoesNotVerify
from planner.proof.verify_plan import MOST_BYTES
from planner.report import verify_page
from planner.report.screen import Screen, print_json
from planner.scenario.read import read
from planner.study.verify import read_plan, verify


def run(arguments: Namespace) -> int:
    plan = read_plan(arguments.plan, _bytes(arguments.plan))
    verdict = verify(plan, read(arguments.scenario), numbers_only=arguments.numbers_only)
    if arguments.json:
        print_json(verify_page.document(verdict))
    else:
        Screen().show(*verify_page.page(verdict))
    return 0 if verdict.holds else DoesNotVerify.code


def _bytes(name: str) -> bytes:
    """The file's content, up to the cap. Raises BadInput."""
    path = Path(name)
    try:
        if not path.is_file():
            raise BadInput.option(name, "There is no such file.", "Name a saved plan.json.")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no file name"
        raise BadInput.option(name, f"The plan cannot be read: {reason}.", "") from None
    if len(data) > MOST_BYTES:
        raise BadInput.option(
            name, f"The file is larger than {MOST_BYTES:,} bytes.", "Name a saved plan.json."
        )
    return data
