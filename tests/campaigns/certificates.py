"""Random plans with certificates, and files spoilt in every way: two verifiers judge them.

    python -m tests.campaigns.certificates --count 300 --mutants 40

Every plan's certificate must be accepted by both verifiers. A spoilt file must be rejected, or what
it still says must be true: then both verifiers agree, and full enumeration of the instance in the
file (the second verifier's own arithmetic) finds no better stack than the file's bound. Exit code 1
where that fails.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
for place in (str(ROOT / "tests"), str(ROOT)):
    if place not in sys.path:
        sys.path.insert(0, place)

from proof import second_verifier  # noqa: E402
from proof.second_verifier import Wrong  # noqa: E402
from random_scenarios import random_case  # noqa: E402

from planner.errors import NoStack  # noqa: E402
from planner.plan import recommend  # noqa: E402
from planner.proof import verify_plan  # noqa: E402
from planner.report.screen import as_json  # noqa: E402
from planner.solve import certify  # noqa: E402
from planner.solve.search import Search  # noqa: E402
from planner.study.certified import certified  # noqa: E402

#: Options times worlds above which a plan is verified, but not spoilt: the second verifier is slow.
MOST_CELLS = 250


def plan_of(seed: int, *, small_leaves: bool) -> dict[str, Any] | None:
    """The file of a random plan, None where no stack meets its rules.

    `small_leaves`: leaves may list next to nothing, so that trees grow where one leaf would do;
    where that takes too many nodes, leaves are as they always are. Raises AssertionError where
    there is no certificate then.
    """
    case = random_case(seed, most=7)
    gap = (0.0, 1e-4, 0.05)[seed % 3]
    try:
        bare = recommend(
            case.scenario,
            case.objective,
            budget=case.budget,
            target_risk=case.target,
            search=Search(solver=("auto", "core", "highs")[seed % 5 % 3], gap=gap),
        )
    except NoStack:
        return None
    before = certify.MOST_LISTED
    certify.MOST_LISTED = 4 if small_leaves else before
    try:
        plan = certified(bare, gap)
    finally:
        certify.MOST_LISTED = before
    if plan.certificate is None and small_leaves:
        plan = certified(bare, gap)
    if plan.certificate is None:
        raise AssertionError(f"seed {seed}: {plan.proof.note}")
    document: dict[str, Any] = json.loads(
        as_json({**plan.to_dict(), "certificate": plan.certificate.to_dict()})
    )
    return document


# ---------------------------------------------------------------------- spoiling


def spoil(plan: dict[str, Any], rng: random.Random) -> tuple[str, dict[str, Any]]:
    """A copy with one to three things changed, and what they were."""
    spoilt = copy.deepcopy(plan)
    names = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(CHANGES)
        try:
            change(spoilt, rng)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, Wrong):
            continue  # there is nothing of that kind to change
        names.append(change.__name__)
    return "+".join(names), spoilt


def another_number(plan: dict[str, Any], rng: random.Random) -> None:
    """Any number or text in the file, wherever it stands."""
    places: list[tuple[Any, Any]] = []

    def look(value: Any) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inside in items:
            if isinstance(inside, (dict, list)):
                look(inside)
            else:
                places.append((value, key))

    look(rng.choice((plan, plan["certificate"], plan["certificate"]["tree"] or plan)))
    table, key = rng.choice(places)
    table[key] = rng.choice((None, 0, -1, 1.5, True, "", "x", "0x1p-3", [], {}, 10**30))


def words_of(text: str, rng: random.Random, *, whole: bool) -> str:
    words = text.split()
    k = rng.randrange(len(words))
    if whole:
        old = int(words[k])
        new = rng.choice((old + 1, old - 1, old * 2, -old, 0, old + rng.randint(-(2**29), 2**29)))
        words[k] = str(new)
    else:
        old = float.fromhex(words[k])
        words[k] = rng.choice((old * (1 + 1e-9), old * 1.1, old / 2, -old, 0.0, 1.0 - old)).hex()
    if rng.random() < 0.1:
        words.pop(rng.randrange(len(words)))
    return " ".join(words)


def a_world(plan: dict[str, Any], rng: random.Random) -> None:
    worlds = plan["certificate"]["worlds"]
    key = rng.choice(("probability", "loss"))
    worlds[key] = words_of(worlds[key], rng, whole=False)


def a_failure(plan: dict[str, Any], rng: random.Random) -> None:
    option = rng.choice(plan["certificate"]["options"] + plan["certificate"]["committed"])
    option["failure"] = words_of(option["failure"], rng, whole=False)


def a_cost(plan: dict[str, Any], rng: random.Random) -> None:
    option = rng.choice(plan["certificate"]["options"])
    option["cost"] = rng.choice((option["cost"] + 1, option["cost"] - 1, 0, option["cost"] // 2))


def a_rule(plan: dict[str, Any], rng: random.Random) -> None:
    rows = plan["certificate"]["rows"]
    row = rng.choice(rows)
    pick = rng.random()
    if pick < 0.3:
        rows.remove(row)
    elif pick < 0.7:
        side = rng.choice(("lower", "upper"))
        row[side] = rng.choice((None, rng.randint(-2, 9), (row[side] or 0) + rng.choice((1, -1))))
    else:
        terms = row["terms"].split()
        terms.pop(rng.randrange(len(terms)))
        row["terms"] = " ".join(terms)


def the_claim(plan: dict[str, Any], rng: random.Random) -> None:
    certificate = plan["certificate"]
    claim, key = certificate["claim"], rng.choice(("stack", "cost", "bound"))
    if key == "stack":
        stack = set(claim["stack"]) ^ {rng.randrange(len(certificate["options"]))}
        claim["stack"] = sorted(stack)
    elif key == "cost" or isinstance(claim[key], int):
        claim[key] += rng.choice((1, -1, 100))
    else:
        claim[key] = (plan["objective_value"] * rng.choice((1.0, 1.01, 0.99, 2.0))).hex()


def a_better_claim(plan: dict[str, Any], rng: random.Random) -> None:  # noqa: ARG001
    """A bound raised consistently, in the claim and in the words: the tree must not carry it."""
    claim, proof = plan["certificate"]["claim"], plan["proof"]
    if isinstance(claim["bound"], int):
        claim["bound"] = claim["cost"]
        proof["lower_bound"], proof["gap"] = plan["cost"], 0.0
    else:
        claim["bound"] = "value"
        proof["lower_bound"], proof["gap"] = plan["objective_value"], 0.0


def another_stack(plan: dict[str, Any], rng: random.Random) -> None:
    """A worse stack, with all of the words that go with it: only the tree tells."""
    certificate = plan["certificate"]
    case = second_verifier._Case(plan)
    options = certificate["options"]
    stack = tuple(sorted(set(certificate["claim"]["stack"]) ^ {rng.randrange(len(options))}))
    value, cost = case.value(stack), sum(case.cost[j] for j in stack)
    unit = 10 ** certificate["decimals"]
    plan["stack"] = [options[j]["technique"] for j in stack]
    plan["levels"] = {options[j]["technique"]: options[j]["level"] for j in stack}
    plan["objective_value"], plan["cost"] = float(value), float(Fraction(cost, unit))
    certificate["claim"]["stack"], certificate["claim"]["cost"] = list(stack), cost
    left = case.left(stack)
    plan["risk"] = float(sum((p * x for p, x in zip(case.p, left, strict=True)), Fraction(0)))
    if certificate["target"] is None:
        certificate["claim"]["bound"] = "value"
        plan["proof"]["lower_bound"] = float(value)
    else:
        certificate["claim"]["bound"] = cost
        plan["proof"]["lower_bound"] = plan["cost"]
    plan["proof"]["gap"] = 0.0


def the_target(plan: dict[str, Any], rng: random.Random) -> None:
    target = float.fromhex(plan["certificate"]["target"]) * rng.choice((0.9, 1.1, 2.0, 0.0))
    plan["certificate"]["target"], plan["target_risk"] = target.hex(), target


def a_node(plan: dict[str, Any], rng: random.Random) -> None:
    nodes = plan["certificate"]["tree"]["nodes"]
    k = rng.randrange(len(nodes))
    pick = rng.random()
    if pick < 0.3:
        nodes.pop(k)
    elif pick < 0.45:
        nodes.insert(k, copy.deepcopy(rng.choice(nodes)))
    elif pick < 0.6:
        other = rng.randrange(len(nodes))
        nodes[k], nodes[other] = nodes[other], nodes[k]
    elif "branch" in nodes[k]:
        nodes[k]["branch"] = rng.randrange(len(plan["certificate"]["options"]))
    else:
        nodes[k]["weights"] = rng.choice((None, 0, 1, -1, 99))


def a_price(plan: dict[str, Any], rng: random.Random) -> None:
    leaves = [n for n in plan["certificate"]["tree"]["nodes"] if "prices" in n]
    leaf = rng.choice(leaves)
    leaf["prices"] = words_of(leaf["prices"], rng, whole=False)


def a_weight(plan: dict[str, Any], rng: random.Random) -> None:
    weights = rng.choice(plan["certificate"]["tree"]["weights"])
    key = rng.choice(sorted(weights))
    weights[key] = words_of(weights[key], rng, whole=True)


def the_words(plan: dict[str, Any], rng: random.Random) -> None:
    key = rng.choice(("risk", "risk_empty", "objective_value", "cost", "budget"))
    plan[key] = rng.choice((plan[key] * (1 + 1e-9), plan[key] + 1, 0.0))


def the_proof(plan: dict[str, Any], rng: random.Random) -> None:
    key = rng.choice(("kind", "lower_bound", "gap"))
    changed = {"kind": "bounded", "lower_bound": plan["proof"]["lower_bound"] * 1.001, "gap": 0.1}
    plan["proof"][key] = changed[key]


def the_measure(plan: dict[str, Any], rng: random.Random) -> None:
    name = rng.choice(("expected", "cvar:0.5", "cvar:0.99", "worst:1"))
    plan["certificate"]["measure"]["name"] = name
    plan["objective"] = name


CHANGES = (
    another_number,
    a_world,
    a_failure,
    a_cost,
    a_rule,
    the_claim,
    a_better_claim,
    another_stack,
    the_target,
    a_node,
    a_price,
    a_weight,
    the_words,
    the_proof,
    the_measure,
)


# ---------------------------------------------------------------------- judging


def accepted(text: str) -> bool:
    """What the shipped verifier says; anything but its own two refusals is an error."""
    try:
        verify_plan.check(verify_plan.read(text))
    except (verify_plan.Rejected, verify_plan.NotAPlan):
        return False
    return True


def true(plan: dict[str, Any]) -> bool:
    """Whether what an accepted file claims is so: every stack of its instance, exactly."""
    case = second_verifier._Case(plan)
    groups: dict[str, list[int | None]] = {}
    for j, name in enumerate(case.technique):
        groups.setdefault(name, [None]).append(j)
    bound = plan["certificate"]["claim"]["bound"]
    mine = tuple(plan["certificate"]["claim"]["stack"])
    least = case.value(mine) if bound == "value" else None
    for pick in itertools.product(*groups.values()):
        stack = tuple(j for j in pick if j is not None)
        if not case.obeys(stack):
            continue
        if case.target is None:
            edge = Fraction(float.fromhex(bound)) if least is None else least
            if case.value(stack) < edge:
                return False
        elif sum(case.cost[j] for j in stack) < bound and case.value(stack) <= case.target * (
            1 + Fraction(1, 10**12)
        ):
            return False
    return case.obeys(mine)


def judge(seed: int, mutants: int) -> tuple[Counter[str], list[str]]:
    """One plan and its spoilt copies: counts, and what went wrong."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    try:
        plan = plan_of(seed, small_leaves=seed % 2 == 1)
    except AssertionError as error:
        return Counter({"plans": 1}), [str(error)]
    if plan is None:
        return counts, wrong
    counts["plans"] += 1
    counts[f"plans {plan['objective'].partition(':')[0]}"] += 1
    text = json.dumps(plan)
    if not (accepted(text) and second_verifier.accepts(json.loads(text))):
        wrong.append(f"seed {seed}: a true certificate was not accepted")
    certificate = plan["certificate"]
    cells = len(certificate["options"]) * len(certificate["worlds"]["loss"].split())
    if cells > MOST_CELLS:
        return counts, wrong
    rng = random.Random(f"spoil {seed}")
    for k in range(mutants):
        what, spoilt = spoil(plan, rng)
        if spoilt == plan:
            continue
        counts["mutants"] += 1
        try:
            first = accepted(json.dumps(spoilt))
        except Exception as error:
            wrong.append(f"seed {seed} mutant {k} ({what}): {type(error).__name__}: {error}")
            continue
        second = second_verifier.accepts(json.loads(json.dumps(spoilt)))
        if first != second:
            counts["verifiers differ"] += 1
        if first or second:
            counts["accepted"] += 1
            if not true(spoilt):
                wrong.append(f"seed {seed} mutant {k} ({what}): accepted, and not true")
        else:
            counts["rejected"] += 1
        if first != second:
            wrong.append(f"seed {seed} mutant {k} ({what}): first says {first}, second {second}")
    return counts, wrong


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=300, help="random plans")
    parser.add_argument("--mutants", type=int, default=40, help="spoilt copies of each")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    seeds = range(given.first, given.first + given.count)
    with multiprocessing.Pool(given.workers) as pool:
        results = pool.imap_unordered(partial(judge, mutants=given.mutants), seeds)
        for done in range(1, given.count + 1):
            spent = time.perf_counter() - started
            left = None if given.seconds is None else max(given.seconds - spent, 0.0)
            try:
                some, bad = results.next(left)
            except multiprocessing.TimeoutError:
                print(f"stopped after {done - 1} of {given.count} seeds", file=sys.stderr)
                break
            counts.update(some)
            wrong += bad
            for line in bad:
                print(line, flush=True)
            if done % 50 == 0:
                print(f"{done}/{given.count} in {spent:.0f} s", file=sys.stderr, flush=True)
    for name in sorted(counts):
        print(f"{name:<20}{counts[name]:>8}")
    print(
        f"{counts['plans']} plans verified by two verifiers; {counts['mutants']} spoilt files: "
        f"{counts['rejected']} rejected, {counts['accepted']} accepted and true, {len(wrong)} "
        f"wrong; {time.perf_counter() - started:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
