"""Stacks judged under every draw: their risk, their regret, and which is best in what sense.

A stack that a draw makes too dear is bought there in the order of importance (the rise of the
central risk if dropped, largest first), each technique that still fits: so does a funder whose
money runs out. Where what is left breaks another rule, nothing is bought in that draw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from planner.program.types import Program
from planner.risk.measures import Expected
from planner.scenario.draw import settle_at
from planner.solve.engine import Engine
from planner.solve.search import Progress, Search, silent
from planner.study.robust_draws import Best, Setting, columns_of, worth
from planner.worlds import drawn
from planner.worlds.build import build
from planner.worlds.types import Floats, Worlds

#: The share of the worst draws that CVaR over beliefs is the mean of.
TAIL = 0.05
#: Stacks that are judged where not all can be.
MOST_CANDIDATES = 40
#: Worlds of all draws together up to which the least mean risk is solved as one program.
MOST_MEAN_WORLDS = 20_000

#: Why a stack is judged: it is the best at the central values; has the least mean risk over the
#: draws; the least mean of the worst draws; the least worst regret; or is often the best.
Role: TypeAlias = Literal["central", "mean", "cvar", "regret", "often"]
ROLES: tuple[Role, ...] = ("central", "mean", "cvar", "regret")

Stack: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Judged:
    """One stack under all draws that have a stack at all.

    columns     of the program; `labels` how they are written; `cost` in units, at central values
    best_share  share of the draws whose best stack it is
    mean, low, high, cvar   of its risk: mean, 5% and 95% quantile, mean of the worst 5%
    regret      mean, 95% quantile and largest of what it leaves above the draw's best stack
    bought      share of the draws in which all of it can be bought
    """

    roles: tuple[Role, ...]
    columns: Stack
    labels: tuple[str, ...]
    cost: int
    best_share: float
    mean: float
    low: float
    high: float
    cvar: float
    regret: tuple[float, float, float]
    bought: float


@dataclass(frozen=True, eq=False)
class Field:
    """All stacks that were judged, by role first; how each role was found (in words), and the
    risks (stacks, draws) of each in every solved draw."""

    judged: tuple[Judged, ...]
    found: dict[Role, str]
    risks: Floats

    def of(self, role: Role) -> Judged:
        return next(stack for stack in self.judged if role in stack.roles)

    def risk_of(self, role: Role) -> Floats:
        """(solved draws,) risk of the stack that holds the role."""
        place = next(k for k, stack in enumerate(self.judged) if role in stack.roles)
        row: Floats = self.risks[place]
        return row


def judge(
    place: Setting,
    best: Best,
    central: Stack,
    search: Search,
    progress: Progress = silent,
    *,
    written: Program | None = None,
) -> Field:
    """The stack of the central values beside those that are best over all draws.

    What is best in some sense must meet the rules at central costs, those of the program `written`
    (the setting's own where it is None); stacks that are only often the best of a draw need not.
    """
    written = written or place.program
    counts = Counter(stack for stack in best.stacks if stack is not None)
    roles: dict[Stack, set[Role]] = {central: {"central"}}
    found: dict[Role, str] = {"central": "the best stack at the central values"}
    if best.table is not None and place.same_money:
        for role, stack in _over_all(place, best).items():
            roles.setdefault(stack, set()).add(role)
            found[role] = "every stack was tried"
    elif (mean := least_mean(place, written, search)) is not None:
        roles.setdefault(mean, set()).add("mean")
        found["mean"] = "proven, at central costs"
    often = sorted(counts, key=lambda stack: (-counts[stack], place.program.tie_key(stack)))
    # Room is kept for stacks that central costs allow: only they can be best over the draws.
    within = [stack for stack in often if written.holds(stack)]
    for stack in (*often[: MOST_CANDIDATES // 2], *within[: MOST_CANDIDATES // 2]):
        roles.setdefault(stack, set()).add("often")
    stacks = list(roles)
    progress(f"{len(stacks)} stacks are judged under every draw")
    risks, bought = risks_of(place, best, stacks)
    floor = np.minimum(best.value[best.solved], risks.min(axis=0))
    regrets = np.maximum(risks - floor, 0.0)
    tails = np.array([tail_mean(row) for row in risks])
    for role, scores in (
        ("mean", risks.mean(axis=1)),
        ("cvar", tails),
        ("regret", regrets.max(axis=1)),
    ):
        if role not in found:
            allowed = [k for k, stack in enumerate(stacks) if written.holds(stack)]
            least = min(allowed, key=lambda k: (scores[k], _key(place, stacks[k])))
            roles[stacks[least]].add(role)
            found[role] = f"the best of {len(allowed)} stacks judged"
    total = int(best.solved.sum())
    rows = [
        Judged(
            roles=tuple(r for r in (*ROLES, "often") if r in roles[stack]),
            columns=stack,
            labels=tuple(sorted(place.program.labels[j] for j in stack)),
            cost=place.program.stack_cost(stack),
            best_share=counts[stack] / total,
            mean=float(risks[k].mean()),
            low=float(np.quantile(risks[k], 0.05)),
            high=float(np.quantile(risks[k], 0.95)),
            cvar=float(tails[k]),
            regret=(
                float(regrets[k].mean()),
                float(np.quantile(regrets[k], 0.95)),
                float(regrets[k].max()),
            ),
            bought=float(bought[k]),
        )
        for k, stack in enumerate(stacks)
    ]
    order = sorted(
        range(len(rows)),
        key=lambda k: (min(_place(r) for r in rows[k].roles), -rows[k].best_share, rows[k].mean),
    )
    return Field(tuple(rows[k] for k in order), found, risks[order])


def _place(role: Role) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES)


def _key(place: Setting, stack: Stack) -> tuple[int, int, tuple[str, ...]]:
    return place.program.tie_key(stack)


def tail_mean(values: Floats, share: float = TAIL) -> float:
    """Mean of the largest `share` of equally likely values, the last one in part.

    >>> tail_mean(np.array([1.0, 2.0, 3.0, 4.0]), 0.375)
    3.6666666666666665
    """
    falling = np.sort(values)[::-1]
    room = share * falling.size
    taken = np.clip(room - np.arange(falling.size), 0.0, 1.0)
    return float(falling @ taken / room)


def _over_all(place: Setting, best: Best) -> dict[Role, Stack]:
    """The best of all stacks in each sense, where every draw allows the same ones."""
    table = best.table
    assert table is not None
    masks = np.flatnonzero(table.allowed[0])
    risks = table.risk[:, masks][best.solved]
    share = TAIL * len(risks)
    kept = int(np.ceil(share))
    worst = -np.sort(-np.partition(risks, len(risks) - kept, axis=0)[len(risks) - kept :], axis=0)
    taken = np.clip(share - np.arange(kept), 0.0, 1.0)
    scores: dict[Role, Floats] = {
        "mean": risks.mean(axis=0),
        "cvar": taken @ worst / share,
        "regret": (risks - best.value[best.solved][:, None]).max(axis=0),
    }
    found: dict[Role, Stack] = {}
    for role, score in scores.items():
        near = np.flatnonzero(score <= score.min() + 1e-12 * abs(score.min()))
        stacks = [columns_of(int(masks[k])) for k in near]
        found[role] = min(stacks, key=lambda stack: _key(place, stack))
    return found


def mean_program(place: Setting, program: Program) -> Program | None:
    """The program whose risk is the mean over the draws, with the costs and rules of another: the
    worlds of all draws, each as likely as its draw. None where they are too many."""
    draws = place.draws
    if not drawn.fits(draws):
        return None
    if draws.count * drawn.worlds_each(draws) > MOST_MEAN_WORLDS:
        return None
    failures, weights = [], []
    for part in _parts(place):
        found = drawn.block(draws, part)
        failures.append(np.moveaxis(found.failure, 1, 0).reshape(found.failure.shape[1], -1))
        weights.append(found.weight.ravel())
    weight = np.concatenate(weights) / draws.count
    kept = weight > 0
    total = weight[kept].sum()
    worlds = Worlds(
        probability=weight[kept] / total,
        loss=np.full(int(kept.sum()), total),
        failure=np.concatenate(failures, axis=1)[:, kept],
    )
    return Program(
        labels=program.labels,
        technique=program.technique,
        cost=program.cost,
        rows=program.rows,
        worlds=worlds,
        measure=Expected(),
        option=program.option,
        committed=program.committed,
    )


def least_mean(place: Setting, written: Program, search: Search) -> Stack | None:
    """The stack of least mean risk over the draws, proven, at central costs; None where the
    program would be too large, or was not solved in time."""
    program = mean_program(place, written)
    if program is None:
        return None
    outcome = Engine(program, search).best(seconds=search.time_limit)
    return outcome.stack if outcome.stop == "proven" else None


def _parts(place: Setting) -> list[slice]:
    each = drawn.worlds_each(place.draws) * max(len(place.draws.central.options), 1)
    step = max(1, 2**22 // each)
    return [slice(at, at + step) for at in range(0, place.draws.count, step)]


def importance(place: Setting, stack: Stack) -> Stack:
    """The stack in the order in which it is bought: the rise of the central risk if dropped,
    largest first; ties by label."""
    program = place.program
    weight = program.loss * program.worlds.probability
    rise, _ = worth(
        program.failure[None],
        weight[None],
        stack,
        program.technique,
        len(place.scenario.techniques),
    )
    return tuple(sorted(stack, key=lambda j: (-rise[0, program.technique[j]], program.labels[j])))


def bought_in(place: Setting, stack: Stack) -> NDArray[np.bool_]:
    """(draws, columns) what of the stack is bought in each draw."""
    program = place.program
    found = np.zeros((place.draws.count, program.size), np.bool_)
    if place.same_money:
        found[:, list(stack)] = True
        return found
    left = place.budgets.copy()
    for j in importance(place, stack):
        fits = place.costs[:, j] <= left
        left = left - np.where(fits, place.costs[:, j], 0)
        found[:, j] = fits
    for d in np.flatnonzero(found.sum(axis=1) < len(stack)):
        if not place.parts_hold(np.flatnonzero(found[d]).tolist()):
            found[d] = False
    return found


def risks_of(
    place: Setting, best: Best, stacks: Sequence[Stack]
) -> tuple[Floats, NDArray[np.float64]]:
    """(stacks, solved draws) risk of each as bought, and (stacks,) share of the draws in which all
    of it is."""
    solved = best.solved
    taken = [bought_in(place, stack) for stack in stacks]
    whole = np.array(
        [
            (inside[solved].sum(axis=1) == len(stack)).mean()
            for inside, stack in zip(taken, stacks, strict=True)
        ]
    )
    risks = np.empty((len(stacks), place.draws.count))
    if best.table is not None:
        power = 1 << np.arange(place.program.size)
        rows = np.arange(place.draws.count)
        for k, inside in enumerate(taken):
            risks[k] = best.table.risk[rows, inside @ power]
    elif drawn.fits(place.draws):
        for part, failure, weight in place.blocks():
            for k, inside in enumerate(taken):
                risks[k, part] = _risk(failure, weight, stacks[k], inside[part])
    else:
        for d in range(place.draws.count):
            failure, weight = _one(place, d)
            for k, inside in enumerate(taken):
                risks[k, d] = _risk(failure, weight, stacks[k], inside[d : d + 1])[0]
    return risks[:, solved], whole


def _one(place: Setting, d: int) -> tuple[Floats, Floats]:
    """The worlds of one draw, as a block of one."""
    worlds = build(settle_at(place.draws, d), seed=place.draws.seed)
    weight = worlds.weight
    for k in place.program.committed:
        weight = weight * worlds.failure[k]
    return worlds.failure[list(place.program.option)][None], weight[None]


def _risk(failure: Floats, weight: Floats, stack: Stack, inside: NDArray[np.bool_]) -> Floats:
    left = weight
    for j in stack:
        bought = inside[:, j]
        left = left * (
            failure[:, j] if bought.all() else np.where(bought[:, None], failure[:, j], 1.0)
        )
    total: Floats = left.sum(axis=1)
    return total
