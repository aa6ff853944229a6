"""Many stacks within rounding of each other, where cutting planes alone would list them one by one.

Expected answers come from the enumeration of all stacks, which is held against an independent
oracle elsewhere (tests/test_against_enumeration.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import planner.solve.cutting as cutting
from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.solve.engine import Engine
from planner.solve.search import Search
from planner.worlds.types import Worlds


def near_ties(n: int) -> Program:
    """Every technique takes some 1e-9 off the risk; one protects for certain in a small world."""
    failure = np.ones((n, 4))
    for i in range(n):
        failure[i, 1 + i % 2] = 1 - (i + 1) * 1e-9
    failure[0, 3] = 0.0
    worlds = Worlds(np.array([0.2, 0.3, 0.3, 0.2]), np.ones(4), failure)
    everything, cost = tuple(range(n)), tuple(range(n, 0, -1))
    rows = (Row(everything, cost, None, sum(cost) // 2, "budget", "budget"),)
    names = tuple(f"t{i}" for i in everything)
    return Program(names, everything, cost, rows, worlds, Expected(), everything)


def test_where_near_ties_are_many_and_stacks_few_every_stack_is_tried() -> None:
    program = near_ties(8)
    expected = Engine(program, Search("enumerate", gap=0.0)).best()
    found = Engine(program, Search("core", gap=0.0)).best()
    assert (found.stack, found.bound, found.kind) == (expected.stack, expected.bound, "enumerated")


def test_ties_that_are_given_up_take_a_bounded_number_of_programs_and_claim_no_gap_of_0(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = near_ties(8)
    best = Engine(program, Search("enumerate", gap=0.0)).best().bound
    assert best is not None
    solved = 0
    plain = cutting.Master.next

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        nonlocal solved
        solved += 1
        return plain(self, *given, **named)

    monkeypatch.setattr(cutting.Master, "next", counted)
    monkeypatch.setattr(cutting, "NEAR_TIES", 5)
    found = Engine(program, Search("highs", gap=0.0)).best()
    # 5 near ties and one more, then 5 for all that settles them
    assert solved <= 11
    assert found.stack is not None
    assert program.holds(found.stack)
    assert program.value(found.stack) <= best * (1 + 1e-8)
    assert found.bound is not None
    assert found.bound < best
