"""Small random programs by the hundred thousand: every route and backend against all stacks.

    python -m tests.campaigns.engine --count 100000 --solver enumerate,core
    python -m tests.campaigns.engine --count 3000 --solver highs,cp-sat,cbc

Where `tests.campaigns.brute` goes the whole way from the funder's file, this one starts at the
program, so that an instance takes milliseconds. The kinds (dense, sparse, zeros, ties, tiny, rules)
take turns. The expected answer comes from a table of all stacks made here, in floating point, and
from exact fractions where two are within 1e-9. Compared: the stack, ties included, at gap 0 (what
was proven only "bounded" by a backend may differ by 1e-9), every rule, and the bound, which must
not be above the optimum. Exit code 1 on any mismatch.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np

from planner.program.types import Program, Row
from planner.risk.measures import CVaR, Expected, Measure, Worst
from planner.solve.engine import Engine
from planner.solve.search import Search
from planner.worlds.types import Worlds

KINDS = ("dense", "sparse", "zeros", "ties", "tiny", "rules")
#: Two values nearer than this (relatively) are compared as fractions.
NEAR = 1e-9


def random_program(seed: int) -> tuple[str, Program]:
    """A program of the kind whose turn it is, with a budget or a target."""
    rng = random.Random(f"engine {seed}")
    kind = KINDS[seed % len(KINDS)]
    techniques, worlds = rng.randint(1, 9), rng.randint(1, 12)
    technique = [t for t in range(techniques) for _ in range(rng.choice((1, 1, 1, 2)))]
    n = len(technique)
    grid = (0.125, 0.25, 0.5, 0.75, 1.0)

    def cell() -> float:
        if kind == "ties":
            return rng.choice(grid)
        if kind == "sparse" and rng.random() < 0.8:
            return 1.0
        if kind in ("zeros", "rules") and rng.random() < 0.15:
            return 0.0
        value = rng.uniform(0.02, 0.98)
        return value * 10.0 ** -rng.choice((0, 2, 6, 12)) if kind == "tiny" else value

    failure = np.array([[cell() for _ in range(worlds)] for _ in range(n)])
    mass = np.array(
        [rng.choice((1, 2, 5)) if kind == "ties" else rng.random() for _ in range(worlds)]
    )
    loss = np.array([1.0 if kind == "ties" else rng.uniform(0.1, 5) for _ in range(worlds)])
    cost = [rng.randint(0, 4) if kind == "ties" else rng.randint(0, 900) for _ in range(n)]
    measure: Measure = rng.choice(
        (Expected(), Expected(), Expected(), CVaR(Decimal("0.75")), Worst(1))
    )
    state = np.arange(worlds)
    if isinstance(measure, Worst):
        state = state // 3
        sums = np.bincount(state, weights=mass)
        probability = mass / sums[state]
    else:
        probability = mass / mass.sum()
    rows = [
        Row(tuple(columns), (1,) * len(columns), None, 1, f"level of {t}", "levels")
        for t in range(techniques)
        if len(columns := [j for j in range(n) if technique[j] == t]) > 1
    ]
    if kind == "rules" or rng.random() < 0.25:
        rows += list(_rules(rng, n))
    program = Program(
        labels=tuple(f"t{t}:{j}" for j, t in enumerate(technique)),
        technique=tuple(technique),
        cost=tuple(cost),
        rows=tuple(rows),
        worlds=Worlds(probability=probability, loss=loss, failure=failure, state=state),
        measure=measure,
        option=tuple(range(n)),
    )
    everything = tuple(range(n))
    if rng.random() < 0.75:
        budget = Row(everything, program.cost, None, int(sum(cost) * rng.random()), "b", "budget")
        return kind, program.with_rows([budget])
    some = [j for j in everything if rng.random() < 0.5]

    target = program.value(some) * rng.choice((1.0, 1.0, 0.7, 1.5))
    return kind, replace(program, target=target)


def _rules(rng: random.Random, n: int) -> Iterator[Row]:
    """Lower and upper limits, one that requires another, at most so many of a set."""
    for _ in range(rng.randint(1, 3)):
        pick = rng.random()
        some = tuple(sorted(rng.sample(range(n), rng.randint(1, n))))
        amounts = tuple(rng.randint(0, 5) for _ in some)
        if pick < 0.3:
            yield Row(some, amounts, None, rng.randint(0, 12), "at most", "rules.limits")
        elif pick < 0.55:
            yield Row(some, amounts, rng.randint(0, 4), None, "at least", "rules.limits")
        elif pick < 0.8 and n > 1:
            a, b = rng.sample(range(n), 2)
            yield Row((a, b), (1, -1), None, 0, "requires", "rules.requires")
        else:
            yield Row(some, (1,) * len(some), None, rng.randint(0, 3), "at most", "rules.at_most")


# The expected answer: nothing of `planner.solve` in it.


def all_stacks(program: Program) -> list[tuple[int, ...]]:
    """Every stack that obeys the rules."""
    of: dict[int, list[int]] = {}
    for j, t in enumerate(program.technique):
        of.setdefault(t, []).append(j)
    ways = [[(), *((j,) for j in columns)] for columns in of.values()]
    stacks = [tuple(sorted(sum(way, ()))) for way in itertools.product(*ways)]
    table = np.zeros((len(stacks), program.size), np.int64)
    for k, stack in enumerate(stacks):
        table[k, list(stack)] = 1
    keep = np.ones(len(stacks), np.bool_)
    for row in program.rows:
        total = table[:, list(row.indices)] @ np.array(row.coefficients, np.int64)
        if row.lower is not None:
            keep &= total >= row.lower
        if row.upper is not None:
            keep &= total <= row.upper
    return [stacks[k] for k in np.flatnonzero(keep)]


def exactly(program: Program, stack: tuple[int, ...]) -> Fraction:
    worlds = program.worlds
    loss, mass = [], [Fraction(float(p)) for p in worlds.probability]
    for s in range(worlds.loss.size):
        left = Fraction(float(worlds.loss[s]))
        for j in stack:
            left *= Fraction(float(worlds.failure[j, s]))
        loss.append(left)
    terms = [a * b for a, b in zip(loss, mass, strict=True)]
    if isinstance(program.measure, CVaR):
        share = 1 - Fraction(program.measure.level)
        room, total = share * sum(mass), Fraction(0)
        for s in sorted(range(len(loss)), key=lambda s: -loss[s]):
            part = min(room, mass[s])
            total, room = total + part * loss[s], room - part
        return total / share
    if isinstance(program.measure, Worst):
        states: dict[int, Fraction] = {}
        for s, term in enumerate(terms):
            state = int(worlds.state[s])
            states[state] = states.get(state, Fraction(0)) + term
        return max(states.values())
    return sum(terms, Fraction(0))


def expected(program: Program) -> tuple[tuple[int, ...], Fraction] | None:
    """The best stack, and its objective (with a target: its cost)."""

    def key(stack: tuple[int, ...]) -> tuple[int, int, tuple[str, ...]]:
        cost = sum(program.cost[j] for j in stack)
        return cost, len(stack), tuple(sorted(program.labels[j] for j in stack))

    stacks = all_stacks(program)
    if not stacks:
        return None
    losses = np.tile(program.worlds.loss, (len(stacks), 1))
    for j in range(program.size):
        losses[[j in stack for stack in stacks]] *= program.failure[j]
    values = program.measure.values(program.worlds, losses)
    if program.target is None:
        near = np.flatnonzero(values <= values.min() * (1 + NEAR) + 1e-290)
        found = min((exactly(program, stacks[k]), key(stacks[k]), stacks[k]) for k in near)
        return found[2], found[0]
    limit = Fraction(program.target) * (1 + Fraction(1, 10**12))
    below = [
        stack
        for stack, value in zip(stacks, values, strict=True)
        if value <= program.target * (1 - NEAR)
        or (value <= program.target * (1 + NEAR) + 1e-290 and exactly(program, stack) <= limit)
    ]
    if not below:
        return None
    best = min(below, key=key)
    return best, Fraction(key(best)[0])


def judge(seed: int, solvers: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(kind, solver, what is wrong: empty where nothing is) of one program."""
    kind, program = random_program(seed)
    truth = expected(program)
    verdicts = []
    for solver in solvers:
        try:
            wrong = _compare(program, solver, truth)
        except Exception as error:  # a crash is a mismatch, and the run goes on
            wrong = f"{type(error).__name__}: {error}"
        verdicts.append((kind, solver, wrong))
    return verdicts


def _compare(program: Program, solver: str, truth: tuple[tuple[int, ...], Fraction] | None) -> str:
    outcome = Engine(program, Search(solver=solver, gap=0.0)).best()
    if truth is None:
        return "" if outcome.infeasible else f"{outcome.stack} where there is none"
    if outcome.stack is None:
        return f"nothing found ({outcome.stop}); best {truth[0]}"
    best = truth[1]
    if not program.holds(outcome.stack):
        return f"{outcome.stack} breaks a rule"
    if outcome.bound is not None and Fraction(outcome.bound) > best * (1 + Fraction(NEAR)):
        return f"bound {outcome.bound!r} above the optimum {float(best)!r}"
    if outcome.stop != "proven" or outcome.bound is None:
        return f"not proven: {outcome.stop}"
    reached = Fraction(program.stack_cost(outcome.stack))
    if program.target is None:
        reached = exactly(program, outcome.stack)
    if outcome.stack == truth[0]:
        return ""
    if outcome.bound < float(reached):  # not called exact: near is enough
        return "" if reached <= best * (1 + Fraction(NEAR)) else f"{float(reached)} > {float(best)}"
    return f"stack {outcome.stack}, best {truth[0]}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--solver", default="enumerate,core", help="by commas, as of --solver")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, help="stop after this long")
    given = parser.parse_args(arguments)
    solvers = tuple(given.solver.split(","))
    start, done, wrong = time.monotonic(), 0, 0
    counts: Counter[tuple[str, str]] = Counter()
    seeds = iter(range(given.first, given.first + given.count))
    with ProcessPoolExecutor(max_workers=given.workers) as pool:
        while block := list(itertools.islice(seeds, 500)):
            results = pool.map(judge, block, itertools.repeat(solvers), chunksize=50)
            for seed, verdicts in zip(block, results, strict=True):
                done += 1
                for kind, solver, mismatch in verdicts:
                    counts[kind, solver] += 1
                    if mismatch:
                        wrong += 1
                        print(f"seed {seed} [{solver}, {kind}]: {mismatch}", flush=True)
            print(f"{done} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
            if given.seconds and time.monotonic() - start > given.seconds:
                break
    for kind in KINDS:
        print(kind, *(f"{solver} {counts[kind, solver]}" for solver in solvers))
    last = given.first + done - 1
    print(f"{done} programs (seeds {given.first} to {last}), {given.solver}: {wrong} mismatches")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
