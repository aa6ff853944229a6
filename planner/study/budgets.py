"""The same question at several budgets: who is in, and at which rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from planner.plan import Plan, Question, answer
from planner.solve.master import Deadline
from planner.solve.search import Progress, Search, silent
from planner.study.certified import certified_for
from planner.study.ranking import Ranking, rank

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class BudgetTable:
    """One plan and one ranking a budget, budgets rising."""

    plans: tuple[Plan, ...]
    rankings: tuple[Ranking, ...]

    def to_dict(self) -> list[dict[str, Any]]:
        """One row a technique: its rank at each budget, where it is in the stack, and in
        `stays_from` the least of these budgets from which on it is in at all of them (None where
        it is not in at the largest)."""
        budgets = [_written(plan) for plan in self.plans]
        rows: dict[str, dict[str, Any]] = {}
        for budget, ranking in zip(budgets, self.rankings, strict=True):
            for row in ranking.rows:
                entry = rows.setdefault(
                    row.technique,
                    {"technique": row.technique, "name": row.name, "rank": {}, "in": {}},
                )
                entry["rank"][budget] = row.rank
                entry["in"][budget] = row.recommended
        for entry in rows.values():
            entry["stays_from"] = _stays_from(entry["in"])
        last = {row.technique: k for k, row in enumerate(self.rankings[-1].rows)}
        return sorted(rows.values(), key=lambda row: last[row["technique"]])

    def to_frame(self) -> pd.DataFrame:
        """`technique`, then for each budget its rank and whether it is in the stack."""
        import pandas as pd  # a second of import that `--help` must not pay

        table = []
        for row in self.to_dict():
            flat: dict[str, Any] = {"technique": row["technique"]}
            for budget in row["rank"]:
                flat[f"rank at {budget}"] = row["rank"][budget]
                flat[f"in at {budget}"] = row["in"][budget]
            flat["stays from"] = row["stays_from"]
            table.append(flat)
        frame = pd.DataFrame(table)
        ranks = [column for column in frame.columns if column.startswith("rank at")]
        return frame.astype(dict.fromkeys(ranks, "Int64"))


def by_budget(
    question: Question,
    budgets: Sequence[int],
    search: Search,
    *,
    seconds: float = 10.0,
    progress: Progress = silent,
    keep: bool = False,
) -> BudgetTable:
    """Plans and rankings at budgets in units of account.

    The search's time limit bounds all plans and rankings together, `seconds` each ranking: each
    may take an equal share of what is left, so that one hard budget does not starve the others.
    `keep` says that the plans go into files, with their certificates.
    Raises as `answer` does.
    """
    deadline = Deadline(search.time_limit)
    amounts = sorted(set(budgets))
    plans = tuple(
        answer(
            question,
            units,
            None,
            replace(search, time_limit=_share(deadline, len(amounts) - done)),
            progress,
        )
        for done, units in enumerate(amounts)
    )
    shares = [_share(deadline, 2 * (len(plans) - done)) for done in range(len(plans))]
    plans = tuple(
        certified_for(plan, search.gap, kept=keep, seconds=share)
        for plan, share in zip(plans, shares, strict=True)
    )
    rankings = []
    for done, plan in enumerate(plans):
        left = _share(deadline, len(plans) - done)
        rankings.append(
            rank(plan, seconds=seconds if left is None else min(seconds, left), progress=progress)
        )
    return BudgetTable(plans, tuple(rankings))


def _share(deadline: Deadline, parts: int) -> float | None:
    """Seconds for one of so many parts that are still to do."""
    left = deadline.left()
    return None if left is None else max(left, 0.0) / parts


def _stays_from(inside: dict[str, bool]) -> float | None:
    """The least budget from which on it is in at every larger one; budgets rise."""
    found = None
    for budget, held in reversed(inside.items()):
        if not held:
            break
        found = float(budget)
    return found


def _written(plan: Plan) -> str:
    assert plan.budget is not None
    return format(plan.money(plan.budget).normalize(), "f")
