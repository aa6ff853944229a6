"""Cost against risk: every efficient stack, or the best one at each of many budgets.

All answers come from one engine on the program without a budget: what it learns at one budget
serves the next. Where all stacks can be tried, every breakpoint is read from the table of them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.errors import BadInput, LimitHit
from planner.plan import Question
from planner.program.types import Program, Row
from planner.scenario.settle import amount
from planner.solve.breakpoints import breakpoints
from planner.solve.conflict import explain_conflict
from planner.solve.engine import Engine
from planner.solve.enumerate import AllStacks, affordable
from planner.solve.search import Outcome, Progress, Search, silent
from planner.solve.shortlist import Exact

if TYPE_CHECKING:
    import pandas as pd

#: Relative gap that the rounding of a route may leave; full enumeration leaves none.
ROUNDING = 1e-12


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
    the budget `open_below` (None: down to the least budget that was asked for). On a grid `every`
    is False, and `missing` are the budgets for which nothing was found in time.
    `bottom` says that the first point is the cheapest stack there is. `low` and `high` are the
    range that was asked for (None: no end).
    """

    question: Question
    points: tuple[Point, ...]
    every: bool
    open_below: int | None
    seconds: float
    bottom: bool = False
    missing: tuple[int, ...] = ()
    low: int | None = None
    high: int | None = None

    def money(self, units: int) -> Decimal:
        """Units of account as an amount of the currency."""
        return amount(units, self.question.scenario.decimals)

    def to_dict(self) -> dict[str, Any]:
        return {
            "currency": self.question.scenario.currency,
            "objective": self.question.measure.name,
            "every_breakpoint": self.every,
            "from": None if self.low is None else float(self.money(self.low)),
            "to": None if self.high is None else float(self.money(self.high)),
            "open_below": None if self.open_below is None else float(self.money(self.open_below)),
            "missing": [float(self.money(units)) for units in self.missing],
            "points": [
                {
                    "budget": float(self.money(point.budget)),
                    "cost": float(self.money(point.cost)),
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
    low: int | None = None,
    high: int | None = None,
    progress: Progress = silent,
) -> Frontier:
    """Every efficient (cost, objective) pair, dearest first: the best stack at the budget `high`
    (None: at no budget), then the best that costs at least one unit less, and so on down to the
    one that is best at the budget `low` (None: to the cheapest).

    Each step is proven at gap 0 and takes the cheapest of equals, so between two neighbours there
    is nothing (beyond full enumeration: up to a relative 1e-12 of the objective). Stops after
    `seconds` or `most` points and says below which budget it is open.

    Raises BadInput for depth, which is no risk, NoStack where no stack meets the rules, and
    LimitHit where not one point was proven in time.
    """
    _refuse_depth(question)
    start = time.monotonic()
    exact = Search(solver=search.solver, gap=0.0)
    program = question.program(None)
    if search.solver in ("auto", "enumerate") and affordable(program):
        stacks = breakpoints(AllStacks(program), high)
        if stacks:
            found = [_proven(program, stack) for stack in stacks]
            found, below, bottom = _within(found, most, low)
            spent = time.monotonic() - start
            return Frontier(question, tuple(found), True, below, spent, bottom, low=low, high=high)
    engine = Engine(program, exact, progress)
    values = Exact(program)
    points: list[Point] = []
    columns: list[tuple[int, ...]] = []
    limit = high

    def ended(*, finished: bool, bottom: bool = False) -> Frontier:
        if not points:
            raise LimitHit(
                "The time limit was reached before any efficient stack was proven. Allow more "
                "time with --time-limit, or ask for a grid with --points 8 --gap 0.01."
            )
        spent = time.monotonic() - start
        below = None if finished else limit
        up = tuple(reversed(points))
        return Frontier(question, up, True, below, spent, bottom, low=low, high=high)

    while True:
        left = seconds - (time.monotonic() - start)
        if left <= 0 or len(points) >= most:
            return ended(finished=False)
        progress(f"frontier: {len(points)} efficient stacks found")
        rows = [] if limit is None else [spend(program, limit)]
        outcome = engine.best(rows, left)
        if outcome.stack is None and outcome.infeasible:
            if not points:
                raise explain_conflict(question.program(high), search, question.money)
            return ended(finished=True, bottom=True)
        if outcome.stack is None or outcome.stop != "proven" or not is_exact(program, outcome):
            return ended(finished=False)
        point = _point(values, outcome, None)
        while columns and not is_better(program, columns[-1], outcome.stack):
            columns.pop()  # a backend took the dearer of two that its rounding cannot tell apart
            points.pop()
        columns.append(outcome.stack)
        points.append(point)
        if low is not None and points[-1].cost <= low:
            return ended(finished=True)
        limit = points[-1].cost - 1


def _within(
    points: list[Point], most: int, low: int | None
) -> tuple[list[Point], int | None, bool]:
    """The points of a table of all values within the bounds of those found one by one, below which
    budget they are open, and whether the cheapest is among them."""
    start = 0
    if low is not None:
        start = max((k for k, point in enumerate(points) if point.cost <= low), default=0)
    kept = points[start:][-most:]
    cut = len(kept) < len(points) - start
    return kept, kept[0].cost - 1 if cut else None, len(kept) == len(points)


def grid(
    question: Question,
    budgets: Sequence[int],
    search: Search,
    *,
    seconds: float | None = None,
    progress: Progress = silent,
) -> Frontier:
    """The best stack at each budget (units of account), proven to the search's gap.

    Budgets that no stack fits are left out; those for which nothing was found within `seconds`
    are named as missing. Raises BadInput for depth, NoStack where no stack fits any budget, and
    LimitHit where nothing was found in time.
    """
    _refuse_depth(question)
    start = time.monotonic()
    program = question.program(None)
    engine = Engine(program, search, progress)
    exact = Exact(program)
    points: list[Point] = []
    missing: list[int] = []
    wanted = sorted(set(budgets), reverse=True)
    done = None
    for place, units in enumerate(wanted):
        left = None if seconds is None else seconds - (time.monotonic() - start)
        if left is not None and left <= 0:
            done = units
            missing += wanted[place:]
            break
        progress(f"frontier: {place} of {len(wanted)} budgets solved")
        outcome = engine.best([spend(program, units)], left)
        if outcome.infeasible:
            if not points and not missing:
                raise explain_conflict(question.program(units), search, question.money)
            break
        if outcome.stack is None:
            missing.append(units)
        else:
            points.append(_point(exact, outcome, units))
    if missing and not points:
        raise LimitHit(
            "The time limit was reached before any stack was found that meets the rules. "
            "Allow more time with --time-limit, or a larger --gap."
        )
    spent = time.monotonic() - start
    gone = tuple(sorted(missing))
    return Frontier(question, tuple(reversed(points)), False, done, spent, missing=gone)


def even_budgets(
    question: Question, count: int, low: int | None = None, high: int | None = None
) -> list[int]:
    """Budgets spread evenly, by default from the cheapest option to the sum of every technique's
    dearest (without what others pay for)."""
    settled = question.settled
    paid = {settled.options[k].technique for k in settled.committed}
    sold = [
        [settled.cost[k] for k in ks if settled.options[k].technique not in paid]
        for ks in settled.options_of.values()
    ]
    if high is None:
        high = max(sum(max(costs) for costs in sold if costs), low or 0)
    if low is None:
        low = min(min((min(costs) for costs in sold if costs), default=0), high)
    steps = max(count - 1, 1)
    return sorted({high - (high - low) * k // steps for k in range(count)})


def _refuse_depth(question: Question) -> None:
    if question.by_depth:
        raise BadInput.option(
            "--objective",
            "The frontier sets cost against risk, and depth is no risk.",
            "Write expected, cvar:0.95 or worst:1; or compare depths with "
            "planner recommend --objective depth --budget 3,6,9.",
        )


def spend(program: Program, units: int) -> Row:
    """The budget as a further row."""
    return Row(tuple(range(program.size)), program.cost, None, units, "budget", "budget")


def is_exact(program: Program, outcome: Outcome) -> bool:
    """Whether an outcome is proven without any gap to speak of."""
    value = program.nearest_value(outcome.stack or ())
    return outcome.bound is not None and outcome.bound >= value * (1 - ROUNDING)


def is_better(program: Program, stack: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether a stack leaves less than another one, exactly."""
    return Exact(program).compare(stack, other) < 0


def _proven(program: Program, stack: tuple[int, ...]) -> Point:
    cost, value = program.stack_cost(stack), program.nearest_value(stack)
    return Point(cost, cost, value, value, _labels(program, stack), True)


def _labels(program: Program, stack: Sequence[int]) -> tuple[str, ...]:
    return tuple(sorted(program.labels[j] for j in stack))


def _point(values: Exact, outcome: Outcome, budget: int | None) -> Point:
    program, stack = values.program, outcome.stack or ()
    cost, value = program.stack_cost(stack), values.nearest(stack)
    return Point(
        budget=cost if budget is None else budget,
        cost=cost,
        value=value,
        bound=None if outcome.bound is None else min(outcome.bound, value),
        stack=_labels(program, stack),
        proven=outcome.stop == "proven",
    )
