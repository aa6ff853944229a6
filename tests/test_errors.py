"""What an error carries: in JSON, from one process to another, and in words."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from planner.errors import (
    BadInput,
    DoesNotVerify,
    EnvironmentFailed,
    Finding,
    LimitHit,
    MissingExtra,
    NoStack,
    PlannerError,
    TargetOutOfReach,
    WayOut,
)

FINDING = Finding("techniques.csv", 3, "cost", "cost is blank.", "Write a number.")
RAISED = WayOut("budget 3 USD", "scenario.yaml", 3, "budget", "raise", Decimal("3"), Decimal("3.5"))
DROPPED = WayOut("exclude a", "scenario.yaml", None, None, "drop", enough=False)


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (FINDING, "techniques.csv, line 3, cost: cost is blank. Write a number."),
        (Finding("--budget", None, None, "No.", ""), "--budget: No."),
        # A cell of a sheet says its row already.
        (Finding("b.xlsx", 3, "rules!B3 (of)", "No.", "Yes."), "b.xlsx, rules!B3 (of): No. Yes."),
    ],
)
def test_a_finding_reads_as_place_message_and_cure(finding: Finding, text: str) -> None:
    assert str(finding) == text


def test_a_way_out_says_how_far_a_bound_moves() -> None:
    assert RAISED.by == Decimal("0.5")
    row = RAISED.to_dict()
    assert (row["from"], row["to"], row["by"], row["enough"]) == (3.0, 3.5, 0.5, True)
    assert DROPPED.by is None
    row = DROPPED.to_dict()
    assert (row["from"], row["to"], row["by"], row["enough"]) == (None, None, None, False)


def test_codes_are_those_of_the_contract() -> None:
    codes = {
        DoesNotVerify: 1,
        BadInput: 2,
        NoStack: 3,
        TargetOutOfReach: 3,
        LimitHit: 4,
        EnvironmentFailed: 5,
        MissingExtra: 5,
        PlannerError: 5,
    }
    assert {kind: kind.code for kind in codes} == codes


@pytest.mark.parametrize(
    "error",
    [
        BadInput.of([FINDING, FINDING]),
        NoStack("none", (FINDING,), (RAISED, DROPPED)),
        TargetOutOfReach("too low", (FINDING,), lowest=0.25),
        EnvironmentFailed("disk full"),
    ],
)
def test_an_error_goes_from_one_process_to_another_whole(error: PlannerError) -> None:
    # Sweeps raise in a worker, and say it in the driver.
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.findings == error.findings
    assert vars(back) == vars(error)
