"""Many draws of a small program at once, with the very bits of `planner.worlds.build`.

A draw is answered here only where the result is surely that of the search by itself: the worlds
exact, the objective the expected loss, and stacks within rounding of the best told apart exactly
(`planner.sweep.ties`). The others are left to the single way. Whether a draw is left does not
depend on the draws beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.errors import PlannerError
from planner.plan import read_budget
from planner.program.build import build_program
from planner.program.types import Program
from planner.risk.measures import Expected
from planner.scenario.draw import Draws, settle_at
from planner.scenario.settle import ModeNumbers
from planner.scenario.uncertain import Field
from planner.solve.draws import best_of_draws
from planner.solve.search import Search
from planner.solve.shortlist import UNDERFLOW
from planner.sweep.outcomes import Answered, Outcome
from planner.sweep.single import answer_settled, cost_text
from planner.sweep.ties import settle_ties
from planner.worlds.build import build
from planner.worlds.merge import distinct
from planner.worlds.types import Floats, Worlds

#: Most columns of a program: beyond, all stacks of a draw are dearer than a search.
MOST_COLUMNS = 12
#: Numbers of the table of failures that are held at a time.
CELLS = 2**18
#: Money and what limits count: where they are drawn, each draw has rules of its own.
MONEY: frozenset[Field] = frozenset(("cost", "budget", "attribute"))
#: Where nothing else is drawn, the worlds of all draws differ in their failures alone.
FAILURES: frozenset[Field] = frozenset(("vulnerability", "background", "success"))
#: Solvers whose answer enumeration is.
SOLVERS = ("auto", "enumerate")

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


def answer_draws(draws: Draws, objective: str, solver: str) -> list[Outcome | None]:
    """What comes of each draw, None where the single way has to find it."""
    nothing: list[Outcome | None] = [None] * draws.count
    fields = {number.field for number in draws.numbers}
    if objective.strip() != "expected" or solver not in SOLVERS or fields & MONEY:
        return nothing
    try:
        first = build(settle_at(draws, 0))
        program = _program(draws, first)
    except PlannerError:
        return nothing  # the single way says why
    if not first.exact or program.size > MOST_COLUMNS:
        return nothing
    stacks = _Stacks.of(program)
    if not stacks.order:
        if not fields <= FAILURES:
            return nothing
        # Which rules conflict has nothing to do with failures: what is said of one holds for all.
        return [answer_settled(settle_at(draws, 0), objective, 0, Search(solver))] * draws.count
    decimals = draws.scenario.decimals
    if not fields <= FAILURES or not _without_causes(draws):
        each = (build(settle_at(draws, k)) for k in range(draws.count))
        return [
            _answers(program, decimals, worlds, worlds.failure[None], stacks)[0] for worlds in each
        ]
    found: list[Outcome | None] = []
    for failure, alike in _failures(draws):
        answers = _answers(program, decimals, first, failure, stacks)
        found += [answer if same else None for answer, same in zip(answers, alike, strict=True)]
    return found


def _program(draws: Draws, worlds: Worlds) -> Program:
    """The program that all draws share but for their worlds."""
    settled = draws.central
    budget = read_budget(settled, None, None)
    return build_program(settled, worlds, Expected(), budget=budget)


@dataclass(frozen=True, eq=False)
class _Stacks:
    """The stacks that obey every rule, as bit masks: `feasible` (2^n,), and `order`, the most
    preferred at a tie first."""

    feasible: NDArray[np.bool_]
    order: list[int]

    @classmethod
    def of(cls, program: Program) -> _Stacks:
        matrix, lower, upper = program.dense_rows
        bits = (np.arange(2**program.size)[:, None] >> np.arange(program.size)) & 1
        sums = bits @ matrix.T
        feasible: NDArray[np.bool_] = np.all((sums >= lower) & (sums <= upper), axis=1)
        columns = {mask: np.flatnonzero(bits[mask]) for mask in np.flatnonzero(feasible).tolist()}
        order = sorted(columns, key=lambda mask: program.tie_key(columns[mask].tolist()))
        return cls(feasible, order)


def _without_causes(draws: Draws) -> bool:
    """Whether failures given the modes are failures in the worlds: modes, and no common cause."""
    threats = draws.central.threats
    return isinstance(threats, ModeNumbers) and not (threats.loading > 0).any()


def _failures(draws: Draws) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    """Pieces of the draws: `failure` (D, options, S) in the merged worlds of the first draw, and
    (D,) whether the worlds of each draw merge in the same way, so that it has these worlds.

    The operations are those of planner.worlds.conditional, elementwise and in their order.
    """
    central = draws.central
    threats = central.threats
    assert isinstance(threats, ModeNumbers)
    apart = build(settle_at(draws, 0), merge=False)
    first, number = distinct(np.vstack([apart.loss, apart.failure]))
    steps = _Steps.to(apart.active[apart.state[apart.state >= 0]])
    technique = [option.technique for option in central.options]
    each_once = technique == list(range(threats.background.size))
    step = max(1, CELLS // apart.failure.size)
    for at in range(0, draws.count, step):
        part = slice(at, at + step)
        vulnerability = draws.block("vulnerability", threats.vulnerability, part)
        background = draws.block("background", threats.background, part)
        success = draws.block("success", central.success, part)
        f = steps.failures(vulnerability, background)
        if not each_once:
            f = f[:, :, technique]
        if (success < 1).any():  # otherwise nothing is added
            f += (1 - success) * (1 - f)
            np.clip(f, 0.0, 1.0, out=f)
        if apart.unlisted > 0:
            f = np.concatenate([f, np.ones((1, *f.shape[1:]))])
        merged = f[first]
        alike = (merged[number] == f).all(axis=(0, 2)) & ~_merging(merged, apart.loss[first])
        yield np.ascontiguousarray(merged.transpose(1, 2, 0)), alike


@dataclass(frozen=True)
class _Steps:
    """How to reach sets of modes from the empty one, a mode at a time in the modes' order.

    steps   (place of the set before, mode that is added); the k-th step makes set k + 1
    places  of the sets that are wanted
    """

    steps: tuple[tuple[int, int], ...]
    places: tuple[int, ...]

    @classmethod
    def to(cls, active: NDArray[np.bool_]) -> _Steps:
        """To every row of `active` (C, m)."""
        known: dict[tuple[int, ...], int] = {(): 0}
        steps = []
        sets = [tuple(np.flatnonzero(row).tolist()) for row in active]
        for modes in sets:
            for size in range(1, len(modes) + 1):
                if modes[:size] not in known:
                    known[modes[:size]] = len(known)
                    steps.append((known[modes[: size - 1]], modes[size - 1]))
        return cls(tuple(steps), tuple(known[modes] for modes in sets))

    def failures(self, vulnerability: Floats, background: Floats) -> Floats:
        """(C, D, n) failure given each set, from (D, n, m) and (D, n)."""
        table = np.empty((len(self.steps) + 1, *background.shape))
        table[0] = background
        columns = np.ascontiguousarray(np.moveaxis(vulnerability, 2, 0))
        for place, (before, mode) in enumerate(self.steps, start=1):
            f = table[before]
            np.subtract(1, f, out=table[place])
            table[place] *= columns[mode]
            table[place] += f
        if self.places != tuple(range(len(table))):
            table = table[list(self.places)]
        return np.clip(table, 0.0, 1.0, out=table)


def _merging(failure: Floats, loss: Floats) -> NDArray[np.bool_]:
    """(D,) whether two worlds of `failure` (S, D, options) have the same key; equal worlds always
    have."""
    keys = np.zeros(failure.shape[:2], np.uint64)
    rows = [np.broadcast_to(loss[:, None], keys.shape), *np.moveaxis(failure, 2, 0)]
    for row in rows:
        keys = (keys ^ (row + 0.0).view(np.uint64)) * _FACTOR
        keys ^= keys >> _SHIFT
    keys.sort(axis=0)
    equal: NDArray[np.bool_] = (keys[1:] == keys[:-1]).any(axis=0)
    return equal


def _answers(
    program: Program, decimals: int, worlds: Worlds, failure: Floats, stacks: _Stacks
) -> list[Answered | None]:
    """The best stack of each draw of `failure` (D, options, S); None where that is not certain."""
    if not worlds.exact:
        return [None] * len(failure)
    weight = np.broadcast_to(worlds.weight, (len(failure), worlds.count))
    for k in program.committed:
        weight = weight * failure[:, k]
    columns = failure[:, list(program.option)]
    best = best_of_draws(columns, weight, stacks.feasible, stacks.order)
    chosen, settled = settle_ties(program, worlds, failure, best)
    unsure = ~settled | (best.value < UNDERFLOW)
    found: list[Answered | None] = [None] * len(failure)
    for mask in np.unique(chosen[~unsure]).tolist():
        stack = [j for j in range(program.size) if mask >> j & 1]
        options = sorted((*(program.option[j] for j in stack), *program.committed))
        here = np.flatnonzero((chosen == mask) & ~unsure)
        left = np.repeat(worlds.loss[None], here.size, axis=0)
        for k in options:
            left *= failure[here, k]
        labels = tuple(sorted(program.labels[j] for j in stack))
        cost = cost_text(program.stack_cost(stack), decimals)
        for d, row in zip(here.tolist(), (worlds.probability * left).tolist(), strict=True):
            value = math.fsum(row)
            found[d] = Answered(labels, cost, value, value, "enumerated", 0.0)
    return found
