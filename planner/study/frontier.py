"""Cost against risk: every efficient stack, or the best one at each of many budgets.

All answers come from one engine on the program without a budget: what it learns at one budget
serves the next.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.errors import NoStack
from planner.plan import Question
from planner.program.types import Program, Row
from planner.solve.engine import Engine
from planner.solve.search import Outcome, Progress, Search, silent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Point:
    """A stack that is best at a budget: money in units of account.

    `budget` is the least budget at which it is best, `value` its objective, `bound` a proven lower
    bound on the objective at that budget (None where nothing is proven).
    """

    budget: int
    cost: int
    value: float
    bound: float | None
    stack: tuple[str, ...]
    proven: bool


@dataclass(frozen=True, eq=False)
class Frontier:
    """Points by rising budget.

    `every` says that these are all efficient (cost, risk) pairs there are, none missing, down to
    the budget `open_below` (None: down to the cheapest stack). On a grid `every` is False.
    """

    question: Question
    points: tuple[Point, ...]
    every: bool
    open_below: int | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        money = 10.0**-self.question.scenario.decimals
        return {
            "currency": self.question.scenario.currency,
            "objective": self.question.measure.name,
            "every_breakpoint": self.every,
            "open_below": None if self.open_below is None else self.open_below * money,
            "points": [
                {
                    "budget": point.budget * money,
                    "cost": point.cost * money,
                    "objective_value": point.value,
                    "lower_bound": point.bound,
                    "proven": point.proven,
                    "stack": list(point.stack),
                }
                for point in self.points
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        import pandas as pd  # a second of import that `--help` must not pay

        rows = [{**row, "stack": ", ".join(row["stack"])} for row in self.to_dict()["points"]]
        columns = ["budget", "cost", "objective_value", "lower_bound", "proven", "stack"]
        return pd.DataFrame(rows, columns=columns)


def frontier(
    question: Question,
    search: Search,
    *,
    seconds: float = 60.0,
    most: int = 1000,
    progress: Progress = silent,
) -> Frontier:
    """Every efficient (cost, objective) pair, dearest first: the best stack at no budget, then the
    best that costs at least one unit less, and so on down.

    Each step is proven at gap 0 and takes the cheapest of equals, so between two neighbours there
    is nothing. Stops after `seconds` or `most` points and says below which budget it is open.
    Raises NoStack where no stack meets the rules.
    """
    start = time.monotonic()
    exact = Search(solver=search.solver, gap=0.0)
    program = question.program(None)
    engine = Engine(program, exact, progress)
    points: list[Point] = []
    limit: int | None = None
    while True:
        left = seconds - (time.monotonic() - start)
        if left <= 0 or len(points) >= most:
            return Frontier(question, tuple(reversed(points)), True, limit, seconds - left)
        progress(f"frontier: {len(points)} efficient stacks found")
        rows = [] if limit is None else [spend(program, limit)]
        outcome = engine.best(rows, left)
        if outcome.stack is None and outcome.infeasible:
            if not points:
                raise NoStack("No stack meets the rules at any budget.")
            return Frontier(question, tuple(reversed(points)), True, None, seconds - left)
        if outcome.stack is None or outcome.stop != "proven" or not _exact(program, outcome):
            return Frontier(question, tuple(reversed(points)), True, limit, seconds - left)
        points.append(_point(program, outcome, None))
        limit = points[-1].cost - 1


def grid(
    question: Question,
    budgets: Sequence[int],
    search: Search,
    *,
    seconds: float | None = None,
    progress: Progress = silent,
) -> Frontier:
    """The best stack at each budget (units of account), proven to the search's gap.

    Budgets that no stack fits are left out; so are those not reached within `seconds`.
    """
    start = time.monotonic()
    program = question.program(None)
    engine = Engine(program, search, progress)
    points: list[Point] = []
    wanted = sorted(set(budgets), reverse=True)
    done = None
    for place, units in enumerate(wanted):
        left = None if seconds is None else seconds - (time.monotonic() - start)
        if left is not None and left <= 0:
            done = units
            break
        progress(f"frontier: {place} of {len(wanted)} budgets solved")
        outcome = engine.best([spend(program, units)], left)
        if outcome.infeasible:
            break
        if outcome.stack is not None:
            points.append(_point(program, outcome, units))
    spent = time.monotonic() - start
    return Frontier(question, tuple(reversed(points)), False, done, spent)


def even_budgets(question: Question, count: int) -> list[int]:
    """Budgets spread evenly from the cheapest option to the sum of every technique's dearest."""
    settled = question.settled
    dearest = [max(settled.cost[k] for k in ks) for ks in settled.options_of.values()]
    low, high = min(settled.cost, default=0), sum(dearest)
    steps = max(count - 1, 1)
    return sorted({low + (high - low) * k // steps for k in range(count)})


def spend(program: Program, units: int) -> Row:
    """The budget as a further row."""
    return Row(tuple(range(program.size)), program.cost, None, units, "budget", "budget")


def _exact(program: Program, outcome: Outcome) -> bool:
    """Whether an outcome is proven without any gap, ties included."""
    value = float(program.exact_value(outcome.stack or ()))
    return outcome.bound is not None and outcome.bound >= value


def _point(program: Program, outcome: Outcome, budget: int | None) -> Point:
    stack = outcome.stack or ()
    cost = program.stack_cost(stack)
    return Point(
        budget=cost if budget is None else budget,
        cost=cost,
        value=float(program.exact_value(stack)),
        bound=outcome.bound,
        stack=tuple(sorted(program.labels[j] for j in stack)),
        proven=outcome.stop == "proven",
    )
