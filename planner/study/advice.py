"""Does the advice help? Stacks chosen from what a funder would know, judged by truths she does not.

A truth is a draw from the stated beliefs; its worlds may hang together more than the funder's
model says, by further changes (`Condition`), and part of its vulnerability table may have nothing
to do with hers. Every method sees the funder's scenario alone: never the truth, nor the condition
(but for the method that is told the true dependence, to show what knowing it would be worth).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import DEPTH, Question
from planner.program.types import Program
from planner.risk.measures import Expected
from planner.scenario.changes import Change, change_all
from planner.scenario.draw import draw, settle_at
from planner.scenario.settle import ModeNumbers, Settled
from planner.scenario.types import Scenario
from planner.solve.search import Progress, Search, silent
from planner.study.naive import (
    best_alone,
    cheapest_stack,
    equal_split,
    independent,
    most_modes,
    random_stacks,
)
from planner.study.robust_draws import best_of_each, setting
from planner.study.robust_stacks import judge
from planner.worlds.build import build
from planner.worlds.types import Floats

if TYPE_CHECKING:
    import pandas as pd

#: Every method, and what it goes by.
METHODS = {
    "central": "planner: least risk at the central values",
    "mean": "planner: least mean risk over the beliefs",
    "regret": "planner: least worst regret over the beliefs",
    "depth": "planner: greatest depth",
    "told": "planner told the true dependence",
    "independent": "best if all failures were independent",
    "best_alone": "best alone for its cost, one after the other",
    "most_modes": "most modes withstood, one after the other",
    "equal_split": "the budget in equal shares",
    "random": "whatever fits, in random order (mean)",
}
PLANNER = ("central", "mean", "regret", "depth")
NAIVE = ("independent", "best_alone", "most_modes", "equal_split", "random")
RANDOM_STACKS = 100

Stack = tuple[int, ...]


@dataclass(frozen=True)
class Condition:
    """How truth differs from the funder's model: `changes` to the scenario before truths are drawn,
    and the share of cells that are taken from a random place of the table instead."""

    name: str
    changes: tuple[Change, ...] = ()
    scrambled: float = 0.0


@dataclass(frozen=True)
class Result:
    """One method at one budget under one condition.

    budget  in units of account
    risk    mean over the truths; `error` its standard error
    above   mean of the risk less that of the method `central` on the same truths, with its error
    better  share of the truths in which it leaves less than `central` does; `worse` more
    """

    condition: str
    budget: int
    method: str
    stack: tuple[str, ...]
    risk: float
    error: float
    above: float
    above_error: float
    better: float
    worse: float


@dataclass(frozen=True, eq=False)
class AdviceStudy:
    results: tuple[Result, ...]
    truths: int
    seed: int
    decimals: int

    def of(self, condition: str, budget: int, method: str) -> Result:
        """KeyError where there is none."""
        for one in self.results:
            if (one.condition, one.budget, one.method) == (condition, budget, method):
                return one
        raise KeyError((condition, budget, method))

    def to_frame(self) -> pd.DataFrame:
        """One row a condition, budget and method."""
        import pandas as pd  # a second of import that `--help` must not pay

        return pd.DataFrame(
            [
                {
                    "condition": one.condition,
                    "budget": one.budget / 10**self.decimals,
                    "method": one.method,
                    "risk": one.risk,
                    "standard_error": one.error,
                    "above_central": one.above,
                    "above_error": one.above_error,
                    "better_share": one.better,
                    "worse_share": one.worse,
                    "stack": " ".join(one.stack),
                }
                for one in self.results
            ]
        )


def advice_study(
    scenario: Scenario,
    budgets: Sequence[int],
    conditions: Sequence[Condition],
    *,
    truths: int = 400,
    beliefs: int = 400,
    seed: int = 0,
    search: Search | None = None,
    progress: Progress = silent,
) -> AdviceStudy:
    """Every method at every budget (units of account) under every condition."""
    search = search or Search()
    chosen = {b: _chosen(scenario, b, beliefs, seed, search) for b in budgets}
    results: list[Result] = []
    for place, condition in enumerate(conditions):
        progress(f"{condition.name}: {truths} truths")
        true = change_all(scenario, condition.changes)
        told = Question.of(true, seed=seed)
        stacks = {}
        for b in budgets:
            program = told.program(b)
            best = told.engine(program, search).best(seconds=search.time_limit).stack or ()
            stacks[b] = {**chosen[b], "told": [_options(program, best)]}
        kinds = sorted({stack for by in stacks.values() for one in by.values() for stack in one})
        risks = dict(
            zip(kinds, _true_risks(true, condition, kinds, truths, seed + 1 + place).T, strict=True)
        )
        for b in budgets:
            results += _results(told.settled, condition.name, b, stacks[b], risks)
    return AdviceStudy(tuple(results), truths, seed, scenario.decimals)


def _results(
    settled: Settled,
    condition: str,
    budget: int,
    stacks: dict[str, list[Stack]],
    risks: dict[Stack, Floats],
) -> list[Result]:
    base = risks[stacks["central"][0]]
    root = np.sqrt(len(base))
    found = []
    for method in METHODS:
        values = np.mean([risks[stack] for stack in stacks[method]], axis=0)
        apart = values - base
        labels = [settled.options[k].label for k in stacks[method][0]]
        near = 1e-12 * np.abs(base)
        found.append(
            Result(
                condition,
                budget,
                method,
                tuple(sorted(labels)) if len(stacks[method]) == 1 else (),
                float(values.mean()),
                float(values.std(ddof=1) / root),
                float(apart.mean()),
                float(apart.std(ddof=1) / root),
                float((apart < -near).mean()),
                float((apart > near).mean()),
            )
        )
    return found


def _chosen(
    scenario: Scenario, budget: int, beliefs: int, seed: int, search: Search
) -> dict[str, list[Stack]]:
    """The stacks (option numbers) of every method that sees the funder's scenario alone."""
    question = Question.of(scenario, seed=seed)
    program = question.program(budget)
    central = question.engine(program, search).best(seconds=search.time_limit).stack or ()
    deep = Question.of(scenario, DEPTH, seed)
    by_depth = deep.program(budget)
    depth = deep.engine(by_depth, search).best(seconds=search.time_limit).stack or ()
    place = setting(draw(scenario, beliefs, seed), budget)
    field = judge(place, best_of_each(place, search), central, search)
    found = naive_choices(question, program, budget, search, seed)
    found |= {
        "central": [_options(program, central)],
        "mean": [_options(program, field.of("mean").columns)],
        "regret": [_options(program, field.of("regret").columns)],
        "depth": [_options(by_depth, depth)],
    }
    return found


def naive_choices(
    question: Question, program: Program, budget: int, search: Search, seed: int
) -> dict[str, list[Stack]]:
    """What the naive rules, and the optimum that assumes independence, buy."""
    start = cheapest_stack(program, search)
    rules: dict[str, Callable[[], Sequence[int]]] = {
        "independent": lambda: independent(question, program, search),
        "best_alone": lambda: best_alone(program, start),
        "most_modes": lambda: most_modes(question, program, start),
        "equal_split": lambda: equal_split(program, start, budget),
    }
    found = {name: [_options(program, rule())] for name, rule in rules.items()}
    drawn = random_stacks(program, start, RANDOM_STACKS, seed)
    found["random"] = [_options(program, stack) for stack in drawn]
    return found


def _options(program: Program, stack: Sequence[int]) -> Stack:
    return tuple(sorted(program.option[j] for j in stack))


def _true_risks(
    true: Scenario, condition: Condition, stacks: Sequence[Stack], truths: int, seed: int
) -> Floats:
    """(truths, stacks) risk of every stack in every truth, on its own worlds."""
    draws = draw(true, truths, seed)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0x7A]))
    risks = np.empty((truths, len(stacks)))
    for t in range(truths):
        settled = scrambled(settle_at(draws, t), condition.scrambled, rng)
        worlds = build(settled, seed=seed + t)
        weight = worlds.weight
        for k in settled.committed:
            weight = weight * worlds.failure[k]
        for k, stack in enumerate(stacks):
            risks[t, k] = (weight * worlds.failure[list(stack)].prod(axis=0)).sum()
    return risks


def scrambled(settled: Settled, share: float, rng: np.random.Generator) -> Settled:
    """With that share of the vulnerability cells taken from random places of the table."""
    threats = settled.threats
    if share == 0 or not isinstance(threats, ModeNumbers):
        return settled
    table = threats.vulnerability.copy()
    hit = rng.random(table.shape) < share
    table[hit] = rng.choice(threats.vulnerability.ravel(), int(hit.sum()))
    return replace(settled, threats=replace(threats, vulnerability=table))


def one_guess(
    scenario: Scenario,
    budget: int,
    *,
    truths: int = 200,
    seed: int = 0,
    search: Search | None = None,
) -> dict[str, tuple[float, float, float]]:
    """Methods that take one draw of the beliefs for the truth, judged by another draw.

    Method -> (promised risk, mean true risk, its standard error).
    """
    search = search or Search()
    guesses, draws = draw(scenario, truths, seed), draw(scenario, truths, seed + 1)
    promised: dict[str, list[float]] = {}
    real: dict[str, list[float]] = {}
    for t in range(truths):
        settled = settle_at(guesses, t)
        worlds = build(settled, seed=seed)
        question = Question(scenario, settled, worlds, worlds, worlds, Expected(), seed)
        program = question.program(budget)
        best = question.engine(program, search).best(seconds=search.time_limit).stack or ()
        stacks = naive_choices(question, program, budget, search, seed)
        del stacks["random"]
        stacks["central"] = [_options(program, best)]
        true = build(settle_at(draws, t), seed=seed)
        for method, (stack,) in stacks.items():
            for table, where in ((promised, worlds), (real, true)):
                left = where.weight * where.failure[list(stack)].prod(axis=0)
                table.setdefault(method, []).append(float(left.sum()))
    root = np.sqrt(truths)
    return {
        method: (
            float(np.mean(promised[method])),
            float(np.mean(real[method])),
            float(np.std(real[method], ddof=1) / root),
        )
        for method in METHODS
        if method in real
    }
