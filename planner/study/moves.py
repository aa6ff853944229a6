"""Moves of a stack: one technique added, dropped, or swapped for another (or for another level).

Of several moves the best one breaks the fewest rules, and of those leaves the least by the
objective; ties go as between plans: lower cost, fewer techniques, smallest labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import numpy as np

from planner.plan import Question
from planner.program.types import Program
from planner.risk.cutsets import defeating, depth
from planner.risk.stack import risk
from planner.scenario.settle import amount
from planner.worlds.types import Floats

Stack: TypeAlias = tuple[int, ...]
Kind: TypeAlias = Literal["add", "drop", "swap"]

#: Values this near (relatively) are compared without rounding, where the worlds are few and no
#: more than so many are that near.
NEAR = 1e-9
TINY = 1e-280
FEW_WORLDS = 4096
FEW_STACKS = 512
#: Numbers held at once while many stacks are valued.
CHUNK = 2**22


@dataclass(frozen=True)
class Step:
    """One move: the columns that leave and enter (None: none), and the stack that it makes."""

    drops: int | None
    adds: int | None
    stack: Stack

    @property
    def kind(self) -> Kind:
        if self.drops is None:
            return "add"
        return "drop" if self.adds is None else "swap"


@dataclass(frozen=True)
class Move:
    """One move and what it does. Changes are against the stack before it; costs in the currency.

    drops, adds      labels, None where nothing leaves or enters
    risk             R after the move
    objective_value  after the move; with `depth` the depth, None where there is no cut set
    objective_change None where one of the two depths is infinite
    cut_sets         cut sets of the size of the depth; None for explicit worlds
    breaks           the rules, and the budget, that the stack breaks after the move
    """

    kind: Kind
    drops: str | None
    adds: str | None
    stack: tuple[str, ...]
    cost: Decimal
    cost_change: Decimal
    risk: float
    risk_change: float
    objective_value: float | None
    objective_change: float | None
    depth: int | None
    cut_sets: int | None
    breaks: tuple[str, ...]

    @property
    def keeps_rules(self) -> bool:
        return not self.breaks

    @property
    def sentence(self) -> str:
        """What to do.

        >>> fields = dict.fromkeys(Move.__dataclass_fields__)
        >>> Move(**{**fields, "kind": "swap", "drops": "w2s", "adds": "re"}).sentence
        'swap w2s for re'
        """
        if self.kind == "swap":
            return f"swap {self.drops} for {self.adds}"
        return f"{self.kind} {self.adds if self.drops is None else self.drops}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "move": self.kind,
            "drops": self.drops,
            "adds": self.adds,
            "stack": list(self.stack),
            "cost": float(self.cost),
            "cost_change": float(self.cost_change),
            "risk": self.risk,
            "risk_change": self.risk_change,
            "objective_value": self.objective_value,
            "objective_change": self.objective_change,
            "depth": self.depth,
            "cut_sets": self.cut_sets,
            "keeps_rules": self.keeps_rules,
            "breaks": list(self.breaks),
        }


class Judge:
    """What stacks of one program are worth, and which of many is best."""

    def __init__(self, question: Question, program: Program) -> None:
        self.question = question
        self.program = program
        self.masks = defeating(question.settled)

    # One stack.

    def objective(self, stack: Sequence[int]) -> float | None:
        """The objective's value, exact but for its last rounding; the depth where that is it."""
        if not self.question.by_depth:
            return self.program.nearest_value(stack)
        deep, _ = self.depth(stack)
        return None if deep is None else float(deep)

    def risk(self, stack: Sequence[int]) -> float:
        return risk(self.question.worlds, self.question.options(self.program, stack))

    def depth(self, stack: Sequence[int]) -> tuple[int | None, int | None]:
        """Depth, and the number of cut sets of that size; as `Move` says."""
        if self.masks is None:
            return None, None
        own = self._masks_of(stack)
        deep = depth(own)
        return deep, 0 if deep is None else cut_sets_of(own, deep)

    def breaks(self, stack: Sequence[int]) -> tuple[str, ...]:
        chosen = frozenset(stack)
        return tuple(row.rule for row in self.program.rows if not row.holds(chosen))

    def _masks_of(self, stack: Sequence[int]) -> list[int]:
        assert self.masks is not None
        options = self.question.options(self.program, stack)
        return [self.masks[self.question.settled.options[k].technique] for k in options]

    # Many stacks.

    def best(self, steps: Sequence[Step]) -> Step | None:
        """The best of some moves; None where there are none."""
        if not steps:
            return None
        counts = [self._broken(step.stack) for step in steps]
        fewest = min(counts)
        left = [step for step, count in zip(steps, counts, strict=True) if count == fewest]
        left = self._deepest(left) if self.question.by_depth else self._least(left)
        return min(left, key=lambda step: self.program.tie_key(step.stack))

    def better(self, one: Stack, other: Stack) -> bool:
        """Whether the first of two stacks that keep the rules is better than the second."""
        found = self.best([Step(None, None, one), Step(None, None, other)])
        return one != other and found is not None and found.stack == one

    def _broken(self, stack: Stack) -> int:
        matrix, lower, upper = self.program.dense_rows
        total = matrix[:, list(stack)].sum(axis=1)
        return int(((total < lower) | (total > upper)).sum())

    def _deepest(self, steps: list[Step]) -> list[Step]:
        sides = [self._masks_of(step.stack) for step in steps]
        depths = [math.inf if deep is None else deep for deep in map(depth, sides)]
        deepest = max(depths)
        kept = [k for k, deep in enumerate(depths) if deep == deepest]
        if math.isinf(deepest):
            return [steps[k] for k in kept]
        counts = [cut_sets_of(sides[k], int(deepest)) for k in kept]
        return [steps[k] for k, count in zip(kept, counts, strict=True) if count == min(counts)]

    def _least(self, steps: list[Step]) -> list[Step]:
        values = self._values(steps)
        edge = values.min() * (1 + NEAR) + TINY
        near = [step for step, value in zip(steps, values, strict=True) if value <= edge]
        if len(near) == 1:
            return near
        if self.program.loss.size <= FEW_WORLDS and len(near) <= FEW_STACKS:
            exact = [self.program.exact_value(step.stack) for step in near]
            least = min(exact)
            return [step for step, value in zip(near, exact, strict=True) if value == least]
        return near

    def _values(self, steps: list[Step]) -> Floats:
        """The measure of every stack; a dropped column's losses are worked out once."""
        program = self.program
        known: dict[Stack, Floats] = {}
        found: list[Floats] = []
        size = max(1, CHUNK // max(program.loss.size, 1))
        for start in range(0, len(steps), size):
            rows = []
            for step in steps[start : start + size]:
                rest = tuple(j for j in step.stack if j != step.adds)
                if rest not in known:
                    known.clear()
                    known[rest] = program.losses(rest)
                left = known[rest]
                rows.append(left if step.adds is None else left * program.failure[step.adds])
            found.append(program.measure.values(program.worlds, np.array(rows)))
        return np.concatenate(found)

    # In words.

    def move(self, before: Sequence[int], step: Step) -> Move:
        """What a step does to the stack before it."""
        program, decimals = self.program, self.question.scenario.decimals
        then, now = self.objective(before), self.objective(step.stack)
        deep, count = self.depth(step.stack)
        after, earlier = self.risk(step.stack), self.risk(before)
        cost, spent = program.stack_cost(step.stack), program.stack_cost(before)
        return Move(
            kind=step.kind,
            drops=None if step.drops is None else program.labels[step.drops],
            adds=None if step.adds is None else program.labels[step.adds],
            stack=tuple(sorted(program.labels[j] for j in step.stack)),
            cost=amount(cost, decimals),
            cost_change=amount(cost - spent, decimals),
            risk=after,
            risk_change=after - earlier,
            objective_value=now,
            objective_change=None if now is None or then is None else now - then,
            depth=deep,
            cut_sets=count,
            breaks=self.breaks(step.stack),
        )


def cut_sets_of(masks: Sequence[int], size: int) -> int:
    """How many sets of `size` modes defeat every technique, where `size` is the depth.

    A set must hold a mode of each mask: branch on the smallest mask that is not met yet, each
    branch without the modes of those before it, so that no set is counted twice.

    >>> cut_sets_of([0b011, 0b110], 1), cut_sets_of([0b0011, 0b1100], 2), cut_sets_of([], 0)
    (1, 4, 1)
    """
    if not masks:
        return 1
    if size == 0:
        return 0
    smallest = min(masks, key=int.bit_count)
    found, banned = 0, 0
    for j in range(smallest.bit_length()):
        if smallest >> j & 1:
            rest = [m & ~banned for m in masks if not m >> j & 1]
            found += cut_sets_of(rest, size - 1)
            banned |= 1 << j
    return found


# Which moves there are.


def adds(program: Program, stack: Stack, columns: Iterable[int] | None = None) -> list[Step]:
    """Every option (of `columns`) whose technique the stack does not hold, added."""
    held = {program.technique[j] for j in stack}
    choice = range(program.size) if columns is None else columns
    return [
        Step(None, k, tuple(sorted((*stack, k))))
        for k in choice
        if program.technique[k] not in held
    ]


def drops(stack: Stack, columns: Iterable[int] | None = None) -> list[Step]:
    """Every option of the stack (of `columns`) dropped."""
    choice = stack if columns is None else columns
    return [Step(j, None, tuple(c for c in stack if c != j)) for j in choice]


def swaps(
    program: Program,
    stack: Stack,
    out: Iterable[int] | None = None,
    into: Iterable[int] | None = None,
) -> list[Step]:
    """Every option of the stack (of `out`) for every other one (of `into`) that it does not hold
    then at another level."""
    found = []
    entering = None if into is None else list(into)
    for drop in drops(stack, out):
        for add in adds(program, drop.stack, entering):
            if add.adds not in stack:
                found.append(Step(drop.drops, add.adds, add.stack))
    return found


def best_swap(judge: Judge, stack: Stack, budget: int | None) -> Step | None:
    """The best swap within the budget (or within what the stack costs, if that is more)."""
    most = None if budget is None else max(budget, judge.program.stack_cost(stack))
    return judge.best(_within(judge.program, swaps(judge.program, stack), most))


def best_add(judge: Judge, stack: Stack, budget: int | None) -> Step | None:
    """The best addition within the budget."""
    return judge.best(_within(judge.program, adds(judge.program, stack), budget))


def best_drop(judge: Judge, stack: Stack) -> Step | None:
    """The drop that the objective suffers least from."""
    return judge.best(drops(stack))


def _within(program: Program, steps: list[Step], most: int | None) -> list[Step]:
    if most is None:
        return steps
    return [step for step in steps if program.stack_cost(step.stack) <= most]


def path(judge: Judge, start: Stack, goal: Stack) -> list[Step]:
    """Moves that lead from one stack to another, each the best of those that lead there: it adds
    something of the goal, drops something that is not in it, or does both."""
    program, stack = judge.program, start
    found: list[Step] = []
    while stack != goal:
        out = [j for j in stack if j not in goal]
        into = [k for k in goal if k not in stack]
        steps = [*adds(program, stack, into), *drops(stack, out)]
        steps += swaps(program, stack, out, into)
        step = judge.best(steps)
        assert step is not None
        found.append(step)
        stack = step.stack
    return found
