"""One sweep in one process, in two, and on a Dask cluster: how much faster, and what it costs.

    python -m benchmarks.sweep
    python -m benchmarks.sweep --draws 20000 --rounds 5 -- scenarios/dung-mai-2025 --budget 9

Every measurement is the real command in a process of its own, with its tables, the ways in turn,
round after round. The cluster's processes are started before, and have answered once. The result
files must be the same bytes. What is told apart: the seconds until the first case is answered
(start-up: imports, workers), the rate from there to the last one, the tables at the end, and the
processor time of the driver and of the workers of this machine. Exit code 1 where bytes differ.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from benchmarks.local_dask import local_dask
from planner.sweep.run import Progress

ROOT = Path(__file__).resolve().parents[1]
SERIAL = "one process"
#: Where the driver was when, and what it and its workers cost, by these names.
FIGURES = ("start", "answering", "rate", "tables", "seconds", "driver", "workers")


@dataclass(frozen=True)
class Run:
    """One measurement.

    start, answering, tables, seconds  wall seconds: until the first chunk is answered, from there
                                       to the last one, writing, and all of it
    rate             cases a second while answering
    driver, workers  processor seconds; those of a cluster's workers are not seen (0)
    files            checksum of all result files
    """

    start: float
    answering: float
    rate: float
    tables: float
    seconds: float
    driver: float
    workers: float
    files: str


def measured(words: Sequence[str]) -> Run:
    """Run the command in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        own = ["-m", "benchmarks.sweep", "--one", "--", *words, "--out", str(out)]
        began = time.time()
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}"}
        done = subprocess.run(
            [sys.executable, *own], cwd=ROOT, env=environment, capture_output=True, check=True
        )
        ended = time.time()
        seen = json.loads(done.stdout)
        digest = hashlib.sha256()
        for path in sorted(out.iterdir()):
            if path.suffix != ".sqlite":
                digest.update(path.name.encode() + path.read_bytes())
    answering = max(seen["last"] - seen["first"], 1e-9)
    return Run(
        start=seen["first"] - began,
        answering=answering,
        rate=(seen["cases"] - seen["done"]) / answering,
        tables=ended - seen["last"],
        seconds=ended - began,
        driver=seen["driver"],
        workers=seen["workers"],
        files=digest.hexdigest(),
    )


def one(words: Sequence[str]) -> None:
    """What `measured` starts: the command, and when its driver was where."""
    from planner.cli.main import main as planner

    seen: list[tuple[float, int, int]] = []

    def look(progress: Progress) -> None:
        if progress.done and (not seen or progress.done > seen[-1][1]):
            seen.append((time.time(), progress.done, progress.cases))

    said = io.StringIO()
    with (
        redirect_stdout(io.StringIO()),
        redirect_stderr(said),
        mock.patch("planner.cli.sweep.Bar", return_value=nullcontext(look)),
    ):
        code = planner(["sweep", *words])
    if code:
        sys.exit(said.getvalue())
    (first, done, cases), (last, _, _) = seen[0], seen[-1]
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "first": first,
        "last": last,
        "done": done,
        "cases": cases,
        "driver": time.process_time(),
        "workers": children.ru_utime + children.ru_stime,
    }
    print(json.dumps(figures))


@contextmanager
def ways(workers: int) -> Iterator[dict[str, list[str]]]:
    """Each way of running, and the words that ask for it."""
    found = {SERIAL: [], f"{workers} processes": ["--workers", str(workers)]}
    if importlib.util.find_spec("distributed") is None:
        print("SKIPPED: no Dask here", file=sys.stderr)
        yield found
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = {"PYTHONPATH": str(ROOT)}
        with local_dask(Path(folder), workers, paths) as cluster:
            found[f"Dask, {workers} workers"] = ["--cluster", cluster.address]
            measured([*SMALL, "--cluster", cluster.address])
            yield found


#: Asked of the cluster before anything is measured.
SMALL = ("scenarios/dung-mai-2025", "--draws", "20")
PAPER = ("scenarios/dung-mai-2025", "--seed", "1", "--budget", "5,11")


def table(runs: dict[str, list[Run]]) -> str:
    """As Markdown: medians (least, most); the last column is the speed-up of the same round."""
    head = ["", "start, s", "answering, s", "cases/s", "tables, s", "all, s"]
    head += ["processor s of the driver", "of its workers", "cases/s to one process"]
    lines = [head, ["---"] * len(head)]
    for way, own in runs.items():
        cells = [way]
        for name in FIGURES:
            cells.append(_spread([getattr(run, name) for run in own]))
        pairs = zip(own, runs[SERIAL], strict=True)
        cells.append("" if way == SERIAL else _spread([a.rate / b.rate for a, b in pairs]))
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _spread(numbers: Sequence[float]) -> str:
    middle, least, most = (
        f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"
        for x in (statistics.median(numbers), min(numbers), max(numbers))
    )
    return middle if least == most else f"{middle} ({least}, {most})"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--draws", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", help="scenario and options of `planner sweep`")
    asked = parser.parse_args()
    if asked.one:
        one(asked.words)
        return 0
    words = [*(asked.words or PAPER), "--draws", str(asked.draws)]
    runs: dict[str, list[Run]] = {}
    with ways(asked.workers) as found:
        for number in range(1, asked.rounds + 1):
            for way, more in found.items():
                run = measured([*words, *more])
                runs.setdefault(way, []).append(run)
                load = os.getloadavg()[0]
                print(
                    f"round {number}, {way}: {run.seconds:.1f} s, {run.rate:,.0f} cases/s, "
                    f"load {load:.1f}",
                    file=sys.stderr,
                    flush=True,
                )
    print(f"planner sweep {' '.join(words)}\n\n{table(runs)}")
    same = len({run.files for own in runs.values() for run in own}) == 1
    print("\nThe result files are the same bytes." if same else "\nTHE RESULT FILES DIFFER.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
