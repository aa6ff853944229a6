"""Core enumeration against the enumeration of all stacks.

The two share the exact evaluation of a stack and nothing of the search; the enumeration itself is
held against an independent oracle elsewhere (tests/test_against_enumeration.py).
"""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest
from factory import scenario

import planner.solve.core as core
from planner.plan import Question, recommend
from planner.program.build import lock
from planner.program.types import Program
from planner.scenario.types import AtMost, Choice, Limit, Rules, Scenario
from planner.scenario.values import number
from planner.solve.engine import Engine
from planner.solve.search import Outcome, Search

OBJECTIVES = ("expected", "expected", "cvar:0.5", "cvar:0.95", "worst:1", "worst:2")


def draw(seed: int, *, least: int = 12, most: int = 18) -> tuple[Scenario, str]:
    """A scenario that core enumeration takes (no failure of exactly 0), and an objective."""
    rng = random.Random(f"core {seed}")
    objective = rng.choice(OBJECTIVES)
    # Listing all stacks is slow where no matrix product gives their values.
    plain = objective == "expected"
    n = rng.randint(least, most if plain else 13)
    tiny = 10.0 ** -rng.choice((0, 0, 0, 2, 6))
    ids = [f"t{i:02}" for i in range(n)]
    grid = rng.random() < 0.3

    def fails() -> str:
        value = rng.choice((0.05, 0.4, 0.8)) if grid else rng.uniform(0.02, 0.98)
        if rng.random() < 0.05:
            return "1"
        return f"{value * (tiny if rng.random() < 0.6 else 1):.12g}"

    levels: list[Any] = [None] * n
    assignments = 2**n
    for i in rng.sample(range(n), rng.choice((0, 0, 2, 4))):
        if assignments * 1.5 <= (2**18 if plain else 2**13):
            assignments = int(assignments * 1.5)
            levels[i] = {"full": (rng.randint(3, 9), "1"), "half": (rng.randint(1, 3), "0.6")}
    given: dict[str, Any] = {
        "ids": ids,
        "costs": [rng.choice((rng.randint(1, 9), f"{rng.uniform(1, 90):.2f}")) for _ in ids],
        "decimals": 2,
        "levels": levels,
        "attributes": {"people": [rng.randint(0, 4) for _ in ids]},
        "rules": some_rules(rng, ids),
        "committed": rng.sample(ids, 1) if rng.random() < 0.2 else (),
        "unlisted": rng.choice(("0", "0", "0.001")),
    }
    modes = rng.randint(2, 5 if plain else 3)
    if rng.random() < 0.3 and objective != "worst:2":
        worlds = rng.randint(3, 30 if plain else 9)
        table = [[fails() for _ in range(worlds)] for _ in ids]
        weights = [f"{rng.uniform(0.1, 5):.6g}" for _ in range(worlds)]
        return scenario(failure=table, weights=weights, **given), objective
    reading = "by-mode" if rng.random() < 0.3 and objective != "worst:2" else "together"
    if rng.random() < 0.2 and plain:
        given["groups"] = {"g": [rng.choice((None, "0.3")) for _ in ids]}
        modes = 2
    table = [[fails() for _ in range(modes)] for _ in ids]
    pi = [f"{rng.uniform(0.05, 0.6):.6g}" for _ in range(modes)]
    background = [f"{rng.uniform(0.001, 0.2):.6g}" for _ in ids]
    return scenario(table, pi, reading=reading, background=background, **given), objective


def some_rules(rng: random.Random, ids: list[str]) -> Rules:
    if rng.random() < 0.3:
        return Rules()
    a, b, c, d, e, f = rng.sample(ids, 6)
    some = tuple(sorted(rng.sample(ids, 6)))
    return Rules(
        fund=(Choice(a),) if rng.random() < 0.3 else (),
        exclude=(Choice(b),) if rng.random() < 0.3 else (),
        requires=((Choice(c), (Choice(d), Choice(e))),) if rng.random() < 0.5 else (),
        at_most=(AtMost(some, rng.randint(1, 3)),) if rng.random() < 0.5 else (),
        limits=tuple(
            rng.sample(
                (
                    Limit("people", None, None, number(rng.randint(4, 20))),
                    Limit("people", some, number(1), None),
                    Limit("cost", tuple(sorted((e, f))), None, number(8)),
                    Limit("cost", some, number(2), None),
                ),
                rng.randint(0, 3),
            )
        ),
    )


def programs(seed: int) -> list[Program]:
    """Both forms: a budget, and a target between what is reachable and nothing at all."""
    given, objective = draw(seed)
    rng = random.Random(f"question {seed}")
    question = Question.of(given, objective)
    total = sum(question.settled.cost)
    budget = int(total * rng.uniform(0.08, 0.6))
    least = question.program(budget)
    found = [least]
    free = Engine(question.program(None), Search("enumerate")).best()
    if free.stack is not None:
        low = max(least.value(free.stack), 1e-300)
        high = max(least.value(()), low)
        target = math.exp(rng.uniform(math.log(low), math.log(high)))
        target = rng.choice((target, target, low))
        found.append(question.program(rng.choice((None, None, total // 2)), target))
    return found


def judge(program: Program, outcome: Outcome, truth: Outcome, gap: float) -> None:
    """The stack (ties too) at gap 0; above it the stated gap; a bound below the optimum."""
    assert outcome.infeasible == truth.infeasible
    assert (outcome.stack is None) == (truth.stack is None)
    if outcome.stack is None or truth.stack is None:
        return
    assert program.holds(outcome.stack)

    def value(stack: tuple[int, ...]) -> Fraction:
        if program.target is not None:
            return Fraction(program.stack_cost(stack))
        return program.exact_value(stack)

    if program.target_limit is not None:
        assert program.exact_value(outcome.stack) <= program.target_limit
    best, found = value(truth.stack), value(outcome.stack)
    assert outcome.stop == "proven"
    assert outcome.bound is not None
    assert Fraction(outcome.bound) <= best * (1 + Fraction(1, 10**11))
    assert outcome.bound >= float(found) * (1 - gap) * (1 - 1e-9)
    if gap == 0:
        assert outcome.stack == truth.stack


def compare(seeds: range, gap: float = 0.0) -> int:
    stacks = 0
    for seed in seeds:
        for program in programs(seed):
            truth = Engine(program, Search("enumerate")).best()
            engine = Engine(program, Search("core", gap=gap))
            outcome = engine.best()
            try:
                judge(program, outcome, truth, gap)
            except AssertionError as error:
                form = "cost" if program.target is not None else "objective"
                raise AssertionError(f"seed {seed}, least {form}: {error}") from error
            stacks += outcome.stack is not None
    return stacks


@pytest.mark.parametrize("first", [0, 10, 20])
def test_the_stack_is_that_of_enumeration_ties_included(first: int) -> None:
    assert compare(range(first, first + 10)) > 10


def test_a_stated_gap_holds_and_the_bound_stays_below_the_optimum() -> None:
    for gap in (1e-4, 0.05, 0.4):
        assert compare(range(100, 106), gap) > 6


def test_branching_is_right_where_few_stacks_may_be_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branched = 0
    branch = core.CoreSearch._branch

    def counted(self: Any, *args: Any) -> Any:
        nonlocal branched
        branched += 1
        return branch(self, *args)

    monkeypatch.setattr(core, "MOST_LISTED", 3)
    monkeypatch.setattr(core.CoreSearch, "_branch", counted)
    assert compare(range(200, 208)) > 6
    assert branched > 20
    for gap in (0.05, 0.4):
        compare(range(200, 203), gap)


def test_a_cap_on_nodes_hands_over_to_cutting_planes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "MOST_LISTED", 3)
    monkeypatch.setattr(core, "MOST_NODES", 1)
    handed = 0
    for seed in range(300, 306):
        for program in programs(seed):
            engine = Engine(program, Search("core", gap=0.0))
            truth = Engine(program, Search("enumerate")).best()
            outcome = engine.best()
            handed += engine.solver != core.Core.name
            assert outcome.stack == truth.stack, f"seed {seed}"
            if outcome.stack is not None:
                assert outcome.bound is not None
                best = Fraction(program.exact_value(outcome.stack))
                if program.target is not None:
                    best = Fraction(program.stack_cost(outcome.stack))
                assert Fraction(outcome.bound) <= best * (1 + Fraction(1, 10**9))
    assert handed > 3


def test_further_questions_about_one_program_are_answered_as_if_asked_alone() -> None:
    for seed in range(400, 404):
        for program in programs(seed):
            engine = Engine(program, Search("core", gap=0.0))
            every = Engine(program, Search("enumerate"))
            for technique in range(0, max(program.technique) + 1, 3):
                for inside in (True, False):
                    row = lock(program, technique, inside=inside)
                    truth, outcome = every.best([row]), engine.best([row])
                    assert outcome.stack == truth.stack, f"seed {seed}, {technique} {inside}"
                    assert outcome.infeasible == truth.infeasible


class Ticking:
    """A deadline that is over from its k-th look on."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def over(self) -> bool:
        self.looks -= 1
        return self.looks < 0

    def left(self) -> float:
        return 0.0 if self.looks <= 0 else 1.0


@pytest.mark.parametrize("listed", [3, 20_000])
def test_a_time_limit_at_any_moment_leaves_a_valid_bound_and_no_false_claim(
    listed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "MOST_LISTED", listed)
    finished = stopped = 0
    for seed in (500, 502, 505):
        for program in programs(seed):
            truth = Engine(program, Search("enumerate")).best()
            for looks in (0, 1, 2, 3, 4, 6, 9, 14, 30):
                monkeypatch.setattr(core, "Deadline", lambda _s, looks=looks: Ticking(looks))
                try:
                    outcome = core.Core(program, Search(gap=0.0), print).best((), 1.0)
                except core.Stalled:
                    continue
                where = f"seed {seed}, {looks} looks"
                if outcome.infeasible:
                    assert truth.infeasible, f"{where}: called infeasible"
                if outcome.stop == "proven":
                    finished += 1
                    assert outcome.stack == truth.stack, f"{where}: called proven"
                else:
                    stopped += 1
                if outcome.stack is None or truth.stack is None:
                    continue
                assert program.holds(outcome.stack)
                best = program.exact_value(truth.stack)
                if program.target is not None:
                    best = Fraction(program.stack_cost(truth.stack))
                if outcome.bound is not None:
                    assert Fraction(outcome.bound) <= best * (1 + Fraction(1, 10**11)), where
    assert finished
    assert stopped


@pytest.mark.parametrize("exponent", [30, 80, 150])
def test_tiny_risks_are_told_apart(exponent: int) -> None:
    # one world, F = 10**-k for every technique with different k: the least risk is the largest
    # sum of exponents within the budget, a knapsack of whole numbers
    rng = random.Random(exponent)
    powers = [rng.randint(1, exponent // 14) for _ in range(14)]
    costs = [rng.randint(1, 9) for _ in powers]
    given = scenario(
        failure=[[f"1e-{power}"] for power in powers], weights=[1], costs=costs, budget=25
    )
    best = [0] * 26
    for power, cost in zip(powers, costs, strict=True):
        for money in range(25, cost - 1, -1):
            best[money] = max(best[money], best[money - cost] + power)
    plan = recommend(given, search=Search("core", gap=0.0))
    assert plan.risk == pytest.approx(10.0 ** -best[25], rel=1e-12)
    assert plan.proof.gap == 0


def test_an_equal_technique_with_a_smaller_id_is_preferred() -> None:
    # twelve twins: any three are as good, the first three must come out
    given = scenario(failure=[["0.5", "0.25"]] * 12, weights=[1, 2], budget=3)
    plan = recommend(given, search=Search("core", gap=0.0))
    assert plan.stack == ("t01", "t02", "t03")
    assert plan.proof.solver == core.Core.name
