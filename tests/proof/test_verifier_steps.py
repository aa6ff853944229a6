"""The verifier step by step, on small plans made by hand: what it takes, and where it stops.

Nothing but the verifier is imported. The values that a plan claims are worked out here in
fractions, from the definition of the measure.
"""

from __future__ import annotations

import copy
import itertools
import json
import math
import random
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest

from planner.proof import verify_plan
from planner.proof.verify_plan import NotAPlan, Rejected, check, main, read

HALVES = (0.5, 0.5)
Failures = tuple[tuple[float, ...], ...]


def texts(numbers: Any) -> str:
    return " ".join(float(x).hex() for x in numbers)


def value_of(failures: Failures, stack: list[int], probability: Any, loss: Any) -> Fraction:
    """sum_s p[s] l[s] prod_i F[i, s], by hand."""
    worlds = range(len(probability))
    left = [Fraction(probability[s]) * Fraction(loss[s]) for s in worlds]
    return sum(
        (left[s] * math.prod(Fraction(failures[j][s]) for j in stack) for s in worlds), Fraction()
    )


def made(
    failures: Failures = ((0.5, 0.25), (0.25, 0.5)),
    costs: tuple[int, ...] = (100, 200),
    *,
    stack: tuple[int, ...] = (0, 1),
    budget: int | None = 300,
    probability: Any = HALVES,
    loss: Any = (1.0, 1.0),
    measure: str = "expected",
    value: float | None = None,
    levels: tuple[str, ...] | None = None,
    names: tuple[str, ...] | None = None,
    rows: tuple[dict[str, Any], ...] = (),
    target: float | None = None,
    bound: Any = "value",
    nodes: Any = None,
    weights: Any = (),
    level: str | None = None,
    committed: tuple[tuple[str, tuple[float, ...]], ...] = (),
    state: str | None = None,
) -> dict[str, Any]:
    """A plan with its certificate; one leaf lists every stack unless nodes are given."""
    count = len(costs)
    names = names or tuple("abcdefgh"[:count])
    levels = levels or ("full",) * count
    given = [Fraction(1)] * len(probability)
    for _, factors in committed:
        given = [a * Fraction(b) for a, b in zip(given, factors, strict=True)]
    all_loss = [Fraction(a) * b for a, b in zip(loss, given, strict=True)]
    risk = value_of(failures, list(stack), probability, all_loss)
    reached = float(risk) if value is None else value
    every = list(rows)
    if budget is not None:
        terms = " ".join(f"{j}:{c}" for j, c in enumerate(costs) if c)
        every.append(row("budget", terms, None, budget, "budget"))
    cost = sum(costs[j] for j in stack)
    worlds = {"probability": texts(probability), "loss": texts(loss)}
    if state is not None:
        worlds["state"] = state
    prices = " ".join(["0"] * (len(every) + (target is not None)))
    lower = (
        (reached if bound == "value" else float.fromhex(bound)) if target is None else bound / 100
    )
    top = reached if target is None else cost / 100
    return {
        "objective": measure,
        "budget": None if budget is None or target is not None else budget / 100,
        "target_risk": target,
        "cost": cost / 100,
        "risk": float(risk),
        "risk_empty": float(value_of((), [], probability, loss)),
        "objective_value": reached,
        "stack": [names[j] for j in stack],
        "levels": {names[j]: levels[j] for j in stack},
        "committed": [name for name, _ in committed],
        "proof": {
            "kind": "certified",
            "lower_bound": lower,
            "gap": 1 - lower / top if top else 0.0,
        },
        "certificate": {
            "format": 1,
            "claim": {"stack": list(stack), "cost": cost, "bound": bound},
            "decimals": 2,
            "measure": {"name": measure},
            "target": None if target is None else target.hex(),
            "worlds": worlds,
            "options": [
                {"technique": n, "level": own, "cost": c, "failure": texts(f)}
                for n, own, c, f in zip(names, levels, costs, failures, strict=True)
            ],
            "committed": [
                {"technique": n, "level": "full", "failure": texts(f)} for n, f in committed
            ],
            "rows": every,
            "tree": {
                "level": level,
                "weights": list(weights),
                "nodes": nodes or [{"weights": None, "prices": prices}],
            },
        },
    }


def row(
    rule: str, terms: str, lower: int | None, upper: int | None, where: str = "x"
) -> dict[str, Any]:
    return {"rule": rule, "where": where, "terms": terms, "lower": lower, "upper": upper}


def refused(plan: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        check(plan)


def leaf(*prices: str, weights: int | None = None) -> dict[str, Any]:
    return {"weights": weights, "prices": " ".join(prices)}


# ---------------------------------------------------------------------- what is said


def test_the_sentence_names_the_bound_and_what_was_looked_at() -> None:
    # both: 1/2 * 1/8 + 1/2 * 1/8 = 1/8; four stacks, one leaf
    assert check(made()) == (
        "the stack obeys every rule, costs and leaves what the plan says; no stack that obeys them "
        "leaves less than 0.125 (leaves: 1, stacks tried one by one: 4)."
    )
    # at most 0.2: only both do, for 3.00
    assert check(made(target=0.2, bound=300)) == (
        "the stack obeys every rule, costs and leaves what the plan says; no stack that obeys them "
        "and meets the target costs less than 3 (leaves: 1, stacks tried one by one: 4)."
    )


def test_a_bound_of_zero_needs_no_tree() -> None:
    sure = made(failures=((0.0, 0.0), (0.25, 0.5)), stack=(0,))
    sure["certificate"]["tree"] = None
    assert check(sure).endswith("nothing can be below the bound.")
    free = made(costs=(0, 200), stack=(0,), target=0.5, bound=0)
    free["certificate"]["tree"] = None
    assert check(free).endswith("nothing can be below the bound.")
    # one unit above nothing does need one
    dear = made(costs=(1, 200), stack=(0,), target=0.5, bound=1)
    assert "stacks tried one by one" in check(dear)
    dear["certificate"]["tree"] = None
    refused(dear, "no 'level'")


# ---------------------------------------------------------------------- the plan's words


@pytest.mark.parametrize(("key", "least"), [("risk", 0.125), ("risk_empty", 1.0)])
def test_computed_numbers_may_differ_by_a_trillionth_and_no_more(key: str, least: float) -> None:
    plan = made()
    assert plan[key] == least
    for sign in (1, -1):
        check({**plan, key: least * (1 + sign * 0.9e-12)})
        refused({**plan, key: least * (1 + sign * 1.2e-12)}, f"{key}: the plan says")
    refused({**plan, key: True}, f"{key}: the plan says True")


def test_a_risk_of_nothing_may_differ_by_what_no_product_of_doubles_can_tell() -> None:
    plan = made(failures=((0.0, 0.0), (0.25, 0.5)), stack=(0,))
    check(plan)
    check({**plan, "risk": 5e-324})
    refused({**plan, "risk": 1e-300}, "risk: the plan says")
    nothing = made(loss=(0.0, 0.0))
    check({**nothing, "risk_empty": 5e-324})
    refused({**nothing, "risk_empty": 1e-300}, "risk_empty: the plan says")


@pytest.mark.parametrize("key", ["objective_value", "cost"])
def test_value_and_cost_are_exact(key: str) -> None:
    plan = made()
    for other in (math.nextafter(plan[key], 9), math.nextafter(plan[key], 0), str(plan[key]), True):
        refused({**plan, key: other}, f"{key}: the plan says")
    check(made(costs=(100, 0), budget=100) | {"cost": 1})  # a whole number is one


def test_the_gap_is_that_of_bound_and_value() -> None:
    # the claim is no more than that nothing leaves less than 1/16: a gap of a half
    plan = made(bound=(0.0625).hex())
    assert plan["proof"]["gap"] == 0.5
    assert "leaves less than 0.0625 " in check(plan)
    for gap in (0.5 + 0.9e-12, 0.5 - 0.9e-12):
        plan["proof"]["gap"] = gap
        check(plan)
    for gap in (0.5 + 1.2e-12, 0.5 - 1.2e-12, None):
        plan["proof"]["gap"] = gap
        refused(plan, "gap: the plan says")


def test_the_gap_of_a_plan_that_leaves_nothing_is_zero() -> None:
    plan = made(failures=((0.0, 0.0), (0.25, 0.5)), stack=(0,))
    assert plan["proof"]["gap"] == 0.0
    check(plan)
    plan["proof"]["gap"] = 1.0
    refused(plan, "gap: the plan says")
    # least cost, below what was paid: 2.00 of 3.00
    plan = made(target=0.2, bound=200)
    assert plan["proof"]["gap"] == pytest.approx(1 / 3)
    check(plan)


@pytest.mark.parametrize("key", verify_plan.KEYS)
def test_every_key_that_people_read_must_be_there(key: str) -> None:
    plan = made()
    del plan[key]
    with pytest.raises(NotAPlan, match="it lacks some of objective, budget"):
        read(json.dumps(plan))


@pytest.mark.parametrize("key", verify_plan.PROOF_KEYS)
def test_every_key_of_the_proof_must_be_there(key: str) -> None:
    plan = made()
    assert read(json.dumps(plan)) == plan
    del plan["proof"][key]
    with pytest.raises(NotAPlan, match="it lacks some of kind, lower_bound, gap"):
        read(json.dumps(plan))


def test_levels_and_committed_techniques_are_said_as_they_are() -> None:
    plan = made(
        levels=("half", "full"), names=("a", "b"), committed=(("z", (0.5, 1.0)), ("y", (1.0, 0.5)))
    )
    assert plan["levels"] == {"a": "half", "b": "full"}
    check(plan)
    check(plan | {"committed": ["y:full", "z"]})
    refused(plan | {"committed": ["z"]}, "committed: the plan says")
    refused(plan | {"committed": ["z:half", "y"]}, "committed: the plan says")
    refused(plan | {"committed": "z"}, "it: no list")
    refused(plan | {"committed": [1]}, "committed: no text")
    refused(plan | {"levels": {"a": "full", "b": "full"}}, "levels: the plan says")
    sold = copy.deepcopy(plan)
    sold["certificate"]["committed"][0]["technique"] = "a"
    refused(sold, "a committed technique is for sale")


def test_the_budget_is_the_row_that_bears_its_name() -> None:
    plan = made()
    refused(plan | {"budget": 3.01}, r"budget: the plan says \[3.01\]")
    none = made(budget=None)
    assert none["budget"] is None
    check(none)
    refused(none | {"budget": 3.0}, r"budget: the plan says \[3.0\]")
    # a limit on a cost from below is no budget
    low = made()
    low["certificate"]["rows"][0]["lower"] = 0
    refused(low, "the budget is not about the costs")
    # and one that limits nothing is not a budget of 0
    endless = made() | {"budget": 0.0}
    endless["certificate"]["rows"][0]["upper"] = None
    refused(endless, "the budget is not about the costs")
    # free options are not among its terms
    check(made(costs=(0, 200), budget=200))
    refused(made() | {"target_risk": 0.2}, "target_risk: the certificate has none")
    with_target = made(target=0.2, bound=300)
    refused(with_target | {"budget": 3.0}, "budget: with a target it is null")
    refused(with_target | {"target_risk": 0.25}, "target_risk: the plan says")


# ---------------------------------------------------------------------- rules and claim


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (row("r", "0:1 1:1", 2, None), True),
        (row("r", "0:1 1:1", 3, None), False),
        (row("r", "0:1 1:1", None, 2), True),
        (row("r", "0:1 1:1", None, 1), False),
        (row("r", "0:-5 1:2", -3, -3), True),
        (row("r", "0:-5 1:2", -2, None), False),
        (row("r", "", 0, 0), True),
        (row("r", "", 1, None), False),
    ],
)
def test_the_stack_must_obey_every_row_to_the_unit(rule: dict[str, Any], holds: bool) -> None:
    plan = made(rows=(rule,))
    if holds:
        check(plan)
    else:
        refused(plan, "the stack breaks a rule: r")


def test_a_stack_a_unit_above_the_budget_breaks_it() -> None:
    check(made(budget=300))
    refused(made(budget=299), "the stack breaks a rule: budget")


@pytest.mark.parametrize("terms", ["2:1", "-1:1", "0:1 0:1", "0"])
def test_terms_stand_on_options_and_once(terms: str) -> None:
    refused(made(rows=(row("r", terms, None, 9),)), "a term on no option, or on one twice")


def test_two_levels_of_one_technique_are_never_bought_together() -> None:
    pair = made(names=("a", "a"), levels=("full", "half"), stack=(0, 1))
    refused(pair, "two levels of one technique are bought")
    # with at most one of them: 3/8 with either, and three choices
    one = made(names=("a", "a"), levels=("full", "half"), stack=(0,))
    assert "stacks tried one by one: 3" in check(one)


def test_the_claimed_stack_is_of_options_that_there_are() -> None:
    for stack, reason in (
        ([-1], "no such option"),
        ([2], "no such option"),
        ([1, 1], "not in order"),
    ):
        plan = made()
        plan["certificate"]["claim"]["stack"] = stack
        refused(plan, reason)


@pytest.mark.parametrize("decimals", [-1, 10])
def test_decimals_are_those_of_the_contract(decimals: int) -> None:
    plan = made()
    plan["certificate"]["decimals"] = decimals
    refused(plan, "decimals are 0 to 9")


@pytest.mark.parametrize(("decimals", "cost"), [(0, 300.0), (9, 3e-7)])
def test_money_is_said_in_the_unit_of_account(decimals: int, cost: float) -> None:
    plan = made() | {"cost": cost, "budget": cost}
    plan["certificate"]["decimals"] = decimals
    check(plan)


# ---------------------------------------------------------------------- bounds


def test_a_better_stack_is_named() -> None:
    # b alone leaves 3/8, as a does; with 1/4 of either world b would leave less
    worse = made(failures=((0.5, 0.25), (0.25, 0.25)), stack=(0,), budget=200)
    refused(worse, r"there is a better stack \(b:full\)")
    refused(made(stack=()), r"there is a better stack \((a|b):full")
    # two alike are no better than each other, at whatever cost
    check(made(failures=((0.5, 0.5), (0.5, 0.5)), stack=(1,), budget=200))


def test_nothing_is_the_better_stack_where_a_rule_forbids_all_else() -> None:
    # at least two, and they are not worth the claim: the bound 1/4 is above what both leave
    plan = made(bound=(0.25).hex())
    refused(plan, "the bound is above the stack's own value")
    # nothing bought meets a target of 1 for nothing
    refused(made(target=1.0, bound=300), r"there is a better stack \(nothing\)")


def test_a_target_is_met_up_to_a_trillionth() -> None:
    # one world, one technique that leaves 1/2
    def least(target: float) -> dict[str, Any]:
        return made(((0.5,),), (100,), stack=(0,), budget=None, probability=(1.0,), loss=(1.0,),
                    target=target, bound=100)  # fmt: skip

    check(least(0.5))
    check(least(0.5 * (1 - 0.9e-12)))
    refused(least(0.5 * (1 - 1.2e-12)), "the stack does not meet the target")


def test_a_cheaper_stack_that_just_meets_the_target_is_better() -> None:
    # a leaves 1/2 for 1.00, b leaves 1/4 for 2.00
    def dear(target: float) -> dict[str, Any]:
        return made(((0.5,), (0.25,)), (100, 200), stack=(1,), budget=None, probability=(1.0,),
                    loss=(1.0,), target=target, bound=200)  # fmt: skip

    refused(dear(0.5), r"there is a better stack \(a:full\)")
    refused(dear(0.5 * (1 - 0.9e-12)), r"there is a better stack \(a:full\)")
    check(dear(0.5 * (1 - 1.2e-12)))
    check(dear(0.25))


def test_a_stack_that_is_cheaper_by_one_unit_is_cheaper() -> None:
    # Both leave 1/2, a for 1.00 and b for 1.01: nothing below 1.00 does, and so not "1.01 at least"
    def dear(bound: int) -> dict[str, Any]:
        return made(((0.5,), (0.5,)), (100, 101), stack=(1,), budget=None, probability=(1.0,),
                    loss=(1.0,), target=0.5, bound=bound)  # fmt: skip

    refused(dear(101), r"there is a better stack \(a:full\)")
    assert "costs less than 1 " in check(dear(100))


def test_a_least_cost_is_at_most_what_the_stack_costs() -> None:
    check(made(target=0.2, bound=300))
    refused(made(target=0.2, bound=301), "the bound is above the stack's own cost")


def test_tiny_and_huge_numbers_are_compared_without_rounding() -> None:
    for scale in (2.0**-900, 2.0**-70, 2.0**60, 2.0**900):
        plan = made(loss=(scale, scale))
        check(plan)
        # one bit less of the second world: nothing changes for the claim about both, but a bound
        # of one more unit in the last place is false
        more = made(loss=(scale, scale), stack=(0,), budget=100, bound="value")
        check(more)
        above = math.nextafter(plan["objective_value"], math.inf)
        refused(
            made(loss=(scale, scale), stack=(0,), bound=above.hex()),
            r"better stack \(a:full, b:full\)",
        )


# ---------------------------------------------------------------------- measures


def test_the_mean_of_the_worst_share_takes_worlds_by_their_loss() -> None:
    # a leaves 1/2 and 1/4; the worst quarter lies within the first world, three quarters of the
    # probability are 2/3 of it and 1/3 of the second
    def tail(level: str, value: float) -> dict[str, Any]:
        one = ((0.5, 0.25),)
        return made(one, (100,), stack=(0,), budget=100, measure=f"cvar:{level}", value=value)

    check(tail("0.75", 0.5))
    check(tail("0.5", 0.5))
    check(tail("0.25", float(Fraction(2, 3) / 2 + Fraction(1, 3) / 4)))
    check(tail("0", 0.375))
    refused(tail("0.25", 0.375), "objective_value: the plan says")
    refused(tail("-0.25", 0.375), "is no measure")
    refused(tail("1", 0.5), "is no measure")
    refused(tail("1/0", 0.5), "is no measure")
    refused(tail(".", 0.5), "is no measure")
    check(tail("0." + "5".ljust(38, "0"), 0.5))
    refused(tail("0." + "5".ljust(39, "0"), 0.5), "is no measure")
    # a power of ten with thirty million digits would take minutes to write out
    refused(tail("1e-30000000", 0.5), "is no measure")


def test_the_worst_case_is_that_of_the_worst_state() -> None:
    # states 0 0 1: with a 1/4 * 1/2 + 1/4 * 1/4 = 3/16, or 1/2 * 1/4 = 1/8
    def worst(state: str, value: float) -> dict[str, Any]:
        plan = made(
            ((0.5, 0.25, 0.25),),
            (100,),
            stack=(0,),
            budget=100,
            measure="worst:1",
            value=value,
            probability=(0.25, 0.25, 0.5),
            loss=(1, 1, 1),
            state=state,
        )
        return plan | {"risk": 7.0, "risk_empty": None}  # those are of other worlds

    check(worst("0 0 1", 0.1875))
    check(worst("5 -3 -3", 0.1875))
    refused(worst("0 0 1", 0.125), "objective_value: the plan says")
    refused(worst("0 1", 0.125), "states do not match the worlds")


# ---------------------------------------------------------------------- leaves


def test_a_price_pays_on_the_side_that_the_rule_has() -> None:
    # Buy b or nothing: its price of 1/100 a unit on the budget of 1.00 closes the other leaf.
    nodes = [{"branch": 1}, leaf((1 / 64).hex()), leaf("0")]
    plan = made(stack=(0,), budget=100, nodes=nodes)
    # in: 200/64 - 100/64 = 1.56 above 1, nothing to list; out: nothing and a
    assert "leaves: 2, stacks tried one by one: 2" in check(plan)
    # the smallest price that there is
    assert "stacks tried one by one: 4" in check(made(nodes=[leaf((2.0**-84).hex())]))
    refused(made(nodes=[leaf("-0x1p-84")]), "budget: a price on a bound that is not there")
    low = made(rows=(row("low", "0:1", 1, None),), nodes=[leaf("-0x1p-84", "0")])
    # and it closes what leaves a out
    assert "stacks tried one by one: 2" in check(low)
    refused(
        made(rows=(row("low", "0:1", 1, None),), nodes=[leaf("0x1p-84", "0")]),
        "low: a price on a bound that is not there",
    )
    refused(made(nodes=[leaf("0", "0")]), "prices do not match the rules")


def test_a_rule_from_below_closes_what_leaves_it_out() -> None:
    # at least one of a: without it, 0 - (-2) * 1 = 2 > 0
    must = row("must", "0:1", 1, None)
    nodes = [{"branch": 0}, leaf("0", "0"), leaf("-0x1p+1", "0")]
    plan = made(rows=(must,), nodes=nodes)
    assert "leaves: 2, stacks tried one by one: 2" in check(plan)


def test_a_leaf_whose_bound_is_met_exactly_is_listed() -> None:
    # price p on 300: buying nothing is -300 p below 0, so that all four stay; the bound of
    # exactly 0 (a rule that is met with nothing left) is listed too.
    tight = row("tight", "0:1 1:1", 2, 2)
    plan = made(rows=(tight,), nodes=[{"branch": 0}, {"branch": 1}, leaf("0x1p+0", "0"),
                                      leaf("-0x1p+0", "0"), leaf("-0x1p+0", "0")])  # fmt: skip
    # a and b: 2 - 2 = 0, listed; a alone: -1 + 2 = 1, closed; b or nothing: 2 - 1 = 1, closed
    assert "leaves: 3, stacks tried one by one: 1" in check(plan)


def test_the_nodes_are_exactly_those_of_the_tree() -> None:
    good = [{"branch": 0}, leaf("0"), leaf("0")]
    assert "leaves: 2" in check(made(nodes=good))
    refused(made(nodes=good[:2]), "the tree is not complete")
    refused(made(nodes=[*good, leaf("0")]), "the tree has nodes too many")
    refused(made(nodes=[{"branch": -1}, *good[1:]]), "a branch on no option")
    refused(made(nodes=[{"branch": 2}, *good[1:]]), "a branch on no option")
    refused(
        made(nodes=[{"branch": 0}, leaf("0"), {"branch": 0}, leaf("0"), leaf("0")]),
        "a branch on what is settled",
    )
    refused(made(nodes=[{"weights": -1, "prices": "0"}]), "no such weights")
    refused(made(nodes=[{"weights": 0, "prices": "0"}]), "no such weights")


def test_a_list_may_be_as_long_as_is_said_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_plan, "MOST_LISTED", 4)
    check(made())
    monkeypatch.setattr(verify_plan, "MOST_LISTED", 3)
    refused(made(), "more stacks are left open than can be tried")


def test_only_a_stack_too_near_to_the_goal_is_evaluated_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing leaves 1, a and b 3/8 each: far above the 1/8 of both, as whole numbers show.
    asked: list[list[int]] = []
    exact = verify_plan.Instance.risk

    def noted(self: verify_plan.Instance, stack: list[int], kind: str = "") -> Fraction:
        asked.append(sorted(stack))
        return exact(self, stack, kind)

    monkeypatch.setattr(verify_plan.Instance, "risk", noted)
    assert "stacks tried one by one: 4" in check(made())
    assert all(stack == [0, 1] for stack in asked)
    # b leaves 2^-50 more than a: near, and yet plainly more
    asked.clear()
    near = made(
        ((0.5,), (0.5 + 2.0**-50,)), stack=(0,), budget=200, probability=(1.0,), loss=(1.0,)
    )
    check(near)
    assert all(stack == [0] for stack in asked)


@pytest.mark.parametrize("scale", [1.0, 2.0**-200, 2.0**40])
@pytest.mark.parametrize("target", [False, True])
def test_the_quick_look_at_a_stack_is_never_wrong_and_settles_what_is_not_near(
    scale: float, target: bool
) -> None:
    """Every set of changes to the cheapest choices, against the measure in fractions."""
    dice = random.Random(5)
    for case in range(12):
        sizes = (3, 5)[case % 2]
        failures = tuple(
            tuple(dice.choice((0.0, 1.0, 0.3, dice.random(), 1e-9)) for _ in range(sizes))
            for _ in range(5)
        )
        weights = [dice.random() for _ in range(sizes)]
        plan = made(
            failures,
            (1, 1, 1, 1, 1),
            names=("a", "a", "b", "c", "d"),
            levels=("x", "y", "x", "x", "x"),
            stack=(0, 2),
            budget=None,
            probability=weights,
            loss=[scale * dice.random() for _ in range(sizes)],
            committed=(("z", tuple(dice.random() for _ in range(sizes))),),
        )
        instance = verify_plan.Instance(plan["certificate"])
        known = instance.risk([0, 2])
        bound: Any = "value"
        if target:
            instance.target, bound = known, 1
        goal = verify_plan.Goal(instance, bound, known, {"level": None})
        prover = verify_plan.Prover(instance, goal, {"nodes": [], "weights": []})
        defaults: list[int | None] = [0, 2, None, 4]
        others = [(0, 0, 1), (0, 0, None), (0, 1, None), (0, 2, 3), (0, 3, None)]
        found = verify_plan.Listing(prover, defaults, others, 0, [0] * len(goal.rows))
        places = range(len(found.others))
        for changed in itertools.chain(*(itertools.combinations(places, n) for n in range(4))):
            chosen = dict(enumerate(defaults))
            if len({found.others[k][1] for k in changed}) < len(changed):
                continue
            chosen.update({found.others[k][1]: found.others[k][2] for k in changed})
            risk = instance.risk([j for j in chosen.values() if j is not None])
            # Where a choice that surely protects is replaced, the quick look sees no loss at all.
            hidden = any(
                0 in instance.failure[old].whole
                for k in changed
                if (old := defaults[found.others[k][1]]) is not None
            )
            if found._large_enough(changed):
                assert goal.met_by(risk)
            elif not hidden:
                assert risk <= goal.value * (1 + Fraction(1, 2**50))


# ---------------------------------------------------------------------- weights

ONE = 1 << 30


def weighted(first: int, second: int, **more: Any) -> dict[str, Any]:
    weights = [{"worlds": f"{first} {second}"}]
    return made(nodes=[leaf("0", weights=0)], weights=weights, **more)


def test_weights_bound_as_the_formula_says() -> None:
    """In one leaf with lam = 1/2, 1/2, V = 1/8 and u = p l = 1/2:

    constant = 2 * 1/2 * (1 + log(1/2 / (1/2 * 1/8))) - 1 = log 8 = 2.0794,
    slope of each = 1/2 log 1/2 + 1/2 log 1/4 = -1.0397, so that both give 0: nothing to spare.
    """
    plan = weighted(ONE // 2, ONE // 2)
    instance = verify_plan.Instance(plan["certificate"])
    goal = verify_plan.Goal(instance, "value", Fraction(1, 8), plan["certificate"]["tree"])
    (found,) = verify_plan.Prover(instance, goal, plan["certificate"]["tree"]).weights
    unit = 2.0**84
    assert found.constant / unit == pytest.approx(math.log(8), abs=1e-14)
    assert found.slope(0) / unit == pytest.approx(-1.5 * math.log(2), abs=1e-14)
    assert found.slope(1) / unit == pytest.approx(-1.5 * math.log(2), abs=1e-14)
    # rounded so that the bound gets weaker
    assert found.constant + found.slope(0) + found.slope(1) <= 0
    # only both are left to be tried
    assert "stacks tried one by one: 1" in check(plan)


def test_a_world_that_an_option_surely_protects_takes_its_line_away() -> None:
    # F[0] = 0, 1/2: the slope of a is lam[1] log 1/2 - lam[0] h[0]
    plan = weighted(ONE // 4, ONE // 4, failures=((0.0, 0.5), (0.25, 0.5)), stack=(0, 1))
    instance = verify_plan.Instance(plan["certificate"])
    value = Fraction(1, 8)
    goal = verify_plan.Goal(instance, "value", value, plan["certificate"]["tree"])
    (found,) = verify_plan.Prover(instance, goal, plan["certificate"]["tree"]).weights
    line = 0.25 * (1 + math.log(0.5 / (0.25 * 0.125)))
    assert found.lines[0] / 2.0**84 == pytest.approx(line, abs=1e-14)
    assert found.slope(0) / 2.0**84 == pytest.approx(0.25 * math.log(0.5) - line, abs=1e-14)
    assert "stacks tried one by one" in check(plan)


@pytest.mark.parametrize("lam", [0, 8])
def test_a_protected_world_without_a_line_above_nothing_takes_nothing_away(lam: int) -> None:
    """F = 0, 1: lam[1] log 1 - max(lam[0] h[0], 0), where lam[0] h[0] is 0, or below 0:

    with u = 1/2 and V = 1/4 it is 8 (1 + log(1/2 / (8/4))) = 8 (1 - log 4) = -3.09.
    """
    plan = weighted(lam * ONE, ONE // 4, failures=((0.0, 1.0), (0.25, 0.5)))
    instance = verify_plan.Instance(plan["certificate"])
    goal = verify_plan.Goal(instance, "value", Fraction(1, 4), plan["certificate"]["tree"])
    (found,) = verify_plan.Prover(instance, goal, plan["certificate"]["tree"]).weights
    assert found.lines[0] / 2.0**84 == pytest.approx(lam * (1 - math.log(4)), abs=1e-13)
    assert found.slope(0) == 0
    check(plan)


def test_choices_of_a_leaf_are_left_out_with_what_they_cost() -> None:
    """Next to no weight: the cheapest choices are a and b, whose slopes are below 0, and all four
    stacks are listed. Both cost 2.00 of 1.00; b alone is within the budget and leaves 1/4."""
    given: dict[str, Any] = {
        "failures": ((0.5, 0.5), (0.25, 0.25)),
        "costs": (100, 100),
        "budget": 100,
        "nodes": [leaf("0", weights=0)],
        "weights": [{"worlds": "1 1"}],
    }
    refused(made(**given, stack=(0,)), r"there is a better stack \(b:full\)")
    assert "stacks tried one by one: 4" in check(made(**given, stack=(1,)))


@pytest.mark.parametrize(("measure", "value"), [("worst:1", 0.25), ("cvar:0.5", 0.5)])
def test_a_small_share_of_the_probability_weighs_little(measure: str, value: float) -> None:
    """A share of 2^-30 lowers every line by 30 log 2 (29 in the half tail), and never raises it.

    a leaves 1/2 of every world, b 1/4, so that no weights at all may show that a is the best.
    """
    weights = [{"worlds": f"{ONE} {ONE}", "shares": "1 1"}]
    false = made(
        ((0.5, 0.5), (0.25, 0.25)),
        stack=(0,),
        budget=200,
        measure=measure,
        value=value,
        state="0 1",
        nodes=[leaf("0", weights=0)],
        weights=weights,
    )
    refused(false, r"there is a better stack \(b:full\)")


def test_weights_need_a_level_above_what_no_option_changes() -> None:
    """A target of 0 has no logarithm; a level of 2^-10 above it has one, and it is below the 1/4
    that either option leaves alone (both leave nothing, for 3.00)."""
    given: dict[str, Any] = {
        "failures": ((0.0, 0.5), (0.5, 0.0)),
        "target": 0.0,
        "bound": 300,
        "nodes": [leaf("0", "0", weights=0)],
        "weights": [{"worlds": f"{ONE // 2} {ONE // 2}"}],
    }
    refused(made(**given), "the level is not above what no option changes")
    assert "costs less than 3 " in check(made(**given, level=(2.0**-10).hex()))


def test_weights_on_worlds_without_loss_or_probability_count_for_nothing() -> None:
    plan = made(
        failures=((0.5, 0.25, 0.5, 0.5), (0.25, 0.5, 0.5, 0.5)),
        probability=(0.5, 0.5, 0.0, 0.25),
        loss=(1.0, 1.0, 1.0, 0.0),
        nodes=[leaf("0", weights=0)],
        weights=[{"worlds": f"{ONE // 2} {ONE // 2} {ONE} {ONE}"}],
    )
    assert "stacks tried one by one: 1" in check(plan)


@pytest.mark.parametrize(
    ("measure", "weights", "reason"),
    [
        ("cvar:0.5", {"worlds": "1 1", "shares": "1 1 1"}, "shares do not match the worlds"),
        ("cvar:0.5", {"worlds": "1 1", "shares": f"{ONE + 1} 0"}, "a share is not within 0 and 1"),
        ("cvar:0.5", {"worlds": "1 1", "shares": "-1 1"}, "a share is not within 0 and 1"),
        ("cvar:0.5", {"worlds": "1 1", "shares": f"{ONE} 1"}, "shares exceed the tail"),
        ("cvar:0.5", {"worlds": "1 1", "shares": f"{ONE} 0"}, None),
        ("cvar:0.5", {"worlds": "1 1", "shares": f"{ONE // 2} {ONE // 2}"}, None),
        ("worst:1", {"worlds": "1 1", "shares": f"{ONE} 1"}, "shares of the states exceed 1"),
        ("worst:1", {"worlds": "1 1", "shares": "-1 1"}, "shares of the states exceed 1"),
        ("worst:1", {"worlds": "1 1", "shares": f"{ONE} 0"}, None),
        ("worst:1", {"worlds": "0 0", "shares": "1"}, "shares do not match the states"),
        ("expected", {"worlds": "1 -1"}, "weights do not match the worlds"),
        ("expected", {"worlds": "1 1 1"}, "weights do not match the worlds"),
    ],
)
def test_admissible_weights_end_at_the_measures_edge(
    measure: str, weights: dict[str, str], reason: str | None
) -> None:
    value = {"cvar:0.5": 0.125, "worst:1": 0.0625, "expected": 0.125}[measure]
    plan = made(
        measure=measure, value=value, state="0 1", weights=[weights], nodes=[leaf("0", weights=0)]
    )
    if reason is None:
        check(plan)
    else:
        refused(plan, reason)


def test_what_a_share_makes_of_a_worlds_probability() -> None:
    """q / p: 1 in the expectation, share / (1 - a) in a tail, the state's share in a worst case."""

    def logs(measure: str, **given: str) -> list[int]:
        instance = verify_plan.Instance(
            made(measure=measure, value=1.0, state="4 2")["certificate"]
        )
        return verify_plan.Weights._shares(given, instance, [1, 1])

    assert logs("expected") == [0, 0]
    unit = 2.0**54
    found = logs("cvar:0.5", shares=f"{ONE // 2} {ONE // 8}")
    assert [x / unit for x in found] == pytest.approx([0.0, math.log(0.25)], abs=1e-15)
    # states by their order: 2 comes first
    found = logs("worst:1", shares=f"{ONE // 4} {ONE // 2}")
    assert [x / unit for x in found] == pytest.approx([math.log(0.5), math.log(0.25)], abs=1e-15)
    # no share of a world: no weight on it either
    instance = verify_plan.Instance(made(measure="cvar:0.5", value=1.0)["certificate"])
    weights = [5, 7]
    verify_plan.Weights._shares({"shares": f"0 {ONE}"}, instance, weights)
    assert weights == [0, 7]


# ---------------------------------------------------------------------- the file


def test_the_file_says_what_it_wants(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err == "usage: python verify_plan.py plan.json\n"
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(made()))
    assert main([str(path)]) == 0
    assert capsys.readouterr().out == f"Verified: {check(made())}\n"
    assert main([str(path), str(path)]) == 2
    size = len(path.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify_plan, "MOST_BYTES", size)
        assert main([str(path)]) == 0
        patch.setattr(verify_plan, "MOST_BYTES", size - 1)
        assert main([str(path)]) == 2
    path.write_text(json.dumps(made(budget=299)))
    capsys.readouterr()
    assert main([str(path)]) == 1
    assert capsys.readouterr().err == "NOT verified: the stack breaks a rule: budget.\n"


def test_a_reason_why_there_is_no_certificate_is_handed_on() -> None:
    plan = made() | {"certificate": None}
    refused(plan, r"it carries no certificate$")
    plan["proof"]["note"] = "too large"
    refused(plan, r"it carries no certificate \(too large\)$")


@pytest.mark.parametrize("kind", ["certified", "enumerated"])
def test_a_certificate_stands_under_the_kinds_that_it_proves(kind: str) -> None:
    plan = made()
    plan["proof"]["kind"] = kind
    check(plan)
    plan["proof"]["kind"] = "bounded"
    refused(plan, "a plan with a certificate calls itself 'bounded'")


@pytest.mark.parametrize("fraction", [(1032, 1031), (3558, 3557), (7755, 7754)])
def test_a_logarithm_lies_between_its_two_roundings(fraction: tuple[int, int]) -> None:
    # 2^54 times these logarithms is next to nothing above a whole number: one unit more than the
    # lower end is still too little, as the decimal module's logarithm at 50 digits shows.
    with localcontext() as context:
        context.prec = 50
        exact = (Decimal(fraction[0]) / Decimal(fraction[1])).ln() * 2**54
    below, above = verify_plan.log_below(*fraction), verify_plan.log_above(*fraction)
    assert below + 1 < exact <= above == below + 2


def test_a_certificate_is_about_some_world() -> None:
    plan = made()
    plan["certificate"]["worlds"] = {"probability": "", "loss": ""}
    for option in plan["certificate"]["options"]:
        option["failure"] = ""
    refused(plan, "worlds do not match")


def test_numbers_are_whole_over_one_power_of_two_and_zero_and_one_have_exact_logarithms() -> None:
    numbers = verify_plan.Numbers("0x1p+0 0x1.8p-1 0 0x1p-3", "x")
    assert (numbers.bits, numbers.whole) == (3, [8, 6, 0, 1])
    one, three_quarters, zero, eighth = numbers.logs()
    assert (one, zero) == (0, 0)
    assert three_quarters / 2**54 == pytest.approx(math.log(0.75), abs=1e-15)
    assert eighth / 2**54 == pytest.approx(math.log(0.125), abs=1e-15)
    # no list at all, and large numbers
    assert verify_plan.Numbers("", "x").bits == 0
    large = verify_plan.Numbers("0x1p+70 0x1p-1", "x")
    assert (large.bits, large.whole) == (1, [2**71, 1])


def test_long_numbers_and_odd_words_are_refused() -> None:
    good = "1" * 39
    assert verify_plan._wholes(f"{good} -7", "x") == [int(good), -7]
    for text in ("1" * 40, "1.0", "--1", "²", ""):
        if text:
            refused_words = text
            with pytest.raises(Rejected, match="x: no list of whole numbers"):
                verify_plan._wholes(refused_words, "x")
    assert verify_plan._wholes("", "x") == []
    for value in (True, 1.0, "1", None):
        with pytest.raises(Rejected, match="x: no whole number"):
            verify_plan._whole(value, "x")
