"""What `robust` says beside the draws: which judgement to settle first, the experts, and what
remains without probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from planner.solve.search import Progress, Search, silent
from planner.study.incomplete import Incomplete, incomplete
from planner.study.panel import Panel, panel
from planner.study.robust import Robust
from planner.study.robust_flip import TOP, FlipMap, flip_map


@dataclass(frozen=True, eq=False)
class More:
    """None where there is nothing uncertain, no expert, or no modes."""

    flips: FlipMap | None
    panel: Panel | None
    incomplete: Incomplete | None

    def to_dict(self, decimals: int) -> dict[str, Any]:
        return {
            "judgements": None if self.flips is None else self.flips.to_dict(),
            "experts": None if self.panel is None else self.panel.to_dict(),
            "without_probabilities": None
            if self.incomplete is None
            else self.incomplete.to_dict(decimals),
        }


def more(
    found: Robust, search: Search | None = None, *, settle: int = TOP, progress: Progress = silent
) -> More:
    """`settle` is for how many numbers the worth of settling them is estimated (0: no map)."""
    flips = None
    if settle and found.draws.numbers:
        flips = flip_map(found, search, top=settle, progress=progress)
    plan = found.plan
    return More(
        flips=flips,
        panel=panel(plan.scenario, plan.budget, search, progress),
        incomplete=incomplete(plan.question.settled, plan.program),
    )
