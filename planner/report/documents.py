"""Plans as JSON documents (docs/commands.md)."""

from __future__ import annotations

from typing import Any

from planner.report.warnings import warnings_of
from planner.report.wording import ASSUMPTION
from planner.study.alternatives import Alternatives
from planner.study.budgets import BudgetTable
from planner.study.committed import committed
from planner.study.explain import Explanation
from planner.study.full_ranking import FullRanking
from planner.study.naive import PriceTable
from planner.study.ranking import Ranking


def plan_document(
    ranking: Ranking,
    others: Alternatives | None = None,
    full: FullRanking | None = None,
    *,
    seconds: bool = True,
) -> dict[str, Any]:
    """What `recommend --json` prints; files leave the seconds out, which are never the same,
    and carry the certificate."""
    plan = ranking.plan
    document = plan.to_dict()
    if not seconds:
        proof = document["proof"]
        document["proof"] = {key: proof[key] for key in proof if key != "seconds"}
        if plan.certificate is not None:
            document["certificate"] = plan.certificate.to_dict()
    if others is not None:
        document["alternatives"] = others.to_dict()
    paid = committed(plan)
    return {
        **document,
        "ranking": ranking.to_dict(),
        "evidence": ranking.evidence.to_dict(),
        "paid_by_others": None if paid is None else paid.to_dict(),
        **({} if full is None else full.to_dict()),
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


def explain_document(explanation: Explanation, price: PriceTable | None) -> dict[str, Any]:
    """What `explain --json` prints, and its file."""
    plan = explanation.plan
    proof = plan.proof
    return {
        **explanation.to_dict(),
        "best": {
            "stack": list(plan.stack),
            "cost": float(plan.money(plan.cost)),
            "risk": plan.risk,
            "proof": {
                "kind": proof.kind,
                "lower_bound": proof.lower_bound,
                "gap": proof.gap,
                "solver": proof.solver,
            },
        },
        "price_of_ignoring": None if price is None else price.to_dict(),
        "assumption": ASSUMPTION,
        "warnings": [warning.to_dict() for warning in warnings_of([plan])],
    }
