"""What a reader of a plan should know beside its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from planner.errors import Finding
from planner.plan import Plan
from planner.report.wording import money, proof


def warnings_of(plans: Sequence[Plan]) -> tuple[Finding, ...]:
    """What looked odd in the scenario, and which plans a limit stopped."""
    several = len(plans) > 1
    stopped = [plan for plan in plans if plan.proof.stop != "proven"]
    return (*plans[0].scenario.warnings, *(_stopped(plan, several) for plan in stopped))


def _stopped(plan: Plan, several: bool) -> Finding:
    at = ""
    if several and plan.budget is not None:
        at = f" at budget {money(plan.money(plan.budget))}"
    text = proof(plan)
    return Finding(
        "--time-limit" if plan.proof.stop == "time limit" else "--solver",
        None,
        None,
        f"The search{at} was not finished: {text}.",
        "Allow more time, or a larger --gap.",
    )
