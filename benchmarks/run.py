"""Measure everything: `python -m benchmarks.run [--quick] [--only ...] [--methods ...]`.

Each case runs in a process of its own, methods interleaved on every instance. Finished cases are
kept in OUT/cases.jsonl; a second run does what is missing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import goals, report
from benchmarks.case import Case
from benchmarks.families import FAMILIES, GROW_TECHNIQUES, GROW_WORLDS, REAL
from benchmarks.ledger import Ledger
from benchmarks.methods import CAP, GAP, METHODS

ROOT = Path(__file__).resolve().parents[1]
#: A peer that hits the cap in one of the first seeds runs no more than these.
FIRST = 3
#: Seconds that a child gets beyond its cap: making the instance, warming up, a last long step.
GRACE = 90.0
#: `--quick`: seeds, cap, and seconds after which no new case starts.
QUICK_SEEDS, QUICK_CAP, QUICK_SECONDS = 2, 2.0, 120.0
QUICK_SHARE = 0.2
#: Methods that a quick run leaves out; in it a peer that hits the cap runs one seed.
NOT_QUICK = ("highs-plain", "core", "highs-planner", "highs-worlds-kelley", "cbc")
#: Methods of the plot of how cost grows.
GROWING = ("planner", "highs-plain", "highs-kelley", "cp-sat", "scip-lazy")
#: Methods of coverage 1000 x 1000 in goal G7.
LONG_METHODS = ("planner", *goals.SPARSE_PEERS)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under 3 minutes")
    parser.add_argument("--only", help="families, by commas")
    parser.add_argument("--sizes", help="sizes, by commas")
    parser.add_argument("--shares", help="budgets as shares of the total cost, by commas")
    parser.add_argument("--methods", help="methods, by commas")
    parser.add_argument("--again", help="methods measured again, by commas")
    parser.add_argument("--seeds", type=int, help="seeds of each family (10)")
    parser.add_argument("--cap", type=float, help=f"seconds a case ({CAP:g})")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--fresh", action="store_true", help="measure everything anew")
    parser.add_argument("--no-goals", action="store_true", help="leave out goals that need runs")
    parser.add_argument("--no-cases", action="store_true", help="goals and tables only")
    options = parser.parse_args(argv)
    for name, known in (("only", FAMILIES), ("methods", METHODS), ("again", METHODS)):
        given = getattr(options, name)
        chosen = None if given is None else [part.strip() for part in given.split(",")]
        for part in chosen or []:
            if part not in known:
                parser.error(f"--{name}: {part!r} is none of {', '.join(known)}")
        setattr(options, name, chosen)
    options.sizes = None if options.sizes is None else options.sizes.split(",")
    shares = None if options.shares is None else options.shares.split(",")
    options.shares = None if shares is None else tuple(float(share) for share in shares)
    options.seeds = options.seeds or (QUICK_SEEDS if options.quick else 10)
    options.cap = options.cap or (QUICK_CAP if options.quick else CAP)
    return options


def plan(options: argparse.Namespace) -> Iterator[list[Case]]:
    """Instances, each as the cases of its methods. Seeds outermost: a run that is stopped early has
    a little of everything."""
    for seed in range(options.seeds):
        for family in FAMILIES.values():
            if options.only and family.name not in options.only:
                continue
            sizes = family.quick if options.quick else family.sizes
            if family.name == "real" and not (REAL / "scenario.yaml").exists():
                continue
            for size in sizes if options.sizes is None else options.sizes:
                shares = family.shares
                if options.quick:
                    shares = (QUICK_SHARE,) if QUICK_SHARE in shares else shares[:1]
                if options.shares is not None and shares != (1.0,):
                    shares = options.shares
                for share in shares:
                    yield _cases(options, family.name, size, share, seed)
    if not (options.quick or options.only or options.sizes or options.shares):
        for seed in range(min(options.seeds, FIRST)):
            for size in dict.fromkeys(GROW_TECHNIQUES + GROW_WORLDS):
                names = [n for n in GROWING if not options.methods or n in options.methods]
                yield [_case(options, "agenda", size, 0.2, seed, name) for name in names]
            for share in FAMILIES["coverage"].shares:
                names = [n for n in LONG_METHODS if not options.methods or n in options.methods]
                yield [
                    Case("coverage", "1000x1000", share, seed, name, goals.LONG, GAP)
                    for name in names
                ]


def _cases(
    options: argparse.Namespace, family: str, size: str, share: float, seed: int
) -> list[Case]:
    sparse = FAMILIES[family].sparse
    names = [
        name
        for name, method in METHODS.items()
        if (not options.methods or name in options.methods)
        and method.where in ("all", "sparse" if sparse else "dense")
        and (not options.quick or name not in NOT_QUICK)
    ]
    return [_case(options, family, size, share, seed, name) for name in names]


def _case(
    options: argparse.Namespace, family: str, size: str, share: float, seed: int, method: str
) -> Case:
    return Case(family, size, share, seed, method, options.cap, GAP)


def child(case: Case) -> dict[str, Any]:
    """The case's row, from a process of its own."""
    row: dict[str, Any] = {"key": case.key, **vars(case)}
    command = [sys.executable, "-m", "benchmarks.case", json.dumps(vars(case))]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=2 * case.cap + GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {**row, "status": "failed", "note": "did not stop: killed", "seconds": None}
    try:
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        note = f"process ended with {done.returncode}: {last}"[:300]
        return {**row, "status": "failed", "note": note, "seconds": None}


def measure(
    options: argparse.Namespace,
    ledger: Ledger,
    stop_at: float | None,
    wanted: Callable[[Case], bool] | None = None,
) -> None:
    """Every case that is missing, of all or of those that are wanted."""
    redo = set(options.again or [])
    redone: set[str] = set()
    left_out = 0
    first = 1 if options.quick else FIRST
    for cases in plan(options):
        for case in cases:
            if wanted is not None and not wanted(case):
                continue
            again = case.method in redo and case.key not in redone
            if (case.key in ledger and not again) or _capped_before(case, ledger, first):
                continue
            if stop_at is not None and time.monotonic() > stop_at:
                left_out += 1
                continue
            if not METHODS[case.method].here():
                continue
            redone.add(case.key)
            row = child(case)
            if row["status"] == "skipped":
                ledger.rows[case.key] = row  # not on disk: it may fit, or be there, next time
                continue
            ledger.add({**row, "at": round(time.time())})
            _tell(row)
    if left_out:
        print(f"Stopped at the time of --quick: {left_out} cases are left; run it again.")


def _capped_before(case: Case, ledger: Ledger, first: int) -> bool:
    """Whether a peer hit the cap in one of the first seeds, and has run them."""
    if case.method == "planner" or case.seed < first:
        return False
    for seed in range(first):
        row = ledger.rows.get(Case(**{**vars(case), "seed": seed}).key)
        if row is not None and row["status"] not in ("proven", "heuristic", "skipped"):
            return True
    return False


def _tell(row: dict[str, Any]) -> None:
    name = f"{row['family']} {row['size']} {row['share']:g} seed {row['seed']}"
    seconds = "" if row.get("seconds") is None else f"{row['seconds']:.4f} s"
    gap = "" if row.get("gap_reached") is None else f"gap {row['gap_reached']:.1e}"
    print(f"{name:38s} {row['method']:14s} {seconds:>11s} {gap:>12s} {row['status']}", flush=True)


def skipped_loudly() -> None:
    if not (REAL / "scenario.yaml").exists():
        print(f"SKIPPED: family `real`: scenarios/{REAL.name} is not in this clone.", flush=True)
    for method in METHODS.values():
        if not method.here():
            print(
                f"SKIPPED: method `{method.name}`: {method.needs} is not installed "
                "(pip install -e '.[bench]').",
                flush=True,
            )


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    ledger = Ledger(options.out / "cases.jsonl", fresh=options.fresh)
    skipped_loudly()
    stop_at = time.monotonic() + QUICK_SECONDS if options.quick else None
    code = 0
    try:
        # What goals are read off comes first: a run that is stopped after two hours has them all.
        if not options.no_cases:
            measure(options, ledger, stop_at, None if options.quick else goals.reads)
        if not options.no_goals:
            goals.measure(ledger, quick=options.quick, again="planner" in (options.again or []))
        if not (options.no_cases or options.quick):
            measure(options, ledger, stop_at, lambda case: not goals.reads(case))
    except KeyboardInterrupt:
        print("Interrupted: what is finished is kept; the same command goes on.", file=sys.stderr)
        code = 130
    rows = list(ledger.rows.values())
    if not rows:
        return code
    found = goals.all_goals(rows)
    print(report.write(rows, found, options.out))
    print(f"Written to {options.out}: results.md, results.csv, goals.md, ratios and growth plots.")
    return code


if __name__ == "__main__":
    sys.exit(main())
