"""Faults by the hundred: whatever happens to a sweep, its tables come out byte for byte the same.

    python -m tests.campaigns.faults --count 2000 --seconds 3600 --seed 1 --jobs 2

Every fault is followed by `--resume`, and then judged: the result files equal those of an
undisturbed run, every case is in the ledger once, what was there is not computed again, the folder
holds nothing else, and no process is left after ten seconds. Faults: drivers and workers killed
(SIGKILL), also inside a transaction, and while a ledger is mended; the real command killed,
interrupted and robbed of a worker; a Dask worker and a Dask scheduler killed; a disk that is full
or fails; a ledger torn; answers handed in twice, alike and not alike; a folder that is not
writable; Ctrl-C; two runs in one folder.

One fault in `--dear` is of the kinds that need real commands or a cluster, which take seconds each.
With `--jobs` several such streams run side by side, with seeds of their own, and are added up.
Exit code 1 where an invariant does not hold. Linux only.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from planner.sweep import executors
from tests.campaigns.fault_bench import Bench, Fault
from tests.campaigns.fault_kinds import CHEAP
from tests.campaigns.fault_processes import REAL, Cluster
from tests.campaigns.processes import MARK, living, new_mark

Kind = Callable[[Bench, random.Random, Path], None]

#: Read by numerical libraries when they load: one thread each, so that this process can be copied.
ALONE = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def marked() -> str:
    """The mark of this process; it begins anew where it has none yet."""
    if MARK not in os.environ:
        name, _, value = new_mark().partition("=")
        environment = {**os.environ, **dict.fromkeys(ALONE, "1"), name: value}
        words = [sys.executable, "-m", "tests.campaigns.faults", *sys.argv[1:]]
        os.execve(sys.executable, words, environment)
    return f"{MARK}={os.environ[MARK]}"


def inject(
    bench: Bench, seed: int, count: int, seconds: float, dear: int, only: str
) -> tuple[Counter[str], int]:
    """Fault after fault: how many of each kind, and how many broke an invariant."""
    cluster = Cluster(bench)
    costly: list[Kind] = [*REAL]
    if importlib.util.find_spec("distributed"):
        costly += [cluster.dask_worker_killed, cluster.dask_scheduler_killed]
    else:
        print("SKIPPED: Dask is not installed, so none of its processes can be killed")
    cheap: list[Kind] = [kind for kind in CHEAP if only in kind.__name__]
    costly = [kind for kind in costly if only in kind.__name__]
    done, broken = Counter[str](), 0
    end = time.monotonic() + seconds
    try:
        for number in range(count):
            if time.monotonic() > end:
                break
            turn = (dear and number % dear == dear - 1 and costly) or not cheap
            kinds = costly if turn else cheap
            kind = kinds[(number // dear if turn and dear else number) % len(kinds)]
            rng = random.Random(f"fault {seed} {number}")
            out = bench.folder / f"out-{number}"
            try:
                with bench.hurried():
                    kind(bench, rng, out)
            except (Fault, OSError, AssertionError) as error:
                broken += 1
                print(f"BROKEN fault {number} ({kind.__name__}): {error!r}", flush=True)
                if not isinstance(error, Fault):
                    traceback.print_exc()
            done[kind.__name__] += 1
            shutil.rmtree(out, ignore_errors=True)
            if sum(done.values()) % 100 == 0:
                print(f"{sum(done.values())} faults, {broken} broken", flush=True)
    finally:
        cluster.down()
    return done, broken


def stream(asked: argparse.Namespace) -> tuple[Counter[str], Counter[str], int]:
    """Faults in this process: of each kind, what else was counted, and how many were broken."""
    mark = marked()
    # Workers that are copies of a process that has loaded everything start in milliseconds.
    multiprocessing.set_forkserver_preload(
        ["planner.sweep.chunk", "planner.sweep.executors", "scipy.stats"]
    )
    forks = multiprocessing.get_context("forkserver")
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(executors.multiprocessing, "get_context", return_value=forks),
    ):
        bench = Bench(Path(folder), mark)
        # One worker first: what serves the copying lives as long as the campaign.
        with executors.Workers(1) as workers:
            workers.submit(os.getpid).result()
            child = living(mark)
        bench.helpers |= living(mark)
        if not child > bench.helpers:
            print("BROKEN: the search for processes does not find a worker that runs")
            return Counter(), Counter(), 1
        bench.prepare()
        done, broken = inject(bench, asked.seed, asked.count, asked.seconds, asked.dear, asked.only)
    return done, bench.tally, broken


def streams(asked: argparse.Namespace) -> tuple[Counter[str], Counter[str], int]:
    """The same, added up over processes side by side; one that did not end well is broken too."""
    done, tally, broken = Counter[str](), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for k in range(asked.jobs):
            count = asked.count // asked.jobs + (k < asked.count % asked.jobs)
            file = Path(folder) / f"{k}.json"
            words = ["--count", count, "--seconds", asked.seconds, "--dear", asked.dear]
            words += ["--seed", asked.seed * 1000 + k, "--only", asked.only, "--tally", file]
            command = [sys.executable, "-m", "tests.campaigns.faults", *map(str, words)]
            running.append((subprocess.Popen(command), file))
        for process, file in running:
            code = process.wait()
            if not file.exists():
                print(f"BROKEN: a stream ended with exit code {code}, without a word")
                broken += 1
                continue
            found = json.loads(file.read_text())
            done.update(found["done"])
            tally.update(found["tally"])
            broken += found["broken"]
    return done, tally, broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dear", type=int, default=40, help="one in so many (0: none)")
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    parser.add_argument("--jobs", type=int, default=1, help="streams side by side")
    parser.add_argument("--tally", type=Path, help="also write the figures there, as JSON")
    asked = parser.parse_args()
    done, tally, broken = streams(asked) if asked.jobs > 1 else stream(asked)
    if asked.tally is not None:
        figures = {"done": done, "tally": tally, "broken": broken}
        asked.tally.write_text(json.dumps(figures))
    total = sum(done.values())
    for name, number in sorted(done.items()):
        print(f"  {number:5d} {name.replace('_', ' ')}")
    print(", ".join(f"{number} {what}" for what, number in sorted(tally.items()) if number))
    print(
        f"{total} faults, {tally['processes killed']} killed processes, {broken} broken", flush=True
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
