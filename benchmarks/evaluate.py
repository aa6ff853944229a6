"""The one evaluator: what a stack is worth and what a claimed bound proves, for every method.

It shares no code with the planner's search or with any peer: rules are summed in integers, the
expected loss in extended precision, from the instance's arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.program.types import Program
from planner.risk.measures import Expected

#: Relative tolerance within which a claimed gap counts as reached.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Check:
    """`gap` is 1 - bound / value (None without a bound), `holds` whether all rules are obeyed."""

    value: float
    cost: int
    holds: bool
    gap: float | None


def evaluate(program: Program, stack: Sequence[int], bound: float | None) -> Check:
    """Value, cost, rules and gap of a stack with a claimed lower bound."""
    chosen = sorted(set(stack))
    holds = len(chosen) == len(stack) and all(0 <= j < program.size for j in chosen)
    inside = set(chosen)
    for row in program.rows:
        pairs = zip(row.indices, row.coefficients, strict=True)
        total = sum(int(c) for j, c in pairs if j in inside)
        holds &= row.lower is None or total >= row.lower
        holds &= row.upper is None or total <= row.upper
    value = risk(program, chosen)
    gap = None
    if bound is not None and value > 0:
        gap = max(1 - bound / value, 0.0)
    elif bound is not None:
        gap = 0.0
    return Check(value, sum(program.cost[j] for j in chosen), bool(holds), gap)


def risk(program: Program, stack: Sequence[int]) -> float:
    """The objective: expected loss in extended precision, other measures in exact rationals."""
    if not isinstance(program.measure, Expected):
        return float(program.exact_value(tuple(stack)))
    worlds = program.worlds
    left = worlds.probability.astype(np.longdouble) * worlds.loss
    for k in (*program.committed, *(program.option[j] for j in stack)):
        left = left * worlds.failure[k]
    return float(np.sort(left).sum())


def reached(gap: float | None, asked: float) -> bool:
    """Whether a gap is the one that was asked for."""
    return gap is not None and gap <= asked * (1 + TOLERANCE)
