"""A stack judged: against all single moves, the oracle's best and rules, on random scenarios."""

from __future__ import annotations

import itertools
import json
import random
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from factory import choice, scenario
from oracle import Problem
from random_scenarios import random_case, random_scenario

from planner.errors import BadInput, NoStack
from planner.plan import Question, recommend
from planner.risk.cutsets import defeating, depth
from planner.scenario.read import read
from planner.scenario.settle import amount
from planner.scenario.types import AtMost, FailureModes, Rules, Scenario
from planner.solve.search import Search
from planner.study.evaluate import evaluate
from planner.study.evaluation import Evaluation
from planner.study.moves import Move, cut_sets_of

PAPER = read(str(Path(__file__).parents[2] / "scenarios" / "dung-mai-2025"))
Labels = tuple[str, ...]


def judged(given: Scenario, stack: Any, objective: str = "expected", **more: Any) -> Evaluation:
    question = Question.of(given, objective)
    budget = more.pop("budget", question.settled.budget)
    return evaluate(question, stack, budget, **more)


# Random scenarios.


class Referee:
    """What the oracle knows about a scenario, an objective and a budget."""

    def __init__(self, given: Scenario, objective: str, budget: int | None) -> None:
        self.by_depth = objective == "depth"
        self.problem = Problem(given, "expected" if self.by_depth else objective)
        self.settled = self.problem.settled
        self.budget = budget
        self.masks = defeating(self.settled)
        self.modes = len(getattr(given.threats, "modes", ()))

    def numbers(self, stack: Labels) -> tuple[int, ...]:
        return tuple(self.settled.option_index[label] for label in stack)

    def cost(self, stack: Labels) -> int:
        return self.problem.cost(self.numbers(stack))

    def value(self, stack: Labels) -> Any:
        """What is to be small."""
        if not self.by_depth:
            return self.problem.exact(self.numbers(stack))
        assert self.masks is not None
        numbers = (*self.numbers(stack), *self.settled.committed)
        own = [self.masks[self.settled.options[k].technique] for k in numbers]
        for size in range(self.modes + 1):
            found = sum(
                all(any(m >> j & 1 for j in cut) for m in own)
                for cut in itertools.combinations(range(self.modes), size)
            )
            if found:
                return -size, found
        return -99, 0

    def key(self, stack: Labels) -> tuple[Any, ...]:
        broken = len(self.problem.breaches(stack, self.budget))
        return broken, self.value(stack), self.cost(stack), len(stack), stack

    def best(self, stacks: list[Labels]) -> Labels | None:
        return min(stacks, key=self.key, default=None)

    def single(self, stack: Labels) -> dict[str, list[Labels]]:
        """Every stack that one swap, addition or drop makes, within the money."""
        paid = {self.settled.options[k].technique for k in self.settled.committed}
        sold = [o.label for o in self.settled.options if o.technique not in paid]
        technique = {o.label: o.technique for o in self.settled.options}
        more = [
            tuple(sorted((*stack, new)))
            for new in sold
            if technique[new] not in {technique[old] for old in stack}
        ]
        less = [tuple(old for old in stack if old != out) for out in stack]
        other = []
        for rest in less:
            held = {technique[old] for old in rest}
            other += [
                tuple(sorted((*rest, new)))
                for new in sold
                if new not in stack and technique[new] not in held
            ]
        if self.budget is not None:
            most = max(self.budget, self.cost(stack))
            more = [s for s in more if self.cost(s) <= self.budget]
            other = [s for s in other if self.cost(s) <= most]
        return {"swap": other, "add": more, "drop": less}


def random_stack(rng: random.Random, referee: Referee) -> Labels:
    bought = rng.choice(list(itertools.islice(referee.problem.assignments(), 4000)))
    return referee.problem.labels(bought)


def as_written(value: Fraction) -> Any:
    return pytest.approx(float(value), rel=1e-9, abs=1e-300)


def check_moves(found: Evaluation, referee: Referee) -> None:
    """The list leads to the best stack; each step is one move, the best of those that lead there,
    with its numbers recomputed."""
    assert found.target is not None
    before, goal = found.own.stack, found.target.worth.stack
    for move in found.moves:
        gone, come = set(before) - set(move.stack), set(move.stack) - set(before)
        assert gone == ({move.drops} if move.drops else set())
        assert come == ({move.adds} if move.adds else set())
        assert move.kind == {(0, 1): "add", (1, 0): "drop", (1, 1): "swap"}[len(gone), len(come)]
        assert gone.isdisjoint(goal)
        assert come <= set(goal)
        towards = [
            stack
            for stacks in every_move(referee, before).values()
            for stack in stacks
            if not (set(before) - set(stack)) & set(goal) and set(stack) - set(before) <= set(goal)
        ]
        assert move.stack == referee.best(towards)
        check_numbers(move, before, referee)
        before = move.stack
    assert before == goal


def every_move(referee: Referee, stack: Labels) -> dict[str, list[Labels]]:
    free = object.__new__(Referee)
    free.__dict__.update(referee.__dict__, budget=None)
    return free.single(stack)


def check_numbers(move: Move, before: Labels, referee: Referee) -> None:
    problem = referee.problem
    expected = Problem(problem.scenario) if problem.measure != "expected" else problem
    assert move.risk == as_written(expected.exact(referee.numbers(move.stack)))
    assert move.cost == amount(referee.cost(move.stack), problem.scenario.decimals)
    assert move.cost_change == move.cost - amount(referee.cost(before), problem.scenario.decimals)
    assert len(move.breaks) == len(problem.breaches(move.stack, referee.budget))
    assert move.keeps_rules is not bool(move.breaks)
    value = referee.value(move.stack)
    if referee.by_depth:
        assert (move.depth, move.cut_sets) == (
            (None, 0) if value[0] == -99 else (-value[0], value[1])
        )
    else:
        assert move.objective_value == as_written(value)


def rules_broken(found: Evaluation) -> list[str]:
    kinds = {"rules.limits": "limit", "rules.at_most": "at most", "budget": "overspent"}
    return sorted(kinds.get(breach.where, breach.rule) for breach in found.breaches)


def as_rule(breach: str) -> str:
    """The oracle's name of a rule as far as the planner's says the same."""
    kinds = ("limit", "at most", "overspent")
    return next((kind for kind in kinds if breach.startswith(f"{kind} ")), breach)


def check(given: Scenario, objective: str, units: int, rng: random.Random) -> bool:
    """All that is said about a random stack; False where no stack meets the rules."""
    question = Question.of(given, objective)
    referee = Referee(given, objective, units)
    stack = random_stack(rng, referee)
    allowed = list(map(referee.problem.labels, referee.problem.feasible))
    best = referee.best([s for s in allowed if referee.cost(s) <= units])
    if best is None:
        with pytest.raises(NoStack):
            evaluate(question, stack, units)
        return False
    found = evaluate(question, rng.sample(stack, len(stack)), units)
    assert found.own.stack == stack
    assert rules_broken(found) == sorted(map(as_rule, referee.problem.breaches(stack, units)))
    singles = referee.single(stack)
    for kind, move in (("swap", found.swap), ("add", found.add), ("drop", found.drop)):
        wanted = referee.best(singles[kind])
        assert (move.stack if move else None) == wanted, kind
        if move is not None:
            assert move.kind == kind
            check_numbers(move, stack, referee)
    assert found.at_budget is not None
    assert found.at_budget.worth.stack == best
    rivals = [s for s in allowed if referee.cost(s) <= referee.cost(stack)]
    same = min(rivals, key=lambda s: referee.key(s)[1:], default=None)
    assert (found.same_cost.worth.stack if found.same_cost else None) == same
    assert (found.same_cost is None) == (found.same_cost_note is not None)
    for rival in (found.same_cost, found.at_budget):
        if rival is None:
            continue
        assert rival.plan.proof.stop == "proven"
        if referee.by_depth:
            assert rival.gap is rival.fall is None
        else:
            mine, other = referee.value(stack), referee.value(rival.worth.stack)
            assert rival.fall == pytest.approx(
                float(mine - other), rel=1e-6, abs=float(mine) * 1e-9
            )
            share = float(1 - other / mine) if mine else 0.0
            assert rival.gap == pytest.approx(share, rel=1e-6, abs=1e-9)
            assert rival.gap >= 0 or found.breaches
    check_moves(found, referee)
    assert {row.technique for row in found.left_out} == set(stack) - set(best)
    for row in found.left_out:
        assert row.reason.endswith(".")
        least = re.search(r"the best stack that holds it leaves ([0-9.e+-]+)\.$", row.reason)
        if least is not None:
            id = row.technique.partition(":")[0]
            holding = [s for s in allowed if id in {label.partition(":")[0] for label in s}]
            value = min(referee.value(s) for s in holding if referee.cost(s) <= units)
            assert float(least[1]) == pytest.approx(float(value), rel=1e-3)
    json.dumps(found.to_dict(), allow_nan=False)
    assert len(found.moves_frame()) == len(found.moves)
    return True


@pytest.mark.parametrize("seed", range(40))
def test_a_random_stack_against_all_moves_and_the_oracle(seed: int) -> None:
    case = random_case(seed, most=7)
    rng = random.Random(f"stack {seed}")
    total = sum(case.problem.settled.cost)
    units = case.units if case.units is not None else total // 2
    for budget in (units, rng.randint(0, total)):
        check(case.scenario, case.objective, budget, rng)


@pytest.mark.parametrize("seed", range(30))
def test_by_depth_too(seed: int) -> None:
    given = random_scenario(seed, most=6)
    if not isinstance(given.threats, FailureModes) or len(given.threats.modes) > 6:
        return
    given = replace(given, threshold=scenario([[0.5]], threshold="0.2").threshold)
    rng = random.Random(f"depth {seed}")
    total = sum(Problem(given).settled.cost)
    check(given, "depth", rng.randint(total // 3, total), rng)


def test_enough_of_the_random_questions_have_an_answer() -> None:
    cases = [random_case(seed, most=7) for seed in range(40)]
    answered = [c for c in cases if c.problem.least_objective(c.units) is not None]
    assert len(answered) >= 25
    assert any(c.problem.settled.committed for c in answered)
    assert any(t.has_levels for c in answered for t in c.scenario.techniques)
    assert {c.objective.partition(":")[0] for c in answered} == {"expected", "cvar", "worst"}


@pytest.mark.parametrize("seed", range(50))
def test_cut_sets_of_the_least_size_are_counted(seed: int) -> None:
    rng = random.Random(seed)
    masks = [rng.randrange(1, 2**6) for _ in range(rng.randint(1, 5))]
    size = depth(masks)
    assert size is not None
    cuts = itertools.combinations(range(6), size)
    wanted = sum(all(any(m >> j & 1 for j in cut) for m in masks) for cut in cuts)
    assert cut_sets_of(masks, size) == wanted


# The paper's scenario.


def test_the_cheap_four_of_the_paper() -> None:
    found = judged(PAPER, ["rlhf", "rlaif", "w2s", "debate"])
    assert found.own.risk == pytest.approx(0.5019, abs=5e-5)
    assert found.same_cost is not None
    assert found.same_cost.worth.stack == ("re", "rlaif", "rlhf", "w2s")
    assert found.at_budget is not None
    assert found.at_budget.worth.stack == ("re", "scientist-ai")
    assert found.at_budget.gap == pytest.approx(1 - 0.17649 / 0.50194, abs=1e-4)
    assert found.swap is not None
    assert (found.swap.drops, found.swap.adds) == ("debate", "scientist-ai")
    assert found.add is not None
    assert found.add.adds == "re"
    assert found.drop is not None
    assert found.drop.drops == "w2s"
    assert [move.sentence for move in found.moves] == [
        "swap debate for scientist-ai",
        "drop w2s",
        "drop rlaif",
        "swap rlhf for re",
    ]
    assert found.sentence == (
        "Your stack leaves 0.5019; the best for the same money leaves 0.3213: 36% less. "
        "The best at the budget of 9 USD million leaves 0.1765: 64.8% less."
    )
    assert {row.rule: row.risk for row in found.naive}["most_modes"] == pytest.approx(
        0.2592, abs=5e-5
    )


def test_the_best_for_the_whole_budget_is_said_once() -> None:
    found = judged(PAPER, ["rlhf", "rlaif", "w2s", "debate", "re"])
    assert found.sentence == (
        "Your stack leaves 0.2779; the best for the same money leaves 0.1765: 36.5% less."
    )
    assert len(found.plans) == 1


def test_the_best_stack_has_nothing_to_do() -> None:
    found = judged(PAPER, ["re", "scientist-ai"])
    assert found.sentence == "Your stack leaves 0.1765: none is better for the same money."
    assert (found.moves, found.left_out) == ((), ())
    assert found.at_budget is not None
    assert found.at_budget.gap == 0


def test_more_budget_than_the_best_stack_costs() -> None:
    found = judged(PAPER, ["re", "scientist-ai"], "depth", budget=10 * 10**PAPER.decimals)
    assert found.sentence == (
        "Your stack has depth 2 (2 cut sets of that size): none is better for the same money. "
        "It is the best at the budget of 10 USD million too."
    )


# Rules, budgets, levels, what others pay for.

SMALL = [[0.1, 0.9], [0.9, 0.1], [0.5, 0.5]]


def test_what_it_breaks_is_said_in_the_funders_words() -> None:
    rules = Rules(fund=(choice("t03"),), at_most=(AtMost(("t01", "t02"), 1),))
    found = judged(scenario(SMALL, costs=[2, 2, 1], budget=3, rules=rules), ["t01", "t02"])
    assert [breach.sentence for breach in found.breaches] == [
        "fund t03",
        "at most 1 of t01, t02",
        "it costs 1 USD more than the budget of 3 USD",
    ]
    assert "that keeps the rules" in found.sentence
    assert "Your stack breaks 3 rules: fund t03; at most 1" in found.sentence
    assert found.add is None
    assert found.swap is not None
    assert found.swap.keeps_rules
    assert [move.sentence for move in found.moves] == ["swap t02 for t03"]


def test_a_stack_that_breaks_a_rule_may_leave_less_than_the_best() -> None:
    rules = Rules(exclude=(choice("t01"),))
    found = judged(scenario([[0.0], [0.5]], budget=1, rules=rules), ["t01"])
    assert found.same_cost is not None
    assert found.same_cost.gap is not None
    assert found.same_cost.gap <= 0
    assert "that keeps the rules leaves" in found.sentence
    assert "exclude t01" in found.sentence


def test_no_stack_for_the_same_money() -> None:
    given = scenario(SMALL, costs=[2, 2, 1], budget=3, rules=Rules(fund=(choice("t01"),)))
    found = judged(given, ["t03"])
    assert found.same_cost is None
    assert "no stack for that money keeps the rules" in found.sentence
    assert found.at_budget is not None
    assert found.at_budget.worth.stack == ("t01", "t03")
    with pytest.raises(NoStack):
        judged(given, ["t03"], budget=1)


def test_without_a_budget_the_same_money_is_what_counts() -> None:
    found = judged(scenario(SMALL, costs=[2, 2, 1]), ["t01"])
    assert (found.budget, found.at_budget) == (None, None)
    assert found.target is found.same_cost
    assert found.add is not None
    assert found.to_dict()["at_budget"] is None


def test_a_swap_may_change_the_level() -> None:
    levels = {"t01": {"lite": (1, 0.5), "full": (2, 1)}}
    found = judged(scenario([[0.1], [0.9]], levels=levels, costs=1, budget=2), ["t01:lite"])
    assert found.swap is not None
    assert found.swap.sentence == "swap t01:lite for t01:full"
    assert [move.sentence for move in found.moves] == ["swap t01:lite for t01:full"]
    (left,) = found.left_out
    assert left.reason == "The best stack holds it as t01:full."


def test_what_others_pay_for_protects_and_is_no_part_of_the_stack() -> None:
    given = scenario(SMALL, budget=1, committed=["t01"])
    found = judged(given, [])
    assert found.own.risk < found.risk_empty
    assert found.own.risk == recommend(given, budget=0).risk
    with pytest.raises(BadInput, match="Others pay for t01 already"):
        judged(given, ["t01"])


def test_every_label_that_is_wrong_is_a_finding() -> None:
    levels = {"t02": {"full": 2, "lite": 1}}
    given = scenario(SMALL, levels=levels, committed=["t03"], budget=3)
    words = ["t1", "t02", "t01", "t01:full", "t02:lite", "t02:full", "t03:full", "t01:half", ""]
    with pytest.raises(BadInput) as error:
        judged(given, words)
    found = [(f.file, f.message, f.cure) for f in error.value.findings]
    assert found == [
        ("--stack", "'t1' is no option here.", "Did you mean t01?"),
        ("--stack", "'t02' is no option here.", "Name a level: t02:full, t02:lite."),
        ("--stack", "t01:full is named twice.", "Name it once."),
        ("--stack", "t02:full and t02:lite are two levels of one technique.", "Keep one of them."),
        ("--stack", "Others pay for t03:full already.", "Leave it out."),
        ("--stack", "'t01:half' is no option here.", "It has no levels: write t01."),
        ("--stack", "'' is no option here.", "Write labels such as t01, t02:full, t02:lite."),
    ]
    assert judged(given, ["t01:full", "t02:lite"]).own.stack == ("t01", "t02:lite")


def test_nothing_for_sale() -> None:
    found = judged(scenario([[0.5]], committed=["t01"], budget=1), [])
    assert (found.swap, found.add, found.drop, found.moves) == (None, None, None, ())


def test_no_time_still_gives_an_answer() -> None:
    rng = random.Random(5)
    v = [[rng.choice((0.05, 0.4, 0.8)) for _ in range(6)] for _ in range(30)]
    given = scenario(v, costs=[rng.randint(1, 9) for _ in range(30)], budget=20)
    found = judged(given, ["t01", "t02"], search=Search(solver="highs"), seconds=1e-6)
    assert found.at_budget is not None
    assert found.at_budget.gap is not None
    assert found.at_budget.gap >= 0
    assert found.at_budget.plan.proof.stop != "proven"
    assert found.own.cost == Decimal(
        sum(given.technique(t).levels[0].cost.mean for t in ("t01", "t02"))
    )
