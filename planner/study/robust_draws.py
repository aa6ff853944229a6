"""The best stack of every draw, each proven.

Where the worlds of all draws have one shape and the stacks are few, all stacks of every draw are
evaluated at once (`Table`); else each draw is a program of its own for the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.errors import NoStack
from planner.program.build import build_program
from planner.program.types import Program, Row
from planner.risk.measures import Expected
from planner.scenario.draw import Draws, budgets, costs, draw, settle_at
from planner.scenario.types import Scenario
from planner.solve.draws import values_of_draws
from planner.solve.engine import Engine
from planner.solve.search import Progress, ProofKind, Search, silent
from planner.worlds import drawn
from planner.worlds.build import build
from planner.worlds.types import Floats

#: Most columns of which all stacks of every draw are evaluated.
MOST_COLUMNS = 14
#: Most numbers in the table of all stacks of all draws.
MOST_CELLS = 3 * 10**7
#: Numbers in one block of worlds.
BLOCK = 2**19
#: Draws that go to an executor at a time.
PART = 25
_MOST = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Setting:
    """What all draws share.

    program  the program of the central values: its columns and its rules
    budget   in units of account, where the funder gave it for all draws; else None, and each draw
             has the scenario's own (drawn, where that is uncertain)
    """

    draws: Draws
    program: Program
    budget: int | None

    @property
    def scenario(self) -> Scenario:
        return self.draws.scenario

    @cached_property
    def costs(self) -> NDArray[np.int64]:
        """(draws, columns) costs in units of account."""
        return costs(self.draws)[:, list(self.program.option)]

    @cached_property
    def budgets(self) -> NDArray[np.int64]:
        """(draws,) budgets; the largest integer where there is none."""
        none = np.iinfo(np.int64).max
        if self.budget is not None:
            return np.full(self.draws.count, self.budget, np.int64)
        found = budgets(self.draws)
        return np.array([none if b is None else b for b in found], np.int64)

    @cached_property
    def same_money(self) -> bool:
        """Whether what can be bought is the same in every draw."""
        fields = {number.field for number in self.draws.numbers}
        own = self.budget is None and "budget" in fields
        return not ("cost" in fields or own or self._limits_vary)

    @cached_property
    def _limits_vary(self) -> bool:
        """Whether a limit other than the budget counts what is drawn."""
        limited = {limit.attribute for limit in self.scenario.rules.limits}
        drawn_names = {number.attribute for number in self.draws.numbers if number.attribute}
        has_cost = any(number.field == "cost" for number in self.draws.numbers)
        return bool(limited & drawn_names) or ("cost" in limited and has_cost)

    def parts_hold(self, stack: Sequence[int]) -> bool:
        """Whether a part of a stack that meets the rules meets them too (the budget apart)."""
        return all(row.holds(stack) for row in self._fragile)

    @cached_property
    def _fragile(self) -> list[Row]:
        """Rules that leaving something out may break."""
        return [
            row
            for row in self.program.rows
            if row.where != "budget"
            and (row.lower is not None or min(row.coefficients, default=0) < 0)
        ]

    @cached_property
    def has_table(self) -> bool:
        """Whether all stacks of every draw are evaluated."""
        cells = self.draws.count << min(self.program.size, 60)
        return (
            self.program.size <= MOST_COLUMNS
            and cells <= MOST_CELLS
            and drawn.fits(self.draws)
            and not self._limits_vary
        )

    def blocks(self) -> Iterator[tuple[slice, Floats, Floats]]:
        """Parts of the draws with `failure` (part, columns, S) and `weight` (part, S), what others
        pay for already in place. Ask `worlds.drawn.fits` first."""
        each = drawn.worlds_each(self.draws) * max(len(self.draws.central.options), 1)
        step = max(1, BLOCK // each)
        for at in range(0, self.draws.count, step):
            part = slice(at, at + step)
            found = drawn.block(self.draws, part)
            weight = found.weight
            for k in self.program.committed:
                weight = weight * found.failure[:, k]
            yield part, found.failure[:, list(self.program.option)], weight


@dataclass(frozen=True, eq=False)
class Table:
    """Every stack of every draw, by bit mask over the program's columns.

    risk     (draws, 2^n)
    allowed  (draws, 2^n), or (1, 2^n) where it is the same in all: what the rules and the money
             of the draw permit
    """

    risk: Floats
    allowed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Best:
    """The best stack of every draw.

    stacks  column numbers of each; None where no stack meets the rules with the numbers drawn
    value   (draws,) its risk, infinite where there is none
    kind    the rung of proof of each draw; `gap` (draws,) the relative gap that is left
    tied    (draws,) whether another stack is within rounding of it
    rise    (draws, techniques) of the risk if the technique is dropped, for the stack's own
    fall    (draws, techniques) of the risk if it is added to the stack as it is, for the rest
    table   where all stacks of all draws were evaluated
    """

    stacks: tuple[tuple[int, ...] | None, ...]
    value: Floats
    kind: tuple[ProofKind, ...]
    gap: Floats
    tied: NDArray[np.bool_]
    rise: Floats
    fall: Floats
    table: Table | None = None

    @property
    def solved(self) -> NDArray[np.bool_]:
        """(draws,) draws that have a stack at all."""
        return np.isfinite(self.value)


def setting(draws: Draws, budget: int | None) -> Setting:
    """What the draws share; `budget` in units of account, None for the scenario's own."""
    central = draws.central
    units = central.budget if budget is None else budget
    program = build_program(central, build(central, seed=draws.seed), Expected(), budget=units)
    return Setting(draws, program, budget)


def best_of_each(
    place: Setting,
    search: Search,
    *,
    executor: Executor | None = None,
    progress: Progress = silent,
) -> Best:
    """The best stack of every draw. Raises NoStack where no draw has one.

    With an `executor`, programs that have to be solved one by one go to it in parts.
    """
    if place.has_table:
        return _from_table(place)
    draws = place.draws
    cases = [
        Part(
            place.scenario,
            draws.seed,
            draws.start + at,
            min(PART, draws.count - at),
            draws.correlation,
            place.budget,
            search,
        )
        for at in range(0, draws.count, PART)
    ]
    found: list[Solved] = []
    for part in map(_solve_part, cases) if executor is None else executor.map(_solve_part, cases):
        found += part
        progress(f"{len(found):,} of {draws.count:,} draws solved")
    return _some(
        Best(
            stacks=tuple(one.stack for one in found),
            value=np.array([one.value for one in found]),
            kind=tuple(one.kind for one in found),
            gap=np.array([one.gap for one in found]),
            tied=np.zeros(draws.count, np.bool_),
            rise=np.array([one.rise for one in found]),
            fall=np.array([one.fall for one in found]),
        )
    )


def _some(best: Best) -> Best:
    if best.solved.any():
        return best
    raise NoStack("In no draw does any stack meet the rules with the numbers drawn.")


@dataclass(frozen=True)
class Part:
    """Some draws to solve one by one, wherever that happens."""

    scenario: Scenario
    seed: int
    start: int
    count: int
    correlation: float
    budget: int | None
    search: Search


@dataclass(frozen=True, eq=False)
class Solved:
    """One draw of a part; as in `Best`."""

    stack: tuple[int, ...] | None
    value: float
    kind: ProofKind
    gap: float
    rise: Floats
    fall: Floats


def _solve_part(part: Part) -> list[Solved]:
    """Some draws, one program each: the same numbers wherever they are solved."""
    draws = draw(
        part.scenario, part.count, part.seed, start=part.start, correlation=part.correlation
    )
    found = []
    for k in range(part.count):
        settled = settle_at(draws, k)
        units = settled.budget if part.budget is None else part.budget
        worlds = build(settled, seed=part.seed)
        program = build_program(settled, worlds, Expected(), budget=units)
        outcome = Engine(program, part.search).best(seconds=part.search.time_limit)
        nothing = np.zeros(len(part.scenario.techniques))
        if outcome.stack is None:
            found.append(Solved(None, np.inf, outcome.kind, 0.0, nothing, nothing))
            continue
        value = program.value(outcome.stack)
        bound = 0.0 if outcome.bound is None else min(outcome.bound, value)
        rise, fall = worth(
            program.failure[None],
            (program.loss * worlds.probability)[None],
            outcome.stack,
            program.technique,
            len(nothing),
        )
        gap = 1 - bound / value if value > 0 else 0.0
        found.append(Solved(outcome.stack, value, outcome.kind, gap, rise[0], fall[0]))
    return found


def worth(
    failure: Floats,
    weight: Floats,
    stack: Sequence[int],
    technique: Sequence[int],
    count: int,
) -> tuple[Floats, Floats]:
    """(draws, techniques) rise of the risk if a technique is dropped, and fall if it is added at
    the level that helps most; `failure` (draws, columns, S), `weight` (draws, S)."""
    chosen = list(stack)
    rise, fall = np.zeros((len(weight), count)), np.zeros((len(weight), count))
    before = [weight]
    for j in chosen:
        before.append(before[-1] * failure[:, j])
    value = before[-1].sum(axis=1)
    after = np.ones_like(weight)
    for place in range(len(chosen) - 1, -1, -1):
        without = (before[place] * after).sum(axis=1)
        rise[:, technique[chosen[place]]] = without - value
        after = after * failure[:, chosen[place]]
    added = value[:, None] - np.einsum("ds,dks->dk", before[-1], failure)
    owned = {technique[j] for j in chosen}
    for j, i in enumerate(technique):
        if i not in owned:
            fall[:, i] = np.maximum(fall[:, i], added[:, j])
    return rise, fall


def masks_of(place: Setting) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """All bit masks from the most preferred at a tie to the least (by central costs), and by mask
    whether it keeps the rules other than the budget."""
    rows = tuple(row for row in place.program.rows if row.where != "budget")
    return masks_of_program(replace(place.program, rows=rows))


def masks_of_program(program: Program) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """All bit masks from the most preferred at a tie to the least, and which keep the rules."""
    bits = bits_of(program.size)
    keeps = np.ones(len(bits), np.bool_)
    for row in program.rows:
        activity = bits[:, list(row.indices)] @ np.array(row.coefficients, np.int64)
        keeps &= activity >= (-_MOST if row.lower is None else row.lower)
        keeps &= activity <= (_MOST if row.upper is None else row.upper)
    order = sorted(range(len(bits)), key=lambda mask: program.tie_key(columns_of(mask)))
    return np.array(order, np.int64), keeps


def bits_of(size: int) -> NDArray[np.int64]:
    """(2^size, size) the columns of every mask."""
    return (np.arange(1 << size)[:, None] >> np.arange(size)) & 1


def columns_of(mask: int) -> tuple[int, ...]:
    return tuple(j for j in range(int(mask).bit_length()) if mask >> j & 1)


def _from_table(place: Setting) -> Best:
    program, draws = place.program, place.draws
    order, keeps = masks_of(place)
    risk = np.empty((draws.count, 1 << program.size))
    worlds = 1
    for part, failure, weight in place.blocks():
        worlds = weight.shape[1]
        risk[part] = values_of_draws(failure, weight)
    count = 1 if place.same_money else draws.count
    spent = place.costs[:count] @ bits_of(program.size).T
    allowed = keeps & (spent <= place.budgets[:count, None])
    seen = np.where(allowed, risk, np.inf)
    least = seen.min(axis=1)
    margin = 1 + 4 * (worlds + program.size + 8) * float(np.finfo(float).eps)
    near = seen[:, order] <= (least * margin)[:, None]
    taken = order[near.argmax(axis=1)]
    tied = near.sum(axis=1) > 1
    if count > 1:
        # The order at a tie is by central costs; drawn costs order the few ties anew.
        for d in np.flatnonzero(tied):
            ties = order[near[d]].tolist()
            taken[d] = min(ties, key=lambda m: (spent[d, m], *program.tie_key(columns_of(m))[1:]))
    solved = np.isfinite(least)
    table = Table(risk, allowed)
    rise, fall = _worth_in(table, place, taken, least)
    kind: ProofKind = "enumerated"
    return _some(
        Best(
            stacks=tuple(
                columns_of(mask) if fine else None
                for mask, fine in zip(taken.tolist(), solved, strict=True)
            ),
            value=least,
            kind=(kind,) * draws.count,
            gap=np.zeros(draws.count),
            tied=tied & solved,
            rise=rise,
            fall=fall,
            table=table,
        )
    )


def _worth_in(
    table: Table, place: Setting, taken: NDArray[np.int64], least: Floats
) -> tuple[Floats, Floats]:
    """Rises and falls of `worth`, read from the table."""
    program = place.program
    rows = np.arange(len(taken))
    count = len(place.scenario.techniques)
    rise, fall = np.zeros((len(taken), count)), np.zeros((len(taken), count))
    value = np.where(np.isfinite(least), least, 0.0)
    for i in set(program.technique):
        columns = [j for j, k in enumerate(program.technique) if k == i]
        own = sum(1 << j for j in columns)
        inside = (taken & own) != 0
        rise[:, i] = np.where(inside, table.risk[rows, taken & ~own] - value, 0.0)
        for j in columns:
            added = value - table.risk[rows, taken | 1 << j]
            fall[:, i] = np.where(inside, 0.0, np.maximum(fall[:, i], added))
    return rise, fall
