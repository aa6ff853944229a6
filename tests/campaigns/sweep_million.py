"""A sweep of a million cases with its driver killed at random moments, against an undisturbed one.

    python -m tests.campaigns.sweep_million --out out/million

The driver is killed (SIGKILL) while work is under way: at a number of finished cases drawn from
the seed, one in each part of the sweep, and never before this very run has written more. Prints
what was seen, with the time, the memory and the size of the ledger of both runs. Exit code 1 where
the files of the two differ, a case is lost or counted twice, or a process is left over.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from planner.sweep.ledger import NAME
from tests.campaigns.processes import living, new_mark, peak_memory, start, wait_until

#: Seconds after which nothing of a killed run may live.
GRACE = 10.0
BUDGETS = "3:21:2"


def asked(draws: int, workers: int, out: Path) -> list[str]:
    """Ten budgets on the paper's scenario, so that a million cases are 100,000 draws."""
    grid = ["scenarios/dung-mai-2025", "--draws", str(draws), "--seed", "1", "--budget", BUDGETS]
    return ["-m", "planner", "sweep", *grid, "--workers", str(workers), "--out", str(out)]


def finished(folder: Path) -> int:
    """Cases that are in the ledger; whoever writes it is hardly held up."""
    path = folder / NAME
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM record").fetchone()
        except sqlite3.OperationalError:
            return 0  # its tables are not there yet
    return int(count)


def killed_runs(command: list[str], folder: Path, cases: int, kills: int, seed: int) -> list[str]:
    """Run and kill, so many times; what went wrong."""
    rng, faults = random.Random(seed), list[str]()
    for k in range(kills):
        mark, before = new_mark(), finished(folder)
        goal = max(before + 1, int(cases * (k + rng.random()) / kills))
        process = start([*command, "--resume"], mark)
        wait_until(lambda goal=goal: finished(folder) >= goal, 7200, step=0.5)
        time.sleep(rng.random())
        seen = len(living(mark))
        ended = process.poll() is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        gone = wait_until(lambda mark=mark: not living(mark), GRACE)
        after = finished(folder)
        print(
            f"kill {k + 1}: {before:,} cases at its start, {after:,} when it was killed, {seen} "
            f"processes before and {len(living(mark))} after",
            flush=True,
        )
        if ended or after <= before or seen < 2:
            faults.append(f"kill {k + 1} hit no work under way")
        if not gone:
            faults.append(f"kill {k + 1} left {living(mark)}")
    return faults


def whole_run(command: list[str]) -> tuple[int, float, int, int]:
    """Run to the end: exit code, seconds, peak memory of the driver and of the largest worker."""
    mark, began = new_mark(), time.monotonic()
    process = start(command, mark)
    driver = worker = 0
    while process.poll() is None:
        driver = max(driver, peak_memory(process.pid))
        worker = max([worker, *map(peak_memory, living(mark) - {process.pid})])
        time.sleep(0.5)
    return process.returncode, time.monotonic() - began, driver, worker


def digests(folder: Path) -> dict[str, str]:
    """Checksums of the result files: everything but the ledger."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name != NAME:
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/million"))
    asking = parser.parse_args()
    out, cases = asking.out.resolve(), asking.draws * 10
    shutil.rmtree(out, ignore_errors=True)
    first, second = out / "killed", out / "undisturbed"
    first.mkdir(parents=True)
    command = asked(asking.draws, asking.workers, first)
    faults = killed_runs(command, first, cases, asking.kills, asking.seed)
    for folder, more in ((first, ["--resume"]), (second, [])):
        before = finished(folder)
        code, seconds, driver, worker = whole_run(
            [*asked(asking.draws, asking.workers, folder), *more]
        )
        size = (folder / NAME).stat().st_size
        count = finished(folder)
        print(
            f"{folder.name}: exit code {code}, {count - before:,} cases in {seconds:.0f} s "
            f"({(count - before) / seconds:,.0f}/s, start and tables included), ledger "
            f"{size / 1e6:.0f} MB ({size / count:.0f} bytes a case), peak memory of the driver "
            f"{driver / 1e6:.0f} MB, of a worker {worker / 1e6:.0f} MB",
            flush=True,
        )
        if code or count != cases:
            faults.append(f"{folder.name}: exit code {code}, {count:,} of {cases:,} cases")
    for name, digest in digests(second).items():
        print(f"{name}: {digest[:16]}, {(second / name).stat().st_size:,} bytes")
    if digests(first) != digests(second):
        faults.append("the files of the two runs differ")
    for fault in faults:
        print(f"FAULT: {fault}")
    print(f"{cases:,} cases, {asking.kills} kills, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
