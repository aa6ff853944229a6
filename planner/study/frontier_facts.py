"""What follows from the points of a frontier: who enters and leaves where, whether larger stacks
hold the smaller ones, the knee, what the next unit of money is worth.

Every function looks at the points alone, by rising budget; money is in units of account.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from planner.risk.exact import Dyadic
from planner.risk.measures import Expected
from planner.risk.stack import risk
from planner.study.frontier import Frontier, Point

#: What the knee is, for pages and files.
KNEE = (
    "the point farthest below the straight line from the cheapest point to the dearest, "
    "logarithm of the risk against cost"
)
#: How far below that line a knee lies at least: rounding is no knee.
LEAST_BEND = 1e-9
#: Drops that the sentence names.
NAMED = 6


@dataclass(frozen=True)
class Membership:
    """Where one option (a technique at a level) is in the stack.

    enters      budgets at which it comes in, where it was not at the point before
    leaves      budgets at which it goes out again
    stays_from  from this budget it is in every stack; None where it is not in the dearest
    held        number of points that hold it
    """

    label: str
    enters: tuple[int, ...]
    leaves: tuple[int, ...]
    stays_from: int | None
    held: int


@dataclass(frozen=True)
class Drop:
    """At a larger budget the stack gives up `label`: for nothing (`to` is None), or for a level of
    the same technique that costs less."""

    label: str
    budget: int
    to: str | None


def membership(points: Sequence[Point], label: str) -> Membership:
    """Where an option enters, leaves, and from where it stays."""
    enters, leaves, held = [], [], 0
    stays: int | None = None
    for point in points:
        inside = label in point.stack
        if inside and stays is None:
            enters.append(point.budget)
            stays = point.budget
        elif not inside and stays is not None:
            leaves.append(point.budget)
            stays = None
        held += inside
    return Membership(label, tuple(enters), tuple(leaves), stays, held)


def changes(points: Sequence[Point]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(enters, leaves) of each point against the one before; all of the first one enters."""
    return stack_changes([point.stack for point in points])


def stack_changes(
    stacks: Sequence[Sequence[str]],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The same for stacks of labels."""
    found = []
    before: frozenset[str] = frozenset()
    for stack in stacks:
        now = frozenset(stack)
        found.append((tuple(sorted(now - before)), tuple(sorted(before - now))))
        before = now
    return found


def drops(points: Sequence[Point], cost: Mapping[str, int]) -> tuple[Drop, ...]:
    """What a larger budget gives up. A technique that moves to a level that costs as much or more
    is not given up."""
    found = []
    for before, point in pairwise(points):
        now = {label.partition(":")[0]: label for label in point.stack}
        for label in before.stack:
            to = now.get(label.partition(":")[0])
            if to is None or cost[to] < cost[label]:
                found.append(Drop(label, point.budget, to))
    return tuple(found)


def knee(points: Sequence[Point]) -> int | None:
    """Which point is the knee (see `KNEE`). None where fewer than three points leave any risk, or
    where none lies below the line. Of equals the cheapest."""
    shown = [k for k, point in enumerate(points) if point.value > 0]
    if len(shown) < 3 or points[shown[0]].cost == points[shown[-1]].cost:
        return None
    first, last = points[shown[0]], points[shown[-1]]
    fall = math.log(first.value) - math.log(last.value)

    def below(point: Point) -> float:
        """Logarithms of the risk under the line."""
        share = (point.cost - first.cost) / (last.cost - first.cost)
        return math.log(first.value) - share * fall - math.log(point.value)

    best = max(shown, key=lambda k: (round(below(points[k]), 12), -k))
    return best if below(points[best]) > LEAST_BEND else None


def next_unit(points: Sequence[Point], unit: int = 1) -> list[float | None]:
    """Fall of the objective per `unit` units of account, from each point to the next that costs
    more; None at the dearest."""
    found: list[float | None] = []
    for k, point in enumerate(points):
        dearer = next((p for p in points[k + 1 :] if p.cost > point.cost), None)
        if dearer is None:
            found.append(None)
        else:
            found.append((point.value - dearer.value) * unit / (dearer.cost - point.cost))
    return found


def at_budget(points: Sequence[Point], budget: int) -> int | None:
    """Which point is best at a budget; None below the first."""
    within = [k for k, point in enumerate(points) if point.budget <= budget]
    return within[-1] if within else None


@dataclass(frozen=True, eq=False)
class Facts:
    """A frontier with all that follows from it."""

    frontier: Frontier

    @property
    def points(self) -> tuple[Point, ...]:
        return self.frontier.points

    @cached_property
    def cost(self) -> dict[str, int]:
        """Label -> cost, of all options that are for sale."""
        settled = self.frontier.question.settled
        paid = {settled.options[k].technique for k in settled.committed}
        return {
            option.label: cost
            for option, cost in zip(settled.options, settled.cost, strict=True)
            if option.technique not in paid
        }

    @cached_property
    def stacks(self) -> int:
        """Number of different stacks."""
        return len({point.stack for point in self.points})

    @cached_property
    def techniques(self) -> tuple[Membership, ...]:
        """Every option for sale: those that are ever in by where they enter first, then the
        others; ties by label."""
        found = [membership(self.points, label) for label in self.cost]
        return tuple(sorted(found, key=lambda m: (not m.enters, m.enters[:1], m.label)))

    @cached_property
    def drops(self) -> tuple[Drop, ...]:
        return drops(self.points, self.cost)

    @property
    def nested(self) -> bool:
        """Every stack holds all techniques of the smaller ones, at their level or a dearer one."""
        return not self.drops

    @cached_property
    def knee(self) -> int | None:
        return knee(self.points)

    @cached_property
    def own(self) -> int | None:
        """Which point is best at the scenario's budget; None where it has none, or where it lies
        outside of what was asked for."""
        budget = self.frontier.question.settled.budget
        return None if budget is None else at_budget(self.points, budget)

    @cached_property
    def next_unit(self) -> list[float | None]:
        return next_unit(self.points, 10**self.frontier.question.scenario.decimals)

    @cached_property
    def changes(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        return changes(self.points)

    @cached_property
    def empty(self) -> float:
        """The objective with nothing funded by anyone."""
        judged = self.frontier.question.judged
        return float(self.frontier.question.measure.exact(judged, Dyadic.of(judged.loss)))

    @cached_property
    def risks(self) -> list[float]:
        """The residual risk R of each point, whatever the objective."""
        question = self.frontier.question
        index, paid = question.settled.option_index, question.settled.committed
        return [
            risk(question.worlds, sorted((*(index[label] for label in point.stack), *paid)))
            for point in self.points
        ]

    @property
    def floor(self) -> float | None:
        """The risk from causes that nobody listed, which no stack goes below; None where there is
        none, and for objectives other than the expected loss."""
        question = self.frontier.question
        floor = question.settled.unlisted * question.worlds.unlisted_loss
        return floor if floor > 0 and isinstance(question.measure, Expected) else None

    def share(self, place: int) -> float | None:
        """What a point leaves, as a share of what is left with nothing funded."""
        return self.points[place].value / self.empty if self.empty > 0 else None

    @property
    def nestedness(self) -> str:
        """Whether a larger budget ever gives something up, which and where."""
        if len(self.points) < 2:
            return "With a single stack there is nothing to compare."
        whole = self.frontier.every and self.frontier.open_below is None
        among = "" if whole else "Among the points found, "
        if self.nested:
            if among:
                return among + "a larger budget only adds to the stack and drops no technique."
            return "Nested: a larger budget only adds to the stack and drops no technique."
        told = [self._told(drop) for drop in self.drops[:NAMED]]
        rest = len(self.drops) - len(told)
        more = f"; and {rest} more" if rest else ""
        budgets = len({drop.budget for drop in self.drops})
        times = "one larger budget drops" if budgets == 1 else f"{budgets} larger budgets drop"
        head = f"{among}{times}" if among else f"Not nested: {times}"
        return f"{head} something: {', '.join(told)}{more}."

    def _told(self, drop: Drop) -> str:
        at = _plain(self.frontier.money(drop.budget))
        to = "" if drop.to is None else f" for {drop.to}"
        return f"{drop.label}{to} at {at}"

    def to_dict(self) -> dict[str, Any]:
        """All of it, in the currency."""
        document = self.frontier.to_dict()
        for place, row in enumerate(document["points"]):
            enters, leaves = self.changes[place]
            row["risk"] = self.risks[place]
            row["share_of_empty"] = self.share(place)
            row["enters"], row["leaves"] = list(enters), list(leaves)
            row["next_unit"] = self.next_unit[place]
        bend = self.knee
        return {
            **document,
            "stacks": self.stacks,
            "objective_empty": self.empty,
            "floor": self.floor,
            "knee": None
            if bend is None
            else {key: document["points"][bend][key] for key in _KNEE_KEYS},
            "knee_means": KNEE,
            "nested": self.nested,
            "nestedness": self.nestedness,
            "drops": [
                {"technique": drop.label, "budget": self._money(drop.budget), "to": drop.to}
                for drop in self.drops
            ],
            "techniques": [
                {
                    "technique": row.label,
                    "cost": self._money(self.cost[row.label]),
                    "enters": [self._money(units) for units in row.enters],
                    "leaves": [self._money(units) for units in row.leaves],
                    "stays_from": None if row.stays_from is None else self._money(row.stays_from),
                    "points": row.held,
                    "in_from_the_start": self.from_the_start(row),
                }
                for row in self.techniques
            ],
        }

    def from_the_start(self, row: Membership) -> bool:
        """In the first point that was found, though cheaper stacks exist or may exist: it entered
        there or before."""
        return not self.frontier.bottom and row.label in self.points[0].stack

    def _money(self, units: int) -> float:
        return float(self.frontier.money(units))


_KNEE_KEYS = ("budget", "cost", "objective_value", "risk", "stack")


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def spread(points: Sequence[Point], count: int) -> list[int]:
    """A few budgets, evenly from the first point to the last."""
    low, high = points[0].budget, points[-1].budget
    return sorted({int(x) for x in np.linspace(low, high, count).round()})
