"""A chunk: consecutive cases of a sweep, answered by one worker in one go.

This is the one function that crosses to other processes and machines: a frozen sweep and a span
of numbers go out, the canonical texts of the outcomes and the seconds that they took come back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from planner.errors import EnvironmentFailed, PlannerError
from planner.scenario.changes import change_all
from planner.scenario.draw import draw, settle_at
from planner.scenario.experts import scenario_of_expert
from planner.scenario.settle import settle
from planner.scenario.types import Scenario
from planner.solve.search import Search
from planner.sweep.batch import answer_draws
from planner.sweep.cases import Cell, Sweep, seed_of
from planner.sweep.outcomes import Failed, Outcome, encode
from planner.sweep.single import answer_settled, failed

#: Draws that are worked on at a time.
MOST_DRAWS = 4096


@dataclass(frozen=True)
class Span:
    """Cases `start`, `start` + 1, ... below `stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def pieces(self, count: int) -> list[Span]:
        """The span cut into so many pieces, or into single cases where it is shorter."""
        size = -(-len(self) // count)
        return [Span(at, min(at + size, self.stop)) for at in range(self.start, self.stop, size)]


@dataclass(frozen=True)
class Chunk:
    """What came of a span: one canonical text a case, how many of them are failures, and the
    seconds that the worker took."""

    span: Span
    outcomes: tuple[str, ...]
    failed: int
    seconds: float


def answer_span(sweep: Sweep, span: Span) -> Chunk:
    """Answer a span of cases. What comes of a case does not depend on the span it is in.

    Raises EnvironmentFailed, OSError or MemoryError where the machine is to blame.
    """
    started = time.perf_counter()
    outcomes: list[str] = []
    at, failures = span.start, 0
    while at < span.stop:
        place, first = divmod(at, sweep.each)
        count = min(sweep.each - first, span.stop - at, MOST_DRAWS)
        for outcome in _answer_cell(sweep, sweep.cell(place), first, count):
            failures += isinstance(outcome, Failed)
            outcomes.append(encode(outcome))
        at += count
    return Chunk(span, tuple(outcomes), failures, time.perf_counter() - started)


def _answer_cell(sweep: Sweep, cell: Cell, first: int, count: int) -> Iterator[Outcome]:
    """Some draws of a cell, or the means."""
    try:
        scenario = changed(sweep, cell)
        if sweep.draws is None:
            settled = settle(scenario)
        else:
            draws = draw(scenario, count, sweep.seed, start=first)
    except EnvironmentFailed:
        raise
    except PlannerError as error:
        yield from [failed(error)] * count
        return
    search = Search(sweep.solver, sweep.gap)
    if sweep.draws is None:
        yield answer_settled(settled, cell.objective, seed_of(sweep.seed, None), search)
        return
    for k, found in enumerate(answer_draws(draws, cell.objective, sweep.solver)):
        if found is None:
            seed = seed_of(sweep.seed, first + k)
            yield answer_settled(settle_at(draws, k), cell.objective, seed, search)
        else:
            yield found


def changed(sweep: Sweep, cell: Cell) -> Scenario:
    """The scenario of a cell: the expert's table, and all changes made."""
    scenario = sweep.scenarios[cell.scenario]
    if cell.expert is not None:
        scenario = scenario_of_expert(scenario, cell.expert)
    return change_all(scenario, sweep.changes(cell))
