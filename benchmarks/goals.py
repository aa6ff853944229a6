"""Goals G1 to G8 of the exact engine, each as a measured ratio beside the goal.

G2, G3 and G7 are read off the cases of the run; G1, G4, G5, G6 and G8 are measured here, each seed
in a process of its own (`python -m benchmarks.goals G4 0`), and kept in the same ledger.
"""

from __future__ import annotations

import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case
from benchmarks.clock import processor
from benchmarks.evaluate import evaluate, reached
from benchmarks.families import assemble, family
from benchmarks.ledger import Ledger
from benchmarks.methods import GAP, METHODS
from benchmarks.summary import Row, judge, number, ratio
from planner.program.types import Program
from planner.program.types import Row as Rule
from planner.risk.measures import CVaR, Worst
from planner.solve.draws import best_of_draws
from planner.solve.engine import Engine
from planner.solve.enumerate import AllStacks
from planner.solve.search import Outcome, Search

ROOT = Path(__file__).resolve().parents[1]
SEEDS = {"G1": 10, "G4": 3, "G5": 10, "G6": 10, "G8": 10}
#: The peers of G7.
SPARSE_PEERS = ("highs-worlds", "highs-worlds-kelley", "scip-direct")
#: Seconds that a seed of a goal may take.
LIMIT = 900.0
#: What G5 and G6 ask for, and what a seed does of it, in full and in a quick run: scaled up, and
#: said to be. Draws do not depend on each other, and more seeds tell more than more draws.
BUDGETS, QUICK_BUDGETS = 200, 20
DRAWS, SEED_DRAWS, QUICK_DRAWS = 1000, 200, 10


@dataclass(frozen=True)
class Goal:
    """`met` is None where too little was measured to say."""

    name: str
    goal: str
    reached: str
    seeds: str
    met: bool | None
    note: str = ""


#: What G2, G3 and G7 are read off: families with sizes (None: all), budgets (None: all), and the
#: peers by group.
READ: tuple[tuple[str, str | None, float | None, tuple[str, ...]], ...] = (
    ("agenda", "240x512", 0.2, ("HiGHS log cuts", "SCIP direct")),
    ("agenda", "240x4096", 0.2, ("HiGHS log cuts",)),
    ("agenda", "240x8192", 0.2, ("HiGHS log cuts",)),
    ("utility", None, 0.2, ("HiGHS log cuts",)),
    ("few worlds", None, 0.2, ("HiGHS log cuts",)),
    ("weapon-target", None, None, ("HiGHS worlds", "SCIP direct")),
    ("coverage", "200x100", None, ("HiGHS worlds", "SCIP direct")),
)
#: The cap from which G7's gaps of coverage 1000 x 1000 are read.
LONG = 120.0


def reads(case: Case) -> bool:
    """Whether a goal is read off this case: a whole run does those first."""
    if (case.family, case.size) == ("coverage", "1000x1000"):
        return case.cap >= LONG
    return any(
        case.family == kind
        and size in (None, case.size)
        and share in (None, case.share)
        and METHODS[case.method].group in ("planner", *groups)
        for kind, size, share, groups in READ
    )


# Measured here, one seed each.


def best_of(work: Callable[[], Any], seconds: float = 0.4) -> float:
    """Median processor seconds of a call, after one that is not counted."""
    work()
    spent: list[float] = []
    while len(spent) < 3 or (sum(spent) < seconds and len(spent) < 1000):
        start = processor()
        work()
        spent.append(processor() - start)
    return statistics.median(spent)


def g1(seed: int, quick: bool) -> Row:
    """All stacks against the bare product of the two halves; draws of 7 x 128 a second."""
    rng = np.random.default_rng(seed)
    row: Row = {}
    for n in (10, 15) if quick else (10, 15, 20):
        program = _random(rng, n)
        stacks = AllStacks(program)
        left, right = stacks.left.failure, stacks.right.failure
        weight = program.loss * program.worlds.probability
        bare = best_of(lambda a=left, b=right, w=weight: (a * w) @ b.T)
        row[f"product {n}"] = bare
        row[f"values {n}"] = best_of(lambda p=program: AllStacks(replace(p)).values) / bare
        row[f"answer {n}"] = best_of(lambda p=program: AllStacks(replace(p)).best()) / bare
    draws = [_random(rng, 7) for _ in range(64)]
    rate = best_of(lambda: [AllStacks(replace(p)).best() for p in draws]) / len(draws)
    row["draws a second"] = 1 / rate
    row["batch draws a second"] = _batch(rng, 4096)
    return row


def _random(rng: np.random.Generator, n: int) -> Program:
    failure = rng.uniform(0.05, 0.95, (n, 128))
    return assemble(failure, rng.random(128), rng.integers(1, 20, n).tolist(), 0.5)


def _batch(rng: np.random.Generator, count: int) -> float:
    """Draws of one 7 x 128 program a second, by the path for many small draws at once."""
    n, worlds = 7, 128
    failure = rng.uniform(0.05, 0.95, (count, n, worlds))
    weight = rng.dirichlet(np.ones(worlds), count)
    cost = rng.integers(1, 20, n)
    masks = np.arange(2**n)
    spent = ((masks[:, None] >> np.arange(n)) & 1) @ cost
    order = np.lexsort((masks, spent)).tolist()
    feasible = spent <= cost.sum() // 2
    return count / best_of(lambda: best_of_draws(failure, weight, feasible, order))


def _optional(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError:
        return None


def g4(seed: int, quick: bool) -> Row:
    """large: seconds over (tangents x one pass over the matrix of logs)."""
    row: Row = {}
    for share in (0.2,) if quick else (0.05, 0.2, 0.5):
        program = family("large", "1000x10000", share, seed)
        logs = np.log(program.failure)
        x = np.zeros(program.size)
        x[::7] = 0.5
        one = best_of(lambda m=logs, v=x: v @ m)
        count = _count_tangents()
        start = processor()
        outcome = Engine(program, Search(gap=GAP)).best(seconds=120.0)
        seconds = processor() - start
        tangents = count()
        row[f"{share:g}"] = {
            "seconds": seconds,
            "pass": one,
            "tangents": tangents,
            "stacks": outcome.evaluated,
            "ratio": seconds / (tangents * one) if tangents else None,
            "proven": _reached(program, outcome),
        }
    return row


def _count_tangents() -> Callable[[], int]:
    """Counts evaluations with gradients of the core route from here on (0: another route)."""
    module = importlib.import_module("planner.solve.relaxation")
    kind, calls = getattr(module, "Relaxation", None), [0]
    plain = getattr(kind, "tangent_at", None)
    if plain is None:
        return lambda: 0

    def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        return plain(self, *arguments, **named)

    kind.tangent_at = counted  # type: ignore[union-attr]
    return lambda: calls[0]


class _Asked:
    """What a frontier needs of a question: the program without a budget."""

    by_depth = False

    def __init__(self, program: Program) -> None:
        self._program = program

    def program(self, budget: int | None = None, target: float | None = None) -> Program:
        assert budget is None
        return replace(self._program, target=target)


def g5(seed: int, quick: bool) -> Row:
    """Many budgets of agenda 240 x 512, from 0.5% to 60% of the total, each proven."""
    count = QUICK_BUDGETS if quick else BUDGETS
    program = family("agenda", "240x512", 1.0, seed)
    total = next(row.upper for row in program.rows if row.where == "budget") or 0
    free = replace(program, rows=tuple(r for r in program.rows if r.where != "budget"))
    budgets = [int(total * (0.005 + 0.595 * k / (count - 1))) for k in range(count)]
    grid = _optional("planner.solve.frontier", "grid") or _optional(
        "planner.study.frontier", "grid"
    )
    start = processor()
    if grid is not None:
        found = grid(_Asked(free), budgets, Search(gap=GAP), seconds=LIMIT / 2)
        seconds = processor() - start
        points = [p for p in found.points if p.proven and _close(p.value, p.bound)]
        return {"seconds": seconds, "budgets": count, "proven": len(points), "by": grid.__module__}
    engine = Engine(free, Search(gap=GAP))
    proven = 0
    for units in reversed(budgets):
        if processor() - start > LIMIT / 2:
            break
        row = Rule(tuple(range(free.size)), free.cost, None, units, "budget", "budget")
        outcome = engine.best([row], 20.0)
        proven += _reached(free, outcome)
    seconds = processor() - start
    return {"seconds": seconds, "budgets": count, "proven": proven, "by": "a loop over Engine"}


def _close(value: float, bound: float | None) -> bool:
    return bound is not None and reached(max(1 - bound / value, 0.0) if value > 0 else 0.0, GAP)


def g6(seed: int, quick: bool) -> Row:
    """Draws of agenda 240 x 512 at 20%: F to the power exp(0.1 z), one z a technique and world."""
    count = QUICK_DRAWS if quick else SEED_DRAWS
    program = family("agenda", "240x512", 0.2, seed)
    logs = np.log(program.failure)
    rng = np.random.default_rng([seed, 6])
    technique = np.array(program.technique)
    spent, proven, done = 0.0, 0, 0
    engine: Engine | None = None
    for _ in range(count):
        noise = rng.standard_normal((technique.max() + 1, logs.shape[1]))[technique]
        failure = np.exp(logs * np.exp(0.1 * noise))
        draw = replace(program, worlds=replace(program.worlds, failure=failure))
        start = processor()
        engine = Engine(draw, Search(gap=GAP), like=engine)
        outcome = engine.best(seconds=20.0)
        spent += processor() - start
        proven += _reached(draw, outcome)
        done += 1
        if spent > LIMIT / 2:
            break
    return {"seconds": spent, "draws": done, "proven": proven}


def g8(seed: int, quick: bool) -> Row:
    """agenda 240 x 512 at 20%: seconds of each objective, beside those of the expectation."""
    program = family("agenda", "240x512", 0.2, seed)
    cap = 10.0 if quick else 60.0
    free = replace(program, rows=tuple(r for r in program.rows if r.where != "budget"))
    plain = Engine(replace(program), Search(gap=GAP)).best(seconds=cap)
    reach = program.value(plain.stack or ())
    forms = {
        "expected": program,
        "cvar:0.95": replace(program, measure=CVaR(Decimal("0.95"))),
        "worst:1 of 8 states": _states(program, 8),
        "least cost": replace(free, target=reach * 1.02),
    }
    row: Row = {}
    for name, one in forms.items():
        start = processor()
        outcome = Engine(replace(one), Search(gap=GAP)).best(seconds=cap)
        seconds = processor() - start
        if seconds < 0.5:
            seconds = best_of(lambda p=one: Engine(replace(p), Search(gap=GAP)).best(seconds=cap))
        row[name] = {"seconds": seconds, "proven": outcome.stop == "proven"}
    return row


def _states(program: Program, count: int) -> Program:
    """The worst of `count` states: the worlds dealt out among them, each state's sum to 1."""
    worlds = program.worlds
    state = np.arange(worlds.count) * count // worlds.count
    mass = np.bincount(state, weights=worlds.probability)
    dealt = replace(worlds, state=state, probability=worlds.probability / mass[state])
    return replace(program, worlds=dealt, measure=Worst(1))


def _reached(program: Program, outcome: Outcome) -> bool:
    if outcome.stack is None or outcome.stop != "proven":
        return False
    check = evaluate(program, outcome.stack, outcome.bound)
    return check.holds and reached(check.gap, GAP)


MEASURES: dict[str, Callable[[int, bool], Row]] = {"G1": g1, "G4": g4, "G5": g5, "G6": g6, "G8": g8}


def measure(ledger: Ledger, *, quick: bool, again: bool = False) -> None:
    """Every seed of every measured goal that is missing."""
    for name in MEASURES:
        quick_seeds = 1 if name == "G4" else 2  # its matrix takes long to make
        for seed in range(quick_seeds if quick else SEEDS[name]):
            key = f"goal/{name}/{'quick' if quick else 'full'}/{seed}"
            if key in ledger and not again:
                continue
            row = {"key": key, "goal": name, "seed": seed, "quick": quick, "at": round(time.time())}
            row |= _child(name, seed, quick)
            ledger.add(row)
            print(
                f"{name} seed {seed}: {json.dumps(row.get('found', row.get('note')))}", flush=True
            )


def _child(name: str, seed: int, quick: bool) -> Row:
    command = [sys.executable, "-m", "benchmarks.goals", name, str(seed), *(["quick"] * quick)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        return {"found": json.loads(done.stdout.strip().splitlines()[-1])}
    except subprocess.TimeoutExpired:
        return {"note": f"not done in {LIMIT:g} s"}
    except (ValueError, IndexError):
        return {"note": (done.stderr.strip().splitlines() or ["no word"])[-1][:300]}


# Read off rows.


def spread(values: Sequence[float], digits: Callable[[float], str] = number) -> str:
    """median (least, most)"""
    if not values:
        return "-"
    return f"{digits(statistics.median(values))} ({digits(min(values))}, {digits(max(values))})"


def all_goals(rows: Sequence[Row]) -> list[Goal]:
    """Every goal with what was reached; full measurements where there are any, else quick ones."""
    judged = judge(rows)
    measured: dict[str, list[Row]] = {}
    for name in MEASURES:
        mine = [r for r in rows if r.get("goal") == name and "found" in r]
        full = [r for r in mine if not r["quick"]]
        measured[name] = [{"quick": r["quick"], **r["found"]} for r in full or mine]
    return [
        *_goal1(measured["G1"]),
        *_goal2(judged),
        *_goal3(judged),
        _goal4(measured["G4"]),
        _goal5(measured["G5"]),
        _goal6(measured["G6"]),
        *_goal7(judged),
        _goal8(measured["G8"]),
    ]


def _goal1(found: list[Row]) -> list[Goal]:
    text = "all 2^n stacks within 1.3 of the matrix product of that shape (n = 20, 128 worlds)"
    draws = "7 x 128: 100,000 solved draws a second and core"
    if not found:
        return [Goal("G1", text, "-", "0", None), Goal("G1", draws, "-", "0", None)]
    n = max(int(k.split()[1]) for k in found[0] if k.startswith("values"))
    values, answers = [r[f"values {n}"] for r in found], [r[f"answer {n}"] for r in found]
    note = (
        f"n = {n}; halves and all values. With the choice, rules and exact ties: {spread(answers)}"
    )
    met = statistics.median(values) <= 1.3 if n == 20 else None
    key = "batch draws a second" if "batch draws a second" in found[0] else "draws a second"
    rates = [r[key] for r in found]
    how = (
        "`planner.solve.draws.best_of_draws`, draws of one program"
        if key.startswith("batch")
        else "a fresh program and `AllStacks` a draw"
    )
    seeds = str(len(found))
    return [
        Goal("G1", text, spread(values), seeds, met, note),
        Goal("G1", draws, spread(rates), seeds, statistics.median(rates) >= 1e5, f"timed: {how}"),
    ]


def _peers(judged: Sequence[Row], instance: tuple[str, str, float], group: str) -> Any:
    """Of a peer's variants on an instance family, the ratio of the best, and its name."""
    by: dict[str, dict[int, Row]] = {}
    for row in judged:
        if (row["family"], row["size"], row["share"]) == instance:
            by.setdefault(row["method"], {})[row["seed"]] = row
    planner = by.get("planner", {})
    variants = [m for m in by if METHODS[m].group == group]
    ranked = []
    for name in variants:
        one = ratio(by[name], planner)
        if one is not None:
            proven = sum(r["status"] == "proven" for r in by[name].values()) / len(by[name])
            ranked.append((-proven, one.median, name, one))
    if not ranked:
        return None
    _, _, name, one = min(ranked, key=lambda item: item[:2])
    return name, one


def _against(
    judged: Sequence[Row], name: str, instances: Sequence[tuple[str, str, float, float]], group: str
) -> list[Goal]:
    """One line an instance family: the planner so many times faster than the peer."""
    goals = []
    for kind, size, share, wanted in instances:
        text = f"{kind} {size} at {share:.0%}: {wanted:g} times {group}"
        found = _peers(judged, (kind, size, share), group)
        if found is None:
            goals.append(Goal(name, text, "-", "0", None))
            continue
        variant, one = found
        met: bool | None = one.median >= wanted
        if one.sign == ">=" and not met:
            met = None  # the peer was still open: the ratio is larger than what was seen
        if one.sign == "<=":
            met = False
        note = f"best variant {variant}" if variant != group else ""
        if one.sign == ">=":
            note += "; the peer was open at the cap: at least this"
        goals.append(Goal(name, text, str(one), str(one.seeds), met, note.lstrip("; ")))
    return goals


def _goal2(judged: Sequence[Row]) -> list[Goal]:
    shares = _shares(judged, "agenda")
    sizes = (("240x512", 50.0), ("240x4096", 30.0), ("240x8192", 8.0))
    asked = [("agenda", size, share, wanted) for size, wanted in sizes for share in shares]
    direct = [("agenda", "240x512", share, 1000.0) for share in shares]
    return _against(judged, "G2", asked, "HiGHS log cuts") + _against(
        judged, "G2", direct, "SCIP direct"
    )


def _goal3(judged: Sequence[Row]) -> list[Goal]:
    sizes = ("50x100", "100x100", "200x100")
    asked = [
        ("utility", size, share, 40.0) for size in sizes for share in _shares(judged, "utility")
    ]
    asked += [("few worlds", "100x7", share, 300.0) for share in _shares(judged, "few worlds")]
    return _against(judged, "G3", asked, "HiGHS log cuts")


def _shares(judged: Sequence[Row], kind: str) -> list[float]:
    return sorted({row["share"] for row in judged if row["family"] == kind}) or [0.2]


def _goal4(found: list[Row]) -> Goal:
    text = "large: at most 1.5 times (evaluations x one pass over the matrix)"
    parts = [one for r in found for one in r.values() if isinstance(one, dict)]
    parts = [one for one in parts if one.get("ratio")]
    if not parts:
        return Goal("G4", text, "-", "0", None)
    ratios = [one["ratio"] for one in parts]
    note = (
        f"evaluations are tangents: {spread([one['tangents'] for one in parts])}, a pass "
        f"{number(1000 * statistics.median(one['pass'] for one in parts))} ms, seconds "
        f"{spread([one['seconds'] for one in parts])}, stacks listed "
        f"{spread([one['stacks'] for one in parts])}, proven "
        f"{sum(one['proven'] for one in parts)}/{len(parts)}"
    )
    return Goal("G4", text, spread(ratios), str(len(found)), statistics.median(ratios) <= 1.5, note)


def _goal5(found: list[Row]) -> Goal:
    text = "200 proven budgets of agenda 240x512 in 1 s"
    if not found:
        return Goal("G5", text, "-", "0", None)
    seconds = [r["seconds"] * BUDGETS / r["budgets"] for r in found]
    proven = sum(r["proven"] for r in found), sum(r["budgets"] for r in found)
    note = f"{proven[0]}/{proven[1]} budgets proven, by {found[0]['by']}" + _scaled(found, BUDGETS)
    met = statistics.median(seconds) <= 1.0 and proven[0] == proven[1]
    return Goal("G5", text, f"{spread(seconds)} s", str(len(found)), met, note)


def _goal6(found: list[Row]) -> Goal:
    text = "1,000 draws of agenda 240x512 in 5 s a core, each proven"
    if not found:
        return Goal("G6", text, "-", "0", None)
    seconds = [r["seconds"] * DRAWS / r["draws"] for r in found]
    proven = sum(r["proven"] for r in found), sum(r["draws"] for r in found)
    note = f"{proven[0]}/{proven[1]} draws proven, one engine a draw" + _scaled(found, DRAWS)
    met = statistics.median(seconds) <= 5.0 and proven[0] == proven[1]
    return Goal("G6", text, f"{spread(seconds)} s", str(len(found)), met, note)


def _scaled(found: list[Row], full: int) -> str:
    fewest = min(r.get("budgets", r.get("draws", full)) for r in found)
    return f"; scaled up from {fewest}" if fewest < full else ""


def _goal7(judged: Sequence[Row]) -> list[Goal]:
    goals = []
    asked = [("coverage", "200x100", share) for share in (0.05, 0.2, 0.5)]
    asked += [("weapon-target", size, 1.0) for size in ("20x20", "40x20", "60x20")]
    for kind, size, share in asked:
        where = f"{kind} {size}" + ("" if share == 1.0 else f" at {share:.0%}")
        text = f"{where}: 3 times the best of SCIP direct and HiGHS worlds"
        found = [_peers(judged, (kind, size, share), g) for g in ("SCIP direct", "HiGHS worlds")]
        ranked = sorted((f for f in found if f), key=lambda f: f[1].median)
        if not ranked:
            open_rows = [
                r for r in judged if (r["family"], r["size"], r["share"]) == (kind, size, share)
            ]
            goals.append(Goal("G7", text, _gaps(open_rows), _seeds(open_rows), _verdict(open_rows)))
            continue
        name, one = ranked[0]
        met: bool | None = one.sign != "<=" and one.median >= 3
        note = f"best peer {name}" + ("; the planner was open at the cap" * (one.sign == "<="))
        goals.append(Goal("G7", text, str(one), str(one.seeds), met, note))
    for share in (0.05, 0.2, 0.5):
        rows = [
            r
            for r in judged
            if (r["family"], r["size"], r["share"]) == ("coverage", "1000x1000", share)
            and r["cap"] >= LONG
        ]
        ours = [r["gap_reached"] for r in rows if r["method"] == "planner" and _has_gap(r)]
        met = statistics.median(ours) <= 0.01 if ours else None
        text = f"coverage 1000x1000 at {share:.0%}: gap under 1% after 120 s"
        goals.append(Goal("G7", text, _gaps(rows), str(len(ours)), met))
    return goals


def _verdict(rows: Sequence[Row]) -> bool | None:
    """Where both sides are open there is no ratio: not met, once both were measured."""
    methods = {row["method"] for row in rows}
    return False if "planner" in methods and methods & set(SPARSE_PEERS) else None


def _seeds(rows: Sequence[Row]) -> str:
    return str(len({row["seed"] for row in rows if row["method"] == "planner"}))


def _has_gap(row: Row) -> bool:
    return row.get("gap_reached") is not None


def _gaps(rows: Sequence[Row]) -> str:
    """Median gaps left, where seconds say nothing."""
    parts = []
    for name in ("planner", *SPARSE_PEERS):
        gaps = [r["gap_reached"] for r in rows if r["method"] == name and _has_gap(r)]
        if gaps:
            parts.append(f"{name} {statistics.median(gaps):.2%}")
    return "gaps: " + ", ".join(parts) if parts else "-"


def _goal8(found: list[Row]) -> Goal:
    text = "CVaR, worst case and least cost within 5 times of `expected` (agenda 240x512, 20%)"
    if not found:
        return Goal("G8", text, "-", "0", None)
    names = [k for k in found[0] if k not in ("quick", "expected")]
    medians, parts, proven = [], [], True
    for name in names:
        ratios = [r[name]["seconds"] / r["expected"]["seconds"] for r in found]
        proven &= all(r[name]["proven"] for r in found)
        medians.append(statistics.median(ratios))
        parts.append(f"{name} {spread(ratios)}")
    note = "all proven" if proven else "not all proven: those count with the seconds they had"
    met = max(medians) <= 5 and proven
    return Goal("G8", text, "; ".join(parts), str(len(found)), met, note)


if __name__ == "__main__":
    result = MEASURES[sys.argv[1]](int(sys.argv[2]), len(sys.argv) > 3)
    print("\n" + json.dumps(result), flush=True)
