"""How far the recommendation survives the scenario's own uncertainty.

Every draw of the uncertain numbers gives a best stack, proven. `core_index` is the share of the
draws whose best stack holds a technique; `acceptability[r]` the share in which it ranks r; the
regret of a stack in a draw is what it leaves above that draw's best stack.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planner.plan import Plan, Question, answer, read_budget
from planner.scenario.by_confidence import widened
from planner.scenario.digest import digest
from planner.scenario.draw import Draws, draw
from planner.scenario.types import Scenario
from planner.solve.search import Progress, Search, silent
from planner.study.robust_draws import Best, Setting, best_of_each, setting
from planner.study.robust_stacks import ROLES, TAIL, Field, Judged, judge, risks_of
from planner.worlds.types import Floats

if TYPE_CHECKING:
    import pandas as pd

#: Differences below this share of the draw's risk are rounding, and rank as ties.
SAME = 1e-12
#: Stacks of single draws that the selection bias is the mean over, at most.
MOST_BIAS_STACKS = 200


@dataclass(frozen=True)
class CoreRow:
    """One technique over the draws.

    core_index     share of the draws whose best stack holds it
    status         core (1), exterior (0) or borderline
    acceptability  share of the draws in which it has rank 1, 2, ...; a tie counts for each rank
                   that it spans, in equal parts
    mean_rank      the mean of those ranks
    central        whether the stack of the central values holds it
    """

    technique: str
    name: str
    core_index: float
    status: str
    acceptability: tuple[float, ...]
    mean_rank: float
    central: bool


@dataclass(frozen=True)
class Bias:
    """How much better a chosen stack looks than it is.

    claimed   central risk of the central stack; `expected` its mean risk over the draws
    looks     mean over the draws of the risk that a draw's best stack has in that draw: what is
              promised to whoever takes one draw for the truth
    turns_out mean of the risk that those same stacks have over all draws
    stacks    how many draws' stacks `turns_out` is the mean over
    """

    claimed: float
    expected: float
    looks: float
    turns_out: float
    stacks: int

    @property
    def optimism(self) -> float:
        """`turns_out` less `looks`: never below 0, up to sampling."""
        return self.turns_out - self.looks


@dataclass(frozen=True, eq=False)
class Robust:
    """What `planner robust` says about a scenario with uncertain numbers."""

    plan: Plan
    draws: Draws
    place: Setting
    best: Best
    rows: tuple[CoreRow, ...]
    field: Field
    bias: Bias

    @property
    def count(self) -> int:
        """Draws that have a stack at all."""
        return int(self.best.solved.sum())

    @property
    def proven(self) -> int:
        """Draws whose best stack is proven to the gap that was asked for."""
        kinds = zip(self.best.kind, self.best.solved, strict=True)
        return sum(1 for kind, solved in kinds if kind != "none" and solved)

    def to_dict(self) -> dict[str, Any]:
        scenario = self.plan.scenario
        best = self.best
        return {
            "scenario": {"name": scenario.name, "digest": digest(scenario)},
            "reading": scenario.reading,
            "currency": scenario.currency,
            "budget": None
            if self.plan.budget is None
            else float(self.plan.money(self.plan.budget)),
            "draws": {
                "count": self.draws.count,
                "seed": self.draws.seed,
                "uncertain_numbers": len(self.draws.numbers),
                "judgement_correlation": self.draws.correlation,
                "by_confidence": self.draws.scenario is not scenario,
                "without_stack": self.draws.count - self.count,
                "proven": self.proven,
                "largest_gap": float(best.gap[best.solved].max()),
                "tied": int(best.tied.sum()),
                "different_stacks": len({s for s in best.stacks if s is not None}),
            },
            "core_index": {row.technique: row.core_index for row in self.rows},
            "techniques": [
                {
                    "technique": row.technique,
                    "name": row.name,
                    "core_index": row.core_index,
                    "status": row.status,
                    "mean_rank": row.mean_rank,
                    "acceptability": list(row.acceptability),
                    "central": row.central,
                }
                for row in self.rows
            ],
            "stacks": [self._stack(judged) for judged in self.field.judged],
            "best_by": {
                role: {"stack": list(self.field.of(role).labels), "found": self.field.found[role]}
                for role in ROLES
            },
            "selection_bias": {
                "claimed": self.bias.claimed,
                "expected": self.bias.expected,
                "looks": self.bias.looks,
                "turns_out": self.bias.turns_out,
                "optimism": self.bias.optimism,
                "stacks": self.bias.stacks,
            },
        }

    def _stack(self, judged: Judged) -> dict[str, Any]:
        return {
            "stack": list(judged.labels),
            "roles": [role for role in judged.roles if role != "often"],
            "cost": float(self.plan.money(judged.cost)),
            "best_share": judged.best_share,
            "mean": judged.mean,
            "low": judged.low,
            "high": judged.high,
            f"cvar_{1 - TAIL:g}": judged.cvar,
            "regret": {
                "mean": judged.regret[0],
                "high": judged.regret[1],
                "worst": judged.regret[2],
            },
            "bought_whole": judged.bought,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a technique: core index, mean rank, and acceptability of every rank."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = []
        for row in self.rows:
            flat: dict[str, Any] = {
                "technique": row.technique,
                "name": row.name,
                "core_index": row.core_index,
                "status": row.status,
                "central": row.central,
                "mean_rank": row.mean_rank,
            }
            flat |= {f"rank {k}": share for k, share in enumerate(row.acceptability, start=1)}
            rows.append(flat)
        return pd.DataFrame(rows)

    def stacks_frame(self) -> pd.DataFrame:
        """One row a judged stack."""
        import pandas as pd

        rows = []
        for entry in map(self._stack, self.field.judged):
            regret = entry.pop("regret")
            entry["stack"] = " ".join(entry["stack"])
            entry["roles"] = " ".join(entry["roles"])
            rows.append({**entry, **{f"regret_{key}": value for key, value in regret.items()}})
        return pd.DataFrame(rows)


def robust(
    scenario: Scenario,
    count: int = 1000,
    seed: int = 0,
    *,
    budget: Decimal | str | None = None,
    correlation: float | None = None,
    by_confidence: bool = False,
    search: Search | None = None,
    executor: Executor | None = None,
    progress: Progress = silent,
) -> Robust:
    """The best stack of every draw, and the stacks that are best over all of them.

    `budget` as for `recommend`; `correlation` of one expert's errors of judgement (the scenario's
    own where it is None). With `by_confidence` a plain number whose source states a confidence is
    drawn from an interval of that width (docs/background/evidence.md); the central stack stays that
    of the numbers as written. Programs that are solved one by one go to the `executor`.

    Raises BadInput and NoStack as `recommend` does, NoStack also where no draw has a stack.
    """
    search = search or Search()
    question = Question.of(scenario, seed=seed)
    units = read_budget(question.settled, budget, None)
    plan = answer(question, units, None, search, progress)
    believed = widened(scenario) if by_confidence else scenario
    draws = draw(believed, count, seed, correlation=correlation)
    place = setting(draws, None if budget is None else units)
    best = best_of_each(place, search, executor=executor, progress=progress)
    central = plan.columns
    field = judge(place, best, central, search, progress, written=plan.program)
    return Robust(
        plan=plan,
        draws=draws,
        place=place,
        best=best,
        rows=core(place, best, central),
        field=field,
        bias=_bias(plan, place, best, field),
    )


def core(place: Setting, best: Best, central: tuple[int, ...]) -> tuple[CoreRow, ...]:
    """Every technique that can be bought, by core index, then by mean rank."""
    technique = place.program.technique
    offered = sorted(set(technique))
    held = np.zeros((place.draws.count, len(place.scenario.techniques)), np.bool_)
    for d, stack in enumerate(best.stacks):
        held[d, [technique[j] for j in stack or ()]] = True
    solved = best.solved
    index = held[solved].mean(axis=0)
    shares = acceptability(
        held[solved][:, offered],
        best.rise[solved][:, offered],
        best.fall[solved][:, offered],
        best.value[solved],
    )
    own = {technique[j] for j in central}
    rows = []
    for k, i in enumerate(offered):
        share = float(index[i])
        status = "core" if share == 1 else "exterior" if share == 0 else "borderline"
        rows.append(
            CoreRow(
                technique=place.scenario.techniques[i].id,
                name=place.scenario.techniques[i].name,
                core_index=share,
                status=status,
                acceptability=tuple(shares[k].tolist()),
                mean_rank=float(shares[k] @ np.arange(1, len(offered) + 1)),
                central=i in own,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.core_index, row.mean_rank, row.technique)))


def acceptability(held: NDArray[np.bool_], rise: Floats, fall: Floats, value: Floats) -> Floats:
    """(techniques, ranks) share of the draws in which each technique has each rank.

    In a draw the best stack comes first, by the rise if dropped; then the rest, by the fall if
    added to the stack as it is. k techniques that tie share their k ranks in equal parts, so that
    every row and every column sums to 1. All arguments are (draws, techniques) but `value`.
    """
    draws, count = held.shape
    worth = np.where(held, rise, fall)
    order = np.lexsort((-worth, ~held), axis=1)
    sorted_worth = np.take_along_axis(worth, order, axis=1)
    sorted_held = np.take_along_axis(held, order, axis=1)
    apart = SAME * np.maximum(value, np.abs(worth).max(axis=1, initial=0.0))[:, None]
    new = np.ones((draws, count), np.bool_)
    new[:, 1:] = (sorted_held[:, 1:] != sorted_held[:, :-1]) | (
        sorted_worth[:, :-1] - sorted_worth[:, 1:] > apart
    )
    places = np.arange(count)
    first = np.maximum.accumulate(np.where(new, places, 0), axis=1)
    ends = np.where(np.roll(new, -1, axis=1), places + 1, count)
    ends[:, -1] = count
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    total = np.zeros((count, count))
    for rank in range(count):
        part = np.where((first <= rank) & (rank < last), 1 / (last - first), 0.0)
        total[:, rank] = np.bincount(order.ravel(), part.ravel(), count)
    shares: Floats = total / draws
    return shares


def _bias(plan: Plan, place: Setting, best: Best, field: Field) -> Bias:
    """Stacks of single draws are judged by what they leave over all draws."""
    solved = np.flatnonzero(best.solved)
    some = solved[:MOST_BIAS_STACKS] if best.table is None else solved
    kinds = sorted({best.stacks[d] or () for d in some})
    risks, _ = risks_of(place, best, kinds)
    mean = dict(zip(kinds, risks.mean(axis=1).tolist(), strict=True))
    turns_out = float(np.mean([mean[best.stacks[d] or ()] for d in some]))
    return Bias(
        claimed=plan.risk,
        expected=field.of("central").mean,
        looks=float(best.value[some].mean()),
        turns_out=turns_out,
        stacks=len(some),
    )
