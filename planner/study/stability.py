"""How firm the ranks are: the same ranking with a tenth less and a tenth more money.

Cheap, and about the one number that a funder changes first. How ranks move with the numbers that
are uncertain is another question.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from planner.errors import LimitHit, NoStack
from planner.plan import answer
from planner.solve.master import Deadline
from planner.solve.search import Progress, silent
from planner.study.ranking import Ranking, rank

#: The share of the budget that is taken off and put on.
SHARE = 10


@dataclass(frozen=True)
class Stability:
    """Ranks of a technique over some budgets (in units of account, rising).

    rank_low, rank_high  the least and the largest rank; None for what others pay for
    held                 at how many of the budgets it is in the stack
    """

    budgets: tuple[int, ...]
    rank_low: int | None
    rank_high: int | None
    held: int


def stability(
    ranking: Ranking, deadline: Deadline, progress: Progress = silent
) -> dict[str, Stability]:
    """By id, over the plan's budget and a tenth less and more; empty where the plan has no budget.

    A budget at which no stack meets the rules, or that was not finished in time, is left out.
    """
    plan = ranking.plan
    if plan.budget is None:
        return {}
    rankings = {plan.budget: ranking}
    for units in (plan.budget * (SHARE - 1) // SHARE, plan.budget * (SHARE + 1) // SHARE):
        left = deadline.left()
        if units in rankings or deadline.over():
            continue
        progress("ranking at a tenth less and a tenth more money")
        search = replace(plan.engine.search, time_limit=left)
        try:
            other = answer(plan.question, units, None, search, progress)
        except (NoStack, LimitHit):
            continue
        seconds = 10.0 if left is None else max(deadline.left() or 0.0, 0.0) / 2
        rankings[units] = rank(other, seconds=seconds, progress=progress)
    budgets = tuple(sorted(rankings))
    found: dict[str, list[tuple[int | None, bool]]] = {}
    for units in budgets:
        for row in rankings[units].rows:
            found.setdefault(row.technique, []).append((row.rank, row.recommended))
    return {id: _of(budgets, places) for id, places in found.items()}


def _of(budgets: tuple[int, ...], places: list[tuple[int | None, bool]]) -> Stability:
    ranks = [rank for rank, _ in places if rank is not None]
    held = sum(inside for _, inside in places)
    return Stability(budgets, min(ranks, default=None), max(ranks, default=None), held)
