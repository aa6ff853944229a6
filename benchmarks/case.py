"""One case in a process of its own: `python -m benchmarks.case '{"family": ..., ...}'`.

Prints one JSON row on the last line. The instance is made and the method warmed up on a tiny one
before the clock starts; fast solves are repeated and the median is kept. Seconds are the
processor's (`benchmarks.clock`), wall time stands beside them. Peak memory is that of the
first timed solve less what the process held before it; of a solver's process of its own, only what
exceeds this one.
"""

from __future__ import annotations

import contextlib
import gc
import json
import resource
import statistics
import sys
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.answer import Answer
from benchmarks.clock import processor
from benchmarks.evaluate import evaluate, reached
from benchmarks.families import NotHere, family
from benchmarks.methods import METHODS

#: Fast solves are repeated: up to this often, within this many seconds in all.
REPEATS, REPEAT_SECONDS = 7, 1.0
#: Bytes in a unit of ru_maxrss.
UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Case:
    """What is measured. Its key names it in the ledger."""

    family: str
    size: str
    share: float
    seed: int
    method: str
    cap: float
    gap: float

    @property
    def instance(self) -> tuple[str, str, float, int]:
        return (self.family, self.size, self.share, self.seed)

    @property
    def key(self) -> str:
        where = f"{self.family}/{self.size}/{self.share:g}/{self.seed}"
        return f"{where}/{self.method}/cap{self.cap:g}/gap{self.gap:g}"


def run_case(case: Case) -> dict[str, Any]:
    """The case's row; never raises for what a method does."""
    row: dict[str, Any] = {"key": case.key, **vars(case)}
    method = METHODS[case.method]
    try:
        program = family(case.family, case.size, case.share, case.seed)
    except NotHere as missing:
        return {**row, "status": "skipped", "note": str(missing)}
    if not method.here():
        return {**row, "status": "skipped", "note": f"{method.needs} is not installed"}
    if not method.fits(program):
        return {**row, "status": "skipped", "note": "too large for it"}
    try:
        method.solve(family("paper", "7x128", 0.5, 0), case.gap, 5.0)
        answer, seconds, walls, memory = _timed(case, program)
    except Exception as error:  # a peer that fails is a row, not the end of the run
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__} in {Path(where.filename).name}: {error}"
        return {**row, "status": "failed", "note": text[:300]}
    row |= {
        "claim": answer.claim,
        "stack": answer.stack,
        "bound": answer.bound,
        "seconds": statistics.median(seconds),
        "wall": statistics.median(walls),
        "repeats": len(seconds),
        "nodes": answer.nodes,
        "evaluations": answer.evaluations,
        "memory": memory,
        "note": answer.note,
    }
    return row | judged(case, program, answer)


def judged(case: Case, program: Any, answer: Answer) -> dict[str, Any]:
    """Value, gap and status by the one evaluator."""
    if answer.stack is None:
        return {"status": "failed", "value": None, "gap_reached": None}
    check = evaluate(program, answer.stack, answer.bound)
    status: str = answer.claim
    if not check.holds:
        status = "breaks a rule"
    elif answer.claim == "proven" and not reached(check.gap, case.gap):
        status = "claimed, not reached"
    return {"status": status, "value": check.value, "cost": check.cost, "gap_reached": check.gap}


def _timed(case: Case, program: Any) -> tuple[Answer, list[float], list[float], int]:
    solve = METHODS[case.method].solve
    seconds: list[float] = []
    walls: list[float] = []
    first: Answer | None = None
    memory = 0
    while True:
        fresh = replace(program)  # nothing cached from the solve before
        gc.collect()
        before = _reset_peak() if first is None else 0
        start, began = processor(), time.perf_counter()
        answer = solve(fresh, case.gap, case.cap)
        spent = processor() - start
        walls.append(time.perf_counter() - began)
        seconds.append(spent if answer.seconds is None else answer.seconds)
        if first is None:
            first = answer
            peak = _peak()
            # A child starts with its parent's mark, so only what exceeds it can be told.
            child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * UNIT
            memory = max(peak - before, 0) + max(child - peak, 0)
        if len(seconds) >= REPEATS or sum(seconds) + seconds[0] > REPEAT_SECONDS:
            return first, seconds, walls, memory


def _reset_peak() -> int:
    """Bytes held now; the kernel's high-water mark starts again from here where it can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS") or _peak()


def _peak() -> int:
    """High-water mark in bytes."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


def _status(name: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


if __name__ == "__main__":
    print("\n" + json.dumps(run_case(Case(**json.loads(sys.argv[1])))), flush=True)
