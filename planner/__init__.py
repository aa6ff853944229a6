"""Which AI-safety research to fund together: the stack that leaves the least correlated risk.

    from planner import read, recommend, rank

    plan = recommend(read("scenarios/dung-mai-2025"))
    print(plan.summary())
    rank(plan).to_frame()

Names load when they are first used, so that `import planner` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    )
    from planner.plan import Plan, recommend
    from planner.scenario.read import read
    from planner.scenario.types import Scenario
    from planner.solve.search import Search
    from planner.study.alternatives import alternatives
    from planner.study.explain import explain
    from planner.study.frontier import frontier
    from planner.study.full_ranking import FullRanking, rank_in_full
    from planner.study.gaps import gaps
    from planner.study.new_technique import assumed
    from planner.study.ranking import Ranking, rank
    from planner.study.robust import robust
    from planner.study.second_axis import trade_off

__version__ = "0.1.0"

#: Public name -> the module that holds it.
_HOMES = {
    "BadInput": "planner.errors",
    "DoesNotVerify": "planner.errors",
    "EnvironmentFailed": "planner.errors",
    "Finding": "planner.errors",
    "FullRanking": "planner.study.full_ranking",
    "LimitHit": "planner.errors",
    "MissingExtra": "planner.errors",
    "NoStack": "planner.errors",
    "Plan": "planner.plan",
    "PlannerError": "planner.errors",
    "Ranking": "planner.study.ranking",
    "Scenario": "planner.scenario.types",
    "Search": "planner.solve.search",
    "TargetOutOfReach": "planner.errors",
    "alternatives": "planner.study.alternatives",
    "assumed": "planner.study.new_technique",
    "explain": "planner.study.explain",
    "frontier": "planner.study.frontier",
    "gaps": "planner.study.gaps",
    "rank": "planner.study.ranking",
    "rank_in_full": "planner.study.full_ranking",
    "read": "planner.scenario.read",
    "recommend": "planner.plan",
    "robust": "planner.study.robust",
    "trade_off": "planner.study.second_axis",
}

__all__ = [
    "BadInput",
    "DoesNotVerify",
    "EnvironmentFailed",
    "Finding",
    "FullRanking",
    "LimitHit",
    "MissingExtra",
    "NoStack",
    "Plan",
    "PlannerError",
    "Ranking",
    "Scenario",
    "Search",
    "TargetOutOfReach",
    "__version__",
    "alternatives",
    "assumed",
    "explain",
    "frontier",
    "gaps",
    "rank",
    "rank_in_full",
    "read",
    "recommend",
    "robust",
    "trade_off",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
