"""At which price, and how vulnerable, a technique outside the best stack would enter it.

Both are thresholds of one question, which the engine decides exactly: does the best stack that
holds the technique come before the plan, in the order of plans (objective, then cost, then number
of techniques, then labels)? A lower price, or lower vulnerabilities, never hurt the stacks that
hold it and change no other, so that the answer changes once, and bisection finds where.

Entry price: the highest cost of one level at which it enters, all else as written, in whole units
of account. With the technique locked in for nothing, and what it costs taken off the budget (and
off every limit on cost that counts it), all prices are questions to one engine.

Entry vulnerability: the largest factor t, on a grid of 1 / `STEPS`, at which it enters at its own
cost when each of its vulnerabilities v is t * v (each of its failures, where worlds are given).
Background, success and common causes stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, TypeAlias

from planner.plan import Plan
from planner.program.build import build_program, lock
from planner.program.types import Program, Row
from planner.scenario.settle import settle
from planner.scenario.types import Cell, ExplicitWorlds, Scenario
from planner.scenario.values import Number, Value
from planner.solve.engine import Engine
from planner.solve.master import Deadline
from planner.solve.search import Outcome, Search

#: Steps of the factor on vulnerabilities: thresholds are known to 1 / STEPS.
STEPS = 10_000

#: Where a stack stands in the order of plans; smaller is better.
Place: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Threshold:
    """The last value at which a technique enters; the next one up, it does not.

    `value` counts units of account, or steps of 1 / STEPS; None where it does not enter even at
    0 (`never`), or where that is not known. `stack` is the best stack at the value (columns).
    """

    value: int | None
    never: bool = False
    stack: tuple[int, ...] = ()


#: What is not known: time ran out, or the question has no threshold.
UNKNOWN = Threshold(None)


class _Unfinished(Exception):
    """A solve was not finished in time."""


def place(program: Program, stack: tuple[int, ...], extra: int = 0) -> Place:
    """Where a stack stands; `extra` is a cost on top of what the program counts."""
    cost, count, labels = program.tie_key(stack)
    tie = (cost + extra, count, labels)
    if program.target is not None:
        return tie
    value: Fraction = program.exact_value(stack)
    return (value, *tie)


class Priced:
    """One column at any price, locked in: the best stack that holds it, by one engine.

    `possible` is False where a rule asks for least spending that the column counts in: a lower
    price may then break the rule, and there is no threshold.
    """

    def __init__(self, program: Program, column: int, search: Search) -> None:
        self.column = column
        self.money = [row for row in program.rows if row.money and column in row.indices]
        self.possible = all(row.lower is None for row in self.money)
        rows = tuple(row for row in program.rows if row not in self.money)
        cost = tuple(0 if j == column else c for j, c in enumerate(program.cost))
        self.program = replace(program, rows=rows, cost=cost)
        self._lock = Row((column,), (1,), 1, None, "locked in", "rules.fund")
        self._engine = Engine(self.program, replace(search, gap=0.0))

    @property
    def most(self) -> int | None:
        """The price above which the limits on cost bar it; None where there is none."""
        return min((row.upper for row in self.money if row.upper is not None), default=None)

    def best(self, price: int, seconds: float | None) -> Outcome:
        """The best stack that holds the column at a price."""
        return self._engine.best(
            [self._lock, *(self._less(row, price) for row in self.money)], seconds
        )

    def place(self, price: int, deadline: Deadline) -> tuple[Place, tuple[int, ...]] | None:
        """Where that stack stands; None where there is none. Raises _Unfinished."""
        outcome = _finished(self.best(price, deadline.left()))
        if outcome.stack is None:
            return None
        return place(self.program, outcome.stack, price), outcome.stack

    def _less(self, row: Row, price: int) -> Row:
        pairs = [
            (j, c) for j, c in zip(row.indices, row.coefficients, strict=True) if j != self.column
        ]
        upper = None if row.upper is None else row.upper - price
        indices, coefficients = tuple(j for j, _ in pairs), tuple(c for _, c in pairs)
        return replace(row, indices=indices, coefficients=coefficients, upper=upper)


def entry_price(plan: Plan, column: int, deadline: Deadline) -> Threshold:
    """The highest price, in units of account, at which a column outside the plan enters it.

    Unknown for plans by depth, where a rule asks for least spending that counts it, and where the
    deadline ends first.
    """
    if plan.by_depth:
        return UNKNOWN
    priced = Priced(plan.program, column, plan.engine.search)
    high = plan.program.cost[column]
    if not _exact(plan):
        # A plan within a gap may lose to a stack that holds the column at its own price.
        high = max(high, plan.cost, priced.most or 0) + 1
    return highest_price(priced, place(plan.program, plan.columns), high, deadline)


def highest_price(priced: Priced, reference: Place, above: int, deadline: Deadline) -> Threshold:
    """The highest price below `above` at which the column beats the reference."""
    if not priced.possible:
        return UNKNOWN
    most = priced.most
    high = above if most is None else min(above, most + 1)

    def enters(price: int) -> tuple[int, ...] | None:
        found = priced.place(price, deadline)
        return None if found is None or found[0] >= reference else found[1]

    return _last(enters, high, deadline)


def entry_vulnerability(plan: Plan, technique: int, deadline: Deadline) -> Threshold:
    """The largest factor on a technique's vulnerabilities, in steps of 1 / STEPS, at which it
    enters the plan. Unknown for plans by depth, and where the deadline ends first."""
    if plan.by_depth:
        return UNKNOWN
    search = replace(plan.engine.search, gap=0.0)

    def enters(step: int) -> tuple[int, ...] | None:
        program = _program(plan, scaled(plan.scenario, technique, step))
        row = lock(program, technique, inside=True)
        outcome = _finished(Engine(program, search).best([row], deadline.left()))
        if outcome.stack is None:
            return None
        better = place(program, outcome.stack) < place(program, plan.columns)
        return outcome.stack if better else None

    return _last(enters, STEPS if _exact(plan) else STEPS + 1, deadline)


def scaled(scenario: Scenario, technique: int, step: int) -> Scenario:
    """The scenario with one technique's vulnerabilities times step / STEPS."""
    threats = scenario.threats
    if isinstance(threats, ExplicitWorlds):
        cells = {(i, s): value for i, s, value in threats.failure}
        for s in range(len(threats.worlds)):
            written = cells.get((technique, s), Number(Decimal(1)))
            cells[technique, s] = _times(written, step)
        failure = tuple(
            (i, s, value) for (i, s), value in sorted(cells.items(), key=lambda c: c[0])
        )
        return replace(scenario, threats=replace(threats, failure=failure))
    rows = list(threats.cells)
    rows[technique] = tuple(Cell(_times(cell.value, step)) for cell in rows[technique])
    return replace(scenario, threats=replace(threats, cells=tuple(rows)))


def _times(value: Value, step: int) -> Value:
    """A value's mean times step / STEPS; at the last step the mean itself."""
    with localcontext() as context:
        context.prec = 60
        return Number(Decimal(repr(value.mean)) * step / STEPS)


def _program(plan: Plan, scenario: Scenario) -> Program:
    """The plan's program for a changed scenario."""
    question, settled = plan.question, settle(scenario)
    judged = question.measure.worlds(settled, question.seed)
    budget = next((row.upper for row in plan.program.rows if row.where == "budget"), None)
    return build_program(settled, judged, question.measure, budget=budget, target=plan.target)


def _last(
    enters: Callable[[int], tuple[int, ...] | None], high: int, deadline: Deadline
) -> Threshold:
    """The last number of 0 .. high - 1 at which something enters; at `high` it does not."""
    try:
        stack = enters(0) if high > 0 else None
        if stack is None:
            return Threshold(None, never=True)
        low = 0
        while high - low > 1:
            if deadline.over():
                return UNKNOWN
            middle = (low + high) // 2
            found = enters(middle)
            if found is None:
                high = middle
            else:
                low, stack = middle, found
    except _Unfinished:
        return UNKNOWN
    return Threshold(low, stack=stack)


def _finished(outcome: Outcome) -> Outcome:
    if outcome.stop != "proven" and not outcome.infeasible:
        raise _Unfinished
    return outcome


def _exact(plan: Plan) -> bool:
    """Whether no stack is better than the plan, gaps of rounding apart."""
    proof = plan.proof
    return proof.stop == "proven" and proof.gap is not None and proof.gap < 1e-12
