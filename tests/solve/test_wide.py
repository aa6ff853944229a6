"""Programs of many thousand options: an answer with a bound that holds, within the rules.

Instances are made so that the least is known from how they are made, or from a solver that shares
no code with the search (SciPy's linear relaxation, or every stack of the options that matter).
"""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

from benchmarks.families import assemble
from planner.errors import LimitHit
from planner.plan import recommend
from planner.program.types import Program, Row
from planner.risk.measures import CVaR
from planner.scenario.types import FULL, ExplicitWorlds, Level, Scenario, Technique, World
from planner.scenario.values import number
from planner.solve.engine import Engine
from planner.solve.greedy import Greedy
from planner.solve.passes import Matrix
from planner.solve.priced import Bound
from planner.solve.rules import Room
from planner.solve.search import Outcome, Search, silent
from planner.solve.wide import MANY, Wide


def cover(n: int, worlds: int, share: float, zeros: float = 0.0, seed: int = 0) -> Program:
    """Every option protects in five worlds, some of them for certain."""
    rng = np.random.default_rng([seed, n, worlds])
    failure = np.ones((n, worlds))
    for _ in range(5):
        some = rng.uniform(0.02, 0.3, n)
        some[rng.random(n) < zeros] = 0.0
        failure[np.arange(n), rng.integers(0, worlds, n)] = some
    weight, cost = rng.uniform(0.5, 1.5, worlds), rng.integers(10, 101, n).tolist()
    return assemble(failure, weight, cost, share)


def weapons(count: int, targets: int) -> Program:
    rng = np.random.default_rng([count, targets])
    failure = np.ones((count, targets, targets))
    own = np.arange(targets)
    failure[:, own, own] = 1 - rng.uniform(0.6, 0.9, (count, targets))
    technique = np.repeat(np.arange(count), targets).tolist()
    flat, value = failure.reshape(-1, targets), rng.uniform(25, 100, targets)
    return assemble(flat, value, [1] * len(flat), 1.0, technique, budget=False)


def with_target(program: Program, share: float) -> Program:
    rows = tuple(row for row in program.rows if row.where != "budget")
    total = float(program.worlds.probability @ program.loss)
    return replace(program, rows=rows, target=share * total)


def never() -> bool:
    return False


def first_answer(program: Program) -> Outcome:
    """What there is before the other routes are asked: no clock plays a part in it."""

    def nothing(_: Program, __: float | None, known: tuple[int, ...]) -> Outcome:
        return Outcome(known, None, "none", "time limit", "")

    found = Wide(program, Matrix(program.failure), Search(), silent, nothing).best((), None)
    assert found is not None
    return found


def check(program: Program, found: Outcome, *, known: float = math.inf) -> None:
    """A stack within the rules (and the target), and a bound below it and below `known`."""
    assert found.stack is not None
    assert all(row.holds(found.stack) for row in program.rows)
    left = program.loss * np.prod(program.failure[list(found.stack)], axis=0)
    value = float(program.worlds.probability @ left)
    if program.target is not None:
        assert value <= program.target * (1 + 1e-9)
        value = float(sum(program.cost[j] for j in found.stack))
    if found.bound is None:
        assert found.kind == "none"
        return
    assert found.kind == "bounded"
    assert 0 <= found.bound <= min(value, known) * (1 + 1e-12)
    if found.stop == "proven":
        assert value <= found.bound * (1 + 2e-4) or value == found.bound == 0


# ------------------------------------------------------------------ what is known of a bound


@pytest.mark.parametrize("zeros", [0.0, 0.4])
@pytest.mark.parametrize("share", [0.05, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_a_priced_bound_is_below_the_best_of_all_stacks(
    seed: int, share: float, zeros: float
) -> None:
    # Twelve options: the best of 4,096 stacks, in fractions' nearest doubles.
    program = cover(12, 6, share, zeros, seed)
    bits = np.arange(2**12)[:, None] >> np.arange(12) & 1
    logs = np.array([[program.failure[j] ** b for j, b in enumerate(row)] for row in bits])
    values = logs.prod(axis=1) @ (program.loss * program.worlds.probability)
    costs = bits @ np.array(program.cost)
    limit = program.rows[-1].upper
    assert limit is not None
    least = float(values[costs <= limit].min())
    bound = Bound(program, Matrix(program.failure), never)
    bound.improve((), float(program.loss @ program.worlds.probability), 1e-4)
    assert 0 <= bound.bound() <= least * (1 + 1e-9)
    # ... and for the least cost within every target between.
    for target in (0.02, 0.2, 0.6):
        asked = with_target(program, target)
        meets = values <= float(asked.target_limit or 0)
        priced = Bound(asked, Matrix(asked.failure), never)
        priced.improve((), math.inf, 1e-4)
        if not meets.any():
            continue
        assert priced.bound() <= float(costs[meets].min())
        # A stack with an option costs at least the bound and that option's penalty.
        penalty = priced.penalties()
        for j in range(12):
            inside = meets & (bits[:, j] == 1)
            if inside.any():
                assert priced.bound(float(penalty[j])) <= float(costs[inside].min())


def test_a_priced_bound_reaches_the_relaxation_of_a_cover() -> None:
    # SciPy's linear relaxation of the plain cover: no surrogate of its rows is above it.
    program = with_target(cover(400, 20, 0.5, zeros=1.0), 0.0)
    bound = Bound(program, Matrix(program.failure), never)
    bound.improve((), math.inf, 1e-4)
    covers = scipy.sparse.csr_matrix((program.failure == 0).T.astype(float))
    relaxed = scipy.optimize.linprog(
        program.cost, A_ub=-covers, b_ub=-np.ones(20), bounds=(0, 1), method="highs"
    ).fun
    assert bound.cover
    assert 0.5 * relaxed <= bound.bound() <= math.ceil(relaxed - 1e-6)


def test_a_target_that_everything_together_misses_is_out_of_reach() -> None:
    program = cover(MANY + 1, 40, 0.5)
    failure = np.where(program.failure < 1, 0.999, 1.0)
    worlds = replace(program.worlds, failure=failure)
    # About 625 options a world: 0.999^625 = 0.535 is left of it.
    found = Engine(with_target(replace(program, worlds=worlds), 0.4), Search()).best()
    assert found.stack is None
    assert found.infeasible


@pytest.mark.parametrize("zeros", [0.0, 0.5])
def test_other_measures_have_a_bound_too(zeros: float) -> None:
    program = replace(cover(12, 6, 0.2, zeros), measure=CVaR(Decimal("0.5")))
    limit = program.rows[-1].upper
    assert limit is not None
    bits = np.arange(2**12)[:, None] >> np.arange(12) & 1
    fits = bits[bits @ np.array(program.cost) <= limit]
    # Half of six equally likely worlds: the mean of the three largest losses.
    left = np.array([program.loss * program.failure[row == 1].prod(axis=0) for row in fits])
    least = float(np.sort(left, axis=1)[:, 3:].mean(axis=1).min())
    bound = Bound(program, Matrix(program.failure), never)
    bound.improve((), float(np.sort(program.loss)[3:].mean()), 1e-4)
    assert 0 <= bound.bound() <= least * (1 + 1e-9)
    if not zeros:
        assert bound.bound() > 0


# ------------------------------------------------------------------ rules without a table


def test_what_the_rules_allow_is_what_each_rule_allows() -> None:
    rng = np.random.default_rng(5)
    program = cover(30, 6, 0.3)
    pairs = Row((3, 4), (1, -1), None, 0, "3 requires 4", "rules.requires")
    low = Row((5, 6, 7), (1, 1, 1), 0, 1, "one of three", "rules.at_most")
    program = program.with_rows([pairs, low])
    room = Room(program)
    for _ in range(40):
        stack = [j for j in range(30) if rng.random() < 0.15]
        if not program.holds(stack):
            continue
        room.start(stack)
        assert room.holds()
        others = np.array([j for j in range(30) if j not in stack])
        told = room.allowed(others)
        for j, allowed in zip(others.tolist(), told.tolist(), strict=True):
            assert allowed == room.fits(j) == program.holds([*stack, j])


def test_the_greedy_stack_is_that_of_looking_at_all_options() -> None:
    # One at a time, the most for its cost: where two options never matter in the same world, their
    # order does not matter either.
    failure = np.ones((60, 30))
    rng = np.random.default_rng(8)
    failure[np.arange(60), np.arange(60) % 30] = rng.uniform(0.02, 0.3, 60)
    program = assemble(failure, rng.uniform(1, 2, 30), rng.integers(10, 100, 60).tolist(), 0.3)
    stack: list[int] = []
    limit = program.rows[0].upper
    assert limit is not None
    while True:
        now = program.value(stack)
        spent = sum(program.cost[j] for j in stack)
        gains = {
            j: (now - program.value([*stack, j])) / program.cost[j]
            for j in range(60)
            if j not in stack and spent + program.cost[j] <= limit
        }
        if not gains:
            break
        stack.append(max(gains, key=lambda j: gains[j]))
    found = Greedy(program, Matrix(program.failure), never).stack((), per_cost=True)
    assert program.value(found) <= program.value(stack) * 1.05
    assert program.holds(found)


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize("zeros", [0.0, 0.3])
def test_a_wide_cover_has_a_stack_and_a_bound(zeros: float) -> None:
    program = cover(20_000, 100, 0.0005, zeros)
    found = first_answer(program)
    check(program, found)
    # Where risk is left, the money is spent: there is an option for 10 in every world.
    limit = program.rows[-1].upper
    assert limit is not None
    spent = sum(program.cost[j] for j in found.stack or ())
    assert spent > limit - 10 or program.value(found.stack or ()) == 0


@pytest.mark.parametrize("target", [0.05, 0.3])
def test_a_wide_cover_has_a_cheap_stack_within_a_target(target: float) -> None:
    program = with_target(cover(20_000, 100, 0.5, 0.2), target)
    found = first_answer(program)
    check(program, found)
    assert found.bound is not None
    assert found.bound > 0


def test_wide_weapons_fire_once_each_and_have_a_bound() -> None:
    program = weapons(120, 60)
    found = first_answer(program)
    check(program, found)
    assert len({program.technique[j] for j in found.stack or ()}) == len(found.stack or ()) == 120


def test_a_wide_program_is_proven_where_few_options_are_any_good() -> None:
    # 20 good options for 1 each among 8,000 that do a thousandth of that for 50: the least is the
    # best of the good ones, from all 2^20 stacks of them.
    rng = np.random.default_rng(3)
    failure = np.ones((8_000, 40))
    failure[np.arange(8_000), rng.integers(0, 40, 8_000)] = 0.999
    good = rng.choice(8_000, 20, replace=False)
    failure[good] = 1.0
    for j in good:
        failure[j, rng.choice(40, 12, replace=False)] = rng.uniform(0.1, 0.5, 12)
    cost = np.full(8_000, 50)
    cost[good] = 1
    program = assemble(
        failure, rng.uniform(0.5, 1.5, 40), cost.tolist(), 8.0001 / float(cost.sum())
    )
    few = program.only(sorted(good.tolist()))
    best = Engine(few, Search(gap=0.0, solver="enumerate")).best()
    assert best.stack is not None
    found = Engine(program, Search()).best()
    assert found.stop == "proven"
    check(program, found, known=few.value(best.stack))
    assert program.value(found.stack or ()) <= few.value(best.stack) * (1 + 1e-4)


def test_a_rule_that_must_be_met_is_met() -> None:
    program = cover(MANY + 100, 40, 0.001)
    fund = Row((7, 9), (1, 1), 1, None, "fund one of two", "rules.fund")
    out = Row((8,), (1,), None, 0, "leave out", "rules.exclude")
    asked = program.with_rows([fund, out])
    found = first_answer(asked)
    check(asked, found)
    assert {7, 9} & set(found.stack or ())


def test_a_budget_too_small_for_the_rules_is_told() -> None:
    program = cover(MANY + 100, 40, 0.001)
    fund = Row(tuple(range(200)), (1,) * 200, 190, None, "fund 190", "rules.fund")
    found = Engine(program.with_rows([fund]), Search()).best(seconds=20)
    assert found.infeasible
    assert found.stack is None


def test_what_is_found_within_a_limit_holds_and_further_questions_keep_to_their_rows() -> None:
    program = cover(MANY + 100, 40, 0.001)
    engine = Engine(program, Search())
    first = engine.best(seconds=2)
    check(program, first)
    taken = (first.stack or (0,))[0]
    row = Row((taken,), (1,), None, 0, "locked out", "rules.exclude")
    second = engine.best([row], seconds=2)
    assert taken not in (second.stack or ())
    check(program.with_rows([row]), second)


def test_no_time_at_all_is_no_proof() -> None:
    program = cover(MANY + 100, 40, 0.001)
    found = Engine(program, Search()).best(seconds=0.0)
    assert found.stop == "time limit"
    assert not found.infeasible


def scenario(count: int, worlds: int) -> Scenario:
    """The sparse scenario through the types that a caller of the library fills in."""
    table = tuple((i, i * 7 % worlds, number("0.2")) for i in range(count))
    return Scenario(
        name="wide",
        currency="USD",
        decimals=0,
        budget=number(60),
        techniques=tuple(
            Technique(f"t{i:05}", f"t{i:05}", (Level(FULL, number(1 + i % 3)),))
            for i in range(count)
        ),
        threats=ExplicitWorlds(
            tuple(World(f"w{s:03}", f"w{s:03}", number(1 + s % 4)) for s in range(worlds)), table
        ),
    )


def test_recommend_answers_for_a_wide_scenario() -> None:
    given = scenario(MANY + 100, 60)
    plan = recommend(given, search=Search(time_limit=2))
    assert plan.cost <= 60
    assert (plan.proof.lower_bound or 0.0) <= plan.risk
    target = recommend(given, target_risk=plan.risk, search=Search(time_limit=2))
    # The plan above meets that target, so the least cost is no more than its cost.
    assert target.risk <= plan.risk * (1 + 1e-9)
    assert (target.proof.lower_bound or 0.0) <= plan.cost


def test_a_table_larger_than_memory_should_hold_is_refused_before_it_is_made() -> None:
    # 6,000 x 100,000 doubles would be 4.8 GB; what is written down is 6,000 cells.
    given = scenario(6_000, 2)
    threats = given.threats
    assert isinstance(threats, ExplicitWorlds)
    many = replace(given, threats=replace(threats, worlds=threats.worlds * 50_000))
    tracemalloc.start()
    with pytest.raises(LimitHit, match="6,000 options in 100,000 worlds"):
        recommend(many)
    assert tracemalloc.get_traced_memory()[1] < 2**28
    tracemalloc.stop()
