"""What the page takes at most, so that no request can take the machine."""

from __future__ import annotations

from typing import Final

from planner.errors import LimitHit
from planner.scenario.types import ExplicitWorlds, Scenario

#: Bytes of an upload, of its JSON (base64 takes a third more), and of any other request.
UPLOAD_BYTES: Final = 5 * 2**20
OPEN_BYTES: Final = 7 * 2**20
BODY_BYTES: Final = 2**20
#: Seconds in which a request must have arrived.
BODY_SECONDS: Final = 20.0
FILES: Final = 40

#: What one request may change, and how long a path or a value may be.
CHANGES: Final = 5000
LONGEST: Final = 500

#: Sizes of a scenario that is solved while somebody waits.
TECHNIQUES: Final = 400
CELLS: Final = 20_000_000
DRAWS: Final = 65_536

#: Seconds for one solve, the ranking, alternatives, the certificate of a file, and all that a
#: request asks.
SOLVE_SECONDS: Final = 10.0
RANKING_SECONDS: Final = 10.0
ALTERNATIVES_SECONDS: Final = 8.0
CERTIFICATE_SECONDS: Final = 20.0
JOB_SECONDS: Final = 60.0
#: The same for a file to take away, and for each part of a report.
FILE_SECONDS: Final = 300.0
REPORT_PART_SECONDS: Final = 5.0
#: Stacks that are shown as alternatives, the best included.
ALTERNATIVES: Final = 5

#: Solves at a time, requests that wait for one, scenarios and answers that are remembered.
WORKERS: Final = 2
WAITING: Final = 200
SCENARIOS: Final = 60
ANSWERS: Final = 60
#: Bytes of worlds that are kept with the answers.
KEPT_BYTES: Final = 256 * 2**20


def check_size(scenario: Scenario) -> None:
    """Raises LimitHit for a scenario that is larger than a page answers; the commands have no
    such limits."""
    instead = "Use the commands for it: planner recommend has no such limit."
    count = len(scenario.techniques)
    if count > TECHNIQUES:
        raise LimitHit(
            f"The scenario has {count:,} techniques; the page takes at most {TECHNIQUES}. {instead}"
        )
    if scenario.samples > DRAWS:
        raise LimitHit(
            f"The scenario asks for {scenario.samples:,} draws; the page takes at most {DRAWS:,}. "
            f"Lower samples. {instead}"
        )
    threats = scenario.threats
    if isinstance(threats, ExplicitWorlds) and count * len(threats.worlds) > CELLS:
        raise LimitHit(
            f"The scenario has {len(threats.worlds):,} worlds for {count} techniques; the page "
            f"takes at most {CELLS // max(count, 1):,}. {instead}"
        )
