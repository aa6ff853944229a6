"""The objective `depth` against every stack, and against what is planted."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from factory import choice, scenario, settled
from oracle import Problem
from random_scenarios import random_scenario

from planner.errors import BadInput, LimitHit, NoStack
from planner.plan import Plan, Question, recommend
from planner.program.build import build_program
from planner.risk.measures import Expected, parse
from planner.scenario.read import read
from planner.scenario.settle import ModeNumbers, amount
from planner.scenario.types import AtMost, Cell, FailureModes, Rules, Scenario
from planner.scenario.values import Number
from planner.solve import covering
from planner.solve.depth import ByDepth, Tried
from planner.solve.search import Search
from planner.study.ranking import rank
from planner.worlds.build import build

PAPER = Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"


def cut_sets(problem: Problem, bought: tuple[int, ...]) -> tuple[int | None, int]:
    """Depth and number of cut sets of that size, by trying every set of modes."""
    numbers = problem.settled
    assert isinstance(numbers.threats, ModeNumbers)
    rows = [
        numbers.threats.vulnerability[numbers.options[k].technique]
        for k in (*bought, *numbers.committed)
    ]
    threshold = float(problem.scenario.threshold.mean)
    for size in range(numbers.threats.probability.size + 1):
        count = sum(
            all(any(row[j] >= threshold for j in modes) for row in rows)
            for modes in itertools.combinations(range(numbers.threats.probability.size), size)
        )
        if count:
            return size, count
    return None, 0


def best_by_trying(problem: Problem, budget: int) -> tuple[tuple[str, ...], int, int | None] | None:
    """Stack, cost and depth of the first stack in the order of the objective."""
    known: dict[tuple[int, ...], tuple[int | None, int]] = {}

    def key(bought: tuple[int, ...]) -> tuple[object, ...]:
        techniques = tuple(problem.settled.options[k].technique for k in bought)
        if techniques not in known:
            known[techniques] = cut_sets(problem, bought)
        depth, count = known[techniques]
        infinite = depth is None
        return (
            not infinite,
            -(depth or 0),
            count,
            problem.cost(bought),
            len(bought),
            problem.labels(bought),
        )

    allowed = [bought for bought in problem.feasible if problem.cost(bought) <= budget]
    if not allowed:
        return None
    best = min(allowed, key=key)
    return problem.labels(best), problem.cost(best), cut_sets(problem, best)[0]


def outcome(plan: Plan) -> tuple[tuple[str, ...], int, int | None]:
    assert plan.depth == plan.objective_value
    return plan.stack, plan.cost, plan.depth


def with_modes(seed: int) -> Scenario | None:
    """A random scenario whose cells are few values around the threshold, so that depths vary."""
    given = random_scenario(seed, most=9)
    if not isinstance(given.threats, FailureModes) or len(given.threats.modes) > 8:
        return None
    rng = random.Random(f"cells {seed}")
    share = rng.choice((0.2, 0.35, 0.5, 0.7))
    cells = tuple(
        tuple(
            Cell(Number(Decimal("0.9" if rng.random() < share else rng.choice(("0.1", "0.5")))))
            for _ in row
        )
        for row in given.threats.cells
    )
    threshold = Number(Decimal(rng.choice(("0.5", "0.6", "0.6", "0.6"))))
    threats = replace(given.threats, cells=cells)
    return replace(given, threats=threats, threshold=threshold, reading="by-mode")


@pytest.mark.parametrize("seed", range(60))
def test_the_deepest_stack_is_that_of_full_enumeration(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = with_modes(seed)
    if given is None:
        return
    if seed % 2:
        monkeypatch.setattr(covering, "MOST_SETS", 3)  # sets come as they are met
    problem = Problem(given)
    rng = random.Random(f"budget {seed}")
    costs = sorted(map(problem.cost, problem.feasible)) or [0]
    for units in {rng.choice(costs), max(0, rng.choice(costs) - 1), costs[-1]}:
        budget = amount(units, given.decimals)
        wanted = best_by_trying(problem, units)
        for solver in ("enumerate", "highs"):
            search = Search(solver=solver)
            if wanted is None:
                with pytest.raises(NoStack):
                    recommend(given, "depth", budget=budget, search=search)
                continue
            plan = recommend(given, "depth", budget=budget, search=search)
            assert outcome(plan) == wanted, (seed, units, solver)
            assert problem.breaches(plan.stack, units) == []
            proof = plan.proof
            assert (proof.lower_bound, proof.gap, proof.stop) == (None, 0.0, "proven")
            assert proof.kind == ("enumerated" if proof.solver == "enumeration" else "bounded")


def test_the_random_scenarios_hold_levels_rules_and_committed_techniques() -> None:
    given = [s for s in map(with_modes, range(60)) if s is not None]
    assert len(given) >= 30
    assert sum(any(t.has_levels for t in s.techniques) for s in given) >= 5
    assert sum(s.rules != Rules() for s in given) >= 5
    assert sum(bool(s.committed) for s in given) >= 5


def paper(uncertain: str) -> Scenario:
    """The paper's matrix with "?" read as ok or as prone."""
    given = read(str(PAPER))
    values = dict(given.scale)
    assert isinstance(given.threats, FailureModes)
    cells = tuple(
        tuple(Cell(values[uncertain]) if cell.symbol == "?" else cell for cell in row)
        for row in given.threats.cells
    )
    return replace(given, threats=replace(given.threats, cells=cells))


@pytest.mark.parametrize("uncertain", ["ok", "prone"])
def test_re_with_scientist_ai_is_chosen_whichever_way_the_question_marks_fall(
    uncertain: str,
) -> None:
    given = paper(uncertain)
    for solver in ("enumerate", "highs"):
        plan = recommend(given, "depth", budget=9, search=Search(solver=solver))
        assert outcome(plan)[0] == ("re", "scientist-ai")
        assert plan.depth == 2


def test_re_with_scientist_ai_is_the_only_pair_of_depth_two_either_way() -> None:
    deep: list[set[tuple[str, ...]]] = []
    for uncertain in ("ok", "prone"):
        problem = Problem(paper(uncertain))
        pairs = itertools.combinations(range(len(problem.settled.options)), 2)
        deep.append({problem.labels(p) for p in pairs if (cut_sets(problem, p)[0] or 9) >= 2})
    assert deep[0] & deep[1] == {("re", "scientist-ai")}


def planted(seed: int, single: int, *, share: float = 0.5) -> Scenario:
    """80 techniques, 13 modes, of which the first `single` defeat every technique."""
    rng = random.Random(seed)
    v = [[int(j < single or rng.random() < share) for j in range(13)] for _ in range(80)]
    costs = [rng.randint(50, 999) for _ in range(80)]
    return scenario(v, costs=costs, budget=sum(costs) // 20, reading="by-mode", decimals=2)


@pytest.mark.parametrize("single", [1, 3])
def test_planted_single_points_of_failure_are_found_at_80_by_13_in_seconds(single: int) -> None:
    given = planted(5, single)
    start = time.perf_counter()
    plan = recommend(given, "depth")
    assert time.perf_counter() - start < 20
    assert (plan.depth, plan.proof.kind, plan.proof.gap) == (1, "bounded", 0.0)
    problem = Problem(given)
    options = problem.settled.option_index
    # No stack has fewer than the planted ones; this one has no more, and costs the least of those
    # pairs and single techniques that do as well.
    assert cut_sets(problem, tuple(options[label] for label in plan.stack)) == (1, single)
    few = itertools.chain.from_iterable(itertools.combinations(range(80), n) for n in (1, 2))
    masks = [
        sum(1 << j for j, cell in enumerate(row) if cell >= 0.5)
        for row in problem.settled.threats.vulnerability  # type: ignore[union-attr]
    ]
    for bought in few:
        left = (1 << 13) - 1
        for k in bought:
            left &= masks[k]
        if left.bit_count() == single:
            assert problem.cost(bought) >= plan.cost


def test_a_technique_that_no_mode_defeats_makes_the_depth_infinite() -> None:
    v = [[1, 1, 0], [0, 1, 1], [0, 0, 0], [0, 0, 0]]
    given = scenario(v, costs=[1, 1, 5, 4])
    for solver in ("enumerate", "highs"):
        search = Search(solver=solver)
        plan = recommend(given, "depth", budget=9, search=search)
        assert (plan.stack, plan.depth, plan.objective_value) == (("t04",), None, None)
        assert plan.to_dict()["objective_value"] is None
        assert plan.proof.gap == 0.0
        short = recommend(given, "depth", budget="3", search=search)
        assert (short.stack, short.depth) == (("t01", "t02"), 1)


def test_what_others_pay_for_counts_in_the_depth() -> None:
    v = [[1, 0, 1], [0, 1, 1], [0, 1, 0]]
    for solver in ("enumerate", "highs"):
        search = Search(solver=solver)
        alone = recommend(scenario(v, committed=["t01"]), "depth", budget=0, search=search)
        assert (alone.stack, alone.depth) == ((), 1)
        with_one = recommend(scenario(v, committed=["t01"]), "depth", budget=1, search=search)
        assert (with_one.stack, with_one.depth) == (("t03",), 2)
        free = recommend(
            scenario([*v, [0, 0, 0]], committed=["t04"]), "depth", budget=3, search=search
        )
        assert (free.stack, free.depth) == ((), None)


def test_a_budget_one_cent_short_is_kept_to_the_cent() -> None:
    v = [[1, 0, 0], [0, 1, 1], [0, 1, 0]]
    given = scenario(v, costs=["1000000.01", "1000000.02", "1000000.03"], decimals=2)
    for solver in ("enumerate", "highs"):
        search = Search(solver=solver)
        exact = recommend(given, "depth", budget="2000000.04", search=search)
        short = recommend(given, "depth", budget="2000000.03", search=search)
        assert (exact.stack, short.stack) == (("t01", "t03"), ("t01", "t02"))


def test_the_cheapest_level_is_bought() -> None:
    levels = [{"full": 4, "pilot": 1}, None]
    given = scenario([[1, 0], [0, 1]], levels=levels, costs=[None, 2])
    for solver in ("enumerate", "highs"):
        plan = recommend(given, "depth", budget=9, search=Search(solver=solver))
        assert plan.stack == ("t01:pilot", "t02")


def test_more_modes_than_can_be_combined_one_by_one() -> None:
    # 12 techniques, each defeated by 4 modes of its own, and 20 spare modes: depth 12, and
    # 4**12 cut sets of that size, counted without listing them.
    v = [[int(4 * i <= j < 4 * i + 4) for j in range(68)] for i in range(12)]
    given = settled(v, 0.5)
    problem = build_program(given, build(settled([[0]] * 12), seed=0), Expected(), budget=None)
    masks = [sum(1 << j for j, cell in enumerate(row) if cell) for row in v]
    tried = Tried(problem, masks, [])
    assert tried.best(()).stack == tuple(range(12))
    assert int(tried._cut_sets(12)[-1]) == 4**12


def test_depth_of_explicit_worlds_and_with_a_target_are_refused() -> None:
    explicit = scenario(weights=[0.1, 0.9], failure=[[1, 0], [0, 1]], budget=2)
    with pytest.raises(BadInput, match="gives worlds instead"):
        recommend(explicit, "depth")
    with pytest.raises(BadInput, match="a target is a risk"):
        recommend(scenario([[0, 1]]), "depth", target_risk=0.5)
    with pytest.raises(BadInput, match="or depth"):
        parse("depth")
    with pytest.raises(BadInput, match="no solver here"):
        recommend(scenario([[0, 1]]), "depth", budget=1, search=Search(solver="guess"))


def test_enumeration_of_too_many_stacks_is_refused() -> None:
    with pytest.raises(LimitHit, match="Leave --solver out"):
        recommend(planted(1, 0), "depth", search=Search(solver="enumerate"))


def test_a_stack_stopped_by_the_time_limit_is_not_called_proven() -> None:
    given = planted(1, 0)
    question = Question.of(given, "depth")
    program = question.program(question.settled.budget)
    engine = question.engine(program, Search())
    assert isinstance(engine, ByDepth)
    found = engine.best(seconds=1e-9)
    assert (found.stack, found.kind, found.stop) == (None, "none", "time limit")
    assert not found.infeasible
    some = engine.best(seconds=0.3)
    if some.stop != "proven":
        assert some.kind == "none"
        assert some.stack is None or program.holds(some.stack)


def test_the_ranking_by_depth_speaks_of_the_risk_and_keeps_every_technique() -> None:
    given = replace(read(str(PAPER)), rules=Rules(exclude=(choice("ida"),)))
    plan = recommend(given, "depth", budget=9)
    ranking = rank(plan)
    assert [row.technique for row in ranking.rows[:2]] == ["scientist-ai", "re"]
    assert len(ranking.rows) == 7
    by_id = {row.technique: row for row in ranking.rows}
    alone = recommend(given, budget=9).question.worlds
    assert by_id["re"].rise_if_dropped == pytest.approx(
        float(alone.failure[5] @ alone.weight) - plan.risk
    )
    assert all(row.replacement_cost is None and row.lock_in_rise is None for row in ranking.rows)
    assert by_id["ida"].impossible
    assert not by_id["debate"].impossible
    falls = [row.fall_if_added for row in ranking.rows[2:6]]
    assert falls == sorted(falls, key=lambda fall: -(fall or 0))


def test_rules_hold_by_depth_too() -> None:
    v = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    rules = Rules(at_most=(AtMost(("t01", "t02"), 1),))
    for solver in ("enumerate", "highs"):
        plan = recommend(scenario(v, rules=rules), "depth", budget=3, search=Search(solver=solver))
        assert (plan.stack, plan.depth) == (("t01", "t03"), 2)
