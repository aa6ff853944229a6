"""A technique that does not exist yet: what it is assumed to be, and the program in which many of
them, one a failure profile, stand beside those that exist.

A profile is the set of modes that the new technique withstands. It fails with probability
`withstands` when one of these is active and with `fails` when another is; background, success and
loadings are the same for all profiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import cached_property
from statistics import median
from typing import Any

from planner.errors import BadInput
from planner.plan import Plan
from planner.program.build import build_program
from planner.program.types import Program
from planner.scenario.settle import amount, settle
from planner.scenario.types import FULL, Cell, FailureModes, Level, Scenario, Technique
from planner.scenario.values import Number
from planner.solve.master import Deadline
from planner.solve.search import Search
from planner.study.entry import Priced, Threshold, highest_price, place

#: What the id of a new technique begins with: after every id that a scenario may have, so that
#: among equals one that exists comes first.
LAST = "~new"
#: Numbers of the modes that a new technique withstands, rising.
Modes = tuple[int, ...]


@dataclass(frozen=True)
class Assumed:
    """What a new technique is taken to be; probabilities. It shares no common cause."""

    withstands: float
    fails: float
    background: float
    success: float

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "common_causes": "none"}


def assumed(
    scenario: Scenario,
    withstands: float | None = None,
    fails: float | None = None,
    success: float | None = None,
) -> Assumed:
    """What is given, and for the rest what is usual in the scenario.

    `withstands`, `fails`: the least and the largest mean of the symbols of the scale that the
    table uses; without symbols the median of the cells below the threshold, and of the others.
    Background, success: the median over techniques (success of the dearest level).

    Raises BadInput for explicit worlds, which have no modes.
    """
    threats = modes_of(scenario)
    cells = [cell for row in threats.cells for cell in row]
    symbols = sorted({cell.value.mean for cell in cells if cell.symbol is not None})
    threshold = scenario.threshold.mean
    below = [cell.value.mean for cell in cells if cell.value.mean < threshold]
    above = [cell.value.mean for cell in cells if cell.value.mean >= threshold]
    usual_low = symbols[0] if len(symbols) > 1 else median(below or [0.0])
    usual_high = symbols[-1] if len(symbols) > 1 else median(above or [1.0])
    dearest = [
        max(t.levels, key=lambda level: level.cost.mean).success.mean for t in scenario.techniques
    ]
    return Assumed(
        withstands=usual_low if withstands is None else withstands,
        fails=usual_high if fails is None else fails,
        background=median(t.background.mean for t in scenario.techniques),
        success=median(dearest) if success is None else success,
    )


def modes_of(scenario: Scenario) -> FailureModes:
    if not isinstance(scenario.threats, FailureModes):
        raise BadInput.option(
            "gaps",
            "A gap is a failure mode that nothing withstands, and this scenario gives worlds.",
            "Describe modes and vulnerabilities.",
        )
    return scenario.threats


@dataclass(frozen=True, eq=False)
class Market:
    """The plan's program with new techniques for sale: columns `first`, `first` + 1, ... in the
    order of the profiles. Only one of them is for sale at a time."""

    plan: Plan
    program: Program
    profiles: tuple[Modes, ...]

    @classmethod
    def of(cls, plan: Plan, new: Assumed, profiles: Sequence[Modes]) -> Market:
        """Worlds are built once for all profiles."""
        scenario = _with(plan.scenario, new, profiles)
        settled = settle(scenario)
        question = plan.question
        judged = question.measure.worlds(settled, question.seed)
        program = build_program(settled, judged, question.measure, budget=plan.budget)
        return cls(plan, program, tuple(profiles))

    @property
    def first(self) -> int:
        return self.plan.program.size

    @cached_property
    def value(self) -> float:
        """The objective of the plan on these worlds."""
        return self.program.value(self.plan.columns)

    @cached_property
    def falls(self) -> list[float]:
        """How much lower the objective is with each new technique beside the plan."""
        left = self.program.losses(self.plan.columns)
        new = self.program.failure[self.first :]
        values = self.program.measure.values(self.program.worlds, left * new)
        return [max(self.value - float(value), 0.0) for value in values]

    def priced(self, number: int, search: Search) -> Priced:
        """One new technique beside those that exist, at any price."""
        base = range(self.plan.program.size)
        return Priced(self.program.only([*base, self.first + number]), self.first, search)

    def price(self, number: int, search: Search, deadline: Deadline) -> Threshold:
        """The highest price at which it enters."""
        priced = self.priced(number, search)
        most = priced.most
        above = self.program.stack_cost(self.plan.columns) + 1 if most is None else most + 1
        return highest_price(priced, self.reference, above, deadline)

    def enters(self, number: int, price: int, search: Search, deadline: Deadline) -> bool | None:
        """Whether it enters at a price; None where that was not finished in time."""
        priced = self.priced(number, search)
        if not priced.possible:
            return None
        outcome = priced.best(price, deadline.left())
        if outcome.stack is None:
            return False if outcome.infeasible else None
        if outcome.stop != "proven":
            return None
        return bool(place(priced.program, outcome.stack, price) < self.reference)

    @cached_property
    def reference(self) -> Any:
        """Where the plan stands."""
        return place(self.program, self.plan.columns)


def _with(scenario: Scenario, new: Assumed, profiles: Sequence[Modes]) -> Scenario:
    """The scenario with one technique more for each profile, after all others."""
    threats = modes_of(scenario)
    techniques, cells = list(scenario.techniques), list(threats.cells)
    level = Level(FULL, Number(amount(1, scenario.decimals)), _number(new.success))
    for k, profile in enumerate(profiles):
        id = f"{LAST}{k}"
        techniques.append(Technique(id, id, (level,), background=_number(new.background)))
        cells.append(
            tuple(
                Cell(_number(new.withstands if j in profile else new.fails))
                for j in range(len(threats.modes))
            )
        )
    return replace(
        scenario, techniques=tuple(techniques), threats=replace(threats, cells=tuple(cells))
    )


def _number(value: float) -> Number:
    return Number(Decimal(repr(float(value))))
