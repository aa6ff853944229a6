"""The ranked table: every technique, in the stack or not, with what it is worth and why.

The stack comes first, by the rise of the objective if the technique is dropped; then the rest, by
the rise of the best reachable objective when it is locked in (docs/commands.md, Ranking).

Where depth chose the stack, all numbers speak of the risk R, since a depth has no shares. The
choice did not make R least: a stack with a technique locked in or out may even have less, so
`replacement_cost` and `lock_in_rise` are None, and the rest rank by the fall of R if added, shown
at the level that helps most by itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.plan import Plan
from planner.program.build import lock
from planner.risk.redundancy import overlaps
from planner.risk.stack import marginals
from planner.solve.depth import ByDepth
from planner.solve.search import Progress, silent
from planner.study.evidence import EvidenceTable, evidence
from planner.study.reasons import Facts, reason
from planner.worlds.types import Floats

if TYPE_CHECKING:
    import pandas as pd

#: Differences below this share of the objective are rounding, and rank as ties.
SAME = 1e-12
#: Below this share of a value a difference of two is taken exactly, where the worlds are few.
CLOSE = 1e-6
FEW_WORLDS = 4096


@dataclass(frozen=True)
class RankRow:
    """One technique.

    rank               1, 2, ... ; None for what others pay for
    level, cost        of the stack; else of the best stack that holds the technique
    failure_alone      m[i]: chance-weighted share of the loss that it lets through by itself
    rise_if_dropped    of the objective, for the stack's own
    fall_if_added      of the objective, for the rest (whatever the budget)
    reduction_per_cost fall of the objective by this technique alone, per unit of currency
    replacement_cost   rise of the best reachable objective (of the least cost, where a target was
                       set) when the technique is locked out; None by depth
    lock_in_rise       the same when it is locked in, for the rest
    redundant_with     the technique that already delivers most of what this one would
    redundancy         how much of it, 0..1
    impossible         the rules cannot be met with it locked out (of the stack) or in (the rest)
    evidence           where its numbers come from, with numbers of the ranking's references; blank
                       where the scenario states no sources
    """

    rank: int | None
    technique: str
    name: str
    level: str
    recommended: bool
    committed: bool
    cost: Decimal
    failure_alone: float
    rise_if_dropped: float | None
    fall_if_added: float | None
    reduction_per_cost: float | None
    replacement_cost: float | None
    lock_in_rise: float | None
    redundant_with: str | None
    redundancy: float | None
    impossible: bool
    reason: str
    evidence: str = ""


@dataclass(frozen=True, eq=False)
class Ranking:
    """The rows in order, the plan that they rank, and the evidence behind it."""

    plan: Plan
    rows: tuple[RankRow, ...]
    evidence: EvidenceTable

    def to_dict(self) -> list[dict[str, Any]]:
        return [{**asdict(row), "cost": float(row.cost)} for row in self.rows]

    def to_frame(self) -> pd.DataFrame:
        import pandas as pd  # a second of import that `--help` must not pay

        frame = pd.DataFrame(self.to_dict())
        frame["rank"] = frame["rank"].astype("Int64")
        return frame[["technique", *(c for c in frame.columns if c != "technique")]]

    def _repr_html_(self) -> str:
        html: str = self.to_frame().to_html(index=False)
        return html


@dataclass(frozen=True)
class Lock:
    """What is left when a technique is locked in or out.

    `value` of the objective (or least cost), None where the solve was not finished, there is no
    such stack, or depth chose; `impossible` says that there is none. `columns` is the stack found.
    """

    value: float | None
    impossible: bool
    columns: tuple[int, ...]


def rank(plan: Plan, *, seconds: float = 10.0, progress: Progress = silent) -> Ranking:
    """Every technique ranked. `seconds` bounds the solves with a technique locked in or out; what
    is not finished by then is None."""
    locks = _locks(plan, time.monotonic() + seconds, progress)
    table = Table(plan, locks)
    techniques = range(len(plan.scenario.techniques))
    paid = {plan.question.settled.options[k].technique for k in plan.program.committed}
    inside = {plan.program.technique[j] for j in plan.columns}
    members = sorted(inside, key=lambda i: (-table.rounded(table.rise_if_dropped(i)), table.id(i)))
    others = sorted((i for i in techniques if i not in inside | paid), key=table.place)
    rows = [table.row(i, place) for place, i in enumerate([*members, *others], start=1)]
    rows += [table.row(i, None) for i in sorted(paid, key=table.id)]
    table_of_evidence = evidence(plan.scenario)
    told = table_of_evidence.techniques
    rows = [replace(row, evidence=told[row.technique].sentence) for row in rows]
    return Ranking(plan, tuple(rows), table_of_evidence)


def _locks(plan: Plan, end: float, progress: Progress) -> dict[int, Lock]:
    """For every technique for sale: the best with it locked out (if chosen) or in."""
    program = plan.program
    inside = {program.technique[j] for j in plan.columns}
    order = sorted(set(program.technique), key=lambda i: (i not in inside, i))
    found: dict[int, Lock] = {}
    for done, i in enumerate(order):
        left = end - time.monotonic()
        if left <= 0:
            break
        progress(f"ranking: {done} of {len(order)} techniques locked in or out")
        row = lock(program, i, inside=i not in inside)
        if isinstance(plan.engine, ByDepth):
            found[i] = Lock(None, plan.engine.possible([row], left) is False, ())
            continue
        outcome = plan.engine.best([row], seconds=left)
        value = None
        if outcome.stop == "proven" and outcome.stack is not None:
            value = program.value(outcome.stack)
            if program.target is not None:
                value = float(plan.money(program.stack_cost(outcome.stack)))
        found[i] = Lock(value, outcome.infeasible, outcome.stack or ())
    return found


class Table:
    """Numbers of every technique beside one plan."""

    def __init__(self, plan: Plan, locks: dict[int, Lock]) -> None:
        self.plan = plan
        self.locks = locks
        self.program = plan.program
        self.reached = plan.reached
        if self.program.target is not None:
            self.reached = float(plan.money(plan.cost))
        self.nothing = self.program.value(())
        self.marginal = marginals(plan.question.worlds)
        self.column = {i: self._shown(i) for i in range(len(plan.scenario.techniques))}
        options = [self._option(i) for i in self.column]
        self.overlap = overlaps(plan.question.worlds.failure[options], plan.question.worlds.weight)

    def id(self, i: int) -> str:
        return self.plan.scenario.techniques[i].id

    def rounded(self, number: float) -> float:
        """Equal for numbers of the objective that differ by rounding alone."""
        step = self.nothing * SAME
        return round(number / step) * step if step > 1e-300 else number

    def rounded_rise(self, number: float) -> float:
        """The same for a rise when locked in, which is money where a target was set."""
        if self.program.target is not None:
            return float(round(number * 10**self.plan.scenario.decimals))
        return self.rounded(number)

    def _shown(self, i: int) -> int | None:
        """The column that stands for a technique: of the stack, else of the best stack that holds
        it, else the one that helps most; None where it is not for sale."""
        columns = [j for j, t in enumerate(self.program.technique) if t == i]
        if not columns:
            return None
        lock = self.locks.get(i)
        for stack in (self.plan.columns, lock.columns if lock else ()):
            for j in columns:
                if j in stack:
                    return j
        return min(columns, key=lambda j: (self.program.value([j]), self.program.cost[j]))

    def _option(self, i: int) -> int:
        column = self.column[i]
        if column is not None:
            return self.program.option[column]
        settled = self.plan.question.settled
        return next(k for k in self.program.committed if settled.options[k].technique == i)

    def fall(self, before: Sequence[int], after: Sequence[int]) -> float:
        """How much lower the objective is for one stack than for another; 0 where it is not."""
        value = self.program.value(before)
        found = value - self.program.value(after)
        if value == 0:
            return 0.0
        if abs(found) > CLOSE * value:
            return max(found, 0.0)
        if self.program.loss.size <= FEW_WORLDS:
            exact = self.program.exact_value
            return max(float(exact(before) - exact(after)), 0.0)
        return found if found > SAME * value else 0.0

    def rise_if_dropped(self, i: int) -> float:
        return self.fall([j for j in self.plan.columns if j != self.column[i]], self.plan.columns)

    def fall_if_added(self, i: int) -> float:
        column = self.column[i]
        assert column is not None
        return self.fall(self.plan.columns, (*self.plan.columns, column))

    def locked_rise(self, i: int) -> float | None:
        """How much worse the best stack with the technique locked in or out is than the plan."""
        lock = self.locks.get(i)
        if lock is None or lock.value is None:
            return None
        if self.program.target is not None:
            return max(lock.value - self.reached, 0.0)
        return self.fall(lock.columns, self.plan.columns)

    def stand_in(self, column: int | None, alone: float | None) -> tuple[str, float] | None:
        """The technique of the stack that does most of what a column would do by itself, and how
        much of it; None where the column does nothing."""
        if column is None or not alone:
            return None
        if not self.plan.columns:
            return None
        program, inside = self.program, list(self.plan.columns)
        each = program.failure[inside] * program.loss
        values = program.measure.values
        left = values(program.worlds, each) - values(program.worlds, each * program.failure[column])
        shares = 1 - left / alone
        best = int(np.argmax(np.round(shares, 12)))
        return self.id(program.technique[inside[best]]), float(shares[best])

    def place(self, i: int) -> tuple[int, float, float, str]:
        """Order of what is not in the stack: the least rise when locked in first, then by fall;
        what was not finished by fall alone; what cannot be locked in last."""
        fall = -self.rounded(self.fall_if_added(i))
        lock, rise = self.locks.get(i), self.locked_rise(i)
        if rise is not None:
            return 0, self.rounded_rise(rise), fall, self.id(i)
        return (2 if lock is not None and lock.impossible else 1), 0.0, fall, self.id(i)

    def row(self, i: int, place: int | None) -> RankRow:
        technique = self.plan.scenario.techniques[i]
        option = self.plan.question.settled.options[self._option(i)]
        column = self.column[i]
        inside = column is not None and column in self.plan.columns
        cost = Decimal(0) if column is None else self.plan.money(self.program.cost[column])
        alone = None if column is None else self.fall((), (column,))
        lock = self.locks.get(i)
        twin = _strongest(self.overlap[i], i)
        facts = Facts(
            plan=self.plan,
            technique=i,
            inside=inside,
            for_sale=column is not None,
            alone=alone,
            dropped=self.rise_if_dropped(i) if inside else None,
            added=None if inside or column is None else self.fall_if_added(i),
            locked=self.locked_rise(i),
            dearer=lock is not None and self.program.stack_cost(lock.columns) > self.plan.cost,
            impossible=lock is not None and lock.impossible,
            stand_in=None if inside else self.stand_in(column, alone),
        )
        return RankRow(
            rank=place,
            technique=technique.id,
            name=technique.name,
            level=option.level,
            recommended=inside,
            committed=column is None,
            cost=cost,
            failure_alone=float(self.marginal[self._option(i)]),
            rise_if_dropped=facts.dropped,
            fall_if_added=facts.added,
            reduction_per_cost=None if alone is None or not cost else alone / float(cost),
            replacement_cost=facts.locked if inside else None,
            lock_in_rise=None if inside else facts.locked,
            redundant_with=None if twin is None else self.id(twin),
            redundancy=None if twin is None else float(self.overlap[i, twin]),
            impossible=facts.impossible,
            reason=reason(facts),
        )


def _strongest(shares: Floats, i: int) -> int | None:
    """The technique with the largest share (the first of equals); None where there is none."""
    if np.isnan(shares).all():
        return None
    best = int(np.nanargmax(np.round(shares, 12)))
    return best if best != i and shares[best] > 0 else None
