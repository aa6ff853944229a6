"""Thousands of random scenarios: the planner against full enumeration.

    python -m tests.campaigns.brute --count 30000 --solver auto,highs --workers 2
    python -m tests.campaigns.brute --count 10000 --solver auto,core,highs,cp-sat,cbc --knife-edge

Compares the stack (ties included), its cost, its objective (1e-12 of the exact one), the lower
bound (never above the optimum), every rule (the budget among them), and what is said where no
stack meets the rules or the target. Exit code 1 on any mismatch.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for place in (str(ROOT / "tests"), str(ROOT)):
    if place not in sys.path:
        sys.path.insert(0, place)

from oracle import Answer, OutOfReach, evaluate  # noqa: E402
from random_scenarios import Case, random_case  # noqa: E402

from planner.errors import LimitHit, NoStack, TargetOutOfReach  # noqa: E402
from planner.plan import Plan, recommend  # noqa: E402
from planner.solve.search import Search  # noqa: E402

#: Allowed relative difference of an objective, of a bound.
VALUE, BOUND = 1e-12, 1e-9
#: Scenarios between two looks at the clock.
BLOCK = 200


@dataclass(frozen=True)
class Verdict:
    seed: int
    solver: str
    objective: str
    form: str
    reading: str
    outcome: str
    proof: str
    mismatches: tuple[str, ...]
    seconds: float
    techniques: int
    assignments: int
    #: the budget is one unit short of the stack that it tempts to
    knife_edge: bool


def judge(case: Case, solver: str, time_limit: float | None = None) -> Verdict:
    """One case through the planner and through the oracle."""
    expected = _oracle(case)
    started = time.perf_counter()
    found: Plan | NoStack
    mismatches: list[str] = []
    outcome, proof = _name(expected), "-"
    try:
        found = recommend(
            case.scenario,
            case.objective,
            budget=case.budget,
            target_risk=case.target,
            search=Search(solver=solver, gap=0.0, time_limit=time_limit),
        )
    except NoStack as refusal:
        mismatches = _refused(refusal, expected)
    except LimitHit as refusal:
        proof = "out of time"
        mismatches = [] if time_limit is not None else [f"LimitHit: {refusal}"]
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        mismatches = [f"{type(error).__name__} at {where}: {error}"]
    else:
        proof = found.proof.kind
        mismatches = _compare(case, found, expected)
    seconds = time.perf_counter() - started
    explicit = "explicit" if not hasattr(case.scenario.threats, "modes") else None
    return Verdict(
        case.seed,
        solver,
        case.objective.partition(":")[0],
        case.form,
        explicit or case.scenario.reading,
        outcome,
        proof,
        tuple(mismatches),
        seconds,
        len(case.scenario.techniques),
        len(case.problem.feasible),
        case.kind == "short" and bool(case.units),
    )


def _oracle(case: Case) -> Answer | OutOfReach | None:
    if case.target is None:
        return case.problem.least_objective(case.units)
    return case.problem.least_cost(case.target, case.units)


def _name(expected: Answer | OutOfReach | None) -> str:
    if expected is None:
        return "no stack"
    return "out of reach" if isinstance(expected, OutOfReach) else "stack"


def _refused(refusal: NoStack, expected: Answer | OutOfReach | None) -> list[str]:
    if isinstance(refusal, TargetOutOfReach):
        if not isinstance(expected, OutOfReach):
            return [f"target called out of reach (lowest {refusal.lowest}); oracle: {expected}"]
        if not _near(refusal.lowest, expected.lowest):
            return [f"lowest {refusal.lowest!r}, exactly {float(expected.lowest)!r}"]
        return []
    return [] if expected is None else [f"called infeasible; oracle: {expected}"]


def _compare(case: Case, plan: Plan, expected: Answer | OutOfReach | None) -> list[str]:
    problem, found = case.problem, []
    breaches = problem.breaches(plan.stack, case.units)
    if breaches:
        found.append(f"breaks {breaches}")
    if not isinstance(expected, Answer):
        return [*found, f"a stack {plan.stack} where the oracle has {expected}"]
    # The rule for ties, and so the stack itself, is promised where the search ended with a gap of
    # 0; else the objective must be within the gap that the plan states (stopped by the clock, that
    # gap may be 0 in doubles while near ties are still being settled).
    settled = plan.proof.gap == 0 and plan.proof.stop == "proven"
    if settled and plan.stack != expected.stack:
        found.append(
            f"stack {plan.stack}, oracle {expected.stack}; objective {plan.objective_value!r}, "
            f"exactly {float(expected.value)!r}; cost {plan.cost}, oracle {expected.cost}"
        )
    if settled and plan.cost != expected.cost:
        found.append(f"cost {plan.cost}, oracle {expected.cost}")
    if breaches:
        return found
    bought = tuple(problem.settled.option_index[label] for label in plan.stack)
    if plan.cost != problem.cost(bought):
        found.append(f"cost {plan.cost} is not that of its stack, {problem.cost(bought)}")
    value = problem.exact(bought)
    if not _near(plan.objective_value, value):
        found.append(f"objective {plan.objective_value!r}, exactly {float(value)!r}")
    risk = value if case.objective == "expected" else evaluate(case.scenario, plan.stack)
    if not _near(plan.risk, risk):
        found.append(f"risk {plan.risk!r}, exactly {float(risk)!r}")
    bound = plan.proof.lower_bound
    if plan.proof.kind == "none":
        found.append("no proof")
    elif bound is None:
        found.append("a proof without a bound")
    else:
        optimum = expected.value if case.target is None else _money(case, expected.cost)
        if Fraction(bound) > optimum * (1 + Fraction(BOUND)):
            found.append(f"lower bound {bound!r} above the optimum {float(optimum)!r}")
        reached = value if case.target is None else _money(case, plan.cost)
        if reached * (1 - Fraction(plan.proof.gap or 0)) > optimum * (1 + Fraction(BOUND)):
            found.append(
                f"{float(reached)!r} is not within {plan.proof.gap!r} of {float(optimum)!r}"
            )
    return found


def _money(case: Case, units: int) -> Fraction:
    return Fraction(units, 10**case.scenario.decimals)


def _near(found: float, exact: Fraction) -> bool:
    if not abs(found) < float("inf"):
        return False
    return abs(Fraction(found) - exact) <= exact * Fraction(VALUE) + Fraction(5e-324)


# ---------------------------------------------------------------------- the run


def run(
    seed: int, solvers: tuple[str, ...], time_limit: float | None, knife_edge: bool
) -> list[Verdict]:
    case = random_case(seed, knife_edge=knife_edge)
    return [judge(case, solver, time_limit) for solver in solvers]


def table(verdicts: list[Verdict]) -> str:
    """Counts by reading and by objective and form, and by outcome and proof."""
    lines = []
    readings = sorted({v.reading for v in verdicts})
    lines.append(f"{'objective':<10}{'form':<17}" + "".join(f"{r:>10}" for r in readings))
    counts = Counter((v.objective, v.form, v.reading) for v in verdicts)
    for objective, form in sorted({key[:2] for key in counts}):
        row = "".join(f"{counts[objective, form, r]:>10}" for r in readings)
        lines.append(f"{objective:<10}{form:<17}{row}")
    lines.append("")
    outcomes = Counter((v.solver, v.outcome, v.proof) for v in verdicts)
    lines.append(f"{'solver':<10}{'outcome':<14}{'proof':<12}{'count':>8}{'seconds':>10}")
    for (solver, outcome, proof), count in sorted(outcomes.items()):
        spent = sum(
            v.seconds
            for v in verdicts
            if (v.solver, v.outcome, v.proof) == (solver, outcome, proof)
        )
        lines.append(f"{solver:<10}{outcome:<14}{proof:<12}{count:>8}{spent:>10.1f}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=3000, help="scenarios")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--solver", default="auto", help="comma-separated: auto, enumerate, highs")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--knife-edge", action="store_true", help="every budget one unit short")
    parser.add_argument("--time-limit", type=float, default=None, help="seconds a solve")
    parser.add_argument("--seconds", type=float, help="stop after this long")
    given = parser.parse_args(arguments)
    solvers = tuple(given.solver.split(","))
    seeds = range(given.first, given.first + given.count)
    started = time.perf_counter()
    verdicts: list[Verdict] = []
    done, left = 0, iter(seeds)
    with ProcessPoolExecutor(max_workers=given.workers) as pool:
        while block := list(itertools.islice(left, BLOCK)):
            results = pool.map(
                run,
                block,
                itertools.repeat(solvers),
                itertools.repeat(given.time_limit),
                itertools.repeat(given.knife_edge),
                chunksize=max(1, min(20, len(block) // (4 * given.workers))),
            )
            for some in results:
                done += 1
                verdicts.extend(some)
                for verdict in some:
                    where = f"seed {verdict.seed} [{verdict.solver}] {verdict.objective}"
                    for mismatch in verdict.mismatches:
                        print(f"{where}: {mismatch}", flush=True)
            spent = time.perf_counter() - started
            print(f"{done}/{given.count} in {spent:.0f} s", file=sys.stderr, flush=True)
            if given.seconds is not None and spent > given.seconds:
                break
    print(table(verdicts))
    wrong = sum(1 for verdict in verdicts if verdict.mismatches)
    over = sum(1 for verdict in verdicts if any("overspent" in m for m in verdict.mismatches))
    short = len({verdict.seed for verdict in verdicts if verdict.knife_edge})
    late = sum(verdict.proof == "out of time" for verdict in verdicts)
    spent = time.perf_counter() - started
    print(
        f"{done:,} scenarios (seeds {seeds.start} to {seeds.start + done - 1}), solvers "
        f"{given.solver}: {len(verdicts):,} answers, {wrong} mismatches; {short:,} budgets one "
        f"unit short of a tempting stack, {over} overspent; "
        + (f"{late} not answered in {given.time_limit:g} s each; " if late else "")
        + f"{spent:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
