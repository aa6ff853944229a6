"""Plans as JSON documents (docs/commands.md)."""

from __future__ import annotations

from typing import Any

from planner.report.warnings import warnings_of
from planner.report.wording import ASSUMPTION
from planner.study.budgets import BudgetTable
from planner.study.ranking import Ranking


def plan_document(ranking: Ranking, *, seconds: bool = True) -> dict[str, Any]:
    """What `recommend --json` prints; files leave the seconds out, which are never the same."""
    plan = ranking.plan
    document = plan.to_dict()
    if not seconds:
        proof = document["proof"]
        document["proof"] = {key: proof[key] for key in proof if key != "seconds"}
    return {
        **document,
        "ranking": ranking.to_dict(),
        "assumption": ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of([plan])],
    }


def budgets_document(table: BudgetTable) -> dict[str, Any]:
    """The same for several budgets."""
    first = table.plans[0]
    return {
        "scenario": first.to_dict()["scenario"],
        "currency": first.scenario.currency,
        "budgets": [
            float(plan.money(plan.budget)) for plan in table.plans if plan.budget is not None
        ],
        "rank_by_budget": table.to_dict(),
        "plans": [plan_document(ranking) for ranking in table.rankings],
        "assumption": ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of(table.plans)],
    }
