"""A second axis: any attribute against the risk, at a fixed budget.

What of the attribute (researchers, side-effects on capabilities) must be accepted for how little
risk? A stack is efficient when none within the budget and the rules that has as much of the
attribute or less leaves less. The attribute of a stack is the sum over its techniques, as in a
limit: what others pay for does not count, nor does the level.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.errors import BadInput, LimitHit
from planner.plan import Question
from planner.program.types import Row
from planner.risk.stack import risk
from planner.scenario.notes import nearest
from planner.scenario.numbers import decimals
from planner.scenario.settle import LARGEST_AMOUNT, amount
from planner.solve.conflict import explain_conflict
from planner.solve.engine import Engine
from planner.solve.search import Progress, Search, silent
from planner.study.frontier import is_better, is_exact
from planner.study.frontier_facts import stack_changes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TradePoint:
    """An efficient stack: its attribute, cost, objective, R, and labels."""

    attribute: Decimal
    cost: Decimal
    value: float
    risk: float
    stack: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TradeOff:
    """Points by rising attribute.

    They are all efficient (attribute, objective) pairs there are, down to the amount `open_below`
    (None: to the least amount that a stack may have), each proven without a gap (beyond full
    enumeration up to a relative 1e-12 of the objective).
    """

    question: Question
    name: str
    budget: int
    points: tuple[TradePoint, ...]
    open_below: Decimal | None

    @property
    def changes(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """(enters, leaves) of each point against the one before; all of the first one enters."""
        return stack_changes([point.stack for point in self.points])

    @property
    def next_unit(self) -> list[float | None]:
        """Fall of the objective per unit of the attribute, up to the next point; None at the
        last."""
        found: list[float | None] = [
            (here.value - there.value) / float(there.attribute - here.attribute)
            for here, there in zip(self.points, self.points[1:], strict=False)
        ]
        return [*found, None]

    @property
    def limits(self) -> tuple[Decimal, ...]:
        """What the scenario's own rules allow of the attribute over all techniques."""
        return tuple(
            Decimal(repr(limit.at_most.mean))
            for limit in self.question.scenario.rules.limits
            if limit.attribute == self.name and limit.of is None and limit.at_most is not None
        )

    def to_dict(self) -> dict[str, Any]:
        scenario = self.question.scenario
        rows = []
        for k, point in enumerate(self.points):
            enters, leaves = self.changes[k]
            rows.append(
                {
                    self.name: float(point.attribute),
                    "cost": float(point.cost),
                    "objective_value": point.value,
                    "risk": point.risk,
                    "next_unit": self.next_unit[k],
                    "enters": list(enters),
                    "leaves": list(leaves),
                    "stack": list(point.stack),
                }
            )
        return {
            "against": self.name,
            "objective": self.question.measure.name,
            "budget": float(amount(self.budget, scenario.decimals)),
            "currency": scenario.currency,
            "open_below": None if self.open_below is None else float(self.open_below),
            "points": rows,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a point; lists as text."""
        import pandas as pd  # a second of import that `--help` must not pay

        rows = self.to_dict()["points"]
        for row in rows:
            for key in ("enters", "leaves", "stack"):
                row[key] = ", ".join(row[key])
        return pd.DataFrame(rows)


def trade_off(
    question: Question,
    name: str,
    budget: int,
    search: Search | None = None,
    *,
    seconds: float = 60.0,
    most: int = 1000,
    progress: Progress = silent,
) -> TradeOff:
    """Every efficient (attribute, objective) pair at a budget (units of account), the one of least
    risk first: then the best with less of the attribute, and so on.

    Raises BadInput for depth, for cost (that is the frontier itself) and for an attribute that the
    scenario does not have; NoStack where no stack meets the rules; LimitHit where not one point
    was proven in time.
    """
    _refuse(question, name)
    search = search or Search()
    start = time.monotonic()
    program = question.program(budget)
    engine = Engine(program, Search(solver=search.solver, gap=0.0), progress)
    table = question.settled.attributes[name]
    exact = [table[i] for i in program.technique]
    finest = max((decimals(one) for one in exact), default=0)
    amounts = tuple(int(one.scaleb(finest)) for one in exact)
    if sum(map(abs, amounts)) > LARGEST_AMOUNT:
        raise BadInput.option(
            "--against",
            f"the amounts of {name} are too large or too fine to be summed exactly.",
            "Use a larger unit, or fewer decimals.",
        )
    columns = tuple(range(program.size))
    found: list[tuple[int, ...]] = []
    limit: int | None = None
    finished = False
    while not finished:
        left = seconds - (time.monotonic() - start)
        if left <= 0 or len(found) >= most:
            break
        progress(f"trade-off: {len(found)} efficient stacks found")
        rows = [] if limit is None else [Row(columns, amounts, None, limit, name, "rules.limits")]
        outcome = engine.best(rows, left)
        if outcome.stack is None and outcome.infeasible:
            if not found:
                raise explain_conflict(program, search, question.money)
            finished = True
            break
        if outcome.stack is None or outcome.stop != "proven" or not is_exact(program, outcome):
            break
        while found and not is_better(program, found[-1], outcome.stack):
            found.pop()  # as little risk with less of the attribute
        found.append(outcome.stack)
        limit = sum(amounts[j] for j in outcome.stack) - 1
    if not found:
        raise LimitHit(
            "The time limit was reached before any efficient stack was proven. Allow more time "
            "with --time-limit."
        )
    scenario = question.scenario
    points = tuple(
        TradePoint(
            attribute=Decimal(sum(amounts[j] for j in stack)).scaleb(-finest),
            cost=amount(program.stack_cost(stack), scenario.decimals),
            value=float(program.exact_value(stack)),
            risk=risk(question.worlds, question.options(program, stack)),
            stack=tuple(sorted(program.labels[j] for j in stack)),
        )
        for stack in reversed(found)
    )
    below = None if finished or limit is None else Decimal(limit).scaleb(-finest)
    return TradeOff(question, name, budget, points, below)


def _refuse(question: Question, name: str) -> None:
    if question.by_depth:
        raise BadInput.option(
            "--objective",
            "The trade-off sets an attribute against risk, and depth is no risk.",
            "Write expected, cvar:0.95 or worst:1.",
        )
    known = question.settled.attributes
    if name == "cost":
        raise BadInput.option(
            "--against",
            "Cost against risk is the frontier itself.",
            "Leave --against out, or name another attribute.",
        )
    if name not in known:
        close = nearest(name, known)
        cure = "Add a column of that name to techniques.csv."
        if close is not None:
            cure = f"Did you mean {close}?"
        elif known:
            cure = f"Write one of {', '.join(sorted(known))}."
        raise BadInput.option("--against", f"{name!r} is no attribute of the scenario.", cure)
